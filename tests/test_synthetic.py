"""The template model: what it is fitted from, what it admits, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from onetomany import accuracy, gallery
from onetomany.accuracy import growth, realism
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.gallery import CompressedEngine

Model = synthetic.TemplateModel


@pytest.fixture(scope="module")
def model(templates_sface: pl.DataFrame) -> Model:
    return synthetic.fit_template_model(templates_sface)


def drawn(model: Model, people: int, images: int, seed: int) -> pl.DataFrame:
    """A set of synthetic people as if it had been embedded."""
    who = synthetic.draw_people(model, people, seed, 5)
    return synthetic.as_frame(synthetic.draw_images(model, who, images, seed, 5), images, model)


def some(templates: pl.DataFrame, images: int) -> pl.DataFrame:
    return templates.group_by("subject_id", maintain_order=True).head(images)


@pytest.mark.parametrize("images", [2, 3])
def test_few_pictures_a_person_are_enough(templates_sface: pl.DataFrame, images: int) -> None:
    few = some(templates_sface, images)
    model = synthetic.fit_template_model(few)
    numbers = (model.mean, model.between, model.within)
    assert all(np.isfinite(each).all() for each in numbers)
    assert model.direction_spread == 0 or images > 2
    comparisons = accuracy.compare_all(drawn(model, 100, 3, 1))
    assert comparisons["score"].is_finite().all()
    # its rates are rates, not the 0 or 1 of comparisons with NaN
    threshold = accuracy.threshold_at_fmr(comparisons, 1e-2)
    mated = comparisons.filter("mated")["score"]
    assert 0.5 < (mated >= threshold.score).mean() <= 1
    real, made = (
        frame.filter(~pl.col("mated"))["score"]
        for frame in (accuracy.compare_all(few), comparisons)
    )
    assert made.mean() == pytest.approx(real.mean(), abs=0.02)
    assert made.std() == pytest.approx(real.std(), rel=0.1)


def test_with_two_pictures_what_strays_is_the_persons(model: Model) -> None:
    known = replace(model, direction_spread=0.0, image_spread=0.0, person_spread=0.3)
    again = synthetic.fit_template_model(drawn(known, 600, 2, 3))
    assert again.person_spread == pytest.approx(0.3, abs=0.06)
    assert (again.direction_spread, again.image_spread) == (0, 0)


def test_mean_and_spectrum_are_found_again_without_bias(model: Model) -> None:
    """From as few people as the real set has: their own mean is too long, their spectrum uneven."""
    fits = [
        synthetic.fit_template_model(drawn(model, model.subjects, 4, seed)) for seed in range(16)
    ]
    lengths = np.array([np.sum(each.mean.astype(np.float64) ** 2) for each in fits])
    squares = np.array([np.sum((each.between @ each.between.T) ** 2.0) for each in fits])
    whole = synthetic.fit_template_model(drawn(model, 1200, 4, 99))
    for found, true in (
        (lengths, np.sum(whole.mean.astype(np.float64) ** 2)),
        (squares, np.sum((whole.between @ whole.between.T) ** 2.0)),
    ):
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert abs(found.mean() - true) < 3 * error + 0.03 * true


def test_the_real_set_passes_for_a_synthetic_one(
    templates_sface: pl.DataFrame, model: Model
) -> None:
    """How widely scores spread, how far their tail goes, how unequal people are."""
    figures = realism.as_one_of_many(templates_sface, model, 60).to_dicts()
    by_name = {row["figure"]: row for row in figures}
    inequality = by_name["cv of people's FMR at 0.01"]
    assert inequality["plausible"]
    # of nine figures one may be out of line by chance
    assert sum(not row["plausible"] for row in figures) <= 1
    comparisons = accuracy.compare_all(templates_sface)
    threshold = accuracy.threshold_at_fmr(comparisons, realism.UNEQUAL)
    cv = accuracy.variation_between_people(comparisons, threshold)
    assert inequality["real"] == pytest.approx(cv, abs=1e-9)


def test_people_who_were_held_out_pass_too(templates_sface: pl.DataFrame) -> None:
    """Fitted to half of the people, tried on the others: few figures are out of line."""
    people = templates_sface["subject_id"].unique().sort()
    out = total = 0
    for seed in range(3):
        half = people.shuffle(seed)[: len(people) // 2].implode()
        own = templates_sface.filter(pl.col("subject_id").is_in(half))
        rest = templates_sface.filter(~pl.col("subject_id").is_in(half))
        figures = realism.as_one_of_many(rest, synthetic.fit_template_model(own), 40)
        told = figures.filter(pl.col("figure").str.contains("non-mated|cv of"))
        out, total = out + (~told["plausible"]).sum(), total + len(told)
    assert out <= total / 3


NAN = np.float32("nan")


def test_no_nan_passes_a_boundary(templates_sface: pl.DataFrame, model: Model) -> None:
    vectors = templates_sface["template"].to_numpy().copy()
    vectors[7, 3] = NAN
    spoilt = templates_sface.with_columns(
        template=pl.Series(vectors, dtype=pl.Array(pl.Float32, 128))
    )
    one = templates_sface["template_id"][7]
    with pytest.raises(InputError, match=f"'{one}' contains NaN"):
        synthetic.fit_template_model(spoilt)
    with pytest.raises(InputError, match="contains NaN"):
        realism.as_one_of_many(spoilt, model, 20)
    for broken in (
        replace(model, image_spread=float("nan")),
        replace(model, mean=model.mean * NAN),
    ):
        with pytest.raises(InputError, match="contains NaN"):
            synthetic.draw_people(broken, 3, 0)
        with pytest.raises(InputError, match="contains NaN"):
            growth.synthetic_thresholds(broken, [1e-2], people=200)


@pytest.mark.parametrize("bad", [NAN, np.float32("inf"), np.float32("-inf")])
def test_engines_take_numbers_only(model: Model, bad: np.float32, tmp_path: object) -> None:
    vectors = synthetic.draw_images(model, synthetic.draw_people(model, 20, 1), 1, 1)
    spoilt = vectors.copy()
    spoilt[4, 100] = bad
    for engine in (gallery.open_engine("exact", 128), CompressedEngine(tmp_path / "e", 128)):  # type: ignore[operator]
        with pytest.raises(InputError, match="Vector 4 of 20 contains NaN or infinite"):
            engine.add(spoilt)
        assert len(engine) == 0
        engine.add(vectors)
        with pytest.raises(InputError, match="Vector 4 of 20"):
            engine.search(spoilt, 1)
