"""Read templates of letters: their questions and reasons, frames and fields.

A template (`data_requests/templates/<id>.md.j2`) contains the questions; a frame
(`templates/frames/<procedure>.md.j2`) names the law and contains the rest of the letter. Both are
Markdown in both languages with a head in TOML between lines of +++. jinja2's sandbox renders them
and runs none of their code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from onetomany.checked_tables import (
    FieldError,
    Form,
    Table,
    Text,
    faults_of,
    from_table,
    named_tables,
    parse_toml,
    read_toml,
    read_utf8,
)
from onetomany.errors import InputError
from .laws import Verified
from .procedures import requests_folder

SUFFIX = ".md.j2"
LANGUAGES = ("en", "ko")  # languages of every template; some have more
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&])")
# digits that end in a consonant when a Korean reader says them: 0, 1, 3, 6, 7, 8
_CLOSED_DIGITS = "013678"


Words = Annotated[tuple[Text, Text], Form("two texts, English and Korean")]


@dataclass(frozen=True)
class Field(Table):
    """A value that a letter needs from its writer; a personal one never enters the log.

    With `options` it is a choice: the allowed ids, each with its words in English and Korean.
    `label_en` and `label_ko` are its name in a form.
    """

    id: Text
    en: Text
    ko: Text
    personal: bool
    label_en: Text = ""
    label_ko: Text = ""
    options: Mapping[str, Words] = field(default_factory=dict)
    default: Text = ""  # default of a choice; empty: the writer must choose

    @property
    def label(self) -> str:
        """Return its name in a form, in both languages."""
        return f"{self.label_en} {self.label_ko}".strip() or self.id


@dataclass(frozen=True)
class Template(Table):
    """A set of documents to ask for, and why nobody outside has them."""

    id: Text
    title_en: Text  # the letter's subject; may contain fields
    title_ko: Text
    procedures: tuple[Text, ...]  # laws under which one can ask
    fields: tuple[Text, ...]  # in addition to those of the frame
    gaps: tuple[Text, ...]  # ids of gaps.csv
    asks_en: Text
    asks_ko: Text
    why_en: Text
    why_ko: Text
    sources: tuple[Text, ...]  # sources of the facts in the letter
    titles: Mapping[str, Text] = field(default_factory=dict)  # the subject in other languages
    # questions of fact by language; a letter lists them separately from documents
    questions: Mapping[str, tuple[Text, ...]] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which it is written."""
        return (*LANGUAGES, *self.titles)

    def title(self, language: str) -> str:
        """Return the letter's subject in a language; it may contain fields."""
        own = {"en": self.title_en, "ko": self.title_ko}
        return {**own, **self.titles}[language]


@dataclass(frozen=True)
class CitedProvision(Table):
    """An article that a frame relies on; `verified` as in `procedures`."""

    article: Text
    says: Text
    source: Text
    verified: Verified


@dataclass(frozen=True)
class Condition(Table):
    """A field that a letter needs only if a choice is one of `values`."""

    field: Text
    choice: Text
    values: tuple[Text, ...]


@dataclass(frozen=True)
class Frame(Table):
    """The letter around the questions, for one procedure."""

    id: Text
    fields: tuple[Text, ...]
    provisions: tuple[CitedProvision, ...] = ()
    languages: tuple[Text, ...] = LANGUAGES
    conditions: tuple[Condition, ...] = ()
    clashes: tuple[Mapping[str, Text], ...] = ()  # choices that exclude each other
    answers: bool = False  # the law gives a right to answers, not to documents alone


def templates() -> dict[str, Template]:
    """Read every template of data_requests/templates, by id.

    Raises InputError, naming file and field, if a head is not TOML or incomplete.
    """
    return {name: _template(path) for name, path in _files(templates_folder()).items()}


def frames() -> dict[str, Frame]:
    """Read every frame of data_requests/templates/frames, by the id of its procedure.

    Raises InputError as `templates`.
    """
    return {name: _frame(path) for name, path in _files(templates_folder() / "frames").items()}


def template_and_frame(template: str, procedure: str) -> tuple[Template, Frame]:
    """Return the template and the frame of a letter.

    Raises InputError if either is unknown or they don't fit together.
    """
    known, framed = _files(templates_folder()), _files(templates_folder() / "frames")
    if template not in known:
        raise InputError(f"There is no template '{template}': there are {', '.join(known)}.")
    own = _template(known[template])
    if procedure not in own.procedures or procedure not in framed:
        raise InputError(
            f"'{template}' can't be asked for under '{procedure}': take one of "
            f"{', '.join(own.procedures)}."
        )
    return own, _frame(framed[procedure])


def letter_fields() -> dict[str, Field]:
    """Read every field that a letter may need, by id (`templates/fields.toml`)."""
    path = templates_folder() / "fields.toml"
    with faults_of(path):
        found = named_tables(Field, read_toml(path))
        for each in found.values():
            if each.default and each.default not in each.options:
                raise FieldError(f"{each.id}.default", "must be one of its options")
    return found


def asked_of(template: Template, frame: Frame) -> list[str]:
    """Return the ids of all fields of a template in a frame, the frame's first."""
    return list(dict.fromkeys([*frame.fields, *template.fields]))


def needed_of(template: Template, frame: Frame, given: Mapping[str, str]) -> list[str]:
    """Return the ids of the fields that a letter requires with the choices in `given`.

    Raises InputError for choices that exclude each other.
    """
    for clash in frame.clashes:
        if all(given.get(name) == value for name, value in clash.items()):
            said = " and ".join(f"{name}={value}" for name, value in clash.items())
            raise InputError(f"Under '{frame.id}' {said} exclude each other: change one of them.")
    bound: dict[str, bool] = {}
    for each in frame.conditions:
        holds = given.get(each.choice) in each.values
        bound[each.field] = bound.get(each.field, False) or holds
    return [name for name in asked_of(template, frame) if bound.get(name, True)]


def languages_of(template: Template, frame: Frame) -> list[str]:
    """Return the languages of a template in a frame, in the frame's order."""
    return [each for each in frame.languages if each in template.languages]


def environment() -> Environment:
    """Return jinja2 for letters: sandboxed, strict, with every value escaped for Markdown."""
    made = ImmutableSandboxedEnvironment(
        loader=_Loader(templates_folder()),
        undefined=StrictUndefined,
        finalize=lambda value: escape(str(value)),
        keep_trailing_newline=False,
    )
    made.filters["josa"] = _josa
    return made


def escape(value: str) -> str:
    """Return a value as one line of literal Markdown."""
    printable = "".join(" " if each.isspace() else each for each in value if _shown(each))
    shown = _MARKUP.sub(r"\\\1", re.sub(r" +", " ", printable).strip())
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", shown)  # a date such as 24. November is not a list


def _josa(value: str, pair: str) -> str:
    """Return a value with the Korean particle that fits its last sound.

    The first of the pair follows a consonant. After a character that is neither Hangul nor a digit
    both are written, as in official letters: 과(와).

    >>> _josa("시스템", "과/와")
    '시스템과'
    """
    closed, opened = pair.split("/")
    last = re.sub(r"[\s)\]}’”\"']+$", "", value)[-1:]
    if "가" <= last <= "힣":
        return value + (closed if (ord(last) - ord("가")) % 28 else opened)
    if last.isdecimal() and last.isascii():
        return value + (closed if last in _CLOSED_DIGITS else opened)
    return f"{value}{closed}({opened})"


def split_head(text: str, path: Path) -> tuple[str, str]:
    """Return the TOML head and the rest of a text that begins with +++ lines. Raises InputError."""
    parts = re.split(r"^\+\+\+[ \t]*\r?$\n?", text, maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise InputError(f"{path} must begin with a head in TOML between two lines of +++.")
    return parts[1], parts[2]


def _shown(char: str) -> bool:
    """Return whether a character is visible: no control character or change of direction."""
    hidden = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    return char.isspace() or (char.isprintable() and char not in hidden)


class _Loader(BaseLoader):
    """Loads templates and frames without their heads, and no file outside the folder."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def get_source(self, environment: Environment, template: str) -> tuple[str, None, None]:
        path = self.home / template
        if not re.fullmatch(rf"(frames/)?[\w-]+{re.escape(SUFFIX)}", template) or not path.exists():
            raise TemplateNotFound(template)
        return split_head(read_utf8(path), path)[1], None, None


def templates_folder() -> Path:
    """Return the folder data_requests/templates. Raises InputError if there is none."""
    home = requests_folder() / "templates"
    if not home.is_dir():
        raise InputError(f"There is no folder {home}: it should contain the templates of letters.")
    return home


def _files(home: Path) -> dict[str, Path]:
    return {path.name.removesuffix(SUFFIX): path for path in sorted(home.glob(f"*{SUFFIX}"))}


def _head(path: Path) -> dict[str, Any]:
    raw = parse_toml(split_head(read_utf8(path), path)[0], path)
    if raw.get("id") != path.name.removesuffix(SUFFIX):
        raise InputError(f"{path}: 'id' must be the file's name, {path.name.removesuffix(SUFFIX)}.")
    return raw


def _template(path: Path) -> Template:
    with faults_of(path):
        own = from_table(Template, _head(path))
        lines = own.questions
        if stray := set(lines) - set(own.languages):
            raise FieldError("questions", f"are in {min(stray)}, in which there is no title")
        if lines and len({len(each) for each in lines.values()}) != 1:
            raise FieldError("questions", "must be as many in each language")
        if lines and set(lines) != set(own.languages):
            raise FieldError("questions", f"must be in {', '.join(own.languages)}")
    return own


def _frame(path: Path) -> Frame:
    with faults_of(path):
        made = from_table(Frame, _head(path))
        named = {name for each in made.conditions for name in (each.choice, each.field)}
        if stray := named.union(*made.clashes) - set(made.fields):
            raise FieldError(min(stray), "is used in a condition but missing from 'fields'")
    return made
