"""Which language a reader meets first, and tables that fold and become cards, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import chromium, resize
from onetomany.report import build_report
from sample_notebook import code, twin, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

TABLE = """
import polars as pl
from onetomany.charts.presenter import present_table

present_table(
    pl.DataFrame({"said_by": ["PIPC"] * 9, "records": range(9), "url": ["https://a.example"] * 9}),
    ("Who said it", "말한 곳"),
    status="documented",
)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("visit")
    other = twin("# Other\n\nB.", "# 다른 장\n\n나.")
    write_notebook(folder / "n" / "00_other.ipynb", [*other])
    cells = [*twin("# First\n\nA.", "# 처음\n\n가."), code(TABLE)]
    write_notebook(folder / "n" / "01_first.ipynb", cells)
    return build_report(folder / "n", folder / "out").parent


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Chrome]:
    """A browser that has never been here."""
    with chromium(tmp_path / "profile") as chrome:
        yield chrome


def visit(driver: Chrome, site: Path, languages: str, page: str = "01_first.html") -> str:
    agent = driver.execute_script("return navigator.userAgent")
    driver.execute_cdp_cmd(
        "Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": languages}
    )
    driver.get("about:blank")
    driver.get(f"{site.as_uri()}/{page}")
    return str(driver.execute_script("return document.documentElement.dataset.show"))


def seen(driver: Chrome, css: str) -> list[str]:
    return [e.text for e in driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()]


def test_the_first_visit_follows_the_browser_and_a_choice_is_kept(
    newcomer: Chrome, site: Path
) -> None:
    assert visit(newcomer, site, "en-US,ko") == "en"
    assert visit(newcomer, site, "fr-FR,fr") == "en"
    assert visit(newcomer, site, "fr,ko-KR,en") == "ko"
    assert seen(newcomer, "thead th") == ["말한 곳", "기록", "주소"]
    newcomer.find_element(By.CSS_SELECTOR, "[data-set=en]").click()
    assert seen(newcomer, "thead th") == ["Said by", "Records", "Address"]
    assert visit(newcomer, site, "ko-KR,ko") == "en"  # the reader's own choice
    # if nothing may be stored, links carry it
    newcomer.find_element(By.CSS_SELECTOR, "[data-set=both]").click()
    link = newcomer.find_element(By.CSS_SELECTOR, "a[data-page]").get_attribute("href")
    assert str(link).endswith("index.html#lang=both")


def test_rows_unfold_and_become_cards(driver: Chrome, site: Path) -> None:
    resize(driver, 1280)
    visit(driver, site, "en-US,en")
    driver.find_element(By.CSS_SELECTOR, "[data-set=en]").click()
    assert len(seen(driver, "tbody tr")) == 5
    assert seen(driver, ".label") == []
    driver.find_element(By.CSS_SELECTOR, ".rest summary").click()
    assert len(seen(driver, "tbody tr")) == 9
    assert seen(driver, ".rest summary") == ["Show only 5 rows"]
    resize(driver, 390)
    assert seen(driver, ".label")[:3] == ["Said by", "Records", "Address"]
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
    card = driver.find_elements(By.CSS_SELECTOR, "tbody tr:first-child td")
    assert len({cell.location["x"] for cell in card}) == 1  # one under another
    resize(driver, 1280)
