"""Errors against gallery size, tails, alarms, and how real synthetic templates are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pylopdf_fonts_ko
import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from onetomany import accuracy
from onetomany.accuracy import realism
from onetomany.accuracy.identification import SEARCHES
from onetomany.accuracy.intervals import subject_draws
from onetomany.accuracy.scale import BY_SIZE, any_match
from onetomany.accuracy.tail import _moments
from onetomany.charts import realism as realism_charts
from onetomany.charts import scale as charts
from onetomany.charts.theme import Finished
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.sources import case

pytestmark = pytest.mark.real

vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))
SAID = {"source": "The Database of Faces; this run", "simulated": "templates of nobody"}
CUTS = [0.9, 0.92, 0.94]


def grown(templates: pl.DataFrame, sizes: tuple[int, ...]) -> pl.DataFrame:
    """Real faces against a growing gallery of one picture a person, the same probes each time.

    Mated probes are of the first people, who are enrolled at every size; non-mated ones of the last
    ten, who never are.
    """
    people = templates["subject_id"].unique(maintain_order=True).to_list()
    enrolled = templates.unique("subject_id", keep="first", maintain_order=True)
    rest = templates.filter(~pl.col("template_id").is_in(enrolled["template_id"].implode()))
    probes = rest.filter(pl.col("subject_id").is_in([*people[: min(sizes)], *people[-10:]]))
    mated = probes["subject_id"].is_in(people[: min(sizes)]).to_numpy()
    frames = []
    for size in sizes:
        gallery = enrolled.head(size)
        scores = probes["template"].to_numpy() @ gallery["template"].to_numpy().T
        same = probes["subject_id"].to_numpy()[:, None] == gallery["subject_id"].to_numpy()
        mate = np.where(same, scores, -np.inf).max(axis=1)
        frames.append(
            pl.DataFrame(
                {
                    "fold": 0,
                    "probe_id": probes["template_id"],
                    "subject_id": probes["subject_id"],
                    "mated": mated,
                    "gallery_size": size,
                    "mate_rank": pl.Series(1 + (scores > mate[:, None]).sum(axis=1)),
                    "mate_score": mate,
                    "other_score": np.where(same, -np.inf, scores).max(axis=1),
                },
                schema_overrides=SEARCHES,
            ).with_columns(
                pl.when("mated").then(pl.col(name)).alias(name)
                for name in ("mate_rank", "mate_score")
            )
        )
    return pl.concat(frames)


def paired(scores: np.ndarray, people: int) -> pl.DataFrame:
    """Non-mated comparisons with given scores, one for each two people."""
    names = pl.Series([f"p{n}" for n in range(people)])
    one, two = np.triu_indices(people, k=1)
    return pl.DataFrame(
        {"subject_a": names[one], "subject_b": names[two], "score": scores, "mated": False}
    ).with_columns(model=pl.lit("m"), image_set=pl.lit("i"))


@pytest.fixture(scope="module")
def searches(templates: pl.DataFrame) -> pl.DataFrame:
    return grown(templates, (10, 20, 30))


@pytest.fixture(scope="module")
def made(model: synthetic.TemplateModel) -> pl.DataFrame:
    """Comparisons of sixty synthetic people."""
    people = synthetic.draw_people(model, 60, seed=5)
    vectors = synthetic.draw_images(model, people, 10, seed=5)
    return accuracy.compare_all(synthetic.as_frame(vectors, 10, model))


# --- the measured curve --------------------------------------------------------------------------


def test_each_size_is_counted_as_by_itself(searches: pl.DataFrame) -> None:
    rates = accuracy.rates_by_size(searches, CUTS, 2, fmr=[1e-2, 5e-3, 1e-4])
    assert rates.schema == pl.Schema(BY_SIZE)
    assert rates["gallery_size"].to_list() == [10] * 3 + [20] * 3 + [30] * 3
    assert rates["fmr"].to_list() == [1e-2, 5e-3, 1e-4] * 3
    for (size,), part in rates.partition_by("gallery_size", as_dict=True).items():
        own = searches.filter(pl.col("gallery_size") == size)
        alone = accuracy.open_set_rates(own, CUTS, rank=2)
        shared = [c for c in alone.columns if c.startswith(("fpir", "fnir", "threshold"))]
        assert part.select(shared).equals(alone.select(shared))
        first = accuracy.cmc(own, 1).row(0, named=True)
        assert set(part["rank_1"]) == {first["identified"]}
        assert set(part["rank_1_low"]) == {first["low"]}
        out = own.filter(~pl.col("mated"))["other_score"].to_numpy()
        assert part["fpir"].to_list() == pytest.approx([(out >= cut).mean() for cut in CUTS])


def test_the_rank_counts(searches: pl.DataFrame) -> None:
    """With everybody's own picture second, FNIR at rank 1 is total, at rank 2 as before."""
    second = searches.with_columns(pl.col("mate_rank") + 1)
    first, two = (accuracy.rates_by_size(second, CUTS, rank) for rank in (1, 2))
    before = accuracy.rates_by_size(searches, CUTS)
    assert set(first["fnir"]) == {1}
    assert two["fnir"].to_list() == before["fnir"].to_list()
    assert set(two["rank_1"]) == {0}


def test_on_real_faces_errors_grow_with_the_gallery(searches: pl.DataFrame) -> None:
    rates = accuracy.rates_by_size(searches, CUTS)
    assert rates["fmr"].null_count() == len(rates)
    for part in rates.partition_by("threshold"):
        assert (part["fpir"].diff().drop_nulls() >= 0).all()
        assert (part["fnir"].diff().drop_nulls() >= 0).all()
        assert (part["rank_1"].diff().drop_nulls() <= 0).all()
    lowest = rates.filter(pl.col("threshold") == CUTS[0])["fpir"]
    assert lowest[-1] > 1.15 * lowest[0]


def test_a_curve_of_other_probes_is_refused(searches: pl.DataFrame) -> None:
    fewer = searches.filter((pl.col("gallery_size") < 30) | (pl.col("probe_id") != "s1/2"))
    with pytest.raises(InputError, match="probes differ between gallery sizes"):
        accuracy.rates_by_size(fewer, CUTS)
    with pytest.raises(InputError, match="3 thresholds and 1 FMRs"):
        accuracy.rates_by_size(searches, CUTS, fmr=[0.1])


# --- independent comparisons ---------------------------------------------------------------------


def test_independent_is_the_closed_form() -> None:
    found = accuracy.independent([1e-3, 1e-9], [1, 30, 177_600_000])
    assert found["gallery_size"].to_list() == [1, 30, 177_600_000] * 2
    assert found["fpir"][0] == pytest.approx(1e-3)
    assert (
        found["fpir"][1] == pytest.approx(1 - (1 - 1e-3) ** 30) == pytest.approx(0.02957, abs=1e-5)
    )
    assert found["fpir"][2] == 1
    assert found["fpir"][5] == pytest.approx(1 - np.exp(-0.1776), rel=1e-6)
    assert accuracy.independent(1, 5)["fpir"].item() == 1
    assert accuracy.independent(0, 5)["fpir"].item() == 0


@settings(max_examples=60, deadline=None)
@given(
    fmr=st.floats(1e-9, 0.5),
    sizes=st.lists(st.integers(1, 10**9), min_size=2, max_size=6, unique=True),
    cv=st.floats(0.1, 4),
)
def test_fpir_grows_with_the_gallery_and_less_where_people_differ(
    fmr: float, sizes: list[int], cv: float
) -> None:
    sizes.sort()
    alike, differ = (accuracy.independent(fmr, sizes, cv=each)["fpir"] for each in (0, cv))
    for curve in (alike, differ):
        assert (curve.diff().drop_nulls() >= -1e-12).all()
        assert curve.is_between(0, 1 + 1e-12).all()
    assert (differ <= alike + 1e-9).all()


@pytest.mark.parametrize("cv", [0.5, 2.0])
def test_people_who_differ_are_averaged_as_a_plain_draw_of_them(cv: float) -> None:
    sigma = np.sqrt(np.log1p(cv**2))
    own = 1e-4 * np.random.default_rng(1).lognormal(-(sigma**2) / 2, sigma, 400_000)
    assert own.mean() == pytest.approx(1e-4, rel=0.03)
    assert own.std() / own.mean() == pytest.approx(cv, rel=0.1)
    for size in (100, 10_000, 1_000_000):
        drawn = -np.expm1(-size * own).mean()
        assert any_match(np.array([1e-4]), np.array([size]), cv).item() == pytest.approx(
            drawn, rel=0.01
        )


@pytest.mark.parametrize(
    "wrong", [{"fmr": 1.2}, {"sizes": 0}, {"cv": -1}, {"cv": [1, 2]}, {"fmr": float("nan")}]
)
def test_impossible_rates_and_sizes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        accuracy.independent(**({"fmr": 0.1, "sizes": 10} | wrong))


# --- the tail ------------------------------------------------------------------------------------


def test_the_tail_of_real_scores_agrees_with_maximum_likelihood(comparisons: pl.DataFrame) -> None:
    scores = comparisons.filter(~pl.col("mated"))["score"].to_numpy()
    for share in (0.05, 0.01):
        tail = accuracy.fit_tail(comparisons, share, replicates=200)
        excess = scores[scores > tail.start] - tail.start
        assert len(excess) == tail.exceedances == int(share * len(scores))
        shape, _, scale = stats.genpareto.fit(excess, floc=0)
        # the two estimators may differ within the doubt of 40 people, and hardly in the scale
        low, high = np.nanpercentile(tail.replicates[:, 2], [2.5, 97.5])
        assert low < shape < high
        assert tail.scale == pytest.approx(scale, rel=0.15)
        assert (tail.subjects, tail.highest) == (40, scores.max())
        # the 1 % of pairs of images come from few pairs of people, and the fit says so
        assert 40 < tail.pairs < 780
        assert "bootstrap over 40 subjects" in tail.method
    # within the data it says what is counted there
    cuts = [accuracy.threshold_at_fmr(comparisons, rate).score for rate in (5e-3, 1e-3)]
    found = accuracy.predicted_fmr(tail, cuts)
    assert found["fmr"].to_list() == pytest.approx([5e-3, 1e-3], rel=0.1)
    assert (found["fmr_low"] < found["fmr"]).all()
    assert (found["fmr"] < found["fmr_high"]).all()
    assert found["beyond_data"].to_list() == [False, False]


@pytest.mark.parametrize(
    ("shape", "draw"),
    [
        (0.0, lambda rng, n: rng.exponential(size=n)),
        (-1.0, lambda rng, n: rng.random(n)),
        (-0.25, lambda rng, n: stats.genpareto.rvs(-0.25, size=n, random_state=rng)),
        (0.2, lambda rng, n: stats.genpareto.rvs(0.2, size=n, random_state=rng)),
    ],
    ids=["exponential", "uniform", "bounded", "heavy"],
)
def test_known_tails_are_recovered_within_the_interval(shape: float, draw: object) -> None:
    people, trials = 150, 12
    count = people * (people - 1) // 2
    # a rate at which about one of these comparisons would match
    truth = 1 / count
    cut = stats.genpareto.isf(truth, shape) if shape != -1 else 1 - truth
    held, seen = 0, 0
    for seed in range(trials):
        scores = draw(np.random.default_rng(seed), count)  # type: ignore[operator]
        tail = accuracy.fit_tail(paired(scores, people), 0.05, replicates=200, seed=seed)
        low, high = tail.as_frame().row(0, named=True)["low"], tail.as_frame()["high"][0]
        held += low <= shape <= high
        rate = accuracy.predicted_fmr(tail, cut).row(0, named=True)
        seen += rate["fmr_low"] <= truth <= rate["fmr_high"]
        assert high - low < 0.9
    assert held >= trials - 1
    assert seen >= trials - 2


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 4)), min_size=4, max_size=30))
def test_weights_are_repetitions(rows: list[tuple[float, int]]) -> None:
    values, times = (np.array(column) for column in zip(*sorted(rows), strict=True))
    repeated = np.repeat(values, times)
    if len(repeated) < 2 or np.ptp(repeated) < 1e-3:
        return
    weighted = _moments(values, times[None, :].astype(np.float64))
    plain = _moments(repeated, np.ones((1, len(repeated))))
    assert weighted == pytest.approx(plain, rel=1e-6, nan_ok=True)


def test_a_tail_draws_subjects_not_pairs(comparisons: pl.DataFrame) -> None:
    """One draw by hand: each comparison repeated as often as both its people were drawn."""
    tail = accuracy.fit_tail(comparisons, 0.02, replicates=1, seed=3)
    rows = comparisons.filter(~pl.col("mated")).with_columns(pl.col("^subject_.*$").cast(pl.String))
    names = sorted({*rows["subject_a"], *rows["subject_b"]})
    times = dict(zip(names, subject_draws(len(names), 1, 3)[0].tolist(), strict=True))
    drawn = rows.with_columns(
        times=pl.col("subject_a").replace_strict(times) * pl.col("subject_b").replace_strict(times)
    )
    above = drawn.filter(pl.col("score") > tail.start).sort("score")
    excess = np.repeat(above["score"].to_numpy() - tail.start, above["times"].to_numpy())
    share, scale, shape = tail.replicates[0]
    assert share == pytest.approx(len(excess) / drawn["times"].sum())
    assert (scale, shape) == pytest.approx(tuple(_moments(excess, np.ones((1, len(excess))))[0]))


def test_fpir_from_the_tail_is_its_fmr_so_many_times(comparisons: pl.DataFrame) -> None:
    tail = accuracy.fit_tail(comparisons, 0.02, replicates=100)
    cuts = [tail.start, tail.highest + 1e-4, tail.end + 1]
    rates = accuracy.predicted_fmr(tail, cuts)
    assert rates["fmr"][0] == pytest.approx(tail.share)
    assert rates["beyond_data"].to_list() == [False, True, True]
    assert rates["fmr"][2] == 0  # the fitted tail has ended
    grown = accuracy.predicted_fpir(tail, cuts, [30, 10**6], fmr=[0.02, 1e-5, 1e-9], cv=0.5)
    assert grown["fmr"].to_list() == [0.02, 0.02, 1e-5, 1e-5, 1e-9, 1e-9]
    for column, rate in (("fpir", "fmr"), ("fpir_low", "fmr_low"), ("fpir_high", "fmr_high")):
        expected = accuracy.independent(rates[rate], [30, 10**6], cv=0.5)["fpir"]
        assert grown[column].to_list() == pytest.approx(expected.to_list())


def test_a_tail_refuses_what_it_can_not_know(comparisons: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="leaves 7: at least 50"):
        accuracy.fit_tail(comparisons, 1e-4)
    with pytest.raises(InputError, match="leaves 0"):
        accuracy.fit_tail(comparisons, 1.5)
    tail = accuracy.fit_tail(comparisons, 0.01, replicates=10)
    with pytest.raises(InputError, match=r"below 0\.9"):
        accuracy.predicted_fmr(tail, [0.95, 0.5])
    with pytest.raises(InputError, match="1 thresholds and 2 FMRs"):
        accuracy.predicted_fpir(tail, 0.95, 10, fmr=[0.1, 0.2])


def test_a_tail_from_forty_people_is_hopeful(model: synthetic.TemplateModel) -> None:
    """Beyond the data the interval misses more often than one time in twenty, and misses low."""
    ours, theirs = (
        synthetic.draw_images(model, synthetic.draw_people(model, 4000, seed), 1, seed)
        for seed in (500, 501)
    )
    truth, scores = 1e-5, (ours @ theirs.T).ravel()
    place = int(truth * len(scores))
    cut = float(np.partition(scores, -place)[-place])
    sets, held, low = 30, 0, 0
    for number in range(sets):
        people = synthetic.draw_people(model, 40, seed=1000 + number)
        vectors = synthetic.draw_images(model, people, 10, seed=1000 + number)
        pairs = accuracy.compare_all(synthetic.as_frame(vectors, 10, model))
        tail = accuracy.fit_tail(pairs, 0.01, replicates=200)
        rate = accuracy.predicted_fmr(tail, max(cut, tail.start)).row(0, named=True)
        held += rate["fmr_low"] <= truth <= rate["fmr_high"]
        low += rate["fmr_high"] < truth
    assert 0.6 * sets <= held < sets
    assert held + low == sets


def test_independence_is_a_ceiling_and_people_differ(model: synthetic.TemplateModel) -> None:
    people, probes, size = 1500, 400, 30_000
    vectors = synthetic.draw_images(model, synthetic.draw_people(model, people, 7), 1, 7)
    scores = (vectors @ vectors.T)[np.triu_indices(people, k=1)].astype(np.float64)
    pairs = paired(scores, people)
    threshold = accuracy.threshold_at_fmr(pairs, 1e-4)
    cv = accuracy.variation_between_people(pairs, threshold)
    searched, gallery = (
        synthetic.draw_images(model, synthetic.draw_people(model, count, seed), 1, seed)
        for count, seed in ((probes, 8), (size, 9))
    )
    fpir = float(((searched @ gallery.T).max(axis=1) >= threshold.score).mean())
    alike, differ = (
        accuracy.independent(threshold.fmr, size, cv=each)["fpir"].item() for each in (0, cv)
    )
    assert alike > 0.9
    assert fpir < 0.75
    assert abs(differ - fpir) < (alike - fpir) / 2


# --- a day at the airport ------------------------------------------------------------------------


def test_traffic_is_the_years_passengers_over_its_days() -> None:
    figures = case.case_numbers()
    assert case.passengers_a_day(figures, 2019) == pytest.approx(71_169_722 / 365)
    assert case.passengers_a_day(figures, 2020) == pytest.approx(12_040_000 / 366)


def test_false_candidates_are_counted_and_a_filter_is_a_smaller_gallery() -> None:
    sizes = [1_000, 10_000, 100_000, 1_000_000]
    curve = accuracy.independent([1e-4, 1e-6], sizes)
    daily = accuracy.false_candidates(curve, 200_000, share=0.1)
    assert len(daily) == 2 * len(curve)
    whole = daily.filter(~pl.col("filtered"))
    expected = curve["gallery_size"] * curve["fmr"] * 200_000
    assert whole["candidates"].to_list() == pytest.approx(expected.to_list())
    assert whole["travellers"].to_list() == pytest.approx((curve["fpir"] * 200_000).to_list())
    for fmr in (1e-4, 1e-6):
        part = daily.filter("filtered", pl.col("fmr") == fmr)
        plain = whole.filter(pl.col("fmr") == fmr)
        assert part["candidates"].to_list() == pytest.approx((plain["candidates"] / 10).to_list())
        assert part["travellers"][0] is None  # a hundred records were never searched
        # a tenth of the gallery is the gallery of the size before
        assert part["travellers"][1:].to_list() == pytest.approx(plain["travellers"][:-1].to_list())


def test_between_measured_sizes_the_filter_follows_independence() -> None:
    curve = accuracy.independent(1e-6, [1_000, 10_000, 10_000_000])
    found = accuracy.false_candidates(curve, 1, share=0.02).filter("filtered")["travellers"]
    assert found[2] == pytest.approx(1 - (1 - 1e-6) ** 200_000, rel=1e-6)
    assert found[:2].null_count() == 2


def test_measured_rates_carry_their_limits_into_a_day(searches: pl.DataFrame) -> None:
    rates = accuracy.rates_by_size(searches, CUTS, fmr=[1e-2, 1e-3, 1e-4])
    daily = accuracy.false_candidates(rates, 1_000, share=0.5)
    whole = daily.filter(~pl.col("filtered"))
    assert whole["travellers_high"].to_list() == pytest.approx((rates["fpir_high"] * 1e3).to_list())
    half = daily.filter("filtered", pl.col("gallery_size") == 20)
    ten = whole.filter(pl.col("gallery_size") == 10)
    assert half["travellers"].to_list() == pytest.approx(ten["travellers"].to_list(), abs=1e-6)
    with pytest.raises(InputError, match="share above 0"):
        accuracy.false_candidates(rates, 1_000, share=0)


# --- alarms --------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(listed=st.integers(0, 50), others=st.integers(0, 500), data=st.data())
def test_bayes_is_counting(listed: int, others: int, data: st.DataObject) -> None:
    """A whole population: its alarms, right and wrong, counted."""
    if not listed + others:
        return
    right = data.draw(st.integers(0, listed))
    wrong = data.draw(st.integers(0, others))
    fnir = 1 - right / listed if listed else 0.5
    fpir = wrong / others if others else 0.5
    row = accuracy.alarm_precision(fpir, fnir, listed / (listed + others)).row(0, named=True)
    if right + wrong:
        assert row["precision"] == pytest.approx(right / (right + wrong), abs=1e-9)
    if right:
        assert row["false_per_true"] == pytest.approx(wrong / right, abs=1e-6)
    if not right and not wrong and listed and others:
        assert row["precision"] is None or row["precision"] == pytest.approx(0, abs=1e-9)


def test_precision_of_a_simulated_population() -> None:
    rng = np.random.default_rng(2)
    listed = rng.random(2_000_000) < 0.01
    alarm = rng.random(len(listed)) < np.where(listed, 1 - 0.2, 0.05)
    counted = (alarm & listed).sum() / alarm.sum()
    found = accuracy.alarm_precision(0.05, 0.2, 0.01)["precision"].item()
    assert found == pytest.approx(counted, rel=0.02)


def test_precision_carries_labels_and_limits(searches: pl.DataFrame) -> None:
    grid = accuracy.alarm_precision([0.1, 0.0], [0.0, 1.0], [1e-3, 0.5], place=["a", "b"])
    assert grid["place"].to_list() == ["a", "a", "b", "b"]
    assert grid["precision"].to_list()[2:] == [None, None]
    rates = accuracy.rates_by_size(searches, CUTS, fmr=[1e-2, 1e-3, 1e-4])
    alarms = accuracy.precision_by_size(rates, [1e-4, 1e-2])
    assert len(alarms) == 2 * len(rates)
    assert (alarms["low"] <= alarms["precision"]).all()
    assert (alarms["precision"] <= alarms["high"] + 1e-12).all()
    with pytest.raises(InputError, match="one FNIR"):
        accuracy.alarm_precision([0.1, 0.2], [0.1], 0.1)
    with pytest.raises(InputError, match="from 0 to 1"):
        accuracy.alarm_precision(0.1, 0.1, 1.5)


# --- how real synthetic templates are ------------------------------------------------------------


def test_figures_of_the_real_set_are_those_of_the_other_chapters(
    templates: pl.DataFrame, comparisons: pl.DataFrame, model: synthetic.TemplateModel
) -> None:
    found = realism.as_one_of_many(templates, model, sets=20)
    real = dict(zip(found["figure"], found["real"], strict=True))
    known = accuracy.summary(comparisons, [1e-3])
    figures = dict(zip(known["figure"], known["value"], strict=True))
    assert real["AUC"] == pytest.approx(figures["AUC"], abs=1e-9)
    assert real["TMR at FMR 0.001"] == pytest.approx(figures["TMR at FMR 0.001"], abs=1e-9)
    first = accuracy.cmc(accuracy.leave_one_out(templates), 1)["identified"][0]
    assert real["rank-1"] == first
    other = comparisons.filter(~pl.col("mated"))["score"]
    assert real["non-mated mean"] == pytest.approx(other.mean())
    assert real["non-mated sd"] == pytest.approx(other.std(ddof=0))
    assert found.equals(realism.as_one_of_many(templates, model, sets=20))
    with pytest.raises(InputError, match="20 or more"):
        realism.as_one_of_many(templates, model, sets=5)


def test_a_synthetic_set_passes_for_one_and_a_distorted_one_does_not(
    templates: pl.DataFrame, model: synthetic.TemplateModel
) -> None:
    people = synthetic.draw_people(model, 40, seed=99)
    vectors = synthetic.draw_images(model, people, 10, seed=99)
    own = realism.as_one_of_many(synthetic.as_frame(vectors, 10, model), model, sets=60)
    assert own["plausible"].sum() >= len(own) - 2
    # everybody drawn towards one face: different people come to look alike
    closer = vectors + 0.5 * vectors.mean(axis=0)
    closer /= np.linalg.norm(closer, axis=1, keepdims=True)
    off = realism.as_one_of_many(synthetic.as_frame(closer, 10, model), model, sets=60)
    assert off.filter(pl.col("figure") == "non-mated mean")["percentile"].item() == 1
    assert not off.filter(pl.col("figure") == "non-mated mean")["plausible"].item()


def test_figures_agree_on_other_sets_too(model: synthetic.TemplateModel) -> None:
    for seed in range(8):
        people = synthetic.draw_people(model, 12, seed)
        frame = synthetic.as_frame(synthetic.draw_images(model, people, 15, seed), 15, model)
        found = realism._figures(
            frame["template"].to_numpy().astype(np.float64), np.repeat(np.arange(12), 15)
        )
        known = accuracy.summary(accuracy.compare_all(frame), [1e-3])["value"]
        assert (found[6], found[5]) == pytest.approx((known[0], known[2]), abs=1e-9)
        first = accuracy.cmc(accuracy.leave_one_out(frame), 1)["identified"][0]
        assert found[7] == first


def test_synthetic_sets_have_the_shape_of_the_real_one(
    templates: pl.DataFrame, model: synthetic.TemplateModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes, figures = [], realism._figures

    def noted(vectors: np.ndarray, who: np.ndarray) -> np.ndarray:
        shapes.append(sorted(np.unique(who, return_counts=True)[1].tolist()))
        return figures(vectors, who)

    monkeypatch.setattr(realism, "_figures", noted)
    few = templates.filter((pl.col("subject_id") > "s3") | (pl.int_range(pl.len()) % 3 == 0))
    realism.as_one_of_many(few, model, sets=20)
    assert len(shapes) == 21
    assert all(shape == shapes[-1] for shape in shapes)
    assert min(shapes[-1]) < max(shapes[-1])


def test_distances_against_a_second_implementation(
    comparisons: pl.DataFrame, made: pl.DataFrame
) -> None:
    for row in realism.distances(comparisons, made).iter_rows(named=True):
        kind = pl.col("mated") == (row["kind"] == "mated")
        ours, theirs = (each.filter(kind)["score"].to_numpy() for each in (comparisons, made))
        assert row["distance"] == pytest.approx(stats.ks_2samp(ours, theirs).statistic)
    assert realism.distances(comparisons, comparisons)["distance"].to_list() == [0, 0]
    with pytest.raises(InputError, match="no mated"):
        realism.distances(comparisons, made.filter(~pl.col("mated")))


def test_bars_of_each_kind_and_origin_add_up(comparisons: pl.DataFrame, made: pl.DataFrame) -> None:
    bars = realism.histograms(comparisons, made, bins=30)
    assert len(bars) == 120
    sums = bars.group_by("origin", "kind").agg(pl.col("share").sum())["share"]
    assert sums.to_list() == pytest.approx([1] * 4)


# --- charts --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn(
    searches: pl.DataFrame,
    comparisons: pl.DataFrame,
    templates: pl.DataFrame,
    made: pl.DataFrame,
    model: synthetic.TemplateModel,
) -> dict[str, Finished]:
    fmr, marked = [1e-2, 1e-3], 177_600_000
    cuts = [accuracy.threshold_at_fmr(comparisons, rate).score for rate in fmr]
    rates = accuracy.rates_by_size(searches, cuts, fmr=fmr)
    sizes = [10, 1_000, 100_000, marked]
    curve = accuracy.independent(fmr, sizes)
    tail = accuracy.fit_tail(comparisons, 0.02, replicates=50)
    predicted = pl.concat(
        [
            curve.with_columns(model=pl.lit("independent")),
            accuracy.independent(fmr, sizes, cv=0.5).with_columns(model=pl.lit("people")),
            accuracy.predicted_fpir(tail, cuts, sizes, fmr=fmr).with_columns(model=pl.lit("tail")),
        ],
        how="diagonal",
    )
    daily = accuracy.false_candidates(curve, 194_985, share=0.05)
    alarms = accuracy.precision_by_size(rates, np.geomspace(1e-5, 0.1, 9))
    day = {"probes": 194_985, "marked": marked, "share": 0.05}
    return {
        "growth": charts.fpir_growth_chart(rates, predicted, marked=marked, **SAID),
        "found": charts.identification_by_size_chart(rates, **SAID),
        "candidates": charts.daily_candidates_chart(daily, **day, **SAID),  # type: ignore[arg-type]
        "travellers": charts.daily_candidates_chart(daily, count="travellers", **day, **SAID),  # type: ignore[arg-type]
        "precision": charts.precision_chart(alarms, **SAID),
        "shapes": realism_charts.score_shapes_chart(realism.histograms(comparisons, made), **SAID),
        "one of many": realism_charts.one_of_many_chart(
            realism.as_one_of_many(templates, model, sets=20), **SAID
        ),
    }


def test_every_chart_says_in_itself_that_it_is_simulated(drawn: dict[str, Finished]) -> None:
    for name, chart in drawn.items():
        spec = chart.to_dict()
        korean, simulated, source = spec["title"]["subtitle"]
        assert any("\uac00" <= letter <= "\ud7a3" for letter in korean), name
        assert simulated == "SIMULATED 모의 자료: templates of nobody", name
        assert source.startswith("Source 출처: The Database of Faces"), name
        assert len(spec["description"]) > 40, name
        svg = vl_convert.vegalite_to_svg(spec)
        assert "SIMULATED 모의 자료: templates of nobody" in svg, name
        assert svg.count("<path") > 8, name
        assert "NaN" not in svg, name


def test_charts_show_what_they_are_given(drawn: dict[str, Finished]) -> None:
    shown = {
        "growth": ["FMR 1/100", "FMR 1/1,000", "people differ 사람마다 다름", "177,600,000"],
        "candidates": ["disclosed 공개: 177,600,000", "194,985", "filter leaves 필터 뒤 5 %"],
        "precision": ["N = 30 records 건", "FMR 1/1,000"],
        "one of many": ["1순위 식별률", "(1.0000 to 1.0000)"],
    }
    for name, words in shown.items():
        svg = vl_convert.vegalite_to_svg(drawn[name].to_dict())
        for word in words:
            assert word in svg, (name, word)


def test_the_slider_moves_over_gallery_sizes(drawn: dict[str, Finished]) -> None:
    spec = json.loads(json.dumps(drawn["precision"].to_dict()))
    slider, caption = spec["params"]
    assert caption["name"] == f"{slider['name']}_caption"
    assert (slider["bind"]["min"], slider["bind"]["max"], slider["value"]) == (1, 3, 3)
    slider["value"] = 1
    svg = vl_convert.vegalite_to_svg(spec)
    assert "N = 10 records 건" in svg
    assert svg != vl_convert.vegalite_to_svg(drawn["precision"].to_dict())
