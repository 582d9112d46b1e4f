"""Simulate a whole day as a flow, and some minutes of one hall as bodies; resumes if stopped."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.sources.files import sha256_of, write_whole
from .layout import FICTIONAL, load_layout
from .passengers import HOUR
from .run import SimulatedRun, read_simulated_run, simulate_coarsely, walk_run, write_simulated_run
from .scenarios import ORDINARY, Scenario

ASKED = "asked.json"


@dataclass(frozen=True)
class Day:
    """Store a simulated day: everybody's `flow`, and the `hall`, a part of it walked as bodies.

    `seconds` is the time each part took; 0 for a part that an earlier run had made.
    """

    flow: SimulatedRun
    hall: SimulatedRun
    seconds: dict[str, float]


def simulate_whole_day(
    folder: Path,
    passengers: int,
    seed: int,
    *,
    plan: Path | None = None,
    scenario: Scenario = ORDINARY,
    minutes: float = 30.0,
    tell: Callable[[str], None] = print,
) -> Day:
    """Simulate a day of so many passengers and write its parts below a folder.

    `flow`: all passengers of 24 hours (`run.simulate_coarsely`). `hall`: those of the first wing
    who arrive in its fullest `minutes`, and the scenario's staff, walked as bodies in a hall that
    is empty at first. A part that exists already, from the same request, is read. Raises InputError
    for fewer than one passenger or minute, and if the folder contains another day.
    """
    if passengers < 1 or minutes < 1:
        raise InputError("A day needs at least one passenger and a hall at least one minute.")
    layout = load_layout(plan)
    asked = {
        "passengers": passengers,
        "seed": seed,
        "plan": sha256_of(plan or FICTIONAL),
        "scenario": asdict(scenario),
        "minutes": minutes,
    }
    _claim(folder, asked)
    seconds = {}

    def part(name: str, make: Callable[[], SimulatedRun]) -> SimulatedRun:
        if (folder / name / "run.json").exists():
            tell(f"{name}: read from {folder / name}")
            seconds[name] = 0.0
            return read_simulated_run(folder / name)
        start = time.perf_counter()
        run = make()
        write_simulated_run(run, folder / name)
        seconds[name] = time.perf_counter() - start
        tell(f"{name}: {seconds[name]:.0f} s, written to {folder / name}")
        return run

    flow = part("flow", lambda: simulate_coarsely(layout, passengers, seed, scenario=scenario))
    hall = part("hall", lambda: walk_run(layout, hall_sample(flow.people, minutes), seed))
    return Day(flow, hall, seconds)


def hall_sample(people: pl.DataFrame, minutes: float) -> pl.DataFrame:
    """Return the first wing's passengers of its fullest minutes, and staff (schema `PASSENGERS`).

    Parties are whole, since members arrive at one time; second visits outside these minutes are
    left out.
    """
    own = people.filter(pl.col("wing") == 0).sort("t_arrival", "true_id")
    walkers = own.filter(pl.col("role") != "staff")
    times = walkers["t_arrival"].to_numpy()
    ends = np.searchsorted(times, times + 60 * minutes, "right")
    first = int(np.argmax(ends - np.arange(len(times))))
    start = float(times[first])
    some = walkers.filter(pl.col("t_arrival").is_between(start, start + 60 * minutes))
    on_duty = own.filter(role="staff").with_columns(t_arrival=pl.lit(start))
    return pl.concat([some, on_duty])


def busiest_hour(run: SimulatedRun) -> SimulatedRun:
    """Return a day's run with the people, visits and sightings of its fullest hour of arrivals."""
    hour = pl.col("t_arrival") // HOUR
    counts = run.people.group_by(hour.alias("hour")).len().sort("len", "hour")
    people = run.people.filter(hour == counts["hour"][-1])
    own = pl.col("true_id").is_in(people["true_id"].implode())
    return replace(
        run,
        people=people,
        visits=run.visits.filter(own),
        sightings=run.sightings.filter(pl.col("true_id").is_in(people["person_id"].implode())),
    )


def _claim(folder: Path, asked: dict[str, object]) -> None:
    """Write the request into the folder; refuse a folder that contains another day."""
    path = folder / ASKED
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != json.loads(json.dumps(asked)):
            raise InputError(
                f"{folder} contains a day with other settings ({ASKED}): give another folder."
            )
        return
    write_whole(path, json.dumps(asked, indent=2).encode())
