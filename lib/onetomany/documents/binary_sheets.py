"""Binary workbooks: XLS and XLSB by calamine; for XLS also formats, hidden rows, comments, objects.

calamine gives values and types. The records of a BIFF8 workbook ([MS-XLS]) give the rest: the
format of each cell, hidden rows and columns, comments, text boxes, charts.
"""

from __future__ import annotations

import datetime
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .compound import MAGIC, embedded_objects, open_compound, stream_bytes
from .number_formats import BUILT_IN, format_number, is_date, plain_number
from .plain import add_row
from .protected import add_opened_copy, password_refusal
from .reading import Damaged, Page, Reading, Refused

_EPOCH, _EPOCH_1904 = datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1)


@dataclass
class _Layout:
    """How a sheet of a BIFF8 workbook looks."""

    formats: dict[tuple[int, int], int] = field(default_factory=dict)  # of cells, by XF
    rows: set[int] = field(default_factory=set)  # hidden ones
    columns: set[int] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)  # of comments and text boxes
    charts: int = 0
    formulas: int = 0


@dataclass
class _Book:
    formats: dict[int, str] = field(default_factory=lambda: dict(BUILT_IN))
    cell_formats: list[int] = field(default_factory=list)  # XF: number of its format
    sheets: list[_Layout] = field(default_factory=list)
    from_1904: bool = False


def read_xls(content: bytes, reading: Reading) -> None:
    """Read an old workbook. Raises Refused if calamine can't open one."""
    book = None
    if content.startswith(MAGIC):
        with open_compound(content) as ole:
            name = next((each for each in ("Workbook", "Book") if ole.exists(each)), "")
            held = stream_bytes(ole, name) if name else b""
            if _is_locked(held):
                if add_opened_copy(content, "workbook.xls", reading):
                    return
                raise password_refusal(reading.passwords)
            book = _layout(held) if name == "Workbook" else None
            add_calamine(content, reading, book)
            embedded_objects(ole, reading)
            if ole.exists("_VBA_PROJECT_CUR"):
                reading.skip("macros (_VBA_PROJECT_CUR)")
            _properties(ole, reading)
    else:
        add_calamine(content, reading)
    if book is None:
        reading.note("hidden", "Of workbooks before Excel 97, hidden rows and columns, comments "
                     "and number formats are not read.")  # fmt: skip


def read_xlsb(content: bytes, reading: Reading) -> None:
    """Read a binary workbook (XLSB). Raises Refused if calamine can't open one."""
    from .office import core_properties, outside_relations
    from .ooxml import Package
    from .parts import Parts

    parts = Parts(content, reading.limits)
    for name in parts.names:
        parts.read(name)  # a bomb is refused before calamine unpacks it
    parts = Parts(content, reading.limits)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    add_calamine(content, reading)
    reading.note("hidden", "Of binary workbooks (XLSB), number formats (25 % is 0.25), formulas, "
                 "comments and hidden rows and columns are not read.")  # fmt: skip
    package = Package(parts, reading)
    for page, name in enumerate([each for each in parts.names if "/drawings/drawing" in each], 1):
        package.drawn(name, reading.pages[min(page, len(reading.pages)) - 1])
    package.tell_rest()


def _properties(ole: Any, reading: Reading) -> None:
    try:
        held = ole.get_metadata()
    except Exception as error:
        reading.note("unread", f"Its title, author and dates can't be read: {error}")
        return
    code = held.codepage
    for fact, value in (
        ("title", held.title),
        ("author", held.author),
        ("created", held.create_time),
        ("modified", held.last_saved_time),
    ):
        if isinstance(value, bytes) and value:
            reading.facts[fact] = _decoded(value, code)
        elif isinstance(value, datetime.datetime) and value.year > 1601:
            reading.facts[fact] = value.isoformat()


def _decoded(value: bytes, code: int) -> str:
    try:
        return value.decode("utf-8" if code in (65001, -535) else f"cp{code}")
    except (LookupError, UnicodeError):
        return value.decode("latin-1")


def add_calamine(content: bytes, reading: Reading, book: _Book | None = None) -> None:
    """Add the sheets of a workbook as calamine reads them. Raises Refused if it can't."""
    import python_calamine

    try:
        held = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except BaseException as error:
        if isinstance(error, MemoryError | Refused):
            raise
        raise Refused(f"calamine can't open it: {error}") from error
    for number, sheet in enumerate(held.sheets_metadata):
        page = reading.page(label=sheet.name, hidden=not str(sheet.visible).endswith(".Visible"))
        if page.hidden:
            reading.note("hidden", f"The sheet '{sheet.name}' is hidden.", page.number)
        layout = book.sheets[number] if book and number < len(book.sheets) else _Layout()
        try:
            read = held.get_sheet_by_index(number)
            _Filled(page, reading, layout, book).add(sheet.name, read)
        except (MemoryError, Refused):
            raise
        except BaseException as error:
            told = (str(error) or type(error).__name__).splitlines()[0]
            reading.note("unread", f"Sheet '{sheet.name}': {told}", page.number)


class _Filled:
    """One sheet, from calamine's rows and the records about their cells."""

    def __init__(self, page: Page, reading: Reading, layout: _Layout, book: _Book | None) -> None:
        self.page, self.reading, self.layout, self.book = page, reading, layout, book
        self.rounded: list[str] = []

    def add(self, title: str, read: Any) -> None:
        end = read.end or (0, 0)
        table = self.page.add_table(end[0] + 1, end[1] + 1, title)
        left = (read.start or (0, 0))[1]  # calamine's rows begin at the first column in use
        hidden_rows, hidden_columns = set[int](), set[int]()
        for number, row in enumerate(read.iter_rows()):  # from the first row of the sheet
            sides: dict[bool, list[tuple[int, str]]] = {False: [], True: []}
            for column, value in enumerate(row, left):
                if value == "" or value is None:
                    continue
                unseen = number in self.layout.rows or column in self.layout.columns
                if unseen:
                    (hidden_rows if number in self.layout.rows else hidden_columns).add(
                        (number if number in self.layout.rows else column) + 1
                    )
                text = self.text(value, number, column)
                sides[unseen or self.page.hidden].append((column + 1, text))
            for unseen, fields in sides.items():
                if fields:
                    add_row(self.page, table, number + 1, fields, hidden=unseen)
        self.tell(title, {"rows": hidden_rows, "columns": hidden_columns})

    def text(self, value: object, row: int, column: int) -> str:
        from openpyxl.utils import get_column_letter

        from .xlsx import as_serial, hides_digits

        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        late = bool(self.book and self.book.from_1904)
        serial = as_serial(value, _EPOCH_1904 if late else _EPOCH)
        format_ = self._format(row, column)
        if serial is None:
            return str(value)
        if format_ is None:
            if isinstance(value, datetime.datetime) and value.time() == datetime.time():
                return value.date().isoformat()
            if isinstance(value, datetime.timedelta):
                return format_number(serial, "[h]:mm:ss")
            return plain_number(serial) if isinstance(value, int | float) else str(value)
        told = format_number(serial, format_, from_1904=late)
        if not is_date(format_) and hides_digits(serial, told):
            self.rounded.append(f"{get_column_letter(column + 1)}{row + 1} shows {told} for "
                                f"{plain_number(serial)}")  # fmt: skip
        return told

    def _format(self, row: int, column: int) -> str | None:
        number = self.layout.formats.get((row, column))
        if self.book is None or number is None or number >= len(self.book.cell_formats):
            return None
        return self.book.formats.get(self.book.cell_formats[number], "General")

    def tell(self, title: str, hidden: dict[str, set[int]]) -> None:
        from .xlsx import tell_rounded, tell_unseen

        if not self.page.hidden:
            tell_unseen(hidden, title, self.reading, self.page.number)
        for text in self.layout.texts:
            self.page.add(text, "comment")
        if self.layout.texts:
            self.reading.note("comment", f"{len(self.layout.texts)} comments and text boxes on the "
                              f"sheet '{title}'.", self.page.number)  # fmt: skip
        if self.layout.formulas:
            self.reading.skip(f"formulas on '{title}'; their last values are the cells'",
                              self.page.number, self.layout.formulas)  # fmt: skip
        if self.layout.charts:
            self.reading.skip(f"charts on '{title}'; their values are cells of the workbook",
                              self.page.number, self.layout.charts)  # fmt: skip
        tell_rounded(self.rounded, title, self.reading, self.page.number)


def _records(held: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(held):
        kind, size = struct.unpack_from("<HH", held, at)
        yield at, kind, held[at + 4 : at + 4 + size]
        at += 4 + size


def _is_locked(held: bytes) -> bool:
    """Return whether a record says, before the first sheet, that the rest is encrypted."""
    for _, kind, _ in _records(held):
        if kind in (0x2F, 0x85, 0x0A):
            return kind == 0x2F
    return False


def _layout(held: bytes) -> _Book | None:  # noqa: PLR0912
    """Return the layout that a workbook's records describe; None if it is older than BIFF8."""
    book = _Book()
    starts: dict[int, _Layout] = {}
    sheet: _Layout | None = None
    depth, told, size = 0, 0, 0
    words: list[bytes] = []
    for at, kind, body in _records(held):
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
            layout = _Layout()
            starts[struct.unpack_from("<I", body)[0]] = layout
            book.sheets.append(layout)
        elif kind == 0x22:
            book.from_1904 = body[:1] == b"\1"
        elif kind == 0x41E and len(body) >= 5:
            number, length, wide = struct.unpack_from("<HHB", body)
            raw = body[5 : 5 + length * (1 + (wide & 1))]
            book.formats[number] = raw.decode("utf-16-le" if wide & 1 else "latin-1", "replace")
        elif kind == 0xE0 and len(body) >= 4:
            book.cell_formats.append(struct.unpack_from("<H", body, 2)[0])
        elif sheet is not None and depth == 1:
            _sheet_record(sheet, kind, body)
            if kind == 0x1B6 and len(body) >= 12:  # a text: its characters follow in CONTINUE
                size, told, words = struct.unpack_from("<H", body, 10)[0], kind, []
            elif kind == 0x3C and told and size > 0:
                wide = body[:1] == b"\1"
                raw = body[1 : 1 + size * (1 + wide)]
                words.append(raw.decode("utf-16-le" if wide else "latin-1", "replace").encode())
                size -= len(raw) >> wide
                if size <= 0:
                    sheet.texts.append(b"".join(words).decode())
                    told = 0
            elif kind != 0x3C:
                told = 0
    return book


def _sheet_record(sheet: _Layout, kind: int, body: bytes) -> None:
    try:
        if kind in (0x203, 0x27E, 0x06, 0x205):  # NUMBER, RK, FORMULA, BOOLERR
            row, column, form = struct.unpack_from("<HHH", body)
            sheet.formats[row, column] = form
            sheet.formulas += kind == 0x06
        elif kind == 0xBD:  # MULRK
            row, column = struct.unpack_from("<HH", body)
            for turn in range((len(body) - 6) // 6):
                sheet.formats[row, column + turn] = struct.unpack_from("<H", body, 4 + 6 * turn)[0]
        elif kind == 0x208 and struct.unpack_from("<H", body, 12)[0] & 0x20:
            sheet.rows.add(struct.unpack_from("<H", body)[0])
        elif kind == 0x7D and struct.unpack_from("<H", body, 8)[0] & 1:
            first, last = struct.unpack_from("<HH", body)
            sheet.columns.update(range(first, min(last, 255) + 1))
    except struct.error as error:
        raise Damaged(f"a record of a sheet breaks off: {error}") from error
