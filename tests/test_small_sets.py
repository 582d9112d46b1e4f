"""Chapters 01 and 02 on a user's few pictures, and what sets of few people can and can't show."""

from __future__ import annotations

import builtins
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany import accuracy, faces, sources

pytestmark = pytest.mark.kernel

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def opened(
    own_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[sources.ImageSet, list[str]]:
    """A set of two people with three pictures each that `open_images()` opens; what is shown."""
    shown: list[str] = []

    def display(thing: object, **_: object) -> None:
        shown.append(thing["text/plain"] if isinstance(thing, dict) else str(thing))

    images = sources.open_images(own_set)
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "open_images", lambda *_: images)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(builtins, "display", display, raising=False)
    return images, shown


def test_chapters_01_and_02_tell_of_two_people(opened: tuple[sources.ImageSet, list[str]]) -> None:
    _, shown = opened
    for stem in ("01_one_to_one", "02_one_to_many"):
        names: dict[str, object] = {"__name__": stem}
        for cell in json.loads((NOTEBOOKS / f"{stem}.ipynb").read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code" and "lab-only" not in cell["metadata"].get("tags", []):
                exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    text = "\n".join(shown)
    assert "6 pictures of 2 people, 3 of each" in text
    assert "SFace (2021): 6 of 6 pictures of 2 people" in text
    assert "TMR at FMR 0.001 is left out: it needs 1,000 comparisons" in text
    assert "no curve to draw" in text
    assert "half of its people can't set such a threshold" in text
    assert "with only 1 person in the gallery" in text
    assert not re.search(r"\b(forty|40) people|마흔|40명|1990|nan\b", text)


def test_a_model_under_two_crops_is_compared_on_the_same_pictures(
    opened: tuple[sources.ImageSet, list[str]],
) -> None:
    found = accuracy.tmr_by_crop(opened[0], "SFace")
    assert found["crop"].to_list() == list(faces.CROPS)
    assert found["pictures"].n_unique() == 1
    assert found["fmr"].to_list() == pytest.approx([1 / 9] * 2)  # 3 x 3 pictures of two people


@given(
    counts=st.lists(st.integers(1, 6), min_size=4, max_size=12).filter(lambda c: max(c) > 1),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_what_a_half_can_set_is_never_refused(counts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(counts)), counts)
    vectors = rng.normal(size=(len(who), 4))
    templates = pl.DataFrame(
        {
            "template_id": [f"s{p}/{n}" for n, p in enumerate(who)],
            "subject_id": [f"s{p}" for p in who],
            "image_set": "x",
            "model": "x",
            "template": pl.Series(
                vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
                dtype=pl.Array(pl.Float32, 4),
            ),
        }
    )
    comparisons = accuracy.compare_all(templates)
    targets = accuracy.settable_on_half(comparisons, [0.3, 0.1, 0.03, 0.01])
    if targets:
        assert len(accuracy.held_out(comparisons, targets, splits=5)) == 2 * len(targets)
