"""PAdES signatures on the exhibit and the completed certificate: made, kept apart, reported."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from bundles import ROOT, told
from onetomany.cli import evidence as commands
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.evidence import bundle, contents, pades, signed_pdf
from onetomany.evidence.opened import Opened
from onetomany.evidence.pades import (
    add_certificate,
    check_pdf_signatures,
    names_bundle,
    sign,
    standards,
)
from onetomany.evidence.signed_pdf import read_pdf_signatures
from onetomany.evidence.typesetting import Document, heading, pair
from onetomany.evidence.verify import verify
from payloads import CREATED, OPERATOR, record

pytestmark = pytest.mark.real

PASSPHRASE = "a passphrase"
DONE = "seal/certificate-completed-1.pdf"


def issue(
    name: str, key: object, by: tuple[x509.Certificate, object] | None, **usage: bool
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    flags = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
             "decipher_only")  # fmt: skip
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{each: usage.get(each, False) for each in flags}), True)
        # whoever looked these up would tell the world who reads which exhibit
        .add_extension(
            x509.AuthorityInformationAccess([
                x509.AccessDescription(x509.AuthorityInformationAccessOID.OCSP,
                                       x509.UniformResourceIdentifier("http://127.0.0.1:9/ocsp")),
                x509.AccessDescription(x509.AuthorityInformationAccessOID.CA_ISSUERS,
                                       x509.UniformResourceIdentifier("http://127.0.0.1:9/ca")),
            ]), critical=False)
    )  # fmt: skip
    return made.sign(by[1] if by else key, hashes.SHA256())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """lawyer.p12 under root.pem, other.p12 under nobody."""
    base = tmp_path_factory.mktemp("pdf-keys")
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = issue("Test root", root_key, None, key_cert_sign=True)
    (base / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    lawyer = issue("Kim Lawyer", key, (root, root_key), content_commitment=True)
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    packed = pkcs12.serialize_key_and_certificates(b"k", key, lawyer, [root], lock)
    (base / "lawyer.p12").write_bytes(packed)
    (base / "lawyer.der").write_bytes(lawyer.public_bytes(Encoding.DER))
    alone = issue("Nobody\u202e\x1b", root_key, None, digital_signature=True)
    packed = pkcs12.serialize_key_and_certificates(b"k", root_key, alone, None, lock)
    (base / "other.p12").write_bytes(packed)
    return base


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pades.PASSPHRASE, PASSPHRASE)


@pytest.fixture(scope="module")
def page() -> bytes:
    parts = [heading(1, "Result", "결과"), pair("One of forty.", "마흔 가운데 하나.")]
    return Document("A", "가", [], parts).pdf("x", CREATED.date())


@pytest.fixture(scope="module")
def signed(page: bytes, folder: Path) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(pades.PASSPHRASE, PASSPHRASE)
        return sign(page, folder / "lawyer.p12")


# --- making


def test_a_signature_is_added_and_nothing_else_changes(page: bytes, signed: bytes) -> None:
    assert signed.startswith(page)
    assert standards(signed) == standards(page)
    assert {"pdfaid:part 2", "pdfaid:conformance A", "pdfuaid:part 1", "tags"} <= standards(page)
    more = signed[len(page) :]
    assert b"xpacket" not in more  # the metadata stays as it was written
    assert b"/Version" not in more  # PDF/A-2 knows no 2.0
    assert b"/SubFilter /ETSI.CAdES.detached" in more.replace(b"#2e", b".").replace(b"#2E", b".")
    assert b"/Rect [ 0 0 0 0 ]" in more  # no stamp: it hides nothing, and needs no tag
    assert b"/F 132" in more  # printed, as PDF/A asks of what it has


def test_what_would_lose_its_standards_is_not_signed(
    page: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pades, "standards", lambda given: set() if given != page else {"tags"})
    with pytest.raises(InputError, match="signing would lose tags"):
        sign(page, folder / "lawyer.p12")


def test_a_key_that_can_not_be_opened(
    page: bytes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.p12").write_bytes(b"x")
    for path in (tmp_path / "none.p12", folder / "root.pem"):
        with pytest.raises(InputError, match=pades.PASSPHRASE):
            sign(page, path)
    with pytest.raises(InputError, match="No such file"):
        sign(page, tmp_path / "missing.p12")
    monkeypatch.setenv(pades.PASSPHRASE, "wrong")
    with pytest.raises(InputError, match=pades.PASSPHRASE):
        sign(page, folder / "lawyer.p12")
    monkeypatch.setenv(pades.PASSPHRASE, PASSPHRASE)
    with pytest.raises(InputError, match="can't be signed"):
        sign(b"%PDF-1.7\nnothing", folder / "lawyer.p12")


# --- reading


def test_a_signature_is_read_as_another_tool_reads_it(
    signed: bytes, folder: Path, tmp_path: Path
) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig is not installed (Debian: poppler-utils, libnss3-tools)")
    found = read_pdf_signatures(signed, None)[0]
    (tmp_path / "signed.pdf").write_bytes(signed)
    said = subprocess.run(
        ["pdfsig", "signed.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "CN=Kim Lawyer" in said
    der = (folder / "lawyer.der").read_bytes()
    mark = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout
    assert found.mark == mark.split()[0].decode()
    assert found.whole
    assert not found.fault
    assert "Kim Lawyer" in found.signer
    # and one that was changed: both see it
    broken = bytearray(signed)
    broken[signed.index(b"/Lang")] ^= 0
    broken[len(signed) // 3] ^= 1
    (tmp_path / "signed.pdf").write_bytes(broken)
    said = subprocess.run(
        ["pdfsig", "signed.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout
    assert "Signature is Valid" not in said
    assert read_pdf_signatures(bytes(broken), None)[0].fault


def test_trust_is_the_readers(signed: bytes, folder: Path, page: bytes) -> None:
    root = (folder / "root.pem").read_bytes()
    assert [each.trusted for each in read_pdf_signatures(signed, root)] == [True]
    assert [each.trusted for each in read_pdf_signatures(signed, None)] == [False]
    other = read_pdf_signatures(sign(page, folder / "other.p12"), root)[0]
    assert (other.trusted, other.fault) == (False, "")
    assert other.signer.isprintable()


def test_a_second_signature_leaves_the_first(signed: bytes, folder: Path) -> None:
    first, second = read_pdf_signatures(sign(signed, folder / "other.p12"), None)
    assert (first.whole, second.whole) == (False, True)
    assert not first.fault
    assert "earlier state" in first.covers


def test_what_is_not_signed_starts_no_process(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert read_pdf_signatures(page, None) == []


def test_nothing_is_fetched_for_a_signature(signed: bytes, tmp_path: Path) -> None:
    """The certificate names an OCSP responder and its issuer's address; see `issue`."""
    watch = (
        "import sys\nseen = []\n"
        "def note(event, args):\n"
        "    if event.startswith(('socket.connect', 'socket.getaddrinfo', 'socket.sendto')):\n"
        "        seen.append(event)\n"
        "sys.addaudithook(note)\n"
        "from onetomany.evidence import signed_pdf\n"
        "code = signed_pdf.main()\nprint(seen, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", watch], input=b"0\n" + signed, capture_output=True, check=True
    )
    assert done.stderr.decode().splitlines()[-1] == "[]"
    assert len(json.loads(done.stdout)["signatures"]) == 1


ATTEMPTS = (
    "import socket; socket.create_connection(('127.0.0.1', 9), 1)",
    "import socket; socket.getaddrinfo('example.org', 80)",
    "import subprocess; subprocess.run(['true'])",
    "import os; os.system('true')",
    "import os; os.fork()",
    "open('new', 'w')",
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
)


def test_the_reader_reaches_nothing(tmp_path: Path) -> None:
    source = (
        "from onetomany.evidence import signed_pdf\nsigned_pdf._restrict_reader()\n"
        f"for attempt in {ATTEMPTS!r}:\n"
        "    try:\n        exec(attempt)\n        print('done', attempt)\n"
        "    except PermissionError as error:\n        print(str(error)[:12])\n"
    )
    command = [sys.executable, "-c", source]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["it asked for"] * len(ATTEMPTS), done.stderr
    assert list(tmp_path.iterdir()) == []


def bomb(size: int) -> bytes:
    """A PDF of a few KB whose cross-reference stream is `size` bytes when it is unpacked."""
    import zlib

    packed = zlib.compress(bytes(size), 9)
    head = b"%PDF-1.7\n"
    stream = b"1 0 obj\n<</Type/XRef/W[1 2 1]/Size %d/Root 1 0 R/Filter/FlateDecode/Length %d>>" % (
        size // 4, len(packed))  # fmt: skip
    return (
        head + stream + b"\nstream\n" + packed + b"\nendstream\nendobj\n"
        b"%% /ByteRange\nstartxref\n%d\n%%%%EOF" % len(head)
    )


def test_a_hostile_pdf_ends_in_a_sentence(signed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    start = time.monotonic()
    hostile = {
        "memory": bomb(300 << 20),
        "depth": b"%PDF-1.7 /ByteRange\n" + b"1 0 obj\n" + b"[" * 200_000,
        "loop": b"%PDF-1.7 /ByteRange\nxref\n0 0\ntrailer\n<</Prev 20/Root 1 0 R>>\n"
        b"startxref\n20\n%%EOF",
        "cut": signed[: len(signed) - 300],
        "name": b"%PDF-1.7 /#42yteRange",
    }
    for name, content in hostile.items():
        with pytest.raises(InputError) as refused:
            read_pdf_signatures(content, None)
        assert str(refused.value).isprintable(), name
    assert time.monotonic() - start < 60
    monkeypatch.setattr(signed_pdf, "SECONDS", 0.01)
    with pytest.raises(InputError, match=r"0\.01 seconds"):
        read_pdf_signatures(signed, None)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_never_end_in_a_traceback(signed: bytes, seed: int) -> None:
    """Bytes changed at random in the signature, its dictionary and the table at the end.

    Some of them are filling that no signature covers, so it may still hold.
    """
    import random

    rng = random.Random(seed)
    content = bytearray(signed)
    tail = signed.rindex(b"/ByteRange")
    for _ in range(rng.choice((1, 5, 40))):
        content[rng.randrange(tail - 300, len(content))] = rng.randrange(256)
    refused: list[str] = []
    found: list[signed_pdf.Signature] = []
    try:
        found = read_pdf_signatures(bytes(content), None)
    except InputError as error:
        refused = [str(error)]
    assert len(refused) + len(found) == 1
    assert all(each.isprintable() for each in [*refused, *(each.fault for each in found)])


# --- in a bundle


@pytest.fixture(scope="module")
def draft(plain: Path) -> bytes:
    return (plain / "seal/certificate.pdf").read_bytes()


@pytest.fixture
def copied(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "bundle"))


def test_a_completed_certificate_is_added_signed(
    copied: Path, draft: bytes, key: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path = copied.parent
    (tmp_path / "completed.pdf").write_bytes(draft)
    command = ["certify", str(copied), str(tmp_path / "completed.pdf"), "--key", str(key)]
    command += ["--operator", OPERATOR]
    assert main(command) == 1
    assert "has no signature" in capsys.readouterr().err
    assert main([*command, "--pdf-key", str(folder / "lawyer.p12")]) == 0
    said = capsys.readouterr().out
    assert f"added {DONE}" in said
    assert "Note" not in said  # the draft gives the bundle's number
    # one that was signed elsewhere is taken as it is
    (tmp_path / "completed.pdf").write_bytes(sign(draft, folder / "other.p12"))
    assert main(command) == 0
    found = verify(copied, roots=folder / "root.pem")
    assert found.filter(level="fault").height == 0
    notes = dict(found.filter(level="note").select("file", "what").iter_rows())
    assert "Kim Lawyer" in notes[DONE]
    assert "is intact and covers the whole file" in notes[DONE]
    assert "chains to a root that you gave" in notes[DONE]
    assert "Nobody" in notes[DONE.replace("-1", "-2")]
    assert "does not chain" in notes[DONE.replace("-1", "-2")]


def test_a_certificate_of_something_else_is_noted(plain: Path, page: bytes, draft: bytes) -> None:
    assert names_bundle(draft, plain)
    assert not names_bundle(page, plain)
    assert not names_bundle(b"%PDF nothing", plain)


def test_what_is_no_signed_pdf_is_not_added(
    copied: Path, signed: bytes, key: Path, tmp_path: Path
) -> None:
    path = tmp_path / "completed.pdf"
    before = {each.name for each in (copied / "seal").iterdir()}
    broken = bytearray(signed)
    broken[len(signed) // 3] ^= 1
    for content, why in ((bytes(broken), "is not valid"), (b"text", "is not a PDF")):
        path.write_bytes(content)
        with pytest.raises(InputError, match=why):
            add_certificate(copied, path, pdf_key=None, key=key, who=OPERATOR)
    with pytest.raises(InputError, match="No such file"):
        add_certificate(copied, tmp_path / "none.pdf", pdf_key=None, key=key, who=OPERATOR)
    assert {each.name for each in (copied / "seal").iterdir()} == before


def test_a_broken_signature_is_a_fault_and_a_changed_one_names_the_file(
    copied: Path, signed: bytes, key: Path, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "completed.pdf"
    path.write_bytes(signed)
    add_certificate(copied, path, pdf_key=None, key=key, who=OPERATOR)
    broken = bytearray(signed)
    broken[len(signed) // 3] ^= 1
    (copied / DONE).write_bytes(broken)
    assert DONE in told(copied)
    files = contents.hash_files(copied, contents.list_files(copied).files)
    found = check_pdf_signatures(Opened(copied, None, None, files))
    assert [(each.file, each.level) for each in found] == [(DONE, "fault")]
    assert "is not valid" in found[0].what


def test_too_many_or_too_large_files_are_said_to_be_unchecked(
    tmp_path: Path, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / f"{name}.PDF").write_bytes(signed)
    monkeypatch.setattr(pades, "MOST", 1)
    files = contents.hash_files(tmp_path, contents.list_files(tmp_path).files)
    found = check_pdf_signatures(Opened(tmp_path, None, None, files))
    assert ["not checked" in each.what for each in found] == [False, True]
    monkeypatch.setattr(pades, "MAX_TEXT", 10)
    found = check_pdf_signatures(Opened(tmp_path, None, None, files))
    assert ["not checked" in each.what for each in found] == [True, True]


def test_the_exhibit_is_signed_before_it_is_sealed(
    payload: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """By the command itself, with a payload that is there already in place of a run."""
    from onetomany.evidence import exhibit

    class Made:
        redactions, left_out = verify(tmp_path).head(0).select("file", "what", "line"), ()

        def record(self, **_: object) -> object:
            return record()

    def build(_: Path, out: Path, *__: object, **___: object) -> Made:
        shutil.copytree(payload / "exhibits", out / "exhibits")
        return Made()

    sealed: list[list[signed_pdf.Signature]] = []

    def seal(made: Path, out: Path, *_: object, **__: object) -> Path:
        sealed.append(read_pdf_signatures((made / "exhibits/exhibit.pdf").read_bytes(), None))
        return out

    monkeypatch.setattr(exhibit, "build_payload", build)
    monkeypatch.setattr(bundle, "seal", seal)
    command = ["exhibit", "--operator", OPERATOR, "--out", str(tmp_path / "bundle")]
    assert main([*command, "--pdf-key", str(folder / "root.pem")]) == 1  # before anything runs
    assert sealed == []
    assert main([*command, "--pdf-key", str(folder / "lawyer.p12")]) == 0
    said = capsys.readouterr().out
    assert "pdfaid:part 2" in said
    assert "signing time" in said
    assert [(each.whole, each.fault) for each in sealed[0]] == [(True, "")]
    assert commands._without_folders("/home/kim/lawyer.p12") == "lawyer.p12"


def test_the_documentation_names_the_variable() -> None:
    assert pades.PASSPHRASE in (ROOT / "docs/evidence.md").read_text("utf-8")
