"""Sentences on errors by group follow the frame: which group, which matcher, or none."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.accuracy import group_words

NAMES = {"a": ("first", "첫째"), "b": ("second", "둘째")}


def cells(*rows: tuple[str, str, float | None, float | None]) -> pl.DataFrame:
    """Rows of group, matcher, rate and adjusted p, as `matchers.rates_by_matcher` gives them."""
    return pl.DataFrame(
        [
            {
                "by": "kind",
                "group": group,
                "model": model,
                "subjects": 12,
                "errors": 30,
                "comparisons": 1320,
                "rate": rate,
                "low": None if rate is None else rate / 2,
                "high": None if rate is None else min(1.0, rate * 2),
                "p_adjusted": p,
            }
            for group, model, rate, p in rows
        ],
        schema_overrides={"rate": pl.Float64, "low": pl.Float64, "high": pl.Float64}
        | {"p_adjusted": pl.Float64},
    )


FOUND = cells(("a", "M", 0.2, 0.01), ("a", "N", 0.03, 0.6), ("b", "M", 0.4, 0.06),
              ("b", "N", 0.05, 0.04), ("c", "M", None, None))  # fmt: skip


def test_the_highest_rate_that_chance_does_not_explain_is_described_under_each_matcher() -> None:
    english, korean = group_words.describe_highest_group(FOUND, NAMES, 0.01)
    assert english == (
        "12 people said that they are first. Two of them are taken for one person in **20.0%** of "
        "comparisons by M (95 %: 10.0% to 40.0%). In 3.0% by N (95 %: 1.5% to 6.0%). "
        "Over all pairs the setting gives 1%."
    )
    assert "'첫째'" in korean
    assert "M **20.0%**(95% 구간 10.0%~40.0%), N **3.0%**(95% 구간 1.5%~6.0%)다." in korean


def test_without_an_unequal_group_the_sentence_says_so() -> None:
    english, korean = group_words.describe_highest_group(
        cells(("a", "M", 0.2, 0.5), ("b", "M", 0.3, 0.2)), NAMES, 0.1
    )
    assert english.startswith("No group's rate differs")
    assert "2 groups" in english
    assert "집단 2개" in korean
    assert "20" not in english


def test_all_unequal_groups_are_listed_by_matcher_and_a_matcher_without_one_says_none() -> None:
    english, korean = group_words.describe_unequal_groups(FOUND, ["M", "N", "O"], NAMES)
    assert english == (
        "M: 12 people who said first, 20.0% (10.0% to 40.0%; 30 of 1,320 comparisons). "
        "N: 12 people who said second, 5.0% (2.5% to 10.0%; 30 of 1,320 comparisons). O: none."
    )
    assert korean.endswith("O: 없음.")
    assert "'둘째' 12명, 5.0%(2.5%~10.0%, 비교 1,320건 중 30건)." in korean


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from("MN"),
            st.none() | st.floats(0.001, 0.5),
            st.none() | st.floats(0, 1),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_frame_gives_two_sentences_and_only_unequal_groups(
    rows: list[tuple[str, str, float | None, float | None]],
) -> None:
    frame = cells(*rows)
    found = group_words.unequal_groups(frame)
    assert found["rate"].is_sorted(descending=True)
    expected = [row for row in rows if None not in row[2:] and row[3] <= 0.05]  # type: ignore[operator]
    assert len(found) == len(expected)
    english, korean = group_words.describe_highest_group(frame, NAMES, 0.01)
    assert english.endswith("%.")
    assert "None" not in english + korean
    assert ("No group" in english) == found.is_empty()
