"""Draw the cost of rare false alarms: the threshold needed, and the people missed at it."""

from __future__ import annotations

import altair as alt
import polars as pl

from .marks import legend_color, tooltips
from .scale import RECORDS
from .theme import BLUE, GREEN, ORANGE, PURPLE, Finished, finish


def misses_at_fpir_chart(rates: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw FNIR and the threshold needed against gallery size, for each FPIR.

    Takes `accuracy.misses_at_fpir`.
    """
    percent = (pl.col("target") * 100).map_elements("{:g}".format, return_dtype=pl.String)
    shown = rates.with_columns(name=pl.format("FPIR {} %", percent))
    names = shown["name"].unique(maintain_order=True).to_list()
    colour = legend_color("name:N", names, [BLUE, ORANGE, GREEN, PURPLE], sort=True, lines=True)
    x = alt.X(
        "gallery_size:Q",
        title=RECORDS,
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(format="~s", values=[10.0**power for power in range(3, 10)]),
    )
    tips = [
        alt.Tooltip("gallery_size:Q", format=",", title="records"),
        *tooltips(("threshold", ".4f"), ("fnir fnir_low fnir_high", ".2%")),
    ]
    base = alt.Chart(shown).properties(width=290, height=280)
    share = alt.Axis(format="~%")
    low = alt.Y("fnir_low:Q", title="", axis=share)
    band = base.mark_area(opacity=0.16).encode(x=x, y=low, y2="fnir_high:Q", color=colour)
    line = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=42))
    missed = line.encode(
        x=x,
        y=alt.Y("fnir:Q", title="Enrolled people missed FNIR 미식별률", axis=share),
        color=colour,
        tooltip=tips,
    )
    cut = line.encode(
        x=x,
        y=alt.Y("threshold:Q", title="Threshold needed 필요한 임계값", scale=alt.Scale(zero=False)),
        color=colour,
        tooltip=tips,
    )
    return finish(
        alt.hconcat(alt.layer(band, missed), cut),
        title="The longer the list, the more of those on it are missed if alarms are to stay rare",
        title_ko="명단이 길수록, 오경보를 드물게 유지하려면 명단에 있는 사람을 더 많이 놓친다",
        source=source,
        simulated=simulated,
        description="FNIR and threshold against gallery size, at a few fixed values of FPIR.",
    )
