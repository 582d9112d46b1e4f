"""Plain text and CSV; the encoding used is reported."""

import codecs
import contextlib
import csv
import io
import quopri
import re
from functools import partial

from onetomany.cage.text_tables import SAMPLE, START, find_separator, is_korean, utf16_of
from .member_names import usual_share
from .reading import Page, Reading, Refused, clean

_PRINTABLE = re.compile(r"(?im)^[^:\r\n]*QUOTED-PRINTABLE[^:\r\n]*:(?:[^\r\n]*=\r?\n)+")
_CYRILLIC = 12  # letters at least
_USUAL = 0.5  # share of the letters of a Chinese or Japanese text that are usual ones
_SAMPLE = 65_536  # characters of a table that show its separator
_STATED = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n", re.IGNORECASE)  # Excel's own first line
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _codec(name: str) -> str:
    # web pages say EUC-KR or KS_C_5601 and mean its extension CP949
    return "cp949" if re.match(r"(?i)euc-?kr|ks_?c|ks ?x", name) else name


def decode(content: bytes, declared: str | None = None) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is sure (marked, declared and valid, UTF-8).

    In order: a byte order mark, the declared encoding, UTF-8, UTF-16 by its zeros, CP949 (which
    contains EUC-KR) if it is Korean, GBK and Shift-JIS by their usual letters, Windows-1251 if most
    letters are beyond ASCII, and last Windows-1252.
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
    return *_guessed(content), False


def _guessed(content: bytes) -> tuple[str, str]:
    if utf16 := utf16_of(content[:START]):
        return content.decode(utf16, "replace"), utf16
    if _is_damaged_utf8(text := content.decode("utf-8", "replace")):
        return text, "utf-8"
    with contextlib.suppress(UnicodeError):
        text = content.decode("cp949")
        if is_korean([text]):
            return text, "cp949"
    for codec in ("gbk", "cp932"):
        if usual_share([content], codec) >= _USUAL:
            return content.decode(codec), codec
    letters = re.sub(rb"[^A-Za-z\x80-\xff]", b"", content)
    # in Western texts most letters are ASCII; a few words say nothing
    if _CYRILLIC <= len(letters) < 2 * len(re.sub(rb"[^\xc0-\xff]", b"", letters)):
        return content.decode("cp1251", "replace"), "cp1251"
    return content.decode("cp1252", "replace"), "cp1252"


def _is_damaged_utf8(text: str) -> bool:
    """Return whether UTF-8 with a few broken bytes was decoded: no other encoding looks like it."""
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    return sum(char > "\x7f" for char in text) >= 5 * broken


def _decoded(content: bytes, reading: Reading) -> str:
    text, name, sure = decode(content, reading.declared)
    reading.metadata["encoding"] = name
    if name != "utf-8" or not sure:
        said = "as declared" if reading.declared else "by its mark"
        said = said if sure else "guessed: check names and figures"
        reading.note("encoding", f"Read as {name}, {said}.")
    if "\N{REPLACEMENT CHARACTER}" in text:
        reading.note("encoding", "Some bytes are not text in this encoding and were replaced.")
    return text


def read_text(content: bytes, reading: Reading) -> None:
    page, text = reading.page(), _decoded(content, reading)
    if re.match(r"BEGIN:V(?:CALENDAR|CARD)\b", text):
        text = _unfolded(text)
    for part in re.split(r"\n[ \t]*\n+", clean(text)):
        page.add(part)


def _unfolded(text: str) -> str:
    """Return a calendar or card with its lines whole and its signs plain (RFC 5545, vCard 2.1)."""
    text = re.sub(r"\r?\n[ \t]", "", text)
    # a line in quoted-printable goes on after a = at its end
    text = _PRINTABLE.sub(lambda line: re.sub(r"=\r?\n", "", line[0]), text)
    lines = []
    for line in text.splitlines():
        head, colon, value = line.partition(":")
        if "QUOTED-PRINTABLE" in head.upper():
            named = re.search(r"(?i)CHARSET=([-\w]+)", head)
            value = decode(quopri.decodestring(value), named[1] if named else None)[0]
        value = re.sub(r"\\([,;nN\\])", lambda sign: "\n" if sign[1] in "nN" else sign[1], value)
        lines.append(head + colon + value)
    return "\n".join(lines)


def _separator(text: str) -> tuple[str, str]:
    """Return the separator of a table, and the table without a line that states it."""
    if stated := _STATED.match(text):
        return stated[1], text[stated.end() :]
    sample = text[:_SAMPLE]

    def rows_of(sign: str, strict: bool = True) -> list[list[str]]:
        rows: list[list[str]] = []
        lines = csv.reader(io.StringIO(sample, newline=""), delimiter=sign, strict=strict)
        try:
            for row in lines:
                rows.append(row)
        except csv.Error as error:
            # a sample may be cut off within a field; anything else says that the sign is wrong
            return rows[:SAMPLE] if "end of data" in str(error) else []
        return rows[:SAMPLE]

    signs = ",;\t|"
    strict = any(len(row) > 1 for sign in signs for row in rows_of(sign))
    return find_separator(partial(rows_of, strict=strict), signs), text


def read_csv(content: bytes, reading: Reading) -> None:
    """Read rows as blocks, fields as cells. Raises Refused for fields that no CSV has."""
    text = _decoded(content, reading).replace("\0", "")
    mark, text = _separator(text)
    spaced = f'{mark} "' in text[:_SAMPLE]
    csv.field_size_limit(reading.limits.characters)
    page = reading.page()
    rows: list[list[str]] = []
    try:
        lines = io.StringIO(text, newline="")
        for row in csv.reader(lines, delimiter=mark, skipinitialspace=spaced):
            rows.append(row)
            if len(rows) > reading.limits.cells:
                raise Refused(f"The table has more than {reading.limits.cells:,} rows.")
    except csv.Error as error:
        raise Refused(f"Row {len(rows) + 1} can't be read as CSV: {error}") from error
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
