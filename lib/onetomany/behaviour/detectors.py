"""Flag people who walk unlike the rest, without a rule: unsupervised detectors.

ECOD (Li et al., IEEE TKDE 35:12, 2023) and IsolationForest (Liu, Ting, Zhou, ICDM 2008), both from
pyod. The user sets how many people they flag, whatever those people do: the alert rate is an
argument, not a finding.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.accuracy.intervals import estimate_interval, ratio_interval
from onetomany.errors import InputError
from .motion import prepare_trajectories, thin_positions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEATURES = {
    "duration_s": "time in sight",
    "path_m": "way walked, in steps of a second",
    "mean_speed": "path over time, m/s",
    "top_speed": "99th percentile of the steps' speed, m/s",
    "straightness": "way made good over way walked, 0 to 1",
    "stopped_s": "time at under 0.2 m/s",
    "stops": "times a stop begins",
    "turns": "turns of more than 45 degrees between two steps of 0.2 m or more",
}
STILL_M_S = 0.2


def features(trajectories: pl.DataFrame, *, person: str = "true_id") -> pl.DataFrame:
    """Return the features detectors use: `person` (under its name) and FEATURES, a row each.

    Positions are thinned to one a second, so that a jitter of centimetres is not counted as
    walking. People with a single position have zeros. Raises InputError as `prepare_trajectories`
    does.
    """
    places = thin_positions(prepare_trajectories(trajectories, person)).with_columns(
        pl.col("t", "x", "y").diff().over("stretch").name.prefix("d_")
    )
    step = (pl.col("d_x") ** 2 + pl.col("d_y") ** 2).sqrt()
    moves = places.with_columns(step=step.fill_null(0), d_t=pl.col("d_t").fill_null(0))
    speed = pl.col("step") / pl.col("d_t")
    still = (speed < STILL_M_S) & (pl.col("d_t") > 0)
    heading = pl.arctan2(pl.col("d_y"), pl.col("d_x"))
    change = (heading - heading.shift()).over("stretch")
    turned = pl.arctan2(change.sin(), change.cos()).abs() > np.pi / 4
    both = (pl.col("step") >= STILL_M_S) & (pl.col("step").shift().over("stretch") >= STILL_M_S)
    found = (
        moves.with_columns(speed=speed, still=still, turn=turned & both)
        .with_columns(stop=pl.col("still") & ~pl.col("still").shift().over("stretch"))
        .group_by("person", maintain_order=True)
        .agg(
            duration_s=pl.col("d_t").sum(),
            path_m=pl.col("step").sum(),
            top_speed=pl.col("speed").filter(pl.col("d_t") > 0).quantile(0.99),
            good=(
                (pl.col("x").last() - pl.col("x").first()) ** 2
                + (pl.col("y").last() - pl.col("y").first()) ** 2
            ).sqrt(),
            stopped_s=pl.col("d_t").filter("still").sum(),
            stops=pl.col("stop").sum().cast(pl.Float64),
            turns=pl.col("turn").sum().cast(pl.Float64),
        )
    )
    path, lasts = pl.col("path_m"), pl.col("duration_s")
    return found.with_columns(
        pl.col("top_speed").fill_null(0),
        mean_speed=pl.when(lasts > 0).then(path / lasts).otherwise(0),
        straightness=pl.when(path > 0).then((pl.col("good") / path).clip(0, 1)).otherwise(0),
    ).select(pl.col("person").alias(person), *FEATURES)


def detect(
    found: pl.DataFrame,
    detector: Literal["ECOD", "IsolationForest"],
    *,
    rate: float,
    seed: int = 0,
    person: str = "true_id",
) -> pl.DataFrame:
    """Score people as outliers by a detector: `person`, `score`, `flagged`.

    `rate` is the share to flag, above 0 to 0.5 (pyod's contamination). ECOD involves no chance and
    ignores the seed. Raises InputError for another rate or detector, or if fewer than one person
    would be flagged.
    """
    if not 0 < rate <= 0.5 or rate * found.height < 1:
        raise InputError("detect needs a rate above 0 to 0.5 by which at least one is flagged.")
    table = found.select(list(FEATURES)).to_numpy()
    table = table[:, np.ptp(table, axis=0) > 0]  # a constant feature separates nobody
    if not table.shape[1]:
        raise InputError("All people have the same features: there is nothing to tell them apart.")
    if detector == "ECOD":
        from pyod.models.ecod import ECOD

        model = ECOD(contamination=rate)
    elif detector == "IsolationForest":
        from pyod.models.iforest import IForest

        model = IForest(contamination=rate, random_state=seed)
    else:
        raise InputError(f"There is no detector '{detector}': ECOD or IsolationForest.")
    model.fit(table)
    return found.select(
        person,
        score=pl.Series(model.decision_scores_, dtype=pl.Float64),
        flagged=pl.Series(model.labels_ == 1),
    )


def flagged_by(
    people: pl.Series, sets: Mapping[str, pl.Series | Sequence[int]], *, person: str = "true_id"
) -> pl.DataFrame:
    """Return who is flagged by each method: `person`, then a Boolean column for each of `sets`."""
    return pl.DataFrame(
        {person: people} | {name: people.is_in(list(ids)) for name, ids in sets.items()}
    )


def agreement(marked: pl.DataFrame, *, person: str = "true_id") -> pl.DataFrame:
    """Measure how far each two ways of flagging agree on the people flagged.

    Takes `flagged_by`. Returns `a`, `b`, `flagged_a`, `flagged_b`, `both` (people), `jaccard`
    (flagged by both over flagged by either), `low`, `high` (95 %, by person, of those flagged by
    either) and `chance`: the index to expect of two that flag so many people each, independently,
    among very many. Null if neither flags anybody. Raises InputError for fewer than two ways.
    """
    ways = _ways(marked, person)
    rows = []
    for a, b in combinations(ways, 2):
        one, two = ways[a], ways[b]
        both, either = int((one & two).sum()), int((one | two).sum())
        found: tuple[float | None, ...] = (None, None, None, None)
        if either:
            share = both / either
            limits = ratio_interval((one & two)[one | two], np.ones(either))
            found = (share, limits.low, limits.high, _by_chance(one, two))
        rows.append((a, b, int(one.sum()), int(two.sum()), both, *found))
    return pl.DataFrame(rows, schema=_AGREEMENT, orient="row")


def across_seeds(
    found: pl.DataFrame,
    *,
    rate: float,
    seeds: Sequence[int] = tuple(range(10)),
    person: str = "true_id",
) -> pl.DataFrame:
    """Measure how far IsolationForest agrees with itself over seeds, all else equal.

    Returns one row: `seeds`, `pairs` of them, `jaccard` (mean over the pairs), `low`, `high` (95 %,
    by person), `lowest`, `highest` (of a pair), `chance` (mean; see `agreement`). Only the seed
    differs between the runs.
    """
    sets = {
        str(seed): detect(found, "IsolationForest", rate=rate, seed=seed, person=person)
        .filter("flagged")[person]
        .to_list()
        for seed in seeds
    }
    marked = flagged_by(found[person], sets, person=person)
    ways = _ways(marked, person)
    pairs = list(combinations(ways.values(), 2))
    each = np.array([(a & b).sum() / (a | b).sum() for a, b in pairs])
    # a person's share in the index of two runs: whether both flag them, if either does
    parts = [
        ((a & b) - share * (a | b)) / (a | b).sum()
        for (a, b), share in zip(pairs, each, strict=True)
    ]
    flagged = np.any(list(ways.values()), axis=0)
    limits = estimate_interval(float(each.mean()), np.mean(parts, axis=0)[flagged])
    row = {
        "seeds": len(seeds),
        "pairs": len(pairs),
        "jaccard": float(each.mean()),
        "low": limits.low,
        "high": limits.high,
        "lowest": float(each.min()),
        "highest": float(each.max()),
        "chance": float(np.mean([_by_chance(a, b) for a, b in pairs])),
    }
    return pl.DataFrame([row])


def _ways(marked: pl.DataFrame, person: str) -> dict[str, Flags]:
    ways = {name: marked[name].to_numpy() for name in marked.columns if name != person}
    if len(ways) < 2:
        raise InputError("agreement needs at least two Boolean columns to compare.")
    return ways


def _by_chance(one: Flags, two: Flags) -> float:
    p, q = float(one.mean()), float(two.mean())
    return p * q / (p + q - p * q)


_AGREEMENT = {
    "a": pl.String,
    "b": pl.String,
    "flagged_a": pl.Int64,
    "flagged_b": pl.Int64,
    "both": pl.Int64,
    "jaccard": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "chance": pl.Float64,
}
