"""Count errors of tracks across cameras with the truth that only a simulation has.

Pairs are all pairs of sightings in one track: precision is the share of them that are of one
person, recall the share of each person's pairs that are in one track (the pairwise counts of
clustering, Rand, JASA 66:336, 1971). One wrong link in the middle of a day spoils many pairs.
"""

import numpy as np
import polars as pl

from onetomany.accuracy.intervals import ratio_interval
from onetomany.errors import InputError
from .cover import linked_components
from .metrics import identity
from .tracks import Association, link_ends, with_hypotheses
from .transit import Floats, Rows

STEPS = 40  # cuts tried for precision at a recall
RECALL = 0.90

ERRORS = {
    "method": pl.String,
    "pair_precision": pl.Float64,
    "pair_recall": pl.Float64,
    "precision_at_recall": pl.Float64,  # best at RECALL, weak links cut; null: never reached
    "link_precision": pl.Float64,  # links whose two sightings are of one person
    "mean_probability": pl.Float64,  # of links: the method's own estimate of that precision
    "next_recall": pl.Float64,  # of sightings with a next one, those linked to it
    "idf1": pl.Float64,
    "infeasible": pl.Float64,  # links that no body can make
    "mixed": pl.Float64,  # passengers in a track with somebody else
    "mixed_low": pl.Float64,  # 95 %, by passenger
    "mixed_high": pl.Float64,
    "broken": pl.Float64,  # passengers in more than one track
    "tracks": pl.Int64,
    "passengers": pl.Int64,
    "sightings": pl.Int64,
}


def track_errors(sightings: pl.DataFrame, found: Association) -> pl.DataFrame:
    """Return one row of ERRORS: tracks compared with `true_id`.

    For precision at RECALL the weakest links are cut bit by bit: by probability, or by score if the
    method has none. Raises InputError if a sighting has no `true_id`, or is in no track.
    """
    if "true_id" not in sightings.columns or sightings["true_id"].null_count():
        raise InputError("Errors need the truth: true_id must be filled in every sighting.")
    rows = with_hypotheses(sightings.sort("t_start", "sighting_id"), found.tracks)
    if rows["hypothesis"].null_count() or len(rows) != len(sightings):
        raise InputError("Each sighting must be in exactly one track: give those of the same run.")
    who, track = (
        np.unique(rows[name].to_numpy(), return_inverse=True)[1].astype(np.int64)
        for name in ("true_id", "hypothesis")
    )
    a, b = link_ends(found.links, rows)
    same = who[a] == who[b]
    precision, recall = _pairs(who, track)
    order = np.argsort(who, kind="stable")
    following = np.full(len(who), -1, np.int64)
    steps = who[order[1:]] == who[order[:-1]]
    following[order[:-1][steps]] = order[1:][steps]
    people = mixed_and_broken(rows, "hypothesis")
    mixed = people["mixed"].to_numpy()
    share = ratio_interval(mixed, np.ones(len(mixed)))
    agreed = identity(rows.select("true_id", track_id="hypothesis"))
    row = {
        "method": found.links["method"].first() or "none",
        "pair_precision": precision,
        "pair_recall": recall,
        "precision_at_recall": _at_recall(who, a, b, found),
        "link_precision": float(same.mean()) if len(a) else None,
        "mean_probability": found.links["probability"].mean(),
        "next_recall": float((following[a] == b).sum() / max(1, steps.sum())),
        "idf1": agreed.idf1,
        "infeasible": float((~found.links["feasible"].to_numpy()).mean()) if len(a) else None,
        "mixed": float(mixed.mean()),
        "mixed_low": share.low,
        "mixed_high": share.high,
        "broken": float(people["broken"].to_numpy().mean()),
        "tracks": len(found.tracks),
        "passengers": len(people),
        "sightings": len(rows),
    }
    return pl.DataFrame([row], schema=ERRORS)


def mixed_and_broken(rows: pl.DataFrame, track: str) -> pl.DataFrame:
    """Return whether each `true_id` shares a track with somebody (`mixed`), or has several."""
    met = rows.select("true_id", track).unique().with_columns(shared=pl.len().over(track) > 1)
    return met.group_by("true_id").agg(mixed=pl.col("shared").any(), broken=pl.len() > 1)


def _pairs(who: Rows, track: Rows) -> tuple[float, float]:
    """Return precision and recall over all pairs of sightings in one track."""

    def pairs(*labels: Rows) -> float:
        key = labels[0] if len(labels) == 1 else labels[0] * (int(labels[1].max()) + 1) + labels[1]
        size = np.unique(key, return_counts=True)[1].astype(np.float64)
        return float((size * (size - 1) / 2).sum())

    both, of_tracks, of_people = pairs(who, track), pairs(track), pairs(who)
    return both / of_tracks if of_tracks else 1.0, both / of_people if of_people else 1.0


def _at_recall(who: Rows, a: Rows, b: Rows, found: Association) -> float | None:
    scored = "score" if found.links["probability"].null_count() else "probability"
    strength: Floats = found.links[scored].to_numpy()
    best = None
    if not len(a):
        return best
    for cut in np.unique(np.quantile(strength, np.linspace(0, 1, STEPS))):
        kept = strength >= cut
        precision, recall = _pairs(who, linked_components(len(who), a[kept], b[kept]))
        if recall < RECALL:
            break
        best = max(best or 0.0, precision)
    return best
