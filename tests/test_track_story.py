"""A simulated passenger's track: ten links with the first wrong one, told by scrolling."""

from __future__ import annotations

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import errors, resize, texts, wait_for
from onetomany import terminal
from onetomany.errors import InputError
from onetomany.report import build_report
from onetomany.tracking.track_story import LINKS, _camera_place, track_story
from sample_notebook import code, twin, write_notebook

CORNERS = [("floor", 0, 0.0, 0.0), ("floor", 1, 150.0, 0.0), ("floor", 2, 150.0, 50.0)]
OUTLINES = pl.DataFrame(
    [(kind, 0, step, x, y) for kind, step, x, y in CORNERS],
    schema=["kind", "ring", "step", "x", "y"],
    orient="row",
)


def track(whose: list[int]) -> pl.DataFrame:
    """A track of the person who is first in the list, a minute between two sightings."""
    n = len(whose)
    return pl.DataFrame(
        {
            "camera_id": ["c01-door-south", *["c13-security-3"] * (n - 1)],
            "t_start": [60.0 * i for i in range(n)],
            "t_end": [60.0 * i + 5 for i in range(n)],
            "x": [float(i) for i in range(n)],
            "y": [1.0] * n,
            "probability": [None, *[0.9] * (n - 1)],
            "true_id": whose,
            "person": [whose[0]] * n,
        },
        schema_overrides={"probability": pl.Float64},
    )


def test_the_first_wrong_link_is_in_it() -> None:
    story = track_story(track([7] * 14 + [8] * 6), OUTLINES, start=0.0)
    assert (story["links"], story["right"], len(story["steps"])) == (LINKS, LINKS - 1, LINKS + 1)
    assert [step["right"] for step in story["steps"]].count(False) == 1
    at = next(i for i, step in enumerate(story["steps"]) if step["right"] is False)
    assert at == LINKS // 2 + 1
    assert story["steps"][-1]["own"] is False
    assert (story["sightings"], story["other_sightings"]) == (20, 6)
    assert story["expected"] == 9.0
    assert story["steps"][at]["minute"] == 14
    assert story["plan"]["width"] == 150


def test_a_track_without_a_wrong_link_is_refused() -> None:
    with pytest.raises(InputError, match="no wrong link"):
        track_story(track([1, 1, 1]), OUTLINES, start=0.0)


@given(st.lists(st.integers(0, 2), min_size=2, max_size=40), st.integers(1, 12))
def test_any_track_with_a_wrong_link_shows_one(whose: list[int], links: int) -> None:
    wrong = sum(a != b for a, b in itertools.pairwise(whose))
    if not wrong:
        return
    story = track_story(track(whose), OUTLINES, start=0.0, links=links)
    assert story["links"] == min(links, len(whose) - 1)
    assert story["right"] < story["links"]
    assert story["right"] + wrong >= story["links"]


def test_every_camera_of_the_terminal_has_its_place_in_words() -> None:
    for camera in terminal.load_layout().cameras:
        english, korean = _camera_place(camera.camera_id)
        assert english != camera.camera_id
        assert any("가" <= letter <= "힣" for letter in korean)
        assert not any(letter.isascii() and letter.isalpha() for letter in korean)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    story = track_story(track([7] * 8 + [8] * 6), OUTLINES, start=0.0)
    story["steps"][0]["place"] = "<script>alert(1)</script>"
    shown = code(f"from onetomany import prose\nprose.show_story({story!r})")
    write_notebook(folder / "n" / "05_x.ipynb", [*twin("# A", "# 가"), shown])
    return build_report(folder / "n", folder / "out").parent


@pytest.mark.kernel
def test_without_scripts_all_of_it_is_there(site: Path) -> None:
    text = (site / "05_x.html").read_text(encoding="utf-8")
    assert text.count("data-step=") == 11 + 10 + 11
    assert "Wrong link" in text
    assert "<script>alert" not in text


@pytest.mark.browser
@pytest.mark.kernel
@pytest.mark.parametrize("width", [1280, 390])
def test_guess_first_then_scroll(driver: Chrome, site: Path, width: int) -> None:
    resize(driver, width, 900)
    driver.get("about:blank")
    errors(driver)
    driver.get(f"{site.as_uri()}/05_x.html#lang=en")
    wait_for(driver, 20, lambda d: texts(d, ".story form"))
    assert texts(driver, ".story .verdict") == []
    driver.execute_script(
        "const r = document.querySelector('.story input'); r.value = 6;"
        "r.dispatchEvent(new Event('input'))"
    )
    driver.find_element(By.CSS_SELECTOR, ".story button").click()
    wait_for(driver, 20, lambda d: texts(d, ".story .verdict"))
    assert "You guessed 6." in " ".join(texts(driver, ".story .end"))
    assert "9 of 10 links are right" in " ".join(texts(driver, ".story .end"))
    drawn = "return document.querySelectorAll('.story circle:not(.ahead)').length"
    before = driver.execute_script(drawn)
    driver.execute_script("document.querySelector('.steps li:last-child').scrollIntoView()")
    assert wait_for(driver, 20, lambda d: d.execute_script(drawn) == 11 > before)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert errors(driver) == []
