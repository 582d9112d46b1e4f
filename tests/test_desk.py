"""The reading desk: a marked passage becomes a claim; driven in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from reportlab.pdfgen import canvas
from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

import specimens
from browser import jupyterlab, resize, run_notebook_in_lab, texts, wait_for
from onetomany.claims import passages
from onetomany.documents import indexing
from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError
from onetomany.widgets.desk import ReadingDesk

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

CONTRACT = (
    "Agreement of the ministry and a company",
    "The ministry gave away 57,600,000 records of faces.",
    "Signed on 30 April 2019.",
)
ANSWER = (
    "Answer to the parliament",
    "In all, 1,200,000 records of faces were given away by the ministry.",
)
QUOTES = [CONTRACT[1], ANSWER[1]]
MARKS = ".desk-hit mark"
EVIL = "<img src=x onerror=alert(1)> the ministry's \u202eseicaf <b>records</b>"


def lines(texts: tuple[str, ...]) -> Callable[[canvas.Canvas], None]:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 12)
        for number, text in enumerate(texts):
            page.drawString(60, 700 - 80 * number, text)

    return draw


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "documents"
    folder.mkdir()
    (folder / "contract.pdf").write_bytes(specimens.pdf(lines(CONTRACT)))
    (folder / "answer.pdf").write_bytes(specimens.pdf(lines(ANSWER)))
    (folder / "evil <b>.txt").write_text(EVIL, encoding="utf-8")
    path = folder.with_name("case.duckdb")
    ingest(folder, path, workers=1, ocr=False)
    with open_case(path, write=True) as db:
        indexing.index_case(db, progress=False)
    return path


def document(db: duckdb.DuckDBPyConnection, name: str) -> str:
    row = db.execute("select document from documents where name = ?", [name]).fetchone()
    assert row
    return str(row[0])


def test_a_passage_becomes_a_claim_with_its_place(case: Path, tmp_path: Path) -> None:
    copy = tmp_path / "case.duckdb"
    copy.write_bytes(case.read_bytes())
    said = {"subject": "faces", "attribute": "handed over", "value": "57600000"}
    said |= {"unit": "records", "said_by": "Ministry"}
    with open_case(copy, write=True) as db:
        page = passages.page_text(db, document(db, "contract.pdf"), 1)
        start, end = page.locate("gave  away57,600,000 records") or (0, 0)
        assert page.text[start:end] == "gave away 57,600,000 records"
        assert page.locate("gave away 57 records") is None
        assert passages.figures_in(db, page, start, end) == [("57600000", "records")]
        claim = passages.claim_on(page, start, end, said, passages.known_claims(db))
        assert passages.save_claim(db, claim).is_empty()
        (row,) = passages.known_claims(db).iter_rows(named=True)
        block = db.execute(
            "select text, x0, y0, x1, y1 from blocks where document = ? and page = 1 and block = ?",
            [row["document"], row["block"]],
        ).fetchone()
        assert row["quote"] == "gave away 57,600,000 records"
        assert row["quote"] in block[0]
        assert page.box_of(row["char_start"], row["char_end"]) == block[1:]
        assert (row["claim_id"], row["source"], row["number"]) == ("R1", "contract.pdf", 57.6e6)
        other = passages.page_text(db, document(db, "answer.pdf"), 1)
        span = other.locate("1,200,000 records of faces") or (0, 0)
        claim = passages.claim_on(
            other, *span, said | {"value": "1200000"}, passages.known_claims(db)
        )
        (pair,) = passages.save_claim(db, claim).filter("contradiction").iter_rows(named=True)
        assert (pair["claim_a"], pair["claim_b"]) == ("R1", "R2")
        assert (pair["document_a"], pair["page_a"]) == (page.document, 1)
        assert (pair["document_b"], pair["page_b"]) == (other.document, 1)
        with pytest.raises(InputError, match="No words are selected"):
            passages.claim_on(page, 3, 3, said, passages.known_claims(db))
        with pytest.raises(InputError, match="said by is empty"):
            passages.claim_on(page, 0, 3, said | {"said_by": " "}, passages.known_claims(db))


def test_of_two_places_the_nearer_is_quoted(case: Path) -> None:
    page = passages.PageText("d", 1, "p", "text/plain", None, "a b c a b", None, None, None, ())
    assert page.locate("ab") == (0, 3)
    assert page.locate("ab", near=5) == (6, 9)
    assert page.locate("  ") is None


def test_the_desk_takes_days_from_pickers(case: Path, tmp_path: Path) -> None:
    copy = tmp_path / "case.duckdb"
    copy.write_bytes(case.read_bytes())
    desk = ReadingDesk(copy, "en")
    desk.query.value = "records"
    assert len(desk.hits.children) == 3
    with open_case(copy) as db:
        contract = document(db, "contract.pdf")
        dated = passages.page_text(db, contract, 1).dated
    assert dated
    day, before = dt.date.fromisoformat(dated[:10]), dt.timedelta(days=1)
    desk.days["after"].value = day  # a plain text has no date
    desk.search()
    assert len(desk.hits.children) == 2
    desk.days["after"].value, desk.days["before"].value = None, day - before
    desk.search()
    assert not desk.hits.children
    desk.days["before"].value = None
    desk.search()
    desk._open(contract, 1, [])
    # the file's date is offered, not filled in
    assert desk.written_on.text == ""
    assert desk.written_on.day.value == day
    desk.words.value = CONTRACT[1]
    desk.locate()
    for name, text in {
        "subject": "faces",
        "attribute": "given away",
        "said_by": "Ministry",
    }.items():
        desk.claim[name].value = text
    desk.written_on.precision.value, desk.written_on.day.value = "day", dt.date(2019, 4, 30)
    desk.save()
    with open_case(copy) as db:
        assert passages.known_claims(db)["document_date"].to_list() == ["2019-04-30"]


# in the browser ---------------------------------------------------------------------------


def field(driver: Chrome, label: str) -> WebElement:
    """The control beside a label."""
    for each in driver.find_elements(By.CSS_SELECTOR, ".desk .widget-inline-hbox"):
        name = each.find_elements(By.CSS_SELECTOR, "label")
        if name and name[0].text == label and each.is_displayed():
            return each.find_element(By.CSS_SELECTOR, "input, select, textarea")
    raise NoSuchElementException(f"no field {label}")


def write(driver: Chrome, label: str, text: str) -> None:
    def written(d: Chrome) -> bool:
        element = field(d, label)
        d.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        if element.tag_name == "select":
            element.find_element(By.CSS_SELECTOR, f'option[value="{text}"]').click()
        else:
            element.send_keys(Keys.CONTROL, "a")
            element.send_keys(text, Keys.TAB)
        return True

    wait_for(driver, 30, written)  # what the desk draws again meanwhile is looked for again


def press(driver: Chrome, text: str, number: int = 0) -> None:
    def pressed(d: Chrome) -> bool:
        buttons = [
            each
            for each in d.find_elements(By.CSS_SELECTOR, ".desk button")
            if each.text == text and each.is_displayed()
        ]
        if len(buttons) <= number:
            return False
        d.execute_script("arguments[0].scrollIntoView({block: 'center'})", buttons[number])
        buttons[number].click()
        return True

    wait_for(driver, 30, pressed)


def desk_text(driver: Chrome) -> str:
    return " ".join(texts(driver, ".desk"))


def clicked(driver: Chrome, selector: str, number: int) -> bool:
    button = driver.find_elements(By.CSS_SELECTOR, selector)[number]
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    return True


def claim_block(driver: Chrome, number: int, quote: str, value: str) -> None:
    """Choose a block on the page's picture, and fill in what it says."""

    def passage(d: Chrome) -> str:
        return field(d, "Passage").get_attribute("value") or ""

    over = ".desk-sheet button.desk-block"
    wait_for(driver, 60, lambda d: d.find_elements(By.CSS_SELECTOR, over) and passage(d))
    for each, text in ((0, ""), (number, quote)):  # another first, so that the click is seen to act
        wait_for(driver, 30, lambda d, n=each: clicked(d, over, n))
        wait_for(driver, 30, lambda d, t=text: passage(d) == t if t else quote not in passage(d))
    # the figure in the passage is offered
    wait_for(driver, 30, lambda d: field(d, "Value").get_attribute("value") == value)
    for label, text in (
        ("Subject", "faces"),
        ("Property", "given away"),
        ("Said by", "Ministry"),
    ):
        write(driver, label, text)
    press(driver, "Save as a claim")


def test_search_select_claim_contradiction(driver: Chrome, case: Path, tmp_path: Path) -> None:
    resize(driver, 1280, 1000)
    home = tmp_path / "home"
    with jupyterlab(home, home, "desk", "--case", str(case)) as address:
        run_notebook_in_lab(driver, address, "desk.ipynb", "doc")
        wait_for(driver, 60, lambda d: field(d, "Words"))
        write(driver, "Words", 'ministry "gave away" -parliament')
        press(driver, "Search")
        wait_for(driver, 60, lambda d: "Pages with ministry and" in desk_text(d))
        assert "contract.pdf, page 1" in desk_text(driver)
        assert "answer.pdf" not in desk_text(driver)
        wait_for(driver, 30, lambda d: set(texts(d, MARKS)) == {"ministry", "gave away"})
        press(driver, "Open")
        wait_for(driver, 60, lambda d: d.find_elements(By.CSS_SELECTOR, ".desk-sheet img"))
        claim_block(driver, 1, CONTRACT[1], "57600000")
        wait_for(driver, 60, lambda d: "contradict it: 0" in desk_text(d))
        write(driver, "Words", "parliament records")
        press(driver, "Search")
        wait_for(driver, 60, lambda d: "answer.pdf, page 1" in desk_text(d))
        press(driver, "Open")
        wait_for(driver, 60, lambda d: "answer.pdf, page 1" in heading(d))
        claim_block(driver, 1, ANSWER[1], "1200000")
        wait_for(driver, 60, lambda d: "contradict each other" in desk_text(d))
        wait_for(driver, 30, lambda d: texts(d, ".desk-clash blockquote") == QUOTES)
        shown = " ".join(texts(driver, ".desk-clash"))
        for cited in ("R1", "R2", "contract.pdf, page 1", "answer.pdf, page 1"):
            assert cited in shown
        press(driver, "한국어")
        wait_for(driver, 30, lambda d: "서로 어긋나는 주장" in desk_text(d))
        assert_no_english_labels(driver)
        write(driver, "찾을 말", "onerror seicaf")
        press(driver, "검색")
        wait_for(driver, 60, lambda d: "evil <b>.txt, 1쪽" in desk_text(d))
        # the document's own tags and marks are text
        assert "<img src=x" in desk_text(driver)
        assert "\\u202e" in desk_text(driver)
        assert driver.find_elements(By.CSS_SELECTOR, ".desk-hit img, .desk-hit b") == []
        look(driver)
        driver.get("about:blank")
    with open_case(case) as db:
        assert passages.known_claims(db)["claim_id"].to_list() == ["R1", "R2"]


def heading(driver: Chrome) -> str:
    return " ".join(texts(driver, ".desk-right"))


def assert_no_english_labels(driver: Chrome) -> None:
    labels = set(texts(driver, ".desk label, .desk h3, .desk button")) - {""}
    assert labels
    assert [each for each in labels if each.isascii() and each != "English"] == []


def look(driver: Chrome) -> None:
    """Nothing of the desk reaches beyond its cell, also on a phone."""
    for width in (1280, 390):
        resize(driver, width, 1600)
        sides = "const d = document.querySelector('.desk'); return [d.scrollWidth, d.clientWidth]"
        wait_for(driver, 20, lambda d: max(d.execute_script(sides)) <= width)  # noqa: B023
        inside, room = driver.execute_script(sides)
        assert inside <= room + 1, width
