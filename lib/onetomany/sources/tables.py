"""CSV that a reader may open in a spreadsheet: no cell of it is taken for a formula.

Spreadsheets run a cell that begins with =, +, - or @ (OWASP, CSV injection). Here such a text gets
an apostrophe in front, and so does the name of such a column; numbers stay as they are.
`plain_text` takes exactly these apostrophes away again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

NOTE = (
    "In a CSV file, a text that a spreadsheet would take for a formula (it begins with =, +, -, @, "
    "a tab or a line break) has an apostrophe in front that is not part of it.",
    "CSV 파일에서 스프레드시트가 수식으로 받아들일 글(=, +, -, @, 탭, 줄바꿈으로 시작하는 글)에는 "
    "앞에 작은따옴표가 붙어 있다. 이 따옴표는 내용이 아니다.",
)

# blanks, quotes, controls and marks without width, which a spreadsheet may pass over
_PASSED = r"[\s\p{Z}\p{Cc}\p{Cf}\"'`‘’“”]*"
# with their full-width, small, raised and lowered forms
_FORMULA = rf"^{_PASSED}[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]|^[\p{{Z}}\p{{Cf}}\"'`‘’“”]*[\t\r\n]"
_NUMBER = r"^ *[-+]?(?:[0-9][0-9,]*\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)? ?%?$"
_MARK = "'"


def csv_text(frame: pl.DataFrame, **form: Any) -> str:
    """Return a frame as CSV without a cell that a spreadsheet takes for a formula.

    `form` goes to polars: quote_style, include_header.
    """
    return str(_changed(frame, _marked).write_csv(**form))


def plain_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame that was read from `csv_text` with its texts as they were."""
    return _changed(frame, _unmarked)


def _changed(frame: pl.DataFrame, change: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    names = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String})
    changed = names.with_columns(change(pl.col("name")).alias("name"))["name"]
    texts = frame.with_columns(
        change(pl.col(name).cast(pl.String)).alias(name)
        for name, kind in frame.schema.items()
        if kind in (pl.String, pl.Categorical, pl.Enum)
    )
    return texts.rename(dict(zip(frame.columns, changed, strict=True)))


def _needs(text: pl.Expr) -> pl.Expr:
    return text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)


def _marked(text: pl.Expr) -> pl.Expr:
    return pl.when(_needs(text)).then(pl.lit(_MARK) + text).otherwise(text)


def _unmarked(text: pl.Expr) -> pl.Expr:
    rest = text.str.slice(1)
    return pl.when(text.str.starts_with(_MARK) & _needs(rest)).then(rest).otherwise(text)
