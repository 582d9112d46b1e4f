"""The report's form calculates what the library does, without network, and refuses nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from browser import errors, resize, wait_for
from onetomany.accuracy.accuracy_claims import meanings_of_accuracy
from onetomany.accuracy.programme_inputs import NAMES, ProgrammeInput, disclosed_inputs
from onetomany.accuracy.reckoner import reckon
from onetomany.accuracy.reckoner_words import reckoner_page
from onetomany.prose import RECKONER
from onetomany.report.website import write_site
from onetomany.sources.disclosed_counts import disclosed_counts

pytestmark = pytest.mark.browser

TABLE = disclosed_counts()
ENDS = ("value", "low", "high", "interval_low", "interval_high")
HOSTILE = "<img src=x onerror=document.title='run'>"


def page(tmp: Path, numbers: dict[str, Any]) -> Path:
    """A report of one chapter that shows the form and nothing else."""
    shown = nbformat.v4.new_output("display_data", {RECKONER: numbers, "text/html": "<p>form</p>"})
    cells = [
        nbformat.v4.new_markdown_cell("# 14 · A", metadata={"tags": ["en"]}),
        nbformat.v4.new_markdown_cell("# 14 · 가", metadata={"tags": ["ko"]}),
        nbformat.v4.new_code_cell("show_reckoner(numbers)", outputs=[shown]),
    ]
    executed = {"14_form": nbformat.v4.new_notebook(cells=cells)}
    return write_site(executed, tmp, tmp / "site").parent / "14_form.html"


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # through JSON, as a notebook keeps it
    numbers = json.loads(json.dumps(reckoner_page(TABLE), sort_keys=True))
    numbers["programmes"][3]["name_en"] = HOSTILE
    numbers["programmes"][3]["url"] = "javascript:alert(1)"
    return page(tmp_path_factory.mktemp("form"), numbers)


def figures(driver: Chrome) -> dict[str, dict[str, float | None]]:
    text = driver.find_element(By.CSS_SELECTOR, ".reckoner").get_attribute("data-figures")
    return json.loads(text) if text else {}


def enter(driver: Chrome, **values: object) -> None:
    driver.execute_script(
        """for (const input of document.querySelectorAll('.reckoner input')) {
             input.value = arguments[0][input.name] ?? (input.name === 'days' ? 1 : '');
           }
           document.querySelector('.reckoner input').dispatchEvent(new Event('input'));""",
        {name: str(value) for name, value in values.items()},
    )


def compare(driver: Chrome, inputs: dict[str, Any], *, rel: float = 1e-6) -> None:
    found = reckon(inputs).figures
    shown = figures(driver)
    known = found.filter(pl.col("low").is_not_null())
    assert set(shown) == set(known["figure"])
    for row in known.iter_rows(named=True):
        for end in ENDS:
            ours = row[end]
            expected = None if ours is None else pytest.approx(ours, rel=rel, abs=1e-12)
            assert shown[row["figure"]][end] == expected, (row["figure"], end)
        assert shown[row["figure"]]["basis"] == row["basis"]


def test_every_programme_has_the_librarys_figures(driver: Chrome, form: Path) -> None:
    resize(driver, 1280)
    driver.get("about:blank")
    errors(driver)  # of the pages before: the browser is shared
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    menu = Select(driver.find_element(By.CSS_SELECTOR, ".reckoner select"))
    assert len(menu.options) == len(TABLE) + 1
    for n, row in enumerate(TABLE.iter_rows(named=True)):
        menu.select_by_value(str(n))
        compare(driver, disclosed_inputs(row))
    assert driver.title != "run"
    assert not driver.find_elements(By.CSS_SELECTOR, ".reckoner img")
    assert not driver.find_elements(By.CSS_SELECTOR, ".reckoner a[href^='javascript']")
    assert driver.find_elements(By.CSS_SELECTOR, ".reckoner a[href^='https']")
    assert errors(driver) == []


CASES = [
    {"searches": 20_000},
    {"searches": 20_000, "wanted_share": 0.001, "fpir": 0.002, "fnir": 0.1},
    {"searches": 195_000, "gallery_size": 177_600_000, "fmr": 1e-6},
    {"searches": 500, "gallery_size": 1000, "fmr": 1e-5, "wanted_share": 0},
    {"searches": 1000, "confirmed": 2, "fpir": 0.001},
    {"searches": 1000, "confirmed": 2, "false_alerts": 3},
    {"searches": 1000, "alerts": 5, "wanted_share": 0.001, "fnir": 0.2},
    {"fpir": 0.001, "fnir": 0.1, "wanted_share": 1e-4},
    {"alerts": 0, "false_alerts": 0, "searches": 100},
]


def test_own_numbers_have_the_librarys_figures(driver: Chrome, form: Path) -> None:
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    for case in CASES:
        enter(driver, **case)
        # the mean over people who differ is taken by another rule there
        compare(driver, case, rel=1e-4 if "fmr" in case else 1e-6)
    enter(driver, alerts=70, confirmed=7, days=7)
    week = {
        name: ProgrammeInput(value, days=7.0) for name, value in (("alerts", 70), ("confirmed", 7))
    }
    compare(driver, week)


@pytest.mark.parametrize("claim", [99.98, 99, 100])
def test_a_claim_implies_the_librarys_figures(driver: Chrome, form: Path, claim: float) -> None:
    driver.get("about:blank")
    errors(driver)  # of the pages before: the browser is shared
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    for case in (
        {"searches": 20_000, "gallery_size": 1800, "alerts": 12},
        {"searches": 500, "fnir": 0.3, "wanted_share": 0.001},
        {"gallery_size": 1000, "fpir": 0.001},
    ):
        enter(driver, **case, claim=claim)
        place = driver.find_element(By.CSS_SELECTOR, ".reckoner")
        shown = json.loads(str(place.get_attribute("data-implied")))
        table = meanings_of_accuracy(claim / 100, case)
        lines = driver.find_elements(By.CSS_SELECTOR, "[data-meanings] tr")
        assert len(lines) == len(table) == 7
        for row, line in zip(table.iter_rows(named=True), lines, strict=True):
            for name in ("alarms_a_day", "right_of_ten", "wrong_a_year"):
                for end in ("", "_low", "_high"):
                    own = shown[row["meaning"]].get(name, {}).get(end.strip("_") or "value")
                    ours = row[name + end]
                    expected = None if ours is None else pytest.approx(ours, rel=1e-4, abs=1e-9)
                    assert own == expected, (case, row["meaning"], name + end)
            text = str(line.get_attribute("textContent"))
            assert ("inside this range" in text) == (row["fits"] is True)
            assert ("outside this range" in text) == (row["fits"] is False)
    assert errors(driver) == []


def test_nonsense_is_refused_in_both_languages(driver: Chrome, form: Path) -> None:
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    for values, en, ko in (
        ({"fpir": 99.9}, "a share is from 0 to 1", "비율은 0에서 1까지"),
        ({"searches": 0}, "give 1 or more", "1 이상이어야"),
        ({"alerts": 4, "confirmed": 5}, "a part can't be more", "일부가 전체보다"),
        ({"alerts": 4, "confirmed": 3, "false_alerts": 2}, "more than the alarms", "경보보다 많다"),
        ({"alerts": "many"}, "give a number", "수를 적는다"),
        ({"alerts": 4, "days": 0}, "above 0", "0보다 커야"),
        ({}, "at least one", "하나 이상"),
        ({"alerts": 4, "claim": 0}, "at most 100 %", "100% 이하"),
        ({"alerts": 4, "claim": 101}, "at most 100 %", "100% 이하"),
    ):
        enter(driver, **values)
        assert "claim" in values or figures(driver) == {}
        note = driver.find_element(By.CSS_SELECTOR, ".reckoner [data-note]")
        said = str(note.get_attribute("textContent"))
        assert en in said
        assert ko in said


def test_the_form_says_which_inputs_it_took_from_elsewhere(driver: Chrome, form: Path) -> None:
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    enter(driver, searches=1000)
    note = driver.find_element(By.CSS_SELECTOR, ".reckoner [data-note]")
    said = str(note.get_attribute("textContent"))
    for name in ("fpir", "fnir", "wanted_share"):
        assert NAMES[name][0] in said
        assert NAMES[name][1] in said
    assert "NIST" in said


@pytest.mark.parametrize("width", [390, 1280])
def test_the_form_fits_the_screen(driver: Chrome, form: Path, width: int) -> None:
    resize(driver, width)
    driver.get(form.as_uri())
    wait_for(driver, 20, figures)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    unnamed = driver.execute_script(
        """return [...document.querySelectorAll('.reckoner input, .reckoner select')]
             .filter(each => !each.labels.length).length"""
    )
    assert unnamed == 0
