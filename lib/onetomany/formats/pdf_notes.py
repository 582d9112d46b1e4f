"""The parts of a PDF beside its text: comments, marks, metadata, attached files, revisions."""

import ctypes
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from .pdf_shapes import LAST, Cover, Placing
from .reading import FACT, Box, Page, Reading

_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d'?\d\d)?")

# kinds that are no comments: the words of a link or a field are a tip for its user
_NO_COMMENTS = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_XFAWIDGET}
# kinds whose picture may contain words of its own: stamps and writing by hand
_PICTURES = {raw.FPDF_ANNOT_STAMP: "a stamp", raw.FPDF_ANNOT_INK: "a drawing by hand",
             raw.FPDF_ANNOT_WATERMARK: "a watermark"}  # fmt: skip
_TAGS = re.compile(r"<[^<>]{0,2000}>")
# annotations that draw nothing over the page, or only a small sign
_UNDRAWN = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_WIDGET,
            raw.FPDF_ANNOT_FILEATTACHMENT}  # fmt: skip
ANNOTATIONS, BOOKMARKS = 5_000, 5_000  # of one page, and of the document
REVISIONS, PAGES = 20, 500  # that are compared
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")


def page_annotations(held: Any, place: Placing) -> Iterator[tuple[Any, int, Box]]:
    """Return each annotation of a page with its kind and its box."""
    for number in range(min(raw.FPDFPage_GetAnnotCount(held), ANNOTATIONS)):
        annot = raw.FPDFPage_GetAnnot(held, number)
        if not annot:
            continue
        rect = raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(annot, rect)
        x0, x1 = sorted((rect.left, rect.right))
        y0, y1 = sorted((rect.bottom, rect.top))
        yield annot, raw.FPDFAnnot_GetSubtype(annot), place(x0, y0, x1, y1)
        raw.FPDFPage_CloseAnnot(annot)


def annotation_covers(held: Any, place: Placing) -> list[Cover]:
    """Return the areas that annotations may hide; a mere mark for redaction hides none."""
    return [
        Cover(LAST, box, applied=kind != raw.FPDF_ANNOT_REDACT)
        for _, kind, box in page_annotations(held, place)
        if kind not in _UNDRAWN
    ]


def read_comments(held: Any, place: Placing, page: Page, reading: Reading) -> None:
    """Add the words of annotations as comments."""
    told = 0
    for annot, kind, box in page_annotations(held, place):
        said = partial(wide_text, raw.FPDFAnnot_GetStringValue, annot)
        words = said(b"Contents") or _TAGS.sub(" ", said(b"RC"))
        if kind == raw.FPDF_ANNOT_LINK:
            reading.link("", _address(held, annot), page.number)
        if kind in _NO_COMMENTS:
            continue
        for text in filter(str.strip, (words, said(b"OverlayText"))):
            page.add(text, "comment", box, said(b"T") or None, pdf_date(said(b"M")))
            told += 1
        if kind in _PICTURES and not words and _drawn(annot):
            place_ = "{:.0f},{:.0f}-{:.0f},{:.0f}".format(*box)
            reading.skip(f"the picture of {_PICTURES[kind]} at {place_}", page.number)
    if told:
        reading.note("comment", f"{told} comments or marks.", page.number)


def _address(held: Any, annot: Any) -> str:
    """Return where a link leads to outside the document; '' if it leads nowhere there."""
    action = raw.FPDFLink_GetAction(raw.FPDFAnnot_GetLink(annot))
    if not action:
        return ""
    kind, found = raw.FPDFAction_GetType(action), b""
    if kind == raw.PDFACTION_URI:
        found = asked_bytes(raw.FPDFAction_GetURIPath, held.pdf, action, most=1 << 16)
    elif kind in (raw.PDFACTION_LAUNCH, raw.PDFACTION_REMOTEGOTO):
        found = asked_bytes(raw.FPDFAction_GetFilePath, action, most=1 << 16)
    return found.partition(b"\0")[0].decode("utf-8", "replace")


def _drawn(annot: Any) -> bool:
    """Return whether an annotation has a picture that a page shows."""
    shown = not raw.FPDFAnnot_GetFlags(annot) & (raw.FPDF_ANNOT_FLAG_HIDDEN)
    mode = raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL
    return shown and int(raw.FPDFAnnot_GetAP(annot, mode, None, 0)) > 2


def wide_text(ask: Callable[..., int], *of: Any) -> str:
    """Return a text that PDFium writes in UTF-16; '' if there is none."""
    return asked_bytes(ask, *of, unit=ctypes.c_ushort).decode("utf-16-le", "replace").rstrip("\0")


def asked_bytes(
    ask: Callable[..., int], *of: Any, unit: type[Any] = ctypes.c_char, most: int = 1 << 24
) -> bytes:
    """Return the bytes that a function of PDFium writes, b"" for none or for `most` of them.

    It is asked twice: how many there are, and for them, in an array of its type of characters.
    """
    size = ask(*of, None, 0)
    if not 0 < size < most:
        return b""
    held = (unit * (size // ctypes.sizeof(unit)))()
    ask(*of, held, size)
    return bytes(held)


def pdf_metadata(pdf: Any, reading: Reading) -> None:
    told = pdf.get_metadata_dict(skip_empty=True)
    reading.facts["title"] = told.pop("Title", None)
    reading.facts["author"] = told.pop("Author", None)
    reading.facts["created"] = pdf_date(told.pop("CreationDate", ""))
    reading.facts["modified"] = pdf_date(told.pop("ModDate", ""))
    reading.metadata.update(told)


def pdf_date(text: str) -> str | None:
    """Return D:20211020101500+09'00' as 2021-10-20T10:15:00+09:00; None if it isn't a date."""
    found = _DATE.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if not hour:
        return date
    offset = "" if not zone else "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{offset}"


def pdf_attachments(pdf: Any, reading: Reading) -> None:
    for number in range(min(pdf.count_attachments(), reading.limits.members)):
        _keep(pdf.get_attachment(number), f"attachment {number + 1}", reading)


def paperclips(pdf: Any, held: Any, place: Placing, page: Page) -> None:
    """Keep the files that are attached to places of a page."""
    for annot, kind, _ in page_annotations(held, place):
        if kind == raw.FPDF_ANNOT_FILEATTACHMENT:
            file = raw.FPDFAnnot_GetFileAttachment(annot)
            named = f"attachment on page {page.number}"
            if file:
                _keep(pdfium.PdfAttachment(file, pdf), named, page.reading, page.number)
            else:
                page.reading.note("unread", f"The {named} can't be read.", page.number)


def _keep(file: Any, named: str, reading: Reading, page: int | None = None) -> None:
    try:
        reading.member(file.get_name() or named, bytes(file.get_data()))
    except pdfium.PdfiumError:
        reading.note("unread", f"{named[0].upper()}{named[1:]} can't be read.", page)


def _earlier_revisions(content: bytes) -> list[int]:
    """Return the end of each revision before the last; [] for a file that was written once.

    A program that appends its changes leaves the earlier bytes unchanged. The first part of a file
    that is written for the web (linearized) ends alike, but names the place 0.
    """
    ends = []
    for found in _END.finditer(content):
        at = int(found[1])
        table = content[at : at + 40].lstrip()
        if 0 < at < found.start() and re.match(rb"xref|\d+\s+\d+\s+obj", table):
            ends.append((found.end(), at))
    # a later revision is appended to the earlier one; in a file for the web it comes first
    return [end for end, _ in ends[:-1] if ends[-1][1] > end]


def read_revisions(pdf: Any, content: bytes, reading: Reading) -> None:
    """Tell of earlier revisions; one with another text becomes a document of its own."""
    ends = _earlier_revisions(content)
    now = _texts(pdf) if ends else []
    for number, end in enumerate(ends[-REVISIONS:], len(ends) - len(ends[-REVISIONS:]) + 1):
        named = f"Revision {number} of {len(ends) + 1} of this file (its first {end:,} bytes)"
        try:
            with pdfium.PdfDocument(content[:end]) as earlier:
                before = _texts(earlier)
        except pdfium.PdfiumError:
            reading.note("revision", f"{named} can't be opened by itself.")
            continue
        if before == now:
            reading.note(
                "revision",
                f"{named} has the same text: forms, comments, signatures or other parts "
                "beside the text were changed after it.",
            )
            continue
        changed = [
            str(page + 1)
            for page in range(max(len(before), len(now)))
            if before[page : page + 1] != now[page : page + 1]
        ]
        reading.note(
            "revision",
            f"{named} had another text on pages {', '.join(changed[:20])}"
            f"{' and others' if len(changed) > 20 else ''}: it is kept as a document of its own.",
        )
        reading.member(f"revision {number}.pdf", content[:end])


def _texts(pdf: Any) -> list[str]:
    texts = []
    for number in range(min(len(pdf), PAGES)):
        try:
            page = pdf[number]
            textpage = page.get_textpage()
            texts.append(textpage.get_text_range())
            textpage.close()
            page.close()
        except pdfium.PdfiumError:
            texts.append("")
    return texts


def read_bookmarks(pdf: Any, reading: Reading) -> None:
    """Note the bookmarks, whose words may be on no page."""
    told = []
    for mark in islice(pdf.get_toc(max_depth=15), BOOKMARKS):
        dest = mark.get_dest()
        at = dest.get_index() if dest else None
        title = " ".join(mark.get_title().split())
        told.append(f"{title} (page {at + 1})" if at is not None else title)
    if told:
        listed = "; ".join(told)
        cut = listed[:FACT] + " ..." if len(listed) > FACT else listed
        reading.note("bookmarks", f"{len(told)} bookmarks: {cut}")
