"""Make the case file case.duckdb from a case folder, and say which parts of it are out of date."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from ..claims import claim_ledger
from ..documents import captures
from ..documents.attention import attention_file
from ..documents.case_file import open_case, query_frame
from ..documents.folder import stored_name
from ..printing import printable
from ..requests.log import read_requests
from ..requests.status import store_requests
from .folder import Case

FILE = "case.duckdb"
SOURCES = "sources"
_COMPARED = ("claim_id", "subject", "attribute", "value", "unit", "said_by", "source_url", "quote")


def case_database(case: Case) -> Path:
    """Return the path of the case file that belongs to a case folder."""
    return case.folder / FILE


def store_case(case: Case) -> tuple[int, int]:
    """Store the claims and requests of a folder in its case file; return how many of each.

    Claims that are no longer in claims.csv are removed. A claim that cites a capture among the
    documents gets its document and passage.
    """
    claims = case.claims
    with open_case(case_database(case), write=True) as db:
        kept = claims["claim_id"].to_list()
        db.execute("delete from claims where claim_id not in (select unnest(?))", [kept])
        resolved, _ = captures.resolve_claims(db, claims)
        stored = claim_ledger.store_claims(db, resolved, case.links)
        log = case.folder / "requests"
        entries = read_requests(log) if log.is_dir() else []
        return stored, store_requests(db, entries)


def stale_parts(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what the case file lacks of its folder, with the command that repairs it."""
    files = source_files(case.folder)
    if not case_database(case).exists():
        if files:
            yield f"documents in sources/ not read: {len(files)}", "run 'onetomany ingest'"
        return
    with open_case(case_database(case)) as db:
        known = set(query_frame(db, "select path from files where depth = 0 and not gone")["path"])
        unread = [path for path in files if path not in known]
        if unread:
            what = f"documents in sources/ not read: {len(unread)}, {printable(unread[0])}"
            yield what, "run 'onetomany ingest'"
        failed = db.execute("select count(*) from documents where status = 'failed'").fetchone()
        if failed and failed[0]:
            what = f"documents that could not be read: {failed[0]}"
            yield what, f"see {attention_file(case_database(case)).name}"
        if not _stored(db).equals(_in_folder(case)):
            yield "its claims differ from claims.csv", "run 'onetomany claims'"


def source_files(folder: Path) -> list[str]:
    """Return the documents below sources/ as the case file names them; links are not followed."""
    root = folder / SOURCES
    found = []
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place, name)
            if not path.is_symlink():
                found.append(stored_name(path.relative_to(root)))
    return sorted(found)


def _stored(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    columns = ", ".join(_COMPARED)
    return query_frame(db, f"select {columns} from claims order by claim_id").select(
        pl.col(_COMPARED).cast(pl.String)
    )


def _in_folder(case: Case) -> pl.DataFrame:
    return case.claims.select(pl.col(_COMPARED).cast(pl.String)).sort("claim_id")
