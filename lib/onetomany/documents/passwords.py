"""Passwords that the user gives for a run: from the command line, or from a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from onetomany.errors import InputError

MOST = 60_000  # characters of all passwords in a request to a caged process


def given_passwords(words: Sequence[str], file: Path | None, folder: Path) -> tuple[str, ...]:
    """Return the passwords in their order, each once. No message names one.

    Raises InputError for a file that can't be read, or that would be read as a document itself.
    """
    found = list(words)
    if file is not None:
        if file.resolve().is_relative_to(folder.resolve()):
            raise InputError(
                f"The file of passwords, {file}, is in the folder that is read: its words would "
                "be stored in the case file. Move it elsewhere."
            )
        try:
            found += file.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise InputError(f"The file of passwords, {file}, can't be read: {why}.") from None
    kept = tuple(dict.fromkeys(each for each in found if each))
    if len(json.dumps(kept)) > MOST:
        raise InputError(f"{len(kept):,} passwords are more than one run can try: split the file.")
    return kept
