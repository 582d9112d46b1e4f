"""Read 25 programmes whose operators disclosed alerts, traffic or error rates.

Each row of `data/reckoner/programmes.csv` has its source. The rows are no sample: they were chosen
because something was disclosed. Rows of kind `behaviour` and `weapons` count no faces.
"""

from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from .tables import read_columns, refuse_rows

DATA = resources.files("onetomany.sources") / "data" / "reckoner"
COUNTS = {
    **dict.fromkeys(("id", "name_en", "name_ko"), pl.String),
    "kind": pl.String,  # face, gate (each traveller against one or few), behaviour, weapons
    **dict.fromkeys(("period_start", "period_end"), pl.Date),
    "days": pl.Float64,  # that the counts cover
    **dict.fromkeys(("gallery_size", "searches", "alerts"), pl.Int64),
    "confirmed": pl.Int64,  # alerts that the operator confirmed
    "false_alerts": pl.Int64,  # alerts known to be wrong
    **dict.fromkeys(("fpir", "fnir"), pl.Float64),
    **dict.fromkeys(("publisher", "url"), pl.String),
    "confidence": pl.String,  # V2 two sources, V1 one, C our arithmetic on such figures
    **dict.fromkeys(("note_en", "note_ko"), pl.String),
}


def disclosed_counts(folder: Traversable = DATA) -> pl.DataFrame:
    """Read the disclosed counts and rates, a programme or deployment a row (`COUNTS`).

    Raises OneToManyError for other columns, a row without source or days, or days that its period
    contradicts.

    >>> disclosed_counts().filter(id="met-2024-2025").select("alerts", "false_alerts").row(0)
    (2077, 10)
    """
    frame = read_columns(folder, "programmes.csv", COUNTS)
    length = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    unsourced = pl.any_horizontal(pl.col("publisher", "url", "confidence", "days").is_null())
    refuse_rows(frame, unsourced, "programmes.csv", "it has no source or no days")
    refuse_rows(frame, length != pl.col("days"), "programmes.csv", "its days aren't its period")
    refuse_rows(frame, pl.col("id").is_duplicated(), "programmes.csv", "its id is used twice")
    return frame
