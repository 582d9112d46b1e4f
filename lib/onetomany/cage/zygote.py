"""The program of a caged process. It reads no path: documents come as open files, into a fork.

`keeper` starts it isolated (`python -I`), in an empty folder, with hardly any environment. It
gives up all files but the installed programs, loads one task's libraries, and serves requests on a
Unix socket. A request is one JSON line with two open files: the document, and a pipe to answer
into. A fork with nothing else open handles it and dies, so the next request starts clean, and
it can't reach the socket or other documents' pipes and processes.

A task is named "module:function", with optional arguments after blanks; the function loads the
task's libraries and returns a handler.
A handler takes the document's bytes, the request and `send(kind, content)`, which writes a frame:
kind (1 byte), length (8), content.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import mimetypes
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from .confine import SOURCE, TARGET, Confinement, leave_parent
from .landlock import program_places

FRAME = struct.Struct(">cQ")
LENGTH = struct.Struct(">I")  # of a request, before it
END = b"E"  # the kind of a request's last frame
GARBAGE = (50_000, 20, 100)  # new objects between looks for garbage: a fork soon ends anyway
LATE = 2.0  # seconds after which a fork that outlived its own clock is killed
Send = Callable[[bytes, bytes], None]
Handler = Callable[[bytes, dict[str, Any], Send], None]


def main() -> None:
    handle, task, weak, *extra = sys.argv[1:]
    with socket.socket(fileno=int(handle)) as line:
        cell = Confinement([*program_places(), *extra], weak=weak == "weak")
        cell.enter()
        mimetypes.knownfiles = []  # libraries look for the system's lists, which can't be read
        handler = load_task(task)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        cell.measure()
        held = _trial(cell)
        cell.strong = all(held.values())
        line.sendall(json.dumps(held).encode() + b"\n")
        os.dup2(0, 2)  # output from its start goes to the parent's file: forks get /dev/null
        while True:
            head, files, _, _ = socket.recv_fds(line, LENGTH.size, 2)
            if len(head) < LENGTH.size:
                return
            request = json.loads(_whole(line, *LENGTH.unpack(head)))
            parent, pid = os.getpid(), _fork()
            if pid == 0:
                _handle(cell, handler, request, parent, files)
            for file in files:
                os.close(file)
            line.sendall(json.dumps(_wait(pid, line, request["seconds"])).encode() + b"\n")


def load_task(task: str) -> Handler:
    """Load a task's libraries and return its handler.

    `task` is "module:function", perhaps with words for the function after blanks.
    """
    module, _, call = task.partition(":")
    function, *words = call.split(" ")
    handler: Handler = getattr(importlib.import_module(module), function)(*words)
    return handler


def load_nothing() -> Handler:
    """Return a handler that answers nothing: it shows how this system confines a process."""
    return lambda content, request, send: None


@cache
def _python_library() -> ctypes.PyDLL:
    return ctypes.PyDLL(None)


def _fork() -> int:
    """Fork as C does it: os.fork has libraries prepare for threads, which a fork here can't have.

    Each document would copy the memory they write: 230 pages.
    """
    pid: int = _python_library().fork()
    if pid < 0:
        raise BlockingIOError("no further process can be started")
    return pid


def _whole(line: socket.socket, length: int) -> bytes:
    """Return so many bytes of a request, which may come in parts."""
    parts = []
    while length and (part := line.recv(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _handle(
    cell: Confinement, handler: Handler, request: dict[str, Any], parent: int, files: list[int]
) -> None:
    """Handle a request in a fork; the fork always ends here."""
    code = 1
    try:
        leave_parent(parent, *files)
        held = cell.lock(request["memory"], request["seconds"])
        if not cell.strong or all(held.values()):
            with contextlib.suppress(BrokenPipeError), os.fdopen(TARGET, "wb") as out:

                def send(kind: bytes, content: bytes) -> None:
                    out.write(FRAME.pack(kind, len(content)))
                    out.write(content)

                with os.fdopen(SOURCE, "rb") as file:
                    # as much is set aside as is asked for
                    size = os.fstat(SOURCE).st_size
                    content = file.read(min(size, request["bytes"]) + 1)
                handler(content, request, send)
                send(END, b"")
                out.flush()
            code = 0
    finally:
        os._exit(code)


def _wait(pid: int, line: socket.socket, seconds: float) -> dict[str, int]:
    """Wait for a fork, or kill it if it is late or the parent is gone; return code and memory."""
    if hasattr(os, "pidfd_open"):
        late = time.monotonic() + seconds + LATE
        ended, poll = os.pidfd_open(pid), select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(line, select.POLLIN)  # no request comes before the reply: this is its end
        over = poll.poll(1000 * max(0.0, late - time.monotonic()))
        os.close(ended)
        if not any(file == ended for file, _ in over):
            os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    kilobytes = used.ru_maxrss if sys.platform == "linux" else used.ru_maxrss >> 10
    return {"code": os.waitstatus_to_exitcode(status), "memory": kilobytes}


def _trial(cell: Confinement) -> dict[str, bool]:
    """Confine a fork that does nothing; return which of the kernel's mechanisms worked."""
    answer, target = os.pipe()
    nothing = os.dup(0)
    parent, pid = os.getpid(), os.fork()
    if pid == 0:
        try:
            leave_parent(parent, nothing, target)
            os.write(TARGET, json.dumps(cell.lock(64 << 20, 5.0)).encode())
        finally:
            os._exit(0)
    os.close(target)
    os.close(nothing)
    with os.fdopen(answer, "rb") as said:
        told = said.read(4096)
    os.waitpid(pid, 0)
    return dict(json.loads(told or b'{"landlock": false, "seccomp": false}'))
