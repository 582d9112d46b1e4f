"""HWP 3.0 (한글 3.0 to 97): paragraphs, tables, notes, by Hancom's published description of it.

Its characters are its own: Hangul in Johab, symbols and Hanja counted along the rows of KS X 1001.
Pictures, drawings, fields and outline numbers are not read, and reported.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from .hwp_container import PASSWORD
from .hwp_layout import LAID_OUT
from .hwp_words import Words
from .inflating import RAW, Ending, inflate
from .reading import GridCell, Page, Reading, Refused

HWP3 = b"HWP Document File V"
_SIGNATURE, _INFO, _SUMMARY = 30, 128, 1008
_FACT = 112  # bytes of each thing that the summary says
_FONT, _CHARACTER, _PARAGRAPH, _STYLE = 40, 31, 187, 20 + 31 + 187
_BOX, _PICTURE, _DRAWN = 84, 348, 84
# characters that a control takes in the count of its paragraph's
_SIZES = {
    **dict.fromkeys(range(1, 32), 4), 7: 42, 8: 48, 13: 1, 22: 12, 23: 5, 24: 3, 25: 3,
    26: 123, 28: 32, 30: 2, 31: 2,
}  # fmt: skip
# bytes of a control without the sign before and after it
_FIXED = {7: 80, 8: 92, 9: 4, 18: 4, 19: 4, 20: 4, 21: 4, 22: 20, 23: 6, 24: 2, 25: 2, 26: 242,
          28: 60, 30: 0, 31: 0}  # fmt: skip
_SHOWN = {9: "\t", 24: "-", 30: " ", 31: " "}
_LISTS = {15: (8, "comment"), 16: (10, ""), 17: (14, "footnote")}
_LEFT = {7: "a date", 8: "a date", 22: "a field of mail merge", 28: "an outline number"}
_BOXES = {2: "an equation, of which the script is in the text", 3: "a button"}
_QUOTES = {0x81: "“", 0x82: "”"}
_NEAR = 20  # 1/1800 inch: edges of cells that are nearer are one


def read_hwp3(content: bytes, reading: Reading) -> None:
    """Read an HWP 3 document. Raises Refused if it is older, has a password, or is damaged."""
    if not content.startswith(HWP3 + b"3.0"):
        version = content[len(HWP3) : len(HWP3) + 4].decode("ascii", "replace")
        raise Refused(f"The file is of HWP version {version}, which is not read: save it as HWPX.")
    reading.facts["extractor"] = "hwp3: python"
    begin = _SIGNATURE + _INFO + _SUMMARY
    if len(content) < begin:
        raise Refused("The HWP 3 file is damaged: its head is not whole.")
    info = content[_SIGNATURE : _SIGNATURE + _INFO]
    if struct.unpack_from("<H", info, 96)[0]:
        raise Refused(PASSWORD)
    _tell_facts(content[_SIGNATURE + _INFO : begin], reading)
    body = content[begin + struct.unpack_from("<H", info, 126)[0] :]
    whole = True
    if info[124]:
        unpacked = inflate(body, RAW, reading.limits.expanded_from(len(body)))
        if unpacked.ending is Ending.TOO_LARGE:
            raise Refused("The file expands too far, as a ZIP bomb does: not read.")
        body, whole = unpacked.content, unpacked.ending is Ending.WHOLE
    reading.note(
        "layout", "The file is of HWP version 3 (before 2000): the kit reads only its text."
    )
    text = _Hwp3(body, reading, reading.page(label=LAID_OUT))
    try:
        text.skip_styles()
        text.paragraphs("")
    except (struct.error, IndexError):
        whole = False
    text.tell()
    if not whole:
        raise Refused("The HWP 3 file is damaged: the part after the damage is not read.")


def _tell_facts(summary: bytes, reading: Reading) -> None:
    names = ("title", "subject", "author", "date", "keywords", "keywords 2")
    for place, name in enumerate(names):
        units = struct.unpack_from(f"<{_FACT // 2}H", summary, place * _FACT)
        said = "".join(_character(unit) for unit in units[: [*units, 0].index(0)])
        if said and name in ("title", "author"):
            reading.facts[name] = said
        elif said:
            reading.metadata[name] = said


def _character(unit: int) -> str:
    """Return the character of one of HWP 3's codes; U+FFFD for one that only its fonts know.

    >>> _character(0x8861), _character(0x4F5D)
    ('가', '債')
    """
    if unit < 0x80:
        return chr(unit)
    if unit >= 0x8000:
        return bytes((unit >> 8, unit & 0xFF)).decode("johab", "replace")[:1]
    if unit in _QUOTES:
        return _QUOTES[unit]
    if 0x3401 <= unit < 0x4000:
        row, cell = divmod(unit - 0x3401, 96)
        row += 0xA1
    elif unit >= 0x4000:
        row, cell = divmod(unit - 0x4000, 94)
        row += 0xCA
    else:
        return "\N{REPLACEMENT CHARACTER}"
    if cell > 93 or row > 0xFD or (unit < 0x4000 and row > 0xAC):
        return "\N{REPLACEMENT CHARACTER}"
    return bytes((row, 0xA1 + cell)).decode("euc_kr", "replace")[:1]


@dataclass
class _Hwp3:
    """Reads the body from its beginning to its end: each part says how long it is."""

    body: bytes
    reading: Reading
    page: Page
    at: int = 0
    depth: int = 0
    unknown: int = 0

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.body, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def skip(self, many: int) -> None:
        if many < 0 or self.at + many > len(self.body):
            raise IndexError("a part runs past the end")
        self.at += many

    def skip_styles(self) -> None:
        for _ in range(7):
            self.skip(self.take("H")[0] * _FONT)
        self.skip(self.take("H")[0] * _STYLE)

    def paragraphs(self, kind: str, take: Callable[[str], object] | None = None) -> None:
        """Read a list of paragraphs, up to the empty one that ends it."""
        self.depth += 1
        if self.depth > 4 * self.reading.limits.depth:
            raise Refused("The tables and notes in the file are nested too deeply.")
        while self._paragraph(kind, take):
            self.reading.check_time()
        self.depth -= 1

    def _paragraph(self, kind: str, take: Callable[[str], object] | None) -> bool:
        follows, many, lines, shapes, _, _, _ = self.take("BHHBBIB")
        self.skip(_CHARACTER)
        if many and not follows:
            self.skip(_PARAGRAPH)
        breaks = []
        for _ in range(lines):
            line = self.take("7H")
            if line[6] >> 15 and line[6] & 1:
                breaks.append(line[0])
        for _ in range(many if shapes else 0):
            if not self.take("B")[0]:
                self.skip(_CHARACTER)
        words, later = Words(), list[Callable[[], None]]()
        while words.units < many:
            (unit,) = self.take("H")
            if unit == 13:
                break
            if unit > 31 or unit == 0:
                shown = _character(unit) if unit else ""
                self.unknown += shown == "\N{REPLACEMENT CHARACTER}"
                words.add(shown, 1)
            else:
                self._control(unit, words, later)
        if take is not None:
            take(words.text())
        else:
            self._show(words, breaks if self.depth == 1 else [], kind)
        for each in later:
            each()
        return bool(many)

    def _show(self, words: Words, breaks: list[int], kind: str) -> None:
        text = words.text()
        for begin, end, turns in words.pieces(breaks):
            if turns and self.page.parts:
                self.page = self.reading.page(label=LAID_OUT)
            self.page.add(text[begin:end], kind or "paragraph")

    def _control(self, unit: int, words: Words, later: list[Callable[[], None]]) -> None:
        """Read a control: its sign in the line now, its content after the paragraph."""
        if unit in _FIXED:
            held = self.body[self.at : self.at + _FIXED[unit]]
            self.skip(_FIXED[unit] + 2)
            shown = _SHOWN.get(unit, "")
            if unit == 18 and struct.unpack("<HH", held)[0]:
                shown = str(struct.unpack("<HH", held)[1])
            elif unit == 23:
                units = struct.unpack("<3H", held)
                shown = "".join(_character(each) for each in units if each > 31)
            elif unit in _LEFT:
                later.append(lambda: self._left(_LEFT[unit]))
            words.add(shown, _SIZES[unit])
            return
        words.skip(_SIZES[unit])
        (size, _) = self.take("IH")
        if unit == 10:
            self._box(later)
        elif unit == 11:
            (follow,) = struct.unpack_from("<I", self.body, self.at)
            drawn = self.body[self.at + _PICTURE - 274] == 3
            self.skip(_PICTURE + follow)
            what = "a drawing, with the text in it" if drawn else "a picture"
            later.append(lambda: self._left(what))
            self._apart("caption", later)
        elif unit == 14:
            self.skip(_DRAWN)
        elif unit in _LISTS:
            bytes_, kind = _LISTS[unit]
            said = self.body[self.at : self.at + bytes_]
            self.skip(bytes_)
            self._apart(kind or ("footer" if said[8] else "header"), later)
        else:
            # its length precedes it: fields, bookmarks, references, and later additions
            self.skip(size)
            if unit == 5:
                later.append(lambda: self._left("a field"))

    def _left(self, what: str) -> None:
        self.reading.skip(what, self.page.number)

    def _apart(self, kind: str, later: list[Callable[[], None]]) -> None:
        """Read paragraphs that are shown after the one that they are anchored in."""
        lines: list[str] = []
        self.paragraphs(kind, lines.append)

        def show() -> None:
            for line in lines:
                self.page.add(line, kind)

        later.append(show)

    def _box(self, later: list[Callable[[], None]]) -> None:
        """Read a table, a text box, an equation or a button."""
        form, many = struct.unpack_from("<HH", self.body, self.at + 78)
        self.skip(_BOX)
        places = [self.take("8H11B")[2:6] for _ in range(many)]
        cells: list[list[str]] = []
        for _ in places:
            cells.append([])
            self.paragraphs("", cells[-1].append)
        title: list[str] = []
        self.paragraphs("caption", title.append)
        named = "\n".join(filter(None, title))

        def show() -> None:
            if form in _BOXES:
                self._left(_BOXES[form])
            if named:
                self.page.add(named, "caption")
            texts = ["\n".join(filter(None, lines)) for lines in cells]
            if form == 0:
                self.page.add_grid(_grid(places, texts), named or None)
            else:
                for text in texts:
                    self.page.add(text)

        later.append(show)

    def tell(self) -> None:
        if self.unknown:
            self.reading.skip(
                "a sign that only HWP 3's own fonts know, shown as �", None, self.unknown
            )


def _grid(places: list[tuple[int, ...]], texts: list[str]) -> list[GridCell]:
    """Return cells in rows and columns, by the places of their edges."""
    columns = _edges([x for x, _, _, _ in places] + [x + w for x, _, w, _ in places])
    rows = _edges([y for _, y, _, _ in places] + [y + h for _, y, _, h in places])

    def index(edges: list[int], value: int) -> int:
        return min(range(len(edges)), key=lambda each: abs(edges[each] - value))

    cells = []
    for (x, y, width, height), text in zip(places, texts, strict=True):
        row, column = index(rows, y), index(columns, x)
        spans = (index(rows, y + height) - row, index(columns, x + width) - column)
        cells.append(GridCell(row + 1, column + 1, text, (max(1, spans[0]), max(1, spans[1]))))
    return sorted(cells, key=lambda cell: (cell.row, cell.column))


def _edges(values: list[int]) -> list[int]:
    found: list[int] = []
    for value in sorted(values):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found
