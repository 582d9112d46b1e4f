"""Find pages with all words and phrases of a query, those with the words close together first.

A page must have all words (AND over the postings of `search`). If they are all within one line, its
BM25 score is doubled; if they are far apart, the score hardly changes. This follows cover density
(Clarke, Cormack and Tudhope, Information Processing & Management 36:2, 2000): the length of the
shortest passage with all words decides. It is computed for the best pages by BM25.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from . import search
from .query import Filters, PageQuery, parse_query
from .search import Span

LINE = 80  # characters: words within this distance are next to each other
RANKED = 100  # pages for which the distance of the words is computed
MOST = 100_000_000  # pages of an index
Ids = NDArray[np.int64]
Pages = NDArray[np.bool_]  # by id in the index: whether the page matches
_NONE: Ids = np.empty(0, np.int64)
_POSTINGS = "select id::bigint as id, score from search_postings where term = ?"
# the places of the wanted words only: a page has hundreds of others
_PLACES = """
select id, list_filter(list_zip(string_split(tokens, ' '), starts, ends),
                       lambda t: list_contains(?::varchar[], t[1])) as places
from search_pages """


@dataclass(frozen=True)
class FoundPages:
    """The result of a search; `said` writes it as sentences."""

    query: PageQuery
    filters: Filters
    hits: pl.DataFrame  # of HITS: pages with all words, or else with most of them
    total: int  # pages with all words
    counts: dict[str, int] = field(default_factory=dict)  # pages by word, if no page has all
    nearest: int = 0  # the number of words on the pages shown instead
    nearest_total: int = 0  # pages with that number of words
    left_out: int = 0  # pages with all words, left out by a filter or an excluded word
    undated: int = 0  # pages with all words, in documents without a date
    ignored: tuple[str, ...] = ()  # words that the index doesn't keep, such as particles

    def said(self, korean: bool = False) -> str:
        """Return the query and its result in sentences, in English or Korean."""
        return " ".join((_said_ko if korean else _said_en)(self))


@search.of_any_case
def find_pages(
    db: duckdb.DuckDBPyConnection, text: str, *, filters: Filters | None = None, limit: int = 20
) -> FoundPages:
    """Find the pages with all words and phrases of a query, best first.

    `db` is a case file opened by `open_case` and indexed by `index_case`. Returns `FoundPages`:
    `hits`, a row for each page (`document`, `page`, `score`, `snippet`, places of the words), and
    `total`. If no page has all words, `hits` are the pages with most of them.

    Raises InputError if the case isn't indexed, or if the index keeps no word of the query.

    >>> import onetomany as otm
    >>> from pathlib import Path
    >>> papers, case = Path("papers"), Path("case.duckdb")
    >>> papers.mkdir(exist_ok=True)
    >>> _ = (papers / "answer.txt").write_text("The ministry keeps 177 million records.")
    >>> _ = otm.ingest(papers, case)
    >>> with otm.open_case(case, write=True) as db:
    ...     _ = otm.documents.index_case(db, progress=False)
    ...     otm.search(db, "ministry records").hits["snippet"].to_list()
    ['The ministry keeps 177 million records.']
    """
    search.check_indexed(db)
    return _Search(db, parse_query(text), filters or Filters(), limit).found()


class _Search:
    def __init__(
        self, db: duckdb.DuckDBPyConnection, query: PageQuery, filters: Filters, limit: int
    ) -> None:
        self.db, self.query, self.filters, self.limit = db, query, filters, limit
        words = [*query.words, *query.phrases, *query.without_words]
        forms = [each.split() for each in search.index_tokens(db, words)]
        self.terms = dict(zip(words, forms, strict=True))
        self.words = [word for word in query.words if self.terms[word]]
        self.postings: dict[str, tuple[Ids, NDArray[np.float64]]] = {}
        (last,) = db.execute("select coalesce(max(id), 0) from search_pages").fetchone() or (0,)
        if last > MOST:
            raise ValueError("an index of more pages than there can be")
        self.size = int(last) + 1
        if not self.words and not query.phrases:
            raise InputError(
                f"'{' '.join(query.words)}' has no word to search for: give a noun, a verb or a "
                "number."
            )

    def found(self) -> FoundPages:
        whole = self._all()
        fitting, undated = self._fitting(whole)
        total = int(fitting.sum())
        result = FoundPages(
            self.query, self.filters, pl.DataFrame(schema=search.HITS), total,
            left_out=int(whole.sum()) - total - undated, undated=undated,
            ignored=tuple(word for word in self.query.words if not self.terms[word]),
        )  # fmt: skip
        if whole.any():
            return replace(result, hits=self._ranked(fitting))
        return self._nearest(result)

    def _posting(self, term: str) -> tuple[Ids, NDArray[np.float64]]:
        if term not in self.postings:
            rows = self.db.execute(_POSTINGS, [term]).fetchnumpy()
            self.postings[term] = (rows["id"].astype(np.int64), rows["score"].astype(np.float64))
        return self.postings[term]

    def _mask(self, ids: Ids) -> Pages:
        mask = np.zeros(self.size, np.bool_)
        mask[ids] = True
        return mask

    def _having_word(self, word: str) -> Pages:
        masks = (self._mask(self._posting(term)[0]) for term in self.terms[word])
        return reduce(np.logical_and, masks)

    def _having_phrase(self, phrase: str, among: Pages | None) -> Pages:
        """Return which pages, among some or all, have a phrase as it stands."""
        where = "" if among is None else search.among_ids(np.flatnonzero(among).tolist())
        # no condition on the expression: DuckDB would read every text before it looks at its id
        rows = self.db.execute(
            f"select id::bigint as id, regexp_matches(text, ?, 'i') as fits "
            f"from search_pages {where}",
            [search.phrase_pattern(phrase)],
        ).fetchnumpy()
        return self._mask(rows["id"][rows["fits"].astype(np.bool_)])

    def _all(self) -> Pages:
        having = reduce(np.logical_and, map(self._having_word, self.words)) if self.words else None
        for phrase in self.query.phrases:
            having = self._having_phrase(phrase, having)
        return self._mask(_NONE) if having is None else having

    def _fitting(self, pages: Pages) -> tuple[Pages, int]:
        """Return the pages that pass the filters and exclusions, and the number without a date."""
        if not pages.any():
            return pages, 0
        for word in self.query.without_words:
            if self.terms[word]:
                pages = pages & ~self._having_word(word)
        for phrase in self.query.without_phrases:
            pages = pages & ~self._having_phrase(phrase, pages)
        condition, values = self.filters.where(dates=False)
        undated = 0
        if self.filters.dated:
            no_date = "coalesce(d.created, d.modified, '') = ''"
            without = " and ".join(filter(None, (condition, no_date)))
            undated = int((pages & self._filtered(without, values)).sum())
            condition, values = self.filters.where()
        return (pages & self._filtered(condition, values) if condition else pages), undated

    def _filtered(self, condition: str, values: list[object]) -> Pages:
        if self.filters.tag and not search.has_table(self.db, "remarks"):
            return self._mask(_NONE)
        rows = self.db.execute(
            "select s.id::bigint as id from search_pages s join documents d using (document) "
            f"where {condition}",
            values,
        ).fetchnumpy()
        return self._mask(rows["id"])

    def _nearest(self, result: FoundPages) -> FoundPages:
        """Return the result with the pages of most words, and the number of pages by word."""
        having = {word: self._having_word(word) for word in self.words}
        having |= {f'"{each}"': self._having_phrase(each, None) for each in self.query.phrases}
        counts = {word: int(pages.sum()) for word, pages in having.items()}
        many = np.sum(list(having.values()), axis=0)
        for most in range(len(having) - 1, 0, -1):
            fitting, _ = self._fitting(many == most)
            if total := int(fitting.sum()):
                hits = self._ranked(fitting, whole=False)
                return replace(result, hits=hits, counts=counts, nearest=most, nearest_total=total)
        return replace(result, counts=counts)

    def _ranked(self, pages: Pages, *, whole: bool = True) -> pl.DataFrame:
        """Return the best of some pages as HITS; `whole` if they have all words."""
        ids = np.flatnonzero(pages)
        wanted = [*self.words, *self.query.phrases]
        scores = np.zeros(self.size)
        for term in {term for word in wanted for term in self.terms[word]}:
            own, worth = self._posting(term)
            scores[own] += worth
        best = ids[np.lexsort((ids, -scores[ids]))[: max(RANKED, self.limit)]]
        words = sorted({term for word in self.words for term in self.terms[word]})
        places = self._places(best, words)
        rated = []
        for id_, score in zip(best.tolist(), scores[best].tolist(), strict=True):
            near = _nearness(places[id_]) if whole else 0.0
            rated.append((score * (1 + near), id_))
        rated.sort(key=lambda each: (-each[0], each[1]))
        return self._shown(rated[: self.limit], places)

    def _places(self, ids: Ids, words: list[str]) -> dict[int, list[list[Span]]]:
        """Return the places of each word and phrase, by page."""
        among = search.among_ids(ids.tolist())
        places: dict[int, list[list[Span]]] = {
            id_: [[] for _ in [*words, *self.query.phrases]] for id_ in ids.tolist()
        }
        order = {word: number for number, word in enumerate(words)}
        if words:
            for id_, rows in self.db.execute(_PLACES + among, [words]).fetchall():
                for form, start, end in rows:
                    places[id_][order[form]].append((start, end))
        if self.query.phrases:
            texts = self.db.execute("select id, text from search_pages " + among).fetchall()
            for number, phrase in enumerate(self.query.phrases, len(words)):
                found = search.phrase_places(
                    search.phrase_pattern(phrase), [text for _, text in texts]
                )
                for (id_, _), spans in zip(texts, found, strict=True):
                    places[id_][number] = spans
        return places

    def _shown(
        self, rated: list[tuple[float, int]], places: dict[int, list[list[Span]]]
    ) -> pl.DataFrame:
        query = "select id, document, page, text from search_pages "
        found = self.db.execute(query + search.among_ids([id_ for _, id_ in rated])).fetchall()
        held = {row[0]: row[1:] for row in found}
        rows = []
        for score, id_ in rated:
            document, page, text = held[id_]
            spans = _joined_spans([span for each in places[id_] for span in each])
            rows.append((document, page, score, text, spans))
        return search.hits_frame(rows)


def _joined_spans(spans: Sequence[Span]) -> list[Span]:
    """Return spans in order, overlapping ones merged."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _nearness(places: list[list[Span]]) -> float:
    """Return 1 if all words are within one line, and less the further apart they are."""
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


def marked_parts(text: str, spans: Sequence[Span], start: int = 0) -> list[tuple[str, bool]]:
    """Split a part of a page's text at the edges of its marks: (text, whether marked).

    `text` begins at character `start` of the page; `spans` are places in the page.

    >>> marked_parts("face search", [(0, 4)])
    [('face', True), (' search', False)]
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
    elif found.left_out:
        said.append(
            f"none. {_pages(found.left_out)} with all the words did not pass the filters or "
            "contain an excluded word."
        )
    elif found.undated or len(found.counts) < 2:
        said.append("none.")
    else:
        said.append("no page has all of them.")
        said += [f"{word}: on {_pages(many)}." for word, many in found.counts.items() if many]
        missing = [word for word, many in found.counts.items() if not many]
        if missing:
            said.append(f"On no page: {_list(missing)}.")
        if found.nearest:
            rest = found.nearest == len(found.counts) - len(missing)
            have = "the rest" if missing and rest else f"{found.nearest} of {len(found.counts)}"
            said.append(f"The nearest: {_pages(found.nearest_total)} with {have}.")
    if found.undated:
        said.append(f"In documents that state no date: {_pages(found.undated)} more.")
    if found.ignored:
        said.append(
            f"Not searched for, since the index doesn't keep such words: {_list(found.ignored)}."
        )
    return said


def _pages(many: int) -> str:
    return f"{many:,} {'page' if many == 1 else 'pages'}"


def _said_ko(found: FoundPages) -> list[str]:
    what, filters = found.query.said(korean=True), found.filters.said(korean=True)
    said = [f"찾은 말: {what}{f' ({filters})' if filters else ''}."]
    shown = len(found.hits)
    if found.total:
        more = f" 그중 {shown:,}쪽을 보여 줍니다." if shown < found.total else ""
        said.append(f"모두 들어 있는 쪽은 {found.total:,}쪽입니다.{more}")
    elif found.undated:
        said.append("조건에 맞는 쪽이 없습니다.")
    elif found.left_out:
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
