"""One walk through the text of a Hangul document (OWPML); parts that can't be shown leave a note.

Every element that a run may contain is named here: its text, that it only arranges, or the words
of its note. An unknown element is reported by its own name.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .hwp_layout import LAID_OUT, PageBreaks, body_height, pages_crossed
from .hwp_numbers import HangulNumbering
from .hwp_words import BREAKS, FORMS, Words, child_text, inline_text, link_target, placed_cells
from .ooxml import add_chart
from .parts import attribute, clamped, local
from .reading import Page, Reading, Refused, raised

_NOTES = {
    "footNote": "footnote", "endNote": "endnote", "header": "header", "footer": "footer",
    "hiddenComment": "comment", "caption": "caption",
}  # fmt: skip
_SHAPES = frozenset(
    {"rect", "line", "ellipse", "arc", "polygon", "curve", "connectLine", "container", "pic", "ole"}
)
# elements that arrange and show nothing: restarted numbers, page numbers, bookmarks
_ARRANGES = frozenset(
    {"bookmark", "pageNum", "pageNumCtrl", "pageHiding", "newNum", "indexmark", "linesegarray"}
)
# parts that are left out, in words; others by their element's name
LEFT_OUT = {
    "video": "a video",
    "listBox": "a list of a form",
    "scrollBar": "a scroll bar of a form",
    "equation": "an equation without its script",
    "chart": "a chart that carries no values",
    "ole": "an embedded object (OLE); if the kit can read it, it is a document of its own",
}
_AUTOMATIC = ("그림입니다", "사각형입니다", "선입니다", "개체입니다", "표입니다", "수식입니다",
              "타원입니다", "글맵시입니다", "다각형입니다", "호입니다", "곡선입니다",
              "글상자입니다", "차트입니다")  # fmt: skip


class HangulWalk:
    """Puts the paragraphs of a document's sections onto the pages of its reading."""

    def __init__(self, reading: Reading, numbering: HangulNumbering, *, laid_out: bool) -> None:
        self.reading, self.numbering, self.laid_out = reading, numbering, laid_out
        self.breaks = PageBreaks()
        self.page = self._turn()
        self.masters: dict[str, Any] = {}
        self.charts: dict[str, Any] = {}
        self.changes: dict[str, tuple[str, str]] = {}
        self.told: Counter[str] = Counter()
        self.open: dict[str, str] = {}  # kind of tracked change now open: its id
        self.above = False  # whether the characters now read are raised
        self.depth = 0
        self.body: int | None = None  # height of a page's text

    def _turn(self) -> Page:
        return self.reading.page(label=LAID_OUT if self.laid_out else None)

    def section(self, element: Any) -> None:
        """Read one section, which begins a page."""
        if self.laid_out and (self.page.parts or self.breaks.last is not None):
            self.breaks.section()
        for child, after in pairwise([*element.iterfind("{*}p"), None]):
            self.paragraph(child, flows=True, after=after)

    def paragraph(
        self, element: Any, kind: str = "", *, flows: bool = False, after: Any = None
    ) -> None:
        """Add a paragraph and its objects; one that flows may begin pages."""
        self._deeper()
        words = self._runs(element)
        head, said = self.numbering.head(element)
        cuts = self.breaks.cuts(element) if flows and self.laid_out else []
        for begin, end, breaks in words.pieces(cuts):
            # a break before anything was written begins no page
            if breaks and (self.page.parts or self.page.tables or self.page.number > 1):
                self.page = self._turn()
            last = end == words.length
            self._piece(words, (begin, end), kind or said, head if begin == 0 else "", last=last)
        if flows:
            self._cross(element, words, after)
        self.depth -= 1

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > 4 * self.reading.limits.depth:
            raise Refused("The tables and notes in the file are nested too deeply.")

    def _piece(
        self, words: Words, cut: tuple[int, int], kind: str, head: str, *, last: bool
    ) -> None:
        """Add a page's piece of a paragraph, then the objects anchored in it."""
        begin, end = cut
        text = words.text()[begin:end]
        head = f"{head} " if head else ""
        span = self.page.add(head + text, kind)
        blanks = 0 if head else len(text) - len(text.lstrip())
        at = (span[0] if span else 0) + len(head) - blanks - begin
        for first, after, change in words.inserted:
            put = (max(at + first, span[0]), min(at + after, span[1])) if span else (0, 0)
            if span and max(first, begin) < min(after, end) and put[1] > put[0]:
                who, dated = self.changes.get(change, (None, None))
                self.page.mark(put, "tracked_insert", who, dated)
                self.told["tracked_insert"] += 1
        inside = range(begin, end + last)
        for place, gone, change in words.deleted:
            if place in inside:
                self._changed("tracked_delete", gone, change)
        for place, after, target in words.links:
            if place in inside:
                self.reading.link(words.text()[place:after], target, self.page.number)
        for place, element, what in words.later:
            if place in inside:
                self._inner(element, what)

    def _changed(self, kind: str, text: str, change: str) -> None:
        """Add a tracked change as a block of its own."""
        who, dated = self.changes.get(change, (None, None))
        if self.page.add(text, kind, None, who, dated):
            self.told[kind] += 1

    def _runs(self, element: Any) -> Words:
        """Return the words of a paragraph's runs, and the objects in them."""
        words = Words()
        for run in element.iterfind("{*}run"):
            self.above = attribute(run, "charPrIDRef") in self.numbering.raised
            for child in run:
                if local(child) == "t":
                    self._text(child, words)
                else:
                    self._control(child, words)
        words.close()
        return words

    def _text(self, element: Any, words: Words) -> None:
        self._say(element.text, words)
        for child in element:
            name, change = local(child), attribute(child, "TcId") or attribute(child, "Id") or ""
            if name in ("insertBegin", "deleteBegin"):
                self.open[name[:6]] = change
            elif name in ("insertEnd", "deleteEnd"):
                self.open.pop(name[:6], None)
            elif name == "titleMark":
                words.skip()
            elif name in BREAKS:
                self._say(BREAKS[name], words, 8 if name == "tab" else 1)
            elif name not in ("markpenBegin", "markpenEnd"):
                self._say("".join(child.itertext()), words)
            self._say(child.tail, words)

    def _say(self, text: str | None, words: Words, units: int | None = None) -> None:
        if not text:
            return
        if "delete" in self.open:
            words.deleted.append((words.length, text, self.open["delete"]))
            words.skip(len(text) if units is None else units)
            return
        begin = words.length
        words.add(raised(text, "".join(words.shown[-1:])) if self.above else text, units)
        if "insert" in self.open:
            words.inserted.append((begin, words.length, self.open["insert"]))

    def _control(self, element: Any, words: Words) -> None:
        """Read one element of a run: its words in the line, and its content after the text."""
        name = local(element)
        if name in ("ctrl", "switch"):
            for child in _chosen(element):
                self._control(child, words)
            return
        if name == "secPr":
            self._section_properties(element, words)
        elif name == "colPr":
            self.breaks.set_columns(clamped(attribute(element, "colCount"), 1, 100))
        elif name == "fieldBegin":
            words.open_field(link_target(element))
            if (attribute(element, "type") or "").upper() == "MEMO":
                words.later.append((words.length, element, "comment"))
        elif name == "fieldEnd":
            words.close_field()
        elif shown := inline_text(element):
            self.told["dutmal"] += name == "dutmal" and "(" in shown
            self._say(shown, words, 8)
            return
        elif name in ("parameters", "case", "default"):
            return
        elif name not in _ARRANGES and name not in (*FORMS, "autoNum", "compose", "dutmal"):
            words.later.append((words.length, element, _NOTES.get(name, name)))
        words.skip()

    def _section_properties(self, element: Any, words: Words) -> None:
        self.numbering.outline = attribute(element, "outlineShapeIDRef") or ""
        self.body = body_height(element)
        for child in element.iter("{*}masterPage"):
            words.later.append((words.length, attribute(child, "idRef") or "", "master"))

    def _inner(self, element: Any, kind: str) -> None:
        """Add the objects of a paragraph: tables, notes, drawings."""
        if kind == "master":
            self.master(element)
        elif kind == "tbl":
            self._table(element)
        elif kind == "comment":
            self._comment(element)
        elif kind in _NOTES.values() or kind == "drawText":
            self._list(element, "" if kind == "drawText" else kind)
        elif kind == "equation" and (script := child_text(element, "script")):
            self.page.add(script, "paragraph")
            self._shape(element)
        elif kind == "textart":
            text = (attribute(element, "text") or "").replace("␍␊", "\n")
            self.page.add(text, "paragraph")
            self._shape(element)
        elif kind == "chart" and (attribute(element, "chartIDRef") or "") in self.charts:
            chart = self.charts[attribute(element, "chartIDRef") or ""]
            add_chart(chart, self.page, self.reading)
            self._shape(element)
        else:
            if kind not in _SHAPES or kind == "ole":
                left = LEFT_OUT.get(kind, f"object of kind '{kind}'")
                self.reading.skip(left, self.page.number)
            self._shape(element)

    def _shape(self, element: Any) -> None:
        """Add the text in and under a drawing; its lines and colours are left out."""
        if target := (attribute(element, "href") or "").strip():
            self.reading.link("", target.partition(";")[0].replace("\\:", ":"), self.page.number)
        for child in element:
            name = local(child)
            if name in ("caption", "drawText"):
                self._list(child, "caption" if name == "caption" else "")
            elif name in _SHAPES or name in ("textart", "video", "chart", "equation", "tbl"):
                self._deeper()
                self._inner(child, name)
                self.depth -= 1
            elif name == "shapeComment":
                said = "".join(child.itertext()).strip()
                if said and not said.partition(".")[0].strip().endswith(_AUTOMATIC):
                    self.page.add(said, "hidden")
                    self.told["hidden"] += 1

    def _list(self, element: Any, kind: str) -> None:
        """Add the paragraphs of a note, a caption, or a box."""
        for p in element.iterfind("{*}subList/{*}p"):
            self.paragraph(p, kind)

    def master(self, named: str) -> None:
        """Add a master page's text at its first use."""
        if (root := self.masters.pop(named, None)) is not None:
            before = self.page.blocks
            self._list(root, "header")
            self.told["master"] += self.page.blocks > before

    def _comment(self, element: Any) -> None:
        said = {attribute(e, "name"): e.text for e in element.iter("{*}stringParam")}
        who = attribute(element, "author") or said.get("Author")
        lines = [self._runs(p).text() for p in element.iter("{*}p")]
        text = "\n".join(filter(None, lines))
        if self.page.add(text, "comment", None, who or None, said.get("CreateDateTime") or None):
            self.told["comment"] += 1

    def _table(self, table: Any) -> None:
        """Add a table; a table in one of its cells comes after that cell, as one of its own."""
        self._deeper()
        title = table.findall("{*}caption")
        for child in title:
            self._list(child, "caption")
        named = "\n".join(text for each in title for text, _ in self._lines(each) if text)
        cells = list(placed_cells(table))
        if cells:
            rows = max(row + spans[0] - 1 for row, _, spans, _ in cells)
            columns = max(column + spans[1] - 1 for _, column, spans, _ in cells)
            no, seen = self.page.add_table(rows, columns, named or None), set()
            for row, column, spans, tc in cells:
                # a broken file may claim the same place twice: the first stays
                if (row, column) in seen:
                    self.reading.skip("a cell whose place is taken", self.page.number)
                    continue
                seen.add((row, column))
                self._cell(no, (row, column), spans, tc)
        self.depth -= 1

    def _cross(self, paragraph: Any, words: Words, after: Any) -> None:
        """Go on to the page on which the tables of a paragraph end."""
        tables = [element for _, element, kind in words.later if kind == "tbl"]
        for table in tables if self.laid_out and self.body else ():
            if crossed := pages_crossed(table, paragraph, after, self.body or 0):
                first = self.page.number
                self.breaks.cross()
                said = f"A table that is anchored on this page ends on page {first + crossed} (by "
                said += "the stored heights of its rows); all of it is here."
                self.reading.note("layout", said, first)
                for _ in range(crossed):
                    self.page = self._turn()

    def _cell(self, no: int, place: tuple[int, int], spans: tuple[int, int], tc: Any) -> None:
        """Add a cell: its text as one block, or, around tables in it, as several."""
        texts, asides, block, span = list[str](), list[tuple[Any, str]](), list[str](), None
        for text, inside in self._lines(tc):
            block += [text] if text else []
            texts += [text] if text else []
            for element, kind in inside:
                if kind == "tbl":
                    self.page.add("\n".join(block), "cell")
                    block, span = [], (0, 0)
                    self._inner(element, kind)
                else:
                    asides.append((element, kind))
        last = self.page.add("\n".join(block), "cell")
        # the page has the text around a table in more than one piece
        whole = last if span is None else None
        self.page.add_cell(no, *place, "\n".join(texts), span=whole, spans=spans)
        for element, kind in asides:
            if kind == "link":
                self.reading.link(element[0], element[1], self.page.number)
            elif kind in ("tracked_insert", "tracked_delete"):
                self._changed(kind, *element)
            else:
                self._inner(element, kind)

    def _lines(self, element: Any) -> Iterator[tuple[str, list[tuple[Any, str]]]]:
        """Yield the paragraphs of a cell as shown, each with its objects."""
        for p in element.iterfind("{*}subList/{*}p"):
            words, head = self._runs(p), self.numbering.head(p)[0]
            shown = words.text()
            inside: list[tuple[Any, str]] = []
            inside += [((shown[a:b], to), "link") for a, b, to in words.links]
            inside += [((shown[a:b], to), "tracked_insert") for a, b, to in words.inserted]
            inside += [((text, to), "tracked_delete") for _, text, to in words.deleted]
            inside += [(inner, kind) for _, inner, kind in words.later]
            yield f"{head} {shown}" if head else shown, inside

    def tell(self) -> None:
        """Leave the notes: hidden things found, and all that was left out, by page."""
        for kind, many in sorted(self.told.items()):
            if kind in ("comment", "tracked_insert", "tracked_delete", "hidden"):
                group = "tracked" if kind.startswith("tracked") else kind
                said = f"{many} pieces of kind {kind}, which the printed page may not show."
                self.reading.note(group, said)
        if many := self.told["dutmal"]:
            said = f"In {many} places small text above or below the line (덧말) "
            self.reading.note("layout", said + "is in parentheses after its word.")
        if many := self.told["master"]:
            said = f"Text of {many} master pages (바탕쪽) is shown on each page that it is for; "
            self.reading.note("layout", said + "here it is once, as a header.")
        for what, many in sorted(self.numbering.lost.items()):
            self.reading.skip(what, None, many)


def _chosen(element: Any) -> list[Any]:
    """Return the children of a control; of alternatives the first, which newer programs show."""
    if local(element) != "switch":
        return list(element)
    for child in element:
        if local(child) in ("case", "default") and len(child):
            return list(child)
    return []
