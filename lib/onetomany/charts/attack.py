"""Draw the linkage attack: rows linked to people, and how many links are right."""

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from .axes import legend_color, names_axis
from .columns import as_text, each_row, place_of
from .marks import mark
from .theme import BLUE, GREY, RED, TWO_LINES, Finished, finish

OUTCOMES = {
    "correct": "linked, right 바르게 연결",
    "wrong": "linked, wrong 잘못 연결",
    "none": "not linked 연결 안 됨",
}
COLUMNS = {
    "experience": "experience 경력",
    "hispanic": "origin 출신",
    "region": "region 지역",
    "married": "marriage 결혼",
    "occupation": "occupation 직업",
    "industry": "industry 업종",
    "union": "union 노조",
}


def attack_chart(found: pl.DataFrame, *, source: str) -> Finished:
    """Draw rows linked rightly, wrongly and not at all, for each join.

    Takes `attack.ATTACK`.
    """
    shown = found.with_row_index("place").with_columns(
        wrong=pl.col("linked") - pl.col("correct"),
        none=pl.col("records") - pl.col("linked"),
        join=as_text(pl.struct("known", "added", "method", "sure"), _name),
        text=as_text(pl.struct("precision", "precision_low", "precision_high"), _right),
    )
    order = shown["join"].to_list()
    long = shown.unpivot(
        list(OUTCOMES), index=["join", "text", "records", "place"], value_name="rows"
    ).with_columns(kind=pl.col("variable").replace(OUTCOMES), part=place_of("variable", OUTCOMES))
    names = list(OUTCOMES.values())
    y = names_axis("join", order, labelFontSize=12, labelLimit=260, labelExpr=TWO_LINES)
    bars = mark(long, "bar", height=17).encode(
        y=y,
        x=alt.X("rows:Q", title="Rows without names 이름 없는 행", stack="zero"),
        color=legend_color("kind:N", names, [BLUE, RED, "#d7dbe0"], columns=3),
        order="part:Q",
        tooltip=["join:N", "kind:N", "rows:Q", "text:N"],
    )
    texts = mark(shown, "text", align="left", dy=-16, fontSize=11, color=GREY).encode(
        y=y, x=alt.datum(0), text="text:N"
    )
    best = shown.sort("correct").row(-1, named=True)
    return finish(
        alt.layer(bars, texts).properties(width=460, height=48 * len(order)),
        title=f"Up to {best['correct']:,} of {best['records']:,} rows without a name become people",
        title_ko=f"이름 없는 {best['records']:,}행 가운데 많게는 {best['correct']:,}행이 "
        "사람을 찾는다",
        source=f"{source}; {best['people']:,} people 명, {PERCENT} by person",
        description="Rows linked by each join, and how many links are right: "
        + each_row(shown, "{join}: {linked} linked, {text}"),
    )


def _name(row: dict[str, object]) -> str:
    if row["method"] == "fuzzy":
        return f"fuzzy, at least {row['sure']:.0%} sure 유사 연결 {row['sure']:.0%} 이상"
    added = COLUMNS.get(str(row["added"]), str(row["added"]))
    english, _, korean = added.partition(" ")
    return f"{row['known']} columns, to {english} 열 {row['known']}개({korean or english}까지)"


def _right(row: dict[str, float | None]) -> str:
    if row["precision"] is None:
        return "no link 연결 없음"
    low, high = row["precision_low"], row["precision_high"]
    return f"right 맞음: {row['precision']:.0%} ({low:.0%} – {high:.0%})"
