"""Draw errors against gallery size: measured, modelled, per day, and the share of right alarms."""

from __future__ import annotations

from typing import Any, Literal

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .marks import PANEL_HEADER, each_row, legend_color, mark, share_axis, tooltips
from .sliders import captioned_slider, count_in_words
from .theme import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, Finished, finish, past_end

MEASURED = "measured 측정"
MODELS = {
    "independent": "independent 독립 가정",
    "people": "people differ 사람마다 다름",
    "tail": "fitted tail 극값 모델",
}
RECORDS = "Records in the gallery 갤러리의 기록 수"
_COLOURS = [BLUE, ORANGE, GREEN, PURPLE]
_KINDS = dict(zip((MEASURED, *MODELS.values()), (INK, ORANGE, GREEN, BLUE), strict=True))
_DASHES = dict(zip(_KINDS, ([1, 0], [7, 4], [9, 3, 2, 3], [2, 3]), strict=True))


def fpir_growth_chart(
    measured: pl.DataFrame, predicted: pl.DataFrame, *, marked: float, source: str, simulated: str
) -> Finished:
    """Draw FPIR against gallery size, measured and modelled, a panel per threshold.

    Takes `accuracy.rates_by_size` with its `fmr`, and rows of `accuracy.independent` and
    `accuracy.predicted_fpir` with the same `fmr` and a column `model`: 'independent', 'people'
    (independent, with a cv) or 'tail'; limits may be null. The line is at `marked` records.
    """
    columns = ["gallery_size", "fmr", "fpir", "fpir_low", "fpir_high"]
    limits = [pl.lit(None, pl.Float64).alias(name) for name in columns[3:]]
    models = predicted.with_columns(
        each for each in limits if each.meta.output_name() not in predicted.columns
    ).with_columns(kind=pl.col("model").replace(MODELS))
    shown = pl.concat(
        [
            measured.with_columns(kind=pl.lit(MEASURED)).select(*columns, "kind"),
            models.select(*columns, "kind"),
        ]
    ).with_columns(name=_threshold_name(), marked=pl.lit(marked))
    drawn = set(shown["kind"])
    kinds = [kind for kind in (MEASURED, *MODELS.values()) if kind in drawn]
    x = _size_axis(shown, marked)
    colour = legend_color("kind:N", kinds, [_KINDS[kind] for kind in kinds], lines=True)
    base = alt.Chart()
    y = share_axis("fpir", "False alarms FPIR 오경보")
    band = mark(base.transform_filter("isValid(datum.fpir_low)"), "area", opacity=0.16).encode(
        x=x, y=share_axis("fpir_low"), y2="fpir_high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2.2, clip=True).encode(
        x=x,
        y=y,
        color=colour,
        strokeDash=alt.StrokeDash(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[_DASHES[kind] for kind in kinds]),
            legend=None,
        ),
    )
    dots = mark(
        base.transform_filter(f"datum.kind == '{MEASURED}'"), "point", size=42, color=INK
    ).encode(
        x=x,
        y=y,
        tooltip=tooltips("name:N", ("gallery_size", ","), ("fpir fpir_low fpir_high", ".3%")),
    )
    rule = mark(
        base.transform_aggregate(marked="max(marked)"), "rule", strokeDash=[5, 4], color=GREY
    ).encode(x="marked:Q")
    names = shown["name"].unique(maintain_order=True).to_list()
    chart = (
        alt.layer(band, line, dots, rule, data=shown)
        .properties(width=300, height=190)
        .facet(facet=alt.Facet("name:N", title=None, sort=names, header=PANEL_HEADER), columns=2)
        .resolve_axis(x="independent")
    )
    own = shown.filter(kind=MEASURED)
    last = own.filter(gallery_size=pl.lit(own["gallery_size"].max()))
    return finish(
        chart,
        title="The longer the list, the more people who are not on it raise an alarm",
        title_ko="명단이 길수록 명단에 없는 사람의 경보가 늘어난다",
        source=f"{source}; vertical line 세로선: {marked:,.0f} records 건",
        simulated=simulated,
        description="False positive identification rate against gallery size with "
        f"{PERCENT} intervals "
        "over subjects, beside the models; at the largest size measured "
        + each_row(last, "{name}: {fpir:.1%}"),
    )


def identification_by_size_chart(
    measured: pl.DataFrame, *, source: str, simulated: str
) -> Finished:
    """Draw rank-1 rate and FNIR at each threshold against gallery size.

    Takes `accuracy.rates_by_size` with its `fmr`; intervals are drawn as bands.
    """
    shown = measured.with_columns(name=_threshold_name())
    names = shown["name"].unique(maintain_order=True).to_list()
    once = measured.unique("gallery_size", keep="first", maintain_order=True)
    x = _size_axis(shown)
    lowest = min(once["rank_1_low"].to_list())
    close = {
        "scale": alt.Scale(domain=[max(0.0, lowest - 0.03), 1.0], nice=False),
        "axis": alt.Axis(format="%"),
    }
    first, missed = "Right person first 1순위 식별률", "People on the list missed FNIR 놓침"
    left = _band_and_line(
        alt.Chart(once), x, "rank_1", title=first, axis=close, colour=alt.value(INK)
    )
    highest = min(1.0, max(shown["fnir_high"].to_list()) * 1.15)
    low = {"scale": alt.Scale(domain=[0, highest], nice=False), "axis": alt.Axis(format="%")}
    right = _band_and_line(
        alt.Chart(shown), x, "fnir", title=missed, axis=low, colour=_by_threshold(names)
    )
    ends = once.sort("gallery_size").select("gallery_size", "rank_1").rows()
    return finish(
        alt.hconcat(
            alt.layer(*left).properties(width=300, height=260),
            alt.layer(*right).properties(width=300, height=260),
            spacing=34,
        ),
        title="People who are on the list: who comes first, who is missed",
        title_ko="명단에 있는 사람: 맨 앞에 나오는가, 놓치는가",
        source=source,
        simulated=simulated,
        description=f"Rank-1 identification falls from {ends[0][1]:.1%} among {ends[0][0]:,} "
        f"records to {ends[-1][1]:.1%} among {ends[-1][0]:,}; false negative identification rates "
        f"at each threshold, with {PERCENT} intervals over subjects.",
    )


def daily_candidates_chart(
    counts: pl.DataFrame,
    *,
    probes: float,
    marked: float,
    share: float,
    source: str,
    simulated: str,
    count: Literal["candidates", "travellers"] = "candidates",
) -> Finished:
    """Draw false candidates a day, or travellers with one, against gallery size.

    Takes `accuracy.false_candidates` with a `share`, the part of the gallery that a filter leaves;
    `probes` is the traffic a day. Zero and null counts have no place on a logarithmic axis and are
    left out.
    """
    without, filtered = "whole list 명단 전체", f"filter leaves 필터 뒤 {share * 100:.2g} %"
    shown = counts.filter(pl.col(count) > 0).with_columns(
        name=_threshold_name(),
        search=pl.when("filtered").then(pl.lit(filtered)).otherwise(pl.lit(without)),
    )
    names = shown["name"].unique(maintain_order=True).to_list()
    kinds = [kind for kind in (without, filtered) if kind in set(shown["search"])]
    what, what_ko = {
        "candidates": ("false candidates", "잘못된 후보"),
        "travellers": ("travellers with a false alarm", "오경보 여행자"),
    }[count]
    title = f"{what.capitalize()} a day 하루의 {what_ko}"
    floor = max(10.0**-1, float(shown[count].min()))  # type: ignore[arg-type]
    top = max(float(shown[count].max()), probes) * 2  # type: ignore[arg-type]
    scale = alt.Scale(type="log", domain=[floor, top], nice=False, clamp=True)
    lines = mark(shown, "line", strokeWidth=2.4, clip=True).encode(
        x=_size_axis(shown, marked),
        y=alt.Y(
            f"{count}:Q",
            title=title,
            scale=scale,
            axis=alt.Axis(labelExpr=_POWERS, values=_decades(floor, top)),
        ),
        color=_by_threshold(names),
        strokeDash=alt.StrokeDash(
            "search:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=[[1, 0], [6, 4]][: len(kinds)]),
            legend=alt.Legend(orient="top", symbolType="stroke") if kinds[1:] else None,
        ),
        tooltip=tooltips(
            "name:N", "search:N", ("gallery_size searched candidates travellers", ",.0f")
        ),
    )
    note = f"every traveller\n여행자 모두\n{probes:,.0f}"
    level = pl.DataFrame({"value": [probes], "text": [note]})
    height = alt.Y("value:Q", scale=scale, title=title)
    traffic = [
        mark(level, "rule", color=INK, strokeWidth=1.4).encode(y=height),
        past_end(alt.Chart(level), gap=7, lift=-46, dy=-14, fontWeight=600, lineBreak="\n").encode(
            y=height, text="text:N"
        ),
    ]
    return finish(
        alt.layer(lines, *traffic, *_marked(marked)).properties(width=620, height=340),
        title=f"In a simulation: {what} on one day at the airport",
        title_ko=f"모의실험: 공항의 하루에 생기는 {what_ko}",
        source=source,
        simulated=simulated,
        description=f"{title} against gallery size at {probes:,.0f} travellers a day, with and "
        f"without a filter that leaves {share * 100:.2g} % of the gallery.",
    )


def precision_chart(alarms: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the share of right alarms against the share of listed travellers.

    Takes `accuracy.precision_by_size`; a slider chooses the gallery size. Without a false alarm
    only the lower limit is drawn, dotted.
    """
    sizes = alarms["gallery_size"].unique().sort()
    shown = alarms.with_columns(
        name=_threshold_name(), step=pl.col("gallery_size").rank("dense").cast(pl.Int32)
    )
    names = shown["name"].unique(maintain_order=True).to_list()
    words = [count_in_words(size) for size in sizes]
    slider = captioned_slider("size_step", "Gallery size 갤러리 크기", words, value=len(sizes))
    # a share of 0 has no place on a logarithmic axis
    floor = max(1e-7, float(shown.filter(pl.col("precision") > 0)["precision"].min()) / 2)  # type: ignore[arg-type]
    chosen = alt.Chart(
        shown.select(
            "name",
            "step",
            "gallery_size",
            pl.col("base_rate", "false_per_true").round_sig_figs(4),
            pl.col("precision", "low", "high").clip(lower_bound=floor).round_sig_figs(4),
            seen=pl.col("fpir") > 0,
        )
    ).transform_filter("datum.step == size_step")
    once = "'1 / ' + format(1 / datum.value, ',.0f')"
    x = alt.X(
        "base_rate:Q",
        title="Travellers who are on the list 명단에 있는 여행자",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(labelExpr=once, values=[10.0**-p for p in range(1, 9)], labelSeparation=9),
    )
    right: dict[str, Any] = {
        "scale": alt.Scale(type="log", domain=[floor, 1], nice=False, clamp=True),
        "axis": alt.Axis(
            labelExpr=f"datum.value > 0.009 ? format(datum.value, '.0%') : {once}",
            values=_decades(floor, 1),
        ),
    }
    colour = _by_threshold(names)
    band = chosen.mark_area(opacity=0.16).encode(
        x=x, y=alt.Y("low:Q", title="", **right), y2="high:Q", color=colour
    )
    least = mark(
        chosen.transform_filter("!datum.seen"), "line", strokeWidth=2, strokeDash=[2, 3]
    ).encode(x=x, y=alt.Y("low:Q", title="", **right), color=colour)
    drawn = chosen.transform_filter("datum.seen").mark_line(
        strokeWidth=2.5, point=alt.OverlayMarkDef(size=60, opacity=0)
    )
    line = drawn.encode(
        x=x,
        y=alt.Y("precision:Q", title="Alarms that are right 맞는 경보", **right),
        color=colour,
        tooltip=tooltips(
            "name:N",
            ("gallery_size", ","),
            ("base_rate", ".2~e"),
            ("precision low high", ".3~%"),
            ("false_per_true", ",.1f"),
        ),
    )
    text = (
        alt.Chart(pl.DataFrame({"gallery_size": sizes, "step": range(1, len(sizes) + 1)}))
        .transform_filter("datum.step == size_step")
        .transform_calculate(line="'N = ' + format(datum.gallery_size, ',') + ' records 건'")
        .mark_text(align="left", baseline="top", fontSize=15, fontWeight=600)
        .encode(x=alt.value(10), y=alt.value(6), text="line:N")
    )
    return finish(
        alt.layer(band, least, line, text).add_params(*slider).properties(width=620, height=330),
        title="The rarer the people sought, the more alarms are false",
        title_ko="찾는 사람이 드물수록 경보는 대부분 틀린다",
        source=source,
        simulated=simulated,
        description="Share of alarms that are right against the share of travellers who are on "
        "the list, for each threshold, with a slider for the size of the gallery.",
    )


_POWERS = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, ',') + 'B' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, ',') + 'M' : format(datum.value, ',~g')"
)


def _decades(low: float, high: float) -> list[float]:
    """Return the powers of ten within a domain; others would be drawn at its edge."""
    return [10.0**power for power in range(-9, 15) if low <= 10.0**power <= high]


def _threshold_name() -> pl.Expr:
    """Return 'FMR 1/1,000', the name of a threshold in every chart."""
    times = (1 / pl.col("fmr")).round_sig_figs(2).round().cast(pl.Int64)
    return times.map_elements("FMR 1/{:,}".format, return_dtype=pl.String)


def _by_threshold(names: list[str]) -> alt.Color:
    return legend_color("name:N", names, _COLOURS, sort=True, lines=True)


def _size_axis(shown: pl.DataFrame, marked: float | None = None) -> alt.X:
    sizes = [float(size) for size in shown["gallery_size"]]
    domain = [min(sizes), max(*sizes, (marked or 0) * 1.6)]
    return alt.X(
        "gallery_size:Q",
        title=RECORDS,
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=alt.Axis(labelExpr=_POWERS, values=_decades(*domain)),
    )


def _band_and_line(
    base: alt.Chart, x: alt.X, name: str, *, title: str, axis: dict[str, Any], colour: Any
) -> list[alt.Chart]:
    band = base.mark_area(opacity=0.15).encode(
        x=x, y=alt.Y(f"{name}_low:Q", title="", **axis), y2=f"{name}_high:Q", color=colour
    )
    line = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=42)).encode(
        x=x,
        y=alt.Y(f"{name}:Q", title=title, **axis),
        color=colour,
        tooltip=tooltips(("gallery_size", ","), (f"{name} {name}_low {name}_high", ".3%")),
    )
    return [band, line]


def _marked(marked: float) -> list[alt.Chart]:
    """Return a line at the disclosed number of records, and its label."""
    frame = pl.DataFrame({"size": [marked], "text": [f"disclosed 공개: {marked:,.0f}"]})
    return [
        mark(frame, "rule", strokeDash=[5, 4], color=GREY).encode(x="size:Q"),
        mark(frame, "text", align="right", dx=-6, color=GREY).encode(
            x="size:Q", y=alt.value(330), text="text:N"
        ),
    ]
