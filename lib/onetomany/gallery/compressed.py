"""Search compressed templates: an inverted file of product codes, re-ranked from disk.

A search compares the codes of the nearest cells in memory (`coding`) and then compares the best of
them with the templates themselves, which stay on disk in half precision.

A folder contains everything:

    engine.json  trained.faiss  vectors.f16  cells-00000.npy ...  index-<rows>.faiss  removed.npy

`add` appends the templates, waits until they are on the disk, and only then renames the chunk's
file of cells to its final name: a chunk is enrolled whole or not at all, and after `add` has
returned it survives any crash. The index is written now and then; opening encodes the templates
that it lacks. (Indexes of chunks would save that, but merging two of this kind corrupts memory in
faiss 1.15.1 if a cell has a multiple of 1,024 codes: BlockInvertedLists::add_entries.)
"""

import json
import mmap
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from onetomany.errors import InputError, IntegrityError, reason_of
from onetomany.sources.files import whole_file, write_whole
from . import engine
from .cells import Band, Cells
from .coding import SAMPLE_PER_LIST, cell_space, copy_codes, drop_codes, empty_index
from .engine import Floats, Rows
from .exact import search_matrix

LISTS = 1024
SCAN = 0.06  # share of the cells whose codes a search compares
RERANK = 100  # candidates that are compared with the templates, beyond the k asked for
ENCODE = 500_000  # templates encoded at a time
TOGETHER = 64  # probes whose candidates are compared at a time
WORTH = 400  # codes compared in the time of one more candidate
BANDS = 8  # filters kept in memory


class CompressedEngine:
    """A folder of compressed templates.

    A template takes dimension / 4 + 12 bytes in memory; on disk it takes dimension / 4 + 12 and
    two bytes a number more. `scan` (share of the cells compared) and `rerank` (candidates compared
    with their templates) may be set at any time: larger values find more and take longer.
    """

    name = "compressed"

    def __init__(self, folder: Path, dimension: int, *, lists: int = LISTS) -> None:
        """Open a folder, or begin one with `lists` cells (see `lists_for`).

        Raises InputError if the folder has templates of another dimension, IntegrityError if it is
        damaged.
        """
        self.folder, self.dimension, self.lists = folder, dimension, lists
        self.scan, self.rerank = SCAN, RERANK
        folder.mkdir(parents=True, exist_ok=True)
        about = folder / "engine.json"
        if about.exists():
            facts = json.loads(about.read_text(encoding="utf-8"))
            if facts["dimension"] != dimension:
                raise InputError(
                    f"{folder} has templates of {facts['dimension']} numbers, not {dimension}."
                )
            self.lists = facts["lists"]
        else:
            write_whole(about, json.dumps({"dimension": dimension, "lists": lists}).encode())
        self._index: Any = None
        self._cells: list[Cells] = []  # by chunk
        self._starts = [0]  # the first row of each chunk, and of the next
        self._vectors = np.empty((0, dimension), np.float16)
        self._removed = np.empty(0, np.int64)
        self._written = 0  # rows of the index on disk
        self._filters: dict[Band | None, tuple[int, NDArray[np.uint8]]] = {}
        self._parts: dict[Band, Any] = {}  # the codes of narrow bands, copied out
        self._open()

    def __len__(self) -> int:
        return self.rows - len(self._removed)

    @property
    def rows(self) -> int:
        """Count all rows ever added."""
        return self._starts[-1]

    @property
    def chunks(self) -> int:
        """Count the chunks added."""
        return len(self._cells)

    @property
    def is_trained(self) -> bool:
        """Return whether cells and codes exist; until then a search compares every template."""
        return self._index is not None

    def train(
        self, vectors: Floats, people: NDArray[np.int64] | None = None, seed: int = 0
    ) -> None:
        """Learn cells and codes from a sample. `add` does so itself with enough templates.

        `people` numbers the person of each vector, if that is known. Raises InputError once
        trained, or with fewer vectors than cells.
        """
        if self.is_trained:
            raise InputError(f"The engine in {self.folder} is trained already.")
        sample = engine.checked_vectors(vectors, self.dimension)
        if len(sample) < self.lists:
            raise InputError(f"{self.lists} cells can't be learned from {len(sample)} vectors.")
        index = empty_index(sample, self.lists, cell_space(sample, people), seed)
        write_whole(self.folder / "trained.faiss", faiss.serialize_index(index).tobytes())
        self._index = index
        self._encode(0)

    def add(self, vectors: Floats, cells: Cells | None = None) -> Rows:
        """Add vectors as one chunk; see `Engine`."""
        vectors = engine.checked_vectors(vectors, self.dimension)
        cells = engine.checked_cells(cells, len(vectors))
        first = self.rows
        if not len(vectors):
            return np.empty(0, np.int64)
        with (self.folder / "vectors.f16").open("r+b") as file:
            # after the enrolled templates there may be part of a chunk that a crash cut off
            file.truncate(first * self.dimension * 2)
            file.seek(0, os.SEEK_END)
            file.write(vectors.astype(np.float16).data)
            file.flush()
            os.fsync(file.fileno())
        _write_array(self.folder / f"cells-{self.chunks:05d}.npy", cells)
        self._take(cells)
        self._map()
        rows = np.arange(first, self.rows, dtype=np.int64)
        if self.is_trained:
            self._index.add_with_ids(vectors, rows)
            if self.rows - self._written > max(SAMPLE_PER_LIST * self.lists, self.rows // 6):
                self.checkpoint()
        elif self.rows >= self.lists * SAMPLE_PER_LIST:
            every = max(1, self.rows // (self.lists * SAMPLE_PER_LIST))
            self.train(self._fetch(np.arange(0, self.rows, every)))
        return rows

    def checkpoint(self) -> None:
        """Write the index, so that opening has nothing to encode."""
        if not self.is_trained or self._written == self.rows:
            return
        old = list(self.folder.glob("index-*.faiss"))
        path = self.folder / f"index-{self.rows:012d}.faiss"
        with whole_file(path) as beside:
            faiss.write_index(self._index, str(beside))
        for each in old:
            if each != path:
                each.unlink()
        self._written = self.rows

    def remove(self, rows: Rows) -> None:
        """Remove rows, on disk too; see `Engine`."""
        present = np.ones(self.rows, np.bool_)
        present[self._removed] = False
        removed = np.union1d(self._removed, engine.checked_rows(rows, present))
        _write_array(self.folder / "removed.npy", removed)
        self._removed = removed
        self._erase(rows)
        self._written = -1  # the index on disk still contains their codes
        self.checkpoint()

    def search(
        self, probes: Floats, k: int, *, threshold: float = -np.inf, allowed: engine.Allowed = None
    ) -> tuple[Floats, Rows]:
        """Return nearly the k best of each probe, with scores to half precision; see `Engine`.

        The result is exact (to that precision) while untrained, and if very few rows are allowed.
        """
        probes = engine.checked_vectors(probes, self.dimension)
        count, bits = self._allowed(allowed)
        if not self.is_trained or count <= k + self.rerank:
            chosen = np.flatnonzero(np.unpackbits(bits, count=self.rows, bitorder="little"))
            scores, rows = search_matrix(self._fetch(chosen), probes, k, threshold)
            return scores, np.where(rows < 0, -1, chosen[rows]) if len(chosen) else rows
        rows = self._nearest(probes, k + self.rerank, allowed)

        def compare(first: int) -> tuple[Floats, Rows]:
            some = rows[first : first + TOGETHER]
            vectors = self._fetch(np.maximum(some, 0).ravel()).reshape(*some.shape, -1)
            scores = np.matmul(vectors, probes[first : first + TOGETHER, :, None])[:, :, 0]
            return engine.keep_best(scores, some, k, threshold)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(compare, range(0, len(probes), TOGETHER)))
        if not found:
            return np.empty((0, k), np.float32), np.empty((0, k), np.int64)
        return np.concatenate([each[0] for each in found]), np.concatenate([r for _, r in found])

    def _nearest(self, probes: Floats, wanted: int, allowed: engine.Allowed) -> Rows:
        """Return the allowed rows of the nearest codes, (probes, wanted); -1 if too few."""
        count, bits = self._allowed(allowed)
        cells = max(1, round(self.scan * self.lists))
        options = faiss.IVFSearchParameters(nprobe=cells)
        if count == self.rows:
            return np.asarray(self._index.search(probes, wanted, params=options)[1])
        enough = int(1.5 * wanted * self.rows / count)
        if enough * WORTH > self.scan * self.rows:
            # testing each code may cost a memory access, so a band's codes are copied out, once;
            # as many codes are compared as without a filter, in more cells
            if isinstance(allowed, Band):
                options.nprobe = min(self.lists, cells * self.rows // count)
                return np.asarray(self._part(allowed).search(probes, wanted, params=options)[1])
            options.sel = faiss.IDSelectorBitmap(self.rows, faiss.swig_ptr(bits))
            return np.asarray(self._index.search(probes, wanted, params=options)[1])
        # most are allowed: cheaper to ask for more candidates and test only these
        rows = np.empty((len(probes), wanted), np.int64)
        for start in range(0, len(probes), TOGETHER):
            some = self._index.search(probes[start : start + TOGETHER], enough, params=options)[1]
            byte = bits[np.maximum(some, 0) >> 3]
            may = ((byte >> (some & 7).astype(np.uint8)) & 1).astype(np.bool_) & (some >= 0)
            first = np.argsort(~may, axis=1, kind="stable")[:, :wanted]
            chosen = np.take_along_axis(some, first, axis=1)
            rows[start : start + TOGETHER] = np.where(
                np.take_along_axis(may, first, axis=1), chosen, -1
            )
        return rows

    def _part(self, band: Band) -> Any:
        """Return the index of a band's own codes."""
        if band not in self._parts:
            while len(self._parts) >= BANDS:
                self._parts.pop(next(iter(self._parts)))
            _, bits = self._allowed(band)
            mask = np.unpackbits(bits, count=self.rows, bitorder="little").view(np.bool_)
            self._parts[band] = copy_codes(self._index, mask)
        return self._parts[band]

    def save(self, folder: Path) -> None:
        """Write a whole copy; see `Engine`."""
        self.checkpoint()
        with engine.new_folder(folder) as beside:
            hidden = shutil.ignore_patterns(".*", "*.part")
            shutil.copytree(self.folder, beside, ignore=hidden, dirs_exist_ok=True)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a saved engine or any engine's folder. Raises IntegrityError if it can't."""
        try:
            facts = json.loads((folder / "engine.json").read_text(encoding="utf-8"))
            return cls(folder, facts["dimension"])
        except (OSError, ValueError, KeyError) as error:
            raise IntegrityError(
                f"{folder} is not a compressed engine: {reason_of(error)}."
            ) from error

    def count(self, allowed: engine.Allowed = None) -> int:
        """Count the templates that a search could find."""
        return self._allowed(allowed)[0]

    def _open(self) -> None:
        """Load the folder, and complete work that a crash interrupted."""
        (self.folder / "vectors.f16").touch()
        for number, path in enumerate(sorted(self.folder.glob("cells-*.npy"))):
            if path.name != f"cells-{number:05d}.npy":
                raise IntegrityError(f"{self.folder} lacks cells-{number:05d}.npy: enrol again.")
            try:
                self._take(np.load(path))
            except (OSError, ValueError) as error:
                why = reason_of(error)
                raise IntegrityError(f"{path} can't be read ({why}): enrol again.") from error
        self._map()
        if (self.folder / "removed.npy").exists():
            self._removed = np.load(self.folder / "removed.npy")
        if (self.folder / "trained.faiss").exists():
            indexes = sorted(self.folder.glob("index-*.faiss"))
            self._index = _read_index((indexes or [self.folder / "trained.faiss"])[-1])
            self._written = int(indexes[-1].stem.removeprefix("index-")) if indexes else 0
            self._encode(self._written)
        if len(self._removed):
            self._erase(self._removed)

    def _forget(self) -> None:
        """Drop the filters in memory: they are out of date."""
        self._filters.clear()
        self._parts.clear()

    def _map(self) -> None:
        path = self.folder / "vectors.f16"
        size = self.rows * self.dimension * 2
        if path.stat().st_size < size:
            raise IntegrityError(f"{path} is shorter than its {self.rows} templates: enrol again.")
        if size:
            with path.open("r+b") as file:
                mapped = mmap.mmap(file.fileno(), size)
            mapped.madvise(mmap.MADV_RANDOM)  # candidates are anywhere: reading ahead is useless
            self._vectors = np.frombuffer(mapped, np.float16).reshape(-1, self.dimension)

    def _take(self, cells: Cells) -> None:
        self._cells.append(cells)
        self._starts.append(self.rows + len(cells))
        self._forget()

    def _encode(self, first: int) -> None:
        """Add the rows from `first` on to the index."""
        for start in range(first, self.rows, ENCODE):
            rows = np.arange(start, min(start + ENCODE, self.rows))
            self._index.add_with_ids(self._fetch(rows), rows)

    def _erase(self, rows: Rows) -> None:
        """Overwrite templates on disk, and drop their codes."""
        self._forget()
        self._vectors[rows] = 0
        if self.is_trained:
            drop_codes(self._index, rows)

    def _fetch(self, rows: Rows) -> Floats:
        return self._vectors[rows].astype(np.float32)

    def _allowed(self, allowed: engine.Allowed) -> tuple[int, NDArray[np.uint8]]:
        """Return how many rows may be found, and a bit for each row."""
        if allowed is None or isinstance(allowed, Band):
            if allowed not in self._filters:
                masks = [
                    np.ones(len(cells), np.bool_) if allowed is None else allowed.mask(cells)
                    for cells in self._cells
                ]
                while len(self._filters) >= BANDS:
                    self._filters.pop(next(iter(self._filters)))
                self._filters[allowed] = self._bits(np.concatenate([np.empty(0, np.bool_), *masks]))
            return self._filters[allowed]
        return self._bits(engine.checked_mask(allowed, self.rows).copy())

    def _bits(self, mask: engine.Mask) -> tuple[int, NDArray[np.uint8]]:
        mask[self._removed] = False
        return int(mask.sum()), np.packbits(mask, bitorder="little")


def _read_index(path: Path) -> Any:
    try:
        return faiss.read_index(str(path))
    except RuntimeError as error:
        raise IntegrityError(
            f"{path} can't be read: delete it, and it is made again from the templates."
        ) from error


def _write_array(path: Path, array: NDArray[Any]) -> None:
    with whole_file(path) as beside, beside.open("wb") as file:
        np.save(file, array)
