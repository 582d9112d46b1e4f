"""Measure a few everyday facts: bits of surprise, and the people left after each.

A fact that is true of a share p of people carries -log2(p) bits (Shannon, Bell System Technical
Journal 27, 1948). Facts add up only if they are independent. If just their shares are known, the
people of whom all are true lie between Frechet's bounds, which `mosaic` shows beside the product.

`singled_out` is unicity, by the definition of de Montjoye, Hidalgo, Verleysen and Blondel ('Unique
in the Crowd', Scientific Reports 3:1376, 2013): p random points of a trace, if no other trace in
the table has all of them.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.sources.arrivals import frechet_bounds
from .classes import SIZE, check_quasi_identifiers
from .unicity import unicity

MOSAIC = {
    "fact": pl.String,
    "share": pl.Float64,  # of people for whom it is true
    "bits": pl.Float64,  # of this fact: -log2(share)
    "bits_so_far": pl.Float64,  # of all facts up to this one, if independent
    "left": pl.Float64,  # people for whom all are true, if independent
    "least": pl.Float64,  # Frechet's lower bound, from the shares alone
    "most": pl.Float64,  # Frechet's upper bound, from the shares alone
}
LEARNED = {
    "column": pl.String,  # the column added in this row
    "bits": pl.Float64,  # added for the mean record, given those before
    "bits_so_far": pl.Float64,
    "left": pl.Float64,  # median number of records that agree in all columns so far
    "low": pl.Float64,  # 5 % of records have a crowd of this size or smaller
    "high": pl.Float64,  # 95 % have
    "alone": pl.Float64,  # the share of records whose values no other record has
    "records": pl.Int64,
}
HABITS = {
    "household": pl.Int64,
    "store": pl.Int64,
    "weekday": pl.Int64,  # 1 is Monday
    "days": pl.Int64,  # on which it was there
    "crowd": pl.Int64,  # households with the same habit, itself included
}
DAY, HOUR = 86_400.0, 3_600.0
Point = Literal["day", "hour of the week"]


def mosaic(facts: pl.DataFrame, population: float) -> pl.DataFrame:
    """Return bits and people left of `population` after each fact, in their order (MOSAIC).

    `facts` has `fact` (text) and `share` (above 0, up to 1). `left` assumes independence; `least`
    and `most` are the bounds for any dependence.

    Raises InputError for other shares, no fact, and a population below 1.

    >>> facts = pl.DataFrame({"fact": ["left-handed", "born in May"], "share": [0.25, 0.5]})
    >>> mosaic(facts, 1000)["left", "least", "most"].row(1)
    (125.0, 0.0, 250.0)
    """
    shares = facts["share"].cast(pl.Float64).to_list()
    if not shares or any(each is None or not 0 < each <= 1 for each in shares):
        raise InputError("A fact needs a share above 0 and up to 1, and a mosaic needs a fact.")
    if not math.isfinite(population) or population < 1:
        raise InputError("A mosaic needs a population of 1 or more people.")
    rows, so_far = [], 0.0
    for number, (fact, share) in enumerate(zip(facts["fact"], shares, strict=True), 1):
        so_far -= math.log2(share)
        margins = [np.array([each * population]) for each in shares[:number]]
        least, most = frechet_bounds(margins, population)
        left = population * math.prod(shares[:number])
        low, high = min(least.item(), most.item()), most.item()  # rounding may cross them
        rows.append((fact, share, -math.log2(share), so_far, left, low, high))
    return pl.DataFrame(rows, schema=MOSAIC, orient="row")


def check_against_table(table: pl.DataFrame, facts: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Return `mosaic` of the facts in a table that has them all, with the people `counted`.

    Rows in which any fact is null are left out first. Raises InputError if a fact is true for
    nobody, or no row is left.

    >>> people = pl.DataFrame({"tall": [1, 1, 0, 0], "old": [1, 1, 1, 0]}).cast(pl.Boolean)
    >>> facts = {"tall": pl.col("tall"), "old": pl.col("old")}
    >>> check_against_table(people, facts)["left", "counted"].row(1)
    (1.5, 2)
    """
    known = table.select(**facts).drop_nulls()
    if not len(known) or not all(known[name].any() for name in facts):
        raise InputError("Each fact must be true for somebody in the table.")
    shares = pl.DataFrame(
        {"fact": list(facts), "share": [known[name].mean() for name in facts]},
        schema={"fact": pl.String, "share": pl.Float64},
    )
    together = [
        known.filter(pl.all_horizontal(list(facts)[:number])).height
        for number in range(1, len(facts) + 1)
    ]
    return mosaic(shares, len(known)).with_columns(counted=pl.Series(together, dtype=pl.Int64))


def bits_learned(table: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the bits that each column adds, in order, about people in the table (LEARNED).

    A record's crowd is all records that agree with it in the columns so far, itself included; the
    bits of a column are log2 of how many times smaller it makes the crowd, for the mean record
    (the conditional entropy of that column). Counted in full. Raises InputError as `classes`.
    """
    names = check_quasi_identifiers(table, columns)
    before = np.full(len(table), len(table), np.float64)
    if not len(before):
        raise InputError("The table contains no records, so nothing can be learned.")
    rows, so_far = [], 0.0
    for number in range(1, len(names) + 1):
        crowd = table.select(pl.len().over(names[:number]).alias(SIZE))[SIZE].to_numpy()
        bits = float(np.log2(before / crowd).mean())
        so_far += bits
        low, median, high = np.quantile(crowd, [0.05, 0.5, 0.95], method="inverted_cdf")
        alone = float((crowd == 1).mean())
        row = (names[number - 1], bits, so_far, median, low, high, alone, len(table))
        rows.append(row)
        before = crowd.astype(np.float64)
    return pl.DataFrame(rows, schema=LEARNED, orient="row")


def singled_out(
    receipts: pl.DataFrame, point: Point, points: Sequence[int] = (1, 2, 3, 4), seed: int = 0
) -> pl.DataFrame:
    """Return the share of households that few receipts single out (`unicity.UNICITY`).

    `receipts` has `household`, `store` and `at` (the local time). A point is a store and a day, or
    a store and an hour of the week, such as Tuesdays from six to seven: a habit, whatever the week.
    Households with fewer different points are left out of that row.

    Raises InputError as `unicity`, and for another kind of point.
    """
    day = pl.col("at").dt.epoch("d")
    week = (pl.col("at").dt.weekday().cast(pl.Int64) - 1) * 24 + pl.col("at").dt.hour()
    kinds = {"day": (day * DAY, DAY), "hour of the week": (week * HOUR, HOUR)}
    if point not in kinds:
        raise InputError(f"A point is one of {', '.join(kinds)}, not '{point}'.")
    when, width = kinds[point]
    seen = receipts.with_row_index("sighting_id").select(
        "sighting_id", true_id="household", camera_id="store", t_start=when.cast(pl.Float64)
    )
    return unicity(seen, points=points, time=width, seed=seed)


def habits(receipts: pl.DataFrame, least: int = 26) -> pl.DataFrame:
    """Return each household's strongest habit, and how many households have the same (HABITS).

    A habit is one store on one weekday on `least` different days or more: 26 in a year is every
    other week. Households without one are left out. Raises InputError for `least` below 1.
    """
    if least < 1:
        raise InputError("A habit needs one day or more.")
    cell = ["store", "weekday"]
    found = (
        receipts.select(
            "household", "store", weekday=pl.col("at").dt.weekday(), day=pl.col("at").dt.date()
        )
        .group_by("household", *cell)
        .agg(days=pl.col("day").n_unique())
        .filter(pl.col("days") >= least)
        .with_columns(crowd=pl.len().over(cell))
        .sort("household", "days", *cell, descending=[False, True, False, False])
        .unique("household", keep="first", maintain_order=True)
    )
    return found.select(pl.col(name).cast(kind) for name, kind in HABITS.items())
