"""Recode locally (Mondrian): make values coarser only in sparse regions.

`reduction.what_if` gives each column one level for everybody, and takes out records still alone.
Mondrian (LeFevre, DeWitt and Ramakrishnan, 'Mondrian multidimensional k-anonymity', ICDE 2006) cuts
the records in two at the median of one column, again and again, as long as both parts have k
records; each part is then shown by its range of values. No record is taken out; ages are ten years
wide in small groups and exact in large ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from .classes import Ints, Table, check_quasi_identifiers, collect_records, value_codes
from .reduction import Hierarchy, what_if

COMPARED = {
    "method": pl.String,  # local recoding, levels, suppression
    "suppressed": pl.Int64,  # records taken out
    "loss": pl.Float64,  # as in `reduction.what_if`; a record taken out counts as 1
    "discernibility": pl.Float64,
    "classes": pl.Int64,
}


@dataclass(frozen=True)
class Recoded:
    """Store a locally recoded table: `columns` as text, other columns unchanged.

    `loss` and `discernibility` are those of `reduction.what_if`; `average_class` is the mean class
    size over k, 1 at best (LeFevre's C_avg).
    """

    frame: pl.DataFrame
    k: int
    classes: int
    loss: float
    discernibility: float
    average_class: float


def recode_locally(table: Table, columns: Sequence[str], k: int) -> Recoded:
    """Make a table k-anonymous by Mondrian's strict cuts.

    The column that spans the largest share of its values is cut at the median, so that equal values
    stay together; if a cut leaves fewer than `k` records on a side, the next column is tried. Text
    is ordered by its letters, since the paper needs an order; a null comes first. A part of numbers
    is shown as 'lowest-highest', one of text by its values, a null as '?'.

    Raises InputError as `classes`, for k below 2, or above the number of records.

    >>> table = pl.DataFrame({"age": [25, 26, 40, 41], "sex": ["F", "F", "M", "M"]})
    >>> recode_locally(table, ["age", "sex"], 2).frame.rows()
    [('25-26', 'F'), ('25-26', 'F'), ('40-41', 'M'), ('40-41', 'M')]
    """
    names = check_quasi_identifiers(table, columns)
    frame = collect_records(table)
    if not 2 <= k <= len(frame):
        raise InputError(f"k must be from 2 to the number of records, {len(frame):,}.")
    values = [frame[name].unique().sort(nulls_last=False) for name in names]
    codes = np.stack([value_codes(frame[name]) for name in names], axis=1)
    parts = _cut(codes, np.array([max(len(each) - 1, 1) for each in values]), k)
    recoded, lost = _shown(frame, names, values, codes, parts)
    sizes = np.array([len(part) for part in parts], dtype=np.float64)
    return Recoded(
        recoded,
        int(sizes.min()),
        len(parts),
        lost,
        float((sizes**2).sum()),
        len(frame) / len(parts) / k,
    )


def compare_reductions(
    table: Table,
    columns: Sequence[str],
    hierarchies: Sequence[Hierarchy],
    k: int,
    *,
    allowed: float = 0.05,
) -> pl.DataFrame:
    """Compare three ways to reach `k` by their information loss (`COMPARED`), least first.

    'local recoding' is `recode_locally`, 'levels' the best choice of `what_if` that takes out no
    more than the share `allowed`, 'suppression' keeps all values and takes out records with fewer
    than k - 1 others like them. Without a choice of levels that reaches k its row is missing.

    Raises InputError as `recode_locally` and `what_if`.
    """
    names = check_quasi_identifiers(table, columns)
    local = recode_locally(table, names, k)
    steps = what_if(table, names, hierarchies, k, allowed=allowed)
    rows: list[tuple[object, ...]] = [
        ("local recoding", 0, local.loss, local.discernibility, local.classes)
    ]
    kept = ["suppressed", "loss", "discernibility", "classes"]
    if len(best := steps.filter("reaches").select(kept).head(1)):
        rows.append(("levels", *best.row(0)))
    as_they_are = steps.filter(pl.col("levels").list.join("\0") == "\0".join(names))
    rows.append(("suppression", *as_they_are.select(kept).row(0)))
    return pl.DataFrame(rows, schema=COMPARED, orient="row").sort("loss", maintain_order=True)


def _cut(codes: Ints, spans: Ints, k: int) -> list[NDArray[np.intp]]:
    """Return the rows of each part that can't be cut further."""
    done, waiting = [], [np.arange(len(codes))]
    while waiting:
        rows = waiting.pop()
        halves = _halves(codes[rows], spans, k) if len(rows) >= 2 * k else None
        if halves is None:
            done.append(rows)
        else:
            waiting.extend((rows[halves], rows[~halves]))
    return done


def _halves(codes: Ints, spans: Ints, k: int) -> NDArray[np.bool_] | None:
    """Return which rows are at or below the median of the first column that can be cut."""
    width = (codes.max(axis=0) - codes.min(axis=0)) / spans
    for column in np.argsort(-width, kind="stable"):
        if width[column] == 0:
            return None
        ordered = np.sort(codes[:, column])
        median = ordered[(len(ordered) - 1) // 2]
        low = codes[:, column] <= median
        if low.all():  # the median is the highest value: cut below it
            low = codes[:, column] < median
        if k <= low.sum() <= len(low) - k:
            return np.asarray(low)
    return None


def _shown(
    frame: pl.DataFrame,
    names: list[str],
    values: list[pl.Series],
    codes: Ints,
    parts: list[NDArray[np.intp]],
) -> tuple[pl.DataFrame, float]:
    """Return the recoded table and its loss: (m - 1) / (n - 1) for m of a column's n values."""
    part = np.empty(len(frame), dtype=np.int64)
    for place, rows in enumerate(parts):
        part[rows] = place
    shown, lost = {}, 0.0
    for column, (name, own) in enumerate(zip(names, values, strict=True)):
        numbers = own.dtype.is_numeric()
        texts = own.cast(pl.String).fill_null("?")
        made = []
        for rows in parts:
            used = np.unique(codes[rows, column])
            first, last = int(used[0]), int(used[-1])
            stands = last - first + 1 if numbers else len(used)
            lost += len(rows) * (stands - 1) / max(len(own) - 1, 1)
            if first == last:
                made.append(texts[first])
            elif numbers and own[first] is not None:
                made.append(f"{texts[first]}-{texts[last]}")
            elif numbers:  # a range can't begin with a null
                rest = f"{texts[int(used[1])]}-{texts[last]}" if len(used) > 2 else texts[last]
                made.append(f"?, {rest}")
            else:
                made.append(", ".join(texts.gather(used)))
        shown[name] = pl.Series(name, made, dtype=pl.String).gather(part)
    return frame.with_columns(**shown), lost / (len(frame) * len(names))
