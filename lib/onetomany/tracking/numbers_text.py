"""Tables of numbers as people pass them on: any separator, with or without names of columns.

One reader for MOT files and for walks. It decides how a file is laid out and says so in notices;
what the numbers mean is for those who asked. Every cell stays text, beside its line's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..errors import InputError

Notices = list[str]
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?|[-+]?(nan|inf(inity)?)", re.I)
_COMMENT = ("#", "%", "//")
_OTHER_FORMS = {
    "{": "JSON (such as COCO's)",
    "[": "JSON (such as COCO's)",
    "<": "XML (such as CVAT's or PETS')",
    "PK": "a ZIP or a workbook",
    "%PDF": "a PDF",
}


@dataclass(frozen=True)
class NumbersText:
    """Cells of a file: `cells` has `line` (from 1) and `values`, a list of texts for each line.

    `names` are those of a header line, in lower case; None where there is none. `remarks` are the
    comment lines.
    """

    path: Path
    names: tuple[str, ...] | None
    cells: pl.DataFrame
    notices: Notices
    remarks: tuple[str, ...] = ()

    def column(self, place: int) -> pl.Series:
        """Return the texts of one column, null where a line is shorter."""
        return self.cells["values"].list.get(place, null_on_oob=True)

    def refuse(self, bad: pl.Series, fault: str, place: int | None = None) -> None:
        """Raise InputError that names the file and the first line where `bad` holds, if any.

        `{value}` in `fault` is what stands there in the column `place`.
        """
        if not (first := bad.fill_null(value=False).arg_true()).len():
            return
        row = int(first[0])
        shown = "" if place is None else repr((self.column(place)[row] or "")[:40])
        raise InputError(
            f"{self.path}, line {self.cells['line'][row]}: {fault.replace('{value}', shown)}."
        )


def read_numbers(path: Path, *, max_bytes: int, kind: str) -> NumbersText:
    """Read a file of numbers; `kind` says in errors what was expected ('a MOT file').

    Raises InputError where the file is missing, above `max_bytes`, not text, empty, of another
    form (JSON, XML), or its lines have different numbers of values.
    """
    text, notices = _decoded(path, max_bytes, kind)
    start = text.lstrip()
    for mark, form in _OTHER_FORMS.items():
        if start.startswith(mark):
            raise InputError(f"{path} looks like {form}: export it as {kind}, a line a position.")
    lines = pl.DataFrame({"text": text.splitlines()}, schema={"text": pl.String})
    lines = lines.with_row_index("line", offset=1).with_columns(pl.col("text").str.strip_chars(" "))
    lines = lines.filter(pl.col("text").str.strip_chars() != "")
    remark = pl.any_horizontal(pl.col("text").str.starts_with(mark) for mark in _COMMENT)
    remarks = tuple(lines.filter(remark)["text"].to_list())
    if remarks:
        notices.append(f"{len(remarks):,} comment lines are passed over.")
        lines = lines.filter(~remark)
    if not lines.height:
        raise InputError(f"{path} holds no box or position: it is empty.")
    cells, separator = _split(lines, notices)
    names, cells = _header(cells, notices)
    if not cells.height:
        raise InputError(f"{path} holds names of columns and no box or position below them.")
    cells = _decimal_points(cells, separator, notices)
    found = NumbersText(path, names, cells, notices, remarks)
    many = len(names) if names else int(cells["values"].list.len()[0])
    first = "the names of columns" if names else "the first line"
    found.refuse(cells["values"].list.len() != many, f"not {many} values, as {first} has")
    return found


def _decoded(path: Path, max_bytes: int, kind: str) -> tuple[str, Notices]:
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise InputError(
                f"{path} has {size:,} bytes, and at most {max_bytes:,} are read: cut it by frames."
            )
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8: {kind} holds numbers and commas.") from None
    if "\0" in text:
        raise InputError(f"{path} is no text in UTF-8: {kind} holds numbers and commas.")
    return text, ["Read as UTF-16, as a spreadsheet saves it."] if wide else []


def _split(lines: pl.DataFrame, notices: Notices) -> tuple[pl.DataFrame, str]:
    """Lines cut into cells, by the separator of the first line that begins with a number."""
    numeric = lines.filter(pl.col("text").str.contains(r"^\"?[-+.\d]"))
    separator = separator_of((numeric if numeric.height else lines)["text"][0])
    cut = pl.col("text")
    if separator == " ":
        cut = cut.str.strip_chars().str.replace_all(r"\s+", " ")
    values = cut.str.split(separator).list.eval(pl.element().str.strip_chars(" \t\"'"))
    cells = lines.select("line", values=values)
    # a separator at the end of every line leaves an empty last cell
    last = cells["values"].list.last()
    if separator != " " and (last == "").all() and (cells["values"].list.len() > 1).all():
        cells = cells.with_columns(pl.col("values").list.head(pl.col("values").list.len() - 1))
        notices.append("Each line ends in a separator; the empty last value is passed over.")
    if separator != ",":
        notices.append(f"Values are separated by {SEPARATORS[separator]}.")
    return cells, separator


def separator_of(line: str) -> str:
    """Return what separates the values of a line: ';', a tab, '|', ',' or ' '."""
    for separator in (";", "\t", "|"):
        if separator in line:
            return separator
    pieces = [piece.strip() for piece in line.rstrip(", ").split(",")]
    whole = len(pieces) > 1 and not any(re.search(r"\s", piece) for piece in pieces)
    return "," if whole or " " not in line.strip() else " "


def is_number(text: str) -> bool:
    """Return whether a cell is a number, with a decimal point or comma."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _header(cells: pl.DataFrame, notices: Notices) -> tuple[tuple[str, ...] | None, pl.DataFrame]:
    first = [str(value) for value in cells["values"][0]]
    if any(is_number(value) for value in first) or not any(first):
        return None, cells
    names = tuple(re.sub(r"[\s\-.]+", "_", value.strip().lower()) for value in first)
    notices.append(f"Columns are taken by the names in the first line: {', '.join(first)}.")
    return names, cells[1:]


def _decimal_points(cells: pl.DataFrame, separator: str, notices: Notices) -> pl.DataFrame:
    """Decimal commas made points, where a comma isn't what separates values."""
    if separator == ",":
        return cells
    form = r"^[-+]?\d*,\d+([eE][-+]?\d+)?$"
    texts = cells["values"].explode()
    if not texts.str.contains(form).any():
        return cells
    notices.append("Decimal commas are read as decimal points.")
    point = pl.element().str.replace(",", ".", literal=True)
    changed = pl.when(pl.element().str.contains(form)).then(point).otherwise(pl.element())
    return cells.with_columns(pl.col("values").list.eval(changed))
