"""Every change of a sealed bundle is reported, with its file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import polars as pl
import pytest

from bundles import faults, files_in, forge, lines_of, rewrite, told
from onetomany.errors import InputError
from onetomany.evidence import bundle_layout, contents, crate, keys, timestamp
from onetomany.evidence.agreement import SBOM
from onetomany.evidence.verify import verify
from payloads import CHAPTERS, OPERATOR

pytestmark = pytest.mark.real


def test_a_file_is_told_by_its_old_name_where_others_are_like_it(copy: Path) -> None:
    """The two notebooks are alike to the byte."""
    (copy / FIRST).rename(copy / f"{FIRST}.x")
    found = faults(copy).filter(file=f"{FIRST}.x")
    assert f"renamed from {FIRST}" in found["what"].to_list()


# --- one who makes the manifests anew


def test_new_manifests_without_the_key_do_not_hold(copy: Path) -> None:
    rewrite(copy / "data/figures/02-1.csv", "1000,", "1001,")
    forge(copy, None)
    assert {bundle_layout.SIGNATURE, bundle_layout.LOG_SIGNATURE} <= told(copy)


def test_another_key_is_told_by_its_fingerprint(copy: Path, tmp_path: Path, key: Path) -> None:
    keys.make_key(tmp_path / "other.pem")
    forge(copy, tmp_path / "other.pem")
    assert bundle_layout.PUBLIC_KEY in told(copy)
    # even where bag-info.txt is made to name the other key, the signer's own key tells
    public = tmp_path / "public.pem"
    public.write_bytes(keys.public_pem(keys.read_private(key)))
    old = keys.fingerprint(public.read_bytes())
    new = keys.fingerprint((copy / bundle_layout.PUBLIC_KEY).read_bytes())
    for name in ("bag-info.txt", "README.txt", "seal/certificate.md"):
        rewrite(copy / name, old, new)
    forge(copy, tmp_path / "other.pem")
    assert told(copy) == set()
    assert new in " ".join(verify(copy)["what"])
    assert told(copy, public_key=public) == {bundle_layout.PUBLIC_KEY}


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
    other = timestamp.timestamp_request(b"something else")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timestamp, "timestamp_request", lambda _: other)
        forge(copy, key)
    assert told(copy) == {bundle_layout.REQUEST}


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
    (copy / "data/methods/methods.md").unlink()
    assert {"data/methods/", "data/methods/methods.md"} <= told(copy)


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
    assert {"bagit.txt", "manifest-sha256.txt", bundle_layout.AFTER} <= told(tmp_path)
