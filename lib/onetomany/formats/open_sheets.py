"""Sheets of OpenDocument, and the words of its paragraphs, which sheets and texts share."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from .number_formats import plain_number
from .parts import attribute, clamped, local
from .reading import ABOVE, ABOVE_ENDS, STRUCK, Page, Reading, composed, with_raised
from .sheet_rows import SheetRows

LOOK = "look"  # an attribute that `mark_looks` sets
_FILLED = 1000  # repetitions of a row or cell that count as data
_SIGNS = {"raised": (ABOVE, ABOVE_ENDS), "struck": (STRUCK, STRUCK)}


def mark_looks(roots: list[Any], page_of: Reading) -> None:
    """Mark the spans that are raised above their line or struck through, by their styles."""
    named: dict[str, str] = {}
    for style in [style for root in roots for style in root.iter("{*}style")]:
        for each in style.iter("{*}text-properties"):
            if re.match(r"super|[1-9]", attribute(each, "text-position") or ""):
                named[attribute(style, "name") or ""] = "raised"
            elif (attribute(each, "text-line-through-style") or "none") != "none":
                named[attribute(style, "name") or ""] = "struck"
    for span in [span for root in roots for span in root.iter("{*}span")]:
        if look := named.get(attribute(span, "style-name") or ""):
            span.set(LOOK, look)
            if look == "struck":
                page_of.struck("".join(span.itertext()))


def add_sheet(table: Any, page: Page, reading: Reading) -> list[Any]:
    """Add a sheet, its cells as they are shown; return comments and drawings that lie on it."""
    title = attribute(table, "name") or ""
    sheet = SheetRows(page, title)
    sheet.columns = _hidden_columns(table)
    number, seen, comments = 0, 0, list[Any]()
    rows, columns = 0, 0
    for tr in rows_of(table):
        repeated = clamped(attribute(tr, "number-rows-repeated"), 1, 1 << 20)
        fields, formulas = _fields(tr, page)
        comments += tr.iter("{*}annotation")
        if fields:
            numbers = range(number + 1, number + min(repeated, _FILLED) + 1)
            if attribute(tr, "visibility") in ("collapse", "filter"):
                sheet.rows.update(numbers)
            hidden = [sheet.add(each, fields, formulas) for each in numbers]
            seen += any(hidden) and not page.hidden
            rows, columns = numbers[-1], max(columns, fields[-1][0])
            if repeated > _FILLED:
                reading.skip("repetitions of a row beyond 1,000", page.number)
        number += repeated
    held = reading.columns["tables"]
    held["row_count"][-1], held["column_count"][-1] = rows, columns
    if seen:
        reading.note("hidden", f"{seen} rows on '{title}' hold hidden cells.", page.number)
    drawn = [shape for shapes in table.iter("{*}shapes") for shape in shapes]
    framed = [drawing for cell in table.iter("{*}table-cell", "{*}covered-table-cell")
              for drawing in cell if local(drawing) in _DRAWN]  # fmt: skip
    return [*comments, *drawn, *framed]


def _fields(row: Any, page: Page) -> tuple[list[tuple[int, str]], dict[int, str]]:
    """Return the texts and the formulas of a row by column; its links are kept."""
    fields: list[tuple[int, str]] = []
    formulas: dict[int, str] = {}
    for at, cell, many in cells_of(row, 1 << 14):
        paragraphs, formula = [*cell_paragraphs(cell)], attribute(cell, "formula")
        text = "\n".join(words_of(p) for p in paragraphs) or _value(cell)
        if text or formula:
            # one that is repeated to the edge of the sheet is a fill, no data
            columns = range(at, at + min(many, _FILLED))
            fields += [(column, text) for column in columns]
            formulas |= dict.fromkeys(columns, formula) if formula else {}
        for a in (link for p in paragraphs for link in p.iter("{*}a")):
            page.reading.link(words_of(a), attribute(a, "href"), page.number)
    return fields, formulas


def cells_of(row: Any, most: int) -> Iterator[tuple[int, Any, int]]:
    """Yield the cells of a row: the first column of each, and over how many it is repeated."""
    at = 1
    for cell in row:
        if local(cell) in ("table-cell", "covered-table-cell"):
            many = clamped(attribute(cell, "number-columns-repeated"), 1, most)
            yield at, cell, many
            at += many


def _hidden_columns(table: Any) -> set[int]:
    found, at = set[int](), 1
    for column in table.iter("{*}table-column"):
        many = clamped(attribute(column, "number-columns-repeated"), 1, 1 << 14)
        if attribute(column, "visibility") in ("collapse", "filter"):
            found.update(range(at, at + many))
        at += many
    return found


def _value(cell: Any) -> str:
    """Return the value of a cell without text, as its type shows it."""
    size, kind = attribute(cell, "value") or "", attribute(cell, "value-type")
    if kind == "percentage":
        with contextlib.suppress(ValueError):
            return f"{plain_number(float(size) * 100)}%"
    if kind == "currency" and size:
        return f"{size} {attribute(cell, 'currency') or ''}".strip()
    for name in ("string-value", "date-value", "time-value", "boolean-value", "value"):
        if value := attribute(cell, name):
            return value
    return ""


def rows_of(table: Any) -> Iterator[Any]:
    for element in table:
        if local(element) == "table-row":
            yield element
        elif local(element) in ("table-header-rows", "table-row-group", "table-rows"):
            yield from rows_of(element)


def cell_paragraphs(cell: Any) -> Iterator[Any]:
    """Return a cell's paragraphs, also in lists; not those of comments, frames, inner tables."""
    for element in cell:
        if local(element) in ("p", "h"):
            yield element
        elif local(element) in ("list", "list-item", "section"):
            yield from cell_paragraphs(element)


_DRAWN = ("frame", "custom-shape", "rect", "g", "text-box", "line", "ellipse", "polygon",
          "polyline", "path", "connector", "caption", "control", "circle", "regular-polygon",
          "measure")  # fmt: skip
_OUTER = ("annotation", "note", "a", "hidden-text", "change", "change-start", *_DRAWN)


def anchored(element: Any) -> Iterator[Any]:
    """Return the elements anchored in a paragraph, outermost first."""
    for child in element:
        if local(child) in _OUTER:
            yield child
            if local(child) == "a":
                yield from anchored(child)
        else:
            yield from anchored(child)


def words_of(element: Any) -> str:
    """Return the text of a paragraph as shown, without the elements anchored in it."""
    return composed(with_raised("".join(_said(element))))


def _said(element: Any) -> Iterator[str]:
    yield re.sub(r"[ \t\r\n]+", " ", element.text or "")
    for child in element:
        name = local(child)
        if name == "s":
            yield " " * clamped(attribute(child, "c"), 1, 1000)
        elif name == "tab":
            yield "\t"
        elif name == "line-break":
            yield "\n"
        elif name == "ruby":
            base = "".join("".join(_said(each)) for each in child.iter("{*}ruby-base"))
            above = "".join("".join(_said(each)) for each in child.iter("{*}ruby-text"))
            yield f"{base}({above})" if above else base
        elif name == "a" or name not in (*_OUTER, "tracked-changes", "title", "desc"):
            begins, ends = _SIGNS.get(child.get(LOOK) or "", ("", ""))
            yield begins
            yield from _said(child)
            yield ends
        yield re.sub(r"[ \t\r\n]+", " ", child.tail or "")
