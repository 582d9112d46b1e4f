"""Who said what when, and where it collides: a row for each question, a dot for each answer."""

from __future__ import annotations

import altair as alt
import polars as pl

from .theme import BLUE, GREY, INK, RED, Finished, finish

WIDTH = 760
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

    Takes `documents.claims.ledger`, `documents.contradictions.find` and `documents.claims.topics`.
    A red dot is contradicted by another; its tooltip says by whom, and cites it.
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
        )
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("row:O", axis=None),
        href="source_url:N",
        tooltip=[
            alt.Tooltip("claim_id:N", title="claim 주장"),
            alt.Tooltip("said_by:N", title="said by 말한 곳"),
            alt.Tooltip("said:N", title="value 값"),
            alt.Tooltip("disclosure_date:N", title="public 공개"),
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
                domain=[alt.DateTime(year=2017), alt.DateTime(year=2027)], range=[250, 420]
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
        .encode(x=alt.value(0), x2=alt.value(WIDTH), y=alt.Y("row:O", axis=None, bandPosition=0))
    )
    words = base.mark_text(align="left").encode(x=alt.value(436), text="label:N")
    layers = [rules, dots, topic.encode(x=alt.value(0), text="topic:N"), words]
    count = found.filter("contradiction").height
    return finish(
        alt.LayerChart(layer=layers, width=WIDTH, height=alt.Step(19)),
        title="Who said what when, and what it collides with",
        title_ko="누가 언제 무엇을 말했고 무엇과 어긋나는가",
        source="claims.csv, as read in propositions.csv; a citation in each tooltip 점마다 출처",
        description=f"{shown.height} claims on {shown['topic_row'].n_unique()} questions at the "
        f"date at which they became public; {count} pairs of claims contradict each other.",
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
            label=pl.when(pl.col("said").str.len_chars() > 26)
            .then(pl.col("said").str.head(25) + "…")
            .otherwise("said"),
        )
    )
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
    words = base.mark_text(fontSize=9, color=INK, limit=78).encode(text="label:N")
    return finish(
        alt.LayerChart(layer=[cells, words], width=80 * order.height, height=34 * len(names)),
        title="Source by question",
        title_ko="출처별, 물음별 주장",
        source="claims.csv, as read in propositions.csv; a citation in each tooltip 칸마다 출처",
        description=f"{shown.height} cells for {order.height} sources and {len(names)} questions; "
        f"{shown['collides'].sum()} of them hold a claim that another contradicts.",
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
