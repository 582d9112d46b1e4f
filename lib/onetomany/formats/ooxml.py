"""The common parts of Office packages (OOXML): relations, links, charts, embedded documents.

One rule applies to all: a part of the package is read, or known to contain nothing that a
reader sees, or named in a note (`Package.tell_rest`).
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from .compound import unwrap_object
from .markup import add_html, html_text
from .number_formats import format_number
from .parts import Parts, attribute, clamped, local
from .reading import Damaged, GridCell, Page, Reading, Refused, apart, composed, raised
from .word_runs import run_text

# parts about a document's look, or that repeat other parts
_SILENT = re.compile(
    r"__MACOSX/.*|\[Content_Types\]\.xml|mimetype|.*\.rels|docProps/(core|app|thumbnail|custom)[^/]*|customXml/.*|"
    r"_xmlsignatures/.*|.*/|[^/]*/(theme|fonts|printerSettings|tableStyles|revisions|persons)/.*|"
    r"word/(styles|stylesWithEffects|settings|webSettings|fontTable|numbering|people|commentsIds|"
    r"commentsExtended|commentsExtensible|document)\.xml|word/(theme|fonts)/.*|"
    r"ppt/(presProps|viewProps|tableStyles|commentAuthors|authors|presentation)\.xml|"
    r"ppt/(slideLayouts|slideMasters|notesMasters|handoutMasters|tags|changesInfos|revisionInfo)"
    r"[^.]*\.xml|xl/(styles|sharedStrings|calcChain|workbook|metadata|volatileDependencies)\.xml|"
    r"xl/(tables|worksheets|drawings|comments|threadedComments)/?[^/]*\.(xml|vml)|"
    r"xl/(styles|sharedStrings|calcChain|workbook)\.bin|xl/comments\d*\.xml|.*\.vml|"
    r".*/(charts|diagrams)/(style|colors|layout|quickStyle|drawing)\d*\.xml"
)
_DOCUMENTS = ("doc", "docx", "docm", "xls", "xlsx", "xlsm", "xlsb", "ppt", "pptx", "pdf", "hwp",
              "hwpx", "odt", "ods", "odp", "msg", "eml", "txt", "csv", "rtf", "html", "htm", "zip",
              "png", "jpg", "jpeg", "tif", "tiff", "gif", "bmp", "webp")  # fmt: skip
_KINDS = (
    ("vbaProject", "macros"),
    ("pivotCache", "the cache of a pivot table, which may contain rows that no sheet shows"),
    ("externalLinks", "values remembered from other workbooks"),
    ("glossary", "building blocks that the document's text doesn't show"),
    ("ctrlProps", "form controls of sheets"),
    ("activeX", "ActiveX controls"),
)


class Relation(NamedTuple):
    """The target of a part's relation, and its type."""

    kind: str
    target: str
    outside: bool


class Package:
    """The parts of an Office document, and which of them were read."""

    def __init__(self, parts: Parts, reading: Reading) -> None:
        self.parts, self.reading = parts, reading
        self.done: set[str] = set()

    def related(self, part: str) -> dict[str, Relation]:
        """Return the relations of a part by their id; targets as paths in the package."""
        folder, _, file = part.rpartition("/")
        place = f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels"
        if place not in self.parts:
            return {}
        found: dict[str, Relation] = {}
        for relation in self.parts.side(place, self.reading):
            outside = relation.get("TargetMode") == "External"
            target = relation.get("Target") or ""
            if not outside:
                joined = target if target.startswith("/") else posixpath.join("/", folder, target)
                target = posixpath.normpath(unquote(joined)).lstrip("/")
            kind = (relation.get("Type") or "").rpartition("/")[2]
            found[relation.get("Id") or str(len(found))] = Relation(kind, target, outside)
        return found

    def targets(self, part: str, kind: str) -> list[str]:
        """Return the parts to which a part has a relation of a kind."""
        inner = (each for each in self.related(part).values() if not each.outside)
        return [each.target for each in inner if each.kind == kind and each.target in self.parts]

    def side(self, part: str) -> Any:
        """Return a part's root, counted as read."""
        self.done.add(part)
        return self.parts.side(part, self.reading)

    def drawn(self, part: str, page: Page) -> None:
        """Add the charts and SmartArt to which a part (document, slide, drawing) points."""
        for target in self.targets(part, "chart") + self.targets(part, "chartEx"):
            if target not in self.done:
                add_chart(self.side(target), page, self.reading)
                for more in self.targets(target, "chartUserShapes"):
                    add_drawn_texts(self.side(more), page)
        for target in self.targets(part, "diagramData"):
            if target not in self.done:
                add_drawn_texts(self.side(target), page)

    def chunk(self, part: str, page: Page) -> None:
        """Add a document that Word merges into the text (altChunk): HTML here, others as members.

        The words of such a part are the document's own, as its reader sees it.
        """
        self.done.add(part)
        try:
            content = self.parts.read(part)
        except Damaged as damaged:
            self.reading.note("unread", str(damaged))
            return
        if part.lower().endswith((".html", ".htm", ".xhtml")) or b"<html" in content[:2048].lower():
            try:
                add_html(html_text(content)[0], page, self.reading)
            except Refused as refused:
                self.reading.note("unread", f"{part}: {refused}")
        else:
            self.reading.member(part.rpartition("/")[2], content)
            self.reading.note("unread", f"{part} is merged into the text by Word; it is read as a "
                              "document within this one.")  # fmt: skip

    def tell_rest(self) -> None:
        """Make members of embedded documents and pictures, and name every part not read."""
        rest: dict[str, list[str]] = {}
        for name in self.parts.names:
            if name in self.done or _SILENT.fullmatch(name):
                continue
            ending = name.rpartition(".")[2].lower()
            within = any(each in name for each in ("/embeddings/", "/media/", "/attachments/"))
            if within and (ending in _DOCUMENTS or ending in ("bin", "ole")):
                carried(self.parts, name, self.reading)
                continue
            told = next((words for part, words in _KINDS if part in name), None)
            if told is None and within:
                told = f"a picture or object in a format that is not read ({ending.upper()})"
            rest.setdefault(told or "parts of the file", []).append(name)
        for told, names in rest.items():
            listed = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            self.reading.skip(f"{told} ({listed})", many=len(names))


def carried(parts: Parts, name: str, reading: Reading) -> None:
    """Make a member of a document that a package carries. Raises Refused for a bomb."""
    try:
        content = parts.read(name)
    except Damaged as damaged:
        reading.note("unread", str(damaged))
        return
    try:
        unwrap_object(name, content, reading)
    except Damaged as damaged:
        reading.note("unread", f"{name}: {damaged}")


def paragraphs_of(body: Any) -> Iterator[tuple[Any, str]]:
    """Yield the paragraphs of a DrawingML text, each with its words."""
    for paragraph in body:
        if local(paragraph) == "p":
            yield paragraph, composed(_words(paragraph))


def _words(element: Any) -> str:
    words, crossed = "", False
    for text, look in _said(element):
        struck = look == "struck"
        said = raised(text, words) if look == "raised" else text
        words += apart(said, words) if struck != crossed else said
        crossed = struck
    return words


def _said(element: Any, look: str = "") -> Iterator[tuple[str, str]]:
    """Yield the words in an element, and whether they are raised or struck through."""
    for child in element:
        name = local(child)
        if name == "t":
            yield child.text or "", look
        elif name in ("br", "tab"):
            yield "\n" if name == "br" else "\t", ""
        elif name in ("m", "oMath", "oMathPara"):
            yield run_text(child), ""
        elif name == "AlternateContent":
            # the newer form of a part that is there twice
            yield from _said(next(iter(child), ()), look)
        else:
            properties = child.find("{*}rPr")
            yield from _said(child, "" if properties is None else _look(properties))


def _look(properties: Any) -> str:
    if clamped((attribute(properties, "baseline") or "").rstrip("%"), 0) > 0:
        return "raised"
    return "struck" if attribute(properties, "strike") not in (None, "noStrike") else ""


def add_drawn_texts(root: Any, page: Page) -> None:
    """Add the words of every text body in a drawing or SmartArt."""
    for body in root.iter("{*}txBody", "{*}t", "{*}rich", "{*}txPr") if len(root) else ():
        page.add("\n".join(text for _, text in paragraphs_of(body)))


def add_chart(root: Any, page: Page, reading: Reading) -> None:
    """Add a chart as a table: its categories, and a column for the values of each series."""
    if not len(root):
        return
    title = next((each for each in root.iter() if local(each) == "title"), None)
    named = " ".join(_words(title).split()) if title is not None else ""
    series = [each for each in root.iter() if local(each) in ("ser", "series")]
    cells, labelled = [], False
    for column, each in enumerate(series, 2):
        heads = _points(each, ("tx",))
        cells.append(GridCell(1, column, " ".join(heads.values())))
        if not labelled and (names := _points(each, ("cat", "xVal"))):
            labelled = True
            cells += [GridCell(row + 2, 1, text) for row, text in names.items()]
        values = _points(each, ("val", "yVal"))
        cells += [GridCell(row + 2, column, text) for row, text in values.items()]
        for row, text in _points(each, ("bubbleSize",)).items():
            cells.append(GridCell(row + 2, column + len(series), text))
    if named:
        page.add(named, "caption")
    if any(cell.text.strip() for cell in cells):
        page.add_grid(cells, f"Chart: {named}" if named else "Chart")
    else:
        reading.skip("a chart that carries no values", page.number)
    for other in root.iter():
        if local(other) == "title" and other is not title:
            page.add(_words(other), "caption")


def _points(series: Any, names: tuple[str, ...]) -> dict[int, str]:
    """Return the cached values of a series by number, as its number format shows them."""
    found: dict[int, str] = {}
    for part in series:
        if local(part) not in names:
            continue
        general = "".join(each.text or "" for each in part.iter() if local(each) == "formatCode")
        cached = [each for each in part.iter() if local(each) in ("pt", "v")]
        for each in cached:
            if local(each) == "pt":
                text = "".join(value.text or "" for value in each.iter() if local(value) == "v")
                format_ = attribute(each, "formatCode") or general
                number = attribute(each, "idx") or str(len(found))
                at = int(number) if number.isdigit() and len(number) < 7 else len(found)
                found.setdefault(at, "")
                found[at] = f"{found[at]} {_shown_text(text, format_)}".strip()
        if not found and cached:
            found[0] = " ".join(each.text or "" for each in cached)
    return found


def _shown_text(text: str, format_: str) -> str:
    """Return a stored number as its format shows it; any other text as it is."""
    try:
        return format_number(float(text), format_)
    except ValueError:
        return text
