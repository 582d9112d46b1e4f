"""Draw tracking results: within one camera, across cameras, likelihood ratios, unicity."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .axes import SHARE, legend_color, names_axis, share_axis
from .columns import each_row, either, in_order
from .marks import dashed_rule, interval_band, mark, panel, tooltips
from .theme import (
    BLUE,
    CATEGORIES,
    GREEN,
    GREY,
    INK,
    MATED,
    NON_MATED,
    ORANGE,
    RED,
    Finished,
    finish,
)

METHODS = {"path cover": "All together 모두 함께", "naive": "Calibrated threshold 보정한 임계값"}
_KINDS = ("same person 같은 사람", "two people 두 사람")
TMR = "TMR of single images 사진 한 장의 참일치율"


def trackers_chart(table: pl.DataFrame, *, source: str, simulated: str | None = None) -> Finished:
    """Draw HOTA, MOTA, IDF1, ID switches and tracks of each tracker.

    Takes `comparison.TABLE`; one panel per sequence.
    """
    order = in_order(table, "tracker")
    names = {"hota": "HOTA", "mota": "MOTA", "idf1": "IDF1"}
    said = table.with_columns(
        line=pl.format(
            "{} switches 뒤바뀜 · {} tracks 동선 / {} people 명", "id_switches", "tracks", "persons"
        )
    )
    long = table.unpivot(
        list(names), index=["sequence", "tracker"], variable_name="figure"
    ).with_columns(pl.col("figure").replace(names), pl.col("value").round(3))
    panels = []
    for sequence in in_order(table, "sequence"):
        y = names_axis("tracker", order, labelFontSize=12)
        dots = mark(long.filter(sequence=sequence), "point", size=95).encode(
            x=alt.X(
                "value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".1f")
            ),
            y=y,
            color=legend_color("figure:N", names.values(), [BLUE, GREEN, ORANGE]),
            shape=alt.Shape("figure:N", title=None, scale=alt.Scale(domain=list(names.values()))),
            tooltip=["tracker:N", "figure:N", "value:Q"],
        )
        words = mark(
            said.filter(sequence=sequence), "text", align="left", dy=-14, fontSize=10, color=GREY
        ).encode(x=alt.value(2), y=y, text="line:N")
        panels.append(panel(sequence, alt.layer(dots, words), width=270, height=170))
    return finish(
        alt.hconcat(*panels, spacing=30),
        title="Within one camera: four trackers on the same boxes",
        title_ko="카메라 한 대 안에서: 같은 상자에 추적기 네 가지",
        source=source,
        simulated=simulated,
        description="HOTA, MOTA and IDF1 of four trackers: "
        + each_row(
            table, "{sequence} {tracker} {hota:.3f}, {mota:.3f}, {idf1:.3f}, {id_switches} switches"
        ),
    )


def likelihood_ratios_chart(
    bars: pl.DataFrame, costs: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw log10 likelihood ratios of mated and non-mated pairs by face quality.

    Takes bins (`low`, `high`, `mated`, `share` of its kind) and rows of `likelihood.COST`, both
    with `tmr`. Dashed lines are at the largest and smallest ratio obtained.
    """
    shown = bars.with_columns(kind=either("mated", *_KINDS)).filter(pl.col("share") > 0)
    ends = [float(bars["low"].to_numpy().min()), float(bars["high"].to_numpy().max())]
    rates = shown["tmr"].unique().sort(descending=True).to_list()
    panels = [
        _ratios_at(shown.filter(tmr=tmr), costs.filter(tmr=tmr), ends, titled=tmr == rates[-1])
        for tmr in rates
    ]
    return finish(
        alt.vconcat(*panels, spacing=14),
        title="The poorer the faces, the less one pair of them says",
        title_ko="얼굴이 흐릴수록 얼굴 한 쌍이 알려 주는 것이 줄어든다",
        source=f"{source}; dashed 점선: bounds 한계; TMR at FMR 1/10,000",
        simulated=simulated,
        description="Histograms of bounded log10 likelihood ratios of pairs of one image each; "
        + each_row(
            costs,
            "TMR {tmr:.0%}: Cllr {cllr:.3f}, Cllr_min {cllr_min:.3f}, from "
            "{lowest:.1f} to {highest:.1f}",
        ),
    )


def _ratios_at(
    own: pl.DataFrame, cost: pl.DataFrame, ends: list[float], *, titled: bool
) -> alt.LayerChart | alt.FacetChart:
    """Return the panel of one face quality; the lowest panel has the title of the axis."""
    words = "log10 likelihood ratio 로그 가능도비: how much a face says 얼굴이 말하는 만큼"
    columns = mark(own, "bar", opacity=0.6, binSpacing=0).encode(
        x=alt.X(
            "low:Q",
            bin="binned",
            title=words if titled else None,
            scale=alt.Scale(domain=ends, nice=False),
            axis=alt.Axis(tickCount=9, grid=False),
        ),
        x2="high:Q",
        y=alt.Y(
            "share:Q",
            title="pairs 쌍",
            stack=None,
            scale=alt.Scale(type="sqrt", domain=[0, 1], nice=False),
            axis=alt.Axis(format="~%", values=[0, 0.01, 0.1, 0.4, 1]),
        ),
        color=legend_color("kind:N", _KINDS, [MATED, NON_MATED]),
        tooltip=tooltips("kind:N", ("low", ".2f"), ("share", ".2%")),
    )
    bounds = cost.unpivot(["lowest", "highest"])
    limits = dashed_rule(bounds, strokeDash=[4, 3], color=INK).encode(x=alt.X("value:Q"))
    form = "TMR {tmr:.0%} · Cllr {cllr:.3f}, Cllr_min {cllr_min:.3f} · {subjects:,} people 명"
    heading = alt.TitleParams(text=each_row(cost.head(1), form), fontSize=12, offset=4)
    return alt.layer(columns, limits).properties(width=_WIDTH, height=110, title=heading)


def mixed_passengers_chart(
    errors: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw passengers mixed with others, and broken into several tracks, by face quality.

    Takes `evaluation.ERRORS` of both methods with `tmr`; the band is the 95 % interval by
    passenger. The title is of the path cover, at the best and the poorest faces.
    """
    shown = _named(errors)
    poorest, *_, best = shown.filter(method="path cover").sort("tmr").iter_rows(named=True)
    base = alt.Chart(shown).encode(x=_BY_TMR, color=_method_colour())
    tips = tooltips("name:N", ("tmr", ".0%"), ("mixed mixed_low mixed_high broken", ".2%"))

    def line(name: str) -> alt.Chart:
        drawn = mark(base, "line", strokeWidth=2.6, point=alt.OverlayMarkDef(size=50))
        return drawn.encode(y=share_axis(name), tooltip=tips)

    band, size = (
        interval_band(base, "mixed_low", "mixed_high", **SHARE),
        {"width": 280, "height": 220},
    )
    broken = alt.LayerChart(layer=[line("broken")])
    return finish(
        alt.hconcat(
            panel("Mixed up with others 남과 섞인 승객", alt.layer(band, line("mixed")), **size),
            panel("Broken into several tracks 여러 동선으로 끊긴 승객", broken, **size),
            spacing=36,
        ),
        title=f"Linked all together, {best['mixed']:.0%} of passengers are mixed up with the best "
        f"faces, {poorest['mixed']:.0%} with the poorest",
        title_ko=f"모두 함께 이으면 얼굴이 가장 좋을 때 승객의 {best['mixed']:.0%}, 가장 나쁠 때 "
        f"{poorest['mixed']:.0%}가 섞인다",
        source=f"{source}; {best['passengers']:,} passengers 명; {PERCENT} by passenger; "
        "TMR at FMR 1/10,000",
        simulated=simulated,
        description="Share of passengers mixed up with others, and broken into several tracks: "
        + each_row(errors, "{method} at TMR {tmr:.0%}: {mixed:.1%}, {broken:.1%}"),
    )


def linking_errors_chart(
    errors: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw IDF1, pair precision and pair recall of linking, by face quality.

    Takes `evaluation.ERRORS` of both methods with `tmr`.
    """
    shown = _named(errors)

    base = alt.Chart(shown).encode(x=_BY_TMR, color=_method_colour())

    def by_quality(name: str, title: str) -> alt.Chart:
        line = mark(base, "line", strokeWidth=2.4, point=alt.OverlayMarkDef(size=44)).encode(
            y=share_axis(name), tooltip=tooltips("name:N", (name, ".4f"), ("tmr", ".0%"))
        )
        drawn: alt.Chart = panel(title, line, width=180, height=160)
        return drawn

    return finish(
        alt.hconcat(
            by_quality("idf1", "IDF1: agreement of tracks 동선의 일치"),
            by_quality("pair_precision", "Pair precision 쌍 정밀도"),
            by_quality("pair_recall", "Pair recall 쌍 재현율"),
            spacing=24,
        ),
        title="Good faces need only a threshold; poor faces need time and place too",
        title_ko="얼굴이 좋으면 임계값으로 되고, 나쁘면 시간과 장소도 있어야 한다",
        source=f"{source}; {shown['passengers'][0]:,} passengers 명; TMR at FMR 1/10,000",
        simulated=simulated,
        description="IDF1, pair precision and pair recall; "
        + each_row(errors, "{method} at TMR {tmr:.0%}: IDF1 {idf1:.3f}"),
    )


def unicity_chart(
    points: pl.DataFrame, cases: Sequence[str], *, source: str, simulated: str | None = None
) -> Finished:
    """Draw how often a few known sightings lead to one track.

    Takes `unicity.UNICITY` with `case`, whose names are `cases` in order; shows tracks of the right
    person and of somebody else. The title is of the first case, at the most points.
    """
    x = alt.X(
        "points:O",
        title="Points known of somebody 누군가에 대해 아는 지점 수",
        axis=alt.Axis(labelAngle=0),
    )
    colour = legend_color("case:N", cases, [INK, *CATEGORIES], lines=True, columns=2)
    base, size = alt.Chart(points).encode(x=x, color=colour), {"width": 280, "height": 220}
    band = interval_band(base, "low", "high", opacity=0.13, **SHARE)
    right = alt.layer(band, *_by_case(base, "singled_out", cases[0]))
    wrong = alt.layer(*_by_case(base, "wrong", cases[0]))
    most = points.filter(case=cases[0]).sort("points").row(-1, named=True)
    return finish(
        alt.hconcat(
            panel("Singled out, rightly 바르게 특정됨", right, **size),
            panel("Leads to somebody else 남에게로 이어짐", wrong, **size),
            spacing=36,
        ),
        title=f"{most['points']} known points single out {most['singled_out']:.0%} of passengers",
        title_ko=f"아는 지점 {most['points']}개면 승객의 {most['singled_out']:.0%}가 특정된다",
        source=f"{source}; {points['people'].to_numpy().max():,} people 명; {PERCENT} by person; "
        f"one camera in {points['time'][0] / 60:g} min 카메라 한 대에 {points['time'][0] / 60:g}분",
        simulated=simulated,
        description="Share of people whom so many known points single out: "
        + each_row(points, "{case}, {points} points: {singled_out:.1%}"),
    )


def _by_case(base: alt.Chart, name: str, first: str) -> list[alt.Chart]:
    """Return the lines, the first case dashed and on top because others may cover it."""
    tips = tooltips("case:N", "points:O", "people:Q", (name, ".1%"), ("revealed", ".1%"))
    points = alt.OverlayMarkDef(size=44)
    return [
        base.transform_filter(f"datum.case {sign} '{first}'")
        .mark_line(strokeWidth=2.4, strokeDash=dash, point=points)
        .encode(y=share_axis(name), tooltip=tips)
        for sign, dash in (("!=", [1, 0]), ("==", [4, 4]))
    ]


_WIDTH = 620
_BY_TMR = alt.X(
    "tmr:O",
    title=TMR,
    sort="descending",
    axis=alt.Axis(labelExpr="format(datum.value, '.0%')", labelAngle=0),
)


def _named(errors: pl.DataFrame) -> pl.DataFrame:
    """Return the errors with the method's name in both languages."""
    return errors.with_columns(name=pl.col("method").replace(METHODS))


def _method_colour() -> alt.Color:
    return legend_color("name:N", METHODS.values(), [BLUE, RED], lines=True)
