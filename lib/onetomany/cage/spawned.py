"""A process that reads documents where the system can't fork: one process, one after another.

It is separate from the kit's own process, isolated from the working directory (`python -I`), and
ended when a document takes too long. The kernel confines nothing: `systems` says so, and files
of others need the user's consent. The protocol is the zygote's, over two pipes: a request is
LENGTH, a line of JSON with the document's size, and the document; the answer is frames, then END.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from . import audit
from .landlock import program_places
from .zygote import END, FRAME, LENGTH, load_task


def main() -> None:
    """Serve requests from standard input until it ends."""
    task, *readable = sys.argv[1:]
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # native code that prints must not reach the answer
    handler = load_task(task)
    audit.refuse_python([*program_places(), *readable])

    def send(kind: bytes, content: bytes) -> None:
        answer.write(FRAME.pack(kind, len(content)))
        answer.write(content)

    send(END, b"")  # it is ready
    answer.flush()
    while len(head := sys.stdin.buffer.read(LENGTH.size)) == LENGTH.size:
        request = json.loads(sys.stdin.buffer.read(*LENGTH.unpack(head)))
        handler(sys.stdin.buffer.read(request["size"]), request, send)
        send(END, b"")
        answer.flush()


class SpawnedProcess:
    """The parent's side of one spawned process."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, **_needed()},
            cwd=folder,
        )
        assert self.process.stdout is not None
        self.answer = self.process.stdout.fileno()

    def end_at(self, deadline: float) -> threading.Timer:
        """Kill the process at a time of `time.monotonic` unless the timer is cancelled before."""
        timer = threading.Timer(max(0.0, deadline - time.monotonic()), self.process.kill)
        timer.daemon = True
        timer.start()
        return timer

    def ask(self, content: bytes, request: Mapping[str, Any]) -> None:
        """Send a document with its request. Raises OSError if the process has ended."""
        assert self.process.stdin is not None
        message = json.dumps({**request, "size": len(content)}).encode()
        self.process.stdin.write(LENGTH.pack(len(message)) + message + content)
        self.process.stdin.flush()

    def stop(self) -> int:
        """Kill the process and return its exit code."""
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # the rest of the output goes nowhere
                    continue
        return code


def _needed() -> dict[str, str]:
    """Return the environment that Windows needs to load a library."""
    return {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
