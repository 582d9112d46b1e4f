"""Turn face scores into bounded likelihood ratios, calibrated on people of another run.

A score is not a probability, and 'a match' hides how strong it is. Forensic practice uses a
likelihood ratio: how much more often such a score comes from images of one person than of two
(Ramos and Gonzalez-Rodriguez, 'Reliable support', FSI 230, 2013; ENFSI, 'Guideline for evaluative
reporting', 2015). Done here by the Netherlands Forensic Institute's `lir`: logistic calibration
(Brümmer and du Preez, Computer Speech and Language 20:2, 2006), then the empirical bounds of
Vergeer et al. ('Numerical likelihood ratios outputted by LR systems are often based on
extrapolation', Science and Justice 56, 2016): no ratio is larger than the number of pairs can
support.

The `closeness` of two templates is calibrated, since the logistic curve fits it better than the
cosine: with poor faces, cosines leave a calibration cost several times as large
(docs/tracking-across.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns, require_schema

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

BANDS = 8
PAIRS = 60_000  # of each kind; more would only make the bounds wider than people can support
EXTREME = 1e6  # 1 / weight of the penalty that keeps the slope finite if no scores overlap
SAME = 1e-3  # added to 1 - cosine, so that equal templates are not infinitely close

SCORED = {
    "subject_a": pl.Int64,
    "subject_b": pl.Int64,
    "images_a": pl.Int32,  # of the first person, averaged
    "images_b": pl.Int32,
    "score": pl.Float64,  # cosine
    "quality": pl.Float64,  # of the pair: see `pair_quality`
    "mated": pl.Boolean,
}
COST = {
    "images": pl.String,  # "one" each, or "several"
    "cllr": pl.Float64,  # bits
    "cllr_min": pl.Float64,  # after isotonic regression: the cost of discrimination alone
    "difference": pl.Float64,  # the cost of calibration
    "lowest": pl.Float64,  # log10 likelihood ratios that came out
    "highest": pl.Float64,
    "mated": pl.Int64,  # pairs
    "non_mated": pl.Int64,
    "subjects": pl.Int64,
}


@dataclass(frozen=True)
class FaceLikelihood:
    """Store log10 likelihood ratio = intercept + slope x closeness, bounded, by quality band.

    `edges` (bands - 1,) separate the bands of `pair_quality`; the others are (bands,). `subjects`
    is how many people the calibration has seen.
    """

    edges: Floats
    slope: Floats
    intercept: Floats
    lower: Floats
    upper: Floats
    subjects: int
    mated: int
    non_mated: int

    def llr(self, scores: NDArray[np.floating], quality: NDArray[np.floating]) -> Floats:
        """Return bounded log10 likelihood ratios of cosine scores, (n,), by quality of the pairs.

        Raises InputError for a score that is not a number.
        """
        if not np.isfinite(scores).all():
            raise InputError("A face score is not a number: every sighting needs a template.")
        band = np.searchsorted(self.edges, quality, side="right")
        raw = self.slope[band] * closeness(scores) + self.intercept[band]
        return np.asarray(np.clip(raw, self.lower[band], self.upper[band]))


def closeness(scores: NDArray[np.floating]) -> Floats:
    """Return 1 / (1 - cosine): twice the reciprocal squared distance of unit templates."""
    return np.asarray(1 / (1 + SAME - np.asarray(scores, dtype=np.float64)))


def pair_quality(one: NDArray[np.floating], two: NDArray[np.floating]) -> Floats:
    """Return a pair's quality from the summed qualities of each side: 1 / (1/one + 1/two).

    Quality 1 on either side gives a half. As errors of averages do, that of the pair follows the
    worse side, and more images make it better.
    """
    first, second = np.asarray(one, np.float64), np.asarray(two, np.float64)
    return np.asarray(first * second / np.maximum(first + second, 1e-9))


def score_sighting_pairs(
    sightings: pl.DataFrame,
    templates: Vectors,
    seed: int,
    *,
    images: int = 8,
    pairs: int = PAIRS,
) -> pl.DataFrame:
    """Draw mated and non-mated scores of known people (`SCORED`).

    Half of the pairs have one image on each side, half the average of up to `images` neighbouring
    ones. `sightings` are of a calibration run, whose `true_id` says who is who. Raises
    InputError for fewer than ten people with two sightings.
    """
    wanted = ("true_id", "t_start", "quality", "template_id")
    require_columns(sightings, wanted, "The sightings of a calibration run")
    rows = sightings.sort("true_id", "t_start")
    people = rows["true_id"].to_numpy()
    counts = np.unique(people, return_counts=True)[1]
    if (counts > 1).sum() < 10:
        raise InputError(
            f"{(counts > 1).sum()} people have two or more sightings: a calibration run needs 10."
        )
    vectors, quality = by_template(rows, templates), rows["quality"].to_numpy().astype(np.float64)
    start_a, end_a, start_b, end_b = _draw(counts, images, pairs, seed)
    # running sums give the mean template of any stretch of sightings
    weighted = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors * quality[:, None], 0)])
    mass = np.concatenate([[0.0], np.cumsum(quality)])
    one = weighted[end_a] - weighted[start_a]
    two = weighted[end_b] - weighted[start_b]
    dots = np.einsum("ij,ij->i", one, two)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    who_a, who_b = people[start_a], people[start_b]
    return pl.DataFrame(
        {
            "subject_a": who_a,
            "subject_b": who_b,
            "images_a": end_a - start_a,
            "images_b": end_b - start_b,
            "score": dots / np.maximum(lengths, 1e-12),
            "quality": pair_quality(mass[end_a] - mass[start_a], mass[end_b] - mass[start_b]),
            "mated": who_a == who_b,
        }
    ).select(pl.col(name).cast(kind) for name, kind in SCORED.items())


def by_template(sightings: pl.DataFrame, templates: Vectors) -> Vectors:
    """Return the template of each sighting, (n, d), by `template_id`.

    Raises InputError for a sighting without one, or a row that isn't there.
    """
    require_columns(sightings, ["template_id"], "The sightings")
    if sightings["template_id"].null_count():
        raise InputError("A sighting has no template: leave out sightings without a face.")
    rows = sightings["template_id"].to_numpy()
    if len(rows) and not 0 <= rows.min() <= rows.max() < len(templates):
        raise InputError(
            f"Sightings name templates beyond the {len(templates):,} given: give the matrix that "
            "was made for them."
        )
    found: Vectors = templates[rows]
    return found


def fit_face(scored: pl.DataFrame, bands: int = BANDS) -> FaceLikelihood:
    """Calibrate, then bound, in quality bands of equally many mated pairs.

    Raises InputError if a band has fewer than 50 pairs of either kind.
    """
    from lir.algorithms.bayeserror import ELUBBounder
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import LLRData

    require_schema(scored, SCORED, "The scored pairs")
    mated = scored["mated"].to_numpy()
    quality, close = scored["quality"].to_numpy(), closeness(scored["score"].to_numpy())
    shares = np.arange(1, bands) / bands
    edges = np.unique(np.quantile(quality[mated], shares))
    band = np.searchsorted(edges, quality, side="right")
    least = min(np.bincount(band[kind], minlength=len(edges) + 1).min() for kind in (mated, ~mated))
    if least < 50:
        raise InputError(f"A band of quality has {least} pairs of a kind: take fewer than {bands}.")
    fitted = []
    for number in range(len(edges) + 1):
        here = band == number
        own, labels = close[here], mated[here].astype(np.int64)
        middle, spread = own.mean(), own.std()
        # standardised, so that scikit-learn's penalty on the slope weighs nothing
        calibrator = LogitCalibrator(C=EXTREME)
        calibrator.fit((own - middle) / spread, labels)
        ends = calibrator.transform((np.array([0.0, 1.0]) - middle) / spread)
        llrs = LLRData(features=calibrator.transform((own - middle) / spread), labels=labels)
        bounder = ELUBBounder().fit(llrs)
        fitted.append(
            (ends[1] - ends[0], ends[0], bounder.lower_llr_bound, bounder.upper_llr_bound)
        )
    slope, intercept, lower, upper = np.array(fitted, dtype=np.float64).T
    if (slope < 0).any():
        raise InputError("Mated pairs score no higher than non-mated ones: nothing to calibrate.")
    people = pl.concat([scored["subject_a"], scored["subject_b"]]).n_unique()
    count = int(mated.sum())
    return FaceLikelihood(edges, slope, intercept, lower, upper, people, count, len(scored) - count)


def calibration_cost(likelihood: FaceLikelihood, scored: pl.DataFrame) -> pl.DataFrame:
    """Return Cllr, Cllr_min and their difference on pairs of people not calibrated on (`COST`).

    Cllr is 0 for perfect ratios and 1 for those that say nothing (always 1). Two rows: pairs of
    one image each, and of several on a side.
    """
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_min

    require_schema(scored, SCORED, "The scored pairs")
    rows = []
    alone = (pl.col("images_a") == 1) & (pl.col("images_b") == 1)
    for name, part in (("one", scored.filter(alone)), ("several", scored.filter(~alone))):
        llrs = likelihood.llr(part["score"].to_numpy(), part["quality"].to_numpy())
        labels = part["mated"].to_numpy().astype(np.int64)
        data = LLRData(features=llrs, labels=labels)
        whole, least = cllr(data), cllr_min(data)
        people = pl.concat([part["subject_a"], part["subject_b"]]).n_unique()
        extremes = (llrs.min(), llrs.max())
        count = int(labels.sum())
        rows.append(
            (name, whole, least, whole - least, *extremes, count, len(part) - count, people)
        )
    return pl.DataFrame(rows, schema=COST, orient="row")


def _draw(counts: Rows, images: int, pairs: int, seed: int) -> tuple[Rows, Rows, Rows, Rows]:
    """Draw pairs of each kind: first and last (excluded) rows of either side, none twice.

    Rows are sorted by person, `counts` sightings each.
    """
    rng = np.random.default_rng(seed)
    first = np.cumsum(counts) - counts
    half = pairs // 2
    who = rng.choice(np.flatnonzero(counts > 1), 2 * half)
    own = counts[who]
    # two different ones, or a stretch before and a stretch after a moment
    one = rng.integers(0, own)
    two = (one + rng.integers(1, own)) % own
    split = rng.integers(1, own)
    reach = rng.integers(1, images + 1, (2, 2 * half))
    alone = np.arange(2 * half) < half
    start_a = np.where(alone, np.minimum(one, two), np.maximum(split - reach[0], 0))
    start_b = np.where(alone, np.maximum(one, two), split)
    end_a = np.where(alone, start_a + 1, split)
    end_b = np.where(alone, start_b + 1, np.minimum(split + reach[1], own))
    mated = np.stack([start_a, end_a, start_b, end_b]) + first[who]
    side = []
    for lengths in reach:
        other = rng.integers(0, len(counts), 2 * half)
        length = np.where(alone, 1, np.minimum(lengths, counts[other]))
        start = first[other] + rng.integers(0, counts[other] - length + 1)
        side.append((other, start, start + length))
    apart = side[0][0] != side[1][0]
    non_mated = np.stack([*side[0][1:], *side[1][1:]])[:, apart]
    drawn = np.unique(np.concatenate([mated, non_mated], axis=1), axis=1)
    return drawn[0], drawn[1], drawn[2], drawn[3]
