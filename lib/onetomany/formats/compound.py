"""Compound files ([MS-CFB]): objects that old Office files and mails carry become members.

olefile reads them; a storage that is a document of its own (a workbook within a letter, a message
attached to a message) is written out as a compound file by python-hwpx, since olefile can't.
"""

import io
import struct
from typing import Any

import olefile

from .inflating import ZLIB, Ending, inflate
from .plain import decode
from .reading import Damaged, Reading, Refused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# the stream that makes a storage a document, and the ending of a file of that kind
_DOCUMENTS = (
    ("WordDocument", "doc"), ("Workbook", "xls"), ("Book", "xls"), ("PowerPoint Document", "ppt"),
    ("FileHeader", "hwp"), ("EncryptedPackage", "docx"), ("VisioDocument", "vsd"),
)  # fmt: skip
_NATIVE = "\x01Ole10Native"
_PLAIN = ("CONTENTS", "Package", "EmbeddedOdf")


def open_compound(content: bytes) -> Any:
    """Open a compound file. Raises Damaged if it is none."""
    try:
        return olefile.OleFileIO(io.BytesIO(content))
    except Exception as error:
        raise Damaged(f"The file can't be opened as an OLE compound file: {error}") from error


def stream_bytes(ole: Any, path: str) -> bytes:
    """Return a stream's bytes. Raises Damaged if it can't be read whole."""
    try:
        held: bytes = ole.openstream(path).read()
    except Exception as error:
        raise Damaged(f"{path!r} can't be read: {error}") from error
    return held


def embedded_objects(ole: Any, reading: Reading) -> None:
    """Make members of the objects in the storages of a compound file; tell of those that aren't."""
    storages = ["/".join(path) for path in ole.listdir(streams=False, storages=True)]
    done: list[str] = []
    for number, storage in enumerate(storages[: reading.limits.members], 1):
        if any(storage.startswith(each + "/") for each in done):
            continue
        try:
            found = object_payload(ole, storage + "/", f"object {number}")
        except Damaged as damaged:
            reading.note("unread", f"Embedded object {number}: {damaged}")
            continue
        if found:
            done.append(storage)
            reading.member(*found)
        elif ole.exists(storage + "/\x01CompObj"):
            done.append(storage)
            reading.skip(f"an embedded object of the kind {_kind(ole, storage)}")


def unwrap_object(name: str, content: bytes, reading: Reading) -> None:
    """Make a member of an embedded file, taken out of the wrapping that OLE put around it."""
    if not content.startswith(MAGIC):
        reading.member(name, content)
        return
    with open_compound(content) as ole:
        found = object_payload(ole, "", name)
        if found:
            reading.member(*found)
        elif ole.exists("__properties_version1.0"):
            reading.member(name, content)
        else:
            reading.skip(f"{name}, an embedded object of the kind {_kind(ole, '')}")


def object_payload(ole: Any, base: str, name: str) -> tuple[str, bytes] | None:
    """Return name and bytes of the document in a storage, None if it is of no known kind."""
    if ole.exists(base + _NATIVE):
        return native_file(stream_bytes(ole, base + _NATIVE), name)
    for each in _PLAIN:
        if ole.exists(base + each):
            held = stream_bytes(ole, base + each)
            ending = ".pdf" if held.startswith(b"%PDF-") and not name.endswith(".pdf") else ""
            return name + ending, held
    for each, ending in _DOCUMENTS:
        if ole.exists(base + each):
            named = name if name.lower().endswith("." + ending) else f"{name}.{ending}"
            return named, storage_bytes(ole, base)
    return None


def native_file(held: bytes, name: str) -> tuple[str, bytes]:
    """Return the file in an Ole10Native stream, by [MS-OLEDS] 2.3.6: its name and bytes."""
    try:
        at = 6
        label, at = _string(held, at)
        _, at = _string(held, at)
        at += 4
        (length,) = struct.unpack_from("<I", held, at)
        at += 4 + length
        (size,) = struct.unpack_from("<I", held, at)
    except (struct.error, ValueError):
        (size,) = struct.unpack_from("<I", held.ljust(4, b"\0"))
        return name, held[4 : 4 + size]
    text = decode(label)[0] if label else name
    return text.replace("\\", "/").rpartition("/")[2] or name, held[at + 4 : at + 4 + size]


def _string(held: bytes, at: int) -> tuple[bytes, int]:
    end = held.index(b"\0", at)
    return held[at:end], end + 1


def _kind(ole: Any, storage: str) -> str:
    """Return the name that an object states, such as 'Microsoft Equation 3.0'."""
    try:
        held = stream_bytes(ole, f"{storage}/\x01CompObj" if storage else "\x01CompObj")
        (length,) = struct.unpack_from("<I", held, 28)
        return held[32 : 32 + min(length, 100)].rstrip(b"\0").decode("cp1252", "replace") or "?"
    except (Damaged, struct.error):
        return "'unknown'"


def inflate_object(held: bytes, most: int) -> bytes:
    """Inflate an object packed by zlib. Raises Refused if it expands to more than `most` bytes."""
    unpacked = inflate(held, ZLIB, most)
    if unpacked.ending is Ending.DAMAGED:
        raise Damaged("an object can't be unpacked")
    if unpacked.ending is Ending.TOO_LARGE:
        raise Refused(f"An object in it expands to more than {most:,} bytes.")
    return unpacked.content


def storage_bytes(ole: Any, base: str, changed: dict[str, bytes] | None = None) -> bytes:
    """Write a storage of a compound file as a compound file; `changed` replaces streams."""
    from hwpx.hwp5.cfb import build_compound_file
    from hwpx.hwp5.errors import Hwp5Error

    prefix = [part for part in base.split("/") if part]
    streams = {}
    for path in ole.listdir(streams=True, storages=False):
        if path[: len(prefix)] == prefix:
            name = "/".join(path[len(prefix) :])
            streams[name] = (changed or {}).get(name) or stream_bytes(ole, "/".join(path))
    try:
        return bytes(build_compound_file(streams.items()))
    except Hwp5Error as error:
        raise Damaged(f"an object can't be written as a file: {error}") from error
