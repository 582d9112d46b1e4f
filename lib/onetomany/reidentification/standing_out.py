"""Find the rarest records of a table, without their values, and the column responsible."""

from collections.abc import Sequence

import polars as pl

from onetomany.errors import InputError
from onetomany.progress import ProgressBar
from .classes import SIZE, Table, as_lazy, check_quasi_identifiers
from .risk import anonymity

KEYS_FROM = 20
STANDING_OUT = {
    "record": pl.Int64,  # 1 is the first below the names
    "class_size": pl.Int64,  # records with the same values, itself among them
}
WITHOUT = {
    "column": pl.String,
    "unique": pl.Int64,  # records alone once this column is given up
    "k": pl.Int64,
}


def standing_out(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return how many records share each record's values (schema `STANDING_OUT`).

    Sorted by class size, then record. Values are left out, so that the frame can be shown.

    Raises InputError as `classes`.
    """
    names = check_quasi_identifiers(table, columns)
    sized = as_lazy(table).select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("record"),
        pl.len().over(names).cast(pl.Int64).alias("class_size"),
    )
    return sized.sort("class_size", "record").collect()


def without_each(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return the effect of giving up each column alone (schema `WITHOUT`), best first.

    Raises InputError as `classes`; empty for a single column.
    """
    names = check_quasi_identifiers(table, columns)
    rows = []
    given_up = names if len(names) > 1 else []
    quick = isinstance(table, pl.DataFrame) and len(table) < 1_000_000
    for name in ProgressBar(given_up, desc="without each column", disable=quick):
        left = anonymity(table, [each for each in names if each != name])
        rows.append((name, left.unique, left.k))
    return pl.DataFrame(rows, schema=WITHOUT, orient="row").sort(
        "unique", "k", descending=[False, True], maintain_order=True
    )


def quasi_identifiers(table: Table) -> tuple[list[str], list[str]]:
    """Return the columns that may tell people apart, and those that differ in every record.

    The latter are keys, unknown outside, or free text; in a table of fewer than `KEYS_FROM` records
    any column may differ in each, and none counts as a key. Columns of one value are in neither.
    Raises InputError if no column is left.
    """
    frame = as_lazy(table)
    counts = frame.select(pl.all().n_unique(), pl.len().alias(SIZE)).collect().row(0, named=True)
    records = counts.pop(SIZE)
    keys = [name for name, many in counts.items() if many == records >= KEYS_FROM]
    telling = [name for name, many in counts.items() if name not in keys and many > 1]
    if not telling:
        raise InputError(
            "No column distinguishes some records but not all: name the columns to use by "
            "--columns."
        )
    return telling, keys
