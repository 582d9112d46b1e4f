"""Population uniqueness from a sample: against known truth, and against what was published."""

from __future__ import annotations

from math import comb

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from onetomany.errors import InputError
from onetomany.reidentification import copula
from onetomany.reidentification.classes import classes
from onetomany.reidentification.population import (
    _pitman,
    _snb,
    _zayatz,
    leave_out,
    population_uniqueness,
    unfitted,
)
from onetomany.reidentification.risk import anonymity
from onetomany.sources.microdata import microdata

SIX = ["age", "sex", "workclass", "relationship", "marital_status", "race"]


@pytest.fixture(scope="module")
def adult() -> pl.DataFrame:
    """The part on which CorrectMatch's authors show it."""
    return microdata("adult").frame.filter(part="data")


def sampled(sizes: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Class sizes of a simple random sample."""
    ids = np.repeat(np.arange(len(sizes)), sizes)
    kept = np.random.default_rng(seed).choice(ids, int(fraction * len(ids)), replace=False)
    return np.unique(kept, return_counts=True)[1]


def restaurant(people: int, theta: float, alpha: float, seed: int) -> np.ndarray:
    """Class sizes of Pitman's process, person by person."""
    rng = np.random.default_rng(seed)
    table_of, sizes = [0], [1]
    for n in range(1, people):
        if rng.random() < (theta + len(sizes) * alpha) / (theta + n):
            sizes.append(0)
            chosen = len(sizes) - 1
        else:
            while True:
                chosen = table_of[rng.integers(n)]
                if rng.random() < (sizes[chosen] - alpha) / sizes[chosen]:
                    break
        sizes[chosen] += 1
        table_of.append(chosen)
    return np.array(sizes)


def test_pitman_where_its_model_holds() -> None:
    population = restaurant(20_000, 30.0, 0.6, seed=1)
    true = (population == 1).sum()
    for seed in range(3):
        found = _pitman(sampled(population, 0.1, seed), 20_000)
        assert found == pytest.approx(true, rel=0.2)


def test_snb_where_its_model_holds() -> None:
    population = 1 + np.random.default_rng(0).negative_binomial(0.5, 0.05, 4000)
    total, true = int(population.sum()), (population == 1).sum()
    for seed in range(3):
        # the number of classes has to be estimated too, and small samples tell it badly
        assert _snb(sampled(population, 0.3, seed), total) == pytest.approx(true, rel=0.5)
        assert _snb(sampled(population, 0.6, seed), total) == pytest.approx(true, rel=0.1)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.integers(1, 60))
def test_zayatz_by_hand(sizes: list[int], more: int) -> None:
    sizes = [1, *sizes]
    n = sum(sizes)
    population = n + more

    def seen_once(size: int) -> float:
        return size * comb(population - size, n - 1) / comb(population, n)

    chance = sizes.count(1) * seen_once(1) / sum(seen_once(size) for size in sizes)
    wanted = sizes.count(1) * chance * population / n
    assert _zayatz(np.array(sizes), population) == pytest.approx(wanted)


def test_the_decision_rule_and_its_limits(adult: pl.DataFrame) -> None:
    small = population_uniqueness(adult.sample(1000, seed=1), SIX, len(adult), groups=5)
    rows = {row["model"]: row for row in small.to_dicts()}
    assert rows["dankar"]["chosen"] == "pitman"
    assert rows["dankar"]["uniques"] == rows["pitman"]["uniques"]
    large = population_uniqueness(adult.sample(10_000, seed=1), SIX, len(adult), groups=5)
    rows = {row["model"]: row for row in large.to_dicts()}
    lower = min(("zayatz", "snb"), key=lambda name: rows[name]["uniques"])
    assert rows["dankar"]["chosen"] == lower
    for row in large.to_dicts():
        assert row["uniqueness"] == pytest.approx(row["uniques"] / len(adult))
        assert 0 <= row["low"] < row["uniqueness"] < row["high"] <= 1
    again = population_uniqueness(adult.sample(10_000, seed=1), SIX, len(adult), groups=5)
    assert again.equals(large)


def test_a_nearly_whole_sample_tells_nearly_the_truth(adult: pl.DataFrame) -> None:
    true = anonymity(adult, SIX).uniqueness
    found = population_uniqueness(adult.sample(fraction=0.95, seed=1), SIX, len(adult), groups=5)
    for row in found.to_dicts():
        assert row["uniqueness"] == pytest.approx(true, rel=0.05)


def test_samples_that_tell_nothing() -> None:
    twins = pl.DataFrame({"a": np.repeat(np.arange(50), 2)})
    found = population_uniqueness(twins, ["a"], 1000, groups=2)
    assert found["uniques"].to_list() == [0.0] * 4
    # with 3.6 % unique, 2.5 % of such samples have no unique record
    assert found["low"].to_list() == [0.0] * 4
    assert found["high"].to_list() == pytest.approx([1 - 0.025**0.01] * 4)
    # nothing but unique records: one model takes them at their word, the others have no solution
    alone = population_uniqueness(pl.DataFrame({"a": np.arange(50)}), ["a"], 1000, groups=2)
    assert alone["uniques"].to_list() == [None, pytest.approx(1000), None, pytest.approx(1000)]
    assert alone["chosen"].to_list() == [None, None, None, "zayatz"]
    assert alone["low"].to_list() == [0.0] * 4
    assert alone["high"].to_list() == [1.0] * 4
    with pytest.raises(InputError, match="no larger than the sample"):
        population_uniqueness(twins, ["a"], 100)
    with pytest.raises(InputError, match="into 101 groups"):
        population_uniqueness(twins, ["a"], 1000, groups=101)


def test_a_sample_without_doubles_does_not_say_that_there_are_none() -> None:
    """A quarter of the people are in pairs; most samples of a thousandth show no pair."""
    population = np.concatenate([np.ones(75_000, int), np.full(12_500, 2)])
    for seed in range(20):
        sizes = sampled(population, 0.005, seed)
        low, high = unfitted(sizes, 100_000) or (1.0, 0.0)
        assert low <= 0.75 <= high
    # of many it tells more: in 60,000 of 100,000 people a quarter in pairs would show
    low, high = unfitted(np.ones(60_000, int), 100_000) or (1.0, 0.0)
    assert 0.9995 < low < 1 == high


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.integers(1, 10_000_000), min_size=1, max_size=12),
    st.integers(1, 40),
    st.floats(1e-6, 1, exclude_max=True),
)
def test_models_hold_for_classes_of_any_size(
    sizes: list[int], unique: int, fraction: float
) -> None:
    counted = np.array([1] * unique + sizes)
    population = max(int(counted.sum() / fraction), int(counted.sum()) + 1)
    for model in (_pitman, _zayatz, _snb):
        with np.errstate(all="raise", under="ignore"):
            found = model(counted, population)
        if found is not None:
            assert 0 <= found <= population * (1 + 1e-9), model
    known = unfitted(counted, population)
    assert known is None or 0 <= known[0] <= known[1] <= 1


def test_the_groups_leave_each_record_out_once() -> None:
    sizes = np.array([5, 1, 3, 2])
    parts = [each[each > 0] for each in leave_out(sizes, 3, seed=0)]
    assert sum(part.sum() for part in parts) == 2 * sizes.sum()


# -- the copula


def test_published_uniqueness_of_adult(adult: pl.DataFrame) -> None:
    """examples/demonstration-notebook.ipynb of CorrectMatch.jl, commit 2ec2dad1, by the authors of
    Nature Communications 10:3069: 32,561 records of Adult by six columns."""
    published_truth, published_whole, published_percent = 0.10853475016123583, 0.12794, 0.12435
    assert anonymity(adult, SIX).uniqueness == published_truth
    # their model fitted to all records, and ours
    whole = copula._unique(copula.fit_copula(adult, SIX), len(adult), 0) / len(adult)
    assert whole == pytest.approx(published_whole, abs=0.005)
    # fitted to 325 records; theirs is one draw, and 325 records leave about 0.02 to chance
    percent = [
        copula.uniqueness(adult.sample(325, seed=seed), SIX, len(adult), groups=2)["uniqueness"][0]
        for seed in range(5)
    ]
    assert np.mean(percent) == pytest.approx(published_percent, abs=0.02)


def test_who_is_unique_is_ranked_as_well_as_published(adult: pl.DataFrame) -> None:
    """AUC 0.84 to 0.97 on 210 populations (abstract of Nature Communications 10:3069)."""
    found = copula.individuals(copula.fit_copula(adult, SIX), adult, len(adult))
    assert found.select(SIX).equals(classes(adult, SIX).select(SIX))
    scores, sizes = found["uniqueness"].to_numpy(), found["size"].to_numpy()
    from sklearn.metrics import roc_auc_score  # with pandas: seconds

    auc = roc_auc_score(np.repeat(sizes == 1, sizes), np.repeat(scores, sizes))
    assert 0.84 <= auc <= 0.97
    p = found["probability"].to_numpy()
    assert np.allclose(scores, (1 - p) ** (len(adult) - 1))
    # of N people, the expected share of a match on p that is right
    wanted = np.mean(
        1 / (1 + np.random.default_rng(0).binomial(len(adult) - 1, p[::500], (20_000, 13))), axis=0
    )
    assert found["correctness"].to_numpy()[::500] == pytest.approx(wanted, abs=0.01)


def test_the_interval_and_its_seed(adult: pl.DataFrame) -> None:
    sample = adult.sample(2000, seed=3)
    found = copula.uniqueness(sample, SIX[:4], len(adult), groups=4)
    row = found.row(0, named=True)
    assert row["low"] < row["uniqueness"] < row["high"]
    assert copula.uniqueness(sample, SIX[:4], len(adult), groups=4).equals(found)


def test_independent_columns_are_found_independent() -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({name: rng.geometric(0.1, 5000) for name in "abc"})
    model = copula.fit_copula(table, ["a", "b", "c"])
    assert np.abs(model.correlation - np.eye(3)).max() < 0.1
    drawn = copula._unique(model, 5000, 1) / 5000
    assert drawn == pytest.approx(anonymity(table, ["a", "b", "c"]).uniqueness, abs=0.03)


@pytest.mark.parametrize("correlation", [0.3, 0.7, 0.95])
def test_a_correlation_is_found_again(correlation: float) -> None:
    rng = np.random.default_rng(0)
    normal = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 20_000)
    # commonest first, as the model orders values
    cuts = np.quantile(normal, [0.4, 0.7, 0.85, 0.95])
    table = pl.DataFrame({n: np.searchsorted(cuts, normal[:, i]) for i, n in enumerate("ab")})
    assert copula.fit_copula(table, ["a", "b"]).correlation[0, 1] == pytest.approx(
        correlation, abs=0.03
    )


def test_boxes_of_a_normal_distribution() -> None:
    rng = np.random.default_rng(0)
    shape = np.array([[1, 0.5, 0.2], [0.5, 1, 0.7], [0.2, 0.7, 1]])
    bounds = np.sort(rng.random((2, 20, 3)), axis=0)
    ours = copula._cell_probability(shape, bounds[0], bounds[1], points=1024)

    wanted = [
        multivariate_normal(cov=shape, maxpts=200_000, abseps=1e-7, releps=1e-7).cdf(
            ndtri(high), lower_limit=ndtri(low)
        )
        for low, high in zip(bounds[0], bounds[1], strict=True)
    ]
    assert ours == pytest.approx(np.array(wanted), rel=0.01, abs=1e-5)
    apart = copula._cell_probability(np.eye(3), bounds[0], bounds[1])
    assert apart == pytest.approx((bounds[1] - bounds[0]).prod(axis=1))


def test_a_value_the_model_has_not_seen(adult: pl.DataFrame) -> None:
    model = copula.fit_copula(adult.filter(pl.col("age") > 30), ["age", "sex"])
    with pytest.raises(InputError, match="no record with age"):
        copula.individuals(model, adult, len(adult))
    with pytest.raises(InputError, match="no larger than the sample"):
        copula.uniqueness(adult, ["age"], len(adult))
