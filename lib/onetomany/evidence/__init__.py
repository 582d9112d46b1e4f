"""From a run to a sealed bundle, and from a bundle to what is wrong with it.

Two halves, joined by a plain folder, the payload:

    exhibits/    the exhibit as PDF and HTML
    figures/     each figure: its specification, picture and data
    tables/      each table as CSV or parquet
    notebooks/   <chapter>.ipynb as executed, one for each of RunRecord.chapters
    methods/     the methods statement
    sources.csv  path, sha256, pages: every source document that is cited; the originals stay where
                 they are, untouched, and don't go in; of pages on the web, their captures
    captures/    files of such captures, where somebody permitted it (`captured`)
    custody.jsonl  optional: what was done before sealing (custody.append)

One half makes it: `exhibit.build_payload(..., rules)`, which applies the redaction list to the
executed notebooks (`redaction.redact`) before anything is drawn or hashed from them. The other half
closes it: `bundle.seal(payload, out, record, key=..., created=...)` screens it (faces, templates,
personal data, what a redaction rule still finds), copies it beside `out`, adds what it writes
itself, and lets it become `out` only at the end. The payload is not changed.

What `seal` adds to the payload, and refuses to find there: run.json (the RunRecord),
workflow.json, environment/, ro-crate-metadata.json. `verify.verify(out)` checks all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("evidence")

__all__ = [
    "RunRecord",
    "build_payload",
    "make_exhibit",
    "make_key",
    "read_rules",
    "reproduce",
    "seal",
    "verify",
    "write_payload",
]

if TYPE_CHECKING:
    from . import reproduce, verify
    from .bundle import seal
    from .exhibit import build_payload, write_payload
    from .keys import make_key
    from .making import make_exhibit
    from .record import RunRecord
    from .redaction import read_rules
else:
    _PLACES = {
        "RunRecord": "record",
        "build_payload": "exhibit",
        "make_exhibit": "making",
        "make_key": "keys",
        "read_rules": "redaction",
        "seal": "bundle",
        "write_payload": "exhibit",
    }
    __getattr__, __dir__ = offer(
        __name__,
        _PLACES,
        (
            "reproduce",
            "verify",
        ),
    )
