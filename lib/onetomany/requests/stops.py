"""What stops a body's clock: a clarification, a fee; by the procedure's own rules.

A stop counts while the step runs: a body that asks after its time has passed is late already, and
one that has decided waits for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .laws import Procedure, Stop

Due = Callable[[dt.date, Sequence["Stopped"]], dt.date]


@dataclass(frozen=True)
class Stopped:
    """One time that a clock stopped: from `since` to `until`, None while it still does."""

    stop: Stop
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True)
class Clock:
    """From when a step is counted, what stopped it since, and whether it stands still now."""

    start: dt.date
    restarted: Stopped | None
    pauses: tuple[Stopped, ...]

    @property
    def stands(self) -> bool:
        """Whether something is still awaited."""
        return any(each.until is None for each in (*self.pauses, self.restarted) if each)


def clock(
    procedure: Procedure,
    step: str,
    start: dt.date | None,
    happened: Mapping[str, Sequence[dt.date]],
    *,
    today: dt.date,
    due: Due,
) -> Clock | None:
    """Return how a step runs that began at `start`; None where nothing says when it did.

    `happened` are the days of each event in order; `due` gives the last day by a start and pauses.
    What is still awaited is reckoned as if it came today.
    """
    restarted: Stopped | None = None
    pauses: list[Stopped] = []
    for each in _stops(procedure, step, happened):
        if start is not None and each.since < start:
            continue
        if start is not None and each.since > due(start, pauses):
            break  # too late already
        if each.stop.effect == "restarts":
            # what was received at first is not told by every log; the restart tells enough
            if start is None and each.until is None:
                continue
            restarted, pauses, start = each, [], each.until or today
        elif start is not None:
            pauses.append(Stopped(each.stop, each.since, each.until))
    return Clock(start, restarted, tuple(pauses)) if start is not None else None


def _stops(
    procedure: Procedure, step: str, happened: Mapping[str, Sequence[dt.date]]
) -> list[Stopped]:
    """Every stop of a step in order of time, each asked once till it is answered."""
    found = []
    for stop in procedure.stops:
        if stop.step != step:
            continue
        since: dt.date | None = None
        own = []
        days = [(day, 0) for day in happened[stop.starts]]
        days += [(day, 1) for day in happened[stop.ends]]
        for day, answered in sorted(days):
            if answered and since is not None:
                own.append(Stopped(stop, since, day))
                since = None
            elif not answered and since is None:
                since = day
        if since is not None:
            own.append(Stopped(stop, since, None))
        found += own[: stop.most or None]
    return sorted(found, key=lambda each: each.since)
