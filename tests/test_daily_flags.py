"""The chart of people flagged falsely a day: its order, its figures, and what it leaves out."""

from __future__ import annotations

import re

import polars as pl
import pytest

from onetomany import behaviour
from onetomany.behaviour.flags import RATES
from onetomany.charts.daily_flags import daily_flags_chart
from onetomany.errors import InputError

NAMES = {"dash": ("Dash", "돌진"), "together": ("Two or more together", "2인 이상 진입")}
SAID = {"source": "This run", "simulated": "walkers"}


def daily(**rates: float) -> pl.DataFrame:
    rows = [
        {
            "rule": rule,
            "threshold": 2.0,
            "unit": "s",
            "strictness": 0.5,
            "default": True,
            "flagged": int(50 * rate),
            "people": 50,
            "observed": 50,
            "rate": rate,
            "low": rate / 2,
            "high": min(1.0, 2 * rate),
        }
        for rule, rate in rates.items()
    ]
    frame = pl.DataFrame(rows, schema=RATES)
    return behaviour.false_alarms_a_day(frame, 98_765)


def test_the_rule_that_flags_most_is_first_and_in_the_title() -> None:
    chart = daily_flags_chart(
        daily(dash=0.02, together=0.26), NAMES, passengers=98_765, **SAID
    ).to_dict()
    [rows] = chart["datasets"].values()
    assert [row["rule"] for row in rows] == ["together", "dash"]
    assert [row["text"] for row in rows] == ["26,000", "2,000"]  # of 25,679 and 1,975
    assert "flags 26,000 of 98,765 people a day" in chart["title"]["text"]
    assert "98,765명 가운데 나쁜 뜻 없는 26,000명" in chart["title"]["subtitle"][0]
    assert re.search("[가-힣]", rows[0]["name"])


def test_a_rule_that_flags_parties_has_no_interval() -> None:
    chart = daily_flags_chart(
        daily(dash=0.02, together=0.26),
        NAMES,
        without_limits=["together"],
        passengers=98_765,
        **SAID,
    ).to_dict()
    [rows] = chart["datasets"].values()
    assert [row["daily_high"] is None for row in rows] == [True, False]


def test_rules_that_judged_nobody_leave_nothing_to_draw() -> None:
    none = daily(dash=0.02).with_columns(daily=pl.lit(None, dtype=pl.Float64))
    with pytest.raises(InputError, match="no rule could judge"):
        daily_flags_chart(none, NAMES, passengers=98_765, **SAID)
