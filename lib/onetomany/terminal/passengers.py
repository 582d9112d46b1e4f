"""Draw passengers: parties, their arrival, entrance, gate and walking speed."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from .layout import FASTEST, SERVED, Layout, Walkers

HOUR = 3600.0
PASSENGERS = {
    "true_id": pl.Int64,  # of a visit: 0, 1, 2 ... in order of arrival, then of second visits
    "party_id": pl.Int64,  # people who travel together, next to each other in true_id
    "wing": pl.Int32,  # which copy of the plan
    "t_arrival": pl.Float64,  # seconds since opening
    "entrance": pl.String,
    "gate": pl.String,  # or the entrance by which they leave again (see `scenarios`)
    "speed": pl.Float64,  # m/s, when nobody is in the way; the same within a party
    "person_id": pl.Int64,  # whose visit it is: the true_id of their first one
    "role": pl.String,  # "passenger" or "staff"
    "masked": pl.Boolean,
    "wheelchair": pl.Boolean,
    # seconds that each person takes at a stage; null where the party does not stop there
    **dict.fromkeys((*SERVED, "gate_wait"), pl.Float64),
}


def draw_passengers(
    layout: Layout,
    count: int,
    seed: int,
    *,
    start: float = 0.0,
    seconds: float = HOUR,
    weights: tuple[float, ...] = (1.0,),
    wings: int = 1,
) -> pl.DataFrame:
    """Draw `count` passengers (schema `PASSENGERS`) who arrive from start to start + seconds.

    `weights` are relative arrivals in equal parts of the span: `layout.weights` with a day's
    seconds is a day. Within each hour (or a shorter span) arrivals come as a wave:
    `layout.busiest_half` of them in its middle half. Parties come independently, spread over the
    wings at random. The same seed gives the same passengers.

    Raises InputError for counts or spans below one.
    """
    _check_numbers(count, seed, wings, seconds)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    shares = np.asarray(layout.walkers.party_sizes)
    sizes = rng.choice(len(shares), count, p=shares / shares.sum()) + 1
    parties = int(np.searchsorted(np.cumsum(sizes), count)) + 1
    party = np.repeat(np.arange(parties), sizes[:parties])[:count]

    edges = np.concatenate([[0.0], np.cumsum(np.asarray(weights, np.float64))])
    spread = np.interp(rng.random(parties) * edges[-1], edges, np.linspace(0, 1, len(edges)))
    times = start + np.sort(_in_waves(seconds * spread, seconds, layout.busiest_half))
    entrances = pl.Series([each.name for each in layout.entrances])
    gates = pl.Series([each.name for each in layout.gates])
    speeds = _free_speeds(layout.walkers, parties, seed, rng)
    columns: dict[str, pl.Series | NDArray[Any]] = {
        "true_id": np.arange(count),
        "party_id": party,
        "wing": rng.integers(wings, size=parties)[party],
        "t_arrival": times[party],
        "entrance": entrances[rng.integers(len(entrances), size=parties)[party]],
        "gate": gates[rng.integers(len(gates), size=parties)[party]],
        "speed": speeds[party],
        "person_id": np.arange(count),
    }
    columns |= {stage: _stays(layout, stage, party, rng) for stage in SERVED}
    columns["gate_wait"] = _stays(layout, "gate", party, rng)
    frame = pl.DataFrame(columns).with_columns(
        role=pl.lit("passenger"), masked=pl.lit(value=False), wheelchair=pl.lit(value=False)
    )
    return frame.select(pl.col(name).cast(kind) for name, kind in PASSENGERS.items())


def _free_speeds(
    walkers: Walkers, parties: int, seed: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw each party's speed when nobody is in the way, m/s; some run late."""
    speeds = walkers.speed_mean + walkers.speed_sd * _cut_normal(rng, parties)
    late = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5,)))
    running = walkers.hurried_speed + late.exponential(walkers.hurried_extra, parties)
    hurried = late.random(parties) < walkers.hurried
    return np.where(hurried, np.minimum(running, FASTEST), speeds)


def _stays(
    layout: Layout, stage: str, party: NDArray[np.int64], rng: np.random.Generator
) -> pl.Series:
    """Draw each person's seconds at a stage; null if the party doesn't stop there."""
    stay = layout.stays[stage]
    stops = (rng.random(int(party[-1]) + 1) < stay.share)[party]
    stays = stay.draw(rng, len(party))
    if stage in ("hall", "gate"):  # together: as long as the first of them would
        stays = stays[np.searchsorted(party, party)]
    return pl.Series(np.where(stops, stays, np.nan)).fill_nan(None)


def check_places(layout: Layout, people: pl.DataFrame) -> None:
    """Raise InputError if passengers use an entrance or gate that the layout doesn't have."""
    ways_out = (*layout.gates, *layout.entrances)
    for column, openings in (("entrance", layout.entrances), ("gate", ways_out)):
        unknown = {*people[column]} - {each.name for each in openings}
        if unknown:
            raise InputError(
                f"Passengers use the {column} '{min(unknown)}', which the layout does not have: "
                "draw passengers for this layout."
            )


def _cut_normal(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Draw standard normals within two standard deviations."""
    values = rng.standard_normal(count)
    while (outside := np.abs(values) > 2).any():
        values[outside] = rng.standard_normal(int(outside.sum()))
    return values


def _in_waves(
    times: NDArray[np.float64], seconds: float, busiest_half: float
) -> NDArray[np.float64]:
    """Move times within their hour, so that `busiest_half` of them come in its middle half.

    The rate in the hour is 1 + a cos(2 pi (x - 1/2)), whose middle half has 1/2 + a / pi. A span
    under an hour is one wave; times after the last whole hour are not moved.
    """
    period = min(HOUR, seconds)
    grid = np.linspace(0, 1, 721)
    amplitude = np.pi * (busiest_half - 0.5)
    share = grid + amplitude / (2 * np.pi) * np.sin(2 * np.pi * (grid - 0.5))
    wave, into = np.divmod(times / period, 1)
    moved = period * (wave + np.interp(into, share, grid))
    return np.where(wave < np.floor(seconds / period), moved, times)


def _check_numbers(count: int, seed: int, wings: int, seconds: float) -> None:
    for name, number in (("passengers", count), ("seed", seed)):
        if not isinstance(number, Integral) or number < 0:
            raise InputError(f"The {name}: give a whole number of 0 or more, not {number!r}.")
    if count < 1 or wings < 1 or seconds <= 0:
        raise InputError("Passengers, wings and seconds must be positive numbers.")
