"""Office files of all kinds: what was skipped before is read, or a note says that it isn't."""

# ruff: noqa: E501 - parts of documents are easier to read whole

from __future__ import annotations

import io
import struct
from datetime import datetime, time, timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import office_specimens as made
import specimens
from onetomany.formats.number_formats import format_number
from onetomany.formats.numbering import numeral
from onetomany.formats.reading import Reading, Refused
from test_extractors import read, rows, texts, whole


def notes(reading: Reading) -> str:
    held = rows(reading, "notes")
    if not held.width:
        return ""
    return "\n".join(f"{kind}: {text}" for kind, text in held.select("kind", "text").iter_rows())


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


# Word


def numbered(level: int, text: str, number: int = 1) -> str:
    held = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return p(text, held)


NUMBERING = (
    '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:abstractNum w:abstractNumId="7">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="제%1조"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%2."/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1-%3)"/></w:lvl>'
    '<w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl>'
    '<w:lvl w:ilvl="4"><w:numFmt w:val="hebrew1"/><w:lvlText w:val="%5"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId '
    'w:val="7"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    "</w:numbering>"
).encode()


def test_automatic_numbers_of_word_are_rendered_and_restart() -> None:
    body = "".join(
        [
            numbered(0, "목적"),
            numbered(1, "정의"),
            numbered(1, "범위"),
            numbered(2, "세부"),
            numbered(0, "적용"),
            numbered(1, "예외"),
            numbered(3, "점"),
            numbered(4, "다른"),
            p("제2조에 따라"),
            numbered(0, "벌칙", 2),
        ]
    )
    reading = read(made.letter(body, {"word/numbering.xml": NUMBERING}))
    assert texts(reading) == [
        "제1조 목적",
        "가. 정의",
        "나. 범위",
        "1-a) 세부",
        "제2조 적용",
        "가. 예외",
        "점",
        "다른",
        "제2조에 따라",
        "제5조 벌칙",
    ]
    assert "unread: Not read: automatic numbers in the format 'hebrew1'." in notes(reading)


def test_numbers_come_from_styles_too() -> None:
    styles = (
        b'<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:style '
        b'w:styleId="A"><w:name w:val="Article"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
        b'</w:style><w:style w:styleId="B"><w:name w:val="Sub"/><w:basedOn w:val="A"/><w:pPr><w:numPr>'
        b'<w:ilvl w:val="1"/></w:numPr></w:pPr></w:style></w:styles>'
    )
    body = p("목적", '<w:pStyle w:val="A"/>') + p("정의", '<w:pStyle w:val="B"/>')
    body += p("없음", '<w:pStyle w:val="A"/><w:numPr><w:numId w:val="0"/></w:numPr>')
    held = {"word/numbering.xml": NUMBERING, "word/styles.xml": styles}
    assert texts(read(made.letter(body, held))) == ["제1조 목적", "가. 정의", "없음"]


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("upperRoman", 49, "XLIX"),
        ("lowerLetter", 28, "bb"),
        ("koreanCounting", 21, "이십일"),
        ("koreanLegal", 12, "열둘"),
        ("decimalEnclosedCircle", 3, "③"),
        ("ganada", 15, None),
        ("ordinal", 12, "12th"),
        ("decimalZero", 7, "07"),
        ("nothing known", 1, None),
    ],
)
def test_numerals_are_written_or_left_to_a_note(kind: str, value: int, told: str | None) -> None:
    assert numeral(value, kind) == told


def test_charts_with_their_values_smartart_and_text_boxes_of_word_are_read() -> None:
    box = (
        "<w:p><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>글상자</w:t></w:r></w:p></w:txbxContent>"
        "</w:pict></w:r></w:p>"
    )
    body = '<w:p><w:r><w:drawing><c:chart r:id="r1"/></w:drawing></w:r></w:p>' + box
    body += '<w:p><w:r><w:drawing><dgm:relIds r:dm="r2"/></w:drawing></w:r></w:p>'
    related = made.relations(
        ("r1", "chart", "charts/chart1.xml"), ("r2", "diagramData", "diagrams/data1.xml")
    )
    held = {
        "word/_rels/document.xml.rels": related,
        "word/charts/chart1.xml": made.chart(),
        "word/diagrams/data1.xml": made.smart_art("법무부", "과기정통부"),
    }
    reading = read(made.letter(body, held))
    cells = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert cells == [
        (1, 2, "내국인"),
        (2, 1, "2020"),
        (2, 2, "25.6%"),
        (3, 1, "2021"),
        (3, 2, "50.0%"),
    ] or (
        sorted(cells)
        == [(1, 2, "내국인"), (2, 1, "2020"), (2, 2, "25.6%"), (3, 1, "2021"), (3, 2, "50.0%")]
    )
    assert {"조회 건수", "글상자", "법무부", "과기정통부"} <= {*texts(reading)}


def test_form_fields_symbols_formulas_and_raised_digits_of_word() -> None:
    box = '<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked w:val="{}"/></w:checkBox></w:ffData></w:fldChar>'
    choice = (
        '<w:fldChar><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="동의"/>'
        '<w:listEntry w:val="거부"/></w:ddList></w:ffData></w:fldChar>'
    )
    body = (
        f"<w:p><w:r>{box.format(1)}</w:r><w:r><w:t> 예 </w:t></w:r><w:r>{box.format(0)}</w:r></w:p>"
    )
    body += f"<w:p><w:r>{choice}</w:r></w:p>"
    body += '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t>확인</w:t></w:r></w:p>'
    body += (
        "<w:p><m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r>"
        "</m:den></m:f></m:oMath></w:p>"
    )
    body += (
        '<w:p><w:r><w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
        "<w:t>6</w:t></w:r></w:p>"
    )
    body += (
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>한</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>韓</w:t></w:r>"
        "</w:rubyBase></w:ruby></w:r></w:p>"
    )
    body += (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>내용 컨트롤</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    assert texts(read(made.letter(body))) == [
        "☒ 예 ☐",
        "거부",
        "☑확인",
        "1/2",
        "10⁶",
        "韓(한)",
        "내용 컨트롤",
    ]


def test_a_merged_in_document_is_read_at_its_place() -> None:
    body = p("앞") + '<w:altChunk r:id="r1"/>' + p("뒤")
    held = {
        "word/_rels/document.xml.rels": made.relations(("r1", "aFChunk", "chunk.html")),
        "word/chunk.html": "<html><meta charset=utf-8><body>안의 말</body></html>".encode(),
    }
    assert texts(read(made.letter(body, held))) == ["앞", "안의 말", "뒤"]
    other = held | {
        "word/_rels/document.xml.rels": made.relations(("r1", "aFChunk", "c.rtf")),
        "word/c.rtf": b"{\\rtf1 inside}",
    }
    reading = read(made.letter(body, other))
    assert ("c.rtf", b"{\\rtf1 inside}") in reading.members
    assert "merged into the text" in notes(reading)


def test_tables_in_runs_and_in_cells_are_tables() -> None:
    table = "<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>"
    inner = table.format(p("날짜"), p("조건"))
    body = table.format(p("밖") + inner, p("옆"))
    body += f"<w:p><w:r><w:t>run</w:t>{table.format(p('ㄱ'), p('ㄴ'))}</w:r></w:p>"
    reading = read(made.letter(body))
    cells = rows(reading, "cells").select("table_no", "column_no", "text").rows()
    assert cells == [
        (1, 1, "밖"),
        (1, 2, "옆"),
        (2, 1, "날짜"),
        (2, 2, "조건"),
        (3, 1, "ㄱ"),
        (3, 2, "ㄴ"),
    ]


def test_links_objects_and_parts_that_are_not_read_leave_notes() -> None:
    body = '<w:p><w:hyperlink r:id="r1"><w:r><w:t>누리집</w:t></w:r></w:hyperlink></w:p>'
    body += '<w:p><w:r><w:instrText>HYPERLINK "mailto:a@example.org"</w:instrText></w:r></w:p>'
    native = b"label.txt\0C:\\label.txt\0\0\0\3\0" + struct.pack("<I", 2) + b"p\0"
    native = struct.pack("<H", 2) + native + struct.pack("<I", 6) + b"inside"
    held = {
        "word/_rels/document.xml.rels": made.relations(
            outside=(("r1", "hyperlink", "https://example.org/a"),)
        ),
        "word/embeddings/oleObject1.bin": specimens.compound(
            {"\x01Ole10Native": struct.pack("<I", len(native)) + native}
        ),
        "word/media/image1.emf": b"\1\0\0\0",
        "word/vbaProject.bin": b"x",
        "word/odd.xml": b"<a>words</a>",
    }
    reading = read(made.letter(body, held))
    told = notes(reading)
    assert "link: Links: 누리집 -> https://example.org/a; mailto:a@example.org" in told
    assert reading.members == [("label.txt", b"inside")]
    for words in ("EMF", "macros (word/vbaProject.bin)", "parts of the file (word/odd.xml)"):
        assert f"{words}" in told


def test_a_document_without_text_is_never_plainly_read() -> None:
    assert "empty: No text was found in it" in notes(read(made.letter("")))
    assert "empty" not in notes(read(made.letter(p("x"))))


# workbooks


@pytest.mark.parametrize(
    ("value", "form", "told"),
    [
        (0.256, "0.0%", "25.6%"),
        (42, "00000", "00042"),
        (26.5 / 24, "[h]:mm", "26:30"),
        (44489, "yyyy-mm-dd", "2021-10-20"),
        (44489, 'yyyy"년" m"월" d"일"', "2021년 10월 20일"),
        (-1234.5, "#,##0.00_);[Red]\\(#,##0.00\\)", "(1,234.50)"),
        (57600000, "#,##0", "57,600,000"),
        (0, '_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "-"),
        (12345678, '0.0,,"백만"', "12.3백만"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (1012345678, "000-0000-0000", "010-1234-5678"),
        (44489.75, "yyyy-mm-dd h:mm AM/PM", "2021-10-20 6:00 PM"),
        (44489, "dd/mm/yyyy", "2021-10-20"),
        (0.1 + 0.2, "General", "0.3"),
        (3, ";;;", "3"),
        (0.5, "# ?/?", "1/2"),
        (5, '0"명"', "5명"),
        (44489, "[$-412]m월 d일 aaaa", "10월 20일 수요일"),
        (12345, "[$₩-412]#,##0", "₩12,345"),
        (0.5, "[<1]0%;0", "50%"),
        (-0.004, "0.0", "0.0"),
    ],
)
def test_numbers_are_shown_as_their_format_says(value: float, form: str, told: str) -> None:
    assert format_number(value, form).replace("-0.0", "0.0") == told


@settings(deadline=None)
@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.text('0#?.,%$-_*[]hmsyd;@E+"\\/<>=(1 가', max_size=12),
)
def test_no_number_format_breaks_the_reader(value: float, form: str) -> None:
    assert isinstance(format_number(value, form), str)


def _workbook() -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    for row, (value, form) in enumerate(
        [
            (0.256, "0.0 %"),
            (42, "00000"),
            (timedelta(hours=26, minutes=30), "[h]:mm"),
            (datetime(2021, 10, 20), "yyyy/mm/dd"),
            (time(9, 5), "h:mm"),
            (1234.5678, "#,##0"),
        ],
        1,
    ):
        cell = sheet.cell(row, 1, value)
        cell.number_format = form
    sheet["B1"].hyperlink, sheet["B1"] = "https://example.org/b", "표"
    sheet.oddHeader.center.text = "대외비"
    return book


def test_a_workbook_shows_its_numbers_links_heads_and_what_formats_hide() -> None:
    reading = read(specimens.saved(_workbook()))
    cells = rows(reading, "cells").filter(column_no=1)["text"].to_list()
    assert cells == ["25.6 %", "00042", "26:30", "2021/10/20", "9:05", "1,235"]
    assert "A6 shows 1,235 for 1234.5678" in notes(reading)
    assert "표 -> https://example.org/b" in notes(reading)
    assert texts(reading, "header") == ["대외비"]


def test_strict_workbooks_are_read_and_charts_on_sheets_too() -> None:
    from openpyxl.chart import BarChart, Reference

    book = _workbook()
    drawn = BarChart()
    drawn.add_data(Reference(book.active, min_col=1, min_row=1, max_row=2))
    drawn.title = "그림 제목"
    book.active.add_chart(drawn, "D2")
    usual = specimens.saved(book)
    reading = read(usual)
    assert "그림 제목" in texts(reading, "caption")
    import zipfile

    with zipfile.ZipFile(io.BytesIO(usual)) as held:
        parts = {name: held.read(name) for name in held.namelist()}
    for name in [each for each in parts if each.endswith((".xml", ".rels"))]:
        for old, new in (
            (
                b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                b"http://purl.oclc.org/ooxml/spreadsheetml/main",
            ),
            (
                b"http://schemas.openxmlformats.org/officeDocument/2006/",
                b"http://purl.oclc.org/ooxml/officeDocument/",
            ),
        ):
            parts[name] = parts[name].replace(old, new)
    strict = read(specimens.archive(parts))
    assert (
        rows(strict, "cells")["text"].to_list()[:3] == rows(reading, "cells")["text"].to_list()[:3]
    )


def test_old_workbooks_show_formats_hidden_rows_comments_and_objects() -> None:
    record = specimens.biff_record
    form = "0.0%"
    globals_ = record(0x41E, struct.pack("<HHB", 164, len(form), 0) + form.encode())
    globals_ += record(0xE0, bytes(20)) + record(0xE0, struct.pack("<HH16x", 0, 164))
    number = lambda row, xf, value: record(0x203, struct.pack("<HHHd", row, 0, xf, value))  # noqa: E731
    words = "메모".encode("utf-16-le")
    sheet = (
        record(0x208, struct.pack("<HHHHHHI", 1, 0, 1, 255, 0, 0, 0x20))
        + number(0, 1, 0.256)
        + number(1, 0, 7.0)
        + record(0x1B6, struct.pack("<10xHHI", 2, 0, 0))
        + record(0x3C, b"\1" + words)
    )
    book = specimens.old_book(globals_, sheet)
    inner = {"Workbook": book, "MBD01/CONTENTS": b"%PDF-1.4 the inner one"}
    reading = read(specimens.compound(inner))
    cells = rows(reading, "cells").select("text", "hidden").rows()
    assert cells == [("25.6%", False), ("7", True)]
    assert texts(reading, "comment") == ["메모"]
    assert "Hidden rows with content on 'S': 2." in notes(reading)
    assert reading.members[0][0] == "object 1.pdf"
    assert reading.members[0][1].startswith(b"%PDF-1.4 the inner one")


# presentations


def test_slides_keep_order_titles_tables_numbers_notes_links_and_hidden_slides() -> None:
    auto = '<a:p><a:pPr><a:buAutoNum type="arabicParenR"/></a:pPr><a:r><a:t>{}</a:t></a:r></a:p>'
    link = '<a:p><a:r><a:rPr><a:hlinkClick r:id="r9"/></a:rPr><a:t>누리집</a:t></a:r></a:p>'
    table = (
        '<p:graphicFrame><a:tbl><a:tr><a:tc gridSpan="2"><a:txBody><a:p><a:r><a:t>합친</a:t></a:r></a:p>'
        '</a:txBody></a:tc><a:tc hMerge="1"/></a:tr></a:tbl></p:graphicFrame>'
    )
    first = made.shape("제목", kind="title") + made.shape(
        auto.format("하나"), auto.format("둘"), link
    )
    speech = (
        '<p:notes xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        f"{made.shape('발표자 노트', kind='body')}</p:notes>"
    ).encode()
    related = made.relations(
        ("r7", "notesSlide", "../notesSlides/n.xml"),
        ("r8", "chart", "../charts/c.xml"),
        outside=(("r9", "hyperlink", "https://example.org/s"),),
    )
    drawn = (
        '<p:graphicFrame><c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        'r:id="r8"/></p:graphicFrame>'
    )
    content = made.slides(
        first + table + drawn,
        made.shape("숨은 장"),
        hidden=True,
        related=related,
        more={"ppt/notesSlides/n.xml": speech, "ppt/charts/c.xml": made.chart()},
    )
    reading = read(content)
    assert texts(reading, "heading") == ["제목"]
    assert texts(reading, "list") == ["1) 하나", "2) 둘"]
    assert texts(reading, "comment")[0] == "발표자 노트"
    assert rows(reading, "pages")["hidden"].to_list() == [False, True]
    assert rows(reading, "cells").filter(text="합친")["column_span"].to_list() == [2]
    assert "25.6%" in rows(reading, "cells")["text"].to_list()
    assert "누리집 -> https://example.org/s" in notes(reading)


def test_old_letters_tell_what_undoc_leaves_out() -> None:
    content = bytearray(made.old_letter())
    at = content.index(struct.pack("<H", 22), 512 + 34) + 2
    struct.pack_into("<i", content, at + 4 * 4, 120)  # footnotes that the head counts
    assert "120 characters that its head counts" in notes(read(bytes(content)))
    assert [
        each["text"]
        for each in rows(read(made.old_slides("하나", "둘")), "pages").iter_rows(named=True)
    ] == ["하나", "둘"]


# OpenDocument


def test_open_documents_keep_numbers_changes_comments_and_sheets_as_shown() -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
        'style:num-format="1" style:num-suffix=")"/></text:list-style>'
    )
    item = "<text:list-item><text:p>{}</text:p></text:list-item>"
    body = (
        '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info>'
        "<dc:creator>Editor</dc:creator></office:change-info><text:p>지운 말</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        f'<text:list text:style-name="L">{item.format("하나")}{item.format("둘")}</text:list>'
        '<text:p>앞<text:change text:change-id="c1"/><office:annotation><dc:creator>Kim</dc:creator>'
        '<text:p>메모</text:p></office:annotation> <text:a xlink:href="https://example.org/o">링크</text:a></text:p>'
    )
    reading = read(made.open_document("text", body, styles))
    assert texts(reading, "list") == ["1) 하나", "2) 둘"]
    assert texts(reading, "tracked_delete") == ["지운 말"]
    assert texts(reading, "comment") == ["메모"]
    assert "링크 -> https://example.org/o" in notes(reading)
    sheet = (
        '<table:table table:name="S"><table:table-row><table:table-cell office:value="0.256" '
        'table:formula="of:=1"><text:p>25.6%</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:visibility="collapse"><table:table-cell><text:p>숨은</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    reading = read(made.open_document("spreadsheet", sheet, suffix="spreadsheet"))
    cells = rows(reading, "cells").select("text", "formula", "hidden").rows()
    assert cells == [("25.6%", "of:=1", False), ("숨은", None, True)]


# HTML and RTF


def test_html_loses_no_words_and_shows_fields_lists_and_links() -> None:
    page = (
        b"<html><body>Dear John,<p>a</p>tail<ul><li>one<ul><li>two</ul>more</ul><ol start=3><li>c</ol>"
        b"<table><tr><td>x<ul><li>y<li>z</ul></td></tr></table><input value=filled><input type=checkbox "
        b'checked>yes <a href="https://example.org/h">web</a></body></html>'
    )
    reading = read(page, "a.html")
    assert whole(reading).split("\n") == [
        "Dear John,",
        "a",
        "tail",
        "one",
        "two",
        "more",
        "3. c",
        "x",
        "y",
        "z",
        "filled ☒ yes web",
    ]
    assert "web -> https://example.org/h" in notes(reading)


def test_rtf_keeps_tables_numbers_notes_and_what_comes_after_pictures() -> None:
    text = (
        r"{\rtf1\ansi\ansicpg949 {\pntext 1.\tab}First\par\trowd a\cell b\cell\row\trowd c\cell d\cell\row"
        r"\pard Note{\footnote The note}\par Spelled \{\\pict\par {\pict\wmetafile8 0102ab}"
        r"{\field{\*\fldinst HYPERLINK "
        + '"https://example.org/r"'
        + r"}{\fldrslt link}}\par \'b0\'a1 end\par}"
    )
    reading = read(text.encode(), "a.rtf")
    cells = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert cells == [(1, 1, "a"), (1, 2, "b"), (2, 1, "c"), (2, 2, "d")]
    assert texts(reading, "footnote") == ["The note"]
    assert whole(reading).startswith("1.\tFirst")
    assert "Spelled {\\pict" in whole(reading)
    assert "가 end" in whole(reading)
    assert "0102ab" not in whole(reading)
    assert "WMF" in notes(reading)
    assert "https://example.org/r" in notes(reading)


def test_bombs_in_new_kinds_are_refused() -> None:
    big = bytes(3 << 20)
    for content in (
        made.tar({"a": big}),
        made.slides(made.shape("x"), more={"ppt/media/a.png": big}),
    ):
        with pytest.raises(Refused, match="expands too far"):
            read(content, ratio=2)
