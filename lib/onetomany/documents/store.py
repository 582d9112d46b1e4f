"""Store the documents that were read in the case file, a few in each transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from onetomany.sources.case import ArrowStream
from .answers import ROWS, Answer, Columns
from .case_file import EXTRACTOR_VERSION, forget_document, transaction
from .folder import Stamp, member_path, readable_name
from .sketch import sketches

_I, _F, _S = pl.Int32, pl.Float64, pl.String
_FACTS: Columns = {"media_type": _S, "title": _S, "author": _S, "created": _S, "modified": _S,
                   "pages": _I, "status": _S, "error": _S, "extractor": _S}  # fmt: skip
_DOCUMENT: Columns = {
    **_FACTS, "document": _S, "path": _S, "name": _S, "bytes": pl.Int64, "metadata": _S,
    "parent": _S, "seconds": _F, "process": _I, "ingested_at": pl.Datetime("us"), "version": _I,
}  # fmt: skip


@dataclass(frozen=True)
class FoundFile:
    """A file to be read: its place, and the file that it is part of."""

    folder: str
    path: str  # as in `files`
    document: str
    bytes: int
    parent: str | None = None
    modified: datetime | None = None
    depth: int = 0
    root: str | None = None  # the document of the folder that it came in; null for that itself
    stamp: Stamp | None = None  # of a file of the folder when it was hashed


# errors of an answer that makes no sense; a full disk is not among them
_SENSELESS = (
    duckdb.ConstraintException, duckdb.ConversionException, duckdb.InvalidInputException,
    duckdb.NotImplementedException, duckdb.TypeMismatchException, pl.exceptions.PolarsError,
    AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError,
)  # fmt: skip


def store_documents(
    db: duckdb.DuckDBPyConnection, read: list[tuple[FoundFile, Answer]], at: datetime
) -> list[tuple[str, int]]:
    """Store documents with their pages, tables and notes, replacing earlier readings.

    One transaction: all of them or, after kill -9, none. Returns the status and the pages of each.
    A parser that was taken over may answer anything: an answer that doesn't fit the schema is
    stored as a failure, any other unchanged.
    """
    try:
        return _store(db, read, at)
    except _SENSELESS as error:
        if len(read) > 1:
            return [told for each in read for told in store_documents(db, [each], at)]
        ((found, answer),) = read
        why = f"The parser's answer makes no sense ({type(error).__name__})."
        return _store(db, [(found, Answer({}, why=why, seconds=answer.seconds))], at)


def _store(
    db: duckdb.DuckDBPyConnection, read: list[tuple[FoundFile, Answer]], at: datetime
) -> list[tuple[str, int]]:
    rows = [_document(found, answer, at) for found, answer in read]
    frames = {table: _frame(table, rows, read) for table in ROWS}
    frames["sketches"] = sketches(frames["pages"])
    places = [found for found, _ in read]
    for found, answer in read:
        places += member_places(found, answer)
    names = [row["document"] for row in rows]
    with transaction(db):
        held = db.execute(
            "SELECT document FROM documents WHERE document IN (SELECT unnest(?))", [names]
        ).fetchall()
        for (document,) in held:
            forget_document(db, document)
            db.execute("DELETE FROM documents WHERE document = ?", [document])
            db.execute("DELETE FROM failures WHERE document = ? OR parent = ?", [document] * 2)
        if held:
            # a primary key that was deleted can be given again only in a later transaction
            db.commit()
            db.begin()
        insert_frame(db, "documents", pl.DataFrame(rows, schema=_DOCUMENT, orient="row"))
        for table, frame in frames.items():
            if len(frame):
                insert_frame(db, table, frame)
        store_places(db, places)
        for row, (found, _) in zip(rows, read, strict=True):
            if row["error"]:
                add_failure(
                    db, found.folder, found.path, row["error"], at=at, document=found.document
                )
    return [(row["status"], row["pages"] or 0) for row in rows]


def member_places(found: FoundFile, answer: Answer) -> list[FoundFile]:
    """Return the places of the documents that one contains; their bytes are not counted."""
    root, depth = found.root or found.document, found.depth + 1
    return [
        FoundFile(found.folder, member_path(found.path, member.name), member.document, 0,
                  found.document, depth=depth, root=root)
        for member in answer.members
    ]  # fmt: skip


def _document(found: FoundFile, answer: Answer, at: datetime) -> dict[str, Any]:
    """Return the row of `documents`; raises ValueError if the answer makes none."""
    told = answer.content.get("facts", {})
    facts = dict.fromkeys(_FACTS) | {k: value for k, value in told.items() if k in _FACTS}
    if answer.why:
        facts |= {"status": "failed", "error": answer.why}
    odd = [name for name, value in facts.items() if not isinstance(value, str | int | None)]
    if odd or facts["status"] not in ("read", "partly", "failed"):
        raise ValueError(f"facts of no sense: {odd}")
    facts["media_type"] = facts["media_type"] or "application/octet-stream"
    facts["extractor"] = facts["extractor"] or "none"
    metadata = told.get("metadata") or {}
    return facts | {
        "document": found.document, "path": found.path, "name": readable_name(found.path),
        "bytes": found.bytes, "parent": found.parent, "seconds": answer.seconds,
        "metadata": json.dumps(metadata, ensure_ascii=False) if metadata else None,
        "process": answer.process, "ingested_at": at, "version": EXTRACTOR_VERSION,
    }  # fmt: skip


def _frame(
    table: str, rows: list[dict[str, Any]], read: list[tuple[FoundFile, Answer]]
) -> pl.DataFrame:
    """Return the rows of one table, each with its document, extractor and version."""
    empty: dict[str, list[Any]] = {name: [] for name in ROWS[table]}
    columns, sizes, pieces = {name: [*values] for name, values in empty.items()}, [], []
    for _, answer in read:
        held = answer.content.get("columns", {}).get(table)
        if isinstance(held, pl.DataFrame):  # of a long answer
            pieces += [pl.DataFrame(columns, schema=ROWS[table]), held]
            columns = {name: [*values] for name, values in empty.items()}
            sizes.append(held.height)
            continue
        values = [(held or empty)[name] for name in columns]
        # columns of other lengths would shift the rows of the documents after it
        if not all(isinstance(each, list) and len(each) == len(values[0]) for each in values):
            raise ValueError(f"{table} of no sense")
        for name, each in zip(columns, values, strict=True):
            columns[name] += each
        sizes.append(len(values[0]))
    made = pl.concat([*pieces, pl.DataFrame(columns, schema=ROWS[table])])
    own = pl.Series(range(len(rows)), dtype=pl.UInt32).repeat_by(pl.Series(sizes)).explode()
    own = own.drop_nulls()
    return made.with_columns(
        pl.Series(name, [row[name] for row in rows], _DOCUMENT[name]).gather(own)
        for name in ("document", "extractor", "version")
    )


def insert_frame(db: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Insert a frame's rows into a table by their columns' names."""
    db.register("incoming", ArrowStream(frame))
    db.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    db.unregister("incoming")


def store_places(db: duckdb.DuckDBPyConnection, places: list[FoundFile]) -> None:
    """Store where the bytes of documents are found."""
    # an archive may have two members of one name: one statement takes a place once
    once = {(found.folder, found.path): found for found in places}
    columns = ("folder", "path", "document", "parent", "root", "depth", "modified")
    values = [[getattr(found, name) for found in once.values()] for name in columns]
    db.execute(
        f"INSERT INTO files ({', '.join(columns)}, gone) SELECT unnest(?), unnest(?), unnest(?), "
        "unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?), unnest(?::TIMESTAMP[]), false "
        "ON CONFLICT (folder, path) DO UPDATE SET document = excluded.document, "
        "parent = excluded.parent, root = excluded.root, depth = excluded.depth, "
        "modified = excluded.modified, gone = false",
        values,
    )


def members_known(db: duckdb.DuckDBPyConnection, folder: str) -> list[tuple[FoundFile, int]]:
    """Return the members of a folder's archives, each with the bytes of the file it came in."""
    rows = db.execute(
        "SELECT files.path, files.document, files.parent, depth, files.root, documents.bytes "
        "FROM files LEFT JOIN documents ON documents.document = files.root "
        "WHERE folder = ? AND files.parent IS NOT NULL AND NOT gone ORDER BY files.path",
        [folder],
    ).fetchall()
    return [
        (FoundFile(folder, path, document, 0, parent, depth=depth, root=root), size or 0)
        for path, document, parent, depth, root, size in rows
    ]


def mark_gone(db: duckdb.DuckDBPyConnection, folder: str, paths: list[str]) -> None:
    """Mark files that are no longer there; members go and stay with the file they came in."""
    db.execute("CREATE OR REPLACE TEMP TABLE present (path VARCHAR)")
    if paths:
        db.execute("INSERT INTO present SELECT unnest(?)", [paths])
    db.execute(
        "UPDATE files SET gone = CASE WHEN parent IS NULL THEN path NOT IN (FROM present) "
        "ELSE root NOT IN (SELECT document FROM files AS top WHERE top.folder = files.folder "
        "AND top.parent IS NULL AND top.path IN (FROM present)) END WHERE folder = ?",
        [folder],
    )


def add_failure(
    db: duckdb.DuckDBPyConnection,
    folder: str,
    path: str,
    why: str,
    *,
    at: datetime,
    document: str | None = None,
    parent: str | None = None,
) -> None:
    """Tell why something wasn't read, or not wholly; an earlier telling of it is replaced."""
    db.execute(
        "DELETE FROM failures WHERE folder = ? AND path = ? AND document IS NOT DISTINCT FROM ?",
        [folder, path, document],
    )
    db.execute(
        "INSERT INTO failures (folder, path, document, parent, why, failed_at, version) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [folder, path, document, parent, why, at, EXTRACTOR_VERSION],
    )
