"""Parts of documents that were lost in silence, and figures that no page shows: one test a kind."""

# ruff: noqa: E501 - parts of documents are easier to read whole

from __future__ import annotations

import binascii
import struct
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString
from reportlab.pdfgen import canvas

import office_specimens as made
import specimens
from onetomany.formats.number_formats import format_number
from onetomany.formats.slide_records import art_letters
from test_extractors import read, rows, texts, whole
from test_office_files import notes

# the binary formats of Office


def test_a_doc_gives_notes_heads_comments_and_hidden_words() -> None:
    content = made.old_letter(
        "본문 하나\n보임 숨은말 끝\n지운말 106\n고름 \x13 FORMDROPDOWN \x14\x15\n",
        ("각주 글\n", "머리 글\n", "", "\5메모 글\n", "미주 글\n", "글상자 \x13 PAGE \x14 3\x15\n"),
        ((0x083C, "숨은말"), (0x0800, "지운말"), (0x2A48, "6")),
    )
    reading = read(content)
    assert texts(reading, "footnote") == ["각주 글"]
    assert texts(reading, "header") == ["머리 글"]
    assert texts(reading, "comment") == ["메모 글"]
    assert texts(reading, "endnote") == ["미주 글"]
    assert "글상자  3" in whole(reading)
    assert "숨은말" in whole(reading)
    told = notes(reading)
    assert "hidden, and read with the rest: 숨은말" in told
    assert "deleted, and read with the rest: 지운말" in told
    assert "(10⁶ as 106): 106" in told
    assert "the entry that is chosen in a list of a form" in told


def test_letters_that_are_drawings_are_read_from_rtf_and_from_the_records_of_office() -> None:
    words = "대외비\0".encode("utf-16-le")
    properties = struct.pack("<HIHI", 0xC0C0, len(words), 0x1FF, 8) + words
    art = struct.pack("<HHI", 2 << 4 | 3, 0xF00B, len(properties)) + properties
    assert art_letters(struct.pack("<HHI", 15, 0xF004, len(art)) + art) == ["대외비"]
    rtf = rb"{\rtf1\ansi a{\shp{\*\shpinst{\sp{\sn gtextUNICODE}{\sv DRAFT}}}}\par}"
    assert whole(read(rtf, "a.rtf")) == "a\nDRAFT"


def test_a_doc_whose_head_is_damaged_says_what_is_not_read() -> None:
    content = bytearray(made.old_letter("본문\n", ("각주\n",)))
    at = content.index(struct.pack("<H", 22), 512 + 34) + 2
    struct.pack_into("<i", content, at + 4 * 4, -5)  # footnotes that the head counts
    reading = read(bytes(content))
    assert "본문" in whole(reading)
    assert "hidden text are not read" in notes(reading)


def test_a_ppt_gives_notes_comments_and_hidden_slides() -> None:
    reading = read(made.old_slides("하나", "둘", notes="발표자 메모", comment=("김", "수치 확인")))
    pages = rows(reading, "pages").select("text", "hidden").rows()
    assert pages == [("하나\n수치 확인", False), ("둘\n발표자 메모", True)]
    comments = rows(reading, "blocks").filter(kind="comment").select("text", "who").rows()
    assert comments == [("수치 확인", "김"), ("발표자 메모", None)]


def test_an_xlsb_shows_formats_errors_heads_comments_and_hidden_rows() -> None:
    reading = read(made.binary_workbook(), "a.xlsb")
    cells = rows(reading, "cells").select("text", "hidden").rows()
    assert cells == [("25.6%", False), ("7", True), ("#DIV/0!", False)]
    assert texts(reading, "header") == ["대외비", "&P"]
    assert texts(reading, "comment") == [made.KOREAN]
    assert "Hidden rows with content on '비율': 2." in notes(reading)


def test_an_xls_shows_errors_heads_links_and_titles_of_charts() -> None:
    record = specimens.biff_record
    address = "https://example.org/a\0".encode("utf-16-le")
    url = (
        bytes.fromhex("e0c9ea79f9bace118c8200aa004ba90b")
        + struct.pack("<I", len(address))
        + address
    )
    title = "차트 제목".encode("utf-16-le")
    sheet = (
        record(0x14, struct.pack("<HB", 9, 0) + b"&L&12Head")
        + record(0x205, struct.pack("<HHHBB", 0, 0, 0, 7, 1))
        + record(0x1B8, bytes(32) + url)
        + specimens.biff_begin(0x20)
        + record(0x100D, struct.pack("<HBB", 0, 5, 1) + title)
        + record(0x0A)
    )
    head = record(0x31, struct.pack("<8xH6x", 1)) + record(0xE0, bytes(20))
    reading = read(specimens.compound({"Workbook": specimens.old_book(head, sheet)}))
    assert rows(reading, "cells")["text"].to_list() == ["#DIV/0!"]
    assert texts(reading, "header") == ["Head"]
    assert texts(reading, "caption") == ["차트 제목"]
    assert "https://example.org/a" in notes(reading)
    assert "106 may be 10⁶" in notes(reading)


# raised and struck digits


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def letter() -> bytes:
    raised = run("10") + run("6", '<w:vertAlign w:val="superscript"/>')
    return made.letter(f"<w:p>{raised}</w:p><w:p>{run('700', '<w:strike/>')}{run('500')}</w:p>")


def slide() -> bytes:
    raised = '<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r></a:p>'
    struck = (
        '<a:p><a:r><a:rPr strike="sngStrike"/><a:t>700</a:t></a:r><a:r><a:t>500</a:t></a:r></a:p>'
    )
    return made.slides(made.shape(raised, struck))


def open_text() -> bytes:
    styles = "".join(
        f'<style:style style:name="{name}"><style:text-properties style:{form}/></style:style>'
        for name, form in (
            ("A", 'text-position="super 58%"'),
            ("B", 'text-line-through-style="solid"'),
        )
    )
    body = (
        '<text:p>10<text:span text:style-name="A">6</text:span></text:p>'
        '<text:p><text:span text:style-name="B">700</text:span>500</text:p>'
    )
    return made.open_document("text", body, styles)


HTML = b"<html><body><p>10<sup>6</sup></p><p><del>700</del>500</p></body></html>"
RTF = rb"{\rtf1\ansi 10{\super\fs16 6}\par\par {\strike 700}500\par}"


@pytest.mark.parametrize(
    ("make", "name"),
    [(letter, "a.docx"), (slide, "a.pptx"), (open_text, "a.odt"), (lambda: HTML, "a.html"), (lambda: RTF, "a.rtf")],
    ids=["docx", "pptx", "odt", "html", "rtf"],
)  # fmt: skip
def test_raised_and_struck_digits_do_not_lengthen_a_number(make, name: str) -> None:
    told = whole(read(make(), name))
    assert "10⁶" in told
    assert "700 500" in told


def test_struck_words_are_told() -> None:
    assert "Struck through, and read with the rest: 700" in notes(read(letter()))
    assert "Struck through, and read with the rest: 700" in notes(read(HTML, "a.html"))


def test_raised_digits_in_a_workbook_and_a_hangul_document() -> None:
    book = openpyxl.Workbook()
    above = InlineFont(vertAlign="superscript")
    book.active["A1"] = CellRichText("10", TextBlock(above, "6"), " 명")
    assert "10⁶ 명" in whole(read(specimens.saved(book)))


def test_raised_digits_of_a_hangul_document() -> None:
    header = (
        '<hh:head xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head"><hh:charPr id="0"/>'
        '<hh:charPr id="1"><hh:supscript/></hh:charPr></hh:head>'
    )
    section = (
        '<hs:sec xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph">'
        '<hp:p><hp:run charPrIDRef="0"><hp:t>10</hp:t></hp:run><hp:run charPrIDRef="1"><hp:t>6</hp:t></hp:run></hp:p></hs:sec>'
    )
    parts = {"Contents/header.xml": header.encode(), "Contents/section0.xml": section.encode()}
    assert whole(read(specimens.archive(parts), "a.hwpx")) == "10⁶"


# PDF


def raised(page: canvas.Canvas, size: int, up: int) -> None:
    page.setFont("Helvetica", 12)
    page.drawString(72, 700, "About 10")
    page.setFont("Helvetica", size)
    page.drawString(72 + pdfmetrics.stringWidth("About 10", "Helvetica", 12), 700 + up, "6")


@pytest.mark.real
def test_small_raised_digits_of_a_pdf_are_no_digits_of_the_number() -> None:
    assert whole(read(specimens.pdf(lambda page: raised(page, 7, 5)))) == "About 10⁶"
    assert whole(read(specimens.pdf(lambda page: raised(page, 12, 0)))) == "About 106"


@pytest.mark.real
def test_digits_that_stand_above_each_other_are_no_number() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 14)
        page.drawString(72, 750, "first line")
        for number in range(1, 8):
            page.drawString(500, 700 - 18 * number, str(number))

    assert whole(read(specimens.pdf(draw))) == "first line\n1\n2\n3\n4\n5\n6\n7"

    def downwards(page: canvas.Canvas) -> None:
        page.setFont("Helvetica", 12)
        page.drawString(72, 750, "first line")
        page.translate(300, 300)
        page.rotate(270)
        for number, digit in enumerate("2021"):
            page.drawString(7 * number, 0, digit)

    # letters that are turned are one number: PDFium itself takes these for three lines
    assert "21" in whole(read(specimens.pdf(downwards)))


@pytest.mark.real
def test_single_letters_in_a_font_that_nobody_has_are_told() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.setFont("HYSMyeongJo-Medium", 14)
        for number, letter in enumerate("세로쓰기"):
            page.drawString(500, 700 - 18 * number, letter)

    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    told = notes(read(specimens.pdf(draw)))
    assert "single characters in a font that the file doesn't contain (4)" in told


@pytest.mark.real
def test_annotations_of_every_kind_links_and_stamps_of_a_pdf() -> None:
    kinds = ("Circle", "Line", "Polygon", "PolyLine", "Ink", "Squiggly", "Caret", "Sound", "Stamp")

    def draw(page: canvas.Canvas) -> None:
        page.drawString(72, 700, "본문")

        def add(kind: str, **more: object) -> None:
            held = {
                "Type": PDFName("Annot"),
                "Subtype": PDFName(kind),
                "Rect": PDFArray([9, 9, 99, 99]),
            }
            page._addAnnotation(PDFDictionary(held | more))

        for kind in kinds:
            add(kind, Contents=PDFString(f"said by {kind}"))
        add("Highlight", RC=PDFString("<body><p>rich words</p></body>"))
        add("Redact", OverlayText=PDFString("over it"))
        uri = PDFDictionary({"S": PDFName("URI"), "URI": PDFString("https://example.org/b")})
        add("Link", A=uri)
        form: Any = PDFStream(
            PDFDictionary(
                {
                    "Type": PDFName("XObject"),
                    "Subtype": PDFName("Form"),
                    "BBox": PDFArray([0, 0, 9, 9]),
                }
            ),
            b"0 0 9 9 re f",
        )
        add("Stamp", AP=PDFDictionary({"N": page._doc.Reference(form)}))

    reading = read(specimens.pdf(draw))
    said = texts(reading, "comment")
    assert said == [*(f"said by {kind}" for kind in kinds), "rich words", "over it"]
    assert "https://example.org/b" in notes(reading)
    assert "Not read: the picture of a stamp at" in notes(reading)


@pytest.mark.real
def test_a_ticked_box_without_a_picture_is_ticked() -> None:
    def draw(page: canvas.Canvas) -> None:
        page.drawString(72, 700, "양식")
        fields = []
        for name, state in (("agreed", "Yes"), ("refused", "Off")):
            held = {"Type": PDFName("Annot"), "Subtype": PDFName("Widget"), "Rect": PDFArray([9, 9, 99, 99]),
                    "FT": PDFName("Btn"), "T": PDFString(name), "V": PDFName(state), "AS": PDFName(state)}  # fmt: skip
            page._addAnnotation(PDFDictionary(held))
            fields.append(PDFDictionary(held))
        page._doc.Catalog.AcroForm = PDFDictionary({"Fields": PDFArray(fields)})
        page._doc.Catalog.__NoDefault__ = [*page._doc.Catalog.__NoDefault__, "AcroForm"]

    assert texts(read(specimens.pdf(draw)), "field") == ["agreed: [x]", "refused: [ ]"]


# the other kinds


def test_watermarks_formulas_and_the_font_symbol_of_word() -> None:
    def m(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    def signs(*chosen: str) -> str:
        return "".join(
            f"<m:{name}Chr m:val='{sign}'/>"
            for name, sign in zip(("beg", "end"), chosen, strict=True)
        )

    formulas = (
        f"<m:sSup><m:e><m:d><m:e>{m('a+b')}</m:e></m:d></m:e><m:sup>{m('2')}</m:sup></m:sSup>",
        f"<m:d><m:dPr>{signs('[', ']')}</m:dPr><m:e>{m('3')}</m:e><m:e>{m('4')}</m:e></m:d>",
        f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{m('i=1')}</m:sub><m:sup>{m('9')}</m:sup><m:e>{m('x')}</m:e></m:nary>",
        f"<m:m><m:mr><m:e>{m('11')}</m:e><m:e>{m('12')}</m:e></m:mr><m:mr><m:e>{m('21')}</m:e><m:e>{m('22')}</m:e></m:mr></m:m>",
        f"<m:eqArr><m:e>{m('y=1')}</m:e><m:e>{m('2z')}</m:e></m:eqArr>",
    )
    body = "".join(f"<w:p><m:oMath>{each}</m:oMath></w:p>" for each in formulas)
    body += '<w:p><w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Symbol" w:char="F0B3"/></w:r></w:p>'
    body += '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textpath string="대외비"/></v:shape></w:pict></w:r></w:p>'
    told = whole(read(made.letter(body))).split("\n")
    assert told == [
        "(a+b)^2",
        "[3|4]",
        "∑_(i=1)^9 x",
        "[11, 12; 21, 22]",
        "y=1; 2z",
        "α≥",
        "대외비",
    ]


def test_an_equation_on_a_slide_is_read_once_and_with_its_signs() -> None:
    box = (
        '<a:p><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice>'
        '<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></a14:m></mc:Choice>"
        "<mc:Fallback><a:r><a:t>other</a:t></a:r></mc:Fallback></mc:AlternateContent></a:p>"
    )
    assert whole(read(made.slides(made.shape(box)))) == "1/2"


def test_formulas_without_a_value_and_all_heads_of_a_sheet() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A2"] = 5, "=A1*100"
    book.active.evenHeader.center.text = "짝수 쪽"
    book.active.firstFooter.right.text = "첫 쪽"
    reading = read(specimens.saved(book))
    assert rows(reading, "cells").select("text", "formula").rows() == [
        ("5", None),
        ("=A1*100", "=A1*100"),
    ]
    assert texts(reading, "header") == ["짝수 쪽"]
    assert texts(reading, "footer") == ["첫 쪽"]
    told = notes(reading)
    assert "values of formulas on 'Sheet', which the file doesn't contain" in told
    assert "to be calculated when it is opened" in told
    book.calculation.fullCalcOnLoad = False
    assert "to be calculated" not in notes(read(specimens.saved(book)))


@pytest.mark.parametrize(
    ("value", "form", "told"),
    [
        (1.5, "# ?/?", "1 1/2"),
        (-1.25, "?/?", "-5/4"),
        (2.125, "# ?/8", "2 1/8"),
        (3, "# ??/??", "3"),
    ],
)
def test_fractions_are_shown_as_such(value: float, form: str, told: str) -> None:
    assert format_number(value, form) == told


def test_headings_and_lists_in_cells_of_open_documents_keep_numbers_and_slides_their_footers() -> (
    None
):
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(
        f'xmlns:{short}="{space}{full}:1.0"'
        for short, full in (
            ("o", "office"),
            ("t", "text"),
            ("s", "style"),
            ("tb", "table"),
            ("d", "drawing"),
            ("pr", "presentation"),
        )
    )
    styles = (
        f"<o:document-styles {names}><o:styles><t:outline-style><t:outline-level-style t:level='1' s:num-format='1' "
        "s:num-suffix='.'/></t:outline-style></o:styles></o:document-styles>"
    )
    body = (
        f"<o:document-content {names}><o:automatic-styles><t:list-style s:name='L'><t:list-level-style-number "
        "t:level='1' s:num-format='a' s:num-suffix=')'/></t:list-style></o:automatic-styles><o:body><o:text>"
        "<t:h t:outline-level='1'>개요</t:h><t:h t:outline-level='1'>결론</t:h><tb:table><tb:table-row><tb:table-cell>"
        "<t:list t:style-name='L'><t:list-item><t:p>하나</t:p></t:list-item></t:list></tb:table-cell></tb:table-row>"
        "</tb:table></o:text></o:body></o:document-content>"
    )
    parts = {"mimetype": b"x", "content.xml": body.encode(), "styles.xml": styles.encode()}
    assert whole(read(specimens.archive(parts), "a.odt")) == "1. 개요\n2. 결론\na) 하나"
    show = (
        f"<o:document-content {names}><o:automatic-styles><s:style s:name='H'><s:drawing-page-properties "
        "pr:visibility='hidden'/></s:style></o:automatic-styles><o:body><o:presentation><pr:footer-decl pr:name='f'>"
        "꼬리말</pr:footer-decl><d:page d:style-name='H' pr:use-footer-name='f'/></o:presentation></o:body></o:document-content>"
    )
    reading = read(specimens.archive({"mimetype": b"x", "content.xml": show.encode()}), "a.odp")
    assert rows(reading, "pages").select("text", "hidden").rows() == [("꼬리말", True)]


def test_formulas_captions_and_parts_without_scripts_of_html() -> None:
    page = (
        "<html><body><p>x <math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> y so&shy;ft</p><svg><text>그림 말</text></svg>"
        "<noscript>스크립트 없이</noscript><iframe srcdoc='&lt;p&gt;안쪽&lt;/p&gt;'></iframe><table><caption>표 제목</caption>"
        "<tr><td>10<sup>6</sup></td></tr></table></body></html>"
    )
    told = whole(read(page.encode(), "a.html"))
    assert told == "x 1/2 y soft\n그림 말\n스크립트 없이\n안쪽\n표 제목\n10⁶"


def test_a_mail_keeps_later_html_parts_files_in_its_text_reports_and_unstated_heads() -> None:
    uu = binascii.b2a_uu("내용".encode()).decode()
    mail = (
        "From: 홍길동 <a@example.org>\nTo: b@example.org\nSubject: 회의자료 송부의 건\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=Q\n\n--Q\nContent-Type: text/plain\n\n본문\n\nbegin 644 a.txt\n"
        f"{uu}`\nend\n\n--Q\nContent-Type: text/html\n\n<p>뒤에 온 글</p>\n--Q\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; lost@example.org\n--Q--\n"
    ).encode("cp949")
    reading = read(mail, "a.eml")
    assert texts(reading, "header")[0] == "From: 홍길동 <a@example.org>"
    assert texts(reading, "header")[2] == "Subject: 회의자료 송부의 건"
    held = dict(reading.members)
    assert held["a.txt"].decode() == "내용"
    assert "뒤에 온 글" in held["part 2.html"].decode()
    assert b"lost@example.org" in held["mail 3.txt"]
    assert "begin 644" not in whole(reading)


def test_a_forwarded_mail_with_unstated_heads_is_kept_as_it_was_sent() -> None:
    inner = "From: 홍길동 <a@example.org>\nSubject: 회의자료 송부의 건\n\n본문\n".encode("cp949")
    mail = (
        b"From: b@example.org\nSubject: Fwd\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=Q\n\n"
        b"--Q\nContent-Type: message/rfc822\n\n" + inner + b"--Q--\n"
    )
    [(name, held)] = read(mail, "a.eml").members
    assert name == "mail 1.eml"
    assert "Subject: 회의자료 송부의 건" in whole(read(held, name))


def test_winmail_dat_gives_its_text_and_files() -> None:
    content = made.winmail("제목", "본문의 글", {"붙임 자료.txt": "붙임의 글".encode()})
    reading = read(content, "winmail.dat")
    assert whole(reading) == "Subject: 제목\n본문의 글"
    assert reading.members == [("붙임 자료.txt", "붙임의 글".encode())]
    assert "The file breaks off" in notes(read(content[:-20], "winmail.dat"))


def test_a_mail_whose_heads_break_the_parser_is_read() -> None:
    mail = b"From: a@b\nSubject: one\nTo: x:(\xff\xfe;,<@>\nDate: y\n\nbody\n"
    assert whole(read(mail, "a.eml")).endswith("body")


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        ("감사원 예산 5억 원".encode() + b"\xff", "a.txt", "감사원 예산 5억 원"),
        ("审计报告 金额五百万元 会议纪要 北京市政府".encode("gbk"), "a.txt", "审计报告"),
        ("Счёт на оплату рублей".encode("cp1251"), "a.txt", "Счёт на оплату"),
        ("Größe: 5 €, Müller".encode("cp1252"), "a.txt", "Größe: 5 €, Müller"),
        (b"From: a@b\nSubject: x\nDate: y\nContent-Type: text/plain; charset=iso-2022-kr\n\n"
         + "가나다 본문".encode("iso2022_kr"), "a.eml", "가나다 본문"),
        (b"BEGIN:VCALENDAR\r\nSUMMARY:one wo\r\n rd\\, two\r\nEND:VCALENDAR", "a.ics", "one word, two"),
    ],
)  # fmt: skip
def test_texts_with_broken_bytes_or_other_encodings_are_read(
    content: bytes, name: str, told: str
) -> None:
    assert told in whole(read(content, name))


@pytest.mark.parametrize(
    "table",
    [
        "Bericht 2021, Stand Januar\n\nName;Wert;Art\nA;1,5;x\nB;2,5;y\n",
        "sep=;\r\nName;Wert\r\nA;1,5\r\n",
    ],
)
def test_figures_with_a_comma_stay_whole_in_tables_with_semicolons(table: str) -> None:
    assert "1,5" in rows(read(table.encode(), "a.csv"), "cells")["text"].to_list()
