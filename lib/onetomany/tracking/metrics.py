"""Score tracks against the truth: HOTA, MOTA, IDF1 and ID measures across cameras.

Within a camera boxes must first be matched: HOTA (Luiten et al., IJCV 129, 2021), MOTA (Bernardin
and Stiefelhagen, EURASIP JIVP 2008) and IDF1 by the package `trackeval`, and all but HOTA again by
`motmetrics`. Across cameras: `identity`, the ID measures of Ristani et al. ('Performance measures
and a data set for multi-target, multi-camera tracking', ECCV workshops 2016): each person is given
at most one track and each track at most one person, so that as many sightings as possible agree.
IDF1 is the share that agrees.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from onetomany.errors import InputError
from onetomany.sources.tables import require_columns
from .mot import BOX

Floats = NDArray[np.float64]

MATCH = 0.5  # the least similarity of a match: overlap over union, or half of the reach
REACH = 2.0  # metres at which two points have similarity 0, as in trackeval for MOT 3D
PEDESTRIAN = 1
# people on vehicles, motionless behind glass, lookalikes, reflections: MOT16 to MOT20 count a
# track on one of them neither for nor against the tracker
DISTRACTORS = (2, 7, 8, 12)
BLOCK = 1024  # persons matched at once: whole components of the graph, so the result is the same


@dataclass(frozen=True)
class Scores:
    """Store a tracker's scores against the truth, shares from 0 to 1 (MOTA can be below).

    `hota`, `det_a`, `ass_a` are means over 19 thresholds of similarity, the rest is at `MATCH`.
    They are None from motmetrics, which lacks them; so are `fragments` and the persons
    `mostly_tracked` (in more than 80 % of their boxes) and `mostly_lost` (in less than 20 %), for
    which the two packages have different rules.
    """

    hota: float | None
    det_a: float | None
    ass_a: float | None
    mota: float
    idf1: float
    idp: float
    idr: float
    id_switches: int
    false_positives: int
    misses: int
    fragments: int | None  # how often a person was lost and found again
    boxes: int  # of the truth
    tracked: int  # boxes in tracks
    mostly_tracked: int | None = None  # persons
    mostly_lost: int | None = None


@dataclass(frozen=True)
class Identity:
    """Count sightings that agree, are in a wrong track or are missing, and switches.

    `idtp` agree, `idfp` are in somebody else's track, `idfn` are missing from their own; `switches`
    is how often a person's track changed.
    """

    idtp: int
    idfp: int
    idfn: int
    switches: int

    @property
    def idf1(self) -> float:
        """Return 2 idtp / (sightings of persons + sightings in tracks); 0 without sightings."""
        return self.idtp / max(1.0, self.idtp + (self.idfp + self.idfn) / 2)

    @property
    def idp(self) -> float:
        """Return the share of the sightings in tracks that agree."""
        return self.idtp / max(1, self.idtp + self.idfp)

    @property
    def idr(self) -> float:
        """Return the share of the persons' sightings that agree."""
        return self.idtp / max(1, self.idtp + self.idfn)


def score_tracks(truth: pl.DataFrame, tracks: pl.DataFrame) -> Scores:
    """Score boxes in tracks (`MOT`) against true ones, by trackeval.

    As the MOT Challenge does: true boxes of confidence 0 are left out; if `class` is given, only
    pedestrians count, and tracks on `DISTRACTORS` are not counted. Raises InputError if a column,
    an id or a number is missing, or an id occurs twice in a frame.
    """
    return _by_trackeval(_compared(truth, tracks, BOX, _overlap))


def score_tracks_again(truth: pl.DataFrame, tracks: pl.DataFrame, *, forget: bool = True) -> Scores:
    """Score the same by motmetrics, whose measures were written independently.

    motmetrics continues a match from any earlier frame; the MOT Challenge's present code,
    trackeval, only from the frame before. With `forget`, matches missing from the frame before are
    removed from motmetrics' memory, and switches are counted in its list of matches, so that both
    follow one rule. Without it, motmetrics runs unchanged.

    Raises InputError as `score_tracks` does.
    """
    from motmetrics.distances import boxiou

    # not its iou_matrix, which calls np.asfarray: numpy 2 has none
    pairs = _compared(truth, tracks, BOX, lambda a, b: np.asarray(boxiou(a[:, None], b[None])))
    return _by_motmetrics(pairs, forget)


def score_points(truth: pl.DataFrame, tracks: pl.DataFrame, *, reach: float = REACH) -> Scores:
    """Score points x, y in metres (with frame and id) against true ones, by trackeval.

    Similarity falls from 1 to 0 at `reach` metres, so half of it is the farthest match.
    """

    def near(here: Floats, there: Floats) -> Floats:
        apart = np.linalg.norm(here[:, None] - there[None], axis=2)
        return np.asarray(np.maximum(0, 1 - apart / reach))

    return _by_trackeval(_compared(truth, tracks, ("x", "y"), near))


@dataclass(frozen=True)
class _Compared:
    """Store per frame the codes of persons and tracks from 0, and their similarities."""

    truth: list[NDArray[np.int64]]
    tracks: list[NDArray[np.int64]]
    similarity: list[Floats]


def _compared(
    truth: pl.DataFrame,
    tracks: pl.DataFrame,
    place: tuple[str, ...],
    alike: Callable[[Floats, Floats], Floats],
) -> _Compared:
    _check_scorable("The truth", truth, place)
    _check_scorable("The tracks", tracks, place)
    conf = pl.col("conf").fill_null(1) if "conf" in truth.columns else pl.lit(1)
    kind = pl.col("class").fill_null(PEDESTRIAN) if "class" in truth.columns else pl.lit(PEDESTRIAN)
    counted = (conf != 0) & (kind == PEDESTRIAN)
    left = truth.with_columns(counted=counted, distracting=kind.is_in(DISTRACTORS)).sort("frame")
    right = tracks.sort("frame")
    if not left["counted"].any():
        raise InputError("The truth has no box to score against.")
    frames = np.union1d(left["frame"].to_numpy(), right["frame"].to_numpy())
    persons, tracked, similarity = [], [], []
    for (who, here, keep, distract), (ids, there) in zip(
        _by_frame(left, frames, place, "counted", "distracting"),
        _by_frame(right, frames, place),
        strict=True,
    ):
        same = alike(here, there).reshape(len(here), len(there))
        spared = np.ones(len(there), dtype=bool)
        if same.size and distract.any():
            strong = np.where(same < MATCH - np.finfo(float).eps, 0, same)
            rows, columns = linear_sum_assignment(strong, maximize=True)
            spared[columns[(strong[rows, columns] > 0) & distract[rows]]] = False
        persons.append(who[keep])
        tracked.append(ids[spared])
        similarity.append(same[np.ix_(keep, spared)])
    return _Compared(_codes(persons), _codes(tracked), similarity)


def _check_scorable(name: str, boxes: pl.DataFrame, place: tuple[str, ...]) -> None:
    require_columns(boxes, ("frame", "id", *place), name)
    if not boxes.select((pl.col("id") >= 0).fill_null(False).all()).item():
        raise InputError(f"{name} have a row without an id: detections alone can't be scored.")
    if boxes.select(pl.struct("frame", "id").is_duplicated().any()).item():
        raise InputError(f"{name} have an id that occurs twice in a frame.")
    finite = pl.all_horizontal(pl.col(place).is_finite().fill_null(False))
    if not boxes.select(finite.all()).item():
        raise InputError(f"{name} have a row whose place is not a number.")


def _by_frame(
    boxes: pl.DataFrame, frames: NDArray[Any], place: tuple[str, ...], *names: str
) -> Iterator[tuple[Any, ...]]:
    """Yield ids, places and other columns of each frame's rows, which are sorted by frame."""
    ends = np.searchsorted(boxes["frame"].to_numpy(), frames, side="right")[:-1]
    places = boxes.select(place).to_numpy().astype(np.float64)
    columns = (boxes["id"].to_numpy(), places, *(boxes[name].to_numpy() for name in names))
    return zip(*(np.split(each, ends) for each in columns), strict=True)


def _overlap(one: Floats, other: Floats) -> Floats:
    """Return intersection over union of boxes left, top, width, height: (of one, of other)."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum((one[:, :2] + one[:, 2:])[:, None], (other[:, :2] + other[:, 2:])[None])
    shared = np.prod(np.maximum(0, high - low), axis=2)
    areas = np.prod(one[:, 2:], axis=1)[:, None] + np.prod(other[:, 2:], axis=1)[None]
    return np.asarray(shared / (areas - shared))


def _codes(ids: list[Any]) -> list[NDArray[np.int64]]:
    if not ids:
        return []
    codes = np.unique(np.concatenate(ids), return_inverse=True)[1].astype(np.int64)
    return np.split(codes, np.cumsum([len(each) for each in ids])[:-1])


def _by_trackeval(pairs: _Compared) -> Scores:
    from trackeval.metrics import CLEAR, HOTA
    from trackeval.metrics import Identity as TrackevalIdentity

    boxes, tracked = (sum(map(len, side)) for side in (pairs.truth, pairs.tracks))
    data = {
        "gt_ids": pairs.truth,
        "tracker_ids": pairs.tracks,
        "similarity_scores": pairs.similarity,
        "num_gt_dets": boxes,
        "num_tracker_dets": tracked,
        "num_gt_ids": max((int(each.max()) + 1 for each in pairs.truth if len(each)), default=0),
        "num_tracker_ids": max(
            (int(each.max()) + 1 for each in pairs.tracks if len(each)), default=0
        ),
        "num_timesteps": len(pairs.truth),
    }
    quiet = {"PRINT_CONFIG": False, "THRESHOLD": MATCH}
    clear = CLEAR(quiet).eval_sequence(data)
    ids = TrackevalIdentity(quiet).eval_sequence(data)
    hota = HOTA().eval_sequence(data)
    return Scores(
        hota=float(np.mean(hota["HOTA"])),
        det_a=float(np.mean(hota["DetA"])),
        ass_a=float(np.mean(hota["AssA"])),
        mota=float(clear["MOTA"]),
        idf1=float(ids["IDF1"]),
        idp=float(ids["IDP"]),
        idr=float(ids["IDR"]),
        id_switches=int(clear["IDSW"]),
        false_positives=int(clear["CLR_FP"]),
        misses=int(clear["CLR_FN"]),
        fragments=int(clear["Frag"]),
        boxes=boxes,
        tracked=tracked,
        mostly_tracked=int(clear["MT"]),
        mostly_lost=int(clear["ML"]),
    )


def _by_motmetrics(pairs: _Compared, forget: bool) -> Scores:
    import motmetrics

    events = motmetrics.MOTAccumulator(auto_id=True)
    for persons, tracked, same in zip(pairs.truth, pairs.tracks, pairs.similarity, strict=True):
        frame = events.update(persons, tracked, np.where(same >= MATCH, 1 - same, np.nan))
        if forget and same.size:
            held = events.last_match
            events.m = {who: track for who, track in events.m.items() if held.get(who) == frame}
    names = "idf1 idp idr num_switches num_false_positives num_misses"
    row = motmetrics.metrics.create().compute(events, metrics=names.split()).iloc[0].fillna(0)
    switches = int(row["num_switches"])
    if forget:
        matches = events.mot_events
        matches = matches[matches["Type"].isin(["MATCH", "SWITCH"])]
        before = matches.groupby("OId")["HId"].shift()
        switches = int((before.notna() & (before != matches["HId"])).sum())
    false, misses = int(row["num_false_positives"]), int(row["num_misses"])
    boxes = sum(map(len, pairs.truth))
    return Scores(
        hota=None,
        det_a=None,
        ass_a=None,
        mota=1 - (misses + false + switches) / boxes,
        idf1=float(row["idf1"]),
        idp=float(row["idp"]),
        idr=float(row["idr"]),
        id_switches=switches,
        false_positives=false,
        misses=misses,
        fragments=None,
        boxes=boxes,
        tracked=sum(map(len, pairs.tracks)),
    )


def identity(sightings: pl.DataFrame) -> Identity:
    """Calculate ID measures over a whole system of sightings, each in one track.

    `sightings`: `true_id` (null: a false detection) and `track_id` (null: in no track) of any type,
    one row a sighting, in order of time. A million sightings of 100,000 persons take seconds: only
    pairs that ever met are weighed, each connected component by itself. Raises InputError if a
    column is missing.
    """
    if missing := {"true_id", "track_id"} - set(sightings.columns):
        raise InputError(f"identity needs a column {' and '.join(sorted(missing))}.")
    frame = sightings.select("true_id", "track_id")
    both = frame.drop_nulls()
    met = (
        both.group_by("true_id", "track_id")
        .len()
        .select(
            (pl.col("true_id").rank("dense") - 1).alias("person"),
            (pl.col("track_id").rank("dense") - 1).alias("track"),
            pl.col("len").cast(pl.Float64).alias("times"),
        )
        .sort("person", "track")
    )
    agreed = _most_agreement(met)
    persons = frame.height - frame["true_id"].null_count()
    tracked = frame.height - frame["track_id"].null_count()
    changed = pl.col("track_id") != pl.col("track_id").shift().over("true_id")
    switches = both.select(changed.sum()).item()
    return Identity(agreed, tracked - agreed, persons - agreed, int(switches))


def _most_agreement(met: pl.DataFrame) -> int:
    """Return the greatest sum of `times` over pairs, no person or track used twice.

    A pair that met more often than its two best alternatives together is in some best solution:
    such pairs are taken first, which splits most components; the rest is solved exactly.
    """
    taken = 0.0
    while met.height:
        rivals = met.with_columns(
            (pl.col("times").sort(descending=True).get(1, null_on_oob=True))
            .over(side)
            .fill_null(0)
            .alias(f"second_{side}")
            for side in ("person", "track")
        )
        sure = rivals.filter(
            (pl.col("times") == pl.col("times").max().over("person"))
            & (pl.col("times") == pl.col("times").max().over("track"))
            & (pl.col("times") >= pl.col("second_person") + pl.col("second_track"))
        ).unique("person", maintain_order=True)
        sure = sure.unique("track", maintain_order=True)
        if not sure.height:
            break
        taken += float(sure["times"].sum())
        met = met.join(sure, on="person", how="anti").join(sure, on="track", how="anti")
    return round(taken + sum(_matched(block) for block in _blocks(met)))


def _blocks(met: pl.DataFrame) -> list[pl.DataFrame]:
    """Divide the pairs into whole connected components, about BLOCK persons together."""
    if not met.height:
        return []
    person = met["person"].rank("dense").to_numpy().astype(np.int64) - 1
    track = met["track"].rank("dense").to_numpy().astype(np.int64) - 1
    persons = int(person.max()) + 1
    nodes = persons + int(track.max()) + 1
    graph = coo_array((np.ones(met.height), (person, persons + track)), shape=(nodes, nodes))
    label = connected_components(graph, directed=False)[1][person]
    size = np.bincount(label[np.unique(person, return_index=True)[1]])
    block: NDArray[np.int64] = (np.cumsum(size) // BLOCK)[label]
    return met.with_columns(block=pl.Series(block)).partition_by("block", maintain_order=True)


def _matched(met: pl.DataFrame) -> float:
    person = met["person"].rank("dense").to_numpy().astype(np.int64) - 1
    track = met["track"].rank("dense").to_numpy().astype(np.int64) - 1
    persons, tracks = int(person.max()) + 1, int(track.max()) + 1
    # each person also has a place of its own worth nothing; weights are all raised by 1, since
    # the solver takes 0 for "no edge", and every full matching has one edge a person
    own = np.arange(persons)
    weights = csr_array(
        coo_array(
            (
                np.concatenate([met["times"].to_numpy() + 1, np.ones(persons)]),
                (np.concatenate([person, own]), np.concatenate([track, tracks + own])),
            ),
            shape=(persons, tracks + persons),
        )
    )
    rows, columns = min_weight_full_bipartite_matching(weights, maximize=True)
    return float(weights[rows, columns].sum() - persons)
