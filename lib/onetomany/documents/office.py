"""DOCX: paragraphs, tables, notes, and what Word doesn't show: changes, comments, hidden text.

Read from WordprocessingML itself (ECMA-376 Part 1), since python-docx leaves out what was deleted,
hidden or said in comments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .parts import Parts, attribute, local, number
from .reading import Damaged, GridCell, Page, Reading, Refused, composed

_INSERTED, _DELETED = {"ins", "moveTo"}, {"del", "moveFrom"}
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_LINKS = ("hyperlink",)  # relations that lead out and ask for nothing


@dataclass(frozen=True)
class _Run:
    text: str
    kind: str  # '', tracked_insert, tracked_delete, hidden
    who: str | None = None
    dated: str | None = None


def read_docx(content: bytes, reading: Reading) -> None:
    """Raises Refused where it is no Word document, or one of its parts is not safe to read."""
    parts = Parts(content, reading.limits)
    if "word/document.xml" not in parts:
        raise Refused("It has no word/document.xml: it is no Word document.")
    core_properties(parts, reading)
    outside_relations(parts, reading)
    body = parts.xml("word/document.xml")
    walk = _Walk(reading.page(), reading, _style_names(parts, reading))
    walk.content(body[0] if len(body) else body)
    for name in sorted(parts.names):
        file = name.removeprefix("word/")
        kind = next((k for k in ("header", "footer") if file.startswith(k)), "")
        if file in ("footnotes.xml", "endnotes.xml"):
            kind = file[:-5]
        if (
            not name.startswith("word/")
            or not name.endswith(".xml")
            or not (kind or file == "comments.xml")
        ):
            continue
        root = parts.side(name, reading)
        if file == "comments.xml":
            walk.comments(root)
        elif kind in ("header", "footer"):
            walk.content(root, kind)
        else:
            for note in root:
                # the separators between text and notes are notes too
                if attribute(note, "type") in (None, "normal"):
                    walk.content(note, kind)
    walk.tell()
    embedded(parts, reading, "word/")


class _Walk:
    def __init__(self, page: Page, reading: Reading, styles: dict[str, str]) -> None:
        self.page, self.reading, self.styles = page, reading, styles
        self.told: dict[str, int] = {}

    def content(self, parent: Any, kind: str = "") -> None:
        for element in parent:
            name = local(element)
            if name == "p":
                self.paragraph(element, kind)
            elif name == "tbl":
                self.page.add_grid(self.grid(element))
            elif name in ("sdt", "sdtContent", "customXml", "ins", "smartTag"):
                self.content(element, kind)

    def paragraph(self, element: Any, kind: str) -> None:
        runs = list(_runs(element, ""))
        shown = [run for run in runs if run.kind in ("", "tracked_insert")]
        text = "".join(run.text for run in shown)
        span = self.page.add(text, kind or self.kind_of(element))
        # blanks at the beginning are cut off with the block
        at = (span[0] if span else 0) - (len(text) - len(text.lstrip()))
        for run in shown:
            begin, end = at, at + len(run.text)
            at = end
            if run.kind and span and run.text.strip():
                begin = max(begin, span[0])
                self.page.mark((begin, min(end, span[1])), run.kind, run.who, run.dated)
                self.count(run.kind)
        for run in runs:
            if run.kind in ("tracked_delete", "hidden") and self.page.add(
                run.text, run.kind, None, run.who, run.dated
            ):
                self.count(run.kind)
        for box in _text_boxes(element):
            self.content(box)

    def kind_of(self, element: Any) -> str:
        properties = _child(element, "pPr")
        if properties is None:
            return "paragraph"
        style = _child(properties, "pStyle")
        name = "" if style is None else attribute(style, "val") or ""
        name = self.styles.get(name, name).lower()
        if (
            name.startswith(("heading", "제목", "title"))
            or _child(properties, "outlineLvl") is not None
        ):
            return "heading"
        listed = _child(properties, "numPr") is not None or name.startswith("list")
        return "list" if listed else "paragraph"

    def grid(self, table: Any) -> list[GridCell]:
        cells: list[GridCell] = []
        above: dict[int, int] = {}  # column of a merged cell: its place in `cells`
        for row, tr in enumerate(_rows(table, "tr"), 1):
            column, hidden = 1, _deep(tr, "trPr", "hidden") is not None
            before = _deep(tr, "trPr", "gridBefore")
            if before is not None:
                column += number(attribute(before, "val"), 0, 1000)
            for tc in _rows(tr, "tc"):
                span = _deep(tc, "tcPr", "gridSpan")
                wide = max(
                    1, number(attribute(span, "val") if span is not None else None, most=1000)
                )
                merge = _deep(tc, "tcPr", "vMerge")
                if merge is not None and attribute(merge, "val") != "restart" and column in above:
                    old = cells[above[column]]
                    spans = (row - old.row + 1, old.spans[1])
                    cells[above[column]] = GridCell(
                        old.row, old.column, old.text, spans, old.hidden
                    )
                else:
                    above.pop(column, None)
                    if merge is not None:
                        above[column] = len(cells)
                    cells.append(GridCell(row, column, self.words(tc), (1, wide), hidden))
                column += wide
        return cells

    def words(self, cell: Any) -> str:
        lines = []
        for p in cell.iter("{*}p"):
            runs = list(_runs(p, ""))
            lines.append("".join(run.text for run in runs if run.kind in ("", "tracked_insert")))
            for run in runs:
                if run.kind and self.page.add(run.text, run.kind, None, run.who, run.dated):
                    self.count(run.kind)
        return "\n".join(filter(None, lines))

    def comments(self, root: Any) -> None:
        for comment in root:
            text = "\n".join(
                "".join(run.text for run in _runs(p, "")) for p in comment.iter("{*}p")
            )
            who, dated = attribute(comment, "author"), attribute(comment, "date")
            if self.page.add(text, "comment", None, who, dated):
                self.count("comment")

    def count(self, kind: str) -> None:
        self.told[kind] = self.told.get(kind, 0) + 1

    def tell(self) -> None:
        for kind, many in self.told.items():
            group = {"comment": "comment", "hidden": "hidden"}.get(kind, "tracked")
            self.reading.note(
                group, f"{many} pieces of kind {kind}, which the printed page may not show."
            )


def _runs(
    parent: Any, kind: str, who: str | None = None, dated: str | None = None
) -> Iterator[_Run]:
    """Texts of a paragraph in their order, each with what became of it; text boxes left out."""
    for element in parent:
        name = local(element)
        if name in _INSERTED or name in _DELETED:
            change = "tracked_insert" if name in _INSERTED else "tracked_delete"
            # what was inserted and then deleted is gone
            if kind == "tracked_delete":
                change = kind
            yield from _runs(
                element, change, attribute(element, "author"), attribute(element, "date")
            )
        elif name == "r":
            vanish = _deep(element, "rPr", "vanish")
            unseen = vanish is not None and attribute(vanish, "val") not in ("0", "false", "off")
            text = "".join(_text(child) for child in element)
            if text:
                yield _Run(text, "hidden" if unseen and not kind else kind, who, dated)
        elif name not in ("pPr", "drawing", "pict", "AlternateContent", "object"):
            yield from _runs(element, kind, who, dated)


def _text(element: Any) -> str:
    name = local(element)
    if name in ("t", "delText"):
        return composed(element.text or "")
    return _BREAKS.get(name, "")


def _text_boxes(element: Any) -> Iterator[Any]:
    for box in element.iter("{*}txbxContent"):
        # older Word gets a copy of every text box
        inside = [local(each) for each in box.iterancestors()]
        if "Fallback" not in inside and "txbxContent" not in inside:
            yield box


def _child(element: Any, name: str) -> Any:
    return next((each for each in element if local(each) == name), None)


def _deep(element: Any, *names: str) -> Any:
    for name in names:
        element = _child(element, name)
        if element is None:
            return None
    return element


def _rows(parent: Any, name: str) -> Iterator[Any]:
    """Rows or cells of one table, not of those in it."""
    for element in parent:
        if local(element) == name:
            yield element
        elif local(element) in ("sdt", "sdtContent", "ins", "del", "customXml"):
            yield from _rows(element, name)


def _style_names(parts: Parts, reading: Reading) -> dict[str, str]:
    if "word/styles.xml" not in parts:
        return {}
    found = {}
    for style in parts.side("word/styles.xml", reading):
        name = _child(style, "name")
        if local(style) == "style" and name is not None:
            found[attribute(style, "styleId") or ""] = attribute(name, "val") or ""
    return found


_CORE = {"title": "title", "creator": "author", "created": "created", "modified": "modified"}


def core_properties(parts: Parts, reading: Reading) -> None:
    """Title, author and dates of an Office document into its facts, all others into metadata."""
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
    """Tell what a document would fetch when opened in an office suite, such as a template."""
    asked = []
    for name in parts.names:
        if name.endswith(".rels"):
            for relation in parts.side(name, reading):
                kind = (relation.get("Type") or "").rpartition("/")[2]
                if relation.get("TargetMode") == "External" and kind not in _LINKS:
                    asked.append(f"{kind} {relation.get('Target') or ''}"[:200])
    if asked:
        reading.note("refused", f"Outside references were not followed: {'; '.join(asked[:10])}")


def embedded(parts: Parts, reading: Reading, folder: str) -> None:
    """Documents that an Office document carries become its members."""
    for name in parts.names:
        if name.startswith((folder + "embeddings/", folder + "media/")) and not name.endswith("/"):
            kind = name.rpartition(".")[2].lower()
            if kind in ("docx", "xlsx", "pdf", "hwp", "hwpx", "png", "jpg", "jpeg", "tif", "tiff"):
                try:
                    reading.member(name, parts.read(name))
                except Damaged as damaged:
                    reading.note("unread", str(damaged))
            else:
                reading.note("unread", f"{name} is embedded and was not read.")
