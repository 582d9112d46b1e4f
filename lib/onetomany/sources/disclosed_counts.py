"""Read 25 programmes whose operators disclosed alerts, traffic or error rates.

Each row of `data/reckoner/programmes.csv` has its source. The rows are no sample: they were chosen
because something was disclosed. Rows of kind `behaviour` and `weapons` count no faces.
"""

from __future__ import annotations

import csv
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import polars as pl

from ..errors import InputError, OneToManyError
from .case import NUMBERS
from .tables import refuse_rows, require_columns

DATA = resources.files("onetomany.sources") / "data" / "reckoner"
COUNTS = {
    "id": pl.String,
    "name_en": pl.String,
    "name_ko": pl.String,
    "kind": pl.String,  # face, gate (each traveller against one or few), behaviour, weapons
    "period_start": pl.Date,
    "period_end": pl.Date,
    "days": pl.Float64,  # that the counts cover
    "gallery_size": pl.Int64,
    "searches": pl.Int64,
    "alerts": pl.Int64,
    "confirmed": pl.Int64,  # alerts that the operator confirmed
    "false_alerts": pl.Int64,  # alerts known to be wrong
    "fpir": pl.Float64,
    "fnir": pl.Float64,
    "publisher": pl.String,
    "url": pl.String,
    "confidence": pl.String,  # V2 two sources, V1 one, C our arithmetic on such figures
    "note_en": pl.String,
    "note_ko": pl.String,
}


def disclosed_counts(folder: Traversable = DATA) -> pl.DataFrame:
    """Read the disclosed counts and rates, a programme or deployment a row (`COUNTS`).

    Raises OneToManyError for other columns, a row without source or days, or days that its period
    contradicts.

    >>> disclosed_counts().filter(id="met-2024-2025").select("alerts", "false_alerts").row(0)
    (2077, 10)
    """
    try:
        frame = pl.read_csv((folder / "programmes.csv").read_bytes(), schema_overrides=COUNTS)
    except pl.exceptions.PolarsError as error:
        raise OneToManyError(f"programmes.csv can't be read: {error}.") from error
    require_columns(frame, COUNTS, "programmes.csv", exact=True)
    length = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    unsourced = pl.any_horizontal(pl.col("publisher", "url", "confidence", "days").is_null())
    refuse_rows(frame, unsourced, "programmes.csv", "it has no source or no days")
    refuse_rows(frame, length != pl.col("days"), "programmes.csv", "its days aren't its period")
    refuse_rows(frame, pl.col("id").is_duplicated(), "programmes.csv", "its id is used twice")
    return frame


def read_case_numbers(path: Path) -> pl.DataFrame:
    """Read the numbers.csv of a case folder: `case.NUMBERS`, fractions allowed, and `input`.

    `input` (optional) says which input of the reckoner a row is. Further columns are left out.

    Raises InputError, with file, row and column, for text that is not UTF-8 CSV, a missing column,
    a row without value, publisher or address, an id used twice, or a date that isn't one.
    """
    try:
        frame = pl.read_csv(path.read_bytes(), infer_schema=False)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}.") from error
    except (pl.exceptions.PolarsError, UnicodeError) as error:
        raise InputError(f"{path.name} is not a CSV table in UTF-8: {_fault(path)}.") from error
    needed = [name for name in NUMBERS if name != "input"]
    require_columns(frame, needed, path.name)
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    numbers = pl.col("value").str.replace_all(",", "").cast(pl.Float64, strict=False)
    refuse_rows(
        frame, numbers.is_finite().fill_null(False).not_(), path.name, "its value is no number"
    )
    for name in ("period_start", "period_end"):
        bad = pl.col(name).is_not_null() & pl.col(name).str.to_date(strict=False).is_null()
        refuse_rows(frame, bad, path.name, f"its {name} is no date such as 2025-11-30")
    for name in ("id", "publisher", "url"):
        refuse_rows(frame, pl.col(name).is_null(), path.name, f"its {name} is empty")
    refuse_rows(frame, pl.col("id").is_duplicated(), path.name, "its id is used twice")
    dates = [pl.col(name).str.to_date() for name in ("period_start", "period_end")]
    kept = [name for name in NUMBERS if name in frame.columns]
    frame = frame.with_columns(numbers, *dates).select(kept)
    late = pl.col("period_end") < pl.col("period_start")
    refuse_rows(frame, late, path.name, "its period ends before it starts")
    return frame


def _fault(path: Path) -> str:
    """Return the first line of a CSV file that has other fields than its head, or why it fails."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file, strict=True)
            head = next(lines, [])
            for fields in lines:
                if fields and len(fields) != len(head):
                    place = f"line {lines.line_num} has {len(fields)} fields"
                    return f"{place}, the first line {len(head)}"
    except (csv.Error, UnicodeError) as error:
        return " ".join(str(error).split())[:200]
    return "it has no rows" if head else "it is empty"
