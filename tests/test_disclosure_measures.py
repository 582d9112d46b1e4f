"""Measures of disclosure risk: equal to published figures and to brute force."""

from __future__ import annotations

from datetime import date
from itertools import chain, combinations, permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import poisson

from onetomany.errors import InputError
from onetomany.reidentification.classes import classes, matching
from onetomany.reidentification.closeness import hierarchical_closeness
from onetomany.reidentification.distance_linkage import (
    _distances,
    distance_links,
    information_loss,
)
from onetomany.reidentification.households import household_risk
from onetomany.reidentification.k_map import (
    CLASS_MODELS,
    k_map,
    k_map_bands,
    k_map_threshold,
)
from onetomany.reidentification.local_recoding import compare_reductions, recode_locally
from onetomany.reidentification.reduction import Hierarchy, bands
from onetomany.reidentification.risk import anonymity, diversity
from onetomany.reidentification.special_uniques import minimal_sample_uniques, special_uniques
from onetomany.sources import microdata

# the ten records of the SDC Practice Guide (github.com/ihsn/SDCPractice, measure_risk.rst, commit
# 02aac61f, tables tab44 and tab45)
GUIDE = pl.DataFrame(
    {
        "residence": ["Urban"] * 4 + ["Rural"] + ["Urban"] * 5,
        "gender": list("FFFMFMFMFF"),
        "education": ["si", "si", "pi", "sc", "sc", "sc", "pc", "ps", "si", "si"],
        "labour": ["E", "E", "N", "E", "U", "E", "N", "U", "N", "N"],
        "weight": [180.0, 180, 215, 76, 186, 76, 180, 215, 186, 76],
    }
)
KEYS = ["residence", "gender", "education", "labour"]

small_tables = st.lists(
    st.tuples(*[st.sampled_from(["x", "y", None])] * 2, st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=25,
).map(lambda rows: pl.DataFrame(rows, schema=["a", "b", "c", "d"], orient="row"))


def scores(table: pl.DataFrame, columns: list[str], **options: object) -> list[float]:
    found = special_uniques(table, columns, **options)  # type: ignore[arg-type]
    return found.records.sort("record")["score"].to_list()


# -- classes


@settings(deadline=None, max_examples=60)
@given(small_tables)
def test_nulls_match_anything_by_brute_force(table: pl.DataFrame) -> None:
    columns = table.columns
    weighted = table.with_row_index("weight", offset=1)
    found = matching(weighted, columns, weight="weight")
    rows = table.rows()

    def agree(one: tuple[object, ...], two: tuple[object, ...]) -> bool:
        return all(a == b or a is None or b is None for a, b in zip(one, two, strict=True))

    for *values, size, matched, estimated in found.iter_rows():
        own = tuple(values)
        places = [n for n, row in enumerate(rows) if agree(own, row)]
        assert (size, matched) == (rows.count(own), len(places))
        assert estimated == pytest.approx(sum(n + 1 for n in places))
    assert found.select(columns).equals(found.select(columns).sort(columns, nulls_last=False))


def test_classes_are_in_the_order_of_their_values() -> None:
    rng = np.random.default_rng(0)
    days = pl.Series([date(1899, 12, 30), date(2024, 2, 29), None])
    table = pl.DataFrame(
        {
            "text": rng.choice(["b", "", "é", "가", "B"], 300),
            "number": rng.integers(-(2**40), 2**40, 300),
            "day": days.gather(rng.integers(0, 3, 300)),
            "yes": rng.choice([True, False], 300),
            "level": pl.Series(rng.choice(["low", "high"], 300), dtype=pl.Enum(["low", "high"])),
            "real": rng.choice([1.5, -0.5, float("nan")], 300),
            "huge": pl.Series(rng.integers(0, 2**63, 300), dtype=pl.UInt64) * 2,
        }
    )
    for columns in (["text", "day"], ["number", "yes"], ["level", "text"], ["real"], ["huge"],
                    ["number", "text", "day"], table.columns):  # fmt: skip
        found = classes(table, columns)
        assert found.equals(found.sort(columns, nulls_last=False))


# -- SUDA


def test_suda_scores_of_the_practice_guide() -> None:
    assert scores(GUIDE, KEYS) == [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]
    assert scores(GUIDE, KEYS, largest=3) == [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]
    fifth = minimal_sample_uniques(GUIDE, KEYS).filter(record=5)["columns"].to_list()
    assert fifth == [
        ["residence"], ["education", "labour"], ["gender", "education"], ["gender", "labour"],
    ]  # fmt: skip


def test_dis_suda_scores_of_the_practice_guide() -> None:
    """Printed with sdcMicro's older scores, at its sampling fraction of 1 %."""
    found = special_uniques(GUIDE, KEYS, scores="ihsn").records.sort("record")
    assert found["score"].to_list() == [0, 0, 1.75, 0, 3.25, 0, 1.75, 2.75, 0, 0]
    printed = [0, 0, 0.005120313, 0, 0.010702061, 0, 0.005120313, 0.008775093, 0, 0]
    np.testing.assert_allclose(found["dis"], printed, atol=5e-10)


def test_suda_of_sdcmicros_own_tests() -> None:
    """sdcTools/sdcMicro, tests/testthat/test_suda2.R, commit 181950f6."""
    table = pl.DataFrame({"a": [2, 1, 1], "b": [0, 3, 0], "c": [0, 6, 0]})
    for order in permutations("abc"):
        found = special_uniques(table, list(order)).columns
        assert dict(found.select("column", "contribution").iter_rows()) == {
            "a": 0.5, "b": 0.375, "c": 0.375,
        }  # fmt: skip
    book = pl.DataFrame(
        {
            "age": ["20s"] * 7 + ["60s"],
            "gender": list("mmmmfffm"),
            "income": ["50k+"] * 2 + ["50k-"] * 6,
            "education": ["h", "h", "h", "h", "u", "h", "m", "u"],
        }
    )
    assert scores(book, book.columns)[4:] == [4, 2, 6, 8]


def brute_force_sets(table: pl.DataFrame) -> set[tuple[int, tuple[str, ...]]]:
    """Every set of columns of every record, by its definition."""
    rows = table.rows()
    names = table.columns
    subsets = list(chain.from_iterable(combinations(range(len(names)), n) for n in range(1, 5)))

    def alone(row: int, chosen: tuple[int, ...]) -> bool:
        mine = [rows[row][n] for n in chosen]
        return sum([other[n] for n in chosen] == mine for other in rows) == 1

    return {
        (row + 1, tuple(names[n] for n in chosen))
        for row in range(len(rows))
        for chosen in subsets
        if alone(row, chosen)
        and (len(rows) > 1 or len(chosen) == 1)
        and not any(
            alone(row, smaller)
            for n in range(1, len(chosen))
            for smaller in combinations(chosen, n)
        )
    }


@settings(deadline=None, max_examples=80)
@given(small_tables)
def test_minimal_sample_uniques_by_brute_force(table: pl.DataFrame) -> None:
    found = minimal_sample_uniques(table, table.columns)
    assert {(row, tuple(columns)) for row, columns in found.iter_rows()} == brute_force_sets(table)


@settings(deadline=None, max_examples=60)
@given(small_tables, st.integers(1, 4), st.floats(0.001, 0.999))
def test_scores_hang_together(table: pl.DataFrame, largest: int, sampled: float) -> None:
    found = special_uniques(table, table.columns, largest=largest, sampled=sampled)
    records = found.records.sort("record")
    sets = minimal_sample_uniques(table, table.columns, largest)
    counted = dict(sets.group_by("record").len().iter_rows())
    assert records["sets"].to_list() == [counted.get(n, 0) for n in records["record"]]
    # only records that are alone have a score, and each of them has one
    alone = table.select(pl.len().over(table.columns) == 1).to_series()
    assert not ((records["score"] > 0) & ~alone).any()
    if largest == 4:
        assert ((records["score"] > 0) == alone).all()
    assert records["dis"].is_between(0, 1).all()
    if found.dis is not None and largest == 4:
        # a column in every set of a record has the whole of its score
        assert (found.columns["contribution"] <= 1 + 1e-12).all()
        assert found.columns["contribution"].sum() >= 1 - 1e-12


def test_many_columns_and_what_special_uniques_refuses() -> None:
    rng = np.random.default_rng(0)
    wide = pl.DataFrame({f"c{n}": rng.integers(0, 2**62, 50) for n in range(8)})
    assert special_uniques(wide, wide.columns).records["smallest"].to_list() == [1] * 50
    with pytest.raises(InputError, match="name fewer columns"):
        special_uniques(
            pl.DataFrame({f"c{n}": [1] for n in range(30)}), [f"c{n}" for n in range(30)]
        )
    with pytest.raises(InputError, match="above 0 and below 1"):
        special_uniques(wide, wide.columns, sampled=1.0)
    with pytest.raises(InputError, match="no records"):
        special_uniques(wide.clear(), wide.columns)
    nobody = special_uniques(pl.DataFrame({"a": [1, 1]}), ["a"])
    assert nobody.dis is None
    assert nobody.columns["contribution"].to_list() == [None]


# -- k-map


def test_k_map_counts_the_population() -> None:
    people = pl.DataFrame({"a": [1] * 7 + [2] * 3 + [3]})
    table = pl.DataFrame({"a": [1, 1, 2, 3]})
    assert k_map(table, ["a"], people, k=4).row(0) == ("counted", 4, 2.0, 0.5, 1)
    assert k_map(table.head(3), ["a"], people, k=3).row(0) == ("counted", 3, 0.0, 0.0, 3)


@pytest.mark.parametrize("zero_truncated", [False, True])
def test_the_threshold_is_what_the_definition_says(zero_truncated: bool) -> None:
    """The least class size that a class of k people reaches by less than the significance."""
    model = "zero-truncated poisson" if zero_truncated else "poisson"
    for k in (2, 5, 50):
        for sampled in (1e-6, 0.01, 0.1, 0.5, 0.99):
            for level in (0.001, 0.01, 0.05):
                size = 1
                none = poisson.pmf(0, sampled * k) if zero_truncated else 0.0
                while poisson.sf(size - 1, sampled * k) / (1 - none) > level:
                    size += 1
                extra = 0 if zero_truncated else 1
                found = k_map_threshold(k, sampled, significance=level, model=model)
                assert found == min(k, max(size, 1 + zero_truncated) + extra)


def test_estimates_are_right_where_their_model_is() -> None:
    """Classes of gamma sizes, sampled: the negative binomial finds how many have under 5."""
    rng = np.random.default_rng(1)
    people = rng.poisson(rng.gamma(0.8, 9.0, 30_000))
    for sampled in (0.05, 0.3):
        seen = rng.binomial(people, sampled)
        table = pl.DataFrame({"a": np.repeat(np.arange(len(people)), seen)})
        true = float(seen[people < 5].sum() / seen.sum())
        rows = k_map(table, ["a"], int(people.sum()), k=5)
        shares = dict(rows.select("model", "share").iter_rows())
        assert abs(shares["negative binomial"] - true) < 0.01
        assert list(shares) == list(CLASS_MODELS)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(1, 10**5), min_size=1, max_size=12),
    st.floats(1e-6, 0.99),
    st.integers(1, 30),
)
def test_estimates_hold_for_any_class_size(sizes: list[int], sampled: float, k: int) -> None:
    from onetomany.reidentification.k_map import _class_model

    counts = np.array(sizes)
    people = int(counts.sum() / sampled) + 1
    for model in CLASS_MODELS:
        fitted = _class_model(counts, people, model)
        below = [fitted.expected_below(each) for each in (1, k, k + 1)]
        assert below[0] == 0
        assert 0 <= below[1] <= below[2] + 1e-9 <= counts.sum() * (1 + 1e-9) + 1e-9


def test_bands_add_up_and_k_map_refuses() -> None:
    table = microdata.microdata("adult").frame.head(2000)
    columns = ["age", "sex", "race"]
    sizes = classes(table, columns)["size"].to_numpy()
    found = k_map_bands(sizes, 100_000)
    assert found["records"].sum() == pytest.approx(2000)
    assert found["records"][0] == pytest.approx(
        k_map(table, columns, 100_000, k=2).filter(model="negative binomial")["below"].item()
    )
    with pytest.raises(InputError, match="count its classes"):
        k_map(table, columns, 2000)
    with pytest.raises(InputError, match="1 or more"):
        k_map(table, columns, 3000, k=0)
    with pytest.raises(InputError, match="no model 'x'"):
        k_map_bands(sizes, 3000, model="x")  # type: ignore[arg-type]


# -- households


def test_household_risk_of_the_practice_guide() -> None:
    """Its individual risks (code43) and global risk (code411); its formula for a household."""
    risky = GUIDE.with_columns(home=pl.Series([1, 1, 2, 2, 3, 3, 3, 4, 5, 5]))
    found = household_risk(risky, KEYS, "home", "weight")
    records = found.records.sort("record")
    printed = [
        0.005424520, 0.005424520, 0.025096439, 0.012563425, 0.028247279,
        0.012563425, 0.029010932, 0.025096439, 0.007403834, 0.007403834,
    ]  # fmt: skip
    np.testing.assert_allclose(records["own_risk"], printed, atol=5e-10)
    assert found.share_alone == pytest.approx(0.01582, abs=5e-6)
    third = 1 - (1 - printed[4]) * (1 - printed[5]) * (1 - printed[6])
    np.testing.assert_allclose(records["risk"][4:7], [third] * 3, atol=1e-9)
    assert records["members"].to_list() == [2, 2, 2, 2, 3, 3, 3, 1, 2, 2]
    assert found.expected == pytest.approx(records["risk"].sum())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12))
def test_household_risk_is_booles_sum(rows: list[tuple[int, int]]) -> None:
    """sdcMicro adds and takes off the chances of all combinations of members."""
    table = pl.DataFrame(rows, schema=["a", "home"], orient="row").with_columns(weight=3.0)
    found = household_risk(table, ["a"], "home", "weight").records.sort("record")
    for home in table["home"].unique():
        own = found["own_risk"].filter(table["home"] == home).to_list()
        boole = sum(
            (-1) ** (n + 1) * float(np.prod(chosen))
            for n in range(1, len(own) + 1)
            for chosen in combinations(own, n)
        )
        assert found["risk"].filter(table["home"] == home).to_list() == pytest.approx(
            [boole] * len(own), abs=1e-9
        )


def test_households_are_refused_where_they_are_missing() -> None:
    table = pl.DataFrame({"a": [1, 2], "home": [1, None], "weight": [1.0, 1.0]})
    with pytest.raises(InputError, match="missing in some"):
        household_risk(table, ["a"], "home", "weight")
    with pytest.raises(InputError, match="at once"):
        household_risk(table, ["home"], "home", "weight")


# -- hierarchical t


# the example of Li et al. 2007 as ARX carries it (data/test2.csv, test2_hierarchy_Disease.csv)
ILLNESS = pl.DataFrame(
    {
        "zip": ["476**"] * 3 + ["4790*"] * 3 + ["476**"] * 3,
        "illness": [
            "gastric ulcer", "gastritis", "stomach cancer", "gastritis", "flu", "bronchitis",
            "bronchitis", "pneumonia", "stomach cancer",
        ],
    }
)  # fmt: skip
TAXONOMY = Hierarchy(
    "illness",
    pl.DataFrame(
        {
            "illness": [
                "gastric ulcer", "gastritis", "stomach cancer", "flu", "bronchitis", "pneumonia",
            ],
            "1": ["stomach disease"] * 3 + ["respiratory infection"] * 3,
            "2": ["digestive system disease"] * 3 + ["vascular lung disease"] * 3,
            "3": ["respiratory & digestive disease"] * 6,
        }
    ),
)  # fmt: skip


def transported(own: dict[object, float], whole: dict[object, float], taxonomy: Hierarchy) -> float:
    """The least cost by a linear program, from the distances of each pair of values."""
    table = taxonomy.table
    values = list(whole)
    paths = {row[0]: row for row in table.iter_rows()}
    height = table.width - 1

    def apart(a: object, b: object) -> float:
        return next(n for n in range(height + 1) if paths[a][n] == paths[b][n]) / height

    cost = [apart(a, b) for a in values for b in values]
    size = len(values)
    given = np.zeros((2 * size, size * size))
    for i in range(size):
        given[i, i * size : (i + 1) * size] = 1
        given[size + i, i::size] = 1
    bounds = [own.get(each, 0.0) for each in values] + [whole[each] for each in values]
    return float(linprog(cost, A_eq=given, b_eq=bounds).fun)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(TAXONOMY.table["illness"].to_list())),
        min_size=1,
        max_size=20,
    )
)
def test_hierarchical_closeness_is_the_least_cost(rows: list[tuple[int, str]]) -> None:
    table = pl.DataFrame(rows, schema=["zip", "illness"], orient="row")
    shares = {
        home: dict(part.group_by("illness").agg(pl.len() / len(part)).iter_rows())
        for (home,), part in table.group_by("zip")
    }
    whole = dict(table.group_by("illness").agg(pl.len() / len(table)).iter_rows())
    for home, size, t in hierarchical_closeness(table, ["zip"], TAXONOMY).iter_rows():
        assert size == table.filter(zip=home).height
        assert t == pytest.approx(transported(shares[home], whole, TAXONOMY), abs=1e-7)


def test_a_taxonomy_matters_and_a_flat_one_does_not() -> None:
    flat = Hierarchy("illness", TAXONOMY.table.select("illness", "3"))
    plain = diversity(ILLNESS, ["zip"], "illness")["t"]
    found = hierarchical_closeness(ILLNESS, ["zip"], flat)["t"]
    assert found.to_list() == pytest.approx(plain.to_list())
    assert hierarchical_closeness(ILLNESS, ["zip"], TAXONOMY)["t"].to_list() == pytest.approx(
        [4 / 27, 8 / 27]
    )
    with pytest.raises(InputError, match="its root"):
        hierarchical_closeness(
            ILLNESS, ["zip"], Hierarchy("illness", TAXONOMY.table.select("illness", "1"))
        )
    with pytest.raises(InputError, match="leaves out"):
        hierarchical_closeness(ILLNESS, ["zip"], Hierarchy("illness", TAXONOMY.table.head(3)))


# -- distance-based linkage


def test_linkage_of_sdcmicros_own_tests() -> None:
    """sdcTools/sdcMicro, tests/testthat/test_recordLinkage.R (0d6f0c2e); Herranz et al. 2015."""
    one = pl.DataFrame({"v1": [1.0, 0, -1, 0], "v2": [0.0, 1, 0, -1]})
    two = pl.DataFrame({"v1": [0.0, 0, -2.1, 0], "v2": [0.0, 2.1, 0, -2.1]})
    assert distance_links(one, two, ["v1", "v2"]).assigned == 4
    line = pl.DataFrame({"v1": [1.0, 2, 3, 4]})
    moved = pl.DataFrame({"v1": [2.0, 3, 4, -0.1]})
    assert distance_links(line, moved, ["v1"]).assigned == 0
    mixed = pl.DataFrame({"age": [20, 40], "sex": ["f", "m"], "region": ["A", "B"]})
    other = pl.DataFrame({"age": [20, 30], "sex": ["f", "m"], "region": ["B", "B"]})
    [(_, block)] = _distances(mixed, other, ["age", "sex", "region"], "gower")
    np.testing.assert_allclose(block, [[1 / 3, 5 / 6], [2 / 3, 1 / 6]])


def test_equal_records_are_linked_by_chance() -> None:
    same = pl.DataFrame({"a": [1] * 8})
    found = distance_links(same, same, ["a"])
    assert (found.right, found.alone) == (1.0, 0)
    assert found.assigned is not None
    assert found.assigned < 8  # keeping the order of rows is no achievement
    nulls = pl.DataFrame({"a": [1, None, 5]})
    assert distance_links(nulls, nulls, ["a"]).right == 3


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.sampled_from("xyz")),
        min_size=2,
        max_size=15,
    ),
    st.integers(0, 99),
)
def test_nearest_records_by_a_plain_loop(rows: list[tuple[float, float, str]], seed: int) -> None:
    original = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row")
    noise = np.random.default_rng(seed).normal(size=len(rows))
    changed = original.with_columns(pl.col("a") + noise)
    ranges = [np.ptp([*original[n], *changed[n]]) or 1.0 for n in "ab"]
    right = 0.0
    for n, mine in enumerate(original.iter_rows()):
        gaps = [
            (sum(abs(mine[i] - its[i]) / ranges[i] for i in (0, 1)) + (mine[2] != its[2])) / 3
            for its in changed.iter_rows()
        ]
        near = [m for m, gap in enumerate(gaps) if gap <= min(gaps) + 1e-9]
        right += (n in near) / len(near)
    assert distance_links(original, changed, ["a", "b", "c"]).right == pytest.approx(right)


def test_information_loss_is_the_published_formula() -> None:
    """IL1s of the SDC Practice Guide (utility.rst): 1/(pn) sum |x - z| / (sqrt(2) S)."""
    rng = np.random.default_rng(3)
    x = pl.DataFrame({"a": rng.normal(50, 10, 200), "b": rng.exponential(3, 200)})
    z = x.select(pl.col("a") + 1.5, pl.col("b") * 2)
    found = information_loss(x, z, ["a", "b"])
    wanted = [
        np.mean(abs(x[n].to_numpy() - z[n].to_numpy())) / (np.sqrt(2) * x[n].std()) for n in "ab"
    ]
    np.testing.assert_allclose(found["il1s"], wanted)
    assert found["relative"][1] == pytest.approx(1.0)
    with pytest.raises(InputError, match="constant"):
        information_loss(pl.DataFrame({"a": [1, 1]}), pl.DataFrame({"a": [1, 2]}), ["a"])
    with pytest.raises(InputError, match="same person"):
        information_loss(x, z.head(3), ["a"])
    text = pl.DataFrame({"a": ["x", "y"]})
    with pytest.raises(InputError, match="use the distance 'gower'"):
        distance_links(text, text, ["a"], distance="standardised")


# -- local recoding


@settings(deadline=None, max_examples=60)
@given(small_tables, st.integers(2, 6))
def test_local_recoding_reaches_k_and_covers_each_value(table: pl.DataFrame, k: int) -> None:
    names = table.columns
    if len(table) < k:
        with pytest.raises(InputError, match="number of records"):
            recode_locally(table, names, k)
        return
    found = recode_locally(table, names, k)
    assert anonymity(found.frame, names).k >= k
    assert found.k >= k
    assert 0 <= found.loss <= 1
    for own, shown in zip(table.iter_rows(), found.frame.iter_rows(), strict=True):
        for value, text in zip(own, shown, strict=True):
            if isinstance(value, int):
                low, high = (int(each) for each in (text.split("-") * 2)[:2])
                assert low <= value <= high
            else:
                assert ("?" if value is None else value) in text.split(", ")


def test_local_recoding_of_the_patients() -> None:
    """Two groups that a cut by age parts; k at the whole table leaves one class."""
    table = pl.DataFrame(
        {"age": [25, 26, 40, 41], "sex": ["F", "M", "M", "M"], "ill": [1, 2, 3, 4]}
    )
    found = recode_locally(table, ["age", "sex"], 2)
    assert found.frame.rows() == [
        ("25-26", "F, M", 1), ("25-26", "F, M", 2), ("40-41", "M", 3), ("40-41", "M", 4),
    ]  # fmt: skip
    # each age stands for 2 of 4, each sex of the first two for 2 of 2
    assert found.loss == pytest.approx((4 * (1 / 3) + 2 * 1) / 8)
    assert (found.classes, found.average_class, found.discernibility) == (2, 1.0, 8.0)
    assert recode_locally(table, ["age", "sex"], 4).classes == 1


def test_local_recoding_loses_least_on_real_records() -> None:
    table = microdata.microdata("adult").frame.head(5000)
    columns = ["age", "sex", "race", "education"]
    found = compare_reductions(table, columns, [bands("age", table["age"], [5, 10, 20])], 5)
    assert found["method"].to_list()[0] == "local recoding"
    assert set(found["method"]) == {"local recoding", "levels", "suppression"}
    alone = found.filter(method="suppression")["suppressed"].item()
    sizes = table.select(pl.len().over(columns)).to_series()
    assert alone == int((sizes < 5).sum())
