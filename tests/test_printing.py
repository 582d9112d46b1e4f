"""What comes from outside can't act on the screen."""

from __future__ import annotations

import ast
import io
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetomany import cli
from onetomany.printing import SafeParser, print_line, printable, shortened

CLI = sorted(Path(cli.__file__).parent.glob("*.py"))
CLEARS = "\x1b[2J\x1b[Hbundle: no fault\n"
# one of each kind that acts, hides or turns
ACTING = [
    "\x00", "\x07", "\x08", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029",
    "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069",
    "\u200e", "\u200f", "\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad",
    "\U000e0041", "\udcb9", "\ud800", "\ue000", "\U0010fffd", "\u0378", "\uffff", "\u3164",
    "\u115f", "\u034f", "\u2800", "\ufff9",
]  # fmt: skip


@pytest.mark.parametrize("letter", ACTING, ids=lambda each: f"U+{ord(each):04X}")
def test_what_acts_or_hides_is_an_escape(letter: str) -> None:
    shown = printable(f"회의{letter}록")
    assert shown.startswith("회의\\")
    assert shown.endswith("록")
    assert letter not in shown


@pytest.mark.parametrize(
    "text",
    [
        "2021-10-20 회의록 (최종).hwp",
        unicodedata.normalize("NFD", "회의록"),  # as macOS writes names: letters of Hangul apart
        "會議録・議事録.pdf",
        "👩‍👩‍👧‍👦 가족 🇰🇷 1️⃣ ✈️ 👍🏽",
        "Ünïcödé naïve Ελληνικά Ру́сский עברית العربية ไทย",
        unicodedata.normalize("NFD", "Việt Nam Tiếng"),
        "葛\U000e0100城",
        "C:\\Users\\x1b",
    ],
)
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_no_text_at_all_breaks_a_line_or_acts(text: str) -> None:
    shown = printable(text)
    kinds = {unicodedata.category(each) for each in shown.replace("\u200d", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert printable(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert len(shortened(text, 50)) <= 50 + len("[… 9,999 …]")


def test_long_names_keep_both_ends_and_blanks_push_nothing_away() -> None:
    name = "처음" + "x" * 5000 + "끝.pdf"
    assert shortened(name).startswith("처음")
    assert shortened(name).endswith("끝.pdf")
    assert "4," in shortened(name)
    assert shortened("a" + " " * 300 + "no fault") == "a no fault"


def test_marks_and_selectors_can_neither_flood_nor_smuggle() -> None:
    assert printable("a" + "\u0301" * 40).count("\u0301") < 10
    hidden = "".join(chr(0xE0100 + byte) for byte in b"secret")
    assert printable("a" + hidden).count("\\U000e01") == len(hidden) - 1


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "utf-8"])
def test_a_line_is_printed_whatever_the_terminal_can_show(encoding: str) -> None:
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding=encoding, newline="")
    print_line(f"{CLEARS}회의록 😀 \udcb9", file=stream)
    stream.flush()
    said = held.getvalue()
    assert said.count(b"\n") == 1
    assert said.startswith(b"\\x1b[2J\\x1b[Hbundle: no fault\\n")
    assert b"\x1b" not in said


@pytest.mark.parametrize("path", CLI, ids=lambda path: path.name)
def test_every_command_prints_by_print_line(path: Path) -> None:
    """`print` in a module of cli is print_line, and nothing writes to the screen another way."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {each.id for each in calls if isinstance(each, ast.Name)}
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "onetomany.printing"
        for alias in node.names
    }
    if "print" in named:
        assert imported.get("print") == "print_line", "import print_line as print: names act"
    written = [
        ast.unparse(each)
        for each in calls
        if isinstance(each, ast.Attribute) and each.attr in ("write", "writelines", "print_help")
    ]
    assert not [each for each in written if "std" in each]
    assert "ArgumentParser" not in named, "SafeParser prints file names safely"


def test_names_that_a_shell_fills_in_are_printed_safely(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["verify", "bundle", "--key", "pem", CLEARS])
    said = capsys.readouterr().err
    assert "\\x1b[2J" in said
    assert "\x1b" not in said
    with pytest.raises(SystemExit):
        SafeParser(prog=CLEARS).parse_args(["--help"])
    assert "\x1b" not in capsys.readouterr().out


def test_errors_of_the_kit_and_of_the_system_are_one_safe_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for command in (
        ["ingest", str(tmp_path / CLEARS)],
        ["verify", str(tmp_path / CLEARS)],
        ["claims", str(tmp_path / CLEARS)],
        ["search", CLEARS, "--case", str(tmp_path / CLEARS)],
        ["requests", "status", "--log", str(tmp_path / CLEARS)],
    ):
        cli.main(command)
        said = capsys.readouterr()
        assert "\x1b" not in said.out + said.err
        assert not [line for line in said.err.splitlines() if line.startswith("bundle: no fault")]


def test_a_system_that_refuses_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "case\x1b.duckdb")

    monkeypatch.setattr("onetomany.documents.ingest.ingest", refuses)
    assert cli.main(["ingest", "."]) == 1
    said = capsys.readouterr().err
    assert said == "case\\x1b.duckdb can't be read or written: No space left on device.\n"


def test_a_reader_that_goes_away_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())
    assert cli.main(["weights"]) == 1
