"""A case's start page without a browser: values in, rows in files, errors and hostile texts."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path
from typing import Any

import ipywidgets
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cases.case_folder import read_case
from onetomany.cases.case_tables import raw_table
from onetomany.cases.columns import case_table
from onetomany.cases.new_folder import new_case
from onetomany.cases.rows import add_case_row
from onetomany.cli import main
from onetomany.cli.reading import _write_desk
from onetomany.errors import InputError
from onetomany.printing import printable
from onetomany.widgets import case_page
from onetomany.widgets.case_fields import ChoiceField, DateField, SpeakerField
from onetomany.widgets.case_start import CasePage
from onetomany.widgets.case_work import CaseWork

NEW = "\0new"
SOURCE = {"publisher": "Leeds Post", "url": "https://example.org/a"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "leeds"
    new_case(made, title="Leeds", country="gb", operator="Police", place="Leeds")
    return made


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    raw, faults = raw_table(folder, case_table(name))
    assert faults == []
    return [{key: cell for key, cell in row.items() if cell} for row in raw.to_dicts()]


def fill(on: CasePage, table: str, /, **cells: str) -> Any:
    form = on.forms[table]
    for column, text in cells.items():
        form.fields[column].fill(text)
    form.button.click()
    return form


def words(widget: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", widget.value))


def test_a_row_of_each_kind_is_written_and_the_list_of_tasks_changes(folder: Path) -> None:
    page = CasePage(read_case(folder), "en")
    for name in ("claims", "events", "numbers"):
        assert f"{name}.csv: the table has no rows" in words(page.todo)
    form = fill(page, "claims", subject="faces", attribute="kept", value="31", unit="days",
                said_by="Police", document_date="2024-05", quote="=for 31\ndays",
                source_url="https://example.org/c")  # fmt: skip
    assert words(form.said) == "Added to claims.csv: C1."
    assert not form.fields["subject"].text  # emptied for the next one
    fill(page, "events", date="2024", strand="law", event_en="A law", **SOURCE)
    fill(page, "numbers", value="12000", unit="faces", what_ko="얼굴", input="searches", **SOURCE)
    form = fill(page, "bodies", name="Watch", kind="civic")
    assert words(form.said) == "Added to bodies.csv: Watch."
    assert "the table has no rows, so the chapter can't show the figures" not in words(page.todo)
    assert "Claims 1" in words(page.state)
    assert rows(folder, "claims") == [
        {"claim_id": "C1", "subject": "faces", "attribute": "kept", "value": "31", "unit": "days",
         "said_by": "Police", "quote": "=for 31\ndays", "source_url": "https://example.org/c",
         "document_date": "2024-05"}
    ]  # fmt: skip
    assert rows(folder, "events") == [
        {"date": "2024", "date_precision": "year", "strand": "law", "event_en": "A law", **SOURCE}
    ]
    assert rows(folder, "numbers") == [
        {"id": "N1", "what_ko": "얼굴", "value": "12000", "unit": "faces", "input": "searches",
         **SOURCE}
    ]  # fmt: skip
    assert "Watch" in page.forms["claims"].fields["said_by"].choices  # offered at once


FULL = {
    "claims": {"subject": "faces", "attribute": "kept", "value": "31", "unit": "days",
               "said_by": "Police"},
    "events": {"date": "2024", "strand": "law", "event_en": "A law", **SOURCE},
    "numbers": {"value": "12000", "unit": "faces", "what_en": "faces", **SOURCE},
    "bodies": {"name": "Watch", "kind": "civic"},
}  # fmt: skip
WRONG = [
    ("claims", {"attribute": ""}, "'Property' is empty: fill it in.", "'항목' 칸이"),
    ("claims", {"value": "many"}, "isn't a number of days", "저장하지 못했습니다"),
    (
        "claims",
        {"source_url": "example.org"},
        "Web address of the source: 'example.org'",
        "웹 주소",
    ),
    ("claims", {"page": "two"}, "Page: 'two' is not an integer", "쪽: 'two': 정수가 아닙니다"),
    ("events", {"url": ""}, "'Web address of the source' is empty", "'출처의 웹 주소' 칸이"),
    ("events", {"publisher": " "}, "'Publisher of the source' is empty", "'출처를 낸 곳' 칸이"),
    ("events", {"event_en": ""}, "'What happened, English' is empty", "'일어난 일(한국어)' 칸이"),
    ("events", {"date": "in spring"}, "Date: 'in spring' is not in the right", "날짜: 'in spring'"),
    ("numbers", {"value": "<b>"}, "Figure: '<b>' is not a number", "수: '<b>': 수가 아닙니다"),
    ("numbers", {"publisher": ""}, "'Publisher of the source' is empty", "'출처를 낸 곳' 칸이"),
    ("bodies", {"kind": ""}, "'Kind' is empty", "'종류' 칸이"),
]


@pytest.mark.parametrize(("name", "cells", "english", "korean"), WRONG)
def test_an_error_is_one_sentence_beside_the_form_and_nothing_is_written(
    folder: Path, name: str, cells: dict[str, str], english: str, korean: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    page = CasePage(read_case(folder), "en")
    form = fill(page, name, **{**FULL[name], **cells})
    assert english in words(form.said)
    assert 'role="alert"' in form.said.value
    assert "<b>" not in form.said.value
    page.translate("ko")
    assert form.fields[next(iter(FULL[name]))].text  # what was written stays
    form.button.click()
    assert korean in words(form.said)
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before


def test_a_new_speaker_gets_a_row_of_bodies_with_its_kind(folder: Path) -> None:
    page = CasePage(read_case(folder), "en")
    form = fill(page, "claims", **{**FULL["claims"], "said_by": "Hackaday"})
    speaker = form.fields["said_by"]
    assert isinstance(speaker, SpeakerField)
    assert speaker.is_new
    assert words(form.said) == "Choose the kind of the new speaker."
    speaker.kind.fill("press")
    form.fields["value"].fill("many")
    form.button.click()
    assert [row["name"] for row in rows(folder, "bodies")] == ["Police"]  # none without its claim
    form.fields["value"].fill("31")
    form.button.click()
    assert rows(folder, "bodies")[-1] == {"name": "Hackaday", "kind": "press"}
    assert rows(folder, "claims")[0]["said_by"] == "Hackaday"


def test_a_row_is_opened_changed_and_closed(folder: Path) -> None:
    add_case_row(folder, "claims", {**FULL["claims"], "as_of": "2020/2021", "reply": "none"})
    add_case_row(folder, "claims", FULL["claims"])
    page = CasePage(read_case(folder), "en")
    form = page.forms["claims"]
    form.row.value = "C1"
    assert form.fields["as_of"].text == "2020/2021"  # as the source has it
    assert form.button.description == "Save the change"
    form.fields["value"].fill("32")
    form.fields["reply"].fill("")
    form.button.click()
    first, second = rows(folder, "claims")
    assert (first["value"], first["as_of"], "reply" in first) == ("32", "2020/2021", False)
    assert second == {"claim_id": "C2", **FULL["claims"]}
    assert form.row.value == ""
    assert "Claims 2" in words(page.state)


@pytest.mark.parametrize("text", ["2019", "2019-04", "2019-04-30", "", "2019/2022", "31 April"])
def test_a_date_is_as_precise_as_its_source(text: str) -> None:
    field = DateField()
    field.translate("Date", "", "ko")
    field.fill(text)
    assert field.text == text
    shown = [part for part in field.parts if part.layout.display is None]
    assert len(shown) == {"2019-04": 2, "": 0}.get(text, 1)


def test_what_is_no_choice_stays_as_it_is_in_the_file() -> None:
    field = ChoiceField(["law", "court"])
    field.fill("gossip")
    assert field.text == "gossip"
    field.translate("Part", "", "en")
    assert field.text == "gossip"


HOSTILE = st.text(
    st.one_of(
        st.sampled_from("=+-@'\",\n\r\t\u202e\u2066\x00\u2028&<>`한 "),
        st.characters(codec="utf-8"),
    ),
    max_size=30,
)


@settings(max_examples=4, deadline=None)
@given(HOSTILE)
def test_hostile_texts_come_back_from_the_file_and_are_escaped_on_the_page(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("case") / "leeds"
    evil = f"<img src=x onerror=alert(1)>{text}"
    new_case(folder, title="Leeds", country="gb")
    add_case_row(folder, "bodies", {"name": evil, "kind": "press"})
    page = CasePage(read_case(folder), "en")
    cells = {**FULL["claims"], "subject": evil, "attribute": evil, "quote": evil, "said_by": evil}
    fill(page, "claims", **cells)
    fill(page, "claims", **{**cells, "subject": f"{evil}2", "said_by": "nobody"})
    assert rows(folder, "claims")[0] == {"claim_id": "C1", **cells}
    fill(page, "numbers", **{**FULL["numbers"], "unit": evil, "value": evil})  # shown as an error
    add_case_row(folder, "numbers", {"value": "1", "unit": evil, "said_by": f"{evil}?"})
    page.refresh()
    for language in ("en", "ko"):
        page.translate(language)
        shown = [each.value for each in _every(page.box, ipywidgets.HTML)]
        assert any("&lt;img src=x" in each for each in shown)
        for each in shown:
            assert "<img" not in each
            assert "\u202e" not in each
            assert "\u2066" not in each
        for menu in _every(page.box, ipywidgets.Dropdown):
            for label, _ in menu.options:
                assert printable(label) == label


def _every(widget: Any, kind: type) -> list[Any]:
    inside = [each for child in getattr(widget, "children", ()) for each in _every(child, kind)]
    return [widget, *inside] if isinstance(widget, kind) else inside


def test_a_broken_table_is_said_and_the_other_forms_work(folder: Path) -> None:
    (folder / "claims.csv").write_text("claim_id,subject\nC1,<b>x</b>\n", "utf-8")
    page = CasePage(read_case(folder), "ko")
    assert "claims.csv 1행 attribute 열: 이 열이 없습니다" in words(page.todo)
    form = fill(page, "claims", **FULL["claims"])
    assert "the column is missing" in words(form.said)
    fill(page, "bodies", name="Watch", kind="civic")
    assert rows(folder, "bodies")[-1]["name"] == "Watch"
    (folder / "case.toml").write_text("name = ", "utf-8")
    page.refresh()
    assert "TOML 형식이 아닙니다" in words(page.todo)
    page.translate("en")
    assert "case.toml: its end is not TOML" in words(page.todo)
    for language, said in (("en", "is not TOML"), ("ko", "TOML 형식이")):
        with pytest.raises(InputError, match=said):
            case_page(folder, language=language)


def test_what_is_no_case_folder_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="is not a case folder: make one"):
        case_page(tmp_path)
    with pytest.raises(InputError, match="'fr' is not a language"):
        case_page(folder, language="fr")
    assert isinstance(case_page(str(folder), language="ko"), ipywidgets.VBox)
    assert main(["desk", "--case", str(tmp_path / "none")]) == 1


def test_the_notebook_names_the_folder_as_data(tmp_path: Path) -> None:
    odd = Path("/tmp/a'); raise SystemExit('ran") / "leeds"
    _write_desk(tmp_path, odd, "en", page=True)
    import nbformat

    notebook = nbformat.read(tmp_path / "desk.ipynb", as_version=4)
    code = notebook.cells[1].source
    assert f"widgets.case_page({str(odd)!r}, language='en')" in code
    compile(code, "cell", "exec")
    assert notebook.cells[1].outputs == []


@pytest.mark.real
def test_documents_are_read_beside_the_page_and_the_desk_opens(folder: Path) -> None:
    (folder / "sources" / "a.txt").write_text("Images are kept for 31 days.", "utf-8")
    page = CasePage(read_case(folder), "en")
    assert page.desk is None
    assert "documents in sources/ not read: 1" in words(page.todo)
    assert "press 'Read the documents'" in words(page.todo)
    page.buttons["ingest"].click()
    assert page.work.thread
    page.work.thread.join(120)
    assert words(page.work.said) == "The documents are read."
    assert "agrees with the folder" in words(page.state)
    desk = page.desk
    assert desk
    desk.query.value = "kept"
    (hit,) = desk.hits.children
    hit.children[-1].click()
    desk.words.value = "for 31 days"
    desk.locate()
    for name, text in {**FULL["claims"], "attribute": "storage"}.items():
        desk.claim[name].value = text
    desk.save()
    (row,) = rows(folder, "claims")
    assert (row["claim_id"], row["quote"], row["source"], row["page"]) == (
        "R1", "for 31 days", "a.txt", "1",
    )  # fmt: skip
    assert re.fullmatch("[0-9a-f]{12}", row["document"])
    assert "Claims 1" in words(page.state)
    desk.claim["value"].value = "32"
    desk.correct()
    assert [row["value"] for row in rows(folder, "claims")] == ["32"]
    fill(page, "claims", **FULL["claims"])  # the case file is made again with both
    assert pl.Series(["C1", "R1"]).equals(read_case(folder).claims["claim_id"].sort())
    desk.take_back()
    assert [row["claim_id"] for row in rows(folder, "claims")] == ["C1"]
    assert "agrees with the folder" in words(page.state)


def test_the_bar_follows_the_command_and_the_last_line_is_its_error() -> None:
    work = CaseWork("en", lambda: None)
    seen = []
    work.bar.observe(lambda change: seen.append((change["new"], words(work.said))), names="value")
    stream = io.BytesIO(
        "\ringest:   0%|   | 0/9\ringest:  43%|▍  | 4/9\r   \nindexing:   5%|  | 1/9\r".encode()
        + b"indexing: 100%|xx| 9/9\nonetomany: <b> is locked.\n"
    )
    assert work._followed(stream) == "onetomany: <b> is locked."
    assert [value for value, _ in seen] == [43, 5, 100]
    assert words(work.said) == "Making the index"
