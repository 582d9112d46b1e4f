"""Read error rates of real one-to-many systems, as NIST published them.

`data/measured/sources.toml` gives publisher, address, commit, date, licence, how the figures were
read and checked, and which conclusions they don't allow.
"""

import datetime
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from .sheet_fields import sourced, toml_content
from .tables import read_columns, refuse_rows

DATA = resources.files("onetomany.sources") / "data" / "measured"
FIGURES = {
    "algorithm": pl.String,  # as NIST names it
    "developer": pl.String,
    "submitted": pl.Date,
    "gallery": pl.String,  # Mugshot, Visa, Border
    "probe": pl.String,  # Mugshot, Webcam, Profile 90, Border, Kiosk
    "years_apart": pl.Int64,  # at least, between the two pictures; null if not sorted by age
    "gallery_size": pl.Int64,  # people, one picture each
    "fpir": pl.Float64,  # at which the threshold was set; null: rank 1 without a threshold
    "fnir": pl.Float64,
    "rank": pl.Int64,  # NIST's, of `of` algorithms in the column
    "of": pl.Int64,
}


@dataclass(frozen=True)
class Developer:
    """A developer drawn in colour: its name, and the basis for naming it."""

    name: str
    en: str
    ko: str
    basis_en: str
    basis_ko: str
    basis_url: str


@dataclass(frozen=True)
class MeasuredPublication:
    """The figures' source, how they were read, and which conclusions they don't allow."""

    publisher: str
    title: str
    url: str
    commit: str
    date: datetime.date
    licence: str
    read: str
    checks: str
    about: str
    interface_changed: datetime.date
    example: str  # the algorithm that best illustrates the two measures
    left_out: str
    cautions: tuple[tuple[str, str], ...]  # English, Korean
    developers: tuple[Developer, ...]


def measured_publication(folder: Traversable = DATA) -> MeasuredPublication:
    """Read the source of `measured_systems`. Raises OneToManyError if a part of it is missing."""
    sheet = toml_content(folder, "sources.toml")
    return sourced(
        MeasuredPublication,
        sheet.get("source", {}),
        "sources.toml",
        "the measured systems",
        cautions=tuple((each["en"], each["ko"]) for each in sheet.get("caution", ())),
        developers=tuple(Developer(**each) for each in sheet.get("developer", ())),
    )


def measured_systems(folder: Traversable = DATA) -> pl.DataFrame:
    """Read FNIR of every algorithm that NIST measured one to many (`FIGURES`).

    A row is one algorithm, image set, gallery size and measure.

    Raises InputError for other columns, a figure that is not a rate, or one given twice.
    """
    frame = read_columns(folder, "frte_1n.csv", FIGURES)
    bad = (
        ~pl.col("fnir").is_between(0, 1).fill_null(False)
        | ~pl.col("fpir").is_between(0, 1).fill_null(True)
        | (pl.col("gallery_size") < 1)
    )
    refuse_rows(frame, bad, "frte_1n.csv", "a figure is not a rate")
    keys = ("algorithm", "gallery", "probe", "years_apart", "gallery_size", "fpir")
    refuse_rows(frame, pl.struct(keys).is_duplicated(), "frte_1n.csv", "it has one figure twice")
    return frame
