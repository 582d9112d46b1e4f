"""Read the tables of a case folder, and list every cell that can't be used.

A fault names file, row, column and remedy. Rows count as in a spreadsheet: the first row below the
header is row 2. The files may come from somebody else: they are read as UTF-8 text, within a limit,
and formulas are not evaluated.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import polars as pl

from onetomany.errors import InputError, near, near_file
from onetomany.formats.plain import decode
from onetomany.sources.files import read_received
from onetomany.sources.tables import plain_text
from .columns import ADDRESS, DATE, NUMBERS, WINDOW, CaseColumn, CaseTable
from .words import task_words

LARGEST = 64 << 20  # bytes of a table: about 200,000 claims
KINDS: dict[str, type[pl.DataType]] = {
    "string": pl.String,
    "number": pl.Float64,
    "integer": pl.Int64,
    "day": pl.Date,
}
_KOREAN_FORMS = {
    DATE: "2019-04-30, 2019-04, 2019",
    WINDOW: "2019, 2019-04, 2019/2022",
    ADDRESS: "https://로 시작하는 주소",
}
_SPANS = (("period_start", "period_end"), ("in_force_from", "in_force_to"))  # first, last day
_GROUPED = r"^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$"  # 7,512 is a number, 7,5 is not
# lines that git leaves in a file if two people changed the same row; one of ======= is between
# them, but may also be a heading in a quotation
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")


@dataclass(frozen=True)
class CaseFault:
    """A cell, row or file that can't be used: place, fault and remedy."""

    file: str
    row: int  # as in a spreadsheet, the header being row 1; 0 for the whole file
    column: str
    what: str
    remedy: str
    korean: tuple[str, str] = ("", "")  # the fault and the remedy in Korean

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{row}{column}: {self.what}; {self.remedy}."


def _fault(file: str, row: int, column: str, sentences: str, /, **facts: object) -> CaseFault:
    """Return a fault with sentences of `words.task_words`."""
    (what, what_ko), (todo, todo_ko) = task_words(sentences, **facts)
    return CaseFault(file, row, column, what, todo, (what_ko, todo_ko))


def read_case_table(folder: Path, table: CaseTable) -> pl.DataFrame:
    """Return a table with its columns in their kinds; absent optional ones are null.

    A missing optional table has no rows. Raises InputError with the first fault.
    """
    raw, faults = raw_table(folder, table)
    faults = faults or table_faults(raw, table)
    if faults:
        raise InputError(f"{folder}: {faults[0]}" if folder != Path() else str(faults[0]))
    return typed_table(raw, table)


def read_case_numbers(path: Path) -> pl.DataFrame:
    """Read a numbers.csv that may be outside a case folder: `columns.NUMBERS`.

    Raises InputError, with file, row, column and remedy, for the first fault.

    >>> from onetomany.cases.case_folder import SHIPPED
    >>> read_case_numbers(SHIPPED / "teaching" / "numbers.csv").height
    8
    """
    if not path.exists():
        raise InputError(f"There is no file {path}{near_file(path)}.")
    if path.suffix.lower() != ".csv" or not path.is_file():
        raise InputError(f"{path} is not a CSV file: give a table of a case, such as numbers.csv.")
    return read_case_table(path.parent, replace(NUMBERS, name=path.stem, suffix=path.suffix))


def raw_table(folder: Path, table: CaseTable) -> tuple[pl.DataFrame, list[CaseFault]]:
    """Return a table as text, and the faults that keep it from being read at all."""
    empty = pl.DataFrame(schema={column.name: pl.String for column in table.columns})
    path = folder / table.file
    if path.is_symlink():
        return empty, [_fault(table.file, 0, "", "linked_file")]
    if not path.exists():
        missing = _fault(table.file, 0, "", "missing_file", header=",".join(table.names))
        return empty, [] if table.optional else [missing]
    content = read_received(path, LARGEST, links=False)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        _, encoding, _ = decode(content)
        return empty, [_fault(table.file, 0, "", "other_encoding", encoding=encoding)]
    return text_table(text, table)


@lru_cache(maxsize=32)  # a page of forms asks for the same tables a hundred times
def text_table(text: str, table: CaseTable) -> tuple[pl.DataFrame, list[CaseFault]]:
    """Return a table from its CSV text, each cell as text, and the faults that prevent it."""
    empty = pl.DataFrame(schema={column.name: pl.String for column in table.columns})
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_CONFLICT):
            return empty, [_fault(table.file, number, "", "unmerged")]
    try:
        raw = plain_text(pl.read_csv(io.StringIO(text), infer_schema=False))
    except pl.exceptions.PolarsError as error:
        why = _ragged(text) or str(error).splitlines()[0]
        return empty, [_fault(table.file, 0, "", "unreadable", why=why)]
    blank = pl.all_horizontal(pl.all().is_null() | (pl.all().str.strip_chars() == ""))
    raw = raw.filter(~blank)
    if lacking := [c.name for c in table.columns if c.required and c.name not in raw.columns]:
        alike = near(lacking[0], raw.columns)
        return raw, [_fault(table.file, 1, lacking[0], "missing_column", near=alike)]
    return raw, []


def _ragged(text: str) -> str:
    """Return which line of a CSV text has more fields than its first; '' if none has."""
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        head = next(lines, [])
        for fields in lines:
            if len(fields) > len(head):
                return f"line {lines.line_num} has {len(fields)} fields, the first {len(head)}"
    except csv.Error as error:
        return str(error)
    return ""


def table_faults(raw: pl.DataFrame, table: CaseTable) -> list[CaseFault]:
    """List the cells of a table, read as text, that can't be used."""
    rows = raw.with_row_index("row", offset=2)
    faults = []
    for column in table.columns:
        if column.name in raw.columns:
            faults += _column_faults(rows, column, table.file)
    if table.key:
        twice = rows.filter(pl.col(table.key).is_duplicated() & pl.col(table.key).is_not_null())
        for (name,), group in twice.group_by(table.key, maintain_order=True):
            told = {"name": name, "rows": ", ".join(map(str, group["row"]))}
            faults.append(_fault(table.file, group["row"][0], table.key, "used_twice", **told))
    faults += _backward(rows, table)
    return sorted(faults, key=lambda fault: fault.row)


def _backward(rows: pl.DataFrame, table: CaseTable) -> Iterator[CaseFault]:
    """Yield the rows whose last day is before their first."""
    columns = {column.name: column for column in table.columns if column.name in rows.columns}
    for first, last in _SPANS:
        if first in columns and last in columns:
            days = _parsed(columns[first]), _parsed(columns[last])
            for row, start, end in rows.filter(days[1] < days[0]).select("row", *days).iter_rows():
                told = {"end": end, "first": first, "start": start}
                yield _fault(table.file, row, last, "ends_before", **told)


def typed_table(raw: pl.DataFrame, table: CaseTable) -> pl.DataFrame:
    """Return a table, read as text and without faults, with each column in its kind."""
    return raw.select(
        _parsed(column) if column.name in raw.columns
        else pl.lit(None, KINDS[column.kind]).alias(column.name)
        for column in table.columns
    )  # fmt: skip


def strange_columns(raw: pl.DataFrame, table: CaseTable) -> list[str]:
    """Return the columns of a table that the kit doesn't read."""
    return [name for name in raw.columns if name not in table.names]


def _parsed(column: CaseColumn) -> pl.Expr:
    cell = pl.col(column.name).str.strip_chars()
    cell = pl.when(cell != "").then(cell)
    if column.kind == "day":
        return cell.str.to_date("%Y-%m-%d", strict=False).alias(column.name)
    if column.kind == "string":
        return cell.alias(column.name)
    plain = pl.when(cell.str.contains(_GROUPED)).then(cell.str.replace_all(",", "")).otherwise(cell)
    number = plain.cast(KINDS[column.kind], strict=False)
    return pl.when(number.cast(pl.Float64).is_finite()).then(number).alias(column.name)


def _column_faults(rows: pl.DataFrame, column: CaseColumn, file: str) -> list[CaseFault]:
    cell = pl.col(column.name).str.strip_chars()
    given = cell.is_not_null() & (cell != "")
    tests: list[tuple[pl.Expr, str]] = []
    if column.required:
        tests.append((~given, "empty_cell"))
    if column.kind != "string":
        tests.append((given & _parsed(column).is_null(), f"no_{column.kind}"))
    if column.pattern:
        tests.append((given & ~cell.str.contains(column.pattern), "no_form"))
    if column.pattern == DATE:  # its digits may still be no date, as in 2019-13-45
        day = (cell + "-01-01").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        tests.append((cell.str.contains(DATE) & day.is_null(), "no_date"))
    if column.choices:
        tests.append((given & ~cell.is_in(list(column.choices)), "no_choice"))
    told = {"about": column.about, "form": _KOREAN_FORMS.get(column.pattern, "")}
    told["choices"] = ", ".join(column.choices)
    return [
        _fault(file, row, column.name, name, value=str(value)[:60], **told)
        for bad, name in tests
        for row, value in rows.filter(bad).select("row", cell).iter_rows()
    ]
