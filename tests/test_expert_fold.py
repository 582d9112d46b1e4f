"""The part for the expert: folded on a page, opened by links and for print."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from browser import errors, resize, wait_for
from measured_pages import PAGES
from onetomany.report import build_report
from onetomany.report.chapter import Chapter, NotebookBlock, NotebookCell, gathered_code
from sample_notebook import RENDERER, SLIDER_CHART, code, twin, write_notebook


def expert(english: str, korean: str) -> list[dict[str, object]]:
    cells = twin(english, korean)
    for cell in cells:
        cell["metadata"]["tags"].append("expert")
    return cells


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fold")
    write_notebook(
        folder / "n" / "01_folded.ipynb",
        [
            *twin("# One\n\nFour words are here.", "# 하나\n\n낱말 셋 여기."),
            code(RENDERER),
            code(SLIDER_CHART),
            *expert("## For the expert\n\nRead later.", "## 전문가용\n\n나중에 읽는다."),
            *twin("### How it was measured\n\nWith care.", "### 측정 방법\n\n신중하게."),
            code(SLIDER_CHART),
        ],
    )
    return build_report(folder / "n", folder / "out").parent


@pytest.mark.kernel
def test_words_and_charts_are_counted_before_the_fold(site: Path) -> None:
    ((_, _, *english), (_, _, *korean)) = PAGES.openings(site)
    assert english[:2] == [5, 1]  # "One" and four words; one chart of two
    assert korean[:2] == [4, 1]


def test_grades_rise_with_longer_words() -> None:
    plain = PAGES.reading_grade(["The cat sat on the mat."])
    assert PAGES.reading_grade(["Identification necessitates authorisation."]) > plain + 10


def test_a_chapter_comes_apart_at_the_first_cell_for_the_expert() -> None:
    cells = [NotebookCell([NotebookBlock("chart")], tags=tags) for tags in ((), ("expert",), ())]
    chapter = Chapter("01_x", cells, {})
    assert (len(chapter.before_fold), len(chapter.folded)) == (1, 2)
    assert chapter.folded_counts == (2, 0)
    assert Chapter("01_x", cells[:1], {}).folded == []


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
def test_no_code_is_lost_when_silent_cells_are_joined(made: list[tuple[bool, bool]]) -> None:
    cells = [
        NotebookCell([NotebookBlock("text")] if shows else [], code=f"<{i}>" if runs else "")
        for i, (shows, runs) in enumerate(made)
    ]
    shown = gathered_code(cells)
    assert "".join(cell.code for cell in shown) == "".join(cell.code for cell in cells)
    silent = [cell for cell in shown if cell.code and not cell.blocks]
    assert len(silent) <= 1  # only the chapter's last code may show nothing
    assert [cell for cell in shown if not cell.code] == [cell for cell in cells if not cell.code]


@pytest.mark.browser
@pytest.mark.kernel
def test_the_fold_opens_by_a_link_and_for_print(driver: Chrome, site: Path) -> None:
    page = f"{site.as_uri()}/01_folded.html"
    is_open = "return document.querySelector('details.expert').open"
    resize(driver, 1280)
    driver.get("about:blank")
    errors(driver)
    driver.get(page)
    wait_for(driver, 30, lambda d: len(d.find_elements(By.CSS_SELECTOR, "[data-drawn]")) == 2)
    assert driver.execute_script(is_open) is False
    fold = driver.find_element(By.CSS_SELECTOR, ".expert > summary")
    driver.execute_script("arguments[0].focus()", fold)
    fold.send_keys(Keys.ENTER)  # by the keyboard
    assert driver.execute_script(is_open)
    # the chart that was drawn unseen is as wide as the one before the fold
    charts = "[...document.querySelectorAll('svg.marks')]"
    widths = driver.execute_script(f"return {charts}.map(s => s.getBoundingClientRect().width)")
    assert widths[0] == widths[1] > 500
    driver.get("about:blank")
    driver.get(f"{page}#How-it-was-measured")
    assert wait_for(driver, 10, lambda d: d.execute_script(is_open))
    driver.get("about:blank")
    driver.get(page)
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert driver.execute_script(is_open)
    assert errors(driver) == []
