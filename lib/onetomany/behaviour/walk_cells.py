"""Name the likely reason why a cell of a table of walks is not a number."""

from __future__ import annotations

import re

_THOUSANDS = re.compile(r"[-+]?\d{1,3}([,.' \u00a0]\d{3})+([.,]\d+)?")
_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b.*|.*\d{1,2}:\d\d.*|\d{8}T\d+.*")
_WITH_UNIT = re.compile(r"[-+]?\d+([.,]\d+)?\s*[^\W\d_]+\.?")
_UNITS = frozenset(
    [
        "-",
        "s",
        "sec",
        "secs",
        "seconds",
        "ms",
        "min",
        "h",
        "m",
        "cm",
        "mm",
        "km",
        "ft",
        "feet",
        "in",
        "px",
    ]
)


def likely_cause(cell: str) -> tuple[str, str]:
    """Return the likely nature of a cell and the remedy, in English and Korean.

    >>> likely_cause("1,234.5")[0]
    'thousands are separated; write 1234.5'
    """
    text = cell.strip()
    if _THOUSANDS.fullmatch(text):
        return (
            "thousands are separated; write 1234.5",
            "천 단위 구분 기호가 있다. 1234.5처럼 적을 것",
        )
    if _TIME.fullmatch(text):
        return (
            "it is a time in a form that could be read in two ways; write year, month, day, as in "
            "2026-01-31T12:00:00.25",
            "날짜나 시각의 형식이 분명하지 않다. 연, 월, 일 순서로 2026-01-31T12:00:00.25처럼 "
            "적을 것",
        )
    if text.lower().strip("[]()") in _UNITS and text:
        return (
            "this is a row of units; delete it and write them into the names, such as x_cm, t_ms",
            "단위만 적힌 줄이다. 지우고 x_cm, t_ms처럼 열 이름에 적을 것",
        )
    if _WITH_UNIT.fullmatch(text):
        return (
            "write the unit into the column's name, such as x_cm, and numbers alone below it",
            "단위는 x_cm처럼 열 이름에 적고 그 아래에는 수만 적을 것",
        )
    return (
        "leave out people while they are not seen",
        "보이지 않는 동안의 줄은 뺄 것",
    )
