"""The reckoner's inputs and the letters of a case folder: from its rows, never guessed."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from onetomany.accuracy.reckoner import reckon
from onetomany.accuracy.reckoner_words import describe_reckoning
from onetomany.cases import implied, new_folder, rows, story, to_do
from onetomany.cases.case_folder import Case, read_case, shipped_cases
from onetomany.charts.cases import contradiction_pairs_table
from onetomany.claims.contradictions import word_pairs
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.requests import drafts, letters
from onetomany.requests.letter_templates import letter_fields

SOURCE = {"publisher": "Daily Nation", "url": "https://example.org/a", "confidence": "V1"}
PERIOD = {"period_start": "2026-01-01", "period_end": "2026-01-31"}
FILLED = {
    name: next(iter(each.options), "1") for name, each in letter_fields().items()
} | {"date": "2026-11-24", "expedite": "no"}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "nairobi"
    new_folder.new_case(made, title="Cameras in Nairobi", country="ke", functions=["1:N"])
    return made


def figure(folder: Path, value: str, unit: str, **cells: str) -> str:
    given = {"what_en": unit, "value": value, "unit": unit, **SOURCE, **PERIOD, **cells}
    return rows.add_case_row(folder, "numbers", given)


def said(case: Case) -> str:
    inputs, missing = implied.case_inputs(case)
    found = [notice.en for notice in describe_reckoning(reckon(inputs))] if inputs else []
    return " ".join([*found, *(english for english, _ in missing)])


# --- inputs of the reckoner


@pytest.mark.parametrize("name", shipped_cases())
def test_a_shipped_cases_numbers_speak_or_name_the_rows_that_would(name: str) -> None:
    inputs, missing = implied.case_inputs(read_case(name))
    assert inputs
    assert all(each.basis != "disclosed" or (each.url and each.source) for each in inputs.values())
    unmarked = {"searches", "alerts", "confirmed", "false_alerts", "gallery_size"} - set(inputs)
    named = " ".join(english for english, _ in missing)
    assert all(each in named for each in unmarked)
    assert ("numbers.csv" in named) == bool(unmarked)


def test_no_share_of_passers_by_bounds_a_search_for_suspects() -> None:
    inputs, _ = implied.case_inputs(read_case("massachusetts"))
    assert (inputs["searches"].value, inputs["alerts"].value) == (1032, 205)
    right = reckon(inputs).figure("right_of_ten")
    assert (right["value"], right["low"], right["high"]) == (None, 0, 10)
    # as if cameras had searched a crowd, fewer than one of ten would be right
    crowd = reckon({name: each for name, each in inputs.items() if name != "wanted_share"})
    assert crowd.figure("right_of_ten")["high"] < 1


def test_searches_for_suspects_without_alerts_give_no_figure(folder: Path) -> None:
    figure(folder, "1,032", "searches", input="searches")
    assert set(implied.case_inputs(read_case(folder))[0]) == {"searches"}
    text = (folder / "case.toml").read_text("utf-8")
    (folder / "case.toml").write_text(
        text.replace('searched = ""', 'searched = "suspects"'), "utf-8"
    )
    assert implied.case_inputs(read_case(folder))[0] == {}


def test_rows_that_may_be_an_input_are_named_and_not_taken(folder: Path) -> None:
    assert said(read_case(folder)) == ""  # without figures another sentence says so
    figure(folder, "205", "alerts")
    figure(folder, "40", "days")
    spoken = said(read_case(folder))
    assert "No row of numbers.csv is marked as an input" in spoken
    assert "Rows to check: N1 (alerts)." in spoken
    assert "N2" not in spoken
    rows.replace_case_row(folder, "numbers", "N1", {"input": "alerts"})
    assert "Alarms a day: 6.61." in said(read_case(folder))


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([{"input": "alerts"}, {"input": "alerts"}], "rows N1 and N2: both are the input 'alerts'"),
        ([{"input": "alerts"}, {"input": "searches", "value": "3"}], "a part can't be more than"),
        ([{"input": "alerts", "url": ""}], "row N1, column url: an input of the reckoner needs"),
        ([{"input": "fpir", "unit": "share", "value": "2"}], "row N1: The FPIR"),
    ],
)
def test_figures_that_cannot_be_inputs_are_a_fault_in_both_languages(
    folder: Path, cells: list[dict[str, str]], fault: str
) -> None:
    for each in cells:
        figure(folder, **({"value": "205", "unit": "alerts"} | each))
    case = read_case(folder)
    inputs, sentences = implied.case_inputs(case)
    assert inputs == {}
    assert fault in sentences[0][0]
    assert "가" <= sentences[0][1][-3] <= "힣"
    (task,) = to_do.check_case(folder)
    assert task.group == to_do.FAULT
    assert str(task).startswith("can't be used: numbers.csv: ")
    assert task.korean[1] != task.what


def test_the_pairs_are_told_without_kinds_of_which_there_are_none(folder: Path) -> None:
    count = {"subject": "cameras", "attribute": "count", "unit": "cameras", "value": "200"}
    claim = count | {"said_by": "National Police Service", "source_url": "https://example.org/c"}
    rows.add_case_row(folder, "claims", claim)

    def pairs_in_words_of(case: Case) -> pl.DataFrame:
        found = story.case_contradictions(case)
        return word_pairs(found, case.table("topics"), story.claims_in_words(case))

    def told() -> tuple[str, str]:
        case = read_case(folder)
        return story.pairs_in_words(case, story.case_contradictions(case))

    assert told()[0].startswith("No statement contradicts another. All pairs of 1 claims")
    rows.add_case_row(folder, "bodies", {"name": "Daily Nation", "kind": "press"})
    rows.add_case_row(folder, "bodies", {"name": "National Police Service", "kind": "official"})
    rows.add_case_row(folder, "claims", claim | {"value": "900", "said_by": "Daily Nation"})
    english, korean = told()
    assert english.startswith("**1** pair of statements can't both be true: 1 between a public")
    assert "0" not in english
    assert "0쌍" not in korean
    case = read_case(folder)
    shown = pairs_in_words_of(case)
    assert shown.select("quote_a", "quote_b").row(0) == (None, None)
    quoted = claim | {"value": "70", "said_by": "KICTANet", "quote": '"70 cameras"'}
    rows.add_case_row(folder, "claims", quoted)
    case = read_case(folder)
    shown = pairs_in_words_of(case)
    assert '"70 cameras"' in shown["quote_a"].to_list() + shown["quote_b"].to_list()
    table = contradiction_pairs_table(shown)._repr_html_()
    assert "“70 cameras”" in table
    assert '“"70' not in table


# --- letters of gaps


@pytest.mark.parametrize("name", shipped_cases())
def test_each_gap_of_a_shipped_case_leads_to_a_letter_that_names_its_document(name: str) -> None:
    case = read_case(name)
    names = set()
    for gap in case.named_gaps()["gap"]:
        template, row = drafts.gap_or_template(gap, table=case.named_gaps())
        assert row is not None
        language = letters.law_language(row["procedure"]).partition("-")[0]
        known = drafts.prefilled(row, row["procedure"], language)
        assert "period" in known or template not in ("accuracy_tests", "data_flow", "face_search")
        made = letters.letter(template, row["procedure"], FILLED | known, language)
        first = next(block.items[0] for block in made.blocks if block.kind == "list")
        assert first.rstrip(";").replace("\\", "") == row[f"what_{language}"]
        assert not [each for each in made.notices if "Item 1 reads as a question" in each]
        names.add(drafts.draft_name(row["procedure"], made.date, template, gap))
    assert len(names) == case.gaps.height  # two gaps with the same letter don't share a file


def test_a_gap_without_a_letter_is_a_task_and_a_wrong_one_a_fault(folder: Path) -> None:
    gap = {"gap": "tests", "body_en": "National Police Service", "what_en": "The test reports"}
    rows.add_case_row(folder, "gaps", gap)
    tasks = [task for task in to_do.check_case(folder) if "gaps.csv, row 2" in task.where]
    assert [(task.group, task.what) for task in tasks] == [
        (to_do.MISSING, "'tests' names no template, so no letter can be written")
    ]
    with pytest.raises(InputError, match=r"gap 'tests', column template: the cell is empty; write"):
        drafts.gap_or_template("tests", table=read_case(folder).named_gaps())
    for cells, what in (
        ({"template": "face_serch"}, "'face_serch' is not a template that fits"),
        ({"template": "face_search", "procedure": "uk-foia"}, "'uk-foia' is not a procedure"),
        ({"procedure": "uk-foia-2000"}, "'face_search' is not a template that fits"),
    ):
        rows.replace_case_row(folder, "gaps", "tests", cells)
        (task,) = to_do.check_case(folder)
        assert task.group == to_do.FAULT
        assert what in str(task)
    rows.replace_case_row(folder, "gaps", "tests", {"template": "accuracy_tests"})
    assert not [task for task in to_do.check_case(folder) if "gaps.csv, row" in task.where]


def test_a_case_in_spanish_writes_to_a_spanish_authority_in_its_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "estacion"
    new_folder.new_case(folder, title="Cámaras en la estación", country="es", language="es")
    gap = {
        "gap": "contratos",
        "body_en": "Ministerio del Interior",
        "template": "face_search",
        "procedure": "es-ltaibg",
        "what_en": "El contrato de 2024",
        "period": "2024-05-01/2025",
    }
    rows.add_case_row(folder, "gaps", gap)
    (folder / "requester.toml").write_text(
        'name = "A"\naddress = "B 12"\ncontact = "c@example.org"\n', "utf-8"
    )
    wanted = ["requests", "new", "contratos", "--case", str(folder), "--date", "2026-11-24"]
    assert main([*wanted, "--beside", "none", "--field", "fee_limit=0 euros"]) == 0
    assert "contratos" in capsys.readouterr().out
    (letter,) = (folder / "private" / "letters").glob("*-contratos.es.md")
    text = letter.read_text("utf-8")
    assert "1. El contrato de 2024" in text
    assert "1 de mayo de 2024 – 2025" in text
    assert "Cámaras en la estación" in text
    assert "Ministerio del Interior" in text
    assert main(["requests", "gaps", "--case", str(folder)]) == 0  # it names no claim yet
    assert "El contrato de 2024" in capsys.readouterr().out
