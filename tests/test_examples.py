"""The examples in docstrings run as they are written; those of the door: tests/test_door.py."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import onetomany as otm
from onetomany.lazy import places_of

LIB = Path(otm.__file__).parent
MODULES = sorted(
    ".".join(["onetomany", *path.relative_to(LIB).with_suffix("").parts]).removesuffix(".__init__")
    for path in LIB.rglob("*.py")
    if ">>>" in path.read_text("utf-8")
)
# each by itself in test_door.py, since some start a kernel, a model or caged processes
OFFERED = {(f"onetomany.{module}", own) for module, own, _ in places_of(otm.DOOR)}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(name)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        if (name, test.name.removeprefix(f"{name}.")) not in OFFERED:
            runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)


def test_examples_are_found_and_a_wrong_one_fails() -> None:
    assert {"onetomany.confidence", "onetomany.mentions.numerals"} & set(MODULES)
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda _: None).failed == 1
