"""One language in a chart: texts come apart exactly."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetomany.charts import languages
from onetomany.charts.sliders import captioned_slider, count_in_words
from onetomany.report.under_chart import chart_csv

TEXTS = [
    ("records 건", "records", "건"),
    ("Similarity score 유사도 점수", "Similarity score", "유사도 점수"),
    ("check-in\n수속", "check-in", "수속"),
    ("CCTV used?\nCCTV를 썼나", "CCTV used?", "CCTV를 썼나"),
    ("Is it so?|그런가?", "Is it so?", "그런가?"),
    ("? 모름", "?", "모름"),
    ("Gallery size 갤러리 크기  ", "Gallery size  ", "갤러리 크기  "),
    # what follows the Korean belongs to both
    ("everybody 전체 0.10%", "everybody 0.10%", "전체 0.10%"),
    ("birth year 출생 연도 = 1985", "birth year = 1985", "출생 연도 = 1985"),
    ("PIPA 개인정보 보호법 28-2", "PIPA 28-2", "개인정보 보호법 28-2"),
    # a figure in both isn't said twice
    ("same person: 5 % 같은 사람 하위 5%", "same person: 5 %", "같은 사람 하위 5%"),
    # a figure in front of the English alone is the Korean's too
    ("2.4 seconds 초", "2.4 seconds", "2.4초"),
    ("13 to 27 days 일", "13 to 27 days", "13~27일"),
    # several pairs
    ("nationality 국적 + sex 성별", "nationality + sex", "국적 + 성별"),
    ("Both 합계 · held 보유 · PIPC, 2022", "Both · held · PIPC, 2022", "합계 · 보유 · PIPC, 2022"),
    (
        "Source 출처: The Database of Faces; this run; vertical line 세로선: 12 records 건",
        "Source: The Database of Faces; this run; vertical line: 12 records",
        "출처: The Database of Faces; 이번 실행; 세로선: 12건",
    ),
    (
        "SIMULATED 모의 자료: the detections; the people are real 탐지 결과만. 사람은 실제",
        "SIMULATED: the detections; the people are real",
        "모의 자료: 탐지 결과만. 사람은 실제",
    ),
    (
        "Both 합계 · held 보유 · " + languages.both("PIPC, 2022", "개인정보위, 2022"),
        "Both · held · PIPC, 2022",
        "합계 · 보유 · 개인정보위, 2022",
    ),
    # one language
    ("records", "records", "records"),
    ("사건의 흐름", "사건의 흐름", "사건의 흐름"),
]


@pytest.mark.parametrize(("text", "english", "korean"), TEXTS)
def test_a_text_comes_apart(text: str, english: str, korean: str) -> None:
    marked = languages._with_source_words(languages.marked_text(text))
    assert languages.in_language(marked, "en") == english
    assert languages.in_language(marked, "ko") == korean
    assert languages.plain(marked) == languages.plain(text)


@given(st.text("abc D,.:;·/+1% 가나다\n|'()", max_size=40))
def test_no_text_is_lost_by_marking(text: str) -> None:
    assert languages.plain(languages.marked_text(text)) == text
    assert languages.marked_text(languages.marked_text(text)) == languages.marked_text(text)


def test_both_says_each_part_once() -> None:
    text = languages.both("FMR of two", "FMR의 비")
    assert languages.plain(text) == "FMR of two FMR의 비"
    assert languages.in_language(languages.marked_text(text), "ko") == "FMR의 비"
    frame = pl.DataFrame({"en": ["A, 2012"], "ko": ["가, 2012"]})
    joined = frame.select(languages.both_columns("en", "ko", " · ")).item()
    assert [languages.in_language(joined, each) for each in ("en", "ko")] == ["A, 2012", "가, 2012"]


@pytest.mark.parametrize("joint", ["; ", ", ", " / ", " · ", ": "])
def test_a_part_marked_already_keeps_its_joints(joint: str) -> None:
    first, marked = languages.both("A", "가"), languages.marked_text
    for text in (f"{first}{joint}B 나", f"B 나{joint}{first}", f"{first}{joint}B 나{joint}C 다"):
        for language, letters in (("en", "ABC"), ("ko", "가나다")):
            said = languages.in_language(marked(text), language)
            assert said == joint.join(each for each in text if each in letters), (text, said)


def test_a_korean_title_that_begins_in_latin_is_korean_alone() -> None:
    title = {
        "text": "At a TMR of 40 %",
        "subtitle": ["TMR 40%에서 0.59, 함께 0.89", "Source 출처: A"],
    }
    marked = languages.marked_spec({"title": title})["title"]["subtitle"]
    assert marked[0] == title["subtitle"][0]
    english = languages.spec_in_language({"title": title}, "en")["title"]
    assert english == {"text": title["text"], "subtitle": ["Source: A"]}
    korean = languages.spec_in_language({"title": title}, "ko")["title"]
    assert korean == {"text": title["subtitle"][0], "subtitle": ["출처: A"]}


def test_data_filters_and_domains_change_alike() -> None:
    spec = {
        "datasets": {
            "d": [{"kind": "real 실제", "event_ko": "CCTV 영상", "url": "https://a.kr/가"}]
        },
        "transform": [{"filter": "datum.kind == 'real 실제'"}],
        "encoding": {
            "color": {"field": "kind", "scale": {"domain": ["real 실제"]}},
            "y": {"axis": {"labelExpr": "regexp(' (?=[가-힣])')"}},
        },
    }
    marked = languages.marked_spec(spec)
    value = marked["datasets"]["d"][0]["kind"]
    assert value != "real 실제"
    assert marked["transform"][0]["filter"] == f"datum.kind == '{value}'"
    assert marked["encoding"]["color"]["scale"]["domain"] == [value]
    assert marked["datasets"]["d"][0]["event_ko"] == "CCTV 영상"
    assert marked["datasets"]["d"][0]["url"] == "https://a.kr/가"
    assert marked["encoding"]["y"] == spec["encoding"]["y"]
    assert languages.plain_spec(marked) == spec


def test_values_that_would_become_the_same_stay_in_both_languages() -> None:
    def shown(values: list[str]) -> list[str]:
        rows = [{"place": value} for value in values]
        made = languages.marked_spec({"datasets": {"d": rows}})["datasets"]["d"]
        return [languages.in_language(row["place"], "ko") for row in made]

    assert shown(["London 런던", "Paris 파리"]) == ["런던", "파리"]
    assert shown(["line A 노선", "line B 노선"]) == ["line A 노선", "line B 노선"]


def test_a_slider_says_what_its_step_stands_for() -> None:
    counts = (3072, 300_000, 3e6, 177_600_000, 2e9)
    said = [languages.plain(count_in_words(each)) for each in counts]
    assert said == [
        "3,072 3,072",
        "300,000 30만",
        "3 million 300만",
        "177.6 million 1억 7,760만",
        "2 billion 20억",
    ]
    slider, caption = captioned_slider("size", "Size 크기", ["it's", "b"], value=2)
    assert caption.param.to_dict()["expr"] == "['it\\'s', 'b'][size - 1]"
    assert slider.param.to_dict()["bind"]["max"] == 2


def test_a_chart_s_csv_has_its_rows_without_marks() -> None:
    rows = [{"a": languages.both("x", "가"), "n": 1}]
    text = chart_csv({"datasets": {"d": rows}, "layer": [{"data": {"values": [{"n": 2}]}}]})
    assert text.startswith(b"\xef\xbb\xbf")
    found = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    assert [row["n"] for row in found] == ["1", "2"]
    assert found[0]["a"] == "x 가"
