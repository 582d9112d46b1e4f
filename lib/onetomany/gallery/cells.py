"""Pack nationality, sex and birth year into one number of four bytes, for filters.

The ministries disclosed these three beside each face. A cell is their combination.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError

Cells = NDArray[np.uint32]

COLUMNS = ("nationality", "sex", "birth_year")
SEXES = ("<", "F", "M", "X")  # as in the machine-readable zone of a passport (ICAO 9303-3)
FIRST_YEAR = 1850  # birth years are stored in one byte; 0 means unknown
YEARS = 256
NATIONS = 27**3  # three letters, '<' filling
PER_SEX, PER_NATION = YEARS, YEARS * len(SEXES)


@dataclass(frozen=True)
class Band:
    """A filter: any of these nationalities and sexes, born from `born[0]` to `born[1]`.

    Both years are included. None leaves a field open. Nationalities are the letters of a passport
    ('KOR', 'D').
    """

    nationalities: tuple[str, ...] | None = None
    sexes: tuple[str, ...] | None = None
    born: tuple[int, int] | None = None

    def mask(self, cells: Cells) -> NDArray[np.bool_]:
        """Return which of these cells are in the band."""
        nations, sexes, years = columns_of(self)
        by_year = np.ones(YEARS, np.bool_)
        if years is not None:
            by_year[:] = False
            by_year[years[0] : years[1] + 1] = True
        by_sex = np.array([sexes is None or sex in sexes for sex in range(len(SEXES))])
        # sex and birth year are the low ten bits: one look-up decides both
        allowed: NDArray[np.bool_] = np.outer(by_sex, by_year).ravel()[cells & (PER_NATION - 1)]
        if nations is not None:
            by_nation = np.zeros(NATIONS, np.bool_)
            by_nation[nations] = True
            allowed &= by_nation[cells // PER_NATION]
        return allowed


def columns_of(band: Band) -> tuple[list[int] | None, list[int] | None, tuple[int, int] | None]:
    """Return a band in numbers: nationalities, sexes, first and last year, as in `codes_of`.

    Raises InputError for an impossible nationality, sex or birth year.
    """
    nations = None if band.nationalities is None else sorted(map(_nation, band.nationalities))
    sexes = None if band.sexes is None else sorted(map(_sex, band.sexes))
    if band.born is None:
        return nations, sexes, None
    first, last = band.born
    if first > last:
        raise InputError(f"A band of birth years runs from early to late, not {band.born}.")
    return nations, sexes, (_year(first), _year(last))


def codes_of(cells: Cells) -> tuple[NDArray[np.int64], ...]:
    """Return the numbers of nationality, sex and birth year in each cell."""
    wide = cells.astype(np.int64)
    return wide // PER_NATION, wide // PER_SEX % len(SEXES), wide % YEARS


def pack(attributes: pl.DataFrame) -> Cells:
    """Return the cell of each row; a missing column or null counts as unknown.

    Raises InputError for a value that a passport can't contain.

    >>> unpack(pack(pl.DataFrame({"nationality": ["KOR"], "sex": ["F"]}))).row(0)
    ('KOR', 'F', None)
    """
    cells = np.zeros(len(attributes), np.uint32)
    for column, code, step in zip(
        COLUMNS, (_nation, _sex, _year), (PER_NATION, PER_SEX, 1), strict=True
    ):
        if column not in attributes.columns:
            continue
        # each distinct value is converted once
        values = attributes[column].unique().drop_nulls().to_list()
        codes = {value: code(value) for value in values}
        numbers = attributes[column].replace_strict(codes, default=0, return_dtype=pl.UInt32)
        cells += numbers.to_numpy() * np.uint32(step)
    return cells


def unpack(cells: Cells) -> pl.DataFrame:
    """Return the columns of COLUMNS, null if unknown: the inverse of `pack`."""
    nation, sex, years = codes_of(cells)
    names = {int(number): _name(int(number)) for number in np.unique(nation)}
    year = pl.Series(years.astype(np.int16))
    return pl.DataFrame(
        {
            "nationality": pl.Series(nation).replace_strict(names, return_dtype=pl.String),
            "sex": pl.Series(sex).replace_strict(
                dict(enumerate((None, *SEXES[1:]))), return_dtype=pl.String
            ),
            "year": year,
        }
    ).select(
        "nationality",
        "sex",
        birth_year=pl.when(pl.col("year") > 0).then(pl.col("year") + (FIRST_YEAR - 1)),
    )


def _nation(name: object) -> int:
    if not isinstance(name, str) or not re.fullmatch("[A-Z]{1,3}", name):
        raise InputError(
            f"Nationality {name!r} isn't a passport code: write one to three capital letters, "
            "such as 'KOR'."
        )
    first, second, third = (
        0 if letter == "<" else ord(letter) - 64 for letter in name.ljust(3, "<")
    )
    return (first * 27 + second) * 27 + third


def _name(number: int) -> str | None:
    letters = "<ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    name = letters[number // 729] + letters[number // 27 % 27] + letters[number % 27]
    return name.rstrip("<") or None


def _sex(sex: object) -> int:
    if sex not in SEXES[1:]:
        raise InputError(f"Sex {sex!r} isn't a passport code: write F, M or X.")
    return SEXES.index(str(sex))


def _year(year: object) -> int:
    last = FIRST_YEAR + YEARS - 2
    if not isinstance(year, int) or not FIRST_YEAR <= year <= last:
        raise InputError(f"Birth year {year!r} isn't a year from {FIRST_YEAR} to {last}.")
    return year - FIRST_YEAR + 1
