"""Workbooks: each sheet a page, each row a block, each field a cell; hidden ones are told."""

from __future__ import annotations

import datetime
import io
from typing import Any

from .office import core_properties, embedded, outside_relations
from .parts import Parts
from .plain import add_row
from .reading import Page, Reading, Refused


def read_xlsx(content: bytes, reading: Reading) -> None:
    """Raises Refused where it is no workbook or one of its parts is unsafe to read."""
    import openpyxl

    parts = Parts(content, reading.limits)
    formulas = False
    for name in parts.names:
        if name.endswith((".xml", ".rels")):
            # openpyxl reads the same parts again; they are checked for DTDs and bombs first
            held = parts.read(name)
            if b"<!DOCTYPE" in held or b"<!ENTITY" in held:
                raise Refused(
                    f"{name} declares a DTD: entities and outside references are refused."
                )
            formulas |= name.startswith("xl/worksheets/") and (b"<f>" in held or b"<f " in held)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    try:
        values = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        written = openpyxl.load_workbook(io.BytesIO(content)) if formulas else None
    except (Refused, MemoryError):
        raise
    except Exception as error:
        # openpyxl is strict about styles, which nobody asked for here; calamine doesn't read them
        reading.note("unread", f"openpyxl can't open it ({error}), calamine did: no formulas, no "
                     "comments, and hidden rows and columns are not told apart.")  # fmt: skip
        _calamine(content, reading)
        return
    for sheet in values.worksheets:
        page = reading.page(label=sheet.title, hidden=sheet.sheet_state != "visible")
        if page.hidden:
            reading.note("hidden", f"The sheet '{sheet.title}' is hidden.", page.number)
        _sheet(sheet, written[sheet.title] if written else None, page, reading)
    embedded(parts, reading, "xl/")


def _sheet(sheet: Any, written: Any, page: Page, reading: Reading) -> None:
    columns = {
        index
        for held in sheet.column_dimensions.values()
        if held.hidden
        for index in range(held.min or 0, min(held.max or 0, 16384) + 1)
    }
    rows = {number for number, held in sheet.row_dimensions.items() if held.hidden}
    merged = {(each.min_row, each.min_col): each for each in sheet.merged_cells.ranges}
    table = page.add_table(sheet.max_row, sheet.max_column, sheet.title)
    comments: list[tuple[str, str | None]] = []
    seen = {"rows": set[int](), "columns": set[int]()}
    by_row: dict[int, list[Any]] = {}
    # openpyxl keeps only cells that were written: a sheet's stated size may be a lie
    for cell in list(sheet._cells.values()):
        if cell.comment is not None:
            comments.append((f"{cell.coordinate}: {cell.comment.text}", cell.comment.author))
        if cell.value is not None:
            by_row.setdefault(cell.row, []).append(cell)
    for number in sorted(by_row):
        shown: list[tuple[int, str]] = []
        hidden: list[tuple[int, str]] = []
        formulas: dict[int, str] = {}
        for cell in sorted(by_row[number], key=lambda each: int(each.column)):
            unseen = page.hidden or number in rows or cell.column in columns
            (hidden if unseen else shown).append((cell.column, _text(cell.value)))
            if not page.hidden and unseen:
                seen["rows" if number in rows else "columns"].add(
                    number if number in rows else cell.column
                )
            formula = written[cell.coordinate].value if written is not None else None
            if isinstance(formula, str) and formula.startswith("="):
                formulas[cell.column] = formula
        add_row(page, table, number, shown, formulas=formulas)
        add_row(page, table, number, hidden, hidden=True, formulas=formulas)
    _spans(reading, page, table, merged)
    for text, who in comments:
        page.add(text, "comment", None, who)
    if comments:
        reading.note(
            "comment", f"{len(comments)} comments on the sheet '{sheet.title}'.", page.number
        )
    for what, found in seen.items():
        if found:
            told = ", ".join(map(str, sorted(found)[:20]))
            reading.note(
                "hidden", f"Hidden {what} with content on '{sheet.title}': {told}.", page.number
            )


def _spans(reading: Reading, page: Page, table: int, merged: dict[tuple[int, int], Any]) -> None:
    cells = reading.columns.get("cells")
    if not merged or cells is None:
        return
    for i, key in enumerate(zip(cells["row_no"], cells["column_no"], strict=True)):
        if key in merged and (cells["page"][i], cells["table_no"][i]) == (page.number, table):
            around = merged[key]
            cells["row_span"][i] = around.max_row - around.min_row + 1
            cells["column_span"][i] = around.max_col - around.min_col + 1


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    return str(value)


def read_xls(content: bytes, reading: Reading) -> None:
    """Old workbooks, by calamine. Raises Refused where it can't open one."""
    _calamine(content, reading)
    reading.note("hidden", "Of old workbooks (XLS), hidden rows and columns are not told apart.")


def _calamine(content: bytes, reading: Reading) -> None:
    import fastexcel

    try:
        book = fastexcel.read_excel(content)
    except Exception as error:
        raise Refused(f"calamine can't open it: {error}") from error
    for name in book.sheet_names:
        try:
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        except fastexcel.FastExcelError as error:
            page = reading.page(label=name)
            reading.note("unread", f"Sheet '{name}': {error}".splitlines()[0], page.number)
            continue
        page = reading.page(label=name, hidden=sheet.visible != "visible")
        if page.hidden:
            reading.note("hidden", f"The sheet '{name}' is hidden.", page.number)
        frame = sheet.to_polars()
        # calamine begins at the first column in use; a cell keeps the place it has in the sheet
        places = [column.absolute_index + 1 for column in sheet.selected_columns]
        table = page.add_table(frame.height, max(places, default=0), name)
        for number, row in enumerate(frame.iter_rows(), 1):
            fields = [(i, text or "") for i, text in zip(places, row, strict=True)]
            add_row(page, table, number, fields, hidden=page.hidden)
