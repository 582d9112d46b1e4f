"""Presentations (PPTX): each slide a page, with tables, charts, SmartArt, notes and comments."""

from collections.abc import Iterator
from typing import Any

from .numbering import numeral
from .office import core_properties, outside_relations
from .ooxml import Package, Relation, paragraphs_of
from .parts import Parts, attribute, clamped, local, spanned
from .reading import GridCell, Page, Reading, Refused

_PRESENTATION = "ppt/presentation.xml"
# PowerPoint's automatic numbers: their kind, and the signs around them
_COUNTS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter",
           "romanLc": "lowerRoman", "romanUc": "upperRoman", "ea1Kor": "koreanDigital",
           "circleNumDb": "decimalEnclosedCircle", "circleNumWd": "decimalEnclosedCircle",
           "ea1JpnKor": "koreanCounting", "ea1Chs": "chineseCounting",
           "ea1Cht": "taiwaneseCounting"}  # fmt: skip
_AROUND = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}", "": "{}"}


def read_pptx(content: bytes, reading: Reading) -> None:
    """Read a presentation. Raises Refused if it is not one, or a part is not safe to read."""
    parts = Parts(content, reading.limits)
    if _PRESENTATION not in parts:
        raise Refused("The file lacks ppt/presentation.xml, so it is not a presentation.")
    package = Package(parts, reading)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    relations = package.related(_PRESENTATION)
    order = [
        relations[each].target
        for slide in parts.xml(_PRESENTATION).iter("{*}sldId")
        for key, each in slide.attrib.items()
        if key.endswith("}id") and each in relations
    ]
    authors = _authors(package)
    static: set[str] = set()
    for part in order:
        page = reading.page()
        if part not in parts:
            reading.skip(f"slide {page.number}, which the file lacks", page.number)
            continue
        root = package.side(part)
        if len(root) and attribute(root, "show") in ("0", "false"):
            page.hidden = True
            reading.note("hidden", "This slide is hidden: a slide show leaves it out.", page.number)
        _Slide(page, reading, package, part).shapes(root)
        _notes(package, part, page, reading)
        _comments(package, part, page, authors, reading)
        static |= _behind(package, part)
    if static:
        reading.skip("text on the layouts behind the slides: "
                     + "; ".join(sorted(static))[:500])  # fmt: skip
    package.tell_rest()


class _Slide:
    def __init__(self, page: Page, reading: Reading, package: Package, part: str) -> None:
        self.page, self.reading, self.package, self.part = page, reading, package, part
        self.relations: dict[str, Relation] = package.related(part)

    def shapes(self, root: Any) -> None:
        """Add the texts, tables and drawings of a slide in the order in which they are drawn."""
        for element in root:
            name = local(element)
            if name in ("sp", "cxnSp"):
                self.shape(element)
            elif name == "graphicFrame":
                self.frame(element)
            elif name in ("cSld", "spTree", "grpSp", "sld", "notes"):
                self.shapes(element)
            elif name == "AlternateContent":
                # the newer form of a part that is there twice
                choices = [each for each in element if local(each) in ("Choice", "Fallback")]
                self.shapes(choices[0] if choices else ())
        links = root.iter("{*}hlinkClick", "{*}hlinkHover") if local(root) == "sld" else ()
        for link in links:
            relation = self.relations.get(attribute(link, "id") or "")
            if relation and relation.outside:
                run = link.getparent().getparent() if link.getparent() is not None else None
                words = "".join(t.text or "" for t in run.iter("{*}t")) if run is not None else ""
                self.reading.link(words, relation.target, self.page.number)

    def shape(self, element: Any) -> None:
        body = element.find("{*}txBody")
        if body is None:
            return
        holder = next((each for each in element.iter("{*}ph")), None)
        kind = (attribute(holder, "type") or "body") if holder is not None else ""
        if kind in ("title", "ctrTitle", "subTitle"):
            self.page.add("\n".join(text for _, text in paragraphs_of(body)), "heading")
            return
        kinds = {"ftr": "footer", "hdr": "header", "dt": "footer", "sldNum": "footer"}
        counts: dict[int, int] = {}
        for paragraph, text in paragraphs_of(body):
            label, listed = self.label(paragraph, counts, bool(text.strip()))
            plain = "list" if listed else "paragraph"
            self.page.add(label + text, kinds.get(kind, plain))

    def label(self, paragraph: Any, counts: dict[int, int], filled: bool) -> tuple[str, bool]:
        """Return the automatic number of a paragraph, and whether it is an item of a list."""
        properties = paragraph.find("{*}pPr")
        held = [] if properties is None else list(properties)
        level = clamped(attribute(properties, "lvl"), 0, 8) if properties is not None else 0
        auto = next((each for each in held if local(each) == "buAutoNum"), None)
        for deeper in [each for each in counts if each > level]:
            del counts[deeper]
        if auto is None or not filled:
            if filled:
                counts.pop(level, None)
            return "", any(local(each) == "buChar" for each in held)
        counts[level] = counts.get(level, clamped(attribute(auto, "startAt"), 1) - 1) + 1
        told = _auto_number(counts[level], attribute(auto, "type") or "")
        if told is None:
            self.reading.skip(f"automatic numbers of the kind '{attribute(auto, 'type')}'",
                              self.page.number)  # fmt: skip
        return f"{told} " if told else "", True

    def frame(self, element: Any) -> None:
        """Add a table, a chart or SmartArt; objects become members with the other parts."""
        for table in element.iter("{*}tbl"):
            self.page.add_grid(_grid(table))
            return
        if any(local(each) in ("chart", "relIds") for each in element.iter()):
            self.package.drawn(self.part, self.page)


def _auto_number(value: int, kind: str) -> str | None:
    """Return one of PowerPoint's automatic numbers, None for a kind not known here."""
    for start in sorted(_COUNTS, key=len, reverse=True):
        if kind.startswith(start):
            around = _AROUND.get(kind[len(start) :])
            told = numeral(value, _COUNTS[start])
            return around.format(told) if around and told else None
    return None


def _grid(table: Any) -> list[GridCell]:
    cells = []
    for row, tr in enumerate(table.iterfind("{*}tr"), 1):
        for column, tc in enumerate(tr.iterfind("{*}tc"), 1):
            if attribute(tc, "hMerge") in ("1", "true") or attribute(tc, "vMerge") in ("1", "true"):
                continue
            body = next((each for each in tc if local(each) == "txBody"), ())
            text = "\n".join(text for _, text in paragraphs_of(body))
            spans = (spanned(attribute(tc, "rowSpan")), spanned(attribute(tc, "gridSpan")))
            cells.append(GridCell(row, column, text, spans))
    return cells


def _shape_texts(root: Any) -> Iterator[tuple[str | None, list[str]]]:
    """Yield the lines of each shape with the kind of placeholder that it is, None for others."""
    for shape in root.iter("{*}sp") if len(root) else ():
        holder = next(shape.iter("{*}ph"), None)
        kind = None if holder is None else attribute(holder, "type") or "body"
        for body in shape.iter("{*}txBody"):
            yield kind, [text for _, text in paragraphs_of(body)]


def _notes(package: Package, part: str, page: Page, reading: Reading) -> None:
    """Add the speaker's notes, which an audience doesn't see."""
    for target in package.targets(part, "notesSlide"):
        added = [page.add(line, "comment")
                 for holder, lines in _shape_texts(package.side(target))
                 if holder not in ("sldImg", "sldNum", "dt") for line in lines]  # fmt: skip
        if any(added):
            reading.note("comment", "The speaker's notes of this slide are read too.", page.number)


def _authors(package: Package) -> dict[str, str]:
    found = {}
    for part in ("ppt/commentAuthors.xml", "ppt/authors.xml"):
        for author in package.side(part) if part in package.parts else ():
            found[attribute(author, "id") or ""] = attribute(author, "name") or ""
    return found


def _comments(
    package: Package, part: str, page: Page, authors: dict[str, str], reading: Reading
) -> None:
    many = 0
    for target in package.targets(part, "comments"):
        for comment in package.side(target).iter("{*}cm", "{*}reply"):
            who = authors.get(attribute(comment, "authorId") or "")
            dated = attribute(comment, "dt") or attribute(comment, "created")
            for body in comment.iterchildren("{*}text", "{*}txBody"):
                words = "\n".join(line for _, line in paragraphs_of(body))
                text = (body.text or "") if local(body) == "text" else words
                many += page.add(text, "comment", None, who, dated) is not None
    if many:
        reading.note("comment", f"{many} comments on this slide.", page.number)


def _behind(package: Package, part: str) -> set[str]:
    """Return texts of a layout and its master that aren't placeholders: the slide shows them."""
    found = set[str]()
    for layout in package.targets(part, "slideLayout"):
        for place in (layout, *package.targets(layout, "slideMaster")):
            if place in package.done and not place.startswith("ppt/slideLayouts"):
                continue
            texts = _shape_texts(package.side(place))
            found |= {" ".join(lines).strip() for holder, lines in texts if holder is None}
    return found - {""}
