"""Measure household risk: finding one member finds the others.

Records of people who live together carry their household's number, so naming one of them names all.
The risk of a household is the chance that at least one member is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from onetomany.errors import InputError
from .classes import Table, as_lazy, check_quasi_identifiers, look_up
from .risk import individual_risk

HOUSEHOLD = {
    "record": pl.Int64,  # 1 is the first below the names
    "members": pl.Int64,  # records of the household
    "own_risk": pl.Float64,  # of the record by itself
    "risk": pl.Float64,  # that at least one member is rightly re-identified
}


@dataclass(frozen=True)
class HouseholdRisk:
    """Store the risk of records with and without their households.

    `expected` records are re-identified through their household, `share` of all; `expected_alone`
    and `share_alone` are the same without households.
    """

    records: pl.DataFrame
    expected: float
    share: float
    expected_alone: float
    share_alone: float


def household_risk(
    table: Table, columns: Sequence[str], household: str, weight: str
) -> HouseholdRisk:
    """Return each record's risk with that of its household: 1 - (1 - r_1) ... (1 - r_n).

    r is `risk.individual_risk`, from survey weights; members are taken to be found independently,
    as sdcMicro and mu-Argus do. `records` has the schema `HOUSEHOLD`, the riskiest first.

    Raises InputError as `individual_risk`, for a household that is null, or that is one of the
    columns.

    >>> table = pl.DataFrame({"age": [1, 2, 2], "home": [7, 7, 8], "weight": [2.0, 2.0, 2.0]})
    >>> household_risk(table, ["age"], "home", "weight").records["members"].to_list()
    [2, 2, 1]
    """
    names = check_quasi_identifiers(table, columns)
    if check_quasi_identifiers(table, [household])[0] in names:
        raise InputError(f"'{household}' can't be a quasi-identifier and the household at once.")
    frame = as_lazy(table).select(*names, household).collect()
    if frame[household].has_nulls():
        raise InputError(f"The household '{household}' is missing in some records: fill it in.")
    risks = individual_risk(table, names, weight).select(*names, own_risk="risk")
    own = (
        look_up(frame, risks, names)
        .select(household, "own_risk")
        .with_row_index("record", offset=1)
    )
    together = own.with_columns(
        members=pl.len().over(household),
        risk=-(pl.col("own_risk").neg().log1p().sum().over(household).exp() - 1),
    ).select(pl.col(name).cast(kind) for name, kind in HOUSEHOLD.items())
    alone, all_of_them = (float(np.sum(together[name].to_numpy())) for name in ("own_risk", "risk"))
    records = len(together)
    return HouseholdRisk(
        together.sort("risk", "record", descending=[True, False]),
        all_of_them,
        all_of_them / records,
        alone,
        alone / records,
    )
