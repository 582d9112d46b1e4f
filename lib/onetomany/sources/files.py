"""Small facts about files that both image sets and weights need."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: no reader ever meets half of it.

    Raises InputError where that can't be: a folder of that name, no right to write, a full disk.
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
    """The bytes of a file that somebody else may have made; no pipe or device is waited for.

    Raises InputError where it can't be read, is no regular file, or has more than `most` bytes.
    """
    try:
        file = open_plain(path, links=True)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise InputError(f"{path} is no regular file: name one.")
            content = opened.read(most + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}.") from error
    if len(content) > most:
        raise InputError(f"{path} is larger than {most:,} bytes: nothing of it was read.")
    return content


@contextlib.contextmanager
def sole_use(out: Path) -> Iterator[None]:
    """Keep a second process from making the same file or folder at the same time.

    Raises InputError where another is making it, or the place can't be written to.
    """
    lock = FileLock(out.with_name(f".{out.name}.lock"), mode=0o600)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)  # released when the process ends, however it ends
    except Timeout:
        raise InputError(
            f"Another process is making {out}: wait until it is done, or name another place."
        ) from None
    except OSError as error:
        raise InputError(f"{out} can't be written: {error.strerror or error}.") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps what is open
            Path(lock.lock_file).unlink()
        lock.release()


def open_plain(path: Path | str, *, links: bool = False) -> int:
    """Open a file for reading by its number; no pipe or device is waited for.

    A symbolic link is followed only with `links`. Raises OSError.
    """
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", *(() if links else ("O_NOFOLLOW",))):
        flags |= getattr(os, name, 0)  # Windows lacks three of them, other systems one
    return os.open(path, flags)


def peak_memory() -> int:
    """Return the most bytes of memory that this process has used.

    >>> peak_memory() > 1_000_000
    True
    """
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        facts = psutil.Process().memory_info()
        return int(getattr(facts, "peak_wset", facts.rss))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def package_folder(package: str) -> Path:
    """Where an installed package's files lie. The package is not imported.

    Raises InputError where it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The package '{package}' is not installed: run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations)))
