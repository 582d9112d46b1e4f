"""Inflate streams, as far as they are whole and within a limit (RFC 1950 to 1952)."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

RAW, ZLIB, GZIP = -15, 15, 31  # the forms of a stream, as zlib numbers them
_PIECE = 4096  # packed bytes at a time: of a damaged stream, all before the damage is kept


class Ending(Enum):
    """How the inflating of a stream ended."""

    WHOLE = "whole"
    CUT_OFF = "cut off"
    DAMAGED = "damaged"
    TOO_LARGE = "too large"


@dataclass(frozen=True)
class Inflated:
    """The inflated bytes of a stream up to its end or fault, and how the inflating ended.

    `end` is the place after the stream or, if it isn't whole, after the last packed bytes read.
    """

    content: bytes
    end: int
    ending: Ending


def inflate(packed: bytes, form: int, most: int | Callable[[int], int], begin: int = 0) -> Inflated:
    """Inflate one stream from a place in `packed`, up to its end, its damage or a limit.

    `form` is RAW, ZLIB or GZIP. `most` limits the inflated bytes; a function is given how many
    packed bytes were read.

    >>> inflate(zlib.compress(b"text") + b"more", ZLIB, 100)
    Inflated(content=b'text', end=12, ending=<Ending.WHOLE: 'whole'>)
    """
    unpacker, out, at = zlib.decompressobj(form), bytearray(), begin
    try:
        while not unpacker.eof and at < len(packed):
            piece = packed[at : at + _PIECE]
            at += len(piece)
            limit = most(at - begin) if callable(most) else most
            out += unpacker.decompress(piece, limit - len(out) + 1)
            if len(out) > limit:
                return Inflated(bytes(out), at, Ending.TOO_LARGE)
    except zlib.error:
        return Inflated(bytes(out), at, Ending.DAMAGED)
    ending = Ending.WHOLE if unpacker.eof else Ending.CUT_OFF
    return Inflated(bytes(out), at - len(unpacker.unused_data), ending)
