"""Folders that an opponent prepared: makers by name, each given an empty folder."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import specimens

CLEARS = "\x1b[2J\x1b[Hcase.duckdb: 1 files; no fault\n"


def names(folder: Path) -> None:
    """Names that act, hide, aren't UTF-8, or look like something else."""
    raw = os.fsencode(folder)
    for number, name in enumerate(
        (
            "회의록.txt".encode("cp949"), b"\xb9.txt", b"\\xb9.txt", b"\xb9\xb9\xb9", b"\xff\xfe",
            b"\xed\xb2\xb9.txt", CLEARS.encode(), b"a\rb.txt", b"tab\there.txt", b" ", b"-rf",
            "a\u202etxt.exe".encode(), "zero\u200bwidth.txt".encode(), b"x" * 255, b"a!", b"!",
            b"q'; drop table files; --.txt", b"%s%n.txt", b"*?.txt", b"$(reboot).txt", b"CON",
            b"<script>alert(1)<", b"=cmd.csv", "ｆｕｌｌ.txt".encode(), b"\x7f\x01.txt",
        )
    ):  # fmt: skip
        with open(os.path.join(raw, name), "wb") as file:
            file.write(b"names %d" % number)
    os.mkdir(os.path.join(raw, "폴더".encode("cp949")))
    with open(os.path.join(raw, "폴더".encode("cp949"), "안.txt".encode("cp949")), "wb") as file:
        file.write("안에 있다".encode())


def bangs(folder: Path) -> None:
    """Folders named as if they were archives, beside archives of the same names."""
    for name in ("a.zip!", "zip!", "!", "a!!"):
        (folder / name).mkdir()
        (folder / name / "x.txt").write_text(f"a file in the folder {name}")
    (folder / "a.zip").write_bytes(specimens.archive({"x.txt": b"a member of a.zip"}))
    nested = specimens.archive({"c": b"a member of a member"})
    outer = {
        "b": nested,
        "b!/c": b"a member with such a name",
        "b\\!/c": b"another",
        "!/x": b"more",
    }
    (folder / "zip").write_bytes(specimens.archive(outer))


def nested(folder: Path) -> None:
    """A bomb of archives in archives, a chain deeper than any limit, and twins within."""
    inner = {f"d{turn}.zip": _zip({f"{k}.txt": b"%d-%d " % (turn, k) + b"a" * 1_040_000
                                   for k in range(8)}) for turn in range(4)}  # fmt: skip
    (folder / "bomb.zip").write_bytes(_zip(inner))
    content, name = b"at the bottom", "x.txt"
    for depth in range(12):
        content, name = _zip({name: content}), f"{depth}.zip"
    (folder / "chain.zip").write_bytes(content)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for turn in range(5):
            file.writestr("same.txt", f"version {turn}")
        file.writestr("same.txt (2)", "a real one of that name")
    (folder / "twins.zip").write_bytes(held.getvalue())
    (folder / "honest.zip").write_bytes(_zip({"b.txt": "법무부가 제공하였다".encode()}))


def endings(folder: Path) -> None:
    """Formats by wrong endings, and files that are two things at once."""
    kinds = list(specimens.MAKERS.items())
    for (kind, _), (_, maker) in zip(kinds, kinds[1:] + kinds[:1], strict=True):
        (folder / f"other.{kind}").write_bytes(maker())
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "zeros.docx").write_bytes(bytes(5000))
    (folder / "program.pdf").write_bytes(b"\x7fELF\1\2\0\0" * 99)


def polyglots(folder: Path) -> None:
    pdf, archive = specimens.MAKERS["pdf"](), _zip({"in.txt": b"inside"})
    (folder / "pdf-zip.pdf").write_bytes(pdf + archive)
    (folder / "zip-pdf.zip").write_bytes(pdf + archive)
    (folder / "html-pdf.html").write_bytes(b"<!doctype html><p>text</p><!--" + pdf + b"-->")
    (folder / "script.txt").write_bytes(b"#!/bin/sh\necho taken over > /tmp/taken\n")
    (folder / "traversal.zip").write_bytes(_zip({"../../out.txt": b"x", "/abs": b"y", "ok": b"z"}))


def tiny(folder: Path) -> None:
    """Many small files."""
    for turn in range(120):
        at = folder / str(turn % 20)
        at.mkdir(exist_ok=True)
        (at / f"{turn}.txt").write_bytes(b"%d" % turn)


def deep(folder: Path) -> None:
    """Folders deeper than Python recurses and than a path may be."""
    at = os.open(folder, os.O_RDONLY)
    for turn in range(60):
        name = (b"%02d" % turn) * 100
        os.mkdir(name, dir_fd=at)
        file = os.open(b"f.txt", os.O_WRONLY | os.O_CREAT, dir_fd=at)
        os.write(file, b"at depth %d" % turn)
        os.close(file)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    path = os.fsencode(folder)
    for _ in range(1500):
        path += b"/d"
        os.mkdir(path)
    with open(path + b"/low.txt", "wb") as file:
        file.write(b"far down")


def special(folder: Path) -> None:
    """Links, pipes, sockets and devices, also where a folder or a member is expected."""
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.txt")
    here = os.getcwd()
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as line:
        line.bind("socket.txt")
    os.chdir(here)
    (folder / "hard.txt").write_text("one file, two names")
    os.link(folder / "hard.txt", folder / "link.txt")
    (folder / "case.duckdb.pseudonyms.key").write_text("secret")
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.mknod(folder / "null.txt", 0o600 | 0o020000, os.makedev(1, 3))
    odd = folder / "year.txt"
    odd.write_text("of another age")
    os.utime(odd, (0, 400_000_000_000))


def sparse(folder: Path) -> None:
    """Files that take no room and would take hours to read through."""
    for name, size in (("terabyte.pdf", 1 << 40), ("gigabytes.txt", 3 << 30)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    (folder / "small.txt").write_text("a small one")


def alike(folder: Path) -> None:
    """Names that differ by case or by Unicode form alone, with the same and with other bytes."""
    for turn, name in enumerate(
        ("A.txt", "a.txt", "회의.txt", unicodedata.normalize("NFD", "회의.txt"), "ﬁ.txt", "fi.txt",
         "K.txt", "\u212a.txt", "I.txt", "ı.txt")
    ):  # fmt: skip
        (folder / name).write_text("the same" if turn % 2 else f"other {turn}")
    twice = _zip({"in.txt": b"a member twice"})
    (folder / "one.zip").write_bytes(twice)
    (folder / "two.zip").write_bytes(twice)


def mixed(folder: Path) -> None:
    for make in (names, bangs, endings, special, alike):
        (folder / make.__name__).mkdir()
        make(folder / make.__name__)


FOLDERS: dict[str, Callable[[Path], None]] = {
    make.__name__: make
    for make in (
        names,
        bangs,
        nested,
        endings,
        polyglots,
        tiny,
        deep,
        special,
        sparse,
        alike,
        mixed,
    )
}


def _zip(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return held.getvalue()
