"""DOCX: paragraphs, tables, notes; parts Word doesn't print: changes, comments, hidden text.

Read from WordprocessingML itself (ECMA-376 Part 1), since python-docx leaves out deleted and
hidden text and comments.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .numbering import WordNumbering
from .ooxml import Package, Relation
from .parts import Parts, attribute, clamped, local, spanned
from .reading import GridCell, Page, Reading, Refused
from .word_runs import TextRun, field_links, run_text, runs_of

_LINKS = ("hyperlink",)  # relations that lead out and ask for nothing
_WITHIN = ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "AlternateContent",
           "Choice")  # fmt: skip
_BESIDE = ("{*}hyperlink", "{*}instrText", "{*}fldSimple", "{*}txbxContent", "{*}chart",
           "{*}relIds", "{*}tbl", "{*}textpath")  # fmt: skip
_SHOWN = ("", "tracked_insert")  # kinds of runs that are part of the text
_SILENT = ("sectPr", "Fallback", "sdtPr", "sdtEndPr", "tcPr", "tblPr", "pPr")


def read_docx(content: bytes, reading: Reading) -> None:
    """Read a Word document. Raises Refused if it is not one, or a part is not safe to read."""
    parts = Parts(content, reading.limits)
    if "word/document.xml" not in parts:
        raise Refused("The file lacks word/document.xml, so it is not a Word document.")
    package = Package(parts, reading)
    core_properties(parts, reading)
    outside_relations(parts, reading)
    body = package.parts.xml("word/document.xml")
    styles = package.side("word/styles.xml") if "word/styles.xml" in parts else ()
    lists = package.side("word/numbering.xml") if "word/numbering.xml" in parts else ()
    numbering = WordNumbering(lists, styles)
    walk = _Walk(reading.page(), reading, _style_names(styles), package, numbering)
    walk.begin("word/document.xml")
    for part in body if len(body) else [body]:
        walk.content(part if local(part) in ("body", "document") else [part])
    for name in sorted(parts.names):
        if name.startswith("word/") and name.endswith(".xml"):
            _aside(name, package, walk)
    walk.tell()
    package.tell_rest()


def _aside(name: str, package: Package, walk: "_Walk") -> None:
    """Read headers, footers, notes and comments, which are parts of their own."""
    file = name.removeprefix("word/")
    kind = next((k for k in ("header", "footer") if file.startswith(k)), "")
    if file == "comments.xml":
        walk.comments(package.side(name))
    elif file in ("footnotes.xml", "endnotes.xml"):
        walk.begin(name)
        for note in package.side(name):
            # the separators between text and notes are notes too
            if attribute(note, "type") in (None, "normal"):
                walk.content(note, file[:-5])
    elif kind:
        walk.begin(name)
        walk.content(package.side(name), kind)


class _Walk:
    def __init__(self, page: Page, reading: Reading, styles: dict[str, str], package: Package,
                 lists: WordNumbering) -> None:  # fmt: skip
        self.page, self.reading, self.styles = page, reading, styles
        self.package, self.lists = package, lists
        self.told = Counter[str]()
        self.relations: dict[str, Relation] = {}
        self.depth = 0

    def begin(self, part: str) -> None:
        """Begin a part of the package; its charts and SmartArt come at their own places."""
        self.part, self.relations = part, self.package.related(part)

    def content(self, parent: Any, kind: str = "") -> None:
        for element in parent:
            name = local(element)
            if name == "p":
                self.paragraph(element, kind)
            elif name == "tbl":
                self.table(element)
            elif name in _WITHIN:
                self.content(element, kind)
            elif name == "altChunk":
                self.chunk(element)
            elif name not in _SILENT and any(local(each) == "t" for each in element.iter()):
                self.reading.skip(f"text within an element '{name}', which is unknown here")

    def chunk(self, element: Any) -> None:
        relation = self.relations.get(attribute(element, "id") or "")
        if relation and not relation.outside and relation.target in self.package.parts:
            self.package.chunk(relation.target, self.page)
        else:
            self.reading.skip("a document to be merged in here (altChunk), which the file lacks")

    def table(self, element: Any) -> None:
        """Add a table, then the tables, text boxes and drawings within its cells."""
        if self.depth > self.reading.limits.depth:
            raise Refused("The tables in the file are nested too deeply.")
        self.depth += 1
        within: list[Any] = []
        self.page.add_grid(self.grid(element, within))
        for each in within:
            if local(each) == "tbl":
                self.table(each)
            elif local(each) == "altChunk":
                self.chunk(each)
            else:
                self.beside(each)
        self.depth -= 1

    def paragraph(self, element: Any, kind: str) -> None:
        runs = self.runs(element)
        shown = [run for run in runs if run.kind in _SHOWN]
        text = "".join(run.text for run in shown)
        span = self.page.add(text, kind or self.kind_of(element))
        # blanks at the beginning are cut off with the block
        at = (span[0] if span else 0) - (len(text) - len(text.lstrip()))
        for run in shown:
            end = at + len(run.text)
            if run.kind and span and run.text.strip():
                within = max(at, span[0]), min(end, span[1])
                self.page.mark(within, run.kind, run.who, run.dated)
                self.told[run.kind] += 1
            at = end
        self.aside(run for run in runs if run.kind not in _SHOWN)
        self.beside(element)

    def aside(self, runs: Iterable[TextRun]) -> None:
        """Add changed or hidden words as blocks of their own."""
        for run in runs:
            if self.page.add(run.text, run.kind, None, run.who, run.dated):
                self.told[run.kind] += 1

    def runs(self, element: Any) -> list[TextRun]:
        """Return the texts of a paragraph, its automatic number first."""
        runs = list(runs_of(element))
        for run in runs:
            if run.struck:
                self.reading.struck(run.text, self.page.number)
        properties, style = element.find("{*}pPr"), element.find("{*}pPr/{*}pStyle")
        named = attribute(style, "val") or "" if style is not None else ""
        numbered = properties is not None and any(run.text.strip() for run in runs)
        if numbered and (label := self.lists.label(properties, named)):
            runs.insert(0, TextRun(label, ""))
        return runs

    def beside(self, element: Any) -> None:
        """Add a paragraph's parts that aren't runs: links, text boxes, charts, tables."""
        found = {local(each) for each in element.iter(*_BESIDE)}
        if not found:
            return  # as most have it
        for link in element.iter("{*}hyperlink"):
            relation = self.relations.get(attribute(link, "id") or "")
            if relation and relation.outside:
                self.reading.link(run_text(link), relation.target, self.page.number)
        for target in field_links(element):
            self.reading.link("", target, self.page.number)
        for box in _text_boxes(element):
            self.content(box)
        for path in element.iter("{*}textpath"):  # letters as a drawing, such as a watermark
            if "Fallback" not in [local(each) for each in path.iterancestors()]:
                self.page.add(attribute(path, "string") or "")
        for drawn in element.iter("{*}chart", "{*}relIds"):
            if "Fallback" not in [local(each) for each in drawn.iterancestors()]:
                self.package.drawn(self.part, self.page)
                break
        for table in element.iter("{*}tbl") if "tbl" in found else ():
            above = [local(each) for each in table.iterancestors()]
            above = above[: above.index("p")]
            if not {"txbxContent", "Fallback", "tbl"} & {*above}:
                self.table(table)

    def kind_of(self, element: Any) -> str:
        style = element.find("{*}pPr/{*}pStyle")
        name = "" if style is None else attribute(style, "val") or ""
        name = self.styles.get(name, name).lower()
        headed = name.startswith(("heading", "제목", "title"))
        if headed or element.find("{*}pPr/{*}outlineLvl") is not None:
            return "heading"
        listed = element.find("{*}pPr/{*}numPr") is not None or name.startswith("list")
        return "list" if listed else "paragraph"

    def grid(self, table: Any, within: list[Any]) -> list[GridCell]:
        cells: list[GridCell] = []
        above: dict[int, int] = {}  # column of a merged cell: its place in `cells`
        for row, tr in enumerate(_rows(table, "tr"), 1):
            column, hidden = 1, tr.find("{*}trPr/{*}hidden") is not None
            before = tr.find("{*}trPr/{*}gridBefore")
            if before is not None:
                column += clamped(attribute(before, "val"), 0, 1000)
            for tc in _rows(tr, "tc"):
                span, merge = tc.find("{*}tcPr/{*}gridSpan"), tc.find("{*}tcPr/{*}vMerge")
                wide = spanned(attribute(span, "val")) if span is not None else 1
                text = "\n".join(filter(None, self.lines(tc, within)))
                if merge is not None and attribute(merge, "val") != "restart" and column in above:
                    old = cells[above[column]]
                    spans = (row - old.row + 1, old.spans[1])
                    # Word doesn't show the content of a cell that continues another
                    both = "\n".join(filter(None, (old.text, text)))
                    cells[above[column]] = GridCell(old.row, old.column, both, spans, old.hidden)
                else:
                    above.pop(column, None)
                    if merge is not None:
                        above[column] = len(cells)
                    cells.append(GridCell(row, column, text, (1, wide), hidden))
                column += wide
        return cells

    def lines(self, cell: Any, within: list[Any]) -> list[str]:
        """Return a cell's paragraphs; its other parts go to `within`."""
        lines = []
        for element in cell:
            name = local(element)
            if name == "p":
                runs = self.runs(element)
                lines.append("".join(run.text for run in runs if run.kind in _SHOWN))
                self.aside(run for run in runs if run.kind)
                within.append(element)
            elif name in ("tbl", "altChunk"):
                within.append(element)
            elif name in _WITHIN:
                lines += self.lines(element, within)
        return lines

    def comments(self, root: Any) -> None:
        for comment in root:
            text = "\n".join(run_text(p) for p in comment.iter("{*}p"))
            who, dated = attribute(comment, "author"), attribute(comment, "date")
            if self.page.add(text, "comment", None, who, dated):
                self.told["comment"] += 1

    def tell(self) -> None:
        for kind, many in self.told.items():
            group = {"comment": "comment", "hidden": "hidden"}.get(kind, "tracked")
            self.reading.note(
                group, f"{many} pieces of kind {kind}, which the printed page may not show."
            )
        for kind, many in self.lists.unknown.items():
            self.reading.skip(f"automatic numbers in the format '{kind}'", many=many)


def _text_boxes(element: Any) -> Iterator[Any]:
    for box in element.iter("{*}txbxContent"):
        # older Word gets a copy of every text box
        inside = [local(each) for each in box.iterancestors()]
        if "Fallback" not in inside and "txbxContent" not in inside:
            yield box


def _rows(parent: Any, name: str) -> Iterator[Any]:
    """Return the rows or cells of one table, not of those in it."""
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "del", "customXml"):
            yield from _rows(element, name)


def _style_names(styles: Any) -> dict[str, str]:
    found = {}
    for style in styles:
        name = style.find("{*}name")
        if local(style) == "style" and name is not None:
            found[attribute(style, "styleId") or ""] = attribute(name, "val") or ""
    return found


_CORE = {"title": "title", "creator": "author", "created": "created", "modified": "modified"}


def core_properties(parts: Parts, reading: Reading) -> None:
    """Read title, author and dates of an Office document as facts, all others as metadata."""
    for part in ("docProps/core.xml", "docProps/app.xml"):
        if part not in parts:
            continue
        for element in parts.side(part, reading):
            name, text = local(element), (element.text or "").strip()
            if text and name in _CORE and part.endswith("core.xml"):
                reading.facts[_CORE[name]] = text
            elif text:
                reading.metadata[name] = text


def outside_relations(parts: Parts, reading: Reading) -> None:
    """Report files that an office suite would fetch on opening it, such as a template."""
    asked = []
    for name in parts.names:
        if name.endswith(".rels") and not name.startswith("__MACOSX/"):
            for relation in parts.side(name, reading):
                kind = (relation.get("Type") or "").rpartition("/")[2]
                if relation.get("TargetMode") == "External" and kind not in _LINKS:
                    asked.append(f"{kind} {relation.get('Target') or ''}"[:200])
    if asked:
        reading.note("refused", f"Outside references were not followed: {'; '.join(asked[:10])}")
