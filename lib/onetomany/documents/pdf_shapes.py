"""Objects painted on a PDF page besides text: rules of tables, dark boxes, pictures."""

from __future__ import annotations

import ctypes
import math
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

from .pdf_lattice import Lattice, LatticeCell
from .reading import Box, boxed

LAST = 1 << 30  # annotations are painted after the page
LETTER = 3.0, 40.0  # points: the height of shapes that may be letters drawn as curves
THIN = 2.0  # pt: a filled shape as thin as this is a rule
WIDE = 4.0  # pt: a line as wide as this may hide text
NESTING = 8  # forms within forms
OPEN = 8.0  # points from the outermost upright line, from which a side is open
SEGMENTS = 20_000  # a page with more is a drawing, and no table is looked for
CROSSINGS = 4_000

Matrix = tuple[float, float, float, float, float, float]
Placing = Callable[[float, float, float, float], Box]


@dataclass(frozen=True)
class Text:
    """A text object: when it was painted, where, and in which colour (red, green, blue, alpha)."""

    order: int
    box: Box
    colour: tuple[int, int, int, int]
    unseen: bool  # drawn without ink, as programs for OCR do
    size: float  # points, of its type; exact only where the box is low


@dataclass(frozen=True)
class Cover:
    """An object that may hide text: a filled shape, a wide line, a picture, an annotation.

    `order` counts in the order of painting; LAST for an annotation. `colour` is None if it has no
    single one. An `applied` redaction hides the text; one that was only marked leaves it visible.
    """

    order: int
    box: Box
    colour: tuple[int, int, int, int] | None = None
    applied: bool = True


@dataclass
class Shapes:
    """The objects of a page, by kind, in the order of painting."""

    texts: list[Text] = field(default_factory=list)
    covers: list[Cover] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)
    curves: list[Box] = field(default_factory=list)  # small filled shapes, as letters are
    backward: list[Box] = field(default_factory=list)  # texts drawn to the left of the one before
    rules: list[Box] = field(default_factory=list)  # of no width or no height
    objects: int = 0
    segments: int = 0


def placing(held: Any) -> Placing:
    """Return a function from PDF's left, bottom, right, top to a box of the page as shown."""
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


def collect_shapes(held: Any, place: Placing) -> Shapes:
    found = Shapes()
    text, path = raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_PATH
    for number, (item, kind, outer) in enumerate(page_objects(held)):
        found.objects += 1
        if kind == text:
            _text(item, number, outer, place, found)
        elif kind == path:
            if found.segments < SEGMENTS:
                _path(item, number, outer, place, found)
            else:
                found.curves += [box for box in [_bounds(item, outer, place)] if _small(box)]
        elif kind in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING):
            box = _bounds(item, outer, place)
            found.covers.append(Cover(number, box))
            if kind == raw.FPDF_PAGEOBJ_IMAGE:
                found.pictures.append(box)
    return found


_EDGES = tuple(ctypes.c_float() for _ in range(4))
_COLOUR = tuple(ctypes.c_uint() for _ in range(4))


def _bounds(item: Any, outer: Matrix | None, place: Placing) -> Box:
    """Return an object's box; for one within a form, the box around its corners."""
    if not raw.FPDFPageObj_GetBounds(item, *_EDGES):
        return (0.0, 0.0, 0.0, 0.0)
    x0, y0, x1, y1 = (edge.value for edge in _EDGES)
    if outer is not None:
        a, b, c, d, e, f = outer
        corners = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
        return _around(corners, place)
    return place(x0, y0, x1, y1)


def _text(item: Any, number: int, outer: Matrix | None, place: Placing, found: Shapes) -> None:
    mode = raw.FPDFTextObj_GetTextRenderMode(item)
    unseen = mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
    stroked = mode in (raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP)
    ask = raw.FPDFPageObj_GetStrokeColor if stroked else raw.FPDFPageObj_GetFillColor
    colour = (0, 0, 0, 255)
    if not unseen and ask(item, *_COLOUR):
        colour = tuple(each.value for each in _COLOUR)  # type: ignore[assignment]
    box = _bounds(item, outer, place)
    size = box[3] - box[1]
    if 0 < size < 3 or 0 < box[2] - box[0] < 3:  # a hyphen is low in any size
        size = _size(item, outer)
    if found.texts and size:
        last = found.texts[-1].box
        level = min(box[3], last[3]) - max(box[1], last[1]) > 0.5 * min(size, last[3] - last[1])
        if level and box[0] < last[0] - 1.0:
            found.backward.append(box)
    found.texts.append(Text(number, box, colour, unseen, size or 10.0))


_SIZE = ctypes.c_float()


def _size(item: Any, outer: Matrix | None) -> float:
    raw.FPDFTextObj_GetFontSize(item, _SIZE)
    a, b, c, d, _, _ = _within(_matrix(item), outer)
    return _SIZE.value * max(math.hypot(a, b), math.hypot(c, d))


def _small(box: Box) -> bool:
    """Return whether a shape has the size of a letter or a word."""
    return LETTER[0] < box[3] - box[1] < LETTER[1] and box[2] - box[0] < 4 * LETTER[1]


def page_objects(held: Any) -> Iterator[tuple[Any, int, Matrix | None]]:
    """Yield every object in the order of painting, with the matrix of the forms around it."""

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


def _path(item: Any, number: int, outer: Matrix | None, place: Placing, found: Shapes) -> None:
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, mode, stroked)
    if not (mode.value or stroked.value):
        return
    matrix = _within(_matrix(item), outer)
    subpaths = _subpaths(item, matrix, found)
    boxes = [_around(points, place) for points in subpaths]
    if mode.value:
        raw.FPDFPageObj_GetFillColor(item, *_COLOUR)
        red, green, blue, alpha = (each.value for each in _COLOUR)
        for points, box in zip(subpaths, boxes, strict=True):
            if box[2] - box[0] > THIN and box[3] - box[1] > THIN:
                found.covers.append(Cover(number, box, (red, green, blue, alpha)))
            if len(points) > 6 and _small(box):
                found.curves.append(box)
    elif wide := _stroke(item):
        found.covers += [_widened(box, wide / 2, number) for box in boxes]
    for points, box in zip(subpaths, boxes, strict=True):
        wide, high = box[2] - box[0], box[3] - box[1]
        if min(wide, high) <= THIN:
            found.rules.append(_flat(box))
        elif len(points) <= 6 and _square(points):
            x0, y0, x1, y1 = box
            found.rules += [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


_WIDTH = ctypes.c_float()


def _stroke(item: Any) -> float:
    """Return the width of a line that is wide enough to hide text; else 0."""
    raw.FPDFPageObj_GetStrokeWidth(item, _WIDTH)
    return _WIDTH.value if _WIDTH.value > WIDE else 0.0


def _widened(box: Box, by: float, number: int) -> Cover:
    return Cover(number, (box[0] - by, box[1] - by, box[2] + by, box[3] + by))


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


def _around(points: list[tuple[float, float]], place: Placing) -> Box:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return place(min(xs), min(ys), max(xs), max(ys))


def _flat(box: Box) -> Box:
    x0, y0, x1, y1 = box
    if x1 - x0 >= y1 - y0:
        return (x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
    return ((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)


def _square(points: list[tuple[float, float]]) -> bool:
    """Return whether every side runs along an axis."""
    sides = pairwise(points)
    return len(points) >= 4 and all(min(abs(p[0] - q[0]), abs(p[1] - q[1])) < 0.5 for p, q in sides)


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
    cells = plumber.intersections_to_cells(crossings)
    groups = plumber.cells_to_tables(cells)
    return [_lattice([tuple(cell) for cell in group]) for group in groups if len(group) > 1]


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
