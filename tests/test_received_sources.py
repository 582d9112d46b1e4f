"""A received case folder whose sources/ is a link reads nothing from where it points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onetomany.cases.database import source_files, sources_folder
from onetomany.cli import main
from onetomany.errors import InputError


@pytest.fixture
def received(tmp_path: Path) -> Path:
    private, case = tmp_path / "private", tmp_path / "case"
    private.mkdir()
    (private / "diary.txt").write_text("a day that is nobody's business")
    case.mkdir()
    (case / "case.toml").write_text('title = "T"\ncountry = "gb"\n')
    os.symlink(private, case / "sources")
    return case


def test_a_link_in_the_place_of_sources_is_refused(received: Path) -> None:
    with pytest.raises(InputError, match="is a link to"):
        sources_folder(received)
    assert source_files(received) == []


def test_a_folder_is_taken(received: Path) -> None:
    (received / "sources").unlink()
    (received / "sources").mkdir()
    (received / "sources" / "a.txt").write_text("a")
    assert sources_folder(received) == received / "sources"
    assert source_files(received) == ["a.txt"]


def test_ingest_in_the_folder_reads_nothing(
    received: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(received)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["ingest", "--no-index", "--ocr", "off"]))
    assert ended.value.code not in (0, None)
    assert "is a link to" in capsys.readouterr().err
    assert not list(received.glob("*.duckdb"))
