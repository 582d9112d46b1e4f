"""Three dates of everything: when it happened, when it was written down, when it came out.

They are never taken for one another. What a source doesn't say is null and drawn as unknown.
"""

from __future__ import annotations

import duckdb
import polars as pl

from ..documents.case_file import read
from ..errors import InputError
from ..sources import case
from .claim_ledger import query

THREE_DATES = {
    "kind": pl.String,  # event, claim, document, mention
    "id": pl.String,
    "what": pl.String,  # of an event in both languages, on two lines
    # 2021-10-20, 2021-10 or 2021, as precise as the source; null where it doesn't say
    "event_date": pl.String,
    "document_date": pl.String,
    "disclosure_date": pl.String,
    "event_from": pl.Date,  # the days that the event may mean
    "event_to": pl.Date,
    "document_from": pl.Date,
    "disclosed_from": pl.Date,
    # from the last day of the event to the day on which this source could be read; negative where
    # it was announced before, null where either isn't known. Not how long it was kept from the
    # public: somebody may have said it earlier
    "days_later": pl.Int64,
    "url": pl.String,
}
_MENTIONED = r"""
-- a date may carry its time of day: the day is what is asked for
with dated as (select * replace (split_part(normal, 'T', 1) as normal) from mentions)
select 'mention' as kind, normal || ' ' || left(document, 12) as id,
       name || ', p. ' || array_to_string(list_sort(list(distinct page)), ', ') as what,
       normal as event_date,
       any_value(nullif(regexp_extract(created, '^\d{4}(?:-\d\d){0,2}'), '')) as document_date,
       null::varchar as disclosure_date, null::varchar as url
from dated join documents using (document)
where kind = 'date' and normal not like '-%'
group by normal, document, name
"""
_DATE = r"^\d{4}(?:-\d\d){0,2}$"


def of_events(events: pl.DataFrame) -> pl.DataFrame:
    """The events of `sources.case.timeline`: a frame of THREE_DATES."""
    return _dated(
        events.select(
            kind=pl.lit("event"),
            id=pl.col("date"),
            what=pl.format("{}\n{}", "event_en", "event_ko"),
            event_date="date",
            document_date="document_date",
            disclosure_date="disclosure_date",
            url="url",
        )
    )


def of_claims(ledger: pl.DataFrame) -> pl.DataFrame:
    """The claims of a `claims.LEDGER`, each with what it says and who: a frame of THREE_DATES.

    A claim's event is what it speaks of; where it speaks of none at one time, its date is null.
    """
    return _dated(
        ledger.select(
            kind=pl.lit("claim"),
            id="claim_id",
            what=pl.format("{}: {} {} = {}", "said_by", "subject", "attribute", "value"),
            event_date="event_date",
            document_date="document_date",
            disclosure_date="disclosure_date",
            url="source_url",
        )
    )


def of_documents(
    db: duckdb.DuckDBPyConnection, disclosed: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The documents of a case file: a frame of THREE_DATES.

    A document's date is what the file says of itself (`documents.created`), which may be wrong.
    When it came out, no file says: give `disclosed` (path, disclosure_date), or it stays null.

    Raises InputError where `disclosed` lacks a column or names a path that isn't in the case file.
    """
    rows = read(
        db,
        "select 'document' as kind, document as id, path as what, null::varchar as event_date, "
        "nullif(regexp_extract(created, '^\\d{4}(?:-\\d\\d){0,2}'), '') as document_date, path "
        "from documents",
    )
    known = pl.DataFrame(schema={"path": pl.String, "disclosure_date": pl.String})
    if disclosed is not None:
        for name in known.columns:
            if name not in disclosed.columns:
                raise InputError(f"disclosed has no column {name}.")
        known = disclosed.select(pl.col(known.columns).cast(pl.String))
        stray = known.join(rows, on="path", how="anti")
        if stray.height:
            raise InputError(f"disclosed names {stray['path'][0]}, which isn't in the case file.")
    joined = rows.join(known, on="path", how="left").with_columns(url=pl.lit(None, pl.String))
    return _dated(joined.drop("path"))


def of_mentions(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The dates that the documents of a case file speak of: a frame of THREE_DATES.

    One row for each date and document. That a document names a day doesn't say that anything
    happened on it: read the page. A date without a year is left out.
    """
    rows = read(db, _MENTIONED)
    return _dated(rows)


def _dated(items: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, kind in THREE_DATES.items() if kind is pl.String]
    rows = items.select(pl.col(texts).cast(pl.String))
    for name in ("event_date", "document_date", "disclosure_date"):
        bad = rows.filter(~pl.col(name).str.contains(_DATE).fill_null(True))
        if bad.height:
            raise InputError(f"{bad['id'][0]}: its {name}, {bad[name][0]}, isn't a date.")
    found = case.ask(query("three_dates.sql").sql, items=rows) if rows.height else rows.clear()
    if found.is_empty():
        return pl.DataFrame(schema=THREE_DATES)
    return found.select(pl.col(name).cast(kind) for name, kind in THREE_DATES.items())
