"""Draw who bears the errors: rates by group, a simulated recovery, people needed."""

from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from .axes import legend_color, log_floor, log_percent_axis, log_scale, names_axis
from .columns import each_row, in_order
from .marks import mark, noted_rule, tooltips
from .theme import BLUE, CATEGORIES, GREY, INK, NARROW, ORANGE, Finished, finish, past_end

HOLLOW = "hollow: a wide interval 빈 점: 구간이 넓다"
_RATIOS = alt.Axis(values=[0.5, 1, 2, 5, 10, 20, 50, 100, 200], format="~g", grid=True)
_RATIO = "FMR of one group over that of the other FMR의 비"
FMR_TITLE = "False match rate within the group 집단 안의 오인식률 FMR"
_AXIS = alt.Axis(format="~%", values=[1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3])
_NAME = pl.format("{} {}", "label_en", "label_ko")


def published_groups_chart(rates: pl.DataFrame, *, named: dict[str, str], source: str) -> Finished:
    """Draw the FMR of four groups: each algorithm, the median and `named` algorithms.

    Takes `sources.differentials.by_sex_and_race`; `named` maps ids to names.
    """
    shown = rates.with_columns(name=_NAME)
    order = in_order(shown, "name")
    medians = shown.group_by("name", maintain_order=True).agg(pl.col("fmr").median())
    medians = medians.with_columns(
        kind=pl.lit("median 중앙값"),
        text=pl.format("{} %", (pl.col("fmr") * 100).round_sig_figs(3)),
    )
    marked = shown.filter(pl.col("algorithm").is_in(list(named))).with_columns(
        kind=pl.col("algorithm").replace(named)
    )
    kinds = ["median 중앙값", *named.values()]
    scale = alt.Scale(type="log", domain=[5e-4, 0.6])
    x = alt.X("fmr:Q", scale=scale, axis=_AXIS, title=FMR_TITLE)
    y = names_axis("name", order, labelFontSize=13, labelLimit=220)
    colour = legend_color("kind:N", kinds, [BLUE, ORANGE])
    ticks = mark(shown, "tick", thickness=1, size=26, color=GREY, opacity=0.28).encode(
        x=x, y=y, tooltip=tooltips("algorithm:N", "name:N", ("fmr", ".2%"))
    )
    dots = (
        alt.Chart(pl.concat([medians.drop("text"), marked.select("name", "fmr", "kind")]))
        .mark_point(filled=True, size=120, opacity=1, stroke="#ffffff", strokeWidth=1)
        .encode(x=x, y=y, color=colour, tooltip=["kind:N", "name:N", "fmr:Q"])
    )
    texts = mark(medians, "text", dy=-24, color=BLUE, fontWeight=600).encode(
        x=x, y=y, text="text:N"
    )
    return finish(
        alt.layer(ticks, dots, texts).properties(width=480, height=72 * len(order)),
        title="One threshold, four groups: who is taken for somebody else",
        title_ko="임계값은 하나, 집단은 넷: 누가 남으로 오인되는가",
        source=source,
        description="False match rates within four groups of sex and race, one tick for each of "
        f"{shown['algorithm'].n_unique()} algorithms, each with its threshold set at 0.1 % among "
        "white men. Medians: " + each_row(medians, "{name} {text}"),
    )


def published_births_chart(rates: pl.DataFrame, *, marked: str, source: str) -> Finished:
    """Draw the FMR within each country or region of birth, one group `marked`.

    Takes rows of `sources.differentials.by_birth` of one scope and pairing, both people of one
    group. The line is the FMR over everybody for which the threshold was set.
    """
    overall = float(rates["global_fmr"][0])
    factor = pl.col("fmr") / overall
    shown = rates.sort("fmr", descending=True).with_columns(
        name=pl.format("{} {}", "enrollee_en", "enrollee_ko"),
        chosen=pl.col("enrollee") == marked,
        overall=pl.lit(overall),
        times=pl.format("× {}", factor.round_sig_figs(2).cast(pl.String).str.strip_suffix(".0")),
    )
    order = shown["name"].to_list()
    lowest = min(float(shown["fmr"].min()), overall) / 4  # type: ignore[arg-type]
    scale = alt.Scale(type="log", domain=[lowest, float(shown["fmr"].max()) * 2.4])  # type: ignore[arg-type]
    x = alt.X("fmr:Q", scale=scale, axis=_AXIS, title=FMR_TITLE)
    base = alt.Chart(shown).encode(
        y=names_axis("name", order, labelFontSize=12, labelLimit=240),
        color=alt.condition("datum.chosen", alt.value(ORANGE), alt.value(BLUE)),
    )
    stems = base.mark_rule(strokeWidth=2, opacity=0.35).encode(x=x, x2="overall:Q")
    dots = mark(base, "point", size=95).encode(
        x=x, tooltip=tooltips("name:N", ("fmr", ".3%"), "times:N")
    )
    texts = [  # outside the stem, which ends at the rule
        mark(base.transform_filter(test), "text", align=side, dx=dx).encode(x=x, text="times:N")
        for test, side, dx in (
            ("datum.fmr >= datum.overall", "left", 9),
            ("datum.fmr < datum.overall", "right", -9),
        )
    ]
    line = pl.DataFrame({"fmr": [overall], "text": [f"everybody 전체 {overall:.2%}"]})
    rule, note = noted_rule(line, x=x, align="left", dx=5, at=-8)
    first = shown.row(0, named=True)
    return finish(
        alt.layer(rule, stems, dots, *texts, note).properties(width=440, height=24 * len(order)),
        title="Set at one rate for everybody, it errs by where people were born",
        title_ko="모두에게 같은 비율로 맞춘 임계값이 출생지에 따라 다르게 틀린다",
        source=source,
        description="False match rates between people born in the same place, at one threshold "
        f"for all: highest {first['name']} {first['fmr']:.2%}, {first['times']} the overall rate.",
    )


def group_rates_chart(
    cells: pl.DataFrame, *, by: tuple[str, str], labels: dict[str, str], overall: float, source: str
) -> Finished:
    """Draw the FMR within each group under each model, with intervals.

    Takes rows of `accuracy.rates_by_group` of one measure within groups, with a column `model`.
    `by` is the recorded attribute (English, Korean), `labels` name the groups, `overall` is the
    rate of all pairs at the same thresholds. Wide intervals are hollow. A group without a false
    match has no dot.
    """
    known = cells.drop_nulls("rate")
    floor = log_floor([*known["rate"], overall])
    shown = known.with_columns(
        name=pl.format("{} ({})", pl.col("group").replace(labels), "subjects"),
        start=pl.col("low").clip(lower_bound=floor),
        overall=pl.lit(overall),
        text=pl.format("{}/{}", "errors", "comparisons"),
    ).sort("subjects", descending=True)
    order, models = in_order(shown, "name"), in_order(shown, "model")
    most = [max(shown.filter(model=model)["rate"]) / overall for model in models]
    highest = list(zip(most, models, strict=True))
    scale = log_scale(floor, 1, clamp=True)
    title = [f"FMR within the group, {PERCENT} interval", f"집단 안의 오인식률과 {PERCENT_KO} 구간"]
    base = alt.Chart(shown).encode(
        y=names_axis("name", order, labelFontSize=12, labelLimit=150),
        yOffset=alt.YOffset("model:N", sort=models, scale=alt.Scale(paddingOuter=0.6)),
        color=legend_color("model:N", models, CATEGORIES, sort=True, orient="bottom"),
        tooltip=["model:N", "name:N", "text:N", "rate:Q", "low:Q", "high:Q", "method:N"],
    )
    x = alt.X("start:Q", scale=scale, axis=log_percent_axis(floor), title=title)
    bars = base.mark_rule(strokeWidth=4, opacity=0.4).encode(x=x, x2="high:Q")
    dots = _filled_or_hollow(base.encode(x=alt.X("rate:Q", scale=scale, title=title)))
    line = pl.DataFrame({"overall": [overall], "text": ["all pairs 전체 쌍"]})
    all_pairs = alt.X("overall:Q", scale=scale, title=title)
    rule, note = noted_rule(line, x=all_pairs, align="left", dx=4, at=-7)
    return finish(
        alt.layer(rule, bars, *dots, note).properties(width=420, height=56 * len(order)),
        title=f"By {by[0]}: the highest rate is "
        + " and ".join(f"{times:.0f} times ({model})" for times, model in highest)
        + " that of all pairs",
        title_ko=f"{by[1].removesuffix('별')}별: 가장 높은 비율은 전체 쌍의 "
        + ", ".join(f"{times:.0f}배({model})" for times, model in highest),
        source=f"{source}; {HOLLOW}",
        description=each_row(
            shown, "{model} {name}: {errors} of {comparisons} ({low:.2%} to {high:.2%})"
        ),
    )


def _filled_or_hollow(base: alt.Chart) -> list[alt.Chart]:
    """Return the dots of rates above zero: filled, and hollow if the interval is wide."""
    looks: dict[str, dict[str, Any]] = {"!": {"filled": True}, "": {"fill": "#ffffff"}}
    return [
        base.transform_filter(f"datum.rate > 0 && {test}datum.wide").mark_point(
            size=90, opacity=1, strokeWidth=2.5, **look
        )
        for test, look in looks.items()
    ]


def recovery_chart(found: pl.DataFrame, *, factor: float, simulated: str, source: str) -> Finished:
    """Draw estimates of a ratio at growing sample sizes beside the true ratio.

    Takes rows of `accuracy.ratios` with a column `people` (per group). A null ratio (no error in
    the reference group) has no dot. An arrow means that a limit is infinite or outside the chart.
    """
    floor, top = 0.5, factor * 12
    shown = found.with_columns(
        people=pl.col("people").cast(pl.String),
        low=pl.col("low").clip(lower_bound=floor),
        high=pl.col("high").fill_null(top).clip(upper_bound=top),
        open=pl.col("high").is_null() | (pl.col("high") > top),
        unknown=pl.col("low") < floor,
        top=pl.lit(top),
        floor=pl.lit(floor),
    )
    order = shown["people"].to_list()
    scale = log_scale(floor, top, clamp=True)
    y = alt.Y("low:Q", scale=scale, title=_RATIO, axis=_RATIOS)
    people = "People in each group 집단마다 사람 수"
    base = alt.Chart(shown).encode(
        x=alt.X("people:O", sort=order, title=people, axis=alt.Axis(labelAngle=0)),
        tooltip=["people:N", "ratio:Q", "low:Q", "high:Q", "method:N"],
    )
    bars = base.mark_rule(strokeWidth=4, color=BLUE, opacity=0.45).encode(y=y, y2="high:Q")
    points = [
        mark(base.transform_filter(test), "point", size=110, color=BLUE, **look).encode(
            y=alt.Y(f"{field}:Q", scale=scale, title=_RATIO)
        )
        for test, field, look in (
            ("datum.open", "top", {"shape": "triangle-up", "opacity": 0.8}),
            ("datum.unknown", "floor", {"shape": "triangle-down", "opacity": 0.8}),
            ("isValid(datum.ratio) && datum.ratio > 0", "ratio", {}),
        )
    ]
    rules, notes = _true_ratio(factor, alt.Y("value:Q", scale=scale, title=_RATIO))
    return finish(
        alt.layer(rules, bars, *points, notes).properties(width=560, height=320),
        title="With too few people the difference can't be seen; with enough it can",
        title_ko="사람이 적으면 차이는 보이지 않는다. 충분하면 보인다",
        source=source,
        simulated=simulated,
        description=f"Estimated ratio of false match rates with {PERCENT} intervals at {order[0]} "
        f"to {order[-1]} people a group; the true ratio is {factor:.1f}. Arrows: no upper limit.",
    )


def _true_ratio(factor: float, height: alt.Y) -> tuple[alt.Chart, alt.Chart]:
    """Return the lines of the ratio put in and of no difference, and their words."""
    lines = pl.DataFrame(
        {
            "value": [factor, 1.0],
            "text": [f"put in 넣은 값 × {factor:.1f}", "no difference 차이 없음"],
            "colour": [ORANGE, GREY],
        }
    )
    place: dict[str, Any] = {"y": height, "color": alt.Color("colour:N", scale=None)}
    rules = mark(lines, "rule", strokeDash=[5, 4], strokeWidth=2).encode(**place)
    return rules, past_end(alt.Chart(lines), fontWeight=600).encode(text="text:N", **place)


def people_needed_chart(
    needed: pl.DataFrame, published: pl.DataFrame, *, have: int, have_label: str, source: str
) -> Finished:
    """Draw the people needed per group against the ratio to be detected.

    Takes `factor`, `people`, `measure`. `published` are ratios to mark: `factor`, `people`, `label`
    (may contain a line break). The horizontal line is at `have` people, labelled `have_label`.
    """
    measures = in_order(needed, "measure")
    x = alt.X(
        "factor:Q",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=[1.5, 2, 3, 5, 10, 20, 30], format="~g"),
        title=["How many times as often one group errs", "한 집단이 몇 배 더 틀리는가"],
    )
    y = alt.Y(
        "people:Q",
        scale=alt.Scale(type="log", nice=False, domainMin=min(10, have * 0.8)),
        axis=alt.Axis(format=",", values=[10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]),
        title=["People needed in each group", "집단마다 필요한 사람 수"],
    )
    lines = mark(needed, "line", strokeWidth=2.5).encode(
        x=x,
        y=y,
        color=legend_color("measure:N", measures, [ORANGE, BLUE]),
        tooltip=["measure:N", "factor:Q", "people:Q"],
    )
    dots = mark(published, "point", size=110, color=INK).encode(
        x=x, y=y, tooltip=["label:N", "factor:Q", "people:Q"]
    )
    labels = _below_or_above(published).encode(x=x, y=y, text="label:N")
    own = pl.DataFrame({"people": [have], "text": [have_label]})
    rule, note = noted_rule(own, y=y, align="left", dy=-8, at=6)
    return finish(
        alt.layer(rule, lines, dots, labels, note).properties(width=560, height=340),
        title="How many people it takes to see who bears the errors",
        title_ko="오류가 누구에게 쏠리는지 보려면 몇 명이 필요한가",
        source=source,
        description=each_row(
            published.with_columns(pl.col("label").str.replace_all("\n", " ")),
            "{label}: {people:,} people a group",
        ),
    )


def _below_or_above(published: pl.DataFrame) -> alt.Chart:
    """Return labels; on a telephone one is above its line, the others below, one under another."""
    narrow, first = f"width < {NARROW}", "datum.place == 0"
    return mark(
        published.sort("factor").with_row_index("place"),
        "text",
        align=alt.ExprRef(f"{narrow} && {first} ? 'left' : 'right'"),
        baseline="top",
        dx=alt.ExprRef(f"{narrow} && {first} ? 6 : -6"),
        dy=alt.ExprRef(f"{narrow} ? ({first} ? -30 : 32 * datum.place - 26) : 6"),
        lineBreak="\n",
    )
