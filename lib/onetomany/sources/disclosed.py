"""Read tables of face searches disclosed abroad, each with its sheet and its gaps.

Massachusetts: the log of face searches that police and other agencies asked of the Registry of
Motor Vehicles, 2016 to 2019. Great Britain: live facial recognition at the port of Holyhead, and
other deployments that police forces reported. These are not Korea's figures. The files name the
agencies that asked, not their officers.
"""

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from onetomany.errors import OneToManyError
from .sheet_fields import sourced, toml_content
from .tables import read_columns, refuse_rows

DATA = resources.files("onetomany.sources") / "data" / "disclosed"
TABLES = ("massachusetts", "holyhead", "reported")

Schema = dict[str, type[pl.DataType]]

LOG: Schema = {
    "place": pl.Int64,  # the row's position in the log, from 1
    "number": pl.Int64,  # its running number, from 1 in each year; null if none is written
    **dict.fromkeys(("year", "month"), pl.Int64),
    # as written
    **dict.fromkeys(("day", "agency", "level", "method"), pl.String),
    **dict.fromkeys(("images_searched", "matches_returned", "photo_array"), pl.String),
    "month_marked": pl.String,  # the log's remark on a month without entries
}
# `body` is null if no agency is meant
AGENCIES: Schema = dict.fromkeys(("as_written", "body", "why"), pl.String)
DEPLOYMENTS: Schema = {
    "deployment": pl.Int64,
    "place": pl.String,
    **dict.fromkeys(("first_day", "last_day"), pl.Date),
    "time": pl.String,
    "cameras": pl.Int64,
    "watchlist": pl.Int64,  # faces on the list
    "threshold": pl.Float64,
    "faces": pl.Int64,  # as counted by the system
    **dict.fromkeys(("alerts", "true_alerts", "interventions"), pl.Int64),
    **dict.fromkeys(("false_alerts", "false_interventions"), pl.Int64),
    "arrests": pl.Int64,  # or other disposals
}
REPORTED: Schema = {
    **dict.fromkeys(("id", "force", "event_en", "event_ko"), pl.String),
    **dict.fromkeys(("first_day", "last_day"), pl.Date),
    **dict.fromkeys(("deployments", "watchlist", "faces"), pl.Int64),
    # null if it wasn't reported
    **dict.fromkeys(("alerts", "true_alerts", "false_alerts", "arrests"), pl.Int64),
    **dict.fromkeys(("said_by", "publisher", "url"), pl.String),
    "confidence": pl.String,  # V2: two sources; V1: one
    "note": pl.String,
}
PUBLISHED: Schema = {
    **dict.fromkeys(("id", "table", "what_en", "what_ko"), pl.String),
    "stated": pl.String,  # as its source puts it
    **dict.fromkeys(("low", "high"), pl.Float64),  # the range that its rounding allows
    "parts": pl.String,  # figures of the same source that should add up to it
    **dict.fromkeys(("publisher", "url"), pl.String),
}

SEARCH, NO_IMAGE, PHOTO_ARRAY, NOT_FILLED = "search", "no image", "photo array", "not filled"
KINDS = (SEARCH, PHOTO_ARRAY, NO_IMAGE, NOT_FILLED)
LEVELS = ("Local", "State", "Federal", "Out of state", "Several", "Not stated")
LOST = "LOST LOG"
_NO_COUNT = "its figures can't be counts"


@dataclass(frozen=True)
class DisclosedSheet:
    """A table's source and terms."""

    publisher: str
    title: str
    url: str
    date: str
    licence: str
    credit: str
    retrieved: str
    read: str
    limits: str


def disclosed_sheet(table: str, folder: Traversable = DATA) -> DisclosedSheet:
    """Return the sheet of a table, one of TABLES. Raises OneToManyError if a field is empty."""
    entry = toml_content(folder, "sheets.toml").get(table, {})
    return sourced(DisclosedSheet, entry, "sheets.toml", f"the table '{table}'")


def log(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the log of Massachusetts as written: 612 rows with the columns of LOG.

    It includes the rows about months without entries.
    """
    frame = read_columns(folder, "massachusetts.csv", LOG)
    bad = ~pl.col("month").is_between(1, 12) | pl.col("year").is_null()
    refuse_rows(frame, bad, "massachusetts.csv", _NO_COUNT)
    return frame


def massachusetts(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the 608 entries of the log of Massachusetts, one a row.

    Columns `place`, `number`, `date` (null if no single day is written), `month` (its first
    day), `agency` (as written), `body` (spellings and units of one agency together, as
    agencies.csv has it; null if none is named), `level` (of LEVELS), `method` (as written),
    `images_searched`, `matches_returned` (null if blank or illegible), `photo_array` (as
    written) and `kind`: 'search' (one image or more), 'no image' (0), 'photo array' (no number,
    but a mark there), 'not filled' (no number and no mark).
    """
    names = read_columns(folder, "agencies.csv", AGENCIES)
    out = pl.col("level").str.contains(r"^Out.of.State")
    images = pl.col("images_searched")
    return (
        log(folder)
        .filter(pl.col("month_marked").is_null())
        .join(names, left_on="agency", right_on="as_written", how="left")
        .with_columns(
            pl.col("images_searched", "matches_returned").cast(pl.Int64, strict=False),
            body=pl.when(pl.col("agency").is_in(names["as_written"].to_list()))
            .then("body")
            .otherwise("agency"),
            date=pl.date("year", "month", pl.col("day").cast(pl.Int64, strict=False)),
            month=pl.date("year", "month", 1),
            level=pl.when(out)
            .then(pl.lit("Out of state"))
            .when(pl.col("level") == "Combined Agencies")
            .then(pl.lit("Several"))
            .when(pl.col("level").is_in(LEVELS))
            .then("level")
            .otherwise(pl.lit("Not stated")),
        )
        .with_columns(
            kind=pl.when(images >= 1)
            .then(pl.lit(SEARCH))
            .when(images == 0)
            .then(pl.lit(NO_IMAGE))
            .when(pl.col("photo_array").is_not_null())
            .then(pl.lit(PHOTO_ARRAY))
            .otherwise(pl.lit(NOT_FILLED))
        )
        .select(
            *("place", "number", "date", "month", "agency", "body", "level", "method"),
            *("images_searched", "matches_returned", "photo_array", "kind"),
        )
        .sort("place")
    )


def months(folder: Traversable = DATA) -> pl.DataFrame:
    """Return every month in the log: `month` (its first day) and `marked`.

    `marked` is null, or the log's remark on a month without entries: 'LOST LOG', 'No logs exist',
    'No logs.'.
    """
    monthly = log(folder).group_by(month=pl.date("year", "month", 1))
    return monthly.agg(marked=pl.col("month_marked").drop_nulls().first()).sort("month")


def holyhead(folder: Traversable = DATA) -> pl.DataFrame:
    """Return live facial recognition at the port of Holyhead, November 2025 (DEPLOYMENTS)."""
    frame = read_columns(folder, "holyhead.csv", DEPLOYMENTS)
    refuse_rows(frame, _odd_alerts(), "holyhead.csv", _NO_COUNT)
    return frame


def reported(folder: Traversable = DATA) -> pl.DataFrame:
    """Return other British deployments or periods as reported, one a row (REPORTED).

    A figure that wasn't reported is null, never 0. Two rows may report one event. The rows are not
    a sample of all deployments.
    """
    frame = read_columns(folder, "reported.csv", REPORTED)
    # a contradiction within a source is kept: only impossible counts are refused
    negative = pl.any_horizontal(pl.col("alerts", "false_alerts", "faces") < 0)
    refuse_rows(frame, negative, "reported.csv", _NO_COUNT)
    return frame


def published_totals(folder: Traversable = DATA) -> pl.DataFrame:
    """Return totals and shares that sources state about these tables (PUBLISHED)."""
    return read_columns(folder, "published.csv", PUBLISHED)


def disclosed_gaps(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the gaps of the tables, one a row.

    Columns `table`, `rows` (months, entries or rows; null if they can't be counted), `where`
    (months, or positions in the log, as text), `what_en`, `what_ko`.
    """
    found = _found(folder)
    entries = []
    for gap in toml_content(folder, "sheets.toml")["gaps"]:
        if gap["find"] != "untold" and gap["find"] not in found:
            raise OneToManyError(f"sheets.toml: nothing counts the gap '{gap['find']}'.")
        where = found.get(gap["find"])
        counted = (None, None) if where is None else (len(where), ", ".join(where))
        entries.append((gap["table"], *counted, gap["what_en"], gap["what_ko"]))
    schema = {"table": pl.String, "rows": pl.Int64, "where": pl.String, "what_en": pl.String}
    return pl.DataFrame(entries, schema=schema | {"what_ko": pl.String}, orient="row")


def _found(folder: Traversable) -> dict[str, list[str]]:
    """Return the place of each countable gap: months, positions in the log, or ids."""
    entries, marked, told = massachusetts(folder), months(folder), reported(folder)
    month = marked.select(pl.col("month").dt.strftime("%Y-%m"), "marked")
    alike = ["date", "body", "images_searched", "matches_returned"]
    numbers = entries.group_by(pl.col("month").dt.year()).agg(
        pl.int_range(pl.col("number").min(), pl.col("number").max() + 1).alias("all"), "number"
    )
    left = pl.col("all").list.set_difference("number")
    skipped = numbers.sort("month").select("month", left=left).explode("left", empty_as_null=False)

    def places(keep: pl.Expr) -> list[str]:
        return entries.filter(keep)["place"].cast(pl.String).to_list()

    def untold(column: str) -> list[str]:
        return told.filter(pl.col(column).is_null())["id"].to_list()

    return {
        "lost": month.filter(marked=LOST)["month"].to_list(),
        "no_log": month.filter(pl.col("marked") != LOST)["month"].to_list(),
        "photo_arrays": places(pl.col("kind") == PHOTO_ARRAY),
        "not_filled": places(pl.col("kind") == NOT_FILLED),
        "no_image": places(pl.col("kind") == NO_IMAGE),
        "no_matches": places((pl.col("kind") == SEARCH) & pl.col("matches_returned").is_null()),
        "no_agency": places(pl.col("body").is_null()),
        "no_day": places(pl.col("date").is_null()),
        "unnumbered": places(pl.col("number").is_null()),
        "skipped": [f"{year}: {number}" for year, number in skipped.iter_rows()],
        "repeated": places((pl.col("kind") == SEARCH) & ~pl.struct(alike).is_first_distinct()),
        "no_false": untold("false_alerts"),
        "no_faces": untold("faces"),
        "no_watchlist": untold("watchlist"),
        "no_alerts": untold("alerts"),
    }


def _odd_alerts() -> pl.Expr:
    return (pl.col("true_alerts") + pl.col("false_alerts") != pl.col("alerts")) | (
        pl.col("alerts") > pl.col("faces")
    )
