"""Define the interface of all search engines, and the checks they share."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onetomany.errors import InputError
from .cells import Band, Cells

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
Allowed = Band | Mask | None  # the rows that a search may find


class Engine(Protocol):
    """Stores unit vectors and finds those of highest inner product (cosine) with a probe.

    Each vector gets a row number when it is added, counted from 0; a number is never used again.
    `add` stores all of its vectors or none; engines in files or on a server keep them through any
    crash after it has returned. `cells` (see `cells.pack`) contain nationality, sex and birth year,
    by which a `Band` filters.

    `search` returns scores and rows, each (probes, k), best first; if fewer than k were allowed or
    reached the threshold, the other scores are -inf and rows -1. `allowed` is a band, or a mask
    over row numbers. `remove` deletes rows for good. `save` writes a whole copy to a new folder.
    `rows` counts all rows ever added, `len` those not removed.
    """

    name: str
    dimension: int

    @property
    def rows(self) -> int: ...
    def __len__(self) -> int: ...
    def add(self, vectors: Floats, cells: Cells | None = None) -> Rows: ...
    def remove(self, rows: Rows) -> None: ...
    def search(
        self, probes: Floats, k: int, *, threshold: float = -np.inf, allowed: Allowed = None
    ) -> tuple[Floats, Rows]: ...
    def save(self, folder: Path) -> None: ...


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes `folder` if the block ends without an error.

    Raises InputError if `folder` exists.
    """
    if folder.exists():
        raise InputError(f"{folder} already exists: save to a new folder.")
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)  # of a run that was stopped
    beside.mkdir(parents=True)
    yield beside
    beside.rename(folder)


def checked_vectors(vectors: Floats, dimension: int) -> Floats:
    """Return the vectors as contiguous float32, all finite.

    Raises InputError for another dimension, and for NaN or infinite numbers: every comparison with
    those is False, so they would count as a person who matches nobody.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:
        raise InputError(
            f"The engine takes vectors of {dimension} numbers; these have the shape "
            f"{vectors.shape}."
        )
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    # a sum in double precision is finite if and only if every number is
    if len(vectors) and not np.isfinite(vectors.sum(axis=1, dtype=np.float64)).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(
            f"Vector {row} of {len(vectors):,} contains NaN or infinite numbers, so none was "
            "added: leave out images that have no template."
        )
    return vectors


def checked_cells(cells: Cells | None, count: int) -> Cells:
    """Return one cell a vector; zeros (all unknown) if none are given. Raises InputError."""
    if cells is None:
        return np.zeros(count, np.uint32)
    if cells.shape != (count,):
        raise InputError(f"{count} vectors have {len(cells)} cells: give one for each.")
    return np.ascontiguousarray(cells, dtype=np.uint32)


def checked_mask(mask: Mask, count: int) -> Mask:
    """Return a mask over all rows ever added. Raises InputError for another shape or type."""
    if mask.shape != (count,) or mask.dtype != np.bool_:
        raise InputError(f"A mask needs True or False for each of {count} rows, removed ones too.")
    return mask


def checked_rows(rows: Rows, present: Mask) -> Rows:
    """Return rows of the engine, each once. Raises InputError naming the first that isn't."""
    rows = np.unique(np.asarray(rows, dtype=np.int64))
    within = (rows >= 0) & (rows < len(present))
    strange = rows[~within] if not within.all() else rows[~present[rows]]
    if len(strange):
        raise InputError(
            f"Row {strange[0]} is not in the engine ({len(strange)} in all): none was removed."
        )
    return rows


def keep_best(
    scores: Floats, rows: Rows, k: int, threshold: float | Floats = -np.inf
) -> tuple[Floats, Rows]:
    """Return the k best of each line of candidates, best first.

    A candidate below the threshold (one for all, or a column of one for each line), or of row -1,
    becomes score -inf and row -1.
    """
    if (rows < 0).any():
        scores = np.where(rows < 0, np.float32(-np.inf), scores)
    if scores.shape[1] > k:
        place = np.argpartition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k :]
        scores = np.take_along_axis(scores, place, axis=1)
        rows = np.take_along_axis(rows, place, axis=1)
    scores = np.where(scores < threshold, np.float32(-np.inf), scores)
    rows = np.where(np.isneginf(scores), -1, rows)
    order = np.lexsort((rows, -scores), axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    rows = np.take_along_axis(rows, order, axis=1)
    short = k - scores.shape[1]
    if short > 0:
        scores = np.pad(scores, ((0, 0), (0, short)), constant_values=-np.inf)
        rows = np.pad(rows, ((0, 0), (0, short)), constant_values=-1)
    return scores, rows
