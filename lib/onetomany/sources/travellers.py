"""Read official statistics of arrivals in Korea, and draw simulated travellers from them.

Arrivals of foreigners in 2018 and 2019 by nationality, by sex and by age (Korea Tourism
Organization, as stored in tkdalsrb123/midproject, commit 0af484f0): three margins, no joint table.
The nationality table names 22 countries; all other arrivals are under XXX, the passport code for
"unspecified". The tables by sex and by age leave out crew.
"""

from importlib import resources

import numpy as np
import polars as pl

SOURCE_PAIR = (
    "Korea Tourism Organization, arrivals 2018 and 2019",
    "한국관광공사, 2018~2019년 입국",
)
SOURCE = " ".join(SOURCE_PAIR)
YEAR = 2019  # ages are counted back from it
OLDEST = 90  # the last age group is open; nobody in it is made older than this


def margins() -> pl.DataFrame:
    """Return the margins: `margin` (nationality, sex, age), `value`, `arrivals`."""
    path = resources.files("onetomany.sources") / "data" / "travellers.csv"
    return pl.read_csv(path.read_bytes())


def draw_travellers(people: int, rng: np.random.Generator, *, koreans: float = 0.0) -> pl.DataFrame:
    """Draw SIMULATED `nationality`, `sex` and `birth_year`, each from its own margin.

    The three are drawn independently, which is a model: no joint table is published. A share
    `koreans` of the people is KOR, with foreigners' sexes and ages, since no others are known.
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
