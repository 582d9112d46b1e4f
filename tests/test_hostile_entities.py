"""Entities of XML: no format expands a bomb, and none brings a file of the reader's machine in."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest

SECRET = "secret-of-the-reader-7261"
PACKED = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
    "odt": "content.xml",
    "ods": "content.xml",
    "hwpx": "Contents/section0.xml",
    "epub": "a.xhtml",
}
PLAIN = ("xml", "svg", "html", "xhtml", "hwpml", "fodt", "txt")
LAUGH = "laugh" * 4
EXPANDED = 100_000  # characters: the bomb below would be a thousand times as many


def _bomb() -> str:
    levels = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else f'<!ENTITY e0 "{LAUGH}">'
        for n in range(8)
    )
    return f'<?xml version="1.0"?><!DOCTYPE r [{levels}]><r><p>before &e7; after</p></r>'


def _outside(secret: Path) -> str:
    return (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">'
        f'<!ENTITY % y SYSTEM "{secret.as_uri()}"> %y;]><r><p>before &x; after</p></r>'
    )


@pytest.mark.real
def test_entities_are_not_expanded_in_any_format(tmp_path: Path) -> None:
    folder, case, secret = tmp_path / "folder", tmp_path / "case.duckdb", tmp_path / "secret.txt"
    folder.mkdir()
    secret.write_text(SECRET)
    for name, body in (("bomb", _bomb()), ("outside", _outside(secret))):
        for ending in PLAIN:
            # no two are copies of each other, so each is read
            (folder / f"{name}.{ending}").write_text(f"{body}<!-- {ending} -->")
        for ending, member in PACKED.items():
            with zipfile.ZipFile(folder / f"{name}.{ending}", "w") as packed:
                packed.writestr(member, body)
                packed.writestr("[Content_Types].xml", body)
    given = {each.name for each in folder.iterdir()}
    ingest(folder, case, workers=1, ocr=False)
    with open_case(case) as db:
        found = {path for (path,) in db.execute("SELECT path FROM files").fetchall()}
        assert given <= found
        texts = db.execute(
            "SELECT path, text FROM pages JOIN documents USING (document)"
        ).fetchall()
        # the names of both files as they are written are evidence; their content is not there
        assert {path for path, text in texts if SECRET in text} == set()
        assert {path for path, text in texts if len(text) > EXPANDED} == set()
        killed = db.execute(
            "SELECT path FROM failures WHERE why LIKE '%longer than%' OR why LIKE '%crashed%'"
        ).fetchall()
        assert killed == []
