"""Charts of errors by recorded group under several matchers, and of a threshold used elsewhere."""

from __future__ import annotations

import altair as alt
import polars as pl

from ..confidence import PERCENT, PERCENT_KO
from .theme import CATEGORIES, GREY, Finished, finish

HOLLOW = "hollow: a wide interval 빈 점: 구간이 넓다"


def group_rates(
    cells: pl.DataFrame,
    *,
    by: tuple[str, str],
    labels: dict[str, str],
    overall: float,
    source: str,
) -> Finished:
    """Draw FMR within each group with its interval under each model; wide intervals are hollow.

    Takes rows of `accuracy.rates_by_group` of one measure within groups, with a column `model`;
    `by` is what was recorded (English, Korean), `labels` name the groups, `overall` is the rate of
    all pairs at the same thresholds. A group without a false match has no dot, only a limit.
    """
    known = cells.drop_nulls("rate")
    floor = _floor([*known["rate"], overall])
    name = pl.format("{} ({})", pl.col("group").replace(labels), "subjects")
    shown = known.with_columns(
        name=name,
        start=pl.col("low").clip(lower_bound=floor),
        overall=pl.lit(overall),
        text=pl.format("{}/{}", "errors", "comparisons"),
    ).sort("subjects", descending=True)
    order = shown["name"].unique(maintain_order=True).to_list()
    models = shown["model"].unique(maintain_order=True).to_list()
    highest = [
        (model, float(shown.filter(model=model)["rate"].max()) / overall)  # type: ignore[arg-type]
        for model in models
    ]
    scale = alt.Scale(type="log", domain=[floor, 1], nice=False, clamp=True)
    title = [f"FMR within the group, {PERCENT} interval", f"집단 안의 오인식률과 {PERCENT_KO} 구간"]
    tips = ["model:N", "name:N", "text:N", "rate:Q", "low:Q", "high:Q", "method:N"]
    base = alt.Chart(shown).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelFontSize=12, labelLimit=150)),
        yOffset=alt.YOffset("model:N", sort=models, scale=alt.Scale(paddingOuter=0.6)),
        color=alt.Color(
            "model:N",
            sort=models,
            title=None,
            scale=alt.Scale(domain=models, range=CATEGORIES),
            legend=alt.Legend(orient="bottom"),
        ),
        tooltip=tips,
    )
    x = alt.X("start:Q", scale=scale, axis=_percent(floor), title=title)
    bars = base.mark_rule(strokeWidth=4, opacity=0.4).encode(x=x, x2="high:Q")
    rates = alt.X("rate:Q", scale=scale, title=title)
    dots = [
        base.transform_filter(f"datum.rate > 0 && {test}datum.wide")
        .mark_point(size=90, opacity=1, strokeWidth=2.5, **look)
        .encode(x=rates)
        for test, look in (("!", {"filled": True}), ("", {"fill": "#ffffff"}))
    ]
    line = pl.DataFrame({"overall": [overall], "text": ["all pairs 전체 쌍"]})
    all_pairs = alt.Chart(line).encode(x=alt.X("overall:Q", scale=scale, title=title))
    rule = all_pairs.mark_rule(strokeDash=[5, 4], color=GREY)
    note = all_pairs.mark_text(align="left", dx=4, color=GREY).encode(
        y=alt.value(-7), text="text:N"
    )
    return finish(
        alt.layer(rule, bars, *dots, note).properties(width=420, height=56 * len(order)),
        title=f"By {by[0]}: the highest rate is "
        + " and ".join(f"{times:.0f} times ({model})" for model, times in highest)
        + " that of all pairs",
        title_ko=f"{by[1].removesuffix('별')}별: 가장 높은 비율은 전체 쌍의 "
        + ", ".join(f"{times:.0f}배({model})" for model, times in highest),
        source=f"{source}; {HOLLOW}",
        description="; ".join(
            f"{row['model']} {row['name']}: {row['errors']} of {row['comparisons']} "
            f"({row['low']:.2%} to {row['high']:.2%})"
            for row in shown.iter_rows(named=True)
        ),
    )


def transferred(rows: pl.DataFrame, *, source: str) -> Finished:
    """Draw the FMR a threshold gives on another set against the one it was set for.

    Takes `accuracy.transfer_thresholds` of one or more models; rows without a threshold have no
    mark. On the dashed line the rate would be what it was set for.
    """
    shown = rows.drop_nulls("fmr").with_columns(
        kind=pl.format("{}: {} → {}", "model", "set_on", "used_on"),
    )
    kinds = shown["kind"].unique(maintain_order=True).to_list()
    floor = _floor([*shown["fmr"], *shown["target"]])
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
        color=alt.Color(
            "kind:N",
            sort=kinds,
            title=None,
            scale=alt.Scale(domain=kinds, range=CATEGORIES),
            legend=alt.Legend(orient="bottom", columns=2),
        ),
        tooltip=["kind:N", "threshold:Q", "fmr:Q", "fmr_low:Q", "fmr_high:Q", "times:Q"],
    )
    title = "FMR on the other set 다른 자료에서의 오인식률"
    bars = base.mark_rule(strokeWidth=4, opacity=0.4).encode(
        y=alt.Y("start:Q", scale=scale, axis=_percent(floor), title=title), y2="fmr_high:Q"
    )
    dots = (
        base.transform_filter("datum.fmr > 0")
        .mark_point(filled=True, size=90, opacity=1)
        .encode(y=alt.Y("fmr:Q", scale=scale, title=title))
    )
    ticks = (
        alt.Chart(shown.select("target").unique())
        .mark_tick(color=GREY, thickness=2, size=70)
        .encode(x=x, y=alt.Y("target:Q", scale=scale, title=title))
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
        description="; ".join(
            f"{row['kind']}, set for {row['target']:g}: {row['fmr']:.3g} "
            f"({row['fmr_low']:.2g} to {row['fmr_high']:.2g})"
            for row in shown.iter_rows(named=True)
        ),
    )


def _floor(values: list[float]) -> float:
    """Where a logarithmic axis starts: below the smallest value above 0; it may cut limits."""
    return min(value for value in values if value > 0) / 4


def _percent(floor: float) -> alt.Axis:
    """Ticks at powers of ten; one below the floor would be drawn at the wrong place."""
    return alt.Axis(format="~%", values=[10.0**k for k in range(-6, 1) if 10.0**k >= floor])
