"""Compound files ([MS-CFB]): objects that old Office files and mails carry become members.

olefile reads them; a storage that is a document of its own (a workbook within a letter, a message
attached to a message) is written out as a compound file, which olefile can't do.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import olefile

from .inflating import ZLIB, Ending, inflate
from .plain import decode
from .reading import Damaged, Reading, Refused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END, _FREE, _FAT, _DIFAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
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
        raise Damaged(f"It is no compound file that can be opened: {error}") from error


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
        elif any(ole.exists(each) for each in ("__properties_version1.0",)):
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
    """What an object says of itself, such as 'Microsoft Equation 3.0'."""
    try:
        held = stream_bytes(ole, f"{storage}/\x01CompObj" if storage else "\x01CompObj")
        (length,) = struct.unpack_from("<I", held, 28)
        return held[32 : 32 + min(length, 100)].rstrip(b"\0").decode("cp1252", "replace") or "?"
    except (Damaged, struct.error):
        return "'unknown'"


def inflate_object(held: bytes, most: int) -> bytes:
    """Return what zlib packed. Raises Refused if it expands to more than `most` bytes."""
    unpacked = inflate(held, ZLIB, most)
    if unpacked.ending is Ending.DAMAGED:
        raise Damaged("an object can't be unpacked")
    if unpacked.ending is Ending.TOO_LARGE:
        raise Refused(f"An object in it expands to more than {most:,} bytes.")
    return unpacked.content


def storage_bytes(ole: Any, base: str, changed: dict[str, bytes] | None = None) -> bytes:
    """Write a storage of a compound file as a compound file; `changed` replaces streams."""
    tree: dict[str, Any] = {}
    prefix = [part for part in base.split("/") if part]
    for path in ole.listdir(streams=True, storages=False):
        if path[: len(prefix)] != prefix:
            continue
        inner = path[len(prefix) :]
        at = tree
        for part in inner[:-1]:
            at = at.setdefault(part, {})
        name = "/".join(inner)
        at[inner[-1]] = (changed or {}).get(name) or stream_bytes(ole, "/".join(path))
    return _Writer(tree).whole()


class _Writer:
    """A compound file of version 3: sectors of 512 bytes, streams below 4,096 in mini sectors."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5}]
        self.sectors: list[bytes] = []
        self.chain: list[int] = []
        self.mini: list[bytes] = []
        self.mini_chain: list[int] = []
        self.add(tree, 0)

    def add(self, level: dict[str, Any], owner: int) -> None:
        last = -1
        # [MS-CFB] 2.6.4: shorter names come first; each hangs at the right of the one before
        for name in sorted(level, key=lambda each: (len(each), each.upper())):
            number, held = len(self.entries), level[name]
            entry = {"name": name, "kind": 1 if isinstance(held, dict) else 2}
            self.entries.append(entry)
            where = self.entries[owner if last < 0 else last]
            where["child" if last < 0 else "right"] = number
            last = number
            if isinstance(held, dict):
                self.add(held, number)
            else:
                small = len(held) < _CUTOFF
                put = self.put(held, _MINI, self.mini, self.mini_chain) if small else (
                    self.put(held, _SECTOR, self.sectors, self.chain))  # fmt: skip
                entry |= {"start": put if held else _END, "size": len(held)}

    @staticmethod
    def put(content: bytes, size: int, into: list[bytes], chain: list[int]) -> int:
        start = len(into)
        pieces = [content[i : i + size].ljust(size, b"\0") for i in range(0, len(content), size)]
        for number, piece in enumerate(pieces, 1):
            into.append(piece)
            chain.append(start + number if number < len(pieces) else _END)
        return start

    def whole(self) -> bytes:
        minis = b"".join(self.mini)
        root = self.put(minis, _SECTOR, self.sectors, self.chain) if minis else _END
        self.entries[0] |= {"start": root, "size": len(minis)}
        table = b"".join(struct.pack("<I", each) for each in self.mini_chain)
        table = table.ljust(-(-len(table) // _SECTOR) * _SECTOR, b"\xff")
        mini_fat = self.put(table, _SECTOR, self.sectors, self.chain) if table else _END
        directory = self.put(b"".join(self.records()), _SECTOR, self.sectors, self.chain)
        return self.closed(directory, mini_fat, len(table) // _SECTOR)

    def records(self) -> Iterator[bytes]:
        for entry in self.entries:
            name = entry["name"].encode("utf-16-le")[:62] + b"\0\0"
            yield struct.pack(
                "<64sHBBIII16sIQQIQ", name, len(name), entry["kind"], 1, _FREE,
                entry.get("right", _FREE), entry.get("child", _FREE), b"", 0, 0, 0,
                entry.get("start", 0), entry.get("size", 0),
            )  # fmt: skip

    def closed(self, directory: int, mini_fat: int, minis: int) -> bytes:
        """Head, sectors, and the tables of sectors behind them."""
        used, fats, difats = len(self.sectors), 1, 0
        while fats * 128 < used + fats + difats:
            fats += 1
            difats = max(0, -(-(fats - 109) // 127))
        table = self.chain + [_FAT] * fats + [_DIFAT] * difats
        table += [_FREE] * (fats * 128 - len(table))
        places = [used + number for number in range(fats)]
        head, rest = places[:109], places[109:]
        body = b"".join(self.sectors) + struct.pack(f"<{len(table)}I", *table)
        for number in range(difats):
            held = rest[number * 127 : number * 127 + 127]
            following = used + fats + number + 1 if number + 1 < difats else _END
            held += [_FREE] * (127 - len(held)) + [following]
            body += struct.pack("<128I", *held)
        first = struct.pack(
            "<8s16sHHHHH6sIIIIIIIII", MAGIC, b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, fats, directory,
            0, _CUTOFF, mini_fat, minis, used + fats if difats else _END, difats,
        )  # fmt: skip
        return first + struct.pack("<109I", *head, *[_FREE] * (109 - len(head))) + body
