"""One language in a chart: the page draws the one that is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import errors, resize, wait_for
from onetomany.report import build_report
from sample_notebook import RENDERER, code, twin, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

HANGUL = re.compile("[ㄱ-ㆎ가-힣]")

CHART = """
import polars as pl
from onetomany.charts.sliders import captioned_slider, count_in_words
from onetomany.charts.theme import finish

rows = pl.DataFrame({
    "kind": ["measured 측정", "modelled 모형"] * 2, "n": [1, 2, 3, 4], "step": [1, 1, 2, 2],
    "event_en": list("abcd"), "event_ko": list("가나다라"),
})
measured = "datum.kind == 'measured 측정'"
bars = alt.Chart(rows).transform_filter("datum.step == size_step").mark_bar().encode(
    x=alt.X("n:Q", title="Records 기록 수"), y=alt.Y("kind:N", title=None, sort=None),
    color=alt.condition(measured, alt.value("#d55e00"), alt.value("#0072b2")),
    tooltip=["event_en:N", "event_ko:N"],
).properties(width=300, height=80)
sizes = [count_in_words(n) for n in (3e6, 5e7)]
slider = captioned_slider("size_step", "Gallery 갤러리", sizes, value=1)
finish(
    bars.add_params(*slider), title="More records, more alarms",
    title_ko="기록이 많으면 경보도 많다", source="this run", description="Bars.",
)
"""


@pytest.fixture(scope="module")
def site(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("languages")
    write_notebook(
        folder / "n" / "04_charts.ipynb",
        [*twin("# First\n\nA.", "# 처음\n\n가."), code(RENDERER), code(CHART)],
    )
    return build_report(folder / "n", folder / "out").parent


def texts(driver: Chrome, language: str) -> str:
    """Switch, and return all that the chart says once it is drawn again."""
    driver.find_element(By.CSS_SELECTOR, f"[data-set={language}]").click()
    drawn = f".drawing[data-language={language}] svg.marks"
    svg = wait_for(driver, 30, lambda d: d.find_element(By.CSS_SELECTOR, drawn))
    bindings = driver.find_element(By.CSS_SELECTOR, ".vega-bindings").text
    return f"{svg.get_attribute('textContent')} {bindings}"


def test_the_page_draws_the_language_that_is_shown(driver: Chrome, site: Path) -> None:
    resize(driver, 1280)
    driver.get("about:blank")
    errors(driver)  # of the pages before: the browser is shared
    driver.get(f"{site.as_uri()}/04_charts.html#lang=en")
    english = texts(driver, "en")
    assert not HANGUL.search(english)
    assert "3 million" in english
    assert "measured" in english
    script = "const s = arguments[0]; s.value = 2; s.dispatchEvent(new Event('input'))"
    driver.execute_script(script, driver.find_element(By.CSS_SELECTOR, "input[type=range]"))
    wait_for(driver, 10, lambda d: "50 million" in d.find_element(By.TAG_NAME, "output").text)
    korean = texts(driver, "ko")  # the slider stays where it was
    assert "5,000만" in korean
    assert "기록이 많으면 경보도 많다" in korean
    assert not re.search("[A-Za-z]", korean)
    figure = driver.find_element(By.CSS_SELECTOR, "figure.chart")
    orange = figure.find_elements(By.CSS_SELECTOR, "svg path[fill='#d55e00']")
    assert len(orange) == 1  # the condition on a value was translated with the value
    assert "measured 측정" in texts(driver, "both")
    assert errors(driver) == []


def test_the_line_under_a_chart(driver: Chrome, site: Path) -> None:
    driver.get(f"{site.as_uri()}/04_charts.html#lang=en")
    texts(driver, "en")
    line = driver.find_element(By.CSS_SELECTOR, "figure.chart .under")
    assert line.text.split() == ["Figure", "4.1", "link", "cite", "CSV", "PNG"]
    cite = line.find_element(By.TAG_NAME, "button")
    assert "More records, more alarms (Source: this run" in cite.get_attribute("data-copy")
    assert "그림 4.1" in cite.get_attribute("data-copy-ko")
    for link in line.find_elements(By.CSS_SELECTOR, "a[download]"):
        name = link.get_attribute("href").removeprefix(site.as_uri() + "/")
        assert (site / name).stat().st_size > 50, name
    assert driver.find_element(By.ID, line.find_element(By.TAG_NAME, "a").get_attribute("hash")[1:])
