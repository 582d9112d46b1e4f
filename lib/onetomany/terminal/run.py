"""A whole labelled run of the terminal: who came, where they walked, what cameras would hand on."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import polars as pl

from ..errors import InputError, IntegrityError
from ..sources.files import sha256_of, write_whole
from .cameras import coarse_sightings, fine_sightings
from .flow import simulate_day
from .layout import Layout
from .passengers import HOUR, draw_passengers
from .walking import RATE, TRAJECTORIES, walk

FRAMES = ("people", "trajectories", "visits", "sightings")
ABOUT = "run.json"


@dataclass(frozen=True)
class Run:
    """One simulated run, of a terminal called `terminal`; everything in it is simulated.

    `people` `passengers.PASSENGERS`; `trajectories` `walking.TRAJECTORIES`, empty for a coarse run;
    `visits` `flow.VISITS`; `sightings` `cameras.SIGHTINGS`. `made_with` gives the versions that a
    run is the same with.
    """

    terminal: str
    seed: int
    people: pl.DataFrame
    trajectories: pl.DataFrame
    visits: pl.DataFrame
    sightings: pl.DataFrame
    made_with: dict[str, str]

    def digests(self) -> dict[str, str]:
        """The SHA-256 of each frame, written as parquet."""
        return {name: sha256(_parquet(getattr(self, name))).hexdigest() for name in FRAMES}


def simulate(
    layout: Layout, passengers: int, seed: int, *, seconds: float = HOUR, longest: float = 2 * HOUR
) -> Run:
    """So many passengers who arrive within `seconds`, each walked as a body (`walking.walk`).

    Runs until all are gone, at most `longest` seconds after the last arrival. The same arguments
    give the same frames, on the same machine and versions. Raises InputError for no passengers.
    """
    people = draw_passengers(layout, passengers, seed, seconds=seconds)
    trajectories, visits = walk(layout, people, seed, longest=longest)
    seen = fine_sightings(trajectories, layout, seed, RATE)
    return Run(layout.name, seed, people, trajectories, visits, seen, _versions())


def simulate_coarsely(
    layout: Layout, passengers: int, seed: int, *, wings: int | None = None
) -> Run:
    """A day of so many passengers by flow alone, its sightings at places along the shortest ways.

    For large numbers: nobody is in anybody's way, and places and times between two visits are
    interpolated. `wings` as in `flow.simulate_day`.
    """
    people, visits = simulate_day(layout, passengers, seed, wings=wings)
    seen = coarse_sightings(visits, layout, seed)
    nowhere = pl.DataFrame(schema=TRAJECTORIES)
    return Run(layout.name, seed, people, nowhere, visits, seen, _versions())


def write_run(run: Run, folder: Path) -> None:
    """Write a run's frames as parquet, then `run.json` with what it is and its digests."""
    for name in FRAMES:
        write_whole(folder / f"{name}.parquet", _parquet(getattr(run, name)))
    about = {
        "simulated": True,
        "terminal": run.terminal,
        "seed": run.seed,
        "made_with": run.made_with,
        "digests": run.digests(),
    }
    write_whole(folder / ABOUT, json.dumps(about, indent=2).encode())


def read_run(folder: Path) -> Run:
    """Read what `write_run` wrote.

    Raises InputError where files are missing, IntegrityError where a frame is not the one that was
    written.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"No run at {folder}: write one with terminal.write_run.") from error
    for name, digest in about["digests"].items():
        path = folder / f"{name}.parquet"
        if not path.exists() or sha256_of(path) != digest:
            raise IntegrityError(f"{path} is not the frame that was written: simulate it again.")
    frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    return Run(about["terminal"], about["seed"], made_with=about["made_with"], **frames)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.rechunk().write_parquet(buffer)
    return buffer.getvalue()


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("jupedsim", "simpy", "numpy", "polars", "onetomany")}
