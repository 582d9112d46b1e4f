"""Load the SQL questions of `sql/` and run them on frames of claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

import duckdb
import polars as pl

from onetomany.documents.case_file import query_frame
from onetomany.errors import InputError
from onetomany.sources import case
from onetomany.sources.tables import require_columns
from .claim_ledger import LEDGER, LINKS

SQL = resources.files("onetomany.claims") / "sql"


@dataclass(frozen=True)
class ClaimQuery:
    """A question in SQL: its name, titles, required tables, and text."""

    name: str
    title_en: str
    title_ko: str
    needs: str
    sql: str


def arithmetic_queries() -> list[ClaimQuery]:
    """Load the arithmetic checks of `sql/checks`, sorted by name."""
    found = sorted((SQL / "checks").iterdir(), key=lambda file: file.name)
    return [load_query(f"checks/{file.name}") for file in found if file.name.endswith(".sql")]


def load_query(name: str) -> ClaimQuery:
    """Load a question of `sql/`, such as 'contradictions.sql', with the titles in its first lines.

    Raises InputError if there is no such file, or if it lacks a title or the tables it needs.

    >>> load_query("contradictions.sql").name
    'contradictions'
    """
    file = SQL.joinpath(*name.split("/"))
    if not file.is_file():
        raise InputError(f"There is no query {name}: see onetomany/claims/sql.")
    text = file.read_text(encoding="utf-8")
    said = dict(re.findall(r"^-- (title_en|title_ko|needs): (.+)$", text, re.MULTILINE))
    if len(said) < 3:
        raise InputError(f"{name} must begin with lines title_en, title_ko and needs.")
    short = name.rpartition("/")[2].removesuffix(".sql")
    return ClaimQuery(short, said["title_en"], said["title_ko"], said["needs"], text)


def ask_claims(
    question: ClaimQuery, claims: pl.DataFrame, relations: pl.DataFrame, *, tolerance: float = 0.0
) -> pl.DataFrame:
    """Run a query of `sql/` on claims (LEDGER) and links (LINKS); return its result.

    Raises InputError for frames that lack a column of these.
    """
    require_columns(claims, LEDGER, "The claims (check_ledger fills columns that are absent)")
    require_columns(relations, LINKS, "The links")
    settings = pl.DataFrame({"tolerance": [float(tolerance)]})
    return query_tables(question, claims=claims, links=relations, settings=settings)


def query_tables(question: ClaimQuery, **frames: pl.DataFrame) -> pl.DataFrame:
    """Run a query of `sql/` on frames, each a table under the name it is passed by."""
    with duckdb.connect() as db:
        for name, frame in frames.items():
            # a stream can be read once, a query may read its table several times
            db.register("given", case.ArrowStream(frame))
            db.execute(f"create table {name} as from given")
        return query_frame(db, question.sql)
