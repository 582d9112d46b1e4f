"""OpenDocument (ODT, ODS, ODP): text, tables as shown, notes, comments, changes, list numbers.

By OASIS OpenDocument 1.3; the words are in content.xml, headers and footers in styles.xml.
"""

import re
from collections.abc import Iterator
from typing import Any

from . import open_sheets
from .numbering import numeral
from .ooxml import carried
from .open_sheets import words_of
from .parts import Parts, attribute, clamped, local, spanned
from .protected import LOCKED
from .reading import GridCell, Reading, Refused

_FORMATS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman",
            "I": "upperRoman", "가, 나, 다, ...": "ganada", "ㄱ, ㄴ, ㄷ, ...": "chosung",
            "①, ②, ③, ...": "decimalEnclosedCircle", "一, 二, 三, ...": "chineseCounting",
            "일, 이, 삼, ...": "koreanCounting", "가": "ganada", "": "none"}  # fmt: skip
# parts of the package that show nothing of their own
_SILENT = re.compile(
    r"mimetype|(content|styles|meta|settings)\.xml|manifest\.rdf|layout-cache|.*/|"
    r"(META-INF|Thumbnails|ObjectReplacements|Configurations2)/.*"
)
_READ = ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "pdf", "docx", "xlsx")
# of what these contain, only values of form fields are read
_FORMS = ("forms", "sequence-decls", "variable-decls", "user-field-decls", "image",
          "event-listeners", "title", "desc", "settings", "page-thumbnail")  # fmt: skip
_LEVELS, _OUTLINE = 10, "outline"  # of lists, and the list that numbers headings


def read_odf(content: bytes, reading: Reading) -> None:
    """Read an OpenDocument file. Raises Refused if it is not one, or has a password."""
    parts = Parts(content, reading.limits)
    if "META-INF/manifest.xml" in parts:
        manifest = parts.read("META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise Refused(LOCKED.format(""))
    if "content.xml" not in parts:
        raise Refused("The file lacks content.xml, so it is not a whole OpenDocument file.")
    _properties(parts, reading)
    root = parts.xml("content.xml")
    styles = parts.side("styles.xml", reading) if "styles.xml" in parts else ()
    walk = _Walk(parts, reading, [root, *([styles] if len(styles) else [])])
    body = next(root.iter("{*}body"), root)
    for kind in body:
        walk.document(kind)
    if walk.sheets:
        # those of a sheet are printed only, and mostly 'Page 1' and '???' for its name
        reading.skip("headers and footers of printed sheets")
    else:
        walk.heads(styles)
    walk.tell()
    _rest(parts, reading, walk.done)


def _properties(parts: Parts, reading: Reading) -> None:
    if "meta.xml" not in parts:
        return
    root = parts.side("meta.xml", reading)
    facts = {"title": "title", "initial-creator": "author", "creation-date": "created",
             "date": "modified"}  # fmt: skip
    for element in root.iter() if len(root) else ():
        text = (element.text or "").strip()
        if text and local(element) in facts:
            reading.facts[facts[local(element)]] = text
        elif text and not len(element):
            reading.metadata[attribute(element, "name") or local(element)] = text


def _rest(parts: Parts, reading: Reading, done: set[str]) -> None:
    """Add pictures and documents within as members, and name the parts that were not read."""
    rest = []
    for name in parts.names:
        folder = name.partition("/")[0]
        if name in done or _SILENT.fullmatch(name) or folder in done:
            continue
        if name.rpartition(".")[2].lower() in _READ:
            carried(parts, name, reading)
        elif not name.endswith(("/styles.xml", "/meta.xml", "/settings.xml")):
            rest.append(name)
    if rest:
        listed = ", ".join(rest[:5]) + (" ..." if len(rest) > 5 else "")
        reading.skip(f"parts of the file ({listed})", many=len(rest))


def _each(roots: list[Any], *names: str) -> Iterator[Any]:
    for root in roots:
        yield from root.iter(*(f"{{*}}{name}" for name in names))


def _styles_with(roots: list[Any], properties: str, name: str, value: str) -> set[str]:
    """Return the names of styles that have a property."""
    return {attribute(style, "name") or "" for style in _each(roots, "style")
            for each in _each([style], properties) if attribute(each, name) == value}  # fmt: skip


class _Walk:
    def __init__(self, parts: Parts, reading: Reading, roots: list[Any]) -> None:
        self.parts, self.reading = parts, reading
        self.done: set[str] = set()
        self.lists: dict[str, dict[int, Any]] = {}
        self.hidden_styles = _styles_with(roots, "text-properties", "display", "none")
        self.hidden_sheets = _styles_with(roots, "table-properties", "display", "false")
        self.hidden_slides = _styles_with(roots, "drawing-page-properties", "visibility", "hidden")
        self.sheets = False
        self.changes: dict[str, tuple[str, str | None, str | None]] = {}
        self.counts: dict[str, list[int]] = {}
        self.many = {"comment": 0, "tracked": 0, "hidden": 0}
        self.depth = 0
        open_sheets.mark_looks(roots, reading)
        for style in _each(roots, "list-style", "outline-style"):
            name = attribute(style, "name") if local(style) == "list-style" else _OUTLINE
            self.lists[name or ""] = {clamped(attribute(each, "level")): each for each in style}

    def begin(self, part: Any, hidden_styles: set[str], told: str) -> None:
        """Begin the page of a sheet or slide; `told` is the note if its style hides it."""
        unseen = (attribute(part, "style-name") or "") in hidden_styles
        self.page = self.reading.page(label=attribute(part, "name"), hidden=unseen)
        if unseen:
            self.reading.note("hidden", told, self.page.number)

    def document(self, kind: Any) -> None:
        """Add a body: of a text one page, else one for each sheet or slide."""
        name = local(kind)
        if name in ("spreadsheet", "presentation", "drawing"):
            for part in kind:
                if local(part) == "table":
                    self.sheets = True
                    told = f"The sheet '{attribute(part, 'name')}' is hidden."
                    self.begin(part, self.hidden_sheets, told)
                    for inner in open_sheets.add_sheet(part, self.page, self.reading):
                        self.block(inner)
                elif local(part) == "page":
                    self.slide(part, kind)
        else:
            self.page = self.reading.page()
            self.blocks(kind)

    def slide(self, part: Any, around: Any) -> None:
        """Add a slide, with the footer that its master shows."""
        self.begin(part, self.hidden_slides, "This slide is hidden: a slide show leaves it out.")
        self.blocks(part)
        for kind in ("header", "footer", "date-time"):
            named = attribute(part, f"use-{kind}-name")
            for each in around.iter(f"{{*}}{kind}-decl"):
                if named and attribute(each, "name") == named:
                    self.page.add(each.text or "", "header" if kind == "header" else "footer")

    def blocks(self, parent: Any) -> None:
        for element in parent:
            self.block(element)

    def block(self, element: Any) -> None:  # noqa: PLR0912
        name = local(element)
        if name in ("p", "h"):
            label = ""
            if name == "h" and attribute(element, "is-list-header") != "true":
                self.counts.setdefault(_OUTLINE, [0] * (_LEVELS + 1))
                label = self.label(_OUTLINE, clamped(attribute(element, "outline-level")), element)
            self.paragraph(element, "heading" if name == "h" else "paragraph", label)
        elif name == "list":
            self.list(element)
        elif name == "table":
            self.table(element)
        elif name == "tracked-changes":
            self.tracked(element)
        elif name == "notes":
            before = self.page.blocks
            for box in element.iter("{*}text-box"):
                for p in box.iter("{*}p"):
                    self.page.add(words_of(p), "comment")
            if self.page.blocks > before:
                self.many["comment"] += 1
        elif name == "annotation":
            self.comment(element)
        elif name in ("object", "object-ole"):
            self.object(element)
        elif name in _FORMS:
            for value in element.iter("{*}text", "{*}textarea", "{*}combobox", "{*}checkbox"):
                words = attribute(value, "current-value") or attribute(value, "value")
                label = attribute(value, "label") or attribute(value, "name") or ""
                if words:
                    self.page.add(f"{label}: {words}" if label else words)
        else:
            self.blocks(element)

    def paragraph(self, element: Any, kind: str, label: str = "") -> None:
        text = words_of(element)
        hidden = (attribute(element, "style-name") or "") in self.hidden_styles
        if hidden:
            self.many["hidden"] += 1
        self.page.add(label + text if text.strip() else "", "hidden" if hidden else kind)
        self.beside(element)

    def beside(self, element: Any) -> None:
        """Add a paragraph's parts beside its text: notes, comments, frames, links."""
        for each in open_sheets.anchored(element):
            name = local(each)
            if name == "annotation":
                self.comment(each)
            elif name == "note":
                body = next(each.iter("{*}note-body"), ())
                kind = "endnote" if attribute(each, "note-class") == "endnote" else "footnote"
                for p in body:
                    self.page.add(words_of(p), kind)
            elif name == "hidden-text":
                words = attribute(each, "string-value") or ""
                self.many["hidden"] += self.page.add(words, "hidden") is not None
            elif name in ("change-start", "change"):
                self.change(each)
            elif name == "a":
                self.reading.link(words_of(each), attribute(each, "href"), self.page.number)
            else:
                self.block(each)

    def change(self, element: Any) -> None:
        """Add a deleted text at its place, or the author of an insertion."""
        held = self.changes.get(attribute(element, "change-id") or "")
        if held and held[0]:
            self.page.add(held[0], "tracked_delete", None, held[1], held[2])
            self.many["tracked"] += 1

    def tracked(self, element: Any) -> None:
        inserted = 0
        for region in element:
            info = {local(each): each.text for each in region.iter() if each.text}
            deleted = [each for each in region if local(each) == "deletion"]
            text = "\n".join(words_of(p) for each in deleted for p in each.iter("{*}p", "{*}h"))
            inserted += not deleted
            place = attribute(region, "id") or ""
            self.changes[place] = (text, info.get("creator"), info.get("date"))
        if inserted:
            self.reading.note("tracked", f"{inserted} insertions or changes of form are tracked; "
                              "their text is read, not distinguished.")  # fmt: skip

    def comment(self, element: Any) -> None:
        who = next((each.text for each in element.iter("{*}creator")), None)
        dated = next((each.text for each in element.iter("{*}date")), None)
        text = "\n".join(words_of(p) for p in element.iter("{*}p"))
        self.many["comment"] += self.page.add(text, "comment", None, who, dated) is not None

    def list(self, element: Any) -> None:
        for child, label in self.items(element, attribute(element, "style-name") or "", 1):
            if local(child) in ("p", "h"):
                self.paragraph(child, "heading" if local(child) == "h" else "list", label)
            else:
                self.block(child)

    def items(self, element: Any, style: str, level: int) -> Iterator[tuple[Any, str]]:
        """Yield the parts of a list and of those in it, each with its number."""
        counts = self.counts.setdefault(style, [0] * (_LEVELS + 1))
        on = attribute(element, "continue-numbering") == "true"
        if level == 1 and not on and not attribute(element, "continue-list"):
            counts[:] = [0] * (_LEVELS + 1)
        for item in element:
            if local(item) not in ("list-item", "list-header"):
                continue
            first = local(item) == "list-item"
            for child in item:
                if local(child) == "list":
                    inner = attribute(child, "style-name") or style
                    yield from self.items(child, inner, level + 1)
                else:
                    label = ""
                    if first and local(child) in ("p", "h"):
                        label, first = self.label(style, level, item), False
                    yield child, label

    def lines(self, cell: Any) -> Iterator[str]:
        """Yield the paragraphs of a cell, those of lists with their numbers."""
        for element in cell:
            if local(element) in ("p", "h"):
                yield words_of(element)
            elif local(element) == "list":
                for child, label in self.items(element, attribute(element, "style-name") or "", 1):
                    words = words_of(child) if local(child) in ("p", "h") else ""
                    yield label + words if words else ""
            elif local(element) == "section":
                yield from self.lines(element)

    def label(self, style: str, level: int, item: Any) -> str:
        """Count an item and return its number as it is shown."""
        counts, levels = self.counts[style], self.lists.get(style, {})
        level = min(level, _LEVELS)
        held = levels.get(level)
        start = clamped(attribute(held, "start-value"), 1) if held is not None else 1
        own = attribute(item, "start-value")
        counts[level] = clamped(own) if own else (counts[level] + 1 if counts[level] else start)
        counts[level + 1 :] = [0] * (_LEVELS - level)
        if held is None or local(held) not in ("list-level-style-number", "outline-level-style"):
            return ""
        shown = max(1, clamped(attribute(held, "display-levels"), 1, level))
        told = []
        for each in range(level - shown + 1, level + 1):
            kind = attribute(levels[each], "num-format") or "" if each in levels else "1"
            text = numeral(max(1, counts[each]), _FORMATS.get(kind, kind))
            if text is None:
                self.reading.skip(f"automatic numbers in the format '{kind}'")
                return ""
            told.append(text)
        middle = ".".join(filter(None, told))
        around = (
            f"{attribute(held, 'num-prefix') or ''}{middle}{attribute(held, 'num-suffix') or ''}"
        )
        return around + " " if middle else ""

    def table(self, table: Any) -> None:
        """Add a table of a text or slide; tables within its cells come after it."""
        if self.depth > self.reading.limits.depth:
            raise Refused("The tables in the file are nested too deeply.")
        self.depth += 1
        cells, within = [], []
        for row, tr in enumerate(open_sheets.rows_of(table), 1):
            for column, tc, _ in open_sheets.cells_of(tr, 1000):
                if local(tc) == "table-cell":
                    high, wide = (spanned(attribute(tc, f"number-{each}-spanned"))
                                  for each in ("rows", "columns"))  # fmt: skip
                    text = "\n".join(filter(None, self.lines(tc)))
                    cells.append(GridCell(row, column, text, (high, wide)))
                    within.append(tc)
        self.page.add_grid(cells, attribute(table, "name"))
        for tc in within:
            for p in open_sheets.cell_paragraphs(tc):
                self.beside(p)
            for inner in tc:
                if local(inner) == "table":
                    self.table(inner)
        self.depth -= 1

    def object(self, element: Any) -> None:
        """Add a chart, formula or other document within this one: its words and table of values."""
        place = (attribute(element, "href") or "").removeprefix("./").rstrip("/")
        inner = f"{place}/content.xml"
        if inner not in self.parts:
            if place in self.parts and place not in self.done:
                self.done.add(place)
                carried(self.parts, place, self.reading)
            return
        self.done |= {inner, place}
        root = self.parts.side(inner, self.reading)
        for table in root.iter("{*}table") if len(root) else ():
            if "table" not in [local(each) for each in table.iterancestors()]:
                self.table(table)
        for chart in root.iter("{*}title", "{*}subtitle") if len(root) else ():
            self.page.add(words_of(chart), "caption")
        for math in root.iter("{*}annotation") if len(root) else ():
            self.page.add(math.text or "")

    def heads(self, styles: Any) -> None:
        """Add headers and footers, which are parts of the styles."""
        if not len(styles) or not self.reading.pages:
            return
        self.page = self.reading.pages[0]
        told = set()
        for each in styles.iter("{*}header", "{*}footer", "{*}header-left", "{*}footer-left"):
            for p in each.iter("{*}p", "{*}h"):
                if (text := words_of(p)) and text not in told:
                    told.add(text)
                    self.page.add(text, local(each)[:6])

    def tell(self) -> None:
        for kind, many in self.many.items():
            if many:
                self.reading.note(kind, f"{many} pieces of kind {kind}, which the printed page may "
                                  "not show.")  # fmt: skip
