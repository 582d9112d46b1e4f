"""What a PDF says beside its text: comments, marks, metadata, attached files."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from . import pdf_shapes as shapes
from .reading import Page, Reading

_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(Z|[+-]\d\d'?\d\d)?")

_COMMENTS = {
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_FREETEXT,
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_STRIKEOUT,
    raw.FPDF_ANNOT_SQUARE,
    raw.FPDF_ANNOT_POPUP,
    raw.FPDF_ANNOT_STAMP,
    raw.FPDF_ANNOT_REDACT,
}


def read_annotations(
    held: Any, place: Any, page: Page, reading: Reading, *, only_dark: bool
) -> list[shapes.Dark]:
    """Dark boxes that are annotations; or, otherwise, every annotation's words as comments."""
    dark: list[shapes.Dark] = []
    told = 0
    for number in range(min(raw.FPDFPage_GetAnnotCount(held), 5000)):
        annot = raw.FPDFPage_GetAnnot(held, number)
        if not annot:
            continue
        kind, rect = raw.FPDFAnnot_GetSubtype(annot), raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(annot, rect)
        box = place(rect.left, rect.bottom, rect.right, rect.top)
        if only_dark:
            colour = [ctypes.c_uint() for _ in range(4)]
            which = raw.FPDFANNOT_COLORTYPE_InteriorColor
            if kind == raw.FPDF_ANNOT_HIGHLIGHT:
                which = raw.FPDFANNOT_COLORTYPE_Color
            filled = kind in (raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_HIGHLIGHT) and (
                raw.FPDFAnnot_GetColor(annot, which, *colour)
            )
            # a redaction that was marked and never carried out leaves the text in place
            if kind == raw.FPDF_ANNOT_REDACT:
                dark.append(shapes.Dark(box, (0, 0, 0), None))
            elif filled and shapes.is_dark(
                c := (colour[0].value, colour[1].value, colour[2].value)
            ):
                dark.append(shapes.Dark(box, c, None))
        elif kind in _COMMENTS and (words := _annotation_text(annot, b"Contents")):
            who, when = _annotation_text(annot, b"T"), pdf_date(_annotation_text(annot, b"M"))
            page.add(words, "comment", box, who or None, when)
            told += 1
        raw.FPDFPage_CloseAnnot(annot)
    if told:
        reading.note("comment", f"{told} comments or marks.", page.number)
    return dark


def _annotation_text(annot: Any, key: bytes) -> str:
    size = raw.FPDFAnnot_GetStringValue(annot, key, None, 0)
    if not 2 < size < 1 << 20:
        return ""
    held = (ctypes.c_ushort * (size // 2))()
    raw.FPDFAnnot_GetStringValue(annot, key, held, size)
    return bytes(held).decode("utf-16-le", "replace").rstrip("\0")


def metadata(pdf: Any, reading: Reading) -> None:
    told = pdf.get_metadata_dict(skip_empty=True)
    reading.facts["title"] = told.pop("Title", None)
    reading.facts["author"] = told.pop("Author", None)
    reading.facts["created"] = pdf_date(told.pop("CreationDate", ""))
    reading.facts["modified"] = pdf_date(told.pop("ModDate", ""))
    reading.metadata.update(told)


def pdf_date(text: str) -> str | None:
    """D:20211020101500+09'00' as 2021-10-20T10:15:00+09:00, as far as it goes; None for no date."""
    found = _DATE.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    date = "-".join(part for part in (year, month, day) if part)
    if not hour:
        return date
    offset = "" if not zone else "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}{offset}"


def attachments(pdf: Any, reading: Reading) -> None:
    for number in range(min(pdf.count_attachments(), reading.limits.members)):
        held = pdf.get_attachment(number)
        try:
            reading.member(held.get_name() or f"attachment {number + 1}", bytes(held.get_data()))
        except pdfium.PdfiumError:
            reading.note("unread", f"Attachment {number + 1} can't be read.")
