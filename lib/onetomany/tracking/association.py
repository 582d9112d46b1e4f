"""Join sightings of many cameras into tracks: the best cover of all sightings by paths.

Each sighting has at most one sighting before and one after it in its person's day. All are chosen
at once (multiple-hypothesis data association as a flow or assignment: Zhang, Li and Nevatia,
'Global data association for multi-object tracking using network flows', CVPR 2008). A link's weight
is the log10 of how much likelier the data are if one person made both sightings in turn than if one
track ended and another began:

    face (bounded LLR) + transit (bounded LLR) + log10 [ share going on from a to b
        / (HORIZON x share ending at a x rate of new people at b) ]

The best cover is an assignment of successors, solved exactly. Then every link is weighed again by
the mean images of its track before and after it, and the cover is solved again. `true_id` is never
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.progress import ProgressBar
from .cover import (
    best_successors,
    chain_successors,
    link_probability,
    pairs_reaching,
    split_collisions,
)
from .likelihood import FaceLikelihood, Vectors, by_template, pair_quality
from .sighting_units import check_against_run, check_linkable
from .sightings import check_sightings
from .strands import join_strands
from .transit import (
    GAPS,
    HORIZON,
    WALK,
    Bodies,
    Floats,
    Rows,
    TransitModel,
    feasible,
    log_sighting_rate,
    place_bodies,
)

LINKS: dict[str, Any] = {
    "sighting_a": pl.Int64,
    "sighting_b": pl.Int64,  # the next of the same hypothesis; with `naive`, any other of it
    "score": pl.Float64,  # cosine of the two templates
    "llr_face": pl.Float64,  # bounded log10 LR of the images before and after; null with `naive`
    "llr_transit": pl.Float64,  # bounded log10 LR of the time between; null with `naive`
    "llr_bounded": pl.Float64,  # their sum
    "probability": pl.Float64,  # that it is right, all links together; null with `naive`
    "rivals": pl.Int64,  # other links of either sighting within MARGIN of this one
    "feasible": pl.Boolean,  # one body could make both
    "method": pl.String,  # "path cover" or "naive"
}
TRACKS: dict[str, Any] = {
    "hypothesis": pl.Int64,  # a number for one supposed person, not a name
    "sightings": pl.List(pl.Int64),  # in order of time
    "weakest_link": pl.Float64,  # lowest llr_bounded; null for a single sighting and with `naive`
    "alternatives": pl.Int64,  # rivals of its links, all together
}

RESERVE = 3.0  # log10 below zero down to which more images may still save a link
BLOCK = 512  # sightings of one camera multiplied together, at the most
SPAN = 3600.0  # s apart at most
EDGES = 200_000  # links weighed again at a time
SAMPLE = 1024  # sightings that represent strangers
MATES = 3  # so many of a sample's highest scores may be the person's own
NEARBY = 120.0  # m


@dataclass(frozen=True)
class AssociationSettings:
    """Set the effort of `associate` and the error of clocks.

    `neighbours`: candidate links kept for each sighting, the best first. `strangers`: how many
    non-mated sightings may pass the first look at scores, for each sighting. `rounds`: how often
    links are weighed with the images of the tracks so far. `images`: how many of them on each side.
    `window`: the share of next sightings within the cameras and gaps searched. `clock`: seconds by
    which the clocks of two cameras may still differ (see `clocks`).
    """

    neighbours: int = 12
    strangers: int = 120
    rounds: int = 4
    images: int = 8
    window: float = 0.998
    clock: float = 0.0


@dataclass(frozen=True)
class Association:
    """Store frames of LINKS and TRACKS, and how many candidate links were weighed."""

    links: pl.DataFrame
    tracks: pl.DataFrame
    candidates: int


@dataclass(frozen=True)
class _Candidates:
    """Store candidate links: rows a and b (b later), cosine, transit LLR, other weight."""

    a: Rows
    b: Rows
    score: NDArray[np.float32]
    transit: NDArray[np.float32]
    prior: NDArray[np.float32]


@dataclass(frozen=True)
class _Known:
    """Store n sightings in order of time, as the solver needs them."""

    seen: Bodies
    vectors: Vectors
    quality: Floats
    face: FaceLikelihood


def associate(
    sightings: pl.DataFrame,
    templates: Vectors,
    face: FaceLikelihood,
    transit: TransitModel,
    settings: AssociationSettings | None = None,
) -> Association:
    """Find the path cover of greatest weight: every sighting is in exactly one track.

    `templates` is (n, d), unit rows; `template_id` names the row of a sighting. Raises InputError
    for a sighting without template, or of a camera that the calibration run lacks.
    """
    settings = settings or AssociationSettings()
    check_linkable(sightings)
    check_sightings(sightings, templates)
    rows = hide_truth(sightings)
    codes = transit.codes(rows)
    check_against_run(rows, transit)
    quality = rows["quality"].to_numpy().astype(np.float64)
    seen = place_bodies(rows, codes)
    known = _Known(seen, by_template(rows, templates), quality, face)
    found = _candidates(known, transit, settings)
    of_pairs = pair_quality(quality[found.a], quality[found.b])
    llr = face.llr(found.score, of_pairs).astype(np.float32)
    successor = _solve(seen, found, llr, settings.clock)
    for _ in ProgressBar(range(settings.rounds), desc="weighing links again", delay=2, leave=False):
        llr = _llr_of_tracks(known, found, successor, settings.images)
        before, successor = successor, _solve(seen, found, llr, settings.clock)
        if (before == successor).all():
            break
    if transit.overlap.min(initial=0) < 0:
        found, successor = _joined(known, transit, found, successor, settings.clock)
        llr = _llr_of_tracks(known, found, successor, settings.images)
    return _frames(rows, found, llr, successor)


def cut_weak_links(found: Association, sightings: pl.DataFrame, probability: float) -> Association:
    """Cut tracks at links below a probability: fewer mixed, more broken tracks."""
    rows = hide_truth(sightings)
    links = found.links.filter(pl.col("probability") >= probability)
    place = dict(zip(rows["sighting_id"].to_list(), range(len(rows)), strict=True))
    a, b = (
        links[name].replace_strict(place, return_dtype=pl.Int64).to_numpy()
        for name in ("sighting_a", "sighting_b")
    )
    successor = np.full(len(rows), -1, np.int64)
    successor[a] = b
    return Association(
        links, tracks_of(rows, chain_successors(successor)[0], links), found.candidates
    )


def hide_truth(sightings: pl.DataFrame) -> pl.DataFrame:
    """Sort sightings by time and drop `true_id`, so that no way of linking can read it."""
    rows = sightings.drop("true_id", strict=False)
    return rows.sort("t_start", "t_end", "camera_id", "sighting_id")


def _candidates(known: _Known, transit: TransitModel, settings: AssociationSettings) -> _Candidates:
    """Return the best candidate links of each sighting, by weight; sorted by a, then b.

    For each ordered pair of cameras, blocks of sightings are multiplied with those that follow
    within the gaps that `window` of steps have. The best scores remain: for each sighting about
    `strangers` non-mated ones, more on busier ways.
    """
    seen, quality = known.seen, known.quality
    cameras = len(transit.cameras)
    where = [np.flatnonzero(seen.camera == camera) for camera in range(cameras)]
    starts = [seen.start[each] for each in where]
    new = log_sighting_rate(seen, starts) + transit.first[seen.camera] + np.log10(HORIZON)
    windows = _windows(transit, starts, settings.window)
    # almost all of any few hundred sightings are of others: their scores show strangers' scores
    some = known.vectors[np.random.default_rng(0).permutation(len(quality))[:SAMPLE]]
    gathered = [known.vectors[each] for each in where]
    parts: list[tuple[Any, ...]] = []
    blocks = [(a, *each) for a in range(cameras) for each in _blocks(starts[a])]
    for a, low, high in ProgressBar(blocks, desc="candidate links", delay=2, leave=False):
        rows, block = where[a][low:high], gathered[a][low:high]
        reached = np.ascontiguousarray(np.sort(block @ some.T, axis=1)[:, ::-1])
        begins, ends, passed = seen.start[rows], seen.end[rows], []
        for b in np.flatnonzero(np.isfinite(windows[a, :, 1])):
            # links go forward in time, within the error of clocks
            lowest = np.maximum(begins, ends + windows[a, b, 0]) - settings.clock
            first = np.searchsorted(starts[b], lowest)
            stop = np.searchsorted(starts[b], ends + windows[a, b, 1], side="right")
            left, right = first.min(), stop.max()
            if (stop <= first).all():
                continue
            share = settings.strangers * 10 ** transit.onward[a, b] / (stop - first).max()
            place = min(int(share * len(some)) + MATES, len(some))
            least = reached[:, place] if place < len(some) else np.full(len(rows), -2, np.float32)
            scores = block @ gathered[b][left:right].T
            one, two = pairs_reaching(
                scores, np.ascontiguousarray(least), first - left, stop - left
            )
            passed.append((rows[one], where[b][left + two], scores[one, two]))
        if passed:
            i, j, score = (np.concatenate(each) for each in zip(*passed, strict=True))
            overlap = transit.overlap[seen.camera[i], seen.camera[j]]
            able = feasible(
                seen, i, j, fastest=transit.fastest, overlap=overlap, clock=settings.clock
            )
            able &= j > i
            i, j, score = i[able], j[able], score[able]
            gap = seen.start[j] - seen.end[i]
            time = transit.llr(seen.camera[i], seen.camera[j], gap, settings.clock)
            prior = transit.onward[a, seen.camera[j]] - transit.last[a] - new[j]
            weight = known.face.llr(score, pair_quality(quality[i], quality[j])) + time + prior
            order = np.lexsort((j, -weight, i))
            order = order[weight[order] > -RESERVE]
            rank = np.arange(len(order)) - np.searchsorted(i[order], i[order])
            order = order[rank < settings.neighbours]
            light = (each[order].astype(np.float32) for each in (score, time, prior))
            parts.append((i[order], j[order], *light))
    if not parts:
        parts.append(tuple(np.empty(0, kind) for kind in ("i8", "i8", "f4", "f4", "f4")))
    whole = [np.concatenate(each) for each in zip(*parts, strict=True)]
    order = np.lexsort((whole[1], whole[0]))
    return _Candidates(*(each[order] for each in whole))


def _joined(
    known: _Known, transit: TransitModel, found: _Candidates, successor: Rows, clock: float
) -> tuple[_Candidates, Rows]:
    """Join crossing tracks (`strands`); add their links to the candidates."""
    seen, vectors, quality = known.seen, known.vectors, known.quality
    starts = [seen.start[seen.camera == camera] for camera in range(len(transit.cameras))]
    new = log_sighting_rate(seen, starts) + transit.first[seen.camera] + np.log10(HORIZON)

    def prior(a: Rows, b: Rows) -> Floats:
        one, two = seen.camera[a], seen.camera[b]
        return np.asarray(transit.onward[one, two] - transit.last[one] - new[b])

    def time(a: Rows, b: Rows) -> Floats:
        return transit.llr(seen.camera[a], seen.camera[b], seen.start[b] - seen.end[a], clock)

    def face(one: Rows, two: Rows) -> float:
        means = [quality[each] @ vectors[each] for each in (one, two)]
        score = means[0] @ means[1] / max(np.prod([np.linalg.norm(each) for each in means]), 1e-12)
        mass = [quality[each].sum(keepdims=True) for each in (one, two)]
        return float(known.face.llr(np.array([score]), pair_quality(*mass))[0])

    joined = join_strands(seen, successor, (found.a, found.b), face, clock=clock)
    count = len(joined)
    a = np.flatnonzero(joined >= 0)
    a = a[~np.isin(a * count + joined[a], found.a * count + found.b)]
    b = joined[a]
    score = np.einsum("ij,ij->i", vectors[a], vectors[b])
    more: tuple[NDArray[Any], ...] = (a, b, score, time(a, b), prior(a, b))
    old: tuple[NDArray[Any], ...] = (found.a, found.b, found.score, found.transit, found.prior)
    whole = [np.concatenate([x, y.astype(x.dtype)]) for x, y in zip(old, more, strict=True)]
    order = np.lexsort((whole[1], whole[0]))
    return _Candidates(*(each[order] for each in whole)), joined


def _blocks(times: Floats) -> list[tuple[int, int]]:
    """Return first and last (excluded) sightings of each block: few, and near in time."""
    span = np.floor(times / SPAN)
    edges = np.flatnonzero(np.r_[len(times) > 0, span[1:] != span[:-1]])
    runs = zip(edges, np.r_[edges, len(times)][1:], strict=True)
    return [(low, min(low + BLOCK, stop)) for at, stop in runs for low in range(at, stop, BLOCK)]


def _windows(transit: TransitModel, starts: list[Floats], window: float) -> Floats:
    """Return the gaps (s) searched for each pair of cameras, (C, C, 2); -inf for none.

    From each camera, cells of next camera and gap are taken in the order of next sightings per
    sighting to be compared, until they cover `window`. Added to these: a slow walk to every camera
    within NEARBY.
    """
    mass = transit.gaps * 10 ** transit.onward[:, :, None]
    crowd = np.maximum([len(times) for times in starts], 1)
    worth = mass / (crowd[:, None] * np.diff(GAPS))
    order = np.argsort(-worth.reshape(len(mass), -1), axis=1)
    held = np.cumsum(np.take_along_axis(mass.reshape(len(mass), -1), order, axis=1), axis=1)
    kept = np.zeros(order.shape, np.bool_)
    np.put_along_axis(kept, order, held <= window * held[:, -1:], axis=1)
    cells = kept.reshape(mass.shape)
    last = len(GAPS) - 2 - np.argmax(cells[:, :, ::-1], axis=2)
    ends = np.where(cells.any(axis=2), GAPS[last + 1], -np.inf)
    # cheap to search, and in crowds larger than in calibration people take detours
    near = np.where(transit.distance <= NEARBY, 2 * transit.distance / WALK + 30, -np.inf)
    ends = np.maximum(ends, near)
    return np.stack([transit.overlap, ends], axis=2)


def _solve(seen: Bodies, found: _Candidates, llr: NDArray[np.float32], clock: float) -> Rows:
    """Return the row of each sighting's successor, -1 at the end of its track."""
    weight = (llr + found.transit + found.prior).astype(np.float64)
    successor = best_successors(len(seen.start), found.a, found.b, weight)
    return split_collisions(seen, successor, clock)


def _llr_of_tracks(
    known: _Known, found: _Candidates, successor: Rows, images: int
) -> NDArray[np.float32]:
    """Return bounded log10 LRs of each candidate link: images before it against those after it.

    Up to so many images a side, as the tracks are now, averaged by quality.
    """
    vectors, quality = known.vectors, known.quality
    track, order, place = chain_successors(successor)
    sides = []
    for step in (-1, 1):
        total = vectors * quality[:, None].astype(np.float32)
        mass = quality.copy()
        for reach in range(1, images):
            near = place + step * reach
            near_row = order[np.clip(near, 0, len(order) - 1)]
            own = (near >= 0) & (near < len(order)) & (track[near_row] == track)
            if not own.any():
                break
            total[own] += vectors[near_row[own]] * quality[near_row[own], None].astype(np.float32)
            mass[own] += quality[near_row[own]]
        total /= np.maximum(np.sqrt(np.einsum("ij,ij->i", total, total)), 1e-12)[:, None]
        sides.append((total, mass))
    (before, mass_a), (after, mass_b) = sides
    llr = np.empty(len(found.a), np.float32)
    for start in range(0, len(llr), EDGES):
        a, b = found.a[start : start + EDGES], found.b[start : start + EDGES]
        score = np.einsum("ij,ij->i", before[a], after[b])
        llr[start : start + EDGES] = known.face.llr(score, pair_quality(mass_a[a], mass_b[b]))
    return llr


def _frames(
    rows: pl.DataFrame, found: _Candidates, llr: NDArray[np.float32], successor: Rows
) -> Association:
    weight = (llr + found.transit + found.prior).astype(np.float64)
    chosen = np.flatnonzero(successor[found.a] == found.b)
    a, b = found.a[chosen], found.b[chosen]
    probability, rivals = link_probability(len(rows), found.a, found.b, weight, chosen)
    links = pl.DataFrame(
        {
            "sighting_a": rows["sighting_id"].gather(a),
            "sighting_b": rows["sighting_id"].gather(b),
            "score": found.score[chosen],
            "llr_face": llr[chosen],
            "llr_transit": found.transit[chosen],
            "llr_bounded": llr[chosen] + found.transit[chosen],
            "probability": probability,
            "rivals": rivals,
        }
    ).with_columns(feasible=pl.lit(value=True), method=pl.lit("path cover"))
    links = links.select(pl.col(name).cast(kind) for name, kind in LINKS.items())
    return Association(links, tracks_of(rows, chain_successors(successor)[0], links), len(found.a))


def tracks_of(rows: pl.DataFrame, track: Rows, links: pl.DataFrame) -> pl.DataFrame:
    """Return TRACKS of ordered sightings, (n,) track numbers, and `LINKS`; first seen, first."""
    each = pl.DataFrame({"sighting_id": rows["sighting_id"], "track": track})
    weak = (
        links.join(each, left_on="sighting_a", right_on="sighting_id")
        .group_by("track")
        .agg(weakest_link=pl.col("llr_bounded").min(), alternatives=pl.col("rivals").sum())
    )
    tracks = (
        each.group_by("track", maintain_order=True)
        .agg(sightings="sighting_id")
        .join(weak, on="track", how="left", maintain_order="left")
        .with_columns(pl.col("alternatives").fill_null(0))
        .with_row_index("hypothesis")
    )
    return tracks.select(pl.col(name).cast(kind) for name, kind in TRACKS.items())
