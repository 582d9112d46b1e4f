"""Texts of fields between commas, semicolons, tabs or bars, as programs and people write them.

What a text is (its encoding, separator, the row of its names) is told from its beginning; a text
too large for memory then goes through a copy in UTF-8, piece by piece.
"""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl
from tqdm import tqdm

from ..errors import InputError
from ..printing import shortened
from .column_types import Notice

IN_MEMORY = 1 << 27  # bytes of a text; a larger one goes through a copy on the disk
SNIFFED = 200  # rows that tell a text's separator, width and names
HEAD = 1 << 20  # characters in which these rows are looked for
LONGEST_FIELD = 1 << 20  # characters; a longer one is a quotation mark that never closes
SEPARATORS = ",;\t|"
SEPARATOR_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SEPARATOR_NAMES_KO = {",": "쉼표", ";": "쌍반점", "\t": "탭", "|": "세로줄"}


class Fields(NamedTuple):
    """The row of names as it stands, the rows below it as text, and where a copy of them lies."""

    names: list[str]
    rows: pl.LazyFrame
    copy: tempfile.TemporaryDirectory[str] | None = None


def read_delimited(file: Path, encoding: str | None, notices: list[Notice]) -> Fields:
    """Read the fields of a text, all as text, an empty one as null; add what was told to `notices`.

    The columns of `rows` are called '0', '1' and so on. Raises InputError for a text that is empty,
    in another encoding, has a row of more fields than there are names or an open quotation mark.
    """
    encoding = encoding or _encoding(file)
    large = file.stat().st_size > IN_MEMORY
    copy = _folder(file) if large else None
    target = Path(copy.name) / "text.csv" if copy else None
    try:
        if encoding == "utf-8-sig" and not _decodes(file, encoding):
            encoding = "cp949"
        with _opened(file, encoding) as text:
            head = text.read(HEAD)
        fields = _parted(file, encoding, head, target, notices)
    except (UnicodeError, LookupError) as error:
        raise InputError(
            f"{file.name} is not {shortened(encoding)} text: save it as 'CSV UTF-8', or give its "
            "encoding (old Korean files are cp949)."
        ) from error
    if encoding not in ("utf-8-sig", "utf-8"):
        told = shortened(encoding)
        notices.append(Notice(f"The file was read as {told} text.", f"파일을 {told} 글로 읽었다."))
    return fields._replace(copy=copy)


def _parted(
    file: Path, encoding: str, head: str, target: Path | None, notices: list[Notice]
) -> Fields:
    if not head.strip("\ufeff \t\r\n\0"):
        raise InputError(f"{file.name} is empty.")
    separator, stated = _separator(head, notices)
    try:
        rows = list(islice(_rows(io.StringIO(head, newline=""), separator), SNIFFED + stated))
    except csv.Error as error:
        raise InputError(_open_quote(file)) from error
    above = stated + rows_above(rows[stated:])
    tell_above(above - stated, notices)
    width = len(rows[above])
    with _opened(file, encoding) as text:
        for _ in islice(_rows(text, separator), above + 1):
            pass
        source = _copied(text, target, file.stat().st_size)
    schema = {str(place): pl.String for place in range(width)}
    lazy = pl.scan_csv(
        source,
        separator=separator,
        has_header=False,
        infer_schema=False,
        schema=schema,
        raise_if_empty=False,
    )
    try:
        if target is None:
            return Fields(rows[above], lazy.collect().lazy())
        parquet = target.with_suffix(".parquet")
        lazy.sink_parquet(parquet)
        target.unlink()
        return Fields(rows[above], pl.scan_parquet(parquet))
    except pl.exceptions.PolarsError as error:
        with _opened(file, encoding) as text:
            raise InputError(_why_uneven(file, text, separator, above, width)) from error


def _copied(text: IO[str], target: Path | None, size: int) -> io.BytesIO | Path:
    """The rest of a text in UTF-8, in memory or in a file."""
    if target is None:
        return io.BytesIO(text.read().encode())
    bar = tqdm(total=size, desc="reading", unit="B", unit_scale=True)
    with target.open("w", encoding="utf-8", newline="") as out, bar:
        while piece := text.read(HEAD):
            out.write(piece)
            bar.update(len(piece))
    return target


def _folder(file: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder for a copy, where the disk has room. Raises InputError where it has not."""
    copy = tempfile.TemporaryDirectory(prefix="onetomany-table-")
    need, free = 3 * file.stat().st_size, shutil.disk_usage(copy.name).free
    if need > free:
        raise InputError(
            f"{file.name} needs {need >> 20:,} MB for a copy and {tempfile.gettempdir()} has "
            f"{free >> 20:,} MB: name a larger place by TMPDIR, or save the table as Parquet."
        )
    return copy


# what the beginning tells ------------------------------------------------------------------


def _opened(file: Path, encoding: str) -> IO[str]:
    return file.open(encoding=encoding, newline=None)  # every line ends with \n


def _encoding(file: Path) -> str:
    with file.open("rb") as raw:
        content = raw.read(4000)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    odd, even = content[1::2].count(0), content[::2].count(0)
    if max(odd, even) > len(content) // 8:  # UTF-16 without its mark
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8-sig"


def _decodes(file: Path, encoding: str) -> bool:
    """Whether the whole file is text of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.open("rb") as raw:
        try:
            while piece := raw.read(HEAD):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _separator(head: str, notices: list[Notice]) -> tuple[str, int]:
    """The sign between fields, and 1 where the first row names it."""
    first, _, _ = head.partition("\n")
    stated = first.strip(" \r").strip('"')
    if stated.lower().startswith("sep=") and len(stated) == 5:
        return stated[4], 1

    def score(sign: str) -> tuple[int, int]:
        try:
            rows = list(islice(_rows(io.StringIO(head, newline=""), sign), SNIFFED))
        except csv.Error:
            return 0, 0
        widths = Counter(len(row) for row in rows if row)
        widths.pop(1, None)
        width, many = max(widths.items(), key=lambda each: each[1], default=(1, 0))
        return many, width

    best = max(SEPARATORS, key=score)
    if best != "," and score(best)[0]:
        english, korean = SEPARATOR_NAMES[best], SEPARATOR_NAMES_KO[best]
        notices.append(
            Notice(f"Fields are separated by {english}.", f"칸은 {korean}(으)로 나뉘어 있다.")
        )
    return best, 0


def rows_above(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows stand above the names: titles fill fewer cells than a table is wide."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    width = Counter(each for each in filled if each).most_common(1)
    wide = width[0][0] if width else 1
    return next((place for place, many in enumerate(filled) if many > wide // 2), 0)


def tell_above(above: int, notices: list[Notice]) -> None:
    """Add to `notices` how many rows above the names are left out."""
    if above:
        notices.append(
            Notice(
                f"Rows above the columns' names are left out: {above}.",
                f"열 이름 위의 {above}줄은 뺐다.",
            )
        )


def _rows(text: Iterable[str], separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_FIELD)
    return csv.reader(text, delimiter=separator)


def _why_uneven(file: Path, text: Iterable[str], separator: str, above: int, width: int) -> str:
    try:
        for row, fields in enumerate(_rows(text, separator), 1):
            if row > above + 1 and len(fields) > width:
                return (
                    f"{file.name}, row {row:,}, has {len(fields)} fields for {width} names: put "
                    "a text that holds the separator into quotation marks."
                )
    except csv.Error:
        pass
    return _open_quote(file)


def _open_quote(file: Path) -> str:
    return f"{file.name} can't be read as CSV: a quotation mark is opened and never closed."
