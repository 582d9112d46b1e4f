"""The cage's task that draws a page of a PDF, or a picture, and marks the hits on it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from onetomany.cage.zygote import Handler, Send
from .reading import Box, centre_of, is_within

if TYPE_CHECKING:
    from PIL.Image import Image

TASK = "onetomany.formats.drawing:load_page_drawer"
PIXELS = 40_000_000  # of a drawn page, and of the picture that is sent back
PICTURE = 100_000_000  # pixels of a picture that is opened at all
Span = tuple[int, int]


def load_page_drawer() -> Handler:
    """Load PDFium and Pillow."""
    import pypdfium2  # noqa: F401
    from PIL import Image, ImageDraw, ImageOps  # noqa: F401

    Image.init()

    def handle(content: bytes, request: dict[str, Any], send: Send) -> None:
        try:
            if request["pdf"]:
                image, places = _pdf(content, request)
            else:
                image, places = _picture(content, request["page"], request["scale"]), []
            marks = [*request["marks"], *places]
            send(b"P", _marked(image, request["frames"], marks, request["scale"]))
        except Exception as error:
            # errors of a library at a damaged file, as a sentence for the reader
            send(b"X", f"{type(error).__name__}: {error}"[:400].encode("utf-8", "replace"))

    return handle


def _picture(content: bytes, page: int, scale: float) -> Image:
    from PIL import Image as pillow
    from PIL import ImageOps

    with pillow.open(io.BytesIO(content)) as picture:
        picture.seek(page - 1)
        if picture.width * picture.height > PICTURE:
            raise ValueError(f"it has more than {PICTURE:,} pixels")
        shown = ImageOps.exif_transpose(picture).convert("RGBA")
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    white = pillow.new("RGBA", size, "white")
    return pillow.alpha_composite(white, shown.resize(size)).convert("RGB")


class _Block(NamedTuple):
    """A block's text, its start and end in the page's text, and its box."""

    text: str
    start: int
    end: int
    box: Box

    def standing(self, word: str) -> list[int]:
        """Return a word's places in the block, in the page's text."""
        return [self.start + found.start() for found in re.finditer(re.escape(word), self.text)]

    def wanted(self, spans: Sequence[Span]) -> dict[str, set[int]]:
        """Return the parts of the spans in the block, one a line, and their places."""
        found: dict[str, set[int]] = {}
        for first, last in spans:
            begin = max(first, self.start)
            part = self.text[begin - self.start : max(0, min(last, self.end) - self.start)]
            for piece in re.finditer(r"[^\n]+", part):
                found.setdefault(piece[0], set()).add(begin + piece.start())
        return found


def _pdf(content: bytes, request: dict[str, Any]) -> tuple[Image, list[Box]]:
    import pypdfium2

    with pypdfium2.PdfDocument(content) as pdf:
        held = pdf[request["page"] - 1]
        width, height = held.get_size()
        if width * height * request["scale"] ** 2 > PIXELS:
            raise ValueError(f"drawn at this scale it has more than {PIXELS:,} pixels")
        image = held.render(scale=request["scale"]).to_pil().convert("RGB")
        if held.get_rotation():
            return image, []
        blocks = [_Block(*each) for each in request["blocks"]]
        return image, _places(held, blocks, request["spans"])


def _marked(image: Image, frames: list[Box], marks: list[Box], scale: float) -> bytes:
    from PIL import ImageDraw

    ink = ImageDraw.Draw(image, "RGBA")
    for box in marks:
        ink.rectangle([side * scale for side in box], fill=(230, 159, 0, 110))
    for x0, y0, x1, y1 in frames:
        edges = [x0 * scale - 3, y0 * scale - 3, x1 * scale + 3, y1 * scale + 3]
        ink.rectangle(edges, outline=(213, 94, 0, 255), width=2)
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


def _places(held: Any, blocks: list[_Block], spans: Sequence[Span]) -> list[Box]:
    """Return the boxes of spans on a page, from its upper left corner.

    PDFium finds every occurrence of a word. If it finds as many in a block as the block's text
    has, only those of the spans are kept; else all in the block.
    """
    textpage = held.get_textpage()
    left, _, _, top = held.get_mediabox()

    @cache
    def found(word: str) -> list[list[Box]]:
        hits = []
        searcher = textpage.search(word, match_case=True)
        while (hit := searcher.get_next()) is not None:
            sides = [textpage.get_rect(place) for place in range(textpage.count_rects(*hit))]
            hits.append([(x0 - left, top - y1, x1 - left, top - y0) for x0, y0, x1, y1 in sides])
        return hits

    kept = []
    for block in blocks:
        for word, places in block.wanted(spans).items():
            hits = [
                boxes
                for boxes in found(word)
                if boxes and is_within(centre_of(boxes[0]), block.box)
            ]
            at = block.standing(word)
            sure = len(at) == len(hits)
            for number, boxes in enumerate(hits):
                if not sure or at[number] in places:
                    kept += boxes
    return kept
