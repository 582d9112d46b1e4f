"""Compare every probe with every template: exact, about as fast as a matrix product."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from onetomany.errors import IntegrityError, reason_of
from .cells import Band, Cells
from .engine import (
    Allowed,
    Floats,
    Mask,
    Rows,
    checked_cells,
    checked_mask,
    checked_rows,
    checked_vectors,
    keep_best,
    new_folder,
)

# a block of scores that stays in the processor's cache while its best are looked for
BLOCK, PROBES = 2048, 512
GROUP = 32  # rows of which only the best score is compared with the score to beat
SMALL = 1 << 18  # at most so many comparisons are made at once, without threads
# below this share it is cheaper to copy the allowed rows together than to score all
GATHER, GATHER_FEW, FEW = 0.5, 0.15, 8


class ExactEngine:
    """In memory; 4 bytes x dimension + 5 a template."""

    name = "exact"

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._vectors = np.empty((0, dimension), np.float32)
        self._cells = np.empty(0, np.uint32)
        self._held = np.empty(0, np.bool_)
        self._count = 0

    def __len__(self) -> int:
        return int(self._held[: self._count].sum())

    @property
    def rows(self) -> int:
        """Count all rows ever added."""
        return self._count

    def add(self, vectors: Floats, cells: Cells | None = None) -> Rows:
        """Add vectors; see `Engine`."""
        vectors = checked_vectors(vectors, self.dimension)
        cells = checked_cells(cells, len(vectors))
        first, end = self._count, self._count + len(vectors)
        if end > len(self._vectors):  # half as much again, so that adding stays linear
            room = max(end, len(self._vectors) * 3 // 2)
            self._vectors = _grown(self._vectors, room)
            self._cells = _grown(self._cells, room)
            self._held = _grown(self._held, room)
        self._vectors[first:end], self._cells[first:end] = vectors, cells
        self._held[first:end] = True
        self._count = end
        return np.arange(first, end, dtype=np.int64)

    def remove(self, rows: Rows) -> None:
        """Remove rows; their vectors are overwritten. See `Engine`."""
        rows = checked_rows(rows, self._held[: self._count])
        self._held[rows] = False
        self._vectors[rows] = 0

    def search(
        self, probes: Floats, k: int, *, threshold: float = -np.inf, allowed: Allowed = None
    ) -> tuple[Floats, Rows]:
        """Return the exact k best of each probe; see `Engine`."""
        probes = checked_vectors(probes, self.dimension)
        vectors, mask = self._vectors[: self._count], self._held[: self._count]
        if isinstance(allowed, Band):
            mask = mask & allowed.mask(self._cells[: self._count])
        elif allowed is not None:
            mask = mask & checked_mask(allowed, self._count)
        return search_matrix(vectors, probes, k, threshold, None if mask.all() else mask)

    def save(self, folder: Path) -> None:
        """Write a whole copy; see `Engine`."""
        with new_folder(folder) as beside:
            np.save(beside / "vectors.npy", self._vectors[: self._count])
            np.save(beside / "cells.npy", self._cells[: self._count])
            np.save(beside / "held.npy", self._held[: self._count])

    @classmethod
    def load(cls, folder: Path) -> ExactEngine:
        """Read a saved copy. Raises IntegrityError if it isn't whole."""
        try:
            vectors, cells, held = (
                np.load(folder / f"{part}.npy") for part in ("vectors", "cells", "held")
            )
        except (OSError, ValueError) as error:
            why = reason_of(error)
            raise IntegrityError(f"The exact engine in {folder} can't be read: {why}.") from error
        if not len(vectors) == len(cells) == len(held):
            raise IntegrityError(f"The exact engine in {folder} is not whole: enrol again.")
        engine = cls(vectors.shape[1])
        engine._vectors, engine._cells, engine._held = vectors, cells, held
        engine._count = len(vectors)
        return engine


def search_matrix(
    vectors: Floats,
    probes: Floats,
    k: int,
    threshold: float | Floats = -np.inf,
    mask: Mask | None = None,
) -> tuple[Floats, Rows]:
    """Return the k best rows of a matrix for each probe, exactly; only rows of a given mask.

    `threshold` is one for all probes, or one for each. Threads share the blocks of the gallery,
    each with BLAS on one core: a block of scores is made and searched before it leaves the cache.
    """
    cores = os.cpu_count() or 1
    chosen, bias = _restricted(mask, len(probes))
    total = len(vectors) if chosen is None else len(chosen)
    if total * len(probes) <= SMALL:  # done before threads have started
        found = probes @ (vectors if chosen is None else vectors[chosen]).T
        found = found if bias is None else found + bias
        each = np.broadcast_to(np.arange(total) if chosen is None else chosen, found.shape)
        return keep_best(found, each, k, np.reshape(np.float32(threshold), (-1, 1)))
    # a score that one core has found k times is the least that the others look for
    bar = np.full(len(probes), -np.inf, np.float32)
    bar[:] = np.nextafter(np.float32(threshold), np.float32(-np.inf))
    lists = [_Best(bar, k) for _ in range(cores)]

    def scan(core: int) -> None:
        room = np.empty((BLOCK, min(PROBES, len(probes))), np.float32)  # taken once, used again
        for start in range(core * BLOCK, total, cores * BLOCK):
            rows = slice(start, min(start + BLOCK, total))
            part = vectors[rows] if chosen is None else vectors[chosen[rows]]
            for first in range(0, len(probes), PROBES):
                some = probes[first : first + PROBES]
                scores = np.matmul(part, some.T, out=room[: len(part), : len(some)])
                if bias is not None:
                    scores += bias[rows, None]
                lists[core].offer(scores, first, start)
        lists[core].settle()

    with _blas().limit(limits=1, user_api="blas"), ThreadPoolExecutor(cores) as pool:
        list(pool.map(scan, range(cores)))
    scores = np.concatenate([each.scores for each in lists], axis=1)
    rows = np.concatenate([each.rows for each in lists], axis=1)
    if chosen is not None and len(chosen):
        rows = np.where(rows < 0, -1, chosen[rows])
    return keep_best(scores, rows, k)


def _restricted(mask: Mask | None, probes: int) -> tuple[Rows | None, Floats | None]:
    """Return the rows to compare, or what to add to the scores of all rows; None for no limit."""
    if mask is None:
        return None, None
    if np.count_nonzero(mask) < (GATHER_FEW if probes <= FEW else GATHER) * len(mask):
        return np.flatnonzero(mask), None
    # score all rows, and give those not allowed the lowest score
    return None, np.where(mask, np.float32(0), np.float32(-np.inf))


@cache
def _blas() -> ThreadpoolController:
    """Return the controller of the BLAS libraries, made once: it takes longer than a search."""
    return ThreadpoolController()


class _Best:
    """The k best so far of each probe, and the score that a candidate must beat.

    Candidates are only collected; the lists are sorted when there are enough.
    """

    def __init__(self, bar: Floats, k: int) -> None:
        self.k, self.bar = k, bar
        self.scores = np.full((len(bar), k), -np.inf, np.float32)
        self.rows = np.full((len(bar), k), -1, np.int64)
        self.news: list[tuple[Rows, Rows, Floats]] = []
        self.waiting = 0

    def offer(self, scores: Floats, first: int, offset: int) -> None:
        """Take scores (rows, probes) of rows from `offset` on with probes from `first` on."""
        whole = len(scores) // GROUP * GROUP
        if whole:
            self._offer(scores[:whole].reshape(-1, GROUP, scores.shape[1]), first, offset)
        if whole < len(scores):
            self._offer(scores[None, whole:], first, offset + whole)
        if self.waiting > max(4 * len(self.bar), self.scores.size // 2):
            self.settle()

    def _offer(self, scores: Floats, first: int, offset: int) -> None:
        """Take scores (groups, rows of a group, probes)."""
        # the best of each group is found at the speed of memory; few groups have a candidate
        top = scores.max(axis=1)
        bar = self.bar[first : first + top.shape[1]]
        if len(top) >= self.k and np.isneginf(bar).any():
            # at first every row would be a candidate: the k-th best group gives a score to beat
            kth = np.partition(top, len(top) - self.k, axis=0)[len(top) - self.k]
            np.maximum(bar, np.nextafter(kth, np.float32(-np.inf)), out=bar)
        group, line = np.nonzero(top > bar)
        if not len(group):
            return
        found = scores[group, :, line]
        pair, place = np.nonzero(found > bar[line, None])
        rows = offset + group[pair] * scores.shape[1] + place
        self.news.append((line[pair] + first, rows, found[pair, place]))
        self.waiting += len(pair)

    def settle(self) -> None:
        """Sort the lists with the candidates collected."""
        if not self.news:
            return
        lines, rows, scores = (np.concatenate(parts) for parts in zip(*self.news, strict=True))
        self.news, self.waiting = [], 0
        touched = np.unique(lines)
        old = np.repeat(touched, self.k)
        lines = np.concatenate([old, lines])
        scores = np.concatenate([self.scores[touched].ravel(), scores])
        rows = np.concatenate([self.rows[touched].ravel(), rows])
        order = np.lexsort((rows, -scores, lines))
        lines, scores, rows = lines[order], scores[order], rows[order]
        starts = np.searchsorted(lines, touched)
        place = starts[:, None] + np.arange(self.k)
        self.scores[touched], self.rows[touched] = scores[place], rows[place]
        self.bar[touched] = np.maximum(self.bar[touched], self.scores[touched, -1])


def _grown(array: np.ndarray, room: int) -> np.ndarray:
    grown = np.zeros((room, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown
