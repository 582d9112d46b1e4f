"""Text of scans: a page as pixels goes to Tesseract, its words come back with their places.

Tesseract is a system package (Apache-2.0), used as a library by its C API, in a caged process as
documents are. So the kit starts no program, writes no picture to a file and needs no second
sandbox; all forks share the models, which are loaded before files are given up. Each page is read
in its own fork from the same state, so its text doesn't depend on earlier pages, and within
limits of memory and time as every document.

Smith, An overview of the Tesseract OCR engine, ICDAR 2007; its lines are read by an LSTM since
version 4.
"""

from __future__ import annotations

import ctypes
import io
import math
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onetomany.cage.zygote import Handler
from .extraction import document_handler
from .ocr_parts import AUTO, DPI, PIXELS, OcrWord, Pixels, mean_confidence, parts_note, read_parts
from .pdf_shapes import NESTING
from .reading import Page, Reading, Refused, boxed, clean, sides_of

if TYPE_CHECKING:
    from PIL.Image import Image

LANGUAGES = "kor+eng"  # as Tesseract names them
LEAST = 150  # dpi: a PDF's page is drawn as its scanner saw it, between this and DPI
PICTURE = 100_000_000  # pixels of a picture that is opened at all
SMALL = 1_600  # pixels of the longer side below which a picture is doubled: a screenshot
SOFT = 200  # dpi at which the blur is of one pixel: else noise is taken for parts of letters
UNSURE = 60.0  # of 100: words below are counted as unsure, pages below are tried turned

_NAMES = ("libtesseract.so.5", "libtesseract.5.dylib")
_PLACES = (Path(sys.prefix) / "lib", Path("/opt/homebrew/lib"), Path("/usr/local/lib"))


class OcrMissing(Exception):
    """Why no OCR can be made here."""


@dataclass(frozen=True)
class PageImage:
    """A page as grey pixels, shape (height, width), and its size in its own unit."""

    pixels: Pixels
    dpi: float
    width: float
    height: float
    unit: str


class OcrEngine:
    """Tesseract with its languages loaded. Raises OcrMissing if it or a model isn't here."""

    def __init__(self, languages: str = LANGUAGES) -> None:
        ours = self._library = _library()
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
            ("TessVersion", text, []),
            ("TessBaseAPICreate", pointer, []),
            ("TessBaseAPIInit3", ctypes.c_int, [pointer, text, text]),
            ("TessBaseAPIGetLoadedLanguagesAsVector", ctypes.POINTER(text), [pointer]),
            ("TessBaseAPISetVariable", ctypes.c_int, [pointer, text, text]),
            ("TessBaseAPISetPageSegMode", None, [pointer, ctypes.c_int]),
            ("TessBaseAPISetImage", None, [pointer, pointer, *[ctypes.c_int] * 4]),
            ("TessBaseAPISetSourceResolution", None, [pointer, ctypes.c_int]),
            ("TessBaseAPIRecognize", ctypes.c_int, [pointer, pointer]),
            ("TessBaseAPIGetTsvText", pointer, [pointer, ctypes.c_int]),
            ("TessBaseAPIGetUTF8Text", pointer, [pointer]),
            ("TessBaseAPIClear", None, [pointer]),
            ("TessDeleteText", None, [pointer]),
        ):
            function = getattr(ours, name)
            function.restype, function.argtypes = result, arguments
        self._api = ours.TessBaseAPICreate()
        failed = ours.TessBaseAPIInit3(self._api, None, languages.encode())
        # it continues with one language if it can't load the other
        held = ours.TessBaseAPIGetLoadedLanguagesAsVector(self._api)
        loaded: set[str] = set()
        while not failed and held[len(loaded)]:
            loaded.add(held[len(loaded)].decode())
        if lacking := [each for each in languages.split("+") if each not in loaded]:
            raise OcrMissing(f"Tesseract has no model here for {' and '.join(lacking)}")
        self.name = f"tesseract {ours.TessVersion().decode()} {languages}"
        # otherwise a blank follows every Korean syllable
        ours.TessBaseAPISetVariable(self._api, b"preserve_interword_spaces", b"1")

    def words(self, pixels: Pixels, dpi: float = DPI, segments: int = AUTO) -> list[OcrWord]:
        """Return the words of a grey picture, shape (height, width), in reading order.

        `segments` is Tesseract's page segmentation mode. Raises Refused if it gives up.
        """
        pixels = np.ascontiguousarray(pixels)
        height, width = pixels.shape
        ours, api = self._library, self._api
        ours.TessBaseAPISetPageSegMode(api, segments)
        ours.TessBaseAPISetImage(api, pixels.ctypes.data, width, height, 1, width)
        ours.TessBaseAPISetSourceResolution(api, round(dpi))
        try:
            if ours.TessBaseAPIRecognize(api, None):
                raise Refused("Tesseract gave up on it.")
            table = self._text(ours.TessBaseAPIGetTsvText(api, 0))
            plain = self._text(ours.TessBaseAPIGetUTF8Text(api))
        finally:
            ours.TessBaseAPIClear(api)
        return _joined(_rows(table), plain)

    def _text(self, held: int | None) -> str:
        text = ctypes.string_at(held).decode("utf-8", "replace") if held else ""
        self._library.TessDeleteText(held)
        return text


def _library() -> ctypes.CDLL:
    for name in (*_NAMES, *(str(place / name) for place in _PLACES for name in _NAMES)):
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise OcrMissing("Tesseract 5 isn't installed")


def _rows(table: str) -> Iterable[OcrWord]:
    for row in table.splitlines():
        # level, page, block, paragraph, line, word, left, top, width, height, confidence, text
        level, _, block, paragraph, line, _, *numbers, text = row.split("\t", 11)
        if level == "5" and (text := clean(text)):
            left, top, wide, high, confidence = map(float, numbers)
            box = (left, top, left + wide, top + high)
            yield OcrWord(text, box, confidence, (block, paragraph, line))


def _joined(rows: Iterable[OcrWord], plain: str) -> list[OcrWord]:
    """Return whole words: the table has Korean in syllables, the plain text has the blanks."""
    words: list[OcrWord] = []
    at = 0
    for row in rows:
        found = plain.find(row.text, at)
        parted = found < 0 or found > at
        at = max(found, at) + len(row.text) if found >= 0 else at
        last = words[-1] if words else None
        if last is None or parted or last.place != row.place:
            words.append(row)
            continue
        text, sizes = last.text + row.text, (len(last.text), len(row.text))
        mean = (last.confidence * sizes[0] + row.confidence * sizes[1]) / sum(sizes)
        box = boxed((last.box, row.box)) or row.box
        words[-1] = OcrWord(text, box, mean, row.place)
    return words


def _ocr_reader(languages: str = LANGUAGES) -> Callable[[bytes, str, Reading], None]:
    """Return a function that reads one page into `reading`; its name comes as 'PAGE/NAME'.

    Loads the models: to be called before files are given up. Raises OcrMissing.
    """
    engine = OcrEngine(languages)
    blank = np.full((200, 200), 255, np.uint8)
    engine.words(blank)

    def read(content: bytes, name: str, reading: Reading) -> None:
        from .kinds import media_type

        number, _, rest = name.partition("/")
        is_pdf = media_type(content, rest) == "application/pdf"
        if is_pdf and (parts := read_parts(engine, content, int(number))):
            # it is put after the page's own text
            _add_words(engine, Page(int(number), reading, unit="pt"), parts)
            reading.note("ocr", parts_note(parts, engine.name), int(number))
            return
        draw = _from_pdf if is_pdf else _from_picture
        _read(engine, draw(content, int(number)), int(number), reading)

    return read


def load_ocr(languages: str = LANGUAGES) -> Handler:
    """Load the models, as the cage's task that reads pages of scans."""
    return document_handler(_ocr_reader(languages))


def _read(engine: OcrEngine, sheet: PageImage, number: int, reading: Reading) -> None:
    words, turned = _either_way(engine, sheet, reading.limits.seconds)
    per = sheet.width / sheet.pixels.shape[1]
    words = [replace(word, box=tuple(per * side for side in word.box)) for word in words]
    page = Page(number, reading, width=sheet.width, height=sheet.height, unit=sheet.unit)
    _add_words(engine, page, [words])
    if sheet.dpi < LEAST and sheet.unit == "pt":
        reading.note(
            "limit", f"The page is so large that OCR read it at {sheet.dpi:.0f} dpi.", number
        )
    if not words:
        reading.note("ocr", f"OCR ({engine.name}) found no text on this page.", number)
        return
    sure, unsure = mean_confidence(words), sum(word.confidence < UNSURE for word in words)
    way = " The page is upside down or on its side." if turned else ""
    reading.note(
        "ocr",
        f"Read by OCR ({engine.name}) with a mean confidence of {sure:.0f} of 100; "
        f"{unsure} of {len(words)} words are below {UNSURE:.0f}. Check names and figures against "
        f"the picture.{way}",
        number,
    )


def _add_words(engine: OcrEngine, page: Page, parts: list[list[OcrWord]]) -> None:
    """Add a page with the words of its parts, in paragraphs."""
    page.text_source = "ocr"
    page.reading.pages.append(page)
    page.reading.facts["extractor"] = f"ocr: {engine.name}"
    for words in parts:
        for _, inside in groupby(words, key=lambda word: word.place[:2]):
            _paragraph(page, list(inside))


def _paragraph(page: Page, words: list[OcrWord]) -> None:
    lines = [list(each) for _, each in groupby(words, key=lambda word: word.place)]
    text = "\n".join(" ".join(word.text for word in line) for line in lines)
    span = page.add(text, "paragraph", boxed(word.box for word in words))
    at = span[0] if span else 0
    for word in words:
        page.reading.row(
            "words", page=page.number, char_start=at, char_end=at + len(word.text),
            **sides_of(word.box), confidence=round(word.confidence, 1),
        )  # fmt: skip
        at += len(word.text) + 1


def _either_way(engine: OcrEngine, sheet: PageImage, seconds: float) -> tuple[list[OcrWord], bool]:
    """Return the words of a page, and whether it was read upside down, which is tried second.

    Tesseract itself reads lines that run upwards; all others run so in one of the two.
    """
    # of the processor: the text must not depend on how busy the machine is
    begun = time.process_time()
    words = engine.words(sheet.pixels, sheet.dpi)
    # noise may take long, and text that was read is not put at risk
    if mean_confidence(words) >= UNSURE or time.process_time() - begun > seconds / 4:
        return words, False
    other = engine.words(sheet.pixels[::-1, ::-1], sheet.dpi)
    if _sense(other) <= _sense(words):
        return words, False
    height, width = sheet.pixels.shape
    return [
        replace(word, box=(width - x1, height - y1, width - x0, height - y0))
        for word in other
        for x0, y0, x1, y1 in [word.box]
    ], True


def _sense(words: list[OcrWord]) -> int:
    return sum(len(word.text) for word in words if word.confidence >= UNSURE)


def _from_pdf(content: bytes, number: int) -> PageImage:
    """Return a page drawn as it is shown. Raises Refused if PDFium can't."""
    import pypdfium2 as pdfium

    try:
        with pdfium.PdfDocument(content) as pdf:
            held = pdf[number - 1]
            width, height = held.get_size()
            scale = min(_dpi(held) / 72, math.sqrt(PIXELS / (width * height)))
            drawn = held.render(scale=scale, grayscale=True).to_pil()
    except pdfium.PdfiumError as error:
        raise Refused(f"PDFium can't draw it: {error}") from error
    return PageImage(_soft(drawn, scale * 72), scale * 72, width, height, "pt")


def _dpi(held: Any) -> float:
    """Return the resolution of the page's finest picture; text drawn as curves has none."""
    from pypdfium2 import raw

    found = []
    for item in held.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=NESTING):
        left, bottom, right, top = item.get_bounds()
        pixels, points = max(item.get_px_size()), max(right - left, top - bottom)
        # a logo beside the scan doesn't show the scan's resolution
        if points > max(held.get_size()) / 2:
            found.append(72 * pixels / points)
    return min(max(*found, LEAST), DPI) if found else DPI


def _from_picture(content: bytes, number: int) -> PageImage:
    """Return a picture's frame as it is shown, transparent parts white. Raises Refused."""
    from PIL import Image as pillow
    from PIL import ImageOps

    try:
        with pillow.open(io.BytesIO(content)) as picture:
            picture.seek(number - 1)
            if picture.width * picture.height > PICTURE:
                raise Refused(f"The picture has more than {PICTURE:,} pixels.")
            shown = ImageOps.exif_transpose(picture)
            if shown.has_transparency_data:
                shown = pillow.alpha_composite(
                    pillow.new("RGBA", shown.size, "white"), shown.convert("RGBA")
                )
            grey = shown.convert("L")
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"Pillow can't open the file as a picture: {error}") from error
    width, height = grey.size
    scale = min(2.0 if max(grey.size) < SMALL else 1.0, math.sqrt(PIXELS / (width * height)))
    if scale != 1.0:
        size = (max(1, round(scale * width)), max(1, round(scale * height)))
        grey = grey.resize(size, pillow.Resampling.BICUBIC)
    # its stated resolution is seldom true; it is taken for a page of A4
    dpi = min(max(max(grey.size) / 11.7, 100.0), 600.0)
    return PageImage(_soft(grey, dpi), dpi, float(width), float(height), "px")


def _soft(grey: Image, dpi: float) -> Pixels:
    from PIL import ImageFilter

    soft: Pixels = np.asarray(grey.filter(ImageFilter.GaussianBlur(dpi / SOFT)))
    return soft


def main() -> None:
    """Print the engine's version, or end with the reason why there is none."""
    try:
        print(OcrEngine(*sys.argv[1:2]).name)
    except OcrMissing as missing:
        sys.exit(str(missing))
