"""A page as a picture, with what was found on it marked."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .case_file import open_case, original

if TYPE_CHECKING:
    from PIL.Image import Image

SCALE = 1.6  # pixels for a point: a page of A4 is 950 pixels wide
Box = tuple[float, float, float, float]
Span = tuple[int, int]


def page_picture(
    case: Path, document: str, page: int, spans: list[Span], *, scale: float = SCALE
) -> bytes:
    """A PNG of a page of a PDF, or of a picture, drawn from its original, with spans marked.

    `spans` are characters of pages.text, [start, end), as in `search.HITS`. The blocks that hold
    them are framed by the boxes of the case file. The words themselves are marked where the page
    has them as text (a turned page has frames only), or where OCR has found them. `scale` is in
    pixels for a point; a picture is drawn in its own pixels, and smaller where it is larger than
    a page of A4 would be.

    Raises InputError where the document is neither or has no such page, or where its original is
    gone, IntegrityError where that has changed.
    """
    with open_case(case) as db:
        kind = db.execute(
            "select media_type from documents where document = ?", [document]
        ).fetchone()
        held = db.execute(
            "select text, width, height from pages where document = ? and page = ?",
            [document, page],
        ).fetchone()
        blocks = db.execute(
            "select char_start, char_end, x0, y0, x1, y1 from blocks "
            "where document = ? and page = ? and x0 is not null",
            [document, page],
        ).fetchall()
        scanned = db.execute(
            "select char_start, char_end, x0, y0, x1, y1 from words "
            "where document = ? and page = ?",
            [document, page],
        ).fetchall()
    if kind is None or held is None:
        raise InputError(f"The case has no page {page} of document {document[:12]}.")
    if kind[0] != "application/pdf" and not kind[0].startswith("image/"):
        raise InputError(
            f"Only a PDF's page or a picture can be drawn; document {document[:12]} is {kind[0]}."
        )
    text, width, height = held
    frames, marks = _within(blocks, spans), _within(scanned, spans)
    path = original(case, document)
    if kind[0] == "application/pdf":
        framed = [] if scanned else [each for each in blocks if _within([each], spans)]
        image, places = _pdf(path, page, [_Block(text, *each) for each in framed], spans, scale)
        return _marked(image, frames, marks + places, scale)
    # a page of A4 is 842 points high
    scale = min(1.0, scale * 842 / max(width, height))
    return _marked(_picture(path, page, scale), frames, marks, scale)


def _within(placed: list[tuple[Any, ...]], spans: list[Span]) -> list[Box]:
    return [
        (box[0], box[1], box[2], box[3])
        for start, end, *box in placed
        if any(start < last and first < end for first, last in spans)
    ]


def _picture(path: Path, page: int, scale: float) -> Image:
    from PIL import Image as pillow
    from PIL import ImageOps

    try:
        with pillow.open(path) as picture:
            picture.seek(page - 1)
            shown = ImageOps.exif_transpose(picture).convert("RGBA")
    except Exception as error:
        raise InputError(f"{path} can't be drawn: {error}") from error
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    white = pillow.new("RGBA", size, "white")
    return pillow.alpha_composite(white, shown.resize(size)).convert("RGB")


@dataclass(frozen=True)
class _Block:
    page_text: str
    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float

    def holds(self, box: Box) -> bool:
        across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return self.x0 <= across <= self.x1 and self.y0 <= down <= self.y1

    def standing(self, word: str) -> list[int]:
        """Where a word stands in the block: places in the page's text."""
        text = self.page_text[self.start : self.end]
        return [self.start + found.start() for found in re.finditer(re.escape(word), text)]

    def wanted(self, spans: list[Span]) -> dict[str, set[int]]:
        """What of the spans stands in the block, a piece a line, and at which places."""
        found: dict[str, set[int]] = {}
        for first, last in spans:
            begin = max(first, self.start)
            for piece in re.finditer(r"[^\n]+", self.page_text[begin : min(last, self.end)]):
                found.setdefault(piece[0], set()).add(begin + piece.start())
        return found


def _pdf(
    path: Path, page: int, blocks: list[_Block], spans: list[Span], scale: float
) -> tuple[Image, list[Box]]:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as pdf:
        held = pdf[page - 1]
        image = held.render(scale=scale).to_pil().convert("RGB")
        return image, [] if held.get_rotation() else _places(held, blocks, spans)


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


def _places(held: Any, blocks: list[_Block], spans: list[Span]) -> list[Box]:
    """Boxes of spans on a page, from its upper left corner.

    PDFium finds a word wherever it stands. Where it finds it as often in a block as the block's
    text holds it, only those of the spans are kept; else all in the block.
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
            hits = [boxes for boxes in found(word) if boxes and block.holds(boxes[0])]
            at = block.standing(word)
            sure = len(at) == len(hits)
            for number, boxes in enumerate(hits):
                if not sure or at[number] in places:
                    kept += boxes
    return kept
