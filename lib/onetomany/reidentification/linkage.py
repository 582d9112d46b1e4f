"""Join rows without names to rows with names by their common columns: the linkage attack.

`exact_links` joins on equal values; `fuzzy_links` scores pairs that nearly agree by Fellegi and
Sunter's model (JASA 64:1183, 1969), as splink implements it. A link is a guess: counting right ones
needs the true identities of both tables, which an attacker lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from onetomany.errors import InputError
from onetomany.extras import require_extra
from onetomany.sources.case import ArrowStream
from onetomany.sources.tables import values_in_words
from .classes import EMPTY, check_quasi_identifiers

EXACT = {
    "row": pl.Int64,  # of the table without names
    "candidates": pl.Int64,  # named rows with the same values
    "named_row": pl.Int64,  # the only one; null for none or several
    "alike": pl.Int64,  # rows without names that share these values, itself included
    "correct": pl.Boolean,  # null without `truth`, and without one candidate
}
FUZZY = {
    "row": pl.Int64,  # of the table without names
    "named_row": pl.Int64,  # its best match in the other
    "probability": pl.Float64,  # that the two are one person, as the model has it
    "rivals": pl.Int64,  # other named rows of the same probability
    "correct": pl.Boolean,  # null without `truth`
}


@dataclass(frozen=True)
class Links:
    """Count rows without names that meet no named row, exactly one, or several.

    Of those with one, `mutual` are themselves the only row that agrees with it.
    """

    records: int
    none: int
    one: int
    several: int
    mutual: int


def exact_links(table: pl.DataFrame, named: pl.DataFrame, columns: Sequence[str]) -> Links:
    """Join rows to named rows on equal values (a null equals a null).

    `attack` says how many of the links are right. Raises InputError as `classes`, and if a column's
    type differs between the tables.
    """
    found = exact_matches(table, named, columns)
    one = found.filter(candidates=1)
    return Links(
        len(found),
        int((found["candidates"] == 0).sum()),
        len(one),
        int((found["candidates"] > 1).sum()),
        int((one["alike"] == 1).sum()),
    )


def exact_matches(
    table: pl.DataFrame, named: pl.DataFrame, columns: Sequence[str], *, truth: str | None = None
) -> pl.DataFrame:
    """Return for each row the named row that alone has the same values (EXACT).

    Rows keep their order. `truth` is a column of both tables that says who each row is, for
    evaluation only. Raises InputError as `exact_links`, and if `truth` is missing or is one of the
    columns.
    """
    names = _shared(table, named, columns, truth)
    groups = (
        named.with_row_index("_named")
        .group_by(names)
        .agg(candidates=pl.len(), named_row=pl.col("_named").first())
    )
    joined = (
        table.select(names)
        .with_row_index("row")
        .with_columns(alike=pl.len().over(names))
        .join(groups, on=names, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            pl.col("candidates").fill_null(0), pl.when(pl.col("candidates") == 1).then("named_row")
        )
    )
    right = (
        pl.lit(None)
        if truth is None
        else pl.when(joined["named_row"].is_not_null()).then(
            table[truth].eq_missing(named[truth].gather(joined["named_row"]))
        )
    )
    return joined.with_columns(correct=right).select(
        pl.col(name).cast(kind) for name, kind in EXACT.items()
    )


def fuzzy_links(
    table: pl.DataFrame,
    named: pl.DataFrame,
    columns: Sequence[str],
    *,
    within: Mapping[str, float] | None = None,
    blocks: Sequence[Sequence[str]],
    errors: float = 0.05,
    threshold: float = 0.1,
    truth: str | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """Return the best named row for each row, allowing for differences (`FUZZY`).

    `errors` is the assumed share of values that differ between two records of one person, half of
    them slightly: in a column of `within` by no more than the number given there (a year of birth
    that is off by one), in text to a Jaro-Winkler similarity of 0.9 or more. It is assumed, not
    learnt: with few columns expectation maximisation finds no stable answer. How often strangers
    agree is estimated from random pairs. Only pairs that agree in all columns of one of the
    `blocks` are compared; rows whose best probability is below `threshold` are left out. Every row
    is assumed to have its person in the named table. Needs splink 5. Raises InputError if it is not
    installed, as `exact_matches`, for `errors` not between 0 and 1, and for blocks or limits of
    other columns, or no block.
    """
    require_extra("linkage")
    names = _shared(table, named, columns, truth)
    limits = dict(within or {})
    used = {name for block in blocks for name in block} | set(limits)
    if not blocks or not all(blocks) or not used <= set(names) or not 0 < errors < 1:
        raise InputError(
            "fuzzy_links needs blocks and limits of the compared columns, and errors from 0 to 1."
        )
    comparisons = [_comparison(name, table.schema[name], limits, errors) for name in names]
    given = {"a": table.select(names), "b": named.select(names)}
    pairs = _scored_pairs(given, comparisons, blocks, threshold, seed)
    best = (
        pairs.sort("row", "probability", "named_row", descending=[False, True, False])
        .with_columns(
            rivals=(pl.col("probability") == pl.col("probability").max()).sum().over("row") - 1
        )
        .unique("row", keep="first", maintain_order=True)
    )
    right = (
        pl.lit(None, pl.Boolean)
        if truth is None
        else table[truth][best["row"]].eq_missing(named[truth][best["named_row"]])
    )
    return best.with_columns(correct=right).select(
        pl.col(name).cast(kind) for name, kind in FUZZY.items()
    )


def _comparison(name: str, kind: pl.DataType, limits: Mapping[str, float], errors: float) -> Any:
    """Return splink's levels of agreement in a column, with the share of true pairs at each."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    levels = [cll.NullLevel(name), cll.ExactMatchLevel(name)]
    if name in limits:
        levels.append(cll.AbsoluteDifferenceLevel(name, limits[name]))
    elif kind == pl.String:
        levels.append(cll.JaroWinklerLevel(name, 0.9))
    levels.append(cll.ElseLevel())
    shares = [1 - errors, *[errors / (len(levels) - 2)] * (len(levels) - 2)]
    for level, share in zip(levels[1:], shares, strict=True):
        level.configure(m_probability=share)
    return cl.CustomComparison(comparison_levels=levels, output_column_name=name)


def _scored_pairs(
    given: Mapping[str, pl.DataFrame],
    comparisons: list[Any],
    blocks: Sequence[Sequence[str]],
    threshold: float,
    seed: int,
) -> pl.DataFrame:
    """Return the pairs of rows that reach a probability: `row`, `named_row`, `probability`."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="_row",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*block) for block in blocks],
        probability_two_random_records_match=1 / len(given["b"]),
    )
    with duckdb.connect(config={"threads": 1}) as db:  # one thread: the same on every run
        api = DuckDBAPI(connection=db)
        tables = []
        for name, frame in given.items():
            db.register(f"_{name}", ArrowStream(frame.with_row_index("_row")))
            db.execute(f"CREATE TABLE {name}_given AS SELECT * FROM _{name}")
            tables.append(api.register(f"{name}_given", dataset_display_name=name))
        linker = Linker(tables, settings, log_level="ERROR")
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=seed)
        scored = linker.inference.predict(threshold_match_probability=threshold)
        return pl.DataFrame(scored.as_duckdbpyrelation()).select(
            row=pl.col("_row_l").cast(pl.Int64),
            named_row=pl.col("_row_r").cast(pl.Int64),
            probability="match_probability",
        )


def _shared(
    table: pl.DataFrame, named: pl.DataFrame, columns: Sequence[str], truth: str | None
) -> list[str]:
    names = check_quasi_identifiers(table, columns)
    check_quasi_identifiers(named, names)
    if not len(table) or not len(named):
        raise InputError(EMPTY)
    for name in names:
        if table.schema[name] != named.schema[name]:
            raise InputError(
                f"The column '{name}' contains {values_in_words(table.schema[name])} in one table "
                f"and {values_in_words(named.schema[name])} in the other: give both the same type."
            )
    if truth is not None:
        check_quasi_identifiers(table, [truth])
        check_quasi_identifiers(named, [truth])
        if truth in names:
            raise InputError(f"'{truth}' is the answer: it can't be one of the columns joined on.")
    return names
