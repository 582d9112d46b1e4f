"""Draw NIST's report cards: countries of birth, women and men, one developer's submissions."""

from datetime import date

import altair as alt
import polars as pl

from .axes import STROKES, legend_color, log_scale, names_axis
from .columns import each_row, in_order
from .marks import mark, noted_rule, tooltips
from .theme import BLUE, CATEGORIES, GREY, ORANGE, Finished, finish


def births_within_chart(rates: pl.DataFrame, *, marked: str, source: str) -> Finished:
    """Draw countries of birth as multiples of each algorithm's lowest, one `marked`.

    Takes rows of `sources.cards.card_rates` of one plot and pairing, none at NIST's floor. Levels
    of two algorithms can't be compared, so each row starts at 1.
    """
    shown = rates.with_columns(
        times=pl.col("value") / pl.col("value").min().over("algorithm"), row=_versions()
    ).sort("submitted", "times")
    order = in_order(shown, "row")
    top = shown.group_by("row", maintain_order=True).agg(pl.all().sort_by("times").last())
    chosen = shown.filter(enrollee=marked)
    low, high = _ends(top["times"])
    x = alt.X(
        "times:Q",
        scale=log_scale(0.9, high * 1.15),
        axis=alt.Axis(values=[1, 2, 5, 10, 20, 50, 100, 200], format="~g"),
        title=[
            "Times the algorithm's own lowest country",
            "그 알고리즘에서 가장 낮은 나라의 몇 배",
        ],
    )
    y = names_axis("row", order, labelFontSize=12, labelLimit=220)
    layers = [each.encode(x=x, y=y) for each in _countries(shown, chosen, top)]
    count = shown["enrollee"].n_unique()
    span = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
    return finish(
        alt.layer(*layers, _marked_country(chosen, marked)).properties(
            width=420, height=52 * len(order)
        ),
        title=f"One threshold, {count} countries of birth: the highest {span} times the lowest",
        title_ko=f"임계값은 하나, 출생지는 {count}개국: 오인식률이 가장 높은 나라는 가장 낮은 "
        f"나라의 {span.replace(' to ', '~')}배",
        source=source,
        description="False match rates between two people born in the same country, within each "
        "algorithm, over its lowest country: "
        + each_row(top, "{row} highest {enrollee} {times:.0f} times"),
    )


def _countries(
    shown: pl.DataFrame, chosen: pl.DataFrame, top: pl.DataFrame
) -> tuple[alt.Chart, alt.Chart, alt.Chart]:
    """Return a tick for each country, a dot for the chosen one and the name of the highest."""
    tips = tooltips("enrollee:N", "enrollee_ko:N", ("times", ".1f"))
    tips.append(alt.Tooltip("value:Q", format=".2e", title="FMR"))
    ticks = mark(shown, "tick", thickness=2, size=22, color=GREY, opacity=0.55)
    dots = mark(chosen, "point", size=130, color=ORANGE)
    highest = pl.format("{} {} × {}", "enrollee", "enrollee_ko", pl.col("times").round(0))
    named = top.with_columns(text=highest.str.strip_suffix(".0"))
    words = mark(named, "text", align="right", dx=4, dy=-17, fontSize=11)
    return ticks.encode(tooltip=tips), dots.encode(tooltip=tips), words.encode(text="text:N")


def _marked_country(chosen: pl.DataFrame, marked: str) -> alt.Chart:
    """Return the name of the marked country above the plot, in its colour."""
    name = f"● {marked} {chosen['enrollee_ko'][0]}"
    line = chosen.tail(1).with_columns(text=pl.lit(name))
    return mark(line, "text", align="left", color=ORANGE, fontWeight=600).encode(
        x=alt.value(0), y=alt.value(-10), text="text:N"
    )


def _ends(values: pl.Series) -> tuple[float, float]:
    """Return the lowest and the highest value."""
    least, most = (float(each) for each in values.drop_nulls().sort()[[0, -1]])
    return least, most


def women_over_men_chart(rates: pl.DataFrame, *, source: str) -> Finished:
    """Draw the ratio of false matches of women to men by age.

    Takes rows of `sources.cards.card_rates` of plot 'women over men' and one country of birth.
    """
    born, born_ko = (rates[name][0] for name in ("enrollee", "enrollee_ko"))
    shown = rates.with_columns(row=_versions()).sort("submitted", "age")
    order = in_order(shown, "row")
    ages = shown["age"].unique().sort().to_list()
    oldest = shown.filter(age=ages[-1])
    low, high = _ends(oldest["value"])
    x = alt.X("age:O", sort=ages, title="Age of both people 두 사람의 나이",
              axis=alt.Axis(labelAngle=0))  # fmt: skip
    y = alt.Y(
        "value:Q",
        scale=log_scale(0.6, high * 1.3),
        axis=alt.Axis(values=[0.7, 1, 2, 3, 5, 10, 20], format="~g"),
        title="Women's FMR over men's 남성 대비 여성의 FMR",
    )
    colour = legend_color(
        "row:N", order, CATEGORIES, sort=True, orient="bottom", columns=2, **STROKES
    )
    lines = mark(shown, "line", point=alt.OverlayMarkDef(size=60), strokeWidth=2.5).encode(
        x=x, y=y, color=colour, tooltip=tooltips("row:N", "age:N", ("value", ".2f"))
    )
    line = pl.DataFrame({"one": [1.0], "text": ["alike 같음"]})
    rule, note = noted_rule(line, y=alt.Y("one:Q"), align="left", dy=9, at=4)
    return finish(
        alt.layer(rule, lines, note).properties(width=480, height=300),
        title=f"Born in {born}, both {ages[-1]}: women falsely match {low:.0f} to {high:.0f} times "
        "as often",
        title_ko=f"{born_ko} 출생, 둘 다 {ages[-1]}세: 여성끼리의 오인은 남성끼리의 "
        f"{low:.0f}~{high:.0f}배",
        source=source,
        description=f"Ratio of false match rates, women over men, both born in {born} and of one "
        "age group: " + each_row(oldest, "{row} {age}: {value:.1f}"),
    )


def submissions_chart(
    gains: pl.DataFrame, *, project: tuple[date, date], read: list[str], source: str
) -> Finished:
    """Draw the FNMR of every submission by its date.

    Takes rows of `sources.cards.gains` of one image set. `read` are the algorithms whose report
    cards are shown above, drawn filled; the years of `project` are shaded.
    """
    shown = gains.with_columns(
        number=pl.col("algorithm").str.split("_").list.last(), card=pl.col("algorithm").is_in(read)
    ).sort("submitted", "algorithm")
    developers = shown["developer"].unique().sort().to_list()
    x = alt.X(
        "submitted:T",
        title="Handed in to NIST 제출일",
        axis=alt.Axis(format="%Y", tickCount="year"),
    )
    lowest, highest = _ends(shown["fnmr"])
    y = alt.Y(
        "fnmr:Q",
        scale=log_scale(lowest / 1.4, highest * 1.4),
        axis=alt.Axis(format="~%", values=[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]),
        title="FNMR at FMR 1 in a million 미인식률",
    )
    colour = legend_color("developer:N", developers, CATEGORIES, orient="bottom")
    base = alt.Chart(shown).encode(x=x, y=y, color=colour)
    lines = base.mark_line(opacity=0.5).encode(order="submitted:T")
    shapes = alt.Scale(domain=[True, False], range=["square", "circle"])
    dots = mark(base, "point", size=80).encode(
        shape=alt.Shape("card:N", legend=None, scale=shapes),
        tooltip=tooltips("algorithm:N", "submitted:T", ("fnmr", ".3%")),
    )
    numbers = [each.encode(x=x, y=y, color=colour) for each in _numbers(shown)]
    band, note = _project(*project)
    image_set = shown["image_set"][0]
    return finish(
        alt.layer(band, lines, dots, *numbers, note).properties(width=520, height=300),
        title=f"{len(shown)} submissions by date: which version ran at the airport is unknown",
        title_ko=f"제출 {len(shown)}건과 그 날짜: 공항에서 어느 판이 쓰였는지는 알려지지 않았다",
        source=f"{source}; image set {image_set}; squares: cards shown above 네모: 위에 쓴 성적표",
        description=each_row(shown, "{algorithm} {submitted}: {fnmr:.2%}"),
    )


def _numbers(shown: pl.DataFrame) -> list[alt.Chart]:
    """Return the versions' numbers; of two handed in on one day the better one's goes below."""
    above = pl.col("fnmr") == pl.col("fnmr").max().over("developer", "submitted")
    return [
        mark(shown.filter(which), "text", dy=dy, fontSize=11).encode(text="number:N")
        for which, dy in ((above, -11), (~above, 13))
    ]


def _project(start: date, end: date) -> tuple[alt.Chart, alt.Chart]:
    """Return the years of the project as a band, and its words."""
    years = pl.DataFrame({"start": [start], "end": [end], "text": ["the project 사업 기간"]})
    band = mark(years, "rect", color=BLUE, opacity=0.08).encode(x="start:T", x2="end:T")
    words = mark(years, "text", align="left", dx=4, color=GREY)
    return band, words.encode(x="start:T", y=alt.value(290), text="text:N")


def _versions() -> pl.Expr:
    """Return 'Alchera 007, 2023-11': developer, version and month of submission."""
    return pl.format(
        "{} {}, {}",
        "developer",
        pl.col("algorithm").str.split("_").list.last(),
        pl.col("submitted").dt.strftime("%Y-%m"),
    )
