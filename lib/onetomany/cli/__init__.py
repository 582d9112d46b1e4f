"""The command `onetomany`: one function a sub-command, all registered in COMMANDS."""

# ruff: noqa: E402 - even __future__ is a module that could come from the working directory
from onetomany.cli.start import forget_working_directory

forget_working_directory()

import argparse
import sys
from collections.abc import Sequence

from onetomany import __version__
from onetomany.cli.captures import capture_list
from onetomany.cli.chapters import lab, report
from onetomany.cli.command import Command
from onetomany.cli.documents import claims, ingest, search
from onetomany.cli.evidence import certify, exhibit, key, reproduce, timestamp, verify
from onetomany.cli.requests import requests
from onetomany.cli.systems import datasheet, scale, trackers, weights
from onetomany.cli.workshop import workshop
from onetomany.errors import OneToManyError

COMMANDS: tuple[Command, ...] = (
    report,
    lab,
    datasheet,
    weights,
    scale,
    trackers,
    ingest,
    search,
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


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="onetomany", description="Check a face identification system from outside."
    )
    parser.add_argument("--version", action="version", version=f"onetomany {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        one = commands.add_parser(command.__name__.replace("_", "-"), help=command.__doc__)
        one.set_defaults(run=command(one))
    args, stray = parser.parse_known_args(argv)
    if stray:  # argparse takes no file after an option where a command takes any number of them
        parser.error(
            f"unknown: {' '.join(stray)} (files stand before the options, each option as --help "
            "shows it)"
        )
    try:
        return int(args.run(args))
    except OneToManyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again, it goes on from the cache.", file=sys.stderr)
        return 130
