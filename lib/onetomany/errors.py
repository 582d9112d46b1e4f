"""Errors that users see: each is one sentence with the fault, its place and the remedy."""

import difflib
import json
from collections.abc import Collection
from itertools import islice
from pathlib import Path

_LISTED = 1000  # names of a folder that are compared: more would take seconds


class OneToManyError(Exception):
    """Base of all refusals of the kit; its text is one clear sentence."""


class DatasheetError(OneToManyError):
    """An image set has no datasheet, or one that is incomplete, expired or contradicted."""


class IntegrityError(OneToManyError):
    """A file is not the one that was registered (SHA-256 differs, or it is missing)."""


class InputError(OneToManyError):
    """An input that the kit can't read or never accepts (URL, camera, stream).

    `ko` is the same sentence in Korean for errors that a form shows, else ''.
    """

    def __init__(self, sentence: str, ko: str = "") -> None:
        super().__init__(sentence)
        self.ko = ko


class EnrolmentError(OneToManyError):
    """Templates that can't be enrolled: duplicate ids, wrong dimension, mixed models, withdrawn."""


class MissingExtraError(InputError, ImportError):
    """Packages of an extra, `extra`, are not installed; the sentence says how to install them."""

    def __init__(self, sentence: str, ko: str = "", *, extra: str) -> None:
        super().__init__(sentence, ko)
        self.extra = extra


class RefusedError(OneToManyError):
    """A task that the kit refuses on principle, such as guessing race or emotion from a face."""


def near(name: str, known: Collection[str]) -> str:
    """Return up to five names in `known` similar to a wrong one, in brackets.

    >>> near("clams", ["claims", "tables"])
    ' (similar: claims)'
    >>> near("x", ["claims"])
    ''
    """
    lower = {each.lower(): each for each in known}
    parts = [each for each in known if each.startswith(f"{name}.")]  # C30 is C30.1 and C30.2
    alike = [lower[each] for each in difflib.get_close_matches(name.lower(), lower, n=5)]
    found = list(dict.fromkeys([*parts, *alike]))[:5]
    return f" (similar: {', '.join(found)})" if found else ""


def near_file(path: Path) -> str:
    """Return up to five names similar to that of a missing file, from its folder, in brackets."""
    try:
        names = (each.name for each in islice(path.parent.iterdir(), _LISTED))
        return near(path.name, [name for name in names if name != path.name])
    except OSError:  # the folder is missing too, or can't be listed
        return ""


def reason_of(error: Exception) -> str:
    """Return why a file could not be read, as part of a sentence, without Python's own words.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "a.toml"))
    'No such file or directory'
    >>> reason_of(UnicodeDecodeError("utf-8", b"\\xff", 0, 1, "invalid start byte"))
    'it is not text in UTF-8'
    """
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno} is not JSON"
    return ((isinstance(error, OSError) and error.strerror) or str(error)).rstrip(".")
