"""Organisations that their place names: bylines, letters in brackets, short names, wrapped."""

from __future__ import annotations

import time

import pytest

from onetomany.mentions import tagger


def found(text: str) -> list[str]:
    return [row[3] for row in tagger.rows_in([text]) if row[0] == "organisation"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[가람뉴스=홍길동 기자] 가람뉴스가 물었다.", ["가람뉴스", "가람뉴스"]),
        ("저작권자 © 가람타임즈, 무단 전재 금지", ["가람타임즈"]),
        ("(서울=가람통신) 홍길동 기자 = 오늘", ["가람통신"]),
        ("the company Facebeam said. Facebeam won.", ["Facebeam", "Facebeam"]),
        ("civil liberties group Candour, and DG ABCD", ["Candour", "DG ABCD"]),
        (
            "the Audit Office of Ruritania (AOR) said; AOR did",
            ["Audit Office of Ruritania", "AOR", "AOR"],
        ),
        ("Ruritanian Audit Office; the RAO wrote", ["Ruritanian Audit Office", "RAO"]),
        ("가람정보통신위원회(가정위)는 가정위 안에서", ["가람정보통신위원회", "가정위", "가정위"]),
        ("한국가람우주산업(KGW) 등이", ["한국가람우주산업", "KGW"]),
        ("제약사는 가람에스티, 나루팜, 다온제약 등 8곳이다", ["가람에스티", "나루팜", "다온제약"]),
        (
            "the Northern Police Service and Western Water Agency",
            ["Northern Police Service", "Western Water Agency"],
        ),
        ("the Ministry of Trade’s Supply Agency", ["Ministry of Trade", "Supply Agency"]),
        (
            "The report of this year was made by the Ruritanian Higher Education\nCouncil in May.",
            ["Ruritanian Higher Education\nCouncil"],
        ),
        ("한국가람공사와 국립가람과학관은", ["한국가람공사", "국립가람과학관"]),
        ("서울대 총장과 가람시 공무원, 가람환경운동연합", ["서울대", "가람환경운동연합"]),
    ],
)
def test_names_that_their_place_gives_away(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Ministry (ABC) is none; the Local Police, an Executive Board, Civil Society",
        "국내총생산(GDP), 한국표준산업분류(KSIC), 인공지능(AI), 가람시(서울)",
        "포스코이앤시아는 포스코스모스와 다르다",
        "전문의약품, 시간제약, 미스코리아, 국립대학병원, 국립공원",
        "the company said; the firm Monday; a regulator The Hague",
        "서울대교구 서울대회 국민대토론회",
    ],
)
def test_what_only_looks_like_a_name_is_none(text: str) -> None:
    assert found(text) == []


def test_a_headline_in_capitals_is_no_name() -> None:
    assert found("ACLU Sues Justice Department, FBI For Records") == [
        "ACLU",
        "Justice Department",
        "FBI",
    ]


def test_a_name_is_looked_for_again_in_its_own_block_only() -> None:
    rows = tagger.rows_in(["the company Facebeam", "Facebeam"])
    assert [row[3] for row in rows if row[0] == "organisation"] == ["Facebeam"]


def test_names_that_stand_again_make_no_text_slow() -> None:
    """Twice as much text with names takes about twice the time: compared in the same run."""

    def seconds(size: int) -> float:
        text = "the company Facebeam and Audit Office of Ruritania (AOR) 가람위원회(가람위) " * size
        begun = time.process_time()
        tagger.rows_in([text])
        return time.process_time() - begun

    seconds(10)
    small = max(seconds(100), 0.01)
    assert seconds(800) / small < 8 * 4
