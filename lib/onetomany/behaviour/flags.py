"""Flag people by rules and calculate the share of ordinary people flagged, also per day.

People without any intent to do wrong are flagged falsely by definition. Passengers simulated by
`terminal` have no intent at all: every flag among them is a false alarm.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from onetomany.accuracy.intervals import ratio_interval
from onetomany.accuracy.scale import alarm_precision
from onetomany.errors import InputError
from .rules import Rule

Ids = pl.Series | Sequence[int] | Sequence[str]

RATES = {
    "rule": pl.String,
    "threshold": pl.Float64,
    "unit": pl.String,
    "strictness": pl.Float64,  # 0 for the laxest threshold of the range, 1 for the strictest
    "default": pl.Boolean,  # whether it is the threshold of rules.toml
    "flagged": pl.Int64,  # people
    "people": pl.Int64,  # who were in sight long enough to be flagged at this threshold
    "observed": pl.Int64,  # all
    "rate": pl.Float64,  # flagged of people; null without people
    "low": pl.Float64,  # 95 %, by person
    "high": pl.Float64,
}


def flags(
    measured: pl.DataFrame,
    rules: Mapping[str, Rule],
    thresholds: Mapping[str, float] | None = None,
    *,
    person: str = "true_id",
) -> pl.DataFrame:
    """Return the people flagged, at each rule's default threshold or at others.

    Takes `measure`; returns `rule`, `person`, `t_start`, `t_end` (s), `value`, `unit`,
    `threshold`, one row for each rule and person: when they went farthest past the threshold.

    Raises InputError for a threshold outside its rule's range.
    """
    chosen = {name: rule.threshold for name, rule in rules.items()} | dict(thresholds or {})
    parts = [measured.clear().with_columns(threshold=pl.lit(None, pl.Float64))]
    for name, rule in rules.items():
        if not rule.low <= chosen[name] <= rule.high:
            raise InputError(
                f"{name}: {chosen[name]:g} {rule.unit} is outside {rule.low:g} to {rule.high:g}; "
                "change the range in rules.toml and measure again."
            )
        past = rule.past(pl.col("value"), chosen[name])
        parts.append(
            measured.filter(pl.col("rule") == name, past).with_columns(
                threshold=pl.lit(chosen[name])
            )
        )
    return pl.concat(parts).select("rule", person, "t_start", "t_end", "value", "unit", "threshold")


def most_extreme(
    measured: pl.DataFrame, rules: Mapping[str, Rule], count: int, *, person: str = "true_id"
) -> pl.DataFrame:
    """Return the `count` most extreme people by each rule: `rule`, `person`.

    Fewer if fewer have a value; of equal values the lower id comes first. So a rule can be compared
    with a detector that flags as many.

    Raises InputError for a count below one.
    """
    if count < 1:
        raise InputError("most_extreme needs to flag at least one person.")
    parts = [measured.select("rule", person).clear()]
    for name, rule in rules.items():
        own = measured.filter(pl.col("rule") == name, pl.col("value").is_not_null())
        order = own.sort("value", person, descending=[rule.flagged == "above", False])
        parts.append(order.select("rule", person).head(count))
    return pl.concat(parts)


def flagged_rates(
    measured: pl.DataFrame,
    people: Ids,
    rules: Mapping[str, Rule],
    *,
    person: str = "true_id",
    steps: int = 25,
    with_default: bool = True,
) -> pl.DataFrame:
    """Return the share of people flagged by each rule, over the rule's whole range of thresholds.

    `people` are all who were observed, flagged or not, each once. A share is of those who were in
    sight long enough to be flagged by that rule at that threshold (`measure`). Returns RATES:
    `steps` thresholds a rule, and its default (unless `with_default` is false), with intervals by
    person (`accuracy.intervals`). People in one hall influence each other, which no interval by
    single people shows: compare several simulated days. A rule that could judge nobody is left out,
    since it was not computed; `coverage` says why.

    Raises InputError if nobody was observed, somebody twice, or a flag belongs to somebody else.
    """
    everybody = _unique(people)
    if "upto" not in measured.columns:
        raise InputError("Rates need the column upto: give the frame of behaviour.measure.")
    rows = []
    for name, rule in rules.items():
        own = measured.filter(pl.col("rule") == name)
        if not own.height:
            continue
        value, upto = _by_person(everybody, own, person)
        cuts = {*rule.range(steps)} | ({rule.threshold} if with_default else set())
        for cut in sorted(cuts):
            # comparisons with NaN, people without a value, are False either way
            hit = value >= cut if rule.flagged == "above" else value <= cut
            hit = hit[upto >= cut]
            share: tuple[float | None, ...] = (None, None, None)
            if len(hit):
                limits = ratio_interval(hit, np.ones(len(hit)))
                share = (float(hit.mean()), limits.low, limits.high)
            counts = (int(hit.sum()), len(hit), len(everybody))
            default = cut == rule.threshold
            rows.append((name, cut, rule.unit, rule.strictness(cut), default, *counts, *share))
    return pl.DataFrame(rows, schema=RATES, orient="row")


def false_alarms_a_day(rates: pl.DataFrame, passengers: float) -> pl.DataFrame:
    """Return `flagged_rates` with people flagged a day: `daily`, `daily_low`, `daily_high`.

    None of them means any harm, if so many pass and all walk as those observed do. The same share
    as of those observed is assumed to be in sight long enough; the limits are of the rate alone.
    Null if nobody was.

    Raises InputError for a negative number of passengers.
    """
    if passengers < 0:
        raise InputError("The passengers of a day are 0 or more.")
    return rates.with_columns(
        (pl.col(name) * pl.col("people") / pl.col("observed") * passengers).alias(new)
        for name, new in (("rate", "daily"), ("low", "daily_low"), ("high", "daily_high"))
    )


def alarms_right(rates: pl.DataFrame, base_rate: ArrayLike, sensitivity: ArrayLike) -> pl.DataFrame:
    """Return the share of flagged people with intent: Bayes' rule at an ASSUMED sensitivity.

    `base_rate` is the share of people with intent, `sensitivity` the share of those whom a rule
    flags. Neither has been measured: both are the reader's assumptions. Takes rows of
    `flagged_rates`; returns its `rule`, `threshold`, `rate`, then `sensitivity`, `base_rate`,
    `precision`, `low`, `high` (from the limits of the rate: more false flags, lower precision) for
    every combination; null if nobody is flagged.

    Raises InputError for a rate or sensitivity outside 0 to 1.
    """
    keen = np.atleast_1d(np.asarray(sensitivity, dtype=np.float64))
    many = (
        rates.drop_nulls("rate")
        .select("rule", "threshold", "rate", rate_low="low", rate_high="high")
        .join(pl.DataFrame({"sensitivity": keen}), how="cross", maintain_order="left_right")
    )
    columns = {}
    for rate, name in (("rate", "precision"), ("rate_high", "low"), ("rate_low", "high")):
        found = alarm_precision(
            many[rate], 1 - many["sensitivity"], base_rate, row=np.arange(len(many))
        )
        columns[name] = found["precision"]
    return (
        many[found["row"]]
        .with_columns(base_rate=found["base_rate"], **columns)
        .select("rule", "threshold", "rate", "sensitivity", "base_rate", "precision", "low", "high")
    )


def _unique(people: Ids) -> pl.Series:
    everybody = people if isinstance(people, pl.Series) else pl.Series(people)
    if not len(everybody) or everybody.n_unique() != len(everybody):
        raise InputError("Give everybody who was observed once: at least one person, nobody twice.")
    return everybody.alias("person")


def _by_person(
    everybody: pl.Series, own: pl.DataFrame, person: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each person's value and `upto`, in their order; NaN for those without."""
    known = own.select(pl.col(person).cast(everybody.dtype).alias("person"), "value", "upto")
    if not known["person"].is_in(everybody.implode()).all():
        raise InputError("Somebody who was measured is not among the people observed.")
    joined = everybody.to_frame().join(known, on="person", how="left", maintain_order="left")
    value, upto = (joined[name].fill_null(float("nan")).to_numpy() for name in ("value", "upto"))
    return value, upto
