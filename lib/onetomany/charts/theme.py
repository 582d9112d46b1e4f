"""Give every chart one look: fonts with Hangul, and colours for colour-blind readers.

Every chart function ends in `finish`, so each chart has a title in both languages, a source line
and a description for readers who can't see it.
"""

from typing import Any, cast

import altair as alt

from .languages import plain

FONT = "Noto Sans KR, Apple SD Gothic Neo, Malgun Gothic, sans-serif"

# Okabe and Ito's palette (jfly.uni-koeln.de/color), distinct in colour blindness
INK, GREY = "#1b1f24", "#6b7280"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#d55e00", "#009e73", "#b3142b"
SKY, YELLOW, PURPLE = "#56b4e9", "#e69f00", "#cc79a7"
CATEGORIES = [BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW]

MATED, NON_MATED = BLUE, ORANGE

NARROW = 320  # pixels of a plot: on a telephone the report draws a narrower one
# names along an axis: on a telephone Korean is written below English
TWO_LINES = (
    f"width < {NARROW} ? split(replace(datum.label, regexp(' (?=[가-힣])'), '\\n'), '\\n')"
    " : datum.label"
)

# the result of a chart function
Finished = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart | alt.HConcatChart


@alt.theme.register("onetomany", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    text = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": INK}
    config: dict[str, Any] = {
        "config": {
            "font": FONT,
            "background": "#ffffff",
            "view": {"continuousWidth": 620, "continuousHeight": 320, "stroke": None},
            "title": {
                "font": FONT,
                "fontSize": 16,
                "fontWeight": 600,
                "subtitleFont": FONT,
                "subtitleFontSize": 12,
                "subtitleColor": GREY,
                "subtitleLineHeight": 17,
                "subtitlePadding": 6,
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
                "color": INK,
            },
            "axis": {
                **text,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "gridColor": "#e5e7eb",
                "domainColor": "#9ca3af",
                "tickColor": "#9ca3af",
                "titlePadding": 8,
            },
            "legend": {**text, "labelFontSize": 12, "titleFontSize": 12, "labelLimit": 400},
            "header": {**text, "labelFontSize": 12},
            "text": {"font": FONT, "fontSize": 12, "color": INK},
            "range": {"category": CATEGORIES},
        }
    }
    return cast(alt.theme.ThemeConfig, config)


def _as_jupyterlab_draws(
    spec: dict[str, Any], **_: Any
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return a chart's specification in the form that JupyterLab draws without the network.

    altair's own renderer writes a page that loads scripts from elsewhere. JupyterLab 4 knows
    Vega-Lite under this name only, and draws version 6 under it.
    """
    mime = "application/vnd.vegalite.v5+json"
    plain = {key: value for key, value in spec.items() if key != "$schema"}
    actions = {"export": True, "source": False, "compiled": False, "editor": False}
    data = {mime: plain, "text/plain": spec.get("description", "a chart")}
    return data, {mime: {"embed_options": {"renderer": "svg", "actions": actions}}}


alt.renderers.register("jupyterlab-offline", _as_jupyterlab_draws)
alt.renderers.enable("jupyterlab-offline")


def past_end(
    chart: alt.Chart, *, gap: int = 8, lift: int = -11, dy: int = 0, **look: Any
) -> alt.Chart:
    """Write texts to the right of a plot, or inside it on a telephone.

    For a chart with one plot. `gap` is the distance in pixels; on a telephone texts move up by
    `lift`.
    """
    narrow = f"width < {NARROW}"
    written: alt.Chart = chart.mark_text(
        align=alt.ExprRef(f"{narrow} ? 'right' : 'left'"),
        dy=alt.ExprRef(f"{narrow} ? {lift} : {dy}"),
        **look,
    )
    return written.encode(x=alt.value(alt.ExprRef(f"{narrow} ? width : width + {gap}")))


def finish(
    chart: Finished,
    *,
    title: str,
    title_ko: str,
    source: str,
    description: str,
    simulated: str | None = None,
) -> Finished:
    """Give a chart its title, source line and description in both languages.

    `simulated` names the simulated part, in the chart itself; omit it only if every value was
    measured or has a source.
    """
    lines = [title_ko]
    if simulated:
        lines.append(f"SIMULATED 모의 자료: {simulated}")
    lines.append(f"Source 출처: {source}")
    return chart.properties(
        title=alt.TitleParams(text=title, subtitle=lines),
        # screen readers read this out; the Korean title is for those who know only Korean
        description=plain(f"{description} {title_ko}"),
    )
