"""One to one: how often two people pass for one (FMR), and one for two (FNMR).

Terms are those of ISO/IEC 19795-1:2021. A comparison is a match when its score is at or above
the threshold. FMR is the share of non-mated comparisons that match, FNMR the share of mated ones
that don't, TMR = 1 - FNMR. Failures to enrol are counted apart (`faces.failure_to_enrol`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import InputError
from ..gallery import Threshold
from .intervals import Interval, interval, subject_draws

Floats = NDArray[np.float64]

REPLICATES = 1000
RATES = {
    "threshold": pl.Float64,
    "fmr": pl.Float64,
    "fmr_low": pl.Float64,
    "fmr_high": pl.Float64,
    "fnmr": pl.Float64,
    "fnmr_low": pl.Float64,
    "fnmr_high": pl.Float64,
}


def compare_all(templates: pl.DataFrame) -> pl.DataFrame:
    """Every pair of different images, compared once.

    Takes usable templates of one model and set; returns `a` and `b` (template ids), `subject_a`,
    `subject_b`, `score` (cosine similarity), `mated`, `model`, `image_set`; n(n-1)/2 rows.
    """
    if len(templates) < 2 or templates["model"].n_unique() != 1:
        raise InputError("compare_all needs two or more templates of one model.")
    vectors = templates["template"].to_numpy().astype(np.float64)
    first, second = np.triu_indices(len(vectors), k=1)
    scores = (vectors @ vectors.T)[first, second]
    ids = templates["template_id"].cast(pl.Categorical)
    subjects = templates["subject_id"].cast(pl.Enum(templates["subject_id"].unique().sort()))
    return pl.DataFrame(
        {
            "a": ids[first],
            "b": ids[second],
            "subject_a": subjects[first],
            "subject_b": subjects[second],
            "score": scores,
        }
    ).with_columns(
        mated=pl.col("subject_a") == pl.col("subject_b"),
        model=pl.lit(templates["model"][0]),
        image_set=pl.lit(templates["image_set"][0]),
    )


@dataclass(frozen=True)
class _Ranked:
    """Comparisons from the highest score down, ready to be weighted and summed.

    `ends` are the last positions of each distinct score: the points at which a threshold can lie.
    """

    scores: Floats
    mated: NDArray[np.bool_]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    ends: NDArray[np.int64]
    subjects: int

    @classmethod
    def of(cls, comparisons: pl.DataFrame) -> _Ranked:
        for wanted, kind in ((True, "mated"), (False, "non-mated")):
            if not (comparisons["mated"] == wanted).any():
                raise InputError(f"There are no {kind} comparisons: error rates need both kinds.")
        ranked = comparisons.sort("score", descending=True)
        names = pl.concat(
            [comparisons["subject_a"].cast(pl.String), comparisons["subject_b"].cast(pl.String)]
        ).unique()
        enum = pl.Enum(names.sort())
        codes = [
            ranked[side].cast(pl.String).cast(enum).to_physical().cast(pl.Int64).to_numpy()
            for side in ("subject_a", "subject_b")
        ]
        scores = ranked["score"].cast(pl.Float64).to_numpy()
        ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))
        return cls(scores, ranked["mated"].to_numpy(), codes[0], codes[1], ends, len(names))

    def curve(self, draws: NDArray[np.int64] | None = None) -> tuple[Floats, Floats]:
        """FMR and TMR at each distinct score, as the threshold falls.

        With `draws` (how often each subject was drawn) a mated comparison counts once for each
        draw of its subject, a non-mated one once for each pair of draws of its two.
        """
        if draws is None:
            weights: Floats = np.ones(len(self.scores))
        else:
            weights = (draws[self.a] * np.where(self.mated, 1, draws[self.b])).astype(np.float64)
        true = np.cumsum(np.where(self.mated, weights, 0))[self.ends]
        false = np.cumsum(np.where(self.mated, 0, weights))[self.ends]
        with np.errstate(invalid="ignore"):  # a replicate without mated pairs gives NaN
            return false / false[-1], true / true[-1]

    def positions(self, thresholds: Floats) -> NDArray[np.int64]:
        """How many distinct scores are at or above each threshold."""
        return np.searchsorted(-self.scores[self.ends], -thresholds, side="right")


def error_rates(
    comparisons: pl.DataFrame,
    thresholds: Sequence[float] | Floats,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pl.DataFrame:
    """FMR and FNMR with 95 % intervals at each threshold (schema `RATES`)."""
    ranked = _Ranked.of(comparisons)
    cuts = np.asarray(thresholds, dtype=np.float64)
    positions = ranked.positions(cuts)

    def at_cuts(draws: NDArray[np.int64] | None) -> tuple[Floats, Floats]:
        fmr, tmr = (np.concatenate([[0.0], curve]) for curve in ranked.curve(draws))
        return fmr[positions], 1 - tmr[positions]

    fmr, fnmr = at_cuts(None)
    samples = np.array([at_cuts(draws) for draws in _draws(ranked, replicates, seed)])
    columns: dict[str, list[float] | Floats] = {"threshold": cuts}
    for index, (name, rates) in enumerate((("fmr", fmr), ("fnmr", fnmr))):
        found = [
            interval(float(rate), samples[:, index, point], ranked.subjects)
            for point, rate in enumerate(rates)
        ]
        columns[name] = rates
        columns[f"{name}_low"] = [each.low for each in found]
        columns[f"{name}_high"] = [each.high for each in found]
    return pl.DataFrame(columns, schema=RATES)


def roc(comparisons: pl.DataFrame) -> pl.DataFrame:
    """FMR and FNMR at every distinct score: `threshold`, `fmr`, `fnmr`, highest threshold first."""
    ranked = _Ranked.of(comparisons)
    fmr, tmr = ranked.curve()
    return pl.DataFrame({"threshold": ranked.scores[ranked.ends], "fmr": fmr, "fnmr": 1 - tmr})


def summary(
    comparisons: pl.DataFrame,
    fmr_targets: Sequence[float] = (1e-2, 1e-3, 1e-4),
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pl.DataFrame:
    """AUC, EER and TMR at each FMR target: `figure`, `value`, `low`, `high`, `method`.

    In each bootstrap replicate the threshold is set anew, so that the intervals hold its
    uncertainty too. EER is where the straight line between two neighbouring points of the ROC
    crosses FMR = FNMR. TMR at FMR is read at the lowest threshold whose FMR is within the target,
    without interpolation.
    """
    ranked = _Ranked.of(comparisons)

    def figures(draws: NDArray[np.int64] | None) -> list[float]:
        fmr, tmr = (np.concatenate([[0.0], curve]) for curve in ranked.curve(draws))
        within = [int(np.searchsorted(fmr, target, side="right")) - 1 for target in fmr_targets]
        return [float(np.trapezoid(tmr, fmr)), _equal_error(fmr, 1 - tmr), *tmr[within]]

    values = figures(None)
    samples = np.array([figures(draws) for draws in _draws(ranked, replicates, seed)])
    names = ["AUC", "EER", *(f"TMR at FMR {target:g}" for target in fmr_targets)]
    found = [
        interval(value, samples[:, index], ranked.subjects) for index, value in enumerate(values)
    ]
    return _figures(names, values, found)


def threshold_at_fmr(comparisons: pl.DataFrame, target: float) -> Threshold:
    """The lowest threshold at which the measured FMR is no more than the target.

    Raises InputError where there are too few non-mated comparisons to see such a rate at all.
    """
    non_mated = comparisons.filter(~pl.col("mated"))
    scores = np.sort(non_mated["score"].to_numpy())[::-1]
    allowed = int(np.floor(target * len(scores) + 1e-9))
    if allowed < 1:
        raise InputError(
            f"FMR {target:g} can't be measured with {len(scores):,} non-mated comparisons: fewer "
            "than one false match would be due; choose a higher rate or a larger set."
        )
    # just above the first score that would be one false match too many
    cut = float(np.nextafter(scores[allowed], np.inf)) if allowed < len(scores) else -np.inf
    subjects = pl.concat(
        [non_mated["subject_a"].cast(pl.String), non_mated["subject_b"].cast(pl.String)]
    )
    return Threshold(
        score=cut,
        fmr=float((scores >= cut).mean()),
        comparisons=len(scores),
        subjects=subjects.n_unique(),
        model=comparisons["model"][0],
        image_set=comparisons["image_set"][0],
    )


def histogram(comparisons: pl.DataFrame, bins: int = 80) -> pl.DataFrame:
    """Scores in equal bins: `low`, `high`, `mated`, `count`, `share` of its kind."""
    scores = comparisons["score"].to_numpy()
    edges = np.linspace(scores.min(), scores.max(), bins + 1)
    frames = []
    for (mated,), rows in comparisons.group_by("mated", maintain_order=True):
        counts, _ = np.histogram(rows["score"].to_numpy(), edges)
        frames.append(
            pl.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts}).with_columns(
                mated=pl.lit(mated), share=pl.col("count") / len(rows)
            )
        )
    return pl.concat(frames)


def _draws(ranked: _Ranked, replicates: int, seed: int) -> tqdm[NDArray[np.int64]]:
    draws = subject_draws(ranked.subjects, replicates, seed)
    return tqdm(draws, desc="bootstrap over subjects", unit="draw", delay=2, leave=False)


def _equal_error(fmr: Floats, fnmr: Floats) -> float:
    """Where FNMR - FMR, falling along the curve, crosses zero (linear between points)."""
    gap = fnmr - fmr
    after = int(np.argmax(gap <= 0))
    if after == 0:
        return float(fmr[0])
    share = gap[after - 1] / (gap[after - 1] - gap[after])
    return float(fmr[after - 1] + share * (fmr[after] - fmr[after - 1]))


def _figures(names: list[str], values: list[float], found: list[Interval]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "figure": names,
            "value": values,
            "low": [each.low for each in found],
            "high": [each.high for each in found],
            "method": [each.method for each in found],
        }
    )
