"""Find dates in texts: whole or partial, in ranges, with the time of day.

`2021. 10. 21.(목) ~ 10. 25.(월)` are two days of one year. A two-digit year needs an apostrophe or
a day: 10년 6월 is a term of imprisonment.
"""

import calendar
import re
from collections.abc import Iterator

MONTHS = {name: place for place, name in enumerate(calendar.month_name) if place}
MONTHS |= {name: place for place, name in enumerate(calendar.month_abbr) if place}
MONTHS["Sept"] = 9
MONTHS |= {name.upper(): place for name, place in MONTHS.items()}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:(?<![\d.,])(?P<year>(?:19|20)\d\d)|['‘’](?P<short>\d\d))"
_WEEKDAY = r"(?:\s?[(（][월화수목금토일][)）])?"
_TIME = (
    r"(?P<time>(?:T|\s{0,2})(?:(?P<half>오전|오후)\s?)?(?P<hour>\d\d?)"
    r"(?::(?P<minute>\d\d)(?!\d)(?::\d\d)?|\s?시(?:(?=까지|부터|경|에|이[후전])|(?![가-힣\d]))(?:\s?(?P<minute2>\d\d?)\s?분)?))?"
)
_DOTTED = re.compile(
    rf"{_YEAR}\s?[.]\s?(?P<month>\d\d?)(?!\d)"
    rf"(?:\s?[.]\s?(?P<day>\d\d?)(?!\d|\s?[.]\d)(?:\s?[.](?!\d))?{_WEEKDAY}{_TIME}"
    r"|(?P<end>\s?월|\s?[.](?!\s?\d)|(?=[\s)~∼～]|$)))"
)
_WRITTEN = re.compile(
    rf"(?:{_YEAR}|(?<!\d)(?P<bare>\d\d)(?=\s?년\s?\d\d?\s?월\s?\d\d?\s?일))\s?년(?!\s?간)"
    rf"(?:\s?(?P<month>\d\d?)\s?월(?:\s?(?P<day>\d\d?)\s?일{_WEEKDAY}{_TIME})?)?"
)
_DASHED = re.compile(
    rf"{_YEAR}(?P<mark>[-/])(?P<month>\d\d)(?:(?P=mark)(?P<day>\d\d){_TIME})?(?![\d-])"
)
_EIGHT = re.compile(
    r"(?<![\w.,-])(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?![\w-]|[.,]\d)"
)
_ENGLISH_DAY = r"(?P<day>\d\d?)(?:st|nd|rd|th)?"
_NAMED = re.compile(
    rf"(?a:\b)(?P<name>{_MONTH})\.?(?:\s+(?P<until>(?:[–-]|to|and)\s?))?"
    rf"(?:\s+{_ENGLISH_DAY}(?:\s?(?:[–-]|to|and)\s?(?P<last>\d\d?)(?:st|nd|rd|th)?)?(?=[\s,]))?"
    r",?\s+(?P<year>(?:19|20)\d\d)(?!\d)"
)
_DAYS_BEFORE = re.compile(
    r"(?<![\d.])(?:(?P<first>\d\d?)(?:st|nd|rd|th)?\s?(?:[–-]|to|and)\s?)?(?P<day>\d\d?)"
    r"(?:st|nd|rd|th)?\s+(?:of\s+)?\Z"
)
_MONTH_BEFORE = re.compile(rf"(?a:\b)(?P<name>{_MONTH})\.?\s?(?:[–-]|to|and|until)\s?\Z")
_KOREAN_DAY = re.compile(
    rf"(?<!\d)(?P<month>\d\d?)\s?월\s?(?P<day>\d\d?)\s?일{_WEEKDAY}{_TIME}"
    r"|(?<![\d.])(?P<month2>\d\d?)\s?[.]\s?(?P<day2>\d\d?)\s?[.]?\s?[(（][월화수목금토일][)）]"
)
_DAY_WORD = re.compile("[월화수목금토일]")  # one is in each such day
_YEARS = re.compile(
    r"(?<![\d.,/-])(?P<year>(?:19|20)\d\d)\s?[~～∼–-]\s?(?P<last>(?:19|20)\d\d)(?![\d,/-]|[.]\d)"
    r"|['‘’](?P<short>\d\d)\s?[~～∼–-]\s?['‘’](?P<short2>\d\d)(?!\d)"
    r"|(?:(?<=[Ii]n )|(?<=[Ss]ince )|(?<=[Uu]ntil )|(?<=[Bb]y ))"
    r"(?P<only>(?:19|20)\d\d)(?a:\b)(?![,.]\d)"
)
# the continuation of a range or list: year and month come from the date before
_ON = re.compile(
    rf"(?:\s?부터)?(?:{_WEEKDAY})\s?(?:[~～∼–-]|,|및|내지|에서)?\s?"
    rf"(?:(?P<month>\d\d?)\s?[.]\s?(?P<day>\d\d?)(?!\d|\s?[.]\d)\s?[.]?{_WEEKDAY}{_TIME}"
    rf"|(?P<month2>\d\d?)\s?월(?:\s?(?P<day2>\d\d?)\s?일{_WEEKDAY})?)"
)
_JOINED = re.compile(r"부터|[~～∼–-]|,|및|내지|에서")
Dated = tuple[int, int, str, str | None]  # from, to, normal, note


def find_dates(text: str) -> Iterator[Dated]:
    """Yield the dates of a text: place [start, end), ISO 8601 as precise as given, note.

    Without a year it is --04-30, with a time 2019-04-30T14:08. Impossible days are left out.

    Places may overlap; `tagger` keeps the first of them.

    >>> next(find_dates("2019. 4. 30. 14:08"))[2]
    '2019-04-30T14:08'
    """
    for pattern, needs in ((_WRITTEN, "년"), (_DOTTED, "."), (_DASHED, ""), (_EIGHT, "")):
        for match in pattern.finditer(text) if needs in text else ():
            note = "eight digits: perhaps a number" if pattern is _EIGHT else None
            # '2019. 4' without its last dot is a date only after an apostrophe
            if match.groupdict().get("end") == "" and not match["short"]:
                continue
            if normal := _iso(match.groupdict()):
                yield match.start(), match.end(), normal, note
                if pattern in (_WRITTEN, _DOTTED) and "-" in normal:
                    yield from _continued(text, match.end(), normal[:4])
    yield from _english(text)
    for match in _KOREAN_DAY.finditer(text) if _DAY_WORD.search(text) else ():
        if normal := _iso(match.groupdict()):
            yield match.start(), match.end(), normal, None
    for match in _YEARS.finditer(text):
        for name in ("year", "last", "short", "short2", "only"):
            if match[name]:
                start, end = match.span(name)
                start -= name.startswith("short")  # its apostrophe
                yield start, end, _full(match[name]), None


def _continued(text: str, end: int, year: str) -> Iterator[Dated]:
    """Yield dates that continue with the year of the date before: ~ 10. 25., 부터 5월까지."""
    for _ in range(20):
        if not (match := _ON.match(text, end)):
            return
        first = match.start("month") if match["month"] else match.start("month2")
        # 10. 3. after a comma may be a heading's number
        joined = _JOINED.search(text, end, first)
        normal = _iso(match.groupdict() | {"year": year})
        if not normal or not joined or (joined[0] == "," and match["month"]):
            return
        yield first, match.end(), normal, "year of the date before it"
        end = match.end()


def _english(text: str) -> Iterator[Dated]:
    for match in _NAMED.finditer(text):
        parts, start, note = match.groupdict(), match.start(), "year of the date after it"
        if not parts["day"]:
            if before := _DAYS_BEFORE.search(text, max(0, start - 16), start):
                parts["day"], start = before["day"], before.start("day")
                first = _iso(parts | {"day": before["first"]}) if before["first"] else None
                if first:
                    yield *before.span("first"), first, note
            elif month := _MONTH_BEFORE.search(text, max(0, start - 20), start):
                normal = f"{parts['year']}-{MONTHS[month['name']]:02d}"
                yield *month.span("name"), normal, note
        elif parts["last"]:
            if first := _iso(parts):
                yield start, match.end("day"), first, note
            parts["day"], start = parts["last"], match.start("last")
        if whole := _iso(parts):
            yield start, match.end(), whole, None


def _full(digits: str) -> str:
    return digits if len(digits) == 4 else f"{20 if int(digits) < 70 else 19}{digits}"


def _iso(parts: dict[str, str | None]) -> str | None:
    """Return a date as precise as given; None for an impossible day."""
    digits = parts.get("year") or parts.get("short") or parts.get("bare")
    year = _full(digits) if digits else ""
    name = parts.get("name")
    given, given_day = (parts.get(each) or parts.get(f"{each}2") for each in ("month", "day"))
    month, day = MONTHS[name] if name else int(given or 0), int(given_day or 0)
    if given and not 1 <= month <= 12:
        return None
    if given_day and not 1 <= day <= calendar.monthrange(int(year or 2000), month)[1]:
        return None
    date = (year or "-") + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if day else "")
    return date + _clock(parts)


def _clock(parts: dict[str, str | None]) -> str:
    if not parts.get("time"):
        return ""
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or parts["minute2"] or 0)
    if parts["half"] == "오후" and hour < 12:
        hour += 12
    return f"T{hour:02d}:{minute:02d}" if hour <= 24 and minute < 60 else ""
