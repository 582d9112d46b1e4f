"""Seal a payload into a bundle: BagIt outside, RO-Crate inside, a signature over all of it.

    bagit.txt, bag-info.txt, README.txt
    manifest-sha256.txt, manifest-sha512.txt        every file of data/
    tagmanifest-sha256.txt, tagmanifest-sha512.txt  every other file except those of seal/
    data/      the payload, with the RO-Crate that describes it
    seal/      files made after the tag manifests: the signature, the public key, the time-stamp
               request, later time-stamps, the certificate draft

seal/ is in no manifest, since it signs them; BagIt's readers accept tag files that no tag manifest
lists. seal/custody.jsonl lists them: it continues the log in data/ and gives the SHA-256 of each
file in seal/. Its first line, made at sealing, is signed in seal/custody.sig; later lines, such as
for an added time-stamp, carry a signature of their own (`custody`). A file that a line names never
changes: additions have new names (`additions`).

Everything is made in another folder first. bagit.txt gets its name as the last act, so a killed run
leaves nothing that this kit, or any reader of BagIt, takes for a bundle.
"""

import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import bagit
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onetomany import __version__
from onetomany.errors import InputError
from onetomany.sources.files import sync
from . import bundle_layout as layout
from . import certificate, contents, crate, custody, keys, screening, timestamp
from .record import RunRecord
from .redaction import RedactionRule
from .sbom import write_environment

ADDED = ("run.json", crate.WORKFLOW, "environment", crate.METADATA)

TRUTH_EN = "A hash shows sameness, a time-stamp existence; neither shows truth."
TRUTH_KO = (
    "해시는 같음을, 타임스탬프는 그때 있었음을 보여 줄 뿐, 어느 것도 참임을 보여 주지 않는다."
)


def seal(
    payload: Path,
    out: Path,
    record: RunRecord,
    *,
    key: Path | None,
    created: datetime,
    rules: Sequence[RedactionRule] = (),
    repository: Path | None = None,
    jurisdictions: Sequence[str] = (),
) -> Path:
    """Make the bundle `out` of a payload (see the package's docstring); return `out`.

    `key` is a private Ed25519 key in PEM, None for a bundle without a signature. `created` carries
    its zone. `rules` are the redaction list. `repository` is the folder of the lock files.
    `jurisdictions` choose further drafts of certificates (`questions.JURISDICTIONS`). The same
    payload, record, key and time in the same environment give the same bytes. Raises InputError
    if the payload contains something that may not go in, naming file and line, or if `out` exists.
    """
    private = keys.read_private(key) if key else None
    if created.tzinfo is None:
        raise InputError("The time of sealing has no time zone: add it.")
    _refuse_taken(out)
    _check_record(record, created)
    _check_payload(payload, record)
    screening.refuse_unfit(payload, record.data, rules)
    beside = _new_beside(out)
    _fill(beside, payload, record, created, repository, rules=rules)
    mark = keys.fingerprint(keys.public_pem(private)) if private else layout.UNSIGNED
    _bag(beside, record, created, mark)

    signed = (beside / layout.SIGNED).read_bytes()
    (beside / layout.SEAL).mkdir()
    if private:
        (beside / layout.SIGNATURE).write_bytes(private.sign(signed))
        (beside / layout.PUBLIC_KEY).write_bytes(keys.public_pem(private))
    (beside / layout.REQUEST).write_bytes(timestamp.timestamp_request(signed))
    digest = hashlib.sha256(signed).hexdigest()
    certificate.write_certificates(
        beside / layout.SEAL, record, created, digest, mark, jurisdictions=jurisdictions
    )
    _begin_log(beside, record, created, private)
    _sync_all(beside)
    beside.rename(out)
    sync(out.parent)
    (out / layout.HELD_BACK).rename(out / layout.DECLARATION)
    sync(out)
    return out


def _begin_log(
    beside: Path, record: RunRecord, created: datetime, private: Ed25519PrivateKey | None
) -> None:
    """Write the first line of the log in seal/, with the hashes of all files there; sign it."""
    last = (beside / "data" / "custody.jsonl").read_bytes().splitlines()[-1]
    custody.append_entry(
        beside / layout.AFTER,
        who=record.operator,
        what="signed the tag manifest" if private else "closed the bundle without a signature",
        when=created,
        files=_hashes(beside, ["tagmanifest-sha256.txt", "tagmanifest-sha512.txt"])
        | _hashes(
            beside,
            sorted(f"{layout.SEAL}/{each.name}" for each in (beside / layout.SEAL).iterdir()),
        ),
        after=custody.line_hash(last),
    )
    if private:
        (beside / layout.LOG_SIGNATURE).write_bytes(
            private.sign((beside / layout.AFTER).read_bytes())
        )


def _check_record(record: RunRecord, created: datetime) -> None:
    """Refuse line breaks in fields that bag-info.txt and README.txt state in one line."""
    for name in ("operator", "organisation", "title", "title_ko", "identifier"):
        if re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", getattr(record, name)):
            raise InputError(
                f"The {name} of the run contains a line break or another control character: "
                "write it in one line."
            )
    if created < record.ended:
        raise InputError(
            f"The run ended at {record.ended.isoformat()}, after the time of sealing "
            f"({created.isoformat()}): set this computer's clock right, and seal again."
        )


def _check_payload(payload: Path, record: RunRecord) -> None:
    if not payload.is_dir():
        raise InputError(f"There is no folder {payload} to seal.")
    listing = contents.list_files(payload)
    taken = [name for name in ADDED if (payload / name).exists()]
    faults = [
        *listing.refused,
        *contents.bad_names(listing.files),
        *((name, "this name is reserved for a file that sealing adds") for name in taken),
        *(
            (f"notebooks/{chapter}.ipynb", "the record names this chapter, but it is not there")
            for chapter in record.chapters
            if f"notebooks/{chapter}.ipynb" not in listing.files
        ),
    ]
    if faults:
        told = "; ".join(f"{path}: {why}" for path, why in faults[:10])
        raise InputError(f"The payload {payload} can't be sealed: {told}.")


def _refuse_taken(out: Path) -> None:
    """Refuse an `out` that exists, unless a killed run left it."""
    unfinished = (out / layout.HELD_BACK).is_file() and not (out / layout.DECLARATION).exists()
    if (out.exists() or out.is_symlink()) and not unfinished:
        raise InputError(
            f"{out} already exists, and a bundle is never overwritten: name a new folder."
        )


def _new_beside(out: Path) -> Path:
    """Make the folder in which the bundle is made; delete a killed run's leftovers."""
    beside = out.with_name(f".{out.name}.unfinished")
    for left in (out, beside):
        if left.exists():
            shutil.rmtree(left)
    beside.mkdir(parents=True)
    return beside


def _fill(
    beside: Path,
    payload: Path,
    record: RunRecord,
    created: datetime,
    repository: Path | None,
    *,
    rules: Sequence[RedactionRule],
) -> None:
    """Copy the payload and add the kit's own files."""
    before = _hashes(payload, contents.list_files(payload).files)
    for path in before:
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(payload / path, beside / path)
    log = beside / "custody.jsonl"
    before.pop(log.name, None)
    copied = _hashes(beside, before)
    changed = [path for path in before if copied[path] != before[path]]
    if changed:
        raise InputError(f"The payload changed while it was sealed: {', '.join(changed)}.")
    (beside / "run.json").write_text(record.to_json(), encoding="utf-8")
    (beside / crate.WORKFLOW).write_text(crate.workflow_json(record), encoding="utf-8")
    write_environment(beside / "environment", created, repository)
    if not log.exists():  # a log that the payload brings already describes the run
        _log_run(log, record, rules, before)
    custody.append_entry(
        log, who=record.operator, what="put the payload into the bundle", when=created, files=before
    )
    files = contents.hash_files(beside, contents.list_files(beside).files)
    facts = {path: (each.size, each.hashes["sha256"]) for path, each in files.items()}
    (beside / crate.METADATA).write_text(
        crate.describe_crate(record, facts, created), encoding="utf-8"
    )


def _log_run(
    log: Path, record: RunRecord, rules: Sequence[RedactionRule], hashes: Mapping[str, str]
) -> None:
    """Write the first entries of the custody log: the run itself and the redaction list."""
    executed = [f"notebooks/{chapter}.ipynb" for chapter in record.chapters]
    custody.append_entry(
        log,
        who=record.operator,
        what=f"ran {', '.join(record.chapters)} from {record.started.isoformat()} on, by Python "
        f"{platform.python_version()}, notebooks at commit {record.commit or 'unknown'}",
        when=record.ended,
        files={path: hashes[path] for path in executed},
    )
    allowing = [rule.reason for rule in rules if rule.allows]
    why = f", because: {'; '.join(allowing)}" if allowing else ""
    if rules:
        custody.append_entry(
            log,
            who=record.operator,
            what=f"applied a redaction list: {len(rules) - len(allowing)} rules that take out, "
            f"{len(allowing)} that allow{why}",
            when=record.ended,
            files={path: hashes[path] for path in hashes if path == "redactions.csv"},
        )


def _bag(beside: Path, record: RunRecord, created: datetime, mark: str) -> None:
    """Make it a bag; bagit.txt keeps its unfinished name for now."""
    info = {
        "Bagging-Date": created.date().isoformat(),
        "Bag-Software-Agent": f"onetomany {__version__}, bagit.py {bagit.VERSION}",
        "Contact-Name": record.operator,
        "External-Description": record.title,
        "External-Identifier": record.identifier,
        "Source-Organization": record.organisation or "none named",
        layout.KEY_FIELD: mark,
        "What-This-Shows": [TRUTH_EN, TRUTH_KO],
    }
    bag = bagit.make_bag(str(beside), info, checksums=list(contents.ALGORITHMS))
    (beside / "README.txt").write_text(_readme(record, mark), encoding="utf-8")
    bag.save()
    (beside / layout.DECLARATION).rename(beside / layout.HELD_BACK)
    for name in contents.ALGORITHMS:
        path = beside / f"tagmanifest-{name}.txt"
        lines = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
        # the library lists them as the file system does, and with one space, as sha256sum can't
        lines.sort(key=lambda line: line[1])
        text = "".join(f"{hashed}  {file}\n" for hashed, file in lines)
        path.write_text(text, encoding="utf-8")


def _readme(record: RunRecord, mark: str) -> str:
    if mark == layout.UNSIGNED:
        whose = (
            "This bundle is not signed: its hashes show accidental changes, not deliberate ones.\n"
            "이 묶음에는 서명이 없다. 해시는 사고로 바뀐 것만 알려 줄 뿐 "
            "일부러 바꾼 것은 알려 주지 않는다.\n"
        )
        check = ""
    else:
        whose = (
            f"Signed with the key whose SHA-256 is: {mark}\n"
            "Ask the signer for this number by another channel than the one this bundle came by.\n"
            "서명한 열쇠의 SHA-256은 위와 같다. 이 묶음이 온 길이 아닌 다른 길로 "
            "서명한 사람에게 이 수를 확인한다.\n"
        )
        signed = f"-in {layout.SIGNED} -sigfile {layout.SIGNATURE}"
        check = f"""\
  openssl pkeyutl -verify -rawin -pubin -inkey {layout.PUBLIC_KEY} {signed}
  openssl pkey -pubin -in {layout.PUBLIC_KEY} -outform DER | sha256sum
    (must give the number above / 위의 수가 나와야 한다)
"""
    return f"""{record.title}
{record.title_ko}

{TRUTH_EN}
{TRUTH_KO}

{whose}
To check this bundle / 이 묶음을 확인하려면:  onetomany verify FOLDER
Without that tool / 그 도구 없이:
  bagit.py --validate FOLDER
  cd FOLDER && sha256sum --check --quiet manifest-sha256.txt tagmanifest-sha256.txt
{check}"""


def _hashes(root: Path, paths: Iterable[str]) -> dict[str, str]:
    sizes = {path: (root / path).stat().st_size for path in paths}
    return {path: each.hashes["sha256"] for path, each in contents.hash_files(root, sizes).items()}


def _sync_all(root: Path) -> None:
    """Sync every file and folder to the disk before the name that vouches for them."""
    for folder, _, names in os.walk(root):
        for name in names:
            sync(Path(folder) / name)
        sync(Path(folder))
