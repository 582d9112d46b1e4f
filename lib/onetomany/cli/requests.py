"""Commands on freedom-of-information requests. The kit sends nothing."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from onetomany.errors import InputError, near
from onetomany.printing import print_line as print
from .command import CommandParser, Run, case_file, case_folder
from .request_letters import export_letter, logged_request, new_letter

if TYPE_CHECKING:
    import polars as pl

    from onetomany.requests.log import Request

LOG, LETTERS, ANSWERS = Path("data_requests/log"), Path("private/letters"), Path("private/answers")
CASE_LOG = Path("requests")  # in a case folder
_ID = "name of the request in the log"
Action = Callable[[argparse.Namespace], None]


def requests_command(parser: CommandParser) -> Run:
    """Write letters to authorities, count deadlines, log answers; the kit sends nothing."""
    actions = parser.add_subparsers(required=True, metavar="action")
    own: dict[str, CommandParser] = {}
    for name, (does, help) in _ACTIONS.items():
        own[name] = actions.add_parser(name, help=help)
        own[name].set_defaults(action=does, parser=own[name])
        text = f"folder of the log (default: {LOG}, or {CASE_LOG} in the case folder)"
        own[name].add_path("--log", "DIR", text)
        text = "case folder or case file (default: this folder, if it is a case folder)"
        own[name].add_option("--case", "FOLDER|FILE", text, kind=case_file)
    _add_letter(own["new"], own["export"])
    for name in ("status", "overdue", "deadlines", "calendar"):
        _add_day(own[name], "--today", "count as of this day (default: today)")
    own["deadlines"].add_argument("id", help=_ID)
    text = "file to write (default: %(default)s)"
    own["calendar"].add_path("--out", "FILE", text, Path("build/requests.ics"))
    _add_answer(own["answer"])
    own["import"].add_argument("file", type=Path, help="JSON file that the platform exports")
    own["import"].add_argument(
        "--procedure", required=True, help="law of the request, such as uk-foia-2000"
    )
    own["import"].add_argument(
        "--zone", help="time zone of the file's dates, such as Europe/Berlin"
    )
    own["import"].add_argument("--id", help=_ID)
    return _requests


def _requests(args: argparse.Namespace) -> None:
    from onetomany.requests.letters import PERSONAL_FILE

    home = case_folder(args.case)
    args.folder = home
    if args.log is None:
        args.log = home / CASE_LOG if home else LOG
    if home and getattr(args, "requester", home) is None and (home / PERSONAL_FILE).exists():
        args.requester = home / PERSONAL_FILE
    for name, default in (("out", LETTERS), ("answers", ANSWERS)):
        if getattr(args, name, default) is None:
            setattr(args, name, home / default if home else default)
    args.action(args)


def _add_day(parser: CommandParser, name: str, text: str) -> None:
    parser.add_option(name, "YYYY-MM-DD", text, kind=_date, default=dt.date.today())


def _add_letter(new: CommandParser, export: CommandParser) -> None:
    """Add the options of a letter that is written for the first time, or again."""
    new.add_option(
        "about", "GAP|TEMPLATE", "a gap that 'onetomany requests gaps' lists, or a template"
    )
    new.add_argument("--id", help=f"{_ID} (default: made from date and template)")
    new.add_argument("--procedure", help="law of the request (default: that of the gap)")
    _add_day(new, "--date", "date of the letter (default: today)")
    export.add_argument("id", help=_ID)
    for each in (new, export):
        each.add_argument("--language", help="language of the letter (default: the authority's)")
        each.add_option(
            "--beside", "LANGUAGE", "language of a translation for yourself; 'none' leaves it out"
        )
        each.add_repeated(
            "--field", "NAME=VALUE", "fill in a field of the letter; repeat for several"
        )
        each.add_path("--requester", "FILE", "your name and address (default: requester.toml)")
        text = f"folder of the letters (default: {LETTERS}, in the case folder if there is one)"
        each.add_path("--out", "DIR", text)


def _add_answer(answer: CommandParser) -> None:
    """Add the options of an event in the log."""
    answer.add_argument("id", help=_ID)
    answer.add_argument(
        "event", help="what happened: sent, received, extended, answered, partly, refused, ..."
    )
    answer.add_path(
        "files", "FILE", "files that came with the answer; write them before the options", nargs="*"
    )
    _add_day(answer, "--date", "day of the event (default: today)")
    answer.add_argument("--note", default="", help="a remark for the log")
    text = "with the event 'extended': the extension's name in the law"
    answer.add_argument("--extension", default="", help=text)
    text = "with 'extended': last day, if the authority sets it"
    answer.add_option("--until", "YYYY-MM-DD", text, kind=_date)
    answer.add_repeated("--exemption", "ID", "ground of a refusal; repeat for several")
    text = "a claim that the answer changes, in quotes; repeat for several"
    answer.add_repeated("--changed", "'CLAIM=BEFORE>AFTER'", text)
    text = f"folder of the files (default: {ANSWERS}, in the case folder if there is one)"
    answer.add_path("--answers", "DIR", text)
    text = "your name and address, which are kept out of the log (default: requester.toml)"
    answer.add_path("--requester", "FILE", text)


def _gaps(args: argparse.Namespace) -> None:
    from onetomany.cases.case_folder import read_case
    from onetomany.cases.database import case_database
    from onetomany.claims import claim_ledger, contradictions
    from onetomany.documents.case_file import open_case
    from onetomany.requests import gaps

    ledger, hidden = _ledger(args.case), None
    links, listing, table = claim_ledger.load_links(), None, gaps.load_gaps()
    if args.folder:
        own = read_case(args.folder)
        ledger, links, listing, table = own.claims, own.links, own.bodies, own.gaps
        args.case = case_database(own) if case_database(own).exists() else None
    if args.case:
        with open_case(args.case) as db:
            hidden = gaps.redactions(db)
    clashes = contradictions.find_contradictions(ledger, links, listing=listing)
    found = gaps.rank_gaps(ledger, clashes, table, hidden)
    for row in found.iter_rows(named=True):
        print(f"{row['gap'] or 'no letter yet':16} {row['what_en'] or row['claim_ids']}")
        print(
            f"{'':16} {row['claims']} claims: {row['contradicted']} contradicted, "
            f"{row['redacted']} of redacted documents, {row['single_source']} with one source, "
            f"{row['no_document']} without a document; authority: {row['body_en'] or 'not named'}"
        )


def _register(args: argparse.Namespace) -> None:
    from onetomany.requests.registers import ai_register

    found = ai_register()
    for row in found.iter_rows(named=True):
        closed = f"police, migration, border: {row['police_migration_border']}"
        print(f"{row['item']}: {row['en']} {row['ko']} (public: {row['public']}; {closed})")
    _count(found.height, "item")


def _status(args: argparse.Namespace) -> None:
    from onetomany.requests.log import read_requests
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import status

    entries = read_requests(args.log)
    for row in status(entries, procedures(), today=args.today).iter_rows(named=True):
        mark = " SIMULATED" if row["simulated"] else ""
        print(f"{row['request']:32} {row['since'] or ''} {row['state_en'] or 'no event yet'}{mark}")
        if row["due"]:
            days = row["days_left"]
            left = f"{days} days left" if days >= 0 else f"{-days} days late"
            if days >= 0 and row["state"] in ("clarification_asked", "fee_asked"):
                left = "the clock is stopped: counted as if you replied today"
            print(f"{'':32} {row['due']} {row['next_en']} ({row['whose']}, {left})")
    _tell_not_counted(entries, args.today)
    _count(len(entries), "request")


def _overdue(args: argparse.Namespace) -> None:
    from onetomany.requests.log import read_requests
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import overdue

    entries = read_requests(args.log)
    late = overdue(entries, procedures(), today=args.today)
    for row in late.iter_rows(named=True):
        print(f"{row['due']} {row['request']}: {row['label_en']}, {row['body']}")
        print(f"{'':10} {row['rule_en']}")
    _tell_not_counted(entries, args.today)
    _count(late.height, "overdue deadline")


def _deadlines(args: argparse.Namespace) -> None:
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import due, not_counted

    entry = logged_request(args)
    running = due([entry], procedures(), today=args.today)
    for row in running.iter_rows(named=True):
        print(f"{row['due']} {row['state']:8} {row['label_en']} ({row['whose']})")
        print(f"{'':19} {row['rule_en']} {row['url']} ({row['verified']})")
    if why := not_counted(entry, today=args.today):
        print(why)
    _count(running.height, "deadline")


def _answer(args: argparse.Namespace) -> None:
    from onetomany.requests import answer_files, gaps, log
    from onetomany.requests.letters import requester
    from onetomany.requests.procedures import procedures

    entry = logged_request(args)
    if args.event not in log.LOG_EVENTS:
        raise InputError(
            f"There is no event '{args.event}'{near(args.event, log.LOG_EVENTS)}: write one of "
            f"{', '.join(log.LOG_EVENTS)}."
        )
    if args.exemption and args.event in log.GRANTS:
        raise InputError(
            f"'{args.event}' means that everything was given: if a part was refused, use 'partly'."
        )
    law = procedures().get(entry.procedure)
    told = (args.date, args.event, args.note, args.extension, tuple(args.exemption))
    event = log.Event(*told, until=args.until)
    if law:
        answer_files.check_by_law(event, law)
    changes = [log.Change(args.date, *_change(each)) for each in args.changed]
    if changes:
        gaps.check_claims([each.claim for each in changes], _ledger(args.case))
    done = answer_files.log_answer(
        args.log / f"{args.id}.md",
        event,
        args.files,
        args.answers,
        case=args.case,
        changes=changes,
        personal=requester(args.requester).values(),
    )
    print(f"wrote {args.log / f'{args.id}.md'}")
    if odd := answer_files.odd_date(entry, event, dt.date.today()):
        print(f"Check the date: {odd} If the date is wrong, correct it in that file.")
    for file in done.request.history[-1].files:
        print(f"kept {done.folder / file.name} (SHA-256 {file.sha256})")
    if done.ingested:
        print(f"{args.case}: {done.ingested.read} files read, {done.ingested.failed} not read")


def _change(written: str) -> tuple[str, ...]:
    """Return the claim of a change, and its words before and after it."""
    found = re.fullmatch(r"\s*([^=]+?)\s*=([^>]*)>(.*\S.*)", written)
    if not found:
        raise InputError(
            f"'{written}' is not a change: write 'CLAIM=BEFORE>AFTER', in quotes, because the "
            "shell takes a bare > for itself."
        )
    return found.groups()


def _import(args: argparse.Namespace) -> None:
    from onetomany.requests.imports import read_export
    from onetomany.requests.log import write_request
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import not_counted

    if args.procedure not in (known := procedures()):
        raise InputError(
            f"There is no law '{args.procedure}'{near(args.procedure, known)}: give one of "
            f"{', '.join(known)}."
        )
    entry = read_export(args.file, args.procedure, zone=args.zone, request_id=args.id)
    print(f"wrote {write_request(args.log, entry)} with {len(entry.history)} events")
    print("Check the entry before you use it: on these platforms users set the outcome.")
    if why := not_counted(entry, today=dt.date.today()):
        print(why)


def _calendar(args: argparse.Namespace) -> None:
    from onetomany.requests.calendar import ics
    from onetomany.requests.log import read_requests
    from onetomany.requests.procedures import procedures
    from onetomany.requests.status import due
    from onetomany.sources.files import write_whole

    entries = read_requests(args.log)
    running = due(entries, procedures(), today=args.today)
    write_whole(args.out, ics(running, stamp=args.today))
    print(f"wrote {args.out}")
    _tell_not_counted(entries, args.today)
    _count(running["done"].null_count(), "open deadline")


def _ledger(case: Path | None) -> pl.DataFrame:
    """Return the claims of a case file, or those of the Incheon case if it has none."""
    from onetomany.claims import claim_ledger
    from onetomany.documents.case_file import open_case, query_frame

    if case and case.exists():
        with open_case(case) as db:
            held = query_frame(db, "select * from claims")
        if held.height:
            return claim_ledger.check_ledger(held)
    return claim_ledger.load_claims()


def _tell_not_counted(entries: list[Request], today: dt.date) -> None:
    """Print the requests without a day of receipt: their deadlines can't be counted."""
    from onetomany.requests.status import not_counted

    silent = [each.id for each in entries if not_counted(each, today=today)]
    if silent:
        print(f"No deadline can be counted without the event 'received': {', '.join(silent)}")


def _count(number: int, what: str) -> None:
    print(f"{number} {what}{'' if number == 1 else 's'}.")


def _date(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"'{written}' is not a date: write it as 2026-11-24"
        ) from error


_ACTIONS: dict[str, tuple[Action, str]] = {
    "gaps": (_gaps, "list documents to ask for, ranked by the number of claims they would settle"),
    "register": (_register, "list the entries of the EU database of AI systems that are public"),
    "new": (new_letter, "write a letter from a gap or template, and begin its log entry"),
    "export": (export_letter, "write the letter of a logged request again"),
    "status": (_status, "show the state of every request and its next deadline"),
    "overdue": (_overdue, "list the deadlines that authorities have missed"),
    "deadlines": (_deadlines, "list every deadline of a request, with its legal rule"),
    "calendar": (_calendar, "write the deadlines as a calendar file (ICS)"),
    "answer": (_answer, "log an event of a request, and store the files received"),
    "import": (_import, "log a request from a JSON file of Froide or Alaveteli (FOI platforms)"),
}
