"""The case file: one DuckDB database in the schema of `schema.sql`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from ..errors import InputError, IntegrityError
from ..sources.files import sha256_of

# 1: before mentions told how exact they are, and OCR where its words stand; 2: before captures
SCHEMA_VERSION = 3
# raised whenever what is read from the same bytes changes: they are then read again
# (3: Hangul composed, changes and memos in cells of HWP told; 4: saved pages and web archives)
EXTRACTOR_VERSION = 4

KEY, NAMES = ".pseudonyms.key", ".pseudonyms.csv"  # what undoes a case's pseudonyms ends so
DERIVED = ("mentions", "cells", "tables", "blocks", "pages", "notes", "sketches", "words",
           "captures")  # fmt: skip


@contextmanager
def open_case(path: Path, *, write: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a case file, closed at the end; made anew with `write` where there is none.

    Raises InputError where it is not there, is in use, or is of another schema version.
    """
    path = Path(path)
    if not write and not path.is_file():
        raise InputError(f"There is no case file {path}: make one with 'onetomany ingest FOLDER'.")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = duckdb.connect(path, read_only=not write)
    except duckdb.Error as error:
        raise InputError(
            f"{path} can't be opened as a case file, or another program holds it: "
            f"{str(error).splitlines()[0]}"
        ) from error
    with db:
        _check(db, path, write)
        yield db


def _check(db: duckdb.DuckDBPyConnection, path: Path, write: bool) -> None:
    names = {name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if write and not names:
        db.begin()
        db.execute(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
        db.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
        db.commit()
    elif "meta" not in names:
        raise InputError(f"{path} is a database, but no case file; name another with --case.")
    found = db.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    if found != (str(SCHEMA_VERSION),):
        raise InputError(
            f"{path} has schema version {found and found[0]}, this kit writes {SCHEMA_VERSION}: "
            "ingest the folder into a new case file."
        )


def members_folder(case: Path) -> Path:
    """Where the documents that came inside of archives and mails are kept, named by SHA-256."""
    return case.with_name(case.name + ".members")


def key_file(case: Path) -> Path:
    """Where a case's key to its pseudonyms lies; never exported, nor read as a document."""
    return case.with_name(case.name + KEY)


def names_file(case: Path) -> Path:
    """Where a case's table of names lies: pseudonyms.NAMES as CSV; never part of an export."""
    return case.with_name(case.name + NAMES)


def original(case: Path, document: str) -> Path:
    """The file that holds a document's original bytes, checked against its SHA-256.

    Raises InputError where it is no longer to be found, IntegrityError where it has changed.
    """
    with open_case(case) as db:
        places = db.execute(
            "SELECT folder, path FROM files WHERE document = ? AND parent IS NULL", [document]
        ).fetchall()
    candidates: list[Path] = [Path(folder) / path for folder, path in places]
    candidates.append(members_folder(case) / document)
    present = [path for path in candidates if path.is_file()]
    for path in present:
        if sha256_of(path) == document:
            return path
    if present:
        raise IntegrityError(
            f"{present[0]} has changed since it was ingested: its SHA-256 differs."
        )
    raise InputError(f"The original of document {document[:12]} is no longer in its folder.")


def forget(db: duckdb.DuckDBPyConnection, document: str) -> None:
    """Delete all that was read from a document; claims stay, since people wrote them."""
    for table in DERIVED:
        db.execute(f"DELETE FROM {table} WHERE document = ?", [document])


def export_parquet(
    case: Path, folder: Path, *, names: bool = False, officials: bool = False
) -> list[Path]:
    """Write the tables of a case as <table>.parquet into a folder; returns the files.

    Names of persons and numbers that point to one are replaced by pseudonyms, see
    `pseudonyms.export`; with `names` every table is written as it is.
    """
    if not names:
        from . import pseudonyms

        return pseudonyms.export(case, folder, officials=officials)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with open_case(case) as db:
        for (table,) in db.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY table_name"
        ).fetchall():
            target, beside = folder / f"{table}.parquet", folder / f"{table}.parquet.part"
            place = str(beside).replace("'", "''")
            db.execute(f"COPY \"{table}\" TO '{place}' (FORMAT parquet, COMPRESSION zstd)")
            beside.replace(target)
            written.append(target)
    return written


def read(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> pl.DataFrame:
    """What a query finds, as a frame; `values` stand for its question marks."""
    found = db.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None)
