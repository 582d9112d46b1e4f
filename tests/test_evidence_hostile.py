"""Whatever lies in a folder, `verify` reports it with its file and ends with an answer."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bundles import faults, files_in, told
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.evidence import (
    additions,
    bundle_layout,
    contents,
    crate,
    custody,
    keys,
    logs,
)
from onetomany.evidence import verify as verifying
from onetomany.evidence.agreement import CRATE, CUSTODY, FIGURES, RECORD, SBOM
from onetomany.evidence.opened import Opened
from onetomany.evidence.verify import FINDINGS, verify
from payloads import CHAPTERS

pytestmark = pytest.mark.real

UNFORESEEN = "was not completed"
DOCUMENTS = (
    RECORD, FIGURES, CRATE, SBOM, CUSTODY, bundle_layout.AFTER, f"data/{crate.WORKFLOW}",
    f"data/notebooks/{CHAPTERS[0]}.ipynb",
)  # fmt: skip
TEXTS = (
    "bag-info.txt", "bagit.txt", "README.txt", "manifest-sha256.txt", "tagmanifest-sha512.txt",
    bundle_layout.SIGNED, bundle_layout.SIGNATURE, bundle_layout.PUBLIC_KEY,
    bundle_layout.REQUEST, bundle_layout.LOG_SIGNATURE,
    "seal/timestamp-1.tsr", "seal/timestamp-1-roots.pem", "seal/certificate.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def bundle_with_all(
    sealed: Path, key: Path, other_key: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A bundle with a list of figures, a time-stamp, and signed and unsigned later lines.

    The list of figures came after sealing, so that is a fault of its own.
    """
    folder = Path(shutil.copytree(sealed, tmp_path_factory.mktemp("all") / "bundle"))
    digest = contents.hash_files(folder, {"data/figures/02-1.csv": 0})["data/figures/02-1.csv"]
    figures = [{"files": {"figures/02-1.csv": digest.hashes["sha256"]}}]
    text = json.dumps({"commit": "0123456789ab", "figures": figures}, indent=1)
    (folder / FIGURES).write_text(text, encoding="utf-8")
    additions.add_files(folder, {"a.txt": b"a"}, who="A", what="added a", key=other_key)
    additions.add_files(folder, {"b.txt": b"b"}, who="B", what="added b", key=key)
    return folder


def answer(folder: Path, public: Path) -> pl.DataFrame:
    """What `verify` says; no check of it ended on something unforeseen."""
    found = verify(folder, public_key=public)
    assert found.schema == FINDINGS
    assert not found.filter(pl.col("what").str.contains(UNFORESEEN)).rows()
    return found.filter(level="fault")


def contents_for(before: bytes) -> Iterator[bytes]:
    yield from (
        b"", b"\0" * 99, b"[" * 100_000, b'{"a":' * 100_000, b"{}", b"[]", b"null", b"-1",
        b'"text"', b"NaN", b"\xff\xfe", b"9" * 5_000, b"x" * 1_000_000, b"\r\n" * 50, b"\n",
        b'{"\\ud800": "\\udfff"}', b"\xed\xa0\x80", b'{"@graph": [1]}', b'{"@graph": {}}',
        b'{"figures": [{"files": ["x"]}]}', b'[{"@id": []}]', "\u2028\x85\u202e".encode() * 9,
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
    )  # fmt: skip
    yield from (
        b"\xef\xbb\xbf" + before, before + b"\0", before.decode("latin-1").encode("utf-16"),
        before.replace(b"\n", b"\r\n") + b" ", before[: len(before) // 2], before + before,
        before.swapcase() + b"x", b" " + before,
    )  # fmt: skip


def test_whatever_a_file_holds_it_is_reported(bundle_with_all: Path, public: Path) -> None:
    rng = random.Random(15)
    for name in (*DOCUMENTS, *TEXTS):
        path = bundle_with_all / name
        before = path.read_bytes()
        for content in rng.sample(list(contents_for(before)), 6):
            path.write_bytes(content)
            assert name in set(answer(bundle_with_all, public)["file"]), (name, content[:40])
        path.write_bytes(before)


WRONG = [
    None, 0, -1, 1.5, True, "", "x", [], {}, [[]], {"a": 1}, 10**30, "../../etc/passwd", "\0",
    float("nan"), float("inf"), "\ud800", "\udcff", "a" * 100_000, ["x"] * 3,
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "\x1b[2J\u202e",
]  # fmt: skip


def nodes(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value inside a value, itself included."""
    yield at
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for name, each in inside:
        yield from nodes(each, (*at, name))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[at[0]] = put(copied[at[0]], at[1:], new)
    return copied


def mutated(name: str, text: bytes, pick: Callable[[list[Any]], Any]) -> bytes:
    """A document with a value of another type in it; a line of a log gets its digest anew."""
    lines = text.splitlines()
    number = pick(list(range(len(lines)))) if name.endswith(".jsonl") else None
    value = json.loads(text if number is None else lines[number])
    changed = put(value, pick(list(nodes(value))), pick(WRONG))
    if number is None:
        return json.dumps(changed, indent=1).encode()
    if isinstance(changed, dict) and pick([True, False]):
        rest = {key: each for key, each in changed.items() if key not in ("digest", "signature")}
        dumped = json.dumps(rest, ensure_ascii=False).encode("utf-8", "surrogatepass")
        changed["digest"] = custody.line_hash(dumped)
    lines[number] = json.dumps(changed, ensure_ascii=pick([True, False])).encode(
        "utf-8", "surrogatepass"
    )
    return b"\n".join(lines) + b"\n"


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_document_of_wrong_types_is_reported(
    bundle_with_all: Path, public: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(DOCUMENTS))
    path = bundle_with_all / name
    before = path.read_bytes()
    after = mutated(name, before, lambda options: data.draw(st.sampled_from(options)))
    try:
        path.write_bytes(after)
        assert name in set(answer(bundle_with_all, public)["file"]) or after == before
    finally:
        path.write_bytes(before)


# --- what is no file, or has no name that can be printed


def test_names_that_are_no_text_are_reported(
    copy: Path, public: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A ZIP from a Korean Windows gives such names; a terminal acts on the others."""
    at = os.fsencode(copy)
    for name in (b"data/\xc1\xa4\xba\xb8.csv", b"seal/\xff", b"\xfe\xfe", b"data/\xff/x"):
        os.makedirs(os.path.dirname(at + b"/" + name), exist_ok=True)
        Path(os.fsdecode(at + b"/" + name)).write_bytes(b"x")
    for name in ("data/a\nno fault", "seal/\x1b[2J\x1b[H", "data/\u202efdp.exe", "data/\x85"):
        (copy / name).write_bytes(b"x")
    os.symlink("/etc/passwd", at + b"/seal/\xf0")
    found = answer(copy, public)
    expected = {"data/\\xc1\\xa4\\xba\\xb8.csv", "seal/\\xff", "\\xfe\\xfe", "data/\\xff/x"}
    expected |= {"data/a\nno fault", "seal/\x1b[2J\x1b[H", "data/\u202efdp.exe", "data/\x85"}
    expected |= {"seal/\\xf0", "bag-info.txt"}  # which gives the number of files
    assert set(found["file"]) == expected
    assert main(["verify", str(copy), "--key", str(public)]) == 1
    said = capsys.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert "\nno fault" not in said
    assert "data/a\\nno fault" in said


def test_what_a_bundle_states_is_printed_on_its_line(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy / RECORD
    text = json.loads(path.read_text(encoding="utf-8"))
    text["operator"] = "x\n\x1b[2Jbundle: no fault. It is what was sealed with that key."
    path.write_text(json.dumps(text), encoding="utf-8")
    assert main(["verify", str(copy)]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\nbundle: no fault" not in said


def test_what_is_no_file_is_reported_and_not_opened(
    copy: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe would be waited for, a device read for ever."""
    for name in ("seal/certificate.md", "data/run.json", bundle_layout.AFTER, "bag-info.txt"):
        path = copy / name
        before = path.read_bytes()
        path.unlink()
        os.mkfifo(path)
        assert name in set(answer(copy, public)["file"])
        path.unlink()
        path.symlink_to("/dev/zero")
        assert name in set(answer(copy, public)["file"])
        path.unlink()
        path.mkdir()
        assert name in {file.rstrip("/") for file in answer(copy, public)["file"]}
        path.rmdir()
        path.write_bytes(before)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(copy / "seal")  # the name of a socket may have 107 bytes
        server.bind("s")
        assert set(answer(copy, public)["file"]) == {"seal/s"}


@pytest.mark.parametrize("name", ["seal", "data", "data/notebooks"])
def test_a_folder_that_is_a_link_or_a_file_is_reported(
    copy: Path, public: Path, tmp_path: Path, name: str
) -> None:
    (copy / name).rename(tmp_path / "elsewhere")
    (copy / name).symlink_to(tmp_path / "elsewhere")
    assert name in set(answer(copy, public)["file"])
    (copy / name).unlink()
    (copy / name).write_bytes(b"")
    assert name in set(answer(copy, public)["file"])


@pytest.mark.parametrize(
    "name", ["seal", "data/figures", "data/run.json", bundle_layout.AFTER, "data"]
)
def test_what_nobody_may_read_is_reported(copy: Path, public: Path, name: str) -> None:
    """An administrator could read it: that the mode forbids it to all is reported to them too."""
    (copy / name).chmod(0)
    try:
        found = answer(copy, public)
        assert name in {file.rstrip("/") for file in found["file"]}
        why = found.filter(pl.col("file").str.strip_chars_end("/") == name)["what"].to_list()
        assert any("read" in what for what in why)
        assert not any(what.startswith("missing: listed") for what in why)
    finally:
        (copy / name).chmod(0o755)
    assert told(copy, public_key=public) == set()


def test_what_goes_or_changes_while_it_is_looked_at_is_reported(
    copy: Path, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, pipe, other = "data/run.json", "data/figures/02-1.csv", "data/custody.jsonl"
    gone = "data/redactions.csv"
    listing, hashing = contents.list_files, contents.hash_readable

    def after_listing(root: Path) -> contents.Listing:
        found = listing(root)
        (root / pipe).unlink()
        os.mkfifo(root / pipe)
        (root / gone).unlink()
        return found

    def after_hashing(root: Path, files: dict[str, int]) -> Any:
        found = hashing(root, files)
        (root / name).unlink()
        (root / other).write_bytes(b"other")
        return found

    monkeypatch.setattr(contents, "list_files", after_listing)
    monkeypatch.setattr(contents, "hash_readable", after_hashing)
    found = answer(copy, public)
    what = {file: " ".join(found.filter(file=file)["what"]) for file in found["file"]}
    assert {name, pipe, other, gone} <= set(what)
    assert "changed while it was checked" in what[other]
    assert "No such file" in what[name]
    assert "No such file" in what[gone]
    assert "no longer a file" in what[pipe]


def test_a_name_too_long_and_a_folder_too_deep_are_reported(copy: Path, public: Path) -> None:
    """Deeper than a path may be long: made from inside, as an unpacked archive is."""
    before = Path.cwd()
    try:
        os.chdir(copy / "data")
        for _ in range(40):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
    finally:
        os.chdir(before)
    found = answer(copy, public)
    assert any(file.startswith("data/dddd") for file in found["file"])
    assert {file[:9] for file in found["file"]} == {"data/dddd"}


def test_a_folder_that_can_not_be_opened_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("none", "x" * 5_000, "a\0b", "\ud800"):
        with pytest.raises(InputError, match="no folder"):
            verify(tmp_path / name)
    assert main(["verify", str(tmp_path / "none")]) == 1
    assert "no folder" in capsys.readouterr().err


class Panic(BaseException):
    """As libraries in native code raise it."""


@pytest.mark.parametrize("error", [RuntimeError("odd"), Panic("\x1b odd"), MemoryError()])
def test_a_check_that_ends_on_something_unforeseen_is_a_fault(
    copy: Path, public: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fails(one: Opened) -> Any:
        raise error

    fails.__name__ = "check_seal"
    checks = [
        (file, fails if check is logs.check_seal else check) for file, check in verifying.CHECKS
    ]
    monkeypatch.setattr(verifying, "CHECKS", tuple(checks))
    found = faults(copy, public_key=public)
    assert set(found["file"]) == {bundle_layout.AFTER}
    assert f"the check of 'seal' {UNFORESEEN}" in found["what"][0]
    monkeypatch.setattr(verifying, "CHECKS", (("x", _stopped),))
    with pytest.raises(KeyboardInterrupt):
        verify(copy)


def _stopped(one: Opened) -> Any:
    raise KeyboardInterrupt


# --- keys


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def plus(one: Point, two: Point) -> Point:
    """The sum of two points of edwards25519 (RFC 8032, 5.1)."""
    (a, b), (c, d) = one, two
    product = D * a * c * b * d
    return (
        (a * d + b * c) * pow(1 + product, -1, P) % P,
        (b * d + a * c) * pow(1 - product, -1, P) % P,
    )


def on_curve(y: int) -> list[Point]:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return [(root, y), (-root % P, y)] if root * root % P == square else []


def small_order() -> set[Point]:
    """The points whose order divides 8: 8 times the order of the base point takes any there."""
    order = 2**252 + 27742317777372353535851937790883648493
    found: set[Point] = set()
    for y in range(2, 100):
        if len(found) == 8:
            break
        for point in on_curve(y):
            total, doubled = (0, 1), point
            for bit in bin(order)[:1:-1]:
                if bit == "1":
                    total = plus(total, doubled)
                doubled = plus(doubled, doubled)
            found.add(total)
    return found


def encodings(point: Point) -> Iterator[bytes]:
    """Every way to write a point in 32 bytes, the forbidden ones too."""
    x, y = point
    for written in (y, y + P):
        for sign in {x & 1, x & 1 if x else 1}:
            if written < 2**255:
                yield (written | sign << 255).to_bytes(32, "little")


def pem(raw: bytes) -> bytes:
    from base64 import b64encode

    der = bytes.fromhex("302a300506032b6570032100") + raw
    return b"-----BEGIN PUBLIC KEY-----\n" + b64encode(der) + b"\n-----END PUBLIC KEY-----\n"


def test_keys_with_which_anybody_can_sign_are_refused(copy: Path, public: Path) -> None:
    points = small_order()
    assert len(points) == 8
    for point in points:
        eighth = point
        for _ in range(3):
            eighth = plus(eighth, eighth)
        assert eighth == (0, 1)
    every = {raw for point in points for raw in encodings(point)}
    assert len(every) >= 14  # those that others list: 8 canonical ones, and 6 that are not
    for raw in every:
        with pytest.raises(InputError, match=r"small order|forbids"):
            keys._read_public(pem(raw))
    # what a forger does with one: R and S of nothing, which fit every message
    forged = (1).to_bytes(32, "little") + bytes(32)
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    identity = pem((1).to_bytes(32, "little"))
    load_pem_public_key(identity).verify(forged, b"any message")  # type: ignore[union-attr, call-arg]
    (copy / bundle_layout.PUBLIC_KEY).write_bytes(identity)
    (copy / bundle_layout.SIGNATURE).write_bytes(forged)
    (copy / bundle_layout.LOG_SIGNATURE).write_bytes(forged)
    found = faults(copy)
    assert "small order" in " ".join(found.filter(file=bundle_layout.PUBLIC_KEY)["what"])
    (copy / "weak.pem").write_bytes(identity)
    with pytest.raises(InputError, match=r"can't be used to check with: .*small order"):
        verify(copy, public_key=copy / "weak.pem")


@pytest.mark.parametrize("y", [P, P + 3, P + 18, 2**255 - 1])
def test_keys_written_in_a_way_that_the_standard_forbids_are_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(InputError, match=r"forbids|small order"):
            keys._read_public(pem((y | sign << 255).to_bytes(32, "little")))


def test_a_second_signature_can_not_be_made_of_a_first(copy: Path, key: Path, public: Path) -> None:
    """S + L fits the same equation: RFC 8032 has it refused, and so has the library."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = (copy / bundle_layout.SIGNATURE).read_bytes()
    s = int.from_bytes(signature[32:], "little")
    again = signature[:32] + (s + order).to_bytes(32, "little")
    signed = (copy / bundle_layout.SIGNED).read_bytes()
    assert keys.signature_fits(public.read_bytes(), signature, signed)
    for wrong in (again, signature[:-1], signature + b"\0", b"", bytes(64)):
        assert not keys.signature_fits(public.read_bytes(), wrong, signed)
    (copy / bundle_layout.SIGNATURE).write_bytes(again)
    assert bundle_layout.SIGNATURE in told(copy, public_key=public)


def test_json_of_very_many_values_is_not_read(copy: Path, public: Path) -> None:
    """Ten megabytes of them would take a gigabyte of memory."""
    (copy / RECORD).write_bytes(b"[" + b"{}," * 2_500_000 + b"{}]")
    found = answer(copy, public)
    assert "lists and objects" in " ".join(found.filter(file=RECORD)["what"])


def test_every_file_is_named_when_all_are_replaced(copy: Path, public: Path) -> None:
    names = set(files_in(copy))
    for name in names:
        (copy / name).write_bytes(b"[" * 70_000)
    # nothing is left that names the certificate and the time-stamp's roots
    rest = {"seal/certificate.md", "seal/certificate.pdf", "seal/timestamp-1-roots.pem"}
    assert set(answer(copy, public)["file"]) >= {*DOCUMENTS, *TEXTS} & names - rest
