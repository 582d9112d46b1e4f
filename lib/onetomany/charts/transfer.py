"""Draw the error rate of a threshold that was set on another image set."""

from typing import Any

import altair as alt
import polars as pl

from .axes import legend_color, log_floor, log_percent_axis, log_scale
from .columns import each_row, in_order
from .marks import mark
from .theme import CATEGORIES, GREY, Finished, finish

_RATE = "FMR on the other set 다른 자료에서의 오인식률"


def transfer_chart(rows: pl.DataFrame, *, source: str) -> Finished:
    """Draw the FMR of a threshold on another set against its target.

    Takes `accuracy.transfer_thresholds` of one or more models; rows without a threshold have no
    mark. On the dashed line the rate equals its target.
    """
    shown = rows.drop_nulls("fmr").with_columns(
        kind=pl.format("{}: {} → {}", "model", "set_on", "used_on")
    )
    kinds = in_order(shown, "kind")
    floor = log_floor([*shown["fmr"], *shown["target"]])
    top = min(1.0, float(shown["fmr_high"].max()) * 1.5)  # type: ignore[arg-type]
    shown = shown.with_columns(start=pl.col("fmr_low").clip(lower_bound=floor))
    x = alt.X(
        "target:O",
        sort=sorted(shown["target"].unique().to_list()),
        title=["FMR that the threshold was set for", "임계값을 맞춘 오인식률"],
        axis=alt.Axis(labelAngle=0, labelExpr="format(datum.value, '~%')"),
    )
    y: dict[str, Any] = {"title": _RATE, "scale": log_scale(floor, top, clamp=True)}
    base = alt.Chart(shown).encode(
        x=x,
        xOffset=alt.XOffset("kind:N", sort=kinds),
        color=legend_color("kind:N", kinds, CATEGORIES, sort=True, orient="bottom", columns=2),
        tooltip=["kind:N", "threshold:Q", "fmr:Q", "fmr_low:Q", "fmr_high:Q", "times:Q"],
    )
    bars = base.mark_rule(strokeWidth=4, opacity=0.4).encode(
        y=alt.Y("start:Q", axis=log_percent_axis(floor), **y), y2="fmr_high:Q"
    )
    dots = mark(base.transform_filter("datum.fmr > 0"), "point", size=90)
    each = shown.select("target").unique(maintain_order=True)
    ticks = mark(each, "tick", color=GREY, thickness=2, size=70).encode(x=x)
    targets = ticks.encode(y=alt.Y("target:Q", **y))
    title, title_ko = _title(float(shown["times"].max()))  # type: ignore[arg-type]
    return finish(
        alt.layer(targets, bars, dots.encode(y=alt.Y("fmr:Q", **y))).properties(
            width=460, height=300
        ),
        title=title,
        title_ko=title_ko,
        source=source,
        description=each_row(
            shown, "{kind}, set for {target:g}: {fmr:.3g} ({fmr_low:.2g} to {fmr_high:.2g})"
        ),
    )


def _title(most: float) -> tuple[str, str]:
    """Return the title by the largest ratio of a rate to its target."""
    if not most:
        return (
            "Thresholds used on other people: no false match was seen",
            "임계값을 다른 사람들에게 쓴 결과: 오인이 한 건도 없었다",
        )
    return (
        f"A threshold used on other people gives up to {most:.1f} times the rate promised",
        f"임계값을 다른 사람들에게 쓰면 오인식률은 약속한 것의 {most:.1f}배까지 간다",
    )
