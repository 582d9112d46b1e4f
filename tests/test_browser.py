"""What readers do, in a real browser with the network off: the exported site, and JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import errors, jupyterlab, move_slider, resize, run_notebook_in_lab, wait_for
from sample_notebook import RENDERER, code, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

WIDGETS = """
import ipywidgets as widgets
from IPython.display import display

slider, shown = widgets.IntSlider(value=3, min=1, max=9), widgets.Output()

def draw(change=None):
    rows = alt.Data(values=[{"n": n} for n in range(slider.value)])
    bars = alt.Chart(rows).mark_bar().encode(x="n:O", y=alt.value(20))
    text = alt.Chart(alt.Data(values=[{}])).mark_text().encode(
        text=alt.value(f"bars: {slider.value}")
    )
    with shown:
        shown.clear_output(wait=True)
        display(bars + text)

slider.observe(draw, names="value")
draw()
display(slider, shown)
"""


@pytest.fixture(scope="module")
def site(driver: Chrome, sample_site: Path) -> Path:
    return sample_site


def open_page(driver: Chrome, site: Path, name: str, width: int = 1280) -> None:
    resize(driver, width)
    driver.get("about:blank")  # else a change of the hash alone would load nothing
    driver.get(f"{site.as_uri()}/{name}")
    driver.execute_script("localStorage.clear()")
    driver.refresh()
    errors(driver)  # what earlier pages said
    charts = driver.find_elements(By.CSS_SELECTOR, ".drawing")
    wait_for(
        driver, 20, lambda d: len(d.find_elements(By.CSS_SELECTOR, "[data-drawn]")) == len(charts)
    )


def mark_texts(driver: Chrome) -> list[str]:
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, ".mark-text.role-mark text")]


def shown(driver: Chrome, css: str) -> set[bool]:
    return {element.is_displayed() for element in driver.find_elements(By.CSS_SELECTOR, css)}


def test_every_chart_is_drawn_and_the_console_is_silent(driver: Chrome, site: Path) -> None:
    for name in ("index.html", "00_other.html", "01_all.html"):
        open_page(driver, site, name)
        driver.refresh()
        for chart in driver.find_elements(By.CSS_SELECTOR, "figure.chart"):
            wait_for(driver, 20, lambda d, c=chart: c.find_element(By.CSS_SELECTOR, "svg.marks"))
            assert len(chart.find_elements(By.CSS_SELECTOR, ".mark-rect.role-mark path")) == 26
        assert errors(driver) == []


def test_the_slider_changes_the_chart(driver: Chrome, site: Path) -> None:
    open_page(driver, site, "01_all.html")
    before = mark_texts(driver)
    assert before == ["above: 91"]
    slider = driver.find_element(By.CSS_SELECTOR, "figure.chart input[type=range]")
    for _ in range(3):
        move_slider(driver, slider)
    assert wait_for(driver, 5, lambda d: mark_texts(d) != before)
    assert slider.get_attribute("value") == "53"


def test_the_chart_menu_saves_and_leads_nowhere_else(driver: Chrome, site: Path) -> None:
    open_page(driver, site, "01_all.html")
    driver.find_element(By.CSS_SELECTOR, ".vega-embed summary").click()
    wanted = ["Save as SVG", "Save as PNG"]  # once the menu has faded in
    wait_for(
        driver,
        10,
        lambda d: [a.text for a in d.find_elements(By.CSS_SELECTOR, ".vega-actions a")] == wanted,
    )


def test_the_korean_font_is_the_one_that_travels_with_the_site(driver: Chrome, site: Path) -> None:
    open_page(driver, site, "01_all.html")
    assert driver.execute_script(
        "return [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family).sort()"
    ) == ['"Noto Sans KR"', '"Noto Serif KR"'] or driver.execute_script(
        "return [...document.fonts].every(f => f.status === 'loaded')"
    )


def test_the_language_switch_hides_the_other_language(driver: Chrome, site: Path) -> None:
    open_page(driver, site, "01_all.html")
    driver.find_element(By.CSS_SELECTOR, "[data-set=both]").click()
    assert shown(driver, ".twin > [lang]") == {True}
    driver.find_element(By.CSS_SELECTOR, "[data-set=ko]").click()
    assert shown(driver, ".twin > [lang=en]") == {False}
    assert shown(driver, ".twin > [lang=ko]") == {True}
    assert driver.find_element(By.CSS_SELECTOR, "[data-set=ko]").get_attribute("aria-pressed")
    driver.find_element(By.CSS_SELECTOR, ".home").click()  # it goes along to other pages
    wait_for(driver, 10, lambda d: d.find_element(By.CSS_SELECTOR, ".cards"))
    assert shown(driver, ".twin > [lang=en]") == {False}
    driver.find_element(By.CSS_SELECTOR, "[data-set=en]").click()
    assert shown(driver, ".twin > [lang=ko]") == {False}
    assert shown(driver, ".twin > [lang=en]") == {True}


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("name", ["index.html", "01_all.html"])
def test_no_page_scrolls_sideways(driver: Chrome, site: Path, name: str, width: int) -> None:
    open_page(driver, site, name, width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    for chart in driver.find_elements(By.CSS_SELECTOR, "figure.chart"):
        assert driver.execute_script("return arguments[0].scrollWidth", chart) <= width


def test_side_by_side_where_there_is_room(driver: Chrome, site: Path) -> None:
    for width, beside in ((1280, True), (390, False)):
        open_page(driver, site, "01_all.html", width)
        driver.find_element(By.CSS_SELECTOR, "[data-set=both]").click()
        english, korean = driver.find_elements(By.CSS_SELECTOR, ".twin > [lang]")[:2]
        assert (english.location["y"] == korean.location["y"]) is beside


def test_a_slider_in_jupyterlab_redraws_its_chart(driver: Chrome, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    write_notebook(folder / "01_lab.ipynb", [code(RENDERER), code(WIDGETS), code("'the end'")])
    resize(driver, 1280)
    with jupyterlab(folder, tmp_path / "home") as address:
        run_notebook_in_lab(driver, address, "01_lab.ipynb")
        wait_for(driver, 60, lambda d: "bars: 3" in svg_text(d))
        handle = driver.find_element(By.CSS_SELECTOR, ".jp-OutputArea .noUi-handle")
        move_slider(driver, handle)
        wait_for(driver, 30, lambda d: "bars: 4" in svg_text(d))
        driver.get("about:blank")


def svg_text(driver: Chrome) -> str:
    charts = driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea svg.marks")
    return " ".join(str(chart.get_attribute("textContent")) for chart in charts)
