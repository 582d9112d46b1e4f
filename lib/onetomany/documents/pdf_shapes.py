"""What is painted on a PDF page besides text: rules that make tables, dark boxes, pictures."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from itertools import pairwise
from types import ModuleType
from typing import Any

from pypdfium2 import raw

from .reading import Box, Page, Reading, boxed

DARK = 80  # of 255: the lightest filling that counts as hiding what is below
OPAQUE = 200  # of 255
THIN = 2.0  # pt: a filled shape as thin as this is a rule
NESTING = 8  # forms within forms
OPEN = 8.0  # points from the outermost upright line, from which a side is open
SEGMENTS = 20_000  # a page with more is a drawing, and no table is looked for
CROSSINGS = 4_000

Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Dark:
    """A dark box; `order` is when it was painted, None for an annotation: after all else."""

    box: Box
    colour: tuple[int, int, int]
    order: int | None


@dataclass
class Shapes:
    dark: list[Dark] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)  # of no width or no height
    order: dict[int, int] = field(default_factory=dict)  # address of an object: when painted
    pictures: int = 0
    visible: int = 0  # text objects
    invisible: int = 0
    segments: int = 0


@dataclass(frozen=True)
class LatticeCell:
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


def placing(held: Any) -> Callable[[float, float, float, float], Box]:
    """Left, bottom, right, top as PDF has them, to a box from the shown page's upper left."""
    left, bottom, right, top = held.get_bbox()
    turn = held.get_rotation()

    def place(x0: float, y0: float, x1: float, y1: float) -> Box:
        if turn == 90:
            return (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        if turn == 180:
            return (right - x1, y0 - bottom, right - x0, y1 - bottom)
        if turn == 270:
            return (top - y1, right - x1, top - y0, right - x0)
        return (x0 - left, top - y1, x1 - left, top - y0)

    return place


def is_dark(colour: tuple[int, int, int]) -> bool:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] < DARK


def collect(held: Any, place: Callable[..., Box]) -> Shapes:
    found = Shapes()
    for number, (item, kind, outer) in enumerate(_objects(held)):
        found.order[ctypes.cast(item, ctypes.c_void_p).value or 0] = number
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            unseen = raw.FPDFTextObj_GetTextRenderMode(item) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
            found.invisible += unseen
            found.visible += not unseen
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            found.pictures += 1
        elif kind == raw.FPDF_PAGEOBJ_PATH and found.segments < SEGMENTS:
            _path(item, number, outer, place, found)
    return found


def _objects(held: Any) -> Iterator[tuple[Any, int, Matrix | None]]:
    """Every object in the order of painting, with the matrix of the forms around it."""

    def inside(
        form: Any, outer: Matrix | None, depth: int
    ) -> Iterator[tuple[Any, int, Matrix | None]]:
        for number in range(raw.FPDFFormObj_CountObjects(form)):
            yield from one(raw.FPDFFormObj_GetObject(form, number), outer, depth)

    def one(
        item: Any, outer: Matrix | None, depth: int
    ) -> Iterator[tuple[Any, int, Matrix | None]]:
        kind = raw.FPDFPageObj_GetType(item)
        yield item, kind, outer
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < NESTING:
            yield from inside(item, _within(_matrix(item), outer), depth + 1)

    for number in range(raw.FPDFPage_CountObjects(held)):
        yield from one(raw.FPDFPage_GetObject(held, number), None, 0)


def _matrix(item: Any) -> Matrix:
    m = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(item, m)
    return (m.a, m.b, m.c, m.d, m.e, m.f)


def _within(inner: Matrix, outer: Matrix | None) -> Matrix:
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
            e * p + f * r + t, e * q + f * s + u)  # fmt: skip


def _path(
    item: Any, number: int, outer: Matrix | None, place: Callable[..., Box], found: Shapes
) -> None:
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, mode, stroked)
    if not (mode.value or stroked.value):
        return
    matrix = _within(_matrix(item), outer)
    subpaths = _subpaths(item, matrix, found)
    if mode.value:
        colour = [ctypes.c_uint() for _ in range(4)]
        raw.FPDFPageObj_GetFillColor(item, *colour)
        red, green, blue, alpha = (each.value for each in colour)
        dark = alpha >= OPAQUE and is_dark((red, green, blue))
        for points in subpaths:
            box = _around(points, place)
            if dark and box[2] - box[0] > THIN and box[3] - box[1] > THIN:
                found.dark.append(Dark(box, (red, green, blue), number))
    for points in subpaths:
        box = _around(points, place)
        wide, high = box[2] - box[0], box[3] - box[1]
        if min(wide, high) <= THIN:
            found.rules.append(_flat(box))
        elif len(points) <= 6 and _square(points):
            x0, y0, x1, y1 = box
            found.rules += [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def _subpaths(item: Any, matrix: Matrix, found: Shapes) -> list[list[tuple[float, float]]]:
    a, b, c, d, e, f = matrix
    x, y = ctypes.c_float(), ctypes.c_float()
    made: list[list[tuple[float, float]]] = []
    count = raw.FPDFPath_CountSegments(item)
    found.segments += max(count, 0)
    for number in range(min(count, SEGMENTS)):
        segment = raw.FPDFPath_GetPathSegment(item, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
        if raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_MOVETO or not made:
            made.append([])
        made[-1].append(point)
    return [points for points in made if len(points) > 1]


def _around(points: list[tuple[float, float]], place: Callable[..., Box]) -> Box:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return place(min(xs), min(ys), max(xs), max(ys))


def _flat(box: Box) -> Box:
    x0, y0, x1, y1 = box
    if x1 - x0 >= y1 - y0:
        return (x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
    return ((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)


def _square(points: list[tuple[float, float]]) -> bool:
    """Whether every side runs along an axis."""
    sides = pairwise(points)
    return len(points) >= 4 and all(min(abs(p[0] - q[0]), abs(p[1] - q[1])) < 0.5 for p, q in sides)


@cache
def plumber_tables() -> ModuleType:
    """Return pdfplumber's module of tables, without the rest of that package.

    The rest parses PDF by pdfminer, which is not used here; loaded with it, a caged process costs
    a fifth more for each document.
    """
    spec = find_spec("pdfplumber")
    assert spec is not None
    if "pdfplumber" not in sys.modules:
        sys.modules["pdfplumber"] = module_from_spec(spec)  # found, but not run
    return import_module("pdfplumber.table")


def tables(found: Shapes, reading: Reading, page: Page) -> list[Lattice]:
    """Tables whose cells are drawn; those made of white space alone are left as text."""
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
    plumber = plumber_tables()
    merged = plumber.merge_edges(edges, 3, 3, 3, 3)
    counted = [sum(e["orientation"] == way for e in merged) for way in "hv"]
    if found.segments >= SEGMENTS or counted[0] * counted[1] > CROSSINGS * 4:
        reading.note("limit", "Too many lines on this page to look for tables.", page.number)
        return []
    merged += _open_sides(merged)
    crossings = plumber.edges_to_intersections(merged, 3, 3)
    if len(crossings) > CROSSINGS:
        reading.note("limit", "Too many lines on this page to look for tables.", page.number)
        return []
    cells = plumber.intersections_to_cells(crossings)
    groups = plumber.cells_to_tables(cells)
    return [_lattice([tuple(cell) for cell in group]) for group in groups if len(group) > 1]


def _open_sides(edges: list[Any]) -> list[Any]:
    """The sides of tables that are drawn without them, as public bodies here often do.

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
            # what no upright line joins is two tables, or a form
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
