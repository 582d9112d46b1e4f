r"""Write and check the custody log: person, act, time, tool and files.

One JSON object a line, in the order of events. `previous` is the SHA-256 of the line before (its
bytes, without the line break), so a line that is changed, removed, inserted or moved breaks the
chain at the next one. `digest` covers the line itself, so that the last line can't be changed by
accident. A forger who rewrites every later line is not stopped by a chain (Schneier and Kelsey,
'Secure Audit Logs to Support Computer Forensics', TISSEC 2:2, 1999); signatures and time-stamps
are for that. A line may carry a signature of its own: `signer` is the SHA-256 of the public key,
`signature` (Ed25519, base64) covers the line without the signature, so the signed bytes are

    sed -n 2p custody.jsonl | sed 's/, "signature": "[^"]*"}$/}/' | tr -d '\n'

and, through `previous`, every line before.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from onetomany import __version__
from onetomany.errors import InputError, IntegrityError
from onetomany.sources.files import whole_file
from . import keys
from .opened import read_json

START = "0" * 64  # `previous` of a log that continues no other
KEYS = ("number", "when", "who", "what", "tool", "files", "previous", "digest")
SIGNED_KEYS = (*KEYS[:-1], "signer", "digest", "signature")
_OWN = ("digest", "signature")  # fields of a line that its digest does not cover


@dataclass(frozen=True)
class Break:
    """The first line (from 1) that does not follow from the one before, and why."""

    line: int
    why: str


def append_entry(
    log: Path,
    *,
    who: str,
    what: str,
    when: datetime | None = None,
    files: Mapping[str, str] | None = None,
    after: str = START,
    key: Ed25519PrivateKey | None = None,
) -> None:
    """Add an entry; after a crash the log is as it was, or has the whole entry.

    `files` gives the SHA-256 of each file that the entry concerns. `when` is now if None. `after`
    is the hash that a new log's first line continues (the last line of another log). `key` signs
    the line. Raises InputError for an entry without a person or an act, or older than the last,
    IntegrityError if the log is broken already.
    """
    before = log.read_bytes() if log.exists() else b""
    more = next_line(
        before, str(log), who=who, what=what, when=when, files=files, after=after, key=key
    )
    with whole_file(log) as beside:
        beside.write_bytes(before + more)


def next_line(
    before: bytes,
    name: str,
    *,
    who: str,
    what: str,
    when: datetime | None = None,
    files: Mapping[str, str] | None = None,
    after: str = START,
    key: Ed25519PrivateKey | None = None,
) -> bytes:
    """Return the line that continues the log `before`, with its line break; see `append_entry`.

    Nothing is written. `name` is the log's, for messages.
    """
    moment = when or datetime.now(UTC)
    if not who.strip() or not what.strip() or moment.tzinfo is None:
        raise InputError("A custody entry needs a person, an action, and a time with its zone.")
    if any("\ud800" <= letter <= "\udfff" for letter in who + what):
        raise InputError(f"A custody entry must be text in UTF-8, not {who + ' ' + what!a}.")
    lines = before.splitlines()
    if lines:
        _refuse_broken(lines, name, moment)
    entry: dict[str, Any] = {
        "number": len(lines) + 1,
        "when": moment.isoformat(),
        "who": who,
        "what": what,
        "tool": f"onetomany {__version__}",
        "files": dict(sorted((files or {}).items())),
        "previous": line_hash(lines[-1]) if lines else after,
    }
    if key:
        entry["signer"] = keys.fingerprint(keys.public_pem(key))
    entry["digest"] = _digest(entry)
    if key:
        entry["signature"] = base64.b64encode(key.sign(_line(entry))).decode()
    return _line(entry) + b"\n"


def _refuse_broken(lines: list[bytes], name: str, moment: datetime) -> None:
    """Raise an error for a log to which no entry of this moment can be added."""
    if broken := first_break(lines, start=None):
        raise IntegrityError(
            f"{name}, line {broken.line}: {broken.why}. Nothing is added to a broken log: find out "
            "why it is broken, and begin a new one that says so."
        )
    if moment < (last := datetime.fromisoformat(read_line(lines[-1])["when"])):
        raise InputError(
            f"Nothing was added: the custody log {name} already has a later entry "
            f"({last.isoformat()}) than this one ({moment.isoformat()}). Set this computer's clock "
            "right and try again; if it is right, the last entry was made by a clock that was "
            "fast: wait until its time has passed."
        )


def signature_of(entry: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return a signed entry's signature, and the bytes that it must have been made over."""
    rest = {key: value for key, value in entry.items() if key != "signature"}
    return base64.b64decode(entry["signature"], validate=True), _line(rest)


def first_break(lines: list[bytes], *, start: str | None = START) -> Break | None:
    """Return the first broken line of a log, None if there is none.

    `start` is the `previous` that its first line must have; None accepts any.
    """
    previous = start
    moment: datetime | None = None
    for number, line in enumerate(lines, 1):
        try:
            entry = read_line(line)
        except InputError as error:
            return Break(number, str(error))
        if entry["number"] != number:
            return Break(
                number, f"it is numbered {entry['number']}: a line is missing or was moved"
            )
        if previous is not None and entry["previous"] != previous:
            return Break(number, "it does not carry the hash of the line before")
        when = datetime.fromisoformat(entry["when"])
        if moment is not None and when < moment:
            return Break(number, "it is older than the line before")
        previous, moment = line_hash(line), when
    return None


def read_line(line: bytes) -> dict[str, Any]:
    """Return an entry of the log. Raises InputError if it is not one, or was changed."""
    try:
        entry = read_json(line)
        if not isinstance(entry, dict) or tuple(entry) not in (KEYS, SIGNED_KEYS):
            raise ValueError("keys")
        if type(entry["number"]) is not int or not isinstance(entry["files"], dict):
            raise ValueError("types")
        texts = [value for key, value in entry.items() if key not in ("number", "files")]
        if not all(isinstance(each, str) for each in (*texts, *entry["files"].values())):
            raise ValueError("types")
        if datetime.fromisoformat(entry["when"]).tzinfo is None:
            raise ValueError("time")
        if "signature" in entry and len(signature_of(entry)[0]) != keys.SIGNATURE_BYTES:
            raise ValueError("signature")
        rest = {key: value for key, value in entry.items() if key not in _OWN}
        kept = entry["digest"] == _digest(rest) and line == _line(entry)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise InputError("it is not a custody entry") from None
    if not kept:
        raise InputError("it was changed after it was written: its digest differs")
    return dict(entry)


def line_hash(line: bytes) -> str:
    r"""Return the next line's `previous`, as `sed -n 1p | tr -d '\n' | sha256sum` gives it."""
    return hashlib.sha256(line).hexdigest()


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(", ", ": ")).encode()


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(entry)).hexdigest()
