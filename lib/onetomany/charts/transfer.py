"""Draw the error rate of a threshold that was set on another image set."""

from __future__ import annotations

import altair as alt
import polars as pl

from .marks import each_row, legend_color, log_floor, log_percent_axis, mark
from .theme import CATEGORIES, GREY, Finished, finish


def transfer_chart(rows: pl.DataFrame, *, source: str) -> Finished:
    """Draw the FMR of a threshold on another set against its target.

    Takes `accuracy.transfer_thresholds` of one or more models; rows without a threshold have no
    mark. On the dashed line the rate equals its target.
    """
    shown = rows.drop_nulls("fmr").with_columns(
        kind=pl.format("{}: {} → {}", "model", "set_on", "used_on")
    )
    kinds = shown["kind"].unique(maintain_order=True).to_list()
    floor = log_floor([*shown["fmr"], *shown["target"]])
    top = min(1.0, float(shown["fmr_high"].max()) * 1.5)  # type: ignore[arg-type]
    shown = shown.with_columns(start=pl.col("fmr_low").clip(lower_bound=floor))
    scale = alt.Scale(type="log", domain=[floor, top], nice=False, clamp=True)
    targets = sorted(shown["target"].unique().to_list())
    x = alt.X(
        "target:O",
        sort=targets,
        title=["FMR that the threshold was set for", "임계값을 맞춘 오인식률"],
        axis=alt.Axis(labelAngle=0, labelExpr="format(datum.value, '~%')"),
    )
    base = alt.Chart(shown).encode(
        x=x,
        xOffset=alt.XOffset("kind:N", sort=kinds),
        color=legend_color("kind:N", kinds, CATEGORIES, sort=True, orient="bottom", columns=2),
        tooltip=["kind:N", "threshold:Q", "fmr:Q", "fmr_low:Q", "fmr_high:Q", "times:Q"],
    )
    title = "FMR on the other set 다른 자료에서의 오인식률"
    bars = base.mark_rule(strokeWidth=4, opacity=0.4).encode(
        y=alt.Y("start:Q", scale=scale, axis=log_percent_axis(floor), title=title), y2="fmr_high:Q"
    )
    dots = mark(base.transform_filter("datum.fmr > 0"), "point", size=90).encode(
        y=alt.Y("fmr:Q", scale=scale, title=title)
    )
    each = shown.select("target").unique(maintain_order=True)
    ticks = mark(each, "tick", color=GREY, thickness=2, size=70).encode(
        x=x, y=alt.Y("target:Q", scale=scale, title=title)
    )
    most = float(shown["times"].max())  # type: ignore[arg-type]
    return finish(
        alt.layer(ticks, bars, dots).properties(width=460, height=300),
        title=f"A threshold used on other people gives up to {most:.1f} times the rate promised"
        if most
        else "Thresholds used on other people: no false match was seen",
        title_ko=f"임계값을 다른 사람들에게 쓰면 오인식률은 약속한 것의 {most:.1f}배까지 간다"
        if most
        else "임계값을 다른 사람들에게 쓴 결과: 오인이 한 건도 없었다",
        source=source,
        description=each_row(
            shown, "{kind}, set for {target:g}: {fmr:.3g} ({fmr_low:.2g} to {fmr_high:.2g})"
        ),
    )
