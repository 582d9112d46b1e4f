"""Processor seconds of each test: which files start first, and what `make quick` leaves out.

`pytest --seconds`, on all tests, writes FILE again. A test that is not in it counts as fast.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("data") / "seconds.csv"
SLOW = 0.2  # seconds that a test takes, in the mean of its cases, to be marked `slow`
_STARTED: pytest.StashKey[float] = pytest.StashKey()
NAME = "processor seconds"


def read_seconds() -> dict[str, float]:
    """Return the seconds of slow tests by node id, without parameters: a mean of its cases."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {row["test"]: float(row["seconds"]) for row in csv.DictReader(file)}


def without_parameters(nodeid: str) -> str:
    """Return the node id of a test function."""
    return nodeid.partition("[")[0]


class Stopwatch:
    """Measures each test in the process that runs it, and keeps the sums in the one that asked."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        item.stash[_STARTED] = _used()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        if call.when == "teardown":
            item.user_properties.append((NAME, _used() - item.stash[_STARTED]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            test = without_parameters(report.nodeid)
            self.seconds[test] += float(str(dict(report.user_properties)[NAME]))
            self.cases[test] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the tests that are slow, in whole tenths of a second."""
        if hasattr(session.config, "workerinput"):
            return
        means = {
            test: round(seconds / self.cases[test], 1)
            for test, seconds in sorted(self.seconds.items())
        }
        with FILE.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("test", "seconds"))
            rows.writerows((test, mean) for test, mean in means.items() if mean >= SLOW)


def _used() -> float:
    """Return the processor seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])
