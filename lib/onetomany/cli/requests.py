"""Commands on requests for what is still hidden. Nothing is ever sent."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.cli.command import Run
from onetomany.errors import InputError, near
from onetomany.printing import print_line as print

if TYPE_CHECKING:
    import polars as pl

    from onetomany.requests.letters import Letter
    from onetomany.requests.log import Request

LOG, LETTERS, ANSWERS = Path("data_requests/log"), Path("private/letters"), Path("private/answers")
Action = Callable[[argparse.Namespace], int]


def requests(parser: argparse.ArgumentParser) -> Run:
    """Letters to authorities, their deadlines, and the log of answers; nothing is ever sent."""
    actions = parser.add_subparsers(required=True, metavar="action")

    def action(name: str, does: Action, help: str) -> argparse.ArgumentParser:
        own = actions.add_parser(name, help=help)
        own.set_defaults(action=does)
        own.add_argument("--log", type=Path, default=LOG, metavar="DIR", help=f"default: {LOG}")
        return own

    missing = action(
        "gaps", _gaps, "what we found no copy of, ranked by the claims it would settle"
    )
    missing.add_argument("--case", type=Path, metavar="FILE", help="its claims and redactions")
    action("register", _register, "what the EU database of AI systems shows to anybody")
    new = action("new", _new, "make a letter from a gap or a template, and begin its log entry")
    new.add_argument("about", metavar="GAP|TEMPLATE")
    new.add_argument("--id", help="the request's name in the log; default: date and template")
    new.add_argument("--procedure", help="the law to ask under; default: the gap's")
    new.add_argument("--date", type=_date, default=dt.date.today(), metavar="YYYY-MM-DD")
    export = action("export", _export, "write a request's letter again")
    export.add_argument("id")
    for each in (new, export):
        each.add_argument("--language", help="default: the authority's, or the entry's")
        each.add_argument("--beside", metavar="LANGUAGE", help="to read along in; 'none' for none")
        each.add_argument(
            "--field", action="append", default=[], metavar="NAME=VALUE", help="of the letter"
        )
        each.add_argument("--requester", type=Path, metavar="FILE", help="default: requester.toml")
        each.add_argument("--out", type=Path, default=LETTERS, metavar="DIR")
    for name, does, help in (
        ("status", _status, "where every request stands"),
        ("overdue", _overdue, "what the bodies let pass"),
        ("deadlines", _deadlines, "every deadline of a request, with the rule behind it"),
        ("calendar", _calendar, "the deadlines as a calendar file (ICS)"),
    ):
        own = action(name, does, help)
        own.add_argument("--today", type=_date, default=dt.date.today(), metavar="YYYY-MM-DD")
        if name == "deadlines":
            own.add_argument("id")
        if name == "calendar":
            own.add_argument("--out", type=Path, default=Path("build/requests.ics"), metavar="FILE")
    answer = action("answer", _answer, "record what happened, with the files that came")
    answer.add_argument("id")
    answer.add_argument("event", help="sent, received, extended, answered, partly, refused, ...")
    answer.add_argument("files", nargs="*", type=Path, metavar="FILE", help="before any option")
    answer.add_argument("--date", type=_date, default=dt.date.today(), metavar="YYYY-MM-DD")
    answer.add_argument("--note", default="")
    answer.add_argument("--extension", default="", help="which one, for the event extended")
    answer.add_argument("--until", type=_date, help="its last day, where the body sets it itself")
    answer.add_argument("--exemption", action="append", default=[], metavar="ID")
    answer.add_argument(
        "--changed", action="append", default=[], metavar="'CLAIM=BEFORE>AFTER'", help="in quotes"
    )
    answer.add_argument("--answers", type=Path, default=ANSWERS, metavar="DIR")
    answer.add_argument("--case", type=Path, metavar="FILE", help="read the files into this case")
    answer.add_argument("--requester", type=Path, metavar="FILE", help="what the log must not hold")
    bring = action("import", _import, "a request's history from a JSON file of Froide or Alaveteli")
    bring.add_argument("file", type=Path)
    bring.add_argument("--procedure", required=True, help="the law it was made under")
    bring.add_argument("--zone", help="whose days count, such as Europe/Berlin")
    bring.add_argument("--id", help="the request's name in the log")

    def run(args: argparse.Namespace) -> int:
        return int(args.action(args))

    return run


def _gaps(args: argparse.Namespace) -> int:
    from onetomany.claims import claim_ledger, contradictions
    from onetomany.documents.case_file import open_case
    from onetomany.requests import gaps

    ledger, hidden = _ledger(args.case), None
    if args.case:
        with open_case(args.case) as db:
            hidden = gaps.redactions(db)
    clashes = contradictions.find(ledger, claim_ledger.links())
    found = gaps.gaps(ledger, clashes, gaps.table(), hidden)
    for row in found.iter_rows(named=True):
        print(f"{row['gap'] or 'no letter yet':16} {row['what_en'] or row['claim_ids']}")
        print(
            f"{'':16} {row['claims']} claims: {row['contradicted']} contradicted, "
            f"{row['redacted']} of documents that hide something, "
            f"{row['single_source']} of one source, {row['no_document']} without a document; "
            f"to {row['body_en'] or 'nobody'}"
        )
    return 0


def _register(args: argparse.Namespace) -> int:
    from onetomany.requests.registers import ai_register

    found = ai_register()
    for row in found.iter_rows(named=True):
        closed = f"police, migration, border: {row['police_migration_border']}"
        print(f"{row['item']}: {row['en']} {row['ko']} (public: {row['public']}; {closed})")
    return _count(found.height, "item")


def _new(args: argparse.Namespace) -> int:
    from onetomany.requests import drafts
    from onetomany.requests.letters import law_language
    from onetomany.requests.templates import templates

    template, gap = drafts.gap_or_template(args.about)
    procedure = args.procedure or (gap["procedure"] if gap else "")
    if not procedure:
        raise InputError(
            f"'{template}' is a template and no gap: name the law with --procedure, one of "
            f"{', '.join(templates()[template].procedures)}."
        )
    language = args.language or law_language(procedure).partition("-")[0]
    filled = drafts.prefilled(gap, procedure, language)
    fields = {"date": args.date.isoformat(), **filled, **_fields(args.field)}
    made, beside, secrets = _letter(args, template, procedure, fields, language=language, gap=gap)
    name = args.id or drafts.draft_name(procedure, args.date, template)
    path = drafts.begin_entry(made, name, fields, args.log, gap=gap, personal=secrets)
    print(f"wrote {path}")
    return _write(made, beside, name, args.out)


def _export(args: argparse.Namespace) -> int:
    from onetomany.requests import drafts
    from onetomany.requests.letters import law_language

    entry = _entry(args)
    if not entry.template:
        raise InputError(f"Request '{entry.id}' names no template: there is no letter to write.")
    own = entry.language or law_language(entry.procedure).partition("-")[0]
    language = args.language or own
    gap = drafts.gap_or_template(entry.gaps[0])[1] if entry.gaps else None
    fields = dict(entry.fields)
    if language != own:
        fields = drafts.said_in(fields, gap, entry.procedure, before=own, after=language)
    fields |= _fields(args.field)
    law = entry.procedure
    made, beside, _ = _letter(args, entry.template, law, fields, language=language, gap=gap)
    return _write(made, beside, entry.id, args.out)


def _status(args: argparse.Namespace) -> int:
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import status

    entries = _all(args)
    for row in status(entries, procedures(), today=args.today).iter_rows(named=True):
        mark = " SIMULATED" if row["simulated"] else ""
        print(f"{row['request']:32} {row['since'] or ''} {row['state_en'] or 'no event yet'}{mark}")
        if row["due"]:
            days = row["days_left"]
            left = f"{days} days left" if days >= 0 else f"{-days} days late"
            if days >= 0 and row["state"] in ("clarification_asked", "fee_asked"):
                left = "the clock has stopped: counted as if your reply came today"
            print(f"{'':32} {row['due']} {row['next_en']} ({row['whose']}, {left})")
    _tell_not_counted(entries, args.today)
    return _count(len(entries), "request")


def _overdue(args: argparse.Namespace) -> int:
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import overdue

    entries = _all(args)
    late = overdue(entries, procedures(), today=args.today)
    for row in late.iter_rows(named=True):
        print(f"{row['due']} {row['request']}: {row['label_en']}, {row['body']}")
        print(f"{'':10} {row['rule_en']}")
    _tell_not_counted(entries, args.today)
    return _count(late.height, "overdue deadline")


def _deadlines(args: argparse.Namespace) -> int:
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import due, not_counted

    entry = _entry(args)
    running = due([entry], procedures(), today=args.today)
    for row in running.iter_rows(named=True):
        print(f"{row['due']} {row['state']:8} {row['label_en']} ({row['whose']})")
        print(f"{'':19} {row['rule_en']} {row['url']} ({row['verified']})")
    if why := not_counted(entry, today=args.today):
        print(why)
    return _count(running.height, "deadline")


def _answer(args: argparse.Namespace) -> int:
    from onetomany.requests import answers, gaps, log
    from onetomany.requests.letters import requester
    from onetomany.requests.procedures import procedures

    entry = _entry(args)
    if args.event not in log.LOG_EVENTS:
        raise InputError(
            f"There is no event '{args.event}'{near(args.event, log.LOG_EVENTS)}. There are "
            f"{', '.join(log.LOG_EVENTS)}."
        )
    if args.exemption and args.event in log.GRANTS:
        raise InputError(
            f"'{args.event}' gives all that was asked for: where a part was refused, take 'partly'."
        )
    law = procedures().get(entry.procedure)
    told = (args.date, args.event, args.note, args.extension, tuple(args.exemption))
    event = log.Event(*told, until=args.until)
    if law:
        answers.check_by_law(event, law)
    changes = []
    for each in args.changed:
        found = re.fullmatch(r"\s*([^=]+?)\s*=([^>]*)>(.*\S.*)", each)
        if not found:
            raise InputError(
                f"'{each}' must be written as 'CLAIM=BEFORE>AFTER', in quotes: a shell takes a "
                "bare > for itself."
            )
        changes.append(log.Change(args.date, *found.groups()))
    if changes:
        gaps.check_claims([each.claim for each in changes], _ledger(args.case))
    done = answers.answer(
        args.log / f"{args.id}.md",
        event,
        args.files,
        args.answers,
        case=args.case,
        changes=changes,
        personal=requester(args.requester).values(),
    )
    print(f"wrote {args.log / f'{args.id}.md'}")
    if odd := answers.odd_date(entry, event, dt.date.today()):
        print(f"Check the date: {odd} Where it is wrong, correct it in that file.")
    for file in done.request.history[-1].files:
        print(f"kept {done.folder / file.name} (SHA-256 {file.sha256})")
    if done.ingested:
        print(f"{args.case}: {done.ingested.read} read, {done.ingested.failed} not")
    return 0


def _import(args: argparse.Namespace) -> int:
    from onetomany.requests.imports import read_export
    from onetomany.requests.log import write_new
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import not_counted

    if args.procedure not in (known := procedures()):
        raise InputError(f"There is no procedure '{args.procedure}': there are {', '.join(known)}.")
    entry = read_export(args.file, args.procedure, zone=args.zone, request_id=args.id)
    print(f"wrote {write_new(args.log, entry)} with {len(entry.history)} events")
    print("Read it before you use it: a platform's words for an outcome are its users'.")
    if why := not_counted(entry, today=dt.date.today()):
        print(why)
    return 0


def _calendar(args: argparse.Namespace) -> int:
    from onetomany.requests.calendar import ics
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import due
    from onetomany.sources.files import write_whole

    entries = _all(args)
    running = due(entries, procedures(), today=args.today)
    write_whole(args.out, ics(running, stamp=args.today))
    print(f"wrote {args.out}")
    _tell_not_counted(entries, args.today)
    return _count(running["done"].null_count(), "open deadline")


def _ledger(case: Path | None) -> pl.DataFrame:
    """The claims of a case file that holds some, or those of the Korean case."""
    from onetomany.claims import claim_ledger
    from onetomany.documents.case_file import open_case, read

    if case and case.exists():
        with open_case(case) as db:
            held = read(db, "select * from claims")
        if held.height:
            return claim_ledger.check_ledger(held)
    return claim_ledger.ledger()


def _tell_not_counted(entries: list[Request], today: dt.date) -> None:
    """Name the requests of which nobody can be late, for want of the day of receipt."""
    from onetomany.requests.status import not_counted

    silent = [each.id for each in entries if not_counted(each, today=today)]
    if silent:
        print(f"No time for a decision can be counted, for want of 'received': {', '.join(silent)}")


def _letter(
    args: argparse.Namespace,
    template: str,
    procedure: str,
    fields: Mapping[str, str],
    *,
    language: str,
    gap: Mapping[str, str] | None,
) -> tuple[Letter, Letter | None, list[str]]:
    """A letter, the version to read along, and the requester's particulars that went into them."""
    from onetomany.requests import drafts, letters

    own = letters.requester(args.requester)
    made = letters.letter(template, procedure, {**own, **fields}, language)
    reader, beside = drafts.reading_language(made, args.beside), None
    if reader:
        said = drafts.said_in(fields, gap, procedure, before=language, after=reader)
        beside = letters.letter(template, procedure, {**own, **said}, reader)
    return made, beside, list(own.values())


def _write(made: Letter, beside: Letter | None, name: str, out: Path) -> int:
    from onetomany.requests.drafts import write_letter

    for path in write_letter(made, beside, name, out):
        print(f"wrote {path}")
    for notice in made.notices:
        print(notice)
    if beside is not None:
        print("The version to read along is marked as no part of the letter: take it out to send.")
    for each in made.unread:
        print(f"Check before you send it, this was not read by us: {each}")
    print("Nothing was sent. Read the letter, sign it, and send it yourself.")
    return 0


def _entry(args: argparse.Namespace) -> Request:
    from onetomany.requests.log import read

    return read(args.log / f"{args.id}.md")


def _all(args: argparse.Namespace) -> list[Request]:
    from onetomany.requests.log import read_all

    return read_all(args.log)


def _fields(written: list[str]) -> dict[str, str]:
    """NAME=VALUE of the command line. Personal ones are refused: they have a file of their own."""
    from onetomany.requests.templates import letter_fields

    known = letter_fields()
    found = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or name not in known:
            raise InputError(f"'{each}' must be NAME=VALUE, with a name of {', '.join(known)}.")
        if known[name].personal:
            raise InputError(f"'{name}' is personal: write it into requester.toml.")
        found[name] = value
    return found


def _count(number: int, what: str) -> int:
    print(f"{number} {what}{'' if number == 1 else 's'}.")
    return 0


def _date(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{written}' is no date such as 2026-11-24") from error
