"""The law as it stood on a day: versions of provisions, who named which, and what stays open.

`data/provisions.csv` holds one row a version, `data/reliances.csv` who named which provision for
what. Every row has its source. A start is `stated` (a text names the day), `counted` (an addendum
gives a period after promulgation) or `at latest` (it was in force by then; since when, we did not
find). Nothing here judges: the queries say what was in force and what they can't say.
"""

from __future__ import annotations

from datetime import date
from importlib.resources.abc import Traversable

import duckdb
import polars as pl

from ..documents.case_file import read
from ..errors import InputError
from ..sources import case
from .claim_ledger import DATA, query

PROVISIONS = {
    "provision": pl.String,  # the normal form of mentions.py, such as 'pipa 15(3)'
    "law": pl.String,  # a key of data/laws.csv
    "article": pl.String,
    "version": pl.Int64,  # from 1, the oldest that was found
    "in_force_from": pl.Date,
    "in_force_to": pl.Date,  # the last day; null where no later version was found
    "from_how": pl.String,  # stated, counted, at latest
    "months": pl.Int64,  # after promulgation, as the addendum says; null where it names a day
    "act": pl.String,  # that made this version: Act 16930, Decree 30892
    "promulgated": pl.Date,
    "gist_en": pl.String,  # in our own words
    "gist_ko": pl.String,
    "note_en": pl.String,  # what confirms the start, and what was not seen
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
    "said_on": pl.Date,  # null where it isn't known
    "source": pl.String,
    "url": pl.String,
    "confidence": pl.String,
}
AS_OF = {
    "id": pl.String,  # the event's date and words
    "provision": pl.String,
    "law": pl.String,
    "article": pl.String,
    "version": pl.Int64,  # null before the first
    # in force, not yet, no longer; changed within: the event is known by its month or year, and
    # the wording changed in it; not known
    "state": pl.String,
    "first_from": pl.Date,
    "first_how": pl.String,
    "days": pl.Int64,  # from its first coming into force to the event; negative before it
    "in_force_from": pl.Date,  # of the version in force, or of the first
    "in_force_to": pl.Date,
    "act": pl.String,
    "promulgated": pl.Date,
    "gist_en": pl.String,
    "gist_ko": pl.String,
    "note_en": pl.String,
    "note_ko": pl.String,
    "source": pl.String,
    "url": pl.String,
    "confidence": pl.String,
    "relied_on_by": pl.String,  # null where nobody is known to have named it
}
STARTS = ("stated", "counted", "at latest")


def provisions(folder: Traversable = DATA) -> pl.DataFrame:
    """The versions of the provisions, by law, article and version: a frame of PROVISIONS.

    Raises InputError where a row has no source, versions of one provision overlap, or a start that
    was counted isn't the day after the period that the addendum gives.
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


def reliances(folder: Traversable = DATA) -> pl.DataFrame:
    """Who named which provision for what: a frame of RELIANCES.

    Raises InputError where a row has no source or names a provision that isn't in provisions.csv.
    """
    rows = _typed(folder, "reliances.csv", RELIANCES)
    known = provisions(folder)["provision"]
    named = [*known, *known.str.replace(r"\(.*$", "")]
    _refuse(rows, "reliances.csv", ~pl.col("provision").is_in(named), "provisions.csv lacks it")
    return rows


def in_force(on: date | pl.DataFrame) -> pl.DataFrame:
    """Every provision on a day, or at each of `sources.case.timeline`'s events: a frame of AS_OF.

    Raises InputError where the events lack `date` or `event_en`, or a date isn't one.
    """
    if isinstance(on, pl.DataFrame):
        events = _events(on)
    else:
        events = pl.DataFrame({"id": [str(on)], "first_day": [on], "last_day": [on]})
    return _ask("law_as_of.sql", AS_OF, events=events)


def against_events(events: pl.DataFrame) -> pl.DataFrame:
    """The provisions that somebody named, at each event: a frame of AS_OF. See `in_force`."""
    return in_force(events).filter(pl.col("relied_on_by").is_not_null())


def relied_on() -> pl.DataFrame:
    """For each reliance: was the provision in force for all of the acts, and what stays open.

    The columns of RELIANCES with `provision` (the paragraph that may be meant), `first_from`,
    `first_how`, `days_of_acts`, `days_in_force`, `days_before` it was, `months_before` (full ones),
    `changed_on` (list of dates), `open_en` and `open_ko` (null where nothing does).
    """
    return _ask("law_relied_on.sql", None)


def _events(events: pl.DataFrame) -> pl.DataFrame:
    for name in ("date", "event_en"):
        if name not in events.columns:
            raise InputError(f"The events have no column {name}.")
    first = (pl.col("date") + "-01-01").str.head(10).str.to_date("%Y-%m-%d", strict=False)
    length = pl.col("date").str.len_chars()
    last = (
        pl.when(length == 4)
        .then(first.dt.offset_by("1y").dt.offset_by("-1d"))
        .when(length == 7)
        .then(first.dt.month_end())
        .otherwise(first)
    )
    rows = events.select(
        pl.format("{} {}", "date", "event_en").alias("id"), first_day=first, last_day=last
    )
    _refuse(rows, "the events", pl.col("first_day").is_null(), "its date isn't one")
    return rows


def _ask(
    name: str, schema: dict[str, type[pl.DataType]] | None, **frames: pl.DataFrame
) -> pl.DataFrame:
    tables = {"provisions": provisions(), "reliances": reliances(), **frames}
    with duckdb.connect() as db:
        for table, frame in tables.items():
            db.register("given", case.Stream(frame))
            db.execute(f"create table {table} as from given")
        found = read(db, query(name).sql)
    if schema is None:
        return found
    return found.select(pl.col(column).cast(kind) for column, kind in schema.items())


def _typed(folder: Traversable, name: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    rows = pl.read_csv((folder / name).read_bytes(), infer_schema=False)
    if rows.columns != list(schema):
        raise InputError(f"{name}: its columns must be {', '.join(schema)}.")
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
