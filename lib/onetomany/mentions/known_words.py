"""Words that are no name of a body by themselves: common nouns, names of persons and of places.

An unknown word at a place where a body stands ('Cannara Announces') is a name;
a known one ('Company Announces') is not. Lists, licences: `data/sheets.toml`, `words`.
"""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from importlib import resources

DATA = resources.files("onetomany.mentions") / "data"
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
def words(name: str) -> frozenset[str]:
    """Return a list of `data/words`, in lower case."""
    return frozenset((DATA / "words" / f"{name}.txt").read_text("utf-8").split("\n"))


@cache
def is_english(word: str) -> bool:
    """Tell whether a word is an English one, if need be without its ending."""
    word, known = word.lower(), words("english")
    return word in known or any(
        word.endswith(end) and word[: -len(end)] + put in known for end, put in _ENDINGS
    )


@cache
def is_person(word: str) -> bool:
    """Tell whether a word is a given name or a surname, as the United States count them."""
    word = word.lower()
    return word in words("given_names") or word in words("surnames")


def is_place(name: str) -> bool:
    """Tell whether words are a country, a state, a county or a large city."""
    return name.lower() in words("places")


def is_proper(name: str) -> bool:
    """Tell whether a word of a name is unknown: neither English, of a person, nor of a place."""
    return _MIXED.search(name) is not None or any(
        len(word) > 1
        and not (is_english(word) or is_person(word) or is_place(word))
        for word in re.findall(r"[A-Za-zÀ-ɏ]+", name)
    )  # fmt: skip


_MIXED = re.compile(r"[A-Za-z]{2}\d|[a-z][A-Z]")  # Point32, FaceBeam


@cache
def is_common_korean(stem: str) -> bool:
    """Tell whether a Korean word is a common noun or a place, or made of nouns alone."""
    if not stem or stem in words("korean_nouns") or stem in places_korean():
        return True
    return any(
        stem[:cut] in words("korean_nouns") and is_common_korean(stem[cut:])
        for cut in range(_SHORTEST, len(stem))
        if len(stem) - cut >= _SHORTEST or stem[cut:] in _AFFIXES
    ) or (stem[0] in _AFFIXES and len(stem) > _SHORTEST and is_common_korean(stem[1:]))


@cache
def places_korean() -> frozenset[str]:
    """Return names of countries and of Korean cities, counties and provinces, short and long."""
    rows = csv.DictReader(io.StringIO((DATA / "local_governments.csv").read_text("utf-8")))
    names = {row["name"] for row in rows}
    return _PLACES_KO | names | {name[:-1] for name in names if len(name) > _SHORTEST}
