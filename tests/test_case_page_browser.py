"""A case's start page in a real browser: a claim added by its form, the list of tasks changed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from browser import jupyterlab, resize, run_notebook_in_lab, texts, wait_for
from onetomany.cases.new_folder import new_case
from onetomany.cases.rows import add_case_row

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

EVIL = "<img src=x onerror=alert(1)> Leeds \u202ewatch"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "leeds"
    new_case(made, title=EVIL, country="gb", place="Leeds", operator="Police", language="en")
    (made / "notebooks" / "theirs.ipynb").write_text("{}", "utf-8")
    (made / "onetomany.py").write_text("raise SystemExit('ran code of the folder')", "utf-8")
    add_case_row(made, "bodies", {"name": "<b>Watch</b>", "kind": "civic"})
    return made


def page(driver: Chrome) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, ".case-page")


def shown(driver: Chrome) -> str:
    return " ".join(texts(driver, ".case-page"))


def press(driver: Chrome, text: str, css: str = "button") -> None:
    def pressed(d: Chrome) -> bool:
        for each in page(d).find_elements(By.CSS_SELECTOR, css):
            if each.text.strip() == text and each.is_displayed():
                d.execute_script("arguments[0].scrollIntoView({block: 'center'})", each)
                each.click()
                return True
        return False

    wait_for(driver, 30, pressed)


def write(driver: Chrome, label: str, text: str) -> None:
    """Write into the control under a label, or choose an option by its words."""

    def written(d: Chrome) -> bool:
        for each in page(d).find_elements(By.CSS_SELECTOR, ".case-form .widget-inline-hbox"):
            name = each.find_elements(By.CSS_SELECTOR, "label")
            if not name or name[0].text.rstrip(" *") != label or not each.is_displayed():
                continue
            control = each.find_element(By.CSS_SELECTOR, "input, select, textarea")
            d.execute_script("arguments[0].scrollIntoView({block: 'center'})", control)
            if control.tag_name == "select":
                options = control.find_elements(By.CSS_SELECTOR, "option")
                next(o for o in options if o.text.strip() == text).click()
            else:
                control.send_keys(Keys.CONTROL, "a")
                control.send_keys(text, Keys.TAB)
            return True
        return False

    wait_for(driver, 30, written)


def test_a_claim_is_added_by_its_form(driver: Chrome, folder: Path, tmp_path: Path) -> None:
    resize(driver, 1280, 1000)
    home = tmp_path / "home"
    with jupyterlab(home, home, "desk", "--case", str(folder)) as address:
        run_notebook_in_lab(driver, address, "desk.ipynb", "doc")
        wait_for(driver, 60, lambda d: "To do" in shown(d))
        assert "<img src=x" in shown(driver)
        assert "\\u202e" in shown(driver)
        assert driver.find_elements(By.CSS_SELECTOR, ".case-page h2 img") == []
        assert "claims.csv: the table has no rows" in shown(driver)
        press(driver, "A claim", ".jupyter-widget-Collapse-header, .lm-AccordionPanel-title, "
              ".jupyter-widget-Collapse-header *")  # fmt: skip
        write(driver, "Subject", "faces")
        press(driver, "Add")
        wait_for(driver, 30, lambda d: "'Property' is empty: fill it in." in shown(d))
        for label, text in (
            ("Property", "kept"),
            ("Value", "31"),
            ("Unit", "days"),
            ("Said by", "<b>Watch</b>"),
            ("Web address of the source", "https://example.org/a"),
        ):
            write(driver, label, text)
        press(driver, "Add")
        wait_for(driver, 30, lambda d: "Added to claims.csv: C1." in shown(d))
        wait_for(driver, 30, lambda d: "claims.csv: the table has no rows" not in shown(d))
        press(driver, "한국어")
        wait_for(driver, 30, lambda d: "할 일" in shown(d))
        for width in (1280, 390):
            resize(driver, width, 1600)
            sides = "const d = document.querySelector('.case-page'); "
            sides += "return [d.scrollWidth, d.clientWidth]"
            wait_for(driver, 20, lambda d: max(d.execute_script(sides)) <= width)  # noqa: B023
            inside, room = driver.execute_script(sides)
            assert inside <= room + 1, width
        driver.get("about:blank")
    row = pl.read_csv(folder / "claims.csv", infer_schema=False).row(0, named=True)
    given = {"claim_id": "C1", "subject": "faces", "attribute": "kept", "value": "31"}
    given |= {"unit": "days", "said_by": "<b>Watch</b>", "source_url": "https://example.org/a"}
    assert {name: cell for name, cell in row.items() if cell} == given
