"""Bundles: honest ones hold, here and for others' tools; every change is told, with its file."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import bagit
import numpy as np
import polars as pl
import pypdfium2
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from onetomany import sources
from onetomany.cli import main
from onetomany.cli.evidence import _without_folders
from onetomany.errors import InputError, IntegrityError
from onetomany.evidence import bundle, contents, crate, custody, keys, screening, timestamp
from onetomany.evidence.agreement import SBOM
from onetomany.evidence.record import DataUse, RunRecord
from onetomany.evidence.redaction import Rule, read_rules, redact
from onetomany.evidence.verify import verify
from onetomany.report.shown import PARQUET, pack, unpack
from payloads import CHAPTERS, CREATED, ENDED, OPERATOR, ORL, make_payload, record
from stamps import Authority, offline_cache

ROOT = Path(__file__).parents[1]
CHANGES = 200


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_payload(tmp_path_factory.mktemp("payload") / "payload")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key.pem"
    keys.make_key(path)
    return path


@pytest.fixture(scope="module")
def locks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lock file: a megabyte copied and hashed 200 times shows no more than this."""
    folder = tmp_path_factory.mktemp("locks")
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8").split("\n\n[[package]]")
    (folder / "uv.lock").write_text("\n\n[[package]]".join(lock[:9]) + "\n", encoding="utf-8")
    (folder / "environment.yml").write_text("name: onetomany\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that nobody here trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def plain(payload: Path, key: Path, locks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed bundle without a time-stamp."""
    out = tmp_path_factory.mktemp("plain") / "bundle"
    return bundle.seal(payload, out, record(), key=key, created=CREATED, repository=locks)


@pytest.fixture(scope="module")
def sealed(plain: Path, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed and time-stamped bundle."""
    out = tmp_path_factory.mktemp("sealed") / "bundle"
    shutil.copytree(plain, out)
    answer = authority.answer(out / bundle.REQUEST)
    bundle.add_timestamp(out, answer, authority.root, who=OPERATOR)
    return out


@pytest.fixture
def copy(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "bundle"))


def faults(folder: Path, **given: Path) -> pl.DataFrame:
    return verify(folder, **given).filter(level="fault")


def told(folder: Path, **given: Path) -> set[str]:
    return set(faults(folder, **given)["file"])


def lines_of(found: pl.DataFrame, file: str) -> list[int]:
    return found.filter(pl.col("file") == file)["line"].drop_nulls().to_list()


# --- an honest bundle


def test_an_honest_bundle_has_no_fault(sealed: Path, plain: Path, authority: Authority) -> None:
    assert faults(sealed).height == 0
    assert faults(plain).height == 0
    notes = " ".join(verify(sealed)["what"])
    assert "lies in the bundle" in notes  # a key that only the bundle vouches for is said to be so
    assert "time-stamp of 20" in notes
    assert "no time-stamp" in " ".join(verify(plain)["what"])


def test_own_key_and_roots_leave_nothing_to_the_bundle(
    sealed: Path, key: Path, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(keys.public_pem(keys.read_private(key)))
    found = verify(sealed, public_key=public, roots=authority.root)
    assert not found.filter(pl.col("what").str.contains("lies in the bundle")).height
    other = tmp_path / "other.pem"
    keys.make_key(other)
    public.write_bytes(keys.public_pem(keys.read_private(other)))
    assert told(sealed, public_key=public) == {bundle.PUBLIC_KEY}
    assert told(sealed, roots=stranger.root) == {"seal/timestamp-1.tsr"}
    for given in ({"public_key": authority.root}, {"roots": public}, {"roots": tmp_path / "none"}):
        with pytest.raises(InputError, match="can't be used"):
            verify(sealed, **given)


def test_the_same_inputs_give_the_same_bytes(
    payload: Path, plain: Path, key: Path, locks: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screening, "refuse", lambda *_: None)  # it writes nothing
        bundle.seal(payload, out, record(), key=key, created=CREATED, repository=locks)
    one, two = (contents.hash_files(p, contents.list_files(p).files) for p in (plain, out))
    assert one == two
    assert len(one) > 40


def test_what_was_given_is_not_touched(payload: Path, plain: Path) -> None:
    files = contents.list_files(payload).files
    given = contents.hash_files(payload, files)
    inside = contents.hash_files(plain / "data", files)
    log = "custody.jsonl"
    assert {p: h for p, h in given.items() if p != log} == {
        p: h for p, h in inside.items() if p != log
    }
    # the log goes on from the one that was given
    before, after = ((p / log).read_bytes().splitlines() for p in (payload, plain / "data"))
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_bagit_openssl_and_sha256sum_agree(sealed: Path) -> None:
    assert bagit.Bag(str(sealed)).validate()
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        run("sha256sum", "--check", "--strict", "--quiet", name, at=sealed)


def test_the_crate_tells_of_the_run(sealed: Path) -> None:
    """That it is a valid Workflow Run Crate is tested with the documentation's commands, below."""
    entities = json.loads((sealed / "data" / crate.METADATA).read_text(encoding="utf-8"))["@graph"]
    action = next(each for each in entities if each["@type"] == "CreateAction")
    assert action["startTime"] < action["endTime"] == ENDED.isoformat()
    assert {"@id": "workflow.json"} in action["instrument"]
    results = {each["@id"] for each in action["result"]}
    assert {"exhibits/exhibit.pdf", "figures/02-1.csv"} <= results
    assert {"@id": "sources.csv"} in action["object"]


def test_the_bill_of_packages_is_of_what_runs(sealed: Path) -> None:
    text = (sealed / "data/environment/sbom.cdx.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = {each["name"]: each for each in json.loads(text)["components"]}
    assert components["polars"]["version"] == pl.__version__
    assert components["numpy"]["version"] == np.__version__
    assert components["python"]["version"] == sys.version.split()[0]
    locked = [each for each in components.values() if "hashes" in each]
    lock = (sealed / "data/environment/uv.lock").read_text()
    assert locked
    for each in locked:
        assert f"sha256:{each['hashes'][0]['content']}" in lock
    about = json.loads((sealed / "data/environment/machine.json").read_text())
    assert about["python"] == components["python"]["version"]


def test_the_log_of_a_real_run_tells_of_the_run_and_of_the_redaction_list(
    payload: Path, locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the payload brings no log of its own, as `onetomany exhibit` makes it."""
    monkeypatch.setattr(screening, "refuse", lambda *_: None)
    own = Path(shutil.copytree(payload, tmp_path / "payload"))
    (own / "custody.jsonl").unlink()
    rules = (
        Rule("witness A", exact="Hong Gildong"),
        Rule("office", exact="a@b.kr", reason="printed by it"),
    )
    out = tmp_path / "bundle"
    bundle.seal(own, out, record(), key=None, created=CREATED, rules=rules, repository=locks)
    ran, redacted, put = map(
        custody.read_line, (out / "data/custody.jsonl").read_bytes().splitlines()
    )
    for said in (*CHAPTERS, record().commit, sys.version.split()[0]):
        assert said in ran["what"]
    assert (ran["who"], ran["when"]) == (OPERATOR, ENDED.isoformat())
    assert set(ran["files"]) == {f"notebooks/{chapter}.ipynb" for chapter in CHAPTERS}
    assert "1 rules that take out, 1 that allow, because: printed by it" in redacted["what"]
    assert "a@b.kr" not in redacted["what"]
    assert set(redacted["files"]) == {"redactions.csv"}
    assert "tables/표 02-1.parquet" in put["files"]
    assert faults(out).height == 0


def test_the_certificate_leaves_to_a_person_what_only_a_person_can_say(sealed: Path) -> None:
    text = (sealed / "seal/certificate.md").read_text(encoding="utf-8")
    hashed = contents.hash_files(sealed, {bundle.SIGNED: 0})[bundle.SIGNED].hashes["sha256"]
    for fact in (hashed, record().identifier, record().commit, OPERATOR, "902(13)", "2007도7257"):
        assert fact in text
    # no first person, no "the same", "accurate" or "nothing changed" without a blank to fill
    claims = re.compile(r"\bI\b|\bthe same\b|accura|changed|동일성|무결성|정확|신뢰성")
    said = [
        line for line in text.splitlines() if claims.search(line) and "shows sameness" not in line
    ]
    assert len(said) >= 14
    assert all("____" in line for line in said)
    assert (sealed / "seal/certificate.pdf").read_bytes().startswith(b"%PDF")


# --- changes

Change = Callable[[Path, random.Random], tuple[set[str], str]]


def files_in(folder: Path) -> list[str]:
    return sorted(contents.list_files(folder).files)


def flip(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice(files_in(folder))
    content = bytearray((folder / name).read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    (folder / name).write_bytes(content)
    return {name}, ""


def drop(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice(files_in(folder))
    (folder / name).unlink()
    return {name}, "missing"


def add(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    beside = rng.choice(files_in(folder)).rpartition("/")[0]
    name = f"{beside}/new.csv".lstrip("/")
    (folder / name).write_bytes(rng.randbytes(20))
    return {name}, "extra"


def rename(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice(files_in(folder))
    (folder / name).rename(folder / f"{name}.x")
    if name.startswith(("seal/custody", "tagmanifest")):
        return {name, f"{name}.x"}, ""  # no manifest lists the log
    return {f"{name}.x"}, f"renamed from {name}"


def swap(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    while True:
        one, two = rng.sample([n for n in files_in(folder) if n.startswith("data/")], 2)
        first, second = (folder / one).read_bytes(), (folder / two).read_bytes()
        if first != second:
            break
    (folder / one).write_bytes(second)
    (folder / two).write_bytes(first)
    return {one, two}, "" if "notebooks" in one + two else f"holds what {two} held"


def edit_manifest(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice([n for n in files_in(folder) if "manifest-" in n and n.endswith(".txt")])
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    number = rng.randrange(len(lines))
    digit = rng.randrange(64)
    new = "0" if lines[number][digit] != "0" else "1"
    lines[number] = lines[number][:digit] + new + lines[number][digit + 1 :]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {name}, f"line {number + 1}"


def edit_custody(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice(["data/custody.jsonl", bundle.AFTER])
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    number = rng.randrange(len(lines))
    lines[number] = lines[number].replace(OPERATOR, "Lee Other")
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {name}, f"line {number + 1}"


def edit_signature(folder: Path, rng: random.Random) -> tuple[set[str], str]:
    name = rng.choice([bundle.SIGNATURE, bundle.LOG_SIGNATURE])
    signature = bytearray((folder / name).read_bytes())
    signature[rng.randrange(64)] ^= 1 << rng.randrange(8)
    (folder / name).write_bytes(signature)
    return {name}, "fit"


KINDS: tuple[Change, ...] = (
    flip,
    drop,
    add,
    rename,
    swap,
    edit_manifest,
    edit_custody,
    edit_signature,
)


def test_each_of_200_random_changes_is_told_with_the_right_file(
    sealed: Path, tmp_path: Path
) -> None:
    rng = random.Random(20261124)
    missed = []
    for number in range(CHANGES):
        change = KINDS[number % len(KINDS)]
        folder = tmp_path / str(number)
        shutil.copytree(sealed, folder)
        expected, what = change(folder, rng)
        found = faults(folder)
        mine = found.filter(pl.col("file").is_in(list(expected)))
        words = " ".join(
            f"{text} line {line}" if line else text
            for text, line in mine.select("what", "line").iter_rows()
        )
        if not expected <= set(mine["file"]) or not re.search(rf"{re.escape(what)}\b", words):
            missed.append((number, change.__name__, expected, what, found.rows()))
        shutil.rmtree(folder)
    assert missed == []
    assert faults(sealed).height == 0  # the copies were changed, not this


def test_a_file_is_told_by_its_old_name_where_others_are_like_it(copy: Path) -> None:
    """The two notebooks are alike to the byte."""
    (copy / FIRST).rename(copy / f"{FIRST}.x")
    found = faults(copy).filter(file=f"{FIRST}.x")
    assert f"renamed from {FIRST}" in found["what"].to_list()


# --- one who makes the manifests anew


def forge(folder: Path, key: Path | None, **info: str) -> Path:
    """Make manifests, signature, request and log anew, as one who knows the format would.

    `info` changes fields of bag-info.txt.
    """
    (folder / "bagit.txt").touch()
    bag = bagit.Bag(str(folder))
    bag.save(manifests=True)
    bag.info |= {name.replace("_", "-"): value for name, value in info.items()}
    bag.save()
    for name in ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt"):
        lines = (folder / name).read_text().splitlines()
        kept = sorted(line for line in lines if " seal/" not in line)
        (folder / name).write_text("".join(f"{line}\n" for line in kept))
    signed = (folder / bundle.SIGNED).read_bytes()
    (folder / bundle.REQUEST).write_bytes(timestamp.request(signed))
    for path in (folder / "seal").glob("timestamp-*"):
        path.unlink()
    log = folder / bundle.AFTER
    log.unlink()
    (folder / bundle.LOG_SIGNATURE).unlink()
    if key:
        private = keys.read_private(key)
        (folder / bundle.SIGNATURE).write_bytes(private.sign(signed))
        (folder / bundle.PUBLIC_KEY).write_bytes(keys.public_pem(private))
    seals = [f"seal/{each.name}" for each in (folder / "seal").iterdir()]
    names = dict.fromkeys(["tagmanifest-sha256.txt", "tagmanifest-sha512.txt", *seals], 0)
    hashed = {p: h.hashes["sha256"] for p, h in contents.hash_files(folder, names).items()}
    last = (folder / "data/custody.jsonl").read_bytes().splitlines()[-1]
    custody.append(
        log, who=OPERATOR, what="sealed", when=CREATED, files=hashed, after=custody.line_hash(last)
    )
    if key:
        (folder / bundle.LOG_SIGNATURE).write_bytes(private.sign(log.read_bytes()))
    return folder


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_new_manifests_without_the_key_do_not_hold(copy: Path) -> None:
    rewrite(copy / "data/figures/02-1.csv", "1000,", "1001,")
    forge(copy, None)
    assert {bundle.SIGNATURE, bundle.LOG_SIGNATURE} <= told(copy)


def test_another_key_is_told_by_its_fingerprint(copy: Path, tmp_path: Path, key: Path) -> None:
    keys.make_key(tmp_path / "other.pem")
    forge(copy, tmp_path / "other.pem")
    assert bundle.PUBLIC_KEY in told(copy)
    # even where bag-info.txt is made to name the other key, the signer's own key tells
    public = tmp_path / "public.pem"
    public.write_bytes(keys.public_pem(keys.read_private(key)))
    old = keys.fingerprint(public.read_bytes())
    new = keys.fingerprint((copy / bundle.PUBLIC_KEY).read_bytes())
    rewrite(copy / "bag-info.txt", old, new)
    forge(copy, tmp_path / "other.pem")
    assert told(copy) == set()
    assert new in " ".join(verify(copy)["what"])
    assert told(copy, public_key=public) == {bundle.PUBLIC_KEY}


CRATE, FIRST = f"data/{crate.METADATA}", f"data/notebooks/{CHAPTERS[0]}.ipynb"
DATA = "data/figures/02-1.csv"


@pytest.mark.parametrize(
    ("path", "change", "named"),
    [
        (DATA, ("1000,", "1001,"), {DATA, CRATE}),
        (CRATE, ('"figures/02-1.csv"', '"figures/02-9.csv"'), {DATA, CRATE}),
        (CRATE, ("urn:uuid:", "urn:uuid:0"), {CRATE}),
        (CRATE, ("{\n", '{\n "@graph": 1,\n'), {CRATE}),
        ("data/run.json", ("urn:uuid:", "urn:uuid:0"), {"data/run.json"}),
        ("data/run.json", ("T09:02", "T19:02"), {"data/run.json"}),
        ("data/run.json", ('"title"', '"tittle"'), {"data/run.json"}),
        ("data/run.json", ("02,04", "02"), {"data/workflow.json"}),
        (SBOM, ("CycloneDX", "Cyclone"), {SBOM}),
        ("data/custody.jsonl", (OPERATOR, "Lee Other"), {"data/custody.jsonl"}),
        (FIRST, ('"title"', '"onetomany": {"commit": "f"}, "title"'), {FIRST}),
        (FIRST, ("{", "["), {FIRST}),
        ("bagit.txt", ("0.97", "0.96"), {"bagit.txt"}),
    ],
)
def test_even_with_the_key_a_change_leaves_a_contradiction(
    copy: Path, key: Path, path: str, change: tuple[str, str], named: set[str]
) -> None:
    """What a signer changes after sealing does not fit the crate, the log or the record."""
    rewrite(copy / path, *change)
    forge(copy, key)
    assert named <= told(copy)
    if "onetomany" in change[1]:
        assert "run.json says" in " ".join(faults(copy)["what"])


def test_the_list_of_figures_is_held_to_the_files(copy: Path, key: Path) -> None:
    """Even where manifests, crate and log were made to fit what was changed after sealing."""
    path = copy / "data/figures.json"
    for files, whole in (
        ({"figures/02-1.csv": "0" * 64}, False),
        ({"figures/02-1.csv": ""}, False),
        ({"figures/none.csv": "1" * 64}, False),
        ({"figures/02-1.csv": contents.hash_files(copy, {DATA: 0})[DATA].hashes["sha256"]}, True),
    ):
        path.write_text(json.dumps({"figures": [{"files": files}]}, indent=1), encoding="utf-8")
        found = faults(forge(copy, key)).filter(file="data/figures.json")
        told_of = found.filter(pl.col("what").str.contains("SHA-256 given here"))
        assert told_of.height == (0 if whole else 1)
        digest = next(iter(files.values()))
        assert whole or told_of["line"][0] == (5 if digest else None)
    path.write_text("[]", encoding="utf-8")
    assert "list of figures" in " ".join(faults(forge(copy, key))["what"])


def test_forging_alone_is_no_fault(copy: Path, key: Path) -> None:
    """So that the test above tells what was changed, not how."""
    assert told(forge(copy, key)) == set()
    assert told(forge(copy, key, Payload_Oxum="1.1")) == {"bag-info.txt"}


def test_a_request_for_other_bytes_is_told(copy: Path, key: Path) -> None:
    """Where the log and its signature were made to fit it."""
    other = timestamp.request(b"something else")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timestamp, "request", lambda _: other)
        forge(copy, key)
    assert told(copy) == {bundle.REQUEST}


# --- what no bundle should do to its reader


def test_nothing_is_followed_and_no_name_is_trusted(copy: Path) -> None:
    (copy / "data/link").symlink_to("/etc/hostname")
    (copy / "data/folder").symlink_to("/etc")
    os.mkfifo(copy / "data/pipe")  # a reader would wait for ever
    deep = copy / "data" / "/".join("d" * 40)
    deep.mkdir(parents=True)
    found = faults(copy)
    why = dict(found.select("file", "what").iter_rows())
    assert "link" in why["data/link"]
    assert "link" in why["data/folder"]
    assert "neither" in why["data/pipe"]
    assert "folders lie more than" in " ".join(found["what"])
    assert not any(name.startswith("data/folder/") for name in found["file"])


def test_a_file_that_is_emptied_is_told_whichever_it_is(copy: Path) -> None:
    """As a disk leaves it that lost its current while the file was written."""
    for name in files_in(copy):
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(b"")
        assert name in told(copy) or not content, name
        (copy / name).write_bytes(content)
    assert faults(copy).height == 0


def test_an_empty_folder_is_told(copy: Path) -> None:
    (copy / "data/figures/more/none").mkdir(parents=True)
    assert told(copy) == {"data/figures/more/none/"}


def test_what_can_not_be_read_is_named(copy: Path) -> None:
    with pytest.raises(InputError, match=r"data/gone can't be read \(No such file"):
        contents.hash_files(copy, {"data/gone": 1})  # as a file that goes while it is looked at


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "data/../../x", "data\\x", "C:/x"])
def test_a_manifest_can_not_lead_outside(copy: Path, path: str) -> None:
    with (copy / "manifest-sha256.txt").open("a", encoding="utf-8") as file:
        file.write(f"{'0' * 64}  {path}\n")
    last = len((copy / "manifest-sha256.txt").read_text().splitlines())
    assert last in lines_of(faults(copy), "manifest-sha256.txt")


@pytest.mark.parametrize(
    "line", ["not a line", f"{'0' * 63}  data/x", f"{'0' * 64}  bagit.txt", "\udcff"]
)
def test_a_line_that_is_none_is_told(copy: Path, line: str) -> None:
    with (copy / "manifest-sha512.txt").open("ab") as file:
        file.write(line.encode(errors="surrogateescape") + b"\n")
    last = len((copy / "manifest-sha512.txt").read_bytes().splitlines())
    assert last in lines_of(faults(copy), "manifest-sha512.txt")


def test_a_line_twice_and_a_line_cut_off_are_told(copy: Path) -> None:
    path = copy / "manifest-sha256.txt"
    first = path.read_text(encoding="utf-8").splitlines()[0]
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{first}\n{first[:30]}")
    told_lines = lines_of(faults(copy), path.name)
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert {count - 1, count} <= set(told_lines)


def test_names_that_some_systems_confuse_are_told(copy: Path) -> None:
    for name in ("SOURCES.csv", "re\u0301sume\u0301.csv", "aux.csv", "a:b.csv"):
        (copy / "data" / name).write_text("x", encoding="utf-8")
    words = {(file, what) for file, what in faults(copy).select("file", "what").iter_rows()}
    for name, why in (
        ("sources.csv", "take it for"),
        ("re\u0301sume\u0301.csv", "NFC"),
        ("aux.csv", "change or refuse"),
        ("a:b.csv", "character"),
    ):
        assert any(file.lower() == f"data/{name}" and why in what for file, what in words), name


def test_a_file_too_large_to_be_what_it_should_is_not_read(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MAX_TEXT", 10)
    assert {"manifest-sha256.txt", "data/ro-crate-metadata.json"} <= told(copy)
    monkeypatch.setattr(contents, "MAX_FILES", 5)
    assert "more than 5 files" in " ".join(faults(copy)["what"])


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        verify(tmp_path / "none")
    assert "bagit.txt" in told(tmp_path)
    (tmp_path / "bagit.txt").write_text("{")
    assert {"bagit.txt", "manifest-sha256.txt", bundle.AFTER} <= told(tmp_path)


# --- a run that is killed

SEALING = """
import os, signal, sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from payloads import CREATED, record
from onetomany.evidence import bundle, screening
screening.refuse = lambda *_: None  # it only reads: a kill there leaves nothing
for number, share in enumerate({shares!r}):
    child = os.fork()
    if child == 0:
        bundle.seal(Path({payload!r}), Path({out!r} + str(number)), record(), key=Path({key!r}),
                    created=CREATED, repository=Path({locks!r}))
        os._exit(0)
    time.sleep(share)
    os.kill(child, signal.SIGKILL)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_run_killed_at_any_moment_leaves_no_bundle_that_verifies(
    payload: Path, key: Path, locks: Path, plain: Path, tmp_path: Path
) -> None:
    """Really killed (SIGKILL), at moments drawn at random; one may be over before."""
    small = tmp_path / "payload"
    for path in (f"notebooks/{name}.ipynb" for name in CHAPTERS):
        (small / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(payload / path, small / path)
    rng = random.Random(8)
    code = SEALING.format(
        tests=str(ROOT / "tests"),
        shares=[rng.uniform(0.0, 0.8) for _ in range(6)],
        payload=str(small),
        out=str(tmp_path / "bundle"),
        key=str(key),
        locks=str(locks),
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    codes = done.stdout.split()
    assert len(codes) == 6, done.stderr
    for number, code in enumerate(codes):
        out, beside = tmp_path / f"bundle{number}", tmp_path / f".bundle{number}.unfinished"
        if code == "-9":
            assert not out.exists() or faults(out).height
            assert not beside.exists() or faults(beside).height
        else:
            assert faults(out).height == 0
    assert "-9" in codes
    left = tmp_path / f"bundle{codes.index('-9')}"
    bundle.seal(small, left, record(), key=key, created=CREATED, repository=locks)
    assert faults(left).height == 0  # what a killed run left is no hindrance
    assert not left.with_name(f".{left.name}.unfinished").exists()


def test_before_the_last_act_nothing_verifies(
    payload: Path, key: Path, locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state of the disk before each write, sync and rename is what a kill there would leave."""
    out = tmp_path / "bundle"
    looked = []

    def look() -> None:
        for folder in (out, tmp_path / ".bundle.unfinished"):
            if folder.exists():
                looked.append(folder)
                assert faults(folder).height
                if (folder / "seal").exists():
                    assert not is_bag(folder)

    def before(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def watched(*args: object, **kwargs: object) -> object:
            look()
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)

    monkeypatch.setattr(screening, "refuse", lambda *_: None)  # it writes nothing
    for owner, name in (
        (Path, "rename"),
        (Path, "replace"),
        (Path, "write_bytes"),
        (Path, "write_text"),
        (os, "rename"),
    ):
        before(owner, name)
    bundle.seal(payload, out, record(), key=key, created=CREATED, repository=locks)
    monkeypatch.undo()
    assert faults(out).height == 0
    assert is_bag(out)
    assert out in looked  # also after the folder had its name, and bagit.txt not yet
    assert len(looked) > 20


def is_bag(folder: Path) -> bool:
    try:
        return bool(bagit.Bag(str(folder)).is_valid())
    except bagit.BagError:
        return False


# --- sealing refuses


def test_a_bundle_is_never_overwritten(plain: Path, payload: Path) -> None:
    with pytest.raises(InputError, match="never overwritten"):
        bundle.seal(payload, plain, record(), key=None, created=CREATED)
    assert faults(plain).height == 0


def test_a_payload_that_can_not_be_sealed(payload: Path, tmp_path: Path) -> None:
    folder = tmp_path / "payload"
    shutil.copytree(payload, folder)
    (folder / "run.json").write_text("{}")
    (folder / "Sources.csv").write_text("")
    (folder / "link.csv").symlink_to("sources.csv")
    (folder / "notebooks" / f"{CHAPTERS[1]}.ipynb").unlink()
    with pytest.raises(InputError) as refused:
        bundle.seal(folder, tmp_path / "out", record(), key=None, created=CREATED)
    for told_of in ("link.csv: it is a link", "sources.csv", "run.json: this name is kept"):
        assert told_of in str(refused.value)
    assert f"{CHAPTERS[1]}.ipynb: the record names this chapter" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_record_says_who_and_when() -> None:
    text = record().to_json()
    assert RunRecord.from_json(text) == record()
    with pytest.raises(InputError, match="operator"):
        record(operator=" ")
    with pytest.raises(InputError, match="time zone"):
        record(started=CREATED.replace(tzinfo=None))
    with pytest.raises(InputError, match="before it starts"):
        record(started=CREATED + timedelta(days=1))
    for wrong in ("[]", "{", text.replace('"title"', '"x"'), text.replace(f'"{OPERATOR}"', "3")):
        with pytest.raises(InputError):
            RunRecord.from_json(wrong)


def test_an_unsigned_bundle_says_so(
    payload: Path, locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "refuse", lambda *_: None)
    out = tmp_path / "bundle"
    bundle.seal(payload, out, record(), key=None, created=CREATED, repository=locks)
    assert faults(out).height == 0
    assert "not signed" in " ".join(verify(out)["what"])
    readme = (out / "README.txt").read_text(encoding="utf-8")
    assert "This bundle is not signed" in readme
    assert "openssl" not in readme  # there is nothing that it could check
    keys.make_key(tmp_path / "key.pem")
    public = tmp_path / "public.pem"
    public.write_bytes(keys.public_pem(keys.read_private(tmp_path / "key.pem")))
    assert told(out, public_key=public) == {bundle.SIGNATURE}
    # a key or a signature put into it is no signature
    (out / bundle.LOG_SIGNATURE).write_bytes(bytes(64))
    assert bundle.LOG_SIGNATURE in told(out)


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
    with pytest.raises(InputError, match="no Ed25519 key"):
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
    other.write_bytes(timestamp.request(b"something else"))
    good = authority.answer(folder / bundle.REQUEST)
    broken = tmp_path / "broken.tsr"
    broken.write_bytes(good.read_bytes()[:-1] + b"\0")
    for answer, roots in (
        (authority.answer(other), authority.root),
        (good, stranger.root),
        (broken, authority.root),
        (folder / bundle.REQUEST, authority.root),
    ):
        with pytest.raises(InputError, match="not added"):
            bundle.add_timestamp(folder, answer, roots, who=OPERATOR)
    assert told(folder) == set()
    before = contents.hash_files(folder, contents.list_files(folder).files)
    for number in (1, 2):
        stamp = bundle.add_timestamp(folder, good, authority.root, who="Park Other")
        assert "Test TSA" in stamp.authority
        assert (folder / f"seal/timestamp-{number}.tsr").is_file()
    assert told(folder) == set()
    after = contents.hash_files(folder, contents.list_files(folder).files)
    assert {p for p in before if before[p] != after[p]} == {bundle.AFTER}
    with pytest.raises(InputError, match="no sealed bundle"):
        bundle.add_timestamp(tmp_path, good, authority.root, who=OPERATOR)


def test_a_line_that_anybody_could_have_added_is_said_to_be_unsigned(
    sealed: Path, plain: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(plain, tmp_path / "bundle"))
    assert bundle.AFTER not in set(verify(folder)["file"])
    custody.append(folder / bundle.AFTER, who="An Expert", what="found every number right")
    assert told(folder) == set()
    for each in (folder, sealed):
        note = verify(each).filter(file=bundle.AFTER, level="note")
        assert note["line"].to_list() == [2]
        assert "no signature covers them" in note["what"][0]


def test_a_time_stamp_that_no_log_tells_of_is_extra(copy: Path, authority: Authority) -> None:
    answer = authority.answer(copy / bundle.REQUEST)
    shutil.copyfile(answer, copy / "seal/timestamp-7.tsr")
    assert told(copy) == {"seal/timestamp-7.tsr"}


def test_a_time_stamp_of_another_bundle_is_told(copy: Path, authority: Authority) -> None:
    """Even where the log was made to fit it."""
    (copy / "other.tsq").write_bytes(timestamp.request(b"another bundle"))
    answer = authority.answer(copy / "other.tsq")
    (copy / "other.tsq").unlink()
    shutil.copyfile(answer, copy / "seal/timestamp-2.tsr")
    shutil.copyfile(authority.root, copy / "seal/timestamp-2-roots.pem")
    names = dict.fromkeys(["seal/timestamp-2.tsr", "seal/timestamp-2-roots.pem"], 0)
    hashed = {p: h.hashes["sha256"] for p, h in contents.hash_files(copy, names).items()}
    custody.append(copy / bundle.AFTER, who=OPERATOR, what="added a time-stamp", files=hashed)
    assert told(copy) == {"seal/timestamp-2.tsr"}


# --- the custody log


def test_the_log_names_the_first_broken_line(tmp_path: Path) -> None:
    log = tmp_path / "custody.jsonl"
    for number in range(5):
        when = CREATED + timedelta(minutes=number)
        custody.append(log, who=OPERATOR, what=f"act {number}", when=when, files={"a": "0" * 64})
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
        custody.append(log, who=who, what="first", when=CREATED)
        custody.append(log, who=OPERATOR, what="second", when=CREATED)
    one, two = (log.read_bytes().splitlines() for log in logs)
    found = custody.first_break([two[0], one[1]])
    assert found == custody.Break(2, "it does not carry the hash of the line before")
    late = tmp_path / "late.jsonl"
    custody.append(late, who=OPERATOR, what="third", when=CREATED - timedelta(days=1),
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
        custody.append(log, who=OPERATOR, what=what, when=CREATED)
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
    custody.append(log, who=OPERATOR, what="first", when=CREATED)
    for wrong in ({"who": " ", "what": "x"}, {"who": "x", "what": ""}):
        with pytest.raises(InputError):
            custody.append(log, **wrong, when=CREATED)
    with pytest.raises(InputError, match="later entry"):
        custody.append(log, who="x", what="x", when=CREATED - timedelta(days=1))
    log.write_bytes(log.read_bytes().replace(b"first", b"First"))
    with pytest.raises(IntegrityError, match="line 1"):
        custody.append(log, who=OPERATOR, what="second", when=CREATED)


# --- the gate


Hits = list[tuple[str, int | None, str]]


def hits(folder: Path, rules: tuple[Rule, ...] = (), data: tuple[DataUse, ...] = (ORL,)) -> Hits:
    return screening.screen(folder, data, rules).select("file", "line", "kind").rows()


def test_an_honest_payload_passes_the_gate(payload: Path) -> None:
    assert hits(payload) == []


def test_a_face_is_refused_wherever_it_is(tmp_path: Path) -> None:
    import base64

    import cv2

    face = cv2.imread(sources.open_images("orl").files["path"][0])
    png = cv2.imencode(".png", face)[1].tobytes()
    (tmp_path / "face.png").write_bytes(png)
    coded = base64.b64encode(png).decode()
    (tmp_path / "page.html").write_text(f'<p>\n<img src="data:image/png;base64,{coded}">')
    notebook = {"cells": [{"outputs": [{"data": {"image/png": coded + "\n"}}]}]}
    (tmp_path / "chapter.ipynb").write_text(json.dumps(notebook, indent=1))
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "exhibit.pdf"))
    canvas.drawString(100, 700, "Exhibit A-1")
    canvas.drawImage(ImageReader(str(tmp_path / "face.png")), 100, 300, 92, 112)
    canvas.save()
    found = {file: line for file, line, kind in hits(tmp_path) if kind == "face"}
    assert found == {"face.png": None, "page.html": 2, "chapter.ipynb": 7, "exhibit.pdf": None}
    (tmp_path / "exhibit.pdf").unlink()
    with pytest.raises(InputError, match=r"page\.html, line 2: it shows a face"):
        screening.refuse(tmp_path, (ORL,))
    allowing = DataUse("own", "Own", "own", "own", True, False)
    assert hits(tmp_path, data=(allowing,)) == []
    for name in ("page.html", "chapter.ipynb"):
        (tmp_path / name).unlink()
    assert len(hits(tmp_path, data=(allowing, ORL))) == 1  # one set that doesn't allow it decides
    assert len(hits(tmp_path, data=())) == 1


def test_most_faces_are_found() -> None:
    """A picture each of 40 people, as the set has it (92 x 112 pixels)."""
    import cv2

    looker = screening._Looker(faces=False, templates=False, rules=())
    files = sources.open_images("orl").files.unique("subject_id", keep="first", maintain_order=True)
    faces = [cv2.imread(path) for path in files["path"]]
    assert sum(map(looker._shows_face, faces)) >= 36
    sheet = np.vstack([np.hstack(faces[row : row + 4]) for row in range(0, 16, 4)])
    assert looker._shows_face(sheet)
    page = np.full((1754, 1240, 3), 255, np.uint8)
    page[500:612, 300:392] = faces[0]
    assert looker._shows_face(page)
    page[500:612, 300:392] = 0
    assert not looker._shows_face(page)


def test_a_template_is_refused_wherever_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    templates = rng.normal(size=(3, 128))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    frame = pl.DataFrame({"id": ["a", "b", "c"], "template": templates})
    frame.write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({f"t{n}": templates[:, n] for n in range(128)}).write_parquet(
        tmp_path / "b.parquet"
    )
    (tmp_path / "c.json").write_text(json.dumps({"x": 1, "t": templates[0].tolist()}, indent=1))
    (tmp_path / "d.txt").write_text(f"first\n{templates[1]}")
    (tmp_path / "e.npy").write_bytes(templates.tobytes())
    nested = {"outputs": [{"data": {PARQUET: _packed(frame)}}]}
    (tmp_path / "f.ipynb").write_text(json.dumps(nested, indent=1))
    curve = np.linspace(0.001, 0.999, 128).tolist()
    (tmp_path / "curve.json").write_text(json.dumps([curve, list(range(128)), [0.5] * 100]))
    found = {(file, line) for file, line, _ in hits(tmp_path)}
    assert found == {
        ("a.parquet", None),
        ("b.parquet", None),
        ("c.json", 3),
        ("d.txt", 2),
        ("e.npy", None),
        ("f.ipynb", 5),
    }
    allowing = DataUse("own", "Own", "own", "own", False, True)
    assert {file for file, _, _ in hits(tmp_path, data=(allowing,))} == {"e.npy"}


def _packed(frame: pl.DataFrame) -> str:
    import base64
    import io

    file = io.BytesIO()
    frame.write_parquet(file)
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "text",
    ["900101-1234567", "Tel. 010-1234-5678", "M12345678", "hong.gildong@moj.go.kr"],
)
def test_personal_data_is_refused_wherever_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "note.md").write_text(f"one\ntwo {text} three\n")
    (tmp_path / "chapter.ipynb").write_text(json.dumps({"a": [f"x {text}\n"]}, indent=1))
    pl.DataFrame({"n": [1], "text": [f"x {text} y"]}).write_parquet(tmp_path / "table.parquet")
    packed = {PARQUET: pack(pl.DataFrame({"text": [text]}))}
    (tmp_path / "shown.json").write_text(json.dumps(packed, indent=1))
    found = {file: line for file, line, kind in hits(tmp_path) if kind == "personal"}
    assert found == {"note.md": 2, "chapter.ipynb": 3, "table.parquet": None, "shown.json": 2}
    with pytest.raises(InputError) as refused:
        screening.refuse(tmp_path, ())
    assert text not in str(refused.value)  # told, never shown
    allow = Rule("allowed", exact=text.removeprefix("Tel. "), reason="printed by the ministry")
    assert hits(tmp_path, (allow,)) == []


def test_a_column_of_numbers_that_name_people_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"call": [1012345678, 1098765432]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"여권": [1, 2]}).write_parquet(tmp_path / "b.parquet")
    pl.DataFrame({"n": [1012, 109], "share": [0.5, 0.25]}).write_parquet(tmp_path / "c.parquet")
    assert {file for file, _, _ in hits(tmp_path)} == {"a.parquet", "b.parquet"}


def test_sealing_goes_through_the_gate(payload: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(payload, tmp_path / "payload"))
    (folder / "figures" / "note.md").write_text("call 010-1234-5678")
    with pytest.raises(InputError, match=r"figures/note\.md, line 1"):
        bundle.seal(folder, tmp_path / "out", record(), key=None, created=CREATED)
    assert [each.name for each in tmp_path.iterdir()] == ["payload"]


def test_numbers_and_digests_are_no_personal_data(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(
        json.dumps({"a": 0.01012345678, "b": "d" * 64, "c": 1612137600000, "d": [1e-05, 20191.5]})
        + f" sha256:{'01012345678' * 5}abcdef123 press@example.org"
    )
    assert hits(tmp_path) == []


@pytest.mark.parametrize(
    "text", ["[" + "1.25, " * 50_000, "[" * 50_000, "a." * 50_000, "1" * 50_000]
)
def test_no_text_keeps_the_gate_busy(text: str) -> None:
    """Patterns that try every split of a long text would take hours over these."""
    looker = screening._Looker(faces=False, templates=False, rules=())
    started = time.process_time()
    assert list(looker._text(text)) == []
    assert time.process_time() - started < 5


def test_text_in_a_pdf_is_read_too(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "exhibit.pdf"))
    canvas.drawString(100, 700, "page one")
    canvas.showPage()
    canvas.drawString(100, 700, "call 010-1234-5678, says Hong Gildong")
    canvas.save()
    rule = Rule("witness A", exact="Hong Gildong")
    found = screening.screen(tmp_path, (ORL,), (rule,))
    assert found["kind"].to_list() == ["redaction", "personal"]
    assert all(what.startswith("page 2: ") for what in found["what"])


def test_what_can_not_be_looked_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "b.png").write_bytes(b"no picture")
    (tmp_path / "c.parquet").write_bytes(b"no table")
    (tmp_path / "d.csv").write_bytes("가".encode("cp949"))
    (tmp_path / "e.pdf").write_bytes(b"no pdf")
    pl.DataFrame({"x": [b"bytes"]}).write_parquet(tmp_path / "f.parquet")
    pdf = pypdfium2.PdfDocument.new()
    pdf.new_page(100, 100)
    pdf.new_attachment("hidden.txt").set_data(b"in here")
    pdf.save(tmp_path / "g.pdf")
    assert [(file, kind) for file, _, kind in hits(tmp_path)] == [
        (name, "unread")
        for name in ("a.zip", "b.png", "c.parquet", "d.csv", "e.pdf", "f.parquet", "g.pdf")
    ]


# --- redaction


def test_a_redaction_list_is_applied_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    frame = pl.DataFrame(
        {
            "document": ["a/annex.pdf", "a/annex.pdf", "b.pdf"],
            "page": [3, 9, 3],
            "text": ["secret of page 3", "홍길동 signed", "open"],
        }
    )
    outputs = [{"data": {PARQUET: pack(frame), "text/html": ["<b>홍길동</b>\n", "A &amp; B\n"]}}]
    (folder / "02.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}]}))
    frame.write_csv(folder / "table.csv")
    frame.write_parquet(folder / "table.parquet")
    (folder / "none.md").write_text("nothing")
    rules_file = tmp_path / "rules.toml"
    rules_file.write_text(
        '[[redact]]\nname = "witness A"\nexact = "홍길동"\n'
        '[[redact]]\nname = "firm"\nexact = "A & B"\n'
        '[[redact]]\nname = "annex"\ndocument = "annex.pdf"\npages = [3, 4]\n'
        '[[redact]]\nname = "unmet"\npattern = "Q[0-9]+"\n'
        '[[allow]]\nexact = "press@moj.go.kr"\nreason = "published"\n'
    )
    rules = read_rules(rules_file)
    report = redact(folder, rules)
    assert report.rows() == [
        ("annex", "02.ipynb", 1),
        ("annex", "table.csv", 1),
        ("annex", "table.parquet", 1),
        ("firm", "02.ipynb", 1),
        ("unmet", "", 0),
        ("witness A", "02.ipynb", 2),
        ("witness A", "table.csv", 1),
        ("witness A", "table.parquet", 1),
    ]
    notebook = json.loads((folder / "02.ipynb").read_text())
    data = notebook["cells"][0]["outputs"][0]["data"]
    expected = ["[redacted: annex]", "[redacted: witness A] signed", "open"]
    assert unpack(data[PARQUET])["text"].to_list() == expected
    assert pl.read_parquet(folder / "table.parquet")["text"].to_list() == expected
    assert pl.read_csv(folder / "table.csv")["text"].to_list() == expected
    assert data["text/html"] == ["<b>[redacted: witness A]</b>\n", "[redacted: firm]\n"]
    assert hits(folder, rules) == []  # the gate finds nothing left
    assert redact(folder, rules)["count"].sum() == 0  # and again, nothing changes
    (folder / "late.json").write_text(json.dumps({"x": "홍길동"}))  # as \uXXXX
    assert hits(folder, rules) == [("late.json", 1, "redaction")]


SECRET = "The witness lives at the old mill, and has done so for more than thirty years now"


@pytest.mark.parametrize(
    "rule", [Rule("annex", document="annex.pdf", pages=(3,)), Rule("annex", exact=SECRET)]
)
def test_what_is_redacted_leaks_nowhere(tmp_path: Path, rule: Rule) -> None:
    """It goes from a frame, the cut tables drawn of it, charts, and sentences that quote it."""
    secret = SECRET
    frame = pl.DataFrame(
        {
            "name": ["annex.pdf", "b.pdf"],
            "page": [3, 3],
            "snippet": [secret, "open"],
            "kind": ["a statement"] * 2,
        }
    )
    chart = {"datasets": {"d": frame.to_dicts()}}
    outputs = [
        {
            "data": {
                PARQUET: pack(frame),
                "text/html": frame._repr_html_(),
                "text/plain": str(frame),
            }
        },
        {"data": {"application/vnd.vegalite.v6+json": chart}},
        {"data": {"text/html": f"<p>It says: {secret}. It is a statement.</p>"}},
    ]
    (tmp_path / "08.ipynb").write_text(json.dumps({"cells": [{"outputs": outputs}]}))
    (tmp_path / "09.ipynb").write_text(json.dumps({"cells": [{"source": f"'{secret}'"}]}))
    report = redact(tmp_path, [rule])
    left = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "The witness" not in left  # nor the beginning, which a cut table shows
    assert "It is a statement." in left  # another row says this, too: no secret of the page
    assert left.count("[redacted: annex]") >= 5
    shown = json.loads((tmp_path / "08.ipynb").read_text())["cells"][0]["outputs"]
    assert unpack(shown[0]["data"][PARQUET])["snippet"].to_list() == ["[redacted: annex]", "open"]
    rows = shown[1]["data"]["application/vnd.vegalite.v6+json"]["datasets"]["d"]
    assert [row["snippet"] for row in rows] == ["[redacted: annex]", "open"]
    assert set(report["file"]) == {"08.ipynb", "09.ipynb"}


def test_a_list_in_csv_and_lists_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    path.write_text('name,exact,document,pages\nwitness,Hong,,\nannex,,annex.pdf,"3-5, 8"\n')
    assert read_rules(path)[1] == Rule("annex", document="annex.pdf", pages=(3, 4, 5, 8))
    for text in ('[[redact]]\nname = "x"', '[[redact]]\nname = "x"\npattern = "("',
                 '[[redact]]\nname = "x"\npattern = "a*"', "[[other]]\nx = 1", "[[redact",
                 '[[allow]]\nexact = "x"'):  # fmt: skip
        bad = tmp_path / "bad.toml"
        bad.write_text(text)
        with pytest.raises(InputError):
            read_rules(bad)


# --- the command, and the way without it


def test_the_command_is_kept_without_the_folders_that_name_the_user() -> None:
    typed = ["--key", "/home/kim/keys/a.pem", "--redact=/home/kim/list.toml", "--out", "../b/c"]
    kept = ["--key", "a.pem", "--redact=list.toml", "--out", "c"]
    assert [_without_folders(word) for word in typed] == kept
    plain = ["exhibit", "--only", "02,04", "--out", "build/exhibit", "--operator", "Kim / Lee"]
    assert [_without_folders(word) for word in plain] == plain


def test_who_ran_it_is_asked_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--out", str(tmp_path / "out"), "--notebooks", str(tmp_path / "none")]
    assert main(["exhibit", "--operator", " ", *given]) == 1
    assert "--operator" in capsys.readouterr().err


def test_verify_names_files_and_answers_by_its_exit_code(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(copy)]) == 0
    said = capsys.readouterr().out
    assert "It is what was sealed" not in said  # without the signer's key nobody knows that
    assert "only with their public key" in said
    assert main(["verify", str(copy), "--key", str(copy / bundle.PUBLIC_KEY)]) == 0
    assert "It is what was sealed with that key" in capsys.readouterr().out
    assert "neither shows truth" in said
    assert "참임을 보여 주지 않는다" in said
    rewrite(copy / "manifest-sha256.txt", "  data/run.json", "  data/ran.json")
    assert main(["verify", str(copy)]) == 1
    said = capsys.readouterr().out
    assert "fault: data/ran.json: missing" in said
    assert "fault: manifest-sha256.txt" in said


def test_key_and_timestamp_as_commands(
    plain: Path, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", str(tmp_path / "key.pem")]) == 0
    assert re.search(r"[0-9a-f]{64}", capsys.readouterr().out)
    folder = tmp_path / "bundle"
    shutil.copytree(plain, folder)
    answer = authority.answer(folder / bundle.REQUEST)
    given = ["--roots", str(authority.root), "--operator", OPERATOR]
    assert main(["timestamp", str(folder), str(answer), *given]) == 0
    assert "Test TSA" in capsys.readouterr().out
    assert main(["verify", str(folder), "--roots", str(authority.root)]) == 0
    assert main(["timestamp", str(folder), str(authority.root), *given]) == 1


def test_every_command_of_the_documentation_runs(
    sealed: Path, key: Path, authority: Authority, tmp_path: Path
) -> None:
    """docs/evidence.md, block by block, against a real bundle; and they fail on a changed one."""
    text = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n# (\w+)\n(.*?)```", text, re.DOTALL)
    assert {name for name, _ in blocks} == {
        "bagit", "hashes", "signature", "fingerprint", "log", "timestamp", "custody", "crate"
    }  # fmt: skip
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "BUNDLE": str(sealed),
        "ROOTS": str(authority.root),
        "CACHE": str(offline_cache(tmp_path)),
    }

    def works(name: str, block: str, folder: Path) -> bool:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=environment | {"BUNDLE": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if name == "fingerprint":
            mark = keys.fingerprint((folder / bundle.PUBLIC_KEY).read_bytes())
            return done.returncode == 0 and mark in done.stdout
        return done.returncode == 0

    for name, block in blocks:
        assert works(name, block, sealed), (name, block)
    broken = Path(shutil.copytree(sealed, tmp_path / "broken"))
    for path in (bundle.SIGNED, "data/figures/02-1.csv", "data/custody.jsonl"):
        with (broken / path).open("ab") as file:
            file.write(b"\n")
    rewrite(broken / "data/custody.jsonl", OPERATOR, "Lee Other")
    for name, block in blocks:
        if name not in ("fingerprint", "crate"):  # the crate's validator reads no hashes
            assert not works(name, block, broken), (name, block)


def run(*command: str, at: Path) -> None:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
