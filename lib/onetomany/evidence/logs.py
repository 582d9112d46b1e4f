"""Check the two custody logs of a bundle against its files and the keys that signed their lines.

A file that a line of seal/custody.jsonl names keeps the hash of that line: a later line can add
files and can't change one. Its first line is signed at sealing, so the files that were in seal/
then can't be changed without that key.
"""

import contextlib
from typing import Any

from onetomany.errors import InputError
from . import additions, contents, crate, custody, keys
from .agreement import CUSTODY
from .bundle_layout import AFTER, LOG_SIGNATURE, PUBLIC_KEY, SEAL, signer_file
from .manifests import Manifest, compare_manifests
from .opened import AGAIN, ASK, MADE_WITH, BundleFinding, Opened

TAG_MANIFESTS = tuple(f"tagmanifest-{name}.txt" for name in contents.ALGORITHMS)
# files that sealing adds to data/ after the log's last line
_LATER = ("run.json", crate.WORKFLOW, crate.METADATA, "custody.jsonl", "environment/")

Entries = list[tuple[int, dict[str, Any]]]  # line number, entry: the lines that can be read


def check_chains(one: Opened) -> list[BundleFinding]:
    """Check that both logs are whole, and that the second goes on from the first."""
    found = []
    start = custody.START
    for name in (CUSTODY, AFTER):
        text = one.read(name)
        if text is None:
            found.append(BundleFinding(name, "missing or unreadable: the custody log", AGAIN))
            continue
        lines = text.splitlines()
        broken = custody.first_break(lines, start=start)
        if not lines or text != b"\n".join(lines) + b"\n":
            broken = broken or custody.Break(max(1, len(lines)), "the log ends in mid-line")
        if broken:
            found.append(
                BundleFinding(name, f"chain broken: {broken.why}", AGAIN, line=broken.line)
            )
        start = custody.line_hash(lines[-1]) if lines else custody.START
    return found


def check_sealed(one: Opened) -> list[BundleFinding]:
    """Check that the last line of data/custody.jsonl gives every file of the payload, as it is."""
    entries = _entries(one, CUSTODY)
    if not entries:
        return []  # the check of the chain reports it
    number, entry = entries[-1]
    told = {f"data/{path}": hashed for path, hashed in entry["files"].items()}
    later = tuple(f"data/{each}" for each in _LATER)
    there = {path: each for path, each in one.files.items() if path.startswith("data/")}
    where = f"line {number} of {CUSTODY}"
    found = [
        BundleFinding(path, f"differs from the hash in the custody log ({where})", MADE_WITH)
        for path in sorted(set(told) & set(there))
        if there[path].hashes["sha256"] != told[path]
    ]
    found += [
        BundleFinding(path, f"the custody log did not see it sealed ({where})", MADE_WITH)
        for path in sorted(set(there) - set(told))
        if not path.startswith(later)
    ]
    found += [
        BundleFinding(CUSTODY, f"names {path}, which is not there", MADE_WITH, line=number)
        for path in sorted(set(told) - set(there))
        if not one.is_refused(path)
    ]
    signed = [n for n, each in entries if "signature" in each]
    what = "its signature was not checked: only lines of seal/custody.jsonl carry their key"
    return found + [BundleFinding(CUSTODY, what, ASK, line=n, level="note") for n in signed]


def check_seal(one: Opened) -> list[BundleFinding]:
    """Check that files in seal/ and tag manifests have the hash of the first line naming them."""
    kept = Manifest(AFTER, "sha256")
    found = []
    own = (AFTER, LOG_SIGNATURE)  # which no line of the log can give the hash of
    folded = {contents.fold_path(path): path for path in own}
    for number, entry in _entries(one, AFTER):
        for path, hashed in entry["files"].items():
            other = folded.setdefault(contents.fold_path(path), path)
            why = None
            if path in kept.entries:
                before, line = kept.entries[path]
                if hashed != before:
                    why = f"names {path} again with another hash: it keeps that of line {line}"
            elif other != path:
                why = f"names {path!r}, which some systems take for {other!r}"
            elif path in own or not (_in_seal(path) or (number == 1 and path in TAG_MANIFESTS)):
                why = f"names {path!r}, outside {SEAL}/, the only folder for additions"
            else:
                kept.entries[path] = (hashed, number)
            if why:
                found.append(BundleFinding(AFTER, why, ASK, line=number))
    theirs = {
        path: each
        for path, each in one.files.items()
        if path not in own and (path.startswith(f"{SEAL}/") or path in TAG_MANIFESTS)
    }
    left = _left(one)
    what = "left by a run that was stopped while it added something: no log names it"
    todo = "add the file again: that deletes the rest"
    found += [BundleFinding(path, what, todo) for path in sorted(left)]
    rest = {path: each for path, each in theirs.items() if path not in left}
    return found + compare_manifests([kept], rest, is_refused=one.is_refused)


def check_later(one: Opened) -> list[BundleFinding]:
    """Report which key signed each line that came after sealing, or that none did."""
    return [
        _signer(one, number, entry)
        if "signature" in entry
        else BundleFinding(AFTER, _unsigned(entry), _ANYBODY, line=number, level="note")
        for number, entry in _entries(one, AFTER)
        if number > 1 or "signature" in entry
    ]


_ANYBODY = "ask the person it names; anyone who has the folder can write such a line"


def _unsigned(entry: dict[str, Any]) -> str:
    """Report a line without a signature, with the files that depend on it alone."""
    files = ", ".join(entry["files"]) or "no file"
    return f"this line was added after sealing: no signature covers it (it names {files})"


def _signer(one: Opened, number: int, entry: dict[str, Any]) -> BundleFinding:
    """Report whether a line's own signature is valid, and whose key it is."""
    mark = entry["signer"]
    path = signer_file(mark)
    pem = one.read(path)
    if pem is None:
        what = f"signed with a key that is not there: {path!r}"
        return BundleFinding(AFTER, what, ASK, line=number)
    try:
        if keys.fingerprint(pem) != mark:
            raise InputError("it is not the key that its name says")
        if not keys.signature_fits(pem, *custody.signature_of(entry)):
            return BundleFinding(AFTER, "its signature does not fit the line", ASK, line=number)
    except InputError as error:
        return BundleFinding(path, f"the key of a line's signer is not valid: {error}", ASK)
    sealing = keys.try_fingerprint(one.public_key or one.read(PUBLIC_KEY) or b"")
    if mark == sealing:
        whose = "the key that sealed the bundle"
        todo = "none" if one.public_key else "compare that number with the signer's"
    elif mark in map(keys.fingerprint, one.signers):
        whose, todo = "a key that you gave", "none"
    else:
        whose = "a key that is not known here"
        todo = (
            "ask the person it names for this number by another channel, or give their key with "
            "--key"
        )
    what = f"this line was added after sealing, signed with {whose} (SHA-256 {mark})"
    return BundleFinding(AFTER, what, todo, line=number, level="note")


def _entries(one: Opened, name: str) -> Entries:
    found = []
    for number, line in enumerate((one.read(name) or b"").splitlines(), 1):
        with contextlib.suppress(InputError):  # reported by the chain
            found.append((number, custody.read_line(line)))
    return found


def _left(one: Opened) -> set[str]:
    """Return the hashed files that a killed run left in seal/."""
    if SEAL in one.refused:
        return set()
    try:
        return set(additions.unfinished(one.root)) & set(one.files)
    except OSError:
        return set()


def _in_seal(path: str) -> bool:
    folder, _, name = path.partition("/")
    return folder == SEAL and bool(name) and "/" not in name and name not in (".", "..")
