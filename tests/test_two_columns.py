"""Contradictions as two columns with both citations, and the counts that chapters show of them."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from lxml import html

from onetomany.charts.cases import contradiction_pairs_table
from onetomany.charts.claims import contradictions_by_question_chart
from onetomany.charts.requests import lacks_chart
from onetomany.claims import claim_ledger, contradictions, law
from onetomany.requests import gaps

TOPICS = pl.DataFrame(
    {
        "subject": ["photos"],
        "attribute": ["kept"],
        "topic_en": ["Kept?"],
        "topic_ko": ["보관했나"],
    }
)
STATEMENTS = pl.DataFrame(
    {
        "claim_id": ["A1", "A2"],
        "value_en": ["All were deleted", "Some are kept"],
        "value_ko": ["모두 지웠다", "일부는 있다"],
        "said_by_ko": ["법무부", "한겨레"],
    }
)


def ledger(**more: list[object]) -> pl.DataFrame:
    """Two claims that exclude each other; A1.1 is part of the statement A1."""
    rows: dict[str, list[object]] = {
        "claim_id": ["A1.1", "A2"],
        "subject": ["photos", "photos"],
        "attribute": ["kept", "kept"],
        "value": ["no", "yes"],
        "unit": ["answer", "answer"],
        "said_by": ["Ministry of Justice", "Hankyoreh"],
        "source": ["A notice", "An article"],
        "source_url": ["https://a.example/1", "https://b.example/2"],
        "disclosure_date": ["2021-10-21", "2022-01-02"],
    }
    return claim_ledger.check_ledger(pl.DataFrame(rows | more))


def pairs(claims: pl.DataFrame) -> pl.DataFrame:
    found = contradictions.find_contradictions(claims, claim_ledger.load_links())
    return contradictions.word_pairs(found, TOPICS, STATEMENTS)


def cells(claims: pl.DataFrame) -> list[str]:
    """The texts of the two sides of the only row, as a reader of both languages finds them."""
    page = html.fromstring(contradiction_pairs_table(pairs(claims)).body)
    return [
        " ".join(cell.text_content().split())
        for cell in page.xpath("//tbody/tr[not(@class)]/td[@class]")
    ]


def test_a_part_of_a_statement_has_its_words_and_a_pair_its_question() -> None:
    row = pairs(ledger()).row(0, named=True)
    assert (row["topic_en"], row["topic_ko"]) == ("Kept?", "보관했나")
    assert (row["claim_a"], row["said_en_a"], row["said_ko_b"]) == (
        "A1.1",
        "All were deleted",
        "일부는 있다",
    )
    found = contradictions.find_contradictions(ledger(), claim_ledger.load_links())
    # words of the part itself, if there are any, come before those of the whole statement
    part = STATEMENTS.with_columns(claim_id=pl.lit("A1.1"), value_en=pl.lit("A part")).head(1)
    own = contradictions.word_pairs(found, TOPICS, pl.concat([STATEMENTS, part]))
    assert own["said_en_a"][0] == "A part"
    unnamed = TOPICS.with_columns(topic_ko=pl.lit(None, pl.String))
    assert contradictions.word_pairs(found, unnamed, STATEMENTS)["topic_ko"][0] == "Kept?"
    bare = contradictions.word_pairs(found, TOPICS.clear(), STATEMENTS.clear())
    assert bare.select("topic_en", "topic_ko", "said_en_a").row(0) == (
        "photos: kept",
        "photos: kept",
        None,
    )


def test_each_side_has_its_words_speaker_and_source() -> None:
    table = contradiction_pairs_table(pairs(ledger()))
    left, right = cells(ledger())
    for each in ("All were deleted", "모두 지웠다", "법무부", "A notice, 2021-10-21", "A1.1"):
        assert each in left
        assert each not in right
    for each in ("Some are kept", "Hankyoreh", "An article, 2022-01-02", "A2"):
        assert each in right
        assert each not in left
    links = html.fromstring(table.body).xpath("//td//a/@href")
    assert links == ["https://a.example/1", "https://b.example/2"]
    assert "the words are ours" in table.body
    assert "“" not in table.body
    # an exhibit has the addresses of both sides
    assert table.frame["address 주소"].to_list() == ["https://a.example/1\nhttps://b.example/2"]


def test_a_quote_is_in_quotation_marks_with_its_document_and_page() -> None:
    quoted = ledger(quote=["모두 <b>삭제</b>", None], document=["ab" * 32, None], page=[3, None])
    left, right = cells(quoted)
    assert left.index("“모두 <b>삭제</b>”") < left.index("All were deleted")
    assert f"{'ab' * 6}, page 3" in left
    assert f"{'ab' * 6}, 3쪽" in left
    assert "“" not in right
    body = contradiction_pairs_table(pairs(quoted)).body
    assert "<b>" not in body
    assert "words in quotation marks are the source" in body


def test_what_was_read_is_said_if_the_words_do_not_say_it() -> None:
    assert "read as: no" in cells(ledger()).pop(0).replace("읽은 답: ", "").replace("  ", " ")
    found = contradictions.find_contradictions(ledger(), claim_ledger.load_links())
    bare = contradictions.word_pairs(found, TOPICS, STATEMENTS.clear())
    assert "read as" not in contradiction_pairs_table(bare).body


def test_pairs_are_counted_by_question() -> None:
    claims = claim_ledger.load_claims()
    found = contradictions.find_contradictions(claims, claim_ledger.load_links())
    counted = contradictions.count_by_question(found, claim_ledger.load_topics())
    count = contradictions.count_pairs(claims, found)
    assert counted["pairs"].sum() == count.pairs
    for name, pairs_of in counted.group_by("between").agg(pl.col("pairs").sum()).iter_rows():
        assert count.between[name] == pairs_of
    assert counted["all"].is_sorted(descending=True)
    title = contradictions_by_question_chart(counted).to_dict()["title"]["text"]
    assert title.startswith(f"{count.pairs} contradictions")
    fewer = contradictions_by_question_chart(counted.filter(pl.col("between") != "officials"))
    assert fewer.to_dict()["title"]["text"].endswith("; 0 between officials")


def test_claims_are_counted_by_what_they_lack() -> None:
    made = ledger(document=["ab" * 32, None], confidence=["V2", "V2"])
    found = contradictions.find_contradictions(made, claim_ledger.load_links())
    counted = gaps.count_lacks(gaps.unsupported_claims(made, found))
    assert dict(counted.select("what_en", "claims").iter_rows()) == {
        "contradicted by another": 2,
        "no original document": 1,
        "one source only": 0,
    }
    assert counted["of"].unique().to_list() == [2]
    title = lacks_chart(counted).to_dict()["title"]["text"]
    assert title == "2 of 2 claims: contradicted by another"


@pytest.mark.parametrize("before", [0, 12])
def test_only_provisions_that_came_late_are_named(before: int) -> None:
    relied = pl.DataFrame(
        {
            "provision": ["b 2", "a 1", "a 1"],
            "first_from": [dt.date(2020, 8, 5)] * 3,
            "months_before": [before // 30] * 3,
            "days_before": [before] * 3,
            "days_of_acts": [100] * 3,
        }
    )
    late = law.late_starts(relied)
    assert late["provisions"].to_list() == ([["a 1", "b 2"]] if before else [])
