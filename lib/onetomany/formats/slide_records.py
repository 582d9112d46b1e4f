"""Parts of a PPT that undoc leaves out: notes, comments, heads, hidden slides, boxes of text.

A PPT is a tree of records ([MS-PPT] 2). Changes are appended to it, so that a list of places tells
which record of a slide is the last.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .reading import Damaged, Page, Reading

_LIST, _ENTRY, _SLIDE, _NOTES, _NOTE_OF = 0xFF0, 0x3F3, 0x3EE, 0x3F0, 0x3F1
_SHOW, _HEADS, _COMMENT, _LATER = 0x3F9, 0xFD9, 0x2EE0, 0x138B
_WIDE, _NARROW, _STRING, _PLACES = 0xFA0, 0xFA8, 0xFBA, 0x1772
_HIDDEN = 4  # a bit of how a slide is shown
_DEEP = 32  # records within records
_ART, _LETTERS = 0xF00B, 0xC0


@dataclass
class SlideExtras:
    """The parts of one slide that undoc doesn't give."""

    texts: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comments: list[tuple[str, str]] = field(default_factory=list)  # author and text
    hidden: bool = False

    def add(self, page: Page, reading: Reading) -> None:
        """Add the parts that a page lacks."""
        if self.hidden:
            page.hidden = True
            reading.note("hidden", "This slide is hidden: a slide show leaves it out.", page.number)
        there = "".join("".join(page.parts).split())
        for text in self.texts:
            if "".join(text.split()) not in there:
                page.add(text)
        for text in self.heads:
            page.add(text, "footer")
        if sum([page.add(text, "comment") is not None for text in self.notes]):
            reading.note("comment", "The speaker's notes of this slide are read too.", page.number)
        many = sum([page.add(text, "comment", None, who or None) is not None
                    for who, text in self.comments])  # fmt: skip
        if many:
            reading.note("comment", f"{many} comments on this slide.", page.number)


def ppt_records(held: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the records of a PPT, or those in one: flags, kind and content."""
    at = 0
    while at + 8 <= len(held):
        flags, kind, size = struct.unpack_from("<HHI", held, at)
        yield flags, kind, held[at + 8 : at + 8 + size]
        at += 8 + size


def slide_extras(held: bytes) -> list[SlideExtras]:
    """Return the extra parts of each slide, in the order of the show.

    Raises Damaged if the stream breaks off within its lists.
    """
    try:
        places, listed = _places(held), _listed(held)
        found = {number: SlideExtras() for _, number in listed}
        for place, number in listed:
            if place in places:
                _slide(_record(held, places[place]), found[number])
        live, at = {*places.values()}, 0
        for _, kind, body in ppt_records(held):
            if kind == _NOTES and (at in live or not live):
                _notes(body, found)
            at += 8 + len(body)
    except struct.error as error:
        raise Damaged(f"its records break off: {error}") from error
    return [found[number] for _, number in listed]


def _places(held: bytes) -> dict[int, int]:
    """Return the place of each part of the file; later lists replace earlier ones."""
    found: dict[int, int] = {}
    for _, kind, body in ppt_records(held):
        at = 0
        while kind == _PLACES and at + 4 <= len(body):
            (both,) = struct.unpack_from("<I", body, at)
            first, many = both & 0xFFFFF, both >> 20
            for turn, place in enumerate(struct.unpack_from(f"<{many}I", body, at + 4)):
                found[first + turn] = place
            at += 4 + 4 * many
    return found


def _listed(held: bytes) -> list[tuple[int, int]]:
    """Return the part and the number of each slide, as the last version of the file lists them."""
    found: list[tuple[int, int]] = []
    for _, kind, body in ppt_records(held):
        if kind == 0x3E8:  # the document
            for flags, inner, entries in ppt_records(body):
                if inner == _LIST and flags >> 4 == 0:
                    found = [struct.unpack_from("<I8xI", entry) for _, part, entry
                             in ppt_records(entries) if part == _ENTRY]  # fmt: skip
    return found


def _record(held: bytes, at: int) -> bytes:
    _, _, size = struct.unpack_from("<HHI", held, at)
    return held[at + 8 : at + 8 + size]


def _within(held: bytes, depth: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """Yield all records within one, containers before their content."""
    for flags, kind, body in ppt_records(held):
        yield flags, kind, body
        # data of later versions are records, too
        holds = flags & 15 == 15 or kind == _LATER
        if holds and depth < _DEEP and kind not in (_COMMENT, _HEADS):
            yield from _within(body, depth + 1)


def _slide(held: bytes, extras: SlideExtras) -> None:
    for flags, kind, body in _within(held):
        if kind in (_WIDE, _NARROW):
            extras.texts += _paragraphs(kind, body)
        elif kind == _ART:
            extras.texts += _letters(flags >> 4, body)
        elif kind == _SHOW and len(body) >= 12:
            extras.hidden = bool(struct.unpack_from("<H", body, 10)[0] & _HIDDEN)
        elif kind == _HEADS:
            extras.heads += [text for _, text in _strings(body)]
        elif kind == _COMMENT:
            said = dict(_strings(body))  # 0 author, 1 text
            extras.comments.append((said.get(0, ""), said.get(1, "")))


def art_letters(held: bytes) -> list[str]:
    """Return the letters of drawings (WordArt, watermarks) in records of OfficeArt ([MS-ODRAW])."""
    drawn = ((flags >> 4, body) for flags, kind, body in _within(held) if kind == _ART)
    return [text for many, body in drawn for text in _letters(many, body)]


def _letters(many: int, held: bytes) -> Iterator[str]:
    """Yield the letters among so many properties; the content of long ones follows them all."""
    at = 6 * many
    for code, value in struct.iter_unpack("<HI", held[: at // 6 * 6]):
        if code & 0x3FFF == _LETTERS and code & 0x8000:
            yield held[at : at + value].decode("utf-16-le", "replace").rstrip("\0")
        at += value if code & 0x8000 else 0


def _notes(held: bytes, found: dict[int, SlideExtras]) -> None:
    slide: SlideExtras | None = None
    for _, kind, body in _within(held):
        if kind == _NOTE_OF:
            slide = found.get(struct.unpack_from("<I", body)[0])
        elif slide is not None and kind in (_WIDE, _NARROW):
            slide.notes += [text for text in _paragraphs(kind, body) if text != "*"]


def _strings(held: bytes) -> Iterator[tuple[int, str]]:
    for flags, kind, body in ppt_records(held):
        if kind == _STRING:
            yield flags >> 4, body.decode("utf-16-le", "replace")


def _paragraphs(kind: int, body: bytes) -> list[str]:
    text = body.decode("utf-16-le" if kind == _WIDE else "latin-1", "replace")
    return text.replace("\v", "\n").split("\r")
