"""Count or estimate how many people of a population share a record's values (k-map).

A table is k-map (Sweeney, 'Computational disclosure control', MIT 2001) if each record's values are
those of at least k people of the population, whether or not they are in the table. It is the
journalist's measure: an attacker who does not know whether a person is in the table.

With the population at hand the classes are counted. Without it they are estimated from the table,
taken for a simple random sample of so many people, by one of three models of a class with f records
and F people (`CLASS_MODELS`), pi being the share sampled:

- poisson: the expected number of people is f / pi, and those not sampled are Poisson;
- zero-truncated poisson: the same, with the mean for which a class that is seen at all has f
  records, so that a single record gives no evidence of other people;
- negative binomial: expected class sizes are gamma over all classes (fitted by maximum likelihood
  to the classes that have a record, which makes their counts zero-truncated negative binomial;
  Bethlehem, Keller and Pannekoek, JASA 85:38, 1990), and F is distributed as given f.
  docs/reidentification.md gives each model's error against known truths.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .classes import SIZE, Floats, Ints, Table, group_classes
from .population import least_loss
from .risk import presence

ClassModel: TypeAlias = Literal["poisson", "zero-truncated poisson", "negative binomial"]

CLASS_MODELS: tuple[ClassModel, ...] = ("poisson", "zero-truncated poisson", "negative binomial")
K_MAP = {
    "model": pl.String,  # 'counted' if the population is given
    "records": pl.Int64,
    "below": pl.Float64,  # records whose values fewer than k people have (expected number)
    "share": pl.Float64,  # of the records
    "smallest": pl.Int64,  # the k of the k-map; null unless counted
}
BANDS = {
    "fewest": pl.Int64,  # people with a record's values
    "most": pl.Int64,  # null for the last band
    "records": pl.Float64,  # expected number of records
}
# mean and largest error of the share below 5 on tables not seen before (benchmarks/held_out.py)
HELD_OUT: dict[ClassModel, tuple[float, float]] = {
    "poisson": (0.326, 0.996),
    "zero-truncated poisson": (0.121, 0.533),
    "negative binomial": (0.029, 0.245),
}
EDGES = (1, 2, 3, 5, 10, 20, 50, 100)
_NO_K = "The k of a k-map must be 1 or more."


@dataclass(frozen=True)
class _Classes:
    """Store distinct class sizes of a sample, their counts, and the distribution of F - f."""

    values: Ints
    counts: Ints
    at_most: Callable[[Floats], Floats]  # P(F - f <= x), for each size

    def expected_below(self, k: int) -> float:
        left = np.asarray(k - 1 - self.values, dtype=np.float64)
        return float((self.values * self.counts) @ self.at_most(left))


def k_map(
    table: Table, columns: Sequence[str], population: Table | int, *, k: int = 5
) -> pl.DataFrame:
    """Return how many records have the values of fewer than `k` people (schema `K_MAP`).

    `population` is a table of everybody with the same columns, or the number of people of whom the
    table is a simple random sample: then one row for each of `CLASS_MODELS`.

    Raises InputError as `classes` and `risk.presence`, for k below 1, and for a number of people
    not above the number of records.

    >>> people = pl.DataFrame({"age": [30, 30, 30, 41]})
    >>> k_map(people.head(1), ["age"], people, k=5).row(0)
    ('counted', 1, 1.0, 1.0, 3)
    """
    if k < 1:
        raise InputError(_NO_K)
    if not isinstance(population, int):
        joined = presence(table, population, columns).filter(pl.col(SIZE) > 0)
        records = int(joined[SIZE].sum())
        below = float(joined.filter(pl.col("population") < k)[SIZE].sum())
        smallest = int(str(joined["population"].min()))
        row = ("counted", records, below, below / records, smallest)
        return pl.DataFrame([row], schema=K_MAP, orient="row")
    return k_map_of(group_classes(table, columns)[SIZE].to_numpy(), population, k=k)


def k_map_of(sizes: Ints, population: int, *, k: int = 5) -> pl.DataFrame:
    """Return the same estimates (`K_MAP`) from the sizes of all classes of a random sample."""
    if k < 1:
        raise InputError(_NO_K)
    records = int(sizes.sum())
    rows = []
    for model in CLASS_MODELS:
        below = _class_model(sizes, population, model).expected_below(k)
        rows.append((model, records, below, below / records, None))
    return pl.DataFrame(rows, schema=K_MAP, orient="row")


def k_map_bands(
    sizes: Ints, population: int, *, model: ClassModel = "negative binomial"
) -> pl.DataFrame:
    """Estimate how many records share their values with 1, 2, 3 to 4 ... people (`BANDS`).

    `sizes` are the sizes of all classes of a random sample of `population` people. The bands
    begin at `EDGES`; their records add up to all records.

    Raises InputError as `k_map`, and for an unknown model.
    """
    found = _class_model(sizes, population, model)
    upto = [found.expected_below(edge) for edge in EDGES] + [float(found.values @ found.counts)]
    most = [edge - 1 for edge in EDGES[1:]] + [None]
    rows = zip(EDGES, most, np.diff(upto), strict=True)
    return pl.DataFrame(list(rows), schema=BANDS, orient="row")


def k_map_threshold(
    k: int,
    sampled: float,
    *,
    significance: float = 0.01,
    model: Literal["poisson", "zero-truncated poisson"] = "poisson",
) -> int:
    """Return the sample class size that ARX asks for in place of an unknown population's k.

    A class of k people has, sampled by `sampled`, a Poisson number of records. A class of the
    sample is taken for one of more than k people if so many records are less likely than
    `significance` (El Emam and Dankar, JAMIA 15:627, 2008, their D3; D4 is zero-truncated). As in
    ARX's source (KMap.java): never above k, and for 'poisson' one more than the test asks.

    Raises InputError for k below 1, or shares not between 0 and 1.

    >>> k_map_threshold(5, 0.1), k_map_threshold(5, 0.1, model="zero-truncated poisson")
    (5, 4)
    """
    from scipy.stats import poisson

    if k < 1 or not 0 < sampled <= 1 or not 0 < significance < 1:
        raise InputError("k_map_threshold needs a k of 1 or more, and shares between 0 and 1.")
    mean = sampled * k
    if model == "poisson":
        return min(k, int(poisson.ppf(1 - significance, mean)) + 2)
    none = float(poisson.pmf(0, mean))
    return min(k, int(poisson.ppf(none + (1 - none) * (1 - significance), mean)) + 1)


def _class_model(sizes: Ints, population: int, model: str) -> _Classes:
    from scipy.special import lambertw
    from scipy.stats import nbinom, poisson

    values, counts = np.unique(sizes, return_counts=True)
    share = float(sizes.sum()) / population
    if population <= sizes.sum():
        raise InputError(
            f"A population of {population:,} is no larger than the table's {int(sizes.sum()):,} "
            "records: count its classes instead."
        )
    if model == "poisson":
        mean = values / share * (1 - share)
    elif model == "zero-truncated poisson":
        # the mean m of a Poisson number that is f on average if not 0: m / (1 - e^-m) = f
        seen = np.where(values > 1, values + np.real(lambertw(-values * np.exp(-values))), 0.0)
        mean = seen / share * (1 - share)
    elif model == "negative binomial":
        shape, rate = _gamma(values, counts)
        # of a class with mean m in the sample, m (1 - pi) / pi people are not sampled
        chance = (rate + 1) / (rate + 1 + (1 - share) / share)
        return _Classes(values, counts, lambda x: np.asarray(nbinom.cdf(x, shape + values, chance)))
    else:
        raise InputError(f"There is no model '{model}': there are {', '.join(CLASS_MODELS)}.")
    return _Classes(values, counts, lambda x: np.asarray(poisson.cdf(x, mean)))


def _gamma(values: Ints, counts: Ints) -> tuple[float, float]:
    """Fit shape and rate of the means of all classes, by maximum likelihood from those seen."""
    from scipy.special import gammaln

    def loss(free: Floats) -> float:
        shape, rate = np.exp(np.clip(free, -12, 12))
        log = (
            gammaln(values + shape)
            - gammaln(shape)
            - gammaln(values + 1)
            + shape * np.log(rate / (rate + 1))
            - values * np.log1p(rate)
        )
        seen = -np.expm1(shape * np.log(rate / (rate + 1)))
        return float(np.log(seen)) - float(counts @ log) / float(counts.sum())

    starts = [np.array([a, b]) for a in (-4.0, 0.0) for b in (-6.0, 0.0, 4.0)]
    best = least_loss(loss, starts, xatol=1e-6, fatol=1e-10)
    shape, rate = np.exp(np.clip(best.x, -12, 12))
    return float(shape), float(rate)
