"""The ledger of claims: who said what of which thing, when, where it stands, and what was answered.

A claim is one statement brought into a form that a query can compare. The statements of the Korean
case are those of `sources.case.claims`; how each was read, one proposition a row, stands in
`data/propositions.csv` with what is doubtful in the reading. Comparing is then SQL alone, in
`sql/`, which any DuckDB can run on a case file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb
import polars as pl

from ..documents.case_file import read
from ..documents.plain import decode
from ..errors import InputError
from ..mentions import quantities
from ..mentions.tagger import bodies
from ..sources import case
from ..sources.files import read_received

DATA = resources.files("onetomany.claims") / "data"
SQL = resources.files("onetomany.claims") / "sql"
EXTRACTOR, VERSION = "propositions", 1
LARGEST = 64 << 20  # bytes of a ledger: some 200,000 claims

# the table `claims` of a case file; schema.sql says what each column means
LEDGER = {
    "claim_id": pl.String,
    "subject": pl.String,
    "attribute": pl.String,
    # of a number its normal form, 'over 57640000'; of a window '2005-03/2021-10', either end may be
    # missing; of words one of few: yes, no, a place from large to small, fields parted by '; '
    "value": pl.String,
    "number": pl.Float64,
    "unit": pl.String,  # a key of quantities.UNITS, or date, dates, place, answer, fields
    "as_of": pl.String,
    "period_start": pl.Date,  # the time that is spoken of; null where the claim names none
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
    "reply": pl.String,  # what the other side said to it
    "confidence": pl.String,
    "extractor": pl.String,
    "version": pl.Int64,
}
LINKS = {"from_id": pl.String, "kind": pl.String, "to_id": pl.String}
WORDS = ("date", "dates", "place", "answer", "fields")
_NUMBER = r"^(?:(?:about|nearly|over|at least|up to|under|several) )?(\d+(?:\.\d+)?)$"
_PARTIAL = r"^\d{4}(?:-\d\d){0,2}$"


@dataclass(frozen=True)
class Query:
    """One question in SQL: its name, titles, the tables that it needs, and the text itself."""

    name: str
    title_en: str
    title_ko: str
    needs: str
    sql: str


def ledger(folder: Traversable = DATA) -> pl.DataFrame:
    """Return the case's claims, passengers and arrivals in comparable form: a frame of LEDGER.

    Raises InputError where a proposition names a statement that isn't there, or has a value that
    doesn't fit its unit.
    """
    rows = pl.read_csv((folder / "propositions.csv").read_bytes(), infer_schema=False)
    said = case.claims().rename({"claim_id": "statement", "value": "as_written", "unit": "of"})
    said = said.drop("subject", "attribute")
    _refuse(rows, pl.col("claim_id").is_duplicated(), "its claim_id is used twice")
    _refuse(
        rows,
        pl.any_horizontal(~pl.col("statement", "reply").is_in(said["statement"].to_list())),
        "it names a statement that isn't in claims.csv",
    )
    is_word = pl.col("unit").is_in(WORDS)
    _refuse(rows, ~is_word & ~pl.col("value").str.contains(_NUMBER), "its value isn't a number")
    ends = (
        pl.col("value")
        .str.split("/")
        .list.eval(pl.element().str.contains(_PARTIAL) | (pl.element() == ""))
    )
    dates = pl.col("unit").is_in(["date", "dates"])
    _refuse(rows, dates & ~ends.list.all(), "its value isn't a date or two")
    answers = said.select(
        reply="statement", answer=pl.format("{}, {}: {}", "statement", "said_by", "value_en")
    )
    joined = rows.join(said, on="statement", how="left", maintain_order="left").join(
        answers, on="reply", how="left", maintain_order="left"
    )
    claims = joined.with_columns(
        number=pl.col("value").str.extract(_NUMBER).cast(pl.Float64),
        # a window is itself the time that it speaks of
        period_start=_day(pl.coalesce("period", pl.when(unit="dates").then("value")), 0),
        period_end=_day(pl.coalesce("period", pl.when(unit="dates").then("value")), -1),
        source=pl.col("document_en"),
        source_url=pl.col("url"),
        document_date=pl.coalesce("document_date", "doc_date"),
        disclosure_date=pl.col("doc_date"),
        reply=pl.col("answer"),
        quote=pl.lit(None),
    )
    return pl.concat([_finished(claims), _figures()])


def readings(folder: Traversable = DATA) -> pl.DataFrame:
    """What is doubtful in how a statement was read: claim_id, statement, reading; doubts only."""
    rows = pl.read_csv((folder / "propositions.csv").read_bytes(), infer_schema=False)
    return rows.select("claim_id", "statement", "reading").drop_nulls("reading")


def links(folder: Traversable = DATA) -> pl.DataFrame:
    """Which subject is part of which, and what comes before what: a frame of LINKS."""
    return pl.read_csv((folder / "order.csv").read_bytes(), infer_schema=False)


def topics() -> pl.DataFrame:
    """The questions that claims answer differently, in words: subject, attribute, and in both."""
    return pl.read_csv((DATA / "topics.csv").read_bytes(), infer_schema=False)


def speaker_kinds(names: list[str]) -> dict[str, str]:
    """Return what each speaker is: official, press, civic or other.

    By `data/speakers.csv`, else by the name in `data/bodies.csv`; who is in neither is other.
    """
    rows = pl.read_csv((DATA / "speakers.csv").read_bytes(), infer_schema=False)
    listed = dict(rows.iter_rows())
    public = {"ministry", "agency", "government", "parliament", "court"}
    public.add("foreign or international body")
    known: dict[str, str] = {}
    for body in bodies().iter_rows(named=True):
        kind = "official" if body["kind"] in public else body["kind"]
        for name in (body["name_en"], body["name_ko"], *(body["aliases"] or "").split("|")):
            known[_plain(name or "")] = kind if kind in ("official", "press", "civic") else "other"
    return {name: listed.get(name) or known.get(_plain(name), "other") for name in names}


def _plain(name: str) -> str:
    return re.sub(r"^the|[^a-z0-9가-힣]", "", name.lower())


def check_ledger(claims: pl.DataFrame) -> pl.DataFrame:
    """Return a reader's own claims in the columns of LEDGER; absent ones are filled with null.

    57,600,000, 57.6 million and 5,760만 are one number, and `value` then is its normal form.

    Raises InputError, with the claim and its row, where one of claim_id, subject, attribute, value,
    unit or said_by is absent or empty, a claim_id comes twice, or a value is none of its kind.
    """
    needed = ("claim_id", "subject", "attribute", "value", "unit", "said_by")
    absent = [name for name in needed if name not in claims.columns]
    if absent:
        raise InputError(f"The claims have no column {absent[0]}: the ledger needs it.")
    claims = claims.with_columns(pl.col(name).cast(pl.String) for name in needed)
    for name in needed:
        empty = pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")
        _refuse(claims, empty, f"its {name} is empty")
    _refuse(claims, pl.col("claim_id").is_duplicated(), "its claim_id is used twice")
    claims = _with_numbers(claims)
    for name, kind in LEDGER.items():
        if kind != pl.String and name in claims.columns:
            lost = pl.col(name).is_not_null() & pl.col(name).cast(kind, strict=False).is_null()
            shown = pl.format("its {} can't be read: '{}'", pl.lit(name), pl.col(name))
            _refuse(claims, lost, shown)
    return _finished(claims)


def _with_numbers(claims: pl.DataFrame) -> pl.DataFrame:
    """Return claims with the normal forms of their numbers; dates must be dates."""
    ends = (
        pl.col("value")
        .str.split("/")
        .list.eval(pl.element().str.contains(_PARTIAL) | (pl.element() == ""))
    )
    dates = pl.col("unit").is_in(["date", "dates"])
    form = pl.format("its value '{}' isn't a date: write 2019-04-30, 2019-04 or 2019", "value")
    _refuse(claims, dates & ~ends.list.all(), form)
    read = [
        (None if unit in WORDS else _normal_number(value, unit))
        for value, unit in claims.select("value", "unit").iter_rows()
    ]
    numbers = pl.Series("normal", read, dtype=pl.String)
    form = pl.format(
        "its value '{}' can't be read as a number of {}: write 57600000, 57.6 million or 5,760만",
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
    """Return 'over 57640000' for 57,640,000 or 5,764만여; None where it is no number of `unit`."""
    text = re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?:\D|$))", "", value.strip())
    if re.match(_NUMBER, text):
        return text
    # a number alone is no quantity in a text, but is one in a column of numbers
    for ending in ("", "건", " records"):
        try:
            found = quantities.read(text + ending)
        except InputError:
            continue
        if not ending and found.unit and found.unit != unit:
            return None
        digits = str(found.value) if isinstance(found.value, int) else f"{found.value:f}"
        return f"{found.approximation} {digits}" if found.approximation else digits
    return None


def read_ledger(file: Path) -> pl.DataFrame:
    """Read a reader's own claims from a CSV file: a frame of LEDGER, see `check_ledger`.

    The file may be somebody else's: it is read as text in UTF-8, and no formula is followed.

    Raises InputError where it can't be read, is too large or in another encoding, or a value is
    none of its column's kind.
    """
    content = read_received(file, LARGEST)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        _, encoding, _ = decode(content)
        raise InputError(
            f"{file} is not in UTF-8 but, by its bytes, {encoding}: save it as 'CSV UTF-8'."
        ) from None
    try:
        told = pl.read_csv(content, infer_schema=False)
        return check_ledger(told)
    except pl.exceptions.PolarsError as error:
        why = str(error).splitlines()[0]
        raise InputError(f"{file} can't be read as a ledger of claims: {why}.") from error
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def load(db: duckdb.DuckDBPyConnection, claims: pl.DataFrame, relations: pl.DataFrame) -> int:
    """Put claims (LEDGER) and links (LINKS) into a case file; those of the same ids are replaced.

    Returns how many claims the case file then holds. Needs a connection that may write.
    """
    rows = check_ledger(claims)
    names = list(LEDGER)
    marks = ", ".join(f"unnest(${name})" for name in names)
    db.begin()
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
    db.commit()
    held = db.execute("select count(*) from claims").fetchone()
    return int(held[0]) if held else 0


def queries() -> list[Query]:
    """The arithmetic checks of `sql/checks`, by name."""
    found = sorted((SQL / "checks").iterdir(), key=lambda file: file.name)
    return [query(f"checks/{file.name}") for file in found if file.name.endswith(".sql")]


def query(name: str) -> Query:
    """A question of `sql/`, such as 'contradictions.sql', with the titles in its first lines.

    Raises InputError where there is none of that name, or it doesn't say what it is.
    """
    file = SQL.joinpath(*name.split("/"))
    if not file.is_file():
        raise InputError(f"There is no query {name}: see onetomany/claims/sql.")
    text = file.read_text(encoding="utf-8")
    said = dict(re.findall(r"^-- (title_en|title_ko|needs): (.+)$", text, re.MULTILINE))
    if len(said) < 3:
        raise InputError(f"{name} must begin with lines title_en, title_ko and needs.")
    short = name.rpartition("/")[2].removesuffix(".sql")
    return Query(short, said["title_en"], said["title_ko"], said["needs"], text)


def ask(
    question: Query, claims: pl.DataFrame, relations: pl.DataFrame, *, tolerance: float = 0.0
) -> pl.DataFrame:
    """What a query of `sql/` finds in claims (LEDGER) and links (LINKS)."""
    settings = pl.DataFrame({"tolerance": [float(tolerance)]})
    with duckdb.connect() as db:
        for name, frame in (("claims", claims), ("links", relations), ("settings", settings)):
            db.register("given", case.Stream(frame))
            db.execute(f"create table {name} as from given")
        return read(db, question.sql)


def _finished(claims: pl.DataFrame) -> pl.DataFrame:
    claims = claims.with_columns(
        pl.lit(None).alias(name) for name in LEDGER if name not in claims.columns
    )
    return claims.with_columns(
        extractor=pl.col("extractor").fill_null(EXTRACTOR),
        version=pl.col("version").fill_null(VERSION),
        stance=pl.col("stance").fill_null("asserts"),
    ).select(pl.col(name).cast(kind) for name, kind in LEDGER.items())


def _figures() -> pl.DataFrame:
    """Passengers and arrivals of the case as claims: what ratios are made of."""
    counts = case.numbers().filter(
        pl.col("id").str.contains(r"^(?:passengers|arrivals)_(?:\d{4}|claimed)$")
    )
    return _finished(
        counts.select(
            claim_id=pl.format("N.{}", "id"),
            subject=pl.col("id").str.replace("_", ", "),
            attribute=pl.lit("count"),
            value=pl.col("value").cast(pl.String),
            number=pl.col("value").cast(pl.Float64),
            unit=pl.col("unit"),
            as_of=pl.col("as_of"),
            period_start=pl.col("period_start"),
            period_end=pl.col("period_end"),
            said_by=pl.col("said_by"),
            source=pl.col("publisher"),
            source_url=pl.col("url"),
            document_date=pl.col("as_of"),
            disclosure_date=pl.col("as_of"),
            confidence=pl.col("confidence"),
        )
    )


def _day(interval: pl.Expr, end: int) -> pl.Expr:
    """The first or last day of '2019', '2019/2022' or '2017-04/'; null where it is open."""
    part = interval.str.split("/").list.get(end)
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
    """Raise InputError for the first row that is bad: its claim, its row in the file, the reason.

    The first row below the heads is row 2, as spreadsheets count.
    """
    reason = why if isinstance(why, pl.Expr) else pl.lit(why)
    rows = (
        frame.with_row_index("row", offset=2).filter(bad.fill_null(False)).with_columns(why=reason)
    )
    if rows.height:
        first = rows.row(0, named=True)
        raise InputError(f"Claim {first['claim_id']} (row {first['row']}): {first['why']}.")
