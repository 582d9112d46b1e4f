"""Every notebook is run from a clean kernel, and the report that readers get is made of them."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import nbformat
import pytest

from onetomany import faces, sources
from onetomany.charts.languages import plain
from onetomany.evidence.figures import read_figures
from onetomany.report import build_report
from onetomany.report.blocks import read_chapter
from sample_notebook import undated

pytestmark = pytest.mark.kernel

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHAPTERS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))


def page(report: Path, stem: str) -> str:
    return (report / f"{stem}.html").read_text(encoding="utf-8")


def test_the_report_holds_every_chapter(report: Path) -> None:
    index = (report / "index.html").read_text(encoding="utf-8")
    assert len(CHAPTERS) >= 3
    for stem in CHAPTERS:
        assert f'href="{stem}.html"' in index
        executed = nbformat.read(report / "executed" / f"{stem}.ipynb", as_version=4)
        for cell in executed.cells:
            if cell.cell_type == "code" and "lab-only" not in cell.metadata.get("tags", []):
                assert cell.execution_count
                assert not any(output.output_type == "error" for output in cell.outputs)


@pytest.mark.parametrize("stem", CHAPTERS)
def test_no_markup_is_left_standing_in_the_text(report: Path, stem: str) -> None:
    text = re.sub(r"<(script|details)\b.*?</\1>", "", page(report, stem), flags=re.DOTALL)
    assert "**" not in text
    assert "```" not in text


def test_chapter_00_unlearns_the_three_images(report: Path) -> None:
    text = page(report, "00_the_case")
    assert "<strong>2.86</strong>" in text
    assert text.index("2.86") < text.index("A record is not a person") < text.index('id="expert"')


def test_chapter_01_reaches_the_stated_figures(report: Path) -> None:
    """Detection, AUC and TMR as a reader finds them in the executed notebook."""
    executed = (report / "executed" / "01_one_to_one.ipynb").read_text(encoding="utf-8")
    said = re.search(r"<strong>(\d+) of (\d+)</strong> pictures", page(report, "01_one_to_one"))
    assert said
    found, of = map(int, said.groups())
    assert of == 400
    assert found >= 398
    shown = r"AUC\s+┆ ([\d.]+).*?TMR at FMR 0\.001\s+┆ ([\d.]+).*?TMR at FMR 0\.0001\s+┆ ([\d.]+)"
    tables = re.findall(shown, executed, re.DOTALL)
    for figures, least in zip(tables, [(0.999, 0.98, 0.96), (0.999, 0.998, 0.99)], strict=True):
        assert all(float(value) >= bound for value, bound in zip(figures, least, strict=True))


def test_chapter_02_reaches_the_stated_figure(report: Path) -> None:
    found = re.findall(r"person first in <strong>([\d.]+)%", page(report, "02_one_to_many"))
    assert len(found) == 2
    assert min(map(float, found)) >= 99.5


@pytest.mark.parametrize("stem", ["01_one_to_one", "02_one_to_many"])
def test_each_chapter_says_whose_faces_the_matchers_were_trained_on(
    report: Path, stem: str
) -> None:
    text = html.unescape(page(report, stem))
    for model in map(sources.model, faces.MATCHERS):
        assert model.training_data in text
        assert model.training_data_ko in text


@pytest.mark.parametrize("stem", CHAPTERS)
def test_a_rate_is_said_with_its_count_and_interval_or_why_it_has_none(
    report: Path, stem: str
) -> None:
    folder = report / "executed"
    chapter = read_chapter(stem, nbformat.read(folder / f"{stem}.ipynb", 4), folder)
    said = [each for each in read_figures(chapter) if each.kind == "statement"]
    rates = [each for each in said if re.search(r"\d\s?%|\d\.\d+ times", each.text)]
    assert [each.label for each in rates if not (each.sample and each.interval)] == []
    told = "구간|95%|모두 세|모두 센|모든 .{1,4} 세었|(?:비율|수치)만"
    for each in said:  # readers of Korean get as much
        assert not each.interval or re.search(told, each.text_ko), each.text_ko


def test_no_face_and_no_template_is_in_the_report(report: Path) -> None:
    """The datasheet allows neither: no picture but the charts' stills, no row of 128 numbers."""
    stills = {path.name for path in (report / "assets" / "charts").iterdir()}
    for path in report.rglob("*"):
        if path.suffix in (".png", ".jpg", ".jpeg", ".pgm"):
            assert path.name in stills
        if path.suffix in (".html", ".ipynb"):
            text = path.read_text(encoding="utf-8")
            if "08_the_disclosed_documents" not in path.name:  # it shows a page of a specimen
                assert "image/png" not in text
            assert not re.search(r"(-?0\.\d{4,}[,\s]+){20}", text)
    assert "faces in an exhibit" in page(report, "01_one_to_one")


@pytest.mark.parametrize("stem", CHAPTERS)
def test_what_is_drawn_carries_title_source_and_description(report: Path, stem: str) -> None:
    specs = re.findall(
        r'<script type="application/json" data-chart="[^"]*">(.*?)</script>', page(report, stem)
    )
    assert specs or "<caption>" in page(report, stem)  # a chapter may show tables alone
    for text in specs:
        spec = json.loads(text)
        assert plain(spec["title"]["subtitle"][-1]).startswith("Source 출처: ")
        assert spec["description"]


def test_two_runs_give_the_same_pages(report: Path, tmp_path: Path) -> None:
    again = build_report(NOTEBOOKS, tmp_path / "again", only=["01"]).parent
    articles = [
        re.search(r"<article>.*</article>", undated(site, "01_one_to_one"), re.DOTALL).group()  # type: ignore[union-attr]
        for site in (report, again)
    ]
    assert articles[0] == articles[1]
