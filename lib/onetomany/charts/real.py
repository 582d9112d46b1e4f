"""Draw evidence from outside the simulation: flags on real walks, and a city's alarms."""

from collections.abc import Mapping

import altair as alt
import polars as pl

from .axes import names_axis
from .columns import each_row, either, in_order
from .marks import panel, tooltips, two_a_row
from .theme import BLUE, CATEGORIES, GREY, INK, Finished, finish

REAL, SIMULATED = "real people 실제 사람", "In a simulation 모의"


def beside_real_chart(
    shares: pl.DataFrame,
    names: Mapping[str, str],
    units: Mapping[str, str],
    *,
    source: str,
    simulated: str,
) -> Finished:
    """Draw shares of people flagged in real sets and in a simulation.

    Takes `behaviour.beside_real`, the rules' names and units. One panel per threshold; real sets
    are filled, the simulation is hollow.
    """
    drawn = shares.with_columns(
        drawn=either("real", REAL, SIMULATED), said=pl.col("percent").round_sig_figs(2)
    )
    y = names_axis("set", in_order(shares, "set"), labelLimit=130)
    x = alt.X(
        "percent:Q",
        title="% of people flagged 걸린 사람의 비율",
        scale=alt.Scale(domain=[0, max(drawn["percent"].to_list()) * 1.15], nice=False),
    )
    runs = max(drawn.filter("real", rule="dash", threshold=2.0)["percent"].to_list())
    panels = [
        panel(
            f"{names[rule]} ({cut:g} {units[rule]})",
            _filled_and_hollow(alt.Chart(drawn.filter(rule=rule, threshold=cut)).encode(x=x, y=y)),
            width=240,
            height=190,
        )
        for rule, cut in drawn.select("rule", "threshold").unique(maintain_order=True).rows()
    ]
    return finish(
        two_a_row(panels, spacing=30),
        title=f"Ordinary people run: up to {runs:.0f} % are flagged for a dash at 2 m/s",
        title_ko=f"보통 사람도 뛴다: 초속 2m면 많게는 {runs:.0f}%가 돌진으로 걸린다",
        source=source,
        simulated=simulated,
        description="Share of people flagged by each rule in real research sets and in the "
        "simulation: " + each_row(drawn, "{set}, {rule} at {threshold:g}: {said} %"),
    )


def _filled_and_hollow(base: alt.Chart) -> alt.LayerChart | alt.FacetChart:
    """Return a point for each set, its shape and colour by whether its people are real."""
    kinds = [REAL, SIMULATED]
    dots = base.mark_point(size=70, strokeWidth=2.4, opacity=1).encode(
        shape=alt.Shape(
            "drawn:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=["circle", "diamond"]),
            legend=alt.Legend(orient="top"),
        ),
        color=alt.Color("drawn:N", scale=alt.Scale(domain=kinds, range=CATEGORIES[:2])),
        tooltip=tooltips("set:N", "drawn:N", "people:Q", ("percent", ".2~f")),
    )
    words = base.mark_text(align="left", dx=8, fontSize=11, color=INK).encode(text="said:Q")
    return alt.layer(dots, words)


def seoul_alarms_chart(alarms: pl.DataFrame, *, source: str) -> Finished:
    """Draw a city's disclosed alarms: unneeded ones a month, and the share right.

    Takes `behaviour.seoul_alarms`.
    """
    drawn = alarms.with_columns(when=pl.format("{} {}", "when_en", "when_ko"))
    y = names_axis("when", in_order(drawn, "when"), labelLimit=180)
    parts = []
    for measure, title, colour, form in (
        ("unneeded", "Unneeded alarms a month 한 달의 불필요한 경보", BLUE, ",.0f"),
        ("right", "Judged right, % 맞다고 판단된 비율", GREY, ".0f"),
    ):
        base = alt.Chart(drawn.filter(pl.col("measure") == measure)).encode(
            y=y, tooltip=tooltips("when:N", ("value", form), "publisher:N", "date:N")
        )
        bars = base.mark_bar(color=colour).encode(
            x=alt.X("value:Q", title=title, axis=alt.Axis(format="~s", tickCount=4))
        )
        words = base.mark_text(align="left", dx=4, color=INK).encode(
            x="value:Q", text=alt.Text("value:Q", format=form)
        )
        parts.append(alt.layer(bars, words).properties(width=230, height=110))
    return finish(
        alt.hconcat(parts[0], parts[1].resolve_scale(y="shared"), spacing=24),
        title="Seoul's cameras: fewer false alarms, still hundreds of thousands a month",
        title_ko="서울의 카메라: 오경보가 줄었지만 여전히 한 달 수십만 건",
        source=source,
        description=each_row(alarms, "{when_en}: {value:,} {unit} ({measure})"),
    )
