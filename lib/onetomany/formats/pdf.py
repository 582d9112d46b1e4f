"""PDF: text with its places, ruled tables, comments, attachments, and text under black boxes.

Text, lines and colours are PDFium's (pypdfium2, Apache-2.0); pdfplumber (MIT)
makes cells of crossing lines, given PDFium's lines, so that no page is parsed twice.
"""

import logging
import re

import pypdfium2 as pdfium
from pypdfium2 import raw

from . import pdf_forms as forms
from . import pdf_notes as notes
from .pdf_ahead import Ahead, pages_ahead
from .pdf_lines import Line
from .pdf_ruled import Lattice
from .pdf_shapes import Shapes
from .pdf_tables import add_borderless
from .pdf_unread import Part, unread_note
from .reading import NO_TEXT, NO_TEXT_IN_PART, Box, Page, Reading, Refused, boxed, centre_of

_BULLET = re.compile(
    r"^\s*(?:[-•‣▪▫■□○●◦◆◇❍※·ㅇ①-⑳]|[0-9]{1,2}[.)]|[가나다라마바사아자차카타파하][.)])\s*\S"
)


REDACTION = (
    "Text on this page is covered, or a redaction was only marked and never carried out. The text "
    "can be read and is kept as blocks of kind under_redaction. PRIVACY: it may name people whom "
    "the redaction was to protect; don't publish it without a reason that weighs more."
)
HIDDEN = (
    "Text on this page can't be seen: it has the colour of its background, is too small to "
    "read, or is off the page. It is kept as blocks of kind hidden."
)


def read_pdf(content: bytes, reading: Reading) -> None:
    """Raises Refused for a document that is encrypted or that PDFium can't open."""
    try:
        pdf = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            told = (
                "The PDF is encrypted: give its password with --password, or ask for an open copy."
            )
            raise Refused(told) from error
        raise Refused(f"PDFium can't open it: {error}") from error
    notes.pdf_metadata(pdf, reading)
    reading.facts["pages"] = len(pdf)
    if raw.FPDF_GetFormType(pdf) != raw.FORMTYPE_NONE:
        logging.getLogger("pypdfium2").setLevel(logging.ERROR)
        pdf.init_forms()
    tree = forms.read_tree(content, reading) if pdf.formenv else []
    signed = forms.read_signatures(pdf, content, tree, reading)
    filled: list[str] = []
    for ahead in pages_ahead(pdf, len(content)):
        page = reading.page(unit="pt")
        if ahead is None:
            reading.note("unread", "PDFium can't load this page.", page.number)
            continue
        if isinstance(ahead, Exception):
            raise ahead
        _read_page(ahead, page, reading)
        held, place = ahead.held, ahead.looked.place
        if pdf.formenv:
            filled += forms.read_fields(pdf.formenv, held, place, page, signed)
        notes.paperclips(pdf, held, place, page)
        held.close()
    unplaced = forms.read_unplaced(tree, {*filled}, reading)
    forms.read_xfa(pdf, reading, len(filled) + unplaced)
    notes.pdf_attachments(pdf, reading)
    notes.read_bookmarks(pdf, reading)
    notes.read_revisions(pdf, content, reading)
    pdf.close()


def _read_page(ahead: Ahead, page: Page, reading: Reading) -> None:
    page.width, page.height = ahead.held.get_size()
    looked, unseen, lines = ahead.looked, ahead.unseen, ahead.lines
    found = looked.found
    if ahead.ruled is None:
        reading.note("limit", "Too many lines on this page to look for tables.", page.number)
    tables = ahead.ruled or []
    if ahead.borderless is not None:
        tables = add_borderless(page, looked.lines, tables, ahead.borderless)
    rest, placed = _into_cells(lines, tables, unseen) if tables else (lines, [])
    begun = 0
    for until, table, texts in placed:
        _paragraphs(rest[begun:until], unseen, page)
        _table(table, texts, page)
        begun = until
    _paragraphs(rest[begun:], unseen, page)
    for text in looked.unplaced:
        page.add(text)
    for kind, note in (("redaction", REDACTION), ("hidden", HIDDEN)):
        if ("under_redaction" if kind == "redaction" else kind) in unseen.values():
            reading.note(kind, note, page.number)
    if found.flat:
        reading.skip("single characters in a font that the file doesn't contain", page.number,
                     found.flat)  # fmt: skip
    _about_pictures(found, page, reading, looked.parts)
    notes.read_comments(ahead.held, looked.place, page, reading)
    looked.textpage.close()


def _about_pictures(found: Shapes, page: Page, reading: Reading, parts: list[Part]) -> None:
    """Note which part of the page is a picture: all, some, or one read by another program's OCR."""
    if found.texts and all(text.unseen for text in found.texts) and page.parts:
        page.text_source = "ocr"
        reading.note(
            "ocr",
            "The page is a picture with invisible text over it, which some program's OCR made.",
            page.number,
        )
    # text may also be drawn as curves
    if found.objects and not page.parts:
        reading.note("ocr", NO_TEXT, page.number)
    elif parts:
        reading.note("unread_part", f"{NO_TEXT_IN_PART} {unread_note(parts)}.", page.number)


def _paragraphs(lines: list[Line], covered: dict[int, str], page: Page) -> None:
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
        if covered and not covered.keys().isdisjoint(line.chars):
            close()
            _redacted(line, covered, page)
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


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _redacted(line: Line, unseen: dict[int, str], page: Page) -> None:
    """Add the seen and the unseen parts of a line, in their order."""
    run, kind = "", "paragraph"
    inks: list[Box | None] = []
    letters = zip(line.chars, line.text, line.inks, strict=True)
    for index, char, ink in [*letters, (-1, "", None)]:
        # blanks go with the character before them
        now = kind if char.isspace() else unseen.get(index, "paragraph")
        if not char or now != kind:
            page.add(run, kind, boxed(box for box in inks if box))
            run, inks = "", []
        kind = now
        run += char
        inks.append(ink)


Placed = list[tuple[int, Lattice, dict[int, str]]]


def _into_cells(
    lines: list[Line], tables: list[Lattice], covered: dict[int, str]
) -> tuple[list[Line], Placed]:
    """Put characters into the cells that contain their centres.

    Returns the lines that stay outside, and for each table the count of lines before it.
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
        letters = zip(line.chars, line.text, line.inks, strict=True)
        for position, (index, char, box) in enumerate(letters):
            if box is not None and not char.isspace():
                last = None if index in covered else _cell_of(box, tables, near)
            if last is None:
                outside.append(position)
                continue
            table, cell = last
            begins.setdefault(table, len(rest))
            held = texts[table].get(cell, "")
            texts[table][cell] = held + ("\n" if held and last not in touched else "") + char
            touched.add(last)
        if any(not line.text[i].isspace() for i in outside):
            around = boxed(box for i in outside if (box := line.inks[i])) or line.box
            rest.append(line.part(outside, around))
    order = sorted(begins, key=lambda i: (begins[i], tables[i].box[1]))
    return rest, [(begins[i], tables[i], texts[i]) for i in order]


def _table(table: Lattice, texts: dict[int, str], page: Page) -> None:
    # a frame around one text is not a table
    kept = page.add_table(table.rows, table.columns, box=table.box) if len(texts) > 1 else None
    for number, cell in enumerate(table.cells):
        text = texts.get(number, "")
        span = page.add(text, "cell" if kept else "paragraph", cell.box)
        if kept:
            page.add_cell(
                kept, cell.row, cell.column, text, span=span, spans=cell.spans, box=cell.box
            )


def _cell_of(box: Box, tables: list[Lattice], near: list[int]) -> tuple[int, int] | None:
    for i in near:
        number = tables[i].cell_at(*centre_of(box))
        if number is not None:
            return i, number
    return None
