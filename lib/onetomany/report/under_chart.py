"""The line under each chart: its number, its citation, and its data as CSV."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from onetomany.charts.languages import in_language, marked_spec, plain_spec
from onetomany.sources.case_summary import Pair
from onetomany.sources.tables import csv_text
from .chapter import Chapter, NotebookBlock


def figure_number(chapter: Chapter, chart: NotebookBlock) -> str:
    """Return the number of a chart in the report: '4.3' is the third of chapter 04."""
    return f"{chapter.number.lstrip('0') or '0'}.{chart.number}"


def figure_title(chart: NotebookBlock, chapter: Chapter) -> Pair:
    """Return the finding that is a chart's title, in English and Korean."""
    return _title_and_lines(chart, chapter)[0]


def figure_citation(chart: NotebookBlock, chapter: Chapter) -> Pair:
    """Return a chart's finding as somebody may quote it: title, source lines, figure, commit."""
    said, lines = _title_and_lines(chart, chapter)
    number, made = figure_number(chapter, chart), made_when(chapter)
    english, korean = (
        "; ".join(in_language(line, lang) for line in lines) for lang in ("en", "ko")
    )
    return (
        f"{said[0]} ({'; '.join(filter(None, (english, made)))}; One-to-Many, figure {number})",
        f"{said[1]} ({'. '.join(filter(None, (korean, made)))}. 일대다, 그림 {number})",
    )


def _title_and_lines(chart: NotebookBlock, chapter: Chapter) -> tuple[Pair, list[str]]:
    """Return a chart's title in both languages (the first subtitle is Korean), and its sources."""
    title = marked_spec(chart.spec).get("title") or {}
    title = title if isinstance(title, dict) else {"text": title}
    first, *lines = _lines(title.get("subtitle")) or [""]
    said = " ".join(_lines(title.get("text"))) or chapter.title
    return (in_language(said, "en"), first or in_language(said, "ko")), lines


def made_when(chapter: Chapter) -> str:
    """Return the day and the commit of a chapter's run, as citations give them."""
    day, commit = str(chapter.run.get("ran_at", ""))[:10], str(chapter.run.get("commit") or "")
    return ", ".join(filter(None, (day, commit and f"commit {commit}")))


def chart_csv(spec: dict[str, Any]) -> bytes:
    """Return the tables that a chart draws as one CSV, with a byte order mark for Excel.

    Rows of all its tables one under another; tables with nested values are left out.
    """
    tables = _data(plain_spec(spec))
    frames = [pl.DataFrame(rows, infer_schema_length=None) for rows in tables if rows]
    flat = [each for each in frames if not any(kind.is_nested() for kind in each.dtypes)]
    table = pl.concat(flat, how="diagonal_relaxed") if flat else pl.DataFrame()
    return csv_text(table).encode("utf-8-sig")


def _lines(text: Any) -> list[str]:
    listed = text if isinstance(text, list) else [text] if text else []
    return [str(line) for line in listed]


def _data(spec: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the tables that a chart carries, by name or in place."""
    yield from spec.get("datasets", {}).values()
    stack = [spec]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            data = item.get("data")
            if isinstance(data, dict) and isinstance(data.get("values"), list):
                yield data["values"]
            stack += [value for key, value in item.items() if key not in ("data", "datasets")]
        elif isinstance(item, list):
            stack += item
