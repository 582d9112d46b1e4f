"""Infer the types of a table's columns from all of their values; text stays text if in doubt.

A number with a leading zero is a code (02139), a column of numbers with a word in it is text, an
ambiguous date is text until the reader says which. Each choice adds a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from onetomany.printing import Notify, shortened
from onetomany.progress import ProgressBar
from .number_forms import (
    DAY_NAMES,
    EIGHT_DIGITS,
    SERIAL,
    STYLES,
    YEAR_FIRST,
    YEAR_LAST,
    castable_number,
    day_parts,
    only_known_digits,
)

SHOWN = 5  # records that a notice names
FEW = 1000  # values in which a form is tried first
COUNTED = ("decimal", "code", "short")  # forms of which mixed columns need the number
MOSTLY = 0.5  # of a column's values: with more numbers than this, the others are reported
PIECE = 1_000_000  # records read at a time
_ENDS = r"^[\s\p{Z}\p{Cc}\p{Cf}]+|[\s\p{Z}\p{Cc}\p{Cf}]+$"  # marks without width among them
FORMS = {
    "whole": r"^[+\-−]?\d{1,18}$",
    "decimal": r"^[+\-−]?(?:\d+[.٫]\d*|[.٫]\d+|\d{1,18})(?:[eE][-+]?\d+)?$",
    "code": r"^[0０٠۰०]\d+$",
    "short": r"[eE]\+?[1-9]\d+$",  # 9.00101E+12
    "iso": YEAR_FIRST,
    "other": YEAR_LAST,
    "eight": EIGHT_DIGITS,
    "serial": SERIAL,
    **{name: style.pattern for name, style in STYLES.items()},
}
FORMS = {name: only_known_digits(pattern) for name, pattern in FORMS.items()}


def infer_types(table: pl.LazyFrame, dates: str | None, notify: Notify) -> pl.LazyFrame:
    """Give each column of text its type; `dates` is day-first, month-first or None.

    Numbers become Int64 or Float64, dates Date. Blanks at the ends of values are taken off and
    Hangul is composed, so that equal words are equal. The table is read in pieces of `PIECE`
    records, once for the forms of values and once more for possible dates.
    """
    names = table.collect_schema().names()
    columns = _looked_at(table, names)
    folded = table.with_columns(pl.col(names).pipe(_fold_text))
    days = _days(folded, {name: form for name, form in columns.items() if form.is_date})
    return folded.with_columns(
        _one(pl.col(name), columns[name], days.get(name), dates, notify).alias(name)
        for name in names
    )


def _fold_text(values: pl.Expr) -> pl.Expr:
    """Take blanks off the ends of texts and compose Hangul; nothing left is a null."""
    folded = values.str.replace_all(_ENDS, "").str.normalize("NFC")
    return pl.when(folded != "").then(folded)


def iterate_pieces(table: pl.LazyFrame, what: str) -> Iterator[pl.DataFrame]:
    """Yield a table in pieces of `PIECE` records; a long one shows its progress, named `what`."""
    starts = range(0, int(table.select(pl.len()).collect().item()), PIECE)
    for start in ProgressBar(starts, desc=what, disable=len(starts) < 4):
        yield table.slice(start, PIECE).collect()


@dataclass
class _Held:
    """Count a column's values of each form, and note the first that are not numbers."""

    name: str
    changed: int = 0  # by folding
    known: int = 0
    of: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FORMS, 0))
    others: list[int] = field(default_factory=list)

    def all_are(self, form: str) -> bool:
        return self.known > 0 and self.of[form] == self.known

    @property
    def is_date(self) -> bool:
        return any(map(self.all_are, ("iso", "other", "eight")))


def _looked_at(table: pl.LazyFrame, names: Sequence[str]) -> dict[str, _Held]:
    """Count in each column the values of each form that all values before had."""
    held = {name: _Held(name) for name in names}
    before = 0
    for raw in iterate_pieces(table, "reading columns"):
        piece = raw.with_columns(pl.col(names).pipe(_fold_text))
        for name, column in held.items():
            values = piece[name].drop_nulls()
            column.changed += int((piece[name].fill_null("") != raw[name].fill_null("")).sum())
            for form, pattern in FORMS.items():
                # mixed columns are recognised by their numbers; of other forms one failure decides
                if form in COUNTED or column.all_are(form) or not column.known:
                    tried = values if form in COUNTED else _tried(values, pattern)
                    column.of[form] += int(tried.str.contains(pattern).sum())
            column.known += len(values)
            if len(column.others) < SHOWN + 1 and column.of["decimal"] < column.known:
                is_other = piece[name].is_not_null() & ~piece[name].str.contains(FORMS["decimal"])
                column.others += (is_other.arg_true() + before + 1).to_list()[: SHOWN + 1]
        before += len(piece)
    return held


def _tried(values: pl.Series, pattern: str) -> pl.Series:
    """Return the first values if these already fail, so that long columns are not searched."""
    few = values.head(FEW)
    return values if few.str.contains(pattern).all() else few


def _tell_changed(held: _Held, notify: Notify) -> None:
    if held.changed:
        name = shortened(held.name)
        notify(
            f"Column '{name}': blanks at the ends or separated Hangul letters were corrected "
            f"(values: {held.changed:,}).",
            f"열 '{name}': 값 {held.changed:,}개의 앞뒤 빈칸이나 풀어진 한글을 바로잡았다.",
        )


def _tell_serial(held: _Held, notify: Notify) -> None:
    if held.all_are("serial") and pl.select(pl.lit(held.name).str.contains(DAY_NAMES)).item():
        name = shortened(held.name)
        notify(
            f"Column '{name}': its numbers may be a spreadsheet's days; save them as dates to have "
            "them read as dates.",
            f"열 '{name}'의 수는 스프레드시트의 날짜일 수 있다. 날짜로 읽으려면 날짜 형식으로 "
            "저장한다.",
        )


def _one(
    values: pl.Expr, held: _Held, days: _Days | None, dates: str | None, notify: Notify
) -> pl.Expr:
    name = shortened(held.name)
    _tell_changed(held, notify)
    plain = castable_number(values)
    style = next((STYLES[each] for each in STYLES if held.all_are(each)), None)
    if held.all_are("eight") and days and days.day_first:
        notify(
            f"Column '{name}': numbers of eight digits are read as days.",
            f"열 '{name}'의 여덟 자리 수는 날짜로 읽었다.",
        )
        return _readings(held)[0]
    if held.all_are("whole"):
        if not held.of["code"]:
            _tell_serial(held, notify)
            return plain.cast(pl.Int64)
        notify(
            f"Column '{name}' stays text: numbers in it begin with 0.",
            f"'{name}' 열은 0으로 시작하는 수가 있어 글로 두었다.",
        )
    elif held.all_are("decimal"):
        if held.of["short"]:
            notify(
                f"Column '{name}': a spreadsheet has shortened {held.of['short']:,} of its numbers "
                "(as in 1.23E+12); different numbers may look alike.",
                f"열 '{name}': 수 {held.of['short']:,}개가 스프레드시트에서 줄어들었다"
                "(1.23E+12 꼴). 서로 다른 수가 같아 보일 수 있다.",
            )
        return plain.cast(pl.Float64)
    elif style:
        notify(f"Column '{name}': {style.en}.", f"열 '{name}'의 {style.ko}.")
        number = castable_number(values, style)
        return number.cast(pl.Float64 if style.decimal else pl.Int64)
    elif days is not None:
        return _dated(values, held, days, dates, notify)
    elif held.known:
        _tell_mixed(held, notify)
    return values


class _Days(NamedTuple):
    """Note whether all values of a column are days, by either reading, and whether these differ."""

    day_first: bool
    month_first: bool
    differ: bool


def _days(folded: pl.LazyFrame, columns: dict[str, _Held]) -> dict[str, _Days]:
    if not columns:
        return {}
    counted = {name: [0, 0, 0] for name in columns}
    for piece in iterate_pieces(folded.select(list(columns)), "reading dates"):
        for name, counts in counted.items():
            first, second = (
                piece.select(day.alias(name))[name] for day in _readings(columns[name])
            )
            counts[0] += len(first) - first.null_count()
            counts[1] += len(second) - second.null_count()
            counts[2] += int((first != second).sum())
    return {
        name: _Days(first == columns[name].known, second == columns[name].known, differing > 0)
        for name, (first, second, differing) in counted.items()
    }


def _readings(held: _Held) -> tuple[pl.Expr, pl.Expr]:
    """Return a column's days read year or day first, and year or month first."""
    parts = day_parts(pl.col(held.name)).str.split_exact("-", 2)
    if not held.all_are("other"):
        return _date(parts, (0, 1, 2)), _date(parts, (0, 1, 2))
    return _date(parts, (2, 1, 0)), _date(parts, (2, 0, 1))


def _dated(values: pl.Expr, held: _Held, days: _Days, dates: str | None, notify: Notify) -> pl.Expr:
    """Return dates whose first number is the day or the month; text if that is unclear."""
    day_first = days.day_first and (dates != "month-first" or not days.differ)
    month_first = days.month_first and (dates != "day-first" or not days.differ)
    if (day_first or month_first) and not (day_first and month_first and days.differ):
        return _readings(held)[0 if day_first else 1]
    name = shortened(held.name)
    if day_first:
        notify(
            f"Column '{name}' stays text: its dates may begin with the day or the month; say "
            "which (--dates day-first or --dates month-first).",
            f"'{name}' 열은 날짜가 일부터인지 월부터인지 알 수 없어 글로 두었다. "
            "--dates day-first 또는 --dates month-first로 밝힌다.",
        )
    else:
        notify(
            f"Column '{name}' stays text: not all of its dates are days if read one way.",
            f"'{name}' 열에는 한 가지 순서로 읽으면 날짜가 아닌 값이 있어 글로 두었다.",
        )
    return values


def _date(parts: pl.Expr, order: tuple[int, int, int]) -> pl.Expr:
    """Return days of parts in the order year, month, day; null for an impossible day."""
    year, month, day = (
        parts.struct.field(f"field_{place}").cast(pl.Int32, strict=False) for place in order
    )
    text = pl.format(
        "{}-{}-{}", year, month.cast(pl.String).str.zfill(2), day.cast(pl.String).str.zfill(2)
    )
    exists = month.is_between(1, 12) & day.is_between(1, 31)
    return pl.when(exists).then(text).str.to_date("%Y-%m-%d", strict=False)


def list_places(places: Sequence[int], most: int = SHOWN) -> str:
    """Return the first of some numbers of rows or records, as in '2, 4, 7 ...'."""
    more = " ..." if len(places) > most else ""
    return ", ".join(f"{place:,}" for place in places[:most]) + more


def _tell_mixed(held: _Held, notify: Notify) -> None:
    many, known, name = held.of["decimal"], held.known, shortened(held.name)
    if not MOSTLY * known < many < known:
        return
    records = list_places(held.others)
    notify(
        f"Column '{name}' stays text: {many:,} of its values are numbers, {known - many:,} are "
        f"not (records {records}).",
        f"'{name}' 열은 글로 두었다. 값 {many:,}개는 수이고 {known - many:,}개는 아니다"
        f"(기록 {records}).",
    )
