"""Limits for all archives of one ingest together: bytes, members, time and disk space.

The limits of one document (`reading.Limits`) don't bound archives within archives: 11 KB may
become gigabytes. So each file of the folder has a share for everything unpacked from it, in
proportion to its own size: a bomb is small, an honest archive of much content is not.
"""

import contextlib
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from onetomany.errors import InputError
from onetomany.formats.reading import Refused
from .folder import sha256_inside

_IN_MEMORY = 32 << 20  # bytes of a member that stay in memory until it is known to be new
GB = 1 << 30


@dataclass(frozen=True)
class Budget:
    """Limits for the members of all archives and mails of one ingest, nested ones included.

    The first three are for all of them together. Why these: 64 GB is more than any
    disclosure we have seen, a case file still searches a million members well, and 100 hours of
    one processor is a long weekend of two. Text packs 10 to 1, a database of zeros some 100 to 1.
    """

    bytes: int = 64 * GB
    members: int = 1_000_000
    seconds: float = 360_000.0  # of reading them, summed over processes
    # one file of the folder may take a quarter, so that none can starve the others; or an equal
    # part if there are fewer than four files
    part: float = 0.25
    ratio: int = 100  # bytes out of a file over its own
    least_bytes: int = 256 << 20  # a small archive may have this much, whatever its ratio
    least_members: int = 20_000
    members_per_mb: int = 2_000
    least_seconds: float = 1_800.0
    seconds_per_mb: float = 60.0
    free: int = GB  # bytes that stay free on the disk, or `free_part` of it if that is less
    free_part: float = 0.05


@dataclass
class _Spent:
    """The members unpacked from one file of the folder so far, and their limits."""

    most_bytes: int
    most_members: int
    most_seconds: float
    bytes: int = 0
    members: int = 0
    seconds: float = 0.0


@dataclass
class Account:
    """Count the members unpacked in one run; used by several threads."""

    budget: Budget
    folder: Path  # whose disk is filled: the case file's
    files: int = 1  # in the folder that is read
    _of: dict[str, _Spent] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.bytes, self.members, self.seconds = 0, 0, 0.0
        # the case file grows too: its part of the disk is not the archives'
        room = max(0, self._free() - self.reserve()) // 2
        self.most_bytes = min(self.budget.bytes, room)

    def begin(self, root: str, size: int) -> None:
        """Give a file of the folder (its SHA-256 and bytes) its share."""
        budget, megabytes = self.budget, size / (1 << 20)
        part = max(budget.part, 1 / max(1, self.files))
        least = (budget.least_bytes, budget.least_members, budget.least_seconds)
        grown = (
            budget.ratio * size,
            budget.members_per_mb * megabytes,
            budget.seconds_per_mb * megabytes,
        )
        most = (self.most_bytes, budget.members, budget.seconds)
        shares = [min(part * m, max(low, g)) for m, low, g in zip(most, least, grown, strict=True)]
        with self._lock:
            self._of.setdefault(root, _Spent(int(shares[0]), int(shares[1]), shares[2]))

    def take(self, root: str, size: int) -> None:
        """Count a member before it is kept.

        Raises Refused if its file or the run has used up a limit, or the disk is nearly full.
        """
        spent = self._spent(root)
        with self._lock:
            own = "for all that comes out of one file of the folder"
            run = "for all that comes out of the archives of one run"
            for over, limit in (
                (self.bytes + size > self.most_bytes, f"{_size(self.most_bytes)} {run}"),
                (self.members >= self.budget.members, f"{self.budget.members:,} files {run}"),
                (spent.bytes + size > spent.most_bytes, f"{_size(spent.most_bytes)} {own}"),
                (spent.members >= spent.most_members, f"{spent.most_members:,} files {own}"),
            ):
                if over:
                    raise Refused(
                        f"The rest of the files in it was not kept: the limit is {limit}."
                    )
            if (free := self._free()) - size < self.reserve():
                raise Refused(
                    f"The rest of the files in it was not kept: {_size(free)} of the disk are "
                    f"free, and {_size(self.reserve() + size)} are needed: make room, and run with "
                    "--retry."
                )
            spent.bytes += size
            spent.members += 1
            self.bytes += size
            self.members += 1

    def spend(self, root: str, seconds: float) -> None:
        """Count the time that a member took to read."""
        spent = self._spent(root)
        with self._lock:
            spent.seconds += seconds
            self.seconds += seconds

    def late(self, root: str) -> str:
        """Return why no more members of a file are read; '' while there is time."""
        spent = self._spent(root)
        for used, most, whose in (
            (spent.seconds, spent.most_seconds, "one file of the folder"),
            (self.seconds, self.budget.seconds, "the archives of one run"),
        ):
            if used >= most:
                return (
                    f"The file was not read: the limit is {most:,.0f} s for all files in {whose}."
                )
        return ""

    def left(self, root: str) -> tuple[int, int]:
        """Return how many bytes and members may still come out of a file."""
        spent = self._spent(root)
        return (
            max(0, min(spent.most_bytes - spent.bytes, self.most_bytes - self.bytes)),
            max(0, min(spent.most_members - spent.members, self.budget.members - self.members)),
        )

    def reserve(self) -> int:
        """Return how many bytes stay free on the disk."""
        return int(min(self.budget.free, self.budget.free_part * self._disk().total))

    def check_room(self, case: Path) -> None:
        """Raise InputError before a case file fills its disk: half of the reserve is its own."""
        needed = self.reserve() // 2
        if (free := self._free()) < needed:
            raise InputError(
                f"{_size(free)} are free on the disk of {case}, and {_size(needed)} are needed: "
                "make room, and run the same command again; it resumes."
            )

    def _spent(self, root: str) -> _Spent:
        if root not in self._of:
            self.begin(root, 0)
        return self._of[root]

    def _disk(self) -> shutil._ntuple_diskusage:
        return shutil.disk_usage(self.folder)

    def _free(self) -> int:
        return self._disk().free


class ByteStream(Protocol):
    """A stream that returns as many bytes as requested."""

    def read(self, length: int, /) -> bytes: ...


def keep_member(folder: Path, stream: ByteStream, length: int) -> str:
    """Keep the next bytes of a stream in a folder under their SHA-256, which is returned.

    A member that is there already isn't written again, and no half-written file stays.

    Raises Refused with the system's reason if it can't be written, such as a full disk.
    """
    digest = hashlib.sha256()
    try:
        if length <= _IN_MEMORY:
            content = stream.read(length)
            digest.update(content)
            if len(content) == length and not _kept(folder, digest.hexdigest()):
                with _beside(folder, digest) as file:
                    file.write(content)
            return digest.hexdigest()
        with _beside(folder, digest) as file:
            while length and (part := stream.read(min(length, 1 << 20))):
                digest.update(part)
                file.write(part)
                length -= len(part)
            if length:
                raise Refused("The files in it break off.")
    except OSError as error:
        raise Refused(f"The files in it can't be kept in {folder}: {error.strerror}.") from error
    return digest.hexdigest()


@contextlib.contextmanager
def _beside(folder: Path, digest: "hashlib._Hash") -> Iterator[IO[bytes]]:
    """Open a file that is named by its digest once it is whole, and removed if it never is."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
        beside = Path(file.name)
        try:
            yield file
            file.flush()
            beside.replace(folder / digest.hexdigest())
        finally:
            beside.unlink(missing_ok=True)


def _kept(folder: Path, name: str) -> bool:
    """Return whether a member is there unchanged: the folder may be someone else's."""
    try:
        return sha256_inside(folder, name, 1 << 62)[0] == name
    except (OSError, Refused):
        return False


def forget_halves(folder: Path) -> None:
    """Delete the half-written members that a killed run left.

    Raises InputError if the folder is a link: files would be written and deleted elsewhere.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(
            f"{folder} is not a folder, or is a link to one: remove it, and run this again."
        )
    for half in folder.glob("*.part"):
        half.unlink(missing_ok=True)


def _size(count: float) -> str:
    for unit, size in (("GB", GB), ("MB", 1 << 20)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,.0f} bytes"
