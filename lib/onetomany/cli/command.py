"""The type of a sub-command: it takes a parser, adds its options and returns its run.

Its docstring is the help text that a user reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

Run = Callable[[argparse.Namespace], int]
Command = Callable[[argparse.ArgumentParser], Run]


def add_path(
    parser: argparse._ActionsContainer,
    name: str,
    metavar: str,
    text: str,
    default: Path | None = None,
) -> None:
    """Add an argument or option that is a path, with its help text."""
    parser.add_argument(name, type=Path, default=default, metavar=metavar, help=text)


def add_notebooks(parser: argparse.ArgumentParser) -> None:
    """Add the option for the folder of the chapters."""
    # loaded here: it brings polars, which 'onetomany --help' does not need
    from onetomany.sources.kit_files import kit_folder

    text = "folder of the chapters (default: notebooks)"
    add_path(parser, "--notebooks", "DIR", text, kit_folder("notebooks"))


def add_case(parser: argparse.ArgumentParser) -> None:
    """Add the option for the case file."""
    add_path(parser, "--case", "FILE", "the case file (default: case.duckdb)", Path("case.duckdb"))


def add_weak_isolation(parser: argparse.ArgumentParser) -> None:
    """Add the option that permits reading strangers' files without full isolation."""
    text = "continue although this system can't isolate the program that reads the file"
    parser.add_argument("--weak-isolation", action="store_true", help=text)


def add_licence(parser: argparse.ArgumentParser) -> None:
    """Add the option by which the user accepts a licence."""
    text = "you have read the licence and accept it"
    parser.add_argument("--accept-licence", action="store_true", help=text)
