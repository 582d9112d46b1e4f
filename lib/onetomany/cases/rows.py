"""Add a row to a table of a case folder, so that two people can do so at the same time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from ..errors import InputError, near
from ..sources.files import write_whole
from ..sources.tables import csv_text
from .columns import CaseTable, case_table
from .tables import raw_table, table_faults

_PATIENCE = 10  # seconds to wait for somebody else's change to the same table
_LETTERS = {"claims": "C", "numbers": "N", "gaps": "G"}


def add_row(folder: Path, name: str, given: Mapping[str, str]) -> str:
    """Add a row to a table of a case folder and return its id, or '' if rows have none.

    `given` maps columns to texts. The row gets the next free id if the table has ids and none is
    given. Only the new row is checked and written; the other rows keep their bytes, so that a merge
    shows one new line.

    Raises InputError for an unknown column, a cell that can't be used or an id that is taken, and
    if the table is being changed by somebody else.

    >>> add_row(Path("leeds"), "claims", {"subject": "faces"})  # doctest: +SKIP
    'C1'
    """
    table = case_table(name)
    for column in given:
        if column not in table.names:
            raise InputError(f"{table.file} has no column '{column}'{near(column, table.names)}.")
    try:
        with FileLock(folder / f".{table.file}.lock", timeout=_PATIENCE):
            return _add(folder, table, dict(given))
    except Timeout:
        raise InputError(
            f"{folder / table.file} is being changed by somebody else: try again, or delete "
            f".{table.file}.lock if nobody is."
        ) from None
    except OSError as error:
        raise InputError(f"{folder} can't be written: {error.strerror or error}.") from error


def _add(folder: Path, table: CaseTable, given: dict[str, str]) -> str:
    raw, faults = raw_table(folder, table)
    if faults:
        raise InputError(f"{folder}: {faults[0]}")
    if table.name in _LETTERS:
        given.setdefault(table.key, _next_id(raw[table.key].to_list(), _LETTERS[table.name]))
    header = raw.columns if raw.columns else table.names
    lacking = [column for column in given if column not in header]
    frame = raw.with_columns(pl.lit(None, pl.String).alias(column) for column in lacking)
    row = pl.DataFrame([{name: given.get(name) for name in frame.columns}],
                       schema=dict.fromkeys(frame.columns, pl.String))  # fmt: skip
    found = table_faults(row, table)
    if table.key and given.get(table.key) in raw[table.key].to_list():
        raise InputError(f"{table.file}: {table.key} '{given[table.key]}' is taken: give another.")
    if found:
        raise InputError(f"{table.file}, column {found[0].column}: {found[0].what}; "
                         f"{found[0].remedy}.")  # fmt: skip
    path = folder / table.file
    if lacking or not path.exists():
        write_whole(path, csv_text(pl.concat([frame, row])).encode())
    else:
        before = path.read_bytes()
        end = b"" if before.endswith(b"\n") else b"\n"
        write_whole(path, before + end + csv_text(row, include_header=False).encode())
    return given.get(table.key, "")


def _next_id(taken: list[str | None], letter: str) -> str:
    numbers = [re.fullmatch(rf"{letter}(\d+)(?:\.\d+)?", each or "") for each in taken]
    return f"{letter}{max((int(found[1]) for found in numbers if found), default=0) + 1}"
