"""Find Korean bodies by the form of their names: 가람위원회, ㈜가람, 가람자산운용, 가람시장.

`data/body_forms.csv` lists the endings of names, and the stems that make such a word a common noun
(해당 위원회, 종합병원). After an ending that is itself a common word (`proper`: 산업, 기술) the
stem must not be a noun. Each ending is found once and its name read backwards within a limit, so
that no text can make it slow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .known_words import is_common_korean
from .lists import data_rows, listed_words
from .name_patterns import pattern_of_names

Place = tuple[int, int]
_LONGEST = 24  # characters of a name before its ending
_RUN = re.compile(r"[가-힣A-Za-z0-9·ㆍ‧・&]*\Z")
# particles, offices and parts of a body may follow a name; other letters make another word
AFTER = re.compile(
    r"(?![가-힣A-Za-z0-9])|(?:은|는|이|가|을|를|의|에|와|과|도|만|로|으로)(?![가-힣A-Za-z0-9])|"
    r"(?:에는|에도|에만|로는|로서|으로서|로부터|으로부터|와의|과의|와는|과는|만이|만의|이다|이었|"
    r"였|이란|라는|이나|이든|에서|에게|까지|부터|이나|이라|이며|이고|인|및|등|장|총장|청장|원장|"
    r"위원장|이사장|부회장|부사장|회장|사장|대표(?![적])|서장|소장|처장|실장|국장|과장|장관|차관|"
    r"대변인|관계자|측|내|상|소속|[가-힣]{0,2}장(?:님|께서)|산하|직원|공무원|위원|공고|고시|훈령|"
    r"예규|령|규칙|지부|지회|지사|본부|지점|본점|지원|본원|분원|출신|감|교수|총재|행)"
)
# 국회의원 is a person, 환경부하 a load
NOT_AFTER = re.compile(r"원회|문화|문제|하량|하율|분|담당?금|법(?![원무제])|의원|의사당")
_FIRM = re.compile(
    r"(?:\(주\)|㈜|주식회사|유한회사|유한책임회사|합자회사|합명회사|\(사\)|사단법인|\(재\)|재단법인|"
    r"법무법인|회계법인|세무법인|학교법인|의료법인|의료재단|사회복지법인|농업회사법인|어업회사법인|"
    r"영농조합법인|영어조합법인)(?:\((?:유한|유)\))?(?P<blank>[ ]?)"
    r"(?P<name>[가-힣A-Za-z0-9&]{2,20}?)"
    r"(?=(?:은|는|이|가|을|를|와|과|의|에서|에게|에|으로|로|도|외)?(?![가-힣A-Za-z0-9&]))"
)
_LAW_FIRM = re.compile(
    r"법무법인 [가-힣](?=(?:은|는|이|가|을|를|와|과|의|에서|외)?(?![가-힣A-Za-z]))"
)
_FIRM_BEFORE = re.compile(
    r"(?:\(주\)|㈜|주식회사)(?! ?[가-힣]{2}|[A-Za-z0-9])|(?:\(주\)|㈜|"
    r"주식회사)(?=[은는이가을를의와과에도]\s)"
)
_NO_FIRM = listed_words("korean_bodies.no_firm")


@dataclass(frozen=True)
class _Form:
    shortest: int  # characters before the ending
    common: frozenset[str]  # stems that make it a common noun
    proper: bool  # whether its stem must not be a noun


def korean_bodies(text: str) -> Iterator[Place]:
    """Yield the places of bodies recognised by the form of a Korean name."""
    yield from _by_ending(text)
    yield from _local_governments(text)
    yield from _firms(text)
    for cue in (_OWN, _QUOTED):
        for match in cue.finditer(text):
            yield match.span("name")


# 서울시 가람사업본부
_OWN = re.compile(
    r"(?<![가-힣])(?P<name>[가-힣]{2,6}[시군구도] [가-힣]{2,8}(?:본부|사업소|관리소|소방서|보건소))"
    r"(?=(?:은|는|이|가|을|를|의|에|에서|와|과|로|장|도)?(?![가-힣]))"
)
# '가람동 소각장 반대 대책위원회'
_QUOTED = re.compile(
    r"[‘'“\"](?P<name>[가-힣A-Za-z0-9·]{1,20}(?: [가-힣A-Za-z0-9·]{1,20}){1,6}"
    r"(?:위원회|대책위|연대|시민모임|협의회|운동본부|연합회?|네트워크))[’'”\"]"
)


def _by_ending(text: str) -> Iterator[Place]:
    """Yield the places of bodies by the endings of their names."""
    pattern, forms = _endings()
    at = 0
    while match := pattern.search(text, at):
        end = match.end()
        # 전기 within 안전기술원 is not an ending
        if not AFTER.match(text, end) or NOT_AFTER.match(text, end):
            at = match.start() + 1
            continue
        at = end
        stem = _word_before(text, match.start(), _LONGEST).lstrip("·ㆍ‧・&0123456789")
        # 법관·중앙선거관리위원회 are two bodies
        last = re.split(r"[·ㆍ‧・]", stem)[-1]
        stem = last if len(last) != 1 else stem
        if not _is_stem(stem, forms[match[0]]):
            continue
        start = match.start() - len(stem)
        if match[0].endswith("법원") and (branch := _BRANCH.match(text, end)):
            end = branch.end()  # 전주지방법원 정읍지원
        yield start, end


def _word_before(text: str, end: int, most: int) -> str:
    run = _RUN.search(text, max(0, end - most), end)
    return run[0] if run else ""


def _is_stem(stem: str, form: _Form) -> bool:
    """Tell whether a stem and an ending form a name."""
    if not form.shortest <= len(stem) < _LONGEST or stem in form.common or stem in _VAGUE:
        return False
    if not re.match(r"[가-힣A-Z]", stem or "가") or re.match(r"제\d", stem):
        return False
    if not form.proper:
        return True
    hangul = "".join(re.findall("[가-힣]", stem))
    return len(stem) < _LONGEST_PROPER and len(hangul) > 1 and not is_common_korean(hangul)


_LONGEST_PROPER = 9


def _local_governments(text: str) -> Iterator[Place]:
    """Yield cities, counties and provinces named as an office, or that act: 가람시는 ... 밝혔다."""
    for pattern in (_OFFICE, _SUBJECT):
        for match in pattern.finditer(text):
            name = _word_before(text, match.start(), 8) + match[0][0]
            if name in _places() and (pattern is _OFFICE or _ACTS.match(text, match.end())):
                yield match.start() - len(name) + 1, match.end("of")


_SUBJECT = re.compile(
    r"(?P<of>[시군구도])(?<=[가-힣].)"
    r"(?:\((?:[시군]장|구청장|[가-힣]{0,2}지사|군수) [가-힣]{2,4}\))?"
    r"(?:(?:은|는|이|가)(?=\s)|"
    r"[와과](?= [가-힣A-Za-z0-9]{2,15}[은는이가]\s|[^.\n\0]{0,40}(?:협약|협력|함께)))"
)
# not a place that only is somewhere or somehow: 가람시는 인구가 많다
_ACTS = re.compile(
    r"(?=\s)(?![^.\n\0]{0,40}(?:인구|면적|위치|인접|접해|둘러싸|날씨|기온|비가|눈이|넓|아름|속한|속해))"
)
# 서귀포시장, 강남구청: the first letter of 시장 and 구청 belongs to the place's name
_OFFICE = re.compile(
    r"(?P<of>시(?:청|의회)|군(?:청|의회)|구(?:청|의회)|도(?:청|의회)|[시군구도])(?:장|수|지사)?"
    r"(?:(?<=시장)|(?<=군수)|(?<=구청장)|(?<=도지사)|(?<=[시군구도]청)|(?<=의회)|(?<=의회의장))"
    r"님?(?=(?:은|는|이|가|을|를|의|에|에게|에게서|께|께서|께서는|께서도|으로부터|로부터|에서|와|과|도|로|으로|"
    r"및|등)?(?![가-힣]))"
)
_BRANCH = re.compile(r"\s(?P<name>[가-힣]{2,4}지원)(?=[은는이가을를의에]?(?![가-힣]))")
_VAGUE = listed_words("korean_bodies.vague")


def _firms(text: str) -> Iterator[Place]:
    for match in _FIRM.finditer(text):
        name = match["name"]
        other = name in _NO_FIRM or re.fullmatch("[가-힣]외", name)
        if not other and (not match["blank"] or re.match(r"[가-힣A-Z]", name)):
            yield match.span()
    for match in _LAW_FIRM.finditer(text):
        yield match.span()
    for match in _FIRM_BEFORE.finditer(text):
        name = _word_before(text, match.start(), _LONGEST)
        if 2 <= len(name) < _LONGEST and name not in _NO_FIRM and not name.isdigit():
            yield match.start() - len(name), match.end()
        elif not name and text[match.start() - 1 : match.start()] == " ":  # 가람건설 주식회사
            name = _word_before(text, match.start() - 1, _LONGEST - 1)
            if 3 <= len(name) < _LONGEST and name not in _NO_FIRM and not name[-1].isdigit():
                yield match.start() - len(name) - 1, match.end()


@cache
def _endings() -> tuple[re.Pattern[str], dict[str, _Form]]:
    rows = data_rows("body_forms.csv")
    common = [frozenset(filter(None, row["not_after"].split("|"))) for row in rows]
    forms = {row["ending"]: _Form(int(row["stem"]), stems, bool(row["proper"]))
             for row, stems in zip(rows, common, strict=True)}  # fmt: skip
    return re.compile(pattern_of_names((forms, " ", ""))), forms


@cache
def _places() -> frozenset[str]:
    """Return names of cities, counties and provinces, and their short forms (전남도)."""
    rows = data_rows("local_governments.csv")
    return frozenset(row["name"] for row in rows) | _SHORTENED


_SHORTENED = listed_words("korean_bodies.shortened")
