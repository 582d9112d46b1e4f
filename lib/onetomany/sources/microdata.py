"""Open the kit's own tables about people; `reidentification.own_table` reads a user's table."""

from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from onetomany.checked_tables import Text
from onetomany.errors import DatasheetError, InputError, IntegrityError
from .sheet_fields import Count, Sha256, SheetBase, checked_sheet, toml_content

DATA = resources.files("onetomany.sources") / "data" / "microdata"


@dataclass(frozen=True)
class TableSheet(SheetBase):
    """The datasheet of a table."""

    file: Text
    sha256: Sha256
    records: Count


@dataclass(frozen=True)
class Microdata:
    """A table with its datasheet, a row a record."""

    name: str
    frame: pl.DataFrame
    sheet: TableSheet


def microdata(name: str, folder: Traversable = DATA) -> Microdata:
    """Open one of the kit's tables.

    'adult': 48,842 records of a US survey of 1994, 15 columns and `part` (data, test). 'body':
    waists and one medicine of 5,265 US adults. 'francdat': eight made-up records by which
    sdcMicro's manual shows its figures. 'receipts', 'households', 'coupon_lines', 'redemptions': a
    year of purchases of 2,469 households. 'young_men': 545 men in the eight years of a US survey.

    Raises InputError for another name, DatasheetError for an incomplete sheet, IntegrityError if
    the file is not the registered one.
    """
    sheets = toml_content(folder, "sheets.toml")
    if name not in sheets:
        raise InputError(f"There is no table '{name}': there are {', '.join(sorted(sheets))}.")
    given = {"name": name, **sheets[name]}
    sheet = checked_sheet(TableSheet, given, f"of '{name}'")
    path = folder / sheet.file
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content).hexdigest() != sheet.sha256:
        raise IntegrityError(
            f"{sheet.file} is not the file registered as '{name}' (its SHA-256 differs): install "
            "the kit again."
        )
    read = pl.read_parquet if sheet.file.endswith(".parquet") else pl.read_csv
    frame = read(content)
    if len(frame) != sheet.records:
        raise DatasheetError(
            f"The datasheet of '{name}' says {sheet.records:,} records, not {len(frame):,}."
        )
    return Microdata(name, frame, sheet)
