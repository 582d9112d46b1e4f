"""`import onetomany as otm` is quick; each function it offers has an example that runs."""

from __future__ import annotations

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
from onetomany.lazy import places_of

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
NAMES = {name: (module, own) for module, own, name in places_of(otm.DOOR)}
# a kernel, a model, caged processes or a walk
HEAVY = {"associate", "build_report", "embed", "exhibit", "ingest", "search", "simulate"}


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


def test_the_door_offers_functions_and_rooms() -> None:
    assert set(otm.__all__) - {"__version__"} == {*NAMES, *otm.ROOMS}
    assert set(otm.__all__) <= set(dir(otm))
    assert not set(NAMES) & set(PACKAGES)  # a room would take the name of the function
    assert "onetomany" in repr(otm.accuracy)
    assert sorted({*otm.ROOMS, "cli"}) == sorted({*PACKAGES})


@pytest.mark.parametrize(("wrong", "said"), [("embeds", r" \(similar: embed\)$"), ("xyz", "$")])
def test_a_wrong_name_is_answered_by_those_like_it(wrong: str, said: str) -> None:
    with pytest.raises(AttributeError, match=f"'onetomany' has no attribute '{wrong}'{said}"):
        getattr(otm, wrong)
    with pytest.raises(AttributeError, match=r"tracking.*similar: track_errors"):
        otm.tracking.track_error  # noqa: B018


@pytest.mark.parametrize("name", NAMES)
def test_each_name_leads_to_a_documented_function_with_an_example(name: str) -> None:
    module, own = NAMES[name]
    value = getattr(otm, name)
    assert value is getattr(import_module(f"onetomany.{module}"), own)
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


def run_example(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a docstring's example in an empty folder, with no name known beforehand."""
    monkeypatch.chdir(folder)
    value = inspect.unwrap(getattr(otm, name))
    (test,) = doctest.DocTestFinder(recurse=False).find(value, name, globs={})
    said: list[str] = []
    assert not doctest.DocTestRunner().run(test, out=said.append).failed, "".join(said)


@pytest.mark.parametrize("name", sorted({*NAMES} - HEAVY))
def test_a_docstrings_example_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_example(name, tmp_path, monkeypatch)


@pytest.mark.real
@pytest.mark.kernel
@pytest.mark.parametrize("name", sorted(HEAVY))
def test_a_long_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_example(name, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_tells_a_notebook_user_all(name: str) -> None:
    """A verb first, then what it returns, what it raises, and an example by the door's name."""
    said = inspect.getdoc(getattr(otm, name)) or ""
    assert re.match(r"[A-Z][a-z]+ [^.]+[.;]", said), said
    assert re.search("returns?|yields", said, re.IGNORECASE)
    assert "Raises" in said or name in ("load_links", "usable")  # these refuse nothing
    assert re.search(rf"^(>>>|\.\.\.) .*otm\.{name}\(", said, re.MULTILINE)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_room_says_what_it_offers(name: str) -> None:
    package = import_module(f"onetomany.{name}")
    assert package.__doc__, name
    offered = package.__all__
    assert len(offered) == len(set(offered)) > 0
    values = {each: getattr(package, each) for each in offered}
    # a module of the same name would hide a function, once somebody imports that module
    modules = {path.stem for path in (LIB / name).glob("*.py")}
    source = (LIB / name / "__init__.py").read_text("utf-8")
    early = set(re.findall(r"^from \.\w+ import (\w+) as \1$", source, re.MULTILINE))
    hidden = modules & set(offered) - early
    assert all(inspect.ismodule(values[each]) for each in hidden)


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
