"""Compare the scores of synthetic templates with those of real ones.

`faces.synthetic` is fitted to the spread of templates, not to scores, so scores can show its
errors. Two questions: how far apart are the two distributions (`distances`), and is the real set
like a set drawn from the model (`as_one_of_many`)?
The second is a parametric bootstrap (Efron and Tibshirani, 'An Introduction to the Bootstrap',
Chapman & Hall 1993). The model was fitted to the same set that it is compared with: a figure
outside the range is evidence against the model, one inside is no evidence for it on other sets.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.confidence import PERCENT, TAIL
from onetomany.errors import InputError
from onetomany.faces import synthetic as generator
from onetomany.progress import ProgressBar
from .comparisons import finite_templates, require_compared
from .intervals import Floats
from .power import variation_of_rates
from .verification import histogram, lowest_within

MATED, NON_MATED = "mated", "non-mated"
FMR = 1e-3
UNEQUAL = 1e-2  # the FMR at which the variation of people's own FMR is measured
FIGURES = (
    "non-mated mean",
    "non-mated sd",
    "non-mated 0.999 quantile",
    "mated median",
    "mated 0.05 quantile",
    f"TMR at FMR {FMR:g}",
    "AUC",
    "rank-1",
    f"cv of people's FMR at {UNEQUAL:g}",
)
ONE_OF_MANY = {
    "figure": pl.String,  # FIGURES
    "real": pl.Float64,
    "median": pl.Float64,  # of the synthetic sets
    "low": pl.Float64,  # from low to high lie a share confidence.LEVEL of the synthetic sets
    "high": pl.Float64,
    "percentile": pl.Float64,  # share of synthetic sets below the real one, equal ones by half
    "plausible": pl.Boolean,  # whether the real one is from low to high
    "sets": pl.Int64,
}


def distances(real: pl.DataFrame, synthetic: pl.DataFrame) -> pl.DataFrame:
    """Return the Kolmogorov-Smirnov distance between real and synthetic scores, by kind.

    Columns `kind`, `distance` (the largest gap between the two cumulative shares), `score` (at that
    gap), `real`, `synthetic` (comparisons). There is no p-value, since pairs are not independent.
    """
    rows = []
    for kind in (NON_MATED, MATED):
        ours, theirs = (np.sort(_of(each, kind)["score"].to_numpy()) for each in (real, synthetic))
        at = np.concatenate([ours, theirs])
        gap = np.abs(
            np.searchsorted(ours, at, side="right") / len(ours)
            - np.searchsorted(theirs, at, side="right") / len(theirs)
        )
        where = int(gap.argmax())
        rows.append((kind, float(gap[where]), float(at[where]), len(ours), len(theirs)))
    return pl.DataFrame(rows, ["kind", "distance", "score", "real", "synthetic"], orient="row")


def histograms(real: pl.DataFrame, synthetic: pl.DataFrame, bins: int = 80) -> pl.DataFrame:
    """Return both sets' scores in the same bins.

    Columns `origin` (real, synthetic), `kind`, `low`, `high`, `share` of its kind and origin.
    """
    both = {"real": real, "synthetic": synthetic}
    scores = pl.concat([require_compared(frame)["score"] for frame in both.values()]).to_numpy()
    edges = np.linspace(scores.min(), scores.max(), bins + 1)
    return pl.concat(
        histogram(_of(frame, kind), edges).select(
            pl.lit(origin).alias("origin"), pl.lit(kind).alias("kind"), "low", "high", "share"
        )
        for origin, frame in both.items()
        for kind in (NON_MATED, MATED)
    )


def as_one_of_many(
    templates: pl.DataFrame, model: generator.TemplateModel, sets: int = 200, *, seed: int = 0
) -> pl.DataFrame:
    """Return the rank of the real set's figures among synthetic sets (`ONE_OF_MANY`).

    Each synthetic set has as many people as `templates`, with as many images each. `FIGURES` are
    defined as in `summary`, `leave_one_out` and `variation_between_people`. Of nine figures one may
    be outside the range by chance; at a percentile of 0 or 100 % no drawn set was as extreme. The
    model is taken as known; the uncertainty of its estimate would widen the range a little.

    Raises InputError for fewer than 20 sets, too few for a 2.5 percentile, and for templates that
    contain NaN.
    """
    vectors = finite_templates(templates)
    if sets < 20:
        raise InputError(
            f"{sets} synthetic sets can't show where {PERCENT} of them lie: draw 20 or more."
        )
    counts = templates.group_by("subject_id").len()["len"].sort(descending=True).to_numpy()
    images = int(counts[0])
    person, image = np.divmod(np.arange(len(counts) * images), images)
    kept = image < counts[person]
    drawn = np.empty((sets, len(FIGURES)))
    for number in ProgressBar(range(sets), desc="synthetic sets", unit="set", delay=2, leave=False):
        people = generator.draw_people(model, len(counts), seed, stream=number)
        other = generator.draw_images(model, people, images, seed, stream=number)
        drawn[number] = _figures(other[kept].astype(np.float64), person[kept])
    who = templates["subject_id"].rank("dense").to_numpy().astype(np.int64)
    real = _figures(vectors, who)
    low, median, high = np.quantile(drawn, [TAIL, 0.5, 1 - TAIL], axis=0)
    below = (drawn < real).mean(axis=0) + (drawn == real).mean(axis=0) / 2
    return pl.DataFrame(
        {
            "figure": FIGURES,
            "real": real,
            "median": median,
            "low": low,
            "high": high,
            "percentile": below,
            "plausible": (low <= real) & (real <= high),
            "sets": sets,
        },
        schema_overrides=ONE_OF_MANY,
    )


def _of(comparisons: pl.DataFrame, kind: str) -> pl.DataFrame:
    rows = require_compared(comparisons).filter(pl.col("mated") == (kind == MATED))
    if not len(rows):
        raise InputError(f"There are no {kind} comparisons: realism needs both kinds.")
    return rows


def _figures(vectors: Floats, who: NDArray[np.int64]) -> Floats:
    """Return `FIGURES` of one set of unit templates (images, d)."""
    scores = vectors @ vectors.T
    first, second = np.triu_indices(len(vectors), k=1)
    same = who[first] == who[second]
    pairs = scores[first, second]
    mated, other = pairs[same], np.sort(pairs[~same])
    cut = lowest_within(other, FMR)
    # a mated score wins against the non-mated ones below it, and by half against equal ones
    wins = sum(np.searchsorted(other, mated, side=side).mean() for side in ("left", "right")) / 2
    alike = who[:, None] == who[None, :]
    strangers = np.where(alike, -np.inf, scores).max(axis=1)
    np.fill_diagonal(scores, -np.inf)
    mates = np.where(alike, scores, -np.inf).max(axis=1)
    return np.array(
        [
            other.mean(),
            other.std(),
            np.quantile(other, 1 - FMR, method="inverted_cdf"),
            np.median(mated),
            np.quantile(mated, 0.05, method="inverted_cdf"),
            (mated >= cut).mean(),
            wins / len(other),
            (mates >= strangers)[np.isfinite(mates)].mean(),
            _inequality(vectors @ vectors.T, who, other),
        ]
    )


def _inequality(scores: Floats, who: NDArray[np.int64], other: Floats) -> float:
    """Return the coefficient of variation of people's own FMR, as `variation_between_people`.

    `other` are the non-mated scores, rising.
    """
    people = np.unique(who, return_inverse=True)[1]
    member = np.zeros((int(people.max()) + 1, len(who)))
    member[people, np.arange(len(who))] = 1
    cut = lowest_within(other, UNEQUAL)
    pairs = np.outer(member.sum(axis=1), member.sum(axis=1))
    # as numbers: a product with Booleans takes four times as long
    rates = member @ (scores >= cut).astype(np.float64) @ member.T / pairs
    np.fill_diagonal(rates, 0)
    return variation_of_rates(rates, ~np.eye(len(rates), dtype=np.bool_))
