"""Count the linkage attack on real tables: rows that become people, and right links.

`linkage` joins. Here the joins are counted: precision is the share of links that are right, recall
the share of rows that were linked rightly; both with 95 % intervals by person. They need the true
identities of both tables, which an attacker lacks.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from onetomany.accuracy.intervals import rate_columns, ratio_interval
from onetomany.errors import InputError
from .linkage import exact_matches, fuzzy_links

ATTACK = {
    "known": pl.Int64,  # columns joined on
    "added": pl.String,  # the last of them
    "method": pl.String,  # exact or fuzzy
    "sure": pl.Float64,  # lowest probability of a fuzzy link; null for an exact join
    "records": pl.Int64,  # rows without names
    "people": pl.Int64,  # whose they are
    "linked": pl.Int64,  # rows with one best candidate
    "correct": pl.Int64,  # of those, to the right person
    **rate_columns("precision"),  # correct / linked; null without links
    **rate_columns("recall"),  # correct / records
}
VOTES = {
    "person": pl.Int64,
    "links": pl.Int64,  # rows of the person with exactly one candidate
    "votes": pl.Int64,  # of those, for the pseudonym chosen
    "pseudonym": pl.Int64,
    "correct": pl.Boolean,
}


def attack(
    table: pl.DataFrame, named: pl.DataFrame, steps: Sequence[Sequence[str]], truth: str
) -> pl.DataFrame:
    """Return how many rows an exact join on each list of columns links, and how rightly (ATTACK).

    A row is linked if exactly one named row agrees with it. Raises InputError as `exact_matches`.
    """
    return pl.concat(
        _counted(exact_matches(table, named, columns, truth=truth), table[truth], columns)
        for columns in steps
    )


def fuzzy_attack(
    table: pl.DataFrame,
    named: pl.DataFrame,
    columns: Sequence[str],
    truth: str,
    *,
    within: Mapping[str, float] | None = None,
    blocks: Sequence[Sequence[str]],
    errors: float,
    sure: Sequence[float] = (0.5, 0.9),
) -> pl.DataFrame:
    """Return the same for `fuzzy_links`, once for each least probability in `sure` (ATTACK).

    A row is linked if one named row alone has the highest probability, and it is that high. Raises
    InputError as `fuzzy_links`.
    """
    found = fuzzy_links(
        table,
        named,
        columns,
        within=within,
        blocks=blocks,
        errors=errors,
        threshold=min(sure),
        truth=truth,
    ).filter(rivals=0)
    return pl.concat(
        _counted(found.filter(pl.col("probability") >= limit), table[truth], columns, limit)
        for limit in sure
    )


def pseudonyms_by_vote(
    table: pl.DataFrame,
    pseudonymous: pl.DataFrame,
    columns: Sequence[str],
    *,
    person: str,
    pseudonym: str,
) -> pl.DataFrame:
    """Return the pseudonym that most of a person's links point to, for each person (VOTES).

    A constant pseudonym connects rows: one right link reveals them all. Rows with exactly one
    candidate vote; a person with tied votes, or none, is left out. The pseudonyms must be the
    people's own numbers, which serve as the truth. Raises InputError as `exact_matches`, and if
    `pseudonym` is missing.
    """
    if pseudonym not in pseudonymous.columns:
        raise InputError(f"The table has no column '{pseudonym}' to vote for.")
    found = exact_matches(table, pseudonymous, columns).drop_nulls("named_row")
    votes = (
        pl.DataFrame(
            {
                "person": table[person][found["row"]],
                "pseudonym": pseudonymous[pseudonym][found["named_row"]],
            }
        )
        .group_by("person", "pseudonym")
        .agg(votes=pl.len())
        .with_columns(
            links=pl.col("votes").sum().over("person"),
            top=pl.col("votes") == pl.col("votes").max().over("person"),
        )
        .filter(pl.col("top") & (pl.col("top").sum().over("person") == 1))
        .with_columns(correct=pl.col("person") == pl.col("pseudonym"))
        .sort("person")
    )
    return votes.select(pl.col(name).cast(kind) for name, kind in VOTES.items())


def _counted(
    matches: pl.DataFrame, people: pl.Series, columns: Sequence[str], sure: float | None = None
) -> pl.DataFrame:
    """Return one row of ATTACK; `matches` have `row`, `named_row` (null: none), `correct`."""
    links = matches.drop_nulls("named_row").select(
        pl.col("row").cast(pl.UInt32), right=pl.col("correct").cast(pl.Float64), made=pl.lit(1.0)
    )
    each = (
        pl.DataFrame({"person": people})
        .with_row_index("row")
        .join(links, on="row", how="left")
        .group_by("person")
        .agg(rows=pl.len(), right=pl.col("right").sum(), made=pl.col("made").sum())
    )
    right, made, rows = (each[name].to_numpy() for name in ("right", "made", "rows"))
    row = {
        "known": len(columns),
        "added": columns[-1],
        "method": "exact" if sure is None else "fuzzy",
        "sure": sure,
        "records": len(people),
        "people": len(each),
        "linked": int(made.sum()),
        "correct": int(right.sum()),
    }
    for name, of in (("precision", made), ("recall", rows)):
        if of.sum():
            found = ratio_interval(right, of)
            share = right.sum() / of.sum()
            row |= {name: share, f"{name}_low": found.low, f"{name}_high": found.high}
    return pl.DataFrame([row], schema=ATTACK)
