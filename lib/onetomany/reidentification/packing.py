"""Pack rows of several columns into one whole number each, in the order of their values.

One number is compared, sorted and counted much faster than five columns. Each column is a digit: a
null is 0, then the values from the lowest on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.uint64]

WORD = 1 << 62  # codes stay below this
FEW_TEXTS = 100_000  # most different texts of a column that are numbered
MOST_ROWS = 1 << 26  # most rows that are sorted as a whole


@dataclass(frozen=True)
class _Digit:
    """Describe a column: its lowest value, its number of digits, and its texts if any."""

    name: str
    kind: pl.DataType
    least: int
    width: int
    texts: pl.Series | None


def count_packed(
    frame: pl.DataFrame, names: list[str]
) -> tuple[pl.DataFrame, NDArray[np.int64]] | None:
    """Return the different rows, sorted with nulls first, and how many of each there are.

    None if the columns don't fit into one number: floats, instants, too many values.
    """
    if not 0 < len(frame) <= MOST_ROWS:
        return None
    packed = _packed(frame, names)
    if packed is None:
        return None
    codes, digits = packed
    codes.sort()
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    sizes = np.diff(starts, append=len(codes)).astype(np.int64)
    return _unpacked(codes[starts], digits), sizes


def sort_packed(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return the rows sorted by these columns, nulls first."""
    packed = _packed(frame, names) if len(frame) else None
    if packed is None:
        return frame.sort(names, nulls_last=False)
    return frame[np.argsort(packed[0], kind="stable")]


def combine_codes(codes: Sequence[NDArray[np.int64]], spans: Sequence[int]) -> NDArray[np.int64]:
    """Return one number for each row's codes, in their order; each code is below its span.

    Numbers that would not fit are numbered again, by rank.
    """
    word, span = codes[0], spans[0]
    for code, more in zip(codes[1:], spans[1:], strict=True):
        if span * more >= WORD:  # only as many numbers as there are rows
            word = pl.Series(word).rank("dense").to_numpy().astype(np.int64) - 1
            span = len(word)
        word, span = word * more + code, span * more
    return word


def _packed(frame: pl.DataFrame, names: list[str]) -> tuple[Codes, list[_Digit]] | None:
    codes = np.zeros(len(frame), dtype=np.uint64)
    digits, span = [], 1
    for name in names:
        found = _placed(frame[name])
        if found is None:
            return None
        places, texts = found
        lowest, highest = places.min(), places.max()
        least = lowest if isinstance(lowest, int) else 0
        width = (highest - least if isinstance(highest, int) else 0) + 2
        if span * width >= WORD:
            return None
        digit = (places - least + 1).fill_null(0).to_numpy().astype(np.uint64)
        codes *= np.uint64(width)
        codes += digit
        span *= width
        digits.append(_Digit(name, frame.schema[name], least, width, texts))
    return codes, digits


def _placed(values: pl.Series) -> tuple[pl.Series, pl.Series | None] | None:
    """Return whole numbers in the order of the values, if cheap, and the texts of a text column."""
    kind = values.dtype
    if kind.is_integer() and kind not in (pl.UInt64, pl.Int128, pl.UInt128):
        bounded = values.cast(pl.Int64)
        far = kind == pl.Int64 and _wide(bounded)
        return None if far else (bounded, None)
    if kind in (pl.Boolean, pl.Enum, pl.Date):
        return values.to_physical().cast(pl.Int64), None
    if kind == pl.String:
        texts = values.drop_nulls().unique().sort()
        if len(texts) < FEW_TEXTS:
            return values.cast(pl.Enum(texts)).to_physical().cast(pl.Int64), texts
    return None


def _wide(values: pl.Series) -> bool:
    """Return whether numbers are so far apart that their difference would overflow."""
    lowest, highest = values.min(), values.max()
    return isinstance(lowest, int) and isinstance(highest, int) and highest - lowest >= WORD


def _unpacked(codes: Codes, digits: list[_Digit]) -> pl.DataFrame:
    columns = []
    for digit in reversed(digits):
        codes, places = np.divmod(codes, np.uint64(digit.width))
        shifted = pl.Series(digit.name, places).cast(pl.Int64)
        own = shifted.set(shifted == 0, None) - 1 + digit.least
        columns.append(_values(own, digit))
    return pl.DataFrame(columns[::-1])


def _values(places: pl.Series, digit: _Digit) -> pl.Series:
    if digit.texts is not None:
        return digit.texts.gather(places).alias(digit.name)
    if isinstance(digit.kind, pl.Enum):
        levels = digit.kind.categories.cast(digit.kind)
        return levels.gather(places).alias(digit.name)
    if digit.kind == pl.Date:
        return places.cast(pl.Int32).cast(pl.Date)
    return places.cast(digit.kind)
