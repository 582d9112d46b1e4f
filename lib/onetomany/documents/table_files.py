"""Every table of a case file as a CSV file of its own, with an index of their places."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl

from onetomany.sources.files import write_whole
from onetomany.sources.tables import csv_text

INDEX = "tables.csv"
Cell = tuple[int, int, str, bool]  # row and column, from 1, text, and whether it is hidden
MOST_CELLS = 5_000_000  # of one table, empty ones counted: a sheet may have a cell in its last row
TABLE_INDEX = {
    "file": pl.String,  # null if it was not written: see note
    "path": pl.String,
    "page": pl.Int64,
    "label": pl.String,  # a sheet's name
    "table_no": pl.Int64,
    "title": pl.String,
    "rows": pl.Int64,
    "columns": pl.Int64,
    "hidden_cells": pl.Int64,
    "note": pl.String,
    "document": pl.String,
}


def write_tables(
    db: duckdb.DuckDBPyConnection, folder: Path, document: str | None = None
) -> pl.DataFrame:
    """Write the tables of a case, or of one document; return their index, TABLE_INDEX.

    A cell that spans several rows or columns is in the first. No cell is taken for a formula by
    a spreadsheet (`sources.tables`). Rows and columns are those of the table; of a sheet, those of
    the sheet.
    """
    found = db.execute(
        "select document, path, t.page, label, table_no, t.title from tables t "
        "join documents using (document) left join pages p using (document, page) "
        "where $only is null or document = $only order by path, t.page, table_no",
        {"only": document},
    ).fetchall()
    rows = []
    for of_it, path, page, label, number, title in found:
        cells = db.execute(
            "select row_no, column_no, text, hidden from cells "
            "where document = ? and page = ? and table_no = ?",
            [of_it, page, number],
        ).fetchall()
        high = max((row for row, *_ in cells), default=0)
        wide = max((column for _, column, *_ in cells), default=0)
        hidden = sum(bool(each) for *_, each in cells)
        name, note = f"{of_it[:12]}-p{page}-t{number}.csv", _unfit(of_it, cells, high, wide)
        if note is None:
            write_whole(folder / name, _grid(cells, high, wide))
        file = name if note is None else None
        rows.append((file, path, page, label, number, title, high, wide, hidden, note, of_it))
    index = pl.DataFrame(rows, schema=TABLE_INDEX, orient="row")
    write_whole(folder / INDEX, csv_text(index).encode("utf-8-sig"))
    return index


def _unfit(document: str, cells: list[Cell], high: int, wide: int) -> str | None:
    """Return why a table is not written: a received case file may contain anything."""
    if not re.fullmatch("[0-9a-f]{64}", document):
        return "Its document is not named by a SHA-256."
    if not cells:
        return "It has no cell with text."
    if min(min(row, column) for row, column, *_ in cells) < 1 or high * wide > MOST_CELLS:
        return f"It is {high:,} rows by {wide:,} columns: too large for one file."
    return None


def _grid(cells: list[Cell], high: int, wide: int) -> bytes:
    """Return cells as CSV, for spreadsheets: in UTF-8 with its mark, which Excel needs."""
    columns: list[list[str | None]] = [[None] * high for _ in range(wide)]
    for row, column, text, _ in cells:
        columns[column - 1][row - 1] = text
    schema = {str(number): pl.String for number in range(wide)}
    frame = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
    return csv_text(frame, include_header=False).encode("utf-8-sig")
