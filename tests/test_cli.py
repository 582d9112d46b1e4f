"""The command, as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from conftest import fill
from onetomany import sources
from onetomany.cli import main

pytestmark = pytest.mark.real


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
        ["trackers"],
        ["trackers", "nowhere"],
        ["trackers", "nowhere", "--simulated"],
        ["ingest", "nowhere"],
        ["ingest", ".", "--workers", "0"],
        ["search", "법무부", "--case", "nowhere"],
    ):
        assert main(command) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert "Traceback" not in said.err
        assert len(said.err.strip().splitlines()) == 1


def test_trackers_says_what_is_simulated_and_where_detections_are_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["trackers", "--simulated"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("SIMULATED detections")
    assert sum("C-BIoU" in line for line in shown.splitlines()) == 3  # and all together
    with pytest.raises(SystemExit):
        main(["trackers", "--help"])
    assert "github.com/abewley/sort" in capsys.readouterr().out


def test_ingest_tells_what_it_read_and_what_it_did_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.txt").write_bytes("법무부가 제공하였다".encode("cp949"))
    (folder / "b.pdf").write_bytes(b"%PDF-1.7 broken")
    command = ["ingest", str(folder), "--case", str(case), "--parquet", str(tmp_path / "out")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "1 document read (1 page)" in shown
    assert "b.pdf: PDFium can't open it" in shown
    assert "Encoding guessed: 1 file\n  a.txt: Read as cp949, guessed" in shown
    assert f"All of this, with pages and reasons: {case}.attention.csv" in shown
    assert "1 indexed for search" in shown
    assert pl.read_parquet(tmp_path / "out" / "pages.parquet")["text"].to_list() == [
        "법무부가 제공하였다"
    ]
    assert main(command) == 0
    assert "2 read before" in capsys.readouterr().out
    ask = ["search", "--case", str(case), "--pictures", str(tmp_path / "pictures")]
    for words, marked in (
        (["법무부"], "«법무부»가 제공하였다"),
        (["법무부 외교부", "--any"], "«법무부»가 제공하였다"),
        (["법무부가 제공", "--phrase"], "«법무부가 제공»하였다"),
        (["법무부[가는]", "--regex"], "«법무부가» 제공하였다"),
    ):
        assert main([*ask, *words]) == 0
        shown = capsys.readouterr().out
        assert "a.txt, page 1, characters 0-" in shown
        assert marked in shown
        assert "no picture" in shown
    assert main([*ask, "외교부"]) == 0
    assert capsys.readouterr().out == "Pages with 외교부: none.\n"
    assert main(["ingest", str(folder), "--case", str(tmp_path / "bare"), "--no-index"]) == 0
    capsys.readouterr()
    assert main(["search", "법무부", "--case", str(tmp_path / "bare")]) == 1
    assert "isn't indexed yet" in capsys.readouterr().err


def test_scale_makes_a_gallery_and_tells_what_it_measured(
    embedded_sface: pl.DataFrame,  # the run's matcher
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # thirty refits take ten minutes; what they are is tested in test_refit
    monkeypatch.setattr("onetomany.accuracy.full.REFITS", 2)
    assert main(["scale", "--records", "6000", "--out", str(tmp_path / "out")]) == 0
    facts = json.loads((tmp_path / "out" / "run.json").read_text())
    assert facts["records"] == 6000
    assert facts["recall@1, mated"] > 0.9
    assert 0 < facts["filter KOR F 1980-1984: share"] < 0.1
    searches = pl.read_parquet(tmp_path / "out" / "searches.parquet")
    assert searches["gallery_size"].unique().sort().to_list() == [3072, 6000]
    assert (
        pl.read_parquet(tmp_path / "out" / "refits.parquet")["refit"].n_unique() == 3
    )  # and of all people
    assert "recall@1, mated" in capsys.readouterr().out
    # everything is there: a second start measures, and makes nothing
    monkeypatch.setattr("onetomany.accuracy.full.REFITS", 0)
    assert main(["scale", "--records", "6000", "--out", str(tmp_path / "out")]) == 0
    assert json.loads((tmp_path / "out" / "run.json").read_text())["starts"] == 1
