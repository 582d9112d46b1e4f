"""Measure FNIR at the threshold that a stated FPIR needs.

The threshold is set on the searches themselves, so the interval of FNIR contains the threshold's
uncertainty, too: other people searched or enrolled would move the threshold and so the misses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .dependence import Probes
from .identification import (
    false_alarms,
    missed_searches,
    open_set_rates,
    require_searches,
)
from .intervals import Floats, Spread, nested_limits, unseen

LEAST_ALARMS = 5  # with fewer the interval contained the truth less often (benchmarks/coverage)
NEARBY = 2.0  # the slope of FNIR over log FPIR is taken from half to twice the expected alarms


def misses_at_fpir(searches: pl.DataFrame, targets: Sequence[float], rank: int = 1) -> pl.DataFrame:
    """Return FNIR at each gallery size, at the lowest threshold within a target FPIR.

    At each size the threshold is the lowest at which no more than the target share of non-mated
    probes raise an alarm (NIST reports FNIR at a fixed FPIR in this way). Returns `gallery_size`,
    `target`, `threshold`, and the columns of `open_set_rates`; the interval of `fnir` contains the
    threshold's uncertainty, by the slope of FNIR over log FPIR nearby.

    Raises InputError for a target with fewer than five expected alarms, too few to set a threshold.
    """
    require_searches(searches)
    frames = []
    for (size,), own in searches.group_by("gallery_size", maintain_order=True):
        best = own.filter(~pl.col("mated"))["other_score"].sort(descending=True).to_numpy()
        due = [int(target * len(best)) for target in targets]
        if min(due) < LEAST_ALARMS:
            raise InputError(
                f"FPIR {min(targets):g} can't be measured with {len(best):,} non-mated probes: "
                f"fewer than {LEAST_ALARMS} alarms are expected; choose a higher rate."
            )
        cuts = np.array([_above(best, count) for count in due])
        low, high = _with_doubt(own, targets, rank)
        frames.append(
            open_set_rates(own, cuts, rank=rank).with_columns(
                fnir_low=pl.Series(low),
                fnir_high=pl.Series(high),
                gallery_size=pl.lit(size, pl.Int64),
                target=pl.Series(targets, dtype=pl.Float64),
            )
        )
    return pl.concat(frames)


def _above(best: Floats, count: int) -> float:
    """Return the lowest threshold that at most `count` of the sorted scores reach."""
    return float(np.nextafter(best[count], np.inf)) if count < len(best) else float(best[-1])


def _with_doubt(own: pl.DataFrame, targets: Sequence[float], rank: int) -> tuple[Floats, Floats]:
    """Return the limits of FNIR with FPIR fixed at each target."""
    non_mated, mated = own.filter(~pl.col("mated")), own.filter("mated")
    best = non_mated["other_score"].sort(descending=True).to_numpy()
    columns = [name for name in ("subject_id", "other_subject") if name in own.columns]
    people = pl.concat([own[name].drop_nulls() for name in columns])
    strangers, enrolled = Probes(non_mated, people), Probes(mated, people)
    rates, spreads = [], []
    for target in targets:
        count = int(target * len(best))
        around = [max(round(count / NEARBY), 1), min(round(count * NEARBY), len(best)), count]
        cuts = np.array([_above(best, each) for each in around])
        alarms, by_one = false_alarms(non_mated, cuts)
        missed, outranked = missed_searches(mated, cuts, rank)
        alarm = strangers.dependence(alarms[:, 2], by_one[:, 2])
        miss = enrolled.dependence(missed[:, 2], outranked[:, 2])
        # FNIR over FPIR by way of its logarithm, along which it is nearly straight
        step = float(missed[:, 1].mean() - missed[:, 0].mean()) / max(
            np.log(around[1] / around[0]), 1e-9
        )
        both = miss.along(alarm, step / max(alarm.rate, 1 / len(best)))
        rates.append(miss.rate)
        # of the true FPIR of such a threshold the mean is (count + 1) / (probes + 1)
        beyond = step * np.log((count + 1) / (len(best) + 1) / target)
        spreads.append(_few_alarms(miss.spread(), both.spread(), count, beyond**2))
    open_end = unseen(enrolled.subjects)
    return nested_limits(np.array(rates), spreads, open_end, float(enrolled.total))


def _few_alarms(alone: Spread, both: Spread, alarms: int, beyond: float) -> Spread:
    """Return the spread of FNIR, with fewer degrees of freedom if few alarms set the threshold.

    `beyond` is the squared bias of FNIR at such a threshold, counted as variance. The threshold's
    part has as many degrees of freedom as there are alarms, so that the interval covers the longer
    side of a rate known from so few; the two parts are combined after Satterthwaite (Biometrics
    Bulletin 2:110, 1946).
    """
    extra = max(both.variance - alone.variance, 0.0) + beyond
    if not extra or not np.isfinite(both.variance):
        return both
    parts = alone.variance**2 / alone.freedom + extra**2 / alarms
    return Spread(alone.variance + extra, min(both.freedom, (alone.variance + extra) ** 2 / parts))
