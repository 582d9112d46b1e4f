"""The words of one paragraph of Word: runs, changes, form fields, symbols, formulas, ruby."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .parts import attribute, clamped, local
from .reading import composed

_INSERTED, _DELETED = {"ins", "moveTo"}, {"del", "moveFrom"}
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_PASSED = ("pPr", "drawing", "pict", "AlternateContent", "object", "tbl", "rPr")
# signs of Wingdings that forms use; Word keeps them in its private area
_SIGNS = {0x6F: "☐", 0xA8: "☐", 0xFD: "☒", 0xFE: "☑", 0xFB: "✗", 0xFC: "✓", 0xD8: "➢", 0xA7: "▪",
          0x6C: "●", 0x6E: "■", 0x71: "❑", 0xE0: "→", 0xDF: "←", 0xF0: "⇒"}  # fmt: skip
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_LINK = re.compile(r'HYPERLINK\s+"?([^"\s\\]+)"?')
# how parts of a formula are joined, so that no half is glued to a digit beside it
_JOINED = {"f": "/", "sSup": "^", "sSub": "_", "sSubSup": "_^", "rad": "√"}


@dataclass(frozen=True)
class TextRun:
    """A piece of a paragraph; `kind` is '', tracked_insert, tracked_delete or hidden."""

    text: str
    kind: str
    who: str | None = None
    dated: str | None = None
    raised: bool = False


def runs_of(parent: Any) -> Iterator[TextRun]:
    """Yield the runs of a paragraph in their order; text boxes are left out.

    A raised digit behind a digit becomes ², so that 10 and a raised 6 don't make 106.
    """
    last = ""
    for run in _runs(parent, "", None, None):
        text = run.text
        if run.raised and last.isdigit() and text[:1].isdigit():
            text = text.translate(_RAISED)
        last = text[-1:] or last
        yield TextRun(text, run.kind, run.who, run.dated)


def run_text(element: Any) -> str:
    """Return the words in a paragraph or link, whatever became of them."""
    return "".join(run.text for run in runs_of(element))


def field_links(element: Any) -> list[str]:
    """Return the targets of links that are written as fields."""
    codes = "".join(each.text or "" for each in element.iter("{*}instrText"))
    codes += " ".join(attribute(each, "instr") or "" for each in element.iter("{*}fldSimple"))
    return _LINK.findall(codes)


def _runs(parent: Any, kind: str, who: str | None, dated: str | None) -> Iterator[TextRun]:
    for element in parent:
        name = local(element)
        if name in _INSERTED or name in _DELETED:
            change = "tracked_insert" if name in _INSERTED else "tracked_delete"
            # words that were inserted and then deleted are gone
            if kind == "tracked_delete":
                change = kind
            yield from _runs(
                element, change, attribute(element, "author"), attribute(element, "date")
            )
        elif name == "r":
            yield from _run(element, kind, who, dated)
        elif name in _JOINED and "/math" in str(element.tag):
            yield from _formula(element, name, kind, who, dated)
        elif name not in _PASSED:
            yield from _runs(element, kind, who, dated)


def _run(element: Any, kind: str, who: str | None, dated: str | None) -> Iterator[TextRun]:
    unseen, raised = False, False
    for properties in element:
        if local(properties) == "rPr":
            for each in properties:
                if local(each) == "vanish":
                    unseen = attribute(each, "val") not in ("0", "false", "off")
                elif local(each) == "vertAlign":
                    raised = attribute(each, "val") == "superscript"
    text = "".join(_text(child) for child in element)
    if text:
        yield TextRun(text, "hidden" if unseen and not kind else kind, who, dated, raised)


def _formula(
    element: Any, name: str, kind: str, who: str | None, dated: str | None
) -> Iterator[TextRun]:
    parts = [each for each in element if local(each) in ("e", "num", "den", "sup", "sub", "deg")]
    for turn, part in enumerate(parts):
        inner = list(_runs(part, kind, who, dated))
        whole = "".join(run.text for run in inner)
        mark = _JOINED[name]
        sign = mark if name == "rad" and turn == len(parts) - 1 else (
            mark[min(turn, len(mark)) - 1] if turn and name != "rad" else "")  # fmt: skip
        apart = len(whole) > 1 and name in ("f", "rad")
        yield TextRun(sign + ("(" if apart else ""), kind, who, dated)
        yield from inner
        if apart:
            yield TextRun(")", kind, who, dated)


def _text(element: Any) -> str:
    name = local(element)
    if name in ("t", "delText"):
        return composed(element.text or "")
    if name == "sym":
        return _sign(attribute(element, "char") or "", attribute(element, "font") or "")
    if name == "fldChar":
        return _field(element)
    if name == "ruby":
        held = {local(part): "".join(_text(each) for each in part.iter()) for part in element}
        above = held.get("rt", "")
        return held.get("rubyBase", "") + (f"({above})" if above else "")
    return _BREAKS.get(name, "")


def _sign(code: str, font: str) -> str:
    try:
        value = int(code, 16)
    except ValueError:
        return ""
    if "wingdings" in font.lower():
        return _SIGNS.get(value & 0xFF, "\N{REPLACEMENT CHARACTER}")
    if 0xF000 <= value < 0xF100:
        value -= 0xF000
    return chr(value) if 0x20 <= value < 0xD800 else ""


def _field(element: Any) -> str:
    """Return the text of a tick box or list to choose from; other fields show their result."""
    for data in element:
        if local(data) != "ffData":
            continue
        for control in data:
            held = {local(each): attribute(each, "val") for each in control}
            if local(control) == "checkBox":
                on = held.get("checked", held.get("default", "0"))
                ticked = ("checked" in held and on is None) or on in ("1", "true", "on")
                return "☒" if ticked else "☐"
            if local(control) == "ddList":
                entries = [attribute(e, "val") or "" for e in control if local(e) == "listEntry"]
                at = clamped(held.get("result") or held.get("default"), 0)
                return entries[at] if at < len(entries) else ""
    return ""
