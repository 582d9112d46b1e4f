"""The core runs without the extras' packages, and one sentence says which extra is missing."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from onetomany.errors import InputError, MissingExtraError
from onetomany.extras import EXTRAS, missing_packages, require_extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# rooms and modules that the core's packages must be enough for
CORE = [
    "accuracy",
    "behaviour",
    "cage",
    "charts",
    "cli",
    "errors",
    "extras",
    "faces",
    "gallery",
    "lazy",
    "printing",
    "prose",
    "reidentification",
    "sources",
    "terminal",
    "tracking",
]
# hides packages as if they were not installed, then imports modules
HIDING = """
import sys
from importlib import import_module

sys.modules |= dict.fromkeys(sys.argv[1].split())
for module in sys.argv[2].split():
    import_module(module)
"""


def distribution(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;! ]", requirement)[0]).lower()


def optional() -> dict[str, set[str]]:
    """Each extra's own packages in pyproject.toml, without the extras it includes."""
    return {
        extra: {distribution(each) for each in wanted} - {"onetomany"}
        for extra, wanted in PROJECT["optional-dependencies"].items()
    }


def hidden_packages() -> str:
    return " ".join(each.packages for each in EXTRAS.values())


def test_each_extras_import_names_are_those_of_its_packages() -> None:
    providers = importlib.metadata.packages_distributions()
    listed = optional()
    assert listed.pop("all") == set()
    # started by pymilvus, not by the kit, and not to be had on Windows
    listed["milvus"].discard("milvus-lite")
    assert listed.keys() == EXTRAS.keys()
    for extra, wanted in listed.items():
        named = {
            re.sub(r"[-_.]+", "-", name).lower()
            for package in EXTRAS[extra].packages.split()
            for name in providers[package]
        }
        assert named == wanted, extra


def test_extras_include_one_another_as_pyproject_says() -> None:
    for extra, wanted in PROJECT["optional-dependencies"].items():
        inside = [re.findall(r"^onetomany\[(.+)\]", each) for each in wanted]
        included = {name for found in inside for name in ",".join(found).split(",") if name}
        expected = set(EXTRAS) if extra == "all" else set(EXTRAS[extra].includes)
        assert included == expected, extra


def test_the_core_keeps_what_a_notebook_needs_and_none_of_the_extras() -> None:
    core = {distribution(each) for each in PROJECT["dependencies"]}
    assert {"jupyterlab", "ipywidgets", "polars", "altair", "deepface", "duckdb"} <= core
    for extra, packages in optional().items():
        assert not core & packages, extra


def test_every_module_of_the_core_imports_without_the_extras_packages() -> None:
    lib = ROOT / "lib"
    modules = sorted(
        ".".join(path.relative_to(lib).with_suffix("").parts).removesuffix(".__init__")
        for room in CORE
        for path in [
            *(lib / "onetomany" / room).rglob("*.py"),
            *(lib / "onetomany").glob(f"{room}.py"),
        ]
    )
    modules = [each for each in modules if not each.endswith("__main__")]
    assert len(modules) > 150
    run = subprocess.run(
        [sys.executable, "-c", HIDING, hidden_packages(), " ".join(modules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("room", "extra"),
    [("documents", "casework"), ("requests", "casework"), ("evidence", "evidence")],
)
def test_a_room_without_its_extra_says_what_to_install(room: str, extra: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", HIDING, hidden_packages(), f"onetomany.{room}"],
        capture_output=True,
        text=True,
        check=False,
    )
    last = run.stderr.strip().splitlines()[-1]
    assert "MissingExtraError: " in last
    assert re.search(r"\(archi, asn1crypto, brotli and \d+ more\)", last)
    assert last.endswith(f"run pip install 'onetomany[{extra}]'")


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_package_is_named_in_one_sentence(
    extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_extra(extra)  # all are installed where the tests run
    package = EXTRAS[extra].packages.split()[-1]
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    assert missing_packages(extra) == [package]
    with pytest.raises(MissingExtraError) as caught:
        require_extra(extra)
    assert str(caught.value) == (
        f"{EXTRAS[extra].purpose} needs packages that are not installed ({package}): "
        f"run pip install 'onetomany[{extra}]'"
    )
    assert package in caught.value.ko
    assert re.search("[가-힣]", caught.value.ko)
    assert caught.value.extra == extra
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ImportError)


def test_an_extra_misses_the_packages_of_those_it_includes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nh3", None)
    assert missing_packages("evidence") == ["nh3"]


def test_a_command_without_its_extra_ends_with_the_sentence(tmp_path: Path) -> None:
    code = HIDING + (
        "sys.argv = ['onetomany', 'ingest', sys.argv[3], '--case', sys.argv[3] + '/c.duckdb']\n"
        "sys.exit(import_module('onetomany.cli').main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, hidden_packages(), "onetomany.errors", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert run.stderr.strip().endswith("run pip install 'onetomany[casework]'")
