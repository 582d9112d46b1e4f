"""A signed statement of another person's run: what is in it holds, differences are stated."""

from __future__ import annotations

import base64
import copy as copies
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bundles import faults, told
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.evidence import attestation, bundle, bundle_layout, container, contents, keys
from onetomany.evidence.attestation import KIND, PREDICATE, AttestedRun, attest, preauthenticated
from onetomany.evidence.attested import check_attestations
from onetomany.evidence.exhibit import write_payload
from onetomany.evidence.opened import BundleFinding, Opened
from onetomany.evidence.reproduce import _compare_exhibits, reproduce
from onetomany.evidence.verify import verify
from onetomany.report.execute import run_chapters
from payloads import CREATED, OPERATOR
from sample_notebook import code, twin, write_notebook

pytestmark = pytest.mark.kernel

ATTESTED = f"seal/{KIND}-1.json"
LATER = CREATED + timedelta(hours=1)
RUN = AttestedRun("Choi Second", "Another Newsroom", CREATED, LATER, True)
OPENING = "# 01 · A run\n\n- **The question.** A?\n- **What you will see.** B.\n"
OPENING += "- **How long it takes.** C.\n- **What it can't show.** D."
CELLS = """
import os
import polars as pl
from onetomany.prose import say
pl.DataFrame({"size": [10, 1000], "rate": [0.1, 0.3]})
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a chapter that shows a table, a sentence of its folder, and a time."""
    folder = tmp_path_factory.mktemp("chapters")
    cells = [*twin(OPENING, OPENING), code(CELLS)]
    cells.append(code("say(f\"It says **{len(os.environ.get('WORD', ''))}**.\", \"말\")"))
    cells.append(code("pl.DataFrame({'seconds': [0.25]})", "varies"))
    path = write_notebook(folder / "01_run.ipynb", cells)
    base = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORD", "four")  # which no container sees
        made = write_payload(run_chapters([path]), folder, base / "payload")
    keys.make_key(base / "key.pem")
    record = made.record(operator=OPERATOR, organisation="", licence="x", command=["x"])
    created = record.ended + timedelta(seconds=1)
    return bundle.seal(made.folder, base / "bundle", record, key=base / "key.pem", created=created)


@pytest.fixture(scope="module")
def second_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("second") / "key.pem"
    keys.make_key(path)
    return path


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "bundle"))


@pytest.fixture(scope="module")
def compared(first: Path) -> pl.DataFrame:
    """A comparison in which one item is not there: its outcome is 'different'."""
    return _compare_exhibits(first / "data", [])


def opened(folder: Path) -> Opened:
    files = contents.hash_files(folder, contents.list_files(folder).files)
    return Opened(folder, None, None, files)


# --- a run that is attested


@pytest.mark.skipif(
    bool(container.container_problem()), reason=container.container_problem() or "there is one"
)
def test_a_run_is_attested_with_its_differences_and_verified(
    copy: Path, second_key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "again"
    command = ["reproduce", str(copy), "--attest", "--key", str(second_key), "--out", str(out)]
    assert main([*command, "--operator", "Choi Second", "--organisation", "Another Newsroom"]) == 1
    said = capsys.readouterr().out
    assert f"added {ATTESTED}" in said
    assert faults(copy).height == 0
    note = verify(copy).filter(file=ATTESTED)
    assert note["level"].to_list() == ["note"]
    mark = keys.fingerprint(keys.public_pem(keys.read_private(second_key)))
    for fact in ("Choi Second (Another Newsroom)", "same 1", "different 1", "varies 1", mark,
                 "Statement 01-1", "4 became 0"):  # fmt: skip
        assert fact in note["what"][0]
    assert "by another channel" in note["todo"][0]
    facts = statement_of(copy)["predicate"]
    assert [each["outcome"] for each in facts["items"]] == ["same", "different", "varies"]
    assert facts["confined"] is True
    assert facts["machine"]["processors"]
    assert "does not show that the numbers are right" in facts["limits"]["en"]
    assert pl.read_csv(out / "comparison.csv")["outcome"].to_list() == [
        each["outcome"] for each in facts["items"]
    ]


def test_openssl_accepts_the_envelope(
    copy: Path, compared: pl.DataFrame, second_key: Path, tmp_path: Path
) -> None:
    """By the lines that docs/evidence.md gives."""
    attest(copy, compared, RUN, second_key)
    docs = (Path(__file__).parents[1] / "docs/evidence.md").read_text("utf-8")
    block = docs.split("# attestation\n")[1].split("```")[0]
    command = ["bash", "-euo", "pipefail", "-c", block]
    given: dict[str, Any] = {"env": {"BUNDLE": str(copy), "PATH": "/usr/bin:/bin"}, "text": True}
    done = subprocess.run(command, capture_output=True, check=False, **given)
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    rewrite(copy, second_key, lambda told: told["predicate"].update(operator="Other"), resign=False)
    done = subprocess.run(command, capture_output=True, check=False, **given)
    assert done.returncode != 0


def test_a_second_attestation_gets_the_next_number(
    copy: Path, compared: pl.DataFrame, second_key: Path, first: Path
) -> None:
    assert attest(copy, compared, RUN, second_key) == ATTESTED
    assert attest(copy, compared, RUN, first.parent / "key.pem") == f"seal/{KIND}-2.json"
    assert faults(copy).height == 0
    notes = dict(verify(copy).select("file", "what").iter_rows())
    assert "not another person's" in notes[f"seal/{KIND}-2.json"]
    assert "not another person's" not in notes[ATTESTED]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "needs your private key"),
        (["--key", "{key}"], "needs your private key"),
        (["--operator", "A", "--key", "{bundle}/seal/public-key.pem"], "private key"),
    ],
)
def test_what_can_not_be_attested_is_refused_before_it_runs(
    first: Path, second_key: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    words = [each.format(key=second_key, bundle=first) for each in more]
    assert main(["reproduce", str(first), "--attest", "--out", str(first / "no"), *words]) == 1
    assert said in capsys.readouterr().err
    assert not (first / "no").exists()


def test_a_changed_bundle_is_not_attested(
    copy: Path, compared: pl.DataFrame, second_key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "data/tables/01-1.csv").write_text("size\n1\n")
    command = ["reproduce", str(copy), "--attest", "--key", str(second_key), "--unverified"]
    assert main([*command, "--operator", "A"]) == 1
    assert "can't be attested" in capsys.readouterr().err
    with pytest.raises(InputError, match="not the file that was compared"):
        attest(copy, compared, RUN, second_key)
    assert not (copy / ATTESTED).exists()


# --- forged ones


def statement_of(folder: Path) -> dict[str, Any]:
    envelope = json.loads((folder / ATTESTED).read_text("utf-8"))
    return dict(json.loads(base64.b64decode(envelope["payload"])))


def rewrite(folder: Path, key: Path, change: Any, *, resign: bool = True) -> None:
    """Change the statement, as one who has the key (or only the folder) would."""
    envelope = json.loads((folder / ATTESTED).read_text("utf-8"))
    told_by = json.loads(base64.b64decode(envelope["payload"]))
    change(told_by)
    content = json.dumps(told_by).encode()
    envelope["payload"] = base64.b64encode(content).decode()
    if resign:
        signed = keys.read_private(key).sign(preauthenticated(envelope["payloadType"], content))
        envelope["signatures"][0]["sig"] = base64.b64encode(signed).decode()
    (folder / ATTESTED).write_text(json.dumps(envelope), "utf-8")


def outcome(label: str, **changes: Any) -> Any:
    def change(told_by: dict[str, Any]) -> None:
        facts = told_by["predicate"]
        next(each for each in facts["items"] if each["item"] == label).update(changes)
        names = [each["outcome"] for each in facts["items"]]
        facts["counts"] = {name: names.count(name) for name in facts["counts"]}

    return change


def subject(number: int, **changes: Any) -> Any:
    return lambda told_by: told_by["subject"][number].update(changes)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (subject(0, digest={"sha256": "0" * 64}), "another bundle"),
        (subject(0, name="bagit.txt"), "another bundle"),
        (subject(1, digest={"sha256": "0" * 64}), "not a compared figure"),
        (subject(1, name="data/run.json"), "not a compared figure"),
        (subject(1, name="../../etc/passwd"), "not a compared figure"),
        (subject(1, name="tagmanifest-sha256.txt"), "twice"),
        (lambda told_by: told_by["subject"].pop(), "not a compared figure"),
        (lambda told_by: told_by["predicate"]["items"].pop(), "leaves out"),
        (lambda told_by: told_by["predicate"]["items"].append(
            {"item": "Table 01-1", "outcome": "different", "files": 0, "largest": None,
             "what": "x"}), "or two"),
        (lambda told_by: told_by["predicate"]["counts"].update(same=9), "counts"),
        (outcome("Table 01-1", outcome="varies"), "can't be 'varies'"),
        (outcome("Table 01-1", outcome="within", files=1, largest=0.5), "can't be 'within'"),
        (outcome("Table 01-1", outcome="same", files=7), "can't be 'same'"),
        (outcome("Table 01-2", outcome="same", files=1), "can't be 'same'"),
        (outcome("Table 01-1", outcome="fine"), "no known outcome"),
        (outcome("Table 01-1", item="Table 09-1", outcome="same", files=1), "can't be"),
        (outcome("Table 01-1", what=" "), "can't be 'different'"),
        (lambda told_by: told_by.update(predicateType="https://example.org/x"), "not an in-toto"),
        (lambda told_by: told_by["predicate"].update(ended="2020-01-01T00:00:00+00:00"), "from"),
        (lambda told_by: told_by["predicate"].update(started="2020-01-01T00:00:00"), "from"),
        (lambda told_by: told_by["predicate"].update(operator=" "), "who ran it"),
    ],
)  # fmt: skip
def test_a_statement_that_contradicts_the_bundle_is_a_fault_even_if_signed(
    copy: Path, compared: pl.DataFrame, second_key: Path, change: Any, why: str
) -> None:
    attest(copy, compared, RUN, second_key)
    rewrite(copy, second_key, lambda _: None)
    assert [each.level for each in check_attestations(opened(copy))] == ["note"]
    rewrite(copy, second_key, change)
    found = check_attestations(opened(copy))
    assert [(each.file, each.level) for each in found] == [(ATTESTED, "fault")]
    assert why in found[0].what


def test_without_the_key_nothing_can_be_changed(
    copy: Path, compared: pl.DataFrame, second_key: Path, first: Path
) -> None:
    attest(copy, compared, RUN, second_key)
    whole = (copy / ATTESTED).read_bytes()
    rewrite(copy, second_key, lambda told_by: told_by["predicate"].update(operator="Other"),
            resign=False)  # fmt: skip
    found = check_attestations(opened(copy))
    assert "signature does not match" in found[0].what
    assert ATTESTED in told(copy)
    # nor is it of another bundle of the same figures
    other = Path(shutil.copytree(first, copy.parent / "other"))
    (other / "bag-info.txt").write_text((other / "bag-info.txt").read_text() + "Note: x\n")
    sums = contents.hash_files(other, {"bag-info.txt": 0})["bag-info.txt"].hashes["sha256"]
    manifest = other / bundle_layout.SIGNED
    lines = manifest.read_text().splitlines()
    lines = [f"{sums}  bag-info.txt" if "bag-info" in line else line for line in lines]
    manifest.write_text("\n".join(lines) + "\n")
    mark = keys.fingerprint(keys.public_pem(keys.read_private(second_key)))
    for name, content in ((ATTESTED, whole), (f"seal/key-{mark}.pem",
                          (copy / f"seal/key-{mark}.pem").read_bytes())):  # fmt: skip
        (other / name).write_bytes(content)
    assert "another bundle" in check_attestations(opened(other))[0].what
    (other / f"seal/key-{mark}.pem").unlink()
    assert "missing" in check_attestations(opened(other))[0].what


WRONG = (None, 3, -1, "x", "", "\ud800\x1b[2J", [], [3], {}, {"x": 1}, True, 1e308, float("inf"))


def nodes(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield where
    if isinstance(value, dict | list):
        for name in list(value) if isinstance(value, dict) else range(len(value)):
            yield from nodes(value[name], (*where, name))


def replaced(value: Any, where: tuple[Any, ...], new: Any) -> Any:
    if not where:
        return new
    whole = copies.deepcopy(value)
    inner = whole
    for name in where[:-1]:
        inner = inner[name]
    inner[where[-1]] = new
    return whole


# what is the attester's to say in any words
FREE = {"operator", "organisation", "kit", "packages", "machine", "tolerance", "limits", "what",
        "confined", "largest", "files"}  # fmt: skip


def test_no_wrong_shape_ends_in_a_traceback(
    copy: Path, compared: pl.DataFrame, second_key: Path
) -> None:
    attest(copy, compared, RUN, second_key)
    one = opened(copy)
    private = keys.read_private(second_key)
    envelope = json.loads((copy / ATTESTED).read_text("utf-8"))
    statement = json.loads(base64.b64decode(envelope["payload"]))

    def check(text: str) -> BundleFinding:
        (copy / ATTESTED).write_text(text, "utf-8")
        found = check_attestations(one)
        assert len(found) == 1
        assert found[0].what.isprintable()
        return found[0]

    for where in nodes(envelope):
        for new in WRONG:
            assert check(json.dumps(replaced(envelope, where, new))).level == "fault"
    count = 0
    for where in nodes(statement):
        for new in WRONG:
            content = json.dumps(replaced(statement, where, new)).encode()
            signed = private.sign(preauthenticated(envelope["payloadType"], content))
            parts = {"keyid": envelope["signatures"][0]["keyid"]}
            parts["sig"] = base64.b64encode(signed).decode()
            made = envelope | {"payload": base64.b64encode(content).decode()}
            found = check(json.dumps(made | {"signatures": [parts]}))
            count += 1
            if not FREE & set(where):
                assert found.level == "fault", (where, new)
    assert count > 500
    for text in ("", "[" * 100_000, "nothing", '{"payload": "x", "payload": "y"}', "9" * 5000):
        assert check(text).level == "fault"


def test_the_kind_of_statement_is_the_documented_one() -> None:
    docs = (Path(__file__).parents[1] / "docs/evidence.md").read_text("utf-8")
    assert PREDICATE in docs
    assert attestation.STATEMENT in docs


def test_reproduce_of_a_bundle_without_figures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no figures"):
        reproduce(tmp_path, tmp_path / "out")
