"""`import onetomany as otm` is quick; each function it offers has an example that runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import pytest
import yaml

import onetomany as otm

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
PACKAGES = sorted(path.parent.name for path in LIB.glob("*/__init__.py"))
# title -> the examples below it, of docs/door.md
SECTIONS = {
    part.partition("\n")[0] if number else "": "".join(
        re.findall(r"^```pycon\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    )
    for number, part in enumerate(
        re.split("^## ", (ROOT / "docs" / "door.md").read_text("utf-8"), flags=re.MULTILINE)
    )
}
HEAVY = {"exhibit"}  # runs a kernel, as on the page


def type_checked(package: Path) -> set[str]:
    """Names that a package's static list, `if TYPE_CHECKING`, imports."""
    tree = ast.parse((package / "__init__.py").read_text("utf-8"))
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_" in ast.unparse(node.test)
    ]
    return {
        alias.asname or alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_import_loads_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import onetomany; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} "
        "- set(sys.stdlib_module_names)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["onetomany"]


def test_the_import_costs_under_50_ms() -> None:
    # processor time, the least of three: others share the machine
    code = (
        "import time; begin = time.process_time(); import onetomany; "
        "print(time.process_time() - begin)"
    )
    times = [
        float(subprocess.check_output([sys.executable, "-I", "-c", code], text=True))
        for _ in range(3)
    ]
    assert min(times) < 0.05


def test_the_door_and_its_static_list_agree() -> None:
    assert set(otm.__all__) - {"__version__"} == type_checked(LIB)
    assert set(otm.__all__) - {"__version__"} == {*otm.DOOR, *otm.ROOMS}
    assert set(otm.__all__) <= set(dir(otm))
    assert not set(otm.DOOR) & set(PACKAGES)  # a room would take the name of the function
    assert "onetomany" in repr(otm.accuracy)
    assert sorted({*otm.ROOMS, "cli"}) == sorted({*PACKAGES})
    with pytest.raises(AttributeError, match="'onetomany' has no attribute 'enrol_everybody'"):
        otm.enrol_everybody  # noqa: B018


@pytest.mark.parametrize("name", otm.DOOR)
def test_each_name_leads_to_a_documented_function_with_an_example(name: str) -> None:
    module, _, function = otm.DOOR[name].partition(":")
    value = getattr(otm, name)
    assert value is getattr(import_module(f"onetomany.{module}"), function or name)
    assert inspect.isfunction(value)
    assert (inspect.getdoc(value) or "").partition("\n")[0].endswith((".", ";", ":", ","))
    assert re.search(rf"\botm\.{name}\(", "".join(SECTIONS.values()))


def run_examples(titles: Iterable[str]) -> None:
    """Run sections of docs/door.md in turn, each with the names of those before it."""
    known: dict[str, object] = {}
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for title in titles:
        test = doctest.DocTestParser().get_doctest(SECTIONS[title], known, title, None, None)
        said: list[str] = []
        runner = doctest.DocTestRunner(optionflags=flags)
        failed = runner.run(test, out=said.append, clear_globs=False).failed
        assert not failed, "".join(said)
        known = test.globs


def test_the_quick_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(["", "Tables", "Claims and requests"])


@pytest.mark.real
@pytest.mark.kernel
def test_the_whole_page_of_examples_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(SECTIONS)


@pytest.mark.parametrize("name", otm.DOOR)
def test_a_docstrings_example_runs(name: str) -> None:
    value = inspect.unwrap(getattr(otm, name))
    if HEAVY & {name} or ">>>" not in (inspect.getdoc(value) or ""):
        pytest.skip("in docs/door.md")
    known = vars(sys.modules[value.__module__]) | {"otm": otm}
    (test,) = doctest.DocTestFinder(recurse=False).find(value, name, globs=known)
    said: list[str] = []
    assert not doctest.DocTestRunner().run(test, out=said.append).failed, "".join(said)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_room_says_what_it_offers(name: str) -> None:
    package = import_module(f"onetomany.{name}")
    assert package.__doc__, name
    offered = package.__all__
    assert len(offered) == len(set(offered)) > 0
    values = {each: getattr(package, each) for each in offered}
    if static := type_checked(LIB / name):
        assert static == set(offered)
        # a module of the same name would hide a function, once somebody imports that module
        modules = {path.stem for path in (LIB / name).glob("*.py")}
        assert all(inspect.ismodule(values[each]) for each in modules & set(offered))


def test_the_architectures_picture_is_up_to_date() -> None:
    check = [sys.executable, ".ci/architecture.py", "--check"]
    run = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_version_has_one_place_and_the_citation_gives_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "lib/onetomany/__init__.py"
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    # what the schema of the Citation File Format 1.2.0 requires, and nothing it doesn't know
    assert cited["cff-version"] == "1.2.0"
    assert all(isinstance(cited[key], str) for key in ("message", "title", "abstract"))
    assert cited["authors"] == [{"name": "The contributors to One-to-Many"}]
    assert cited["type"] == "software"
    assert cited["license"] == project["project"]["license"]
    assert cited["version"] == otm.__version__
    assert "date-released" not in cited
