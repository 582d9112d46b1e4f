"""Organisations in public texts that were marked by hand: recall, precision, places, growth."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import pytest

from onetomany.mentions import organisations

_SPEC = importlib.util.spec_from_file_location(
    "benchmark_of_organisations", Path(__file__).parent.parent / "benchmarks" / "organisations.py"
)
assert _SPEC
assert _SPEC.loader
marked = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(marked)


def test_marked_organisations_of_public_texts_are_found() -> None:
    recall, precision = marked.run(marked.MARKED)
    assert recall > 0.85
    assert precision > 0.9


def test_a_false_name_and_a_missed_one_are_counted() -> None:
    text = "Acme Widgets Ltd and Nobody"
    assert marked.counts(text, [(0, 16)], []) == (1, 1, 0)
    assert marked.counts(text, [(21, 27)], []) == (1, 0, 1)
    assert marked.counts(text, [(21, 27)], [(0, 16)]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "IN THE HIGH COURT OF RURITANIA, FACEBEAM TRADING, LLC, Defendant",
            "FACEBEAM TRADING, LLC",
        ),
        ("sued by Facebeam Widgets, Inc. (“FWI” or “Defendant”); FWI denied it", "FWI"),
        ("from Yongbeam Trade Co., Ltd. (Yongbeam), an exporter", "Yongbeam"),
        (
            "the Court of Appeals for the Ninth Circuit held",
            "Court of Appeals for the Ninth Circuit",
        ),
        ("Retailers such as Facebeam, Candorix and Home Basics have", "Home Basics"),
        ("홍길동 가람팜넷 대표는 말했다", "가람팜넷"),
        ("가람팜넷 관계자는 말했다", "가람팜넷"),
        ("가람누리(123450)가 공시했다", "가람누리"),
        ("삼성전자, 나루팜넷, LG전자 등이", "나루팜넷"),
        ("원고 가람누리 주식회사 (소송대리인", "가람누리 주식회사"),
        ("제천시는 협약을 체결했다고 밝혔다", "제천시"),
    ],
)
def test_kinds_of_names(text: str, name: str) -> None:
    assert name in {text[start:end] for start, end, *_ in organisations.find_organisations(text)}


@pytest.mark.parametrize(
    "unit", ["a", "A", "1", "Aa ", "가", "가람, ", "Inc ", "A.", "the Aa of ", "\0가"]
)
def test_no_text_makes_it_slow(unit: str) -> None:
    """Four times as much of one thing takes about four times as long, never sixteen."""

    def seconds(size: int) -> float:
        text = (unit * size)[:size]
        begun = time.process_time()
        list(organisations.find_organisations(text))
        return time.process_time() - begun

    seconds(1000)
    assert seconds(80_000) < 9 * max(seconds(20_000), 0.02)
