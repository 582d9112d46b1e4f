"""Read `attributes.csv`: the attributes that people of a set recorded of themselves.

It has a row for each person. Only columns that the datasheet names are read, and only if the
datasheet says how people recorded them.
"""

import contextlib
import csv
import io
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from onetomany.errors import DatasheetError, InputError
from .datasheets import Datasheet
from .files import read_received

FILE = "attributes.csv"
WHOSE = ("subject_id", "subject", "id", "folder", "person")  # the column that names the person
_MOST = 50_000_000  # bytes of the file


def read_attributes(
    root: Path, datasheet: Datasheet, subjects: Mapping[str, str]
) -> pl.DataFrame | None:
    """Return `subject_id`, the recorded columns as text and `attributes_are` ('recorded').

    `subjects` is folder -> id. A row names a person by folder or id, in the column `subject_id`
    (or another of WHOSE), else in the first. People without a row are left out. Returns None if
    the folder has no attributes.csv.

    Raises DatasheetError if the datasheet lacks the columns or how people recorded them,
    InputError if the file can't be read or names a person without a folder.
    """
    path = root / FILE
    if not path.exists():
        return None
    wanted = datasheet.attributes.columns
    if not wanted:
        raise DatasheetError(
            f"There is {path}, but the datasheet does not say that people recorded it themselves: "
            "fill in 'columns' and 'recorded' under [attributes] in datasheet.toml, or remove the "
            "file."
        )
    header, *rows = _rows(path)
    if missing := [name for name in wanted if name not in header]:
        raise DatasheetError(
            f"{path} has no column {', '.join(missing)}, which the datasheet names under "
            f"[attributes]: it has {', '.join(header)}."
        )
    whose = header.index(next((name for name in WHOSE if name in header), header[0]))
    known = _known(subjects)
    found: dict[str, list[str | None]] = {}
    for number, row in enumerate(rows, start=2):
        subject = known.get(_plain(row[whose])) if len(row) == len(header) else None
        if subject is None or subject in found:
            why = "names a person again" if subject else "names no folder of the set"
            why = why if len(row) == len(header) else "has another number of columns"
            raise InputError(f"{path}, line {number} {why}: correct it.")
        found[subject] = [row[header.index(name)].strip() or None for name in wanted]
    schema = {"subject_id": pl.String} | dict.fromkeys(wanted, pl.String)
    frame = pl.DataFrame(
        [[subject, *values] for subject, values in found.items()], schema=schema, orient="row"
    )
    frame = frame.filter(~pl.col("subject_id").is_in(datasheet.withdrawn))
    return frame.with_columns(attributes_are=pl.lit("recorded")).sort("subject_id")


def _known(subjects: Mapping[str, str]) -> dict[str, str]:
    """Return ids by the names a row may use: id, folder, or the folder's last part if unique."""
    last: dict[str, set[str]] = {}
    for folder, subject in subjects.items():
        last.setdefault(_plain(folder.rpartition("/")[2]), set()).add(subject)
    short = {name: next(iter(ids)) for name, ids in last.items() if len(ids) == 1}
    ids = {_plain(subject): subject for subject in subjects.values()}
    return ids | short | {_plain(folder): subject for folder, subject in subjects.items()}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().replace("\\", "/"))


def _rows(path: Path) -> list[list[str]]:
    """Return the rows of a spreadsheet's CSV: UTF-8, UTF-16 or CP949; ',', ';' or tabs."""
    content = read_received(path, _MOST)
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp949"):
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            break
    else:
        raise InputError(f"{path} is neither UTF-8, UTF-16 nor CP949: save it as UTF-8.")
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if any(row)]
    if not rows:
        raise InputError(f"{path} is empty: give it a header and a row for each person.")
    rows[0] = [name.strip() for name in rows[0]]
    return rows
