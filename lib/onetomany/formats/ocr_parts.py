"""OCR of the parts of a PDF page that are not text; its own text stays unchanged."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from .pdf_lines import Line
from .pdf_unread import Looked, Part
from .reading import Box, Refused

if TYPE_CHECKING:
    from .ocr import OcrEngine, OcrWord

DPI, PIXELS = 300, 40_000_000  # of the page as it is drawn for this
MARGIN = 3.0  # points around a part
WHITE = 12  # pixels around it: Tesseract misses letters at an edge
# Tesseract's page segmentation: all upright text, and one block of lines
_AUTO, _BLOCK = 3, 6
LEGIBLE = 60.0  # of 100: a part read with less confidence has no usable text

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class PartRead:
    """A part of a page, and its words in points; none if nothing in it is legible."""

    part: Part
    words: list[OcrWord]


def read_parts(engine: OcrEngine, content: bytes, number: int) -> list[PartRead]:
    """Read the parts of a page that are not text; [] if there is none. Raises Refused."""
    try:
        with pdfium.PdfDocument(content) as pdf:
            held = pdf[number - 1]
            looked = Looked(held)
            if not looked.parts:
                return []
            width, height = held.get_size()
            scale = min(DPI / 72, math.sqrt(PIXELS / (width * height)))
            drawn = held.render(scale=scale, grayscale=True).to_numpy()
            grey = np.ascontiguousarray(drawn.reshape(drawn.shape[:2]))
            return [_read(engine, part, grey, scale, looked.lines) for part in looked.parts]
    except pdfium.PdfiumError as error:
        raise Refused(f"PDFium can't draw it: {error}") from error


def _read(engine: OcrEngine, part: Part, grey: Pixels, scale: float, lines: list[Line]) -> PartRead:
    """Return the words of a part. Existing text is painted over, unless it belongs to the part."""
    x0, y0, x1, y1 = _pixels(part.box, MARGIN, scale, grey)
    pixels = grey[y0:y1, x0:x1].copy()
    if part.why in ("picture", "curves"):
        for line in lines:
            left, top, right, bottom = _pixels(line.box, 0.5, scale, grey)
            pixels[
                max(top - y0, 0) : max(bottom - y0, 0), max(left - x0, 0) : max(right - x0, 0)
            ] = 255
    if min(pixels.shape) < 8:
        return PartRead(part, [])
    padded = np.pad(pixels, WHITE, constant_values=255)
    segments = _AUTO if part.why in ("picture", "curves") else _BLOCK
    words = engine.words(padded, scale * 72, segments)
    many = sum(len(word.text) for word in words)
    sure = sum(word.confidence * len(word.text) for word in words)
    if not many or sure / many < LEGIBLE:
        return PartRead(part, [])
    return PartRead(part, [_placed(word, x0 - WHITE, y0 - WHITE, scale) for word in words])


def _pixels(box: Box, margin: float, scale: float, grey: Pixels) -> tuple[int, int, int, int]:
    height, width = grey.shape
    x0, y0 = int((box[0] - margin) * scale), int((box[1] - margin) * scale)
    x1, y1 = math.ceil((box[2] + margin) * scale), math.ceil((box[3] + margin) * scale)
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _placed(word: OcrWord, left: int, top: int, scale: float) -> OcrWord:
    x0, y0, x1, y1 = word.box
    return replace(
        word, box=((x0 + left) / scale, (y0 + top) / scale, (x1 + left) / scale, (y1 + top) / scale)
    )


def _many(parts: int) -> str:
    return "1 part" if parts == 1 else f"{parts} parts"


def said_of(parts: list[PartRead], engine: str) -> str:
    """Return a note on the OCR of a page's parts."""
    read = [each for each in parts if each.words]
    words = [word for each in read for word in each.words]
    unsure = sum(word.confidence < LEGIBLE for word in words)
    empty = len(parts) - len(read)
    told = []
    if words:
        mean = sum(word.confidence for word in words) / len(words)
        told.append(
            f"OCR ({engine}) read {_many(len(read))} of this page with a mean confidence "
            f"of {mean:.0f} of 100; {unsure} of {len(words)} words are below {LEGIBLE:.0f}. They "
            "follow the page's text, in blocks whose extractor begins with 'ocr:', each with its "
            "place. Check names and figures against the picture."
        )
    if empty:
        told.append(f"In {_many(empty)} OCR ({engine}) found no legible text.")
    return " ".join(told)
