"""Draw requests over time: events, deadlines and delays."""

import datetime as dt

import altair as alt
import polars as pl

from .axes import names_axis
from .columns import each_row, either, in_order
from .languages import both, both_columns
from .marks import mark
from .theme import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SKY, Finished, finish

LATE, RUNNING, IN_TIME = "late 늦음", "running 진행 중", "in time 기한 내"
# event -> label of its dot; several events share one, for a readable number of colours
_KINDS = {
    "received": "received 접수",
    "extended": "extended 연장",
    "answered": "answered 공개",
    "partly": "in part 부분 공개",
    "refused": "refused 비공개",
    "not_held": "refused 비공개",
    "appealed": "appealed 불복",
    "complained": "appealed 불복",
    "sued": "appealed 불복",
}
_COLOURS = {
    "received 접수": INK,
    "extended 연장": SKY,
    "answered 공개": GREEN,
    "in part 부분 공개": BLUE,
    "refused 비공개": ORANGE,
    "appealed 불복": PURPLE,
}
_WHOSE = {"body": "the body 기관", "requester": "the requester 청구인"}
_WIDTH = 460
_TWO_ROWS = {"labelExpr": "split(datum.label, '\\n')", "labelLimit": 380}


def request_timeline_chart(
    events: pl.DataFrame,
    due: pl.DataFrame,
    titles: pl.DataFrame,
    *,
    today: dt.date,
    simulated: str | None = None,
) -> Finished:
    """Draw each request's events and deadlines from its receipt.

    Takes `requests.status.events`, `requests.status.due` and `titles` (request, title_en,
    title_ko). A bar runs from receipt to the first decision, or to `today`; it is red after the
    deadline. Hollow marks are deadlines, orange if they bind the requester; none is drawn after a
    full answer.
    """
    order = in_order(events.filter(event="received").sort("date", "request"), "request")
    rows = titles.filter(pl.col("request").is_in(order)).select(
        "request", row=pl.format("{}\n{}", "title_en", "title_ko")
    )
    names = [rows.filter(request=name)["row"].item() for name in order]
    kind = pl.col("event").replace_strict(_KINDS, default=None)
    dots = events.join(rows, on="request").with_columns(pl.col("date").cast(pl.Datetime), kind=kind)
    dots = dots.drop_nulls("kind")
    bars, marks = _bars(due, rows, today), _deadlines(events, due, rows)
    y = names_axis("row", names, **_TWO_ROWS)
    day = pl.DataFrame({"date": [dt.datetime.combine(today, dt.time())]})
    this_day = mark(day, "rule", color=GREY, strokeDash=[4, 3]).encode(
        x="date:T", tooltip=[alt.Tooltip("date:T", title="today 오늘")]
    )
    layers = [
        *(each.encode(y=y) for each in (_spans(bars), _limits(marks), _events(dots))),
        this_day,
    ]
    late = bars.filter(state=LATE)["row"].n_unique()
    chart = alt.LayerChart(layer=layers, width=_WIDTH, height=alt.Step(44)).resolve_scale(
        color="independent", fill="independent", stroke="independent"
    )
    return finish(
        chart,
        title=f"{len(order)} requests as of {today}: {late} decisions late",
        title_ko=f"{today} 기준 청구 {len(order)}건, 결정이 늦은 것 {late}건 (점선은 기준일)",
        source="the log of this run 이번 실행의 기록; laws in data_requests/laws 법령 자료",
        description=f"{len(order)} requests as bars from receipt to decision, with {dots.height} "
        f"events and {marks.height} deadlines; {late} decisions came late or are late.",
        simulated=simulated,
    )


def _deadlines(events: pl.DataFrame, due: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the deadlines that are drawn: of decisions, and of open steps."""
    full = events.filter(event="answered")["request"].to_list()  # no appeal is needed
    open_ = pl.col("done").is_null() & ~pl.col("request").is_in(full)
    return (
        due.filter((pl.col("step") == "decision") | open_)
        .filter((pl.col("limit") == "latest") & pl.col("whose").is_in(list(_WHOSE)))
        .join(rows, on="request")
        .select(
            *("row", "label_en", "label_ko", "rule_en", "rule_ko", "state"),
            date=pl.col("due").cast(pl.Datetime),
            whose=pl.col("whose").replace_strict(_WHOSE),
        )
    )


def _spans(bars: pl.DataFrame) -> alt.Chart:
    """Return a bar from receipt to decision, red after the deadline."""
    colours = alt.Scale(domain=[IN_TIME, RUNNING, LATE], range=["#b9cfe4", "#d6d9de", RED])
    return mark(bars, "bar", height=9).encode(
        x=alt.X("start:T", title="date 날짜", axis=alt.Axis(format="%Y-%m-%d", tickCount=5)),
        x2="end:T",
        color=alt.Color("state:N", title="bar 막대", scale=colours),
        tooltip=["row:N", "state:N", "start:T", "end:T"],
    )


def _limits(deadlines: pl.DataFrame) -> alt.Chart:
    """Return a hollow mark for each deadline, its colour by whom it binds."""
    colours = alt.Scale(domain=list(_WHOSE.values()), range=[INK, ORANGE])
    hollow = {"shape": "diamond", "filled": False, "opacity": alt.Undefined, "strokeWidth": 2}
    return mark(deadlines, "point", size=90, **hollow).encode(
        x="date:T",
        stroke=alt.Stroke("whose:N", title="due by 이행 주체", scale=colours),
        tooltip=["label_en:N", "label_ko:N", "date:T", "state:N", "rule_en:N", "rule_ko:N"],
    )


def _events(events: pl.DataFrame) -> alt.Chart:
    """Return a dot for each event, its colour by kind."""
    colours = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    return mark(events, "circle", size=80, opacity=1).encode(
        x="date:T",
        fill=alt.Fill("kind:N", title="event 사건", scale=colours),
        tooltip=["kind:N", "date:T", "note:N"],
    )


def _span_of_days() -> pl.Expr:
    """Return "30 to 90 days or more" in both languages, from `days`, `most` and `open`."""
    extended = pl.col("most") > pl.col("days")
    english, korean = (
        pl.when(extended).then(pl.format(span, "days", "most")).otherwise(pl.format(one, "days"))
        + either("open", more, "")
        for span, one, more in (
            ("{} to {} days", "{} days", " or more"),
            ("{}~{}일", "{}일", " 이상"),
        )
    )
    return both_columns(english, korean)


def waits_chart(found: pl.DataFrame, *, received: dt.date) -> Finished:
    """Draw the days that each law allows for a decision.

    Takes a row for each procedure: `name_en`, `name_ko`, `due`, `longest` (with every extension of
    fixed length), `open` (there is another extension), `rule_en`, `rule_ko`, `verified`.
    """
    shown = found.with_columns(
        # two lines for a long name: the axis would cut one line
        row=both_columns(pl.col("name_en").str.replace(": ", ":\n"), "name_ko", "\n"),
        days=(pl.col("due") - pl.lit(received)).dt.total_days(),
        most=(pl.col("longest") - pl.lit(received)).dt.total_days(),
    ).with_columns(label=_span_of_days())
    by_law, most = shown["days"].to_list(), max(shown["most"].to_list())
    least, longest = min(by_law), max(by_law)
    base = alt.Chart(shown).encode(
        y=names_axis("row", alt.EncodingSortField("days"), **_TWO_ROWS),
        tooltip=["row:N", "due:T", "longest:T", "rule_en:N", "rule_ko:N", "verified:N"],
    )
    x = alt.X("days:Q", title="calendar days from receipt 접수일부터의 날수")
    layers = [
        base.mark_bar(color=BLUE, opacity=0.85, height=14).encode(x=x),
        base.mark_bar(color=SKY, opacity=0.6, height=14).encode(x="days:Q", x2="most:Q"),
        base.mark_text(align="left", dx=6).encode(x="most:Q", text="label:N"),
    ]
    return finish(
        alt.LayerChart(layer=layers, width=_WIDTH, height=alt.Step(52)),
        title=f"A request of {received} is due in {least} to {longest} days, in {most} if extended",
        title_ko=f"{received} 접수한 청구의 기한은 {least}~{longest}일, 연장하면 {most}일까지"
        " (옅은 부분은 연장)",
        source=both(
            f"{shown.height} laws of data_requests/laws, counted in this run",
            f"data_requests/laws의 법 {shown.height}개, 이번 실행에서 셈",
        ),
        description=f"A bar for each of {shown.height} laws: days until the decision is due, and "
        "until it is with every extension.",
    )


def lacks_chart(counted: pl.DataFrame) -> Finished:
    """Draw how many claims lack each kind of evidence.

    Takes `requests.gaps.count_lacks`.
    """
    shown = counted.with_columns(
        row=both_columns("what_en", "what_ko"), label=pl.format("{} / {}", "claims", "of")
    )
    most, of = shown.row(0, named=True), int(shown["of"].max())  # type: ignore[arg-type]
    base = alt.Chart(shown).encode(
        x=alt.X("claims:Q", axis=None, scale=alt.Scale(domain=[0, of * 1.15])),
        y=names_axis("row", None, labelLimit=220),
        tooltip=["row:N", "claims:Q", "of:Q"],
    )
    bars = base.mark_bar(color=BLUE, height=18)
    counts = base.mark_text(align="left", dx=5).encode(text="label:N")
    return finish(
        alt.LayerChart(layer=[bars, counts], width=_WIDTH, height=alt.Step(32)),
        title=f"{most['claims']} of {of} claims: {most['what_en']}",
        title_ko=f"주장 {of}개 가운데 {most['claims']}개: {most['what_ko']}",
        source=both(
            "claims.csv of the case and its contradictions, counted in this run",
            "사건 폴더의 claims.csv와 그 모순을 이번 실행에서 셈",
        ),
        description=f"{shown.height} bars: of {of} claims, "
        + each_row(shown, "{claims} {what_en}", ", ")
        + ".",
    )


def _bars(due: pl.DataFrame, rows: pl.DataFrame, today: dt.date) -> pl.DataFrame:
    """Return the bars: receipt to deadline or decision, and the delay after the deadline."""
    first = due.filter(step="decision").with_columns(
        end=pl.coalesce("done", pl.lit(today)), waits=pl.col("done").is_null()
    )
    in_time = first.select(
        "request",
        start="starts",
        end=pl.min_horizontal("end", "due"),
        state=either(pl.col("waits") & (pl.col("end") <= pl.col("due")), RUNNING, IN_TIME),
    )
    late = first.filter(pl.col("end") > pl.col("due")).select(
        "request", start="due", end="end", state=pl.lit(LATE)
    )
    return (
        pl.concat([in_time, late])
        .join(rows, on="request")
        .with_columns(pl.col("start", "end").cast(pl.Datetime))
    )
