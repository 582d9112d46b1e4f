"""Sealed bundles that the tests of evidence share, and what these ask of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import bagit
import polars as pl
import pytest
from filelock import FileLock

from onetomany.evidence import additions, bundle, bundle_layout, contents, custody, keys, timestamp
from onetomany.evidence.verify import verify
from payloads import CREATED, OPERATOR, make_payload, record
from stamps import Authority

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "evidence"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def payload(shared_evidence: Path) -> Path:
    with FileLock(shared_evidence / "payload.lock"):
        folder = shared_evidence / "payload"
        return folder if folder.exists() else make_payload(folder)


@pytest.fixture(scope="session")
def key(shared_evidence: Path) -> Path:
    """The private key that `plain` and `sealed` are signed with."""
    path = shared_evidence / "key.pem"
    with FileLock(shared_evidence / "key.lock"):
        if not path.exists():
            keys.make_key(path)
    return path


@pytest.fixture(scope="session")
def public(key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The signer's public key, as a reader has it by another way than the bundle."""
    path = tmp_path_factory.mktemp("public") / "public.pem"
    path.write_bytes(keys.public_pem(keys.read_private(key)))
    return path


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key that signed nothing in `sealed`."""
    path = tmp_path_factory.mktemp("other") / "other.pem"
    keys.make_key(path)
    return path


@pytest.fixture(scope="session")
def locks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lock file: a megabyte copied and hashed 200 times shows no more than this."""
    folder = tmp_path_factory.mktemp("locks")
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8").split("\n\n[[package]]")
    (folder / "uv.lock").write_text("\n\n[[package]]".join(lock[:9]) + "\n", encoding="utf-8")
    (folder / "environment.yml").write_text("name: onetomany\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that nobody here trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="session")
def plain(payload: Path, key: Path, locks: Path, shared_evidence: Path) -> Path:
    """A signed bundle without a time-stamp."""
    out = shared_evidence / "plain" / "bundle"
    with FileLock(shared_evidence / "plain.lock"):
        if not out.exists():
            bundle.seal(payload, out, record(), key=key, created=CREATED, repository=locks)
    return out


@pytest.fixture(scope="session")
def sealed(plain: Path, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed bundle with a time-stamp, in a line that nobody signed."""
    out = tmp_path_factory.mktemp("sealed") / "bundle"
    shutil.copytree(plain, out)
    answer = authority.answer(out / bundle_layout.REQUEST)
    additions.add_timestamp(out, answer, authority.root, who=OPERATOR)
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


def files_in(folder: Path) -> list[str]:
    return sorted(contents.list_files(folder).files)


def forge(folder: Path, key: Path | None, **info: str) -> Path:
    """Make manifests, signature, request, log and certificate anew, as one with the key would.

    `info` changes fields of bag-info.txt.
    """
    before = hashlib.sha256((folder / bundle_layout.SIGNED).read_bytes()).hexdigest()
    (folder / "bagit.txt").touch()
    bag = bagit.Bag(str(folder))
    bag.save(manifests=True)
    bag.info |= {name.replace("_", "-"): value for name, value in info.items()}
    bag.save()
    for name in ("tagmanifest-sha256.txt", "tagmanifest-sha512.txt"):
        lines = (folder / name).read_text().splitlines()
        kept = sorted(line for line in lines if " seal/" not in line)
        (folder / name).write_text("".join(f"{line}\n" for line in kept))
    signed = (folder / bundle_layout.SIGNED).read_bytes()
    (folder / bundle_layout.REQUEST).write_bytes(timestamp.timestamp_request(signed))
    draft = folder / "seal/certificate.md"
    text = draft.read_text(encoding="utf-8")
    draft.write_text(text.replace(before, hashlib.sha256(signed).hexdigest()), encoding="utf-8")
    for path in (folder / "seal").glob("timestamp-*"):
        path.unlink()
    log = folder / bundle_layout.AFTER
    log.unlink()
    (folder / bundle_layout.LOG_SIGNATURE).unlink()
    if key:
        private = keys.read_private(key)
        (folder / bundle_layout.SIGNATURE).write_bytes(private.sign(signed))
        (folder / bundle_layout.PUBLIC_KEY).write_bytes(keys.public_pem(private))
    seals = [f"seal/{each.name}" for each in (folder / "seal").iterdir()]
    names = dict.fromkeys(["tagmanifest-sha256.txt", "tagmanifest-sha512.txt", *seals], 0)
    hashed = {p: h.hashes["sha256"] for p, h in contents.hash_files(folder, names).items()}
    last = (folder / "data/custody.jsonl").read_bytes().splitlines()[-1]
    custody.append_entry(
        log, who=OPERATOR, what="sealed", when=CREATED, files=hashed, after=custody.line_hash(last)
    )
    if key:
        (folder / bundle_layout.LOG_SIGNATURE).write_bytes(private.sign(log.read_bytes()))
    return folder


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(*command: str, at: Path) -> None:
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
