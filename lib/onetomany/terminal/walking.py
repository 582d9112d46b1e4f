"""Simulate passengers as bodies that walk, queue and block each other, by JuPedSim.

The collision-free speed model (Tordeux, Chraibi and Seyfried, 'Collision-free speed model for
pedestrian dynamics', Traffic and Granular Flow '15, arXiv:1512.05597): everybody walks at their own
speed towards the next goal, avoids people nearby, and slows down as the room ahead shrinks. Queues
are JuPedSim's; this module decides who is served when.
"""

import heapq
import math
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import jupedsim as jps
import numpy as np
import polars as pl
import shapely

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from .flow import VISITS
from .layout import SERVED, STAGES, Layout, Opening, ServicePoint
from .passengers import HOUR, check_places
from .staffing import OpenPoints, plan_staff

STEP = 0.05  # seconds of a step of the model
TICK = 4  # steps between looks at queues, and between samples of places: 0.2 s
RATE = 1 / (STEP * TICK)  # samples a second
PATIENCE = 20.0  # seconds that people at a point wait for the rest of the party
TRIES = 5  # places tried a tick if the entrance is full
TIME_GAP = 0.8  # s, the model's: how much room a walker keeps ahead
WHEELCHAIR_RADIUS = 0.35  # m: assumed, since a chair is about 0.7 m wide
AGAIN = 60.0  # s between tries to come in again while still inside from an earlier visit
TOGETHER = 3.0  # m ahead of the last of a party, from which on people slow down
SLOWED = 0.5  # of their free speed, until the others have caught up
TRAJECTORIES = {
    "true_id": pl.Int64,
    "t": pl.Float64,  # seconds since opening, RATE samples a second
    "x": pl.Float64,  # m
    "y": pl.Float64,
}


_Coming = tuple[float, int, dict[str, Any]]  # when, true_id, the passenger


@dataclass
class _Point:
    """Store a service point while the simulation runs; people by their agent's id."""

    name: str
    stage: str
    head: tuple[float, float]
    queue: jps.NotifiableQueueStage
    journey: int
    first: int  # the stage that the journey begins with
    since: dict[int, float] = field(default_factory=dict)  # who is here, from when
    bound: set[int] = field(default_factory=set)  # who is here or on the way
    served: list[int] = field(default_factory=list)
    began: float = 0.0
    until: float = 0.0


def walk_passengers(
    layout: Layout, people: pl.DataFrame, seed: int, *, longest: float = 2 * HOUR
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Walk passengers (schema `PASSENGERS`, one wing); returns `TRAJECTORIES` and `VISITS`.

    Runs until every passenger is gone, at most `longest` seconds after the last arrival: people
    still inside then have no visit of a gate (`SimulatedRun.left_inside` counts them). A visit of a
    gate takes no time: lounges are not simulated. If the entrance is full, people come in as soon
    as there is room. Points open as `staffing.plan_staff` plans it. Members of a party go to the
    same point and wait there for each other, up to PATIENCE; those at its head together are served
    together. In the hall a party takes a free point, or goes on if there is none. People whose role
    is 'staff' walk from gate to gate until the run ends.

    The same layout, passengers and seed give the same frames on the same machine and JuPedSim.

    Raises InputError for passengers of several wings, or of an entrance or gate that isn't there.
    """
    if people.select(pl.col("wing").max()).item() != 0:
        raise InputError("Passengers of several wings can't walk: one wing is simulated at a time.")
    check_places(layout, people)
    crowd = _Crowd(layout, people, seed)
    crowd.run(longest)
    return crowd.trajectories(), crowd.visits()


class _Crowd:
    """Run JuPedSim once and note all that happens."""

    def __init__(self, layout: Layout, people: pl.DataFrame, seed: int) -> None:
        self.rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(4,)))
        self.layout = layout
        everybody = people.sort("t_arrival", "true_id")
        self.people = everybody.filter(pl.col("role") != "staff").rows(named=True)
        self.on_duty = everybody.filter(role="staff").rows(named=True)
        self.open = OpenPoints(layout, plan_staff(layout, people))
        self.sim = jps.Simulation(
            model=jps.CollisionFreeSpeedModel(), geometry=layout.floor, dt=STEP
        )
        # goal of the served for one tick, until they get the next one
        self.hold = self.sim.add_waypoint_stage(layout.gates[0].centre, 0.1)
        points = [self._point(each) for each in layout.points]
        self.points = {s: [p for p in points if p.stage == s] for s in SERVED}
        # people who turn back leave by an entrance
        self.gates = {each.name: self._gate(each) for each in (*layout.gates, *layout.entrances)}
        self.places = layout.places()
        self.boxes = {each.name: each.box for each in layout.entrances}
        self.coming: dict[str, list[_Coming]] = {name: [] for name in self.boxes}
        for row in self.people:
            heapq.heappush(self.coming[row["entrance"]], (row["t_arrival"], row["true_id"], row))
        self.now = self.people[0]["t_arrival"]
        self.who: dict[int, dict[str, Any]] = {}  # passengers and staff by agent
        self.inside: set[int] = set()  # passengers
        self.staff: set[int] = set()
        self.present: set[int] = set()  # persons whose visit has not ended
        self.bound_for: dict[int, tuple[float, float]] = {}  # goals, by agents of parties
        self.slowed: set[int] = set()  # who waits for the rest of the party
        self.leaving: list[tuple[int, str]] = []  # served, with the stage they come from
        self.chosen: dict[tuple[int, str], _Point | None] = {}  # by party and stage
        self.noted: list[tuple[int, str, str, float, float, float]] = []
        self.samples: list[tuple[float, list[int], list[tuple[float, float]]]] = []

    def run(self, longest: float) -> None:
        begin, last = self.now, self.people[-1]["t_arrival"]
        for row in self.on_duty:
            self._patrol(row)
        ticks = int((last + longest - begin) * RATE) + 1
        bar = ProgressBar(
            total=round(last - begin), desc="arrivals, seconds", unit="s", delay=2, leave=False
        )
        for tick in range(ticks):
            self.now = begin + tick / RATE
            for agent, stage in self.leaving:
                self._send(agent, stage)
            self.leaving = []
            self._admit()
            self._look()
            if tick % round(RATE) == 0:
                self._keep_together()
            if not self.inside and not any(self.coming.values()):
                break
            for point in (p for points in self.points.values() for p in points if p.bound):
                self._serve(point)
            self.sim.iterate(TICK)
            bar.update(min(round(self.now - begin), bar.total) - bar.n)
        bar.close()

    def trajectories(self) -> pl.DataFrame:
        counts = [len(agents) for _, agents, _ in self.samples]
        known = np.zeros(max(self.who) + 1, np.int64)
        known[list(self.who)] = [row["true_id"] for row in self.who.values()]
        agents = np.concatenate([np.asarray(a, np.int64) for _, a, _ in self.samples])
        places = np.concatenate([np.asarray(p).reshape(-1, 2) for _, _, p in self.samples])
        return pl.DataFrame(
            {
                "true_id": known[agents],
                "t": np.repeat([now for now, _, _ in self.samples], counts),
                "x": places[:, 0],
                "y": places[:, 1],
            },
            schema_overrides=TRAJECTORIES,
        ).sort("true_id", "t")

    def visits(self) -> pl.DataFrame:
        names = ["true_id", "stage", "place", "t_in", "t_served", "t_out"]
        return (
            pl.DataFrame(self.noted, schema=names, orient="row")
            .with_columns(wing=pl.lit(0))
            .sort("true_id", "t_in", maintain_order=True)
            .select(pl.col(name).cast(kind) for name, kind in VISITS.items())
        )

    def _point(self, point: ServicePoint) -> _Point:
        queue = self.sim.add_queue_stage(list(point.spots))
        journey = jps.JourneyDescription([queue, self.hold])
        journey.set_transition_for_stage(queue, jps.Transition.create_fixed_transition(self.hold))
        return _Point(
            point.name,
            point.stage,
            point.head,
            self.sim.get_stage(queue),
            self.sim.add_journey(journey),
            queue,
        )

    def _gate(self, gate: Opening) -> tuple[int, int]:
        """Return a journey and its stage."""
        leave = self.sim.add_exit_stage(shapely.box(*gate.box))
        return self.sim.add_journey(jps.JourneyDescription([leave])), leave

    def _admit(self) -> None:
        """Let arrivals in; those who find no room are first in line at the next tick."""
        for entrance, line in self.coming.items():
            while line and line[0][0] <= self.now:
                _, number, row = line[0]
                if row["person_id"] in self.present:
                    heapq.heapreplace(line, (self.now + AGAIN, number, row))
                elif self._enter(entrance, row):
                    heapq.heappop(line)
                else:
                    break

    def _patrol(self, row: dict[str, Any]) -> None:
        """Send staff around all gates in an order of their own, without end."""
        gates = [self.layout.gates[n] for n in self.rng.permutation(len(self.layout.gates))]
        stops = [self.sim.add_waypoint_stage(gate.centre, 1.0) for gate in gates]
        rounds = jps.JourneyDescription(stops)
        for stop, following in zip(stops, [*stops[1:], stops[0]], strict=True):
            rounds.set_transition_for_stage(stop, jps.Transition.create_fixed_transition(following))
        agent = self._place(row, gates[-1].box, self.sim.add_journey(rounds), stops[0])
        if agent is None:
            raise InputError(f"{len(self.on_duty)} staff find no room at the gates: take fewer.")
        self.staff.add(agent)

    def _place(
        self, row: dict[str, Any], box: tuple[float, float, float, float], journey: int, first: int
    ) -> int | None:
        """Place a body in a box and return its agent's id; None if there is no room."""
        x_low, y_low, x_high, y_high = box
        radius = WHEELCHAIR_RADIUS if row["wheelchair"] else self.layout.walkers.radius
        for x, y in self.rng.uniform((x_low, y_low), (x_high, y_high), (TRIES, 2)):
            try:
                agent: int = self.sim.add_agent(
                    jps.CollisionFreeSpeedModelAgentParameters(
                        position=(x, y),
                        time_gap=TIME_GAP,
                        desired_speed=row["speed"],
                        radius=radius,
                        journey_id=journey,
                        stage_id=first,
                    )
                )
            except RuntimeError:  # the place is taken
                continue
            self.who[agent] = row
            return agent
        return None

    def _enter(self, entrance: str, row: dict[str, Any]) -> bool:
        point = self._next(row, "entrance", self.places[entrance])
        agent = self._place(row, self.boxes[entrance], *self._way(row, point))
        if agent is None:
            return False
        self.inside.add(agent)
        self.present.add(row["person_id"])
        self._bind(agent, point)
        self._note(agent, "entrance", entrance, self.now, self.now)
        return True

    def _next(self, row: dict[str, Any], stage: str, here: tuple[float, float]) -> _Point | None:
        """Return a passenger's next point; None means the gate."""
        done = STAGES.index(stage)
        for after in SERVED[done:]:
            if row[after] is None:
                continue
            key = row["party_id"], after
            if key not in self.chosen:
                self.chosen[key] = self._choose(after, here)
            if self.chosen[key]:
                return self.chosen[key]
        return None

    def _choose(self, stage: str, here: tuple[float, float]) -> _Point | None:
        """Return the open point with the fewest people, or nearest; in the hall a free one."""
        if stage == "hall":
            points = [point for point in self.points[stage] if not point.bound]
        else:
            open_now = self.open.points(0, stage, self.now)
            points = [point for point in self.points[stage] if point.name in open_now]
        return min(points, key=lambda p: (len(p.bound), math.dist(p.head, here)), default=None)

    def _send(self, agent: int, stage: str) -> None:
        point = self._next(self.who[agent], stage, self.sim.agent(agent).position)
        self.sim.switch_agent_journey(agent, *self._way(self.who[agent], point))
        self._bind(agent, point)

    def _way(self, row: dict[str, Any], point: _Point | None) -> tuple[int, int]:
        """Return the journey to a point, or to the passenger's gate, and its first stage."""
        return (point.journey, point.first) if point else self.gates[row["gate"]]

    def _bind(self, agent: int, point: _Point | None) -> None:
        self.bound_for[agent] = point.head if point else self.places[self.who[agent]["gate"]]
        if point:
            point.bound.add(agent)

    def _keep_together(self) -> None:
        """Slow down people who got ahead of the last of their party."""
        groups: dict[tuple[int, tuple[float, float]], list[tuple[int, float]]] = {}
        _, agents, places = self.samples[-1]
        for agent, place in zip(agents, places, strict=True):
            if agent in self.bound_for:
                goal = self.bound_for[agent]
                group = groups.setdefault((self.who[agent]["party_id"], goal), [])
                group.append((agent, math.dist(place, goal)))
        for group in groups.values():
            last = max(way for _, way in group)
            for agent, way in group if len(group) > 1 else ():
                ahead = way < last - TOGETHER
                if ahead != (agent in self.slowed):
                    slower = SLOWED if ahead else 1.0
                    self.sim.agent(agent).model.desired_speed = slower * self.who[agent]["speed"]
                    self.slowed ^= {agent}

    def _look(self) -> None:
        """Note everybody's place, and who has left."""
        agents, places = [], []
        for agent in self.sim.agents():
            agents.append(agent.id)
            places.append(agent.position)
        self.samples.append((self.now, agents, places))
        for agent in self.inside.difference(agents):
            self._note(agent, "gate", self.who[agent]["gate"], self.now, self.now)
            self.present.discard(self.who[agent]["person_id"])
        self.inside = set(agents) - self.staff

    def _serve(self, point: _Point) -> None:
        standing = point.queue.enqueued()
        for agent in standing:
            point.since.setdefault(agent, self.now)
        if point.served and self.now >= point.until:
            point.queue.pop(len(point.served))
            for agent in point.served:
                point.bound.discard(agent)
                self._note(agent, point.stage, point.name, point.since.pop(agent), point.began)
                self.leaving.append((agent, point.stage))
            point.served = []
        elif standing and not point.served:
            party = self.who[standing[0]]["party_id"]
            own = list(takewhile(lambda a: self.who[a]["party_id"] == party, standing))
            missing = any(
                self.who[agent]["party_id"] == party for agent in point.bound.difference(standing)
            )
            if missing and self.now < point.since[standing[0]] + PATIENCE:
                return
            stays = [self.who[agent][point.stage] for agent in own]
            point.served, point.began = own, self.now
            point.until = self.now + (max(stays) if point.stage == "hall" else sum(stays))

    def _note(self, agent: int, stage: str, place: str, came: float, served: float) -> None:
        self.noted.append((self.who[agent]["true_id"], stage, place, came, served, self.now))
