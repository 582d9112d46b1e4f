"""The words of one paragraph of Word: runs, changes, form fields, symbols, formulas, ruby."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .parts import attribute, clamped, local
from .reading import apart, composed, raised

_INSERTED, _DELETED = {"ins", "moveTo"}, {"del", "moveFrom"}
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_OFF = ("0", "false", "off")
_PASSED = ("pPr", "drawing", "pict", "AlternateContent", "object", "tbl", "rPr")
# signs of Wingdings that forms use; Word keeps them in its private area
_SIGNS = {0x6F: "☐", 0xA8: "☐", 0xFD: "☒", 0xFE: "☑", 0xFB: "✗", 0xFC: "✓", 0xD8: "➢", 0xA7: "▪",
          0x6C: "●", 0x6E: "■", 0x71: "❑", 0xE0: "→", 0xDF: "←", 0xF0: "⇒"}  # fmt: skip
# the signs of the font Symbol, 20 to 7E and A1 to FE, as Adobe's table gives them
_SYMBOL = (
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_"
    "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
    "ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓"
    "◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪ 〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
)
_LINK = re.compile(r'HYPERLINK\s+"?([^"\s\\]+)"?')
# the signs before the parts of a formula, so that no half is glued to a digit beside it
_JOINED = {"f": ("", "/"), "sSup": ("", "^"), "sSub": ("", "_"), "sSubSup": ("", "_", "^"),
           "rad": ("", "√"), "sPre": ("_", "^", " "), "nary": ("_", "^", " "), "func": ("", " "),
           "limLow": ("", "_"), "limUpp": ("", "^"), "d": (), "eqArr": (), "m": ()}  # fmt: skip
_PARTS = ("e", "num", "den", "sup", "sub", "deg", "fName", "lim")


@dataclass(frozen=True)
class TextRun:
    """A piece of a paragraph; `kind` is '', tracked_insert, tracked_delete or hidden."""

    text: str
    kind: str
    who: str | None = None
    dated: str | None = None
    raised: bool = False
    struck: bool = False


def runs_of(parent: Any) -> Iterator[TextRun]:
    """Yield the runs of a paragraph in their order; text boxes are left out.

    A raised digit behind a digit becomes ², so that 10 and a raised 6 don't make 106.
    """
    last, struck = "", False
    for run in _runs(parent, TextRun("", "")):
        text = raised(run.text, last) if run.raised else run.text
        text = apart(text, last) if run.struck != struck else text
        if text:
            last, struck = text[-1], run.struck
        yield TextRun(text, run.kind, run.who, run.dated, struck=run.struck)


def run_text(element: Any) -> str:
    """Return the words in a paragraph or link, whatever became of them."""
    return "".join(run.text for run in runs_of(element))


def field_links(element: Any) -> list[str]:
    """Return the targets of links that are written as fields."""
    codes = "".join(each.text or "" for each in element.iter("{*}instrText"))
    codes += " ".join(attribute(each, "instr") or "" for each in element.iter("{*}fldSimple"))
    return _LINK.findall(codes)


def _runs(parent: Any, within: TextRun) -> Iterator[TextRun]:
    for element in parent:
        name = local(element)
        if name in _INSERTED or name in _DELETED:
            change = "tracked_insert" if name in _INSERTED else "tracked_delete"
            # words that were inserted and then deleted are gone
            kind = within.kind if within.kind == "tracked_delete" else change
            who, dated = attribute(element, "author"), attribute(element, "date")
            yield from _runs(element, TextRun("", kind, who, dated))
        elif name == "r":
            yield from _run(element, within)
        elif name in _JOINED and "/math" in str(element.tag):
            yield from _formula(element, name, within)
        elif name not in _PASSED:
            yield from _runs(element, within)


def _run(element: Any, within: TextRun) -> Iterator[TextRun]:
    if not (text := "".join(_text(child) for child in element)):
        return
    kind, above, struck = within.kind, False, False
    for each in element.iterfind("{*}rPr/*"):
        name, value = local(each), attribute(each, "val")
        if name == "vanish":
            kind = within.kind or ("hidden" if value not in _OFF else "")
        elif name in ("strike", "dstrike"):
            struck = value not in _OFF
        elif name == "vertAlign":
            above = value == "superscript"
    yield TextRun(text, kind, within.who, within.dated, above, struck)


def _formula(element: Any, name: str, within: TextRun) -> Iterator[TextRun]:
    opened, signs, closed = _signs(element, name)
    yield replace(within, text=opened)
    for sign, part in signs:
        inner = list(_runs(part, within))
        whole = "".join(run.text for run in inner)
        apart = len(whole) > 1 and (name in ("f", "rad") or (name == "nary" and sign != " "))
        if whole:
            yield replace(within, text=sign + ("(" if apart else ""))
            yield from inner
            yield replace(within, text=")" if apart else "")
    yield replace(within, text=closed)


def _signs(element: Any, name: str) -> tuple[str, list[tuple[str, Any]], str]:
    """Return the opening sign of a formula, its parts with the sign before each, and its end."""
    held = element.find(f"{{*}}{name}Pr")
    said = {local(each): attribute(each, "val") or "" for each in (() if held is None else held)}
    if name == "m":
        rows = [[*row.iterfind("{*}e")] for row in element.iterfind("{*}mr")]
        cells = [(", " if column else "; " if row else "", each)
                 for row, held in enumerate(rows) for column, each in enumerate(held)]  # fmt: skip
        return "[", cells, "]"
    parts = [each for each in element if local(each) in _PARTS]
    if name == "d":
        between = said.get("sepChr", "|")
        listed = [(between if turn else "", part) for turn, part in enumerate(parts)]
        return said.get("begChr", "("), listed, said.get("endChr", ")")
    if name == "eqArr":
        return "", [("; " if turn else "", part) for turn, part in enumerate(parts)], ""
    # a part may be left out: that of a root, for one, which is then a square root
    signs = _JOINED[name][-len(parts) :] if parts else ()
    return (said.get("chr", "∫") if name == "nary" else ""), [*zip(signs, parts, strict=False)], ""


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
    if font.lower() == "symbol":
        at = value & 0xFF
        return _SYMBOL[at - 0x20] if 0x20 <= at < 0x7F else _SYMBOL[at - 0x42] if at > 0xA0 else ""
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
