"""Binary workbooks: XLS and XLSB. calamine gives values, `binary_layout` how they look."""

import datetime
import io
from typing import Any

from .binary_layout import BookLayout, SheetLayout, xls_layout, xls_records, xlsb_layout
from .compound import MAGIC, embedded_objects, open_compound, stream_bytes
from .number_formats import format_number, is_date, plain_number
from .protected import add_opened_copy, password_refusal
from .reading import Damaged, Page, Reading, Refused
from .sheet_rows import SheetRows, as_serial

_EPOCH, _EPOCH_1904 = datetime.datetime(1899, 12, 30), datetime.datetime(1904, 1, 1)


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
            book = xls_layout(held) if name == "Workbook" else None
            add_calamine(content, reading, book)
            embedded_objects(ole, reading)
            if ole.exists("_VBA_PROJECT_CUR"):
                reading.skip("macros (_VBA_PROJECT_CUR)")
            _properties(ole, reading)
    else:
        add_calamine(content, reading)
    if book is None:
        reading.note("hidden", "In a workbook from before Excel 97, hidden rows and columns, "
                     "comments and number formats are not read.")  # fmt: skip


def read_xlsb(content: bytes, reading: Reading) -> None:
    """Read a binary workbook (XLSB). Raises Refused if calamine can't open one."""
    from .office import core_properties, outside_relations
    from .ooxml import Package
    from .parts import Parts
    from .xlsx import add_drawings

    parts = Parts(content, reading.limits)
    for name in parts.names:
        parts.read(name)  # a bomb is refused before calamine unpacks it
    parts = Parts(content, reading.limits)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    package = Package(parts, reading)
    try:
        book = xlsb_layout(package)
    except Damaged as damaged:
        book = None
        reading.note("unread", f"{damaged}: number formats (25 % is 0.25), comments, links, and "
                     "hidden rows and columns are not read.")  # fmt: skip
    add_calamine(content, reading, book)
    for sheet, page in zip(book.sheets if book else (), reading.pages, strict=False):
        add_drawings(package, sheet.part, page)
    package.tell_rest()


def _properties(ole: Any, reading: Reading) -> None:
    try:
        held = ole.get_metadata()
    except Exception as error:
        reading.note("unread", f"The file's title, author and dates can't be read: {error}")
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


def add_calamine(content: bytes, reading: Reading, book: BookLayout | None = None) -> None:
    """Add the sheets of a workbook as calamine reads them. Raises Refused if it can't."""
    import python_calamine

    try:
        held = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except BaseException as error:
        if isinstance(error, MemoryError | Refused):
            raise
        raise Refused(f"calamine can't open it: {error}") from error
    if book and book.raised:
        reading.skip("whether digits are raised, as some are: 106 may be 10⁶")
    for number, sheet in enumerate(held.sheets_metadata):
        page = reading.page(label=sheet.name, hidden=not str(sheet.visible).endswith(".Visible"))
        if page.hidden:
            reading.note("hidden", f"The sheet '{sheet.name}' is hidden.", page.number)
        layout = book.sheets[number] if book and number < len(book.sheets) else SheetLayout()
        try:
            read = held.get_sheet_by_index(number)
            _Filled(page, layout, book).add(sheet.name, read)
        except (MemoryError, Refused):
            raise
        except BaseException as error:
            told = (str(error) or type(error).__name__).splitlines()[0]
            reading.note("unread", f"Sheet '{sheet.name}': {told}", page.number)


class _Filled:
    """One sheet, from calamine's rows and the records about their cells."""

    def __init__(self, page: Page, layout: SheetLayout, book: BookLayout | None) -> None:
        self.page, self.reading, self.layout, self.book = page, page.reading, layout, book

    def add(self, title: str, read: Any) -> None:
        last, late = read.end or (0, 0), bool(self.book and self.book.from_1904)
        self.rows = SheetRows(self.page, title, (last[0] + 1, last[1] + 1), from_1904=late)
        self.rows.rows = {number + 1 for number in self.layout.rows}
        self.rows.columns = {number + 1 for number in self.layout.columns}
        left = (read.start or (0, 0))[1]  # calamine's rows begin at the first column in use
        errors = self.layout.errors
        for number, row in enumerate(read.iter_rows()):  # from the first row of the sheet
            values = (
                (column, errors.get((number, column)) if found == "" or found is None else found)
                for column, found in enumerate(row, left)
            )
            fields = [(column + 1, self.text(value, number, column))
                      for column, value in values if value is not None]  # fmt: skip
            self.rows.add(number + 1, fields)
        self.tell(title)

    def text(self, value: object, row: int, column: int) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        serial = as_serial(value, _EPOCH_1904 if self.rows.from_1904 else _EPOCH)
        format_ = self._format(row, column)
        if serial is None:
            return str(value)
        if format_ is None:
            if isinstance(value, datetime.datetime) and value.time() == datetime.time():
                return value.date().isoformat()
            if isinstance(value, datetime.timedelta):
                return format_number(serial, "[h]:mm:ss")
            return plain_number(serial) if isinstance(value, int | float) else str(value)
        return self.rows.number(serial, format_, (row + 1, column + 1), dated=is_date(format_))

    def _format(self, row: int, column: int) -> str | None:
        number = self.layout.formats.get((row, column))
        if self.book is None or number is None or number >= len(self.book.cell_formats):
            return None
        return self.book.formats.get(self.book.cell_formats[number], "General")

    def tell(self, title: str) -> None:
        self.rows.tell_unseen()
        for kind, text in self.layout.heads:
            self.page.add(text, kind)
        for text in self.layout.texts:
            self.page.add(text, "comment")
        for link in self.layout.links:
            self.reading.link("", link, self.page.number)
        if self.layout.texts:
            self.reading.note("comment", f"{len(self.layout.texts)} comments and text boxes on the "
                              f"sheet '{title}'.", self.page.number)  # fmt: skip
        if self.layout.formulas:
            self.reading.skip(f"formulas on '{title}'; their last values are the cells'",
                              self.page.number, self.layout.formulas)  # fmt: skip
        if self.layout.charts:
            self.reading.skip(f"charts on '{title}', except for titles; their values are cells of "
                              "the workbook", self.page.number, self.layout.charts)  # fmt: skip
        self.rows.tell_rounded()


def _is_locked(held: bytes) -> bool:
    """Return whether a record says, before the first sheet, that the rest is encrypted."""
    for _, kind, _ in xls_records(held):
        if kind in (0x2F, 0x85, 0x0A):
            return kind == 0x2F
    return False
