"""The command, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import fill
from onetomany import sources
from onetomany.cli import main


def test_datasheet_lists_images_and_leaves_a_sheet_to_fill(
    own_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_set / "datasheet.toml").unlink()
    (own_set / "SHA256SUMS").unlink()
    assert main(["datasheet", str(own_set)]) == 0
    assert "datasheet.toml" in capsys.readouterr().out
    assert main(["datasheet", str(own_set)]) == 0  # again: a filled sheet would stay
    assert len((own_set / "SHA256SUMS").read_text().splitlines()) == 6
    fill(own_set)
    assert len(sources.open_images(own_set).files) == 6


def test_datasheet_never_overwrites_what_was_filled_in(own_set: Path) -> None:
    before = (own_set / "datasheet.toml").read_text()
    assert main(["datasheet", str(own_set)]) == 0
    assert (own_set / "datasheet.toml").read_text() == before


def test_weights_shows_licences_and_training_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights"]) == 0
    shown = capsys.readouterr().out
    for model in sources.models().values():
        assert model.licence in shown
        assert model.training_data in shown
    assert shown.count("NON-COMMERCIAL") == 2


def test_refusals_are_one_sentence_without_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["weights", "--fetch", "Buffalo_L"],
        ["weights", "--fetch", "Nothing"],
        ["datasheet", "https://example.org/faces"],
        ["report", "--notebooks", "nowhere"],
    ):
        assert main(command) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        assert len(said.err.strip().splitlines()) == 1
