"""Hash, read and write files so that no reader meets half of one."""

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from onetomany.errors import InputError, near_file


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield a path beside `path` to write to; then sync it and rename it.

    After a crash `path` has its old content or the new one, never a part of it. If the block
    raises, the unfinished file is deleted and `path` stays as it was. `private` makes a file that
    only its owner can read. The folder must exist. Raises OSError.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as beside:
    ...         _ = beside.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    beside = path.with_name(path.name + ".part")
    beside.unlink(missing_ok=True)  # left by a run that was killed, or a link to elsewhere
    try:
        if private:
            beside.touch(mode=0o600, exist_ok=False)
        yield beside
        sync(beside)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers never see a part of it (see `whole_file`).

    Makes the folder if it is missing. Raises InputError if `path` is a folder or can't be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror or error}.") from error


def check_writable(out: Path) -> None:
    """Raise InputError if nothing can be made at `out`: before long work, not after it.

    Makes the folder that contains `out` if it is missing.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise InputError(f"{out} can't be written: {error.strerror or error}.") from error


@contextlib.contextmanager
def whole_folder(out: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a new folder beside `out` to fill; then rename it to `out`.

    If the block raises, the new folder is deleted and `out` stays as it was. `replace` puts it in
    the place of an old `out`; without it `out` must be missing or empty. Raises OSError.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.absolute().parent) as beside:
        new, old = Path(beside) / "new", Path(beside) / "old"
        new.mkdir()
        yield new
        if out.exists() and replace:
            out.rename(old)
        elif out.exists():
            out.rmdir()
        try:
            new.rename(out)
        except BaseException:  # also a Ctrl-C just here
            if old.exists() and not out.exists():
                old.rename(out)
            raise


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():  # folders can't be opened there
        return
    # Windows syncs only files opened for writing
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_received(path: Path, most: int, *, links: bool = True) -> bytes:
    """Return the bytes of a file made by others, without waiting for a pipe or device.

    Without `links` a symbolic link is refused: in a stranger's folder it may lead to a file of the
    reader's own. Raises InputError if it can't be read, is not a regular file, or has more than
    `most` bytes.
    """
    if not links and path.is_symlink():
        raise InputError(f"{path} is a link: put the file itself there.")
    try:
        file = open_plain(path, links=links)
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise InputError(f"{path} is not a regular file: name one.")
            content = opened.read(most + 1)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}{near_file(path)}.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder: name a file in it.") from None
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
        with contextlib.suppress(OSError):  # Windows doesn't delete open files
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
    """Return the folder of an installed package, without importing the package.

    Raises InputError if it is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The package '{package}' is not installed: run 'make setup'.")
    return Path(next(iter(spec.submodule_search_locations)))
