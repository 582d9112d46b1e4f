"""Check attestations of other people's runs: envelope, signature, subject, each item.

They may come from anybody. Anything that is not of the form that `attestation` writes is a fault.
Reading an attestation can't show whether its statements are true; `onetomany reproduce` can.
"""

import base64
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onetomany.errors import InputError
from onetomany.printing import shortened
from . import keys
from .attestation import KIND, PAYLOAD, PREDICATE, STATEMENT, preauthenticated
from .bundle_layout import PUBLIC_KEY, SEAL, SIGNED, signer_file
from .opened import BundleFinding, Opened, read_json
from .reproduce import OUTCOMES, RELATIVE, Listed, compared_files, items_of

FIGURES = "data/figures.json"
SIZE = 4 << 20  # bytes of an attestation; reading one takes many times its size
_NAME = re.compile(rf"{SEAL}/.*{KIND}.*\.json", re.IGNORECASE)
_TODO = "don't rely on it; ask the person it names for the statement they signed"
_FACTS = {
    "operator": str, "organisation": str, "started": str, "ended": str, "kit": dict,
    "confined": bool, "packages": list, "machine": dict, "tolerance": dict, "counts": dict,
    "items": list, "limits": dict,
}  # fmt: skip
_ITEM = {"item": str, "outcome": str, "files": int, "largest": float | None, "what": str}


def check_attestations(one: Opened) -> list[BundleFinding]:
    """Check every attestation in a bundle; report whose it is and its outcome."""
    found = []
    for path in one.files:
        if not _NAME.fullmatch(path):
            continue
        try:
            found.append(BundleFinding(path, *_holds(one, path), level="note"))
        except InputError as error:
            found.append(BundleFinding(path, f"the attestation is not valid: {error}", _TODO))
    return found


def _holds(one: Opened, path: str) -> tuple[str, str]:
    """Return an attestation's outcome and the next step. Raises InputError if it is not valid."""
    if one.files[path].size > SIZE:
        raise InputError(f"it is larger than {SIZE:,} bytes")
    mark, content = _open(one, one.read(path))
    told = _json(content, "the statement")
    _require(told, {"_type": str, "subject": list, "predicateType": str, "predicate": dict})
    if (told["_type"], told["predicateType"]) != (STATEMENT, PREDICATE):
        raise InputError("it is not an in-toto statement of a run that this kit can read")
    facts = told["predicate"]
    _require(facts, _FACTS)
    _check_times(facts)
    listed = _listed(one)
    _check_subjects(one, told["subject"], listed)
    _check_items(facts, listed)
    return _said(one, facts, mark)


def _open(one: Opened, text: bytes | None) -> tuple[str, bytes]:
    """Return the fingerprint of the key that signed an envelope, and the signed content."""
    envelope = _json(text or b"", "the envelope")
    _require(envelope, {"payloadType": str, "payload": str, "signatures": list})
    if envelope["payloadType"] != PAYLOAD or len(envelope["signatures"]) != 1:
        raise InputError(f"the envelope is not of type {PAYLOAD} with one signature")
    signature = envelope["signatures"][0]
    _require(signature, {"keyid": str, "sig": str})
    mark = signature["keyid"]
    if not re.fullmatch(r"[0-9a-f]{64}", mark):
        raise InputError("its keyid is not the SHA-256 of a public key")
    pem = one.read(signer_file(mark))
    if pem is None or keys.fingerprint(pem) != mark:
        raise InputError(f"{signer_file(mark)} is missing, or not the key that its name says")
    try:
        content = base64.b64decode(envelope["payload"], validate=True)
        sig = base64.b64decode(signature["sig"], validate=True)
    except ValueError:
        raise InputError("payload or signature is not in base64") from None
    if not keys.signature_fits(pem, sig, preauthenticated(PAYLOAD, content)):
        raise InputError("its signature does not match its content")
    return mark, content


def _check_times(facts: Mapping[str, Any]) -> None:
    try:
        started, ended = (datetime.fromisoformat(facts[name]) for name in ("started", "ended"))
        ordered = started <= ended
    except (ValueError, TypeError, OverflowError):
        ordered = False
    if not ordered or started.tzinfo is None or not facts["operator"].strip():
        raise InputError("it does not say who ran it, or from when to when with a time zone")


def _listed(one: Opened) -> dict[str, Listed]:
    """Return the bundle's items by their labels, from figures.json."""
    try:
        return {each.label: each for each in items_of(read_json(one.read(FIGURES) or b""))}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{FIGURES} can't be read, so the compared files are unknown") from None


def _check_subjects(one: Opened, subjects: list[Any], listed: Mapping[str, Listed]) -> None:
    """Check that the subjects are this tag manifest and the compared files, as they are here."""
    named: dict[str, str] = {}
    for each in subjects:
        _require(each, {"name": str, "digest": dict})
        _require(each["digest"], {"sha256": str})
        if each["name"] in named:
            raise InputError(f"it names {shortened(each['name'])} twice")
        named[each["name"]] = each["digest"]["sha256"]
    there = one.files.get(SIGNED)
    if there is None or named.pop(SIGNED, "") != there.hashes["sha256"]:
        raise InputError(f"it is of another bundle: its subject is not this {SIGNED}")
    compared = compared_files(listed.values())
    for path in sorted(named.keys() | compared.keys()):
        file = one.files.get(path)
        real = file.hashes["sha256"] if file else None
        if real is None or not named.get(path) == compared.get(path) == real:
            raise InputError(f"{shortened(path)} is not a compared figure as this bundle has it")


def _check_items(facts: Mapping[str, Any], listed: Mapping[str, Listed]) -> None:
    """Check that each item of the bundle has one outcome; other items must be new and differ."""
    seen = set()
    for each in facts["items"]:
        _require(each, _ITEM)
        label, outcome, largest = each["item"], each["outcome"], each["largest"]
        item = listed.get(label, Listed(label, {}, False))
        files, varies = item.files, item.varies
        size = largest if largest is not None else 0.0
        if label in seen or outcome not in OUTCOMES or not math.isfinite(size) or size < 0:
            raise InputError(f"{shortened(label)} has no known outcome, or two")
        seen.add(label)
        right = {
            "same": not varies and largest is None and each["files"] == len(files) > 0,
            "within": not varies and size <= RELATIVE and each["files"] == len(files) > 0,
            "different": not varies and bool(each["what"].strip()),
            "varies": varies,
        }
        if not right[outcome]:
            raise InputError(f"{shortened(label)} can't be '{outcome}' in this bundle")
    if missing := sorted(set(listed) - seen):
        raise InputError(f"it leaves out {shortened(', '.join(missing))}")
    counts = {name: sum(each["outcome"] == name for each in facts["items"]) for name in OUTCOMES}
    _require(facts["counts"], dict.fromkeys(OUTCOMES, int))
    if facts["counts"] != counts:
        raise InputError("its counts are not those of its items")


def _said(one: Opened, facts: Mapping[str, Any], mark: str) -> tuple[str, str]:
    who = facts["operator"] + (f" ({facts['organisation']})" if facts["organisation"] else "")
    kit = facts["kit"]
    counts = ", ".join(f"{name} {facts['counts'][name]}" for name in OUTCOMES)
    when = f"{shortened(facts['started'])} to {shortened(facts['ended'])}"
    made = " ".join(shortened(str(kit.get(name))) for name in ("name", "version", "commit"))
    what = (
        f"{shortened(who)} says: ran again {when} with {made}; {len(facts['packages'])} packages "
        f"differ; {counts}"
    )
    differing = [each for each in facts["items"] if each["outcome"] == "different"]
    for each in differing[:3]:
        what += f"; {shortened(each['item'])}: {shortened(each['what'])}"
    what += f"; signed with the key whose SHA-256 is {mark}"
    if keys.try_fingerprint(one.read(PUBLIC_KEY) or b"") == mark:
        what += ", the key that sealed the bundle: it is not another person's"
        todo = "ask for a run by somebody else"
    elif mark in map(keys.try_fingerprint, (one.public_key or b"", *one.signers)):
        todo = "none: it is a key that you gave"
    else:
        todo = (
            "ask that person for this number by another channel; "
            "the bundle can't say whose key it is"
        )
    return what, todo


def _json(text: bytes, name: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise InputError(f"{name} can't be read ({shortened(str(error))})") from None


def _require(value: Any, form: Mapping[str, Any]) -> None:
    """Refuse anything but an object with exactly these fields, of these types."""
    if not isinstance(value, dict) or set(value) != set(form):
        raise InputError(f"a part of it does not have the fields {', '.join(form)}")
    for name, kind in form.items():
        given = value[name]
        whole = isinstance(given, int) and kind == float | None and abs(given) < 2**53
        if isinstance(given, bool) != (kind is bool) or not (whole or isinstance(given, kind)):
            raise InputError(f"'{name}' in it has the wrong type")
