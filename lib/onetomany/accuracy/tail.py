"""Model the tail of non-mated scores, for FMRs too low to be counted.

For any distribution, excesses over a high score tend towards a generalised Pareto distribution
(peaks over threshold: Pickands, Annals of Statistics 3:119, 1975; Coles, 'An Introduction to
Statistical Modeling of Extreme Values', Springer 2001, chapter 4). For biometric scores:
Baveja, Yuan and Wein, 'Asymptotic biometric analysis for large gallery sizes', IEEE TIFS 5:955,
2010, on the growth of a watch list (of which we read the abstract).

Scale and shape come from probability-weighted moments (Hosking and Wallis, Technometrics 29:339,
1987), which need no search, accept weights, and are valid for tails that end abruptly, unlike
maximum likelihood. The theory assumes independent scores. Pairs share people, so the estimate is
valid but its usual error is not: intervals are over draws of subjects, as in `intervals`. They
contain chance only, and assume that the tail continues beyond the data as it did within. That is
optimistic: of 100 synthetic sets of 40 people with ten images each, the interval from the highest
1 % of scores contained the true FMR of 1e-4, 1e-5 and 1e-6 in 85 or 86, and was too low in the
others; from the highest 5 %, in 65 to 78.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from onetomany.confidence import REPLICATES, TAIL
from onetomany.errors import InputError
from .comparisons import Ints, numbered_people, require_compared, sums_by_two
from .intervals import Floats, subject_draws
from .scale import any_match

FEWEST = 50  # exceedances; with fewer a shape is a guess
WEIGHTS = 4_000_000  # bootstrap weights in memory at a time


@dataclass(frozen=True, eq=False)
class Tail:
    """Non-mated scores above `start`.

    P(score >= t) = share (1 + shape (t - start) / scale)^(-1 / shape); share exp(-(t - start) /
    scale) if the shape is 0.

    `start`, `scale` and `highest` (the highest score seen) are scores; `share` is the part of
    comparisons above `start`. A negative shape ends the tail at `end`. `replicates` (draws, 3)
    has share, scale and shape of each bootstrap draw of subjects.
    """

    start: float
    share: float
    scale: float
    shape: float
    highest: float
    exceedances: int
    pairs: int  # of different people that they come from
    comparisons: int
    subjects: int
    model: str
    image_set: str
    replicates: Floats

    @property
    def end(self) -> float:
        """Return the score that no non-mated comparison can reach; infinite unless shape < 0."""
        return self.start - self.scale / self.shape if self.shape < 0 else float("inf")

    def as_frame(self) -> pl.DataFrame:
        """Return `figure`, `value`, `low`, `high`, `method` of shape, scale, share and end."""
        share, scale, shape = self.replicates.T
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.where(shape < 0, self.start - scale / shape, np.inf)
        rows = [
            (name, getattr(self, name), *_limits(each[:, None])[:, 0].tolist())
            for name, each in (("shape", shape), ("scale", scale), ("share", share), ("end", ends))
        ]
        return pl.DataFrame(rows, ["figure", "value", "low", "high"], orient="row").with_columns(
            method=pl.lit(self.method)
        )

    @property
    def method(self) -> str:
        return (
            f"generalised Pareto tail, {self.exceedances:,} of {self.comparisons:,} comparisons, "
            f"{self.pairs:,} pairs of people; bootstrap over {self.subjects:,} subjects"
        )


def fit_tail(
    comparisons: pl.DataFrame, share: float = 0.01, *, replicates: int = REPLICATES, seed: int = 0
) -> Tail:
    """Fit a tail to the highest `share` of non-mated scores of a frame of `compare_all`.

    Try several shares: if the shape still changes with them, the model doesn't fit yet. Each
    bootstrap draw keeps the start and estimates share, scale and shape again; a comparison counts
    as often as the product of its two people's draws.

    Raises InputError with a share outside 0 to 1, or fewer than 50 scores above the start.
    """
    rows = require_compared(comparisons).filter(~pl.col("mated"))
    scores = rows["score"].cast(pl.Float64).to_numpy()
    count = int(share * len(scores)) if 0 < share < 1 else 0
    if count < FEWEST:
        raise InputError(
            f"A share of {share:g} of {len(scores):,} non-mated comparisons leaves {count}: "
            f"at least {FEWEST} are needed to fit a tail; take a larger share (below 1) or set."
        )
    start = float(np.partition(scores, -count - 1)[-count - 1])
    one, two, subjects = numbered_people(rows)
    above = np.flatnonzero(scores > start)  # fewer than `count` if scores are tied
    above = above[np.argsort(scores[above])]
    excess = scores[above] - start
    draws = subject_draws(subjects, replicates, seed).astype(np.float64)
    drawn = np.empty((replicates, 3))
    made = sums_by_two(one * subjects + two, subjects)
    total = np.einsum("rj,rj->r", draws @ made, draws) / 2  # comparisons in each draw
    for part, weights in _weights(one[above], two[above], draws):
        drawn[part, 1:] = _moments(excess, weights)
        with np.errstate(invalid="ignore"):
            drawn[part, 0] = weights.sum(axis=1) / total[part]
    scale, shape = _moments(excess, np.ones((1, len(excess))))[0]
    first, second = np.minimum(one, two)[above], np.maximum(one, two)[above]
    return Tail(
        start=start,
        share=len(excess) / len(scores),
        scale=float(scale),
        shape=float(shape),
        highest=float(scores.max()),
        exceedances=len(excess),
        pairs=len(np.unique(first * subjects + second)),
        comparisons=len(scores),
        subjects=subjects,
        model=comparisons["model"][0],
        image_set=comparisons["image_set"][0],
        replicates=drawn,
    )


def predicted_fmr(tail: Tail, thresholds: ArrayLike) -> pl.DataFrame:
    """Return the FMR that the tail predicts at thresholds at or above its start.

    Columns `threshold`, `fmr`, `fmr_low`, `fmr_high`, `beyond_data` (no comparison scored as
    high), `exceedances`, `subjects`, `method`. An FMR of 0 means that the fitted tail has ended.

    Raises InputError for a threshold below the start, to which the model doesn't apply.
    """
    cuts = _cuts(tail, thresholds)
    low, high = _limits(_fmr(cuts, tail.replicates, tail.start))
    fmr = _fmr(cuts, np.array([[tail.share, tail.scale, tail.shape]]), tail.start)[0]
    limits = {"fmr_low": low, "fmr_high": high, "beyond_data": cuts > tail.highest}
    return pl.DataFrame({"threshold": cuts, "fmr": fmr, **limits}).with_columns(
        exceedances=pl.lit(tail.exceedances),
        subjects=pl.lit(tail.subjects),
        method=pl.lit(tail.method),
    )


def predicted_fpir(
    tail: Tail,
    thresholds: ArrayLike,
    sizes: ArrayLike,
    *,
    fmr: Sequence[float] | None = None,
    cv: ArrayLike = 0.0,
) -> pl.DataFrame:
    """Return FPIR at gallery sizes from the tail's FMR, as in `independent` (and its `cv`).

    Columns `gallery_size`, `threshold`, `fmr` (by which the threshold is known, if given, else
    the predicted one), `predicted_fmr`, `fpir`, `fpir_low`, `fpir_high` (from the tail),
    `beyond_data`, `exceedances`, `subjects`, `method`. Raises as `predicted_fmr`, and InputError
    if `fmr` and thresholds differ in number.
    """
    counts = np.atleast_1d(np.asarray(sizes, dtype=np.float64))
    rates = predicted_fmr(tail, thresholds)
    if fmr is not None and len(fmr) != len(rates):
        raise InputError(f"{len(rates)} thresholds and {len(fmr)} FMRs: give one for each.")
    labels = rates["fmr"] if fmr is None else pl.Series(list(fmr), dtype=pl.Float64)
    fpir = {
        f"fpir{end}": any_match(rates[f"fmr{end}"].to_numpy(), counts, cv).ravel()
        for end in ("", "_low", "_high")
    }
    sized = rates.with_columns(predicted_fmr="fmr", fmr=labels).join(
        pl.DataFrame({"gallery_size": counts.astype(np.int64)}), how="cross"
    )
    known = ("beyond_data", "exceedances", "subjects", "method")
    return sized.with_columns(**{name: pl.Series(each) for name, each in fpir.items()}).select(
        "gallery_size", "threshold", "fmr", "predicted_fmr", *fpir, *known
    )


def _cuts(tail: Tail, thresholds: ArrayLike) -> Floats:
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if len(cuts) and cuts.min() < tail.start:
        raise InputError(
            f"A threshold of {cuts.min():.4f} is below {tail.start:.4f}, the start of the fitted "
            "tail: count the rate there (accuracy.error_rates), or fit a larger share."
        )
    return cuts


def _fmr(cuts: Floats, parameters: Floats, start: float) -> Floats:
    """Return P(score >= cut) for rows of share, scale, shape: (rows, cuts)."""
    share, scale, shape = parameters.T[:, :, None]
    reach = (cuts[None, :] - start) / scale
    # close to zero the power is an exponential, to within the precision of doubles
    small = np.abs(shape) < 1e-9
    shape = np.where(small, 1.0, shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.log1p(np.maximum(shape * reach, -1.0)) / shape
    return np.asarray(share * np.exp(-np.where(small, reach, power)))


def _limits(samples: Floats) -> Floats:
    """Return the ends of each column's interval, (2, columns); undefined draws are left out."""
    known = samples[~np.isnan(samples).any(axis=1)]
    if not len(known):
        return np.full((2, samples.shape[1]), np.nan)
    # no interpolation: ends of tails may be infinite
    return np.asarray(np.quantile(known, [TAIL, 1 - TAIL], axis=0, method="inverted_cdf"))


def _moments(excess: Floats, weights: Floats) -> Floats:
    """Return scale and shape from weighted sorted excesses: (rows, 2), NaN if too few.

    A weight is how often its excess occurs. With m = E[y] and h = E[y (1 - F(y))] the scale is
    2 m h / (m - 2 h) and the shape 2 - m / (m - 2 h); h is the unbiased estimate.
    """
    total = weights.sum(axis=1, keepdims=True)
    after = total - np.cumsum(weights, axis=1) + (weights - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weights @ excess)[:, None] / total
        half = ((weights * after) @ excess)[:, None] / (total * (total - 1))
        found = np.hstack([2 * mean * half / (mean - 2 * half), 2 - mean / (mean - 2 * half)])
    return np.where((total > 1) & np.isfinite(found), found, np.nan)


def _weights(one: Ints, two: Ints, draws: Floats) -> Iterator[tuple[slice, Floats]]:
    """Yield products of draws, (draws, comparisons), a few draws at a time."""
    step = max(1, WEIGHTS // len(one))
    for first in range(0, len(draws), step):
        part = slice(first, first + step)
        yield part, draws[part][:, one] * draws[part][:, two]
