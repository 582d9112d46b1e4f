"""The permutation test over people, and thresholds used on another set than the one set on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test as scipy_test

from onetomany import accuracy
from onetomany.errors import InputError, RefusedError
from test_differentials import CUT, compared, grouped, random_set


def by_enumeration(scores: np.ndarray, groups: list[str]) -> dict[str, float]:
    """Exact two-sided p of each group's FMR, over every way to deal the labels. Plain counting."""
    import itertools

    match = scores >= CUT.score
    count, names = len(groups), sorted(set(groups))

    def rates(dealt: tuple[str, ...]) -> list[float]:
        found = []
        for name in names:
            inside = [i for i in range(count) if dealt[i] == name]
            pairs = [match[min(p), max(p)] for p in itertools.combinations(inside, 2)]
            found.append(sum(pairs) / len(pairs))
        return found

    every = np.array([rates(dealt) for dealt in set(itertools.permutations(groups))])
    seen = np.array(rates(tuple(groups)))
    far, own = np.abs(every - every.mean(axis=0)), np.abs(seen - every.mean(axis=0))
    return dict(zip(names, (far >= own - 1e-9).mean(axis=0).tolist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_p_is_that_of_every_way_to_deal_the_labels(seed: int) -> None:
    comparisons, scores = random_set(seed, people=7)
    groups = ["F", "F", "F", "M", "M", "M", "M"]
    found = accuracy.permutation_test(comparisons, grouped(groups), "sex", CUT)
    exact = by_enumeration(scores, groups)
    for row in found.iter_rows(named=True):
        assert row["p"] == pytest.approx(exact[row["group"]], abs=0.02)


def test_fnmr_of_two_groups_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    scores = np.zeros((24, 24))
    np.fill_diagonal(scores, rng.random(24))
    scores[range(9), range(9)] *= 0.7
    groups = ["F"] * 9 + ["M"] * 15
    found = accuracy.permutation_test(
        compared(scores), grouped(groups), "sex", CUT, measure="FNMR", against="M"
    ).row(0, named=True)
    missed = (np.diag(scores) < CUT.score).astype(float)

    def apart(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        return np.abs(a.mean(axis=axis) - b.mean(axis=axis))

    other = scipy_test(
        (missed[:9], missed[9:]), apart, n_resamples=20_000, alternative="greater",
        vectorized=True, rng=np.random.default_rng(1),
    )  # fmt: skip
    assert found["p"] == pytest.approx(other.pvalue, abs=0.02)


def test_where_labels_mean_nothing_small_p_are_as_rare_as_they_say() -> None:
    """People differ in being taken for others; the labels are dealt at random."""
    rng = np.random.default_rng(8)
    small, family = 0, 0
    studies = 150
    for _ in range(studies):
        own = np.exp(0.6 * rng.standard_normal(30))
        scores = np.where(rng.random((30, 30)) < 0.05 * np.outer(own, own), 0.9, 0.1)
        groups = rng.permuted(["a"] * 15 + ["b"] * 9 + ["c"] * 6).tolist()
        found = accuracy.permutation_test(
            compared(scores), grouped(groups), "sex", CUT, permutations=199,
            seed=int(rng.integers(1 << 30)),
        )  # fmt: skip
        small += int((found["p"] <= 0.05).sum())
        family += found["p_adjusted"].min() <= 0.05  # type: ignore[operator]
    # 450 and 150 trials of at most 5 %: above these in less than 1 of 1,000 sets of studies
    assert small <= 40
    assert family <= 17


def test_a_difference_that_was_put_in_is_seen() -> None:
    seen = 0
    for seed in range(20):
        comparisons, attributes, threshold = accuracy.simulated_groups(
            {"A": 60, "B": 12}, {"A": 0.01, "B": 0.2}, across=0.01, seed=seed
        )
        found = accuracy.permutation_test(
            comparisons, attributes, "group", threshold, permutations=199
        )
        seen += found.filter(group="B")["p_adjusted"].item() <= 0.05
        assert set(found["attributes_are"]) == {"simulated"}
    assert seen >= 18


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), measure=st.sampled_from(["FMR", "FNMR"]))
def test_counts_are_those_of_rates_by_group(seed: int, measure: str) -> None:
    comparisons, scores = random_set(seed, people=15)
    groups = (["F", "M", "X"] * 5)[: len(scores)]
    cells = accuracy.rates_by_group(comparisons, grouped(groups), "sex", CUT)
    own = cells.filter("within", measure=measure).sort("group")
    found = accuracy.permutation_test(
        comparisons, grouped(groups), "sex", CUT, measure=measure, permutations=99, seed=seed
    )
    for column in ("group", "subjects", "comparisons", "errors", "rate"):
        assert found[column].to_list() == own[column].to_list()
    assert found["p"].is_between(0.01, 1).all()
    assert (found["p_adjusted"] >= found["p"]).all()


def test_groups_that_can_t_be_tested_are_left_out_or_refused() -> None:
    comparisons, _ = random_set(2, people=12)
    groups = ["F"] * 6 + ["M"] * 5 + ["X"]
    found = accuracy.permutation_test(comparisons, grouped(groups), "sex", CUT, permutations=99)
    assert found["group"].to_list() == ["F", "M"]
    with pytest.raises(InputError, match="'X' can't be the group to compare with: there are F, M"):
        accuracy.permutation_test(comparisons, grouped(groups), "sex", CUT, against="X")
    with pytest.raises(InputError, match=r"1 group\(s\) with a comparison"):
        accuracy.permutation_test(comparisons, grouped(["F"] * 12), "sex", CUT)
    with pytest.raises(RefusedError, match="not a measured threshold"):
        accuracy.permutation_test(comparisons, grouped(groups), "sex", 0.5)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="the kit never guesses them from a face"):
        accuracy.permutation_test(comparisons, None, "sex", CUT)


# --- a threshold used elsewhere ------------------------------------------------------------------


def named(comparisons: pl.DataFrame, image_set: str, model: str = "m") -> pl.DataFrame:
    return comparisons.with_columns(image_set=pl.lit(image_set), model=pl.lit(model))


def test_a_threshold_is_used_as_it_was_set() -> None:
    one, scores = random_set(1, people=40)
    two, others = random_set(2, people=30)
    sets = [named(one, "one"), named(two.with_columns(pl.col("score") ** 0.5), "two")]
    found = accuracy.transfer_thresholds(sets, [0.1, 1e-6])
    assert len(found) == 4
    row = found.filter(set_on="one", used_on="two", target=0.1).row(0, named=True)
    upper = np.triu_indices(40, 1)
    cut = np.sort(scores[upper])[::-1][int(0.1 * len(upper[0])) - 1]
    strangers = others[np.triu_indices(30, 1)] ** 0.5
    assert row["fmr"] == pytest.approx(float((strangers >= cut).mean()), abs=1e-12)
    assert row["fnmr"] == pytest.approx(float((np.diag(others) ** 0.5 < cut).mean()), abs=1e-12)
    assert row["fmr_low"] <= row["fmr"] <= row["fmr_high"]
    assert row["times"] == pytest.approx(row["fmr"] / 0.1)
    assert (row["subjects"], row["comparisons"]) == (30, 435)
    assert row["fmr_there"] <= 0.1
    # too fine for either set: the row stays, with the reason
    refused = found.filter(target=1e-6)
    assert refused["threshold"].null_count() == len(refused) == 2
    assert refused["why"].str.contains("can't be measured").all()


def test_two_models_or_one_set_are_refused() -> None:
    one, _ = random_set(1)
    with pytest.raises(RefusedError, match="on different scales"):
        accuracy.transfer_thresholds([named(one, "a"), named(one, "b", "n")], [0.1])
    with pytest.raises(InputError, match="needs two sets"):
        accuracy.transfer_thresholds([named(one, "a"), named(one, "a")], [0.1])
