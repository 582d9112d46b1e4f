"""Putting what was read into the case file: one document, one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from ..sources.case import Stream
from .case_file import EXTRACTOR_VERSION, forget
from .workers import Answer

Columns = dict[str, pl.DataType | type[pl.DataType]]
_I, _F, _S, _B = pl.Int32, pl.Float64, pl.String, pl.Boolean
_BOX: Columns = {"x0": _F, "y0": _F, "x1": _F, "y1": _F}
# what a child may send; nothing else of its answer is looked at
ROWS: dict[str, Columns] = {
    "pages": {"page": _I, "label": _S, "hidden": _B, "width": _F, "height": _F, "unit": _S,
              "text": _S, "text_source": _S},
    "blocks": {"page": _I, "block": _I, "kind": _S, "text": _S, **_BOX, "char_start": _I,
               "char_end": _I, "who": _S, "dated": _S},
    "tables": {"page": _I, "table_no": _I, "title": _S, "row_count": _I, "column_count": _I,
               **_BOX},
    "cells": {"page": _I, "table_no": _I, "row_no": _I, "column_no": _I, "row_span": _I,
              "column_span": _I, "text": _S, "formula": _S, "hidden": _B, **_BOX,
              "char_start": _I, "char_end": _I},
    "notes": {"page": _I, "kind": _S, "text": _S},
    "sketches": {"hash": pl.UInt64},
}  # fmt: skip
_FACTS = (
    "media_type",
    "title",
    "author",
    "created",
    "modified",
    "pages",
    "status",
    "error",
    "extractor",
)


@dataclass(frozen=True)
class Found:
    """A file to be read: where it lies, and what it is part of."""

    folder: str
    path: str  # as it stands in `files`
    document: str
    bytes: int
    parent: str | None = None
    modified: datetime | None = None
    depth: int = 0


# what an answer that makes no sense runs into; a full disk is none of them
_SENSELESS = (
    duckdb.ConstraintException,
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.NotImplementedException,
    duckdb.TypeMismatchException,
    pl.exceptions.PolarsError,
    AttributeError,
    KeyError,
    OverflowError,
    TypeError,
    ValueError,
)


def store(
    db: duckdb.DuckDBPyConnection, found: Found, answer: Answer, at: datetime
) -> tuple[str, int]:
    """Store a document with all that was read from it, replacing an earlier reading.

    Returns its status and its pages. A parser that was taken over may answer anything: what makes
    no sense in the schema is stored as a failure.
    """
    try:
        return _store(db, found, answer, at)
    except _SENSELESS as error:
        why = f"What the parser answered makes no sense ({type(error).__name__})."
        return _store(db, found, Answer({}, why=why, seconds=answer.seconds), at)


def _store(
    db: duckdb.DuckDBPyConnection, found: Found, answer: Answer, at: datetime
) -> tuple[str, int]:
    facts = dict.fromkeys(_FACTS) | {
        name: value for name, value in answer.content.get("facts", {}).items() if name in _FACTS
    }
    if answer.why:
        facts |= {"status": "failed", "error": answer.why}
    odd = [name for name, value in facts.items() if not isinstance(value, str | int | None)]
    if odd or facts["status"] not in ("read", "partly", "failed"):
        raise ValueError(f"facts of no sense: {odd}")
    facts["media_type"] = facts["media_type"] or "application/octet-stream"
    facts["extractor"] = facts["extractor"] or "none"
    metadata = answer.content.get("facts", {}).get("metadata") or {}
    row = facts | {
        "document": found.document,
        "path": found.path,
        "name": found.path.rpartition("!/")[2].rpartition("/")[2],
        "bytes": found.bytes,
        "metadata": json.dumps(metadata, ensure_ascii=False) if metadata else None,
        "parent": found.parent,
        "seconds": answer.seconds,
        "ingested_at": at,
        "version": EXTRACTOR_VERSION,
    }
    db.begin()
    try:
        if db.execute("SELECT 1 FROM documents WHERE document = ?", [found.document]).fetchone():
            forget(db, found.document)
            db.execute("DELETE FROM documents WHERE document = ?", [found.document])
            db.execute("DELETE FROM failures WHERE document = ?", [found.document])
            # a primary key that was deleted can be given again only in a later transaction
            db.commit()
            db.begin()
        _insert(db, "documents", row)
        for table, columns in ROWS.items():
            held = answer.content.get("columns", {}).get(table)
            if held:
                frame = _frame(held, columns)
                _insert_frame(db, table, frame, str(facts["extractor"]), found.document)
        place(db, found)
        for member in answer.members:
            path = f"{found.path}!/{member.name}"
            place(db, Found(found.folder, path, member.document, 0, found.document))
        if facts["error"]:
            fail(db, found.folder, found.path, str(facts["error"]), at=at, document=found.document)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return str(facts["status"]), int(facts["pages"] or 0)


def _frame(held: dict[str, list[Any]], columns: Columns) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(name, held[name], kind) for name, kind in columns.items()})


def _insert(db: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def _insert_frame(
    db: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame, extractor: str, document: str
) -> None:
    extra = "" if table == "sketches" else ", ? AS extractor, ? AS version"
    values: list[object] = [document, *([extractor, EXTRACTOR_VERSION] if extra else [])]
    db.register("incoming", Stream(frame))
    db.execute(f"INSERT INTO {table} BY NAME SELECT ? AS document, *{extra} FROM incoming", values)
    db.unregister("incoming")


def place(db: duckdb.DuckDBPyConnection, found: Found) -> None:
    """Tell that a document's bytes are found in a place."""
    db.execute(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, false) ON CONFLICT (folder, path) DO UPDATE SET "
        "document = excluded.document, parent = excluded.parent, modified = excluded.modified, "
        "gone = false",
        [found.folder, found.path, found.document, found.parent, found.modified],
    )


def fail(
    db: duckdb.DuckDBPyConnection,
    folder: str,
    path: str,
    why: str,
    *,
    at: datetime,
    document: str | None = None,
) -> None:
    """Tell why something wasn't read, or not wholly; an earlier telling of it is replaced."""
    db.execute(
        "DELETE FROM failures WHERE folder = ? AND path = ? AND document IS NOT DISTINCT FROM ?",
        [folder, path, document],
    )
    row = {"folder": folder, "path": path, "document": document, "why": why, "failed_at": at}
    _insert(db, "failures", row | {"version": EXTRACTOR_VERSION})
