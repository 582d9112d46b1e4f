"""Write a letter as Markdown, DOCX and PDF, with an optional translation for the requester."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from importlib import resources
from typing import TYPE_CHECKING, Any

from onetomany.errors import InputError
from onetomany.sources.files import package_folder
from .languages import letter_language

if TYPE_CHECKING:
    from docx.document import Document

    from .letters import Letter, LetterPart

# Word uses the first installed font; the PDF contains its own
_WORD_FONT, _WORD_FONT_KO = "Georgia", "Malgun Gothic"
# spaces at which a citation or a date must not break over two lines
_KEPT = re.compile(
    r"(?<=§) (?=\d)|(?<=\d) (?=U\.S\.C\.)|(?<=U\.S\.C\.) (?=§)|(?<=\bAbs\.) (?=\d)|"
    r"(?<=\bArticle) (?=\d)|(?<=\bsection) (?=\d)|(?<=\bunder) (?=§)|(?<=\d) (?=\(\d+\))|"
    r"(?<=\d) (?=Abs\.)"
)
# millimetres: letters in the United States use Letter paper
_LETTER_PAPER, _A4 = (215.9, 279.4), (210.0, 297.0)
_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')


def _reading_mark(letter: Letter, beside: Letter) -> str:
    """Return the words that mark the translation as not part of the letter, in both languages."""
    both = dict.fromkeys((letter.language, beside.language))
    return " · ".join(letter_language(each).not_part for each in both)


def to_markdown(letter: Letter, beside: Letter | None = None) -> str:
    """Return the letter as Markdown; the translation `beside` follows below a line, marked so."""
    if beside is None:
        return letter.markdown
    return f"{letter.markdown}\n---\n\n**{_reading_mark(letter, beside)}**\n\n{beside.markdown}"


def to_docx(letter: Letter, beside: Letter | None = None) -> bytes:
    """Return the letter as an editable Word file; the same letter gives the same bytes.

    The translation `beside` begins a new page and is marked as not part of the letter.
    """
    import docx
    from docx.shared import Mm

    document = docx.Document()
    page = document.sections[0]
    width, height = _LETTER_PAPER if letter.tag.endswith("-US") else _A4
    page.page_width, page.page_height = Mm(width), Mm(height)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(25)
    _style(document, letter.tag or letter.language)
    for block in letter.blocks:
        _add(document, block, 0)
    if beside is not None:
        document.add_page_break()
        document.add_paragraph().add_run(_reading_mark(letter, beside)).bold = True
        for block in beside.blocks:
            _add(document, block, 2)
    facts = document.core_properties
    facts.title, facts.author, facts.comments = letter.title, "", ""
    facts.language = letter.tag or letter.language
    facts.created = facts.modified = dt.datetime.combine(letter.date, dt.time())
    written = io.BytesIO()
    document.save(written)
    return _undated(written.getvalue())


def _style(document: Document, tag: str) -> None:
    """Set fonts, sizes and the language of spelling and hyphenation."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name, size in (("Normal", 10.5), ("Heading 1", 18), ("Heading 2", 12), ("List Number", 0)):
        style: Any = document.styles[name]
        if size:
            style.font.size = Pt(size)
        style.font.name = _WORD_FONT
        style.font.color.rgb = RGBColor(0, 0, 0)
        run = style.element.get_or_add_rPr()
        fonts = run.get_or_add_rFonts()
        for theme in [each for each in fonts.attrib if each.endswith("Theme")]:
            del fonts.attrib[theme]  # a theme's font would override this one
        fonts.set(qn("w:eastAsia"), _WORD_FONT_KO)
        for old in run.findall(qn("w:lang")):
            run.remove(old)
        spoken = OxmlElement("w:lang")
        eastern = tag.startswith(("ko", "ja"))
        spoken.set(qn("w:val"), "en" if eastern else tag)
        spoken.set(qn("w:eastAsia"), tag if eastern else "ko-KR")  # for the translation
        run.append(spoken)


def _add(document: Document, block: LetterPart, level: int) -> None:
    """Add one piece; with `level` every heading has that level. Numbers are part of the text."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    if block.kind == "heading":
        document.add_heading(block.text, level or block.level)
    elif block.kind == "list":
        # numbers as text: Word's own would continue from the first list into the second
        for number, item in enumerate(block.items, 1):
            paragraph = document.add_paragraph(f"{number}.\t{_kept(item)}")
            paragraph.paragraph_format.left_indent = Mm(7)
            paragraph.paragraph_format.first_line_indent = Mm(-7)
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(7))
    else:
        paragraph = document.add_paragraph()
        if block.label:
            paragraph.add_run(f"{block.label} ").bold = True
        paragraph.add_run(_kept(block.text))
        if block.kind == "closing":
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def to_pdf(letter: Letter, beside: Letter | None = None) -> bytes:
    """Return the letter as PDF/A-2b and PDF/UA-1; the same letter gives the same bytes.

    The translation `beside` follows on its own pages: each is marked as not part of the letter and
    left out of its page numbers. Every text goes to typst as data, never as source, so that none is
    run as a command. Raises InputError for a character missing from the PDF's fonts, such as
    Thai ones.
    """
    import typst

    data = _data(letter) | {"date": [letter.date.year, letter.date.month, letter.date.day]}
    if beside is not None:
        data["beside"] = _data(beside) | {"mark": _reading_mark(letter, beside)}
    source = resources.files(__package__).joinpath("data", "letter.typ").read_bytes()
    try:
        made = typst.compile(
            source,
            format="pdf",
            font_paths=[
                str(package_folder(each)) for each in ("pylopdf_fonts_ko", "manimgx_fonts_cjk")
            ],
            ignore_system_fonts=True,
            sys_inputs={"letter": json.dumps(data, ensure_ascii=False)},
            pdf_standards=["a-2b", "ua-1"],
            timestamp=dt.datetime.combine(letter.date, dt.time(), dt.UTC),
        )
    except typst.TypstError as error:
        lacking = _NO_GLYPH.search(str(error))
        if lacking is None:
            raise
        raise InputError(
            f"The PDF's fonts lack '{lacking[1]}': send the Word file, or use another character. "
            f"PDF 글꼴에 '{lacking[1]}' 글자가 없으니 워드 파일을 쓰거나 다른 글자를 쓴다."
        ) from error
    return bytes(made)


def _data(letter: Letter) -> dict[str, Any]:
    language, _, region = (letter.tag or letter.language).partition("-")
    return {
        "title": letter.title,
        "language": language,
        "region": region,
        "paper": "us-letter" if region == "US" else "a4",
        "blocks": [
            vars(block)
            | {"text": _kept(block.text), "items": [_kept(item) for item in block.items]}
            for block in letter.blocks
        ],
    }


def _kept(text: str) -> str:
    return _KEPT.sub("\u00a0", text)


def _undated(archive: bytes) -> bytes:
    """Return a ZIP file without its time of writing."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
