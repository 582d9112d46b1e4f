"""Each function whose output is in an exhibit has its own sentence there, not its docstring."""

from __future__ import annotations

import importlib
import inspect
import re
from importlib import resources
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pytest

from onetomany.evidence.figures import Figure
from onetomany.evidence.methods import SHOWING, _method_sentences, methods_statement, used_functions
from onetomany.evidence.typesetting import MOST_ROWS
from onetomany.examples import sample_bundle
from onetomany.report.blocks import read_chapter
from onetomany.report.chapter import Chapter
from onetomany.sources.case import case_numbers

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SENTENCES = _method_sentences()
HANGUL = re.compile("[가-힣]")


def chapter(*cells: str) -> Chapter:
    return read_chapter(
        "01_a",
        nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell("# 01 · A", metadata={"tags": ["en"]}),
                nbformat.v4.new_markdown_cell("# 01 · 가", metadata={"tags": ["ko"]}),
                *map(nbformat.v4.new_code_cell, cells),
            ]
        ),
        NOTEBOOKS,
    )


def printed(one: Chapter) -> list[dict[str, Any]]:
    """The tables under "Method" in the statement on a chapter."""
    parts = methods_statement(
        [one], [], [], "", case_numbers().clear().select(path="id", sha256="id")
    )
    heads = [n for n, part in enumerate(parts) if part["kind"] == "heading" and part["level"] == 1]
    (start,) = [n for n in heads if parts[n]["en"] == "Method"]
    end = min(n for n in heads if n > start)
    return [part for part in parts[start:end] if part["kind"] == "grid"]


@pytest.fixture(scope="module")
def called() -> set[str]:
    """The functions that the chapters and the sample chapter of exhibits call."""
    sample = resources.files("onetomany.examples") / "data" / sample_bundle.SAMPLE
    found = set(used_functions(read_chapter("99_a", nbformat.reads(sample.read_text("utf-8"), 4),
                                            NOTEBOOKS)))  # fmt: skip
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        found |= set(used_functions(read_chapter(path.stem, nbformat.read(path, 4), NOTEBOOKS)))
    return found


def test_every_function_that_chapters_call_has_a_sentence_and_no_other(called: set[str]) -> None:
    assert called - set(SENTENCES) == set(), "add these to evidence/data/methods.toml"
    assert set(SENTENCES) - called == set(), "no chapter calls these: rename or remove them"
    assert len(called) > 200


def test_a_sentence_is_neutral_complete_and_in_both_languages() -> None:
    for english, korean, reference in SENTENCES.values():
        assert re.fullmatch(r"[A-Z][a-z]+s .+\.", english), f"a verb first: {english}"
        assert re.search(r"다(\(.+\))?\.$", korean), korean
        assert len(english.split()) <= 26, english
        assert not HANGUL.search(english)
        assert HANGUL.search(korean)
        for text in (english, korean):
            assert not re.search(r"`|_|\b(whoever|nobody|anew)\b|누구의 것도", text), text
        assert len(reference) > 15


def documented(name: str) -> str:
    module, parts = name, []
    while True:
        try:
            value: Any = importlib.import_module(module)
            break
        except ImportError:
            module, _, last = module.rpartition(".")
            parts.insert(0, last)
    for part in parts:
        value = getattr(value, part)
    return inspect.getdoc(value) or ""


def test_no_sentence_is_taken_from_a_docstring() -> None:
    def plain(text: str) -> str:
        return re.sub(r"\W+", " ", text).casefold().strip()

    for name, (english, _, _) in SENTENCES.items():
        assert plain(english) not in plain(documented(name)), name


def test_the_method_table_names_what_computes_and_not_what_draws() -> None:
    one = chapter(
        "from onetomany.accuracy import wilson\nfrom onetomany.charts import case as charts\n"
        "from onetomany.prose import say\nfrom onetomany.sources import case",
        "say('a', 'b'); charts.windows(case.case_numbers()); wilson(1, 2); print(case.CLAIMS)",
    )
    assert used_functions(one) == [
        "onetomany.accuracy.wilson",
        "onetomany.sources.case.case_numbers",
    ]
    (table,) = printed(one)
    english, korean, reference = SENTENCES["onetomany.accuracy.wilson"]
    assert table["rows"][0] == ["accuracy.wilson", english, korean, reference]
    assert not {row[0].split(".")[0] for row in table["rows"]} & set(SHOWING)


def test_a_function_without_a_sentence_is_said_to_have_none() -> None:
    one = chapter("from onetomany.evidence import methods", "methods.versions()")
    (table,) = printed(one)
    assert table["rows"] == [
        ["evidence.methods.versions", "Not described here.", "여기에 설명이 없다.", "–"]
    ]


def test_no_function_of_a_long_chapter_is_cut_off() -> None:
    names = [name for name in SENTENCES if len(name.split(".")) == 4][: MOST_ROWS + 5]
    imports = [f"from {name.rsplit('.', 2)[0]} import {name.split('.')[2]}" for name in names]
    rooms = {}
    for name in names:
        rooms[name] = f"{name.split('.')[1]}_{name.split('.')[2]}"
    code = "\n".join(
        f"{line} as {rooms[name]}\n{rooms[name]}.{name.split('.')[3]}()"
        for line, name in zip(imports, names, strict=True)
    )
    tables = printed(chapter(code))
    assert [len(table["rows"]) for table in tables] == [MOST_ROWS, 5]
    assert {f"onetomany.{row[0]}" for table in tables for row in table["rows"]} == set(names)


def test_no_interval_of_a_long_run_is_cut_off() -> None:
    shown = [
        Figure(
            f"01-{n}", "table", n, "A", "가", "", interval="95 %", data=(pl.DataFrame({"a": [n]}),)
        )
        for n in range(MOST_ROWS + 3)
    ]
    parts = methods_statement(
        [], shown, [], "", case_numbers().clear().select(path="id", sha256="id")
    )
    tables = [part for part in parts if part.get("head", [""])[0] == "item 항목"]
    assert sum(len(part["rows"]) for part in tables) == MOST_ROWS + 3
