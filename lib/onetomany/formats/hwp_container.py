"""The container of HWP 5: its protection, distribution documents, repair of damaged ones.

A distribution document (배포용 문서) keeps its text in ViewText, scrambled by a key that is
stored beside it: "HWP 5.0 revision 1.3" publishes how. It asks programs not to copy or print, and
has no password.
"""

import io
import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from .inflating import RAW, Ending, inflate
from .reading import Reading, Refused

_HEADER_BYTES = 36
_PASSWORD, _DISTRIBUTION, _DRM = 1 << 1, 1 << 2, 1 << 4
_CERTIFICATE, _CERTIFICATE_DRM = 1 << 8, 1 << 10
_DISTRIBUTE_TAG, _DISTRIBUTE_BYTES = 0x10 + 12, 256
_SECTION = re.compile(r"(?:BodyText|ViewText)/Section(\d+)")
_MOST = 256 << 20
_PICTURES = (b"BM", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
PASSWORD = "The file is protected by a password: ask for the password or for an open copy."
DRM = "The file is protected by DRM, its text is encrypted: ask the sender for an open copy."


@dataclass
class Container:
    """The streams of an HWP 5 file, by their paths."""

    streams: dict[str, bytes]
    flags: int
    changed: bool = False
    damaged: bool = False
    lost: list[str] = field(default_factory=list)

    @property
    def compressed(self) -> bool:
        return bool(self.flags & 1)

    def bytes(self) -> bytes:
        """Return a compound file of the streams as they are now."""
        from hwpx.hwp5.cfb import build_compound_file

        return bytes(build_compound_file(self.streams.items()))


def opened_container(content: bytes) -> Container:
    """Return the streams of an HWP 5 file. Raises Refused if it is none, or none is whole."""
    from hwpx.hwp5.cfb import CompoundFile
    from hwpx.hwp5.errors import Hwp5Error

    try:
        compound = CompoundFile(content)
        streams = {path: bytes(compound.read(path)) for path in compound.stream_paths()}
        lost: list[str] = []
    except (Hwp5Error, struct.error, IndexError) as error:
        streams, lost = _rescued(content)
        if not streams:
            raise Refused(f"The HWP 5 file is damaged: {error}") from error
        lost = lost or ["its table of contents"]
    header = streams.get("FileHeader", b"")
    if not header.startswith(b"HWP Document File") or len(header) < 40:
        raise Refused("The HWP 5 file is damaged: its FileHeader is not whole.")
    version, flags = struct.unpack_from("<II", header, 32)
    if version >> 24 != 5:
        raise Refused(
            f"The file is of HWP version {version >> 24}, which is not read: save it as HWPX."
        )
    return Container(streams, flags, bool(lost), bool(lost), lost)


def _rescued(content: bytes) -> tuple[dict[str, bytes], list[str]]:
    """Return the readable streams of a damaged container, by a more tolerant reader."""
    import olefile

    streams, lost = {}, []
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as ole:
            for parts in ole.listdir():
                try:
                    streams["/".join(parts)] = ole.openstream(parts).read()
                except Exception:
                    lost.append("/".join(parts))
    except Exception:
        # whatever it stumbles over, the caller says that the file is damaged
        return {}, []
    return streams, lost


def refuse_locked(container: Container) -> None:
    """Raise Refused for a document that can't be read without a key that isn't in it."""
    if container.flags & _PASSWORD:
        raise Refused(PASSWORD)
    if container.flags & (_DRM | _CERTIFICATE_DRM):
        raise Refused(DRM)
    if container.flags & _CERTIFICATE:
        raise Refused("The file is encrypted by a certificate: ask the sender for an open copy.")


def open_distribution(container: Container, reading: Reading) -> None:
    """Unscramble the text of a distribution document, and note that it is one."""
    if not container.flags & _DISTRIBUTION:
        return
    asked = 0
    for path in [each for each in container.streams if each.startswith("ViewText/Section")]:
        asked, text = _unscrambled(container.streams.pop(path))
        container.streams[path.replace("ViewText", "BodyText")] = text
    # scripts are scrambled too, and say nothing that is shown
    for path in [each for each in container.streams if each.startswith("Scripts/")]:
        del container.streams[path]
    container.flags &= ~_DISTRIBUTION
    header = container.streams["FileHeader"]
    container.streams["FileHeader"] = (
        header[:_HEADER_BYTES] + struct.pack("<I", container.flags) + header[_HEADER_BYTES + 4 :]
    )
    container.changed = True
    wishes = [what for bit, what in ((1, "copied"), (2, "printed")) if asked & bit]
    said = f" It asks not to be {' or '.join(wishes)}." if wishes else ""
    reading.note(
        "layout",
        "The file is a distribution document (배포용 문서), made for reading only. Its text is "
        f"scrambled without a password and was read by the published rules.{said}",
    )
    reading.metadata["distribution document"] = "yes"


def _unscrambled(stream: bytes) -> tuple[int, bytes]:
    """Return the document's wishes (bits), and a section as it is in open documents."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(stream) < 4 + _DISTRIBUTE_BYTES:
        raise Refused("The file is a distribution document whose key is not whole.")
    (record,) = struct.unpack_from("<I", stream)
    if record & 0x3FF != _DISTRIBUTE_TAG or record >> 20 != _DISTRIBUTE_BYTES:
        raise Refused(
            "The file is a distribution document without the key that the format asks for."
        )
    begin = 4 + _DISTRIBUTE_BYTES
    seed, data = _mixed(stream[4:begin])
    place = 4 + (seed & 0xF)
    (asked,) = struct.unpack_from("<H", data, place + 80)
    # the format uses ECB: a key in the clear protects nothing anyway
    cipher = Cipher(algorithms.AES(data[place : place + 16]), modes.ECB()).decryptor()
    body = stream[begin:]
    return asked, cipher.update(body[: len(body) // 16 * 16]) + cipher.finalize()


def _mixed(data: bytes) -> tuple[int, bytes]:
    """Undo the mixing of the key's record: runs of one byte, by the C library's rand.

    Returns the seed, and the record.
    """
    (seed,) = struct.unpack_from("<I", data)
    state: int = seed
    many, sign, out = 0, 0, bytearray(data)

    def rand() -> int:
        nonlocal state
        state = (state * 214013 + 2531011) & 0xFFFFFFFF
        return int(state >> 16 & 0x7FFF)

    for at in range(len(out)):
        if not many:
            sign, many = rand() & 0xFF, (rand() & 0xF) + 1
        if at >= 4:
            out[at] ^= sign
        many -= 1
    return seed, bytes(out)


def mend_container(container: Container, reading: Reading) -> bool:
    """Cut damaged streams to their whole part, with a note each; return whether any was damaged."""
    mended = bool(container.lost)
    for path in container.lost:
        reading.skip(f"{path}, a part of the file that is damaged")
    numbered = []
    for path, stream in list(container.streams.items()):
        if path == "DocInfo" or _SECTION.fullmatch(path):
            whole, rest = _whole_records(_inflated(stream) if container.compressed else stream)
            if rest:
                reading.skip(f"the part after the damage in {path}")
                packed = zlib.compress(whole, wbits=RAW) if container.compressed else whole
                container.streams[path] = packed
                mended = True
        elif path.startswith("BinData/") and container.compressed and not _is_whole(stream):
            if stream.startswith(_PICTURES):
                reading.member(path, stream)  # whole, and only not packed as the file says
            else:
                reading.skip(f"{path}, which is damaged")
            del container.streams[path]
            mended = True
        if found := _SECTION.fullmatch(path):
            numbered.append((path.partition("/")[0], int(found[1]), path))
    for folder in ("BodyText", "ViewText"):
        mended |= _renumber(container, sorted(each for each in numbered if each[0] == folder))
    container.changed, container.damaged = mended, container.damaged or mended
    return mended


def _renumber(container: Container, sections: list[tuple[str, int, str]]) -> bool:
    """Close gaps in the sections' numbers, of which the library reads none."""
    if [number for _, number, _ in sections] == list(range(len(sections))):
        return False
    moved = {path: container.streams.pop(path) for _, _, path in sections}
    for place, (folder, _, path) in enumerate(sections):
        container.streams[f"{folder}/Section{place}"] = moved[path]
    return True


def _inflated(stream: bytes) -> bytes:
    """Return the bytes of a stream up to its damage."""
    part = inflate(stream, RAW, _MOST)
    if part.ending is Ending.TOO_LARGE:
        raise Refused(f"A part of it is larger than {_MOST >> 20} MB.")
    # a byte of a record that isn't whole: all that follows it is lost
    return part.content + b"\xff" * (part.ending is Ending.DAMAGED)


def _is_whole(stream: bytes) -> bool:
    part = inflate(stream, RAW, _MOST)
    return not stream or (bool(part.content) and part.ending is not Ending.DAMAGED)


def _whole_records(data: bytes) -> tuple[bytes, bytes]:
    """Cut a stream after its last whole record; return it and the rest."""
    at = 0
    while at + 4 <= len(data):
        (record,) = struct.unpack_from("<I", data, at)
        size, begin = record >> 20, at + 4
        if size == 0xFFF:
            if begin + 4 > len(data):
                break
            (size,) = struct.unpack_from("<I", data, begin)
            begin += 4
        if begin + size > len(data):
            break
        at = begin + size
    return data[:at], data[at:]


def preview_text(content: bytes) -> str:
    """Return the beginning of the text that Hangul keeps for previews; '' if it is not whole."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as ole:
            text: Any = ole.openstream("PrvText").read().decode("utf-16-le", "replace")
    except Exception:
        # of a damaged file any part may be gone; the caller says that the document is damaged
        return ""
    text = text.partition("\0")[0]
    odd = sum(not (sign.isprintable() or sign in "\r\n\t") or sign == "�" for sign in text)
    common = sum(sign.isascii() or "가" <= sign <= "힣" for sign in text)
    return text if text.strip() and odd * 20 < len(text) and common * 2 > len(text) else ""
