"""Charts of following people: drawn to scale, sliders that choose, wrong links told apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pylopdf_fonts_ko
import pytest
import shapely
import vl_convert

from onetomany import terminal
from onetomany.accuracy import histogram
from onetomany.charts import terminal as drawing
from onetomany.charts import tracking as charts
from onetomany.charts.theme import Finished
from onetomany.reidentification import unicity
from onetomany.tracking import comparison, dossier, evaluation, likelihood

pytestmark = pytest.mark.real

vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))
SAID = {"source": "This run", "simulated": "passengers of nobody"}
LEVELS = (0.98, 0.4)


@pytest.fixture(scope="module")
def ground() -> pl.DataFrame:
    layout = terminal.load_layout()
    views = {each.camera_id: terminal.field_of(each, layout) for each in layout.cameras}
    return drawing.outlines(layout.floor, views)


@pytest.fixture(scope="module")
def dossiers() -> pl.DataFrame:
    """Person 7 seen three times; with poor faces a track that goes on with persons 9 and 8."""
    rows = [
        (level, tmr, who, number, f"c0{number}", 100.0 + 60 * number, 10.0 * number, sure)
        for level, (tmr, seen) in enumerate(
            zip(LEVELS, ((7, 7, 7), (7, 7, 9, 9, 8)), strict=True), 1
        )
        for number, (who, sure) in enumerate(
            zip(seen, (None, 0.99999, 0.5, 0.9, 0.25), strict=False)
        )
    ]
    columns = ["level", "tmr", "true_id", "sighting_id", "camera_id", "t_start", "x", "probability"]
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return frame.with_columns(
        hypothesis=1,
        t_end=pl.col("t_start") + 2,
        y=20.0,
        llr_face=1.0,
        llr_transit=1.0,
        llr_bounded=2.0,
        chain=pl.col("probability").fill_null(1.0).cum_prod().over("level"),
        rivals=0,
        beside=pl.Series([[], [3, 4], [3], [], [2, 3, 4, 5, 6, 8, 9], [], [], [5]]),
    ).select(*(pl.col(n).cast(k) for n, k in dossier.DOSSIER.items()), "level", "tmr", "true_id",
             person=7)  # fmt: skip


@pytest.fixture(scope="module")
def walked() -> pl.DataFrame:
    times = [100.0 + 5 * step for step in range(60)]
    return pl.DataFrame({"t": times, "x": [0.5 * n for n in range(60)], "y": 20.0})


@pytest.fixture(scope="module")
def errors() -> pl.DataFrame:
    rows = [
        {
            **dict.fromkeys(evaluation.ERRORS, 1),
            "method": method,
            "mixed": mixed,
            "mixed_low": mixed - 0.02,
            "mixed_high": mixed + 0.02,
            "idf1": 1 - mixed,
            "tmr": tmr,
            "level": level,
        }
        for level, tmr in enumerate(LEVELS, 1)
        for method, mixed in (("path cover", 0.03 * level), ("naive", 0.3 * level))
    ]
    return pl.DataFrame(rows, schema=evaluation.ERRORS | {"tmr": pl.Float64, "level": pl.Int64})


@pytest.fixture(scope="module")
def links() -> pl.DataFrame:
    rows = [(1, 0.0, True), (1, 0.0, True), (1, 5.0, True), (2, 0.0, True), (2, 5.0, False)]
    frame = pl.DataFrame(rows, schema=["level", "x", "right"], orient="row")
    return frame.with_columns(y=10.0, x_after=pl.col("x") + 20, y_after=15.0)


@pytest.fixture(scope="module")
def drawn(
    ground: pl.DataFrame,
    dossiers: pl.DataFrame,
    walked: pl.DataFrame,
    errors: pl.DataFrame,
    links: pl.DataFrame,
) -> dict[str, Finished]:
    scored = pl.DataFrame({"score": [-1.0, 2.0, -1.5, 1.5], "mated": [False, True] * 2})
    bars = pl.concat(
        histogram(scored.with_columns(pl.col("score") * tmr), 10).with_columns(tmr=pl.lit(tmr))
        for tmr in LEVELS
    )
    costs = pl.DataFrame(
        [
            {**dict.fromkeys(likelihood.COST, 1), "images": "one", "lowest": -tmr, "tmr": tmr}
            for tmr in LEVELS
        ],
        schema=likelihood.COST | {"tmr": pl.Float64},
    )
    table = pl.DataFrame(
        [
            {**dict.fromkeys(comparison.TABLE, 0.5), "sequence": sequence, "tracker": tracker}
            | dict.fromkeys(("id_switches", "tracks", "persons", "misses", "false_positives"), 9)
            for sequence in ("TUD-Campus", "TUD-Stadtmitte")
            for tracker in ("C-BIoU", "SORT")
        ],
        schema=comparison.TABLE,
    )
    points = pl.DataFrame(
        [
            {**dict.fromkeys(unicity.UNICITY, 0.4), "points": p, "people": 20, "case": case}
            for case in ("truth", "tracks")
            for p in (1, 2, 3)
        ],
        schema=unicity.UNICITY | {"case": pl.String},
    )
    return {
        "plan": drawing.terminal_plan_chart(ground, {"check-in\n수속": 20.0}, **SAID),
        "followed": drawing.dossier_chart(ground, dossiers, walked, start=100.0, level=2, **SAID),
        "apart": drawing.links_chart(ground, links, errors, people=5, level=2, **SAID),
        "trackers": charts.trackers_chart(table, **SAID),
        "ratios": charts.likelihood_ratios_chart(bars, costs, **SAID),
        "linking": charts.linking_errors_chart(errors, **SAID),
        "mixed": charts.mixed_passengers_chart(errors, **SAID),
        "few": charts.unicity_chart(points, ["truth", "tracks"], **SAID),
    }


def at(chart: Finished, **values: float) -> str:
    """The SVG's text and marks with the sliders moved there."""
    spec = chart.to_dict()
    moved = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("name") in values and "bind" in node:
                assert node["bind"]["input"] == "range"
                low, high = node["bind"]["min"], node["bind"]["max"]
                assert low <= values[node["name"]] <= high
                node["value"] = values[node["name"]]
                moved.add(node["name"])
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(spec)
    assert moved == set(values)
    return str(vl_convert.vegalite_to_svg(spec))


def strokes(svg: str, colour: str) -> int:
    """Lines drawn in a colour, legends aside."""
    return len(re.findall(rf'<line [^>]*stroke="{colour}"', svg))


def test_every_chart_is_titled_sourced_simulated_and_small(drawn: dict[str, Finished]) -> None:
    for name, chart in drawn.items():
        spec = chart.to_dict()
        lines = spec["title"]["subtitle"]
        assert re.search("[가-힣]", lines[0]), name
        assert lines[1] == "SIMULATED 모의 자료: passengers of nobody", name
        assert lines[-1].startswith("Source 출처: This run"), name
        assert len(spec["description"]) > 40, name
        assert len(json.dumps(spec)) < 1_000_000, name
        svg = vl_convert.vegalite_to_svg(spec)
        assert "NaN" not in svg, name
        assert "null" not in svg, name
        assert "undefined" not in svg, name


def test_the_plan_is_to_scale_and_holds_every_camera(drawn: dict[str, Finished]) -> None:
    spec = drawn["plan"].to_dict()
    assert spec["width"] / spec["height"] == pytest.approx(150 / 50)
    assert "53 cameras" in spec["title"]["text"]


def test_outlines_keep_area_and_place() -> None:
    """Simplified by a tenth of a metre, what a camera sees stays what it sees."""
    layout = terminal.load_layout()
    views = {each.camera_id: terminal.field_of(each, layout) for each in layout.cameras}
    found = drawing.outlines(layout.floor, views)
    assert found.schema == pl.Schema(drawing.OUTLINES)
    assert found.filter(kind="wall")["ring"].n_unique() == len(layout.floor.interiors)
    for camera in layout.cameras:
        own = found.filter(name=camera.camera_id)
        ring = shapely.Polygon(own.filter(kind="view").sort("step").select("x", "y").to_numpy())
        view = views[camera.camera_id]
        assert ring.symmetric_difference(view).area < 0.05 * view.area
        assert own.filter(kind="lens").select("x", "y").row(0) == pytest.approx(
            (camera.x, camera.y)
        )


def test_the_sliders_choose_time_and_quality(drawn: dict[str, Finished]) -> None:
    chart = drawn["followed"]
    early = at(chart, minute_now=0.5, face_level=1)
    assert "c00" in early
    assert "c01" not in early
    good = at(chart, minute_now=5, face_level=1)
    assert re.search("TMR.*참일치율.* 98%", good)
    assert "c02" in good
    assert "c03" not in good
    assert (strokes(good, "#0072b2"), strokes(good, "#b3142b")) == (2, 0)
    poor = at(chart, minute_now=5, face_level=2)
    assert re.search("TMR.*참일치율.* 40%", poor)
    # own to own; own to another's and that one's to a third's: wrong; within the other's day
    assert [strokes(poor, each) for each in ("#0072b2", "#b3142b", "#d55e00")] == [1, 2, 1]


def test_no_link_is_called_certain_and_neighbours_are_counted(drawn: dict[str, Finished]) -> None:
    text = at(drawn["followed"], minute_now=5, face_level=2)
    assert "&gt;99.9 %" in text
    assert "100.0 %" not in text
    assert "2, 3, 4 + 4" in text
    assert ">–<" in text  # no link leads to the first sighting


def test_wrong_links_appear_as_faces_get_poorer(drawn: dict[str, Finished]) -> None:
    good, poor = (at(drawn["apart"], quality_level=level) for level in (1, 2))
    # the link that repeats is drawn once
    assert (strokes(good, "#0072b2"), strokes(good, "#b3142b")) == (2, 0)
    assert (strokes(poor, "#0072b2"), strokes(poor, "#b3142b")) == (1, 1)
    assert "3.0% (1.0% – 5.0%)" in good
    assert "60.0% (58.0% – 62.0%)" in poor


def narrow(spec: Any, width: int) -> Any:
    """The chart as the report draws it on a telephone: each plot gets that width."""
    if isinstance(spec, dict):
        return {
            key: width if key == "width" and value == 660 else narrow(value, width)
            for key, value in spec.items()
            if key != "title"
        }
    return [narrow(each, width) for each in spec] if isinstance(spec, list) else spec


@pytest.mark.parametrize("name", ["followed", "apart"])
def test_texts_beside_the_plan_fit_a_telephone(drawn: dict[str, Finished], name: str) -> None:
    """In one language, as a reader sees it: else the whole chart is scaled to half."""
    spec = narrow(drawn[name].to_dict(), 280)
    english = re.sub(r"[ \\n]*[가-힣]+(?: [가-힣]+)*", "", json.dumps(spec, ensure_ascii=False))
    svg = vl_convert.vegalite_to_svg(json.loads(english))
    found = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
    assert found
    assert float(found[1]) <= 345


def test_ratios_are_not_stacked_and_start_at_zero(drawn: dict[str, Finished]) -> None:
    """Stacked on a root scale, the upper kind would look smaller than it is."""
    for panel in drawn["ratios"].to_dict()["vconcat"]:
        share = panel["layer"][0]["encoding"]["y"]
        assert share["stack"] is None
        assert share["scale"]["domain"] == [0, 1]


def test_the_title_has_the_path_cover_at_best_and_poorest_faces(
    drawn: dict[str, Finished],
) -> None:
    """The fixture's path cover mixes 3 % at the best level and 6 % at the other."""
    title = drawn["mixed"].to_dict()["title"]
    assert "3% of passengers are mixed up with the best faces, 6% with" in title["text"]
    assert "3%, 가장 나쁠 때 6%" in title["subtitle"][0]
