"""Count equivalence classes: the records that share values in a set of columns.

All measures of this package start here. An equivalence class is all records with one combination of
values of the quasi-identifiers (Samarati and Sweeney, 'Protecting privacy when disclosing
information', SRI-CSL-98-04, 1998); the size of the smallest is k.

Odd input, here and in the whole package:

- A null is a value of its own: two records that both lack the value share a class. A gap does not
  make a record safer, since anyone who knows of the gap can look for it. `matching` counts the
  other way: a null matches any value, as in sdcMicro.
- An empty table, no columns, a column twice, one that isn't there, or one of lists, structs or
  mixed Python objects is refused. One record is one class of size 1; a constant column changes
  nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from onetomany.errors import InputError
from onetomany.sources.case import ArrowStream
from onetomany.sources.tables import require_columns
from .packing import count_packed, sort_packed

Table: TypeAlias = pl.DataFrame | pl.LazyFrame | duckdb.DuckDBPyRelation | str | Path
Engine: TypeAlias = Literal["auto", "polars", "duckdb"]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

SIZE = "size"
SPILLS = 200_000_000  # a parquet file of more records goes to DuckDB, which can use the disk
EMPTY = "The table contains no records, so nothing can be counted."
MEMORY = "6GB"  # DuckDB's memory before it uses the disk


def classes(table: Table, columns: Sequence[str], *, engine: Engine = "auto") -> pl.DataFrame:
    """Return the equivalence classes: `columns` and `size` (Int64, records), sorted.

    `table` is a polars frame or LazyFrame, a DuckDB relation, or the path of a parquet file. Polars
    counts (streaming, unless it is a frame in memory), and DuckDB if the table is its relation or a
    file of more than `SPILLS` records; `engine` forces one of them. Both give the same frame.
    Raises InputError for the input that this module's docstring refuses.
    """
    return _counted(table, check_quasi_identifiers(table, columns), engine, ordered=True)


def group_classes(table: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return the same as `classes`, unordered and faster."""
    return _counted(table, check_quasi_identifiers(table, columns), "auto", ordered=False)


def _counted(table: Table, names: list[str], engine: Engine, *, ordered: bool) -> pl.DataFrame:
    if _goes_to_duckdb(table, engine):
        found = _by_duckdb(table, names)
    elif isinstance(table, pl.DataFrame) and (by_code := count_packed(table, names)):
        return by_code[0].with_columns(pl.Series(SIZE, by_code[1]))
    else:
        query = as_lazy(table).group_by(names).agg(pl.len().cast(pl.Int64).alias(SIZE))
        found = query.collect(
            engine="in-memory" if isinstance(table, pl.DataFrame) else "streaming"
        )
    if not len(found):
        raise InputError(EMPTY)
    return sort_packed(found, names) if ordered else found


def check_quasi_identifiers(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the names of `columns`, or raise InputError if the table can't be grouped by them."""
    names = list(columns)
    if isinstance(columns, str) or not names or len(set(names)) != len(names):
        raise InputError("Name the columns as a list, at least one, and each once.")
    schema = schema_of(table)
    if missing := [name for name in names if name not in schema]:
        raise InputError(
            f"The table has no column '{missing[0]}': its columns are {', '.join(schema)}."
        )
    if SIZE in names:
        raise InputError(f"A column may not be called '{SIZE}' here: rename it.")
    for name in names:
        kind = schema[name]
        if kind.is_nested() or kind in (pl.Object, pl.Binary):
            raise InputError(
                f"The column '{name}' contains {kind}, which can't be compared value by value: "
                "give it one plain type, such as text or whole numbers."
            )
    return names


def schema_of(table: Table) -> pl.Schema:
    """Return the columns of a table and their types. Raises InputError if it can't be read."""
    if isinstance(table, pl.DataFrame):
        return table.schema
    if isinstance(table, pl.LazyFrame):
        return table.collect_schema()
    if isinstance(table, duckdb.DuckDBPyRelation):
        return pl.DataFrame(table.limit(0)).schema
    if not isinstance(table, (str, Path)):
        require_columns(table, (), "The table")
    if not Path(table).is_file():
        raise InputError(f"There is no file at {table}.")
    try:
        return pl.scan_parquet(table).collect_schema()
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{table} is not a parquet file: open others with 'reidentification.own_table'."
        ) from error


def matching(table: Table, columns: Sequence[str], *, weight: str | None = None) -> pl.DataFrame:
    """Count classes in which a null matches any value: `columns`, `size`, `matching`, `estimated`.

    `matching` (Int64) counts the records that agree in every column without a null in either:
    sdcMicro's f_k ('A missing value stands for any of the possible categories', freqCalc);
    `estimated` (Float64) is the sum of their survey weights, its F_k, or `matching` without a
    `weight`. Such agreement is not transitive, so these are not classes in the strict sense. Sorted
    by the columns.

    Raises InputError as `classes`, and for a weight that is null, negative or not a number.
    """
    names = check_quasi_identifiers(table, columns)
    if weight is None:
        found = classes(table, names).with_columns(_weight=pl.col(SIZE).cast(pl.Float64))
    else:
        found = _weighted(table, names, weight)
    if not any(found[name].has_nulls() for name in names):
        whole = found.with_columns(matching=pl.col(SIZE)).rename({"_weight": "estimated"})
        return whole.select(*names, SIZE, "matching", "estimated")
    gaps = pl.concat_str(pl.col(names).is_null().cast(pl.UInt8).cast(pl.String))
    parts = found.with_columns(_nulls=gaps).partition_by("_nulls", as_dict=True, include_key=False)
    matched = []
    for own, left in parts.items():
        sums = left.select(matching=SIZE, estimated="_weight")
        for other, right in parts.items():
            if other != own:  # with the same gaps, only equal classes agree
                sums += _agreeing(left, right, _neither_null(names, own, other))
        matched.append(left.drop("_weight").hstack(sums))
    return sort_packed(pl.concat(matched), names)


def _neither_null(names: list[str], own: Any, other: Any) -> list[str]:
    pairs = zip(names, own[0], other[0], strict=True)
    return [name for name, one, two in pairs if one == two == "0"]


def _agreeing(left: pl.DataFrame, right: pl.DataFrame, shared: list[str]) -> pl.DataFrame:
    """Return for each row of `left` the records and weights of `right` that agree in `shared`."""
    total = [pl.col(SIZE).sum().alias("matching"), pl.col("_weight").sum().alias("estimated")]
    if not shared:
        records, weight = right.select(total).row(0)
        return left.select(
            matching=pl.repeat(records, pl.len(), dtype=pl.Int64),
            estimated=pl.repeat(weight, pl.len(), dtype=pl.Float64),
        )
    given = right.group_by(shared).agg(total)
    return look_up(left.select(shared), given, shared).select(
        pl.col("matching", "estimated").fill_null(0)
    )


def value_codes(values: pl.Series) -> Ints:
    """Return each value's rank in the column, from 0; a null is the first."""
    rank = values.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    return np.asarray(rank - rank.min())


def as_lazy(table: Table) -> pl.LazyFrame:
    """Return any table as a polars LazyFrame."""
    if isinstance(table, duckdb.DuckDBPyRelation):
        return pl.DataFrame(table).lazy()
    return pl.scan_parquet(table) if isinstance(table, str | Path) else table.lazy()


def collect_records(table: Table) -> pl.DataFrame:
    """Return a table in memory. Raises InputError if it has no record."""
    frame = as_lazy(table).collect()
    if frame.is_empty():
        raise InputError(EMPTY)
    return frame


def look_up(rows: pl.DataFrame, known: pl.DataFrame, on: str | list[str]) -> pl.DataFrame:
    """Return rows, in their order, with the columns known of their values; nulls are equal."""
    return rows.join(known, on=on, how="left", nulls_equal=True, maintain_order="left")


def _weighted(table: Table, names: list[str], weight: str) -> pl.DataFrame:
    if check_quasi_identifiers(table, [weight])[0] in names:
        raise InputError(f"'{weight}' can't be a quasi-identifier and the weight at once.")
    number = pl.col(weight).cast(pl.Float64, strict=False)
    found = (
        as_lazy(table)
        .group_by(names)
        .agg(
            pl.len().cast(pl.Int64).alias(SIZE),
            number.sum().alias("_weight"),
            (number > 0).fill_null(value=False).all().alias("_right"),
        )
        .collect()
    )
    if not len(found):
        raise InputError(EMPTY)
    if not found["_right"].all():
        raise InputError(f"The weight '{weight}' must be a number above 0 in every record.")
    return sort_packed(found.drop("_right"), names)


def _goes_to_duckdb(table: Table, engine: Engine) -> bool:
    if engine != "auto":
        return engine == "duckdb"
    if isinstance(table, str | Path):
        return int(pl.scan_parquet(table).select(pl.len()).collect().item()) > SPILLS
    return isinstance(table, duckdb.DuckDBPyRelation)


def _by_duckdb(table: Table, names: list[str]) -> pl.DataFrame:
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    query = f"{listed}, count(*)::BIGINT AS {SIZE}"
    if isinstance(table, duckdb.DuckDBPyRelation):
        return pl.DataFrame(table.aggregate(query, listed))
    with duckdb.connect(config={"memory_limit": MEMORY}) as db:
        if isinstance(table, str | Path):
            relation = db.read_parquet(str(table))
        else:
            db.register("given", ArrowStream(table.lazy().select(names).collect()))
            relation = db.table("given")
        return pl.DataFrame(relation.aggregate(query, listed))
