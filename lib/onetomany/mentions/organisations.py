"""Find organisations in texts: listed names, names by their form, and names by nearby words.

`listed_names` finds the names of `data/bodies.csv` and `data/organisation_names.csv`;
`korean_bodies`, `english_bodies` and `english_firms` recognise the form of a name;
`organisation_cues`, `english_cues` and `korean_cues` use the words next to a name.
"""

import re
from collections.abc import Callable, Iterator

from . import organisation_cues
from .english_bodies import english_bodies, lower_shouted
from .english_cues import defined_names, english_cued
from .english_firms import latin_firms, short_names
from .korean_bodies import AFTER, NOT_AFTER, korean_bodies
from .korean_cues import korean_cued, listed_together
from .listed_names import fold_listed_name, listed_keys, listed_names

BY_FORM = "by its form: (주), Inc., 위원회"
BY_CUE = "by a cue next to it: a byline, 'the company', letters in brackets"
Body = tuple[int, int, str, str | None]  # from, to, its key in data/bodies.csv or its name, note
_HANGUL = re.compile("[가-힣]")
# 한국광기술원 is called 광기술원 later in the text
_KOREAN = re.compile(r"(?:한국|대한|국립)(?P<short>[가-힣]{4,}|[가-힣]{2}(?:공사|공단|은행))\Z")
# Northern General Hospital is called Northern General later
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
    """Yield the organisations in a text: place [start, end), key or name, note.

    >>> next(find_organisations("법무부는 밝혔다"))[:3]
    (0, 3, 'moj')
    """
    calm = lower_shouted(text)
    korean = [*_korean_parts(calm)]
    listed = {(start, end) for start, end, _ in listed_names(calm, AFTER, NOT_AFTER)}
    firms = [*latin_firms(calm)]
    for start, end, short in firms:
        known = listed_keys().get(fold_listed_name(text[start:end]))
        yield start, end, known or _key(text[start:short]), BY_FORM
    formed = {*english_bodies(calm)}
    formed.update(_shifted(korean_bodies, korean))
    listed = {(start, _with_part(calm, start, end)) for start, end in listed}
    for start, end in listed:
        yield start, end, _key(text[start:end]), None
    for start, end in formed:
        yield start, end, _key(text[start:end]), BY_FORM
    named = listed | formed | {(start, end) for start, end, _ in firms}
    places = [*organisation_cues.cued_names(calm), *english_cued(calm)]
    places += [*_shifted(organisation_cues.credited_names, korean), *_shifted(korean_cued, korean)]
    if korean:
        places += listed_together(calm, sorted(named))
    places += defined_names(text, {*named, *places})
    places += organisation_cues.bracketed_letters(text, {*named, *places})
    places += organisation_cues.initials_of(calm, named)
    for start, _, short in firms:
        places += short_names(calm, start, short)
    for start, end in named:
        if match := _HOSPITAL.fullmatch(calm, start, end):
            places.append(match.span("short"))
    places += [match.span("short") for place in named if (match := _KOREAN.match(calm, *place))]
    for start, end in organisation_cues.repeated_names(calm, places):
        # only a particle may follow a Korean name
        if not _HANGUL.search(text[end - 1]) or AFTER.match(text, end):
            yield start, end, _key(text[start:end]), BY_CUE


# 가람대학교 산학협력단, 가람대 나루병원
_PART = re.compile(r" (?:산학협력단|[가-힣]{0,3}병원|의료원|총학생회|노동조합|노조)(?![가-힣]{3})")


_FORM_BEHIND = re.compile(r"(?<=[가-힣]) 주식회사(?=[은는이가을를의와과외]?[^가-힣])")


def _with_part(text: str, start: int, end: int) -> int:
    """Return the end of a name with its form (가람증권 주식회사) or a university's own body."""
    if form := _FORM_BEHIND.match(text, end):
        return form.end()
    if not text.endswith(("대", "대학교"), start, end):
        return end
    part = _PART.match(text, end)
    return part.end() if part and AFTER.match(text, part.end()) else end


def _korean_parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield the blocks of a text (between nulls) with Hangul; adjacent ones are joined."""
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
    """Yield the places that a finder returns for parts of a text, as places in the whole."""
    for at, part in parts:
        for start, end in find(part):
            yield start + at, end + at


def _key(name: str) -> str:
    """Return the key of a listed body, or the name itself on one line."""
    form = _FORM_BEFORE.match(name)
    bare = re.sub(r"\s+", " ", name[form.end() :] if form else name).strip(" ,")
    return listed_keys().get(fold_listed_name(bare), bare)
