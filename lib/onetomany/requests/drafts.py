"""Draft a letter: its fields, a translation for the requester, its files and its log entry.

The command `onetomany requests new` and the form of chapter 10 share this module. Nothing is sent,
and nothing personal enters the log.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from onetomany.errors import InputError, near
from onetomany.sources.files import write_whole
from . import gaps, letter_files, letters, log
from .languages import written_date
from .letter_templates import LANGUAGES, letter_fields, templates
from .procedures import one_procedure


def gap_or_template(
    about: str, *, table: pl.DataFrame | None = None
) -> tuple[str, dict[str, str] | None]:
    """Return the template of a name, and its row of gaps.csv if it is a gap.

    `table` contains the gaps of a case folder; default: those of the Incheon case. Its column
    system_en or system_ko, if there is one, names the system in the letter.

    Raises InputError if the name is neither.
    """
    table = gaps.load_gaps() if table is None else table
    rows = table.filter(gap=about)
    row = rows.row(0, named=True) if rows.height else None
    template = row["template"] if row else about
    known = templates()
    if row and template not in known:
        fault = f"there is no letter '{template}'" if template else "the cell is empty"
        raise InputError(
            f"gaps.csv, gap '{about}', column template: {fault}; write one of {', '.join(known)}."
        )
    if template not in known:
        names = [*table["gap"], *known]
        raise InputError(
            f"There is no gap or template '{about}'{near(about, names)}. "
            "'onetomany requests gaps' lists the gaps."
        )
    return template, row


def authorities(procedure: str, language: str, gap: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of the authorities under a law, the gap's own first.

    They are official names in the law's language if the law's file has them.

    >>> authorities("de-ifg", "de")
    ['Bundesministerium des Innern (Bundespolizei)']
    """
    own = []
    if gap is not None and gap["procedure"] == procedure and language in LANGUAGES:
        own = [gap[f"body_{language}"] or gap["body_en"]]
    return own + [
        each.ko if language == "ko" else each.en if language == "en" else each.official or each.en
        for each in one_procedure(procedure).addressees
    ]


def prefilled(gap: Mapping[str, str] | None, procedure: str, language: str) -> dict[str, str]:
    """Return the fields known in advance: body, system, period, document of a gap's own law.

    Under another law it returns nothing, because another authority has another system.
    """
    if gap is None or gap["procedure"] != procedure:
        return {}
    if "system_en" in gap:  # of a case folder
        named = {"body": "body", "system": "system", "document": "what"}
        found = {name: gap.get(f"{column}_{language}") for name, column in named.items()}
        found["period"] = written_window(gap.get("period") or "", language)
        return {name: value for name, value in found.items() if value}
    return gaps.gap_fields(gap["gap"], language)


def written_window(window: str, tag: str) -> str:
    """Return a period such as 2019-04-30/2022 as letters of a language write it; '' for none.

    >>> written_window("2019-04-30/2022", "en-GB")
    '30 April 2019 – 2022'
    """

    def written(date: str) -> str:
        return written_date(dt.date.fromisoformat(date), tag) if len(date) == 10 else date

    return " – ".join(map(written, window.split("/"))).strip()


def said_in(
    fields: Mapping[str, str],
    gap: Mapping[str, str] | None,
    procedure: str,
    *,
    before: str,
    after: str,
) -> dict[str, str]:
    """Return a letter's fields in another language; the writer's own text stays unchanged.

    Only values that the kit filled in have a translation: body, system and period of a gap, and the
    name of an authority of the law.
    """
    told = dict(fields)
    for language in dict.fromkeys((before, *LANGUAGES)):
        own = prefilled(gap, procedure, language)
        into = prefilled(gap, procedure, after)
        told |= {name: into[name] for name in into if name in own and told.get(name) == own[name]}
        # from the end, because the gap's own body is first, and not in every language
        bodies = reversed(authorities(procedure, language, gap))
        into = dict(zip(bodies, reversed(authorities(procedure, after, gap)), strict=False))
        if told.get("body") in into:
            told["body"] = into[told["body"]]
    return told


def translated_letter(
    template: str,
    procedure: str,
    fields: Mapping[str, str],
    personal: Mapping[str, str],
    *,
    language: str,
    gap: Mapping[str, str] | None,
    asked: str | None,
) -> tuple[letters.Letter, letters.Letter | None]:
    """Return a letter, and its translation for the requester, None without one.

    It is in the language `asked` for; in English by default, if the letter is in neither of the
    kit's two languages. Raises InputError as `letters.letter`.
    """
    made = letters.letter(template, procedure, {**personal, **fields}, language)
    reader = asked or ("" if made.language in LANGUAGES else "en")
    if reader in ("", "none", made.language):
        return made, None
    said = said_in(fields, gap, procedure, before=language, after=reader)
    return made, letters.letter(template, procedure, {**personal, **said}, reader)


def draft_name(procedure: str, day: dt.date, template: str, gap: str = "") -> str:
    """Return the name of a draft by date and law, for its files and its log entry.

    It has the gap's name, if that has Latin letters or digits, so that two gaps may share a letter.

    >>> draft_name("us-ma-prl", dt.date(2026, 11, 24), "face_search", "Yearly reports")
    '2026-11-24-us-ma-prl-yearly-reports'
    >>> draft_name("us-foia", dt.date(2026, 11, 24), "data_flow")
    '2026-11-24-us-foia-data-flow'
    """
    about = re.sub(r"[^a-z0-9]+", "-", gap.lower()).strip("-") or template.replace("_", "-")
    return f"{day.isoformat()}-{procedure}-{about}"


def begin_entry(
    made: letters.Letter,
    name: str,
    fields: Mapping[str, str],
    folder: Path,
    *,
    gap: Mapping[str, str] | None = None,
    personal: Iterable[str] = (),
) -> Path:
    """Begin a letter's log entry with the event 'drafted'; return its path.

    Personal fields are left out; `personal` are the requester's personal data, which must not
    appear in the entry. Raises InputError as `log.write_request`.
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
        claims=tuple(filter(None, (gap["claims"] or "").split(";"))) if gap else (),
        fields={
            key: value for key, value in fields.items() if key in about and not about[key].personal
        },
        history=(log.Event(made.date, "drafted"),),
    )
    return log.write_request(folder, entry, personal=personal)


def write_letter(
    made: letters.Letter, beside: letters.Letter | None, name: str, folder: Path
) -> list[Path]:
    """Write a letter as Markdown, DOCX and PDF to `folder`; return the paths.

    Raises InputError if the PDF's fonts lack a character; the other two files are then written.
    """
    written = []
    for suffix, content in (
        ("md", letter_files.to_markdown(made, beside).encode()),
        ("docx", letter_files.to_docx(made, beside)),
    ):
        path = folder / f"{name}.{made.language}.{suffix}"
        write_whole(path, content)
        written.append(path)
    try:
        pdf = letter_files.to_pdf(made, beside)
    except InputError as error:
        kept = ", ".join(map(str, written))
        raise InputError(f"{error} Written 저장함: {kept}.") from error
    write_whole(folder / f"{name}.{made.language}.pdf", pdf)
    return [*written, folder / f"{name}.{made.language}.pdf"]
