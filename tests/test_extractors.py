"""Each kind of document: its text, its places and what it hides, against what was put in."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable

import docx
import hwpx
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen import canvas

import specimens
from onetomany.formats.kinds import EXTRACTORS, extract, media_type
from onetomany.formats.reading import Damaged, Limits, Reading, Refused
from onetomany.formats.rtf import decompress_rtf
from specimens import ENGLISH, KOREAN, MAKERS


def read(content: bytes, name: str = "x", **limits: int) -> Reading:
    reading = Reading(Limits(**limits))
    extract(content, name, reading)
    reading.finish()
    return reading


def rows(reading: Reading, table: str) -> pl.DataFrame:
    return pl.DataFrame(reading.columns.get(table, {}), infer_schema_length=None)


def texts(reading: Reading, *kinds: str) -> list[str]:
    blocks = rows(reading, "blocks")
    chosen = blocks.filter(pl.col("kind").is_in(kinds)) if kinds and blocks.width else blocks
    return chosen["text"].to_list() if blocks.width else []


def whole(reading: Reading) -> str:
    return "\n".join(rows(reading, "pages")["text"])


@pytest.mark.parametrize("kind", MAKERS)
def test_every_block_and_cell_is_where_its_span_says(kind: str) -> None:
    check_spans(read(MAKERS[kind](), f"x.{kind}"))


def check_spans(reading: Reading) -> None:
    pages = dict(rows(reading, "pages").select("page", "text").iter_rows())
    for table in ("blocks", "cells"):
        for row in rows(reading, table).iter_rows(named=True):
            assert pages[row["page"]][row["char_start"] : row["char_end"]] == row["text"]


# their words are in the documents within them, or in cells
_HOLDERS = {"png", "zip", "csv", "xlsx", "xls", "tgz", "7z", "rar", "mbox", "pst"}


@pytest.mark.parametrize("kind", sorted({*MAKERS} - _HOLDERS))
def test_the_korean_sentence_comes_out_of_every_kind(kind: str) -> None:
    assert KOREAN in whole(read(MAKERS[kind](), f"x.{kind}"))


@pytest.mark.parametrize("kind", sorted({*MAKERS} - {"txt", "csv", "html"}))
def test_kinds_are_told_by_content_not_by_name(kind: str) -> None:
    content = MAKERS[kind]()
    assert media_type(content, "wrong.txt" if kind != "eml" else "x") == media_type(
        content, f"x.{kind}"
    )
    assert media_type(content, f"x.{kind}") in EXTRACTORS


def test_a_kind_that_is_not_read_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="no kind that the kit reads"):
        read(b"\x7fELF\x01\x02\x00\x00" * 50, "program")


# PDF


@settings(deadline=None, max_examples=15)
@given(
    x=st.floats(30, 300),
    y=st.floats(50, 780),
    size=st.floats(6, 40),
    turn=st.sampled_from([0, 90, 180, 270]),
)
def test_a_words_box_holds_where_it_was_drawn(x: float, y: float, size: float, turn: int) -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont(specimens.font(), size)
        page.drawString(x, y, "단어Word")

    held = specimens.pdf(draw)
    held = held.replace(b"/Rotate 0", f"/Rotate {turn}".encode()) if turn else held
    reading = read(held)
    (box,) = rows(reading, "blocks").select("x0", "y0", "x1", "y1").iter_rows()
    width, height = rows(reading, "pages").select("width", "height").row(0)
    face = pdfmetrics.getFont("ko").face
    wide = pdfmetrics.stringWidth("단어Word", "ko", size)
    up, down = face.ascent / 1000 * size, face.descent / 1000 * size
    high = width if turn in (90, 270) else height
    # baseline and ends as drawn, from the upper left corner of the unturned page
    drawn = (x, high - y - up, x + wide, high - y - down)
    across = height if turn in (90, 270) else width
    left, top, right, bottom = drawn
    expected = {
        0: drawn,
        90: (high - bottom, left, high - top, right),
        180: (across - right, high - bottom, across - left, high - top),
        270: (top, across - right, bottom, across - left),
    }[turn]
    slack = 0.12 * size + 0.5
    assert box[0] >= expected[0] - slack
    assert box[1] >= expected[1] - slack
    assert box[2] <= expected[2] + slack
    assert box[3] <= expected[3] + slack
    # and it is no larger box that would hold anything
    area = (box[2] - box[0]) * (box[3] - box[1])
    assert area > 0.4 * (wide * (up - down))


def test_lines_join_to_paragraphs_and_large_ones_are_headings() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("ko", 20)
        page.drawString(72, 770, "큰 제목")
        page.setFont("ko", 11)
        for i in range(3):
            page.drawString(72, 720 - 16 * i, f"첫 문단의 {i} 줄")
        for i in range(3):
            page.drawString(72, 620 - 16 * i, f"다음 문단의 {i} 줄")
        page.drawString(72, 500, "1. 목록의 항목")

    reading = read(specimens.pdf(draw))
    assert texts(reading, "heading") == ["큰 제목"]
    assert [text.count("\n") for text in texts(reading, "paragraph")] == [2, 2]
    assert texts(reading, "list") == ["1. 목록의 항목"]


def test_ruled_tables_keep_their_cells_and_their_place_in_the_text() -> None:
    reading = read(specimens.pdf(specimens.ruled))
    (table,) = rows(reading, "tables").iter_rows(named=True)
    assert (table["row_count"], table["column_count"]) == (3, 3)
    cells = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert cells == [(1, 1, "연도"), (1, 2, "내국인"), (1, 3, "외국인"),
                     (2, 1, "2020"), (2, 2, "5,760만"), (2, 3, "1억 2천만")]  # fmt: skip
    found = whole(reading)
    assert found.index("표 1.") < found.index("연도") < found.index("표 아래의")
    box = rows(reading, "cells").filter(text="5,760만").select("x0", "x1").row(0)
    assert box == pytest.approx((172, 272), abs=1)


def test_a_table_without_sides_keeps_its_outer_columns() -> None:
    def draw(page: canvas.Canvas) -> None:
        for y in (600, 630, 660, 690):
            page.line(72, y, 372, y)
        for x in (172, 272):
            page.line(x, 600, x, 690)
        for row in range(3):
            for column in range(3):
                page.drawString(76 + 100 * column, 670 - 30 * row, f"r{row}c{column}")
        # lines that no upright one crosses are none of a table
        for y in (300, 330, 360):
            page.line(72, y, 372, y)
        page.drawString(76, 310, "a form")

    reading = read(specimens.pdf(draw))
    cells = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert cells == [(r + 1, c + 1, f"r{r}c{c}") for r in range(3) for c in range(3)]
    assert rows(reading, "tables").height == 1


def test_text_under_a_black_box_is_found_and_a_white_heading_is_not() -> None:
    reading = read(specimens.pdf(specimens.redacted))
    assert texts(reading, "under_redaction") == ["Hong Gildong"]
    assert "White heading on black" in texts(reading, "paragraph")
    notes = rows(reading, "notes")
    assert notes.filter(kind="redaction")["text"].str.contains("PRIVACY").all()
    # without a box nothing of the kind is said
    assert texts(read(specimens.pdf()), "under_redaction") == []


def test_a_box_of_the_same_colour_beneath_hides_too() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFillGray(0)
        page.rect(70, 690, 200, 20, fill=1, stroke=0)
        page.drawString(72, 695, "black on black")

    assert texts(read(specimens.pdf(draw)), "under_redaction") == ["black on black"]


def test_a_black_annotation_hides_and_comments_are_told() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.drawString(72, 700, "covered words")
        page.drawString(72, 600, "open words")
        page.textAnnotation("ask about this", (72, 580, 92, 600))
        page._addAnnotation(_square((70, 695, 160, 715)))

    reading = read(specimens.pdf(draw))
    assert texts(reading, "under_redaction") == ["covered words"]
    assert texts(reading, "comment") == ["ask about this"]


def _square(rect: tuple[int, int, int, int]) -> object:
    from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName

    return PDFDictionary(
        {
            "Type": PDFName("Annot"),
            "Subtype": PDFName("Square"),
            "Rect": PDFArray(list(rect)),
            "IC": PDFArray([0, 0, 0]),
            "C": PDFArray([0, 0, 0]),
        }
    )


def test_a_scan_says_that_it_was_not_read_and_an_ocr_layer_that_it_is_one() -> None:
    def scan(page: canvas.Canvas) -> None:
        page.drawInlineImage(specimens.Image.new("L", (50, 50)), 0, 0, 595, 842)

    def layered(page: canvas.Canvas) -> None:
        scan(page)
        line = page.beginText(72, 700)
        line.setTextRenderMode(3)
        line.textLine("recognised before")
        page.drawText(line)

    bare, with_text = read(specimens.pdf(scan)), read(specimens.pdf(layered))
    assert rows(bare, "pages")["text_source"].to_list() == ["none"]
    assert "ocr" in rows(bare, "notes")["kind"].to_list()
    assert rows(with_text, "pages")["text_source"].to_list() == ["ocr"]


def test_metadata_of_a_pdf_keeps_its_dates() -> None:
    from onetomany.formats.pdf_notes import pdf_date

    assert pdf_date("D:20211020101500+09'00'") == "2021-10-20T10:15:00+09:00"
    assert pdf_date("D:20211020") == "2021-10-20"
    assert pdf_date("yesterday") is None
    facts = read(specimens.pdf()).facts
    assert (facts["title"], facts["author"]) == ("합성 문서", "Nobody")


def test_an_encrypted_pdf_is_refused() -> None:
    with pytest.raises(Refused, match="encrypted"):
        read(specimens.pdf(encrypt="secret"))


# the others


def test_docx_tells_changes_comments_and_hidden_text() -> None:
    reading = read(specimens.word())
    assert f"{KOREAN} 추가된 말" in texts(reading, "paragraph")
    assert texts(reading, "tracked_insert") == [" 추가된 말"]
    assert texts(reading, "tracked_delete") == ["지워진 말"]
    assert texts(reading, "hidden") == ["숨은 말"]
    assert texts(reading, "comment") == ["확인 필요"]
    assert texts(reading, "heading") == ["추진 경과"]
    assert texts(reading, "list") == ["목록"]
    row = rows(reading, "blocks").filter(kind="tracked_delete").row(0, named=True)
    assert (row["who"], row["dated"]) == ("Editor", "2021-10-20T09:00:00Z")
    cells = rows(reading, "cells").select("row_no", "column_no", "column_span", "text").rows()
    assert cells == [(1, 1, 2, "합친 칸"), (2, 3, 1, "1억 2천만")]
    assert reading.facts["author"] == "Nobody"


def test_a_workbook_tells_hidden_sheets_rows_columns_and_formulas() -> None:
    reading = read(specimens.workbook())
    cells = rows(reading, "cells")
    hidden = cells.filter("hidden")["text"].to_list()
    assert sorted(hidden) == sorted(["메모", "보임", "2021", "1.5", "숨은 열", "숨은 시트의 값"])
    assert cells.filter(text="57600000").select("row_no", "column_no").row(0) == (2, 2)
    assert texts(reading, "comment") == ["A1: 단위 확인"]
    pages = rows(reading, "pages").select("label", "hidden").rows()
    assert pages == [("제공", False), ("비공개", True)]
    kinds = rows(reading, "notes")["kind"].to_list()
    assert kinds.count("hidden") == 3


@pytest.mark.parametrize("maker", [specimens.hangul_x, specimens.hangul_5])
def test_hangul_documents_keep_paragraphs_and_cells(maker: Callable[[], bytes]) -> None:
    reading = read(maker())
    assert texts(reading, "paragraph")[:2] == [
        KOREAN,
        "둘째 문단이다. 정보주체의 동의 없이 이용하였다.",
    ]
    cells = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert cells == [(1, 1, "가나다"), (2, 2, "1억 2천만")]


def test_hwpx_tells_changes_memos_and_notes() -> None:
    document = hwpx.HwpxDocument.new()
    paragraph = document.add_paragraph("앞 문장")
    document.tracking.insert(paragraph, "넣은 말", author="Editor")
    document.add_paragraph("뒤 문장")
    document.notes.add_memo(anchor=paragraph, text="확인 필요")
    reading = read(bytes(document.to_bytes()))
    assert texts(reading, "tracked_insert") == ["넣은 말"]
    assert "앞 문장넣은 말" in whole(reading)
    assert "확인 필요" in "\n".join(texts(reading, "comment"))


def test_hwpx_tells_changes_and_memos_in_a_table() -> None:
    document = hwpx.HwpxDocument.new()
    table = document.add_table(1, 2)
    table.set_cell_text(0, 0, "예산 44억 원")
    table.set_cell_text(0, 1, "비고")
    one, other = (table.cell(0, column).paragraphs[0] for column in (0, 1))
    document.tracking.delete(one, match="44억", author="Editor")
    document.tracking.insert(one, "45억", author="Editor")
    document.notes.add_memo("확인 필요", anchor=other)
    reading = read(bytes(document.to_bytes()))
    assert rows(reading, "cells")["text"].to_list() == ["예산  원45억", "비고"]
    assert texts(reading, "tracked_delete") == ["44억"]
    assert texts(reading, "tracked_insert") == ["45억"]
    assert texts(reading, "comment") == ["확인 필요"]
    deleted = rows(reading, "blocks").filter(kind="tracked_delete").row(0, named=True)
    assert deleted["who"] == "Editor"
    assert set(rows(reading, "notes")["kind"]) == {"tracked", "comment", "layout"}


@pytest.mark.parametrize("kind", ["txt", "docx", "hwpx"])
def test_letters_apart_are_read_as_syllables(kind: str) -> None:
    """As texts come from macOS: every Hangul letter a character of its own."""
    part = {"docx": "word/document.xml", "hwpx": "Contents/section0.xml"}.get(kind)
    content = MAKERS[kind]()
    apart = unicodedata.normalize("NFD", KOREAN).encode()
    if part:
        content = specimens.replaced(content, part, KOREAN.encode(), apart)
    else:
        content = content.replace(KOREAN.encode(), apart)
    reading = read(content, f"a.{kind}")
    assert KOREAN in whole(reading)
    check_spans(reading)
    if kind == "docx":
        assert texts(reading, "tracked_insert") == [" 추가된 말"]


def test_mails_keep_heads_bodies_and_attachments() -> None:
    for maker, when in ((specimens.mail, "2021-10-20T10:15:00+09:00"),
                        (specimens.outlook, "2021-10-20T01:15:00+00:00")):  # fmt: skip
        reading = read(maker())
        assert reading.facts["title"] == "자료 송부"
        assert reading.facts["created"] == when
        assert "김아무개" in reading.facts["author"]
        assert KOREAN in whole(reading)
        ((name, content),) = reading.members
        assert name == "붙임.txt"
        assert content.startswith(b"attached text")


def test_html_leaves_scripts_out_and_tells_what_is_hidden() -> None:
    reading = read(specimens.page())
    assert texts(reading, "paragraph") == [f"{KOREAN} 굵은 말"]
    assert texts(reading, "hidden") == ["숨은 말", "주석 속의 말"]
    assert texts(reading, "list") == ["하나", "둘"]
    assert "no text" not in whole(reading)
    cells = rows(reading, "cells").select("row_no", "column_no", "row_span", "text").rows()
    assert cells == [(1, 1, 2, "가"), (1, 2, 1, "나"), (2, 2, 1, "다")]
    assert rows(reading, "notes").filter(kind="refused").height == 1


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp949", "euc-kr"])
def test_korean_encodings_are_found_and_told(codec: str) -> None:
    reading = read(f"{KOREAN}\n\n다음 문단 12345".encode(codec), "x.txt")
    assert texts(reading, "paragraph") == [KOREAN, "다음 문단 12345"]
    told = {"utf-8-sig": "utf-8", "euc-kr": "cp949", "utf-16-le": "utf-16-le"}.get(codec, codec)
    assert reading.metadata["encoding"] == told
    notes = rows(reading, "notes")
    guessed = notes.width > 0 and notes["text"].str.contains("guessed").any()
    assert guessed == (codec in ("utf-16-le", "cp949", "euc-kr"))


def test_old_workbooks_give_cells_and_hidden_sheets() -> None:
    reading = read(specimens.old_workbook())
    assert rows(reading, "pages").select("label", "hidden").rows() == [
        ("Open", False),
        ("Shut", True),
    ]
    cells = rows(reading, "cells").select("page", "row_no", "column_no", "text").rows()
    assert cells == [(1, 3, 2, "건수"), (1, 3, 3, "57600000"), (2, 1, 1, "숨은 값")]


# round trips

# marks of where a word may be broken (U+00AD, U+200B) are no part of it
_SIGNS = st.characters(
    exclude_categories=("Cs", "Cc", "Cn", "Zs", "Zl", "Zp"), exclude_characters="\u00ad\u200b"
)
_TEXT = st.text(_SIGNS, min_size=1)
_WORDS = st.lists(_TEXT, min_size=1, max_size=4).map(" ".join)


@settings(deadline=None, max_examples=15)
@given(st.lists(_WORDS, min_size=1, max_size=5))
def test_paragraphs_come_back_from_docx_and_html(paragraphs: list[str]) -> None:
    from html import escape

    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    assert texts(read(specimens.saved(document)), "paragraph") == paragraphs
    page = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    content = f'<!doctype html><meta charset="utf-8"><body>{page}</body>'.encode()
    assert texts(read(content, "x.html"), "paragraph") == paragraphs


@settings(deadline=None, max_examples=15)
@example([["0", "0"], ["0", '"0 ,']])  # the sniffer of quotes fails on it
@given(st.lists(st.lists(_WORDS, min_size=2, max_size=4), min_size=2, max_size=5))
def test_fields_come_back_from_csv(table: list[list[str]]) -> None:
    held = io.StringIO()
    csv.writer(held, quoting=csv.QUOTE_ALL).writerows(table)
    cells = rows(read(held.getvalue().encode(), "x.csv"), "cells")
    wanted = [(i, j, text) for i, row in enumerate(table, 1) for j, text in enumerate(row, 1)]
    assert cells.select("row_no", "column_no", "text").rows() == wanted


@settings(deadline=None, max_examples=8)
@given(_WORDS)
def test_a_paragraph_comes_back_from_hwpx(text: str) -> None:
    document = hwpx.HwpxDocument.new()
    document.add_paragraph(text)
    assert text in texts(read(bytes(document.to_bytes())), "paragraph")


# hostile


def test_entities_are_refused_in_every_xml_format() -> None:
    head = b"<?xml"
    for content, part in (
        (specimens.word(), "word/document.xml"),
        (specimens.hangul_x(), "Contents/section0.xml"),
        (specimens.workbook(), "xl/workbook.xml"),
    ):
        with specimens.zipfile.ZipFile(io.BytesIO(content)) as file:
            held = file.read(part)
        root = held.index(b"<", held.index(b"?>") + 2 if held.startswith(head) else 0)
        new = held[:root] + specimens.XXE.encode() + held[root:]
        with pytest.raises(Refused, match="DTD"):
            read(specimens.replaced(content, part, held, new))


def test_entities_in_html_leak_nothing() -> None:
    reading = read(f"{specimens.XXE}<html><p>before &leak; after</p></html>".encode(), "x.html")
    assert "root:" not in whole(reading)


def test_bombs_are_refused_and_traversal_is_told() -> None:
    bomb = specimens.archive({"zeros": b"\0" * (64 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(Refused, match="bomb"):
        read(bomb)
    many = specimens.archive({f"{i}.txt": b"x" for i in range(50)})
    with pytest.raises(Refused, match="more than 20 files"):
        read(many, members=20)
    with pytest.raises(Refused, match="all members together"):
        read(specimens.archive({f"{i}": np.random.default_rng(i).bytes(900_000) for i in range(4)}),
             expanded=2_000_000)  # fmt: skip
    bad = specimens.archive({"../out.txt": b"1", "/etc/x": b"2", "C:\\x": b"3", "fine.txt": b"4"})
    reading = read(bad)
    assert [name for name, _ in reading.members] == ["fine.txt"]
    assert rows(reading, "notes").filter(kind="refused").height == 3


def test_pages_cells_and_characters_have_limits() -> None:
    with pytest.raises(Refused, match="more than 3 pages"):
        read(specimens.pdf(pages=5), pages=3)
    with pytest.raises(Refused, match="characters"):
        read(b"word " * 1000, "x.txt", characters=100)
    with pytest.raises(Refused, match="rows"):
        read(b"a,b\n" * 100, "x.csv", cells=50)


def test_english_specimen_is_called_synthetic() -> None:
    assert ENGLISH in whole(read(specimens.pdf()))


def test_a_damaged_side_part_leaves_the_text_readable() -> None:
    for content, part, old in (
        (specimens.word(), "docProps/core.xml", b"<cp:coreProperties"),
        (specimens.hangul_x(), "Contents/content.hpf", b"<opf:package"),
    ):
        reading = read(specimens.replaced(content, part, old, b"<<"))
        assert KOREAN in whole(reading)
        assert rows(reading, "notes").filter(kind="unread")["text"].str.contains("XML").all()


# the examples of [MS-OXRTFCP] 3.1.1
PACKED = {
    b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n": "2d0000002b0000004c5a4675f1c5c7a703000a00"
    "7263706731323542320af32068656c090020627705b06c647d0a800fa0",
    b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}": "1a0000001c0000004c5a4675e2d44b5141000420"
    "5758595a0d6e7d010eb0",
}


@pytest.mark.parametrize("rtf", PACKED)
def test_a_mails_body_that_is_only_there_as_rtf_is_read(rtf: bytes) -> None:
    packed = bytes.fromhex(PACKED[rtf])
    assert decompress_rtf(packed, 1000) == rtf
    with pytest.raises(Damaged):
        decompress_rtf(packed[:-3], 1000)
    with pytest.raises(Refused, match="expands"):
        decompress_rtf(packed, 10)
    properties = {"__properties_version1.0": b"\0" * 32, "__substg1.0_10090102": packed}
    found = read(specimens.compound(properties), "a.msg")
    assert ("hello world" in whole(found)) or ("WXYZWXYZ" in whole(found))
    assert "only there as RTF" in "\n".join(rows(found, "notes")["text"])


def test_rtf_is_read_in_its_own_code_page() -> None:
    text = r"{\rtf1\ansi\ansicpg949 \'b9\'fd\'b9\'ab\'ba\'ce{\b  ABC}\par \u48277?}"
    assert whole(read(text.encode(), "a.rtf")) == "법무부 ABC\n법"


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (specimens.compound({"WordDocument": b"x" * 5000}), "a.doc", "undoc"),
        (specimens.compound({"PowerPoint Document": b"x" * 5000}), "a.ppt", "undoc"),
        (b"HWP Document File V2.10 \x1a\1\2\3\4\5" + b"\0" * 200, "a", "version 2"),
        (b"ALZ\1" + bytes(60), "a.alz", "Bandizip"),
    ],
)
def test_what_can_not_be_read_is_refused_with_what_to_do(
    content: bytes, name: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        read(content, name)


@pytest.mark.parametrize(
    "parts",
    [
        {"ppt/presentation.xml": b"<p/>", "ppt/slides/slide1.xml": b"<p/>"},
        {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<o/>"},
    ],
)
def test_office_files_are_no_archives(parts: dict[str, bytes]) -> None:
    reading = read(specimens.archive(parts), "a.zip")
    assert not reading.members
    assert "empty" in rows(reading, "notes")["kind"].to_list()
    assert read(specimens.archive({"content.xml": b"<o/>"}), "a.zip").members


def test_a_text_is_no_bitmap_and_no_pdf_for_what_it_begins_with() -> None:
    bitmap = specimens.saved(Image.new("RGB", (60, 40), "white"), "BMP")
    assert media_type(bitmap, "a") == "image/bmp"
    assert media_type(b"BM25 is a ranking", "a.txt") == "text/plain"
    assert media_type(b"A PDF begins with %PDF-1.7", "a.txt") == "text/plain"
    assert media_type(b"\r\n%PDF-1.7", "a") == media_type(b"%PDF-1.7", "a.txt") == "application/pdf"
