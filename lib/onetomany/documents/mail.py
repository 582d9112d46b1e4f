"""Mails: heads, bodies and attachments of EML, and the mails of a mailbox (MBOX)."""

from __future__ import annotations

import email.message
import email.policy
import re
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from .markup import add_html
from .plain import decode
from .reading import Page, Reading, Refused, clean

_HEADS = ("From", "To", "Cc", "Bcc", "Date", "Subject", "Reply-To")


def read_eml(content: bytes, reading: Reading) -> None:
    """Raises Refused where it has no head of a mail."""
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    if not message.keys():
        raise Refused("It has no head of a mail, such as From, Date or Subject.")
    page = reading.page()
    for name, value in message.items():
        text = mail_head(value)
        if name.title() in _HEADS:
            page.add(f"{name}: {text}", "header")
        elif name not in reading.metadata:
            reading.metadata[name] = text[:1000]
    reading.facts["title"] = mail_head(message.get("Subject")) or None
    reading.facts["author"] = mail_head(message.get("From")) or None
    reading.facts["created"] = _date(mail_head(message.get("Date")))
    _body(message, page, reading)


def _body(message: Any, page: Page, reading: Reading) -> None:
    plain: list[str] = []
    rich: list[str] = []
    for number, part in enumerate(mail_parts(message, reading.limits.depth), 1):
        kind = part.get_content_type()
        name = part.get_filename()
        if kind in ("text/plain", "text/html") and not name and not part.is_attachment():
            payload = part.get_payload(decode=True) or b""
            text, _, _ = decode(payload, part.get_content_charset())
            (plain if kind == "text/plain" else rich).append(text)
        elif kind == "message/rfc822":
            inner = part.get_payload()
            held = inner[0].as_bytes() if isinstance(inner, list) and inner else b""
            reading.member(name or f"mail {number}.eml", held)
        else:
            payload = part.get_payload(decode=True) or b""
            reading.member(name or f"attachment {number}", payload)
    add_bodies(plain, rich, page, reading)


def add_bodies(plain: list[str], rich: list[str], page: Page, reading: Reading) -> None:
    """Add the plain form of a body, or its HTML form where it has no other."""
    for text in plain:
        for part in re.split(r"\n[ \t]*\n+", clean(text)):
            page.add(part)
    if plain and rich:
        reading.note("unread", "The HTML form of the mail is left out; its plain form was read.")
    elif rich:
        title = reading.facts.get("title")
        for text in rich:
            add_html(text, page, reading)
        reading.facts["title"] = title


def mail_parts(message: Any, depth: int) -> list[Any]:
    """Return the parts of a message that hold something. Raises Refused for endless nesting."""
    if message.get_content_maintype() != "multipart":
        return [message]
    if depth == 0:
        raise Refused("Its parts are nested too deeply.")
    held = message.get_payload()
    parts = (
        [part for part in held if isinstance(part, email.message.Message)]
        if isinstance(held, list)
        else []
    )
    return [leaf for part in parts for leaf in mail_parts(part, depth - 1)]


def mail_head(value: object) -> str:
    """Return a field of a head as one line; '' where it is absent or can't be decoded."""
    try:
        return " ".join(str(value).split()) if value is not None else ""
    except (UnicodeError, ValueError, TypeError):
        return ""


def _date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, IndexError):
        return None


_FROM = re.compile(rb"^From [^\r\n]*\r?\n(?=[!-9;-~]+:)", re.MULTILINE)


def read_mbox(content: bytes, reading: Reading) -> None:
    """Make each mail of a mailbox a member; a page lists them."""
    starts = [*_FROM.finditer(content)]
    if not starts:
        raise Refused("It holds no line 'From ...' before the head of a mail: it is no mailbox.")
    if content[: starts[0].start()].strip():
        reading.skip("what stands before the first mail")
    page, digits = reading.page(), len(str(len(starts)))
    for number, start in enumerate(starts, 1):
        end = starts[number].start() if number < len(starts) else len(content)
        # mailers quote lines of a body that begin like the line between mails
        held = re.sub(rb"(?m)^>(>*From )", rb"\1", content[start.end() : end])
        message = BytesParser(policy=email.policy.default).parsebytes(held, headersonly=True)
        heads = [mail_head(_head(message, name)) for name in ("Date", "From", "Subject")]
        page.add("\t".join(heads), "row")
        reading.member(f"mail {number:0{digits}}.eml", held)


def _head(message: Any, name: str) -> object:
    # the standard library raises on some heads of spam
    try:
        return message.get(name)
    except Exception:
        return None
