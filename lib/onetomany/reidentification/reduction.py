"""Try generalisation and suppression to reach k, and measure their cost.

A hierarchy gives each value of a column a coarser term at each level (Samarati, TKDE 13:1010,
2001): a birth year becomes five years, then ten, then nothing. Every choice of levels is tried on
the classes, not on the rows; records whose class stays below k are suppressed whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from . import classes
from .classes import Table
from .packing import combine_codes

ALL = "*"
MOST = 20_000
REDUCTION: dict[str, type[pl.DataType] | pl.DataType] = {
    "levels": pl.List(pl.String),  # the level of each column, in the order given
    "k": pl.Int64,  # before suppression
    "classes": pl.Int64,
    "suppressed": pl.Int64,  # records whose class stays below the wanted k
    "suppressed_share": pl.Float64,
    "loss": pl.Float64,  # generalised information loss, 0 to 1; a suppressed record counts as 1
    "discernibility": pl.Float64,  # sum of squared class sizes; a suppressed record counts as all
    "reaches": pl.Boolean,  # suppressing no more than was allowed
}


@dataclass(frozen=True)
class Hierarchy:
    """Map each value of a column to coarser terms.

    `table` has the column itself and one column of text for each further level, coarser from left
    to right; level 0 is the unchanged values."""

    column: str
    table: pl.DataFrame

    def __post_init__(self) -> None:
        if not len(self.table) or self.table.columns[0] != self.column:
            raise InputError(
                f"The hierarchy's first column must be '{self.column}', with a row for each value."
            )
        if self.table[self.column].n_unique() != len(self.table):
            raise InputError(f"The hierarchy of '{self.column}' names a value twice.")
        for fine, coarse in zip(self.levels[1:-1], self.levels[2:], strict=True):
            pairs = self.table.select(fine, coarse).unique()
            if pairs[fine].n_unique() != len(pairs):
                raise InputError(
                    f"The hierarchy of '{self.column}' is inconsistent: a value of '{fine}' "
                    f"becomes two of '{coarse}'."
                )

    @property
    def levels(self) -> list[str]:
        return list(self.table.columns)


def bands(column: str, values: pl.Series, widths: Sequence[int]) -> Hierarchy:
    """Return a hierarchy of bands of each width: 1987 -> 1985-1989 -> 1980-1989 -> *.

    Each width must be a multiple of the one before. A null stays one until the last level. Raises
    InputError for other widths or values.
    """
    steps = [1, *widths]
    if any(b <= a or b % a for a, b in pairwise(steps)) or not widths:
        raise InputError("Each width must be a multiple of the one before.")
    if not values.dtype.is_integer():
        raise InputError(
            f"The column '{column}' contains no whole numbers, and bands are made of those only."
        )
    start = pl.col(column).floordiv
    made = [
        pl.format("{}-{}", start(width) * width, start(width) * width + width - 1).alias(
            f"{column} in {width}s"
        )
        for width in widths
    ]
    table = pl.DataFrame({column: values.unique().sort()})
    return Hierarchy(column, table.with_columns(*made, pl.lit(ALL).alias(f"no {column}")))


def groups(column: str, values: pl.Series, mapping: Mapping[Any, str], name: str) -> Hierarchy:
    """Return a hierarchy of named groups: a nationality becomes its region, then nothing.

    A null stays one until the last level.

    Raises InputError for a value that `mapping` leaves out.
    """
    table = pl.DataFrame({column: values.unique().sort()})
    if missing := set(table[column].drop_nulls()) - set(mapping):
        raise InputError(f"The groups of '{column}' leave out {min(map(str, missing))!r}.")
    grouped_values = pl.col(column).replace_strict(
        dict(mapping), default=None, return_dtype=pl.String
    )
    return Hierarchy(
        column, table.with_columns(grouped_values.alias(name), pl.lit(ALL).alias(f"no {column}"))
    )


def what_if(
    table: Table,
    columns: Sequence[str],
    hierarchies: Sequence[Hierarchy],
    k: int,
    *,
    allowed: float = 0.0,
) -> pl.DataFrame:
    """Try every choice of levels; returns `REDUCTION`, least loss first.

    A column without a hierarchy is kept or left out whole. `allowed` is the share of records that
    may be suppressed for a choice to reach k. Loss is the generalised information loss of Iyengar
    (KDD 2002): a term for m of the column's n values loses (m - 1) / (n - 1), averaged over all
    cells; discernibility is Bayardo and Agrawal's (ICDE 2005).

    Raises InputError as `classes`, for k below 2, an `allowed` outside 0 to 1, a hierarchy of
    another column or without one of the table's values, or more than `MOST` choices.
    """
    names = classes.check_quasi_identifiers(table, columns)
    if k < 2 or not 0 <= allowed <= 1:
        raise InputError("what_if needs a k of 2 or more, and an allowed share from 0 to 1.")
    found = classes.group_classes(table, names)
    sizes = found[classes.SIZE].to_numpy()
    given = {each.column: each for each in hierarchies}
    if strange := set(given) - set(names):
        raise InputError(
            f"There is a hierarchy of '{min(strange)}', which is not among the columns."
        )
    ladders = [_ladder(found[name], given.get(name)) for name in names]
    if (choices := prod(len(ladder) for ladder in ladders)) > MOST:
        raise InputError(f"{choices:,} choices of levels are too many: leave some levels out.")
    rows = []
    for steps in ProgressBar(product(*ladders), total=choices, desc="levels", delay=2, leave=False):
        rows.append(_step(list(steps), sizes, k, allowed))
    frame = pl.DataFrame(rows, schema=REDUCTION, orient="row")
    return frame.sort("loss", "suppressed", pl.col("levels").list.join("\0"))


@dataclass(frozen=True)
class _Level:
    """Store a level of one column: each class's code and its loss."""

    name: str
    codes: classes.Ints
    count: int
    loss: classes.Floats


def _ladder(values: pl.Series, hierarchy: Hierarchy | None) -> list[_Level]:
    name = values.name
    if hierarchy is None:
        own = values.unique().to_frame()
        hierarchy = Hierarchy(name, own.with_columns(pl.lit(ALL).alias(f"no {name}")))
    levels = hierarchy.levels
    present = hierarchy.table.cast({name: values.dtype}).join(
        values.unique().to_frame(), on=name, how="semi", nulls_equal=True
    )
    # how many of the column's values the term of each level stands for
    counted = present.with_columns(pl.len().over(level).alias(f"_{level}") for level in levels)
    joined = classes.look_up(values.to_frame(), counted, name)
    if joined[f"_{name}"].has_nulls():
        odd = joined.filter(pl.col(f"_{name}").is_null())[name][0]
        raise InputError(f"The hierarchy of '{name}' has no row for {odd!r}.")
    found = []
    for level in levels:
        codes = classes.value_codes(joined[level])
        loss = (joined[f"_{level}"].to_numpy() - 1) / max(len(present) - 1, 1)
        found.append(_Level(level, codes, int(codes.max()) + 1, loss))
    return found


def _step(steps: list[_Level], sizes: classes.Ints, k: int, allowed: float) -> list[object]:
    code = combine_codes([level.codes for level in steps], [level.count for level in steps])
    which = np.unique(code, return_inverse=True)[1]
    merged = np.bincount(which, weights=sizes).astype(np.int64)
    records = int(sizes.sum())
    small = merged[which] < k
    gone = int(sizes[small].sum())
    kept = sizes * ~small
    lost = sum(float(kept @ level.loss) for level in steps) / len(steps) + gone
    stay = merged[merged >= k].astype(np.float64)
    return [
        [level.name for level in steps],
        int(merged.min()),
        len(merged),
        gone,
        gone / records,
        lost / records,
        float((stay**2).sum() + float(gone) * records),
        gone <= allowed * records,
    ]
