"""The types of a table's columns, told from all of their values; text stays text where in doubt.

A number with a leading zero is a code (02139), a column of numbers with a word in it is text, a
date that may be two days is text until the reader says which. Each choice leaves a notice.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from ..printing import shortened

SHOWN = 5  # records that a notice names
MOSTLY = 0.5  # of a column's values: with more numbers than this, the others are told
WHOLE, DECIMAL = r"^[+-]?\d{1,18}$", r"^[+-]?(?:\d+\.\d*|\.\d+|\d{1,18})(?:[eE][+-]?\d+)?$"
THOUSANDS = r"^[+-]?\d{1,3}(?:,\d{3})+$"
CODE = r"^0\d+$"
ISO = r"^\d{4}[-./]\d{1,2}[-./]\d{1,2}\.?$"
OTHER = r"^\d{1,2}[-./]\d{1,2}[-./]\d{4}$"


class Notice(NamedTuple):
    """What was done to a table, for a reader."""

    en: str
    ko: str


def typed(frame: pl.DataFrame, dates: str | None, notices: list[Notice]) -> pl.DataFrame:
    """Give each column of text its type; `dates` is day-first, month-first or None.

    Numbers become Int64 or Float64, dates Date. Blanks at the ends of values are taken off and
    Hangul is composed, so that equal words are equal.
    """
    return frame.select(
        _one(_folded(frame[name], notices), dates, notices) for name in frame.columns
    )


def _folded(values: pl.Series, notices: list[Notice]) -> pl.Series:
    folded = values.str.strip_chars().str.normalize("NFC")
    folded = folded.set(folded == "", None)
    changed = int((folded != values).sum())
    if changed:
        name = shortened(values.name)
        _tell(
            notices,
            f"Column '{name}': blanks at the ends or parted Hangul letters were put right in "
            f"{changed:,} values.",
            f"열 '{name}': 값 {changed:,}개의 앞뒤 빈칸이나 풀어진 한글을 바로잡았다.",
        )
    return folded


def _one(values: pl.Series, dates: str | None, notices: list[Notice]) -> pl.Series:
    known = values.drop_nulls()

    def all_are(form: str) -> bool:
        return bool(known.str.contains(form).all())

    found: pl.Series | None = None
    if not len(known):
        return values
    if all_are(WHOLE):
        found = _whole(values, notices)
    elif all_are(DECIMAL):
        found = values.str.strip_prefix("+").cast(pl.Float64)
    elif all_are(f"{THOUSANDS}|{WHOLE}"):
        _tell(
            notices,
            f"Column '{shortened(values.name)}': commas are taken as marks of thousands.",
            f"열 '{shortened(values.name)}'의 쉼표는 천 단위 표시로 읽었다.",
        )
        found = values.str.replace_all(",", "").str.strip_prefix("+").cast(pl.Int64)
    elif all_are(ISO):
        found = _iso(values)
    elif all_are(OTHER):
        found = _dated(values, dates, notices)
    else:
        _tell_mixed(values, notices)
    return values if found is None else found


def _whole(values: pl.Series, notices: list[Notice]) -> pl.Series:
    if not values.str.contains(CODE).any():
        return values.str.strip_prefix("+").cast(pl.Int64)
    _tell(
        notices,
        f"Column '{shortened(values.name)}' stays text: numbers in it begin with 0.",
        f"열 '{shortened(values.name)}'은(는) 0으로 시작하는 수가 있어 글로 두었다.",
    )
    return values


def _tell(notices: list[Notice], en: str, ko: str) -> None:
    notices.append(Notice(en, ko))


def _iso(values: pl.Series) -> pl.Series | None:
    plain = values.str.strip_suffix(".").str.replace_all(r"[./]", "-")
    parts = plain.str.split_exact("-", 2).struct.unnest()
    return _date(values, parts, (0, 1, 2))


def _dated(values: pl.Series, dates: str | None, notices: list[Notice]) -> pl.Series:
    """Dates of which the first number may be the day or the month."""
    parts = values.str.replace_all(r"[./]", "-").str.split_exact("-", 2).struct.unnest()
    day_first, month_first = _date(values, parts, (2, 1, 0)), _date(values, parts, (2, 0, 1))
    if dates:
        day_first = day_first if dates == "day-first" else None
        month_first = month_first if dates == "month-first" else None
    either = [found for found in (day_first, month_first) if found is not None]
    if len(either) == 1 or (len(either) == 2 and either[0].equals(either[1])):
        return either[0]
    name = shortened(values.name)
    if either:
        _tell(
            notices,
            f"Column '{name}' stays text: its dates may begin with the day or the month; say "
            "which (--dates day-first or --dates month-first).",
            f"열 '{name}'은(는) 날짜가 일부터인지 월부터인지 알 수 없어 글로 두었다. "
            "--dates day-first 또는 --dates month-first로 밝힌다.",
        )
    else:
        _tell(
            notices,
            f"Column '{name}' stays text: not all of its dates can be read one way.",
            f"열 '{name}'은(는) 날짜를 한 가지로 읽을 수 없어 글로 두었다.",
        )
    return values


def _date(values: pl.Series, parts: pl.DataFrame, order: tuple[int, int, int]) -> pl.Series | None:
    """Dates of parts in the order year, month, day; None where one is no date."""
    year, month, day = (pl.col(f"field_{place}").cast(pl.Int32, strict=False) for place in order)
    found = parts.select(
        pl.when(month.is_between(1, 12) & day.is_between(1, 31))
        .then(
            pl.format(
                "{}-{}-{}",
                year,
                month.cast(pl.String).str.zfill(2),
                day.cast(pl.String).str.zfill(2),
            )
        )
        .str.to_date("%Y-%m-%d", strict=False)
        .alias(values.name)
    ).to_series()
    return found if found.null_count() == values.null_count() else None


def _tell_mixed(values: pl.Series, notices: list[Notice]) -> None:
    number = values.str.contains(DECIMAL)
    many, known = int(number.sum()), len(values) - values.null_count()
    if not MOSTLY * known < many < known:
        return
    others = (~number).arg_true() + 1
    listed = ", ".join(f"{record:,}" for record in others[:SHOWN])
    more = " ..." if len(others) > SHOWN else ""
    name = shortened(values.name)
    _tell(
        notices,
        f"Column '{name}' stays text: {many:,} of its values are numbers, {len(others):,} are "
        f"not (records {listed}{more}).",
        f"열 '{name}'은(는) 글로 두었다. 값 {many:,}개는 수이고 {len(others):,}개는 아니다"
        f"(기록 {listed}{more}).",
    )
