"""A user's copy of the chapters: one language in its texts, its code, its controls and charts."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import polars as pl
import pytest
from nbclient import NotebookClient

from onetomany import cli
from onetomany.charts.languages import spec_in_language
from onetomany.claims import programmes
from onetomany.cli.command import _preferred_language
from onetomany.errors import InputError
from onetomany.report.kernels import LabKernels
from onetomany.report.tags import ANSWER, EXERCISE, REPORT_ONLY
from onetomany.sources import elsewhere
from onetomany.widgets import (
    crowd_picker,
    fact_picker,
    letter_form,
    programme_form,
    reckoner_form,
    table_form,
    use_language,
    walks_form,
)
from onetomany.widgets import one_language as speaking
from onetomany.workshop import START, start_page, write_handout

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
HANGUL = re.compile("[가-힣]")
LATIN = re.compile("[A-Za-z]")
# what is written in Latin letters in Korean too: names of files and of measures, units, codes
SAME = re.compile(r"[\w-]+\.(csv|toml)(, \.xlsx \.\.\.)?|[\d.%,?]+|[A-Z]{1,5}|[ck]?m|mm|ft|px|—")


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


@pytest.fixture(scope="module", params=["en", "ko"])
def copy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("copy") / request.param
    write_handout(NOTEBOOKS, out, request.param)
    return request.param, out


# the copy ---------------------------------------------------------------------------------


def test_a_copy_has_the_texts_of_one_language(copy: tuple[str, Path]) -> None:
    language, folder = copy
    other = "ko" if language == "en" else "en"
    for path in CHAPTERS:
        before = nbformat.read(path, as_version=4).cells
        made = nbformat.read(folder / path.name, as_version=4)
        nbformat.validate(made)
        texts = [cell for cell in made.cells if cell.cell_type == "markdown"]
        own = [cell.source for cell in before if language in tags(cell)]
        told = [cell.source for cell in texts if not cell["id"].endswith(f"folded-{language}")]
        assert told == own
        assert len(texts) == len(own) + 1  # and how to see the code
        for cell in texts:
            assert other not in tags(cell)
            assert bool(HANGUL.search(cell.source)) == (language == "ko"), cell.source
        rooms = [c.source for c in made.cells if EXERCISE in tags(c) and c.source.startswith("#")]
        assert all(bool(HANGUL.search(room)) == (language == "ko") for room in rooms)


def test_the_code_of_a_copy_is_folded_and_speaks_first(copy: tuple[str, Path]) -> None:
    language, folder = copy
    for path in CHAPTERS:
        codes = [
            cell
            for cell in nbformat.read(folder / path.name, as_version=4).cells
            if cell.cell_type == "code"
        ]
        assert codes[0].source.endswith(f"use_language('{language}')")
        for cell in codes:
            room = EXERCISE in tags(cell) and ANSWER not in tags(cell)
            assert cell.metadata.get("jupyter", {}).get("source_hidden", False) is not room


def test_links_of_a_copy_lead_somewhere(copy: tuple[str, Path]) -> None:
    _, folder = copy
    for path in [*folder.glob("*.ipynb"), folder / START]:
        texts = [path.read_text(encoding="utf-8")]
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        headings = {
            re.sub(r"\s+", "-", line.lstrip("# ").strip())
            for text in texts
            for line in text.splitlines()
            if line.startswith("#")
        }
        for link in re.findall(r"\]\(([^)]+)\)", "\n".join(texts)):
            if link.startswith("#"):
                assert link[1:] in headings, (path.name, link)
            elif not link.startswith("https://"):
                assert (folder / link.partition("#")[0]).exists(), (path.name, link)


def test_the_start_page_of_a_copy_speaks_its_language(copy: tuple[str, Path]) -> None:
    language, folder = copy
    page = (folder / START).read_text(encoding="utf-8")
    assert page == start_page(NOTEBOOKS, language, folded=True)
    assert "Expand All Code" in page
    assert bool(HANGUL.search(page)) == (language == "ko")
    for path in CHAPTERS:
        assert page.count(f"]({path.name})") == 1


def test_two_copies_are_the_same_to_the_byte(copy: tuple[str, Path], tmp_path: Path) -> None:
    language, folder = copy
    write_handout(NOTEBOOKS, tmp_path / "again", language)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    with pytest.raises(InputError, match="not a language"):
        write_handout(NOTEBOOKS, tmp_path / "other", "fr")


def test_a_cell_that_a_copy_leaves_out_defines_nothing_for_later() -> None:
    left_out = 0
    for path in CHAPTERS:
        codes = [
            cell
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code" and cell.source.strip()
        ]
        trees = [(REPORT_ONLY in tags(cell), ast.parse(cell.source)) for cell in codes]
        names = [
            (alone, node)
            for alone, tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
        ]
        made = {node.id for alone, node in names if alone and isinstance(node.ctx, ast.Store)}
        made_elsewhere = {
            node.id for alone, node in names if not alone and isinstance(node.ctx, ast.Store)
        }
        used = {node.id for alone, node in names if not alone and isinstance(node.ctx, ast.Load)}
        assert not (made - made_elsewhere) & used, path.name
        # what it shows, a control shows in JupyterLab
        assert not any(alone for alone, _ in trees) or any("lab-only" in tags(c) for c in codes)
        left_out += sum(alone for alone, _ in trees)
    assert left_out


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ko"}, "ko"),
    ],
)
def test_the_locale_chooses_the_language(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _preferred_language() == language


def test_lab_makes_a_copy_once_and_keeps_what_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    roots: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("subprocess.call", lambda command, **_: roots.append(command[4]) or 0)
    assert cli.main(["lab", "--language", "ko"]) == 0
    chapter = tmp_path / "chapters-ko" / CHAPTERS[0].name
    chapter.write_text("my answers", encoding="utf-8")
    assert cli.main(["lab", "--language", "ko"]) == 0
    assert chapter.read_text(encoding="utf-8") == "my answers"
    assert "as you left it" in capsys.readouterr().out
    assert roots == [f"--ServerApp.root_dir={tmp_path / 'chapters-ko'}"] * 2
    assert cli.main(["lab", "--language", "en", "--show-code"]) == 0
    made = nbformat.read(tmp_path / "chapters-en" / CHAPTERS[0].name, as_version=4)
    own = [cell for cell in made.cells if cell.cell_type == "code" and ANSWER not in tags(cell)]
    assert sum("source_hidden" in cell.metadata.get("jupyter", {}) for cell in own) == 1


# what it says -----------------------------------------------------------------------------


def test_html_keeps_one_language_and_everything_else() -> None:
    body = (
        "<table><tr><th><span lang='en'>Day</span> <span lang='ko'>날</span></th></tr>"
        '<tr><td lang="ko-KR">인용 &amp; quote&#33;<br/><img src="x"></td></tr></table><!-- c -->'
        "<p lang=\"en\">One <b>two<br></b></p><p lang='ko'>하나 <b>둘</b></p>"
    )
    kept = speaking._html_in_language(body, "ko")
    assert kept == (
        "<table><tr><th> <span lang='ko'>날</span></th></tr>"
        '<tr><td lang="ko-KR">인용 &amp; quote&#33;<br/><img src="x"></td></tr></table><!-- c -->'
        "<p lang='ko'>하나 <b>둘</b></p>"
    )
    assert "하나" not in speaking._html_in_language(body, "en")
    assert "인용" in speaking._html_in_language(body, "en")


def test_a_chart_speaks_one_language() -> None:
    tips = [{"field": "event_en"}, {"field": "event_ko"}, {"field": "n"}]
    spec = {
        "title": {"text": "More records", "subtitle": ["기록이 많다", "Source 출처: this run"]},
        "datasets": {"d": [{"kind": "measured 측정", "event_ko": "가"}]},
        "encoding": {
            "x": {"field": "n", "title": "Records 기록 수"},
            "y": {"axis": {"labelExpr": "split(replace(datum.label, regexp(' (?=[가-힣])')))"}},
            "tooltip": tips,
        },
    }
    korean = spec_in_language(spec, "ko")
    assert korean["title"] == {"text": "기록이 많다", "subtitle": ["출처: 이번 실행"]}
    assert korean["datasets"]["d"][0] == {"kind": "측정", "event_ko": "가"}
    assert korean["encoding"]["x"]["title"] == "기록 수"
    assert korean["encoding"]["tooltip"] == tips[1:]
    assert "가-힣" not in korean["encoding"]["y"]["axis"]["labelExpr"]
    english = spec_in_language(spec, "en")
    assert english["title"] == {"text": "More records", "subtitle": ["Source: this run"]}
    assert english["datasets"]["d"][0]["kind"] == "measured"
    assert english["encoding"]["tooltip"] == [tips[0], tips[2]]


def test_another_language_is_refused() -> None:
    with pytest.raises(InputError, match="not a language of the chapters"):
        use_language("fr")


def all_widgets(box: Any) -> list[Any]:
    inside = [each for child in getattr(box, "children", ()) for each in all_widgets(child)]
    return [box, *inside]


def labels(box: Any) -> set[str]:
    """What a form's controls say: labels, hints, and the words of menus."""
    found: set[str] = set()
    for each in all_widgets(box):
        found |= {getattr(each, name, None) or "" for name in ("description", "placeholder")}
        # an authority's official name is in the language of the letter
        official = re.search("Authority|기관", getattr(each, "description", None) or "")
        if isinstance(each, ipywidgets.Dropdown) and not official:
            found |= set(each._options_labels)
    return {text.strip() for text in found} - {"", "\u200b"}


def the_forms() -> dict[str, Any]:
    facts = pl.DataFrame(
        {"fact": ["waist 33 허리 33"], "share": [0.1], "group": ["a"], "of_en": ["a"],
         "of_ko": ["가"], "source": ["s"]}
    )  # fmt: skip
    table = pl.DataFrame({"nationality": ["JPN"], "sex": ["F"], "birth_year": [1985]})
    listed, sources = elsewhere.programmes(), elsewhere.programme_sources()
    return {
        "crowd": crowd_picker(table, ["nationality", "sex", "birth_year"], source="s"),
        "facts": fact_picker(facts),
        "letter": letter_form(),
        "programmes": programme_form(programmes.with_sources(listed, sources), source="s"),
        "reckoner": reckoner_form(),
        "table": table_form(),
        "walks": walks_form(),
    }


@pytest.mark.parametrize("language", ["en", "ko"])
def test_labels_of_forms_are_words_of_one_language(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(speaking, "_chosen", [language])
    for name, form in the_forms().items():
        said = labels(form)
        assert said
        for text in said:
            assert "_" not in text, f"{name}: '{text}' is a column's name"
            if language == "en":
                assert not HANGUL.search(text), f"{name}: {text}"
            else:
                assert HANGUL.search(text) or SAME.fullmatch(text), f"{name}: {text}"


# in a kernel ------------------------------------------------------------------------------


def outputs(*cells: str) -> list[list[Any]]:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    client = NotebookClient(made, timeout=120)
    client.create_kernel_manager()
    client.km.kernel_spec_manager = LabKernels()
    return [list(cell.outputs) for cell in client.execute().cells]


@pytest.mark.kernel
def test_a_kernel_speaks_the_language_that_was_chosen_last() -> None:
    say = "from onetomany.prose import say\nsay('One.', '하나.')"
    both, korean, english = (
        "".join(each["data"]["text/html"] for each in found)
        for found in outputs(
            say,
            "from onetomany.widgets import use_language\nuse_language('ko')\n" + say,
            "use_language('en')\n" + say,
        )
    )
    assert ("One." in both, "하나." in both) == (True, True)
    assert ("One." in korean, "하나." in korean) == (False, True)
    assert ("One." in english, "하나." in english) == (True, False)


@pytest.mark.kernel
def test_a_bar_of_progress_is_no_red_block_and_goes_at_the_end() -> None:
    code = """
import time
from onetomany.progress import ProgressBar
for _ in ProgressBar(range(30), desc="records"):
    time.sleep(0.07)
for _ in ProgressBar(range(3), desc="at once"):
    pass
"""
    (found,) = outputs(code)
    assert [each.output_type for each in found] == ["display_data"]
    assert found[0]["data"]["text/html"] == ""


@pytest.mark.kernel
def test_a_bar_is_drawn_below_its_cell() -> None:
    code = """
import time
from onetomany.progress import ProgressBar
bar = ProgressBar(total=40)
for _ in range(20):
    time.sleep(0.1)
    bar.update()
"""
    (found,) = outputs(code)
    assert [each.output_type for each in found] == ["display_data"]
    assert re.search(r'<progress max="100" value="[1-9]\d*">', found[0]["data"]["text/html"])
