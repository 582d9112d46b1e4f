"""Measure waits and crowding, compare them with published ranges, and vary load and staff."""

import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .flow import pass_through
from .layout import STAFFED, Layout
from .passengers import draw_passengers
from .run import SimulatedRun
from .staffing import plan_staff
from .walking import RATE

PUBLISHED = Path(__file__).parent / "data" / "published.toml"
QUEUE_WIDTH = 1.5  # m: 5 feet, so that parties fit side by side (ACRP Report 25, vol. 2, p. 42)
EVERY = 60.0  # s between two looks at the queues
LEVELS = {
    "key": pl.String,  # of data/published.toml
    "en": pl.String,
    "ko": pl.String,
    "unit": pl.String,
    "value": pl.Float64,  # null if the run can't say
    "low": pl.Float64,  # the published range; null if not published
    "high": pl.Float64,
    "source": pl.String,  # of the range
    "source_ko": pl.String,
}
SENSITIVITY = {
    "load": pl.Int64,  # passengers who come in the hour
    "more": pl.Int64,  # points open at each stage beyond the plan's
    "seeds": pl.Int64,
    "key": pl.String,  # of data/published.toml
    "value": pl.Float64,  # minutes: the mean of the seeds' medians
    "low": pl.Float64,  # the lowest seed's
    "high": pl.Float64,
}


def levels_of_service(run: SimulatedRun, layout: Layout) -> pl.DataFrame:
    """Return `LEVELS`: a run's figures next to the published range of each.

    Waits are medians over passengers who stop at a stage; door to gate is the median over
    passengers who reached a gate. Crowding is the median over people in a queue of two or more, of
    people per square metre of a line QUEUE_WIDTH wide; it and the fullest moment need a walked
    run, and are null in a coarse one.
    """
    minutes = _minutes(run.visits, layout)
    values: dict[str, float | None] = {
        **minutes,
        "lane": _served_an_hour(run.visits),
        "crowding": _crowding(run, layout),
        "inside": _fullest(run),
    }
    known = tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))
    rows = [{"key": key, "value": values[key], **entry} for key, entry in known.items()]
    return pl.DataFrame(rows, schema=LEVELS)


def sensitivity(
    layout: Layout,
    *,
    loads: Sequence[int] = (400, 600, 800, 1000),
    more: Sequence[int] = (-1, 0, 1),
    seeds: Sequence[int] = (1, 2, 3),
) -> pl.DataFrame:
    """Return `SENSITIVITY`: medians of waits and of door to gate by load and staff.

    Each hour is a flow (`flow.pass_through`): bodies don't slow each other down.
    """
    rows = []
    for load, extra, seed in product(loads, more, seeds):
        people = draw_passengers(layout, load, seed)
        staff = plan_staff(layout, people, more=extra)
        found = _minutes(pass_through(layout, people, seed, staff=staff), layout)
        rows += [(load, extra, seed, key, value) for key, value in found.items()]
    return (
        pl.DataFrame(rows, schema=["load", "more", "seed", "key", "value"], orient="row")
        .group_by("load", "more", "key", maintain_order=True)
        .agg(
            seeds=pl.len(),
            low=pl.col("value").min(),
            high=pl.col("value").max(),
            value=pl.col("value").mean(),
        )
        .select(pl.col(name).cast(kind) for name, kind in SENSITIVITY.items())
    )


def door_to_gate(visits: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Return `true_id` and `minutes` from entrance to gate, for people who reached a gate."""
    gates = [gate.name for gate in layout.gates]
    return (
        visits.group_by("true_id", maintain_order=True)
        .agg(
            came=pl.col("t_in").min(),
            reached=pl.col("t_in").filter(pl.col("place").is_in(gates)).first(),
        )
        .drop_nulls()
        .select("true_id", minutes=(pl.col("reached") - pl.col("came")) / 60)
        .sort("true_id")
    )


def _minutes(visits: pl.DataFrame, layout: Layout) -> dict[str, float | None]:
    """Return medians in minutes: the wait at each stage, and from door to gate."""
    waits = visits.with_columns(wait=(pl.col("t_served") - pl.col("t_in")) / 60)
    found: dict[str, Any] = {stage: waits.filter(stage=stage)["wait"].median() for stage in STAFFED}
    return found | {"door-to-gate": door_to_gate(visits, layout)["minutes"].median()}


def _served_an_hour(visits: pl.DataFrame) -> float | None:
    """Return passengers at security per hour in which lanes were serving."""
    served = visits.filter(stage="security")
    turns = served.unique(["wing", "place", "t_served"], maintain_order=True)
    hours = float((turns["t_out"] - turns["t_served"]).sum()) / 3600
    return len(served) / hours if hours else None


def _crowding(run: SimulatedRun, layout: Layout) -> float | None:
    heads = pl.DataFrame(
        [(point.name, *point.head) for point in layout.points],
        schema=["place", "x_head", "y_head"],
        orient="row",
    )
    ticks = ((pl.col("t") - pl.col("t").min()) * RATE).round()
    looks = run.trajectories.filter(ticks % (EVERY * RATE) == 0)
    lines = (
        run.visits.filter(pl.col("stage").is_in(STAFFED))
        .join(looks, on="true_id")
        .filter(pl.col("t").is_between("t_in", "t_out"))
        .join(heads, on="place")
        .group_by("place", "t")
        .agg(
            pl.len(),
            length=((pl.col("x") - pl.col("x_head")) ** 2 + (pl.col("y") - pl.col("y_head")) ** 2)
            .sqrt()
            .max(),
        )
        .filter(pl.col("len") > 1)
    )
    if lines.is_empty():
        return None
    # the first is at the head: the others take the length
    crowding = ((lines["len"] - 1) / (lines["length"] * QUEUE_WIDTH)).to_numpy()
    return float(np.median(np.repeat(crowding, lines["len"].to_numpy())))


def _fullest(run: SimulatedRun) -> float | None:
    if run.trajectories.is_empty():
        return None
    return float(run.trajectories.group_by("t").len()["len"].to_numpy().max())
