"""Draw the simulated time to the gate by load and staff."""

import altair as alt
import polars as pl

from .axes import legend_color
from .columns import each_row
from .marks import mark, tooltips
from .theme import BLUE, GREY, ORANGE, RED, Finished, finish

STAFFED = {-1: "one point fewer 한 곳 적게", 0: "as planned 계획대로", 1: "one point more 한 곳 더"}


def minutes_to_gate_chart(
    table: pl.DataFrame, levels: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw median minutes from door to gate by load and staff.

    Takes `service.SENSITIVITY` with `more` of STAFFED, and `service.LEVELS` for the published
    range.
    """
    shown = table.filter(key="door-to-gate").with_columns(
        staff=pl.col("more").replace_strict(STAFFED, return_dtype=pl.String)
    )
    range_ = levels.filter(key="door-to-gate").select("low", "high")
    colour = legend_color("staff:N", STAFFED.values(), [RED, BLUE, ORANGE])
    x = alt.X(
        "load:Q",
        title="passengers in the hour 한 시간의 승객",
        scale=alt.Scale(zero=False, nice=False, padding=14),
        axis=alt.Axis(values=shown["load"].unique().sort().to_list()),
    )
    y = alt.Y("value:Q", title="minutes, median 분, 중앙값", scale=alt.Scale(domainMin=0))
    band = mark(range_, "rect", color=GREY, opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q")
    base = alt.Chart(shown).encode(x=x, color=colour)
    tips = tooltips("load:Q", "staff:N", ("value low high", ".1f"), "seeds:Q")
    lines = base.mark_line(strokeWidth=2.4).encode(y=y)
    dots = mark(base, "point", size=60).encode(y=y, tooltip=tips)
    spans = base.mark_rule(strokeWidth=1.6).encode(y="low:Q", y2="high:Q")
    busiest = shown.filter(load=shown["load"].to_numpy().max())
    fewer, planned = (busiest.filter(more=more)["value"].item() for more in (-1, 0))
    load = busiest["load"][0]
    low, high = range_.row(0)
    return finish(
        alt.layer(band, spans, lines, dots).properties(width=560, height=230),
        title=f"One desk fewer at each stage: {fewer:.0f} minutes to the gate instead of "
        f"{planned:.0f}",
        title_ko=f"단계마다 한 곳을 덜 열면 탑승구까지 {planned:.0f}분이 {fewer:.0f}분이 된다",
        source=f"{source}; title 제목: {load:,} passengers an hour 시간당 승객; "
        f"grey 회색: published 공표 {low:g}–{high:g} min 분; "
        f"lines 세로선: {busiest['seeds'][0]} seeds 씨앗",
        simulated=simulated,
        description="Median minutes from door to gate by passengers in the hour and staff: "
        + each_row(shown, "{load} passengers, {staff}: {value:.0f} ({low:.0f} to {high:.0f})"),
    )
