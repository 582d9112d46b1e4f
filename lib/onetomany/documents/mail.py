"""Mails: heads, bodies and attachments of EML and Outlook's MSG."""

from __future__ import annotations

import datetime
import email.message
import email.policy
import io
import re
import struct
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from .markup import add_html
from .plain import decode
from .reading import Damaged, Page, Reading, Refused, clean
from .rtf import text_of, unpacked

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
    for number, part in enumerate(leaves(message, reading.limits.depth), 1):
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
    _words(plain, rich, page, reading)


def _words(plain: list[str], rich: list[str], page: Page, reading: Reading) -> None:
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


def leaves(message: Any, depth: int) -> list[Any]:
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
    return [leaf for part in parts for leaf in leaves(part, depth - 1)]


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


# property tags of [MS-OXPROPS]
_SUBJECT, _BODY, _HTML, _SENDER, _SENDER_MAIL, _TO, _CC = (
    "0037",
    "1000",
    "1013",
    "0C1A",
    "0C1F",
    "0E04",
    "0E03",
)
_HEAD, _RTF = "007D", "1009"
_FILE_NAME, _SHORT_NAME, _DATA = "3707", "3704", "3701"
_SENT, _DELIVERED, _CREATED = 0x0039, 0x0E06, 0x3007


def read_msg(content: bytes, reading: Reading) -> None:
    """Outlook's .msg by [MS-OXMSG]. Raises Refused where it is none."""
    import olefile

    try:
        ole = olefile.OleFileIO(io.BytesIO(content))
    except Exception as error:
        raise Refused(f"It is no compound file: {error}") from error
    with ole:
        if not ole.exists("__properties_version1.0"):
            raise Refused("It has no properties of an Outlook message.")
        _message(ole, reading)


def _message(ole: Any, reading: Reading) -> None:
    page = reading.page()
    sender = " ".join(
        filter(None, (_property(ole, _SENDER), _bracketed(_property(ole, _SENDER_MAIL))))
    )
    dates = _dates(ole)
    sent = next((dates[tag] for tag in (_SENT, _DELIVERED, _CREATED) if tag in dates), None)
    subject = _property(ole, _SUBJECT)
    for name, text in (
        ("From", sender), ("To", _property(ole, _TO)), ("Cc", _property(ole, _CC)),
        ("Date", sent), ("Subject", subject),
    ):  # fmt: skip
        if text:
            page.add(f"{name}: {text}", "header")
    reading.facts |= {
        "title": subject or None,
        "author": sender or None,
        "created": sent,
        "pages": 1,
    }
    if head := _property(ole, _HEAD):
        reading.metadata["transport headers"] = head[:10_000]
    plain, rich = _property(ole, _BODY), _property(ole, _HTML)
    stream = f"__substg1.0_{_RTF}0102"
    if not plain.strip() and not rich.strip() and ole.exists(stream):
        try:
            plain = text_of(unpacked(ole.openstream(stream).read(), reading.limits.characters))
            reading.note(
                "unread", "Its body is only there as RTF; its text was read, not its form."
            )
        except Damaged as damaged:
            reading.note("unread", str(damaged))
    _words([plain] if plain.strip() else [], [rich] if rich.strip() else [], page, reading)
    for number, folder in enumerate(
        sorted({path[0] for path in ole.listdir() if path[0].startswith("__attach")}), 1
    ):
        if number > reading.limits.members:
            raise Refused("It has too many attachments.")
        name = _property(ole, _FILE_NAME, folder) or _property(ole, _SHORT_NAME, folder)
        stream = f"{folder}/__substg1.0_{_DATA}0102"
        if ole.exists(stream):
            reading.member(name or f"attachment {number}", ole.openstream(stream).read())
        else:
            reading.note("unread", f"Attachment {number} ({name or 'a message'}) can't be read.")


def _bracketed(text: str) -> str:
    return f"<{text}>" if text else ""


def _property(ole: Any, tag: str, folder: str = "") -> str:
    """A text property, in Unicode or in the sender's code page."""
    base = f"{folder}/" if folder else ""
    for kind in ("001F", "001E", "0102"):
        stream = f"{base}__substg1.0_{tag}{kind}"
        if ole.exists(stream):
            held = ole.openstream(stream).read()
            text = held.decode("utf-16-le", "replace") if kind == "001F" else decode(held)[0]
            return text.rstrip("\0")
    return ""


def _dates(ole: Any) -> dict[int, str]:
    """Times among the fixed properties: 16 bytes each, after a head of 32."""
    held = ole.openstream("__properties_version1.0").read()
    found = {}
    for at in range(32, len(held) - 15, 16):
        kind, tag = struct.unpack_from("<HH", held, at)
        if kind == 0x40:
            (ticks,) = struct.unpack_from("<Q", held, at + 8)
            try:
                when = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
                    microseconds=ticks // 10
                )
            except OverflowError:
                continue
            found[tag] = when.isoformat(timespec="seconds")
    return found
