"""Read tables of numbers: any separator, with or without names of columns.

One reader for MOT files and for walks. The cage finds a file's layout (`cage.number_tables`), and
notices report it; the caller interprets the numbers. Every cell comes out as a number and as text,
with its line's number.
"""

import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from onetomany.cage import keeper as cage
from onetomany.cage.number_tables import (
    ENCODINGS,
    FAULT,
    HEAD,
    LINES,
    LONGEST,
    MOST_COLUMNS,
    NUMBERS,
    REMARKS,
    SEPARATORS,
    TAIL,
    TEXTS,
)
from onetomany.errors import InputError, RefusedError, near_file
from onetomany.printing import Notice, add_notice
from onetomany.sources import pedestrians

Notices = list[Notice]
TASK = "onetomany.cage.number_tables:load_number_reader"
SECONDS, MEMORY = 900.0, 256 << 20  # of one file; bytes beside the file itself
_SEPARATED = {
    ";": ("semicolons", "세미콜론"),
    "\t": ("tabs", "탭"),
    "|": ("bars", "세로줄"),
    " ": ("blanks", "빈칸"),
}
_ENCODED = {
    "utf-16": (
        "The file was read as UTF-16, as spreadsheets save it.",
        "UTF-16(스프레드시트가 저장하는 방식)으로 읽었다.",
    ),
    "cp949": (
        "The file is not UTF-8 and was read as CP949 (Korean Windows).",
        "UTF-8이 아니어서 CP949(한국어 윈도)로 읽었다.",
    ),
    "cp1252": (
        "The file is not UTF-8 and was read as Windows-1252 (Latin-1): check letters with accents "
        "in names.",
        "UTF-8이 아니어서 Windows-1252(Latin-1)로 읽었다. 이름에 악센트 붙은 글자가 있으면 맞는지 "
        "확인해야 한다.",
    ),
}
_FORM = {
    "JSON": "JSON (such as COCO's)",
    "XML": "XML (such as CVAT's or PETS')",
    "ZIP": "a ZIP or a workbook",
    "PDF": "a PDF",
    "XLS": "a workbook of Excel before 2007",
    "gzip": "a file packed with gzip",
    "Parquet": "a Parquet file",
    "Arrow": "an Arrow or Feather file",
    "SQLite": "an SQLite database",
    "HDF5": "an HDF5 file",
    "MATLAB": "a MATLAB file",
    "NumPy": "a NumPy array",
}
_NONSENSE = "its reader gave no usable answer"


@dataclass(frozen=True)
class NumbersText:
    """Store cells of a file: each row's `line` (from 1), each column's `numbers` and `texts`.

    A cell that is not a number is null among `numbers`. `names` are those of a header line, in
    lower case; None without one. `remarks` are the comment lines (the first 200).
    """

    path: Path
    names: tuple[str, ...] | None
    line: pl.Series
    numbers: tuple[pl.Series, ...]
    texts: tuple[pl.Series, ...]
    notices: Notices
    remarks: tuple[str, ...] = ()

    def refuse(self, bad: pl.Series, fault: str, place: int | None = None, *, ko: str = "") -> None:
        """Raise InputError naming the file and the first line for which `bad` is true, if any.

        `{value}` in `fault` is replaced by the cell of the column `place`. `ko` is `fault` in
        Korean.
        """
        if not (first := bad.fill_null(value=False).arg_true()).len():
            return
        row = int(first[0])
        shown = "" if place is None else repr(self.texts[place][row][:40])
        line, korean = self.line[row], ko.replace("{value}", shown)
        raise InputError(
            f"{self.path}, line {line}: {fault.replace('{value}', shown)}.",
            f"{self.path}, {line}번째 줄: {korean}." if ko else "",
        )


def read_numbers(path: Path, *, max_bytes: int, kind: str) -> NumbersText:
    """Read a file of numbers in the cage; `kind` names the expected file in errors ('a MOT file').

    The package's own sequences (`pedestrians.is_carried`) are also read if the system can't confine
    a process.

    Raises InputError if the file is missing, above `max_bytes`, not text, empty, of another form
    (JSON, XML), or its lines have different numbers of values; RefusedError if the system confines
    no process.
    """
    file, size = _opened(path, max_bytes)
    try:
        outcome = _keeper(path).ask(
            file,
            {},
            _Taken,
            seconds=SECONDS,
            memory=MEMORY + size,
            most=size,
            answer=12 * size + (4 << 20),
        )
    finally:
        os.close(file)
    taken = outcome.kept
    if taken is None or outcome.ended.code or not (taken.fault or taken.tail):
        why = outcome.trouble or "reading takes too long or too much memory"
        raise InputError(
            f"{path} can't be read as {kind}: {why}.",
            f"{path} 파일을 표로 읽지 못했다. 읽는 프로그램이 멈추었거나 맞지 않는 답을 냈다.",
        )
    if taken.fault:
        raise InputError(*(f"{path}{why}" for why in _why(taken, kind)))
    return _table(path, taken)


def _keeper(path: Path) -> cage.Keeper:
    try:
        return cage.lasting(TASK)
    except RefusedError:
        if not pedestrians.is_carried(path):
            raise
        return cage.lasting(TASK, trusted=True)


def _opened(path: Path, max_bytes: int) -> tuple[int, int]:
    """Open the file to read, and return its size."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        en = f"There is no file {path}{near_file(path)}."
        raise InputError(en, f"파일이 없다: {path}.") from None
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror}.",
            f"{path} 파일을 열 수 없다. 이름과 권한을 확인해야 한다.",
        ) from None
    told = os.fstat(file)
    if not stat.S_ISREG(told.st_mode):
        os.close(file)
        raise InputError(f"{path} is not a file: name a file.", f"파일이 아니다: {path}.")
    if told.st_size > max_bytes:
        os.close(file)
        raise InputError(
            f"{path} has {told.st_size:,} bytes, and at most {max_bytes:,} are read: split the "
            "file by frames.",
            f"{path} 파일은 {told.st_size:,}바이트다. {max_bytes:,}바이트까지만 읽으므로 장면별로 "
            "나누어야 한다.",
        )
    return file, told.st_size


class _Taken:
    """Parse the cage's untrusted answer. Raises cage.Trouble if it is not valid."""

    def __init__(self, frames: cage.Frames) -> None:
        self.head: dict[str, Any] = {}
        self.tail: dict[str, Any] = {}
        self.fault: dict[str, Any] = {}
        self.lines: list[np.ndarray[Any, np.dtype[np.int64]]] = []
        self.numbers: list[list[np.ndarray[Any, np.dtype[np.float64]]]] = []
        self.texts: list[list[pl.Series]] = []
        column = 0
        for kind, length in frames:
            content = frames.read(length)
            if kind in (HEAD, TAIL, FAULT):
                self._object(kind, content)
            elif not self.head or length > 1 << 28:
                raise cage.Trouble(_NONSENSE)
            elif kind == LINES and length % 8 == 0 and column in (0, self.many):
                self.lines.append(np.frombuffer(content, "<i8"))
                column = 0
            elif kind == NUMBERS and self.lines and column < self.many:
                if length != 8 * len(self.lines[-1]):
                    raise cage.Trouble(_NONSENSE)
                self.numbers[column].append(np.frombuffer(content, "<f8"))
            elif kind == TEXTS and self.lines and column < self.many:
                self.texts[column].append(_cells(content, len(self.lines[-1])))
                column += 1
            else:
                raise cage.Trouble(_NONSENSE)
        blocks = {len(self.lines), *map(len, self.numbers), *map(len, self.texts)}
        if self.tail and (len(blocks) != 1 or 0 in blocks):
            raise cage.Trouble(_NONSENSE)

    def _object(self, kind: bytes, content: bytes) -> None:
        try:
            found = json.loads(content)
            if kind == HEAD:
                self._head(found)
            elif kind == TAIL:
                texts = [str(each)[:LONGEST] for each in found["texts"][:REMARKS]]
                counts = {name: int(found[name]) for name in ("remarks", "commas")}
                self.tail = {**counts, "texts": texts}
            else:
                self.fault = {"fault": str(found["fault"])[:20], "line": int(found.get("line", 0))}
                self.fault["form"] = str(found.get("form", ""))[:20]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise cage.Trouble(_NONSENSE) from error

    def _head(self, found: dict[str, Any]) -> None:
        names = found["names"]
        if names is not None and not all(type(name) is str for name in names):
            raise ValueError("names")
        self.many = int(found["many"])
        fits = names is None or len(names) == self.many
        if not (fits and 0 < self.many <= MOST_COLUMNS and found["separator"] in SEPARATORS):
            raise ValueError("columns")
        if found["encoding"] not in ENCODINGS:
            raise ValueError("encoding")
        self.head = {name: found[name] for name in ("names", "separator", "encoding")}
        self.numbers = [[] for _ in range(self.many)]
        self.texts = [[] for _ in range(self.many)]


def _cells(content: bytes, count: int) -> pl.Series:
    try:
        cells = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise cage.Trouble(_NONSENSE) from error
    if len(cells) != count:
        raise cage.Trouble(_NONSENSE)
    return pl.Series(cells, dtype=pl.String)


def _why(taken: _Taken, kind: str) -> tuple[str, str]:
    """Return the end of an error's sentence that begins with the path, in English and Korean."""
    fault, number = taken.fault["fault"], taken.fault["line"]
    many, named = getattr(taken, "many", 0), bool(taken.head.get("names"))
    known = {
        "not text": (
            f" is not text in UTF-8, CP949 or Latin-1: {kind} contains numbers and commas.",
            " 파일은 UTF-8, CP949, Latin-1 어느 글로도 읽히지 않는다. 숫자와 쉼표로 된 파일이어야 "
            "한다.",
        ),
        "form": (
            f" looks like {_FORM.get(taken.fault['form'], 'another form')}: export it as {kind} "
            "with one position in each line.",
            f" 파일은 다른 형식({taken.fault['form'] or 'JSON, XML 등'})이다. 한 줄에 위치 하나를 "
            "적은 CSV로 내보내야 한다.",
        ),
        "empty": (" is empty: it contains no box or position.", " 파일이 비어 있다."),
        "names only": (
            " contains names of columns, but no box or position below them.",
            " 파일에는 열 이름만 있고 그 아래에 위치가 없다.",
        ),
        "uneven": (
            f", line {number}: the line does not have {many} values, as "
            f"{'the line of names' if named else 'the first line'} does.",
            f", {number}번째 줄: 값이 {many}개가 아니다"
            f"({'열 이름' if named else '첫 줄'}과 다르다).",
        ),
        "long": (
            f", line {number}: a value has more than {LONGEST} characters, or there are more than "
            f"{MOST_COLUMNS:,} values: {kind} contains numbers and commas.",
            f", {number}번째 줄: {LONGEST}자를 넘는 값이 있거나 값이 {MOST_COLUMNS:,}개를 넘는다.",
        ),
        "memory": (
            f" can't be read as {kind}, because that takes too much memory: split the file by "
            "frames.",
            " 파일을 읽는 데 메모리가 너무 많이 든다. 장면별로 나누어야 한다.",
        ),
    }
    other = f" can't be read as {kind}: {_NONSENSE}.", " 파일을 읽은 답이 맞지 않는다."
    return known.get(fault, other)


def _table(path: Path, taken: _Taken) -> NumbersText:
    notices: Notices = []
    encoding, separator, names = (taken.head[key] for key in ("encoding", "separator", "names"))
    if told := _ENCODED.get("utf-16" if encoding.startswith("utf-16") else encoding):
        notices.append(Notice(*told))
    if many := taken.tail["remarks"]:
        notices.append(
            Notice(f"{many:,} comment lines are skipped.", f"설명 줄 {many:,}개는 건너뛰었다.")
        )
    numbers = [pl.Series(np.concatenate(each)).fill_nan(None) for each in taken.numbers]
    texts = [pl.concat(each) for each in taken.texts]
    bare = names is None or not names[-1]
    # a separator at the end of every line leaves an empty last cell
    if separator != " " and len(texts) > 1 and bare and bool((texts[-1] == "").all()):
        numbers, texts, names = numbers[:-1], texts[:-1], names and names[:-1]
        add_notice(
            notices,
            "Each line ends with a separator: the empty last value is skipped.",
            "줄마다 끝에 구분 기호가 있다. 비어 있는 마지막 값은 건너뛰었다.",
        )
    if separator in _SEPARATED:
        en, ko = _SEPARATED[separator]
        notices.append(Notice(f"Values are separated by {en}.", f"값 구분 기호: {ko}."))
    if names is not None:
        shown = ", ".join(names)
        add_notice(
            notices,
            f"Columns are taken by the names in the first line: {shown}.",
            f"열은 첫 줄의 이름대로 읽었다: {shown}.",
        )
    if taken.tail["commas"]:
        notices.append(
            Notice("Decimal commas are read as decimal points.", "소수점 쉼표는 점으로 읽었다.")
        )
    known = names and tuple(re.sub(r"[\s\-.]+", "_", name.strip().lower()) for name in names)
    line = pl.Series(np.concatenate(taken.lines))
    remarks = tuple(taken.tail["texts"])
    return NumbersText(path, known, line, tuple(numbers), tuple(texts), notices, remarks)
