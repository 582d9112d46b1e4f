"""Charts of Hangul documents (chartML): the values that they carry, as a table."""

from __future__ import annotations

from typing import Any

from .parts import attribute, local, number
from .reading import GridCell, Page


def add_hangul_chart(page: Page, root: Any) -> bool:
    """Add a chart's title, categories and series as a table; False if it carries no values."""
    cells, column = [], 1
    for series in (e for e in root.iter() if local(e) == "ser"):
        column += 1
        for part in series:
            name = local(part)
            if name == "tx":
                cells.append(GridCell(1, column, " ".join(_points(part).values())))
            elif name in ("cat", "xVal") and column == 2:
                cells += [GridCell(row, 1, text) for row, text in _points(part).items()]
            elif name in ("val", "yVal"):
                cells += [GridCell(row, column, text) for row, text in _points(part).items()]
            elif name == "bubbleSize":
                column += 1
                cells += [GridCell(row, column, text) for row, text in _points(part).items()]
    titles = []
    for element in root.iter():
        if local(element) == "title":
            titles.append("".join(e.text or "" for e in element.iter() if local(e) == "t"))
    page.add_grid(cells, " / ".join(filter(None, titles)) or None)
    return any(cell.text.strip() for cell in cells)


def _points(part: Any) -> dict[int, str]:
    """The cached values of one series, by their row: the first is the heads'."""
    found: dict[int, str] = {}
    for point in part.iter():
        if local(point) == "pt":
            text = "".join(each.text or "" for each in point if local(each) == "v")
            found[number(attribute(point, "idx"), len(found)) + 2] = text
    return found
