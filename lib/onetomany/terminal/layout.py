"""Read the plan of a terminal from TOML: floor, walls, service points, gates, cameras.

The plan that comes with the kit is fictional (`data/terminal.toml`); docs/terminal.md describes the
file, so that a user can write another. Lengths are in metres, times in seconds, angles in degrees
anticlockwise from the x axis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import shapely
from numpy.typing import NDArray

from onetomany.checked_tables import (
    FieldError,
    Form,
    Name,
    Row,
    Table,
    faults_of,
    from_table,
    in_range,
    one_of,
    read_toml,
)
from onetomany.errors import InputError

Floats = NDArray[np.float64]
Point = tuple[float, float]
Box = Annotated[
    tuple[float, float, float, float],
    Form("[x low, y low, x high, y high]", lambda box: box[0] < box[2] and box[1] < box[3]),
]

FICTIONAL = Path(__file__).parent / "data" / "terminal.toml"
SERVED = ("check-in", "security", "immigration", "hall")  # stages with points, in order
TIMED = (*SERVED, "gate")
STAGES = ("entrance", *TIMED)
STAFFED = SERVED[:3]  # stages whose points open and close
FASTEST = 4.0  # m/s, at which hurried passengers are cut
_FARTHEST = 1e6  # metres


Metres = Annotated[float, Form("a number, in metres", lambda value: abs(value) <= _FARTHEST)]
Ring = Annotated[
    tuple[tuple[Metres, Metres], ...],
    Form("a list of three corners [x, y] or more, in metres", lambda ring: len(ring) >= 3),
]
Angle = Annotated[float, in_range(-360, 360, " degrees")]
Share = Annotated[float, in_range(0, 1)]


@dataclass(frozen=True)
class Stay(Table):
    """Describe how long one person takes at a stage: lognormal by `mean` and `sd`, seconds.

    `share` is the share of parties that stop there.
    """

    share: Share
    mean: Annotated[float, in_range(0.1, 86_400, " seconds")]
    sd: Annotated[float, in_range(0, 86_400, " seconds")]

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
class Opening(Table):
    """Describe a box of the floor where people come in (an entrance) or leave (a gate)."""

    name: Name
    box: Box

    @property
    def centre(self) -> Point:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


@dataclass(frozen=True)
class _CameraPlace(Row):
    """Describe a camera: place (m), direction and width (degrees), range (m)."""

    camera_id: Name
    x: Metres
    y: Metres
    heading: Angle
    field_of_view: Annotated[float, in_range(1, 179, " degrees")]
    range: Annotated[float, in_range(0.5, 500, " metres")]


@dataclass(frozen=True)
class Camera(_CameraPlace):
    """Describe a camera with its rate, frames a second."""

    frame_rate: float


@dataclass(frozen=True)
class Walkers(Table):
    """Describe walking speeds (m/s, normal, cut at two sd), body radius (m), party size shares.

    A share `hurried` of parties runs late: `hurried_speed` plus an exponential with mean
    `hurried_extra`, at most FASTEST, m/s.
    """

    speed_mean: Annotated[float, in_range(0.3, 3, " m/s")]
    speed_sd: float
    radius: Annotated[float, in_range(0.1, 0.4, " metres")]
    party_sizes: Annotated[
        tuple[Share, ...],
        Form("a list of shares that add up to 1", lambda sizes: abs(sum(sizes) - 1) <= 1e-6),
    ]
    hurried: Share = 0.0
    hurried_speed: Annotated[float, in_range(0.3, FASTEST, " m/s")] = 2.0
    hurried_extra: Annotated[float, in_range(0, 2, " m/s")] = 0.4


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
    stays: Mapping[str, Stay]
    walkers: Walkers
    weights: tuple[float, ...]
    cameras: tuple[Camera, ...]
    busiest_half: float = 0.5
    longest_waits: Mapping[str, float] = field(default_factory=dict)

    def points_of(self, stage: str) -> list[ServicePoint]:
        return [point for point in self.points if point.stage == stage]

    def places(self) -> dict[str, Point]:
        """Return each named place: entrances and gates by their centre, points by their head."""
        openings = (*self.entrances, *self.gates)
        return {o.name: o.centre for o in openings} | {p.name: p.head for p in self.points}


@dataclass(frozen=True)
class _About(Table):
    name: Name
    about: str
    fictional: bool


@dataclass(frozen=True)
class _Floor(Table):
    outline: Ring
    walls: tuple[Ring, ...]


@dataclass(frozen=True)
class _Place(Row):
    name: Name
    x: Metres
    y: Metres


@dataclass(frozen=True)
class _Points(Table):
    """Service points side by side, each with a queue of `spots`."""

    stage: Annotated[str, one_of(SERVED)]
    behind: Angle
    spots: Annotated[int, Form("a whole number from 1 to 200", lambda value: 1 <= value <= 200)]
    spacing: Annotated[float, in_range(0.4, 5, " metres")]
    places: tuple[_Place, ...]

    def points(self) -> list[ServicePoint]:
        angle, line = np.deg2rad(self.behind), self.spacing * np.arange(self.spots)
        made = []
        for place in self.places:
            xs, ys = place.x + line * np.cos(angle), place.y + line * np.sin(angle)
            spots = tuple((float(x), float(y)) for x, y in zip(xs, ys, strict=True))
            made.append(ServicePoint(place.name, self.stage, spots))
        return made


@dataclass(frozen=True)
class _Arrivals(Table):
    weights: Annotated[
        tuple[float, ...],
        Form(
            "a list of 24 numbers of 0 or more, one of them above 0",
            lambda weights: len(weights) == 24 and min(weights) >= 0 < sum(weights),
        ),
    ]
    busiest_half: Annotated[float, in_range(0.5, 0.81)] = 0.5


@dataclass(frozen=True)
class _Cameras(Table):
    frame_rate: Annotated[float, in_range(0.1, 240, " a second")]
    places: tuple[_CameraPlace, ...]


@dataclass(frozen=True)
class _Plan(Table):
    """The tables of the file."""

    terminal: _About
    floor: _Floor
    entrances: tuple[Opening, ...]
    points: tuple[_Points, ...]
    gates: tuple[Opening, ...]
    stages: Mapping[Annotated[str, one_of(TIMED)], Stay]
    people: Walkers
    arrivals: _Arrivals
    cameras: _Cameras
    staffing: Mapping[
        Annotated[str, one_of(STAFFED)], Annotated[float, in_range(10, 7200, " seconds")]
    ] = field(default_factory=dict)


def load_layout(path: Path | str | None = None) -> Layout:
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
    path = Path(path or FICTIONAL)
    if not path.exists():
        raise InputError(f"No terminal layout at {path}: give the path of a TOML file.")
    raw = read_toml(path)
    with faults_of(f"The terminal layout {path}", " (docs/terminal.md)"):
        layout = _layout(from_table(_Plan, raw))
        _check_names(layout)
        _check_places(layout)
    return layout


def _layout(plan: _Plan) -> Layout:
    for stage in TIMED:
        if stage not in plan.stages:
            raise FieldError(f"stages.{stage}", "is missing: add it")
    people = plan.people
    if not 0 <= people.speed_sd <= people.speed_mean / 2.5:
        most = f"from 0 to {people.speed_mean / 2.5:g} m/s, so that everybody moves"
        raise FieldError("people.speed_sd", f"must be {most}, not {people.speed_sd:g}")
    return Layout(
        name=plan.terminal.name,
        about=plan.terminal.about,
        fictional=plan.terminal.fictional,
        floor=_floor(plan.floor),
        entrances=plan.entrances,
        points=tuple(point for row in plan.points for point in row.points()),
        gates=plan.gates,
        stays=plan.stages,
        walkers=people,
        weights=plan.arrivals.weights,
        cameras=tuple(
            Camera(**vars(each), frame_rate=plan.cameras.frame_rate) for each in plan.cameras.places
        ),
        busiest_half=plan.arrivals.busiest_half,
        longest_waits=plan.staffing,
    )


def _floor(given: _Floor) -> shapely.Polygon:
    rings = {"floor.outline": given.outline}
    rings |= {f"floor.walls.{number}": wall for number, wall in enumerate(given.walls, 1)}
    outline, *walls = (_polygon(corners, where) for where, corners in rings.items())
    floor = outline.difference(shapely.union_all(walls))
    if not isinstance(floor, shapely.Polygon):
        raise FieldError("floor.walls", "cut the floor into parts with no way between them")
    return floor


def _polygon(corners: Ring, where: str) -> shapely.Polygon:
    made = shapely.Polygon(corners)
    if not made.is_valid or made.area == 0:
        raise FieldError(where, "crosses itself or has no area: list its corners in order")
    return made


def _check_names(layout: Layout) -> None:
    openings = [o.name for o in (*layout.entrances, *layout.gates)]
    for kind, names in (
        ("places", [*openings, *(point.name for point in layout.points)]),
        ("cameras", [c.camera_id for c in layout.cameras]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FieldError(twice[0], f"is the name of two {kind}: give each its own")


def _check_places(layout: Layout) -> None:
    for openings in ("entrances", "gates"):
        if not getattr(layout, openings):
            raise FieldError(openings, f"is empty: add one or more tables, [[{openings}]]")
    missing = [stage for stage in SERVED if not layout.points_of(stage)]
    if missing:
        raise FieldError(missing[0], "has no points: add them as [[points]]")
    room = layout.floor.buffer(-layout.walkers.radius)
    for point in layout.points:
        for x, y in point.spots:
            if not room.covers(shapely.Point(x, y)):
                fault = f"has a place at {x:g}, {y:g} m, off the floor or too near a wall"
                raise FieldError(point.name, f"{fault}: move it, or lower `spots`")
        line = shapely.LineString(point.spots) if len(point.spots) > 1 else None
        if line is not None and not layout.floor.covers(line):
            raise FieldError(point.name, "has a queue that runs through a wall: move it")
    for opening in (*layout.entrances, *layout.gates):
        if not layout.floor.covers(shapely.box(*opening.box)):
            raise FieldError(opening.name, "has a box that is not on the floor: move it")
    if not isinstance(room, shapely.Polygon):
        raise FieldError("floor", "has a passage narrower than two body radii: widen it")
    for camera in layout.cameras:
        if not layout.floor.covers(shapely.Point(camera.x, camera.y)):
            raise FieldError(camera.camera_id, "hangs off the floor or in a wall: move it")


def walls_of(layout: Layout) -> Floats:
    """Return all edges of outline and walls, (edges, 2, 2), metres."""
    rings = [layout.floor.exterior, *layout.floor.interiors]
    return np.array([edge for ring in rings for edge in pairwise(ring.coords)])
