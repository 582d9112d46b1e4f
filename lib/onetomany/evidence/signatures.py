"""Check the signature over a bundle and its time-stamps, and report whose keys they rely on."""

from onetomany.errors import InputError
from . import bundle_layout as layout
from . import keys, timestamp
from .opened import AGAIN, ASK, BundleFinding, Opened


def check_signature(one: Opened) -> list[BundleFinding]:
    """Check the signatures over the tag manifest and the log's first line, and whose key it is."""
    there = {layout.SIGNATURE, layout.PUBLIC_KEY} & set(one.files)
    if one.value(layout.KEY_FIELD) == layout.UNSIGNED and not there:
        return _unsigned(one)
    pem = one.read(layout.PUBLIC_KEY)
    mark = keys.try_fingerprint(pem) if pem is not None else None
    found = _key(one, pem, mark)
    usable = pem if mark else one.public_key
    first = (one.read(layout.AFTER) or b"").splitlines(keepends=True)[:1]
    for name, signed, of in (
        (layout.SIGNATURE, one.read(layout.SIGNED), layout.SIGNED),
        (layout.LOG_SIGNATURE, first[0] if first else None, f"the first line of {layout.AFTER}"),
    ):
        signature = one.read(name)
        if signature is None:
            what = f"missing or unreadable: the signature over {of}"
            found.append(BundleFinding(name, what, AGAIN))
        elif len(signature) != keys.SIGNATURE_BYTES:
            found.append(BundleFinding(name, "it is not an Ed25519 signature", AGAIN))
        elif signed is not None and usable and not keys.signature_fits(usable, signature, signed):
            what = f"the signature does not fit {of} and {layout.PUBLIC_KEY}"
            found.append(BundleFinding(name, what, AGAIN))
    return found


def _key(one: Opened, pem: bytes | None, mark: str | None) -> list[BundleFinding]:
    """Return the public key in the bundle, whose SHA-256 is `mark`; None if there is none."""
    if pem is None:
        what = "missing or unreadable: bag-info.txt says that the bundle is signed"
        return [BundleFinding(layout.PUBLIC_KEY, what, AGAIN)]
    if mark is None:
        return [BundleFinding(layout.PUBLIC_KEY, keys.why_no_key(pem), AGAIN)]
    found = []
    if mark != one.value(layout.KEY_FIELD):
        what = f"not the key that bag-info.txt names: its SHA-256 is {mark}"
        found.append(BundleFinding(layout.PUBLIC_KEY, what, AGAIN))
    return found + _whose(one, mark)


def _unsigned(one: Opened) -> list[BundleFinding]:
    if layout.LOG_SIGNATURE in one.files:
        return [BundleFinding(layout.LOG_SIGNATURE, "extra: the bundle is not signed", AGAIN)]
    if one.public_key:
        return [BundleFinding(layout.SIGNATURE, "missing: the bundle is not signed", ASK)]
    todo = "ask for a signed bundle if somebody could gain by changing it"
    what = "the bundle is not signed: its hashes show accidental changes, not deliberate ones"
    return [BundleFinding(layout.SIGNATURE, what, todo, level="note")]


def _whose(one: Opened, mark: str) -> list[BundleFinding]:
    """Report whether the reader's keys include the bundle's, whose SHA-256 is `mark`."""
    if one.public_key is None:
        what = f"checked with the key in the bundle: its SHA-256 is {mark}"
        todo = "ask the signer for this number by another channel, or give their key with --key"
        return [BundleFinding(layout.PUBLIC_KEY, what, todo, level="note")]
    if keys.fingerprint(one.public_key) == mark:
        return []
    what = f"signed with another key than the one given: its SHA-256 is {mark}"
    if mark in map(keys.fingerprint, one.signers):
        what += ". A later --key fits: give first the key of the person who sealed the bundle"
    return [BundleFinding(layout.PUBLIC_KEY, what, ASK)]


def check_timestamps(one: Opened) -> list[BundleFinding]:
    """Check the request for a time-stamp, and every time-stamp against roots."""
    signed = one.read(layout.SIGNED)
    if not signed:  # gone or empty, which the manifests report
        return []
    found = []
    if one.read(layout.REQUEST) != timestamp.timestamp_request(signed):
        what = f"missing, or not the time-stamp request for {layout.SIGNED}"
        found.append(BundleFinding(layout.REQUEST, what, AGAIN))
    answers = [
        path for path in one.files if path.startswith(f"{layout.SEAL}/") and path.endswith(".tsr")
    ]
    for path in answers:
        kept = one.read(f"{path.removesuffix('.tsr')}-roots.pem")
        try:
            trusted = timestamp.read_roots(one.roots or kept or b"")
            stamp = timestamp.check_timestamp(one.read(path) or b"", signed, trusted)
        except InputError as error:
            found.append(BundleFinding(path, f"the time-stamp is not valid: {error}", ASK))
            continue
        marks = ", ".join(timestamp.root_hash(root) for root in trusted)
        what = f"time-stamp of {stamp.when.isoformat()} by {stamp.authority}"
        todo = "none: it was checked with the root certificates you gave"
        if one.roots is None:
            what += f", checked with the root in the bundle (SHA-256 {marks})"
            todo = "compare that number with the authority's, or give its root with --roots"
        found.append(BundleFinding(path, what, todo, level="note"))
    if not answers:
        what = "no time-stamp: nothing but the signer's word says when it was made"
        todo = f"{layout.REQUEST} can be sent to a time-stamp authority at any time"
        found.append(BundleFinding(layout.REQUEST, what, todo, level="note"))
    return found
