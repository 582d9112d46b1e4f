"""MHTML (RFC 2557): a page as a browser saved it, with its frames, in the form of a mail."""

import email.policy
import hashlib
import re
from collections import Counter
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from .mail import mail_head, mail_parts
from .markup import add_html, html_text
from .plain import decode
from .reading import Reading, Refused, clean
from .web_archive import PAGES, capture_row, member_name

_WORD = (
    "When it was captured is known by its header Date alone: the word of the program that saved "
    "it, by the clock of that computer."
)
_SHOWN = (
    "The file contains the page as the saving program rewrote it, not the bytes that the server "
    "sent: no digest of those is in it."
)


def read_mhtml(content: bytes, reading: Reading) -> None:
    """Read a saved page: its HTML, then its frames. Raises Refused if no page is in it."""
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    parts = mail_parts(message, reading.limits.depth)
    start = str(message.get_param("start") or "").strip("<> ")
    pages = [part for part in parts if part.get_content_type() in ("text/html", "text/plain",
             "application/xhtml+xml")]  # fmt: skip
    if not pages:
        raise Refused("The file contains no page: no part of it is HTML or text.")
    first = next((part for part in pages if start and _id(part) == start), None) or next(
        (part for part in pages if "html" in part.get_content_type()), pages[0]
    )
    address = mail_head(message.get("Snapshot-Content-Location")) or _location(first)
    captured = _date(mail_head(message.get("Date")), reading)
    for part in [first, *(each for each in pages if each is not first)]:
        own = address if part is first else _location(part)
        _add_page(part, own, captured, reading, main=part is first)
    if subject := mail_head(message.get("Subject")):
        reading.facts["title"] = subject
    reading.facts["created"] = captured
    if saved_by := mail_head(message.get("From")):
        reading.metadata["saved by"] = saved_by[:200]
    reading.note("capture", _SHOWN)
    if not _has_scheme(address):
        reading.note("capture", "The file does not say from which address it was saved.")
    _add_others([part for part in parts if part not in pages], reading)


def _add_page(
    part: Any, address: str, captured: str | None, reading: Reading, *, main: bool
) -> None:
    payload = part.get_payload(decode=True) or b""
    page = reading.page(label=address[:500] or None)
    if main:
        page.add(f"{address} {captured or ''}", "header")
    charset = part.get_content_charset()
    if "html" in part.get_content_type():
        text, name, sure = html_text(payload, charset)
        title = reading.facts.get("title")
        try:
            add_html(text, page, reading)
        except Refused as refused:
            reading.note("unread", f"A frame can't be read: {refused}", page.number)
        if not main:
            reading.facts["title"] = title
    else:
        text, name, sure = decode(payload, charset)
        for each in re.split(r"\n[ \t]*\n+", clean(text)):
            page.add(each)
    if main:
        reading.metadata["encoding"] = name
    if not sure:
        reading.note("encoding", f"Read as {name}, guessed: check names and figures.", page.number)
    if _has_scheme(address):
        rows = reading.columns.get("captures", {"capture": []})["capture"]
        row = capture_row(
            len(rows) + 1, "mhtml" if main else "frame", address[:8192], captured=captured,
            dated_by="Date", media_type=part.get_content_type(), page=page.number,
            payload_sha256=hashlib.sha256(payload).hexdigest(),
        )  # fmt: skip
        reading.row("captures", **row)


def _add_others(parts: list[Any], reading: Reading) -> None:
    """Add documents within the page as members; count pictures, styles and fonts."""
    counted = Counter[str]()
    for number, part in enumerate(parts, 1):
        kind = part.get_content_type()
        if ending := PAGES.get(kind):
            payload = part.get_payload(decode=True) or b""
            reading.member(member_name(number, _location(part), None, ending), payload)
        else:
            counted[kind] += 1
    if counted:
        said = ", ".join(f"{kind} ({count:,})" for kind, count in counted.most_common(8))
        reading.note("unread", f"Parts counted and not read: {said}.")


def _id(part: Any) -> str:
    return mail_head(part.get("Content-ID")).strip("<> ")


def _location(part: Any) -> str:
    return re.sub(r"\s+", "", mail_head(part.get("Content-Location")))


def _has_scheme(address: str) -> bool:
    # cid: is a place within the file, no address
    return bool(re.match(r"(?i)(?!cid:)[a-z][-+.a-z0-9]*:", address))


def _date(text: str, reading: Reading) -> str | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        reading.note("capture", "The file does not say when it was saved.")
        return None
    reading.note("capture", _WORD)
    return when.isoformat() if when.tzinfo else f"{when.isoformat()}+00:00"
