"""Export a case file: as Parquet, by default with pseudonyms, and the tables in it as CSV files."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.mentions import persons
from onetomany.progress import ProgressBar
from onetomany.sources.files import whole_file, write_whole
from onetomany.sources.tables import csv_text
from . import pseudonyms
from .case_file import open_beside, open_case
from .catalogue import quoted
from .pseudonyms import Replacer
from .store import insert_frame

# the exported tables; the others (search index, sketches of shingles) contain words as well
TABLES = (
    *("meta", "documents", "files", "pages", "blocks", "tables", "cells"),
    *("notes", "failures", "mentions", "claims", "links", "words", "captures"),
)
# tables with char_start and char_end in pages.text, and the column that repeats that text
SPANS = {"blocks": "text", "cells": "text", "mentions": "text", "claims": "quote"}
SPANS |= {"links": "", "words": ""}
# fields that contain a name, whatever it looks like
AUTHORS = {("documents", "author"), ("blocks", "who")}
# columns without words or names: hashes, keys, dates, addresses of pages
KEPT = {
    "document", "parent", "root", "near_duplicate_of", "media_type", "status", "extractor",
    "version", "kind", "unit", "text_source", "source_url", "from_type", "to_type", "created",
    "modified", "dated", "address", "final_address", "captured", "dated_by", "payload_digest",
    "payload_sha256", "digest_of", "member", "record", "refers_to", "refers_to_address",
    "refers_to_date",
}  # fmt: skip
BATCH = 500
# made by `_pages`: changed texts, moved places of their spans, places of replaced names
_MADE = {
    "new_pages": {"document": "varchar", "page": "integer", "text": "varchar"},
    "places": {"document": "varchar", **dict.fromkeys(("page", "spot", "s", "e"), "integer")},
    "gone": {"document": "varchar", **dict.fromkeys(("page", "s", "e"), "integer")},
}

INDEX = "tables.csv"
Cell = tuple[int, int, str, bool]  # row and column, from 1, text, and whether it is hidden
MOST_CELLS = 5_000_000  # of one table, empty ones counted: a sheet may have a cell in its last row
TABLE_INDEX = {
    "file": pl.String,  # null if it was not written: see note
    "path": pl.String,
    "page": pl.Int64,
    "label": pl.String,  # a sheet's name
    "table_no": pl.Int64,
    "title": pl.String,
    "rows": pl.Int64,
    "columns": pl.Int64,
    "hidden_cells": pl.Int64,
    "note": pl.String,
    "document": pl.String,
}


def export_parquet(
    case: Path, folder: Path, *, names: bool = False, officials: bool = False
) -> list[Path]:
    """Write the tables of a case as <table>.parquet into a folder; return the files.

    Names of persons and identifying numbers are replaced by pseudonyms; with `names` all tables
    are written unchanged. Texts become longer or shorter, and spans are moved with them:
    pages.text from char_start to char_end is still the block's text. Mentions that were part of a
    name are left out. Names found by a cue in one text are replaced in all texts. With
    `officials` the holders of public office (`public_office`) keep their names.

    Raises InputError if the folder contains the case file, since the key is beside it.
    """
    if not names:
        return _export_pseudonymised(Path(case), Path(folder), officials=officials)
    folder.mkdir(parents=True, exist_ok=True)
    with open_case(case, into=folder) as db:
        tables = db.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' ORDER BY table_name"
        ).fetchall()
        every = 'SELECT * FROM main."{}"'
        return [_write_parquet(db, every.format(name), folder, name) for (name,) in tables]


def _export_pseudonymised(case: Path, folder: Path, *, officials: bool) -> list[Path]:
    if case.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{folder} contains the case file, and so the key of the pseudonyms: "
            "name another folder."
        )
    stay = set()
    if officials:
        listed = pseudonyms.public_office()
        stay = {persons.normal_name(name) for name in [*listed["name"], *listed["name_romanised"]]}
    with open_beside(case, folder) as db:
        key = pseudonyms.pseudonym_key(case)  # not for other files, which are refused
        folder.mkdir(parents=True, exist_ok=True)
        there = {name for (name,) in db.execute(
            "select table_name from duckdb_tables() where database_name = 'kept'"
        ).fetchall()}  # fmt: skip
        folders = db.execute("select distinct folder from kept.files").fetchall()
        replacer = Replacer(key, _names(db, key), stay, [folder for (folder,) in folders])
        _pages(db, replacer, SPANS.keys() & there)
        written = [_table(db, name, folder, replacer) for name in TABLES if name in there]
    pseudonyms.write_names(case, replacer.used)
    return written


def _names(db: duckdb.DuckDBPyConnection, key: bytes) -> set[str]:
    """Return all persons that a cue marks in any text of the case, in normal form."""
    found: set[str] = set()
    queries = [
        "select text from kept.pages",
        "select text from kept.cells where char_start is null",
        "select text from kept.notes",
        "select unnest([title, name]) from kept.documents",
        "select unnest([said_by, quote, source, reply]) from kept.claims",
    ]
    for query in queries:
        for texts in ProgressBar(_batches(db, query), desc="looking for names", leave=False):
            people = persons.find_persons(texts).filter(kind="person")
            found.update(people["name"].to_list())
    authors = Replacer(key)
    for texts in _batches(
        db, "select author from kept.documents union select who from kept.blocks"
    ):
        for text in filter(None, texts):
            authors.author(text)
    # in a table only the column's header says that these are names
    for texts in _batches(db, _COLUMNS, [*persons.person_words("label"), "name", "full name"]):
        listed = {persons.normal_name(text) for text in texts if text}
        found |= {name for name in listed if len(name) > 2 and persons.looks_like_name(name)}
    # an author may also be an office or a program: replaced as author, not in texts
    named = (name for kind, name in authors.used.values() if kind == "person")
    return found | set(filter(persons.looks_like_name, named))


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


def _pages(db: duckdb.DuckDBPyConnection, replacer: Replacer, spanned: Collection[str]) -> None:
    """Fill the tables of _MADE; `spanned` are the tables of the case whose spans move."""
    for table, columns in _MADE.items():
        defined = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        db.execute(f"create table {table} ({defined})")
    every = " union ".join(
        f"select document, page, unnest([char_start, char_end]) as spot from kept.{table}"
        for table in spanned
    )
    db.execute(
        f"create table cuts as select * from ({every}) where spot is not null and page is not null"
    )
    (held_pages,) = db.execute("select count(*) from kept.pages").fetchone() or (0,)
    with ProgressBar(total=held_pages, desc="replacing names", unit="page", leave=False) as bar:
        cursor = db.cursor().execute("select document, page, text from kept.pages order by all")
        while rows := cursor.fetchmany(BATCH):
            for table, made in _changes(db, replacer, rows).items():
                if made:
                    frame = pl.DataFrame(made, schema=[*_MADE[table]], orient="row")
                    insert_frame(db, table, frame)
            bar.update(len(rows))


def _changes(
    db: duckdb.DuckDBPyConnection, replacer: Replacer, pages: list[tuple[str, int, str | None]]
) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of _MADE for some pages."""
    texts = [text for _, _, text in pages]
    spans = replacer.spans(texts)
    changed = pseudonyms.replace_spans(texts, spans)
    touched = [pages[place] for place in spans["text_id"].unique()]
    cuts: dict[tuple[str, int], list[int]] = {}
    for document, page, spot in db.execute(
        "select cuts.* from cuts join (select unnest($document) as document, "
        "unnest($page) as page) using (document, page)",
        {"document": [each[0] for each in touched], "page": [each[1] for each in touched]},
    ).fetchall():
        cuts.setdefault((document, page), []).append(spot)
    made: dict[str, list[tuple[object, ...]]] = {table: [] for table in _MADE}
    for (number,), own in spans.group_by("text_id", maintain_order=True):
        place = pages[int(str(number))][:2]
        at = cuts.get(place, [])
        made["new_pages"].append((*place, changed[int(str(number))]))
        starts, ends = (pseudonyms.moved_places(at, own, end=end) for end in (False, True))
        made["places"] += [(*place, *each) for each in zip(at, starts, ends, strict=True)]
        made["gone"] += [(*place, *each) for each in own.select("start", "end").iter_rows()]
    return made


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
        # a part of its page's text changes with the page; other texts are searched on their own
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
    # a mention that was part of a name would reveal it
    within = f"from gone g where {page.format('g')} and g.s < t.char_end and t.char_start < g.e"
    where = f"where not exists ({within})" if name == "mentions" else ""
    query = f"select {', '.join(chosen)} from kept.{name} t {' '.join(joins)} {where}"
    query += " order by t.rowid"
    return _write_parquet(db, query, folder, name)


def _swap(
    db: duckdb.DuckDBPyConnection, replacer: Replacer, swap: str, of: tuple[str, str, str]
) -> None:
    """Make a table of the values of a column that change: old, new."""
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
        insert_frame(db, swap, pairs.filter(pl.col("old") != pl.col("new")))


def _write_parquet(db: duckdb.DuckDBPyConnection, query: str, folder: Path, name: str) -> Path:
    """Write a query's result as <name>.parquet, whole or not at all."""
    # absolute, like the folder that the connection may write to
    target = folder.absolute() / f"{name}.parquet"
    with whole_file(target) as beside:
        db.execute(f"COPY ({query}) TO {quoted(beside)} (FORMAT parquet, COMPRESSION zstd)")
    return folder / target.name


def write_tables(
    db: duckdb.DuckDBPyConnection, folder: Path, document: str | None = None
) -> pl.DataFrame:
    """Write the tables of a case, or of one document; return their index, TABLE_INDEX.

    A cell that spans several rows or columns is in the first. No cell is taken for a formula by
    a spreadsheet (`sources.tables`). Rows and columns are those of the table; of a sheet, those of
    the sheet.
    """
    found = db.execute(
        "select document, path, t.page, label, table_no, t.title from tables t "
        "join documents using (document) left join pages p using (document, page) "
        "where $only is null or document = $only order by path, t.page, table_no",
        {"only": document},
    ).fetchall()
    rows = []
    for of_it, path, page, label, number, title in found:
        cells = db.execute(
            "select row_no, column_no, text, hidden from cells "
            "where document = ? and page = ? and table_no = ?",
            [of_it, page, number],
        ).fetchall()
        high = max((row for row, *_ in cells), default=0)
        wide = max((column for _, column, *_ in cells), default=0)
        hidden = sum(bool(each) for *_, each in cells)
        name, note = f"{of_it[:12]}-p{page}-t{number}.csv", _unfit(of_it, cells, high, wide)
        if note is None:
            write_whole(folder / name, _grid(cells, high, wide))
        file = name if note is None else None
        rows.append((file, path, page, label, number, title, high, wide, hidden, note, of_it))
    index = pl.DataFrame(rows, schema=TABLE_INDEX, orient="row")
    write_whole(folder / INDEX, csv_text(index).encode("utf-8-sig"))
    return index


def _unfit(document: str, cells: list[Cell], high: int, wide: int) -> str | None:
    """Return why a table is not written: a received case file may contain anything."""
    if not re.fullmatch("[0-9a-f]{64}", document):
        return "The table's document is not named by a SHA-256."
    if not cells:
        return "The table has no cell with text."
    if min(min(row, column) for row, column, *_ in cells) < 1 or high * wide > MOST_CELLS:
        return f"The table has {high:,} rows and {wide:,} columns: too large for one file."
    return None


def _grid(cells: list[Cell], high: int, wide: int) -> bytes:
    """Return cells as CSV, for spreadsheets: in UTF-8 with its mark, which Excel needs."""
    columns: list[list[str | None]] = [[None] * high for _ in range(wide)]
    for row, column, text, _ in cells:
        columns[column - 1][row - 1] = text
    schema = {str(number): pl.String for number in range(wide)}
    frame = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
    return csv_text(frame, include_header=False).encode("utf-8-sig")
