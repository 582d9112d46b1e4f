"""Download image sets that the kit describes but does not include, only on request.

data/datasheets has, for each set, a datasheet with a [fetch] table, the SHA-256 of every picture
and the attributes that its people recorded of themselves. A downloaded set is an ordinary folder
with a datasheet, which `open_images` and `onetomany report --images` open like any other.
"""

import re
import urllib.request
from collections.abc import Callable
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO

from onetomany.errors import InputError, IntegrityError
from onetomany.progress import ProgressBar
from .datasheets import Datasheet
from .files import sha256_of, write_whole
from .sheet_fields import checked_sheet, toml_content

Opener = Callable[[str], IO[bytes]]

SHEETS = resources.files("onetomany.sources") / "data" / "datasheets"
MOST = 20_000_000  # bytes of a picture


def fetchable(folder: Traversable = SHEETS) -> dict[str, Datasheet]:
    """Return the datasheets of the sets that can be fetched, by name."""
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".toml"))
    sheets = {name: toml_content(folder, name) for name in names}
    found = [checked_sheet(Datasheet, raw, name) for name, raw in sheets.items() if "fetch" in raw]
    return {sheet.name: sheet for sheet in found}


def fetch_images(
    name: str,
    out: Path,
    *,
    accept_licence: bool,
    opener: Opener | None = None,
    folder: Traversable = SHEETS,
) -> Path:
    """Download a set into its own folder, for users who accept its licence.

    Pictures already there with their registered SHA-256 are not downloaded again. The folder gets
    `datasheet.toml`, `SHA256SUMS`, `attributes.csv` and <subject id>/<number>.jpg.

    Raises InputError if the set is unknown or its licence was not accepted, IntegrityError if a
    downloaded picture is not the registered one; that picture is not kept.
    """
    known = fetchable(folder)
    if name not in known:
        raise InputError(
            f"There is no set '{name}' to download: choose one of {', '.join(known) or '(none)'}."
        )
    sheet = known[name]
    if not accept_licence:
        raise InputError(
            f"{sheet.title}: {sheet.licence}. {sheet.terms} Consent: {sheet.consent_basis} "
            "If you accept this, add --accept-licence."
        )
    source = toml_content(folder, f"{name}.toml")["fetch"]
    listed = (folder / f"{name}.sha256").read_text(encoding="utf-8").splitlines()
    sums = {}
    for line in ProgressBar(listed, desc=f"fetching {name}", unit="picture", delay=2):
        digest, _, remote = line.partition("  ")
        place = _place(remote, source["pictures"])
        sums[place] = digest
        _fetch(source["base"] + remote, out / place, digest, opener or urllib.request.urlopen)
    write_whole(out / "SHA256SUMS", "".join(f"{d}  {p}\n" for p, d in sums.items()).encode())
    write_whole(out / "attributes.csv", (folder / f"{name}.csv").read_bytes())
    write_whole(out / "datasheet.toml", (folder / f"{name}.toml").read_bytes())
    return out


def _place(remote: str, pictures: dict[str, str]) -> str:
    """Return the local path: 'neutral_front/001_03.jpg' -> 'p001/1.jpg', a number, not a name."""
    match = re.fullmatch(r"(\w+)/(\d+)_\d+(\.\w+)", remote)
    if not match or match[1] not in pictures:
        raise InputError(f"'{remote}' is in the list of pictures but not in the datasheet.")
    return f"p{match[2]}/{pictures[match[1]]}{match[3]}"


def _fetch(url: str, target: Path, digest: str, opener: Opener) -> None:
    if target.exists() and sha256_of(target) == digest:
        return
    with opener(url) as stream:
        content = stream.read(MOST + 1)
    if (found := sha256(content).hexdigest()) != digest:
        raise IntegrityError(
            f"{url} is not the registered picture: SHA-256 {found[:12]}… instead of "
            f"{digest[:12]}…; it was not kept."
        )
    write_whole(target, content)
