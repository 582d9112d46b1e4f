"""What is added to a sealed bundle: signed, whole or not at all, and never in another's place."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from bundles import faults, files_in, lines_of, told
from onetomany.cli import main
from onetomany.errors import InputError, IntegrityError
from onetomany.evidence import additions, bundle_layout, contents, custody, keys, timestamp
from onetomany.evidence.additions import next_number
from onetomany.evidence.bundle_layout import signer_file
from onetomany.evidence.verify import verify
from payloads import CREATED, OPERATOR
from stamps import Authority

pytestmark = pytest.mark.real

LOG, PDF, TEXT = bundle_layout.AFTER, "seal/certificate.pdf", "seal/certificate.md"
NEW = {"certificate-signed-1.pdf": b"%PDF-1.7 signed", "note.txt": b"by hand\n"}


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "bundle"))


def put(
    folder: Path, key: Path | None, files: dict[str, bytes] | None = None, **more: object
) -> None:
    additions.add_files(
        folder,
        NEW if files is None else files,
        who="Park Other",
        what="signed the certificate",
        key=key,
        **more,
    )  # type: ignore[arg-type]


def state(folder: Path) -> dict[str, contents.Hashed]:
    return contents.hash_files(folder, contents.list_files(folder).files)


def line(
    folder: Path, files: dict[str, str], who: str = OPERATOR, number: int | None = None
) -> int:
    """Append a line to the log as a forger without a key would, by its own means."""
    lines = (folder / LOG).read_bytes().splitlines()
    entry = {
        "number": number or len(lines) + 1,
        "when": json.loads(lines[-1])["when"],
        "who": who,
        "what": "completed and signed the certificate",
        "tool": json.loads(lines[0])["tool"],
        "files": files,
        "previous": hashlib.sha256(lines[-1]).hexdigest(),
    }
    dumped = json.dumps(entry, ensure_ascii=False, separators=(", ", ": ")).encode()
    entry["digest"] = hashlib.sha256(dumped).hexdigest()
    dumped = json.dumps(entry, ensure_ascii=False, separators=(", ", ": ")).encode()
    (folder / LOG).write_bytes(b"\n".join([*lines, dumped]) + b"\n")
    return len(lines) + 1


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- what the signed line names can't be replaced


@pytest.mark.parametrize(
    "name",
    [PDF, TEXT, bundle_layout.PUBLIC_KEY, bundle_layout.SIGNATURE, bundle_layout.REQUEST,
     bundle_layout.SIGNED, "tagmanifest-sha512.txt"],
)  # fmt: skip
def test_a_sealed_file_can_not_be_replaced_by_a_later_line(
    folder: Path, public: Path, name: str
) -> None:
    (folder / name).write_bytes(b"%PDF-1.7 forged: the error rate is zero")
    number = line(folder, {name: sha256(folder / name)})
    found = faults(folder, public_key=public)
    assert number in lines_of(found, LOG)
    assert name in set(found["file"])
    assert "again with another hash: it keeps that of line 1" in " ".join(found["what"])


def test_a_public_key_can_not_be_swapped_with_all_that_it_signed(
    folder: Path, public: Path, other_key: Path
) -> None:
    private = keys.read_private(other_key)
    (folder / bundle_layout.PUBLIC_KEY).write_bytes(keys.public_pem(private))
    (folder / bundle_layout.SIGNATURE).write_bytes(
        private.sign((folder / bundle_layout.SIGNED).read_bytes())
    )
    first = (folder / LOG).read_bytes()
    (folder / bundle_layout.LOG_SIGNATURE).write_bytes(private.sign(first))
    names = [bundle_layout.PUBLIC_KEY, bundle_layout.SIGNATURE]
    number = line(folder, {name: sha256(folder / name) for name in names})
    found = faults(folder, public_key=public)
    assert {bundle_layout.PUBLIC_KEY, bundle_layout.SIGNATURE, LOG} <= set(found["file"])
    assert number in lines_of(found, LOG)


@pytest.mark.parametrize(
    "name",
    ["seal/Certificate.pdf", "seal/CERTIFICATE.MD", "seal/custody.Jsonl", "data/figures/02-1.csv",
     "README.txt", "../outside", "/etc/passwd", "seal/", "seal", "seal/../README.txt", "seal//x",
     "seal/a/b.txt", "SEAL/x.txt"],
)  # fmt: skip
def test_a_later_line_names_new_files_in_seal_and_nothing_else(
    folder: Path, public: Path, name: str
) -> None:
    """Names that differ in case alone are one file on other systems."""
    there = folder / name
    if name.startswith("seal/") and not there.exists():
        there.parent.mkdir(exist_ok=True)
        there.write_bytes(b"forged")
    number = line(folder, {name: sha256(there) if there.is_file() else "0" * 64})
    assert number in lines_of(faults(folder, public_key=public), LOG)


def test_names_that_differ_in_the_form_of_unicode_alone_are_one(folder: Path, public: Path) -> None:
    composed = unicodedata.normalize("NFC", "seal/확인서-é.pdf")
    (folder / composed).write_bytes(b"one")
    line(folder, {composed: sha256(folder / composed)})
    assert told(folder, public_key=public) == set()
    apart = unicodedata.normalize("NFD", composed)
    (folder / apart).write_bytes(b"two")
    number = line(folder, {apart: sha256(folder / apart)})
    found = faults(folder, public_key=public)
    assert number in lines_of(found, LOG)
    assert apart in set(found["file"])


def test_no_two_lines_give_a_name_two_hashes(folder: Path, key: Path, public: Path) -> None:
    put(folder, key)
    (folder / "seal/note.txt").write_bytes(b"not by hand\n")
    number = line(folder, {"seal/note.txt": sha256(folder / "seal/note.txt")})
    found = faults(folder, public_key=public)
    assert {LOG, "seal/note.txt"} == set(found["file"])
    assert lines_of(found, LOG) == [number]
    assert "line 2" in found.filter(file=LOG)["what"][0]


def test_a_second_log_is_no_log(folder: Path, public: Path) -> None:
    shutil.copyfile(folder / LOG, folder / "seal/custody-2.jsonl")
    assert told(folder, public_key=public) == {"seal/custody-2.jsonl"}
    (folder / "seal/custody-2.jsonl").rename(folder / "seal/custody.jsonl.bak")
    assert told(folder, public_key=public) == {"seal/custody.jsonl.bak"}


@pytest.mark.parametrize("place", ["seal/note.txt", "note.txt", "seal/more/note.txt", "seal/.x"])
def test_a_note_that_nothing_lists_is_a_fault(folder: Path, public: Path, place: str) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(b"the ministry confirms it")
    assert told(folder, public_key=public) == {place}


def test_numbers_do_not_help(folder: Path, public: Path) -> None:
    """A line that gives itself the number of the signed one, or a later line put first."""
    (folder / PDF).write_bytes(b"forged")
    line(folder, {PDF: sha256(folder / PDF)}, number=1)
    assert {PDF, LOG} <= told(folder, public_key=public)
    first, second = (folder / LOG).read_bytes().splitlines()
    (folder / LOG).write_bytes(second + b"\n" + first + b"\n")
    assert {LOG, bundle_layout.LOG_SIGNATURE} <= told(folder, public_key=public)
    (folder / LOG).write_bytes(second + b"\n")
    assert {LOG, bundle_layout.LOG_SIGNATURE} <= told(folder, public_key=public)


# --- who signed a later line


def test_each_later_line_is_reported_with_the_key_that_signed_it(
    folder: Path, key: Path, public: Path, other_key: Path, tmp_path: Path
) -> None:
    put(folder, key)
    put(folder, other_key, {"report-1.json": b"{}"})
    put(folder, other_key, {"report-2.json": b"{}"})  # its public key is there already
    put(folder, None, {"note-2.txt": b"anybody"})
    theirs = tmp_path / "theirs.pem"
    theirs.write_bytes(keys.public_pem(keys.read_private(other_key)))
    mark = keys.fingerprint(theirs.read_bytes())
    found = verify(folder, public_key=public, signers=[theirs])
    assert found.filter(level="fault").is_empty()
    what = dict(found.filter(file=LOG).select("line", "what").iter_rows())
    assert sorted(what) == [2, 3, 4, 5]
    assert "signed with the key that sealed the bundle" in what[2]
    assert "signed with a key that you gave" in what[3]
    assert mark in what[3] and mark in what[4]  # noqa: PT018
    assert "no signature covers it (it names seal/note-2.txt)" in what[5]
    what = dict(verify(folder, public_key=public).filter(file=LOG).select("line", "what").rows())
    assert "signed with a key that is not known here" in what[3]
    # the first key is the sealer's: whoever attests can't pass for them
    found = faults(folder, public_key=theirs, signers=[public])
    assert set(found["file"]) == {bundle_layout.PUBLIC_KEY}
    assert "give first the key of the person who sealed" in found["what"][0]


@pytest.mark.parametrize("part", ["who", "what", "when", "files", "signer", "signature"])
def test_a_signed_line_that_is_changed_is_reported_though_its_digest_fits(
    folder: Path, key: Path, other_key: Path, public: Path, part: str
) -> None:
    put(folder, key)
    put(folder, other_key, {"report-1.json": b"{}"})
    first, second, third = (folder / LOG).read_bytes().splitlines()
    entry, another = json.loads(second), json.loads(third)
    entry |= {part: {**entry["files"], "seal/x": "0" * 64} if part == "files" else another[part]}
    if part in ("who", "what"):
        entry[part] = "The Ministry, which certifies that the error rate is zero"
    rest = {name: value for name, value in entry.items() if name not in ("digest", "signature")}
    entry["digest"] = custody._digest(rest)
    forged = custody._line(entry)
    (folder / LOG).write_bytes(first + b"\n" + forged + b"\n")
    assert lines_of(faults(folder, public_key=public), LOG) == [2]


def test_a_signature_that_is_taken_off_leaves_an_unsigned_line(
    folder: Path, key: Path, public: Path
) -> None:
    """Nobody can tell such a line from one that anybody wrote: that is what the note says."""
    put(folder, key)
    first, second = (folder / LOG).read_bytes().splitlines()
    entry = json.loads(second)
    for name in ("signer", "signature", "digest"):
        del entry[name]
    (folder / LOG).write_bytes(
        first + b"\n" + custody._line(entry | {"digest": custody._digest(entry)}) + b"\n"
    )
    found = verify(folder, public_key=public)
    assert found.filter(level="fault").is_empty()
    assert "no signature covers it" in found.filter(file=LOG, line=2)["what"][0]


def test_the_key_of_a_later_line_is_held_to_its_name(
    folder: Path, key: Path, other_key: Path, public: Path
) -> None:
    put(folder, other_key)
    path = signer_file(keys.fingerprint(keys.public_pem(keys.read_private(other_key))))
    before = (folder / path).read_bytes()
    (folder / path).write_bytes(public.read_bytes())
    assert path in told(folder, public_key=public)
    (folder / path).unlink()
    assert {path, LOG} <= told(folder, public_key=public)
    (folder / path).write_bytes(before)
    assert told(folder, public_key=public) == set()
    # a line that claims the sealer's key, signed by another
    lines = (folder / LOG).read_bytes().splitlines()
    entry = json.loads(lines[1])
    sealer = keys.public_pem(keys.read_private(key))
    entry["signer"] = keys.fingerprint(sealer)
    (folder / signer_file(entry["signer"])).write_bytes(sealer)
    entry["files"] = {signer_file(entry["signer"]): hashlib.sha256(sealer).hexdigest()} | {
        name: hashed for name, hashed in entry["files"].items() if name != path
    }
    (folder / path).unlink()
    rest = {name: value for name, value in entry.items() if name not in ("digest", "signature")}
    entry["digest"] = custody._digest(rest)
    (folder / LOG).write_bytes(lines[0] + b"\n" + custody._line(entry) + b"\n")
    assert lines_of(faults(folder, public_key=public), LOG) == [2]


# --- whole, or not at all


def killed(folder: Path, key: Path, step: int) -> bool:
    """Add to the bundle in a process that is killed before its nth act on the disk."""
    child = os.fork()
    if child == 0:
        acts = 0

        def before(owner: object, name: str) -> None:
            original: Callable[..., object] = getattr(owner, name)

            def counted(*args: object, **kwargs: object) -> object:
                nonlocal acts
                acts += 1
                if acts == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*args, **kwargs)

            setattr(owner, name, counted)

        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "open"), (Path, "unlink")):
            before(owner, name)
        put(folder, key)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def test_an_addition_killed_at_any_step_is_whole_or_cleared_by_the_next(
    plain: Path, key: Path, public: Path, tmp_path: Path
) -> None:
    """Really killed (SIGKILL), before each write, sync and rename."""
    before = {path: each for path, each in state(plain).items() if path != LOG}
    seen = set()
    for step in range(1, 100):
        folder = Path(shutil.copytree(plain, tmp_path / str(step)))
        was_killed = killed(folder, key, step)
        found = faults(folder, public_key=public)
        lines = (folder / LOG).read_bytes().count(b"\n")
        if lines == 1:
            extra = set(files_in(folder)) - set(before) - {LOG}
            assert set(found["file"]) == extra
            assert all("left by a run that was stopped" in what for what in found["what"])
            seen.add(len(extra))
        else:
            assert found.is_empty()
        again = {} if lines == 1 else {"another.txt": b"x"}
        put(folder, key, NEW if lines == 1 else again)
        assert told(folder, public_key=public) == set()
        after = state(folder)
        assert {path: after[path] for path in before} == before
        assert not [path for path in after if path.endswith(".part")]
        shutil.rmtree(folder)
        if not was_killed:
            break
    assert step > 10
    assert {0, 1, 4} <= seen  # before, and between the first and the last file


def test_a_full_disk_leaves_nothing(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(folder)
    real, count = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal count
        count += 1
        if count > failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    for failing in range(5):  # noqa: B007  `full` looks at it
        count = 0
        with pytest.raises(InputError, match=r"Nothing was added .* No space left"):
            put(folder, key)
        assert state(folder) == before


def test_a_full_disk_leaves_no_empty_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        keys.make_key(tmp_path / "key.pem")
    assert not (tmp_path / "key.pem").exists()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="can't be made"):
        keys.make_key(tmp_path / "file" / "key.pem")


def test_numbers_go_on_from_what_the_log_names(folder: Path, key: Path) -> None:
    assert next_number(folder, "attestation") == 1
    put(folder, key, {"attestation-1.json": b"{}", "timestamp-41.tsr.txt": b"x"})
    assert next_number(folder, "attestation") == 2
    assert next_number(folder, "timestamp") == 42


def test_a_clock_set_back_is_told_before_anything_is_written(
    plain: Path, key: Path, authority: Authority, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(plain, tmp_path / "bundle"))
    before = state(folder)
    early = CREATED - timedelta(days=400)
    with pytest.raises(InputError, match=r"Nothing was added: .* later entry.* clock right"):
        put(folder, key, when=early)
    answer = authority.answer(folder / bundle_layout.REQUEST)
    with pytest.raises(InputError, match="Nothing was added"):
        additions.add_timestamp(folder, answer, authority.root, who=OPERATOR, when=early, key=key)
    assert state(folder) == before


def test_two_runs_do_not_add_at_once(folder: Path, key: Path) -> None:
    handle = os.open(folder / bundle_layout.SEAL, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    before = state(folder)
    with pytest.raises(InputError, match="Another run is adding"):
        put(folder, key)
    assert state(folder) == before
    os.close(handle)
    put(folder, key)
    assert told(folder) == set()


@pytest.mark.parametrize(
    "name",
    ["certificate.pdf", "Certificate.PDF", "custody.jsonl", "custody.sig", "x.part", "../x", "a/b",
     "", ".", ".hidden", "a\nb", "é.pdf", "aux.txt", "public-key.pem"],
)  # fmt: skip
def test_a_name_that_is_taken_or_unfit_is_refused(folder: Path, key: Path, name: str) -> None:
    before = state(folder)
    with pytest.raises(InputError, match="Nothing was added"):
        put(folder, key, {"fine.txt": b"x", name: b"x"})
    assert state(folder) == before


def test_only_what_a_killed_run_left_is_taken_away(folder: Path, key: Path) -> None:
    """A leftover log that names a sealed file, or one with another content, deletes neither."""
    (folder / "seal/own.txt").write_bytes(b"not of that run")
    planned = folder / f"{LOG}.part"
    shutil.copyfile(folder / LOG, planned)
    names = {PDF: "0" * 64, "seal/own.txt": "0" * 64, "../keep.txt": sha256(folder / PDF)}
    custody.append_entry(planned, who=OPERATOR, what="x", files=names, when=CREATED)
    keep = folder.parent / "keep.txt"
    shutil.copyfile(folder / PDF, keep)
    assert told(folder) == {"seal/own.txt", f"{LOG}.part"}
    put(folder, key)
    assert keep.exists()
    assert told(folder) == {"seal/own.txt"}


def test_what_is_no_bundle_or_not_the_signers_key_is_refused(
    folder: Path, key: Path, other_key: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="not a sealed bundle"):
        put(tmp_path / "none", key)
    with pytest.raises(InputError, match="not a sealed bundle"):
        next_number(tmp_path / "none", "attestation")
    with pytest.raises(InputError, match="can't be read"):
        put(folder, tmp_path / "none.pem")
    with pytest.raises(InputError, match="UTF-8"):
        additions.add_files(folder, NEW, who="Kim \udcff", what="x", key=key)
    path = signer_file(keys.fingerprint(keys.public_pem(keys.read_private(key))))
    line(folder, {path: "0" * 64})
    before = state(folder)
    with pytest.raises(IntegrityError, match="not the key that its name says"):
        put(folder, key)
    assert state(folder) == before
    (folder / LOG).write_bytes((folder / LOG).read_bytes().replace(b"completed", b"Completed"))
    with pytest.raises(IntegrityError, match="line 2"):
        put(folder, other_key)
    seal = folder / bundle_layout.SEAL
    seal.rename(tmp_path / "elsewhere")
    seal.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="not a sealed bundle"):
        put(folder, other_key)


def test_a_time_stamp_is_added_with_a_key_by_the_command(
    folder: Path, key: Path, public: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = authority.answer(folder / bundle_layout.REQUEST)
    given = ["--roots", str(authority.root), "--operator", OPERATOR]
    assert main(["timestamp", str(folder), str(answer), *given, "--key", str(key)]) == 0
    assert "not signed" not in capsys.readouterr().out
    assert main(["verify", str(folder), "--key", str(public), "--roots", str(authority.root)]) == 0
    said = capsys.readouterr().out
    assert "line 2: this line was added after sealing, signed with the key that sealed" in said
    assert "Added after sealing: 1 lines" in said
    assert main(["timestamp", str(folder), str(answer), *given]) == 0
    assert "not signed" in capsys.readouterr().out
    signed = (folder / bundle_layout.SIGNED).read_bytes()
    roots = timestamp.read_roots(authority.root.read_bytes())
    assert timestamp.check_timestamp((folder / "seal/timestamp-2.tsr").read_bytes(), signed, roots)
    assert verify(folder, public_key=public).filter(pl.col("level") == "fault").is_empty()
