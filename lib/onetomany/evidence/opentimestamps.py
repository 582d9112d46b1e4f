"""OpenTimestamps proofs: carried in a bundle and reported, neither made nor checked.

A proof leads from the hash of a file by hashing and joining to the Merkle root of a Bitcoin block,
or to a calendar's promise of one. The kit reads the documented form, says which file it is for and
to which block it leads, and calculates the root that this block must have. Whether the block has it
only a Bitcoin node, or the program `ots`, can say: nothing is fetched.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from onetomany.errors import InputError, reason_of
from onetomany.printing import shortened
from onetomany.sources.files import sha256_of
from . import additions
from .bundle_layout import SEAL, SIGNED
from .opened import ASK, BundleFinding, Opened

SUFFIX = ".ots"
MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
SIZE, DEPTH, MESSAGE, PAYLOAD = 100_000, 256, 4096, 8192  # limits of the reference implementation
_SHA256 = 0x08
_HASHES = {0x02: "sha1", 0x03: "ripemd160", 0x08: "sha256", 0x67: "keccak256"}
_APPEND, _PREPEND, _REVERSE, _HEXLIFY, _FORK, _ATTESTATION = 0xF0, 0xF1, 0xF2, 0xF3, 0xFF, 0x00
_BITCOIN, _PENDING = bytes.fromhex("0588960d73d71901"), bytes.fromhex("83dfe30d2ef90c8e")


@dataclass
class Proof:
    """A proof's content: its SHA-256, the blocks it leads to, the calendars that promise one."""

    digest: str
    blocks: list[tuple[int, str]] = field(default_factory=list)  # height, Merkle root ("": unknown)
    pending: list[str] = field(default_factory=list)  # addresses of calendars
    other: int = 0  # attestations of kinds that the kit doesn't know


def _read_proof(content: bytes) -> Proof:
    """Read a proof (version 1, of a file's SHA-256). Raises InputError if it is none."""
    if len(content) > SIZE:
        raise InputError("it is too large to be an OpenTimestamps proof")
    reader = _Reader(content)
    try:
        if reader.take(len(MAGIC)) != MAGIC:
            raise InputError("it does not begin as an OpenTimestamps proof does")
        if reader.number() != 1 or reader.byte() != _SHA256:
            raise InputError("it is not a proof of version 1 for a SHA-256")
        digest = reader.take(32)
        proof = Proof(digest.hex())
        reader.timestamp(digest, proof)
    except IndexError:
        raise InputError("it is cut off") from None
    if reader.place != len(content):
        raise InputError("more follows after its end")
    return proof


def add_proof(bundle: Path, path: Path, *, who: str, key: Path | None) -> Proof:
    """Add a proof to a bundle, if it is for its tag manifest; return its content.

    Raises InputError if it is for another file, or is not a proof.
    """
    try:
        content = path.read_bytes()
        proof = _read_proof(content)
        if proof.digest != sha256_of(bundle / SIGNED):
            raise InputError(f"it is for another file than this bundle's {SIGNED}")
    except (OSError, InputError) as error:
        raise InputError(f"The proof {path} was not added: {reason_of(error)}.") from error
    name = f"timestamp-{additions.next_number(bundle, 'timestamp')}{SUFFIX}"
    what = f"added an OpenTimestamps proof: {describe_proof(proof)}"
    additions.add_files(bundle, {name: content}, who=who, what=what, key=key)
    return proof


def describe_proof(proof: Proof) -> str:
    """Return in words the blocks and calendars that a proof leads to."""
    parts = [
        f"Bitcoin block {height:,}" + (f" (its Merkle root must be {root})" if root else "")
        for height, root in proof.blocks
    ]
    if proof.pending:
        calendars = ", ".join(shortened(each) for each in dict.fromkeys(proof.pending[:5]))
        parts.append(f"{len(proof.pending)} pending, promised by {calendars}")
    if proof.other:
        parts.append(f"{proof.other} of a kind that this kit does not know")
    return "; ".join(parts)


def check_opentimestamps(one: Opened) -> list[BundleFinding]:
    """Report each OpenTimestamps proof in a bundle, and whether it is for this tag manifest."""
    found = []
    signed = one.files.get(SIGNED)
    for path in one.files:
        if not (path.startswith(f"{SEAL}/") and path.lower().endswith(SUFFIX)):
            continue
        try:
            proof = _read_proof(one.read(path) or b"")
            if signed is None or proof.digest != signed.hashes["sha256"]:
                raise InputError(f"it is for another file than this {SIGNED}")
        except InputError as error:
            found.append(BundleFinding(path, f"the proof is not valid: {error}", ASK))
            continue
        what = f"OpenTimestamps proof, not checked: it leads to {describe_proof(proof)}"
        todo = (
            f"check it by a Bitcoin node: 'ots verify -f {SIGNED} {path}'; nothing is fetched here"
        )
        found.append(BundleFinding(path, what, todo, level="note"))
    return found


class _Reader:
    """Reads a proof from the front; IndexError past its end."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def take(self, count: int) -> bytes:
        if self.place + count > len(self.content):
            raise IndexError
        self.place += count
        return self.content[self.place - count : self.place]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Read a whole number, seven bits a byte, the lowest first."""
        value = shift = 0
        while (part := self.byte()) & 0x80:
            value |= (part & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise InputError("a number in it is too large")
        return value | part << shift

    def counted(self, limit: int) -> bytes:
        length = self.number()
        if length > limit:
            raise InputError("a part of it is too long")
        return self.take(length)

    def timestamp(self, message: bytes | None, proof: Proof, depth: int = 0) -> None:
        """Read the attestations and operations that follow a message."""
        if depth > DEPTH:
            raise InputError("its operations are nested too deep")
        fork = True
        while fork:
            tag = self.byte()
            fork = tag == _FORK
            tag = self.byte() if fork else tag
            if tag == _ATTESTATION:
                self.attestation(message, proof)
            else:
                self.timestamp(self.operation(tag, message), proof, depth + 1)

    def attestation(self, message: bytes | None, proof: Proof) -> None:
        kind, inner = self.take(8), _Reader(self.counted(PAYLOAD))
        if kind == _BITCOIN:
            # a block's hashes are written from the end
            root = message[::-1].hex() if message is not None and len(message) == 32 else ""
            proof.blocks.append((inner.number(), root))
        elif kind == _PENDING:
            proof.pending.append(inner.counted(1000).decode("ascii", "replace"))
        else:
            proof.other += 1
            return
        if inner.place != len(inner.content):
            raise InputError("an attestation in it has more than it should")

    def operation(self, tag: int, message: bytes | None) -> bytes | None:
        """Return the result of an operation; None if this kit can't calculate it."""
        if tag in (_APPEND, _PREPEND):
            more = self.counted(MESSAGE)
            if message is None:
                return None
            joined = message + more if tag == _APPEND else more + message
            if not more or len(joined) > MESSAGE:
                raise InputError("a message in it is empty or too long")
            return joined
        if tag not in (*_HASHES, _REVERSE, _HEXLIFY):
            raise InputError(f"it has an operation ({tag:#x}) that does not exist")
        if message is None:
            return None
        plain: dict[int, Callable[[bytes], bytes]] = {
            0x02: lambda given: hashlib.sha1(given, usedforsecurity=False).digest(),
            0x08: lambda given: hashlib.sha256(given).digest(),
            _REVERSE: lambda given: given[::-1],
            _HEXLIFY: lambda given: given.hex().encode(),
        }
        result = plain[tag](message) if tag in plain else None
        if result is not None and len(result) > MESSAGE:
            raise InputError("a message in it is too long")
        return result
