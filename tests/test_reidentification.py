"""Equivalence classes and what they give away: equal to pycanon, to sdcMicro's manual, to brute
force; all combinations; what reaching k costs; linkage; the tables behind them."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations as choose
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from onetomany.errors import DatasheetError, InputError, IntegrityError
from onetomany.reidentification import combinations as lattice
from onetomany.reidentification.attack import attack
from onetomany.reidentification.classes import classes, matching
from onetomany.reidentification.combinations import combinations
from onetomany.reidentification.linkage import exact_links, fuzzy_links
from onetomany.reidentification.reduction import Hierarchy, bands, groups, what_if
from onetomany.reidentification.risk import (
    _mean_share,
    anonymity,
    diversity,
    individual_risk,
    presence,
    privacy,
    risks,
)
from onetomany.sources import microdata as tables

TEN = [
    "age", "workclass", "education", "marital_status", "occupation",
    "relationship", "race", "sex", "hours_per_week", "native_country",
]  # fmt: skip
KEYS = ["Key1", "Key2", "Key3", "Key4"]

small_tables = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", None]), st.integers(0, 2), st.booleans(), st.integers(0, 3)
    ),
    min_size=1,
    max_size=40,
).map(lambda rows: pl.DataFrame(rows, schema=["a", "b", "c", "s"], orient="row"))


@pytest.fixture(scope="module")
def adult() -> pl.DataFrame:
    return tables.microdata("adult").frame


@pytest.fixture(scope="module")
def francdat() -> pl.DataFrame:
    return tables.microdata("francdat").frame


# -- the classes


@settings(deadline=None, max_examples=40)
@given(small_tables)
def test_classes_are_a_count_of_rows_by_either_engine(table: pl.DataFrame) -> None:
    found = classes(table, ["a", "b", "c"])
    assert Counter(table.select("a", "b", "c").iter_rows()) == {
        row[:3]: row[3] for row in found.iter_rows()
    }
    assert found.equals(classes(table, ["a", "b", "c"], engine="duckdb"))
    assert found.equals(classes(table.lazy(), ["a", "b", "c"]))


def test_every_kind_of_table_gives_the_same_classes(adult: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "adult.parquet"
    adult.write_parquet(path)
    wanted = classes(adult, TEN[:4])
    assert classes(path, TEN[:4]).equals(wanted)
    assert classes(str(path), TEN[:4], engine="duckdb").equals(wanted)
    with duckdb.connect() as db:
        assert classes(db.read_parquet(str(path)), TEN[:4]).equals(wanted)


def test_large_files_go_to_duckdb(
    adult: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onetomany.reidentification import classes as module

    asked = []
    monkeypatch.setattr(module, "SPILLS", 1000)
    monkeypatch.setattr(module, "_by_duckdb", lambda *a: asked.append(a) or classes(adult, ["sex"]))
    path = tmp_path / "adult.parquet"
    adult.write_parquet(path)
    module.group_classes(path, ["sex"])
    adult.head(1000).write_parquet(path)
    module.group_classes(path, ["sex"])
    assert len(asked) == 1


def test_one_record_constant_columns_and_nulls() -> None:
    one = anonymity(pl.DataFrame({"a": [None], "b": ["x"]}), ["a", "b"])
    assert (one.records, one.classes, one.k, one.unique, one.uniqueness) == (1, 1, 1, 1, 1.0)
    same = pl.DataFrame({"a": ["x"] * 5, "b": [1, 1, 1, None, None]})
    assert anonymity(same, ["a"]).k == 5
    # a null is a value of its own
    assert classes(same, ["a", "b"]).rows() == [("x", None, 2), ("x", 1, 3)]
    # or stands for any
    assert matching(same, ["a", "b"])["matching"].to_list() == [5, 5]


def test_what_is_refused(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": [1, 2], "size": [1, 1], "l": [[1], [2]]})
    with pytest.raises(InputError, match="no column 'z'"):
        classes(table, ["a", "z"])
    with pytest.raises(InputError, match="each once"):
        classes(table, ["a", "a"])
    with pytest.raises(InputError, match="as a list"):
        classes(table, "a")
    with pytest.raises(InputError, match="at least one"):
        classes(table, [])
    with pytest.raises(InputError, match="The name 'size' is reserved"):
        classes(table, ["size"])
    with pytest.raises(InputError, match=r"'l' contains lists or records \(List"):
        classes(table, ["l"])
    with pytest.raises(InputError, match="no records"):
        classes(table.clear(), ["a"])
    mixed = pl.DataFrame({"m": pl.Series([1, "x"], dtype=pl.Object)})
    with pytest.raises(InputError, match="'m' contains values of no plain type"):
        classes(mixed, ["m"])
    with pytest.raises(InputError, match="no file"):
        classes(tmp_path / "none.parquet", ["a"])
    (tmp_path / "a.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="not a parquet file"):
        classes(tmp_path / "a.parquet", ["a"])
    with pytest.raises(InputError, match="above 0"):
        matching(pl.DataFrame({"a": [1, 2], "w": [1.0, None]}), ["a"], weight="w")
    with pytest.raises(InputError, match="at once"):
        matching(pl.DataFrame({"a": [1]}), ["a"], weight="a")


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 10_000_000), st.floats(1e-6, 1))
def test_individual_risk_of_classes_of_any_size(records: int, share: float) -> None:
    """Against the mean of 1/F as an integral: p times u^(f-1) / (p + (1 - p) u) from 0 to 1."""
    risk = _mean_share(np.array([records], float), np.array([share]))[0]

    def plain(u: float) -> float:
        return u ** (records - 1) * share / (share + (1 - share) * u)

    def shrunk(v: float) -> float:  # u = v^(1/f): the same, for classes whose power is all at 1
        return share / (share + (1 - share) * v ** (1 / records)) / records

    breaks = [10.0**-n for n in range(12, 0, -1)]
    integrand = plain if records < 50 else shrunk
    expected, _ = quad(integrand, 0, 1, points=breaks, limit=500, epsabs=0, epsrel=1e-9)
    assert risk == pytest.approx(expected, rel=1e-5)
    assert share / records * (1 - 1e-9) <= risk <= 1 / records * (1 + 1e-9)


def test_individual_risk_of_a_large_class() -> None:
    """200 records of weight 100 were no number: 2F1 overflowed from 100 records on."""
    table = pl.DataFrame({"city": ["A"] * 200, "w": [100.0] * 200})
    found = individual_risk(table, ["city"], "w")["risk"].to_list()
    assert found == pytest.approx([1 / 19_900], rel=0.01)


# -- measures


def test_figures_of_sdcmicros_manual(francdat: pl.DataFrame) -> None:
    """docs/reference/{indivRisk,sdcMicro-package}.html of sdcTools/sdcMicro, commit 2986cc2f."""
    found = francdat.join(individual_risk(francdat, KEYS, "w"), on=KEYS, maintain_order="left")
    assert found["matching"].to_list() == [2, 2, 2, 1, 1, 1, 1, 2]
    assert found["estimated"].to_list() == [110.0, 84.5, 84.5, 17.0, 541.0, 8.0, 5.0, 110.0]
    published = [
        0.01714426, 0.02204233, 0.02204233, 0.17707583, 0.01165448, 0.29706308, 0.40235948,
        0.01714426,
    ]  # fmt: skip
    assert found["risk"].to_list() == pytest.approx(published, abs=5e-9)
    # x[3,5] <- NA; x[4,2] <- x[4,4] <- NA; x[5,6] <- NA; x[6,2] <- NA
    gaps = {"Key3": [2], "Key1": [3, 5], "Key2": [3], "Key4": [4]}
    holed = francdat.with_columns(
        pl.when(pl.int_range(8).is_in(rows)).then(None).otherwise(name).alias(name)
        for name, rows in gaps.items()
    )
    found = holed.join(
        matching(holed, KEYS, weight="w"), on=KEYS, nulls_equal=True, maintain_order="left"
    )
    published = [149.0, 84.5, 194.5, 563.0, 566.0, 549.0, 22.0, 149.0]
    assert found["estimated"].to_list() == published


@pytest.mark.parametrize("columns", [["sex", "race"], ["education", "sex"]])
@pytest.mark.parametrize("sensitive", ["hours_per_week", "occupation", "income"])
def test_equals_pycanon_on_real_records(
    adult: pl.DataFrame, columns: list[str], sensitive: str
) -> None:
    import pycanon.anonymity as pycanon

    # pycanon drops records with nulls from its classes, so here they are a word
    table = (
        adult.filter(part="test")
        .select(*columns, sensitive)
        .with_columns(pl.col(pl.String).fill_null("?"))
    )
    frame = table.to_pandas()
    ours = privacy(table, columns, sensitive)
    assert ours.k == pycanon.k_anonymity(frame, columns)
    given_ = (frame, columns, [sensitive])
    alpha, k = pycanon.alpha_k_anonymity(*given_)
    assert (ours.alpha, ours.k) == (pytest.approx(alpha, abs=1e-9), k)
    assert ours.distinct_l == pycanon.l_diversity(*given_)
    # pycanon rounds down
    assert int(ours.entropy_l + 1e-9) == pycanon.entropy_l_diversity(*given_)
    assert ours.t == pytest.approx(pycanon.t_closeness(*given_), abs=1e-9)
    assert ours.beta == pytest.approx(pycanon.basic_beta_likeness(*given_), abs=1e-9)
    assert ours.enhanced_beta == pytest.approx(pycanon.enhanced_beta_likeness(*given_), abs=1e-9)
    assert ours.delta == pytest.approx(pycanon.delta_disclosure(*given_), abs=1e-9)


def brute_distance(own: list[int], whole: list[int]) -> float:
    """The earth mover's distance over ranks, value by value."""
    values = sorted(set(whole))
    if len(values) == 1:
        return 0.0
    gap = total = 0.0
    for value in values:
        gap += own.count(value) / len(own) - whole.count(value) / len(whole)
        total += abs(gap)
    return total / (len(values) - 1)


@settings(deadline=None, max_examples=60)
@given(small_tables)
def test_diversity_by_hand(table: pl.DataFrame) -> None:
    found = diversity(table, ["a", "b"], "s")
    whole = table["s"].to_list()
    least = int(str(found["distinct"].min()))
    for row in found.iter_rows(named=True):
        mine = [s for a, b, _, s in table.iter_rows() if (a, b) == (row["a"], row["b"])]
        counts = sorted(Counter(mine).values(), reverse=True)
        shares = np.array(counts) / len(mine)
        assert (row["size"], row["distinct"]) == (len(mine), len(counts))
        assert row["entropy_l"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
        assert row["alpha"] == pytest.approx(shares[0])
        assert row["t"] == pytest.approx(brute_distance(mine, whole), abs=1e-12)
        ratios = [
            mine.count(s) / len(mine) / (whole.count(s) / len(whole)) for s in sorted(set(mine))
        ]
        assert row["beta"] == pytest.approx(max(ratios) - 1)
        assert row["delta"] == pytest.approx(max(abs(np.log(ratios))))
        # Machanavajjhala and others: r_1 < c (r_l + ... + r_m); pycanon sorts the other way round
        wanted = None if least == 1 else pytest.approx(counts[0] / sum(counts[least - 1 :]))
        assert row["c"] == wanted


def test_a_sensitive_column_among_the_quasi_identifiers_is_refused(adult: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="sensitive and a quasi-identifier"):
        privacy(adult, ["sex", "income"], "income")
    with pytest.raises(InputError, match="can't be ordered"):
        privacy(pl.DataFrame({"a": [1, 1], "s": [2, None]}), ["a"], "s")


@settings(deadline=None, max_examples=40)
@given(small_tables, st.data())
def test_risks_by_hand(population: pl.DataFrame, data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.integers(0, len(population) - 1), min_size=1))
    table = population[sorted(kept)]
    own, others = (Counter(each.select("a", "b").iter_rows()) for each in (table, population))
    keys = list(table.select("a", "b").iter_rows())
    found = {r["attacker"]: r for r in risks(table, ["a", "b"], population=population).to_dicts()}
    assert found["prosecutor"]["average"] == pytest.approx(np.mean([1 / own[k] for k in keys]))
    assert found["prosecutor"]["highest"] == 1 / min(own.values())
    named = [1 / others[k] for k in keys]
    assert found["journalist"]["highest"] == pytest.approx(max(named))
    assert found["marketer"]["average"] == pytest.approx(np.mean(named))
    assert found["journalist"]["at_risk"] == pytest.approx(np.mean([r > 0.2 for r in named]))
    alone = risks(table, ["a", "b"])
    assert alone["attacker"].to_list() == ["prosecutor", "marketer"]
    for *key, size, crowd, delta in presence(table, population, ["a", "b"]).iter_rows():
        assert (size, crowd) == (own.get(tuple(key), 0), others[tuple(key)])
        assert delta == pytest.approx(size / crowd)


def test_a_population_must_hold_the_table(adult: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="fewer records than the table in 1 classes"):
        risks(adult, ["sex"], population=adult.filter(sex="Male"))
    with pytest.raises(InputError, match="same type"):
        presence(adult, adult.with_columns(pl.col("age").cast(pl.String)), ["age"])
    with pytest.raises(InputError, match="from 0 to 1"):
        risks(adult, ["sex"], threshold=5)


# -- combinations


@settings(deadline=None, max_examples=25)
@given(small_tables, st.integers(1, 4), st.sampled_from([1 << 62, 8]))
def test_combinations_by_brute_force(table: pl.DataFrame, largest: int, word: int) -> None:
    names = ["a", "b", "c", "s"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "WORD", word)  # several words where few digits fit into one
        found = combinations(table, names, largest)
    wanted = [list(each) for n in range(1, largest + 1) for each in choose(names, n)]
    assert sorted(found["columns"].to_list()) == sorted(wanted)
    for row in found.iter_rows(named=True):
        sizes = list(Counter(table.select(row["columns"]).iter_rows()).values())
        assert (row["number"], row["classes"]) == (len(row["columns"]), len(sizes))
        assert (row["k"], row["unique"]) == (min(sizes), sizes.count(1))
        assert row["uniqueness"] == pytest.approx(sizes.count(1) / len(table))
        assert row["average_risk"] == pytest.approx(len(sizes) / len(table))
    assert found["uniqueness"].is_sorted(descending=True)


def test_all_combinations_of_ten_real_columns(adult: pl.DataFrame) -> None:
    found = combinations(adult, TEN)
    assert len(found) == 1023
    for row in found.sample(20, seed=1).iter_rows(named=True):
        sizes = adult.group_by(row["columns"]).len()["len"]
        assert (row["classes"], row["k"], row["unique"]) == (
            len(sizes), sizes.min(), (sizes == 1).sum(),
        )  # fmt: skip
    with pytest.raises(InputError, match="20 columns"):
        combinations(adult, TEN, 0)


def test_an_empty_column_singles_nobody_out(adult: pl.DataFrame) -> None:
    table = adult.head(100).select("age", "sex", gap=pl.lit(None, pl.String), one=pl.lit(1))
    found = {"+".join(r["columns"]): r for r in combinations(table, table.columns).to_dicts()}
    assert found["gap"]["classes"] == found["gap+one"]["classes"] == 1
    assert found["age+sex"]["unique"] == found["age+sex+gap+one"]["unique"]


# -- what reaching k costs


def test_what_must_be_given_up_by_hand(adult: pl.DataFrame) -> None:
    table = adult.select("age", "sex", "native_country").head(3000)
    countries = table["native_country"].drop_nulls().unique()
    here = {c: "US" if c == "United-States" else "abroad" for c in countries}
    steps = [
        bands("age", table["age"], [5, 10]),
        groups("native_country", table["native_country"], here, "US or abroad"),
    ]
    found = what_if(table, table.columns, steps, 5, allowed=0.01)
    assert len(found) == 4 * 2 * 3
    assert found["loss"].is_sorted()
    chosen = ["age in 10s", "sex", "US or abroad"]
    row = next(row for row in found.iter_rows(named=True) if row["levels"] == chosen)
    reduced = [
        (a // 10, s, None if c is None else c == "United-States") for a, s, c in table.iter_rows()
    ]
    sizes = Counter(reduced)
    gone = [key for key in reduced if sizes[key] < 5]
    assert (row["k"], row["classes"]) == (min(sizes.values()), len(sizes))
    assert row["suppressed"] == len(gone)
    assert row["reaches"] == (len(gone) <= 0.01 * len(reduced))
    ages, lands = table["age"].unique(), table["native_country"].unique()
    lost = 0.0
    for (decade, _, home), size in sizes.items():
        if size < 5:
            lost += size * 3
            continue
        lost += size * ((ages // 10 == decade).sum() - 1) / (len(ages) - 1)
        of = 1 if home in (None, True) else len(lands) - 2
        lost += size * (of - 1) / (len(lands) - 1)
    assert row["loss"] == pytest.approx(lost / 3 / len(reduced))
    kept = sum(size**2 for size in sizes.values() if size >= 5)
    assert row["discernibility"] == kept + len(gone) * len(reduced)
    everything = found.filter(pl.col("loss") == 1)
    assert everything["classes"].to_list() == [1]


def test_hierarchies_that_are_none(adult: pl.DataFrame) -> None:
    ages = adult["age"]
    with pytest.raises(InputError, match="a multiple of the one before"):
        bands("age", ages, [5, 12])
    with pytest.raises(InputError, match="whole numbers"):
        bands("sex", adult["sex"], [5])
    with pytest.raises(InputError, match="leave out 'Female'"):
        groups("sex", adult["sex"], {"Male": "m"}, "group")
    crossed = pl.DataFrame({"v": [1, 2], "fine": ["x", "x"], "coarse": ["y", "z"]})
    with pytest.raises(InputError, match="is inconsistent"):
        Hierarchy("v", crossed)
    with pytest.raises(InputError, match="names a value twice"):
        Hierarchy("v", pl.DataFrame({"v": [1, 1], "c": ["x", "x"]}))
    young = bands("age", ages.filter(ages < 30), [5])
    with pytest.raises(InputError, match="has no row for"):
        what_if(adult, ["age"], [young], 5)
    with pytest.raises(InputError, match="not among the columns"):
        what_if(adult, ["sex"], [young], 5)
    with pytest.raises(InputError, match="k of 2 or more"):
        what_if(adult, ["sex"], [], 1)


# -- linkage


def test_an_exact_join_and_how_many_of_its_links_are_right(adult: pl.DataFrame) -> None:
    named = adult.with_row_index("person")
    columns = ["age", "sex", "race", "education", "marital_status", "occupation", "native_country"]
    taken = named.sample(3000, seed=1)
    whole = exact_links(taken, named, columns)
    right = attack(taken, named, [columns], "person").row(0, named=True)
    sizes = Counter(named.select(columns).iter_rows())
    alone = sum(sizes[row] == 1 for row in taken.select(columns).iter_rows())
    # unique among all: each of them is right
    assert (whole.none, whole.one, right["correct"], right["precision"]) == (0, alone, alone, 1.0)
    assert right["precision_low"] == pytest.approx(0.025 ** (1 / alone))
    assert whole.several == 3000 - alone
    # a link to the only candidate is wrong where the right one isn't there or has other values
    rng = np.random.default_rng(0)
    moved = taken.with_columns(
        pl.col("age") + pl.Series(rng.choice([-1, 0, 1], 3000).astype(np.int32))
    )
    worse = exact_links(moved, named, columns)
    share = attack(moved, named, [columns], "person").row(0, named=True)
    assert 0.3 < share["precision_low"] < share["precision"] < share["precision_high"] < 0.9
    assert worse.mutual <= worse.one == share["linked"]
    with pytest.raises(InputError, match="is the answer"):
        attack(taken, named, [[*columns, "person"]], "person")
    with pytest.raises(InputError, match="same type"):
        exact_links(taken.cast({"age": pl.String}), named, columns)


def test_fuzzy_linkage_says_what_it_needs(
    adult: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)  # as where it is not installed
    with pytest.raises(InputError, match=r"\(splink\): run pip install 'onetomany\[linkage\]'"):
        fuzzy_links(adult, adult, ["age"], blocks=[["age"]])


def test_fuzzy_linkage_finds_what_an_exact_join_misses(adult: pl.DataFrame) -> None:
    columns = ["age", "sex", "race", "education", "marital_status", "occupation", "native_country"]
    named = adult.with_row_index("person").sample(5000, seed=2)
    moved = named.sample(1000, seed=3).with_columns(age=pl.col("age") + 1)
    blocks = [["sex", "education", "occupation"], ["age", "marital_status"]]
    found = fuzzy_links(
        moved, named, columns, within={"age": 1}, blocks=blocks, truth="person", threshold=0.01
    )
    exact = attack(moved, named, [columns], "person")
    alone = found.filter(rivals=0)
    assert alone["correct"].sum() > 2 * exact["correct"].item()
    again = fuzzy_links(
        moved, named, columns, within={"age": 1}, blocks=blocks, truth="person", threshold=0.01
    )
    assert again.equals(found)
    with pytest.raises(InputError, match="blocks"):
        fuzzy_links(moved, named, columns, blocks=[])


# -- the tables


def test_carried_tables_are_those_registered(tmp_path: Path) -> None:
    every = "adult, body, coupon_lines, francdat, households, receipts, redemptions, young_men"
    with pytest.raises(InputError, match=f"there are {every}\\."):
        tables.microdata("another")
    adult = tables.microdata("adult")
    assert adult.sheet.kind == "real"
    assert adult.frame.height == adult.sheet.records == 48_842
    assert adult.frame.filter(part="data").height == 32_561
    # adult.names: 3,620 instances with unknown values (48,842 less 45,222)
    assert adult.frame.filter(pl.any_horizontal(pl.all().is_null())).height == 48_842 - 45_222
    with pytest.raises(InputError, match="no table 'x'"):
        tables.microdata("x")
    sheets = (tables.DATA / "sheets.toml").read_text(encoding="utf-8")
    (tmp_path / "sheets.toml").write_text(sheets, encoding="utf-8")
    data = (tables.DATA / "francdat.csv").read_text()
    (tmp_path / "francdat.csv").write_text(data.replace("541.0", "540.0"))
    with pytest.raises(IntegrityError, match="SHA-256"):
        tables.microdata("francdat", tmp_path)
    (tmp_path / "sheets.toml").write_text(sheets.replace("licence =", "license ="))
    with pytest.raises(DatasheetError, match=r"unknown field 'license' \(similar: licence"):
        tables.microdata("francdat", tmp_path)
