"""Misses where FPIR is held: the interval contains that the searches set their own threshold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr, ndtri

from onetomany import accuracy
from onetomany.errors import InputError

PEOPLE, APART = 200, 2.0


def searches(seed: int, apart: float = APART, people: int = PEOPLE) -> pl.DataFrame:
    """So many people searched once who are not enrolled, and so many who are: normal scores."""
    rng = np.random.default_rng(seed)
    strangers, mates = rng.standard_normal(people), apart + rng.standard_normal(people)
    mated = np.repeat([False, True], people)
    return pl.DataFrame(
        {
            "probe_id": [f"x{n}" for n in range(2 * people)],
            "subject_id": [f"p{n}" for n in range(2 * people)],
            "mated": mated,
            "gallery_size": 10,
            "mate_rank": [None] * people + [1] * people,
            "mate_score": [None] * people + mates.tolist(),
            "other_score": np.concatenate([strangers, np.full(people, -9.0)]),
        },
        schema_overrides={"mate_rank": pl.Int32, "mate_score": pl.Float64},
    )


@pytest.mark.parametrize("target", [0.03, 0.2])
def test_the_interval_holds_what_the_right_threshold_would_miss(target: float) -> None:
    true = float(ndtr(ndtri(1 - target) - APART))
    held, fixed = [], []
    for seed in range(120):
        drawn = searches(seed)
        row = accuracy.misses_at_fpir(drawn, [target]).row(0, named=True)
        plain = accuracy.open_set_rates(drawn, [row["threshold"]]).row(0, named=True)
        assert row["fnir"] == plain["fnir"]
        assert row["fpir"] <= target
        held.append(row["fnir_low"] <= true <= row["fnir_high"])
        fixed.append(plain["fnir_low"] <= true <= plain["fnir_high"])
    assert np.mean(held) >= 0.9  # 120 draws; the study counts 500
    assert np.mean(fixed) < np.mean(held) - 0.05  # the threshold taken as known


def test_a_threshold_that_moves_nobody_adds_no_doubt() -> None:
    drawn = searches(0, apart=40.0)
    row = accuracy.misses_at_fpir(drawn, [0.1]).row(0, named=True)
    plain = accuracy.open_set_rates(drawn, [row["threshold"]]).row(0, named=True)
    assert (row["fnir_low"], row["fnir_high"]) == (plain["fnir_low"], plain["fnir_high"])


def test_who_is_in_the_gallery_counts_too() -> None:
    drawn = searches(3)
    named = drawn.with_columns(
        other_subject=pl.Series([f"g{n % 7}" for n in range(len(drawn))]),
        next_score=pl.lit(-10.0),
    )
    alone, both = (
        accuracy.misses_at_fpir(each, [0.1]).row(0, named=True) for each in (drawn, named)
    )
    assert alone["fnir"] == both["fnir"]
    # seven people in the gallery raised all alarms: others would have set another threshold
    assert both["fnir_high"] - both["fnir_low"] > alone["fnir_high"] - alone["fnir_low"]


def test_too_few_alarms_are_refused() -> None:
    with pytest.raises(InputError, match="fewer than 5 alarms are expected"):
        accuracy.misses_at_fpir(searches(0), [0.1, 0.02])
    assert accuracy.misses_at_fpir(searches(0), [0.1, 0.025]).height == 2
