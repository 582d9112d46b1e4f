"""The validation report says what the test run showed, of every method a chapter uses; no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import nbformat
import pypdfium2
import pytest

import interval_coverage
from onetomany.cli import main
from onetomany.errors import InputError
from onetomany.evidence import certificate, keys, questions, validation
from onetomany.evidence.methods import used_functions
from onetomany.evidence.verify import verify
from onetomany.examples import sample_bundle
from onetomany.report.blocks import read_chapter
from onetomany.report.chapter import Chapter
from onetomany.sources.kit_files import packaged_toml
from payloads import COMMIT, CREATED, record

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
CODES = list(questions.JURISDICTIONS)
METHODS = validation._load_methods()["method"]
TESTS = {
    f"tests/{path.name}::{name}"
    for path in ROOT.glob("tests/test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
}


@pytest.fixture(scope="module")
def chapters() -> list[Chapter]:
    return [
        read_chapter(path.stem, nbformat.read(path, as_version=4), NOTEBOOKS)
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    ]


def result(tmp_path: Path, **changes: object) -> Path:
    """A test run in which everything that the methods name has passed."""
    named = {test for method in METHODS for check in method["check"] for test in check["tests"]}
    raw = {
        "format": validation.FORMAT,
        "commit": COMMIT,
        "started": "2026-11-28T10:00:00+00:00",
        "ended": "2026-11-28T10:08:00+00:00",
        "complete": True,
        "arguments": [],
        "environment": {"Python": "3.11.2"},
        "tests": {
            test: {"passed": 1, "failed": 0, "error": 0, "skipped": 0, "reasons": []}
            for test in sorted(named)
        },
    }
    file = tmp_path / "results.json"
    file.write_text(json.dumps(raw | changes), encoding="utf-8")
    return file


def first_line(file: Path | None, commit: str = COMMIT) -> str:
    return validation.first_line(validation.read_results(file) if file else None, commit)[0]


# --- what is said of each method


def test_every_test_that_a_method_names_exists() -> None:
    for method in METHODS:
        assert method["check"], method["title"]
        for check in method["check"]:
            assert set(check["tests"]) <= TESTS, set(check["tests"]) - TESTS


def test_every_analysis_function_of_every_chapter_is_covered(chapters: list[Chapter]) -> None:
    seen = set()
    for chapter in chapters:
        for name in used_functions(chapter):
            if (room := name.split(".")[1]) in validation.ANALYSIS:
                seen.add(room)
                assert validation._covering(name, METHODS), f"{name}, used in {chapter.stem}"
    assert seen == set(validation.ANALYSIS)


def test_every_number_stands_on_the_page_that_is_cited() -> None:
    """No figure is invented: a number of a known error is in the cited page of docs/."""
    number = re.compile(r"(?<![\w.])\.?\d[\d,.]*(?:e-\d+)?")
    counted = 0
    for method in METHODS:
        for error in method.get("error", ()):
            page = (ROOT / error["source"]).read_text(encoding="utf-8")
            date.fromisoformat(error["date"])
            for text in (error["en"], error["ko"]):
                for found in number.findall(text):
                    plain = found.rstrip(".,").replace("1천만", "ten million")
                    counted += 1
                    assert re.search(rf"(?<![\d.]){re.escape(plain)}(?!\d)", page), (plain, error)
    assert counted > 100


def test_where_coverage_falls_short_it_is_said_plainly() -> None:
    short = [
        e["en"] for m in METHODS for e in m.get("error", ()) if "COVERAGE FALLS SHORT" in e["en"]
    ]
    assert len(short) == 2


def test_fpir_intervals_hold_the_truth() -> None:
    """Templates instead of the study's scores, and the gallery drawn anew each time."""
    ((truth, held, _),) = interval_coverage.open_sets(40, 4, (0.3,), 120, before=100)
    assert 0.27 < truth < 0.33
    assert held > 0.92


def test_rare_errors_among_few_people_are_held() -> None:
    assert interval_coverage.trials_of_people(0.03, 102, 300) > 0.93
    assert 0.92 < interval_coverage.trials_of_people(0.3, 102, 300) < 0.99


# --- the test run


def test_the_first_line_tells_whatever_takes_from_the_result(tmp_path: Path) -> None:
    assert first_line(None).startswith("There is no test result of this commit")
    good = first_line(result(tmp_path))
    assert good.startswith("On 2026-11-28")
    assert "0 failed" in good
    assert first_line(result(tmp_path), "ffffffffffff").startswith("The tests ran on commit 0123")
    assert first_line(result(tmp_path), "").startswith("The tests ran on commit 0123")
    assert "changes" in first_line(result(tmp_path, commit=f"{COMMIT}+changes")).split(".")[0]
    assert "changes" in first_line(result(tmp_path), f"{COMMIT}+changes").split(".")[0]
    assert "left out" in first_line(result(tmp_path, complete=False)).split(".")[0]
    one = {"passed": 2, "failed": 1, "error": 1, "skipped": 0, "reasons": ["AssertionError in x:3"]}
    bad = first_line(result(tmp_path, tests={"tests/test_faces.py::test_x": one}))
    assert bad.startswith("2 tests FAILED.")


def test_a_result_of_another_commit_is_taken_only_if_it_is_given(tmp_path: Path) -> None:
    left = tmp_path / validation.LEFT_BY_TESTS
    assert validation.find_results(tmp_path, COMMIT) is None
    left.parent.mkdir(parents=True)
    left.write_bytes(result(tmp_path).read_bytes())
    assert validation.find_results(tmp_path, COMMIT) == left
    assert validation.find_results(tmp_path, "ffffffffffff") is None
    assert validation.find_results(tmp_path, "ffffffffffff", left) == left


@pytest.mark.parametrize(
    "text",
    ["", "[" * 100_000, "{}", "[]", "null", b"\xff\xfe", '{"format": "onetomany test run 1"}'],
    ids=range(7),
)
def test_what_is_no_result_is_refused(text: str | bytes, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=r"results\.json is not the result of a test run"):
        validation.read_results(file)
    with pytest.raises(InputError, match=r"none\.json"):
        validation.read_results(tmp_path / "none.json")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"started": "yesterday"},
        {"commit": "0123456789ab\x1b[2J"},
        {"arguments": ["\u202egnp.exe"]},
        {"environment": {"Python": "3.11\n# forged"}},
        {"tests": {"../../etc/passwd": {}}},
        {
            "tests": {
                "rm -rf::x": {"passed": 1, "failed": 0, "error": 0, "skipped": 0, "reasons": []}
            }
        },
        {
            "tests": {
                "tests/test_x.py::test_y": {"passed": -1, "failed": 0, "error": 0, "skipped": 0}
            }
        },
    ],
    ids=str,
)
def test_a_doctored_result_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not the result of a test run"):
        validation.read_results(result(tmp_path, **change))


SOME = """
import pytest
@pytest.mark.parametrize("who", ["850101-1234567", "b"])
def test_passes(who): pass
def test_fails(): assert "850101-1234567" == 1
def test_is_left_out(): pytest.skip("no such machine")
@pytest.fixture
def broken(): raise OSError("850101-1234567")
def test_errs(broken): pass
@pytest.fixture
def late():
    yield
    raise ValueError("late")
def test_ends_badly(late): pass
"""


RUNS = """
import pathlib, pytest
pytest.main(["-p", "no:cacheprovider", "--record=whole.json"])
pathlib.Path("pytest.ini").write_text("[pytest]\\ntestpaths = tests\\n")
pytest.main(["-p", "no:cacheprovider", "-k", "passes", "--record=part.json"])
"""


def test_a_run_is_recorded_as_it_was_and_keeps_no_parameters(tmp_path: Path) -> None:
    """Real runs in a repository of their own: of all tests under xdist, and of some."""
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_some.py").write_text(SOME)
    (tests / "recorded.py").write_bytes((ROOT / "tests/recorded.py").read_bytes())
    hooks = (ROOT / "tests/conftest.py").read_text(encoding="utf-8")
    start, end = hooks.index("def pytest_addoption"), hooks.index("class _OneReport")
    head = "from pathlib import Path\nimport pytest\nfrom recorded import Recorder\n"
    (tests / "conftest.py").write_text(head + hooks[start:end])
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\naddopts = -n1\n")
    (tmp_path / "runs.py").write_text(RUNS)
    for words in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm x"):
        subprocess.run(["git", "-C", str(tmp_path), *words.split()], check=True)
    subprocess.run([sys.executable, "runs.py"], cwd=tmp_path, capture_output=True, check=True)
    whole, part = (validation.read_results(tmp_path / f"{n}.json") for n in ("whole", "part"))
    at = "tests/test_some.py::test_"
    seen = {test: [name for name in counts if counts[name]] for test, counts in whole.tests.items()}
    assert {test.removeprefix(at): outcomes for test, outcomes in seen.items()} == {
        "passes": ["passed"], "fails": ["failed"], "is_left_out": ["skipped"], "errs": ["error"],
        "ends_badly": ["error"],
    }  # fmt: skip
    assert whole.tests[f"{at}passes"]["passed"] == 2
    assert whole.reasons[f"{at}is_left_out"] == ("no such machine",)
    assert whole.reasons[f"{at}fails"][0].endswith("in test_some.py:5")
    assert "850101" not in (tmp_path / "whole.json").read_text()
    assert whole.complete
    assert re.fullmatch(r"[0-9a-f]{12}", whole.commit)
    assert not part.complete
    assert part.commit.endswith("+changes")


# --- the report


@pytest.fixture(scope="module")
def document(chapters: list[Chapter], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of all chapters, in whose run one test failed, one was skipped, one was not run."""
    tmp = tmp_path_factory.mktemp("report")
    tests = json.loads(result(tmp).read_text())["tests"]
    tests["tests/test_faces.py::test_the_network_equals_dlibs_own"] |= {
        "passed": 0, "failed": 1, "reasons": ["AssertionError in test_faces.py:7"],
    }  # fmt: skip
    tests["tests/test_ocr.py::test_a_scan_is_read"] = {
        "passed": 0, "failed": 0, "error": 0, "skipped": 1, "reasons": ["no Tesseract here"],
    }  # fmt: skip
    del tests["tests/test_gallery.py::test_search_equals_a_plain_product"]
    file = result(tmp, tests=tests)
    validation.write_validation(tmp / "validation", chapters, file, COMMIT, CREATED.date())
    return tmp / "validation"


def test_the_report_tells_of_every_method_and_deviation(
    document: Path, chapters: list[Chapter]
) -> None:
    text = (document / "validation.md").read_text(encoding="utf-8")
    assert "1 tests FAILED." in text.splitlines()[4]
    for method in METHODS:
        assert f"### {method['title']} · {method['title_ko']}" in text
    assert "FAILED: test_the_network_equals_dlibs_own" in text
    assert "not run: test_search_equals_a_plain_product" in text
    assert re.search(r"test_a_scan_is_read \| skipped \| 1 \| no Tesseract here", text)
    assert re.search(r"dlibs_own \| failed \| 1 \| AssertionError in test_faces\.py:7", text)
    assert "not accredited" in text
    assert "Without an entry" not in text
    assert (document / "results.json").is_file()


def test_the_report_is_a_document_in_both_languages_with_nothing_cut_off(document: Path) -> None:
    pages = list(pypdfium2.PdfDocument(document / "validation.pdf"))
    text = " ".join(page.get_textpage().get_text_bounded() for page in pages)
    assert "Validation report" in text
    assert "검증 보고서" in text
    inside_the_page(pages)


def inside_the_page(pages: list[pypdfium2.PdfPage]) -> None:
    """Every letter lies within the printed area of an A4 page."""
    for page in pages:
        assert page.get_size() == pytest.approx((595.28, 841.89), abs=0.1)
        words = page.get_textpage()
        for n in range(words.count_rects()):
            left, bottom, right, top = words.get_rect(n)
            assert left >= 50
            assert right <= 595.28 - 50
            assert bottom >= 20
            assert top <= 841.89 - 20


def test_without_a_run_nothing_is_said_to_have_passed(
    chapters: list[Chapter], tmp_path: Path
) -> None:
    validation.write_validation(tmp_path / "validation", chapters[:2], None, COMMIT, CREATED.date())
    text = (tmp_path / "validation/validation.md").read_text(encoding="utf-8")
    assert "There is no test result of this commit" in text.splitlines()[4]
    assert not re.search(r"\d of \d+ tests passed", text)
    assert "No result (tests/test_" in text
    assert not (tmp_path / "validation/results.json").exists()


def test_an_exhibit_is_sealed_with_its_report_and_drafts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signed first line after sealing names the drafts, and the bundle holds."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    sample = ROOT / "lib/onetomany/examples/data" / sample_bundle.SAMPLE
    (notebooks / sample.name).write_bytes(sample.read_bytes())
    keys.make_key(tmp_path / "key.pem")
    given, out = result(tmp_path, commit="ffffffffffff"), tmp_path / "bundle"
    words = ["exhibit", "--notebooks", str(notebooks), "--out", str(out), "--operator", "Kim"]
    words += ["--key", str(tmp_path / "key.pem"), "--validation", str(given)]
    monkeypatch.setattr(sys, "argv", ["onetomany", *words])
    assert main([*words, "--jurisdiction", "kr-admin,eu"]) == 0
    assert verify(out).filter(level="fault").is_empty()
    first = json.loads((out / "seal/custody.jsonl").read_text().splitlines()[0])["files"]
    assert {f"seal/certificate{end}.pdf" for end in ("", "-kr-admin", "-eu")} <= set(first)
    assert (out / "data/validation/results.json").read_bytes() == given.read_bytes()
    for file in ("data/validation/validation.md", "seal/certificate.md", "seal/certificate-eu.md"):
        text = (out / file).read_text(encoding="utf-8")
        assert "The tests ran on commit ffffffffffff and this exhibit was made at commit" in text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--jurisdiction", "kr-civil,mars"], "There is no draft for 'mars'"),
        (["--validation", "none.json"], "none.json is not the result of a test run"),
    ],
)
def test_what_can_not_be_sealed_is_refused_before_the_run(
    words: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["exhibit", "--notebooks", str(NOTEBOOKS), "--out", str(tmp_path / "b"), *words]
    assert main([*line, "--operator", "Kim"]) != 0
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# --- the drafts of certificates


@pytest.fixture(scope="module")
def drafts(document: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle = tmp_path_factory.mktemp("bundle")
    (bundle / "data/validation").mkdir(parents=True)
    (bundle / "data/validation/results.json").write_bytes((document / "results.json").read_bytes())
    (bundle / "seal").mkdir()
    certificate.write_certificates(
        bundle / "seal", record(), CREATED, "a" * 64, "b" * 64, jurisdictions=CODES
    )
    return bundle / "seal"


def test_each_jurisdiction_has_its_draft_and_the_general_one_keeps_its_name(drafts: Path) -> None:
    names = {f"certificate{end}{kind}" for kind in (".md", ".pdf")
             for end in ("", *(f"-{code}" for code in CODES))}  # fmt: skip
    assert {path.name for path in drafts.iterdir()} == names


WANTED = {
    "kr-civil": "제120조 진정성립 원본성 동일성 무결성 전문증거 제357조 감정 검증",
    "kr-admin": "행정소송법|제20조 제8조|제2항 제20조|제2항 상당한|개연성 제120조",
    "kr-criminal": "2007도7257 2013도2511 제313조 제315조 제308조의2 제134조의7",
    "us": "902(13) 902(14) 901(b)(9) more|likely|than|not 1|December|2023 Daubert 1746",
    "england": "CPR|35.3 PD|35,|3.2 Statement|of|truth contempt|of|court 57AD likely|does|not",
    "eu": "Art.|25(1) Art.|35(2) Art.|41(1) Art.|46 2024/1183 Art.|9(2)(f)",
}


@pytest.mark.parametrize("code", CODES)
def test_a_draft_has_its_rules_blanks_questions_and_sources(drafts: Path, code: str) -> None:
    text = (drafts / f"certificate-{code}.md").read_text(encoding="utf-8")
    for wanted in WANTED[code].split():
        assert wanted.replace("|", " ") in text
    assert text.splitlines()[0].startswith("# ")
    assert "for counsel to check" in text.splitlines()[0]
    assert "변호사 확인 필요" in text.splitlines()[0]
    assert "not legal advice" in text
    for fact in (record().identifier, record().commit, record().operator, "a" * 64):
        assert fact in text
    assert "1 tests FAILED." in text  # what the run showed, and no more
    for asked in questions.load_questions(code):
        assert asked["question"] in text
        assert asked["answer_ko"] in text
    for source in packaged_toml("onetomany.evidence", f"certificates/{code}.toml")["source"]:
        assert source["title"] in text
        assert (f"읽음: {source['read']}" in text) if source["read"] else ("not read" in text)
    assert text.count(certificate.BLANK) > 20
    inside_the_page(list(pypdfium2.PdfDocument(drafts / f"certificate-{code}.pdf")))


@pytest.mark.parametrize("code", CODES)
def test_a_draft_leaves_to_a_person_what_only_a_person_can_say(code: str) -> None:
    """Nothing in the first person, nor of sameness or integrity, stands without a blank."""
    claims = re.compile(
        r"\bI\b|^(Sameness|Integrity|Original|Authorship|Accuracy|Skill)|^(동일성|무결성|원본성|진정성립)"
    )
    seen = 0
    for section in packaged_toml("onetomany.evidence", f"certificates/{code}.toml")["section"]:
        for en, ko in section["points"]:
            assert ("{blank}" in en) == ("{blank}" in ko), en
            for text in (en, ko):
                if claims.search(text):
                    seen += 1
                    assert "{blank}" in text, text
    assert seen


@pytest.mark.parametrize("code", ["", *CODES])
def test_every_question_is_whole_and_says_where_its_answer_lies(code: str) -> None:
    asked = questions.load_questions(code)
    assert len(asked) >= 6
    for each in asked:
        for field in ("factor", "question", "answer"):
            assert each[field]
            assert re.search(r"[가-힣]", each[f"{field}_ko"]) or each["factor_ko"] == "GDPR"
        assert each["source"]
        assert (each["holds"] == "none") == (not each["parts"])


def test_an_unknown_jurisdiction_is_refused_by_name() -> None:
    assert questions.parse_jurisdictions(" us, kr-civil,us,") == ("us", "kr-civil")
    assert questions.parse_jurisdictions("") == ()
    with pytest.raises(InputError, match=r"no draft for 'fr': --jurisdiction takes kr-civil"):
        questions.parse_jurisdictions("us,fr")
