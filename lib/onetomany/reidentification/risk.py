"""Calculate published measures of disclosure risk from the equivalence classes.

Of a class with f records, F of them in the population: k-anonymity (Sweeney, IJUFKS 10:5, 2002);
distinct, entropy and recursive (c,l)-diversity (Machanavajjhala and others, TKDD 1:1, 2007);
(alpha,k)-anonymity (Wong and others, KDD 2006); t-closeness (Li, Li and Venkatasubramanian, ICDE
2007); beta-likeness (Cao and Karras, PVLDB 5:11, 2012); delta-disclosure (Brickell and Shmatikov,
KDD 2008); delta-presence (Nergiz, Atzori and Clifton, SIGMOD 2007); prosecutor and journalist risk
(Elliot and Dale 1999; El Emam and Dankar, JAMIA 15:627, 2008), marketer risk (Dankar and El Emam,
PAIS 2010); individual risk from survey weights (Benedetti and Franconi 1998; Franconi and
Polettini, PSD 2004). See docs/reidentification.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.sources.tables import values_in_words
from .classes import (
    SIZE,
    Floats,
    Ints,
    Table,
    check_quasi_identifiers,
    classes,
    group_classes,
    matching,
    schema_of,
    value_codes,
)

RISKS = {
    "attacker": pl.String,  # prosecutor, journalist, marketer
    "highest": pl.Float64,  # of any record; null for the marketer, who looks for no one person
    "average": pl.Float64,  # over records: the share that a match at random would get right
    "at_risk": pl.Float64,  # share of records above the threshold
    "records": pl.Int64,
}
SERIES, TERMS = 40, 40  # records of a class from which so many terms are exact to the last digit
DIVERSITY = {  # behind the columns and `size` of each class
    "distinct": pl.Int64,  # values of the sensitive column
    "entropy_l": pl.Float64,  # exp of the entropy of their shares
    "alpha": pl.Float64,  # share of the commonest
    "c": pl.Float64,  # commonest over the l-th and rarer; see `Privacy.c`
    "t": pl.Float64,  # distance from the whole table's shares
    "beta": pl.Float64,  # highest relative gain of a value's share
    "delta": pl.Float64,  # highest |ln| of that
}


@dataclass(frozen=True)
class Anonymity:
    """Store a table's k and unique records by a set of columns; `uniqueness` is their share."""

    records: int
    classes: int
    k: int
    unique: int
    uniqueness: float


@dataclass(frozen=True)
class Privacy:
    """Store each measure of a sensitive column in the worst class.

    `entropy_l` is not rounded down. `c` is the bound that (c,l)-diversity needs to exceed, at l =
    `distinct_l`; None at l = 1, which requires nothing. `enhanced_beta` is the largest min(beta,
    -ln p) over the values' shares p.
    """

    k: int
    alpha: float
    distinct_l: int
    entropy_l: float
    c: float | None
    t: float
    beta: float
    enhanced_beta: float
    delta: float


def anonymity(table: Table, columns: Sequence[str]) -> Anonymity:
    """Return k-anonymity and sample uniqueness. Raises InputError as `classes`."""
    return anonymity_of(group_classes(table, columns)[SIZE].to_numpy())


def anonymity_of(sizes: Ints) -> Anonymity:
    """Return the same from the sizes of all classes."""
    records, unique = int(sizes.sum()), int((sizes == 1).sum())
    return Anonymity(records, len(sizes), int(sizes.min()), unique, unique / records)


def risks(
    table: Table, columns: Sequence[str], *, population: Table | None = None, threshold: float = 0.2
) -> pl.DataFrame:
    """Return the risk by kind of attacker (schema `RISKS`).

    The prosecutor knows that somebody is in the table: risk 1/f. The journalist doesn't, and picks
    a record among people of the `population` (a table with the same columns and every class of the
    table): 1/F. The marketer matches all records at once and wants many right: the mean of 1/F, or
    of 1/f without a population. Without one the journalist's row is missing. Raises InputError as
    `classes`, for a threshold outside 0 to 1, or if the population has fewer records of a class
    than the table.
    """
    if not 0 <= threshold <= 1:
        raise InputError("A threshold of risk is from 0 to 1.")
    if population is None:
        sizes = group_classes(table, columns)[SIZE].to_numpy()
        known: dict[str, Ints] = {"prosecutor": sizes, "marketer": sizes}
    else:
        joined = presence(table, population, columns).filter(pl.col(SIZE) > 0)
        sizes, others = joined[SIZE].to_numpy(), joined["population"].to_numpy()
        known = {"prosecutor": sizes, "journalist": others, "marketer": others}
    rows = [
        {
            "attacker": name,
            "highest": None if name == "marketer" else float(1 / crowd.min()),
            "average": float((sizes / crowd).sum() / sizes.sum()),
            "at_risk": float(sizes[1 / crowd > threshold].sum() / sizes.sum()),
            "records": int(sizes.sum()),
        }
        for name, crowd in known.items()
    ]
    return pl.DataFrame(rows, schema=RISKS)


def presence(table: Table, population: Table, columns: Sequence[str]) -> pl.DataFrame:
    """Return how sure it is that a person is in the table: delta-presence.

    Returns the population's classes: `columns`, `size` (records in the table), `population`,
    `delta` = size / population; the lowest and highest delta are the table's two bounds.

    Raises InputError as `classes`, or if the population has fewer records of a class.
    """
    names = list(columns)
    kinds = schema_of(table), schema_of(population)
    for name in check_quasi_identifiers(table, names):
        if kinds[0][name] != kinds[1].get(name, kinds[0][name]):
            raise InputError(
                f"The column '{name}' contains {values_in_words(kinds[0][name])} in the table and "
                f"{values_in_words(kinds[1][name])} in the population: give both the same type."
            )
    own = group_classes(table, names)
    others = classes(population, names).rename({SIZE: "population"})
    joined = own.join(others, on=names, how="full", coalesce=True, nulls_equal=True)
    joined = joined.with_columns(pl.col(SIZE, "population").fill_null(0)).sort(names)
    if (short := joined.filter(pl.col(SIZE) > pl.col("population"))).height:
        raise InputError(
            f"The population has fewer records than the table in {short.height:,} classes: it must "
            "contain everybody in the table."
        )
    shares = pl.col(SIZE) / pl.col("population")
    return joined.select(*names, SIZE, "population", delta=shares)


def individual_risk(table: Table, columns: Sequence[str], weight: str) -> pl.DataFrame:
    """Return the chance that a survey's record is rightly re-identified, by survey weights.

    The frame of `classes.matching` and `risk` (Float64): the mean of 1/F given f, where F - f is
    negative binomial with p = f / estimated F: p/f 2F1(1, 1; f + 1; 1 - p). Weights are at least 1.

    Raises InputError as `matching`.
    """
    found = matching(table, columns, weight=weight)
    own = found["matching"].to_numpy().astype(np.float64)
    chance = np.minimum(own / found["estimated"].to_numpy(), 1)
    return found.with_columns(risk=pl.Series(_mean_share(own, chance)))


def _mean_share(own: Floats, chance: Floats) -> Floats:
    """Return the mean of 1/F for classes of `own` records, each person sampled by `chance`."""
    from scipy.special import hyp2f1

    few = own < SERIES
    out = np.empty(len(own))
    out[few] = hyp2f1(1, 1, own[few] + 1, 1 - chance[few])
    # the same function as its series, which ends soon here; SciPy's is NaN from 100 on
    term = total = np.ones((~few).sum())
    for n in range(TERMS):
        term = term * (n + 1) * (1 - chance[~few]) / (own[~few] + 1 + n)
        total = total + term
    out[~few] = total
    return chance / own * out


def diversity(table: Table, columns: Sequence[str], sensitive: str) -> pl.DataFrame:
    """Measure each class's disclosure of a sensitive column: `columns`, `size`, `DIVERSITY`.

    `t` is the earth mover's distance over the ranks of the values for numbers, and half the sum of
    absolute differences of shares for anything else (pycanon's two definitions). A null is a value
    of its own.

    Raises InputError as `classes`; if the sensitive column is among the quasi-identifiers, since
    each class then has one value and every measure is void; and for numbers with nulls, which can't
    be ordered.
    """
    names = list(columns)
    check_sensitive(sensitive, names)
    if clash := [name for name in names if name in DIVERSITY]:
        raise InputError(f"The name '{clash[0]}' is reserved: rename this column.")
    counts = group_classes(table, [*names, sensitive]).sort([*names, sensitive])
    numbers = counts[sensitive].dtype.is_numeric()
    if numbers and counts[sensitive].has_nulls():
        raise InputError(f"'{sensitive}' has empty cells, which can't be ordered: fill them in.")
    return _diversity(counts, names, sensitive, numbers)


def check_sensitive(sensitive: str, columns: Sequence[str]) -> None:
    """Raise InputError if a sensitive column is among the quasi-identifiers."""
    if sensitive in columns:
        raise InputError(
            f"'{sensitive}' can't be sensitive and a quasi-identifier at once: leave it out of one."
        )


def privacy(table: Table, columns: Sequence[str], sensitive: str) -> Privacy:
    """Return the worst class by each measure of `diversity`. Raises InputError as it does."""
    found = diversity(table, columns, sensitive)
    rarest = group_classes(table, [sensitive])[SIZE].min()
    worst: dict[str, Any] = found.select(
        pl.col("alpha", "c", "t", "beta", "delta").max(),
        pl.col("entropy_l").min(),
        k=pl.col(SIZE).min(),
        distinct_l=pl.col("distinct").min(),
    ).row(0, named=True)
    share = int(str(rarest)) / int(found[SIZE].sum())
    return Privacy(enhanced_beta=min(worst["beta"], float(-np.log(share))), **worst)


def _diversity(
    counts: pl.DataFrame, names: list[str], sensitive: str, numbers: bool
) -> pl.DataFrame:
    """Calculate `DIVERSITY` from the counts of each class and value, sorted by them."""
    totals = counts.group_by(sensitive).agg(pl.col(SIZE).sum()).sort(sensitive)
    whole = totals[SIZE].to_numpy() / totals[SIZE].sum()
    place = value_codes(counts[sensitive])
    which = counts.select(pl.struct(names).rle_id()).to_series().to_numpy()
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    lengths = np.diff(starts, append=len(which))
    records = counts[SIZE].to_numpy()
    sizes = np.add.reduceat(records, starts)
    share, expected = records / sizes[which], whole[place]
    measures: dict[str, Floats | Ints | None] = {
        SIZE: sizes,
        "distinct": lengths,
        "entropy_l": np.exp(-np.add.reduceat(share * np.log(share), starts)),
        "alpha": np.maximum.reduceat(share, starts),
        "c": _recursive(records, which, starts, lengths),
        "t": _moved(share, place, starts, lengths, whole)
        if numbers
        else (np.add.reduceat(abs(share - expected) - expected, starts) + 1) / 2,
        "beta": np.maximum.reduceat((share - expected) / expected, starts),
        "delta": np.maximum.reduceat(abs(np.log(share / expected)), starts),
    }
    return counts.select(names)[starts.tolist()].with_columns(
        pl.lit(None, pl.Float64).alias(name) if values is None else pl.Series(name, values)
        for name, values in measures.items()
    )


def _recursive(records: Ints, which: Ints, starts: Ints, lengths: Ints) -> Floats | None:
    """Return the commonest value's count over that of the l-th and rarer, at the table's l."""
    least = lengths.min()
    if least == 1:
        return None
    order = np.lexsort((-records, which))
    falling = records[order]
    rank = np.arange(len(records)) - starts[which]
    tails = np.add.reduceat(np.where(rank >= least - 1, falling, 0), starts)
    return np.asarray(falling[starts] / tails, dtype=np.float64)


def _moved(share: Floats, place: Ints, starts: Ints, lengths: Ints, whole: Floats) -> Floats:
    """Return earth mover's distance over ranks: the mean gap of two cumulated distributions.

    Between two values of a class its cumulated share is constant while the whole table's rises, so
    the gaps of a stretch are summed at once, split at the crossing.
    """
    values = len(whole)
    if values == 1:
        return np.zeros(len(starts))
    rising = np.cumsum(whole)
    sums = np.concatenate([[0.0], np.cumsum(rising)])
    total = np.cumsum(share)
    before = np.repeat(total[starts] - share[starts], lengths)
    reached = total - before
    ends = np.append(place[1:], values)
    ends[np.append(starts[1:], len(place)) - 1] = values
    cross = np.clip(np.searchsorted(rising, reached), place, ends)
    below = reached * (cross - place) - (sums[cross] - sums[place])
    above = (sums[ends] - sums[cross]) - reached * (ends - cross)
    gaps = np.add.reduceat(below + above, starts) + sums[place[starts]]
    return np.asarray(gaps / (values - 1), dtype=np.float64)
