"""Compute the interval of an error rate by people, not by comparisons.

Two pictures of one person, or two pairs that share a person, are not independent. So the variance
of a rate comes from how much it depends on each *person*: the sum of that person's influences on it
(linearisation, or infinitesimal jackknife). For rates over pairs both people of a pair count, and
so does the person in the gallery who caused an alarm (variance of a U-statistic: Hoeffding, Annals
of Mathematical Statistics 19:293, 1948; of dyads: Fafchamps and Gubert, Journal of Development
Economics 83:326, 2007). The variance gives the effective number of independent trials, and the
limits are Clopper and Pearson's (Biometrika 26:404, 1934) on that number, with Student's t for few
people (Korn and Graubard, Survey Methodology 24:193, 1998).

Without an error there is no variance: then each person is one trial, so that rates up to
1 - TAIL^(1/n) remain possible for n people (1 - 0.025^(1/n) at a level of 95 %). Limits never fall
as errors rise, so with few errors the upper limit is this one. `python -m benchmarks.coverage`
counts how often the intervals contain the true rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from polars.datatypes import DataTypeClass
from scipy.special import betaincinv, stdtrit

from onetomany.confidence import NORMAL, TAIL
from onetomany.errors import InputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# a jackknife counts the noise of single pairs twice, Fafchamps and Gubert once: with half of one of
# the two removed, intervals contained the truth as often as promised (benchmarks/coverage)
PAIR_NOISE = 0.5
# the assumed variation of people's own FMR (coefficient of variation) if no false match was seen;
# measured on the ORL set under Dlib at an FMR of 1 %: 0.53 (0 to 1.1)
UNSEEN_CV = 1.0


@dataclass(frozen=True)
class Interval:
    """An interval of the level `confidence.LEVEL`, and its method."""

    low: float
    high: float
    method: str

    @property
    def complement(self) -> "Interval":
        """Return the interval of the share that is left."""
        return Interval(1 - self.high, 1 - self.low, self.method)


@dataclass(frozen=True)
class Spread:
    """A rate's variance over people, and Student's degrees of freedom."""

    variance: float
    freedom: float


def rate_columns(*names: str) -> dict[str, DataTypeClass]:
    """Return the columns of rates in a schema: each with its limits, `_low` and `_high`."""
    return {f"{name}{end}": pl.Float64 for name in names for end in ("", "_low", "_high")}


def subject_draws(subjects: int, replicates: int, seed: int) -> NDArray[np.int64]:
    """Draw subjects with replacement: how often each is drawn, shape (replicates, subjects)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates)


def unseen(people: int) -> float:
    """Return the upper limit of a rate if none of n people showed an error.

    It is 1 - TAIL^(1/n), one trial for each person, regardless of the number of comparisons.

    >>> round(unseen(40), 3)
    0.088
    """
    return float(1 - TAIL ** (1 / people)) if people else 1.0


def unseen_between(people: int, others: int | None = None) -> float:
    """Return the upper limit of FMR if no two of n people matched.

    Each two people are one trial, regardless of their pictures; with `others` each of the people
    with each of the others, another group. People's own FMRs are assumed to have a coefficient of
    variation of 1, so that the count of false matches is negative binomial. Without a false match
    no data can show this variation.

    >>> round(unseen_between(40), 4)
    0.0057
    """
    pairs = people * (people - 1) / 2 if others is None else people * others
    if not pairs:
        return 1.0
    # within a group each person is in 2 of n of the pairs
    shared = 4 / people if others is None else 1 / people + 1 / others
    dispersion = UNSEEN_CV**2 * shared
    expected = (TAIL**-dispersion - 1) / dispersion
    return float(-np.expm1(-expected / pairs))


def rate_spread(influence: Floats, between: Floats | None = None) -> Spread:
    """Return the variance of a rate from the contributions of each person, and each two.

    `influence` (people,) are contributions of single persons; `between` (people, people),
    symmetric, those of two, each counted once for either. All together sum to 0.
    """
    alone = float((influence**2).sum())
    if between is not None:
        noise = float((between**2).sum()) / 2
        return shared_spread(influence + between.sum(axis=1), noise, alone + noise)
    people = len(influence)
    if people < 2:
        return Spread(np.inf, 1.0)
    return Spread(alone * people / (people - 1), people - 1.0)


def shared_spread(sums: Floats, noise: float, least: float) -> Spread:
    """Return the variance of a rate of which two people share each contribution.

    `sums` (people,) are all contributions that a person has a part in, `noise` the sum of the
    squared ones of two; no variance is below `least`, that of independent ones.
    """
    people = len(sums)
    if people < 2:
        return Spread(np.inf, 1.0)
    squares = sums**2
    total, correction = float(squares.sum()), people / (people - 1)
    # few people with most of the errors make a variance uncertain (Satterthwaite, Biometrics 2:110)
    freedom = total**2 / float((squares**2).sum()) if total > 0 else people - 1.0
    variance = max(total * correction - PAIR_NOISE * noise, least * correction)
    return Spread(variance, min(max(freedom, 1.0), people - 1.0))


def nested_limits(
    rates: Floats, spreads: Sequence[Spread], open_end: float, most: float
) -> tuple[Floats, Floats]:
    """Return lower and upper limits of nested rates: no limit falls as the rate rises.

    `open_end` and `most` as in `spread_interval`.
    """
    variances, freedom = ([getattr(s, name) for s in spreads] for name in ("variance", "freedom"))
    low, high = _limits(rates, variances, freedom, open_end, most)
    order = np.argsort(rates, kind="stable")
    high[order] = np.maximum.accumulate(high[order])
    low[order] = np.minimum.accumulate(low[order][::-1])[::-1]
    return low, high


def spread_interval(
    rate: float, spread: Spread, open_end: float, method: str, most: float = 1e15
) -> Interval:
    """Return the interval of a rate from 0 to 1 from its variance over people.

    `open_end` is the upper limit without an error: no upper limit is below it, and no lower limit
    above its complement. The effective number of trials is at most `most`, the actual number.
    """
    low, high = _limits(rate, spread.variance, spread.freedom, open_end, most)
    return Interval(float(low), float(high), method)


def _limits(
    rates: ArrayLike, variances: ArrayLike, freedom: ArrayLike, open_end: float, most: float
) -> tuple[Floats, Floats]:
    """Return lower and upper limits, arrays of the rates' shape; see `spread_interval`."""
    p, variance, df = np.broadcast_arrays(
        *(np.asarray(each, dtype=np.float64) for each in (rates, variances, freedom))
    )
    rough = NORMAL / stdtrit(df, 1 - TAIL)
    with np.errstate(divide="ignore", invalid="ignore"):
        trials = np.minimum(p * (1 - p) / variance, most) * rough**2
        errors = p * trials
        low = betaincinv(errors, trials - errors + 1, TAIL)
        high = betaincinv(errors + 1, trials - errors, 1 - TAIL)
    # neither errors nor variance (or nothing but errors): only the open end is known
    low = np.where(np.isfinite(low) & (p > 0), np.minimum(low, p), 0.0)
    high = np.where(np.isfinite(high) & (p < 1), np.maximum(high, p), 1.0)
    high = np.where(p <= 0, open_end, np.maximum(high, open_end))
    low = np.where(p >= 1, 1 - open_end, np.minimum(low, 1 - open_end))
    return low, high


def ratio_interval(counted: ArrayLike, of: ArrayLike) -> Interval:
    """Return the interval of a share over people: the i-th has counted[i] out of of[i].

    The upper limit is the highest of those of all smaller counts, in which only the people with
    most errors keep theirs: so it never falls as errors rise, nor does the lower limit.

    Raises InputError if there are no people, the total is 0, a number is not finite, or more was
    counted than there was.

    >>> found = ratio_interval([1, 0, 0, 1], [2, 2, 2, 2])
    >>> round(found.low, 2), round(found.high, 2), found.method
    (0.0, 0.87, 'by person, 4 subjects')
    """
    above, below = (np.asarray(each, dtype=np.float64) for each in (counted, of))
    if above.shape != below.shape or not np.isfinite([*above, *below]).all():
        raise InputError(
            "A share needs two finite numbers for each person: the count, and the number of which "
            "it is a share."
        )
    if (above < 0).any() or (above > below + 1e-9 * np.abs(below)).any():
        raise InputError("A share's counts must be from 0 to each person's total.")
    if not below.sum() > 0:
        raise InputError(
            "The ratio can't be calculated, because its denominator is 0: give "
            "subjects with counts."
        )
    above, below = above[below > 0], below[below > 0]
    above = np.minimum(above, below)
    people = len(below)
    return Interval(
        1 - _highest(below - above, below), _highest(above, below), f"by person, {people} subjects"
    )


def pair_interval(wrong: Floats, made: Floats, *, two_groups: bool = False) -> Interval:
    """Return the interval of a rate over pairs of people, as an FMR.

    `wrong` and `made` are errors and comparisons of each two people: (people, people), symmetric
    with an empty diagonal, or with `two_groups` (people of the one, people of the other).

    Raises InputError without a comparison.
    """
    if two_groups:
        first, (wrong, made) = len(made), (_blocks(each) for each in (wrong, made))
    total = float(made.sum()) / 2
    if not total > 0:
        raise InputError("An FMR needs comparisons of different people: there are none.")
    compared = made.sum(axis=1) > 0
    people = int(compared.sum())
    rate = float(wrong.sum()) / 2 / total
    influence = ((wrong - rate * made) / total)[np.ix_(compared, compared)]
    found = rate_spread(np.zeros(people), influence)
    left_open = (
        unseen_between(int(compared[:first].sum()), int(compared[first:].sum()))
        if two_groups
        else unseen_between(people)
    )
    return spread_interval(rate, found, left_open, f"by pair of people, {people} subjects", total)


def estimate_interval(value: float, influence: Floats) -> Interval:
    """Return the interval of a figure from 0 to 1 from each person's influence, (people,)."""
    people = len(influence)
    found = rate_spread(influence - influence.mean())
    return spread_interval(value, found, unseen(people), f"by person, {people} subjects")


def rate_ratio(
    rate: float, of: Interval, against: float, against_of: Interval
) -> tuple[float | None, float | None, float | None]:
    """Return the ratio of two groups' rates and its limits, from the intervals of the two.

    The groups share no people. Limits are Donner and Zou's (Statistical Methods in Medical Research
    21:347, 2012), which recover each rate's variance from its own limits, even if a rate is 0. The
    ratio is None if the second rate is 0, the upper limit if the second may be 0.

    Raises InputError for rates outside their intervals.
    """
    for value, own in ((rate, of), (against, against_of)):
        if not 0 <= own.low <= value <= own.high:
            raise InputError(f"A rate of {value:g} is outside {own.low:g} to {own.high:g}.")
    product = rate * against
    low_reach = product**2 - of.low * against_of.high * (2 * rate - of.low) * (
        2 * against - against_of.high
    )
    high_reach = product**2 - of.high * against_of.low * (2 * rate - of.high) * (
        2 * against - against_of.low
    )
    below = against_of.high * (2 * against - against_of.high)
    above = against_of.low * (2 * against - against_of.low)
    # if the second rate's limits reach beyond twice the rate: the quotient of the limits
    low = (product - max(low_reach, 0) ** 0.5) / below if below > 0 else of.low / against_of.high
    high = (product + max(high_reach, 0) ** 0.5) / above if above > 0 else None
    quotient = rate / against if against > 0 else None
    return quotient, max(low, 0.0), high


def wilson(errors: int, trials: int) -> tuple[float, float]:
    """Return Wilson's interval of a share of independent trials (JASA 22:158, 1927).

    It is right if each trial is another person, and wrong for comparisons that share people; there
    the kit uses it only to show the error.

    >>> tuple(round(end, 3) for end in wilson(5, 50))
    (0.043, 0.214)
    """
    share = errors / trials
    middle = share + NORMAL**2 / (2 * trials)
    reach = NORMAL * np.sqrt(share * (1 - share) / trials + NORMAL**2 / (4 * trials**2))
    scale = 1 + NORMAL**2 / trials
    return float((middle - reach) / scale), float((middle + reach) / scale)


def clopper_pearson(count: int, trials: int) -> Interval:
    """Return the exact 95% interval of a share of independent trials.

    Source: Clopper and Pearson, Biometrika 26:4, 1934. Raises InputError if there are no trials,
    or more counted than tried.

    >>> round(clopper_pearson(0, 100).high, 3)
    0.036
    """
    if not 0 <= count <= trials or trials < 1:
        raise InputError(
            f"{count} of {trials} isn't a share: give a count from 0 to the number of trials."
        )
    low = betaincinv(count, trials - count + 1, TAIL) if count else 0.0
    high = betaincinv(count + 1, trials - count, 1 - TAIL) if count < trials else 1.0
    return Interval(float(low), float(high), f"Clopper-Pearson, {trials} trials")


def _blocks(table: Floats) -> Floats:
    """Return a table of two groups as a symmetric one of all their people."""
    one, two = table.shape
    return np.block([[np.zeros((one, one)), table], [table.T, np.zeros((two, two))]])


def _highest(errors: Floats, trials: Floats) -> float:
    """Return the highest upper limit of all counts in which only some people keep their errors.

    A mean plus t standard errors is convex in the errors, so over all smaller counts it is highest
    if each person keeps all or none, and those with most keep theirs.
    """
    people, total = len(trials), trials.sum()
    order = np.argsort(-errors, kind="stable")
    kept, of = errors[order], trials[order]
    rates = np.cumsum(kept) / total
    # sum of (errors - rate x trials)^2 with the first k kept
    squares = np.cumsum(kept**2) - 2 * rates * np.cumsum(kept * of) + rates**2 * (trials**2).sum()
    correction = people / (people - 1) if people > 1 else np.inf
    most = float(total) if (trials >= 1).all() else 1e15  # shares of time are not counts
    variances = np.maximum(squares, 1e-300) / total**2 * correction
    _, high = _limits(rates, variances, max(people - 1.0, 1.0), unseen(people), most)
    return float(high.max())
