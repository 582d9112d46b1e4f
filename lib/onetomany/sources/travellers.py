"""Who arrives in Korea, as far as official statistics tell: three margins, no joint table.

Arrivals of foreigners in 2018 and 2019 by nationality, by sex and by age (Korea Tourism
Organization, as kept in tkdalsrb123/midproject, commit 0af484f0). The nationality table names 22
countries; the rest of all arrivals stands under XXX, the passport code for none stated. Crew are
counted apart from sex and age and are left out there.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
import polars as pl

SOURCE = "Korea Tourism Organization, arrivals 2018 and 2019 한국관광공사, 2018~2019년 입국"
YEAR = 2019  # ages are counted back from it
OLDEST = 90  # the last age group is open; nobody in it is made older than this


def margins() -> pl.DataFrame:
    """`margin` (nationality, sex, age), `value`, `arrivals`."""
    path = resources.files("onetomany.sources") / "data" / "travellers.csv"
    return pl.read_csv(path.read_bytes())


def draw_travellers(people: int, rng: np.random.Generator, *, koreans: float = 0.0) -> pl.DataFrame:
    """SIMULATED attributes: `nationality`, `sex`, `birth_year`, each drawn from its own margin.

    That the three are independent is a model, since nobody has published the joint table; a share
    `koreans` of the people is KOR, with the sexes and ages of foreigners for want of others.
    """
    table = margins()
    bounds = _drawn(table, "age", people, rng).str.split("-")
    low = bounds.list.first().cast(pl.Int64).to_numpy()
    high = bounds.list.last().replace("", str(OLDEST)).cast(pl.Int64).to_numpy()
    return pl.DataFrame(
        {
            "nationality": _drawn(table, "nationality", people, rng),
            "is_korean": rng.random(people) < koreans,
            "sex": _drawn(table, "sex", people, rng),
            "birth_year": YEAR - rng.integers(low, high, endpoint=True),
        }
    ).select(
        pl.when("is_korean").then(pl.lit("KOR")).otherwise("nationality").alias("nationality"),
        "sex",
        "birth_year",
    )


def _drawn(table: pl.DataFrame, margin: str, people: int, rng: np.random.Generator) -> pl.Series:
    rows = table.filter(margin=margin)
    ends = np.cumsum(rows["arrivals"].to_numpy() / rows["arrivals"].sum())
    # the last end may be a hair below 1
    place = np.minimum(np.searchsorted(ends, rng.random(people), side="right"), len(ends) - 1)
    return rows["value"][pl.Series(place.astype(np.uint32))]
