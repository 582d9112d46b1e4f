"""HWP 5 and HWPX: paragraphs, tables, notes, memos and tracked changes of Hangul documents.

HWPX is read from its XML (OWPML, KS X 6101). HWP 5 is turned into the same XML by python-hwpx
(Apache-2.0), so both are read by one walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .parts import Parts, attribute, local, number, parse
from .reading import Damaged, GridCell, Page, Reading, Refused, composed

_BREAKS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_NOTES = {
    "footNote": "footnote", "endNote": "endnote", "header": "header", "footer": "footer",
    "hiddenComment": "comment", "caption": "caption",
}  # fmt: skip
_FACTS = {"creator": "author", "CreatedDate": "created", "ModifiedDate": "modified"}


def read_hwpx(content: bytes, reading: Reading) -> None:
    """Raises Refused where it is no HWPX document, is encrypted, or unsafe to read."""
    parts = Parts(content, reading.limits)
    manifest = "META-INF/manifest.xml"
    entries = parts.side(manifest, reading) if manifest in parts else ()
    if any(local(each) == "encryption-data" for entry in entries for each in entry.iter()):
        raise Refused("It is encrypted; ask for the password and save an open copy.")
    _read(parts.names, parts.read, reading)


def read_hwp(content: bytes, reading: Reading) -> None:
    """Raises Refused where it is protected, damaged, or not of version 5."""
    from hwpx.hwp5.errors import Hwp5Error
    from hwpx.hwp5.package import convert

    if content.startswith(b"HWP Document File V3"):
        raise Refused("It is of HWP version 3, which is not read: save it as HWPX.")
    try:
        made = convert(content)
    except Hwp5Error as error:
        raise Refused(f"HWP 5: {error}") from error
    _read(list(made.files), made.files.__getitem__, reading)
    # what the conversion has no place for
    if skipped := made.report.unconverted:
        told = ", ".join(f"{name} ({many})" for name, many in sorted(skipped.items()))
        reading.note("unread", f"Left out by the conversion from HWP 5: {told}.")


def _read(names: Iterable[str], read: Callable[[str], bytes], reading: Reading) -> None:
    names = list(names)
    sections = [n for n in names if n.startswith("Contents/section") and n.endswith(".xml")]
    if not sections:
        raise Refused("It has no Contents/section*.xml: it is no HWPX document.")

    def part(name: str) -> Any:
        try:
            return parse(read(name), name)
        except Damaged as damaged:
            # the other parts may still be whole
            reading.note("unread", str(damaged))
            return None

    about = part("Contents/content.hpf") if "Contents/content.hpf" in names else None
    if about is not None:
        _metadata(about, reading)
    header = part("Contents/header.xml") if "Contents/header.xml" in names else None
    walk = _Walk(reading.page(), reading, {} if header is None else _changes(header))
    lost = 0
    for name in sorted(sections, key=lambda n: number("".join(filter(str.isdigit, n)), 0)):
        section = part(name)
        lost += section is None
        for element in () if section is None else section:
            if local(element) == "p":
                walk.paragraph(element, "paragraph")
    walk.tell()
    for name in names:
        ending = name.rpartition(".")[2].lower()
        if name.startswith("BinData/") and ending in ("png", "jpg", "jpeg", "tif", "hwp", "hwpx"):
            try:
                reading.member(name, read(name))
            except Damaged as damaged:
                reading.note("unread", str(damaged))
    if lost:
        raise Refused(f"{lost} of its {len(sections)} sections can't be read: see its notes.")


class _Walk:
    def __init__(self, page: Page, reading: Reading, changes: dict[str, tuple[str, str]]) -> None:
        self.page, self.reading, self.changes = page, reading, changes
        self.told: dict[str, int] = {}
        self.open: dict[str, str] = {}  # kind of tracked change now open: its id
        self.depth = 0

    def paragraph(self, element: Any, kind: str) -> None:
        self.depth += 1
        if self.depth > 4 * self.reading.limits.depth:
            raise Refused("Its tables and notes are nested too deeply.")
        words, later = self.runs(element)
        span = self.page.add("".join(words.shown), kind)
        at = (span[0] if span else 0) - words.blanks()
        for begin, end, change in words.inserted:
            if span and end > begin:
                who, dated = self.changes.get(change, (None, None))
                cut = (max(at + begin, span[0]), min(at + end, span[1]))
                if cut[1] > cut[0]:
                    self.page.mark(cut, "tracked_insert", who, dated)
                    self.count("tracked_insert")
        for text, change in words.deleted:
            self.changed("tracked_delete", text, change)
        for inner, what in later:
            self.inner(inner, what)
        self.depth -= 1

    def runs(self, element: Any) -> tuple[_Words, list[tuple[Any, str]]]:
        """What a paragraph's runs say, and what stands in them and comes after its text."""
        words, later = _Words(), list[tuple[Any, str]]()
        for run in element:
            for child in run if local(run) == "run" else ():
                if local(child) == "t":
                    self.text(child, words)
                else:
                    self.control(child, later)
        return words, later

    def changed(self, kind: str, text: str, change: str) -> None:
        """A tracked change as a block of its own."""
        who, dated = self.changes.get(change, (None, None))
        if self.page.add(text, kind, None, who, dated):
            self.count(kind)

    def text(self, element: Any, words: _Words) -> None:
        self.say(element.text, words)
        for child in element:
            name, change = local(child), attribute(child, "TcId") or attribute(child, "Id") or ""
            if name in ("insertBegin", "deleteBegin"):
                self.open[name[:6]] = change
            elif name in ("insertEnd", "deleteEnd"):
                self.open.pop(name[:6], None)
            else:
                self.say(_BREAKS.get(name), words)
            self.say(child.tail, words)

    def say(self, text: str | None, words: _Words) -> None:
        if not text:
            return
        text = composed(text)
        if "delete" in self.open:
            words.deleted.append((text, self.open["delete"]))
            return
        if "insert" in self.open:
            words.inserted.append((words.length, words.length + len(text), self.open["insert"]))
        words.shown.append(text)
        words.length += len(text)

    def control(self, element: Any, later: list[tuple[Any, str]]) -> None:
        """Tables, notes and drawings stand in a run; their paragraphs come after its text."""
        name = local(element)
        if name == "tbl":
            later.append((element, "table"))
        elif name in _NOTES:
            later.append((element, _NOTES[name]))
        elif name == "fieldBegin" and attribute(element, "type") == "MEMO":
            later.append((element, "comment"))
        elif name == "equation":
            later.append((element, "equation"))
        elif name == "drawText":
            later.append((element, "paragraph"))
        elif name not in ("secPr", "linesegarray", "parameters"):
            for child in element:
                self.control(child, later)

    def inner(self, element: Any, kind: str) -> None:
        if kind == "table":
            for child in element:
                if local(child) == "caption":
                    self.inner(child, "caption")
            self.page.add_grid(self.grid(element))
        elif kind == "equation":
            script = next((each for each in element if local(each) == "script"), None)
            self.page.add("" if script is None else script.text or "", "paragraph")
        elif kind == "comment":
            text = _words(element)
            if self.page.add(text, "comment", None, attribute(element, "author")):
                self.count("comment")
        else:
            for child in element:
                if local(child) == "subList":
                    for p in child:
                        if local(p) == "p":
                            self.paragraph(p, kind)

    def grid(self, table: Any) -> list[GridCell]:
        cells = []
        for row, tr in enumerate((e for e in table if local(e) == "tr"), 1):
            for column, tc in enumerate((e for e in tr if local(e) == "tc"), 1):
                place, spans = (row, column), (1, 1)
                for child in tc:
                    if local(child) == "cellAddr":
                        place = (
                            number(attribute(child, "rowAddr"), row - 1) + 1,
                            number(attribute(child, "colAddr"), column - 1) + 1,
                        )
                    elif local(child) == "cellSpan":
                        spans = (
                            max(1, number(attribute(child, "rowSpan"))),
                            max(1, number(attribute(child, "colSpan"))),
                        )
                cells.append(GridCell(*place, self.cell(tc), spans))
        return cells

    def cell(self, element: Any) -> str:
        """A cell's text as it is shown; changes and memos in it are blocks before the table."""
        lines = []
        for p in element.iter("{*}p"):
            if _aside(p, element):
                continue
            words, later = self.runs(p)
            shown = "".join(words.shown)
            lines.append(shown)
            for begin, end, change in words.inserted:
                self.changed("tracked_insert", shown[begin:end], change)
            for text, change in words.deleted:
                self.changed("tracked_delete", text, change)
            for inner, what in later:
                if _is_aside(inner) or what == "equation":
                    self.inner(inner, what)
        return "\n".join(filter(None, lines))

    def count(self, kind: str) -> None:
        self.told[kind] = self.told.get(kind, 0) + 1

    def tell(self) -> None:
        for kind, many in self.told.items():
            group = "comment" if kind == "comment" else "tracked"
            self.reading.note(
                group, f"{many} pieces of kind {kind}, which the printed page may not show."
            )


class _Words:
    """The text of one paragraph: what is shown, what was put in, what was taken out."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.length = 0
        self.inserted: list[tuple[int, int, str]] = []
        self.deleted: list[tuple[str, str]] = []

    def blanks(self) -> int:
        text = "".join(self.shown)
        return len(text) - len(text.lstrip())


def _is_aside(element: Any) -> bool:
    """A memo or a note, which is no part of the text that it stands in."""
    name = local(element)
    return (name in _NOTES and name != "caption") or attribute(element, "type") == "MEMO"


def _aside(p: Any, cell: Any) -> bool:
    """Whether a paragraph is one of a memo or a note within a cell."""
    for each in p.iterancestors():
        if each is cell:
            break
        if _is_aside(each):
            return True
    return False


def _words(element: Any) -> str:
    """All text within a memo, a line a paragraph."""
    lines = []
    for p in element.iter("{*}p"):
        parts = []
        for run in p:
            for t in run if local(run) == "run" else ():
                if local(t) == "t":
                    parts.append(t.text or "")
                    for child in t:
                        parts += [_BREAKS.get(local(child), ""), child.tail or ""]
        lines.append("".join(parts))
    return "\n".join(filter(None, lines))


def _changes(header: Any) -> dict[str, tuple[str, str]]:
    """Of each tracked change: who made it, and when."""
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
