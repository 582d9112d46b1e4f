"""HWPML, Hangul's document as one XML file (.hml, or named .hwp), turned into OWPML's elements.

The names are those of "HWPML 2.91", which Hancom publishes; OWPML names the same things otherwise.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from .inflating import RAW, Ending, inflate
from .parts import attribute, local, parse
from .reading import Damaged, Reading, Refused

# elements whose OWPML name is not just their own in small letters
_NAMES = {
    "TEXT": "run", "CHAR": "t", "PARALIST": "subList", "TABLE": "tbl", "ROW": "tr", "CELL": "tc",
    "SECDEF": "secPr", "COLDEF": "colPr", "PAGEDEF": "pagePr", "PAGEMARGIN": "margin",
    "FOOTNOTE": "footNote", "ENDNOTE": "endNote", "HIDDENCOMMENT": "hiddenComment",
    "AUTONUM": "autoNum", "AUTONUMFORMAT": "autoNumFormat", "NEWNUM": "newNum",
    "PAGENUM": "pageNum", "PAGENUMCTRL": "pageNumCtrl", "PAGEHIDING": "pageHiding",
    "FIELDBEGIN": "fieldBegin", "FIELDEND": "fieldEnd", "RECTANGLE": "rect", "PICTURE": "pic",
    "CONNECTLINE": "connectLine", "DRAWTEXT": "drawText", "SHAPECOMMENT": "shapeComment",
    "MAINTEXT": "mainText", "SUBTEXT": "subText", "LINEBREAK": "lineBreak", "NBSPACE": "nbSpace",
    "FWSPACE": "fwSpace", "HYPEN": "hyphen", "TITLEMARK": "titleMark",
    "MARKPENBEGIN": "markpenBegin", "MARKPENEND": "markpenEnd", "CHECKBUTTON": "checkBtn",
    "RADIOBUTTON": "radioBtn", "BUTTON": "btn", "COMBOBOX": "comboBox", "LISTBOX": "listBox",
    "SCROLLBAR": "scrollBar", "PARASHAPE": "paraPr", "PARAHEAD": "paraHead", "SIZE": "sz",
    "INSERTBEGIN": "insertBegin", "INSERTEND": "insertEnd", "DELETEBEGIN": "deleteBegin",
    "DELETEEND": "deleteEnd", "TRACKCHANGE": "trackChange",
    "TRACKCHANGEAUTHOR": "trackChangeAuthor", "EXT_MASTERPAGE": "masterpage",
}  # fmt: skip
_ATTRIBUTES = {
    "ParaShape": "paraPrIDRef", "Style": "styleIDRef", "OutlineShape": "outlineShapeIDRef",
    "Number": "num", "NumberType": "numType", "Href": "href", "Text": "text",
}  # fmt: skip
# their values are words, CircledDigit for CIRCLED_DIGIT
_WORDS = ("type", "numType", "numFormat")
# only order their content
_WRAPPERS = ("SHAPEOBJECT", "DRAWINGOBJECT", "FORMOBJECT", "BUTTONSET", "EDITSET", "COMBOBOXSET")
_ABOUT = {"TITLE": "title", "AUTHOR": "author", "DATE": "created"}
_BINARY = re.compile(rb"<BINDATA\b([^>]*)>([^<]*)</BINDATA>")


@dataclass
class HwpmlDocument:
    """A document's sections and lists as OWPML, its metadata, and its embedded files."""

    sections: list[Any] = field(default_factory=list)
    header: Any = None
    facts: dict[str, str] = field(default_factory=dict)
    members: list[tuple[str, bytes]] = field(default_factory=list)


def document_of_hwpml(content: bytes, reading: Reading) -> HwpmlDocument:
    """Convert an HWPML document to OWPML. Raises Refused if it is incomplete or unsafe."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
        content = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace")
    stored: list[tuple[bytes, bytes]] = []

    def apart(found: re.Match[bytes]) -> bytes:
        # pictures make text nodes too large for a parser
        stored.append((found[1], found[2]))
        return b""

    content = _BINARY.sub(apart, content)
    try:
        root = parse(content, "The document")
    except Damaged as damaged:
        raise Refused(f"The HWPML file is damaged: {damaged}") from damaged
    made = HwpmlDocument(header=etree.Element("head"))
    formats = {}
    for element in root.iter():
        name = local(element)
        if name == "SECTION":
            made.sections.append(_converted(element, etree.Element("sec")))
        elif name in ("NUMBERING", "BULLET", "PARASHAPE", "STYLE", "TRACKCHANGE"):
            made.header.append(_element(element))
        elif name == "BINITEM":
            key = attribute(element, "BinData") or ""
            formats[key] = (attribute(element, "Format") or "bin").lower()
            if (attribute(element, "Type") or "") == "Link":
                path = attribute(element, "APath") or attribute(element, "RPath") or "?"
                reading.skip(f"a file outside of the document, to which it points: {path}")
        elif name == "DOCSUMMARY":
            said = {local(each): "".join(each.itertext()).strip() for each in element}
            made.facts |= {_ABOUT.get(n, n.lower()): text for n, text in said.items() if text}
    if not made.sections:
        raise Refused("The file lacks a SECTION, so it is not an HWPML document.")
    made.members = list(_stored(stored, formats, reading))
    return made


def _element(element: Any) -> Any:
    """Return an element as OWPML has it."""
    name = _NAMES.get(local(element), local(element).lower())
    made = etree.Element(name)
    for key, value in element.attrib.items():
        named = _ATTRIBUTES.get(key) or key[:1].lower() + key[1:]
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value).upper() if named in _WORDS else value
        made.set(named, word)
    if name == "colPr":
        made.set("colCount", element.get("Count") or "1")
    elif name == "tc":
        address = {"rowAddr": element.get("RowAddr"), "colAddr": element.get("ColAddr")}
        spans = {"rowSpan": element.get("RowSpan"), "colSpan": element.get("ColSpan")}
        for part, said in (("cellAddr", address), ("cellSpan", spans)):
            etree.SubElement(made, part, {key: value for key, value in said.items() if value})
    elif name == "paraPr":
        kind, listed = element.get("HeadingType") or "None", element.get("Heading") or ""
        level = element.get("Level") or "0"
        etree.SubElement(made, "heading", type=kind.upper(), idRef=listed, level=level)
    return _converted(element, made)


def _converted(element: Any, made: Any) -> Any:
    """Put the children of an element, as OWPML has them, into the one made of it."""
    made.text = element.text
    for child in element:
        if local(child) in _WRAPPERS:
            flat = _converted(child, etree.Element("flat"))
            # a form's words and a drawing's link are the wrapper's
            said = {key[:1].lower() + key[1:]: value for key, value in child.attrib.items()}
            for key, value in [*said.items(), *flat.attrib.items()]:
                if key not in made.attrib:
                    made.set(key, value)
            made.extend(list(flat))
        elif local(child) == "EDITTEXT":
            etree.SubElement(made, "text").text = "".join(child.itertext())
        elif local(child):
            part = _element(child)
            part.tail = child.tail
            made.append(part)
    return made


def _stored(stored: list[tuple[bytes, bytes]], formats: dict[str, str], reading: Reading) -> Any:
    """Yield the pictures and objects that lie in the document, unpacked within the limits."""
    for said, text in stored:
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', said.decode("utf-8", "replace")))
        key = attributes.get("Id", "?")
        name = f"BinData/{key}.{formats.get(key, 'bin')}"
        ending = Ending.WHOLE
        try:
            data = base64.b64decode(text)
            if attributes.get("Compress") == "true":
                packed = inflate(data, RAW, reading.limits.expanded_from(len(data)))
                data, ending = packed.content, packed.ending
        except (binascii.Error, ValueError):
            ending = Ending.DAMAGED
        if ending in (Ending.TOO_LARGE, Ending.DAMAGED):
            fault = "expands too far" if ending is Ending.TOO_LARGE else "is damaged"
            reading.skip(f"{name}, which {fault}")
        else:
            yield name, data
