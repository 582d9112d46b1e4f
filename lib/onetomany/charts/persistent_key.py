"""Draw how records are linked: by a persistent key, its reversal, and a face after renewal."""

from typing import Any

import altair as alt
import polars as pl

from .axes import legend_color, log_scale, names_axis
from .columns import as_text, each_row, either, in_order
from .languages import both, in_language, marked_text
from .marks import mark, tooltips
from .reidentification import column_label
from .theme import BLUE, INK, ORANGE, RED, Finished, finish

LINKED = {
    "share_linked": "Records that share their key 열쇠가 같은 다른 기록이 있는 기록",
    "people_share": "People with trips that one key links 여행이 둘 이상 이어지는 사람",
    "pairs_linked": "Pairs of trips that one key links 이어지는 여행의 쌍",
}
DAY, YEAR = 86_400.0, 365.25 * 86_400
TICKS = {
    1.0: "second 초",
    60.0: "minute 분",
    3600.0: "hour 시간",
    DAY: "day 하루",
    YEAR: "year 년",
    1000 * YEAR: "1,000 years 년",
}


def trips_linked_chart(found: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the records one key links, by the assumed mean number of trips.

    Takes rows of `persistent_key.key_linkage` with the truth, and a column `mean_trips`.
    """
    shown = (
        found.with_columns(people_share=pl.col("people_followed") / pl.col("people"))
        .unpivot(list(LINKED), index=["mean_trips", "rows"], value_name="share")
        .with_columns(
            kind=pl.col("variable").replace(LINKED),
            trips=as_text("mean_trips", both("{0:g} trips a person", "1인당 여행 {0:g}번")),
            text=(pl.col("share") * 100).round(0).cast(pl.Int64).cast(pl.String) + " %",
        )
    )
    kinds, order = list(LINKED.values()), in_order(shown, "trips")
    base = alt.Chart(shown).encode(
        y=names_axis("trips", order),
        x=alt.X("share:Q", title="Share 비율", scale=alt.Scale(domain=[0, 1]), axis=_PERCENT),
        tooltip=tooltips("kind:N", "trips:N", ("share", ".2%")),
    )
    bars = base.mark_bar(height=16, opacity=0.85, color=BLUE)
    texts = base.mark_text(align="left", dx=5, fontWeight=600).encode(text="text:N")
    chart = (
        alt.layer(bars, texts, data=shown)
        .properties(width=480, height=28 * len(order))
        .facet(facet=alt.Facet("kind:N", title=None, sort=kinds, header=_HEADER), columns=1)
    )
    return finish(
        chart,
        title="A key nobody has reversed still links the trips",
        title_ko="아무도 풀지 못한 열쇠도 여행을 잇는다",
        source=f"{source}; {found['rows'][0]:,} records 건",
        simulated=simulated,
        description="Share of records, people and pairs of trips that an unreversed key links, at "
        + each_row(shown, "{trips} trips, {kind}: {share:.0%}"),
    )


def reversal_times_chart(times: pl.DataFrame, *, source: str) -> Finished:
    """Draw the time one core needs to try every value of a key.

    Takes `persistent_key.reversal_times`.
    """
    first, last = 0.05, 100_000 * YEAR
    shown = times.with_columns(
        name=pl.Series([_tried(*each) for each in times.select("format", "scheme").iter_rows()]),
        kind=either("measured", _MEASURED, _EXTRAPOLATED),
        at=pl.col("seconds").clip(first, last),
        text=as_text("seconds", _duration) + either(pl.col("seconds") > last, " →", ""),
    )
    order = shown["name"].to_list()
    names = " : ".join(f"datum.value < {2 * at} ? '{name}'" for at, name in TICKS.items())
    x = alt.X(
        "at:Q",
        title="Time on one core 코어 하나로 걸리는 시간",
        scale=log_scale(first, last),
        axis=alt.Axis(values=list(TICKS), labelExpr=f"{names} : ''", labelAngle=-35),
    )
    base = alt.Chart(shown).encode(y=names_axis("name", order, labelLimit=460))
    bars = base.mark_bar(height=15, opacity=0.85).encode(
        x=x,
        x2=alt.datum(first),
        color=legend_color("kind:N", [_MEASURED, _EXTRAPOLATED], [INK, ORANGE]),
        tooltip=tooltips("name:N", ("values", ".3~e"), ("rate", ",.0f"), "text:N"),
    )
    texts = base.mark_text(align="left", dx=5).encode(x=x, text="text:N")
    return finish(
        alt.layer(bars, texts).properties(width=430, height=30 * len(order)),
        title="With few possible numbers every value can be tried",
        title_ko="번호의 가짓수가 적으면 모두 시험해 볼 수 있다",
        source=source,
        simulated="made-up numbers; the real way is undisclosed 꾸며 낸 번호, 실제 방식은 비공개",
        description="Time to try every value: " + each_row(shown, "{name} {text}"),
    )


def relinked_chart(found: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw people relinked by face after a renewal, and newcomers falsely linked.

    Takes `persistent_key.relinked`, with confidence intervals over people.
    """
    written = pl.element().str.replace("birth year", "birth_year")
    names = pl.col("filter").str.split(", ").list.eval(as_text(written, _named)).list.join(" + ")
    shown = found.with_columns(name=names)
    panels = [
        _shares(
            shown, "relinked", "Renewed passports linked again 다시 이어진 갱신 여권", BLUE,
            scale=alt.Scale(domain=[0.0, 1.0]), axis=alt.Axis(labelLimit=330),
        ),
        _shares(
            shown, "false_links", "Newcomers falsely linked 잘못 이어진 새 여행자", RED,
            scale=alt.Scale(domainMin=0), axis=None,
        ),
    ]  # fmt: skip
    row = found.row(-1, named=True)
    return finish(
        alt.hconcat(*panels, spacing=18),
        title="A new passport changes the key; the face leads back to the old one",
        title_ko="여권을 새로 내면 열쇠는 바뀌지만 얼굴이 옛 열쇠로 이끈다",
        source=f"{source}; {row['renewed']:,} renewed 갱신, {row['newcomers']:,} new 신규",
        simulated=simulated,
        description=f"With {row['filter']}: {row['relinked']:.1%} of renewed passports linked "
        f"again, {row['false_links']:.2%} of newcomers falsely linked.",
    )


def _shares(
    shown: pl.DataFrame,
    column: str,
    title: str,
    colour: str,
    *,
    scale: alt.Scale,
    axis: alt.Axis | None,
) -> alt.LayerChart | alt.FacetChart:
    """Return a panel of shares with their intervals; `axis` is that of the names."""
    x: dict[str, Any] = {"title": title, "scale": scale, "axis": alt.Axis(format="~%", tickCount=5)}
    order, ends = shown["name"].to_list(), (f"{column}_low", f"{column}_high")
    base = alt.Chart(shown).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=axis),
        tooltip=tooltips("name:N", (" ".join((column, *ends)), ".2%"), ("searched", ",.0f")),
    )
    bars = base.mark_rule(strokeWidth=5, opacity=0.35, color=colour)
    dots = mark(base, "point", size=95, color=colour).encode(x=alt.X(f"{column}:Q", **x))
    spans = bars.encode(x=alt.X(f"{ends[0]}:Q", **x), x2=f"{ends[1]}:Q")
    return alt.layer(spans, dots).properties(width=235, height=44 * len(order))


_MEASURED, _EXTRAPOLATED = (
    "measured in this run 이번 실행에서 측정",
    "extrapolated from it 그로부터 외삽",
)
_SCHEMES = {
    "measured": "잰 값",
    "SHA-256 and a known salt, each record": "SHA-256, 솔트를 앎, 기록마다",
    " rounds": "회",
    "key known": "열쇠를 앎",
    "key unknown": "열쇠를 모름",
}
_UNITS = (
    (YEAR, "year", "년"),
    (DAY, "day", "일"),
    (3600.0, "hour", "시간"),
    (60.0, "minute", "분"),
    (1.0, "second", "초"),
)
_SMALL = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PERCENT = alt.Axis(format="~%")
_HEADER = alt.Header(labelFontSize=13, labelFontWeight=600, labelAnchor="start", labelLimit=620)


def _named(column: str) -> str:
    return "no filter 거르지 않음" if column == "no filter" else column_label(column)


def _duration(seconds: float) -> str:
    size, en, ko = next(unit for unit in _UNITS if seconds >= unit[0] or unit is _UNITS[-1])
    value = seconds / size
    shown = f"{value:,.3g}"
    if value >= 1e5:
        digits, power = f"{value:.1e}".split("e+")
        shown = f"{digits} × 10{power.lstrip('0').translate(_SMALL)}"
    return both(f"{shown} {en}{'s' * (shown != '1')}", f"{shown}{ko}")


def _tried(form: str, scheme: str) -> str:
    korean = scheme
    for english, said in _SCHEMES.items():
        korean = korean.replace(english, said)
    form_ko = _SCHEMES.get(form) or in_language(marked_text(form), "ko")
    return both(f"{in_language(marked_text(form), 'en')}: {scheme}", f"{form_ko}: {korean}")
