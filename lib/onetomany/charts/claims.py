"""Who said what when, and where it collides: a row for each question, a dot for each answer."""

from __future__ import annotations

import textwrap

import altair as alt
import polars as pl

from .theme import BLUE, GREY, INK, ORANGE, RED, Finished, finish

WIDTH = 760
UNKNOWN = "? 모름"
# the three dates of a thing: column, words at its head, shape, colour
_DATES = [
    ("event_date", "● event 일", "circle", BLUE),
    ("document_date", "■ written 기록", "square", GREY),
    ("disclosure_date", "▶ public 공개", "triangle-right", ORANGE),
]
COLLIDES, STANDS = "contradicted 어긋남", "not contradicted 어긋나지 않음"
_SHORT = {
    "yes": "yes 예",
    "no": "no 아니오",
    "access only": "access only 접근만",
    "records": "건",
    "persons": "명",
    "firms": "firms 기업",
    "consortia": "consortia 컨소시엄",
    "KRW": "KRW 원",
}


def said_when(claims: pl.DataFrame, found: pl.DataFrame, topics: pl.DataFrame) -> Finished:
    """Claims on contested topics by the date at which the public could read them.

    Takes `claim_ledger.ledger`, `contradictions.find` and `claim_ledger.topics`.
    A red dot is contradicted by another; its tooltip says by whom, and cites it. Beside it stand
    the days of what it speaks of, of the document and of its disclosure; ? where none is known.
    """
    shown = (
        _shown(claims, found, topics)
        .sort("topic_row", "when", "claim_id")
        .with_row_index("row")
        .with_columns(
            topic=pl.when(pl.col("topic_row").is_first_distinct()).then(
                pl.col("topic").str.replace("\n", "  ")
            ),
            label=pl.format("{} · {}", "said", "said_by"),
            **{f"{name}_text": pl.col(name).fill_null("?") for name, *_ in _DATES},
        )
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("row:O", axis=None),
        href="source_url:N",
        tooltip=[
            alt.Tooltip("claim_id:N", title="claim 주장"),
            alt.Tooltip("said_by:N", title="said by 말한 곳"),
            alt.Tooltip("said:N", title="value 값"),
            *(alt.Tooltip(f"{name}_text:N", title=head) for name, head, *_ in _DATES),
            alt.Tooltip("source:N", title="source 출처"),
            alt.Tooltip("against:N", title="against 맞선 주장"),
            alt.Tooltip("source_url:N", title="URL"),
        ],
    )
    dots = base.mark_circle(size=70, opacity=1).encode(
        x=alt.X(
            "when:T",
            title="made public 공개된 날",
            scale=alt.Scale(
                domain=[alt.DateTime(year=2016), alt.DateTime(year=2027)], range=[290, 410]
            ),
            axis=alt.Axis(values=[f"{year}-01-01" for year in (2018, 2022, 2026)], format="%Y"),
        ),
        color=alt.Color(
            "state:N",
            title=None,
            scale=alt.Scale(domain=[COLLIDES, STANDS], range=[RED, BLUE]),
            legend=alt.Legend(orient="top"),
        ),
    )
    topic = base.transform_filter("datum.topic").mark_text(align="left", fontWeight=600)
    rules = (
        base.transform_filter("datum.topic")
        .mark_rule(color=GREY, opacity=0.35)
        .encode(
            x=alt.value(0), x2=alt.value(WIDTH + 180), y=alt.Y("row:O", axis=None, bandPosition=0)
        )
    )
    words = base.mark_text(align="left").encode(x=alt.value(662), text="label:N")
    columns = [
        base.mark_text(align="left", fontSize=10, color=GREY).encode(
            x=alt.value(426 + 78 * place), text=f"{name}_text:N"
        )
        for place, (name, *_) in enumerate(_DATES)
    ]
    heads = [
        alt.Chart(pl.DataFrame({"head": [head.split(" ", 1)[1]]}))
        .mark_text(align="left", fontSize=10, fontWeight=600, color=GREY)
        .encode(x=alt.value(426 + 78 * place), y=alt.value(-9), text="head:N")
        for place, (_, head, *_) in enumerate(_DATES)
    ]
    layers = [rules, dots, *columns, *heads, topic.encode(x=alt.value(0), text="topic:N"), words]
    clash = found.filter("contradiction")
    officials = clash.filter(between="officials").height
    return finish(
        alt.LayerChart(layer=layers, width=WIDTH, height=alt.Step(19)),
        title="Who said what when, and what it collides with",
        title_ko="누가 언제 무엇을 말했고 무엇과 어긋나는가",
        source="claims.csv, as read in propositions.csv; a citation in each tooltip 점마다 출처",
        description=f"{shown.height} claims on {shown['topic_row'].n_unique()} questions at the "
        f"date at which they became public; {officials} pairs of official statements contradict "
        f"each other, and {clash.height - officials} other pairs.",
    )


def matrix(claims: pl.DataFrame, found: pl.DataFrame, topics: pl.DataFrame) -> Finished:
    """Source by question: what each source says on each, red where another contradicts it.

    Takes what `said_when` takes. Of several claims of a source on one question all are written.
    """
    shown = (
        _shown(claims, found, topics)
        .sort("claim_id")
        .group_by("said_by", "topic", "topic_row", maintain_order=True)
        .agg(
            pl.col("said").unique(maintain_order=True).str.join(" / "),
            pl.col("claim_id", "against").drop_nulls().str.join("; "),
            pl.col("source_url").first(),
            collides=(pl.col("state") == COLLIDES).any(),
        )
        .with_columns(
            state=pl.when("collides").then(pl.lit(COLLIDES)).otherwise(pl.lit(STANDS)),
        )
    )
    shown = shown.with_columns(label=pl.Series([_two_lines(said) for said in shown["said"]]))
    order = shown.group_by("said_by").len().sort("len", "said_by", descending=[True, False])
    names = shown.unique("topic").sort("topic_row")["topic"].to_list()
    base = alt.Chart(shown).encode(
        x=alt.X(
            "said_by:N",
            sort=order["said_by"].to_list(),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-35, labelLimit=170, labelAlign="left"),
        ),
        y=alt.Y(
            "topic:N",
            sort=names,
            title=None,
            axis=alt.Axis(labelExpr="split(datum.label, '\\n')", labelLimit=230),
        ),
        href="source_url:N",
        tooltip=[
            alt.Tooltip("claim_id:N", title="claims 주장"),
            alt.Tooltip("said_by:N", title="said by 말한 곳"),
            alt.Tooltip("said:N", title="value 값"),
            alt.Tooltip("against:N", title="against 맞선 주장"),
            alt.Tooltip("source_url:N", title="URL"),
        ],
    )
    cells = base.mark_rect(stroke="#ffffff", strokeWidth=2, opacity=0.85).encode(
        color=alt.Color(
            "state:N",
            title=None,
            scale=alt.Scale(domain=[COLLIDES, STANDS], range=["#f4c7c3", "#dbe9f4"]),
            legend=alt.Legend(orient="bottom"),
        )
    )
    # two lines begin half a line higher than one
    words = [
        base.transform_filter(f"indexof(datum.label, '\\n') {holds} 0")
        .mark_text(
            fontSize=9,
            lineHeight=11,
            lineBreak="\n",
            dy=dy,
            color=INK,
            limit=alt.expr("bandwidth('x')"),
        )
        .encode(text="label:N")
        for holds, dy in (("<", 0), (">", -5))
    ]
    return finish(
        alt.LayerChart(layer=[cells, *words], width=80 * order.height, height=34 * len(names)),
        title="Source by question",
        title_ko="출처별, 물음별 주장",
        source="claims.csv, as read in propositions.csv; a citation in each tooltip 칸마다 출처",
        description=f"{shown.height} cells for {order.height} sources and {len(names)} questions; "
        f"{shown['collides'].sum()} of them hold a claim that another contradicts.",
    )


def _two_lines(said: str) -> str:
    """What fits into a narrow cell; the tooltip has the whole."""
    short = said.replace("over ", "> ").replace("at least ", "≥ ").replace("/", "/ ")
    lines = textwrap.wrap(
        short,
        10,
        max_lines=2,
        placeholder="…",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def three_dates(items: pl.DataFrame) -> Finished:
    """When each thing happened, was written down and came out: three marks joined by a line.

    Takes `claims.timeline.THREE_DATES`. The dates stand beside it as three columns. One that
    isn't known is written as such and has no mark; the line is then broken.
    """
    shown = items.with_row_index("row").with_columns(
        begins=pl.min_horizontal("event_from", "document_from", "disclosed_from").cast(pl.Datetime),
        ends=pl.max_horizontal("event_from", "document_from", "disclosed_from").cast(pl.Datetime),
        english=pl.col("what").str.split("\n").list.first(),
        korean=pl.col("what").str.split("\n").list.get(1, null_on_oob=True),
        known=pl.all_horizontal(pl.col(name).is_not_null() for name, *_ in _DATES),
        **{f"{name}_text": pl.col(name).fill_null(UNKNOWN) for name, *_ in _DATES},
        event=pl.col("event_from").cast(pl.Datetime),
        document=pl.col("document_from").cast(pl.Datetime),
        disclosed=pl.col("disclosed_from").cast(pl.Datetime),
    )
    base = alt.Chart(
        shown.drop("event_from", "event_to", "document_from", "disclosed_from")
    ).encode(
        y=alt.Y("row:O", axis=None),
        href="url:N",
        tooltip=[
            alt.Tooltip("what:N", title="what 내용"),
            *(alt.Tooltip(f"{name}_text:N", title=head) for name, head, *_ in _DATES),
            alt.Tooltip("days_later:Q", title="days to this source 이 출처까지 일수"),
            alt.Tooltip("url:N", title="URL"),
        ],
    )
    scale = alt.Scale(range=[262, 540], nice="year")
    axis = alt.Axis(format="%Y", tickCount=6, orient="top")
    lines = base.mark_rule(color=GREY, strokeWidth=1.5).encode(
        x=alt.X("begins:T", title=None, scale=scale, axis=axis),
        x2="ends:T",
        strokeDash=alt.StrokeDash(
            "known:N", scale=alt.Scale(domain=[True, False], range=[[1, 0], [3, 3]]), legend=None
        ),
    )
    # of different sizes, so that all three are seen where they fall on one day
    sizes = [("document", 150), ("event", 80), ("disclosed", 34)]
    drawn = {name.split("_")[0].replace("disclosure", "disclosed"): rest for name, *rest in _DATES}
    marks = [
        base.mark_point(
            filled=True, size=size, opacity=1, shape=drawn[column][1], color=drawn[column][2]
        ).encode(x=alt.X(f"{column}:T", scale=scale))
        for column, size in sizes
    ]
    texts, heads = [], []
    for place, (name, head, _, colour) in enumerate(_DATES):
        at = alt.value(86 * place)
        texts.append(
            base.mark_text(align="left", fontSize=10).encode(
                x=at,
                text=f"{name}_text:N",
                color=alt.condition(
                    f"datum.{name}_text == '{UNKNOWN}'", alt.value(RED), alt.value(INK)
                ),
            )
        )
        heads.append(
            alt.Chart(pl.DataFrame({"head": [head]}))
            .mark_text(align="left", fontSize=11, fontWeight=600, color=colour)
            .encode(x=at, y=alt.value(-9), text="head:N")
        )
    at = alt.value(560)
    words = [
        base.transform_filter(f"{sign}isValid(datum.korean)")
        .mark_text(align="left", fontSize=11, dy=dy, limit=520)
        .encode(x=at, text="english:N")
        for sign, dy in (("", -6), ("!", 0))
    ]
    words.append(
        base.transform_filter("isValid(datum.korean)")
        .mark_text(align="left", fontSize=10, dy=7, color=GREY)
        .encode(x=at, text="korean:N")
    )
    return finish(
        alt.LayerChart(
            layer=[lines, *marks, *texts, *heads, *words], width=WIDTH, height=alt.Step(28)
        ),
        title="Three dates: it happened, it was written down, it could be read",
        title_ko="세 날짜: 일어난 날, 기록된 날, 읽을 수 있게 된 날",
        source="timeline.csv and propositions.csv; each by the source cited 인용한 출처 기준",
        description=f"{shown.height} things with their three dates; "
        f"{shown.filter(~pl.col('known')).height} lack at least one.",
    )


def _shown(claims: pl.DataFrame, found: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """The claims on topics in words, each with those that contradict it."""
    bad = found.filter("contradiction")
    sides = [
        bad.select(
            claim_id=f"claim_{one}",
            against=pl.format("{} {}", f"claim_{other}", f"said_by_{other}"),
        )
        for one, other in (("a", "b"), ("b", "a"))
    ]
    against = pl.concat(sides).group_by("claim_id").agg(pl.col("against").sort().str.join(", "))
    millions = (pl.col("number") / 1e6).round(2).cast(pl.String).str.strip_suffix(".0")
    size = (
        pl.when(pl.col("number") >= 1e9)
        .then((pl.col("number") / 1e9).cast(pl.String).str.strip_suffix(".0") + " bn")
        .when(pl.col("number") >= 1e6)
        .then(millions + " m")
        .otherwise(pl.col("number").cast(pl.String).str.strip_suffix(".0"))
    )
    how = pl.col("value").str.extract(r"^([a-z ]+) \d").fill_null("")
    number = pl.concat_str(how, pl.lit(" "), size, pl.lit(" "), pl.col("unit").replace(_SHORT))
    answer = pl.when(unit="answer").then(pl.col("value").replace(_SHORT)).otherwise("value")
    said = pl.when(pl.col("number").is_not_null()).then(number.str.strip_chars()).otherwise(answer)
    rows = topics.with_row_index("topic_row").with_columns(
        topic=pl.format("{}\n{}", "topic_en", "topic_ko")
    )
    return (
        claims.join(rows, on=["subject", "attribute"], how="inner")
        .join(against, on="claim_id", how="left")
        .with_columns(
            said=said,
            when=(pl.col("disclosure_date") + "-01-01")
            .str.head(10)
            .str.to_date()
            .cast(pl.Datetime),
            state=pl.when(pl.col("against").is_not_null())
            .then(pl.lit(COLLIDES))
            .otherwise(pl.lit(STANDS)),
        )
    )


def named(mentions: pl.DataFrame, *, documents: int, specimens: bool) -> Finished:
    """What is mentioned in most documents: `for_example`, `normal`, `documents` of each."""
    shown = mentions.with_columns(row=pl.format("{} · {}", "for_example", "normal"))
    base = alt.Chart(shown).encode(
        x=alt.X("documents:Q", title="documents 문서 수", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("row:N", title=None, sort=None, axis=alt.Axis(labelLimit=420)),
    )
    bars = base.mark_bar(color=BLUE, opacity=0.85)
    counts = base.mark_text(align="left", dx=4).encode(text="documents:Q")
    return finish(
        alt.LayerChart(layer=[bars, counts], width=420, height=alt.Step(22)),
        title="What the documents name most",
        title_ko="문서에 가장 많이 나오는 것",
        source=f"This run; {documents} documents 건",
        description=f"{shown.height} bars, longest first, of {documents} documents.",
        simulated="specimens made from sourced facts, no original document 원본이 아닌 견본"
        if specimens
        else None,
    )
