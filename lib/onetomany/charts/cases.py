"""The tables of a case's chapter: events, contradictions, missing documents, figures, law."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from .presenter import present_table, table_words
from .reader_table import ReaderTable
from .table_formats import written


def case_events_table(events: pl.DataFrame) -> ReaderTable:
    """Return the events of a case folder in order, each with its source."""
    return present_table(
        _in_both(events, "event"),
        ("Events in order", "있었던 일, 순서대로"),
        status="documented",
        columns=["date", "event_en", "publisher", "confidence"],
    )


def contradiction_pairs_table(pairs: pl.DataFrame) -> ReaderTable:
    """Return contradictions as two columns, each with the words, the speaker and the source.

    Takes `cases.story.contradiction_rows`.
    """
    shown = pairs.rename({f"said_by_ko_{side}": f"said_by_{side}_ko" for side in "ab"})
    for side in "ab":
        values = pairs.select(f"value_{side}", f"unit_{side}").iter_rows()
        said = [written(value, "text", table_words(), unit) for value, unit in values]
        shown = shown.with_columns(
            pl.coalesce(f"said_{code}_{side}", pl.Series([each[n] for each in said])).alias(
                f"said_{side}_{code}"
            )
            for n, code in enumerate(("en", "ko"))
        ).with_columns(pl.col(f"source_{side}").alias(f"publisher_{side}"))
    return present_table(
        shown,
        ("Statements that can't both be true", "함께 참일 수 없는 말"),
        status="documented",
        columns=[
            "topic_en",
            ("said_a_en", "quote_a", "said_by_a", "publisher_a", "claim_a"),
            ("said_b_en", "quote_b", "said_by_b", "publisher_b", "claim_b"),
        ],
        labels={
            "topic_en": ("About", "무엇에 관해"),
            "said_a_en": ("One says", "한쪽의 말"),
            "said_b_en": ("Another says", "다른 쪽의 말"),
        },
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
