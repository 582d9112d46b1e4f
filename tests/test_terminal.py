"""The simulated terminal: its plan, bodies, flow, cameras, templates and whole runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import terminal
from onetomany.errors import InputError, IntegrityError
from onetomany.faces import synthetic
from onetomany.terminal import cameras, layout, templates, walking

pytestmark = pytest.mark.real

OWN = terminal.load_layout()
PLAN = replace(OWN, longest_waits={})  # all points open: short runs; staff: test_terminal_day.py
SERVICE = ("check-in", "security", "immigration")


@pytest.fixture(scope="module")
def run() -> terminal.SimulatedRun:
    return terminal.simulate(PLAN, 150, seed=1, seconds=500)


@pytest.fixture(scope="module")
def day() -> terminal.SimulatedRun:
    return terminal.simulate_coarsely(PLAN, 4000, seed=1, wings=2)


@pytest.fixture(scope="module")
def rush() -> pl.DataFrame:
    """Parties' visits in a short, crowded time: queues grow."""
    people = terminal.draw_passengers(PLAN, 900, seed=8, seconds=1800)
    return (
        terminal.pass_through(PLAN, people, 8)
        .join(people.select("true_id", "party_id"), on="true_id")
        .unique(("party_id", "stage"), keep="first", maintain_order=True)
    )


def plan_with(tmp_path: Path, old: str, new: str) -> Path:
    """The kit's own plan with one change."""
    text = layout.FICTIONAL.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


# --- the plan ------------------------------------------------------------------------------------


def test_the_plan_says_that_it_is_fictional() -> None:
    assert PLAN.fictional
    assert "not the plan of Incheon" in PLAN.about
    assert len(PLAN.cameras) >= 20
    assert {point.stage for point in PLAN.points} == set(layout.SERVED)
    assert "fictional" in layout.FICTIONAL.read_text(encoding="utf-8").splitlines()[0]


def test_cameras_leave_gaps_and_never_share_ground() -> None:
    fields = {each.camera_id: terminal.field_of(each, PLAN) for each in PLAN.cameras}
    for one, two in combinations(fields, 2):
        assert fields[one].intersection(fields[two]).area < 1e-9, f"{one} and {two}"
    for each in fields.values():
        assert PLAN.floor.buffer(0.05).covers(each)
    seen = shapely.union_all(list(fields.values())).area
    assert 0.1 < seen / PLAN.floor.area < 0.5


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[terminal]", "[terminal", "can't be read as TOML"),
        ("[floor]", "[ground]", "'ground' is an unknown field"),
        ("outline = [[0, 0], [150, 0], [150, 50], [0, 50]]", "outline = [[0, 0]]", "three corners"),
        (
            "outline = [[0, 0], [150, 0], [150, 50], [0, 50]]",
            "outline = [[0, 0], [150, 50], [150, 0], [0, 50]]",
            "crosses itself",
        ),
        ("[40, 31], [41, 31]", "[40, 19], [41, 19]", "cut the floor"),
        ('["lane-1", 59, 6]', '["lane-1", 59, 9]', None),
        ('["lane-1", 59, 6]', '["lane-1", 61, 9]', "'lane-1' has a place at 61, 9 m"),
        ('["lane-1", 59, 6]', '["lane-2", 59, 6]', "'lane-2' is the name of two places"),
        ('["lane-1", 59, 6]', '["lane-1", 59]', r"must be \[name, x, y\]"),
        (
            'stage = "security"',
            'stage = "customs"',
            "'customs': it must be one of check-in",
        ),
        ("spots = 22", "spots = 40", "has a place at"),
        ("box = [0.5, 10, 3, 16]", "box = [3, 10, 0.5, 16]", "'entrances.door-south.box' must be"),
        ("box = [0.5, 10, 3, 16]", "box = [-1, 10, 3, 16]", "is not on the floor"),
        ("mean = 24", 'mean = "24 s"', "'24 s': it must be a number from"),
        ("mean = 24", "mean = 0", "'stages.security.mean' must be a number from"),
        ("share = 0.7", "share = 1.7", "from 0 to 1"),
        ("speed_sd = 0.26", "speed_sd = 0.9", "everybody moves"),
        ("hurried = 0.12", "hurried = 14", "from 0 to 1"),
        ("busiest_half = 0.58", "busiest_half = 0.9", "from 0.5 to 0.81"),
        (
            "security = 840",
            "lounge = 840",
            "lounge' is an unknown field: it must be",
        ),
        (
            "security = 840",
            "security = 0",
            "staffing.security' must be a number from 10",
        ),
        ("party_sizes = [0.62", "party_sizes = [0.82", "shares that add up to 1"),
        ("weights = [1,", "weights = [", "list of 24 numbers"),
        (
            '["c01-door-south", 9, 13, 180, 70, 9]',
            '["c01", 9, 13, 180, 200, 9]',
            "c01.field_of_view'",
        ),
        ('["c01-door-south", 9, 13, 180, 70, 9]', '["c01", 40.5, 5, 180, 70, 9]', "in a wall"),
        (
            '["c01-door-south", 9, 13, 180, 70, 9]',
            '["c01", 9, 13]',
            r"be \[camera_id, x, y",
        ),
        ("c02-door-north", "c01-door-south", "'c01-door-south' is the name of two cameras"),
    ],
)
def test_bad_plans_are_refused_with_what_and_where(
    tmp_path: Path, old: str, new: str, says: str | None
) -> None:
    path = plan_with(tmp_path, old, new)
    if says is None:  # a change that does no harm
        assert terminal.load_layout(path).places()["lane-1"] == (59, 9)
        return
    with pytest.raises(InputError, match=says) as refusal:
        terminal.load_layout(path)
    assert str(path) in str(refusal.value)


def test_a_missing_plan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No terminal layout at"):
        terminal.load_layout(tmp_path / "none.toml")


# --- passengers ----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 300), seed=st.integers(0, 10**6), wings=st.integers(1, 3))
def test_passengers_come_in_parties_that_share_their_way(count: int, seed: int, wings: int) -> None:
    people = terminal.draw_passengers(PLAN, count, seed, start=50, seconds=100, wings=wings)
    assert people.schema == pl.Schema(terminal.PASSENGERS)
    assert people["true_id"].to_list() == list(range(count))
    assert people["t_arrival"].is_between(50, 150).all()
    assert people["t_arrival"].is_sorted()
    assert people["wing"].is_between(0, wings - 1).all()
    shared = ("t_arrival", "entrance", "gate", "speed", "wing", "hall", "gate_wait")
    for name in shared:
        assert (people.group_by("party_id").agg(pl.col(name).n_unique())[name] == 1).all()
    assert people["party_id"].value_counts()["count"].max() <= len(PLAN.walkers.party_sizes)
    low = PLAN.walkers.speed_mean - 2 * PLAN.walkers.speed_sd
    assert (people["speed"] >= low - 1e-9).all()


def test_stays_have_the_files_mean_sd_and_share() -> None:
    people = terminal.draw_passengers(PLAN, 40_000, seed=2)
    for stage in SERVICE:
        stay, drawn = PLAN.stays[stage], people[stage].drop_nulls()
        assert drawn.mean() == pytest.approx(stay.mean, rel=0.02)
        assert drawn.std() == pytest.approx(stay.sd, rel=0.05)
        assert len(drawn) / len(people) == pytest.approx(stay.share, abs=0.01)
        # lognormal: its logarithm is symmetric
        logs = np.log(drawn.to_numpy())
        assert np.mean(logs) == pytest.approx(np.median(logs), abs=0.02)
    sizes = np.bincount(people["party_id"].value_counts()["count"])[1:]
    assert sizes / sizes.sum() == pytest.approx(PLAN.walkers.party_sizes, abs=0.01)
    together = people.filter(pl.col("hall").is_not_null()).unique("party_id")["hall"]
    assert together.mean() == pytest.approx(PLAN.stays["hall"].mean, rel=0.03)


def test_a_days_arrivals_follow_the_weights_of_the_hours() -> None:
    people = terminal.draw_passengers(PLAN, 40_000, seed=3, seconds=24 * 3600, weights=PLAN.weights)
    by_hour = np.bincount((people["t_arrival"] // 3600).cast(pl.Int64), minlength=24)
    expected = np.array(PLAN.weights) / sum(PLAN.weights)
    assert by_hour / len(people) == pytest.approx(expected, abs=0.005)


def test_nobody_is_no_run() -> None:
    with pytest.raises(InputError, match="must be positive"):
        terminal.draw_passengers(PLAN, 0, seed=1)


# --- bodies --------------------------------------------------------------------------------------


def test_nobody_walks_through_a_wall(run: terminal.SimulatedRun) -> None:
    frame = run.trajectories
    assert frame.schema == pl.Schema(terminal.TRAJECTORIES)
    places = frame.select("x", "y").to_numpy()
    assert shapely.contains_xy(PLAN.floor, places[:, 0], places[:, 1]).all()
    same = np.diff(frame["true_id"].to_numpy()) == 0
    steps = np.stack([places[:-1][same], places[1:][same]], axis=1)
    # a chord may cut a corner by a little
    floor = PLAN.floor.buffer(0.05)
    shapely.prepare(floor)
    assert shapely.covers(floor, shapely.linestrings(steps)).all()
    # nobody jumps, or is unseen between two samples
    speed = np.hypot(*(steps[:, 1] - steps[:, 0]).T) * walking.RATE
    assert speed.max() < 1.2 * layout.FASTEST
    assert np.diff(frame["t"].to_numpy())[same] == pytest.approx(1 / walking.RATE)


def test_bodies_keep_apart(run: terminal.SimulatedRun) -> None:
    closest = []
    for part in run.trajectories.filter(pl.col("t").rank("dense") % 50 == 0).partition_by("t"):
        places = part.select("x", "y").to_numpy()
        apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
        closest += apart[np.triu_indices(len(places), k=1)].tolist()
    assert (np.array(closest) < PLAN.walkers.radius).mean() < 1e-3


def test_nobody_is_lost(run: terminal.SimulatedRun) -> None:
    assert run.visits.schema == pl.Schema(terminal.VISITS)
    everybody = run.people["true_id"].to_list()
    for stage in ("entrance", "security", "immigration", "gate"):
        assert sorted(run.visits.filter(stage=stage)["true_id"]) == everybody
    booked = run.people.filter(pl.col("check-in").is_not_null())["true_id"].to_list()
    assert sorted(run.visits.filter(stage="check-in")["true_id"]) == booked
    boarded = run.visits.filter(stage="gate").join(run.people, on="true_id")
    assert (boarded["place"] == boarded["gate"]).all()
    assert run.trajectories["true_id"].n_unique() == len(everybody)


def test_who_is_still_inside_at_the_end_is_still_there() -> None:
    people = terminal.draw_passengers(PLAN, 10, seed=4, seconds=10)
    places, visits = terminal.walk_passengers(PLAN, people, 4, longest=60)
    assert visits.filter(stage="gate").is_empty()
    assert sorted(places.filter(pl.col("t") == pl.col("t").max())["true_id"]) == list(range(10))


def test_visits_stand_where_and_as_long_as_they_should(run: terminal.SimulatedRun) -> None:
    visits = run.visits
    assert (visits["t_in"] <= visits["t_served"]).all()
    assert (visits["t_served"] <= visits["t_out"]).all()
    order = visits.select(before=pl.col("t_out").shift().over("true_id"), after="t_in").drop_nulls()
    assert (order["before"] <= order["after"]).all()
    for stage in SERVICE:
        took = (
            visits.filter(stage=stage)
            .join(run.people.select("true_id", "party_id", own=stage), on="true_id")
            .group_by("place", "t_served", "t_out")
            .agg(pl.col("own").sum(), pl.col("party_id").n_unique())
        )
        assert (took["party_id"] == 1).all()
        late = took["t_out"] - took["t_served"] - took["own"]
        assert late.is_between(-1e-6, 1 / walking.RATE + 1e-6).all()
        # a point serves one at a time
        gaps = took.sort("place", "t_served").select(
            pl.col("t_served") - pl.col("t_out").shift().over("place")
        )
        assert (gaps["t_served"].drop_nulls() >= -1e-6).all()
    heads = PLAN.places()
    ends = visits.filter(stage="security").join(
        run.trajectories, left_on=("true_id", "t_out"), right_on=("true_id", "t")
    )
    assert len(ends) > 100
    for place, x, y in ends.select("place", "x", "y").iter_rows():
        assert np.hypot(x - heads[place][0], y - heads[place][1]) < 4


def test_parties_stay_together(run: terminal.SimulatedRun) -> None:
    """A party passes the desk as one; two parties that pass it one after the other don't."""
    security = run.visits.filter(stage="security").join(
        run.people.select("true_id", "party_id"), on="true_id"
    )
    parties = security.group_by("party_id").agg(
        pl.len(),
        spread=pl.col("t_out").max() - pl.col("t_out").min(),
        places=pl.col("place").n_unique(),
    )
    several = parties.filter(pl.col("len") > 1)
    assert len(several) > 20
    assert (several["places"] == 1).all()
    assert (several["spread"] < 1).mean() > 0.9


def test_who_finds_the_door_full_waits_outside() -> None:
    people = terminal.draw_passengers(PLAN, 150, seed=6, seconds=0.1).with_columns(
        entrance=pl.lit("door-south")
    )
    _, visits = terminal.walk_passengers(PLAN, people, 6, longest=40)
    came = visits.filter(stage="entrance")
    assert len(came) == 150
    assert came["t_in"].max() > people["t_arrival"].max() + 2
    # in order of arrival
    assert came.sort("t_in", "true_id")["true_id"].to_list() == list(range(150))


def test_passengers_of_another_plan_are_refused() -> None:
    people = terminal.draw_passengers(PLAN, 5, seed=1)
    with pytest.raises(InputError, match="one wing is simulated at a time"):
        terminal.walk_passengers(PLAN, people.with_columns(wing=pl.lit(1, pl.Int32)), 1)
    for move in (terminal.walk_passengers, terminal.pass_through):
        with pytest.raises(InputError, match="gate 'gate-99', which the layout does not have"):
            move(PLAN, people.with_columns(gate=pl.lit("gate-99")), 1)


# --- flow ----------------------------------------------------------------------------------------


def test_the_flow_keeps_everybody(day: terminal.SimulatedRun) -> None:
    visits, people = day.visits, day.people
    counts = visits.group_by("true_id", "stage").len()
    assert (counts["len"] == 1).all()
    for stage in ("entrance", "security", "immigration", "gate"):
        assert len(visits.filter(stage=stage)) == len(people)
    for stage in ("check-in", "hall"):
        assert len(visits.filter(stage=stage)) == people[stage].count()
    ends = visits.group_by("true_id", maintain_order=True).agg(pl.col("stage").last())
    assert set(ends["stage"]) == {"gate"}
    assert (
        visits.join(people, on="true_id").filter(pl.col("wing") != pl.col("wing_right")).is_empty()
    )


def test_the_flow_serves_one_party_at_a_time_in_order(rush: pl.DataFrame) -> None:
    parties = rush.filter(pl.col("stage").is_in(SERVICE)).sort("place", "t_served")
    free = parties.select(pl.col("t_served") - pl.col("t_out").shift().over("place"))["t_served"]
    assert (free.drop_nulls() >= -1e-6).all()
    assert parties.select(pl.col("t_in").diff().over("place"))["t_in"].drop_nulls().min() >= 0
    # and nobody waits before a point that is free
    waits = parties.with_columns(before=pl.col("t_out").shift().over("place")).filter(
        pl.col("t_served") > pl.col("t_in") + 1e-9
    )
    assert len(waits) > 200
    assert waits["t_served"].to_list() == pytest.approx(waits["before"].to_list())


def test_walking_takes_the_length_of_the_way(day: terminal.SimulatedRun) -> None:
    legs = (
        day.visits.select(
            "true_id",
            origin="place",
            destination=pl.col("place").shift(-1).over("true_id"),
            took=pl.col("t_in").shift(-1).over("true_id") - pl.col("t_out"),
        )
        .drop_nulls()
        .join(terminal.routes(PLAN), on=("origin", "destination"))
        .join(day.people, on="true_id")
    )
    assert len(legs) == len(day.visits) - len(day.people)
    assert legs["took"].to_numpy() == pytest.approx((legs["length"] / legs["speed"]).to_numpy())


def test_ways_go_around_walls() -> None:
    ways = terminal.routes(PLAN)
    floor = PLAN.floor.buffer(0.01)
    for xs, ys, length in ways.select("x", "y", "length").iter_rows():
        line = shapely.LineString(list(zip(xs, ys, strict=True)))
        assert floor.covers(line)
        assert line.length == pytest.approx(length)


def test_wings_are_enough_and_no_more() -> None:
    assert terminal.wings_for(PLAN, 1000) == 1
    wings = terminal.wings_for(PLAN, 100_000)
    assert wings == pytest.approx(terminal.wings_for(PLAN, 200_000) / 2, abs=1)
    peak = 100_000 * max(PLAN.weights) / sum(PLAN.weights)
    lanes = len(PLAN.points_of("security")) * 3600 / PLAN.stays["security"].mean
    assert wings * lanes > peak


# --- cameras -------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(
    near=st.floats(0, 10),
    far=st.floats(0, 10),
    straight=st.floats(0, 90),
    turned=st.floats(0, 90),
)
def test_quality_falls_with_distance_and_angle(
    near: float, far: float, straight: float, turned: float
) -> None:
    near, far = sorted((near, far))
    straight, turned = sorted((straight, turned))
    best, worst = (
        terminal.view_quality(np.array(d), np.array(a), 9.0)
        for d, a in ((near, straight), (far, turned))
    )
    assert 0 <= worst <= best <= 1
    assert terminal.view_quality(np.array(9.1), np.array(0.0), 9.0) == 0
    assert cameras.detection(np.array(worst)) <= cameras.detection(np.array(best))


def test_no_camera_sees_through_a_wall_or_the_back_of_a_head() -> None:
    camera = layout.Camera("one", 46, 5, 180, 60, 9, 10)
    plan = replace(PLAN, cameras=(camera,))
    steps = np.arange(0, 3, 0.2)

    def passing(x: np.ndarray) -> pl.DataFrame:
        track = pl.DataFrame({"true_id": 0, "t": steps, "x": x, "y": 5.0})
        return terminal.passages(track, plan, 5)

    towards = passing(42 + steps)
    assert towards["n_frames"].item() == pytest.approx(len(steps) * 2)
    assert (towards["t_start"].item(), towards["t_end"].item()) == pytest.approx((0, 2.8))
    assert passing(45 - steps).is_empty()  # walks away
    assert passing(37 + steps / 2).is_empty()  # the wall from x = 40 to 41 stands between


def test_a_face_unseen_for_long_starts_a_new_passage() -> None:
    camera = layout.Camera("one", 46, 5, 180, 60, 9, 10)
    plan = replace(PLAN, cameras=(camera,))
    for away, parts in ((1.0, 1), (4.0, 2)):
        t = np.concatenate([np.arange(0, 2, 0.2), 2 + away + np.arange(0, 2, 0.2)])
        track = pl.DataFrame({"true_id": 0, "t": t, "x": 43.0, "y": 5.0, "facing": 0.0})
        assert len(terminal.passages(track, plan, 5)) == parts


def test_sightings_lie_in_their_cameras_field(run: terminal.SimulatedRun) -> None:
    seen = run.sightings
    assert seen.schema == pl.Schema(terminal.SIGHTINGS)
    assert seen["sighting_id"].to_list() == seen["template_id"].to_list() == list(range(len(seen)))
    assert seen["t_start"].is_sorted()
    assert (seen["t_start"] <= seen["t_end"]).all()
    assert set(seen["source"]) == {"simulated"}
    for name in ("det_conf", "quality"):
        assert seen[name].is_between(0, 1).all()
    assert (seen["n_frames"] >= 1).all()
    places = run.trajectories.rename({"x": "own_x", "y": "own_y"})
    start = seen.join(places, left_on=("true_id", "t_start"), right_on=("true_id", "t"))
    assert len(start) == len(seen)
    for camera in PLAN.cameras:
        own = start.filter(camera_id=camera.camera_id)
        field = terminal.field_of(camera, PLAN)
        assert shapely.contains_xy(field, own.select("own_x", "own_y").to_numpy()).all()
        hull = field.convex_hull.buffer(1e-6)
        assert shapely.contains_xy(hull, own.select("x", "y").to_numpy()).all()
        tracks = seen.filter(camera_id=camera.camera_id)["track_id"]
        assert tracks.to_list() == list(range(1, len(tracks) + 1))


@pytest.mark.parametrize("which", ["run", "day"])
def test_a_person_is_in_one_field_at_a_time(which: str, request: pytest.FixtureRequest) -> None:
    seen = request.getfixturevalue(which).sightings.sort("true_id", "t_start")
    since = seen.select(pl.col("t_start") - pl.col("t_end").shift().over("true_id"))["t_start"]
    assert since.drop_nulls().min() > 0
    assert since.drop_nulls().max() > 60  # gaps


def test_poor_faces_are_missed_as_often_as_said() -> None:
    count = 40_000
    rng = np.random.default_rng(0)
    seen = pl.DataFrame(
        {
            "true_id": np.arange(count),
            "camera_id": "one",
            "t_start": 0.0,
            "t_end": 1.0,
            "x": 0.0,
            "y": 0.0,
            "n_frames": 1e9,  # so many that they lower nothing
            "view": rng.uniform(0, 0.4, count),
        }
    )
    quality = seen["view"].to_numpy() * (cameras.WORST_LIGHT + 1) / 2
    found = cameras._sightings_of(seen, seed=1)
    for low in (0.0, 0.08, 0.14, 0.25):
        inside = (quality >= low) & (quality < low + 0.02)
        share = np.isin(seen["true_id"].to_numpy()[inside], found["true_id"].to_numpy()).mean()
        # light spreads quality about its mean
        light = rng.uniform(cameras.WORST_LIGHT, 1, inside.sum())
        expected = cameras.detection(seen["view"].to_numpy()[inside] * light).mean()
        assert share == pytest.approx(expected, abs=0.04)
    assert 0.5 < len(found) / count < 0.9
    confident = found.select(pl.corr("quality", "det_conf")).item()
    assert confident > 0.8


def test_the_coarse_way_sees_about_what_the_fine_way_sees(run: terminal.SimulatedRun) -> None:
    coarse = terminal.coarse_sightings(run.visits, PLAN, seed=1)
    fine = run.sightings
    assert len(coarse) == pytest.approx(len(fine), rel=0.15)
    assert coarse["quality"].mean() == pytest.approx(fine["quality"].mean(), abs=0.06)
    both = coarse.join(fine, on=("true_id", "camera_id"))
    assert both.unique(("true_id", "camera_id")).height > 0.7 * len(fine)
    assert (both["t_start"] - both["t_start_right"]).abs().median() < 10


def test_wings_have_their_own_cameras_and_ground(day: terminal.SimulatedRun) -> None:
    seen = day.sightings
    own = seen.join(day.people.select("true_id", "wing"), on="true_id")
    assert (own["camera_id"].str.slice(1, 1).cast(pl.Int32) == own["wing"] + 1).all()
    assert (own["y"] // cameras.PITCH == own["wing"]).mean() > 0.99
    per_person = len(seen) / len(day.people)
    assert 6 < per_person < 13


def test_passages_need_a_rate() -> None:
    with pytest.raises(InputError, match="a rate above 0"):
        terminal.passages(pl.DataFrame(schema=terminal.TRAJECTORIES), PLAN, 0)


# --- templates -----------------------------------------------------------------------------------


def test_templates_are_unit_and_their_noise_falls_with_quality(
    model: synthetic.TemplateModel, day: terminal.SimulatedRun
) -> None:
    made = terminal.sighting_templates(model, day.sightings, seed=3)
    assert made.shape == (len(day.sightings), model.dimension)
    assert made.dtype == np.float32
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)
    plain = terminal.sighting_templates(model, day.sightings, seed=3, noise=0)
    strays = np.linalg.norm(made - plain, axis=1)
    quality = day.sightings["quality"].to_numpy()
    bins = [strays[(quality >= low) & (quality < low + 0.2)].mean() for low in (0.1, 0.3, 0.5, 0.7)]
    assert bins == sorted(bins, reverse=True)
    assert templates.noise_factor(np.array([0, 0.5, 1], np.float32)).tolist() == [2, 1, 0.5]
    # the same person is the same place, whatever the sighting; the order of rows is no matter
    first = day.sightings.group_by("true_id").agg(pl.col("template_id"))["template_id"][0]
    assert np.ptp(plain[first.to_numpy()], axis=0).max() < 1e-6
    mixed = day.sightings.sample(fraction=1, shuffle=True, seed=1)
    assert np.array_equal(made, terminal.sighting_templates(model, mixed, seed=3))
    assert not np.array_equal(made, terminal.sighting_templates(model, mixed, seed=4))


def test_peoples_templates_are_independent_even_within_a_party(
    model: synthetic.TemplateModel, day: terminal.SimulatedRun
) -> None:
    made = terminal.sighting_templates(model, day.sightings, seed=3) - model.mean
    one = day.sightings.join(day.people.select("true_id", "party_id"), on="true_id")
    pairs = one.unique("true_id", keep="first", maintain_order=True).join(
        one.unique("true_id", keep="last", maintain_order=True), on="party_id"
    )
    rows, mates = (pairs[name].to_numpy() for name in ("template_id", "template_id_right"))
    scores = np.einsum("ij,ij->i", made[rows], made[mates])
    self = (pairs["true_id"] == pairs["true_id_right"]).to_numpy()
    strangers = np.einsum("ij,ij->i", made[rows], made[np.roll(mates, 50)])
    party = scores[~self]
    error = party.std() / np.sqrt(len(party))
    assert abs(party.mean() - strangers.mean()) < 5 * error
    assert abs(party.mean()) < 0.1 * scores[self].mean()


def test_noise_reaches_each_wanted_rate_on_another_run(
    model: synthetic.TemplateModel, day: terminal.SimulatedRun
) -> None:
    other = terminal.simulate_coarsely(PLAN, 250, seed=77)
    who = other.sightings["true_id"].to_numpy()
    noises = []
    for wanted in (0.98, 0.3):
        noise = terminal.noise_for(model, day.sightings, wanted, 1e-4, seed=5)
        made = terminal.sighting_templates(model, other.sightings, seed=77, noise=noise)
        assert terminal.true_match_rate(made, who, 1e-4) == pytest.approx(wanted, abs=0.08)
        noises.append(noise)
    assert noises == sorted(noises)


def test_a_match_rate_is_counted_over_all_pairs() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((60, 8)).astype(np.float32)
    who = np.repeat(np.arange(20), 3)
    scores = [
        (float(vectors[a] @ vectors[b]), who[a] == who[b]) for a, b in combinations(range(60), 2)
    ]
    false = sorted((score for score, mated in scores if not mated), reverse=True)
    cut = false[17]  # .01 of 1710 pairs: the 17 highest are above it
    true = [score > cut for score, mated in scores if mated]
    assert templates.true_match_rate(vectors, who, 0.01) == pytest.approx(np.mean(true))
    with pytest.raises(InputError, match="can't be measured with"):
        templates.true_match_rate(vectors, who, 1e-4)


def test_templates_refuse_what_they_can_not_make(
    model: synthetic.TemplateModel, day: terminal.SimulatedRun
) -> None:
    with pytest.raises(InputError, match="template_id must number"):
        terminal.sighting_templates(model, day.sightings[5:], seed=1)
    with pytest.raises(InputError, match="0 or more"):
        terminal.sighting_templates(model, day.sightings, seed=1, noise=-1)
    with pytest.raises(InputError, match="between 0 and 1"):
        terminal.noise_for(model, day.sightings, 1.0, seed=1)
    with pytest.raises(InputError, match="can't be reached"):
        terminal.noise_for(model, day.sightings, 0.001, seed=1)


# --- whole runs ----------------------------------------------------------------------------------

AGAIN = """
import json
from onetomany import terminal
print(json.dumps(terminal.simulate(terminal.load_layout(), 25, 9, seconds=60).digests()))
"""


def test_the_same_seed_gives_the_same_run_in_another_process_and_no_other_seed() -> None:
    here = terminal.simulate(OWN, 25, 9, seconds=60).digests()
    there = subprocess.run(
        [sys.executable, "-c", AGAIN],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(there.stdout) == here
    other = terminal.simulate(OWN, 25, 10, seconds=60).digests()
    assert not set(here.values()) & set(other.values())


def test_a_coarse_run_repeats_itself() -> None:
    one, two, other = (
        terminal.simulate_coarsely(PLAN, 500, seed, wings=1).digests() for seed in (1, 1, 2)
    )
    assert one == two
    assert one["trajectories"] == other["trajectories"]  # empty
    assert all(one[name] != other[name] for name in ("people", "visits", "sightings"))


def test_a_written_run_is_read_back_and_damage_is_found(
    run: terminal.SimulatedRun, tmp_path: Path
) -> None:
    terminal.write_simulated_run(run, tmp_path / "run")
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["simulated"] is True
    assert about["terminal"] == PLAN.name
    back = terminal.read_simulated_run(tmp_path / "run")
    assert back.digests() == run.digests() == about["digests"]
    assert (back.seed, back.made_with) == (run.seed, run.made_with)
    (tmp_path / "run" / "visits.parquet").write_bytes(b"other")
    with pytest.raises(IntegrityError, match=r"visits\.parquet has changed"):
        terminal.read_simulated_run(tmp_path / "run")
    with pytest.raises(InputError, match="No run at"):
        terminal.read_simulated_run(tmp_path / "none")


def test_the_passages_schema_is_what_passages_gives(run: terminal.SimulatedRun) -> None:
    seen = terminal.passages(run.trajectories.head(2000), PLAN, walking.RATE)
    assert seen.schema == pl.Schema(terminal.PASSAGES)
