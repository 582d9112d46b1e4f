"""Workbooks (XLSX): each sheet a page, each row a block, each field a cell as it is shown."""

import datetime
import io
import re
import zipfile
from typing import Any

from .binary_sheets import add_calamine
from .number_formats import BUILT_IN
from .office import core_properties, outside_relations
from .ooxml import Package, add_drawn_texts
from .parts import Parts
from .reading import Damaged, Page, Reading, Refused, raised
from .sheet_rows import SheetRows, as_serial

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


def read_xlsx(content: bytes, reading: Reading) -> None:
    """Read a workbook (XLSX). Raises Refused if it is not one, or a part is unsafe to read."""
    formulas, strict = _checked(Parts(content, reading.limits))
    if strict:
        content = _transitional(Parts(content, reading.limits))
    parts = Parts(content, reading.limits)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    package = Package(parts, reading)
    if books := _opened(content, formulas, reading):
        _add_sheets(*books, package)
    else:
        add_calamine(content, reading)
    for name in package.parts.names:
        if re.fullmatch(r"xl/charts/chart[^/]*\.xml", name) and name not in package.done:
            reading.skip(f"a chart that is on no sheet ({name})")
            package.done.add(name)
    package.tell_rest()


def _checked(parts: Parts) -> tuple[bool, bool]:
    """Return whether a workbook has formulas, and whether it is strict OOXML.

    openpyxl reads the same parts again: here they are checked for DTDs and bombs.
    """
    formulas, strict = False, False
    for name in parts.names:
        if name.endswith((".xml", ".rels")):
            held = parts.read(name)
            if b"<!DOCTYPE" in held or b"<!ENTITY" in held:
                raise Refused(
                    f"{name} declares a DTD: entities and outside references are refused."
                )
            formulas |= name.startswith("xl/worksheets/") and (b"<f>" in held or b"<f " in held)
            strict |= name.endswith("workbook.xml") and _STRICT in held
    return formulas, strict


def _opened(content: bytes, formulas: bool, reading: Reading) -> tuple[Any, Any] | None:
    """Return the workbook with its values and with its formulas, None if openpyxl can't open it."""
    import openpyxl

    try:
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True, rich_text=True)
        return values, openpyxl.load_workbook(io.BytesIO(content)) if formulas else None
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # openpyxl is strict about styles, which aren't needed here; calamine doesn't read them
        reading.note(
            "unread",
            f"openpyxl can't open it ({error}), calamine did: no formulas, no "
            "comments, no number formats, and hidden rows and columns are not distinguished.",
        )
        return None


def _add_sheets(values: Any, written: Any, package: Package) -> None:
    places, reading = _sheet_parts(package), package.reading
    if written is not None and _to_be_calculated(package):
        reading.note("unread", "This workbook is to be calculated when it is opened: the program "
                     "that wrote it may have stored 0 as the value of its formulas, or an older "
                     "value. Check results against the formulas.")  # fmt: skip
    for sheet in (*values.worksheets, *values.chartsheets):
        page = reading.page(label=sheet.title, hidden=sheet.sheet_state != "visible")
        if sheet in values.worksheets:
            if page.hidden:
                reading.note("hidden", f"The sheet '{sheet.title}' is hidden.", page.number)
            _Sheet(sheet, written[sheet.title] if written else None, page, values.epoch).add()
        add_drawings(package, places.get(sheet.title, ""), page)


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
        add_drawn_texts(package.side(target), page)
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


class _Sheet:
    """One worksheet: its cells, comments, links, heads, and its hidden or rounded parts."""

    def __init__(self, sheet: Any, written: Any, page: Page, epoch: datetime.datetime) -> None:
        self.sheet, self.written, self.page, self.epoch = sheet, written, page, epoch
        self.reading = page.reading
        self.uncounted = 0  # formulas without a value
        size = sheet.max_row, sheet.max_column
        self.rows = SheetRows(page, sheet.title, size, from_1904=epoch.year == 1904)
        self.rows.rows = {number for number, held in sheet.row_dimensions.items() if held.hidden}
        for held in sheet.column_dimensions.values():
            if held.hidden:
                self.rows.columns.update(range(held.min or 0, min(held.max or 0, 16384) + 1))

    def add(self) -> None:
        sheet, page = self.sheet, self.page
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
            self.row(number, sorted(by_row[number], key=lambda each: int(each.column)))
        merged = {(each.min_row, each.min_col): each for each in sheet.merged_cells.ranges}
        _spans(self.reading, page, self.rows.table, merged)
        self.heads()
        for text, who in comments:
            page.add(text, "comment", None, who)
        self.tell(len(comments))

    def row(self, number: int, cells: list[Any]) -> None:
        fields: list[tuple[int, str]] = []
        formulas: dict[int, str] = {}
        for cell in cells:
            formula = self.formula(cell)
            self.uncounted += cell.value is None
            fields.append((cell.column, formula if cell.value is None else self.text(cell)))
            if formula:
                formulas[cell.column] = formula
        self.rows.add(number, fields, formulas)

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
        return self.rows.number(serial, named, (cell.row, cell.column), dated=cell.is_date)

    def heads(self) -> None:
        """Add the lines printed above and below the pages of the sheet."""
        for where in ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader",
                      "firstFooter"):  # fmt: skip
            kind = "header" if where.endswith("Header") else "footer"
            for side in ("left", "center", "right"):
                held = getattr(getattr(self.sheet, where, None), side, None)
                self.page.add(getattr(held, "text", None) or "", kind)

    def tell(self, comments: int) -> None:
        title = self.sheet.title
        if comments:
            told = f"{comments} comments on the sheet '{title}'."
            self.reading.note("comment", told, self.page.number)
        if self.uncounted:
            self.reading.skip(f"values of formulas on '{title}', which the file doesn't contain: "
                              "the formulas are in their place",
                              self.page.number, self.uncounted)  # fmt: skip
        self.rows.tell_unseen()
        self.rows.tell_rounded()


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


def _spans(reading: Reading, page: Page, table: int, merged: dict[tuple[int, int], Any]) -> None:
    cells = reading.columns.get("cells")
    if not merged or cells is None:
        return
    for i, key in enumerate(zip(cells["row_no"], cells["column_no"], strict=True)):
        if key in merged and (cells["page"][i], cells["table_no"][i]) == (page.number, table):
            around = merged[key]
            cells["row_span"][i] = around.max_row - around.min_row + 1
            cells["column_span"][i] = around.max_col - around.min_col + 1
