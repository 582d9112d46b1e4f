"""Pages of a Hangul document as its writer's program laid them out.

The file keeps no page numbers, but of each line where it stood on its page (`lineseg`, vertpos).
Where that place falls, a new page, or column, began. What was edited by other programs afterwards
may have moved: a label on each page and a note say whose layout it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .parts import attribute, local, number

LAID_OUT = "as laid out by the writer"
_FAR = 1 << 31


@dataclass
class PageBreaks:
    """Finds where pages begin, line by line; `columns` is how many the text runs in."""

    columns: int = 1
    column: int = 1
    last: int | None = None
    begun: bool = False

    def section(self) -> None:
        """Begin a section, which stands on pages of its own."""
        self.last, self.columns, self.column = None, 1, 1
        self.begun = True

    def set_columns(self, many: int) -> None:
        self.columns, self.column = max(1, many), 1

    def cuts(self, paragraph: Any) -> list[int]:
        """Return the places in a paragraph (in Hangul's units) at which pages begin."""
        lines = [
            (
                number(attribute(line, "textpos"), 0, _FAR),
                number(attribute(line, "vertpos"), 0, _FAR),
            )
            for line in line_segments(paragraph)
        ]
        asked = _is_on(paragraph, "pageBreak")
        new_column = not asked and _is_on(paragraph, "columnBreak")
        found = []
        for place, top in lines:
            fell = self.last is not None and top < self.last
            if asked or fell or new_column:
                self.column = 1 if asked else self.column + 1
                if asked or self.column > self.columns:
                    self.column = 1
                    found.append(place)
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


def line_segments(paragraph: Any) -> Iterable[Any]:
    """Yield the lines of a paragraph, not of what stands in it."""
    for child in paragraph:
        if local(child) == "linesegarray":
            yield from (each for each in child if local(each) == "lineseg")


def is_laid_out(paragraphs: Iterable[Any]) -> bool:
    """Report whether most of a document's paragraphs say where their lines stood.

    Programs that write Hangul files without laying them out leave the lines away, or put each at
    the top.
    """
    every, placed, lowest = 0, 0, 0
    for paragraph in paragraphs:
        every += 1
        tops = [number(attribute(line, "vertpos"), 0, _FAR) for line in line_segments(paragraph)]
        placed += bool(tops)
        lowest = max([lowest, *tops])
    return 2 * placed > every and (lowest > 0 or every == 1)


def body_height(section_properties: Any) -> int | None:
    """Return how high the text of a page may be, in Hangul's units (1/7200 inch)."""
    for page in section_properties.iter("{*}pagePr"):
        turned = attribute(page, "landscape") == "NARROWLY"
        high = number(attribute(page, "width" if turned else "height"), 0, _FAR)
        for margin in page.iter("{*}margin"):
            for side in ("top", "bottom", "header", "footer"):
                high -= number(attribute(margin, side), 0, _FAR)
            return high if high > 0 else None
    return None
