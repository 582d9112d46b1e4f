"""OCR of scans: what is read, where it stands, and that what isn't read is told."""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import specimens
from onetomany.documents import case_file, scans
from onetomany.documents.answers import Answer
from onetomany.documents.ingest import ingest
from onetomany.documents.picture import page_picture
from onetomany.documents.workers import Reader as Child
from onetomany.formats import ocr
from onetomany.formats.reading import Limits, Refused
from onetomany.sources.files import package_folder

pytestmark = pytest.mark.real

KOREAN = """법무부는 2019년 4월부터 2021년 10월까지 인공지능 식별추적 사업을 추진하였다.
출입국 심사 과정에서 수집한 내국인 5,760만 건과 외국인 1억 2천만 건의
얼굴사진이 민간업체의 알고리즘 학습에 제공되었다고 알려졌다.
개인정보 보호법 제15조제3항에 따르면 개인정보처리자는 당초 수집 목적과
합리적으로 관련된 범위에서 정보주체에게 불이익이 발생하는지 여부를 고려한다."""
ENGLISH = """The Ministry of Justice began the project in April 2019.
Photographs of 57.6 million records of nationals were given
to companies that trained one-to-many identification.
Nothing on this page is an original: it is a synthetic specimen."""
MIXED = """사업명: 식별추적시스템 / Identification and Tracking System
총사업비: 44,800백만원 (국비 30,100백만원)
내국인 57,601,342건, 외국인 120,384,915건
담당: 출입국심사과 (sample@example.org)"""


@dataclass(frozen=True)
class Scan:
    """A page as a scanner gives it, and where each word that it has once lies, in pixels."""

    image: Image.Image
    text: str
    places: dict[str, tuple[float, float]]  # centres
    ink: np.ndarray[Any, np.dtype[np.bool_]]


def scan(text: str, dpi: int = 200, *, skew: float = 0.6, noise: float = 12.0) -> Scan:
    """Half a page of A4: 11 point, laid askew, blurred, grey towards one side, and noisy."""
    per = dpi / 72
    size = (round(595 * per), round(200 * per))
    image, point = Image.new("L", size, 250), round(11 * per)
    face = package_folder("pylopdf_fonts_ko") / "NotoSansKR-Regular.otf"
    font, ink = ImageFont.truetype(str(face), point), ImageDraw.Draw(image)
    places: dict[str, tuple[float, float]] = {}
    angle = np.deg2rad(skew)
    for number, line in enumerate(text.splitlines()):
        x, y = 50 * per, (30 + 24 * number) * per
        ink.text((x, y), line, font=font, fill=20)
        for found in re.finditer(r"\S+", line):
            left = x + ink.textlength(line[: found.start()], font=font)
            box = ink.textbbox((left, y), found[0], font=font)
            across, down = (box[0] + box[2] - size[0]) / 2, (box[1] + box[3] - size[1]) / 2
            if text.split().count(found[0]) > 1:
                continue
            places[found[0]] = (
                size[0] / 2 + across * np.cos(angle) + down * np.sin(angle),
                size[1] / 2 - across * np.sin(angle) + down * np.cos(angle),
            )
    image = image.rotate(skew, Image.Resampling.BICUBIC, fillcolor=250)
    dark = np.asarray(image) < 128
    grey = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6))).astype(float)
    grey += np.random.default_rng(7).normal(0, noise, grey.shape)
    grey -= np.linspace(0, 25, size[0])
    return Scan(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)), text, places, dark)


def error_rate(truth: str, read: str) -> float:
    """Levenshtein distance over the characters of the truth; runs of blanks count as one."""
    truth, read = " ".join(truth.split()), " ".join(read.split())
    row = list(range(len(read) + 1))
    for i, one in enumerate(truth, 1):
        last, row = row, [i]
        for j, other in enumerate(read, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (one != other)))
    return row[-1] / len(truth)


def ask(case: Path, query: str, *values: object) -> pl.DataFrame:
    with case_file.open_case(case) as db:
        return case_file.query_frame(db, query, *values)


SCANS = {
    ("scan.pdf", 1): scan(KOREAN),
    ("scan.pdf", 2): scan(ENGLISH, skew=-0.8),
    ("low.png", 1): scan(MIXED, 150),
}
TURNED = scan(ENGLISH, 150)
# at most this share of characters may be wrong, by what is on the page
BOUNDS = {("scan.pdf", 1): 0.05, ("scan.pdf", 2): 0.01, ("low.png", 1): 0.08}


@pytest.fixture(scope="module", autouse=True)
def tesseract() -> str:
    name, why = scans.engine()
    if not name:
        why = f"{why}: install it {scans._how_to_get(scans.LANGUAGES)}"
        # in CI these tests run or fail
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    return name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    first, second = (SCANS["scan.pdf", page].image for page in (1, 2))
    first.save(folder / "scan.pdf", save_all=True, append_images=[second], resolution=200)
    SCANS["low.png", 1].image.save(folder / "low.png")
    TURNED.image.rotate(90, expand=True).save(folder / "turned.png")
    Image.new("L", (300, 300), 255).save(folder / "blank.png")
    # 108 million pixels in 100 KB
    Image.new("1", (12_000, 9_000), 1).save(folder / "vast.png")
    (folder / "text.txt").write_text("읽을 수 있는 글이다.")
    return folder


@pytest.fixture(scope="module")
def case(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingested first where there are no models, as on a machine without them, then with them."""
    base = tmp_path_factory.mktemp("case")
    file = base / "case.duckdb"
    (base / "empty").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESSDATA_PREFIX", str(base / "empty"))
        without = ingest(folder, file, workers=1)
    assert without.scans.left == 6
    assert without.scans.why == "Tesseract has no model here for kor and eng"
    assert "apt install tesseract-ocr tesseract-ocr-kor" in without.scans.said()
    assert "6 pages are or contain pictures whose text was not read" in without.scans.said()
    assert without.notes.filter(pl.col("kind") == "ocr")["count"].to_list() == [6]
    bare = ask(file, "SELECT DISTINCT text_source FROM pages WHERE unit IS NOT NULL")
    assert bare["text_source"].to_list() == ["none"]
    off = ingest(folder, file, workers=1, ocr=False)
    assert (off.scans.left, off.scans.said().count("apt")) == (6, 0)
    done = ingest(folder, file, workers=1)
    assert (done.read, done.held) == (0, 6)
    assert (done.scans.read, done.scans.empty, done.scans.failed, done.scans.left) == (4, 1, 1, 0)
    return file


def page_of(case: Path, name: str, page: int) -> dict[str, Any]:
    return ask(
        case,
        "SELECT pages.*, documents.name FROM pages JOIN documents USING (document) "
        "WHERE documents.name = ? AND page = ?",
        name,
        page,
    ).row(0, named=True)


def words_of(case: Path, page: dict[str, Any]) -> pl.DataFrame:
    return ask(
        case,
        "SELECT substr(pages.text, char_start + 1, char_end - char_start) AS word, words.* "
        "FROM words JOIN pages USING (document, page) WHERE document = ? AND page = ? "
        "ORDER BY char_start",
        page["document"],
        page["page"],
    )


@pytest.mark.parametrize("which", SCANS)
def test_a_scan_is_read(case: Path, tesseract: str, which: tuple[str, int]) -> None:
    page = page_of(case, *which)
    assert page["text_source"] == "ocr"
    assert page["extractor"].startswith(f"ocr: {tesseract}, pypdfium2 ")
    assert error_rate(SCANS[which].text, page["text"]) <= BOUNDS[which]


def test_figures_of_a_scan_are_found_as_mentions_are(case: Path) -> None:
    assert "5,760만 건" in page_of(case, "scan.pdf", 1)["text"]
    assert "57,601,342건" in page_of(case, "low.png", 1)["text"]


@pytest.mark.parametrize("which", SCANS)
def test_boxes_hold_the_ink_of_the_words(case: Path, which: tuple[str, int]) -> None:
    page, made = page_of(case, *which), SCANS[which]
    words = words_of(case, page)
    per = made.image.width / page["width"]
    inside = np.zeros_like(made.ink)
    missed = []
    for word, *box in words.select("word", "x0", "y0", "x1", "y1").iter_rows():
        x0, y0, x1, y1 = (per * side for side in box)
        inside[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = True
        x, y = made.places.get(word, (x0, y0))
        if not (x0 <= x <= x1 and y0 <= y <= y1):
            missed.append(word)
    assert inside[made.ink].mean() > 0.97
    # boxes of everything would hold all ink too
    assert inside.mean() < 0.3
    assert missed == []
    assert len(set(words["word"]) & set(made.places)) > 0.8 * len(made.places)


def test_blocks_and_words_are_spans_of_the_page(case: Path) -> None:
    wrong = ask(
        case,
        "SELECT blocks.block FROM blocks JOIN pages USING (document, page) "
        "WHERE substr(pages.text, char_start + 1, char_end - char_start) <> blocks.text",
    )
    assert wrong.is_empty()
    words = words_of(case, page_of(case, "scan.pdf", 1))
    assert words["word"].str.contains(r"^\S+$").all()
    assert " ".join(words["word"]) == " ".join(page_of(case, "scan.pdf", 1)["text"].split())
    boxes = ask(
        case,
        "SELECT bool_and(x0 IS NOT NULL) AS placed, count(*) AS many FROM blocks "
        "JOIN pages USING (document, page) WHERE text_source = 'ocr'",
    ).row(0)
    assert boxes[0]
    assert boxes[1] >= 4


def test_a_note_says_how_sure_the_reading_is(case: Path) -> None:
    page = page_of(case, "scan.pdf", 1)
    (note,) = ask(
        case, "SELECT text FROM notes WHERE document = ? AND page = 1 AND kind = 'ocr'",
        page["document"],
    )["text"]  # fmt: skip
    words = words_of(case, page)
    mean = np.average(words["confidence"], weights=words["word"].str.len_chars())
    said = re.search(r"mean confidence of (\d+) of 100; (\d+) of (\d+) words", note)
    assert said is not None
    assert abs(int(said[1]) - mean) < 0.6
    assert int(said[2]) == (words["confidence"] < 60).sum()
    assert int(said[3]) == len(words)
    assert "against the picture" in note


def test_a_turned_page_is_read_and_its_words_lie_where_they_are(case: Path) -> None:
    page = page_of(case, "turned.png", 1)
    assert error_rate(TURNED.text, page["text"]) <= 0.01
    note = ask(
        case, "SELECT text FROM notes WHERE document = ? AND kind = 'ocr'", page["document"]
    )["text"].item()
    assert "upside down or on its side" in note
    box = words_of(case, page).row(by_predicate=pl.col("word") == "identification.", named=True)
    x, y = TURNED.places["identification."]
    # turned to the left, what was x from the left is now x from below
    x, y = y, page["height"] - x
    assert box["x0"] < x < box["x1"]
    assert box["y0"] < y < box["y1"]


def test_no_text_and_too_many_pixels_are_told_and_not_tried_again(folder: Path, case: Path) -> None:
    notes = dict(
        ask(
            case,
            "SELECT documents.name, notes.text FROM notes JOIN documents USING (document) "
            "WHERE documents.name IN ('blank.png', 'vast.png')",
        ).iter_rows()
    )
    assert "found no text" in notes["blank.png"]
    assert "more than 100,000,000 pixels" in notes["vast.png"]
    assert page_of(case, "blank.png", 1)["text_source"] == "none"
    again = ingest(folder, case, workers=1).scans
    assert again == scans.Scans()
    retried = ingest(folder, case, workers=1, retry=True).scans
    assert (retried.read, retried.empty, retried.failed) == (0, 0, 1)


def test_a_page_that_takes_too_long_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.png").write_bytes(specimens.saved(SCANS["low.png", 1].image, "PNG"))
    with monkeypatch.context() as patch:
        patch.setattr(scans, "SECONDS", 0.05)
        late = ingest(folder, case, workers=1).scans
    assert (late.read, late.failed) == (0, 1)
    assert "failed on 1" in late.said()
    why = ask(case, "SELECT text FROM notes WHERE kind = 'unread'")["text"].item()
    assert "took longer" in why
    assert ingest(folder, case, workers=1, retry=True).scans.read == 1
    assert ask(case, "SELECT * FROM notes WHERE kind = 'unread'").is_empty()


def test_an_answer_for_another_page_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that a hostile picture took over may answer anything."""
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.png").write_bytes(specimens.saved(Image.new("L", (50, 50), 255), "PNG"))
    ingest(folder, case, workers=1, ocr=False)
    page = {"page": [1], "label": [None], "hidden": [False], "width": [1.0], "height": [1.0],
            "unit": ["px"], "text": ["x"], "text_source": ["ocr"]}  # fmt: skip
    whole = {"page": [None], "kind": ["ocr"], "text": ["of the whole document"]}
    monkeypatch.setattr(scans, "engine", lambda *_: ("none", ""))
    for columns in (
        {},
        {"pages": "no columns"},
        {"pages": page | {"page": [2]}},
        {"pages": page | {"text_source": ["text"]}},
        {"pages": page, "notes": whole},
    ):
        answer = Answer({"columns": columns})
        monkeypatch.setattr(Child, "read", lambda *_, answer=answer: answer)
        assert ingest(folder, case, workers=1, retry=True).scans.failed == 1
        assert ask(case, "SELECT text_source, text FROM pages").row(0) == ("none", "")
        assert "no usable answer" in ask(case, "SELECT text FROM notes")["text"].item()
    monkeypatch.setattr(Child, "read", lambda *_: Answer({"columns": {"pages": page}}))
    assert ingest(folder, case, workers=1, retry=True).scans.read == 1
    assert ask(case, "SELECT text FROM pages")["text"].item() == "x"


def test_ocr_is_made_where_documents_are_parsed(folder: Path, tmp_path: Path) -> None:
    child = Child(tmp_path, ocr=ocr.LANGUAGES)
    try:
        answer = child.read(folder / "blank.png", "1/blank.png", Limits())
        assert answer.content["columns"]["pages"]["page"] == [1]
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "a.txt").write_text("a")
        assert child.isolation == ingest(tmp_path / "folder", tmp_path / "a.duckdb").isolation
    finally:
        child.stop()


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_NAMES", ("libnothing.so.5",))
    with pytest.raises(ocr.OcrMissing, match="isn't installed"):
        ocr.OcrEngine()


def test_a_vast_page_is_drawn_small_enough(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    content = (folder / "scan.pdf").read_bytes()
    whole = ocr._from_pdf(content, 1)
    # drawn as it was scanned
    assert whole.pixels.shape[1] == pytest.approx(SCANS["scan.pdf", 1].image.width, abs=1)
    monkeypatch.setattr(ocr, "PIXELS", 100_000)
    small = ocr._from_pdf(content, 1)
    assert small.pixels.size == pytest.approx(100_000, rel=0.02)
    assert small.dpi < ocr.LEAST
    with pytest.raises(Refused, match="as a picture"):
        ocr._from_picture(b"\x89PNG\r\n\x1a\nnothing", 1)


@pytest.mark.parametrize(
    ("which", "word"), [(("scan.pdf", 1), "알고리즘"), (("low.png", 1), "57,601,342건,")]
)
def test_the_picture_marks_hits_on_scans(case: Path, which: tuple[str, int], word: str) -> None:
    page, made = page_of(case, *which), SCANS[which]
    start = page["text"].index(word)
    spans = [(start, start + len(word))]
    marked = np.asarray(
        Image.open(io.BytesIO(page_picture(case, page["document"], which[1], spans)))
    )
    plain = np.asarray(Image.open(io.BytesIO(page_picture(case, page["document"], which[1], []))))
    per = marked.shape[1] / made.image.width
    # a mark takes the blue out of the paper; a frame is of its own colour
    orange = plain[:, :, 2].astype(int) - marked[:, :, 2] > 60
    x, y = (round(per * side) for side in made.places[word])
    rows, columns = np.nonzero(orange[y - 12 : y + 12, x - 15 : x + 15])
    assert len(rows) > 0.5 * 24 * 30
    assert len(columns) == len(rows)
    # another word of the line above is not marked
    x, y = (round(per * side) for side in made.places[next(iter(made.places))])
    assert not orange[y - 4 : y + 4, x - 10 : x + 10].any()
