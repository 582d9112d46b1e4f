"""Find dates, laws, quantities and organisations in texts, each with its place.

Patterns and lists do this, not a model: each hit can be explained, and a missed name can be added
to `data/organisation_names.csv`, `data/body_forms.csv` or `data/laws.csv`. All texts are searched
as one string, so that each pattern makes a single pass; the places in each text follow from the
lengths.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from .citations import find_citations
from .dates import find_dates
from .lists import DATA
from .numeral_words import LOST
from .organisations import find_organisations
from .quantities import find_quantities

# raised whenever the same text would give different mentions
EXTRACTOR, VERSION = "mentions", 6
KINDS = ("date", "law", "quantity", "organisation")
MENTIONS = {
    "block_id": pl.String,
    "kind": pl.String,  # one of KINDS
    "start": pl.Int64,  # characters of the block's text, [start, end)
    "end": pl.Int64,
    "text": pl.String,  # the text between them, unchanged
    # a date: 2019-04-30, 2019-04, 2019, --04-30 without a year, 2019-04-30T14:08 with its time; a
    # law: pipa 15(3), or `? 15(3)` if the article has no law next to it; a quantity: 57600000
    # records; an organisation: its `body` in data/bodies.csv, or the name after (주)
    "normal": pl.String,
    "value": pl.Float64,  # of a quantity
    "unit": pl.String,  # of a quantity, a key of quantities.UNITS
    "approximation": pl.String,  # of a quantity, a key of numerals.APPROXIMATIONS
    "note": pl.String,  # a point to check, such as a law taken from the list before it
    "extractor": pl.String,
    "version": pl.Int64,
}
Found = tuple[int, int, str, str, float | None, str | None, str | None, str | None]
Find = Callable[[str], Iterator[tuple[int, int, str, str | None]]]
Row = tuple[str, int, int, str, str, float | None, str | None, str | None, str | None]


def mention_rows(texts: list[str]) -> list[Row]:
    """Find the mentions in texts, in order, as rows of kind and Found.

    Places are those in all texts joined by one character. Mentions don't overlap: laws come before
    dates, dates before quantities, quantities before organisations.

    >>> [row[4] for row in mention_rows(["개인정보 보호법 제15조, 2019. 4. 30."])]
    ['pipa 15', '2019-04-30']
    """
    # no pattern crosses a null character
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    taken = np.zeros(len(corpus) + 1, dtype=np.bool_)
    rows: list[Row] = []
    for kind, finder in _FINDERS.items():
        found = sorted(finder(corpus), key=lambda each: (each[0], -each[1]))
        for each in found:
            if kind in ("law", "date") and _touches_lost(corpus, each[0], each[1]):
                continue
            if not taken[each[0] : each[1]].any():
                taken[each[0] : each[1]] = True
                rows.append((kind, *each))
    rows.sort(key=lambda row: row[1])
    return rows


def _touches_lost(corpus: str, start: int, end: int) -> bool:
    """Tell whether a lost character (U+FFFD) may have been part of a date or a citation."""
    return LOST in corpus[max(0, start - 1) : end] or _LOST_BEHIND.match(corpus, end) is not None


# 4. 3\ufffd, 제15조의\ufffd, 제15조제2\ufffd항
_LOST_BEHIND = re.compile(rf"[\s.]?(?:의\s?|제\s?\d{{0,4}}|\d{{1,4}})?{LOST}")


def check_mention_rows(rows: list[Any], texts: list[str]) -> list[Row]:
    """Check rows of `mention_rows` that came from another process, and return them.

    Raises ValueError for a row of other types, or if the text at its place differs.
    """
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    for kind, start, end, text, normal, value, *said in rows:
        if kind not in KINDS or type(start) is not int or type(end) is not int or start < 0:
            raise ValueError("no mention")
        if corpus[start:end] != text or not text or not isinstance(normal, str):
            raise ValueError("a mention is not at its place")
        if len(said) != 3 or not all(each is None or isinstance(each, str) for each in said):
            raise ValueError("no mention")
        if value is not None and type(value) not in (int, float):
            raise ValueError("no value")
    return [
        (kind, start, end, text, normal, None if value is None else float(value), *said)
        for kind, start, end, text, normal, value, *said in rows
    ]


def mentions_frame(rows: list[Row], blocks: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `mention_rows` as a frame of MENTIONS, each in its block.

    `blocks` (block_id, text) are the texts in which they were found. Null texts are empty.
    """
    texts = blocks["text"].fill_null("").to_list()
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64)
    names = ["kind", "start", "end", "text", "normal", "value", "unit", "approximation", "note"]
    kinds = {name: MENTIONS[name] for name in names}
    frame = pl.DataFrame(rows, schema=kinds, orient="row")
    place = np.searchsorted(ends, frame["start"].to_numpy(), side="right")
    begins = np.concatenate([[0], ends])[place].astype(np.int64)
    mentions = frame.with_columns(
        blocks["block_id"].cast(pl.String).gather(place).alias("block_id"),
        pl.col("start") - pl.Series(begins),
        pl.col("end") - pl.Series(begins),
        extractor=pl.lit(EXTRACTOR),
        version=pl.lit(VERSION),
    )
    return mentions.select(pl.col(name).cast(kind) for name, kind in MENTIONS.items())


def _without_value(find: Find) -> Callable[[str], Iterator[Found]]:
    def found(corpus: str) -> Iterator[Found]:
        for start, end, normal, note in find(corpus):
            yield start, end, corpus[start:end], normal, None, None, None, note

    return found


def _quantities(corpus: str) -> Iterator[Found]:
    for start, end, read in find_quantities(corpus):
        written = str(read.value) if isinstance(read.value, int) else f"{read.value:f}"
        unit = read.unit
        # 기업 24개: the counted thing may precede the number
        if unit in ("items", "places"):
            counted = _COUNTED.search(corpus, max(0, start - 12), start)
            unit = _COUNTS[counted[1]] if counted else unit
        normal = " ".join(part for part in (written, unit) if part)
        value = float(read.value)
        yield start, end, corpus[start:end], normal, value, unit, read.approximation, read.doubt


_COUNTS = {"기업": "firms", "업체": "firms", "회사": "firms", "컨소시엄": "consortia"}
_COUNTED = re.compile(rf"({'|'.join(_COUNTS)})(?:\s?수[는가]?)?\s?\Z")


_FINDERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "law": _without_value(find_citations),
    "date": _without_value(find_dates),
    "quantity": _quantities,
    "organisation": _without_value(find_organisations),
}


def load_bodies() -> pl.DataFrame:
    """Load the listed organisations: body, kind, names, aliases (|), source, read."""
    return pl.read_csv((DATA / "bodies.csv").read_bytes(), infer_schema=False)
