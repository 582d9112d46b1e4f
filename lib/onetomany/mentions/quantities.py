"""Find counts and amounts of money in Korean and English texts and parse them.

A number counts if a unit, a currency or a scale (만, million) is next to it. A numeral word without
a digit counts only as a whole word with its counter: 이천 건, never 조회 or 이천 장애인
(`numeral_words`). Units alone, '(단위: 백만원)', masked numbers, '000원', and figures that may have
lost a character (U+FFFD) don't count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from onetomany.errors import InputError
from .numeral_words import LOST, states_amount
from .numerals import APPROXIMATIONS, parse_numeral

ENGLISH = {"hundred": 100, "thousand": 1000, "million": 10**6, "m": 10**6, "mn": 10**6}
ENGLISH |= {"billion": 10**9, "bn": 10**9, "trillion": 10**12}
# counters and currencies; of two that begin alike the longer comes first
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
    "KRW": "원 won KRW ₩ \\",
    "USD": "달러 불 dollars USD US$ $",
    "EUR": "유로 euros euro EUR Ecu ECU €",
    "GBP": "파운드 pounds GBP £",
    "JPY": "엔 yen JPY ¥",
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
MONEY = ("KRW", "USD", "EUR", "GBP", "JPY")
_TWO_WORDS = {"more than": "over", "at least": "at least", "up to": "up to", "less than": "under",
              "fewer than": "under", "or more": "at least", "or less": "up to"}  # fmt: skip
_UNIT = {
    word.lower(): unit for unit, words in UNITS.items() for word in words.replace("?", "").split()
}
_HOW = {word: how for how, words in APPROXIMATIONS.items() for word in words.split()} | _TWO_WORDS


def _any(words: list[str]) -> str:
    """Return an alternation that prefers the longer word; spaces in Korean counters are free."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        # 천만 개인 투자자 counts persons
        re.escape(w).replace(r"\ ", r"\s+").replace("개", r"개\s?")
        + ("(?!인)" if w == "개" else "")
        for w in ordered
    )


_KOREAN_UNITS = _any([w for w in _UNIT if re.match(r"[가-힣㎡%％m]", w)])
_ENGLISH_UNITS = _any([w for w in _UNIT if re.match(r"[a-z]{4,}|won$|yen$|%", w)])
_SIGNS = r"KRW|USD|EUR|GBP|JPY|US\$|₩|\$|€|£|¥"
# a counter ends at a blank or before particles: 3장애인, 12원고 and 4대강 count nothing
_PARTICLE = (
    "이었|이[다며고나]|입니|였|은|는|이|가|을|를|의|에|으로|로|와|과|도|만|나|씩|당|꼴|쯤|여|중|간|등|및|"
    "까지|부터|보다|마다|짜리|어치|이상|이하|미만|초과|가량|정도|안팎|내외|내|이내|넘|대|정|뿐|임|인|다|라|밖|처럼"
)
_ENDING = (
    "에서|에게|까지|부터|으로|라고|라는|라며|습니다|니다|인데|는|은|를|을|의|에|도|만|이|가|다|며|고|나|면|"
    "지|서|로|와|과|씩|뿐|여"
)
# of the particles 의 takes no other behind it: 회의에서, 건의를
_EDGE = (
    rf"(?![A-Za-z0-9²])(?:(?![가-힣])|(?=(?:의|(?!의)(?:{_PARTICLE})(?:{_ENDING})?)(?![가-힣])))"
)
_AFTER_KO = "이상|이하|미만|초과|가량|정도|안팎|내외|넘는|넘게|넘은"
# repeats are bounded: a text can be made of nothing but 1억 1억 1억
_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d{1,16}(?!\d))(?:\.\d{1,9})?"
_GROUP = rf"(?:(?:{_NUMBER}\s?[천백십]\s?){{1,4}}(?:\d{{1,9}}(?![\d,.]*\s?[천백십]))?|{_NUMBER})"
# 300백만 and 57백만: a group of such units before 만
_MIXED = rf"(?:(?:{_GROUP}\s?여?\s?[조억만](?:\s(?=\d))?){{1,4}}(?:{_GROUP})?|{_GROUP})"
_TAIL = rf"(?P<more>\s?여)?(?:\s?(?P<unit>{_KOREAN_UNITS}){_EDGE})?(?:\s?(?P<after>{_AFTER_KO}))?"
# digits that are not part of a name, a date, the number of an article, or a mask
_FREE = r"(?<![\d.,A-Za-z제\ufffd○◯●◇□△*＊×#-])(?<!제\s)"
_MASK = r"(?![\d,.]*[○◯●◇□△*＊×])"
# most numbers have no unit: the letter after them or the sign before them shows it
_FIRST = "".join(
    sorted({w[0] for w in _UNIT if re.match(r"[가-힣㎡%％]", w)} | set("십백천만억조여"))
)
_UNITED = rf"(?:(?<=[₩$€£¥])|(?<=[₩$€£¥WDRPYwdrpy]\s)|(?=[\d,.]{{1,30}}[\s-]?[A-Za-z{_FIRST}]))"
_DIGITS = re.compile(rf"(?=\d){_FREE}{_UNITED}{_MASK}(?P<mixed>{_MIXED}){_TAIL}")
_FOREIGN = re.compile(
    rf"(?P<number>{_NUMBER})(?!\s?[십백천만억조])"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|bn|mn|m)(?a:\b))?"
    rf"(?:\s?(?P<unit>{_ENGLISH_UNITS})(?![A-Za-z])(?!\s?-?p(?a:\b)))?"
    r"(?:\s+(?P<after>or\s+more|or\s+less))?",
    re.IGNORECASE,
)
_SPELT = re.compile(
    r"(?<![가-힣\d])(?:(?P<several>수)(?P<tens>[십백천만억]{1,3}|조(?=\s?(?:원|달러)))|"
    r"(?P<spelt>(?:[일이삼사오육칠팔구]조|[일이삼사오육칠팔구]?[십백천만억])[일이삼사오육칠팔구십백천만억조]{0,12}"
    r"(?:\s[일이삼사오육칠팔구십백천만억]{1,8}){0,3}))"
    rf"(?P<more>\s?여)?(?P<blank>\s?)(?P<unit>{_KOREAN_UNITS}){_EDGE}"
    rf"(?:\s?(?P<after>{_AFTER_KO}))?"
)
_LEAD = re.compile(
    r"(?:(?:(?<![가-힣])(?P<ko>약|대략|거의|최소|최대)|(?a:\b)(?P<en>about|approximately|around|roughly"
    r"|nearly|almost|over|under|more\s+than|at\s+least|up\s+to|less\s+than|fewer\s+than))\s*)?"
    rf"(?:(?P<currency>{_SIGNS})\s?)?\Z",
    re.IGNORECASE,
)
_LONGEST_LEAD = 20


@dataclass(frozen=True)
class Quantity:
    """A number with its unit and precision.

    `unit` is a key of UNITS or None; `approximation` is a key of APPROXIMATIONS or None. `doubt`
    is a point that a reader should check, or None.
    """

    value: int | Decimal
    unit: str | None
    approximation: str | None
    doubt: str | None = None


def parse_quantity(text: str) -> Quantity:
    """Parse an expression such as '약 5,764만여 건' as one quantity.

    Raises InputError if the text isn't a quantity, or contains anything else.

    >>> parse_quantity("약 5,764만여 건").value
    57640000
    """
    whole = text.strip()
    for start, end, found in find_quantities(whole):
        if (start, end) == (0, len(whole)):
            return found
    raise InputError(f"'{text}' isn't one quantity: give only a number with its counter.")


def find_quantities(text: str) -> Iterator[tuple[int, int, Quantity]]:
    """Yield the quantities of a text with their places [start, end), digits before words."""
    end = 0
    for match in _DIGITS.finditer(text):
        if match.start() < end:
            continue
        lead = _LEAD.search(text, max(end, match.start() - _LONGEST_LEAD), match.start())
        if found := _with_digits(text, match, lead):
            start, end, sure = found
            if sure.unit == "machines":
                quantity = _machines(text, match.end("unit"), sure)
            else:
                quantity = None if _lost_part(text, start, end, sure) else sure
            if quantity:
                yield start, end, quantity
    for match in _SPELT.finditer(text):
        word, several = match["spelt"] or match["tens"], match["several"] or ""
        place = match.start(), match.end("unit")
        if not states_amount(text, place, several + word, match["unit"], not match["blank"]):
            continue
        lead = _LEAD.search(text, max(0, match.start() - _LONGEST_LEAD), match.start())
        value = parse_numeral(word)
        how = "several" if several else _how(lead, match["more"], match["after"])
        unit = _unit_of(match["unit"])
        start = lead.start() if lead and not several else match.start()
        if not (unit == "machines" and _RATIO.match(text, match.end("unit"))):
            yield start, match.end(), Quantity(value, unit, how)


def _with_digits(
    text: str, match: re.Match[str], lead: re.Match[str] | None
) -> tuple[int, int, Quantity] | None:
    """Return the quantity written with digits, or None for a bare number."""
    start = lead.start() if lead else match.start()
    sign = lead["currency"] if lead else None
    written = match["mixed"]
    scaled = re.search("[십백천만억조]", written)
    unit = _UNIT[sign.lower()] if sign else _unit_of(match["unit"])
    if scaled or match["unit"]:
        # 839조 without a unit is an article, 2조 a team; 00백만원 and 000원 are masks
        lone = not unit and re.fullmatch(r"[\d,.\s]*조", written)
        if lone or _masked(written, scaled is not None):
            return None
        doubt = None
        if re.search(r"억\s?\d{1,2},?\d{3}$|억\s?\d천$", written.strip()):
            doubt = "만 may be missing"
        more = match["more"] or ("여" if "여" in written else None)
        quantity = Quantity(parse_numeral(written), unit, _how(lead, more, match["after"]), doubt)
        return start, match.start() + len(match[0].rstrip()), quantity
    foreign = _FOREIGN.match(text, match.start())
    if not foreign or _masked(foreign["number"], False):
        return None
    scale = (foreign["scale"] or "").lower()
    if scale == "m" and not sign:  # without a currency m is a metre
        foreign = re.compile(f"(?P<number>{_NUMBER})(?P<scale>)(?P<unit>)(?P<after>)").match(
            text, match.start()
        )
        assert foreign
        scale = ""
    unit = unit or _unit_of(foreign["unit"])
    if not (unit or scale):
        return None
    value = Decimal(foreign["number"].replace(",", "")) * ENGLISH.get(scale, 1)
    whole = int(value) if value == value.to_integral_value() else value.normalize()
    how = _how(lead, None, foreign["after"])
    return start, foreign.end(), Quantity(whole, unit, how)


def _unit_of(word: str | None) -> str | None:
    return _UNIT.get(re.sub(r"\s", "", word).lower()) if word else None


def _how(lead: re.Match[str] | None, more: str | None, after: str | None) -> str | None:
    """Return the approximation; a word that opens one side comes before 'about'."""
    words = [lead and (lead["ko"] or lead["en"]), "여" if more else None, after]
    hows = [_HOW[re.sub(r"\s+", " ", word).lower()] for word in words if word]
    return min(hows, key=lambda how: how == "about", default=None)


def _lost_part(text: str, start: int, end: int, quantity: Quantity) -> bool:
    """Tell whether a quantity continues at a lost character: 5억\ufffd000만원."""
    if _LOST_BEFORE.search(text, max(0, start - 30), start):
        return True
    open_ended = quantity.unit is None or text[end - 1].isdigit()
    return open_ended and _LOST_BEHIND.match(text, end) is not None


_LOST_BEFORE = re.compile(rf"{LOST}[\d,.]{{0,15}}\s?여?\s?[십백천만억조]\s?\Z")
_LOST_BEHIND = re.compile(rf"[\d,.]{{0,20}}\s?{LOST}")
# 3 대 1, 20대 여성, 10대 그룹: 대 does not always count machines
_RATIO = re.compile(r"\s?(?:\d|[일영](?![가-힣])|일[의로])")
_NAMED_BEHIND = re.compile(r"\s[가-힣]")
DOUBTED_MACHINES = "대 may mean an age group or a rank"


def _machines(text: str, end: int, quantity: Quantity) -> Quantity | None:
    """Return a count of machines, with a doubt if it has one; None for half of a ratio."""
    if _RATIO.match(text, end):
        return None
    if quantity.value >= 10**8:  # 3억대 연봉
        return Quantity(quantity.value, None, quantity.approximation, quantity.doubt)
    decade = quantity.value in range(10, 100, 10)
    if text[end - 2].isdigit() and (decade or _NAMED_BEHIND.match(text, end)):
        return Quantity(quantity.value, "machines", quantity.approximation, DOUBTED_MACHINES)
    return quantity


def _masked(written: str, scaled: bool) -> bool:
    """Tell whether zeros mask a removed number: 000원, 00백만원, 0천원."""
    digits = re.sub(r"[^\d.]", "", written)
    return not digits.strip("0.") and (scaled or len(digits.partition(".")[0]) > 1)
