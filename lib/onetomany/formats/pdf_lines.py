"""Lines of a PDF page, their characters ordered by place instead of by when they were drawn."""

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

from pypdfium2 import raw

from . import pdf_calls as calls
from .reading import Box, boxed, raised

UNREADABLE = "\N{REPLACEMENT CHARACTER}"  # in the place of glyphs that have no Unicode value
SMALL = 0.85  # of the height of the number before them, at most: raised digits
_NUMBER = re.compile(r"\d\d")
GAP = 0.22  # of a line's height: characters that are further apart have a blank between them
# Hebrew, Arabic and the like: PDFium has put them into logical order, which is not that of places
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

Place = Callable[[float, float, float, float], Box]


class Line:
    """One line: its text, its box, the boxes of its runs, and the places of its characters."""

    def __init__(
        self, text: str, places: Sequence[int], textpage: Any, runs: list[Box], place: Place
    ) -> None:
        self.text, self.runs = text, runs
        self.box = runs[0] if len(runs) == 1 else boxed(runs) or (0.0, 0.0, 0.0, 0.0)
        self._places, self.textpage, self.place = places, textpage, place

    @cached_property
    def chars(self) -> list[int]:
        """Return the index of each character. This costs more than all else: call it rarely."""
        to_char, textpage = calls.char_index, self.textpage
        return [to_char(textpage, place) for place in self._places]

    @cached_property
    def inks(self) -> list[Box | None]:
        """Return the box of each character's ink."""
        return [_char_box(self.textpage, index, self.place) for index in self.chars]

    def part(self, positions: list[int], box: Box) -> "Line":
        places = [self._places[i] for i in positions]
        text = "".join(self.text[i] for i in positions)
        return Line(text, places, self.textpage, [box], self.place)

    def marked(self, gaps: list[Box]) -> "Line":
        """Return this line with UNREADABLE for each glyph without a Unicode value."""
        text, places = list(self.text), list(self._places)
        for gap in gaps:
            at = 0
            for number, box in enumerate(self.inks):
                if box is not None and (box[0] + box[2]) / 2 < gap[0] + 0.5:
                    at = number + 1
            # blanks that PDFium adds at unknown places go after it
            while 0 < at < len(text) and text[at].isspace() and text[at - 1] == UNREADABLE:
                at += 1
            text.insert(at, UNREADABLE)
            places.insert(at, places[min(at, len(places) - 1)])
            self.__dict__.pop("chars", None)
            self.__dict__.pop("inks", None)
            self.text, self._places = "".join(text), places
        return Line("".join(text), places, self.textpage, [*self.runs, *gaps], self.place)


# made once: they are asked for each character
_SIDES, _LOOSE = tuple(ctypes.c_double() for _ in range(4)), raw.FS_RECTF()
_TO_SIDES, _TO_LOOSE = tuple(map(ctypes.byref, _SIDES)), ctypes.byref(_LOOSE)


def _char_box(textpage: Any, index: int, place: Place) -> Box | None:
    """Return the box of a character's ink."""
    if not calls.ink_box(textpage, index, *_TO_SIDES):
        return None
    left, right, bottom, top = _SIDES
    return place(left.value, bottom.value, right.value, top.value)


def wide_box(textpage: Any, index: int, place: Place) -> Box | None:
    """Return the box of a character as its font spaces it."""
    rect = _LOOSE
    if not calls.loose_box(textpage, index, _TO_LOOSE):
        return None
    return place(rect.left, rect.bottom, rect.right, rect.top)


def read_lines(
    textpage: Any, place: Place, backward: Sequence[Box] = ()
) -> tuple[list[Line], list[str]]:
    """Return lines with their boxes, and the texts of lines to which PDFium gives no place.

    `backward` are places where text was drawn to the left of text that was drawn before it.
    """
    text = textpage.get_text_range()
    textpage = textpage.raw  # of the wrapper, each call would ask for it
    lines: list[Line] = []
    unplaced: list[str] = []
    to_char = calls.char_index
    units = _units(text)
    left, right, bottom, top = _SIDES
    edges = tuple(map(ctypes.byref, (left, top, right, bottom)))
    at = 0
    for part in text.split("\n"):
        stripped = part.rstrip("\r")
        start, at = at, at + len(part) + 1
        if not stripped.strip():
            continue
        places = units[start : start + len(stripped)]
        first, last = to_char(textpage, places[0]), to_char(textpage, places[-1])
        runs = []
        many = last - first + 1 if 0 <= first <= last else 0
        for number in range(calls.count_rects(textpage, first, many) if many else 0):
            if calls.get_rect(textpage, number, *edges):
                runs.append(place(left.value, bottom.value, right.value, top.value))
        # PDFium marks a hyphen at a line's end with U+0002
        fair = stripped.replace("\x02", "-").replace("\ufffe", "-")
        if runs:
            lines.append(Line(fair, places, textpage, runs, place))
        else:
            unplaced.append(fair)
    apart = [each for line in lines for each in _unstacked(line)]
    return [_with_raised(line) for line in _by_place(apart, backward)], unplaced


def _units(text: str) -> Sequence[int]:
    """Return the start of each character in UTF-16, by which PDFium counts text."""
    if not text or max(text) <= "\uffff":
        return range(len(text))
    widths = (1 + (char > "\uffff") for char in text[:-1])
    return list(accumulate(widths, initial=0))


def _by_place(lines: list[Line], backward: Sequence[Box]) -> list[Line]:
    """Put lines in order whose characters were drawn in another order than they are read.

    Some programs draw a line's Hangul first, then its brackets and points. A line is put in order
    if some of it was drawn backwards, or if it and the one before it overlap.
    """
    kept: list[Line] = []
    group: list[Line] = []

    def close() -> None:
        if group and (len(group) > 1 or _goes_back(group[0], backward)):
            kept.append(_ordered(group))
        else:
            kept.extend(group)
        group.clear()

    for line in lines:
        # most lines begin below the one before
        if group and (line.box[1] >= group[-1].box[3] or not _interleaved(group, line)):
            close()
        group.append(line)
    close()
    return kept


def _unstacked(line: Line) -> list[Line]:
    """Return single digits above each other as lines: PDFium joins them to a number."""
    runs = line.runs
    below = all(b[1] > a[1] + 0.5 * (a[3] - a[1]) for a, b in pairwise(runs))
    if len(runs) < 2 or len(runs) != len(line.text) or not below or not _NUMBER.search(line.text):
        return [line]
    if abs(raw.FPDFText_GetCharAngle(line.textpage, line.chars[0])) > 0.1:
        return [line]  # a number that runs upwards
    return [line.part([at], run) for at, run in enumerate(runs)]


def _with_raised(line: Line) -> Line:
    """Return a line in which small raised digits behind a number are ², not its last digits."""
    heights = [run[3] - run[1] for run in line.runs]
    if min(heights) > SMALL * max(heights) or not _NUMBER.search(line.text) or not _level(line):
        return line
    text, base = list(line.text), None
    for at, (char, index) in enumerate(zip(line.text, line.chars, strict=True)):
        box = wide_box(line.textpage, index, line.place) if char.isdigit() else None
        if box and base and _is_above(box, base):
            text[at] = raised(char, "0")
        else:
            base = box
    return Line("".join(text), line._places, line.textpage, line.runs, line.place)


def _is_above(box: Box, base: Box) -> bool:
    high = base[3] - base[1]
    return box[3] - box[1] < SMALL * high and box[3] < base[3] - 0.15 * high


def _level(line: Line) -> bool:
    """Return whether it runs from left to right: neither upright, askew, nor in another script."""
    highest = max(run[3] - run[1] for run in line.runs)
    return line.box[3] - line.box[1] < 1.8 * max(highest, 1.0) and (
        line.box[2] - line.box[0] > 0.8 * highest and not _RIGHT_TO_LEFT.search(line.text)
    )


def _goes_back(line: Line, backward: Sequence[Box]) -> bool:
    if not backward:
        return False
    x0, y0, x1, y1 = line.box
    back = any(y0 < (b[1] + b[3]) / 2 < y1 and x0 < b[2] and b[0] < x1 for b in backward)
    return back and _level(line)


def _interleaved(group: list[Line], line: Line) -> bool:
    """Return whether a line's runs are between those of the lines before it, and on none."""
    box = boxed(each.box for each in group) or line.box
    high = min(box[3] - box[1], line.box[3] - line.box[1])
    level = min(box[3], line.box[3]) - max(box[1], line.box[1]) > 0.6 * max(high, 1.0)
    within = min(box[2], line.box[2]) - max(box[0], line.box[0]) > 1.0
    if not (level and within and _level(line) and all(map(_level, group))):
        return False
    runs = [run for each in group for run in each.runs]
    on = sum(max(0.0, min(a[2], b[2]) - max(a[0], b[0])) for a in runs for b in line.runs)
    return on < 0.2 * min(sum(b[2] - b[0] for b in line.runs), sum(a[2] - a[0] for a in runs))


def _ordered(group: list[Line]) -> Line:
    textpage, place, drawn = group[0].textpage, group[0].place, []
    for line in group:
        for text, at, index in zip(line.text, line._places, line.chars, strict=True):
            if calls.is_generated(textpage, index):
                continue
            box = wide_box(textpage, index, place)
            if box is not None:
                drawn.append((box[0], box[2], text, at))
    drawn.sort(key=lambda each: each[0])
    runs = [run for line in group for run in line.runs]
    high = max(run[3] - run[1] for run in runs)
    text, places, end = "", [], None
    for x0, x1, char, at in drawn:
        if end is not None and x0 - end > GAP * high and not (char.isspace() or text[-1].isspace()):
            text, places = text + " ", [*places, at]
        text += char
        places.append(at)
        end = x1 if end is None else max(end, x1)
    if not drawn:
        return group[0]
    return Line(text, places, textpage, runs, place)
