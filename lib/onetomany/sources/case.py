"""Read the Korean case: its events, its figures and its claims, each row with its source.

Confidence: V2 means that two independent sources say it, V1 that one does, C that it is our
arithmetic on such figures. These files contain nothing from memory alone.
"""

from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable

import duckdb
import polars as pl

from onetomany.errors import OneToManyError
from .tables import read_columns, refuse_rows

DATA = resources.files("onetomany.sources") / "data" / "cases" / "incheon"
CONFIDENCES = ("V2", "V1", "C")
_DATE_LENGTH = {"day": 10, "month": 7, "year": 4}

Schema = dict[str, type[pl.DataType]]

_SOURCED: Schema = {"publisher": pl.String, "url": pl.String, "confidence": pl.String}

TIMELINE: Schema = {
    "date": pl.String,  # as precise as the source: 2021-10-20, 2021-10 or 2021
    "date_precision": pl.String,  # day, month, year
    "strand": pl.String,  # law, project, disclosure, oversight, court
    "event_en": pl.String,
    "event_ko": pl.String,
    "document_date": pl.String,  # of the cited document; null if unknown
    # the day on which the public could read it; null if only a later report was found, which
    # doesn't show when it came out
    "disclosure_date": pl.String,
    **_SOURCED,
}
NUMBERS: Schema = {
    **dict.fromkeys(("id", "what_en", "what_ko"), pl.String),
    "value": pl.Int64,
    "unit": pl.String,  # records, passengers, arrivals, days, KRW, firms, consortia
    "as_of": pl.String,  # when it was said
    **dict.fromkeys(("period_start", "period_end"), pl.Date),  # that the figure covers, if known
    "said_by": pl.String,
    **_SOURCED,
    "input": pl.String,  # which input of the reckoner it is; null for most
}
STATEMENTS: Schema = {
    **dict.fromkeys(("claim_id", "subject", "attribute"), pl.String),
    # a number, a pair of dates or a few words, as `unit` says; then the value in words
    **dict.fromkeys(("value", "unit", "value_en", "value_ko"), pl.String),
    **dict.fromkeys(("as_of", "said_by", "said_by_ko", "document_en", "doc_date"), pl.String),
    "url": pl.String,
    "stance": pl.String,  # asserts, denies, partly, refines, extends, plans, implies
    "contradicts": pl.String,  # claim_ids, separated by semicolons
    **dict.fromkeys(("conflict_en", "conflict_ko"), pl.String),  # how they differ
    "confidence": pl.String,
}


def case_timeline(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the events in order (TIMELINE), with `when`, the first day each may mean."""
    first_day = (pl.col("date") + "-01-01").str.head(10)
    frame = _read(folder, "events.csv", TIMELINE).with_columns(
        when=first_day.str.to_date("%Y-%m-%d", strict=False)
    )
    fits = pl.any_horizontal(
        (pl.col("date_precision") == precision) & (pl.col("date").str.len_chars() == length)
        for precision, length in _DATE_LENGTH.items()
    )
    why = "its date isn't a date, or has another precision than it states"
    refuse_rows(frame, pl.col("when").is_null() | ~fits, "events.csv", why)
    for name in ("document_date", "disclosure_date"):
        other = pl.col(name).str.contains(r"^\d{4}(-\d\d){0,2}$")
        refuse_rows(frame, ~other, "events.csv", f"its {name} isn't a date")
    # an event known only by its month comes after the dated ones of that month
    last_day = pl.when(date_precision="month").then(pl.col("when").dt.month_end())
    return frame.sort(last_day.otherwise("when"), maintain_order=True)


def case_numbers(folder: Traversable = DATA) -> pl.DataFrame:
    """Return every figure of the case, one a row, with its unit and period (NUMBERS).

    >>> round(records_per_passenger(case_numbers()), 2)
    2.86
    """
    frame = _read(folder, "numbers.csv", NUMBERS)
    refuse_rows(frame, pl.col("value").is_null(), "numbers.csv", "it has no value")
    refuse_rows(frame, pl.col("id").is_duplicated(), "numbers.csv", "its id is used twice")
    return frame


def case_claims(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the claims: speaker, value, date, document, and contradicted claims (STATEMENTS)."""
    frame = _read(folder, "statements.csv", STATEMENTS)
    known = frame["claim_id"].to_list()
    stray = pl.col("contradicts").str.split(";").list.eval(~pl.element().is_in(known)).list.any()
    refuse_rows(frame, stray, "statements.csv", "it contradicts a claim that isn't there")
    return frame


def claim_words(claims: pl.DataFrame) -> dict[str, str]:
    """Return the Korean of each speaker and statement of `case_claims`, by its English.

    >>> claim_words(case_claims())["PIPC"]
    '개인정보보호위원회'
    """
    pairs = (("said_by", "said_by_ko"), ("value_en", "value_ko"))
    return {en: ko for pair in pairs for en, ko in claims.select(pair).iter_rows() if en and ko}


def figure_value(figures: pl.DataFrame, row: str) -> float:
    """Return the value of one row of `case_numbers`, by its id."""
    return float(_row(figures, row)["value"].item())


def records_given(figures: pl.DataFrame) -> float:
    """Return the records of Koreans and of foreigners together, as disclosed."""
    return figure_value(figures, "koreans_records") + figure_value(figures, "foreigners_records")


def records_per_passenger(figures: pl.DataFrame) -> float:
    """Return records over passengers: right arithmetic, but the two count different things."""
    return records_given(figures) / figure_value(figures, "passengers_claimed")


def passengers_in_window(figures: pl.DataFrame) -> pl.DataFrame:
    """Return Incheon's passengers in the period of `passengers_claimed` (`_cut_to_window`)."""
    return _yearly_within(figures, "passengers", "passengers_claimed")


def arrivals_in_window(figures: pl.DataFrame) -> pl.DataFrame:
    """Return foreign arrivals at all ports in the foreigners' window (`_cut_to_window`)."""
    return _yearly_within(figures, "arrivals", "foreigners_records")


def records_per_arrival(figures: pl.DataFrame) -> float:
    """Return foreigners' records over foreign arrivals in the same window."""
    arrivals = float(arrivals_in_window(figures)["counted"].sum())
    return figure_value(figures, "foreigners_records") / arrivals


def passengers_a_day(figures: pl.DataFrame, year: int) -> float:
    """Return Incheon's passengers a day in a year, domestic flights and transfers included."""
    row = _row(figures, f"passengers_{year}")
    days = row.select((pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1).item()
    return float(row["value"].item() / days)


def _cut_to_window(yearly: pl.DataFrame, start: date, end: date) -> pl.DataFrame:
    """Return yearly counts cut to a window, each year's spread evenly over its days.

    Columns: id, value, `share` (of the year's days that are in the window), `counted`, url.
    Years wholly outside are left out.
    """
    first, last = pl.col("period_start"), pl.col("period_end")
    inside = pl.min_horizontal(last, pl.lit(end)) - pl.max_horizontal(first, pl.lit(start))
    share = (inside.dt.total_days() + 1) / ((last - first).dt.total_days() + 1)
    cut = yearly.with_columns(share=share).filter(pl.col("share") > 0)
    return cut.select("id", "value", "share", counted=pl.col("value") * pl.col("share"), url="url")


def query_frames(query: str, **frames: pl.DataFrame) -> pl.DataFrame:
    """Return the result of a SQL query over frames, each a table named by its keyword.

    >>> query_frames("select max(n) as most from t", t=pl.DataFrame({"n": [1, 3]}))["most"].item()
    3
    """
    with duckdb.connect() as db:
        for name, frame in frames.items():
            db.register(name, ArrowStream(frame))
        found = db.sql(query)
        return pl.DataFrame(found.fetchall(), schema=found.columns, orient="row")


class ArrowStream:
    """A frame as an Arrow stream; for the frame itself DuckDB would need pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def count_in_korean(count: float) -> str:
    """Return a count in Korean units, in whole 만 (10,000).

    >>> count_in_korean(177_600_000)
    '1억 7,760만'
    """
    eok, man = divmod(round(count / 10_000), 10_000)
    return " ".join([f"{eok}억"] * bool(eok) + [f"{man:,}만"] * bool(man)) or "0"


def _yearly_within(figures: pl.DataFrame, kind: str, row: str) -> pl.DataFrame:
    """Return the yearly rows of a kind, `<kind>_<year>`, cut to the period of another row."""
    start, end = _row(figures, row).select("period_start", "period_end").row(0)
    yearly = figures.filter(pl.col("id").str.contains(rf"^{kind}_\d{{4}}$"))
    return _cut_to_window(yearly, start, end)


def _row(figures: pl.DataFrame, row: str) -> pl.DataFrame:
    found = figures.filter(pl.col("id") == row)
    if found.height != 1:
        raise OneToManyError(f"numbers.csv has no row '{row}'; its ids are in its first column.")
    return found


def _read(folder: Traversable, name: str, columns: Schema) -> pl.DataFrame:
    # read as text first, so that a wrong number or date is refused with its row, not by polars
    raw = read_columns(folder, name, list(columns), infer_schema=False)
    frame = raw.with_columns(_parsed(column, kind) for column, kind in columns.items())
    for column in columns:
        lost = raw[column].is_not_null() & frame[column].is_null()
        refuse_rows(frame, pl.lit(lost), name, f"its {column} can't be read")
    no_source = ~pl.col("url").fill_null("").str.contains(r"^https?://\S+$")
    refuse_rows(frame, no_source, name, "it has no source (url)")
    no_confidence = ~pl.col("confidence").fill_null("").is_in(CONFIDENCES)
    refuse_rows(frame, no_confidence, name, f"its confidence isn't one of {', '.join(CONFIDENCES)}")
    return frame


def _parsed(column: str, kind: type[pl.DataType]) -> pl.Expr:
    cell = pl.col(column)
    if kind is pl.Date:
        return cell.str.to_date("%Y-%m-%d", strict=False)
    return cell.cast(pl.Int64, strict=False) if kind is pl.Int64 else cell
