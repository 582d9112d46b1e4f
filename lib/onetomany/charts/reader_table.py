"""Write tables as HTML that wraps on a telephone and can be copied, searched and read aloud.

If a reader compares words and dates, a table serves better than a chart. Every text is escaped, so
a table may show texts from outside. `presenter.present_table` makes one from a frame.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

Words = tuple[str, str]  # English, Korean
UNKNOWN: Words = ("not known", "모름")
# How a finding or a table is known, in both languages
STATUSES = {
    "documented": ("Documented", "문서로 확인"),
    "published": ("Published", "공표된 측정"),
    "faces": ("Real faces", "실제 얼굴"),
    "data": ("Real data", "실제 자료"),
    "simulated": ("Simulated", "모의실험"),
    "elsewhere": ("Disclosed elsewhere", "다른 곳에서 공개"),
    "computed": ("Computed", "계산한 값"),
}
SHORT = 18  # letters that need not be broken into lines
ROWS = 5  # shown before "Show all"; a single further row is shown too
_HANGUL = re.compile("[가-힣]")
# JupyterLab knows no style sheet of ours; the report has its own and takes this one out
_STYLE = (
    "<style>.presented .label, .presented details:not([open]) .opened, "
    ".presented details[open] .closed, "
    ".presented:has(> details:not([open])) .more { display: none }"
    ".presented th, .presented td { text-align: left !important; vertical-align: top }"
    ".presented table { white-space: normal }</style>"
)


@dataclass(frozen=True)
class TableLine:
    """One line of a cell: a column of the frame, with an optional Korean column and label.

    `link` is a column of addresses. A null value is left out, or written as not known if `unknown`
    is true. `mark` is a Boolean column: true highlights the line. `kind` marks a text that stays as
    it is in any language: a name, a quote or a code.
    """

    column: str
    korean: str = ""
    label: Words | None = None
    link: str = ""
    mark: str = ""
    unknown: bool = False
    kind: str = ""


@dataclass(frozen=True)
class TableColumn:
    """A column: its heading and the lines of each cell; a wide cell fills a row on a telephone."""

    heading: Words
    lines: tuple[TableLine, ...]
    wide: bool = False
    number: bool = False


def table_column(heading: Words, *lines: TableLine | str, wide: bool = False) -> TableColumn:
    """Return a column; a name instead of a line is plain text, "what_en" in both languages.

    >>> table_column(("event", "사건"), "what_en").lines[0].korean
    'what_ko'
    """
    made = [
        TableLine(line, f"{line[:-3]}_ko" if line.endswith("_en") else "")
        if isinstance(line, str)
        else line
        for line in lines
    ]
    return TableColumn(heading, tuple(made), wide)


@dataclass(frozen=True, repr=False)
class ReaderTable:
    """A finished table: its HTML, and its rows as a frame for exhibits."""

    body: str
    frame: pl.DataFrame = field(compare=False)

    def _repr_html_(self) -> str:
        return _STYLE + self.body

    def __repr__(self) -> str:
        with pl.Config(tbl_rows=40, tbl_cols=14, fmt_str_lengths=200):
            return str(self.frame)


def reader_table(
    rows: pl.DataFrame,
    columns: Sequence[TableColumn],
    *,
    title: Words,
    status: str,
    source: Words | str = "",
    query: str = "",
    group: Words | None = None,
    tags: str = "",
) -> ReaderTable:
    """Return a table with title, status, headings and source in both languages.

    `status` is a key of STATUSES: how the table's figures are known. `query` is the search whose
    results the rows are. `group` names an English and a Korean column; consecutive rows with equal
    values share a heading. After ROWS rows the reader opens the rest. `tags` is a column of words,
    separated by blanks, by which the menus of a chart with parameters `filter_...` on the same page
    show and hide rows.

    Raises ValueError for another status.

    >>> rows = pl.DataFrame({"day": ["2021-10-20", None], "what": ["A < B", "C"]})
    >>> day = TableColumn(("day", "날"), (TableLine("day", unknown=True),))
    >>> what = TableColumn(("event", "사건"), (TableLine("what"),))
    >>> table = reader_table(
    ...     rows, [day, what], title=("Events", "사건"), status="simulated", source="made up"
    ... )
    >>> "A &lt; B" in table.body, table.frame["day 날"].to_list()
    (True, ['2021-10-20', 'not known 모름'])
    """
    listed = rows.to_dicts()
    classes = [_class(column, listed) for column in columns]
    head = "".join(
        f'<th scope="col"{look}>{_both(column.heading)}</th>'
        for column, look in zip(columns, classes, strict=True)
    )
    body = "".join(
        [
            f'<div class="presented"><table class="{_look(columns, tags)}">',
            f"<caption>{badge(status)} ",
            f"{_both(title)}{_query(query)}</caption><thead><tr>{head}</tr></thead><tbody>",
            *_rows(listed, columns, classes, group, tags),
            f"</tbody>{_foot(source, len(columns))}</table>{_rest(len(listed))}</div>",
        ]
    )
    data: dict[str, list[str | None]] = {}
    if group:
        data["about 대상"] = [
            " · ".join(dict.fromkeys(row[name] for name in group)) for row in listed
        ]
    for column in columns:
        data[" ".join(column.heading)] = [_text(row, column) for row in listed]
    if links := [line.link for column in columns for line in column.lines if line.link]:
        data["address 주소"] = [
            "\n".join(filter(None, map(row.get, links))) or None for row in listed
        ]
    return ReaderTable(body, pl.DataFrame(data, schema=dict.fromkeys(data, pl.String)))


def badge(status: str) -> str:
    """Return a status as HTML in both languages. Raises ValueError for another status.

    >>> badge("computed")
    '<span class="badge computed"><span lang="en">Computed</span> <span lang="ko">계산한 값</span></span>'
    """  # noqa: E501
    if status not in STATUSES:
        raise ValueError(f"No status is called {status!r}; there are {', '.join(STATUSES)}.")
    return f'<span class="badge {status}">{_both(STATUSES[status])}</span>'


def _look(columns: Sequence[TableColumn], tags: str) -> str:
    even = all(column.wide for column in columns)
    return "reader" + " even" * even + " filtered" * bool(tags)


def _rows(
    listed: list[dict[str, Any]],
    columns: Sequence[TableColumn],
    classes: list[str],
    group: Words | None,
    tags: str,
) -> Iterator[str]:
    if not listed:
        yield f'<tr><td colspan="{len(columns)}">{_both(("There are none.", "없음"))}</td></tr>'
    folds = len(listed) > ROWS + 1
    before: Words | None = None
    for number, row in enumerate(listed):
        more = folds and number >= ROWS
        if group and (name := (row[group[0]], row[group[1]])) != before:
            yield f"<tr class='group{' more' * more}'>"
            yield f'<th scope="rowgroup" colspan="{len(columns)}">'
            yield f"{_both(name)}</th></tr>"
            before = name
        cells = (
            f'<td{look}><span class="label">{_both(column.heading)}</span>'
            f"{''.join(_lines(row, column))}</td>"
            for column, look in zip(columns, classes, strict=True)
        )
        names = " ".join(filter(None, (row[tags] if tags else "", "more" * more)))
        look = f' class="{html.escape(names)}"' if names else ""
        yield f"<tr{look}>{''.join(cells)}</tr>"


def _rest(rows: int) -> str:
    if rows <= ROWS + 1:
        return ""
    closed = _both((f"Show all {rows} rows", f"{rows}행 모두 보기"))
    opened = _both((f"Show only {ROWS} rows", f"{ROWS}행만 보기"))
    return (
        f'<details class="rest"><summary><span class="closed">{closed}</span>'
        f'<span class="opened">{opened}</span></summary></details>'
    )


def _foot(source: Words | str, columns: int) -> str:
    if not source:
        return ""
    said = _in_two(source) if isinstance(source, str) else source
    words = _both((f"Source: {said[0]}", f"출처: {said[1]}"))
    return f'<tfoot><tr><td colspan="{columns}">{words}</td></tr></tfoot>'


def _in_two(text: str) -> Words:
    """Return the two parts of "English 한국어"; a text in one language is both."""
    found = re.fullmatch(r"([^가-힣]*[^가-힣\s])\s+([가-힣].*)", text, re.DOTALL)
    return (found[1], found[2]) if found else (text, text)


def _query(query: str) -> str:
    if not query:
        return ""
    asked = f"<q{_foreign(query)}>{html.escape(query)}</q>"
    return f'<span class="query">{_both(("Searched for", "찾은 말"))} {asked}</span>'


def _foreign(text: str) -> str:
    """Return the language of a text that stays as it is, in a form that the switch leaves alone."""
    return f' lang="{"ko-KR" if _HANGUL.search(text) else "en-GB"}"'


def _class(column: TableColumn, listed: list[dict[str, Any]]) -> str:
    """Return how a column is laid out: wide, number, or tight (each of its lines is short)."""
    said = (_values(row, line) for row in listed for line in column.lines if not line.label)
    longest = max((len(text) for words in said if words for text in words), default=0)
    tight = longest <= SHORT and not column.wide
    names = " ".join(["wide"] * column.wide + ["number"] * column.number + ["tight"] * tight)
    return f' class="{names}"' if names else ""


def _both(words: Words, kind: str = "") -> str:
    english, korean = map(html.escape, words)
    if english == korean or not korean:
        if kind == "code":
            return f"<code>{english}</code>"
        if kind or _HANGUL.search(english):
            return f'<span class="{kind or "quote"}"{_foreign(english)}>{english}</span>'
        return english
    return f'<span lang="en">{english}</span> <span lang="ko">{korean}</span>'


def _values(row: dict[str, Any], line: TableLine) -> Words | None:
    value = row[line.column]
    if value is None:
        return UNKNOWN if line.unknown else None
    korean = row[line.korean] if line.korean else None
    return str(value), str(value if korean is None else korean)


def _lines(row: dict[str, Any], column: TableColumn) -> Iterator[str]:
    empty = True
    for line in column.lines:
        if not (words := _values(row, line)):
            continue
        empty = False
        shown = _both(words, line.kind)
        # a ledger may come from a stranger: only an address of the web becomes a link
        if line.link and (row[line.link] or "").startswith(("https://", "http://")):
            shown = f'<a href="{html.escape(row[line.link])}">{shown}</a>'
        if line.mark and row[line.mark]:
            shown = f"<mark>{shown}</mark>"
        label = ""
        if line.label:
            label = f"<small>{_both((f'{line.label[0]}:', f'{line.label[1]}:'))}</small> "
        yield f"<div>{label}{shown}</div>"
    if empty:
        yield "<div>–</div>"


def _text(row: dict[str, Any], column: TableColumn) -> str | None:
    """Return a cell as text, one line per `TableLine`, for the frame."""
    said = []
    for line in column.lines:
        if words := _values(row, line):
            label = f"{' '.join(line.label)}: " if line.label else ""
            between = " · " if line.korean else " "
            said.append(label + between.join(dict.fromkeys(words)))
    return "\n".join(said) or None
