"""Draw the conditions on which tracking depends, one at a time."""

from __future__ import annotations

import altair as alt
import polars as pl

from .axes import legend_color, names_axis
from .columns import each_row, in_order
from .languages import both, in_language, marked_text
from .marks import mark, tooltips
from .theme import BLUE, RED, Finished, finish
from .tracking import METHODS


def dials_chart(table: pl.DataFrame, *, source: str, simulated: str | None = None) -> Finished:
    """Draw the IDF1 of each setting: mean and range over seeds.

    Takes `dials.DIALS` with `line`, the words for condition and setting, in order.
    """
    order = in_order(table, "line")
    shown = table.with_columns(name=pl.col("method").replace(METHODS))
    scale = alt.Scale(domain=[0, 1], nice=False)
    tips = tooltips("line:N", "name:N", "seeds:Q", ("idf1 idf1_low idf1_high mixed broken", ".3f"))
    cover = shown.filter(method="path cover").sort("idf1")
    worst, best = cover.row(0, named=True), cover.row(-1, named=True)
    line = marked_text(worst["line"])
    numbers = table["seeds"].unique().sort().cast(pl.String).to_list()
    few, many = numbers[0], numbers[-1]
    seeds = (few, few) if few == many else (f"{few} to {many}", f"{few}~{many}")
    base = alt.Chart(shown).encode(
        y=names_axis("line", order, labelLimit=330),
        color=legend_color("name:N", METHODS.values(), [BLUE, RED]),
    )
    span = base.mark_rule(strokeWidth=2.2).encode(
        x=alt.X("idf1_low:Q", title="IDF1", scale=scale), x2="idf1_high:Q"
    )
    dots = mark(base, "point", size=70).encode(
        x=alt.X("idf1:Q", title="IDF1", scale=scale), tooltip=tips
    )
    return finish(
        alt.layer(span, dots).properties(width=330, height=22 * len(order)),
        title=f"One setting takes IDF1 from {best['idf1']:.2f} to {worst['idf1']:.2f} "
        f"({in_language(line, 'en')})",
        title_ko=f"조건 하나로 IDF1이 {best['idf1']:.2f}에서 {worst['idf1']:.2f}까지 떨어진다"
        f"({in_language(line, 'ko')})",
        source=f"{source}; "
        + both(f"dot: mean of {seeds[0]} seeds", f"점: 씨앗 {seeds[1]}개의 평균")
        + "; line 선: lowest to highest seed 가장 낮은~높은 값",
        simulated=simulated,
        description="Mean IDF1 by dial: "
        + each_row(
            shown, "{line} ({name}): {idf1:.3f}, {idf1_low:.3f} to {idf1_high:.3f}, {seeds} seeds"
        ),
    )
