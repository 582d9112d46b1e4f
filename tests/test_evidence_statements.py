"""Who, what and when of a run: a signer who changes it in one place is contradicted by the others.

The attacker here has the key: manifests, signature, time-stamp request and log are made anew.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bundles import faults, forge, rewrite, told
from onetomany.errors import InputError
from onetomany.evidence import bundle, bundle_layout, crate, custody, keys, screening
from onetomany.evidence.record import new_identifier
from payloads import CHAPTERS, COMMIT, CREATED, OPERATOR, STARTED, record

pytestmark = pytest.mark.real

CRATE, INFO, RUN = f"data/{crate.METADATA}", "bag-info.txt", "data/run.json"
IDENTIFIER = new_identifier(COMMIT, CHAPTERS, STARTED)
TITLE, TITLE_KO = record().title, record().title_ko
EDITS = [
    (INFO, "Contact-Name: Kim", "Contact-Name: Lee"),
    (INFO, "A Newsroom", "The Ministry"),
    (INFO, TITLE, "No wrong person is named"),
    (INFO, IDENTIFIER, "urn:uuid:0"),
    (INFO, "Bagging-Date: 2026-11-24", "Bagging-Date: 2026-01-24"),
    (RUN, OPERATOR, "Lee Other"),
    (RUN, "A Newsroom", "The Ministry"),
    (RUN, COMMIT, "ffffffffffff"),
    (RUN, TITLE, "No wrong person is named"),
    (RUN, TITLE_KO, "아무도 잘못 가리키지 않는다"),
    (RUN, IDENTIFIER, "urn:uuid:0"),
    (RUN, '"started": "2026-11-24T09:00', '"started": "2026-11-20T09:00'),
    (RUN, '"ended": "2026-11-24T09:02', '"ended": "2026-11-24T09:03'),
    (RUN, "research use", "public domain"),
    (RUN, "AT&T Laboratories", "nobody"),
    (RUN, "02,04", "02"),
    (RUN, "by/4.0", "by-nd/4.0"),
    (CRATE, f'"name": "{OPERATOR}"', '"name": "Lee Other"'),
    (CRATE, '"name": "A Newsroom"', '"name": "The Ministry"'),
    (CRATE, f'"description": "commit {COMMIT}"', '"description": "commit ffffffffffff"'),
    (CRATE, f'"version": "{COMMIT}"', '"version": "ffffffffffff"'),
    (CRATE, TITLE_KO, "아무도 잘못 가리키지 않는다"),
    (CRATE, f'"name": "{TITLE}"', '"name": "No wrong person is named"'),
    (CRATE, '"startTime": "2026-11-24T09:00', '"startTime": "2026-11-20T09:00'),
    (CRATE, '"endTime": "2026-11-24T09:02', '"endTime": "2026-11-24T09:03'),
    (CRATE, '"datePublished": "2026-11-24T12', '"datePublished": "2026-11-23T12'),
    (CRATE, "--only 02,04", "--only 02"),
    (CRATE, "research use", "public domain"),
    ("README.txt", TITLE, "No wrong person is named"),
    ("README.txt", TITLE_KO, "아무도 잘못 가리키지 않는다"),
    ("data/workflow.json", "02,04", "02"),
    ("seal/certificate.md", OPERATOR, "Lee Other"),
    ("seal/certificate.md", COMMIT, "ffffffffffff"),
    ("seal/certificate.md", IDENTIFIER, "urn:uuid:0"),
    ("seal/certificate.md", "2026-11-24T09:00", "2026-11-20T09:00"),
    ("seal/certificate.md", "2026-11-24T12:00", "2026-11-20T12:00"),
    ("seal/certificate.md", TITLE, "No wrong person is named"),
]


@pytest.mark.parametrize(("path", "old", "new"), EDITS)
def test_a_fact_that_is_changed_in_one_place_is_reported_there(
    copy: Path, key: Path, path: str, old: str, new: str
) -> None:
    rewrite(copy / path, old, new)
    forge(copy, key)
    found = faults(copy)
    assert path in set(found["file"])
    # where two places alone state it, and differ, nobody knows which of them was changed
    pair = {RUN, CRATE} if "research" in old or "AT&T" in old or "by/4.0" in old else set()
    # the crate gives the hash of every file, and workflow.json is made of run.json
    assert set(found["file"]) <= {path, "data/workflow.json", CRATE} | pair


def _sealed_anew(folder: Path, key: Path, **changes: object) -> Path:
    """A bundle whose last line before sealing, or first after it, says something else."""
    for name in ("data/custody.jsonl", bundle_layout.AFTER):
        if name in changes:
            lines = (folder / name).read_bytes().splitlines()
            which = -1 if name == "data/custody.jsonl" else 0
            entry = json.loads(lines[which]) | changes[name]  # type: ignore[operator]
            del entry["digest"]
            lines[which] = custody._line(entry | {"digest": custody._digest(entry)})
            (folder / name).write_bytes(b"\n".join(lines) + b"\n")
    if "data/custody.jsonl" in changes:
        return forge(folder, key)
    first = (folder / bundle_layout.AFTER).read_bytes().splitlines()[0] + b"\n"
    (folder / bundle_layout.AFTER).write_bytes(first)
    (folder / bundle_layout.LOG_SIGNATURE).write_bytes(keys.read_private(key).sign(first))
    return folder


@pytest.mark.parametrize("name", ["data/custody.jsonl", bundle_layout.AFTER])
@pytest.mark.parametrize("change", [{"who": "Lee Other"}, {"when": "2026-11-24T11:00:00+00:00"}])
def test_a_line_of_the_log_is_held_to_the_other_places(
    plain: Path, key: Path, tmp_path: Path, name: str, change: dict[str, str]
) -> None:
    folder = Path(shutil.copytree(plain, tmp_path / "bundle"))
    _sealed_anew(folder, key, **{name: change})
    found = faults(folder)
    broken = found["what"].str.starts_with("chain broken").any()  # older than a line before it
    assert name in set(found["file"])
    assert broken or set(found["file"]) - {CRATE} == {name}  # the crate has the log's hash


def test_the_line_that_tells_of_the_run_is_held_to_the_record(
    payload: Path, key: Path, locks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `onetomany exhibit` makes it, where the payload brings no log of its own."""
    monkeypatch.setattr(screening, "refuse_unfit", lambda *_: None)
    own = Path(shutil.copytree(payload, tmp_path / "payload"))
    (own / "custody.jsonl").unlink()
    figures = {"commit": COMMIT, "figures": []}
    (own / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
    out = bundle.seal(
        own, tmp_path / "bundle", record(), key=key, created=CREATED, repository=locks
    )
    assert told(out) == set()
    log = out / "data/custody.jsonl"
    lines = log.read_bytes().splitlines()
    for old, new in ((COMMIT, "f" * 12), ("24T09:00", "20T09:00"), (CHAPTERS[1], "05_other")):
        first = json.loads(lines[0])
        first["what"] = first["what"].replace(old, new)
        del first["digest"]
        changed = custody._line(first | {"digest": custody._digest(first)})
        second = json.loads(lines[1]) | {"previous": custody.line_hash(changed)}
        del second["digest"]
        last = custody._line(second | {"digest": custody._digest(second)})
        log.write_bytes(changed + b"\n" + last + b"\n")
        found = faults(forge(out, key))
        assert set(found["file"]) >= {"data/custody.jsonl"}, (old, found.rows())
        assert 1 in found.filter(file="data/custody.jsonl")["line"]
    log.write_bytes(b"\n".join(lines) + b"\n")
    rewrite(out / "data/figures.json", COMMIT, "f" * 12)
    assert "data/figures.json" in told(forge(out, key))


def test_files_that_the_log_did_not_see_sealed_are_reported(copy: Path, key: Path) -> None:
    """A signer who adds a file after sealing, and describes it in the crate, or takes one away."""
    path = copy / CRATE
    graph = json.loads(path.read_text(encoding="utf-8"))
    entities = graph["@graph"]
    model = next(each for each in entities if each["@id"] == "sources.csv")
    entities.append(model | {"@id": "figures/new.csv"})
    root = next(each for each in entities if each["@id"] == "./")
    root["hasPart"].append({"@id": "figures/new.csv"})
    path.write_text(json.dumps(graph, ensure_ascii=False, indent=1), encoding="utf-8")
    shutil.copyfile(copy / "data/sources.csv", copy / "data/figures/new.csv")
    assert told(forge(copy, key)) == {"data/figures/new.csv"}
    (copy / "data/figures/new.csv").rename(copy / "data/figures/gone.csv")
    rewrite(path, "figures/new.csv", "figures/gone.csv")
    rewrite(path, "sources.csv", "figures/gone.csv")
    (copy / "data/sources.csv").unlink()
    assert {"data/figures/gone.csv", "data/custody.jsonl", CRATE} <= told(forge(copy, key))


def test_what_a_signer_changes_everywhere_is_not_told(
    payload: Path, plain: Path, key: Path, locks: Path, tmp_path: Path
) -> None:
    """docs/evidence.md says so: only a time-stamp, an attestation or a second copy tells that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screening, "refuse_unfit", lambda *_: None)
        other = record(operator="Lee Other", organisation="", commit="f" * 12, title="Other")
        out = tmp_path / "bundle"
        bundle.seal(payload, out, other, key=key, created=CREATED, repository=locks)
    assert told(out) == set()


NASTY: list[dict[str, Any]] = [
    {
        "operator": "김 기자 | *A* _b_ <c> & {d} `e` \\f",
        "organisation": " ",
        "question": "",
        "title": "100% # of {faces}: 'a' \"b\"",
        "title_ko": "= 제목",
        "licence": "",
        "commit": "",
    },
    {
        "operator": "  spaced  ",
        "organisation": "",
        "licence": "CC BY 4.0 (own words)",
        "commit": f"{COMMIT}+changes",
        "command": ("onetomany", "a b", "it's", "$x"),
        "started": STARTED.replace(microsecond=7),
        "identifier": "a b",
        "data": (),
        "title": "ⓐ e\u0301 \u202e x",
    },
]


@pytest.mark.parametrize("changes", NASTY)
def test_whatever_a_record_holds_its_honest_bundle_has_no_fault(
    payload: Path, key: Path, locks: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    small = tmp_path / "payload"
    (small / "notebooks").mkdir(parents=True)
    for name in CHAPTERS:
        shutil.copyfile(payload / f"notebooks/{name}.ipynb", small / f"notebooks/{name}.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screening, "refuse_unfit", lambda *_: None)
        out = tmp_path / "bundle"
        one = record(**changes)
        bundle.seal(small, out, one, key=key, created=CREATED, repository=locks)
    assert faults(out).rows() == []


@pytest.mark.parametrize("field", ["operator", "organisation", "title", "title_ko", "identifier"])
@pytest.mark.parametrize("letter", ["\n", "\r", "\x1b", "\u2028", "\x00"])
def test_a_record_that_would_break_a_line_is_not_sealed(
    payload: Path, tmp_path: Path, field: str, letter: str
) -> None:
    one = record(**{field: f"Kim{letter}Contact-Name: Lee"})
    with pytest.raises(InputError, match=field):
        bundle.seal(payload, tmp_path / "out", one, key=None, created=CREATED)
    assert not (tmp_path / "out").exists()


def test_a_run_is_not_sealed_before_its_end(payload: Path, tmp_path: Path) -> None:
    early = CREATED - timedelta(days=1)
    with pytest.raises(InputError, match="clock"):
        bundle.seal(payload, tmp_path / "out", record(), key=None, created=early)
