"""Estimate the standard error, in seconds, of each camera's clock offset.

Two cameras' times can mislead together, since queues differ from those of the labelled run. So the
error comes from how far pairs of cameras contradict each other, each pair a cluster (White,
Econometrica 50:1, 1982; Liang and Zeger, Biometrika 73:1, 1986), and not from the number of links.
Whole halls can drift alike, which no pair shows. Therefore the labelled run's own spread is added:
people who came early are compared with those who came late, although every offset is 0. What queues
between groups of cameras add is in `clock_groups`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clock_likelihood import USUAL, Times, likeliest_offsets, log_densities
from .transit import Floats

NEAR = 2  # places either side over which a slope is taken
SCALES = (1.5, 0.6, 0.4)  # s: bandwidths at which halves are set against each other
ONE_SIGMA = 0.6827
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
            offsets = likeliest_offsets(offsets, seen, *log_densities(offsets, scale, seen, two))
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
    return np.asarray(np.sqrt((moved**2).sum(axis=0)))
