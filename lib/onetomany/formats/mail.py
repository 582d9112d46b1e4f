"""Mails: heads, bodies and attachments of EML, and the mails of a mailbox (MBOX)."""

import binascii
import email.message
import email.policy
import re
from collections.abc import Iterator
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from .markup import add_html
from .plain import decode
from .reading import Page, Reading, Refused, clean

_APART = b"\x1e"  # between heads that are decoded together
_UUENCODED = re.compile(r"^begin [0-7]{3,4} ([^\r\n]+)\r?\n((?:[ -`]{1,90}\r?\n)+?)end[ \t]*$",
                        re.MULTILINE)  # fmt: skip
_SEVERAL_FORMS = "multipart/alternative"  # of one text
_HEADS = ("From", "To", "Cc", "Bcc", "Date", "Subject", "Reply-To")


def read_eml(content: bytes, reading: Reading) -> None:
    """Raises Refused if it has no head of a mail."""
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    if not message.keys():
        raise Refused("The file lacks the head of a mail, such as From, Date or Subject.")
    page = reading.page()
    parts = mail_parts(message, reading.limits.depth)
    _restore_heads([message, *(each for each in parts if each is not message)], reading)
    for name, text in _told_heads(message):
        if name.title() in _HEADS:
            page.add(f"{name}: {text}", "header")
        elif name not in reading.metadata:
            reading.metadata[name] = text[:1000]
    for fact, name in (("title", "Subject"), ("author", "From")):
        reading.facts[fact] = mail_head(_head(message, name)) or None
    reading.facts["created"] = _date(mail_head(_head(message, "Date")))
    _body(message, parts, page, reading)


def _body(message: Any, parts: list[Any], page: Page, reading: Reading) -> None:
    plain: list[str] = []
    rich: list[str] = []
    kinds = [part.get_content_type() for part in parts if not part.get_filename()]
    several = (each for each in message.walk() if each.get_content_type() == _SEVERAL_FORMS)
    forms = {id(part) for around in several for part in around.walk()}
    for number, part in enumerate(parts, 1):
        kind = part.get_content_type()
        name = part.get_filename()
        if kind in ("text/plain", "text/html") and not name and not part.is_attachment():
            payload = part.get_payload(decode=True) or b""
            text, _, _ = decode(payload, part.get_content_charset())
            if kind == "text/plain":
                plain.append(_without_files(text, reading))
            elif "text/plain" in kinds and id(part) not in forms:
                # not another form of a text that was read, but one that follows it
                reading.member(f"part {number}.html", text.encode("utf-8", "replace"))
            else:
                rich.append(text)
        elif isinstance(inner := part.get_payload(), list):
            held = b"\n".join(map(_written, inner))
            ending = "eml" if kind == "message/rfc822" else "txt"
            reading.member(name or f"mail {number}.{ending}", held)
            if kind == "message/external-body":
                said = mail_head(part.get("Content-Type"))
                reading.skip(f"a part that is kept elsewhere: {said}"[:500])
        else:
            payload = part.get_payload(decode=True) or b""
            reading.member(name or f"attachment {number}", payload)
    add_bodies(plain, rich, page, reading)


def _written(message: Any) -> bytes:
    try:
        return bytes(message.as_bytes())
    except (UnicodeError, ValueError, LookupError):  # a body in another encoding than it states
        return str(message.as_string()).encode("utf-8", "replace")


def _told_heads(message: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of a head as texts; one that the standard library can't parse as it is."""
    for name, raw in message.raw_items():
        try:
            yield name, mail_head(message.policy.header_fetch_parse(name, raw))
        except Exception:
            yield name, mail_head(raw)


def _restore_heads(parts: list[Any], reading: Reading) -> None:
    """Decode heads that were sent in an encoding that they don't state, as old mailers did.

    Mails within the mail are read as they were sent, and restored there.
    """
    for part in parts:
        held = [str(value).encode("utf-8", "surrogateescape") for _, value in part.raw_items()]
        if all(map(bytes.isascii, held)):
            continue
        said = part.get_param("charset") if "Content-Type" in part else None
        text, named, sure = decode(_APART.join(held), said if isinstance(said, str) else None)
        values = text.split(_APART.decode())
        if len(values) != len(held):
            values = [decode(each)[0] for each in held]
        names = [name for name, _ in part.raw_items()]
        part._headers = [*zip(names, values, strict=True)]
        if not sure or named != "utf-8":
            told = f"Heads that state no encoding are read as {named}: check names."
            reading.note("encoding", told)


def _without_files(text: str, reading: Reading) -> str:
    """Return a body without the files that old mailers wrote into it (uuencode): they are members.

    A file that breaks off stays in the text.
    """

    def keep(found: re.Match[str]) -> str:
        try:
            lines = found[2].splitlines()
            reading.member(found[1].strip(), b"".join(map(binascii.a2b_uu, lines)))
        except (binascii.Error, ValueError):
            return found[0]
        return f"[{found[1].strip()}]\n"

    return _UUENCODED.sub(keep, text)


def add_bodies(plain: list[str], rich: list[str], page: Page, reading: Reading) -> None:
    """Add the plain form of a body, or its HTML form if it has no other."""
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
    """Return the parts of a message that have content. Raises Refused for endless nesting."""
    if message.get_content_maintype() != "multipart":
        return [message]
    if depth == 0:
        raise Refused("The parts of the mail are nested too deeply.")
    held = message.get_payload()
    parts = held if isinstance(held, list) else []
    return [leaf for part in parts if isinstance(part, email.message.Message)
            for leaf in mail_parts(part, depth - 1)]  # fmt: skip


def mail_head(value: object) -> str:
    """Return a field of a head as one line; '' if it is absent or can't be decoded."""
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
    if not (starts := [*_FROM.finditer(content)]):
        raise Refused("No line 'From ...' is before the head of a mail, so this is not a mailbox.")
    if content[: starts[0].start()].strip():
        reading.skip("the text before the first mail")
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
