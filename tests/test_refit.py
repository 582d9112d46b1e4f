"""Rates calculated for any model, against galleries that were made; intervals of refits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from onetomany.accuracy import published_systems as measured
from onetomany.accuracy import refit
from onetomany.errors import InputError, OneToManyError
from onetomany.faces import synthetic
from onetomany.sources import measured as systems


@pytest.fixture(scope="module")
def model(templates_sface: pl.DataFrame) -> synthetic.TemplateModel:
    return synthetic.fit_template_model(templates_sface)


@pytest.fixture(scope="module")
def found(model: synthetic.TemplateModel) -> refit.Chances:
    return refit.chances(model, 3, seed=2, people=600)


def test_calculated_rates_are_those_of_a_gallery_that_was_made(
    model: synthetic.TemplateModel, found: refit.Chances
) -> None:
    people = 12_000
    gallery = synthetic.draw_images(model, synthetic.draw_people(model, people, 3, 1), 3, 3, 1)
    probes = synthetic.draw_images(model, synthetic.draw_people(model, 1200, 3, 2), 1, 3, 2)
    best = np.concatenate(
        [(probes[i : i + 300] @ gallery.T).max(axis=1) for i in range(0, 1200, 300)]
    )
    for fmr in (1e-4, 1e-5):
        cut = found.threshold(fmr)
        counted = (best >= cut).mean()
        calculated = found.fpir(3 * people, [cut])[0]
        # it lies below: rare people whose images stray far are too few among those drawn
        assert 0.65 * counted < calculated < 1.1 * counted
    cut = found.threshold_at_fpir(3 * people, 0.05)
    assert (best >= cut).mean() == pytest.approx(0.05, abs=0.04)


def test_more_records_more_alarms_and_more_misses(found: refit.Chances) -> None:
    cut = found.threshold(1e-5)
    sizes = [1e3, 1e4, 1e5, 1e6]
    assert (np.diff([found.fpir(size, [cut])[0] for size in sizes]) > 0).all()
    assert (np.diff([found.threshold_at_fpir(size, 0.01) for size in sizes]) > 0).all()
    held = [found.fnir(size, found.threshold_at_fpir(size, 0.01)) for size in sizes]
    assert (np.diff(held) >= 0).all()
    # one image a person: fewer chances a person, as many people as records
    with pytest.raises(InputError, match="outside the calculated range"):
        found.threshold(0.5)


def test_what_is_too_rare_to_calculate_is_refused(templates: pl.DataFrame) -> None:
    """A matcher whose templates all lie close together: only a few people bear its rare chances."""
    with pytest.raises(InputError, match="too rare to calculate"):
        refit.curves(synthetic.fit_template_model(templates), [3_000], [1e-6], [0.1])


@pytest.fixture(scope="module")
def again(templates_sface: pl.DataFrame) -> pl.DataFrame:
    return refit.refits(templates_sface, [3_000, 60_000], [1e-5], [0.01], count=6)


def rates(fpir: float) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "gallery_size": [3_000, 60_000],
            "fmr": [1e-5, 1e-5],
            "fpir": [fpir, 0.3],
            "fpir_low": [max(fpir - 0.01, 0.0), 0.29],
            "fpir_high": [fpir + 0.01, 0.31],
        }
    )


@pytest.mark.parametrize("fpir", [0.0, 0.025, 0.985])
def test_an_interval_only_grows(again: pl.DataFrame, fpir: float) -> None:
    plain = rates(fpir)
    wide = refit.widened(plain, again, "fpir", "fpir", "fmr")
    assert wide["fpir"].equals(plain["fpir"])
    assert (wide["fpir_low"] <= plain["fpir_low"] + 1e-9).all()
    assert (wide["fpir_high"] >= plain["fpir_high"] - 1e-9).all()
    assert wide["fpir_high"].is_between(0, 1).all()
    # at 60,000 records the refits leave more open than the sample did
    assert wide["fpir_high"][1] - wide["fpir_low"][1] > 2 * 0.02


def test_refits_of_other_sizes_or_kinds_are_refused(again: pl.DataFrame) -> None:
    other = rates(0.02).with_columns(gallery_size=pl.col("gallery_size") + 1)
    with pytest.raises(InputError, match="no fpir at 3,001 records"):
        refit.widened(other, again, "fpir", "fpir", "fmr")
    mixed = pl.concat([again, again.with_columns(images=pl.lit(1, pl.Int32))])
    with pytest.raises(InputError, match="several kinds of gallery"):
        refit.widened(rates(0.02), mixed, "fpir", "fpir", "fmr")


def test_refits_differ_and_the_first_is_of_everybody(
    again: pl.DataFrame, model: synthetic.TemplateModel
) -> None:
    whole = refit.curves(model, [3_000, 60_000], [1e-5], [0.01])
    first = again.filter(refit=0).select(whole.columns)
    assert first.equals(whole)
    for (measure, size), own in again.group_by("measure", "size"):
        if measure == "fpir" and size == 60_000:
            assert own["rate"].n_unique() == 7


def test_too_few_people_have_no_halves(templates_sface: pl.DataFrame) -> None:
    few = templates_sface["subject_id"].unique().sort().head(18).implode()
    with pytest.raises(InputError, match="at least 10"):
        refit.refits(
            templates_sface.filter(pl.col("subject_id").is_in(few)), [3_000], [1e-3], [0.1]
        )


# --- measured systems ----------------------------------------------------------------------------


def test_every_figure_of_nist_is_a_rate_with_its_rank() -> None:
    figures = systems.measured_systems()
    assert figures.schema == pl.Schema(systems.FIGURES)
    assert (len(figures), figures["algorithm"].n_unique()) == (4589, 616)
    keys = ["gallery", "probe", "years_apart", "gallery_size", "fpir"]
    for _, column in figures.group_by(keys):
        if len(column) == column["of"][0]:  # read to its end: ranks are 1 to k, values never fall
            ordered = column.sort("rank")
            assert ordered["rank"].to_list() == list(range(1, len(column) + 1))
            assert (ordered["fnir"].diff().drop_nulls() >= 0).all()
    source = systems.measured_publication()
    assert source.commit in source.url
    assert len(source.cautions) == 5


def test_growth_is_what_was_published() -> None:
    figures = systems.measured_systems()
    held = measured.growth_exponents(figures)["exponent"]
    assert len(held) == 423
    found = [held.quantile(q, "linear") for q in (0.1, 0.5, 0.9)]
    assert found == pytest.approx([0.215, 0.382, 0.475], abs=5e-4)
    first = measured.growth_exponents(figures, None)["exponent"]
    assert first.median() == pytest.approx(0.201, abs=5e-4)
    with pytest.raises(InputError, match="measured at both"):
        measured.growth_exponents(figures, sizes=(1, 2))


def test_rank_one_is_no_answer() -> None:
    source = systems.measured_publication()
    figures = systems.measured_systems().filter(
        pl.col("years_apart").is_null(), gallery="Mugshot", probe="Mugshot", gallery_size=1_600_000
    )
    both = measured.two_measures(figures, [each.name for each in source.developers])
    row = both.row(by_predicate=pl.col("algorithm") == source.example, named=True)
    assert (str(row["submitted"]), row["rank_1"], row["held"]) == ("2021-09-17", 0.0106, 0.3038)
    assert (both["held"] >= both["rank_1"]).all()


def test_a_wrong_table_is_refused(tmp_path: object) -> None:
    folder = tmp_path
    text = (systems.DATA / "frte_1n.csv").read_text(encoding="utf-8").splitlines()
    first = text[1].split(",")
    for change, message in (
        ([*first[:8], "1.5", *first[9:]], "not a rate"),
        (first, "one figure twice"),
    ):
        lines = [*text[:3], ",".join(change)]
        (folder / "frte_1n.csv").write_text("\n".join(lines) + "\n")  # type: ignore[operator]
        with pytest.raises(OneToManyError, match=message):
            systems.measured_systems(folder)  # type: ignore[arg-type]
    (folder / "sources.toml").write_text("[source]\npublisher = 'NIST'\n")  # type: ignore[operator]
    with pytest.raises(OneToManyError, match="does not give"):
        systems.measured_publication(folder)  # type: ignore[arg-type]


def test_the_models_own_growth(again: pl.DataFrame) -> None:
    own = measured.modelled_exponents(again, 0.01, sizes=(3_000, 60_000))
    assert own["refit"].to_list() == list(range(7))
    row = own.row(0, named=True)
    assert row["exponent"] == pytest.approx(np.log(row["large"] / row["small"]) / np.log(20))
    level = measured.modelled_misses(again, 0.01)
    assert (level["low"] < level["fnir"]).all()
    assert (level["high"] > level["fnir"]).all()
    with pytest.raises(InputError, match="make the refits"):
        measured.modelled_exponents(again, 0.01)
