"""Real people's recorded groups under two matchers: the stored London table, and a user's set."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pylopdf_fonts_ko
import pytest
import vl_convert

from onetomany import accuracy
from onetomany.accuracy import matchers
from onetomany.charts import cards as card_charts
from onetomany.charts import differentials as charts
from onetomany.charts import transfer as transfer_charts
from onetomany.errors import InputError
from onetomany.sources import cards
from onetomany.sources.pairs import ScoredPairs, open_pairs

pytestmark = pytest.mark.real

vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))


@pytest.fixture(scope="module")
def london() -> ScoredPairs:
    stored = open_pairs("london")
    return ScoredPairs(stored.comparisons, matchers._in_bands(stored.attributes), stored.run)


@pytest.fixture(scope="module")
def rates(london: ScoredPairs) -> pl.DataFrame:
    return matchers.rates_by_matcher(london, "ethnicity", 0.01)


def test_the_table_by_group_is_that_of_plain_counting(
    london: ScoredPairs, rates: pl.DataFrame
) -> None:
    said = dict(london.attributes.select("subject_id", "ethnicity").iter_rows())
    for model, comparisons in london.comparisons.items():
        ranked = sorted(comparisons.filter(~pl.col("mated"))["score"], reverse=True)
        cut = ranked[len(ranked) // 100]  # of 20,604 the 206 above this one match
        counted: dict[str, list[int]] = {group: [0, 0] for group in said.values()}
        for one, two, mated, score in comparisons.select(
            "subject_a", "subject_b", "mated", "score"
        ).iter_rows():
            if not mated and said[one] == said[two]:
                counted[said[one]][0] += score > cut
                counted[said[one]][1] += 1
        for row in rates.filter(model=model).iter_rows(named=True):
            assert [row["errors"], row["comparisons"]] == counted[row["group"]]
            if row["comparisons"]:
                assert row["rate"] == pytest.approx(row["errors"] / row["comparisons"], abs=1e-9)


def test_dlib_errs_far_more_within_two_small_groups_and_sface_less(rates: pl.DataFrame) -> None:
    cell = {(row["model"], row["group"]): row for row in rates.iter_rows(named=True)}
    assert cell["Dlib", "black"]["subjects"] == 13
    for group in ("black", "east_asian"):
        dlib, sface = cell["Dlib", group], cell["SFace", group]
        assert dlib["rate"] > 0.2
        assert dlib["low"] > cell["Dlib", "white"]["high"]
        assert dlib["p_adjusted"] <= 0.001
        assert dlib["wide"]
        assert sface["rate"] < 0.06
    assert cell["Dlib", "white"]["rate"] < 0.01
    # one person: a row, no rate, no test
    alone = cell["SFace", "east_asian/white"]
    assert (alone["subjects"], alone["rate"], alone["p"]) == (1, None, None)


def test_a_set_without_records_stands_back_for_the_stored_one(london: ScoredPairs) -> None:
    none = london.attributes.clear()
    bare = ScoredPairs(london.comparisons, none, london.run | {"image_set": "own"})
    assert matchers.group_columns(bare.attributes) == []
    assert matchers.with_groups(bare).run["title"] == london.run["title"]
    assert matchers.with_groups(london) is london
    assert matchers.pairs_beside(bare).run["image_set"] == "london"


def test_only_columns_with_two_groups_of_two_people_are_compared() -> None:
    attributes = pl.DataFrame(
        {
            "subject_id": [f"s{n}" for n in range(8)],
            "age": ["18", "21", "29", None, "35", "41", "52", "60"],
            "sex": list("FFMMFFMM"),
            "home": list("abcdefgh"),
            "all_one": ["x"] * 8,
            "children": list("01010101"),
        }
    ).with_columns(attributes_are=pl.lit("recorded"))
    found = matchers._in_bands(attributes)
    assert found["age"].to_list() == [
        "10-19", "20-29", "20-29", None, "30-39", "40-49", "50-59", "60-69",
    ]  # fmt: skip
    assert found["children"].to_list() == attributes["children"].to_list()
    assert matchers.group_columns(found) == ["sex", "children"]


def test_the_target_leaves_room_for_errors(london: ScoredPairs) -> None:
    assert matchers.shared_target(london.comparisons) == 0.01
    few = {model: frame.head(500) for model, frame in london.comparisons.items()}
    assert matchers.shared_target(few) == 0.1
    with pytest.raises(InputError, match="use a set of more people"):
        matchers.shared_target({"Dlib": london.comparisons["Dlib"].filter("mated")})


def test_charts_draw_what_they_are_given(london: ScoredPairs, rates: pl.DataFrame) -> None:
    halves = [
        frame.filter(pl.col("subject_a") < "p070", pl.col("subject_b") < "p070")
        if first
        else frame.filter(pl.col("subject_a") > "p070", pl.col("subject_b") > "p070")
        for frame in [london.comparisons["SFace"]]
        for first in (True, False)
    ]
    named = [
        half.with_columns(image_set=pl.lit(name)) for half, name in zip(halves, "ab", strict=True)
    ]
    moved = accuracy.transfer_thresholds(named, [0.01, 1e-6])
    printed = cards.card_rates()
    drawn = {
        "Black 흑인 (13)": charts.group_rates_chart(
            rates, by=("ethnicity", "민족"), labels={"black": "Black 흑인"}, overall=0.01,
            source="t"
        ),
        "SFace: a → b": transfer_charts.transfer_chart(moved, source="this run"),
        "Vietnam 베트남 × 46": card_charts.births_within_chart(
            printed.filter(plot="pairing", pairing="same country and sex"),
            marked="Korea", source="NIST",
        ),
        "women falsely match 5 to 11 times": card_charts.women_over_men_chart(
            printed.filter(plot="women over men", enrollee="Korea"), source="NIST"
        ),
        "13 submissions by date": card_charts.submissions_chart(
            cards.gains().filter(image_set="Border-Border"),
            project=(date(2019, 5, 1), date(2021, 12, 31)), read=list(cards.cards()), source="NIST",
        ),
    }  # fmt: skip
    for text, chart in drawn.items():
        svg = vl_convert.vegalite_to_svg(chart.to_dict())
        assert text in svg
        assert "NaN" not in svg
        assert "Source 출처" in svg
