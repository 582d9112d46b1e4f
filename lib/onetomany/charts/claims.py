"""Show claims by date and source with their contradictions; draw a chart of mentions."""

from collections.abc import Mapping

import altair as alt
import polars as pl

from .axes import legend_color, names_axis
from .columns import place_of
from .languages import both, both_columns
from .marks import mark
from .presenter import add_korean, table_words
from .reader_table import ReaderTable, TableColumn, TableLine, reader_table, table_column
from .table_formats import written
from .theme import BLUE, GREY, ORANGE, RED, Finished, finish

# who contradicts whom, as `claims.contradictions.BETWEEN` names them, and their colours
_SIDES = {"officials": RED, "officials and others": ORANGE, "others": BLUE, "copies": GREY}
_DATES = [
    TableColumn(heading, (TableLine(name, unknown=True),))
    for name, heading in (
        ("event_date", ("event", "일어난 날")),
        ("document_date", ("written", "기록된 날")),
        ("disclosure_date", ("public", "공개된 날")),
    )
]


def claims_by_topic_table(
    claims: pl.DataFrame,
    found: pl.DataFrame,
    topics: pl.DataFrame,
    *,
    words: Mapping[str, str] | None = None,
) -> ReaderTable:
    """Return the claims on contested topics, by topic and by the day they became public.

    Takes `load_claims`, `find_contradictions` and `load_topics` of `onetomany.claims`; `words`
    gives the Korean of speakers and statements (`sources.case.claim_words`).
    A claim that another contradicts is marked, and the row names the others.
    """
    shown = _shown(claims, found, topics, words).sort(
        "topic_row", "disclosure_date", "claim_id", nulls_last=True
    )
    statement = table_column(
        ("Who said what", "누가 무엇을"),
        TableLine("said", "said_ko", mark="collides"),
        TableLine("said_by", "said_by_ko", link="source_url", label=("said by", "말한 곳")),
        TableLine("against", "against_ko", label=("contradicted by", "어긋나는 주장")),
        wide=True,
    )
    return reader_table(
        shown,
        [*_DATES, statement],
        title=(
            "Who said what when, and which claims contradict each other",
            "누가 언제 무엇을 말했고 무엇과 어긋나는가",
        ),
        status="documented",
        source=("claims.csv of the case", "사건 폴더의 claims.csv"),
        group=("topic_en", "topic_ko"),
    )


def claims_by_source_table(
    claims: pl.DataFrame,
    found: pl.DataFrame,
    topics: pl.DataFrame,
    *,
    words: Mapping[str, str] | None = None,
) -> ReaderTable:
    """Return the answers of each source to each question; contradicted ones are marked.

    Takes the arguments of `claims_by_topic_table`. If a source answers a question more than once,
    its cell has every answer. Sources with the most answers come first.
    """
    shown = (
        _shown(claims, found, topics, words)
        .sort("topic_row", "claim_id")
        .group_by("said_by", "said_by_ko", "topic_en", "topic_ko", maintain_order=True)
        .agg(
            pl.col("said", "said_ko").unique(maintain_order=True).str.join(" / "),
            pl.col("against", "against_ko").drop_nulls().unique(maintain_order=True).str.join(", "),
            pl.col("source_url").first(),
            pl.col("source").first(),
            pl.col("collides").any(),
        )
        .with_columns(
            pl.col("against", "against_ko").replace("", None), answers=pl.len().over("said_by")
        )
        .sort("answers", "said_by", descending=[True, False], maintain_order=True)
    )
    return reader_table(
        shown,
        [
            table_column(("Question", "물음"), "topic_en"),
            table_column(
                ("Answer", "답"), TableLine("said", "said_ko", mark="collides", link="source_url")
            ),
            table_column(("Contradicted by", "어긋나는 주장"), TableLine("against", "against_ko")),
        ],
        title=("What each source says on each question", "출처별, 물음별 주장"),
        status="documented",
        source=("claims.csv of the case", "사건 폴더의 claims.csv"),
        group=("said_by", "said_by_ko"),
    )


def three_dates_table(
    items: pl.DataFrame, *, words: Mapping[str, str] | None = None
) -> ReaderTable:
    """Return when each thing happened, was written down and could be read.

    Takes `claims.timeline.THREE_DATES`; a date that no source gives is said to be unknown.
    """
    lines = pl.col("what").str.split("\n")
    rows = add_korean(items.with_columns(english=lines.list.first()), ["english"], words)
    rows = rows.with_columns(korean=pl.coalesce(lines.list.get(1, null_on_oob=True), "english_ko"))
    what = table_column(
        ("What", "내용"),
        TableLine("english", "korean", link="url"),
        TableLine("days_later", label=("days from the event to this source", "이 출처까지 일수")),
        wide=True,
    )
    return reader_table(
        rows,
        [*_DATES, what],
        title=(
            "Three dates: it happened, it was written down, it could be read",
            "세 날짜: 일어난 날, 기록된 날, 읽을 수 있게 된 날",
        ),
        status="documented",
        source=(
            "events.csv and claims.csv; each by the source cited",
            "events.csv와 claims.csv. 날짜는 인용한 출처 기준",
        ),
    )


def contradictions_by_question_chart(counted: pl.DataFrame) -> Finished:
    """Draw the pairs that can't both be true, by question and by who contradicts whom.

    Takes `claims.contradictions.count_by_question`.
    """
    words = table_words("between")
    sides = {each: f"{words[each][0]} {words[each][1]}" for each in _SIDES}
    shown = counted.with_columns(
        row=both_columns(pl.col("topic_en"), pl.col("topic_ko")),
        side=pl.col("between").replace(sides),
        place=place_of("between", _SIDES),
    )
    total, questions = int(shown["pairs"].sum()), shown["row"].n_unique()
    officials = int(shown.filter(between="officials")["pairs"].sum())
    there = [each for each in _SIDES if each in set(shown["between"])]
    bars = mark(shown, "bar", height=15)
    drawn = bars.encode(
        x=alt.X(
            "pairs:Q", title="pairs of statements 말의 쌍", axis=alt.Axis(tickMinStep=1), stack=True
        ),
        y=names_axis("row", None, labelLimit=260),
        color=legend_color(
            "side:N", [sides[each] for each in there], [_SIDES[each] for each in there], columns=2
        ),
        order="place:Q",
        tooltip=[
            alt.Tooltip("row:N", title="question 물음"),
            alt.Tooltip("side:N", title="between 누구 사이"),
            alt.Tooltip("pairs:Q", title="pairs 쌍"),
        ],
    )
    return finish(
        drawn.properties(width=420, height=alt.Step(24)),
        title=f"{total} contradictions over {questions} questions; {officials} between officials",
        title_ko=f"물음 {questions}개에 모순 {total}쌍, 공적 기관끼리는 {officials}쌍",
        source=both(
            "claims.csv of the case; citations in the tables below",
            "사건 폴더의 claims.csv, 인용은 아래 표에",
        ),
        description=f"{questions} bars, the question with most pairs first, divided by who "
        f"contradicts whom. {officials} of {total} pairs are between officials.",
    )


def _shown(
    claims: pl.DataFrame, found: pl.DataFrame, topics: pl.DataFrame, words: Mapping[str, str] | None
) -> pl.DataFrame:
    """Return the claims on topics in words, with the claims that contradict them."""
    bad = found.filter("contradiction")
    sides = [
        bad.select(
            claim_id=f"claim_{one}",
            against=pl.format("{} {}", f"claim_{other}", f"said_by_{other}"),
        )
        for one, other in (("a", "b"), ("b", "a"))
    ]
    against = pl.concat(sides).group_by("claim_id").agg(pl.col("against").sort().str.join(", "))
    rows = topics.with_row_index("topic_row")
    joined = claims.join(rows, on=["subject", "attribute"], how="inner").join(
        against, on="claim_id", how="left"
    )
    known = table_words()
    said = [
        written(value, "text", known, unit)
        for value, unit in joined.select("value", "unit").iter_rows()
    ]
    shown = joined.with_columns(
        pl.Series("said", [each[0] for each in said], dtype=pl.String),
        pl.Series("said_ko", [each[1] for each in said], dtype=pl.String),
        collides=pl.col("against").is_not_null(),
    )
    return add_korean(shown, ["said_by", "against", "source"], words)


def mentions_chart(mentions: pl.DataFrame, *, documents: int, specimens: bool) -> Finished:
    """Draw the names, dates and sums mentioned in most documents.

    Takes `name_en`, `name_ko` and `documents` of each, the most frequent first.
    """
    alike = pl.col("name_en") == pl.col("name_ko")
    named = both_columns("name_en", "name_ko", " · ")
    shown = mentions.with_columns(row=pl.when(alike).then("name_en").otherwise(named))
    most = max(shown["documents"].to_list(), default=0)
    base = alt.Chart(shown).encode(
        x=alt.X("documents:Q", title="documents 문서 수", axis=alt.Axis(tickMinStep=1)),
        y=names_axis("row", None, labelLimit=420),
    )
    bars = base.mark_bar(color=BLUE, opacity=0.85)
    counts = base.mark_text(align="left", dx=4).encode(text="documents:Q")
    return finish(
        alt.LayerChart(layer=[bars, counts], width=420, height=alt.Step(22)),
        title=f"The most widespread entry is in {most} of {documents} documents",
        title_ko=f"가장 널리 나오는 말은 문서 {documents}건 중 {most}건에 있다",
        source=f"This run; {documents} documents 건",
        description=f"{shown.height} bars, longest first, of {documents} documents.",
        simulated="specimens made from sourced facts, no original document 원본이 아닌 견본"
        if specimens
        else None,
    )
