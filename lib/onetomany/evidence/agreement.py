"""What a bundle says of its run, held against itself: RO-Crate, SBOM, figures, run.json.

All of it lies under the manifests. These checks are for a bundle whose manifests were made anew
after something was changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from onetomany.errors import InputError
from onetomany.evidence import crate, custody
from onetomany.evidence.opened import AGAIN, MADE_WITH, Finding, Opened, read_json
from onetomany.evidence.record import RunRecord

CUSTODY, RECORD, SBOM = "data/custody.jsonl", "data/run.json", "data/environment/sbom.cdx.json"
CRATE, FIGURES = f"data/{crate.METADATA}", "data/figures.json"


def check_crate(one: Opened) -> list[Finding]:
    """The RO-Crate lists every file of the payload and nothing more, as it is."""
    text = one.read(CRATE)
    if text is None:
        return [Finding(CRATE, None, "missing, or far too large: the RO-Crate", AGAIN)]
    try:
        graph = read_json(text)["@graph"]
        entities = {str(each["@id"]): each for each in graph}
        files = {unquote(name): each for name, each in entities.items() if "File" in _types(each)}
        parts = {unquote(str(part["@id"])) for part in _list(entities["./"].get("hasPart", []))}
        identifier = entities["./"].get("identifier")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [Finding(CRATE, None, f"it can't be read as an RO-Crate ({error})", MADE_WITH)]
    there = {
        path.removeprefix("data/"): each
        for path, each in one.files.items()
        if path.startswith("data/") and path != CRATE
    }
    found = [
        Finding(CRATE, _line(text, path), f"describes data/{path}, which is not there", MADE_WITH)
        for path in sorted((set(files) | parts) - set(there))
    ]
    found += [
        Finding(f"data/{path}", None, f"not described in {CRATE}", MADE_WITH)
        for path in sorted(set(there) - (set(files) & parts))
    ]
    for path in sorted(set(there) & set(files)):
        told = (str(files[path].get("contentSize")), files[path].get("sha256"))
        if told != (str(there[path].size), there[path].hashes["sha256"]):
            what = f"size or SHA-256 of data/{path} is not the one described here"
            found.append(Finding(CRATE, _line(text, path), what, MADE_WITH))
    if identifier != one.value("External-Identifier"):
        what = "its identifier is not that of bag-info.txt"
        found.append(Finding(CRATE, _line(text, "./"), what, MADE_WITH))
    return found


def check_sbom(one: Opened) -> list[Finding]:
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
    return [Finding(SBOM, None, "it can't be read as a CycloneDX bill of packages", MADE_WITH)]


def check_figures(one: Opened) -> list[Finding]:
    """The exhibit's list of figures, where there is one, gives the hash that each file has."""
    text = one.read(FIGURES)
    if text is None:
        return []  # that it is gone, the manifests tell
    try:
        told = {
            f"data/{path}": str(digest)
            for each in read_json(text)["figures"]
            for path, digest in each["files"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it can't be read as the list of figures ({error})"
        return [Finding(FIGURES, None, what, MADE_WITH)]
    lines = text.decode(errors="replace").splitlines()
    found = []
    for path, digest in told.items():
        if path not in one.files or one.files[path].hashes["sha256"] != digest:
            line = next((n for n, each in enumerate(lines, 1) if digest and digest in each), None)
            what = f"{path} is not there, or not with the SHA-256 given here"
            found.append(Finding(FIGURES, line, what, MADE_WITH))
    return found


def check_record(one: Opened) -> list[Finding]:
    """run.json against what else the bundle says of the run."""
    try:
        record = RunRecord.from_json((one.read(RECORD) or b"").decode())
    except (InputError, UnicodeDecodeError) as error:
        return [Finding(RECORD, None, str(error), MADE_WITH)]
    found = []
    if record.identifier != one.value("External-Identifier"):
        found.append(Finding(RECORD, None, "its identifier is not that of bag-info.txt", MADE_WITH))
    if one.read(f"data/{crate.WORKFLOW}") != crate.workflow(record).encode():
        what = "not the chapters and the command of run.json"
        found.append(Finding(f"data/{crate.WORKFLOW}", None, what, MADE_WITH))
    lines = (one.read(CUSTODY) or b"").splitlines()
    try:
        sealing = datetime.fromisoformat(custody.read_line(lines[-1])["when"])
        if record.ended > sealing:
            what = f"the run ends ({record.ended}) after it was sealed ({sealing})"
            found.append(Finding(RECORD, None, what, MADE_WITH))
    except (InputError, IndexError):
        pass  # told by the check of the log
    for chapter in record.chapters:
        name = f"data/notebooks/{chapter}.ipynb"
        try:
            ran = read_json(one.read(name) or b"")["metadata"].get("onetomany", {})
            commit = ran.get("commit", record.commit)
        except (ValueError, KeyError, TypeError, AttributeError):
            found.append(Finding(name, None, "not a notebook, though run.json names it", MADE_WITH))
            continue
        if commit != record.commit:
            what = f"it was run at commit {commit}, run.json says {record.commit}"
            found.append(Finding(name, None, what, MADE_WITH))
    return found


def _types(entity: Any) -> list[Any]:
    return _list(entity.get("@type", []))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _line(text: bytes, path: str) -> int | None:
    """The line at which the RO-Crate describes a file."""
    for number, line in enumerate(text.decode(errors="replace").splitlines(), 1):
        label, _, value = line.strip().rstrip(",").partition(": ")
        if label == '"@id"' and unquote(value.strip('"')) == path:
            return number
    return None
