"""Write the letters of requests: new ones, and those of logged requests."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import InputError
from onetomany.printing import print_line as print

if TYPE_CHECKING:
    import polars as pl

    from onetomany.requests.letters import Letter
    from onetomany.requests.log import Request


def new_letter(args: argparse.Namespace) -> None:
    """Write a letter from a gap or a template, and begin its log entry."""
    from onetomany.requests import drafts
    from onetomany.requests.letter_templates import templates
    from onetomany.requests.letters import law_language, requester

    template, gap = drafts.gap_or_template(args.about, table=_gaps_of(args))
    procedure = args.procedure or (gap["procedure"] if gap else "")
    if not procedure:
        raise InputError(
            f"'{template}' is a template and names no law: choose one with --procedure, of "
            f"{', '.join(templates()[template].procedures)}."
        )
    language = args.language or law_language(procedure).partition("-")[0]
    filled = drafts.prefilled(gap, procedure, language)
    fields = {"date": args.date.isoformat(), **filled, **_fields(args.field)}
    own = requester(args.requester)
    made, beside = drafts.translated_letter(
        template, procedure, fields, own, language=language, gap=gap, asked=args.beside
    )
    about = gap["gap"] if gap and args.folder else ""
    name = args.id or drafts.draft_name(procedure, args.date, template, about)
    path = drafts.begin_entry(made, name, fields, args.log, gap=gap, personal=own.values())
    print(f"wrote {path}")
    _write(made, beside, name, args.out)


def export_letter(args: argparse.Namespace) -> None:
    """Write the letter of a logged request again."""
    from onetomany.requests import drafts
    from onetomany.requests.letters import law_language, requester

    entry = logged_request(args)
    if not entry.template:
        raise InputError(f"Request '{entry.id}' names no template, so there is no letter to write.")
    own = entry.language or law_language(entry.procedure).partition("-")[0]
    language = args.language or own
    table = _gaps_of(args)
    gap = drafts.gap_or_template(entry.gaps[0], table=table)[1] if entry.gaps else None
    fields = dict(entry.fields)
    if language != own:
        fields = drafts.said_in(fields, gap, entry.procedure, before=own, after=language)
    fields |= _fields(args.field)
    law, secret = entry.procedure, requester(args.requester)
    made, beside = drafts.translated_letter(
        entry.template, law, fields, secret, language=language, gap=gap, asked=args.beside
    )
    _write(made, beside, entry.id, args.out)


def _gaps_of(args: argparse.Namespace) -> pl.DataFrame | None:
    """Return the gaps of the case folder, each with the name of the system; None without one."""
    if args.folder is None:
        return None
    from onetomany.cases.case_folder import read_case

    return read_case(args.folder).named_gaps()


def _write(made: Letter, beside: Letter | None, name: str, out: Path) -> None:
    from onetomany.requests.drafts import write_letter

    for path in write_letter(made, beside, name, out):
        print(f"wrote {path}")
    for notice in made.notices:
        print(notice)
    if beside is not None:
        print("The translation is for you only: remove it before you send the letter.")
    for each in made.unread:
        print(f"Check this before you send the letter, we have not read the source: {each}")
    print("Nothing was sent. Read the letter, sign it, and send it yourself.")


def _fields(written: list[str]) -> dict[str, str]:
    """Return the fields given as NAME=VALUE; personal ones belong in requester.toml."""
    from onetomany.requests.letter_templates import letter_fields

    known = letter_fields()
    found = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or name not in known:
            raise InputError(
                f"'{each}' is not a field: write NAME=VALUE, with one of the names "
                f"{', '.join(known)}."
            )
        if known[name].personal:
            raise InputError(f"The field '{name}' is personal: write it into requester.toml.")
        found[name] = value
    return found


def logged_request(args: argparse.Namespace) -> Request:
    """Read the request that the arguments name from the log."""
    from onetomany.requests.log import read_request

    return read_request(args.log / f"{args.id}.md")
