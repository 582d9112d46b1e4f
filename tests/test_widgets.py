"""The controls of JupyterLab, moved from code; test_browser.py moves them in a browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ipywidgets
import polars as pl
import pytest
from IPython.display import HTML

from onetomany import accuracy, behaviour, gallery, sources, widgets
from onetomany.sources import arrivals
from onetomany.tracking.tracks import Association
from onetomany.widgets import chapters, one_language


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a control displays: the text of each piece, as it is displayed."""
    pieces: list[str] = []
    for module in (chapters, one_language):
        monkeypatch.setattr(
            module,
            "display",
            lambda piece: pieces.append(piece.data if isinstance(piece, HTML) else "chart"),
        )
    return pieces


def controls(box: ipywidgets.Widget, kind: type) -> list[ipywidgets.Widget]:
    found = [box] if isinstance(box, kind) else []
    return found + [
        inner for child in getattr(box, "children", ()) for inner in controls(child, kind)
    ]


def test_the_slider_counts_both_errors_exactly(comparisons: pl.DataFrame, shown: list[str]) -> None:
    start = accuracy.threshold_at_fmr(comparisons, 1e-3)
    box = widgets.threshold_slider(comparisons, start=start, source="s")
    [slider] = controls(box, ipywidgets.FloatSlider)
    for threshold in (0.9, 0.95):
        shown.clear()
        slider.value = threshold
        above = comparisons.filter(pl.col("score") >= threshold)
        below = comparisons.filter(pl.col("score") < threshold)
        mated = int(comparisons["mated"].sum())
        others = f"{len(comparisons) - mated:,}"
        assert f"<b>{len(above.filter(~pl.col('mated'))):,}</b> of {others}" in shown[0]
        assert f"<b>{len(below.filter('mated')):,}</b> of {mated:,}" in shown[0]
        assert shown[1] == "chart"


def test_the_browser_searches_anew_at_each_choice(
    templates: pl.DataFrame,
    comparisons: pl.DataFrame,
    orl: sources.ImageSet,
    shown: list[str],
) -> None:
    threshold = accuracy.threshold_at_fmr(comparisons, 1e-3)
    enrolled = templates.unique("subject_id", maintain_order=True).head(30)
    people = gallery.gallery_of(enrolled, orl.datasheet)
    probes = templates.filter(~pl.col("template_id").is_in(enrolled["template_id"].to_list()))
    box = widgets.candidate_browser(people, probes, threshold=threshold, source="s")
    subject, image = controls(box, ipywidgets.Dropdown)
    assert "person <b>is</b> enrolled" in shown[0]
    shown.clear()
    subject.value = "s35"
    assert image.value.startswith("s35/")
    assert "Probe s35/" in shown[-2]
    assert "person <b>is not</b> enrolled" in shown[-2]
    above = people.search(probes.filter(pl.col("template_id") == image.value), threshold=threshold)
    assert f"<b>{len(above)}</b> candidate(s)" in shown[-2]


def test_the_rule_slider_counts_the_people_flagged(shown: list[str]) -> None:
    measured = pl.DataFrame(
        {
            "rule": ["dash"] * 4 + ["together"] * 2,
            "true_id": [1, 2, 3, 4, 1, 2],
            "t_start": 0.0,
            "t_end": 2.0,
            "value": [1.2, 1.9, 2.6, 4.4, 0.4, 0.4],
            "unit": ["m/s"] * 4 + ["s"] * 2,
            "upto": float("inf"),
        }
    )
    rules, people = behaviour.read_rules(), pl.Series("true_id", range(1, 9))
    box = widgets.rule_slider(measured, people, rules, source="s")
    [menu] = controls(box, ipywidgets.Dropdown)
    [slider] = controls(box, ipywidgets.IntSlider)
    assert list(menu.options.values()) == ["dash", "together"]
    for strictness, count in ((1, 4), (25, 0), (15, 2)):  # 1, 5 and 2.56 m/s
        shown.clear()
        slider.value = strictness
        assert f"<b>{count}</b> of 4 people in sight long enough are flagged" in shown[-2]
        assert "8 were observed" in shown[-2]
        assert shown[-1] == "chart"
    assert "The first: 3, 4." in shown[-2]
    menu.value = "together"
    slider.value = 1  # the laxest: 10 s
    assert "gap in time, s ≤ 10: <b>2</b> of 2" in shown[-2]
    assert "시간 차, s ≤ 10: 관찰된" in shown[-2]


def test_the_link_slider_cuts_and_counts_anew(shown: list[str]) -> None:
    """Two people of three sightings each, one unsure link across: cut, nobody is mixed."""
    sightings = pl.DataFrame(
        {
            "sighting_id": range(6),
            "camera_id": "c",
            "t_start": [0.0, 10.0, 20.0, 30.0, 40.0, 50.0],
            "t_end": [1.0, 11.0, 21.0, 31.0, 41.0, 51.0],
            "true_id": [0, 0, 0, 1, 1, 1],
        }
    )
    links = pl.DataFrame(
        {
            "sighting_a": [0, 1, 2, 3, 4],
            "sighting_b": [1, 2, 3, 4, 5],
            "llr_bounded": 2.0,
            "probability": [0.95, 0.9, 0.4, 0.9, 0.6],
            "rivals": 0,
            "feasible": True,
            "method": "path cover",
        }
    )
    tracks = pl.DataFrame({"hypothesis": [0], "sightings": [list(range(6))]})
    box = widgets.link_slider(sightings, Association(links, tracks))
    [slider] = controls(box, ipywidgets.FloatSlider)
    assert "<b>5</b> of 5 links" in shown[0]
    assert "<b>100.0%</b> are mixed" in shown[0]
    for least, kept, mixed, broken in ((0.5, 4, 0, 0), (0.7, 3, 0, 0.5), (1, 0, 0, 1)):
        slider.value = least
        assert f"<b>{kept}</b> of 5 links" in shown[-1]
        assert f"<b>{mixed:.1%}</b> are mixed" in shown[-1]
        assert f"<b>{broken:.1%}</b> are broken" in shown[-1]


def test_the_picker_counts_ones_own_values_and_writes_nothing(
    shown: list[str], tmp_path: Path
) -> None:
    table = arrivals.draw_arrivals(arrivals.disclosed_plan(20_000))
    written: list[object] = []
    watching = False

    def watch(event: str, details: tuple[object, ...]) -> None:
        # files opened to write, renamed or made, and anything sent
        if not watching:
            return
        if event == "open":
            path, mode, flags = details
            if path != os.devnull and (
                (isinstance(mode, str) and set(mode) & set("wax+"))
                or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            ):
                written.append(path)
        elif event in ("os.rename", "os.mkdir", "socket.connect", "socket.sendto"):
            written.append((event, details))

    sys.addaudithook(watch)
    watching = True
    box = widgets.crowd_picker(table, ["nationality", "sex", "birth_year"], source="s", scale=2e5)
    menus = controls(box, ipywidgets.Dropdown)
    assert [menu.value for menu in menus] == [None] * 3
    assert "Choose a value" in shown[-1]
    own = table.filter(pl.col("nationality") == "KOR", pl.col("sex") == "F")
    menus[0].value, menus[1].value = "KOR", "F"
    assert f"<b>{len(own):,}</b> of 20,000" in shown[-2]
    assert f"about {len(own) * 10:,} of 200,000" in shown[-2]
    menus[2].value = 1985
    assert f"<b>{len(own.filter(birth_year=1985)):,}</b> of 20,000" in shown[-2]
    assert shown[-1] == "chart"
    watching = False
    assert written == []
    watching = True
    (tmp_path / "seen").write_text("1")
    watching = False
    assert len(written) == 1  # the watch would have seen it
