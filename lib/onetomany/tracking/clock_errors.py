"""How sure the estimated offset of each camera's clock is: a standard error in seconds.

Two cameras' times can mislead together, since queues are not those of the labelled run. So the
error is taken from how far pairs of cameras contradict each other, each pair a cluster (White,
Econometrica 50:1, 1982; Liang and Zeger, Biometrika 73:1, 1986), and not from the number of links.
It is then widened by what the labelled run shows of itself: half of its times are set against the
other half, where every offset is 0, and the error must cover 95 % of what comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clock_likelihood import USUAL, Times, likeliest_offsets, log_densities
from .transit import Floats

NEAR = 2  # places either side over which a slope is taken
HALVES = 8  # splits of the labelled run
FEWEST = 5  # times of a pair, in either half
Z = 1.96


def offset_errors(
    offsets: Floats, heard: NDArray[np.bool_], seen: Times, known: Times, scale: float
) -> Floats:
    """Return the standard error of each offset, (cameras,), in seconds; NaN where none is heard.

    `seen` and `known` are times by pair of cameras, of this run's links and of the labelled run;
    `scale` is the bandwidth (s) at which `offsets` were set.
    """
    if not seen:
        return np.full(len(offsets), np.nan)
    found = _clustered(offsets, heard, seen, known, scale)
    return found * _widening(len(offsets), known, scale)


def _clustered(
    offsets: Floats, heard: NDArray[np.bool_], seen: Times, known: Times, scale: float
) -> Floats:
    logs, places = log_densities(offsets, scale, seen, known)
    middle = len(places) // 2
    rise = logs[:, middle + NEAR] - logs[:, middle - NEAR]
    slope = rise / (places[middle + NEAR] - places[middle - NEAR])
    starts = np.cumsum([0, *map(len, seen.values())])[:-1]
    a, b = np.array([*seen]).T
    design = np.zeros((len(a), len(offsets)))
    design[np.arange(len(a)), b], design[np.arange(len(a)), a] = 1, -1
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
    error: Floats = np.sqrt((moved**2).sum(axis=0))
    return error


def _widening(cameras: int, known: Times, scale: float) -> float:
    """What standard errors must be multiplied by for halves of the labelled run to be covered."""
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(HALVES):
        one: Times = {}
        two: Times = {}
        for pair, times in known.items():
            if len(times) >= 2 * FEWEST:
                mixed = rng.permutation(times)
                one[pair], two[pair] = np.array_split(mixed, 2)
        if not one:
            return 1.0
        zero = np.zeros(cameras)
        found = likeliest_offsets(zero, one, *log_densities(zero, scale, one, two))
        heard = np.zeros(cameras, np.bool_)
        heard[np.array([*one]).ravel()] = True
        error = _clustered(found, heard, one, two, scale)[heard]
        found = found[heard] - np.median(found[heard])
        ratios.append(np.abs(found) / np.maximum(error, 1e-9))
    return max(1.0, float(np.quantile(np.concatenate(ratios), 0.95)) / Z)
