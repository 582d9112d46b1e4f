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
    from .ocr import OcrEngine

DPI, PIXELS = 300, 40_000_000  # of a page as it is drawn, at most; A3 at 300 dpi has 17 million
MARGIN = 3.0  # points around a part
WHITE = 12  # pixels around it: Tesseract misses letters at an edge
# Tesseract's page segmentation: columns, paragraphs and lines, all upright; one block of lines
AUTO, BLOCK = 3, 6
LEGIBLE = 60.0  # of 100: a part read with less confidence has no usable text

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class OcrWord:
    """A word with its box in pixels; `place` are Tesseract's block, paragraph and line."""

    text: str
    box: Box
    confidence: float  # 0 to 100: Tesseract's own, no probability
    place: tuple[str, str, str]


def mean_confidence(words: list[OcrWord]) -> float:
    """Return the mean over characters; 0 without any."""
    many = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / many if many else 0.0


def read_parts(engine: OcrEngine, content: bytes, number: int) -> list[list[OcrWord]]:
    """Return the words, in points, of each part of a page that is not text.

    A part in which nothing is legible has none. Raises Refused if PDFium can't draw the page.
    """
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


def _read(
    engine: OcrEngine, part: Part, grey: Pixels, scale: float, lines: list[Line]
) -> list[OcrWord]:
    """Return the words of a part. Existing text is painted over, unless it belongs to the part."""
    x0, y0, x1, y1 = _pixels(part.box, MARGIN, scale, grey)
    pixels = grey[y0:y1, x0:x1].copy()
    over = part.why in ("picture", "curves")
    for line in lines if over else ():
        left, top, right, bottom = _pixels(line.box, 0.5, scale, grey)
        left, top, right, bottom = np.clip([left - x0, top - y0, right - x0, bottom - y0], 0, None)
        pixels[top:bottom, left:right] = 255
    if min(pixels.shape) < 8:
        return []
    padded = np.pad(pixels, WHITE, constant_values=255)
    words = engine.words(padded, scale * 72, AUTO if over else BLOCK)
    if mean_confidence(words) < LEGIBLE:
        return []
    x, y = x0 - WHITE, y0 - WHITE
    return [
        replace(word, box=((a + x) / scale, (b + y) / scale, (c + x) / scale, (d + y) / scale))
        for word in words
        for a, b, c, d in [word.box]
    ]


def _pixels(box: Box, margin: float, scale: float, grey: Pixels) -> tuple[int, int, int, int]:
    height, width = grey.shape
    x0, y0 = int((box[0] - margin) * scale), int((box[1] - margin) * scale)
    x1, y1 = math.ceil((box[2] + margin) * scale), math.ceil((box[3] + margin) * scale)
    return max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)


def _many(parts: int) -> str:
    return "1 part" if parts == 1 else f"{parts} parts"


def parts_note(parts: list[list[OcrWord]], engine: str) -> str:
    """Return a note on the OCR of a page's parts, by their words."""
    read = [each for each in parts if each]
    words = [word for each in read for word in each]
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
