"""Calculate how many people a study needs to show that two groups' error rates differ.

An FMR over all pairs of n people is a mean over pairs, and pairs share people. Its variance is
that of a U-statistic of two arguments (Hoeffding, Annals of Mathematical Statistics 19:293, 1948):
[4 (n - 2) z1 + 2 z2] / (n (n - 1)), where z2 = p (1 - p) is the variance of one comparison and z1
the covariance of two that share a person. z1 is (p cv)^2, cv being the coefficient of variation of
people's own FMR, measured by `variation_between_people`. An FNMR with one comparison a person is a
plain binomial.

A study shows the difference if the interval of the ratio (`group_rates.ratios`) excludes 1. With
few errors that interval is cautious: a single comparison's noise counts one and a half times in it
(`intervals.PAIR_NOISE`), and Clopper and Pearson's limits are wide. With a factor of three for that
noise, simulated studies showed the difference as often as intended (docs/methods.md). The number of
people is the smallest with which log(factor) is NORMAL of the interval's standard errors plus 0.84
of the true ones, so that four studies in five show it (80 % power; delta method for the logarithm).
It is rough if only a few errors are expected.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal

import numpy as np
import polars as pl

from onetomany.confidence import NORMAL
from onetomany.errors import InputError
from onetomany.gallery import Threshold
from .comparisons import numbered_people, require_compared, sums_by_two
from .intervals import Flags, Floats, Interval

Measure = Literal["FMR", "FNMR"]
# the factor on a single comparison's variance in the limits of a ratio, chosen by simulation
LONE = 3.0
LARGEST = 100_000_000


def people_needed(
    rate: float, factor: float, *, measure: Measure = "FMR", cv: float = 0.0, power: float = 0.8
) -> int:
    """Return the people needed in each of two groups to show a ratio of `factor`.

    `rate` is the lower error rate; each two people of a group are compared once (FMR), or each
    person once with themselves (FNMR). `cv` is the coefficient of variation of people's own FMR.

    Raises InputError if rate x factor isn't a rate, the factor isn't above 1, or more than a
    hundred million people would be needed.

    >>> people_needed(0.01, 3.0) < people_needed(0.01, 2.0)
    True
    """
    _check(rate, factor)
    low, high = 2, 3
    while not _seen(rate, factor, high, measure=measure, cv=cv, power=power):
        low, high = high, high * 2
        if high > LARGEST:
            raise InputError(f"More than {LARGEST:,} people a group would be needed.")
    while high - low > 1:
        middle = (low + high) // 2
        if _seen(rate, factor, middle, measure=measure, cv=cv, power=power):
            high = middle
        else:
            low = middle
    return high


def _relative_variance(
    rate: float, people: int, *, measure: Measure = "FMR", cv: float = 0.0, claimed: bool = False
) -> float:
    """Return the variance of an error rate over `people` people, over the squared rate.

    With `claimed` it is the larger variance of this kit's intervals.
    """
    if measure == "FNMR":
        return (1 - rate) / (rate * people)
    alone = 2 * (1 - rate) / rate * (LONE if claimed else 1)
    return (alone + 4 * (people - 2) * cv**2) / (people * (people - 1))


def variation_between_people(comparisons: pl.DataFrame, threshold: Threshold) -> float:
    """Return the coefficient of variation of people's own FMR.

    It comes from every two non-mated comparisons that share one person but not the other. It is
    unbiased for z1 (see the module) if each two people were compared equally often, and 0 if the
    estimate of z1 is negative.

    Raises InputError with fewer than three people or without a false match.
    """
    return _known_variation(*_rates_of_two(comparisons, threshold))


def variation_interval(comparisons: pl.DataFrame, threshold: Threshold) -> Interval:
    """Return the interval of `variation_between_people`, by leaving each person out once.

    The jackknife is rough if a few people have most false matches. Raises InputError as that does,
    and if all false matches are one person's.
    """
    rates, compared = _rates_of_two(comparisons, threshold)
    whole, people = _known_variation(rates, compared), len(rates)
    others = (np.delete(np.arange(people), who) for who in range(people))
    blocks = (np.ix_(kept, kept) for kept in others)
    without = np.array([_known_variation(rates[block], compared[block]) for block in blocks])
    error = float(((people - 1) / people * ((without - without.mean()) ** 2).sum()) ** 0.5)
    reach = NORMAL * error
    return Interval(max(whole - reach, 0.0), whole + reach, f"jackknife over {people} subjects")


def variation_of_rates(rates: Floats, compared: Flags) -> float:
    """Return the coefficient of variation of people's own FMR, from the FMR of every two.

    Both (people, people), symmetric; a rate is 0 unless the two were compared. NaN without a false
    match.
    """
    totals, squares = rates.sum(axis=1), float((rates**2).sum()) / 2
    others, pairs = compared.sum(axis=1), float(compared.sum()) / 2
    # products of the rates of two pairs: of those that share one person, and that share none
    shared = float((totals**2).sum()) - 2 * squares
    disjoint = (float(totals.sum()) / 2) ** 2 - squares - shared
    ways = float((others * (others - 1)).sum())
    disjoint_ways = pairs**2 - pairs - ways
    mean = float(totals.sum()) / 2 / pairs if pairs else 0.0
    if not mean or not ways:
        return float("nan")
    apart = disjoint / disjoint_ways if disjoint_ways else mean**2  # unbiased for the squared rate
    return float(max(shared / ways - apart, 0) ** 0.5 / mean)


def _rates_of_two(comparisons: pl.DataFrame, threshold: Threshold) -> tuple[Floats, Flags]:
    """Return the FMR of every two people, and whether they were compared: (people, people)."""
    rows = require_compared(comparisons).filter(~pl.col("mated"))
    one, two, people = numbered_people(rows)
    pair, match = one * people + two, (rows["score"] >= threshold.score).to_numpy()
    wrong, made = sums_by_two(pair[match], people), sums_by_two(pair, people)
    return np.divide(wrong, made, out=np.zeros_like(made), where=made > 0), made > 0


def _known_variation(rates: Floats, compared: Flags) -> float:
    people, found = int(compared.any(axis=1).sum()), variation_of_rates(rates, compared)
    if people < 3 or np.isnan(found):
        mean = float(rates.sum() / compared.sum()) if people else 0.0
        raise InputError(
            f"{people} people with an FMR of {mean:g} can't show how people differ: use a lower "
            "threshold or more people."
        )
    return found


def _check(rate: float, factor: float) -> None:
    if not 0 < rate < rate * factor < 1:
        raise InputError(
            f"A rate of {rate:g} and a factor of {factor:g} give no two rates between 0 and 1, the "
            "second above the first."
        )


def _seen(
    rate: float, factor: float, people: int, *, measure: Measure, cv: float, power: float
) -> bool:
    claimed, true = (
        sum(
            _relative_variance(p, people, measure=measure, cv=cv, claimed=claimed)
            for p in (rate, rate * factor)
        )
        ** 0.5
        for claimed in (True, False)
    )
    reach = NORMAL * claimed + NormalDist().inv_cdf(power) * true
    return bool(np.log(factor) >= reach)
