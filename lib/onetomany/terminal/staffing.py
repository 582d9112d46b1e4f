"""Plan how many points of a stage are open, by the quarter hour, from the bookings.

The planner knows the bookings (how many come in which minute) and the mean time of service, not how
long each takes. It treats the crowd as a fluid that flows through check-in, security and
immigration, and opens the fewest points with which no expected wait is longer than the plan's
`longest_waits`. Chance, parties and unequal queues add to real waits.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .layout import STAFFED, Layout, ServicePoint

QUARTER = 15  # minutes between two changes of staff
MINUTE = 60.0
STAFF = {
    "wing": pl.Int32,
    "stage": pl.String,  # one of layout.STAFFED
    "t": pl.Float64,  # from when on, seconds since opening
    "open": pl.Int32,  # points that people may go to
}
Floats = NDArray[np.float64]


def plan_staff(layout: Layout, people: pl.DataFrame, *, more: int = 0) -> pl.DataFrame:
    """Return `STAFF` for passengers (schema `PASSENGERS`), a row for each quarter hour.

    `more` opens so many points more at each stage than planned (fewer if negative), at least one.
    Stages without a longest wait in the plan have all their points open.

    >>> from onetomany import terminal
    >>> layout = terminal.load_layout()
    >>> plan = plan_staff(layout, terminal.draw_passengers(layout, 600, seed=1))
    >>> plan.filter(stage="security")["open"].max() < len(layout.points_of("security"))
    True
    """
    rows = []
    passengers = people.filter(pl.col("role") != "staff")
    for wing, group in passengers.group_by("wing", maintain_order=True):
        start = group["t_arrival"].to_numpy().min() // MINUTE
        minute = (group["t_arrival"].to_numpy() // MINUTE - start).astype(int)
        flow = np.zeros(0)
        length = QUARTER * (minute.max() // QUARTER + 2)
        for stage in STAFFED:
            stops = group[stage].is_not_null().to_numpy()
            reach = group["security"].is_not_null().to_numpy()  # others turn back at check-in
            direct = (
                stops if stage == "check-in" else reach & group["check-in"].is_null().to_numpy()
            )
            come = np.zeros(max(length, len(flow)))
            come[: len(flow)] = flow * (stops & reach).sum() / max(1, reach.sum())
            if stage != "immigration":
                come += np.bincount(minute[direct], minlength=len(come))
            points = len(layout.points_of(stage))
            wait = layout.longest_waits.get(stage)
            counts, flow = _planned(come, layout.stays[stage].mean, points, wait)
            rows += [
                (wing[0], stage, MINUTE * (start + QUARTER * n), min(max(each + more, 1), points))
                for n, each in enumerate(counts)
            ]
    return pl.DataFrame(rows, schema=STAFF, orient="row")


def _planned(
    come: Floats, mean: float, points: int, longest: float | None
) -> tuple[list[int], Floats]:
    """Return open points by quarter hour and leavers by minute, until the queue is empty."""
    counts: list[int] = []
    left: list[float] = []
    queue, quarter = 0.0, 0
    while quarter * QUARTER < len(come) or queue > 0.5:
        part = come[quarter * QUARTER : (quarter + 1) * QUARTER]
        part = np.pad(part, (0, QUARTER - len(part)))
        for count in range(1 if longest else points, points + 1):
            served = count * MINUTE / mean  # people a minute
            lengths, out = _let_through(queue, part, served)
            if longest is None or max(lengths) * mean / count <= longest:
                break
        counts.append(count)
        left += out
        queue, quarter = lengths[-1], quarter + 1
    return counts, np.array(left)


def _let_through(queue: float, come: Floats, served: float) -> tuple[list[float], list[float]]:
    """Return queue and leavers after each minute."""
    lengths, out = [], []
    for each in come:
        gone = min(queue + each, served)
        queue += each - gone
        lengths.append(queue)
        out.append(gone)
    return lengths, out


class OpenPoints:
    """Answer which points of a stage are open: the middle ones first."""

    def __init__(self, layout: Layout, staff: pl.DataFrame) -> None:
        self.order = {stage: _middle_first(layout.points_of(stage)) for stage in STAFFED}
        self.plan: dict[tuple[int, str], tuple[Floats, list[int]]] = {
            (wing, stage): (rows["t"].to_numpy(), rows["open"].to_list())
            for (wing, stage), rows in staff.group_by("wing", "stage", maintain_order=True)
        }

    def points(self, wing: int, stage: str, now: float) -> list[str]:
        """Return the names of the points open now; all of them without a plan."""
        times, counts = self.plan.get((wing, stage), (np.zeros(0), []))
        if not counts:
            return self.order[stage]
        return self.order[stage][: counts[max(0, int(np.searchsorted(times, now, "right")) - 1)]]


def _middle_first(points: list[ServicePoint]) -> list[str]:
    middle = (len(points) - 1) / 2
    order = sorted(range(len(points)), key=lambda n: (abs(n - middle), n))
    return [points[n].name for n in order]
