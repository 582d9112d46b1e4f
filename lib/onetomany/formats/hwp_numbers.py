"""Numbers that Hangul writes itself: 제1조, 가., 1), bullets, and which paragraphs are headings.

A file stores the form of a number, not the number: "^1." at level 1, in digits. It is counted here
as the writer's program counts it. A number that can't be counted is left out, and reported.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .numbering import numeral
from .parts import attribute, clamped, local

LEVELS = 10
_HANGUL = "가나다라마바사아자차카타파하"
_STEMS = "갑을병정무기경신임계"
# forms that Word has too, by its name, and the greatest number
_AS_WORD = {
    "LATIN_CAPITAL": ("upperLetter", 26), "LATIN_SMALL": ("lowerLetter", 26),
    "ROMAN_CAPITAL": ("upperRoman", 3999), "ROMAN_SMALL": ("lowerRoman", 3999),
    "HANGUL_JAMO": ("chosung", 14), "DECAGON_CIRCLE_HANJA": ("ideographTraditional", 10),
    "HANGUL_PHONETIC": ("koreanCounting", 99), "IDEOGRAPH": ("chineseCounting", 99),
}  # fmt: skip
_VOWELS = (0, 4, 8, 13, 18, 20)  # ㅏ ㅓ ㅗ ㅜ ㅡ ㅣ among Unicode's vowels
# signs that are consecutive in Unicode: their count, and the first
_ROWS = {
    "CIRCLED_LATIN_CAPITAL": (26, 0x24B6),
    "CIRCLED_LATIN_SMALL": (26, 0x24D0),
    "CIRCLED_HANGUL_SYLLABLE": (14, 0x326E),
    "CIRCLED_HANGUL_JAMO": (14, 0x3260),
    "CIRCLED_IDEOGRAPH": (10, 0x3280),
}
_CIRCLED = ((20, 0x2460), (35, 0x3251 - 20), (50, 0x32B1 - 35))


def formatted_number(value: int, form: str) -> str | None:
    """Return a number in one of OWPML's forms; None if the form or the number has no sign.

    >>> formatted_number(3, "HANGUL_SYLLABLE"), formatted_number(4, "ROMAN_CAPITAL")
    ('다', 'IV')
    """
    if form in ("DIGIT", "") or value < 1:
        return str(value) if form in ("DIGIT", "") else None
    made = None
    if form == "CIRCLED_DIGIT":
        made = next((chr(first + value - 1) for most, first in _CIRCLED if value <= most), None)
    elif form in _ROWS:
        many, first = _ROWS[form]
        made = chr(first + value - 1) if value <= many else None
    elif form in _AS_WORD and value <= _AS_WORD[form][1]:
        made = numeral(value, _AS_WORD[form][0])
    elif form == "DECAGON_CIRCLE" and value <= len(_STEMS):
        made = _STEMS[value - 1]
    elif form == "HANGUL_SYLLABLE" and value <= len(_HANGUL) * len(_VOWELS):
        # after 하 as officials count: 거, 너, 더
        row, place = divmod(value - 1, len(_HANGUL))
        made = chr(ord(_HANGUL[place]) + 28 * _VOWELS[row])
    return made


@dataclass(frozen=True)
class LevelForm:
    """How a list numbers one of its levels: "제^1조", in which form, from which number."""

    text: str
    form: str
    start: int


@dataclass(frozen=True)
class ParagraphForm:
    """A paragraph's kind of number by its shape or style: OUTLINE, NUMBER, BULLET, NONE."""

    kind: str = "NONE"
    list: str = ""
    level: int = 0


@dataclass
class HangulNumbering:
    """The lists of a document, and how far each has counted."""

    lists: dict[str, dict[int, LevelForm]] = field(default_factory=dict)
    bullets: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, ParagraphForm] = field(default_factory=dict)
    headings: set[str] = field(default_factory=set)  # styles whose name says that they are one
    raised: set[str] = field(default_factory=set)  # forms of characters above the line
    outline: str = ""  # the list that numbers the section's outline
    counted: dict[str, dict[int, int]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    def head(self, paragraph: Any) -> tuple[str, str]:
        """Return a paragraph's number or bullet, '' without one, and its block kind."""
        form = self.shapes.get(attribute(paragraph, "paraPrIDRef") or "", ParagraphForm())
        styled = (attribute(paragraph, "styleIDRef") or "") in self.headings
        kind = "heading" if styled or form.kind == "OUTLINE" else "paragraph"
        if form.kind == "BULLET":
            sign = self.bullets.get(form.list, "")
            # a font's private sign, which no other font has, is not the letter it is coded as
            return ("" if "\ue000" <= sign <= "\uf8ff" else sign), "list"
        if form.kind in ("OUTLINE", "NUMBER"):
            named = self.outline if form.kind == "OUTLINE" else form.list
            said = self._count(named, form.level + 1)
            return said, kind if kind == "heading" else "list"
        return "", kind

    def _count(self, named: str, level: int) -> str:
        levels = self.lists.get(named, {})
        if level not in levels:
            self.lost["a number whose form the file does not state"] += 1
            return ""
        counted = self.counted.setdefault(named, {})
        counted[level] = counted.get(level, levels[level].start - 1) + 1
        for deeper in [each for each in counted if each > level]:
            del counted[deeper]
        return self._said(levels, counted, level)

    def _said(self, levels: dict[int, LevelForm], counted: dict[int, int], level: int) -> str:
        """Return the text of a number; ^1 to ^9 (and ^a, the tenth) become the numbers so far."""

        def one(each: int) -> str:
            form = levels.get(each)
            number = counted.get(each, form.start) if form else 0
            said = formatted_number(number, form.form) if form else None
            if said is None:
                raise LookupError(f"no number of level {each}")
            return said

        def named(found: re.Match[str]) -> str:
            sign = found[1]
            if sign in "nN":
                path = ".".join(one(each) for each in range(1, level + 1))
                return path + ("." if sign == "N" else "")
            return one(LEVELS if sign in "aA" else int(sign))

        try:
            return re.sub(r"\^([1-9aAnN])", named, levels[level].text).strip()
        except LookupError:
            self.lost[f"a number in the form {levels[level].form}"] += 1
            return ""


_OUTLINE_STYLE = re.compile(r"(?:개요|outline|heading|제목)\s*\d*", re.IGNORECASE)


def hangul_numbering(header: Any) -> HangulNumbering:
    """Read the lists, bullets and paragraph shapes of a header part (OWPML)."""
    found = HangulNumbering()
    for element in () if header is None else header.iter():
        name, key = local(element), attribute(element, "id") or ""
        if name == "numbering":
            found.lists[key] = _levels(element)
        elif name == "bullet":
            found.bullets[key] = attribute(element, "char") or ""
        elif name == "paraPr":
            found.shapes[key] = _shape(element)
        elif name == "charPr" and element.find("{*}supscript") is not None:
            found.raised.add(key)
        elif name == "style":
            names = (attribute(element, "name") or "", attribute(element, "engName") or "")
            if any(_OUTLINE_STYLE.fullmatch(each.strip()) for each in names):
                found.headings.add(key)
    return found


def _levels(element: Any) -> dict[int, LevelForm]:
    found = {}
    for head in element.iterfind("{*}paraHead"):
        form, start = attribute(head, "numFormat") or "", clamped(attribute(head, "start"))
        level = clamped(attribute(head, "level"))
        found[level] = LevelForm("".join(head.itertext()), form, start)
    return found


def _shape(element: Any) -> ParagraphForm:
    head = next(element.iter("{*}heading"), None)
    if head is None:
        return ParagraphForm()
    level = clamped(attribute(head, "level"), 0, LEVELS - 1)
    kind = (attribute(head, "type") or "NONE").upper()
    return ParagraphForm(kind, attribute(head, "idRef") or "", level)
