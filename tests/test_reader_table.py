"""Tables for readers: escaped, complete in both languages, and the same rows as data."""

from __future__ import annotations

import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from onetomany.charts import case as charts
from onetomany.charts.reader_table import TableColumn, TableLine, reader_table
from onetomany.report.clean import clean_html
from onetomany.report.shown import pack_frame, unpack_frame
from onetomany.sources import case

COLUMNS = [
    TableColumn(("day", "날"), (TableLine("day", unknown=True),)),
    TableColumn(
        ("event", "사건"), (TableLine("what", "what_ko", link="url", mark="bad"),), wide=True
    ),
]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)


@given(WORDS, WORDS, st.none() | WORDS)
def test_any_words_come_through_as_words(what: str, what_ko: str, day: str | None) -> None:
    rows = pl.DataFrame(
        {"day": [day], "what": [what], "what_ko": [what_ko], "url": ["https://a.org/?a=1&b=2"]},
        schema_overrides={"day": pl.String},
    ).with_columns(bad=True)
    table = reader_table(rows, COLUMNS, title=("A", "가"), status="data", source="made <up>")
    cell = html.fromstring(clean_html(table.body)).xpath("//tbody/tr/td")[1]
    assert cell.xpath("string(.//a)").replace(" ", "") in (
        (what + what_ko).replace(" ", ""),
        what.replace(" ", ""),
    )
    assert cell.xpath(".//mark//a/@href") == ["https://a.org/?a=1&b=2"]
    assert unpack_frame(pack_frame(table.frame) or "").equals(table.frame)
    assert table.frame["day 날"].item() == (day or "not known 모름")


def test_the_case_has_three_dates_a_source_and_a_heading_for_each_column() -> None:
    events = case.case_timeline()
    table = charts.case_timeline_table(events)
    page = html.fromstring(clean_html(table.body))
    assert len(page.xpath("//thead//th[@scope='col']")) == 4
    assert len(page.xpath("//tbody/tr")) == events.height == table.frame.height
    assert page.xpath("//tbody//a/@href") == events["url"].to_list()
    # the report's page removes nothing of it
    assert len(page.xpath("//*[@lang='ko']")) == table.body.count('lang="ko"')
    unknown = events.select(pl.col("date", "document_date", "disclosure_date").is_null().sum())
    assert table.body.count("not known") == sum(unknown.row(0))


def test_rows_of_one_group_have_one_heading() -> None:
    rows = pl.DataFrame({"en": ["a", "a", "b"], "ko": ["가", "가", "나"], "day": ["1", "2", "3"]})
    table = reader_table(
        rows, COLUMNS[:1], title=("A", "가"), status="data", source="s", group=("en", "ko")
    )
    page = html.fromstring(table.body)
    assert [each.text_content() for each in page.xpath("//th[@scope='rowgroup']")] == [
        "a 가",
        "b 나",
    ]
    assert table.frame["about 대상"].to_list() == ["a · 가", "a · 가", "b · 나"]


def test_only_an_address_of_the_web_becomes_a_link() -> None:
    rows = pl.DataFrame(
        {"said": ["a", "b", "c"], "url": ["https://a.example", "javascript:x", None]}
    )
    column = TableColumn(("claim", "주장"), (TableLine("said", link="url"),))
    body = reader_table(rows, [column], title=("Claims", "주장"), status="data").body
    assert re.findall(r'href="([^"]*)"', body) == ["https://a.example"]
