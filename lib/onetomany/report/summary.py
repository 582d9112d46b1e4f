"""Findings of executed chapters: cards of the summary page, and the opening of each chapter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onetomany.charts.reader_table import STATUSES
from onetomany.errors import OneToManyError
from onetomany.prose import FINDING
from onetomany.sources.case_summary import Pair
from .chapter import Chapter, NotebookBlock, NotebookCell
from .execute import Notebook
from .under_chart import made_when


@dataclass(frozen=True)
class ChapterFinding:
    """One finding of a chapter, and the chart that shows it."""

    chapter: Chapter
    status: str  # a key of prose.STATUSES
    figure: Pair
    sentence: Pair
    limit: Pair
    on_summary: bool
    cell: int  # the code cell that computed it
    chart: NotebookBlock | None

    @property
    def badge(self) -> Pair:
        return STATUSES[self.status]

    @property
    def link(self) -> str:
        return f"{self.chapter.stem}.html"

    @property
    def lead(self) -> NotebookCell | None:
        """Return the cell that a chapter opens with: its first chart, if that shows the finding."""
        if not self.chart or self.chart.number != 1:
            return None
        return self.chapter.cell_of_first_chart()

    @property
    def name(self) -> str:
        """Return the file name of its chart, without an ending: '04-3'."""
        return f"{self.chapter.number}-{self.chart.number}" if self.chart else ""

    @property
    def citation(self) -> Pair:
        """Return the sentence as somebody may quote it: figure, status, chapter, date, commit."""
        made = made_when(self.chapter)
        return (
            f"{self.figure[0]} {self.sentence[0]} {self.limit[0]} "
            f"(One-to-Many, chapter {self.chapter.number}, {self.badge[0].lower()}; {made})",
            f"{self.figure[1]} {self.sentence[1]} {self.limit[1]} "
            f"(일대다 {self.chapter.number}장, {self.badge[1]}. {made})",
        )


def read_findings(chapter: Chapter, notebook: Notebook) -> list[ChapterFinding]:
    """Return the findings that a chapter's code cells showed, in their order.

    Raises OneToManyError for an output that isn't a finding as `prose.finding` writes it.
    """
    number, found = 0, []
    for cell in notebook.cells:
        number += cell.cell_type == "code" and bool(cell.source.strip())
        for output in cell.get("outputs", []):
            if data := output.get("data", {}).get(FINDING):
                found.append(_finding(chapter, data, number))
    return found


def _finding(chapter: Chapter, data: Any, cell: int) -> ChapterFinding:
    pairs = [data.get(key) for key in ("figure", "sentence", "limit")]
    texts = [text for pair in pairs if isinstance(pair, Sequence) for text in pair]
    if len(texts) != 6 or not all(isinstance(text, str) for text in texts):
        raise OneToManyError(f"{chapter.stem}.ipynb, at cell [{cell}]: not a finding.")
    if data.get("status") not in STATUSES:
        raise OneToManyError(
            f"{chapter.stem}.ipynb, at cell [{cell}]: unknown status of a finding."
        )
    figure, sentence, limit = ((pair[0], pair[1]) for pair in pairs)
    shown = bool(data.get("on_summary"))
    chart = _chart_near(chapter, cell)
    return ChapterFinding(chapter, data["status"], figure, sentence, limit, shown, cell, chart)


def _chart_near(chapter: Chapter, number: int) -> NotebookBlock | None:
    """Return the last chart up to a code cell, or the first one after it."""
    charts = [
        (cell.number, block)
        for cell in chapter.cells
        for block in cell.blocks
        if block.kind == "chart"
    ]
    before = [block for at, block in charts if at <= number]
    return before[-1] if before else next((block for _, block in charts), None)
