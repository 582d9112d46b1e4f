"""Synthetic documents for the tests of ingest: nothing in them is anybody's."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import docx
import hwpx
import openpyxl
import pylopdf_fonts_ko
from docx.oxml import parse_xml
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont as TrueType
from fontTools.ttLib import newTable
from hwpx.hwp5.writer import write_hwp5
from openpyxl.comments import Comment
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

KOREAN = "법무부는 내국인 5,760만 건을 제공하였다"
ENGLISH = "SYNTHETIC SPECIMEN of a disclosed document"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
XXE = '<!DOCTYPE x [<!ENTITY leak SYSTEM "file:///etc/passwd">]>'


def font() -> str:
    """A registered font that has the Hangul of the tests' own files.

    reportlab embeds TrueType outlines only; the packaged font has PostScript ones.
    """
    if "ko" in pdfmetrics.getRegisteredFontNames():
        return "ko"
    here = Path(__file__).parent
    words = {char for file in here.glob("*.py") for char in file.read_text("utf-8")}
    packaged = Path(pylopdf_fonts_ko.__file__).parent / "NotoSansKR-Regular.otf"
    face = TrueType(packaged)
    chooser = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    chooser.populate(text="".join(words))
    chooser.subset(face)
    outlines, made = face.getGlyphSet(), {}
    for name in face.getGlyphOrder():
        pen = TTGlyphPen(None)
        outlines[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        made[name] = pen.glyph()
    face["loca"], face["glyf"] = newTable("loca"), newTable("glyf")
    face["glyf"].glyphOrder, face["glyf"].glyphs = face.getGlyphOrder(), made
    face["maxp"].tableVersion = 0x00010000
    for each in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxPoints",
                 "maxInstructionDefs", "maxStackElements", "maxSizeOfInstructions",
                 "maxComponentElements", "maxContours", "maxCompositePoints",
                 "maxCompositeContours", "maxComponentDepth"):  # fmt: skip
        setattr(face["maxp"], each, 1 if each == "maxZones" else 0)
    face["post"].formatType = 3.0
    del face["CFF "]
    face.sfntVersion = "\x00\x01\x00\x00"
    held = io.BytesIO()
    face.save(held)
    held.seek(0)
    pdfmetrics.registerFont(TTFont("ko", held))
    return "ko"


def pdf(
    draw: Callable[[canvas.Canvas], None] | None = None, pages: int = 1, **options: object
) -> bytes:
    held = io.BytesIO()
    page = canvas.Canvas(held, pagesize=A4, invariant=1, **options)
    page.setTitle("합성 문서")
    page.setAuthor("Nobody")
    for number in range(pages):
        page.setFont(font(), 12)
        if draw:
            draw(page)
        else:
            page.drawString(72, 770, ENGLISH)
            page.drawString(72, 700, f"{KOREAN}. ({number + 1})")
        page.showPage()
    page.save()
    return held.getvalue()


def redacted(page: canvas.Canvas) -> None:
    """An open line, a line with a box over one word, white text that stands on its box."""
    page.drawString(72, 700, "The contract was signed by Hong Gildong in May")
    x = 72 + page.stringWidth("The contract was signed by ", "ko", 12)
    wide = page.stringWidth("Hong Gildong", "ko", 12)
    page.setFillGray(0)
    page.rect(x - 1, 696, wide + 2, 14, fill=1, stroke=0)
    page.rect(72, 600, 200, 20, fill=1, stroke=0)
    page.setFillGray(1)
    page.drawString(76, 605, "White heading on black")


def ruled(page: canvas.Canvas) -> None:
    page.drawString(72, 720, "표 1. 제공 건수")
    page.grid([72, 172, 272, 372], [600, 630, 660, 690])
    for row, texts in enumerate((("연도", "내국인", "외국인"), ("2020", "5,760만", "1억 2천만"))):
        for column, text in enumerate(texts):
            page.drawString(76 + 100 * column, 670 - 30 * row, text)
    page.drawString(72, 560, "표 아래의 문장이다.")


def word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "합성 문서"
    document.core_properties.author = "Nobody"
    document.add_heading("추진 경과", 1)
    paragraph = document.add_paragraph(KOREAN)
    body = paragraph._p
    body.append(parse_xml(f'<w:ins {W} w:id="1" w:author="Editor" w:date="2021-10-20T09:00:00Z"><w:r><w:t xml:space="preserve"> 추가된 말</w:t></w:r></w:ins>'))  # fmt: skip # noqa: E501
    body.append(parse_xml(f'<w:del {W} w:id="2" w:author="Editor" w:date="2021-10-20T09:00:00Z"><w:r><w:delText>지워진 말</w:delText></w:r></w:del>'))  # fmt: skip # noqa: E501
    body.append(parse_xml(f"<w:r {W}><w:rPr><w:vanish/></w:rPr><w:t>숨은 말</w:t></w:r>"))
    document.add_paragraph("목록", style="List Bullet")
    document.add_comment(paragraph.runs, "확인 필요", author="Reviewer")
    table = document.add_table(2, 3)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "합친 칸"
    table.cell(1, 2).text = "1억 2천만"
    return saved(document)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "제공"
    for row in (["연도", "건수", "메모"], [2020, 57600000, "보임"], [2021, 1.5, "숨은 열"]):
        sheet.append(row)
    sheet["A4"] = "=SUM(B2:B3)"
    sheet["A1"].comment = Comment("단위 확인", "Reviewer")
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[3].hidden = True
    other = book.create_sheet("비공개")
    other["B2"] = "숨은 시트의 값"
    other.sheet_state = "hidden"
    return saved(book)


@cache
def _hangul() -> hwpx.HwpxDocument:
    document = hwpx.HwpxDocument.new()
    document.add_paragraph(KOREAN)
    document.add_paragraph("둘째 문단이다. 정보주체의 동의 없이 이용하였다.")
    table = document.add_table(2, 2)
    table.set_cell_text(0, 0, "가나다")
    table.set_cell_text(1, 1, "1억 2천만")
    return document


def hangul_x() -> bytes:
    return bytes(_hangul().to_bytes())


def hangul_5() -> bytes:
    """HWP 5, by python-hwpx's writer."""
    with zipfile.ZipFile(io.BytesIO(hangul_x())) as parts:
        return bytes(write_hwp5({name: parts.read(name) for name in parts.namelist()}))


def mail(attachments: tuple[tuple[str, bytes], ...] = (("붙임.txt", b"attached text"),)) -> bytes:
    message = EmailMessage()
    message["From"] = "김아무개 <someone@example.org>"
    message["To"] = "other@example.org"
    message["Date"] = "Wed, 20 Oct 2021 10:15:00 +0900"
    message["Subject"] = "자료 송부"
    message.set_content(f"{KOREAN}\n\n둘째 문단")
    for name, content in attachments:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message.as_bytes()


def page() -> bytes:
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>합성 문서</title>
<meta name="author" content="Nobody"></head><body><h1>제목</h1><p>{KOREAN} <b>굵은</b> 말</p>
<p style="display: none">숨은 말</p><!-- 주석 속의 말 --><script>var x = "no text";</script>
<img src="http://127.0.0.1:9/track.gif"><ul><li>하나</li><li>둘</li></ul>
<table><caption>표</caption><tr><th rowspan=2>가</th><td>나</td></tr><tr><td>다</td></tr></table>
</body></html>""".encode()


def saved(document: Any, *form: str) -> bytes:
    """The bytes of what has a method `save`: a picture, a workbook, a Word document."""
    held = io.BytesIO()
    document.save(held, *form)
    return held.getvalue()


def picture() -> bytes:
    return saved(Image.new("RGB", (60, 40), "white"), "PNG")


def archive(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return held.getvalue()


def replaced(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """A zip-based document with a change in one part."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        held = {name: file.read(name) for name in file.namelist()}
    assert old in held[part]
    return archive(held | {part: held[part].replace(old, new, 1)})


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file ([MS-CFB] version 3) whose streams are all of 4096 bytes or more.

    Streams are named by path; short ones are padded with NUL, so that no mini stream is needed.
    """
    tree: dict[str, object] = {}
    for path, content in streams.items():
        *folders, name = path.split("/")
        at = tree
        for each in folders:
            at = at.setdefault(each, {})  # type: ignore[assignment]
        at[name] = content.ljust(4096, b"\0")
    entries: list[dict[str, object]] = [{"name": "Root Entry", "kind": 5}]

    def add(level: dict[str, object], owner: int) -> None:
        last = -1
        for name in sorted(level, key=lambda n: (len(n), n.upper())):
            number = len(entries)
            held = level[name]
            entries.append({"name": name, "kind": 1 if isinstance(held, dict) else 2})
            # siblings hang in a chain, each the right child of the one before
            entries[owner if last < 0 else last]["child" if last < 0 else "right"] = number
            last = number
            if isinstance(held, dict):
                add(held, number)
            else:
                entries[number]["data"] = held

    add(tree, 0)
    sectors: list[bytes] = []
    chain: list[int] = []

    def put(content: bytes) -> int:
        start = len(sectors)
        pieces = [content[i : i + 512].ljust(512, b"\0") for i in range(0, len(content), 512)]
        for i, piece in enumerate(pieces):
            sectors.append(piece)
            chain.append(start + i + 1 if i + 1 < len(pieces) else 0xFFFFFFFE)
        return start

    for entry in entries:
        if "data" in entry:
            entry["start"], entry["size"] = put(entry["data"]), len(entry["data"])  # type: ignore[arg-type]
    records = b""
    for entry in entries:
        name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
        records += struct.pack(
            "<64sHBBIII16sIQQIQ", name, len(name), entry["kind"], 1, 0xFFFFFFFF,
            entry.get("right", 0xFFFFFFFF), entry.get("child", 0xFFFFFFFF), b"", 0, 0, 0,
            entry.get("start", 0xFFFFFFFE), entry.get("size", 0),
        )  # fmt: skip
    directory = put(records)
    fat = len(sectors)
    many = 1
    while many * 128 < fat + many:
        many += 1
    table = chain + [0xFFFFFFFD] * many
    table += [0xFFFFFFFF] * (many * 128 - len(table))
    body = b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)
    head = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        b"", 0, many, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    places = [fat + i for i in range(many)] + [0xFFFFFFFF] * (109 - many)
    return head + struct.pack("<109I", *places) + body


def outlook() -> bytes:
    """An Outlook message with a Korean subject, a body, a time of sending and an attachment."""
    ticks = 132_791_661_000_000_000  # 2021-10-20T01:15:00Z
    times = b"\0" * 32 + struct.pack("<HHIQ", 0x40, 0x39, 0, ticks)
    text = lambda words: words.encode("utf-16-le")  # noqa: E731
    return compound(
        {
            "__properties_version1.0": times,
            "__substg1.0_0037001F": text("자료 송부"),
            "__substg1.0_0C1A001F": text("김아무개"),
            "__substg1.0_0C1F001F": text("someone@example.org"),
            "__substg1.0_0E04001F": text("other"),
            "__substg1.0_1000001F": text(KOREAN),
            "__attach_version1.0_#00000000/__substg1.0_3707001F": text("붙임.txt"),
            "__attach_version1.0_#00000000/__substg1.0_37010102": b"attached text " * 300,
        }
    )


def biff_record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def biff_begin(kind: int) -> bytes:
    """The record that begins a workbook (5), a sheet (16) or a chart (32)."""
    return biff_record(0x809, struct.pack("<HHHHII", 0x600, kind, 0x0DBB, 0x07CC, 0, 6))


def old_book(head: bytes, sheet: bytes) -> bytes:
    """XLS: a workbook's records `head`, and the records of its one sheet, called S."""
    at = len(biff_begin(5) + head) + 4 + 9 + 4
    name = biff_record(0x85, struct.pack("<IBBBB", at, 0, 0, 1, 0) + b"S")
    sheet = biff_begin(0x10) + sheet + biff_record(0x0A)
    return biff_begin(5) + head + name + biff_record(0x0A) + sheet


def old_workbook(*results: float) -> bytes:
    """XLS in BIFF8 ([MS-XLS]): an open sheet with a word and a number, a hidden one.

    `results` are what formulas below the number, each 1+1, last gave by the file's word.
    """

    record, begin = biff_record, biff_begin

    def label(row: int, column: int, text: str) -> bytes:
        held = struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le")
        return record(0x204, held)

    sum_ = bytes([0x1E, 1, 0, 0x1E, 1, 0, 0x03])
    sheets = [
        begin(0x10)
        + label(2, 1, "건수")
        + record(0x203, struct.pack("<HHHd", 2, 2, 0, 57600000))
        + b"".join(
            record(0x06, struct.pack("<HHHdHIH", row, 2, 0, result, 0, 0, len(sum_)) + sum_)
            for row, result in enumerate(results, 3)
        )
        + record(0x0A),
        begin(0x10) + label(0, 0, "숨은 값") + record(0x0A),
    ]
    names = (("Open", 0), ("Shut", 1))
    size = len(begin(5)) + sum(4 + 8 + len(name) for name, _ in names) + 4
    globals_, at = begin(5), size
    for (name, state), sheet in zip(names, sheets, strict=True):
        globals_ += record(0x85, struct.pack("<IBBBB", at, state, 0, len(name), 0) + name.encode())
        at += len(sheet)
    return compound({"Workbook": globals_ + record(0x0A) + b"".join(sheets)})


MAKERS: dict[str, Callable[[], bytes]] = {
    "pdf": pdf,
    "docx": word,
    "xlsx": workbook,
    "xls": old_workbook,
    "hwpx": hangul_x,
    "hwp": hangul_5,
    "eml": mail,
    "msg": outlook,
    "html": page,
    "txt": KOREAN.encode,
    "csv": lambda: "연도,건수\n2020,5760만\n".encode("cp949"),
    "png": picture,
    "zip": lambda: archive({"속/안.txt": KOREAN.encode(), "b.html": page()}),
}

import office_specimens  # noqa: E402, F401  (it adds its kinds to MAKERS)
