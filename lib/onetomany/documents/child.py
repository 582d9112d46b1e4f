"""The process that parses. It reads no path: a document comes as an open file, and each in a fork.

`python -m onetomany.documents.child FD` imports the extractors, gives up files, network and
programs (see `sandbox`), and then serves requests on the Unix socket FD. A request is one JSON
line (name, limits), with two open files: the document and a pipe to answer into. For each, a fork
parses one document within its limits and dies; whatever it did to itself, the next one starts
afresh. The answer is a row of frames: kind (1 byte), length (8), content.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import struct
import sys
from dataclasses import asdict

from .reading import Limits, Reading, Refused
from .sketch import sketch

_FIRST = {
    "a.txt": "가나다".encode("cp949"),
    "a.csv": b"a,b\n1,2\n",
    "a.html": b"<!doctype html><title>t</title><p>a<table><tr><td>b</table>",
    "a.eml": b"From: a@example.org\nDate: Wed, 20 Oct 2021 10:15:00 +0900\nSubject: a\n\nb\n",
}
FRAME = struct.Struct(">cQ")


def main() -> None:
    from . import kinds  # noqa: F401  (all extractors, before files are given up)

    _warm()
    with socket.socket(fileno=int(sys.argv[1])) as line:
        from .sandbox import confine, held_memory

        begun = held_memory()
        held = confine()
        line.sendall(json.dumps(held).encode() + b"\n")
        while True:
            message, fds, _, _ = socket.recv_fds(line, 1 << 16, 2)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                line.detach()
                _answer(json.loads(message), begun, *fds)
            for fd in fds:
                os.close(fd)
            _, status, used = os.wait4(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            told = {"code": code, "memory": used.ru_maxrss}
            line.sendall(json.dumps(told).encode() + b"\n")


def _warm() -> None:
    """Load what the extractors would load only with their first document."""

    import fastexcel  # noqa: F401
    import hwpx.hwp5.package  # noqa: F401
    import openpyxl  # noqa: F401
    import polars  # noqa: F401
    from PIL import Image

    from .kinds import extract

    Image.init()
    # what a library does with its first document, every fork would do again
    for name, content in _FIRST.items():
        reading = Reading()
        extract(content, name, reading)
        reading.finish()
        sketch(reading.text() + "more than eight characters")
        reading.as_json()
    gc.collect()
    gc.freeze()


def _answer(request: dict[str, object], begun: int, source: int, target: int) -> None:
    from .kinds import extract
    from .sandbox import restrict

    limits = Limits(**request["limits"])  # type: ignore[arg-type]
    restrict(limits, begun)
    reading = Reading(limits)
    facts = reading.facts | {"status": "read", "error": None}
    try:
        with os.fdopen(source, "rb") as file:
            if os.fstat(source).st_size > limits.bytes:
                raise Refused(f"It is larger than {limits.bytes:,} bytes.")
            content = file.read()
        extract(content, str(request["name"]), reading)
    except Refused as refused:
        facts |= {"error": str(refused)}
    except MemoryError:
        facts |= {"error": f"Reading it took more than {limits.memory >> 20:,} MB of memory."}
    except RecursionError:
        facts |= {"error": "It is nested too deeply."}
    except BaseException as error:
        # a damaged file may break any parser anywhere, Rust's panics are no Exception; what broke
        # is told, and the run goes on
        facts |= {"error": f"It can't be read: {type(error).__name__}: {error}"[:500]}
    if facts["error"]:
        facts["status"] = "partly" if reading.characters else "failed"
    reading.facts.update(facts)
    reading.facts.setdefault("pages", len(reading.pages))
    code = 1
    try:
        reading.finish()
        hashes = sketch(reading.text())
        reading.columns["sketches"] = {"hash": hashes.tolist()}
        with os.fdopen(target, "wb") as out, contextlib.suppress(BrokenPipeError):
            _frame(out, b"J", reading.as_json())
            for name, member in reading.members:
                _frame(out, b"N", name.encode("utf-8", "replace"))
                _frame(out, b"M", member)
            _frame(out, b"E", b"")
        code = 0
    finally:
        os._exit(code)


def _frame(out: object, kind: bytes, content: bytes) -> None:
    out.write(FRAME.pack(kind, len(content)))  # type: ignore[attr-defined]
    out.write(content)  # type: ignore[attr-defined]


def as_request(name: str, limits: Limits) -> bytes:
    return json.dumps({"name": name, "limits": asdict(limits)}).encode()


if __name__ == "__main__":
    main()
