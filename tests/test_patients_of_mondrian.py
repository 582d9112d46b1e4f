"""Mondrian on six patients: the paper's own table, as far as it is known here."""

from __future__ import annotations

import polars as pl

from onetomany.reidentification.local_recoding import recode_locally

PATIENTS = [
    (25, "Male", 53711), (25, "Female", 53712), (26, "Male", 53711),
    (27, "Male", 53710), (27, "Female", 53712), (28, "Male", 53711),
]  # fmt: skip


def test_six_patients_become_three_groups_of_two() -> None:
    """The groups are those of LeFevre's figure, which was recalled and could not be read.

    All three columns span all of their values, so the order of columns decides the first cut.
    """
    table = pl.DataFrame(PATIENTS, schema=["age", "sex", "zip"], orient="row")
    found = recode_locally(table, ["sex", "age", "zip"], 2)
    assert found.frame.rows() == [
        ("25-26", "Male", "53711"),
        ("25-27", "Female", "53712"),
        ("25-26", "Male", "53711"),
        ("27-28", "Male", "53710-53711"),
        ("25-27", "Female", "53712"),
        ("27-28", "Male", "53710-53711"),
    ]
    assert (found.k, found.classes) == (2, 3)
