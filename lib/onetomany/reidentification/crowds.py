"""Count how many records share somebody's values, column by column.

`classes` counts them; this module describes every combination of a few columns for the people in
the table. The kit contains the figures at the disclosed size, from a run of
`count_at_disclosed_size`.
"""

import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from onetomany.sources import arrivals
from onetomany.sources.files import peak_memory, write_whole
from onetomany.sources.tables import csv_text, plain_text
from .classes import SIZE, Table, group_classes

CROWDS = {
    "columns": pl.String,  # joined by ' + '
    "count": pl.Int64,  # how many columns
    "rows": pl.Int64,
    "classes": pl.Int64,
    "alone": pl.Float64,  # the share of rows whose values no other row has
    "below_5": pl.Float64,  # the share of rows in classes of fewer than 5
    "below_20": pl.Float64,
    "low": pl.Int64,  # 5 % of rows have a crowd of this size or smaller, themselves included
    "median": pl.Int64,
    "high": pl.Int64,  # 95 % have
    "mean": pl.Float64,  # of rows, not of classes
}
CROWD = {
    "known": pl.String,  # the column added in this row; null in the first row (nothing known)
    "value": pl.String,
    "records": pl.Int64,  # that agree in all columns so far
    "share": pl.Float64,
}
Facts = dict[str, float | int | str]


def crowds(
    table: Table, columns: Sequence[str], combined: Sequence[Sequence[str]] | None = None
) -> pl.DataFrame:
    """Return the crowds of every combination of `columns`, or of those in `combined` (CROWDS).

    The table is read once; combinations are counted from its finest classes. In the order of
    `combined`, or from fewer columns to more. Raises InputError as `classes` does, and if a
    combination has a column that is not among `columns`.
    """
    chosen = combined or [
        names for count in range(1, len(columns) + 1) for names in combinations(columns, count)
    ]
    if strange := {name for names in chosen for name in names} - set(columns):
        raise InputError(f"'{min(strange)}' is in a combination, but not among the columns.")
    finest = group_classes(table, columns)
    rows = []
    for names in ProgressBar(chosen, desc="combinations", delay=2, leave=False):
        whole = set(names) == set(columns)
        own = finest if whole else finest.group_by(names).agg(pl.col(SIZE).sum())
        rows.append({"columns": " + ".join(names), "count": len(names), **_figures(own[SIZE])})
    return pl.DataFrame(rows, schema=CROWDS)


def crowd(table: Table, known: Mapping[str, Any]) -> pl.DataFrame:
    """Return how somebody's crowd shrinks with each column known (CROWD).

    `known` gives the values of columns in the order in which they become known; None is a null. The
    last row answers 'how many share mine'. Raises InputError as `classes`, or if a value isn't of
    its column's type.
    """
    found = group_classes(table, list(known))
    total = int(found[SIZE].sum())
    rows: list[tuple[str | None, str | None, int, float]] = [(None, None, total, 1.0)]
    for name, value in known.items():
        try:
            wanted = pl.Series([value]).cast(found.schema[name])
        except (pl.exceptions.PolarsError, TypeError) as error:
            raise InputError(
                f"The value {value!r} is of another type than the column '{name}': write it as "
                "the table does."
            ) from error
        found = found.filter(pl.col(name).eq_missing(wanted.first()))
        left = int(found[SIZE].sum())
        rows.append((name, None if value is None else str(value), left, left / total))
    return pl.DataFrame(rows, schema=CROWD, orient="row")


def count_at_disclosed_size(out: Path, rows: int | None = None) -> Facts:
    """Write a table of arrivals (as long as the disclosed one if None), count all combinations.

    The table is in a temporary folder, 2.3 GB for 177.6 million rows. Writes `crowds.csv` (CROWDS)
    and `run.json` to `out`; returns the facts of the latter.
    """
    plan = arrivals.disclosed_plan(rows)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        table = arrivals.scan_arrivals(arrivals.write_arrivals(plan, Path(folder)))
        written = time.perf_counter()
        size = sum(part.stat().st_size for part in Path(folder).iterdir())
        finest = group_classes(table, list(arrivals.QUASI_IDENTIFIERS))
        grouped_at = time.perf_counter()
        del finest
        found = crowds(table, list(arrivals.QUASI_IDENTIFIERS))
    facts: Facts = {
        "rows": plan.rows,
        "koreans": plan.koreans,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "date": date.today().isoformat(),
        "version": version("onetomany"),
        "write seconds": written - started,
        "table, bytes": size,
        "five columns, seconds": grouped_at - written,
        "all combinations, seconds": time.perf_counter() - grouped_at,
        "peak memory, bytes": peak_memory(),
    }
    write_whole(out / "crowds.csv", csv_text(found).encode())
    write_whole(out / "run.json", json.dumps(facts, indent=1).encode())
    return facts


def load_disclosed_crowds() -> tuple[pl.DataFrame, Facts]:
    """Load the crowds and facts of the stored run at the disclosed size."""
    folder = resources.files("onetomany.sources") / "data" / "arrivals"
    facts: Facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return plain_text(pl.read_csv((folder / "crowds.csv").read_bytes(), schema=CROWDS)), facts


def _figures(sizes: pl.Series) -> dict[str, int | float]:
    size = np.sort(sizes.to_numpy())
    up_to = np.cumsum(size)  # rows in classes no larger
    total = int(up_to[-1])
    low, median, high = size[np.searchsorted(up_to, np.array([0.05, 0.5, 0.95]) * total)]
    small = {
        name: float(size[: np.searchsorted(size, limit)].sum() / total)
        for name, limit in (("alone", 2), ("below_5", 5), ("below_20", 20))
    }
    return {
        "rows": total,
        "classes": len(size),
        **small,
        "low": int(low),
        "median": int(median),
        "high": int(high),
        "mean": float((size.astype(np.float64) ** 2).sum() / total),
    }
