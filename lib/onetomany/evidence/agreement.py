"""Check that a bundle's RO-Crate, SBOM, figures and run.json agree with each other.

The manifests cover all of these files. These checks are for a bundle whose manifests were made
again after a change.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from onetomany.errors import InputError, reason_of
from . import crate, custody
from .opened import AGAIN, MADE_WITH, BundleFinding, Opened, read_json
from .record import RunRecord

CUSTODY, RECORD, SBOM = "data/custody.jsonl", "data/run.json", "data/environment/sbom.cdx.json"
CRATE, FIGURES = f"data/{crate.METADATA}", "data/figures.json"


def check_crate(one: Opened) -> list[BundleFinding]:
    """Check that the RO-Crate lists every file of the payload, as it is, and no other."""
    text = one.read(CRATE)
    if text is None:
        return [BundleFinding(CRATE, "missing or unreadable: the RO-Crate", AGAIN)]
    try:
        entities = read_entities(text)
        files = {
            unquote(name): each
            for name, each in entities.items()
            if "File" in _list(each.get("@type", []))
        }
        parts = {unquote(str(part["@id"])) for part in _list(entities["./"].get("hasPart", []))}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [BundleFinding(CRATE, f"it can't be read as an RO-Crate ({error})", MADE_WITH)]
    lines = _crate_lines(text)
    there = {
        path.removeprefix("data/"): each
        for path, each in one.files.items()
        if path.startswith("data/") and path != CRATE
    }
    found = [
        BundleFinding(
            CRATE, f"describes data/{path}, which is not there", MADE_WITH, line=lines.get(path)
        )
        for path in sorted((set(files) | parts) - set(there))
    ]
    found += [
        BundleFinding(f"data/{path}", f"not described in {CRATE}", MADE_WITH)
        for path in sorted(set(there) - (set(files) & parts))
    ]
    for path in sorted(set(there) & set(files)):
        told = (str(files[path].get("contentSize")), files[path].get("sha256"))
        if told != (str(there[path].size), there[path].hashes["sha256"]):
            what = f"size or SHA-256 of data/{path} is not the one described here"
            found.append(BundleFinding(CRATE, what, MADE_WITH, line=lines.get(path)))
    return found


def read_entities(text: bytes) -> dict[str, dict[str, Any]]:
    """Return @id -> entity of an RO-Crate. Raises ValueError, KeyError or TypeError."""
    graph = read_json(text)["@graph"]
    entities: dict[str, dict[str, Any]] = {str(each["@id"]): each for each in graph}
    if len(entities) != len(graph):
        raise ValueError("two entities have the same @id")
    return entities


def check_sbom(one: Opened) -> list[BundleFinding]:
    text = one.read(SBOM)
    try:
        raw = read_json(text or b"")
        named = raw["bomFormat"] == "CycloneDX" and all(
            each["name"] and each["version"] for each in raw["components"]
        )
    except (ValueError, KeyError, TypeError):
        named = False
    if named:
        return []
    return [BundleFinding(SBOM, "it can't be read as a CycloneDX bill of packages", MADE_WITH)]


def check_figures(one: Opened) -> list[BundleFinding]:
    """Check the hash that the exhibit's list of figures, if any, gives for each file."""
    text = one.read(FIGURES)
    if text is None:
        return []  # the manifests report that it is gone
    try:
        told = {
            f"data/{path}": str(digest)
            for each in read_json(text)["figures"]
            for path, digest in each["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it can't be read as the list of figures ({error})"
        return [BundleFinding(FIGURES, what, MADE_WITH)]
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for digest in re.findall(rb"[0-9a-f]{64}", line):
            lines.setdefault(digest.decode(), number)
    found = []
    for path, digest in told.items():
        if path not in one.files or one.files[path].hashes["sha256"] != digest:
            what = f"{path} is not there, or not with the SHA-256 given here"
            found.append(BundleFinding(FIGURES, what, MADE_WITH, line=lines.get(digest)))
    return found


def check_record(one: Opened) -> list[BundleFinding]:
    """Check run.json against the notebooks that it names, and the time of sealing."""
    try:
        record = read_record(one)
    except (InputError, ValueError) as error:
        return [BundleFinding(RECORD, reason_of(error), MADE_WITH)]
    found = []
    if one.read(f"data/{crate.WORKFLOW}") != crate.workflow_json(record).encode():
        what = "not the chapters and the command of run.json"
        found.append(BundleFinding(f"data/{crate.WORKFLOW}", what, MADE_WITH))
    lines = (one.read(CUSTODY) or b"").splitlines()
    try:
        sealing = datetime.fromisoformat(custody.read_line(lines[-1])["when"])
        if record.ended > sealing:
            what = f"the run ends ({record.ended}) after it was sealed ({sealing})"
            found.append(BundleFinding(RECORD, what, MADE_WITH))
    except (InputError, IndexError):
        pass  # the check of the log reports it
    for chapter in record.chapters:
        name = f"data/notebooks/{chapter}.ipynb"
        try:
            ran = read_json(one.read(name) or b"")["metadata"].get("onetomany", {})
            commit = ran.get("commit", record.commit)
        except (ValueError, KeyError, TypeError, AttributeError):
            found.append(BundleFinding(name, "not a notebook, though run.json names it", MADE_WITH))
            continue
        if commit != record.commit:
            what = f"it was run at commit {commit}, run.json says {record.commit}"
            found.append(BundleFinding(name, what, MADE_WITH))
    return found


def read_record(one: Opened) -> RunRecord:
    """Return the run's record. Raises InputError or ValueError if the file is not a record."""
    return RunRecord.from_json((one.read(RECORD) or b"").decode())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _crate_lines(text: bytes) -> dict[str, int]:
    """Return path -> the line at which the RO-Crate describes it."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.decode(errors="replace").split("\n"), 1):
        label, _, value = line.strip().rstrip(",").partition(": ")
        if label == '"@id"':
            found.setdefault(unquote(value.strip('"')), number)
    return found
