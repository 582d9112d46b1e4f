"""How far synthetic templates lie from real ones, told by their scores.

`faces.synthetic` is fitted to how templates spread, not to scores; so scores can show where it
fails. Two questions: do the two distributions agree within what the real people can tell
(`quantiles`, `distances`), and would the real set pass for one more set drawn from the model
(`as_one_of_many`)?
The second is a parametric bootstrap (Efron and Tibshirani, 'An Introduction to the Bootstrap',
Chapman & Hall 1993): the model was fitted to the very set it is compared with, so a figure out of
line speaks against the model, while one in line doesn't speak for it elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tqdm import tqdm

from ..confidence import PERCENT, REPLICATES, TAIL
from ..errors import InputError
from ..faces import synthetic as generator
from .intervals import subject_draws

Floats = NDArray[np.float64]

MATED, NON_MATED = "mated", "non-mated"
LEVELS: Mapping[str, Sequence[float]] = {
    NON_MATED: (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 0.9999),
    MATED: (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99),
}
QUANTILES = {
    "kind": pl.String,  # mated, non-mated
    "level": pl.Float64,  # the share of comparisons at or below
    "real": pl.Float64,
    "real_low": pl.Float64,
    "real_high": pl.Float64,
    "synthetic": pl.Float64,
    "within": pl.Boolean,  # whether the synthetic one lies in the real one's interval
    "comparisons": pl.Int64,  # real ones
    "subjects": pl.Int64,
}
FMR = 1e-3
UNEQUAL = 1e-2  # the FMR at which it is told how unequally people collect false matches
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
    "plausible": pl.Boolean,  # whether the real one lies from low to high
    "sets": pl.Int64,
}
CELLS = 8_000_000  # bootstrap weights held at a time


def quantiles(
    real: pl.DataFrame,
    synthetic: pl.DataFrame,
    levels: Mapping[str, Sequence[float]] = LEVELS,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pl.DataFrame:
    """Quantiles of real and synthetic scores, with the real ones' 95 % intervals by subject.

    Takes two frames of `compare_all` and levels by kind; returns `QUANTILES`. A quantile is the
    lowest score with at least that share of comparisons at or below. The synthetic ones come
    without an interval: compare enough people for their chance not to matter.

    Raises InputError where a kind is missing from either frame.
    """
    frames = []
    for kind, wanted in levels.items():
        rows, made = _of(real, kind).sort("score"), _of(synthetic, kind)
        scores = rows["score"].to_numpy()
        cuts = np.asarray(wanted, np.float64)
        drawn, subjects = _drawn_quantiles(rows, cuts, kind == MATED, replicates, seed)
        low, high = np.nanquantile(drawn, [TAIL, 1 - TAIL], axis=0)
        frames.append(
            pl.DataFrame(
                {
                    "kind": kind,
                    "level": cuts,
                    "real": np.quantile(scores, cuts, method="inverted_cdf"),
                    "real_low": low,
                    "real_high": high,
                    "synthetic": np.quantile(made["score"].to_numpy(), cuts, method="inverted_cdf"),
                    "comparisons": len(rows),
                    "subjects": subjects,
                }
            )
        )
    frame = pl.concat(frames).with_columns(
        within=pl.col("synthetic").is_between(pl.col("real_low"), pl.col("real_high"))
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in QUANTILES.items())


def distances(real: pl.DataFrame, synthetic: pl.DataFrame) -> pl.DataFrame:
    """The Kolmogorov-Smirnov distance between real and synthetic scores, by kind.

    Returns `kind`, `distance` (the largest gap between the two cumulative shares), `score` (where),
    `real`, `synthetic` (comparisons). No p-value: the usual one takes them to be independent.
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
    """Both sets' scores in the same bins: `origin` (real, synthetic), `kind`, `low`, `high`,
    `share` of its kind and origin."""
    scores = np.concatenate([real["score"].to_numpy(), synthetic["score"].to_numpy()])
    edges = np.linspace(scores.min(), scores.max(), bins + 1)
    frames = []
    for origin, comparisons in (("real", real), ("synthetic", synthetic)):
        for kind in (NON_MATED, MATED):
            own = _of(comparisons, kind)["score"].to_numpy()
            share = np.histogram(own, edges)[0] / len(own)
            bars = pl.DataFrame({"low": edges[:-1], "high": edges[1:], "share": share})
            frames.append(
                bars.select(pl.lit(origin).alias("origin"), pl.lit(kind).alias("kind"), "*")
            )
    return pl.concat(frames)


def as_one_of_many(
    templates: pl.DataFrame, model: generator.TemplateModel, sets: int = 200, *, seed: int = 0
) -> pl.DataFrame:
    """Where the real set's figures fall among synthetic sets of the same shape (`ONE_OF_MANY`).

    Each synthetic set has as many people as `templates`, with as many images each. `FIGURES` are
    defined as in `summary`, `leave_one_out` and `variation_between_people`. Of nine figures one may
    be out of line by chance; a percentile of 0 or 100 % says that no set drawn was as far out. The
    model is taken as known; that it was estimated from few people would widen the spread of its
    sets a little.

    Raises InputError for fewer than 20 sets, from which no 2.5 percentile can be read, and for
    templates that contain NaN.
    """
    if not np.isfinite(templates["template"].to_numpy()).all():
        raise InputError("A template contains NaN or infinite numbers: filter with faces.usable.")
    if sets < 20:
        raise InputError(
            f"{sets} synthetic sets can't show where {PERCENT} of them lie: draw 20 or more."
        )
    counts = templates.group_by("subject_id").len()["len"].sort(descending=True).to_numpy()
    images = int(counts[0])
    person, image = np.divmod(np.arange(len(counts) * images), images)
    kept = image < counts[person]
    drawn = np.empty((sets, len(FIGURES)))
    for number in tqdm(range(sets), desc="synthetic sets", unit="set", delay=2, leave=False):
        people = generator.draw_people(model, len(counts), seed, stream=number)
        vectors = generator.draw_images(model, people, images, seed, stream=number)
        drawn[number] = _figures(vectors[kept].astype(np.float64), person[kept])
    who = templates["subject_id"].rank("dense").to_numpy().astype(np.int64)
    real = _figures(templates["template"].to_numpy().astype(np.float64), who)
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
    rows = comparisons.filter(pl.col("mated") == (kind == MATED))
    if not len(rows):
        raise InputError(f"There are no {kind} comparisons: realism is told by both kinds.")
    return rows


def _drawn_quantiles(
    rows: pl.DataFrame, levels: Floats, mated: bool, replicates: int, seed: int
) -> tuple[Floats, int]:
    """Quantiles (replicates, levels) of rising scores in draws of subjects; how many they are."""
    scores = rows["score"].to_numpy()
    sides = [rows[f"subject_{side}"].cast(pl.String) for side in "ab"]
    enum = pl.Enum(pl.concat(sides).unique().sort())
    one, two = (side.cast(enum).to_physical().cast(pl.Int64).to_numpy() for side in sides)
    subjects = len(enum.categories)
    found = np.full((replicates, len(levels)), np.nan)
    step = max(1, CELLS // len(scores))
    draws = subject_draws(subjects, replicates, seed).astype(np.float64)
    for first in range(0, replicates, step):
        part = draws[first : first + step]
        weights = part[:, one] if mated else part[:, one] * part[:, two]
        sums = np.cumsum(weights, axis=1, out=weights)
        for row, cumulative in enumerate(sums):
            if cumulative[-1]:  # else no comparison was drawn
                places = np.searchsorted(cumulative, levels * cumulative[-1])
                found[first + row] = scores[places]
    return found, subjects


def _figures(vectors: Floats, who: NDArray[np.int64]) -> Floats:
    """`FIGURES` of one set of unit templates (images, d)."""
    scores = vectors @ vectors.T
    first, second = np.triu_indices(len(vectors), k=1)
    same = who[first] == who[second]
    pairs = scores[first, second]
    mated, other = pairs[same], np.sort(pairs[~same])
    allowed = int(np.floor(FMR * len(other) + 1e-9))
    cut = np.nextafter(other[-allowed - 1], np.inf)  # as `threshold_at_fmr`
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
    cut = np.nextafter(other[-int(np.floor(UNEQUAL * len(other) + 1e-9)) - 1], np.inf)
    pairs = np.outer(member.sum(axis=1), member.sum(axis=1))
    rates = member @ (scores >= cut) @ member.T / pairs
    np.fill_diagonal(rates, 0)
    count, totals, squares = len(rates), rates.sum(axis=1), float((rates**2).sum())
    # products of the rates of two pairs: of those that share one person, and that share none
    shared = float((totals**2).sum()) - squares
    apart = float(rates.sum()) ** 2 / 4 - squares / 2 - shared
    ways = count * (count - 1) * (count - 2)
    all_ways = (count * (count - 1) / 2) ** 2 - count * (count - 1) / 2 - ways
    mean = float(rates.sum()) / (count * (count - 1))
    if not mean or all_ways <= 0:
        return float("nan")
    return float(max(shared / ways - apart / all_ways, 0) ** 0.5 / mean)
