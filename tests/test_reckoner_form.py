"""The reckoner in JupyterLab and on the command line, and a case's numbers.csv from disk."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import ipywidgets
import polars as pl
import pytest

from onetomany import cli
from onetomany.accuracy.accuracy_claims import meanings_of_accuracy
from onetomany.accuracy.programme_inputs import disclosed_inputs, reckoner_inputs
from onetomany.accuracy.reckoner import reckon, reckon_all
from onetomany.accuracy.reckoner_words import (
    worded_figures,
    worded_inputs,
    worded_meanings,
)
from onetomany.cases.case_tables import read_case_numbers
from onetomany.charts import reckoner as charts
from onetomany.errors import InputError
from onetomany.sources.disclosed_counts import disclosed_counts
from onetomany.widgets import one_language
from onetomany.widgets import reckoner as widget

TABLE = disclosed_counts()
HANGUL = re.compile("[가-힣]")
HEAD = (
    "id,what_en,what_ko,value,unit,as_of,period_start,period_end,said_by,publisher,url,confidence"
)
ROW = "a,Alerts,경보,30,alerts,2025-12,2025-11-01,2025-11-30,Police,Police,https://p.example,V1"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of whatever the form displays."""
    texts: list[str] = []

    def display(item: Any) -> None:
        body = item.body if hasattr(item, "body") else item.data
        texts.append(html.unescape(re.sub("<[^>]+>", " ", body)))

    for module in (widget, one_language):
        monkeypatch.setattr(module, "display", display)
    return texts


def controls(box: Any, kind: type) -> list[Any]:
    found = [box] if isinstance(box, kind) else []
    return found + [one for child in getattr(box, "children", ()) for one in controls(child, kind)]


def field(box: Any, part: str, kind: type = ipywidgets.Text) -> Any:
    return next(each for each in controls(box, kind) if part in each.description)


def test_the_form_calculates_what_the_function_does(shown: list[str]) -> None:
    row = TABLE.filter(id="nz-foodstuffs").row(0, named=True)
    box = widget.reckoner_form(disclosed_inputs(row), TABLE)
    text = " ".join(shown)
    assert "6.93" in text
    assert "1News (Best in NZ)" in text
    assert HANGUL.search(text)
    shown.clear()
    field(box, "alarms confirmed").value = "1742"
    text = " ".join(shown)
    # the changed number is no longer the publisher's, and too many with nine false ones
    assert "more than 1,742 alarms" in text
    shown.clear()
    field(box, "known to be wrong").value = ""
    text = " ".join(shown)
    assert "assumed" in text
    assert re.search(r"Right, of ten alarms: 10 ", text)


def test_a_programme_of_the_menu_fills_the_form(shown: list[str]) -> None:
    box = widget.reckoner_form(programmes=TABLE)
    assert "Nothing is known" in " ".join(shown)
    menu = controls(box, ipywidgets.Dropdown)[0]
    for name in ("met-2024-2025", "suedkreuz-1"):
        shown.clear()
        menu.value = name
        found = reckon(disclosed_inputs(TABLE.filter(id=name).row(0, named=True)))
        for text in worded_figures(found.figures)["said"]:
            assert text in " ".join(shown), (name, text)
    shown.clear()
    field(box, "claimed").value = "99.9"
    assert "Of pairs of two different people" in " ".join(shown)


def test_a_rate_counts_only_while_it_is_ticked(shown: list[str]) -> None:
    box = widget.reckoner_form()
    field(box, "faces searched").value = "20,000"
    assert "lowest and highest of 9 disclosed" in " ".join(shown)
    slider = field(box, "FPIR", ipywidgets.FloatLogSlider)
    pair = next(each for each in box.children if slider in getattr(each, "children", ()))
    shown.clear()
    pair.children[0].value = True
    assert "lowest and highest of 9 disclosed" not in " ".join(shown)


def test_the_form_says_what_is_no_number_in_both_languages(shown: list[str]) -> None:
    box = widget.reckoner_form()
    shown.clear()
    field(box, "faces searched").value = "<b>many</b>"
    assert "'<b>many</b>' is not a number" in " ".join(shown)
    assert "수가 아니다" in " ".join(shown)


def test_tables_and_chart_are_in_both_languages_and_computed_from_the_frames() -> None:
    found = reckon({"searches": 20_000, "alerts": 12, "confirmed": 3})
    table = charts.reckoning_table(
        worded_figures(found.figures), title=("T", "제목"), source="s"
    ).frame
    assert table.height == 4
    assert "2.5" in table["Value 값"].to_list()
    assert all(HANGUL.search(name) for name in table.columns)
    inputs = charts.reckoner_inputs_table(
        worded_inputs(reckon({"searches": 20_000}).inputs), title=("T", "제목"), source="s"
    )
    assert inputs.body.count("<mark") == 4  # one assumed, three from the reference ranges
    implied = worded_meanings(meanings_of_accuracy(0.999, {"searches": 20_000, "alerts": 12}))
    claim = charts.accuracy_meanings_table(implied, title=("T", "제목"), source="s")
    assert "not known" in claim.body  # no list, so nothing follows from FMR
    ruled_out = sum(fits is False for fits in implied["fits"])
    assert ruled_out > 0
    assert claim.body.count("<mark") == ruled_out


def test_the_chart_counts_and_names_every_programme() -> None:
    right = reckon_all(TABLE).filter(figure="right_of_ten")
    spec = charts.right_of_ten_chart(right, source="s").to_dict()
    counted = right.filter(basis="counted")
    few = counted.filter(pl.col("value") <= 5)
    assert f"In {len(few)} of {len(counted)} programmes" in spec["title"]["text"]
    assert f"{len(counted)}곳 가운데 {len(few)}곳" in spec["title"]["subtitle"][0]
    for name in TABLE["name_en"]:
        assert name in spec["description"]


# --- numbers.csv


def csv_file(folder: Path, *lines: str) -> Path:
    path = folder / "numbers.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_cases_numbers_are_read_with_and_without_inputs(tmp_path: Path) -> None:
    assert read_case_numbers(csv_file(tmp_path, HEAD, ROW))["input"].to_list() == [None]
    thousands, decimal = (ROW.replace("a,", f"{name},", 1) for name in "bc")
    marked = read_case_numbers(
        csv_file(tmp_path, f"{HEAD},input,note", f"{ROW},alerts,x",
                 thousands.replace(",30,", ',"7,512",') + ",,y",
                 decimal.replace(",30,", ",0.5,") + ",,z")
    )  # fmt: skip
    assert marked["input"].to_list() == ["alerts", None, None]
    assert marked["value"].to_list() == [30, 7512, 0.5]


def test_an_input_of_the_reckoner_needs_its_source(tmp_path: Path) -> None:
    bare = ROW.replace("https://p.example", "")
    unmarked = read_case_numbers(csv_file(tmp_path, f"{HEAD},input", f"{bare},"))
    assert reckoner_inputs(unmarked).given == {}
    marked = read_case_numbers(csv_file(tmp_path, f"{HEAD},input", f"{bare},alerts"))
    with pytest.raises(InputError, match="row a, column url"):
        reckoner_inputs(marked)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((HEAD.replace("value,", "sum,"), ROW), "row 1, column value: the column is missing"),
        ((HEAD, ROW, ROW + ",more"), "line 3 has 13 fields, the first 12"),
        ((HEAD, ROW.replace(",30,", ",many,")), "row 2, column value: 'many' is not a number"),
        ((HEAD, ROW.replace(",30,", ",nan,")), "row 2, column value: 'nan' is not a number"),
        ((HEAD, ROW.replace(",30,", ',"7,5",')), "row 2, column value: '7,5' is not a number"),
        ((HEAD, ROW.replace(",30,", ",,")), "row 2, column value: the cell is empty"),
        ((HEAD, ROW.replace("2025-11-30", "2025-11")), "row 2, column period_end: '2025-11' is"),
        ((HEAD, ROW.replace("2025-11-30", "2024-11-30")), "2024-11-30 is before period_start"),
        ((HEAD, ROW, ROW), "'a' is used in rows 2, 3"),
        ((HEAD, ROW.replace("https:", "at:")), "row 2, column url: 'at://p.example' is not"),
    ],
)
def test_a_faulty_table_is_refused_by_line(
    lines: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refusal:
        read_case_numbers(csv_file(tmp_path, *lines))
    assert said in str(refusal.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b'id,"x\n'])
def test_what_is_no_table_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_bytes(content)
    for wrong in (path, tmp_path, tmp_path / "numbers.xlsx"):
        with pytest.raises(InputError, match=wrong.name):
            read_case_numbers(wrong)


# --- the command


def test_the_command_prints_figures_inputs_and_meanings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv_file(tmp_path, f"{HEAD},input", f"{ROW},alerts")
    assert cli.main(["reckon", "--numbers", str(file), "confirmed=12", "--days", "30",
                     "--accuracy", "99.9"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert "Right, of ten alarms: 4 " in out
    assert "경보 10건 가운데 맞는 것: 4 " in out
    assert "Police (V1)" in out
    assert "assumed 가정" in out
    assert "Of all decisions" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing is known"),
        (["alerts=3", "confirmed=4"], "a part can't be more than the whole"),
        (["alerts"], "write NAME=NUMBER"),
        (["alarms=3"], "similar: alerts"),
        (["--numbers", "nowhere.csv"], "There is no file nowhere.csv"),
    ],
)
def test_the_command_refuses_nonsense(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reckon", *arguments]) == 1
    assert said in capsys.readouterr().err
