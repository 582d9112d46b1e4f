"""winmail.dat: files and texts of mails that Outlook packs in a form of its own ([MS-OXTNEF])."""

import struct
from collections.abc import Iterator

from .mail import add_bodies
from .outlook import DATA, Properties, Value, attachment_name, message_bodies, message_subject
from .reading import Damaged, Reading

_SUBJECT, _BODY, _MESSAGE = 0x18004, 0x2800C, 0x69003
_BEGINS, _TITLE, _CONTENT, _ATTACHED = 0x69002, 0x18010, 0x6800F, 0x69005
_PAGE = 0x3FFD
# bytes of a value by its type; the others state theirs
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8,
          0x48: 16}  # fmt: skip


def read_tnef(content: bytes, reading: Reading) -> None:
    """Read winmail.dat; its files are members. Raises Damaged if it breaks off at once."""
    page = reading.page()
    held: dict[int, Value] = {}
    names: dict[int, str] = {}
    files: dict[int, bytes] = {}
    number, whole = 0, False
    for kind, body, ends in _attributes(content):
        whole, plain = ends, body.rstrip(b"\0")
        if kind == _BEGINS:
            number += 1
        elif kind == _MESSAGE:
            held |= _properties(body)
        elif kind in (_SUBJECT, _BODY):
            held.setdefault(0x37 if kind == _SUBJECT else 0x1000, plain)
        elif kind == _TITLE:
            names.setdefault(number, plain.decode("cp1252", "replace"))
        elif kind == _CONTENT:
            files[number] = body
        elif kind == _ATTACHED:
            inner = _properties(body)
            names[number] = attachment_name(inner, held.get(_PAGE)) or names.get(number, "")
            if number not in files and isinstance(data := inner.get(DATA), bytes):
                files[number] = data[16:]  # a message within, after the mark of its kind
    if not whole:
        reading.note("unread", "The file breaks off: the rest of it is not read.")
    if subject := message_subject(held):
        page.add(f"Subject: {subject}", "header")
        reading.facts["title"] = subject
    add_bodies(*message_bodies(held, reading), page, reading)
    for turn, file in files.items():
        reading.member(names.get(turn) or f"attachment {turn}", file)


def _attributes(content: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Yield kind and content of each attribute, and whether it is whole."""
    if len(content) < 15:
        raise Damaged("The file is too short for winmail.dat.")
    at = 6
    while at + 9 <= len(content):
        kind, size = struct.unpack_from("<II", content, at + 1)
        end = at + 9 + size
        yield kind, content[at + 9 : end], end + 2 <= len(content)
        at = end + 2  # a sum of its bytes follows


def _properties(held: bytes) -> Properties:
    """Return properties by their number; those behind a damaged one are left out."""
    found: dict[int, Value] = {}
    try:
        (many,) = struct.unpack_from("<I", held)
        at = 4
        for _ in range(many):
            kind, number = struct.unpack_from("<HH", held, at)
            at += 4
            if number >= 0x8000:  # named: a group, and a number or a name in it
                by_name, size = struct.unpack_from("<2I", held, at + 16)
                at += 24 + (-(-size // 4) * 4 if by_name else 0)
            values, at = _values(held, at, kind)
            if values and number < 0x8000:
                found[number] = values[0]
    except struct.error:
        pass
    return found


def _values(held: bytes, at: int, kind: int) -> tuple[list[Value], int]:
    single, many = kind & 0xFFF, 1
    if single not in _SIZES or kind & 0x1000:
        (many,), at = struct.unpack_from("<I", held, at), at + 4
    if many > len(held):
        raise struct.error("more values than bytes")
    values: list[Value] = []
    for _ in range(many):
        if size := _SIZES.get(single):
            values.append(int.from_bytes(held[at : at + min(size, 4)], "little", signed=True))
            at += size
            continue
        (size,) = struct.unpack_from("<I", held, at)
        value = held[at + 4 : at + 4 + size]
        wide = single == 0x1F
        values.append(value.decode("utf-16-le", "replace").rstrip("\0") if wide else value)
        at += 4 + -(-size // 4) * 4
    return values, at
