"""Draw flags on ordinary people: how many, agreement of detectors, and right alarms."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from onetomany.errors import InputError
from . import marks
from .axes import legend_color, log_scale, names_axis, rarity_axis, right_share_axis
from .columns import each_row, in_order
from .languages import both
from .sliders import captioned_slider
from .theme import BLUE, CATEGORIES, NARROW, Finished, finish

NOT_COMPUTED = "not computed 계산 안 함"
CHOSEN = both("dashed: default, chosen here", "점선: 여기서 정한 기본값")


def flagged_rates_chart(
    rates: pl.DataFrame,
    names: Mapping[str, str],
    axes: Mapping[str, str],
    *,
    source: str,
    simulated: str | None = None,
) -> Finished:
    """Draw people flagged per thousand against the threshold, a panel per rule.

    Takes `behaviour.flagged_rates`, and the name and axis title of each rule. A column `case` gives
    several frames one colour each. The dashed line is the kit's default threshold; no authority has
    published one. The band is the 95 % interval by person. Rules that were not computed are named
    under the chart.

    Raises InputError if no rule could be computed.
    """
    shown = rates.filter(pl.col("rule").is_in(list(names)), pl.col("rate").is_not_null())
    if not shown.height:
        raise InputError("There is nothing to draw: no rule could judge anybody.")
    absent = [names[rule] for rule in names if rule not in shown["rule"].unique()]
    shown = shown.with_columns(
        (pl.col(name) * 1000).alias(name) for name in ("rate", "low", "high")
    )
    if "case" not in shown.columns:
        shown = shown.with_columns(case=pl.lit(""))
    cases = in_order(shown, "case")
    colour = legend_color("case:N", cases, CATEGORIES, lines=True, shown=len(cases) > 1)
    panels = [
        marks.panel(names[rule], _rates_of(shown.filter(rule=rule), axes[rule], colour),
              width=265, height=150)
        for rule in in_order(shown, "rule")
    ]  # fmt: skip
    people = max(shown["observed"].to_list())
    defaults = shown.filter("default")
    left_out = f"; {NOT_COMPUTED}: {', '.join(absent)}" if absent else ""
    return finish(
        marks.two_a_row(panels, spacing=40),
        title="People flagged per 1,000, over the range of thresholds",
        title_ko="임계값의 범위에 걸쳐 본, 천 명당 걸린 사람",
        source=f"{source}; {people:,} people 명, {PERCENT}{left_out}; {CHOSEN}",
        simulated=simulated,
        description="People flagged per thousand against the threshold, a panel for each rule, "
        f"with {PERCENT} intervals by person; at the thresholds chosen here "
        + each_row(
            defaults.with_columns(pl.col("rule").replace(dict(names))), "{rule} {case}: {rate:.1f}"
        ),
    )


def _rates_of(
    own: pl.DataFrame, axis_title: str, colour: alt.Color
) -> alt.LayerChart | alt.FacetChart:
    """Return the layers of one rule: band, line, dots and the default threshold."""
    cuts = own["threshold"].to_list()
    edges = (min(cuts), max(cuts))
    ticks = [tick for tick in _TICKS if edges[0] <= tick <= edges[1]]
    axis = alt.Axis(format="~g", values=ticks)
    base = alt.Chart(own).encode(
        x=alt.X("threshold:Q", title=axis_title, scale=log_scale(*edges), axis=axis)
    )
    rates = base.encode(y=alt.Y("rate:Q", title="", **_THOUSAND), color=colour)
    tips = marks.tooltips(
        *("case:N", ("threshold", "~g"), "unit:N", "flagged:Q", "people:Q", "observed:Q"),
        ("rate low high", ".1f"),
    )
    return alt.layer(
        marks.interval_band(base, "low", "high", opacity=0.18, color=colour, **_THOUSAND),
        rates.mark_line(strokeWidth=2.4),
        marks.mark(rates, "point", size=26).encode(tooltip=tips),
        marks.dashed_rule(base.transform_filter("datum.default")),
    )


def agreement_chart(
    pairs: pl.DataFrame, *, source: str, people: int, simulated: str | None = None
) -> Finished:
    """Draw the Jaccard index of each two detectors, with intervals, as a matrix.

    Takes `behaviour.agreement`. Cells in which nobody was flagged are empty.
    """
    ways = [*pairs["a"].unique(maintain_order=True), pairs["b"].to_list()[-1]]
    cells = pairs.select("a", "b", "jaccard", "low", "high", "chance", "both").drop_nulls()
    base = alt.Chart(cells).encode(
        x=alt.X("a:N", title=None, sort=ways, axis=alt.Axis(labelAngle=-30, orient="bottom")),
        y=names_axis("b", ways[1:], labelLimit=260),
    )
    squares = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.Color(
            "jaccard:Q",
            title="Jaccard",
            scale=alt.Scale(domain=[0, 1], range=["#eef2f7", BLUE]),
            legend=alt.Legend(orient="right", gradientLength=120),
        ),
        tooltip=marks.tooltips("a:N", "b:N", "both:Q", ("jaccard low high chance", ".3f")),
    )
    dark = marks.on_dark("datum.jaccard > 0.55")
    words = base.mark_text(fontSize=13, fontWeight=600, dy=-6).encode(
        text=alt.Text("jaccard:Q", format=".2f"), color=dark
    )
    limits = (
        base.transform_calculate(
            limits="format(datum.low, '.2f') + ' – ' + format(datum.high, '.2f')"
        )
        # cells on a telephone are too narrow for them: there the tooltip has them
        .mark_text(fontSize=10, dy=9, opacity=alt.ExprRef(f"width < {NARROW} ? 0 : 1"))
        .encode(text="limits:N", color=dark)
    )
    width = 66 * (len(ways) - 1)
    return finish(
        alt.layer(squares, words, limits).properties(width=width, height=width * 0.72),
        title="Who is abnormal? Of those flagged by either, the share flagged by both",
        title_ko="누가 이상한가? 둘 중 하나에 걸린 사람 가운데 둘 다에 걸린 사람의 비율",
        source=f"{source}; {people:,} people 명; small 작은 글씨: {PERCENT}",
        simulated=simulated,
        description="Jaccard index of each two ways of flagging people: "
        + each_row(pairs.drop_nulls("jaccard"), "{a} and {b}: {jaccard:.2f}"),
    )


def alarms_right_chart(
    right: pl.DataFrame,
    daily: pl.DataFrame,
    names: Mapping[str, str],
    *,
    passengers: float,
    source: str,
    simulated: str | None = None,
) -> Finished:
    """Draw the share of right flags by base rate, and false flags a day.

    Takes `behaviour.alarms_right` and `behaviour.false_alarms_a_day` of the same thresholds, as
    many for each rule. One slider moves all rules from their laxest threshold to their strictest;
    the other sets the assumed sensitivity. If nobody was flagged, only the lower limit is drawn,
    dotted.
    """
    step = pl.col("strictness").rank("dense").over("rule").cast(pl.Int32)
    bars = daily.with_columns(
        step=step,
        name=pl.col("rule").replace(dict(names)),
        said=pl.format("{} {}", pl.col("threshold"), pl.col("unit").replace("ratio", "×")),
    ).drop_nulls("rate")
    order = [names[rule] for rule in in_order(daily, "rule")]
    colour = legend_color("name:N", order, CATEGORIES, lines=True, columns=3)
    left = _right_by_base_rate(right, bars, colour)
    alarms = _false_a_day(
        bars, alt.Y("name:N", title=None, sort=order, axis=None), colour, passengers
    )
    return finish(
        alt.hconcat(
            left.properties(width=300, height=300),
            alarms.properties(width=290, height=300),
            spacing=28,
        ),
        title="The rarer those with intent, the more flags are false",
        title_ko="의도가 있는 사람이 드물수록 경보는 대부분 틀린다",
        source=f"{source}; {PERCENT}; "
        + both(
            f"{passengers:,.0f} a day; dotted: nobody flagged, lower limit",
            f"하루 {passengers:,.0f}명; 점선: 아무도 걸리지 않음, 하한",
        ),
        simulated=simulated,
        description="Share of flags that are right against the share of people with intent, at a "
        "sensitivity that the reader assumes, and people flagged falsely a day, for each rule, "
        "with sliders for the thresholds and the sensitivity.",
    )


def _right_by_base_rate(
    right: pl.DataFrame, bars: pl.DataFrame, colour: alt.Color
) -> alt.LayerChart | alt.FacetChart:
    """Return the share of right flags by base rate, with both sliders."""
    keen = right["sensitivity"].unique().sort()
    sliders = _sliders(int(bars["step"].to_numpy().max()), keen.to_list())
    lines = right.join(bars.select("rule", "threshold", "step", "name"), on=["rule", "threshold"])
    lines = lines.select(
        *("name", "step", "base_rate"),
        pl.col("precision", "low", "high").clip(lower_bound=_LEAST).round_sig_figs(3),
        keen=pl.col("sensitivity").rank("dense").cast(pl.Int32),
        seen=pl.col("rate") > 0,
    )
    chosen = alt.Chart(lines).transform_filter("datum.step == strict_step && datum.keen == assumed")
    x = rarity_axis("People with intent 의도가 있는 사람", range(1, 9, 2))
    share, seen = right_share_axis(_LEAST), chosen.transform_filter("datum.seen")
    band = marks.interval_band(seen, "low", "high", opacity=0.13, x=x, color=colour, **share)
    tips = marks.tooltips("name:N", ("base_rate", ".2~e"), ("precision low high", ".3~%"))
    curves = marks.seen_or_limit(
        chosen, "precision", "Flags that are right 맞는 경보", share,
        size=50, x=x, color=colour, tooltip=tips,
    )  # fmt: skip
    note = (
        alt.Chart(pl.DataFrame({"keen": range(1, len(keen) + 1), "sensitivity": keen}))
        .transform_filter("datum.keen == assumed")
        .transform_calculate(
            line="'ASSUMED 가정: ' + format(datum.sensitivity, '.0%') + ' flagged 걸림'"
        )
        .mark_text(align="right", baseline="bottom", dx=-4, dy=-6, fontSize=13, fontWeight=600)
        .encode(x=alt.value("width"), y=alt.value("height"), text="line:N")
    )
    return alt.layer(band, *curves, note).add_params(*sliders)


def _sliders(steps: int, keen: list[float]) -> list[alt.Parameter]:
    """Return the sliders of strictness, from the laxest thresholds on, and of sensitivity."""
    strictness = [
        both("1, laxest", "1, 가장 느슨함"),
        *(both(f"step {n} of {steps}", f"{steps}단계 중 {n}") for n in range(2, steps)),
        both(f"{steps}, strictest", f"{steps}, 가장 엄격함"),
    ][-steps:]
    shares, sensitivity = [f"{share:.0%}" for share in keen], "Assumed sensitivity 가정한 민감도"
    return [
        *captioned_slider("strict_step", "Strictness 엄격함", strictness, value=(steps + 1) // 2),
        *captioned_slider("assumed", sensitivity, shares, value=len(keen)),
    ]


def _false_a_day(
    bars: pl.DataFrame, y: alt.Y, colour: alt.Color, passengers: float
) -> alt.LayerChart | alt.FacetChart:
    """Return the people flagged falsely a day at the chosen thresholds."""
    one = alt.Chart(bars).transform_filter("datum.step == strict_step").encode(y=y, color=colour)
    count = alt.X(
        "daily:Q",
        title="People flagged falsely a day 하루에 잘못 걸리는 사람",
        scale=alt.Scale(type="symlog", constant=30, domain=[0, passengers], nice=False),
        axis=alt.Axis(labelExpr="format(datum.value, ',')", values=[0, 100, 1000, 10_000, 100_000]),
    )
    limits = one.mark_rule(strokeWidth=3).encode(
        x=alt.X("daily_low:Q", title=""), x2="daily_high:Q"
    )
    tips = marks.tooltips("name:N", "said:N", ("daily daily_low daily_high", ",.0f"))
    dots = marks.mark(one, "point", size=90).encode(x=count, tooltip=tips)
    words = (
        alt.Chart(bars)
        .transform_filter("datum.step == strict_step")
        .transform_calculate(
            line="datum.said + ': ' + format(datum.daily, ',.0f') + ' (' + "
            "format(datum.daily_low, ',.0f') + ' – ' + format(datum.daily_high, ',.0f') + ')'"
        )
        .mark_text(align="left", dy=-15, fontSize=11)
        .encode(x=alt.value(2), y=y, text="line:N")
    )
    return alt.layer(limits, dots, words)


_THOUSAND: dict[str, Any] = {
    "scale": alt.Scale(type="sqrt", domain=[0, 1000], nice=False),
    "axis": alt.Axis(values=[0, 10, 50, 100, 250, 500, 1000], format="~d"),
}
_LEAST = 1e-7  # smaller shares are drawn at the edge
_TICKS = [digit * 10.0**power for power in range(-3, 5) for digit in (1, 2, 5)]
