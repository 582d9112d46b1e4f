"""Organisations that a text names: of a list, or by the form of their names.

`data/bodies.csv` lists names; `data/body_forms.csv` lists how names of Korean bodies end, and the
stems at which such a word is a common noun (해당 위원회, 종합병원);
`data/local_governments.csv` the cities, counties and provinces. Each ending is looked for once and
its name read backwards within a bound, so that no text can make it slow.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from .law_names import word_set
from .name_patterns import any_of
from .organisation_cues import again, cued_names, initials_of, letters_of

DATA = resources.files("onetomany.documents") / "data"
BY_FORM = "by its form: (주), Inc., 위원회"
BY_CUE = "by what stands at it: a byline, 'the company', letters in brackets"
_LONGEST = 24  # characters of a name before its ending
_RUN = re.compile(r"[가-힣A-Za-z0-9·ㆍ‧・&]*\Z")
# after a name come particles, offices and what belongs to it; anything else makes another word
_AFTER = re.compile(
    r"(?![가-힣A-Za-z0-9])|(?:은|는|이|가|을|를|의|에|와|과|도|만|로|으로)(?![가-힣A-Za-z0-9])|"
    r"(?:에는|에도|에만|로는|로서|으로서|로부터|으로부터|와의|과의|와는|과는|만이|만의|이다|이었|였|이란|라는|이나|이든|에서|에게|까지|부터|이나|이라|이며|이고|인|및|등|"
    r"장|총장|청장|원장|위원장|이사장|회장|사장|서장|소장|처장|실장|국장|과장|장관|차관|대변인|관계자|측|내|상|소속|"
    r"산하|직원|공무원|위원|공고|고시|훈령|예규|령|규칙|지부|지회|지사|본부|지점|본점|지원|본원|분원|출신|감|교수|총재|행)"
)
# 국회의원 is a person, 환경부하 a load
_NOT_AFTER = re.compile(r"원회|문화|문제|하량|하율|분|담당?금|법(?![원무제])|의원|의사당")
_FIRM = re.compile(
    r"(?:\(주\)|㈜|주식회사|유한회사|\(사\)|사단법인|\(재\)|재단법인|법무법인|회계법인|세무법인|학교법인|의료법인|"
    r"사회복지법인)(?:\((?:유한|유)\))?(?P<blank>\s?)(?P<name>[가-힣A-Za-z0-9&]{2,20}?)"
    r"(?=(?:은|는|이|가|을|를|와|과|의|에서|에게|에|으로|로|도)?(?![가-힣A-Za-z0-9&]))"
)
_FIRM_BEFORE = re.compile(
    r"(?:\(주\)|㈜|주식회사)(?!\s?[가-힣]{2}|[A-Za-z0-9])|(?:\(주\)|㈜|주식회사)(?=[은는이가을를의와과에도]\s)"
)
_NO_FIRM = word_set(
    "등 및 대표 대표이사 이사 해당 관련 이하 상기 명칭 상호 설립 형태 본점 지점 의 로고"
)
_LATIN_FIRM = re.compile(
    r"(?a:\b)(?:(?:Inc|Corp|Ltd|Co\., Ltd)(?a:\b)\.?|"
    r"(?:Limited|LLC|PLC|plc|GmbH|Corporation|Company|Holdings|B\.V|S\.A|AG)(?a:\b))"
)
_BEFORE_LATIN = re.compile(
    r"(?:(?<![A-Za-z0-9À-ɏ&’'-])[A-Z][A-Za-z0-9&’'.-]{0,30} ){0,4}"
    r"(?<![A-Za-z0-9À-ɏ&’'-])[A-Z][A-Za-z0-9&’'.-]{0,30},? \Z"
)
_HEADS = (
    r"Ministry|Department|Office|Bureau|Board|Council|Committee|Commission|Court|Agency|Institute|"
    r"University|Bank|Directorate|Authority|Association|Foundation|Federation|Chamber|Administration|"
    r"Academy|Secretariat|Inspectorate|Observatory|College|Police|Service|Centre|Center|Parliament|"
    r"Tribunal|Ombudsman|Constabulary|Trust|Consulting|Airlines|Airways|"
    r"Organisation|Organization|Society|Alliance"
)
_HEAD = re.compile(rf"(?a:\b)(?:{_HEADS})(?a:\b)")
# a line's end is within a name only at its small words
_OF = re.compile(
    r"\s(?:of|for|on)\s(?:the\s)?[A-Z][A-Za-z0-9À-ɏ’'-]{1,30}"
    r"(?:(?:, [A-Z][A-Za-z0-9À-ɏ’'-]{1,30}(?=,? and [A-Z]))?,?\s(?:and|of|for|the|in|on|&)\s"
    r"(?:the\s)?[A-Z][A-Za-z0-9À-ɏ’'-]{1,30}"
    r"| [A-Z][A-Za-z0-9À-ɏ’'-]{1,30}){0,6}"
)
_CAPITALS = re.compile(
    r"(?:(?<![A-Za-z0-9À-ɏ’'-])[A-Z][A-Za-z0-9À-ɏ’'&-]{1,30} (?:(?:of|and|for|&) )?){1,6}\Z"
)
_ENDED = re.compile(rf"(?a:\b)(?:{_HEADS})(?:(?:[’']s)? and | of [^’']{{3,60}}[’']s )")
# the Committee on Fisheries of the European Parliament, the Ministry of Finance’s Audit Office
_OTHER_BODY = re.compile(
    r"[’']s(?a:\b)|,? and (?:the )?(?=[A-Z]{3})|"
    r",? of the (?=European|United|Council|House|Senate|National Assembly|Republic)|,? and the "
)
# the Gender, Civil Society, and Human Rights Committee is one
_PART_OF_LIST = re.compile(rf"(?a:\b)(?!(?:{_HEADS})(?a:\b))[A-Z][A-Za-z]+, and \Z")
_WRAPPED = re.compile(r"[^\n\0]{24,}?((?:(?<=[\s])[A-Z][A-Za-zÀ-ɏ’'&-]{2,30}[ \n]){2,6})\Z")
_NO_BODY = ("West Bank", "Left Bank", "Right Bank", "World Service", "Customer Service")
_NOT_FIRST = word_set(
    "The This That These Those A An Each Any Every Our Their Its No Figure Table Source Sources "
    "Note See In On At Of For By With From To If When While As And Or Although However Both Such "
    "Other Another Some Many Most All Article Section Chapter Part Annex Continuing"
)
# of these alone no name is made: the Local Police, an Executive Board
_COMMON = word_set(
    "Head Post Front Back Home Local New Central Data Call Service Customer Joint Annual "
    "Executive Management Advisory Steering Audit General Social Civil Public National Regional "
    "International Information Knowledge Open Human Modern"
)
# a headline in capitals: ACLU Sues Justice Department
_HEADLINE = re.compile(
    r".*(?a:\b)(?:Sues|Says|Wins|Asks|Urges|Calls|Faces|Tells|Orders|Rejects|Backs|Bans|Accuses|Fines|"
    r"Slams|Launches|Announces|Seeks|Wants|Joins|Warns|Approves|Blocks|Settles With|Against|Over) "
)
# of these heads 'Council of Europe' is a name, and 'Service of Process' none
_OF_HEADS = word_set(
    "Ministry Department Office Bureau Board Council Committee Commission Court Agency "
    "Institute University Bank Directorate Authority Association Federation Chamber "
    "Administration Academy Observatory Secretariat College Foundation Society Union"
)
_OF_COMMON = re.compile(
    r"\s(?:of|for)\s(?:the\s)?(?:Directors|Trustees|Governors|Appeals?(?=\sin)|Reference|Origin|Conduct|Attorney|"
    r"Residence|Members|Experts|Ministers(?!\sof)|Life|Work|Justice(?=\sfor)|Study|Studies(?!\s[A-Z]))(?a:\b)"
)
Body = tuple[int, int, str, str | None]  # from, to, its key in data/bodies.csv or its name, note


_HANGUL = re.compile("[가-힣]")


@dataclass(frozen=True)
class _Form:
    shortest: int  # characters before the ending
    common: frozenset[str]  # stems that make it a common noun


def find_organisations(text: str) -> Iterator[Body]:
    """Yield the organisations of a text: place [start, end), key or name, note."""
    keys = _listed()[1]
    found = [*_named(text, keys)]
    yield from found
    places = [*cued_names(text)]
    named = {(start, end) for start, end, *_ in found}
    places += letters_of(text, {*named, *places})
    places += initials_of(text, named)
    for start, end in again(text, places):
        # a Korean name is followed by a particle, or by nothing
        if _HANGUL.search(text[end - 1]) and not _AFTER.match(text, end):
            continue
        yield start, end, keys.get(_folded(text[start:end]), text[start:end]), BY_CUE


def _named(text: str, keys: dict[str, str]) -> Iterator[Body]:
    """Yield the organisations that a list or the form of their names gives."""
    pattern = _listed()[0]
    for match in pattern.finditer(text):
        start, end = match.span()
        before = text[start - 1] if start else " "
        if _HANGUL.search(match[0]):
            if "가" <= before <= "힣" or _NOT_AFTER.match(text, end) or not _AFTER.match(text, end):
                continue
        elif (before.isalnum() and before.isascii()) or before in "-/@._":
            continue
        yield start, end, keys[_folded(match[0])], None
    yield from _by_ending(text, keys)
    yield from _local_governments(text, keys)
    yield from _firms(text, keys)
    yield from _english(text, keys)


def _by_ending(text: str, keys: dict[str, str]) -> Iterator[Body]:
    """Yield Korean bodies by how their names end."""
    pattern, forms = _endings()
    for match in pattern.finditer(text):
        end = match.end()
        if not _AFTER.match(text, end):
            continue
        run = _RUN.search(text, max(0, match.start() - _LONGEST), match.start())
        stem = run[0].lstrip("·ㆍ‧・&0123456789") if run else ""
        form = forms[match[0]]
        # 법관·중앙선거관리위원회 are two
        last = re.split(r"[·ㆍ‧・]", stem)[-1]
        stem = last if len(last) >= 2 else stem
        if len(stem) < form.shortest or len(stem) >= _LONGEST or stem in form.common:
            continue
        if stem in _VAGUE or not re.match(r"[가-힣A-Z]", stem or "가"):
            continue
        name = stem + match[0]
        branch = _BRANCH.match(text, end) if match[0].endswith("법원") else None
        if branch:  # 전주지방법원 정읍지원
            end, name = branch.end(), f"{name} {branch['name']}"
        yield match.start() - len(stem), end, keys.get(_folded(name), name), BY_FORM


def _local_governments(text: str, keys: dict[str, str]) -> Iterator[Body]:
    """Yield cities, counties and provinces where a text names their office, not the place."""
    places = _places()
    for match in _OFFICE.finditer(text):
        run = _RUN.search(text, max(0, match.start() - 8), match.start())
        name = (run[0] if run else "") + match[0][0]
        if name in places:
            yield match.start() - len(name) + 1, match.end("of"), keys.get(name, name), BY_FORM


# 서귀포시장, 강남구청: the place's own name ends in its first letter
_OFFICE = re.compile(
    r"(?P<of>시(?:청|의회)|군(?:청|의회)|구(?:청|의회)|도(?:청|의회)|[시군구도])(?:장|수|지사)?"
    r"(?:(?<=시장)|(?<=군수)|(?<=구청장)|(?<=도지사)|(?<=[시군구도]청)|(?<=의회)|(?<=의회의장))"
    r"(?=(?:은|는|이|가|을|를|의|에|에게|에서|와|과|도|로|으로|및|등)?(?![가-힣]))"
)
_BRANCH = re.compile(r"\s(?P<name>[가-힣]{2,4}지원)(?=[은는이가을를의에]?(?![가-힣]))")
_VAGUE = word_set(
    "해당 관련 관계 소관 같은 모든 어느 당해 다른 여러 각종 일부 주요 담당 상급 하급 "
    "소속 산하 위 본 동"
)


def _firms(text: str, keys: dict[str, str]) -> Iterator[Body]:
    for match in _FIRM.finditer(text):
        name = match["name"]
        if name in _NO_FIRM or (match["blank"] and not re.match(r"[가-힣A-Z]", name)):
            continue
        yield match.start(), match.end(), keys.get(_folded(name), name), BY_FORM
    for match in _FIRM_BEFORE.finditer(text):
        run = _RUN.search(text, max(0, match.start() - _LONGEST), match.start())
        name = run[0] if run else ""
        if 2 <= len(name) < _LONGEST and name not in _NO_FIRM and not name.isdigit():
            key = keys.get(_folded(name), name)
            yield match.start() - len(name), match.end(), key, BY_FORM
    for match in _LATIN_FIRM.finditer(text):
        before = _BEFORE_LATIN.search(text, max(0, match.start() - 120), match.start())
        name = before[0] if before else ""
        words = name.split()
        while words and words[0] in _NOT_FIRST:
            name, words = name[name.index(words[0]) + len(words[0]) :].lstrip(), words[1:]
        if words:
            key = keys.get(_folded(name.strip(" ,")), name.strip(" ,"))
            yield match.start() - len(name), match.end(), key, BY_FORM


def _english(text: str, keys: dict[str, str]) -> Iterator[Body]:
    """Yield bodies by an English head: Ministry of Education, Leeds City Council."""
    for match in _HEAD.finditer(text):
        start, end = match.span()
        after = _OF.match(text, end) if match[0] in _OF_HEADS else None
        if after and not _OF_COMMON.match(text, end):
            end = after.start() + len(_OTHER_BODY.split(after[0])[0])
        else:
            after = None
        before = _CAPITALS.search(text, max(0, start - 100), start)
        name = before[0] if before else ""
        # the Metropolitan Police Service and South Wales Police are two
        for other in _ENDED.finditer(name):
            name = before[0][other.end() :] if before else ""
        if not name:
            name = _wrapped(text, start)
        headline = _HEADLINE.match(name)
        name = name[headline.end() :] if headline else name
        words = name.split()
        while words and (words[0] in _NOT_FIRST or words[0] in ("of", "and", "for", "&")):
            name, words = name[name.index(words[0]) + len(words[0]) :].lstrip(), words[1:]
        if not after and _COMMON.issuperset(words):
            continue
        start -= len(name)
        found = re.sub(r"\s+", " ", text[start:end])
        if found.endswith(_NO_BODY) or _PART_OF_LIST.search(text, max(0, start - 40), start):
            continue
        yield start, end, keys.get(_folded(found), found), BY_FORM


def _wrapped(text: str, start: int) -> str:
    """Return the name before a head that begins a line of prose: Higher Education / Council."""
    if text[start - 1 : start] != "\n":
        return ""
    line = text[max(0, text.rfind("\n", 0, start - 1) + 1, start - 200) : start]
    name = _WRAPPED.search(line)
    return name[1] if name and len(line) > _SHORTEST_LINE else ""


_SHORTEST_LINE = 45  # a heading is shorter


@cache
def _endings() -> tuple[re.Pattern[str], dict[str, _Form]]:
    rows = csv.DictReader(io.StringIO((DATA / "body_forms.csv").read_text("utf-8")))
    forms = {
        row["ending"]: _Form(int(row["stem"]), frozenset(filter(None, row["not_after"].split("|"))))
        for row in rows
    }
    return re.compile(any_of((forms, " ", ""))), forms


@cache
def _places() -> frozenset[str]:
    rows = csv.DictReader(io.StringIO((DATA / "local_governments.csv").read_text("utf-8")))
    return frozenset(row["name"] for row in rows)


@cache
def _listed() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of all listed names, and whose each is; Korean blanks may be missing."""
    keys: dict[str, str] = {}
    names: list[str] = []
    for row in csv.DictReader(io.StringIO((DATA / "bodies.csv").read_text("utf-8"))):
        for name in filter(None, (row["name_en"], row["name_ko"], *row["aliases"].split("|"))):
            names.append(name)
            keys[_folded(name)] = row["body"]
    latin = [name for name in names if not _HANGUL.search(name)]
    korean = [name for name in names if _HANGUL.search(name)]
    pattern = any_of((korean, r"\s?", ""), (latin, r"\s+", "(?![A-Za-z0-9])"))
    return re.compile(pattern), keys


def _folded(name: str) -> str:
    return re.sub(r"\s", "", name).lower()
