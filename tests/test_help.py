"""The command line's help: complete, quick, and the commands that README names exist."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onetomany import cli
from onetomany.cli.command import Command, CommandParser

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def command_name(command: Command) -> str:
    return command.__name__.removesuffix("_command").replace("_", "-")


NAMES = [command_name(command) for command in cli.COMMANDS]


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for command in cli.COMMANDS:
        parser = CommandParser(description=command.__doc__)
        command(parser)
        yield command_name(command), parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, own in action.choices.items():
                    yield f"{command_name(command)} {name}", own


@pytest.mark.parametrize(("name", "parser"), list(parsers()), ids=lambda each: str(each)[:20])
def test_every_option_says_what_it_does(name: str, parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert action.help, f"{name} {action.dest}"
    parser.format_help()  # a stray % in a help text would raise here


def test_each_command_says_in_one_line_what_it_does() -> None:
    for command in cli.COMMANDS:
        said = command.__doc__ or ""
        assert "\n" not in said
        assert re.match(r"[A-Z][a-z]+ .*\.$", said), said


def test_help_needs_no_library(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import sys; from onetomany.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'polars', 'numpy', 'altair', 'duckdb'} & set(sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Where to start:" in run.stdout
    with pytest.raises(SystemExit):
        cli.main(["ingest", "--help"])
    assert "Read a folder of documents" in capsys.readouterr().out


def test_the_readmes_commands_and_options_exist() -> None:
    options = dict(parsers())
    named = re.findall(r"(?<!import )onetomany ([a-z][a-z-]+)([^`\n|]*)", README)
    assert {name for name, _ in named if name not in NAMES} == set()
    assert {"report", "exhibit", "workshop", "ingest"} <= {name for name, _ in named}
    for name, rest in named:
        known = {string for action in options[name]._actions for string in action.option_strings}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, rest)


@pytest.mark.parametrize("words", [["--help"], ["ingest", "--help"]])
def test_help_whose_reader_has_left_ends_without_a_traceback(words: list[str]) -> None:
    """As in `onetomany --help | head`: here the pipe is closed before a line is written."""
    command = [sys.executable, "-P", "-m", "onetomany.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serch", "camera"], "there is no command 'serch' (similar: search)"),
        (["requests", "statsu"], "there is no action 'statsu' (similar: status)"),
        (["search", "camera", "--limt", "3"], "there is no option '--limt' (similar: --limit, "),
        (["requests", "status", "--tody=x"], "there is no option '--tody' (similar: --today)"),
        (["add", "claims", "--case", "x", "subject=a"], "before the options: subject=a"),
        (["search", "camera", "--limit", "1,000"], "'1,000' is not a whole number"),
        (["ingest", "docs", "--workers", "two"], "'two' is not a whole number"),
        (["reckon", "searches=20000", "--days", "0,5"], "'0,5' is not a number"),
        (["claims", "--tolerance", "nan"], "'nan' is not a number"),
        (["risk", "people.csv", "--dates", "day-frist"], "'day-frist' is none of day-first"),
        (["requests", "status", "--today", "24.11.2026"], "'24.11.2026' is not a date"),
    ],
    ids=lambda each: " ".join(each)[:30] if isinstance(each, list) else "",
)
def test_a_mistyped_word_is_named_with_similar_ones(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert "invalid" not in shown  # argparse's own words name Python types
    assert shown.startswith(f"usage: onetomany {'' if words[0] == 'serch' else words[0]}".strip())


def test_without_a_word_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "Where to start:" in capsys.readouterr().err


def test_an_input_that_ends_at_a_question_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ends)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.main(["new", str(tmp_path / "case")]) == 1
    assert "nothing was done" in capsys.readouterr().err
    assert not (tmp_path / "case").exists()


def test_a_table_without_cells_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    """Argparse would ask for a cell, although none is needed."""
    assert cli.main(["add", "order"]) == 0
    assert "from_id" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["add"])
    assert "COLUMN=TEXT" not in capsys.readouterr().err.splitlines()[-1]


def test_what_can_be_checked_is_checked_before_long_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "people.csv").write_text("sex,age\nF,34\nM,35\nF,34\n", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    people = str(tmp_path / "people.csv")
    nowhere = str(tmp_path / "file" / "out.csv")  # below a file nothing can be made
    for words, said in (
        (["risk", people, "--out", nowhere], "can't be written"),
        (["report", "--only", "02", "--out", nowhere], "can't be written"),
        (["risk", people, "--sheet", "A"], "has no sheets"),
        (["risk", people, "--encoding", "klingon"], "There is no encoding 'klingon'"),
        (["risk", str(tmp_path)], "is a folder"),
        (["ingest", people], "is a file"),
        (["claims", str(tmp_path)], "is a folder"),
        (["reckon", "searches=10", "--accuracy", "150"], "--accuracy is 150"),
        (["reckon", "--numbers", str(tmp_path / "numbers.csv")], "There is no file"),
    ):
        assert cli.main(words) == 1, words
        shown = capsys.readouterr()
        assert said in shown.err
        assert shown.out == ""
        assert len(shown.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "{here}"], "is not a sealed exhibit"),
        (["exhibit", "--operator", "A", "--key", "{here}/no.pem"], "no.pem can't be read: No such"),
        (["exhibit", "--operator", "A", "--key", "{here}/note"], "make one with 'onetomany key'"),
        (
            ["requests", "import", "{here}/note", "--procedure", "uk-foia-2000"],
            "column 1 is not JSON",
        ),
    ],
)
def test_no_words_of_python_reach_the_reader(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note").write_text("hello", encoding="utf-8")
    assert cli.main([word.replace("{here}", str(tmp_path)) for word in words]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert "Errno" not in shown
    assert len(shown.splitlines()) == 1
