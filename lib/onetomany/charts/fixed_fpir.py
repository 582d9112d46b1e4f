"""Draw the cost of rare false alarms: the threshold needed, and the people missed at it."""

import altair as alt
import polars as pl

from .axes import legend_color, powers_axis
from .columns import as_text, in_order
from .marks import interval_band, tooltips
from .scale import RECORDS
from .theme import BLUE, GREEN, ORANGE, PURPLE, Finished, finish


def misses_at_fpir_chart(rates: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw FNIR and the threshold needed against gallery size, for each FPIR.

    Takes `accuracy.misses_at_fpir`.
    """
    shown = rates.with_columns(name=as_text(pl.col("target") * 100, "FPIR {:g} %"))
    names, colours = in_order(shown, "name"), [BLUE, ORANGE, GREEN, PURPLE]
    scale, axis = alt.Scale(type="log", nice=False), powers_axis(3, 9)
    tips = [
        alt.Tooltip("gallery_size:Q", format=",", title="records"),
        *tooltips(("threshold", ".4f"), ("fnir fnir_low fnir_high", ".2%")),
    ]
    base = alt.Chart(shown, width=290, height=280).encode(
        x=alt.X("gallery_size:Q", title=RECORDS, scale=scale, axis=axis),
        color=legend_color("name:N", names, colours, sort=True, lines=True),
    )
    share = alt.Axis(format="~%")
    band = interval_band(base, "fnir_low", "fnir_high", axis=share)
    line = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=42)).encode(tooltip=tips)
    missed = line.encode(
        y=alt.Y("fnir:Q", title="Enrolled people missed FNIR 미식별률", axis=share)
    )
    cut = line.encode(
        y=alt.Y("threshold:Q", title="Threshold needed 필요한 임계값", scale=alt.Scale(zero=False))
    )
    return finish(
        alt.hconcat(alt.layer(band, missed), cut),
        title="The longer the list, the more of those on it are missed if alarms are to stay rare",
        title_ko="명단이 길수록, 오경보를 드물게 유지하려면 명단에 있는 사람을 더 많이 놓친다",
        source=source,
        simulated=simulated,
        description="FNIR and threshold against gallery size, at a few fixed values of FPIR.",
    )
