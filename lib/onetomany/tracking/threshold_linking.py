"""Link sightings by a score threshold alone, and calibrate that threshold.

Link two sightings if their score reaches the threshold, then take connected components. That is
single-linkage clustering, so that the components at every threshold follow from one maximum
spanning forest (Gower and Ross, Applied Statistics 18:1, 1969).

A fixed false match rate makes this method look worse than necessary: the labelled run that the path
cover learns from also shows at which threshold the components agree best with its people
(`calibrated_threshold`). Both methods then learn from the same run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources.tables import require_columns
from .cover import linked_components
from .evaluation import mixed_and_broken
from .likelihood import Vectors, by_template
from .metrics import identity
from .sightings import WANTED, check_linkable, check_sightings
from .tracks import Association, association_of, hide_truth
from .transit import Floats, Rows, feasible, place_bodies

BLOCK = 512  # sightings multiplied with all later ones at a time
MOST = 100_000  # sightings whose pairs are compared in less than an hour
LOOSEST = 1e-3  # false match rate of the lowest threshold of a sweep
SWEEP = 48  # thresholds of a sweep

CURVE = {
    "threshold": pl.Float64,  # cosine at or above which two sightings are linked
    "fmr": pl.Float64,  # pairs of two people that reach it, of this run
    "idf1": pl.Float64,  # of the connected components
    "mixed": pl.Float64,  # people in a component with somebody else
    "broken": pl.Float64,  # people in more than one component
}


def link_by_threshold(sightings: pl.DataFrame, templates: Vectors, threshold: float) -> Association:
    """Link two sightings if their score reaches `threshold`, then take connected components.

    All pairs are compared, whatever their time. Returns `tracks.Association`, whose links
    have a score but no likelihood ratio. Raises InputError as `association.associate`, and above
    100,000 sightings, whose pairs take hours.
    """
    _check_size(len(sightings))
    check_linkable(sightings)
    check_sightings(sightings, templates)
    rows = hide_truth(sightings)
    a, b, score = _reaching(by_template(rows, templates), threshold)
    ids = rows["sighting_id"]
    links = pl.DataFrame(
        {
            "sighting_a": ids.gather(a),
            "sighting_b": ids.gather(b),
            "score": score,
            "feasible": feasible(place_bodies(rows), a, b),
        }
    ).with_columns(rivals=pl.lit(0), method=pl.lit("naive"))
    return association_of(rows, links)


def threshold_curve(
    sightings: pl.DataFrame,
    templates: Vectors,
    thresholds: Sequence[float] | None = None,
) -> pl.DataFrame:
    """Return the errors of the components at each threshold (`CURVE`), lowest first.

    `true_id` says who is who. Without `thresholds`, 48 from a false match
    rate of 1e-3 on this run up to its highest score. Raises InputError for a run in which nobody
    was seen twice or only one person was seen, and above 100,000 sightings.

    >>> import numpy as np, polars as pl
    >>> seen = pl.DataFrame({"sighting_id": [0, 1, 2], "camera_id": ["a", "b", "a"],
    ...     "t_start": [0.0, 9.0, 20.0], "t_end": [1.0, 10.0, 21.0], "template_id": [0, 1, 2],
    ...     "true_id": [7, 7, 8]})
    >>> faces = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    >>> threshold_curve(seen, faces, [0.5, 0.7, 0.9])["mixed"].to_list()
    [1.0, 0.0, 0.0]
    """
    require_columns(sightings, (*WANTED, "true_id"), "The sightings of a calibration run")
    rows = sightings.sort("t_start", "t_end", "camera_id", "sighting_id")
    vectors, who = by_template(rows, templates), rows["true_id"].to_numpy()
    low = _score_at(vectors, who, LOOSEST) if thresholds is None else min(thresholds)
    a, b, score = _reaching(vectors, low)
    false = score[who[a] != who[b]]
    own = np.unique(who, return_counts=True)[1].astype(np.float64)
    of_one = float((own * (own - 1) / 2).sum())
    of_two = len(who) * (len(who) - 1) / 2 - of_one
    if not of_one or not of_two:
        raise InputError("A curve needs two people or more, of whom one is seen twice.")
    if thresholds is None:
        top = max(float(score.max(initial=low)), low + 1e-6)
        thresholds = [*np.linspace(low, top, SWEEP)]
    forest = _forest(a, b, score, len(who))
    people = rows.select("true_id")
    found = []
    for cut in ProgressBar(sorted(thresholds), desc="thresholds", delay=2, leave=False):
        rate = (false >= cut).sum() / of_two
        found.append((cut, rate, *_errors(people, forest, cut)))
    return pl.DataFrame(found, schema=CURVE, orient="row")


def calibrated_threshold(sightings: pl.DataFrame, templates: Vectors) -> float:
    """Return the threshold whose components have the highest IDF1 on a calibration run.

    Of equal ones, the middle. Raises InputError as `threshold_curve`.
    """
    curve = threshold_curve(sightings, templates)
    best = curve.filter(pl.col("idf1") >= pl.col("idf1").max() - 1e-12)["threshold"]
    return float(best[len(best) // 2])


def link_threshold_at_fmr(sightings: pl.DataFrame, templates: Vectors, fmr: float) -> float:
    """Return the score that a share `fmr` of all pairs of two people of a run reaches."""
    require_columns(sightings, ["true_id"], "The sightings of a calibration run")
    return _score_at(by_template(sightings, templates), sightings["true_id"].to_numpy(), fmr)


def _score_at(vectors: Vectors, who: NDArray[np.generic], fmr: float) -> float:
    """Return the score that a share `fmr` of all pairs of two people reaches, in blocks."""
    _check_size(len(who))
    own = np.unique(who, return_counts=True)[1].astype(np.float64)
    kept = int(fmr * (len(who) * (len(who) - 1) / 2 - (own * (own - 1) / 2).sum())) + 1
    best = np.empty(0, np.float32)
    for start in range(0, len(who), BLOCK):
        scores = vectors[start : start + BLOCK] @ vectors[start:].T
        strangers = np.triu(who[start : start + BLOCK, None] != who[start:], k=1)
        best = np.concatenate([best, scores[strangers]])
        if len(best) > kept:
            best = np.partition(best, len(best) - kept)[-kept:]
    if not len(best):
        raise InputError("A false match rate needs two people or more.")
    return float(best.min())


def _reaching(vectors: Vectors, threshold: float) -> tuple[Rows, Rows, NDArray[np.float32]]:
    """Return pairs of rows, the earlier first, and their scores, at or above a threshold."""
    _check_size(len(vectors))
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for start in ProgressBar(range(0, len(vectors), BLOCK), desc="pairs", delay=2, leave=False):
        scores = vectors[start : start + BLOCK] @ vectors[start:].T
        one, two = np.nonzero(np.triu(scores >= threshold, k=1))
        parts.append((one + start, two + start, scores[one, two]))
    a, b, score = (np.concatenate(each) for each in zip(*parts, strict=True))
    return a, b, score


def _check_size(count: int) -> None:
    if count > MOST:
        raise InputError(
            f"All pairs of {count:,} sightings would take hours: give {MOST:,} or fewer."
        )


def _forest(a: Rows, b: Rows, score: NDArray[np.float32], count: int) -> tuple[Rows, Rows, Floats]:
    """Return ends and scores of the maximum spanning forest, which joins components."""
    # costs of 1 to 4: a sparse matrix can't store zeros
    cost = coo_array((3.0 - score.astype(np.float64), (a, b)), shape=(count, count))
    tree = minimum_spanning_tree(cost.tocsr()).tocoo()
    return tree.row.astype(np.int64), tree.col.astype(np.int64), 3.0 - tree.data


def _errors(
    people: pl.DataFrame, forest: tuple[Rows, Rows, Floats], cut: float
) -> tuple[float, float, float]:
    """Return IDF1 of the components at a threshold, and shares of people mixed and broken."""
    a, b, score = forest
    kept = score >= cut - 1e-9  # the costs were rounded once
    track = linked_components(len(people), a[kept], b[kept])
    rows = people.with_columns(track_id=pl.Series(track))
    mixed, broken = (
        mixed_and_broken(rows, "track_id").select(pl.col("mixed", "broken").mean()).row(0)
    )
    return identity(rows).idf1, mixed, broken
