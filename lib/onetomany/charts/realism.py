"""Draw how synthetic templates differ from real ones."""

from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO, TAIL
from .axes import SHARE, legend_color, names_axis
from .columns import each_row, either
from .marks import mark, tooltips
from .theme import BLUE, GREY, INK, ORANGE, TWO_LINES, Finished, finish, past_end

KINDS = {"non-mated": "different people 다른 사람", "mated": "same person 같은 사람"}
REAL, SYNTHETIC = "real 실제", "synthetic 합성"
FIGURES = {
    "non-mated mean": "different people: mean 다른 사람 평균",
    "non-mated sd": "different people: s.d. 다른 사람 표준편차",
    "non-mated 0.999 quantile": "different people: 99.9 % 다른 사람 상위 0.1%",
    "mated median": "same person: median 같은 사람 중앙값",
    "mated 0.05 quantile": "same person: 5 % 같은 사람 하위 5%",
    "TMR at FMR 0.001": "TMR at FMR 0.1 % 본인 인식률",
    "AUC": "AUC",
    "rank-1": "right person first 1순위 식별률",
    "cv of people's FMR at 0.01": "how unequal people are 오인식 쏠림",
}
_SCORE = "Similarity score 유사도 점수"


def score_shapes_chart(histograms: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw real scores as bars and synthetic ones as a line.

    Takes `accuracy.realism.histograms`.
    """
    shown = histograms.with_columns(
        origin=pl.col("origin").replace({"real": REAL, "synthetic": SYNTHETIC})
    )
    panels = [_shapes(shown.filter(kind=kind), label) for kind, label in KINDS.items()]
    return finish(
        alt.hconcat(*panels, spacing=70, bounds="flush"),
        title="Scores of real and of synthetic templates",
        title_ko="실제 템플릿과 합성 템플릿의 점수",
        source=source,
        simulated=simulated,
        description="Histograms of similarity scores, of different people and of the same person; "
        "real ones as bars, synthetic ones as a line.",
    )


def _shapes(own: pl.DataFrame, label: str) -> alt.LayerChart | alt.FacetChart:
    """Return the panel of one kind of comparison."""
    held = own.filter(pl.col("share") > 0)
    edges = [min(held["low"].to_list()), max(held["high"].to_list())]
    ends = alt.Scale(domain=edges, nice=False, clamp=True)
    share: dict[str, Any] = {
        "axis": alt.Axis(format="%"),
        # the highest label would stick out and push this panel's title up
        "scale": alt.Scale(domain=[0, max(own["share"].to_list()) * 1.09], nice=False),
    }
    colour = legend_color("origin:N", [REAL, SYNTHETIC], [BLUE, ORANGE], symbolOpacity=1)
    base = alt.Chart(own).encode(x=alt.X("low:Q", title=_SCORE, scale=ends), color=colour)
    real = base.transform_filter(f"datum.origin == '{REAL}'")
    synthetic = base.transform_filter(f"datum.origin == '{SYNTHETIC}'")
    bars = mark(real, "rect", opacity=0.45, clip=True).encode(
        x2="high:Q",
        y=alt.Y("share:Q", title="Share of its comparisons 비율", **share),
        y2=alt.datum(0),
    )
    line = synthetic.mark_line(interpolate="step-after", strokeWidth=2, clip=True)
    heading = alt.TitleParams(label, fontSize=13, frame="group", offset=8)
    layers = alt.layer(bars, line.encode(y=alt.Y("share:Q", title="", **share)))
    return layers.properties(width=300, height=230, title=heading)


def one_of_many_chart(table: pl.DataFrame, *, source: str, simulated: str) -> Finished:
    """Draw the real set's figures among those of synthetic sets.

    Takes `accuracy.realism.as_one_of_many`.
    """
    shown = table.with_columns(
        name=pl.col("figure").replace(FIGURES), verdict=either("plausible", _WITHIN, _OUT)
    )
    names = shown["name"].to_list()
    across = SHARE | {"scale": alt.Scale(domain=[-0.02, 1.02], nice=False)}
    tails = pl.DataFrame({"low": [TAIL], "high": [1 - TAIL]})
    band = mark(tails, "rect", color=BLUE, opacity=0.1).encode(
        x=alt.X("low:Q", title="", **across), x2="high:Q"
    )
    base = alt.Chart(shown).encode(
        y=names_axis("name", names, labelFontSize=12, labelLimit=320, labelExpr=TWO_LINES)
    )
    sets = int(shown["sets"][0])
    title = f"Share of {sets} synthetic sets below the real one 실제보다 낮은 합성 집합"
    dots = mark(base, "point", size=120).encode(
        x=alt.X("percentile:Q", title=title, **across),
        color=legend_color("verdict:N", [_WITHIN, _OUT], [BLUE, ORANGE]),
        tooltip=tooltips("name:N", ("real median low high percentile", ".4f")),
    )
    real, low, high = (f"format(datum.{name}, '.4f')" for name in ("real", "low", "high"))
    texts = base.transform_calculate(text=f"{real} + '  (' + {low} + ' to ' + {high} + ')'")
    texts = past_end(texts, gap=12, color=INK).encode(text="text:N")
    heading = pl.DataFrame({"text": [f"real ({PERCENT} of sets) 실제 (합성의 {PERCENT_KO})"]})
    note = past_end(alt.Chart(heading), gap=12, lift=-6, color=GREY).encode(
        y=alt.value(-8), text="text:N"
    )
    return finish(
        alt.layer(band, dots, texts, note).properties(width=340, height=32 * len(names)),
        title="Would the real set pass for a synthetic one?",
        title_ko="실제 집합은 합성 집합들 사이에 섞이는가",
        source=source,
        simulated=simulated,
        description=each_row(shown, _SAID),
    )


_WITHIN = f"like {PERCENT} of the sets 합성 집합의 {PERCENT_KO}와 같다"
_OUT = "out of line 벗어난다"


_SAID = "{figure}: real {real:.4f}, synthetic {low:.4f} to {high:.4f}, percentile {percentile:.1%}"
