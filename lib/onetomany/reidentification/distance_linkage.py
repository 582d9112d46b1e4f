"""Link changed records to the nearest original ones, and measure the information lost.

After values were changed to protect people (noise, rounding, recoding), somebody who knows the
original values of a person links them to the nearest changed record. The share of right links is
the risk; the distance that the values moved is the price (Domingo-Ferrer and Torra 2001; Hundepool
and others, 'Statistical disclosure control', 2012).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from onetomany.accuracy.intervals import wilson
from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from .classes import EMPTY, Floats, check_quasi_identifiers

INFORMATION_LOSS = {
    "column": pl.String,
    "il1s": pl.Float64,  # mean |x - z| in units of sqrt(2) standard deviations of x
    "relative": pl.Float64,  # mean |x - z| / |x| over records with x other than 0 (IL1)
    "zeros": pl.Int64,  # records left out of `relative`
}
MOST_PAIRS = 4_000_000_000
MOST_ASSIGNED = 5_000  # records that are linked one to one
CELLS = 4_000_000
TIE = 1e-9  # distances that differ by less are equal


@dataclass(frozen=True)
class DistanceLinks:
    """Store how many nearest records are the right ones.

    `right` of `records` originals are nearest to their own changed record; of several equally near
    records one is picked at random, so `right` is an expected number. `alone` of them have one
    nearest record. `low` to `high` is a 95 % interval of the share for records like these, each by
    itself (Wilson's, of `right` rounded). `assigned` are right if each changed record is used once,
    at the least sum of distances; None above `MOST_ASSIGNED` records.
    """

    records: int
    right: float
    share: float
    low: float
    high: float
    alone: int
    assigned: int | None


def distance_links(
    original: pl.DataFrame,
    changed: pl.DataFrame,
    columns: Sequence[str],
    *,
    distance: Literal["gower", "standardised"] = "gower",
) -> DistanceLinks:
    """Link each original record to the nearest changed one; row n of both is the same person.

    'gower': the mean over columns of |x - z| over the range of both for numbers, of 0 or 1 for
    anything else. 'standardised': Euclidean, numbers divided by the original's standard deviation.
    A null has the largest distance from anything but a null.

    Raises InputError as `classes`, for tables of different length or types, too many pairs, or
    columns that are not numbers with 'standardised'.

    >>> original = pl.DataFrame({"age": [20, 30, 40]})
    >>> changed = pl.DataFrame({"age": [22, 31, 90]})
    >>> distance_links(original, changed, ["age"]).right
    2.0
    """
    names = _comparable(original, changed, columns)
    records = len(original)
    if records**2 > MOST_PAIRS:
        raise InputError(
            f"{records:,} records have too many pairs: link a random sample of at most "
            f"{int(MOST_PAIRS**0.5):,}."
        )
    blocks = _distances(original, changed, names, distance)
    right, alone, kept = 0.0, 0, []
    for start, block in blocks:
        nearest = block.min(axis=1, keepdims=True)
        tied = block <= nearest + TIE
        ties = tied.sum(axis=1)
        own = tied[np.arange(len(block)), np.arange(start, start + len(block))]
        right += float((own / ties).sum())
        alone += int((ties == 1).sum())
        if records <= MOST_ASSIGNED:
            kept.append(block)
    assigned = _assigned(np.concatenate(kept)) if kept else None
    low, high = wilson(round(right), records)
    return DistanceLinks(records, right, right / records, low, high, alone, assigned)


def information_loss(
    original: pl.DataFrame, changed: pl.DataFrame, columns: Sequence[str]
) -> pl.DataFrame:
    """Return how far each column of numbers moved (schema `INFORMATION_LOSS`).

    IL1s divides by sqrt(2) standard deviations of the original (Yancey, Winkler and Creecy 2002),
    so that a column's scale and values near zero don't dominate; IL1 divides by the value itself
    (Mateo-Sanz, Domingo-Ferrer and Sebe 2005). Both are means over records here; a table's IL1s is
    the mean over its columns. sdcMicro's `dUtility` gives sums. Nulls are left out.

    Raises InputError as `distance_links`, and for a column that is constant or not a number.

    >>> original, changed = pl.DataFrame({"pay": [1.0, 3.0]}), pl.DataFrame({"pay": [2.0, 3.0]})
    >>> information_loss(original, changed, ["pay"])["relative", "zeros"].row(0)
    (0.5, 0)
    """
    rows = []
    for name in _comparable(original, changed, columns):
        if not original.schema[name].is_numeric():
            raise InputError(f"The column '{name}' contains no numbers: its loss is undefined.")
        x, z = (frame[name].cast(pl.Float64) for frame in (original, changed))
        spread = x.std()
        if not isinstance(spread, float) or spread == 0:
            raise InputError(f"The column '{name}' is constant: its loss has no scale.")
        moved = (x - z).abs()
        ratio = (moved / x.abs()).filter(x != 0)
        scaled = (moved / (2**0.5 * spread)).mean()
        rows.append((name, scaled, ratio.mean(), int((x == 0).sum())))
    return pl.DataFrame(rows, schema=INFORMATION_LOSS, orient="row")


def _comparable(original: pl.DataFrame, changed: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    names = check_quasi_identifiers(original, columns)
    check_quasi_identifiers(changed, names)
    if original.is_empty():
        raise InputError(EMPTY)
    if len(original) != len(changed):
        raise InputError(
            f"The tables have {len(original):,} and {len(changed):,} records: row n of both must "
            "be the same person."
        )
    for name in names:
        if original.schema[name].is_numeric() != changed.schema[name].is_numeric():
            raise InputError(f"The column '{name}' contains numbers in one table only.")
    return names


def _distances(
    original: pl.DataFrame, changed: pl.DataFrame, names: list[str], distance: str
) -> Iterator[tuple[int, Floats]]:
    """Yield blocks of rows of the matrix of distances."""
    pairs = [_column(original[name], changed[name], distance) for name in names]
    step = max(1, CELLS // len(changed))
    starts = range(0, len(original), step)
    for start in ProgressBar(starts, desc="distances", delay=2, leave=False):
        block = np.zeros((len(original[start : start + step]), len(changed)))
        for left, right, numbers in pairs:
            x, z = left[start : start + step, None], right[None, :]
            if not numbers:
                block += x != z
                continue
            gap = np.abs(x - z)
            one, both = np.isnan(x) ^ np.isnan(z), np.isnan(x) & np.isnan(z)
            gap = np.where(both, 0.0, np.where(one, 1.0, gap))
            block += gap if distance == "gower" else gap**2
        yield start, block / len(names) if distance == "gower" else np.sqrt(block)


def _column(x: pl.Series, z: pl.Series, distance: str) -> tuple[Floats, Floats, bool]:
    if x.dtype.is_numeric():
        left, right = (each.cast(pl.Float64).to_numpy() for each in (x, z))
        both = np.concatenate([left, right])
        known = both[~np.isnan(both)]
        if distance == "gower":
            scale = float(np.ptp(known)) if len(known) else 0.0
        else:
            spread = x.cast(pl.Float64).std()
            scale = spread if isinstance(spread, float) else 0.0
        return left / (scale or 1.0), right / (scale or 1.0), True
    if distance != "gower":
        raise InputError(f"The column '{x.name}' contains no numbers: use the distance 'gower'.")
    codes = pl.concat([x.cast(pl.String), z.cast(pl.String)]).rank("dense").fill_null(0)
    both = codes.to_numpy().astype(np.float64)
    return both[: len(x)], both[len(x) :], False


def _assigned(distances: Floats) -> int:
    """Count right links if each changed record is used once, at the least sum of distances.

    The changed records are shuffled first: among equal sums the one that keeps the order of rows,
    which is the right one, must not be found first.
    """
    from scipy.optimize import linear_sum_assignment

    order = np.random.default_rng(0).permutation(len(distances))
    rows, given = linear_sum_assignment(distances[:, order])
    return int((rows == order[given]).sum())
