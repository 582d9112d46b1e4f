"""Pages of a PDF, looked at some at a time: liteparse loads a document's fonts at each call."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium

from .pdf_lines import Line
from .pdf_notes import annotation_covers
from .pdf_ruled import Lattice, drawn_tables
from .pdf_seen import unseen_text
from .pdf_tables import borderless_tables, may_contain_table
from .pdf_unread import Looked, with_gaps

TOGETHER = 32  # pages at a time, at most
OBJECTS = 20_000  # of the pages at a time, and
BYTES = 1 << 20  # of a document for each of its pages: larger ones are looked at one at a time
SLOW = 5.0  # seconds of a look after which the next one is at half as many pages


@dataclass
class Ahead:
    """What a page contains, before its text is put together."""

    held: Any
    looked: Looked
    unseen: dict[int, str]
    lines: list[Line]  # with signs for characters that are only drawn
    ruled: list[Lattice] | None  # None: too many lines to look for tables
    # tables without lines, why they couldn't be looked for, or None if nothing is like a table
    borderless: list[Lattice] | BaseException | None = None


def pages_ahead(pdf: Any, size: int) -> Iterator[Ahead | Exception | None]:
    """Yield each page of a document of `size` bytes; None if PDFium can't load it.

    A page that can't be looked at is an Exception: those before it are still to be read.
    """
    some: list[Ahead | Exception | None] = []
    allowed = TOGETHER if size <= BYTES * len(pdf) else 1
    objects, begun, most = 0, time.monotonic(), allowed
    for number in range(len(pdf)):
        page = _look(pdf, number)
        some.append(page)
        objects += page.looked.found.objects if isinstance(page, Ahead) else OBJECTS
        if len(some) >= most or objects >= OBJECTS or number + 1 == len(pdf):
            _add_tables(pdf, some, number + 1 - len(some))
            most = _pages_next(most, allowed, time.monotonic() - begun)
            yield from some
            some, objects, begun = [], 0, time.monotonic()


def _pages_next(most: int, allowed: int, seconds: float) -> int:
    """Return at how many pages to look next: the time limit is only checked between looks.

    A busy machine makes looks slow too; one page at a time would then cost it even more.
    """
    if seconds > SLOW:
        return max(most // 2, 1)
    return min(2 * most, allowed) if seconds < SLOW / 4 else most


def _look(pdf: Any, number: int) -> Ahead | Exception | None:
    try:
        held = pdf[number]
    except pdfium.PdfiumError:
        return None
    try:
        looked = Looked(held)
        found = looked.found
        covers = [*found.covers, *annotation_covers(held, looked.place)]
        unseen = unseen_text(looked.lines, covers, found, looked.drawn)
        lines = with_gaps(looked.lines, looked.missing)
        looked.drawn.forget()
        return Ahead(held, looked, unseen, lines, drawn_tables(found))
    except Exception as error:
        return error


def _add_tables(pdf: Any, some: list[Ahead | Exception | None], first: int) -> None:
    wanted = {
        number: page
        for number, page in enumerate(some, first)
        if isinstance(page, Ahead) and may_contain_table(page.looked.lines, page.held.get_width())
    }
    tables = borderless_tables(pdf, [*wanted])
    for number, page in wanted.items():
        page.borderless = tables[number]
