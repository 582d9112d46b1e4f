"""Search a case file by BM25 over Korean morphemes and English stems, by phrase, or by pattern.

Korean words have particles and endings (법무부는, 법무부가), so kiwipiepy cuts words into morphemes
and only those with a meaning are kept; DuckDB's Snowball stemmer stems Latin words. DuckDB's
full-text index (extension fts) of these tokens is in the case file, with a table of postings made
from it, so that a search reads only the rows of its words.

Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009; k = 1.2,
b = 0.75, and the logarithm of DuckDB's `match_bm25` (base 10), whose scores these are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from importlib.metadata import version
from typing import Any, TypeVar

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.formats.reading import composed
from onetomany.progress import ProgressBar
from .case_mentions import WORDS_EXTRACTOR, note_unread
from .catalogue import MAKE_INDEX, load_fts, make_later_table
from .language import Page, Part, pattern_places
from .search_tokens import placed_tokens, stemmed, token_frame
from .store import insert_frame

# raised whenever the same text would give different tokens
# (4: a Latin word before a full stop, which kiwipiepy cuts at random: 'the min istry.')
TOKENIZER_VERSION = 4
K, B = 1.2, 0.75
HITS: dict[str, pl.DataType | type[pl.DataType]] = {
    "document": pl.String,
    "page": pl.Int64,
    "score": pl.Float64,  # BM25; for a phrase or pattern, how often it occurs on the page
    "snippet": pl.String,  # the part of the page's text with the most words of the query
    "snippet_start": pl.Int64,  # its start in pages.text
    # all places of the words on the page: characters of pages.text, [start, end)
    "spans": pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64})),
}
Span = tuple[int, int]
Search = TypeVar("Search", bound=Callable[..., Any])

_STALE = """
delete from search_pages as indexed where tokenizer <> $tokenizer or not exists (
    from pages where pages.document = indexed.document and pages.page = indexed.page
    and pages.text = indexed.text
)
"""
# each word's contribution to each page's score, calculated once: a search only adds them up
_POSTINGS = """
create or replace table search_postings as
select any_value(dict.term) as term, any_value(docs.name)::integer as id, count(*) as tf,
       log10((any_value(num_docs) - any_value(df) + 0.5) / (any_value(df) + 0.5) + 1)
       * (tf * ($k + 1)) / (tf + $k * (1 - $b + $b * any_value(len) / any_value(avgdl))) as score
from fts_main_search_pages.terms
join fts_main_search_pages.dict using (termid)
join fts_main_search_pages.docs using (docid), fts_main_search_pages.stats
group by terms.termid, terms.docid
order by term, id
"""
# the last table of an index: without it the index is rebuilt, also after a killed run
_OUTDATED = "drop table if exists search_postings"
_HELD = "select id, text, tokens, starts, ends from search_pages "
_BM25 = """
with found as (
    select id, sum(score) as score from search_postings
    where term in (select unnest($terms)) group by id
    order by score desc, id limit $limit
)
select document, page, score, id from found join search_pages using (id) order by score desc, id
"""

_FITTING = """
select document, page, id, len(regexp_extract_all(text, $regex, 0, 'i')) as times
from search_pages where regexp_matches(text, $regex, 'i')
order by times desc, document, page limit $limit
"""


def _tokenizer_version() -> str:
    """Return the tokenizer's version string; a case indexed by another version is reindexed."""
    return f"{TOKENIZER_VERSION} kiwi {version('kiwipiepy')} {version('kiwipiepy_model')}"


def unindexed_pages(db: duckdb.DuckDBPyConnection) -> list[Page]:
    """Return the pages whose words aren't indexed; drop the words of changed pages.

    Pages tokenized by another version are returned as well.
    """
    load_fts(db)
    make_later_table(db, "search_pages")
    (forgotten,) = db.execute(_STALE, {"tokenizer": _tokenizer_version()}).fetchone() or (0,)
    if forgotten:
        db.execute(_OUTDATED)
    return db.execute(
        "select document, page, text from pages "
        "anti join search_pages using (document, page) order by document, page"
    ).fetchall()


def store_words(db: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    """Store the words of pages with their places; `rebuild_index` makes them searchable."""
    pages = [page for of_it, _, _ in parts for page in of_it]
    frames = []
    begin = 0  # of a part's pages, in all pages
    for of_it, found, failed in parts:
        if why := failed.get("words"):
            text = f"This page is not searchable by words: {why}."
            note_unread(db, of_it, text, WORDS_EXTRACTOR)
        else:
            frames.append(found["words"].with_columns(pl.col("text") + begin))
        begin += len(of_it)
    tokens = pl.concat([token_frame([]), *frames])
    (last,) = db.execute("select coalesce(max(id), 0) from search_pages").fetchone() or (0,)
    rows = pl.DataFrame(
        {"text": range(len(pages)), "content": [text for _, _, text in pages]},
        schema_overrides={"text": pl.Int32},
    ).join(
        stemmed(db, tokens)
        .group_by("text", maintain_order=True)
        .agg(pl.col("form").str.join(" "), "start", "end"),
        on="text",
        how="left",
        maintain_order="left",
    )
    empty = pl.lit([], pl.List(pl.Int32))
    db.execute(_OUTDATED)
    insert_frame(
        db,
        "search_pages",
        rows.select(
            id=pl.col("text") + last + 1,
            document=pl.Series([document for document, _, _ in pages], dtype=pl.String),
            page=pl.Series([page for _, page, _ in pages], dtype=pl.Int32),
            tokens=pl.col("form").fill_null(""),
            starts=pl.col("start").fill_null(empty),
            ends=pl.col("end").fill_null(empty),
            tokenizer=pl.lit(_tokenizer_version()),
            text=pl.col("content"),
        ),
    )


def rebuild_index(db: duckdb.DuckDBPyConnection, *, progress: bool = False) -> None:
    """Rebuild the index if stored words have changed; DuckDB's index can't be added to."""
    if has_table(db, "search_postings"):
        return
    db.execute("drop table if exists search_grams")  # of an earlier version of the kit

    steps = ((MAKE_INDEX, None), (_POSTINGS, {"k": K, "b": B}))
    for query, values in ProgressBar(steps, desc="indexing pages", disable=not progress):
        db.execute(query, values)


def index_tokens(db: duckdb.DuckDBPyConnection, texts: Iterable[str]) -> list[str]:
    """Return each text as its tokens, separated by spaces, as pages and queries are indexed."""
    load_fts(db)
    return [" ".join(form for form, _, _ in each) for each in placed_tokens(db, texts)]


def of_any_case(search: Search) -> Search:
    """Turn errors of a damaged or forged index into an InputError."""

    @wraps(search)
    def checked(*args: Any, **named: Any) -> Any:
        try:
            return search(*args, **named)
        except (ValueError, TypeError, LookupError, pl.exceptions.PolarsError) as error:
            raise InputError(
                "The search index of this case file is damaged: ingest the documents into a "
                "new case file."
            ) from error

    return checked  # type: ignore[return-value]


@of_any_case
def search_words(db: duckdb.DuckDBPyConnection, query: str, *, limit: int = 20) -> pl.DataFrame:
    """Return the pages with the best BM25 score for a query's words: a frame of HITS.

    Raises InputError if the case isn't indexed by this tokenizer, or if the query has no word with
    a meaning (only particles, for example).
    """
    check_indexed(db)
    terms = sorted(set(index_tokens(db, [composed(query)])[0].split()))
    if not terms:
        raise InputError(f"'{query}' has no word to search for: give a noun, a verb or a number.")
    found = db.execute(_BM25, {"terms": terms, "limit": limit}).fetchall()
    query = _HELD + among_ids([id_ for *_, id_ in found])
    held = {row[0]: row[1:] for row in db.execute(query).fetchall()}
    rows = []
    for *hit, id_ in found:
        text, forms, starts, ends = held[id_]
        placed = zip(forms.split(), starts, ends, strict=True)
        rows.append((*hit, text, [(start, end) for form, start, end in placed if form in terms]))
    return hits_frame(rows)


@of_any_case
def search_phrase(db: duckdb.DuckDBPyConnection, words: str, *, limit: int = 20) -> pl.DataFrame:
    """Return the pages with a phrase, most occurrences first: a frame of HITS.

    Case is ignored, and spaces may be missing or be line breaks, as in extracted text.
    """
    if not words.strip():
        raise InputError("The phrase is empty: give at least one word.")
    check_indexed(db)
    words = composed(words)
    return _fitting(db, phrase_pattern(words), limit, phrase_places)


@of_any_case
def search_pattern(db: duckdb.DuckDBPyConnection, regex: str, *, limit: int = 20) -> pl.DataFrame:
    """Return the pages that match a regular expression, most matches first: a frame of HITS.

    The expression must be valid in DuckDB (RE2: no look-around, no back-references) and in Python.
    Case is ignored. Raises InputError if it is invalid or matches the empty string.
    """
    regex = composed(regex)
    try:
        compiled = re.compile(regex, re.IGNORECASE)
        db.execute("select regexp_matches('', ?, 'i')", [regex])
    except (re.error, duckdb.Error) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"'{regex}' isn't a valid pattern: {why}.") from error
    if compiled.fullmatch(""):
        raise InputError(f"'{regex}' also matches the empty string: give a pattern with a letter.")
    check_indexed(db)
    return _fitting(db, regex, limit, pattern_places)


def phrase_pattern(words: str) -> str:
    """Return a regular expression for words in sequence, with any blanks or none between.

    >>> phrase_pattern("face search")
    'face\\\\s*search'
    """
    return r"\s*".join(re.escape(word) for word in words.split())


def phrase_places(regex: str, texts: list[str]) -> list[list[Span]]:
    # words and blanks only: the time is proportional to the text
    compiled = re.compile(regex, re.IGNORECASE)
    return [[match.span() for match in compiled.finditer(text)] for text in texts]


def _fitting(
    db: duckdb.DuckDBPyConnection,
    regex: str,
    limit: int,
    places_in: Callable[[str, list[str]], list[list[Span]]],
) -> pl.DataFrame:
    """Return the pages that match an expression, most matches first, as a frame of HITS."""
    found = db.execute(_FITTING, {"regex": regex, "limit": limit}).fetchall()
    query = "select id, text from search_pages " + among_ids([row[2] for row in found])
    texts = dict(db.execute(query).fetchall())
    placed = places_in(regex, [texts[id_] for _, _, id_, _ in found]) if found else []
    rows = [
        (document, page, float(len(places)), texts[id_], places)
        for (document, page, id_, _), places in zip(found, placed, strict=True)
        if places
    ]
    # DuckDB and Python may count differently, such as digits of other scripts
    rows.sort(key=lambda row: -len(row[4]))
    return hits_frame(rows)


def among_ids(ids: list[int]) -> str:
    # with constants DuckDB uses the index of `id`; a join would scan all texts
    return f"where id in ({', '.join(map(str, ids)) or '-1'})"


def hits_frame(found: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Return rows of document, page, score, text and places as a frame of HITS."""
    rows = []
    for *hit, text, spans in found:
        start, end = _snippet(text, spans)
        marks = [{"start": first, "end": last} for first, last in spans]
        rows.append((*hit, text[start:end], start, marks))
    return pl.DataFrame(rows, schema=HITS, orient="row")


def _snippet(text: str, spans: list[Span], width: int = 160) -> Span:
    """Return the part of a text with the most different words, then the most places of them."""
    if not spans:
        return 0, min(len(text), width)
    best, best_worth = spans[0][0], (0, 0)
    last = 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + width:
            last += 1
        inside = spans[first:last]
        worth = (len({text[a:b].lower() for a, b in inside}), len(inside))
        if worth > best_worth:
            best, best_worth = start, worth
    begin = max(0, best - 20)
    if begin and (blank := re.search(r"\s+", text[begin:best])):  # not within a word
        begin += blank.end()
    return begin, min(len(text), max(begin + width, spans[0][1]))


def check_indexed(db: duckdb.DuckDBPyConnection) -> None:
    if not isinstance(db, duckdb.DuckDBPyConnection):
        raise InputError(f"{db!r} is no open case file: open it with open_case first.")
    if not has_table(db, "search_postings"):
        raise InputError("The case isn't indexed yet: run 'onetomany ingest' on its folder.")
    other = db.execute(
        "select tokenizer from search_pages where tokenizer <> ? limit 1", [_tokenizer_version()]
    ).fetchone()
    if other:
        raise InputError(
            f"The case was indexed by tokenizer {other[0]}, this is {_tokenizer_version()}: "
            "index it again."
        )


def has_table(db: duckdb.DuckDBPyConnection, table: str) -> bool:
    # also views: in a lake the postings are one (documents.lake)
    query = "select count(*) from information_schema.tables where table_name = ?"
    return db.execute(query, [table]).fetchone() != (0,)
