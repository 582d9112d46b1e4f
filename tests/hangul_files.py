"""Small Hangul documents of each kind, made for the tests: OWPML, HWPML, HWP 5 and HWP 3."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hwpx.hwp5.cfb import CompoundFile, build_compound_file
from PIL import Image

import specimens
from specimens import KOREAN

NAMES = (
    'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" '
    'xmlns:hs="http://www.hancom.co.kr/hwpml/2011/section" '
    'xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head" '
    'xmlns:hc="http://www.hancom.co.kr/hwpml/2011/core"'
)
# a page of A4, of which 70,000 units are for the text
SECTION = (
    '<hp:secPr outlineShapeIDRef="1"><hp:pagePr landscape="WIDELY" width="59528" height="84000">'
    '<hp:margin top="4000" bottom="4000" header="3000" footer="3000"/></hp:pagePr>{}</hp:secPr>'
)
PRINTED = "제1조(목적) 이 규정은"


def run(inside: str) -> str:
    return f'<hp:run charPrIDRef="0">{inside}</hp:run>'


def text(said: str) -> str:
    return run(f"<hp:t>{said}</hp:t>")


def paragraph(inside: str, lines: Iterable[tuple[int, int]] = (), **said: str) -> str:
    """A paragraph; `lines` are where each begins in the text, and where it stood on its page."""
    kept = "".join(
        f'<hp:lineseg textpos="{at}" vertpos="{top}" vertsize="1000" flags="393216"/>'
        for at, top in lines
    )
    attributes = {"paraPrIDRef": "0", "styleIDRef": "0", **said}
    stated = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    kept = f"<hp:linesegarray>{kept}</hp:linesegarray>" if kept else ""
    return f"<hp:p {stated}>{inside}{kept}</hp:p>"


def cells(*rows: Iterable[str], high: int = 1000) -> str:
    """Rows of a table, of cells of one paragraph each (or, from '<', of what is given)."""
    made = ""
    for row, said in enumerate(rows):
        made += "<hp:tr>"
        for column, each in enumerate(said):
            inside = each if each.startswith("<") else paragraph(text(each))
            made += (
                f'<hp:tc><hp:subList>{inside}</hp:subList><hp:cellAddr colAddr="{column}" '
                f'rowAddr="{row}"/><hp:cellSpan colSpan="1" rowSpan="1"/>'
                f'<hp:cellSz width="1000" height="{high}"/></hp:tc>'
            )
        made += "</hp:tr>"
    return made


def hwpx(*sections: str, head: str = "", more: dict[str, bytes] | None = None) -> bytes:
    """An HWPX document of sections of paragraphs."""
    parts = {
        "mimetype": b"application/hwp+zip",
        "Contents/content.hpf": b'<package xmlns="http://www.idpf.org/2007/opf/"/>',
        "Contents/header.xml": f"<hh:head {NAMES}>{head}</hh:head>".encode(),
    }
    for number, section in enumerate(sections):
        made = f"<hs:sec {NAMES}>{section}</hs:sec>"
        parts[f"Contents/section{number}.xml"] = made.encode()
    return specimens.archive(parts | (more or {}))


def streams_of(content: bytes) -> dict[str, bytes]:
    compound = CompoundFile(content)
    return {path: bytes(compound.read(path)) for path in compound.stream_paths()}


def compound(streams: dict[str, bytes]) -> bytes:
    return bytes(build_compound_file(streams.items()))


def flagged(streams: dict[str, bytes], bit: int) -> dict[str, bytes]:
    """Set one of the properties in the head of an HWP 5 file."""
    head = streams["FileHeader"]
    (flags,) = struct.unpack_from("<I", head, 36)
    return streams | {"FileHeader": head[:36] + struct.pack("<I", flags | 1 << bit) + head[40:]}


def previewed(streams: dict[str, bytes], said: str) -> dict[str, bytes]:
    return streams | {"PrvText": said.encode("utf-16-le")}


def scrambled(section: bytes, seed: int = 0x1234ABCD, asked: int = 3) -> bytes:
    """A section as a distribution document keeps it: its key mixed into 256 bytes before it."""
    key = hashlib.sha1(b"any").hexdigest().upper().encode("utf-16-le")
    place = 4 + (seed & 0xF)
    record = bytearray(256)
    record[:4] = struct.pack("<I", seed)
    record[place : place + 80] = key
    record[place + 80 : place + 82] = struct.pack("<H", asked)
    state, many, sign = seed, 0, 0
    for at in range(256):
        if not many:
            state = (state * 214013 + 2531011) & 0xFFFFFFFF
            sign = state >> 16 & 0xFF
            state = (state * 214013 + 2531011) & 0xFFFFFFFF
            many = (state >> 16 & 0xF) + 1
        if at >= 4:
            record[at] ^= sign
        many -= 1
    cipher = Cipher(algorithms.AES(key[:16]), modes.ECB()).encryptor()
    body = section + bytes(-len(section) % 16)
    return struct.pack("<I", 0x1C | 256 << 20) + bytes(record) + cipher.update(body)


def distribution() -> bytes:
    streams = flagged(streams_of(specimens.hangul_5()), 2)
    section = streams.pop("BodyText/Section0")
    return compound(streams | {"ViewText/Section0": scrambled(section)})


def bitmap() -> bytes:
    return specimens.saved(Image.new("RGB", (40, 20), "white"), "BMP")


def hwpml(body: str = "", head: str = "", tail: str = "") -> bytes:
    """An HWPML document: a paragraph, a table, a link, and what is given."""
    link = '<FIELDBEGIN Type="Hyperlink" Command="https\\://example.org/a;1;0;0;"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?><HWPML Version="2.91"><HEAD>'
        "<DOCSUMMARY><TITLE>송부</TITLE><AUTHOR>아무개</AUTHOR></DOCSUMMARY><MAPPINGTABLE>"
        '<NUMBERINGLIST><NUMBERING Id="1"><PARAHEAD Level="1" NumFormat="Digit" Start="1">제^1조'
        '</PARAHEAD></NUMBERING></NUMBERINGLIST><PARASHAPELIST><PARASHAPE Id="0"/>'
        '<PARASHAPE Id="1" HeadingType="Number" Heading="1" Level="0"/></PARASHAPELIST>'
        f"{head}</MAPPINGTABLE></HEAD><BODY><SECTION>"
        f'<P ParaShape="0"><TEXT><CHAR>{KOREAN}<TAB/>끝</CHAR></TEXT></P>'
        '<P ParaShape="1"><TEXT><CHAR>목적</CHAR></TEXT></P>'
        f"<P><TEXT>{link}</TEXT><TEXT><CHAR>누리집</CHAR></TEXT><TEXT><FIELDEND/></TEXT></P>"
        "<P><TEXT><TABLE RowCount='1'><SHAPEOBJECT><CAPTION><PARALIST><P><TEXT>"
        "<CHAR>예산 표</CHAR></TEXT></P></PARALIST></CAPTION></SHAPEOBJECT><ROW>"
        '<CELL ColAddr="0" RowAddr="0" ColSpan="2"><PARALIST><P><TEXT><CHAR>44억 원</CHAR></TEXT>'
        f"</P></PARALIST></CELL></ROW></TABLE></TEXT></P>{body}</SECTION></BODY>"
        f"<TAIL>{tail}</TAIL></HWPML>"
    ).encode()


def hwpml_picture(content: bytes) -> tuple[str, str]:
    """The head and tail of a document that holds a picture, packed."""
    packer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(packer.compress(content) + packer.flush()).decode()
    head = '<BINDATALIST><BINITEM Type="Embedding" BinData="1" Format="bmp"/></BINDATALIST>'
    tail = (
        f'<BINDATASTORAGE><BINDATA Id="1" Encoding="Base64" Compress="true" Size="1">{packed}'
        "</BINDATA></BINDATASTORAGE>"
    )
    return head, tail


def old_units(said: str) -> list[int]:
    """A text in HWP 3's codes: ASCII, Johab, Hanja along the rows of KS X 1001."""
    units = []
    for sign in said:
        if sign.isascii():
            units.append(ord(sign))
        elif "가" <= sign <= "힣":
            units.append(int.from_bytes(sign.encode("johab"), "big"))
        else:
            row, cell = sign.encode("euc_kr")
            hanja = row >= 0xCA
            units.append(
                0x4000 + (row - 0xCA) * 94 + cell - 0xA1
                if hanja
                else 0x3401 + (row - 0xA1) * 96 + cell - 0xA1
            )
    return units


def old_paragraph(units: list[int | bytes], breaks: Iterable[int] = ()) -> bytes:
    """A paragraph of HWP 3; bytes among its units are controls with what follows them."""
    sizes = {9: 4, 18: 4, 28: 32}
    many, body = 1, b""
    for unit in units:
        if isinstance(unit, bytes):
            many += sizes.get(unit[0], 4)
            body += unit
        else:
            many += 1
            body += struct.pack("<H", unit)
    lines = [struct.pack("<7H", at, 0, 0, 0, 0, 0, 0x8001) for at in breaks]
    lines = lines or [struct.pack("<7H", 0, 0, 0, 0, 0, 0, 0)]
    head = struct.pack("<BHHBBIB", 0, many, len(lines), 0, 0, 0, 0)
    return head + bytes(31 + 187) + b"".join(lines) + body + struct.pack("<H", 13)


END = struct.pack("<BHHBBIB", 0, 0, 0, 0, 0, 0, 0) + bytes(31)


def old_note(said: str) -> bytes:
    return struct.pack("<HIH", 17, 0, 17) + bytes(14) + old_paragraph(old_units(said)) + END


def old_table(*said: str) -> bytes:
    """A table of one row."""
    box = bytearray(84)
    struct.pack_into("<HH", box, 78, 0, len(said))
    places = b"".join(
        struct.pack("<8H11B", 0, 0, 1000 * at, 0, 1000, 500, 0, 0, *bytes(11))
        for at in range(len(said))
    )
    lists = b"".join(old_paragraph(old_units(each)) + END for each in said)
    return struct.pack("<HIH", 10, 0, 10) + bytes(box) + places + lists + END


def old_picture() -> bytes:
    return struct.pack("<HIH", 11, 0, 11) + bytes(348) + END


def hwp3(*paragraphs: bytes, packed: bool = True, locked: bool = False) -> bytes:
    info = bytearray(128)
    struct.pack_into("<H", info, 96, locked)
    info[124] = packed
    title = b"".join(struct.pack("<H", unit) for unit in old_units("제목"))
    body = struct.pack("<7H", *[0] * 7) + struct.pack("<H", 0) + b"".join(paragraphs) + END
    if packed:
        packer = zlib.compressobj(wbits=-15)
        body = packer.compress(body) + packer.flush()
    start = b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05"
    return start + bytes(info) + title.ljust(1008, b"\0") + body


def old_document() -> bytes:
    table: list[int | bytes] = [old_table("가", "1억 2천만")]
    note: list[int | bytes] = [*old_units("본문"), old_note("각주의 글")]
    return hwp3(old_paragraph(old_units(KOREAN)), old_paragraph(table), old_paragraph(note))


def nested() -> bytes:
    """An HWPX document with all that one walk must pass: tables in cells, notes, pages."""
    inner = f"<hp:tbl>{cells(('접수', '8월 1일'))}</hp:tbl>"
    outer = paragraph(text("앞 글")) + paragraph(run(inner)) + paragraph(text("뒤 글"))
    table = f"<hp:tbl>{cells((outer,))}</hp:tbl>"
    return hwpx(
        paragraph(run(SECTION.format("")) + text(PRINTED), [(0, 0)])
        + paragraph(run(table), [(0, 2000)])
        + paragraph(text("다음 쪽"), [(0, 0)])
    )


# as `specimens.MAKERS`: ending and maker
HANGUL = {
    "hml": hwpml,
    "hwp3": old_document,
    "distributed": distribution,
    "nested": nested,
}


def opened(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}
