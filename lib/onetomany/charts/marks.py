"""Draw the marks and panels that charts share."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from .theme import GREY, INK, Finished

# of the panels of a facet
PANEL_HEADER = alt.Header(labelFontSize=13, labelFontWeight=600, labelAnchor="start")


def mark(data: pl.DataFrame | alt.Chart, kind: str, **look: Any) -> alt.Chart:
    """Return a layer of marks, "bar", "rule" ..., over a frame or a chart.

    `look` goes to altair's `mark_...`. Points are filled and opaque.
    """
    chart = alt.Chart(data) if isinstance(data, pl.DataFrame) else data
    solid = {"filled": True, "opacity": 1} if kind == "point" else {}
    drawn: alt.Chart = getattr(chart, f"mark_{kind}")(**solid | look)
    return drawn


def dashed_rule(data: pl.DataFrame | alt.Chart, **look: Any) -> alt.Chart:
    """Return a dashed line, grey unless `look` says otherwise."""
    return mark(data, "rule", **{"strokeDash": [5, 4], "color": GREY} | look)


def noted_rule(
    line: pl.DataFrame, *, at: float, x: Any = None, y: Any = None, **look: Any
) -> tuple[alt.Chart, alt.Chart]:
    """Return a dashed line at `x` or `y`, and its column `text`, `at` so many pixels along it."""
    place = {"x": x} if x is not None else {"y": y}
    along = {"y": alt.value(at)} if x is not None else {"x": alt.value(at)}
    note = mark(line, "text", **{"color": GREY} | look)
    return dashed_rule(line).encode(**place), note.encode(**place, **along, text="text:N")


def interval_band(
    base: alt.Chart,
    low: str,
    high: str,
    *,
    opacity: float = 0.16,
    scale: Any = alt.Undefined,
    axis: Any = alt.Undefined,
    **encoding: Any,
) -> alt.Chart:
    """Return the band between two columns, behind a line that names the axis."""
    y = alt.Y(f"{low}:Q", title="", scale=scale, axis=axis)
    band: alt.Chart = base.mark_area(opacity=opacity).encode(y=y, y2=f"{high}:Q", **encoding)
    return band


def on_dark(test: str) -> Any:
    """Return the colour of a number on a cell: white if `test` finds the cell dark."""
    return alt.condition(test, alt.value("#ffffff"), alt.value(INK))


def two_a_row(panels: Sequence[Any], spacing: int) -> alt.VConcatChart:
    """Return panels in rows of two."""
    rows = (panels[n : n + 2] for n in range(0, len(panels), 2))
    return alt.vconcat(*(alt.hconcat(*row, spacing=spacing) for row in rows))


def panel(title: str, drawn: Finished, *, width: int, height: int) -> Any:
    """Return one panel of several under a title of its own."""
    heading = alt.TitleParams(text=title, fontSize=13, offset=6)
    return drawn.properties(width=width, height=height, title=heading)


def tooltips(*columns: str | tuple[str, str]) -> list[Any]:
    """Return the tooltips of columns: "name:N", or numeric names and their d3 format.

    Names of one format are separated by spaces: ("rate low high", ".1%").
    """
    shown: list[Any] = []
    for each in columns:
        if isinstance(each, str):
            shown.append(each)
        else:
            names, form = each
            shown += [alt.Tooltip(f"{name}:Q", format=form) for name in names.split()]
    return shown


def seen_or_limit(
    chosen: alt.Chart, field: str, title: str, axis: dict[str, Any], *, size: int, **encoding: Any
) -> list[alt.Chart]:
    """Return a dotted line at the lower limit, and the curve of rows in which something was seen.

    Rows have `low` and the Boolean `seen`; the curve alone has the tooltip.
    """
    tips = encoding.pop("tooltip")
    dotted = mark(
        chosen.transform_filter("!datum.seen"), "line", strokeWidth=2, strokeDash=[2, 3]
    ).encode(y=alt.Y("low:Q", title="", **axis), **encoding)
    points = alt.OverlayMarkDef(size=size, opacity=0)  # for the tooltip
    curve = mark(chosen.transform_filter("datum.seen"), "line", strokeWidth=2.5, point=points)
    return [
        dotted,
        curve.encode(y=alt.Y(f"{field}:Q", title=title, **axis), tooltip=tips, **encoding),
    ]
