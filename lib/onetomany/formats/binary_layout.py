"""How binary workbooks look: formats, hidden rows and columns, comments, links, heads.

calamine gives the values of XLS and XLSB, but nothing of this; it is read here from the records of
BIFF8 ([MS-XLS] 2.4) and of XLSB ([MS-XLSB] 2.3).
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .number_formats import BUILT_IN
from .ooxml import Package
from .reading import Damaged

_URL = bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")  # an address in a link begins so
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
           0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA"}  # fmt: skip
_ADDRESS = 2048  # characters of one
# codes of the look of a head, which are none of its words
_LOOK = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d{1,3} ?|[BIUESXYGH])')


@dataclass
class SheetLayout:
    """How a sheet of a binary workbook looks; rows and columns count from 0."""

    formats: dict[tuple[int, int], int] = field(default_factory=dict)  # of cells, by XF
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # which calamine leaves out
    rows: set[int] = field(default_factory=set)  # hidden ones
    columns: set[int] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)  # of comments and text boxes
    heads: list[tuple[str, str]] = field(default_factory=list)  # kind and text, printed per page
    links: list[str] = field(default_factory=list)
    charts: int = 0
    formulas: int = 0
    part: str = ""  # of the package that an XLSB is

    def add_head(self, kind: str, text: str) -> None:
        for part in re.split(r"&[LCR]", _LOOK.sub("", text)):
            if part.strip():
                self.heads.append((kind, part))


@dataclass
class BookLayout:
    """The formats of a binary workbook, and how its sheets look."""

    formats: dict[int, str] = field(default_factory=lambda: dict(BUILT_IN))
    cell_formats: list[int] = field(default_factory=list)  # XF: number of its format
    sheets: list[SheetLayout] = field(default_factory=list)
    raised: bool = False  # whether it has a font for raised characters
    from_1904: bool = False


def xls_records(held: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(held):
        kind, size = struct.unpack_from("<HH", held, at)
        yield at, kind, held[at + 4 : at + 4 + size]
        at += 4 + size


def xls_layout(held: bytes) -> BookLayout | None:
    """Return the layout that a workbook's records describe; None if it is older than BIFF8."""
    book, texts, depth = BookLayout(), _Texts(), 0
    starts: dict[int, SheetLayout] = {}
    sheet: SheetLayout | None = None
    for at, kind, body in xls_records(held):
        _book_record(book, kind, body)
        if kind == 0x809 and len(body) >= 4:
            version, what = struct.unpack_from("<HH", body)
            if not at and version != 0x600:
                return None
            depth += 1
            if depth == 1 and what != 5:
                sheet = starts.get(at)
            elif what == 0x20 and sheet is not None:
                sheet.charts += 1
        elif kind == 0x0A:
            depth = max(0, depth - 1)
        elif kind == 0x85 and len(body) >= 4:
            layout = starts[_number("<I", body)] = SheetLayout()
            book.sheets.append(layout)
        elif kind == 0x100D and sheet is not None and len(body) > 4:  # a title of a chart
            sheet.heads.append(("caption", _characters(body[4:], body[3] & 1, body[2])))
        elif sheet is not None and depth == 1:
            _sheet_record(sheet, kind, body)
            if text := texts.ended_by(kind, body):
                sheet.texts.append(text)
    return book


def _book_record(book: BookLayout, kind: int, body: bytes) -> None:
    if kind == 0x22:
        book.from_1904 = body[:1] == b"\1"
    elif kind == 0x41E and len(body) >= 5:  # a number format
        number, length, wide = struct.unpack_from("<HHB", body)
        book.formats[number] = _characters(body[5:], wide & 1, length)
    elif kind == 0x31 and len(body) >= 10:  # a font
        book.raised |= _number("<H", body, 8) == 1
    elif kind == 0xE0 and len(body) >= 4:
        book.cell_formats.append(_number("<H", body, 2))


def _characters(held: bytes, wide: int, most: int) -> str:
    """Return at most so many characters, which have two bytes each if they are `wide`."""
    raw = held[: most * (1 + wide)]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


class _Texts:
    """Texts of comments and boxes (TXO), whose characters follow in records (CONTINUE)."""

    def __init__(self) -> None:
        self.left, self.text = 0, ""

    def ended_by(self, kind: int, body: bytes) -> str:
        """Return the text that a record ends, '' if it ends none."""
        if kind == 0x1B6 and len(body) >= 12:
            self.left, self.text = _number("<H", body, 10), ""
        elif kind != 0x3C:
            self.left = 0
        elif self.left:
            wide = int(body[:1] == b"\1")
            self.text += _characters(body[1:], wide, self.left)
            self.left = max(0, self.left - (len(body) - 1 >> wide))
            return "" if self.left else self.text
        return ""


def _sheet_record(sheet: SheetLayout, kind: int, body: bytes) -> None:
    try:
        if kind in (0x203, 0x27E, 0x06, 0x205):  # NUMBER, RK, FORMULA, BOOLERR
            row, column, form = struct.unpack_from("<HHH", body)
            sheet.formats[row, column] = form
            sheet.formulas += kind == 0x06
            if kind == 0x205 and body[7] == 1:
                sheet.errors[row, column] = _ERRORS.get(body[6], "#?")
            elif kind == 0x06 and body[6] == 2 and body[12:14] == b"\xff\xff":
                sheet.errors[row, column] = _ERRORS.get(body[8], "#?")
        elif kind == 0xBD:  # MULRK
            row, column = struct.unpack_from("<HH", body)
            for turn in range((len(body) - 6) // 6):
                sheet.formats[row, column + turn] = struct.unpack_from("<H", body, 4 + 6 * turn)[0]
        elif kind == 0x208 and struct.unpack_from("<H", body, 12)[0] & 0x20:
            sheet.rows.add(struct.unpack_from("<H", body)[0])
        elif kind == 0x7D and struct.unpack_from("<H", body, 8)[0] & 1:
            first, last = struct.unpack_from("<HH", body)
            sheet.columns.update(range(first, min(last, 255) + 1))
        elif kind in (0x14, 0x15) and len(body) > 3:  # HEADER, FOOTER
            text = _characters(body[3:], body[2] & 1, len(body))
            sheet.add_head("header" if kind == 0x14 else "footer", text)
        elif kind == 0x1B8 and (at := body.find(_URL)) >= 0:
            text = body[at + 20 : at + 20 + 2 * _ADDRESS].decode("utf-16-le", "ignore")
            sheet.links.append(text.partition("\0")[0])
    except (struct.error, IndexError) as error:
        raise Damaged(f"a record of a sheet breaks off: {error}") from error


# records of XLSB whose cells contain numbers or truth values, and those of formulas
_NUMBERS, _FORMULAS = (2, 3, 4, 5, 8, 9, 10, 11), (8, 9, 10, 11)


def xlsb_layout(package: Package) -> BookLayout:
    """Return the layout that the parts of an XLSB describe. Raises Damaged if a record breaks off.

    Source: [MS-XLSB] 2.4, by the names BrtFmt, BrtXF, BrtWbProp, BrtBundleSh.
    """
    book, inside = BookLayout(), False
    for kind, body in _xlsb_records(package, "xl/styles.bin"):
        if kind in (617, 618):  # the list of cells' formats begins and ends
            inside = kind == 617
        elif kind == 44:
            book.formats[_number("<H", body)] = _text(body, 2)[0]
        elif kind == 43:
            book.raised |= _number("<H", body, 6) == 1
        elif kind == 47 and inside:
            book.cell_formats.append(_number("<H", body, 2))
    related = package.related("xl/workbook.bin")
    for kind, body in _xlsb_records(package, "xl/workbook.bin"):
        if kind == 153:
            book.from_1904 = bool(_number("<I", body) & 1)
        elif kind == 156:
            relation = related.get(_text(body, 8)[0])
            book.sheets.append(_xlsb_sheet(package, relation.target if relation else ""))
    return book


def _xlsb_sheet(package: Package, part: str) -> SheetLayout:
    sheet, row, related = SheetLayout(part=part), 0, package.related(part)
    for kind, body in _xlsb_records(package, part):
        if kind == 0:
            row = _number("<I", body)
            if _number("<B", body, 11) & 0x10:
                sheet.rows.add(row)
        elif kind in _NUMBERS:
            sheet.formats[row, _number("<I", body)] = _number("<I", body, 4) & 0xFFFFFF
            sheet.formulas += kind in _FORMULAS
            if kind in (3, 11):
                place = row, _number("<I", body)
                sheet.errors[place] = _ERRORS.get(_number("<B", body, 8), "#?")
        elif kind == 60 and _number("<H", body, 16) & 1:
            first, last = _number("<I", body), _number("<I", body, 4)
            sheet.columns.update(range(first, min(last, 16383) + 1))
        elif kind == 494:
            relation = related.get(_text(body, 16)[0])
            sheet.links += [relation.target] if relation and relation.outside else []
        elif kind == 479:
            at = 2
            for turn in range(6):  # of all, of even and of first pages
                text, at = _text(body, at)
                sheet.add_head("footer" if turn % 2 else "header", text)
    for target in package.targets(part, "comments"):
        package.done.add(target)
        for kind, body in _xlsb_records(package, target):
            if kind == 637:
                sheet.texts.append(_text(body, 1)[0])
    return sheet


def _xlsb_records(package: Package, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part: two numbers of 7 bits a byte, then so many bytes."""
    if part not in package.parts:
        return
    package.done.add(part)
    held, at = package.parts.read(part), 0
    while at < len(held):
        kind, at = _varying(held, at, 2)
        size, at = _varying(held, at, 4)
        if at + size > len(held):
            raise Damaged(f"{part} breaks off within a record")
        yield kind, held[at : at + size]
        at += size


def _varying(held: bytes, at: int, most: int) -> tuple[int, int]:
    value = 0
    for turn in range(most):
        byte = held[at + turn] if at + turn < len(held) else 0
        value |= (byte & 0x7F) << 7 * turn
        if byte < 0x80:
            return value, at + turn + 1
    return value, at + most


def _number(form: str, body: bytes, at: int = 0) -> int:
    try:
        return int(struct.unpack_from(form, body, at)[0])
    except struct.error as error:
        raise Damaged(f"a record of a sheet breaks off: {error}") from error


def _text(body: bytes, at: int) -> tuple[str, int]:
    """Return a text in UTF-16 and the place after it; its length is -1 if there is none."""
    size = _number("<i", body, at)
    end = at + 4 + 2 * max(0, size)
    return body[at + 4 : end].decode("utf-16-le", "replace"), end
