"""Simulate a whole day's flow through the terminal: discrete events by SimPy, no bodies.

Parties arrive, queue, are served, walk on. A party goes to the point of a stage with the fewest
parties before it; first come, first served. A party walks around walls at its own speed, with
nobody in the way. `walking` simulates how crowds slow people down.
"""

from collections.abc import Generator
from itertools import chain, product
from typing import Any

import numpy as np
import polars as pl
import simpy
from jupedsim.routing import RoutingEngine

from onetomany.progress import ProgressBar
from .layout import SERVED, STAGES, Layout
from .passengers import HOUR, check_places
from .scenarios import ORDINARY, Scenario, draw_scenario
from .staffing import OpenPoints, plan_staff

DAY = 24 * HOUR
BUSIEST = 0.85  # share of the time that points are taken in the busiest hour, at which wings open
VISITS = {
    "true_id": pl.Int64,
    "stage": pl.String,  # one of layout.STAGES
    "place": pl.String,
    "wing": pl.Int32,
    "t_in": pl.Float64,  # joins the queue, seconds since opening
    "t_served": pl.Float64,  # service begins
    "t_out": pl.Float64,  # leaves
}
ROUTES: dict[str, pl.DataType | type[pl.DataType]] = {
    "origin": pl.String,
    "destination": pl.String,
    "x": pl.List(pl.Float64),  # corners of the way, m
    "y": pl.List(pl.Float64),
    "length": pl.Float64,  # m
}


def routes(layout: Layout) -> pl.DataFrame:
    """Return the shortest ways between consecutive stages, a body's radius off the walls.

    Schema `ROUTES`. Stages at which only some people stop can be skipped.
    """
    where = layout.places()
    names = {"entrance": [e.name for e in layout.entrances], "gate": [g.name for g in layout.gates]}
    names |= {stage: [p.name for p in layout.points_of(stage)] for stage in SERVED}
    engine = RoutingEngine(layout.floor.buffer(-layout.walkers.radius, join_style="mitre"))
    rows = []
    pairs = [product(names[before], names[after]) for before, after in _followers(layout)]
    # people who turn back leave by an entrance
    pairs += [product(names[before], names["entrance"]) for before in ("entrance", "check-in")]
    for origin, destination in chain.from_iterable(pairs):
        if origin != destination:
            way = np.array(engine.compute_waypoints(where[origin], where[destination]))
            length = float(np.hypot(*np.diff(way, axis=0).T).sum())
            rows.append((origin, destination, way[:, 0].tolist(), way[:, 1].tolist(), length))
    return pl.DataFrame(rows, schema=ROUTES, orient="row")


def wings_for(layout: Layout, passengers: int) -> int:
    """Return how many copies of the plan a day's passengers need, so that queues don't grow."""
    peak = passengers * max(layout.weights) / sum(layout.weights) / HOUR  # a second
    load = [
        peak * layout.stays[stage].share * layout.stays[stage].mean / len(layout.points_of(stage))
        for stage in SERVED
        if stage != "hall"
    ]
    return max(1, int(np.ceil(max(load) / BUSIEST)))


def simulate_day(
    layout: Layout,
    passengers: int,
    seed: int,
    *,
    wings: int | None = None,
    scenario: Scenario = ORDINARY,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Simulate a day: `PASSENGERS` and the `VISITS` of `pass_through`."""
    wings = wings_for(layout, passengers) if wings is None else wings
    people = draw_scenario(
        layout, passengers, seed, scenario, seconds=DAY, weights=layout.weights, wings=wings
    )
    return people, pass_through(layout, people, seed)


def pass_through(
    layout: Layout, people: pl.DataFrame, seed: int, *, staff: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Move passengers (schema `PASSENGERS`) through the stages; returns `VISITS` by person and
    time.

    Everybody reaches their gate, however late: the day has no end. At check-in, security and
    immigration a point serves one party at a time, and points open as `staff` says, by default as
    `staffing.plan_staff` plans it; in the hall a party goes to any point, taken or not, since a
    hall has room for more people than the few places drawn. Staff, who only walk, are left out.
    Raises InputError if a passenger's entrance or gate is not in the layout.
    """
    check_places(layout, people)
    people = people.filter(pl.col("role") != "staff")
    parties = _parties(people)
    day = _Day(layout, parties, seed, plan_staff(layout, people) if staff is None else staff)
    day.run()
    noted = pl.DataFrame(
        day.noted, schema=["party_id", "stage", "place", "t_in", "t_served", "t_out"], orient="row"
    )
    return (
        people.select("true_id", "party_id", "wing")
        .join(noted, on="party_id")
        .sort("true_id", "t_in", "t_out", maintain_order=True)
        .select(pl.col(name).cast(kind) for name, kind in VISITS.items())
    )


def _followers(layout: Layout) -> list[tuple[str, str]]:
    """Return pairs of stages that can follow one another, optional ones skipped."""
    pairs = []
    for at, before in enumerate(STAGES[:-1]):
        for after in STAGES[at + 1 :]:
            pairs.append((before, after))
            if layout.stays[after].share == 1:
                break
    return pairs


def _parties(people: pl.DataFrame) -> pl.DataFrame:
    """Return a row a party: summed service times, the first member's stay elsewhere."""
    together = ("hall", "gate_wait")
    return people.group_by("party_id", maintain_order=True).agg(
        pl.col("person_id", "wing", "t_arrival", "entrance", "gate", "speed", *together).first(),
        *(
            pl.when(pl.col(stage).null_count() == 0).then(pl.col(stage).sum()).alias(stage)
            for stage in SERVED
            if stage not in together
        ),
    )


class _Day:
    """Run the events of one day. `noted` collects a row for each visit of a party."""

    def __init__(
        self, layout: Layout, parties: pl.DataFrame, seed: int, staff: pl.DataFrame
    ) -> None:
        self.env = simpy.Environment()
        self.parties = parties
        self.noted: list[tuple[int, str, str, float, float, float]] = []
        ways = routes(layout).select("origin", "destination", "length")
        self.lengths = {(a, b): length for a, b, length in ways.iter_rows()}
        self.points = {s: [p.name for p in layout.points_of(s)] for s in SERVED}
        self.open = OpenPoints(layout, staff)
        self.gone: dict[int, simpy.Event] = {}  # by person: the end of the last visit so far
        wings = range(int(parties.select(pl.col("wing").max()).item()) + 1)
        self.desks = {
            (wing, name): simpy.Resource(self.env)
            for wing in wings
            for stage in SERVED[:-1]
            for name in self.points[stage]
        }
        self.bound = dict.fromkeys(self.desks, 0)  # parties on their way, waiting or served
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
        self.windows = rng.choice(self.points["hall"], len(parties)).tolist()

    def run(self) -> None:
        self.env.process(self.arrivals())
        self.env.run()

    def arrivals(self) -> Generator[simpy.Event, None, None]:
        total = len(self.parties)
        rows = self.parties.iter_rows(named=True)
        for row, window in zip(
            ProgressBar(rows, desc="parties", total=total, delay=2, leave=False),
            self.windows,
            strict=True,
        ):
            yield self.env.timeout(max(row["t_arrival"] - self.env.now, 0))
            self.env.process(self.party(row, window))

    def shortest(self, wing: int, stage: str, here: str) -> str:
        """Return the open point with the fewest parties before it; of several, the nearest."""
        return min(
            self.open.points(wing, stage, self.env.now),
            key=lambda name: (self.bound[wing, name], self.lengths[here, name]),
        )

    def party(self, row: dict[str, Any], window: str) -> Generator[simpy.Event, None, None]:
        env, who, speed, here = self.env, row["party_id"], row["speed"], row["entrance"]
        ended, before = env.event(), self.gone.get(row["person_id"])
        self.gone[row["person_id"]] = ended
        if before is not None:  # nobody comes in again before they have left
            yield before
        self.noted.append((who, "entrance", here, env.now, env.now, env.now))
        for stage in SERVED[:-1]:
            if row[stage] is None:
                continue
            there = self.shortest(row["wing"], stage, here)
            desk = row["wing"], there
            self.bound[desk] += 1
            yield env.timeout(self.lengths[here, there] / speed)
            came = env.now
            with self.desks[desk].request() as turn:
                yield turn
                served = env.now
                yield env.timeout(row[stage])
            self.bound[desk] -= 1
            self.noted.append((who, stage, there, came, served, env.now))
            here = there
        stops = [("gate", row["gate"], row["gate_wait"])]
        if row["hall"] is not None:
            stops.insert(0, ("hall", window, row["hall"]))
        for stage, there, stay in stops:
            yield env.timeout(self.lengths[here, there] / speed)
            came = env.now
            yield env.timeout(stay or 0)
            self.noted.append((who, stage, there, came, came, env.now))
            here = there
        ended.succeed()
