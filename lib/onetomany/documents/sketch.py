"""Sketches of texts, which find near-duplicates without comparing every pair.

A text's shingles are its runs of eight characters, blanks and case put aside; its sketch is the
512 smallest of their hashes (Broder, On the resemblance and containment of documents, 1997).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    import duckdb

SHINGLE = 8  # characters: two or three Korean words
SKETCH = 512  # hashes; the standard error of a similarity of .9 is .013
NEAR = 0.8  # Jaccard similarity from which documents are called near-duplicates
PIECE = 1 << 20  # shingles hashed at a time, so that a book costs no more memory than a page
SHORTEST = 32  # shingles: below, a likeness says nothing
WEIGHED = 8  # documents that a new one shares most hashes with, and is weighed against
# of each document, the smallest hashes that look for others. At a similarity of .8, 51 of 64 are
# expected to be shared; the chance that under half are is 1e-9 (binomial)
LOOKING = 64
# of documents that share a shingle, the count of early ones that a new one is compared with
COMPARED = 50
_TURNS = np.arange(1, SHINGLE + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def sketch(text: str) -> NDArray[np.uint64]:
    """Return the smallest hashes of a text's distinct shingles, sorted; fewer if it is short."""
    plain = "".join(text.split()).casefold()
    smallest = np.empty(0, np.uint64)
    for first in range(0, len(plain) - SHINGLE + 1, PIECE):
        piece = plain[first : first + PIECE + SHINGLE - 1]
        codes = np.frombuffer(piece.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
        many = len(codes) - SHINGLE + 1
        hashes = np.zeros(many, np.uint64)
        for i in range(SHINGLE):
            hashes = _mix(hashes + codes[i : i + many] + _TURNS[i])
        smallest = _smallest(np.concatenate([smallest, hashes]))
    return smallest


def _smallest(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the smallest distinct hashes; few are sorted, unless most are the same."""
    if len(hashes) > (few := 8 * SKETCH):
        found = np.unique(np.partition(hashes, few)[:few])
        if len(found) >= SKETCH:
            return found[:SKETCH]
    return np.unique(hashes)[:SKETCH]


def sketches(pages: pl.DataFrame) -> pl.DataFrame:
    """Return the sketches of documents, from their pages' texts: document, hash."""
    texts = pages.group_by("document", maintain_order=True).agg(pl.col("text").str.join("\n"))
    hashes = [sketch(text) for text in texts["text"]]
    sizes = [len(each) for each in hashes]
    return pl.DataFrame(
        {
            "document": texts["document"].to_numpy().repeat(sizes),
            "hash": np.concatenate([np.empty(0, np.uint64), *hashes]),
        },
        schema={"document": pl.String, "hash": pl.UInt64},
    )


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix hashes by the finaliser of SplitMix64 (Steele et al., OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


_SIZED = """
CREATE OR REPLACE TEMP TABLE sized AS
SELECT document, any_value(turn) AS turn, count(*) AS size,
    CASE WHEN count(*) < $sketch THEN 18446744073709551615::UBIGINT ELSE max(hash) END AS top
FROM sketches JOIN (
    SELECT document, row_number() OVER (ORDER BY ingested_at, path, document) AS turn
    FROM documents) USING (document)
GROUP BY document HAVING count(*) >= $shortest
"""
_ALIKE = """
CREATE OR REPLACE TEMP TABLE alike AS
WITH shared AS (
    SELECT hash, turn, row_number() OVER (PARTITION BY hash ORDER BY turn) AS place
    FROM (
        SELECT document, hash FROM sketches
        QUALIFY row_number() OVER (PARTITION BY document ORDER BY hash) <= $looking
    ) JOIN sized USING (document)
), pairs AS (
    SELECT late.turn AS late, early.turn AS early, count(*) AS common
    FROM shared AS late JOIN shared AS early
        ON late.hash = early.hash AND early.turn < late.turn AND early.place <= $compared
    GROUP BY ALL
), likely AS (
    SELECT late, early, common FROM pairs
    JOIN sized AS a ON a.turn = late JOIN sized AS b ON b.turn = early
    WHERE common >= least(a.size, b.size, $looking) / 2
    QUALIFY row_number() OVER (PARTITION BY late ORDER BY common DESC, early) <= $weighed
), bounded AS (
    SELECT a.document, b.document AS other, b.turn, least(a.top, b.top) AS top
    FROM likely JOIN sized AS a ON a.turn = late JOIN sized AS b ON b.turn = early
), both_sides AS (
    SELECT document AS side, * FROM bounded UNION ALL SELECT other, * FROM bounded
), counted AS (
    SELECT both_sides.document, other, turn, count(*) AS entries,
        count(*) - count(DISTINCT hash) AS common
    FROM both_sides JOIN sketches ON sketches.document = side AND hash <= top
    GROUP BY ALL
)
SELECT document, arg_max(other, (common / (entries - common), -turn)) AS other,
    max(common / (entries - common)) AS similarity
FROM counted WHERE common / (entries - common) >= $near GROUP BY document
"""


def near_duplicates(db: duckdb.DuckDBPyConnection) -> None:
    """Name for each document the most alike of those before it, by run and then by path.

    Two sketches are compared up to the largest hash that both are complete to: there, the share of
    common hashes estimates the Jaccard similarity of the texts. A shingle that many documents share
    joins each with the first 50 of them only.
    """
    db.execute(_SIZED, {"sketch": SKETCH, "shortest": SHORTEST})
    db.execute(_ALIKE, {"compared": COMPARED, "weighed": WEIGHED, "near": NEAR, "looking": LOOKING})
    db.execute("UPDATE documents SET near_duplicate_of = NULL, similarity = NULL")
    db.execute(
        "UPDATE documents SET near_duplicate_of = other, similarity = alike.similarity FROM alike "
        "WHERE documents.document = alike.document"
    )
