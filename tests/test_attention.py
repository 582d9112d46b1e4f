"""The summary of `ingest`: one screen whatever is wrong, and everything in a file beside it."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from onetomany.cli import main
from onetomany.documents.attention import (
    ATTENTION,
    GROUPS,
    SCREEN,
    attention_lines,
    needing_attention,
    terminal_columns,
)
from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest

pytestmark = pytest.mark.real


def test_one_screen_names_what_was_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, case = tmp_path / "folder", tmp_path / "folder" / "case.duckdb"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number} 깨진 문서의 아주 긴 이름 {'가' * 30}.pdf").write_bytes(
            b"%PDF-1.7 broken " + bytes([65 + number])
        )
    (folder / "\x1b[2Jevil.xyz").write_bytes(b"\0\1\2\3" * 9)
    (folder / "guess.txt").write_bytes("법무부가 제공하였다".encode("cp949"))
    (folder / "hidden.html").write_text("<p>seen</p><p style='display:none'>not seen</p>")
    (folder / "link").symlink_to("guess.txt")
    assert main(["ingest", str(folder), "--case", str(case), "--ocr", "off"]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    lines = said.splitlines()
    assert sum(-(-terminal_columns(line) // SCREEN[0]) for line in lines) <= SCREEN[1]
    assert "Not read: 9 files" in lines
    assert "Encoding guessed: 1 file" in lines
    assert any(line.startswith("Kinds of file that are not read: 1 file") for line in lines)
    assert any(line.startswith("Hidden or covered text: 1 file") for line in lines)
    at = lines.index("Not read: 9 files")
    assert [line.startswith("  ") for line in lines[at + 1 : at + 5]] == [True] * 3 + [False]
    file = Path(f"{case}.attention.csv")
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert sum(row["group"] == "Not read" for row in rows) == 9
    assert {row["path"] for row in rows} >= {"\\x1b[2Jevil.xyz", "link", "guess.txt"}
    # the list is no document of the folder, and says the same again
    assert main(["ingest", str(folder), "--case", str(case), "--ocr", "off", "--no-index"]) == 0
    assert "Not read: 9 files" in capsys.readouterr().out
    with open_case(case) as db:
        assert not db.execute("select 1 from files where path like '%attention%'").fetchall()


def test_what_is_gone_needs_no_attention(tmp_path: Path) -> None:
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF-1.7 broken")
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/c.pdf", b"%PDF-1.7 broken inside")
    ingest(folder, case, workers=1, ocr=False)
    with open_case(case) as db:
        assert needing_attention(db, folder)["path"].to_list() == ["a.pdf", "b.zip!/in/c.pdf"]
    (folder / "a.pdf").unlink()
    ingest(folder, case, workers=1, ocr=False)
    with open_case(case) as db:
        assert needing_attention(db, folder)["path"].to_list() == ["b.zip!/in/c.pdf"]


def test_more_groups_name_fewer_files() -> None:
    rows = [(group, f"{n}.pdf", n, "why", "d") for group in GROUPS for n in range(5)]
    found = pl.DataFrame(rows, schema=ATTENTION, orient="row")
    assert len(attention_lines(found, 100)) == 4 * len(GROUPS)
    assert len(attention_lines(found, 21)) == 2 * len(GROUPS)
    assert len(attention_lines(found, 12)) == len(GROUPS)
    assert (
        attention_lines(found, 12)[0]
        == "Protected: a password or an open copy is needed: 5 files, 5 pages"
    )
