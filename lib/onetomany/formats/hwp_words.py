"""The words of one Hangul paragraph, with its links, changes and objects."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .hwp_numbers import formatted_number
from .parts import attribute, clamped, local
from .reading import composed

# Hangul counts a control as eight characters; a line break, a hyphen and fixed blanks as one
CONTROL = 8
BREAKS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}


FORMS = frozenset({"checkBtn", "radioBtn", "btn", "edit", "comboBox"})


@dataclass
class Words:
    """The text of a paragraph, with the places of its other parts.

    `later` are the parts that come after its text: place, element or name, kind.
    """

    shown: list[str] = field(default_factory=list)
    length: int = 0
    units: int = 0
    places: list[tuple[int, int]] = field(default_factory=list)  # Hangul's units, characters
    inserted: list[tuple[int, int, str]] = field(default_factory=list)
    deleted: list[tuple[int, str, str]] = field(default_factory=list)
    later: list[tuple[int, Any, str]] = field(default_factory=list)
    links: list[tuple[int, int, str]] = field(default_factory=list)
    opened: list[tuple[int, str]] = field(default_factory=list)  # fields: begin, target

    def text(self) -> str:
        return "".join(self.shown)

    def add(self, text: str, units: int | None = None) -> None:
        """Append shown text; it takes as many of Hangul's units as it has characters."""
        self.places.append((self.units, self.length))
        self.units += len(text.encode("utf-16-le", "replace")) // 2 if units is None else units
        text = composed(text)
        self.shown.append(text)
        self.length += len(text)

    def skip(self, units: int = CONTROL) -> None:
        self.places.append((self.units, self.length))
        self.units += units

    def offset(self, unit: int) -> int:
        """Return the character at one of Hangul's places."""
        at = bisect_right(self.places, (unit, 1 << 60)) - 1
        if at < 0:
            return 0
        begin, characters = self.places[at]
        most = self.places[at + 1][1] if at + 1 < len(self.places) else self.length
        return min(characters + unit - begin, most)

    def pieces(self, breaks: Iterable[int]) -> Iterator[tuple[int, int, bool]]:
        """Yield the text's pieces between Hangul's places: begin, end, whether one begins it."""
        starts = {self.offset(unit) for unit in breaks}
        for begin, end in pairwise([*sorted({0, *starts}), self.length]):
            yield begin, end, begin in starts

    def open_field(self, target: str) -> None:
        self.opened.append((self.length, target))

    def close_field(self) -> None:
        if self.opened:
            begin, target = self.opened.pop()
            if target:
                self.links.append((begin, self.length, target))

    def close(self) -> None:
        """Close links and changes that a later paragraph closes: their words end with this one."""
        while self.opened:
            self.close_field()


def link_target(field_begin: Any) -> str:
    """Return the target of a hyperlink; '' for fields of other kinds.

    `Command` is 'target|tip;kind;...', in which a backslash escapes these signs.
    """
    if (attribute(field_begin, "type") or "").upper() != "HYPERLINK":
        return ""
    said = {}
    for item in field_begin.iter("{*}stringParam"):
        said[attribute(item, "name") or ""] = item.text or ""
    if said.get("Path"):
        return said["Path"].strip()
    command = said.get("Command") or attribute(field_begin, "command") or ""
    target, escaped = "", False
    for sign in command:
        if sign == ";" and not escaped:
            break
        target += sign if escaped or sign != "\\" else ""
        escaped = sign == "\\" and not escaped
    return target.partition("|")[0].strip() or "a place in this document that it doesn't name"


def _form_value(element: Any) -> str:
    """Return the text of a form field: a box with its tick, an entry, a chosen value."""
    name, caption = local(element), attribute(element, "caption") or ""
    if name in ("checkBtn", "radioBtn"):
        ticked = (attribute(element, "value") or "").upper() == "CHECKED"
        boxes = "☐☑" if name == "checkBtn" else "○◉"
        return f"{boxes[ticked]} {caption}".strip()
    if name == "edit":
        return "".join(each.text or "" for each in element if local(each) == "text")
    if name == "comboBox":
        values = [attribute(each, "value") or "" for each in element if local(each) == "listItem"]
        # HWP 5 keeps no list: its one item is the chosen one
        return attribute(element, "selectedValue") or (values[0] if len(values) == 1 else "")
    return caption


def _note_number(element: Any, formatted: str | None) -> str:
    """Return an automatic number with the signs around it, such as 1)."""
    for form in element:
        if local(form) == "autoNumFormat":
            before, after = (_sign(attribute(form, f"{side}Char")) for side in ("prefix", "suffix"))
            return f"{before}{formatted or ''}{after}"
    return formatted or ""


def _sign(said: str | None) -> str:
    """Return a sign, which some programs write as its code."""
    said = said or ""
    return chr(clamped(said, 0, 0xFFFF)) if len(said) > 1 and said.isdigit() else said


def inline_text(element: Any) -> str:
    """Return the text of a run's element within the line; '' if it has none there."""
    name = local(element)
    if name == "autoNum":
        if (attribute(element, "numType") or "") in ("PAGE", "TOTAL_PAGE"):
            return ""  # another on each page
        form = next((attribute(e, "type") for e in element if local(e) == "autoNumFormat"), "")
        value = clamped(attribute(element, "num"), 0)
        return _note_number(element, formatted_number(value, form or "DIGIT"))
    if name == "compose":
        return attribute(element, "composeText") or ""
    if name == "dutmal":
        main, small = (child_text(element, part) for part in ("mainText", "subText"))
        return f"{main}({small})" if small else main
    return _form_value(element) if name in FORMS else ""


def child_text(element: Any, name: str) -> str:
    """Return the text of an element's children of one name."""
    return "".join(each.text or "" for each in element if local(each) == name)


def placed_cells(table: Any) -> Iterator[tuple[int, int, tuple[int, int], Any]]:
    """Yield a table's cells with their row, column and spans."""
    for row, tr in enumerate(table.iterfind("{*}tr"), 1):
        for column, tc in enumerate(tr.iterfind("{*}tc"), 1):
            address, span = tc.find("{*}cellAddr"), tc.find("{*}cellSpan")
            place, spans = (row, column), (1, 1)
            if address is not None:
                said = attribute(address, "rowAddr"), attribute(address, "colAddr")
                place = clamped(said[0], row - 1) + 1, clamped(said[1], column - 1) + 1
            if span is not None:
                high, wide = (clamped(attribute(span, each)) for each in ("rowSpan", "colSpan"))
                spans = max(1, high), max(1, wide)
            yield *place, spans, tc
