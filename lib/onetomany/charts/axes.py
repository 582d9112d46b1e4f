"""Make the axes, scales and legends that charts share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

SHARE: dict[str, Any] = {  # scale and axis of a share: 0 to 100 %
    "scale": alt.Scale(domain=[0, 1], nice=False),
    "axis": alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
}
STROKES: dict[str, Any] = {"symbolType": "stroke", "symbolStrokeWidth": 3}  # of a legend
ONE_IN = "'1 / ' + format(1 / datum.value, ',.0f')"  # how an axis labels rare things


def names_axis(
    field: str, order: Sequence[str] | alt.EncodingSortField | None, **axis: Any
) -> alt.Y:
    """Return the upright axis of names in their order, without a title.

    `order` None keeps the order of the rows; `axis` are fields of `alt.Axis`.
    """
    looks: Any = {"axis": alt.Axis(**axis)} if axis else {}
    return alt.Y(f"{field}:N", sort=order, title=None, **looks)


def share_axis(name: str, title: str = "") -> alt.Y:
    """Return the upright axis of a share: 0 to 100 %."""
    return alt.Y(f"{name}:Q", title=title, **SHARE)


def log_scale(low: float, high: float, **more: Any) -> alt.Scale:
    """Return a logarithmic scale that ends at these values; `more` are fields of `alt.Scale`."""
    return alt.Scale(type="log", domain=[low, high], nice=False, **more)


def powers_axis(first: int, last: int, **axis: Any) -> alt.Axis:
    """Return an axis with ticks at the powers of ten from `first` to `last`: 1k, 10k ..."""
    values = [10.0**power for power in range(first, last + 1)]
    return alt.Axis(**{"format": "~s", "values": values} | axis)


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
        legend = STROKES | {"symbolOpacity": 1} | legend
    return alt.Color(
        field,
        title=None,
        sort=domain if sort else alt.Undefined,
        scale=alt.Scale(domain=domain, range=list(colours)[: len(domain)]),
        legend=alt.Legend(**{"orient": "top"} | legend) if shown else None,
    )


def kind_color(field: str, kinds: Mapping[str, tuple[str, str]], **legend: Any) -> alt.Color:
    """Return `legend_color` of kinds, each with its words and colour, by key."""
    names, colours = zip(*kinds.values(), strict=True)
    return legend_color(field, names, colours, **legend)


def decades(low: float, high: float) -> list[float]:
    """Return the powers of ten within a domain; others would be drawn at its edge."""
    return [10.0**power for power in range(-9, 15) if low <= 10.0**power <= high]


def right_share_axis(floor: float) -> dict[str, Any]:
    """Return the logarithmic scale and axis of a share from `floor` to 1, rare ones as 1 / n."""
    expression = f"datum.value > 0.009 ? format(datum.value, '.0%') : {ONE_IN}"
    return {
        "scale": log_scale(floor, 1, clamp=True),
        "axis": alt.Axis(labelExpr=expression, values=decades(floor, 1)),
    }


def rarity_axis(title: str, powers: Iterable[int], **axis: Any) -> alt.X:
    """Return the axis of `base_rate`, from one in ten to one in so many powers of ten."""
    values = [10.0**-power for power in powers]
    looks = alt.Axis(labelExpr=ONE_IN, values=values, **axis)
    return alt.X("base_rate:Q", title=title, scale=alt.Scale(type="log", nice=False), axis=looks)
