"""Find cited articles of law in texts, each with the law that the text names, or `?`.

A law named directly before an article belongs to it. 같은 법 is the law named before it, and a list
(제15조, 제17조 및 제18조) continues the law of its first article. An article without a law next to
it is `? 15`, even if a law was named earlier in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import law_names
from .law_names import NamedLaw

_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
# 제3조사, 제1조정위원회 and 제2조합 are not articles
_NO_ARTICLE = r"(?!사|정|직|합|선|치|달|원|명|건|의\s?원)"
_PARTS = (
    rf"(?:\s?(?:(?:제\s?)?(?P<para>\d{{1,3}})\s?항|(?P<circled>[{_CIRCLED}])))?"
    r"(?:\s?제?\s?(?P<item>\d{1,3})\s?호(?:의\s?(?P<ibranch>\d{1,2})(?!\d))?)?"
    r"(?:\s?(?P<point>[가-하])\s?목)?"
)
_KOREAN = re.compile(
    rf"(?:제\s?(?P<article>\d{{1,4}})|(?<=[법률령칙례정」｣』])\s{{0,2}}(?P<bare>\d{{1,4}}))\s?조"
    rf"(?:의\s?(?P<branch>\d{{1,3}})(?!\d))?{_NO_ARTICLE}{_PARTS}"
)
_SECTION = re.compile(
    r"§§?\s?(?P<article>\d{1,4})(?:(?:의\s?|-)(?P<branch>\d{1,3}))?"
    rf"(?:\s?(?:(?P<circled>[{_CIRCLED}])|제?\s?(?P<para>\d{{1,3}})\s?항|\((?P<para2>\d{{1,3}}|[a-z])\)))?"
    r"(?:\s?제?\s?(?P<item>\d{1,3})\s?호(?:의\s?(?P<ibranch>\d{1,2}))?|"
    r"\s?\((?P<item2>\d{1,3}|[A-Za-z]|[ivx]{1,4})\))?(?:\((?P<sub>[A-Za-z]|[ivx]{1,4}|\d{1,2})\))?"
    r"(?:\s?(?P<point>[가-하])\s?목)?"
)
_ENGLISH = re.compile(
    r"(?a:\b)(?:Articles?|ARTICLES?|Art\.|Arts\.|[Ss]ections?|SECTIONS?|Sec\.|[Rr]egulations?(?=\s\d)|"
    r"[Rr]ecitals?|[Aa]rticles?)\s?(?=\d)"
)
_ENGLISH_NUMBER = re.compile(
    r"(?P<article>\d{1,4}[A-Z]?)(?:-(?P<branch>\d{1,3})(?!\d))?(?:\((?P<para>\d{1,3}|[a-z])\))?"
    r"(?:\((?P<item>\d{1,3}|[a-z]{1,2})\))?(?:\((?P<sub>[ivx]{1,4}|\d{1,2}|[A-Za-z])\))?(?![\d.]*\d)"
)
# after a law's name a bare number is enough: PIPA 26(2)
_AFTER_NAME = re.compile(r"\s(?P<article>\d{1,4})(?:-(?P<branch>\d{1,3}))?\((?P<para>\d{1,3})\)")
_OF_ANOTHER = re.compile(r"\s(?:of|in|under)\s(?:this|that|the|such|an?|its)\s")
_MORE = re.compile(r"\s?(?:,\s?(?:and\s|or\s)?|and\s|or\s|&\s?|to\s|[–-])\s?")
# texts between the articles of a list: 및, a dot, further paragraphs, a heading in brackets
_LIST = re.compile(
    r"(?:\s?[(（【][^()（）【】\0]{0,40}[)）】])?"
    r"(?:\s?(?:[,·ㆍ‧・․~∼～]|및|와|과|또는|내지|부터|까지|제?\s?\d{1,3}\s?[항호목](?:의\s?\d{1,2})?|각\s?[호목]))+\s?\Z"
)
_SAME = re.compile(
    r"(?<![가-힣])(?:같은|동|위)\s?(?P<what>법률|법|영|령|시행령|규칙|시행규칙|조례|규정|고시|훈령|지침|예규|협약)"
    r"(?:\s?(?P<of>시행령|시행규칙|시행세칙))?\s?\Z"
)
_THIS = re.compile(r"(?<![가-힣])이\s?(?:법|법률|영|규칙|조례|규정|고시|훈령|지침)\s?\Z")
_ITS = re.compile(r"(?<![가-힣])(?P<of>시행령|시행규칙|시행세칙)\s?\Z")
_LAWLIKE = re.compile(r"[가-힣]{2,20}(?:법률|법|조례)(?![가-힣]*[가-힣]{3})")
# words that end in 법 and are not laws
_NO_LAW = re.compile(
    r"(?:방|문|입|사|위|불|편|적|합|준|해|기|용|어|화|수|작|처방|산|비|사용|조리|공|주|치료|요|검사|분석|평가|"
    r"계산|관리방|시|그 |이 |같은 |위 )법$"
)
_JOINS = re.compile(r"\s?(?:[,·ㆍ]|및|와|과|또는)?\s?")
_FAR = 600  # characters between 같은 법 and the law it refers to, at most
_LONGEST = 160  # characters between the start of a law's name and its article, at most
CONTINUED = "law of the citation before it, which it continues"
SAME = "law named before it, as 같은 법 says"
NONE = "no law named"
Cited = tuple[int, int, str, str | None]  # from, to, normal, note


@dataclass
class _Reader:
    """Read a text in order and remember the last law named and the end of the last list."""

    text: str
    named: str = ""  # the last law named
    named_at: int = -1
    list_end: int = -1  # the end of the last citation of an article
    list_law: str = ""
    begin: int = 0  # of the block

    def name(self, law: str, end: int) -> None:
        self.named, self.named_at = law, end

    def law_before(self, start: int) -> tuple[int, str, str | None]:
        """Return the start of the citation, its law ('?' for none), and a note."""
        low = max(self.begin, self.list_end, start - _LONGEST)
        before = self.text[low:start]
        behind_list = bool(self.list_law) and low == self.list_end
        if behind_list and _LIST.fullmatch(before):
            return start, self.list_law, CONTINUED
        if same := _SAME.search(before):
            return low + same.start(), *self._same(same["what"], same["of"], low + same.start())
        if _THIS.search(before):
            return start, "?", "this act: see which act the document is"
        if found := law_names.name_before(self.text, low, start):
            return found.start, found.law, None
        its = _ITS.search(before) if behind_list else None
        if its and _JOINS.fullmatch(before[: its.start()]):
            return low + its.start(), _derived(self.list_law, its["of"]), CONTINUED
        return start, "?", NONE

    def _same(self, what: str, of: str | None, start: int) -> tuple[str, str | None]:
        """Return the law that 같은 법 at `start` refers to, or '?' if it isn't certain."""
        if self.named_at < self.begin or start - self.named_at > _FAR:
            return "?", NONE
        law = self._named_between(start)
        meant = None if law == "?" else _meant(law, what, of)
        return (meant, SAME) if meant else ("?", NONE)

    def _named_between(self, start: int) -> str:
        """Return the last law named before `start`, with or without an article."""
        law = self.named
        for match in _LAWLIKE.finditer(self.text, self.named_at, start):
            if _NO_LAW.search(match[0]) or match[0].endswith(("헌법재판", "입법", "사법")):
                continue
            end = match.start() + len(re.match(r".*(?:법률|법|조례)", match[0])[0])  # type: ignore[index]
            found = law_names.name_before(self.text, max(self.named_at, end - _LONGEST), end)
            law = found.law if found else "?"
        return law


def find_citations(text: str) -> Iterator[Cited]:
    """Yield the citations of a text: place [start, end), normal form, note.

    Null characters separate blocks; a block's laws don't carry over to the next.

    >>> [normal for _, _, normal, _ in find_citations("개인정보 보호법 제15조 및 제17조")]
    ['pipa 15', 'pipa 17']
    """
    reader = _Reader(text)
    waiting: NamedLaw | None = None
    done = read_to = 0
    for start, kind, what in sorted(_events(text), key=lambda event: event[:2]):
        # a block begins after the last null character
        reader.begin = text.rfind("\0", read_to, start) + 1 or reader.begin
        read_to = start
        if start < done:
            continue
        if isinstance(what, NamedLaw):
            number = _AFTER_NAME.match(text, what.end) if what.law.isascii() else None
            if waiting and waiting.end > what.start:
                continue
            if waiting:
                yield waiting.start, waiting.end, waiting.law, None
            waiting = None if number else what
            reader.name(what.law, what.end)
            if number:
                article = _article(number.groupdict())
                yield what.start, number.end(), f"{what.law} {article}", None
            continue
        cited = [_cite(reader, what)] if kind == 0 else _cite_english(reader, what)
        # a name next to an article is part of the article's citation
        if waiting and not any(each[0] < waiting.end for each in cited):
            yield waiting.start, waiting.end, waiting.law, None
        waiting = None
        done = max([done, *(end for _, end, _, _ in cited)])
        yield from cited
    if waiting:
        yield waiting.start, waiting.end, waiting.law, None


def _events(text: str) -> Iterator[tuple[int, int, re.Match[str] | NamedLaw]]:
    for kind, pattern in ((0, _KOREAN), (0, _SECTION), (1, _ENGLISH)):
        yield from ((match.start(), kind, match) for match in pattern.finditer(text))
    yield from ((named.start, 2, named) for named in law_names.names_alone(text))


def _cite(reader: _Reader, match: re.Match[str]) -> Cited:
    start, law, note = reader.law_before(match.start())
    reader.list_end, reader.list_law = match.end(), "" if law == "?" else law
    if law != "?":
        reader.name(law, match.end())
    return start, match.end(), f"{law} {_article(match.groupdict())}", note


def _cite_english(reader: _Reader, match: re.Match[str]) -> list[Cited]:
    """Return citations such as 'Articles 7 and 8 of the Charter', 'PIPA, section 3(1)(a)'."""
    text = reader.text
    numbers: list[re.Match[str]] = []
    at = match.end()
    while len(numbers) < 30 and (number := _ENGLISH_NUMBER.match(text, at)):
        numbers.append(number)
        if not (more := _MORE.match(text, number.end())):
            break
        at = more.end()
    if not numbers:
        return []
    start, law, last = match.start(), "?", numbers[-1].end()
    if after := law_names.english_law_after(text, last):
        law, last = after.law, after.end
    elif not _OF_ANOTHER.match(text, last):
        low = max(reader.begin, start - _LONGEST)
        if before := law_names.english_law_before(text, low, start):
            start, law = before.start, before.law
    if law != "?":
        reader.name(law, last)
    note = NONE if law == "?" else None
    cited: list[Cited] = []
    for place, number in enumerate(numbers):
        first = start if place == 0 else number.start()
        stop = last if place == len(numbers) - 1 else number.end()
        cited.append((first, stop, f"{law} {_article(number.groupdict())}", note))
    return cited


def _article(parts: dict[str, str | None]) -> str:
    """Return the normal form of an article: 15(3)2가, 12-2(1), 18 item 3, 6(1)e."""
    circled = parts.get("circled")
    paragraph = parts.get("para") or parts.get("para2")
    if circled:
        paragraph = str(_CIRCLED.index(circled) + 1)
    text = parts.get("article") or parts.get("bare") or ""
    text += f"-{parts['branch']}" if parts.get("branch") else ""
    text += f"({paragraph})" if paragraph else ""
    item = parts.get("item") or parts.get("item2")
    if item and not paragraph:
        text += " item "  # 제18조제3호 is not Article 183
    text += item or ""
    text += f"-{parts['ibranch']}" if parts.get("ibranch") else ""
    text += f"({parts['sub']})" if parts.get("sub") else ""
    return text + (parts.get("point") or "")


def _meant(law: str, what: str, of: str | None) -> str | None:
    """Return the law that 같은 법, 같은 영 or 같은 법 시행령 means if `law` was named last."""
    if what in ("법", "법률"):
        act = _act(law)
        if not re.search(r"(?:법|법률|[a-z0-9])$", act):
            return None
        return _derived(act, of) if of else act
    endings = {
        **dict.fromkeys(("영", "령", "시행령"), ("-decree", "시행령", "령")),
        **dict.fromkeys(("규칙", "시행규칙"), ("-rules", "시행규칙", "규칙")),
    }
    return law if law.endswith(endings.get(what, (what,))) else None


def _act(law: str) -> str:
    """Return the act of a decree or of rules; other laws are returned unchanged."""
    return re.sub(r"(?:-decree|-rules|-bylaws|시행령|시행규칙|시행세칙)$", "", law)


def _derived(law: str, of: str) -> str:
    return law_names.known_law(_act(law) + of) or law_names.derived_law(_act(law), of)
