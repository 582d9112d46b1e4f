"""Plain text and CSV; the encoding used is reported."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re

from ..cage.text_tables import START, is_korean, utf16_of
from .reading import Page, Reading, Refused, clean

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _codec(name: str) -> str:
    # web pages say EUC-KR or KS_C_5601 and mean its extension CP949
    return "cp949" if re.match(r"(?i)euc-?kr|ks_?c|ks ?x|iso-2022-kr", name) else name


def decode(content: bytes, declared: str | None = None) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is sure (marked, declared and valid, UTF-8).

    In order: a byte order mark, the declared encoding, UTF-8, UTF-16 by its zeros, CP949 (which
    contains EUC-KR) if it is Korean, and last Windows-1252.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace"), name.removesuffix("-sig"), True
    for name in filter(None, (declared, "utf-8")):
        codec = _codec(name)
        try:
            return content.decode(codec), codec.lower(), True
        except (UnicodeError, LookupError, ValueError):
            continue
    # a few broken bytes, as pages of the web have, don't make the declaration wrong
    with contextlib.suppress(LookupError, ValueError):
        text = content.decode(codec := _codec(declared or "utf-8"), "replace")
        if declared and text.count("\N{REPLACEMENT CHARACTER}") * 50 < len(text):
            return text, codec.lower(), False
    if utf16 := utf16_of(content[:START]):
        return content.decode(utf16, "replace"), utf16, False
    with contextlib.suppress(UnicodeError):
        text = content.decode("cp949")
        if is_korean([text]):
            return text, "cp949", False
    return content.decode("cp1252", "replace"), "cp1252", False


def _decoded(content: bytes, reading: Reading) -> str:
    text, name, sure = decode(content, reading.declared)
    reading.metadata["encoding"] = name
    if name != "utf-8":
        said = "as declared" if reading.declared else "by its mark"
        said = said if sure else "guessed: check names and figures"
        reading.note("encoding", f"Read as {name}, {said}.")
    if "\N{REPLACEMENT CHARACTER}" in text:
        reading.note("encoding", "Some bytes are not text in this encoding and were replaced.")
    return text


def read_text(content: bytes, reading: Reading) -> None:
    page = reading.page()
    for part in re.split(r"\n[ \t]*\n+", clean(_decoded(content, reading))):
        page.add(part)


def read_csv(content: bytes, reading: Reading) -> None:
    """Read rows as blocks, fields as cells. Raises Refused for fields that no CSV has."""
    text = _decoded(content, reading).replace("\0", "")
    head = text[:65536]
    try:
        sniffed = csv.Sniffer().sniff(head, ",;\t|")
        # its guesses at quotes go wrong if a field contains one: doubled quotes are the rule
        mark, spaced = sniffed.delimiter, sniffed.skipinitialspace
    except csv.Error:
        mark, spaced = "\t" if head.count("\t") > head.count(",") else ",", False
    csv.field_size_limit(reading.limits.characters)
    page = reading.page()
    rows: list[list[str]] = []
    try:
        lines = io.StringIO(text, newline="")
        for row in csv.reader(lines, delimiter=mark, skipinitialspace=spaced):
            rows.append(row)
            if len(rows) > reading.limits.cells:
                raise Refused(f"It has more than {reading.limits.cells:,} rows.")
    except csv.Error as error:
        raise Refused(f"Row {len(rows) + 1} is no CSV: {error}") from error
    table = page.add_table(len(rows), max(map(len, rows), default=0))
    for number, row in enumerate(rows, 1):
        add_row(page, table, number, list(enumerate(row, 1)))


def add_row(
    page: Page,
    table: int,
    number: int,
    fields: list[tuple[int, str]],
    *,
    hidden: bool = False,
    formulas: dict[int, str] | None = None,
) -> None:
    """Add a row as a block of its fields between tabs, and each field as a cell with its span."""
    kept = [(column, clean(text)) for column, text in fields]
    kept = [(column, text) for column, text in kept if text]
    span = page.add("\t".join(text for _, text in kept), "hidden" if hidden else "row")
    at = span[0] if span else 0
    for column, text in kept:
        formula = (formulas or {}).get(column)
        page.add_cell(
            table, number, column, text, span=(at, at + len(text)), formula=formula, hidden=hidden
        )
        at += len(text) + 1
