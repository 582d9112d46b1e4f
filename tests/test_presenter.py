"""Frames as tables for readers: labels, formats, a status; no chapter shows a raw frame."""

from __future__ import annotations

import ast
import datetime as dt
import json
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from onetomany.charts.presenter import (
    _column_labels,
    add_korean,
    present_table,
    table_words,
)
from onetomany.charts.reader_table import ROWS, STATUSES
from onetomany.charts.table_formats import number, written
from onetomany.errors import InputError
from onetomany.report.clean import clean_html
from onetomany.report.shown import pack_frame, unpack_frame
from onetomany.sources import case

ROOT = Path(__file__).parents[1]
TITLE = ("A title", "제목")
FRAME = pl.DataFrame(
    {
        "what_en": ["Records", "Passengers"],
        "what_ko": ["기록", "여객"],
        "value": [1.7e8, 62_000_000],
        "unit": ["records", "passengers"],
        "share": [0.411184, None],
        "low": [0.071757, None],
        "high": [0.834006, None],
        "holds": [False, True],
        "publisher": ["Yonhap", "Hackaday"],
        "url": ["https://a.example/1", "https://b.example/2"],
        "doc_date": [dt.date(2021, 10, 21), None],
    }
)


def shown(table: object, language: str) -> html.HtmlElement:
    """Return the table's HTML as the page shows it in one language."""
    page = html.fromstring(clean_html(table.body))  # type: ignore[attr-defined]
    for other in page.xpath(f"//*[@lang='{'ko' if language == 'en' else 'en'}']"):
        other.drop_tree()
    for label in page.xpath("//*[@class='label']"):
        label.drop_tree()
    return page


@pytest.mark.parametrize(
    ("language", "heads", "first"),
    [
        (
            "en",
            ["What", "Figure", "Share", "95 % interval", "Does it add up?", "Source"],
            [
                "Records",
                "170,000,000 records",
                "41.1%",
                "7.2% to 83.4%",
                "no",
                "Yonhap, 2021-10-21",
            ],
        ),
        (
            "ko",
            ["내용", "수치", "비율", "95% 구간", "맞는가?", "출처"],
            ["기록", "170,000,000건", "41.1%", "7.2%~83.4%", "아니요", "연합뉴스, 2021-10-21"],
        ),
    ],
)
def test_a_frame_is_shown_in_words(language: str, heads: list[str], first: list[str]) -> None:
    page = shown(present_table(FRAME, TITLE, status="documented"), language)
    assert [each.text_content().strip() for each in page.xpath("//thead//th")] == heads
    rows = [
        [cell.text_content().strip() for cell in row.xpath("td")]
        for row in page.xpath("//tbody/tr")
    ]
    assert rows[0] == first
    assert rows[1][2:4] == ["–", "–"]
    assert page.xpath("//tbody//a/@href") == FRAME["url"].to_list()


def test_the_data_beneath_are_the_frame_itself() -> None:
    table = present_table(FRAME, TITLE, status="documented", columns=["what_en", "value"])
    shown = FRAME.select("what_en", "what_ko", "value", "unit")
    assert unpack_frame(pack_frame(table.frame) or "").equals(shown)
    whole = present_table(FRAME, TITLE, status="documented")
    assert whole.frame.equals(FRAME)
    assert "what_en" in repr(table)  # the plain form of a notebook


@pytest.mark.parametrize("status", STATUSES)
def test_each_table_has_one_mark(status: str) -> None:
    page = html.fromstring(present_table(FRAME, TITLE, status=status).body)
    (badge,) = page.xpath("//*[contains(@class, 'badge')]")
    assert badge.getparent().tag == "caption"
    assert [each.text for each in badge] == list(STATUSES[status])


def test_what_a_table_may_not_be() -> None:
    with pytest.raises(ValueError, match="certain"):
        present_table(FRAME, TITLE, status="certain")
    with pytest.raises(ValueError, match="can't be 'computed'"):
        present_table(FRAME.with_columns(simulated=True), TITLE, status="computed")
    with pytest.raises(InputError, match="'odd_name' has no label"):
        present_table(pl.DataFrame({"odd_name": [1]}), TITLE, status="computed")
    wide = pl.DataFrame({name: [1] for name in "abcdefg"})
    labels = {name: (name, name) for name in "abcdefg"}
    with pytest.raises(ValueError, match="at most 6 columns, not 7"):
        present_table(wide, TITLE, status="computed", labels=labels)
    present_table(wide, TITLE, status="computed", labels=labels, columns=["a", ("b", "c")])


@pytest.mark.parametrize(("rows", "folded"), [(0, 0), (ROWS + 1, 0), (ROWS + 2, 2), (36, 31)])
def test_five_rows_then_all(rows: int, folded: int) -> None:
    frame = pl.DataFrame({"records": range(rows)}, schema={"records": pl.Int64})
    page = html.fromstring(clean_html(present_table(frame, TITLE, status="computed").body))
    assert len(page.xpath("//tbody/tr[@class='more']")) == folded
    assert len(page.xpath("//details")) == bool(folded)
    assert len(page.xpath("//tbody/tr")) == max(rows, 1)
    if folded:
        assert f"Show all {rows} rows" in page.xpath("string(//summary)")


def test_a_search_shows_what_was_searched_for() -> None:
    frame = pl.DataFrame({"name": ["a.pdf"], "snippet": ["넘겨받음 <b>"]})
    page = html.fromstring(present_table(frame, TITLE, status="data", query="넘겨<받은").body)
    assert page.xpath("string(//caption//q)") == "넘겨<받은"
    assert page.xpath("//td//*[@lang='ko-KR']")[0].text == "넘겨받음 <b>"  # a quote stays


@pytest.mark.parametrize(
    ("value", "form", "unit", "english", "korean"),
    [
        ("over 57640000", "text", "records", "over 57,640,000 records", "57,640,000건 초과"),
        ("at least 8", "text", "firms", "at least 8 firms", "8개 기업 이상"),
        ("45000000000", "text", "KRW", "KRW 45,000,000,000", "45,000,000,000원"),
        ("2005-03/2021-10", "text", "dates", "2005-03 to 2021-10", "2005-03~2021-10"),
        ("2008/", "date", None, "from 2008", "2008~"),
        ("C25.1 PIPC, C03 Hackaday", "text", None, "C25.1 PIPC, C03 Hackaday",
         "C25.1 개인정보보호위원회, C03 해커데이"),
        ("pipa 15(3)", "article", None, "Personal Information Protection Act, Art. 15(3)",
         "개인정보 보호법 제15조 제3항"),
        ("Art. 9(1)7", "article", None, "Art. 9(1)7", "제9조 제1항 제7호"),
        (1e-7, "rate", None, "1 in 10,000,000", "10,000,000분의 1"),
        (463, "days", None, "463 days", "463일"),
        (1949, "year", None, "1949", "1949"),
        (True, "yes", None, "yes", "예"),
        ("nothing known of it", "text", None, "nothing known of it", "nothing known of it"),
    ],
)  # fmt: skip
def test_values_in_both_languages(
    value: object, form: str, unit: str | None, english: str, korean: str
) -> None:
    assert written(value, form, table_words(), unit) == (english, korean)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["count", "number", "rate"]))
def test_no_number_has_an_exponent(value: float, form: str) -> None:
    text = number(value, form)
    assert not re.search("[a-z]", text)
    digits = text.strip("–%").replace(",", "")
    if form == "number" and digits and 1e-9 < abs(value) < 1e15:
        assert float(digits) == pytest.approx(value, rel=0.01)


def test_a_speaker_has_the_name_that_the_case_gives() -> None:
    claims = case.case_claims()
    own, known = case.claim_words(claims), table_words()
    for english in claims["said_by"].unique():
        assert english not in known or known[english][1] in (own[english], "과학기술정보통신부")
    made = add_korean(pl.DataFrame({"said_by": ["X", None]}), ["said_by"], {"X": "엑스"})
    assert made["said_by_ko"].to_list() == ["엑스", None]


def test_labels_and_words_are_complete() -> None:
    for name, (label, _) in _column_labels().items():
        assert all(label), name
        assert not re.search("[가-힣]", label[0]), name
    for word, (english, _) in table_words().items():
        assert not re.search("[가-힣]", english), word


# calls that may end a cell: none of them shows a frame as it is
SHOWS = re.compile(
    r"^(say|finding|print|present_table|show_reckoner|show_story|reckoner_form|programme_form|widgets\.\w+"
    r"|(\w+\.)*\w+_(chart|table))$"
)
CELLS = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").rglob("[!.]*.ipynb")), ids=lambda p: p.stem
)
def test_no_cell_shows_a_raw_frame(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert not list(raw_shown("".join(cell["source"]))), cell["id"]


def raw_shown(source: str) -> list[str]:
    """Return the expressions that a cell shows by itself, or by `display`, as a raw value."""
    body = ast.parse(source).body
    asked = [
        argument
        for node in ast.walk(ast.Module(body, []))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "display"
        for argument in node.args
    ]
    if body and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        asked.append(body[-1].value)
    # "a table if there is something to show else None"
    asked = [node.body if isinstance(node, ast.IfExp) else node for node in asked]
    return [
        ast.unparse(node)
        for node in asked
        if not (isinstance(node, ast.Call) and SHOWS.match(ast.unparse(node.func)))
        and not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("display", "Image"))
    ]


def test_a_raw_frame_is_found() -> None:
    assert raw_shown("frame.select('a')") == ["frame.select('a')"]
    assert raw_shown("for f in g:\n    display(f.head())") == ["f.head()"]
    assert raw_shown("x = 1\nframe;") == []
    assert raw_shown("display(charts.a_chart(x))\ncharts.b_table(y)") == []
