"""Draw a user's own table: sizes of equivalence classes, and the effect of removing a column."""

import altair as alt
import polars as pl

from .columns import each_row
from .marks import dashed_rule, tooltips
from .theme import BLUE, RED, Finished, finish

SHOWN = 12  # columns


def crowd_sizes_chart(crowds: pl.DataFrame, *, source: str, width: int = 460) -> Finished:
    """Draw the share of records by the number of records with the same values.

    Takes `assessment.CROWDS`.
    """
    alone = crowds.row(0, named=True)
    total = int(crowds["records"].sum())
    base = alt.Chart(
        crowds.with_columns(text=pl.format("{} %", (pl.col("share") * 100).round(1)))
    ).encode(
        y=alt.Y("alike:N", sort=crowds["alike"].to_list(), title="records alike 값이 같은 기록"),
        tooltip=tooltips("alike:N", ("records", ",")),
    )
    x = alt.X(
        "share:Q",
        title="of all records 전체 기록 가운데",
        axis=alt.Axis(format="%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    colour = alt.condition("datum.alike === '1'", alt.value(RED), alt.value(BLUE))
    bars = base.mark_bar(size=20).encode(x=x, color=colour)
    texts = base.mark_text(align="left", dx=5).encode(x=x, text="text:N")
    return finish(
        (bars + texts).properties(width=width, height=200),
        title=f"{alone['share']:.1%} of the records are alone",
        title_ko=f"기록의 {alone['share']:.1%}는 혼자다",
        source=f"{source}; {total:,} records 건",
        description="Share of records by how many have the same values: "
        + each_row(crowds, "{alike}: {share:.1%}"),
    )


def without_column_chart(
    without: pl.DataFrame, unique: int, *, source: str, width: int = 460
) -> Finished:
    """Draw how many records stay unique if one column is removed.

    Takes `standing_out.WITHOUT`; `unique` is the number with all columns (dashed line).
    """
    shown = without.head(SHOWN)
    best = shown.row(0, named=True)
    names = shown["column"].to_list()
    x = alt.X(
        "unique:Q",
        title="records left alone 혼자 남는 기록",
        axis=alt.Axis(format=",d", tickCount=4),
        scale=alt.Scale(domain=[0, max(unique, 1)], nice=True),
    )
    base = alt.Chart(shown).encode(
        y=alt.Y(
            "column:N",
            sort=names,
            title="without 뺀 열",
            axis=alt.Axis(labelLimit=max(80, width // 3)),
        ),
        tooltip=tooltips("column:N", ("unique k", ",")),
    )
    bars = base.mark_bar(size=18, color=BLUE).encode(x=x)
    texts = base.mark_text(align="left", dx=5).encode(x=x, text=alt.Text("unique:Q", format=","))
    line = dashed_rule(pl.DataFrame({"unique": [unique]})).encode(x=x)
    return finish(
        (bars + texts + line).properties(width=width, height=30 * len(names) + 20),
        title=f"Leaving out '{best['column']}' leaves {best['unique']:,} alone instead of "
        f"{unique:,}",
        title_ko=f"'{best['column']}' 열을 빼면 혼자인 기록이 {unique:,}건에서 "
        f"{best['unique']:,}건이 된다",
        source=f"{source}; dashed 점선: all columns 모든 열",
        description="Records alone without each column: " + each_row(shown, "{column}: {unique:,}"),
    )
