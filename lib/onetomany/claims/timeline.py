"""Give events, claims and documents three dates: happened, written, disclosed.

The three are never substituted for one another. A date that the source doesn't state is null, and
drawn as unknown.
"""

import duckdb
import polars as pl

from onetomany.documents.case_file import query_frame
from onetomany.errors import InputError
from onetomany.sources.tables import require_columns
from .claim_queries import load_query, query_tables

THREE_DATES = {
    "kind": pl.String,  # event, claim, document, mention
    "id": pl.String,
    "what": pl.String,  # of an event in both languages, on two lines
    # 2021-10-20, 2021-10 or 2021, as precise as the source; null if it states none
    "event_date": pl.String,
    "document_date": pl.String,
    "disclosure_date": pl.String,
    "event_from": pl.Date,  # the days that the event may mean
    "event_to": pl.Date,
    "document_from": pl.Date,
    "disclosed_from": pl.Date,
    # from the event's last day to the day on which this source could be read; negative if it was
    # announced before, null if either is unknown. It doesn't say how long the public was kept in
    # the dark: somebody else may have said it earlier
    "days_later": pl.Int64,
    "url": pl.String,
}
_MENTIONED = r"""
-- a date may have its time of day: only the day counts here
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
    """Return the events of `sources.case` with their three dates: a frame of THREE_DATES."""
    return _dated(
        events.select(
            pl.col("document_date", "disclosure_date", "url"),
            kind=pl.lit("event"),
            id="date",
            what=pl.format("{}\n{}", "event_en", "event_ko"),
            event_date="date",
        )
    )


def of_claims(ledger: pl.DataFrame) -> pl.DataFrame:
    """Return claims (LEDGER), with speaker and statement, by their three dates: THREE_DATES.

    A claim's event is the one it is about; the date is null if it names no single time.
    """
    return _dated(
        ledger.select(
            pl.col("event_date", "document_date", "disclosure_date"),
            kind=pl.lit("claim"),
            id="claim_id",
            what=pl.format("{}: {}: {}: {}", "said_by", "subject", "attribute", "value"),
            url="source_url",
        )
    )


def of_documents(
    db: duckdb.DuckDBPyConnection, disclosed: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the documents of a case file with their dates: a frame of THREE_DATES.

    A document's date is the one its file states (`documents.created`), which may be wrong. No file
    states when it was disclosed: give `disclosed` (path, disclosure_date), or that date stays null.

    Raises InputError if `disclosed` lacks a column or names a path that isn't in the case file.
    """
    rows = query_frame(
        db,
        "select 'document' as kind, document as id, path as what, null::varchar as event_date, "
        "nullif(regexp_extract(created, '^\\d{4}(?:-\\d\\d){0,2}'), '') as document_date, path "
        "from documents",
    )
    known = pl.DataFrame(schema={"path": pl.String, "disclosure_date": pl.String})
    if disclosed is not None:
        require_columns(disclosed, known.columns, "The disclosed documents")
        known = disclosed.select(pl.col(known.columns).cast(pl.String))
        stray = known.join(rows, on="path", how="anti")
        if stray.height:
            raise InputError(
                f"The table of disclosure dates names {stray['path'][0]}, which isn't in the case "
                "file: give the path as the case file has it."
            )
    joined = rows.join(known, on="path", how="left").with_columns(url=pl.lit(None, pl.String))
    return _dated(joined.drop("path"))


def of_mentions(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return the dates that documents of a case file mention: a frame of THREE_DATES.

    There is one row per date and document. A document that mentions a day doesn't prove that
    anything happened on it: read the page. Dates without a year are left out.
    """
    rows = query_frame(db, _MENTIONED)
    return _dated(rows)


def _dated(items: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, kind in THREE_DATES.items() if kind is pl.String]
    rows = items.select(pl.col(texts).cast(pl.String))
    for name in ("event_date", "document_date", "disclosure_date"):
        bad = rows.filter(~pl.col(name).str.contains(_DATE).fill_null(True))
        if bad.height:
            raise InputError(f"{bad['id'][0]}: its {name}, {bad[name][0]}, isn't a date.")
    found = query_tables(load_query("three_dates.sql"), items=rows) if rows.height else rows.clear()
    if found.is_empty():
        return pl.DataFrame(schema=THREE_DATES)
    return found.select(pl.col(name).cast(kind) for name, kind in THREE_DATES.items())
