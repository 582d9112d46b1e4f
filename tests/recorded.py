"""`pytest --record=FILE` writes what became of each test: the result that an exhibit seals.

Names are those of test functions, without parameters: these may hold what an exhibit may not. Of a
failure the error's name and place are kept, of a skipped test the reason.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

NARROWING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "last_failed",
             "stepwise", "maxfail", "collectonly")  # fmt: skip


class Recorder:
    """Collects reports in the process that pytest was started in, also under xdist."""

    def __init__(self, config: pytest.Config, file: Path) -> None:
        self.config, self.file = config, file
        self.started = datetime.now(UTC)
        self.commit = _commit(config)
        self.outcomes: dict[str, Counter[str]] = {}
        self.reasons: dict[str, dict[str, None]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once, by the worst that became of it."""
        test = report.nodeid.partition("[")[0]
        counts = self.outcomes.setdefault(test, Counter())
        if report.when == "call" and report.passed:
            counts["passed"] += 1
        elif report.skipped:
            counts["skipped"] += 1
            self._because(test, _why_skipped(report))
        elif report.failed:
            counts["failed" if report.when == "call" else "error"] += 1
            if report.when == "teardown" and counts["passed"]:
                counts["passed"] -= 1
            self._because(test, _where_failed(report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the file, beside and renamed."""
        from onetomany.evidence.validation import FORMAT, OUTCOMES

        ended = _commit(self.config)
        options = vars(self.config.option)
        narrowed = self.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or any(
            options.get(name) for name in NARROWING
        )
        result = {
            "format": FORMAT,
            "commit": self.commit if ended == self.commit else _changed(self.commit),
            "started": self.started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "complete": not narrowed and int(exitstatus) in (0, 1),
            "arguments": list(map(str, self.config.invocation_params.args)),
            "environment": _environment(),
            "tests": {
                test: {name: counts[name] for name in OUTCOMES}
                | {"reasons": list(self.reasons.get(test, ()))}
                for test, counts in sorted(self.outcomes.items())
            },
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        beside = self.file.with_name(f".{self.file.name}.part")
        beside.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
        beside.replace(self.file)

    def _because(self, test: str, why: str) -> None:
        self.reasons.setdefault(test, {})[why] = None


def _commit(config: pytest.Config) -> str:
    from onetomany.report.execute import commit_of  # seconds, which xdist's processes don't need

    return commit_of(config.rootpath)


def _environment() -> dict[str, str]:
    from onetomany.evidence.methods import versions
    from onetomany.evidence.sbom import machine_facts

    host = machine_facts()
    kept = ("distribution", "system", "release", "machine", "processor", "processors")
    return {name: str(host[name]) for name in kept} | versions() | {"pytest": pytest.__version__}


def _changed(commit: str) -> str:
    return commit if commit.endswith("+changes") else f"{commit}+changes"


def _why_skipped(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return _line(str(report.longrepr[2]).removeprefix("Skipped: "))
    return _line(f"expected to fail: {getattr(report, 'wasxfail', '')}")


def _line(text: str) -> str:
    """A text as one short line without escapes, as `validation.read_results` takes it."""
    shown = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in shown)[:200]


def _where_failed(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return f"in {report.when}"
    name = str(crash.message).partition("\n")[0].partition(":")[0]
    return f"{name if name.isidentifier() else 'failed'} in {Path(crash.path).name}:{crash.lineno}"
