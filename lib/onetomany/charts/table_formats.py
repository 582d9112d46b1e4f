"""Write one value of a table as a reader of each language expects it: counts, shares, dates."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from .reader_table import Words

# words before a number in a ledger: how each language writes them before and after it
_BOUNDS: dict[str, tuple[Words, Words]] = {
    "about": (("about ", "약 "), ("", "")),
    "nearly": (("nearly ", "거의 "), ("", "")),
    "over": (("over ", ""), ("", " 초과")),
    "at least": (("at least ", ""), ("", " 이상")),
    "up to": (("up to ", ""), ("", " 이하")),
    "under": (("under ", ""), ("", " 미만")),
    "several": (("several times ", "여러 "), ("", "")),
}
# units of claims whose value is no amount of something: an answer, a place, "2016"
_NOT_COUNTED = {"answer", "date", "dates", "fields", "place"}
_QUANTITY = re.compile(rf"(?:({'|'.join(_BOUNDS)}) )?(\d+(?:\.\d+)?)")
_MONEY = {
    "KRW": ("KRW", "원"),
    "EUR": ("EUR", "유로"),
    "USD": ("USD", "달러"),
    "GBP": ("GBP", "파운드"),
}
_DATES = re.compile(r"[\d-]+/[\d-]*|/[\d-]+")
_SPLIT = re.compile(r", |; | · |: |/| \+ | to |(?<=\d) | (?=\d)")
_PLAIN = re.compile(r"[^A-Za-z가-힣]*|[A-Za-z]?\d[\w.()-]*")  # an id, a date or a number: no words
_ARTICLE = re.compile(r"(?:([a-z-]+) |Art\. )(\d+)(?:-(\d+))?(?:\((\d+)\))?(\d+)?")
RARE = 1e-4  # a rate below it reads better as one in so many
FORMATS = (
    "text", "name", "quote", "code", "count", "number", "percent", "rate", "date", "days", "year",
    "yes", "article", "url",
)  # fmt: skip
NUMBERS = ("count", "number", "percent", "rate", "days")


def written(value: Any, form: str, words: Mapping[str, Words], unit: str | None = None) -> Words:
    """Return a value in English and Korean, as `form` (one of FORMATS) says.

    `words` gives the English and Korean of texts that a table may contain, `unit` the unit that
    the value has beside it.

    >>> written(0.411184, "percent", {}), written("over 57640000", "text", {}, "KRW")
    (('41.1%', '41.1%'), ('over KRW 57,640,000', '57,640,000원 초과'))
    """
    if isinstance(value, bool):
        return ("yes", "예") if value else ("no", "아니요")
    if isinstance(value, int | float):
        return _numeral(value, form, unit, words)
    if isinstance(value, datetime | date):
        return (value.isoformat()[:10],) * 2
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if (
        form == "article"
        and (found := _ARTICLE.fullmatch(text))
        and (not found[1] or found[1] in words)
    ):
        return _article(*found.groups(), words=words)
    return _text(text, form, unit, words)


def _numeral(value: float, form: str, unit: str | None, words: Mapping[str, Words]) -> Words:
    if form == "days":
        return f"{value:,} days", f"{value:,}일"
    if form in ("year", "code"):
        return (str(value),) * 2
    if form == "rate" and 0 < value < RARE:
        times = number(1 / value, "count")
        return f"1 in {times}", f"{times}분의 1"
    return _counted(number(float(value), form), unit, words)


def _article(
    law: str | None,
    article: str,
    branch: str | None,
    paragraph: str | None,
    item: str | None,
    *,
    words: Mapping[str, Words],
) -> Words:
    """Return an article of a law as it is cited: 'Art. 12-2(1)', '제12조의2 제1항'."""
    english = f"Art. {article}{f'-{branch}' if branch else ''}"
    english += f"{f'({paragraph})' if paragraph else ''}{item or ''}"
    korean = f"제{article}조{f'의{branch}' if branch else ''}"
    korean += f"{f' 제{paragraph}항' if paragraph else ''}{f' 제{item}호' if item else ''}"
    if not law:
        return english, korean
    name = words.get(law, (law, law))
    return f"{name[0]}, {english}", f"{name[1]} {korean}"


def between(low: float, high: float, form: str) -> Words:
    """Return an interval, both ends with as many digits: '7.2% to 83.4%', '7.2%~83.4%'."""
    times, mark = (100, "%") if form in ("percent", "rate") else (1, "")
    places = _places(max(abs(low), abs(high)) * times)
    ends = [f"{end * times:,.{places}f}{mark}" for end in (low, high)]
    return " to ".join(ends), "~".join(ends)


def number(value: float, form: str) -> str:
    """Return a number without an exponent: whole, or to three digits that matter.

    >>> number(1.7e8, "count"), number(0.000317, "rate"), number(0.85, "percent")
    ('170,000,000', '0.0317%', '85.0%')
    """
    if form in ("percent", "rate"):
        value *= 100
    if not math.isfinite(value):
        return "–"
    if form in ("percent", "rate"):
        places = 1 if form == "percent" and abs(value) >= 1 else _places(value)
        return f"{value:.{places}f}%"
    if form == "count" or value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{_places(value)}f}"


def _places(value: float) -> int:
    if not abs(value) >= 1e-12:
        return 0
    near_one = 0.9 <= abs(value) <= 1  # 0.9865 and 0.9912 are not alike
    return max(0, 2 - math.floor(math.log10(abs(value)))) + near_one


def _text(text: str, form: str, unit: str | None, words: Mapping[str, Words]) -> Words:
    if text in words:
        return words[text]
    if (unit == "dates" or form == "date") and _DATES.fullmatch(text):
        return _range(text)
    if unit and unit not in _NOT_COUNTED and (found := _QUANTITY.fullmatch(text)):
        before, after = _BOUNDS.get(found[1] or "", (("", ""), ("", "")))
        english, korean = _counted(number(float(found[2]), "number"), unit, words)
        return f"{before[0]}{english}{after[0]}", f"{before[1]}{korean}{after[1]}"
    return _known(text, words) or (text, text)


def _range(text: str) -> Words:
    first, last = text.split("/")
    return (
        f"{first} to {last}" if first and last else f"from {first}" if first else f"until {last}",
        f"{first}~{last}",
    )


def _known(text: str, words: Mapping[str, Words]) -> Words | None:
    """Return a text in both languages if each of its parts is known; longer parts go first."""
    if text in words:
        return words[text]
    if _PLAIN.fullmatch(text):
        return text, text
    for cut in reversed(list(_SPLIT.finditer(text))):
        head = text[: cut.start()]
        first = words.get(head) or ((head, head) if _PLAIN.fullmatch(head) else None)
        if first and (rest := _known(text[cut.end() :], words)):
            between = "~" if cut[0] == " to " else cut[0]
            return first[0] + cut[0] + rest[0], first[1] + between + rest[1]
    return None


def _counted(text: str, unit: str | None, words: Mapping[str, Words]) -> Words:
    if unit in _MONEY:
        return f"{_MONEY[unit][0]} {text}", f"{text}{_MONEY[unit][1]}"
    if not unit:
        return text, text
    english, korean = words.get(f"unit:{unit}") or words.get(unit, (unit, unit))
    space = " " * (korean.isascii() and korean[:1].isalpha())  # one without a Korean word
    return f"{text} {english}", f"{text}{space}{korean}"
