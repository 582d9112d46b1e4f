"""The report is open to all: axe-core in a real browser, the keyboard alone, what is read out."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from browser import resize, wait_for
from test_browser_report import BOTH, CHAPTERS, open_chapter, open_to_look

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """
  const done = arguments[arguments.length - 1];
  axe.run(document, {resultTypes: ['violations']})
    .then(done, error => done({error: String(error)}));
"""


def violations(driver: Chrome) -> list[str]:
    """What axe-core finds wrong with the page as it stands, of whatever weight."""
    driver.execute_script(AXE)
    found: dict[str, Any] = driver.execute_async_script(RUN_AXE)
    assert found["testEngine"]["name"] == "axe-core"
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:120]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("chapter_and_width", BOTH, ids="-".join, indirect=True)
def test_axe_finds_nothing_in_a_chapter(
    driver: Chrome, report: Path, chapter_and_width: tuple[str, int]
) -> None:
    open_to_look(driver, report, *chapter_and_width)
    assert violations(driver) == []


@pytest.mark.parametrize("language", ["both", "en", "ko"])
def test_axe_finds_nothing_on_the_start_page(driver: Chrome, report: Path, language: str) -> None:
    resize(driver, 1280)
    driver.get("about:blank")
    driver.get(f"{report.as_uri()}/index.html#lang={language}")
    assert violations(driver) == []


def test_axe_sees_what_is_wrong(driver: Chrome, report: Path) -> None:
    """The check can fail: a picture without words, and grey letters on white."""
    driver.get(f"{report.as_uri()}/index.html")
    driver.execute_script("""
        document.querySelector('main').insertAdjacentHTML('beforeend',
          '<img src="data:,"><p style="color:#bbb;background:#fff">pale</p>')""")
    found = " ".join(violations(driver))
    assert "image-alt" in found
    assert "color-contrast" in found


@pytest.mark.parametrize("stem", ["01_one_to_one", "02_one_to_many"])
def test_the_keyboard_alone_reaches_everything(driver: Chrome, report: Path, stem: str) -> None:
    open_chapter(driver, report, stem)
    driver.execute_script("""
        window.reached = new Set();
        document.addEventListener('focusin', event => window.reached.add(event.target));
        document.body.focus();
    """)
    asked = """
        return [...document.querySelectorAll(
            'a[href], button, input, select, summary, [tabindex="0"]')]
          .filter(e => e.checkVisibility({visibilityProperty: true}))"""
    wanted = driver.execute_script(asked)
    assert len(wanted) > 10
    for _ in range(len(wanted) // 20 + 2):  # some steps are spent on the browser's own frame
        ActionChains(driver).send_keys(*[Keys.TAB] * 20).perform()
    missed = driver.execute_script(
        f"const all = (() => {{{asked}}})();"
        "return all.filter(e => !window.reached.has(e)).map(e => e.outerHTML.slice(0, 120))"
    )
    assert missed == []


@pytest.mark.parametrize("stem", CHAPTERS)
def test_every_chart_is_read_out_in_both_languages(report: Path, stem: str) -> None:
    page = html.fromstring((report / f"{stem}.html").read_text("utf-8"))
    for label in page.xpath("//figure[contains(@class, 'chart')]/@aria-label"):
        assert len(label) >= 20
        assert any("가" <= letter <= "힣" for letter in label)
        assert any("a" <= letter <= "z" for letter in label)


def test_a_chart_is_read_out_in_the_language_of_the_view(driver: Chrome, report: Path) -> None:
    def korean(driver: Chrome) -> set[bool]:
        figures = driver.find_elements(By.CSS_SELECTOR, "figure.chart")
        labels = [figure.get_attribute("aria-label") or "" for figure in figures]
        assert all(len(label) >= 10 for label in labels)
        return {any("가" <= letter <= "힣" for letter in label) for label in labels}

    open_chapter(driver, report, "02_one_to_many")
    driver.find_element(By.CSS_SELECTOR, "[data-set=ko]").click()
    wait_for(driver, 30, lambda d: korean(d) == {True})
    driver.find_element(By.CSS_SELECTOR, "[data-set=en]").click()
    wait_for(driver, 30, lambda d: korean(d) == {False})
