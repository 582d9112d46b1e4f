"""Count days: working days, days left out, months."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Collection

from .days import ONE_DAY, WorkingDays


def working_end(
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


def prolonged(first: dt.date, end: dt.date, still: Collection[dt.date]) -> dt.date:
    """Return the end of a period after adding each of its days that is in `still`."""
    day = first
    while day <= end:
        end += ONE_DAY if day in still else dt.timedelta()
        day += ONE_DAY
    return end


def months_on(day: dt.date, number: int) -> dt.date:
    """Return the same day some months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    last = months.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def holidays_between(
    low: dt.date, high: dt.date, days: WorkingDays
) -> tuple[tuple[dt.date, str, str], ...]:
    """Return the weekday holidays from `low` to `high`, with names in both languages."""
    span = (low + dt.timedelta(days=n) for n in range((high - low).days + 1))
    return tuple(
        (day, *names) for day in span if day.weekday() < 5 and (names := days.holiday(day))
    )
