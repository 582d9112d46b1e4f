"""NIST's report cards as data: the published figures, and what the reader refuses to compare."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany.errors import InputError, OneToManyError, RefusedError
from onetomany.sources import cards
from onetomany.sources import differentials as published

SAME = "same country and sex"
FILES = ("birth.csv", "cards.csv", "gains.csv", "mid_2021.csv", "sources.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        with (published.DATA / name).open("rb") as old, (tmp_path / name).open("wb") as new:
            shutil.copyfileobj(old, new)
    return tmp_path


def test_the_figures_are_those_of_nist() -> None:
    rates = cards.card_rates()
    assert len(rates) == 2407
    assert rates["algorithm"].n_unique() == 5
    assert set(rates.filter(plot="pairing").group_by("algorithm").len()["len"]) == {22 * 13}
    # as printed in the cards, logarithms to two decimals or more
    for algorithm, log10 in (
        ("alchera_003", -3.55),
        ("cubox_001", -3.30),
        ("supremaid_002", -3.67),
    ):
        found = cards.rate(algorithm, "Korea", SAME)
        assert np.log10(found.fmr) == pytest.approx(log10, abs=0.005)
        assert found.url.endswith(f"reportcards/11/{algorithm}.html")
        assert not found.at_floor


def test_two_people_of_one_sex_born_in_korea_match_once_in_2000_to_5500() -> None:
    one_in = [1 / cards.rate(name, "Korea", SAME).fmr for name in cards.cards()]
    assert min(one_in) == pytest.approx(2000, rel=0.01)
    assert max(one_in) == pytest.approx(5500, rel=0.01)
    factors = [cards.times(*cards.extremes(name, SAME)) for name in cards.cards()]
    assert {each.bound for each in factors} == {""}
    assert round(min(each.value for each in factors)) == 25
    assert round(max(each.value for each in factors)) == 46


def test_women_over_men_among_koreans_over_65() -> None:
    ratios = cards.card_rates().filter(plot="women over men", enrollee="Korea", age="65-99")
    assert len(ratios) == 5
    assert (round(ratios["value"].min()), round(ratios["value"].max())) == (5, 11)  # type: ignore[arg-type]


def test_women_are_men_times_the_ratio() -> None:
    """The derived rows are NIST's two figures multiplied, in every country and card."""
    rates = cards.card_rates()
    key = ["algorithm", "enrollee"]
    men = rates.filter(plot="men 35-50", pairing="same country, sex and age").select(
        *key, men="value"
    )
    ratio = rates.filter(plot="women over men", age="35-50").select(*key, ratio="value")
    women = rates.filter(plot="women 35-50 (derived)").select(*key, women="value")
    joined = men.join(ratio, on=key).join(women, on=key)
    assert len(joined) == 110
    gap = (pl.col("men") * pl.col("ratio") / pl.col("women")).log10().abs()
    assert joined.select(gap.max()).item() < 0.006


def test_tighter_pairings_never_have_a_lower_rate() -> None:
    wide = (
        cards.card_rates()
        .filter(plot="pairing")
        .pivot("pairing", index=["algorithm", "enrollee"], values="value")
    )
    for loose, tight in (
        ("zero effort (anybody)", "same sex"),
        ("same country", SAME),
        (SAME, "same country, sex and age"),
    ):
        assert (wide[loose] <= wide[tight] * (1 + 1e-9)).all()


def test_levels_of_two_algorithms_are_never_compared() -> None:
    one, other = (cards.rate(name, "Korea", SAME) for name in ("cubox_001", "cubox_003"))
    with pytest.raises(RefusedError, match="within one algorithm"):
        cards.times(one, other)
    region = cards.rate("alchera_007", "EASIA", "same sex (same region)", plot="region")
    with pytest.raises(RefusedError, match="within one algorithm and plot"):
        cards.times(region, cards.rate("alchera_007", "Korea", SAME))


def test_a_floor_is_a_bound() -> None:
    rates = cards.card_rates()
    assert rates["at_floor"].sum() == 90
    assert set(rates.filter("at_floor")["value"]) == {1e-6}
    high, low = cards.extremes("alchera_003", "different sex")
    assert low.at_floor
    assert not high.at_floor
    assert cards.times(high, low).bound == "at least"
    assert cards.times(low, high).bound == "at most"
    with pytest.raises(RefusedError, match="their ratio is unknown"):
        cards.times(low, low)
    # several countries share the highest place at the floor: a figure that is one is taken first
    assert cards.extremes("cubox_003", "different sex")[0].at_floor


def test_between_2019_and_2023_europe_s_rate_rose() -> None:
    """Of pairs of one sex that alone closed the gap; of one sex and age East Asia's fell, too."""
    found = cards.regions_then_and_now()
    assert found.group_by("pairing").len()["len"].to_list() == [10, 10]
    rows = {(row["region"], row["pairing"]): row for row in found.iter_rows(named=True)}
    for pairing, then, now, alone in (("same sex", 17, 7, 8), ("same sex and age", 15, 7, 10)):
        east, europe = (rows[region, pairing] for region in ("EASIA", "EURO"))
        assert round(east["then"] / europe["then"]) == then
        assert round(east["now"] / europe["now"]) == now
        assert round(east["then"] / europe["now"]) == alone
        assert europe["now"] > 1.4 * europe["then"]
    assert rows["EASIA", "same sex"]["now"] > 0.95 * rows["EASIA", "same sex"]["then"]


def test_every_submission_has_its_date() -> None:
    gains = cards.gains()
    assert gains["algorithm"].n_unique() == 13
    dates = dict(gains.select("algorithm", "submitted").unique().iter_rows())
    for name, card in cards.cards().items():
        assert dates[name] == card.submitted
    assert str(dates["alchera_001"]) == "2019-03-01"
    border = gains.filter(image_set="Border-Border").sort("submitted")
    assert border.filter(algorithm="alchera_003")["fnmr"].item() == 0.007739646
    assert border["url"].str.starts_with("https://github.com/usnistgov/frvt/blob/").all()


def test_the_middle_of_2021() -> None:
    table = cards.mid_2021()
    assert len(table) == 185 * 5
    for _, rows in table.group_by("image_set"):
        ordered = rows.drop_nulls("rank").sort("rank")
        assert len(ordered) >= 183
        assert ordered["rank"].n_unique() == len(ordered)
        assert ordered["fnmr"].is_sorted()
        assert set(range(1, 21)) <= set(ordered["rank"])
    # the same algorithms stand in the gains, measured again
    gains = cards.gains().filter(image_set="Border-Border").select("algorithm", again="fnmr")
    border = table.filter(pl.col("image_set").str.starts_with("BORDER")).drop_nulls("algorithm")
    joined = border.join(gains, on="algorithm")
    assert len(joined) == 4
    assert (joined["fnmr"] - joined["again"]).abs().max() < 2e-4  # type: ignore[operator]


@pytest.mark.parametrize("table", ["cards", "gains", "mid_2021"])
def test_every_table_says_how_it_was_checked(table: str) -> None:
    source = published.publication(table)
    assert source.checks
    assert "no intervals" in source.limits
    if table == "cards":
        assert "not nationality" in source.limits


def test_a_figure_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="0 figures for cubox_001, born in Atlantis"):
        cards.rate("cubox_001", "Atlantis", SAME)
    with pytest.raises(InputError, match="table of ratios"):
        cards.rate("cubox_001", "Korea", "same country, sex and age", plot="women over men")
    with pytest.raises(InputError, match="no figures for cubox_009"):
        cards.extremes("cubox_009", SAME)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("different sex,India,,both,all,-6.00,yes", "different sex,India,,both,all,-6.00,",
         "is not marked"),
        ("different sex,India,,both,all,-6.00,yes", "different sex,India,,both,all,-5.00,yes",
         "marked as NIST's floor and is not"),
        ("different sex,El Salvador,,both,all,-5.77", "different sex,El Salvador,,both,all,5.77",
         "not a rate"),
        ("different sex,El Salvador,,both", "different sex,Salvador,,both", "does not name"),
        ("alchera_003,pairing,different sex", "alchera_004,pairing,different sex", "not list"),
        ("algorithm,plot", "algorithm,chart", "columns must be"),
    ],
)  # fmt: skip
def test_spoilt_figures_are_refused(folder: Path, old: str, new: str, message: str) -> None:
    text = (folder / "cards.csv").read_text(encoding="utf-8")
    assert old in text
    (folder / "cards.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(OneToManyError, match=message):
        cards.card_rates(folder)
