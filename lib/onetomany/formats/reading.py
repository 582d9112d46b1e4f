"""The result of an extractor: pages, blocks, tables and notes of one document, as columns.

An extractor adds texts in reading order; they make the page's text and every span in it, so a
block is always `page_text[char_start:char_end]`.
"""

import re
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Box = tuple[float, float, float, float]

# blocks of these kinds don't show when the document is read as it was meant to be
HIDDEN_KINDS = ("comment", "tracked_insert", "tracked_delete", "hidden", "under_redaction")

# the kinds of notes, by the group of `documents.attention` that a document with one is listed in
NOTE_KINDS = {
    "hidden": ("redaction", "hidden", "tracked", "comment"),
    "partly": ("unread", "limit", "refused", "empty"),
    "ocr needed": ("unread_part",),
    "digest": ("digest", "signature"),
    "encoding": ("encoding",),
    "other": ("encrypted", "link", "layout", "capture", "form", "revision", "bookmarks",
              "cluster", "ocr"),
}  # fmt: skip

LINK, LINKS = 300, 40  # characters of a link, links in the note of a page
FACT, FACTS = 2_000, 200  # characters of a fact that a file states, and the most facts

# the note of kind 'ocr' that shows `scans` the pages that wait for OCR
NO_TEXT = "This page is a picture: it has no text, and no OCR was made."
# and the one of kind 'unread_part' that shows it pages of which a part waits for OCR
NO_TEXT_IN_PART = "Parts of this page can't be read as text, and no OCR was made of them:"


class Refused(Exception):
    """A document, or a part of it, is refused: the text says by which limit or rule."""


class Damaged(Refused):
    """A part can't be unpacked or parsed; the rest may still be read."""


@dataclass(frozen=True)
class Limits:
    """Limits for reading one document; the failure table reports each that is reached."""

    bytes: int = 512 << 20
    memory: int = 2 << 30  # bytes of the child that reads it
    seconds: float = 300.0
    pages: int = 20_000
    characters: int = 50_000_000
    cells: int = 2_000_000
    depth: int = 5  # archives within archives, tables within cells
    members: int = 10_000  # of one archive
    expanded: int = 2 << 30  # bytes of one archive's members together
    kept: int = 64 << 30  # bytes of members that its budget leaves it, see `budget`
    kept_members: int = 1_000_000
    ratio: int = 200  # expanded over packed, of a member above a megabyte

    def expanded_from(self, packed: int) -> int:
        """Return the bytes that so many packed ones may expand to."""
        return min(self.expanded, max(1 << 20, packed * self.ratio))


@dataclass(frozen=True)
class GridCell:
    """A cell as `Page.add_grid` takes it; `spans` are rows and columns."""

    row: int
    column: int
    text: str
    spans: tuple[int, int] = (1, 1)
    hidden: bool = False


@dataclass
class Page:
    """One page under construction; `number` is from 1."""

    number: int
    reading: "Reading"
    label: str | None = None
    hidden: bool = False
    width: float | None = None
    height: float | None = None
    unit: str | None = None
    text_source: str = "text"
    parts: list[str] = field(default_factory=list)
    length: int = 0
    blocks: int = 0
    tables: int = 0

    def add(
        self,
        text: str,
        kind: str = "paragraph",
        box: Box | None = None,
        who: str | None = None,
        dated: str | None = None,
    ) -> tuple[int, int] | None:
        """Append a block; return its span in the page's text, None if it is empty."""
        text = clean(text)
        if not text:
            return None
        self.reading.count(len(text))
        start, end = self.length, self.length + len(text)
        self.parts.append(text)
        self.length = end + 1
        self._block((start, end), kind, text, box, who=who, dated=dated)
        return start, end

    def mark(
        self, span: tuple[int, int], kind: str, who: str | None = None, dated: str | None = None
    ) -> None:
        """Add a block within the last one, such as words inserted into a paragraph."""
        begin = self.length - 1 - len(self.parts[-1])
        text = self.parts[-1][span[0] - begin : span[1] - begin]
        self._block(span, kind, text, None, who=who, dated=dated)

    def _block(self, span: tuple[int, int], kind: str, text: str, box: Box | None, *,
               who: str | None, dated: str | None) -> None:  # fmt: skip
        self.blocks += 1
        self.reading.row(
            "blocks", page=self.number, block=self.blocks, kind=kind, text=text, **sides_of(box),
            char_start=span[0], char_end=span[1], who=who, dated=dated,
        )  # fmt: skip

    def add_grid(self, cells: Iterable[GridCell], title: str | None = None) -> None:
        """Add a table of which each cell is a block too."""
        kept = [(cell, clean(cell.text)) for cell in cells]
        if not kept:
            return
        rows = max(cell.row + cell.spans[0] - 1 for cell, _ in kept)
        columns = max(cell.column + cell.spans[1] - 1 for cell, _ in kept)
        table, seen = self.add_table(rows, columns, title), set()
        for cell, text in kept:
            # a broken file may claim the same place twice: the first stays
            if text and (cell.row, cell.column) not in seen:
                seen.add((cell.row, cell.column))
                span = self.add(text, "hidden" if cell.hidden else "cell")
                place = (table, cell.row, cell.column)
                self.add_cell(*place, text, span=span, spans=cell.spans, hidden=cell.hidden)

    def add_table(
        self, rows: int, columns: int, title: str | None = None, box: Box | None = None
    ) -> int:
        self.tables += 1
        self.reading.row(
            "tables", page=self.number, table_no=self.tables, title=title, row_count=rows,
            column_count=columns, **sides_of(box),
        )  # fmt: skip
        return self.tables

    def add_cell(
        self,
        table: int,
        row: int,
        column: int,
        text: str,
        *,
        span: tuple[int, int] | None = None,
        spans: tuple[int, int] = (1, 1),
        formula: str | None = None,
        hidden: bool = False,
        box: Box | None = None,
    ) -> None:
        """Add a cell; `span` is its place in the page's text, `spans` its rows and columns."""
        text = clean(text)
        if not text and not formula:
            return
        self.reading.count(0, cells=1)
        begin, end = span or (None, None)
        self.reading.row(
            "cells", page=self.number, table_no=table, row_no=row, column_no=column,
            row_span=spans[0], column_span=spans[1], text=text, formula=formula, hidden=hidden,
            **sides_of(box), char_start=begin, char_end=end,
        )  # fmt: skip


@dataclass
class Reading:
    """All that was read from one document. `facts` go into the row of `documents`."""

    limits: Limits = field(default_factory=Limits)
    facts: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    columns: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    members: list[tuple[str, bytes]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # members
    turns: dict[str, int] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)
    declared: str | None = None  # the encoding that a server stated for the document
    characters: int = 0
    cells: int = 0
    kept: int = 0  # bytes of members
    passwords: tuple[str, ...] = field(default=(), repr=False)  # to try; never stored nor shown
    skipped: dict[tuple[int | None, str], int] = field(default_factory=dict)
    links: dict[int | None, dict[str, None]] = field(default_factory=dict)
    crossed: dict[int | None, list[str]] = field(default_factory=dict)

    def row(self, table: str, **values: Any) -> None:
        columns = self.columns.setdefault(table, {name: [] for name in values})
        for name, value in values.items():
            columns[name].append(value)

    def count(self, characters: int, cells: int = 0) -> None:
        self.characters += characters
        self.cells += cells
        if self.characters > self.limits.characters:
            raise Refused(f"The file contains more than {self.limits.characters:,} characters.")
        if self.cells > self.limits.cells:
            raise Refused(f"The file contains more than {self.limits.cells:,} cells.")

    def page(self, **values: Any) -> Page:
        if len(self.pages) >= self.limits.pages:
            raise Refused(f"The file has more than {self.limits.pages:,} pages.")
        self.check_time()
        self.pages.append(Page(len(self.pages) + 1, self, **values))
        return self.pages[-1]

    def check_time(self) -> None:
        """Raise Refused once two thirds of the time are used: sending the answer needs the rest."""
        if time.monotonic() - self.started > self.limits.seconds * 2 / 3:
            raise Refused(f"Reading it took longer than {self.limits.seconds * 2 / 3:.0f} s.")

    def note(self, kind: str, text: str, page: int | None = None) -> None:
        """Add a remark for readers; `kind` is one of NOTE_KINDS."""
        self.row("notes", page=page, kind=kind, text=text)

    def skip(self, what: str, page: int | None = None, many: int = 1) -> None:
        """Count something that is not read; `finish` writes one note for each kind and page."""
        self.skipped[page, what] = self.skipped.get((page, what), 0) + many

    def link(self, text: str, target: str | None, page: int | None = None) -> None:
        """Keep the target of a link; `finish` writes one note for each page."""
        text, target = " ".join(text.split())[:LINK], (target or "").strip()[:LINK]
        if target and not target.startswith("#"):
            told = target if text in ("", target) else f"{text} -> {target}"
            self.links.setdefault(page, {})[told] = None

    def struck(self, text: str, page: int | None = None) -> None:
        """Keep words that are struck through; `finish` writes one note for each page."""
        if text.strip():
            self.crossed.setdefault(page, []).append(" ".join(text.split())[:LINK])

    def _write_skipped(self) -> None:
        for (page, what), many in self.skipped.items():
            self.note("unread", f"Not read: {what}" + (f" ({many})." if many > 1 else "."), page)
        for page, links in self.links.items():
            self.note("link", f"Links: {_listed([*links])}", page)
        for page, texts in self.crossed.items():
            self.note("tracked", f"Struck through, and read with the rest: {_listed(texts)}", page)
        self.skipped, self.links, self.crossed = {}, {}, {}

    def member(self, name: str, content: bytes) -> None:
        """Add a document found in this one; a second one of a name gets a number after it."""
        kept, turn = name, 1
        while kept in self.named:
            turn = self.turns.get(name, turn) + 1
            self.turns[name] = turn
            kept = f"{name} ({turn})"
        self.named.add(kept)
        self.members.append((kept, content))
        self.kept += len(content)
        if self.kept > self.limits.kept or len(self.members) > self.limits.kept_members:
            raise Refused(
                "The rest of the files in it was not kept: the limit for this file is reached."
            )

    def finish(self) -> None:
        """Write the row of each page, once all of its blocks are in."""
        self._write_skipped()
        for columns in self.columns.values():
            # memory may have run out in the middle of a row
            whole = min(map(len, columns.values()))
            for values in columns.values():
                del values[whole:]
        for page in self.pages:
            self.row(
                "pages", page=page.number, label=page.label, hidden=page.hidden, width=page.width,
                height=page.height, unit=page.unit, text="\n".join(page.parts),
                text_source=page.text_source if page.parts else "none",
            )  # fmt: skip

    def text(self) -> str:
        return "\n".join("\n".join(page.parts) for page in self.pages)

    def all_facts(self) -> dict[str, Any]:
        """Return the document's facts and metadata, as texts that can be stored."""
        facts = {n: clean(v)[:FACT] if isinstance(v, str) else v for n, v in self.facts.items()}
        said = [(clean(k)[:FACT], clean(v)[:FACT]) for k, v in [*self.metadata.items()][:FACTS]]
        metadata = {key: value for key, value in said if value}
        return facts | {"metadata": metadata}


def _listed(texts: list[str]) -> str:
    more = f"; and {len(texts) - LINKS:,} more" if len(texts) > LINKS else ""
    return "; ".join(texts[:LINKS]) + more


# characters that no text may contain: NUL, which databases refuse, halves of surrogate pairs
_UNFIT = {0: None, **dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")}
# Hangul letters apart, as macOS writes names and some programs texts: ㄱ and ㅏ for 가
_APART = re.compile("[\u1100-\u11ff]")
_UNSHOWN = {0xAD: None, 0x200B: None}  # where a word may be broken
_LINES = str.maketrans({"\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})


def composed(text: str) -> str:
    """Return a text as a search finds it: Hangul in syllables (NFC), no marks of where to break."""
    text = text.translate(_UNSHOWN) if "\u00ad" in text or "\u200b" in text else text
    return unicodedata.normalize("NFC", text) if _APART.search(text) else text


# most texts need none of it, and asking is ten times faster than translating
_ODD = re.compile("[\0\r\v\f\x85\u2028\u2029\ud800-\udfff\u1100-\u11ff]")


_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


# signs that some readers put around raised and struck text, until they know the sign before it
ABOVE, ABOVE_ENDS, STRUCK = "\ue003", "\ue004", "\ue005"
_ABOVE = re.compile(f"(.?){ABOVE}([^{ABOVE}{ABOVE_ENDS}]*){ABOVE_ENDS}", re.DOTALL)


def with_raised(text: str) -> str:
    """Return a text without the signs around parts of it, see `raised` and `apart`."""
    text = _ABOVE.sub(lambda part: part[1] + raised(part[2], part[1]), text)
    return re.sub(f"(?<=[0-9]){STRUCK}(?=[0-9])", " ", text).replace(STRUCK, "")


def raised(text: str, before: str) -> str:
    """Return raised text as ² if it would lengthen the number before it: 10 and a 6 aren't 106."""
    return text.translate(_RAISED) if before[-1:].isdigit() and text[:1].isdigit() else text


def apart(text: str, before: str) -> str:
    """Return text with a blank before it if its digits would lengthen the number before it."""
    return f" {text}" if before[-1:].isdigit() and text[:1].isdigit() else text


def clean(text: str) -> str:
    """Return a text for storing: line breaks as \\n, Hangul composed, no NUL, ends stripped."""
    if not _ODD.search(text):
        return text.strip()
    text = composed(text.translate(_UNFIT))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip().translate(_LINES)


def sides_of(box: Box | None) -> dict[str, float | None]:
    """Return the columns of a box; nulls if there is none."""
    return dict(zip(("x0", "y0", "x1", "y1"), box or (None,) * 4, strict=True))


def are_near(a: Box, b: Box, slack: float = 0.0) -> bool:
    """Return whether two boxes touch, or are at most `slack` apart in each direction."""
    return (
        a[0] - slack <= b[2]
        and b[0] - slack <= a[2]
        and a[1] - slack <= b[3]
        and b[1] - slack <= a[3]
    )


def centre_of(box: Box) -> tuple[float, float]:
    """Return the point in the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def is_within(point: tuple[float, float], box: Box, slack: float = 0.0) -> bool:
    """Return whether a point is in a box, or at most `slack` outside of each of its sides."""
    x, y = point
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack


def boxed(boxes: Iterable[Box]) -> Box | None:
    """Return the smallest box around all."""
    every = list(boxes)
    if not every:
        return None
    x0, y0, x1, y1 = zip(*every, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
