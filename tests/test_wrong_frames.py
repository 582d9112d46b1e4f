"""A frame that a reader brings and that doesn't fit is refused in a sentence, never counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import onetomany as otm
from onetomany import accuracy, faces
from onetomany.accuracy import identification, power, realism, scale, tail
from onetomany.claims import claim_ledger
from onetomany.errors import InputError, OneToManyError
from onetomany.reidentification import face_join
from onetomany.requests import gaps
from onetomany.sources.tables import require_columns, require_schema
from onetomany.tracking import likelihood, threshold_linking, transit


@pytest.fixture(scope="module")
def right() -> SimpleNamespace:
    """Frames that fit: templates of twelve people, their comparisons and searches, sightings."""
    random = np.random.default_rng(1)
    people = np.repeat(np.arange(12), 3)
    vectors = random.normal(size=(12, 8))[people] + 0.4 * random.normal(size=(36, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    templates = pl.DataFrame(
        {
            "template_id": [f"t{row}" for row in range(36)],
            "subject_id": [f"s{who}" for who in people],
            "image_set": "made",
            "model": "made",
            "reason": pl.Series([None] * 36, dtype=pl.String),
            "template": pl.Series(vectors.astype(np.float32), dtype=pl.Array(pl.Float32, 8)),
        }
    )
    sightings = pl.DataFrame(
        {
            "sighting_id": range(36),
            "true_id": people,
            "camera_id": ["a", "b", "c"] * 12,
            "t_start": np.arange(36.0) * 10,
            "t_end": np.arange(36.0) * 10 + 2,
            "x": [0.0, 10.0, 20.0] * 12,
            "y": 0.0,
            "quality": 0.9,
            "template_id": range(36),
        }
    )
    closed = identification.leave_one_out(templates)
    return SimpleNamespace(
        templates=templates,
        comparisons=otm.compare_all(templates),
        searches=pl.concat([closed, closed.with_columns(mated=pl.lit(False))]),
        sightings=sightings,
        vectors=vectors.astype(np.float32),
        claims=otm.load_claims(),
        links=otm.load_links(),
    )


Call = Callable[[Any, Any], Any]  # of a frame, and of the frames that fit
THRESHOLD = SimpleNamespace(score=0.5)
CALLS: dict[str, tuple[str, Call]] = {
    "usable": ("templates", lambda frame, _: otm.usable(frame)),
    "failure_to_enrol": ("templates", lambda frame, _: faces.failure_to_enrol(frame)),
    "compare_all": ("templates", lambda frame, _: otm.compare_all(frame)),
    "gallery_of": ("templates", lambda frame, _: otm.gallery_of(frame, None)),
    "leave_one_out": ("templates", lambda frame, _: identification.leave_one_out(frame)),
    "open_set": ("templates", lambda frame, _: identification.open_set(frame, None)),
    "template model": (
        "templates",
        lambda frame, _: faces.synthetic.fit_template_model(frame),
    ),
    "error_rates": ("comparisons", lambda frame, _: otm.error_rates(frame, [0.5])),
    "threshold_at_fmr": ("comparisons", lambda frame, _: otm.threshold_at_fmr(frame, 0.1)),
    "summary": ("comparisons", lambda frame, _: accuracy.summary(frame)),
    "histogram": ("comparisons", lambda frame, _: accuracy.histogram(frame)),
    "fit_tail": ("comparisons", lambda frame, _: tail.fit_tail(frame, 0.5)),
    "variation": (
        "comparisons",
        lambda frame, _: power.variation_between_people(frame, THRESHOLD),
    ),
    "distances": ("comparisons", lambda frame, _: realism.distances(frame, frame)),
    "cmc": ("searches", lambda frame, _: accuracy.cmc(frame)),
    "open_set_rates": ("searches", lambda frame, _: accuracy.open_set_rates(frame, [0.5])),
    "posterior": ("searches", lambda frame, _: face_join.posterior(frame, [0.5], [0.5])),
    "rates_by_size": ("searches", lambda frame, _: scale.rates_by_size(frame, [0.5])),
    "scored pairs": (
        "sightings",
        lambda frame, known: likelihood.score_sighting_pairs(frame, known.vectors, 1),
    ),
    "fit_transit": ("sightings", lambda frame, _: transit.fit_transit(frame)),
    "threshold_curve": (
        "sightings",
        lambda frame, known: threshold_linking.threshold_curve(frame, known.vectors),
    ),
    "associate": (
        "sightings",
        lambda frame, known: otm.associate(frame, known.vectors, None, None),
    ),
    "contradictions": ("claims", lambda frame, known: otm.find_contradictions(frame, known.links)),
    "links": ("links", lambda frame, known: otm.find_contradictions(known.claims, frame)),
    "gaps": ("claims", lambda frame, known: otm.gaps(frame, frame, gaps.load_gaps())),
    "risk": ("templates", lambda frame, _: otm.risk(frame, ["image_set"])),
}
SORTS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "lazy": pl.DataFrame.lazy,
    "pandas": lambda frame: pd.DataFrame({"x": [1]}),
    "another": lambda frame: pl.DataFrame({"something": [1]}),
    "a path": lambda frame: "people.csv",
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", CALLS)
def test_another_frame_is_refused_in_a_sentence(
    right: SimpleNamespace, name: str, sort: str
) -> None:
    kind, call = CALLS[name]
    if name == "risk" and sort == "lazy":
        call(getattr(right, kind).lazy(), right)  # it takes such a table
        return
    with pytest.raises(OneToManyError) as found:
        call(SORTS[sort](getattr(right, kind)), right)
    assert str(found.value).endswith(".")
    if sort == "lazy":
        assert "collect()" in str(found.value)


@pytest.mark.parametrize(
    "name", ["compare_all", "error_rates", "threshold_at_fmr", "histogram", "cmc", "open_set"]
)
def test_a_frame_without_rows_is_refused(right: SimpleNamespace, name: str) -> None:
    kind, call = CALLS[name]
    with pytest.raises(InputError, match="have no row"):
        call(getattr(right, kind).head(0), right)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, (kind, _) in CALLS.items() if kind in
                       ("comparisons", "searches")]
)  # fmt: skip
@pytest.mark.parametrize("as_kind", [pl.Int8, pl.Int64, pl.String])
def test_truths_written_as_numbers_are_not_places_in_a_list(
    right: SimpleNamespace, name: str, kind: str, as_kind: pl.DataType
) -> None:
    """With `mated` as 0 and 1 numpy counted the scores of the first two rows, again and again."""
    frame = getattr(right, kind).with_columns(pl.col("mated").cast(pl.Int8).cast(as_kind))
    with pytest.raises(InputError, match="column mated must be true or false"):
        CALLS[name][1](frame, right)


def test_a_pair_that_says_mated_of_two_people_is_named(right: SimpleNamespace) -> None:
    wrong = right.comparisons.with_columns(mated=~pl.col("mated"))
    not_so = str(wrong["mated"][0]).lower()
    with pytest.raises(InputError) as found:
        otm.error_rates(wrong, [0.5])
    assert str(found.value).startswith(f"The comparisons, row 1: mated is {not_so}, but its two")


def test_scores_of_another_system_are_counted_as_their_own(right: SimpleNamespace) -> None:
    """A CSV with subject ids as numbers gives the same rates as the kit's own comparisons."""
    own = right.comparisons.select(
        pl.col("subject_a", "subject_b").cast(pl.String).str.slice(1).cast(pl.Int64),
        "score",
        "mated",
    )
    cuts = [0.3, 0.5, 0.7]
    assert otm.error_rates(own, cuts).equals(otm.error_rates(right.comparisons, cuts))
    assert otm.error_rates(own, 0.5).equals(otm.error_rates(own, [0.5]))


def test_what_a_frame_must_be_is_said() -> None:
    points = pl.DataFrame({"x": [1], "y": ["a"]})
    require_schema(points, {"x": pl.Float64, "y": None}, "The points")
    for frame, names, said in (
        (points, ["x", "z"], "The points lack the columns z; they have x, y."),
        (pl.DataFrame(), ["x"], "The points lack the columns x; they have none."),
        (Path("a.csv"), ["x"], "read the file with polars.read_csv first"),
        (pd.DataFrame(), ["x"], "give polars.from_pandas(...) of it"),
        (None, ["x"], "The points must be a polars DataFrame, not NoneType"),
    ):
        with pytest.raises(InputError) as found:
            require_columns(frame, names, "The points")  # type: ignore[arg-type]
        assert said in str(found.value)
    with pytest.raises(InputError, match=r"column y must be numbers, not text \(String\)"):
        require_schema(points, {"y": pl.Int64}, "The points")


def test_other_wrong_arguments_are_refused(tmp_path: Path) -> None:
    layout = otm.load_layout()
    for call, said in (
        (lambda: otm.load_claims(str(tmp_path)), "claims.csv can't be read"),
        (lambda: otm.load_links(tmp_path), "order.csv can't be read"),
        (lambda: otm.reckon({"searches": "20,000"}), "write 20000 for 20,000"),
        (lambda: otm.reckon({"searches": None}), "searches is None, which is not a number"),
        (lambda: otm.search("case.duckdb", "words"), "open it with open_case first"),
        (lambda: otm.load_layout("nowhere.toml"), "No terminal layout at nowhere.toml"),
        (lambda: otm.simulate(layout, 2.5, seed=1), "passengers: give a whole number"),
        (lambda: otm.simulate(layout, 3, seed=-1), "seed: give a whole number"),
    ):
        with pytest.raises(InputError) as found:
            call()
        assert said in str(found.value)


def test_a_store_that_fails_leaves_the_case_file_usable(tmp_path: Path) -> None:
    links = otm.load_links()
    twice = pl.concat([links.head(1), links.head(1).with_columns(from_id=pl.lit(None))])
    with otm.open_case(tmp_path / "case.duckdb", write=True) as case:
        with pytest.raises(duckdb.Error):
            claim_ledger.store_claims(case, otm.load_claims(), twice)
        assert case.execute("select count(*) from claims").fetchone() == (0,)
        assert claim_ledger.store_claims(case, otm.load_claims(), links) > 0
