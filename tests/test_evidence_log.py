"""Keys, time-stamps and the custody log of a bundle."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bundles import files_in, run, told
from onetomany.errors import InputError, IntegrityError
from onetomany.evidence import additions, bundle_layout, contents, custody, keys, timestamp
from onetomany.evidence.verify import verify
from payloads import CREATED, ENDED, OPERATOR
from stamps import Authority

pytestmark = pytest.mark.real

# --- keys


def test_a_key_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "key.pem"
    mark = keys.make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="never overwritten"):
        keys.make_key(path)
    assert keys.fingerprint(keys.public_pem(keys.read_private(path))) == mark
    keys.make_key(tmp_path / "locked.pem", passphrase="horse")
    with pytest.raises(InputError, match="passphrase"):
        keys.read_private(tmp_path / "locked.pem")
    monkeypatch.setenv(keys.PASSPHRASE, "horse")
    keys.read_private(tmp_path / "locked.pem")
    keys.read_private(path)  # a passphrase too many does no harm


def test_a_users_own_key_from_openssl(tmp_path: Path) -> None:
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "own.pem", at=tmp_path)
    run("openssl", "pkey", "-in", "own.pem", "-pubout", "-out", "own.pub", at=tmp_path)
    assert (
        keys.public_pem(keys.read_private(tmp_path / "own.pem"))
        == (tmp_path / "own.pub").read_bytes()
    )
    run("openssl", "genpkey", "-algorithm", "x25519", "-out", "wrong.pem", at=tmp_path)
    with pytest.raises(InputError, match="not an Ed25519 key"):
        keys.read_private(tmp_path / "wrong.pem")
    with pytest.raises(InputError, match="can't be read"):
        keys.read_private(tmp_path / "none.pem")


def test_no_private_key_is_in_the_bundle(sealed: Path, key: Path) -> None:
    secret = key.read_bytes().splitlines()[1]
    for name in files_in(sealed):
        content = (sealed / name).read_bytes()
        assert secret not in content
        assert b"PRIVATE KEY" not in content


# --- time-stamps


def test_a_time_stamp_is_checked_before_it_is_kept(
    plain: Path, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(plain, folder)
    other = tmp_path / "other.tsq"
    other.write_bytes(timestamp.timestamp_request(b"something else"))
    good = authority.answer(folder / bundle_layout.REQUEST)
    broken = tmp_path / "broken.tsr"
    broken.write_bytes(good.read_bytes()[:-1] + b"\0")
    for answer, roots in (
        (authority.answer(other), authority.root),
        (good, stranger.root),
        (broken, authority.root),
        (folder / bundle_layout.REQUEST, authority.root),
    ):
        with pytest.raises(InputError, match="not added"):
            additions.add_timestamp(folder, answer, roots, who=OPERATOR)
    assert told(folder) == set()
    before = contents.hash_files(folder, contents.list_files(folder).files)
    for number in (1, 2):
        stamp = additions.add_timestamp(folder, good, authority.root, who="Park Other")
        assert "Test TSA" in stamp.authority
        assert (folder / f"seal/timestamp-{number}.tsr").is_file()
    assert told(folder) == set()
    after = contents.hash_files(folder, contents.list_files(folder).files)
    assert {p for p in before if before[p] != after[p]} == {bundle_layout.AFTER}
    with pytest.raises(InputError, match="not a sealed bundle"):
        additions.add_timestamp(tmp_path, good, authority.root, who=OPERATOR)


def test_a_line_that_anybody_could_have_added_is_said_to_be_unsigned(
    sealed: Path, plain: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(plain, tmp_path / "bundle"))
    assert bundle_layout.AFTER not in set(verify(folder)["file"])
    custody.append_entry(
        folder / bundle_layout.AFTER, who="An Expert", what="found every number right"
    )
    assert told(folder) == set()
    for each in (folder, sealed):
        note = verify(each).filter(file=bundle_layout.AFTER, level="note")
        assert note["line"].to_list() == [2]
        assert "no signature covers it" in note["what"][0]


def test_a_time_stamp_that_no_log_tells_of_is_extra(copy: Path, authority: Authority) -> None:
    answer = authority.answer(copy / bundle_layout.REQUEST)
    shutil.copyfile(answer, copy / "seal/timestamp-7.tsr")
    assert told(copy) == {"seal/timestamp-7.tsr"}


def test_a_time_stamp_of_another_bundle_is_told(copy: Path, authority: Authority) -> None:
    """Even where the log was made to fit it."""
    (copy / "other.tsq").write_bytes(timestamp.timestamp_request(b"another bundle"))
    answer = authority.answer(copy / "other.tsq")
    (copy / "other.tsq").unlink()
    shutil.copyfile(answer, copy / "seal/timestamp-2.tsr")
    shutil.copyfile(authority.root, copy / "seal/timestamp-2-roots.pem")
    names = dict.fromkeys(["seal/timestamp-2.tsr", "seal/timestamp-2-roots.pem"], 0)
    hashed = {p: h.hashes["sha256"] for p, h in contents.hash_files(copy, names).items()}
    custody.append_entry(
        copy / bundle_layout.AFTER, who=OPERATOR, what="added a time-stamp", files=hashed
    )
    assert told(copy) == {"seal/timestamp-2.tsr"}


# --- the custody log


def test_the_log_names_the_first_broken_line(tmp_path: Path) -> None:
    log = tmp_path / "custody.jsonl"
    for number in range(5):
        when = CREATED + timedelta(minutes=number)
        custody.append_entry(
            log, who=OPERATOR, what=f"act {number}", when=when, files={"a": "0" * 64}
        )
    lines = log.read_bytes().splitlines()
    assert custody.first_break(lines) is None
    for broken, line in (
        (lines[:2] + lines[3:], 3),
        (lines[1:], 1),
        ([*lines[:1], lines[2], lines[1], *lines[3:]], 2),
        ([*lines[:3], lines[2], *lines[3:]], 4),
        ([*lines[:4], lines[4].replace(b"act 4", b"act 5")], 5),
        ([*lines[:4], b"{}"], 5),
        ([*lines[:4], lines[4].replace(b": ", b":  ", 1)], 5),
    ):
        found = custody.first_break(broken)
        assert found is not None
        assert found.line == line
    assert custody.first_break(lines, start="1" * 64) == custody.Break(
        1, "it does not carry the hash of the line before"
    )


def test_a_rewritten_line_breaks_the_next(tmp_path: Path) -> None:
    """One who makes the digest anew is told by the hash that the next line carries."""
    logs = [tmp_path / name for name in ("one.jsonl", "two.jsonl")]
    for log, who in zip(logs, (OPERATOR, "Lee Other"), strict=True):
        custody.append_entry(log, who=who, what="first", when=CREATED)
        custody.append_entry(log, who=OPERATOR, what="second", when=CREATED)
    one, two = (log.read_bytes().splitlines() for log in logs)
    found = custody.first_break([two[0], one[1]])
    assert found == custody.Break(2, "it does not carry the hash of the line before")
    late = tmp_path / "late.jsonl"
    custody.append_entry(late, who=OPERATOR, what="third", when=CREATED - timedelta(days=1),
                   after=custody.line_hash(one[0]))  # fmt: skip
    renumbered = late.read_bytes().splitlines()[0]
    assert custody.first_break([one[0], renumbered]) is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [({"number": 3}, "numbered 3"), ({"when": ENDED.isoformat()}, "older than the line before")],
)
def test_a_line_with_all_hashes_right_is_still_held_to_its_order(
    tmp_path: Path, change: dict[str, object], why: str
) -> None:
    log = tmp_path / "custody.jsonl"
    for what in ("first", "second"):
        custody.append_entry(log, who=OPERATOR, what=what, when=CREATED)
    first, second = log.read_bytes().splitlines()
    entry = json.loads(second) | change
    del entry["digest"]
    forged = custody._line(entry | {"digest": custody._digest(entry)})
    found = custody.first_break([first, forged])
    assert found is not None
    assert found.line == 2
    assert why in found.why


def test_nothing_is_added_to_a_broken_log(tmp_path: Path) -> None:
    log = tmp_path / "custody.jsonl"
    custody.append_entry(log, who=OPERATOR, what="first", when=CREATED)
    for wrong in ({"who": " ", "what": "x"}, {"who": "x", "what": ""}):
        with pytest.raises(InputError):
            custody.append_entry(log, **wrong, when=CREATED)
    with pytest.raises(InputError, match="later entry"):
        custody.append_entry(log, who="x", what="x", when=CREATED - timedelta(days=1))
    log.write_bytes(log.read_bytes().replace(b"first", b"First"))
    with pytest.raises(IntegrityError, match="line 1"):
        custody.append_entry(log, who=OPERATOR, what="second", when=CREATED)
