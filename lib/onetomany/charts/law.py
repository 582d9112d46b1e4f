"""Draw when each version of a provision was in force, beside the events of the case."""

import altair as alt
import polars as pl

from .axes import legend_color, names_axis
from .columns import either, in_order
from .languages import both
from .marks import mark, on_dark
from .theme import BLUE, GREY, INK, ORANGE, RED, SKY, Finished, finish

WIDTH = 560
NAMED, OTHER = "somebody named it 누군가 근거로 든 조문", "not named 근거로 들지 않은 조문"
_FIRST, _LAST = (2010, 1), (2027, 10)
_YEARS = alt.Scale(
    domain=[
        alt.DateTime(year=_FIRST[0], month=_FIRST[1]),
        alt.DateTime(year=_LAST[0], month=_LAST[1]),
    ]
)
_TIPS = [
    alt.Tooltip("row:N", title="provision 조문"),
    alt.Tooltip("version:Q", title="version 판"),
    alt.Tooltip("span:N", title="in force 시행"),
    alt.Tooltip("act:N", title="by 법령"),
    alt.Tooltip("promulgated:T", title="promulgated 공포", format="%Y-%m-%d"),
    alt.Tooltip("gist_en:N", title="gist"),
    alt.Tooltip("gist_ko:N", title="요지"),
    alt.Tooltip("note_en:N", title="how known"),
    alt.Tooltip("note_ko:N", title="확인"),
    alt.Tooltip("confidence:N", title="confidence 신뢰도"),
    alt.Tooltip("source:N", title="source 출처"),
]
_LAWS = {
    "pipa": "PIPA 개인정보 보호법",
    "pipa-decree": "PIPA Decree 같은 법 시행령",
    "immigration": "Immigration Act 출입국관리법",
}
# the four events that are drawn as lines: strand, date, words, colour
_EVENTS = [
    ("project", "2019-04-30", "agreed\n협약", ORANGE),
    ("disclosure", "2021-10-20", "made public\n공개", RED),
    ("oversight", "2022-04-27", "commission\n위원회 의결", INK),
    ("court", "2026-02-26", "Court\n헌재", INK),
]


def provisions_chart(
    provisions: pl.DataFrame, events: pl.DataFrame, relied: pl.DataFrame
) -> Finished:
    """Draw a bar for each version of a provision, with the project and four events.

    Takes `load_provisions` and `reliances_in_force` of `claims.law`, and `case.case_timeline`. A
    question mark precedes a bar if only its latest possible start is known. A star marks a start
    that was only calculated.
    """
    project = relied.select(pl.col("acts_from", "acts_to").drop_nulls()).head(1)
    named = set(relied["provision"])
    shown = _bars(provisions, named)
    rows, others = in_order(shown, "row"), OTHER in set(shown["named"])
    y = names_axis("row", rows, labelLimit=330, ticks=False, domain=False)
    base = alt.Chart(shown).encode(y=y, href="url:N", tooltip=_TIPS)
    band = (
        alt.Chart(project.with_columns(pl.col("acts_from", "acts_to").cast(pl.Datetime)))
        .mark_rect(color=ORANGE, opacity=0.16)
        .encode(x=alt.X("acts_from:T", scale=_YEARS), x2="acts_to:T")
    )
    marks = _marks(events)
    layers = [
        band,
        _versions(base, others=others),
        _event_lines(marks),
        *_starts(base),
        *(_below(marks, place, 26 * len(rows) + 4) for place in range(len(_EVENTS))),
    ]
    (begun, over), every = project.row(0), len(rows)
    of = relied["provision"].n_unique()
    new = relied.filter(pl.col("days_before") > 0)["provision"].n_unique()
    title, title_ko = _title(every, of, new, others=others)
    return finish(
        alt.LayerChart(layer=layers, width=WIDTH, height=alt.Step(26)),
        title=title,
        title_ko=title_ko,
        source=both(
            "the statutes, cited in each tooltip; * counted, no second source; ? start unknown",
            "법률과 부칙, 막대마다 인용. *는 부칙으로 계산한 시행일, ?는 시행일 모름",
        ),
        description=f"{every} provisions with their versions from 2010 to 2027; "
        f"the project from {begun} to {over} as a band. Of those that somebody named, "
        f"{new} came into force after it had begun.",
    )


def _title(every: int, of: int, new: int, *, others: bool) -> tuple[str, str]:
    """Return the title: how many were named and are new, also of those that nobody named."""
    if others:
        return (
            f"Of {every} provisions {of} were named; {new} of these came after the beginning",
            f"조항 {every}개 가운데 {of}개가 거론되었고, 그중 {new}개는 사업 시작 뒤에 시행되었다",
        )
    return (
        f"{new} of {of} provisions that were named came into force after the project began",
        f"거론된 조항 {of}개 가운데 {new}개는 사업이 시작된 뒤에 시행되었다",
    )


def _versions(base: alt.Chart, *, others: bool) -> alt.Chart:
    """Return a bar for each version, from its start to its end."""
    look = {"cornerRadius": 2, "clip": True, "stroke": "#ffffff", "strokeWidth": 1.5}
    axis = alt.Axis(format="%Y", tickCount="year", grid=True, orient="top")
    return mark(base, "bar", height=13, **look).encode(
        x=alt.X("begins:T", title=None, scale=_YEARS, axis=axis),
        x2="ends:T",
        color=legend_color(
            "named:N", [NAMED, OTHER], [BLUE, SKY], orient="bottom", offset=52, shown=others
        ),
        opacity=alt.Opacity("shade:Q", scale=None),
    )


def _starts(base: alt.Chart) -> list[alt.Chart]:
    """Return the first day of each version: in its bar, or a question mark if it may be earlier."""
    begins = alt.X("begins:T", scale=_YEARS)
    unknown = base.transform_filter("datum.from_how == 'at latest'").mark_text(
        text="?", align="right", dx=-4, fontWeight=700, color=GREY
    )
    starts = base.transform_filter("datum.from_how != 'at latest' && datum.start").mark_text(
        align="left", dx=5, fontSize=9, clip=True
    )
    return [
        unknown.encode(x=begins),
        starts.encode(x=begins, text="start:N", color=on_dark(f"datum.named == '{NAMED}'")),
    ]


def _event_lines(marks: pl.DataFrame) -> alt.Chart:
    """Return a dashed line on the day of each event."""
    return mark(marks, "rule", strokeDash=[4, 3]).encode(
        x=alt.X("when:T", scale=_YEARS),
        color=alt.Color("colour:N", scale=None),
        tooltip=[
            alt.Tooltip("date:N", title="date 날짜"),
            alt.Tooltip("event_en:N", title="event"),
            alt.Tooltip("event_ko:N", title="사건"),
        ],
    )


def _below(marks: pl.DataFrame, place: int, below: int) -> alt.Chart:
    """Return the label of one event under its line, in two rows and on two sides.

    The lines are close together: labels of the first two events are on the left of their lines,
    and those of the second and the fourth a row lower.
    """
    left, low = place < 2, place % 2
    return mark(
        marks.filter(strand=_EVENTS[place][0]),
        "text",
        align="right" if left else "left",
        dx=-4 if left else 4,
        fontSize=10,
        lineBreak="\n",
        baseline="top",
    ).encode(
        x=alt.X("when:T", scale=_YEARS),
        y=alt.value(below + 14 * low),
        text="label:N",
        color=alt.Color("colour:N", scale=None),
    )


def _bars(provisions: pl.DataFrame, named: set[str]) -> pl.DataFrame:
    """Return the versions in drawing order: by law, provisions that somebody named first."""
    order = {law: place for place, law in enumerate(_LAWS)}
    known = pl.col("in_force_to").is_not_null()
    return (
        provisions.with_columns(
            row=pl.format("{} {}", pl.col("law").replace(_LAWS), "article"),
            begins=pl.col("in_force_from").cast(pl.Datetime),
            ends=pl.when(known)
            .then(pl.col("in_force_to") + pl.duration(days=1))
            .otherwise(pl.date(_LAST[0], _LAST[1], 1))
            .cast(pl.Datetime),
            # too short a bar has no room for its date
            start=pl.when(
                ~known | (pl.col("in_force_to") - pl.col("in_force_from") > pl.duration(days=1600))
            ).then(
                pl.col("in_force_from").cast(pl.String)
                + either(pl.col("confidence") == "C", "*", "")
            ),
            span=pl.format(
                "{} – {}", "in_force_from", pl.col("in_force_to").cast(pl.String).fill_null("…")
            ),
            named=either(pl.col("provision").is_in(list(named)), NAMED, OTHER),
            shade=pl.when(pl.col("version") % 2 == 1).then(0.95).otherwise(0.7),
        )
        .sort(
            pl.col("law").replace_strict(order, default=9),
            pl.col("article").str.extract(r"^(\d+)").cast(pl.Int64),
            pl.col("article").str.extract(r"-(\d+)").cast(pl.Int64),
            "article",
            "version",
        )
        .drop("months", "law", "article")
    )


def _marks(events: pl.DataFrame) -> pl.DataFrame:
    """Return the four events drawn as lines, with their labels."""
    lines = pl.DataFrame(_EVENTS, schema=["strand", "date", "label", "colour"], orient="row")
    return events.join(lines, on=["strand", "date"]).select(
        *lines.columns, "event_en", "event_ko", pl.col("when").cast(pl.Datetime)
    )
