"""Hash, read and write files so that no reader meets half of one."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name, then rename it: no reader meets half of it.

    Raises InputError if the path is a folder, or the file can't be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".part")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror or error}.") from error


def read_received(path: Path, most: int) -> bytes:
    """Return the bytes of a file made by others, without waiting for a pipe or device.

    Raises InputError if it can't be read, is not a regular file, or has more than `most` bytes.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise InputError(f"{path} is not a regular file: name one.")
            content = opened.read(most + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}.") from error
    if len(content) > most:
        raise InputError(f"{path} is larger than {most:,} bytes: it was not read.")
    return content


@contextlib.contextmanager
def sole_use(out: Path) -> Iterator[None]:
    """Keep a second process from making the same file or folder at the same time.

    Raises InputError if another process is making it, or the folder can't be written to.
    """
    lock = out.with_name(f".{out.name}.lock")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputError(f"{out} can't be written: {error.strerror or error}.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however it ends
    except OSError:
        os.close(file)
        raise InputError(
            f"Another process is making {out}: wait until it is done, or name another place."
        ) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(file)


def package_folder(package: str) -> Path:
    """Return the folder of an installed package, without importing the package.

    Raises InputError if it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The package '{package}' is not installed: run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations)))
