"""Office documents, mailboxes and archives that these tests write themselves, byte by byte."""

# ruff: noqa: E501 - parts of documents are easier to read whole

from __future__ import annotations

import binascii
import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime

import specimens

KOREAN = specimens.KOREAN
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def relations(
    *related: tuple[str, str, str], outside: tuple[tuple[str, str, str], ...] = ()
) -> bytes:
    """A part of relations: id, kind and target each."""
    rows = [f'<Relationship Id="{i}" Type="{_KIND}{k}" Target="{t}"/>' for i, k, t in related]
    rows += [
        f'<Relationship Id="{i}" Type="{_KIND}{k}" Target="{t}" TargetMode="External"/>'
        for i, k, t in outside
    ]
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(rows)
        + "</Relationships>"
    ).encode()


def letter(body: str, parts: dict[str, bytes] | None = None) -> bytes:
    """A DOCX with this body; 'w:' is Word's namespace, 'r:' that of relations."""
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/"
    document = (
        f'<w:document {_W} {_R} {_A} xmlns:c="{drawing}chart" xmlns:dgm="{drawing}diagram" '
        'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        f"<w:body>{body}</w:body></w:document>"
    )
    return specimens.archive({"word/document.xml": document.encode()} | (parts or {}))


def chart(title: str = "조회 건수") -> bytes:
    c = "http://schemas.openxmlformats.org/drawingml/2006/chart"
    points = "".join(f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate((0.256, 0.5)))
    years = "".join(f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate((2020, 2021)))
    return (
        f'<c:chartSpace xmlns:c="{c}" {_A}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>{title}'
        "</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser><c:tx>"
        '<c:strRef><c:strCache><c:pt idx="0"><c:v>내국인</c:v></c:pt></c:strCache></c:strRef></c:tx>'
        f"<c:cat><c:strRef><c:strCache>{years}</c:strCache></c:strRef></c:cat><c:val><c:numRef>"
        f"<c:numCache><c:formatCode>0.0%</c:formatCode>{points}</c:numCache></c:numRef></c:val>"
        "</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"
    ).encode()


def smart_art(*texts: str) -> bytes:
    points = "".join(
        f"<dgm:pt><dgm:t><a:p><a:r><a:t>{each}</a:t></a:r></a:p></dgm:t></dgm:pt>" for each in texts
    )
    return (
        f'<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" {_A}>'
        f"<dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>"
    ).encode()


def slides(
    *shapes: str,
    hidden: bool = False,
    more: dict[str, bytes] | None = None,
    related: bytes | None = None,
) -> bytes:
    """A PPTX, each slide of these shapes."""
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n, _ in enumerate(shapes, 1))
    held = {
        "ppt/presentation.xml": f"<p:presentation {_P} {_R}><p:sldIdLst>{ids}</p:sldIdLst>"
        "</p:presentation>".encode(),
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"r{n}", "slide", f"slides/slide{n}.xml") for n, _ in enumerate(shapes, 1))
        ),
    }
    for number, shape in enumerate(shapes, 1):
        show = ' show="0"' if hidden and number == len(shapes) else ""
        held[f"ppt/slides/slide{number}.xml"] = (
            f"<p:sld {_P} {_A} {_R}{show}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>"
        ).encode()
        if related:
            held[f"ppt/slides/_rels/slide{number}.xml.rels"] = related
    return specimens.archive(held | (more or {}))


def shape(*paragraphs: str, kind: str = "") -> str:
    """A shape with paragraphs of DrawingML, or of plain text."""
    holder = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    rows = "".join(
        each if each.startswith("<") else f"<a:p><a:r><a:t>{each}</a:t></a:r></a:p>"
        for each in paragraphs
    )
    return f"<p:sp>{holder}<p:txBody>{rows}</p:txBody></p:sp>"


def old_letter(
    text: str = f"제목\n{KOREAN}\n",
    asides: tuple[str, ...] = (),
    looks: tuple[tuple[int, str], ...] = (),
) -> bytes:
    """A DOC ([MS-DOC]): its head, the text in one piece, and the tables that describe it.

    `asides` are the parts after the main text, in their order; `looks` properties of words in it.
    """
    body = (text + "".join(asides)).replace("\n", "\r").encode("utf-16-le")
    many = len(body) // 2
    pieces = struct.pack("<IIHIH", 0, many, 0, 0x800, 0)
    table = b"\2" + struct.pack("<I", len(pieces)) + pieces
    places = [(0, 0)] * 93
    places[33] = (0, len(table))
    runs = bytearray(512)
    bounds, offset = [0x800], 511
    for code, words in sorted(looks, key=lambda each: text.index(each[1])):
        begin = 0x800 + 2 * text.index(words)
        bounds += [begin, begin + 2 * len(words)]
        offset = (offset - 4) // 2 * 2
        runs[offset : offset + 4] = struct.pack("<BHB", 3, code, 1)
        runs[4 * (2 * len(looks) + 2) + len(bounds) - 2] = offset // 2
    bounds.append(0x800 + len(body))
    struct.pack_into(f"<{len(bounds)}I", runs, 0, *bounds)
    runs[511] = len(bounds) - 1
    sheet = (0x800 + len(body) + 511) // 512
    places[12] = (len(table), 12)
    table += struct.pack("<3I", bounds[0], bounds[-1], sheet)
    head = struct.pack("<HHHHHHHI14x", 0xA5EC, 0xC1, 0, 0x412, 0, 0x200, 0xBF, 0)
    sizes = [*map(len, (text, *asides)), *[0] * 8][:8]
    counts = [0x800 + len(body), 0, 0, *sizes, *[0] * 11]
    head += struct.pack("<H28xH22i", 14, 22, *counts)
    head += struct.pack("<H", 93) + b"".join(struct.pack("<II", *each) for each in places)
    stream = (head.ljust(0x800, b"\0") + body).ljust(512 * sheet, b"\0") + runs
    return specimens.compound({"WordDocument": stream, "1Table": table})


def old_slides(*texts: str, notes: str = "", comment: tuple[str, str] | None = None) -> bytes:
    """A PPT ([MS-PPT]) with a box of text on each slide; the last is hidden if it has notes."""

    def record(kind: int, body: bytes, version: int = 0) -> bytes:
        return struct.pack("<HHI", version, kind, len(body)) + body

    def boxed(text: str) -> bytes:
        box = record(0xF9F, bytes(4)) + record(0xFA0, text.encode("utf-16-le"))
        drawn = record(0xF00A, struct.pack("<II", 1, 0xA00), 2) + record(0xF00D, box, 15)
        group = record(0xF002, record(0xF003, record(0xF004, drawn, 15), 15), 15)
        return record(0x40C, group, 15)

    listed = b"".join(
        record(0x3F3, struct.pack("<5I", n + 2, 0, 0, 256 + n, 0)) for n, _ in enumerate(texts)
    )
    stream = record(0x3E8, record(0x3E9, bytes(40), 1) + record(0xFF0, listed, 15), 15)
    places = [0]
    for number, text in enumerate(texts, 1):
        places.append(len(stream))
        more = b""
        if notes and number == len(texts):
            more += record(0x3F9, struct.pack("<IIBBHBBH", 0, 0, 0, 0, 4, 0, 0, 0))
        if comment and number == 1:
            strings = [record(0xFBA, each.encode("utf-16-le"), turn << 4)
                       for turn, each in enumerate(comment)]  # fmt: skip
            held = record(0x138B, record(0x2EE0, b"".join(strings), 15))
            more += record(0x1388, record(0x138A, held, 15), 15)
        stream += record(0x3EE, record(0x3EF, bytes(24), 2) + boxed(text) + more, 15)
    if notes:
        places.append(len(stream))
        about = record(0x3F1, struct.pack("<IHH", 255 + len(texts), 0, 0), 1)
        stream += record(0x3F0, about + boxed(notes), 15)
    at = len(stream)
    stream += record(0x1772, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places))
    edit = len(stream)
    stream += record(0xFF5, struct.pack("<IHBBIIIIHH", 256, 0, 0, 3, 0, at, 1, 99, 1, 0))
    user = record(0xFF6, struct.pack("<IIIHHBBHI", 20, 0xE391C05F, edit, 0, 0x3F4, 3, 0, 0, 8))
    return specimens.compound({"PowerPoint Document": stream, "Current User": user})


def binary_workbook() -> bytes:
    """An XLSB ([MS-XLSB]) whose cells have formats, with a hidden row, an error, a comment, a head."""

    def record(kind: int, body: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, rest = b"", len(body)
        while rest > 0x7F:
            size, rest = size + bytes([rest & 0x7F | 0x80]), rest >> 7
        return number + size + bytes([rest]) + body

    def said(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(kind: int, form: int, value: bytes) -> bytes:
        return record(kind, struct.pack("<II", 0, form) + value)

    def row(number: int, hidden: int = 0) -> bytes:
        return record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, hidden << 4, 0, 0))

    styles = record(278) + record(615, struct.pack("<I", 1))
    styles += record(44, struct.pack("<H", 164) + said("0.0%")) + record(616)
    styles += record(617, struct.pack("<I", 2))
    styles += b"".join(record(47, struct.pack("<HH12x", 0, form)) for form in (0, 164))
    workbook = record(131) + record(153, bytes(12)) + record(143)
    workbook += record(156, struct.pack("<II", 0, 1) + said("rId1") + said("비율"))
    workbook += record(144) + record(157, bytes(26)) + record(132)
    sheet = record(129) + record(148, struct.pack("<4I", 0, 2, 0, 0)) + record(145)
    sheet += (
        row(0) + cell(5, 1, struct.pack("<d", 0.256)) + row(1, 1) + cell(5, 0, struct.pack("<d", 7))
    )
    sheet += row(2) + cell(3, 0, b"\x07") + record(146)
    none = struct.pack("<i", -1)
    sheet += record(479, bytes(2) + said("&L대외비&R&P") + none * 5) + record(130)
    comment = record(637, b"\0" + said(KOREAN))
    related = {
        "xl/worksheets/_rels/sheet1.bin.rels": relations(("c", "comments", "../comments1.bin"))
    }
    return specimens.archive({
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.bin": workbook, "xl/styles.bin": styles + record(618) + record(279),
        "xl/_rels/workbook.bin.rels": relations(("rId1", "worksheet", "worksheets/sheet1.bin")),
        "xl/worksheets/sheet1.bin": sheet, "xl/comments1.bin": comment,
    } | related)  # fmt: skip


_OPEN = "urn:oasis:names:tc:opendocument:xmlns:"


def open_document(
    kind: str,
    body: str,
    styles: str = "",
    parts: dict[str, bytes] | None = None,
    suffix: str = "text",
) -> bytes:
    """An OpenDocument file whose body is of this kind (text, spreadsheet, presentation)."""
    names = " ".join(
        f'xmlns:{n}="{_OPEN}{n}:1.0"' for n in ("office", "text", "table", "style", "draw")
    )
    names += (
        ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    content = (
        f"<office:document-content {names}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    named = f"application/vnd.oasis.opendocument.{suffix}".encode()
    return specimens.archive({"mimetype": named, "content.xml": content.encode()} | (parts or {}))


def mailbox() -> bytes:
    first = specimens.mail().replace(b"\n\n", b"\n\n>From the beginning\n", 1)
    return (
        b"From a@example.org Wed Oct 20 10:15:00 2021\n"
        + first
        + (b"\nFrom b@example.org Thu Oct 21 10:15:00 2021\n" + specimens.mail(()))
    )


def outlook_store(subject: str = "\x01\x01자료 송부") -> bytes:
    """A PST ([MS-PST], Unicode, not encrypted) with a folder, and in it one mail and its file."""
    word = lambda text: text.encode("utf-16-le")  # noqa: E731
    ticks = int(
        (
            datetime(2021, 10, 20, 1, 15, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
        ).total_seconds()
        * 10_000_000
    )
    person = {0x3001: word("받는 이"), 0x39FE: word("other@example.org")}
    blocks: dict[int, bytes] = {}
    nodes: list[tuple[int, int, int, int]] = []

    def block(content: bytes, inner: bool = False) -> int:
        number = 4 * (len(blocks) + 1) | (2 if inner else 0)
        blocks[number] = content
        return number

    def heap(items: list[bytes], kind: int) -> bytes:
        """A heap with these items, the first of which is its root."""
        places, body = [], b""
        for item in items:
            places.append(12 + len(body))
            body += item
        places.append(12 + len(body))
        table = struct.pack(f"<HH{len(places)}H", len(items), 0, *places)
        return struct.pack("<HBBII", 12 + len(body), 0xEC, kind, 0x20, 0) + body + table

    def properties(held: dict[int, tuple[int, bytes]]) -> bytes:
        rows, items = b"", []
        for tag, (kind, value) in sorted(held.items()):
            if kind == 3:
                rows += struct.pack("<HH4s", tag, kind, value)
            else:
                items.append(value)
                rows += struct.pack("<HHI", tag, kind, (len(items) + 2) << 5)
        root = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0x40)
        return heap([root, rows, *items], 0xBC)

    file = block(
        properties(
            {
                0x3701: (0x102, b"attached text"),
                0x3707: (0x1F, word("붙임.txt")),
                0x3705: (3, struct.pack("<I", 1)),
            }
        )
    )
    columns = [(0x1F, 0x3001, 4, 4, 0), (0x1F, 0x39FE, 8, 4, 1), (3, 0x0C15, 0, 4, 2)]
    table = struct.pack("<BB4HIII", 0x7C, len(columns), 12, 12, 12, 13, 0, 0x40, 0)
    table += b"".join(struct.pack("<HHHBB", *each) for each in columns)
    row = struct.pack("<III", 3, 0x60, 0x80) + b"\xe0"
    people = block(heap([table, row, person[0x3001], person[0x39FE]], 0x7C))
    within = struct.pack("<BBHI", 2, 0, 2, 0) + struct.pack(
        "<6Q", 0x692, people, 0, 0x8025, file, 0
    )
    mail = block(
        properties(
            {
                0x0037: (0x1F, word(subject)),
                0x1000: (0x1F, word(KOREAN)),
                0x0C1A: (0x1F, word("김, 아무개")),
                0x5D01: (0x1F, word("someone@example.org")),
                0x0039: (0x40, struct.pack("<Q", ticks)),
            }
        )
    )
    nodes.append((0x200024, mail, block(within, inner=True), 0x8022))
    nodes.append((0x8022, block(properties({0x3001: (0x1F, word("받은 편지함"))})), 0, 0x122))
    return _store(blocks, sorted(nodes))


def _store(blocks: dict[int, bytes], nodes: list[tuple[int, int, int, int]]) -> bytes:
    body, places = b"", {}
    for number, content in blocks.items():
        places[number] = 0x1000 + len(body)
        body += content.ljust(-(-len(content) // 64) * 64, b"\0")

    def page(entries: list[bytes]) -> bytes:
        size = len(entries[0])
        held = b"".join(entries).ljust(488, b"\0")
        return (held + struct.pack("<4B", len(entries), 488 // size, size, 0)).ljust(512, b"\0")

    node = page([struct.pack("<3QII", n, data, sub, parent, 0) for n, data, sub, parent in nodes])
    index = page([struct.pack("<QQHHI", n, places[n], len(c), 2, 0) for n, c in blocks.items()])
    head = bytearray(0x1000)
    head[:12] = b"!BDN" + bytes(4) + b"SM" + struct.pack("<H", 23)
    struct.pack_into("<QQQQ", head, 216, 1, 0x1000 + len(body), 2, 0x1200 + len(body))
    return bytes(head) + body + node + index


def tar(members: dict[str, bytes], mode: str = "w:gz", codec: str = "utf-8") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode, encoding=codec, format=tarfile.GNU_FORMAT) as file:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            file.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def seven(members: dict[str, bytes]) -> bytes:
    """A 7z whose members are stored as they are."""
    packed = b"".join(members.values())
    sizes = [len(each) for each in members.values()]

    def count(value: int) -> bytes:
        return bytes([value]) if value < 0x80 else bytes([0x80 | value >> 8, value & 0xFF])

    names = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in members)
    head = b"\1\4\6" + count(0) + count(1) + b"\x09" + count(len(packed)) + b"\0"
    head += b"\7\x0b" + count(1) + b"\0" + count(1) + b"\1\0" + b"\x0c" + count(len(packed)) + b"\0"
    head += b"\x08\x0d" + count(len(members))
    head += (b"\x09" + b"".join(map(count, sizes[:-1])) if len(members) > 1 else b"") + b"\0\0"
    head += b"\5" + count(len(members)) + b"\x11" + count(len(names)) + names + b"\0\0"
    start = struct.pack("<QQI", len(packed), len(head), binascii.crc32(head))
    return (
        b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", binascii.crc32(start)) + start + packed + head
    )


def rar(members: dict[str, bytes]) -> bytes:
    """A RAR 5 whose members are stored as they are."""

    def number(value: int) -> bytes:
        out = b""
        while value >= 0x80:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def block(body: bytes, data: bytes = b"") -> bytes:
        sized = number(len(body)) + body
        return struct.pack("<I", zlib.crc32(sized)) + sized + data

    out = b"Rar!\x1a\x07\1\0" + block(number(1) + number(0) + number(0))
    for name, content in members.items():
        held = name.encode()
        fields = [2, 2, len(content), 4, len(content), 0o100644]
        body = b"".join(map(number, fields)) + struct.pack("<I", zlib.crc32(content))
        body += number(0) + number(1) + number(len(held)) + held
        out += block(body, content)
    return out + block(number(5) + number(0) + number(0))


def winmail(subject: str, body: str, files: dict[str, bytes]) -> bytes:
    """A winmail.dat ([MS-OXTNEF]); its files have a short name too, as of DOS."""

    def attribute(level: int, kind: int, held: bytes) -> bytes:
        head = struct.pack("<BII", level, kind, len(held))
        return head + held + struct.pack("<H", sum(held) & 0xFFFF)

    def text(number: int, words: str) -> bytes:
        held = words.encode("utf-16-le") + bytes(2)
        return struct.pack("<HHII", 0x1F, number, 1, len(held)) + held + bytes(-len(held) % 4)

    named = struct.pack("<HH16xIII", 3, 0x8001, 0, 7, 9)  # a named property, a number
    message = struct.pack("<I", 3) + text(0x37, subject) + named + text(0x1000, body)
    content = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x69003, message)
    for number, (name, held) in enumerate(files.items(), 1):
        content += attribute(2, 0x69002, bytes(14))
        content += attribute(2, 0x18010, f"FILE~{number}.TXT\0".encode())
        content += attribute(2, 0x6800F, held)
        content += attribute(2, 0x69005, struct.pack("<I", 1) + text(0x3707, name))
    return content


MORE: dict[str, Callable[[], bytes]] = {
    "doc": old_letter,
    "ppt": lambda: old_slides("첫 장", KOREAN),
    "pptx": lambda: slides(shape("제목", kind="title") + shape(KOREAN)),
    "odt": lambda: open_document("text", f"<text:h>제목</text:h><text:p>{KOREAN}</text:p>"),
    "odp": lambda: open_document(
        "presentation",
        '<draw:page draw:name="1"><draw:frame><draw:text-box>'
        f"<text:p>{KOREAN}</text:p></draw:text-box></draw:frame></draw:page>",
        suffix="presentation",
    ),
    "xlsb": binary_workbook,
    "dat": lambda: winmail("제목", KOREAN, {"붙임 자료.txt": "붙임의 글".encode()}),
    "mbox": mailbox,
    "pst": outlook_store,
    "tgz": lambda: tar({"속/안.txt": KOREAN.encode(), "b.html": specimens.page()}),
    "7z": lambda: seven({"속/안.txt": KOREAN.encode(), "b.html": specimens.page()}),
    "rar": lambda: rar({"속/안.txt": KOREAN.encode(), "b.html": specimens.page()}),
}
specimens.MAKERS.update(MORE)
