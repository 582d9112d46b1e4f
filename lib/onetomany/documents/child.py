"""The process that parses. It reads no path: documents come as open files, and go into a fork.

`python -m onetomany.documents.child FD` imports the extractors, gives up files, network and
programs (see `sandbox`), and then serves requests on the Unix socket FD. A request is one JSON
line (names, limits), with open files: the documents and, last, a pipe to answer into. For each, a
fork parses the documents in turn, each within the limits, and dies; whatever they did to it, the
next request starts afresh. The answer is a row of frames: kind (1 byte), length (8), content;
a frame E ends each document's. With a second argument `ocr` it reads pages of scans instead
(`ocr.reader`).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any

from .reading import Limits, Reading, Refused
from .sketch import sketch

# a document of each kind that a library begins with by loading something
_FIRST = {
    "a.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>",
    "a.txt": "가나다".encode("cp949"),
    "a.csv": b"a,b\n1,2\n",
    "a.html": b"<!doctype html><title>t</title><p>a<table><tr><td>b</table>",
    "a.eml": b"From: a@example.org\nDate: Wed, 20 Oct 2021 10:15:00 +0900\nSubject: a\n\nb\n",
}
Extract = Callable[[bytes, str, Reading], None]
FRAME = struct.Struct(">cQ")
TOGETHER = 16  # the most documents of one request; Linux passes 253 open files at once


def main() -> None:
    # all extractors, or all models, before files are given up
    from . import kinds, ocr

    _warm()
    extract = ocr.reader() if sys.argv[2:] == ["ocr"] else kinds.extract
    with socket.socket(fileno=int(sys.argv[1])) as line:
        from .sandbox import confine, held_memory

        begun = held_memory()
        held = confine()
        line.sendall(json.dumps(held).encode() + b"\n")
        while True:
            message, fds, _, _ = socket.recv_fds(line, 1 << 17, TOGETHER + 1)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                line.detach()
                _answer(json.loads(message), begun, fds, extract)
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


def _answer(request: dict[str, Any], begun: int, fds: list[int], extract: Extract) -> None:
    from .sandbox import restrict

    limits = Limits(**request["limits"])
    code = 1
    try:
        *sources, target = fds
        with os.fdopen(target, "wb") as out, contextlib.suppress(BrokenPipeError):
            for name, source in zip(request["names"], sources, strict=True):
                restrict(limits, begun, len(sources))
                _one(extract, name, source, limits, out)
                # what was read reaches the parent, whatever the next one does
                out.flush()
        code = 0
    finally:
        os._exit(code)


def _one(extract: Extract, name: str, source: int, limits: Limits, out: IO[bytes]) -> None:
    reading = Reading(limits)
    facts = reading.facts | {"status": "read", "error": None}
    try:
        with os.fdopen(source, "rb") as file:
            if os.fstat(source).st_size > limits.bytes:
                raise Refused(f"It is larger than {limits.bytes:,} bytes.")
            content = file.read()
        extract(content, name, reading)
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
    reading.finish()
    reading.columns["sketches"] = {"hash": sketch(reading.text()).tolist()}
    _frame(out, b"J", reading.as_json())
    for inner, member in reading.members:
        _frame(out, b"N", inner.encode("utf-8", "replace"))
        _frame(out, b"M", member)
    _frame(out, b"E", b"")


def _frame(out: IO[bytes], kind: bytes, content: bytes) -> None:
    out.write(FRAME.pack(kind, len(content)))
    out.write(content)


def as_request(names: list[str], limits: Limits) -> bytes:
    return json.dumps({"names": names, "limits": asdict(limits)}).encode()


if __name__ == "__main__":
    main()
