"""The folder of an ingest: each entry is a file to read, or has a reason why not.

Names are bytes to the system; a case file contains text. A stored path is the name in UTF-8, with
three escapes that make it reversible and unambiguous: `\\xb9` for a byte that is not UTF-8 (usual
in ZIP files of Korean Windows), `\\\\` for a backslash, and `\\!` for an exclamation mark before a
slash, since `!/` comes before a member's name.

A file is opened from its folder downwards, name by name: no symbolic link is followed, and opening
never waits for a pipe or a device.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onetomany.errors import InputError
from onetomany.formats.reading import Refused

_ESCAPE = re.compile(rb"\\(?:\\|!|x([0-9a-f]{2}))")
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
LINK = "The entry is a symbolic link: not followed."
CHANGED = "The file changed while it was read: run this again when no program writes to it."
Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Unread:
    """An entry of the folder that can't become a document, and why; `path` as it is stored."""

    path: str
    why: str


def stored_name(path: Path | bytes | str) -> str:
    """Return a path of the file system as text for a case file; `named_path` reverses it.

    >>> stored_name(b"\\xb0\\xa1.txt")
    '\\\\xb0\\\\xa1.txt'
    """
    return _escaped(os.fsencode(path).decode("utf-8", "surrogateescape"))


def named_path(text: str) -> Path:
    """Return the path of the file system that `stored_name` made a text of."""

    def byte(found: re.Match[bytes]) -> bytes:
        return bytes.fromhex(found[1].decode()) if found[1] else found[0][1:]

    return Path(os.fsdecode(_ESCAPE.sub(byte, text.encode("utf-8", "surrogateescape"))))


def member_path(outer: str, name: str) -> str:
    """Return the stored path of a member: that of its archive or mail, `!/`, and its own name."""
    return f"{outer}!/{_escaped(name)}"


def _escaped(name: str) -> str:
    if "\\" in name or "!/" in name or not name.isascii() or "\0" in name:
        name = name.replace("\\", "\\\\").replace("!/", "\\!/").replace("\0", "\\x00")
        name = re.sub("[\ud800-\udfff]", lambda found: f"\\x{ord(found[0]) & 0xFF:02x}", name)
    return name


def readable_name(path: str) -> str:
    """Return the last name of a stored path; if it isn't UTF-8, as CP949 if that gives Hangul.

    It is for reading only: the path says which bytes the name has.
    """
    raw = os.fsencode(named_path(path.rpartition("/")[2]))
    with suppress(UnicodeDecodeError):
        return raw.decode("utf-8")
    with suppress(UnicodeDecodeError):
        if re.search("[가-힣]", korean := raw.decode("cp949")):
            return korean
    return stored_name(raw)


def walk_folder(
    folder: Path, skipped: Collection[Path], secret: tuple[str, ...]
) -> Iterator[str | Unread]:
    """Yield every entry below a folder, folders aside: the stored path of a file, or an Unread.

    `skipped` are paths of the kit's own; files whose names end in `secret` are not read.

    Raises InputError if the system can't list the folder itself.
    """
    top = os.fsencode(folder)
    own = {os.fsencode(path) for path in skipped}
    seen: dict[tuple[int, int], str] = {}
    waiting = [b""]
    while waiting:
        where = waiting.pop()
        at = os.path.join(top, where) if where else top
        try:
            here = os.stat(at, follow_symlinks=not where)
            place = (here.st_dev, here.st_ino)
            if here.st_ino and place in seen:
                known = seen[place] or "the folder itself"
                why = f"The folder is the same as {known}, mounted again: read there."
                yield Unread(stored_name(where), why)
                continue
            seen[place] = stored_name(where)
            with os.scandir(at) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not where:
                raise InputError(f"{folder} can't be listed: {error.strerror}.") from error
            yield Unread(stored_name(where), f"{_cause(error)} Nothing in it was read.")
            continue
        folders = []
        for entry in listed:
            if entry.path in own:
                continue
            path = os.path.join(where, entry.name)
            if isinstance(found := _entry(entry, path, secret), bytes):
                folders.append(found)
            else:
                yield found
        waiting += reversed(folders)


def _entry(entry: os.DirEntry[bytes], path: bytes, secret: tuple[str, ...]) -> bytes | str | Unread:
    """Return an entry's path: bytes for a folder, text for a file, or an Unread."""
    name = stored_name(path)
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError as error:
        return Unread(name, _cause(error))
    if stat.S_ISLNK(mode):
        return Unread(name, LINK)
    if stat.S_ISDIR(mode):
        return path
    if name.endswith(secret):
        return Unread(name, "The file reveals the names behind a case's pseudonyms: never read.")
    if not stat.S_ISREG(mode):
        what = _KINDS.get(stat.S_IFMT(mode), "of an unknown kind")
        return Unread(name, f"The entry is not a regular file but {what}: not read.")
    return name


def _cause(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "The file was gone before it could be read."
    if error.errno == errno.ENAMETOOLONG:
        return "The path is too long for the system: move the file further up, and run this again."
    if error.errno == errno.ELOOP:
        return LINK
    return f"The file can't be opened: {error.strerror or error}."


def unread_file(path: str, error: OSError | Refused) -> Unread:
    """Return an error at a file as the row of `failures` that it becomes."""
    return Unread(path, _cause(error) if isinstance(error, OSError) else str(error))


def _open_inside(folder: Path, path: str) -> int:
    """Open the file of a stored path for reading, following no link below the folder.

    Raises OSError if it can't be opened, Refused if it isn't a regular file of the folder.
    """
    *folders, name = os.fsencode(named_path(path)).split(b"/")
    if {b"", b".", b".."} & {*folders, name}:
        raise Refused("The path leads out of the folder.")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for each in folders:
            below = os.open(each, flags | os.O_DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
        # a pipe without a writer would be waited for
        file = os.open(name, flags | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise Refused("The entry is not a regular file: not read.")
    return file


def file_inside(folder: Path, path: str) -> Path:
    """Return the path of the file system that a stored path is in its folder."""
    return folder / named_path(path)


def stat_inside(folder: Path, path: str) -> os.stat_result:
    """Return the system's facts about a file; raises as `_open_inside` does."""
    file = _open_inside(folder, path)
    try:
        return os.fstat(file)
    finally:
        os.close(file)


def sha256_inside(folder: Path, path: str, most: int) -> tuple[str, os.stat_result]:
    """Return a file's SHA-256, and the system's facts about it.

    Raises OSError if it can't be read; Refused if it is larger than `most` bytes (a sparse
    file of a terabyte is not read through), is not a regular file, or changed meanwhile.
    """
    with os.fdopen(_open_inside(folder, path), "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if before.st_size > most:
            raise Refused(f"The file is larger than {most:,} bytes: not read.")
        digest, left = hashlib.sha256(), before.st_size
        while part := file.read(min(1 << 20, left + 1)):  # None: a file of the system that waits
            left -= len(part)
            if left < 0:
                # as files of /proc do, or one that is being written
                raise Refused(
                    f"The file has more than the {before.st_size:,} bytes that it states: not read."
                )
            digest.update(part)
        if part is None or left or file_stamp(os.fstat(file.fileno())) != file_stamp(before):
            raise Refused(CHANGED)
    return digest.hexdigest(), before


def file_stamp(held: os.stat_result) -> Stamp:
    """Return facts that differ once a file was changed or replaced."""
    return held.st_dev, held.st_ino, held.st_size, held.st_mtime_ns, held.st_ctime_ns


def is_unchanged(folder: Path, path: str, held: Stamp) -> bool:
    """Return whether a file is still the one that was hashed."""
    try:
        return file_stamp(stat_inside(folder, path)) == held
    except (OSError, Refused):
        return False
