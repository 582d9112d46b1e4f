"""Draw error rates: scores, DET, figures with intervals, CMC, open set, candidate lists."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO
from .axes import legend_color, names_axis
from .columns import as_text, each_row, either, in_order
from .marks import dashed_rule, interval_band, mark, tooltips
from .theme import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MATED,
    NARROW,
    NON_MATED,
    ORANGE,
    PURPLE,
    SKY,
    YELLOW,
    Finished,
    finish,
    past_end,
)

SAME, DIFFERENT = "same person 같은 사람", "different people 다른 사람"
BY_KIND = legend_color("kind:N", [SAME, DIFFERENT], [MATED, NON_MATED])
SERIES = [GREEN, PURPLE, YELLOW, SKY]  # colours of matchers, other than those of the two kinds


def threshold_explorer_chart(
    histogram: pl.DataFrame, rates: pl.DataFrame, *, start: float, matcher: str, source: str
) -> Finished:
    """Draw the score histogram with a movable threshold and both error rates.

    Takes frames of `accuracy.histogram` and of `accuracy.error_rates` on an evenly spaced grid, and
    the name of the matcher.
    """
    grid = rates["threshold"].to_list()
    step = grid[1] - grid[0]
    slider = alt.param(
        name="threshold",
        value=min(grid, key=lambda point: abs(point - start)),
        bind=alt.binding_range(min=grid[0], max=grid[-1], step=step, name="Threshold 임계값  "),
    )
    chosen = alt.Chart(rates).transform_filter(f"abs(datum.threshold - threshold) < {step / 2}")
    rule = chosen.mark_rule(color=INK, strokeWidth=2).encode(x="threshold:Q")
    texts = [
        _rate_line(chosen, "False matches FMR 오인식", "fmr", color=NON_MATED, y=12),
        _rate_line(chosen, "False non-matches FNMR 미인식", "fnmr", color=MATED, y=32),
    ]
    return finish(
        alt.layer(_score_bars(histogram), rule, *texts).add_params(slider),
        title=f"{matcher}. Move the threshold: fewer false matches, more missed ones",
        title_ko=f"임계값을 옮기면({matcher}): 오인식을 줄일수록 미인식이 늘어난다",
        source=source,
        description=(
            f"Histogram of {matcher}'s similarity scores of pairs of the same and of different "
            "people, with an adjustable threshold and the false match and false non-match rates at "
            "it."
        ),
    )


def _rate_line(chosen: alt.Chart, label: str, rate: str, *, color: str, y: int) -> alt.Chart:
    """Return a rate at the chosen threshold as a line of text, with its interval."""
    narrow = f"width < {NARROW}"  # fewer digits on a telephone: the line is as wide as the plot
    value, low, high = (
        f"format(datum.{rate}{end}, ({narrow} ? '.1%' : '.2%'))" for end in ("", "_low", "_high")
    )
    line = f"'{label}: ' + {value} + '  (' + {low} + ' to ' + {high} + ')'"
    size = alt.ExprRef(f"{narrow} ? 11 : 13")
    written = mark(
        chosen.transform_calculate(line=line),
        "text", align="left", fontSize=size, fontWeight=600, color=color,
    )  # fmt: skip
    return written.encode(x=alt.value(8), y=alt.value(y), text="line:N")


def score_histogram_chart(histogram: pl.DataFrame, threshold: float, *, source: str) -> Finished:
    """Draw the score histogram with a line at a threshold."""
    rule = mark(pl.DataFrame({"threshold": [threshold]}), "rule", color=INK, strokeWidth=2).encode(
        x="threshold:Q"
    )
    return finish(
        alt.layer(_score_bars(histogram), rule),
        title="Scores of same and of different people",
        title_ko="같은 사람과 다른 사람의 유사도 점수",
        source=source,
        description=f"Histogram of similarity scores with the threshold at {threshold:.3f}.",
    )


def _score_bars(histogram: pl.DataFrame) -> alt.Chart:
    """Return the bars of both kinds of comparison, each as a share of its kind."""
    named = histogram.with_columns(kind=either("mated", SAME, DIFFERENT))
    return mark(named, "rect", opacity=0.55).encode(
        x=alt.X("low:Q", title="Similarity score 유사도 점수", scale=alt.Scale(zero=False)),
        x2="high:Q",
        y=alt.Y("share:Q", title="Share of its comparisons 비율", axis=alt.Axis(format="%")),
        y2=alt.datum(0),
        color=BY_KIND,
        tooltip=tooltips("kind:N", ("low high", ".3f"), ("count", ",")),
    )


def det_chart(rates: pl.DataFrame, *, source: str) -> Finished:
    """Draw the DET curve of each matcher: FNMR against FMR, with intervals.

    `rates` is a frame of `accuracy.error_rates` with a column `series`. A point with a rate of zero
    has no place on a logarithmic axis and is left out (`on_logarithmic_axes`).
    """
    seen = on_logarithmic_axes(rates)
    floor = float(seen.select(pl.min_horizontal(pl.min("fmr"), pl.min("fnmr"))).item()) / 2
    seen = seen.with_columns(pl.col("fmr_low", "fnmr_low").clip(lower_bound=floor))
    log = alt.Scale(type="log", domainMin=floor, domainMax=1, clamp=True, nice=False)
    base = alt.Chart(seen).encode(color=_series(seen))
    percent = alt.Axis(format="~%", tickCount=5)
    x = alt.X("fmr:Q", scale=log, axis=percent, title="FMR: two people pass for one 오인식률")
    y = alt.Y("fnmr:Q", scale=log, axis=percent, title="FNMR: one passes for two 미인식률")
    band = interval_band(base, "fnmr_low", "fnmr_high", opacity=0.18, scale=log, x=x)
    line = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=12)).encode(
        x=x,
        y=y,
        order="threshold:Q",
        tooltip=tooltips(
            "series:N",
            ("threshold", ".4f"),
            ("fmr fmr_low fmr_high fnmr fnmr_low fnmr_high", ".3%"),
        ),
    )
    return finish(
        alt.layer(band, line),
        title="Every threshold is a trade (DET curve)",
        title_ko="어느 임계값이든 하나를 얻으면 하나를 잃는다 (DET 곡선)",
        source=source,
        description="False non-match rate against false match rate of each matcher, both "
        f"logarithmic, with {PERCENT} intervals by person.",
    )


def on_logarithmic_axes(rates: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with both rates above zero, which `det_chart` can draw."""
    return rates.filter((pl.col("fmr") > 0) & (pl.col("fnmr") > 0))


def accuracy_summary_chart(
    summary: pl.DataFrame, *, title: str, title_ko: str, source: str, shares: bool = False
) -> Finished:
    """Draw figures as dots with their 95 % intervals and their values.

    `summary` has the columns of `accuracy.summary` and `series`, with one colour for each series.
    Figures without a value are left out. With `shares` they are written in percent, and the axis
    begins at the lowest limit.
    """
    written = "{:.1%}".format if shares else _four_digits
    shown = summary.drop_nulls("value").with_columns(
        label=as_text(
            pl.struct("value", "low", "high"),
            lambda row: "{}  ({} to {})".format(*map(written, row.values())),
        )
    )
    names = in_order(shown, "series")
    lines = shown["figure"].n_unique() * len(names)
    base = alt.Chart(shown).encode(
        y=names_axis("figure", None, labelFontSize=13, labelLimit=260),
        yOffset=alt.YOffset("series:N", sort=names),
        color=_series(shown),
    )
    lowest = float(shown["low"].min()) if shares else 0.0  # type: ignore[arg-type]
    scale = alt.Scale(domain=[max(0.0, 1.1 * lowest - 0.1), 1], nice=False)
    axis = alt.Axis(format="%", tickCount=5) if shares else alt.Axis()
    title_x = f"Value, {PERCENT} interval 값과 {PERCENT_KO} 구간"
    line = base.mark_rule(strokeWidth=3, opacity=0.5).encode(
        x=alt.X("low:Q", scale=scale, axis=axis, title=title_x), x2="high:Q"
    )
    dot = mark(base, "point", size=90).encode(
        x=alt.X("value:Q", scale=scale, title=""),
        tooltip=["series:N", "figure:N", "value:Q", "low:Q", "high:Q", "method:N"],
    )
    text = past_end(base, gap=14).encode(text="label:N", color=alt.value(INK))
    return finish(
        alt.layer(line, dot, text).properties(width=440, height=28 * lines + 10),
        title=title,
        title_ko=title_ko,
        source=source,
        description=each_row(shown, "{series}: {figure} {label}"),
    )


def _four_digits(value: float) -> str:
    """Return four decimals; a value near 0 or 1 is never rounded to it."""
    if 0.99995 <= value < 1:
        return ">0.9999"
    return "<0.0001" if 0 < value < 0.00005 else f"{value:.4f}"


def cmc_chart(curves: pl.DataFrame, *, source: str) -> Finished:
    """Draw the share of probes identified at each rank, a panel for each matcher.

    `curves` has columns `search` (one colour each) and `series` (the matcher).
    """
    searches = in_order(curves, "search")
    base = alt.Chart().encode(
        x=alt.X("rank:O", title="Rank 순위", axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("search:N", sort=searches, scale=alt.Scale(paddingOuter=0.8)),
        color=legend_color("search:N", searches, [BLUE, ORANGE], sort=True, direction="vertical"),
    )
    lowest = min(curves["low"].to_list())
    scale = alt.Scale(domain=[max(0.0, lowest - 0.02), 1.005], nice=False)
    bars = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        y=alt.Y("low:Q", scale=scale, title=""), y2="high:Q"
    )
    dots = mark(base, "point", size=70).encode(
        y=alt.Y(
            "identified:Q",
            scale=scale,
            axis=alt.Axis(format="%"),
            title=["Person found at this", "rank or better 식별률"],
        ),
        tooltip=["search:N", "rank:O", "identified:Q", "low:Q", "high:Q", "method:N", "probes:Q"],
    )
    return finish(
        _panels(alt.layer(bars, dots, data=curves), curves),
        title="How far down the list the right person is (CMC)",
        title_ko="찾는 사람이 후보 목록의 몇 번째에 있나 (CMC)",
        source=source,
        description=f"Cumulative match characteristic of each matcher, {PERCENT} intervals by "
        "person.",
    )


def open_set_chart(rates: pl.DataFrame, *, source: str) -> Finished:
    """Draw FPIR and FNIR against the threshold, a panel for each matcher.

    `rates` is a frame of `accuracy.open_set_rates` with columns `series`, `marked` (a threshold,
    drawn as a dashed line) and `mark` (the label of that line).
    """
    names = {"fpir": "false alarms FPIR 오경보", "fnir": "misses FNIR 놓침"}
    long = pl.concat(
        rates.select(
            *("series", "threshold", "marked", "mark"),
            **{"rate": name, "low": f"{name}_low", "high": f"{name}_high"},
            kind=pl.lit(label),
        )
        for name, label in names.items()
    )
    # one rule a panel, not one for each row
    first = pl.struct("series", "marked").is_first_distinct()
    long = long.with_columns(marked=pl.when(first).then("marked"))
    base = alt.Chart()
    colour = legend_color("kind:N", names.values(), [NON_MATED, MATED])
    x = alt.X("threshold:Q", title="Threshold 임계값", scale=alt.Scale(zero=False, nice=False))
    band = interval_band(base, "low", "high", opacity=0.15, x=x, color=colour)
    line = base.mark_line(strokeWidth=2.5).encode(
        x=x,
        y=alt.Y("rate:Q", title="Share of searches 비율", axis=alt.Axis(format="%")),
        color=colour,
        tooltip=["series:N", "kind:N", "threshold:Q", "rate:Q", "low:Q", "high:Q"],
    )
    marked = base.transform_filter("isValid(datum.marked)")
    rule = dashed_rule(marked).encode(x="marked:Q")
    note = marked.mark_text(align="left", dx=6, color=GREY).encode(
        x="marked:Q", y=alt.value(10), text="mark:N"
    )
    return finish(
        _panels(alt.layer(band, line, rule, note, data=long), long).resolve_scale(x="independent"),
        title="Searching people who are not enrolled raises alarms too",
        title_ko="명단에 없는 사람을 검색해도 경보가 울린다",
        source=source,
        description="False positive and false negative identification rates of each matcher "
        f"against the threshold, with {PERCENT} intervals by person.",
    )


def _series(frame: pl.DataFrame) -> alt.Color:
    """Return a colour for each matcher or other series, in the frame's order."""
    return legend_color("series:N", in_order(frame, "series"), SERIES, sort=True)


def _panels(layers: alt.LayerChart | alt.FacetChart, frame: pl.DataFrame) -> alt.FacetChart:
    """Return one panel per matcher, one below the other, so that a telephone can show them."""
    header = alt.Header(title=None, labelFontWeight=600, labelAnchor="start", labelOrient="top")
    return layers.properties(width=620, height=210).facet(
        row=alt.Row("series:N", sort=in_order(frame, "series"), header=header)
    )


def candidate_list_chart(
    candidates: pl.DataFrame,
    *,
    threshold: float,
    probes: Sequence[str] | None,
    source: str,
    matcher: str = "",
) -> Finished:
    """Draw the candidates of a probe by score, best first.

    `probes` adds a menu of probes. `matcher` is named in the title if there are several.
    """
    dots = _candidate_dots(candidates)
    line = pl.DataFrame({"threshold": [threshold]})
    rule = dashed_rule(line, color=INK).encode(
        x="threshold:Q", tooltip=alt.Tooltip("threshold:Q", format=".4f")
    )
    if probes:
        dots = dots.transform_filter("datum.probe_id == probe")
    chart = alt.layer(dots, rule).properties(height=alt.Step(24))
    if probes:
        menu = alt.binding_select(options=list(probes), name="Probe 검색할 사진  ")
        chart = chart.add_params(alt.param(name="probe", value=probes[0], bind=menu))
    named, named_ko = (f"{matcher}. ", f"({matcher})") if matcher else ("", "")
    return finish(
        chart,
        title=f"{named}There is always a best candidate, also for somebody who isn't there",
        title_ko=f"명단에 없는 사람에게도 '가장 닮은 후보'는 언제나 있다{named_ko}",
        source=source,
        description="Candidate list of the chosen probe with similarity scores, coloured by "
        "whether the candidate is the same person, and the measured threshold as a dashed line.",
    )


def _candidate_dots(candidates: pl.DataFrame) -> alt.Chart:
    """Return a dot for each candidate, its colour by whether it is the person searched for."""
    shown = candidates.with_columns(
        kind=either(pl.col("subject_id") == pl.col("probe_subject_id"), SAME, DIFFERENT),
        place=pl.format("{}. {}", "rank", "template_id"),
    )
    lowest = min(candidates["score"].to_list()) - 0.02
    seat = alt.EncodingSortField("rank")
    return mark(shown, "point", size=130).encode(
        y=alt.Y("place:N", sort=seat, title="Candidate 후보", axis=alt.Axis(grid=True)),
        x=alt.X(
            "score:Q",
            scale=alt.Scale(domain=[lowest, 1], nice=False),
            title=["Similarity score 유사도 점수", "dashed: threshold 점선: 임계값"],
        ),
        color=BY_KIND,
        tooltip=tooltips("probe_id:N", "template_id:N", "rank:Q", ("score", ".4f")),
    )
