"""Whether a bundle is what was sealed: every difference, with its file and line.

Nothing in the bundle is trusted or run. Names are checked before they are opened, links are not
followed, files that are read as a whole have a limit. What passes shows that these are the bytes
that were sealed with that key; it does not show that they are true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import polars as pl

from onetomany.errors import InputError
from onetomany.evidence import bundle as sealed
from onetomany.evidence import contents, custody, keys, timestamp
from onetomany.evidence.agreement import (
    CUSTODY,
    check_crate,
    check_figures,
    check_record,
    check_sbom,
)
from onetomany.evidence.attested import check_attestations
from onetomany.evidence.manifests import Manifest, compare, read_manifest
from onetomany.evidence.opened import AGAIN, ASK, MADE_WITH, Finding, Opened

FINDINGS = {
    "file": pl.String,  # path in the bundle
    "line": pl.Int64,  # in that file; null: the whole of it
    "what": pl.String,
    "todo": pl.String,
    "level": pl.String,  # fault, or note: what the bundle by itself can't show
}


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
    one = Opened(
        bundle,
        _given(public_key, keys.fingerprint),
        _given(roots, timestamp.read_roots),
        contents.hash_files(bundle, listing.files),
    )
    found += one.read_info()
    for check in CHECKS:
        found += check(one)
    rows = [astuple(each) for each in dict.fromkeys(found)]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row").sort(
        "level", "file", "line", maintain_order=True
    )


def _given(path: Path | None, read: Callable[[bytes], object]) -> bytes | None:
    """A file that the reader brings, if it can be read as what it should be."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
        read(content)
    except (OSError, InputError) as error:
        raise InputError(f"{path} can't be used to check with: {error}.") from error
    return content


def _declaration(one: Opened) -> list[Finding]:
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


def _manifests(one: Opened) -> list[Finding]:
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


def _oxum(one: Opened) -> list[Finding]:
    """The payload's size and number of files, as bag-info.txt has them."""
    sizes = [each.size for path, each in one.files.items() if path.startswith("data/")]
    told = one.value("Payload-Oxum")
    if told == f"{sum(sizes)}.{len(sizes)}":
        return []
    line = one.info.get("Payload-Oxum", [("", None)])[0][1]
    what = f"Payload-Oxum says '{told}'; data/ has {sum(sizes)}.{len(sizes)} (bytes.files)"
    return [Finding("bag-info.txt", line, what, AGAIN)]


def _signature(one: Opened) -> list[Finding]:
    fingerprint = one.value(sealed.KEY_FIELD)
    signed, signature = one.read(sealed.SIGNED), one.read(sealed.SIGNATURE)
    pem = one.read(sealed.PUBLIC_KEY)
    if fingerprint == sealed.UNSIGNED and signature is None and pem is None:
        extra = [sealed.LOG_SIGNATURE] if sealed.LOG_SIGNATURE in one.files else []
        if extra:
            return [Finding(extra[0], None, "extra: the bundle is not signed", AGAIN)]
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
    first = (one.read(sealed.AFTER) or b"").splitlines(keepends=True)[:1]
    if first and not keys.fits(pem, one.read(sealed.LOG_SIGNATURE) or b"", first[0]):
        what = f"missing, or it does not fit the first line of {sealed.AFTER}"
        found.append(Finding(sealed.LOG_SIGNATURE, None, what, AGAIN))
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


def _timestamps(one: Opened) -> list[Finding]:
    signed = one.read(sealed.SIGNED)
    if not signed:  # gone or empty, which the manifests tell
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


def _custody(one: Opened) -> list[Finding]:
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
    if len(second) > 1:
        what = f"lines 2 to {len(second)} were added after sealing: no signature covers them"
        todo = "ask whoever they name; anybody who holds the folder can write such a line"
        found.append(Finding(sealed.AFTER, 2, what, todo, "note"))
    kept = Manifest(sealed.AFTER, "sha256")
    for number, line in enumerate(second, 1):
        files = custody.read_line(line)["files"]
        kept.entries |= {path: (str(told), number) for path, told in files.items()}
    theirs = {
        path: each
        for path, each in one.files.items()
        if path not in (sealed.AFTER, sealed.LOG_SIGNATURE)
        and (path.startswith(f"{sealed.SEAL}/") or path in _names("tagmanifest"))
    }
    return found + compare([kept], theirs)


CHECKS: tuple[Callable[[Opened], list[Finding]], ...] = (
    _declaration,
    _manifests,
    _oxum,
    _signature,
    _timestamps,
    _custody,
    check_crate,
    check_sbom,
    check_figures,
    check_record,
    check_attestations,
)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(f"{kind}-{name}.txt" for name in contents.ALGORITHMS)
