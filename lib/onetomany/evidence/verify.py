"""Whether a bundle is what was sealed: every difference, with its file and line.

Nothing in the bundle is trusted or run. Names are checked before they are opened, links are not
followed, files that are read as a whole have a limit. What passes shows that these are the bytes
that were sealed with that key; it does not show that they are true.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from onetomany.errors import InputError
from onetomany.evidence import bundle as sealed
from onetomany.evidence import contents, crate, custody, keys, timestamp
from onetomany.evidence.contents import Hashed
from onetomany.evidence.manifests import Finding, Manifest, compare, read_manifest
from onetomany.evidence.record import RunRecord

FINDINGS = {
    "file": pl.String,  # path in the bundle
    "line": pl.Int64,  # line in that file or, where it changed, in the manifest; null: the whole
    "what": pl.String,
    "todo": pl.String,
    "level": pl.String,  # fault, or note: what the bundle by itself can't show
}
AGAIN = "get the bundle again from who sealed it; this copy is not what was sealed"
ASK = "ask who sealed it how this came about; don't rely on the bundle before"
MADE_WITH = "don't rely on it: whoever changed it could make new manifests, but not the signature"
CUSTODY, RECORD, SBOM = "data/custody.jsonl", "data/run.json", "data/environment/sbom.cdx.json"
CRATE = f"data/{crate.METADATA}"


@dataclass
class _Bundle:
    """What is known of a bundle while it is checked."""

    root: Path
    public_key: bytes | None
    roots: bytes | None
    files: dict[str, Hashed]
    info: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        """A listed file's content; None where it is missing or too large to be what it should."""
        if path not in self.files or self.files[path].size > contents.MAX_TEXT:
            return None
        return (self.root / path).read_bytes()

    def value(self, name: str) -> str:
        """A field of bag-info.txt; empty where it isn't there exactly once."""
        values = self.info.get(name, [])
        return values[0][0] if len(values) == 1 else ""


def verify(
    bundle: Path, *, public_key: Path | None = None, roots: Path | None = None
) -> pl.DataFrame:
    """Everything that differs from what was sealed (schema FINDINGS); no fault means it holds.

    `public_key` (PEM) is the signer's, got by another way than the bundle; `roots` (PEM) are the
    root certificates of time-stamp authorities that you trust. Without them, what lies in the
    bundle itself is used, and a note says so. Raises InputError where there is no such folder.
    """
    if not bundle.is_dir():
        raise InputError(
            f"There is no folder {bundle}; a bundle that was packed is unpacked first."
        )
    listing = contents.list_files(bundle)
    found = [Finding(path, None, why, AGAIN) for path, why in listing.refused]
    found += [Finding(path, None, why, AGAIN) for path, why in contents.bad_names(listing.files)]
    one = _Bundle(
        bundle,
        public_key.read_bytes() if public_key else None,
        roots.read_bytes() if roots else None,
        contents.hash_files(bundle, listing.files),
    )
    found += _read_info(one)
    for check in CHECKS:
        found += check(one)
    rows = [astuple(each) for each in dict.fromkeys(found)]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row").sort(
        "level", "file", "line", maintain_order=True
    )


def _declaration(one: _Bundle) -> list[Finding]:
    name = sealed.DECLARATION
    if sealed.HELD_BACK in one.files and name not in one.files:
        why = "missing: the run that made this was stopped before its end"
        return [Finding(name, None, why, "make the bundle again; this one is not finished")]
    text = one.read(name)
    if text is None:
        return [Finding(name, None, "missing: this is no bundle, or not all of it", AGAIN)]
    if text != b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n":
        return [Finding(name, 1, "it does not declare a bag of version 0.97 in UTF-8", AGAIN)]
    return []


def _manifests(one: _Bundle) -> list[Finding]:
    """Payload and tag files against both manifests, both ways."""
    found = []
    tags = {
        path: each
        for path, each in one.files.items()
        if not path.startswith(("data/", f"{sealed.SEAL}/")) and path not in _names("tagmanifest")
    }
    payload = {path: each for path, each in one.files.items() if path.startswith("data/")}
    for kind, files in (("manifest", payload), ("tagmanifest", tags)):
        read = []
        for name in _names(kind):
            content = one.read(name)
            if content is None:
                found.append(Finding(name, None, "missing, or far too large", AGAIN))
                continue
            manifest, faults = read_manifest(name, content, payload=kind == "manifest")
            read.append(manifest)
            found += faults
        if read:
            found += compare(read, files)
    return found


def _oxum(one: _Bundle) -> list[Finding]:
    """The payload's size and number of files, as bag-info.txt has them."""
    sizes = [each.size for path, each in one.files.items() if path.startswith("data/")]
    told = one.value("Payload-Oxum")
    if told == f"{sum(sizes)}.{len(sizes)}":
        return []
    line = one.info.get("Payload-Oxum", [("", None)])[0][1]
    what = f"Payload-Oxum says '{told}'; data/ has {sum(sizes)}.{len(sizes)} (bytes.files)"
    return [Finding("bag-info.txt", line, what, AGAIN)]


def _signature(one: _Bundle) -> list[Finding]:
    fingerprint = one.value(sealed.KEY_FIELD)
    signed, signature = one.read(sealed.SIGNED), one.read(sealed.SIGNATURE)
    pem = one.read(sealed.PUBLIC_KEY)
    if fingerprint == sealed.UNSIGNED and signature is None and pem is None:
        if one.public_key:
            return [Finding(sealed.SIGNATURE, None, "missing: the bundle is not signed", ASK)]
        todo = "ask for a signed bundle where someone could gain by changing it"
        what = "the bundle is not signed: its hashes tell accidents, not intent"
        return [Finding(sealed.SIGNATURE, None, what, todo, "note")]
    if pem is None or signature is None or signed is None:
        gone = {sealed.PUBLIC_KEY: pem, sealed.SIGNATURE: signature, sealed.SIGNED: signed}
        what = "missing: bag-info.txt says that the bundle is signed"
        return [Finding(name, None, what, AGAIN) for name, value in gone.items() if value is None]
    try:
        mark = keys.fingerprint(pem)
        holds = keys.fits(pem, signature, signed)
    except InputError as error:
        return [Finding(sealed.PUBLIC_KEY, None, str(error), AGAIN)]
    found = []
    if not holds:
        what = f"the signature does not fit {sealed.SIGNED} and {sealed.PUBLIC_KEY}"
        found.append(Finding(sealed.SIGNATURE, None, what, AGAIN))
    if mark != fingerprint:
        what = f"not the key that bag-info.txt names: its SHA-256 is {mark}"
        found.append(Finding(sealed.PUBLIC_KEY, None, what, AGAIN))
    if one.public_key is None:
        what = f"checked with the key that lies in the bundle: its SHA-256 is {mark}"
        todo = "ask the signer for this number by another way, or give their key with --key"
        found.append(Finding(sealed.PUBLIC_KEY, None, what, todo, "note"))
    elif keys.fingerprint(one.public_key) != mark:
        what = f"signed with another key than the one given: its SHA-256 is {mark}"
        found.append(Finding(sealed.PUBLIC_KEY, None, what, ASK))
    return found


def _timestamps(one: _Bundle) -> list[Finding]:
    signed = one.read(sealed.SIGNED)
    if signed is None:
        return []
    found = []
    if one.read(sealed.REQUEST) != timestamp.request(signed):
        what = f"missing, or not the time-stamp request for {sealed.SIGNED}"
        found.append(Finding(sealed.REQUEST, None, what, AGAIN))
    answers = [path for path in one.files if path.endswith(".tsr")]
    for path in answers:
        kept = one.read(f"{path.removesuffix('.tsr')}-roots.pem")
        try:
            trusted = timestamp.read_roots(one.roots or kept or b"")
            stamp = timestamp.check(one.read(path) or b"", signed, trusted)
        except InputError as error:
            found.append(Finding(path, None, f"the time-stamp does not hold: {error}", ASK))
            continue
        marks = ", ".join(timestamp.root_hash(root) for root in trusted)
        what = f"time-stamp of {stamp.when.isoformat()} by {stamp.authority}"
        todo = "none: it was checked with the root certificates you gave"
        if one.roots is None:
            what += f", checked with the root that lies in the bundle (SHA-256 {marks})"
            todo = "compare that number with the authority's, or give its root with --roots"
        found.append(Finding(path, None, what, todo, "note"))
    if not answers:
        what = "no time-stamp: nothing but the signer's word says when it was made"
        todo = f"{sealed.REQUEST} can be sent to a time-stamp authority at any time"
        found.append(Finding(sealed.REQUEST, None, what, todo, "note"))
    return found


def _custody(one: _Bundle) -> list[Finding]:
    """Both logs, the second going on from the first; and the files that they speak of."""
    before, after = one.read(CUSTODY), one.read(sealed.AFTER)
    if before is None or after is None:
        gone = {CUSTODY: before, sealed.AFTER: after}
        return [
            Finding(name, None, "missing: the custody log", AGAIN)
            for name, value in gone.items()
            if value is None
        ]
    first, second = before.splitlines(), after.splitlines()
    found = []
    for name, text, lines, start in (
        (CUSTODY, before, first, custody.START),
        (sealed.AFTER, after, second, custody.line_hash(first[-1]) if first else custody.START),
    ):
        broken = custody.first_break(lines, start=start)
        if not lines or text != b"\n".join(lines) + b"\n":
            broken = broken or custody.Break(max(1, len(lines)), "the log ends in mid-line")
        if broken:
            found.append(Finding(name, broken.line, f"chain broken: {broken.why}", AGAIN))
    if found:
        return found
    entry = custody.read_line(first[-1])
    for path, told in entry["files"].items():
        there = one.files.get(f"data/{path}")
        if there is not None and there.hashes["sha256"] != told:
            what = f"differs from what the custody log saw sealed (line {len(first)} of {CUSTODY})"
            found.append(Finding(f"data/{path}", None, what, MADE_WITH))
    kept = Manifest(sealed.AFTER, "sha256")
    for number, line in enumerate(second, 1):
        files = custody.read_line(line)["files"]
        kept.entries |= {path: (str(told), number) for path, told in files.items()}
    theirs = {
        path: each
        for path, each in one.files.items()
        if path != sealed.AFTER
        and (path.startswith(f"{sealed.SEAL}/") or path in _names("tagmanifest"))
    }
    return compare([kept], theirs)


def _crate(one: _Bundle) -> list[Finding]:
    """The RO-Crate lists every file of the payload and nothing more, as it is."""
    text = one.read(CRATE)
    if text is None:
        return [Finding(CRATE, None, "missing, or far too large: the RO-Crate", AGAIN)]
    try:
        graph = _json(text)["@graph"]
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


def _sbom(one: _Bundle) -> list[Finding]:
    text = one.read(SBOM)
    try:
        raw = _json(text or b"")
        named = raw["bomFormat"] == "CycloneDX" and all(
            each["name"] and each["version"] for each in raw["components"]
        )
    except (ValueError, KeyError, TypeError):
        named = False
    if named:
        return []
    return [Finding(SBOM, None, "it can't be read as a CycloneDX bill of packages", MADE_WITH)]


def _record(one: _Bundle) -> list[Finding]:
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
            ran = _json(one.read(name) or b"")["metadata"].get("onetomany", {})
            commit = ran.get("commit", record.commit)
        except (ValueError, KeyError, TypeError, AttributeError):
            found.append(Finding(name, None, "not a notebook, though run.json names it", MADE_WITH))
            continue
        if commit != record.commit:
            what = f"it was run at commit {commit}, run.json says {record.commit}"
            found.append(Finding(name, None, what, MADE_WITH))
    return found


CHECKS: tuple[Callable[[_Bundle], list[Finding]], ...] = (
    _declaration,
    _manifests,
    _oxum,
    _signature,
    _timestamps,
    _custody,
    _crate,
    _sbom,
    _record,
)


def _read_info(one: _Bundle) -> list[Finding]:
    """bag-info.txt: a name and a value a line."""
    name = "bag-info.txt"
    try:
        lines = (one.read(name) or b"").decode().splitlines()
    except UnicodeDecodeError:
        return [Finding(name, None, "it is not text in UTF-8", AGAIN)]
    found = []
    for number, line in enumerate(lines, 1):
        label, colon, value = line.partition(": ")
        if colon and label:
            one.info.setdefault(label, []).append((value, number))
        else:
            found.append(Finding(name, number, "this line is not a name and a value", AGAIN))
    return found


def _names(kind: str) -> tuple[str, ...]:
    return tuple(f"{kind}-{name}.txt" for name in contents.ALGORITHMS)


def _json(text: bytes) -> Any:
    """JSON in which no key stands twice: two readers might take different ones."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("nested too deep") from None


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
