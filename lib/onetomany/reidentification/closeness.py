"""Measure t-closeness if some values are nearer than others, as in a taxonomy of diseases.

Li, Li and Venkatasubramanian ('t-closeness', ICDE 2007) give two values of a hierarchy the distance
of their lowest common ancestor's height over the root's, and move the class's distribution to the
whole table's at the least cost (earth mover's distance). The cost of moving along a tree is the
flow through each branch, so the distance is the mean, over the levels below the root, of half the
sum of absolute differences of shares at that level. At the lowest level that is pycanon's t for
text; without levels between the values and the root it is the whole distance.
"""

from collections.abc import Sequence

import polars as pl

from onetomany.errors import InputError
from .classes import SIZE, Table, as_lazy, check_quasi_identifiers, look_up
from .reduction import Hierarchy
from .risk import check_sensitive, diversity


def hierarchical_closeness(
    table: Table, columns: Sequence[str], hierarchy: Hierarchy
) -> pl.DataFrame:
    """Return each class's distance from the whole table: `columns`, `size`, `t` (0 to 1).

    `hierarchy` is the taxonomy of the sensitive column; its last level must be one value for all.
    Sorted by the columns. The table's t is the largest.

    Raises InputError as `risk.diversity`, for a taxonomy without one of the table's values, or
    with more than one root.

    >>> taxonomy = pl.DataFrame({"illness": ["flu", "ulcer"], "any": ["*", "*"]})
    >>> table = pl.DataFrame({"home": [1, 1, 2, 2], "illness": ["flu", "flu", "flu", "ulcer"]})
    >>> hierarchical_closeness(table, ["home"], Hierarchy("illness", taxonomy))["t"].to_list()
    [0.25, 0.25]
    """
    sensitive = check_quasi_identifiers(table, [hierarchy.column])[0]
    names = check_quasi_identifiers(table, columns)
    check_sensitive(sensitive, names)
    levels = hierarchy.levels
    if len(levels) < 2 or hierarchy.table[levels[-1]].n_unique() != 1:
        raise InputError(f"The last level of '{sensitive}' must be one value for all: its root.")
    frame = as_lazy(table).select(*names, sensitive).collect()
    taxonomy = hierarchy.table.cast({sensitive: frame.schema[sensitive]}).rename(
        {level: f"_level {place}" for place, level in enumerate(levels[1:])}
    )
    known = look_up(frame, taxonomy, sensitive)
    if known["_level 0"].has_nulls():
        raise InputError(f"The taxonomy of '{sensitive}' leaves out a value of the table.")
    parts = []
    for place in range(len(levels) - 1):
        level = sensitive if place == 0 else f"_level {place - 1}"
        # as text: numbers would be compared by rank
        shares = known.select(*names, pl.col(level).cast(pl.String).alias(sensitive))
        parts.append(diversity(shares, names, sensitive).select(*names, SIZE, "t"))
    return (
        pl.concat(parts)
        .group_by(*names, SIZE, maintain_order=True)
        .agg(pl.col("t").mean())
        .sort(names, nulls_last=False)
    )
