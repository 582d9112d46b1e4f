"""Draw one-to-many systems as NIST measured them, beside our simulation."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import polars as pl

from .axes import legend_color, log_scale, names_axis
from .columns import each_row
from .marks import mark, tooltips
from .theme import BLUE, GREY, INK, ORANGE, PURPLE, Finished, finish

OTHERS, KIT = "other developers 다른 개발사", "SIMULATED by this kit 이 키트의 모의"
MISSED = "People on the list missed FNIR 놓친 사람"
_COLOURS = [ORANGE, BLUE, PURPLE]
_YEARS = alt.Axis(format="%Y", tickCount="year")
_MILLIONS = "format(datum.value / 1e6, '~g') + 'M'"
_TICKS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)


def measured_systems_chart(
    systems: pl.DataFrame,
    names: Mapping[str, str],
    *,
    kit: tuple[float, float, float],
    fpir: float,
    size: int,
    source: str,
) -> Finished:
    """Draw the FNIR of every system by submission date, some developers in colour.

    Takes rows of `sources.measured.measured_systems` of one image set, size and `fpir`. `names`
    gives the developers in colour; `kit` is the simulated rate at this size with its interval.
    """
    shown = systems.with_columns(who=_who(names))
    y = alt.Y("fnir:Q", **_missed([*shown["fnir"], *kit]))
    x = alt.X("submitted:T", title="Handed in to NIST 제출일", axis=_YEARS)
    tips = tooltips("algorithm:N", "submitted:T", ("fnir", ".2%"), "rank:Q", "of:Q")
    base = alt.Chart(shown).encode(x=x, y=y, color=_by_name(names), tooltip=tips)
    others = mark(base.transform_filter(alt.datum.who == OTHERS), "point", size=22, opacity=0.35)
    named = mark(base.transform_filter(alt.datum.who != OTHERS), "point", size=95)
    labelled = _apart(shown.filter(pl.col("who") != OTHERS))
    ids = mark(labelled, "text", align="left", dx=8, fontSize=11).encode(
        x=x, y=y, text="algorithm:N"
    )
    low, middle, high = kit
    level = shown.select(
        **{"from": pl.min("submitted"), "to": pl.max("submitted")},
        **{name: pl.lit(rate) for name, rate in (("low", low), ("fnir", middle), ("high", high))},
        who=pl.lit(KIT),
    )
    own = alt.Chart(level).encode(x=alt.X("from:T"), x2="to:T", color=_by_name(names))
    band = own.mark_rect(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q")
    rule = own.mark_rule(strokeDash=[6, 4], strokeWidth=2).encode(y=y)
    chart = alt.layer(band, rule, others, named, ids).properties(width=620, height=380)
    best, worst = (float(each) for each in shown["fnir"].sort().gather([0, -1]))
    return finish(
        chart,
        title=f"{len(shown)} systems, one task: between {best:.2%} and {worst:.0%} are missed",
        title_ko=f"시스템 {len(shown)}개, 같은 과제: 놓치는 비율은 {best:.2%}에서 {worst:.0%}까지",
        source=source,
        simulated=f"the dashed line and its band only 점선과 띠만 (FPIR {fpir:.1%}, N = {size:,})",
        description=f"FNIR at FPIR {fpir:.1%} among {size:,} people of every algorithm by the day "
        f"it was handed in; simulated by this kit: {middle:.2%} ({low:.2%} to {high:.2%}).",
    )


def two_measures_chart(
    pairs: pl.DataFrame, names: Mapping[str, str], *, example: str, source: str
) -> Finished:
    """Draw each system's FNIR at rank 1 and at a low FPIR.

    `pairs` has `algorithm`, `developer`, `submitted`, `rank_1` and `held`, in drawing order; the
    title is about the `example` among them.
    """
    shown = pairs.with_columns(
        name=pl.format("{}  {}", "algorithm", pl.col("submitted").cast(pl.String)),
        who=pl.col("developer").replace_strict(dict(names)),
    )
    y = names_axis("name", shown["name"].to_list())
    x = _missed([*shown["rank_1"], *shown["held"]])
    base = alt.Chart(shown)
    kinds = {
        "rank_1": "rank 1, no threshold 1순위, 임계값 없음",
        "held": "threshold for 0.3 % false alarms 오경보 0.3%인 임계값",
    }
    long = shown.unpivot(
        list(kinds), index=["name", "who"], variable_name="kind", value_name="fnir"
    ).with_columns(pl.col("kind").replace(kinds))
    dots = mark(long, "point", size=90).encode(
        x=alt.X("fnir:Q", **x),
        y=y,
        color=_by_name(names, kit=False),
        shape=alt.Shape(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=list(kinds.values()), range=["circle", "diamond"]),
            legend=alt.Legend(orient="top", direction="vertical", symbolFillColor=GREY),
        ),
        tooltip=tooltips("name:N", "kind:N", ("fnir", ".2%")),
    )
    line = base.mark_rule(color=GREY).encode(x=alt.X("rank_1:Q", **x), x2="held:Q", y=y)
    told = shown.row(by_predicate=pl.col("algorithm") == example, named=True)
    return finish(
        alt.layer(line, dots).properties(width=430, height=alt.Step(24)),
        title=f"{example}: {told['rank_1']:.2%} missed by rank, "
        f"{told['held']:.1%} with few false alarms",
        title_ko=f"순위로는 {told['rank_1']:.2%}, "
        f"오경보를 줄이면 {told['held']:.1%}를 놓친다({example})",
        source=source,
        description=each_row(shown, "{name}: {rank_1:.2%} at rank 1, {held:.2%} at FPIR 0.3 %"),
    )


def growth_exponents_chart(
    exponents: pl.DataFrame,
    names: Mapping[str, str],
    kit: pl.DataFrame,
    *,
    sizes: tuple[int, int],
    source: str,
) -> Finished:
    """Draw the growth of FNIR from one gallery size to another, by system.

    Takes `published_systems.growth_exponents`, and `kit`: `gallery_size`, `fnir`, `low`, `high` of
    the simulation at the same FPIR.
    """
    shown = exponents.with_columns(who=_who(names))
    ends = dict(zip(("small", "large"), sizes, strict=True))
    long = shown.unpivot(
        list(ends), index=["algorithm", "who"], variable_name="end", value_name="fnir"
    ).with_columns(gallery_size=pl.col("end").replace_strict(ends))
    inside = kit.filter(pl.col("gallery_size") >= sizes[0] / 3).with_columns(who=pl.lit(KIT))
    span = [float(size) for size in (*inside["gallery_size"], *sizes)]
    x = alt.X(
        "gallery_size:Q",
        title="People in the gallery, one picture each 갤러리의 사람 수(한 장씩)",
        scale=log_scale(min(span), max(span)),
        axis=alt.Axis(values=[1_000_000, *sizes, 100_000_000], labelExpr=_MILLIONS),
    )
    y = alt.Y("fnir:Q", **_missed([*long["fnir"], *inside["low"], *inside["high"]]))
    base, own = (alt.Chart(each).encode(x=x, color=_by_name(names)) for each in (long, inside))
    band = own.mark_area(opacity=0.18).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = own.mark_line(strokeWidth=2.4, strokeDash=[6, 4]).encode(y=y)
    chart = alt.layer(*_growth(base.encode(y=y)), band, line).properties(width=620, height=380)
    middle = float(shown["exponent"].sort().to_numpy()[len(shown) // 2])
    return finish(
        chart,
        title=f"At a fixed false alarm rate, misses grow as N to the power {middle:.2f} (median)",
        title_ko=f"오경보율을 고정하면 놓침은 N의 {middle:.2f}제곱으로 는다(중앙값)",
        source=source,
        simulated="the dashed line and its band only 점선과 띠만",
        description=f"FNIR at a fixed FPIR among {sizes[0]:,} and {sizes[1]:,} people, "
        f"{len(shown)} systems; exponent {middle:.3f} in the median.",
    )


def _who(names: Mapping[str, str]) -> pl.Expr:
    return pl.col("developer").replace_strict(dict(names), default=OTHERS)


def _growth(base: alt.Chart) -> list[alt.Chart]:
    """Return a line for each system, those of named developers in colour."""
    systems = base.encode(detail="algorithm:N")
    others = systems.transform_filter(alt.datum.who == OTHERS)
    named = systems.transform_filter(alt.datum.who != OTHERS)
    return [
        others.mark_line(strokeWidth=0.8, opacity=0.3),
        named.mark_line(strokeWidth=2.4, point=True).encode(tooltip=["algorithm:N", "fnir:Q"]),
    ]


def _by_name(names: Mapping[str, str], *, kit: bool = True) -> alt.Color:
    shown = [*names.values(), *([OTHERS, KIT] if kit else [])]
    colours = [*_COLOURS[: len(names)], *([GREY, INK] if kit else [])]
    return legend_color("who:N", shown, colours, columns=2, symbolOpacity=1)


def _missed(rates: list[float]) -> dict[str, Any]:
    """Return the title, logarithmic scale and axis for these miss rates."""
    low = max(min(rate for rate in rates if rate > 0) / 1.3, 1e-4)
    return {
        "title": MISSED,
        "scale": log_scale(low, 1, clamp=True),
        "axis": alt.Axis(
            labelExpr="format(datum.value * 100, '~g') + ' %'",
            values=[tick for tick in _TICKS if tick >= low],
        ),
    }


def _apart(points: pl.DataFrame) -> pl.DataFrame:
    """Keep the points whose labels have room: none within a year and a third of the rate."""
    kept: list[dict[str, Any]] = []
    for row in points.sort("fnir", descending=True).iter_rows(named=True):
        if all(
            abs((row["submitted"] - other["submitted"]).days) > 600
            or other["fnir"] / row["fnir"] > 1.2
            for other in kept
        ):
            kept.append(row)
    return pl.DataFrame(kept, schema=points.schema)
