"""Recognise words that are not names of bodies: common nouns, persons and places.

An unknown word in the position of a body ('Cannara Announces') is a name; a known one ('Company
Announces') is not. `data/sheets.toml` gives the sources and licences of the lists in `data/words`.
"""

from __future__ import annotations

import re
from functools import cache

from .lists import DATA, data_rows

_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ly", ""), ("’s", ""), ("'s", ""),
)  # fmt: skip
_SHORTEST = 2  # syllables of a Korean noun within a compound
_AFFIXES = frozenset("신재대소총구반비초탈전현각본제등및")
_PLACES_KO = frozenset(
    [
        "서울",
        "부산",
        "대구",
        "인천",
        "광주",
        "대전",
        "울산",
        "세종",
        "경기",
        "강원",
        "충북",
        "충남",
        "전북",
        "전남",
        "경북",
        "경남",
        "제주",
        "수도권",
        "호남",
        "영남",
        "충청",
        "국내",
        "해외",
        "한국",
        "대한민국",
        "북한",
        "남한",
        "미국",
        "중국",
        "일본",
        "러시아",
        "영국",
        "프랑스",
        "독일",
        "이탈리아",
        "스페인",
        "캐나다",
        "호주",
        "인도",
        "베트남",
        "태국",
        "필리핀",
        "인도네시아",
        "말레이시아",
        "싱가포르",
        "대만",
        "홍콩",
        "이스라엘",
        "이란",
        "이라크",
        "터키",
        "튀르키예",
        "우크라이나",
        "폴란드",
        "스위스",
        "스웨덴",
        "노르웨이",
        "핀란드",
        "덴마크",
        "네덜란드",
        "벨기에",
        "오스트리아",
        "브라질",
        "멕시코",
        "아르헨티나",
        "칠레",
        "이집트",
        "사우디아라비아",
        "카타르",
        "유럽",
        "아시아",
        "아프리카",
        "중동",
        "남미",
        "북미",
        "동남아",
    ]
)


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the words of a list in `data/words`, in lower case."""
    return frozenset((DATA / "words" / f"{name}.txt").read_text("utf-8").split("\n"))


@cache
def is_english(word: str) -> bool:
    """Tell whether a word, with or without its ending, is English.

    >>> is_english("announces"), is_english("cannara")
    (True, False)
    """
    word, known = word.lower(), word_list("english")
    return word in known or any(
        word.endswith(end) and word[: -len(end)] + put in known for end, put in _ENDINGS
    )


@cache
def is_person(word: str) -> bool:
    """Tell whether a word is a given name or surname of the United States census."""
    word = word.lower()
    return word in word_list("given_names") or word in word_list("surnames")


def is_place(name: str) -> bool:
    """Tell whether words name a country, state, county or large city."""
    return name.lower() in word_list("places")


def is_proper(name: str) -> bool:
    """Tell whether a name has an unknown word: not English, not a person, not a place."""
    return _MIXED.search(name) is not None or any(
        len(word) > 1
        and not (is_english(word) or is_person(word) or is_place(word))
        for word in re.findall(r"[A-Za-zÀ-ɏ]+", name)
    )  # fmt: skip


_MIXED = re.compile(r"[A-Za-z]{2}\d|[a-z][A-Z]")  # Point32, FaceBeam


@cache
def is_common_korean(stem: str) -> bool:
    """Tell whether a Korean word is a common noun, a place, or a compound of nouns."""
    if not stem or stem in word_list("korean_nouns") or stem in _places_korean():
        return True
    return any(
        stem[:cut] in word_list("korean_nouns") and is_common_korean(stem[cut:])
        for cut in range(_SHORTEST, len(stem))
        if len(stem) - cut >= _SHORTEST or stem[cut:] in _AFFIXES
    ) or (stem[0] in _AFFIXES and len(stem) > _SHORTEST and is_common_korean(stem[1:]))


@cache
def _places_korean() -> frozenset[str]:
    """Return countries and Korean cities, counties and provinces, in short and full form."""
    rows = data_rows("local_governments.csv")
    names = {row["name"] for row in rows}
    return _PLACES_KO | names | {name[:-1] for name in names if len(name) > _SHORTEST}
