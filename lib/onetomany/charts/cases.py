"""The tables of a case's chapter: events, contradictions, missing documents, figures, law."""

from collections.abc import Mapping

import polars as pl

from .presenter import add_korean, present_table, table_words
from .reader_table import ReaderTable, TableColumn, TableLine, Words, reader_table
from .table_formats import written

_QUOTED = (
    "the ledger of claims; words in quotation marks are the source's, the others ours",
    "주장의 장부. 따옴표 안은 출처의 말 그대로이고, 나머지는 우리가 줄인 말",
)
_IN_OUR_WORDS = (
    "the ledger of claims; no original is in the case file, so the words are ours",
    "주장의 장부. 원문이 사건 파일에 없어 우리가 줄인 말로 적음",
)


def case_events_table(events: pl.DataFrame) -> ReaderTable:
    """Return the events of a case folder in order, each with its source."""
    return present_table(
        _in_both(events, "event"),
        ("Events in order", "있었던 일, 순서대로"),
        status="documented",
        columns=["date", "event_en", "publisher", "confidence"],
    )


def contradiction_pairs_table(
    pairs: pl.DataFrame,
    title: Words = ("Statements that can't both be true", "함께 참일 수 없는 말"),
) -> ReaderTable:
    """Return contradictions as two columns: each side's words, speaker and source.

    Takes `claims.contradictions.word_pairs`. The question and who contradicts whom are a heading
    above the two sides. A quote is in quotation marks; words
    without them are the kit's, and the foot says so. Document and page are given if the source is
    in the case file.
    """
    shown = _with_headings(pairs)
    for side in "ab":
        shown = _one_side(shown, side)
    quoted = sum(shown[f"quote_{side}"].is_not_null().sum() for side in "ab")
    return reader_table(
        shown,
        [
            TableColumn(("One says", "한쪽의 말"), _cited("a"), wide=True),
            TableColumn(("Another says", "다른 쪽의 말"), _cited("b"), wide=True),
        ],
        title=title,
        status="documented",
        source=_QUOTED if quoted else _IN_OUR_WORDS,
        group=("about_en", "about_ko"),
    )


def _with_headings(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add a pair's heading in both languages: question, sides and, if it says more, kind."""
    between, kinds = (
        {word: english for word, (english, _) in table_words(column).items()}
        for column in ("between", "kind")
    )
    shown = add_korean(pairs, ["between", "kind", "source_a", "source_b"]).with_columns(
        between_en=pl.col("between").replace(between), kind_en=pl.col("kind").replace(kinds)
    )
    return shown.with_columns(
        pl.when(pl.col("kind") == "value")
        .then(pl.format("{} · {}", f"topic_{code}", f"between_{code}"))
        .otherwise(pl.format("{} · {} · {}", f"topic_{code}", f"between_{code}", f"kind_{code}"))
        .alias(f"about_{code}")
        for code in ("en", "ko")
    )


def _one_side(pairs: pl.DataFrame, side: str) -> pl.DataFrame:
    """Add the texts of one side's cell: its words, how they were read, and the citation."""
    values = pairs.select(f"value_{side}", f"unit_{side}").iter_rows()
    read = [written(value, "text", table_words(), unit) for value, unit in values]
    # some ledgers write quotation marks, others none
    quote, page = pl.col(f"quote_{side}").str.strip_chars('"“” '), pl.col(f"page_{side}")
    document = pl.col(f"document_{side}").str.head(12)
    day = pl.format(", {}", f"date_{side}").fill_null("")
    made = {f"by_ko_{side}": pl.coalesce(f"said_by_ko_{side}", f"said_by_{side}")}
    answers, same = [], pl.lit(value=False)
    for n, (code, on_page) in enumerate((("en", "{}, page {}"), ("ko", "{}, {}쪽"))):
        end, said = f"{code}_{side}", pl.col(f"said_{code}_{side}")
        answer = pl.lit(pl.Series([each[n] for each in read], dtype=pl.String))
        words = pl.coalesce(pl.format("“{}”", quote), said, answer)
        made |= {
            f"words_{end}": words,
            f"short_{end}": pl.when(quote.is_not_null()).then(said),
            f"place_{end}": pl.coalesce(pl.format(on_page, document, page), document),
            f"source_{end}": pl.col(f"source_{side}" + "_ko" * n) + day,
        }
        answers.append((f"read_{end}", answer))
        same |= answer == words
    made |= {name: pl.when(~same).then(answer) for name, answer in answers}
    return pairs.with_columns(**made)


def _cited(side: str) -> tuple[TableLine, ...]:
    """Return the lines of one side's cell."""
    return (
        TableLine(f"words_en_{side}", f"words_ko_{side}", kind="quote"),
        TableLine(f"short_en_{side}", f"short_ko_{side}", label=("in short", "줄이면")),
        TableLine(f"said_by_{side}", f"by_ko_{side}", label=("said by", "말한 곳")),
        TableLine(f"read_en_{side}", f"read_ko_{side}", label=("read as", "읽은 답")),
        TableLine(
            f"source_en_{side}",
            f"source_ko_{side}",
            label=("source", "출처"),
            link=f"url_{side}",
            kind="name",
        ),
        TableLine(f"place_en_{side}", f"place_ko_{side}", label=("document", "문서"), kind="name"),
        TableLine(f"claim_{side}", label=("claim", "주장"), kind="code"),
    )


def missing_documents_table(gaps: pl.DataFrame) -> ReaderTable:
    """Return the documents to ask for; takes `cases.story.hidden_rows`."""
    return present_table(
        _in_both(gaps, "what", "why", "body"),
        ("Documents to ask for, the most telling first", "요구할 문서, 많은 것을 가려 줄 순서대로"),
        status="documented",
        source=("gaps.csv of the case folder", "사건 폴더의 gaps.csv"),
        columns=["what_en", "why_en", "body_en", "contradicted", "claims"],
        labels={
            "what_en": ("Document", "문서"),
            "why_en": ("Why it matters", "중요한 이유"),
            "body_en": ("Ask", "물어볼 곳"),
            "contradicted": ("Contradicted claims it would settle", "가려 줄 엇갈린 주장"),
            "claims": ("All claims it would settle", "가려 줄 모든 주장"),
        },
    )


def case_numbers_table(numbers: pl.DataFrame, names: Mapping[str, str]) -> ReaderTable:
    """Return the figures of a case folder, each with its speaker and source.

    `names` gives the Korean names of speakers (`cases.story.korean_names`).
    """
    return present_table(
        _in_both(numbers, "what"),
        ("Figures that were disclosed or said", "공개되었거나 말해진 수치"),
        status="documented",
        columns=["what_en", "value", "as_of", "said_by", "publisher", "confidence"],
        words=names,
    )


def case_law_table(provisions: pl.DataFrame) -> ReaderTable:
    """Return the provisions of a case folder, each with the time it was in force."""
    shown = provisions.with_columns(
        provision=pl.format("{} {}", "law", "article"), publisher=pl.col("source")
    )
    return present_table(
        _in_both(shown, "gist"),
        ("The law and when it was in force", "법과 그 시행 기간"),
        status="documented",
        columns=["provision", "gist_en", "in_force_from", "in_force_to", "publisher"],
        labels={
            "provision": ("Provision", "조항"),
            "gist_en": ("Gist", "요지"),
            "in_force_from": ("In force from", "시행"),
            "in_force_to": ("to", "끝"),
        },
    )


def similar_programmes_table(programmes: pl.DataFrame) -> ReaderTable:
    """Return programmes elsewhere with their consent and outcome.

    Takes `cases.story.similar_programmes`.
    """
    first = programmes.with_columns(publisher=pl.col("source_1_en"), url=pl.col("source_1_url"))
    return present_table(
        first,
        ("Programmes elsewhere with a function of this one", "같은 기능을 가진 다른 사업"),
        status="elsewhere",
        columns=["place_en", "name_en", "consent_en", "outcome_en", "status_date", "publisher"],
        labels={
            "place_en": ("Place", "곳"),
            "name_en": ("Programme", "사업"),
            "consent_en": ("Consent", "동의"),
            "outcome_en": ("Outcome", "결과"),
            "status_date": ("As of", "기준일"),
        },
    )


def _in_both(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Return a frame in which a text that one language lacks is the other's."""
    return frame.with_columns(
        pl.coalesce(f"{name}_{code}", f"{name}_{other}").alias(f"{name}_{code}")
        for name in names
        for code, other in (("en", "ko"), ("ko", "en"))
    )
