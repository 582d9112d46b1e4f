"""Pages of a Hangul document as its writer's program laid them out.

The file keeps no page numbers, but the place of each line on its page (`lineseg`, vertpos). If the
next line is higher up, a new page, or column, began. Later edits by other programs may have moved
text: a label on each page and a note say whose layout it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .parts import attribute, clamped

LAID_OUT = "as laid out by the writer"
_FAR = 1 << 31
_SIDES = ("top", "bottom", "header", "footer")
_SLACK = 300  # of a page's height, by which heights as stored are inexact


@dataclass
class PageBreaks:
    """Finds where pages begin, line by line; `columns` is how many the text runs in."""

    columns: int = 1
    column: int = 1
    last: int | None = None
    begun: bool = False

    def section(self) -> None:
        """Begin a section, which has pages of its own."""
        self.last, self.columns, self.column, self.begun = None, 1, 1, True

    def set_columns(self, many: int) -> None:
        self.columns, self.column = max(1, many), 1

    def cross(self) -> None:
        """Continue after a table that ended on a later page, at any place of it."""
        self.last = None

    def cuts(self, paragraph: Any) -> list[int]:
        """Return the places in a paragraph (in Hangul's units) at which pages begin."""
        asked = _is_on(paragraph, "pageBreak")
        new_column = not asked and _is_on(paragraph, "columnBreak")
        found = []
        for line in _line_segments(paragraph):
            top = _size(line, "vertpos")
            fell = self.last is not None and top < self.last
            if asked or fell or new_column:
                self.column += 1
                if asked or self.column > self.columns:
                    self.column = 1
                    found.append(_size(line, "textpos"))
            asked = new_column = False
            self.last = top
        if asked:
            # a break of which the lines are gone
            found, self.last, self.column = [0], None, 1
        if self.begun and 0 not in found:
            found.insert(0, 0)
        self.begun = False
        return found


def _is_on(element: Any, name: str) -> bool:
    return (attribute(element, name) or "0") in ("1", "true")


def _line_segments(paragraph: Any) -> Iterable[Any]:
    """Return the lines of a paragraph, without those of objects in it."""
    return () if paragraph is None else paragraph.iterfind("{*}linesegarray/{*}lineseg")


def is_laid_out(paragraphs: Iterable[Any]) -> bool:
    """Return whether most of a document's paragraphs state the places of their lines.

    Programs that write Hangul files without laying them out omit the lines, or put each at the
    top.
    """
    every, placed, lowest = 0, 0, 0
    for paragraph in paragraphs:
        every += 1
        tops = [_size(line, "vertpos") for line in _line_segments(paragraph)]
        placed += bool(tops)
        lowest = max([lowest, *tops])
    return 2 * placed > every and (lowest > 0 or every == 1)


def body_height(section_properties: Any) -> int | None:
    """Return how high the text of a page may be, in Hangul's units (1/7200 inch)."""
    for page in section_properties.iter("{*}pagePr"):
        turned = attribute(page, "landscape") == "NARROWLY"
        high = _size(page, "width" if turned else "height")
        for margin in page.iter("{*}margin"):
            return max(0, high - sum(_size(margin, side) for side in _SIDES)) or None
    return None


def pages_crossed(table: Any, anchor: Any, after: Any, body: int) -> int:
    """Return over how many further pages a table continues, if the stored heights agree on it.

    For a table that is cut, the file stores the height of its first part and of its whole rows,
    and the paragraph after it begins at the end of its last part. A cut cell shows by itself: the
    places of its lines jump up.
    """
    position = table.find("{*}pos")
    tops = [_size(line, "vertpos") for line in _line_segments(anchor)]
    flows = attribute(table, "textWrap") in (None, "TOP_AND_BOTTOM")
    if not flows or not tops or position is None or _is_on(position, "treatAsChar"):
        return 0
    part = next((_size(each, "height") for each in table.iterfind("{*}sz")), 0)
    offset = _size(position, "vertOffset")
    end = tops[-1] + (offset if offset < body else 0) + part
    next_top = next((_size(line, "vertpos") for line in _line_segments(after)), None)
    if next_top is not None and next_top + _SLACK >= end:
        return 0  # the text after it is below it
    high, falls = _rows(table)
    if high > part + _SLACK and (attribute(table, "pageBreak") or "NONE") != "NONE":
        crossed, rest = divmod(high - part, body)
        if next_top is None or abs(next_top - rest) < body // 8:
            return max(crossed + 1, falls)
    if falls:
        return falls
    # one that no longer fits is on the next page: the text after it shows that too
    return int(next_top is None and end > body + _SLACK)


def _rows(table: Any) -> tuple[int, int]:
    """Return the height of a table's rows together, and how often pages cut one of them."""
    together = falls = 0
    for tr in table.iterfind("{*}tr"):
        high, cuts = 0, 0
        for tc in tr.iterfind("{*}tc"):
            span = next((_size(each, "rowSpan") for each in tc.iterfind("{*}cellSpan")), 1)
            cuts = max(cuts, _cuts_in(tc))
            if span <= 1:
                high = max([high, *(_size(each, "height") for each in tc.iterfind("{*}cellSz"))])
        together, falls = together + high, falls + cuts
    return together, falls


def _cuts_in(cell: Any) -> int:
    """Return how often the places of a cell's lines fall."""
    cuts = last = 0
    for paragraph in cell.iterfind("{*}subList/{*}p"):
        for line in _line_segments(paragraph):
            top = _size(line, "vertpos")
            cuts += top < last
            last = top
    return cuts


def _size(element: Any, name: str) -> int:
    return clamped(attribute(element, name), 0, _FAR)
