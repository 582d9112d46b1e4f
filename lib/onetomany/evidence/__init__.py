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

from onetomany.extras import require_extra

require_extra("evidence")
