"""Write a letter from a template, a procedure and fields. Nothing is sent.

It is in the authority's language by default. `letter_files` writes it as Markdown, DOCX and PDF.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError

from onetomany.checked_tables import read_toml
from onetomany.errors import InputError, near
from . import letter_templates as forms
from .languages import LetterLanguage, fact_questions, letter_language, written_date
from .laws import Procedure
from .procedures import one_procedure, requests_folder

PERSONAL_FILE = "requester.toml"
_LABEL = re.compile(r"\*\*(.+?)\*\*\s+(.*)", re.DOTALL)
_ITEM = re.compile(r"\d+\. ")
# the end of the section on documents: the next heading after its list
_ASKED = re.compile(r"(^\d+\. .*?)(?=^## )", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class LetterPart:
    """A piece of a letter in plain text.

    `kind` is heading (of `level`), labelled (`label` and `text`), paragraph, list (`items`,
    numbered from 1) or closing (the date, the signature).
    """

    kind: str
    text: str = ""
    label: str = ""
    level: int = 0
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """A letter ready for signature: its Markdown, and the same in plain pieces."""

    template: str
    procedure: str
    language: str
    title: str
    date: dt.date
    markdown: str
    blocks: tuple[LetterPart, ...]
    unread: tuple[str, ...]  # articles it relies on that we have not read: check them first
    tag: str = ""  # language and country, such as 'en-US'
    notices: tuple[str, ...] = ()  # notices to read before sending it

    @property
    def text(self) -> str:
        """Return the words of the letter, one piece per line."""
        lines: list[str] = []
        for block in self.blocks:
            lines += [f"{number}. {item}" for number, item in enumerate(block.items, 1)]
            lines += [f"{block.label} {block.text}".strip()] if not block.items else []
        return "\n".join(lines) + "\n"


def requester(path: Path | None = None) -> dict[str, str]:
    """Return the requester's personal data from requester.toml; {} without such a file.

    Raises InputError for a field that is not personal, or is not text.
    """
    file = requests_folder() / PERSONAL_FILE if path is None else Path(path)
    if path is None and not file.exists():
        return {}
    raw = read_toml(file)
    personal = [name for name, field in forms.letter_fields().items() if field.personal]
    for name, value in raw.items():
        if name not in personal or not isinstance(value, str):
            raise InputError(
                f"{file}: '{name}' must be a text with one of the names {', '.join(personal)}."
            )
    return {name: value for name, value in raw.items() if value.strip()}


def law_language(procedure: str) -> str:
    """Return the tag of the language of a law's authorities, such as 'de-DE'.

    A law that names none counts as English. Raises InputError for an unknown law.

    >>> law_language("de-ifg")
    'de-DE'
    """
    return one_procedure(procedure).language or "en"


def letter(
    template: str, procedure: str, fields: Mapping[str, str], language: str | None = None
) -> Letter:
    """Return a letter of `template` under `procedure`, with its `fields` filled in.

    `template` is a name of `letter_templates.templates`, `procedure` a law of `procedures`. It is
    in the authority's language, or in `language`, an ISO 639 code. The field `document` is the
    first of the listed documents, if it is given. Fields that the letter doesn't use are ignored.
    Each value is shown literally, on one line, and never read as Markdown or as a command.

    Returns a `Letter`: `title`, `markdown`, `text`, and `unread`, the articles to check first.

    Raises InputError if template, procedure or language is unknown or they don't fit together, for
    an invalid date, for a choice that is not one of its options, and for missing fields, which it
    lists with their meaning.

    >>> import onetomany as otm
    >>> meanings = otm.requests.letter_templates.letter_fields()
    >>> fields = {name: "..." for name, each in meanings.items() if not each.options}
    >>> fields |= otm.requests.gaps.gap_fields("records_people", "en")
    >>> fields |= {"date": "2026-11-02", "fee_reduction": "none"}
    >>> draft = otm.letter("records_people", "kr-oida", fields, "en")
    >>> "Official Information Disclosure Act" in draft.text
    True
    """
    own, frame = forms.template_and_frame(template, procedure)
    law = one_procedure(procedure)
    law_tag = law.language or "en"
    language = language or law_tag.partition("-")[0]
    tag = law_tag if law_tag.partition("-")[0] == language else language
    _refuse_language(own, frame, language, law_tag)
    about = forms.letter_fields()
    given = _chosen(frame, fields, about)
    needed = forms.needed_of(own, frame, given)
    _refuse_missing(needed, given, template, about)
    day = _day(given["date"])
    values = dict.fromkeys((*frame.fields, *own.fields), "")
    values |= {name: str(given[name]) for name in needed} | {"date": written_date(day, tag)}
    try:
        subject, body = _rendered(own, frame, language, values, given.get("document", ""))
    except TemplateError as error:
        raise InputError(f"Template '{template}' under '{procedure}': {error}.") from error
    markdown = re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"
    blocks = _blocks(markdown)
    unread = [each for each in frame.provisions if each.verified != "read"]
    notices = _other_language(law, language, law_tag), _mixed_in(blocks, frame, language)
    return Letter(
        template=template,
        procedure=procedure,
        language=language,
        title=subject,
        date=day,
        markdown=markdown,
        blocks=blocks,
        unread=tuple(f"{each.article}: {each.says} ({each.source})" for each in unread),
        tag=tag,
        notices=(*notices[0], *notices[1]),
    )


def _rendered(
    own: forms.Template, frame: forms.Frame, language: str, values: Mapping[str, str], document: str
) -> tuple[str, str]:
    """Return a letter's subject and its Markdown."""
    made = forms.environment()
    subject = _unescaped(made.from_string(own.title(language)).render(values))
    body = made.get_template(f"{own.id}{forms.SUFFIX}").render(
        values, title=subject, language=language, frame=f"frames/{frame.id}{forms.SUFFIX}"
    )
    body = _with_document(body, document)
    asked = [made.from_string(each).render(values) for each in own.questions.get(language, ())]
    return subject, _with_questions(body, asked, own.id, letter_language(language))


def _refuse_language(own: forms.Template, frame: forms.Frame, language: str, law_tag: str) -> None:
    written = forms.languages_of(own, frame)
    if language in written:
        return
    said = "the authority's language, " if language == law_tag.partition("-")[0] else ""
    raise InputError(
        f"The letter '{own.id}' under '{frame.id}' is not written in {said}'{language}': take one "
        f"of {', '.join(written)} with --language or in the form, and have it translated before "
        "you send it, or write its block, title and frame (data_requests/README.md)."
    )


def _chosen(
    frame: forms.Frame, fields: Mapping[str, str], about: Mapping[str, forms.Field]
) -> dict[str, str]:
    """Return the fields with the defaults of choices; raise InputError for an invalid choice."""
    given = {name: str(value) for name, value in fields.items()}
    for name in frame.fields:
        options = about[name].options if name in about else {}
        value = given.get(name, "").strip()
        if options and not value:
            given[name] = about[name].default
        elif options and value not in options:
            raise InputError(
                f"'{name}' is '{value}'{near(value, options)}: it must be one of "
                f"{', '.join(options)}."
            )
    return given


def _with_document(body: str, document: str) -> str:
    """Return the letter with a document of the writer's as the first of its list, if one is given.

    It takes the punctuation of the items.
    """
    found = _ASKED.search(body)
    if not document.strip() or found is None:
        return body
    items = found[1].rstrip().split("\n")
    ending = ";" if len(items) > 1 and items[0].endswith(";") else ""
    listed = [
        f"{forms.escape(document).rstrip('.;')}{ending}",
        *(_ITEM.sub("", each) for each in items),
    ]
    numbered = "\n".join(f"{number}. {each}" for number, each in enumerate(listed, 1))
    return f"{body[: found.start()]}{numbered}\n\n{body[found.end() :]}"


def _with_questions(body: str, lines: list[str], template: str, words: LetterLanguage) -> str:
    """Return the letter with its questions of fact in a section after the documents."""
    if not lines:
        return body
    numbered = "\n".join(f"{number}. {each}" for number, each in enumerate(lines, 1))
    section = f"## {words.questions}\n\n{words.questions_intro}\n\n{numbered}\n\n"
    found = _ASKED.search(body)
    if found is None:
        raise InputError(
            f"Template '{template}' has questions of fact, but no list of documents followed "
            f"by a heading, where they would go."
        )
    return body[: found.end()] + section + body[found.end() :]


def _other_language(law: Procedure, language: str, law_tag: str) -> tuple[str, ...]:
    """Return notices for a letter that isn't in the authority's language."""
    if language == law_tag.partition("-")[0]:
        return ()
    own, asked = letter_language(language), letter_language(law_tag)
    rule = law.language_rule
    why = f" {rule.en} {rule.ko} ({rule.article})" if rule else ""
    return (
        f"This letter is in {own.en}, but the authority's language is {asked.en}: send the "
        f"{asked.en} one. 기관이 쓰는 말은 {asked.ko}이므로 {asked.ko}로 쓴 것을 보낸다.{why}",
    )


def _mixed_in(blocks: tuple[LetterPart, ...], frame: forms.Frame, language: str) -> tuple[str, ...]:
    """Return the items that ask for a fact, if the law gives access to documents only."""
    asked = next((block.items for block in blocks if block.kind == "list"), ())
    if frame.answers:
        return ()
    return tuple(
        f"Item {number} reads as a question of fact, and the law gives access to documents: move "
        f"it to [questions] of the template, or name the document. {number}번은 문서가 아니라 "
        f"사실을 묻는다. 서식의 [questions]로 옮기거나 문서를 적는다: {asked[number - 1]}"
        for number in fact_questions(asked, language)
    )


def _refuse_missing(
    needed: list[str], given: Mapping[str, str], template: str, about: Mapping[str, forms.Field]
) -> None:
    missing = [name for name in needed if not given.get(name, "").strip()]
    if not missing:
        return
    if len(missing) == 1 and missing[0] in about and about[missing[0]].options:
        only = about[missing[0]]
        raise InputError(
            f"The letter '{template}' lacks the choice '{only.id}' ({only.en}): choose one of "
            f"{', '.join(only.options)} with --field {only.id}=... or in the form.",
            f"청구서 '{template}'에서 '{only.id}'를 고르지 않았다({only.ko}). "
            f"{', '.join(only.options)} 가운데 하나를 양식이나 --field {only.id}=...로 고른다.",
        )
    personal = [name for name in missing if name in about and about[name].personal]
    known = [(name, about.get(name)) for name in missing if name not in personal]
    others = [_explained(name, field, field.en if field else "") for name, field in known]
    others_ko = [_explained(name, field, field.ko if field else "") for name, field in known]
    todo = [f"write {', '.join(personal)} into {PERSONAL_FILE}"] if personal else []
    todo += [f"give with --field NAME=VALUE, or in the form: {'; '.join(others)}"] if others else []
    raise InputError(
        f"The letter '{template}' lacks {len(missing)} of its fields: {', and '.join(todo)}.",
        f"청구서 '{template}'에 빠진 칸이 {len(missing)}개다."
        + (f" {PERSONAL_FILE}에 적을 것: {', '.join(personal)}." if personal else "")
        + (f" --field 이름=값이나 양식에 적을 것: {'; '.join(others_ko)}." if others else ""),
    )


def _explained(name: str, field: forms.Field | None, about: str) -> str:
    if field is None:
        return name
    choice = f" [{', '.join(field.options)}]" if field.options else ""
    return f"{name} ({about}){choice}"


def _day(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(str(written).strip())
    except ValueError as error:
        raise InputError(
            f"The letter's date '{written}' is not a date: write it as 2026-11-24."
        ) from error


def _blocks(markdown: str) -> tuple[LetterPart, ...]:
    """Return the pieces of a letter's Markdown."""
    found = []
    for piece in re.split(r"\n\s*\n", markdown.strip()):
        text = piece.strip()
        label = _LABEL.fullmatch(text)
        if text.startswith("#"):
            marks = len(text) - len(text.lstrip("#"))
            found.append(LetterPart("heading", _unescaped(text[marks:]), level=marks))
        elif _ITEM.match(text):
            items = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
            found.append(LetterPart("list", items=tuple(_unescaped(item) for item in items)))
        elif label:
            found.append(LetterPart("labelled", _unescaped(label[2]), label=_unescaped(label[1])))
        else:
            found.append(LetterPart("paragraph", _unescaped(text)))
    return (*found[:-2], *(LetterPart("closing", block.text) for block in found[-2:]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(text.split()))
