"""The house keeps its rules: rooms import downwards, modules stay small, files agree."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
# by its path: importing the command takes the working directory off Python's path
COUNTS = spec_from_file_location("counts_of_the_house", ROOT / "benchmarks" / "house.py")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

assert COUNTS
assert COUNTS.loader
house = module_from_spec(COUNTS)
COUNTS.loader.exec_module(house)

# a room may import those before it, and none after
ORDER = [
    "start",
    "errors",
    "checked_tables",
    "extras",
    "lazy",
    "confidence",
    "printing",
    "progress",
    "sources",
    "cage",
    "faces",
    "gallery",
    "accuracy",
    "terminal",
    "tracking",
    "behaviour",
    "reidentification",
    "mentions",
    "formats",
    "documents",
    "claims",
    "requests",
    "cases",
    "charts",
]
# these show results: any room may be above them, but no room of ORDER imports them
SHOWING = ["prose", "widgets", "report", "workshop", "evidence", "examples", "cli"]


def rooms_imported(path: Path) -> set[str]:
    """Rooms of the package that a module imports, at any depth of its code."""
    inside = path.relative_to(LIB).parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = list(inside[:-1])[: len(inside) - node.level]
                full = [*base, *(node.module or "").split(".")]
                found |= {full[0]} if full[0] else {alias.name for alias in node.names}
            elif (node.module or "").startswith("onetomany."):
                found.add(node.module.split(".")[1])
    return found - {""}


@pytest.mark.parametrize("path", sorted(LIB.rglob("*.py")), ids=lambda p: str(p.relative_to(LIB)))
def test_rooms_import_downwards(path: Path) -> None:
    room = path.relative_to(LIB).parts[0].removesuffix(".py")
    imported = rooms_imported(path) - {room}
    if room in ORDER:
        allowed = set(ORDER[: ORDER.index(room)])
        assert imported <= allowed, f"{room} imports {imported - allowed}"
        if room == "charts":
            assert imported <= {"errors", "lazy", "confidence"}, "charts take frames alone"
    elif room != "__init__":
        assert room in SHOWING, f"{room} is in no list of rooms"


@pytest.mark.parametrize("path", sorted(LIB.rglob("*.py")), ids=lambda p: str(p.relative_to(LIB)))
def test_modules_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert path.name != "utils.py"


def test_a_room_names_its_own_modules_relatively() -> None:
    """Ruff refuses `from ..x`: another room is named in full."""
    for path in LIB.glob("*/*.py"):
        own = re.escape(f"onetomany.{path.parent.name}")
        assert not re.search(rf"^ *from {own}[. ]", path.read_text("utf-8"), re.MULTILINE), path


def test_functions_stay_short() -> None:
    """40 lines, docstrings aside: one screen, which can be read alone."""
    assert house.long_functions() == {}


def test_only_the_kits_own_bars_show_progress() -> None:
    """JupyterLab paints tqdm's own bars red; `progress` does not."""
    found = [
        path
        for path in LIB.rglob("*.py")
        if re.search("import tqdm|from tqdm", path.read_text("utf-8"))
    ]
    assert found == [LIB / "progress.py"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_carry_no_outputs_and_open_with_the_four_points(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
    english, korean = notebook.cells[0].source, notebook.cells[1].source
    number = path.name[:2]
    assert english.startswith(f"# {number} · ")
    assert korean.startswith(f"# {number} · ")
    for point in ("The question", "What you will see", "How long it takes", "What it can't show"):
        assert f"**{point}.**" in english
    for point in ("질문", "볼 것", "걸리는 시간", "보여 줄 수 없는 것"):
        assert f"**{point}.**" in korean


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_every_text_stands_in_both_languages(path: Path) -> None:
    texts = [
        cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
    ]
    languages = [[tag for tag in cell.metadata.tags if tag in ("en", "ko")] for cell in texts]
    assert languages == [["en"], ["ko"]] * (len(texts) // 2)
    for english, korean in zip(texts[::2], texts[1::2], strict=True):
        assert not re.search("[가-힣]", english.source)
        assert re.search("[가-힣]", korean.source)
        # the same structure on both sides
        for mark in ("# ", "- ", "|"):
            count = [
                sum(line.startswith(mark) for line in cell.source.splitlines())
                for cell in (english, korean)
            ]
            assert count[0] == count[1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_chapter_says_once_at_most_that_something_has_no_interval(path: Path) -> None:
    for pattern in (r"\bno intervals?\b(?! leave)|\bso no count\b", r"구간[은이] 없(?:다|는)"):
        cells = nbformat.read(path, as_version=4).cells
        said = [cell.source for cell in cells if re.search(pattern, cell.source)]
        assert len(said) <= 1, said
        assert not re.search(r"\bwhoever\b", path.read_text("utf-8"), re.IGNORECASE)


def test_the_readmes_commands_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE))
    assert {"report", "test", "quick", "lab", "bench"} <= named <= targets
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_dependencies_need_no_copyleft_and_match_the_users_form() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.split(r"[<>=\[ ]", line)[0] for line in lines}
    assert {"jupyterlab", "ipywidgets", "polars", "altair", "deepface", "duckdb"} <= names
    assert project["requires-python"] == ">=3.11,<3.14"


def test_no_vendors_threshold_is_used_as_evidence() -> None:
    """deepface's own thresholds and its verify() and find(), which apply them, are not called."""
    banned = re.compile(
        r"find_threshold|config\.threshold|confidence\.py|deepface\.(verify|find)\b", re.IGNORECASE
    )
    for path in [*LIB.rglob("*.py"), *NOTEBOOKS]:
        assert not banned.search(path.read_text(encoding="utf-8")), path


def test_no_two_modules_define_the_same_public_name() -> None:
    assert house.homonyms() == {}
    assert house.module_homonyms() == {}


def test_no_idiom_of_ours_is_more_frequent_than_in_model_projects() -> None:
    for name, (_, rate) in house.idioms().items():
        most = house.IDIOMS[name][1]
        assert rate <= most, f"{name}: {rate:.1f} in 10,000 words; see python -m benchmarks.house"
