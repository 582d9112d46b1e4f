"""Find names of laws: listed ones, names in brackets, and names formed by words before an article.

A name is recognised by its form only if its start is certain: at a bracket, a particle, or the
start of a line. 원고의 행정절차법 is left out, since 원고의 may or may not be part of the name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .lists import data_rows, listed_words, row_names, word_set
from .name_patterns import pattern_of_names

ENDINGS = {"시행령": "-decree", "시행규칙": "-rules", "시행세칙": "-bylaws"}
_OPENS = dict(zip("」｣』〉》”’\"'", "「｢『〈《“‘\"'", strict=True))
_ENDS = (
    r"(?:법|법률|시행령|시행규칙|시행세칙|규정|규칙|조례|훈령|고시|예규|지침|협약|조약|협정|헌장|세칙|요령|기준|"
    r"[가-힣]{2,3}령)"
)
_LAW_END = re.compile(rf"{_ENDS}\Z")
_QUOTED = re.compile(
    r"(?:「[^「」\0]{1,80}」|｢[^｢｣\0]{1,80}｣|『[^『』\0]{1,80}』)(?:\s?(?:시행령|시행규칙|시행세칙)(?![가-힣]))?"
)
_QUOTED_END = re.compile(
    r"(?:법|법률|시행령|시행규칙|규정|규칙|조례|훈령|고시|예규|지침|협약|협정|조약)[」｣』]"
)
_STOP = re.compile(
    r"[「」｢｣『』〈〉《》“”\"‘’'(){}\[\]【】（）:;：；.。!?,，○◦●■□◇◆▶▷▲※*•∘→←|=<>/\\~∼～\t\0①-⑳-]"
)
_GENERIC = listed_words("law_names.generic")
# 보호법 alone is not a name: it continues to the left
_HEAD = re.compile(
    r"(?:보호|보장|처벌|촉진|지원|육성|진흥|관리|운영|설치|정비|개발|이용|조성|특례|조치|규제|단속|예방|구제|보상|"
    r"징수|감면|방지|안전관리|운수사업|정비사업|조사|활성화|보전|유지|처리|특별조치|사업|산업|교육|근로|제한|금지|"
    r"등록|평가|인증|공개|신고|거래|사용|품질관리|취급|등|임대차|복지|안정|조정|배상|책임|공제|공급|절차|조직|"
    r"발전|향상|개선|증진|회복|명예회복|정비|보급|기금|시행|제정|개정|폐지|보전|위반|해당|관련|관계)"
    r"(?:법|법률|특별법|특례법|기본법|규칙|규정|지침|기준|고시)\Z"
)
_NO_LAW = re.compile(
    r"(?:^|.*[^가-힣])?(?:방|문|입|사|위|불|편|적|합|준|해|기|용|어|화|수|작|산|비|시|개정|현행|구|신|동|같은|이|그|위)법\Z"
    r"|.*(?:방법|기법|해법|용법|수법|입법|사법|위법|불법|적법|합법|명령|법령|대통령|대통령령|총리령|부령|수령|점령|연령|"
    r"이 규정|위 규정|판단기준|인정기준|지급기준)\Z"
)
# words before a name: the name begins after them
_BEFORE = listed_words("law_names.before")
_CONNECT = word_set("관한 위한 등에 등의 등 및 과 와")
# 피고인에 대한 특정범죄 가중처벌 ...: these may or may not be part of the name
_UNSURE = word_set("대한 따른 의한 인한 의하여 관하여")
_PARTICLE = re.compile(
    r"(?:은|는|이|가|께|서|로|고|며|면|여|라|다|도|만|나|까지|부터|마다|한|할|된|될|던|해|자|지|게|니|바|을|를|에|록)\Z"
)
# nouns in names of laws that end like a particle
_NOUN = re.compile(
    r"(?:국가|평가|허가|인가|증가|참가|추가|휴가|물가|원가|농가|주가|전문가|광고|신고|보고|공고|권고|사고|재고|경고|"
    r"제도|철도|정도|속도|지도|인도|양도|수도|하수도|상수도|도|의도|도로|항로|선로|어린이|놀이|문서|도서|계약서|"
    r"급여|참여|대여|수여|기여|증여|부여|피해|재해|상해|침해|방해|공해|손해|해|방면|측면|도면|항만|권한|제한|북한|기한|"
    r"관할|분할|역할|마을|근로자|사용자|소비자|노동자|투자|전자|원자|임차자|저작자|이용자|가입자|유공자|피해자|장애자|"
    r"토지|농지|산지|복지|방지|금지|정지|폐지|유지|지지|임지|초지|간척지|단지|부지|묘지|군사기지|기지|에너지|"
    r"회사|도서관|은행|종이|가스|바다|나무|남녀|단체|다자|서비스|게임|인삼|공제회)\Z"
)
_CONJOINED = re.compile(r"(?:법|법률|령|규칙|규정|조례|[0-9]조|[항호목])\Z")
_CHILD = re.compile(r"(?:[」｣』〉》]\s?|(?<![가-힣]))(시행령|시행규칙|시행세칙)\Z")
_LONGEST = 16  # words of a name


@dataclass(frozen=True)
class NamedLaw:
    """A law named in a text: place, and key in data/laws.csv or the name itself."""

    start: int
    end: int
    law: str


def _fold_name(name: str) -> str:
    """Return a name in a form common to its spellings: no blanks, one kind of middle dot."""
    return re.sub(r"[ㆍ‧․・･∙]", "·", re.sub(r"\s", "", name)).lower()


@cache
def _known() -> dict[str, str]:
    """Return the key of each name and alias in data/laws.csv, folded."""
    return {
        _fold_name(name): row["law"] for row in data_rows("laws.csv") for name in row_names(row)
    }


def known_law(name: str) -> str | None:
    """Return the key of a law listed in data/laws.csv, or of its decree or rules; else None.

    >>> known_law("개인정보 보호법 시행령")
    'pipa-decree'
    """
    folded = _fold_name(name)
    if key := _known().get(folded):
        return key
    for of in ENDINGS:
        if folded.endswith(of) and (act := _known().get(folded.removesuffix(of))):
            return derived_law(act, of)
    return None


def derived_law(act: str, of: str) -> str:
    """Return the key of an act's decree (시행령), rules (시행규칙) or bylaws (시행세칙)."""
    return act + (ENDINGS[of] if act.isascii() else of)


def name_before(text: str, low: int, end: int) -> NamedLaw | None:
    """Return the law whose name ends at `end` and begins after `low`; None if uncertain."""
    at = _skip_blanks(text, low, end)
    if at > low and text[at - 1] in ")）":  # (교육부훈령 제280호), (이하 "법"이라 한다)
        opened = max(text.rfind(sign, max(low, at - 120), at) for sign in "(（")
        if opened < 0:
            return None
        at = _skip_blanks(text, low, opened)
    if at <= low:
        return None
    child = _CHILD.search(text, max(low, at - 8), at)
    if child and child[0][0] in _OPENS:
        act = _in_brackets(text, low, child.start() + 1)
        return act and NamedLaw(
            act.start, at, known_law(act.law + child[1]) or derived_law(act.law, child[1])
        )
    if text[at - 1] in _OPENS:
        return _in_brackets(text, low, at)
    return _by_form(text, low, at)


def _in_brackets(text: str, low: int, at: int) -> NamedLaw | None:
    opened = text.rfind(_OPENS[text[at - 1]], max(low, at - 120), at - 1)
    if opened < 0:
        return None
    inner = text[opened + 1 : at - 1].strip()
    # more than one line break comes from the columns of a table or page
    if "\0" in inner or inner.count("\n") > 1 or not _LAW_END.search(inner) or _NO_LAW.match(inner):
        return None
    if inner in ("법", "영", "규칙", "법률", "시행령", "시행규칙") or inner in _GENERIC:
        return None
    return NamedLaw(opened, at, known_law(inner) or _fold_name(inner))


def _skip_blanks(text: str, low: int, at: int) -> int:
    for _ in range(4):
        if at > low and text[at - 1].isspace():
            at -= 1
    return at


def _by_form(text: str, low: int, at: int) -> NamedLaw | None:
    """Return the name formed by the words before `at`, if they end like one."""
    stops = [match.end() for match in _STOP.finditer(text, low, at)]
    begin = stops[-1] if stops else low
    words = [(match.start(), match[0]) for match in re.compile(r"\S+").finditer(text, begin, at)]
    if not words or not _LAW_END.search(words[-1][1]):
        return None
    for first in range(max(0, len(words) - _LONGEST), len(words)):
        if key := known_law("".join(word for _, word in words[first:])):
            return NamedLaw(words[first][0], at, key)
    of = words[-1][1] if words[-1][1] in ENDINGS else None
    if of:
        words = words[:-1]
        if not words or not re.search(r"(?:법|법률)\Z", words[-1][1]):
            return None
    # the limit of the search may have cut the name
    sure = begin > low or low == 0 or text[low - 1] in "\n\0" or not text[low - 1].isalnum()
    sure = sure or bool(_CONJOINED.search(text, max(0, low - 8), low))
    if not (found := _form(text, words, sure)):
        return None
    name = _fold_name("".join(word for _, word in found)) + (of or "")
    return NamedLaw(found[0][0], at, known_law(name) or name)


def _form(text: str, words: list[tuple[int, str]], sure: bool) -> list[tuple[int, str]] | None:
    """Return the words that are the name; None if that is uncertain."""
    tail = words[-1][1]
    if _NO_LAW.match(tail) or tail == "법":
        return None
    several = tail in _GENERIC or bool(_HEAD.match(tail))
    first = len(words) - 1
    while first > 0:
        begins = _begins(text, words, first, several)
        if begins is None or (not begins and (not several or len(words) - first >= _LONGEST)):
            return None
        if begins:
            break
        first -= 1
    if first == 0 and not sure:
        return None
    while first < len(words) - 1 and words[first][1] in _BEFORE:
        first += 1
    name = words[first:]
    about = any(word in ("관한", "위한") for _, word in name)
    # 누구의 항만 발전법: 누구의 may belong to the sentence
    if several and not about and any(word.endswith("의") for _, word in name):
        return None
    joined = any(word in _CONNECT or word.endswith(("의", "에")) for _, word in name)
    if several and (len(name) < 2 or (len(name) > 4 and not joined)):
        return None
    return name


def _begins(text: str, words: list[tuple[int, str]], first: int, several: bool) -> bool | None:
    """Tell whether the name begins at the word `first`; None if uncertain."""
    start, word = words[first - 1]
    stops = _stops(word, words[first][1])
    if "\n" in text[start + len(word) : words[first][0]]:
        # a line break separates cells and paragraphs, or is inside a name
        line = text[text.rfind("\n", 0, start) + 1 : start + len(word)]
        return True if word in _BEFORE or stops or len(line) <= 12 else None
    if word in _UNSURE and several:
        return None
    if word in ("및", "와", "과", "또는") and not several:
        # 제3조 및 형법 names another law; 도시 및 주거환경정비법 is one law
        alone = first == 1 or bool(_CONJOINED.search(words[first - 2][1]))
        return True if alone else None
    return stops


def _stops(word: str, following: str) -> bool:
    """Tell whether a name certainly begins after this word."""
    if word in _CONNECT:
        return False
    if word in _BEFORE or word.removesuffix("의") in ("원고", "피고", "피고인", "청구인", "신청인"):
        return True
    if word.endswith("에") and following == "관한":
        return False
    if word.endswith(("을", "를")) and following == "위한":
        return False
    return bool(_PARTICLE.search(word)) and not _NOUN.search(word)


@cache
def _listed() -> re.Pattern[str]:
    """Return a pattern of all listed names; blanks in Korean ones are optional."""
    rows = data_rows("laws.csv")
    names = [re.sub(r"\s+", " ", name) for row in rows for name in row_names(row)]
    korean = [name for name in names if not name.isascii()]
    latin = [name for name in names if name.isascii()]
    after = r"(?:\s?(?:시행령|시행규칙|시행세칙)(?![가-힣]))?(?!재판|학|안|관|원|률|인\s|정책|적)"
    return re.compile(pattern_of_names((korean, r"\s?", after), (latin, r"\s+", r"(?![A-Za-z])")))


def names_alone(text: str) -> Iterator[NamedLaw]:
    """Yield the laws named in brackets or listed in data/laws.csv, with or without an article."""
    for match in _QUOTED.finditer(text):
        if _QUOTED_END.search(match[0]):
            bracket = max(match[0].rfind(close) for close in "」｣』")
            inner = match[0][1:bracket].strip() + match[0][bracket + 1 :].strip()
            if inner.count("\n") > 1 or _NO_LAW.match(inner) or inner in (*_GENERIC, "법"):
                continue
            yield NamedLaw(match.start(), match.end(), known_law(inner) or _fold_name(inner))
    for match in _listed().finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        latin = match[0].isascii()
        edge = (before.isalnum() and before.isascii()) if latin else ("가" <= before <= "힣")
        if not edge and (law := known_law(match[0])):
            yield NamedLaw(match.start(), match.end(), law)


# English names: the Data Protection Act 2018, PIPA, Directive 95/46/EC
_KIND = (
    r"(?:Act|Code|Regulations?|Convention|Charter|Directive|Constitution|Treaty|Order|Rules|"
    r"Ordinance|Statute|Covenant|Protocol|Decree|Law)"
)
_WORD = (
    r"(?:[A-Z][A-Za-z0-9À-ɏ’'-]{0,30}|of|and|the|for|to|on|in|with|against|"
    r"\([A-Z][^()\0]{1,40}\))"
)
_NAME = (
    r"(?P<name>(?:General Data Protection Regulation|"
    rf"[A-Z][A-Za-z0-9À-ɏ’'-]{{0,30}}(?:,?\s{_WORD}){{0,14}}?\s{_KIND}(?a:\b)"
    r"(?:\s(?:19|20)\d\d(?!\d))?)|(?:Regulation|Directive)\s(?:\((?:EU|EC|EEC)\)\s)?(?:No\s)?"
    r"\d{2,4}/\d{1,4}(?:/E[UC]C?)?)"
)
_LAW_AFTER = re.compile(
    rf"\s?(?:of|in|under|to)\s(?:the\s)?(?:{_NAME}|(?P<word>[A-Z][A-Za-z]{{2,12}})(?a:\b))"
)
_LAW_BEFORE = re.compile(
    rf"(?:{_NAME}|(?P<word>(?a:\b)[A-Z]{{3,8}}))(?:\s?\([^()]{{1,30}}\))?,?\s?\(?\Z"
)


def english_law_after(text: str, at: int) -> NamedLaw | None:
    """Return the law named by 'of the ...' after an article, or None."""
    listed = re.compile(r"\s+(?:of\s+)?(?:the\s+)?").match(text, at)
    known = _listed().match(text, listed.end()) if listed else None
    if known and (law := known_law(known[0])):
        return NamedLaw(known.start(), known.end(), law)
    return _english_law(_LAW_AFTER.match(text, at))


def english_law_before(text: str, low: int, at: int) -> NamedLaw | None:
    """Return the law named directly before an article, or None."""
    for match in _listed().finditer(text, max(low, at - 70), at):
        law = known_law(match[0])
        if law and re.fullmatch(r",?\s?\(?", text[match.end() : at]):
            return NamedLaw(match.start(), match.end(), law)
    return _english_law(_LAW_BEFORE.search(text, max(low, at - 120), at))


def _english_law(match: re.Match[str] | None) -> NamedLaw | None:
    if not match:
        return None
    if match["word"]:
        law = known_law(match["word"])
        return NamedLaw(*match.span("word"), law) if law else None
    name = re.sub(r"^(?:The|This|That|An?|Under|In|Of)\s", "", match["name"])
    if not re.search(r"\s|/", name):
        return None
    law = known_law(name) or re.sub(r"[\s,]+", "-", name.lower())
    return NamedLaw(match.end("name") - len(name), match.end("name"), law)
