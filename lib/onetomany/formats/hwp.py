"""HWP 5, HWPX and HWPML: the documents of Hangul, page by page as their writer laid them out.

HWPX is read from its XML (OWPML, KS X 6101). HWP 5 is turned into the same XML by python-hwpx
(Apache-2.0), HWPML by `hwpml`, so that all are read by one walk.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

from .compound import MAGIC, object_payload, open_compound
from .hwp3 import HWP3, read_hwp3
from .hwp_container import (
    Container,
    mend_container,
    open_distribution,
    opened_container,
    preview_text,
    refuse_locked,
)
from .hwp_layout import LAID_OUT, is_laid_out
from .hwp_numbers import hangul_numbering
from .hwp_walk import HangulWalk
from .hwpml import document_of_hwpml
from .parts import Parts, attribute, clamped, local, parse
from .reading import Damaged, Reading, Refused

_FACTS = {"creator": "author", "CreatedDate": "created", "ModifiedDate": "modified"}
_PICTURES = frozenset(
    {"png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp", "hwp", "hwpx", "hml", "pdf"}
)
_CHART = "OOXMLChartContents".encode("utf-16-le")
_PAGE_COUNT = 14  # the summary's names
# python-hwpx's names for elements that it can't express, in words
_UNCONVERTED = {
    "memo-body": "a memo that no place in the text points to",
    "equation-caption": "a caption of an equation",
    "picture-effects": "effects of a picture",
    "master-page": "a master page (바탕쪽)",
    "track-changes": "the list of tracked changes",
    "control-without-record": "an object whose record is gone",
}


def read_hwpx(content: bytes, reading: Reading) -> None:
    """Read an HWPX document. Raises Refused if it is not one, encrypted, or unsafe to read."""
    parts = Parts(content, reading.limits)
    manifest = "META-INF/manifest.xml"
    entries = parts.side(manifest, reading) if manifest in parts else ()
    if any(local(each) == "encryption-data" for entry in entries for each in entry.iter()):
        raise Refused("The file is encrypted: ask for the password, and save an open copy.")
    _read_owpml(parts.names, parts.read, reading)


def read_hwp(content: bytes, reading: Reading) -> None:
    """Read an HWP document. Raises Refused if it is protected, or only its preview is whole."""
    if content.startswith(HWP3):
        read_hwp3(content, reading)
        return
    try:
        container = opened_container(content)
        refuse_locked(container)
        open_distribution(container, reading)
        names, read = _converted(container, content, reading)
        _read_owpml(names, read, reading)
        _compare_pages(container, reading)
        if container.damaged:
            raise Refused("The HWP 5 file is damaged: only its undamaged parts were read.")
    except Refused as refused:
        if not reading.pages and (text := preview_text(content)):
            page = reading.page(label="preview")
            for line in text.splitlines():
                page.add(line)
            said = "Only the preview is read: the beginning, which the writer's program kept apart."
            reading.note("unread", said, page.number)
            raise Refused(f"{refused} Only its preview was read.") from refused
        raise


def read_hwpml(content: bytes, reading: Reading) -> None:
    """Read an HWPML document. Raises Refused if it is incomplete, or unsafe to read."""
    document = document_of_hwpml(content, reading)
    for name, value in document.facts.items():
        known = name in ("title", "author", "created")
        (reading.facts if known else reading.metadata)[name] = value
    _walk(document.sections, document.header, reading, {}, {})
    for name, part in document.members:
        _member(name, part, reading)


def _converted(
    container: Container, content: bytes, reading: Reading
) -> tuple[list[str], Callable[[str], bytes]]:
    """Return the parts of an HWPX document of the same content."""
    from hwpx.hwp5.errors import Hwp5Error
    from hwpx.hwp5.package import convert

    try:
        if container.damaged:
            mend_container(container, reading)
        made = convert(container.bytes() if container.changed else content)
    except Hwp5Error as error:
        if container.damaged or not mend_container(container, reading):
            raise Refused(f"The HWP 5 file is damaged: {error}") from error
        try:
            made = convert(container.bytes())
        except Hwp5Error as worse:
            raise Refused(f"The HWP 5 file is damaged: {worse}") from worse
    for name, many in made.report.unconverted.items():
        reading.skip(_UNCONVERTED.get(name, f"what python-hwpx calls '{name}'"), None, many)
    if "Scripts/headerScripts" in made.files:
        reading.skip("a script (macro), which was not run either")
    if any(path.startswith("DocHistory/") for path in container.streams):
        reading.skip("earlier versions of the document (문서 이력)")
    return list(made.files), made.files.__getitem__


def _read_owpml(names: Iterable[str], read: Callable[[str], bytes], reading: Reading) -> None:
    """Read the parts of a document in OWPML. Raises Refused if a section is missing."""
    names = list(names)
    numbered = [n for n in names if re.fullmatch(r"Contents/section\d*\.xml", n)]
    if not numbered:
        raise Refused("The file lacks Contents/section*.xml, so it is not an HWPX document.")

    def part(name: str) -> Any:
        try:
            return parse(read(name), name) if name in names else None
        except Damaged as damaged:
            # the other parts may still be whole
            reading.note("unread", str(damaged))
            return None

    about = part("Contents/content.hpf")
    if about is not None:
        _metadata(about, reading)
    masters = {
        PurePosixPath(n).stem: part(n) for n in names if re.match(r"Contents/masterpage\d", n, re.I)
    }
    charts = {n: part(n) for n in names if re.fullmatch(r"Chart/[^/]+\.xml", n)}
    numbered.sort(key=lambda n: clamped("".join(filter(str.isdigit, n)), 0))
    sections = [section for name in numbered if (section := part(name)) is not None]
    _walk(sections, part("Contents/header.xml"), reading, masters, charts)
    for name in names:
        if name.startswith("BinData/") and not name.endswith("/"):
            try:
                _member(name, read(name), reading)
            except Damaged as damaged:
                reading.note("unread", str(damaged))
        elif name.startswith("DocHistory/"):
            reading.skip("an earlier version of the document (문서 이력)")
    if lost := len(numbered) - len(sections):
        raise Refused(f"{lost} of its {len(numbered)} sections can't be read: see its notes.")


def _compare_pages(container: Container, reading: Reading) -> None:
    """Report if the writer's program counted other pages than were found."""
    from hwpx.hwp5.summary import read_summary

    try:
        said = read_summary(container.streams["\x05HwpSummaryInformation"]).get(_PAGE_COUNT)
    except Exception:
        # facts that a damaged file states decide nothing
        return
    if isinstance(said, int) and 0 < said != len(reading.pages) and reading.pages[0].label:
        text = (
            f"The program that wrote the file counted {said} pages; {len(reading.pages)} "
            "were found, so a "
        )
        reading.note("layout", text + "page number here may be wrong by as many.")


def _walk(
    sections: list[Any],
    header: Any,
    reading: Reading,
    masters: dict[str, Any],
    charts: dict[str, Any],
) -> None:
    """Read the sections of a document, in order."""
    flowing = [p for section in sections for p in section if local(p) == "p"]
    laid_out = is_laid_out(flowing)
    walk = HangulWalk(reading, hangul_numbering(header), laid_out=laid_out)
    walk.changes = {} if header is None else _changes(header)
    walk.masters = {name: root for name, root in masters.items() if root is not None}
    walk.charts = {name: root for name, root in charts.items() if root is not None}
    for section in sections:
        walk.section(section)
    for named in list(walk.masters):
        walk.master(named)
    walk.tell()
    if laid_out and len(reading.pages) > 1:
        said = f"Its {len(reading.pages)} pages are counted {LAID_OUT}: by where its program last "
        said += "put each line. Printed elsewhere, pages may begin at other words."
        reading.note("layout", said)
    elif not laid_out and len(flowing) > 1:
        said = "The file does not say where pages begin: all of its text is on page 1."
        reading.note("layout", said)


def _member(name: str, content: bytes, reading: Reading) -> None:
    """Make a document of a picture or an embedded object, or say that its kind is not read."""
    from .kinds import EXTRACTORS, media_type

    ending = name.rpartition(".")[2].lower()
    if _CHART in content:
        return  # the storage of a chart, which was read as one
    if content[4:12] == MAGIC:
        content = content[4:]  # its length precedes it
    if content.startswith(MAGIC):
        try:
            with open_compound(content) as ole:
                name, content = object_payload(ole, "", name) or (name, content)
        except Damaged as damaged:
            reading.skip(f"{name}: {damaged}")
            return
    if not content:
        reading.skip(f"{name}, which is empty")
    elif ending in _PICTURES or media_type(content, "") in EXTRACTORS:
        reading.member(name, content)
    else:
        reading.skip(f"{name}, a picture or object of a kind that the kit does not read")


def _changes(header: Any) -> dict[str, tuple[str, str]]:
    """Return, for each tracked change, its author and date."""
    authors, found = {}, {}
    for element in header.iter("{*}trackChangeAuthor"):
        authors[attribute(element, "id") or ""] = attribute(element, "name") or ""
    for element in header.iter("{*}trackChange"):
        who = authors.get(attribute(element, "authorID") or "", "")
        found[attribute(element, "id") or ""] = (who, attribute(element, "date") or "")
    return found


def _metadata(root: Any, reading: Reading) -> None:
    for element in root.iter("{*}title"):
        reading.facts["title"] = (element.text or "").strip() or None
    for element in root.iter("{*}meta"):
        name, text = attribute(element, "name") or "", (element.text or "").strip()
        if text and name in _FACTS:
            reading.facts[_FACTS[name]] = text
        elif text:
            reading.metadata[name] = text
    for item in root.iter("{*}item"):
        href = attribute(item, "href") or ""
        if attribute(item, "isEmbeded") == "0" and re.match(r"[A-Za-z]:|\\|/|\w+://", href):
            reading.skip(f"a file outside of the document, to which it points: {href}")
