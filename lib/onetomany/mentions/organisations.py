"""Organisations that a text names: of a list, by the form of their names, or by their place.

`data/bodies.csv` and `data/organisation_names.csv` list names (`listed_names`); how names of bodies
are formed is in `korean_bodies`, `english_bodies` and `english_firms`; what only the words beside a
name tell is in `organisation_cues`, `english_cues` and `korean_cues`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .english_bodies import calmed, english_bodies
from .english_cues import defined, english_cued
from .english_firms import latin_firms, short_names
from .korean_bodies import AFTER, NOT_AFTER, korean_bodies
from .korean_cues import korean_cued, listed_together
from .listed_names import folded, keys, listed_names
from .organisation_cues import again, credited_names, cued_names, initials_of, letters_of

BY_FORM = "by its form: (주), Inc., 위원회"
BY_CUE = "by what stands at it: a byline, 'the company', letters in brackets"
Body = tuple[int, int, str, str | None]  # from, to, its key in data/bodies.csv or its name, note
_HANGUL = re.compile("[가-힣]")
# before a block without Hangul
# 한국광기술원 is 광기술원 later
_KOREAN = re.compile(r"(?:한국|대한|국립)(?P<short>[가-힣]{4,}|[가-힣]{2}(?:공사|공단|은행))\Z")
# Northern General Hospital is Northern General later
_HOSPITAL = re.compile(
    r"(?P<short>[A-Z][a-z]+ (?:[A-Z][a-z]+ )?"
    r"(?!Community|County|City|Regional|State|Memorial)[A-Z][a-z]+)"
    r"(?: (?:Community|Regional|Memorial))? (?:Hospital|Foundation|Health System)"
)
# a block without Hangul follows
_FOREIGN = re.compile(r"\0(?=[^\0가-힣]*\0)")
Place = tuple[int, int]
_FORM_BEFORE = re.compile(r"(?:\(주\)|㈜|주식회사)\s?")


def find_organisations(text: str) -> Iterator[Body]:
    """Yield the organisations of a text: place [start, end), key or name, note."""
    calm = calmed(text)
    korean = [*_korean_parts(calm)]
    listed = {(start, end) for start, end, _ in listed_names(calm, AFTER, NOT_AFTER)}
    firms = [*latin_firms(calm)]
    for start, end, short in firms:
        known = keys().get(folded(text[start:end]))
        yield start, end, known or _key(text[start:short]), BY_FORM
    formed = {*english_bodies(calm)}
    formed.update(_shifted(korean_bodies, korean))
    listed = {(start, _with_part(calm, start, end)) for start, end in listed}
    for start, end in listed:
        yield start, end, _key(text[start:end]), None
    for start, end in formed:
        yield start, end, _key(text[start:end]), BY_FORM
    named = listed | formed | {(start, end) for start, end, _ in firms}
    places = [*cued_names(calm), *english_cued(calm)]
    places += [*_shifted(credited_names, korean), *_shifted(korean_cued, korean)]
    if korean:
        places += listed_together(calm, sorted(named))
    places += defined(text, {*named, *places})
    places += letters_of(text, {*named, *places})
    places += initials_of(calm, named)
    for start, _, short in firms:
        places += short_names(calm, start, short)
    for start, end in named:
        if match := _HOSPITAL.fullmatch(calm, start, end):
            places.append(match.span("short"))
    places += [match.span("short") for place in named if (match := _KOREAN.match(calm, *place))]
    for start, end in again(calm, places):
        # a Korean name is followed by a particle, or by nothing
        if not _HANGUL.search(text[end - 1]) or AFTER.match(text, end):
            yield start, end, _key(text[start:end]), BY_CUE


# 가람대학교 산학협력단, 가람대 나루병원
_PART = re.compile(r" (?:산학협력단|[가-힣]{0,3}병원|의료원|총학생회|노동조합|노조)(?![가-힣]{3})")


_FORM_BEHIND = re.compile(r"(?<=[가-힣]) 주식회사(?=[은는이가을를의와과외]?[^가-힣])")


def _with_part(text: str, start: int, end: int) -> int:
    """Return where a name ends: 가람증권 주식회사; a university's with a body of its own."""
    if form := _FORM_BEHIND.match(text, end):
        return form.end()
    if not text.endswith(("대", "대학교"), start, end):
        return end
    part = _PART.match(text, end)
    return part.end() if part and AFTER.match(text, part.end()) else end


def _korean_parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the blocks of a text (between nulls) that have Hangul, neighbours together."""
    start = 0
    while found := _HANGUL.search(text, start):
        start = text.rfind("\0", start, found.start()) + 1 or start
        end = _FOREIGN.search(text, found.end())
        stop = end.start() if end else len(text)
        yield start, text[start:stop]
        start = stop


def _shifted(
    find: Callable[[str], Iterator[Place]], parts: list[tuple[int, str]]
) -> Iterator[Place]:
    """Yield what a finder finds in parts of a text, placed in the whole."""
    for at, part in parts:
        for start, end in find(part):
            yield start + at, end + at


def _key(name: str) -> str:
    """Return the key of a body that a list has, or its name on one line."""
    form = _FORM_BEFORE.match(name)
    bare = re.sub(r"\s+", " ", name[form.end() :] if form else name).strip(" ,")
    return keys().get(folded(bare), bare)
