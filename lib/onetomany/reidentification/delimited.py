"""Read texts of fields between commas, semicolons, tabs or bars.

The beginning of a text shows its encoding, separator and row of names. Its rows then become a table
of texts: in memory, or in a folder on the disk if the text is large.
"""

import codecs
import contextlib
import csv
import io
import itertools
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from onetomany.cage.text_tables import SAMPLE, START, find_separator, is_korean, utf16_of
from onetomany.errors import InputError
from onetomany.printing import Notify, shortened
from onetomany.progress import ProgressBar
from .column_types import list_places
from .names_row import find_header, looks_numeric

IN_MEMORY = 1 << 27  # bytes of a text; the copy of a larger one is on the disk
TOGETHER = 100_000  # rows of a part of the copy
HEAD = 1 << 20  # characters in which these rows are looked for
LONGEST_FIELD = 1 << 20  # characters; a longer one is a quotation mark that never closes
SEPARATOR_NAMES = {
    ",": ("commas", "쉼표"),
    ";": ("semicolons", "세미콜론"),
    "\t": ("tabs", "탭"),
    "|": ("vertical bars", "세로줄"),
    "^": ("carets", "꺾쇠(^)"),
    "~": ("tildes", "물결표"),
    "\x01": ("the control character 1", "제어 문자 1"),
    "\x1f": ("the control character 31", "제어 문자 31"),
}


UNCUT = (",", ";", "\t", "|", "::", ":", "&", "#", "!", "$", "§", "¦", "\\t", "=", "/", " ")


class Fields(NamedTuple):
    """Store the row of names unchanged, the rows below it as text, and the folder of a copy.

    The columns of `rows` are called '0', '1' and so on; an empty field is null.
    """

    names: list[str]
    rows: pl.LazyFrame
    copy: tempfile.TemporaryDirectory[str] | None = None


def read_delimited(file: Path, encoding: str | None, notify: Notify) -> Fields:
    """Read the fields of a text, all as text, and notify of the steps taken.

    Raises InputError for a text that is empty, in another encoding, has no fields, a row of more
    fields than there are names, or a quotation mark that never closes.
    """
    encoding = encoding or _encoding(file)
    try:
        with _opened(file, encoding) as text:
            head = text.read(HEAD)
        separator, skipped = _separator(file, head, notify)
        rows = [row for _, row in islice(_rows(file, head, separator), SAMPLE)][skipped:]
        if not rows:
            raise InputError(f"{file.name} is empty.")
        found = find_header(file.name, rows, notify)
        names = found.names
        _check_fields(file, names, rows[found.end :])
        below = [row for row in rows[found.end :] if any(row)]
        is_longer = all(len(row) == len(names) + 1 and row[-1].strip() for row in below)
        if separator != "," and below and is_longer:
            names = ["", *names]  # as R writes a table whose rows have names
        copy = _folder(file) if file.stat().st_size > IN_MEMORY else None
        out = _Copy(file, Path(copy.name) if copy else None, len(names), notify)
        with _opened(file, encoding) as text:
            for row in islice(_rows(file, text, separator), skipped + found.end, None):
                out.add(*row)
        table = out.table()
    except LookupError as error:
        raise InputError(
            f"There is no encoding '{shortened(encoding)}': give one such as utf-8, cp949 or "
            "cp1252."
        ) from error
    except UnicodeError as error:
        raise InputError(
            f"{file.name} is not {shortened(encoding)} text: save it as 'CSV UTF-8', or give its "
            "encoding."
        ) from error
    if encoding not in ("utf-8-sig", "utf-8"):
        told = shortened(encoding)
        notify(f"The file was read as {told} text.", f"파일을 {told} 글로 읽었다.")
    return Fields(names, table, copy)


class _Copy:
    """Store rows as a table of texts, each as wide as the row of names; parts in a folder."""

    def __init__(self, file: Path, folder: Path | None, width: int, notify: Notify) -> None:
        self.file, self.folder, self.width, self.notify = file, folder, width, notify
        self.rows: list[list[str]] = []
        self.parts: list[pl.LazyFrame] = []
        self.short: list[int] = []
        size = file.stat().st_size
        self.bar = ProgressBar(
            total=size, desc="reading", unit="B", unit_scale=True, disable=not folder
        )

    def add(self, row: int, fields: list[str]) -> None:
        """Add the fields of a row. Raises InputError if there are more than names."""
        many = len(fields)
        if many > self.width:
            if any(map(str.strip, fields[self.width :])):
                raise InputError(
                    f"{self.file.name}, row {row:,}, has {many} fields for {self.width} names: put "
                    "a text that contains the separator into quotation marks."
                )
            fields = fields[: self.width]
        elif many < self.width:
            if any(map(str.strip, fields)):
                self.short.append(row)
            fields = fields + [""] * (self.width - many)
        self.rows.append(fields)
        if len(self.rows) == TOGETHER:
            self._keep()

    def _keep(self) -> None:
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * self.width
        schema = {str(place): pl.String for place in range(self.width)}
        part = pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema)
        part = part.with_columns(pl.when(pl.all() != "").then(pl.all()))
        if self.folder:
            self.bar.update(sum(map(len, itertools.chain.from_iterable(self.rows))))
            file = self.folder / f"{len(self.parts)}.parquet"
            part.write_parquet(file)
            self.parts.append(pl.scan_parquet(file))
        else:
            self.parts.append(part.lazy())
        self.rows = []

    def table(self) -> pl.LazyFrame:
        """Return all rows; a notice reports those with fewer fields than names."""
        self._keep()
        self.bar.close()
        if self.short:
            many, rows = len(self.short), list_places(self.short)
            self.notify(
                f"Rows with fewer fields than there are names: {many:,} (rows {rows}); the "
                "missing fields are taken as empty.",
                f"칸이 열 이름보다 적은 줄이 {many:,}개 있다({rows}번째 줄). 모자란 칸은 빈 "
                "것으로 보았다.",
            )
        return pl.concat(self.parts)


def _folder(file: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder for a copy. Raises InputError if the disk has no room."""
    copy = tempfile.TemporaryDirectory(prefix="onetomany-table-")
    need, free = 2 * file.stat().st_size, shutil.disk_usage(copy.name).free
    if need > free:
        raise InputError(
            f"{file.name} needs {need >> 20:,} MB for a copy and {tempfile.gettempdir()} has "
            f"{free >> 20:,} MB: name a larger place by TMPDIR, or save the table as Parquet."
        )
    return copy


# from the beginning of a text ------------------------------------------------------------------


def _opened(file: Path, encoding: str) -> IO[str]:
    return file.open(encoding=encoding, newline=None)  # every line ends with \n


def _encoding(file: Path) -> str:
    """Recognise UTF-16 by its mark or its zeros, UTF-8, or CP949; raise InputError otherwise."""
    with file.open("rb") as raw:
        start = raw.read(START)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if found := utf16_of(start):
        return found
    if stateful := re.search(rb"\x1b\$(?:\)C|[@B]|\)A)", start):
        name = {b")C": "iso2022_kr", b")A": "hz"}.get(stateful[0][2:], "iso2022_jp")
        raise InputError(f"{file.name} is text with escapes: give its encoding, perhaps {name}.")
    if not (line := _not_utf8(file)):
        return "utf-8-sig"
    try:
        with _opened(file, "cp949") as text:
            korean = is_korean(iter(lambda: text.read(HEAD), ""))
    except UnicodeDecodeError:
        korean = False
    if not korean:
        raise InputError(
            f"{file.name}, line {line:,}, is not UTF-8, and the file is not Korean (CP949) text: "
            "save it as 'CSV UTF-8', or give its encoding (Western files are often cp1252, Russian "
            "cp1251, Japanese shift_jis, Chinese gb18030 or big5, Korean cp949)."
        )
    return "cp949"


def _not_utf8(file: Path) -> int:
    """Return the first line that is not UTF-8, or 0."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    with file.open("rb") as raw:
        try:
            while piece := raw.read(HEAD):
                decoder.decode(piece)
                lines += piece.count(b"\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return lines + error.object[: error.start].count(b"\n")
    return 0


def _separator(file: Path, head: str, notify: Notify) -> tuple[str, int]:
    """Return the sign between fields, and 1 if the first row names it."""
    start = head.lstrip("\ufeff \t\r\n\0")
    if not start:
        raise InputError(f"{file.name} is empty.")
    if start[0] in "{[<":
        what = "a web page" if start[0] == "<" else "JSON or a file of settings"
        raise InputError(f"{file.name} is {what}: save the table in it as CSV or XLSX.")
    if re.match(r"(?:insert into|create table)\b", start, re.IGNORECASE):
        raise InputError(f"{file.name} is a database's dump: export the table as CSV.")
    first, _, _ = head.partition("\n")
    stated = first.strip(" \r").strip('"')
    if stated.lower().startswith("sep=") and len(stated) == 5:
        return stated[4], 1

    def rows_of(sign: str) -> Iterator[list[str]]:
        with contextlib.suppress(InputError):  # raised again once the separator is known
            for _, row in islice(_rows(file, head, sign), SAMPLE):
                yield row

    best = find_separator(rows_of, list(SEPARATOR_NAMES))
    if best != ",":
        english, korean = SEPARATOR_NAMES[best]
        notify(f"Fields are separated by {english}.", f"칸 구분 기호: {korean}.")
    return best, 0


def _check_fields(file: Path, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Raise InputError for columns that are laid out by blanks, which are not fields."""
    laid_out = sum("  " in row[0].strip() for row in rows if row)
    if len(names) == 1 and " " in names[0].strip() and laid_out > len(rows) // 2:
        raise InputError(
            f"{file.name} has columns laid out by blanks: open it in a spreadsheet as text of "
            "fixed width, and save it as CSV."
        )
    if all("=" in name for name in names) and len(names) > 1:
        raise InputError(f"{file.name} has no row of names: its fields are written as name=value.")
    if len(names) == 1 and (sign := _uncut(names[0], [row[0] for row in rows if any(row)])):
        raise InputError(
            f"{file.name} has fields separated by {sign}, which is not read here: save it as CSV."
        )


def _uncut(name: str, cells: Sequence[str]) -> str | None:
    """Return another sign that cuts the only column into as many pieces in every row.

    The blank does so only if pieces of one place are numbers.
    """
    for sign in UNCUT:
        many = name.count(sign)
        if not many or len(cells) < 2 or any(cell.count(sign) != many for cell in cells):
            continue
        pieces = list(zip(*(cell.split(sign) for cell in cells), strict=True))
        if sign != " " or any(all(map(looks_numeric, each)) for each in pieces):
            if sign in SEPARATOR_NAMES:
                return f"{SEPARATOR_NAMES[sign][0]} within quotation marks around whole rows"
            return "blanks" if sign == " " else f"'{sign}'"
    return None


def _rows(file: Path, text: IO[str] | str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with their numbers. Raises InputError for a quotation mark that never closes.

    The beginning of a text, given as a string, may end within quotation marks.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = io.StringIO(text) if isinstance(text, str) else text
    row = 0
    try:
        for row, fields in enumerate(csv.reader(lines, delimiter=separator, strict=True), 1):
            yield row, fields
    except csv.Error as error:
        if isinstance(text, str) and len(text) == HEAD and "unexpected end" in str(error):
            return
        raise InputError(
            f"{file.name}, row {row + 1:,}, can't be read as CSV: a quotation mark is opened and "
            "never closed, or closed in the middle of a field."
        ) from None
