"""Seal the results of chapters into a bundle, and check such a bundle.

The payload is a plain folder that joins the two halves:

    exhibits/    the exhibit as PDF and HTML
    figures/     each figure: its specification, picture and data
    tables/      each table as CSV or parquet
    notebooks/   <chapter>.ipynb as executed, one for each of RunRecord.chapters
    methods/     the methods statement
    sources.csv  path, sha256, pages of every source document that is cited; the originals are
                 neither moved nor copied; for pages on the web, their captures
    captures/    files of such captures, if somebody permitted it (`captured`)
    custody.jsonl  optional: entries made before sealing (custody.append_entry)

`exhibit.build_payload(..., rules)` makes it. It applies the redaction list to the executed
notebooks (`redaction.redact`) before anything is drawn or hashed from them.

`bundle.seal(payload, out, record, key=..., created=...)` closes it: it screens the payload for
faces, templates, personal data and text that a redaction rule still finds, copies it to a folder
beside `out`, adds its own files, and renames that folder to `out` at the end. The payload is not
changed. `seal` adds run.json (the RunRecord), workflow.json, environment/ and
ro-crate-metadata.json, and refuses a payload that contains one of them.

`verify.verify(out)` checks all of it.
"""

from onetomany.extras import require_extra
from onetomany.lazy import offer

require_extra("evidence")

_OFFERED = {  # by module; imported when first used
    "bundle": ("seal",),
    "exhibit": ("build_payload", "write_payload"),
    "keys": ("make_key",),
    "making": ("make_exhibit",),
    "record": ("RunRecord",),
    "redaction": ("read_redactions",),
}
_MODULES = ("reproduce", "verify")
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED, _MODULES)
