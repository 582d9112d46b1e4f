"""Carry claims between claims.csv and the case file: a marked passage, its document, its place.

In claims.csv a claim cites a document by the SHA-256 of its bytes, or its first 12 digits, and a
passage by its words. The case file has the whole SHA-256 and the place of the words on the page.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from onetomany.claims import passages
from onetomany.documents.case_file import query_frame
from onetomany.errors import InputError
from .case_tables import raw_table
from .columns import BODIES, CLAIMS
from .rows import add_case_row, delete_case_row, replace_case_row

SHORT = 12  # digits of a SHA-256 that name a document in claims.csv
_DIGITS = re.compile(r"[0-9a-fA-F]{12,64}")


def add_marked_claim(folder: Path, claim: pl.DataFrame) -> None:
    """Add a claim made from a marked passage to claims.csv.

    `claim` is one row of `claim_ledger.LEDGER`. Raises InputError as `rows.add_case_row` does.
    """
    add_case_row(folder, "claims", _marked_cells(claim))


def replace_marked_claim(folder: Path, claim: pl.DataFrame) -> None:
    """Put a claim in the place of the row with its id. Raises InputError if there is none."""
    replace_case_row(folder, "claims", claim["claim_id"][0], _marked_cells(claim))


def delete_marked_claim(db: duckdb.DuckDBPyConnection, folder: Path, claim_id: str) -> None:
    """Delete a claim from claims.csv and from the case file, which must be open for writing.

    Raises InputError if claims.csv doesn't have it.
    """
    delete_case_row(folder, "claims", claim_id)
    db.execute("delete from claims where claim_id = ?", [claim_id])


def _marked_cells(claim: pl.DataFrame) -> dict[str, str]:
    """Return the cells of claims.csv for one row of `claim_ledger.LEDGER`; empty ones left out."""
    row = {name: value for name, value in claim.row(0, named=True).items() if value is not None}
    cells = {name: str(row[name]) for name in CLAIMS.names if name in row}
    if "document" in cells:
        cells["document"] = cells["document"][:SHORT]
    return cells


def claim_ids(folder: Path) -> list[str]:
    """Return the ids of claims.csv, also if some of its cells can't be used."""
    raw, _ = raw_table(folder, CLAIMS)
    return raw["claim_id"].drop_nulls().to_list() if "claim_id" in raw.columns else []


def body_names(folder: Path) -> list[str]:
    """Return the names of bodies.csv, also if some of its cells can't be used."""
    raw, _ = raw_table(folder, BODIES)
    return raw["name"].drop_nulls().to_list() if "name" in raw.columns else []


def with_whole_documents(db: duckdb.DuckDBPyConnection, claims: pl.DataFrame) -> pl.DataFrame:
    """Return claims with the first digits of a document completed from the case file.

    Digits that no document of the case file has stay as they are. Raises InputError, with the
    claim and both documents, if two have them.
    """
    known = _documents(db) if claims["document"].drop_nulls().len() else {}
    whole = [
        _completed(claim, document, known)
        for claim, document in claims.select("claim_id", "document").iter_rows()
    ]
    return claims.with_columns(pl.Series("document", whole, dtype=pl.String))


def with_places(db: duckdb.DuckDBPyConnection, claims: pl.DataFrame) -> pl.DataFrame:
    """Return claims with the place of their words on the cited page of the case file.

    A claim whose page or words the case file doesn't have keeps no place.
    """
    rows = claims.to_dicts()
    for row in rows:
        if row["document"] and row["page"] and row["quote"] and row["char_start"] is None:
            row.update(_placed(db, row))
    return pl.DataFrame(rows, schema=claims.schema)


def unclear_documents(
    db: duckdb.DuckDBPyConnection, claims: pl.DataFrame
) -> Iterator[tuple[str, str, int]]:
    """Yield the claims whose document is not exactly one of the case file: claim, document, count.

    The count is 0, or the number of documents that begin with these digits.
    """
    cited = claims.drop_nulls("document")
    known = _documents(db) if cited.height else {}
    for claim, document in cited.select("claim_id", "document").iter_rows():
        if (many := len(_matching(document, known))) != 1:
            yield claim, document, many


def _placed(db: duckdb.DuckDBPyConnection, row: Mapping[str, Any]) -> dict[str, int | None]:
    try:
        page = passages.page_text(db, row["document"], row["page"])
    except InputError:  # not read yet: `unclear_documents` lists it
        return {}
    if (span := page.locate(row["quote"])) is None:
        return {}
    block = page.block_at(span[0])
    return {"char_start": span[0], "char_end": span[1], "block": block.block if block else None}


def _documents(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the path of each document."""
    return dict(query_frame(db, "select document, path from documents").iter_rows())


def _matching(document: str, known: Mapping[str, str]) -> list[str]:
    if not _DIGITS.fullmatch(document):
        return []
    return [each for each in known if each.startswith(document.lower())]


def _completed(claim: str, document: str | None, known: Mapping[str, str]) -> str | None:
    found = _matching(document, known) if document else []
    if len(found) > 1:
        named = " and ".join(f"{each[:20]} ({known[each]})" for each in found[:2])
        raise InputError(
            f"claims.csv, claim {claim}: document '{document}' begins the SHA-256 of {named}: "
            "write more of its digits."
        )
    return found[0] if found else document
