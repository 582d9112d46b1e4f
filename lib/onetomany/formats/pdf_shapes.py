"""Objects painted on a PDF page besides text: rules of tables, dark boxes, pictures."""

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from pypdfium2 import raw

from . import pdf_calls as calls
from .reading import Box

LAST = 1 << 30  # annotations are painted after the page
LETTER = 3.0, 40.0  # points: the height of shapes that may be letters drawn as curves
THIN = 2.0  # pt: a filled shape as thin as this is a rule
WIDE = 4.0  # pt: a line as wide as this may hide text
NESTING = 8  # forms within forms
SEGMENTS = 20_000  # a page with more is a drawing, and no table is looked for

Matrix = tuple[float, float, float, float, float, float]
FLAT = 0.01  # points
# fonts that every PDF reader has
_STANDARD = re.compile(r"Helvetica|Times|Courier|Symbol|Dingbats|Arial", re.IGNORECASE)

Placing = Callable[[float, float, float, float], Box]


class Text(NamedTuple):
    """A text object: when it was painted, where, and in which colour (red, green, blue, alpha)."""

    order: int
    box: Box
    colour: tuple[int, int, int, int]
    unseen: bool  # drawn without ink, as programs for OCR do
    size: float  # points, of its type; exact only where the box is low


class Cover(NamedTuple):
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
    flat: int = 0  # texts to which PDFium gives no width, and which it leaves out


def placing(held: Any) -> Placing:
    """Return a function from PDF's left, bottom, right, top to a box of the page as shown."""
    left, bottom, right, top = held.get_bbox()
    turn = held.get_rotation()

    turned: dict[int, Placing] = {
        90: lambda x0, y0, x1, y1: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
        180: lambda x0, y0, x1, y1: (right - x1, y0 - bottom, right - x0, y1 - bottom),
        270: lambda x0, y0, x1, y1: (top - y1, right - x1, top - y0, right - x0),
    }
    return turned.get(turn, lambda x0, y0, x1, y1: (x0 - left, top - y1, x1 - left, top - y0))


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
_TO_EDGES, _TO_COLOUR = tuple(map(ctypes.byref, _EDGES)), tuple(map(ctypes.byref, _COLOUR))
_MATRIX, _MODE, _STROKED = raw.FS_MATRIX(), ctypes.c_int(), ctypes.c_int()
_TO_MATRIX, _TO_MODE, _TO_STROKED = map(ctypes.byref, (_MATRIX, _MODE, _STROKED))


def _bounds(item: Any, outer: Matrix | None, place: Placing) -> Box:
    """Return an object's box; for one within a form, the box around its corners."""
    if not calls.object_bounds(item, *_TO_EDGES):
        return (0.0, 0.0, 0.0, 0.0)
    x0, y0, x1, y1 = _EDGES[0].value, _EDGES[1].value, _EDGES[2].value, _EDGES[3].value
    if outer is not None:
        a, b, c, d, e, f = outer
        corners = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
        return _around(corners, place)
    return place(x0, y0, x1, y1)


def _text(item: Any, number: int, outer: Matrix | None, place: Placing, found: Shapes) -> None:
    mode = calls.render_mode(item)
    unseen = mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
    stroked = mode in (raw.FPDF_TEXTRENDERMODE_STROKE, raw.FPDF_TEXTRENDERMODE_STROKE_CLIP)
    ask = calls.stroke_colour if stroked else calls.fill_colour
    colour = (0, 0, 0, 255)
    if not unseen and ask(item, *_TO_COLOUR):
        colour = (_COLOUR[0].value, _COLOUR[1].value, _COLOUR[2].value, _COLOUR[3].value)
    box = _bounds(item, outer, place)
    found.flat += box[2] - box[0] < FLAT and _lacks_font(item)
    size = box[3] - box[1]
    if 0 < size < 3 or 0 < box[2] - box[0] < 3:  # a hyphen is low in any size
        size = _size(item, outer)
    if found.texts and size:
        last = found.texts[-1].box
        level = min(box[3], last[3]) - max(box[1], last[1]) > 0.5 * min(size, last[3] - last[1])
        if level and box[0] < last[0] - 1.0:
            found.backward.append(box)
    found.texts.append(Text(number, box, colour, unseen, size or 10.0))


def _lacks_font(item: Any) -> bool:
    """Return whether a text is in a font that neither the file nor every PDF reader contains."""
    font, name = raw.FPDFTextObj_GetFont(item), ctypes.create_string_buffer(128)
    if not font or raw.FPDFFont_GetIsEmbedded(font):
        return False
    raw.FPDFFont_GetBaseFontName(font, name, len(name))
    return not _STANDARD.search(name.value.decode("latin-1"))


_SIZE = ctypes.c_float()


def _size(item: Any, outer: Matrix | None) -> float:
    raw.FPDFTextObj_GetFontSize(item, _SIZE)
    a, b, c, d, _, _ = _within(_matrix(item), outer)
    return _SIZE.value * max(math.hypot(a, b), math.hypot(c, d))


def _small(box: Box) -> bool:
    """Return whether a shape has the size of a letter or a word."""
    return LETTER[0] < box[3] - box[1] < LETTER[1] and box[2] - box[0] < 4 * LETTER[1]


Object = tuple[Any, int, Matrix | None]


def page_objects(held: Any) -> Iterator[Object]:
    """Yield every object in the order of painting, with the matrix of the forms around it."""
    return _objects(held.raw, calls.count_objects, calls.get_object, None, 0)


def _objects(
    parent: Any,
    count: Callable[..., int],
    get: Callable[..., Any],
    outer: Matrix | None,
    depth: int,
) -> Iterator[Object]:
    for number in range(count(parent)):
        item = get(parent, number)
        kind = calls.object_type(item)
        yield item, kind, outer
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < NESTING:
            inner = _within(_matrix(item), outer)
            yield from _objects(item, calls.count_inner, calls.get_inner, inner, depth + 1)


def _matrix(item: Any) -> Matrix:
    m = _MATRIX
    if not calls.object_matrix(item, _TO_MATRIX):
        return (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return (m.a, m.b, m.c, m.d, m.e, m.f)


def _within(inner: Matrix, outer: Matrix | None) -> Matrix:
    if outer is None:
        return inner
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
            e * p + f * r + t, e * q + f * s + u)  # fmt: skip


def _path(item: Any, number: int, outer: Matrix | None, place: Placing, found: Shapes) -> None:
    if not calls.draw_mode(item, _TO_MODE, _TO_STROKED):
        return
    filled = bool(_MODE.value)
    if not (filled or _STROKED.value):
        return
    matrix = _within(_matrix(item), outer)
    subpaths = _subpaths(item, matrix, found)
    boxes = [_around(points, place) for points in subpaths]
    if filled:
        calls.fill_colour(item, *_TO_COLOUR)
        colour = (_COLOUR[0].value, _COLOUR[1].value, _COLOUR[2].value, _COLOUR[3].value)
        for points, box in zip(subpaths, boxes, strict=True):
            if box[2] - box[0] > THIN and box[3] - box[1] > THIN:
                found.covers.append(Cover(number, box, colour))
            if len(points) > 6 and _small(box):
                found.curves.append(box)
    else:
        calls.stroke_width(item, _TO_WIDTH)
        by = _WIDTH.value / 2
        for x0, y0, x1, y1 in boxes if _WIDTH.value > WIDE else ():
            found.covers.append(Cover(number, (x0 - by, y0 - by, x1 + by, y1 + by)))
    for points, box in zip(subpaths, boxes, strict=True):
        wide, high = box[2] - box[0], box[3] - box[1]
        if min(wide, high) <= THIN:
            found.rules.append(_flat(box))
        elif len(points) <= 6 and _square(points):
            x0, y0, x1, y1 = box
            found.rules += [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


_WIDTH, _X, _Y = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
_TO_WIDTH, _TO_X, _TO_Y = map(ctypes.byref, (_WIDTH, _X, _Y))


def _subpaths(item: Any, matrix: Matrix, found: Shapes) -> list[list[tuple[float, float]]]:
    a, b, c, d, e, f = matrix
    made: list[list[tuple[float, float]]] = []
    count = calls.count_segments(item)
    found.segments += max(count, 0)
    for number in range(min(count, SEGMENTS)):
        segment = calls.get_segment(item, number)
        calls.segment_point(segment, _TO_X, _TO_Y)
        if not made or calls.segment_type(segment) == raw.FPDF_SEGMENT_MOVETO:
            made.append([])
        px, py = _X.value, _Y.value
        made[-1].append((a * px + c * py + e, b * px + d * py + f))
    return [points for points in made if len(points) > 1]


def _around(points: list[tuple[float, float]], place: Placing) -> Box:
    xs, ys = zip(*points, strict=True)
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
