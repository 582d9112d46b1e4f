"""The type of a sub-command: it takes a parser, adds its options and returns its run.

Its docstring is the help text that a user reads.
"""

from __future__ import annotations

import argparse
import contextlib
import locale
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from onetomany.errors import InputError, near
from onetomany.printing import SafeParser

if TYPE_CHECKING:
    import duckdb

    from onetomany.documents.lake import Lake

# returns the exit code, if it isn't 0
Run = Callable[[argparse.Namespace], int | None]
Kind = Callable[[str], object]


class CommandParser(SafeParser):
    """A parser with the kinds of options that commands share; each has its help text."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # argparse's own messages name Python types ("invalid int value: 'ten'")
        self.register("type", int, _whole_number)
        self.register("type", float, _finite_number)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a word that is not one of an option's choices, and name similar ones."""
        if action.choices is None or value in action.choices:
            return
        known = [str(each) for each in action.choices]
        hint = near(str(value), known)
        if isinstance(action, argparse._SubParsersAction):
            self.error(f"there is no {action.metavar} '{value}'{hint} (see '{self.prog} --help')")
        raise argparse.ArgumentError(action, f"'{value}' is none of {', '.join(known)}{hint}")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """End with the words that no option or argument takes, and similar options."""
        known = [string for action in self._actions for string in action.option_strings]
        options = [word.partition("=")[0] for word in words if word.startswith("-")]
        if options:
            hint = near(options[0], known)
            self.error(f"there is no option '{options[0]}'{hint} (see '{self.prog} --help')")
        self.error(f"write these words before the options: {' '.join(words)}")

    def add_option(
        self, name: str, metavar: str | None, text: str, *, kind: Kind = str, **more: Any
    ) -> None:
        """Add an argument or option with a value of a kind, such as int.

        `more` goes to `add_argument`: a default, the number of values, whether it is required.
        """
        if more.get("nargs") == "*":  # argparse asks for a value if there is no default
            more.setdefault("default", [])
        self.add_argument(name, type=kind, metavar=metavar, help=text, **more)

    def add_path(
        self, name: str, metavar: str, text: str, default: Path | None = None, **more: Any
    ) -> None:
        """Add an argument or option that is a path."""
        self.add_option(name, metavar, text, kind=Path, default=default, **more)

    def add_repeated(
        self, name: str, metavar: str | None, text: str, kind: Kind = str, **more: Any
    ) -> None:
        """Add an option that can be given several times; its values are a list."""
        self.add_option(name, metavar, text, kind=kind, action="append", default=[], **more)

    def add_choice(
        self, name: str, choices: Sequence[str], text: str, default: str | None = None
    ) -> None:
        """Add an option whose value is one of several words, which its help lists."""
        self.add_option(name, None, text, choices=choices, default=default)

    def add_flag(self, name: str, text: str) -> None:
        """Add an option without a value."""
        self.add_argument(name, action="store_true", help=text)

    def describe(self, text: str) -> None:
        """Set the text of the command's help, whose lines stay as they are."""
        self.formatter_class, self.description = argparse.RawDescriptionHelpFormatter, text

    def add_notebooks(self) -> None:
        """Add the option for the folder of the chapters."""
        # loaded here: it brings polars, which 'onetomany --help' does not need
        from onetomany.sources.kit_files import kit_folder

        text = "folder of the chapters (default: notebooks)"
        self.add_path("--notebooks", "DIR", text, kit_folder("notebooks"))

    def add_language(self, text: str, *more: str) -> None:
        """Add the option for a language: en, ko, or another that the command knows."""
        text += " (default: the language of this computer, here %(default)s)"
        self.add_choice("--language", ("en", "ko", *more), text, _preferred_language())

    def add_case(self) -> None:
        """Add the option for the case file; a case folder means the case.duckdb in it."""
        text = "case folder or case file (default: case.duckdb in this folder)"
        default = Path("case.duckdb")
        self.add_option("--case", "FOLDER|FILE", text, kind=case_file, default=default)

    def add_case_folder(self, text: str = "") -> None:
        """Add the option for the case folder."""
        text = text or "case folder, or the name of a case that comes with the kit"
        self.add_path("--case", "FOLDER", f"{text} (default: this folder, if it is one)")

    def add_lake(self, text: str) -> None:
        """Add the two options that name a lake of several people's case files."""
        self.add_option("--lake", "ADDRESS", text, default="")
        self.add_path(
            "--storage",
            "DIR",
            "with --lake: folder of the lake's files, which all its users can reach",
        )

    def add_weak_isolation(self) -> None:
        """Add the option that permits reading strangers' files without full isolation."""
        text = "read files although this system can't isolate the program that reads them"
        self.add_flag("--weak-isolation", text)

    def add_licence(self) -> None:
        """Add the option by which the user accepts a licence."""
        self.add_flag("--accept-licence", "download: you have read the licence and accept it")


Command = Callable[[CommandParser], Run]


def _preferred_language() -> str:
    """Return 'ko' if the user's locale is Korean, else 'en'."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    told = next(filter(None, named), None) or locale.getlocale()[0] or ""
    return "ko" if told.lower().startswith("ko") else "en"


def _whole_number(text: str) -> int:
    """Return the whole number that a text is; argparse prints the reason if it is none."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a whole number: write digits alone, such as 1000"
        ) from None


def _finite_number(text: str) -> float:
    """Return the number that a text is; argparse prints the reason if it is none."""
    with contextlib.suppress(ValueError):
        if math.isfinite(number := float(text)):
            return number
    raise argparse.ArgumentTypeError(
        f"'{text}' is not a number: write digits with a decimal point, such as 1000 or 0.5"
    )


def case_file(text: str) -> Path:
    """Return the case file that a path names: itself, or case.duckdb in a case folder."""
    path = Path(text)
    return path / "case.duckdb" if (path / "case.toml").is_file() else path


def case_place(given: Path | None) -> tuple[Path | None, Path | None]:
    """Return the case folder and the case file that an option means; None if it is not there.

    `given` is a case folder, the name of a case that comes with the kit, or a case file; without it
    the working directory is meant, if it is a case folder.
    """
    folder = given or Path()
    if (folder / "case.toml").is_file():
        file = folder / "case.duckdb"
        return folder, file if file.exists() else None
    if given is not None and not given.exists():
        from onetomany.cases.case_folder import shipped_cases

        if str(given) in shipped_cases():
            return given, None
    return None, given


def case_folder(file: Path | None) -> Path | None:
    """Return the case folder that a case file belongs to; None if it is a file by itself.

    Without a file it is the working directory, if that is a case folder.
    """
    folder = file.parent if file else Path()
    if file and file.name != "case.duckdb":
        return None
    return folder if (folder / "case.toml").is_file() else None


def named_lake(args: argparse.Namespace) -> Lake | None:
    """Return the lake that the options name, or None.

    Raises InputError if only one of the two is given, or if the address is none.
    """
    if not args.lake and not args.storage:
        return None
    if not (args.lake and args.storage):
        raise InputError("--lake and --storage belong together: give both or leave out both.")
    from onetomany.documents.lake import Lake

    return Lake(args.lake, args.storage)


def open_case_or_lake(
    args: argparse.Namespace,
) -> contextlib.AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open the lake that the options name for reading, or else the case file."""
    if lake := named_lake(args):
        from onetomany.documents.lake import open_lake

        return open_lake(lake)
    from onetomany.documents.case_file import open_case

    return open_case(args.case)
