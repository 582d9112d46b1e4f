"""Give a user's pictures ids that reveal nothing, whatever folders and files are called.

Only `ids.csv`, in the user's folder, says whose an id is.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path, PurePosixPath

import polars as pl

from onetomany.errors import InputError
from .files import read_received, write_whole
from .tables import csv_text, plain_text

FILE = "ids.csv"
_PREFIX = r"(?:s|p|g|f|m|x|id|img|image|subj|subject|person|probe|syn|session|scan|photo)"
# an id is a word of this list and a number, a bare number, or a hexadecimal digest: never a name
_TOKEN = re.compile(rf"^(?:{_PREFIX}?\d+|{_PREFIX}|(?=[a-f]*\d)[0-9a-f]{{8,64}})$", re.IGNORECASE)
# short: a longer number may be a birthday, a telephone or a registration number
_PLAIN = re.compile(rf"^{_PREFIX}?\d{{1,4}}$", re.IGNORECASE)
_MOST = 100_000_000  # bytes of the file


def is_pseudonym(value: str) -> bool:
    """Return whether an id reveals nothing about a person.

    >>> [is_pseudonym(each) for each in ("s12", "subject-7/3", "Kim Minsu")]
    [True, True, False]
    """
    tokens = re.split(r"[-_./:]", value)
    has_number = any(character.isdigit() for character in value)
    return has_number and len(value) <= 128 and all(map(_TOKEN.match, tokens))


def give_ids(subjects: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Return an image id '<subject>/<number>' for each file; `subjects` is file -> folder.

    A folder or file whose name is a number of at most four digits, with or without a word such as
    's', keeps that name. All others are numbered in order. Ids of `before` (file -> id) are kept:
    an id always belongs to the same person.
    """
    taken = set(before.values())
    folders = dict.fromkeys(subjects.values(), "")
    for name, image in before.items():
        if name in subjects:
            folders[subjects[name]] = folders[subjects[name]] or image.rpartition("/")[0]
    used = {"", *(image.rpartition("/")[0].lower() for image in taken)}
    used |= {subject.lower() for subject in folders.values()}
    for folder, subject in sorted(folders.items()):
        if not subject and _PLAIN.match(folder) and folder.lower() not in used:
            folders[folder] = folder
            used.add(folder.lower())
    numbers = count(1)
    for folder, subject in sorted(folders.items()):
        if not subject:
            folders[folder] = _free((f"p{number:03d}" for number in numbers), used)
    given = {name: before[name] for name in subjects if name in before}
    held = {image.lower() for image in taken}
    for name, folder in sorted(subjects.items()):
        stem = PurePosixPath(name).stem
        own = f"{folders[folder]}/{stem}"
        if name not in given and _PLAIN.match(stem) and own.lower() not in held:
            given[name] = own
            held.add(own.lower())
    counters = {folder: count(1) for folder in folders}
    for name, folder in sorted(subjects.items()):
        if name not in given:
            given[name] = _free((f"{folders[folder]}/{n}" for n in counters[folder]), held)
    return {name: given[name] for name in subjects}


def _free(names: Iterable[str], used: set[str]) -> str:
    name = next(each for each in names if each.lower() not in used)
    used.add(name.lower())
    return name


def read_ids(root: Path) -> dict[str, str]:
    """Read the id that each file was given before; {} if there is no list yet.

    Raises InputError if the list was altered so that an id is double or could be a name.
    """
    path = root / FILE
    if not path.exists():
        return {}
    text = read_received(path, _MOST).decode("utf-8-sig", "replace")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = {name: [row.get(name) or "" for row in rows] for name in ("file", "id")}
    plain = plain_text(pl.DataFrame(columns, schema={"file": pl.String, "id": pl.String}))
    ids = {name: image for name, image in plain.iter_rows() if "/" in image}
    wrong = [image for image in ids.values() if not is_pseudonym(image) or image.count("/") != 1]
    if wrong or len(set(ids.values())) < len(ids):
        raise InputError(
            f"{path} was altered: each file needs an id of its own such as 'p001/2', never a name; "
            f"delete it and run 'onetomany datasheet {root}' to number the files again."
        )
    return ids


def write_ids(root: Path, ids: Mapping[str, str], reasons: Mapping[str, str | None]) -> Path:
    """Write the list of all files with their ids, and why some are not used.

    `reasons` has every file of the folder; ids of deleted files stay in the list.
    """
    rows = unused_ids(reasons, ids) | dict(ids)
    names = ("id", "file", "why it is not used")
    why = [reasons.get(name, "it is gone") or "" for name in rows]
    columns = [[*rows.values()], [*rows], why]
    sheet = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String), orient="col")
    text = csv_text(sheet, line_terminator="\r\n")
    write_whole(root / FILE, text.encode("utf-8-sig"))  # the mark is for spreadsheets
    return root / FILE


def unused_ids(files: Iterable[str], ids: Mapping[str, str]) -> dict[str, str]:
    """Return a number for each file that has no image id: 'x1', 'x2'."""
    rest = [name for name in files if name not in ids]
    return {name: f"x{number}" for number, name in enumerate(rest, start=1)}
