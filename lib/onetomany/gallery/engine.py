"""Search engines behind one small protocol; the exact one, on faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class Engine(Protocol):
    """Holds unit vectors in rows 0..n-1 and finds those of highest inner product (cosine).

    `search` returns scores and rows, each (probes, k), best first; rows are -1 and scores -inf
    where fewer than k were allowed. `allowed` is a mask over rows, or None for all. `remove`
    drops rows and closes the gaps, keeping the order of the rest.
    """

    def __len__(self) -> int: ...
    def add(self, vectors: Floats) -> None: ...
    def remove(self, rows: Rows) -> None: ...
    def search(
        self, probes: Floats, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Floats, Rows]: ...
    def save(self, path: Path) -> None: ...


class ExactEngine:
    """Every probe against every template: faiss IndexFlatIP. Memory 4 bytes x dimension each."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexFlatIP(dimension)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: Floats) -> None:
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def remove(self, rows: Rows) -> None:
        self._index.remove_ids(np.ascontiguousarray(rows, dtype=np.int64))

    def search(
        self, probes: Floats, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[Floats, Rows]:
        options = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            options = faiss.SearchParameters(sel=selector)
        scores, rows = self._index.search(
            np.ascontiguousarray(probes, dtype=np.float32), k, params=options
        )
        scores[rows < 0] = -np.inf
        return scores, rows

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> ExactEngine:
        """Read what `save` wrote."""
        engine = cls.__new__(cls)
        engine._index = faiss.read_index(str(path))
        return engine
