"""Korean numerals, and which numbers a written one leaves open.

A Korean numeral groups by ten thousands: 1억 7,760만 is 177,600,000. Documents mix digits with such
units and round. What is read here is exact; `bounds` says what a rounded number may stand for.
"""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf

from ..errors import InputError

DIGITS = dict(zip("영일이삼사오육칠팔구", range(10), strict=True))
SMALL = {"십": 10, "백": 100, "천": 1000}
LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
# words by which a text says how exact its number is
APPROXIMATIONS = {
    "about": "약 대략 about approximately around roughly circa 가량 정도 안팎 내외",
    "nearly": "거의 nearly almost 육박",
    "over": "여 over exceeding 초과 넘는 넘게 넘은",
    "at least": "최소 이상",
    "up to": "최대 이하",
    "under": "미만 under",
    "several": "수",
}


def number(text: str) -> int | Decimal:
    """A Korean or plain numeral as a number: '1억 7천 7백만', '오천칠백육십만', '1.5억', '5,760'.

    Raises InputError where the text isn't a numeral.
    """
    compact = re.sub(r"[\s,여]", "", text)
    tokens = re.findall(r"\d+(?:\.\d+)?|[영일이삼사오육칠팔구십백천만억조]", compact)
    if not tokens or "".join(tokens) != compact:
        raise InputError(
            f"'{text}' isn't a numeral: use digits, 일 to 구, and 십, 백, 천, 만, 억, 조."
        )
    total, group, last = Decimal(0), Decimal(0), None
    for token in tokens:
        if token in LARGE:
            total += (group + (last if last is not None else 0) or 1) * LARGE[token]
            group, last = Decimal(0), None
        elif token in SMALL:
            group += (1 if last is None else last) * SMALL[token]
            last = None
        elif last is not None:
            raise InputError(f"'{text}' has two digits side by side: write 57 or 오십칠.")
        else:
            last = Decimal(DIGITS.get(token, token))
    return _whole(total + group + (last if last is not None else 0))


def korean(value: int, style: str = "mixed") -> str:
    """A whole number in Korean: 'mixed' is 1억 7,760만 0; 'spelt' is 일억 칠천칠백육십만.

    `number` reads both back. Raises InputError below 1, from 10^16, or for another style.
    """
    if not 0 < value < 10**16 or style not in ("mixed", "spelt"):
        raise InputError("korean writes whole numbers from 1 to 10^16, as 'mixed' or 'spelt'.")
    words = []
    for unit, size in (("조", 10**12), ("억", 10**8), ("만", 10**4), ("", 1)):
        group = value // size % 10_000
        if group:
            words.append((f"{group:,}" if style == "mixed" else _spelt(group)) + unit)
    return " ".join(words)


def resolution(value: int | Decimal) -> Decimal:
    """The step that a round number leaves open: 57,600,000 may stand for 100,000 more or less.

    Zeros at the end are taken as rounding, beyond the second digit: 120 million is 12 steps of
    10 million, 44 firms are 44. It is the most generous reading of a number: a difference that it
    can't explain is one.
    """
    exact = Decimal(value).normalize()
    if not exact:
        return Decimal(1)
    last = int(exact.as_tuple().exponent)
    second = exact.adjusted() - 1
    return Decimal(10) ** min(last, second)


def bounds(value: int | Decimal, approximation: str | None = None) -> tuple[float, float]:
    """Which numbers a statement leaves open, from (inclusive) to (exclusive).

    None or 'about': rounded to its `resolution` (about: twice as wide). 'over' (여): up to one more
    of its last digit that isn't zero. 'nearly': up to one step less. 'at least', 'up to', 'under':
    open to one side. 'several' (수백): 2 to 10 times. Raises InputError for another word.
    """
    number_, step = Decimal(value), resolution(value)
    half = step / 2
    # 20여 is anything in the twenties: here every zero at the end is open
    more = Decimal(10) ** int(number_.normalize().as_tuple().exponent) if number_ else step
    sides: dict[str | None, tuple[Decimal | float, Decimal | float]] = {
        None: (number_ - half, number_ + half),
        "about": (number_ - step, number_ + step),
        "over": (number_, number_ + more),
        "nearly": (number_ - step, number_ + half),
        "at least": (number_, inf),
        "up to": (-inf, number_ + half),
        "under": (-inf, number_),
        "several": (2 * number_, 10 * number_),
    }
    if approximation not in sides:
        raise InputError(f"'{approximation}' isn't one of {', '.join(APPROXIMATIONS)}.")
    low, high = sides[approximation]
    return float(low), float(high)


def _spelt(group: int) -> str:
    """1 to 9,999 in Hangul; a leading one is left out, as people do (백, not 일백)."""
    words = ""
    for unit, size in (("천", 1000), ("백", 100), ("십", 10), ("", 1)):
        digit = group // size % 10
        if digit:
            name = "영일이삼사오육칠팔구"[digit]
            words += (name if digit > 1 or not unit else "") + unit
    return words


def _whole(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value.normalize()
