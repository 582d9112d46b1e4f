"""Share case files through a lake: DuckLake, catalogue in PostgreSQL, tables as parquet files.

Everyone ingests into a case file of their own and publishes it; `open_lake` reads all publications.
A document's rows are there once, whoever read it. People's own rows (claims, links, remarks) and
the places of their files are there once per case file, named by the column `writer`.

Nothing is downloaded: the two extensions of DuckDB come with the extra `lake`. Passwords come from
PGPASSFILE or PGPASSWORD, never from an address. docs/several-people.md says how far the
catalogue and the storage are trusted.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.extras import require_extra
from .case_file import SCHEMA_VERSION, allow_case, open_case, query_frame, transaction
from .catalogue import SHUT, load_extension, load_fts, quoted
from .lake_tables import (
    BY_DOCUMENT,
    BY_WRITER,
    Columns,
    check_catalogue,
    check_tables,
    lake_columns,
)
from .search import B, K

SCHEMA = "onetomany"  # of the catalogue's tables in PostgreSQL
_LOCK = 0x4F544D  # the number of the advisory lock that one publication at a time has
_PASSWORD = re.compile(r"(?:^|[\s?&])(?:ssl)?password\s*=|//[^/@\s]*:[^/@\s]*@", re.IGNORECASE)
# no stored secret is read; the postgres extension doesn't load if persistent secrets are forbidden,
# so their folder doesn't exist
_SHUT = SHUT | {"secret_directory": "/nonexistent/onetomany"}
# errors of the server, of the storage and of its files; a mistake in this kit raises others
_REFUSED = (
    duckdb.FatalException, duckdb.InvalidInputException, duckdb.IOException,
    duckdb.OutOfMemoryException, duckdb.PermissionException, duckdb.TransactionException,
)  # fmt: skip


@dataclass(frozen=True)
class Lake:
    """The address of a lake: a database of PostgreSQL, and a folder that all can reach.

    Raises InputError if the address contains a password or is no address, or without the folder.

    >>> Lake("postgres:host=db.example dbname=airport", Path(".")).conninfo
    'host=db.example dbname=airport'
    """

    address: str  # 'postgres:' and a connection string of libpq
    storage: Path

    def __post_init__(self) -> None:
        if not self.address.startswith("postgres:") or not self.conninfo:
            raise InputError(
                "--lake needs an address such as 'postgres:host=db.example dbname=airport'."
            )
        if _PASSWORD.search(self.conninfo):
            raise InputError(
                "The address of the lake contains a password, which others could see: put it in "
                "the file that PGPASSFILE names (or ~/.pgpass), and leave it out here."
            )
        if not self.storage.is_dir():
            raise InputError(f"There is no folder {self.storage} for the lake's files: make it.")

    @property
    def conninfo(self) -> str:
        """Return the connection string for PostgreSQL."""
        return self.address.removeprefix("postgres:").strip()

    @property
    def folder(self) -> str:
        """Return the storage as DuckDB is told it: absolute, with a slash at its end."""
        return f"{self.storage.resolve()}/"


@dataclass(frozen=True)
class PublishedCase:
    """The result of a publication: rows added to the lake, and rows of all."""

    documents: int  # added
    replaced: int  # read better than before: by a later version, or with more text
    pages: int  # of both
    claims: int  # of this case file
    all_documents: int
    all_pages: int

    def said(self) -> str:
        """Return the result as a sentence for the terminal."""
        return (
            f"published {self.documents:,} new documents and {self.replaced:,} read better "
            f"({self.pages:,} pages), {self.claims:,} claims; the lake now has "
            f"{self.all_documents:,} documents, {self.all_pages:,} pages"
        )


@contextmanager
def open_lake(lake: Lake, *, case: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a lake for reading, as `open_case` opens a case file; close it at the end.

    With `case`, a case file, the lake can be written, is made if there is none, and the case file
    is attached as `kept`; others who open it so wait. The connection reads and writes files of the
    storage only, whatever paths the catalogue names.

    Raises InputError if there is no lake, it can't be reached, or is not one of this kit's.
    """
    if case is not None:
        with open_case(case):
            pass  # raises InputError for other files
    with _database(lake) as db, _turn(db, writing=case is not None):
        if check_catalogue(db, SCHEMA, lake.address) and case is None:
            raise InputError(
                f"There is no lake at {lake.address}: 'onetomany ingest FOLDER --lake' makes it."
            )
        _attach(db, lake, case)
        if case is None:
            check_tables(db, lake.address)
            db.execute(_POSTINGS.format(k=K, b=B))
            db.begin()  # one state of the lake, whatever is published meanwhile
        yield db


def check_lake(lake: Lake) -> bool:
    """Refuse a catalogue that could run anything; return whether there is no lake yet.

    Raises InputError if the database can't be reached, or if its catalogue is refused.
    """
    with _database(lake) as db:
        return check_catalogue(db, SCHEMA, lake.address)


@contextmanager
def _database(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open PostgreSQL itself as `pg`, for questions to its own catalogue and for the lock."""
    require_extra("lake")
    try:
        with duckdb.connect(config=_SHUT) as db:
            load_extension(db, "postgres_scanner")
            # none of its tables is listed: there is no such schema
            db.execute(
                f"ATTACH {quoted(lake.conninfo)} AS pg (TYPE postgres, READ_ONLY, SCHEMA 'none_')"
            )
            yield db
    except _REFUSED as error:
        raise _unreachable(lake, error) from error


@contextmanager
def _turn(db: duckdb.DuckDBPyConnection, *, writing: bool) -> Iterator[None]:
    """Wait for others who publish, then keep others waiting; a killed process keeps nobody."""
    if not writing:
        yield
        return
    with db.cursor() as turn:
        turn.begin()
        turn.execute(f"FROM postgres_query('pg', 'SELECT pg_advisory_xact_lock({_LOCK})::text')")
        yield


def _attach(db: duckdb.DuckDBPyConnection, lake: Lake, case: Path | None) -> None:
    """Attach lake and case file, then forbid everything else."""
    load_fts(db)
    load_extension(db, "ducklake")
    # small changes go to parquet as well: the catalogue has no rows of the tables
    db.execute(
        f"ATTACH {quoted('ducklake:' + lake.address)} AS lake (DATA_PATH {quoted(lake.folder)}, "
        f"OVERRIDE_DATA_PATH true, METADATA_SCHEMA {quoted(SCHEMA)}, DATA_INLINING_ROW_LIMIT 0"
        f"{', READ_ONLY' if case is None else ''})"
    )
    if case is not None:
        allow_case(db, case)
    db.execute(f"SET allowed_directories = [{quoted(lake.folder)}]")
    db.execute("SET enable_external_access = false")
    if case is not None:
        db.execute(f"ATTACH {quoted(case)} AS kept (READ_ONLY)")
    else:
        db.execute("DETACH pg")
    db.execute("SET lock_configuration = true")
    db.execute("USE lake")


def _unreachable(lake: Lake, error: duckdb.Error) -> InputError:
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    why = said[-1].rpartition("Error: ")[2] if said else type(error).__name__
    return InputError(f"The lake {lake.address} can't be read or written: {why.rstrip('.')}.")


# BM25 as `search` stores it in a case file, here from the counts of all who have published
_POSTINGS = """
CREATE TEMP VIEW search_postings AS
WITH everything AS (SELECT count(*) AS pages, avg(length) AS mean FROM lake.main.search_pages)
SELECT term, id, tf, log10((pages - df + 0.5) / (df + 0.5) + 1) * (tf * ({k} + 1))
    / (tf + {k} * (1 - {b} + {b} * length / mean)) AS score
FROM (SELECT *, count(*) OVER (PARTITION BY term) AS df FROM lake.main.search_terms), everything
"""


def publish_case(case: Path, lake: Lake) -> PublishedCase:
    """Publish a case file to a lake: new and better read documents, and this writer's own tables.

    One transaction of the catalogue: readers see all of it or nothing, also after a crash. Others
    who publish wait for it.

    Raises InputError if the lake can't be written, or was indexed by another tokenizer.
    """
    case = Path(case).resolve()
    with open_lake(lake, case=case) as db:
        held = _held(db)
        _make_missing(db, lake)
        _check_versions(db, held)
        db.execute(_FRESH if "search_pages" in held else _FRESH.replace(*_UNINDEXED))
        with transaction(db):
            added = _documents(db, held)
            writer = f"{getpass.getuser()}@{socket.gethostname()}:{case}"
            for table in BY_WRITER & held.keys():
                _own(db, table, writer)
        counts = "SELECT (SELECT count(*) FROM kept.claims), (SELECT count(*) FROM documents), " \
            "(SELECT count(*) FROM pages)"  # fmt: skip
        return PublishedCase(*added, *(db.execute(counts).fetchone() or (0, 0, 0)))


def _held(db: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the tables of the case file with their columns."""
    rows = db.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = 'kept' AND schema_name = 'main' GROUP BY ALL"
    ).fetchall()
    return dict(rows)


def _make_missing(db: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Make the lake's tables if it has none; refuse others."""
    if not query_frame(db, "FROM duckdb_tables() WHERE database_name = 'lake'").is_empty():
        check_tables(db, lake.address)
        return
    with transaction(db):
        for table, columns in lake_columns().items():
            defined = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            db.execute(f"CREATE TABLE {table} ({defined})")
        db.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])


def _check_versions(db: duckdb.DuckDBPyConnection, held: Columns) -> None:
    found = db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    if found != (str(SCHEMA_VERSION),):
        raise InputError(
            f"The lake has schema version {found and found[0]}, this kit writes {SCHEMA_VERSION}: "
            "use one version of the kit on all machines, and a new lake for it."
        )
    if "search_pages" not in held:
        return
    both = db.execute(
        "SELECT DISTINCT tokenizer FROM search_pages UNION SELECT tokenizer FROM kept.search_pages"
    ).fetchall()
    if len(both) > 1:
        names = " and ".join(sorted(name for (name,) in both))
        raise InputError(
            f"Lake and case file were indexed by different tokenizers ({names}): use one version "
            "of the kit on all machines, and a new lake for it."
        )


# the documents that the lake lacks, or has with less text, or read by an earlier version
_FRESH = """
CREATE TEMP TABLE fresh AS
WITH own AS (
    SELECT document, version, coalesce(characters, 0) AS characters,
           coalesce(mentioned, 0) AS mentioned, coalesce(indexed, 0) AS indexed
    FROM kept.documents
    LEFT JOIN (SELECT document, sum(length(text))::BIGINT AS characters
               FROM kept.pages GROUP BY document) USING (document)
    LEFT JOIN (SELECT document, max(version) AS mentioned
               FROM kept.mentions GROUP BY document) USING (document)
    LEFT JOIN (SELECT document, count(*) AS indexed
               FROM kept.search_pages GROUP BY document) USING (document)
)
SELECT own.*, there.document IS NOT NULL AS again
FROM own LEFT JOIN lake.readings AS there USING (document)
WHERE there.document IS NULL
    OR (own.version, own.characters, own.mentioned, own.indexed)
     > (there.version, there.characters, there.mentioned, there.indexed)
"""
_UNINDEXED = ("FROM kept.search_pages GROUP", "FROM kept.pages WHERE false GROUP")
_TERMS = """
INSERT INTO search_terms
SELECT term, id, count(*), any_value(length)
FROM (SELECT id, length, unnest(string_split(tokens, ' ')) AS term
      FROM search_pages WHERE id > ?)
WHERE term <> '' GROUP BY term, id ORDER BY term, id
"""


def _documents(db: duckdb.DuckDBPyConnection, held: Columns) -> tuple[int, int, int]:
    """Publish documents with the rows read from them; return how many, and of how many pages."""
    counts = "SELECT count(*) FILTER (NOT again), count(*) FILTER (again) FROM fresh"
    new, again = db.execute(counts).fetchone() or (0, 0)
    if not new + again:
        return 0, 0, 0
    among = "document IN (SELECT document FROM fresh{})"
    if again:
        old = among.format(" WHERE again")
        db.execute(
            f"DELETE FROM search_terms WHERE id IN (SELECT id FROM search_pages WHERE {old})"
        )
        for table in (*BY_DOCUMENT, "search_pages", "readings"):
            db.execute(f"DELETE FROM {table} WHERE {old}")
    for table in BY_DOCUMENT & held.keys():
        db.execute(f"INSERT INTO {table} BY NAME FROM kept.{table} WHERE {among.format('')}")
    if "search_pages" in held:
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM search_pages").fetchone() or (0,)
        db.execute(
            "INSERT INTO search_pages BY NAME SELECT * REPLACE "
            f"((row_number() OVER (ORDER BY id) + {last})::INTEGER AS id), "
            f"len(starts)::INTEGER AS length FROM kept.search_pages WHERE {among.format('')}"
        )
        db.execute(_TERMS, [last])
    db.execute("INSERT INTO readings BY NAME SELECT * EXCLUDE again FROM fresh")
    pages = db.execute(f"SELECT count(*) FROM pages WHERE {among.format('')}").fetchone()
    return int(new), int(again), int(pages[0]) if pages else 0


def _own(db: duckdb.DuckDBPyConnection, table: str, writer: str) -> None:
    """Publish the rows that a case file has of a table, in the place of those it published."""
    own = f"SELECT * EXCLUDE writer FROM {table} WHERE writer = $writer"
    changed = (
        f"SELECT EXISTS (FROM (FROM kept.{table} EXCEPT ALL ({own}))) "
        f"OR EXISTS (FROM (({own}) EXCEPT ALL FROM kept.{table}))"
    )
    if db.execute(changed, {"writer": writer}).fetchone() != (True,):
        return
    db.execute(f"DELETE FROM {table} WHERE writer = ?", [writer])
    db.execute(f"INSERT INTO {table} BY NAME SELECT *, ? AS writer FROM kept.{table}", [writer])


def shared_claims(db: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return everybody's claims in a lake, each once: the columns of a case file's `claims`.

    If two case files give one id to different claims, each gets its writer:
    'C1 (anna@desk:/case.duckdb)'.
    """
    return query_frame(
        db,
        """
        WITH each AS (SELECT * EXCLUDE writer, min(writer) AS writer FROM claims GROUP BY ALL)
        SELECT * EXCLUDE writer REPLACE (CASE WHEN count(*) OVER (PARTITION BY claim_id) > 1
            THEN claim_id || ' (' || writer || ')' ELSE claim_id END AS claim_id)
        FROM each ORDER BY claim_id
        """,
    )
