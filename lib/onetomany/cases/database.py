"""Make the case file case.duckdb from a case folder, and say which parts of it are out of date."""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from onetomany.claims import claim_ledger
from onetomany.documents import captures
from onetomany.documents.attention import attention_file
from onetomany.documents.case_file import open_case, query_frame
from onetomany.documents.folder import stored_name
from onetomany.errors import InputError
from onetomany.printing import printable
from onetomany.requests.log import read_requests
from onetomany.requests.status import store_requests
from .case_folder import Case
from .marked import unclear_documents, with_places, with_whole_documents
from .words import Words, task_words

FILE = "case.duckdb"
SOURCES = "sources"
_COMPARED = ("claim_id", "subject", "attribute", "value", "unit", "said_by", "source_url", "quote")


def case_database(case: Case) -> Path:
    """Return the path of the case file that belongs to a case folder."""
    return case.folder / FILE


def store_case(case: Case) -> tuple[int, int]:
    """Store the claims and requests of a folder in its case file; return how many of each.

    Raises InputError as `store_case_claims` does.
    """
    with open_case(case_database(case), write=True) as db:
        stored, _ = store_case_claims(db, case)
        log = case.folder / "requests"
        entries = read_requests(log) if log.is_dir() else []
        return stored, store_requests(db, entries)


def store_case_claims(db: duckdb.DuckDBPyConnection, case: Case) -> tuple[int, pl.DataFrame]:
    """Store the claims of a folder in its case file; return their number and `captures.CITED`.

    Claims that are no longer in claims.csv are removed. The first digits of a document are
    completed, and its words found on their page. A claim that cites a capture among the documents
    gets its document and passage. `db` must be open for writing. Raises InputError if two documents
    have the same first digits.
    """
    claims = with_places(db, with_whole_documents(db, case.claims))
    kept = claims["claim_id"].to_list()
    db.execute("delete from claims where claim_id not in (select unnest(?))", [kept])
    resolved, cited = captures.resolve_claims(db, claims)
    return claim_ledger.store_claims(db, resolved, case.links), cited


def stale_parts(case: Case) -> Iterator[tuple[Words, Words]]:
    """Yield each difference between case file and folder, and the command that repairs it.

    Both are in English and Korean.
    """
    files = source_files(case.folder)
    if not case_database(case).exists():
        if files:
            yield task_words("none_read", many=len(files))
        return
    with open_case(case_database(case)) as db:
        known = set(query_frame(db, "select path from files where depth = 0 and not gone")["path"])
        unread = [path for path in files if path not in known]
        if unread:
            yield task_words("some_not_read", many=len(unread), first=printable(unread[0]))
        failed = db.execute("select count(*) from documents where status = 'failed'").fetchone()
        if failed and failed[0]:
            file = attention_file(case_database(case)).name
            yield task_words("failed", many=failed[0], file=file)
        own = case.claims.select(pl.col(_COMPARED).cast(pl.String)).sort("claim_id")
        if not _stored(db).equals(own):
            yield task_words("other_claims")
        unclear = list(unclear_documents(db, case.claims))
        lost = [f"{claim}: {document[:20]}" for claim, document, many in unclear if many == 0]
        twice = [f"{claim}: {document[:20]}" for claim, document, many in unclear if many > 1]
        for name, found in (("lost_document", lost), ("two_documents", twice)):
            if found:
                yield task_words(name, many=len(found), first=found[0])


def sources_folder(folder: Path) -> Path:
    """Return the documents' folder of a case folder.

    Raises InputError if it is a link: a received case folder could have any folder of its reader's
    machine read into the case file.
    """
    root = folder / SOURCES
    if root.is_symlink():
        raise InputError(
            f"{root} is a link to {os.readlink(root)!r}, chosen by the maker of the case folder: "
            "put a folder in its place, or name the folder to read, 'onetomany ingest FOLDER'"
        )
    return root


def source_files(folder: Path) -> list[str]:
    """Return the documents below sources/ as the case file names them; links are not followed."""
    root = folder / SOURCES
    found: list[str] = []
    if root.is_symlink():
        return found
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
