"""Simulate a labelled run: people, their walks, and the sightings cameras would report."""

import io
import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import polars as pl

from onetomany.errors import InputError, IntegrityError
from onetomany.sources.files import sha256_of, write_whole
from .cameras import coarse_sightings, fine_sightings
from .flow import simulate_day
from .layout import Layout
from .passengers import HOUR
from .scenarios import ORDINARY, Scenario, draw_scenario
from .walking import RATE, TRAJECTORIES, walk_passengers

FRAMES = ("people", "trajectories", "visits", "sightings")
ABOUT = "run.json"


@dataclass(frozen=True)
class SimulatedRun:
    """Store one simulated run of a terminal called `terminal`; everything in it is simulated.

    `people` `passengers.PASSENGERS`; `trajectories` `walking.TRAJECTORIES`, empty for a coarse run;
    `visits` `flow.VISITS`; `sightings` `cameras.SIGHTINGS`. `made_with` gives the versions with
    which a run can be repeated exactly.
    """

    terminal: str
    seed: int
    people: pl.DataFrame
    trajectories: pl.DataFrame
    visits: pl.DataFrame
    sightings: pl.DataFrame
    made_with: dict[str, str]

    @property
    def left_inside(self) -> int:
        """Return how many passengers had not reached their gate (or the door) at the end.

        A run cut off by `longest` may end with people inside, or still waiting to enter.
        """
        gone = self.visits.filter(stage="gate")["true_id"]
        people = self.people.filter(pl.col("role") != "staff")["true_id"]
        return people.filter(~people.is_in(gone.implode())).len()

    @property
    def first_arrival(self) -> str:
        """Return when the first person arrives, hours and minutes since opening: '06:29'."""
        minutes = int(self.people.select(pl.col("t_arrival").min()).item() // 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each frame, written as parquet."""
        return {name: sha256(_parquet(getattr(self, name))).hexdigest() for name in FRAMES}


def simulate(
    layout: Layout,
    passengers: int,
    seed: int,
    *,
    seconds: float = HOUR,
    scenario: Scenario = ORDINARY,
) -> SimulatedRun:
    """Simulate passengers who arrive within `seconds`, each as a body (`walk_passengers`).

    Runs until all are gone, at most two hours after the last arrival; `SimulatedRun.left_inside`
    says how many were not. The same arguments give the same frames, on the same machine and
    versions.

    Returns a `SimulatedRun`, in seconds since opening and metres: frames of `people`, of
    `trajectories` (5 rows a second each), of `visits`, and of `sightings` by the cameras.

    Raises InputError for no passengers.

    >>> import onetomany as otm
    >>> run = otm.simulate(otm.load_layout(), 2, seed=7, seconds=10)
    >>> run.people.height, run.sightings["source"].unique().to_list()
    (2, ['simulated'])
    """
    people = draw_scenario(layout, passengers, seed, scenario, seconds=seconds)
    return walk_run(layout, people, seed)


def walk_run(
    layout: Layout, people: pl.DataFrame, seed: int, *, longest: float = 2 * HOUR
) -> SimulatedRun:
    """Simulate passengers already drawn (`PASSENGERS`, one wing), each walked as a body."""
    trajectories, visits = walk_passengers(layout, people, seed, longest=longest)
    seen = fine_sightings(trajectories, layout, seed, RATE, people)
    return SimulatedRun(layout.name, seed, people, trajectories, visits, seen, _versions())


def simulate_coarsely(
    layout: Layout,
    passengers: int,
    seed: int,
    *,
    wings: int | None = None,
    scenario: Scenario = ORDINARY,
) -> SimulatedRun:
    """Simulate a day by flow alone, with sightings along the shortest ways.

    For large numbers: people don't slow each other down, and places and times between two visits
    are interpolated. `wings` as in `flow.simulate_day`. Staff of a scenario, who only walk, are not
    seen.
    """
    people, visits = simulate_day(layout, passengers, seed, wings=wings, scenario=scenario)
    seen = coarse_sightings(visits, layout, seed, people)
    nowhere = pl.DataFrame(schema=TRAJECTORIES)
    return SimulatedRun(layout.name, seed, people, nowhere, visits, seen, _versions())


def write_simulated_run(run: SimulatedRun, folder: Path) -> None:
    """Write a run's frames as parquet, then `run.json` with its settings and digests."""
    for name in FRAMES:
        write_whole(folder / f"{name}.parquet", _parquet(getattr(run, name)))
    about = {
        "simulated": True,
        "terminal": run.terminal,
        "seed": run.seed,
        "left_inside": run.left_inside,
        "made_with": run.made_with,
        "digests": run.digests(),
    }
    write_whole(folder / ABOUT, json.dumps(about, indent=2).encode())


def read_simulated_run(folder: Path) -> SimulatedRun:
    """Read a run written by `write_simulated_run`.

    Raises InputError if files are missing, IntegrityError if a frame has changed since.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"No run at {folder}: write one with write_simulated_run.") from error
    for name, digest in about["digests"].items():
        path = folder / f"{name}.parquet"
        if not path.exists() or sha256_of(path) != digest:
            raise IntegrityError(f"{path} has changed since it was written: simulate it again.")
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    return SimulatedRun(about["terminal"], about["seed"], made_with=about["made_with"], **frames)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer)
    return buffer.getvalue()


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("jupedsim", "simpy", "numpy", "polars", "onetomany")}
