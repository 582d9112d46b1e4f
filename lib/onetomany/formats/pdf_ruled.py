"""Tables of a PDF page, and those whose cells are drawn: pdfplumber (MIT) makes them of lines."""

import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from itertools import pairwise
from types import ModuleType
from typing import Any, NamedTuple

from .pdf_shapes import SEGMENTS, THIN, Shapes
from .reading import Box, boxed

OPEN = 8.0  # points from the outermost upright line, from which a side is open
CROSSINGS = 4_000
Point = tuple[float, float]


class LatticeCell(NamedTuple):
    row: int
    column: int
    spans: tuple[int, int]
    box: Box


@dataclass(frozen=True)
class Lattice:
    rows: int
    columns: int
    box: Box
    cells: list[LatticeCell]

    def cell_at(self, x: float, y: float) -> int | None:
        """Return the number of the cell around a point, the first of several; None outside."""
        xs, ys, slots = self._slots
        if not xs or x < xs[0] or y < ys[0]:
            return None
        return slots.get((max(bisect_left(xs, x), 1), max(bisect_left(ys, y), 1)))

    @cached_property
    def _slots(self) -> tuple[list[float], list[float], dict[tuple[int, int], int]]:
        """Return the edges of cells, and the cell between each two of them."""
        xs = sorted({x for cell in self.cells for x in cell.box[::2]})
        ys = sorted({y for cell in self.cells for y in cell.box[1::2]})
        columns, rows = ({edge: n for n, edge in enumerate(edges, 1)} for edges in (xs, ys))
        slots: dict[tuple[int, int], int] = {}
        for number, cell in enumerate(self.cells):
            x0, y0, x1, y1 = cell.box
            high = range(rows[y0], rows[y1])
            for column in range(columns[x0], columns[x1]):
                for row in high:
                    slots.setdefault((column, row), number)
        return xs, ys, slots


@cache
def _plumber_tables() -> ModuleType:
    """Return pdfplumber's module of tables, without the rest of that package.

    The rest parses PDF by pdfminer, which is not used here; loaded with it, a caged process costs
    a fifth more for each document.
    """
    spec = find_spec("pdfplumber")
    assert spec is not None
    if "pdfplumber" not in sys.modules:
        sys.modules["pdfplumber"] = module_from_spec(spec)  # found, but not run
    return import_module("pdfplumber.table")


def drawn_tables(found: Shapes) -> list[Lattice] | None:
    """Return the tables whose cells are drawn; None if the page has too many lines."""
    level = [r for r in found.rules if r[1] == r[3] and r[2] - r[0] > THIN]
    upright = [r for r in found.rules if r[0] == r[2] and r[3] - r[1] > THIN]
    if len(level) < 2 or len(upright) < 2:
        return []
    edges = [
        {"orientation": way, "x0": r[0], "x1": r[2], "top": r[1], "bottom": r[3],
         "width": r[2] - r[0], "height": r[3] - r[1], "object_type": "line"}
        for way, rules in (("h", level), ("v", upright))
        for r in rules
    ]  # fmt: skip
    plumber = _plumber_tables()
    merged = plumber.merge_edges(edges, 3, 3, 3, 3)
    counted = [sum(e["orientation"] == way for e in merged) for way in "hv"]
    if found.segments >= SEGMENTS or counted[0] * counted[1] > CROSSINGS * 4:
        return None
    merged += _open_sides(merged)
    crossings = plumber.edges_to_intersections(merged, 3, 3)
    if len(crossings) > CROSSINGS:
        return None
    groups = plumber.cells_to_tables(_cells(crossings))
    return [_lattice([tuple(cell) for cell in group]) for group in groups if len(group) > 1]


def _cells(crossings: dict[Point, dict[str, list[Any]]]) -> list[Box]:
    """Return the smallest cell right of and below each crossing of lines.

    As pdfplumber's intersections_to_cells, which compares the sides of lines again for each two
    crossings: here a crossing's lines are numbered once.
    """
    numbers: dict[Box, int] = {}
    upright: dict[Point, set[int]] = {}
    level: dict[Point, set[int]] = {}
    columns: dict[float, list[Point]] = {}
    rows: dict[float, list[Point]] = {}
    for point in sorted(crossings):
        for through, way in ((upright, "v"), (level, "h")):
            sides = ((e["x0"], e["top"], e["x1"], e["bottom"]) for e in crossings[point][way])
            through[point] = {numbers.setdefault(each, len(numbers)) for each in sides}
        columns.setdefault(point[0], []).append(point)
        rows.setdefault(point[1], []).append(point)

    def cell(point: Point) -> Box | None:
        x, y = point
        right = [p for p in rows[y] if p[0] > x and not level[point].isdisjoint(level[p])]
        for under in columns[x] if right else ():
            if under[1] <= y or upright[point].isdisjoint(upright[under]):
                continue
            for beside in right:
                corner = beside[0], under[1]
                if (
                    corner in upright
                    and not upright[corner].isdisjoint(upright[beside])
                    and not level[corner].isdisjoint(level[under])
                ):
                    return (x, y, *corner)
        return None

    return [found for point in upright if (found := cell(point))]


def _open_sides(edges: list[Any]) -> list[Any]:
    """Return the missing sides of tables, which Korean authorities often leave undrawn.

    Three level lines or more that begin and end alike, that two upright lines cross and that reach
    beyond those, have a column of cells on each side that they reach beyond.
    """
    level = [e for e in edges if e["orientation"] == "h"]
    upright = [e for e in edges if e["orientation"] == "v"]
    alike: dict[tuple[int, int], list[Any]] = {}
    for edge in sorted(level, key=lambda e: (e["x0"], e["x1"])):
        near = [
            ends
            for ends, held in alike.items()
            if abs(held[0]["x0"] - edge["x0"]) < 3 and abs(held[0]["x1"] - edge["x1"]) < 3
        ]
        ends = near[0] if near else (round(edge["x0"]), round(edge["x1"]))
        alike.setdefault(ends, []).append(edge)
    made = []
    for held in alike.values():
        if len(held) < 3:
            continue
        x0, x1 = held[0]["x0"], held[0]["x1"]
        inside = [e for e in upright if x0 - 3 < e["x0"] < x1 + 3]
        tops = sorted(e["top"] for e in held)
        for top, bottom in pairwise(tops):
            # parts that no upright line joins are two tables, or a form
            crossing = [
                e["x0"] for e in inside if e["top"] - 3 <= top and bottom <= e["bottom"] + 3
            ]
            if len(set(crossing)) < 2:
                continue
            made += [
                {"orientation": "v", "x0": x, "x1": x, "top": top, "bottom": bottom, "width": 0,
                 "height": bottom - top, "object_type": "line"}
                for x in (x0, x1)
                if min(abs(x - each) for each in crossing) > OPEN
            ]  # fmt: skip
    return made


def _lattice(cells: list[Any]) -> Lattice:
    xs = sorted({x for cell in cells for x in (cell[0], cell[2])})
    ys = sorted({y for cell in cells for y in (cell[1], cell[3])})
    column = {x: i + 1 for i, x in enumerate(xs)}
    row = {y: i + 1 for i, y in enumerate(ys)}
    placed = [
        LatticeCell(
            row[c[1]], column[c[0]], (row[c[3]] - row[c[1]], column[c[2]] - column[c[0]]), c
        )
        for c in cells
    ]
    placed.sort(key=lambda cell: (cell.row, cell.column))
    box = boxed(cells)
    assert box is not None
    return Lattice(len(ys) - 1, len(xs) - 1, box, placed)
