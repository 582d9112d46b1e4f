"""Charts of real results: drawn, titled in both languages, sourced, described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import altair as alt
import numpy as np
import polars as pl
import pylopdf_fonts_ko
import pytest
import vl_convert

from onetomany import accuracy, gallery, sources
from onetomany.charts import accuracy as charts
from onetomany.charts import theme

SOURCE = "The Database of Faces; this run"
vl_convert.register_font_directory(str(Path(pylopdf_fonts_ko.__file__).parent))


def both(frame: pl.DataFrame) -> pl.DataFrame:
    """As it comes out of two matchers."""
    return pl.concat(frame.with_columns(series=pl.lit(name)) for name in ("Dlib", "SFace"))


@pytest.fixture(scope="module")
def drawn(
    templates: pl.DataFrame, comparisons: pl.DataFrame, orl: sources.ImageSet
) -> dict[str, theme.Finished]:
    threshold = accuracy.threshold_at_fmr(comparisons, 1e-3)
    rates = accuracy.error_rates(comparisons, np.linspace(0.8, 1, 41))
    bars = accuracy.histogram(comparisons)
    searches = accuracy.open_set(templates, orl.datasheet)
    curves = accuracy.cmc(searches, 5).with_columns(search=pl.lit("open set"))
    open_rates = accuracy.open_set_rates(searches, np.linspace(0.85, 1, 31))
    people = gallery.gallery_of(templates[::10], orl.datasheet)
    candidates = people.search(templates[1::20], k=5)
    probes = candidates["probe_id"].unique(maintain_order=True).to_list()
    return {
        "explorer": charts.threshold_explorer_chart(
            bars, rates, start=threshold.score, matcher="Dlib", source=SOURCE
        ),
        "at": charts.score_histogram_chart(bars, 0.93, source=SOURCE),
        "det": charts.det_chart(both(rates), source=SOURCE),
        "figures": charts.accuracy_summary_chart(
            both(accuracy.summary(comparisons)), title="T", title_ko="제목", source=SOURCE
        ),
        "cmc": charts.cmc_chart(both(curves), source=SOURCE),
        "open": charts.open_set_chart(
            both(open_rates).with_columns(marked=pl.lit(threshold.score), mark=pl.lit("FMR 0.1 %")),
            source=SOURCE,
        ),
        "candidates": charts.candidate_list_chart(
            candidates, threshold=threshold.score, probes=probes, source=SOURCE
        ),
    }


def test_every_chart_is_titled_sourced_and_described(drawn: dict[str, theme.Finished]) -> None:
    for name, chart in drawn.items():
        spec = chart.to_dict()
        title = spec["title"]
        assert title["text"], name
        assert any("\uac00" <= letter <= "\ud7a3" for letter in title["subtitle"][0]), name
        assert title["subtitle"][-1] == f"Source 출처: {SOURCE}", name
        assert len(spec["description"]) > 20, name


def test_every_chart_draws_offline(drawn: dict[str, theme.Finished]) -> None:
    for name, chart in drawn.items():
        svg = vl_convert.vegalite_to_svg(chart.to_dict())
        assert svg.count("<path") > 5, name
        assert "NaN" not in svg, name
        assert "Source 출처" in svg, name


def test_what_is_simulated_is_said_in_the_chart() -> None:
    chart = theme.finish(
        alt.Chart(pl.DataFrame({"a": [1]})).mark_point().encode(x="a:Q"),
        title="T",
        title_ko="제목",
        source="s",
        description="d",
        simulated="the ages",
    )
    assert "SIMULATED 모의 자료: the ages" in vl_convert.vegalite_to_svg(chart.to_dict())


def with_param(chart: theme.Finished, name: str, value: object) -> str:
    spec = json.loads(json.dumps(chart.to_dict()))
    for param in spec["params"]:
        if param["name"] == name:
            param["value"] = value
    return vl_convert.vegalite_to_svg(spec)


def test_moving_the_threshold_moves_the_rates(
    drawn: dict[str, theme.Finished], comparisons: pl.DataFrame
) -> None:
    for cut in (0.90, 0.95):
        rates = accuracy.error_rates(comparisons, [cut])
        svg = with_param(drawn["explorer"], "threshold", cut)
        assert f"False matches FMR 오인식: {rates['fmr'][0]:.2%}" in svg
        assert f"False non-matches FNMR 미인식: {rates['fnmr'][0]:.2%}" in svg


def test_picking_a_probe_shows_its_candidates(
    drawn: dict[str, theme.Finished], templates: pl.DataFrame
) -> None:
    options = drawn["candidates"].to_dict()["params"][0]["bind"]["options"]
    first, second = (with_param(drawn["candidates"], "probe", probe) for probe in options[:2])
    assert len(re.findall(r">1\. s\d+/\d+<", first)) == 1
    assert len(re.findall(r">5\. s\d+/\d+<", first)) == 1
    assert first != second
