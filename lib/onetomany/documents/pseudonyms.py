"""Pseudonyms for what leaves the house: officials and third parties, the key kept apart.

A pseudonym is a keyed hash (HMAC-SHA-256, RFC 2104) of a name, so that the same name has the same
pseudonym in every table and export of a case and nobody without the key can test a guess. The key
and the table of names lie beside the case file, readable by its owner only, and are never
exported. This is pseudonymisation, not anonymisation: the words around a name may tell who it is.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from email.utils import getaddresses
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
from tqdm.auto import tqdm

from ..errors import InputError, IntegrityError
from ..sources.case import Stream
from ..sources.tables import csv_text
from . import persons
from .case_file import key_file, names_file, open_beside, open_case, write_parquet
from .reading import composed

# what is exported; other tables (the search index, sketches of shingles) hold words as well
TABLES = (
    *("meta", "documents", "files", "pages", "blocks", "tables", "cells"),
    *("notes", "failures", "mentions", "claims", "links", "words", "captures"),
)
# whose char_start and char_end lie in pages.text, and the column that is cut out of it
SPANS = {"blocks": "text", "cells": "text", "mentions": "text", "claims": "quote"}
SPANS |= {"links": "", "words": ""}
# fields that hold a name, whatever it looks like
AUTHORS = {("documents", "author"), ("blocks", "who")}
# neither words nor names: hashes, keys, dates, addresses of pages
KEPT = {"document", "parent", "root", "near_duplicate_of", "media_type", "status", "extractor"}
KEPT |= {"version"}
KEPT |= {"kind", "unit", "text_source", "source_url", "from_type", "to_type"}
KEPT |= {"created", "modified", "dated"}
KEPT |= {"address", "final_address", "captured", "dated_by", "payload_digest", "payload_sha256"}
KEPT |= {"digest_of", "member", "record", "refers_to", "refers_to_address", "refers_to_date"}
LETTERS = {"person": "P", "address": "E", "telephone": "T", "number": "R", "folder": "F"}
NAMES = {
    "pseudonym": pl.String,  # a letter for its kind and 10 of base 32: P-7K2QX4N6AB
    "kind": pl.String,  # person, address, telephone, number, folder
    "name": pl.String,  # in the form of persons.normal
}
BATCH = 500


def key_of(case: Path) -> bytes:
    """The key of a case, made on first use: 32 random bytes, readable by the owner only.

    Raises IntegrityError where the file is no such key, InputError where others can read it.
    """
    path = key_file(case)
    if not path.exists():
        _write_private(path, secrets.token_hex(32) + "\n")
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"Others can read {path}: 'chmod 600' it, and think who has seen it.")
    text = path.read_text("ascii", errors="replace").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise IntegrityError(f"{path} is no key of this kit: 64 hexadecimal digits are due.")
    return bytes.fromhex(text)


def pseudonym(key: bytes, kind: str, name: str) -> str:
    """The pseudonym of a name in its normal form: the same for the same key, kind and name."""
    digest = hmac.digest(key, f"{kind}\0{name}".encode(), "sha256")
    return f"{LETTERS[kind]}-{base64.b32encode(digest)[:10].decode()}"


def public_office() -> pl.DataFrame:
    """Who acts in public office and may stay named where the user says so, each with a source."""
    rows = pl.read_csv((persons.DATA / "public_office.csv").read_bytes(), infer_schema=False)
    return rows.with_columns(pl.col("name_romanised").fill_null(""))


class Replacer:
    """Replaces names and numbers in texts; `used` collects what was replaced, by pseudonym."""

    def __init__(
        self,
        key: bytes,
        known: Collection[str] = (),
        stay: Collection[str] = (),
        folders: Collection[str] = (),
    ) -> None:
        self._key, self._known, self._stay = key, set(known) - set(stay), set(stay)
        # a folder within another first
        self._folders = sorted(map(composed, folders), key=len, reverse=True)
        self.used: dict[str, tuple[str, str]] = {}

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of one name; remembers it."""
        short = pseudonym(self._key, kind, name)
        if self.used.setdefault(short, (kind, name)) != (kind, name):
            raise IntegrityError(f"Two names have the pseudonym {short}: make a new key.")
        return short

    def spans(self, texts: Sequence[str | None]) -> pl.DataFrame:
        """What is replaced in texts: persons.PERSONS and `new`, the pseudonym."""
        found = persons.find(texts, self._known).filter(~pl.col("name").is_in(list(self._stay)))
        new = [self.of(*row) for row in found.select("kind", "name").iter_rows()]
        return found.with_columns(pl.Series("new", new, dtype=pl.String))

    def texts(self, texts: Sequence[str | None]) -> list[str | None]:
        """Texts with every name and number replaced, and every folder that was ingested.

        The path of a folder may tell whose machine it was.
        """
        # names of files that a Mac made are spelt in letters, those in texts in syllables
        out: list[str | None] = [text and composed(text) for text in texts]
        for folder in self._folders:
            if any(text and folder in text for text in out):
                short = self.of("folder", folder)
                out = [text and text.replace(folder, short) for text in out]
        return rewritten(out, self.spans(out))

    def author(self, value: str) -> str:
        """A field that holds a name and nothing else, such as a document's author."""
        parts = [(name, mail) for name, mail in getaddresses([value]) if name or mail]
        if "@" not in value or not parts:
            name = persons.normal(value)
            return value if name in self._stay else self.of("person", name)
        return ", ".join(
            " ".join(
                [self.of("person", persons.normal(name))] * bool(name)
                + [f"<{self.of('address', mail.casefold())}>"] * bool(mail)
            )
            for name, mail in parts
        )

    def metadata(self, value: Any, field: str = "") -> Any:
        """What a file says of itself, as parsed JSON: fields of authors whole, others as texts."""
        if isinstance(value, dict):
            return {name: self.metadata(each, str(name)) for name, each in value.items()}
        if isinstance(value, list):
            return [self.metadata(each, field) for each in value]
        if not isinstance(value, str) or not value:
            return value
        if re.search(
            r"(?i)author|creator|modified_?by|saved_?by|manager|owner|sender|from$", field
        ):
            return self.author(value)
        return self.texts([value])[0]


def rewritten(texts: Sequence[str | None], spans: pl.DataFrame) -> list[str | None]:
    """Texts with `new` in place of each of their spans."""
    changed = list(texts)
    for (place,), own in spans.group_by("text_id", maintain_order=True):
        text, parts, last = texts[int(str(place))] or "", [], 0
        for start, end, new in own.select("start", "end", "new").iter_rows():
            parts += [text[last:start], new]
            last = end
        changed[int(str(place))] = "".join([*parts, text[last:]])
    return changed


def moved(at: Sequence[int], spans: pl.DataFrame, *, end: bool) -> list[int]:
    """Where places of one text are after its spans were rewritten.

    A place within a span goes to the pseudonym's beginning, or with `end` to its end, so that what
    was cut through a name holds all of the pseudonym.
    """
    starts, ends = spans["start"].to_numpy(), spans["end"].to_numpy()
    grown = np.concatenate(
        [[0], np.cumsum(spans["new"].str.len_chars().to_numpy() - (ends - starts))]
    )
    places = np.asarray(at, dtype=np.int64)
    before = np.searchsorted(ends, places, side="right")
    inside = np.concatenate([starts, [np.iinfo(np.int64).max]])[before] < places
    here = np.concatenate([starts, [0]])[before] + grown[before]
    long = np.concatenate([spans["new"].str.len_chars().to_numpy(), [0]])[before]
    result = np.where(inside, here + (long if end else 0), places + grown[before])
    return [int(place) for place in result]


def export(case: Path, folder: Path, *, officials: bool = False) -> list[Path]:
    """Write the TABLES of a case as parquet, names replaced; returns the files.

    Texts become longer or shorter, and every span is counted anew: pages.text from char_start to
    char_end is still the block's text. A mention that was part of a name is left out. With
    `officials` those of `public_office` stay named. Names found by a cue in any text are replaced
    in all of them.

    Raises InputError where the folder holds the case file, since the key lies beside that.
    """
    case, folder = Path(case), Path(folder)
    if case.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{folder} holds the case file and so the key of the pseudonyms: name another folder."
        )
    with open_case(case):
        pass  # refuses what is no case file
    key = key_of(case)
    folder.mkdir(parents=True, exist_ok=True)
    stay = set()
    if officials:
        listed = public_office()
        stay = {persons.normal(name) for name in [*listed["name"], *listed["name_romanised"]]}
    with open_beside(case, folder) as db:
        there = {name for (name,) in db.execute(
            "select table_name from duckdb_tables() where database_name = 'kept'"
        ).fetchall()}  # fmt: skip
        folders = db.execute("select distinct folder from kept.files").fetchall()
        replacer = Replacer(key, _names(db, key), stay, [folder for (folder,) in folders])
        _pages(db, replacer)
        written = [_table(db, name, folder, replacer) for name in TABLES if name in there]
    rows = [(short, *found) for short, found in sorted(replacer.used.items())]
    table = pl.DataFrame(rows, schema=NAMES, orient="row")
    _write_private(names_file(case), csv_text(table))
    return written


def _names(db: duckdb.DuckDBPyConnection, key: bytes) -> set[str]:
    """Every person that a cue stands at in any text of the case, in normal form."""
    found: set[str] = set()
    queries = [
        "select text from kept.pages",
        "select text from kept.cells where char_start is null",
        "select text from kept.notes",
        "select unnest([title, name]) from kept.documents",
        "select unnest([said_by, quote, source, reply]) from kept.claims",
    ]
    for query in queries:
        for texts in tqdm(_batches(db, query), desc="looking for names", leave=False):
            people = persons.find(texts).filter(kind="person")
            found.update(people["name"].to_list())
    authors = Replacer(key)
    for texts in _batches(
        db, "select author from kept.documents union select who from kept.blocks"
    ):
        for text in filter(None, texts):
            authors.author(text)
    # a column of names says so at its head, and no other cue stands at them
    for texts in _batches(db, _COLUMNS, [*persons.words("label"), "name", "full name"]):
        listed = {persons.normal(text) for text in texts if text}
        found |= {name for name in listed if len(name) > 2 and persons.looks_like_one(name)}
    # an author may also be an office or a program: that is replaced there, and nowhere else
    named = (name for kind, name in authors.used.values() if kind == "person")
    return found | set(filter(persons.looks_like_one, named))


_COLUMNS = """
select distinct c.text from kept.cells c join kept.cells h
on h.document = c.document and h.page = c.page and h.table_no = c.table_no
    and h.column_no = c.column_no and h.row_no < c.row_no
where lower(trim(h.text)) in (select unnest(?))
"""


def _batches(
    db: duckdb.DuckDBPyConnection, query: str, *values: object
) -> Iterator[list[str | None]]:
    cursor = db.cursor().execute(query, list(values))
    while rows := cursor.fetchmany(BATCH):
        yield [text for (text,) in rows]


def _pages(db: duckdb.DuckDBPyConnection, replacer: Replacer) -> None:
    """Fill new_pages (texts that changed), places (where their spans moved to) and gone (names)."""
    db.execute("create table new_pages (document varchar, page integer, text varchar)")
    db.execute(
        "create table places (document varchar, page integer, spot integer, s integer, e integer)"
    )
    db.execute("create table gone (document varchar, page integer, s integer, e integer)")
    held = {name for (name,) in db.execute("select table_name from duckdb_tables()").fetchall()}
    every = " union ".join(
        f"select document, page, unnest([char_start, char_end]) as spot from kept.{table}"
        for table in SPANS
        if table in held
    )
    db.execute(
        f"create table cuts as select * from ({every}) where spot is not null and page is not null"
    )
    (held_pages,) = db.execute("select count(*) from kept.pages").fetchone() or (0,)
    bar = tqdm(total=held_pages, desc="replacing names", unit="page", leave=False)
    cursor = db.cursor().execute("select document, page, text from kept.pages order by all")
    while rows := cursor.fetchmany(BATCH):
        texts = [text for _, _, text in rows]
        spans = replacer.spans(texts)
        changed = rewritten(texts, spans)
        touched = [rows[place] for place in spans["text_id"].unique()]
        keys = {"document": [each[0] for each in touched], "page": [each[1] for each in touched]}
        cuts: dict[tuple[str, int], list[int]] = {}
        for document, page, spot in db.execute(
            "select cuts.* from cuts join (select unnest($document) as document, "
            "unnest($page) as page) using (document, page)",
            keys,
        ).fetchall():
            cuts.setdefault((document, page), []).append(spot)
        new: list[tuple[str, int, str | None]] = []
        places: list[tuple[str, int, int, int, int]] = []
        gone: list[tuple[str, int, int, int]] = []
        for (number,), own in spans.group_by("text_id", maintain_order=True):
            document, page, _ = rows[int(str(number))]
            at = cuts.get((document, page), [])
            new.append((document, page, changed[int(str(number))]))
            moves = zip(at, moved(at, own, end=False), moved(at, own, end=True), strict=True)
            places += [(document, page, *each) for each in moves]
            gone += [(document, page, *each) for each in own.select("start", "end").iter_rows()]
        for table, held_rows in (("new_pages", new), ("places", places), ("gone", gone)):
            if held_rows:
                db.register("given", Stream(pl.DataFrame(held_rows, orient="row")))
                db.execute(f"insert into {table} select * from given")
                db.unregister("given")
        bar.update(len(rows))
    bar.close()


def _table(db: duckdb.DuckDBPyConnection, name: str, folder: Path, replacer: Replacer) -> Path:
    """Write one table with its names replaced."""
    columns = db.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = 'kept' and table_name = ? order by column_index",
        [name],
    ).fetchall()
    page = "{0}.document = t.document and {0}.page = t.page"
    joins = ["left join new_pages n on " + page.format("n")] * (name in SPANS or name == "pages")
    if name in SPANS:
        joins += [
            f"left join places {side} on {page.format(side)} and {side}.spot = t.char_{at}"
            for side, at in (("a", "start"), ("b", "end"))
        ]
    moved_to = {"char_start": "a.s", "char_end": "b.e"} if name in SPANS else {}
    cut = {"text": "n.text"} if name == "pages" else {}
    if SPANS.get(name):
        cut = {SPANS[name]: "substr(n.text, a.s + 1, b.e - a.s)"}
    chosen = []
    for number, (column, kind) in enumerate(columns):
        value = f't."{column}"'
        # what is a part of its page's text follows that; what isn't is read for itself
        own = column not in cut or name in ("cells", "claims")
        if kind in ("VARCHAR", "JSON") and column not in KEPT and own:
            swap = f"swap_{number}"
            _swap(db, replacer, swap, (name, column, kind))
            joins.append(f"left join {swap} on {swap}.old = {value}::varchar")
            loose = f"coalesce({swap}.new, {value}::varchar)::{kind}"
            if name == "cells" and column in cut:
                loose = f"case when t.char_start is null then {loose} else {value} end"
            value = loose
        value = f"coalesce({cut.get(column, moved_to.get(column, 'null'))}, {value})"
        chosen.append(f'{value} as "{column}"')
    # a mention that was part of a name would tell it
    within = f"from gone g where {page.format('g')} and g.s < t.char_end and t.char_start < g.e"
    where = f"where not exists ({within})" if name == "mentions" else ""
    query = f"select {', '.join(chosen)} from kept.{name} t {' '.join(joins)} {where}"
    query += " order by t.rowid"
    return write_parquet(db, query, folder, name)


def _swap(
    db: duckdb.DuckDBPyConnection, replacer: Replacer, swap: str, of: tuple[str, str, str]
) -> None:
    """A table of the distinct values of a column that change: old, new."""
    table, column, kind = of
    db.execute(f"create or replace table {swap} (old varchar, new varchar)")
    distinct = f'select distinct "{column}"::varchar from kept.{table} where "{column}" is not null'
    for texts in _batches(db, distinct):
        old = [text for text in texts if text]
        if (table, column) in AUTHORS:
            new: Sequence[str | None] = [replacer.author(text) for text in old]
        elif kind == "JSON":
            new = [
                json.dumps(replacer.metadata(json.loads(text)), ensure_ascii=False) for text in old
            ]
        else:
            new = replacer.texts(old)
        pairs = pl.DataFrame({"old": old, "new": new}, schema={"old": pl.String, "new": pl.String})
        db.register("given", Stream(pairs.filter(pl.col("old") != pl.col("new"))))
        db.execute(f"insert into {swap} select * from given")
        db.unregister("given")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, beside and then renamed."""
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)
    try:
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
