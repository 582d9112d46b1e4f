"""No CSV of the kit starts a formula in a spreadsheet, and every text comes back as it was."""

from __future__ import annotations

import ast
import csv
import io
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetomany.evidence.figures import _csv_bytes
from onetomany.sources.tables import csv_text, plain_text

LIB = Path(__file__).parents[1] / "lib" / "onetomany"
FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\tx", "\rx", "\nx", " =1",
    "  =1", "　=1", '"=1', "'=1", "\"'=1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "﹦1", "⁼1",
    "\u200b=1", "\ufeff=1", "\u202e=1", "\x00=1", "“=1”", "-", "--1", "+82-2-123-4567", "-1.5x",
    "=", "-1.5\n=1", "+1 =1",
]  # fmt: skip
PLAIN = ["-1.5", "+3", "-1,234.5", "-.5", "-1e-9", "-3 %", "-3%", " -4", "a=1", "1-2", "가", "",
         "'", "'a", "–", "https://a.b/?c=d", "a@b.c", "x\n=y"]  # fmt: skip


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    frame = pl.DataFrame({"a": [text], text: ["b"]})
    head, row = read(csv_text(frame))
    assert row == ["'" + text, "b"]
    assert head == ["a", "'" + text]


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_and_numbers_stay_as_they_are(text: str) -> None:
    assert read(csv_text(pl.DataFrame({"n": [1], "a": [text]})))[1] == ["1", text]


def test_numbers_stay_numbers_in_every_kind_of_column() -> None:
    frame = pl.DataFrame({
        "whole": [-1], "real": [-1.5], "none": [None],
        "kind": pl.Series(["=1"], dtype=pl.Categorical),
        "one": pl.Series(["-x"], dtype=pl.Enum(["-x"])),
    })  # fmt: skip
    assert csv_text(frame) == "whole,real,none,kind,one\n-1,-1.5,,'=1,'-x\n"


LETTERS = st.sampled_from("=+-@＝＋'\"\t\r\n ,.15e%aㄱ\u200b\0") | st.characters(
    exclude_categories=("Cs",)
)
TEXTS = st.text(LETTERS, max_size=8)


# a mark of byte order at the start of a file is no letter of its first name, and polars reads
# doubled quotes in a name as they are written
NAMES = TEXTS.filter(lambda each: each[:1] != "\ufeff" and '"' not in each)


@given(st.lists(st.none() | TEXTS, min_size=1), NAMES)
def test_every_text_comes_back_and_none_starts_a_formula(
    texts: list[str | None], name: str
) -> None:
    frame = pl.DataFrame({name or "x": texts}, schema={name or "x": pl.String})
    written = csv_text(frame, quote_style="non_numeric")
    again = pl.read_csv(io.StringIO(written), schema_overrides=[pl.String])
    for cell in [*again.columns, *again.to_series().drop_nulls()]:
        first = unicodedata.normalize("NFKC", cell).lstrip('\u200b "')[:1]
        number = cell.strip(" ").lstrip("+-").rstrip("%").replace(",", "").strip()
        assert first not in ("=", "+", "-", "@", "\t", "\r") or float(number) >= 0
    assert plain_text(again).equals(frame)


def test_tables_of_an_exhibit_hold_no_formula() -> None:
    """Nested values, too, are written as text."""
    frame = pl.DataFrame({"=a": [["=1"]], "b": [{"c": "=2"}], "d": ["=HYPERLINK(1)"]})
    assert _csv_bytes(frame) == (
        b'"\'=a","b","d"\n"[""=1""]","{""c"": ""=2""}","\'=HYPERLINK(1)"\n'
    )


def test_all_csv_is_written_in_one_place() -> None:
    around = {"write_csv", "sink_csv", "to_csv", "DictWriter", "write_excel"}
    for path in LIB.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        found = {node.attr for node in names if node.attr in around}
        found |= {"writer" for node in names if ast.unparse(node) == "csv.writer"}
        assert not found or path == LIB / "sources" / "tables.py", (path, found)
