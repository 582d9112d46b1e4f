"""Error rates against published figures, a second implementation, and properties."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import binomtest

from onetomany import accuracy, sources
from onetomany.accuracy.intervals import unseen, unseen_between
from onetomany.errors import InputError


def scored(mated: list[float], non_mated: list[float], subjects: int = 6) -> pl.DataFrame:
    """Comparisons with given scores, dealt over a few subjects."""
    scores = [*mated, *non_mated]
    first = [f"s{n % subjects}" for n in range(len(scores))]
    second = [
        subject if n < len(mated) else f"s{(n + 1 + n // subjects % (subjects - 1)) % subjects}"
        for n, subject in enumerate(first)
    ]
    return pl.DataFrame(
        {"subject_a": first, "subject_b": second, "score": scores, "model": "m", "image_set": "i"}
    ).with_columns(mated=pl.Series([True] * len(mated) + [False] * len(non_mated)))


def values(summary: pl.DataFrame) -> dict[str, float]:
    return dict(zip(summary["figure"], summary["value"], strict=True))


# --- what the issue states of the real set ------------------------------------------------------


def test_the_real_set_reaches_the_stated_figures(
    templates: pl.DataFrame, comparisons: pl.DataFrame
) -> None:
    assert len(comparisons) == len(templates) * (len(templates) - 1) // 2
    figures = values(accuracy.summary(comparisons))
    assert figures["AUC"] >= 0.999
    assert figures["TMR at FMR 0.001"] >= 0.91
    rank_1 = accuracy.cmc(accuracy.leave_one_out(templates), ranks=1)
    assert rank_1["identified"][0] >= 0.995


def test_all_pairs_are_compared_once_by_cosine(templates: pl.DataFrame) -> None:
    few = templates.head(15)
    found = accuracy.compare_all(few)
    vectors = dict(zip(few["template_id"], few["template"].to_numpy(), strict=True))
    assert len(set(found.select("a", "b").rows())) == 105
    for a, b, score, mated in found.select("a", "b", "score", "mated").iter_rows():
        assert score == pytest.approx(float(vectors[a] @ vectors[b]), abs=1e-6)
        assert mated == (a.split("/")[0] == b.split("/")[0])


# --- a second implementation on the same scores --------------------------------------------------


def test_rates_equal_scikit_learns(comparisons: pl.DataFrame) -> None:
    from sklearn.metrics import roc_curve

    truth, scores = comparisons["mated"].to_numpy(), comparisons["score"].to_numpy()
    fpr, tpr, cuts = roc_curve(truth, scores, drop_intermediate=False)
    ours = accuracy.roc(comparisons)
    assert np.abs(ours["fmr"].to_numpy() - fpr[1:]).max() < 1e-9
    assert np.abs(1 - ours["fnmr"].to_numpy() - tpr[1:]).max() < 1e-9
    assert (ours["threshold"].to_numpy() == cuts[1:]).all()


def test_det_equals_scikit_learns(comparisons: pl.DataFrame) -> None:
    from sklearn.metrics import det_curve

    fpr, fnr, cuts = det_curve(comparisons["mated"].to_numpy(), comparisons["score"].to_numpy())
    chosen = np.linspace(0, len(cuts) - 1, 60).astype(int)
    ours = accuracy.error_rates(comparisons, cuts[chosen])
    assert np.abs(ours["fmr"].to_numpy() - fpr[chosen]).max() < 1e-9
    assert np.abs(ours["fnmr"].to_numpy() - fnr[chosen]).max() < 1e-9


def test_auc_and_eer_equal_a_second_implementation(comparisons: pl.DataFrame) -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    truth, scores = comparisons["mated"].to_numpy(), comparisons["score"].to_numpy()
    ours = values(accuracy.summary(comparisons))
    assert ours["AUC"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-9)
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    crossing = brentq(lambda x: 1 - x - interp1d(fpr, tpr)(x), 0, 1, xtol=1e-13)
    assert ours["EER"] == pytest.approx(crossing, abs=1e-9)


grid_scores = st.lists(st.integers(0, 12).map(lambda n: n / 12), min_size=2, max_size=40)


@settings(max_examples=120, deadline=None)
@given(mated=grid_scores, non_mated=grid_scores)
def test_ties_are_counted_as_scikit_learn_counts_them(
    mated: list[float], non_mated: list[float]
) -> None:
    """Scores on a coarse grid, so that nearly everything is tied."""
    from sklearn.metrics import roc_auc_score, roc_curve

    comparisons = scored(mated, non_mated)
    truth, scores = comparisons["mated"].to_numpy(), comparisons["score"].to_numpy()
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    ours = accuracy.roc(comparisons)
    assert np.allclose(ours["fmr"], fpr[1:], atol=1e-12)
    assert np.allclose(ours["fnmr"], 1 - tpr[1:], atol=1e-12)
    found = values(accuracy.summary(comparisons, [0.1]))
    assert found["AUC"] == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    if len(non_mated) < 10:  # not one false match is due
        assert found["TMR at FMR 0.1"] is None
        return
    best = max(t for f, t in zip(fpr, tpr, strict=True) if f <= 0.1)
    assert found["TMR at FMR 0.1"] == pytest.approx(best, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    mated=grid_scores,
    non_mated=grid_scores,
    cuts=st.lists(st.floats(-1, 2), min_size=1, max_size=9),
)
def test_rates_are_plain_counts(
    mated: list[float], non_mated: list[float], cuts: list[float]
) -> None:
    rates = accuracy.error_rates(scored(mated, non_mated), cuts)
    for cut, fmr, fnmr in rates.select("threshold", "fmr", "fnmr").iter_rows():
        assert fmr == pytest.approx(np.mean(np.array(non_mated) >= cut), abs=1e-12)
        assert fnmr == pytest.approx(np.mean(np.array(mated) < cut), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(non_mated=st.lists(st.floats(0, 1), min_size=2, max_size=60), target=st.floats(0.02, 1))
def test_the_threshold_is_the_lowest_within_the_target(
    non_mated: list[float], target: float
) -> None:
    assume(target * len(non_mated) >= 1)
    threshold = accuracy.threshold_at_fmr(scored([1.0], non_mated), target)
    scores = np.array(non_mated)
    assert (scores >= threshold.score).mean() == threshold.fmr <= target + 1e-9
    lower = scores[scores < threshold.score]
    if len(lower):
        assert (scores >= lower.max()).mean() > target - 1e-9


def test_a_rate_that_can_not_be_seen_is_not_claimed(comparisons: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="can't be measured with 77,610"):
        accuracy.threshold_at_fmr(comparisons, 1e-6)


def test_rates_need_both_kinds() -> None:
    with pytest.raises(InputError, match="no non-mated"):
        accuracy.roc(scored([0.5, 0.6], []))
    with pytest.raises(InputError, match="no mated"):
        accuracy.summary(scored([], [0.5, 0.6]))


# --- intervals -----------------------------------------------------------------------------------


def test_intervals_hold_the_value_and_are_repeatable(comparisons: pl.DataFrame) -> None:
    first = accuracy.summary(comparisons)
    assert (first["low"] <= first["value"]).all()
    assert (first["value"] <= first["high"]).all()
    assert first.equals(accuracy.summary(comparisons))
    assert set(first["method"]) == {"by person, 40 subjects"}


def test_intervals_by_subject_are_wider_than_by_pair(comparisons: pl.DataFrame) -> None:
    row = accuracy.summary(comparisons, [1e-3]).row(2, named=True)
    mated = int(comparisons["mated"].sum())
    low, high = accuracy.wilson(round(row["value"] * mated), mated)
    assert row["high"] - row["low"] > 2 * (high - low)


def test_intervals_cover_the_truth() -> None:
    """Simulated subjects of known error: 95 % intervals hold the true rate about as often."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(120):
        skill = rng.beta(2, 6, size=50)  # each person's own error rate; the mean is 1/4
        errors = rng.random((50, 8)) < skill[:, None]
        found = accuracy.ratio_interval(errors.sum(1), [8] * 50)
        covered += found.low <= 0.25 <= found.high
    assert 0.88 <= covered / 120 <= 0.995


def test_a_ratio_is_drawn_by_subject_and_not_by_what_they_have() -> None:
    """Ten people with a hundred searches each, all or none of them wrong: as wide as ten draws."""
    wrong = [100, 0] * 5
    found = accuracy.ratio_interval(wrong, [100] * 10)
    assert found.low < 0.25
    assert found.high > 0.75
    assert found.method == "by person, 10 subjects"
    nothing = accuracy.ratio_interval([0, 0], [3, 4])
    assert (nothing.low, nothing.high) == (0, unseen(2))
    # one person shows nothing of how people differ
    alone = accuracy.ratio_interval([1, 0], [2, 0])
    assert (alone.low, alone.high) == (0, 1)
    with pytest.raises(InputError, match="its denominator is 0"):
        accuracy.ratio_interval([0, 0], [0, 0])


@given(people=st.integers(1, 60))
def test_where_no_error_was_seen_each_person_is_one_trial(people: int) -> None:
    """Clopper and Pearson's upper limit, however many pictures the people have."""
    exact = binomtest(0, people).proportion_ci(method="exact").high
    found = accuracy.ratio_interval([0] * people, [50] * people)
    assert (found.low, found.high) == (0, pytest.approx(exact))


def test_no_false_match_leaves_open_what_two_people_could_do() -> None:
    rates = accuracy.error_rates(scored([0.9] * 12, [0.1] * 30), [0.5]).row(0, named=True)
    assert (rates["fmr"], rates["fmr_low"], rates["fmr_high"]) == (0, 0, unseen_between(6))
    assert (rates["fnmr_low"], rates["fnmr_high"]) == (0, unseen(6))
    # more people leave less open, and never less than independent pairs of them would
    for people in (10, 40, 400):
        pairs = people * (people - 1) // 2
        exact = binomtest(0, pairs).proportion_ci(method="exact").high
        assert exact < unseen_between(people) < unseen_between(people - 1)


@settings(max_examples=50, deadline=None)
@given(data=st.data(), people=st.integers(2, 12), trials=st.integers(1, 9))
def test_limits_never_fall_as_errors_rise(data: st.DataObject, people: int, trials: int) -> None:
    """One error after another, of anybody: neither limit falls."""
    order = data.draw(st.permutations([p for p in range(people) for _ in range(trials)]))
    errors = np.zeros(people)
    last = accuracy.ratio_interval(errors, [trials] * people)
    for person in order:
        errors[person] += 1
        found = accuracy.ratio_interval(errors, [trials] * people)
        assert found.high >= last.high - 1e-9
        assert found.low >= last.low - 1e-9
        last = found


@settings(max_examples=60, deadline=None)
@given(mated=grid_scores, non_mated=grid_scores)
def test_limits_never_fall_from_threshold_to_threshold(
    mated: list[float], non_mated: list[float]
) -> None:
    rates = accuracy.error_rates(scored(mated, non_mated), np.arange(-1, 14) / 12)
    for name, rising in (("fnmr", rates), ("fmr", rates.reverse())):
        for end in ("low", "high"):
            assert (rising[f"{name}_{end}"].diff().drop_nulls() >= -1e-9).all()
        assert (rates[f"{name}_low"] <= rates[name] + 1e-12).all()
        assert (rates[name] <= rates[f"{name}_high"] + 1e-12).all()


def test_a_lone_trial_of_each_person_is_nearly_clopper_and_pearsons() -> None:
    """With t for the normal quantile, so a little wider."""
    for errors in (9, 30, 80):
        exact = binomtest(errors, 100).proportion_ci(method="exact")
        found = accuracy.ratio_interval([1] * errors + [0] * (100 - errors), [1] * 100)
        assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=0.012)


def test_the_gallery_is_as_random_as_the_probes() -> None:
    """All alarms point at one person enrolled: another gallery would have raised none."""
    searches = pl.DataFrame(
        {
            "subject_id": [f"p{n}" for n in range(80)],
            "mated": [True] * 40 + [False] * 40,
            "gallery_size": 40,
            "mate_rank": [1] * 40 + [None] * 40,
            "mate_score": [0.9] * 40 + [None] * 40,
            "other_score": [0.1] * 40 + [0.8] * 8 + [0.1] * 32,
            "other_subject": ["p1"] * 80,
            "next_score": 0.05,
        }
    )
    both = accuracy.open_set_rates(searches, [0.5]).row(0, named=True)
    probes = accuracy.open_set_rates(searches.drop("other_subject", "next_score"), [0.5]).row(
        0, named=True
    )
    assert both["fpir"] == probes["fpir"] == 0.2
    assert both["fpir_high"] > probes["fpir_high"] + 0.1
    assert "gallery taken as it was" in probes["method"]
    assert "gallery" not in both["method"]


def test_targets_too_fine_are_left_empty_with_the_reason() -> None:
    comparisons = scored([0.9] * 12, list(np.linspace(0, 0.5, 90)))
    found = accuracy.summary(comparisons, [0.1, 1e-4])
    assert found["value"].null_count() == found["low"].null_count() == 1
    refused = found.row(3, named=True)
    assert refused["value"] is None
    assert "can't be measured with 90 non-mated" in refused["method"]
    with pytest.raises(InputError, match="can't be set on half"):
        accuracy.held_out(comparisons, [0.01])


def test_no_score_that_is_no_number_passes() -> None:
    bad = scored([0.9, float("nan")], [0.1, 0.2])
    for measure in (
        lambda: accuracy.summary(bad),
        lambda: accuracy.roc(bad),
        lambda: accuracy.error_rates(bad, [0.5]),
        lambda: accuracy.threshold_at_fmr(scored([0.9], [0.1, float("nan")]), 0.5),
        lambda: accuracy.error_rates(scored([0.9], [0.1]), [float("nan")]),
        lambda: accuracy.ratio_interval([float("nan")], [1]),
    ):
        with pytest.raises(InputError, match="number"):
            measure()


def test_ratios_of_rates_hold_the_ratio() -> None:
    one, two = (accuracy.ratio_interval([1] * k + [0] * (100 - k), [1] * 100) for k in (30, 10))
    ratio, low, high = accuracy.rate_ratio(0.3, one, 0.1, two)
    assert ratio == pytest.approx(3)
    assert 1 < low < 3 < high < 8
    # none in the second group: no ratio and no upper limit, but a lower one
    none = accuracy.ratio_interval([0] * 100, [1] * 100)
    assert accuracy.rate_ratio(0.3, one, 0.0, none) == (
        None,
        pytest.approx(one.low / none.high),
        None,
    )
    ratio, low, high = accuracy.rate_ratio(0.0, none, 0.3, one)
    assert (ratio, low) == (0, 0)
    assert 0 < high < 0.3


def test_a_threshold_of_other_people(comparisons: pl.DataFrame) -> None:
    found = accuracy.held_out(comparisons, [1e-3])
    assert found["figure"].to_list() == ["FMR", "TMR"]
    fmr, tmr = found.iter_rows(named=True)
    summary = values(accuracy.summary(comparisons, [1e-3]))
    assert fmr["same_people"] <= 1e-3
    assert tmr["same_people"] == pytest.approx(summary["TMR at FMR 0.001"])
    assert fmr["low"] <= fmr["held_out"] <= fmr["high"]
    assert found.equals(accuracy.held_out(comparisons, [1e-3]))


@given(errors=st.integers(0, 50), more=st.integers(1, 50))
def test_wilson_equals_scipys(errors: int, more: int) -> None:
    trials = errors + more
    exact = binomtest(errors, trials).proportion_ci(method="wilson")
    assert accuracy.wilson(errors, trials) == pytest.approx((exact.low, exact.high), abs=1e-9)


# --- identification ------------------------------------------------------------------------------


def test_leave_one_out_against_a_plain_loop(templates: pl.DataFrame) -> None:
    few = templates.filter(pl.col("subject_id").is_in(["s1", "s2", "s3", "s4", "s5"]))
    vectors, people = few["template"].to_numpy().astype(float), few["subject_id"].to_list()
    for row, (probe, person) in zip(
        accuracy.leave_one_out(few).iter_rows(named=True),
        zip(vectors, people, strict=True),
        strict=True,
    ):
        others = sorted(
            (
                (float(probe @ vector), other == person)
                for vector, other in zip(vectors, people, strict=True)
                if vector is not probe and not (vector == probe).all()
            ),
            reverse=True,
        )
        assert row["mate_rank"] == 1 + [is_mate for _, is_mate in others].index(True)


def test_the_open_set_deals_fairly(templates: pl.DataFrame, orl: sources.ImageSet) -> None:
    searches = accuracy.open_set(templates, orl.datasheet, folds=4, enrolled_images=1)
    assert set(searches["gallery_size"]) == {30}
    times = searches.group_by("subject_id").agg(
        out=pl.col("fold").filter(~pl.col("mated")).n_unique(),
        enrolled=pl.col("fold").filter("mated").n_unique(),
    )
    assert set(times["out"]) == {1}
    assert set(times["enrolled"]) == {3}
    assert len(searches.filter(~pl.col("mated"))) == len(templates)
    assert searches.filter(~pl.col("mated"))["mate_rank"].null_count() == len(templates)
    again = accuracy.open_set(templates, orl.datasheet, folds=4, enrolled_images=1)
    assert searches.equals(again)


def test_open_set_rates_against_plain_counts(
    templates: pl.DataFrame, orl: sources.ImageSet
) -> None:
    searches = accuracy.open_set(templates, orl.datasheet)
    cuts = [0.9, 0.93, 0.96]
    rates = accuracy.open_set_rates(searches, cuts, rank=2)
    rows = searches.to_dicts()
    for cut, fpir, fnir in rates.select("threshold", "fpir", "fnir").iter_rows():
        out = [row["other_score"] >= cut for row in rows if not row["mated"]]
        missed = [row["mate_rank"] > 2 or row["mate_score"] < cut for row in rows if row["mated"]]
        assert fpir == pytest.approx(np.mean(out))
        assert fnir == pytest.approx(np.mean(missed))


def test_cmc_only_rises(templates: pl.DataFrame, orl: sources.ImageSet) -> None:
    curve = accuracy.cmc(accuracy.open_set(templates, orl.datasheet), ranks=30)
    assert (curve["identified"].diff().drop_nulls() >= 0).all()
    assert curve["identified"][-1] == 1
    assert curve["rank"].to_list() == list(range(1, 31))


@pytest.mark.parametrize("folds", [0, 1, 41])
def test_impossible_folds_are_refused(
    folds: int, templates: pl.DataFrame, orl: sources.ImageSet
) -> None:
    with pytest.raises(InputError, match="2 to 40 folds"):
        accuracy.open_set(templates, orl.datasheet, folds=folds)
