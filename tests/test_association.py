"""Likelihood ratios, transit, tracks across cameras, dossier, errors of tracks, unicity."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lir.algorithms.bayeserror import ELUBBounder
from lir.algorithms.logistic_regression import LogitCalibrator
from lir.data.models import LLRData
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.reidentification.unicity import UNICITY, unicity
from onetomany.terminal import load_layout, sighting_templates, simulate_coarsely, true_match_rate
from onetomany.tracking import threshold_linking
from onetomany.tracking.association import associate
from onetomany.tracking.cover import (
    best_successors,
    chain_successors,
    link_probability,
    split_collisions,
)
from onetomany.tracking.dossier import DOSSIER, dossier
from onetomany.tracking.evaluation import ERRORS, track_errors
from onetomany.tracking.likelihood import (
    COST,
    SCORED,
    calibration_cost,
    closeness,
    fit_face,
    pair_quality,
    score_sighting_pairs,
)
from onetomany.tracking.tracks import LINKS, TRACKS, Association, cut_weak_links
from onetomany.tracking.transit import GAPS, HORIZON, feasible, fit_transit, place_bodies

pytestmark = pytest.mark.real

CALIBRATION, TEST = 31, 32


def sighting(number: int, camera: str, start: float, **other: float) -> dict[str, object]:
    row = {"t_end": start + 5, "x": 0.0, "y": 0.0, "quality": 0.8, "true_id": 0} | other
    return {
        "sighting_id": number,
        "camera_id": camera,
        "t_start": start,
        "template_id": number,
    } | row


@pytest.fixture(scope="module")
def runs() -> dict[int, pl.DataFrame]:
    """People through the simulated terminal, a day's arrivals within an hour or so; two runs.

    All desks are open: staff for a day would be too few for these hours.
    """
    layout = replace(load_layout(), longest_waits={})
    start = pl.col("t_start").min().over("true_id")
    return {
        seed: simulate_coarsely(layout, people, seed).sightings.with_columns(
            pl.col("t_start", "t_end") - start * (1 - 1 / 20)
        )
        for seed, people in ((CALIBRATION, 2500), (TEST, 700))
    }


@pytest.fixture(scope="module")
def known(runs: dict[int, pl.DataFrame], model: synthetic.TemplateModel) -> dict[str, object]:
    """Everything at a single-image TMR of .65 to .8, where tracks do go wrong."""
    noise = 1.3
    vectors = sighting_templates(model, runs[CALIBRATION], CALIBRATION, noise=noise)
    scored = score_sighting_pairs(runs[CALIBRATION], vectors, 1, pairs=20_000)
    own = sighting_templates(model, runs[TEST], TEST, noise=noise)
    some = runs[TEST].filter(pl.col("true_id") < 300)
    rate = true_match_rate(own[some["template_id"].to_numpy()], some["true_id"].to_numpy(), 1e-4)
    assert 0.65 < rate < 0.8
    face, transit = fit_face(scored), fit_transit(runs[CALIBRATION])
    found = associate(runs[TEST], own, face, transit)
    return {
        "sightings": runs[TEST],
        "templates": own,
        "scored": scored,
        "face": face,
        "transit": transit,
        "found": found,
    }


# --- likelihood ratios ---------------------------------------------------------------------------


def test_ratios_are_those_of_lir_and_never_leave_their_bounds(known: dict[str, object]) -> None:
    face, scored = known["face"], known["scored"]
    assert scored.schema == pl.Schema(SCORED)
    llr = face.llr(scored["score"].to_numpy(), scored["quality"].to_numpy())
    band = np.searchsorted(face.edges, scored["quality"].to_numpy(), side="right")
    for number in (0, len(face.edges)):
        here = band == number
        close = closeness(scored["score"].to_numpy()[here])
        labels = scored["mated"].to_numpy()[here].astype(int)
        middle, spread = close.mean(), close.std()
        raw = LogitCalibrator(C=1e6).fit((close - middle) / spread, labels)
        raw = LLRData(features=raw.transform((close - middle) / spread), labels=labels)
        bounder = ELUBBounder().fit(raw.replace(features=raw.features.copy()))
        assert llr[here] == pytest.approx(bounder.transform(raw).llrs, abs=1e-9)
        assert (bounder.lower_llr_bound, bounder.upper_llr_bound) == (
            face.lower[number],
            face.upper[number],
        )
    # no more pairs of a kind than there were can support a ratio
    assert face.upper.max() <= np.log10((~scored["mated"]).sum() + 1)
    assert -face.lower.min() <= np.log10(scored["mated"].sum() + 1)


@settings(max_examples=50, deadline=None)
@given(score=st.floats(-1, 1), more=st.floats(0, 1), quality=st.floats(0, 10))
def test_ratios_are_bounded_and_never_fall_as_the_score_rises(
    known: dict[str, object], score: float, more: float, quality: float
) -> None:
    face = known["face"]
    two = face.llr(np.array([score, min(1.0, score + more)]), np.full(2, quality))
    assert two[0] <= two[1]
    assert (face.lower.min() <= two).all()
    assert (two <= face.upper.max()).all()


def test_calibration_holds_on_other_people(
    runs: dict[int, pl.DataFrame], known: dict[str, object]
) -> None:
    held_out = score_sighting_pairs(runs[TEST], known["templates"], 2, pairs=20_000)
    table = calibration_cost(known["face"], held_out)
    assert table.schema == pl.Schema(COST)
    assert (table["difference"] < 0.02).all()
    assert (table["difference"] > 0).all()
    assert table["cllr"][1] < table["cllr"][0] / 2  # several images say more than one
    # taken as they are, cosines would be badly calibrated
    off = replace(known["face"], intercept=known["face"].intercept + 1)
    assert (calibration_cost(off, held_out)["difference"] > table["difference"] + 0.02).all()


def test_pairs_are_of_who_they_say(runs: dict[int, pl.DataFrame]) -> None:
    rows = runs[TEST]
    one_hot = np.eye(700, dtype=np.float32)[rows["true_id"].to_numpy()]
    scored = score_sighting_pairs(rows, one_hot, 5, pairs=4000)
    assert (scored.filter("mated")["score"] > 0.999).all()
    assert (scored.filter(~pl.col("mated"))["score"] == 0).all()
    assert (scored["mated"] == (scored["subject_a"] == scored["subject_b"])).all()
    assert scored["images_a"].max() <= 8
    assert 0 < scored["quality"].min() <= scored["quality"].max() <= 4
    assert pair_quality(np.array([1.0, 2.0]), np.array([1.0, 2.0])).tolist() == [0.5, 1]
    with pytest.raises(InputError, match="two or more sightings"):
        score_sighting_pairs(rows.unique("true_id"), one_hot, 1)
    with pytest.raises(InputError, match="templates beyond"):
        score_sighting_pairs(rows, one_hot[:10], 1)


def test_scores_without_difference_or_pairs_are_refused(known: dict[str, object]) -> None:
    scored = known["scored"]
    with pytest.raises(InputError, match="no higher"):
        fit_face(scored.with_columns(pl.col("score") * -1), bands=1)
    with pytest.raises(InputError, match="fewer than 8"):
        fit_face(scored.head(300))
    with pytest.raises(InputError, match="not a number"):
        known["face"].llr(np.array([np.nan]), np.array([1.0]))


# --- transit -------------------------------------------------------------------------------------


def test_gaps_and_next_cameras_are_distributions(known: dict[str, object]) -> None:
    transit = known["transit"]
    leaving = 10**transit.last + (10**transit.onward).sum(axis=1)
    assert leaving == pytest.approx(1)
    assert transit.gaps.sum(axis=2) == pytest.approx(1)
    assert (transit.gaps >= 0).all()


def test_a_busy_pairs_gaps_are_those_seen(
    runs: dict[int, pl.DataFrame], known: dict[str, object]
) -> None:
    rows = runs[CALIBRATION].sort("true_id", "t_start")
    steps = rows.select(
        camera_a=pl.col("camera_id").shift().over("true_id"),
        camera_b="camera_id",
        gap=pl.col("t_start") - pl.col("t_end").shift().over("true_id"),
    ).drop_nulls()
    seen = steps.group_by("camera_a", "camera_b").agg(pl.len(), pl.col("gap").median())
    transit = known["transit"]
    places = {camera: place for place, camera in enumerate(transit.cameras)}
    a, b = (seen[side].replace_strict(places).to_numpy() for side in ("camera_a", "camera_b"))
    counted = transit.steps[a, b]
    assert (seen["len"].to_numpy() == counted).all()
    assert counted.sum() == transit.steps.sum()
    half = np.argmax(np.cumsum(transit.gaps, axis=2) >= 0.5, axis=2)[a, b]
    median = ((GAPS[:-1] + GAPS[1:]) / 2)[half]
    busy = counted > 200
    assert busy.sum() > 10
    # to a bin's width
    ratio = median[busy] / seen["gap"].to_numpy()[busy]
    assert ((ratio >= 0.7) & (ratio <= 1.4)).all()


def test_transit_ratios_are_bounded_by_the_steps_seen(known: dict[str, object]) -> None:
    transit = known["transit"]
    count = len(transit.cameras)
    a, b = (each.ravel() for each in np.indices((count, count)))
    for gap in (0.0, 3.0, 60.0, 3600.0, HORIZON - 1):
        llr = transit.llr(a, b, np.full(len(a), gap))
        assert (np.abs(llr) <= np.log10(transit.steps.ravel() + 3) + 1e-12).all()
    assert (transit.llr(a, b, np.full(len(a), HORIZON + 1)) == -np.inf).all()


def test_an_unseen_pair_has_the_walk_as_its_prior() -> None:
    """Twelve people go from a to b; nobody ever from b to c, 134 m apart: 100 s on foot."""
    rows = [
        [
            sighting(3 * n, "a", 100.0 * n, true_id=n),
            sighting(3 * n + 1, "b", 100.0 * n + 25, x=20.0, true_id=n),
            sighting(3 * n + 2, "c", 50.0 * n, x=154.0, true_id=n + 50),
        ]
        for n in range(12)
    ]
    transit = fit_transit(pl.DataFrame([row for each in rows for row in each]))
    b, c = np.array([1]), np.array([2])
    assert transit.steps.tolist() == [[0, 12, 0], [0, 0, 0], [0, 0, 0]]
    likely = {gap: transit.llr(b, c, np.array([float(gap)])).item() for gap in (5, 100, 9000)}
    assert likely[100] == max(likely.values()) > 0
    assert likely[9000] < 0
    assert transit.onward[0, 1] > transit.onward[1, 2]
    with pytest.raises(InputError, match="Camera 'z' is not in the calibration run"):
        transit.codes(pl.DataFrame([sighting(0, "z", 0)]))
    # a camera that nobody passed there is placed by the sightings to be linked
    own = pl.DataFrame([sighting(0, "b", 0, x=20.0), sighting(1, "z", 0, x=154.0)])
    told = fit_transit(pl.DataFrame([row for each in rows for row in each]), places=own)
    assert told.cameras == ("a", "b", "c", "z")
    assert told.codes(own).tolist() == [1, 3]
    assert told.llr(b, np.array([3]), np.array([100.0])).item() == pytest.approx(likely[100])
    assert told.steps[3].sum() == told.steps[:, 3].sum() == 0
    with pytest.raises(InputError, match="Fewer than ten"):
        fit_transit(pl.DataFrame(rows[0]))


@pytest.mark.parametrize(
    ("camera", "start", "x", "possible"),
    [
        ("b", 10.0, 20.0, True),
        ("b", 10.0, 60.0, False),  # 60 m in 10 s
        ("b", 2.0, 5.0, True),  # two views that overlap
        ("b", 2.0, 200.0, False),  # two places at once
        ("a", 2.0, 0.0, False),  # two faces in one picture
        ("a", 6.0, 0.0, True),
    ],
)
def test_what_one_body_can_do(camera: str, start: float, x: float, *, possible: bool) -> None:
    rows = place_bodies(pl.DataFrame([sighting(0, "a", 0.0), sighting(1, camera, start, x=x)]))
    one, two = np.array([0]), np.array([1])
    assert feasible(rows, one, two).item() == feasible(rows, two, one).item() == possible
    if start < 5:
        assert not feasible(rows, one, two, overlap=np.zeros(1)).item()


# --- the cover -----------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 60), whole=st.booleans())
def test_the_cover_weighs_as_much_as_scipys(seed: int, count: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b = np.nonzero(np.triu(rng.random((count, count)) < rng.uniform(0.05, 0.9), 1))
    weight = rng.normal(1, 2, len(a)).round(0 if whole else 9)
    found = best_successors(count, a, b, weight)
    linked = np.flatnonzero(found >= 0)
    assert len(set(found[linked])) == len(linked)
    table = np.full((count, count), -np.inf)
    table[a, b] = weight
    most = np.abs(weight).max(initial=0) + 1
    ends = np.arange(count)
    costs = csr_array(
        (np.r_[most - weight, np.full(count, most)], (np.r_[a, ends], np.r_[b, count + ends])),
        shape=(count, 2 * count),
    )
    row, column = min_weight_full_bipartite_matching(costs)
    best = count * most - costs[row, column].sum()
    assert table[linked, found[linked]].sum() == pytest.approx(best, abs=1e-9)


def test_link_probabilities_are_the_marginals_of_all_covers() -> None:
    """Every cover of small random graphs is weighed; with loops, belief propagation comes near."""
    rng, apart_by = np.random.default_rng(2), []
    for _ in range(60):
        a, b = np.nonzero(np.triu(rng.random((5, 5)) < 0.6, 1))
        weight = rng.normal(0.3, 1, len(a))
        total, held = 0.0, np.zeros(len(a))
        for bits in product([False, True], repeat=len(a)):
            some = np.array(bits, np.bool_)
            if len(set(a[some])) == len(set(b[some])) == some.sum():
                total += 10 ** weight[some].sum()
                held[some] += 10 ** weight[some].sum()
        found, _ = link_probability(5, a, b, weight, np.arange(len(a)))
        apart_by.append(np.abs(found - held / total).max(initial=0))
    assert np.median(apart_by) < 1e-3
    assert max(apart_by) < 0.15


def test_a_track_in_two_places_at_once_is_cut() -> None:
    """a overlaps b, b overlaps c, each near enough; a and c are both seen at 4 s, 100 m apart."""
    rows = [
        sighting(0, "a", 0.0, t_end=40.0),
        sighting(1, "b", 1.0, t_end=3.0, x=2.0),
        sighting(2, "c", 4.0, t_end=6.0, x=130.0),
    ]
    seen = place_bodies(pl.DataFrame(rows))
    assert split_collisions(seen, np.array([1, 2, -1])).tolist() == [1, -1, -1]
    assert split_collisions(seen, np.array([1, -1, -1])).tolist() == [1, -1, -1]
    track, order, place = chain_successors(np.array([2, -1, -1]))
    assert (track.tolist(), order.tolist(), place.tolist()) == ([0, 1, 0], [0, 2, 1], [0, 2, 1])


# --- tracks --------------------------------------------------------------------------------------


def test_every_sighting_is_in_one_track_with_one_neighbour_each_side(
    known: dict[str, object],
) -> None:
    found, sightings = known["found"], known["sightings"]
    assert found.links.schema == pl.Schema(LINKS)
    assert found.tracks.schema == pl.Schema(TRACKS)
    held = found.tracks.explode("sightings")["sightings"]
    assert sorted(held.to_list()) == sorted(sightings["sighting_id"].to_list())
    assert found.links["sighting_a"].is_unique().all()
    assert found.links["sighting_b"].is_unique().all()
    assert found.links["feasible"].all()
    assert len(found.links) + len(found.tracks) == len(sightings)
    assert found.links["probability"].is_between(0, 1).all()
    sums = found.links["llr_face"] + found.links["llr_transit"]
    assert found.links["llr_bounded"].to_list() == pytest.approx(sums.to_list(), abs=1e-5)
    face = known["face"]
    assert (
        found.links["llr_face"].is_between(face.lower.min() - 1e-6, face.upper.max() + 1e-6).all()
    )
    ends = found.tracks.select(
        "weakest_link",
        pl.col("sightings").list.len() == 1,
    )
    assert (ends["weakest_link"].is_null() == ends["sightings"]).all()


def test_no_track_is_in_two_places_at_once(known: dict[str, object]) -> None:
    rows = known["sightings"].sort("sighting_id")
    seen = place_bodies(rows)
    place = dict(zip(rows["sighting_id"], range(len(rows)), strict=True))
    pairs = [
        (place[one], place[two])
        for track in known["found"].tracks["sightings"].to_list()
        for one, two in combinations(track, 2)
    ]
    a, b = np.array(pairs).T
    assert len(a) > 10_000
    assert feasible(seen, a, b).all()


def test_the_truth_is_never_read_and_order_changes_nothing(known: dict[str, object]) -> None:
    sightings, parts = known["sightings"], (known["templates"], known["face"], known["transit"])
    mixed = sightings.sample(fraction=1, shuffle=True, seed=1)
    mixed = mixed.with_columns(
        true_id=pl.Series(np.random.default_rng(1).integers(0, 9, len(mixed)))
    )
    for frame in (mixed, mixed.drop("true_id")):
        again = associate(frame, *parts)
        assert again.links.equals(known["found"].links)
        assert again.tracks.equals(known["found"].tracks)
    strangers = [
        threshold_linking.link_by_threshold(each, known["templates"], 0.97)
        for each in (sightings, mixed)
    ]
    assert strangers[0].tracks.equals(strangers[1].tracks)


def test_with_perfect_templates_the_cover_is_the_truth(
    runs: dict[int, pl.DataFrame], known: dict[str, object]
) -> None:
    rows, calibration = runs[TEST], runs[CALIBRATION]
    people = np.random.default_rng(3).standard_normal((2500, 64)).astype(np.float32)
    people /= np.linalg.norm(people, axis=1, keepdims=True)
    own = people[calibration.sort("template_id")["true_id"].to_numpy()]
    # learned from 20,000 pairs, log10 LR of "another person" ends at -3.4: where somebody's next
    # sighting is missing, times alone then outweigh it, and a stranger's was linked
    face = fit_face(score_sighting_pairs(calibration, own, 1, pairs=200_000))
    templates = people[rows.sort("template_id")["true_id"].to_numpy()]
    found = associate(rows, templates, face, known["transit"], window=0.9999)
    truth = (
        rows.sort("t_start", "sighting_id")
        .group_by("true_id", maintain_order=True)
        .agg("sighting_id")
    )
    same = set(map(tuple, truth["sighting_id"].to_list())) & set(
        map(tuple, found.tracks["sightings"].to_list())
    )
    assert len(same) >= 0.98 * 700  # the rest were gone for longer than any in calibration
    assert track_errors(rows, found)["pair_precision"].item() == 1


def test_the_cover_follows_people_and_the_threshold_mixes_them(known: dict[str, object]) -> None:
    sightings, vectors = known["sightings"], known["templates"]
    cover = track_errors(sightings, known["found"])
    assert cover.schema == pl.Schema(ERRORS)
    scores = known["scored"].filter(~pl.col("mated"), pl.col("images_a") == 1)["score"]
    loose = float(scores.quantile(1 - 1e-4))
    naive = track_errors(sightings, threshold_linking.link_by_threshold(sightings, vectors, loose))
    assert cover["idf1"].item() > 0.91
    assert cover["precision_at_recall"].item() > 0.98
    assert cover["mean_probability"].item() == pytest.approx(
        cover["link_precision"].item(), abs=0.02
    )
    assert cover["infeasible"].item() == 0
    assert naive["mixed"].item() > 0.4
    assert naive["pair_precision"].item() < 0.05
    assert naive["infeasible"].item() > 0
    # surer links are more often right
    probable = known["found"].links.filter(pl.col("probability") > 0.9)
    sure = cut_weak_links(known["found"], sightings, 0.9)
    assert len(sure.links) == len(probable) < len(known["found"].links)
    assert track_errors(sightings, sure)["pair_precision"].item() > cover["pair_precision"].item()


def test_naive_components_are_those_of_all_pairs(known: dict[str, object]) -> None:
    rows, vectors = known["sightings"].head(900), known["templates"]
    found = threshold_linking.link_by_threshold(rows, vectors, 0.96)
    assert found.links.schema == pl.Schema(LINKS)
    own = vectors[rows["template_id"].to_numpy()]
    label = connected_components(own @ own.T >= 0.96, directed=False)[1]
    expected = {
        frozenset(rows["sighting_id"].to_numpy()[label == each].tolist()) for each in set(label)
    }
    assert {frozenset(each) for each in found.tracks["sightings"].to_list()} == expected
    many = pl.concat([rows] * 120).with_columns(
        sighting_id=pl.int_range(pl.len(), dtype=rows.schema["sighting_id"])
    )
    with pytest.raises(InputError, match="100,000"):
        threshold_linking.link_by_threshold(many, vectors, 0.9)


def test_few_or_unlinked_sightings_are_tracks_by_themselves(known: dict[str, object]) -> None:
    for rows in (known["sightings"].head(0), known["sightings"].head(1)):
        found = associate(rows, known["templates"], known["face"], known["transit"])
        assert len(found.tracks) == len(rows)
        assert found.links.is_empty()


# --- errors of tracks ----------------------------------------------------------------------------


def test_errors_counted_by_hand() -> None:
    """People 0: three sightings, 1: two; tracks {0, 0, 1}, {0}, {1}."""
    rows = pl.DataFrame(
        [sighting(n, "a", 10.0 * n, true_id=who) for n, who in enumerate([0, 0, 1, 0, 1])]
    )
    tracks = pl.DataFrame(
        {
            "hypothesis": [0, 1, 2],
            "sightings": [[0, 1, 2], [3], [4]],
            "weakest_link": [1.0, None, None],
            "alternatives": [0, 0, 0],
        },
        schema=TRACKS,
    )
    links = pl.DataFrame(
        {
            "sighting_a": [0, 1],
            "sighting_b": [1, 2],
            "score": [0.9, 0.8],
            "probability": [0.9, 0.5],
            "feasible": [True, True],
            "method": ["path cover"] * 2,
        }
    )
    links = links.select(
        pl.col(name).cast(kind) if name in links.columns else pl.lit(None, kind).alias(name)
        for name, kind in LINKS.items()
    )
    row = track_errors(rows, Association(links, tracks)).row(0, named=True)
    assert row["pair_precision"] == pytest.approx(1 / 3)
    assert row["pair_recall"] == pytest.approx(1 / 4)
    assert row["precision_at_recall"] is None
    assert row["link_precision"] == 0.5
    assert row["next_recall"] == pytest.approx(1 / 3)
    assert row["idf1"] == pytest.approx(2 * 3 / 10)
    assert (row["mixed"], row["broken"], row["passengers"]) == (1, 1, 2)
    with pytest.raises(InputError, match="exactly one track"):
        track_errors(rows, Association(links, tracks.head(1)))
    with pytest.raises(InputError, match="true_id"):
        track_errors(rows.drop("true_id"), Association(links, tracks))


# --- the dossier ---------------------------------------------------------------------------------


def test_a_dossier_tells_where_when_and_beside_whom(known: dict[str, object]) -> None:
    found, sightings = known["found"], known["sightings"]
    longest = found.tracks.sort(pl.col("sightings").list.len())[-1]
    own = longest["sightings"][0].to_list()
    page = dossier(sightings, found, longest["hypothesis"].item(), radius=4)
    assert page.schema == pl.Schema(DOSSIER)
    assert page["sighting_id"].to_list() == own
    assert page["llr_bounded"].null_count() == 1
    assert page["llr_bounded"].min() == pytest.approx(longest["weakest_link"].item())
    assert page["chain"][-1] == pytest.approx(page["probability"].drop_nulls().product())
    track = {
        s: h for h, each in found.tracks.select("hypothesis", "sightings").iter_rows() for s in each
    }
    for row in page.iter_rows(named=True):
        near = {
            track[other["sighting_id"]]
            for other in sightings.filter(camera_id=row["camera_id"]).iter_rows(named=True)
            if other["t_start"] <= row["t_end"]
            and other["t_end"] >= row["t_start"]
            and np.hypot(other["x"] - row["x"], other["y"] - row["y"]) <= 4
        }
        assert row["beside"] == sorted(near - {row["hypothesis"]})
    assert page.equals(dossier(sightings.drop("true_id"), found, page["hypothesis"][0], radius=4))
    with pytest.raises(InputError, match="no hypothesis 999999"):
        dossier(sightings, found, 999_999)
    with pytest.raises(InputError, match="no order"):
        dossier(
            sightings, threshold_linking.link_by_threshold(sightings, known["templates"], 0.97), 0
        )


# --- unicity -------------------------------------------------------------------------------------


def crowd(people: int, seed: int, cells: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    count = people * 6
    return pl.DataFrame(
        {
            "sighting_id": np.arange(count),
            "camera_id": pl.Series(rng.integers(0, cells, count)).cast(pl.String),
            "t_start": rng.uniform(0, 3600, count),
            "x": rng.uniform(0, 100, count),
            "y": rng.uniform(0, 100, count),
            "true_id": rng.integers(0, people, count),
        }
    )


@pytest.mark.parametrize("place", [None, 50.0])
def test_unicity_is_the_papers_counted_one_by_one(place: float | None) -> None:
    """Every choice of p points of everybody is tried: the random choice must agree on average."""
    rows = crowd(40, 5)
    cell = [
        (
            row["camera_id"] if place is None else (row["x"] // place, row["y"] // place),
            row["t_start"] // 900,
        )
        for row in rows.iter_rows(named=True)
    ]
    traces: dict[int, set[object]] = {}
    for who, where in zip(rows["true_id"], cell, strict=True):
        traces.setdefault(who, set()).add(where)
    for number in (1, 2, 3):
        able = [trace for trace in traces.values() if len(trace) >= number]
        chances = [
            np.mean(
                [
                    sum(set(some) <= other for other in traces.values()) == 1
                    for some in combinations(sorted(trace), number)
                ]
            )
            for trace in able
        ]
        found = pl.concat(
            unicity(rows, points=[number], place=place, seed=seed) for seed in range(150)
        )
        assert found.schema == pl.Schema(UNICITY)
        assert set(found["people"]) == {len(able)}
        error = 4 * found["singled_out"].std() / np.sqrt(150)
        assert found["singled_out"].mean() == pytest.approx(np.mean(chances), abs=error + 1e-9)
        assert (found["none"] == 0).all()
        assert (found["wrong"] == 0).all()
        sums = found["singled_out"] + found["several"]
        assert sums.to_list() == pytest.approx([1] * 150)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_more_points_and_finer_cells_single_out_no_fewer(seed: int) -> None:
    rows = crowd(60, seed)
    by_points = unicity(rows, seed=seed)
    kept = by_points.filter(pl.col("people") == by_points["people"].max())
    assert (kept["singled_out"].diff().drop_nulls() >= 0).all()
    assert (
        (by_points["low"] <= by_points["singled_out"])
        & (by_points["singled_out"] <= by_points["high"])
    ).all()


def test_broken_and_mixed_tracks_change_who_is_singled_out() -> None:
    """Nobody shares a cell. Halved, tracks hide people; in twos, they give away others."""
    rows = pl.DataFrame(
        [
            sighting(4 * who + n, f"{who}-{n}", 1000.0 * n, true_id=who)
            for who in range(20)
            for n in range(4)
        ]
    )
    truth = rows.group_by("true_id", maintain_order=True).agg("sighting_id")
    days = truth["sighting_id"].to_list()
    halves = [half for day in days for half in (day[:2], day[2:])]
    couples = [[*days[n], *days[n + 1]] for n in range(0, 20, 2)]

    def of(groups: list[list[int]]) -> dict[str, float]:
        tracks = pl.DataFrame({"hypothesis": range(len(groups)), "sightings": groups})
        return unicity(rows, tracks, points=[2], seed=1).row(0, named=True)

    assert of(days)["singled_out"] == unicity(rows, points=[2], seed=1)["singled_out"].item() == 1
    assert of(days)["revealed"] == 1
    cut = of(halves)
    assert cut["singled_out"] + cut["none"] == pytest.approx(1)
    assert 0 < cut["none"] < 1
    assert cut["revealed"] == 0.5
    assert cut["revealed_low"] <= 0.5 <= cut["revealed_high"]
    both = of(couples)
    assert (both["singled_out"], both["wrong"]) == (0.5, 0.5)
    assert both["revealed"] == 1


def test_impossible_unicity_is_refused() -> None:
    rows = crowd(5, 1)
    for wrong in ({"time": 0}, {"place": -1}, {"points": [0]}):
        with pytest.raises(InputError, match="above zero"):
            unicity(rows, **wrong)
    with pytest.raises(InputError, match="true_id"):
        unicity(rows.drop("true_id"))
    tracks = pl.DataFrame({"hypothesis": [0], "sightings": [[0, 1]]})
    with pytest.raises(InputError, match="in no track"):
        unicity(rows, tracks)
