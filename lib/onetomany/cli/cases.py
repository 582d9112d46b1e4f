"""Commands on a case folder: make one, list the tasks, add a row."""

import argparse
import sys
from pathlib import Path

from onetomany.errors import InputError, near
from onetomany.printing import print_line as print
from onetomany.sources.functions import FUNCTIONS
from .command import CommandParser, Run

_NO_LAW = "none in the kit yet; add one to write letters (data_requests/README.md)"
_QUESTIONS = (
    ("title", "What is the case called?"),
    ("place", "Where is the system? (a place, such as Leeds city centre)"),
    ("country", "In which country? (two letters, such as gb)"),
    ("language", "In which language do you write? (two letters, such as en)"),
    ("operator", "Who runs the system? (name the body as you will in the column said_by)"),
    ("said", "What is it said to do? (one sentence)"),
)


def new_command(parser: CommandParser) -> Run:
    """Make a case folder for a programme of your own; it asks six questions."""
    parser.add_path("folder", "FOLDER", "new folder for the case")
    for name, question in _QUESTIONS:
        parser.add_option(f"--{name}", "TEXT", question)
    text = "a function of the system; repeat for several functions"
    parser.add_repeated("--function", None, text, choices=FUNCTIONS)
    return _new


def _new(args: argparse.Namespace) -> None:
    from onetomany.cases.new_folder import new_case

    given = {name: getattr(args, name) for name, _ in _QUESTIONS}
    lacking = [name for name, value in given.items() if value is None]
    if lacking and not sys.stdin.isatty():
        needed = [name for name in lacking if name in ("title", "country")]
        if needed:
            raise InputError(
                f"There is no terminal for questions: give --{' and --'.join(needed)}."
            )
    elif lacking:
        asked = dict(_QUESTIONS)
        given |= {name: input(f"{asked[name]} ").strip() for name in lacking}
    given["language"] = given["language"] or "en"
    words = {name: value or "" for name, value in given.items()}
    laws = new_case(args.folder, functions=args.function, **words)
    print(f"made {args.folder}")
    print(f"Laws of access for {words['country'].upper()}: {', '.join(laws) or _NO_LAW}")
    print(f"Put documents into {args.folder / 'sources'}. Then, in {args.folder}:")
    print("  onetomany ingest     reads them; onetomany search WORDS finds a page")
    print("  onetomany add claims subject=... attribute=... value=... unit=... said_by=...")
    print("  onetomany check      lists the next steps")
    print("  onetomany report     writes the case's chapter")


def check_command(parser: CommandParser) -> Run:
    """List missing, unsourced, contradictory and overdue parts of a case folder."""
    parser.add_case_folder()
    parser.add_option("--most", "N", "show at most N lines (default: 40)", kind=int, default=40)
    parser.add_choice("--language", ("en", "ko"), "language of the list (default: en)", "en")
    return _check


def _check(args: argparse.Namespace) -> int:
    from onetomany.cases.to_do import FAULT, GROUPS, check_case

    folder = args.case or Path()
    tasks = check_case(folder)
    for task in tasks[: args.most]:
        where, what, remedy = task.in_words(args.language)
        group = GROUPS[task.group][args.language == "ko"]
        joined = ". " if args.language == "ko" else "; "
        print(f"{group}: {where}: {what}{joined}{remedy}.")
    faults = sum(task.group == FAULT for task in tasks)
    left, others = len(tasks) - args.most, len(tasks) - faults
    if args.language == "ko":
        more = f"... 그 밖에 {left}개. --most {len(tasks)}로 모두 봅니다."
        total = f"{folder}: 쓸 수 없는 것 {faults}개, 다른 할 일 {others}개."
    else:
        more = f"... and {left} more: see them with --most {len(tasks)}."
        total = f"{folder}: faults: {faults}, other things to do: {others}."
    if left > 0:
        print(more)
    print(total)
    return 1 if faults else 0


def add_command(parser: CommandParser) -> Run:
    """Add a claim, event, figure or another row to a table of a case folder."""
    parser.add_argument(
        "table", help="table: claims, events, numbers, bodies, provisions, gaps, order or topics"
    )
    text = "cells of the new row, each in quotes; without them the columns are listed"
    parser.add_option("cells", "COLUMN=TEXT", text, nargs="*")
    parser.add_case_folder()
    return _add


def _add(args: argparse.Namespace) -> None:
    from onetomany.cases.case_folder import read_case
    from onetomany.cases.columns import TABLES, case_table
    from onetomany.cases.rows import add_case_row

    names = [table.name for table in TABLES]
    if args.table not in names:
        raise InputError(
            f"There is no table '{args.table}'{near(args.table, names)}: the tables of a case are "
            f"{', '.join(names)}."
        )
    if not args.cells:
        for column in case_table(args.table).columns:
            needed = " (required)" if column.required else ""
            choices = f": {', '.join(column.choices)}" if column.choices else ""
            print(f"{column.name:16} {column.about}{choices}{needed}")
        return
    given = {}
    for cell in args.cells:
        name, equals, value = cell.partition("=")
        if not equals:
            raise InputError(f"'{cell}' is not a cell: write COLUMN=TEXT, in quotes.")
        given[name.strip()] = value
    case = read_case(args.case or Path())
    row = add_case_row(case.folder, args.table, given)
    print(f"added {row or 'a row'} to {case.folder / f'{args.table}.csv'}")


def fill_from_case(args: argparse.Namespace) -> None:
    """Fill the options that were not given from exhibit.toml of the case folder."""
    from onetomany.cases.new_folder import read_exhibit_choices

    home = args.home if args.home is not None and args.home.is_dir() else None
    chosen = read_exhibit_choices(home) if home else {}
    for name in ("operator", "organisation", "jurisdiction"):
        if getattr(args, name) is None:
            setattr(args, name, chosen.get(name, ""))
    if args.redact is None and chosen.get("redact") and home:
        args.redact = home / chosen["redact"]
    if args.out is None:
        args.out = (home or Path()) / "build" / "exhibit"
    if args.only and args.home is not None:
        raise InputError("--only has no effect with a case folder: leave out --only or --case.")
