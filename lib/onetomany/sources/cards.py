"""Read NIST's report cards of vendors in the case and others: rates by birth, sex and age.

The figures are as NIST printed them (data/differentials/cards.csv, gains.csv, mid_2021.csv;
publisher, commit, checks and limits in sources.toml). Rates are compared within one algorithm
only: NIST labels all thresholds alike, but they don't mean one rate. NIST's floor is an upper
bound, and so is every figure computed from it. Countries are those of birth.
"""

from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from typing import Any, Literal

import polars as pl

from onetomany.errors import InputError, RefusedError
from .differentials import DATA, by_birth, publication, read_sources, read_table
from .tables import refuse_rows

Bound = Literal["", "at least", "at most"]

FLOOR = -6.0  # 'values below 0.000001 are shown as that value'
COLUMNS = ["algorithm", "plot", "pairing", "enrollee", "impostor", "sex", "age", "log10",
           "at_floor", "how", "offset"]  # fmt: skip
GAINS = ["algorithm", "developer", "submitted", "image_set", "fmr", "fnmr", "file", "commit",
         "card_generated"]  # fmt: skip
MID_2021 = ["position", "algorithm", "developer", "country_label", "submitted", "image_set", "fnmr",
            "rank", "of"]  # fmt: skip
_PAGES = "https://github.com/usnistgov/frvt/blob"


@dataclass(frozen=True)
class Card:
    """One report card: which algorithm, handed in when, and where the card is.

    `date_from` is 'card' (its header) or 'dates' (the order of a developer's submissions).
    `nominal_fmr` is None if the plot's title was not read.
    """

    algorithm: str
    developer: str
    submitted: date
    date_from: str
    nominal_fmr: float | None
    threshold: str
    url: str


@dataclass(frozen=True)
class Rate:
    """One figure of a card. With `at_floor` the rate is at most `fmr`, not equal to it."""

    algorithm: str
    plot: str
    pairing: str
    born: str
    fmr: float
    at_floor: bool
    url: str


@dataclass(frozen=True)
class Times:
    """How many times one rate is another; a bound if one of them is NIST's floor."""

    value: float
    bound: Bound


def cards(folder: Traversable = DATA) -> dict[str, Card]:
    """Return the report cards by algorithm, in order of their dates."""
    found = []
    for algorithm, given in read_sources(folder)["card"].items():
        place = f"{_PAGES}/{given['commit']}/reportcards/11/{algorithm}.html"
        nominal = float(given["nominal_fmr"]) if given["nominal_fmr"] else None
        when = given["submitted"], given["submitted_from"]
        found.append(Card(algorithm, given["developer"], *when, nominal, given["threshold"], place))
    return {card.algorithm: card for card in sorted(found, key=lambda card: card.submitted)}


def card_rates(folder: Traversable = DATA) -> pl.DataFrame:
    """Return every figure of the cards, one a row.

    Columns: `algorithm`, `developer`, `submitted`, `plot` (pairing; men 35-50; women 35-50
    (derived); women over men; region), `pairing`, `enrollee` and `impostor` (country of birth, or
    NIST's code of a region; impostor is null if the pairing says it), `enrollee_ko`, `sex`,
    `age`, `value` (FMR; in 'women over men' the ratio), `at_floor`, `how` it was read, `url`.

    Raises InputError if a figure contradicts its own table.
    """
    known = cards(folder)
    told = read_sources(folder)
    names = told["countries"] | {code: pair[1] for code, pair in told["labels"].items()}
    frame = read_table(folder, "cards.csv", COLUMNS).with_columns(
        at_floor=pl.col("at_floor").eq_missing("yes")
    )
    _check(frame, set(known), set(names))
    return frame.with_columns(
        value=10 ** pl.col("log10"),
        enrollee_ko=pl.col("enrollee").replace_strict(names),
        **{
            name: pl.col("algorithm").replace_strict(
                {each.algorithm: getattr(each, name) for each in known.values()}
            )
            for name in ("developer", "submitted", "url")
        },
    ).drop("log10", "offset")


def rate(
    algorithm: str, born: str, pairing: str, *, plot: str = "pairing", folder: Traversable = DATA
) -> Rate:
    """Return one rate, of people born in `born` compared as `pairing` says.

    Raises InputError if the cards have no such figure, or more than one.
    """
    if plot == "women over men":
        raise InputError("'women over men' is a table of ratios: read it from card_rates.")
    rows = card_rates(folder).filter(algorithm=algorithm, enrollee=born, pairing=pairing, plot=plot)
    if len(rows) != 1:
        raise InputError(
            f"The cards have {len(rows)} figures for {algorithm}, born in {born}, '{pairing}', "
            f"plot '{plot}'; card_rates lists all there are."
        )
    return _rate(rows.row(0, named=True))


def extremes(
    algorithm: str, pairing: str, *, plot: str = "pairing", folder: Traversable = DATA
) -> tuple[Rate, Rate]:
    """Return the highest and the lowest rate of an algorithm over countries of birth.

    Raises InputError if the cards have no such figures.
    """
    rows = card_rates(folder).filter(algorithm=algorithm, pairing=pairing, plot=plot)
    if not len(rows):
        raise InputError(f"The cards have no figures for {algorithm}, '{pairing}', '{plot}'.")
    ordered = rows.sort("value", pl.col("at_floor").not_(), "enrollee")
    return _rate(ordered.row(-1, named=True)), _rate(ordered.row(0, named=True))


def times(one: Rate, other: Rate) -> Times:
    """Return how many times `one` is `other`, within one algorithm and plot.

    Raises RefusedError for two algorithms or two plots, whose levels can't be compared, and if
    both rates are NIST's floor.
    """
    if (one.algorithm, one.plot) != (other.algorithm, other.plot):
        raise RefusedError(
            f"{one.algorithm} ({one.plot}) and {other.algorithm} ({other.plot}) can't be compared: "
            "NIST labels all thresholds alike, but the rates they give differ from algorithm to "
            "algorithm. Compare countries, sexes and ages within one algorithm and plot."
        )
    if one.at_floor and other.at_floor:
        raise RefusedError(
            f"Both rates of {one.algorithm} ({one.born}, {other.born}) are below NIST's lowest "
            "printed rate: their ratio is unknown."
        )
    bound: Bound = "at most" if one.at_floor else "at least" if other.at_floor else ""
    return Times(one.fmr / other.fmr, bound)


def regions_then_and_now(folder: Traversable = DATA) -> pl.DataFrame:
    """Return FMR within regions of birth of ALCHERA_001 (2019) and ALCHERA_007 (2023).

    Columns: `region` (NIST's code), `pairing` (same sex; same sex and age), `then`, `now`. Only
    these two cards can be compared: the same plot, dataset and rule (FMR 0.0001 over everybody),
    measured at different times. They don't show why a rate changed.
    """
    then = by_birth(folder).filter(scope="region", within=True)
    now = card_rates(folder).filter(pl.col("impostor") == pl.col("enrollee"), plot="region")
    return then.select(region="enrollee", pairing="pairing", then="fmr").join(
        now.select(
            pl.col("pairing").str.strip_suffix(" (same region)"), region="enrollee", now="value"
        ),
        on=["region", "pairing"],
        maintain_order="left",
    )


def gains(folder: Traversable = DATA) -> pl.DataFrame:
    """Return FNMR at FMR 0.000001 of every submission of three developers, with its date.

    Columns: `algorithm`, `developer`, `submitted`, `image_set`, `fmr`, `fnmr`, `url`. On one image
    set and at one FMR these may be compared between algorithms: that is NIST's own measure.
    """
    frame = read_table(folder, "gains.csv", GAINS)
    return frame.select(
        "algorithm",
        pl.col("developer").str.strip_suffix(" Inc"),
        pl.col("submitted").str.to_date(),
        "image_set",
        "fmr",
        "fnmr",
        url=pl.format("{}/{}/{}", pl.lit(_PAGES), "commit", "file"),
    )


def mid_2021(folder: Traversable = DATA) -> pl.DataFrame:
    """Return 185 algorithms of NIST's table of mid-2021, five image sets each.

    Columns: `position`, `algorithm` (null unless identified), `developer`, `country_label`,
    `submitted`, `image_set` (with the FMR of its threshold), `fnmr` and `rank` (null if NIST
    gives none), `of` (the highest rank seen; null if the column was not read to its end), `url`.
    """
    return read_table(folder, "mid_2021.csv", MID_2021).with_columns(
        pl.col("submitted").str.to_date(), url=pl.lit(publication("mid_2021", folder).url)
    )


def _rate(row: dict[str, Any]) -> Rate:
    named = {name: row[name] for name in ("algorithm", "plot", "pairing", "at_floor", "url")}
    return Rate(**named, born=row["enrollee"], fmr=row["value"])


def _check(frame: pl.DataFrame, algorithms: set[str], places: set[str]) -> None:
    is_ratio = pl.col("plot") == "women over men"
    size, marked = pl.col("log10"), pl.col("at_floor")
    wrong = {
        "is of a card that sources.toml does not list": ~pl.col("algorithm").is_in(algorithms),
        "is of a place that sources.toml does not name": ~pl.col("enrollee").is_in(places),
        "is not a rate from NIST's floor to 1":
            ~is_ratio & ~size.is_between(FLOOR, 0).fill_null(False),
        "is at NIST's floor and is not marked": ~is_ratio & (size == FLOOR) & ~marked,
        "is marked as NIST's floor and is not": marked & (size != FLOOR),
    }  # fmt: skip
    for why, condition in wrong.items():
        refuse_rows(frame, condition, "cards.csv", f"its figure {why}")
