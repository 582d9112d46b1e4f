"""The case file: one DuckDB database in the schema of `schema.sql`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from ..errors import InputError, IntegrityError
from .catalogue import check, definitions, load_fts, quoted
from .folder import file_inside, named_path, sha256_inside, size_inside, stored_name
from .reading import Refused

# 1: before mentions told how exact they are, and OCR where its words stand; 2: before captures, and
# before members named the file of the folder that they came in
SCHEMA_VERSION = 3
# raised whenever what is read from the same bytes changes: they are then read again
# (3: Hangul composed, changes and memos in cells of HWP told; 4: saved pages and web archives)
EXTRACTOR_VERSION = 5

LARGEST = 16 << 30  # bytes of an original that is still hashed
KEY, NAMES = ".pseudonyms.key", ".pseudonyms.csv"  # what undoes a case's pseudonyms ends so
DERIVED = ("mentions", "cells", "tables", "blocks", "pages", "notes", "sketches", "words",
           "captures")  # fmt: skip


# nothing is fetched, and no extension comes in by itself
_SHUT: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "allow_persistent_secrets": False,
}
# how DuckDB fails where the system refuses, such as a full disk; a mistake of ours is none of them
_REFUSED = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
)


@contextmanager
def open_case(
    path: Path, *, write: bool = False, into: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a case file and close it at the end; with `write`, make it where there is none.

    The file may be somebody else's: first everything that it defines is compared with what this
    kit makes, with no access to any other file. The connection that is handed out can read and
    write no file but the case itself, and files in the folder `into`; no setting can be changed.

    Raises InputError where it is not there, is in use, defines anything else, or is of another
    schema version.
    """
    path = Path(path)
    # what DuckDB writes and deletes beside the file
    for beside in (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp"):
        if (link := path.with_name(path.name + beside)).is_symlink():
            raise InputError(f"{link} is a link: remove it, and run this again.")
    new = write and not (path.exists() and path.stat().st_size)
    if not new:
        _refuse_other_files(path)
    try:
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
        if not new:
            _check_definitions(path, write)
        db = duckdb.connect(path, read_only=not write, config=_SHUT)
    except (OSError, duckdb.Error) as error:
        raise _explained(path, error) from error
    made = not new
    try:
        with db:
            _shut(db, into)
            if new:
                _make(db)
            made = True
            _check_version(db, path)
            yield db
    except _REFUSED as error:
        if isinstance(error, duckdb.TransactionException) and "Failed to commit" not in str(error):
            raise
        raise _explained(path, error, opening=not made) from error
    finally:
        if not made:  # no half of a case file stays
            for each in (path, path.with_name(path.name + ".wal")):
                each.unlink(missing_ok=True)


@contextmanager
def open_beside(case: Path, into: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database that has a case file beside it as `kept`, which can't be changed.

    It can write files into one folder, and read or write nothing else.
    """
    with open_case(case):
        pass  # refuses what is no case file
    with duckdb.connect(config=_SHUT) as db:
        paths = ", ".join(quoted(case.with_name(case.name + each)) for each in ("", ".wal"))
        db.execute(f"SET allowed_paths = [{paths}]")
        _shut(db, into)
        db.execute(f"ATTACH {quoted(case)} AS kept (READ_ONLY)")
        yield db


def _shut(db: duckdb.DuckDBPyConnection, into: Path | None) -> None:
    locked = db.execute("SELECT current_setting('lock_configuration')").fetchone()
    if locked == (True,):
        return  # this process has it open already
    load_fts(db)
    if into is not None:
        db.execute(f"SET allowed_directories = [{quoted(into.absolute())}]")
    db.execute("SET enable_external_access = false")
    # DuckDB's own full-text index sets it while it is made; it says when a transaction is ended
    db.execute("SET allowed_configs = ['current_transaction_invalidation_policy']")
    db.execute("SET lock_configuration = true")


def _refuse_other_files(path: Path) -> None:
    """Refuse what is no regular file, or none of DuckDB's, before DuckDB opens it."""
    try:
        # a named pipe would be waited for
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            head = file.read(12) if regular else b""
    except FileNotFoundError:
        raise InputError(
            f"There is no case file {path}: make one with 'onetomany ingest FOLDER'."
        ) from None
    except OSError as error:
        raise _explained(path, error) from error
    if head[8:12] != b"DUCK":
        raise InputError(f"{path} can't be opened as a case file: it is no DuckDB file.")


def _check_definitions(path: Path, write: bool) -> None:
    shut = _SHUT | {"enable_external_access": False}
    try:
        db = duckdb.connect(path, read_only=not write, config=shut)
    except duckdb.ConnectionException:
        return  # this process has it open, so it was checked
    with db:
        names = {name for kind, _, name in definitions(db) if kind == "table"}
        if "meta" not in names:
            raise InputError(f"{path} is a database, but no case file; name another with --case.")
        _check_version(db, path)
        check(db, path)


def _make(db: duckdb.DuckDBPyConnection) -> None:
    db.begin()
    db.execute(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
    db.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
    db.commit()
    db.execute("CHECKPOINT")


def _check_version(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        found = db.execute("SELECT value FROM main.meta WHERE key = 'schema_version'").fetchone()
    except (duckdb.BinderException, duckdb.CatalogException):
        found = None
    if found != (str(SCHEMA_VERSION),):
        raise InputError(
            f"{path} has schema version {found and found[0]}, this kit writes {SCHEMA_VERSION}: "
            "ingest the folder into a new case file."
        )


def _explained(path: Path, error: Exception, *, opening: bool = True) -> InputError:
    """One sentence with the true cause, of what DuckDB or the system says."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, OSError):
        why = error.strerror or said
    elif "lock" in said:
        why = "another program has it open; close that, and run this again"
    elif "Bad file descriptor" in said:  # a log whose changes have to be written
        why = "a run left it unfinished; run 'onetomany ingest' on its folder again"
    elif "version number" in said:
        why = "a newer DuckDB made it; update the kit"
    else:
        # the system's own words stand last; what DuckDB calls the error says nothing more
        why = said.partition("Error: ")[2] or said
    what = "opened as a case file" if opening else "read or written"
    return InputError(f"{path} can't be {what}: {why}.")


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

    What a case file says of folders and paths may be somebody else's: no link is followed, no
    path leads out of its folder, and only bytes with that SHA-256 are handed out.

    Raises InputError where it is no longer to be found, IntegrityError where it has changed.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", document):
        raise InputError("A document is named by the 64 hexadecimal digits of its SHA-256.")
    with open_case(case) as db:
        places = db.execute(
            "SELECT folder, path FROM files WHERE document = ? AND parent IS NULL", [document]
        ).fetchall()
        row = db.execute("SELECT bytes FROM documents WHERE document = ?", [document]).fetchone()
    places = [*places, (stored_name(members_folder(case)), document)]
    changed = None
    for folder, path in places:
        at = file_inside(named_path(folder), path)
        try:
            size = size_inside(named_path(folder), path)
        except (OSError, Refused):
            continue
        try:
            # of another size it is another file: it isn't read through
            same = row is None or size == row[0]
            if same and sha256_inside(named_path(folder), path, LARGEST)[0] == document:
                return at
        except (OSError, Refused):
            pass
        changed = changed or at
    if changed:
        raise IntegrityError(f"{changed} has changed since it was ingested: its SHA-256 differs.")
    raise InputError(f"The original of document {document[:12]} is no longer in its folder.")


def forget(db: duckdb.DuckDBPyConnection, document: str) -> None:
    """Delete all that was read from a document; claims stay, since people wrote them."""
    for table in DERIVED:
        db.execute(f"DELETE FROM {table} WHERE document = ?", [document])


def read(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> pl.DataFrame:
    """What a query finds, as a frame; `values` stand for its question marks."""
    found = db.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None)
