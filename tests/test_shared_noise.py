"""Noise shared within a visit, estimated without identities, and given to the labelled run."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from onetomany import terminal
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.tracking.likelihood import calibration_cost, fit_face, score_sighting_pairs
from onetomany.tracking.shared_noise import estimate_shared_noise, share_noise, visit_share
from onetomany.tracking.visits import visit_numbers, visit_templates

pytestmark = pytest.mark.real

NOISE = 1.2


def model(dimension: int, between: float, within: float) -> synthetic.TemplateModel:
    """People and images that stray alike in every direction."""
    evenly = np.eye(dimension, dtype=np.float32)
    return synthetic.TemplateModel(
        mean=np.zeros(dimension, np.float32),
        between=evenly * between,
        within=evenly * within,
        direction_spread=0.0,
        person_spread=0.0,
        image_spread=0.0,
        model="a test's",
        fitted_to="nothing",
        subjects=1,
        images=1,
    )


MODEL, ALIKE = model(64, 1.0, 0.8), model(12, 2.0, 0.2)


def crowd(seed: int, people: int = 120) -> pl.DataFrame:
    """People who pass before cameras three times within minutes, and so again an hour later."""
    rng = np.random.default_rng(seed)
    rows = [
        (who, begin + hour + pause)
        for who in range(people)
        for begin in [rng.uniform(0, 3000)]
        for hour in (0.0, 3600.0)
        for pause in (0.0, 40.0, 150.0)
    ]
    frame = pl.DataFrame(rows, schema=["true_id", "t_start"], orient="row").sort("t_start")
    number = pl.int_range(pl.len())
    return frame.with_columns(
        t_end=pl.col("t_start") + 5, quality=pl.lit(0.5), template_id=number, sighting_id=number
    )


KNOWN, SEEN = crowd(1), crowd(2)
ALONE = terminal.sighting_templates(MODEL, KNOWN, 1, noise=NOISE)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8])
def test_the_share_is_estimated_without_identities(share: float) -> None:
    faces = visit_templates(MODEL, SEEN, 2, noise=NOISE, share=share)
    found = estimate_shared_noise(SEEN, faces, KNOWN, ALONE)
    assert visit_share(found) == pytest.approx(share, abs=0.12)
    blind = SEEN.with_columns(true_id=pl.lit(0))
    assert found.equals(estimate_shared_noise(blind, faces, KNOWN, ALONE))


def test_a_labelled_run_with_the_same_visits_is_left_alone() -> None:
    faces = visit_templates(MODEL, SEEN, 2, noise=NOISE, share=0.5)
    known = visit_templates(MODEL, KNOWN, 1, noise=NOISE, share=0.5)
    assert visit_share(estimate_shared_noise(SEEN, faces, KNOWN, known)) < 0.15


def test_a_run_too_short_says_nothing() -> None:
    few = SEEN.filter(pl.col("true_id") < 5).with_columns(template_id=pl.int_range(pl.len()))
    faces = terminal.sighting_templates(MODEL, few, 2, noise=NOISE)
    found = estimate_shared_noise(few, faces, KNOWN, ALONE)
    assert found["share"].null_count() == found.height
    assert visit_share(found) == 0


def test_shared_noise_correlates_within_visits_only_and_is_as_long() -> None:
    made = share_noise(KNOWN, ALONE, 0.6, 3)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(len(made)), abs=1e-5)
    rows = KNOWN.sort("true_id", "t_start")["template_id"].to_numpy().reshape(-1, 6)
    before, after = (
        [float((each[rows[:, 0]] * each[rows[:, n]]).sum(axis=1).mean()) for n in (1, 3)]
        for each in (ALONE, made)
    )
    assert after[0] > before[0] + 0.1  # forty seconds later
    assert after[1] == pytest.approx(before[1], abs=0.03)  # an hour later
    assert np.allclose(share_noise(KNOWN, ALONE, 0.0, 3), ALONE, atol=1e-6)
    with pytest.raises(InputError, match="give 0 to 1"):
        share_noise(KNOWN, ALONE, 1.2, 3)


def test_ratios_are_calibrated_again() -> None:
    """Poorer faces: averaged images cost half as much as before, as if the visits were known."""
    poor = 2.6
    alone = terminal.sighting_templates(MODEL, KNOWN, 1, noise=poor)
    faces = visit_templates(MODEL, SEEN, 2, noise=poor, share=0.8)
    held_out = score_sighting_pairs(SEEN, faces, 2, pairs=8000)
    found = visit_share(estimate_shared_noise(SEEN, faces, KNOWN, alone))
    right = visit_templates(MODEL, KNOWN, 1, noise=poor, share=0.8)
    before, after, best = (
        calibration_cost(
            fit_face(score_sighting_pairs(KNOWN, known, 1, pairs=8000), bands=1), held_out
        )["difference"][1]
        for known in (alone, share_noise(KNOWN, alone, found, 3), right)
    )
    assert after < 0.6 * before
    assert after < best + 0.01


def twice(people: int = 60) -> pl.DataFrame:
    """Each person twice within a minute, and twice again an hour later."""
    times = [(who, t) for who in range(people) for t in (0.0, 30.0, 3600.0, 3630.0)]
    frame = pl.DataFrame(times, schema=["true_id", "t_start"], orient="row")
    return frame.with_columns(
        t_end=pl.col("t_start") + 5,
        quality=pl.lit(0.5, pl.Float32),
        template_id=pl.int_range(pl.len()),
    )


def noise_of(share: float) -> np.ndarray:
    """How each template strays from its person's mean, (people, 4, d)."""
    rows = twice()
    places = synthetic.draw_people(ALIKE, 60, 3, terminal.templates.PEOPLE).places
    vectors = visit_templates(ALIKE, rows, 3, noise=0.5, share=share)
    places = places / np.linalg.norm(places, axis=1, keepdims=True)
    return vectors.reshape(60, 4, -1) - places[:, None]


def test_noise_is_shared_within_a_visit_and_as_wide_as_before() -> None:
    rows = twice()
    assert visit_numbers(rows)[:8].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    alone = terminal.sighting_templates(ALIKE, rows, 3, noise=0.5)
    assert np.array_equal(visit_templates(ALIKE, rows, 3, noise=0.5, share=0), alone)
    width = noise_of(0.0).std()
    for share in (0.5, 0.9):
        noise = noise_of(share)
        assert noise.std() == pytest.approx(width, rel=0.1)
        within = np.corrcoef(noise[:, 0].ravel(), noise[:, 1].ravel())[0, 1]
        apart = np.corrcoef(noise[:, 0].ravel(), noise[:, 2].ravel())[0, 1]
        assert within == pytest.approx(share, abs=0.12)
        assert abs(apart) < 0.15
    with pytest.raises(InputError, match="give 0 to 1"):
        visit_templates(ALIKE, rows, 3, share=1.5)
