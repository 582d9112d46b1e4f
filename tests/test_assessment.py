"""What a reader's own table gives away: as an object, a page and a form; values nowhere."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.display import HTML

from onetomany import widgets
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.printing import Notice
from onetomany.reidentification.assessment import assess, describe_assessment
from onetomany.report.table_page import table_page
from onetomany.widgets import one_language, table

pytestmark = pytest.mark.real

SECRET = "Lonelyville"
rows = st.lists(st.tuples(st.sampled_from("MF"), st.integers(0, 3)), min_size=1, max_size=60)


def people() -> pl.DataFrame:
    frame = pl.DataFrame({"sex": ["M", "F"] * 50, "born": [1980 + n // 20 for n in range(100)]})
    return pl.concat([frame, pl.DataFrame({"sex": ["F"], "born": [1921]})]).with_columns(
        town=pl.Series(["Leeds"] * 100 + [SECRET])
    )


@given(rows)
@settings(max_examples=60, deadline=None)
def test_the_crowds_add_up_to_every_record(drawn: list[tuple[str, int]]) -> None:
    frame = pl.DataFrame(drawn, schema=["sex", "born"], orient="row")
    found = assess(frame, ["sex", "born"])
    alone = sum(drawn.count(row) == 1 for row in drawn)
    assert found.crowds["records"].sum() == len(drawn)
    assert found.crowds["share"].sum() == pytest.approx(1)
    assert found.crowds["records"][0] == alone == found.anonymity.unique
    assert sorted(found.sized.filter(class_size=1)["record"]) == [
        place for place, row in enumerate(drawn, 1) if drawn.count(row) == 1
    ]
    for without in found.without.iter_rows(named=True):
        left = [row[1 if without["column"] == "sex" else 0] for row in drawn]
        assert without["unique"] == sum(left.count(each) == 1 for each in left)


def test_sentences_begin_with_the_finding_and_hold_no_value() -> None:
    said = describe_assessment(assess(people(), population=5000))
    assert said[0].en.startswith("1.0% of the records (1 of 101) are alone")
    assert said[0].ko.startswith("기록 101건 가운데 1건(1.0%)")
    assert any("records 101 (" in each.en for each in said)
    assert any("5,000 people" in each.en for each in said)
    assert any("5,000명" in each.ko for each in said)
    text = " ".join(part for each in said for part in each)
    assert SECRET not in text
    assert "1921" not in text


def test_a_table_of_few_records_has_no_keys() -> None:
    few = pl.DataFrame({"zip": ["02139", "10001"], "age": [30, 40]})
    assert assess(few).columns == ("zip", "age")
    many = pl.DataFrame({"id": range(40), "sex": ["M", "F"] * 20})
    assert assess(many).keys == ("id",)


def test_nobody_alone_is_said_without_a_remedy() -> None:
    said = describe_assessment(
        assess(pl.DataFrame({"sex": ["M", "M", "F", "F"], "born": [1, 1, 2, 2]}))
    )
    assert said[0].en.startswith("0.0% of the records (0 of 4)")
    assert not any("Leaving out" in each.en for each in said)


def test_the_page_is_whole_safe_and_without_values() -> None:
    frame = people().rename({"town": "<script>alert(1)</script>"})
    page = table_page(
        "<b>x</b>.csv", "ab" * 32, assess(frame), [Notice("a & b", "가")], day=date(2026, 11, 29)
    )
    assert SECRET not in page
    assert "<script" not in page
    assert "<b>x</b>" not in page
    assert "a &amp; b" in page
    assert "2026-11-29" in page
    assert page.count('class="wide"') == page.count('class="narrow"') == 2
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    for lang in ("en", "ko"):
        assert f'<h1 lang="{lang}">' in page


def test_the_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, page = tmp_path / "people.csv", tmp_path / "new" / "people.html"
    people().write_csv(file)
    assert main(["risk", str(file), "--report", str(page)]) == 0
    assert "1 of 101" in capsys.readouterr().out
    assert "people.csv" in page.read_text(encoding="utf-8")
    assert SECRET not in page.read_text(encoding="utf-8")


def test_the_form_opens_counts_and_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[str] = []
    for module in (table, one_language):
        monkeypatch.setattr(
            module, "display", lambda p: pieces.append(p.data if isinstance(p, HTML) else "chart")
        )
    file = tmp_path / "people.csv"
    people().write_csv(file)
    form = widgets.table_form()
    path, _, drop, columns, population, buttons, _ = form.children
    opening, counting = buttons.children

    def text() -> str:
        said = " ".join(pieces)
        pieces.clear()
        return said

    path.value = str(tmp_path / "none.csv")
    opening.click()
    assert "no file" in text()
    assert counting.disabled
    path.value = str(file)
    opening.click()
    said = text()
    assert "1 of 101" in said
    assert SECRET not in said
    assert said.count("chart") == 2
    assert columns.value == ("sex", "born", "town")
    columns.value = ("sex",)
    counting.click()
    assert "0 of 101" in text()
    population.value = "many"
    counting.click()
    assert "whole number" in text()
    people().with_columns(no=pl.lit("M12345678")).write_csv(file)
    opening.click()
    said = text()
    assert "passport" in said
    assert "M12345678" not in said
    drop.value = True
    population.value = ""
    opening.click()
    assert "&#x27;no&#x27; is left out" in text()


def test_the_form_shows_no_value_that_a_library_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    for module in (table, one_language):
        monkeypatch.setattr(module, "display", lambda piece: shown.append(str(piece.data)))

    def broken(*_: object, **__: object) -> None:
        int(SECRET)

    monkeypatch.setattr(table.assessment, "assess", broken)
    people().write_csv(tmp_path / "people.csv")
    form = widgets.table_form()
    form.children[0].value = str(tmp_path / "people.csv")
    form.children[5].children[0].click()
    assert "its values are not shown" in shown[-1]
    assert SECRET not in " ".join([*shown, str(form.children[-1].outputs)])


def test_what_cannot_be_counted_is_one_sentence() -> None:
    with pytest.raises(InputError, match="no column 'sexx'"):
        assess(people(), ["sexx"])
    with pytest.raises(InputError, match="No column distinguishes"):
        assess(pl.DataFrame({"a": [1] * 30}))
