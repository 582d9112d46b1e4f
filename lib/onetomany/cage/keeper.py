"""Caged processes as the kit sees them: a document goes in, frames come out, one way."""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

from onetomany.errors import OneToManyError
from onetomany.sources.processes import python_command
from . import bubblewrap, landlock
from .spawned import SpawnedProcess
from .systems import can_fork, require_strong, weak_accepted
from .zygote import END, FRAME, LENGTH

ANSWER = 512 << 20  # bytes of one answer, all frames together
MESSAGE = 100_000  # bytes of one request, beside its document
_START = 120.0  # seconds in which a task loads its libraries
_GRACE = 10.0  # seconds after which a process that does not answer at all is killed
# settings for computing, none of the user's data; paths only if they are absolute
_KEPT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_THREADS = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
            "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS")  # fmt: skip
_STOPPED = "the process that read it was stopped"
Kept = TypeVar("Kept")


class Trouble(Exception):
    """An unusable answer: too large, cut off, or malformed."""


@dataclass(frozen=True)
class Ended:
    """How a request's process ended: `code` as of subprocess, seconds, bytes of memory at most."""

    code: int
    seconds: float
    memory: int = 0
    process: int | None = None  # a number of its own for each request


@dataclass(frozen=True)
class Outcome(Generic[Kept]):
    """The `kept` part of an answer, None if it came incomplete; `trouble` says why."""

    kept: Kept | None
    ended: Ended
    trouble: str | None = None


class Frames:
    """Iterate over an answer's frames. Raises Trouble past a limit, or if they end early."""

    def __init__(self, file: int, deadline: float, most: int) -> None:
        self.file, self.deadline, self.left = file, deadline, most

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Yield kind and length; the content must be read before the next."""
        while True:
            kind, length = FRAME.unpack(self.read(FRAME.size))
            if kind == END:
                return
            yield kind, length

    def read(self, length: int) -> bytes:
        return b"".join(self.pieces(length))

    def pieces(self, length: int) -> Iterator[bytes]:
        """Yield so many bytes, in pieces of 1 MB at most."""
        self.left -= length
        if self.left < 0:
            raise Trouble("its answer is larger than any document's may be")
        while length:
            if not _ready(self.file, self.deadline):
                raise Trouble("it did not answer in time")
            piece = os.read(self.file, min(length, 1 << 20))
            if not piece:
                raise Trouble("it ended before its answer did")
            length -= len(piece)
            yield piece


class Keeper:
    """One caged process for one task; started with the first request, again after it has died.

    `task` is "module:function" (`zygote`). `readable` are further places that it
    may read, such as fonts. `weak` starts it without the kernel's mechanisms, as on a system that
    has none: for tests.
    """

    def __init__(
        self,
        task: str,
        *,
        readable: Sequence[str] = (),
        processes: Iterator[int] | None = None,
        weak: bool = False,
    ) -> None:
        self.task, self.readable, self.weak = task, list(readable), weak
        self.processes = processes or count(1)
        self.isolation: dict[str, bool] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.line: socket.socket | None = None
        self.spawned: SpawnedProcess | None = None  # instead of both, without fork
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """Start the process, in a container if one can be made. Raises OneToManyError."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.spawned is not None and self.spawned.process.poll() is None:
            return
        self.stop()  # a container also ends with the thread that started it
        places = [*landlock.program_places(), *self.readable]
        self._folder = tempfile.TemporaryDirectory(prefix="onetomany-cage-")
        if not can_fork():
            return self._spawn()
        if not self.weak and _container_works(tuple(places)):
            with contextlib.suppress(OneToManyError):
                return self._start(places, contained=True)
            self._end()
        try:
            self._start(places, contained=False)
        except BaseException:
            self.stop()
            raise

    def _start(self, places: list[str], *, contained: bool) -> None:
        assert self._folder is not None
        ours, theirs = socket.socketpair()
        command = isolated_python(
            "from onetomany.cage.zygote import main; main()",
            str(theirs.fileno()), self.task, "weak" if self.weak else "strong", *self.readable,
        )  # fmt: skip
        if contained:
            wrapped = bubblewrap.bubblewrap_command(command, self._folder.name, places)
            if wrapped is None:
                raise OneToManyError("bubblewrap is no longer there")
            command = wrapped
        with theirs, tempfile.TemporaryFile() as said:
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=_environment(),
                cwd=self._folder.name,
                start_new_session=True,
            )
            theirs.close()
            self.line = ours
            first = self._reply(time.monotonic() + _START)
            if not first:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(5)  # its last words come after the line is closed
                said.seek(0)
                words = said.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
                raise OneToManyError(
                    "The process that reads documents can't start: "
                    + (words[-1] if words else "it gave no reason")
                )
        self.isolation = {"bubblewrap": contained, **json.loads(first)}

    def _spawn(self) -> None:
        assert self._folder is not None
        command = isolated_python(
            "from onetomany.cage.spawned import main; main()", self.task, *self.readable
        )
        self.spawned = SpawnedProcess(command, _environment(), self._folder.name)
        deadline = time.monotonic() + _START
        timer = self.spawned.end_at(deadline)
        try:
            list(Frames(self.spawned.answer, deadline, ANSWER))
        except Trouble as why:
            self.stop()
            raise OneToManyError(f"The process that reads documents can't start: {why}") from why
        finally:
            timer.cancel()
        self.isolation = dict.fromkeys(("bubblewrap", "landlock", "seccomp"), False)

    def stop(self) -> None:
        """End the process and remove its empty folder."""
        self._end()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _end(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.line is not None:
            # this shows a zygote in a container that its parent is gone
            self.line.close()
        if self.spawned is not None:
            self.spawned.stop()
        self.process = self.line = self.spawned = None

    def ask(
        self,
        file: int,
        request: Mapping[str, Any],
        take: Callable[[Frames], Kept],
        *,
        seconds: float,
        memory: int,
        most: int,
        answer: int = ANSWER,
    ) -> Outcome[Kept]:
        """Hand an open file to a fork and take its answer's frames.

        `request` goes to the task; `seconds`, `memory` (bytes) and `most` (bytes of the file) are
        the fork's limits, `answer` those of all frames together. Raises OneToManyError if the
        process can't be started.
        """
        self.start()
        begun, process = time.monotonic(), next(self.processes)
        deadline = begun + seconds + _GRACE
        whole = {**request, "seconds": seconds, "memory": memory, "bytes": most}

        def taken(frames: int) -> Kept:
            return take(Frames(frames, deadline, answer))

        handled = self._ask_fork if self.spawned is None else self._ask_spawned
        kept, trouble, code, used = handled(file, whole, taken, deadline)
        return Outcome(kept, Ended(code, time.monotonic() - begun, used, process), trouble)

    def _ask_fork(
        self, file: int, request: Mapping[str, Any], taken: Callable[[int], Kept], deadline: float
    ) -> tuple[Kept | None, str | None, int, int]:
        """Return the kept part of the answer, its fault, the exit code and bytes of memory."""
        assert self.line is not None
        message = json.dumps(request).encode()
        if len(message) > MESSAGE + 1_000:
            raise ValueError(f"a request of {len(message):,} bytes is too long")
        frames, target = os.pipe()
        kept, trouble, reply = None, None, b""
        try:
            try:
                socket.send_fds(self.line, [LENGTH.pack(len(message))], [file, target])
                self.line.sendall(message)
            finally:
                os.close(target)
            try:
                kept = taken(frames)
            except Trouble as why:
                trouble = str(why)
            finally:
                os.close(frames)  # a fork that still writes meets a closed pipe
            reply = self._reply(deadline)
        except OSError:
            pass
        except BaseException:
            self._end()  # lest the reply to this be taken for that to the next
            raise
        if not reply:
            self._end()
            return None, trouble or _STOPPED, -signal.SIGKILL, 0
        told = json.loads(reply)
        return kept, trouble, int(told["code"]), int(told["memory"]) << 10

    def _ask_spawned(
        self, file: int, request: Mapping[str, Any], taken: Callable[[int], Kept], deadline: float
    ) -> tuple[Kept | None, str | None, int, int]:
        """Hand a document to the spawned process; it ends if the document fails or is late."""
        assert self.spawned is not None
        spawned = self.spawned
        with os.fdopen(os.dup(file), "rb") as opened:
            content = opened.read(request["bytes"] + 1)
        timer = spawned.end_at(deadline)
        kept, trouble, code = None, _STOPPED, 0
        try:
            spawned.ask(content, request)
            kept, trouble = taken(spawned.answer), ""
        except Trouble as why:
            trouble = str(why)
        except OSError:
            pass
        finally:
            timer.cancel()
            if trouble:  # the rest of this answer must not be taken for the next
                code, self.spawned = spawned.stop(), None
        return kept, trouble or None, code, 0

    def _reply(self, deadline: float) -> bytes:
        """Return one line from the zygote; empty if it has died or does not answer."""
        assert self.line is not None
        said = b""
        while not said.endswith(b"\n"):
            if not _ready(self.line.fileno(), deadline) or not (part := self.line.recv(4096)):
                return b""
            said += part
        return said


def _ready(file: int, deadline: float) -> bool:
    if not hasattr(select, "poll"):  # the process is killed at the deadline, which ends its pipe
        return True
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(1000 * max(0.0, deadline - time.monotonic())))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    for name in ("LD_LIBRARY_PATH", "TESSDATA_PREFIX"):
        if name in kept:
            whole = [part for part in kept.pop(name).split(":") if os.path.isabs(part)]
            kept |= {name: ":".join(whole)} if whole else {}
    return kept | dict.fromkeys(_THREADS, "1") | {"LANG": "C.UTF-8", "HOME": "/nonexistent"}


def isolated_python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs code of the kit's in an interpreter of its own.

    It imports from where Python and the kit are installed, never from the working directory,
    PYTHONPATH or a user's site-packages (`python -I`).
    """
    # last: no file next to the kit can replace an installed module
    path = f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); "
    return python_command("-c", path + code, *arguments)


@cache
def _container_works(places: tuple[str, ...]) -> bool:
    """Return whether a container can be made: some systems install bubblewrap and forbid it."""
    with tempfile.TemporaryDirectory() as folder:
        command = bubblewrap.bubblewrap_command([sys.executable, "-I", "-c", ""], folder, places)
        if command is None:
            return False
        try:
            done = subprocess.run(
                command, env={}, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=30, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


_LASTING: dict[tuple[str, int], Keeper] = {}


def lasting(
    task: str, number: int = 0, *, readable: Sequence[str] = (), trusted: bool = False
) -> Keeper:
    """Return a caged process that stays until the kit ends: loading a task takes a second or two.

    Each `number` gives a further process of the same task, for use at the same time. Raises
    RefusedError if the system does not confine it, unless `accept_weak_isolation` was called or
    the files are `trusted`: the kit itself carries their SHA-256.
    """
    if not _LASTING:
        atexit.register(_stop_all)
    keeper = _LASTING.setdefault((task, number), Keeper(task, readable=readable))
    keeper.start()  # here: a container ends with the thread that started it
    require_strong(keeper.isolation, agreed=trusted or weak_accepted())
    return keeper


def unnamed_file() -> int:
    """Return an open file without a name, in memory if the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("document")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _stop_all() -> None:
    while _LASTING:
        _LASTING.popitem()[1].stop()


@cache
def isolation() -> dict[str, bool]:
    """Return which mechanisms confine a process here, by starting one that does nothing, once."""
    keeper = Keeper("onetomany.cage.zygote:load_nothing")
    try:
        keeper.start()
        return keeper.isolation
    finally:
        keeper.stop()
