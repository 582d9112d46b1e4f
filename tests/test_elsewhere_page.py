"""The map's menus filter the table of the page, from the disk, at both widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from browser import errors, resize, wait_for
from onetomany.report import build_report
from onetomany.sources import elsewhere
from sample_notebook import RENDERER, code, twin, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

CELLS = """
from onetomany.charts import elsewhere as charts
from onetomany.charts import elsewhere_tables as tables
from onetomany.claims import programmes
from onetomany.sources import elsewhere

table = programmes.with_sources(elsewhere.programmes(), elsewhere.programme_sources())
"""
SHOWN = (
    "return [...document.querySelectorAll('table.filtered tbody tr')]"
    ".filter((row) => row.offsetParent !== null).map((row) => row.className)"
)


@pytest.fixture(scope="module")
def page(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    drawn = [code("charts.programme_map_chart(table, source='s')")]
    drawn.append(code("tables.programmes_table(table, source='s')"))
    write_notebook(
        folder / "n" / "01_map.ipynb",
        [*twin("# First\n\nA.", "# 처음\n\n가."), code(RENDERER), code(CELLS), *drawn],
    )
    return build_report(folder / "n", folder / "out").parent / "01_map.html"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_menus_of_the_map_filter_the_table(driver: Chrome, page: Path, width: int) -> None:
    resize(driver, width)
    driver.get("about:blank")
    errors(driver)
    driver.get(page.as_uri())
    wait_for(driver, 60, lambda d: d.find_elements(By.CSS_SELECTOR, "[data-drawn]"))
    every = elsewhere.programmes()
    regions = every["region"].n_unique()
    driver.execute_script(
        "document.querySelector('.presented:has(table.filtered) details.rest').open = true"
    )
    assert len(driver.execute_script(SHOWN)) == len(every) + regions

    menus = {
        each.get_attribute("name"): Select(each)
        for each in driver.find_elements(By.CSS_SELECTOR, ".vega-bindings select")
    }
    menus["filter_setting"].select_by_visible_text("airport")
    menus["filter_ruling"].select_by_visible_text("found unlawful or suspended")
    kept = every.filter(setting="airport", ruling="fell")
    rows = driver.execute_script(SHOWN)
    both = {"setting-airport", "ruling-fell"}
    assert sum(both <= set(row.split()) for row in rows) == len(kept) == 3
    groups = sum(row.split()[0] == "group" for row in rows)
    assert groups == kept["region"].n_unique()
    assert len(rows) == len(kept) + kept["region"].n_unique()
    assert f"{len(kept)} of {len(every)} programmes" in driver.find_element(
        By.CSS_SELECTOR, ".drawing svg"
    ).get_attribute("textContent")

    for menu in menus.values():
        menu.select_by_index(0)
    assert len(driver.execute_script(SHOWN)) == len(every) + regions
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    assert not errors(driver)
