"""Learn from unlabelled sightings how much noise one person's images share, and calibrate with it.

Light, pose and expression last from one sighting to the next. If the labelled run that a likelihood
ratio is calibrated on has no such visits, images of one person score higher than it expects. No
identities are needed to see that: the scores of all pairs of sightings some minutes apart are a
mixture of a few pairs of one person and many of two. Strangers' scores are those of the labelled
run; the person's own are those of the labelled run moved along log(1 - cosine), since shared noise
takes its share of the squared distance away. The move of greatest likelihood is found for each
range of gaps, together with the weight of the mixture (expectation maximisation: Dempster, Laird
and Rubin, Journal of the Royal Statistical Society B 39:1, 1977). Then the labelled run's own
templates are given as much noise in common, and calibration goes on as before.
"""

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .likelihood import SAME, Floats, Vectors, by_template, pair_quality
from .visits import GAP, visit_numbers

RANGES = (0.0, 60.0, GAP, 3 * GAP)  # s, where ranges of gaps begin; beyond the last no pair counts
ROWS = 5_000  # sightings compared with each other, next to each other in time
BANDS = 6  # of quality
LEAST = 300  # pairs of one person that a range of gaps needs, in the labelled run and by estimate
_WIDTH = 0.03  # of log(1 - cosine)
_PLACES = np.arange(-8.0, 0.75, _WIDTH)
_MOVES = range(-25, 101)  # in widths: from twice as far to a twentieth
_ROUNDS = 60

SHARED = {
    "gap": pl.Float64,  # s between two sightings, from which on; up to the next row's
    "share": pl.Float64,  # of the noise, that is shared; null: too few pairs
    "mated": pl.Float64,  # pairs of one person, by estimate
    "pairs": pl.Int64,
}


def estimate_shared_noise(
    sightings: pl.DataFrame, templates: Vectors, known: pl.DataFrame, known_templates: Vectors
) -> pl.DataFrame:
    """Estimate the share of noise that a person's images have in common, by gap (`SHARED`).

    `sightings` are those to be linked; their `true_id` is not read. `known` is the labelled run,
    and a share is relative to it: 0 if its visits are alike, below 0 if it shares more. Of long
    runs, the `ROWS` sightings in the middle are compared.
    """
    rows = sightings.drop("true_id", strict=False)
    quality = known["quality"].to_numpy().astype(np.float64)
    edges = np.quantile(pair_quality(quality, quality), np.arange(1, BANDS) / BANDS)
    everyone, own = _counted(known, known_templates, edges)
    strangers = _smooth((everyone - own).sum(axis=0))
    seen = _counted(rows, templates, edges)[0]
    found = []
    for number, gap in enumerate(RANGES[:-1]):
        share, mated = None, 0.0
        if own[number].sum() >= LEAST and seen[number].any():
            share, mated = _likeliest(seen[number], _smooth(own[number]), strangers)
        enough = share is not None and mated >= LEAST
        found.append((gap, share if enough else None, mated, int(seen[number].sum())))
    return pl.DataFrame(found, schema=SHARED, orient="row")


def visit_share(shared: pl.DataFrame) -> float:
    """Return the share of noise within a visit, at least 0, from `SHARED`.

    It is the mean over gaps of a visit's length or less, weighted by pairs of one person; 0 if too
    few were found.

    >>> visit_share(pl.DataFrame({"gap": [0.0, 60.0, 300.0], "share": [0.4, 0.6, None],
    ...                           "mated": [500.0, 500.0, 20.0], "pairs": [9, 9, 9]}))
    0.5
    """
    within = shared.filter(pl.col("gap") < GAP, pl.col("share").is_not_null())
    if within.is_empty():
        return 0.0
    return max(0.0, float(np.average(within["share"], weights=within["mated"])))


def share_noise(known: pl.DataFrame, templates: Vectors, share: float, seed: int) -> Vectors:
    """Return a labelled run's templates with a share of the noise in common within visits, (n, d).

    A template's noise is its difference from its person's mean. In each visit (`visits`) the share
    is replaced by noise of one direction, that of another person's image, as long as before. The
    mean of few images has noise too, which is taken into account: images of two visits are as
    alike as before. Raises InputError for a share outside 0 to 1.
    """
    if not 0 <= share < 1:
        raise InputError(f"The share of the noise is {share:g}: give 0 to 1.")
    rows = known.sort("template_id")
    vectors = by_template(rows, templates).astype(np.float64)
    who = np.unique(rows["true_id"].to_numpy(), return_inverse=True)[1]
    count = np.bincount(who)
    mean = np.stack([np.bincount(who, column) / count for column in vectors.T], axis=1)[who]
    noise = vectors - mean
    length = np.linalg.norm(noise, axis=1, keepdims=True)
    visit = visit_numbers(rows)
    lent = np.random.default_rng(seed).integers(0, len(rows), int(visit.max()) + 1)[visit]
    common = noise[lent] / np.maximum(length[lent], 1e-12) * length
    own = count[who][:, None]
    # noise kept in the mean offsets the rest, which sums to zero
    wider = 1 / (1 - share / own)
    middle = vectors.mean(axis=0)
    apart = ((mean - middle) ** 2).sum(axis=1, keepdims=True)
    spread = (np.bincount(who, length[:, 0] ** 2) / np.maximum(count - 1, 1))[who][:, None]
    kept = np.sqrt(np.clip(1 - (1 - (1 - share) * wider) * spread / own / apart, 0, 1))
    strayed = np.sqrt(1 - share) * noise + np.sqrt(share) * common
    moved = middle + kept * (mean - middle) + np.sqrt(wider) * strayed
    made = templates.copy()
    made[rows["template_id"].to_numpy()] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return made


def _counted(rows: pl.DataFrame, templates: Vectors, edges: Floats) -> tuple[Floats, Floats]:
    """Count pairs by gap, band of quality and log(1 - cosine): all, and those of one `true_id`."""
    rows = rows.sort("t_start", "sighting_id")
    rows = rows.slice(max(0, (len(rows) - ROWS) // 2), ROWS)
    vectors, quality = by_template(rows, templates), rows["quality"].to_numpy().astype(np.float64)
    start, end = (rows[name].to_numpy() for name in ("t_start", "t_end"))
    who = rows["true_id"].to_numpy() if "true_id" in rows.columns else np.zeros(len(rows))
    shape = (len(RANGES) - 1, len(edges) + 1, len(_PLACES))
    found = np.zeros((2, *shape))
    for a in range(len(rows) - 1):
        last = int(np.searchsorted(start, end[a] + RANGES[-1]))
        gap = start[a + 1 : last] - end[a]
        later = a + 1 + np.flatnonzero(gap >= 0)
        part = np.searchsorted(RANGES, start[later] - end[a], side="right") - 1
        band = np.searchsorted(edges, pair_quality(quality[a], quality[later]), side="right")
        far = np.log(1 + SAME - np.minimum(vectors[later] @ vectors[a], 1.0))
        place = ((far - _PLACES[0]) / _WIDTH).astype(np.int64)
        cell = np.ravel_multi_index((part, band, place), shape, mode="clip")
        for kind, some in enumerate((cell, cell[who[later] == who[a]])):
            np.add.at(found[kind].reshape(-1), some, 1)
    return found[0], found[1]


def _smooth(counts: Floats) -> Floats:
    """Return densities over the last axis, smoothed by two places, nowhere zero."""
    reach = np.arange(-6, 7)
    kernel = np.exp(-0.5 * (reach / 2) ** 2)
    even = np.apply_along_axis(np.convolve, -1, counts + 1e-3, kernel / kernel.sum(), mode="same")
    return np.asarray(even / even.sum(axis=-1, keepdims=True))


def _likeliest(seen: Floats, own: Floats, strangers: Floats) -> tuple[float, float]:
    """Return the share of greatest likelihood, and how many pairs are one person's then."""
    total, best = float(seen.sum()), (-np.inf, 0, 0.0)
    for move in _MOVES:
        moved, weight = np.roll(own, -move, axis=-1), 0.01
        for _ in range(_ROUNDS):
            both = weight * moved + (1 - weight) * strangers
            weight = float((seen * weight * moved / both).sum()) / total
        both = weight * moved + (1 - weight) * strangers
        best = max(best, (float((seen * np.log(both)).sum()), move, weight))
    return 1 - float(np.exp(-best[1] * _WIDTH)), best[2] * total
