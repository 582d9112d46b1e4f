"""The parts of a DOC beside its main text: notes, headers, comments, text boxes.

A DOC stores the text of all its parts one after the other, in pieces that a table lists
([MS-DOC] 2.4.1); its head counts the characters of each part.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .compound import stream_bytes
from .reading import Damaged, Page, Reading
from .slide_records import art_letters

# the order of the parts in the text: the kind of their blocks
_PARTS = ("paragraph", "footnote", "header", "", "comment", "endnote", "paragraph", "header")
# places in the head: of the counts, and of the tables
_FIRST, _PIECES, _MARKS, _OWNERS, _RUNS, _ART = 3, 33, 4, 36, 12, 50
_RAISED = 0x2A48  # properties of runs, and the note of those that have them
_TOLD = {
    0x083C: ("hidden", "Text of this document is hidden, and read with the rest"),
    0x0800: ("tracked", "Text of this document is deleted, and read with the rest"),
    0x0801: ("tracked", "Text of this document is a tracked insertion"),
    0x0837: ("tracked", "Text of this document is struck through, and read with the rest"),
    _RAISED: ("hidden", "Raised digits are read with the number before them (10⁶ as 106)"),
}
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)  # of properties, 0 if they state it
_LISTED, _DIGITS = 10, 30
# a field: its code, and its result if it has one; they may lie within each other
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
# fields whose value isn't in the text
_CHOICES = {"FORMDROPDOWN": "the entry that is chosen in a list of a form",
            "FORMCHECKBOX": "whether a box of a form is ticked"}  # fmt: skip
_ENDS = re.compile("[\r\x07\x0c\x0e]")
# of pictures, notes and the like only their sign is in the text
_SIGNS = {**dict.fromkeys(range(0x20)), 0x09: "\t", 0x0B: "\n", 0x1E: "-", 0x1F: None}
_MOST, _WITHIN = 1 << 26, 5  # characters of all parts together, fields within fields


@dataclass
class _Head:
    """The head of a DOC: characters of each part, places in the stream of tables."""

    counts: tuple[int, ...]
    places: list[tuple[int, int]]
    table: bytes


@dataclass
class _Piece:
    """A piece of the text: characters, and where in the file they are."""

    begin: int
    length: int
    place: int
    width: int  # bytes of a character


def add_parts(ole: Any, page: Page, reading: Reading) -> None:
    """Add words of the main text that a page lacks, then notes, headers, comments and text boxes.

    Raises Damaged if the head or the table of pieces can't be read.
    """
    held = stream_bytes(ole, "WordDocument")
    try:
        head = _head(ole, held)
        pieces = list(_pieces(head))
        text = b"".join(_bytes(held, each) for each in pieces)
        owners, looks = _owners(head), _looks(held, head, pieces)
        drawn = _drawn(head)
    except (struct.error, IndexError, ValueError) as error:
        raise Damaged(f"its head or its table of pieces breaks off: {error}") from error
    if (lacking := sum(head.counts) - len(text) // 2) > 0:
        reading.skip(f"{lacking:,} characters that its head counts and that it doesn't contain")
    at = head.counts[0]
    main = text[: 2 * at].decode("utf-16-le", "replace")
    for code, told in _CHOICES.items():
        if many := len(re.findall(f"\x13[ ]*{code}", main)):
            reading.skip(told, page.number, many)
    _add_missing(main, page, reading)
    _tell_looks(text[: 2 * at], looks, page, reading)
    there = {each.strip() for each in page.parts}
    for kind, size in zip(_PARTS[1:], head.counts[1:], strict=True):
        part, at = text[2 * at : 2 * (at + size)].decode("utf-16-le", "replace"), at + size
        if kind == "comment":
            _comments(part, owners, page, reading)
        elif kind:
            for line in [*_ENDS.split(_without_codes(part)), *(drawn if kind == "header" else ())]:
                words = line.translate(_SIGNS).strip()
                # undoc gives some notes, and each section has its own heads
                if words not in there:
                    page.add(words, kind)
                    there.add(words)


def _drawn(head: _Head) -> list[str]:
    """Return letters that are drawings, such as a watermark."""
    at, size = head.places[_ART]
    held, found = head.table[at : at + size], list[str]()
    at = 0
    while at + 8 <= len(held):
        (size,) = struct.unpack_from("<I", held, at + 4)
        found += art_letters(held[at : at + 8 + size])
        at += 9 + size  # one byte between drawings says where they are
    return found


def _add_missing(main: str, page: Page, reading: Reading) -> None:
    """Add the paragraphs of the main text that undoc left out, wholly or in part."""
    there, missing = re.sub(r"\W", "", "".join(page.parts)), 0
    for line in _ENDS.split(_without_codes(main)):
        words = re.sub(r"\W", "", line)
        if words and words not in there:
            missing += page.add(line.translate(_SIGNS)) is not None
    if missing:
        reading.note("hidden", f"The last {missing} paragraphs of its text are out of their place: "
                     "some of their words are hidden or in a form of their own.")  # fmt: skip


def _tell_looks(
    text: bytes, looks: list[tuple[int, int, int]], page: Page, reading: Reading
) -> None:
    """Note words that are hidden, deleted or struck through, and raised digits, with examples."""
    found: dict[int, list[str]] = {}
    for begin, end, look in looks:
        words = text[2 * begin : 2 * end].decode("utf-16-le", "replace")
        plain = _without_codes(words).translate(_SIGNS).strip()
        if look == _RAISED:
            before = text[: 2 * begin][-2 * _DIGITS :].decode("utf-16-le", "replace")
            number = re.search(r"[0-9]+\Z", before)
            plain = number[0] + plain if number and plain[:1].isdigit() else ""
        if plain:
            found.setdefault(look, []).append(plain)
    for look, texts in found.items():
        kind, told = _TOLD[look]
        listed, more = "; ".join(each[:200] for each in texts[:_LISTED]), len(texts) - _LISTED
        rest = f"; and {more:,} more" if more > 0 else ""
        reading.note(kind, f"{told}: {listed}{rest}", page.number)


def _head(ole: Any, held: bytes) -> _Head:
    (flags,) = struct.unpack_from("<H", held, 10)
    (shorts,) = struct.unpack_from("<H", held, 32)
    longs = 34 + 2 * shorts
    (many,) = struct.unpack_from("<H", held, longs)
    counts = struct.unpack_from("<8i", held, longs + 2 + 4 * _FIRST)
    if min(counts) < 0 or sum(counts) > _MOST:
        raise ValueError("a part has an impossible length")
    pairs = longs + 2 + 4 * many
    (tables,) = struct.unpack_from("<H", held, pairs)
    listed = range(min(tables, 93))
    places = [struct.unpack_from("<II", held, pairs + 2 + 8 * number) for number in listed]
    return _Head(counts, places, stream_bytes(ole, f"{flags >> 9 & 1}Table"))


def _pieces(head: _Head) -> Iterator[_Piece]:
    at, size = head.places[_PIECES]
    end = at + size
    while head.table[at] == 1:  # changes of form before the table
        at += 3 + struct.unpack_from("<H", head.table, at + 1)[0]
    (size,) = struct.unpack_from("<I", head.table, at + 1)
    at, many = at + 5, (size - 4) // 12
    if head.table[at - 5] != 2 or at + size > end:
        raise ValueError("there is no table of pieces")
    starts = struct.unpack_from(f"<{many + 1}I", head.table, at)
    for number in range(many):
        (place,) = struct.unpack_from("<I", head.table, at + 4 * (many + 1) + 8 * number + 2)
        wide = not place & 0x40000000
        begin, length = starts[number], max(0, starts[number + 1] - starts[number])
        yield _Piece(begin, length, place if wide else (place & 0x3FFFFFFF) // 2, 1 + wide)


def _bytes(held: bytes, piece: _Piece) -> bytes:
    """Return a piece in UTF-16, as whose units the head counts the text."""
    raw = held[piece.place : piece.place + piece.length * piece.width]
    return raw if piece.width == 2 else raw.decode("cp1252", "replace").encode("utf-16-le")


def _looks(held: bytes, head: _Head, pieces: list[_Piece]) -> list[tuple[int, int, int]]:
    """Return the runs of the text that look otherwise: begin, end, and one of `_TOLD`."""
    at, size = head.places[_RUNS]
    many = max(0, (size - 4) // 8)
    found: list[tuple[int, int, int]] = []
    for number in range(many):
        (sheet,) = struct.unpack_from("<I", head.table, at + 4 * (many + 1 + number))
        block = held[512 * (sheet & 0x3FFFFF) :][:512]
        runs = block[511]
        bounds = struct.unpack_from(f"<{runs + 1}I", block)
        for turn in range(runs):
            if not (place := 2 * block[4 * (runs + 1) + turn]):
                continue
            for look in _sprms(block[place + 1 : place + 1 + block[place]]):
                for piece in pieces:
                    begin = max(0, bounds[turn] - piece.place) // piece.width
                    end = min(piece.length, (bounds[turn + 1] - piece.place) // piece.width)
                    if begin < end:
                        found.append((piece.begin + begin, piece.begin + end, look))
    return _joined(sorted(found, key=lambda run: (run[2], run[0])))


def _sprms(held: bytes) -> Iterator[int]:
    """Yield the looks that a run's properties ([MS-DOC] 2.6.1) switch on."""
    at = 0
    while at + 3 <= len(held):
        (code,) = struct.unpack_from("<H", held, at)
        if code in _TOLD and held[at + 2] == 1:
            yield code
        size = _SIZES[code >> 13]
        at += 2 + (size or 1 + held[at + 2])


def _joined(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Join runs of one look that touch."""
    joined: list[tuple[int, int, int]] = []
    for begin, end, look in runs:
        if joined and joined[-1][2] == look and joined[-1][1] >= begin:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), look)
        else:
            joined.append((begin, end, look))
    return joined


def _without_codes(text: str) -> str:
    """Return a text with the results of its fields in the place of their codes."""
    for _ in range(_WITHIN):
        text = _FIELD.sub(lambda field: field[1] or "", text)
    return text


def _owners(head: _Head) -> list[str]:
    """Return who wrote each comment."""
    at, size = head.places[_OWNERS]
    names, end = [], at + size
    while at + 2 <= min(end, len(head.table)):
        (many,) = struct.unpack_from("<H", head.table, at)
        names.append(head.table[at + 2 : at + 2 + 2 * many].decode("utf-16-le", "replace"))
        at += 2 + 2 * many
    at, size = head.places[_MARKS]
    many = max(0, (size - 4) // 34)  # a place of 4 bytes and a description of 30 each
    found = []
    for number in range(many):
        (owner,) = struct.unpack_from("<H", head.table, at + 4 * (many + 1) + 30 * number + 20)
        found.append(names[owner] if owner < len(names) else "")
    return found


def _comments(part: str, owners: list[str], page: Page, reading: Reading) -> None:
    told = 0
    for number, text in enumerate(re.split("\x05", _without_codes(part))[1:]):
        words = _ENDS.sub("\n", text).translate({**_SIGNS, 0x0A: "\n"})
        who = owners[number] if number < len(owners) else None
        told += page.add(words, "comment", None, who or None) is not None
    if told:
        reading.note("comment", f"{told} comments, which the printed page may not show.")
