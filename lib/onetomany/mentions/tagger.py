"""Who, which law, when and how much: named in a text, each with the place where it stands.

Patterns and lists, no model: what is found can be explained and what is missed can be added to
`data/organisation_names.csv`, `data/body_forms.csv` and `data/laws.csv`. A text is searched as one
string with all others, since that costs one pass of each pattern; places are found again from the
lengths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .citations import find_citations
from .dates import find_dates
from .numeral_words import LOST
from .organisations import find_organisations
from .quantities import find_quantities

DATA = resources.files("onetomany.mentions") / "data"
# raised whenever the same text would give other mentions
EXTRACTOR, VERSION = "mentions", 5
KINDS = ("date", "law", "quantity", "organisation")
MENTIONS = {
    "block_id": pl.String,
    "kind": pl.String,  # one of KINDS
    "start": pl.Int64,  # characters of the block's text, [start, end)
    "end": pl.Int64,
    "text": pl.String,  # the text between them, as it stands
    # a date: 2019-04-30, 2019-04, 2019, --04-30 without a year, 2019-04-30T14:08 with its time; a
    # law: pipa 15(3), or `? 15(3)` where no law stands at the article; a quantity: 57600000
    # records; an organisation: its `body` in data/bodies.csv, or the name after (주)
    "normal": pl.String,
    "value": pl.Float64,  # of a quantity
    "unit": pl.String,  # of a quantity, a key of quantities.UNITS
    "approximation": pl.String,  # of a quantity, a key of numerals.APPROXIMATIONS
    "note": pl.String,  # what a reader should check, such as a law that the list before it names
    "extractor": pl.String,
    "version": pl.Int64,
}
Found = tuple[int, int, str, str, float | None, str | None, str | None, str | None]
Row = tuple[str, int, int, str, str, float | None, str | None, str | None, str | None]


def find(blocks: pl.DataFrame) -> pl.DataFrame:
    """Every mention in the texts of `blocks` (block_id, text): a frame of MENTIONS, in order.

    Mentions don't overlap: a law is taken before a date, a date before a quantity, that before an
    organisation. `text` is always the block's text from `start` to `end`. Null texts are empty.
    """
    texts = blocks["text"].fill_null("").to_list()
    return framed(rows_in(texts), blocks)


def rows_in(texts: list[str]) -> list[Row]:
    """Return the mentions in texts as rows: kind, then as in Found, by place in all texts joined.

    Texts are joined by one character.
    """
    # no pattern spans a null character
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    taken = np.zeros(len(corpus) + 1, dtype=np.bool_)
    rows: list[Row] = []
    finders: dict[str, Callable[[str], Iterator[Found]]] = {
        "law": _laws,
        "date": _dates,
        "quantity": _quantities,
        "organisation": _organisations,
    }
    for kind, finder in finders.items():
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


def checked(rows: list[Any], texts: list[str]) -> list[Row]:
    """Return rows of `rows_in` that a process gave, if they are what it may give.

    Raises ValueError for a row of other types, or whose text does not stand at its place.
    """
    corpus = "\0".join(text.replace("\0", " ") for text in texts)
    for kind, start, end, text, normal, value, *said in rows:
        if kind not in KINDS or type(start) is not int or type(end) is not int or start < 0:
            raise ValueError("no mention")
        if corpus[start:end] != text or not text or not isinstance(normal, str):
            raise ValueError("a mention does not stand at its place")
        if len(said) != 3 or not all(each is None or isinstance(each, str) for each in said):
            raise ValueError("no mention")
        if value is not None and type(value) not in (int, float):
            raise ValueError("no value")
    return [
        (kind, start, end, text, normal, None if value is None else float(value), *said)
        for kind, start, end, text, normal, value, *said in rows
    ]


def framed(rows: list[Row], blocks: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `rows_in` as a frame of MENTIONS, each in its block."""
    texts = blocks["text"].fill_null("").to_list()
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64)
    return _placed(rows, blocks, ends)


def _placed(rows: list[Row], blocks: pl.DataFrame, ends: NDArray[np.int64]) -> pl.DataFrame:
    """Rows with places in the whole corpus, put into their blocks."""
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


def _dates(corpus: str) -> Iterator[Found]:
    for start, end, normal, note in find_dates(corpus):
        yield start, end, corpus[start:end], normal, None, None, None, note


def _laws(corpus: str) -> Iterator[Found]:
    for start, end, normal, note in find_citations(corpus):
        yield start, end, corpus[start:end], normal, None, None, None, note


def _quantities(corpus: str) -> Iterator[Found]:
    for start, end, read in find_quantities(corpus):
        written = str(read.value) if isinstance(read.value, int) else f"{read.value:f}"
        unit = read.unit
        # 기업 24개: what is counted may stand before the number
        if unit in ("items", "places"):
            counted = _COUNTED.search(corpus, max(0, start - 12), start)
            unit = _COUNTS[counted[1]] if counted else unit
        normal = " ".join(part for part in (written, unit) if part)
        value = float(read.value)
        yield start, end, corpus[start:end], normal, value, unit, read.approximation, read.doubt


_COUNTS = {"기업": "firms", "업체": "firms", "회사": "firms", "컨소시엄": "consortia"}
_COUNTED = re.compile(rf"({'|'.join(_COUNTS)})(?:\s?수[는가]?)?\s?\Z")


def _organisations(corpus: str) -> Iterator[Found]:
    for start, end, normal, note in find_organisations(corpus):
        yield start, end, corpus[start:end], normal, None, None, None, note


def bodies() -> pl.DataFrame:
    """Return the organisations known by name: body, kind, names, aliases (|), source, read."""
    return pl.read_csv((DATA / "bodies.csv").read_bytes(), infer_schema=False)


def laws() -> pl.DataFrame:
    """Return the laws known by name: law, name_en, name_ko, aliases (|)."""
    return pl.read_csv((DATA / "laws.csv").read_bytes(), infer_schema=False)
