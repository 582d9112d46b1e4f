"""Write tables as HTML that wraps on a telephone and can be copied, searched and read aloud.

If a reader compares words and dates, a table serves better than a chart. Every text is escaped, so
a table may show texts from outside.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

Words = tuple[str, str]  # English, Korean
UNKNOWN: Words = ("not known", "모름")


@dataclass(frozen=True)
class TableLine:
    """One line of a cell: a column of the frame, with an optional Korean column and label.

    `link` is a column of addresses, `note` a column of texts shown under the pointer. A null value
    is left out, or written as not known if `unknown` is true. `mark` is a Boolean column: true
    highlights the line.
    """

    column: str
    korean: str = ""
    label: Words | None = None
    link: str = ""
    note: str = ""
    mark: str = ""
    unknown: bool = False


@dataclass(frozen=True)
class TableColumn:
    """A column: its heading and the lines of each cell; a wide cell fills a row on a telephone.

    If all columns are wide they are equally wide, and a telephone shows no headings: give labels.
    """

    heading: Words
    lines: tuple[TableLine, ...]
    wide: bool = False


@dataclass(frozen=True)
class ReaderTable:
    """A finished table: its HTML, and the same rows as a frame of texts for exhibits."""

    body: str
    frame: pl.DataFrame

    def _repr_html_(self) -> str:
        return self.body


def reader_table(
    rows: pl.DataFrame,
    columns: Sequence[TableColumn],
    *,
    title: Words,
    source: str,
    group: Words | None = None,
    tags: str = "",
    long: bool = False,
) -> ReaderTable:
    """Return a table with its title, headings and source in both languages.

    `group` names an English and a Korean column; consecutive rows with equal values share a
    heading. `tags` is a column of words, separated by blanks, by which the controls of a chart with
    parameters `filter_...` on the same page show and hide rows. A `long` table scrolls in a box.

    >>> rows = pl.DataFrame({"day": ["2021-10-20", None], "what": ["A < B", "C"]})
    >>> day = TableColumn(("day", "날"), (TableLine("day", unknown=True),))
    >>> what = TableColumn(("event", "사건"), (TableLine("what"),))
    >>> table = reader_table(rows, [day, what], title=("Events", "사건"), source="made up")
    >>> "A &lt; B" in table.body, table.frame["day 날"].to_list()
    (True, ['2021-10-20', 'not known 모름'])
    """
    span = f' colspan="{len(columns)}"'
    head = "".join(
        f'<th scope="col"{_wide(column)}>{_both(column.heading)}</th>' for column in columns
    )
    listed = rows.to_dicts()
    parts = [
        f'<table class="{_classes(columns, tags, long)}"><caption>{_both(title)}</caption>',
        f"<thead><tr>{head}</tr></thead><tbody>",
    ]
    before: Words | None = None
    for row in listed:
        if group and (name := (row[group[0]], row[group[1]])) != before:
            parts.append(f'<tr class="group"><th scope="rowgroup"{span}>{_both(name)}</th></tr>')
            before = name
        cells = (f"<td{_wide(column)}>{''.join(_lines(row, column))}</td>" for column in columns)
        shown_by = f' class="{html.escape(row[tags])}"' if tags else ""
        parts.append(f"<tr{shown_by}>{''.join(cells)}</tr>")
    said = html.escape(source)
    parts.append(f"</tbody><tfoot><tr><td{span}>Source 출처: {said}</td></tr></tfoot></table>")
    data: dict[str, list[str | None]] = {}
    if group:
        data["about 대상"] = [
            " · ".join(dict.fromkeys(row[name] for name in group)) for row in listed
        ]
    for column in columns:
        data[" ".join(column.heading)] = [_text(row, column) for row in listed]
        if links := [line.link for line in column.lines if line.link]:
            data["address 주소"] = [
                "\n".join(filter(None, map(row.get, links))) or None for row in listed
            ]
    return ReaderTable("".join(parts), pl.DataFrame(data, schema=dict.fromkeys(data, pl.String)))


def _classes(columns: Sequence[TableColumn], tags: str, long: bool) -> str:
    even = all(column.wide for column in columns)
    return "reader" + " even" * even + " filtered" * bool(tags) + " long" * long


def _wide(column: TableColumn) -> str:
    return ' class="wide"' * column.wide


def _both(words: Words) -> str:
    english, korean = map(html.escape, words)
    if english == korean or not korean:
        return english
    return f'<span lang="en">{english}</span> <span lang="ko">{korean}</span>'


def _values(row: dict[str, Any], line: TableLine) -> Words | None:
    value = row[line.column]
    if value is None:
        return UNKNOWN if line.unknown else None
    korean = row[line.korean] if line.korean else None
    return str(value), str(value if korean is None else korean)


def _lines(row: dict[str, Any], column: TableColumn) -> Iterator[str]:
    for line in column.lines:
        if not (words := _values(row, line)):
            continue
        shown = _both(words)
        # a ledger may come from a stranger: only an address of the web becomes a link
        if line.link and (row[line.link] or "").startswith(("https://", "http://")):
            note = f' title="{html.escape(row[line.note])}"' if line.note else ""
            shown = f'<a href="{html.escape(row[line.link])}"{note}>{shown}</a>'
        if line.mark and row[line.mark]:
            shown = f"<mark>{shown}</mark>"
        label = f"{_both((f'{line.label[0]}:', f'{line.label[1]}:'))} " if line.label else ""
        yield f"<div>{label}{shown}</div>"


def _text(row: dict[str, Any], column: TableColumn) -> str | None:
    """Return a cell as text, one line per `TableLine`, for the frame."""
    said = []
    for line in column.lines:
        if words := _values(row, line):
            label = f"{' '.join(line.label)}: " if line.label else ""
            between = " · " if line.korean else " "
            said.append(label + between.join(dict.fromkeys(words)))
    return "\n".join(said) or None
