"""PDF as evidence: what is covered, what is no text, what a form holds, what came before."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen import canvas

import specimens
from onetomany.documents import case_file, scans
from onetomany.documents.ingest import ingest
from onetomany.formats.garbled import garbled_lines
from onetomany.formats.pdf_notes import _earlier_revisions
from onetomany.formats.pdf_ruled import Lattice, LatticeCell
from onetomany.formats.reading import Reading
from test_extractors import read as read_named

pytestmark = pytest.mark.real

LINE = "Subject SECRETNAME met the agent on Monday"
Draw = Callable[[canvas.Canvas], None]


def read(draw: Draw) -> Reading:
    return read_bytes(specimens.pdf(draw))


def read_bytes(content: bytes) -> Reading:
    return read_named(content, "a.pdf")


def blocks(reading: Reading, kind: str) -> list[str]:
    held = reading.columns.get("blocks", {"kind": [], "text": []})
    return [t for k, t in zip(held["kind"], held["text"], strict=True) if k == kind]


def notes(reading: Reading, kind: str) -> list[str]:
    held = reading.columns.get("notes", {"kind": [], "text": []})
    return [t for k, t in zip(held["kind"], held["text"], strict=True) if k == kind]


def covered_by(cover: Draw) -> Draw:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 12)
        page.drawString(72, 700, LINE)
        cover(page)

    return draw


def box(**fill: float) -> Draw:
    def cover(page: canvas.Canvas) -> None:
        alpha = fill.get("alpha", 1.0)
        page.setFillColorRGB(fill["red"], fill["green"], fill["blue"], alpha)
        left = 72 + pdfmetrics.stringWidth("Subject ", "Helvetica", 12)
        wide = pdfmetrics.stringWidth("SECRETNAME", "Helvetica", 12)
        page.rect(left - 1, 696, wide + 2, 14, fill=1, stroke=0)

    return cover


def image(page: canvas.Canvas) -> None:
    page.drawInlineImage(Image.new("RGB", (20, 4)), 116, 696, 90, 14)


def thick(page: canvas.Canvas) -> None:
    page.setLineWidth(14)
    page.line(116, 703, 206, 703)


COVERS: dict[str, Draw] = {
    "white": box(red=1, green=1, blue=1),
    "red": box(red=1, green=0, blue=0),
    "dimmed": box(red=0, green=0, blue=0, alpha=0.5),
    "picture": image,
    "wide line": thick,
}


@pytest.mark.parametrize("way", COVERS)
def test_covered_text_is_told_whatever_covers_it(way: str) -> None:
    reading = read(covered_by(COVERS[way]))
    assert any("SECRETNAME" in text for text in blocks(reading, "under_redaction"))
    assert "PRIVACY" in notes(reading, "redaction")[0]
    assert any("Monday" in text for text in blocks(reading, "paragraph"))


def white(page: canvas.Canvas) -> None:
    page.setFillGray(1)
    page.drawString(72, 600, "UNSEEN words in white")


def tiny(page: canvas.Canvas) -> None:
    page.setFont("Helvetica", 0.5)
    page.drawString(72, 600, "UNSEEN words of no size")


def off(page: canvas.Canvas) -> None:
    page.drawString(700, 600, "UNSEEN words off the page")


@pytest.mark.parametrize("way", [white, tiny, off])
def test_text_that_can_not_be_seen_is_hidden(way: Draw) -> None:
    reading = read(covered_by(way))
    assert ["UNSEEN" in text for text in blocks(reading, "hidden")] == [True]
    assert LINE in blocks(reading, "paragraph")


def frame(page: canvas.Canvas) -> None:
    path = page.beginPath()
    path.rect(60, 690, 300, 30)
    path.rect(62, 692, 296, 26)
    page.drawPath(path, fill=1, stroke=0, fillMode=canvas.FILL_EVEN_ODD)


def highlight(page: canvas.Canvas) -> None:
    page.setFillColorRGB(1, 1, 0, 0.5)
    page.rect(70, 695, 250, 16, fill=1, stroke=0)


def beneath(page: canvas.Canvas) -> None:
    page.rect(70, 590, 250, 20, fill=1, stroke=0)
    page.setFillGray(1)
    page.drawString(72, 595, "white on black")


@pytest.mark.parametrize("way", [frame, highlight, beneath])
def test_what_is_seen_is_no_alarm(way: Draw) -> None:
    reading = read(covered_by(way))
    assert blocks(reading, "under_redaction") == blocks(reading, "hidden") == []
    assert notes(reading, "redaction") == notes(reading, "hidden") == []


def test_a_line_is_read_by_place_and_not_by_when_it_was_drawn() -> None:
    def draw(page: canvas.Canvas) -> None:
        words = ["(", "use", ", ", "size", ", ", "price", ") and more"]
        places, at = [], 72.0
        for word in words:
            places.append((at, word))
            at += pdfmetrics.stringWidth(word, "Helvetica", 12)
        page.setFont("Helvetica", 12)
        for x, word in [*places[1::2], *places[::2]]:
            page.drawString(x, 700, word)
        # columns stay apart
        for row in range(3):
            page.drawString(72, 600 - 16 * row, f"left {row}")
        for row in range(3):
            page.drawString(320, 600 - 16 * row, f"right {row}")

    found = blocks(read(draw), "paragraph")
    assert "(use, size, price) and more" in found
    assert found.index("left 0\nleft 1\nleft 2") < found.index("right 0\nright 1\nright 2")


def digit(page: canvas.Canvas, x: float, y: float) -> None:
    path = page.beginPath()
    path.circle(x + 3, y + 5, 3)
    path.circle(x + 3, y + 4, 2)
    page.drawPath(path, fill=1, stroke=0)


def test_digits_drawn_as_curves_are_told_and_marked_in_their_line() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 12)
        page.drawString(72, 700, "about")
        for number in range(2):
            digit(page, 107 + 7 * number, 700)
        page.drawString(122, 700, "trillion won")
        page.drawString(72, 660, "an ordinary line")
        # a bullet is no digit
        digit(page, 50, 660)

    reading = read(draw)
    (line,) = [text for text in blocks(reading, "paragraph") if "about" in text]
    assert re.fullmatch("about ?\ufffd ?trillion won", line)
    (note,) = notes(reading, "unread_part")
    assert "have no characters (1)" in note
    assert "an ordinary line" in blocks(reading, "paragraph")


def stamped(page: canvas.Canvas) -> None:
    picture = Image.new("L", (1240, 1754), 255)
    picture.paste(SCAN, (100, 200))
    page.drawInlineImage(picture, 0, 0, A4[0], A4[1])
    page.setFont("Helvetica", 9)
    page.drawString(400, 20, "BATES 000123")


def _scan() -> Image.Image:
    from PIL import ImageDraw, ImageFont

    from onetomany.sources.files import package_folder

    face = package_folder("pylopdf_fonts_ko") / "NotoSansKR-Regular.otf"
    picture = Image.new("L", (1000, 300), 255)
    ink = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(face), 28)
    for row, text in enumerate(("The hearing was held on Tuesday morning", "in room forty two")):
        ink.text((10, 20 + 60 * row), text, font=font, fill=0)
    return picture


SCAN = _scan()


def test_a_stamp_on_a_scan_does_not_make_it_read() -> None:
    reading = read(stamped)
    (note,) = notes(reading, "unread_part")
    assert "a picture (1), at 0,0-595,842" in note
    # some program's OCR lies on it: nothing is missing

    def layered(page: canvas.Canvas) -> None:
        stamped(page)
        line = page.beginText(72, 700)
        line.setTextRenderMode(3)
        line.textLine("recognised before")
        page.drawText(line)

    assert notes(read(layered), "unread_part") == []


def test_ocr_adds_what_is_no_text_after_the_text(tmp_path: Path) -> None:
    name, why = scans.engine()
    if not name:
        pytest.skip(why)
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(specimens.pdf(stamped))
    assert ingest(folder, case, workers=1, ocr=False).scans.left == 1
    assert ingest(folder, case, workers=1).scans.read == 1
    with case_file.open_case(case) as db:
        text, source = db.execute("SELECT text, text_source FROM pages").fetchone() or ("", "")
        wrong = db.execute(
            "SELECT count(*) FROM (SELECT block AS n, text, char_start, char_end FROM blocks) AS b,"
            " pages WHERE substr(pages.text, char_start + 1, char_end - char_start) <> b.text"
        ).fetchone()
        by_ocr = db.execute(
            "SELECT text, y0 FROM blocks WHERE starts_with(extractor, 'ocr:') ORDER BY block"
        ).fetchall()
        told = db.execute("SELECT kind, text FROM notes").fetchall()
    assert text.startswith("BATES 000123\n")
    assert "hearing was held on Tuesday" in text
    assert source == "mixed"
    assert wrong == (0,)
    assert "hearing" in by_ocr[0][0]
    assert 80 < by_ocr[0][1] < 140
    assert [kind for kind, _ in told] == ["ocr"]
    assert "follow the page's text" in told[0][1]
    assert ingest(folder, case, workers=1).scans == scans.Scans()


ENGLISH = (
    "The Ministry of Justice began the project in April and gave the photographs of",
    "travellers to companies, which trained their programs with them until October.",
    "Nobody was asked, and nobody was told before a journalist asked for the contract.",
)
KOREAN = "법무부는 출입국 심사 과정에서 수집한 얼굴 사진을 민간 업체에 제공하였다고 밝혔다"


def test_a_text_layer_that_makes_no_sense_is_told() -> None:
    shifted = ["".join(chr(ord(char) - 29) for char in line if ord(char) > 61) for line in ENGLISH]
    assert garbled_lines([*ENGLISH, KOREAN]) == [False] * 4
    assert garbled_lines(["=" * 80, "1,234 5,678 " * 8, "", "KR-2021-0042 / 77-AB"]) == [False] * 4
    assert any(garbled_lines(shifted))
    apart = "".join(chr(0xAC00 + (7919 * number) % 11172) for number in range(60))
    assert garbled_lines([apart]) == [True]
    assert garbled_lines(["\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009"]) == [True]

    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 10)
        for row, line in enumerate([*ENGLISH, *("qxzvk wjqpx zzvkq xjwqk vvzqx kjxqz " * 2,) * 3]):
            page.drawString(72, 700 - 16 * row, line)

    (note,) = notes(read(draw), "unread_part")
    assert "makes no sense (1), at 72,1" in note


def form(page: canvas.Canvas) -> None:
    page.drawString(72, 720, "A form")
    ours = page.acroForm
    ours.textfield(name="name", tooltip="Full name", value="Nobody", x=72, y=680, width=200)
    ours.textfield(name="more", value="one\ntwo", fieldFlags="multiline", x=72, y=600, width=200)
    ours.checkbox(name="agreed", checked=True, x=72, y=560)
    ours.checkbox(name="paid", checked=False, x=72, y=540)
    ours.radio(name="way", value="air", selected=False, x=72, y=500)
    ours.radio(name="way", value="sea", selected=True, x=92, y=500)
    ours.choice(name="city", options=["Seoul", "Busan"], value="Busan", x=72, y=460, width=90)
    ours.listbox(name="years", options=["2019", "2020", "2021"], value="2020", x=72, y=380,
                 width=90, height=60)  # fmt: skip
    ours.textfield(name="empty", value="", x=300, y=680, width=100)


def test_values_of_every_kind_of_field_are_read_with_their_places() -> None:
    reading = read(form)
    assert blocks(reading, "field") == [
        "Full name: Nobody", "more: one\ntwo", "agreed: [x]", "paid: [ ]", "way: sea",
        "city: Busan", "years: 2020",
    ]  # fmt: skip
    held = reading.columns["blocks"]
    at = held["text"].index("Full name: Nobody")
    assert held["x0"][at] == pytest.approx(72, abs=2)
    assert held["y1"][at] == pytest.approx(A4[1] - 680, abs=2)


def test_an_earlier_revision_is_told_and_kept() -> None:
    before = specimens.pdf(lambda page: page.drawString(72, 700, "the first words"))
    assert _earlier_revisions(before) == []
    assert notes(read_bytes(before), "revision") == []
    after = _updated(before, b"the later words")
    reading = read_bytes(after)
    (note,) = notes(reading, "revision")
    assert "had another text on pages 1" in note
    assert reading.members == [("revision 1.pdf", before.rstrip(b"\n"))]


def _updated(content: bytes, words: bytes) -> bytes:
    """A file to which a program appended another content of its page."""
    start = int(re.findall(rb"startxref\s+(\d+)", content)[-1])
    page = re.search(rb"(\d+) 0 obj\s*<<[^>]*?/Contents (\d+) 0 R.*?/Type /Page\b", content, re.S)
    assert page is not None
    trailer = re.search(rb"trailer\s*<<(.*?)>>", content, re.S)
    assert trailer is not None
    stream = b"BT /F1 12 Tf 72 700 Td (" + words + b") Tj ET"
    added = content.rstrip(b"\n") + b"\n"
    at = len(added)
    number = page[2]
    added += b"%s 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        number, len(stream), stream)  # fmt: skip
    table = len(added)
    added += b"xref\n%s 1\n%010d 00000 n \ntrailer\n<<%s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        number, at, trailer[1], start, table)  # fmt: skip
    return added


def test_a_table_without_lines_is_one_and_prose_is_none() -> None:
    rows = [("Agency", "2019", "2020", "Total"), ("Justice", "1,200", "1,345", "2,545"),
            ("Interior", "310", "420", "730"), ("Health", "55", "61", "116"),
            ("Education", "77", "80", "157")]  # fmt: skip

    def table(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 10)
        page.drawString(72, 720, "Requests for records, by agency and year, as the table has them.")
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                page.drawString(90 + 110 * column, 690 - 16 * row, text)
        page.drawString(72, 590, "What follows the table is a sentence of the same page.")

    reading = read(table)
    cells = reading.columns["cells"]
    found = [*zip(cells["row_no"], cells["column_no"], cells["text"], strict=True)]
    assert found == [(r + 1, c + 1, t) for r, row in enumerate(rows) for c, t in enumerate(row)]

    def columns(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 9)
        for row in range(20):
            words = ENGLISH[row % 3]
            page.drawString(60, 760 - 12 * row, words[:45])
            page.drawString(320, 760 - 12 * row, words[30:])

    assert "tables" not in read(columns).columns

    def contents(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 10)
        for row in range(12):
            page.drawString(72, 760 - 16 * row, f"1.{row}")
            page.drawString(110, 760 - 16 * row, "A title of a section" + " ." * 40)
            page.drawString(500, 760 - 16 * row, str(row + 3))

    assert "tables" not in read(contents).columns


def test_files_at_a_place_of_a_page_become_members() -> None:
    from reportlab.pdfbase.pdfdoc import (
        PDFArray,
        PDFDictionary,
        PDFName,
        PDFStream,
        PDFString,
    )  # fmt: skip

    def draw(page: canvas.Canvas) -> None:
        page.drawString(72, 700, "see the clip")
        stream: Any = PDFStream(PDFDictionary({"Type": PDFName("EmbeddedFile")}), b"a,b\n1,2\n")
        held = page._doc.Reference(stream)
        file = PDFDictionary({"Type": PDFName("Filespec"), "F": PDFString("sums.csv"),
                              "EF": PDFDictionary({"F": held})})  # fmt: skip
        page._addAnnotation(PDFDictionary({
            "Type": PDFName("Annot"), "Subtype": PDFName("FileAttachment"),
            "Rect": PDFArray([60, 690, 70, 700]), "FS": file}))  # fmt: skip

    assert read(draw).members == [("sums.csv", b"a,b\n1,2\n")]


def test_bookmarks_are_noted() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.drawString(72, 700, "text")
        page.bookmarkPage("a")
        page.addOutlineEntry("What was withheld", "a")

    assert notes(read(draw), "bookmarks") == ["1 bookmarks: What was withheld (page 1)"]


def test_pages_of_plain_text_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing a page costs more than reading it: only pages with a sign of doubt are drawn."""
    import pypdfium2 as pdfium

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("drawn")

    monkeypatch.setattr(pdfium.PdfPage, "render", refuse)
    read(specimens.ruled)
    read(lambda page: page.drawString(72, 700, LINE))
    with pytest.raises(AssertionError, match="drawn"):
        read(covered_by(box(red=1, green=1, blue=1)))


def test_a_scanned_text_and_its_box_are_told_together() -> None:
    """Of an OCR layer nothing is drawn: a box over it counts where the page shows only the box."""
    held = io.BytesIO()
    page = canvas.Canvas(held, pagesize=A4, invariant=1)
    page.drawInlineImage(Image.new("L", (50, 50), 250), 0, 0, *A4)
    line = page.beginText(72, 700)
    line.setFont("Helvetica", 12)
    line.setTextRenderMode(3)
    line.textLine("SECRETNAME")
    page.drawText(line)
    page.rect(60, 690, 200, 30, fill=1, stroke=0)
    page.save()
    assert blocks(read_bytes(held.getvalue()), "under_redaction") == ["SECRETNAME"]


_SIDE = st.integers(0, 9)


@settings(deadline=None)
@given(
    st.lists(st.tuples(_SIDE, _SIDE, _SIDE, _SIDE), max_size=8),
    st.tuples(st.floats(-1, 10), st.floats(-1, 10)),
)
def test_the_cell_around_a_point_is_the_first_that_holds_it(
    sides: list[tuple[int, int, int, int]], point: tuple[float, float]
) -> None:
    boxes = [
        (float(min(a, c)), float(min(b, d)), max(a, c) + 1.0, max(b, d) + 1.0)
        for a, b, c, d in sides
    ]
    lattice = Lattice(1, 1, (0, 0, 10, 10), [LatticeCell(1, 1, (1, 1), box) for box in boxes])
    x, y = point
    on_an_edge = any(x in box[::2] or y in box[1::2] for box in boxes)
    within = [n for n, b in enumerate(boxes) if b[0] <= x <= b[2] and b[1] <= y <= b[3]]
    found = lattice.cell_at(x, y)
    if on_an_edge:  # where two cells meet, either may have it
        assert found is None or found in within
    else:
        assert found == (within[0] if within else None)
