"""Figures that aren't there: numeral words that are other words, and lost characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetomany.mentions import quantities, tagger


def found(text: str, *kinds: str) -> list[str]:
    return [row[4] for row in tagger.rows_in([text]) if row[0] in (kinds or ("quantity",))]


@pytest.mark.parametrize(
    "text",
    [
        "구조대 구조인 구조여건 구조회 구조원 구조 시간 일조 시간 이조명 이조 개 사조 건",
        "백사장 백일장 천사장 십일장 구만회 구천회 백천세 오천세 만만세 천천세 천백대 백만인",
        "이십대 여성, 삼십 대 남성, 억대 연봉, 억 대 자산, 수십억 대 소송, 수십 대 일의 경쟁",
        "이천 회의에서 이천 인가 이천 장애인 이천 개발 이천엔 십일엔 만 세 만 개인이",
        "단위 :   백만원 단위: 천명, 백만원 [단위 : 명, 천원] | 백만원 | (백만원/년) 개/백만원",
        "총사업비 백만원\n예산액 천만원",
        "34,712   백만원",
        "카메라 3대 1, 3 대 1, 5대 일의",
    ],
)
def test_other_words_and_units_are_no_amounts(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("벌금 백만원\n", "1000000 KRW"),
        ("과태료 천만원", "10000000 KRW"),
        ("이조 오천억 원", "2500000000000 KRW"),
        ("수조원을 썼다", "1000000000000 KRW"),
        ("백만불 수출", "1000000 USD"),
        ("오백명이 왔다", "500 persons"),
        ("수천 건의 문서", "1000 records"),
        ("천만 개인 투자자 중 오백만 명", "5000000 persons"),
        ("십구 세 미만", "19 age"),
        ("이백 대의 카메라", "200 machines"),
    ],
)
def test_numeral_words_with_their_counters_are_amounts(text: str, normal: str) -> None:
    assert found(text) == [normal]


def test_ages_and_ranks_are_doubted_and_no_machines_of_a_hundred_million() -> None:
    for text in ("20대 남성", "10대 그룹", "카메라 20대"):
        (row,) = tagger.rows_in([text])
        assert row[-1] == quantities.DOUBTED_MACHINES
    (row,) = tagger.rows_in(["카메라 24대를"])
    assert (row[4], row[-1]) == ("24 machines", None)
    assert found("3억대 연봉") == ["300000000"]


@pytest.mark.parametrize(
    "text",
    [
        "약 \ufffd조원 약 \ufffd 조 원 \ufffd십억 원 \ufffd천만 명",
        "1\ufffd,000원",
        "\ufffd5조원",
        "5\ufffd억원",
        "5억\ufffd000만원",
        "5억 \ufffd,000만원",
        "1,000\ufffd250원",
        "3.\ufffd%",
        "₩1,0\ufffd0",
        "$1\ufffd million",
        "1.\ufffd million people",
        "2019. 4. 3\ufffd.",
        "\ufffd4월 30일",
        "2019-04-3\ufffd",
        "민법 제15조의\ufffd",
        "민법 제15조제2\ufffd항",
        "민법 제15조제\ufffd항",
        "개인\ufffd보호법 제15조",
    ],
)
def test_a_figure_with_a_lost_character_is_not_stored(text: str) -> None:
    assert found(text, "quantity", "date", "law") == []


@given(
    st.sampled_from(["5,764만 건", "57,600,000원", "1조 2,000억 원", "98.5%", "2019-04-30"]),
    st.data(),
)
def test_no_other_figure_comes_of_a_lost_digit(text: str, data: st.DataObject) -> None:
    """Whatever digit is lost, nothing is stored (its rest would be another number)."""
    digits = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = data.draw(st.sampled_from(digits))
    assert found(text[:at] + "\ufffd" + text[at + 1 :], "quantity", "date") == []


def test_what_follows_a_whole_figure_may_be_lost() -> None:
    assert found("5조원\ufffd") == ["5000000000000 KRW"]
