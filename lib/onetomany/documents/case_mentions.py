"""Store the mentions on a case file's pages, and count who is mentioned together."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import polars as pl

from onetomany.mentions.quantities import MONEY
from onetomany.mentions.tagger import EXTRACTOR, VERSION, Row, mentions_frame
from onetomany.sources.case import ArrowStream
from .case_file import EXTRACTOR_VERSION, query_frame, transaction
from .catalogue import make_later_table
from .language import Page, Part

WORDS_EXTRACTOR = "words"  # marks notes on pages that could not be split into words
TOGETHER = {
    "one": pl.String,  # the normal form that is first in the alphabet
    "other": pl.String,
    "blocks": pl.Int64,  # that mention both
    "documents": pl.Int64,
}


def pages_without_mentions(db: duckdb.DuckDBPyConnection) -> list[Page]:
    """Return the pages without mentions yet; delete the mentions of changed pages.

    Pages read by another version of the tagger are returned as well.
    """
    make_later_table(db, "mention_pages")
    db.execute(_STALE, {"version": VERSION})
    db.execute(_FORGET)
    return db.execute(
        "select document, page, text from pages "
        "anti join mention_pages using (document, page) order by document, page"
    ).fetchall()


def store_mentions(db: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    """Store the mentions on pages, and mark the pages as read, in one transaction.

    Spans are places in pages.text; `block` is the block in which a mention begins. Money is a
    separate kind.
    """
    pages = [page for of_it, _, _ in parts for page in of_it]
    rows: list[Row] = []
    begin = 0  # of a part's texts, in all texts joined
    for of_it, of_kind, _ in parts:
        rows += [
            (kind, start + begin, end + begin, *rest)
            for kind, start, end, *rest in of_kind.get("mentions", ())
        ]
        begin += sum(len(text) + 1 for _, _, text in of_it)
    texts = [text for _, _, text in pages]
    found = mentions_frame(
        rows, pl.DataFrame({"block_id": [*map(str, range(len(texts)))], "text": texts})
    )
    at = found["block_id"].cast(pl.Int64).to_list()
    of_pages = found.with_columns(
        document=pl.Series([pages[place][0] for place in at], dtype=pl.String),
        page=pl.Series([pages[place][1] for place in at], dtype=pl.Int32),
    )
    with transaction(db):
        # as a whole: to read some columns of a stream DuckDB would need pyarrow
        db.register("given", ArrowStream(of_pages))
        db.execute("create or replace temp table found as from given")
        db.unregister("given")
        db.execute(_INSERT, {"money": MONEY})
        db.execute(
            "insert into mention_pages select unnest(?), unnest(?), unnest(?), ?, unnest(?)",
            [
                [document for document, _, _ in pages],
                [page for _, page, _ in pages],
                [hashlib.md5(text.encode()).hexdigest() for text in texts],
                VERSION,
                np.bincount(at, minlength=len(pages)).tolist(),
            ],
        )
        for of_it, _, failed in parts:
            if why := failed.get("mentions"):
                said = f"This page was not searched for mentions: {why}."
                note_unread(db, of_it, said, EXTRACTOR)


def note_unread(
    db: duckdb.DuckDBPyConnection, pages: list[Page], text: str, extractor: str
) -> None:
    """Store a note of kind 'unread' on pages, replacing earlier ones of the same extractor."""
    documents, numbers = [each[0] for each in pages], [each[1] for each in pages]
    db.execute(
        "delete from notes where kind = 'unread' and extractor = ? "
        "and (document, page) in (select unnest(?), unnest(?))",
        [extractor, documents, numbers],
    )
    db.execute(
        "insert into notes by name select unnest(?) as document, unnest(?) as page, "
        "'unread' as kind, ? as text, ? as extractor, ? as version",
        [documents, numbers, text, extractor, EXTRACTOR_VERSION],
    )


# a page is read again if its text changed or its mentions were deleted with its document
_STALE = """
delete from mention_pages as done where version <> $version or not exists (
    from pages where pages.document = done.document and pages.page = done.page
    and md5(pages.text) = done.text_md5
) or found <> (
    select count(*) from mentions
    where mentions.document = done.document and mentions.page = done.page
)
"""
_FORGET = """
delete from mentions where not exists (
    from mention_pages as done
    where done.document = mentions.document and done.page = mentions.page
)
"""
_INSERT = """
insert into mentions by name
select document, page,
       row_number() over (partition by document, page order by "start") as mention,
       (select max(block) from blocks where blocks.document = found.document
        and blocks.page = found.page and blocks.char_start <= found."start"
        and found."start" < blocks.char_end) as block,
       "start" as char_start, "end" as char_end,
       case when unit in (select unnest($money)) then 'money' else kind end as kind,
       text, normal, value, unit, approximation, note, extractor, version
from found
"""


def mentioned_together(
    db: duckdb.DuckDBPyConnection, kind: str = "organisation", other_kind: str = "organisation"
) -> pl.DataFrame:
    """Count normal forms mentioned in the same block: a frame of TOGETHER, most frequent first.

    Two bodies in one paragraph need not have anything to do with each other: read the page.
    """
    rows = query_frame(db, _TOGETHER, kind, other_kind)
    return pl.DataFrame(rows.rows(), schema=TOGETHER, orient="row")


_TOGETHER = """
with named as (select distinct document, page, block, kind, normal from mentions)
select least(a.normal, b.normal), greatest(a.normal, b.normal),
       count(distinct (document, page, block)), count(distinct document)
from named a join named b using (document, page, block)
where a.kind = ? and b.kind = ? and (a.kind <> b.kind or a.normal < b.normal)
group by 1, 2 order by 3 desc, 4 desc, 1, 2
"""
