"""Recognise words that are not names of bodies: common nouns, persons and places.

An unknown word in the position of a body ('Cannara Announces') is a name; a known one ('Company
Announces') is not. `data/sheets.toml` gives the sources and licences of the lists in `data/words`.
"""

import re
from functools import cache

from .lists import DATA, data_rows, listed_words

_ENDINGS = (
    ("ies", "y"), ("ied", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ly", ""), ("’s", ""), ("'s", ""),
)  # fmt: skip
_SHORTEST = 2  # syllables of a Korean noun within a compound
_AFFIXES = frozenset("신재대소총구반비초탈전현각본제등및")
_PLACES_KO = listed_words("known_words.places_ko")


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


def is_given(word: str) -> bool:
    """Tell whether a word is a given name of the United States census."""
    return word.lower() in word_list("given_names")


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
