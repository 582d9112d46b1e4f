"""Terms on a page: found once in each language's prose, explained to mouse, keyboard and touch."""

from __future__ import annotations

import csv
from pathlib import Path

import nbformat
import pytest
from lxml import html
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from browser import errors, resize, wait_for
from onetomany.report.glossary import TermMarker, _glossary_rows, page_terms
from onetomany.report.website import Exhibit, executed_chapters, write_site
from sample_notebook import twin, write_notebook
from test_accessibility import violations

ROOT = Path(__file__).parents[1]
OPEN = ".tip[data-open]"

ENGLISH = """# The FMR in a heading

[The FMR in a link](x.html), `FMR` in code, > no quote.

> The FMR in a quotation.

| FMR |
|---|
| FMR |

At an FMR of 1 in 100,000 a **gallery** errs; the FMR again, FMRs, and the probe-to-be.

<span class="term" data-term role="button" aria-describedby="term-en-fmr">forged</span>

## term-en-fmr
"""
KOREAN = """# 제목의 오인식률

오인식률은 갤러리에 달렸다. 오인식률을 다시 쓴다.
"""


def marked(body: str, lang: str = "en") -> list[str]:
    page = html.fromstring(f"<div>{TermMarker().mark(body, lang)}</div>")
    return [term.text_content() for term in page.xpath("//*[@data-term]")]


def test_the_page_and_the_kit_explain_a_term_in_the_same_words() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    shown = [line for line in text.splitlines() if line.startswith("| ")][1:]
    notes = {"": "", "*": " \\*", "†": " †"}
    assert shown == [
        f"| {row['term']} | {row['korean']}{notes[row['note']]} "
        f"| {row['meaning_en']} | {row['meaning_ko']} | {row['source']} |"
        for row in sorted(
            _glossary_rows().iter_rows(named=True), key=lambda each: each["term"].casefold()
        )
    ]


def test_every_term_that_pages_mark_is_one_plain_explanation() -> None:
    path = ROOT / "lib" / "onetomany" / "report" / "data" / "glossary.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert all(None not in row and None not in row.values() for row in csv.DictReader(file))
    found: dict[tuple[str, str], str] = {}
    for term in page_terms():
        assert len(term.meaning.split()) <= 40, term.word
        for pattern in term.patterns:
            assert pattern == pattern.strip() != "", term.word
            assert found.setdefault((term.lang, pattern), term.id) == term.id, pattern
    assert len({term.id for term in page_terms()}) == len(page_terms())
    assert {"term-en-hota", "term-ko-hota", "term-en-k-anonymity"} <= {t.id for t in page_terms()}


def test_each_pattern_finds_its_own_term() -> None:
    for term in page_terms():
        for pattern in term.patterns:
            marker = TermMarker()
            marker.mark(f"<p>x {pattern}. y</p>", term.lang)
            assert marker.used == [term], pattern


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("<p>FMR, FMR and <em>FMR</em></p>", ["FMR"]),
        ("<p>Galleries of templates</p>", ["Galleries", "templates"]),
        ("<p>One to many; One-to-Many, the kit</p>", ["One to many"]),
        ("<p>a synthetic template, a template</p>", ["synthetic template", "template"]),
        ("<p>non-mated, then mated</p>", ["non-mated", "mated"]),
        ("<p>probed, re-enrol, hashtag, RFMR</p>", []),
        ("<h2>FMR</h2><a href='x'>FMR</a><code>FMR</code><pre>FMR</pre>", []),
        ('<p title="a > FMR">none</p>', []),
        ("<table><tr><td>FMR</td></tr></table><blockquote><p>FMR</p></blockquote>", []),
        ("<h2>FMR</h2><p>FMR</p>", ["FMR"]),
    ],
)
def test_the_first_use_in_running_text_is_marked(body: str, found: list[str]) -> None:
    assert marked(body) == found


def test_a_korean_term_is_marked_without_its_particle() -> None:
    assert marked("<p>갤러리에서 FMR은 비갤러리와 오인식률을</p>", "ko") == ["갤러리", "FMR"]


def test_a_page_marks_a_term_once_over_all_its_texts() -> None:
    marker = TermMarker()
    assert "data-term" in marker.mark("<p>FMR</p>", "en")
    assert marker.mark("<p>FMR</p>", "en") == "<p>FMR</p>"
    assert "data-term" in marker.mark("<p>오인식률</p>", "ko")
    assert [term.lang for term in marker.used] == ["en", "ko"]
    assert marker.mark_text("<b>gallery</b>", "en").startswith("&lt;b&gt;<span")
    assert marker.mark("<p>FPIR</p>", "xx") == "<p>FPIR</p>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terms")
    path = write_notebook(folder / "n" / "01_terms.ipynb", twin(ENGLISH, KOREAN))
    executed = {path.stem: nbformat.read(path, as_version=4)}  # it has no code to run
    return write_site(executed, path.parent, folder / "out").parent


def test_a_notebook_can_neither_forge_a_term_nor_its_explanation(site: Path) -> None:
    page = html.parse(str(site / "01_terms.html"))
    terms = page.xpath("//*[@data-term]")
    assert [term.text for term in terms] == ["FMR", "gallery", "오인식률", "갤러리"]
    known = {term.id: term.meaning for term in page_terms()}
    for term in terms:
        (tip,) = page.xpath("//*[@id=$id]", id=term.get("aria-describedby"))
        assert tip.get("role") == "tooltip"
        assert known[tip.get("id")] in tip.text_content()
    assert not page.xpath("//*[@data-term]/ancestor::*[self::h1 or self::a or self::table]")


def test_an_exhibit_shows_its_words_as_they_are(site: Path, tmp_path: Path) -> None:
    exhibit = Exhibit({}, ("It.", "그것."), "x")
    write_site(executed_chapters(site), tmp_path, tmp_path / "out", exhibit)
    text = (tmp_path / "out" / "01_terms.html").read_text(encoding="utf-8")
    assert "forged" in text
    assert not any(part in text for part in ("data-term", "tooltip", "terms.js"))


def opened(driver: Chrome, site: Path, width: int, language: str) -> WebElement:
    resize(driver, width)
    driver.get("about:blank")
    errors(driver)
    driver.get(f"{site.as_uri()}/01_terms.html#lang={language}")
    term = next(t for t in driver.find_elements(By.CSS_SELECTOR, ".term") if t.is_displayed())
    assert not driver.find_elements(By.CSS_SELECTOR, OPEN)
    return term


def shown(driver: Chrome) -> WebElement:
    (tip,) = wait_for(driver, 5, lambda d: d.find_elements(By.CSS_SELECTOR, OPEN))
    assert tip.is_displayed()
    place = driver.execute_script("return arguments[0].getBoundingClientRect().toJSON()", tip)
    assert place["left"] >= 0
    assert place["right"] <= driver.execute_script("return innerWidth")
    assert 0 <= place["top"] <= place["bottom"] <= driver.execute_script("return innerHeight")
    return tip


def gone(driver: Chrome) -> bool:
    return wait_for(driver, 5, lambda d: not d.find_elements(By.CSS_SELECTOR, OPEN))


@pytest.mark.browser
@pytest.mark.parametrize(("language", "said"), [("en", "False match rate"), ("ko", "다른 두")])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_mouse_shows_a_meaning_that_stays_while_it_is_read(
    driver: Chrome, site: Path, width: int, language: str, said: str
) -> None:
    term = opened(driver, site, width, language)
    ActionChains(driver).move_to_element(term).perform()
    tip = shown(driver)
    assert said in tip.text
    ActionChains(driver).move_to_element(tip).pause(0.5).perform()
    assert shown(driver) == tip
    assert errors(driver) == []
    assert violations(driver) == []  # axe itself asks for style sheets, in vain
    ActionChains(driver).move_to_element(driver.find_element(By.CSS_SELECTOR, ".bar")).perform()
    assert gone(driver)
    ActionChains(driver).move_to_element(term).perform()
    shown(driver)
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert gone(driver)


@pytest.mark.browser
def test_the_keyboard_shows_and_hides_a_meaning(driver: Chrome, site: Path) -> None:
    term = opened(driver, site, 1280, "en")
    for _ in range(12):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        if driver.switch_to.active_element == term:
            break
    assert "False match rate" in shown(driver).text
    described = driver.execute_script("return arguments[0].getAttribute('aria-describedby')", term)
    assert described == shown(driver).get_attribute("id")
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    assert gone(driver)
    assert driver.switch_to.active_element == term  # the reader stays where they were
    ActionChains(driver).send_keys(Keys.ENTER).perform()
    shown(driver)
    ActionChains(driver).send_keys(Keys.TAB).perform()
    assert "enrolled templates" in shown(driver).text  # the next term's, in place of it
    assert errors(driver) == []


def tap(driver: Chrome, x: float, y: float) -> None:
    for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
        asked = {"type": kind, "touchPoints": points}
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", asked)


@pytest.mark.browser
def test_a_tap_shows_a_meaning_and_a_tap_elsewhere_hides_it(driver: Chrome, site: Path) -> None:
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        term = opened(driver, site, 390, "en")
        middle = """const at = arguments[0].getBoundingClientRect();
            return [at.left + at.width / 2, at.top + at.height / 2]"""
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", term)
        wait_for(driver, 5, lambda d: 0 < d.execute_script(middle, term)[1] < 900)
        tap(driver, *driver.execute_script(middle, term))
        tip = shown(driver)
        tap(driver, *driver.execute_script(middle, tip))  # on the meaning itself: it stays
        assert shown(driver) == tip
        tap(driver, 200, 20)
        assert gone(driver)
    finally:
        driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


@pytest.mark.browser
def test_print_lists_the_terms_of_the_language_in_place_of_marks(
    driver: Chrome, site: Path
) -> None:
    term = opened(driver, site, 1280, "en")
    try:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        listed = driver.find_element(By.CSS_SELECTOR, ".terms").text
        assert "Terms on this page" in listed
        assert "False match rate" in listed
        assert "다른 두" not in listed
        assert term.value_of_css_property("text-decoration-line") == "none"
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert driver.find_element(By.CSS_SELECTOR, ".terms").text == ""
