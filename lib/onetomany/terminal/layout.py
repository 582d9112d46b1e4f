"""Read the plan of a terminal from TOML: floor, walls, service points, gates, cameras.

The plan that comes with the kit is fictional (`data/terminal.toml`); docs/terminal.md describes the
file, so that a user can write another. Lengths are in metres, times in seconds, angles in degrees
anticlockwise from the x axis.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from onetomany.errors import InputError

Floats = NDArray[np.float64]
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # x low, y low, x high, y high

FICTIONAL = Path(__file__).parent / "data" / "terminal.toml"
SERVED = ("check-in", "security", "immigration", "hall")  # stages with points, in order
TIMED = (*SERVED, "gate")
STAGES = ("entrance", *TIMED)
STAFFED = SERVED[:3]  # stages whose points open and close
FASTEST = 4.0  # m/s, at which hurried passengers are cut


@dataclass(frozen=True)
class Stay:
    """Describe how long one person takes at a stage: lognormal by `mean` and `sd`, seconds.

    `share` is the share of parties that stop there.
    """

    share: float
    mean: float
    sd: float

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw `count` stays, seconds."""
        log_variance = np.log1p((self.sd / self.mean) ** 2)
        centre = np.log(self.mean) - log_variance / 2
        return rng.lognormal(centre, np.sqrt(log_variance), count)


@dataclass(frozen=True)
class ServicePoint:
    """Describe where one party is served and the next wait: places from the head to the back."""

    name: str
    stage: str
    spots: tuple[Point, ...]

    @property
    def head(self) -> Point:
        return self.spots[0]


@dataclass(frozen=True)
class Opening:
    """Describe a box of the floor where people come in (an entrance) or leave (a gate)."""

    name: str
    box: Box

    @property
    def centre(self) -> Point:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True)
class Camera:
    """Describe a camera: place (m), direction and width (degrees), range (m), frames a second."""

    camera_id: str
    x: float
    y: float
    heading: float
    field_of_view: float
    range: float
    frame_rate: float


@dataclass(frozen=True)
class Walkers:
    """Describe walking speeds (m/s, normal, cut at two sd), body radius (m), party size shares.

    A share `hurried` of parties runs late: `hurried_speed` plus an exponential with mean
    `hurried_extra`, at most FASTEST, m/s.
    """

    speed_mean: float
    speed_sd: float
    radius: float
    party_sizes: tuple[float, ...]
    hurried: float = 0.0
    hurried_speed: float = 2.0
    hurried_extra: float = 0.4


@dataclass(frozen=True)
class Layout:
    """Describe a terminal: `floor` can be walked on, `weights` are arrivals by hour of the day.

    `busiest_half` is the share of an hour's arrivals that come in its middle half hour, 0.5 for
    even arrivals. `longest_waits` are the waits, seconds, that staff is planned for at each stage;
    a stage without one has all its points open.
    """

    name: str
    about: str
    fictional: bool
    floor: shapely.Polygon
    entrances: tuple[Opening, ...]
    points: tuple[ServicePoint, ...]
    gates: tuple[Opening, ...]
    stays: dict[str, Stay]
    walkers: Walkers
    weights: tuple[float, ...]
    cameras: tuple[Camera, ...]
    busiest_half: float = 0.5
    longest_waits: dict[str, float] = field(default_factory=dict)

    def points_of(self, stage: str) -> list[ServicePoint]:
        return [point for point in self.points if point.stage == stage]

    def places(self) -> dict[str, Point]:
        """Return each named place: entrances and gates by their centre, points by their head."""
        openings = (*self.entrances, *self.gates)
        return {o.name: o.centre for o in openings} | {p.name: p.head for p in self.points}


def load_layout(path: Path | None = None) -> Layout:
    """Read and check a plan; without a path, the fictional one of the kit.

    `path` is a TOML file in metres, seconds and degrees (docs/terminal.md). Returns a `Layout`:
    floor, entrances, gates, points of service, cameras.

    Raises InputError, naming the file and the entry, for a file that is missing or not TOML,
    entries that are missing, unknown or of another kind, a place off the floor, a place that can't
    be reached, and names that are used twice.

    >>> import onetomany as otm
    >>> len(otm.load_layout().cameras)
    53
    """
    path = path or FICTIONAL
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"No terminal layout at {path}: give the path of a TOML file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The terminal layout {path} is not valid TOML: {error}.") from error
    return _Reader(path).layout(raw)


T = TypeVar("T")


class _Reader:
    """Turn the tables of one file into a Layout; every error names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def layout(self, raw: dict[str, Any]) -> Layout:
        about, floor = self.table(raw, "terminal"), self.table(raw, "floor")
        stages, people = self.table(raw, "stages"), self.table(raw, "people")
        layout = Layout(
            name=str(self.entry(about, "name", "terminal")),
            about=str(self.entry(about, "about", "terminal")),
            fictional=bool(self.entry(about, "fictional", "terminal")),
            floor=self.floor(floor),
            entrances=self.each(raw, "entrances", self.opening),
            points=tuple(p for row in self.each(raw, "points", self.row) for p in row),
            gates=self.each(raw, "gates", self.opening),
            stays={stage: self.stay(stages, stage) for stage in TIMED},
            walkers=self.walkers(people),
            weights=self.weights(self.table(raw, "arrivals")),
            cameras=self.cameras(self.table(raw, "cameras")),
            busiest_half=self.number(
                self.table(raw, "arrivals").get("busiest_half", 0.5), "busiest_half", 0.5, 0.81
            ),
            longest_waits=self.longest_waits(raw.get("staffing", {})),
        )
        self.check_names(layout)
        self.check_places(layout)
        return layout

    def refuse(self, what: str) -> InputError:
        return InputError(f"The terminal layout {self.path}: {what}")

    def entry(self, table: dict[str, Any], key: str, where: str) -> Any:
        if key not in table:
            raise self.refuse(f"'{where}' has no '{key}': add it (docs/terminal.md).")
        return table[key]

    def table(self, raw: dict[str, Any], key: str) -> dict[str, Any]:
        found = self.entry(raw, key, "the file")
        if not isinstance(found, dict):
            raise self.refuse(f"'{key}' must be a table, [{key}].")
        return found

    def each(
        self, raw: dict[str, Any], key: str, read: Callable[[dict[str, Any]], T]
    ) -> tuple[T, ...]:
        found = self.entry(raw, key, "the file")
        if not isinstance(found, list) or not found or not isinstance(found[0], dict):
            raise self.refuse(f"'{key}' must be one or more tables, [[{key}]].")
        return tuple(read(each) for each in found)

    def number(self, value: Any, what: str, low: float, high: float = float("inf")) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(f"{what} must be a number, not {value!r}.")
        if not low <= value <= high:
            raise self.refuse(f"{what} is {value}: it must be from {low:g} to {high:g}.")
        return float(value)

    def numbers(self, value: Any, what: str, count: int | None, low: float) -> tuple[float, ...]:
        if not isinstance(value, list) or (count is not None and len(value) != count):
            raise self.refuse(f"{what} must be a list of {count or 'some'} numbers.")
        return tuple(self.number(each, what, low) for each in value)

    def ring(self, value: Any, what: str) -> shapely.Polygon:
        if not isinstance(value, list) or len(value) < 3:
            raise self.refuse(f"{what} needs three corners [x, y] or more.")
        ring = shapely.Polygon([self.numbers(corner, what, 2, -1e6) for corner in value])
        if not ring.is_valid or ring.area == 0:
            raise self.refuse(f"{what} crosses itself or has no area: list its corners in order.")
        return ring

    def floor(self, table: dict[str, Any]) -> shapely.Polygon:
        outline = self.ring(self.entry(table, "outline", "floor"), "the floor's outline")
        walls = self.entry(table, "walls", "floor")
        rings = [self.ring(wall, f"wall {n}") for n, wall in enumerate(walls, 1)]
        floor = outline.difference(shapely.union_all(rings))
        if not isinstance(floor, shapely.Polygon):
            raise self.refuse("the walls cut the floor into parts with no way between them.")
        return floor

    def opening(self, table: dict[str, Any]) -> Opening:
        name = str(self.entry(table, "name", "entrances or gates"))
        box = self.numbers(self.entry(table, "box", name), f"the box of '{name}'", 4, -1e6)
        if box[0] >= box[2] or box[1] >= box[3]:
            raise self.refuse(f"the box of '{name}' must be [x low, y low, x high, y high].")
        return Opening(name, (box[0], box[1], box[2], box[3]))

    def row(self, table: dict[str, Any]) -> list[ServicePoint]:
        stage = self.entry(table, "stage", "points")
        if stage not in SERVED:
            raise self.refuse(f"points of stage {stage!r}: it must be one of {', '.join(SERVED)}.")
        angle = np.deg2rad(self.number(self.entry(table, "behind", stage), "behind", -360, 360))
        spots = int(self.number(self.entry(table, "spots", stage), "spots", 1, 200))
        spacing = self.number(self.entry(table, "spacing", stage), "spacing", 0.4, 5)
        points = []
        for place in self.entry(table, "places", stage):
            if not isinstance(place, list) or len(place) != 3:
                raise self.refuse(f"a place of '{stage}' must be [name, x, y], not {place!r}.")
            x, y = self.numbers(place[1:], f"the place of '{place[0]}'", 2, -1e6)
            line = spacing * np.arange(spots)
            xs, ys = x + line * np.cos(angle), y + line * np.sin(angle)
            spot = tuple((float(a), float(b)) for a, b in zip(xs, ys, strict=True))
            points.append(ServicePoint(str(place[0]), stage, spot))
        return points

    def stay(self, stages: dict[str, Any], stage: str) -> Stay:
        table = self.entry(stages, stage, "stages")
        share, mean, sd = (self.entry(table, k, f"stages.{stage}") for k in ("share", "mean", "sd"))
        return Stay(
            self.number(share, f"the share of '{stage}'", 0, 1),
            self.number(mean, f"the mean of '{stage}' (seconds)", 0.1, 86_400),
            self.number(sd, f"the sd of '{stage}' (seconds)", 0, 86_400),
        )

    def walkers(self, table: dict[str, Any]) -> Walkers:
        mean, sd, radius, sizes = (
            self.entry(table, k, "people")
            for k in ("speed_mean", "speed_sd", "radius", "party_sizes")
        )
        shares = self.numbers(sizes, "party_sizes", None, 0)
        if not shares or abs(sum(shares) - 1) > 1e-6:
            raise self.refuse(f"party_sizes add up to {sum(shares):g}: shares must add up to 1.")
        speed = self.number(mean, "speed_mean", 0.3, 3)
        return Walkers(
            speed,
            self.number(sd, "speed_sd (so that everybody moves)", 0, speed / 2.5),
            self.number(radius, "radius", 0.1, 0.4),
            shares,
            self.number(table.get("hurried", 0), "hurried", 0, 1),
            self.number(table.get("hurried_speed", 2), "hurried_speed", 0.3, FASTEST),
            self.number(table.get("hurried_extra", 0.4), "hurried_extra", 0, 2),
        )

    def longest_waits(self, table: dict[str, Any]) -> dict[str, float]:
        unknown = sorted(set(table) - set(STAFFED))
        if unknown:
            raise self.refuse(f"staffing of {unknown[0]!r}: it must be of {', '.join(STAFFED)}.")
        return {
            stage: self.number(wait, f"the longest wait of '{stage}' (seconds)", 10, 7200)
            for stage, wait in table.items()
        }

    def weights(self, table: dict[str, Any]) -> tuple[float, ...]:
        found = self.numbers(self.entry(table, "weights", "arrivals"), "arrival weights", 24, 0)
        if sum(found) <= 0:
            raise self.refuse("all arrival weights are 0: at least one hour needs passengers.")
        return found

    def cameras(self, table: dict[str, Any]) -> tuple[Camera, ...]:
        rate = self.number(self.entry(table, "frame_rate", "cameras"), "frame_rate", 0.1, 240)
        cameras = []
        for place in self.entry(table, "places", "cameras"):
            if not isinstance(place, list) or len(place) != 6:
                raise self.refuse(
                    "a camera must be [camera_id, x, y, heading, field of view, range], "
                    f"not {place!r}."
                )
            name = f"camera '{place[0]}'"
            x, y = self.numbers(place[1:3], f"the place of {name}", 2, -1e6)
            heading = self.number(place[3], f"the heading of {name}", -360, 360)
            field = self.number(place[4], f"the field of view of {name}", 1, 179)
            reach = self.number(place[5], f"the range of {name}", 0.5, 500)
            cameras.append(Camera(str(place[0]), x, y, heading, field, reach, rate))
        return tuple(cameras)

    def check_names(self, layout: Layout) -> None:
        openings = [o.name for o in (*layout.entrances, *layout.gates)]
        for kind, names in (
            ("place", [*openings, *(point.name for point in layout.points)]),
            ("camera", [c.camera_id for c in layout.cameras]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise self.refuse(f"two are called {kind} '{twice[0]}': give each its own name.")

    def check_places(self, layout: Layout) -> None:
        missing = [stage for stage in SERVED if not layout.points_of(stage)]
        if missing:
            raise self.refuse(f"'{missing[0]}' has no points: add them as [[points]].")
        room = layout.floor.buffer(-layout.walkers.radius)
        for point in layout.points:
            for spot in point.spots:
                if not room.covers(shapely.Point(spot)):
                    raise self.refuse(
                        f"'{point.name}' has a place at {spot[0]:g}, {spot[1]:g} m, off "
                        "the floor or too near a wall: move it, or lower `spots`."
                    )
            line = shapely.LineString(point.spots) if len(point.spots) > 1 else None
            if line is not None and not layout.floor.covers(line):
                raise self.refuse(f"the queue of '{point.name}' runs through a wall: move it.")
        for opening in (*layout.entrances, *layout.gates):
            if not layout.floor.covers(shapely.box(*opening.box)):
                raise self.refuse(f"the box of '{opening.name}' is not on the floor.")
        if not isinstance(room, shapely.Polygon):
            raise self.refuse("a passage is narrower than two body radii: widen it.")
        for camera in layout.cameras:
            if not layout.floor.covers(shapely.Point(camera.x, camera.y)):
                raise self.refuse(f"camera '{camera.camera_id}' hangs off the floor or in a wall.")


def walls_of(layout: Layout) -> Floats:
    """Return all edges of outline and walls, (edges, 2, 2), metres."""
    rings = [layout.floor.exterior, *layout.floor.interiors]
    return np.array([edge for ring in rings for edge in pairwise(ring.coords)])
