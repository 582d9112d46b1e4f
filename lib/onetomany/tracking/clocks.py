"""Estimate how far each camera's clock is off, together with the links, and correct it.

A camera whose clock is ahead makes walks towards it look longer and walks from it shorter. A
labelled run with right clocks shows how long people take from one camera to another. In the run to
be linked, pairs of sightings whose faces alone match are taken first, whatever their times: medians
find clocks that are hours off, maximum likelihood those that are minutes off. Then sightings are
linked by the clocks corrected so far, and the times of links correct them further, in turn (after
Stauffer and Tieu, CVPR 2003, and Loy, Xiang and Gong, IJCV 90:1, 2010, who learn the ways between
cameras from such times). Only differences of clocks can be seen: offsets are relative to the median
clock of the largest group of cameras that people walk between without waiting (`clock_errors`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from . import clock_errors
from .association import associate
from .clock_likelihood import Times, differences, likeliest_offsets
from .likelihood import FaceLikelihood, Vectors, by_template, pair_quality
from .tracks import Association
from .transit import HORIZON, Floats, Rows, TransitModel

ROWS = 600  # sightings of a camera that are compared with all of another's
LEAST = 5  # pairs of one person that a pair of cameras needs, in either run
NEXT = 24  # cameras compared with each, those with the tightest times
SCALES = (120.0, 40.0, 12.0, 4.0)  # s: bandwidths for pairs by face alone, one after the other
FINER = ((4.0, 8.0), (1.5, 4.0), (0.6, 2.0), (0.4, 1.0))  # of links; s by which clocks may be off
SURE = 0.8  # probability of links whose times are used
ROUNDS = 20
OFFSETS = {
    "camera_id": pl.String,
    "offset": pl.Float64,  # s by which the clock is ahead of group 0's median; null: not seen
    "error": pl.Float64,  # its standard error, s: see `clock_errors`; null: not seen
    "links": pl.Int64,  # links from or to the camera that it is estimated from
    "group": pl.Int64,  # 0 is the largest; from one group to another people wait on every way
}


@dataclass(frozen=True)
class TravelTimes:
    """Store times (s) from leaving one camera to reaching another, from a labelled run.

    `times[a, b]` are all `t_start` at b less `t_end` at a of one person's sightings, by numbers of
    `cameras`; below zero if b came first. `steps` are those of consecutive sightings alone.
    `spread` (s) is each camera's offset between people who came early and late.
    """

    cameras: tuple[str, ...]
    times: Times
    steps: Times
    spread: Floats


def fit_travel_times(sightings: pl.DataFrame) -> TravelTimes:
    """Learn `TravelTimes` from a run whose clocks are right and whose `true_id` is known.

    Raises InputError if no two cameras saw LEAST people in common.
    """
    cameras = tuple(sightings["camera_id"].unique().sort().to_list())
    rows = _numbered(sightings, cameras, pl.col("true_id").alias("who"))
    both = rows.join(rows, on="who", suffix="_b").filter(pl.col("camera") != pl.col("camera_b"))
    times, steps = _usual(both), _following(rows)
    if not times:
        raise InputError(
            f"No two cameras of the labelled run have {LEAST} pairs of sightings of one person: "
            "clocks need a longer run."
        )
    came = rows.with_columns(came=pl.col("t_start").min().over("who"))
    middle = came.unique("who")["came"].median()
    early = came.filter(pl.col("came") <= middle)
    halves = [_following(each) for each in (early, came.filter(pl.col("came") > middle))]
    return TravelTimes(cameras, times, steps, clock_errors.half_spread(len(cameras), *halves))


def _following(rows: pl.DataFrame) -> Times:
    """Return times between consecutive sightings of one person, by cameras."""
    after = rows.sort("who", "t_start", "t_end").select(
        pl.all(), pl.all().exclude("who").shift(-1).over("who").name.suffix("_b")
    )
    return _usual(after.drop_nulls())


def _usual(pairs: pl.DataFrame) -> Times:
    """Return times between sightings (`t_end` to `t_start_b`) by cameras with at least LEAST."""
    within = pairs.with_columns(time=pl.col("t_start_b") - pl.col("t_end")).filter(
        pl.col("time").abs() < HORIZON, pl.col("camera") != pl.col("camera_b")
    )
    return {pair: times for pair, times in _by_pair(within).items() if len(times) >= LEAST}


def _by_pair(pairs: pl.DataFrame) -> Times:
    """Return the column `time` by cameras, in its order."""
    found = pairs.group_by("camera", "camera_b").agg("time").sort("camera", "camera_b")
    return {(a, b): np.asarray(each, np.float64) for a, b, each in found.iter_rows()}


def _numbered(sightings: pl.DataFrame, cameras: tuple[str, ...], who: pl.Expr) -> pl.DataFrame:
    """Return `who`, times and the number of the camera; null for one that is not among them."""
    number = pl.col("camera_id").replace_strict(
        cameras, range(len(cameras)), default=None, return_dtype=pl.Int64
    )
    return sightings.select(who, "t_start", "t_end", camera=number)


def associate_setting_clocks(
    sightings: pl.DataFrame,
    templates: Vectors,
    face: FaceLikelihood,
    transit: TransitModel,
    known: TravelTimes,
) -> tuple[Association, pl.DataFrame]:
    """Link sightings with corrected clocks; returns tracks and `OFFSETS`, each clock's error.

    `known` comes from the same labelled run as `transit`. `true_id` is not read. A camera with too
    few sure links to others has a null offset, and its times don't change. Raises InputError as
    `association.associate`.
    """
    rows = sightings.drop("true_id", strict=False)
    offsets, heard = _by_faces(rows, templates, face, known)
    seen: Times = {}
    for scale, apart in FINER:
        table = pl.DataFrame({"camera_id": known.cameras, "offset": offsets})
        found = associate(set_clocks(rows, table), templates, face, transit, clock=apart)
        seen = _of_links(rows, found, known)
        if not seen:
            break
        offsets = likeliest_offsets(offsets, scale, seen, known.steps)
    table = _table(offsets, heard, seen, known)
    right = set_clocks(rows, table)
    return associate(right, templates, face, transit, clock=FINER[-1][1] / 2), table


def _by_faces(
    rows: pl.DataFrame, templates: Vectors, face: FaceLikelihood, known: TravelTimes
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return offsets (cameras,) from faces alone, to some seconds, and which cameras connect."""
    rows = rows.sort("camera_id", "t_start", "sighting_id")
    vectors, camera = by_template(rows, templates), rows["camera_id"].to_numpy()
    place = [np.flatnonzero(camera == name) for name in known.cameras]
    start, end = rows["t_start"].to_numpy(), rows["t_end"].to_numpy()
    quality = rows["quality"].to_numpy().astype(np.float64)
    seen, first = {}, [np.empty(0, np.int64)]
    for a, b in ProgressBar(_worth_comparing(known), desc="sure pairs", delay=2, leave=False):
        one, two = _sure(vectors, quality, place[a], place[b], face)
        if len(one) >= LEAST:
            seen[a, b] = start[two] - end[one]
            first.append(one)
    rank = np.concatenate(first)
    # a sighting in many pairs doesn't say more than one in few
    weights = 1 / np.bincount(rank, minlength=len(rows))[rank]
    offsets, heard = _coarse(len(place), seen, known)
    for scale in SCALES if seen else ():
        offsets = likeliest_offsets(offsets, scale, seen, known.times, weights)
    return offsets, heard


def _of_links(rows: pl.DataFrame, found: Association, known: TravelTimes) -> Times:
    """Return times of sure links by cameras, by the uncorrected clocks."""
    # cameras nobody passed in the labelled run have no clock that could be compared
    ends = _numbered(rows, known.cameras, pl.col("sighting_id")).drop_nulls("camera")
    links = (
        found.links.filter(pl.col("probability") >= SURE)
        .join(ends, left_on="sighting_a", right_on="sighting_id")
        .join(ends, left_on="sighting_b", right_on="sighting_id", suffix="_b")
        .with_columns(time=pl.col("t_start_b") - pl.col("t_end"))
    )
    times = _by_pair(links.sort("time"))
    return {pair: each for pair, each in times.items() if pair in known.steps}


def _table(
    offsets: Floats, heard: NDArray[np.bool_], seen: Times, known: TravelTimes
) -> pl.DataFrame:
    """Return `OFFSETS`, relative to the median clock of group 0."""
    links = np.zeros(len(offsets), np.int64)
    for (a, b), each in seen.items():
        links[[a, b]] += len(each)
    group = clock_errors.walking_groups(len(offsets), known.steps)
    apart = clock_errors.group_errors(group, known.steps)[group]
    heard = heard & (links > 0) & np.isfinite(apart)
    scale = FINER[-1][0]
    within = clock_errors.offset_errors(
        offsets, heard, seen, known.steps, scale=scale, spread=known.spread
    )
    errors = np.hypot(within, apart)
    if (largest := heard & (group == 0)).any():
        offsets = offsets - np.median(offsets[largest])
    return pl.DataFrame(
        {
            "camera_id": known.cameras,
            "offset": np.where(heard, offsets, np.nan),
            "error": np.where(heard, errors, np.nan),
            "links": links,
            "group": group,
        },
        schema=OFFSETS,
    ).with_columns(pl.col("offset", "error").fill_nan(None))


def set_clocks(sightings: pl.DataFrame, offsets: pl.DataFrame) -> pl.DataFrame:
    """Return sightings with `t_start` and `t_end` by the median clock, from `OFFSETS`.

    Times of cameras with a null offset, or without one, don't change.
    """
    ahead = pl.col("offset").fill_null(0.0)
    return (
        sightings.join(
            offsets.select("camera_id", "offset"), on="camera_id", how="left", maintain_order="left"
        )
        .with_columns(pl.col("t_start", "t_end") - ahead)
        .drop("offset")
    )


def _worth_comparing(known: TravelTimes) -> list[tuple[int, int]]:
    """Return each camera's pairs to the NEXT others with the most informative times."""
    spread = {
        pair: (clock_errors.quantile_range(each) + 1.0) / np.sqrt(len(each))
        for pair, each in known.times.items()
    }
    kept = []
    for a in range(len(known.cameras)):
        own = sorted((s, pair) for pair, s in spread.items() if pair[0] == a)
        kept += [pair for _, pair in own[:NEXT]]
    return kept


def _sure(
    vectors: Vectors, quality: Floats, at_a: Rows, at_b: Rows, face: FaceLikelihood
) -> tuple[Rows, Rows]:
    """Return pairs of two cameras' sightings that match best both ways and are likely right.

    The face's ratio must outweigh that only one of b's sightings can be the right one.
    """
    at_a = at_a[:: max(1, -(-len(at_a) // ROWS))]
    if not len(at_a) or not len(at_b):
        return at_a[:0], at_b[:0]
    scores = vectors[at_a] @ vectors[at_b].T
    best = pair_quality(quality[at_a][:, None], quality[at_b])
    one, two = np.nonzero(face.llr(scores, best) > np.log10(len(at_b)))
    return at_a[one], at_b[two]


def _coarse(count: int, seen: Times, known: TravelTimes) -> tuple[Floats, NDArray[np.bool_]]:
    """Return offsets by medians, (count,), and which cameras connect.

    Least absolute errors: wrong pairs scatter around the same offset, so medians tolerate many of
    them.
    """
    heard = np.zeros(count, np.bool_)
    if not seen:
        return np.zeros(count), heard
    a, b = np.array([*seen]).T
    heard = clock_errors.linked_groups(count, seen) == 0
    shift = np.array([np.median(seen[p]) - np.median(known.times[p]) for p in seen])
    spread = np.array([clock_errors.quantile_range(known.times[p]) + 1.0 for p in seen])
    size = np.array([len(each) for each in seen.values()])
    sure = np.sqrt(size) / spread
    # their sum is zero: only differences can be estimated
    design = np.vstack([differences(a, b, count), np.ones(count)])
    target, offsets = np.append(shift, 0.0), np.zeros(count)
    for _ in range(ROUNDS):
        off = np.abs(design[:-1] @ offsets - shift) + spread / np.sqrt(size)
        root = np.append(sure / np.sqrt(sure * off), 1e-3)
        offsets = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
    return offsets, heard
