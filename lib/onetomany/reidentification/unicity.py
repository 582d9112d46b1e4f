"""Measure how few sightings single a person out, and the effect of tracking errors.

De Montjoye, Hidalgo, Verleysen and Blondel ('Unique in the Crowd: the privacy bounds of human
mobility', Scientific Reports 3:1376, 2013): take p random points (place, time) of a person's trace;
the trace is unique if no other contains all of them. Here a trace is a track made by a system, so
the points may also lead to no track, to several tracks, or to somebody else's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.accuracy.intervals import ratio_interval
from onetomany.errors import InputError
from onetomany.progress import ProgressBar

Rows = NDArray[np.int64]

CHUNK = 4_000_000  # pairs of a person and a track compared at a time

UNICITY = {
    "points": pl.Int64,  # p
    "time": pl.Float64,  # s, width of a time cell
    "place": pl.Float64,  # m, width of a place cell; null: each camera by itself
    "singled_out": pl.Float64,  # the points fit one track only, and it is mostly that person's
    "low": pl.Float64,  # 95 %, by person
    "high": pl.Float64,
    "wrong": pl.Float64,  # they fit one track only, which is mostly somebody else's
    "several": pl.Float64,  # they fit more tracks than one
    "none": pl.Float64,  # they fit no track: the person's own is in pieces
    "revealed": pl.Float64,  # share of a singled-out person's day in that track
    "revealed_low": pl.Float64,  # 95 %, by person
    "revealed_high": pl.Float64,
    "people": pl.Int64,  # with as many distinct points
}


def unicity(
    sightings: pl.DataFrame,
    tracks: pl.DataFrame | None = None,
    *,
    points: Sequence[int] = (1, 2, 3, 4, 5),
    time: float = 900.0,
    place: float | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """Return the share of people singled out by p random points (UNICITY), a row for each p.

    Points are distinct cells of place and time of `t_start`, of width `time` (s) and `place` (m),
    drawn for each person; p + 1 points are p and one more. `tracks` is a frame of tracking's
    `TRACKS`; without it traces are the true ones (`true_id`), which is the paper's
    measure. People with fewer points than p are left out of that row.

    Raises InputError for widths or p that aren't above zero, and sightings without `true_id`.
    """
    if time <= 0 or (place is not None and place <= 0) or min(points) < 1:
        raise InputError("unicity needs widths above zero and one point or more.")
    if "true_id" not in sightings.columns or sightings["true_id"].null_count():
        raise InputError("unicity needs true_id for every sighting, since it measures true traces.")
    rows = _cells(sightings, tracks, time, place)
    who, cell, track = (rows[name].to_numpy() for name in ("who", "cell", "track"))
    cells = int(cell.max(initial=0)) + 1
    holds = np.unique(track * cells + cell)
    holders = _by_cell(holds, cells)
    owner, kept = _owners(who, track)
    drawn, counts = _drawn(who, cell, max(points), seed)
    found = []
    for number in ProgressBar(points, desc="points", delay=2, leave=False):
        able = np.flatnonzero(counts >= number)
        matches, one = _matches(drawn[able, :number], holds, holders, cells)
        right = (matches == 1) & (owner[one] == able)
        row = {"points": number, "time": time, "place": place, "people": len(able)}
        if len(able):
            row |= _with_limits(right, "singled_out", "low", "high") | {
                "wrong": ((matches == 1) & ~right).mean(),
                "several": (matches > 1).mean(),
                "none": (matches == 0).mean(),
            }
        if right.any():
            revealed = kept[one[right]] / np.bincount(who)[able[right]]
            row |= _with_limits(revealed, "revealed", "revealed_low", "revealed_high")
        found.append(row)
    return pl.DataFrame(found, schema=UNICITY)


def _with_limits(shares: NDArray[Any], *names: str) -> dict[str, float]:
    """Return the mean of people's shares, and its limits, under three names."""
    limits = ratio_interval(shares, np.ones(len(shares)))
    return dict(zip(names, (shares.mean(), limits.low, limits.high), strict=True))


def _cells(
    sightings: pl.DataFrame, tracks: pl.DataFrame | None, time: float, place: float | None
) -> pl.DataFrame:
    """Return numbers from 0 of each sighting's person (`who`), cell and track."""
    where = (
        [pl.col("camera_id")]
        if place is None
        else [(pl.col(axis) / place).floor().cast(pl.Int64).alias(axis) for axis in ("x", "y")]
    )
    when = (pl.col("t_start") / time).floor().cast(pl.Int64)
    rows = sightings.select("sighting_id", "true_id", cell=pl.struct(*where, when))
    if tracks is None:
        rows = rows.with_columns(hypothesis="true_id")
    else:
        held = tracks.explode("sightings").select("hypothesis", sighting_id="sightings")
        rows = rows.join(held, on="sighting_id", how="left", maintain_order="left")
        if rows["hypothesis"].null_count():
            raise InputError("A sighting is in no track: give the tracks of the same sightings.")
    dense = pl.col("true_id", "hypothesis", "cell").rank("dense").cast(pl.Int64) - 1
    return rows.sort("sighting_id").select(dense).rename({"true_id": "who", "hypothesis": "track"})


def _by_cell(holds: Rows, cells: int) -> tuple[Rows, Rows]:
    """Return tracks in order of their cells, and the start of each cell's tracks."""
    cell = holds % cells
    order = np.argsort(cell, kind="stable")
    return holds[order] // cells, np.searchsorted(cell[order], np.arange(cells + 1))


def _owners(who: Rows, track: Rows) -> tuple[Rows, Rows]:
    """Return each track's person with most sightings in it (the first of equals), and how many."""
    people = int(who.max(initial=0)) + 1
    key, count = np.unique(track * people + who, return_counts=True)
    order = np.lexsort((key, -count, key // people))
    first = order[np.unique((key // people)[order], return_index=True)[1]]
    return key[first] % people, count[first]


def _drawn(who: Rows, cell: Rows, most: int, seed: int) -> tuple[Rows, Rows]:
    """Draw up to `most` distinct cells of each person, (people, most), and count them.

    Cells are in random order, -1 beyond the last."""
    cells = int(cell.max(initial=0)) + 1
    own = np.unique(who * cells + cell)
    person = own // cells
    order = np.lexsort((np.random.default_rng(seed).random(len(own)), person))
    person, chosen = person[order], (own % cells)[order]
    counts = np.bincount(person, minlength=int(who.max(initial=-1)) + 1)
    rank = np.arange(len(person)) - (np.cumsum(counts) - counts)[person]
    drawn = np.full((len(counts), most), -1, np.int64)
    drawn[person[rank < most], rank[rank < most]] = chosen[rank < most]
    return drawn, counts


def _matches(drawn: Rows, holds: Rows, holders: tuple[Rows, Rows], cells: int) -> tuple[Rows, Rows]:
    """Count the tracks with all cells of each row, and return one of them (0 without any)."""
    held_by, starts = holders
    size = np.diff(starts)[drawn]
    rarest = np.argmin(size, axis=1)
    first = drawn[np.arange(len(drawn)), rarest]
    width = np.diff(starts)[first]
    matches, one = np.zeros(len(drawn), np.int64), np.zeros(len(drawn), np.int64)
    ends = np.cumsum(width)
    start = 0
    while start < len(drawn):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + CHUNK, side="right")))
        some = slice(start, stop)
        row = np.repeat(np.arange(start, stop), width[some])
        place = np.arange(len(row)) - np.repeat(ends[some] - width[some] - done, width[some])
        track = held_by[starts[first[row]] + place]
        for column in range(drawn.shape[1]):
            key = track * cells + drawn[row, column]
            there = _among(key, holds)
            row, track = row[there], track[there]
        matches[some] = np.bincount(row - start, minlength=stop - start)
        one[row] = track
        start = stop
    return matches, one


def _among(keys: Rows, known: Rows) -> NDArray[np.bool_]:
    """Return which keys are among the sorted known ones."""
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.asarray(known[place] == keys)
