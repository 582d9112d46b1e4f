"""The payload of a captured response: its head, its bytes with each coding undone, its digests.

Three forms of the same payload are kept, since tools hash different ones: as stored in the
record, after transfer coding (chunked), and after content coding (gzip, deflate, br).
"""

import base64
import binascii
import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any

import brotli
from warcio.statusandheaders import StatusAndHeadersParser

from .inflating import GZIP, RAW, ZLIB, Ending, inflate

# encodings of web pages; others that a server states are not tried
_CHARSETS = re.compile(
    r"(?i)utf-?8|utf-?16(?:le|be)?|euc-?kr|cp949|ms949|uhc|ks_?c_?5601[-\w]*|ksx1001|johab|"
    r"iso-?8859-\d+|latin-?\d|windows-\d+|cp\d+|shift[-_]jis|sjis|euc-jp|iso-2022-(?:jp|kr)|"
    r"gbk|gb2312|gb18030|big5(?:-hkscs)?|koi8-[ru]|(?:us-)?ascii|tis-620"
)
_ALGORITHMS = {"md5", "sha1", "sha256", "sha384", "sha512"}
_PARSER = StatusAndHeadersParser([], verify=False)
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_PIECE = 1 << 16
_CODINGS = 5  # one is usual, two are rare
# the bytes that a recorded digest is of
STORED, TRANSFER_DECODED, DECODED = "as stored", "transfer coding undone", "all codings undone"


@dataclass
class Payload:
    """A payload in its three forms, with facts from the response's head.

    `body` has its transfer coding undone, `content` its content coding too. `faults` name the
    codings that could not be undone.
    """

    stored: bytes
    body: bytes
    content: bytes
    status: int | None
    media_type: str
    charset: str | None
    location: str | None
    file_name: str
    faults: list[str]

    def agrees(self, digest: str) -> tuple[bool | None, str | None]:
        """Return whether a recorded digest is of this payload, and of which of its forms.

        None if the digest can't be recalculated: an unknown algorithm, or no digest at all.
        """
        forms = {STORED: self.stored, TRANSFER_DECODED: self.body, DECODED: self.content}
        for name, form in forms.items():
            same = digest_agrees(digest, form)
            if same is not False:
                return same, name if same else None
        return False, None


def http_payload(block: bytes, most: int) -> Payload:
    """Read the block of a response record: an HTTP message. `most` bytes may come of decoding."""
    head = io.BytesIO(block[: 1 << 18])
    if not (first := re.match(rb"HTTP/\S+[ \t]+(\d{3})", block)):
        return plain_payload(block, "", ["A record contains no HTTP response: read unchanged"])
    fields = _PARSER.parse(head)
    stored, faults = block[head.tell() :], list[str]()
    body = stored
    if "chunked" in _header(fields, "Transfer-Encoding").lower():
        body, fault = _dechunked(stored)
        faults.append(fault)
    codings = [each.strip() for each in _header(fields, "Content-Encoding").lower().split(",")]
    content, codings = body, [each for each in codings if each not in ("", "identity")]
    if len(codings) > _CODINGS:
        codings = []
        faults.append(f"A payload has more than {_CODINGS} content codings: read as stored")
    for coding in reversed(codings):
        content, fault = _content_decoded(content, coding, most)
        faults.append(fault)
    payload = plain_payload(stored, _header(fields, "Content-Type"), [*filter(None, faults)])
    payload.body, payload.content, payload.status = body, content, int(first[1])
    payload.location = _header(fields, "Location") or None
    named = re.search(r"(?i)filename\*?=[^;]*", _header(fields, "Content-Disposition"))
    payload.file_name = named[0] if named else ""
    return payload


def plain_payload(block: bytes, content_type: str, faults: list[str] | None = None) -> Payload:
    """Read the block of a record that isn't an HTTP message: a resource, a conversion."""
    kind, _, rest = content_type.partition(";")
    charset = re.search(r"(?i)charset\s*=\s*[\"']?([-\w]+)", rest)
    known = charset[1] if charset and _CHARSETS.fullmatch(charset[1]) else None
    media_type = kind.strip().lower()[:100]
    return Payload(block, block, block, None, media_type, known, None, "", faults or [])


def _header(fields: Any, name: str) -> str:
    return str(fields.get_header(name) or "").strip()


def _dechunked(body: bytes) -> tuple[bytes, str]:
    """Undo chunked transfer coding; a body that isn't chunked is returned as it is."""
    parts: list[bytes] = []
    at = 0
    while size := _CHUNK.match(body, at):
        at, length = size.end(), int(size[1], 16)
        if not length:
            return b"".join(parts), ""
        parts.append(body[at : at + length])
        if at + length > len(body):
            return b"".join(parts), "A chunked payload is cut off"
        at += length + (2 if body.startswith(b"\r\n", at + length) else 1)
    # many tools undo it and keep the field that says it was there
    fault = "A chunked payload is damaged: read as far as it goes" if parts else ""
    return (b"".join(parts), fault) if parts else (body, "")


def _content_decoded(body: bytes, coding: str, most: int) -> tuple[bytes, str]:
    """Undo one content coding, as far as it goes; the second value is the fault."""
    if coding in ("gzip", "x-gzip"):
        if not body.startswith(b"\x1f\x8b"):
            return body, ""  # the tool has undone it, and kept the field
        return _inflated(body, GZIP, most)
    if coding == "deflate":
        # servers send zlib's form, which is right, or bare deflate
        content, fault = _inflated(body, ZLIB, most)
        return (content, fault) if content or not fault else _inflated(body, RAW, most)
    if coding == "br":
        return _unbrotlied(body, most)
    return body, f"The content coding {coding[:20]!r} of a payload is not read"


_FAULTS = {
    Ending.WHOLE: "",
    Ending.CUT_OFF: "A compressed payload is cut off",
    Ending.DAMAGED: "A payload can't be unpacked, or only in part",
    Ending.TOO_LARGE: "A payload expands too far: refused as a bomb",
}


def _inflated(body: bytes, form: int, most: int) -> tuple[bytes, str]:
    if not body:
        return b"", ""
    payload = inflate(body, form, most)
    too_large = payload.ending is Ending.TOO_LARGE
    return b"" if too_large else payload.content, _FAULTS[payload.ending]


def _unbrotlied(body: bytes, most: int) -> tuple[bytes, str]:
    unpack, parts, size, at = brotli.Decompressor(), [], 0, 0
    try:
        while not unpack.is_finished():
            piece = b""
            if unpack.can_accept_more_data():
                piece, at = body[at : at + _PIECE], at + _PIECE
                if not piece:
                    break
            parts.append(unpack.process(piece, output_buffer_limit=_PIECE))
            size += len(parts[-1])
            if size > most:
                return b"", _FAULTS[Ending.TOO_LARGE]
    except brotli.error:
        if parts:
            return b"".join(parts), _FAULTS[Ending.DAMAGED]
        # no mark distinguishes brotli from a body that the tool has decoded already
        return body, "A payload is marked as compressed (br) but isn't: read unchanged"
    return b"".join(parts), _FAULTS[Ending.WHOLE if unpack.is_finished() else Ending.CUT_OFF]


def digest_agrees(digest: str, content: bytes) -> bool | None:
    """Tell whether a WARC digest such as sha1:BASE32 is of these bytes; None where unknown."""
    algorithm, _, value = digest.partition(":")
    name = algorithm.strip().lower().replace("-", "")
    if name not in _ALGORITHMS or not value.strip():
        return None
    found = hashlib.new(name, content, usedforsecurity=False).digest()
    return found in _readings(value.strip(), len(found))


def _readings(value: str, size: int) -> list[bytes]:
    """Return the possible bytes of a digest's text: hexadecimal, base 32 or base 64 (RFC 4648)."""
    if re.fullmatch(rf"[0-9A-Fa-f]{{{2 * size}}}", value):
        return [bytes.fromhex(value)]
    bare, found = value.rstrip("="), []
    for decode, text, group in (
        (base64.b32decode, bare.upper(), 8),
        (base64.urlsafe_b64decode, bare.replace("+", "-").replace("/", "_"), 4),
    ):
        try:
            found.append(decode(text + "=" * (-len(text) % group)))
        except (binascii.Error, ValueError):
            continue
    return found
