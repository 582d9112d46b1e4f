"""HTML: text in its order, tables, hidden text; nothing that it refers to is fetched."""

import re
from typing import Any

from lxml import etree, html

from .numbering import numeral
from .parts import spanned
from .plain import decode
from .reading import GridCell, Page, Reading, Refused, apart, composed, raised

_SKIPPED = {"script", "style", "template", "head"}
_STRUCK = ("del", "s", "strike")
_FIELDS = ("input", "select", "textarea")
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "sup", "time", "tt", "u", "var", "wbr", "img", "input", "button", "o:p",
}  # fmt: skip
_KINDS = {f"h{i}": "heading" for i in range(1, 7)} | {"li": "list", "caption": "caption"}
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.I)
# characters that no XML tree may contain
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([-\w]+)", re.I)


def html_text(content: bytes, declared: str | None = None) -> tuple[str, str, bool]:
    """Return the text of an HTML file, its encoding, and whether that is certain.

    `declared` is the encoding that a server or a mail part states; it goes before the page's own.
    """
    own = _CHARSET.search(content[:8192])
    return decode(content, declared or (own[1].decode("ascii") if own else None))


def read_html(content: bytes, reading: Reading) -> None:
    text, name, sure = html_text(content, reading.declared)
    reading.metadata["encoding"] = name
    if not sure:
        reading.note("encoding", f"Read as {name}, guessed: check names and figures.")
    page = reading.page()
    add_html(text, page, reading)


def add_html(text: str, page: Page, reading: Reading) -> None:
    """Add an HTML text to a page. Raises Refused if no element is in it."""
    parser = html.HTMLParser(no_network=True, remove_pis=True, encoding="utf-8")
    try:
        root = html.document_fromstring(_CONTROL.sub(" ", text).encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused(f"The file can't be read as HTML: {error}") from error
    _head(root, reading)
    outside = sum(
        1
        for each in root.iter("img", "script", "iframe", "link", "object", "embed", "frame")
        if re.match(r"(?i)\s*(https?:|ftp:|file:|//)", each.get("src") or each.get("href") or "")
    )
    if outside:
        reading.note("refused", f"{outside} references to outside things were not fetched.")
    body = root.find("body")
    _Walk(page).all(body if body is not None else root)


def _head(root: Any, reading: Reading) -> None:
    title = root.findtext(".//title")
    if title and not reading.facts.get("title"):
        reading.facts["title"] = " ".join(title.split())
    for meta in root.iter("meta"):
        name, value = meta.get("name") or meta.get("property"), meta.get("content")
        if not (name and value):
            continue
        lower = name.lower()
        if lower in ("author", "article:author"):
            reading.facts.setdefault("author", value)
        elif lower in ("date", "article:published_time", "dc.date"):
            reading.facts.setdefault("created", value)
        elif lower == "article:modified_time":
            reading.facts.setdefault("modified", value)
        else:
            reading.metadata[name] = value


class _Walk:
    """Gathers text until a block-level element begins or ends, then adds it to the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.parts: list[str] = []
        self.kind = "paragraph"

    def all(self, body: Any) -> None:
        self.say(body.text)  # words may be directly in the body
        self.element(body, False)
        self.close(False)

    def close(self, hidden: bool) -> None:
        lines = (" ".join(line.split()) for line in "".join(self.parts).split("\n"))
        self.page.add("\n".join(lines), "hidden" if hidden else self.kind)
        self.parts.clear()

    def say(self, text: str | None, pre: bool = False, above: bool = False) -> None:
        if text:
            text = text if pre else re.sub(r"[ \t\r\n\f]+", " ", text)
            text = composed(text)
            self.parts.append(raised(text, "".join(self.parts[-1:])) if above else text)

    def element(self, element: Any, hidden: bool) -> None:
        for child in element:
            if isinstance(child, etree._Comment):
                # an author's comments are hidden from readers
                words = (child.text or "").strip()
                if words and not words.startswith("[if"):
                    self.close(hidden)
                    self.page.add(words, "hidden")
                self.say(child.tail)
                continue
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag and tag not in _SKIPPED:
                self.child(child, tag, hidden)
            self.say(child.tail, element.tag == "pre")

    def child(self, child: Any, tag: str, hidden: bool) -> None:
        unseen = hidden or _is_unseen(child)
        if tag == "br":
            self.parts.append("\n")
        elif tag == "a":
            self.say(child.text)
            self.element(child, unseen)
            self.link(child)
        elif tag in _FIELDS and not unseen:
            self.say(_field(child))
        elif tag == "table" and not child.xpath("boolean(.//table)"):
            self.close(hidden)
            self.table(child, unseen)
        elif tag == "math":
            self.say(_math_text(child))
        elif tag in ("noscript", "iframe"):
            # a browser shows the one without scripts only, the other from another place
            inner = child.get("srcdoc") or "".join(child.itertext())
            if words := " ".join(_TAGS.sub(" ", inner).split()):
                self.close(hidden)
                self.page.add(words, "hidden")
        elif tag in _INLINE and unseen == hidden:
            self.inline(child, tag, hidden)
        else:
            self.close(hidden)
            around, self.kind = self.kind, _KINDS.get(tag, "paragraph")
            if tag == "li":
                self.say(_label(child))
            self.say(child.text, tag == "pre")
            self.element(child, unseen)
            self.close(unseen)
            # words after a list within an item are the item's
            self.kind = around

    def inline(self, child: Any, tag: str, hidden: bool) -> None:
        begin = len(self.parts)
        self.say(child.text, above=tag == "sup")
        self.element(child, hidden)
        if tag in _STRUCK and (words := "".join(self.parts[begin:])):
            self.page.reading.struck(words, self.page.number)
            self.parts[begin:] = [apart(words, "".join(self.parts[:begin][-1:]))]
            child.tail = apart(child.tail or "", words)

    def table(self, table: Any, unseen: bool) -> None:
        held = table.find("caption")
        caption = "".join(held.itertext()) if held is not None else ""
        title = " ".join(caption.split()) if caption else None
        self.page.add(title or "", "caption")
        self.page.add_grid(_grid(table, unseen), title)
        for link in table.iter("a"):
            self.link(link)

    def link(self, link: Any) -> None:
        """Keep the target of a link, unless it only moves within the page or runs a script."""
        target = (link.get("href") or "").strip()
        outside = None if target.lower().startswith(("#", "javascript:")) else target
        self.page.reading.link("".join(link.itertext()), outside, self.page.number)


# the signs between the parts of a formula in MathML
_BETWEEN = {"mfrac": "/", "msup": "^", "msub": "_", "munder": "_", "mover": "^", "mtr": ", ",
            "mtable": "; "}  # fmt: skip


def _math_text(element: Any) -> str:
    """Return a formula in MathML in one line, so that a half is 1/2 and not 12."""
    tag = str(element.tag).rpartition("}")[2]
    if tag in ("annotation", "annotation-xml"):
        return ""
    parts = [each for each in map(_math_text, element) if each]
    if tag in ("msubsup", "munderover") and len(parts) == 3:
        return f"{parts[0]}_({parts[1]})^{parts[2]}"
    if tag == "mroot" and len(parts) == 2:
        return f"{parts[1]}√({parts[0]})"
    if tag == "msqrt":
        return f"√({''.join(parts)})"
    if tag == "mfrac":
        parts = [f"({each})" if len(each) > 1 else each for each in parts]
    own = "" if parts else " ".join((element.text or "").split())
    return own or _BETWEEN.get(tag, "").join(parts)


def _is_unseen(element: Any) -> bool:
    return element.get("hidden") is not None or bool(_UNSEEN.search(element.get("style") or ""))


def _field(element: Any) -> str:
    """Return the text of a form field: an entry, a choice or a tick."""
    if element.tag == "textarea":
        return f" {element.text or ''} "
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = [each for each in options if each.get("selected") is not None] or options[:1]
        return " " + ", ".join("".join(each.itertext()).strip() for each in chosen) + " "
    kind = (element.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return "☒ " if element.get("checked") is not None else "☐ "
    return "" if kind in ("hidden", "password", "image") else f" {element.get('value') or ''} "


# how an ordered list counts, by its attribute or its style
_MARKS = {
    "1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman",
    "decimal": "decimal", "lower-alpha": "lowerLetter", "upper-alpha": "upperLetter",
    "lower-latin": "lowerLetter", "upper-latin": "upperLetter", "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman", "hangul": "ganada", "decimal-leading-zero": "decimalZero",
    "korean-hangul-formal": "koreanDigital",
}  # fmt: skip
_STYLED = re.compile(r"list-style(?:-type)?\s*:\s*([-\w]+)", re.I)


def _label(item: Any) -> str:
    """Return the number before an item of an ordered list, as a browser shows it."""
    above = item.getparent()
    if above is None or above.tag != "ol":
        return ""
    styled = _STYLED.search(item.get("style") or "") or _STYLED.search(above.get("style") or "")
    kind = styled[1].lower() if styled else item.get("type") or above.get("type") or "1"
    items = list(above.iterchildren("li"))
    backwards = above.get("reversed") is not None
    count = _count(above.get("start"), len(items) if backwards else 1)
    for each in items:
        count = _count(each.get("value"), count)
        if each is item:
            break
        count += -1 if backwards else 1
    told = numeral(count, _MARKS.get(kind, "none"))
    return f"{told}. " if told else ""


def _count(text: str | None, otherwise: int) -> int:
    try:
        return int((text or "").strip())
    except ValueError:
        return otherwise


def _grid(table: Any, hidden: bool) -> list[GridCell]:
    """Return cells at the places that their row and column spans leave them."""
    cells: list[GridCell] = []
    taken: set[tuple[int, int]] = set()
    for row, element in enumerate(table.iter("tr"), 1):
        column = 1
        for cell in element.iterchildren("td", "th"):
            while (row, column) in taken:
                column += 1
            spans = (spanned(cell.get("rowspan")), spanned(cell.get("colspan")))
            if spans[0] * spans[1] > 10_000:
                spans = (1, 1)
            taken |= {(row + i, column + j) for i in range(spans[0]) for j in range(spans[1])}
            unseen = hidden or _is_unseen(cell) or _is_unseen(element)
            lines = (" ".join(line.split()) for line in _cell_words(cell).split("\n"))
            cells.append(GridCell(row, column, "\n".join(filter(None, lines)), spans, unseen))
            column += spans[1]
    return cells


def _cell_words(cell: Any) -> str:
    """Return the words of a cell: blocks and items of lists in it begin a line."""
    parts: list[str] = []

    def walk(element: Any) -> None:
        for child in element:
            tag = child.tag if isinstance(child.tag, str) else ""
            begins = bool(tag) and tag not in _INLINE and tag not in _SKIPPED
            if begins:
                parts.append("\n")
            if tag in _FIELDS:
                parts.append(_field(child))
            elif tag == "math":
                parts.append(_math_text(child))
            elif tag and tag not in _SKIPPED:
                if tag == "li":
                    parts.append(_label(child))
                text = composed(re.sub(r"\s+", " ", child.text or ""))
                parts.append(raised(text, "".join(parts[-1:])) if tag == "sup" else text)
                walk(child)
                if tag in _STRUCK:
                    child.tail = apart(child.tail or "", parts[-1])
            if begins and tag != "br":
                parts.append("\n")
            parts.append(re.sub(r"\s+", " ", child.tail or ""))

    parts.append(re.sub(r"\s+", " ", cell.text or ""))
    walk(cell)
    return "".join(parts)
