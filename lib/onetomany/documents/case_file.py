"""Open a case file, a DuckDB database with the tables of `schema.sql`, and query it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path

import duckdb
import polars as pl

from onetomany.errors import InputError, IntegrityError
from onetomany.formats.reading import Refused
from .catalogue import SHUT, check_definitions, load_fts, quoted, read_definitions
from .folder import file_inside, named_path, sha256_inside, stat_inside, stored_name

# 1: without the precision of mentions and the places of OCR words; 2: without captures, and without
# the file that a member came in
SCHEMA_VERSION = 3
# raised whenever the same bytes would be read differently: they are then read again
# (3: Hangul composed, changes and memos in HWP cells reported; 4: saved pages and web archives;
# 6: one rule for Korean bytes in all texts and tables, notes in other words; 7: notes and comments
# of old Office files, formats of XLSB, raised and struck digits)
EXTRACTOR_VERSION = 7

LARGEST = 16 << 30  # bytes of the largest original that is hashed
KEY, NAMES = ".pseudonyms.key", ".pseudonyms.csv"  # endings of the files that undo pseudonyms
DERIVED = ("mentions", "cells", "tables", "blocks", "pages", "notes", "sketches", "words",
           "captures")  # fmt: skip


_SHUT = SHUT | {"allow_persistent_secrets": False}
# errors of the system, such as a full disk; a mistake in this kit raises others
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
    """Open a case file and close it at the end; with `write`, create it if it doesn't exist.

    The file may come from somebody else. So its definitions are first compared with this kit's,
    without access to other files. The connection can then read and write only the case itself and
    files in the folder `into`; its settings can't be changed.

    Raises InputError if the file doesn't exist, is in use, has other definitions, or has another
    schema version.
    """
    path = Path(path)
    # files that DuckDB writes and deletes beside the case file
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
        if not made:  # leave no half-made case file
            for each in (path, path.with_name(path.name + ".wal")):
                each.unlink(missing_ok=True)


@contextmanager
def open_beside(case: Path, into: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database with a case file attached read-only as `kept`.

    It can write files into the folder `into`, and read or write nothing else.
    """
    with open_case(case):
        pass  # raises InputError for other files
    with duckdb.connect(config=_SHUT) as db:
        allow_case(db, case)
        _shut(db, into)
        db.execute(f"ATTACH {quoted(case)} AS kept (READ_ONLY)")
        yield db


def allow_case(db: duckdb.DuckDBPyConnection, case: Path) -> None:
    """Let a connection that is going to be shut attach a case file."""
    paths = ", ".join(quoted(case.with_name(case.name + each)) for each in ("", ".wal"))
    db.execute(f"SET allowed_paths = [{paths}]")


def _shut(db: duckdb.DuckDBPyConnection, into: Path | None) -> None:
    locked = db.execute("SELECT current_setting('lock_configuration')").fetchone()
    if locked == (True,):
        return  # this process has opened it before
    load_fts(db)
    if into is not None:
        db.execute(f"SET allowed_directories = [{quoted(into.absolute())}]")
    db.execute("SET enable_external_access = false")
    # DuckDB's own full-text index sets it while it is made; it says when a transaction is ended
    db.execute("SET allowed_configs = ['current_transaction_invalidation_policy']")
    db.execute("SET lock_configuration = true")


def _refuse_other_files(path: Path) -> None:
    """Refuse anything but a regular DuckDB file, before DuckDB opens it."""
    try:
        # opening a named pipe would wait for a writer
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
        raise InputError(f"{path} can't be opened as a case file: it isn't a DuckDB file.")


def _check_definitions(path: Path, write: bool) -> None:
    shut = _SHUT | {"enable_external_access": False}
    try:
        db = duckdb.connect(path, read_only=not write, config=shut)
    except duckdb.ConnectionException:
        return  # this process has it open, so it was checked
    with db:
        names = {name for kind, _, name in read_definitions(db) if kind == "table"}
        if "meta" not in names:
            raise InputError(f"{path} is a database, but no case file: name another with --case.")
        _check_version(db, path)
        check_definitions(db, path)


@contextmanager
def transaction(db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit all that is done within, or none of it if it fails."""
    db.begin()
    try:
        yield
        db.commit()
    except BaseException:
        # if the disk is full, DuckDB has ended the transaction itself
        with suppress(duckdb.TransactionException):
            db.rollback()
        raise


def _make(db: duckdb.DuckDBPyConnection) -> None:
    with transaction(db):
        db.execute(resources.files(__package__).joinpath("schema.sql").read_text("utf-8"))
        db.execute("INSERT INTO meta VALUES ('schema_version', ?)", [str(SCHEMA_VERSION)])
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
    """Return an InputError of one sentence with the cause that DuckDB or the system gives."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, OSError):
        why = error.strerror or said
    elif "lock" in said:
        why = "another program has it open; close that, and run this again"
    elif "Bad file descriptor" in said:  # a write-ahead log was left over
        why = "a run left it unfinished; run 'onetomany ingest' on its folder again"
    elif "version number" in said:
        why = "a newer DuckDB made it; update the kit"
    else:
        # the system's own words come last; DuckDB's name of the error adds nothing
        why = said.partition("Error: ")[2] or said
    what = "opened as a case file" if opening else "read or written"
    return InputError(f"{path} can't be {what}: {why}.")


def members_folder(case: Path) -> Path:
    """Return the folder for documents from inside archives and mails, named by SHA-256."""
    return case.with_name(case.name + ".members")


def key_file(case: Path) -> Path:
    """Return the path of the key to a case's pseudonyms; never exported or ingested."""
    return case.with_name(case.name + KEY)


def names_file(case: Path) -> Path:
    """Return the path of the table of names (pseudonyms.NAMES as CSV); never exported."""
    return case.with_name(case.name + NAMES)


def original_file(case: Path, document: str) -> Path:
    """Return the file with a document's original bytes, checked against its SHA-256.

    The folders and paths in a case file may come from somebody else. So no link is followed, no
    path may leave its folder, and only bytes with that SHA-256 are returned.

    Raises InputError if the file is no longer there, IntegrityError if it has changed.
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
        place = named_path(folder), path
        try:
            size = stat_inside(*place).st_size
        except (OSError, Refused):
            continue
        with suppress(OSError, Refused):
            # a file of another size isn't hashed
            if row in (None, (size,)) and sha256_inside(*place, LARGEST)[0] == document:
                return file_inside(*place)
        changed = changed or file_inside(*place)
    if changed:
        raise IntegrityError(f"{changed} has changed since it was ingested: its SHA-256 differs.")
    raise InputError(f"The original of document {document[:12]} is no longer in its folder.")


def forget_document(db: duckdb.DuckDBPyConnection, document: str) -> None:
    """Delete all data read from a document; claims stay, since people wrote them."""
    for table in DERIVED:
        db.execute(f"DELETE FROM {table} WHERE document = ?", [document])


def query_frame(db: duckdb.DuckDBPyConnection, query: str, *values: object) -> pl.DataFrame:
    """Run a query with `values` for its question marks; return the result as a frame."""
    found = db.execute(query, list(values))
    names = [column[0] for column in found.description or []]
    return pl.DataFrame(found.fetchall(), schema=names, orient="row", infer_schema_length=None)
