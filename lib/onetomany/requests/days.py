"""Decide which days are working days: weekends, and public holidays from the `holidays` library.

A holiday proclaimed after the library's release is missing (Korea often proclaims temporary
holidays a few weeks ahead). `WorkingDays.calendar` names the release, so that a reader can check.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import holidays

from onetomany.errors import InputError
from .laws import CALENDAR_ROWS, MEMBER_STATES, Procedure

WEEKDAYS = (
    *(("Mon", "월"), ("Tue", "화"), ("Wed", "수"), ("Thu", "목"), ("Fri", "금")),
    *(("Sat", "토"), ("Sun", "일")),
)
ARMISTICE = (11, 11)  # a Belgian holiday that is a working day of the institutions
ONE_DAY = dt.timedelta(days=1)
RELEASE = f"holidays {holidays.__version__}"


@dataclass(frozen=True)
class WorkingDays:
    """The working days of one place; `names_en` and `names_ko` name its calendar.

    `listed` are the days off of an institution, by year: in such a year they are the only holidays.
    Other years use Belgium's holidays except 11 November (see `missing`).
    """

    code: str
    parts: tuple[str, ...]
    names_en: str
    names_ko: str
    calendar: str
    listed: tuple[tuple[int, frozenset[dt.date], str, str], ...] = ()
    region: str | None = None  # as requested

    def holiday(self, day: dt.date) -> tuple[str, str] | None:
        """Return the public holiday's name in English and Korean, or None (also on weekends)."""
        for year, days, english, korean in self.listed:
            if year == day.year:
                return (english, korean) if day in days else None
        if self.listed and (day.month, day.day) == ARMISTICE:
            return None
        names = [
            {
                name
                for part in self.parts
                if (name := _year(self.code, part, language, day.year).get(day))
            }
            for language in ("en", "ko")
        ]
        return ("; ".join(sorted(names[0])), "; ".join(sorted(names[1]))) if names[0] else None

    def works(self, day: dt.date) -> bool:
        """Return whether a day is neither Saturday, Sunday nor a public holiday."""
        return day.weekday() < 5 and self.holiday(day) is None

    def next_working(self, day: dt.date) -> dt.date:
        """Return the day itself if it is a working day, else the next working day."""
        while not self.works(day):
            day += ONE_DAY
        return day

    def missing(self, first: dt.date, last: dt.date) -> list[int]:
        """Return the years of a period for which the institution's own list is missing."""
        known = {year for year, *_ in self.listed}
        return [y for y in range(first.year, last.year + 1) if known and y not in known]


def working_days(procedure: Procedure, region: str | None = None) -> WorkingDays:
    """Return the working days of a procedure, in `region` if holidays differ by region.

    For countries with a `name_en` in data/calendars.csv `region` is a part of the country (Germany:
    "BE", "BY"; Canada: "ON"); without it only national holidays count. For the EU (GDPR) it is a
    member state ("FR"), optionally with a part ("DE-BY"); without it only weekends count. No region
    is accepted for the UK (bank holidays of every part count, section 10(6) of the Act of 2000),
    for the other countries and for the Commission (its own list).

    Raises InputError for a region that the calendar does not have.
    """
    calendar = procedure.calendar
    if calendar == "EU":
        return _member_state(region)
    row = CALENDAR_ROWS.get(calendar, {})
    if row.get("name_en"):
        return _by_part(row, region)
    if region is not None:
        raise InputError(f"{procedure.id} has no regions: leave '{region}' out.")
    if calendar == "EC":
        listed = tuple((int(c.id), frozenset(c.days), c.en, c.ko) for c in procedure.closed)
        source = procedure.closed[0].source.title
        return WorkingDays("BE", ("",), "the Commission", "집행위원회", source, listed)
    parts = tuple(row["parts"].split("|"))
    return WorkingDays(row["country"], parts, row["en"], row["ko"], RELEASE)


def written_day(day: dt.date) -> tuple[str, str]:
    """A date with its day of the week, in English and Korean."""
    english, korean = WEEKDAYS[day.weekday()]
    return f"{day} ({english})", f"{day}({korean})"


def _by_part(row: Mapping[str, str], region: str | None) -> WorkingDays:
    """Return the working days of a country whose holidays differ by part."""
    country = row["country"]
    if region is None:
        return WorkingDays(country, ("",), row["en"], row["ko"], RELEASE)
    parts = holidays.country_holidays(country).subdivisions
    if region not in parts:
        what = "Land" if country == "DE" else "part"
        raise InputError(
            f"{row['name_en']} has no {what} '{region}': write one of {', '.join(parts)}."
        )
    names = f"{row['name_en']}, {region}", f"{row['name_ko']} {region}"
    return WorkingDays(country, (region,), *names, RELEASE, region=region)


def _member_state(region: str | None) -> WorkingDays:
    if region is None:
        return WorkingDays("", (), "none, weekends only", "없음, 주말만", "no region given")
    state, _, part = region.partition("-")
    if state not in MEMBER_STATES:
        raise InputError(f"'{region}' is not a member state of the EU: give a code such as FR.")
    if part and part not in holidays.country_holidays(state).subdivisions:
        raise InputError(f"{state} has no part '{part}' in {RELEASE}.")
    return WorkingDays(state, (part,), region, region, RELEASE, region=region)


@cache
def _year(code: str, part: str, language: str, year: int) -> dict[dt.date, str]:
    own = "ko" if (code, language) == ("KR", "ko") else "en_US"
    spoken = holidays.country_holidays(code).supported_languages
    found = holidays.country_holidays(
        code, subdiv=part or None, years=year, language=own if own in spoken else None
    )
    return dict(found.items())
