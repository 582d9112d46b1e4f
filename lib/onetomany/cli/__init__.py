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
from onetomany.errors import OneToManyError
from onetomany.printing import print_line as print
from . import (
    behaviour,
    captures,
    cases,
    chapters,
    day,
    documents,
    evidence,
    film,
    reading,
    reckon,
    requests,
    risk,
    systems,
    workshop,
)
from .command import Command, CommandParser

__all__ = ["COMMANDS", "main"]

COMMANDS: tuple[Command, ...] = (
    chapters.report_command,
    chapters.lab_command,
    systems.datasheet_command,
    systems.weights_command,
    systems.images_command,
    systems.pairs_command,
    systems.scale_command,
    systems.trackers_command,
    behaviour.behaviour_command,
    day.day_command,
    risk.risk_command,
    film.film_command,
    documents.ingest_command,
    reading.search_command,
    reading.tag_command,
    reading.tables_command,
    reading.desk_command,
    documents.claims_command,
    cases.new_command,
    cases.check_command,
    cases.add_command,
    captures.capture_list_command,
    reckon.reckon_command,
    requests.requests_command,
    workshop.workshop_command,
    evidence.exhibit_command,
    evidence.verify_command,
    evidence.reproduce_command,
    evidence.key_command,
    evidence.timestamp_command,
    evidence.certify_command,
)
# at the first query parameter DuckDB imports pandas to recognise its missing values: slow
WITHOUT_PANDAS = (
    documents.ingest_command,
    reading.search_command,
    reading.tag_command,
    reading.tables_command,
)


_START = """\
Where to start:
  you write about it      onetomany report                     all chapters as one web page
  you file a case         onetomany exhibit --operator NAME    a sealed bundle for a court
  you teach it            onetomany workshop FOLDER            chapters with exercises
  you have documents      onetomany ingest FOLDER              then: onetomany search WORDS
  you have a case         onetomany new FOLDER                 then: onetomany check
'onetomany COMMAND --help' explains one command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0, 1 for a refusal or fault, 2 for wrong usage, 130 for Ctrl-C."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except OneToManyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print("Stopped. Run the same command again: it resumes from the cache.", file=sys.stderr)
        return 130
    except EOFError:  # Ctrl-D at a question
        print(file=sys.stderr)
        print("The input ended before the last answer, so nothing was done.", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `onetomany --help | head`: the reader has closed the pipe
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


def _run(words: Sequence[str]) -> int:
    """Run the command that the words name; without words print the help."""
    parser = _parser()
    if not words:
        parser.print_help(sys.stderr)
        return 2
    args, stray = parser.parse_known_args(words)
    if stray:  # argparse finds no file after an option if a command takes any number of files
        args.parser.refuse_unknown(stray)
    with _not_found(args.hidden):
        if getattr(args, "weak_isolation", False):
            from onetomany.cage import accept_weak_isolation

            accept_weak_isolation()
        return int(args.run(args) or 0)


def _parser() -> CommandParser:
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
        hidden = ["pandas"] if command in WITHOUT_PANDAS else []
        one.set_defaults(run=command(one), hidden=hidden, parser=one)
    return parser


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
