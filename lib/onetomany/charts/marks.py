"""Draw the marks, axes and legends that charts share, and describe their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import polars as pl

# of the panels of a facet
PANEL_HEADER = alt.Header(labelFontSize=13, labelFontWeight=600, labelAnchor="start")


def mark(data: pl.DataFrame | alt.Chart, kind: str, **look: Any) -> alt.Chart:
    """Return a layer of marks, "bar", "rule" ..., over a frame or a chart.

    `look` is what altair's `mark_...` takes. Points are filled and opaque.
    """
    chart = alt.Chart(data) if isinstance(data, pl.DataFrame) else data
    solid = {"filled": True, "opacity": 1} if kind == "point" else {}
    drawn: alt.Chart = getattr(chart, f"mark_{kind}")(**solid | look)
    return drawn


def names_axis(
    field: str, order: Sequence[str] | alt.EncodingSortField | None, **axis: Any
) -> alt.Y:
    """Return the upright axis of names in their order, without a title.

    `order` None keeps the order of the rows; `axis` are fields of `alt.Axis`.
    """
    looks: Any = {"axis": alt.Axis(**axis)} if axis else {}
    return alt.Y(f"{field}:N", sort=order, title=None, **looks)


def two_a_row(panels: Sequence[alt.LayerChart | alt.FacetChart], spacing: int) -> alt.VConcatChart:
    """Return panels in rows of two."""
    rows = (panels[n : n + 2] for n in range(0, len(panels), 2))
    return alt.vconcat(*(alt.hconcat(*row, spacing=spacing) for row in rows))


def panel_title(text: str) -> alt.TitleParams:
    """Return the title of one panel of several."""
    return alt.TitleParams(text=text, fontSize=13, offset=6)


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


def each_row(frame: pl.DataFrame, form: str) -> str:
    """Return a text of all rows, for a description: `form` filled with the columns of each.

    >>> each_row(pl.DataFrame({"name": ["a", "b"], "share": [0.5, 1]}), "{name}: {share:.0%}")
    'a: 50%; b: 100%'
    """
    return "; ".join(form.format_map(row) for row in frame.iter_rows(named=True))


def share_axis(name: str, title: str = "") -> alt.Y:
    """Return the upright axis of a share: 0 to 100 %."""
    return alt.Y(
        f"{name}:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
    )


def legend_color(
    field: str,
    names: Iterable[str],
    colours: Iterable[str],
    *,
    sort: bool = False,
    lines: bool = False,
    shown: bool = True,
    **legend: Any,
) -> alt.Color:
    """Return a colour for each name, under a legend without a title.

    `sort` keeps the order of the names; `lines` draws the legend's symbols as lines; there is no
    legend unless `shown`; `legend` are fields of `alt.Legend`. Colours beyond the names are not
    used.
    """
    domain = list(names)
    if lines:
        legend = {"symbolType": "stroke", "symbolStrokeWidth": 3, "symbolOpacity": 1} | legend
    return alt.Color(
        field,
        title=None,
        sort=domain if sort else alt.Undefined,
        scale=alt.Scale(domain=domain, range=list(colours)[: len(domain)]),
        legend=alt.Legend(**{"orient": "top"} | legend) if shown else None,
    )


def log_floor(values: list[float]) -> float:
    """Return the start of a logarithmic axis: a quarter of the smallest positive value.

    Lower limits of intervals are cut there.
    """
    return min(value for value in values if value > 0) / 4


def log_percent_axis(floor: float) -> alt.Axis:
    """Return a percent axis with ticks at the powers of ten from `floor` to 1.

    Vega would draw a tick below the floor at the wrong place.
    """
    return alt.Axis(format="~%", values=[10.0**k for k in range(-6, 1) if 10.0**k >= floor])
