"""DOC and PPT, the binary formats of Word and PowerPoint 97 to 2003, by undoc.

undoc gives the text in its order with tables; the file's own head ([MS-DOC] 2.5.4) counts the
characters of every part, so each part that undoc leaves out is reported.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

from .compound import embedded_objects, inflate_object, open_compound, stream_bytes, unwrap_object
from .protected import LOCKED
from .reading import Damaged, GridCell, Page, Reading, Refused

# offsets of the counts of each part's characters in the head of a DOC, 4 bytes each
_COUNTS = ((4, "footnotes"), (5, "headers and footers"), (7, "comments"), (8, "endnotes"),
           (9, "text boxes"), (10, "text boxes in headers"))  # fmt: skip
_PICTURES = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"II*\0", "tif"), (b"GIF8", "gif"))
_OBJECT = 0x1011  # a record of PPT that contains an embedded object


def read_doc(content: bytes, reading: Reading) -> None:
    """Read Word's DOC. Raises Refused if undoc can't open it."""
    with open_compound(content) as ole:
        document = _opened(content)
        page = reading.page()
        for section in _sections(document, reading):
            _content(section.get("content", []), page, reading)
        _tell_counts(stream_bytes(ole, "WordDocument"), page, reading)
        _pictures(document, reading)
        embedded_objects(ole, reading)
        if ole.exists("Macros") or ole.exists("_VBA_PROJECT_CUR"):
            reading.skip("macros")


def read_ppt(content: bytes, reading: Reading) -> None:
    """Read PowerPoint's PPT, each slide as a page. Raises Refused if undoc can't open it."""
    with open_compound(content) as ole:
        document = _opened(content)
        for section in _sections(document, reading):
            _content(section.get("content", []), reading.page(label=section.get("name")), reading)
        for flags, kind, held in _records(stream_bytes(ole, "PowerPoint Document")):
            if kind == _OBJECT:
                _object(flags >> 4 & 0xFF == 1, held, reading)
        if ole.exists("Pictures"):
            _drawn(stream_bytes(ole, "Pictures"), reading)
    reading.note("unread", "Of PPT, tables and charts are not distinguished from other text, and "
                 "comments, speaker's notes and hidden slides may be missing.")  # fmt: skip


def _opened(content: bytes) -> Any:
    import undoc  # type: ignore[import-untyped]

    try:
        return undoc.parse_bytes(content)
    except MemoryError:
        raise
    except BaseException as error:
        told = str(error).removeprefix("Failed to parse bytes: ")
        if "encrypted" in told.lower():
            raise Refused(LOCKED.format("")) from error
        raise Refused(f"It can't be read by undoc: {told}") from error


def _sections(document: Any, reading: Reading) -> list[dict[str, Any]]:
    held = json.loads(document.to_json())
    said = held.get("metadata", {})
    for name in ("title", "author", "created", "modified"):
        if said.get(name):
            reading.facts[name] = said[name]
    for name in ("subject", "keywords", "last_modified_by", "application"):
        if value := said.get(name):
            reading.metadata[name] = "; ".join(value) if isinstance(value, list) else str(value)
    sections: list[dict[str, Any]] = held.get("sections", [])
    return sections


def _content(blocks: list[dict[str, Any]], page: Page, reading: Reading) -> None:
    for block in blocks:
        kind = block.get("type")
        if kind == "Table":
            cells = [
                GridCell(row, column, _words(cell.get("content", []), page, reading),
                         (cell.get("row_span") or 1, cell.get("col_span") or 1))
                for row, held in enumerate(block.get("rows", []), 1)
                for column, cell in enumerate(held.get("cells", []), 1)
            ]  # fmt: skip
            page.add_grid(cells)
        elif kind == "Note":
            page.add(_words(block.get("content", []), page, reading), "footnote")
        elif "runs" in block:
            listed = block.get("list_info") or {}
            if listed.get("list_type") == "numbered":
                reading.skip("automatic numbers of paragraphs", page.number)
            plain = "list" if listed else "paragraph"
            page.add(_line(block, page, reading), "heading" if block.get("heading") else plain)
        elif kind not in ("PageBreak", "SectionBreak", "Image"):
            reading.skip(f"a part of the kind {kind}", page.number)


def _words(paragraphs: list[dict[str, Any]], page: Page, reading: Reading) -> str:
    return "\n".join(filter(None, (_line(each, page, reading) for each in paragraphs)))


def _line(paragraph: dict[str, Any], page: Page, reading: Reading) -> str:
    for run in paragraph.get("runs", []):
        reading.link(run.get("text", ""), run.get("hyperlink"), page.number)
    return "".join(run.get("text", "") for run in paragraph.get("runs", []))


def _tell_counts(held: bytes, page: Page, reading: Reading) -> None:
    """Report the parts of a DOC whose text undoc doesn't give."""
    try:
        (shorts,) = struct.unpack_from("<H", held, 32)
        longs = 34 + 2 * shorts + 2
        counts = struct.unpack_from("<11i", held, longs)
    except struct.error:
        reading.note("unread", "Its head is damaged: footnotes, headers and comments are unknown.")
        return
    for at, what in _COUNTS:
        if counts[at] > 2:
            reading.skip(f"{what} ({counts[at]:,} characters)")
    # cell marks, codes of fields and the like are counted, and are not text
    if counts[3] > 200 and page.length < counts[3] / 4:
        reading.note("unread", f"Only {page.length:,} of the {counts[3]:,} characters that the "
                     "file counts came out: the rest may be codes of fields, or lost.")  # fmt: skip


def _pictures(document: Any, reading: Reading) -> None:
    for number, name in enumerate(document.get_resource_ids(), 1):
        told = document.get_resource_info(name)
        info = json.loads(told) if isinstance(told, str) else told or {}
        data = document.get_resource_data(name)
        ending = next((end for start, end in _PICTURES if data.startswith(start)), "")
        if ending:
            reading.member(f"picture {number}.{ending}", bytes(data))
        else:
            reading.skip(f"a picture in a format that is not read ({info.get('mime_type', '?')})")


def _records(held: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the records of a PPT: flags, kind and content."""
    at = 0
    while at + 8 <= len(held):
        flags, kind, size = struct.unpack_from("<HHI", held, at)
        yield flags, kind, held[at + 8 : at + 8 + size]
        at += 8 + size


def _object(packed: bool, held: bytes, reading: Reading) -> None:
    try:
        content = inflate_object(held[4:], reading.limits.expanded) if packed else held
        unwrap_object(f"object {len(reading.members) + 1}", content, reading)
    except Damaged as damaged:
        reading.note("unread", f"An embedded object: {damaged}")


def _drawn(held: bytes, reading: Reading) -> None:
    for number, (_, _, body) in enumerate(_records(held), 1):
        for start, ending in _PICTURES:
            if (place := body.find(start, 0, 64)) >= 0:
                reading.member(f"picture {number}.{ending}", body[place:])
                break
        else:
            reading.skip("a picture in a format that is not read (EMF, WMF or DIB)")
