"""Tables of a PDF page that have no lines between their cells, found by liteparse (Apache-2.0).

It gets only pages on which gaps separate the texts of rows, as in tables and not in prose. Its
table is taken if no ruled table is there, or if a ruled table's lines leave many of its cells
together. Tables whose cells contain sentences are left out.
"""

import io
import re
from functools import cache
from typing import Any

import pypdfium2 as pdfium

from .pdf_lines import Line
from .pdf_ruled import Lattice, LatticeCell
from .pdf_unread import common_area, level_rows
from .reading import Box, Page, boxed, centre_of, is_within

ROWS = 3  # with separated texts: fewer don't indicate a table
APART = 1.3  # of a line's height: a gap between words is narrower
NARROW = 0.3  # of the page's width: columns of prose are wider
SHORT, SHARE = 40, 0.7  # characters of a cell; the share of a table's cells that are as short
FILLED = 0.45  # the share of its cells that aren't empty
CUT = 0.1  # words cut for each row, from which it isn't a table
FIGURES = 3  # figures in a line that is drawn as one text, from which it may be a row
_FIGURE = re.compile(r"[(+−–$€£₩-]?\d[\d.,]*%?\)?|[–—-]|n\.?a\.?")
_NUMBERED = re.compile(r"\s*\d+(?:\.\d+)+\.?\s|\s*\d+(?:\.\d+)+\s*$")
_DRAWN = re.compile("[\u2500-\u257f]")  # lines that are characters, as of a tree of files
_LEADER = re.compile(r"(?:\.\s?){4}")
TOGETHER = 0.3  # the share of a ruled table's cells from which its lines leave cells together
STACK = 4  # lines in each of some cells beside each other: rows without a line between them
# of two parts of a table that a heading within it cuts: 'Actual', rows, 'Projected', more rows
ASIDE = 6.0  # points by which their sides may differ
GAP = 4.0  # line heights between them, at most
HEADING = 40  # characters of the heading between them, at most
HEADLESS = 0.5  # the share of words with a digit in a row that isn't a head
_TITLE = re.compile(
    r"\s*(?:table|figure|fig\.|chart|annex|표|그림|도표)(?![a-z가-힣])", re.IGNORECASE
)


@cache
def table_finder() -> Any:
    """Return liteparse's parser. It starts threads that it doesn't need: make it before a fork.

    This is the parser itself: its wrapper in Python copies each text of a page, for a tenth of
    the time, and tables need none of them.
    """
    from liteparse._liteparse import LiteParse  # type: ignore[import-not-found]

    return LiteParse(ocr_enabled=False, extract_blocks=True, extract_links=False,
                     keep_headers_footers=True, quiet=True, num_workers=1)  # fmt: skip


def may_contain_table(lines: list[Line], width: float) -> bool:
    """Return whether rows of a page have narrow texts with gaps, or figures."""
    rows = 0
    for row in level_rows([run for line in lines for run in line.runs]):
        groups = _gaps(row)
        rows += bool(groups) and min(each[2] - each[0] for each in groups) < NARROW * width
    return rows >= ROWS or sum(_is_figures(line.text) for line in lines) >= ROWS


def _is_figures(text: str) -> bool:
    """Return whether a line drawn as one text is a row of figures: Maine 12,640 12,530 12,600."""
    words = text.split()
    figures = sum(bool(_FIGURE.fullmatch(word)) for word in words)
    return figures >= FIGURES and 2 * figures > len(words)


def add_borderless(
    page: Page, lines: list[Line], ruled: list[Lattice], found: list[Lattice] | BaseException
) -> list[Lattice]:
    """Return the tables of a page: the ruled ones, and those of `borderless_tables`."""
    if isinstance(found, BaseException):
        why = f"Tables without lines were not looked for on this page ({type(found).__name__})."
        page.reading.note("limit", why, page.number)
        return ruled
    kept = list(ruled)
    for table in found:
        if _is_contents(table, lines) or _cuts_words(table, lines):
            continue
        over = [each for each in kept if common_area(each.box, table.box) > 0]
        if all(_is_closer(table, each, lines) for each in over):
            kept = [each for each in kept if each not in over] + [table]
    return _join_cut_tables(sorted(kept, key=lambda each: (each.box[1], each.box[0])), lines)


def borderless_tables(pdf: Any, numbers: list[int]) -> dict[int, list[Lattice] | BaseException]:
    """Return the tables on pages (numbers from 0), or the error at a page."""
    if not numbers:
        return {}
    try:
        return dict(zip(numbers, _found(_copied(pdf, numbers)), strict=True))
    except BaseException as error:  # Rust's panics are no Exceptions
        if len(numbers) == 1:
            return {numbers[0]: [] if isinstance(error, pdfium.PdfiumError) else error}
    return {number: borderless_tables(pdf, [number])[number] for number in numbers}


def _copied(pdf: Any, numbers: list[int]) -> bytes:
    """Return some pages as a document of their own."""
    with pdfium.PdfDocument.new() as alone:
        alone.import_pages(pdf, numbers)
        held = io.BytesIO()
        alone.save(held)
    return held.getvalue()


def _found(content: bytes) -> list[list[Lattice]]:
    return [
        [
            table
            for block in page.blocks or []
            if block.kind == "table" and (table := _lattice(block))
        ]
        for page in table_finder().parse_bytes(content).pages
    ]


def _lattice(block: Any) -> Lattice | None:
    """Return a table of its rows; None if it is more like prose than like a table."""
    rows = ([block.header] if block.header else []) + list(block.rows or [])
    # rows whose texts have no place of their own are lines of prose
    rows = [row for row in rows if any(cell.bbox for cell in row)]
    columns = max(map(len, rows), default=0)
    texts = [cell.text.strip() for row in rows for cell in row]
    held = [text for text in texts if text]
    if len(rows) < ROWS or columns < 2 or len(held) < FILLED * len(rows) * columns:
        return None
    short = sum(len(text) <= SHORT for text in held)
    told = sum(any(char.isalnum() for char in text) and not _DRAWN.search(text) for text in held)
    if min(short, told) < SHARE * len(held):
        return None
    begins = [next((cell.text for cell in row if cell.text.strip()), "") for row in rows]
    if sum(bool(_NUMBERED.match(text)) for text in begins) > len(rows) / 2:
        return None  # headings, or their list
    figures = sum(any(char.isdigit() for char in row[-1].text) for row in rows)
    if columns == 2 and (len(rows) < ROWS + 1 or figures < len(rows) / 3):
        return None  # a list of words and their meanings
    cells = []
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row, 1):
            if cell.bbox and cell.text.strip():
                box = cell.bbox
                edges = (box.x, box.y, box.x + box.width, box.y + box.height)
                cells.append(LatticeCell(number, column, (1, 1), edges))
    box = boxed(cell.box for cell in cells)
    return Lattice(len(rows), columns, box, cells) if box and len(cells) > 3 else None


def _is_contents(table: Lattice, lines: list[Line]) -> bool:
    """Return whether it is a table of contents: its titles and pages are joined by points."""
    inside = [line for line in lines if is_within(centre_of(line.box), table.box)]
    return sum(bool(_LEADER.search(line.text)) for line in inside) > 0.2 * len(inside)


def _cuts_words(table: Lattice, lines: list[Line]) -> bool:
    """Return whether the sides of its cells go through words, as they do in prose."""
    cut = 0
    for line in lines:
        if not common_area(line.box, table.box):
            continue
        last: int | None = None
        for box, char in zip(line.inks, line.text, strict=True):
            if box is None or char.isspace():
                last = None
                continue
            found = table.cell_at(*centre_of(box))
            at = last if found is None else found
            cut += last is not None and at != last
            last = at
    return cut > CUT * table.rows


def _is_closer(table: Lattice, ruled: Lattice, lines: list[Line]) -> bool:
    """Return whether a table without lines separates cells that a ruled one leaves together."""
    runs = [run for line in lines for run in line.runs if is_within(centre_of(run), ruled.box)]
    inside = [[run for run in runs if is_within(centre_of(run), cell.box)] for cell in ruled.cells]
    stacks = {
        (cell.row, cell.column): len(list(level_rows(held)))
        for cell, held in zip(ruled.cells, inside, strict=True)
    }
    together = filled = 0
    for cell, held in zip(ruled.cells, inside, strict=True):
        if not held:
            continue
        filled += 1
        high = stacks[cell.row, cell.column]
        beside = sum(many == high for (row, _), many in stacks.items() if row == cell.row)
        # columns without rows between them, or rows without columns
        together += (high >= STACK and beside > 1) or any(
            _gaps(level) for level in level_rows(held)
        )
    return together > TOGETHER * filled and len(table.cells) > max(filled, 1)


def _gaps(row: list[Box]) -> list[Box]:
    """Return the texts of a row, if gaps separate them; else []."""
    groups: list[Box] = []
    for run in sorted(row):
        if groups and run[0] - groups[-1][2] < APART * (run[3] - run[1]):
            groups[-1] = boxed((groups[-1], run)) or run
        else:
            groups.append(run)
    return groups if len(groups) > 1 else []


def _join_cut_tables(tables: list[Lattice], lines: list[Line]) -> list[Lattice]:
    """Return tables, in order, with those joined that a heading of one line cuts in two.

    The second part has the first's columns and sides, and begins with figures, not with a head. The
    heading becomes a row over all columns.
    """
    out: list[Lattice] = []
    for table in tables:
        between = _between(out[-1], table, lines) if out else None
        if between and _begins_with_figures(table, lines):
            out[-1] = _appended(out[-1], table, between)
        else:
            out.append(table)
    return out


def _between(above: Lattice, below: Lattice, lines: list[Line]) -> Line | None:
    """Return the line between two parts of a table; None if they are two tables."""
    if above.columns != below.columns or above.columns < 2 or not _same_columns(above, below):
        return None
    gap = below.box[1] - above.box[3]
    found = [
        line
        for line in lines
        if above.box[3] <= (line.box[1] + line.box[3]) / 2 <= below.box[1]
        and line.box[2] > above.box[0]
        and line.box[0] < above.box[2]
    ]
    if len(found) != 1 or not 0 <= gap <= GAP * (found[0].box[3] - found[0].box[1]):
        return None
    text = found[0].text.strip()
    plain = len(text) <= HEADING and not _TITLE.match(text) and not text.endswith((".", ":"))
    return found[0] if text and plain else None


def _same_columns(above: Lattice, below: Lattice) -> bool:
    sides = zip(above.box[::2], below.box[::2], strict=True)
    if all(abs(one - other) > ASIDE for one, other in sides):
        return False
    first, second = _columns(above), _columns(below)
    return first.keys() == second.keys() and all(
        min(first[column][1], second[column][1]) > max(first[column][0], second[column][0])
        for column in first
    )


def _columns(table: Lattice) -> dict[int, tuple[float, float]]:
    """Return the left and right side of each column, from cells that span no other."""
    sides: dict[int, tuple[float, float]] = {}
    for cell in table.cells:
        if cell.spans[1] == 1:
            x0, x1 = sides.get(cell.column, (cell.box[0], cell.box[2]))
            sides[cell.column] = min(x0, cell.box[0]), max(x1, cell.box[2])
    return sides


def _begins_with_figures(table: Lattice, lines: list[Line]) -> bool:
    row = boxed(cell.box for cell in table.cells if cell.row == 1)
    words = [
        word
        for line in lines
        if row and row[1] <= (line.box[1] + line.box[3]) / 2 <= row[3]
        for word in line.text.split()
    ]
    figures = [word for word in words if re.search(r"\d", word)]
    return len(figures) > HEADLESS * len(words)


def _appended(above: Lattice, below: Lattice, between: Line) -> Lattice:
    row = above.rows + 1
    cells = [*above.cells, LatticeCell(row, 1, (1, above.columns), between.box)]
    cells += [cell._replace(row=cell.row + row) for cell in below.cells]
    box = boxed((above.box, below.box)) or above.box
    return Lattice(row + below.rows, above.columns, box, cells)
