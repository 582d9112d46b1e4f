"""Earlier revisions of a PDF that its file still contains, and its bookmarks."""

from __future__ import annotations

import re
from typing import Any

import pypdfium2 as pdfium

from .reading import FACT, Reading

REVISIONS, PAGES = 20, 500  # that are compared
BOOKMARKS = 5_000
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF")


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
    for mark in pdf.get_toc(max_depth=15):
        dest = mark.get_dest()
        at = dest.get_index() if dest else None
        title = " ".join(mark.get_title().split())
        told.append(f"{title} (page {at + 1})" if at is not None else title)
        if len(told) == BOOKMARKS:
            break
    if told:
        listed = "; ".join(told)
        cut = listed[:FACT] + " ..." if len(listed) > FACT else listed
        reading.note("bookmarks", f"{len(told)} bookmarks: {cut}")
