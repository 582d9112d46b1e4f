"""Add, replace or delete a row of a case folder's table, though two people do so at once.

Only the row itself changes: the other rows keep their bytes, so that a merge shows one line.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from onetomany.claims.claim_ledger import check_ledger
from onetomany.errors import InputError, near
from onetomany.sources.files import read_received, write_whole
from onetomany.sources.tables import csv_text
from .case_tables import LARGEST, CaseFault, raw_table, table_faults, text_table, typed_table
from .columns import CaseTable, case_table

_HASH = 12  # digits that name a row without an id
_PATIENCE = 10  # seconds to wait for somebody else's change to the same table
_LETTERS = {"claims": "C", "numbers": "N", "gaps": "G"}


def add_case_row(folder: Path, name: str, given: Mapping[str, str]) -> str:
    """Add a row to a table of a case folder and return its id, or '' if rows have none.

    `given` maps columns to texts. The row gets the next free id if the table has ids and none is
    given. Only the new row is checked and written; the other rows keep their bytes.

    Raises InputError for an unknown column, a cell that can't be used or an id that is taken, and
    if the table is being changed by somebody else.

    >>> add_case_row(Path("leeds"), "claims", {"subject": "faces"})  # doctest: +SKIP
    'C1'
    """
    table = _table_of(name, given)
    with _locked(folder, table):
        return _add(folder, table, dict(given))


def replace_case_row(folder: Path, name: str, key: str, given: Mapping[str, str]) -> None:
    """Put another row in the place of the one with an id; columns not `given` keep their text.

    `key` is one of `row_keys`. An empty text empties a cell. The other rows keep their bytes.
    Raises InputError as `add_case_row` does, and if there is no such row.

    >>> replace_case_row(Path("leeds"), "claims", "C1", {"value": "44"})  # doctest: +SKIP
    """
    table = _table_of(name, given)
    with _locked(folder, table):
        raw = _whole(folder, table)
        place = _place(raw, table, key)
        new = given.get(table.key, key) if table.key else key
        if new != key and new in raw[table.key].to_list():
            raise InputError(f"{table.file}: {table.key} '{new}' is taken: give another.")
        given = {name: text for name, text in given.items() if text or name in raw.columns}
        frame = _widened(raw, given)
        cells = {**frame.row(place, named=True), **given}
        row = _checked(table, frame.columns, cells)
        changed = pl.concat([frame[:place], row, frame[place + 1 :]])
        line = csv_text(row, include_header=False)
        _write(folder, table, changed, header=raw.columns, place=place, line=line)


def delete_case_row(folder: Path, name: str, key: str) -> None:
    """Delete the row with an id from a table; the other rows keep their bytes.

    `key` is one of `row_keys`.
    Raises InputError if there is no such row, or the table is being changed by somebody else.

    >>> delete_case_row(Path("leeds"), "claims", "C1")  # doctest: +SKIP
    """
    table = case_table(name)
    with _locked(folder, table):
        raw = _whole(folder, table)
        place = _place(raw, table, key)
        left = pl.concat([raw[:place], raw[place + 1 :]])
        _write(folder, table, left, header=raw.columns, place=place, line="")


def row_faults(name: str, given: Mapping[str, str]) -> list[CaseFault]:
    """List the cells of a row, not yet in a table, that can't be used; ids may be missing.

    >>> row_faults("numbers", {"id": "N1", "value": "many", "unit": "faces"})[0].column
    'value'
    """
    table = case_table(name)
    filled = {table.key: "new", **given} if table.name in _LETTERS else given
    return table_faults(_row_frame(table.names, filled), table)


def check_row(name: str, given: Mapping[str, str]) -> None:
    """Raise InputError if a row could not be added, because of one of its cells.

    >>> check_row("bodies", {"name": "Hackaday", "kind": "press"})
    """
    table = _table_of(name, given)
    filled = {table.key: "new", **given} if table.name in _LETTERS else given
    try:
        _checked(table, table.names, filled)
    except InputError as error:
        raise InputError(re.sub(r"^Claim \S+: its", "Its", str(error))) from error


def _table_of(name: str, given: Mapping[str, str]) -> CaseTable:
    table = case_table(name)
    for column in given:
        if column not in table.names:
            raise InputError(f"{table.file} has no column '{column}'{near(column, table.names)}.")
    return table


@contextmanager
def _locked(folder: Path, table: CaseTable) -> Iterator[None]:
    try:
        with FileLock(folder / f".{table.file}.lock", timeout=_PATIENCE):
            yield
    except Timeout:
        raise InputError(
            f"{folder / table.file} is being changed by somebody else: try again, or delete "
            f".{table.file}.lock if nobody is."
        ) from None
    except OSError as error:
        raise InputError(f"{folder} can't be written: {error.strerror or error}.") from error


def _whole(folder: Path, table: CaseTable) -> pl.DataFrame:
    raw, faults = raw_table(folder, table)
    if faults:
        raise InputError(f"{folder}: {faults[0]}")
    return raw


def _add(folder: Path, table: CaseTable, given: dict[str, str]) -> str:
    raw = _whole(folder, table)
    if table.name in _LETTERS:
        given.setdefault(table.key, _next_id(raw[table.key].to_list(), _LETTERS[table.name]))
    frame = _widened(raw, given)
    row = _checked(table, frame.columns, given)
    if table.key and given.get(table.key) in raw[table.key].to_list():
        raise InputError(f"{table.file}: {table.key} '{given[table.key]}' is taken: give another.")
    line = csv_text(row, include_header=False)
    more = pl.concat([frame, row])
    _write(folder, table, more, header=raw.columns, place=raw.height, line=line)
    return given.get(table.key, "")


def _widened(raw: pl.DataFrame, given: Mapping[str, str]) -> pl.DataFrame:
    """Return a table with a column for each cell of a row."""
    lacking = [column for column in given if column not in raw.columns]
    return raw.with_columns(pl.lit(None, pl.String).alias(column) for column in lacking)


def _row_frame(columns: list[str], cells: Mapping[str, str | None]) -> pl.DataFrame:
    for name, cell in cells.items():
        try:
            (cell or "").encode()
        except UnicodeEncodeError:
            raise InputError(
                f"'{name}' contains a broken character: write the text again."
            ) from None
    row = {name: cells.get(name) or None for name in columns}
    return pl.DataFrame([row], schema=dict.fromkeys(columns, pl.String))


def _checked(table: CaseTable, columns: list[str], cells: Mapping[str, str | None]) -> pl.DataFrame:
    """Return a row as a frame; raise InputError for a cell that can't be used."""
    row = _row_frame(columns, cells)
    if found := table_faults(row, table):
        raise InputError(f"{table.file}, column {found[0].column}: {found[0].what}; "
                         f"{found[0].remedy}.")  # fmt: skip
    if table.name == "claims":
        try:
            check_ledger(typed_table(row, table))
        except InputError as error:
            raise InputError(str(error).replace(" (row 2)", "", 1)) from error
    return row


def _write(
    folder: Path,
    table: CaseTable,
    wanted: pl.DataFrame,
    *,
    header: list[str],
    place: int,
    line: str,
) -> None:
    """Write a table with the line in one place changed; all others keep their bytes.

    A table that gains a column is written whole. Nothing is written unless the file reads back as
    `wanted`.
    """
    path = folder / table.file
    if wanted.columns != header or not path.exists():
        content = csv_text(wanted)
    else:
        content = _with_line(path, place, line)
    found, faults = text_table(content.removeprefix("\ufeff"), table)
    if faults or not found.equals(wanted):
        raise InputError(
            f"{path}: this row can't be stored so that it reads back unchanged (a blank row, or "
            "lines that look like a git conflict): change its text."
        )
    write_whole(path, content.encode())


def _with_line(path: Path, place: int, line: str) -> str:
    """Return a table's text with another line in one place; after the last row it is added."""
    records = list(_records(read_received(path, LARGEST, links=False).decode("utf-8")))
    rows = [number for number, (_, filled) in enumerate(records) if filled][1:]
    texts = [text for text, _ in records]
    if texts and not texts[-1].endswith(("\n", "\r")):
        texts[-1] += "\n"
    if place < len(rows):
        texts[rows[place]] = line
    else:
        texts.append(line)
    return "".join(texts)


def _records(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each record of a CSV text, as it is written, and whether any of its cells is filled."""
    lines = list(io.StringIO(text, newline=""))
    reader, first = csv.reader(lines), 0
    try:
        for cells in reader:
            filled = any(cell.strip() for cell in cells)
            yield "".join(lines[first : reader.line_num]), filled
            first = reader.line_num
    except csv.Error as error:
        raise InputError(f"Row {first + 1} of the table can't be read: {error}.") from error


def row_keys(raw: pl.DataFrame, table: CaseTable) -> list[str | None]:
    """Return the name of each row of a table read as text: its id, or a hash of its cells.

    Rows without ids that are the same have the same hash.

    >>> from onetomany.cases.columns import case_table
    >>> row_keys(pl.DataFrame({"name": ["Police"]}), case_table("bodies"))
    ['Police']
    """
    if table.key:
        return raw[table.key].to_list() if table.key in raw.columns else []
    return [sha256(repr(cells).encode()).hexdigest()[:_HASH] for cells in raw.iter_rows()]


def _place(raw: pl.DataFrame, table: CaseTable, key: str) -> int:
    found = row_keys(raw, table)
    if not table.key and key in found:
        return found.index(key)  # rows that are the same may change in either place
    if not table.key:
        raise InputError(f"{table.file}: somebody else changed or deleted that row: choose again.")
    if found.count(key) != 1:
        many = "no row" if key not in found else "several rows"
        raise InputError(f"{table.file} has {many} with {table.key} '{key}': correct the file.")
    return found.index(key)


def _next_id(taken: list[str | None], letter: str) -> str:
    numbers = [re.fullmatch(rf"{letter}(\d+)(?:\.\d+)?", each or "") for each in taken]
    return f"{letter}{max((int(found[1]) for found in numbers if found), default=0) + 1}"
