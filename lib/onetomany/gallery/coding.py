"""Code templates for the compressed engine: a cell of space, and a product code within it.

A template belongs to the cell of its nearest of `lists` centres, and is stored as a product
quantisation code of half a byte for two numbers (Jégou, Douze and Schmid, 'Product quantization
for nearest neighbor search', TPAMI 33:1, 2011; faiss IndexIVFPQFastScan: Douze et al., 'The Faiss
library', 2024).

If the people of the sample are known, the cells divide a space in which the directions that
distinguish images of one person are shortened. That is a part of Fisher's discriminant; the whole
would find mates better still, but lose the best strangers.
"""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from .engine import Floats

SHORTEN = 0.2  # the power of the within-person covariance; 0.5 would be the whole discriminant
DEPTH = 64  # at most so many numbers determine a template's cell
SAMPLE_PER_LIST = 50  # templates that a cell's centre is learned from
# faiss stores codes in blocks of 32 templates; a byte contains the code of one pair of numbers for
# two templates 16 apart, the templates in this order (`pq4_pack_codes`)
PLACE = np.array([0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15])


def lists_for(templates: int) -> int:
    """Return a suitable number of cells: a power of two, about 2.5 times the root.

    At most 2,048: the share of templates that a search compares depends little on the number of
    cells, and more cells make enrolment slower.

    >>> lists_for(10_000), lists_for(100_000_000)
    (256, 2048)
    """
    return int(min(2048, max(16, 2 ** round(np.log2(2.5 * np.sqrt(templates))))))


def empty_index(sample: Floats, lists: int, space: Any, seed: int) -> Any:
    """Return an empty index with cells and codes learned from the sample."""
    depth = space.d_out
    means = faiss.Kmeans(
        depth,
        lists,
        niter=6,
        seed=seed + 1,
        max_points_per_centroid=SAMPLE_PER_LIST,
        min_points_per_centroid=1,
    )
    means.train(space.apply(sample))
    centres = faiss.IndexFlatL2(depth)
    centres.add(means.centroids)
    cells = faiss.IndexPreTransform(space, centres)
    size = sample.shape[1]
    index = faiss.IndexIVFPQFastScan(
        cells, size, lists, size if size % 2 else size // 2, 4, faiss.METRIC_L2
    )
    index.by_residual = False
    index.own_fields = False
    index.train(sample[:: max(1, len(sample) // 100_000)])
    # a copy owns its parts, whatever Python frees
    return faiss.deserialize_index(faiss.serialize_index(index))


def drop_codes(index: Any, rows: NDArray[np.int64]) -> None:
    """Remove the codes of rows from an index.

    Also clears the space after each cell's last code: faiss leaves the old codes there, and mixes
    them with those that are added next (1.15.1, `pq4_pack_codes_range`).
    """
    index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(rows)))
    lists = faiss.downcast_InvertedLists(index.invlists)
    for cell in range(index.nlist):
        left = lists.list_size(cell) % 32
        if left:
            blocks = lists.list_size(cell) // 32 + 1
            codes = faiss.rev_swig_ptr(lists.get_codes(cell), blocks * lists.block_size)
            kept = np.where(left > PLACE, 0x0F, 0) | np.where(left > 16 + PLACE, 0xF0, 0)
            codes[-lists.block_size :].reshape(-1, 16)[:] &= kept.astype(np.uint8)


def copy_codes(index: Any, allowed: NDArray[np.bool_]) -> Any:
    """Return the codes of the allowed rows as an index of their own that shares the cells.

    `allowed` has a value for each row; an index's ids are rows.
    """
    lists = faiss.downcast_InvertedLists(index.invlists)
    plain = faiss.IndexIVFPQ(index.quantizer, index.d, index.nlist, index.M, 4, faiss.METRIC_L2)
    plain.own_fields, plain.by_residual, plain.is_trained = False, False, True
    plain.pq = index.pq
    for cell in range(index.nlist):
        size = lists.list_size(cell)
        if not size:
            continue
        rows = faiss.rev_swig_ptr(lists.get_ids(cell), size)
        chosen = np.flatnonzero(allowed[rows])
        if not len(chosen):
            continue
        # only the blocks with a chosen code
        which, within = np.unique(chosen // 32, return_inverse=True)
        blocks = faiss.rev_swig_ptr(lists.get_codes(cell), -(-size // 32) * lists.block_size)
        packed = blocks.reshape(-1, index.M2 // 2, 2, 16)[which].transpose(0, 3, 1, 2)
        halves = np.empty((len(which), 32, index.M2), np.uint8)
        halves[:, PLACE] = (packed & 15).reshape(len(which), 16, -1)
        halves[:, 16 + PLACE] = (packed >> 4).reshape(len(which), 16, -1)
        own = halves[within, chosen % 32, : index.M]
        codes = np.zeros((len(own), plain.code_size), np.uint8)
        codes |= own[:, 0::2]
        codes[:, : index.M // 2] |= own[:, 1::2] << 4
        ids = np.ascontiguousarray(rows[chosen])
        plain.invlists.add_entries(
            cell, len(own), faiss.swig_ptr(ids), faiss.swig_ptr(np.ascontiguousarray(codes))
        )
        plain.ntotal += len(own)
    part = faiss.IndexIVFPQFastScan(plain)
    part.own_fields = False
    return part


def cell_space(sample: Floats, people: NDArray[np.int64] | None) -> Any:
    """Return the linear map into the space of the cells: `DEPTH` leading axes, some shortened."""
    size = sample.shape[1]
    vectors = sample[:200_000].astype(np.float64)
    centre = vectors.mean(axis=0)
    total = np.cov(vectors.T).reshape(size, size)
    shorten = np.eye(size)
    if people is not None:
        who = np.unique(people[: len(vectors)], return_inverse=True)[1]
        counts = np.bincount(who)
        sums = np.zeros((len(counts), size))
        np.add.at(sums, who, vectors)
        apart = vectors - (sums / counts[:, None])[who]
        values, axes = np.linalg.eigh(apart.T @ apart / max(1, len(vectors) - len(counts)))
        values = np.maximum(values, values[-1] * 1e-3)
        shorten = (axes * (values / values[-1]) ** -SHORTEN) @ axes.T
    _, axes = np.linalg.eigh(shorten.T @ total @ shorten)
    matrix = (shorten @ axes[:, ::-1][:, : min(DEPTH, size)]).astype(np.float32)
    space = faiss.LinearTransform(size, matrix.shape[1], True)
    faiss.copy_array_to_vector(np.ascontiguousarray(matrix.T).ravel(), space.A)
    faiss.copy_array_to_vector((-centre @ matrix).astype(np.float32), space.b)
    space.is_trained = True
    return space
