"""A chapter of the report: its cells, and the blocks that each of them shows."""

from dataclasses import dataclass, field, replace
from typing import Any

from .tags import ANSWER, EXPERT


@dataclass
class NotebookBlock:
    """A piece of a page; the template knows how each kind looks."""

    kind: str  # prose, twin, table, html, text, image, chart, reckoner, story, error
    body: str = ""
    lang: str = ""
    korean: str = ""  # of a twin
    label: str = ""
    number: int = 0
    spec: dict[str, Any] = field(default_factory=dict)
    frame: str = ""  # of a table: the polars frame that was shown, as `shown.pack_frame` packs it


@dataclass
class NotebookCell:
    """A code cell (its highlighted input and its outputs), or prose without code."""

    blocks: list[NotebookBlock]
    code: str = ""
    source: str = ""
    number: int = 0  # as messages and JupyterLab count: code cells from 1
    tags: tuple[str, ...] = ()

    @property
    def answers(self) -> bool:
        return ANSWER in self.tags

    @property
    def folds(self) -> bool:
        """Whether the part for the expert begins here."""
        return EXPERT in self.tags


@dataclass
class Heading:
    anchor: str
    anchor_ko: str
    english: str
    korean: str


@dataclass
class Chapter:
    stem: str
    cells: list[NotebookCell]
    run: dict[str, Any]
    title: str = ""
    title_ko: str = ""
    question: str = ""
    question_ko: str = ""
    takes: str = ""
    takes_ko: str = ""
    limits: str = ""
    limits_ko: str = ""
    headings: list[Heading] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.stem.split("_")[0]

    @property
    def is_case(self) -> bool:
        return self.stem.startswith("case-")

    @property
    def label(self) -> tuple[str, str]:
        """The chapter's number, or "Case", in both languages."""
        return ("Case", "사건") if self.is_case else (self.number, self.number)

    @property
    def scripts(self) -> list[str]:
        """Return the kinds of block in this chapter that have a script of their own."""
        kinds = {block.kind for cell in self.cells for block in cell.blocks}
        return sorted(kinds & {"reckoner", "story"})

    @property
    def charts(self) -> list[NotebookBlock]:
        return [block for cell in self.cells for block in cell.blocks if block.kind == "chart"]

    def cell_of_first_chart(self) -> NotebookCell | None:
        """Return the cell before the fold that drew the chapter's first chart."""
        drew = (
            cell
            for cell in self.before_fold
            if any(block.kind == "chart" and block.number == 1 for block in cell.blocks)
        )
        return next(drew, None)

    @property
    def before_fold(self) -> list[NotebookCell]:
        """The part for a reader who has ten minutes; the whole chapter if nothing is folded."""
        return self.cells[: self._fold()]

    @property
    def folded(self) -> list[NotebookCell]:
        """The part for the expert, to the chapter's end."""
        return self.cells[self._fold() :]

    @property
    def folded_counts(self) -> tuple[int, int]:
        """How many charts and tables the part for the expert has."""
        kinds = [block.kind for cell in self.folded for block in cell.blocks]
        return kinds.count("chart"), kinds.count("table")

    def _fold(self) -> int:
        starts = (i for i, cell in enumerate(self.cells) if cell.folds)
        return next(starts, len(self.cells))


def gathered_code(cells: list[NotebookCell]) -> list[NotebookCell]:
    """Return the cells, the code of those that show nothing joined to the next one that does.

    The rest at the end stays a cell of its own: no code is lost.
    """
    shown: list[NotebookCell] = []
    code = ""
    for i, cell in enumerate(cells):
        silent = cell.code and not cell.blocks and not cell.answers
        if silent and any(later.code for later in cells[i + 1 :]):
            code += cell.code
            continue
        shown.append(replace(cell, code=code + cell.code) if cell.code else cell)
        code = "" if cell.code else code
    return shown
