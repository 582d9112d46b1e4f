"""Draw special hours and days: masks, second visits, staff, families, wheelchairs.

Each changes who walks or how well cameras see them. The user sets the shares; the effect of a mask,
a child or a wheelchair is set here, with its source or the reason for the assumption.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .layout import SERVED, Layout
from .passengers import HOUR, PASSENGERS, draw_passengers

# free speed beside that of others: people without were 38.9 % faster than assisted wheelchair
# users (experiments in corridors, J. Stat. Mech. 2021, doi 10.1088/1742-5468/abe93f, abstract)
WHEELCHAIR_SPEED = 1 / 1.389
WHEELCHAIR_SEARCH = 2.0  # times as long at security: assumed, since people are searched by hand
CHILD_SPEED = 0.8  # of a family's free speed beside adults': assumed, since the smallest sets it
FAMILY_SIZES = (0.0, 0.0, 0.5, 0.5)  # shares of families of 1, 2, 3 and 4: assumed
AWAY = (600.0, 2400.0)  # s outside before a second visit, uniform: assumed (a cigarette)


@dataclass(frozen=True)
class Scenario:
    """Set shares (0 to 1) and counts that differ from an ordinary hour.

    `masked` of people; `returning` of parties that check in: they go out again by a door and come
    in a second time, with the same faces; `staff` people who walk from gate to gate all the time;
    `families` of parties, of three or four, slower and together; `wheelchairs` of passengers. In
    2018, 1.3 % of passengers at UK airports were assisted (Budd and Ison 2020, as quoted by
    airtransportmanagement.org).
    """

    masked: float = 0.0
    returning: float = 0.0
    staff: int = 0
    families: float = 0.0
    wheelchairs: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            most = 1000 if name == "staff" else 1
            if not 0 <= value <= most:
                raise InputError(f"A scenario's {name} is {value:g}: it must be from 0 to {most}.")


ORDINARY = Scenario()


def draw_scenario(
    layout: Layout,
    count: int,
    seed: int,
    scenario: Scenario = ORDINARY,
    *,
    start: float = 0.0,
    seconds: float = HOUR,
    weights: tuple[float, ...] = (1.0,),
    wings: int = 1,
) -> pl.DataFrame:
    """Return `PASSENGERS` of a scenario: so many passengers, then second visits, then staff.

    A second visit has a `true_id` of its own and the `person_id` of the first. An ordinary scenario
    returns the same passengers as `draw_passengers`. Raises InputError as that does.

    >>> from onetomany import terminal
    >>> people = draw_scenario(terminal.load_layout(), 200, 1, Scenario(masked=0.5, staff=3))
    >>> people["role"].value_counts().sort("role").rows()
    [('passenger', 200), ('staff', 3)]
    """
    people = draw_passengers(
        _with_families(layout, scenario.families),
        count,
        seed,
        start=start,
        seconds=seconds,
        weights=weights,
        wings=wings,
    )
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(6,)))
    if scenario.families:
        small = pl.len().over("party_id") >= 3
        people = people.with_columns(
            speed=pl.when(small).then(pl.col("speed") * CHILD_SPEED).otherwise("speed")
        )
    people = people.with_columns(wheelchair=pl.Series(rng.random(count) < scenario.wheelchairs))
    people = people.with_columns(
        speed=pl.when(pl.col("wheelchair").any().over("party_id"))
        .then(pl.col("speed") * WHEELCHAIR_SPEED)
        .otherwise("speed"),
        security=pl.when("wheelchair")
        .then(pl.col("security") * WHEELCHAIR_SEARCH)
        .otherwise("security"),
    )
    people = _with_returns(layout, people, scenario.returning, rng)
    people = pl.concat([people, _staff(layout, people, scenario.staff, start)])
    masked = rng.random(count + scenario.staff) < scenario.masked
    own = people["person_id"].rank("dense").to_numpy() - 1  # both visits in the same mask
    return people.with_columns(masked=pl.Series(masked[own]))


def _with_families(layout: Layout, share: float) -> Layout:
    """Return the layout with that share of parties being families."""
    sizes = np.zeros(max(len(layout.walkers.party_sizes), len(FAMILY_SIZES)))
    sizes[: len(layout.walkers.party_sizes)] = layout.walkers.party_sizes
    sizes *= 1 - share
    sizes[: len(FAMILY_SIZES)] += share * np.array(FAMILY_SIZES)
    return replace(layout, walkers=replace(layout.walkers, party_sizes=tuple(sizes.tolist())))


def _with_returns(
    layout: Layout, people: pl.DataFrame, share: float, rng: np.random.Generator
) -> pl.DataFrame:
    """Return parties that leave after check-in, with their second visits at the end."""
    parties = people.filter(pl.col("check-in").is_not_null())["party_id"].unique().sort()
    some = parties.filter(pl.Series(rng.random(len(parties)) < share))
    doors = [each.name for each in layout.entrances]
    back = pl.DataFrame(
        {
            "party_id": some,
            "door": [doors[n] for n in rng.integers(len(doors), size=len(some))],
            "away": rng.uniform(*AWAY, len(some)),
        },
        schema_overrides={"party_id": pl.Int64, "door": pl.String},
    )
    wait = layout.longest_waits.get("check-in", 0.0)
    again = (
        people.join(back, on="party_id")
        .sort("true_id")
        .with_columns(
            t_arrival=pl.col("t_arrival") + wait + pl.col("check-in") + pl.col("away"),
            true_id=len(people) + pl.int_range(pl.len()),
            party_id=int(people["party_id"].to_numpy().max()) + pl.col("party_id").rank("dense"),
        )
        .with_columns(
            pl.col("t_arrival").max().over("party_id"), pl.lit(None, pl.Float64).alias("check-in")
        )
    )
    first = people.join(back, on="party_id", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("door").is_null()).then(name).alias(name)
        for name in (*SERVED[1:], "gate_wait")
    )
    first = first.with_columns(gate=pl.coalesce("door", "gate"))
    columns = [pl.col(name).cast(kind) for name, kind in PASSENGERS.items()]
    return pl.concat([first.select(columns), again.select(columns)])


def _staff(layout: Layout, people: pl.DataFrame, count: int, start: float) -> pl.DataFrame:
    first, party = len(people), int(people["party_id"].to_numpy().max()) + 1
    rows = {
        "true_id": first + np.arange(count),
        "party_id": party + np.arange(count),
        "wing": np.zeros(count),
        "t_arrival": np.full(count, start),
        "entrance": [layout.entrances[0].name] * count,
        "gate": [layout.gates[0].name] * count,
        "speed": np.full(count, layout.walkers.speed_mean),
        "person_id": first + np.arange(count),
        "role": ["staff"] * count,
        "masked": np.zeros(count, bool),
        "wheelchair": np.zeros(count, bool),
        **{name: [None] * count for name in (*SERVED, "gate_wait")},
    }
    return pl.DataFrame(rows, strict=False).select(
        pl.col(name).cast(kind) for name, kind in PASSENGERS.items()
    )
