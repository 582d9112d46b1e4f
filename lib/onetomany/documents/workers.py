"""Processes that parse, as the ingest sees them: a document goes in, an answer comes out."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import IO, Any

from ..errors import OneToManyError
from .budget import keep_member
from .child import FRAME, as_request
from .reading import Limits, Refused

# what the child keeps of the environment: how to find libraries and how to compute, no secrets
_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
         "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "HOME", "TESSDATA_PREFIX")  # fmt: skip
_GRACE = 15.0  # seconds beyond a document's own limit, after which its process is killed


@dataclass(frozen=True)
class Member:
    """A document found in another: its name there, its SHA-256; its bytes are already kept."""

    name: str
    document: str


@dataclass(frozen=True)
class Answer:
    """What came of one document; `content` is {} where its process died, and `why` says how."""

    content: dict[str, Any]
    members: list[Member] = field(default_factory=list)
    why: str | None = None
    seconds: float = 0.0
    memory: int = 0  # bytes, of its process
    process: int | None = None  # documents of one number were read in one process


@dataclass(frozen=True)
class _Ended:
    code: int
    why: str
    seconds: float
    memory: int = 0
    process: int | None = None


class Child:
    """One confined process; started with the first document, and again whenever it has died."""

    def __init__(
        self, members: Path, *, ocr: bool = False, processes: Iterator[int] | None = None
    ) -> None:
        self.members = members
        self.processes = processes or count(1)
        self.mode = ["ocr"] if ocr else []
        self.process: subprocess.Popen[bytes] | None = None
        self.line: socket.socket | None = None
        self.replies: IO[bytes] | None = None
        self.held: dict[str, bool] = {}
        # asked before a member of a document, of so many bytes, is kept: Refused is a budget's end
        self.take: Callable[[str, int], None] = lambda name, size: None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        threads = dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"),
            "1",
        )
        with tempfile.TemporaryFile() as said:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "onetomany.documents.child",
                    str(theirs.fileno()),
                    *self.mode,
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=environment | threads,
                start_new_session=True,
            )
            theirs.close()
            self.line, self.replies = ours, ours.makefile("rb")
            first = self.replies.readline()
            if not first:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip().splitlines()
                self.stop()
                raise OneToManyError(
                    "The process that parses can't start: "
                    + (words[-1] if words else "no reason given")
                )
        self.held = json.loads(first)
        return ours

    def stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for end in (self.replies, self.line):
            if end is not None:
                end.close()
        self.process = self.line = self.replies = None

    def read(self, path: Path, name: str, limits: Limits) -> Answer:
        """Parse the document in a file, never following a symbolic link to it."""
        (answer,) = self.read_together([(path, name)], limits)
        return answer

    def read_together(self, papers: list[tuple[Path, str]], limits: Limits) -> list[Answer]:
        """Parse up to TOGETHER documents (path, name), one after another in one process.

        Where it ends before the last, those without an answer are read again, each alone: only a
        document that can't be read even so fails.
        """
        line = self.line or self._start()
        answers: list[Answer | None] = [None] * len(papers)
        opened: list[tuple[int, int]] = []
        for turn, (path, _) in enumerate(papers):
            try:
                opened.append((turn, os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)))
            except OSError as error:
                answers[turn] = Answer({}, why=f"It can't be opened: {error.strerror}.")
        if opened:
            told = self._ask(line, papers, opened, answers, limits)
            left = [turn for turn, _ in opened if answers[turn] is None]
            for turn in left:
                # the clock is set anew for each: the first one missing ran out of its own time
                late = turn == left[0] and told.code == -signal.SIGALRM
                if len(papers) == 1 or late:
                    answers[turn] = Answer(
                        {}, [], told.why, told.seconds, told.memory, told.process
                    )
                else:
                    answers[turn] = self.read(*papers[turn], limits)
        return [answer for answer in answers if answer is not None]

    def _ask(
        self,
        line: socket.socket,
        papers: list[tuple[Path, str]],
        opened: list[tuple[int, int]],
        answers: list[Answer | None],
        limits: Limits,
    ) -> _Ended:
        """Send open documents and take what comes back; how the process ended."""
        answer, target = os.pipe()
        process = next(self.processes)
        begun = time.monotonic()
        watch = threading.Timer(limits.seconds * len(opened) + _GRACE, self._kill)
        watch.start()
        reply = b""
        try:
            try:
                names = [papers[turn][1] for turn, _ in opened]
                files = [file for _, file in opened]
                socket.send_fds(line, [as_request(names, limits)], [*files, target])
            finally:
                for file in (*files, target):
                    os.close(file)
            with os.fdopen(answer, "rb", buffering=1 << 20) as frames:
                for turn, _ in opened:
                    since = time.monotonic()
                    if (taken := self._frames(frames, limits, papers[turn][1])) is None:
                        break
                    answers[turn] = Answer(*taken, None, time.monotonic() - since, 0, process)
            assert self.replies is not None
            reply = self.replies.readline()
        except OSError:
            pass
        finally:
            watch.cancel()
        seconds = time.monotonic() - begun
        if not reply:
            self.stop()
            return _Ended(0, "The process that read it ended, or was stopped.", seconds, 0, process)
        told = json.loads(reply)
        memory = told["memory"] * 1024
        for turn, _ in opened:
            if held := answers[turn]:
                answers[turn] = replace(held, memory=memory)
        return _Ended(told["code"], _why(told["code"], limits), seconds, memory, process)

    def _kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def _frames(
        self, frames: IO[bytes], limits: Limits, document: str
    ) -> tuple[dict[str, Any], list[Member]] | None:
        """One document's answer; None where it makes no sense, or ends before its end."""
        content: dict[str, Any] = {}
        members: list[Member] = []
        name, total = "", 0
        while len(head := frames.read(FRAME.size)) == FRAME.size:
            kind, length = FRAME.unpack(head)
            total += length
            # the child holds to the limits; that it does is not taken on trust
            most = {b"N": 1 << 16, b"J": 1 << 30}.get(kind, limits.expanded)
            over = length > most or total > limits.expanded + (1 << 30)
            if over or len(members) > limits.members:
                break
            if kind == b"E":
                return content, members
            if kind == b"M":
                try:
                    self.take(document, length)
                    members.append(Member(name, keep_member(self.members, frames, length)))
                except Refused as refused:
                    return _cut(content, refused), members
            elif kind == b"N":
                name = frames.read(length).decode("utf-8", "replace")
            elif kind == b"J":
                try:
                    content = json.loads(frames.read(length))
                except (ValueError, RecursionError):
                    break
        return None


def _cut(content: dict[str, Any], refused: Refused) -> dict[str, Any]:
    """What was answered of a document whose other members aren't kept."""
    facts = content.get("facts")
    told = {"status": "partly", "error": str(refused)}
    return content | {"facts": told | (facts if isinstance(facts, dict) else {}) | told}


def _why(code: int, limits: Limits) -> str:
    if code in (-signal.SIGALRM, -signal.SIGXCPU, -signal.SIGKILL):
        return f"Reading it took longer than {limits.seconds:.0f} s, or more memory than there is."
    if code < 0:
        return f"The parser crashed on it ({signal.Signals(-code).name}): damaged or hostile."
    return f"The parser gave up on it, most likely at {limits.memory >> 20:,} MB of memory."
