"""The cage's task that reads a table of numbers: its encoding, separator, names of columns, cells.

A request names nothing. The answer is HEAD, a JSON object; then for each block of lines their
numbers (LINES, 8 bytes each) and, column by column, the cells as numbers (NUMBERS, doubles; NaN for
what is none) and as texts (TEXTS, a line each); at last TAIL, a JSON object. Or FAULT, one of
FAULTS as a JSON object with the line, where it has one.

Nothing but the standard library reads: no library in a fork may start a thread.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from array import array
from collections.abc import Iterator
from typing import Any, NoReturn

from .zygote import Handler, Send

HEAD, LINES, NUMBERS, TEXTS, TAIL, FAULT = b"H", b"L", b"N", b"T", b"Z", b"X"
FAULTS = ("not text", "form", "empty", "names only", "uneven", "long", "memory")
FORMS = {"{": "JSON", "[": "JSON", "<": "XML"}
_BYTES = {b"PK": "ZIP", b"%PDF": "PDF"}
SEPARATORS = (",", ";", "\t", "|", " ")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "cp1252")
MOST_COLUMNS, LONGEST = 1_000, 400  # cells of a line; characters of a cell
START = 4096  # bytes that show UTF-16
REMARKS = 200  # comment lines that are sent, so much of each as a cell may have
ROWS = 20_000  # lines of a block
_COMMENT = ("#", "%", "//")
_PIECE, _SHOWN = 1 << 20, 20_000  # bytes decoded at a time; characters that show a separator
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?(nan|inf(inity)?)", re.I)
_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?", re.A)
_NOT_KOREAN = re.compile("[^\x00-\x7f가-힣ㄱ-ㆎ㎀-㏟　-〿！-～·℃°±²³]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a]")


class Fault(Exception):
    """Why a table can't be read: one of FAULTS, with what belongs to it."""


def load() -> Handler:
    """Return the handler."""

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            _read(content, send)
        except Fault as fault:
            send(FAULT, json.dumps(fault.args[0]).encode())
        except MemoryError:
            send(FAULT, b'{"fault": "memory"}')

    return handle


def is_number(text: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma."""
    return _NUMBER.fullmatch(text.strip()) is not None


def separator_of(line: str) -> str:
    """Return what separates the values of a line: ';', a tab, '|', ',' or ' '."""
    for separator in (";", "\t", "|"):
        if separator in line:
            return separator
    pieces = [piece.strip() for piece in line.rstrip(", ").split(",")]
    whole = len(pieces) > 1 and not any(re.search(r"\s", piece) for piece in pieces)
    return "," if whole or " " not in line.strip() else " "


def _refuse(fault: str, **more: int | str) -> NoReturn:
    raise Fault({"fault": fault, **more})


def _read(content: bytes, send: Send) -> None:
    if form := next((form for mark, form in _BYTES.items() if content.startswith(mark)), ""):
        _refuse("form", form=form)
    encoding = encoding_of(content)
    start = next(iter(_Lines(content, encoding)), (0, ""))[1]
    if form := next((form for mark, form in FORMS.items() if start.startswith(mark)), ""):
        _refuse("form", form=form)
    separator = _separator(_Lines(content, encoding))
    lines = _Lines(content, encoding)
    rows = ((each, _cells(each, line, separator)) for each, line in lines if not _remark(line))
    first = next(rows, None)
    if first is None:
        _refuse("empty")
    named = any(first[1]) and not any(map(is_number, first[1]))
    head = {"encoding": encoding, "separator": separator, "many": len(first[1])}
    send(HEAD, json.dumps(head | {"names": first[1] if named else None}).encode())
    block = [] if named else [first]
    sent = commas = 0
    for row in rows:
        block.append(row)
        if len(block) == ROWS:
            commas += _send(block, separator, len(first[1]), send)
            sent, block = sent + ROWS, []
    if not sent and not block:
        _refuse("names only")
    commas += _send(block, separator, len(first[1]), send) if block else 0
    tail = {"remarks": lines.passed, "texts": lines.remarks, "commas": commas}
    send(TAIL, json.dumps(tail).encode())


class _Lines:
    """Lines that are not blank, with their number from 1; comments are counted and kept."""

    def __init__(self, content: bytes, encoding: str) -> None:
        self.content, self.encoding = content, encoding
        self.passed, self.remarks = 0, list[str]()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        file = io.TextIOWrapper(io.BytesIO(self.content), self.encoding, newline=None)
        for number, line in enumerate(file, 1):
            text = line.strip(" \n")
            if text.strip():
                if _remark(text):
                    self.passed += 1
                    if len(self.remarks) < REMARKS:
                        self.remarks.append(text[:LONGEST])
                yield number, text


def _remark(line: str) -> bool:
    return line.startswith(_COMMENT)


def _separator(lines: _Lines) -> str:
    """The separator of the first line that begins with a number, or of the first."""
    first = ""
    for _, line in lines:
        if _remark(line):
            continue
        first = first or line
        if re.match(r"\"?[-+.\d]", line, re.A):
            return separator_of(line[:_SHOWN])
    return separator_of(first[:_SHOWN])


def _cells(number: int, line: str, separator: str) -> list[str]:
    parts = line.split(None if separator == " " else separator, MOST_COLUMNS)
    if len(parts) > MOST_COLUMNS or max(map(len, parts)) > LONGEST:
        _refuse("long", line=number)
    return [part.strip(" \t\"'") for part in parts]


def _send(rows: list[tuple[int, list[str]]], separator: str, many: int, send: Send) -> int:
    """Send a block; return how many cells had a decimal comma."""
    for number, cells in rows:
        if len(cells) != many:
            _refuse("uneven", line=number)
    send(LINES, array("q", [number for number, _ in rows]).tobytes())
    commas = 0
    for column in zip(*(cells for _, cells in rows), strict=True):
        texts: list[str] = list(column)
        if separator != "," and any("," in text for text in texts):
            decimal = [_COMMA.fullmatch(text) is not None for text in texts]
            commas += sum(decimal)
            texts = [
                text.replace(",", ".") if comma else text
                for text, comma in zip(texts, decimal, strict=True)
            ]
        send(NUMBERS, array("d", map(_number, texts)).tobytes())
        send(TEXTS, "\n".join(texts).encode("utf-8", "replace"))
    return commas


def _number(text: str) -> float:
    try:
        return float(text) if "_" not in text and text.isascii() else float("nan")
    except ValueError:
        return float("nan")


def encoding_of(content: bytes) -> str:
    """Return the encoding, one of ENCODINGS; anything but text is a Fault.

    In order: a byte order mark, UTF-16 by its zeros, UTF-8, CP949 where it gives Hangul, and in the
    end Windows-1252, which contains Latin-1's letters.
    """
    found = utf16_of(content[:START]) or "utf-8-sig"
    if _decodes(content, found):
        return found
    if found == "utf-8-sig":
        if _decodes(content, "cp949") and _korean(content):
            return "cp949"
        # any bytes are letters in Windows-1252; those of a table of numbers have digits too
        if re.search(rb"\d", content) and _decodes(content, "cp1252"):
            return "cp1252"
    _refuse("not text")


def utf16_of(start: bytes) -> str | None:
    """Return which UTF-16 a text that starts so is in, by its mark or its zeros; None for none."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    odd, even = start[1::2].count(0), start[::2].count(0)
    if max(odd, even) > len(start) / 8:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _pieces(content: bytes, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), _PIECE):
        yield decoder.decode(content[start : start + _PIECE])
    yield decoder.decode(b"", final=True)


def _decodes(content: bytes, encoding: str) -> bool:
    """Whether all of it is text: decoded, and without signs that no text has."""
    try:
        return not any(
            re.search("[\x00-\x08\x0e-\x1a]", part) for part in _pieces(content, encoding)
        )
    except UnicodeDecodeError:
        return False


def _korean(content: bytes) -> bool:
    """Whether CP949 gives Hangul and hardly anything else, most of it of the common syllables."""
    common = rare = 0
    for part in _pieces(content, "cp949"):
        if _NOT_KOREAN.search(part):
            return False
        for syllable in re.findall("[가-힣]", part):
            try:
                syllable.encode("euc_kr")
                common += 1
            except UnicodeEncodeError:
                rare += 1
    return common > rare
