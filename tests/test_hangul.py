"""Hangul documents: whatever stands in them is read or reported, on the page where it stood."""

from __future__ import annotations

import struct
import zlib

import pytest
from hwpx.hwp5.writer import write_hwp5

import hangul_files as made
import specimens
from hangul_files import SECTION, cells, hwpx, paragraph, run, text
from onetomany.formats.hwp3 import _character
from onetomany.formats.hwp_layout import LAID_OUT
from onetomany.formats.hwp_numbers import formatted_number
from onetomany.formats.kinds import extract
from onetomany.formats.reading import Reading, Refused
from specimens import KOREAN
from test_extractors import read, rows, texts, whole


def notes(reading: Reading, kind: str) -> str:
    found = rows(reading, "notes")
    return "\n".join(found.filter(kind=kind)["text"]) if found.width else ""


def pages(reading: Reading) -> list[str]:
    return rows(reading, "pages")["text"].to_list()


def half_read(content: bytes, name: str = "a.hwp") -> tuple[Reading, str]:
    """What is read of a document that is refused in the end, and why it is."""
    reading = Reading()
    with pytest.raises(Refused) as refused:
        extract(content, name, reading)
    reading.finish()
    return reading, str(refused.value)


SUB = "<hp:subList><hp:p><hp:run><hp:t>{}</hp:t></hp:run></hp:p></hp:subList>"
CHART = (
    '<c:chartSpace xmlns:c="urn:c" xmlns:a="urn:a"><c:title><a:t>연도별 예산</a:t></c:title><c:ser>'
    '<c:tx><c:pt idx="0"><c:v>예산</c:v></c:pt></c:tx><c:cat><c:pt idx="0"><c:v>2024</c:v></c:pt>'
    '</c:cat><c:val><c:pt idx="0"><c:v>44</c:v></c:pt></c:val></c:ser></c:chartSpace>'
)
SHOWN = [
    ('<hp:textart text="글맵시의 글"/>', "글맵시의 글"),
    ("<hp:dutmal><hp:mainText>本</hp:mainText><hp:subText>본</hp:subText></hp:dutmal>", "本(본)"),
    ('<hp:compose composeText="장외"/>', "장외"),
    ('<hp:checkBtn caption="동의함" value="CHECKED"/>', "☑ 동의함"),
    ('<hp:radioBtn caption="남" value="UNCHECKED"/>', "○ 남"),
    ("<hp:edit><hp:text>적은 값</hp:text></hp:edit>", "적은 값"),
    ('<hp:comboBox selectedValue="고른 값"/>', "고른 값"),
    ('<hp:comboBox><hp:listItem value="하나뿐인 값"/></hp:comboBox>', "하나뿐인 값"),
    ("<hp:equation><hp:script>a over b</hp:script></hp:equation>", "a over b"),
    (f'<hp:container><hp:rect><hp:drawText>{SUB.format("상자 글")}</hp:drawText></hp:rect>'
     "</hp:container>", "상자 글"),
    (f'<hp:pic><hp:caption>{SUB.format("그림 제목")}</hp:caption></hp:pic>', "그림 제목"),
    ("<hp:pic><hp:shapeComment>공장 전경을 찍은 사진</hp:shapeComment></hp:pic>", "공장 전경"),
    (f'<hp:ctrl><hp:header>{SUB.format("머리말 글")}</hp:header></hp:ctrl>', "머리말 글"),
    (f'<hp:ctrl><hp:footer>{SUB.format("꼬리말 글")}</hp:footer></hp:ctrl>', "꼬리말 글"),
    (f'<hp:ctrl><hp:hiddenComment>{SUB.format("숨은 설명")}</hp:hiddenComment></hp:ctrl>',
     "숨은 설명"),
    ("<hp:ctrl><hp:footNote><hp:subList><hp:p><hp:run><hp:ctrl><hp:autoNum num='3' "
     "numType='FOOTNOTE'><hp:autoNumFormat type='DIGIT' suffixChar=')'/></hp:autoNum></hp:ctrl>"
     "<hp:t> 각주 글</hp:t></hp:run></hp:p></hp:subList></hp:footNote></hp:ctrl>", "3) 각주 글"),
    ('<hp:switch><hp:case><hp:chart chartIDRef="Chart/chart1.xml"/></hp:case></hp:switch>', "44"),
]  # fmt: skip
LEFT = [
    ("<hp:video/>", "a video"),
    ("<hp:ole/>", "an embedded object (OLE)"),
    ("<hp:listBox/>", "a list of a form"),
    ("<hp:equation/>", "an equation without its script"),
    ('<hp:chart chartIDRef="gone"/>', "a chart that carries no values"),
    ("<hp:hologram/>", "object of kind 'hologram'"),
    ("<hp:rect><hp:video/></hp:rect>", "a video"),
]


@pytest.mark.parametrize(("inside", "said"), SHOWN)
@pytest.mark.parametrize("in_cell", [False, True], ids=["line", "cell"])
def test_what_shows_words_is_read(inside: str, said: str, in_cell: bool) -> None:
    if in_cell:
        inside = f"<hp:tbl>{cells((paragraph(run(inside)),))}</hp:tbl>"
    more = {"Chart/chart1.xml": CHART.encode()}
    assert said in whole(read(hwpx(paragraph(run(inside)), more=more), "a.hwpx"))


@pytest.mark.parametrize(("inside", "said"), LEFT)
@pytest.mark.parametrize("in_cell", [False, True], ids=["line", "cell"])
def test_what_shows_no_words_leaves_a_note(inside: str, said: str, in_cell: bool) -> None:
    if in_cell:
        inside = f"<hp:tbl>{cells((paragraph(run(inside)),))}</hp:tbl>"
    reading = read(hwpx(paragraph(text("글") + run(inside))), "a.hwpx")
    assert said in notes(reading, "unread")
    assert 1 in rows(reading, "notes").filter(kind="unread")["page"]


def test_charts_become_tables() -> None:
    inside = run('<hp:chart chartIDRef="Chart/chart1.xml"/>')
    reading = read(hwpx(paragraph(inside), more={"Chart/chart1.xml": CHART.encode()}), "a.hwpx")
    assert rows(reading, "tables")["title"].to_list() == ["Chart: 연도별 예산"]
    kept = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert kept == [(1, 2, "예산"), (2, 1, "2024"), (2, 2, "44")]


def test_pictures_of_every_kind_become_documents_or_leave_a_note() -> None:
    more = {"BinData/a.bmp": made.bitmap(), "BinData/b.wmf": b"\xd7\xcd\xc6\x9a" + bytes(50),
            "BinData/c.ole": b"\0\0\0\0no compound file",
            "BinData/f.ole": b"\0\0\0\0" + specimens.compound({"Package": b"%PDF-1.4 in it"}),
            "BinData/d.GIF": b"GIF89a" + bytes(20), "BinData/e.png": b""}  # fmt: skip
    reading = read(hwpx(paragraph(text("글")), more=more), "a.hwpx")
    kept = [name for name, _ in reading.members]
    assert kept == ["BinData/a.bmp", "BinData/f.ole.pdf", "BinData/d.GIF"]
    said = notes(reading, "unread")
    assert all(name in said for name in ("b.wmf", "c.ole", "e.png, which is empty"))


def test_documents_without_text_are_never_plainly_read() -> None:
    content = hwpx(paragraph(run("")), more={"BinData/a.bmp": made.bitmap()})
    reading = read(content, "a.hwpx")
    assert "only the documents within it" in notes(reading, "empty")
    assert len(reading.members) == 1
    assert "No text was found" in notes(read(hwpx(paragraph(run("<hp:line/>"))), "a.hwpx"), "empty")


def test_links_are_told_with_their_words() -> None:
    begin = (
        '<hp:ctrl><hp:fieldBegin type="HYPERLINK"><hp:parameters><hp:stringParam name="{}">{}'
        "</hp:stringParam></hp:parameters></hp:fieldBegin></hp:ctrl>"
    )
    end = run("<hp:ctrl><hp:fieldEnd/></hp:ctrl>")
    web = run(begin.format("Path", "https://example.org/a")) + text("누리집") + end
    mail = (
        run(begin.format("Command", "mailto\\:a@example.org|풍선;2;0;0;")) + text("전자우편") + end
    )
    drawn = run('<hp:pic href="https\\://example.org/b;1;0;0;"/>')
    reading = read(hwpx(paragraph(web + text(" 와 ") + mail) + paragraph(drawn)), "a.hwpx")
    said = notes(reading, "link")
    assert "누리집 -> https://example.org/a" in said
    assert "전자우편 -> mailto:a@example.org" in said
    assert "https://example.org/b" in said


def test_master_pages_are_read_once_and_told() -> None:
    page = f"<masterPage {made.NAMES}>{SUB.format('바탕쪽 글')}</masterPage>".encode()
    section = run(SECTION.format('<hp:masterPage idRef="masterpage0"/>'))
    content = hwpx(paragraph(section + text("본문")), more={"Contents/masterpage0.xml": page})
    reading = read(content, "a.hwpx")
    assert texts(reading, "header") == ["바탕쪽 글"]
    assert "바탕쪽" in notes(reading, "layout")


HEAD = (
    '<hh:numbering id="1"><hh:paraHead level="1" numFormat="DIGIT" start="1">제^1조</hh:paraHead>'
    '<hh:paraHead level="2" numFormat="HANGUL_SYLLABLE" start="1">^2.</hh:paraHead>'
    '<hh:paraHead level="3" numFormat="DIGIT" start="3">^1-^3)</hh:paraHead></hh:numbering>'
    '<hh:numbering id="2"><hh:paraHead level="1" numFormat="DIGIT" start="1">^1)</hh:paraHead>'
    '<hh:paraHead level="2" numFormat="DIGIT" start="1">^n</hh:paraHead>'
    '<hh:paraHead level="3" numFormat="RUNES" start="1">^3.</hh:paraHead></hh:numbering>'
    '<hh:bullet id="1" char="□"/><hh:bullet id="2" char="&#xF0B7;"/>'
    '<hh:style id="9" name="개요 1"/>'
) + "".join(
    f'<hh:paraPr id="{key}"><hh:heading type="{kind}" idRef="{named}" level="{level}"/></hh:paraPr>'
    for key, kind, named, level in (
        (1, "OUTLINE", 0, 0), (2, "OUTLINE", 0, 1), (3, "OUTLINE", 0, 2), (4, "NUMBER", 2, 0),
        (5, "NUMBER", 2, 1), (6, "BULLET", 1, 0), (7, "NUMBER", 2, 2), (8, "NUMBER", 5, 0),
        (10, "BULLET", 2, 0),
    )
)  # fmt: skip


def numbered(*shapes: int) -> Reading:
    first = paragraph(run(SECTION.format("")) + text("머리"))
    rest = "".join(paragraph(text("글"), paraPrIDRef=str(shape)) for shape in shapes)
    return read(hwpx(first + rest, head=HEAD), "a.hwpx")


def test_automatic_numbers_are_written_as_shown() -> None:
    reading = numbered(1, 2, 2, 1, 2, 3, 3, 4, 5, 5, 4, 5, 6)
    assert whole(reading).split("\n") == [
        "머리", "제1조 글", "가. 글", "나. 글", "제2조 글", "가. 글", "2-3) 글", "2-4) 글",
        "1) 글", "1.1 글", "1.2 글", "2) 글", "2.1 글", "□ 글",
    ]  # fmt: skip
    assert len(texts(reading, "heading")) == 7
    assert len(texts(reading, "list")) == 6
    styled = read(hwpx(paragraph(text("장"), styleIDRef="9"), head=HEAD), "a.hwpx")
    assert texts(styled, "heading") == ["장"]


def test_numbers_that_cannot_be_counted_are_left_out_and_told() -> None:
    reading = numbered(7, 8, 10)
    assert whole(reading) == "머리\n글\n글\n글"
    said = notes(reading, "unread")
    assert "a number in the form RUNES" in said
    assert "a number whose form the file does not state" in said


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("DIGIT", {1: "1", 120: "120"}),
        ("HANGUL_SYLLABLE", {1: "가", 14: "하", 15: "거", 29: "고"}),
        ("HANGUL_JAMO", {1: "ㄱ", 14: "ㅎ", 15: None}),
        ("ROMAN_CAPITAL", {4: "IV", 1998: "MCMXCVIII", 4000: None}),
        ("ROMAN_SMALL", {9: "ix"}),
        ("LATIN_SMALL", {26: "z", 27: None}),
        ("CIRCLED_DIGIT", {1: "①", 20: "⑳", 21: "㉑", 36: "㊱", 50: "㊿", 51: None}),
        ("CIRCLED_HANGUL_SYLLABLE", {1: "㉮", 14: "㉻", 15: None}),
        ("CIRCLED_HANGUL_JAMO", {1: "㉠", 14: "㉭"}),
        ("CIRCLED_LATIN_CAPITAL", {1: "Ⓐ", 26: "Ⓩ"}),
        ("HANGUL_PHONETIC", {1: "일", 10: "십", 21: "이십일"}),
        ("IDEOGRAPH", {11: "十一", 30: "三十"}),
        ("DECAGON_CIRCLE", {1: "갑", 10: "계", 11: None}),
        ("RUNES", {1: None}),
        ("ROMAN_SMALL", {0: None}),
    ],
)
def test_forms_of_numbers(form: str, values: dict[int, str | None]) -> None:
    assert {value: formatted_number(value, form) for value in values} == values


def test_a_table_in_a_cell_is_a_table_of_its_own_in_its_place() -> None:
    reading = read(made.nested(), "a.hwpx")
    assert rows(reading, "tables").select("table_no", "row_count", "column_count").rows() == [
        (1, 1, 1), (2, 1, 2),
    ]  # fmt: skip
    kept = rows(reading, "cells").select("table_no", "text", "char_start").sort("table_no").rows()
    assert kept[0] == (1, "앞 글\n뒤 글", None)
    assert [each[:2] for each in kept[1:]] == [(2, "접수"), (2, "8월 1일")]
    assert "앞 글\n접수\n8월 1일\n뒤 글" in pages(reading)[0]
    page = pages(reading)[0]
    for _, said, start in kept[1:]:
        assert page[start : start + len(said)] == said


def test_captions_are_titles_of_tables() -> None:
    number = "<hp:ctrl><hp:autoNum num='2' numType='TABLE'/></hp:ctrl>"
    caption = paragraph(text("표 ") + run(number) + text(". 예산"))
    table = f"<hp:tbl><hp:caption><hp:subList>{caption}</hp:subList></hp:caption>{cells(('가',))}"
    reading = read(hwpx(paragraph(run(f"{table}</hp:tbl>"))), "a.hwpx")
    assert rows(reading, "tables")["title"].to_list() == ["표 2. 예산"]
    assert texts(reading, "caption") == ["표 2. 예산"]


def test_pages_begin_where_the_places_of_lines_fall() -> None:
    first = paragraph(run(SECTION.format("")) + text("첫째 쪽"), [(8, 0)])
    # eight units are the section's, eight a tab: the cut is before 다음
    split = paragraph(run("<hp:t>앞의<hp:tab/>글다음 글</hp:t>"), [(0, 68000), (11, 0)])
    asked = paragraph(text("나눈 쪽"), [(0, 4000)], pageBreak="1")
    reading = read(hwpx(first + split + asked, paragraph(text("둘째 구역"), [(0, 0)])), "a.hwpx")
    assert pages(reading) == ["첫째 쪽\n앞의\t글", "다음 글", "나눈 쪽", "둘째 구역"]
    assert set(rows(reading, "pages")["label"]) == {LAID_OUT}
    assert LAID_OUT in notes(reading, "layout")


def test_columns_are_no_pages() -> None:
    columns = '<hp:ctrl><hp:colPr colCount="2"/></hp:ctrl>'
    tops = [0, 60000, 0, 60000, 0, 60000]
    said = [paragraph((run(columns) if at == 0 else "") + text(f"글{at}"), [(0, top)])
            for at, top in enumerate(tops)]  # fmt: skip
    assert pages(read(hwpx("".join(said)), "a.hwpx")) == ["글0\n글1\n글2\n글3", "글4\n글5"]


def test_documents_without_layout_are_one_page_and_say_so() -> None:
    said = paragraph(text("가")) + paragraph(text("나"), pageBreak="1")
    zero = paragraph(text("가"), [(0, 0)]) + paragraph(text("나"), [(0, 0)])
    for content in (hwpx(said), hwpx(zero)):
        reading = read(content, "a.hwpx")
        assert pages(reading) == ["가\n나"]
        assert rows(reading, "pages")["label"].to_list() == [None]
        assert "does not say where pages begin" in notes(reading, "layout")


def tall(part: int, *, after: int | None, char: int = 0) -> Reading:
    """A document with a table of 100,000 units, of which the first part is stored as so high."""
    table = (
        f'<hp:tbl pageBreak="CELL"><hp:sz height="{part}"/><hp:pos treatAsChar="{char}" '
        f'vertOffset="0"/>{cells(*[["가"]] * 10, high=10000)}</hp:tbl>'
    )
    said = paragraph(run(SECTION.format("")) + run(table) + text("앞"), [(0, 10000)])
    if after is not None:
        said += paragraph(text("뒤"), [(0, after)])
    return read(hwpx(said), "a.hwpx")


def test_a_table_that_goes_over_pages_moves_what_follows() -> None:
    cut = tall(60000, after=40000)
    assert rows(cut, "blocks").filter(text="뒤")["page"].to_list() == [2]
    assert rows(cut, "cells")["page"].unique().to_list() == [1]
    assert "ends on page 2" in notes(cut, "layout")
    assert len(pages(tall(60000, after=None))) == 2
    # it ends where it should, or what follows can't be behind it: only a fall counts
    assert len(pages(tall(30000, after=42000))) == 1
    assert len(pages(tall(60000, after=1000))) == 2
    assert "ends on page" not in notes(tall(60000, after=1000), "layout")
    assert len(pages(tall(60000, after=70500, char=1))) == 1


def test_distribution_documents_are_read_and_marked() -> None:
    reading = read(made.distribution(), "a.hwp")
    assert KOREAN in whole(reading)
    assert rows(reading, "cells")["text"].to_list() == ["가나다", "1억 2천만"]
    said = notes(reading, "layout")
    assert "배포용 문서" in said
    assert "copied or printed" in said
    assert reading.metadata["distribution document"] == "yes"


def test_distribution_documents_without_a_whole_key_are_refused() -> None:
    streams = made.streams_of(made.distribution())
    cut = streams | {"ViewText/Section0": streams["ViewText/Section0"][:100]}
    assert "key is not whole" in half_read(made.compound(cut))[1]
    other = streams | {"ViewText/Section0": bytes(600)}
    assert "without the key" in half_read(made.compound(other))[1]


@pytest.mark.parametrize(("bit", "why"), [(1, "password"), (4, "DRM"), (8, "certificate")])
def test_locked_documents_are_refused_with_what_to_do(bit: int, why: str) -> None:
    locked = made.compound(made.flagged(made.streams_of(specimens.hangul_5()), bit))
    said = half_read(locked)[1]
    assert why in said
    assert "open copy" in said


@pytest.mark.parametrize(
    ("start", "maker"),
    [
        (b"<MARKANY_DOCUMENTSAFER>\x04\xbf", "MarkAny"),
        (b"\x9b DRMONE  This Document is encrypted and protected by Fasoo DRM", "Fasoo"),
        (b"SCDSA002\0\0", "SoftCamp"),
        (b"<## NASCA DRM FILE - VER1.00 ##>", "NASCA"),
    ],
)
@pytest.mark.parametrize("name", ["a.hwp", "a.docx", "a.txt"])
def test_drm_wrappers_are_named(start: bytes, maker: str, name: str) -> None:
    said = half_read(start + bytes(500), name)[1]
    assert maker in said
    assert "ask the body for an open copy" in said


def damaged_section(streams: dict[str, bytes]) -> dict[str, bytes]:
    """A section that is cut within its last record."""
    packer = zlib.compressobj(wbits=-15)
    body = zlib.decompress(streams["BodyText/Section0"], -15)[:-3]
    return streams | {"BodyText/Section0": packer.compress(body) + packer.flush()}


def test_what_is_whole_of_a_damaged_document_is_read() -> None:
    streams = damaged_section(made.streams_of(specimens.hangul_5()))
    content = made.compound(streams | {"BinData/BIN0001.png": b"no picture"})
    reading, why = half_read(content)
    assert KOREAN in whole(reading)
    assert why.endswith("only its undamaged parts were read.")
    said = notes(reading, "unread")
    assert "the part after the damage in BodyText/Section0" in said
    assert "BinData/BIN0001.png, which is damaged" in said


def test_a_container_with_a_damaged_table_of_contents_is_read_as_far_as_it_goes() -> None:
    content = bytearray(specimens.hangul_5())
    struct.pack_into("<I", content, 0x2C, 4)  # it says that its table is longer than it is
    reading, why = half_read(bytes(content))
    assert KOREAN in whole(reading)
    assert "damaged" in why
    assert "its table of contents" in notes(reading, "unread")


def test_a_section_without_paragraphs_is_no_error() -> None:
    assert whole(read(hwpx("", paragraph(text("글"))), "a.hwpx")) == "글"


def test_of_a_document_that_cannot_be_mended_the_preview_is_read() -> None:
    streams = made.streams_of(specimens.hangul_5()) | {"DocInfo": b"\xff" * 400}
    del streams["BodyText/Section0"]
    reading, why = half_read(made.compound(made.previewed(streams, "공고 제1호\r\n예산 44억 원")))
    assert pages(reading) == ["공고 제1호\n예산 44억 원"]
    assert rows(reading, "pages")["label"].to_list() == ["preview"]
    assert "preview" in why
    assert "Only the preview is read" in notes(reading, "unread")
    # one that is no text is not
    broken = made.compound(streams | {"PrvText": bytes(range(1, 255)) * 4})
    assert not half_read(broken)[0].pages


def test_hwp_5_has_pages_numbers_and_tables_in_cells_too() -> None:
    content = made.opened(specimens.hangul_x())
    section = content["Contents/section0.xml"].decode()
    assert section.count("<hp:p ") > 3
    table = "<hp:tbl rowCnt='1' colCnt='1'>{}</hp:tbl>"
    inner = paragraph(text("안의 표") + run(table.format(cells(("속",)))))
    outer = table.format(cells((inner,)))
    more = paragraph(run(outer), [(0, 3000)]) + paragraph(text("새 쪽"), [(0, 0)])
    declared = section.replace("<hs:sec ", f"<hs:sec {made.NAMES} ", 1)
    assert "xmlns:hp" in section
    end = declared.rindex("</")
    content["Contents/section0.xml"] = (section[: section.rindex("</")] + more).encode() + (
        declared[end:].encode()
    )
    reading = read(bytes(write_hwp5(content)), "a.hwp")
    kept = rows(reading, "cells").select("table_no", "text").rows()
    assert (2, "안의 표") in kept
    assert (3, "속") in kept


def test_hwpml_is_read_whatever_it_is_called() -> None:
    head, tail = made.hwpml_picture(made.bitmap())
    for name in ("a.hml", "a.hwp", "a.xml", "a"):
        reading = read(made.hwpml(head=head, tail=tail), name)
        assert reading.facts["media_type"] == "application/x-hwpml"
        assert whole(reading).split("\n")[:4] == [
            f"{KOREAN}\t끝",
            "제1조 목적",
            "누리집",
            "예산 표",
        ]
        cell = rows(reading, "cells").row(0, named=True)
        assert (cell["text"], cell["column_span"]) == ("44억 원", 2)
        assert rows(reading, "tables")["title"].to_list() == ["예산 표"]
        assert "누리집 -> https://example.org/a" in notes(reading, "link")
        assert reading.members == [("BinData/1.bmp", made.bitmap())]
        assert reading.facts["author"] == "아무개"


def test_hwpml_in_utf_16_and_with_forms() -> None:
    form = (
        '<P><TEXT><CHECKBUTTON><FORMOBJECT><BUTTONSET Caption="동의" Value="Checked"/></FORMOBJECT>'
        "</CHECKBUTTON></TEXT></P><P><TEXT><EDIT><EDITTEXT>적은 값</EDITTEXT></EDIT></TEXT></P>"
        '<P><TEXT><TEXTART Text="글맵시"/><HOLOGRAM/></TEXT></P>'
    )
    content = made.hwpml(form).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    reading = read(content, "a.hml")
    assert all(said in whole(reading) for said in ("☑ 동의", "적은 값", "글맵시"))
    assert "hologram" in notes(reading, "unread")


def test_hwpml_that_is_unsafe_or_broken_is_refused() -> None:
    unsafe = made.hwpml().replace(
        b"<HWPML ", b'<!DOCTYPE HWPML SYSTEM "file:///etc/passwd"><HWPML '
    )
    assert "DTD" in half_read(unsafe, "a.hml")[1]
    assert "HWPML file is damaged" in half_read(made.hwpml()[:-30], "a.hml")[1]
    bomb = made.hwpml_picture(bytes(8 << 20))
    reading = read(made.hwpml(head=bomb[0], tail=bomb[1]), "a.hml")
    assert "expands too far" in notes(reading, "unread")


def test_hwp_3_is_read_with_its_tables_and_notes() -> None:
    reading = read(made.old_document(), "a.hwp")
    assert texts(reading, "paragraph") == [KOREAN, "본문"]
    assert texts(reading, "footnote") == ["각주의 글"]
    kept = rows(reading, "cells").select("row_no", "column_no", "text").rows()
    assert kept == [(1, 1, "가"), (1, 2, "1억 2천만")]
    assert reading.facts["title"] == "제목"
    assert "version 3" in notes(reading, "layout")


def test_hwp_3_tells_what_it_leaves_out_and_breaks_its_pages() -> None:
    tab = struct.pack("<4H", 9, 0, 0, 9)
    number = struct.pack("<4H", 18, 4, 7, 18)
    outline = struct.pack("<H", 28) + bytes(60) + struct.pack("<H", 28)
    said = [*made.old_units("채권(債權)※"), tab, number, outline, made.old_picture(), 0x2058]
    pages_ = made.old_paragraph(made.old_units("앞쪽뒤쪽"), [2])
    reading = read(made.hwp3(made.old_paragraph(said), pages_, packed=False), "a")
    assert pages(reading) == ["채권(債權)※\t7\N{REPLACEMENT CHARACTER}\n앞쪽", "뒤쪽"]
    told = notes(reading, "unread")
    assert all(what in told for what in ("an outline number", "a picture", "own fonts"))


def test_hwp_3_that_is_locked_old_or_cut_is_refused() -> None:
    assert "password" in half_read(made.hwp3(locked=True))[1]
    older = made.old_document().replace(b"V3.00", b"V2.10")
    assert "version 2.10" in half_read(older)[1]
    reading, why = half_read(
        made.hwp3(made.old_paragraph(made.old_units(KOREAN)), packed=False)[:-20]
    )
    assert KOREAN in whole(reading)
    assert "the part after the damage" in why


@pytest.mark.parametrize("sign", "가힣뷁※□【→①Ⅳ債權㈜")
def test_every_sign_of_hwp_3_comes_back(sign: str) -> None:
    (unit,) = made.old_units(sign)
    assert _character(unit) == sign
