"""Errors of estimated clocks, detections of other frames: small simulations."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany.errors import InputError
from onetomany.tracking import comparison
from onetomany.tracking.clock_errors import (
    SCALES,
    group_errors,
    half_spread,
    offset_errors,
    walking_groups,
)
from onetomany.tracking.clock_likelihood import Times, likeliest_offsets
from onetomany.tracking.mot import BOX
from onetomany.tracking.mot_faults import check_pair
from onetomany.tracking.mot_shift import estimated_shift

pytestmark = pytest.mark.real

CAMERAS, PAIRS = 8, [(a, b) for a in range(8) for b in range(8) if 0 < abs(a - b) <= 2]


def times(rng: np.random.Generator, count: int, drift: float) -> Times:
    """Times between cameras; each pair's people are a little slower or faster that day."""
    slower = {frozenset(p): rng.normal(0, drift) for p in PAIRS}
    return {
        p: 20 * abs(p[0] - p[1]) + slower[frozenset(p)] + rng.gamma(4, 1.0, count) for p in PAIRS
    }


@pytest.mark.parametrize("drift", [0.0, 0.5])
def test_standard_errors_of_clocks_cover_the_truth(drift: float) -> None:
    covered, errors = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        known, ahead = times(rng, 60, 0.0), rng.normal(0, 0.3, CAMERAS)
        run = {(a, b): each + ahead[b] - ahead[a] for (a, b), each in times(rng, 30, drift).items()}
        offsets = np.zeros(CAMERAS)
        for scale in SCALES:
            offsets = likeliest_offsets(offsets, scale, run, known)
        halves = (times(rng, 30, drift), times(rng, 30, drift))
        spread = half_spread(CAMERAS, *halves)
        error = offset_errors(offsets, np.ones(CAMERAS, bool), run, known, scale=0.4, spread=spread)
        off = (offsets - np.median(offsets)) - (ahead - np.median(ahead))
        covered += list(np.abs(off) <= 1.96 * error)
        errors += list(error)
    assert np.mean(covered) >= 0.85
    assert np.median(errors) < 1.0  # no error so wide that it says nothing


def test_no_link_gives_no_error() -> None:
    found = offset_errors(np.zeros(3), np.zeros(3, bool), {}, {}, scale=0.4, spread=np.zeros(3))
    assert np.isnan(found).all()
    apart = half_spread(3, {(0, 1): np.arange(9.0)}, {(1, 2): np.arange(9.0)})
    assert np.isnan(apart).all()  # the halves have nothing in common


def queued(rng: np.random.Generator, wait: float) -> Times:
    """Times between six cameras: walks among 0 to 3 and between 4 and 5, a queue from 3 to 4."""
    ways = {p: rng.normal(20, 2, 60) for p in [(0, 1), (1, 2), (2, 3), (4, 5)]}
    return {**ways, (3, 4): wait + rng.gamma(4, 30.0, 60)}


def test_an_offset_behind_a_queue_is_as_unsure_as_its_waits() -> None:
    known = queued(np.random.default_rng(1), 100.0)
    group = walking_groups(6, known)
    assert group.tolist() == [0, 0, 0, 0, 1, 1]
    errors = group_errors(group, known)
    assert errors[0] == 0
    assert errors[1] == pytest.approx(2.56 * np.std(known[3, 4]), rel=0.3)
    apart = group_errors(group, {pair: each for pair, each in known.items() if pair != (3, 4)})
    assert apart.tolist() == [0, np.inf]  # nobody was seen on both sides


def walkers(seed: int, speed: float, people: int = 6, frames: int = 150) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    start, step = rng.uniform(0, 900, (people, 1, 2)), rng.normal(0, speed, (people, 1, 2))
    place = start + step * np.arange(frames)[None, :, None]
    number, frame = (each.ravel() for each in np.indices((people, frames)))
    left, top = place.reshape(-1, 2).T
    return pl.DataFrame({"frame": frame, "id": number + 1, "left": left, "top": top}).with_columns(
        width=pl.lit(30.0), height=pl.lit(80.0), conf=pl.lit(1.0)
    )


@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_frames_that_are_off_are_found_where_overlap_hardly_changes(shift: int) -> None:
    """People creep by a pixel a frame; neither the first nor the last frame says anything."""
    for seed in range(2):
        truth = walkers(seed, 1.0)
        found = comparison.simulated_detections(truth, seed=seed, missed=0.3, false=0.5)
        moved = found.with_columns(pl.col("frame") - shift)
        moved = moved.filter(pl.col("frame").is_between(5, 140))
        late = estimated_shift(moved, truth)
        assert late is not None
        assert late.sure
        assert late.frames == pytest.approx(shift, abs=4 * late.error + 0.1)
        with pytest.raises(InputError, match=re.escape(f"{shift:+d} ")):
            check_pair(Path("det.txt"), moved, truth)
        right = found.filter(pl.col("frame").is_between(5, 140))
        check_pair(Path("det.txt"), right, truth)


def test_a_constant_offset_and_people_who_stand_are_no_shift() -> None:
    truth = walkers(1, 1.0)
    found = comparison.simulated_detections(truth, seed=1)
    low = found.with_columns(pl.col("top") + 12, pl.col("left") + 5)  # a detector's habit
    late = estimated_shift(low, truth)
    assert late is not None
    assert not late.sure
    assert abs(late.frames) < 0.4
    still = walkers(1, 0.0)
    assert estimated_shift(comparison.simulated_detections(still, seed=1), still) is None
    few = truth.filter(pl.col("frame") < 5)
    assert estimated_shift(found.select("frame", *BOX), few) is None
