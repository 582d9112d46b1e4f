"""RTF: its text (striprtf, BSD), and the packed form in which Outlook keeps bodies of mails."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from striprtf.striprtf import rtf_to_text

from .reading import Damaged, Reading, Refused, clean

# [MS-OXRTFCP] 2.1.2.1: with what the window of 4,096 bytes begins
_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D  # LZFu, MELA


def unpacked(content: bytes, most: int) -> bytes:
    """Outlook's compressed RTF, unpacked by [MS-OXRTFCP].

    Raises Damaged where it is none or breaks off, Refused where more than `most` bytes are in it.
    """
    if len(content) < 16:
        raise Damaged("Its RTF body is too short.")
    _, size, kind, _ = struct.unpack_from("<4I", content)
    if kind == _PLAIN:
        return content[16 : 16 + size]
    if kind != _PACKED:
        raise Damaged("Its RTF body is packed in an unknown way.")
    if size > most:
        raise Refused(f"Its RTF body expands to more than {most:,} bytes.")
    out = bytearray()
    try:
        for run in _runs(content):
            out += run
            if len(out) > most:
                raise Refused(f"Its RTF body expands to more than {most:,} bytes.")
    except (IndexError, struct.error) as error:
        raise Damaged("Its RTF body breaks off.") from error
    return bytes(out)


def _runs(content: bytes) -> Iterator[bytes]:
    """Single bytes, and runs that stand in the window already."""
    window = bytearray(_BEGINNING.ljust(4096))
    at, place = len(_BEGINNING), 16
    while True:
        control, place = content[place], place + 1
        for bit in range(8):
            run = b""
            if control >> bit & 1:
                (token,) = struct.unpack_from(">H", content, place)
                place += 2
                if token >> 4 == at:
                    return
                # a run may reach into what it writes itself
                for step in range((token & 15) + 2):
                    byte = window[((token >> 4) + step) % 4096]
                    window[(at + step) % 4096] = byte
                    run += bytes([byte])
            else:
                run, place = bytes([content[place]]), place + 1
                window[at] = run[0]
            at = (at + len(run)) % 4096
            yield run


def text_of(content: bytes) -> str:
    """The text of RTF; its code page is that which it names."""
    found = rtf_to_text(content.decode("latin-1"), errors="replace")  # type: ignore[no-untyped-call]
    return str(found)


def read_rtf(content: bytes, reading: Reading) -> None:
    page = reading.page()
    for part in re.split(r"\n[ \t]*\n+", clean(text_of(content))):
        page.add(part)
    reading.note("unread", "Tables, pictures and notes of RTF are not told apart from its text.")
