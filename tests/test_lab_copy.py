"""A Korean copy of a chapter in JupyterLab, as its reader meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import LAB_RUN, STATUS, jupyterlab, resize, run_notebook_in_lab, texts, wait_for
from onetomany.workshop import write_handout

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

CHAPTER = "10_what_is_still_hidden.ipynb"  # it ends with a form that takes days
# three English words in a row, and no Korean: what a reader sees of texts, tables, charts, forms
ENGLISH = """
  const seen = "p, li, h1, h2, h3, h4, th, caption, label, summary, option, svg text";
  return [...document.querySelector('.jp-Notebook').querySelectorAll(seen)]
    .filter(each => each.getClientRects().length && !each.closest('[lang="en-GB"], pre, code'))
    .map(each => each.textContent.trim())
    .filter(text => /[A-Za-z]{2,}( [A-Za-z]{2,}){2,}/.test(text) && !/[가-힣]/.test(text))
"""
CODE = """
  return [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .cm-content')]
    .filter(each => each.getClientRects().length).map(each => each.textContent.trim())
"""
OUTPUT = '[data-mime-type="application/vnd.jupyter.{}"]'
DAYS = ".widget-datepicker input[type=date]"
FORM = ".widget-vbox"


def test_a_korean_copy_speaks_korean_alone(driver: Chrome, tmp_path: Path) -> None:
    notebooks = Path(__file__).parents[1] / "notebooks"
    write_handout(notebooks, tmp_path / "chapters-ko", "ko")
    resize(driver, 1280)
    with jupyterlab(tmp_path / "chapters-ko", tmp_path / "home") as address:
        run_notebook_in_lab(driver, address, CHAPTER)
        # of a folded cell Lab shows no number: the form is the last thing but the exercises
        wait_for(driver, LAB_RUN, lambda d: d.find_elements(By.CSS_SELECTOR, DAYS))
        wait_for(driver, LAB_RUN, lambda d: "| Idle" in d.find_element(By.ID, STATUS).text)
        assert texts(driver, OUTPUT.format("error")) == []
        assert texts(driver, OUTPUT.format("stderr")) == []
        assert driver.execute_script(ENGLISH) == []
        # room for two answers is open, all else is folded
        assert driver.execute_script(CODE) == ["# 여기에 답을 쓴다."] * 2
        assert driver.find_elements(By.CSS_SELECTOR, ".jp-Notebook svg.marks")
        day = next(e for e in driver.find_elements(By.CSS_SELECTOR, DAYS) if e.is_displayed())
        labels = [each for each in texts(driver, ".widget-datepicker .widget-label") if each]
        assert labels[0] == "날짜"
        # what the law wants to be chosen is chosen; then a day that is picked is in the letter
        for menu in driver.find_elements(By.CSS_SELECTOR, ".widget-dropdown select"):
            options = menu.find_elements(By.CSS_SELECTOR, "option")
            if menu.is_displayed() and options[0].text == "고르세요":
                driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", menu)
                options[1].click()
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", day)
        driver.execute_script(
            "arguments[0].value = '2027-02-03';"
            "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
            day,
        )
        wait_for(driver, 60, lambda d: any("2027년 2월 3일" in each for each in texts(d, FORM)))
        driver.get("about:blank")
