"""Write the validation report: results of a test run for the methods that the chapters use.

Made in the spirit of ISO/IEC 17025:2017, clauses 7.2 and 7.6 to 7.8; the kit is not accredited.
Purpose, reference, tests, known error and limits of each method are in data/validation.toml; the
test results are those that `make test` leaves (tests/recorded.py). The report claims nothing
beyond these two, and its first line says whether the tests ran on the exhibit's own commit.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.errors import InputError, reason_of
from onetomany.report.chapter import Chapter
from onetomany.sources.kit_files import packaged_toml
from . import methods, typesetting
from .typesetting import Part

FORMAT = "onetomany test run 1"
FOLDER, RESULTS = "validation", "results.json"
LEFT_BY_TESTS = Path("build", FOLDER, RESULTS)  # by `make test`, in the repository
OUTCOMES = ("passed", "failed", "error", "skipped")
ANALYSIS = ("faces", "gallery", "accuracy", "terminal", "tracking", "behaviour", "reidentification",
            "documents", "claims", "requests", "evidence", "examples")  # fmt: skip
MOST_BYTES, MOST_LETTERS = 8 * 2**20, 1000
_TEST = re.compile(r"tests/[\w/]+\.py::\w+(::\w+)?", re.ASCII)
_COMMIT = re.compile(r"([0-9a-f]{7,64}(\+changes)?)?")


@dataclass(frozen=True)
class Results:
    """A test run: `tests` maps a test to counts of outcomes, `reasons` to why it did not pass.

    `commit` ends in '+changes' if files differed from it; `complete`: all tests ran.
    """

    commit: str
    started: datetime
    ended: datetime
    complete: bool
    arguments: tuple[str, ...]
    environment: dict[str, str]
    tests: dict[str, dict[str, int]]
    reasons: dict[str, tuple[str, ...]]

    def total(self, outcome: str) -> int:
        """Return how many tests had an outcome; each set of parameters counts."""
        return sum(counts[outcome] for counts in self.tests.values())


def read_results(path: Path) -> Results:
    """Read a test run's result; raise InputError if the file is not one."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES} bytes")
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else reason_of(error)
        raise InputError(
            f"{path} is not the result of a test run ({why}): 'make test' leaves one in "
            f"{LEFT_BY_TESTS}."
        ) from error


def _parse(raw: Mapping[str, Any]) -> Results:
    if raw["format"] != FORMAT:
        raise ValueError(f"its format is not '{FORMAT}'")
    tests = {
        str(test): {name: int(each[name]) for name in OUTCOMES}
        for test, each in raw["tests"].items()
    }
    for test, counts in tests.items():
        if not _TEST.fullmatch(test) or min(counts.values()) < 0:
            raise ValueError(f"{test!r} is not a test with its counts")
    if not _COMMIT.fullmatch(raw["commit"]):
        raise ValueError(f"{raw['commit']!r} is not a commit")
    names, values = _printable(raw["environment"]), _printable(raw["environment"].values())
    return Results(
        commit=raw["commit"],
        started=datetime.fromisoformat(raw["started"]),
        ended=datetime.fromisoformat(raw["ended"]),
        complete=raw["complete"] is True,
        arguments=_printable(raw["arguments"]),
        environment=dict(zip(names, values, strict=True)),
        tests=tests,
        reasons={test: _printable(each["reasons"]) for test, each in raw["tests"].items()},
    )


def _printable(texts: Iterable[Any]) -> tuple[str, ...]:
    """Return texts from elsewhere if they can be printed: no escapes, no long lines."""
    found = tuple(str(text) for text in texts)
    for text in found:
        if not text.isprintable() or len(text) > MOST_LETTERS:
            raise ValueError(f"{text[:40]!r} is not a short line of text")
    return found


def first_line(results: Results | None, commit: str) -> tuple[str, str]:
    """Return one sentence on the tests, in English and Korean."""
    if results is None:
        en, ko = typesetting.document_sentences()["no_results"]
        return en, ko
    ran, ours = results.commit or "unknown", commit or "unknown"
    bad = results.total("failed") + results.total("error")
    facts = {"ran": ran, "ours": ours, "bad": bad, "at": results.started.date()}
    facts |= {name: results.total(name) for name in ("passed", "skipped")}
    holds = {
        "other_commit": ran == "unknown"
        or ran.removesuffix("+changes") != ours.removesuffix("+changes"),
        "changes": "+changes" in ran + ours,
        "partial": not results.complete,
        "failed": bad > 0,
        "total": True,
    }
    told = [typesetting.document_sentences()[name] for name in holds if holds[name]]
    en, ko = (" ".join(each[n] for each in told).format_map(facts) for n in (0, 1))
    return en, ko


def find_results(repository: Path, commit: str, given: Path | None = None) -> Path | None:
    """Return the given file, or the one that `make test` left if it is of this commit.

    Raises InputError if a file is not a test result.
    """
    file = given or repository / LEFT_BY_TESTS
    if not given and not file.is_file():
        return None
    return file if read_results(file).commit == commit or given else None


def write_validation(
    folder: Path, chapters: Sequence[Chapter], tested: Path | None, commit: str, day: date
) -> None:
    """Write validation.md, validation.pdf and the test result `tested`, if any, into `folder`."""
    results = read_results(tested) if tested else None
    folder.mkdir(parents=True)
    if tested:
        (folder / RESULTS).write_bytes(tested.read_bytes())
    en, ko = first_line(results, commit)
    lede = [{"en": en, "ko": ko}, *_load_methods()["lede"]]
    parts = list(_parts(chapters, results))
    foot = f"One-to-Many, validation report, commit {commit or 'unknown'}"
    document = typesetting.Document("Validation report", "검증 보고서", lede, parts)
    document.write(folder / "validation", foot, day)


def _load_methods() -> dict[str, Any]:
    """Return data/validation.toml: `lede`, `general` and the list `method`."""
    return packaged_toml(__package__, "validation.toml")


def _covering(function: str, known: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the methods whose `covers` names a function, its module or its room."""
    return [
        each
        for each in known
        if any(f"{function}.".startswith(f"onetomany.{place}.") for place in each["covers"])
    ]


def _parts(chapters: Sequence[Chapter], results: Results | None) -> Iterator[Part]:
    known = _load_methods()
    used: dict[str, set[str]] = {}
    for chapter in chapters:
        for function in methods.used_functions(chapter):
            if function.split(".")[1] in ANALYSIS:
                used.setdefault(function, set()).add(chapter.number)
    yield from _run(results)
    yield typesetting.heading(1, "Methods used in this exhibit", "이 증거에 쓴 방법")
    for method in known["method"]:
        here = [name for name in used if method in _covering(name, known["method"])]
        if here:
            yield from _method(method, sorted({n for name in here for n in used[name]}), results)
    bare = [name for name in used if not _covering(name, known["method"])]
    if bare:
        yield typesetting.heading(2, "Without an entry", "항목이 없는 것")
        listed = ", ".join(sorted(bare))
        yield typesetting.pair(
            f"Not validated here: {listed}.", f"여기서 검증하지 않은 함수: {listed}."
        )
    yield typesetting.heading(1, "What was not validated", "검증하지 않은 것")
    yield typesetting.points(*((each["en"], each["ko"]) for each in known["general"]))
    yield from _environment(results)


def _run(results: Results | None) -> Iterator[Part]:
    yield typesetting.heading(1, "Deviations", "이탈 사항: 실패하거나 건너뛴 시험")
    if results is None:
        yield typesetting.pair("There is no test run.", "시험 실행이 없다.")
        return
    rows = [
        (test, name, counts[name], "; ".join(results.reasons[test]) or "–")
        for test, counts in sorted(results.tests.items())
        for name in ("failed", "error", "skipped")
        if counts[name]
    ]
    if not rows:
        yield typesetting.pair(
            "No test failed and none was skipped.", "실패하거나 건너뛴 시험이 없다."
        )
    names = ["test 시험", "outcome 결과", "count 건수", "reason 까닭"]
    yield from typesetting.grids(pl.DataFrame(rows, schema=names, orient="row"))
    if not results.complete:
        given = " ".join(results.arguments) or "none"
        yield typesetting.pair(
            f"The run was not of all tests. Its arguments: {given}.",
            f"시험 전부를 실행한 것이 아니다. 실행할 때 준 인자: {given}.",
        )


def _method(
    method: Mapping[str, Any], chapters: Sequence[str], results: Results | None
) -> Iterator[Part]:
    yield typesetting.heading(2, method["title"], method["title_ko"])
    listed = ", ".join(chapters)
    yield typesetting.pair(
        f"{method['purpose']} Chapters: {listed}.", f"{method['purpose_ko']} 쓰인 장: {listed}."
    )
    yield typesetting.pair(f"Reference: {method['reference']}", f"근거 문헌: {method['reference']}")
    items = []
    for check in method["check"]:
        en, ko = _outcome(check["tests"], results)
        items.append((f"{check['en']} {en}", f"{check['ko']} {ko}"))
    for error in method.get("error", ()):
        at = f"[{error['source']}, {error['date']}]"
        items.append((f"Known error: {error['en']} {at}", f"알려진 오류: {error['ko']} {at}"))
    items.append((f"Limits: {method['limits']}", f"한계: {method['limits_ko']}"))
    items.append(
        (f"Not validated: {method['unchecked']}", f"검증하지 않은 것: {method['unchecked_ko']}")
    )
    yield typesetting.points(*items)


def _outcome(tests: Sequence[str], results: Results | None) -> tuple[str, str]:
    """Return the outcome of the named tests; only the English gives their names."""
    named = ", ".join(test.partition("::")[2] for test in tests)
    where = ", ".join(dict.fromkeys(test.partition("::")[0] for test in tests))
    if results is None:
        return f"No result ({where}: {named}).", "결과 없음."
    bad, en, ko = [], [], []
    for test in tests:
        counts = results.tests.get(test)
        if counts is None:
            bad.append((test, "not run", "실행하지 않음"))
        elif counts["failed"] + counts["error"]:
            bad.append((test, "FAILED", "실패"))
        elif counts["skipped"] and not counts["passed"]:
            bad.append((test, "skipped", "건너뜀"))
    for test, said, said_ko in bad:
        en.append(f"{said}: {test.partition('::')[2]}")
        ko.append(f"{said_ko}: {test.partition('::')[2]}")
    good = len(tests) - len(bad)
    told, told_ko = (f"; {'; '.join(each)}" if each else "" for each in (en, ko))
    return (
        f"{good} of {len(tests)} tests passed{told} ({where}: {named}).",
        f"시험 {len(tests)}개 중 {good}개 통과{told_ko}.",
    )


def _environment(results: Results | None) -> Iterator[Part]:
    yield typesetting.heading(1, "Environment of the test run", "시험 실행의 환경")
    if results is None:
        yield typesetting.pair("There is no test run.", "시험 실행이 없다.")
        return
    rows = [
        ("commit 커밋", results.commit or "unknown 알 수 없음"),
        ("started 시작", results.started.isoformat()),
        ("ended 끝", results.ended.isoformat()),
        *results.environment.items(),
    ]
    yield typesetting.grid(pl.DataFrame(rows, schema=["item 항목", "value 값"], orient="row"))
