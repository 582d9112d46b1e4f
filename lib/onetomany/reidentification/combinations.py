"""Rank every combination of columns by how many people it singles out.

The rows are read once, into the classes of all columns together. From there each combination is
counted from that of one more column, down the lattice of combinations (as a data cube is: Gray and
others, 'Data Cube', Data Mining and Knowledge Discovery 1:29, 1997). Columns of many values are
dropped first and those of few last, so that each is counted from the smallest class table above it,
and no more tables than columns are in memory at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import comb, prod

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from .classes import SIZE, Table, check_quasi_identifiers, group_classes, value_codes

Codes = NDArray[np.uint64]

COMBINATIONS: dict[str, type[pl.DataType] | pl.DataType] = {
    "columns": pl.List(pl.String),  # in the order given
    "number": pl.Int64,  # of columns
    "classes": pl.Int64,
    "k": pl.Int64,
    "unique": pl.Int64,  # records alone in their class
    "uniqueness": pl.Float64,  # share of all records
    "average_risk": pl.Float64,  # classes over records: the share right in random matching
}
WORD = 1 << 62  # combined codes stay below this
DENSE = 4  # codes per row up to which no hash table is needed


def combinations(table: Table, columns: Sequence[str], largest: int | None = None) -> pl.DataFrame:
    """Count each combination of up to `largest` columns (all if None), the riskiest first.

    Returns `COMBINATIONS`, sorted by uniqueness, then average risk, then fewer columns. The rows
    are grouped once, as `classes` does.

    Raises InputError as `classes`, for more than 20 columns, or a `largest` below 1.
    """
    names = check_quasi_identifiers(table, columns)
    limit = len(names) if largest is None else largest
    if limit < 1 or len(names) > 20:
        raise InputError("combinations takes up to 20 columns and a largest size of 1 or more.")
    root = _encode(group_classes(table, names), names)
    records = int(root.sizes.sum())
    total = sum(comb(len(names), number) for number in range(1, limit + 1))
    rows = []
    with ProgressBar(total=total, desc="combinations", delay=2, leave=False) as bar:
        for kept, sizes in _walk(root, limit):
            ordered = [name for name in names if name in kept]
            alone = int((sizes == 1).sum())
            rows.append((ordered, len(kept), len(sizes), int(sizes.min()), alone))
            bar.update()
    return (
        pl.DataFrame(rows, schema=dict(islice(COMBINATIONS.items(), 5)), orient="row")
        .with_columns(
            uniqueness=pl.col("unique") / records, average_risk=pl.col("classes") / records
        )
        .sort(
            "uniqueness",
            "average_risk",
            "number",
            pl.col("columns").list.join("\0"),
            descending=[True, True, False, False],
        )
    )


@dataclass(frozen=True)
class _Node:
    """Store the classes of some columns: each column's code is a digit of one of the words.

    `kept` names each column's word and its number of values, most significant first in its word.
    """

    words: tuple[Codes, ...]
    sizes: NDArray[np.int64]
    kept: dict[str, tuple[int, int]]


def _encode(found: pl.DataFrame, names: list[str]) -> _Node:
    """Pack digits into as few words as possible, columns of most values first."""
    digits = {name: value_codes(found[name]).astype(np.uint64) for name in names}
    radix = {name: int(digits[name].max()) + 1 for name in names}
    words: list[Codes] = []
    room: list[int] = []
    kept: dict[str, tuple[int, int]] = {}
    for name in sorted(names, key=lambda name: (-radix[name], name)):
        place = next((n for n, used in enumerate(room) if used * radix[name] < WORD), len(room))
        if place == len(room):
            words.append(np.zeros(len(found), dtype=np.uint64))
            room.append(1)
        words[place] = words[place] * np.uint64(radix[name]) + digits[name]
        room[place] *= radix[name]
        kept[name] = (place, radix[name])
    return _Node(tuple(words), found[SIZE].to_numpy(), kept)


def _walk(node: _Node, limit: int, first: int = 0) -> Iterator[tuple[list[str], NDArray[np.int64]]]:
    """Yield the node and all below it, each combination once; `first` may be dropped next."""
    if len(node.kept) <= limit:
        yield list(node.kept), node.sizes
    names = list(node.kept)
    for place in range(first, len(names)):
        # the columns before it stay in everything below
        if len(names) > 1 and place <= limit:
            yield from _walk(_drop(node, names[place]), limit, place)


def _drop(node: _Node, name: str) -> _Node:
    """Return the classes without one column."""
    place, radix = node.kept[name]
    names = list(node.kept)
    behind = [node.kept[other] for other in names[names.index(name) + 1 :]]
    stride = np.uint64(prod(size for spot, size in behind if spot == place))
    words = list(node.words)
    words[place] = words[place] // (stride * np.uint64(radix)) * stride + words[place] % stride
    kept = {other: spot for other, spot in node.kept.items() if other != name}
    spans = [prod(size for spot, size in kept.values() if spot == n) for n in range(len(words))]
    used = [n for n, span in enumerate(spans) if span > 1]
    words, spans = [words[n] for n in used], [spans[n] for n in used]
    renamed = {
        other: (used.index(spot) if spot in used else 0, size)
        for other, (spot, size) in kept.items()
    }
    if not words:  # constant columns only
        return _Node((np.zeros(1, np.uint64),), node.sizes.sum(keepdims=True), renamed)
    if len(words) == 1 and spans[0] <= DENSE * len(node.sizes):
        counts = np.bincount(words[0].astype(np.int64), weights=node.sizes, minlength=spans[0])
        full = np.flatnonzero(counts)
        return _Node((full.astype(np.uint64),), counts[full].astype(np.int64), renamed)
    summed = (
        pl.DataFrame({str(n): w for n, w in enumerate(words)} | {SIZE: node.sizes})
        .group_by([str(n) for n in range(len(words))])
        .agg(pl.col(SIZE).sum())
    )
    return _Node(
        tuple(summed[str(n)].to_numpy() for n in range(len(words))),
        summed[SIZE].to_numpy(),
        renamed,
    )
