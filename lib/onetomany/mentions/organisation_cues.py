"""Find names of organisations by the words next to them, and their repetitions in the block.

A byline gives the newspaper ('[에듀인뉴스=홍길동 기자]', '(서울=연합뉴스)'), a word gives the kind
of body ('the company Facewatch', 'DG REGIO'), brackets give its initials ('Information
Commissioner’s Office (ICO)'). Names found this way are searched for in the rest of the block.
"""

import re
from collections.abc import Iterable, Iterator

from .english_cues import is_titled
from .known_words import is_given
from .lists import listed_words, word_set

_NAME = r"[가-힣A-Za-z][가-힣A-Za-z0-9&]{1,11}"
_REPORTER = r"[가-힣]{2,4} ?(?:[가-힣]{2,4}\s?)?(?:기자|특파원|논설위원)"
_CAPITAL = r"[A-Z][A-Za-z0-9À-ɏ&’'-]{2,30}"
_CREDITS = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"\[ ?(?P<name>{_NAME}(?: {_NAME})?)(?: ?= ?| ){_REPORTER} ?\]",
        rf"\((?:[가-힣·]{{2,8}})=(?P<name>{_NAME})\) {_REPORTER}",
        rf"^(?P<name>{_NAME}) {_REPORTER}$",
        rf"\[(?:[가-힣·]{{2,8}})=(?P<name>{_NAME})\]",
        # 한국항공우주산업(KAI), not 한국표준산업분류(KSIC)
        r"(?<![가-힣])(?P<name>(?:한국(?!형|어|판)|대한|국립)[가-힣]{3,14})(?=\([A-Z]{2,8}\))",
        r"(?<![가-힣])(?P<name>(?:한국|대한)[가-힣]{2,10}공사)(?!장|중|비|를\s시)",
        r"(?<![가-힣])(?P<name>국립(?!도서|미술|박물|공원|유치|대학)[가-힣]{2,10}(?:관|원|소|센터))(?!장|의원)",
        rf"(?:저작권자|Copyright|COPYRIGHT)\s?(?:ⓒ|©|\([cC]\))\s?(?P<name>{_NAME})"
        r"(?=[\s,.]{1,3}(?:무단|All [Rr]ights|\())",
    )
]
_CUES = [
    re.compile(pattern)
    for pattern in (
        r"(?a:\b)(?:company|firm|charity|supplier|vendor|start-?up|retailer|newspaper|publisher|"
        r"manufacturer|regulator|watchdog|think tank|chain|giant|lender|insurer|airline|"
        r"broadcaster|developer|contractor|operator|consultancy|non-?profit|carmaker|automaker|"
        r"chipmaker|drugmaker|brokerage|conglomerate|outlet|magazine|law firm|subsidiary|"
        r"(?:consumer|trade|advocacy|industry|rights|liberties|campaign|pressure) (?:group|body|"
        r"organi[sz]ation))"
        rf" (?P<name>(?:The (?=[A-Z][a-z]+ [A-Z]))?{_CAPITAL}(?: {_CAPITAL}){{0,2}})(?![A-Za-z])",
        r"(?a:\b)(?P<name>DG [A-Z]{3,6})(?a:\b)",
        # letters with other meanings
        r"(?a:\b)[Tt]he (?P<name>ICO|FCA|CMA|MPS|CPS|IRS|NSA|EBA|DPC)(?a:\b)",
    )
]
_NO_NAME = listed_words("organisation_cues.no_name")
_NO_ENDS = tuple(listed_words("organisation_cues.no_ends"))
_LETTERS = re.compile(
    r"\s?[(\[][‘'“\"]?(?P<letters>[A-Z][A-Za-z&]{0,2}[A-Z-]{0,5}[A-Z])[’'”\"]?[)\]]"
)
_SMALL = word_set("of for and the in on")
Place = tuple[int, int]


# 제약사는 가나제약, 다라팜 등 8곳이다
_COUNTED = re.compile(
    rf"(?:업체|업자|기업|회사|제약사|법인|건설사|통신사|카드사|증권사|보험사|대학|은행|병원|언론사|단체)[은는]\s"
    rf"(?P<names>{_NAME}(?:,\s?{_NAME}){{1,14}})\s등\s(?:총\s)?\d"
)


def credited_names(text: str) -> Iterator[Place]:
    """Yield places [start, end) of Korean names in bylines, credits and counted lists."""
    for match in _COUNTED.finditer(text):
        for each in re.finditer(_NAME, match["names"]):
            yield match.start("names") + each.start(), match.start("names") + each.end()
    yield from _at_cues(text, _CREDITS)


def cued_names(text: str) -> Iterator[Place]:
    """Yield places [start, end) of English names after a word for a kind of body."""
    yield from _at_cues(text, _CUES)


def _at_cues(text: str, cues: list[re.Pattern[str]]) -> Iterator[Place]:
    for cue in cues:
        for match in cue.finditer(text):
            name = match["name"]
            first = name.removeprefix("The ") if name.count(" ") > 1 else name
            if _is_given(first) or is_titled(first):
                continue
            if first.split()[0] not in _NO_NAME and not name.endswith(_NO_ENDS):
                yield match.span("name")


def _is_given(name: str) -> bool:
    """Tell whether a name begins with a given name: the contractor Edward Doe."""
    words = name.split()
    return 1 < len(words) < 4 and is_given(words[0])


def bracketed_letters(text: str, places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places of initials in brackets after a name, 'Ministry of Justice (MOJ)'.

    After a name in Latin letters they must be its initials, in order; a short Korean name must
    consist of syllables of the full name, in order.
    """
    for start, end in places:
        short = _SHORT.match(text, end)
        if short and _is_short(short["short"], text[start:end]):
            yield short.span("short")
        match = _LETTERS.match(text, end)
        if not match:
            continue
        words = re.findall(r"[A-Za-z]{2,}", text[start:end])
        initials = "".join(word[0] for word in words).upper()
        if not words or _in_order(re.sub("[-&]", "", match["letters"].upper()), initials):
            yield match.span("letters")


def initials_of(text: str, places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places of a name's initials in its block: NAO for National Audit Office."""
    initials: dict[tuple[int, int], set[str]] = {}
    for start, end in places:
        words = re.findall(r"[A-Za-z]{2,}", text[start:end])
        letters = "".join(word[0] for word in words if word not in _SMALL)
        if len(letters) >= _FEWEST and letters.isupper() and text[start:end].isascii():
            block = text.rfind("\0", 0, start) + 1, text.find("\0", end)
            initials.setdefault(block, set()).add(letters)
    for (start, end), known in initials.items():
        for match in _CAPITALS.finditer(text, start, end if end >= 0 else len(text)):
            if match[0] in known:
                yield match.span()


_FEWEST = 3
_CAPITALS = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{3,8}(?![A-Za-z0-9-])")


def repeated_names(text: str, places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places of repeated names in the block (between nulls) that named them."""
    known: dict[tuple[int, int], set[str]] = {}
    for start, end in places:
        block = text.rfind("\0", 0, start) + 1, text.find("\0", end)
        known.setdefault(block, set()).add(text[start:end])
    for (start, end), names in known.items():
        listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        pattern = re.compile(rf"(?<![가-힣A-Za-z0-9])(?:{listed})(?![A-Za-z0-9])")
        for match in pattern.finditer(text, start, end if end >= 0 else len(text)):
            yield match.span()


_SHORT = re.compile(r"\s?\((?:이하\s?)?[‘'“\"]?(?P<short>[가-힣]{2,8})[’'”\"]?\)")


def _is_short(short: str, name: str) -> bool:
    """Tell whether a word abbreviates a name by its syllables, in order: 과방위."""
    left = iter(name)
    return len(short) < len(name) and short[0] == name[0] and all(each in left for each in short)


def _in_order(letters: str, initials: str) -> bool:
    """Tell whether letters are at least a third of a name's initials, in order."""
    left = iter(initials)
    return all(letter in left for letter in letters) and 3 * len(letters) >= len(initials)
