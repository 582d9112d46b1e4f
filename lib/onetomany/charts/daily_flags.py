"""Draw how many ordinary people each rule flags in a day."""

from collections.abc import Collection, Mapping
from typing import Any

import altair as alt
import polars as pl

from onetomany.confidence import PERCENT
from onetomany.errors import InputError
from .axes import names_axis
from .columns import each_row
from .languages import both, plain
from .marks import mark, tooltips
from .theme import BLUE, TWO_LINES, Finished, finish

_SHORT = "datum.value < 1000 ? format(datum.value, 'd') : format(datum.value, '~s')"


def daily_flags_chart(
    daily: pl.DataFrame,
    names: Mapping[str, tuple[str, str]],
    *,
    without_limits: Collection[str] = (),
    passengers: float,
    source: str,
    simulated: str | None = None,
) -> Finished:
    """Draw people flagged falsely a day, a line per rule.

    Takes `behaviour.false_alarms_a_day` of one threshold a rule, and each rule's name in English
    and Korean. Rules in `without_limits` are drawn without their interval: people whom a rule flags
    as a party are no independent sample.

    Raises InputError if no rule could be computed.
    """
    shown = _shown(daily, names, without_limits)
    if not shown.height:
        raise InputError("There is nothing to draw: no rule could judge anybody.")
    x: dict[str, Any] = {
        "title": "People flagged falsely a day 하루에 잘못 걸리는 사람",
        "scale": alt.Scale(type="symlog", constant=100, domain=[0, passengers], nice=False),
        "axis": alt.Axis(labelExpr=_SHORT, values=[0, 100, 1000, 10_000, 100_000]),
    }
    base = alt.Chart(shown).encode(
        y=names_axis("name", shown["name"].to_list(), labelLimit=260, labelExpr=TWO_LINES),
        tooltip=tooltips("name:N", ("daily daily_low daily_high", ",.0f")),
    )
    limits = (
        base.transform_filter("isValid(datum.daily_high)")
        .mark_rule(strokeWidth=6, opacity=0.3, color=BLUE)
        .encode(x=alt.X("daily_low:Q", **x), x2="daily_high:Q")
    )
    dots = mark(base, "point", size=110, color=BLUE).encode(x=alt.X("daily:Q", **x))
    words = base.mark_text(dy=-14, fontWeight=600).encode(x=alt.X("daily:Q", **x), text="text:N")
    most, people = shown["text"][0], max(shown["observed"].to_list())
    return finish(
        alt.layer(limits, dots, words).properties(width=440, height=46 * shown.height),
        title=f"One rule alone flags {most} of {passengers:,.0f} people a day who mean no harm",
        title_ko=f"규칙 하나에만 하루 {passengers:,.0f}명 가운데 나쁜 뜻 없는 {most}명이 걸린다",
        source=f"{source}; {people:,} people 명; {PERCENT} by person",
        simulated=simulated,
        description="People flagged falsely a day at the thresholds chosen here: "
        + plain(each_row(shown, "{name}: {text}")),
    )


def _shown(
    daily: pl.DataFrame, names: Mapping[str, tuple[str, str]], without_limits: Collection[str]
) -> pl.DataFrame:
    """Return the rows drawn, most flags first, with `name` and `text`."""
    rows = daily.filter(pl.col("rule").is_in(list(names))).drop_nulls("daily")
    said = []
    for row in rows.iter_rows(named=True):
        at = f"({row['threshold']:g} {row['unit'].replace('ratio', '×')})"
        english, korean = (f"{each} {at}" for each in names[row["rule"]])
        said.append((both(english, korean), f"{float(format(row['daily'], '.2g')):,.0f}"))
    limited = ~pl.col("rule").is_in(list(without_limits))
    return rows.with_columns(
        pl.Series("name", [name for name, _ in said], dtype=pl.String),
        pl.Series("text", [text for _, text in said], dtype=pl.String),
        *(pl.when(limited).then(each).alias(each) for each in ("daily_low", "daily_high")),
    ).sort("daily", "rule", descending=[True, False])
