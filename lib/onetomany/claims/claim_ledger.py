"""Load, check and store claims: who said what, when, on which page, and the reply to it.

A claim is a statement in a form that a query can compare. `claims.csv` of a case folder has one a
row, with the doubts about its reading; the Incheon case also has the statements that they were
read from (`sources.case.case_claims`). The SQL in `sql/` compares claims; any DuckDB can run it on
a case file.
"""

from __future__ import annotations

import re
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb
import polars as pl

from onetomany.documents.case_file import transaction
from onetomany.errors import InputError
from onetomany.formats.plain import decode
from onetomany.mentions import quantities
from onetomany.mentions.tagger import load_bodies
from onetomany.sources import case
from onetomany.sources.files import read_received
from onetomany.sources.tables import read_texts, require_columns

DATA = case.DATA
EXTRACTOR, VERSION = "propositions", 1
LARGEST = 64 << 20  # bytes of a ledger: about 200,000 claims

# the table `claims` of a case file; schema.sql explains each column
LEDGER = {
    "claim_id": pl.String,
    "subject": pl.String,
    "attribute": pl.String,
    # a number in normal form, 'over 57640000'; a window of time '2005-03/2021-10', either end may
    # be missing; or words: yes, no, a place from large to small, fields separated by '; '
    "value": pl.String,
    "number": pl.Float64,
    "unit": pl.String,  # a key of quantities.UNITS, or date, dates, place, answer, fields
    "as_of": pl.String,
    "period_start": pl.Date,  # the time the claim is about; null if it names none
    "period_end": pl.Date,
    "said_by": pl.String,
    "stance": pl.String,
    "document": pl.String,
    "page": pl.Int64,
    "block": pl.Int64,
    "char_start": pl.Int64,
    "char_end": pl.Int64,
    "quote": pl.String,
    "source": pl.String,
    "source_url": pl.String,
    "event_date": pl.String,  # when it happened
    "document_date": pl.String,  # when it was written down
    "disclosure_date": pl.String,  # when the public could read it
    "reply": pl.String,  # the other side's answer
    "confidence": pl.String,
    "extractor": pl.String,
    "version": pl.Int64,
}
LINKS = {"from_id": pl.String, "kind": pl.String, "to_id": pl.String}
WORDS = ("date", "dates", "place", "answer", "fields")
_NUMBER = r"^(?:(?:about|nearly|over|at least|up to|under|several) )?(\d+(?:\.\d+)?)$"
_PARTIAL = r"^\d{4}(?:-\d\d){0,2}$"


def load_claims(folder: Traversable | str = DATA) -> pl.DataFrame:
    """Load a case's claims, passengers and arrivals: a frame of LEDGER.

    `folder` is a case folder; default: the Incheon case.

    Raises InputError as `check_ledger` does, or for a folder without claims.csv.

    >>> claims = load_claims()
    >>> claims.filter(claim_id="C26.1")["attribute"].item()
    'passed to firms'
    """
    folder = Path(folder) if isinstance(folder, str) else folder
    rows = check_ledger(read_texts(folder, "claims.csv"))
    return pl.concat([rows, counts_as_claims(case.case_numbers(folder))])


def doubtful_readings(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the readings that are doubtful: claim_id, statement, reading.

    >>> doubtful_readings().columns
    ['claim_id', 'statement', 'reading']
    """
    rows = read_texts(folder, "claims.csv")
    return rows.select("claim_id", "statement", "reading").drop_nulls("reading")


def load_links(folder: Traversable | str = DATA) -> pl.DataFrame:
    """Load the parts of subjects and the order of events: a frame of LINKS.

    >>> load_links().columns
    ['from_id', 'kind', 'to_id']
    """
    return read_texts(folder, "order.csv")


def load_topics(folder: Traversable = DATA) -> pl.DataFrame:
    """Load the names of the contested questions: subject, attribute, name in English and Korean.

    >>> load_topics().height
    17
    """
    return read_texts(folder, "topics.csv")


def load_case_bodies(folder: Traversable = DATA) -> pl.DataFrame:
    """Load who speaks in a case: name, kind, name_ko, role_en, role_ko, url.

    >>> "official" in load_case_bodies()["kind"].to_list()
    True
    """
    return read_texts(folder, "bodies.csv")


def speaker_kinds(names: list[str], listing: pl.DataFrame | None = None) -> dict[str, str]:
    """Return each speaker's kind: official, press, civic, company or other.

    `listing` (name, kind; default: the bodies of the Incheon case) decides first, then the list of
    bodies in `mentions`. A speaker in neither is 'other'.
    """
    rows = load_case_bodies() if listing is None else listing
    listed = dict(rows.select("name", "kind").iter_rows())
    public = {"ministry", "agency", "government", "parliament", "court"}
    public.add("foreign or international body")
    known: dict[str, str] = {}
    for body in load_bodies().iter_rows(named=True):
        kind = "official" if body["kind"] in public else body["kind"]
        for name in (body["name_en"], body["name_ko"], *(body["aliases"] or "").split("|")):
            known[_plain(name or "")] = kind if kind in ("official", "press", "civic") else "other"
    return {name: listed.get(name) or known.get(_plain(name), "other") for name in names}


def _plain(name: str) -> str:
    return re.sub(r"^the|[^a-z0-9가-힣]", "", name.lower())


def check_ledger(claims: pl.DataFrame) -> pl.DataFrame:
    """Check a reader's own claims and return them as a frame of LEDGER.

    Absent columns are filled with null. 57,600,000, 57.6 million and 5,760만 are the same number;
    `value` becomes its normal form.

    Raises InputError, with the claim and its row, if claim_id, subject, attribute, value, unit or
    said_by is absent or empty, if a claim_id occurs twice, or if a value doesn't fit its unit.

    >>> rows = {"claim_id": "X1", "subject": "photos", "attribute": "count", "value": "5,760만",
    ...         "unit": "records", "said_by": "Ministry of Justice"}
    >>> check_ledger(pl.DataFrame([rows]))["number"].item()
    57600000.0
    """
    needed = ("claim_id", "subject", "attribute", "value", "unit", "said_by")
    require_columns(claims, needed, "The claims")
    claims = claims.with_columns(pl.col(name).cast(pl.String) for name in needed)
    for name in needed:
        empty = pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")
        _refuse(claims, empty, f"its {name} is empty")
    _refuse(claims, pl.col("claim_id").is_duplicated(), "its claim_id is used twice")
    claims = _with_periods(_with_numbers(claims))
    for name, kind in LEDGER.items():
        if kind in (pl.Int64, pl.Float64) and name in claims.columns:
            lost = pl.col(name).is_not_null() & pl.col(name).cast(kind, strict=False).is_null()
            shown = pl.format("its {} can't be read: '{}'", pl.lit(name), pl.col(name))
            _refuse(claims, lost, shown)
    return _finished(claims)


def _with_periods(claims: pl.DataFrame) -> pl.DataFrame:
    """Return claims with the first and last day that each is about, from 'period' or a window."""
    # a window is itself the time that it speaks of
    window: pl.Expr = pl.when(unit="dates").then("value")
    if "period" in claims.columns:
        form = pl.format("its period '{}' isn't a time: write 2019, 2019-04 or 2019/2022", "period")
        _refuse(claims, ~_is_window(pl.col("period")), form)
        window = pl.coalesce("period", window)
    for name, end in (("period_start", 0), ("period_end", -1)):
        day = day_of_window(window, end)
        if name in claims.columns:
            given = pl.col(name).cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
            lost = pl.col(name).is_not_null() & given.is_null()
            _refuse(claims, lost, pl.format("its {} can't be read: '{}'", pl.lit(name), name))
            day = pl.coalesce(given, day)
        claims = claims.with_columns(day.alias(name))
    return claims


def _is_window(text: pl.Expr) -> pl.Expr:
    """Return whether a text is a date or two, each as precise as its source."""
    part = pl.element().str.contains(_PARTIAL) | (pl.element() == "")
    return text.str.split("/").list.eval(part).list.all()


def _with_numbers(claims: pl.DataFrame) -> pl.DataFrame:
    """Return claims with their numbers in normal form; refuse values that are not dates."""
    dates = pl.col("unit").is_in(["date", "dates"])
    form = pl.format("its value '{}' isn't a date: write 2019-04-30, 2019-04 or 2019", "value")
    _refuse(claims, dates & ~_is_window(pl.col("value")), form)
    read = [
        (None if unit in WORDS else _normal_number(value, unit))
        for value, unit in claims.select("value", "unit").iter_rows()
    ]
    numbers = pl.Series("normal", read, dtype=pl.String)
    form = pl.format(
        "its value '{}' isn't a number of {}: write 57600000, about 57.6 million, over 5,760만",
        "value",
        "unit",
    )
    rows = claims.with_columns(numbers)
    _refuse(rows, ~pl.col("unit").is_in(WORDS) & pl.col("normal").is_null(), form)
    number = pl.col("normal").str.extract(_NUMBER).cast(pl.Float64)
    if "number" in claims.columns:
        given = pl.col("number").cast(pl.Float64, strict=False)
        apart = (given - number).abs() > 1e-9 * number.abs()
        _refuse(rows, apart, pl.format("its number {} isn't its value '{}'", "number", "value"))
    return rows.with_columns(value=pl.coalesce("normal", "value"), number=number).drop("normal")


def _normal_number(value: str, unit: str) -> str | None:
    """Return 'over 57640000' for 57,640,000 or 5,764만여; None if it isn't a number of `unit`."""
    text = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?:\D|$))", "", value.strip())
    if re.match(_NUMBER, text):
        return text
    # in a text a bare number is not a quantity; in a column of numbers it is
    for ending in ("", "건", " records"):
        try:
            found = quantities.parse_quantity(text + ending)
        except InputError:
            continue
        if not ending and found.unit and found.unit != unit:
            return None
        digits = str(found.value) if isinstance(found.value, int) else f"{found.value:f}"
        return f"{found.approximation} {digits}" if found.approximation else digits
    return None


def read_ledger(file: Path) -> pl.DataFrame:
    """Read claims from a CSV file and check them (`check_ledger`): a frame of LEDGER.

    The file may come from somebody else: it is read as UTF-8 text, and formulas are not evaluated.

    Raises InputError if the file can't be read, is too large or in another encoding, or if a value
    doesn't fit its column.
    """
    content = read_received(file, LARGEST)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        _, encoding, _ = decode(content)
        raise InputError(
            f"{file} is not in UTF-8; its bytes look like {encoding}: save it as 'CSV UTF-8'."
        ) from None
    try:
        return check_ledger(pl.read_csv(content, infer_schema=False))
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise InputError(f"{file} can't be read as a ledger of claims: {why}.") from error
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def store_claims(
    db: duckdb.DuckDBPyConnection, claims: pl.DataFrame, relations: pl.DataFrame
) -> int:
    """Store claims (LEDGER) and links (LINKS) in a case file; return its number of claims.

    Claims and links with the same ids are replaced. `db` must be open for writing.
    """
    rows = check_ledger(claims)
    require_columns(relations, LINKS, "The links")
    names = list(LEDGER)
    marks = ", ".join(f"unnest(${name})" for name in names)
    with transaction(db):
        db.execute(
            "delete from claims where claim_id in (select unnest(?))", [rows["claim_id"].to_list()]
        )
        values = {name: rows[name].to_list() for name in names}
        db.execute(f"insert into claims ({', '.join(names)}) select {marks}", values)
        db.execute(
            "insert or replace into links "
            "(from_type, from_id, kind, to_type, to_id, extractor, version) "
            "select 'entity', unnest(?), unnest(?), 'entity', unnest(?), ?, ?",
            [*(relations[name].to_list() for name in LINKS), EXTRACTOR, VERSION],
        )
    held = db.execute("select count(*) from claims").fetchone()
    return int(held[0]) if held else 0


def _finished(claims: pl.DataFrame) -> pl.DataFrame:
    claims = claims.with_columns(
        pl.lit(None).alias(name) for name in LEDGER if name not in claims.columns
    )
    return claims.with_columns(
        extractor=pl.col("extractor").fill_null(EXTRACTOR),
        version=pl.col("version").fill_null(VERSION),
        stance=pl.col("stance").fill_null("asserts"),
    ).select(pl.col(name).cast(kind) for name, kind in LEDGER.items())


def counts_as_claims(numbers: pl.DataFrame) -> pl.DataFrame:
    """Return passengers and arrivals of a case as claims, for the checks of ratios.

    `numbers` are rows of `sources.case.NUMBERS`; those named passengers_YEAR, arrivals_YEAR,
    passengers_claimed and arrivals_claimed count.
    """
    counts = numbers.filter(
        pl.col("id").str.contains(r"^(?:passengers|arrivals)_(?:\d{4}|claimed)$")
    )
    return _finished(
        counts.select(
            pl.col("unit", "as_of", "period_start", "period_end", "said_by", "confidence"),
            claim_id=pl.format("N.{}", "id"),
            subject=pl.col("id").str.replace("_", ", "),
            attribute=pl.lit("count"),
            value=pl.col("value").cast(pl.String).str.strip_suffix(".0"),
            number=pl.col("value").cast(pl.Float64),
            source="publisher",
            source_url="url",
            document_date="as_of",
            disclosure_date="as_of",
        )
    )


def day_of_window(window: pl.Expr, end: int) -> pl.Expr:
    """Return the first (`end` 0) or last (-1) day of '2019', '2019/2022' or '2017-04/'.

    It is null if the window is open there, or no date can be read.
    """
    part = window.str.split("/").list.get(end)
    first = (part + "-01-01").str.head(10).str.to_date("%Y-%m-%d", strict=False)
    if end == 0:
        return first
    month = (part + "-01").str.to_date("%Y-%m-%d", strict=False).dt.month_end()
    return (
        pl.when(part.str.len_chars() == 4)
        .then((part + "-12-31").str.to_date("%Y-%m-%d", strict=False))
        .when(part.str.len_chars() == 7)
        .then(month)
        .otherwise(first)
    )


def _refuse(frame: pl.DataFrame, bad: pl.Expr, why: str | pl.Expr) -> None:
    """Raise InputError for the first bad row, with its claim, its row in the file and the reason.

    The first row below the header is row 2, as in a spreadsheet.
    """
    reason = why if isinstance(why, pl.Expr) else pl.lit(why)
    rows = (
        frame.with_row_index("row", offset=2).filter(bad.fill_null(False)).with_columns(why=reason)
    )
    if rows.height:
        first = rows.row(0, named=True)
        raise InputError(f"Claim {first['claim_id']} (row {first['row']}): {first['why']}.")
