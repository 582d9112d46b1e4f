"""Parts of a PDF page that show something without a text of it: OCR must read them.

A page with some text may not be readable as a whole: it may be a stamp on a scan, digits may be
glyphs without Unicode values, paragraphs may be drawn as curves, a text layer may be garbled. Each
such part is a box with a reason. OCR finds the same parts again (`ocr`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import pdf_calls as calls
from .garbled import garbled_lines
from .pdf_lines import Line, read_lines, wide_box
from .pdf_seen import FAINT, Drawn
from .pdf_shapes import Shapes, Text, collect_shapes, placing
from .reading import Box, are_near, boxed

PICTURE = 0.04  # of the page: a smaller picture is a logo or a seal
SIDE = 40.0  # points: so is one of which a side is shorter
WRITTEN = 0.15  # of a picture's area: with more text on it, it is the page's background
LETTERS = 12  # shapes in rows from which they may be a text drawn as curves
ROW = 4  # of them in a row
LOOKED_AT = 20_000  # shapes of a page
MOST = 40  # parts of one page: beyond that they are joined to one

NARROW = 0.12  # of a line's height: a narrower gap is the edge of a letter
GLYPHS_APART = 0.4  # of it: closer ones are one gap
UNSAID = (1.5, 0.25)  # points, and of its height, that a text may reach beyond its characters

Size = tuple[float, float]

REASONS = {
    "picture": "a picture",
    "curves": "text drawn as curves",
    "glyphs": "lines in which letters or digits are drawn and have no characters",
    "garbled": "a text layer that makes no sense",
}


@dataclass(frozen=True)
class Part:
    """A part of a page that has to be read from its picture."""

    box: Box
    why: str  # one of REASONS


class Looked:
    """The lines of a PDF page, and its parts that are not text."""

    def __init__(self, held: Any) -> None:
        self.place, self.textpage = placing(held), held.get_textpage()
        self.found, self.drawn = collect_shapes(held, self.place), Drawn(held)
        backward = self.found.backward
        self.lines, self.unplaced = read_lines(self.textpage, self.place, backward)
        self.missing = _missing_glyphs(self.found, self.lines, self.drawn)
        size = held.get_size()
        has_text = self.lines or self.unplaced
        # a page without any text is read by OCR as a whole
        self.parts = _unread_parts(self.found, self.lines, self.missing, size) if has_text else []


def _unread_parts(
    found: Shapes, lines: list[Line], missing: list[tuple[Line, list[Box]]], size: Size
) -> list[Part]:
    """Return the parts of a page whose text is only visible, from top to bottom.

    `missing` are the lines of `missing_glyphs`.
    """
    parts = [Part(box, "picture") for box in _pictures(found, lines, size)]
    for line, gaps in missing:
        parts.append(Part(boxed([line.box, *gaps]) or line.box, "glyphs"))
    parts += [Part(box, "curves") for box in _curves(found, lines, parts)]
    parts += [Part(box, "garbled") for box in _garbled(lines)]
    joined = _joined(parts)
    return [Part(_on_page(part.box, size), part.why) for part in joined]


def unread_note(parts: list[Part]) -> str:
    """Say which parts of a page are not text, for a note."""
    whys = [(why, sum(part.why == why for part in parts)) for why in REASONS]
    listed = ", ".join(f"{REASONS[why]} ({many})" for why, many in whys if many)
    places = "; ".join("{:.0f},{:.0f}-{:.0f},{:.0f}".format(*part.box) for part in parts[:8])
    more = f" and {len(parts) - 8} more" if len(parts) > 8 else ""
    return f"{listed}, at {places}{more} (points from the upper left corner)"


def _on_page(box: Box, size: Size) -> Box:
    return (max(box[0], 0.0), max(box[1], 0.0), min(box[2], size[0]), min(box[3], size[1]))


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def common_area(a: Box, b: Box) -> float:
    """Return the area that two boxes share."""
    return _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _pictures(found: Shapes, lines: list[Line], size: Size) -> list[Box]:
    """Return pictures large enough for text, with hardly any of the page's text on them.

    A picture with invisible text on it was read by another program's OCR.
    """
    strips = [_on_page(box, size) for box in found.pictures]
    kept = []
    for box in _touching([box for box in strips if _area(box) > 0]):
        if _area(box) < PICTURE * size[0] * size[1]:
            continue
        if min(box[2] - box[0], box[3] - box[1]) < SIDE:
            continue
        if any(text.unseen and common_area(text.box, box) > 0 for text in found.texts):
            continue
        if sum(common_area(line.box, box) for line in lines) < WRITTEN * _area(box):
            kept.append(box)
    return kept


def _touching(boxes: list[Box]) -> list[Box]:
    """Join boxes that touch: a scan is often cut into strips."""
    joined: list[Box] = []
    for box in sorted(boxes, key=lambda each: (each[1], each[0]))[:2_000]:
        grown = box
        while near := [each for each in joined if are_near(each, grown, 2.0)]:
            joined = [each for each in joined if each not in near]
            grown = boxed([grown, *near]) or grown
        joined.append(grown)
    return joined


def _curves(found: Shapes, lines: list[Line], parts: list[Part]) -> list[Box]:
    """Return rows of small filled shapes without text: letters drawn as curves."""
    if len(found.curves) < LETTERS:
        return []
    boxes = [line.box for line in lines] + [part.box for part in parts]
    free = _free(found.curves, boxes)
    rows = []
    for row in level_rows(free):
        high = max(box[3] - box[1] for box in row)
        run: list[Box] = []
        for box in sorted(row):
            if run and box[0] - run[-1][2] > 1.5 * high:
                rows.append(run)
                run = []
            run.append(box)
        rows.append(run)
    kept = [row for row in rows if len(row) >= ROW]
    if sum(map(len, kept)) < LETTERS:
        return []
    around = [boxed(row) for row in kept]
    return _blocks([box for box in around if box])


def level_rows(boxes: list[Box]) -> Iterator[list[Box]]:
    """Yield boxes in rows, from top to bottom."""
    row: list[Box] = []
    for box in sorted(boxes, key=lambda each: each[1] + each[3]):
        if row and (box[1] + box[3]) / 2 > max(each[3] for each in row):
            yield row
            row = []
        row.append(box)
    if row:
        yield row


def _blocks(rows: list[Box]) -> list[Box]:
    """Join rows that follow each other as lines of a paragraph do."""
    joined: list[Box] = []
    for box in sorted(rows, key=lambda each: each[1]):
        high = box[3] - box[1]
        near = [each for each in joined if are_near(each, box, 1.5 * high)]
        joined = [each for each in joined if each not in near]
        joined.append(boxed([box, *near]) or box)
    return joined


def _missing_glyphs(found: Shapes, lines: list[Line], drawn: Drawn) -> list[tuple[Line, list[Box]]]:
    """Return lines in which letters or digits are drawn without characters, and their places."""
    gaps = _curved_gaps(found, lines)
    short = _lost(found.texts, lines)
    lost = [each for each in short if not _is_blank(each, lines) and drawn.ink(each.box) >= FAINT]
    if lost:
        # only lines at the height of such a text can have lost a character
        near = _level_with(lines, [text.box for text in lost])
        around = _level_with(lines, [lines[number].box for number in near])
        boxes = {number: _with_ends(lines[number], lost) for number in near}
        middles = {number: drawn.window(_middle(box)) for number, box in boxes.items()}
        left = _unexplained([*middles.values()], [lines[number] for number in around], drawn)
        for number in near:
            if window := middles[number]:
                found_here = _inked_gaps(boxes[number], window, left, drawn.scale)
                gaps.setdefault(number, []).extend(found_here)
    return [(lines[number], sorted(boxes)) for number, boxes in sorted(gaps.items()) if boxes]


def _level_with(lines: list[Line], boxes: list[Box]) -> list[int]:
    """Return the numbers of lines that share some height with a box."""
    return [
        number
        for number, line in enumerate(lines)
        if any(line.box[1] < box[3] and box[1] < line.box[3] for box in boxes)
    ]


def _curved_gaps(found: Shapes, lines: list[Line]) -> dict[int, list[Box]]:
    """Return, by line, places at its characters that have letters drawn as curves."""
    free = _free(found.curves, [run for line in lines for run in line.runs])
    gaps: dict[int, list[Box]] = {}
    for number, line in enumerate(lines if free else ()):
        x0, y0, x1, y1 = line.box
        high = sorted(run[3] - run[1] for run in line.runs)[len(line.runs) // 2]
        row = [
            box
            for box in free
            if y0 - 1 < (box[1] + box[3]) / 2 < y1 + 1 and box[3] - box[1] < 1.3 * high
        ]
        for group in _grouped(row, 0.5 * high):
            box = boxed(group) or line.box
            apart = min(max(box[0] - run[2], run[0] - box[2], 0.0) for run in line.runs)
            # a bullet has more room beside it than a digit
            if apart < (0.4 if len(group) == 1 else 1.2) * high and box[2] - box[0] < x1 - x0:
                gaps.setdefault(number, []).append(box)
    return gaps


def _free(boxes: list[Box], runs: list[Box]) -> list[Box]:
    """Return the boxes whose centre is in no run of text."""
    if not boxes or not runs:
        return boxes
    box, run = np.array(boxes[:LOOKED_AT]), np.array(runs)
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    taken = np.zeros(len(box), bool)
    for first in range(0, len(run), 256):
        r = run[first : first + 256].T[:, None, :]
        on = (x[:, None] > r[0]) & (x[:, None] < r[2])
        taken |= (on & (y[:, None] > r[1]) & (y[:, None] < r[3])).any(1)
    return [boxes[i] for i in np.flatnonzero(~taken)]


def _grouped(row: list[Box], apart: float) -> list[list[Box]]:
    """Return the boxes of a row in groups of close neighbours."""
    groups: list[list[Box]] = []
    for box in sorted(row):
        if groups and box[0] - max(each[2] for each in groups[-1]) <= apart:
            groups[-1].append(box)
        else:
            groups.append([box])
    return groups


Window = tuple[slice, slice]


def _unexplained(
    windows: Iterable[Window | None], lines: list[Line], drawn: Drawn
) -> NDArray[np.bool_]:
    """Return the places, of those in some windows, with ink of text and no character."""
    left = np.zeros(drawn.shape, bool)
    for window in windows:
        if window:
            left[window] = drawn.text_ink(window) >= FAINT
    for line in lines:
        for index, char, ink in zip(line.chars, line.text, line.inks, strict=True):
            if char.isspace():
                continue
            wide = wide_box(line.textpage, index, line.place)
            box = boxed(each for each in (ink, wide) if each)
            if box is not None and (window := drawn.window(box)):
                left[window] = False
    return left


def _inked_gaps(box: Box, window: Window, left: NDArray[np.bool_], scale: float) -> Iterator[Box]:
    """Yield the places of a line's box with unexplained ink in the window of its middle."""
    high = box[3] - box[1]
    columns = np.flatnonzero(left[window].any(0)) + window[1].start
    for group in _grouped(
        [(float(each), 0.0, float(each + 1), 0.0) for each in columns], GLYPHS_APART * high * scale
    ):
        first, last = group[0][0] / scale, group[-1][2] / scale
        if last - first > NARROW * high:
            yield (first, box[1], last, box[3])


def _middle(box: Box) -> Box:
    high = box[3] - box[1]
    return box[0], box[1] + 0.2 * high, box[2], box[3] - 0.2 * high


def _with_ends(line: Line, lost: list[Text]) -> Box:
    """Return a line's box with the texts at its ends that reach beyond its characters."""
    x0, y0, x1, y1 = line.box
    high = y1 - y0
    beside = [
        text.box
        for text in lost
        if y0 < (text.box[1] + text.box[3]) / 2 < y1
        and text.box[0] < x1 + high
        and text.box[2] > x0 - high
    ]
    return boxed([line.box, *beside]) or line.box


def with_gaps(lines: list[Line], missing: list[tuple[Line, list[Box]]]) -> list[Line]:
    """Return lines with a sign in the place of each text that has no Unicode value."""
    gaps = {id(line): boxes for line, boxes in missing}
    return [line.marked(gaps[id(line)]) if id(line) in gaps else line for line in lines]


def _lost(texts: list[Text], lines: list[Line]) -> list[Text]:
    """Return texts of which more is drawn than the text layer has characters for."""
    runs = [run for line in lines for run in line.runs]
    seen = [text for text in texts if not text.unseen]
    if not runs or not seen:
        return []
    run, box = np.array(runs), np.array([text.box for text in seen])
    wide, high = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    y = (box[:, 1] + box[:, 3]) / 2
    held = np.zeros(len(seen))
    for first in range(0, len(runs), 256):
        r = run[first : first + 256].T[:, None, :]
        on = np.minimum(box[:, 2:3], r[2]) - np.maximum(box[:, 0:1], r[0])
        level = (y[:, None] >= r[1] - 1) & (y[:, None] <= r[3] + 1)
        held += np.where(level, on.clip(0), 0).sum(1)
    short = wide - held > np.maximum(UNSAID[0], UNSAID[1] * high)
    return [seen[i] for i in np.flatnonzero(short & (high > 1.0))]


def _is_blank(text: Text, lines: list[Line]) -> bool:
    """Return whether blanks fill the gaps between a text's letters, so that no ink is lost."""
    x0, _, x1, _ = text.box
    taken = []
    for number in _level_with(lines, [text.box]):
        line = lines[number]
        taken += [(run[0], run[2]) for run in line.runs]
        for index, char in zip(line.chars, line.text, strict=True):
            generated = calls.is_generated(line.textpage, index)
            if char.isspace() and not generated:
                box = wide_box(line.textpage, index, line.place)
                taken += [(box[0], box[2])] if box else []
    free, end = 0.0, x0
    for first, last in sorted(taken):
        free += max(0.0, min(first, x1) - end)
        end = max(end, last)
    free += max(0.0, x1 - end)
    return free <= max(UNSAID[0], UNSAID[1] * (text.box[3] - text.box[1]))


def _garbled(lines: list[Line]) -> list[Box]:
    """Runs of lines whose text makes no sense."""
    bad = garbled_lines([line.text.replace("\n", " ") for line in lines])
    kept = []
    for is_bad, some in groupby(zip(bad, lines, strict=True), key=lambda each: each[0]):
        if is_bad and (box := boxed(line.box for _, line in some)):
            kept.append(box)
    return kept


def _joined(parts: list[Part]) -> list[Part]:
    """Return parts without those within another; too many become one."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda each: -_area(each.box)):
        if not any(common_area(part.box, each.box) > 0.6 * _area(part.box) for each in kept):
            kept.append(part)
    if len(kept) > MOST:
        whole = boxed(part.box for part in kept)
        kept = [Part(whole, kept[0].why)] if whole else []
    return sorted(kept, key=lambda each: (each.box[1], each.box[0]))
