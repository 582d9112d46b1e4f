"""Estimate the standard error, in seconds, of each camera's clock offset.

Two cameras' times can mislead together, since queues differ from those of the labelled run. So the
error comes from how far pairs of cameras contradict each other, each pair a cluster (White,
Econometrica 50:1, 1982; Liang and Zeger, Biometrika 73:1, 1986), and not from the number of links.
Whole halls can drift alike, which no pair shows. Therefore the labelled run's own spread is added:
people who came early are compared with those who came late, although every offset is 0.

A longer queue looks like clocks that are ahead behind it, and nothing in the times tells the two
apart. So cameras are separated into groups that people walk between without waiting, and an offset
behind a queue has an error as large as the waits may differ.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .clock_likelihood import USUAL, Times, differences, likeliest_offsets, log_densities
from .cover import linked_components
from .transit import Floats, Rows

NEAR = 2  # places either side over which a slope is taken
SCALES = (1.5, 0.6, 0.4)  # s: bandwidths at which halves are set against each other
ONE_SIGMA = 0.6827
QUEUE = 20.0  # s: times between two cameras contain waits if their middle half spreads wider
TAIL = 0.1  # share of the longest and of the shortest times between which waits may differ
OTHERS = 2  # a camera's own two offsets of halves count as much as so many of all cameras


def offset_errors(
    offsets: Floats,
    heard: NDArray[np.bool_],
    seen: Times,
    known: Times,
    *,
    scale: float,
    spread: Floats,
) -> Floats:
    """Return the standard error of each offset, (cameras,), in seconds; NaN without data.

    `seen` and `known` are times by pair of cameras, of this run's links and of the labelled run;
    `scale` is the bandwidth (s) at which `offsets` were set, `spread` that of `half_spread`.
    """
    if not seen or not heard.any():
        return np.full(len(offsets), np.nan)
    return np.asarray(np.hypot(_clustered(offsets, heard, seen, known, scale), spread))


def half_spread(cameras: int, early: Times, late: Times) -> Floats:
    """Return the offsets (s) estimated between halves of a labelled run, (cameras,).

    Each camera's own two offsets, drawn towards the limit of 68 % of all cameras. NaN for all if
    the halves have no pair of cameras in common.
    """
    found = []
    for one, two in ((early, late), (late, early)):
        seen = {pair: times for pair, times in one.items() if pair in two}
        if not seen:
            return np.full(cameras, np.nan)
        offsets = np.zeros(cameras)
        for scale in SCALES:
            offsets = likeliest_offsets(offsets, scale, seen, two)
        heard = np.isin(np.arange(cameras), np.array([*seen]))
        found.append(np.where(heard, offsets - np.median(offsets[heard]), np.nan))
    each = np.array(found)
    usual = float(np.nanquantile(np.abs(each), ONE_SIGMA))
    own, many = np.nansum(each**2, axis=0), (~np.isnan(each)).sum(axis=0)
    return np.asarray(np.sqrt((OTHERS * usual**2 + own) / (OTHERS + many)))


def _clustered(
    offsets: Floats, heard: NDArray[np.bool_], seen: Times, known: Times, scale: float
) -> Floats:
    logs, places = log_densities(offsets, scale, seen, known)
    middle = len(places) // 2
    rise = logs[:, middle + NEAR] - logs[:, middle - NEAR]
    slope = rise / (places[middle + NEAR] - places[middle - NEAR])
    starts = np.cumsum([0, *map(len, seen.values())])[:-1]
    a, b = np.array([*seen]).T
    design = differences(a, b, len(offsets))
    information = (design * np.add.reduceat(slope**2, starts)[:, None]).T @ design
    bread = np.linalg.pinv(information + np.eye(len(offsets)) / USUAL**2)
    pulls = design * np.add.reduceat(slope, starts)[:, None]
    # both directions between two cameras are one cluster
    cluster = np.unique(np.sort(np.stack([a, b]), axis=0), axis=1, return_inverse=True)[1].ravel()
    together = np.zeros((cluster.max() + 1, len(offsets)))
    np.add.at(together, cluster, pulls)
    many = np.maximum((together != 0).sum(axis=0), 2)
    spread = together * np.sqrt(many / (many - 1))
    moved = spread @ bread
    moved -= moved[:, heard].mean(axis=1, keepdims=True)  # offsets are relative
    return np.asarray(np.sqrt((moved**2).sum(axis=0)))


def walking_groups(cameras: int, steps: Times) -> Rows:
    """Return each camera's group, (cameras,), from the labelled run; group 0 is the largest."""
    return linked_groups(
        cameras, [pair for pair, times in steps.items() if quantile_range(times) <= QUEUE]
    )


def linked_groups(cameras: int, pairs: Iterable[tuple[int, int]]) -> Rows:
    """Return each camera's group, (cameras,), if pairs are linked; group 0 is the largest."""
    label = linked_components(cameras, *np.array([*pairs], np.int64).reshape(-1, 2).T)
    by_size = np.argsort(-np.bincount(label), kind="stable")
    return np.asarray(np.argsort(by_size)[label], np.int64)


def group_errors(group: Rows, steps: Times) -> Floats:
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
    tied = linked_components(count, *np.nonzero(information))
    errors = np.where(tied == tied[0], 0.0, np.inf)
    if len(rest := np.flatnonzero(tied == tied[0])[1:]):
        laplacian = np.diag(information.sum(axis=1)) - information
        errors[rest] = np.sqrt(np.diag(np.linalg.inv(laplacian[np.ix_(rest, rest)])))
    return errors


def quantile_range(times: Floats, tail: float = 0.25) -> float:
    """Return the seconds between the times that a share `tail` lies below, and above."""
    return float(np.subtract(*np.quantile(times, (1 - tail, tail))))
