"""List and hash the files of a bundle without trusting any name or size in it.

Nothing is followed, unpacked or run. Links and devices are reported and not opened; names that
some system would confuse are reported too.
"""

import errno
import hashlib
import os
import stat
import time
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources.files import open_plain

MAX_FILES = 100_000
MAX_DEPTH = 32
MAX_TEXT = 64 * 2**20  # bytes of a file that is read as a whole: manifests, logs, JSON
BLOCK = 2**20
ALGORITHMS = ("sha256", "sha512")

# Windows takes none of these in a name, or takes the name for a device; BagIt's tools read % as the
# beginning of an escaped letter
_FORBIDDEN = set('<>:"|?*\\%') | {chr(code) for code in (*range(32), 127)}
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{n}{i}" for n in ("com", "lpt") for i in range(1, 10)}


@dataclass(frozen=True)
class Hashed:
    """Size in bytes and hashes of a file, by algorithm."""

    size: int
    hashes: dict[str, str]


@dataclass
class Listing:
    """Regular files (path with '/' -> size), and (path, why) of everything that is none."""

    files: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)


def list_files(root: Path) -> Listing:
    """List every regular file below `root` in the order of names; the rest with a reason.

    Raises InputError if `root` itself can't be read.
    """
    found = Listing()
    waiting = [(root, "", 0)]
    while waiting:
        folder, inside, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError as error:
            if not inside:
                raise _unreadable(folder, error) from error
            found.refused.append((inside.rstrip("/"), why_unread(error)))
            continue
        if not entries and inside:
            found.refused.append((inside, "an empty folder, which no manifest can list"))
        for entry in entries:
            path = f"{inside}{entry.name}"
            why = _enter(found, path, entry)
            if why is not None:
                found.refused.append((path, why))
            elif path not in found.files:
                if depth >= MAX_DEPTH:
                    found.refused.append((path, f"folders lie more than {MAX_DEPTH} deep"))
                else:
                    waiting.append((Path(entry.path), f"{path}/", depth + 1))
            if len(found.files) > MAX_FILES:
                found.refused.append((path, f"there are more than {MAX_FILES:,} files"))
                return found
    return found


def _enter(found: Listing, path: str, entry: os.DirEntry[str]) -> str | None:
    """Enter a regular file; return the reason if it is neither a file nor a folder."""
    try:
        about = entry.stat(follow_symlinks=False)
    except OSError as error:
        return why_unread(error)
    if stat.S_ISLNK(about.st_mode):
        return "it is a link, which is never followed"
    if not about.st_mode & 0o444:  # an administrator could read it, but no receiver of a copy
        return "nobody may read it: its permissions allow no user to"
    if stat.S_ISREG(about.st_mode):
        found.files[path] = about.st_size
    elif not stat.S_ISDIR(about.st_mode):
        return "it is neither a file nor a folder"
    return None


def fold_path(path: str) -> str:
    """Return the form of a path in which case and Unicode forms don't differ."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def bad_names(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return (path, why) of names that another system would refuse or confuse."""
    found = []
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if why := _bad_name(path):
            found.append((path, why))
        if (other := seen.setdefault(fold_path(path), path)) != path:
            found.append((path, f"some systems take it for {other!r}: only case or accents differ"))
    return found


def hash_files(root: Path, files: dict[str, int]) -> dict[str, Hashed]:
    """Compute SHA-256 and SHA-512 of each file in one reading; after two seconds show a bar.

    Raises InputError if a file can't be read: no statement is then possible on it or the rest.
    """
    hashed, failed = hash_readable(root, files)
    for path, error in failed.items():
        raise _unreadable(root / path, error) from error
    return hashed


def hash_readable(
    root: Path, files: dict[str, int]
) -> tuple[dict[str, Hashed], dict[str, OSError]]:
    """Return hashes as `hash_files`, and the reason for each file that can't be read."""
    hashed, failed = {}, {}
    started = time.monotonic()
    with ProgressBar(
        total=sum(files.values()), unit="B", unit_scale=True, leave=False, delay=2
    ) as bar:
        for path in files:
            digests = {name: hashlib.new(name) for name in ALGORITHMS}
            size = 0
            try:
                with open_file(root / path) as file:
                    while block := file.read(BLOCK):
                        size += len(block)
                        for digest in digests.values():
                            digest.update(block)
                        if time.monotonic() - started > 2:
                            bar.update(len(block))
            except OSError as error:
                failed[path] = error
            else:
                hashed[path] = Hashed(size, {name: d.hexdigest() for name, d in digests.items()})
    return hashed, failed


def open_file(path: Path) -> BinaryIO:
    """Open a file to read, and no link, pipe or device that took its place. Raises OSError."""
    handle = open_plain(path)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no longer a file")
    return os.fdopen(handle, "rb")


def why_unread(error: OSError) -> str:
    """Return why a file or folder can't be read, as part of a sentence."""
    return f"it can't be read ({error.strerror or error})"


def _unreadable(path: Path, error: OSError) -> InputError:
    why = error.strerror or error
    return InputError(f"{path} can't be read ({why}): make it readable, or copy the bundle again.")


def _bad_name(path: str) -> str | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return "its name is not valid Unicode"
    if unicodedata.normalize("NFC", path) != path:
        return "its name is not in Unicode's composed form (NFC)"
    for part in path.split("/"):
        if set(part) & _FORBIDDEN:
            return "its name contains a character that some systems refuse"
        if part != part.strip(" ") or part.endswith(".") or part.split(".")[0].lower() in _DEVICES:
            return "its name is one that some systems change or refuse"
    return None
