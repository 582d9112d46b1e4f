"""A reader's own table: CSV, XLSX or Parquet as people have them, and what was done to read it.

Everything is first read as text. Columns that name people are refused or dropped before any other
look, so that no message of any library can show a value; only then a column gets its type
(`column_types`). Nothing is guessed in silence: each choice is a notice in English and Korean. The
file stays where it is and nothing of it is kept.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import polars as pl
from tqdm import tqdm

from ..errors import InputError
from ..printing import shortened
from .column_types import Notice, typed
from .identifiers import identifying, names_somebody

LARGEST = 1 << 29  # bytes of a CSV or XLSX file, which is read whole
MOST_COLUMNS = 1000
LOOKED_AT = 1_000_000  # rows of a Parquet file at a time
SNIFFED = 200  # rows that tell a text's separator, width and names
SEPARATORS = ",;\t|"
SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SEPARATOR_NAMES_KO = {",": "쉼표", ";": "쌍반점", "\t": "탭", "|": "세로줄"}

Dates: TypeAlias = Literal["day-first", "month-first"]


@dataclass(frozen=True)
class OwnTable:
    """A table and, in English and Korean, what of it was not taken as it stands in the file."""

    frame: pl.DataFrame | pl.LazyFrame
    notices: tuple[Notice, ...] = ()


def own_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    dates: Dates | None = None,
    drop_identifiers: bool = False,
) -> OwnTable:
    """Read a table: a frame from .csv, .tsv, .txt or .xlsx, a LazyFrame from .parquet.

    A text is UTF-8, UTF-16, or CP949 if it is neither, unless `encoding` names another; fields are
    parted by comma, semicolon, tab or vertical bar, as a line `sep=` or the first rows show. Rows
    above the names, such as a title, are left out. An empty field is a null. `sheet` names a sheet
    of an XLSX file, otherwise its first is read. `dates` says how 03/04/2019 is meant.

    Columns that hold numbers which name people (`identifiers.identifying`; in Parquet, in every
    `LOOKED_AT` rows for themselves) are refused, or left out with `drop_identifiers`.

    Raises InputError for those, for a URL, a file that isn't there, is of another kind, empty,
    larger than `LARGEST` (Parquet may be of any size) or unreadable, for repeated names, and for a
    row of more fields than there are names. No message shows a value.
    """
    if "://" in str(path):
        raise InputError(f"{path} is an address: save the file and give its path.")
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file at {file}.")
    kind = file.suffix.lower()
    if kind not in (".csv", ".tsv", ".txt", ".xlsx", ".parquet"):
        raise InputError(f"{file.name} is no CSV, TSV, XLSX or Parquet file: save it as one.")
    if kind == ".parquet":
        return _parquet(file, drop_identifiers)
    if file.stat().st_size > LARGEST:
        raise InputError(f"{file.name} is larger than 512 MiB: save it as Parquet.")
    notices: list[Notice] = []
    if kind == ".xlsx":
        frame = _spreadsheet(file, sheet, notices)
    else:
        frame = _text(file, encoding, notices)
    if not len(frame):
        raise InputError(f"{file.name} holds no records.")
    frame = _without_identifiers(frame, drop_identifiers, notices)
    return OwnTable(typed(frame, dates, notices), tuple(notices))


def _parquet(file: Path, drop: bool) -> OwnTable:
    try:
        lazy = pl.scan_parquet(file)
        names = lazy.collect_schema().names()
        rows = int(lazy.select(pl.len()).collect().item())
        if not rows:
            raise InputError(f"{file.name} holds no records.")
        _check_names(file, names)
        bad: dict[str, str] = {}
        starts = range(0, rows, LOOKED_AT)
        for start in tqdm(starts, desc="checking columns", disable=len(starts) < 4):
            bad |= identifying(lazy.slice(start, LOOKED_AT).collect())
    except (pl.exceptions.PolarsError, OSError) as error:
        why = type(error).__name__  # its text may show values
        raise InputError(f"{file.name} can't be read as PARQUET ({why}).") from error
    notices: list[Notice] = []
    _refuse_or_tell(bad, drop, notices)
    return OwnTable(lazy.drop(list(bad)), tuple(notices))


def _without_identifiers(frame: pl.DataFrame, drop: bool, notices: list[Notice]) -> pl.DataFrame:
    bad = identifying(frame)
    _refuse_or_tell(bad, drop, notices)
    if len(bad) == frame.width:
        raise InputError("No column is left: each holds what names people.")
    return frame.drop(list(bad))


def _refuse_or_tell(bad: dict[str, str], drop: bool, notices: list[Notice]) -> None:
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


# texts ------------------------------------------------------------------------------------


def _text(file: Path, encoding: str | None, notices: list[Notice]) -> pl.DataFrame:
    text = _decoded(file, encoding, notices)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"{file.name} is empty.")
    separator, text = _separator(text, notices)
    rows = _rows(text, separator)
    head = [row for row, _ in zip(rows, range(SNIFFED), strict=False)]
    above = _above(head)
    _tell_above(above, notices)
    names = _names(file, head[above])
    width = len(names)
    try:
        frame = pl.read_csv(
            _from_row(text, separator, above + 1).encode(),
            separator=separator,
            has_header=False,
            infer_schema=False,
            schema={f"{place}": pl.String for place in range(width)},
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(_why_uneven(file, text, separator, above, width)) from error
    return _named(file, frame, names, notices)


def _decoded(file: Path, encoding: str | None, notices: list[Notice]) -> str:
    content = file.read_bytes()
    if encoding is None:
        encoding = _encoding(content)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"{file.name} is not {encoding} text: save it as 'CSV UTF-8', or give its encoding "
            "(old Korean files are cp949)."
        ) from error
    if encoding not in ("utf-8-sig", "utf-8"):
        notices.append(
            Notice(f"The file was read as {encoding} text.", f"파일을 {encoding} 글로 읽었다.")
        )
    return text


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    odd, even = content[1:4000:2].count(0), content[:4000:2].count(0)
    if max(odd, even) > len(content[:4000]) // 8:  # UTF-16 without its mark
        return "utf-16-le" if odd > even else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp949"
    return "utf-8-sig"


def _separator(text: str, notices: list[Notice]) -> tuple[str, str]:
    """The sign between fields, and the text without a line that names it."""
    first, _, rest = text.partition("\n")
    stated = first.strip().strip('"')
    if stated.lower().startswith("sep=") and len(stated) == 5:
        return stated[4], rest

    def score(sign: str) -> tuple[int, int]:
        widths = Counter(
            len(row) for row, _ in zip(_rows(text, sign), range(SNIFFED), strict=False) if row
        )
        widths.pop(1, None)
        width, rows = max(widths.items(), key=lambda each: each[1], default=(1, 0))
        return rows, width

    best = max(SEPARATORS, key=score)
    if best != "," and score(best)[0]:
        english, korean = SEPARATOR_NAMES[best], SEPARATOR_NAMES_KO[best]
        notices.append(
            Notice(f"Fields are parted by {english}.", f"칸은 {korean}(으)로 나뉘어 있다.")
        )
    return best, text


def _rows(text: str, separator: str) -> Any:
    return csv.reader(io.StringIO(text), delimiter=separator)


def _from_row(text: str, separator: str, row: int) -> str:
    """The text from its n-th row on; a row may run over several lines."""
    reader = _rows(text, separator)
    for _ in range(row):
        next(reader, None)
    lines = text.split("\n", reader.line_num)
    return lines[-1] if len(lines) > reader.line_num else ""


def _why_uneven(file: Path, text: str, separator: str, above: int, width: int) -> str:
    try:
        for row, fields in enumerate(_rows(text, separator), 1):
            if row > above + 1 and len(fields) > width:
                return (
                    f"{file.name}, row {row:,}, has {len(fields)} fields for {width} names: put "
                    "a text that holds the separator into quotation marks."
                )
    except csv.Error:
        pass
    return f"{file.name} can't be read as CSV: a quotation mark is opened and never closed."


# spreadsheets -----------------------------------------------------------------------------


def _spreadsheet(file: Path, sheet: str | None, notices: list[Notice]) -> pl.DataFrame:
    from python_calamine import CalamineWorkbook, WorksheetNotFound

    try:
        book = CalamineWorkbook.from_path(str(file))
        found = book.get_sheet_by_name(sheet) if sheet else book.get_sheet_by_index(0)
        rows = [[_shown(value) for value in row] for row in found.to_python()]
    except WorksheetNotFound as error:
        raise InputError(f"{file.name} has no sheet '{sheet}'.") from error
    except Exception as error:
        why = type(error).__name__  # calamine has no common class of its errors
        raise InputError(f"{file.name} can't be read as XLSX ({why}).") from error
    if len(book.sheet_names) > 1 and not sheet:
        others = len(book.sheet_names) - 1
        notices.append(
            Notice(
                f"The first sheet is read; others in the file: {others}.",
                f"첫 시트를 읽었다. 파일에는 시트가 {others}개 더 있다.",
            )
        )
    if not rows:
        raise InputError(f"{file.name} is empty.")
    above = _above(rows[:SNIFFED])
    _tell_above(above, notices)
    names = _names(file, rows[above])
    width = len(names)
    columns = {
        str(place): [row[place] or None for row in rows[above + 1 :]] for place in range(width)
    }
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return _named(file, frame, names, notices)


def _shown(value: Any) -> str:
    """A cell as text: spreadsheets keep whole numbers as floats, and dates with a midnight."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value)
    return text.removesuffix(" 00:00:00")


# both -------------------------------------------------------------------------------------


def _above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the names: titles fill fewer cells than the table is wide."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    width = Counter(each for each in filled if each).most_common(1)
    wide = width[0][0] if width else 1
    return next((place for place, many in enumerate(filled) if many > wide // 2), 0)


def _tell_above(above: int, notices: list[Notice]) -> None:
    if above:
        notices.append(
            Notice(
                f"What stands above the columns' names is left out (rows: {above}).",
                f"열 이름 위의 {above}줄은 뺐다.",
            )
        )


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


def _named(
    file: Path, frame: pl.DataFrame, names: list[str], notices: list[Notice]
) -> pl.DataFrame:
    """The frame with its names, without rows and nameless columns that hold nothing."""
    is_blank = pl.all().fill_null("").str.strip_chars() == ""
    holds = [not each.all() for each in frame.select(is_blank)]
    kept = [place for place, name in enumerate(names) if name or holds[place]]
    _check_names(file, [names[place] for place in kept])
    frame = frame[:, kept]
    frame.columns = [names[place] for place in kept]
    empty = frame.select(pl.all_horizontal(is_blank)).to_series()
    if blank := int(empty.sum()):
        frame = frame.filter(~empty)
        notices.append(Notice(f"Empty rows are left out: {blank:,}.", f"빈 줄 {blank:,}개를 뺐다."))
    return frame
