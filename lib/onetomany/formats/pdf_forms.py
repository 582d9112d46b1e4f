"""The fields of a PDF's form, with or without a place on a page, and its stated signers."""

import ctypes
import html
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pypdfium2 import raw

from .pdf_notes import asked_bytes, page_annotations, pdf_date, wide_text
from .pdf_shapes import Placing
from .reading import Damaged, Page, Reading

FIELDS, DEPTH = 20_000, 40  # of the form's tree
OPTIONS = 2_000  # of one list
TOLD = 10  # names in one note
XFA = 32 << 20  # bytes of a packet of an XFA form
_TAG = re.compile(r"<[^>]{0,10000}>")
_INHERITED = ("FT", "V", "RV", "Ff", "Opt", "DV")
_PUSH = 1 << 16
_UNSEEN = 0x02 | 0x20  # annotation flags: hidden, not shown
_TICKED = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_CHOSEN = {raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}


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


def _form_fields(content: bytes) -> list[FormField]:
    """Return the fields with values, in the order of the form's tree.

    It is pdfminer.six (MIT) that reads them: PDFium reports a field only if a page shows it. Raises
    Damaged if the file's cross-references or its form are.
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
        raise Damaged("its fields are nested too deeply") from error
    except Exception as error:  # a damaged file may break any parser anywhere
        raise Damaged(f"{type(error).__name__}: {error}"[:200]) from error
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
        field = _tree_field(node, held, full, [node, *kids])
        if field:
            yield field
        return
    for kid in named:
        yield from _walk(kid, held, full, depth + 1, seen)


def _tree_field(
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


def read_tree(content: bytes, reading: Reading) -> list[FormField]:
    """Return the fields of the form's own tree; a note says if it can't be read."""
    try:
        return _form_fields(content)
    except Damaged as error:
        reading.note(
            "form",
            f"The form's own list of fields can't be read ({error}): fields without a page, "
            "and the field of each signature, are not reported.",
        )
        return []


def read_fields(
    form: Any, held: Any, place: Placing, page: Page, signed: dict[str, str]
) -> list[str]:
    """Add the fields of a page with a value, as blocks of kind field; return their names.

    `form` is PDFium's handle of the document's form; `signed` gives signer and
    time of each signature's field.
    """
    names = []
    for annot, kind, box in page_annotations(held, place):
        if kind != raw.FPDF_ANNOT_WIDGET:
            continue
        name = wide_text(raw.FPDFAnnot_GetFormFieldName, form, annot)
        if raw.FPDFAnnot_GetFormFieldType(form, annot) == raw.FPDF_FORMFIELD_SIGNATURE:
            text = f"signature: {signed[name]}" if name in signed else ""
        else:
            text = _field(form, annot, name)
        if text:
            hidden = raw.FPDFAnnot_GetFlags(annot) & _UNSEEN
            page.add(text, "hidden" if hidden else "field", box)
            names.append(name)
    return names


def read_unplaced(tree: list[FormField], names: set[str], reading: Reading) -> int:
    """Add the fields that no page gave, without a place; note them, and boxes that contradict.

    Returns how many were added.
    """
    odd = [field.label for field in tree if field.contradicts]
    if odd:
        reading.note(
            "form",
            f"{len(odd)} boxes to tick are drawn otherwise than their values say: "
            f"{', '.join(odd[:TOLD])}. They are given as drawn.",
        )
    rest = [
        field
        for field in tree
        if field.value.strip() and field.name not in names and field.kind != "Sig"
        and not (field.kind == "Btn" and (field.shown or field.value == "Off"))
    ]  # fmt: skip
    for field in rest if reading.pages else []:
        reading.pages[0].add(f"{field.label or '(no name)'}: {field.value}", "field")
    if rest:
        labels = ", ".join(field.label or "(no name)" for field in rest[:TOLD])
        reading.note(
            "form",
            f"{len(rest)} fields have a value, but no place on a page at which PDFium shows it: "
            f"{labels}. Their values, from the form's own list, follow the first page's text.",
        )
    return len(rest)


def _field(form: Any, annot: Any, name: str) -> str:
    """Return a field as 'label: value'; '' if it is empty, or a button."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annot)
    label = wide_text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annot)
    label = label or name.rpartition(".")[2]
    if kind == raw.FPDF_FORMFIELD_PUSHBUTTON:
        return ""
    if kind in _TICKED:
        ticked = bool(raw.FPDFAnnot_IsChecked(form, annot))
        if kind == raw.FPDF_FORMFIELD_CHECKBOX:
            # PDFium takes a box of which the file contains no picture for an empty one
            state = wide_text(raw.FPDFAnnot_GetStringValue, annot, b"AS")
            ticked = ticked or state not in ("", "Off")
            return f"{label}: {'[x]' if ticked else '[ ]'}"
        return f"{label}: {wide_text(raw.FPDFAnnot_GetFormFieldExportValue, form, annot)}" * ticked
    value = wide_text(raw.FPDFAnnot_GetFormFieldValue, form, annot)
    if kind in _CHOSEN:
        many = min(raw.FPDFAnnot_GetOptionCount(form, annot), OPTIONS)
        chosen = [
            wide_text(raw.FPDFAnnot_GetOptionLabel, form, annot, number)
            for number in range(many)
            if raw.FPDFAnnot_IsOptionSelected(form, annot, number)
        ]
        value = ", ".join(each for each in chosen if each) or value
    return f"{label}: {value}" if value.strip() else ""


def read_signatures(
    pdf: Any, content: bytes, tree: list[FormField], reading: Reading
) -> dict[str, str]:
    """Note who signed and when, by the file's own word; return it by the name of the field.

    Whether a signature is valid is not checked. An empty field for a signature is none.
    """
    fields = [field for field in tree if field.kind == "Sig"]
    many = min(max(raw.FPDF_GetSignatureCount(pdf), 0), 100)
    matched = fields if len(fields) == max(raw.FPDF_GetSignatureCount(pdf), 0) else []
    told: dict[str, str] = {}
    for number in range(many):
        signature = raw.FPDF_GetSignatureObject(pdf, number)
        dated = asked_bytes(raw.FPDFSignatureObj_GetTime, signature).decode("latin-1")
        when = pdf_date(dated) or ""
        cms = asked_bytes(raw.FPDFSignatureObj_GetContents, signature)
        end = _signed_until(signature)
        if not cms.strip(b"\0") and not end:
            continue
        who, signed_at = _signer(cms)
        if not who and matched and matched[number].signer:
            who = f"{matched[number].signer} (by its own word, no certificate was read)"
        when = when or signed_at
        reason = wide_text(raw.FPDFSignatureObj_GetReason, signature)
        by = f"signed by {who}" if who else "signed by someone whom the file does not name"
        said = by + (f" on {when}" if when else "") + (f" ({reason})" if reason else "")
        if matched:
            told[matched[number].name] = said
        rest = "." if end >= len(content.rstrip()) else f"; {len(content) - end:,} bytes follow it."
        reading.note(
            "signature",
            f"Signature {number + 1}: {said}. The signature covers the file's first {end:,} "
            f"bytes{rest} Whether it is valid was not checked.",
        )
    return told


def _signed_until(signature: Any) -> int:
    many = raw.FPDFSignatureObj_GetByteRange(signature, None, 0)
    if many < 2 or many > 1_000:
        return 0
    held = (ctypes.c_int * many)()
    raw.FPDFSignatureObj_GetByteRange(signature, held, many)
    return max(0, int(held[many - 2]) + int(held[many - 1]))


def _signer(cms: bytes) -> tuple[str, str]:
    """Return the subject of the signer's certificate and the time of signing, or ''."""
    from asn1crypto import cms as syntax

    try:
        signed = syntax.ContentInfo.load(cms)["content"]
        info = signed["signer_infos"][0]
        wanted = info["sid"].chosen
        subject, when = "", ""
        for choice in signed["certificates"]:
            certificate = choice.chosen
            serial = getattr(wanted, "native", None)
            same = isinstance(serial, dict) and serial["serial_number"] == certificate.serial_number
            if same or len(signed["certificates"]) == 1:
                subject = certificate.subject.human_friendly
        for attribute in info["signed_attrs"]:
            if attribute["type"].native == "signing_time":
                when = attribute["values"][0].native.isoformat()
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        # another syntax than CMS, or a damaged one: the file's own words remain
        return "", ""
    return subject, when


def read_xfa(pdf: Any, reading: Reading, filled: int) -> None:
    """Report an XFA form; read its data if the form's fields have no values."""
    many = raw.FPDF_GetXFAPacketCount(pdf)
    if many <= 0:
        return
    packets = [
        asked_bytes(raw.FPDF_GetXFAPacketName, pdf, number) for number in range(min(many, 50))
    ]
    names = [each.partition(b"\0")[0].decode("utf-8", "replace")[:100] for each in packets]
    said = f"The file is an XFA form (packets: {', '.join(names)}): few programs show it in full."
    if filled:
        reading.note("form", f"{said} Its {filled} filled fields were read from its PDF form.")
        return
    values = [value for n, name in enumerate(names) if name == "datasets"
              for value in _data(_packet(pdf, n))]  # fmt: skip
    for value in values:
        if reading.pages:
            reading.pages[0].add(value, "field")
    much = f"{len(values)} values were read from its data" if values else "No value is in its data"
    reading.note("form", f"{said} {much}; their places on its pages aren't known.")


def _packet(pdf: Any, number: int) -> bytes:
    size = ctypes.c_ulong()
    if not raw.FPDF_GetXFAPacketContent(pdf, number, None, 0, size) or size.value > XFA:
        return b""
    held = ctypes.create_string_buffer(size.value)
    raw.FPDF_GetXFAPacketContent(pdf, number, held, size.value, size)
    return held.raw


def _data(packet: bytes) -> list[str]:
    """Return the values of a data packet, as 'name: value'."""
    from lxml import etree

    if b"<!DOCTYPE" in packet:  # as for all XML here: no definitions, no entities
        return []
    try:
        root = etree.fromstring(packet, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return []
    return [
        f"{etree.QName(each).localname}: {each.text.strip()}"
        for each in root.iter(etree.Element)
        if not len(each) and each.text and each.text.strip()
    ]
