"""Decide if a numeral word without digits states an amount.

백만원 may be an amount or the unit of a column; 구조대, 백사장, 이십대 and 만세 are other words
made of numerals and counters. If in doubt, a word is not an amount: an invented figure does more
harm than a missed one.
"""

import re

from .numerals import parse_numeral

LOST = "\ufffd"  # replaces a character that the file shows without naming it
_ONES = "일이삼사오육칠팔구"
_GROUP = rf"(?:[{_ONES}]?천)?(?:[{_ONES}]?백)?(?:[{_ONES}]?십)?[{_ONES}]?"
# thousands before hundreds, 억 before 만, each once: not 천천, 만만
_WELL_FORMED = re.compile(rf"(?:{_GROUP}조)?(?:{_GROUP}억)?(?:{_GROUP}만)?{_GROUP}")
# directly before 원 these are as often a column's unit as an amount
_SCALES = ("천", "만", "백만", "천만", "억", "십억", "백억", "천억", "십만")
_MONEY = ("원", "달러", "불", "유로", "파운드", "엔")
# counters that also end other words (백사장, 구천회, 백만인) or are particles (십일엔)
_WEAK = ("장", "회", "대", "인", "세", "초", "엔", "불")
_OLDEST = 150
_UNIT_BEFORE = re.compile(r"(?:단위[^\d\n\0()\[\]]{0,25}|[(\[（/|]\s?)\Z")
_OWED = re.compile(r"(?:[금료]|각|약|매월|매년)\s?\Z")  # 벌금 백만원, 일금 천만원, 과태료 백만원
_NUMBER_BEFORE = re.compile(rf"[\d{LOST}][\s,.]{{0,20}}\Z")
_LONGEST_BEFORE = 30


def states_amount(text: str, place: tuple[int, int], word: str, unit: str, glued: bool) -> bool:
    """Tell whether a numeral word with its counter, at [start, end) of a text, is an amount.

    `word` is the numeral (also 수백), `unit` the counter; `glued` whether no blank separates
    them.
    """
    start, end = place
    compact = re.sub(r"\s", "", word)
    several, compact = compact.startswith("수"), compact.removeprefix("수")
    before = text[max(0, start - _LONGEST_BEFORE) : start]
    # 34,712   백만원: the unit of the number before it, or of one that is lost
    if _NUMBER_BEFORE.search(before) or not _WELL_FORMED.fullmatch(compact):
        return False
    if not several and compact in _SCALES and _is_unit(text, before, end, unit, glued):
        return False
    # 만원, 천명, 구조원, 일조 시간, 구조여건: words of their own; only money comes in 조
    short = len(compact) == 1 or (len(compact) == 2 and compact[1] == "조")
    if not several and short and (glued or ("조" in compact and unit not in _MONEY)):
        return False
    weak = unit in _WEAK and not (unit in _MONEY and compact[-1] in "만억조")
    if (glued and weak and not several) or (unit == "세" and parse_numeral(compact) > _OLDEST):
        return False
    # 억 대 is money, 이십 대 an age; 이천 is a city: 이천 회의, 이천 인가
    aged = "억" in compact or re.fullmatch("[이삼사오육칠팔구]십", compact) is not None
    return not ((unit == "대" and aged) or (compact == "이천" and unit in (*_WEAK, "곳")))


def _is_unit(text: str, before: str, end: int, unit: str, glued: bool) -> bool:
    """Tell whether 백만원 is only a unit: in brackets, after 단위, or in a table header."""
    if _UNIT_BEFORE.search(before):
        return unit in ("원", "달러", "명", "건", "개", "대")
    rest = text[end : end + 2].lstrip(" ")
    closed = not rest or rest[0] in "\n\0)]）,/|"
    return closed and glued and unit == "원" and not _OWED.search(before)
