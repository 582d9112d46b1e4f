"""Read a user's own table from any common format, with notices of each step.

Everything but Parquet is first read as text. Columns that name people are refused or dropped first,
so that no message of any library can show a value; only then a column gets its type
(`column_types`). Each choice adds a notice in English and Korean. The file is not changed and
nothing of it is kept.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl

from onetomany.cage import magic_bytes
from onetomany.cage.magic_bytes import GZIP, PDF, SEVEN_ZIP, SQLITE
from onetomany.cage.text_tables import SAMPLE
from onetomany.errors import InputError, near_file
from onetomany.printing import Notice, Notify, add_notice, shortened
from onetomany.sources.identifiers import identifying_columns, names_somebody
from .classes import SIZE
from .column_types import PIECE, infer_types, iterate_pieces
from .delimited import Fields, read_delimited
from .names_row import check_names, clean_name, find_header
from .risk import DIVERSITY
from .spreadsheet import read_spreadsheet
from .table_body import TOTALS, keep_records, refuse_second_tables, report_empty, report_shape

MOST_COLUMNS = 1000
MOST_BELOW = 1000  # last rows among which notes are looked for
TEXTS = (".csv", ".tsv", ".txt", ".tab", ".psv", ".dat")
PACKED = (".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".tgz")
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")

_KINDS = {magic_bytes.ZIP: ".xlsx", magic_bytes.OLE: ".xls", magic_bytes.PARQUET: ".parquet"}
_NO_TABLES = {
    GZIP: "a compressed file (gzip)",
    PDF: "a PDF",
    SQLITE: "an SQLite database",
    SEVEN_ZIP: "a compressed file (7z)",
}
NOTES = ("*", "※", "(", "†", "source", "note", "출처", "자료", "주:", "주)")

Dates: TypeAlias = Literal["day-first", "month-first"]
RESERVED = (SIZE, *DIVERSITY)  # names of results, which a table's column may not have


def own_name(name: str) -> str:
    """Return the name that a column has once its table is read.

    >>> own_name("size"), own_name("age")
    ('size (column)', 'age')
    """
    return f"{name} (column)" if name in RESERVED else name


@dataclass(frozen=True)
class OwnTable:
    """Store a table and notices, in English and Korean, of everything read differently.

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
    Columns of numbers that name people (`identifiers.identifying_columns`, each piece of
    `column_types.PIECE` records by itself) are refused, or left out with `drop_identifiers`.

    Raises InputError for those, for a URL, a file that isn't there, is of another kind, empty or
    unreadable, for repeated names, and for a row of more fields than there are names. No message
    shows a value.
    """
    if "://" in str(path):
        raise InputError(f"{shortened(path)} is an address: save the file and give its path.")
    file = Path(path)
    kind = _kind_of(file)
    if sheet and kind not in SPREADSHEETS:
        raise InputError(f"{file.name} has no sheets: leave out '{shortened(sheet)}'.")
    notices: list[Notice] = []
    notify = partial(add_notice, notices)
    if kind == ".parquet":
        return OwnTable(_parquet(file, drop_identifiers, notify), tuple(notices))
    if kind in SPREADSHEETS:
        fields = _spreadsheet(file, sheet, notify)
    else:
        fields = read_delimited(file, encoding, notify)
    try:
        table = _named(file, fields, notify)
        table = _without_identifiers(table, drop_identifiers, notify)
        report_shape(table, notify)
        found = infer_types(table, dates, notify)
        if fields.copy is None:
            return OwnTable(found.collect(), tuple(notices))
        typed_copy = Path(fields.copy.name) / "typed.parquet"
        found.sink_parquet(typed_copy)
    except pl.exceptions.PolarsError as error:
        why = type(error).__name__  # its text may show values
        raise InputError(f"{file.name} can't be read as a table ({why}).") from error
    return OwnTable(pl.scan_parquet(typed_copy), tuple(notices), fields.copy)


def _kind_of(file: Path) -> str:
    """Return the ending of a file's kind. Raises InputError if it is not a table."""
    if file.is_dir():
        raise InputError(f"{file} is a folder: name the file of the table.")
    if not file.is_file():
        raise InputError(f"There is no file {file}{near_file(file)}.")
    kind = file.suffix.lower()
    if kind in PACKED:
        raise InputError(f"{file.name} is a compressed file: unpack it, and give the table in it.")
    if kind not in (*TEXTS, *SPREADSHEETS, ".parquet"):
        raise InputError(
            f"{file.name} is not a CSV, TSV, XLSX, XLS, ODS or Parquet file: save it as one."
        )
    return _by_content(file) or kind


def _by_content(file: Path) -> str | None:
    """Return the kind of a file by its first bytes. Raises InputError if it is not a table."""
    with file.open("rb") as raw:
        start = raw.read(magic_bytes.LOOKED_AT)
    kind = magic_bytes.media_type_by_magic(start)
    if what := _NO_TABLES.get(kind):
        raise InputError(f"{file.name} is {what}: save the table in it as CSV or XLSX.")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return ".txt"  # a web page named .xls, which is refused as such
    return _KINDS.get(kind)


def _parquet(file: Path, drop: bool, notify: Notify) -> pl.LazyFrame:
    try:
        lazy = pl.scan_parquet(file)
        _check_names(file, lazy.collect_schema().names())
        if not lazy.select(pl.len()).collect().item():
            raise InputError(f"{file.name} contains no records.")
        return _without_identifiers(lazy.rename(own_name), drop, notify)
    except (pl.exceptions.PolarsError, OSError) as error:
        why = type(error).__name__  # its text may show values
        raise InputError(f"{file.name} can't be read as PARQUET ({why}).") from error


def _without_identifiers(table: pl.LazyFrame, drop: bool, notify: Notify) -> pl.LazyFrame:
    bad: dict[str, str] = {}
    for piece in iterate_pieces(table, "checking columns"):
        bad |= identifying_columns(piece.drop(list(bad)))
    for name, why in bad.items():
        if not drop:
            raise InputError(why)
        shown = shortened(name)
        notify(
            f"Column '{shown}' is left out: its values name people.",
            f"'{shown}' 열은 사람을 가리키는 값이 들어 있어 뺐다.",
        )
    if len(bad) == len(table.collect_schema()):
        raise InputError("No column is left: the values of each name people.")
    return table.drop(list(bad))


def _spreadsheet(file: Path, sheet: str | None, notify: Notify) -> Fields:
    frame, name, sheets = read_spreadsheet(file, sheet)
    if len(sheets) > 1 and not sheet:
        others, shown = len(sheets) - 1, shortened(name)
        notify(
            f"The sheet '{shown}' was read; the file has {others} more.",
            f"'{shown}' 시트를 읽었다. 파일에는 시트가 {others}개 더 있다.",
        )
    if not len(frame):
        raise InputError(f"{file.name} is empty.")
    head = [[cell or "" for cell in row] for row in frame.head(SAMPLE).iter_rows()]
    found = find_header(file.name, head, notify)
    return Fields(found.names, frame[found.end :].lazy())


def _names(file: Path, row: Sequence[str]) -> list[str]:
    """Return the columns' names; '' for one without a name, since the column may be empty."""
    names = [clean_name(cell) for cell in row]
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{file.name} has {len(names):,} columns: leave at most {MOST_COLUMNS:,}.")
    if any(map(names_somebody, names)):
        raise InputError(
            f"{file.name} has no row of names: its first row has values that name people (not "
            "shown). "
            "Put a row of column names above it."
        )
    return names


def _check_names(file: Path, names: Sequence[str]) -> None:
    if not names or not all(name.strip() for name in names):
        raise InputError(
            f"{file.name} has a column without a name: name the column, or take it out."
        )
    if repeated := [name for name in names if list(names).count(name) > 1]:
        shown = shortened(repeated[0])
        raise InputError(f"{file.name} has two columns called '{shown}': rename one.")


def _named(file: Path, fields: Fields, notify: Notify) -> pl.LazyFrame:
    """Return the table with its names, without empty rows and empty nameless columns."""
    names = _names(file, fields.names)
    first = fields.rows.head(PIECE).collect()
    sample = [[cell or "" for cell in row] for row in first.head(SAMPLE).iter_rows()]
    check_names(file.name, names, sample)
    refuse_second_tables(file.name, names, first, notify)
    # a line of dashes, as databases draw it, counts as empty
    is_blank = pl.all().fill_null("").str.contains(r"^[\s\p{Z}\p{Cc}\p{Cf}]*$|^\s*[-=+|:]{3,}\s*$")
    holds, records, blank = [False] * len(names), 0, 0
    for piece in iterate_pieces(fields.rows, "looking for empty rows"):
        seen = piece.select(is_blank)
        holds = [one or not column.all() for one, column in zip(holds, seen, strict=True)]
        records += len(piece)
        blank += int(seen.select(pl.all_horizontal(pl.all())).to_series().sum())
    if records == blank:
        raise InputError(f"{file.name} contains no records.")
    kept = {
        str(place): name or f"column {place + 1}"
        for place, name in enumerate(map(own_name, names))
        if name or holds[place]
    }
    if nameless := [kept[place] for place in kept if not names[int(place)]]:
        told = ", ".join(f"'{each}'" for each in nameless[:5])
        notify(f"Columns without a name are called {told}.", f"이름 없는 열: {told}.")
    _check_names(file, list(kept.values()))
    report_empty([name for name, one in zip(names, holds, strict=True) if name and not one], notify)
    table = fields.rows
    if blank:
        table = table.filter(~pl.all_horizontal(is_blank))
        notify(f"Empty rows are left out: {blank:,}.", f"빈 줄 {blank:,}개를 뺐다.")
    table = table.select(list(kept)).rename(kept)
    table = _without_formulas(table, sample)
    if fields.copy is None:
        table = table.collect().lazy()
    table = _without_end(table, records - blank, notify)
    return keep_records(table, notify)


def _without_formulas(table: pl.LazyFrame, sample: Sequence[Sequence[str]]) -> pl.LazyFrame:
    """Return the values of cells that a spreadsheet wrote as ="02139" to keep a zero."""
    if not any(cell.startswith('="') for row in sample for cell in row):
        return table
    return table.with_columns(pl.all().str.replace(r'^="([^"]*)"$', "$1"))


def _without_end(table: pl.LazyFrame, records: int, notify: Notify) -> pl.LazyFrame:
    """Return the table without notes and totals below it, which would count as people.

    A note fills only the first column and begins as notes do, or is twice as long as any value.
    """
    last = table.slice(max(0, records - MOST_BELOW)).collect()
    if last.width == 1:
        return table
    first = last.columns[0]
    filled = last.select(pl.sum_horizontal(pl.all().fill_null("").str.strip_chars() != ""))
    usual = float(filled.to_series().median() or 0)  # type: ignore[arg-type]
    left_out = 0
    for place in reversed(range(1, len(last))):
        value = (last[first][place] or "").strip()
        alone = filled.to_series()[place] == 1 < usual
        longest = max((len(each or "") for each in last[first][:place]), default=0)
        is_note = value.lower().startswith(NOTES) or len(value) > 2 * longest
        if value.strip("* :").lower() not in TOTALS and not (alone and value and is_note):
            break
        left_out += 1
    if not left_out:
        return table
    notify(
        f"Rows below the table are left out, as notes or totals: {left_out}.",
        f"표 아래의 주석이나 합계 {left_out}줄은 뺐다.",
    )
    return table.head(records - left_out)
