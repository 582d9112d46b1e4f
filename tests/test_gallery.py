"""The gallery answers as a plain matrix product does, and enrols nothing that it shouldn't."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import sources
from onetomany.accuracy import threshold_at_fmr
from onetomany.errors import DatasheetError, EnrolmentError, InputError, RefusedError
from onetomany.gallery import Gallery, gallery_of

pytestmark = pytest.mark.real

DIMENSION = 8


@pytest.fixture(scope="session")
def sheet(orl: sources.ImageSet) -> sources.Datasheet:
    return orl.datasheet


def frame(vectors: np.ndarray, sheet: sources.Datasheet, first: int = 0) -> pl.DataFrame:
    """Template rows for given vectors, normalised; two rows a subject."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = range(first, first + len(unit))
    return pl.DataFrame(
        {
            "template_id": [f"p{n // 2}/{n % 2}" for n in numbers],
            "subject_id": [f"p{n // 2}" for n in numbers],
            "image_set": sheet.name,
            "model": "Dlib",
            "template": pl.Series(
                unit.astype(np.float32), dtype=pl.Array(pl.Float32, unit.shape[1])
            ),
        }
    )


def attributes_of(people: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject_id": [f"p{n}" for n in range(people)],
            "nationality": [("KOR", "JPN", "USA")[n % 3] for n in range(people)],
            "sex": [("F", "M")[n % 2] for n in range(people)],
            "birth_year": [1950 + n % 50 for n in range(people)],
        }
    )


cases = st.tuples(
    st.integers(1, 60), st.integers(1, 5), st.integers(1, 70), st.integers(0, 2**32 - 1)
)


@settings(max_examples=60, deadline=None)
@given(case=cases, share=st.floats(0, 1))
def test_search_equals_a_plain_product(
    case: tuple[int, int, int, int], share: float, sheet: sources.Datasheet
) -> None:
    size, probes, k, seed = case
    rng = np.random.default_rng(seed)
    enrolled = frame(rng.normal(size=(size, DIMENSION)), sheet)
    wanted = frame(rng.normal(size=(probes, DIMENSION)), sheet, first=1000)
    gallery = gallery_of(enrolled, sheet)
    allowed = rng.random(size) < share
    found = gallery.search(
        wanted,
        k,
        where=pl.col("template_id").is_in(enrolled["template_id"].filter(allowed).to_list()),
    )
    scores = wanted["template"].to_numpy() @ enrolled["template"].to_numpy().T
    scores[:, ~allowed] = -np.inf
    count = min(k, int(allowed.sum()))
    assert len(found) == probes * count
    for number, probe in enumerate(wanted["template_id"]):
        rows = found.filter(pl.col("probe_id") == probe)
        assert rows["rank"].to_list() == list(range(1, count + 1))
        assert np.allclose(rows["score"], np.sort(scores[number])[::-1][:count], atol=1e-6)
        places = [enrolled["template_id"].to_list().index(t) for t in rows["template_id"]]
        assert np.allclose(scores[number][places], rows["score"], atol=1e-6)
        assert allowed[places].all()


@settings(max_examples=40, deadline=None)
@given(size=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_remove_is_as_if_never_enrolled(size: int, seed: int, sheet: sources.Datasheet) -> None:
    rng = np.random.default_rng(seed)
    enrolled = frame(rng.normal(size=(size, DIMENSION)), sheet)
    gone = enrolled["template_id"].filter(pl.Series(rng.random(size) < 0.4)).to_list()
    gallery = gallery_of(enrolled, sheet)
    gallery.remove(gone)
    kept = enrolled.filter(~pl.col("template_id").is_in(gone))
    assert gallery.entries["template_id"].to_list() == kept["template_id"].to_list()
    if len(kept):
        fresh = gallery_of(kept, sheet)
        left, right = gallery.search(enrolled, size), fresh.search(enrolled, size)
        assert left.drop("score").equals(right.drop("score"))
        assert np.allclose(left["score"], right["score"], atol=1e-6)


def test_real_templates_find_themselves(templates: pl.DataFrame, sheet: sources.Datasheet) -> None:
    gallery = gallery_of(templates, sheet)
    best = gallery.search(templates, 1)
    assert (best["probe_id"] == best["template_id"]).all()
    assert np.allclose(best["score"], 1, atol=1e-5)


def test_attributes_filter_and_travel_with_candidates(sheet: sources.Datasheet) -> None:
    rng = np.random.default_rng(3)
    enrolled = frame(rng.normal(size=(60, DIMENSION)), sheet)
    gallery = gallery_of(enrolled, sheet, attributes_of(30), attributes_are="simulated")
    where = (
        (pl.col("nationality") == "KOR")
        & (pl.col("sex") == "F")
        & pl.col("birth_year").is_between(1950, 1962)
    )
    found = gallery.search(enrolled.head(2), k=60, where=where)
    assert set(found["subject_id"]) == {"p0", "p6", "p12"}
    assert set(found["attributes_are"]) == {"simulated"}


def test_a_filter_must_be_a_condition(sheet: sources.Datasheet, templates: pl.DataFrame) -> None:
    gallery = gallery_of(templates.head(3), sheet)
    with pytest.raises(InputError, match="True or False"):
        gallery.search(templates.head(1), where=pl.col("subject_id"))


def test_the_threshold_cuts_the_list(
    templates: pl.DataFrame, comparisons: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    threshold = threshold_at_fmr(comparisons, 1e-3)
    found = gallery_of(templates, sheet).search(templates, k=400, threshold=threshold)
    assert found["score"].min() >= np.float32(threshold.score)
    above = int((comparisons["score"] >= threshold.score).sum())
    assert len(found) == pytest.approx(2 * above + len(templates), abs=4)  # float32 against 64


@pytest.mark.parametrize("threshold", [0.07, 0.4, 1, "0.9"])
def test_a_threshold_that_was_not_measured_is_refused(
    threshold: object, templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery = gallery_of(templates.head(5), sheet)
    with pytest.raises(RefusedError, match="not a measured threshold"):
        gallery.search(templates.head(1), threshold=threshold)  # type: ignore[arg-type]


def test_a_threshold_of_another_model_is_refused(
    templates: pl.DataFrame, comparisons: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    other = replace(threshold_at_fmr(comparisons, 1e-2), model="SFace")
    with pytest.raises(RefusedError, match="measured on SFace"):
        gallery_of(templates.head(5), sheet).search(templates.head(1), threshold=other)


def test_enrolment_needs_a_datasheet(templates: pl.DataFrame) -> None:
    with pytest.raises(DatasheetError, match="needs the datasheet"):
        gallery_of(templates, None)  # type: ignore[arg-type]


def test_enrolment_needs_the_datasheet_of_that_set(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    with pytest.raises(DatasheetError, match="under its own datasheet"):
        gallery_of(templates, replace(sheet, name="other"))


def test_an_expired_datasheet_enrols_nothing(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    with pytest.raises(DatasheetError, match="expired"):
        gallery_of(templates, replace(sheet, expires=date(2021, 12, 31)))


def test_withdrawn_subjects_are_not_enrolled(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    with pytest.raises(EnrolmentError, match="'s3' withdrew"):
        gallery_of(templates, replace(sheet, withdrawn=("s3",)))


def test_real_faces_are_capped_by_their_datasheet(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery = gallery_of(templates.head(100), replace(sheet, max_gallery=120))
    with pytest.raises(EnrolmentError, match="exceed the 120"):
        gallery.enrol(templates[100:121], replace(sheet, max_gallery=120))
    gallery.enrol(templates[100:120], replace(sheet, max_gallery=120))
    assert len(gallery) == 120


def test_names_are_not_enrolled(templates: pl.DataFrame, sheet: sources.Datasheet) -> None:
    for column in ("template_id", "subject_id"):
        named = templates.head(2).with_columns(pl.lit("Hong Gildong").alias(column))
        with pytest.raises(EnrolmentError, match="could be a name"):
            gallery_of(named.head(1), sheet)


@pytest.mark.parametrize(
    "column", ["name", "Full Name", "passport_no", "email", "여권번호", "phone"]
)
def test_columns_that_name_a_person_are_refused(
    column: str, templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    attributes = pl.DataFrame({"subject_id": ["s1"], column: ["x"]})
    with pytest.raises(EnrolmentError, match="could identify a person"):
        gallery_of(templates.head(5), sheet, attributes, attributes_are="recorded")


def test_attributes_must_say_where_they_come_from(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    attributes = pl.DataFrame({"subject_id": ["s1"], "sex": ["F"]})
    with pytest.raises(EnrolmentError, match=r"'recorded'.*'simulated'"):
        gallery_of(templates.head(5), sheet, attributes)


def test_attributes_are_one_row_a_subject(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    attributes = pl.DataFrame({"subject_id": ["s1", "s1"], "sex": ["F", "M"]})
    with pytest.raises(EnrolmentError, match="one row a subject"):
        gallery_of(templates.head(5), sheet, attributes, attributes_are="simulated")


def test_attribute_columns_keep_their_type(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    years = pl.DataFrame({"subject_id": ["s1", "s2"], "birth_year": [1960, 1970]})
    gallery = gallery_of(templates.head(5), sheet, years, attributes_are="simulated")
    words = years.with_columns(pl.col("birth_year").cast(pl.String))
    with pytest.raises(EnrolmentError, match="another type"):
        gallery.enrol(templates[10:12], sheet, words, attributes_are="simulated")
    assert len(gallery) == 5
    gallery.enrol(templates[10:12], sheet, years, attributes_are="simulated")
    assert gallery.entries["birth_year"].to_list() == [1960] * 5 + [1970] * 2


def spoiled(templates: pl.DataFrame, value: float) -> pl.DataFrame:
    vectors = templates["template"].to_numpy().copy()
    vectors[1] = vectors[1] * value
    return templates.with_columns(template=pl.Series(vectors, dtype=templates.schema["template"]))


@pytest.mark.parametrize("value", [np.nan, 0.0, 2.0, np.inf])
def test_nan_zero_and_unnormalised_templates_are_refused(
    value: float, templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    with pytest.raises(EnrolmentError, match="'s1/2' is not a unit vector"):
        gallery_of(spoiled(templates.head(3), value), sheet)


def test_failures_to_detect_are_not_enrolled(
    embedded: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    with pytest.raises(EnrolmentError, match="has no template"):
        gallery_of(embedded, sheet)


def test_mixed_models_are_refused(templates: pl.DataFrame, sheet: sources.Datasheet) -> None:
    gallery = gallery_of(templates.head(3), sheet)
    other = templates[3:5].with_columns(model=pl.lit("SFace"))
    with pytest.raises(EnrolmentError, match="a gallery has one model"):
        gallery.enrol(other, sheet)
    with pytest.raises(EnrolmentError, match="a gallery has one model"):
        gallery.search(other)


def test_wrong_dimension_is_refused(templates: pl.DataFrame, sheet: sources.Datasheet) -> None:
    gallery = gallery_of(templates.head(3), sheet)
    with pytest.raises(EnrolmentError, match="has arrays of 128"):
        gallery.enrol(frame(np.eye(DIMENSION)[:2], sheet), sheet)


def test_duplicate_ids_are_refused_and_nothing_is_enrolled(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery = gallery_of(templates.head(3), sheet)
    with pytest.raises(EnrolmentError, match="'s1/3' would be enrolled twice"):
        gallery.enrol(templates[2:6], sheet)
    assert len(gallery) == 3
    assert gallery.search(templates.head(1), k=10)["template_id"].n_unique() == 3


def test_removing_what_is_not_there_removes_nothing(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery = gallery_of(templates.head(3), sheet)
    with pytest.raises(EnrolmentError, match="'s9/9' is not enrolled"):
        gallery.remove(["s1/1", "s9/9"])
    assert len(gallery) == 3


def test_an_empty_gallery_has_no_candidates(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    assert len(Gallery("Dlib", 128).search(templates.head(2))) == 0


def test_saved_and_loaded_it_answers_the_same(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery = gallery_of(templates.head(50), sheet)
    folder = gallery.save("first-50")
    assert sources.cache_dir() in folder.parents
    again = Gallery.load("first-50", sheet)
    assert again.search(templates, 5).equals(gallery.search(templates, 5))


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "", ".hidden", "c:\\out"])
def test_templates_are_not_saved_outside_the_cache(
    name: str, templates: pl.DataFrame, sheet: sources.Datasheet, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="only in the cache"):
        gallery_of(templates.head(3), sheet).save(name)


def test_a_saved_gallery_minds_what_changed_since(
    templates: pl.DataFrame, sheet: sources.Datasheet
) -> None:
    gallery_of(templates.head(50), sheet).save("changes")
    with pytest.raises(DatasheetError, match="load needs its datasheet"):
        Gallery.load("changes")
    with pytest.raises(DatasheetError, match="expired"):
        Gallery.load("changes", replace(sheet, expires=date(2022, 1, 1)))
    now = replace(sheet, withdrawn=("s2",))
    with pytest.raises(EnrolmentError, match="withdrew since"):
        Gallery.load("changes", now)
    kept = Gallery.load("changes", now, drop_withdrawn=True)
    assert "s2" not in kept.entries["subject_id"]
    assert len(kept) == 40


def test_an_unknown_gallery_is_told() -> None:
    with pytest.raises(InputError, match="No gallery 'nothing'"):
        Gallery.load("nothing")
