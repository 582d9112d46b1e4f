"""Learn from unlabelled sightings how much more alike one person's images are than calibrated.

Light, pose and expression last from one sighting to the next. If the labelled run that a likelihood
ratio was calibrated on had no such visits, images of one person score higher than it expects. No
identities are needed to see that: the scores of all pairs of sightings some minutes apart are a
mixture of a few pairs of one person and many of two. Strangers' scores are those of the labelled
run; the person's own are those of the labelled run moved along log(1 - cosine), since shared noise
takes a share of the squared distance away. The move of greatest likelihood is found for each range
of gaps (expectation maximisation over the mixture's weight: Dempster, Laird and Rubin, Journal of
the Royal Statistical Society B 39:1, 1977).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from .likelihood import SAME, Floats, Vectors, by_template, pair_quality

GAPS = (0.0, 60.0, 300.0, 900.0, 3600.0)  # s, where ranges of gaps begin
ROWS = 5_000  # sightings compared with each other, next to each other in time
BANDS = 6
LEAST = 200  # pairs of one person, by estimate, that a range of gaps needs
_WIDTH = 0.03  # of log(1 - cosine)
_PLACES = np.arange(-8.0, 0.75, _WIDTH)
_MOVES = np.arange(-25, 101)  # in widths: from 2.1 times as far to a twentieth
_ROUNDS = 60

SHARED = {
    "gap": pl.Float64,  # s, from which on; up to the next row's
    "share": pl.Float64,  # of the squared distance that is shared; null: too few pairs
    "mated": pl.Float64,  # pairs of one person, by estimate
    "pairs": pl.Int64,
}


def estimate_shared_noise(
    sightings: pl.DataFrame,
    templates: Vectors,
    known: pl.DataFrame,
    known_templates: Vectors,
    *,
    subject: str = "true_id",
) -> pl.DataFrame:
    """Estimate the share of noise that a person's images have in common, by gap (`SHARED`).

    `sightings` are those to be linked; their `subject` is not read. `known` is the labelled run. A
    share is relative to that run: 0 if its visits are alike, below 0 if it shares more.
    """
    rows = sightings.drop(subject, strict=False)
    edges, own, others = _references(known, known_templates, subject)
    seen = _counted(rows, templates, edges, None)[0]
    found = []
    for number, gap in enumerate(GAPS):
        share, mated = _best_move(seen[number], own[number], others)
        found.append((gap, share, mated, int(seen[number].sum())))
    return pl.DataFrame(found, schema=SHARED, orient="row")


def bring_closer(scored: pl.DataFrame, shared: pl.DataFrame) -> pl.DataFrame:
    """Return a labelled run's scores (`likelihood.SCORED`) as if its people shared noise."""
    place = np.searchsorted(shared["gap"].to_numpy(), scored["gap"].to_numpy(), side="right") - 1
    left = 1 - shared["share"].fill_null(0.0).to_numpy()[np.maximum(place, 0)]
    left = np.where(scored["mated"].to_numpy(), left, 1.0)
    score = 1 + SAME - (1 + SAME - scored["score"].to_numpy()) * left
    return scored.with_columns(score=pl.Series(np.minimum(score, 1.0)))


def _references(
    known: pl.DataFrame, templates: Vectors, subject: str
) -> tuple[Floats, Floats, Floats]:
    """Return edges of quality, and densities of mated (gaps, bands, places) and other pairs."""
    quality = known["quality"].to_numpy()
    edges = np.quantile(pair_quality(quality, quality), np.arange(1, BANDS) / BANDS)
    counts = _counted(known, templates, edges, subject)
    mated, others = counts[1], counts[0] - counts[1]
    return edges, _smooth(mated), _smooth(others.sum(axis=0))


def _counted(
    rows: pl.DataFrame, templates: Vectors, edges: Floats, subject: str | None
) -> tuple[Floats, Floats]:
    """Count pairs by gap, band of quality and log(1 - cosine); all, and those of one person."""
    rows = rows.sort("t_start", "sighting_id")
    rows = rows.slice(max(0, (len(rows) - ROWS) // 2), ROWS)
    vectors, quality = by_template(rows, templates), rows["quality"].to_numpy().astype(np.float64)
    start, end = (rows[name].to_numpy() for name in ("t_start", "t_end"))
    who = rows[subject].to_numpy() if subject else np.zeros(len(rows), np.int64)
    shape = (len(GAPS), len(edges) + 1, len(_PLACES))
    found = np.zeros((2, *shape))
    for a in range(len(rows) - 1):
        later = slice(a + 1, None)
        gap = start[later] - end[a]
        after = gap >= 0
        part = np.searchsorted(GAPS, gap[after], side="right") - 1
        band = np.searchsorted(edges, pair_quality(quality[a], quality[later][after]), side="right")
        far = np.log(1 + SAME - np.minimum(vectors[later][after] @ vectors[a], 1.0))
        place = np.clip(((far - _PLACES[0]) / _WIDTH).astype(np.int64), 0, len(_PLACES) - 1)
        cell = np.ravel_multi_index((part, band, place), shape)
        same = who[later][after] == who[a]
        for kind, some in enumerate((cell, cell[same])):
            found[kind].ravel()[:] += np.bincount(some, minlength=found[kind].size)
    return found[0], found[1]


def _smooth(counts: Floats) -> Floats:
    """Return densities over places, smoothed by two places, nowhere zero."""
    reach = np.arange(-6, 7)
    kernel = np.exp(-0.5 * (reach / 2) ** 2)
    even = np.apply_along_axis(np.convolve, -1, counts + 1e-3, kernel / kernel.sum(), mode="same")
    return np.asarray(even / even.sum(axis=-1, keepdims=True))


def _best_move(seen: Floats, own: Floats, others: Floats) -> tuple[float | None, float]:
    """Return the share of greatest likelihood and how many pairs of one person it implies."""
    total = float(seen.sum())
    if not total:
        return None, 0.0
    best = (-np.inf, 0.0, 0.0)
    for move in _MOVES:
        moved = np.roll(own, -move, axis=-1)
        weight = 0.01
        for _ in range(_ROUNDS):
            both = weight * moved + (1 - weight) * others
            weight = float((seen * weight * moved / both).sum()) / total
        value = float((seen * np.log(weight * moved + (1 - weight) * others)).sum())
        best = max(best, (value, float(move), weight))
    _, move, weight = best
    mated = weight * total
    return (1 - float(np.exp(-move * _WIDTH)) if mated >= LEAST else None), mated
