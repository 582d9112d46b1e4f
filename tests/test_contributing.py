"""What CONTRIBUTING.md names exists: paths, names in them, targets, commands and tests."""

from __future__ import annotations

import re
from pathlib import Path

from onetomany import cli

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`]+)`", TEXT)
# a pattern, and a file that must not be there
PATTERNS = {"notebooks/NN_name.ipynb", "utils.py"}
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+/?|[\w-]+\.(py|toml|yml|md|txt|lock|ipynb)")


def paths() -> set[str]:
    """Return every quoted path, alone or within a command, and every linked one."""
    words = {word for each in QUOTED for word in each.split()}
    linked = set(re.findall(r"\]\(([^)#:]+)\)", TEXT))
    return {word for word in words if PATH.fullmatch(word)} - PATTERNS | linked


def test_every_path_exists() -> None:
    found = paths()
    assert {"lib/onetomany/charts", "lib/onetomany/confidence.py", "data_requests/laws"} <= found
    missing = {path for path in found if not (ROOT / path).exists()
               and not (ROOT / "lib" / "onetomany" / path).exists()}  # fmt: skip
    assert not missing


def test_every_name_is_in_a_file_that_its_item_quotes() -> None:
    for item in re.split(r"\n(?=\d\. |- )", TEXT):
        quoted = re.findall(r"`([^`]+)`", item)
        files = [ROOT / each for each in quoted if PATH.fullmatch(each) and (ROOT / each).exists()]
        texts = [
            path.read_text(encoding="utf-8")
            for each in files
            for path in (each.rglob("*.py") if each.is_dir() else [each])
            if path.suffix in (".py", ".toml")
        ]
        names = [each for each in quoted if re.fullmatch(r"_?[A-Z]{3,}[A-Z_]*|read_[a-z]+", each)]
        for name in names:
            assert any(re.search(rf"\b{name}\b", text) for text in texts), (name, item[:60])


def test_every_target_and_command_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    names = [command.__name__.removesuffix("_command") for command in cli.COMMANDS]
    commands = {name.replace("_", "-") for name in names}
    made = {each.split()[1] for each in QUOTED if each.startswith("make ")}
    run = {match[1] for each in QUOTED if (match := re.match(r"uv run onetomany (\S+)", each))}
    assert {"quick", "test", "report"} <= made <= targets
    assert run
    assert run <= commands
