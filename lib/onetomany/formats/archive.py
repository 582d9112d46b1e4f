"""Archives and pictures: the members of the one, the size and camera data of the other."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import locale
import lzma
import re
import stat
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

from .member_names import decoded_names, zip_names
from .parts import Parts
from .reading import NO_TEXT, Damaged, Reading, Refused


def read_zip(content: bytes, reading: Reading) -> None:
    """Add the members of a ZIP archive as documents; dangerous ones are reported."""
    parts = Parts(content, reading.limits, reading.passwords)
    infos = [info for info in parts.zip.infolist() if not info.is_dir()]
    names, encoding = zip_names(infos)
    _tell_encoding(encoding, reading)
    kept = 0
    for info, name in zip(infos, names, strict=True):
        kept += _member(name, info.external_attr >> 16, partial(parts.unpack, info), reading)
    _list_members(reading, kept, bool(parts.infos))


def read_tar(content: bytes, reading: Reading) -> None:
    """Add the members of a tar archive, also one packed by gzip, bzip2, xz; or one packed file."""
    plain = _unpacked(content, reading)
    try:
        archive = tarfile.open(fileobj=io.BytesIO(plain), mode="r:", errors="surrogateescape")  # noqa: SIM115
    except tarfile.TarError as error:
        if plain is content:
            raise Refused(f"The file can't be opened as a TAR archive: {error}") from error
        reading.member("unpacked", plain)
        reading.note(
            "unread", "The archive is one packed file; its content is a document within it."
        )
        return
    found, kept = 0, 0
    try:
        entries = []
        for entry in archive:
            reading.check_time()
            entries.append(entry)
            if len(entries) > reading.limits.members:
                raise Refused(f"The archive contains more than {reading.limits.members:,} files.")
        files = [entry for entry in entries if not entry.isdir()]
        raw = [entry.name.encode("utf-8", "surrogateescape") for entry in files]
        names, encoding = decoded_names(raw)
        if encoding != "UTF-8":
            _tell_encoding(encoding, reading)
        for entry, name in zip(files, names, strict=True):
            found += 1
            if not entry.isreg():
                what = "a link" if entry.issym() or entry.islnk() else "not a regular file"
                reading.note("refused", f"{name!r} in the archive was not read: it is {what}.")
                continue
            kept += _member(name, 0, partial(_of_tar, archive, entry), reading)
    except tarfile.TarError as error:
        reading.note("unread", f"The archive breaks off: {error}")
    _list_members(reading, kept, found > 0)


def _of_tar(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    held = archive.extractfile(entry)
    content = held.read() if held is not None else b""
    if len(content) < entry.size:
        raise Damaged("the archive breaks off within it")
    return content


def _unpacked(content: bytes, reading: Reading) -> bytes:
    """Return the content that gzip, bzip2 or xz packed; other content unchanged."""
    openers: tuple[tuple[bytes, Any], ...] = (
        (b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open),
    )  # fmt: skip
    opener = next((opener for start, opener in openers if content.startswith(start)), None)
    if opener is None:
        return content
    most, out = reading.limits.expanded_from(len(content)), bytearray()
    try:
        with opener(io.BytesIO(content)) as file:
            while piece := file.read(1 << 20):
                out += piece
                reading.check_time()
                if len(out) > most:
                    raise Refused(f"The archive expands too far ({reading.limits.ratio} to 1): "
                        "refused "
                                  "as a bomb.")  # fmt: skip
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        if not out:
            raise Refused(f"The archive can't be unpacked: {error}") from error
        reading.note("unread", f"The archive breaks off: {error}")
    return bytes(out)


def read_packed(content: bytes, reading: Reading) -> None:
    """Add the members of a 7z, RAR, CAB or LZH archive, read by libarchive within the limits."""
    archi: Any = import_module("archi")
    _expect_utf8()
    limits, kept, found, spent, broken = reading.limits, 0, 0, 0, ""
    most = min(limits.expanded, max(1 << 20, len(content) * limits.ratio))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for entry in archi.Archive(io.BytesIO(content)):
                reading.check_time()
                name, mode = str(entry.filename), int(entry.mode)
                if stat.S_ISDIR(mode) or name.endswith("/"):
                    continue
                found += 1
                if found > limits.members:
                    raise Refused(f"The archive contains more than {limits.members:,} files.")
                inner = b"".join(_pieces(entry, most - spent))
                spent += len(inner)
                kept += _member(name, mode, partial(bytes, inner), reading)
        except (Refused, MemoryError):
            raise
        except Exception as error:
            broken = _why_broken(error)
    if broken:
        reading.page().add("\n".join(name for name, _ in reading.members))
        raise Refused(f"{kept} of its members were read, then it can't be read on: {broken}")
    _list_members(reading, kept, found > 0)


@cache
def _expect_utf8() -> None:
    """Let libarchive give names in UTF-8.

    Under the locale "C", that of many containers and of cron, it gives none, and archi crashes.
    """
    for name in ("C.UTF-8", "en_US.UTF-8"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, name)
            return


def _why_broken(error: Exception) -> str:
    """Return libarchive's reason, and how to get round it."""
    said = error.args[-1] if error.args else ""
    told = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if "ncrypt" in told or "passphrase" in told.lower():
        return "it is protected by a password. Unpack it yourself and ingest its files."
    return (f"{told}. If it is one of several volumes, or an old or solid RAR, unpack it with the "
            "program that made it and ingest its files.")  # fmt: skip


def _pieces(entry: Any, left: int) -> Iterator[bytes]:
    while piece := entry.read(1 << 20):
        left -= len(piece)
        if left < 0:
            raise Refused("The files in the archive expand too far, as a ZIP bomb does: not read.")
        yield piece


def _member(name: str, mode: int, unpack: Callable[[], bytes], reading: Reading) -> bool:
    """Keep a member of an archive, or tell why it was refused or can't be read."""
    if why := unsafe_name(name, mode):
        reading.note("refused", f"{name!r} in the archive was not read: {why}.")
        return False
    try:
        reading.member(name, unpack())
    except Damaged as damaged:
        reading.note("unread", f"{name!r} in the archive: {damaged}")
        return False
    return True


def _tell_encoding(encoding: str, reading: Reading) -> None:
    if encoding:
        reading.note("encoding", f"File names were read as {encoding}, which fits best: the "
                     "archive doesn't state their encoding.")  # fmt: skip


def _list_members(reading: Reading, kept: int, any_: bool) -> None:
    page = reading.page()
    page.add("\n".join(name for name, _ in reading.members))
    if not kept and any_:
        held = reading.columns.get("notes", {"kind": [], "text": []})
        told = zip(held["kind"], held["text"], strict=True)
        first = next((text for kind, text in told if kind in ("unread", "refused")), "")
        raise Refused(f"None of its members can be read. {first}".strip())


def unsafe_name(name: str, mode: int = 0) -> str:
    """Return why an archive's member is refused; '' if it is safe."""
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "its name leads out of the archive"
    if stat.S_ISLNK(mode):
        return "it is a symbolic link"
    return ""


def read_picture(content: bytes, reading: Reading) -> None:
    """Read a picture's size and its camera's or scanner's data; OCR reads its text."""
    from PIL import ExifTags, Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            frames = int(getattr(picture, "n_frames", 1))
            exif: dict[Any, Any] = dict(picture.getexif())
            sizes = []
            for number in range(min(frames, reading.limits.pages)):
                picture.seek(number)
                turned = picture.getexif().get(ExifTags.Base.Orientation, 1) > 4
                sizes.append(picture.size[::-1] if turned else picture.size)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"Pillow can't open the file as a picture: {error}") from error
    for tag, value in exif.items():
        text = value if isinstance(value, str) else repr(value)
        reading.metadata[ExifTags.TAGS.get(tag, str(tag))] = text[:500]
    if taken := reading.metadata.get("DateTime"):
        day, _, hour = taken.partition(" ")
        reading.facts["created"] = f"{day.replace(':', '-')}T{hour}" if hour else None
    reading.facts["author"] = reading.metadata.get("Artist")
    for width, height in sizes:
        page = reading.page(width=float(width), height=float(height), unit="px")
        reading.note("ocr", NO_TEXT, page.number)
