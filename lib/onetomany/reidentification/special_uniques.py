"""Find special uniques: few values that single a record out, and the columns that do most.

A minimal sample unique (MSU) of a record is a set of columns whose values no other record shares,
while each smaller set of them is shared. Few columns and many such sets make a record a special
unique, which is more likely unique in the population too. `special_uniques` finds the same sets as
SUDA2 (Manning, Haglin and Keane, Data Mining and Knowledge Discovery 16:165, 2008), level by level
instead of by its recursion, and scores them as Elliot, Manning, Mayes, Gurd and Bane do ('SUDA: A
program for detecting special uniques', UNECE/Eurostat, Geneva 2005). DIS-SUDA spreads the Data
Intrusion Simulation's share of right matches (Elliot, 2000) over records by their score, in the
form that sdcMicro has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, factorial, prod
from typing import Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from . import classes
from .classes import Floats, Ints, Table
from .packing import combine_codes

Bits = NDArray[np.uint8]
_Set: TypeAlias = tuple[tuple[int, ...], NDArray[np.intp], float]  # columns, rows, score

SPECIAL = {
    "record": pl.Int64,  # 1 is the first below the names
    "sets": pl.Int64,  # minimal sample uniques
    "smallest": pl.Int64,  # columns in the smallest of them; null without any
    "score": pl.Float64,  # SUDA score
    "dis": pl.Float64,  # DIS-SUDA: chance that a match with this record is right
}
CONTRIBUTIONS = {
    "column": pl.String,
    "contribution": pl.Float64,  # share of all SUDA scores from sets that the column is in
    "dis_contribution": pl.Float64,  # the same, records weighted by DIS-SUDA
    "records": pl.Int64,  # records that have such a set
}
MOST_SETS = 70_000  # combinations of columns searched


@dataclass(frozen=True)
class SpecialUniques:
    """Store special uniques: `records` (`SPECIAL`) and `columns` (`CONTRIBUTIONS`).

    `unique` records share all their values with no other record, `paired` with exactly one; `dis`
    is the file's DIS score, the chance that a match with a unique record is right.
    """

    records: pl.DataFrame
    columns: pl.DataFrame
    unique: int
    paired: int
    dis: float | None


def special_uniques(
    table: Table,
    columns: Sequence[str],
    *,
    largest: int | None = None,
    sampled: float = 0.01,
    scores: Literal["elliot", "ihsn"] = "elliot",
) -> SpecialUniques:
    """Find minimal sample uniques, and score records and columns by them.

    `largest` is the most columns in a set (all if None). `sampled` is the share of the population
    in the table, for DIS-SUDA. A set of s among c columns scores the product of (c - i) for i from
    s to the largest size, at most c - 1 ('elliot'), or (2^(c - s) - 1) s!(c - s)!/c! ('ihsn',
    sdcMicro's `original_scores = FALSE`, by which published DIS-SUDA figures were made). A null is
    a value of its own; sdcMicro excludes nulls from sets.

    Columns take part in the same sets, so their contributions add up to more than 1.

    Raises InputError as `classes`, for a `sampled` outside 0 to 1, a `largest` below 1, or more
    than `MOST_SETS` combinations of columns.

    >>> table = pl.DataFrame({"a": [2, 1, 1], "b": [0, 3, 0], "c": [0, 6, 0]})
    >>> special_uniques(table, ["a", "b", "c"]).columns["contribution"].to_list()
    [0.5, 0.375, 0.375]
    """
    names = classes.check_quasi_identifiers(table, columns)
    most = len(names) if largest is None else min(largest, len(names))
    if most < 1 or not 0 < sampled < 1:
        raise InputError(
            "special_uniques needs a largest set of 1 column or more, and the sampled share of the "
            "population above 0 and below 1."
        )
    if (sets := sum(comb(len(names), size) for size in range(1, most + 1))) > MOST_SETS:
        raise InputError(
            f"{len(names)} columns have {sets:,} sets of up to {most}: name fewer columns, or a "
            "smaller largest set."
        )
    frame = classes.collect_records(classes.as_lazy(table).select(names))
    codes, spans = _digits(frame)
    found = [
        (chosen, rows, _score(len(chosen), len(names), most, scores))
        for chosen, rows in _minimal_sets(codes, spans, most)
    ]
    sizes = frame.select(pl.len().over(names)).to_series()
    unique, paired = int((sizes == 1).sum()), int((sizes == 2).sum())
    dis = unique * sampled / (unique * sampled + paired * (1 - sampled)) if unique else None
    score = np.zeros(len(frame))
    for _, rows, worth in found:
        score[rows] += worth
    each = _dis_suda(score, unique, dis, len(names))
    return SpecialUniques(
        _records(found, score, each), _contributions(found, names, score, each), unique, paired, dis
    )


def minimal_sample_uniques(
    table: Table, columns: Sequence[str], largest: int | None = None
) -> pl.DataFrame:
    """List the sets themselves: `record` (Int64, from 1) and `columns` (list of text).

    Raises InputError as `classes`.
    """
    names = classes.check_quasi_identifiers(table, columns)
    codes, spans = _digits(classes.as_lazy(table).select(names).collect())
    most = len(names) if largest is None else min(largest, len(names))
    found = [
        pl.DataFrame({"record": rows + 1}, schema={"record": pl.Int64}).with_columns(
            columns=pl.lit([names[place] for place in chosen], pl.List(pl.String))
        )
        for chosen, rows in _minimal_sets(codes, spans, most)
        if len(rows)
    ]
    empty = pl.DataFrame(schema={"record": pl.Int64, "columns": pl.List(pl.String)})
    return pl.concat([empty, *found]).sort("record", pl.col("columns").list.len(), "columns")


def _records(found: list[_Set], score: Floats, each: Floats) -> pl.DataFrame:
    sets = np.zeros(len(score), dtype=np.int64)
    smallest = np.zeros(len(score), dtype=np.int64)
    for chosen, rows, _ in found:  # smaller sets come first
        sets[rows] += 1
        smallest[rows] = np.where(smallest[rows] == 0, len(chosen), smallest[rows])
    columns = {
        "record": np.arange(1, len(score) + 1),
        "sets": sets,
        "smallest": pl.Series(smallest).replace(0, None),
        "score": score,
        "dis": each,
    }
    return pl.DataFrame(columns, schema=SPECIAL).sort("score", "record", descending=[True, False])


def _contributions(
    found: list[_Set], names: list[str], score: Floats, each: Floats
) -> pl.DataFrame:
    rows_of = []
    total, right = float(score.sum()), float(each.sum())
    for place, name in enumerate(names):
        own, right_own = 0.0, 0.0
        concerned = np.zeros(len(score), dtype=bool)
        for chosen, rows, worth in found:
            if place in chosen and worth:
                own += worth * len(rows)
                right_own += worth * float((each[rows] / score[rows]).sum())
                concerned[rows] = True
        rows_of.append(
            (
                name,
                own / total if total else None,
                right_own / right if right else None,
                int(concerned.sum()),
            )
        )
    return pl.DataFrame(rows_of, schema=CONTRIBUTIONS, orient="row").sort(
        "contribution", descending=True, nulls_last=True, maintain_order=True
    )


def _score(size: int, columns: int, largest: int, scores: str) -> float:
    if scores == "elliot":
        return float(prod(columns - i for i in range(size, min(largest, columns - 1) + 1)))
    sets = factorial(columns) / (factorial(size) * factorial(columns - size))
    return (2.0 ** (columns - size) - 1) / sets


def _dis_suda(score: Floats, unique: int, dis: float | None, columns: int) -> Floats:
    """Spread the file's DIS score over the records that have one, as sdcMicro does."""
    out = np.zeros_like(score)
    scored = score > 0
    if dis is None or not scored.any():
        return out
    power = 1 + (8 - columns) / 20
    raised = score[scored] ** power
    out[scored] = 1 / (1 + (unique / dis - unique) / (raised * (1 / raised).sum()))
    return out


def _digits(frame: pl.DataFrame) -> tuple[list[Ints], list[int]]:
    """Return each column's values as whole numbers from 0, and how many there are."""
    codes = [classes.value_codes(column) for column in frame.iter_columns()]
    return codes, [int(code.max(initial=0)) + 1 for code in codes]


def _minimal_sets(
    codes: list[Ints], spans: list[int], most: int
) -> list[tuple[tuple[int, ...], NDArray[np.intp]]]:
    """Return each set of columns and the records that it is minimal for, smaller sets first.

    A record that a smaller set singles out is alone by the larger set too: leaving it out of the
    count does not change the result for the others.
    """
    records = len(codes[0]) if codes else 0
    nobody = np.packbits(np.zeros(records, dtype=bool))
    below: dict[tuple[int, ...], Bits] = {(): nobody}
    found = []
    total = sum(comb(len(codes), size) for size in range(1, most + 1))
    with ProgressBar(total=total, desc="sets of columns", delay=2, leave=False) as bar:
        for size in range(1, most + 1):
            level: dict[tuple[int, ...], Bits] = {}
            for chosen in combinations(range(len(codes)), size):
                known = np.bitwise_or.reduce(
                    [below[chosen[:n] + chosen[n + 1 :]] for n in range(size)]
                )
                left = np.flatnonzero(~np.unpackbits(known, count=records).astype(bool))
                word = combine_codes([codes[n][left] for n in chosen], [spans[n] for n in chosen])
                alone = left[pl.Series(word).is_unique().to_numpy()]
                found.append((chosen, alone))
                mask = np.zeros(records, dtype=bool)
                mask[alone] = True
                level[chosen] = known | np.packbits(mask)
                bar.update()
            below = level
    return found
