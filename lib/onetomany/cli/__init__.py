"""The command `onetomany`: one function a sub-command, all registered in COMMANDS."""

# ruff: noqa: E402 - even __future__ is a module that could come from the working directory
from onetomany.cli.start import forget_working_directory

forget_working_directory()

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence

from onetomany import __version__
from onetomany.cli.behaviour import behaviour
from onetomany.cli.captures import capture_list
from onetomany.cli.chapters import lab, report
from onetomany.cli.command import Command
from onetomany.cli.day import day
from onetomany.cli.documents import claims, ingest
from onetomany.cli.evidence import certify, exhibit, key, reproduce, timestamp, verify
from onetomany.cli.film import film
from onetomany.cli.reading import desk, search, tables, tag
from onetomany.cli.requests import requests
from onetomany.cli.risk import risk
from onetomany.cli.systems import datasheet, images, pairs, scale, trackers, weights
from onetomany.cli.workshop import workshop
from onetomany.errors import OneToManyError
from onetomany.printing import SafeParser
from onetomany.printing import print_line as print

__all__ = ["COMMANDS", "main"]

COMMANDS: tuple[Command, ...] = (
    report,
    lab,
    datasheet,
    weights,
    images,
    pairs,
    scale,
    trackers,
    behaviour,
    day,
    risk,
    film,
    ingest,
    search,
    tag,
    tables,
    desk,
    claims,
    capture_list,
    requests,
    workshop,
    exhibit,
    verify,
    reproduce,
    key,
    timestamp,
    certify,
)
# DuckDB loads pandas at a first parameter, to know pandas' missing values: most of a command's time
WITHOUT_PANDAS = (ingest, search, tag, tables)


def main(argv: Sequence[str] | None = None) -> int:
    parser = SafeParser(
        prog="onetomany", description="Check a face identification system from outside."
    )
    parser.add_argument("--version", action="version", version=f"onetomany {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        one = commands.add_parser(command.__name__.replace("_", "-"), help=command.__doc__)
        one.set_defaults(run=command(one), hidden=["pandas"] if command in WITHOUT_PANDAS else [])
    args, stray = parser.parse_known_args(argv)
    if stray:  # argparse takes no file after an option where a command takes any number of them
        parser.error(
            f"unknown: {' '.join(stray)} (files stand before the options, each option as --help "
            "shows it)"
        )
    try:
        with _not_found(args.hidden):
            return int(args.run(args))
    except OneToManyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        print("Stopped; run the same command again, it goes on from the cache.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # of `onetomany search ... | head`: who read has enough
        with contextlib.suppress(OSError):  # what is still to be flushed goes nowhere
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
    """Let modules that aren't loaded yet not be found for a while."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules |= dict.fromkeys(hidden)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
