"""RTF: its text (striprtf, BSD), and the packed form in which Outlook keeps bodies of mails."""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise

from striprtf.striprtf import rtf_to_text

from .compound import MAGIC, native_file, unwrap_object
from .reading import Damaged, GridCell, Page, Reading, Refused, clean, with_raised

# [MS-OXRTFCP] 2.1.2.1: the start of the window of 4,096 bytes
_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D  # LZFu, MELA


def decompress_rtf(content: bytes, most: int) -> bytes:
    """Unpack Outlook's compressed RTF by [MS-OXRTFCP].

    Raises Damaged if it is not such or breaks off, Refused if it has more than `most` bytes.
    """
    if len(content) < 16:
        raise Damaged("The RTF body of the mail is too short.")
    _, size, kind, _ = struct.unpack_from("<4I", content)
    if kind == _PLAIN:
        return content[16 : 16 + size]
    if kind != _PACKED:
        raise Damaged("The RTF body of the mail is packed in an unknown way.")
    if size > most:
        raise Refused(f"The RTF body of the mail expands to more than {most:,} bytes.")
    out = bytearray()
    try:
        for run in _runs(content):
            out += run
            if len(out) > most:
                raise Refused(f"The RTF body of the mail expands to more than {most:,} bytes.")
    except (IndexError, struct.error) as error:
        raise Damaged("The RTF body of the mail breaks off.") from error
    return bytes(out)


def _runs(content: bytes) -> Iterator[bytes]:
    """Yield single bytes, and runs that the window already contains."""
    window = bytearray(_BEGINNING.ljust(4096))
    at, place = len(_BEGINNING), 16
    while True:
        control, place = content[place], place + 1
        for bit in range(8):
            run = b""
            if control >> bit & 1:
                (token,) = struct.unpack_from(">H", content, place)
                place += 2
                if token >> 4 == at:
                    return
                # a run may reach into its own bytes
                for step in range((token & 15) + 2):
                    byte = window[((token >> 4) + step) % 4096]
                    window[(at + step) % 4096] = byte
                    run += bytes([byte])
            else:
                run, place = bytes([content[place]]), place + 1
                window[at] = run[0]
            at = (at + len(run)) % 4096
            yield run


def rtf_text(content: bytes) -> str:
    """Return the text of RTF, in the code page that it names."""
    _, body = _groups(content)
    found = rtf_to_text(body.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
    return str(found).translate(dict.fromkeys(map(ord, _CELL + _ROW + _BEGIN)))


# signs that are put before the ends of cells and rows, and at the beginning of rows
_CELL, _ROW, _BEGIN = "\ue000", "\ue001", "\ue002"
_SIGNED = ((rb"(?<!\\)\\cell(?![a-z])", rb"\\u-8192?\\cell"),
           (rb"(?<!\\)\\row(?![a-z])", rb"\\u-8191?\\row"),
           (rb"(?<!\\)\\trowd(?![a-z])", rb"\\u-8190?\\trowd"),
           (rb"(?<!\\)(\\super(?![a-z0-9])(?:\\[a-z]+-?\d*)*)[ \r\n]+([0-9]+)",
            rb"\1\\u-8189?\2\\u-8188?"),
           (rb"(?<!\\)(\\striked?1?(?![a-z0-9])(?:\\[a-z]+-?\d*)*)[ \r\n]+([^{}\\]+)",
            rb"\1\\u-8187?\2\\u-8187?"))  # fmt: skip
# groups that striprtf skips, and their kind of words
_ASIDE = {b"footnote": "footnote", b"annotation": "comment", b"shptxt": "paragraph",
          b"dptxbxtext": "paragraph", b"header": "header", b"headerl": "header",
          b"headerr": "header", b"headerf": "header", b"footer": "footer", b"footerl": "footer",
          b"footerr": "footer", b"footerf": "footer"}  # fmt: skip
_WANTED = {*_ASIDE, b"objdata", b"pict", b"nonshppict", b"fldinst", b"title", b"author"}
_OPENING = re.compile(rb"(?:\\\*)?\s*\\([a-z]+)")
_TOKENS = re.compile(rb"\\bin(\d{1,9}) ?|\\.|[{}]", re.DOTALL)
_DRAWN = re.compile(rb"\{\\sn gtextUNICODE\}\s*\{\\sv ([^{}]{1,4000})\}")
_LINK = re.compile(r'HYPERLINK\s+"?([^"\s\\]+)"?')
_HEAD = 4096  # bytes from the beginning that name code page and fonts
_PICTURES = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF8", "gif"))


def _groups(content: bytes) -> tuple[dict[bytes, list[bytes]], bytes]:
    """Return the groups that a word in `_WANTED` opens, by that word; and the rest, less pictures.

    striprtf takes the digits of some pictures for text, and loses the text after them.
    """
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    cut: list[tuple[int, int]] = []
    open_: list[tuple[bytes, int]] = []
    at = 0
    while token := _TOKENS.search(content, at):
        at = token.end() + int(token[1] or 0)
        if token[0] == b"{":
            word = _OPENING.match(content, token.end())
            open_.append((word[1] if word and word[1] in _WANTED else b"", token.start()))
        elif token[0] == b"}" and open_:
            name, start = open_.pop()
            if name:
                found.setdefault(name, []).append((start, content[start : token.end()]))
            if name == b"nonshppict":  # the same picture again, for older readers
                found[b"pict"] = [each for each in found.get(b"pict", []) if each[0] < start]
            if name in (b"pict", b"objdata", b"nonshppict"):
                while cut and cut[-1][0] > start:
                    cut.pop()
                cut.append((start, token.end()))
    bounds = pairwise([(0, 0), *cut, (len(content), 0)])
    kept = b"".join(content[end:start] for (_, end), (start, _) in bounds)
    plain = {name: [group for _, group in held] for name, held in found.items()}
    # a backslash in the text, spelled so that striprtf can't take it for the start of a picture
    return plain, re.sub(rb"\\(.)", lambda each: each[0] if each[1] != b"\\" else rb"\'5c", kept,
                         flags=re.DOTALL)  # fmt: skip


def read_rtf(content: bytes, reading: Reading) -> None:
    page = reading.page()
    groups, body = _groups(content)
    page_code = re.search(rb"\\ansicpg\d{1,5}", content[:_HEAD])
    head = b"\\rtf1\\ansi" + (page_code[0] if page_code else b"")
    fonts = re.search(rb"\{\\fonttbl(?:[^{}]|\{[^{}]*\})*\}", content[: 16 * _HEAD])
    before = head + (fonts[0] if fonts else b"")

    def said(group: bytes) -> str:
        # striprtf skips a group for the word that opens it
        return clean(rtf_text(b"{" + before + _OPENING.sub(b"", group[1:], count=1)))

    # automatic numbers are groups that striprtf passes over too
    body = re.sub(rb"(?<!\\)\\(?:pntext|listtext)(?![a-z])", b"", body)
    for old, new in _SIGNED:
        body = re.sub(old, new, body)
    marked = with_raised(str(rtf_to_text(body.decode("latin-1"), errors="replace")))  # type: ignore[no-untyped-call]
    _add(marked, page)
    for name, kind in _ASIDE.items():
        for group in groups.get(name, []):
            page.add(said(group), kind)
    for letters in _DRAWN.findall(content):  # such as a watermark
        page.add(said(b"{\\x " + letters + b"}"))
    for group in groups.get(b"fldinst", []):
        for target in _LINK.findall(group.decode("latin-1")):
            reading.link("", target, page.number)
    for fact, name in (("title", b"title"), ("author", b"author")):
        if name in groups and (text := said(groups[name][0])):
            reading.facts[fact] = text
    _objects(groups, reading)
    if groups.get(b"annotation"):
        reading.note("comment", f"{len(groups[b'annotation'])} comments.", page.number)
    for word, kind, what in (
        (rb"\\v(?![a-z0-9])", "hidden", "hidden text"),
        (rb"\\deleted(?![a-z])", "tracked", "text that is marked as deleted"),
    ):
        if re.search(rb"(?<!\\)" + word, content):
            told = f"The text contains {what}, which is read with the rest and not marked."
            reading.note(kind, told)


def _add(marked: str, page: Page) -> None:
    """Add paragraphs, and rows that follow each other as a table."""
    cells: list[GridCell] = []
    rows = 0
    for number, part in enumerate(marked.split(_BEGIN)):
        row, ended, rest = part.rpartition(_ROW) if number else ("", "", part)
        if ended or _CELL in part:
            rows += 1
            row, rest = (row, rest) if ended else (part, "")
            texts = row.split(_CELL + "|")
            rest = f"{texts[-1]}\n{rest}"  # the text after the last cell isn't a cell
            cells += [GridCell(rows, at, text.strip()) for at, text in enumerate(texts[:-1], 1)]
        if rest.strip(" |\n" + _CELL):
            page.add_grid(cells)
            cells, rows = [], 0
            plain = rest.replace(_CELL, "").replace(_ROW, "")
            for each in re.split(r"\n[ \t]*\n+", clean(plain)):
                page.add(each)
    page.add_grid(cells)


def _objects(groups: dict[bytes, list[bytes]], reading: Reading) -> None:
    """Add embedded objects and pictures, which are written in hexadecimal digits."""
    for group in groups.get(b"objdata", []):
        held = _hexadecimal(group)
        at = held.find(MAGIC)
        native = re.search(rb"Package\0", held[:64])
        try:
            if at >= 0:
                unwrap_object(f"object {len(reading.members) + 1}", held[at:], reading)
            elif native:
                # OLE 1.0: two empty names, a length, and then the same as in Ole10Native
                (size,) = struct.unpack_from("<I", held, native.end() + 8)
                inner = held[native.end() + 12 : native.end() + 12 + size]
                reading.member(*native_file(struct.pack("<I", size) + inner, "object"))
            else:
                reading.skip("an embedded object")
        except (Refused, struct.error) as error:
            reading.note("unread", f"An embedded object can't be read: {error}")
    for group in groups.get(b"pict", []):
        held = _hexadecimal(re.sub(rb"\{[^{}]*\}", b"", group[1:-1]))
        for start, ending in _PICTURES:
            if held.startswith(start):
                reading.member(f"picture {len(reading.members) + 1}.{ending}", held)
                break
        else:
            reading.skip("a picture in a format that is not read (WMF, EMF or DIB)")


def _hexadecimal(group: bytes) -> bytes:
    digits = re.sub(rb"\\[a-z]+-?\d* ?|\\\*|[{}]|[^0-9a-fA-F]", b"", group)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
