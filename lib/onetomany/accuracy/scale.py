"""Measure how errors grow with the gallery, and calculate them by two models.

A search of N records is N one-to-one comparisons at one threshold. The usual formula assumes that
they are independent (`independent`); `tail` models FMRs too low to be counted. Neither is a
measurement: `rates_by_size` is, and the two are for comparison with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from onetomany.errors import InputError
from .identification import cmc, open_set_rates, require_searches
from .intervals import Floats, rate_columns

POINTS = 80
BY_SIZE = {
    "gallery_size": pl.Int64,  # records searched
    "threshold": pl.Float64,
    "fmr": pl.Float64,  # by which the threshold is known; null if none was given
    **rate_columns("fpir", "fnir", "rank_1"),  # rank_1 is the same at every threshold
    **dict.fromkeys(("non_mated_probes", "mated_probes"), pl.Int64),
    **dict.fromkeys(("non_mated_subjects", "mated_subjects"), pl.Int64),
}
DAILY = {
    "gallery_size": pl.Int64,
    "filtered": pl.Boolean,
    "searched": pl.Float64,  # records that a search compares: gallery_size, or the filter's share
    "candidates": pl.Float64,  # a day; null without `fmr`
    **rate_columns("travellers"),  # a day; null if their FPIR was not measured
}
PRECISION = {
    "fpir": pl.Float64,
    "fnir": pl.Float64,
    "base_rate": pl.Float64,
    "precision": pl.Float64,  # null if nobody raises an alarm
    "false_per_true": pl.Float64,  # false alarms for each right one; null without right alarms
}


def rates_by_size(
    searches: pl.DataFrame,
    thresholds: Sequence[float] | Floats,
    rank: int = 1,
    *,
    fmr: Sequence[float] | Floats | None = None,
) -> pl.DataFrame:
    """Return FPIR, FNIR and rank-1 at each gallery size and threshold, by subject.

    `searches` is a frame of `identification.SEARCHES` with the same probes at each `gallery_size`;
    `fmr` gives the one-to-one rate by which each threshold is known. Returns `BY_SIZE`, sizes from
    small to large, counted as in `open_set_rates` and `cmc`.

    Raises InputError if the probes differ between sizes, or `fmr` and thresholds in number.
    """
    cuts = np.asarray(thresholds, dtype=np.float64)
    labels = [None] * len(cuts) if fmr is None else list(fmr)
    if len(labels) != len(cuts):
        raise InputError(f"{len(cuts)} thresholds and {len(labels)} FMRs: give one for each.")
    require_searches(searches)
    known = searches.select("gallery_size", "probe_id", "mated").unique()
    sizes = known["gallery_size"].n_unique()
    if (known.group_by("probe_id", "mated").len()["len"] != sizes).any():
        raise InputError(
            "The probes differ between gallery sizes: search the same ones at each, so that the "
            "curve shows the size alone."
        )
    frames = []
    for (size,), part in sorted(searches.partition_by("gallery_size", as_dict=True).items()):
        rates = open_set_rates(part, cuts, rank=rank)
        first = cmc(part, ranks=1).row(0, named=True)
        frames.append(
            rates.with_columns(
                gallery_size=pl.lit(size),
                fmr=pl.Series(labels, dtype=pl.Float64),
                rank_1=pl.lit(first["identified"]),
                rank_1_low=pl.lit(first["low"]),
                rank_1_high=pl.lit(first["high"]),
                non_mated_subjects=pl.lit(part.filter(~pl.col("mated"))["subject_id"].n_unique()),
                mated_subjects=pl.lit(first["subjects"]),
            ).select(pl.col(name).cast(kind) for name, kind in BY_SIZE.items())
        )
    return pl.concat(frames)


def independent(fmr: ArrayLike, sizes: ArrayLike, *, cv: ArrayLike = 0.0) -> pl.DataFrame:
    """Return FPIR if a search were N independent comparisons: 1 - (1 - FMR)^N.

    Columns `gallery_size`, `fmr`, `fpir`, a row for each FMR and size. The formula assumes the same
    FMR for every probe. With `cv`, the coefficient of variation of people's own FMR (one number, or
    one for each FMR; `variation_between_people` measures it), it is averaged over a lognormal
    distribution with that mean: the same false matches fall on fewer people, and FPIR is lower,
    never higher. The lognormal form is an assumption.

    Raises InputError for an FMR outside 0 to 1, a size below one, a negative `cv`, or a wrong
    number of them.

    >>> independent(1e-6, 1_000_000)["fpir"].round(3).item()
    0.632
    """
    rates, counts = (np.atleast_1d(np.asarray(each, dtype=np.float64)) for each in (fmr, sizes))
    if not ((rates >= 0) & (rates <= 1)).all() or not (counts >= 1).all():
        raise InputError("independent needs FMRs from 0 to 1 and sizes of 1 or more.")
    return pl.DataFrame(
        {
            "gallery_size": np.tile(counts, len(rates)).astype(np.int64),
            "fmr": np.repeat(rates, len(counts)),
            "fpir": any_match(rates, counts, cv).ravel(),
        }
    )


def any_match(fmr: Floats, sizes: Floats, cv: ArrayLike) -> Floats:
    """Return the chance of a match in N comparisons, (rates, sizes); see `independent`."""
    spread = np.atleast_1d(np.asarray(cv, dtype=np.float64))
    if (spread < 0).any() or len(spread) not in (1, len(fmr)):
        raise InputError("A cv is 0 or more: give one, or one for each FMR.")
    with np.errstate(divide="ignore"):  # an FMR of 1 is certain to raise an alarm
        expected = -np.multiply.outer(np.log1p(-fmr), sizes)
    # Gauss and Hermite's points for the mean over a normal distribution
    points, weights = np.polynomial.hermite_e.hermegauss(POINTS)
    sigma = np.sqrt(np.log1p(spread**2))[:, None, None]
    factors = np.exp(sigma * points - sigma**2 / 2)
    chances = -np.expm1(-expected[:, :, None] * factors)
    averaged = np.minimum(chances @ weights / weights.sum(), 1)
    return np.where(spread[:, None] > 0, averaged, -np.expm1(-expected))


def false_candidates(
    rates: pl.DataFrame, probes_per_day: float, *, share: float | None = None
) -> pl.DataFrame:
    """Return false candidates a day, and travellers who get one, at stated traffic.

    `rates` has `gallery_size` and `fmr` or `fpir` or both (frames of `rates_by_size`,
    `independent` or `predicted_fpir`), and, if there are several, `threshold` or `fmr` to tell
    them apart. Its columns but intervals and counts are kept; `DAILY` is added. `candidates` is
    probes x N x FMR, which is true whether or not comparisons are independent. `travellers` is
    probes x FPIR, each counted once, and assumes that everybody is on no list.

    `share` is the part of the gallery that a filter by recorded attributes (nationality, sex, age)
    leaves: rows with `filtered` are added. If templates don't depend on attributes, as synthetic
    ones here, such a filter only makes N smaller: its FPIR is read off the same curve at share x N,
    between measured sizes along log(-log(1 - FPIR)) over log N, a straight line of slope one under
    independence; below the smallest size it is null. That is the best case for a filter. NIST finds
    more false matches within the same sex, age and origin, which are the pairs that the filter
    keeps: see chapter 03 and `accuracy.group_rates`.

    Raises InputError for a negative traffic, or a share outside 0 to 1.
    """
    if probes_per_day < 0 or (share is not None and not 0 < share <= 1):
        raise InputError("false_candidates needs traffic of 0 or more, and a share above 0 to 1.")
    curve = [name for name in ("threshold", "fmr") if name in rates.columns]
    known = rates.select("gallery_size", *curve, *(c for c in _FPIR if c in rates.columns))
    parts = [_daily(known, probes_per_day, None)]
    if share is not None:
        groups = known.partition_by(curve, maintain_order=True) if curve else [known]
        parts += [_daily(group, probes_per_day, share) for group in groups]
    frame = pl.concat(parts)
    return frame.select(*curve, *(pl.col(name).cast(kind) for name, kind in DAILY.items()))


def alarm_precision(
    fpir: ArrayLike, fnir: ArrayLike, base_rate: ArrayLike, **labels: ArrayLike
) -> pl.DataFrame:
    """Return the share of alarms that are right, by Bayes' rule (schema `PRECISION`).

    With the share `base_rate` of travellers on the list: b (1 - FNIR) / (b (1 - FNIR) +
    (1 - b) FPIR). `fpir` and `fnir` are pairs (one number each, or equally many); each pair is
    combined with every base rate. `labels` are columns of as many values to copy, such as
    gallery_size. A listed traveller flagged as another person counts as neither.

    Raises InputError for a rate outside 0 to 1 or lengths that don't match.

    >>> alarm_precision(0.01, 0.1, 0.001)["precision"].round(3).item()
    0.083
    """
    alarms, misses = (np.atleast_1d(np.asarray(each, np.float64)) for each in (fpir, fnir))
    base = np.atleast_1d(np.asarray(base_rate, np.float64))
    if any(not ((each >= 0) & (each <= 1)).all() for each in (alarms, misses, base)):
        raise InputError("alarm_precision needs FPIR, FNIR and base rates from 0 to 1.")
    carried = {name: np.atleast_1d(np.asarray(values)) for name, values in labels.items()}
    if any(len(each) != len(alarms) for each in (misses, *carried.values())):
        raise InputError("alarm_precision needs one FNIR, and one of each label, for each FPIR.")
    true = np.outer(1 - misses, base).ravel()
    false = np.outer(alarms, 1 - base).ravel()
    columns = {name: np.repeat(values, len(base)) for name, values in carried.items()}
    precision, per_true = pl.col("true") / (pl.col("true") + pl.col("false")), pl.col("false")
    return pl.DataFrame(
        {
            **columns,
            "fpir": np.repeat(alarms, len(base)),
            "fnir": np.repeat(misses, len(base)),
            "base_rate": np.tile(base, len(alarms)),
            "true": true,
            "false": false,
        }
    ).select(
        *columns,
        "fpir",
        "fnir",
        "base_rate",
        precision=pl.when(pl.col("true") + pl.col("false") > 0).then(precision),
        false_per_true=pl.when(pl.col("true") > 0).then(per_true / pl.col("true")),
    )


def precision_by_size(rates: pl.DataFrame, base_rate: ArrayLike) -> pl.DataFrame:
    """Return `alarm_precision` at each row of `rates_by_size`, with limits.

    Columns `gallery_size`, `threshold`, `fmr`, then `PRECISION`, `low` and `high`: precision falls
    with either error, so the limits use both errors' upper, or both errors' lower limits. They are
    at least as wide as the level says. If no false alarm was seen, only `low` is informative.
    """
    labels = {name: rates[name] for name in ("gallery_size", "threshold", "fmr")}
    worst = alarm_precision(rates["fpir_high"], rates["fnir_high"], base_rate)["precision"]
    best = alarm_precision(rates["fpir_low"], rates["fnir_low"], base_rate)["precision"]
    return alarm_precision(rates["fpir"], rates["fnir"], base_rate, **labels).with_columns(
        low=worst, high=best
    )


_FPIR = rate_columns("fpir")


def _daily(known: pl.DataFrame, probes: float, share: float | None) -> pl.DataFrame:
    """Return rows of `DAILY` for one curve and filter (None: for any curves, no filter)."""
    size = known["gallery_size"].cast(pl.Float64).to_numpy()
    searched = size if share is None else size * share
    columns: dict[str, pl.Series] = {}
    for name, rate in zip(rate_columns("travellers"), _FPIR, strict=True):
        if rate not in known.columns:
            columns[name] = pl.Series([None] * len(known), dtype=pl.Float64)
            continue
        found = known[rate].to_numpy()
        if share is not None:
            found = _between_sizes(size, found, searched)
        columns[name] = pl.Series(probes * found, nan_to_null=True)
    return known.with_columns(
        filtered=pl.lit(share is not None),
        searched=pl.Series(searched),
        candidates=probes * pl.Series(searched) * pl.col("fmr") if "fmr" in known.columns else None,
        **columns,
    )


def _between_sizes(size: Floats, fpir: Floats, wanted: Floats) -> Floats:
    """Return FPIR between measured sizes, along log(-log(1 - FPIR)) over log N; NaN outside."""
    order = np.argsort(size)
    # rates of 0 and 1 have no such logarithm: the nearest doubles replace them
    expected = -np.log1p(-np.clip(fpir[order], 1e-300, 1 - 1e-16))
    found = np.interp(
        np.log(wanted), np.log(size[order]), np.log(expected), left=np.nan, right=np.nan
    )
    return np.asarray(-np.expm1(-np.exp(found)))
