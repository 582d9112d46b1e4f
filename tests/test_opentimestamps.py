"""OpenTimestamps proofs: read as the format says, for this bundle or another, never checked."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundles import faults, told
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.evidence import bundle_layout, contents
from onetomany.evidence.opened import Opened
from onetomany.evidence.opentimestamps import (
    MAGIC,
    SIZE,
    _read_proof,
    add_proof,
    check_opentimestamps,
    describe_proof,
)
from onetomany.evidence.verify import verify
from payloads import OPERATOR

pytestmark = pytest.mark.real

DIGEST = hashlib.sha256(b"a tag manifest").digest()
BITCOIN, PENDING = bytes.fromhex("0588960d73d71901"), bytes.fromhex("83dfe30d2ef90c8e")
LITECOIN = bytes.fromhex("06869a0d73d71b45")
SHA256, APPEND, PREPEND, FORK = b"\x08", b"\xf0", b"\xf1", b"\xff"


# --- a writer of the format, beside the reader that is tested


def number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def counted(content: bytes) -> bytes:
    return number(len(content)) + content


def attested(kind: bytes, payload: bytes) -> bytes:
    return b"\0" + kind + counted(payload)


def bitcoin(height: int) -> bytes:
    return attested(BITCOIN, number(height))


def pending(address: str) -> bytes:
    return attested(PENDING, counted(address.encode()))


def proof(stamp: bytes, digest: bytes = DIGEST) -> bytes:
    return MAGIC + number(1) + SHA256 + digest + stamp


def upgraded(digest: bytes = DIGEST) -> tuple[bytes, bytes]:
    """A proof as calendars give it: one branch pending, one led to a block; and the root."""
    nonce, sibling = b"\x01" * 16, b"\x02" * 32
    joined = hashlib.sha256(digest + nonce).digest()
    # as in Bitcoin's own tree: twice SHA-256 over both halves
    root = hashlib.sha256(hashlib.sha256(sibling + joined).digest()).digest()
    block = PREPEND + counted(sibling) + SHA256 + SHA256 + bitcoin(358_391)
    branch = FORK + pending("https://calendar.example.org") + block
    return proof(APPEND + counted(nonce) + SHA256 + branch, digest), root


def test_a_proof_gives_the_root_that_its_block_must_have() -> None:
    content, root = upgraded()
    found = _read_proof(content)
    assert found.digest == DIGEST.hex()
    assert found.blocks == [(358_391, root[::-1].hex())]
    assert found.pending == ["https://calendar.example.org"]
    said = describe_proof(found)
    assert "Bitcoin block 358,391" in said
    assert root[::-1].hex() in said
    assert "1 pending" in said


def test_forks_other_kinds_and_hashes_that_are_not_calculated() -> None:
    stamp = FORK + pending("https://a") + FORK + pending("https://b")
    stamp += FORK + attested(LITECOIN, number(5)) + b"\x03" + SHA256 + bitcoin(7)
    found = _read_proof(proof(stamp))
    assert (found.pending, found.other, found.blocks) == (["https://a", "https://b"], 1, [(7, "")])
    # reversed and written in hexadecimal: no root of 32 bytes, so none is given
    assert _read_proof(proof(b"\xf2\xf3" + bitcoin(7))).blocks == [(7, "")]
    assert _read_proof(proof(b"\xf2" + bitcoin(7))).blocks == [(7, DIGEST.hex())]
    found = _read_proof(proof(pending("https://\u202e\x1b[2J.org")))
    assert describe_proof(found).isprintable()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "cut off"),
        (b"x" * 100, "does not begin"),
        (MAGIC + number(2) + SHA256 + DIGEST + bitcoin(1), "version 1"),
        (MAGIC + number(1) + b"\x02" + DIGEST[:20] + bitcoin(1), "version 1"),
        (proof(b""), "cut off"),
        (proof(bitcoin(1))[:-1], "cut off"),
        (proof(bitcoin(1)) + b"\0", "more follows"),
        (proof(b"\x77" + bitcoin(1)), "does not exist"),
        (proof(APPEND + counted(b"") + bitcoin(1)), "empty or too long"),
        (proof(APPEND + counted(b"x" * 4097) + bitcoin(1)), "too long"),
        (proof(APPEND + counted(b"x" * 4090) + bitcoin(1)), "too long"),
        (proof(b"\xf3" * 8 + bitcoin(1)), "too long"),
        (proof(attested(BITCOIN, number(1) + b"x")), "more than it should"),
        (proof(attested(BITCOIN, b"\xff" * 12)), "too large"),
        (proof(attested(BITCOIN, b"")), "cut off"),
        (proof(attested(PENDING, number(2000))), "too long"),
        (proof(SHA256 * 300 + bitcoin(1)), "too deep"),
        (proof(b"\xff" * 5000), "does not exist"),
        (proof((FORK + bitcoin(1)) * 9000 + bitcoin(1)), "too large"),
    ],
)
def test_what_is_no_proof_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why):
        _read_proof(content)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_proofs_are_refused_or_read(data: st.DataObject) -> None:
    content = bytearray(upgraded()[0])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(InputError):
        assert describe_proof(_read_proof(bytes(content))).isprintable()


def test_a_large_proof_is_read_in_no_time() -> None:
    many = proof((FORK + bitcoin(1)) * 8000 + bitcoin(1))
    assert len(many) <= SIZE
    assert len(_read_proof(many).blocks) == 8001


# --- in a bundle


def test_a_proof_is_carried_and_reported(
    plain: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(plain, tmp_path / "bundle"))
    digest = hashlib.sha256((copy / bundle_layout.SIGNED).read_bytes()).digest()
    path = tmp_path / "tagmanifest-sha256.txt.ots"
    command = ["timestamp", str(copy), str(path), "--operator", OPERATOR, "--key", str(key)]
    path.write_bytes(upgraded()[0])
    assert main(command) == 1
    assert "for another file" in capsys.readouterr().err
    path.write_bytes(proof(pending("https://a.example.org"), digest))
    assert main(command) == 0
    assert "not checked" in capsys.readouterr().out
    path.write_bytes(upgraded(digest)[0])
    assert add_proof(copy, path, who=OPERATOR, key=key).blocks
    assert faults(copy).height == 0
    notes = dict(verify(copy).filter(level="note").select("file", "what").iter_rows())
    assert "1 pending, promised by https://a.example.org" in notes["seal/timestamp-1.ots"]
    assert "Bitcoin block 358,391" in notes["seal/timestamp-2.ots"]
    assert "not checked" in notes["seal/timestamp-2.ots"]
    # a changed one is told as any file is, and one of another bundle by what it says
    (copy / "seal/timestamp-1.ots").write_bytes(upgraded()[0])
    assert told(copy) == {"seal/timestamp-1.ots"}
    files = contents.hash_files(copy, contents.list_files(copy).files)
    found = {each.file: each for each in check_opentimestamps(Opened(copy, None, None, files))}
    assert found["seal/timestamp-1.ots"].level == "fault"
    assert "for another file" in found["seal/timestamp-1.ots"].what
    assert found["seal/timestamp-2.ots"].level == "note"


def test_an_answer_of_an_authority_needs_its_roots(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tsr").write_bytes(b"x")
    assert main(["timestamp", str(plain), str(tmp_path / "a.tsr"), "--operator", OPERATOR]) == 1
    assert "root certificates with --roots" in capsys.readouterr().err
