"""Counts and money as Korean and English documents write them, read to a number and a range.

A Korean numeral groups by ten thousands: 1억 7,760만 is 177,600,000. Documents mix digits with
such units, round, and say so by a word: 약 (about), 여 (and some more), 이상 (or more). What is
read here is exact: a `Quantity` keeps the word, and `bounds` says which numbers it leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from ..errors import InputError

DIGITS = dict(zip("영일이삼사오육칠팔구", range(10), strict=True))
SMALL = {"십": 10, "백": 100, "천": 1000}
LARGE = {"만": 10**4, "억": 10**8, "조": 10**12}
ENGLISH = {
    "hundred": 100,
    "thousand": 1000,
    "million": 10**6,
    "m": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "mn": 10**6,
    "bn": 10**9,
}

# counters and currencies, longest first where one begins another
UNITS = {
    "records": "건 records? record",
    "persons": "명 인 persons people individuals person",
    "images": "장 images photos photographs pictures faces image photo face",
    "firms": "개기업 개사 개업체 firms companies businesses",
    "consortia": "개컨소시엄 컨소시엄 consortia consortiums",
    "places": "곳 개소 places sites",
    "cameras": "cameras",
    "machines": "대",
    "passengers": "passengers travellers travelers",
    "items": "개 items",
    "times": "회 차례 times",
    "KRW": "원 won KRW ₩",
    "USD": "달러 dollars USD US$ $",
    "percent": "퍼센트 프로 percent % ％",
    "m2": "㎡ m² m2 제곱미터",
    "seconds": "초 seconds",
    "minutes": "minutes",
    "hours": "시간 hours",
    "days": "일간 days",
    "months": "개월 months",
    "years": "년간 years",
    "age": "세",
}
APPROXIMATIONS = {
    "about": "약 대략 about approximately around roughly circa 가량 정도 안팎 내외",
    "nearly": "거의 nearly almost 육박",
    "over": "여 over exceeding 초과 넘는 넘게 넘은",
    "at least": "최소 이상",
    "up to": "최대 이하",
    "under": "미만 under",
    "several": "수",
}
_TWO_WORDS = {
    "more than": "over",
    "at least": "at least",
    "up to": "up to",
    "less than": "under",
    "fewer than": "under",
    "or more": "at least",
    "or less": "up to",
}

_UNIT = {word: unit for unit, words in UNITS.items() for word in words.replace("?", "").split()}
_HOW = {
    **{word: how for how, words in APPROXIMATIONS.items() for word in words.split()},
    **_TWO_WORDS,
}


def _any(words: list[str]) -> str:
    """An alternation that prefers the longer word; spaces in Korean counters are free."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(w).replace(r"\ ", r"\s+").replace("개", r"개\s?") for w in ordered)


_KOREAN_UNITS = _any([w for w in _UNIT if re.match(r"[가-힣㎡%％m]", w)])
_ENGLISH_UNITS = _any([w for w in _UNIT if re.match(r"[A-Za-z]{4,}|won", w) or w == "%"])
_BEFORE_KO = "약|대략|거의|최소|최대"
_BEFORE_EN = (
    r"about|approximately|around|roughly|nearly|almost|over|under|"
    r"more\s+than|at\s+least|up\s+to|less\s+than|fewer\s+than"
)
_AFTER_KO = "이상|이하|미만|초과|가량|정도|안팎|내외|넘는|넘게|넘은"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_GROUP = rf"(?:(?:{_NUMBER}\s?[천백십]\s?)+(?:\d+(?![\d,.]*\s?[천백십]))?|{_NUMBER})"
_MIXED = rf"(?:(?:{_GROUP}\s?여?\s?[조억만](?:\s(?=\d))?)+(?:{_GROUP})?|{_GROUP})"
_SPELT = r"(?=[일이삼사오육칠팔구]*[십백천만억조])[일이삼사오육칠팔구십백천만억조]+"
_SPELT += r"(?:\s[일이삼사오육칠팔구십백천만억]+)*"

KOREAN = re.compile(
    rf"(?:(?<![가-힣])(?P<how>{_BEFORE_KO})\s*)?"
    rf"(?:(?P<currency>₩)\s?)?"
    rf"(?:(?<![\d.,A-Za-z제-])(?<!제\s)(?P<mixed>{_MIXED})|(?<![가-힣])(?P<several>수)(?=[십백천만])"
    rf"(?P<tens>[십백천만억]+)|(?<![가-힣])(?P<spelt>{_SPELT}))"
    rf"(?P<more>\s?여)?\s?(?:(?P<unit>{_KOREAN_UNITS})(?![A-Za-z0-9]))?"
    rf"(?:\s?(?P<after>{_AFTER_KO}))?"
)
FOREIGN = re.compile(
    rf"(?:(?a:\b)(?P<how>{_BEFORE_EN})\s+)?"
    rf"(?:(?P<currency>KRW|USD|US\$|₩|\$)\s?)?"
    rf"(?<![\d.,A-Za-z-])(?P<number>{_NUMBER})"
    rf"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn"
    r"|(?(currency)m|(?!)))(?a:\b))?"  # KRW 1m; without a currency m is a metre
    rf"(?:\s?(?P<unit>{_ENGLISH_UNITS})(?![A-Za-z]))?"
    rf"(?:\s+(?P<after>or\s+more|or\s+less))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Quantity:
    """What an expression says: a number, in what, and how exactly.

    `unit` is a key of UNITS, or None where the text names none; `approximation` is a key of
    APPROXIMATIONS or None. `doubt` says what a reader should look at, or None.
    """

    value: int | Decimal
    unit: str | None
    approximation: str | None
    doubt: str | None = None


def read(text: str) -> Quantity:
    """The quantity that a whole expression such as '약 5,764만여 건' or '57.6 million' states.

    Raises InputError where the text is none, or has something else in it.
    """
    for pattern in (KOREAN, FOREIGN):
        match = pattern.fullmatch(text.strip())
        if match:
            found = from_match(match)
            if found is not None:
                return found
    raise InputError(f"'{text}' isn't one quantity: give a number with its counter, nothing else.")


def from_match(match: re.Match[str]) -> Quantity | None:
    """The quantity of a match of KOREAN or FOREIGN; None for a bare number, which is none.

    A number counts where it has a unit, a currency, or a scale (만, million) beside its digits.
    """
    groups = match.groupdict()
    unit = _UNIT.get(re.sub(r"\s", "", groups["unit"]).lower()) if groups["unit"] else None
    if groups["currency"]:
        unit = "KRW" if groups["currency"].upper() in ("KRW", "₩") else "USD"
    inside = "여" in (groups.get("mixed") or "")
    more = "여" if groups.get("more") or inside else None
    words = [groups.get("how"), more, groups["after"]]
    # the word that opens one side tells more than 'about'
    hows = sorted(
        (_HOW[re.sub(r"\s+", " ", word).lower()] for word in words if word),
        key=lambda how: how == "about",
    )
    approximation = hows[0] if hows else None
    if "number" in groups:
        scale = groups["scale"]
        if not (unit or scale):
            return None
        value = Decimal(groups["number"].replace(",", "")) * ENGLISH[(scale or "").lower() or "one"]
        return Quantity(_whole(value), unit, approximation)
    if groups["several"]:
        return Quantity(number(groups["tens"]), unit, "several")
    written = groups["mixed"] or groups["spelt"]
    scaled = re.search("[십백천만억조]", written)
    if not unit and not (scaled and groups["mixed"]):
        return None
    doubt = None
    if re.search(r"억\s?\d{1,2},?\d{3}$|억\s?\d천$", written.strip()):
        doubt = "만 may be missing"
    return Quantity(number(written), unit, approximation, doubt)


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


ENGLISH["one"] = 1
