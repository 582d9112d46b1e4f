"""A gallery grown in chunks tells what one brute-force comparison would, however often it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from onetomany import accuracy, faces
from onetomany.accuracy import full, growth
from onetomany.accuracy.identification import SEARCHES
from onetomany.errors import InputError
from onetomany.faces import synthetic
from onetomany.gallery import CompressedEngine, unpack
from onetomany.sources import case, travellers

pytestmark = pytest.mark.real

PLAN = growth.GalleryPlan(9_000, images=3, probes=100, chunk=2_100, seed=1)


@pytest.fixture(scope="session")
def templates(templates_sface: pl.DataFrame) -> pl.DataFrame:
    """Those of the matcher that the run at the disclosed size is fitted to."""
    return templates_sface


@pytest.fixture(scope="session")
def model(templates: pl.DataFrame) -> synthetic.TemplateModel:
    return synthetic.fit_template_model(templates)


def engine_in(folder: Path, model: synthetic.TemplateModel) -> CompressedEngine:
    return CompressedEngine(folder / "engine", model.dimension, lists=16)


def test_the_model_has_the_moments_it_was_fitted_to(
    templates: pl.DataFrame, model: synthetic.TemplateModel
) -> None:
    """Mean, and the two traces, come back from what is drawn; templates are unit vectors."""
    people = synthetic.draw_people(model, 4000, seed=3)
    drawn = synthetic.draw_images(model, people, 3, seed=3)
    assert np.allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-6)
    real = templates["template"].to_numpy().astype(np.float64)
    # the mean of few people is too long: the model's is shortened, and points the same way
    ours, theirs = drawn.mean(axis=0), real.mean(axis=0)
    lengths = np.linalg.norm(ours), np.linalg.norm(theirs)
    assert ours @ theirs / (lengths[0] * lengths[1]) > 0.995
    assert 0.85 < lengths[0] / lengths[1] < 1

    def within(vectors: np.ndarray, who: np.ndarray) -> float:
        counts = np.bincount(who)
        sums = np.zeros((len(counts), vectors.shape[1]))
        np.add.at(sums, who, vectors)
        return float(((vectors - (sums / counts[:, None])[who]) ** 2).sum()) / (
            len(vectors) - len(counts)
        )

    who = templates["subject_id"].rank("dense").to_numpy().astype(np.int64) - 1
    assert within(drawn.astype(np.float64), np.arange(len(drawn)) // 3) == pytest.approx(
        within(real, who), rel=0.1
    )
    assert drawn.var(axis=0).sum() == pytest.approx(real.var(axis=0).sum(), rel=0.05)


def test_streams_repeat_and_differ(model: synthetic.TemplateModel) -> None:
    people = synthetic.draw_people(model, 50, seed=9, stream=4)
    again = synthetic.draw_people(model, 50, seed=9, stream=4)
    assert (people.places == again.places).all()
    images = synthetic.draw_images(model, people, 2, seed=9, stream=4)
    assert (images == synthetic.draw_images(model, again, 2, seed=9, stream=4)).all()
    for other in (
        synthetic.draw_images(model, people, 2, seed=9, stream=5),
        synthetic.draw_images(model, people, 2, seed=8, stream=4),
        synthetic.draw_images(model, people, 2, seed=9, stream=4, session=2),
    ):
        assert not np.isclose(images, other).all(axis=1).any()


def test_a_model_needs_people_with_several_images(templates: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="0 people have two or more images"):
        synthetic.fit_template_model(templates.unique("subject_id"))
    mixed = templates.with_columns(
        model=pl.when(pl.int_range(pl.len()) < 9).then(pl.lit("Dlib")).otherwise("model")
    )
    with pytest.raises(InputError, match="one model and one set"):
        synthetic.fit_template_model(mixed)


def test_growth_equals_brute_force(model: synthetic.TemplateModel, tmp_path: Path) -> None:
    engine = engine_in(tmp_path, model)
    searches, exact = growth.grow(PLAN, model, engine, tmp_path / "notes")
    assert searches.schema == pl.Schema(SEARCHES)
    assert searches["gallery_size"].unique().sort().to_list() == [300, 1000, 3000, 9000]
    assert len(engine) == exact.size == 9_000
    chunks = [growth._gallery_chunk(PLAN, model, number)[0] for number in range(PLAN.chunks)]
    vectors = np.concatenate(chunks)
    probes = growth.probes_of(PLAN, model)
    scores = probes @ vectors.T
    assert (exact.rows[:, 0] == scores.argmax(axis=1)).all()
    own = np.arange(9_000) // 3 == np.arange(200)[:, None]
    own[100:] = False
    for size, frame in searches.group_by("gallery_size"):
        part, is_mate = scores[:, : size[0]], own[:, : size[0]]
        other = np.where(is_mate, -np.inf, part).max(axis=1)
        assert np.allclose(frame["other_score"], other, atol=1e-6)
        mate = np.where(is_mate, part, -np.inf).max(axis=1)[:100]
        mated = frame.filter("mated")
        assert np.allclose(mated["mate_score"], mate, atol=1e-6)
        rank = 1 + (np.where(is_mate, -np.inf, part)[:100] > mate[:, None]).sum(axis=1)
        known = rank <= growth.RANKS
        assert mated["mate_rank"].is_null().to_numpy().tolist() == (~known).tolist()
        assert (mated["mate_rank"].to_numpy()[known] == rank[known]).all()
        assert frame.filter(~pl.col("mated"))["mate_score"].null_count() == 100
    engine.scan, engine.rerank = 1.0, 1000
    facts = full._appraise(engine, probes, exact) | full.sizes(engine)
    assert facts["recall@1, mated"] == 1
    assert facts["disk, bytes a template"] > 2 * model.dimension


GROW = """
import sys, polars as pl
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_growth import PLAN, engine_in
from onetomany.accuracy import growth
from onetomany.faces import synthetic
folder = Path(sys.argv[1])
model = synthetic.fit_template_model(pl.read_parquet(folder / "templates.parquet"))
taken = growth._write_notes
def slowly(*args):
    taken(*args)
    print(args[2], flush=True)
growth._write_notes = slowly
growth.grow(PLAN, model, engine_in(folder, model), folder / "notes")
"""


def test_a_killed_run_goes_on_and_tells_the_same(
    templates: pl.DataFrame, model: synthetic.TemplateModel, tmp_path: Path
) -> None:
    whole = growth.grow(PLAN, model, engine_in(tmp_path / "w", model), tmp_path / "w" / "notes")[0]
    folder = tmp_path / "killed"
    folder.mkdir()
    templates.write_parquet(folder / "templates.parquet")
    command = [sys.executable, "-c", GROW, str(folder), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    engine = engine_in(folder, model)
    assert PLAN.chunks >= engine.chunks >= told >= 1
    searches, _ = growth.grow(PLAN, model, engine, folder / "notes")
    assert growth.read_growth(folder / "notes").starts == 2
    left, right = (frame.sort("gallery_size", "probe_id") for frame in (searches, whole))
    assert left.drop("mate_score", "other_score").equals(right.drop("mate_score", "other_score"))
    assert np.allclose(left["other_score"], right["other_score"], atol=1e-6)
    assert len(engine) == PLAN.records


def test_another_plan_does_not_go_on(model: synthetic.TemplateModel, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for plan, other in ((replace(PLAN, seed=2), model), (PLAN, replace(model, person_spread=0.5))):
        about = asdict(plan) | {"model": other.digest()}
        (notes / "plan.json").write_text(json.dumps(about))
        with pytest.raises(InputError, match="run of another plan or template model"):
            growth.grow(PLAN, model, engine_in(tmp_path, model), notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"records": 100}, "whole people"), ({"probes": 5000}, "records or more")],
)
def test_plans_that_make_no_sense(changes: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(PLAN, **changes)


def test_rare_thresholds_are_those_of_all_pairs(model: synthetic.TemplateModel) -> None:
    targets = [1e-2, 1e-3]
    found = growth.synthetic_thresholds(model, targets, people=2_500, seed=6)
    drawn = synthetic.draw_people(model, 2_500, 6, growth.STRANGERS + 1)
    vectors = synthetic.draw_images(model, drawn, 1, 6, growth.STRANGERS + 1)
    comparisons = accuracy.compare_all(synthetic.as_frame(vectors, 1, model))
    for threshold, target in zip(found, targets, strict=True):
        whole = accuracy.threshold_at_fmr(comparisons, target)
        assert threshold.score == pytest.approx(whole.score, abs=1e-6)
        assert threshold.fmr == pytest.approx(whole.fmr, abs=3 / len(comparisons))
        assert threshold.comparisons == len(comparisons)
    with pytest.raises(InputError, match="more people"):
        growth.synthetic_thresholds(model, [1e-6], people=2_500)


def test_attributes_follow_the_published_margins(model: synthetic.TemplateModel) -> None:
    table = travellers.margins()
    totals = dict(table.group_by("margin").agg(pl.col("arrivals").sum()).iter_rows())
    # men, women and crew are the whole that the tourism organisation published
    assert totals["sex"] + 1_960_975 == totals["nationality"] == 32_849_635
    assert totals["age"] == totals["sex"]
    who = travellers.draw_travellers(200_000, np.random.default_rng(0), koreans=0.3)
    assert (who["nationality"] == "KOR").mean() == pytest.approx(0.3, abs=0.005)
    women = table.filter(value="F")["arrivals"].item() / totals["sex"]
    assert (who["sex"] == "F").mean() == pytest.approx(women, abs=0.005)
    chinese = table.filter(value="CHN")["arrivals"].item() / totals["nationality"]
    assert (who["nationality"] == "CHN").mean() == pytest.approx(0.7 * chinese, abs=0.005)
    assert who["birth_year"].min() >= travellers.YEAR - travellers.OLDEST
    cells = growth._gallery_chunk(PLAN, model, 0)[1]
    assert (cells[::3] == cells[2::3]).all()  # all records of a person say the same
    assert unpack(cells).null_count().sum_horizontal().item() == 0


def test_the_stored_run_is_of_the_disclosed_size() -> None:
    whole = full.stored_run()
    searches, run = whole.searches, whole.facts
    assert run["records"] == case.records_given(case.case_numbers())
    assert searches.schema == pl.Schema(SEARCHES)
    assert searches["gallery_size"].max() == run["records"]
    assert growth.GalleryPlan(**json.loads(str(run["plan"]))).sizes() == (
        searches["gallery_size"].unique().sort().to_list()
    )
    # as large galleries hold the smaller ones, nobody's best stranger gets worse
    best = searches.sort("gallery_size").group_by("probe_id", maintain_order=True)
    worse = best.agg((pl.col("other_score").diff() < 0).any())["other_score"]
    assert not worse.any()
    held = accuracy.misses_at_fpir(searches, [0.05])
    assert (held["fpir"] <= 0.05).all()
    # whose templates it was fitted to, and the thresholds that belong to them
    assert run["matcher"] in faces.MATCHERS
    assert list(whole.thresholds) == list(full.MARKS)
    assert sorted(whole.thresholds.values()) == list(whole.thresholds.values())
    rates = whole.rates()
    plain = accuracy.rates_by_size(searches, list(whole.thresholds.values()), fmr=full.MARKS)
    assert rates["fpir"].equals(plain["fpir"])
    wider = (rates["fpir_high"] - rates["fpir_low"]) - (plain["fpir_high"] - plain["fpir_low"])
    assert (wider > 0).any() if whole.is_widened else (wider == 0).all()
    one = whole.refits.filter(images=1)
    assert {*full.MEASURED} <= {*one["size"]}
    assert one["refit"].n_unique() == full.REFITS + 1
