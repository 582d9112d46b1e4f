"""Draw errors against gallery size: measured, modelled, per day, and the share of right alarms."""

from typing import Literal

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from . import marks
from .axes import SHARE, decades, legend_color, log_scale, rarity_axis, right_share_axis, share_axis
from .columns import as_text, each_row, either, in_order
from .marks import PANEL_HEADER
from .sliders import captioned_slider, count_in_words
from .theme import BLUE, GREEN, INK, ORANGE, PURPLE, Finished, finish, past_end

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
    shown = _measured_and_modelled(measured, predicted).with_columns(marked=pl.lit(marked))
    drawn = set(shown["kind"])
    kinds = {kind: colour for kind, colour in _KINDS.items() if kind in drawn}
    colour = legend_color("kind:N", kinds, kinds.values(), lines=True)
    dashes = alt.Scale(domain=list(kinds), range=[_DASHES[kind] for kind in kinds])
    base, x = alt.Chart(), _size_axis(shown, marked)
    known = base.transform_filter("isValid(datum.fpir_low)")
    band = marks.interval_band(known, "fpir_low", "fpir_high", x=x, color=colour, **SHARE)
    rates = base.encode(x=x, y=share_axis("fpir", "False alarms FPIR 오경보"))
    line = rates.mark_line(strokeWidth=2.2, clip=True).encode(
        color=colour, strokeDash=alt.StrokeDash("kind:N", scale=dashes, legend=None)
    )
    own = rates.transform_filter(f"datum.kind == '{MEASURED}'")
    tips = marks.tooltips("name:N", ("gallery_size", ","), ("fpir fpir_low fpir_high", ".3%"))
    dots = marks.mark(own, "point", size=42, color=INK).encode(tooltip=tips)
    rule = marks.dashed_rule(base.transform_aggregate(marked="max(marked)")).encode(x="marked:Q")
    names = in_order(shown, "name")
    chart = (
        alt.layer(band, line, dots, rule, data=shown)
        .properties(width=300, height=190)
        .facet(facet=alt.Facet("name:N", title=None, sort=names, header=PANEL_HEADER), columns=2)
        .resolve_axis(x="independent")
    )
    counted = shown.filter(kind=MEASURED)
    last = counted.filter(gallery_size=pl.lit(counted["gallery_size"].max()))
    return finish(
        chart,
        title="The longer the list, the more people who are not on it raise an alarm",
        title_ko="명단이 길수록 명단에 없는 사람의 경보가 늘어난다",
        source=f"{source}; vertical line 세로선: {marked:,.0f} records 건",
        simulated=simulated,
        description=f"False positive identification rate against gallery size with {PERCENT} "
        "intervals over subjects, beside the models; at the largest size measured "
        + each_row(last, "{name}: {fpir:.1%}"),
    )


def _measured_and_modelled(measured: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """Return the rates of both, with `kind` and the threshold's `name`."""
    columns = ["gallery_size", "fmr", "fpir", "fpir_low", "fpir_high", "kind"]
    own = measured.with_columns(kind=pl.lit(MEASURED)).select(columns)
    models = predicted.with_columns(kind=pl.col("model").replace(MODELS))
    shown = pl.concat(
        [own, models.select(each for each in columns if each in models.columns)], how="diagonal"
    )
    return shown.with_columns(name=_threshold_name())


def identification_by_size_chart(
    measured: pl.DataFrame, *, source: str, simulated: str
) -> Finished:
    """Draw rank-1 rate and FNIR at each threshold against gallery size.

    Takes `accuracy.rates_by_size` with its `fmr`; intervals are drawn as bands.
    """
    shown = measured.with_columns(name=_threshold_name())
    once = measured.unique("gallery_size", keep="first", maintain_order=True)
    x = _size_axis(shown)
    lowest = max(0.0, min(once["rank_1_low"].to_list()) - 0.03)
    highest = min(1.0, max(shown["fnir_high"].to_list()) * 1.15)
    left = _band_and_line(
        alt.Chart(once).encode(x=x, color=alt.value(INK)), "rank_1", [lowest, 1.0],
        title="Right person first 1순위 식별률",
    )  # fmt: skip
    right = _band_and_line(
        alt.Chart(shown).encode(x=x, color=_by_threshold(shown)), "fnir", [0, highest],
        title="People on the list missed FNIR 놓침",
    )  # fmt: skip
    ends = once.sort("gallery_size").select("gallery_size", "rank_1").rows()
    return finish(
        alt.hconcat(left, right, spacing=34),
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
    shown = counts.filter(pl.col(count) > 0).with_columns(name=_threshold_name())
    what, what_ko = {
        "candidates": ("false candidates", "잘못된 후보"),
        "travellers": ("travellers with a false alarm", "오경보 여행자"),
    }[count]
    title = f"{what.capitalize()} a day 하루의 {what_ko}"
    floor = max(10.0**-1, float(shown[count].min()))  # type: ignore[arg-type]
    top = max(float(shown[count].max()), probes) * 2  # type: ignore[arg-type]
    scale = log_scale(floor, top, clamp=True)
    axis = alt.Axis(labelExpr=_POWERS, values=decades(floor, top))
    y = alt.Y(f"{count}:Q", title=title, scale=scale, axis=axis)
    lines = _searches(shown, share).encode(x=_size_axis(shown, marked), y=y)
    level = pl.DataFrame(
        {"value": [probes], "text": [f"every traveller\n여행자 모두\n{probes:,.0f}"]}
    )
    height = alt.Y("value:Q", scale=scale, title=title)
    rule = marks.mark(level, "rule", color=INK, strokeWidth=1.4).encode(y=height)
    note = past_end(alt.Chart(level), gap=7, lift=-46, dy=-14, fontWeight=600, lineBreak="\n")
    traffic = [rule, note.encode(y=height, text="text:N")]
    return finish(
        alt.layer(lines, *traffic, *_marked(marked)).properties(width=620, height=340),
        title=f"In a simulation: {what} on one day at the airport",
        title_ko=f"모의실험: 공항의 하루에 생기는 {what_ko}",
        source=source,
        simulated=simulated,
        description=f"{title} against gallery size at {probes:,.0f} travellers a day, with and "
        f"without a filter that leaves {share * 100:.2g} % of the gallery.",
    )


def _searches(counts: pl.DataFrame, share: float) -> alt.Chart:
    """Return a line for each threshold, dashed if a filter leaves a `share` of the gallery."""
    without, filtered = "whole list 명단 전체", f"filter leaves 필터 뒤 {share * 100:.2g} %"
    shown = counts.with_columns(search=either("filtered", filtered, without))
    kinds = [kind for kind in (without, filtered) if kind in set(shown["search"])]
    dash = alt.StrokeDash(
        "search:N",
        title=None,
        scale=alt.Scale(domain=kinds, range=[[1, 0], [6, 4]][: len(kinds)]),
        legend=alt.Legend(orient="top", symbolType="stroke") if kinds[1:] else None,
    )
    sums = ("gallery_size searched candidates travellers", ",.0f")
    return marks.mark(shown, "line", strokeWidth=2.4, clip=True).encode(
        color=_by_threshold(shown),
        strokeDash=dash,
        tooltip=marks.tooltips("name:N", "search:N", sums),
    )


def precision_chart(alarms: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the share of right alarms against the share of listed travellers.

    Takes `accuracy.precision_by_size`; a slider chooses the gallery size. Without a false alarm
    only the lower limit is drawn, dotted.
    """
    sizes = alarms["gallery_size"].unique().sort()
    words = [count_in_words(size) for size in sizes]
    slider = captioned_slider("size_step", "Gallery size 갤러리 크기", words, value=len(sizes))
    # a share of 0 has no place on a logarithmic axis
    floor = max(1e-7, float(alarms.filter(pl.col("precision") > 0)["precision"].min()) / 2)  # type: ignore[arg-type]
    shown = alarms.select(
        "gallery_size",
        pl.col("base_rate", "false_per_true").round_sig_figs(4),
        pl.col("precision", "low", "high").clip(lower_bound=floor).round_sig_figs(4),
        name=_threshold_name(),
        step=pl.col("gallery_size").rank("dense").cast(pl.Int32),
        seen=pl.col("fpir") > 0,
    )
    chosen = alt.Chart(shown).transform_filter("datum.step == size_step")
    x = rarity_axis(
        "Travellers who are on the list 명단에 있는 여행자", range(1, 9), labelSeparation=9
    )
    right, colour = right_share_axis(floor), _by_threshold(shown)
    band = marks.interval_band(chosen, "low", "high", x=x, color=colour, **right)
    tips = marks.tooltips(
        *("name:N", ("gallery_size", ","), ("base_rate", ".2~e")),
        *(("precision low high", ".3~%"), ("false_per_true", ",.1f")),
    )
    curves = marks.seen_or_limit(
        chosen, "precision", "Alarms that are right 맞는 경보", right,
        size=60, x=x, color=colour, tooltip=tips,
    )  # fmt: skip
    return finish(
        alt.layer(band, *curves, _size_named(sizes))
        .add_params(*slider)
        .properties(width=620, height=330),
        title="The rarer the people sought, the more alarms are false",
        title_ko="찾는 사람이 드물수록 경보는 대부분 틀린다",
        source=source,
        simulated=simulated,
        description="Share of alarms that are right against the share of travellers who are on "
        "the list, for each threshold, with a slider for the size of the gallery.",
    )


def _size_named(sizes: pl.Series) -> alt.Chart:
    """Return the size that the slider chooses, as text."""
    named = marks.mark(
        alt.Chart(pl.DataFrame({"gallery_size": sizes, "step": range(1, len(sizes) + 1)}))
        .transform_filter("datum.step == size_step")
        .transform_calculate(line="'N = ' + format(datum.gallery_size, ',') + ' records 건'"),
        "text", align="left", baseline="top", fontSize=15, fontWeight=600,
    )  # fmt: skip
    return named.encode(x=alt.value(10), y=alt.value(6), text="line:N")


_POWERS = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, ',') + 'B' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, ',') + 'M' : format(datum.value, ',~g')"
)


def _threshold_name() -> pl.Expr:
    """Return 'FMR 1/1,000', the name of a threshold in every chart."""
    times = (1 / pl.col("fmr")).round_sig_figs(2).round().cast(pl.Int64)
    return as_text(times, "FMR 1/{:,}")


def _by_threshold(shown: pl.DataFrame) -> alt.Color:
    return legend_color("name:N", in_order(shown, "name"), _COLOURS, sort=True, lines=True)


def _size_axis(shown: pl.DataFrame, marked: float | None = None) -> alt.X:
    sizes = [float(size) for size in shown["gallery_size"]]
    domain = [min(sizes), max(*sizes, (marked or 0) * 1.6)]
    return alt.X(
        "gallery_size:Q",
        title=RECORDS,
        scale=log_scale(*domain),
        axis=alt.Axis(labelExpr=_POWERS, values=decades(*domain)),
    )


def _band_and_line(
    base: alt.Chart, name: str, domain: list[float], *, title: str
) -> alt.LayerChart | alt.FacetChart:
    scale, axis = alt.Scale(domain=domain, nice=False), alt.Axis(format="%")
    ends = (f"{name}_low", f"{name}_high")
    line = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=42)).encode(
        y=alt.Y(f"{name}:Q", title=title, scale=scale, axis=axis),
        tooltip=marks.tooltips(("gallery_size", ","), (" ".join((name, *ends)), ".3%")),
    )
    band = marks.interval_band(base, *ends, opacity=0.15, scale=scale, axis=axis)
    return alt.layer(band, line).properties(width=300, height=260)


def _marked(marked: float) -> tuple[alt.Chart, alt.Chart]:
    """Return a line at the disclosed number of records, and its label."""
    frame = pl.DataFrame({"size": [marked], "text": [f"disclosed 공개: {marked:,.0f}"]})
    return marks.noted_rule(frame, x="size:Q", at=330, align="right", dx=-6)
