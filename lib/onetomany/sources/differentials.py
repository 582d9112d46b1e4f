"""Read NIST's published error rates by sex, race and country of birth, each with its source.

sources.toml gives each table's publisher, address, commit, licence and omissions. The tables
contain only figures that were read. The vendors' own report cards are in `cards`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import polars as pl

from onetomany.errors import OneToManyError
from .sheet_fields import sourced, toml_content
from .tables import read_columns

DATA = resources.files("onetomany.sources") / "data" / "differentials"
WHITE_MEN = "white_men"
SEX_RACE = ["algorithm", "black_men", "white_women", "black_women"]
BIRTH = ["algorithm", "scope", "pairing", "enrollee", "impostor", "log10_fmr"]


@dataclass(frozen=True)
class Publication:
    """A table's source. `global_fmr` is the FMR at which the thresholds were set.

    `checks` says how the transcription was checked, if that was recorded.
    """

    publisher: str
    title: str
    url: str
    date: str
    licence: str
    read: str
    about: str
    left_out: str
    limits: str
    checks: str = ""
    global_fmr: Mapping[str, float] = field(default_factory=dict)


def publication(table: str, folder: Traversable = DATA) -> Publication:
    """Return the source of a table: birth, sex_race, cards, gains or mid_2021.

    Raises OneToManyError if the sheet lacks one.
    """
    entry = read_sources(folder).get(table, {})
    return sourced(Publication, entry, "sources.toml", f"the table '{table}'")


def by_sex_and_race(folder: Traversable = DATA) -> pl.DataFrame:
    """Return FMR within four groups for each algorithm (NIST FRVT 1:1, 2020).

    Columns: `algorithm`, `group`, `label_en`, `label_ko`, `fmr`, `url`; four rows for each of 240
    algorithms. Every algorithm's threshold is set at FMR 0.001 among white men, which is
    therefore the same in all of them.
    """
    source = publication("sex_race", folder)
    wide = read_table(folder, "sex_race.csv", SEX_RACE)
    long = wide.with_columns(pl.lit(source.global_fmr[WHITE_MEN]).alias(WHITE_MEN)).unpivot(
        [WHITE_MEN, *SEX_RACE[1:]], index="algorithm", variable_name="group", value_name="fmr"
    )
    _refuse(long, "sex_race.csv")
    return _labelled(long, "group", "label", folder).with_columns(url=pl.lit(source.url))


def by_birth(folder: Traversable = DATA) -> pl.DataFrame:
    """Return FMR by birthplace of the two people compared (NIST FRVT 1:1 report card).

    Columns: `algorithm`, `scope` (country, region), `pairing` (any; same sex; same sex and age),
    `enrollee` and `impostor` (NIST's codes), their labels `enrollee_en`, `enrollee_ko`,
    `impostor_en`, `impostor_ko`, `within` (both of one country or region), `fmr`, `global_fmr`
    (that of everybody at the same threshold), `url`.
    """
    source = publication("birth", folder)
    frame = read_table(folder, "birth.csv", BIRTH).with_columns(
        fmr=10 ** pl.col("log10_fmr"),
        global_fmr=pl.col("scope").replace_strict(
            dict(source.global_fmr), return_dtype=pl.Float64, default=None
        ),
        within=pl.col("enrollee") == pl.col("impostor"),
        url=pl.lit(source.url),
    )
    _refuse(frame, "birth.csv")
    for side in ("enrollee", "impostor"):
        frame = _labelled(frame, side, side, folder)
    return frame.drop("log10_fmr")


def read_sources(folder: Traversable = DATA) -> dict[str, dict[str, Any]]:
    """Return the content of sources.toml."""
    return toml_content(folder, "sources.toml")


def read_table(folder: Traversable, name: str, columns: list[str]) -> pl.DataFrame:
    """Read a CSV file of the folder. Raises OneToManyError if its columns differ."""
    return read_columns(folder, name, columns, null_values="", infer_schema_length=None)


def _refuse(frame: pl.DataFrame, name: str) -> None:
    bad = frame.filter(~pl.col("fmr").is_between(0, 1).fill_null(False))
    if len(bad):
        raise OneToManyError(
            f"{name}: a figure of '{bad['algorithm'][0]}' is not a rate from 0 to 1."
        )


def _labelled(frame: pl.DataFrame, column: str, name: str, folder: Traversable) -> pl.DataFrame:
    labels = read_sources(folder)["labels"]
    if unknown := set(frame[column]) - set(labels):
        raise OneToManyError(f"sources.toml has no label for '{min(unknown)}'.")
    return frame.with_columns(
        pl.col(column)
        .replace_strict({code: pair[place] for code, pair in labels.items()})
        .alias(f"{name}_{language}")
        for place, language in enumerate(("en", "ko"))
    )
