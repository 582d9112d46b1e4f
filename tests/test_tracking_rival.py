"""Thresholds from calibration, camera clocks, views that overlap, the dials: small crowds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.sparse.csgraph import connected_components

from onetomany.charts import dials as dial_charts
from onetomany.charts import threshold as threshold_charts
from onetomany.errors import InputError
from onetomany.tracking import clocks, dials, threshold_linking
from onetomany.tracking.association import associate
from onetomany.tracking.evaluation import track_errors
from onetomany.tracking.likelihood import fit_face, score_sighting_pairs
from onetomany.tracking.metrics import identity
from onetomany.tracking.transit import fit_transit

pytestmark = pytest.mark.real

PLACES = (0.0, 12.0, 30.0, 45.0, 70.0)


def walkers(people: int, seed: int, *, views: float = 4.0) -> pl.DataFrame:
    """People who pass five cameras in a row, each of which sees `views` metres."""
    rng = np.random.default_rng(seed)
    rows = []
    for who in range(people):
        begin, speed = rng.uniform(0, 1800), rng.uniform(1.0, 1.6)
        for number, at in enumerate(PLACES):
            start = begin + at / speed + rng.normal(0, 0.3)
            rows.append((f"c{number}", start, start + views / speed, at + views / 2, who))
    frame = pl.DataFrame(
        rows, schema=["camera_id", "t_start", "t_end", "x", "true_id"], orient="row"
    )
    return frame.sort("t_start").with_columns(
        sighting_id=pl.int_range(pl.len()),
        template_id=pl.int_range(pl.len()),
        y=0.0,
        quality=0.8,
    )


def faces_of(rows: pl.DataFrame, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    who = rows["true_id"].to_numpy()
    places = rng.standard_normal((who.max() + 1, 64))
    own = places[who] + noise * rng.standard_normal((len(who), 64))
    return (own / np.linalg.norm(own, axis=1, keepdims=True)).astype(np.float32)


def test_a_curve_is_that_of_all_pairs_components() -> None:
    rows = walkers(60, 1)
    vectors = faces_of(rows, 1.0, 2)
    curve = threshold_linking.threshold_curve(rows, vectors, [0.3, 0.45, 0.6])
    assert curve.schema == pl.Schema(threshold_linking.CURVE)
    who = rows["true_id"].to_numpy()
    scores = vectors @ vectors.T
    upper = np.triu(np.ones_like(scores, dtype=bool), 1)
    for row in curve.iter_rows(named=True):
        label = connected_components(scores >= row["threshold"], directed=False)[1]
        agreed = identity(rows.select("true_id", track_id=pl.Series(label)))
        assert row["idf1"] == pytest.approx(agreed.idf1)
        two = upper & (who[:, None] != who)
        assert row["fmr"] == pytest.approx((scores[two] >= row["threshold"]).mean())
        found = threshold_linking.link_by_threshold(rows, vectors, row["threshold"])
        told = track_errors(rows, found).row(0, named=True)
        assert (told["mixed"], told["broken"]) == (row["mixed"], row["broken"])
    assert curve["broken"].is_sorted()


def test_calibration_sets_a_better_threshold_than_a_fixed_rate() -> None:
    known, rows = walkers(120, 1), walkers(120, 3)
    cut = threshold_linking.calibrated_threshold(known, faces_of(known, 0.6, 4))
    loose = threshold_linking.link_threshold_at_fmr(known, faces_of(known, 0.6, 4), 1e-3)
    own = faces_of(rows, 0.6, 5)
    curve = threshold_linking.threshold_curve(rows, own, [loose, cut])
    assert curve["idf1"][1] > curve["idf1"][0] + 0.1
    assert curve["idf1"][1] > threshold_linking.threshold_curve(rows, own)["idf1"].max() - 0.05
    assert curve["fmr"][0] == pytest.approx(1e-3, rel=0.8)
    alone = rows.filter(true_id=0)
    with pytest.raises(InputError, match="two people"):
        threshold_linking.threshold_curve(alone, own, [0.5])


@pytest.mark.parametrize("hours", [0, 9])
def test_clocks_are_found_and_set_right(hours: float) -> None:
    known, rows = walkers(150, 1), walkers(150, 3)
    vectors, own = faces_of(known, 0.6, 4), faces_of(rows, 0.6, 5)
    face, steps = fit_face(score_sighting_pairs(known, vectors, 1, pairs=8000)), fit_transit(known)
    times = clocks.fit_travel_times(known)
    ahead = np.array([4.0, -3.0, 0.0, 2.0 + 3600 * hours, -6.0])
    table = pl.DataFrame({"camera_id": times.cameras, "offset": -ahead})
    off = clocks.set_clocks(rows, table)
    found, offsets = clocks.associate_setting_clocks(off, own, face, steps, times)
    assert offsets.schema == pl.Schema(clocks.OFFSETS)
    error = offsets["offset"].to_numpy() - (ahead - np.median(ahead))
    assert np.abs(error).max() < 1.0
    told = track_errors(rows, found)
    right = track_errors(rows, associate(rows, own, face, steps))
    assert told["idf1"].item() > right["idf1"].item() - 0.02
    if hours:
        with pytest.raises(InputError, match="9 hours after the others"):
            associate(off, own, face, steps)
    else:
        before = track_errors(rows, associate(off, own, face, steps))
        assert told["idf1"].item() > before["idf1"].item() + 0.1
    back = clocks.set_clocks(off, pl.DataFrame({"camera_id": times.cameras, "offset": ahead}))
    assert (back["t_start"] - rows["t_start"]).abs().max() < 1e-9
    # the truth is never read
    blind, again = clocks.associate_setting_clocks(off.drop("true_id"), own, face, steps, times)
    assert blind.tracks.equals(found.tracks)
    assert again.equals(offsets)
    with pytest.raises(InputError, match="longer run"):
        clocks.fit_travel_times(known.head(3))


def test_views_that_overlap_break_nobody_with_perfect_faces() -> None:
    known, rows = walkers(150, 1, views=40.0), walkers(150, 3, views=40.0)
    vectors, own = faces_of(known, 0.0, 4), faces_of(rows, 0.0, 5)
    steps = fit_transit(known)
    assert (steps.overlap < 0).sum() >= 6  # of neighbours, either way
    face = fit_face(score_sighting_pairs(known, vectors, 1, pairs=8000))
    told = track_errors(rows, associate(rows, own, face, steps)).row(0, named=True)
    assert told["broken"] <= 0.03
    assert told["mixed"] == 0
    apart = fit_transit(walkers(150, 1))
    assert (apart.overlap == 0).all()


def test_dials_are_means_and_ranges_of_the_seeds_stored() -> None:
    rows = pl.DataFrame(
        {
            "dial": ["clocks"] * 2,
            "setting": ["sd 3 s"] * 2,
            "seed": [1, 2],
            "method": ["path cover"] * 2,
            "idf1": [0.7, 0.9],
            "mixed": [0.1, 0.0],
            "broken": [0.5, 0.3],
        }
    )
    row = dials._over_seeds(rows).row(0, named=True)
    assert (row["seeds"], row["idf1_low"], row["idf1_high"]) == (2, 0.7, 0.9)
    assert row["idf1"] == pytest.approx(0.8)
    table, facts = dials.stored_dials()
    assert table.schema == pl.Schema(dials.DIALS)
    assert facts["command"] == "python -m benchmarks.dials"
    assert (table["seeds"] <= len(facts["seeds"])).all()
    shown = table.with_columns(line=pl.format("{} {}", "dial", "setting"))
    drawn = dial_charts.dials_chart(shown, source="this run", simulated="nobody")
    assert str(drawn.to_dict()).count("idf1_low") > 0


def test_the_curve_is_drawn_with_both_thresholds() -> None:
    curve = pl.DataFrame(
        [(0.5, 0.1, 0.4, 1.0, 0.0, 0.98), (0.7, 0.0, 0.9, 0.0, 0.2, 0.98)],
        schema=[*threshold_linking.CURVE, "tmr"],
        orient="row",
    )
    marks = curve.with_columns(kind=pl.Series(["FMR 1/10,000", "calibrated"]))
    drawn = threshold_charts.threshold_curve_chart(
        curve, marks, curve.head(1), source="this run", simulated="nobody"
    )
    assert "calibrated" in str(drawn.to_dict())
