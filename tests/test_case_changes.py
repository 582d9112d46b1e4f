"""Rows of a case folder are changed and deleted in forms: those with ids, and those without."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cases.case_folder import read_case
from onetomany.cases.case_tables import raw_table
from onetomany.cases.columns import case_table
from onetomany.cases.new_folder import new_case
from onetomany.cases.rows import add_case_row, delete_case_row, replace_case_row, row_keys
from onetomany.cases.words import case_column_label, choice_label, column_about
from onetomany.errors import InputError
from onetomany.widgets.case_fields import ListField, SpanField
from onetomany.widgets.case_plans import PLANS
from onetomany.widgets.case_start import CasePage

EVENT = {"date": "2024-05", "strand": "law", "event_en": "A law", "publisher": "Leeds Post",
         "url": "https://example.org/a"}  # fmt: skip
LAW = {"law": "DPA 2018", "article": "35", "gist_en": "A lawful purpose", "source": "The Act",
       "url": "https://example.org/act", "in_force_from": "2018-05-25"}  # fmt: skip
GAP = {"what_en": "The test reports", "body_en": "West Yorkshire Police",
       "procedure": "uk-foia-2000", "template": "accuracy_tests", "period": "2024-05-01/2025",
       "claims": "C1"}  # fmt: skip
FILLED = {"events": EVENT, "provisions": LAW, "gaps": GAP}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "leeds"
    new_case(made, title="Leeds", country="gb", operator="Police", place="Leeds")
    add_case_row(made, "claims", {"subject": "faces", "attribute": "kept", "value": "31",
                                  "unit": "days", "said_by": "Police"})  # fmt: skip
    return made


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    raw, faults = raw_table(folder, case_table(name))
    assert faults == []
    return [{key: cell for key, cell in row.items() if cell} for row in raw.to_dicts()]


def said(form: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", form.said.value))


def added(folder: Path, name: str, language: str = "en") -> Any:
    form = CasePage(read_case(folder), language).forms[name]
    for column, text in FILLED[name].items():
        form.fields[column].fill(text)
    form.button.click()
    assert "alert" not in form.said.value, said(form)
    return form


@pytest.mark.parametrize("name", FILLED)
def test_a_row_is_added_opened_changed_and_deleted_without_a_csv_seen(
    folder: Path, name: str
) -> None:
    other = (folder / "claims.csv").read_bytes()
    form = added(folder, name)
    (stored,) = rows(folder, name)
    assert FILLED[name].items() <= stored.items()
    (_, _), (label, key) = form.row.options
    assert re.search("A law|DPA 2018: 35|The test reports", label)
    form.row.value = key
    shown = {column: form.fields[column].text for column in FILLED[name]}
    assert shown == FILLED[name]
    text = next(column for column in FILLED[name] if column.endswith("_en"))
    form.fields[text].fill("Other words")
    form.button.click()
    assert rows(folder, name)[0] == {**stored, text: "Other words"}
    assert "Changed in" in said(form)
    form.row.value = form.row.options[1][1]
    form.bin.click()
    assert len(rows(folder, name)) == 1  # once is not enough
    form.bin.click()
    assert rows(folder, name) == []
    assert "Deleted from" in said(form)
    assert len(form.row.options) == 1
    assert (folder / "claims.csv").read_bytes() == other


def test_opening_another_row_takes_the_question_back(folder: Path) -> None:
    form = added(folder, "events")
    add_case_row(folder, "events", EVENT | {"event_en": "A second law"})
    form.offer()
    form.row.value = form.row.options[1][1]
    form.bin.click()
    form.row.value = form.row.options[2][1]
    form.bin.click()
    assert len(rows(folder, "events")) == 2


def test_a_row_that_somebody_else_changed_is_not_overwritten(folder: Path) -> None:
    form = added(folder, "events")
    form.row.value = key = form.row.options[1][1]
    replace_case_row(folder, "events", key, {"event_en": "Changed by another"})
    before = (folder / "events.csv").read_bytes()
    form.fields["event_en"].fill("Mine")
    form.button.click()
    assert "somebody else changed or deleted that row" in said(form)
    assert (folder / "events.csv").read_bytes() == before
    with pytest.raises(InputError, match="somebody else changed"):
        delete_case_row(folder, "events", key)


def test_of_two_rows_that_are_the_same_one_is_deleted(folder: Path) -> None:
    for _ in range(2):
        add_case_row(folder, "events", EVENT)
    raw, _ = raw_table(folder, case_table("events"))
    keys = row_keys(raw, case_table("events"))
    assert len(set(keys)) == 1
    delete_case_row(folder, "events", str(keys[0]))
    assert len(rows(folder, "events")) == 1


@pytest.mark.parametrize("name", PLANS)
def test_every_field_of_a_form_has_words_in_both_languages(folder: Path, name: str) -> None:
    table = case_table(name)
    for column in table.columns:
        if column.name in PLANS[name].hidden:
            continue
        english, korean = (case_column_label(table, column.name, each) for each in ("en", "ko"))
        assert english != column.name
        assert re.search("[가-힣]", korean)
        assert re.search("[가-힣]|https", column_about(table, column.name, "ko"))
        for choice in column.choices:
            assert re.search("[가-힣]", choice_label(column.name, choice, "ko"))
    page = CasePage(read_case(folder), "ko")
    fields = page.forms["gaps"].fields
    labels = [fields[each].menu.options[1][0] for each in ("procedure", "template")]
    assert all(re.search("[가-힣]", label) for label in labels)


WINDOWS = ["", "2019", "2019-04", "2019/", "/2022", "2019/2022", "2019-04-30/2022-03", "2024-05-01"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=4))
def test_a_period_stays_as_it_was_written(windows: list[str]) -> None:
    field = SpanField()
    for window in windows:
        field.fill(window)
        assert field.text == window


def test_a_list_keeps_names_that_are_not_offered() -> None:
    field = ListField()
    field.offer({"C1": "C1: faces", "C2": "C2: days"})
    field.fill("C2; C9")
    assert field.text == "C2;C9"
    field.offer({"C9": "C9: now there", "C2": "C2"})
    assert field.text == "C9;C2"
