"""Pages that have all of a query's words and phrases, those with the words close together first.

Words are joined by AND over the postings of `search`; a page whose words all stand within a line
counts up to twice its BM25 score, one with its words apart hardly more than that. The idea is cover
density (Clarke, Cormack and Tudhope, Information Processing & Management 36:2, 2000): the shortest
stretch that has every word counts by its length. It is looked at in the best pages by BM25 alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InputError
from . import grams
from .query import Filters, Query, parse_query
from .search import (
    HITS,
    Span,
    among_ids,
    check_indexed,
    has_table,
    hits_frame,
    of_any_case,
    phrase_pattern,
    phrase_places,
    tokens,
)

LINE = 80  # characters: words that all stand within so many are next to each other
RANKED = 150  # pages whose words' places are looked at
Ids = NDArray[np.int64]
_NONE: Ids = np.empty(0, np.int64)
_POSTINGS = "select id::bigint as id, score from search_postings where term = ? order by id"
# the places of the wanted words only: a page has hundreds of others
_PLACES = """
select id, list_filter(list_zip(string_split(tokens, ' '), starts, ends),
                       lambda t: list_contains(?::varchar[], t[1])) as places
from search_pages """


@dataclass(frozen=True)
class FoundPages:
    """What a search found; `said` puts it into a sentence."""

    query: Query
    filters: Filters
    hits: pl.DataFrame  # of HITS: pages that have all, or the nearest to it
    total: int  # pages that have all
    counts: dict[str, int] = field(default_factory=dict)  # of each word, where no page has all
    nearest: int = 0  # so many of the words are on the pages that are shown instead
    nearest_total: int = 0  # pages that have so many
    left_out: int = 0  # pages that have all, but don't fit the filters or have what is excluded
    undated: int = 0  # pages that have all, in documents without a date
    ignored: tuple[str, ...] = ()  # words that mean nothing to the index

    def said(self, korean: bool = False) -> str:
        """Return in sentences what was looked for, what was found and what was not."""
        return " ".join((_said_ko if korean else _said_en)(self))


@of_any_case
def find_pages(
    db: duckdb.DuckDBPyConnection, text: str, *, filters: Filters | None = None, limit: int = 20
) -> FoundPages:
    """Return the pages that have every word and phrase of a query, best first.

    Where no page has all, `hits` are those that have most of them. Raises InputError where the case
    isn't indexed, or no word of the query means anything to the index.
    """
    check_indexed(db)
    return _Search(db, parse_query(text), filters or Filters(), limit).found()


class _Search:
    def __init__(
        self, db: duckdb.DuckDBPyConnection, query: Query, filters: Filters, limit: int
    ) -> None:
        self.db, self.query, self.filters, self.limit = db, query, filters, limit
        words = [*query.words, *query.phrases, *query.without_words]
        forms = [each.split() for each in tokens(db, words)]
        self.terms = dict(zip(words, forms, strict=True))
        self.words = [word for word in query.words if self.terms[word]]
        self.postings: dict[str, tuple[Ids, NDArray[np.float64]]] = {}
        if not self.words and not query.phrases:
            raise InputError(
                f"'{' '.join(query.words)}' has no word to search for: give a noun, a verb or a "
                "number."
            )

    def found(self) -> FoundPages:
        whole = self._all()
        fitting, undated = self._fitting(whole)
        ignored = tuple(word for word in self.query.words if not self.terms[word])
        result = FoundPages(
            self.query,
            self.filters,
            pl.DataFrame(schema=HITS),
            len(fitting),
            left_out=len(whole) - len(fitting) - undated,
            undated=undated,
            ignored=ignored,
        )
        if len(whole):
            return replace(result, hits=self._ranked(fitting))
        return self._nearest(result)

    def _posting(self, term: str) -> tuple[Ids, NDArray[np.float64]]:
        if term not in self.postings:
            rows = self.db.execute(_POSTINGS, [term]).fetchnumpy()
            self.postings[term] = (rows["id"].astype(np.int64), rows["score"].astype(np.float64))
        return self.postings[term]

    def _having_word(self, word: str) -> Ids:
        return reduce(_both, (self._posting(term)[0] for term in self.terms[word]))

    def _having_phrase(self, phrase: str, among: Ids | None) -> Ids:
        """Return the ids of pages, among some or all, that have a phrase as it stands."""
        ids = grams.of_phrase(self.db, phrase)
        if among is not None:
            ids = among if ids is None else _both(ids, among)
        where = "" if ids is None else among_ids(ids.tolist())
        # no condition on the expression: DuckDB would read every text before it looks at its id
        rows = self.db.execute(
            f"select id::bigint, regexp_matches(text, ?, 'i') from search_pages {where}",
            [phrase_pattern(phrase)],
        ).fetchall()
        return np.array(sorted(id_ for id_, fits in rows if fits), np.int64)

    def _all(self) -> Ids:
        ids = reduce(_both, map(self._having_word, self.words)) if self.words else None
        for phrase in self.query.phrases:
            ids = self._having_phrase(phrase, ids)
        return _NONE if ids is None else ids

    def _fitting(self, ids: Ids) -> tuple[Ids, int]:
        """Return what of `ids` fits the filters and has nothing excluded, and how many no date."""
        if not len(ids):
            return ids, 0
        for word in self.query.without_words:
            if self.terms[word]:
                ids = np.setdiff1d(ids, self._having_word(word), assume_unique=True)
        for phrase in self.query.without_phrases:
            ids = np.setdiff1d(ids, self._having_phrase(phrase, ids), assume_unique=True)
        if not self.filters.dated:
            return _both(ids, self._filtered(*self.filters.where())), 0
        condition, values = self.filters.where(dates=False)
        no_date = "coalesce(d.created, d.modified, '') = ''"
        undated = self._filtered(" and ".join(filter(None, (condition, no_date))), values)
        return _both(ids, self._filtered(*self.filters.where())), len(_both(ids, undated))

    def _filtered(self, condition: str, values: list[object]) -> Ids | None:
        if not condition:
            return None
        if self.filters.tag and not has_table(self.db, "remarks"):
            return _NONE
        rows = self.db.execute(
            "select s.id::bigint as id from search_pages s join documents d using (document) "
            f"where {condition} order by id",
            values,
        ).fetchnumpy()
        ids: Ids = rows["id"].astype(np.int64)
        return ids

    def _nearest(self, result: FoundPages) -> FoundPages:
        """Return with the pages that have most of the words, and on how many each word is."""
        having = {word: self._having_word(word) for word in self.words}
        having |= {f'"{each}"': self._having_phrase(each, None) for each in self.query.phrases}
        counts = {word: len(ids) for word, ids in having.items()}
        ids, many = np.unique(np.concatenate([*having.values(), _NONE]), return_counts=True)
        for most in range(len(having) - 1, 0, -1):
            fitting, _ = self._fitting(ids[many == most])
            if len(fitting):
                hits = self._ranked(fitting, whole=False)
                return replace(
                    result, hits=hits, counts=counts, nearest=most, nearest_total=len(fitting)
                )
        return replace(result, counts=counts)

    def _ranked(self, ids: Ids, *, whole: bool = True) -> pl.DataFrame:
        """Return the best of some pages as HITS; `whole` where they have all of the words."""
        wanted = [*self.words, *self.query.phrases]
        terms = sorted({term for word in wanted for term in self.terms[word]})
        scores = np.zeros(len(ids))
        for term in terms:
            own, worth = self._posting(term)
            if len(own):
                at = np.minimum(np.searchsorted(own, ids), len(own) - 1)
                scores += np.where(own[at] == ids, worth[at], 0.0)
        best = np.lexsort((ids, -scores))[: max(RANKED, self.limit)]
        words = sorted({term for word in self.words for term in self.terms[word]})
        places = self._places(ids[best], words)
        rated = []
        for id_, score in zip(ids[best].tolist(), scores[best].tolist(), strict=True):
            near = _nearness(places[id_]) if whole else 0.0
            rated.append((score * (1 + near), id_))
        rated.sort(key=lambda each: (-each[0], each[1]))
        return self._shown(rated[: self.limit], places)

    def _places(self, ids: Ids, words: list[str]) -> dict[int, list[list[Span]]]:
        """Return, for each page, the places of each word and phrase."""
        among = among_ids(ids.tolist())
        places: dict[int, list[list[Span]]] = {
            id_: [[] for _ in [*words, *self.query.phrases]] for id_ in ids.tolist()
        }
        order = {word: number for number, word in enumerate(words)}
        if words:
            for id_, rows in self.db.execute(_PLACES + among, [words]).fetchall():
                for form, start, end in (_plain(row) for row in rows):
                    places[id_][order[form]].append((start, end))
        if self.query.phrases:
            texts = self.db.execute("select id, text from search_pages " + among).fetchall()
            for number, phrase in enumerate(self.query.phrases, len(words)):
                found = phrase_places(phrase_pattern(phrase), [text for _, text in texts])
                for (id_, _), spans in zip(texts, found, strict=True):
                    places[id_][number] = spans
        return places

    def _shown(
        self, rated: list[tuple[float, int]], places: dict[int, list[list[Span]]]
    ) -> pl.DataFrame:
        ids = [id_ for _, id_ in rated]
        query = "select id, document, page, text from search_pages " + among_ids(ids)
        held = {row[0]: row[1:] for row in self.db.execute(query).fetchall()}
        return hits_frame(
            [(held[id_][0], held[id_][1], score) for score, id_ in rated],
            [held[id_][2] for id_ in ids],
            [joined_spans([span for each in places[id_] for span in each]) for id_ in ids],
        )


def _plain(row: Any) -> tuple[str, int, int]:
    """Return a row of list_zip, which DuckDB hands out as a mapping or as a tuple."""
    form, start, end = row.values() if isinstance(row, dict) else row
    return form, start, end


def _both(one: Ids, other: Ids | None) -> Ids:
    if other is None:
        return one
    both: Ids = np.intersect1d(one, other, assume_unique=True)
    return both


def joined_spans(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _nearness(places: list[list[Span]]) -> float:
    """Return 1 where every word stands within a line of the others, less the further apart."""
    if len(places) < 2 or not all(places):
        return 0.0
    every = sorted((*span, word) for word, spans in enumerate(places) for span in spans)
    shortest, first = None, 0
    missing, many = len(places), [0] * len(places)
    for _, end, word in every:
        missing -= many[word] == 0
        many[word] += 1
        while not missing:
            start, _, leaving = every[first]
            length = end - start
            shortest = length if shortest is None else min(shortest, length)
            many[leaving] -= 1
            missing += many[leaving] == 0
            first += 1
    return min(1.0, LINE / max(shortest or LINE, 1))


def marked_parts(
    text: str, spans: Sequence[Span], start: int = 0
) -> list[tuple[str, bool]]:
    """Return a stretch of a page's text that begins at `start`, cut where its marks begin and end.

    Each part comes with whether it is marked.
    """
    edges = [0, len(text)]
    for first, last in spans:
        edges += [min(max(side - start, 0), len(text)) for side in (first, last)]
    parts = []
    for first, last in pairwise(sorted(set(edges))):
        inside = any(a <= first + start and last + start <= b for a, b in spans)
        parts.append((text[first:last], inside))
    return parts


def _said_en(found: FoundPages) -> list[str]:
    what, filters = found.query.said(), found.filters.said()
    said = [f"Pages with {what}{f' ({filters})' if filters else ''}:"]
    shown = len(found.hits)
    if found.total:
        said.append(f"{found.total:,}." + (f" The best {shown:,}:" if shown < found.total else ""))
    elif found.left_out or found.undated:
        said.append(
            f"none. {found.left_out:,} pages have all the words, but don't fit the filters or have "
            "what you exclude."
        )
    elif len(found.counts) < 2:
        said.append("none.")
    else:
        said.append("no page has all of them.")
        said += [f"{word}: on {many:,} pages." for word, many in found.counts.items() if many]
        if missing := [word for word, many in found.counts.items() if not many]:
            said.append(f"On no page: {', '.join(missing)}.")
        if found.nearest:
            said.append(
                f"The nearest: {found.nearest_total:,} pages have {found.nearest} of the "
                f"{len(found.counts)}."
            )
    if found.undated:
        said.append(f"{found.undated:,} more are in documents that state no date.")
    if found.ignored:
        said.append(f"Not searched for, since the index keeps no such word: {_list(found.ignored)}.")
    return said


def _said_ko(found: FoundPages) -> list[str]:
    what, filters = found.query.said(korean=True), found.filters.said(korean=True)
    said = [f"찾은 말: {what}{f' ({filters})' if filters else ''}."]
    shown = len(found.hits)
    if found.total:
        more = f" 그중 {shown:,}쪽을 보여 줍니다." if shown < found.total else ""
        said.append(f"모두 들어 있는 쪽은 {found.total:,}쪽입니다.{more}")
    elif found.left_out or found.undated:
        said.append(
            f"조건에 맞는 쪽이 없습니다. 말이 모두 들어 있는 쪽은 {found.left_out:,}쪽 더 있지만 "
            "조건에 맞지 않거나 제외한 말이 들어 있습니다."
        )
    elif len(found.counts) < 2:
        said.append("들어 있는 쪽이 없습니다.")
    else:
        said.append("모두 들어 있는 쪽은 없습니다.")
        said += [f"{word}: {many:,}쪽." for word, many in found.counts.items() if many]
        if missing := [word for word, many in found.counts.items() if not many]:
            said.append(f"어느 쪽에도 없는 말: {_list(missing)}.")
        if found.nearest:
            said.append(
                f"가장 가까운 쪽: 말 {len(found.counts)}개 가운데 {found.nearest}개가 들어 있는 "
                f"{found.nearest_total:,}쪽입니다."
            )
    if found.undated:
        said.append(f"날짜가 적히지 않은 문서에 {found.undated:,}쪽이 더 있습니다.")
    if found.ignored:
        said.append(f"색인에 없는 종류의 말이라 찾지 않았습니다: {_list(found.ignored)}.")
    return said


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
