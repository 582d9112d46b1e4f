"""A small notebook with one of everything that a chapter may hold, and the means to make others."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from onetomany.report.website import executed_chapters

# What `import onetomany.charts` does for the kit's own notebooks; here without its other imports
RENDERER = """
import altair as alt

def _lab(spec, **_):
    mime = "application/vnd.vegalite.v5+json"  # the newest that JupyterLab draws by itself
    spec = {key: value for key, value in spec.items() if key != "$schema"}
    look = {"renderer": "svg", "actions": {"export": True, "source": False,
                                           "compiled": False, "editor": False}}
    return {mime: spec, "text/plain": "a chart"}, {mime: {"embed_options": look}}

alt.renderers.register("lab", _lab)
alt.renderers.enable("lab");
"""

SLIDER_CHART = """
import polars as pl

threshold = alt.param(
    "threshold",
    value=50,
    bind=alt.binding_range(min=0, max=100, step=1, name="Threshold 임계값"),
)
scores = pl.DataFrame(
    {"score": list(range(0, 101, 4)), "pairs": [1 + (n * 7) % 13 for n in range(26)]}
)
bars = alt.Chart(scores).mark_bar().encode(
    x=alt.X("score:Q", title="Similarity score 유사도 점수"),
    y=alt.Y("pairs:Q", title="Pairs 쌍"),
    color=alt.condition("datum.score >= threshold", alt.value("#d55e00"), alt.value("#0072b2")),
)
above = (
    alt.Chart(scores)
    .transform_filter("datum.score >= threshold")
    .mark_text(x=alt.expr("width - 8"), y=8, align="right", fontSize=13)
    .encode(text=alt.Text("total:N"))
    .transform_aggregate(pairs="sum(pairs)")
    .transform_calculate(total="'above: ' + datum.pairs")
)
(bars + above).add_params(threshold).properties(
    width=620,
    height=260,
    title=alt.TitleParams(
        "A lower threshold lets more pairs through",
        subtitle=["임계값을 낮추면 더 많은 쌍이 통과한다", "Source 출처: made for this test"],
        anchor="start",
    ),
    description="Bars of pairs by score; those above the threshold are orange.",
)
"""

WIDE_TABLE = """
pl.DataFrame({f"a rather long column {n}": [n, 2 * n] for n in range(12)}).with_columns(
    pl.Series("name 이름", ["가나다", "a < b"])
)
"""

LAB_ONLY = """
import ipywidgets as widgets
print("only in Lab")
widgets.IntSlider()
"""

ENGLISH = """# How often is the wrong person named?

A threshold decides it. We move one and count. [Back](00_other.ipynb)
"""
KOREAN = """# 얼마나 자주 엉뚱한 사람을 가리킬까?

임계값이 결정합니다. 하나를 움직이며 세어 봅니다.
"""


def twin(english: str, korean: str) -> list[nbformat.NotebookNode]:
    return [
        new_markdown_cell(english, metadata={"tags": ["en"]}),
        new_markdown_cell(korean, metadata={"tags": ["ko"]}),
    ]


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    return new_code_cell(source.strip(), metadata={"tags": list(tags)})


def write_notebook(path: Path, cells: list[nbformat.NotebookNode]) -> Path:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def everything() -> list[nbformat.NotebookNode]:
    return [
        *twin(ENGLISH, KOREAN),
        code(RENDERER),
        *twin("## One threshold\n\nMove it.", "## 임계값 하나\n\n움직여 보세요."),
        code(SLIDER_CHART),
        *twin("## The counts\n\n| a | b |\n|---|---|\n| 1 | 2 |", "## 세어 본 값"),
        code(WIDE_TABLE),
        code(LAB_ONLY, "lab-only"),
        code(
            "import sys\nfrom IPython.display import Markdown, display\n"
            "print('counted 세었다')\nprint('a warning', file=sys.stderr)\n"
            "display(Markdown('So it is **26**.', metadata={'lang': 'en'}))\n"
            "display(Markdown('그래서 **26**입니다.', metadata={'lang': 'ko'}))"
        ),
        code("raise ValueError('this is refused')", "raises-exception"),
    ]


def undated(site: Path, stem: str) -> str:
    """Return a chapter's page without the day of its run, which alone may differ between runs."""
    day = executed_chapters(site)[stem].metadata["onetomany"]["ran_at"][:10]
    page = (site / f"{stem}.html").read_text(encoding="utf-8")
    assert day in page
    return page.replace(day, "the day of the run")
