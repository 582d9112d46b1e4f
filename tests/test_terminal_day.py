"""The terminal that breathes: waves, staff, scenarios, a whole day, and what is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import cli, terminal
from onetomany.charts import service as service_charts
from onetomany.errors import InputError
from onetomany.terminal import Scenario, cameras, layout, scenarios, staffing, walking

pytestmark = pytest.mark.real

PLAN = terminal.load_layout()
EVERYBODY_OPEN = replace(PLAN, longest_waits={})


@pytest.fixture(scope="module")
def hour() -> tuple[pl.DataFrame, pl.DataFrame]:
    people = terminal.draw_passengers(PLAN, 600, seed=6)
    return people, terminal.pass_through(PLAN, people, 6)


@pytest.fixture(scope="module")
def walked() -> terminal.SimulatedRun:
    """A few minutes with everything that a scenario can hold."""
    scenario = Scenario(masked=0.5, staff=2, families=0.5, wheelchairs=0.2)
    return terminal.simulate(EVERYBODY_OPEN, 40, 3, seconds=240, scenario=scenario)


def minutes(visits: pl.DataFrame, stage: str) -> float:
    waits = visits.filter(stage=stage).select((pl.col("t_served") - pl.col("t_in")) / 60)
    return float(np.median(waits.to_numpy()))


# --- waves ---------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(share=st.floats(0.5, 0.81), seconds=st.sampled_from([600.0, 3600.0, 9000.0]))
def test_so_many_come_in_the_middle_half_of_an_hour(share: float, seconds: float) -> None:
    plan = replace(PLAN, busiest_half=share)
    people = terminal.draw_passengers(plan, 8000, seed=1, start=7200, seconds=seconds)
    times = (people["t_arrival"].to_numpy() - 7200) / min(seconds, 3600)
    assert times.min() >= 0
    assert times.max() * min(seconds, 3600) <= seconds
    whole = times[times < max(1, seconds // 3600)] % 1
    inside = ((whole >= 0.25) & (whole < 0.75)).mean()
    assert inside == pytest.approx(share, abs=0.03)


def test_as_many_parties_run_as_the_plan_says() -> None:
    people = terminal.draw_passengers(PLAN, 30_000, seed=2).unique("party_id")
    fast = people.filter(pl.col("speed") >= PLAN.walkers.hurried_speed)["speed"]
    assert len(fast) / len(people) == pytest.approx(PLAN.walkers.hurried, abs=0.01)
    assert fast.max() <= layout.FASTEST
    # of those as many reach 3 m/s as in a real station: 1.2 of 14.8 (behaviour's real_walks)
    assert (fast >= 3).mean() == pytest.approx(1.2 / 14.8, abs=0.02)
    nobody = replace(PLAN, walkers=replace(PLAN.walkers, hurried=0.0))
    assert terminal.draw_passengers(nobody, 3000, seed=2)["speed"].to_numpy().max() < 2


# --- staff ---------------------------------------------------------------------------------------


def test_expected_waits_stay_under_the_plans_limit_and_no_desk_is_idle(
    hour: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    people, visits = hour
    staff = terminal.plan_staff(PLAN, people)
    assert staff.schema == pl.Schema(terminal.STAFF)
    for stage, longest in PLAN.longest_waits.items():
        points = len(PLAN.points_of(stage))
        counts = staff.filter(stage=stage)["open"].to_list()
        assert 1 <= min(counts) < max(counts) <= points
        # the very queue that was planned for, minute by minute
        mean = PLAN.stays[stage].mean
        come = np.full(60, 600 / 60)
        planned, left = staffing._planned(come, mean, points, longest)
        assert sum(left) == pytest.approx(600, abs=0.6)
        queue = 0.0
        for quarter, count in enumerate(planned):
            part = come[15 * quarter : 15 * (quarter + 1)]
            lengths, _ = staffing._let_through(
                queue, np.pad(part, (0, 15 - len(part))), 60 * count / mean
            )
            assert max(lengths) * mean / count <= longest or count == points
            if count > 1:  # one fewer would not do
                fewer, _ = staffing._let_through(
                    queue, np.pad(part, (0, 15 - len(part))), 60 * (count - 1) / mean
                )
                assert max(fewer) * mean / (count - 1) > longest
            queue = lengths[-1]
    used = visits.filter(stage="security").select("place").unique()
    assert len(used) <= staff.filter(stage="security")["open"].max()


def test_people_go_to_open_points_only(hour: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    people, _ = hour
    one = terminal.plan_staff(PLAN, people, more=-99)
    assert set(one["open"]) == {1}
    visits = terminal.pass_through(PLAN, people.head(60), 6, staff=one)
    for stage in PLAN.longest_waits:
        assert visits.filter(stage=stage)["place"].n_unique() == 1
    everything = terminal.plan_staff(EVERYBODY_OPEN, people)
    for stage in PLAN.longest_waits:
        assert set(everything.filter(stage=stage)["open"]) == {len(PLAN.points_of(stage))}


def test_waits_lie_in_the_published_ranges_at_600_an_hour() -> None:
    """The load that the plan was set for; door to gate as the kit's notes demand, 25 to 60."""
    found = terminal.sensitivity(PLAN, loads=(600,), more=(0,), seeds=(6, 7, 8))
    assert found.schema == pl.Schema(terminal.SENSITIVITY)
    known = {row["key"]: row for row in found.iter_rows(named=True)}
    assert 10 <= known["check-in"]["value"] <= 20
    assert 5 <= known["security"]["value"] <= 10
    assert 5 <= known["immigration"]["value"] <= 10
    assert 25 <= known["door-to-gate"]["low"] <= known["door-to-gate"]["high"] <= 60


def test_fewer_desks_mean_longer_waits() -> None:
    found = terminal.sensitivity(PLAN, loads=(500,), more=(-1, 0, 1), seeds=(1, 2))
    gate = found.filter(key="door-to-gate").sort("more")["value"].to_list()
    assert gate[0] > gate[1] + 3
    assert gate[1] > gate[2] + 3


# --- levels --------------------------------------------------------------------------------------


def test_crowding_is_that_of_the_line_people_stand_in() -> None:
    """Five people 0.7 m apart in a line 1.5 m wide: four of them take 2.8 m by 1.5 m."""
    lane = PLAN.points_of("security")[0]
    rows = pl.DataFrame(
        {
            "true_id": np.repeat(np.arange(5), 11),
            "t": np.tile(np.arange(11) / walking.RATE, 5),
            "x": np.repeat([spot[0] for spot in lane.spots[:5]], 11),
            "y": np.repeat([spot[1] for spot in lane.spots[:5]], 11),
        }
    )
    people = terminal.draw_passengers(PLAN, 5, seed=1)
    visits = pl.DataFrame(
        {
            "true_id": np.arange(5),
            "stage": "security",
            "place": lane.name,
            "wing": 0,
            "t_in": 0.0,
            "t_served": [0.0, 24.0, 48.0, 72.0, 96.0],
            "t_out": [24.0, 48.0, 72.0, 96.0, 120.0],
        },
        schema=terminal.VISITS,
    )
    run = terminal.SimulatedRun("one", 1, people, rows, visits, pl.DataFrame(), {})
    known = {row["key"]: row for row in terminal.levels_of_service(run, PLAN).to_dicts()}
    assert known["crowding"]["value"] == pytest.approx(4 / (2.8 * 1.5))
    assert known["crowding"]["low"] <= known["crowding"]["value"] <= known["crowding"]["high"]
    assert known["lane"]["value"] == pytest.approx(150)
    assert known["security"]["value"] == pytest.approx(48 / 60)
    assert known["door-to-gate"]["value"] is None  # nobody reached one
    assert known["inside"]["value"] == 5
    assert run.left_inside == 5
    assert all(row["source"] and row["source_ko"] for row in known.values())


def test_the_chart_draws_each_staff_and_says_what_a_desk_costs() -> None:
    found = terminal.sensitivity(PLAN, loads=(100, 200), seeds=(1,))
    run = terminal.simulate_coarsely(PLAN, 50, 1, wings=1)
    levels = terminal.levels_of_service(run, PLAN)
    assert levels.filter(key="crowding")["value"].item() is None
    chart = service_charts.minutes_to_gate_chart(
        found, levels, source="This run", simulated="a test"
    )
    fewer, planned = (
        found.filter(key="door-to-gate", load=200, more=more)["value"].item() for more in (-1, 0)
    )
    said = chart.to_dict()
    assert f"{fewer:.0f} minutes to the gate instead of {planned:.0f}" in said["title"]["text"]
    assert "SIMULATED" in str(said["title"]["subtitle"])


# --- scenarios -----------------------------------------------------------------------------------


def test_an_ordinary_scenario_changes_nothing() -> None:
    plain = terminal.draw_passengers(PLAN, 300, seed=4)
    assert terminal.draw_scenario(PLAN, 300, 4).equals(plain)


def test_each_share_changes_whom_it_names() -> None:
    many = {"count": 4000, "seed": 4}
    people = terminal.draw_scenario(PLAN, scenario=Scenario(masked=0.3), **many)
    assert people["masked"].mean() == pytest.approx(0.3, abs=0.03)
    people = terminal.draw_scenario(PLAN, scenario=Scenario(wheelchairs=0.1), **many)
    plain = terminal.draw_passengers(PLAN, 4000, 4)
    rolled = people["wheelchair"]
    assert rolled.mean() == pytest.approx(0.1, abs=0.02)
    slower = people["speed"] / plain["speed"]
    assert slower.filter(rolled).to_numpy() == pytest.approx(scenarios.WHEELCHAIR_SPEED)
    assert slower.max() == 1
    searched = (people["security"] / plain["security"]).filter(rolled)
    assert searched.to_numpy() == pytest.approx(scenarios.WHEELCHAIR_SEARCH)
    people = terminal.draw_scenario(PLAN, scenario=Scenario(families=0.9), **many)
    assert people.group_by("party_id").len()["len"].mean() > 2.9


def test_who_comes_in_again_is_the_same_person_and_never_inside_twice() -> None:
    people = terminal.draw_scenario(PLAN, 600, 4, Scenario(returning=0.4))
    again = people.filter(pl.col("true_id") != pl.col("person_id"))
    assert 50 < len(again) == len(people) - 600
    visits = terminal.pass_through(PLAN, people, 4).join(people, on="true_id")
    first = visits.filter(pl.col("true_id").is_in(again["person_id"].implode()))
    assert set(first["stage"]) == {"entrance", "check-in", "gate"}
    doors = [each.name for each in PLAN.entrances]
    assert first.filter(stage="gate")["place"].is_in(doors).all()
    ends = visits.group_by("person_id", "true_id").agg(pl.col("t_in").min(), pl.col("t_out").max())
    inside = ends.sort("person_id", "t_in").select(
        pl.col("t_in") - pl.col("t_out").shift().over("person_id")
    )["t_in"]
    assert len(inside.drop_nulls()) == len(again)
    assert inside.drop_nulls().min() >= 0
    seen = terminal.coarse_sightings(visits.select(*terminal.VISITS), PLAN, 4, people)
    assert seen["true_id"].max() < 600  # the tracker's truth is the person, not the visit
    twice = seen.filter(pl.col("true_id").is_in(again["person_id"].implode()))
    gap = twice.sort("true_id", "t_start").select(
        pl.col("t_start") - pl.col("t_end").shift().over("true_id")
    )
    assert gap["t_start"].max() > scenarios.AWAY[0]


def test_bodies_never_come_in_again_before_they_have_left() -> None:
    people = terminal.draw_scenario(PLAN, 12, 4, Scenario(returning=1.0), seconds=60)
    early = people.with_columns(
        t_arrival=pl.when(pl.col("true_id") >= 12).then(40.0).otherwise("t_arrival")
    )
    _, visits = terminal.walk_passengers(EVERYBODY_OPEN, early, 4)
    own = visits.join(people.select("true_id", "person_id"), on="true_id")
    spans = own.group_by("person_id", "true_id").agg(pl.col("t_in").min(), pl.col("t_out").max())
    gaps = spans.sort("person_id", "t_in").select(
        pl.col("t_in") - pl.col("t_out").shift().over("person_id")
    )["t_in"]
    assert len(gaps.drop_nulls()) > 3
    assert gaps.drop_nulls().min() >= 0
    assert set(visits.filter(stage="gate")["true_id"]) == set(people["true_id"])


def test_masks_lower_quality_and_hide_faces() -> None:
    seen = pl.DataFrame(
        {
            "true_id": np.arange(2000),
            "camera_id": "one",
            "t_start": 0.0,
            "t_end": 1.0,
            "x": 0.0,
            "y": 0.0,
            "n_frames": 1e9,
            "view": 0.5,
        }
    )
    people = terminal.draw_scenario(PLAN, 2000, 1, Scenario(masked=0.5))
    found = cameras._sightings_of(seen, 1, people).join(
        people.select("true_id", "masked"), on="true_id"
    )
    quality = {masked: part["quality"].mean() for (masked,), part in found.group_by("masked")}
    counts = dict(found["masked"].value_counts().iter_rows())
    # the poorest masked faces are missed, so that those detected are a little better
    assert quality[True] / quality[False] == pytest.approx(cameras.MASK, abs=0.06)
    assert counts[True] < 0.97 * counts[False]


def test_staff_are_seen_again_and_again_and_never_counted_as_left(
    walked: terminal.SimulatedRun,
) -> None:
    staff = walked.people.filter(role="staff")["true_id"]
    assert len(staff) == 2
    times = walked.sightings["true_id"].value_counts()
    mine = times.filter(pl.col("true_id").is_in(staff.implode()))["count"]
    assert len(mine) == 2
    assert mine.min() > 2 * times["count"].median()
    assert walked.left_inside == 0
    assert not walked.visits["true_id"].is_in(staff.implode()).any()
    last = walked.trajectories["t"].max()
    ends = walked.trajectories.filter(pl.col("true_id").is_in(staff.implode()), t=last)
    assert len(ends) == 2  # on duty until the run ends


def test_families_walk_together(walked: terminal.SimulatedRun) -> None:
    """Between check-in and the gate, where nobody queues, none is far ahead for long."""
    parties = walked.people.filter(pl.len().over("party_id") > 1, role="passenger")
    hall = walked.trajectories.join(parties.select("true_id", "party_id"), on="true_id")
    hall = hall.filter(pl.col("x") > 90).with_columns(tick=(pl.col("t") * walking.RATE).round())
    apart = (
        hall.group_by("party_id", "tick")
        .agg(
            pl.len(),
            dx=pl.col("x").max() - pl.col("x").min(),
            dy=pl.col("y").max() - pl.col("y").min(),
        )
        .filter(pl.col("len") > 1)
        .select((pl.col("dx") ** 2 + pl.col("dy") ** 2).sqrt().alias("apart"))["apart"]
    )
    assert len(apart) > 500
    assert (apart > 2 * walking.TOGETHER).mean() < 0.02


@pytest.mark.parametrize("wrong", [{"masked": 1.5}, {"staff": -1}, {"families": float("nan")}])
def test_a_share_outside_0_to_1_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="give a number from 0 to"):
        Scenario(**wrong)


def test_who_is_left_inside_is_counted() -> None:
    people = terminal.draw_passengers(PLAN, 10, seed=4, seconds=10)
    cut = terminal.walk_run(PLAN, people, 4, longest=60)
    assert cut.left_inside == 10


# --- a whole day ---------------------------------------------------------------------------------


def test_a_day_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["day", "--passengers", "300", "--minutes", "1", "--masked", "0.5", "--out"]
    assert cli.main([*asked, str(tmp_path / "day")]) == 0
    said = capsys.readouterr().out
    assert "In a simulation of 24 hours" in said
    assert "300 passengers" in said
    assert "0 still inside when it ended" in said
    table = pl.read_csv(tmp_path / "day" / "levels.csv")
    assert set(table["part"]) == {"day", "busiest hour", "hall"}
    flow = terminal.read_simulated_run(tmp_path / "day" / "flow")
    assert (flow.people["t_arrival"].max() or 0) > 12 * 3600  # a day, not an hour
    (tmp_path / "day" / "hall" / "run.json").unlink()
    monkeypatch.setattr(terminal.day, "simulate_coarsely", None)  # what is there is not made again
    assert cli.main([*asked, str(tmp_path / "day")]) == 0
    assert "flow: read from" in capsys.readouterr().out
    assert terminal.read_simulated_run(tmp_path / "day" / "hall").left_inside == 0
    assert cli.main([*asked[:2], "301", "--out", str(tmp_path / "day")]) == 1
    assert "contains a day with other settings" in capsys.readouterr().err


def test_the_hall_holds_the_fullest_minutes() -> None:
    people, _ = terminal.simulate_day(PLAN, 2000, 3, wings=2, scenario=Scenario(staff=2))
    some = terminal.hall_sample(people, 30)
    walkers = some.filter(role="passenger")
    span = walkers["t_arrival"].to_numpy()
    assert np.ptp(span) <= 1800
    assert set(walkers["wing"]) == {0}
    assert len(some) == len(walkers) + 2
    own = people.filter(wing=0, role="passenger")["t_arrival"].sort().to_numpy()
    most = max(((own >= t) & (own <= t + 1800)).sum() for t in own)
    assert len(walkers) == most
    assert walkers.group_by("party_id").len()["len"].sum() == len(walkers)
