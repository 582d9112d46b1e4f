"""Archives, mailboxes, passwords and names: what is in them are documents, within the budgets."""

from __future__ import annotations

import binascii
import io
import os
import random
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import msoffcrypto
import pytest
from msoffcrypto.format.ooxml import OOXMLFile

import office_specimens as made
import specimens
from onetomany.cli import main
from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest
from onetomany.documents.workers import Reader, given_passwords
from onetomany.errors import InputError
from onetomany.formats.kinds import extract, media_type
from onetomany.formats.member_names import decoded_names
from onetomany.formats.reading import Limits, Reading, Refused
from specimens import KOREAN

pytestmark = pytest.mark.real

WORD = "비밀-Secret-7"


def read(
    content: bytes, name: str = "x", passwords: tuple[str, ...] = (), **limits: int
) -> Reading:
    reading = Reading(Limits(**limits))
    reading.passwords = passwords
    extract(content, name, reading)
    reading.finish()
    return reading


def notes(reading: Reading) -> str:
    return "\n".join(reading.columns.get("notes", {"text": []})["text"])


# the cage


def test_every_new_kind_is_read_in_the_cage_and_damage_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "members").mkdir()
    reader = Reader(tmp_path / "members")
    rng = random.Random(17)
    try:
        for kind, maker in made.MORE.items():
            content = maker()
            path = tmp_path / f"a.{kind}"
            path.write_bytes(content)
            answer = reader.read(path, path.name, Limits())
            assert answer.content["facts"]["status"] == "read", kind
            texts = "".join(answer.content["columns"]["pages"]["text"])
            assert KOREAN in texts or answer.members, kind
            for _ in range(4):
                damaged = bytearray(content)
                for _ in range(8):
                    damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
                path.write_bytes(damaged)
                answer = reader.read(path, path.name, Limits(memory=1 << 30, seconds=20))
                facts = answer.content.get("facts", {})
                assert answer.why or facts["status"] == "read" or facts["error"], kind
        held = reader.isolation
    finally:
        reader.stop()
    assert sys.platform != "linux" or (held["landlock"] and held["seccomp"])


# archives


@pytest.mark.parametrize("make", [made.tar, made.seven, made.rar])
def test_members_of_other_archives_are_documents(make) -> None:
    members = {"속/안.txt": KOREAN.encode(), "b.bin": bytes(300)}
    reading = read(make(members))
    assert reading.members == [*members.items()]


@pytest.mark.parametrize("make", [made.tar, made.seven, made.rar])
def test_dangerous_names_are_refused_and_told(make) -> None:
    reading = read(make({"../out.txt": b"x", "in.txt": b"y"}))
    assert [name for name, _ in reading.members] == ["in.txt"]
    assert "leads out of the archive" in notes(reading)


@pytest.mark.parametrize("make", [made.tar, made.seven, made.rar])
def test_an_archive_that_breaks_off_says_so(make) -> None:
    content = make({"a.txt": b"a" * 500, "b.txt": bytes(range(256)) * 40})
    for end in (len(content) // 2, len(content) - 60):
        reading, why = Reading(), ""
        try:
            extract(content[:end], "x", reading)
        except Refused as refused:
            why = str(refused)
        reading.finish()
        assert "breaks off" in notes(reading) or re.search("read on|None of|unpacked", why)


@pytest.mark.parametrize("make", [made.tar, made.seven, made.rar])
def test_budgets_of_members_hold_for_every_archive(make) -> None:
    content = make({f"{n}.txt": b"x" * 500 for n in range(20)})
    with pytest.raises(Refused, match="more than 5 files"):
        read(content, members=5)
    with pytest.raises(Refused, match="limit for this file is reached"):
        read(content, kept=3000)
    with pytest.raises(Refused, match="expand"):
        read(content, expanded=5000)


def test_one_packed_file_is_a_document_within() -> None:
    import bz2
    import gzip
    import lzma

    for pack in (gzip.compress, bz2.compress, lzma.compress):
        reading = read(pack(KOREAN.encode()))
        assert reading.members == [("unpacked", KOREAN.encode())]
    with pytest.raises(Refused, match="expands too far"):
        read(gzip.compress(bytes(1 << 24)), ratio=2)


def test_a_pdf_within_an_archive_or_old_document_makes_it_no_pdf() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("first.pdf", specimens.pdf())
    assert media_type(held.getvalue(), "a") == "application/zip"
    old = specimens.compound({"CONTENTS": specimens.pdf(), "WordDocument": b"x" * 5000})
    assert media_type(old, "a") == "application/msword"


@pytest.mark.parametrize(
    ("codec", "name", "told"),
    [
        ("cp949", "회의록/붙임 1.txt", "CP949"),
        ("gbk", "会议记录.txt", "GBK"),
        ("gbk", "合同.pdf", "GBK"),
        ("cp932", "報告書.txt", "Shift-JIS"),
        ("cp932", "テスト.txt", "Shift-JIS"),
        ("cp437", "Bücher.txt", "CP437"),
        ("cp949", "별지 제1호서식.hwp", "CP949"),
    ],
)
def test_names_in_archives_are_read_by_the_encoding_that_fits(
    codec: str, name: str, told: str
) -> None:
    raw = name.encode(codec)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("x" * len(raw), b"content")
    # zipfile writes no such names itself
    content = held.getvalue().replace(b"x" * len(raw), raw)
    reading = read(content)
    assert reading.members == [(name, b"content")]
    assert f"read as {told}" in notes(reading)
    assert decoded_names([b"plain.txt"]) == (["plain.txt"], "")


# mailboxes


def test_mails_of_a_mailbox_are_documents() -> None:
    reading = read(made.mailbox())
    assert [name for name, _ in reading.members] == ["mail 1.eml", "mail 2.eml"]
    first = read(reading.members[0][1], "mail 1.eml")
    assert b"\n\nFrom the beginning" in reading.members[0][1]
    assert first.facts["title"] == "자료 송부"
    assert first.members[0][0] == "붙임.txt"


def test_mails_of_outlooks_mailbox_are_documents_with_people_dates_and_files() -> None:
    reading = read(made.outlook_store())
    ((name, content),) = reading.members
    assert name == "받은 편지함/mail 1.eml"
    mail = read(content, name)
    assert mail.facts["author"] == '"김, 아무개" <someone@example.org>'
    assert mail.facts["title"] == "자료 송부"
    assert mail.facts["created"] == "2021-10-20T01:15:00+00:00"
    assert KOREAN in mail.text()
    assert "Bcc: 받는 이 <other@example.org>" in mail.text()
    assert mail.members == [("붙임.txt", b"attached text")]
    # the same mailbox gives the same mail, whose name is its hash
    assert read(made.outlook_store()).members == reading.members


def test_outlook_messages_name_recipients_and_hold_messages() -> None:
    def text(words: str) -> bytes:
        return words.encode("utf-16-le")

    def number(tag: int, value: int) -> bytes:
        return struct.pack("<HHIQ", 3, tag, 0, value)

    inner = "__attach_version1.0_#00000000/__substg1.0_3701000D/"
    content = specimens.compound(
        {
            "__properties_version1.0": bytes(32) + number(0x3FFD, 949),
            "__substg1.0_0037001E": "자료 송부".encode("cp949"),
            "__substg1.0_1000001E": KOREAN.encode("cp949"),
            "__recip_version1.0_#00000000/__properties_version1.0": bytes(8) + number(0x0C15, 1),
            "__recip_version1.0_#00000000/__substg1.0_3001001F": text("받는 이"),
            "__recip_version1.0_#00000000/__substg1.0_39FE001F": text("to@example.org"),
            "__recip_version1.0_#00000001/__properties_version1.0": bytes(8) + number(0x0C15, 3),
            "__recip_version1.0_#00000001/__substg1.0_3001001F": text("숨은 이"),
            "__recip_version1.0_#00000001/__substg1.0_39FE001F": text("bcc@example.org"),
            inner + "__properties_version1.0": bytes(24),
            inner + "__substg1.0_0037001F": text("안의 메일"),
            inner + "__substg1.0_1000001F": text("안의 글"),
            "__attach_version1.0_#00000000/__substg1.0_3001001F": text("안의 메일"),
        }
    )
    reading = read(content)
    assert reading.facts["title"] == "자료 송부"
    assert "To: 받는 이 <to@example.org>" in reading.text()
    assert "Bcc: 숨은 이 <bcc@example.org>" in reading.text()
    assert KOREAN in reading.text()
    ((name, held),) = reading.members
    assert name == "안의 메일.msg"
    assert read(held, name).facts["title"] == "안의 메일"
    assert "안의 글" in read(held, name).text()


# passwords


def locked() -> dict[str, bytes]:
    letter = io.BytesIO()
    OOXMLFile(io.BytesIO(specimens.word())).encrypt(WORD, letter)
    return {"a.docx": letter.getvalue(), "b.pdf": specimens.pdf(encrypt="other")}


def _zip_crypto(content: bytes, word: bytes) -> bytes:
    """A member of a ZIP in its old way of encryption (APPNOTE 6.1), which zipfile only reads."""
    table = []
    for first in range(256):
        value = first
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = (keys[1] + (keys[0] & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 0xFF]

    for byte in word:
        update(byte)
    out = b""
    for byte in bytes(11) + bytes([binascii.crc32(content) >> 24]) + content:
        mask = keys[2] | 2
        out += bytes([byte ^ (mask * (mask ^ 1) >> 8 & 0xFF)])
        update(byte)
    return out


def _aes_member(content: bytes, word: bytes) -> bytes:
    """A member in WinZip's AE-2 (AES-256), stored."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt = bytes(range(16))
    keys = hashlib.pbkdf2_hmac("sha1", word, salt, 1000, 66)
    encryptor = Cipher(algorithms.AES(keys[:32]), modes.ECB()).encryptor()
    blocks = range(1, len(content) // 16 + 2)
    stream = encryptor.update(b"".join(n.to_bytes(16, "little") for n in blocks))
    body = bytes(a ^ b for a, b in zip(content, stream, strict=False))
    return salt + keys[64:] + body + hmac.new(keys[32:64], body, "sha1").digest()[:10]


@pytest.mark.parametrize("aes", [False, True])
def test_members_of_a_zip_open_with_a_password(aes: bool) -> None:
    content = KOREAN.encode() * 3
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        info = zipfile.ZipInfo("a.txt")
        packed = (_aes_member if aes else _zip_crypto)(content, WORD.encode())
        if aes:
            info.extra = b"\x01\x99\x07\0\2\0AE\3\0\0"
        file.writestr(info, packed)
    raw = bytearray(held.getvalue())
    for at, base in ((raw.index(b"PK\1\2"), 8), (0, 6)):
        struct.pack_into("<H", raw, at + base, 1)
        if aes:
            struct.pack_into("<H", raw, at + base + 2, 99)
        else:
            struct.pack_into("<I", raw, at + base + 8, binascii.crc32(content))
        struct.pack_into("<I", raw, at + base + 16, len(content))
    assert read(bytes(raw), passwords=("wrong", WORD)).members == [("a.txt", content)]
    with pytest.raises(Refused, match="none of those given fits"):
        read(bytes(raw), passwords=("wrong",))
    with pytest.raises(Refused, match="give it by --password"):
        read(bytes(raw))


def test_documents_with_a_password_open_and_the_word_is_kept_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, case = tmp_path / "in", tmp_path / "case.duckdb"
    folder.mkdir()
    for name, content in locked().items():
        (folder / name).write_bytes(content)
    done = ingest(folder, case)
    assert done.failed == 2
    assert done.failures["why"].str.contains("--password").all()
    words = tmp_path / "words.txt"
    words.write_text(f"{WORD}\nother\n", "utf-8")
    assert (
        main(["ingest", str(folder), "--case", str(case), "--passwords", str(words), "--no-index"])
        == 0
    )
    with open_case(case) as db:
        texts = "".join(text for (text,) in db.execute("SELECT text FROM pages").fetchall())
        status = dict(
            db.execute(
                "SELECT files.path, status FROM files JOIN documents USING (document)"
            ).fetchall()
        )
    assert KOREAN in texts
    assert {*status.values()} == {"read"}
    assert {"a.docx!/a.docx", "b.pdf!/b.pdf"} <= {*status}
    kept = b"".join(
        path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path != words and path.parent != folder
    )
    assert WORD.encode() not in kept
    assert WORD not in "".join(capsys.readouterr())


def test_passwords_are_refused_where_they_would_be_stored(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("one\none\ntwo\n")
    assert given_passwords(["zero"], tmp_path / "words.txt", tmp_path / "in") == (
        "zero",
        "one",
        "two",
    )
    with pytest.raises(InputError, match="Move it elsewhere"):
        given_passwords([], tmp_path / "words.txt", tmp_path)
    with pytest.raises(InputError, match="can't be read"):
        given_passwords([], tmp_path / "none.txt", tmp_path / "in")
    with pytest.raises(InputError, match="more than one run") as told:
        given_passwords([f"word{n}" * 9 for n in range(9000)], None, tmp_path)
    assert "word1" not in str(told.value)
    assert "zero" not in repr(Reading(passwords=("zero",)))


def test_old_office_documents_are_not_asked_for_temporary_files() -> None:
    # a caged process may make none, and this library makes some: `protected` gives it memory
    from onetomany.formats import protected

    assert protected._office(specimens.old_workbook(), ("x",)) is None
    assert msoffcrypto.format.doc97.tempfile.TemporaryFile is io.BytesIO


def test_a_7z_is_read_under_the_locale_of_containers(tmp_path: Path) -> None:
    """Under LC_ALL=C libarchive gave no name, and the process that read it crashed."""
    path = tmp_path / "x.7z"
    path.write_bytes(made.seven({"속/안.txt": b"177 million records"}))
    code = (
        "import sys; from pathlib import Path; from onetomany.formats import Limits, Reading, "
        "extract; reading = Reading(Limits()); extract(Path(sys.argv[1]).read_bytes(), 'x.7z', "
        "reading); print(ascii([name for name, _ in reading.members]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, path],
        env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.strip()) == (0, ascii(["속/안.txt"])), ran.stderr
