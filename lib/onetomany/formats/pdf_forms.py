"""The values of a PDF's form, and its stated signers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from pypdfium2 import raw

from .pdf_form_tree import FormField, FormUnreadable, form_fields
from .pdf_notes import page_annotations, pdf_date, wide_text
from .pdf_shapes import Placing
from .reading import Page, Reading

OPTIONS = 2_000  # of one list
TOLD = 10  # names in one note
XFA = 32 << 20  # bytes of a packet of an XFA form
_UNSEEN = 0x02 | 0x20  # annotation flags: hidden, not shown
_TICKED = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_CHOSEN = {raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}


def read_tree(content: bytes, reading: Reading) -> list[FormField]:
    """Return the fields of the form's own tree; a note says if it can't be read."""
    try:
        return form_fields(content)
    except FormUnreadable as error:
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
        field = raw.FPDFAnnot_GetFormFieldType(form, annot)
        if field == raw.FPDF_FORMFIELD_SIGNATURE:
            told = signed.get(wide_text(raw.FPDFAnnot_GetFormFieldName, form, annot))
            text = f"signature: {told}" if told else ""
        else:
            text = _field(form, annot, field)
        if text:
            hidden = raw.FPDFAnnot_GetFlags(annot) & _UNSEEN
            page.add(text, "hidden" if hidden else "field", box)
            names.append(wide_text(raw.FPDFAnnot_GetFormFieldName, form, annot))
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


def _field(form: Any, annot: Any, kind: int) -> str:
    """Return a field as 'label: value'; '' if it is empty, or a button."""
    full = wide_text(raw.FPDFAnnot_GetFormFieldName, form, annot)
    label = (
        wide_text(raw.FPDFAnnot_GetFormFieldAlternateName, form, annot) or full.rpartition(".")[2]
    )
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
        when = pdf_date(_bytes(raw.FPDFSignatureObj_GetTime, signature).decode("latin-1")) or ""
        cms = _bytes(raw.FPDFSignatureObj_GetContents, signature)
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
            f"Signature {number + 1}: {said}. It covers the file's first {end:,} bytes{rest} "
            "Whether it is valid was not checked.",
        )
    return told


def _bytes(ask: Callable[..., int], signature: Any) -> bytes:
    size = ask(signature, None, 0)
    if not 0 < size < 1 << 24:
        return b""
    held = ctypes.create_string_buffer(size)
    ask(signature, held, size)
    return held.raw[:size]


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
    names = [_packet_name(pdf, number) for number in range(min(many, 50))]
    said = f"It is an XFA form (packets: {', '.join(names)}), which few programs show in full."
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


def _packet_name(pdf: Any, number: int) -> str:
    size = raw.FPDF_GetXFAPacketName(pdf, number, None, 0)
    held = ctypes.create_string_buffer(max(size, 1))
    raw.FPDF_GetXFAPacketName(pdf, number, held, size)
    return held.value.decode("utf-8", "replace")[:100]


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
