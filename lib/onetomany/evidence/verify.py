"""Verify a bundle: report every difference from the sealed state, with its file and line.

Nothing in the bundle is trusted or run. Names are checked before they are opened, links are not
followed, files that are read as a whole have a limit. A bundle that passes has the bytes that were
sealed with that key; that does not show that they are true.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from onetomany.errors import InputError, reason_of
from . import agreement, contents, keys, logs, signatures, timestamp
from .attested import check_attestations
from .bundle_layout import AFTER, DECLARATION, HELD_BACK, REQUEST, SEAL, SIGNATURE
from .manifests import compare_manifests, read_manifest
from .opened import AGAIN, ASK, BundleFinding, Opened
from .opentimestamps import check_opentimestamps
from .pades import check_pdf_signatures
from .statements import check_statements

FINDINGS = {
    "file": pl.String,  # path in the bundle
    "line": pl.Int64,  # in that file; null: the whole of it
    "what": pl.String,
    "todo": pl.String,
    "level": pl.String,  # fault, or note: a fact that the bundle by itself can't show
}


def verify(
    bundle: Path,
    *,
    public_key: Path | None = None,
    signers: Sequence[Path] = (),
    roots: Path | None = None,
) -> pl.DataFrame:
    """Return every difference from the sealed state; without a fault it is intact.

    `public_key` (PEM) is the sealer's, received by another channel than the bundle. `signers` are
    the keys of people who added to it later. `roots` (PEM) are the root certificates of time-stamp
    authorities that you trust. Without them the bundle's own are used, and a note says so.

    Returns a row for each difference (FINDINGS): `file`, `line`, `what`, `todo`, and `level`, which
    is fault or note.

    Raises InputError if there is no such folder, or it can't be read.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import onetomany as otm
    >>> with tempfile.TemporaryDirectory() as folder:  # an empty folder is not a bundle
    ...     otm.verify(Path(folder)).filter(level="fault")["file"].str.contains("bagit.txt").any()
    True
    """
    if not os.path.isdir(bundle):
        raise InputError(f"There is no folder {bundle}: if the bundle is packed, unpack it first.")
    listing = contents.list_files(bundle)
    files, failed = contents.hash_readable(bundle, listing.files)
    refused = [*listing.refused, *((p, contents.why_unread(e)) for p, e in failed.items())]
    one = Opened(
        bundle,
        _given(public_key, keys.fingerprint),
        _given(roots, timestamp.read_roots),
        files,
        tuple(filter(None, (_given(each, keys.fingerprint) for each in signers))),
        {path for path, _ in refused if not path.endswith("/")},  # an empty folder hides nothing
    )
    bad = contents.bad_names([*listing.files, *one.refused])
    found = [BundleFinding(path, why, AGAIN) for path, why in [*refused, *bad]]
    for file, check in CHECKS:
        found += _complete(file, check, one)
    rows = [
        (_storable(each.file), each.line, _storable(each.what), _storable(each.todo), each.level)
        for each in dict.fromkeys(found + one.troubles)
    ]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row").sort(
        "level", "file", "line", maintain_order=True
    )


def _storable(text: str) -> str:
    """Return a text with bytes that are not UTF-8 (as in names of files) written out."""
    return "".join(
        f"\\x{ord(letter) - 0xDC00:02x}"
        if 0xDC80 <= ord(letter) <= 0xDCFF
        else f"\\u{ord(letter):04x}"
        if 0xD800 <= ord(letter) <= 0xDFFF
        else letter
        for letter in text
    )


def _complete(file: str, check: "Check", one: Opened) -> list[BundleFinding]:
    """Return a check's findings; if it ends on something unforeseen, that is a fault.

    Native libraries raise errors that are not Exceptions, so all but the user's own stop is caught.
    """
    try:
        return check(one)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        name = check.__name__.removeprefix("check_").strip("_")
        what = (
            f"the check of '{name}' was not completed, because something unforeseen happened "
            f"({type(error).__name__}: {str(error)[:200]}). So that part of the bundle is unchecked"
        )
        return [BundleFinding(file, what, f"{ASK}; and report this, with the bundle if you can")]


def _given(path: Path | None, read: Callable[[bytes], object]) -> bytes | None:
    """Return a file that the reader brings, if it can be read as its kind."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
        read(content)
    except (OSError, InputError) as error:
        raise InputError(f"{path} can't be used to check with: {reason_of(error)}.") from error
    return content


def _declaration(one: Opened) -> list[BundleFinding]:
    name = DECLARATION
    if HELD_BACK in one.files and name not in one.files:
        why = "missing: the run that made this was stopped before its end"
        return [BundleFinding(name, why, "make the bundle again; this one is not finished")]
    text = one.read(name)
    if text is None:
        return [BundleFinding(name, "missing: this is not a bundle, or not all of it", AGAIN)]
    if text != b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n":
        return [
            BundleFinding(name, "it does not declare a bag of version 0.97 in UTF-8", AGAIN, line=1)
        ]
    return []


def _manifests(one: Opened) -> list[BundleFinding]:
    """Compare payload and tag files with both manifests, both ways."""
    found = []
    tags = {
        path: each
        for path, each in one.files.items()
        if not path.startswith(("data/", f"{SEAL}/")) and path not in _names("tagmanifest")
    }
    payload = {path: each for path, each in one.files.items() if path.startswith("data/")}
    for kind, files in (("manifest", payload), ("tagmanifest", tags)):
        read = []
        for name in _names(kind):
            content = one.read(name)
            if content is None:
                found.append(BundleFinding(name, "missing or unreadable", AGAIN))
                continue
            manifest, faults = read_manifest(name, content, payload=kind == "manifest")
            read.append(manifest)
            found += faults
        if read:
            found += compare_manifests(read, files, is_refused=one.is_refused)
    return found


def _oxum(one: Opened) -> list[BundleFinding]:
    """Compare the payload's size and number of files with bag-info.txt."""
    sizes = [each.size for path, each in one.files.items() if path.startswith("data/")]
    told = one.value("Payload-Oxum")
    if told == f"{sum(sizes)}.{len(sizes)}":
        return []
    what = f"Payload-Oxum says '{told}'; data/ has {sum(sizes)}.{len(sizes)} (bytes.files)"
    return [BundleFinding("bag-info.txt", what, AGAIN, line=one.line("Payload-Oxum"))]


Check = Callable[[Opened], list[BundleFinding]]
# each with the file that it is about
CHECKS: tuple[tuple[str, Check], ...] = (
    ("bag-info.txt", Opened.read_info),  # the others ask for its fields
    (DECLARATION, _declaration),
    ("manifest-sha256.txt", _manifests),
    ("bag-info.txt", _oxum),
    (SIGNATURE, signatures.check_signature),
    (REQUEST, signatures.check_timestamps),
    (AFTER, logs.check_chains),
    (agreement.CUSTODY, logs.check_sealed),
    (AFTER, logs.check_seal),
    (AFTER, logs.check_later),
    (agreement.CRATE, agreement.check_crate),
    (agreement.SBOM, agreement.check_sbom),
    (agreement.FIGURES, agreement.check_figures),
    (agreement.RECORD, agreement.check_record),
    (agreement.RECORD, check_statements),
    (SEAL, check_attestations),
    (SEAL, check_opentimestamps),
    ("data/exhibits", check_pdf_signatures),
)


def _names(kind: str) -> tuple[str, ...]:
    return tuple(f"{kind}-{name}.txt" for name in contents.ALGORITHMS)
