"""Chapter 14 takes a case's numbers by its parameters, and says so if they give nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from onetomany.report.execute import run_chapters

pytestmark = pytest.mark.kernel

CHAPTER = Path(__file__).parents[1] / "notebooks" / "14_the_reckoner.ipynb"
HEAD = (
    "id,what_en,what_ko,value,unit,as_of,period_start,period_end,said_by,publisher,url,confidence,"
    "input"
)
LINE = (
    "{id},x,가,{value},{unit},2025,2025-11-01,2025-11-30,Police,Police,https://p.example,V1,{input}"
)


def chapter_on(folder: Path, *lines: str) -> str:
    """What the chapter shows with a case's numbers, its parameters set as papermill does."""
    numbers = folder / "leeds" / "numbers.csv"
    numbers.parent.mkdir()
    numbers.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    notebook = nbformat.read(CHAPTER, as_version=4)
    (place,) = [
        n for n, c in enumerate(notebook.cells) if "parameters" in c.metadata.get("tags", ())
    ]
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(f"numbers = {str(numbers)!r}"))
    path = folder / CHAPTER.name
    nbformat.write(notebook, path)
    (executed,) = run_chapters([path]).values()
    outputs = [each for cell in executed.cells for each in cell.get("outputs", [])]
    assert not [each for each in outputs if each.output_type == "error"]
    return re.sub("<[^>]+>", " ", json.dumps([each.get("data") for each in outputs]))


def test_a_cases_numbers_are_worked_through(tmp_path: Path) -> None:
    text = chapter_on(
        tmp_path,
        LINE.format(id="a", value=60000, unit="faces", input="searches"),
        LINE.format(id="b", value=30, unit="alerts", input="alerts"),
        LINE.format(id="c", value=12, unit="alerts", input="confirmed"),
    )
    assert "leeds: 3 inputs are disclosed" in text
    assert "Right, of ten alarms: 4 (range 4 to 10" in text
    assert "Alarms a day: 1 (" in text
    assert "25 supermarkets: 5 inputs" not in text


def test_numbers_without_inputs_are_said_to_give_nothing(tmp_path: Path) -> None:
    text = chapter_on(tmp_path, LINE.format(id="a", value=9, unit="cameras", input=""))
    assert "leeds: 0 inputs are disclosed" in text
    assert "Nothing can be calculated" in text
