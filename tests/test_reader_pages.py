"""What a reporter does with the report, in a browser: five tasks, the first screen, print."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from browser import errors, resize, texts, wait_for
from measured_pages import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.real]

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def open_page(driver: Chrome, site: Path, name: str, language: str = "en") -> None:
    driver.get("about:blank")
    errors(driver)
    driver.get(f"{site.as_uri()}/{name}#lang={language}")


def shown(driver: Chrome, css: str, *words: str) -> WebElement:
    """The first element that is shown and says all these words."""
    for each in driver.find_elements(By.CSS_SELECTOR, css):
        if each.is_displayed() and all(word in each.text for word in words):
            return each
    pytest.fail(f"{css} with {words} isn't shown on {driver.current_url}")


def click(driver: Chrome, element: WebElement) -> None:
    """Click once the page has stopped: it scrolls smoothly to what is clicked."""
    driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
    )
    element.click()


# five tasks from the summary page, each within three clicks ---------------------------------


def test_the_figure_for_false_alarms_is_found_and_quoted(driver: Chrome, report: Path) -> None:
    resize(driver, 1280)
    open_page(driver, report, "index.html")
    card = shown(driver, ".finding", "false alarm", "In a simulation")  # no click: it is a card
    figure = card.find_element(By.CSS_SELECTOR, ".figure").text
    assert any(letter.isdigit() for letter in figure)
    copy = card.find_element(By.CSS_SELECTOR, "button[data-copy]")
    click(driver, copy)  # one click: the sentence with its citation
    wait_for(driver, 10, lambda _: copy.get_attribute("data-copied"))
    quoted = str(copy.get_attribute("data-copy"))
    assert figure in quoted
    assert "One-to-Many, chapter" in quoted
    assert "simulated" in quoted
    # one click: the chart as SVG
    link = next(each for each in card.find_elements(By.TAG_NAME, "a") if each.text == "SVG")
    file = report / str(link.get_attribute("href")).removeprefix(report.as_uri() + "/")
    assert file.read_text(encoding="utf-8").startswith("<svg")


def test_who_contradicted_whom_about_handing_over(driver: Chrome, report: Path) -> None:
    resize(driver, 1280)
    open_page(driver, report, "index.html")
    click(driver, shown(driver, ".doors a", "I write about it"))  # the first click
    wait_for(driver, 20, lambda d: "09_what_was_claimed" in d.current_url)
    row = next((row for row in texts(driver, "table.reader tr") if "handed over" in row), "")
    assert row.count("said by:") == 2, row  # both sides, each with its speaker
    assert row.count("source:") == 2, row


def test_what_one_may_not_write_is_on_the_summary_page(driver: Chrome, report: Path) -> None:
    resize(driver, 1280)
    open_page(driver, report, "index.html")
    assert len(texts(driver, ".may-not li")) >= 3
    open_page(driver, report, "index.html", "ko")
    assert "이렇게는 쓸 수 없다" in texts(driver, "h2")


# what is seen first ---------------------------------------------------------------------------


@pytest.mark.parametrize("stem", CHAPTERS)
def test_the_finding_is_on_the_first_screen(driver: Chrome, report: Path, stem: str) -> None:
    end = """
        return [...document.querySelectorAll('.opening .finding p')]
          .map(each => each.getBoundingClientRect().bottom).reduce((a, b) => Math.max(a, b), 0)
    """
    for width in (1280, 390):
        resize(driver, width, 800)
        for language in ("en", "ko"):
            open_page(driver, report, f"{stem}.html", language)
            assert 0 < driver.execute_script(end) <= 800, (width, language)


SCALES = """
return [...document.querySelectorAll('svg.marks')].map(svg => [svg.closest('.drawing').id,
  svg.getBoundingClientRect().width / svg.width.baseVal.value]).filter(([, scale]) => scale < 0.95)
"""


@pytest.mark.parametrize("stem", [*CHAPTERS, "slides"])
def test_no_chart_is_scaled_down_on_a_telephone(driver: Chrome, report: Path, stem: str) -> None:
    resize(driver, 390)
    for language in ("en", "ko"):
        open_page(driver, report, f"{stem}.html", language)
        driver.execute_script(
            "for (const d of document.querySelectorAll('details.expert')) d.open = true"
        )
        charts = len(driver.find_elements(By.CSS_SELECTOR, ".drawing"))
        drawn = f".drawing[data-language={language}]"
        wait_for(driver, 60, lambda d: len(d.find_elements(By.CSS_SELECTOR, drawn)) == charts)  # noqa: B023
        assert driver.execute_script(SCALES) == [], language


def test_a_chapter_is_short_before_the_part_for_the_expert(report: Path) -> None:
    found = [row for row in PAGES.openings(report) if row[0] in CHAPTERS]
    assert len(found) == 2 * len(CHAPTERS)
    for stem, language, words, charts, length, opening, _ in found:
        assert words <= PAGES.MOST_WORDS, (stem, language, words)
        assert charts <= PAGES.MOST_CHARTS, (stem, charts)
        assert length <= 20, (stem, language, length)
        assert opening <= 9, (stem, opening)


def test_the_summary_reads_easily(report: Path) -> None:
    text = (report / "index.html").read_text(encoding="utf-8")
    read = PAGES.read_before_fold(text, "en", "summary")
    assert PAGES.reading_grade(read) <= 9
    assert 100 < PAGES.count_words(read) < 900  # two to four minutes


# print --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stem", "language"), zip(CHAPTERS, ["en", "ko"] * 8, strict=False))
def test_a_printed_chapter(driver: Chrome, report: Path, stem: str, language: str) -> None:
    """Stamp, page and date on each page; no page but the last is less than half full."""
    resize(driver, 1280)
    open_page(driver, report, f"{stem}.html", language)
    charts = len(driver.find_elements(By.CSS_SELECTOR, ".drawing"))
    drawn = "[data-drawn]"
    wait_for(driver, 60, lambda d: len(d.find_elements(By.CSS_SELECTOR, drawn)) == charts)
    options = {"preferCSSPageSize": True, "printBackground": True}
    made = driver.execute_cdp_cmd("Page.printToPDF", options)["data"]
    pdf = pdfium.PdfDocument(io.BytesIO(base64.b64decode(made)))
    stamp = {"en": "facial comparison", "ko": "얼굴 감정이 아님"}[language]
    sparse = []
    for number, page in enumerate(pdf, 1):
        said = page.get_textpage().get_text_bounded()
        assert stamp in said, number
        assert f"{number} / {len(pdf)}" in said
        grey = page.render(scale=0.5, grayscale=True).to_numpy()
        rows = np.flatnonzero((grey.reshape(grey.shape[0], -1) < 200).any(axis=1))
        body = rows[(rows > 0.07 * len(grey)) & (rows < 0.93 * len(grey))]
        if number < len(pdf) and (body.size == 0 or body.max() < 0.5 * len(grey)):
            sparse.append(number)
    assert sparse == []
