"""The fields of a PDF's form as its catalogue lists them, with or without a place on a page.

PDFium reports a field only if a page shows it. So the form's own tree is read too, by
pdfminer.six (MIT).
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

FIELDS = 20_000
DEPTH = 40
_TAG = re.compile(r"<[^>]{0,10000}>")
_INHERITED = ("FT", "V", "RV", "Ff", "Opt", "DV")
_PUSH = 1 << 16


class FormUnreadable(Exception):
    """The tree of a form can't be read; the message says why."""


@dataclass(frozen=True)
class FormField:
    """A field: `name` in full, `kind` Tx, Btn, Ch or Sig, `value` as text ('' for none).

    `shown` are the states in which its boxes are drawn (Off, Yes), for Btn only; `signer` is the
    name that a signature's own dictionary states.
    """

    name: str
    label: str
    kind: str
    value: str
    shown: tuple[str, ...] = ()
    signer: str = ""

    @property
    def contradicts(self) -> bool:
        """Return whether a box is drawn ticked although its value says it isn't, or the reverse."""
        on = any(state != "Off" for state in self.shown)
        return bool(self.shown) and on != (self.value not in ("", "Off"))


def form_fields(content: bytes) -> list[FormField]:
    """Return the fields with values, in the order of the form's tree.

    Raises FormUnreadable if the file's cross-references or its form are damaged.
    """
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser

    # it prints bytes of damaged files
    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    try:
        document = PDFDocument(PDFParser(BytesIO(content)), fallback=False)
        form = _resolved(document.catalog.get("AcroForm"))
        tops = _resolved(form.get("Fields")) if isinstance(form, dict) else None
        seen: set[int] = set()
        found: list[FormField] = []
        for top in tops if isinstance(tops, list) else []:
            found += _walk(top, {}, "", 0, seen)
    except RecursionError as error:
        raise FormUnreadable("its fields are nested too deeply") from error
    except Exception as error:  # a damaged file may break any parser anywhere
        raise FormUnreadable(f"{type(error).__name__}: {error}"[:200]) from error
    return found[:FIELDS]


def _walk(
    at: Any, above: dict[str, Any], name: str, depth: int, seen: set[int]
) -> Iterator[FormField]:
    """Yield the fields at and below a node, each with its inherited values."""
    node = _resolved(at)
    # a node that is its own kid, or one of many parents, is read once
    if not isinstance(node, dict) or id(node) in seen or depth > DEPTH or len(seen) > FIELDS:
        return
    seen.add(id(node))
    held = above | {key: node[key] for key in _INHERITED if key in node}
    part = _text(node.get("T"))
    full = ".".join(filter(None, (name, part)))
    kids = [_resolved(kid) for kid in _resolved(node.get("Kids")) or ()]
    named = [kid for kid in kids if isinstance(kid, dict) and "T" in kid]
    if not named:
        field = _field(node, held, full, [node, *kids])
        if field:
            yield field
        return
    for kid in named:
        yield from _walk(kid, held, full, depth + 1, seen)


def _field(
    node: dict[str, Any], held: dict[str, Any], full: str, places: list[Any]
) -> FormField | None:
    kind = _text(held.get("FT"))
    flags = _resolved(held.get("Ff"))
    if kind not in ("Tx", "Btn", "Ch", "Sig") or (
        kind == "Btn" and isinstance(flags, int) and flags & _PUSH
    ):
        return None
    label = _text(node.get("TU")) or full.rpartition(".")[2]
    value = _resolved(held.get("V"))
    if kind == "Sig":
        signer = _text(value.get("Name")) if isinstance(value, dict) else ""
        return FormField(full, label, kind, "", signer=signer)
    said = _text(value) or html.unescape(_TAG.sub("", _text(held.get("RV"))))
    states = [_text(place.get("AS")) for place in places if isinstance(place, dict)]
    shown = tuple(state for state in states if state) if kind == "Btn" else ()
    return FormField(full, label, kind, said, shown)


def _resolved(value: Any) -> Any:
    from pdfminer.pdftypes import resolve1

    return resolve1(value)


def _text(value: Any) -> str:
    """Return a string, name, number, stream, or list of them, as text."""
    from pdfminer.pdftypes import PDFStream
    from pdfminer.psparser import PSLiteral
    from pdfminer.utils import decode_text

    value = _resolved(value)
    if isinstance(value, PDFStream):
        value = value.get_data()
    if isinstance(value, bytes):
        utf8 = value.startswith(b"\xef\xbb\xbf")
        return value[3:].decode("utf-8", "replace") if utf8 else decode_text(value)
    if isinstance(value, PSLiteral):
        name = value.name
        return name if isinstance(name, str) else name.decode("utf-8", "replace")
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value[:FIELDS])))
    return str(value) if isinstance(value, int | float | str) else ""
