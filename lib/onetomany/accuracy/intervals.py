"""Intervals by subject, not by pair.

Two pictures of one person, or two pairs that share a person, are not independent. So subjects
are drawn with replacement and every comparison is weighted by how often its subjects were
drawn: the subset bootstrap of Bolle, Ratha and Pankanti ('Error analysis of pattern recognition
systems', CVIU 93:1, 2004), for pairs the vertex bootstrap of Snijders and Borgatti (Connections
22:2, 1999). Where no error at all was seen a bootstrap can't say anything; there the rule of
three holds (Hanley and Lippman-Hand, JAMA 249:13, 1983): at 95 % the rate is below 3/n, n being
the number of subjects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A 95 % interval and how it was found."""

    low: float
    high: float
    method: str


def subject_draws(subjects: int, replicates: int, seed: int) -> NDArray[np.int64]:
    """How often each subject is drawn in each replicate, shape (replicates, subjects)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates)


def rule_of_three(subjects: int) -> float:
    """The highest rate that 95 % confidence leaves open when none of n subjects showed an error."""
    return min(1.0, 3 / subjects)


def interval(rate: float, replicates: Floats, subjects: int) -> Interval:
    """The interval of a rate between 0 and 1 from its bootstrap replicates.

    Replicates in which the rate is undefined (NaN: no fitting comparison was drawn) are left out.
    """
    if rate in (0.0, 1.0):
        bound = rule_of_three(subjects)
        low, high = (0.0, bound) if rate == 0 else (1 - bound, 1.0)
        return Interval(low, high, f"rule of three, {subjects} subjects")
    known = replicates[np.isfinite(replicates)]
    if not len(known):
        return Interval(0.0, 1.0, f"none: too few of {subjects} subjects")
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(float(low), float(high), f"bootstrap over {subjects} subjects")


def ratio_interval(
    counted: ArrayLike, of: ArrayLike, *, replicates: int = 1000, seed: int = 0
) -> Interval:
    """The interval of a ratio of sums over subjects: the i-th has counted[i] out of of[i].

    Subjects are drawn with replacement. Raises InputError where there is nobody, or nothing to
    count out of.
    """
    above, below = (np.asarray(each, dtype=np.float64) for each in (counted, of))
    if not below.sum() > 0:
        raise InputError("A ratio needs subjects with something to count: the sum below is 0.")
    drawn = subject_draws(len(below), replicates, seed)
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw of nobody who counts: NaN
        samples = (drawn @ above) / (drawn @ below)
    return interval(float(above.sum() / below.sum()), samples, len(below))


def wilson(errors: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of independent trials (JASA 22:158, 1927).

    Right where each trial is another person. Wrong for comparisons that share people, and used
    there only to show how wrong: see `interval`.
    """
    z = 1.959963984540054
    share = errors / trials
    middle = share + z**2 / (2 * trials)
    reach = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    return float((middle - reach) / scale), float((middle + reach) / scale)
