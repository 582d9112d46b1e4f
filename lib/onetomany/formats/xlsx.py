"""Workbooks (XLSX): each sheet a page, each row a block, each field a cell as it is shown."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from typing import Any

from .binary_sheets import add_calamine
from .number_formats import BUILT_IN, format_number, plain_number
from .office import core_properties, outside_relations
from .ooxml import Package, drawn_texts
from .parts import Parts
from .plain import add_row
from .reading import Damaged, Page, Reading, Refused, raised

# the names of strict OOXML (ISO/IEC 29500-1), which openpyxl doesn't know, and their usual twins
_STRICT = b"http://purl.oclc.org/ooxml/"
_TWINS = (
    (b"http://purl.oclc.org/ooxml/officeDocument/extendedProperties",
     b"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"),
    (b"http://purl.oclc.org/ooxml/officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"http://purl.oclc.org/ooxml/spreadsheetml/main", b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    (b"http://purl.oclc.org/ooxml/drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)  # fmt: skip
_CONTROL = re.compile(rb'ObjectType="(?!Note)')
_EXAMPLES = 3  # of numbers whose format hides digits, in a note


def read_xlsx(content: bytes, reading: Reading) -> None:
    """Read a workbook (XLSX). Raises Refused if it is not one, or a part is unsafe to read."""
    import openpyxl

    parts = Parts(content, reading.limits)
    formulas, strict = False, False
    for name in parts.names:
        if name.endswith((".xml", ".rels")):
            # openpyxl reads the same parts again; they are checked for DTDs and bombs first
            held = parts.read(name)
            if b"<!DOCTYPE" in held or b"<!ENTITY" in held:
                raise Refused(
                    f"{name} declares a DTD: entities and outside references are refused."
                )
            formulas |= name.startswith("xl/worksheets/") and (b"<f>" in held or b"<f " in held)
            strict |= name.endswith("workbook.xml") and _STRICT in held
    parts = Parts(content, reading.limits)
    if strict:
        content = _transitional(parts)
        parts = Parts(content, reading.limits)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    package = Package(parts, reading)
    try:
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True, rich_text=True)
        written = openpyxl.load_workbook(io.BytesIO(content)) if formulas else None
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # openpyxl is strict about styles, which aren't needed here; calamine doesn't read them
        reading.note(
            "unread",
            f"openpyxl can't open it ({error}), calamine did: no formulas, no "
            "comments, no number formats, and hidden rows and columns are not distinguished.",
        )
        add_calamine(content, reading)
        _inventory(package, reading)
        return
    places = _sheet_parts(package)
    if written is not None and _to_be_calculated(package):
        reading.note("unread", "This workbook is to be calculated when it is opened: the program "
                     "that wrote it may have stored 0 as the value of its formulas, or an older "
                     "value. Check results against the formulas.")  # fmt: skip
    for sheet in values.worksheets:
        page = reading.page(label=sheet.title, hidden=sheet.sheet_state != "visible")
        if page.hidden:
            reading.note("hidden", f"The sheet '{sheet.title}' is hidden.", page.number)
        _Sheet(sheet, written[sheet.title] if written else None, page, reading, values.epoch).add()
        add_drawings(package, places.get(sheet.title, ""), page)
    for sheet in values.chartsheets:
        page = reading.page(label=sheet.title, hidden=sheet.sheet_state != "visible")
        add_drawings(package, places.get(sheet.title, ""), page)
    _inventory(package, reading)


def _to_be_calculated(package: Package) -> bool:
    """Return whether a workbook asks to be calculated; openpyxl takes each for one that does."""
    part = "xl/workbook.xml"
    asked = package.side(part).iter("{*}calcPr") if part in package.parts else ()
    return any(each.get("fullCalcOnLoad") in ("1", "true") for each in asked)


def _transitional(parts: Parts) -> bytes:
    """Return a strict workbook under the usual names; nothing else of it is changed."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as file:
        for name in parts.names:
            content = parts.read(name) if not name.endswith("/") else b""
            if name.endswith((".xml", ".rels")):
                for old, new in _TWINS:
                    content = content.replace(old, new)
            file.writestr(name, content)
    return held.getvalue()


def _sheet_parts(package: Package) -> dict[str, str]:
    """Return the part of each sheet by the sheet's name."""
    relations = package.related("xl/workbook.xml")
    found = {}
    if "xl/workbook.xml" in package.parts:
        for each in package.side("xl/workbook.xml").iter("{*}sheet"):
            # an id of the relation, besides the sheet's own number
            own = [v for k, v in each.attrib.items() if k.endswith("}id")]
            relation = relations.get(own[0]) if own else None
            if relation:
                found[each.get("name") or ""] = relation.target
    return found


def add_drawings(package: Package, part: str, page: Page) -> None:
    """Add charts, SmartArt and text boxes of a sheet."""
    if not part:
        return
    for target in package.targets(part, "drawing"):
        for text in drawn_texts(package.side(target)):
            page.add(text)
        package.drawn(target, page)
    for target in package.targets(part, "vmlDrawing"):
        try:
            other = _CONTROL.search(package.parts.read(target))  # comments are read elsewhere
        except Damaged as damaged:
            package.reading.note("unread", str(damaged), page.number)
            continue
        if other:
            _add_controls(package.side(target), page)


def _add_controls(drawing: Any, page: Page) -> None:
    """Add the words on buttons and boxes to tick of a sheet, and their ticks."""
    for shape in drawing.iter("{*}shape") if len(drawing) else ():
        data = shape.find("{*}ClientData")
        kind = "Note" if data is None else data.get("ObjectType")
        if kind == "Note":
            continue
        words = " ".join("".join(box.itertext()) for box in shape.iter("{*}textbox")).split()
        ticked = (data.findtext("{*}Checked") or "0").strip() == "1"
        box = "☒ " if ticked else "☐ "
        page.add((box if kind in ("Checkbox", "Radio") else "") + " ".join(words))


def _inventory(package: Package, reading: Reading) -> None:
    for name in package.parts.names:
        if re.fullmatch(r"xl/charts/chart[^/]*\.xml", name) and name not in package.done:
            reading.skip(f"a chart that is on no sheet ({name})")
            package.done.add(name)
    package.tell_rest()


class _Sheet:
    """One worksheet: its cells, comments, links, heads, and its hidden or rounded parts."""

    def __init__(
        self, sheet: Any, written: Any, page: Page, reading: Reading, epoch: datetime.datetime
    ) -> None:
        self.sheet, self.written, self.page, self.reading = sheet, written, page, reading
        self.epoch = epoch
        self.rounded: list[str] = []
        self.uncounted = 0  # formulas without a value
        self.seen = {"rows": set[int](), "columns": set[int]()}
        self.columns = {
            index
            for held in sheet.column_dimensions.values()
            if held.hidden
            for index in range(held.min or 0, min(held.max or 0, 16384) + 1)
        }
        self.rows = {number for number, held in sheet.row_dimensions.items() if held.hidden}

    def add(self) -> None:
        sheet, page = self.sheet, self.page
        merged = {(each.min_row, each.min_col): each for each in sheet.merged_cells.ranges}
        table = page.add_table(sheet.max_row, sheet.max_column, sheet.title)
        comments: list[tuple[str, str | None]] = []
        by_row: dict[int, list[Any]] = {}
        # openpyxl keeps only cells that were written: a sheet's stated size may be a lie
        for cell in list(sheet._cells.values()):
            if cell.comment is not None:
                comments.append((f"{cell.coordinate}: {cell.comment.text}", cell.comment.author))
            # a result of type 'str' without a value is an empty text, as in =IF(A1>0,"x","")
            if cell.value is not None or (self.formula(cell) and cell.data_type != "str"):
                by_row.setdefault(cell.row, []).append(cell)
            if (link := getattr(cell, "hyperlink", None)) is not None:
                self.reading.link(str(cell.value or ""), link.target, page.number)
        for number in sorted(by_row):
            self.row(table, number, by_row[number])
        _spans(self.reading, page, table, merged)
        self.heads()
        for text, who in comments:
            page.add(text, "comment", None, who)
        self.tell(len(comments))

    def row(self, table: int, number: int, cells: list[Any]) -> None:
        shown_cells: list[tuple[int, str]] = []
        hidden: list[tuple[int, str]] = []
        formulas: dict[int, str] = {}
        for cell in sorted(cells, key=lambda each: int(each.column)):
            unseen = self.page.hidden or number in self.rows or cell.column in self.columns
            formula = self.formula(cell)
            self.uncounted += cell.value is None
            text = formula if cell.value is None else self.text(cell)
            (hidden if unseen else shown_cells).append((cell.column, text))
            if not self.page.hidden and unseen:
                self.seen["rows" if number in self.rows else "columns"].add(
                    number if number in self.rows else cell.column
                )
            if formula:
                formulas[cell.column] = formula
        add_row(self.page, table, number, shown_cells, formulas=formulas)
        add_row(self.page, table, number, hidden, hidden=True, formulas=formulas)

    def formula(self, cell: Any) -> str:
        written = self.written[cell.coordinate].value if self.written is not None else None
        written = getattr(written, "text", written)  # of an array
        return written if isinstance(written, str) and written.startswith("=") else ""

    def text(self, cell: Any) -> str:
        value = cell.value
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        serial = as_serial(value, self.epoch)
        if serial is None:
            return _plain(value)
        # 'mm-dd-yy' is how openpyxl calls the date of the reader's own country
        named = BUILT_IN[14] if cell.number_format == "mm-dd-yy" else cell.number_format
        told = format_number(serial, named, from_1904=self.epoch.year == 1904)
        if hides_digits(serial, told) and not cell.is_date:
            self.rounded.append(f"{cell.coordinate} shows {told} for {plain_number(serial)}")
        return told

    def heads(self) -> None:
        """Add the lines printed above and below the pages of the sheet."""
        for where in ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader",
                      "firstFooter"):  # fmt: skip
            kind = "header" if where.endswith("Header") else "footer"
            held = getattr(self.sheet, where, None)
            for side in ("left", "center", "right") if held is not None else ():
                text = getattr(getattr(held, side, None), "text", None)
                if text:
                    self.page.add(text, kind)

    def tell(self, comments: int) -> None:
        reading, title, page = self.reading, self.sheet.title, self.page.number
        if comments:
            reading.note("comment", f"{comments} comments on the sheet '{title}'.", page)
        if self.uncounted:
            reading.skip(f"values of formulas on '{title}', which the file doesn't contain: the "
                         "formulas are in their place", page, self.uncounted)  # fmt: skip
        tell_unseen(self.seen, title, reading, page)
        tell_rounded(self.rounded, title, reading, page)


def _plain(value: object) -> str:
    """Return a cell's text; raised digits of a rich one don't lengthen the number before them."""
    if not isinstance(value, list):
        return str(value)
    words = ""
    for part in value:
        font = getattr(part, "font", None)
        text = str(getattr(part, "text", part))
        words += raised(text, words) if getattr(font, "vertAlign", "") == "superscript" else text
    return words


def tell_unseen(found: dict[str, set[int]], title: str, reading: Reading, page: int) -> None:
    """Note the numbers of a sheet's hidden rows and columns that aren't empty."""
    for what, numbers in found.items():
        if numbers:
            told = ", ".join(map(str, sorted(numbers)[:20]))
            reading.note("hidden", f"Hidden {what} with content on '{title}': {told}.", page)


def tell_rounded(rounded: list[str], title: str, reading: Reading, page: int) -> None:
    """Note cells that show fewer digits than the file stores."""
    if rounded:
        told, more = "; ".join(rounded[:_EXAMPLES]), len(rounded) - _EXAMPLES
        rest = f"; and {more:,} more" if more > 0 else ""
        reading.note("hidden", f"Cells on '{title}' show fewer digits than the file contains, by "
                     f"their number format: {told}{rest}.", page)  # fmt: skip


def hides_digits(value: float, told: str) -> bool:
    """Return whether a number as it is shown has fewer digits than the number."""
    held = plain_number(abs(value)).replace(".", "").strip("0")
    return held not in re.sub(r"[^0-9]", "", told).strip("0") and "e" not in held.lower()


def as_serial(value: object, epoch: datetime.datetime) -> float | None:
    """Return a number, date, time or span as the number that a workbook stores; else None."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime.datetime):
        days = (value.replace(tzinfo=None) - epoch) / datetime.timedelta(days=1)
        # the workbook's calendar has a 29th of February 1900, which there was not
        return days - 1 if epoch.year < 1904 and 1 <= days < 61 else days
    if isinstance(value, datetime.date):
        return as_serial(datetime.datetime.combine(value, datetime.time()), epoch)
    if isinstance(value, datetime.timedelta):
        return value / datetime.timedelta(days=1)
    if isinstance(value, datetime.time):
        span = datetime.timedelta(hours=value.hour, minutes=value.minute, seconds=value.second,
                                  microseconds=value.microsecond)  # fmt: skip
        return span / datetime.timedelta(days=1)
    return None


def _spans(reading: Reading, page: Page, table: int, merged: dict[tuple[int, int], Any]) -> None:
    cells = reading.columns.get("cells")
    if not merged or cells is None:
        return
    for i, key in enumerate(zip(cells["row_no"], cells["column_no"], strict=True)):
        if key in merged and (cells["page"][i], cells["table_no"][i]) == (page.number, table):
            around = merged[key]
            cells["row_span"][i] = around.max_row - around.min_row + 1
            cells["column_span"][i] = around.max_col - around.min_col + 1
