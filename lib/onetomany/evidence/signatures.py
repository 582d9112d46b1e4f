"""The signature over a bundle, and its time-stamps: whether they hold, and whose word that is."""

from __future__ import annotations

from onetomany.errors import InputError
from onetomany.evidence import keys, timestamp
from onetomany.evidence.layout import (
    AFTER,
    KEY_FIELD,
    LOG_SIGNATURE,
    PUBLIC_KEY,
    REQUEST,
    SEAL,
    SIGNATURE,
    SIGNED,
    UNSIGNED,
)
from onetomany.evidence.opened import AGAIN, ASK, Finding, Opened


def check_signature(one: Opened) -> list[Finding]:
    """The signature over the tag manifest, the one over the log's first line, and whose key."""
    signed, signature, pem = one.read(SIGNED), one.read(SIGNATURE), one.read(PUBLIC_KEY)
    there = {SIGNATURE, PUBLIC_KEY} & set(one.files)
    if one.value(KEY_FIELD) == UNSIGNED and not there:
        return _unsigned(one)
    if pem is None or signature is None or signed is None:
        parts = {PUBLIC_KEY: pem, SIGNATURE: signature, SIGNED: signed}
        what = "missing or unreadable: bag-info.txt says that the bundle is signed"
        return [Finding(name, None, what, AGAIN) for name, value in parts.items() if value is None]
    try:
        mark = keys.fingerprint(pem)
    except InputError as error:
        return [Finding(PUBLIC_KEY, None, str(error), AGAIN)]
    found = []
    if not keys.fits(pem, signature, signed):
        what = f"the signature does not fit {SIGNED} and {PUBLIC_KEY}"
        found.append(Finding(SIGNATURE, None, what, AGAIN))
    first = (one.read(AFTER) or b"").splitlines(keepends=True)[:1]
    if first and not keys.fits(pem, one.read(LOG_SIGNATURE) or b"", first[0]):
        what = f"missing, or it does not fit the first line of {AFTER}"
        found.append(Finding(LOG_SIGNATURE, None, what, AGAIN))
    if mark != one.value(KEY_FIELD):
        what = f"not the key that bag-info.txt names: its SHA-256 is {mark}"
        found.append(Finding(PUBLIC_KEY, None, what, AGAIN))
    return found + _whose(one, mark)


def _unsigned(one: Opened) -> list[Finding]:
    if LOG_SIGNATURE in one.files:
        return [Finding(LOG_SIGNATURE, None, "extra: the bundle is not signed", AGAIN)]
    if one.public_key:
        return [Finding(SIGNATURE, None, "missing: the bundle is not signed", ASK)]
    todo = "ask for a signed bundle where someone could gain by changing it"
    what = "the bundle is not signed: its hashes tell accidents, not intent"
    return [Finding(SIGNATURE, None, what, todo, "note")]


def _whose(one: Opened, mark: str) -> list[Finding]:
    """What the reader's keys say of the one in the bundle, whose SHA-256 is `mark`."""
    if one.public_key is None:
        what = f"checked with the key that lies in the bundle: its SHA-256 is {mark}"
        todo = "ask the signer for this number by another way, or give their key with --key"
        return [Finding(PUBLIC_KEY, None, what, todo, "note")]
    if keys.fingerprint(one.public_key) == mark:
        return []
    what = f"signed with another key than the one given: its SHA-256 is {mark}"
    if mark in map(keys.fingerprint, one.signers):
        what += ". It is the key of another --key: the first must be of who sealed the bundle"
    return [Finding(PUBLIC_KEY, None, what, ASK)]


def check_timestamps(one: Opened) -> list[Finding]:
    signed = one.read(SIGNED)
    if not signed:  # gone or empty, which the manifests tell
        return []
    found = []
    if one.read(REQUEST) != timestamp.request(signed):
        what = f"missing, or not the time-stamp request for {SIGNED}"
        found.append(Finding(REQUEST, None, what, AGAIN))
    answers = [path for path in one.files if path.startswith(f"{SEAL}/") and path.endswith(".tsr")]
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
        todo = f"{REQUEST} can be sent to a time-stamp authority at any time"
        found.append(Finding(REQUEST, None, what, todo, "note"))
    return found
