"""Tables about people: those that the kit carries, behind datasheets, and the reader's own.

`microdata` opens a carried table by name after checking its SHA-256. `read_table` reads a CSV,
Parquet or XLSX file that the reader has; it stays where it is and nothing of it is kept.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

import polars as pl
from tqdm import tqdm

from ..errors import DatasheetError, InputError, IntegrityError
from .identifiers import refuse_identifiers

DATA = resources.files("onetomany.sources") / "data" / "microdata"
LARGEST = 1 << 29  # bytes of a CSV or XLSX file, which is read whole
MOST_COLUMNS = 1000
LOOKED_AT = 1_000_000  # rows of a Parquet file at a time
MIXED = 10_000  # rows that a CSV column's type is told from


@dataclass(frozen=True)
class TableSheet:
    """The datasheet of a table, after Gebru et al. (CACM 64:12, 2021). Every field is required."""

    title: str
    kind: Literal["real", "synthetic"]
    file: str
    sha256: str
    records: int
    source: str
    url: str
    collected: str
    licence: str
    terms: str
    credit: str
    consent_basis: str
    limits: str


@dataclass(frozen=True)
class Microdata:
    """A table with its datasheet, a row a record."""

    name: str
    frame: pl.DataFrame
    sheet: TableSheet


def microdata_sets(folder: Traversable = DATA) -> list[str]:
    """The names of the tables that the kit carries."""
    return sorted(_sheets(folder))


def microdata(name: str, folder: Traversable = DATA) -> Microdata:
    """Open a table that the kit carries.

    'adult': 48,842 records of a US survey of 1994, 15 columns and `part` (data, test). 'francdat':
    eight made-up records by which sdcMicro's manual shows its figures.

    Raises InputError for another name, DatasheetError for an incomplete sheet, IntegrityError where
    the file is not the one registered.
    """
    sheets = _sheets(folder)
    if name not in sheets:
        raise InputError(f"There is no table '{name}': there are {', '.join(sorted(sheets))}.")
    given = sheets[name]
    wanted = TableSheet.__dataclass_fields__
    faults = [field for field in wanted if not given.get(field)]
    if given.get("kind") not in ("real", "synthetic"):
        faults.append("kind (real or synthetic)")
    if faults:
        raise DatasheetError(
            f"The datasheet of '{name}' is incomplete: fill in {', '.join(faults)}."
        )
    sheet = TableSheet(**{field: given[field] for field in wanted})
    path = folder / sheet.file
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content).hexdigest() != sheet.sha256:
        raise IntegrityError(
            f"{sheet.file} is not the file registered as '{name}' (its SHA-256 differs): install "
            "the kit anew."
        )
    read = pl.read_parquet if sheet.file.endswith(".parquet") else pl.read_csv
    frame = read(content)
    if len(frame) != sheet.records:
        raise DatasheetError(
            f"The datasheet of '{name}' says {sheet.records:,} records, not {len(frame):,}."
        )
    return Microdata(name, frame, sheet)


def read_table(
    path: str | Path, *, sheet: str | None = None, encoding: str = "utf-8-sig"
) -> pl.DataFrame | pl.LazyFrame:
    """The reader's own table: a frame from .csv, .tsv or .xlsx, a LazyFrame from .parquet.

    A CSV is UTF-8, unless `encoding` names another such as cp949, and parted by comma, semicolon
    or tab as its first line shows; an empty field is a null; a column whose first `MIXED` rows are
    numbers and later ones are not is refused rather than guessed at. `sheet` names a sheet of an
    XLSX file, otherwise its first is read.

    Columns that hold passport, mobile or registration numbers are refused
    (`identifiers.refuse_identifiers`; in Parquet, by every `LOOKED_AT` rows for themselves).

    Raises InputError for those, for a URL, a file that isn't there, is of another kind, empty,
    larger than `LARGEST` (Parquet may be of any size) or unreadable, and for nameless or repeated
    columns.
    """
    if "://" in str(path):
        raise InputError(f"{path} is an address: save the file and give its path.")
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file at {file}.")
    kind = file.suffix.lower()
    if kind not in (".csv", ".tsv", ".xlsx", ".parquet"):
        raise InputError(f"{file.name} is no CSV, TSV, XLSX or Parquet file: save it as one.")
    if kind != ".parquet" and file.stat().st_size > LARGEST:
        raise InputError(f"{file.name} is larger than 512 MiB: save it as Parquet.")
    try:
        if kind == ".parquet":
            lazy = pl.scan_parquet(file)
            rows = int(lazy.select(pl.len()).collect().item())
            _refuse(file, lazy.collect_schema().names(), rows)
            starts = range(0, max(rows, 1), LOOKED_AT)
            for start in tqdm(starts, desc="checking columns", disable=len(starts) < 4):
                refuse_identifiers(lazy.slice(start, LOOKED_AT).collect())
            return lazy
        frame = _read_xlsx(file, sheet) if kind == ".xlsx" else _read_csv(file, encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"{file.name} is not {encoding} text: save it as 'CSV UTF-8', or give its encoding "
            "(old Korean files are often cp949)."
        ) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{file.name} can't be read as {kind[1:].upper()}: {first}") from error
    _refuse(file, frame.columns, len(frame))
    refuse_identifiers(frame)
    return frame


def _read_csv(file: Path, encoding: str) -> pl.DataFrame:
    text = file.read_bytes().decode(encoding)
    first = text.split("\n", 1)[0].strip("\r")
    if not first.strip():
        raise InputError(f"{file.name} is empty.")
    mark = max(",;\t", key=lambda each: len(next(csv.reader([first], delimiter=each))))
    titles = next(csv.reader([first], delimiter=mark))
    if repeated := [name for name in titles if titles.count(name) > 1]:
        raise InputError(f"{file.name} has two columns called '{repeated[0]}': rename one.")
    return pl.read_csv(
        text.encode(), separator=mark, infer_schema_length=MIXED, try_parse_dates=True
    )


def _read_xlsx(file: Path, sheet: str | None) -> pl.DataFrame:
    import fastexcel

    try:
        if sheet is None:
            return pl.read_excel(file, engine="calamine")
        return pl.read_excel(file, sheet_name=sheet, engine="calamine")
    except fastexcel.FastExcelError as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{file.name} can't be read as XLSX: {first}") from error
    except ValueError as error:
        raise InputError(f"{file.name} has no sheet '{sheet}'.") from error


def _refuse(file: Path, columns: list[str], rows: int) -> None:
    if not rows:
        raise InputError(f"{file.name} holds no records.")
    if not columns or not all(name.strip() for name in columns):
        raise InputError(f"{file.name} has a column without a name: its first row must be names.")
    if len(columns) > MOST_COLUMNS:
        raise InputError(f"{file.name} has {len(columns):,} columns: {MOST_COLUMNS:,} at most.")


def _sheets(folder: Traversable) -> Mapping[str, dict[str, Any]]:
    return tomllib.loads((folder / "sheets.toml").read_text(encoding="utf-8"))
