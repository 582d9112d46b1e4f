"""Count the days of a period: working days, days left out, months."""

import calendar as months
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from .days import ONE_DAY, WorkingDays
from .laws import Step

Skipped = tuple[tuple[dt.date, str, str], ...]  # holidays, with names in both languages


@dataclass(frozen=True)
class Period:
    """A step's days: of its event, from which it counts, its first and last, and when it is due.

    `skipped` are the holidays that moved it.
    """

    happened: dt.date
    counts_from: dt.date
    first: dt.date
    end: dt.date
    due: dt.date
    skipped: Skipped


def count_period(
    step: Step, happened: dt.date, number: int, days: WorkingDays, still: Collection[dt.date]
) -> Period:
    """Return the period of `number` units from the event of a step, without days in `still`."""
    day = days.next_working(happened) if step.moves_start else happened
    begin = first = day if step.first_day else day + ONE_DAY
    if step.unit == "working_days":
        end, first = _working_end(begin, number, days, still)
    elif step.unit == "calendar_days":
        end = _prolonged(first, first + dt.timedelta(days=number - 1), still)
    else:
        end = _prolonged(day + ONE_DAY, _months_on(day, number), still)
    due = days.next_working(end) if step.moves_end else end
    # within other periods holidays count like any day: only those that move the end matter
    since = begin if step.unit == "working_days" else end if due > end else due + ONE_DAY
    return Period(happened, day, first, end, due, _holidays_between(since, due, days))


def _working_end(
    first: dt.date, number: int, days: WorkingDays, still: Collection[dt.date]
) -> tuple[dt.date, dt.date]:
    """Return the last and first of `number` working days from `first`, without days in `still`."""

    def counted(day: dt.date) -> dt.date:
        while (day := days.next_working(day)) in still:
            day += ONE_DAY
        return day

    begin = day = counted(first)
    for _ in range(number - 1):
        day = counted(day + ONE_DAY)
    return day, begin


def _prolonged(first: dt.date, end: dt.date, still: Collection[dt.date]) -> dt.date:
    """Return the end of a period after adding each of its days that is in `still`."""
    day = first
    while day <= end:
        end += ONE_DAY if day in still else dt.timedelta()
        day += ONE_DAY
    return end


def _months_on(day: dt.date, number: int) -> dt.date:
    """Return the same day some months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    last = months.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _holidays_between(low: dt.date, high: dt.date, days: WorkingDays) -> Skipped:
    """Return the weekday holidays from `low` to `high`, with names in both languages."""
    span = (low + dt.timedelta(days=n) for n in range((high - low).days + 1))
    return tuple(
        (day, *names) for day in span if day.weekday() < 5 and (names := days.holiday(day))
    )
