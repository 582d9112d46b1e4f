"""Check the answer of a caged process about a document, and how it is taken in.

Nothing of it is trusted: frames are bounded before they are parsed, long answers become typed
columns chunk by chunk, and only the columns named here are looked at.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.cage.keeper import Frames, Trouble
from onetomany.formats.extraction import CHUNK
from onetomany.formats.reading import Limits, Refused
from .budget import keep_member

Columns = dict[str, pl.DataType | type[pl.DataType]]
_I, _F, _S, _B = pl.Int32, pl.Float64, pl.String, pl.Boolean
_BOX: Columns = {"x0": _F, "y0": _F, "x1": _F, "y1": _F}
# the tables that a document fills, as `schema.sql` has them without document and version
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
    "captures": {"capture": _I, "kind": _S, "address": _S, "final_address": _S, "captured": _S,
                 "dated_by": _S, "status": _I, "media_type": _S, "page": _I, "payload_digest": _S,
                 "digest_of": _S, "digest_agrees": _B, "payload_sha256": _S, "member": _S,
                 "record": _S, "record_offset": pl.Int64, "refers_to": _S,
                 "refers_to_address": _S, "refers_to_date": _S},
}  # fmt: skip
# of pages that OCR has read
WORDS: Columns = {"page": _I, "char_start": _I, "char_end": _I, **_BOX, "confidence": _F}
_TABLES = ROWS | {"words": WORDS}
_TEXT = 256 << 20  # bytes of one long text


@dataclass(frozen=True)
class Member:
    """A document found in another: its name there, its SHA-256; its bytes are already kept."""

    name: str
    document: str


@dataclass(frozen=True)
class Answer:
    """The content read from one document; `content` is {} where nothing came, and `why` says why.

    `content` has `facts`, and `columns`: table -> column -> values, or a table's frame.
    """

    content: dict[str, Any]
    members: list[Member] = field(default_factory=list)
    why: str | None = None
    seconds: float = 0.0
    memory: int = 0  # bytes, of its process
    process: int | None = None  # each document has a process of its own
    size: int = 0  # bytes of the answer, without members


class Taken:
    """Takes frames in as they come. Raises Trouble where they make no sense.

    `take` is asked before a member of so many bytes is kept; None where nothing may have members.
    """

    def __init__(self, folder: Path, limits: Limits, take: Callable[[int], None] | None = None):
        self.folder, self.limits, self.take = folder, limits, take
        self.facts: dict[str, Any] = {}
        self.chunks: dict[str, list[Any]] = {}
        self.members: list[Member] = []
        self.texts: dict[int, str] = {}  # long texts that no row has asked for yet
        self.sent = 0
        self.rows = self.expanded = self.size = 0

    def __call__(self, frames: Frames) -> tuple[dict[str, Any], list[Member]]:
        """Return the content and the members of an answer."""
        name = ""
        for kind, length in frames:
            self.size += length if kind != b"M" else 0
            if kind == b"F" and length <= 4 * CHUNK:
                self.facts = _plain_facts(_parsed(frames.read(length)))
            elif kind == b"J" and length <= 2 * CHUNK:
                self._add(_parsed(frames.read(length)))
            elif kind == b"S" and length <= _TEXT and len(self.texts) < CHUNK:
                text = frames.read(length).decode("utf-8", "replace")
                self.texts[self.sent] = text
                self.sent += 1
            elif kind == b"N" and length <= 1 << 16:
                name = frames.read(length).decode("utf-8", "replace")
            elif kind == b"M" and self.take is not None:
                try:
                    self._keep(name, frames, length)
                except Refused as refused:
                    # its other members are left out, and the document says so
                    self.facts |= {"status": "partly", "error": str(refused)}
                    break
            else:
                raise Trouble("its parser gave no usable answer")
        columns = {
            table: held[0] if len(held) == 1 else pl.concat(_typed(table, each) for each in held)
            for table, held in self.chunks.items()
        }
        return {"facts": self.facts, "columns": columns}, self.members

    def _add(self, tables: Any) -> None:
        """Add a chunk of rows; long answers become typed columns at once, which are small."""
        if not isinstance(tables, dict):
            raise Trouble("its parser gave no usable answer")
        for table in tables.keys() & _TABLES.keys():
            rows = tables[table]
            if not isinstance(rows, dict):
                raise Trouble("its parser gave no usable answer")
            columns = {name: self._values(rows.get(name)) for name in _TABLES[table]}
            chunks = self.chunks.setdefault(table, [])
            chunks.append(columns)
            if len(chunks) > 1:
                chunks[-2:] = [_typed(table, each) for each in chunks[-2:]]

    def _values(self, values: Any) -> list[Any]:
        """A column's values, with long texts in their places."""
        if not isinstance(values, list):
            raise Trouble("its parser gave no usable answer")
        self.rows += len(values)
        if self.rows > 20 * (self.limits.cells + 1_000_000):
            raise Trouble("its parser gave more rows than the limit for a document")
        if list not in set(map(type, values)):
            return values
        for place, value in enumerate(values):
            if isinstance(value, list):
                try:
                    (number,) = value
                    # once each: a text that stood in many places would be as many texts
                    values[place] = self.texts.pop(number)
                except (ValueError, KeyError, TypeError):
                    raise Trouble("its parser gave no usable answer") from None
        return values

    def _keep(self, name: str, frames: Frames, length: int) -> None:
        """Keep a member's bytes under their SHA-256. Raises Refused at a budget's end."""
        self.expanded += length
        if self.expanded > self.limits.expanded or len(self.members) >= self.limits.members:
            raise Trouble("it contains more files, or larger ones, than the limit for an archive")
        assert self.take is not None
        self.take(length)
        frames.left += length  # members have limits of their own
        self.members.append(Member(name, keep_member(self.folder, frames, length)))


def _plain_facts(facts: Any) -> dict[str, Any]:
    """Facts as plain values, and their metadata as texts."""
    metadata = facts.pop("metadata", {}) if isinstance(facts, dict) else None
    plain = isinstance(metadata, dict) and not any(
        isinstance(value, list | dict) for value in [*facts.values(), *metadata.values()]
    )
    if not plain:
        raise Trouble("its parser gave no usable answer")
    return dict(facts) | {"metadata": metadata}


def _parsed(frame: bytes) -> Any:
    try:
        return json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise Trouble("its parser gave no usable answer") from error


def _typed(table: str, rows: Any) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    try:
        return pl.DataFrame(rows, schema=_TABLES[table])
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        raise Trouble("its parser gave no usable answer") from error
