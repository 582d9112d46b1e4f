"""DOC and PPT, the binary formats of Word and PowerPoint 97 to 2003.

undoc gives the text in its order, with tables. The rest is read from the files' own
structures by `word_pieces` and `slide_records`.
"""

import json
from typing import Any

from .compound import embedded_objects, inflate_object, open_compound, stream_bytes, unwrap_object
from .protected import LOCKED
from .reading import Damaged, GridCell, Page, Reading, Refused
from .slide_records import ppt_records, slide_extras
from .word_pieces import add_parts

_PICTURES = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"II*\0", "tif"), (b"GIF8", "gif"))
_OBJECT = 0x1011  # a record of PPT that contains an embedded object


def read_doc(content: bytes, reading: Reading) -> None:
    """Read Word's DOC. Raises Refused if undoc can't open it."""
    with open_compound(content) as ole:
        document = _opened(content)
        page = reading.page()
        for section in _sections(document, reading):
            _content(section.get("content", []), page, reading)
        try:  # the parts that undoc doesn't give
            add_parts(ole, page, reading)
        except Damaged as damaged:
            reading.note("unread", "Footnotes, headers, comments, text boxes and hidden text are "
                         f"not read: {damaged}.")  # fmt: skip
        _pictures(document, reading)
        embedded_objects(ole, reading)
        if ole.exists("Macros") or ole.exists("_VBA_PROJECT_CUR"):
            reading.skip("macros")


def read_ppt(content: bytes, reading: Reading) -> None:
    """Read PowerPoint's PPT, each slide as a page. Raises Refused if undoc can't open it."""
    with open_compound(content) as ole:
        document = _opened(content)
        held = stream_bytes(ole, "PowerPoint Document")
        for section in _sections(document, reading):
            _content(section.get("content", []), reading.page(label=section.get("name")), reading)
        try:  # the parts that undoc doesn't give
            for number, each in enumerate(slide_extras(held)):
                own = reading.pages[number] if number < len(reading.pages) else reading.page()
                each.add(own, reading)
        except Damaged as damaged:
            reading.note("unread", f"Notes, comments and hidden slides are not read: {damaged}.")
        for flags, kind, body in ppt_records(held):
            if kind == _OBJECT:
                _object(flags >> 4 & 0xFF == 1, body, reading)
        if ole.exists("Pictures"):
            _drawn(stream_bytes(ole, "Pictures"), reading)
    reading.note("unread", "In a PPT file tables, charts, and raised or struck characters (10⁶ as "
                 "106) are read like other text.")  # fmt: skip


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
        raise Refused(f"The program undoc can't read the file: {told}") from error


def _sections(document: Any, reading: Reading) -> list[dict[str, Any]]:
    held = json.loads(document.to_json())
    said = held.get("metadata", {})
    for name in ("title", "author", "created", "modified"):
        if said.get(name):
            reading.facts[name] = said[name]
    for name in ("subject", "keywords", "last_modified_by", "application"):
        if value := said.get(name):
            reading.metadata[name] = "; ".join(value) if isinstance(value, list) else str(value)
    return list(held.get("sections", []))


def _content(blocks: list[dict[str, Any]], page: Page, reading: Reading) -> None:
    for block in blocks:
        kind = block.get("type")
        if kind == "Table":
            cells = [
                GridCell(row, column, _words(cell, page, reading),
                         (cell.get("row_span") or 1, cell.get("col_span") or 1))
                for row, held in enumerate(block.get("rows", []), 1)
                for column, cell in enumerate(held.get("cells", []), 1)
            ]  # fmt: skip
            page.add_grid(cells)
        elif kind == "Note":
            page.add(_words(block, page, reading), "footnote")
        elif "runs" in block:
            plain = "list" if block.get("list_info") else "paragraph"
            page.add(_line(block, page, reading), "heading" if block.get("heading") else plain)
        elif kind not in ("PageBreak", "SectionBreak", "Image"):
            reading.skip(f"a part of the kind {kind}", page.number)


def _words(part: dict[str, Any], page: Page, reading: Reading) -> str:
    lines = (_line(each, page, reading) for each in part.get("content", []))
    return "\n".join(filter(None, lines))


def _line(paragraph: dict[str, Any], page: Page, reading: Reading) -> str:
    if (paragraph.get("list_info") or {}).get("list_type") == "numbered":
        reading.skip("automatic numbers of paragraphs", page.number)
    for run in paragraph.get("runs", []):
        reading.link(run.get("text", ""), run.get("hyperlink"), page.number)
    return "".join(run.get("text", "") for run in paragraph.get("runs", []))


def _pictures(document: Any, reading: Reading) -> None:
    for number, name in enumerate(document.get_resource_ids(), 1):
        told = document.get_resource_info(name)
        info = json.loads(told) if isinstance(told, str) else told or {}
        data = document.get_resource_data(name)
        if ending := next((end for start, end in _PICTURES if data.startswith(start)), ""):
            reading.member(f"picture {number}.{ending}", bytes(data))
        else:
            reading.skip(f"a picture in a format that is not read ({info.get('mime_type', '?')})")


def _object(packed: bool, held: bytes, reading: Reading) -> None:
    try:
        content = inflate_object(held[4:], reading.limits.expanded) if packed else held
        unwrap_object(f"object {len(reading.members) + 1}", content, reading)
    except Damaged as damaged:
        reading.note("unread", f"An embedded object: {damaged}")


def _drawn(held: bytes, reading: Reading) -> None:
    for number, (_, _, body) in enumerate(ppt_records(held), 1):
        for start, ending in _PICTURES:
            if (place := body.find(start, 0, 64)) >= 0:
                reading.member(f"picture {number}.{ending}", body[place:])
                break
        else:
            reading.skip("a picture in a format that is not read (EMF, WMF or DIB)")
