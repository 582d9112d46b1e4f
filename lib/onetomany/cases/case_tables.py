"""Read the tables of a case folder, and list every cell that can't be used.

A fault names file, row, column and remedy. Rows count as in a spreadsheet: the first row below the
header is row 2. The files may come from somebody else: they are read as UTF-8 text, within a limit,
and formulas are not evaluated.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ..documents.plain import decode
from ..errors import InputError, near
from ..sources.files import read_received
from ..sources.tables import plain_text
from .columns import ADDRESS, DATE, NUMBERS, WINDOW, CaseColumn, CaseTable

LARGEST = 64 << 20  # bytes of a table: about 200,000 claims
KINDS: dict[str, type[pl.DataType]] = {
    "string": pl.String,
    "number": pl.Float64,
    "integer": pl.Int64,
    "day": pl.Date,
}
_FORMS = {
    "number": ("write a number such as 44 or 0.5", "44나 0.5 같은 수를 적으세요"),
    "integer": ("write a whole number", "정수를 적으세요"),
    "day": ("write a day such as 2019-04-30", "2019-04-30처럼 날짜를 적으세요"),
}
_KOREAN_KINDS = {"number": "수가", "integer": "정수가", "day": "날짜가"}
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


def read_case_table(folder: Path, table: CaseTable) -> pl.DataFrame:
    """Return a table with its columns in their kinds; absent optional ones are null.

    A missing optional table has no rows. Raises InputError with the first fault.
    """
    raw, faults = raw_table(folder, table)
    faults = faults or table_faults(raw, table)
    if faults:
        raise InputError(f"{folder}: {faults[0]}")
    return typed_table(raw, table)


def read_case_numbers(path: Path) -> pl.DataFrame:
    """Read a numbers.csv that may be outside a case folder: `columns.NUMBERS`.

    Raises InputError, with file, row, column and remedy, for the first fault.

    >>> from onetomany.cases.case_folder import SHIPPED
    >>> read_case_numbers(SHIPPED / "teaching" / "numbers.csv").height
    8
    """
    if path.suffix.lower() != ".csv" or not path.is_file():
        raise InputError(f"{path} is not a CSV file: give a table such as numbers.csv of a case.")
    return read_case_table(path.parent, replace(NUMBERS, name=path.stem, suffix=path.suffix))


def raw_table(folder: Path, table: CaseTable) -> tuple[pl.DataFrame, list[CaseFault]]:
    """Return a table as text, and the faults that keep it from being read at all."""
    empty = pl.DataFrame(schema={column.name: pl.String for column in table.columns})
    path = folder / table.file
    if path.is_symlink():
        linked = CaseFault(table.file, 0, "", "it is a link to another file",
                           "put the file itself there",
                           ("다른 파일을 가리키는 링크입니다", "파일 자체를 넣으세요"))  # fmt: skip
        return empty, [linked]
    if not path.exists():
        header = ",".join(table.names)
        missing = CaseFault(table.file, 0, "", "the file is missing",
                            f"make it with that header: {header}",
                            ("파일이 없습니다", f"이 머리글로 만드세요: {header}"))  # fmt: skip
        return empty, [] if table.optional else [missing]
    content = read_received(path, LARGEST, links=False)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        _, encoding, _ = decode(content)
        what = f"it is not in UTF-8; its bytes look like {encoding}"
        korean = (f"UTF-8이 아니라 {encoding}로 보입니다", "'CSV UTF-8'로 저장하세요")
        return empty, [CaseFault(table.file, 0, "", what, "save it as 'CSV UTF-8'", korean)]
    return text_table(text, table)


def text_table(text: str, table: CaseTable) -> tuple[pl.DataFrame, list[CaseFault]]:
    """Return a table from its CSV text, each cell as text, and the faults that prevent it."""
    empty = pl.DataFrame(schema={column.name: pl.String for column in table.columns})
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(_CONFLICT):
            what = "two people's changes were not merged"
            todo = "keep the right rows and delete the lines with <<<<<<<, ======= and >>>>>>>"
            korean = (
                "두 사람이 고친 내용이 합쳐지지 않았습니다",
                "맞는 행만 남기고 <<<<<<<, =======, >>>>>>> 줄을 지우세요",
            )
            return empty, [CaseFault(table.file, number, "", what, todo, korean)]
    try:
        raw = plain_text(pl.read_csv(io.StringIO(text), infer_schema=False))
    except pl.exceptions.PolarsError as error:
        why = _ragged(text) or str(error).splitlines()[0]
        korean = (f"읽을 수 없습니다({why})", "파일을 고치세요")
        what = f"it can't be read ({why})"
        return empty, [CaseFault(table.file, 0, "", what, "repair it", korean)]
    blank = pl.all_horizontal(pl.all().is_null() | (pl.all().str.strip_chars() == ""))
    raw = raw.filter(~blank)
    if lacking := [c.name for c in table.columns if c.required and c.name not in raw.columns]:
        todo = f"add it to the first line{near(lacking[0], raw.columns)}"
        korean = ("이 열이 없습니다", "첫 줄에 이 열을 넣으세요")
        fault = CaseFault(table.file, 1, lacking[0], "the column is missing", todo, korean)
        return raw, [fault]
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
            used = ", ".join(map(str, group["row"]))
            what = f"'{name}' is used in rows {used}"
            todo = "keep one of them, or give each its own name"
            korean = (
                f"'{name}'을(를) {used}행에서 함께 씁니다",
                "하나만 남기거나 서로 다른 이름을 붙이세요",
            )
            faults.append(CaseFault(table.file, group["row"][0], table.key, what, todo, korean))
    faults += _backward(rows, table)
    return sorted(faults, key=lambda fault: fault.row)


def _backward(rows: pl.DataFrame, table: CaseTable) -> Iterator[CaseFault]:
    """Yield the rows whose last day is before their first."""
    columns = {column.name: column for column in table.columns if column.name in rows.columns}
    for first, last in _SPANS:
        if first in columns and last in columns:
            days = _parsed(columns[first]), _parsed(columns[last])
            for row, start, end in rows.filter(days[1] < days[0]).select("row", *days).iter_rows():
                what = f"{end} is before {first} ({start})"
                korean = (f"{end}이(가) {first}({start})보다 앞섭니다", "두 날짜를 고치세요")
                yield CaseFault(table.file, row, last, what, "correct the two days", korean)


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
    empty = (("the cell is empty", "칸이 비어 있습니다"), ("fill it in", "채우세요"))
    tests = [(~given if column.required else pl.lit(False), *empty)]
    if column.kind != "string":
        lost = given & _parsed(column).is_null()
        article = "an" if column.kind == "integer" else "a"
        what = (
            f"'{{}}' is not {article} {column.kind}",
            f"'{{}}': {_KOREAN_KINDS[column.kind]} 아닙니다",
        )
        tests.append((lost, what, _FORMS[column.kind]))
    if column.pattern:
        wrong = given & ~cell.str.contains(column.pattern)
        what = ("'{}' is not in the right form", "'{}': 형식이 맞지 않습니다")
        form = _KOREAN_FORMS.get(column.pattern, "")
        tests.append((wrong, what, (f"write {column.about}", f"{form} 형식으로 적으세요")))
    if column.choices:
        wrong = given & ~cell.is_in(list(column.choices))
        choices = ", ".join(column.choices)
        what = ("'{}' is not a choice", "'{}': 고를 수 있는 값이 아닙니다")
        todo = (f"write one of {choices}", f"다음 가운데 하나를 적으세요: {choices}")
        tests.append((wrong, what, todo))
    faults = []
    for bad, (what_en, what_ko), (todo_en, todo_ko) in tests:
        for row, value in rows.filter(bad).select("row", cell).iter_rows():
            shown = str(value)[:60]
            korean = (what_ko.replace("{}", shown), todo_ko)
            what_now = what_en.replace("{}", shown)
            faults.append(CaseFault(file, row, column.name, what_now, todo_en, korean))
    return faults
