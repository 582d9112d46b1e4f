"""What a trainer needs: exercises in every chapter, handouts, the pages to teach from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from onetomany import cli
from onetomany.errors import InputError
from onetomany.report.tags import ANSWER, EXERCISE, REPORT_ONLY
from onetomany.workshop import START, offline, start_page, write_handout
from onetomany.workshop.handout import _with_room
from onetomany.workshop.offline import _plain_pins

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
HANGUL = re.compile("[가-힣]")


def cells_of(path: Path) -> list[Any]:
    return list(nbformat.read(path, as_version=4).cells)


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def exercises(path: Path) -> list[int]:
    """Numbers of a chapter's exercises, as their English questions bear them."""
    asked = [cell.source for cell in cells_of(path) if {"en", EXERCISE} <= set(tags(cell))]
    return [int(each) for text in asked for each in re.findall(r"^\*\*(\d+)\.\*\*", text, re.M)]


# --- exercises ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_ends_with_exercises_in_both_languages_and_folded_answers(path: Path) -> None:
    cells = cells_of(path)
    numbers = exercises(path)
    assert len(numbers) >= 2, f"{path.name} has {len(numbers)} exercises; a chapter needs two"
    assert numbers == list(range(1, len(numbers) + 1))
    first = next(number for number, cell in enumerate(cells) if EXERCISE in tags(cell))
    kinds = ""
    for cell in cells[first:]:
        assert EXERCISE in tags(cell), "after the first exercise come exercises only"
        if ANSWER in tags(cell):
            assert cell.cell_type == "code", "an answer is code that is run with the chapter"
            assert cell.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}
            kinds += "a"
        else:
            assert cell.cell_type == "markdown"
            kinds += "e" if "en" in tags(cell) else "k"
    # each question is asked in English, then in Korean, then answered
    assert re.fullmatch(r"(eka+)+", kinds), f"{path.name}: {kinds}"
    assert kinds.count("e") == len(numbers)
    for english, korean in zip(cells[first:], cells[first + 1 :], strict=False):
        if "en" in tags(english):
            number = re.findall(r"^\*\*\d+\.\*\*", english.source, re.M)
            assert number == re.findall(r"^\*\*\d+\.\*\*", korean.source, re.M)


def test_no_answer_stands_before_the_exercises() -> None:
    for path in CHAPTERS:
        for cell in cells_of(path):
            assert ANSWER not in tags(cell) or EXERCISE in tags(cell), path.name


# --- handouts -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("handout") / "chapters"
    written = write_handout(NOTEBOOKS, out)
    assert [path.name for path in written] == [START, *(path.name for path in CHAPTERS)]
    return out


def test_a_handout_has_an_empty_room_before_each_first_answer(tmp_path: Path) -> None:
    handout = tmp_path / "open"
    write_handout(NOTEBOOKS, handout, folded=False)
    for path in CHAPTERS:
        before = [cell for cell in cells_of(path) if REPORT_ONLY not in tags(cell)]
        after = cells_of(handout / path.name)
        rooms = [cell for cell in after if cell not in before]
        assert len(rooms) == len(exercises(path))
        for room in rooms:
            code = [line for line in room.source.splitlines() if not line.startswith("#")]
            assert code == []
            at = after.index(room)
            assert ANSWER not in tags(after[at - 1])
            assert EXERCISE in tags(after[at - 1])
            assert ANSWER in tags(after[at + 1])
        # nothing else was changed
        assert [cell for cell in after if cell not in rooms] == before
        nbformat.validate(nbformat.read(handout / path.name, as_version=4))


def test_two_handouts_are_the_same_to_the_byte(handout: Path, tmp_path: Path) -> None:
    write_handout(NOTEBOOKS, tmp_path / "again")
    one, two = (
        {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in (handout, tmp_path / "again")
    )
    assert one == two
    for image in NOTEBOOKS.glob("*.png"):
        assert one[image.name] == image.read_bytes()


def test_a_handout_never_overwrites_what_somebody_wrote(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "00_the_case.ipynb").write_text("my answers", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        write_handout(NOTEBOOKS, own)
    assert [path.name for path in own.iterdir()] == ["00_the_case.ipynb"]
    assert (own / "00_the_case.ipynb").read_text(encoding="utf-8") == "my answers"
    with pytest.raises(InputError, match="not empty"):
        write_handout(NOTEBOOKS, own / "00_the_case.ipynb")
    with pytest.raises(InputError, match="no chapters"):
        write_handout(tmp_path / "nowhere", tmp_path / "out")


def test_an_answer_is_folded_even_if_its_author_left_it_open() -> None:
    new = nbformat.v4
    both = {"tags": [EXERCISE, ANSWER]}
    open_answers = [new.new_code_cell(str(each), metadata=both) for each in (1, 2)]
    question = new.new_markdown_cell("**1.** Why?", metadata={"tags": ["en", EXERCISE]})
    cells = _with_room(new.new_notebook(cells=[question, *open_answers])).cells
    # two answers to one question, one room
    assert [ANSWER in tags(cell) for cell in cells] == [False, False, True, True]
    for cell in cells[2:]:
        assert cell.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}


# --- the start page, and the command that opens it ------------------------------------------


def test_the_start_page_is_what_the_chapters_say() -> None:
    stored = NOTEBOOKS / START
    page = start_page(NOTEBOOKS)
    assert stored.read_text(encoding="utf-8") == page, "run 'make generate'"
    for path in CHAPTERS:
        assert page.count(f"]({path.name})") == 2  # a card in each language


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    calls: list[tuple[list[str], dict[str, str]]] = []

    def call(command: list[str], env: dict[str, str], cwd: str) -> int:
        assert not list(Path(cwd).iterdir())  # Lab reads configuration where it is started
        calls.append((command, env))
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    return calls


def test_lab_opens_on_the_start_page_where_there_is_one(
    tmp_path: Path, called: list[tuple[list[str], dict[str, str]]]
) -> None:
    assert cli.main(["lab", "--notebooks", str(tmp_path)]) == 0
    (tmp_path / START).write_text("# cards\n", encoding="utf-8")
    opens = f"--LabApp.default_url=/lab/tree/{START}"
    own = "--LabApp.default_url=/lab/tree/own.ipynb"
    assert cli.main(["lab", "--notebooks", str(tmp_path), "--", "--no-browser", own]) == 0
    (without, _), (command, env) = called
    root = f"--ServerApp.root_dir={tmp_path.resolve()}"
    kernels = "--ServerApp.kernel_spec_manager_class=onetomany.report.kernels.LabKernels"
    start = ["-I", "-m", "jupyterlab", root, kernels]
    assert without[1:] == start
    # of two values jupyter takes the last: the user's
    assert command[1:] == [*start, opens, "--no-browser", own]
    config = Path(env["JUPYTER_CONFIG_PATH"])
    settings = json.loads((config / "labconfig" / "default_setting_overrides.json").read_text())
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers["markdown"] == "Markdown Preview"  # the cards are links, not source


def test_lab_tells_of_a_folder_that_is_not_there(
    called: list[tuple[list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lab", "--notebooks", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert not called


# --- the folder for a machine without network -----------------------------------------------


def test_pins_are_those_of_this_machine_without_hashes_and_comments() -> None:
    export = """\
# This file was made by a tool
-e .
--index-url https://example.org/simple
polars==2.1.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
    # via onetomany
colorama==0.4.6 ; sys_platform == 'nowhere'
tomli==2.0.1 ; python_version < '3'
numpy==2.3.0 ; python_full_version >= '3.11'
lxml[html]==6.0.0
one-line==1.0 --hash=sha256:cccc
"""
    assert _plain_pins(export) == ["polars==2.1.0", "numpy==2.3.0", "lxml==6.0.0", "one-line==1.0"]


@pytest.mark.parametrize("export", ["", "# nothing\n-e .\n", "a==1 ; sys_platform == 'nowhere'\n"])
def test_pins_of_nothing_are_refused(export: str) -> None:
    with pytest.raises(InputError, match="uv export"):
        _plain_pins(export)


def tiny_wheel(folder: Path, name: str, code: str) -> None:
    """A wheel with one module and a command of its name, as pip takes it."""
    info = f"{name}-1.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    listed = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as file:
        for path, text in (files | {f"{info}/RECORD": listed}).items():
            file.writestr(path, text)


def test_the_folder_installs_without_network_and_refuses_what_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two wheels of a few lines in place of the real ones, which take gigabytes."""

    def wheels(project: Path, pins: list[str], folder: Path, scratch: Path) -> None:
        assert (project, pins) == (ROOT, ["tiny==1"])
        folder.mkdir()
        tiny_wheel(folder, "tiny", "word = 'opened'\n")
        code = "import sys, tiny\ndef main(): print(tiny.word, *sys.argv[1:])\n"
        tiny_wheel(folder, "onetomany", code)

    monkeypatch.setattr(offline, "_wheels", wheels)
    out = offline.write_offline(ROOT, "tiny==1 --hash=sha256:aa\n", tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (out / "notebooks" / START).is_file()
    assert (out / "docs" / "workshop.ko.md").is_file()
    # whoever asks an index or a proxy is refused at once
    nowhere = dict.fromkeys(("PIP_INDEX_URL", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = os.environ | nowhere | {"PYTHON": sys.executable}

    def sh(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", *command], cwd=out, env=environment, capture_output=True, text=True, check=False
        )

    chapter = out / "notebooks" / CHAPTERS[0].name
    whole = chapter.read_bytes()
    chapter.write_bytes(whole[:-1])
    refused = sh("install.sh")
    assert refused.returncode
    assert chapter.name in refused.stdout + refused.stderr
    assert not (out / ".venv").exists()
    chapter.write_bytes(whole)
    done = sh("install.sh")
    assert done.returncode == 0, done.stderr
    assert sh("start.sh", "--no-browser").stdout.split() == [
        "opened", "lab", "--notebooks", "notebooks", "--no-browser"
    ]  # fmt: skip
    with pytest.raises(InputError, match="not empty"):
        offline.write_offline(ROOT, "tiny==1\n", out)
    with pytest.raises(InputError, match="not a checkout"):
        offline.write_offline(tmp_path, "tiny==1\n", tmp_path / "other")


# --- pages to teach from --------------------------------------------------------------------


def rows(text: str) -> list[list[str]]:
    """Cells of the table rows, heads and rules left out."""
    found = []
    for line in text.splitlines():
        if line.startswith("|") and not set(line) <= set("|- "):
            found.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return found


@pytest.fixture(scope="module")
def glossary() -> list[list[str]]:
    head, *terms = rows((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    assert head == ["Term", "용어", "Meaning", "뜻", "Source"]
    return terms


def test_the_glossary_is_whole_sorted_and_in_two_languages(glossary: list[list[str]]) -> None:
    assert len(glossary) >= 60
    words = [row[0].casefold() for row in glossary]
    assert words == sorted(set(words))
    for row in glossary:
        assert len(row) == 5
        assert all(row), row[0]
        english, korean, meaning, meaning_ko, _ = row
        assert HANGUL.search(korean) or korean == english, f"{english}: {korean}"
        assert not HANGUL.search(english)
        assert HANGUL.search(meaning_ko)
        assert meaning != meaning_ko


def test_the_glossarys_korean_is_that_of_the_chapters(glossary: list[list[str]]) -> None:
    """A word without a dagger stands in a chapter or its charts, one with a dagger in none."""
    shown = [path.read_text("utf-8") for path in (ROOT / "lib/onetomany/charts").glob("*.py")]
    for path in CHAPTERS:
        shown += [cell.source for cell in cells_of(path) if "en" not in tags(cell)]
    corpus = "\n".join(shown)
    for english, korean, *_ in glossary:
        word = re.sub(r"\(.*?\)|[\\*†]", "", korean).strip()
        if HANGUL.search(word):
            used = word in corpus
            assert used or "†" in korean, f"{english}: no chapter says {word}"
            assert not used or "†" not in korean, f"{english}: a chapter says {word}, drop its †"
    assert sum("†" in row[1] for row in glossary) < len(glossary) / 4


PLANS = ("workshop.md", "workshop.ko.md")


@pytest.fixture(scope="module")
def plans() -> dict[str, str]:
    return {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in PLANS}


def test_both_plans_have_the_same_structure(plans: dict[str, str]) -> None:
    shapes = []
    for text in plans.values():
        kinds = [re.match(r"#+ |\||- |\d+\. |```", line) for line in text.splitlines()]
        shapes.append([kind.group() for kind in kinds if kind])
    assert shapes[0] == shapes[1]
    one, two = (rows(text) for text in plans.values())
    assert [len(row) for row in one] == [len(row) for row in two]
    for english, korean in zip(one, two, strict=True):
        # an empty cell is empty in both, and times, minutes and chapters are the same
        assert [bool(cell) for cell in english] == [bool(cell) for cell in korean]
        if re.match(r"\d", english[0]):
            assert english[:3] == korean[:3]
            named = [re.findall(r"\d+", row[4]) for row in (english, korean)]
            assert named[0] == named[1]
    assert not HANGUL.search(plans["workshop.md"].replace("한국어", ""))


@pytest.mark.parametrize("name", PLANS)
def test_what_a_plan_names_exists(plans: dict[str, str], name: str) -> None:
    text = plans[name]
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target
    known = {path.name[:2]: exercises(path) for path in CHAPTERS}
    named = re.findall(r"\b(\d\d) (?:exercise|연습) (\d)", text)
    assert len(named) >= 20
    for chapter, number in named:
        assert int(number) in known[chapter], f"{name}: {chapter} has no exercise {number}"
    for row in rows(text):
        if re.match(r"\d+:\d\d$", row[0]):
            assert set(re.findall(r"\b\d\d\b", row[2])) <= set(known), f"no chapter {row[2]}"


def part(text: str, number: int) -> str:
    return re.split(r"^## ", text, flags=re.M)[number]


@pytest.mark.parametrize("name", PLANS)
def test_the_minutes_add_up(plans: dict[str, str], name: str) -> None:
    two_hours, one_day = (
        [row for row in rows(part(plans[name], number)) if re.match(r"\d", row[0])]
        for number in (2, 3)
    )
    assert sum(int(row[1]) for row in two_hours) == 120
    for plan in (two_hours, one_day):
        clock = [int(row[0].split(":")[0]) * 60 + int(row[0].split(":")[1]) for row in plan]
        ends = [start + int(row[1]) for start, row in zip(clock, plan, strict=True)]
        assert ends[:-1] == clock[1:], "each part begins where the one before it ends"
    # the day takes every chapter
    taken = set(re.findall(r"\b\d\d\b", " ".join(row[2] for row in one_day)))
    assert {path.name[:2] for path in CHAPTERS} <= taken


def test_the_safeguards_come_first_and_every_question_has_its_answer(plans: dict[str, str]) -> None:
    for name, words in (
        (PLANS[0], ("No faces of participants", "No live cameras", "Consented sets", "simulation")),
        (PLANS[1], ("우리 얼굴은 쓰지 않는다", "실시간 카메라", "동의를 받은 자료", "모의실험")),
    ):
        preparation = part(plans[name], 1)
        assert all(word in preparation for word in words)
        asked, answers = re.split(r"^### ", part(plans[name], 5), flags=re.M)
        numbers = [re.findall(r"^(\d+)\. ", text, re.M) for text in (asked, answers)]
        assert numbers[0] == numbers[1] == [str(n) for n in range(1, len(numbers[0]) + 1)]
        assert len(numbers[0]) >= 10
