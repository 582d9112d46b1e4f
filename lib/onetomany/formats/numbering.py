"""Automatic numbers of Word: '제1조', '가.', 'a)', '1.2', which the text itself lacks.

Without them 'under article 2' points nowhere. By ECMA-376 Part 1, 17.9: a paragraph names a list
and a level, by itself or through its style; each level counts, and its text is the form shown.
"""

from dataclasses import dataclass, field
from typing import Any

from .parts import attribute, clamped, local

LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
# rows of signs, for as many numbers as they have
_ROWS = {
    "ganada": "가나다라마바사아자차카타파하", "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸", "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "russianLower": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ",
    "aiueo": "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
             "ハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "iroha": "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノ"
             "オクヤマケフコエテアサキユメミシヱヒモセス",
}  # fmt: skip
_DIGITS = {"koreanDigital": "영일이삼사오육칠팔구", "koreanDigital2": "零一二三四五六七八九",
           "ideographDigital": "〇一二三四五六七八九",
           "japaneseDigitalTenThousand": "〇一二三四五六七八九",
           "taiwaneseDigital": "○一二三四五六七八九", "decimalFullWidth": "０１２３４５６７８９",
           "decimalFullWidth2": "０１２３４５６７８９"}  # fmt: skip
_TENS = {"koreanCounting": ("일이삼사오육칠팔구", "십", "백"),
         "chineseCounting": ("一二三四五六七八九", "十", "百"),
         "chineseCountingThousand": ("一二三四五六七八九", "十", "百"),
         "taiwaneseCounting": ("一二三四五六七八九", "十", "百"),
         "taiwaneseCountingThousand": ("一二三四五六七八九", "十", "百"),
         "japaneseCounting": ("一二三四五六七八九", "十", "百")}  # fmt: skip
_NATIVE = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def numeral(value: int, kind: str) -> str | None:  # noqa: PLR0911
    """Return a number in one of Word's formats; None for a format or number not known here."""
    if kind in ("decimal", "decimalHalfWidth", ""):
        return str(value)
    if kind == "decimalZero":
        return f"{value:02d}"
    if kind == "numberInDash":
        return f"- {value} -"
    if kind == "none":
        return ""
    if value < 1:
        return None
    if kind in ("lowerRoman", "upperRoman") and value < 4000:
        text = _roman(value)
        return text.upper() if kind == "upperRoman" else text
    if kind in ("lowerLetter", "upperLetter") and value <= 26 * 30:
        text = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return text.upper() if kind == "upperLetter" else text
    if kind == "ordinal":
        ending = (
            "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        )
        return f"{value}{ending}"
    if kind in _ROWS and value <= len(_ROWS[kind]):
        return _ROWS[kind][value - 1]
    if kind in _DIGITS:
        return "".join(_DIGITS[kind][int(each)] for each in str(value))
    if kind in _TENS and value < 1000:
        return _counted(value, *_TENS[kind])
    if kind == "koreanLegal" and value < 100:
        return _NATIVE_TENS[value // 10] + _NATIVE[value % 10]
    return None


def _roman(value: int) -> str:
    text = ""
    for size, letters in _ROMAN:
        text += letters * (value // size)
        value %= size
    return text


def _counted(value: int, digits: str, ten: str, hundred: str) -> str:
    text = ""
    for size, word in ((100, hundred), (10, ten)):
        many, value = divmod(value, size)
        if many:
            text += ("" if many == 1 else digits[many - 1]) + word
    return text + (digits[value - 1] if value else "")


@dataclass(frozen=True)
class _Level:
    start: int = 1
    kind: str = "decimal"
    text: str = ""
    legal: bool = False
    tight: bool = False  # nothing is between number and text
    restart: int | None = None


@dataclass
class _List:
    levels: dict[int, _Level] = field(default_factory=dict)
    link: str = ""  # a style that the levels are taken from
    by_style: dict[str, int] = field(default_factory=dict)


class WordNumbering:
    """The lists of a document, and how far each has counted."""

    def __init__(self, numbering: Any, styles: Any) -> None:
        self.lists: dict[str, _List] = {}
        self.nums: dict[str, tuple[str, dict[int, _Level], dict[int, int]]] = {}
        self.of_style: dict[str, tuple[str | None, int | None, str]] = {}
        self.counts: dict[str, list[int | None]] = {}
        self.begun: set[str] = set()
        self.unknown: dict[str, int] = {}
        # a part that the file lacks is empty
        for element in numbering.iterfind("{*}abstractNum") if len(numbering) else ():
            self.lists[attribute(element, "abstractNumId") or ""] = _list(element)
        for element in numbering.iterfind("{*}num") if len(numbering) else ():
            self._num(element)
        for style in styles.iterfind("{*}style") if len(styles) else ():
            held = _list_and_level(style.find("{*}pPr"))
            based = _value(style, "basedOn") or ""
            self.of_style[attribute(style, "styleId") or ""] = (*held, based)

    def _num(self, element: Any) -> None:
        levels, starts = {}, {}
        for override in element.iterfind("{*}lvlOverride"):
            at = clamped(attribute(override, "ilvl"), 0, LEVELS - 1)
            for each in override.iterfind("{*}startOverride"):
                starts[at] = clamped(attribute(each, "val"))
            for each in override.iterfind("{*}lvl"):
                levels[at] = _level(each)
        base = _value(element, "abstractNumId") or ""
        self.nums[attribute(element, "numId") or ""] = (base, levels, starts)

    def inherited(self, style: str) -> tuple[str | None, int | None]:
        """Return the list and level that a style gives, perhaps through those it is based on."""
        named, level = None, None
        for _ in range(20):
            held = self.of_style.get(style)
            if held is None:
                break
            named = held[0] if named is None else named
            level = held[1] if level is None else level
            style = held[2]
        return named, level

    def label(self, properties: Any, style: str) -> str:
        """Count a paragraph and return the number before it, '' if it has none."""
        named, level = _list_and_level(properties)
        from_style = named is None
        given, below = self.inherited(style)
        named = given if named is None else named
        level = below if level is None else level
        if named in (None, "0") or named not in self.nums:
            return ""
        base, own, starts = self.nums[named or ""]
        base, levels = self._linked(base)
        if from_style and level is None:
            level = self.lists[base].by_style.get(style) if base in self.lists else None
        at = min(level or 0, LEVELS - 1)
        levels = levels | own
        counts = self.counts.setdefault(base, [None] * LEVELS)
        if named not in self.begun:
            self.begun.add(named or "")
            for each, start in starts.items():
                counts[each] = start - 1
        return self._counted(counts, levels, at)

    def _linked(self, base: str) -> tuple[str, dict[int, _Level]]:
        held = self.lists.get(base, _List())
        if held.link and not held.levels:
            named, _ = self.inherited(held.link)
            base = self.nums.get(named or "", (base, {}, {}))[0]
            held = self.lists.get(base, held)
        return base, held.levels

    def _counted(self, counts: list[int | None], levels: dict[int, _Level], at: int) -> str:
        level = levels.get(at)
        if level is None:
            return ""
        count = counts[at]
        counts[at] = level.start if count is None else count + 1
        for deeper in range(at + 1, LEVELS):
            restart = levels[deeper].restart if deeper in levels else None
            if restart != 0 and (restart is None or at < restart):
                counts[deeper] = None
        if level.kind == "bullet":
            return ""
        text = level.text
        for other in range(LEVELS):
            if f"%{other + 1}" not in text:
                continue
            shown = levels.get(other, _Level())
            if counts[other] is None:
                counts[other] = shown.start
            kind = "decimal" if level.legal and shown.kind != "none" else shown.kind
            told = numeral(counts[other] or 0, kind)
            if told is None:
                self.unknown[kind] = self.unknown.get(kind, 0) + 1
                return ""
            text = text.replace(f"%{other + 1}", told)
        return text + ("" if level.tight or not text else " ")


def _list_and_level(properties: Any) -> tuple[str | None, int | None]:
    """Return the list and level that a paragraph's properties name, None for each they don't."""
    number = None if properties is None else properties.find("{*}numPr")
    if number is None:
        return None, None
    level = _value(number, "ilvl")
    return _value(number, "numId"), None if level is None else clamped(level, 0, LEVELS - 1)


def _value(element: Any, name: str) -> str | None:
    """Return the value of an element's first child of a name; None without one."""
    child = element.find("{*}" + name)
    return None if child is None else attribute(child, "val")


def _list(element: Any) -> _List:
    found = _List(link=_value(element, "numStyleLink") or "")
    for child in element.iterfind("{*}lvl"):
        at = clamped(attribute(child, "ilvl"), 0, LEVELS - 1)
        found.levels[at] = _level(child)
        for style in child.iterfind("{*}pStyle"):
            found.by_style[attribute(style, "val") or ""] = at
    return found


def _level(element: Any) -> _Level:
    held = {local(each): attribute(each, "val") for each in element}
    legal = "isLgl" in held and held["isLgl"] not in ("0", "false", "off")
    restart = held.get("lvlRestart")
    kind = held.get("numFmt") or "decimal"
    for choice in element.iterfind("{*}AlternateContent"):
        # a newer format, with an older one for older readers
        inner = list(choice.iter("{*}numFmt"))
        kind = (attribute(inner[0], "val") or kind) if inner else kind
        kind = (attribute(inner[-1], "val") or "decimal") if kind == "custom" else kind
    return _Level(
        clamped(held.get("start"), 1), kind, held.get("lvlText") or "", legal,
        held.get("suff") == "nothing", None if restart is None else clamped(restart, 0, LEVELS),
    )  # fmt: skip
