"""The mosaic of everyday facts: bounds that hold the truth, shares that equal a plain count."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import combinations

import ipywidgets
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from IPython.display import HTML

from onetomany.charts import attack as attack_charts
from onetomany.charts import mosaic as charts
from onetomany.errors import InputError
from onetomany.reidentification import attack, crowds, fact_list, mosaic
from onetomany.sources import everyday
from onetomany.sources.microdata import microdata
from onetomany.widgets import fact_picker, one_language
from onetomany.widgets import mosaic as widget

SOURCE = "made for this test"
START = datetime(2017, 1, 2)  # a Monday
ASKED = {"day": "%Y-%m-%d", "hour of the week": "%a %H"}


@pytest.fixture(scope="module")
def facts() -> pl.DataFrame:
    return fact_list.everyday_facts(everyday.published_facts(), microdata("body").frame)


@pytest.fixture(scope="module")
def listed() -> pl.DataFrame:
    tables = (microdata(name).frame for name in ("receipts", "body"))
    return fact_list.fact_list(
        everyday.published_facts(), *tables, crowds.load_disclosed_crowds()[0]
    )


# -- bits and people left


def each_true_of_somebody(table: np.ndarray) -> np.ndarray:
    for column in range(table.shape[1]):
        table[column % len(table), column] = True
    return table


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 4))


@UNHURRIED
@given(arrays(np.bool_, SIZES).map(each_true_of_somebody))
def test_frechets_bounds_hold_what_any_joint_table_counts(table: np.ndarray) -> None:
    people = pl.DataFrame(table, schema=[f"fact {n}" for n in range(table.shape[1])])
    found = mosaic.check_against_table(people, {name: pl.col(name) for name in people.columns})
    together = np.cumprod(table, axis=1).sum(axis=0)
    assert found["counted"].to_list() == together.tolist()
    for row in found.iter_rows(named=True):
        assert row["least"] - 1e-9 <= row["counted"] <= row["most"] + 1e-9
        assert row["least"] - 1e-9 <= row["left"] <= row["most"] + 1e-9


@UNHURRIED
@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=6), st.floats(1, 1e10))
def test_bits_are_how_often_the_crowd_is_halved(shares: list[float], population: float) -> None:
    frame = pl.DataFrame({"fact": [f"f{n}" for n in range(len(shares))], "share": shares})
    found = mosaic.mosaic(frame, population)
    for row in found.iter_rows(named=True):
        assert row["left"] == pytest.approx(population / 2 ** row["bits_so_far"], rel=1e-9)
        assert row["least"] <= row["most"] <= population * (1 + 1e-12)
    assert found["most"][-1] == pytest.approx(min(shares) * population)
    # neither the total nor the bounds depend on the order
    back = mosaic.mosaic(frame.reverse(), population).row(-1)
    assert back[3:] == pytest.approx(found.row(-1)[3:], rel=1e-9, abs=1e-6)


def test_facts_that_are_none_are_refused() -> None:
    for share in (0.0, 1.5, -0.1, float("nan"), None):
        with pytest.raises(InputError, match="above 0"):
            mosaic.mosaic(pl.DataFrame({"fact": ["f"], "share": [share]}), 10)
    with pytest.raises(InputError, match="needs a fact"):
        mosaic.mosaic(pl.DataFrame(schema={"fact": pl.String, "share": pl.Float64}), 10)
    for population in (0.5, float("inf"), float("nan")):
        with pytest.raises(InputError, match="population"):
            mosaic.mosaic(pl.DataFrame({"fact": ["f"], "share": [0.5]}), population)
    table = pl.DataFrame({"a": [True, False], "b": [None, False]})
    with pytest.raises(InputError, match="true for somebody"):
        mosaic.check_against_table(table, {"a": pl.col("a"), "b": pl.col("b")})


@UNHURRIED
@given(arrays(np.int8, SIZES, elements=st.integers(0, 3)))
def test_what_columns_add_is_their_entropy(values: np.ndarray) -> None:
    """The bits so far are the entropy of all columns together, counted another way."""
    table = pl.DataFrame(values, schema=[f"c{n}" for n in range(values.shape[1])])
    found = mosaic.bits_learned(table, table.columns)
    for number, row in enumerate(found.iter_rows(named=True), 1):
        _, sizes = np.unique(values[:, :number], axis=0, return_counts=True)
        shares = sizes / len(values)
        assert row["bits_so_far"] == pytest.approx(-(shares * np.log2(shares)).sum(), abs=1e-9)
        assert row["alone"] == pytest.approx((sizes == 1).sum() / len(values))
        assert row["bits"] >= -1e-9
        by_record = sorted(np.repeat(sizes, sizes))
        assert row["left"] == by_record[math.ceil(len(by_record) / 2) - 1]


# -- receipts


def plain_share(visits: list[tuple[int, int, datetime]], kind: str, number: int) -> float:
    """How often `number` of a household's points are nobody else's, for the mean household."""
    traces: dict[int, set[tuple[int, str]]] = {}
    for household, store, at in visits:
        traces.setdefault(household, set()).add((store, at.strftime(ASKED[kind])))
    return float(
        np.mean(
            [
                np.mean(
                    [
                        sum(set(some) <= trace for trace in traces.values()) == 1
                        for some in combinations(sorted(own), number)
                    ]
                )
                for own in traces.values()
                if len(own) >= number
            ]
        )
    )


@settings(UNHURRIED, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 24 * 20)),
        min_size=2,
        max_size=25,
    ),
    st.sampled_from(sorted(ASKED)),
)
def test_singled_out_is_a_plain_count_where_all_points_are_known(
    drawn: list[tuple[int, int, int]], kind: str
) -> None:
    """If every household has exactly n points, which are drawn is no chance: all are."""
    visits = [(who, store, START + timedelta(hours=hour)) for who, store, hour in drawn]
    frame = pl.DataFrame(visits, schema=["household", "store", "at"], orient="row")
    points: dict[int, set[tuple[int, str]]] = {}
    for who, store, at in visits:
        points.setdefault(who, set()).add((store, at.strftime(ASKED[kind])))
    for number in {len(own) for own in points.values()}:
        only = [who for who, own in points.items() if len(own) == number]
        found = mosaic.singled_out(frame, kind, [number]).row(0, named=True)  # type: ignore[arg-type]
        able = [who for who, own in points.items() if len(own) >= number]
        assert found["people"] == len(able)
        if len(only) == len(able):
            alone = sum(sum(points[who] <= other for other in points.values()) == 1 for who in only)
            assert found["singled_out"] == pytest.approx(alone / len(only))


@pytest.mark.parametrize("kind", sorted(ASKED))
def test_singled_out_by_drawn_points_is_near_the_share_of_all_draws(kind: str) -> None:
    rng, span = np.random.default_rng(3), {"day": 24 * 12, "hour of the week": 24}[kind]
    visits = [
        (int(who), int(rng.integers(4)), START + timedelta(hours=int(rng.integers(span))))
        for who in range(80)
        for _ in range(4)
    ]
    frame = pl.DataFrame(visits, schema=["household", "store", "at"], orient="row")
    truth = plain_share(visits, kind, 2)
    shares = [mosaic.singled_out(frame, kind, [2], seed)["singled_out"][0] for seed in range(40)]  # type: ignore[arg-type]
    assert np.mean(shares) == pytest.approx(truth, abs=0.03)
    assert 0.02 < truth < 0.98
    with pytest.raises(InputError, match="one of day, hour of the week"):
        mosaic.singled_out(frame, "month")  # type: ignore[arg-type]


def test_the_published_receipts_single_out_as_often_as_reported() -> None:
    """What the request for this chapter named: 8, 72, 91, 96 % and 5, 46, 70, 84 % (UTC days)."""
    receipts = microdata("receipts").frame
    assert (len(receipts), receipts["household"].n_unique()) == (155_848, 2_469)
    for kind, told in (("day", (8, 72, 91, 96)), ("hour of the week", (5, 46, 70, 84))):
        found = mosaic.singled_out(receipts, kind)["singled_out"] * 100  # type: ignore[arg-type]
        assert found.to_list() == pytest.approx(told, abs=3)


def test_a_habit_is_a_store_and_a_weekday_on_enough_days() -> None:
    def weekly(household: int, store: int, weeks: int, day: int = 1) -> list[tuple[object, ...]]:
        return [
            (household, store, START + timedelta(days=day, weeks=week, hours=week % 9))
            for week in range(weeks)
        ]

    twice_a_day = [
        (5, 1, START + timedelta(weeks=week, hours=h)) for week in range(3) for h in (1, 2)
    ]
    rows = [*weekly(1, 7, 6), *weekly(2, 7, 5), *weekly(3, 7, 4), *weekly(4, 7, 5, 2), *twice_a_day]
    frame = pl.DataFrame(rows, schema=["household", "store", "at"], orient="row")
    found = mosaic.habits(frame, 5)
    assert found.select("household", "weekday", "days", "crowd").rows() == [
        (1, 2, 6, 2),
        (2, 2, 5, 2),
        (4, 3, 5, 1),
    ]
    with pytest.raises(InputError, match="one day or more"):
        mosaic.habits(frame, 0)


# -- the attack


def test_an_attack_counts_rows_and_right_links() -> None:
    table = pl.DataFrame({"who": [1, 2, 3, 4], "a": ["x", "y", "z", "w"], "b": [1, 1, 1, 1]})
    named = pl.DataFrame({"who": [1, 9, 3, 3], "a": ["x", "y", "z", "z"], "b": [1, 1, 1, 2]})
    by_a, by_both = attack.attack(table, named, [["a"], ["a", "b"]], "who").iter_rows(named=True)
    # x is right, y another person, z has two candidates, w none
    assert (by_a["linked"], by_a["correct"], by_a["records"]) == (2, 1, 4)
    assert (by_a["precision"], by_a["recall"]) == (0.5, 0.25)
    # by b too, z has one: 3 is found
    assert (by_both["linked"], by_both["correct"], by_both["precision"]) == (
        3,
        2,
        pytest.approx(2 / 3),
    )
    assert by_both["precision_low"] < 2 / 3 < by_both["precision_high"]
    none = attack.attack(table, named.with_columns(a=pl.lit("q")), [["a"]], "who").row(
        0, named=True
    )
    assert (none["linked"], none["precision"], none["recall"]) == (0, None, 0)


def test_votes_name_the_pseudonym_that_most_links_point_to() -> None:
    named = pl.DataFrame({"who": [1, 1, 1, 2, 2, 3], "key": list("abcdef")})
    rows = pl.DataFrame({"who": [1, 1, 7, 2, 8, 9, 9], "key": list("abcdeff")})
    found = attack.pseudonyms_by_vote(named, rows, ["key"], person="who", pseudonym="who")
    # 2's votes are tied; 3's only key is on two rows
    assert found.rows() == [(1, 3, 2, 1, True)]
    with pytest.raises(InputError, match="no column 'x'"):
        attack.pseudonyms_by_vote(named, rows, ["key"], person="who", pseudonym="x")


def test_survey_rows_become_people_and_the_fuzzy_join_finds_more() -> None:
    men = microdata("young_men").frame
    assert men.group_by("person").len()["len"].unique().to_list() == [8]
    before = men.filter(year=1986).with_columns(pl.col("experience") + 1)
    after = men.filter(year=1987)
    columns = ["education", "experience", "black", "hispanic", "region", "married", "industry"]
    [exact] = attack.attack(before, after, [columns], "person").to_dicts()
    # by a plain loop
    sizes: dict[tuple[object, ...], list[int]] = {}
    for row in after.select("person", *columns).iter_rows():
        sizes.setdefault(row[1:], []).append(row[0])
    met = [
        (row[0], sizes[row[1:]])
        for row in before.select("person", *columns).iter_rows()
        if len(sizes.get(row[1:], [])) == 1
    ]
    assert exact["linked"] == len(met)
    assert exact["correct"] == sum(named == [person] for person, named in met)
    fuzzy = attack.fuzzy_attack(
        before,
        after,
        columns,
        "person",
        within={"experience": 1},
        blocks=[["education", "black", "hispanic"]],
        errors=0.15,
        sure=(0.1, 0.5),
    )
    assert fuzzy["sure"].to_list() == [0.1, 0.5]
    assert fuzzy["correct"][0] > exact["correct"]
    assert fuzzy["precision"][0] < fuzzy["precision"][1]
    drawn = attack_charts.attack_chart(
        pl.concat([attack.attack(before, after, [columns], "person"), fuzzy]), source=SOURCE
    ).to_dict()
    assert f"{fuzzy['correct'].max()} of 545" in drawn["title"]["text"]


# -- published facts, and the list


def test_every_published_fact_has_its_source_and_assumption() -> None:
    found = everyday.published_facts()
    assert set(found["id"]) == {"home_and_work", "car", "prescription"}
    for row in found.iter_rows(named=True):
        assert row["url"].startswith("https://")
        assert row["share_low"] or row["left_low"]
    given_fact = {
        "id": "x",
        **dict.fromkeys(("en", "ko", "of_en", "of_ko", "publisher", "title", "url"), "x"),
        **dict.fromkeys(("assumption_en", "assumption_ko", "read"), None),
    }
    with pytest.raises(InputError, match="'x' has no read, assumption_en, assumption_ko"):
        everyday._parse_facts({"fact": [given_fact]})
    whole = given_fact | {"read": START.date(), "assumption_en": "x", "assumption_ko": "x"}
    for wrong in (
        {},
        {"share": [0.2, 0.1]},
        {"share": [0.1, 0.2]},
        {"count": [1, 2], "total": 0.5},
    ):
        with pytest.raises(InputError, match="'x' needs a share"):
            everyday._parse_facts({"fact": [whole | wrong]})


def test_the_list_has_all_that_the_commenter_named(listed: pl.DataFrame) -> None:
    words = " ".join(listed["fact_en"])
    for named in ("work", "nights", "jeans", "car", "every other Tuesday", "prescription", "trip"):
        assert named in words
    for row in listed.iter_rows(named=True):
        assert row["source"]
        assert row["assumption_en"]
        assert row["left_low"] <= row["left_high"]
        if row["of"] and row["left_low"]:
            assert row["bits_high"] == pytest.approx(math.log2(row["of"] / row["left_low"]))
            assert row["bits_low"] == pytest.approx(math.log2(row["of"] / row["left_high"]))
    assert listed.filter("simulated").height == 2
    said = fact_list.describe_facts(listed)
    for (english, korean), row in zip(said, listed.iter_rows(named=True), strict=True):
        assert row["source"] in english
        assert (row["source_ko"] or row["source"]) in korean
        assert row["assumption_en"] in english
        assert row["assumption_ko"] in korean
        assert english.startswith("In a simulation") == row["simulated"]


def test_charts_say_what_they_find(listed: pl.DataFrame, facts: pl.DataFrame) -> None:
    points = pl.concat(
        mosaic.singled_out(microdata("receipts").frame, kind).with_columns(kind=pl.lit(kind))  # type: ignore[arg-type]
        for kind in charts.KINDS
    )
    last = points.filter(points=4, kind="day")["singled_out"][0]
    by_fact = mosaic.bits_learned(microdata("households").frame, ["age", "income"])
    three = mosaic.mosaic(facts.filter(pl.col("fact").str.contains("waist|Golf")), 1e6)
    drawn = {
        f"{last:.0%} of households": charts.receipts_chart(points, source=SOURCE),
        f"crowd of {by_fact['left'][-1]:.0f} in 801": charts.learned_chart(by_fact, source=SOURCE),
        f"{three['left'][-1]:,.0f} people": charts.people_left_chart(three, 1e6, source=SOURCE),
        "2.5 bits": charts.fact_list_chart(listed, source=SOURCE, simulated="the lines with *"),
    }
    for words, chart in drawn.items():
        spec = chart.to_dict()
        assert words in spec["title"]["text"]
        assert spec["description"]
        assert any("출처" in line for line in spec["title"]["subtitle"])
    assert any("SIMULATED" in line for line in chart.to_dict()["title"]["subtitle"])


# -- the widget


def test_the_picker_multiplies_what_is_chosen(
    facts: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    for module in (widget, one_language):
        monkeypatch.setattr(
            module,
            "display",
            lambda piece: shown.append(piece.data if isinstance(piece, HTML) else "chart"),
        )
    box = fact_picker(facts)
    *menus, people = [each for each in box.children if isinstance(each, ipywidgets.Dropdown)]
    assert "Choose a fact" in shown[-1]
    german, golf = (
        facts.filter(pl.col("fact").str.contains(w))["fact"][0] for w in (": D", "Golf")
    )
    menus[0].value, menus[2].value, people.value = german, golf, 10_000_000
    shares = facts.filter(pl.col("fact").is_in([german, golf]))["share"]
    assert shown[-1] == "chart"
    assert f"<b>{1e7 * shares.product():,.1f}</b> of 10,000,000 people" in shown[-2]
    assert f"<b>{-math.log2(shares.product()):.1f} bits</b>" in shown[-2]
    assert "foreign arrivals in Korea" in shown[-2]
    menus[1].value = facts.filter(group="nationality")["fact"][0]
    assert "exclude each other" in shown[-1]
