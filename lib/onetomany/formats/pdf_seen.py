"""Text of a PDF that no reader sees: covered, in its background's colour, tiny, off the page.

Cheap signs come first: something painted over text, a colour that is too light, a size, a place.
Only a page with such a sign is drawn, once as it is and once without its text. If the two
drawings agree at a text, it leaves no ink: it can't be seen.
"""

import ctypes
import math
import re
from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import PdfBitmap, raw

from .pdf_lines import Line
from .pdf_shapes import LAST, Cover, Shapes, Text, page_objects
from .reading import Box, are_near, centre_of, is_within

SCALE, PIXELS = 2.0, 8_000_000  # pixels for a point, and of a drawn page at most
STRIPE = 64  # rows of pixels that are drawn together
FAINT = 10  # of 255: ink that differs less from its background can't be seen
DIM, SHADE = 0.6, 160  # the share of its contrast that dimmed text keeps; how dark its ground is
# of 255: text as light as this may be unseen on white; colours as near are one
LIGHT, NEAR = 190, 40
WORD = 0.7  # of a word's letters: with more unseen, all are
TINY = 1.5  # points: type of this size can't be read
_CHUNK = 256  # shapes compared with all texts at a time

Pixels = NDArray[np.uint8]


class Drawn:
    """A page drawn twice, as it is shown and without its text; of both, the rows asked for."""

    def __init__(self, held: Any) -> None:
        self.held = held
        width, height = held.get_size()
        self.scale = min(SCALE, (PIXELS / max(width * height, 1.0)) ** 0.5)
        self.shape = math.ceil(height * self.scale), math.ceil(width * self.scale)
        self._made: set[tuple[bool, int]] = set()

    @cached_property
    def _pages(self) -> tuple[Pixels, Pixels]:
        # memory that is never written to costs nothing
        return np.empty((*self.shape, 4), np.uint8), np.empty((*self.shape, 4), np.uint8)

    @cached_property
    def _texts(self) -> list[Any]:
        return [item for item, kind, _ in page_objects(self.held) if kind == raw.FPDF_PAGEOBJ_TEXT]

    def forget(self) -> None:
        """Free the memory of the drawing."""
        self.__dict__.pop("_pages", None)
        self._made.clear()

    def pixels(self, window: tuple[slice, slice], *, bare: bool) -> Pixels:
        """Return a window of the page, drawn with its text or without (`bare`)."""
        stripes = range(window[0].start // STRIPE, (window[0].stop - 1) // STRIPE + 1)
        if missing := [each for each in stripes if (bare, each) not in self._made]:
            self._draw(missing[0] * STRIPE, min((missing[-1] + 1) * STRIPE, self.shape[0]), bare)
            self._made.update((bare, each) for each in missing)
        return self._pages[bare][window]

    def _draw(self, top: int, below: int, bare: bool) -> None:
        """Draw the rows from `top` to `below`; text is switched off for it, and on again."""
        rows = self._pages[bare][top:below]
        buffer = (ctypes.c_ubyte * rows.size).from_buffer(rows.data)
        cut = (self.shape[0] - below - 0.5) / self.scale, (top - 0.5) / self.scale
        for item in self._texts if bare else ():
            raw.FPDFPageObj_SetIsActive(item, False)
        try:
            self.held.render(
                scale=self.scale,
                crop=(0, cut[0], 0, cut[1]),
                bitmap_maker=partial(PdfBitmap.new_native, buffer=buffer),
                rev_byteorder=True,
                prefer_bgrx=True,
            )
        finally:
            for item in self._texts if bare else ():
                raw.FPDFPageObj_SetIsActive(item, True)

    def window(self, box: Box) -> tuple[slice, slice] | None:
        """Return the pixels of a box; None if it is off the page."""
        height, width = self.shape
        x0, y0 = int(box[0] * self.scale), int(box[1] * self.scale)
        x1, y1 = math.ceil(box[2] * self.scale), math.ceil(box[3] * self.scale)
        rows, columns = slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))
        inside = rows.start < rows.stop and columns.start < columns.stop
        return (rows, columns) if inside else None

    def text_ink(self, window: tuple[slice, slice]) -> Pixels:
        """Return by how much text changes each pixel of a window, of 255."""
        a, b = self.pixels(window, bare=False), self.pixels(window, bare=True)
        apart = np.maximum(a, b) - np.minimum(a, b)
        ink: Pixels = np.maximum(np.maximum(apart[..., 0], apart[..., 1]), apart[..., 2])
        return ink

    def ink(self, box: Box) -> int:
        """Return by how much text changes the page within a box."""
        window = self.window(box)
        return int(self.text_ink(window).max()) if window else 0

    def share(self, box: Box) -> float:
        """Return the share of a box's columns that text changes."""
        window = self.window(box)
        return float((self.text_ink(window) >= FAINT).any(0).mean()) if window else 0.0

    def ground(self, box: Box) -> int:
        """Return the lightness of the page within a box, without its text."""
        window = self.window(box)
        return int(np.median(self.pixels(window, bare=True)[..., :3])) if window else 255

    def is_uniform(self, box: Box) -> bool:
        window = self.window(box)
        if window is None:
            return True
        return int(np.ptp(self.pixels(window, bare=False)[..., :3], axis=(0, 1)).max()) < FAINT


def unseen_text(
    lines: list[Line], covers: list[Cover], found: Shapes, drawn: Drawn
) -> dict[int, str]:
    """Return of each character that can't be seen the kind of block that it belongs to.

    `covers` are those of `found`, and the annotations.
    """
    size = drawn.held.get_size()
    suspects = [found.texts[i] for i in _suspects(found.texts, covers, size)]
    marked = [cover for cover in covers if not cover.applied]
    unseen: dict[int, str] = {}
    if not suspects and not marked:
        return unseen
    page = (1.0, 1.0, size[0] - 1.0, size[1] - 1.0)
    for line in lines:
        if not are_near(line.box, page):
            unseen |= dict.fromkeys(line.chars, "hidden")
            continue
        near = [text for text in suspects if are_near(text.box, line.box)]
        marks = [cover for cover in marked if are_near(cover.box, line.box)]
        over = [cover for cover in covers if are_near(cover.box, line.box)] if near else []
        for index, box in _characters(line) if near or marks else ():
            point = centre_of(box)
            if any(is_within(point, mark.box) for mark in marks):
                unseen[index] = "under_redaction"
                continue
            if not is_within(point, page):
                continue  # a line that is longer than the page is wide
            text = next((text for text in near if is_within(point, text.box, 1.0)), None)
            on = [cover for cover in over if is_within(point, cover.box)]
            if text and (kind := _kind(box, text, on, drawn)):
                unseen[index] = kind
        if near and not unseen.keys().isdisjoint(line.chars):
            _whole_words(line, unseen)
    return unseen


def _whole_words(line: Line, unseen: dict[int, str]) -> None:
    """Count a word as unseen of which hardly a letter is seen: its edge shows beside a box."""
    for word in re.finditer(r"\S+", line.text):
        places = line.chars[word.start() : word.end()]
        kinds = [unseen[place] for place in places if place in unseen]
        if WORD * len(places) <= len(kinds) < len(places):
            unseen |= dict.fromkeys(places, kinds[0])


def _characters(line: Line) -> Iterator[tuple[int, Box]]:
    for index, char, box in zip(line.chars, line.text, line.inks, strict=True):
        if box is not None and not char.isspace():
            yield index, box


def _kind(box: Box, text: Text, on: list[Cover], drawn: Drawn) -> str | None:
    """Return why a character can't be seen; None if it can, or was never meant to be."""
    after = [cover for cover in on if cover.order > text.order]
    if text.unseen:
        # invisible text on a picture never leaves ink: the picture itself counts
        solid = [c for c in after if c.order == LAST or (c.colour and c.colour[3] > 200)]
        return "under_redaction" if solid and drawn.is_uniform(box) else None
    ink = drawn.ink(box)
    if ink < FAINT:
        dark = [c for c in on if c.colour and _light(c.colour) < 128]
        return "under_redaction" if after or dark else "hidden"
    if after and drawn.share(box) < 0.5:  # all but an edge of the letter is covered
        return "under_redaction"
    own = 255 - _light(text.colour)
    if after and ink < DIM * own and drawn.ground(box) < SHADE:
        return "under_redaction"
    return "hidden" if text.size < TINY else None


def _light(colour: tuple[int, int, int, int]) -> float:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def _suspects(texts: list[Text], covers: list[Cover], size: tuple[float, float]) -> list[int]:
    """Return the texts that may be invisible."""
    if not texts:
        return []
    box = np.array([text.box for text in texts])
    colour = np.array([text.colour for text in texts], np.int32)
    order = np.array([text.order for text in texts])
    unseen = np.array([text.unseen for text in texts])
    x, y = (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2
    off = (x < 0) | (y < 0) | (x > size[0]) | (y > size[1])
    tiny = np.array([text.size < TINY for text in texts])
    pale = (colour[:, :3].min(1) > LIGHT) | (colour[:, 3] < 100)
    over, contrasted = np.zeros(len(texts), bool), np.zeros(len(texts), bool)
    held = [c for c in covers if c.box[2] - c.box[0] > 2 and c.box[3] - c.box[1] > 2]
    for first in range(0, len(held), _CHUNK):
        some = held[first : first + _CHUNK]
        shape = np.array([cover.box for cover in some])
        wide = np.minimum(box[:, None, 2], shape[None, :, 2]) - np.maximum(
            box[:, None, 0], shape[None, :, 0]
        )
        high = np.minimum(box[:, None, 3], shape[None, :, 3]) - np.maximum(
            box[:, None, 1], shape[None, :, 1]
        )
        on = (wide > 1.0) & (high > 0.3 * (box[:, 3] - box[:, 1])[:, None])
        when = np.array([cover.order for cover in some])[None, :]
        fill = np.array([cover.colour or (-255, -255, -255, 255) for cover in some], np.int32)
        apart = np.abs(colour[:, None, :3] - fill[None, :, :3]).max(2)
        plain, solid = fill[None, :, 0] >= 0, fill[None, :, 3] > 200
        after, before = on & (when > order[:, None]), on & (when < order[:, None])
        over |= (after & (fill[None, :, 3] > 60)).any(1)
        over |= (before & plain & solid & (apart < NEAR)).any(1)
        contrasted |= (before & plain & solid & (apart > 2 * NEAR)).any(1)
    suspect = over | (~unseen & (off | tiny | (pale & ~contrasted)))
    return [int(i) for i in np.flatnonzero(suspect)]
