"""PDF: text with its places, ruled tables, comments, attachments, and what black boxes cover.

Text, lines and colours are PDFium's (pypdfium2, Apache-2.0); how crossing lines make cells is
pdfplumber's (MIT), given PDFium's lines, so that no page is parsed twice.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from . import pdf_notes as notes
from . import pdf_shapes as shapes
from .pdf_shapes import Shapes
from .reading import NO_TEXT, Box, Page, Reading, Refused, boxed

_BULLET = re.compile(
    r"^\s*(?:[-•‣▪▫■□○●◦◆◇❍※·ㅇ①-⑳]|[0-9]{1,2}[.)]|[가나다라마바사아자차카타파하][.)])\s*\S"
)


REDACTION = (
    "Text lies under a dark box on this page. It can be read and is kept as blocks of kind "
    "under_redaction. PRIVACY: it may name people whom the redaction was to protect; don't "
    "publish it without a reason that weighs more."
)


class Line:
    """One line as PDFium finds it: its text, its box, and the index of each of its characters."""

    def __init__(self, text: str, places: Sequence[int], textpage: Any, box: Box) -> None:
        self.text, self.box = text, box
        self._places, self._textpage = places, textpage

    @cached_property
    def chars(self) -> list[int]:
        # only lines at boxes and in tables need them: asking for each costs more than all else
        to_char = raw.FPDFText_GetCharIndexFromTextIndex
        return [to_char(self._textpage, place) for place in self._places]

    def part(self, positions: list[int], box: Box) -> Line:
        places = [self._places[i] for i in positions]
        return Line("".join(self.text[i] for i in positions), places, self._textpage, box)


def read_pdf(content: bytes, reading: Reading) -> None:
    """Raises Refused for a document that is encrypted or that PDFium can't open."""
    try:
        pdf = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            told = "It is encrypted: give its password by --password, or ask for an open copy."
            raise Refused(told) from error
        raise Refused(f"PDFium can't open it: {error}") from error
    notes.metadata(pdf, reading)
    reading.facts["pages"] = len(pdf)
    for number in range(len(pdf)):
        page = reading.page(unit="pt")
        try:
            held = pdf[number]
        except pdfium.PdfiumError:
            reading.note("unread", "PDFium can't load this page.", page.number)
            continue
        _read_page(held, page, reading)
        held.close()
    notes.attachments(pdf, reading)
    pdf.close()


def _read_page(held: Any, page: Page, reading: Reading) -> None:
    place = shapes.placing(held)
    page.width, page.height = held.get_size()
    textpage = held.get_textpage()
    found = shapes.collect(held, place)
    lines, unplaced = _lines(textpage, place)
    boxes = [*found.dark, *notes.read_annotations(held, place, page, reading, only_dark=True)]
    covered = _covered(textpage, lines, boxes, found, place) if boxes else set()
    tables = shapes.tables(found, reading, page)
    rest, placed = _into_cells(textpage, lines, tables, covered, place) if tables else (lines, [])
    begun = 0
    for until, table, texts in placed:
        _paragraphs(rest[begun:until], covered, page, textpage, place)
        _table(table, texts, page)
        begun = until
    _paragraphs(rest[begun:], covered, page, textpage, place)
    for text in unplaced:
        page.add(text)
    if covered:
        reading.note("redaction", REDACTION, page.number)
    if found.invisible and not found.visible and page.parts:
        page.text_source = "ocr"
        reading.note("ocr", "Its text lies unseen on a picture: some program's OCR.", page.number)
    # text may also be drawn as curves
    if found.order and not page.parts:
        reading.note("ocr", NO_TEXT, page.number)
    notes.read_annotations(held, place, page, reading, only_dark=False)
    textpage.close()


def _lines(textpage: Any, place: Callable[..., Box]) -> tuple[list[Line], list[str]]:
    """Lines with their boxes, and the texts of lines for which PDFium gives no place."""
    text = textpage.get_text_range()
    lines: list[Line] = []
    unplaced: list[str] = []
    to_char = raw.FPDFText_GetCharIndexFromTextIndex
    units = _units(text)
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    at = 0
    for part in text.split("\n"):
        stripped = part.rstrip("\r")
        start, at = at, at + len(part) + 1
        if not stripped.strip():
            continue
        places = units[start : start + len(stripped)]
        first, last = to_char(textpage, places[0]), to_char(textpage, places[-1])
        boxes = []
        many = last - first + 1 if 0 <= first <= last else 0
        for number in range(raw.FPDFText_CountRects(textpage, first, many) if many else 0):
            if raw.FPDFText_GetRect(textpage, number, left, top, right, bottom):
                boxes.append(place(left.value, bottom.value, right.value, top.value))
        # PDFium marks a hyphen at a line's end with U+0002
        fair = stripped.replace("\x02", "-").replace("\ufffe", "-")
        if box := boxed(boxes):
            lines.append(Line(fair, places, textpage, box))
        else:
            unplaced.append(fair)
    return lines, unplaced


def _units(text: str) -> Sequence[int]:
    """Of each character, where it begins in UTF-16, by which PDFium counts text."""
    if not text or max(text) <= "\uffff":
        return range(len(text))
    widths = (1 + (char > "\uffff") for char in text[:-1])
    return list(accumulate(widths, initial=0))


def _paragraphs(
    lines: list[Line], covered: set[int], page: Page, textpage: Any, place: Any
) -> None:
    """Join lines that follow each other closely at one size; larger ones are headings."""
    if not lines:
        return
    heights = sorted(line.box[3] - line.box[1] for line in lines)
    usual = heights[len(heights) // 2] or 1.0
    group: list[Line] = []

    def close() -> None:
        if not group:
            return
        text = "\n".join(line.text.strip() for line in group)
        tall = max(line.box[3] - line.box[1] for line in group)
        kind = "paragraph"
        if _BULLET.match(text):
            kind = "list"
        elif tall > 1.25 * usual and len(text) < 200:
            kind = "heading"
        page.add(text, kind, boxed(line.box for line in group))
        group.clear()

    for line in lines:
        if covered and covered.intersection(line.chars):
            close()
            _redacted(line, covered, page, textpage, place)
            continue
        if group and not _continues(group[-1].box, line):
            close()
        group.append(line)
    close()


def _continues(last: Box, line: Line) -> bool:
    here, high = line.box, max(last[3] - last[1], 1.0)
    alike = 0.7 < (here[3] - here[1]) / high < 1.43
    beside = min(last[2], here[2]) > max(last[0], here[0])
    near = -0.6 * high < here[1] - last[3] < 0.9 * high
    return alike and beside and near and not _BULLET.match(line.text)


def _char_box(textpage: Any, index: int, place: Callable[..., Box]) -> Box | None:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not raw.FPDFText_GetCharBox(textpage, index, left, right, bottom, top):
        return None
    return place(left.value, bottom.value, right.value, top.value)


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _inside(point: tuple[float, float], box: Box, slack: float = 0.0) -> bool:
    return (
        box[0] - slack <= point[0] <= box[2] + slack
        and box[1] - slack <= point[1] <= box[3] + slack
    )


def _covered(
    textpage: Any, lines: list[Line], boxes: list[shapes.Dark], found: Shapes, place: Any
) -> set[int]:
    """Characters that lie in a dark box which was painted after them, or in its colour."""
    covered: set[int] = set()
    for line in lines:
        near = [d for d in boxes if _overlap(d.box, line.box)]
        if not near:
            continue
        for index, char in zip(line.chars, line.text, strict=True):
            box = _char_box(textpage, index, place) if not char.isspace() else None
            if box is None:
                continue
            over = [d for d in near if _inside(_centre(box), d.box)]
            if over and any(_hides(textpage, index, d, found) for d in over):
                covered.add(index)
    return covered


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _hides(textpage: Any, index: int, dark: shapes.Dark, found: Shapes) -> bool:
    held = raw.FPDFText_GetTextObject(textpage, index)
    order = found.order.get(ctypes.cast(held, ctypes.c_void_p).value or 0) if held else None
    # annotations are painted after the page
    if dark.order is None or (order is not None and order < dark.order):
        return True
    colour = [ctypes.c_uint() for _ in range(4)]
    if not raw.FPDFText_GetFillColor(textpage, index, *colour):
        return False
    return all(
        abs(one.value - other) < 40 for one, other in zip(colour[:3], dark.colour, strict=True)
    )


def _redacted(line: Line, covered: set[int], page: Page, textpage: Any, place: Any) -> None:
    """The covered and the open parts of a line that a black box crosses, in their order."""
    run, hidden = "", False
    indices: list[int] = []
    for index, char in [*zip(line.chars, line.text, strict=True), (-1, "")]:
        # blanks go with what stands before them
        now = hidden if char.isspace() else index in covered
        if not char or now != hidden:
            boxes = [_char_box(textpage, i, place) for i in indices]
            kind = "under_redaction" if hidden else "paragraph"
            page.add(run, kind, boxed(box for box in boxes if box))
            run, indices = "", []
        hidden = now
        run += char
        indices.append(index)


Placed = list[tuple[int, shapes.Lattice, dict[int, str]]]


def _into_cells(
    textpage: Any, lines: list[Line], tables: list[shapes.Lattice], covered: set[int], place: Any
) -> tuple[list[Line], Placed]:
    """Put characters into the cells that hold their centres.

    Returns the lines that stay outside, and of each table after how many of them it comes.
    """
    rest: list[Line] = []
    texts: list[dict[int, str]] = [{} for _ in tables]
    begins: dict[int, int] = {}
    for line in lines:
        near = [i for i, each in enumerate(tables) if _overlap(each.box, line.box)]
        if not near:
            rest.append(line)
            continue
        outside: list[int] = []
        last: tuple[int, int] | None = None
        touched: set[tuple[int, int]] = set()
        for position, (index, char) in enumerate(zip(line.chars, line.text, strict=True)):
            box = None if char.isspace() else _char_box(textpage, index, place)
            if box is not None:
                last = None if index in covered else _cell_of(_centre(box), tables, near)
            if last is None:
                outside.append(position)
                continue
            table, cell = last
            begins.setdefault(table, len(rest))
            held = texts[table].get(cell, "")
            texts[table][cell] = held + ("\n" if held and last not in touched else "") + char
            touched.add(last)
        if any(not line.text[i].isspace() for i in outside):
            chars = [line.chars[i] for i in outside]
            boxes = [_char_box(textpage, i, place) for i in chars]
            around = boxed(box for box in boxes if box) or line.box
            rest.append(line.part(outside, around))
    order = sorted(begins, key=lambda i: (begins[i], tables[i].box[1]))
    return rest, [(begins[i], tables[i], texts[i]) for i in order]


def _table(table: shapes.Lattice, texts: dict[int, str], page: Page) -> None:
    # a frame around one text is no table
    kept = page.add_table(table.rows, table.columns, box=table.box) if len(texts) > 1 else None
    for number, cell in enumerate(table.cells):
        text = texts.get(number, "")
        span = page.add(text, "cell" if kept else "paragraph", cell.box)
        if kept:
            page.add_cell(
                kept, cell.row, cell.column, text, span=span, spans=cell.spans, box=cell.box
            )


def _cell_of(
    point: tuple[float, float], tables: list[shapes.Lattice], near: list[int]
) -> tuple[int, int] | None:
    for i in near:
        for number, cell in enumerate(tables[i].cells):
            if _inside(point, cell.box):
                return i, number
    return None
