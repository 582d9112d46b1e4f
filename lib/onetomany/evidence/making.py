"""An exhibit in one call: run chapters, lay out the results, seal them."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from onetomany.errors import InputError
from onetomany.sources.images import activity
from .bundle import seal
from .exhibit import build_payload
from .keys import read_private
from .redaction import RedactionRule

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def make_exhibit(
    notebooks: Path,
    out: Path,
    *,
    operator: str,
    organisation: str = "",
    only: Sequence[str] | None = None,
    key: Path | None = None,
    rules: Sequence[RedactionRule] = (),
    licence: str = LICENCE,
) -> Path:
    """Run chapters and seal the results into a bundle for a court.

    `onetomany exhibit` also signs the PDF, carries web captures and drafts certificates.

    Args:
        notebooks: the folder of chapters; a chapter runs in a clean kernel, a minute each.
        out: a new folder, which becomes the bundle.
        operator: who runs this, as the bundle will say.
        organisation: for whom.
        only: numbers of chapters, such as ["01"]; all by default.
        key: a private Ed25519 key (PEM, made by `onetomany key`); without it the bundle is not
            signed.
        rules: redactions, from `evidence.redaction.read_redactions`.
        licence: address of the licence of the results.

    Returns:
        The path of the bundle, a BagIt folder with PDF, HTML, figures, tables, notebooks, methods
        and hashes (docs/evidence.md).

    Raises:
        InputError: if `out` exists, no operator is given, the key can't be read, or the chapters
            show what may not go in, such as a template.

    Source:
        BagIt, RFC 8493; Workflow Run RO-Crate 0.5 (https://w3id.org/ro/wfrun/workflow).

    >>> from pathlib import Path
    >>> import onetomany as otm
    >>> chapters = Path(otm.examples.__path__[0]) / "data"
    >>> bundle = otm.exhibit(chapters, Path("bundle"), operator="Kim Ha-na")
    >>> (bundle / "data" / "exhibits" / "exhibit.pdf").exists()
    True
    """
    if not operator.strip():
        raise InputError("An exhibit says who ran it: give a name as operator.")
    if Path(out).exists():
        raise InputError(f"{out} already exists: name a new folder.")
    if key:
        read_private(key)
    folder = Path(out).with_name(f".{Path(out).name}.payload")
    shutil.rmtree(folder, ignore_errors=True)
    with activity("exhibit"):
        payload = build_payload(notebooks, folder, only, rules)
    call = ["onetomany.exhibit", *(only or ())]
    record = payload.record(
        operator=operator, organisation=organisation, licence=licence, command=call
    )
    made = seal(folder, Path(out), record, key=key, created=datetime.now(UTC), rules=rules)
    shutil.rmtree(folder)
    return made
