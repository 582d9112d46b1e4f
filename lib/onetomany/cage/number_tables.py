"""The cage's task that reads a table of numbers: its encoding, separator, names of columns, cells.

A request names nothing. The answer is HEAD, a JSON object; then for each block of lines their
numbers (LINES, 8 bytes each) and, column by column, the cells as numbers (NUMBERS, doubles; NaN for
other cells) and as texts (TEXTS, a line each); at last TAIL, a JSON object. Or FAULT, one of
FAULTS as a JSON object, with the line if there is one.

Only the standard library reads: no library in a fork may start a thread.
"""

import codecs
import io
import json
import re
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

from . import magic_bytes as magic
from .text_tables import SAMPLE, START, find_separator, is_korean, is_number, utf16_of
from .zygote import Handler, Send

HEAD, LINES, NUMBERS, TEXTS, TAIL, FAULT = b"H", b"L", b"N", b"T", b"Z", b"X"
FAULTS = ("not text", "form", "empty", "names only", "uneven", "long", "memory")
FORMS = {"{": "JSON", "[": "JSON", "<": "XML"}
_BYTES = {
    magic.ZIP: "ZIP",
    magic.PDF: "PDF",
    magic.OLE: "XLS",
    magic.GZIP: "gzip",
    magic.PARQUET: "Parquet",
    magic.ARROW: "Arrow",
    magic.SQLITE: "SQLite",
    magic.HDF5: "HDF5",
    magic.MATLAB: "MATLAB",
    magic.NUMPY: "NumPy",
}
SEPARATORS = (",", ";", "\t", "|", " ")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "cp1252")
MOST_COLUMNS, LONGEST = 1_000, 400  # cells of a line; characters of a cell
REMARKS = 200  # comment lines that are sent, so much of each as a cell may have
ROWS = 20_000  # lines of a block
_COMMENT = ("#", "%", "//", "sep=")  # the last: how spreadsheets name the separator
_PIECE, _SHOWN = 1 << 20, 20_000  # bytes decoded at a time; characters that show a separator
_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?", re.A)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a]")  # characters that no text has


class Fault(Exception):
    """The reason why a table can't be read: one of FAULTS with its details."""


def load_number_reader() -> Handler:
    """Return the handler."""

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            _read(content, send)
        except Fault as fault:
            send(FAULT, json.dumps(fault.args[0]).encode())
        except MemoryError:
            send(FAULT, b'{"fault": "memory"}')

    return handle


def _refuse(fault: str, **more: int | str) -> NoReturn:
    raise Fault({"fault": fault, **more})


def _read(content: bytes, send: Send) -> None:
    if form := _BYTES.get(magic.media_type_by_magic(content[: magic.LOOKED_AT])):
        _refuse("form", form=form)
    encoding = _encoding_of(content)
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
    """Return the separator that the first lines show."""
    sample = [line[:_SHOWN] for _, line in islice(lines, SAMPLE) if not _remark(line)]
    return find_separator(
        lambda sign: (line.split(None if sign == " " else sign) for line in sample), SEPARATORS
    )


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


def _encoding_of(content: bytes) -> str:
    """Return the encoding, one of ENCODINGS. Raises Fault if the bytes are not text.

    In order: a byte order mark, UTF-16 by its zeros, UTF-8, CP949 if the text is Korean, and last
    Windows-1252, which contains Latin-1's letters.
    """
    found = utf16_of(content[:START]) or "utf-8-sig"
    if _decodes(content, found):
        return found
    if found == "utf-8-sig":
        if _decodes(content, "cp949") and is_korean(_pieces(content, "cp949")):
            return "cp949"
        # any bytes are letters in Windows-1252; those of a table of numbers have digits too
        if re.search(rb"\d", content) and _decodes(content, "cp1252"):
            return "cp1252"
    _refuse("not text")


def _pieces(content: bytes, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(content), _PIECE):
        yield decoder.decode(content[start : start + _PIECE])
    yield decoder.decode(b"", final=True)


def _decodes(content: bytes, encoding: str) -> bool:
    """Return whether all of it is text: decoded, and without characters that no text has."""
    try:
        return not any(map(_CONTROL.search, _pieces(content, encoding)))
    except UnicodeDecodeError:
        return False
