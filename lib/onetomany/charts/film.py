"""Draw the time that tracks spent in each place of a film."""

import math
from typing import Any

import altair as alt
import polars as pl

from .marks import mark
from .theme import Finished, finish

_WIDE, _HIGH = 620, 640  # pixels of the drawing at most
# one hue from pale to dark, so that it is read without colours too
_RAMP = ["#fff3c4", "#f6c244", "#e0701a", "#a3260f", "#4a0d0a"]
_SECONDS = alt.Color(
    "seconds:Q",
    title="seconds 초",
    scale=alt.Scale(type="sqrt", range=_RAMP),
    legend=alt.Legend(orient="bottom", gradientLength=240, format=",.2~f"),
)


def film_presence_chart(
    cells: pl.DataFrame,
    *,
    unit: str,
    extent: tuple[float, float, float, float],
    source: str,
    background: str | None = None,
    simulated: str | None = None,
) -> Finished:
    """Draw the seconds that tracks spent in each cell of picture or ground.

    Takes `film_pictures.TRACK_PRESENCE`; `unit` is px or m, `extent` is left, top, right, bottom in
    `unit`, `background` a data URL of the picture with that extent. In the picture y points down,
    on the ground up. The title gives the share of time in the busiest tenth of the cells.
    """
    left, top, right, bottom = extent
    picture = unit == "px"
    scale = min(_WIDE / (right - left), _HIGH / (bottom - top))
    size = {"width": round((right - left) * scale), "height": round((bottom - top) * scale)}
    shown = cells.with_columns(x2=pl.col("x") + pl.col("side"), y2=pl.col("y") + pl.col("side"))
    look: dict[str, Any] = {"title": None, "axis": None}
    if not picture:
        look = {"title": "m", "axis": alt.Axis(format="~g")}
    across = alt.Scale(domain=[left, right], nice=False)
    down = alt.Scale(domain=[top, bottom], nice=False, reverse=picture)
    x, y = alt.X("x:Q", scale=across, **look), alt.Y("y:Q", scale=down, **look)
    rects = mark(shown, "rect", opacity=0.75, clip=True)
    layers = [rects.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=_SECONDS)]
    if background:
        whole = pl.DataFrame({"url": [background], "x": [left], "y": [top]})
        placed = {"align": "left", "baseline": "top"} | size
        still = mark(whole, "image", aspect=False, opacity=0.6, **placed)
        layers.insert(0, still.encode(x=x, y=y, url="url:N"))
    busy = shown.sort("seconds", descending=True).head(max(1, math.ceil(len(shown) / 10)))
    share = float(busy["seconds"].sum()) / float(shown["seconds"].sum())
    where, where_ko = ("the picture", "화면") if picture else ("the ground", "바닥")
    return finish(
        alt.layer(*layers).properties(**size),
        title=f"The busiest tenth of {where}'s cells has {share:.0%} of the tracks' time",
        title_ko=f"{where_ko}에서 동선이 가장 오래 머문 칸 10 %에 전체 시간의 {share:.0%}가 몰렸다",
        source=source,
        description=f"Heat map of {where}: {shown['seconds'].sum():.0f} seconds of tracks in "
        f"{len(shown)} cells. A track is not a person.",
        simulated=simulated,
    )
