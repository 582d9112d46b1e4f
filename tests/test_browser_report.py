"""The real report and the real notebooks, as readers meet them in a browser with no network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from browser import errors, jupyterlab, move_slider, resize, run_notebook_in_lab, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHAPTERS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
# the same values in the same order for each test: pytest runs tests of one value in a row
WIDE = [(stem, "1280") for stem in CHAPTERS]
BOTH = [*WIDE, *((stem, "390") for stem in CHAPTERS)]


def open_chapter(driver: Chrome, report: Path, stem: str, width: int = 1280) -> None:
    resize(driver, width)
    driver.get("about:blank")
    errors(driver)
    driver.get(f"{report.as_uri()}/{stem}.html")
    # the part for the expert is shown too
    driver.execute_script(
        "for (const d of document.querySelectorAll('details.expert')) d.open = true"
    )
    charts = len(driver.find_elements(By.CSS_SELECTOR, ".drawing"))
    wait_for(driver, 30, lambda d: len(d.find_elements(By.CSS_SELECTOR, "[data-drawn]")) == charts)


def open_to_look(driver: Chrome, report: Path, stem: str, width: int) -> list[str]:
    """As `open_chapter`, for tests that change nothing: the page may be open from the test before.

    Returns the errors of loading it: axe, which such a test runs, causes others.
    """
    kept = "return lookedAt === arguments[0] && innerWidth === arguments[1] ? complaints : null"
    begin = "window.lookedAt ??= null; "
    page = f"{report} {stem}"
    found: list[str] | None = driver.execute_script(begin + kept, page, width)
    if found is None:
        open_chapter(driver, report, stem, width)
        found = errors(driver)
        keep = "[window.lookedAt, window.complaints] = arguments"
        driver.execute_script(keep, page, found)
    return found


def chart_text(driver: Chrome, number: int) -> str:
    figure = driver.find_elements(By.CSS_SELECTOR, "figure.chart")[number]
    return str(figure.find_element(By.CSS_SELECTOR, "svg.marks").get_attribute("textContent"))


@pytest.mark.parametrize("chapter_and_width", WIDE, ids="-".join, indirect=True)
def test_all_charts_of_a_chapter_are_drawn(
    driver: Chrome, report: Path, chapter_and_width: tuple[str, int]
) -> None:
    complaints = open_to_look(driver, report, *chapter_and_width)
    figures = driver.find_elements(By.CSS_SELECTOR, "figure.chart")
    # a chapter may show tables alone
    assert figures or driver.find_elements(By.CSS_SELECTOR, "table caption")
    for figure in figures:
        marks = figure.find_elements(By.CSS_SELECTOR, "svg.marks [class*=role-mark] path")
        assert len(marks) >= 2  # a curve and its band at the least
    assert complaints == []


def test_the_threshold_moves_in_the_report(driver: Chrome, report: Path) -> None:
    open_chapter(driver, report, "01_one_to_one")
    sliders = "figure.chart input[type=range]"
    place = next(
        n
        for n, figure in enumerate(driver.find_elements(By.CSS_SELECTOR, "figure.chart"))
        if figure.find_elements(By.CSS_SELECTOR, "input[type=range]")
    )
    before = re.search(r"False matches FMR: [\d.]+%", chart_text(driver, place))
    assert before
    slider = driver.find_element(By.CSS_SELECTOR, sliders)
    for _ in range(5):
        move_slider(driver, slider)
    assert wait_for(driver, 5, lambda d: before.group() not in chart_text(d, place))


def test_another_probe_has_other_candidates_in_the_report(driver: Chrome, report: Path) -> None:
    open_chapter(driver, report, "02_one_to_many")
    menu = Select(driver.find_element(By.CSS_SELECTOR, "figure.chart select"))
    place = next(
        n
        for n, figure in enumerate(driver.find_elements(By.CSS_SELECTOR, "figure.chart"))
        if figure.find_elements(By.CSS_SELECTOR, "select")
    )
    before = chart_text(driver, place)
    menu.select_by_index(len(menu.options) - 1)
    assert wait_for(driver, 5, lambda d: chart_text(d, place) != before)


@pytest.mark.parametrize(
    "chapter_and_width", [*BOTH, ("index", "1280"), ("index", "390")], ids="-".join, indirect=True
)
def test_no_chapter_scrolls_sideways(
    driver: Chrome, report: Path, chapter_and_width: tuple[str, int]
) -> None:
    open_to_look(driver, report, *chapter_and_width)
    width = chapter_and_width[1]
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_chapters_01_and_02_work_in_jupyterlab(
    driver: Chrome, embedded: object, embedded_sface: object, tmp_path: Path
) -> None:
    """The notebooks themselves: all cells run, the threshold moved, another probe picked."""
    folder = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, folder)
    resize(driver, 1280)
    with jupyterlab(folder, tmp_path / "home") as address:
        run_notebook_in_lab(driver, address, "02_one_to_many.ipynb")
        text = lab_text(driver, "Probe s1/2, whose person")

        def chosen(d: Chrome) -> bool:
            selects = d.find_elements(By.CSS_SELECTOR, ".jp-OutputArea select")
            subject = next(element for element in selects if "s35" in element.text.split())
            d.execute_script("arguments[0].scrollIntoView({block: 'center'})", subject)
            Select(subject).select_by_visible_text("s35")
            return True

        wait_for(driver, 30, chosen)  # what is drawn again meanwhile is looked for again
        changed = lab_text(driver, "Probe s35/")
        assert "is not enrolled" in changed
        assert text != changed

        run_notebook_in_lab(driver, address, "01_one_to_one.ipynb")
        before = lab_text(driver, "comparisons of two different people match falsely")
        handle = driver.find_element(By.CSS_SELECTOR, ".jp-OutputArea .noUi-handle")
        move_slider(driver, handle)
        assert wait_for(driver, 30, lambda d: lab_text(d, "match falsely") != before)
        driver.get("about:blank")


def lab_text(driver: Chrome, part: str) -> str:
    """The paragraph of a control that holds a text, once it is there."""

    def find(d: Chrome) -> str | None:
        shown = d.find_elements(By.CSS_SELECTOR, ".jp-OutputArea p")
        return next((element.text for element in shown if part in element.text), None)

    return str(wait_for(driver, 60, find))
