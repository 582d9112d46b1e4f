"""Say which version of a provision was in force on a day, and who relied on which.

`provisions.csv` of a case folder has one row per version, `reliances.csv` one per provision that
somebody relied on. Every row has its source. The first day is `stated` (a text names it), `counted`
(an addendum gives a period after promulgation) or `at latest` (in force by that day; since when was
not found). The queries give the version in force and the open points. They don't judge lawfulness.
"""

from __future__ import annotations

from datetime import date
from importlib.resources.abc import Traversable

import polars as pl

from onetomany.errors import InputError
from onetomany.sources import case
from onetomany.sources.tables import read_texts, require_columns
from .claim_ledger import DATA, day_of_window
from .claim_queries import load_query, query_tables

PROVISIONS = {
    "provision": pl.String,  # the normal form of `mentions`, such as 'pipa 15(3)'
    "law": pl.String,  # a key of mentions/data/laws.csv
    "article": pl.String,
    "version": pl.Int64,  # from 1, the oldest found
    "in_force_from": pl.Date,
    "in_force_to": pl.Date,  # the last day; null if no later version was found
    "from_how": pl.String,  # stated, counted, at latest
    "months": pl.Int64,  # after promulgation, as the addendum says; null if it names a day
    "act": pl.String,  # that made this version: Act 16930, Decree 30892
    "promulgated": pl.Date,
    "gist_en": pl.String,  # in our own words
    "gist_ko": pl.String,
    "note_en": pl.String,  # the source that confirms the start, and texts that were not seen
    "note_ko": pl.String,
    "source": pl.String,
    "url": pl.String,
    "confidence": pl.String,  # V2, V1, C: as in sources.case
}
RELIANCES = {
    "reliance_id": pl.String,
    "who_en": pl.String,
    "who_ko": pl.String,
    "provision": pl.String,  # a provision, or an article of which any paragraph may be meant
    "how": pl.String,  # relies on, applies, finds breached, says breached, says it may permit, ...
    "article_named": pl.String,  # yes, article only, no: as far as we could read
    "for_en": pl.String,
    "for_ko": pl.String,
    "acts_from": pl.Date,  # the time of the acts in question: the project's
    "acts_to": pl.Date,
    "said_on": pl.Date,  # null if unknown
    "source": pl.String,
    "url": pl.String,
    "confidence": pl.String,
}
AS_OF = {
    "id": pl.String,  # the event's date and words
    # the version is null before the first
    **{name: PROVISIONS[name] for name in ("provision", "law", "article", "version")},
    # in force, not yet, no longer, not known; changed within: only the month or year of the event
    # is known, and the wording changed in it
    "state": pl.String,
    "first_from": pl.Date,
    "first_how": pl.String,
    "days": pl.Int64,  # from its first day in force to the event; negative before it
    # of the version in force, or of the first
    **{name: PROVISIONS[name] for name in ("in_force_from", "in_force_to", "act", "promulgated")},
    **{name: PROVISIONS[name] for name in ("gist_en", "gist_ko", "note_en", "note_ko")},
    **{name: PROVISIONS[name] for name in ("source", "url", "confidence")},
    "relied_on_by": pl.String,  # null if nobody is known to have named it
}
STARTS = ("stated", "counted", "at latest")


def load_provisions(folder: Traversable = DATA) -> pl.DataFrame:
    """Load the versions of the provisions, by law, article and version: a frame of PROVISIONS.

    Raises InputError if a row has no source, if versions of a provision overlap, or if a counted
    start isn't the day after the addendum's period.

    >>> load_provisions().height
    38
    """
    rows = _typed(folder, "provisions.csv", PROVISIONS).sort("provision", "version")
    first = pl.col("provision") != pl.col("provision").shift(1)
    gap = (pl.col("in_force_from") - pl.col("in_force_to").shift(1)).dt.total_days()
    # a period of months runs from the day after promulgation; the act begins when it has passed
    counted = pl.col("promulgated").dt.offset_by(pl.format("{}mo", "months")).dt.offset_by("1d")
    for bad, why in (
        (~pl.col("from_how").is_in(STARTS), f"from_how isn't one of {', '.join(STARTS)}"),
        (pl.col("in_force_from").is_null(), "it has no in_force_from"),
        (~first & (gap != 1).fill_null(True), "it doesn't begin where the version before ends"),
        (pl.col("in_force_to") < pl.col("in_force_from"), "it ends before it begins"),
        ((counted != pl.col("in_force_from")).fill_null(False), "its start is counted wrongly"),
    ):
        _refuse(rows, "provisions.csv", bad, why)
    return rows


def load_reliances(folder: Traversable = DATA) -> pl.DataFrame:
    """Load who relied on which provision, and for which act: a frame of RELIANCES.

    Raises InputError if a row has no source or names a provision that isn't in provisions.csv.

    >>> load_reliances().height
    13
    """
    rows = _typed(folder, "reliances.csv", RELIANCES)
    known = load_provisions(folder)["provision"]
    named = [*known, *known.str.replace(r"\(.*$", "")]
    _refuse(rows, "reliances.csv", ~pl.col("provision").is_in(named), "provisions.csv lacks it")
    return rows


def provisions_in_force(on: date | pl.DataFrame) -> pl.DataFrame:
    """Return all provisions as of a day, or of each event of `sources.case`: a frame of AS_OF.

    Raises InputError if the events lack `date` or `event_en`, or if a date can't be read.

    >>> on_day = provisions_in_force(date(2020, 8, 5))
    >>> on_day.filter(provision="pipa 18")["act"].item()
    'Act 16930'
    """
    if isinstance(on, pl.DataFrame):
        events = _events(on)
    else:
        events = pl.DataFrame({"id": [str(on)], "first_day": [on], "last_day": [on]})
    return _ask("law_as_of.sql", AS_OF, events=events)


def reliances_in_force() -> pl.DataFrame:
    """Return for each reliance whether the provision was in force during the acts.

    The columns are those of RELIANCES, with `provision` (the paragraph that may be meant),
    `first_from`, `first_how`, `days_of_acts`, `days_in_force`, `days_before` (the days of the acts
    before it was in force), `months_before` (full months), `changed_on` (list of dates), `open_en`
    and `open_ko` (open questions, or null).

    >>> reliances_in_force().height >= load_reliances().height
    True
    """
    return _ask("law_relied_on.sql", None)


def late_starts(relied: pl.DataFrame) -> pl.DataFrame:
    """Return the provisions that came into force after the acts had begun, by day.

    Takes `reliances_in_force`. Columns: first_from, months_before, days_before, days_of_acts and
    `provisions`, a list of those that came into force on that day.

    >>> late_starts(reliances_in_force())["provisions"][0].to_list()
    ['pipa 15(3)', 'pipa-decree 18(3)']
    """
    when = ["first_from", "months_before", "days_before", "days_of_acts"]
    return (
        relied.filter(pl.col("days_before") > 0)
        .group_by(when)
        .agg(provisions=pl.col("provision").unique().sort())
        .sort(when)
    )


def _events(events: pl.DataFrame) -> pl.DataFrame:
    require_columns(events, ("date", "event_en"), "The events")
    rows = events.select(
        pl.format("{} {}", "date", "event_en").alias("id"),
        first_day=day_of_window(pl.col("date"), 0),
        last_day=day_of_window(pl.col("date"), -1),
    )
    _refuse(rows, "the events", pl.col("first_day").is_null(), "its date can't be read")
    return rows


def _ask(
    name: str, schema: dict[str, type[pl.DataType]] | None, **frames: pl.DataFrame
) -> pl.DataFrame:
    found = query_tables(
        load_query(name), provisions=load_provisions(), reliances=load_reliances(), **frames
    )
    if schema is None:
        return found
    return found.select(pl.col(column).cast(kind) for column, kind in schema.items())


def _typed(folder: Traversable, name: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    rows = read_texts(folder, name)
    require_columns(rows, schema, name, exact=True)
    typed = rows.with_columns(
        pl.col(column).str.to_date("%Y-%m-%d", strict=False)
        if kind is pl.Date
        else pl.col(column).cast(kind, strict=False)
        for column, kind in schema.items()
    )
    for column in schema:
        lost = rows[column].is_not_null() & typed[column].is_null()
        _refuse(typed, name, pl.lit(lost), f"its {column} can't be read")
    _refuse(typed, name, ~pl.col("url").str.starts_with("http").fill_null(False), "no source")
    _refuse(typed, name, ~pl.col("confidence").is_in(case.CONFIDENCES), "no confidence")
    return typed


def _refuse(frame: pl.DataFrame, name: str, bad: pl.Expr, why: str) -> None:
    rows = frame.filter(bad.fill_null(False))
    if rows.height:
        raise InputError(f"{name}, {rows.row(0)[0]}: {why}.")
