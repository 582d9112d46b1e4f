"""The simulated arrivals: sourced margins, the bounds they allow, and a table made in any order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onetomany.errors import InputError, IntegrityError
from onetomany.reidentification import crowds
from onetomany.sources import arrivals, case, travellers

pytestmark = pytest.mark.real

PLAN = arrivals.disclosed_plan(200_000, chunk=60_000)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return arrivals.draw_arrivals(PLAN)


@pytest.fixture(scope="module")
def single() -> pl.DataFrame:
    """Foreigners with one trip each: the published ages are of people as they arrive."""
    return arrivals.draw_arrivals(arrivals.ArrivalsPlan(150_000, 0, mean_trips=1.0))


def fits(counts: pl.DataFrame, margin: str) -> float:
    """The p-value of counts (`value`, `len`) against a published margin."""
    both = travellers.margins().filter(margin=margin).join(counts, on="value", how="full")
    assert both["len"].null_count() == both["arrivals"].null_count() == 0
    expected = both["arrivals"] / both["arrivals"].sum() * both["len"].sum()
    return float(stats.chisquare(both["len"].to_numpy(), expected.to_numpy()).pvalue)


# --- the sourced parts ---------------------------------------------------------------------------


def test_the_disclosed_plan_has_the_disclosed_numbers() -> None:
    plan = arrivals.disclosed_plan()
    assert (plan.rows, plan.koreans) == (177_600_000, 57_600_000)
    assert arrivals.disclosed_plan(1_776, mean_trips=2.0).koreans == 576


@pytest.mark.parametrize("dependence", [0.0, 0.7])
def test_the_joint_model_has_the_published_margins(dependence: float) -> None:
    model = arrivals._joint_model(dependence)
    assert model["probability"].sum() == pytest.approx(1)
    for margin in ("nationality", "sex", "age"):
        own = model.group_by(value=margin).agg(pl.col("probability").sum())
        both = travellers.margins().filter(margin=margin).join(own, on="value")
        shares = both["arrivals"] / both["arrivals"].sum()
        assert both["probability"].to_list() == pytest.approx(shares.to_list(), rel=1e-9)
    alone = model.group_by("sex", "age").agg(pl.col("probability").sum())
    sexes = model.group_by("sex").agg(s=pl.col("probability").sum())
    ages = model.group_by("age").agg(a=pl.col("probability").sum())
    gap = alone.join(sexes, on="sex").join(ages, on="age")
    gap = (gap["probability"] - gap["s"] * gap["a"]).abs().max()
    assert (gap < 1e-12) == (dependence == 0)


def test_the_drawn_margins_are_the_published_ones_within_chance(single: pl.DataFrame) -> None:
    for margin in ("nationality", "sex"):
        counts = single.group_by(pl.col(margin).cast(pl.String).alias("value")).len()
        assert fits(counts, margin) > 0.01
    age = single["arrival_date"].dt.year().cast(pl.Int64) - single["birth_year"]
    labels = travellers.margins().filter(margin="age")["value"]
    group = np.searchsorted([10, 20, 30, 40, 50, 60, 70], age.to_numpy(), side="left")
    ages = labels[pl.Series(group)].alias("value").to_frame()
    assert fits(ages.group_by("value").len(), "age") > 0.01
    assert age.max() <= travellers.OLDEST


def test_years_are_as_many_as_were_counted(single: pl.DataFrame) -> None:
    counted = case.arrivals_in_window(case.case_numbers()).sort("id")["counted"]
    years = single.group_by(pl.col("arrival_date").dt.year()).len().sort("arrival_date")["len"]
    expected = counted / counted.sum() * len(single)
    assert stats.chisquare(years.to_numpy(), expected.to_numpy()).pvalue > 0.01


def test_the_table_is_what_its_plan_says(table: pl.DataFrame) -> None:
    assert len(table) == PLAN.rows
    assert (table["nationality"] == "KOR").sum() == PLAN.koreans
    assert (table["arrival_date"].dt.year() >= table["birth_year"]).all()
    korean = table.filter(pl.col("nationality") == "KOR")["arrival_date"]
    foreign = table.filter(pl.col("nationality") != "KOR")["arrival_date"]
    assert date(2005, 2, 3) <= korean.min() < date(2005, 4, 1)  # type: ignore[operator]
    assert date(2010, 8, 23) <= foreign.min() < date(2010, 9, 1)  # type: ignore[operator]
    assert date(2021, 10, 1) < max(korean.max(), foreign.max()) <= date(2021, 10, 20)  # type: ignore[operator,type-var]
    ports = table["port"].value_counts(normalize=True).sort("port")["proportion"]
    assert ports.to_list() == pytest.approx(list(PLAN.ports), abs=0.005)


def test_people_are_one_and_the_same_on_all_their_trips(table: pl.DataFrame) -> None:
    people = table.group_by("person").agg(
        pl.col("nationality", "sex", "birth_year").n_unique(), trips=pl.len()
    )
    assert (people.select(pl.col("nationality", "sex", "birth_year").max()).row(0)) == (1, 1, 1)
    assert people["trips"].mean() == pytest.approx(PLAN.mean_trips, rel=0.01)
    # geometric: half as many people again and again
    share = people["trips"].value_counts(normalize=True).sort("trips")["proportion"]
    assert share[0] == pytest.approx(1 / 3, abs=0.01)
    assert share[1] == pytest.approx(2 / 9, abs=0.01)
    keys = table.group_by("passport_key").agg(pl.col("person").n_unique())
    assert keys["person"].max() == 1


def test_a_passport_lasts_as_long_as_it_is_said_to(table: pl.DataFrame) -> None:
    spans = table.group_by("passport_key").agg(
        days=(pl.col("arrival_date").max() - pl.col("arrival_date").min()).dt.total_days()
    )
    assert spans["days"].max() < 10 * 366  # type: ignore[operator]
    changed = table.group_by("person").agg(pl.col("passport_key").n_unique())
    assert changed["passport_key"].max() > 1  # type: ignore[operator]
    ever = arrivals.draw_arrivals(replace(PLAN, validity=1000.0))
    few = ever.group_by("person").agg(pl.col("passport_key").n_unique())
    assert (few["passport_key"] > 1).mean() < 0.02  # type: ignore[operator]


# --- the bounds ----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=80)
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0)
)
def test_no_table_leaves_the_bounds_of_its_margins(shape: tuple[int, int, int], seed: int) -> None:
    cells = np.random.default_rng(seed).geometric(0.3, shape) - 1
    margins = [cells.sum(axis=tuple({0, 1, 2} - {axis})) for axis in range(3)]
    lower, upper = arrivals.frechet_bounds(margins, int(cells.sum()))
    assert (lower <= cells).all()
    assert (cells <= upper).all()


@settings(deadline=None, max_examples=60)
@given(sets=st.lists(st.integers(0, 30), min_size=2, max_size=4), seed=st.integers(0))
def test_the_bounds_are_attained(sets: list[int], seed: int) -> None:
    """People laid out so that the groups overlap as much, or as little, as they can."""
    total = max(sets) + seed % 8
    margins = [np.array([size, total - size]) for size in sets]
    lower, upper = (bound.flat[0] for bound in arrivals.frechet_bounds(margins, total))
    people = np.arange(total)
    together = np.logical_and.reduce([people < size for size in sets])
    assert together.sum() == upper
    # one group after another around a circle: who is outside of a group differs each time
    apart, start = np.ones(total, dtype=bool), 0
    for size in sets:
        outside = (start + np.arange(total - size)) % max(total, 1)
        apart[outside] = False
        start += total - size
    assert apart.sum() == lower


def test_the_model_lies_within_the_bounds_of_its_margins() -> None:
    for dependence in (0.0, 0.5, 1.0):
        cells = arrivals.arrival_bounds(dependence)
        assert len(cells) == 23 * 2 * 8
        assert (cells["lower"] <= cells["modelled"]).all()
        assert (cells["modelled"] <= cells["upper"]).all()
    # crew are in the nationality table, and in neither of the other two
    assert cells["modelled"].sum() == pytest.approx(30_888_660)


def test_fitting_refuses_what_no_table_can_have() -> None:
    with pytest.raises(InputError, match="same total"):
        arrivals.fitted(np.ones((2, 2)), [np.array([1.0, 2.0]), np.array([2.0, 2.0])])
    crossed = np.array([[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(InputError, match="No table with these zeros"):
        arrivals.fitted(crossed, [np.array([3.0, 1.0]), np.array([1.0, 3.0])])
    with pytest.raises(InputError, match="from 0 to the total"):
        arrivals.frechet_bounds([np.array([5, 1])], 4)


# --- chunks and files ----------------------------------------------------------------------------


def test_a_chunk_is_the_same_whenever_it_is_made(table: pl.DataFrame) -> None:
    last = arrivals._arrivals_chunk(PLAN, PLAN.chunks - 1)
    assert len(last) == 20_000
    assert last.equals(table.tail(20_000))
    assert arrivals._arrivals_chunk(PLAN, 0).equals(table.head(60_000))
    other = arrivals._arrivals_chunk(replace(PLAN, seed=1), 0)
    assert not other["birth_year"].equals(table["birth_year"].head(60_000))
    assert not set(other["passport_key"]) & set(table["passport_key"])


def test_written_and_read_it_is_the_same_table(table: pl.DataFrame, tmp_path: Path) -> None:
    read = arrivals.scan_arrivals(arrivals.write_arrivals(PLAN, tmp_path)).collect()
    assert read.equals(table)
    assert not list(tmp_path.glob("*.part"))


def test_a_part_that_is_missing_or_damaged_is_told_and_made_again(tmp_path: Path) -> None:
    arrivals.write_arrivals(PLAN, tmp_path)
    parts = sorted(tmp_path.glob("part-*.parquet"))
    before = [part.read_bytes() for part in parts]
    untouched = parts[0].stat().st_mtime_ns
    parts[1].write_bytes(before[1][: len(before[1]) // 2])
    parts[2].unlink()
    said = r"part-00001.parquet is missing or too short \(2 parts in all\)"
    with pytest.raises(IntegrityError, match=said):
        arrivals.scan_arrivals(tmp_path)
    arrivals.write_arrivals(PLAN, tmp_path)
    assert [part.read_bytes() for part in parts] == before
    assert parts[0].stat().st_mtime_ns == untouched
    with pytest.raises(InputError, match="another plan"):
        arrivals.write_arrivals(replace(PLAN, seed=3), tmp_path)
    with pytest.raises(InputError, match="has no table"):
        arrivals.scan_arrivals(tmp_path / "elsewhere")


def test_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    plan = arrivals.disclosed_plan(1_000_000, chunk=25_000)
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=arrivals.write_arrivals, args=(plan, tmp_path, 1))
    writer.start()
    while len(list(tmp_path.glob("part-*.parquet"))) < 3:
        time.sleep(0.005)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    done = {part: part.stat().st_mtime_ns for part in tmp_path.glob("part-*.parquet")}
    assert 3 <= len(done) < plan.chunks
    arrivals.write_arrivals(plan, tmp_path)
    assert all(part.stat().st_mtime_ns == when for part, when in done.items())
    whole = arrivals.scan_arrivals(tmp_path).collect()
    assert whole.equals(arrivals.draw_arrivals(plan))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"koreans": 11},
        {"mean_trips": 0.5},
        {"validity": 0.5},
        {"dependence": -1.0},
        {"ports": (0.5, 0.2, 0.1)},
        {"ports": (1.5, -0.5, 0.0)},
        {"chunk": 0},
    ],
)
def test_plans_that_can_not_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        arrivals.ArrivalsPlan(**({"rows": 10, "koreans": 1} | wrong))  # type: ignore[arg-type]


# --- the crowds in it ----------------------------------------------------------------------------


def test_crowds_of_every_combination_are_those_of_a_plain_count(table: pl.DataFrame) -> None:
    columns = list(arrivals.QUASI_IDENTIFIERS)
    found = crowds.crowds(table, columns)
    assert len(found) == 31
    for row in found.sample(8, seed=1).iter_rows(named=True):
        size = table.select(pl.len().over(row["columns"].split(" + "))).to_series()
        assert row["mean"] == pytest.approx(float(size.mean()))  # type: ignore[arg-type]
        assert row["alone"] == pytest.approx((size == 1).mean())
        assert row["below_5"] == pytest.approx((size < 5).mean())
        assert row["below_20"] == pytest.approx((size < 20).mean())
        assert row["median"] == size.quantile(0.5, "lower")
        assert row["classes"] == table.select(row["columns"].split(" + ")).unique().height
    with pytest.raises(InputError, match="'port' is in a combination"):
        crowds.crowds(table, ["sex"], [["port"]])


def test_the_readers_own_crowd_is_a_plain_count(table: pl.DataFrame) -> None:
    own = {"nationality": "JPN", "birth_year": 1985, "arrival_date": date(2019, 5, 5)}
    found = crowds.crowd(table, own)
    left = table
    for (name, value), count in zip(own.items(), found["records"][1:], strict=True):
        left = left.filter(pl.col(name) == value)
        assert count == len(left)
    assert found.row(0) == (None, None, len(table), 1.0)
    gaps = pl.DataFrame({"sex": ["F", None, None]})
    assert crowds.crowd(gaps, {"sex": None})["records"].to_list() == [3, 2]
    with pytest.raises(InputError, match="of another type than the column"):
        crowds.crowd(table, {"birth_year": "young"})


def test_the_run_at_the_disclosed_size_is_this_tables_in_proportion(table: pl.DataFrame) -> None:
    kept, facts = crowds.load_disclosed_crowds()
    assert (facts["rows"], facts["koreans"]) == (177_600_000, 57_600_000)
    assert len(kept) == 31
    assert set(kept["rows"]) == {177_600_000}
    for columns in ("sex", "nationality", "nationality + sex", "nationality + sex + birth_year"):
        own = crowds.crowds(table, columns.split(" + "), [columns.split(" + ")])["mean"][0]
        at_scale = kept.filter(columns=columns)["mean"][0]
        # people come several times: their own other trips are more of a small table
        assert at_scale / facts["rows"] == pytest.approx(own / len(table), rel=0.05)
    assert facts["five columns, seconds"] < 180  # type: ignore[operator]
    assert facts["peak memory, bytes"] < 8e9  # type: ignore[operator]
