"""Draw the errors of linking at every threshold."""

import altair as alt
import polars as pl

from .axes import STROKES, legend_color, share_axis
from .columns import each_row, in_order
from .marks import dashed_rule, mark, panel, tooltips
from .theme import BLUE, INK, ORANGE, RED, Finished, finish

_FIGURES = {"idf1": "IDF1", "mixed": "mixed 섞인 승객", "broken": "broken 끊긴 승객"}


def threshold_curve_chart(
    curves: pl.DataFrame,
    marks: pl.DataFrame,
    covers: pl.DataFrame,
    *,
    source: str,
    simulated: str | None = None,
) -> Finished:
    """Draw errors by threshold, a panel per face quality, with two thresholds marked.

    Takes `threshold_linking.CURVE` with `tmr`; `marks` (`tmr`, `threshold`, `idf1`, `kind`);
    `covers` (`tmr`, `idf1` of the path cover: the dashed line).
    """
    long = curves.unpivot(
        list(_FIGURES), index=["tmr", "threshold", "fmr"], variable_name="figure"
    ).with_columns(pl.col("figure").replace(_FIGURES))
    kinds = in_order(marks, "kind")
    hardest = curves.select(pl.col("tmr").min()).item()
    set_, together = (
        frame.filter(tmr=hardest)["idf1"].item() for frame in (marks.filter(kind=kinds[0]), covers)
    )
    panels = [
        panel(
            f"TMR {tmr:.0%}", _errors_by_threshold(tmr, long, covers, marks), width=185, height=180
        )
        for tmr in curves["tmr"].unique().sort(descending=True)
    ]
    return finish(
        alt.hconcat(*panels, spacing=26),
        title=f"At a TMR of {hardest:.0%} a calibrated threshold reaches an IDF1 of {set_:.2f}, "
        f"all together {together:.2f}",
        title_ko=f"TMR {hardest:.0%}에서 IDF1은 보정한 임계값으로 {set_:.2f}, 모두 함께 이으면 "
        f"{together:.2f}",
        source=f"{source}; dashed 점선: IDF1, all together 모두 함께",
        simulated=simulated,
        description="IDF1 of connected components at the marked thresholds: "
        + each_row(marks, "TMR {tmr:.0%}, {kind}: {idf1:.3f}"),
    )


def _errors_by_threshold(
    tmr: float, long: pl.DataFrame, covers: pl.DataFrame, marks: pl.DataFrame
) -> alt.LayerChart | alt.FacetChart:
    """Return the curves at one face quality, the path cover's IDF1 and the marked thresholds."""
    x = alt.X(
        "threshold:Q",
        title="threshold (cosine) 임계값(코사인)",
        scale=alt.Scale(zero=False),
        axis=alt.Axis(tickCount=4, format=".2f"),
    )
    lines = mark(long.filter(tmr=tmr), "line", strokeWidth=2.2).encode(
        x=x,
        y=share_axis("value"),
        color=legend_color("figure:N", _FIGURES.values(), [BLUE, RED, ORANGE], **STROKES),
        tooltip=tooltips("figure:N", ("value", ".3f"), ("threshold", ".3f"), ("fmr", ".1e")),
    )
    cover = dashed_rule(covers.filter(tmr=tmr), color=BLUE).encode(
        y=share_axis("idf1"), tooltip=tooltips(("idf1", ".3f"))
    )
    shape = alt.Shape(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=in_order(marks, "kind"), range=["circle", "cross"]),
        legend=alt.Legend(orient="top", symbolFillColor=INK),
    )
    dots = mark(marks.filter(tmr=tmr), "point", size=90, color=INK).encode(
        x=x,
        y=share_axis("idf1"),
        shape=shape,
        tooltip=tooltips("kind:N", ("idf1", ".3f"), ("threshold", ".3f")),
    )
    return alt.layer(lines, cover, dots)
