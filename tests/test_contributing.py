"""What CONTRIBUTING.md names exists; its small changes take effect where it says."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import polars as pl
import pytest

import test_generated
from onetomany import cli
from onetomany.charts.presenter import present_table, table_words
from onetomany.charts.table_formats import written
from onetomany.errors import InputError
from onetomany.evidence import questions
from onetomany.formats.reading import NOTE_KINDS
from onetomany.mentions.quantities import UNITS
from onetomany.sources import elsewhere
from onetomany.sources.datasheets import BLANK, Datasheet
from onetomany.widgets.desk_words import UNITS as KOREAN_UNITS

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TEXT = FENCED.sub("", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
QUOTED = re.findall(r"`([^`]+)`", TEXT)
# a pattern, and a file that must not be there
PATTERNS = {"notebooks/NN_name.ipynb", "utils.py"}
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(py|toml|yml|md|txt|lock|ipynb)")


def paths() -> set[str]:
    """Return every quoted path, alone or within a command, and every linked one."""
    words = {word for each in QUOTED for word in each.split()}
    linked = set(re.findall(r"\]\(([^)#:]+)\)", TEXT))
    return {word for word in words if PATH.fullmatch(word)} - PATTERNS | linked


def test_every_path_exists() -> None:
    found = paths()
    assert {"lib/onetomany/charts", "lib/onetomany/confidence.py", "data_requests/laws"} <= found
    missing = {path for path in found if not ((ROOT / path).exists() or (LIB / path).exists())}
    assert not missing


def test_every_name_is_in_a_file_that_its_item_quotes() -> None:
    for item in re.split(r"\n(?=\d\. |- |\| )", TEXT):
        quoted = re.findall(r"`([^`]+)`", item)
        paths_ = [each for each in quoted if PATH.fullmatch(each)]
        files = [at / each for each in paths_ for at in (ROOT, LIB) if (at / each).exists()]
        texts = [
            path.read_text(encoding="utf-8")
            for each in files
            for path in (each.rglob("*.py") if each.is_dir() else [each])
            if path.suffix in (".py", ".toml")
        ]
        names = [each for each in quoted if re.fullmatch(r"_?[A-Z]{3,}[A-Z_]*|read_[a-z]+", each)]
        for name in names:
            assert any(re.search(rf"\b{name}\b", text) for text in texts), (name, item[:60])


def test_every_target_and_command_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    names = [command.__name__.removesuffix("_command") for command in cli.COMMANDS]
    commands = {name.replace("_", "-") for name in names}
    made = {each.split()[1] for each in QUOTED if each.startswith("make ")}
    run = {match[1] for each in QUOTED if (match := re.match(r"uv run onetomany (\S+)", each))}
    assert {"quick", "test", "report"} <= made <= targets
    assert run
    assert run <= commands


# --- the small changes ----------------------------------------------------------------------


def test_a_kind_of_note_has_one_place() -> None:
    """Each kind that a reader writes is in NOTE_KINDS, and each in NOTE_KINDS is written."""
    kinds = [kind for group in NOTE_KINDS.values() for kind in group]
    assert len(kinds) == len(set(kinds))
    modules = [path for room in ("formats", "documents") for path in (LIB / room).glob("*.py")]
    said = "".join(path.read_text("utf-8") for path in modules if path.name != "reading.py")
    noted = set(re.findall(r"\.note\(\s*\"(\w+)\"", said))
    assert {"unread", "ocr", "hidden"} <= noted <= set(kinds)
    assert all(f'"{kind}"' in said for kind in kinds)


def test_a_programme_needs_a_row_and_its_sources(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(Path(str(elsewhere.DATA)), folder)
    programmes = folder / "programmes.csv"
    head, first = programmes.read_text("utf-8").splitlines()[:2]
    assert first.endswith(",V1,")
    new = first.replace("KE-POLICE", "KE-NEW")
    programmes.write_text(programmes.read_text("utf-8") + new + "\n", "utf-8")
    with pytest.raises(InputError, match="KE-NEW"):
        elsewhere.programmes(folder)
    with (folder / "sources.csv").open("a", encoding="utf-8") as file:
        file.write("KE-NEW,A Paper,https://example.org/x,2026-11-30,\n")
    assert elsewhere.programmes(folder).height == elsewhere.programmes().height + 1
    assert "consent" in head


def test_an_experts_question_needs_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    file = LIB / "evidence" / "data" / "questions.toml"
    text = file.read_text("utf-8")
    entry = text[text.index("[[question]]") :].split("\n\n")[0]
    before = [len(questions.load_questions(each)) for each in ("", "us")]
    monkeypatch.setattr(questions, "packaged_toml", lambda *_: tomllib.loads(text + "\n" + entry))
    after = [len(questions.load_questions(each)) for each in ("", "us")]
    assert after == [number + 1 for number in before]


def test_a_figure_without_a_label_is_told_where_to_get_one() -> None:
    frame = pl.DataFrame({"figure": ["TMR"], "value": [0.5], "new_figure": [1]})
    with pytest.raises(InputError, match=r"'new_figure' has no label: .*charts/data/columns\.csv"):
        present_table(frame, ("Figures", "수치"), status="computed")


def test_the_number_of_draws_has_one_place() -> None:
    sources = [path.read_text("utf-8") for path in LIB.glob("*/*.py")]
    defaults = {each for text in sources for each in re.findall(r"replicates: int = (\w+)", text)}
    assert defaults == {"REPLICATES"}
    assert len([text for text in sources if re.search("^REPLICATES = ", text, re.MULTILINE)]) == 0


def test_a_required_field_of_a_datasheet_is_in_each_sheet() -> None:
    required = {each.name for each in fields(Datasheet) if each.default is MISSING}
    assert {"title", "consent_basis", "max_gallery"} <= required
    sheets = {path.name: path.read_text("utf-8")
              for path in (LIB / "sources" / "data" / "datasheets").glob("*.toml")}  # fmt: skip
    for name, text in {"blank": BLANK, **sheets}.items():
        assert required <= set(tomllib.loads(text)), name


def test_a_glossary_word_needs_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = test_generated.generate.glossary().splitlines()
    table = tmp_path / "report" / "data" / "glossary.csv"
    table.parent.mkdir(parents=True)
    rows = (LIB / "report" / "data" / "glossary.csv").read_text("utf-8")
    table.write_text(rows + "aardvark,땅돼지,*,,,An animal.,동물.,a dictionary\n", "utf-8")
    monkeypatch.setattr(test_generated.generate, "LIB", tmp_path)
    after = test_generated.generate.glossary().splitlines()
    row = "| aardvark | 땅돼지 \\* | An animal. | 동물. | a dictionary |"
    assert after.index(row) == next(n for n, line in enumerate(before) if "| abnormal" in line)
    assert [line for line in after if line != row] == before


def test_each_unit_of_quantities_has_a_korean_word() -> None:
    assert set(UNITS) <= set(KOREAN_UNITS)
    known = table_words("unit")
    shown = {unit: written("5", "text", known, unit) for unit in UNITS}
    assert shown["persons"] == ("5 persons", "5명")
    assert [unit for unit, (_, korean) in shown.items() if unit in korean] == []
