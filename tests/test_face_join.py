"""The join of a face search with attributes: expected candidates, and a posterior that is right."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from onetomany import accuracy, sources
from onetomany.accuracy import full
from onetomany.accuracy.identification import SEARCHES
from onetomany.errors import InputError
from onetomany.reidentification import face_join
from onetomany.reidentification.crowds import crowds
from onetomany.sources import arrivals, travellers

COLUMNS = ["nationality", "sex", "birth_year"]


@pytest.fixture(scope="module")
def attributes(templates: pl.DataFrame) -> pl.DataFrame:
    subjects = templates.select("subject_id").unique(maintain_order=True)
    drawn = travellers.draw_travellers(len(subjects), np.random.default_rng(7), koreans=0.3)
    return pl.concat([subjects, drawn], how="horizontal")


@pytest.fixture(scope="module")
def threshold(comparisons: pl.DataFrame) -> float:
    return accuracy.threshold_at_fmr(comparisons, 1e-2).score


# --- expected false candidates -------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=40),
    fmr=st.floats(0, 1e-3),
)
def test_expected_candidates_are_a_plain_count(rows: list[tuple[int, int]], fmr: float) -> None:
    """At the table's own size: for each row, the others that share its values, times FMR."""
    table = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    found = face_join.filtered_false_candidates(
        crowds(table, ["a", "b"], [["a"], ["a", "b"]]),
        records=len(rows),
        fmr=fmr,
        searches_a_day=10,
    )
    others = [
        np.mean([len(rows) - 1 for _ in rows]),
        np.mean([sum(a == x for x, _ in rows) - 1 for a, _ in rows]),
        np.mean([rows.count(row) - 1 for row in rows]),
    ]
    assert found["searched"].to_list() == pytest.approx(others)
    assert found["candidates"].to_list() == pytest.approx([each * fmr for each in others])
    assert found["a_day"].to_list() == pytest.approx([each * fmr * 10 for each in others])


def test_a_small_table_tells_the_large_ones_mean() -> None:
    """But for one's own other trips, which a small table has as many of as a large one."""
    steps = [COLUMNS[:1], COLUMNS[:2], COLUMNS]
    plans = [arrivals.disclosed_plan(rows, mean_trips=1.0) for rows in (40_000, 400_000)]
    told, known = (
        face_join.filtered_false_candidates(
            crowds(arrivals.draw_arrivals(plan), COLUMNS, steps),
            records=4e5,
            fmr=1e-6,
            searches_a_day=1,
        )
        for plan in plans
    )
    assert told["searched"].to_list() == pytest.approx(known["searched"].to_list(), rel=0.03)


def test_no_filter_leaves_more_than_there_was() -> None:
    """False matches may gather in a group as much as they like: they were in the whole list too."""
    table = arrivals.draw_arrivals(arrivals.disclosed_plan(20_000))
    sizes = crowds(table, COLUMNS, [COLUMNS[:1], COLUMNS[:2], COLUMNS])
    ask = {"records": 1e6, "fmr": 1e-4, "searches_a_day": 1.0}
    alike = face_join.filtered_false_candidates(sizes, **ask)
    gathered = face_join.filtered_false_candidates(sizes, **ask, within=[2.0, 1e5, 30.0])
    assert gathered["candidates"][1] == pytest.approx(2 * alike["candidates"][1])
    assert gathered["candidates"][2] == gathered["candidates"][0] == alike["candidates"][0]
    assert gathered["candidates"][3] == pytest.approx(30 * alike["candidates"][3])
    assert gathered["fmr"][2] == pytest.approx(gathered["candidates"][2] / gathered["searched"][2])
    with pytest.raises(InputError, match="3 restrictions and 1 factors"):
        face_join.filtered_false_candidates(sizes, **ask, within=[2.0])
    with pytest.raises(InputError, match="an FMR from 0 to 1"):
        face_join.filtered_false_candidates(sizes, records=10, fmr=2, searches_a_day=1)
    with pytest.raises(InputError, match="two rows or more"):
        face_join.filtered_false_candidates(crowds(table.head(1), ["sex"]), **ask)


# --- on research faces ---------------------------------------------------------------------------


def test_without_columns_it_is_the_open_set(
    templates: pl.DataFrame, orl: sources.ImageSet, attributes: pl.DataFrame
) -> None:
    joined = face_join.joined_searches(templates, orl.datasheet, attributes, [], seed=5)
    plain = accuracy.open_set(templates, orl.datasheet, seed=5)
    assert joined.schema == pl.Schema(SEARCHES)
    assert_frame_equal(joined, plain.select(joined.columns), check_row_order=False)


def test_restricted_searches_are_those_of_a_plain_search(
    templates: pl.DataFrame, orl: sources.ImageSet, attributes: pl.DataFrame
) -> None:
    """Each probe by hand against the entries of its fold that share its attributes."""
    columns = ["nationality", "sex"]
    found = face_join.joined_searches(templates, orl.datasheet, attributes, columns)
    whole = face_join.joined_searches(templates, orl.datasheet, attributes, [])
    own = {row[0]: row[1:] for row in attributes.select("subject_id", *columns).iter_rows()}
    vectors = dict(zip(templates["template_id"], templates["template"].to_numpy(), strict=True))
    for fold in (0, 3):
        part = found.filter(fold=fold)
        enrolled = set(templates["template_id"]) - set(part["probe_id"])
        subject = dict(templates.select("template_id", "subject_id").iter_rows())
        for row in part.sample(60, seed=1).iter_rows(named=True):
            scores = {
                entry: float(vectors[entry] @ vectors[row["probe_id"]])
                for entry in enrolled
                if own[subject[entry]] == own[row["subject_id"]]
            }
            mine = [score for entry, score in scores.items() if subject[entry] == row["subject_id"]]
            others = [
                score for entry, score in scores.items() if subject[entry] != row["subject_id"]
            ]
            assert row["other_score"] == pytest.approx(max(others, default=-np.inf), abs=1e-6)
            assert row["mated"] == bool(mine)
            if mine:
                assert row["mate_score"] == pytest.approx(mine[0], abs=1e-6)
                assert row["mate_rank"] == 1 + sum(score > mine[0] for score in others)
    assert (found["other_score"] <= whole["other_score"] + 1e-5).all()
    with pytest.raises(InputError, match="nationality, sex, birth_year"):
        face_join.joined_searches(templates, orl.datasheet, attributes, ["subject_id"])


def test_more_columns_make_a_find_surer(
    templates: pl.DataFrame,
    orl: sources.ImageSet,
    attributes: pl.DataFrame,
    threshold: float,
) -> None:
    steps = [COLUMNS[:number] for number in range(4)]
    found = pl.concat(
        face_join.posterior(
            face_join.joined_searches(templates, orl.datasheet, attributes, columns),
            [threshold],
            [0.1],
        )
        for columns in steps
    )
    assert (found["posterior"].diff().drop_nulls() >= 0).all()
    assert found["posterior"][0] < 0.5 < found["posterior"][1]
    assert (found["low"] <= found["posterior"]).all()
    assert (found["posterior"] <= found["high"]).all()
    # forty people without an error don't make it certain
    assert found["posterior"][3] == 1
    assert found["low"][3] < 0.7


# --- the posterior -------------------------------------------------------------------------------


def made_up(mated: int, others: int, seed: int = 0) -> pl.DataFrame:
    """Searches with scores of no model: one for each of so many people."""
    rng = np.random.default_rng(seed)
    total = mated + others
    is_mated = np.arange(total) < mated
    mate, other = rng.normal(2, 1, total), rng.normal(0.5, 1, total)
    return pl.DataFrame(
        {
            "fold": 0,
            "probe_id": pl.Series(range(total)).cast(pl.String),
            "subject_id": pl.Series(range(total)).cast(pl.String),
            "mated": is_mated,
            "gallery_size": 100,
            "mate_rank": 1 + (other > mate),
            "mate_score": mate,
            "other_score": other,
        },
        schema_overrides=SEARCHES,
    ).with_columns(
        pl.when("mated").then(pl.col(name)).alias(name) for name in ("mate_rank", "mate_score")
    )


@pytest.mark.parametrize(("prior", "cut"), [(0.05, 1.0), (0.5, 1.5), (0.9, 0.0)])
def test_the_posterior_is_what_a_simulation_of_searches_finds(prior: float, cut: float) -> None:
    """A world is drawn again and again: is the person in the list, what does a search say, is the
    first candidate right? Counted without Bayes' rule."""
    searches = made_up(400, 300)
    mated, others = searches.filter("mated"), searches.filter(~pl.col("mated"))
    rng = np.random.default_rng(9)
    listed = rng.random(400_000) < prior
    one, two = rng.integers(0, 400, len(listed)), rng.integers(0, 300, len(listed))
    mate = np.where(listed, mated["mate_score"].to_numpy()[one], -np.inf)
    other = np.where(
        listed, mated["other_score"].to_numpy()[one], others["other_score"].to_numpy()[two]
    )
    alarm = np.maximum(mate, other) >= cut
    right = alarm & (mate > other)
    found = face_join.posterior(searches, [cut], [prior])["posterior"][0]
    assert found == pytest.approx(right.sum() / alarm.sum(), abs=0.005)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth = face_join.posterior(made_up(100_000, 100_000, 99), [1.2], [0.3])
    held = 0
    for seed in range(60):
        row = face_join.posterior(made_up(80, 80, seed), [1.2], [0.3]).row(0, named=True)
        held += row["low"] <= truth["posterior"][0] <= row["high"]
    assert held >= 52


def test_people_are_drawn_not_searches() -> None:
    """Nine searches of each person that all say the same are no more evidence than one."""
    once = made_up(50, 50, 3)
    often = pl.concat([once] * 9)
    one, nine = (
        face_join.posterior(each, [1.2], [0.3]).row(0, named=True) for each in (once, often)
    )
    assert nine["posterior"] == pytest.approx(one["posterior"])
    assert nine["high"] - nine["low"] == pytest.approx(one["high"] - one["low"], rel=1e-6)


def test_a_threshold_that_nobody_reaches_says_nothing() -> None:
    row = face_join.posterior(made_up(20, 20), [99.0], [0.5]).row(0, named=True)
    assert (row["posterior"], row["low"], row["high"]) == (None, None, None)
    assert "nobody" in row["method"]
    with pytest.raises(InputError, match="from 0 to 1"):
        face_join.posterior(made_up(20, 20), [1.0], [1.5])
    with pytest.raises(InputError, match="and of others"):
        face_join.posterior(made_up(20, 0), [1.0], [0.5])


def test_at_the_disclosed_size_a_find_is_less_sure_the_longer_the_list() -> None:
    run = full.stored_run()
    searches, cut = run.searches, run.thresholds[1e-6]
    found = face_join.posterior_by_size(searches, [cut], [0.1, 0.5])
    sizes = found["gallery_size"].unique().sort()
    assert sizes[-1] == 177_600_000
    half = found.filter(prior=0.5).sort("gallery_size")
    assert (half["posterior"].diff().drop_nulls() <= 0).all()
    assert (found.filter(prior=0.1)["posterior"] < half["posterior"]).all()
    # the same shares as the open-set rates of chapter 04
    last = searches.filter(pl.col("gallery_size") == sizes[-1])
    rates = accuracy.open_set_rates(last, [cut])
    assert half["false"][-1] == pytest.approx(rates["fpir"][0])
    assert half["right"][-1] == pytest.approx(1 - rates["fnir"][0])
