"""Simulate comparisons of groups with known error rates, to test an estimator on."""

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
import polars as pl

from onetomany.errors import InputError
from onetomany.gallery import Threshold


def simulated_groups(
    people: Mapping[str, int],
    fmr: Mapping[str, float],
    *,
    across: float,
    fnmr: float = 0.02,
    person: float = 0.03,
    seed: int = 0,
) -> tuple[pl.DataFrame, pl.DataFrame, Threshold]:
    """Simulate groups with stated error rates: comparisons, attributes, threshold.

    `people` and `fmr` give each group's size and its true FMR, `across` that of two people of
    different groups, `fnmr` everybody's FNMR. Each person has two pictures: one mated comparison
    a person, one non-mated comparison for each two people. Scores are normal; a share `person` of
    a score's variance belongs to each of its two people, so that some are mistaken for others more
    often than the rest. With the default, people differ about as much as those of chapter 01
    (`variation_between_people`). A group's scores are shifted until the stated part is above the
    threshold. True rates are those of infinitely many people; those of the people drawn differ.

    Raises InputError for rates outside 0 to 1 or groups that differ between the two mappings.

    >>> simulated_groups({"a": 3, "b": 2}, {"a": 0.1, "b": 0.2}, across=0.1)[0].height
    15
    """
    rates = [*fmr.values(), across, fnmr]
    if people.keys() != fmr.keys() or not all(0 < rate < 1 for rate in rates):
        raise InputError("simulated_groups needs a size and a rate between 0 and 1 for each group.")
    rng = np.random.default_rng(seed)
    normal, cut = NormalDist(), 4.0
    group = np.repeat(np.arange(len(people)), list(people.values()))
    count = len(group)
    first, second = np.triu_indices(count, k=1)
    shifts = np.array([cut + normal.inv_cdf(rate) for rate in (*fmr.values(), across)])
    shift = np.where(group[first] == group[second], shifts[group[first]], shifts[-1])
    own = rng.normal(scale=person**0.5, size=count)
    noise = rng.normal(scale=(1 - 2 * person) ** 0.5, size=len(first))
    scores = own[first] + own[second] + noise + shift
    mated = cut - normal.inv_cdf(fnmr) + own + rng.normal(scale=(1 - person) ** 0.5, size=count)
    ids = pl.Series([f"x{n}" for n in range(count)], dtype=pl.Enum([f"x{n}" for n in range(count)]))
    one, two = np.append(np.arange(count), first), np.append(np.arange(count), second)
    comparisons = pl.DataFrame(
        {
            "subject_a": ids[one],
            "subject_b": ids[two],
            "score": np.append(mated, scores),
            "mated": one == two,
        }
    ).with_columns(model=pl.lit("simulated"), image_set=pl.lit("simulated"))
    groups = np.array(list(people))[group]
    attributes = pl.DataFrame(
        {"subject_id": ids.cast(pl.String), "group": groups, "attributes_are": "simulated"}
    )
    share = float((scores >= cut).mean())
    threshold = Threshold(cut, share, len(scores), count, "simulated", "simulated")
    return comparisons, attributes, threshold
