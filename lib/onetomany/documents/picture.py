"""A page as a picture with the hits on it marked; it is drawn in the cage (`drawing`)."""

import json
import os
from pathlib import Path
from typing import Any

from onetomany.cage.keeper import MESSAGE, Frames, lasting
from onetomany.errors import InputError
from onetomany.formats.drawing import TASK, Span
from onetomany.formats.reading import Box
from onetomany.sources.files import open_plain
from .case_file import open_case, original_file

SCALE = 1.6  # pixels for a point: a page of A4 is 950 pixels wide
SECONDS, MEMORY, ANSWER = 60.0, 2 << 30, 64 << 20  # of drawing one page


def page_picture(
    case: Path, document: str, page: int, spans: list[Span], *, scale: float = SCALE
) -> bytes:
    """Return a PNG of a page of a PDF, or of a picture, drawn from its original, spans marked.

    `spans` are characters of pages.text, [start, end), as in `search.HITS`. Their blocks
    are framed by the boxes of the case file. The words themselves are marked if the page has
    them as text (a turned page has frames only), or if OCR has found them. `scale` is in pixels
    for a point; a picture is drawn in its own pixels, or smaller if it is larger than a page of
    A4 would be.

    Raises InputError if the document is neither, has no such page, or if its original is gone or
    can't be drawn; IntegrityError if the original has changed.
    """
    with open_case(case) as db:
        held = db.execute(
            "select media_type, text, width, height from pages join documents using (document) "
            "where document = ? and page = ?",
            [document, page],
        ).fetchone()
        blocks, scanned = (
            db.execute(
                f"select char_start, char_end, x0, y0, x1, y1 from {table} "
                "where document = ? and page = ? and x0 is not null",
                [document, page],
            ).fetchall()
            for table in ("blocks", "words")
        )
    if held is None:
        raise InputError(f"The case has no page {page} of document {document[:12]}.")
    kind, text, width, height = held
    pdf = kind == "application/pdf"
    if not pdf and not kind.startswith("image/"):
        raise InputError(
            f"Document {document[:12]} can't be drawn, because it is {kind}: only PDFs and "
            "pictures can."
        )
    if not pdf:  # a page of A4 is 842 points high
        scale = min(1.0, scale * 842 / max(width, height))
    # the words of OCR have boxes of their own
    starts = {each[0] for each in scanned}
    framed = [each for each in blocks if pdf and each[0] not in starts and _within([each], spans)]
    request = {
        "pdf": pdf, "page": page, "scale": scale, "spans": spans,
        "frames": _within(blocks, spans), "marks": _within(scanned, spans),
        "blocks": [(text[start:end], start, end, box) for start, end, *box in framed],
    }  # fmt: skip
    while len(json.dumps(request)) > MESSAGE and request["blocks"]:
        request["blocks"].pop()  # a page of so many hits has frames only in its last blocks
    return _drawn(original_file(case, document), request)


def _drawn(path: Path, request: dict[str, Any]) -> bytes:
    """Return the picture that a caged process draws. Raises InputError if it can't."""

    def take(frames: Frames) -> tuple[bytes, bytes]:
        for kind, length in frames:
            return kind, frames.read(length)
        return b"X", b"nothing was drawn"

    file = open_plain(path)
    try:
        keeper = lasting(TASK, readable=("/usr/share/fonts",))
        outcome = keeper.ask(
            file, request, take, seconds=SECONDS, memory=MEMORY, most=1 << 29, answer=ANSWER
        )
    finally:
        os.close(file)
    kind, content = outcome.kept or (b"X", b"")
    if kind == b"P" and content.startswith(b"\x89PNG\r\n"):
        return content
    why = content.decode("utf-8", "replace") if kind == b"X" and content else outcome.trouble
    why = why or f"drawing took longer than {SECONDS:.0f} s, or more than {MEMORY >> 20:,} MB"
    raise InputError(f"{path} can't be drawn: {why}.")


def _within(placed: list[tuple[Any, ...]], spans: list[Span]) -> list[Box]:
    return [
        (box[0], box[1], box[2], box[3])
        for start, end, *box in placed
        if any(start < last and first < end for first, last in spans)
    ]
