"""Draw equivalence classes: how they shrink column by column, and the limits of margins."""

import altair as alt
import polars as pl

from .axes import legend_color, log_scale, names_axis, powers_axis
from .columns import as_text, each_row, in_order
from .languages import both_columns, in_language, marked_text
from .marks import PANEL_HEADER, mark, tooltips
from .theme import BLUE, GREY, INK, ORANGE, RED, SKY, Finished, finish

NAMES = {
    "nationality": "nationality 국적",
    "sex": "sex 성별",
    "birth_year": "birth year 출생 연도",
    "arrival_date": "arrival date 입국일",
    "port": "port 입국장",
    "age": "age 나이",
    "race": "race 인종",
    "marital_status": "marital status 혼인 상태",
    "education": "education 학력",
    "native_country": "country of birth 출생 국가",
}
SMALL = {
    "alone": "alone 혼자",
    "below_5": "fewer than 5 다섯 명 미만",
    "below_20": "fewer than 20 스무 명 미만",
}
ROWS = "Records that share all of these values (5 to 95 % of records) 값이 모두 같은 기록 수"


def crowd_steps_chart(
    steps: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw the class size of records as columns are added one by one.

    Takes rows of `reidentification.crowds`, each with one column more than the last; shows the
    median and the 5 and 95 % points. Simulated medians are written to two digits.
    """
    columns = steps["columns"].str.split(" + ").to_list()
    added = [names[-1] for names in columns]
    shown = steps.with_columns(
        step=pl.Series(
            [("" if place == 0 else "+ ") + column_label(name) for place, name in enumerate(added)]
        ),
        text=as_text("median", _two_digits if simulated else "{:,}"),
        total=pl.col("rows"),
    )
    order = shown["step"].to_list()
    scale, axis = log_scale(1, float(shown["rows"][0])), powers_axis(0, 9)
    base = alt.Chart(shown).encode(
        y=alt.Y("step:N", sort=order, title=None, axis=_LABELS),
        tooltip=tooltips("columns:N", ("low median high", ","), ("alone", ".2%")),
    )
    low, median = (alt.X(f"{n}:Q", scale=scale, axis=axis, title=ROWS) for n in ("low", "median"))
    bars = base.mark_rule(strokeWidth=7, opacity=0.3, color=BLUE).encode(x=low, x2="high:Q")
    dots = mark(base, "point", size=120, color=BLUE).encode(x=median)
    texts = base.mark_text(dy=-14, fontWeight=600).encode(x=median, text="text:N")
    return finish(
        alt.layer(bars, dots, texts).properties(width=540, height=58 * len(order)),
        title="Each column makes the crowd smaller",
        title_ko="열이 하나 늘 때마다 숨을 무리가 작아진다",
        source=f"{source}; {shown['rows'][0]:,} records 건; dot 점: median 중앙값",
        simulated=simulated,
        description="Records that share one's values, for the median record, as columns are "
        "added: " + each_row(shown, "{step} {text}"),
    )


def small_crowds_chart(
    crowds: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw the share of records in small classes, for every combination of columns.

    Takes `reidentification.crowds`; small means 1, under 5 and under 20. Shares below one record in
    a hundred million are drawn at the left edge.
    """
    floor = 1e-8
    ordered = crowds.sort("below_20", "below_5", "alone", "classes", descending=True)
    shown = (
        ordered.with_columns(name=both_columns(_joined(_ENGLISH), _joined(_KOREAN)))
        .unpivot(list(SMALL), index=["name", "columns", "rows", "median"], value_name="share")
        .with_columns(
            kind=pl.col("variable").replace(SMALL), at=pl.col("share").clip(lower_bound=floor)
        )
    )
    order = in_order(shown, "name")
    x = alt.X(
        "at:Q",
        title="Share of records in such a crowd (10⁻⁸: that or less) 그런 무리에 있는 기록의 비율",
        scale=log_scale(floor, 1),
        axis=powers_axis(-8, 0, format=alt.Undefined, labelExpr=_SHARES),
    )
    dots = mark(shown, "point", size=75).encode(
        x=x,
        y=names_axis("name", order, labelLimit=420, grid=True),
        color=legend_color("kind:N", SMALL.values(), [RED, ORANGE, SKY], sort=True),
        tooltip=tooltips("columns:N", "kind:N", ("share", ".3%"), "median:Q"),
    )
    top = ordered.row(0, named=True)
    return finish(
        dots.properties(width=470, height=19 * len(order)),
        title="Which columns together single people out",
        title_ko="어떤 열이 모이면 사람을 가려내는가",
        source=f"{source}; {crowds['rows'][0]:,} records 건",
        simulated=simulated,
        description=f"Share of records in crowds of 1, under 5 and under 20 for {len(order)} "
        f"combinations of columns; most with {top['columns']}: alone {top['alone']:.1%}, under 5 "
        f"{top['below_5']:.1%}, under 20 {top['below_20']:.1%}.",
    )


def cell_bounds_chart(cells: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the bounds that margins set for each cell, and modelled counts.

    Takes rows of `arrivals.arrival_bounds` with a column `model` that names each model.
    """
    models = in_order(cells, "model")
    shown = cells.with_columns(
        panel=both_columns(
            pl.format("{}, {}", "nationality", pl.col("sex").replace({"F": "women", "M": "men"})),
            pl.format("{} {}", "nationality", pl.col("sex").replace({"F": "여", "M": "남"})),
        )
    )
    panels = in_order(shown, "panel")
    axis = alt.Axis(format="~s")
    title = "Arrivals 2018 and 2019 입국자 수"
    y = alt.Y("age:N", title="Age 나이", sort=in_order(shown, "age"))
    base = alt.Chart()
    bars = base.mark_bar(height=9, color=GREY, opacity=0.25).encode(
        x=alt.X("lower:Q", title=title, axis=axis), x2="upper:Q", y=y
    )
    dots = base.mark_point(filled=True, size=55, opacity=0.95).encode(
        x=alt.X("modelled:Q", title=title, axis=axis),
        y=y,
        color=legend_color("model:N", models, [BLUE, ORANGE, INK], sort=True),
        tooltip=tooltips("panel:N", "age:N", "model:N", ("modelled lower upper", ",.0f")),
    )
    chart = (
        alt.layer(bars, dots, data=shown)
        .properties(width=285, height=150)
        .facet(facet=alt.Facet("panel:N", title=None, sort=panels, header=PANEL_HEADER), columns=2)
        .resolve_scale(x="independent")
    )
    tight = shown.filter(pl.col("lower") > 0).height
    return finish(
        chart,
        title="Not published: how many people share nationality, sex and age",
        title_ko="아무도 공개하지 않은 것: 국적, 성별, 나이가 모두 같은 사람의 수",
        source=source,
        simulated=simulated,
        description="Modelled arrivals by nationality, sex and age (dots) between the least and "
        f"the most that the three margins allow (bars). In {tight} of {len(shown)} cells the "
        "margins exclude nobody at all.",
    )


def narrowed_crowd_chart(
    steps: pl.DataFrame, *, source: str, simulated: str | None = None
) -> Finished:
    """Draw how many records remain as values are given one by one.

    Takes `reidentification.combinations.crowd`.
    """
    total = int(steps["records"][0])
    value = pl.format(
        "{} = {}", pl.col("known").replace(NAMES), pl.col("value").fill_null("none 없음")
    )
    shown = steps.with_columns(
        step=pl.when(pl.col("known").is_null()).then(pl.lit("all 전체")).otherwise(value),
        at=pl.col("records").clip(lower_bound=0.7),
        text=as_text("records", "{:,}"),
    )
    order = shown["step"].to_list()
    base = alt.Chart(shown).encode(y=alt.Y("step:N", sort=order, title=None, axis=_LABELS))
    x = alt.X(
        "at:Q",
        title="Records left 남은 기록 수",
        scale=log_scale(0.7, total),
        axis=powers_axis(0, 9),
    )
    bars = base.mark_bar(height=18, color=BLUE, opacity=0.75).encode(x=x, x2=alt.datum(0.7))
    texts = base.mark_text(align="left", dx=6, fontWeight=600).encode(x=x, text="text:N")
    return finish(
        alt.layer(bars, texts).properties(width=460, height=44 * len(order)),
        title="How many share your values",
        title_ko="나와 값이 같은 기록은 몇 건인가",
        source=f"{source}; {total:,} records 건",
        simulated=simulated,
        description=each_row(shown, "{step}: {text} left"),
    )


def _joined(words: dict[str, str]) -> pl.Expr:
    """Return the names of combined columns in one language, short enough to be read."""
    names = pl.col("columns").str.split(" + ").list.eval(pl.element().replace(words))
    return names.list.join(" + ")


def _two_digits(count: float) -> str:
    return f"{float(f'{count:.2g}'):,.0f}"


def column_label(column: str) -> str:
    """Return a column's name in both languages, or unchanged if it has none."""
    return NAMES.get(column, column)


_ENGLISH, _KOREAN = (
    {column: in_language(marked_text(name), code) for column, name in NAMES.items()}
    for code in ("en", "ko")
)
_LABELS = alt.Axis(labelFontSize=13, labelLimit=300)
_SHARES = "datum.value >= 0.001 ? format(datum.value, '~%') : format(datum.value, '~e')"
