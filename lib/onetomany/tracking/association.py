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

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

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
from .sightings import check_against_run, check_linkable, check_sightings
from .strands import join_strands
from .tracks import Association, association_of, hide_truth
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

RESERVE = 3.0  # log10 below zero down to which more images may still save a link
BLOCK = 512  # sightings of one camera multiplied together, at the most
SPAN = 3600.0  # s apart at most
EDGES = 200_000  # links weighed again at a time
SAMPLE = 1024  # sightings that represent strangers
MATES = 3  # so many of a sample's highest scores may be the person's own
NEARBY = 120.0  # m
NEIGHBOURS = 12  # candidate links kept for each sighting, the best first
STRANGERS = 120  # non-mated sightings that may pass the first look at scores, for each sighting
ROUNDS = 4  # times that links are weighed with the images of the tracks so far
IMAGES = 8  # of a track on each side of a link
WINDOW = 0.998  # share of next sightings within the cameras and gaps searched


Part = tuple[NDArray[Any], ...]  # some links: the columns of `_Candidates`


@dataclass(frozen=True)
class _Candidates:
    """Store candidate links: rows a and b (b later), cosine, transit LLR, other weight."""

    a: Rows
    b: Rows
    score: NDArray[np.float32]
    transit: NDArray[np.float32]
    prior: NDArray[np.float32]

    @classmethod
    def ordered(cls, parts: list[Part]) -> Self:
        """Return links of all parts, sorted by a, then b."""
        whole = [np.concatenate(each) for each in zip(*parts, strict=True)]
        order = np.lexsort((whole[1], whole[0]))
        return cls(*(each[order] for each in whole))

    def weights(self, llr: NDArray[np.float32]) -> Floats:
        """Return log10 weights of links whose faces have the ratios `llr`."""
        return (llr + self.transit + self.prior).astype(np.float64)


@dataclass(frozen=True)
class _Known:
    """Store n sightings in order of time, and the weights of their links."""

    seen: Bodies
    vectors: Vectors
    quality: Floats
    face: FaceLikelihood
    transit: TransitModel
    clock: float

    @cached_property
    def starts(self) -> list[Floats]:
        """Return the times at which each camera's sightings begin."""
        cameras = range(len(self.transit.cameras))
        return [self.seen.start[self.seen.camera == camera] for camera in cameras]

    @cached_property
    def new(self) -> Floats:
        """Return log10 of new people at each sighting's camera within the horizon, (n,)."""
        rate = log_sighting_rate(self.seen, self.starts)
        return np.asarray(rate + self.transit.first[self.seen.camera] + np.log10(HORIZON))

    def times_and_priors(self, a: Rows, b: Rows) -> tuple[Floats, Floats]:
        """Return the transit LLR of links between rows, and the log10 of going on over ending."""
        one, two = self.seen.camera[a], self.seen.camera[b]
        time = self.transit.llr(one, two, self.seen.start[b] - self.seen.end[a], self.clock)
        return time, self.transit.onward[one, two] - self.transit.last[one] - self.new[b]


def associate(
    sightings: pl.DataFrame,
    templates: Vectors,
    face: FaceLikelihood,
    transit: TransitModel,
    *,
    window: float = WINDOW,
    clock: float = 0.0,
) -> Association:
    """Find the path cover of greatest weight: every sighting is in exactly one track.

    `sightings` is a frame of `terminal.simulate` or of your own (docs/tracking-across.md).
    `templates` is (n, d), unit rows; `template_id` names the row of a sighting. `face` and
    `transit` are fitted to another, labelled run (`fit_face`, `fit_transit`). Cameras and gaps are
    searched that hold a share `window` of next sightings. The clocks of two cameras may differ by
    `clock` seconds (see `clocks`).

    Returns an `Association`: `tracks`, a row for each supposed person with its `sightings` in order
    of time, and `links`, each with its log10 likelihood ratios.

    Raises InputError for a sighting without template, or of a camera that the calibration run
    lacks.

    >>> import numpy as np
    >>> import onetomany as otm
    >>> def draw(seen, seed):  # simulated templates: a place for each person, and noise
    ...     random = np.random.default_rng(seed)
    ...     own = random.normal(size=(seen["true_id"].max() + 1, 32))[seen["true_id"]]
    ...     drawn = own + 0.3 * random.normal(size=own.shape)
    ...     return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    >>> layout = otm.load_layout()
    >>> known = otm.simulate(layout, 15, seed=8, seconds=120).sightings
    >>> pairs = otm.tracking.score_sighting_pairs(known, draw(known, 8), 1, pairs=5_000)
    >>> face, transit = otm.tracking.fit_face(pairs), otm.tracking.fit_transit(known)
    >>> seen = otm.simulate(layout, 6, seed=7, seconds=60).sightings
    >>> inside = seen["camera_id"].is_in(transit.cameras)
    >>> tracks = otm.associate(seen.filter(inside), draw(seen, 7), face, transit).tracks
    >>> tracks["sightings"].list.len().sum() == inside.sum()
    True
    """
    check_linkable(sightings)
    check_sightings(sightings, templates)
    rows = hide_truth(sightings)
    seen = place_bodies(rows, transit.codes(rows))
    check_against_run(rows, transit)
    quality = rows["quality"].to_numpy().astype(np.float64)
    known = _Known(seen, by_template(rows, templates), quality, face, transit, clock)
    found = _candidates(known, window)
    of_pairs = pair_quality(quality[found.a], quality[found.b])
    llr = face.llr(found.score, of_pairs).astype(np.float32)
    successor = _solve(known, found, llr)
    for _ in ProgressBar(range(ROUNDS), desc="weighing links again", delay=2, leave=False):
        llr = _llr_of_tracks(known, found, successor)
        before, successor = successor, _solve(known, found, llr)
        if (before == successor).all():
            break
    if transit.overlap.min(initial=0) < 0:
        found, successor = _joined(known, found, successor)
        llr = _llr_of_tracks(known, found, successor)
    return _linked(rows, found, llr, successor)


def _candidates(known: _Known, window: float) -> _Candidates:
    """Return the best candidate links of each sighting, by weight.

    For each ordered pair of cameras, blocks of sightings are multiplied with those that follow
    within the gaps that `window` of steps have. The best scores remain: for each sighting about
    STRANGERS non-mated ones, more on busier ways.
    """
    cameras = range(len(known.starts))
    where = [np.flatnonzero(known.seen.camera == camera) for camera in cameras]
    windows = _windows(known.transit, known.starts, window)
    # almost all of any few hundred sightings are of others: their scores show strangers' scores
    some = known.vectors[np.random.default_rng(0).permutation(len(known.quality))[:SAMPLE]]
    gathered = [known.vectors[each] for each in where]
    parts: list[Part] = [tuple(np.empty(0, kind) for kind in ("i8", "i8", "f4", "f4", "f4"))]
    blocks = [(a, *each) for a in cameras for each in _blocks(known.starts[a])]
    for a, low, high in ProgressBar(blocks, desc="candidate links", delay=2, leave=False):
        rows, block = where[a][low:high], gathered[a][low:high]
        reached = np.ascontiguousarray(np.sort(block @ some.T, axis=1)[:, ::-1])
        begins, ends, passed = known.seen.start[rows], known.seen.end[rows], []
        for b in np.flatnonzero(np.isfinite(windows[a, :, 1])):
            # links go forward in time, within the error of clocks
            lowest = np.maximum(begins, ends + windows[a, b, 0]) - known.clock
            first = np.searchsorted(known.starts[b], lowest)
            stop = np.searchsorted(known.starts[b], ends + windows[a, b, 1], side="right")
            left, right = first.min(), stop.max()
            if (stop <= first).all():
                continue
            share = STRANGERS * 10 ** known.transit.onward[a, b] / (stop - first).max()
            place = min(int(share * len(some)) + MATES, len(some))
            least = reached[:, place] if place < len(some) else np.full(len(rows), -2, np.float32)
            scores = block @ gathered[b][left:right].T
            one, two = pairs_reaching(
                scores, np.ascontiguousarray(least), first - left, stop - left
            )
            passed.append((rows[one], where[b][left + two], scores[one, two]))
        if passed:
            i, j, score = (np.concatenate(each) for each in zip(*passed, strict=True))
            parts.append(_heaviest(known, i, j, score))
    return _Candidates.ordered(parts)


def _heaviest(known: _Known, i: Rows, j: Rows, score: NDArray[np.float32]) -> Part:
    """Return the feasible links i -> j of greatest weight, NEIGHBOURS for each i."""
    seen, transit, quality = known.seen, known.transit, known.quality
    overlap = transit.overlap[seen.camera[i], seen.camera[j]]
    able = feasible(seen, i, j, overlap=overlap, clock=known.clock)
    able &= j > i
    i, j, score = i[able], j[able], score[able]
    time, prior = known.times_and_priors(i, j)
    weight = known.face.llr(score, pair_quality(quality[i], quality[j])) + time + prior
    order = np.lexsort((j, -weight, i))
    order = order[weight[order] > -RESERVE]
    rank = np.arange(len(order)) - np.searchsorted(i[order], i[order])
    order = order[rank < NEIGHBOURS]
    light = (each[order].astype(np.float32) for each in (score, time, prior))
    return i[order], j[order], *light


def _joined(known: _Known, found: _Candidates, successor: Rows) -> tuple[_Candidates, Rows]:
    """Join crossing tracks (`strands`); add their links to the candidates."""
    vectors, quality = known.vectors, known.quality

    def face(one: Rows, two: Rows) -> float:
        means = [quality[each] @ vectors[each] for each in (one, two)]
        score = means[0] @ means[1] / max(np.prod([np.linalg.norm(each) for each in means]), 1e-12)
        mass = [quality[each].sum(keepdims=True) for each in (one, two)]
        return float(known.face.llr(np.array([score]), pair_quality(*mass))[0])

    joined = join_strands(known.seen, successor, (found.a, found.b), face, clock=known.clock)
    count = len(joined)
    a = np.flatnonzero(joined >= 0)
    a = a[~np.isin(a * count + joined[a], found.a * count + found.b)]
    b = joined[a]
    score = np.einsum("ij,ij->i", vectors[a], vectors[b])
    old = (found.a, found.b, found.score, found.transit, found.prior)
    light = (each.astype(np.float32) for each in known.times_and_priors(a, b))
    return _Candidates.ordered([old, (a, b, score, *light)]), joined


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


def _solve(known: _Known, found: _Candidates, llr: NDArray[np.float32]) -> Rows:
    """Return the row of each sighting's successor, -1 at the end of its track."""
    successor = best_successors(len(known.new), found.a, found.b, found.weights(llr))
    return split_collisions(known.seen, successor, known.clock)


def _llr_of_tracks(known: _Known, found: _Candidates, successor: Rows) -> NDArray[np.float32]:
    """Return bounded log10 LRs of each candidate link: images before it against those after it.

    Up to IMAGES a side, as the tracks are now, averaged by quality.
    """
    vectors, quality = known.vectors, known.quality
    track, order, place = chain_successors(successor)
    sides = []
    for step in (-1, 1):
        total = vectors * quality[:, None].astype(np.float32)
        mass = quality.copy()
        for reach in range(1, IMAGES):
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


def _linked(
    rows: pl.DataFrame, found: _Candidates, llr: NDArray[np.float32], successor: Rows
) -> Association:
    chosen = np.flatnonzero(successor[found.a] == found.b)
    probability, rivals = link_probability(len(rows), found.a, found.b, found.weights(llr), chosen)
    ids, transit = rows["sighting_id"], found.transit[chosen]
    links = pl.DataFrame(
        {
            "sighting_a": ids.gather(found.a[chosen]),
            "sighting_b": ids.gather(found.b[chosen]),
            "score": found.score[chosen],
            "llr_face": llr[chosen],
            "llr_transit": transit,
            "llr_bounded": llr[chosen] + transit,
            "probability": probability,
            "rivals": rivals,
        }
    ).with_columns(feasible=pl.lit(value=True), method=pl.lit("path cover"))
    return association_of(rows, links)
