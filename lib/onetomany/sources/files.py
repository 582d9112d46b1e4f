"""Small facts about files that both image sets and weights need."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from ..errors import InputError


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_folder(package: str) -> Path:
    """Where an installed package's files lie. The package is not imported.

    Raises InputError where it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The package '{package}' is not installed: run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations)))
