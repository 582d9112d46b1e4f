"""Caged processes that read documents: a file goes in, an answer comes out."""

import json
import os
import signal
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import TypedDict, Unpack

from onetomany.cage.keeper import Keeper, Outcome
from onetomany.errors import InputError
from onetomany.formats.extraction import is_light
from onetomany.formats.reading import Limits
from onetomany.sources.files import open_plain
from .answers import Answer, Member, Taken

LIGHT, ALL = "onetomany.formats.extraction:load_light", "onetomany.formats.extraction:load_all"
NAME = 1_000  # characters of a name that its reader is given
PASSWORDS = 60_000  # characters of all passwords in a request to a caged process
OCR = "onetomany.formats.ocr:load_ocr"
FONTS = ("/usr/share/fonts", "/usr/share/tesseract-ocr", "/usr/share/tessdata")


class ReaderOptions(TypedDict, total=False):
    """How documents are read.

    With `ocr`, languages as Tesseract names them, pages of scans are read, whose names are
    'PAGE/NAME'. `processes` gives each caged process its number.
    """

    ocr: str
    processes: Iterator[int] | None
    passwords: tuple[str, ...]


class Reader:
    """Reads documents one at a time, each in a process that handles nothing else.

    `members` is the folder for documents that lie within others.
    """

    def __init__(self, members: Path, **how: Unpack[ReaderOptions]) -> None:
        self.members, self.passwords = members, how.get("passwords", ())
        ocr, numbers = how.get("ocr", ""), how.get("processes") or count(1)
        tasks = (f"{OCR} {ocr}",) if ocr else (LIGHT, ALL)
        readable = FONTS if ocr else ()
        self.keepers = [Keeper(task, readable=readable, processes=numbers) for task in tasks]
        # asked before a member of a document, of so many bytes, is kept: Refused is a budget's end
        self.take: Callable[[int], None] | None = None if ocr else lambda size: None

    @property
    def isolation(self) -> dict[str, bool]:
        """Return the mechanisms that confined the readers; {} if nothing was read."""
        return next((each.isolation for each in self.keepers if each.isolation), {})

    def stop(self) -> None:
        for keeper in self.keepers:
            keeper.stop()

    def read(self, path: Path, name: str, limits: Limits) -> Answer:
        """Read the document in a file, never following a symbolic link to it."""
        try:
            # without blocking, lest a pipe was put in the file's place
            file = open_plain(path)
        except OSError as error:
            return Answer({}, why=f"The file can't be opened: {error.strerror}.")
        try:
            before = os.fstat(file)
            if not stat.S_ISREG(before.st_mode):
                return Answer({}, why="The entry is not a regular file.")
            light = is_light(name, os.pread(file, 8, 0))
            keeper = self.keepers[0 if light else -1]
            taken = Taken(self.members, limits, self.take)
            # an archive may give a name of any length: its ends show its kind
            shown = name if len(name) < NAME else name[:40] + name[40 - NAME :]
            outcome = keeper.ask(
                file,
                {"name": shown, "limits": vars(limits), "passwords": self.passwords},
                taken,
                seconds=limits.seconds,
                memory=limits.memory,
                most=limits.bytes,
            )
            after = os.fstat(file)
        except OSError as error:
            return Answer({}, why=f"The file can't be read: {error.strerror}.")
        finally:
            os.close(file)
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            return Answer({}, why="The file changed while it was read: ingest the folder again.")
        return replace(_answer(outcome, limits), size=taken.size)


class ReaderGroup:
    """Some readers, each used by one thread at a time."""

    def __init__(self, readers: list[Reader]) -> None:
        self.all = readers
        self._free: SimpleQueue[Reader] = SimpleQueue()
        for reader in readers:
            self._free.put(reader)

    def read(
        self, path: Path, name: str, limits: Limits, take: Callable[[int], None] | None = None
    ) -> Answer:
        """Read a document with the next free reader; `take` replaces its own."""
        reader = self._free.get()
        reader.take = take or reader.take
        try:
            return reader.read(path, name, limits)
        finally:
            self._free.put(reader)

    @property
    def isolation(self) -> dict[str, bool]:
        """Return the mechanisms that confined the readers; {} if nothing was read."""
        return next((each.isolation for each in self.all if each.isolation), {})


class Readers:
    """Where the readers of one run come from: processes of this machine, by default one a core.

    `cluster.Cluster` is another source.
    """

    def __init__(self, many: int | None = None) -> None:
        self.many = many or os.cpu_count() or 1

    def reader(self, members: Path, **how: Unpack[ReaderOptions]) -> Reader:
        """Return a new reader, with the parameters of `Reader`."""
        return Reader(members, **how)

    @contextmanager
    def group(
        self, many: int, members: Path, **how: Unpack[ReaderOptions]
    ) -> Iterator[ReaderGroup]:
        """Give so many readers, and stop them at the end."""
        readers = [self.reader(members, **how) for _ in range(many)]
        try:
            yield ReaderGroup(readers)
        finally:
            for reader in readers:
                reader.stop()


def _answer(outcome: Outcome[tuple[dict[str, object], list[Member]]], limits: Limits) -> Answer:
    ended = outcome.ended
    if outcome.kept is None or ended.code:
        why = f"The file can't be read: {outcome.trouble}."
        why = _why_ended(ended.code, limits) if ended.code else why
        return Answer({}, [], why, ended.seconds, ended.memory, ended.process)
    content, members = outcome.kept
    return Answer(content, members, None, ended.seconds, ended.memory, ended.process)


def _why_ended(code: int, limits: Limits) -> str:
    """Say why a process ended without an answer, by its exit code."""
    if code in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL):
        return (
            f"Reading took longer than {limits.seconds:.0f} s, or more memory than this "
            "computer has."
        )
    if code < 0:
        return f"The parser crashed ({signal.Signals(-code).name}): the file is damaged or hostile."
    return f"The parser gave up on the file, most likely at {limits.memory >> 20:,} MB of memory."


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
    if len(json.dumps(kept)) > PASSWORDS:
        raise InputError(f"{len(kept):,} passwords are more than one run can try: split the file.")
    return kept
