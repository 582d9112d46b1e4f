"""Which pages can hold a text at all: an index of character pairs and triples, by bits.

Each pair and triple of a page's characters, blanks and case put aside, sets one bit of 4,096 by
its hash; the bits are kept by place, one bitmap of all pages for each (bit-sliced signatures:
Faloutsos and Christodoulakis, ACM TOIS 1984; Goodwin et al., BitFunnel, SIGIR 2017). A page that
holds a text has the bits of all its pairs and triples, so no hit is lost; a page that has them may
still not hold it, and is read to see.
"""

from __future__ import annotations

import re

# the parser of re itself: its tree is the only sure reading of an expression
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

BITS = 4096
BATCH = 4096  # pages
_TABLE = "create or replace table search_grams (bit integer primary key, pages blob not null)"
Bitmap = NDArray[np.uint8]


def build(db: duckdb.DuckDBPyConnection) -> None:
    """Make the bitmaps of all of search_pages anew; bit `id` of one is page `id`'s."""
    db.execute(_TABLE)
    (last,) = db.execute("select coalesce(max(id), 0) from search_pages").fetchone() or (0,)
    slices = np.zeros((BITS, last // 8 + 1), np.uint8)
    for first in range(0, last + 1, BATCH):
        rows = db.execute(
            "select id, text from search_pages where id between ? and ?", [first, first + BATCH - 1]
        ).fetchall()
        size = min(BATCH, 8 * slices.shape[1] - first)
        held = np.zeros((BITS, size), np.bool_)
        for id_, text in rows:
            held[_bits(text), id_ - first] = True
        slices[:, first // 8 : (first + size) // 8] = np.packbits(held, axis=1)
    db.execute(
        "insert into search_grams select unnest(?), unnest(?::blob[])",
        [list(range(BITS)), [each.tobytes() for each in slices]],
    )


def of_phrase(db: duckdb.DuckDBPyConnection, words: str) -> NDArray[np.int64] | None:
    """The ids of pages that may hold the words; None where all may."""
    return _ids(_holding(db, words))


def of_pattern(db: duckdb.DuckDBPyConnection, regex: str) -> NDArray[np.int64] | None:
    """The ids of pages that a regular expression may fit; None where all may.

    Only what every match must hold narrows it: letters in a row, also within groups, and what all
    ways of an alternation hold. An expression of classes alone, such as [0-9]+, leaves all pages.
    """
    return _ids(_fitting(db, _parser.parse(regex, re.IGNORECASE)))


def _fitting(db: duckdb.DuckDBPyConnection, tree: Any) -> Bitmap | None:
    found: Bitmap | None = None
    run = ""
    for kind, value in [*tree, (None, None)]:
        # a letter that casefold makes two, such as İ, stands for one in an expression
        if kind is op.LITERAL and len(chr(value).casefold()) == 1:
            run += chr(value)
            continue
        # blanks aren't indexed, and an edge has no width
        if kind is op.AT or _is_blank(kind, value):
            continue
        found, run = _both(found, _holding(db, run)), ""
        if kind is op.SUBPATTERN:
            found = _both(found, _fitting(db, value[-1]))
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] > 0:
            found = _both(found, _fitting(db, value[2]))
        elif kind is op.BRANCH:
            ways = [_fitting(db, way) for way in value[1]]
            known = [way for way in ways if way is not None]
            if len(known) == len(ways):
                found = _both(found, np.bitwise_or.reduce(known))
    return found


def _is_blank(kind: Any, value: Any) -> bool:
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return all(_is_blank(*each) for each in value[2])
    return bool(kind is op.IN and value == [(op.CATEGORY, op.CATEGORY_SPACE)])


def _both(one: Bitmap | None, other: Bitmap | None) -> Bitmap | None:
    if one is None or other is None:
        return one if other is None else other
    both: Bitmap = one & other
    return both


def _holding(db: duckdb.DuckDBPyConnection, text: str) -> Bitmap | None:
    wanted = _bits(text).tolist()
    if not wanted:
        return None
    rows = db.execute(
        "select pages from search_grams where bit in (select unnest(?))", [wanted]
    ).fetchall()
    bitmap: Bitmap = np.bitwise_and.reduce([np.frombuffer(row[0], np.uint8) for row in rows])
    return bitmap


def _ids(bitmap: Bitmap | None) -> NDArray[np.int64] | None:
    return None if bitmap is None else np.flatnonzero(np.unpackbits(bitmap))


def _bits(text: str) -> NDArray[np.uint32]:
    """The bits that a text sets, each once."""
    plain = "".join(text.split()).casefold()
    codes = np.frombuffer(plain.encode("utf-32-le", "replace"), np.uint32)
    if len(codes) < 2:
        return np.empty(0, np.uint32)
    # multiplicative hashing (Knuth, TAOCP 3, 6.4): the upper bits are the well mixed ones
    pairs = codes[:-1] * np.uint32(0x9E3779B1) + codes[1:] * np.uint32(0x85EBCA77)
    triples = pairs[:-1] * np.uint32(0xC2B2AE3D) + codes[2:] * np.uint32(0x27D4EB2F)
    mixed = np.concatenate([pairs, triples])
    mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    return np.unique(mixed >> np.uint32(32 - BITS.bit_length() + 1))
