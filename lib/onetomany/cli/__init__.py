"""Run the command `onetomany`: one function NAME_command per sub-command NAME."""

# ruff: noqa: E402 - even __future__ is a module that could come from the working directory
from onetomany.start import forget_working_directory

forget_working_directory()

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

from onetomany import __version__
from onetomany.cli.behaviour import behaviour_command
from onetomany.cli.captures import capture_list_command
from onetomany.cli.cases import add_command, check_command, new_command
from onetomany.cli.chapters import lab_command, report_command
from onetomany.cli.command import Command, CommandParser
from onetomany.cli.day import day_command
from onetomany.cli.documents import claims_command, ingest_command
from onetomany.cli.evidence import (
    certify_command,
    exhibit_command,
    key_command,
    reproduce_command,
    timestamp_command,
    verify_command,
)
from onetomany.cli.film import film_command
from onetomany.cli.reading import desk_command, search_command, tables_command, tag_command
from onetomany.cli.reckon import reckon_command
from onetomany.cli.requests import requests_command
from onetomany.cli.risk import risk_command
from onetomany.cli.systems import (
    datasheet_command,
    images_command,
    pairs_command,
    scale_command,
    trackers_command,
    weights_command,
)
from onetomany.cli.workshop import workshop_command
from onetomany.errors import OneToManyError
from onetomany.printing import print_line as print

__all__ = ["COMMANDS", "main"]

COMMANDS: tuple[Command, ...] = (
    report_command,
    lab_command,
    datasheet_command,
    weights_command,
    images_command,
    pairs_command,
    scale_command,
    trackers_command,
    behaviour_command,
    day_command,
    risk_command,
    film_command,
    ingest_command,
    search_command,
    tag_command,
    tables_command,
    desk_command,
    claims_command,
    new_command,
    check_command,
    add_command,
    capture_list_command,
    reckon_command,
    requests_command,
    workshop_command,
    exhibit_command,
    verify_command,
    reproduce_command,
    key_command,
    timestamp_command,
    certify_command,
)
# at the first query parameter DuckDB imports pandas to recognise its missing values: slow
WITHOUT_PANDAS = (ingest_command, search_command, tag_command, tables_command)


_START = """\
Where to start:
  you write about it      onetomany report                     all chapters as one web page
  you file a case         onetomany exhibit --operator NAME    a sealed bundle for a court
  you teach it            onetomany workshop FOLDER            chapters with exercises
  you have documents      onetomany ingest FOLDER              then: onetomany search WORDS
  you have a programme    onetomany new FOLDER                 then: onetomany check
'onetomany COMMAND --help' explains one command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 for a refusal or fault, 2 for wrong usage, 130 for Ctrl-C."""
    parser = CommandParser(
        prog="onetomany",
        description="Check face-search systems and disclosed documents from outside.",
        epilog=_START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"onetomany {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        name = command.__name__.removesuffix("_command").replace("_", "-")
        says = command.__doc__
        one = commands.add_parser(name, help=says, description=says)
        one.set_defaults(run=command(one), hidden=["pandas"] if command in WITHOUT_PANDAS else [])
    args, stray = parser.parse_known_args(argv)
    if stray:  # argparse finds no file after an option if a command takes any number of files
        parser.error(
            f"unknown: {' '.join(stray)} (write files before the options, and each option as "
            "--help shows it)"
        )
    try:
        with _not_found(args.hidden):
            return int(args.run(args))
    except OneToManyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print("Stopped. Run the same command again: it resumes from the cache.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `onetomany search ... | head`: the reader has closed the pipe
        with contextlib.suppress(OSError):  # discard the output that is not written yet
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # the system's own reason, such as a full disk or a place that is read-only
        named = isinstance(error.filename, str | bytes)
        what = os.fsdecode(error.filename) if named else "A file"
        why = error.strerror or type(error).__name__
        print(f"{what} can't be read or written: {why}.", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _not_found(modules: list[str]) -> Iterator[None]:
    """Make imports of modules that aren't loaded yet fail inside the block."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
