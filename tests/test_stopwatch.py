"""Which tests are slow is measured, and a row for a test that is gone is found."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import stopwatch

TESTS = Path(__file__).parent


def test_a_test_is_slow_by_the_mean_of_its_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch, "FILE", tmp_path / "seconds.csv")
    watch = stopwatch.Stopwatch()
    for nodeid, seconds in (("a.py::x[1]", 1.0), ("a.py::x[2]", 0.2), ("a.py::y[é]", 0.1)):
        report: Any = SimpleNamespace(
            when="teardown", nodeid=nodeid, user_properties=[(stopwatch.NAME, seconds)]
        )
        watch.pytest_runtest_logreport(report)
        report.when = "call"  # measured once, when all of it has ended
        watch.pytest_runtest_logreport(report)
    worker: Any = SimpleNamespace(config=SimpleNamespace(workerinput={}))
    watch.pytest_sessionfinish(worker)
    assert not stopwatch.FILE.exists()
    asked: Any = SimpleNamespace(config=SimpleNamespace())
    watch.pytest_sessionfinish(asked)
    assert stopwatch.read_seconds() == {"a.py::x": 0.6}


def test_every_slow_test_exists() -> None:
    tests: dict[str, set[str]] = {}
    for nodeid, seconds in stopwatch.read_seconds().items():
        file, _, name = nodeid.partition("::")
        if file not in tests:
            body = ast.parse((TESTS.parent / file).read_text(encoding="utf-8")).body
            tests[file] = {each.name for each in body if isinstance(each, ast.FunctionDef)}
        assert name in tests[file], nodeid
        assert seconds >= stopwatch.SLOW


def test_a_slow_test_has_the_mark(request: pytest.FixtureRequest) -> None:
    slow = stopwatch.read_seconds()
    for item in request.session.items:
        marked = item.get_closest_marker("slow") is not None
        assert marked == (stopwatch.without_parameters(item.nodeid) in slow)
