"""A small web site on 127.0.0.1, and tools that are not ours which capture its pages."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest

import specimens

SAID = "법무부는 얼굴 사진 1억 7천만 건을 넘겼다고 밝혔다."
CLOSE = "</body></html>"


def html(words: str, *, meta: str = "", more: str = "") -> str:
    """A page in Korean: a heading, the sentence SAID, and words by which it is found."""
    return (
        f"<!doctype html><html><head>{meta}<title>출입국 자료: {words}</title></head>"
        f"<body><h1>{words}</h1><p>{SAID}</p>{more}{CLOSE}"
    )


UTF8 = "<meta charset='utf-8'>"
FRAMES = "<iframe src='/frame.html'></iframe><img src='/dot.gif'>"
DOT = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
Answer = tuple[int, dict[str, str], bytes]


@cache
def answers() -> dict[str, Answer]:
    """What the site answers, by path: status, fields and body."""
    kind = {"Content-Type": "text/html"}
    korean = {"Content-Type": "text/html; charset=EUC-KR"}
    return {
        # its encoding stands in the field alone
        "/euckr.html": (200, korean, html("이유씨케이알").encode("euc-kr")),
        "/utf8.html": (200, kind, html("유티에프", meta=UTF8, more=FRAMES).encode()),
        "/old": (302, {"Location": "/utf8.html"}, b""),
        "/gz.html": (
            200,
            kind | {"Content-Encoding": "gzip"},
            gzip.compress(html("압축된", meta=UTF8).encode()),
        ),
        "/br.html": (
            200,
            kind | {"Content-Encoding": "br"},
            brotli.compress(html("브로틀리", meta=UTF8).encode()),
        ),
        "/chunked.html": (200, kind, html("조각난", meta=UTF8).encode()),
        "/a.pdf": (200, {"Content-Type": "application/pdf"}, specimens.pdf()),
        "/frame.html": (200, kind, f"<html>{UTF8}<body><p>틀 안의 글</p>{CLOSE}".encode()),
        "/dot.gif": (200, {"Content-Type": "image/gif"}, DOT),
        "/gone.html": (404, kind, html("사라진", meta=UTF8).encode()),
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        nothing: Answer = (404, {"Content-Type": "text/plain"}, b"none")
        status, fields, body = answers().get(self.path, nothing)
        self.send_response(status)
        chunked = self.path == "/chunked.html"
        length = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
        for name, value in (fields | length).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(as_chunks(body) if chunked else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def as_chunks(body: bytes, size: int = 50) -> bytes:
    """A body in chunked transfer coding."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@contextmanager
def website() -> Iterator[str]:
    """The site, served until the end; its address without a slash."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Wget:
    """Debian's wget, which writes WARC files itself."""

    program: str

    def capture(self, folder: Path, name: str, *addresses: str) -> Path:
        """Capture addresses into <name>.warc.gz."""
        command = [self.program, "--quiet", "--no-config", "--execute", "robots=off"]
        command += [f"--warc-file={folder / name}", "--delete-after", *addresses]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        run = subprocess.run(command, cwd=folder, env=environment, check=False)
        assert run.returncode in (0, 8)  # 8: one of the answers was an error, as 404 is
        return folder / f"{name}.warc.gz"


def wget() -> Wget:
    """The wget of this machine; skips the test where there is none, but fails in CI."""
    if program := shutil.which("wget"):
        return Wget(program)
    why = "no wget here (Debian: apt install wget)"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


def wacz(warc: Path, target: Path, main: str) -> Path:
    """Pack a WARC by `wacz create` of the package wacz, with its main page and hashes."""
    program = Path(sys.executable).with_name("wacz")
    command = [program, "create", "--file", warc, "--output", target, "--url", main]
    subprocess.run(command, check=True, capture_output=True)
    return target
