"""Tables that a heading within them cuts in two: 'Actual', rows, 'Projected', more rows."""

from __future__ import annotations

import re

from .pdf_lattice import Lattice, LatticeCell
from .pdf_lines import Line
from .reading import boxed

ASIDE = 6.0  # points by which the sides of two parts may differ
GAP = 4.0  # line heights between two parts, at most
HEADING = 40  # characters of a heading between two parts, at most
FIGURES = 0.5  # the share of words with a digit in a row that isn't a head
_TITLE = re.compile(
    r"\s*(?:table|figure|fig\.|chart|annex|표|그림|도표)(?![a-z가-힣])", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")


def join_cut_tables(tables: list[Lattice], lines: list[Line]) -> list[Lattice]:
    """Return tables, in order, with those joined that a heading of one line cuts in two.

    The second part has the first's columns and sides, and begins with figures, not with a head. The
    heading becomes a row over all columns.
    """
    out: list[Lattice] = []
    for table in tables:
        between = _between(out[-1], table, lines) if out else None
        if out and between is not None and _begins_with_figures(table, lines):
            out[-1] = _appended(out[-1], table, between)
        else:
            out.append(table)
    return out


def _between(above: Lattice, below: Lattice, lines: list[Line]) -> list[Line] | None:
    """Return the lines between two parts of a table; None if they are two tables."""
    if above.columns != below.columns or above.columns < 2 or not _same_columns(above, below):
        return None
    gap = below.box[1] - above.box[3]
    found = [
        line
        for line in lines
        if above.box[3] <= (line.box[1] + line.box[3]) / 2 <= below.box[1]
        and line.box[2] > above.box[0]
        and line.box[0] < above.box[2]
    ]
    high = max((line.box[3] - line.box[1] for line in found), default=0.0)
    if len(found) != 1 or not 0 <= gap <= GAP * high:
        return None
    text = found[0].text.strip()
    plain = len(text) <= HEADING and not _TITLE.match(text) and not text.endswith((".", ":"))
    return found if text and plain else None


def _same_columns(above: Lattice, below: Lattice) -> bool:
    sides = zip(above.box[::2], below.box[::2], strict=True)
    if all(abs(one - other) > ASIDE for one, other in sides):
        return False
    first, second = _columns(above), _columns(below)
    return first.keys() == second.keys() and all(
        min(first[column][1], second[column][1]) > max(first[column][0], second[column][0])
        for column in first
    )


def _columns(table: Lattice) -> dict[int, tuple[float, float]]:
    """Return the left and right side of each column, from cells that span no other."""
    sides: dict[int, tuple[float, float]] = {}
    for cell in table.cells:
        if cell.spans[1] == 1:
            x0, x1 = sides.get(cell.column, (cell.box[0], cell.box[2]))
            sides[cell.column] = min(x0, cell.box[0]), max(x1, cell.box[2])
    return sides


def _begins_with_figures(table: Lattice, lines: list[Line]) -> bool:
    boxes = [cell.box for cell in table.cells if cell.row == 1]
    row = boxed(boxes)
    words = [
        word
        for line in lines
        if row and row[1] <= (line.box[1] + line.box[3]) / 2 <= row[3]
        for word in line.text.split()
    ]
    return bool(words) and sum(bool(_DIGIT.search(word)) for word in words) > FIGURES * len(words)


def _appended(above: Lattice, below: Lattice, between: list[Line]) -> Lattice:
    heading = boxed(line.box for line in between)
    assert heading is not None
    row = above.rows + 1
    cells = [*above.cells, LatticeCell(row, 1, (1, above.columns), heading)]
    cells += [
        LatticeCell(cell.row + row, cell.column, cell.spans, cell.box) for cell in below.cells
    ]
    box = boxed((above.box, below.box)) or above.box
    return Lattice(row + below.rows, above.columns, box, cells)
