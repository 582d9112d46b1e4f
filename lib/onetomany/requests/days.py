"""Which days are worked on: weekends, and public holidays by the `holidays` library.

A holiday that was proclaimed after the library's release is not in it (temporary holidays in Korea
often come a few weeks ahead): `WorkingDays.calendar` names the release, so that a reader can tell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import holidays

from ..errors import InputError
from .laws import Procedure

WEEKDAYS = (
    *(("Mon", "월"), ("Tue", "화"), ("Wed", "수"), ("Thu", "목"), ("Fri", "금")),
    *(("Sat", "토"), ("Sun", "일")),
)
UK = ("ENG", "WLS", "SCT", "NIR")
MEMBER_STATES = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
ARMISTICE = (11, 11)  # a holiday in Belgium on which the institutions work: on no list of theirs
ONE_DAY = dt.timedelta(days=1)
RELEASE = f"holidays {holidays.__version__}"


@dataclass(frozen=True)
class WorkingDays:
    """The working days of one place; `names_en`, `names_ko` say whose holidays are meant.

    `listed` are the days off of an institution, by year: in such a year they are the only holidays.
    In any other year Belgium's are used in their stead, but for 11 November (`missing` tells).
    """

    code: str
    parts: tuple[str, ...]
    names_en: str
    names_ko: str
    calendar: str
    listed: tuple[tuple[int, frozenset[dt.date], str, str], ...] = ()

    def holiday(self, day: dt.date) -> tuple[str, str] | None:
        """The public holiday's name in English and Korean, or None; weekends are no holidays."""
        for year, days, english, korean in self.listed:
            if year == day.year:
                return (english, korean) if day in days else None
        if self.listed and (day.month, day.day) == ARMISTICE:
            return None
        names = [
            {name for part in self.parts if (name := _holidays(self.code, part, language, day))}
            for language in ("en", "ko")
        ]
        return ("; ".join(sorted(names[0])), "; ".join(sorted(names[1]))) if names[0] else None

    def works(self, day: dt.date) -> bool:
        """Neither Saturday, Sunday nor a public holiday."""
        return day.weekday() < 5 and self.holiday(day) is None

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself if it is worked on, or the next that is."""
        while not self.works(day):
            day += ONE_DAY
        return day

    def missing(self, first: dt.date, last: dt.date) -> list[int]:
        """Years of a span for which an institution's own list is not there."""
        known = {year for year, *_ in self.listed}
        return [y for y in range(first.year, last.year + 1) if known and y not in known]


def working_days(procedure: Procedure, region: str | None = None) -> WorkingDays:
    """The working days of a procedure, in `region` where holidays differ by region.

    Germany: `region` is a Land ("BE", "BY" ...); without, only holidays of all Laender count. EU
    (GDPR): a member state ("FR"), with a part of it after a dash ("DE-BY"); without, weekends only.
    The UK counts the bank holidays of every part (section 10(6) of the Act of 2000), Korea and the
    United States the national ones, the Commission those of its own list: they take no region.

    Raises InputError for a region that the calendar does not have.
    """
    calendar = procedure.calendar
    if calendar == "DE":
        return _german(region)
    if calendar == "EU":
        return _member_state(region)
    if region is not None:
        raise InputError(f"{procedure.id} takes no region: leave '{region}' out.")
    if calendar == "EC":
        listed = tuple((int(c.id), frozenset(c.days), c.en, c.ko) for c in procedure.closed)
        source = procedure.closed[0].source.title
        return WorkingDays("BE", ("",), "the Commission", "집행위원회", source, listed)
    names = {
        "KR": ("Korea", "대한민국"),
        "US": ("United States, federal", "미국 연방"),
        "GB": ("United Kingdom, every part", "영국 전 지역"),
    }
    return WorkingDays(calendar, UK if calendar == "GB" else ("",), *names[calendar], RELEASE)


def shown(day: dt.date) -> tuple[str, str]:
    """A date with its day of the week, in English and Korean."""
    english, korean = WEEKDAYS[day.weekday()]
    return f"{day} ({english})", f"{day}({korean})"


def _german(region: str | None) -> WorkingDays:
    lands = holidays.country_holidays("DE").subdivisions
    if region is None:
        return WorkingDays("DE", ("",), "Germany, all Laender", "독일, 모든 주 공통", RELEASE)
    if region not in lands:
        raise InputError(f"Germany has no Land '{region}': it must be of {', '.join(lands)}.")
    return WorkingDays("DE", (region,), f"Germany, {region}", f"독일 {region}", RELEASE)


def _member_state(region: str | None) -> WorkingDays:
    if region is None:
        return WorkingDays("", (), "none, weekends only", "없음, 주말만", "no region given")
    state, _, part = region.partition("-")
    if state not in MEMBER_STATES:
        raise InputError(f"'{region}' is no member state of the EU: give a code such as FR.")
    if part and part not in holidays.country_holidays(state).subdivisions:
        raise InputError(f"{state} has no part '{part}' in {RELEASE}.")
    return WorkingDays(state, (part,), region, region, RELEASE)


def _holidays(code: str, part: str, language: str, day: dt.date) -> str | None:
    return _year(code, part, language, day.year).get(day)


@cache
def _year(code: str, part: str, language: str, year: int) -> dict[dt.date, str]:
    own = "ko" if (code, language) == ("KR", "ko") else "en_US"
    spoken = holidays.country_holidays(code).supported_languages
    found = holidays.country_holidays(
        code, subdiv=part or None, years=year, language=own if own in spoken else None
    )
    return dict(found.items())
