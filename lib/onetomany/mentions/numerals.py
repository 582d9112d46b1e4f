"""Parse Korean numerals, and give the range that a rounded number may mean.

Korean numerals are grouped by ten thousands: 1억 7,760만 is 177,600,000. Documents mix digits with
these units, and round. Parsing is exact; `numeral_bounds` returns the range that a rounded number
may mean.
"""

import re
from decimal import Decimal
from math import inf

from onetomany.errors import InputError

DIGITS = dict(zip("영일이삼사오육칠팔구", range(10), strict=True))
SMALL = {"십": 10, "백": 100, "천": 1000}
LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
# words that say how exact a number is
APPROXIMATIONS = {
    "about": "약 대략 about approximately around roughly circa 가량 정도 안팎 내외",
    "nearly": "거의 nearly almost 육박",
    "over": "여 over exceeding 초과 넘는 넘게 넘은",
    "at least": "최소 이상",
    "up to": "최대 이하",
    "under": "미만 under",
    "several": "수",
}


def parse_numeral(text: str) -> int | Decimal:
    """Parse a Korean or plain numeral: '1억 7천 7백만', '오천칠백육십만', '1.5억', '5,760'.

    Raises InputError if the text isn't a numeral.

    >>> parse_numeral("1억 7,760만")
    177600000
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


def _rounding_step(value: int | Decimal) -> Decimal:
    """Return the rounding step of a number: 100,000 for 57,600,000.

    Zeros at the end count as rounding, but not the first two digits: 120 million has steps of
    10 million, 44 firms has steps of 1. This reading is the most generous one: a difference that
    rounding can't explain even so is real.

    >>> _rounding_step(57_600_000)
    Decimal('100000')
    """
    if not (exact := Decimal(value).normalize()):
        return Decimal(1)
    last = int(exact.as_tuple().exponent)
    second = exact.adjusted() - 1
    return Decimal(10) ** min(last, second)


def numeral_bounds(value: int | Decimal, approximation: str | None = None) -> tuple[float, float]:
    """Return the range that a stated number may mean, from (inclusive) to (exclusive).

    None: rounded to its last digit that may be rounding; 'about': twice as wide. 'over' (여): up to
    one more of its last digit that isn't zero. 'nearly': up to one step less. 'at least', 'up to'
    and 'under' are open on one side. 'several' (수백): 2 to 10 times.

    Raises InputError for another word.

    >>> numeral_bounds(57_600_000)
    (57550000.0, 57650000.0)
    """
    number_, step = Decimal(value), _rounding_step(value)
    half = step / 2
    # 20여 is any number in the twenties: here all zeros at the end are open
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


def _whole(value: Decimal) -> int | Decimal:
    return int(value) if value == value.to_integral_value() else value.normalize()
