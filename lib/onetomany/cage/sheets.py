"""The cage's task that reads the cells of a spreadsheet as text, row by row.

A request may name a `sheet`; otherwise the first visible table is read. The answer is HEAD, a JSON
list of its name and all sheets' names, then ROWS, each a JSON list of rows, a row being a list of
texts, null for an empty cell; or FAULT, one of FAULTS. calamine reads XLSX, XLSM, XLSB, XLS and
ODS from memory.
"""

import io
import json
from operator import itemgetter
from typing import Any

from .zygote import Handler, Send

HEAD, ROWS, FAULT = b"H", b"R", b"X"
FAULTS = ("not a spreadsheet", "no such sheet", "too large for its memory")
LOOKED_AT = 1000  # rows that show whether a sheet has a table
TOGETHER = 1 << 20  # characters of rows in a frame of the answer


def load_spreadsheet_reader() -> Handler:
    """Load calamine and its modules for dates, and return the handler."""
    import datetime  # noqa: F401

    import python_calamine

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
            name, rows = _chosen(book, request["sheet"])
        except python_calamine.WorksheetNotFound:
            return send(FAULT, b"no such sheet")
        except MemoryError:
            return send(FAULT, b"too large for its memory")
        except Exception:  # calamine has no common class of its errors; a panic is none either
            return send(FAULT, b"not a spreadsheet")
        send(HEAD, json.dumps([name, *book.sheet_names]).encode())
        together, length = [], 0
        for row in rows:
            together.append(row)
            length += sum(len(cell or "") for cell in row)
            if length > TOGETHER or len(together) > TOGETHER // 100:
                send(ROWS, json.dumps(together, ensure_ascii=False).encode())
                together, length = [], 0
        if together:
            send(ROWS, json.dumps(together, ensure_ascii=False).encode())

    return handle


def _chosen(book: Any, asked: str | None) -> tuple[str, list[list[str | None]]]:
    """Return a sheet's name and rows: the one asked for, or the first with rows of two cells.

    Visible sheets come first. If none has such rows, it is the first with any cell.
    """
    found: tuple[str, list[list[str | None]]] = (asked or "", [])
    for name in [asked] if asked else _visible_first(book):
        sheet = book.get_sheet_by_name(name)
        rows = [[_text(v) for v in row] for row in sheet.to_python()]
        if rows:
            _fill_merged(rows, sheet)
        if not found[1]:
            found = name, rows
        if sum(sum(cell is not None for cell in row) > 1 for row in rows[:LOOKED_AT]) > 1:
            return name, rows
    return found


def _visible_first(book: Any) -> list[str]:
    hidden = [str(sheet.visible).rpartition(".")[2] != "Visible" for sheet in book.sheets_metadata]
    named = zip(hidden, book.sheet_names, strict=True)
    return [name for _, name in sorted(named, key=itemgetter(0))]


def _fill_merged(rows: list[list[str | None]], sheet: Any) -> None:
    """Repeat a value in the cells merged with its own below it; across, it is a heading."""
    top, left = sheet.start or (0, 0)
    for (first, column), (last, _) in sheet.merged_cell_ranges or ():
        if not 0 <= column - left < len(rows[0]) or not 0 <= first - top < len(rows):
            continue
        for row in rows[first - top + 1 : last - top + 1]:
            row[column - left] = rows[first - top][column - left]


def _text(value: Any) -> str | None:
    """Return a cell as text: spreadsheets keep whole numbers as floats, dates with a midnight."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).removesuffix(" 00:00:00") or None
