"""Measure one-to-one comparisons: how often two people match (FMR), or one doesn't (FNMR).

Terms are those of ISO/IEC 19795-1:2021. A comparison is a match if its score is at or above the
threshold. FMR is the share of non-mated comparisons that match, FNMR the share of mated ones that
don't, TMR = 1 - FNMR. Failures to enrol are counted separately (`faces.failure_to_enrol`).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.gallery import Threshold
from onetomany.sources.tables import require_schema
from .comparisons import (
    Comparisons,
    Influence,
    finite_templates,
    known_scores,
    require_compared,
)
from .intervals import (
    Floats,
    nested_limits,
    rate_columns,
    rate_spread,
    spread_interval,
    unseen,
    unseen_between,
)

Row = dict[str, float | str]
RATES = {"threshold": pl.Float64, **rate_columns("fmr", "fnmr")}


def compare_all(templates: pl.DataFrame) -> pl.DataFrame:
    """Compare every pair of different images once.

    Takes usable templates of one model and set: `template_id`, `subject_id`, `model`, `image_set`
    and `template`, unit vectors. Returns n(n-1)/2 rows: `a` and `b` (template ids), `subject_a`,
    `subject_b`, `score` (cosine similarity), `mated` (one person), `model`, `image_set`.

    Raises InputError for fewer than two templates, several models, or NaN.

    >>> import onetomany as otm, polars as pl
    >>> rows = {"template_id": ["a1", "a2", "b1", "b2"], "subject_id": ["a", "a", "b", "b"]}
    >>> rows |= {"template": [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]]}
    >>> templates = pl.DataFrame(rows, schema_overrides={"template": pl.Array(pl.Float32, 2)})
    >>> templates = templates.with_columns(model=pl.lit("none"), image_set=pl.lit("made up"))
    >>> otm.compare_all(templates)["mated"].value_counts(sort=True).rows()
    [(False, 4), (True, 2)]
    """
    vectors = finite_templates(templates)
    if len(templates) < 2 or templates["model"].n_unique() != 1:
        raise InputError("compare_all needs two or more templates of one model.")
    # row by row of the upper triangle: two lists of all rows and columns would double the memory
    above = np.triu(np.ones((len(vectors), len(vectors)), dtype=np.bool_), k=1)
    first, second = (each.astype(np.uint32) for each in np.nonzero(above))
    scores = (vectors @ vectors.T)[above]
    ids = templates["template_id"].cast(pl.Enum(templates["template_id"].unique().sort()))
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


def error_rates(comparisons: pl.DataFrame, thresholds: Sequence[float] | Floats) -> pl.DataFrame:
    """Return FMR and FNMR with confidence intervals at each threshold.

    Takes a frame of `compare_all`. Returns a row for each threshold: `threshold`, `fmr`, `fnmr`,
    and the limits of each by person, `fmr_low`, `fmr_high`, `fnmr_low`, `fnmr_high`. No limit falls
    from one row to a row with more errors.

    Raises InputError without both kinds of comparisons, or with a score or threshold that is NaN.

    >>> import onetomany as otm, polars as pl
    >>> rows = {"template_id": ["a1", "a2", "b1", "b2"], "subject_id": ["a", "a", "b", "b"]}
    >>> rows |= {"template": [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]]}
    >>> templates = pl.DataFrame(rows, schema_overrides={"template": pl.Array(pl.Float32, 2)})
    >>> templates = templates.with_columns(model=pl.lit("none"), image_set=pl.lit("made up"))
    >>> otm.error_rates(otm.compare_all(templates), [0.7]).select("fmr", "fnmr").row(0)
    (0.25, 0.0)
    """
    cuts = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if np.isnan(cuts).any():
        raise InputError("A threshold is not a number (NaN): give a score.")
    data = Comparisons.of(comparisons)
    columns: dict[str, Floats] = {"threshold": cuts}
    for name, open_end, most, found in (
        ("fmr", unseen_between(data.people), data.non_mated, [data.false_matches(c) for c in cuts]),
        ("fnmr", unseen(data.mated_people), data.mated, [data.misses(c) for c in cuts]),
    ):
        rates = np.array([rate for rate, _ in found])
        spreads = [rate_spread(*influence) for _, influence in found]
        low, high = nested_limits(rates, spreads, open_end, float(most))
        columns |= {name: rates, f"{name}_low": low, f"{name}_high": high}
    return pl.DataFrame(columns, schema=RATES)


def roc(comparisons: pl.DataFrame) -> pl.DataFrame:
    """Return FMR and FNMR at every distinct score: `threshold`, `fmr`, `fnmr`, highest first."""
    thresholds, fmr, tmr = Comparisons.of(comparisons).curve()
    return pl.DataFrame({"threshold": thresholds[1:], "fmr": fmr[1:], "fnmr": 1 - tmr[1:]})


def summary(
    comparisons: pl.DataFrame, fmr_targets: Sequence[float] = (1e-2, 1e-3, 1e-4)
) -> pl.DataFrame:
    """Return AUC, EER and TMR at each FMR target: `figure`, `value`, `low`, `high`, `method`.

    The intervals contain the uncertainty of the threshold, which the same people set. EER is the
    rate at which the straight line between two neighbouring points of the ROC crosses FMR = FNMR.
    TMR at FMR is read at the lowest threshold whose FMR is within the target, without
    interpolation; a target with less than one expected false match has no value (null), and
    `method` says why.

    Raises InputError without both kinds of comparisons, or with a score that is NaN.
    """
    data = Comparisons.of(comparisons)
    curve = data.curve()
    method = f"by person, {data.people} subjects"

    def figure(name: str, error: float, influence: Influence, *, right: bool = True) -> Row:
        """Return a row; an error rate is turned into the share that is right."""
        found = spread_interval(error, rate_spread(*influence), unseen(data.people), method)
        if right:
            error, found = 1 - error, found.complement
        return {"figure": name, "value": error, **vars(found)}

    rows = [figure("AUC", *data.area()), figure("EER", *data.equal_error(curve), right=False)]
    for target in fmr_targets:
        name = f"TMR at FMR {target:g}"
        if too_fine(target, data.non_mated):
            rows.append({"figure": name, "method": _refusal(target, data.non_mated)})
        else:
            rows.append(figure(name, *data.misses_at(target, curve)))
    return pl.DataFrame(rows, schema=_FIGURE)


_FIGURE = {
    "figure": pl.String,
    "value": pl.Float64,  # null if the target is too fine for so few comparisons
    "low": pl.Float64,
    "high": pl.Float64,
    "method": pl.String,
}


def too_fine(target: float, comparisons: int) -> bool:
    """Return whether less than one false match is expected at an FMR in so many comparisons."""
    return bool(np.floor(target * comparisons + 1e-9) < 1)


def _refusal(target: float, comparisons: int) -> str:
    return (
        f"FMR {target:g} can't be measured with {comparisons:,} non-mated comparisons: less than "
        "one false match is expected; choose a higher rate or a larger set."
    )


def threshold_at_fmr(comparisons: pl.DataFrame, target: float) -> Threshold:
    """Return the lowest threshold at which the measured FMR is no more than the target.

    Takes a frame of `compare_all`. Returns a `Threshold`: `score`, the `fmr` measured at it, and
    the number of `comparisons` and `subjects` it was measured on.

    Raises InputError if there are too few non-mated comparisons to measure such a rate, for a
    target that is not above 0 and at most 1, or with a score that is NaN.

    >>> import onetomany as otm, polars as pl
    >>> rows = {"template_id": ["a1", "a2", "b1", "b2"], "subject_id": ["a", "a", "b", "b"]}
    >>> rows |= {"template": [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]]}
    >>> templates = pl.DataFrame(rows, schema_overrides={"template": pl.Array(pl.Float32, 2)})
    >>> templates = templates.with_columns(model=pl.lit("none"), image_set=pl.lit("made up"))
    >>> cut = otm.threshold_at_fmr(otm.compare_all(templates), 0.25)
    >>> cut.fmr, cut.comparisons, cut.subjects
    (0.25, 4, 2)
    """
    if not 0 < target <= 1:
        raise InputError(f"A target FMR must be above 0 and at most 1, not {target:g}.")
    non_mated = require_compared(comparisons, "model", "image_set").filter(~pl.col("mated"))
    scores = known_scores(non_mated)
    if too_fine(target, len(scores)):
        raise InputError(_refusal(target, len(scores)))
    cut = lowest_within(scores, target)
    people = pl.concat([non_mated[f"subject_{side}"].unique().cast(pl.String) for side in "ab"])
    return Threshold(
        score=cut,
        fmr=float((scores >= cut).mean()),
        comparisons=len(scores),
        subjects=people.n_unique(),
        model=comparisons["model"][0],
        image_set=comparisons["image_set"][0],
    )


def lowest_within(scores: Floats, target: float) -> float:
    """Return the lowest threshold that no more than the target share of scores reach.

    >>> float(lowest_within(np.array([0.1, 0.2, 0.3, 0.4]), 0.25)) > 0.3
    True
    """
    allowed = int(np.floor(target * len(scores) + 1e-9))
    if allowed >= len(scores):
        return -np.inf
    place = len(scores) - 1 - allowed
    # just above the first score that would be one false match too many
    return float(np.nextafter(np.partition(scores, place)[place], np.inf))


def histogram(comparisons: pl.DataFrame, bins: int | Floats = 80) -> pl.DataFrame:
    """Count scores in bins: `low`, `high`, `mated`, `count`, `share` of its kind.

    Only `score` and `mated` are read. `bins` is a number of equal bins, or their edges. Raises
    InputError without rows, or for columns of another kind.
    """
    require_schema(comparisons, {"score": pl.Float64, "mated": pl.Boolean}, "The comparisons")
    scores = known_scores(comparisons)
    edges = np.linspace(scores.min(), scores.max(), bins + 1) if isinstance(bins, int) else bins
    frames = []
    for (mated,), rows in comparisons.group_by("mated", maintain_order=True):
        counts, _ = np.histogram(rows["score"].to_numpy(), edges)
        frames.append(
            pl.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts}).with_columns(
                mated=pl.lit(mated), share=pl.col("count") / len(rows)
            )
        )
    return pl.concat(frames)
