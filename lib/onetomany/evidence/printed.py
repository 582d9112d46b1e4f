"""Lay out a chart for paper: whole, on a turned page, or in parts over several pages.

The picture's size and its smallest letters decide: these are never printed under LEAST points. A
part shows a piece of the plot; title, labels, axes and legend are repeated in each part, as the
head of a long table is. Marks are clipped at the end of a part; a text is drawn whole, in the part
where it begins.
"""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onetomany.errors import OneToManyError
from .typesetting import LINE

LEAST = 6.5  # points of the smallest letters of a chart in print
# width and height of a page's text in points, as data/document.typ has them
UPRIGHT, TURNED = (LINE, 704.0), (756.0, 491.0)
TALLEST = 600.0  # points of a picture on an upright page
MOST = 6  # parts to a side
POINT = 0.75  # points of a pixel
RIM = 1.0  # pixels of an axis' line, which goes with its labels
_SVG = "http://www.w3.org/2000/svg"
_SYMBOL = 7.0  # half a symbol's side in pixels, about
_MOVE = re.compile(r"translate\(\s*([-\d.e]+)[\s,]+([-\d.e]+)\s*\)")
_TURN = re.compile(r"rotate\(\s*([-\d.e]+)")
_BOX = re.compile(r"M([-\d.e]+),([-\d.e]+)h([-\d.e]+)v([-\d.e]+)")

Span = tuple[float, float]


@dataclass(frozen=True)
class Printed:
    """A picture on paper: whether its pages are turned; of each part the SVG and its width (pt)."""

    turned: bool
    parts: tuple[tuple[bytes, float], ...]


@dataclass(frozen=True)
class _Thing:
    """A text or a small mark: its anchor and the area it covers (pixels)."""

    x: float
    y: float
    across: Span
    down: Span
    level: bool  # not rotated


@dataclass(frozen=True)
class _Drawing:
    svg: bytes
    root: ET.Element
    width: float
    height: float
    plot: tuple[Span, Span]  # possible cuts, across and down
    things: tuple[_Thing, ...]
    rules: tuple[float, ...]  # just above each rule that runs across the plot
    smallest: float  # of its letters, in points; infinite without letters


def lay_out(svg: bytes, words: tuple[float, float] = (104.0, 60.0)) -> Printed:
    """Return the fewest pages on which no letter of a picture is under LEAST points.

    `words` is the height of its caption and notes, on an upright and on a turned page. Among
    layouts with as many pages, one that cuts no row in two comes first, then an upright one.
    Raises OneToManyError if the picture is not SVG.
    """
    drawing = _read(svg)
    needed = LEAST / drawing.smallest
    best, found = 0.0, Printed(False, ())
    ways = [(c, r, turned) for c in range(1, MOST + 1) for r in range(1, MOST + 1)
            for turned in (False, True)]  # fmt: skip
    for columns, rows, turned in sorted(ways, key=lambda way: (way[0] * way[1], *way)):
        parts = _parts(drawing, columns, rows)
        wide = max(width for _, width, _ in parts) * POINT
        high = max(height for _, _, height in parts) * POINT
        room = TURNED if turned else UPRIGHT
        tallest = room[1] - words[turned] if turned else min(room[1] - words[turned], TALLEST)
        scale = min(max(1.0, needed), room[0] / wide, max(tallest, 100.0) / high)
        if scale > best:
            sized = tuple((text, _up(width * POINT * scale)) for text, width, _ in parts)
            best, found = scale, Printed(turned, sized)
        if scale >= needed:
            break
    return found


def _up(points: float) -> float:
    """Round up to a tenth: rounded down, letters would be slightly under LEAST."""
    return math.ceil(points * 10 - 1e-6) / 10


def _read(svg: bytes) -> _Drawing:
    try:
        root = ET.fromstring(svg)
    except ET.ParseError as error:
        raise OneToManyError(f"A chart's picture is not readable SVG: {error}.") from error
    width, height = (_pixels(root.get(side)) or 600.0 for side in ("width", "height"))
    sizes = [
        size
        for element in root.iter(f"{{{_SVG}}}text")
        if "".join(element.itertext()).strip() and (size := _pixels(element.get("font-size")))
    ]
    plot = _plot(root, width, height)
    return _Drawing(
        svg,
        root,
        width,
        height,
        plot,
        tuple(_things(root)),
        tuple(_rules(root, (plot[0][1] - plot[0][0]) / 2)),
        min(sizes) * POINT if sizes else math.inf,
    )


def _plot(root: ET.Element, width: float, height: float) -> tuple[Span, Span]:
    """Return the frame of the plot; the whole picture if it has none, or only a small one."""
    across, down = (0.0, width), (0.0, height)
    for element, x, y, inside in _walk(root, 0.0, 0.0, ""):
        found = _BOX.match(element.get("d", ""))
        if "role-frame" in inside and element.get("class") == "background" and found:
            left, top, wide, high = (float(each) for each in found.groups())
            if wide > width / 3:
                across = max(x + left + RIM, 0.0), min(x + left + wide, width)
            if high > height / 3:
                down = max(y + top + RIM, 0.0), min(y + top + high, height)
            break
    return across, down


def _parts(drawing: _Drawing, columns: int, rows: int) -> list[tuple[bytes, float, float]]:
    """Return SVG, width and height (pixels) of each part, line by line."""
    if columns == rows == 1:
        return [(drawing.svg, drawing.width, drawing.height)]
    across, down = drawing.plot
    level = [each for each in drawing.things if each.level]
    cuts_x = _cuts(across, columns, [each.across for each in level if _in(each.x, across)])
    cuts_y = _cuts(down, rows, [each.down for each in level if _in(each.y, down)], drawing.rules)
    return [
        _part(drawing, _spans(cuts_x, column, drawing.width), _spans(cuts_y, row, drawing.height))
        for row in range(rows)
        for column in range(columns)
    ]


def _cuts(
    span: Span, count: int, covered: Sequence[Span], rules: Sequence[float] = ()
) -> list[float]:
    """Return the ends of `count` pieces: about even, cutting as few things as possible.

    Among places that cut nothing, one at a rule between groups of rows comes first.
    """
    step = (span[1] - span[0]) / count
    small = [each for each in covered if each[1] - each[0] < step / 2]

    def cost(at: float, even: float) -> tuple[float, bool, float]:
        deep = sum(min(at - low, high - at) for low, high in small if low < at < high)
        return round(deep, 3), at not in rules, abs(at - even)

    cuts = [span[0]]
    for n in range(1, count):
        even = span[0] + n * step
        near = [even + d * step / 400 for d in range(-60, 61)]
        near += [at for at in rules if abs(at - even) <= 0.15 * step]
        cuts.append(min(near, key=lambda at, even=even: cost(at, even)))  # type: ignore[misc]
    return [*cuts, span[1]]


def _spans(cuts: Sequence[float], n: int, end: float) -> list[Span]:
    """Return the spans of one side in part n: all if nothing is cut, else rims and a piece."""
    if len(cuts) == 2:
        return [(0.0, end)]
    return [(0.0, cuts[0]), (cuts[n], cuts[n + 1]), (cuts[-1], end)]


def _part(
    drawing: _Drawing, across: Sequence[Span], down: Sequence[Span]
) -> tuple[bytes, float, float]:
    width, height = (sum(b - a for a, b in spans) for spans in (across, down))
    texts = []
    shown: list[tuple[Span, Span, float, float]] = []
    for left, right, x in _placed(across):
        for top, bottom, y in _placed(down):
            shown.append(((left, right), (top, bottom), x, y))
            window = _window((left, right), drawing.width), _window((top, bottom), drawing.height)
            group = ET.Element(f"{{{_SVG}}}g", transform=f"translate({x - left:g},{y - top:g})")
            found = [_texts(each, 0.0, 0.0, *window) for each in drawing.root]
            group.extend(each for each in found if each is not None)
            texts += [group] * bool(len(group))
            if len(across) > 1:  # a name that begins here may end beyond the cut
                ends = [
                    each.across[1] + x - left
                    for each in drawing.things
                    if _in(each.x, window[0]) and _in(each.y, window[1])
                ]
                width = max(width, *ends, 0.0)
    root = ET.Element(f"{{{_SVG}}}svg", viewBox=f"0 0 {width:g} {height:g}", fill="none")
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    ET.SubElement(root, f"{{{_SVG}}}rect", width="100%", height="100%", fill="#ffffff")
    marks = ET.SubElement(ET.SubElement(root, f"{{{_SVG}}}defs"), f"{{{_SVG}}}g", id="marks")
    marks.extend(_marks(each) for each in drawing.root)
    for (left, right), (top, bottom), x, y in shown:
        wide, high = f"{right - left:g}", f"{bottom - top:g}"
        place = {"x": f"{x:g}", "y": f"{y:g}", "width": wide, "height": high}
        view = f"{left:g} {top:g} {wide} {high}"
        pane = ET.SubElement(root, f"{{{_SVG}}}svg", place, viewBox=view, overflow="hidden")
        ET.SubElement(pane, f"{{{_SVG}}}use", href="#marks")
    root.extend(texts)
    ET.register_namespace("", _SVG)
    return ET.tostring(root), width, height


def _placed(spans: Sequence[Span]) -> Iterator[tuple[float, float, float]]:
    """Return start and end of each non-empty span, and its start when they are joined."""
    at = 0.0
    for low, high in spans:
        if high > low:
            yield low, high, at
            at += high - low


def _window(span: Span, end: float) -> Span:
    """Open a span at the picture's own rim, so that it includes anything anchored beyond."""
    low, high = span
    return (low if low > 0 else -math.inf, high if high < end else math.inf)


def _in(at: float, span: Span) -> bool:
    return span[0] <= at < span[1]


def _marks(element: ET.Element) -> ET.Element:
    """Copy the chart without texts and without its words for screen readers."""
    copy = _bare(element)
    copy.extend(_marks(child) for child in element if child.tag != f"{{{_SVG}}}text")
    return copy


def _texts(element: ET.Element, x: float, y: float, across: Span, down: Span) -> ET.Element | None:
    """Copy only the texts that are anchored in a window; None if there are none."""
    x, y = _moved(element, x, y)
    copy = _bare(element)
    if element.tag == f"{{{_SVG}}}text":
        if not (_in(x, across) and _in(y, down)):
            return None
        copy.text = element.text
        copy.extend(element)
        return copy
    if element.tag == f"{{{_SVG}}}defs":
        return None  # the marks bring them
    found = [_texts(child, x, y, across, down) for child in element]
    copy.extend(each for each in found if each is not None)
    return copy if len(copy) else None


def _bare(element: ET.Element) -> ET.Element:
    kept = {k: v for k, v in element.attrib.items() if not k.startswith(("aria", "role", "{"))}
    return ET.Element(element.tag, kept)


def _walk(
    element: ET.Element, x: float, y: float, inside: str
) -> Iterator[tuple[ET.Element, float, float, str]]:
    """Yield every element with its coordinates' origin and the class of its group."""
    x, y = _moved(element, x, y)
    yield element, x, y, inside
    name = element.get("class", "")
    for child in element:
        yield from _walk(child, x, y, name if name.startswith("mark-") else inside)


def _things(root: ET.Element) -> Iterator[_Thing]:
    for element, x, y, inside in _walk(root, 0.0, 0.0, ""):
        if element.tag == f"{{{_SVG}}}text":
            yield _text_thing(element, x, y)
        elif element.tag == f"{{{_SVG}}}path" and "role-mark" in inside:
            found = _BOX.match(element.get("d", ""))
            if "mark-symbol" in inside:
                yield _Thing(x, y, (x - _SYMBOL, x + _SYMBOL), (y - _SYMBOL, y + _SYMBOL), True)
            elif found:
                dx, dy, wide, high = (float(each) for each in found.groups())
                across, down = (x + dx, x + dx + wide), (y + dy, y + dy + high)
                yield _Thing(across[0], down[0], across, down, True)


def _rules(root: ET.Element, long: float) -> Iterator[float]:
    for element, _, y, inside in _walk(root, 0.0, 0.0, ""):
        level = element.tag == f"{{{_SVG}}}line" and float(element.get("y2", 0)) == 0
        if level and "role-mark" in inside and abs(float(element.get("x2", 0))) > long:
            yield y - RIM


def _text_thing(element: ET.Element, x: float, y: float) -> _Thing:
    size = _pixels(element.get("font-size")) or 12.0
    lines = [element.text or "", *("".join(each.itertext()) for each in element)]
    # an em for Hangul, a little over half of one for the rest
    long = max(sum(1.0 if letter >= "ᄀ" else 0.58 for letter in line) for line in lines) * size
    more = sum(float(each.get("dy", 0)) for each in element)
    before = {"middle": long / 2, "end": long}.get(element.get("text-anchor", ""), 0.0)
    turn = _TURN.search(element.get("transform", ""))
    angle = math.radians(float(turn.group(1))) if turn else 0.0
    ends = sorted(x + side * math.cos(angle) for side in (-before, long - before))
    down = (y - 0.85 * size, y + more + 0.25 * size)
    return _Thing(x, y, (ends[0], ends[1]), down, angle == 0)


def _moved(element: ET.Element, x: float, y: float) -> tuple[float, float]:
    found = _MOVE.search(element.get("transform", ""))
    return (x + float(found.group(1)), y + float(found.group(2))) if found else (x, y)


def _pixels(value: str | None) -> float:
    found = re.match(r"[\d.]+", value or "")
    return float(found.group(0)) if found else 0.0
