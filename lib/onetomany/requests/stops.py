"""Stop an authority's clock for a clarification, a fee or a third party, by the procedure's rules.

A stop counts only while the step runs. An authority that asks after its period has ended is already
late, and one that has decided waits for nothing.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .days import ONE_DAY, WorkingDays
from .laws import Procedure, Stop

Due = Callable[[dt.date, Sequence["Stopped"]], dt.date]


@dataclass(frozen=True)
class Stopped:
    """One stop of a clock: from `since` to `until`, or None while it lasts."""

    stop: Stop
    since: dt.date
    until: dt.date | None

    def days(self, today: dt.date) -> list[dt.date]:
        """Return every day that is not counted; a pending answer counts as if it came today."""
        first = self.since if self.stop.first_day else self.since + ONE_DAY
        until = self.until or max(today, self.since)
        last = until if self.stop.last_day else until - ONE_DAY
        return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True)
class Clock:
    """A step's clock: its start, its stops, and whether it is stopped now."""

    start: dt.date
    restarted: Stopped | None
    pauses: tuple[Stopped, ...]

    @property
    def stands(self) -> bool:
        """Return whether an answer is still pending."""
        return any(each.until is None for each in (*self.pauses, self.restarted) if each)


def step_clock(
    procedure: Procedure,
    step: str,
    start: dt.date | None,
    happened: Mapping[str, Sequence[dt.date]],
    *,
    today: dt.date,
    due: Due,
    working: WorkingDays,
) -> Clock | None:
    """Return the clock of a step that began at `start`; None without a start.

    `happened` are the days of each event in order; `due` returns the last day for a start and
    pauses; `working` are the working days, for pauses limited to some of them. A pending answer is
    counted as if it came today.
    """
    restarted: Stopped | None = None
    pauses: list[Stopped] = []
    for told in _stops(procedure, step, happened):
        each = _ended(told, working, today)
        if start is not None and each.since < start:
            continue
        if start is not None and each.since > due(start, pauses):
            break  # too late already
        if each.stop.effect == "restarts":
            # not every log has the first receipt; the restart is enough
            if start is None and each.until is None:
                continue
            restarted, pauses, start = each, [], each.until or today
        elif start is not None:
            pauses.append(Stopped(each.stop, each.since, each.until))
    return Clock(start, restarted, tuple(pauses)) if start is not None else None


def _stops(
    procedure: Procedure, step: str, happened: Mapping[str, Sequence[dt.date]]
) -> list[Stopped]:
    """Return every stop of a step in order of time, each lasting until it is answered."""
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


def _ended(each: Stopped, working: WorkingDays, today: dt.date) -> Stopped:
    """Return a pause cut to the longest that its law allows."""
    if not each.stop.longest:
        return each
    last = each.since
    for _ in range(each.stop.longest):
        last += ONE_DAY
        if each.stop.longest_unit == "working_days":
            last = working.next_working(last)
    over = min(last, each.until or dt.date.max)
    return Stopped(each.stop, each.since, over if over <= today else None)
