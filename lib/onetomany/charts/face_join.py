"""Draw a face search combined with attributes: false candidates and posterior probability."""

from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .axes import legend_color, log_scale, names_axis, powers_axis
from .columns import as_text, each_row, in_order
from .marks import interval_band, mark, noted_rule, tooltips
from .reidentification import column_label
from .theme import BLUE, GREEN, ORANGE, PURPLE, Finished, finish


def restricted_candidates_chart(found: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw false candidates a day before and after a restriction by columns.

    Takes rows of `face_join.filtered_false_candidates` with a column `rates`, the assumption on
    the FMR within a group.
    """
    order = in_order(found, "columns")
    names = _restrictions(order, "whole list 명단 전체")
    shown = found.with_columns(name=pl.col("columns").replace(names), text=as_text("a_day", _count))
    kinds = in_order(shown, "rates")
    least, most = (float(each) for each in shown["a_day"].drop_nulls().sort()[[0, -1]])
    low = max(1e-2, least / 3)
    x = alt.X(
        "a_day:Q",
        title="False candidates a day 하루의 잘못된 후보",
        scale=log_scale(low, most * 12),
        axis=powers_axis(-2, 11),
    )
    base = alt.Chart(shown).encode(
        y=names_axis("name", list(names.values()), labelLimit=300, labelFontSize=13),
        yOffset=alt.YOffset("rates:N", sort=kinds),
        tooltip=tooltips("columns:N", "rates:N", ("searched candidates a_day", ",.4~g")),
    )
    bars = base.mark_bar(opacity=0.85).encode(
        x=x,
        x2=alt.datum(low),
        color=legend_color("rates:N", kinds, [BLUE, ORANGE], sort=True, labelLimit=600, columns=1),
    )
    texts = base.mark_text(align="left", dx=4, fontSize=11).encode(x=x, text="text:N")
    first = found.row(0, named=True)
    return finish(
        alt.layer(bars, texts).properties(width=470, height=48 * len(order)),
        title="Each column leaves a face search fewer false candidates",
        title_ko="열을 하나씩 더하면 얼굴 검색의 잘못된 후보가 줄어든다",
        source=f"{source}; {first['records']:,.0f} records 건",
        simulated=simulated,
        description="Expected false candidates a day: "
        + each_row(shown, "{name} ({rates}): {text}"),
    )


def posterior_by_size_chart(
    found: pl.DataFrame, marks: pl.DataFrame, *, source: str, simulated: str
) -> Finished:
    """Draw the probability that the first candidate is right, by records searched.

    Takes `face_join.posterior_by_size`. `marks` are the records that filters leave: `columns` and
    `searched` (rows of `face_join.filtered_false_candidates`); those within the range of
    sizes are marked. The title follows the prior nearest to a half.
    """
    shown = found.filter(pl.col("posterior").is_not_null()).with_columns(name=_prior())
    sizes = [float(each) for each in shown["gallery_size"]]
    x = alt.X(
        "gallery_size:Q",
        title="Records searched 검색한 기록 수",
        scale=log_scale(min(sizes), max(sizes) * 1.3),
        axis=powers_axis(3, 9),
    )
    base = alt.Chart(shown).encode(x=x, color=_by_prior(in_order(shown, "name"), lines=True))
    band = interval_band(base, "low", "high", **_PROBABILITY)
    line = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=40)).encode(
        y=alt.Y("posterior:Q", title="Right person 맞는 사람일 확률", **_PROBABILITY),
        tooltip=tooltips("name:N", ("gallery_size", ","), ("posterior low high", ".1%")),
    )
    order = marks["columns"].to_list()
    people = " + ".join(f"{shown[each][0]:,}" for each in ("mated_subjects", "non_mated_subjects"))
    inside = marks.filter(pl.col("searched").is_between(min(sizes), max(sizes))).with_columns(
        text=pl.col("columns").replace(_restrictions(order, "whole list 전체"))
    )
    title, title_ko = _sure_after(shown, inside)
    look = {"align": "left", "angle": 270, "dx": 4, "dy": -7}
    rules, texts = noted_rule(inside, x="searched:Q", at=316, **look)
    return finish(
        alt.layer(band, line, rules, texts).properties(width=600, height=320),
        title=title,
        title_ko=title_ko,
        source=f"{source}; {people} people 명, {PERCENT}",
        simulated=simulated,
        description="Probability that the first candidate at or above the threshold is the right "
        "person, against the records searched; at the most records: "
        + each_row(shown.filter(pl.col("gallery_size") == max(sizes)), "{name} {posterior:.1%}"),
    )


def posterior_by_columns_chart(found: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the same probability on research faces, for each restriction and prior.

    Takes rows of `face_join.posterior` with a column `columns`.
    """
    order = in_order(found, "columns")
    names = _restrictions(order, "no filter 거르지 않음")
    shown = found.with_columns(step=pl.col("columns").replace(names), name=_prior())
    priors = in_order(shown, "name")
    base = alt.Chart(shown).encode(
        y=names_axis("step", list(names.values()), labelLimit=300, labelFontSize=13),
        yOffset=alt.YOffset("name:N", sort=priors),
        color=_by_prior(priors),
        tooltip=tooltips("step:N", "name:N", ("posterior low high", ".1%"), "method:N"),
    )
    x: dict[str, Any] = {"title": "Right person 맞는 사람일 확률"} | _PROBABILITY
    bars = base.mark_rule(strokeWidth=5, opacity=0.35).encode(x=alt.X("low:Q", **x), x2="high:Q")
    dots = mark(base, "point", size=90).encode(x=alt.X("posterior:Q", **x))
    return finish(
        alt.layer(bars, dots).properties(width=480, height=66 * len(order)),
        title="Forty people, real faces, invented attributes: the effect of the join",
        title_ko="마흔 명의 실제 얼굴과 꾸며 낸 속성: 결합의 효과",
        source=f"{source}; {shown['mated_subjects'][0]} people 명, {PERCENT}",
        simulated=simulated,
        description=each_row(shown, "{step}, {name}: {posterior:.1%}"),
    )


_PROBABILITY: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": alt.Axis(format="~%")}


def _sure_after(shown: pl.DataFrame, inside: pl.DataFrame) -> tuple[str, str]:
    """Return the title: how sure one is before a search, after a whole and a restricted one."""
    half = shown.sort((pl.col("prior") - 0.5).abs(), "gallery_size")
    half = half.filter(pl.col("prior") == half["prior"][0])
    prior, whole = half["prior"][0], half["posterior"][-1]
    fewest = inside.sort("searched").head(1)
    near = half.filter(pl.col("gallery_size") >= fewest["searched"].sum()).head(1)
    if fewest["columns"].to_list() in ([], ["none"]) or near.is_empty():
        return (
            f"{prior:.0%} sure before a search, {whole:.0%} after one of all records",
            f"검색 전 {prior:.0%}, 전체를 검색하면 {whole:.0%} 확신",
        )
    columns, after = fewest["columns"][0].count("+") + 1, near["posterior"][0]
    restricts = "1 column restricts" if columns == 1 else f"{columns} columns restrict"
    return (
        f"{prior:.0%} sure before a search, {whole:.0%} after one of all records, "
        f"{after:.0%} if {restricts} it",
        f"검색 전 {prior:.0%}, 전체를 검색하면 {whole:.0%}, 열 {columns}개로 거르면 "
        f"{after:.0%} 확신",
    )


def _by_prior(names: list[str], *, lines: bool = False) -> alt.Color:
    colours = [BLUE, GREEN, PURPLE, ORANGE]
    return legend_color("name:N", names, colours, sort=True, lines=lines, columns=1, labelLimit=600)


def _prior() -> pl.Expr:
    percent = as_text(pl.col("prior") * 100, "{:g} %")
    return pl.format(
        "{} sure beforehand that the person is in the list 미리 명단에 있다고 볼 확률", percent
    )


def _restrictions(order: list[str], none: str) -> dict[str, str]:
    """Return each restriction's label: only its last column if it extends another one by that."""
    labels = {"none": none}
    for columns in order:
        *before, last = columns.split(" + ")
        whole = " + ".join(map(column_label, [*before, last]))
        extends = " + ".join(before) in order
        labels.setdefault(columns, f"+ {column_label(last)}" if extends else whole)
    return {columns: labels[columns] for columns in order}


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
