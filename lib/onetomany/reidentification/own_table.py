"""A reader's own table: as people have them, and what was done to read it.

Everything but Parquet is first read as text. Columns that name people are refused or dropped before
any other look, so that no message of any library can show a value; only then a column gets its type
(`column_types`). Nothing is guessed in silence: each choice is a notice in English and Korean. The
file stays where it is and nothing of it is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl

from ..errors import InputError
from ..printing import shortened
from ..sources.identifiers import identifying, names_somebody
from .column_types import Notice, pieces, typed
from .delimited import SNIFFED, Fields, read_delimited, rows_above, tell_above
from .spreadsheet import read_spreadsheet

MOST_COLUMNS = 1000
TEXTS = (".csv", ".tsv", ".txt")
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

Dates: TypeAlias = Literal["day-first", "month-first"]


@dataclass(frozen=True)
class OwnTable:
    """A table and, in English and Korean, what of it was not taken as it stands in the file.

    `copy` is the folder of a large text's copy, which is removed with this object.
    """

    frame: pl.DataFrame | pl.LazyFrame
    notices: tuple[Notice, ...] = ()
    copy: tempfile.TemporaryDirectory[str] | None = None


def own_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    dates: Dates | None = None,
    drop_identifiers: bool = False,
) -> OwnTable:
    """Read a table: a frame, or a LazyFrame from Parquet and from a text of more than 128 MB.

    A text is UTF-8, UTF-16, or CP949 if it is neither, unless `encoding` names another; fields are
    separated by comma, semicolon, tab or vertical bar, as a line `sep=` or the first rows show.
    Rows above the names, such as a title, are left out. An empty field is a null. `sheet` names a
    sheet of a spreadsheet, otherwise its first is read. `dates` says how 03/04/2019 is meant.

    Columns that hold numbers which name people (`identifiers.identifying`, in each piece of
    `column_types.PIECE` records for itself) are refused, or left out with `drop_identifiers`.

    Raises InputError for those, for a URL, a file that isn't there, is of another kind, empty or
    unreadable, for repeated names, and for a row of more fields than there are names. No message
    shows a value.
    """
    if "://" in str(path):
        raise InputError(f"{shortened(path)} is an address: save the file and give its path.")
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file at {file}.")
    kind = file.suffix.lower()
    notices: list[Notice] = []
    if kind == ".parquet":
        return _parquet(file, drop_identifiers, notices)
    if kind in SPREADSHEETS:
        fields = _spreadsheet(file, sheet, notices)
    elif kind in TEXTS:
        fields = read_delimited(file, encoding, notices)
    else:
        raise InputError(
            f"{file.name} is no CSV, TSV, XLSX, XLS, ODS or Parquet file: save it as one."
        )
    try:
        table = _named(file, fields, notices)
        table = _without_identifiers(table, drop_identifiers, notices)
        found = typed(table, dates, notices)
        if fields.copy is None:
            return OwnTable(found.collect(), tuple(notices))
        typed_copy = Path(fields.copy.name) / "typed.parquet"
        found.sink_parquet(typed_copy)
    except pl.exceptions.PolarsError as error:
        why = type(error).__name__  # its text may show values
        raise InputError(f"{file.name} can't be read as a table ({why}).") from error
    return OwnTable(pl.scan_parquet(typed_copy), tuple(notices), fields.copy)


def _parquet(file: Path, drop: bool, notices: list[Notice]) -> OwnTable:
    try:
        lazy = pl.scan_parquet(file)
        _check_names(file, lazy.collect_schema().names())
        if not lazy.select(pl.len()).collect().item():
            raise InputError(f"{file.name} contains no records.")
        return OwnTable(_without_identifiers(lazy, drop, notices), tuple(notices))
    except (pl.exceptions.PolarsError, OSError) as error:
        why = type(error).__name__  # its text may show values
        raise InputError(f"{file.name} can't be read as PARQUET ({why}).") from error


def _without_identifiers(table: pl.LazyFrame, drop: bool, notices: list[Notice]) -> pl.LazyFrame:
    bad: dict[str, str] = {}
    for piece in pieces(table, "checking columns"):
        bad |= identifying(piece.drop(list(bad)))
    for name, why in bad.items():
        if not drop:
            raise InputError(why)
        shown = shortened(name)
        notices.append(
            Notice(
                f"Column '{shown}' is left out: it holds what names people.",
                f"열 '{shown}'은(는) 사람을 가리키는 값이 들어 있어 뺐다.",
            )
        )
    if len(bad) == len(table.collect_schema()):
        raise InputError("No column is left: each holds what names people.")
    return table.drop(list(bad))


def _spreadsheet(file: Path, sheet: str | None, notices: list[Notice]) -> Fields:
    frame, sheets = read_spreadsheet(file, sheet)
    if len(sheets) > 1 and not sheet:
        others = len(sheets) - 1
        notices.append(
            Notice(
                f"The first sheet is read; others in the file: {others}.",
                f"첫 시트를 읽었다. 파일에는 시트가 {others}개 더 있다.",
            )
        )
    if not len(frame):
        raise InputError(f"{file.name} is empty.")
    head = [[cell or "" for cell in row] for row in frame.head(SNIFFED).iter_rows()]
    above = rows_above(head)
    tell_above(above, notices)
    return Fields(head[above], frame[above + 1 :].lazy())


def _names(file: Path, row: Sequence[str]) -> list[str]:
    """The columns' names; one without a name is '', since the column may be empty."""
    names = [" ".join(cell.split()) for cell in row]
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{file.name} has {len(names):,} columns: {MOST_COLUMNS:,} at most.")
    if any(map(names_somebody, names)):
        raise InputError(
            f"{file.name} has no row of names: its first row holds what names people (not shown). "
            "Put a row of column names above it."
        )
    return names


def _check_names(file: Path, names: Sequence[str]) -> None:
    if not names or not all(name.strip() for name in names):
        raise InputError(f"{file.name} has a column without a name: name it, or take it out.")
    if repeated := [name for name in names if list(names).count(name) > 1]:
        shown = shortened(repeated[0])
        raise InputError(f"{file.name} has two columns called '{shown}': rename one.")


def _named(file: Path, fields: Fields, notices: list[Notice]) -> pl.LazyFrame:
    """The table with its names, without rows and nameless columns that hold nothing."""
    names = _names(file, fields.names)
    is_blank = pl.all().fill_null("").str.strip_chars() == ""
    holds, records, blank = [False] * len(names), 0, 0
    for piece in pieces(fields.rows, "looking for empty rows"):
        seen = piece.select(is_blank)
        holds = [one or not column.all() for one, column in zip(holds, seen, strict=True)]
        records += len(piece)
        blank += int(seen.select(pl.all_horizontal(pl.all())).to_series().sum())
    if records == blank:
        raise InputError(f"{file.name} contains no records.")
    kept = {str(place): name for place, name in enumerate(names) if name or holds[place]}
    _check_names(file, list(kept.values()))
    table = fields.rows
    if blank:
        table = table.filter(~pl.all_horizontal(is_blank))
        notices.append(Notice(f"Empty rows are left out: {blank:,}.", f"빈 줄 {blank:,}개를 뺐다."))
        if fields.copy is None:
            table = table.collect().lazy()
    return table.select(list(kept)).rename(kept)
