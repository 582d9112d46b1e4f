"""Formulas of old workbooks aren't read: the values that they had are, and a note says so."""

from __future__ import annotations

import specimens
from test_extractors import read


def test_formulas_are_told_and_their_values_read() -> None:
    reading = read(specimens.old_workbook(1234, 56.5), "a.xls")
    notes = reading.columns["notes"]["text"]
    told = "Not read: formulas on 'Open'; their last values are the cells' (2)."
    assert told in notes
    text = reading.columns["pages"]["text"][0]
    assert "1234" in text
    assert "56.5" in text


def test_a_workbook_without_formulas_has_no_such_note() -> None:
    notes = read(specimens.old_workbook(), "a.xls").columns["notes"]["text"]
    assert not any("formulas" in note for note in notes)
