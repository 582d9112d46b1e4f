"""Part cameras into groups that people walk between without waiting, and compare the groups.

A longer queue looks like clocks that are ahead behind it, and nothing in the times tells the two
apart. So an offset behind a queue has an error as large as the waits may differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .clock_likelihood import Times
from .transit import Floats

QUEUE = 20.0  # s: times between two cameras contain waits if their middle half spreads wider
TAIL = 0.1  # share of the longest and of the shortest times between which waits may differ

Ints = NDArray[np.int64]


def walking_groups(cameras: int, steps: Times) -> Ints:
    """Return each camera's group, (cameras,), from the labelled run; group 0 is the largest."""
    return linked_groups(
        cameras, [pair for pair, times in steps.items() if quantile_range(times) <= QUEUE]
    )


def linked_groups(cameras: int, pairs: Iterable[tuple[int, int]]) -> Ints:
    """Return each camera's group, (cameras,), if pairs are linked; group 0 is the largest."""
    a, b = np.array([*pairs], np.int64).reshape(-1, 2).T
    ties = csr_array((np.ones(len(a), np.int8), (a, b)), shape=(cameras, cameras))
    label = connected_components(ties, directed=False)[1]
    by_size = np.argsort(-np.bincount(label), kind="stable")
    return np.asarray(np.argsort(by_size)[label], np.int64)


def group_errors(group: Ints, steps: Times) -> Floats:
    """Return the standard error (s) of each group's offset from that of group 0, (groups,).

    All waits between two groups may be longer or shorter together, so a thousand of them say no
    more than one. They may differ from the labelled run's by as much as its longest tenth differs
    from its shortest, on the way that most people took. Infinite for a group without a way.
    """
    count = int(group.max()) + 1
    people, spread = np.zeros((count, count)), np.full((count, count), np.inf)
    for (a, b), times in steps.items():
        ends = tuple(np.sort(group[[a, b]]))
        if ends[0] != ends[1] and len(times) > people[ends]:
            people[ends], spread[ends] = len(times), max(quantile_range(times, TAIL), 1.0)
    information = 1 / np.minimum(spread, spread.T) ** 2
    tied = connected_components(csr_array(information), directed=False)[1]
    errors = np.where(tied == tied[0], 0.0, np.inf)
    if len(rest := np.flatnonzero(tied == tied[0])[1:]):
        laplacian = np.diag(information.sum(axis=1)) - information
        errors[rest] = np.sqrt(np.diag(np.linalg.inv(laplacian[np.ix_(rest, rest)])))
    return errors


def quantile_range(times: Floats, tail: float = 0.25) -> float:
    """Return the seconds between the times that a share `tail` lies below, and above."""
    return float(np.subtract(*np.quantile(times, (1 - tail, tail))))
