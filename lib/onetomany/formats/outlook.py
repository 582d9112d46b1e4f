"""Outlook's mails: .msg by [MS-OXMSG], and the common parts of .msg and .pst."""

import datetime
import hashlib
import re
import struct
from collections.abc import Mapping
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any, NamedTuple

from .compound import object_payload, open_compound, storage_bytes, stream_bytes
from .mail import add_bodies, mail_head
from .plain import decode
from .reading import Damaged, Reading, Refused
from .rtf import decompress_rtf, rtf_text

# property tags of [MS-OXPROPS]
SUBJECT, BODY, RTF, HTML, HEAD = 0x0037, 0x1000, 0x1009, 0x1013, 0x007D
_SENDERS = ((0x0C1A, (0x5D01, 0x0C1F)), (0x0042, (0x5D02, 0x0065)))
_TO, _CC, _BCC = 0x0E04, 0x0E03, 0x0E02
_NAME, _SMTP, _ADDRESS, _RECIPIENT = 0x3001, 0x39FE, 0x3003, 0x0C15
_LONG_NAME, _SHORT_NAME, DATA, METHOD = 0x3707, 0x3704, 0x3701, 0x3705
_SENT, _DELIVERED, _CREATED = 0x0039, 0x0E06, 0x3007
_PAGE, _HTML_PAGE = 0x3FFD, 0x3FDE  # code pages of texts and of the HTML body
EMBEDDED, OLE = 5, 6  # methods of attachments
_KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
_STREAM = "__substg1.0_"

Value = str | bytes | int | datetime.datetime
Properties = Mapping[int, Value]


class Recipient(NamedTuple):
    """Who a mail went to: To, Cc or Bcc, and name with address."""

    kind: str
    text: str


def codec(page: object) -> str | None:
    """Return Python's name of a Windows code page, None for one it doesn't know."""
    named = {65001: "utf-8", 1200: "utf-16-le", 20127: "ascii", 51949: "cp949", 54936: "gb18030",
             50220: "iso-2022-jp", 50221: "iso-2022-jp", 50222: "iso-2022-jp", 50225: "cp949",
             51932: "euc-jp", 51936: "gb18030", 20866: "koi8-r", 21866: "koi8-u"}  # fmt: skip
    if not isinstance(page, int) or page <= 0:
        return None
    if 28590 < page < 28607:
        return f"iso-8859-{page - 28590}"
    return named.get(page, f"cp{page}")


def text_value(value: Value | None, page: object = None) -> str:
    """Return a property as text; bytes are in the code page, or in the one that fits."""
    if isinstance(value, bytes):
        return decode(value.rstrip(b"\0"), codec(page))[0]
    return value.rstrip("\0") if isinstance(value, str) else ""


def message_sender(held: Properties) -> str:
    """Return name and address of who sent a mail."""
    for name, addresses in _SENDERS:
        given = [text_value(held.get(each), held.get(_PAGE)) for each in addresses]
        if told := _person(text_value(held.get(name), held.get(_PAGE)), given):
            return told
    return ""


def recipient(held: Properties, page: object) -> Recipient | None:
    """Return a recipient from the properties of a row or storage; None if nothing is in it."""
    given = [text_value(held.get(each), page) for each in (_SMTP, _ADDRESS)]
    text = _person(text_value(held.get(_NAME), page), given)
    number = held.get(_RECIPIENT)
    kind = _KINDS.get(number & 15 if isinstance(number, int) else 1, "To")
    return Recipient(kind, text) if text else None


def _person(name: str, addresses: list[str]) -> str:
    # an address within a company (/o=...) is shown only if there is no other
    ranked = sorted(filter(None, addresses), key=lambda each: "@" not in each)
    address = ranked[0] if ranked else ""
    if not name or name.strip("'\"") == address:
        return address
    return f"{name} <{address}>" if address else name


def sent_time(held: Properties) -> datetime.datetime | None:
    """Return when a mail was sent, or else delivered, or else made."""
    times = (held.get(tag) for tag in (_SENT, _DELIVERED, _CREATED))
    return next((each for each in times if isinstance(each, datetime.datetime)), None)


def _message_heads(held: Properties, people: list[Recipient]) -> list[tuple[str, str]]:
    """Return the heads of a mail in their order, those with something in them."""
    page, when = held.get(_PAGE), sent_time(held)
    told = [("From", message_sender(held))]
    for name, tag in (("To", _TO), ("Cc", _CC), ("Bcc", _BCC)):
        listed = "; ".join(each.text for each in people if each.kind == name)
        told.append((name, listed or text_value(held.get(tag), page)))
    told.append(("Date", when.isoformat(timespec="seconds") if when else ""))
    told.append(("Subject", message_subject(held)))
    return [(name, text) for name, text in told if text]


def message_bodies(held: Properties, reading: Reading) -> tuple[list[str], list[str]]:
    """Return the plain and the HTML form of a body; its RTF if it has neither."""
    plain = text_value(held.get(BODY), held.get(_PAGE))
    rich = text_value(held.get(HTML), held.get(_HTML_PAGE) or held.get(_PAGE))
    packed = held.get(RTF)
    if not plain.strip() and not rich.strip() and isinstance(packed, bytes) and packed:
        try:
            plain = rtf_text(decompress_rtf(packed, reading.limits.characters))
            reading.skip("the form of a body that is only there as RTF; its text was read")
        except Damaged as damaged:
            reading.note("unread", str(damaged))
    return [plain] if plain.strip() else [], [rich] if rich.strip() else []


def attachment_name(held: Properties, page: object) -> str:
    """Return an attachment's name, '' if it states none."""
    names = (text_value(held.get(tag), page) for tag in (_LONG_NAME, _SHORT_NAME, _NAME))
    return next(filter(None, names), "")


def message_subject(held: Properties) -> str:
    """Return a mail's subject; mailboxes put the length of its 'RE: ' before it."""
    text = text_value(held.get(SUBJECT), held.get(_PAGE))
    return text[2:] if text.startswith("\1") else text


def time_of(ticks: int) -> datetime.datetime | None:
    """Return a time from its count of 100 nanoseconds since 1601."""
    try:
        start = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
        return start + datetime.timedelta(microseconds=ticks // 10) if ticks else None
    except OverflowError:
        return None


def as_eml(
    held: Properties, people: list[Recipient], files: list[tuple[str, bytes]], reading: Reading
) -> bytes:
    """Write a mail as EML: the same properties give the same bytes."""
    plain, rich = message_bodies(held, reading)
    message = MIMEMultipart("mixed")
    when = sent_time(held)
    listed = {kind: [each.text for each in people if each.kind == kind] for kind in _KINDS.values()}
    for name, text in _message_heads(held, people):
        told = _quoted(text) if name == "From" else text
        value = ", ".join(map(_quoted, listed[name])) if listed.get(name) else told
        message[name] = format_datetime(when) if name == "Date" and when else _head(value)
    forms = [MIMEText(_fit(text), kind, "utf-8")
             for kind, texts in (("plain", plain), ("html", rich)) for text in texts]  # fmt: skip
    both = MIMEMultipart("alternative", boundary="=_forms", _subparts=forms)
    for part in [both] if len(forms) > 1 else forms:
        message.attach(part)
    for name, content in files:
        file = MIMEApplication(content)
        file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", _fit(name)))
        message.attach(file)
    # a boundary by chance would give the mail another hash in each run
    digest = hashlib.sha256(repr((plain, rich, files)).encode("utf-8", "replace")).hexdigest()
    message.set_boundary(f"=_{digest[:40]}")
    return message.as_bytes()


def _quoted(person: str) -> str:
    """Return a name with its address, in quotation marks if a comma would split it."""
    name, _, address = person.rpartition(" <")
    parts = name.isascii() and '"' not in name and re.search(r"[,;:()@]", name)
    return f'"{name}" <{address}' if parts else person


def _fit(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _head(text: str) -> str:
    """Return a head in ASCII; other names are encoded, so that addresses stay unchanged."""
    parts = re.split(r"(\s*<[^<>]*>(?:,\s*)?)", " ".join(_fit(text).split()))
    return "".join(
        each if each.isascii() else Header(each, "utf-8", 100_000).encode() for each in parts
    )


def read_msg(content: bytes, reading: Reading) -> None:
    """Read a message. Raises Refused if the file is none."""
    with open_compound(content) as ole:
        if not ole.exists("__properties_version1.0"):
            raise Refused("The file lacks the properties of an Outlook message.")
        held = _properties(ole, "", 32)
        page, code = reading.page(), held.get(_PAGE)
        rows = (_properties(ole, folder + "/", 8) for folder in _folders(ole, "__recip"))
        people = [found for row in rows if (found := recipient(row, code))]
        said = dict(_message_heads(held, people))
        for name, text in said.items():
            page.add(f"{name}: {mail_head(text)}", "header")
        reading.facts |= {"title": said.get("Subject"), "author": said.get("From"), "pages": 1}
        reading.facts["created"] = said.get("Date")
        if head := text_value(held.get(HEAD), code):
            reading.metadata["transport headers"] = head[:10_000]
        add_bodies(*message_bodies(held, reading), page, reading)
        for number, folder in enumerate(_folders(ole, "__attach"), 1):
            if number > reading.limits.members:
                raise Refused("The mail has too many attachments.")
            _attachment(ole, folder, number, code, reading)


def _folders(ole: Any, start: str) -> list[str]:
    return sorted({path[0] for path in ole.listdir() if path[0].startswith(start)})


def _attachment(ole: Any, folder: str, number: int, page: object, reading: Reading) -> None:
    try:
        held = _properties(ole, folder + "/", 8)
        name = attachment_name(held, page)
        data, inner = held.get(DATA), f"{folder}/{_STREAM}{DATA:04X}000D"
        if isinstance(data, bytes):
            reading.member(name or f"attachment {number}", data)
        elif ole.exists(f"{inner}/__properties_version1.0"):
            # the head of a message within another is 8 bytes shorter than that of a file
            own = stream_bytes(ole, f"{inner}/__properties_version1.0")
            whole = {"__properties_version1.0": own[:24] + bytes(8) + own[24:]}
            named = (name or f"message {number}").removesuffix(".msg") + ".msg"
            reading.member(named, storage_bytes(ole, inner, whole))
        elif ole.exists(inner) and (
            found := object_payload(ole, inner + "/", name or f"object {number}")
        ):
            reading.member(*found)
        else:
            said = f"Attachment {number} ({name or 'without a name'}) was not read"
            why = "the mail only points to it, or it is of an unknown kind"
            reading.note("unread", f"{said}: {why}.")
    except Damaged as damaged:
        reading.note("unread", f"Attachment {number} can't be read: {damaged}")


def _properties(ole: Any, base: str, head: int) -> dict[int, Value]:
    """Return a storage's properties: fixed ones of 16 bytes after a head, others in streams."""
    found: dict[int, Value] = {}
    place = base + "__properties_version1.0"
    held = stream_bytes(ole, place) if ole.exists(place) else b""
    entries = [struct.unpack_from("<HHI8s", held, at) for at in range(head, len(held) - 15, 16)]
    for kind, tag, _, value in entries:
        if kind == 0x40 and (when := time_of(int.from_bytes(value, "little"))):
            found[tag] = when
        elif kind in (0x02, 0x03, 0x0B):
            found[tag] = int.from_bytes(value[:4], "little", signed=True)
    # a damaged name costs its value, not the mail
    named_by = r"(?i:([0-9a-f]{4})(001f|001e|0102))[^/]*"
    stream = re.compile(re.escape(base + _STREAM) + named_by)
    for path in map("/".join, ole.listdir()):
        if named := stream.fullmatch(path):
            tag, content = int(named[1], 16), stream_bytes(ole, path)
            if named[2].upper() == "001F":
                found[tag] = content.decode("utf-16-le", "replace").rstrip("\0")
            else:
                found.setdefault(tag, content)
    return found
