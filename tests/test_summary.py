"""The summary page: findings that the run computed, the case's words, what one may write."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import polars as pl
import pytest

from onetomany import prose
from onetomany.errors import OneToManyError
from onetomany.report import build_report
from onetomany.report.blocks import read_chapter
from onetomany.report.summary import read_findings
from onetomany.sources import case
from onetomany.sources.case_summary import case_summary
from sample_notebook import code, twin, write_notebook

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

FOUND = """
from onetomany.prose import finding
share = 1 / 8
finding(
    "simulated",
    (f"{share:.1%}", f"{share:.1%}"),
    ("In a simulation <b>alarm</b>.", "모의실험에서 울린다."),
    ("One run.", "한 번."),
    on_summary=True,
)
"""
CHART = """
import altair as alt
import polars as pl
from onetomany.charts import theme
frame = pl.DataFrame({"x": [1, 2], "name": ["=cmd()", "b"]})
alt.Chart(frame).mark_point().encode(x="x", tooltip="name")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary")
    cells = [*twin("# 04 · Scale", "# 04 · 규모"), code(CHART), code(FOUND)]
    write_notebook(folder / "n" / "04_scale.ipynb", cells)
    build_report(folder / "n", folder / "out")
    return folder / "out"


@pytest.mark.kernel
def test_a_card_has_the_figure_that_the_run_computed(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    card = re.search(r'<section class="finding".*?</section>', page, re.DOTALL)
    assert card
    assert "12.5%" in card.group()
    assert "Simulated" in card.group()
    assert "모의실험에서" in card.group()
    assert "&lt;b&gt;alarm&lt;/b&gt;" in card.group()  # a notebook's text is text
    for form in ("png", "svg", "csv"):
        assert f'href="assets/charts/04-1.{form}"' in card.group()
        assert (site / "assets" / "charts" / f"04-1.{form}").stat().st_size > 0


@pytest.mark.kernel
def test_the_data_of_a_chart_starts_no_formula(site: Path) -> None:
    table = pl.read_csv(site / "assets" / "charts" / "04-1.csv")
    assert table["x"].to_list() == [1, 2]
    assert table["name"].to_list() == ["'=cmd()", "b"]


@pytest.mark.kernel
def test_a_chapter_opens_with_its_finding(site: Path) -> None:
    page = (site / "04_scale.html").read_text(encoding="utf-8")
    assert page.count("<h1") == 1
    assert page.index("<h1") < page.index("12.5%") < page.index("Show the code")


@pytest.mark.kernel
def test_a_report_without_findings_keeps_its_plain_start(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n" / "01_plain.ipynb", [*twin("# Plain", "# 그냥"), code("1")])
    build_report(tmp_path / "n", tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "You may write" not in page
    assert "<h1>One-to-Many</h1>" in page


@pytest.mark.parametrize(
    "changed", [{"status": "certain"}, {"figure": ["1"]}, {"limit": [1, 2]}, {"sentence": None}]
)
def test_an_output_that_is_no_finding_is_refused(changed: dict[str, object]) -> None:
    data = {"status": "data", "figure": ["1", "1"], "sentence": ["a", "가"], "limit": ["b", "나"]}
    cell = code("1")
    cell.outputs = [
        nbformat.v4.new_output("display_data", data={prose.FINDING: {**data, **changed}})
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    chapter = read_chapter("04_scale", notebook, Path())
    with pytest.raises(OneToManyError, match=r"04_scale.ipynb, at cell \[1\]"):
        read_findings(chapter, notebook)


def test_a_simulated_finding_says_so() -> None:
    figure, limit = ("1", "1"), ("Limit.", "한계.")
    with pytest.raises(ValueError, match="simulated"):
        prose.finding("simulated", figure, ("All alarm.", "모두 울린다."), limit)
    with pytest.raises(ValueError, match="No status"):
        prose.finding("certain", figure, ("All alarm.", "모두 울린다."), limit)
    with pytest.raises(ValueError, match="needs a figure"):
        prose.finding("data", figure, ("All alarm.", " "), limit)


def test_the_cases_words_follow_its_data() -> None:
    summary = case_summary()
    records = case.records_given(case.case_numbers())
    assert f"{records / 1e6:.1f} million" in summary.headline[0]
    assert case.count_in_korean(records) in summary.headline[1]
    assert "{" not in str(summary)
    timeline = case.case_timeline()
    dated = timeline.select("date", "url").rows()
    assert all((event.date, event.url) in dated for event in summary.events)
    assert [event.date for event in summary.events] == sorted(each.date for each in summary.events)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_chapter_shows_one_finding(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert sum(len(re.findall(r"^finding\(", cell.source, re.MULTILINE)) for cell in cells) == 1


def test_six_findings_are_cards() -> None:
    assert sum("on_summary=True" in path.read_text(encoding="utf-8") for path in NOTEBOOKS) == 6
