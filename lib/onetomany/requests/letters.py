"""A letter from a template, a procedure and fields; as Markdown, DOCX and PDF. Nothing is sent."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import TemplateError

from ..errors import InputError
from ..sources.files import package_folder
from .procedures import requests_folder
from .templates import (
    LANGUAGES,
    SUFFIX,
    asked_of,
    environment,
    letter_fields,
    read_toml,
    template_and_frame,
)

PERSONAL_FILE = "requester.toml"
_LABEL = re.compile(r"\*\*(.+?)\*\*\s+(.*)", re.DOTALL)
_ITEM = re.compile(r"\d+\. ")
# Word takes the first of these that a computer has; the PDF carries its own
_WORD_FONT, _WORD_FONT_KO = "Georgia", "Malgun Gothic"


@dataclass(frozen=True)
class Block:
    """A piece of a letter, in plain text.

    `kind` is heading (of `level`), labelled (`label` and `text`), paragraph, list (`items`, which
    are numbered from 1) or closing (the date, the signature).
    """

    kind: str
    text: str = ""
    label: str = ""
    level: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A letter that is ready to be signed: its Markdown, and the same in plain pieces."""

    template: str
    procedure: str
    language: str
    title: str
    date: dt.date
    markdown: str
    blocks: tuple[Block, ...]
    unread: tuple[str, ...]  # articles it leans on that were recalled, not read: check them first

    @property
    def text(self) -> str:
        """The words of the letter, one piece a line, as a reader sees them."""
        lines: list[str] = []
        for block in self.blocks:
            lines += [f"{number}. {item}" for number, item in enumerate(block.items, 1)]
            lines += [f"{block.label} {block.text}".strip()] if not block.items else []
        return "\n".join(lines) + "\n"


def requester(path: Path | None = None) -> dict[str, str]:
    """The requester's own particulars from requester.toml; {} where there is no such file.

    Only fields that are personal may stand there. Raises InputError for another, or one that is no
    text.
    """
    file = requests_folder() / PERSONAL_FILE if path is None else Path(path)
    if path is None and not file.exists():
        return {}
    try:
        raw = read_toml(file.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} can't be read: {error}.") from error
    personal = [name for name, field in letter_fields().items() if field.personal]
    for name, value in raw.items():
        if name not in personal or not isinstance(value, str):
            raise InputError(f"{file}: '{name}' must be a text, and of {', '.join(personal)}.")
    return {name: value for name, value in raw.items() if value.strip()}


def letter(
    template: str,
    procedure: str,
    fields: Mapping[str, str],
    language: str,
    *,
    folder: Path | None = None,
) -> Letter:
    """A letter of `template` under `procedure`, its `fields` filled in, in 'en' or 'ko'.

    Fields that the letter has no use for are left out. Each value is shown as it was written, on
    one line, and is never taken for a mark or a command.

    Raises InputError where template, procedure or language is unknown or they don't fit, for a
    date that is none, and for missing fields: all that are missing, each with what it is.
    """
    own, frame = template_and_frame(template, procedure, folder)
    if language not in LANGUAGES:
        raise InputError(f"A letter is in 'en' or 'ko', not in '{language}'.")
    needed = asked_of(own, frame)
    _refuse_missing(needed, fields, template, folder)
    day = _day(fields["date"])
    values = {name: str(fields[name]) for name in needed} | {"date": _said(day, language)}
    made = environment(folder)
    title = own.title_ko if language == "ko" else own.title_en
    try:
        subject = made.from_string(title).render(values)
        body = made.get_template(f"{template}{SUFFIX}").render(
            values,
            title=_unescaped(subject),
            language=language,
            frame=f"frames/{procedure}{SUFFIX}",
        )
    except TemplateError as error:
        raise InputError(f"Template '{template}' under '{procedure}': {error}.") from error
    markdown = re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"
    return Letter(
        template=template,
        procedure=procedure,
        language=language,
        title=_unescaped(subject),
        date=day,
        markdown=markdown,
        blocks=_blocks(markdown),
        unread=tuple(
            f"{each.article}: {each.says} ({each.source})"
            for each in frame.provisions
            if each.verified != "read"
        ),
    )


def to_markdown(letter: Letter) -> str:
    """The letter as Markdown."""
    return letter.markdown


def to_docx(letter: Letter) -> bytes:
    """The letter as a Word file, to be changed by hand; the same bytes for the same letter."""
    import docx
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    document = docx.Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(25)
    for name, size in (("Normal", 10.5), ("Heading 1", 18), ("Heading 2", 12), ("List Number", 0)):
        style = document.styles[name]
        if size:
            style.font.size = Pt(size)
        style.font.name = _WORD_FONT
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _WORD_FONT_KO)
    for block in letter.blocks:
        if block.kind == "heading":
            document.add_heading(block.text, block.level)
        elif block.kind == "list":
            for item in block.items:
                document.add_paragraph(item, style="List Number")
        else:
            paragraph = document.add_paragraph()
            if block.label:
                paragraph.add_run(f"{block.label} ").bold = True
            paragraph.add_run(block.text)
            if block.kind == "closing":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    facts = document.core_properties
    facts.title, facts.author, facts.comments, facts.language = (
        letter.title,
        "",
        "",
        letter.language,
    )
    facts.created = facts.modified = dt.datetime.combine(letter.date, dt.time())
    written = io.BytesIO()
    document.save(written)
    return _undated(written.getvalue())


def to_pdf(letter: Letter) -> bytes:
    """The letter as PDF/A-2b and PDF/UA-1 with Korean type; the same bytes for the same letter.

    Every text goes to typst as data, never as source, so that nothing in it is a command.
    """
    import typst

    data = {
        "title": letter.title,
        "language": letter.language,
        "date": [letter.date.year, letter.date.month, letter.date.day],
        "blocks": [vars(block) for block in letter.blocks],
    }
    source = resources.files(__package__).joinpath("data", "letter.typ").read_bytes()
    made = typst.compile(
        source,
        format="pdf",
        font_paths=[str(package_folder("pylopdf_fonts_ko"))],
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-2b", "ua-1"],
        timestamp=dt.datetime.combine(letter.date, dt.time(), dt.UTC),
    )
    return bytes(made)


def _refuse_missing(
    needed: list[str], given: Mapping[str, str], template: str, folder: Path | None
) -> None:
    missing = [name for name in needed if not str(given.get(name) or "").strip()]
    if missing:
        about = letter_fields(folder)
        lines = "".join(
            f"\n  {name}: {about[name].en} / {about[name].ko}"
            + (f" ({PERSONAL_FILE})" if about[name].personal else "")
            if name in about
            else f"\n  {name}"
            for name in missing
        )
        raise InputError(
            f"The letter '{template}' lacks {len(missing)} of its fields. Those with "
            f"({PERSONAL_FILE}) belong there alone, the others in --field NAME=VALUE or the form:"
            f"{lines}"
        )


def _day(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(written).strip())
    except ValueError as error:
        raise InputError(
            f"The letter's date '{written}' is none: write it as 2026-11-24."
        ) from error


def _said(day: dt.date, language: str) -> str:
    if language == "ko":
        return f"{day.year}년 {day.month}월 {day.day}일"
    months = "January February March April May June July August September October November December"
    return f"{day.day} {months.split()[day.month - 1]} {day.year}"


def _blocks(markdown: str) -> tuple[Block, ...]:
    """The pieces of the few kinds of Markdown that letters are written in."""
    found = []
    for piece in re.split(r"\n\s*\n", markdown.strip()):
        text = piece.strip()
        label = _LABEL.fullmatch(text)
        if text.startswith("#"):
            marks = len(text) - len(text.lstrip("#"))
            found.append(Block("heading", _unescaped(text[marks:]), level=marks))
        elif _ITEM.match(text):
            items = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
            found.append(Block("list", items=tuple(_unescaped(item) for item in items)))
        elif label:
            found.append(Block("labelled", _unescaped(label[2]), label=_unescaped(label[1])))
        else:
            found.append(Block("paragraph", _unescaped(text)))
    return (*found[:-2], *(Block("closing", block.text) for block in found[-2:]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(text.split()))


def _undated(archive: bytes) -> bytes:
    """A ZIP file without the time at which it was written."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
