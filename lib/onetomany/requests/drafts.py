"""A draft: a letter, the version to read along, its files, and its entry in the log.

What the command `onetomany requests new` and the form of chapter 10 have in common. Nothing is
sent, and nothing personal enters the log.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import InputError, near
from ..sources.files import write_whole
from . import gaps, letters, log
from .procedures import one_procedure
from .templates import LANGUAGES, letter_fields, templates


def gap_or_template(about: str, folder: Path | None = None) -> tuple[str, dict[str, str] | None]:
    """Return the template that a name stands for, and its row of gaps.csv if it is a gap.

    Raises InputError for a name that is neither.
    """
    table = gaps.table(folder)
    rows = table.filter(gap=about)
    row = rows.row(0, named=True) if rows.height else None
    template = row["template"] if row else about
    known = templates(folder)
    if template not in known:
        names = [*table["gap"], *known]
        raise InputError(
            f"There is no gap or template '{about}'{near(about, names)}. "
            "'onetomany requests gaps' lists the gaps."
        )
    return template, row


def authorities(
    procedure: str, language: str, gap: Mapping[str, str] | None = None, folder: Path | None = None
) -> list[str]:
    """Return the names of the bodies to write to under a law, the gap's own first.

    In the law's language they are official names where the file of the law gives them.

    >>> authorities("de-ifg", "de")
    ['Bundesministerium des Innern (Bundespolizei)']
    """
    own = []
    if gap is not None and gap["procedure"] == procedure and language in LANGUAGES:
        own = [gap[f"body_{language}"]]
    return own + [
        each.ko if language == "ko" else each.en if language == "en" else each.official or each.en
        for each in one_procedure(procedure, folder).addressees
    ]


def prefilled(
    gap: Mapping[str, str] | None, procedure: str, language: str, folder: Path | None = None
) -> dict[str, str]:
    """Return what a letter can be filled in with: body, system and period of a gap's own law.

    Another law's authority has another system: nothing is filled in for it.
    """
    if gap is None or gap["procedure"] != procedure:
        return {}
    return gaps.defaults(gap["gap"], language, folder)


def said_in(
    fields: Mapping[str, str],
    gap: Mapping[str, str] | None,
    procedure: str,
    *,
    before: str,
    after: str,
    folder: Path | None = None,
) -> dict[str, str]:
    """Return a letter's fields for another language; what its writer wrote stays as it is.

    Only what the kit itself filled in is known in both: body, system and period of a gap, and the
    name of an authority of the law.
    """
    told = dict(fields)
    for language in dict.fromkeys((before, *LANGUAGES)):
        own = prefilled(gap, procedure, language, folder)
        into = prefilled(gap, procedure, after, folder)
        told |= {name: into[name] for name in into if name in own and told.get(name) == own[name]}
        # from the end: the gap's own body stands first, and not in each language
        bodies = reversed(authorities(procedure, language, gap, folder))
        into = dict(zip(bodies, reversed(authorities(procedure, after, gap, folder)), strict=False))
        if told.get("body") in into:
            told["body"] = into[told["body"]]
    return told


def reading_language(made: letters.Letter, asked: str | None) -> str:
    """Return the language to read along in: the one asked for, or English for a letter in neither
    of the kit's two languages. Empty for 'none' and for the letter's own.
    """
    reader = asked or ("" if made.language in LANGUAGES else "en")
    return "" if reader in ("none", made.language) else reader


def draft_name(procedure: str, day: dt.date, template: str) -> str:
    """Return the name of a draft by date and law, which its files and its entry in the log bear.

    >>> draft_name("us-foia", dt.date(2026, 11, 24), "data_flow")
    '2026-11-24-us-foia-data-flow'
    """
    return f"{day.isoformat()}-{procedure}-{template.replace('_', '-')}"


def begin_entry(
    made: letters.Letter,
    name: str,
    fields: Mapping[str, str],
    folder: Path,
    *,
    gap: Mapping[str, str] | None = None,
    personal: Iterable[str] = (),
) -> Path:
    """Begin the entry of a letter in the log, with the event 'drafted', and return its path.

    Fields that are personal are left out; `personal` are the requester's particulars, which the
    entry must not hold. Raises InputError as `log.write_new`.
    """
    about = letter_fields()
    entry = log.Request(
        id=name,
        title=made.title,
        procedure=made.procedure,
        body=fields["body"],
        template=made.template,
        language=made.language,
        gaps=(gap["gap"],) if gap else (),
        claims=tuple(gap["claims"].split(";")) if gap else (),
        fields={
            key: value for key, value in fields.items() if key in about and not about[key].personal
        },
        history=(log.Event(made.date, "drafted"),),
    )
    return log.write_new(folder, entry, personal=personal)


def write_letter(
    made: letters.Letter, beside: letters.Letter | None, name: str, folder: Path
) -> list[Path]:
    """Write a letter as Markdown, DOCX and PDF to `folder`, and return the paths.

    Raises InputError where the PDF's fonts lack a character; the other two are then written.
    """
    written = []
    for suffix, content in (
        ("md", letters.to_markdown(made, beside).encode()),
        ("docx", letters.to_docx(made, beside)),
    ):
        path = folder / f"{name}.{made.language}.{suffix}"
        write_whole(path, content)
        written.append(path)
    try:
        pdf = letters.to_pdf(made, beside)
    except InputError as error:
        kept = ", ".join(map(str, written))
        raise InputError(f"{error} Written 저장함: {kept}.") from error
    write_whole(folder / f"{name}.{made.language}.pdf", pdf)
    return [*written, folder / f"{name}.{made.language}.pdf"]
