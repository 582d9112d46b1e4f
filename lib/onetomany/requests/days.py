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

WEEKDAYS = (
    *(("Mon", "월"), ("Tue", "화"), ("Wed", "수"), ("Thu", "목"), ("Fri", "금")),
    *(("Sat", "토"), ("Sun", "일")),
)
UK = ("ENG", "WLS", "SCT", "NIR")
MEMBER_STATES = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class WorkingDays:
    """The working days of one place; `names_en`, `names_ko` say whose holidays are meant."""

    code: str
    parts: tuple[str, ...]
    names_en: str
    names_ko: str
    calendar: str

    def holiday(self, day: dt.date) -> tuple[str, str] | None:
        """The public holiday's name in English and Korean, or None; weekends are no holidays."""
        for language in ("en", "ko"):
            found = {
                name
                for part in self.parts
                if (name := _holidays(self.code, part, language, day.year).get(day))
            }
            if not found:
                return None
            if language == "en":
                english = "; ".join(sorted(found))
        return english, "; ".join(sorted(found))

    def works(self, day: dt.date) -> bool:
        """Neither Saturday, Sunday nor a public holiday."""
        return day.weekday() < 5 and self.holiday(day) is None

    def next_working(self, day: dt.date) -> dt.date:
        """The day itself if it is worked on, or the next that is."""
        while not self.works(day):
            day += ONE_DAY
        return day


def working_days(calendar: str, region: str | None = None) -> WorkingDays:
    """The working days of a procedure's `calendar`, in `region` where holidays differ by region.

    Germany: `region` is a Land ("BE", "BY" ...); without, only holidays of all Laender count. EU
    (GDPR): a member state ("FR"), with a part of it after a dash ("DE-BY"); without, weekends only.
    The UK counts the bank holidays of every part (section 10(6) of the Act of 2000), Korea, the
    United States and Belgium the national ones: they take no region.

    Raises InputError for a region that the calendar does not have.
    """
    release = f"holidays {holidays.__version__}"
    if calendar == "DE":
        lands = holidays.country_holidays("DE").subdivisions
        if region is not None and region not in lands:
            raise InputError(f"Germany has no Land '{region}': it must be of {', '.join(lands)}.")
        where = region or "all Laender"
        return WorkingDays("DE", (region or "",), f"Germany, {where}", f"독일 {where}", release)
    if calendar == "EU":
        state, _, part = (region or "").partition("-")
        if region is None:
            return WorkingDays("", (), "weekends only", "주말만", "weekends only")
        if state not in MEMBER_STATES:
            raise InputError(f"'{region}' is no member state of the EU: give a code such as FR.")
        if part and part not in holidays.country_holidays(state).subdivisions:
            raise InputError(f"{state} has no part '{part}' in the library {release}.")
        return WorkingDays(state, (part,), region, region, release)
    if region is not None:
        raise InputError(f"The calendar {calendar} takes no region: leave '{region}' out.")
    names = {
        "KR": ("Korea", "대한민국"),
        "US": ("United States, federal", "미국 연방"),
        "GB": ("United Kingdom, every part", "영국 전 지역"),
        "BE": ("Belgium", "벨기에"),
    }
    return WorkingDays(calendar, UK if calendar == "GB" else ("",), *names[calendar], release)


def shown(day: dt.date) -> tuple[str, str]:
    """A date with its day of the week, in English and Korean."""
    english, korean = WEEKDAYS[day.weekday()]
    return f"{day} ({english})", f"{day}({korean})"


@cache
def _holidays(code: str, part: str, language: str, year: int) -> dict[dt.date, str]:
    own = "ko" if (code, language) == ("KR", "ko") else "en_US"
    spoken = holidays.country_holidays(code).supported_languages
    found = holidays.country_holidays(
        code, subdiv=part or None, years=year, language=own if own in spoken else None
    )
    return {day: name for day, name in found.items() if day.year == year}
