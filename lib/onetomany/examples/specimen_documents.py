"""Specimen documents made of the case's sourced facts, since no original could be had.

Every page says at its head and foot, in both languages, that it is no original. What stands on it
is our own wording of a statement, with its source; nothing is invented, nothing is quoted. Beside
them may stand tables that were truly disclosed, of other countries: those are no specimens.
"""

from __future__ import annotations

import html
import re
import textwrap
from pathlib import Path

import polars as pl

from onetomany.errors import InputError
from onetomany.sources import disclosed
from onetomany.sources.files import package_folder, write_whole
from onetomany.sources.tables import csv_text

MARK = "견본 SPECIMEN"
NOT_REAL = (
    "이 문서는 원본이 아니다. 출처가 있는 사실로 만든 견본이다.",
    "Not an original: made by this kit from facts with a source.",
)
DISCLOSED = "disclosed-"  # how the names of files begin that are no specimens
WIDTH, HEIGHT = 595, 842  # points: A4
_LINE = 17


def write(folder: Path, claims: pl.DataFrame) -> list[Path]:
    """Write specimens of `sources.case.claims` into a folder: one PDF for each document named.

    Returns the files: specimen-01-pipc.pdf, ... Raises InputError where the folder holds a file
    that is no specimen, so that none is taken for one.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ours = ("specimen-", DISCLOSED)
    strangers = [file.name for file in folder.iterdir() if not file.name.startswith(ours)]
    if strangers:
        raise InputError(
            f"{folder} holds {strangers[0]}: specimens are kept apart from other documents, "
            "name an empty folder."
        )
    import vl_convert

    vl_convert.register_font_directory(str(package_folder("pylopdf_fonts_ko")))
    written = []
    for number, own in enumerate(
        claims.partition_by("said_by", "document_en", "doc_date", maintain_order=True), 1
    ):
        name = re.sub(r"[^a-z]+", "-", str(own["said_by"][0]).lower()).strip("-")
        path = folder / f"specimen-{number:02d}-{name}.pdf"
        write_whole(path, vl_convert.svg_to_pdf(_page(own)))
        written.append(path)
    return written


def write_disclosed(folder: Path) -> list[Path]:
    """Write what other countries disclosed as CSV, every row with its source and licence.

    Returns the files: disclosed-massachusetts.csv, as written, with the rows for months that are
    missing, and disclosed-holyhead.csv. See `sources.disclosed`.
    """
    written = []
    for name, table in (("massachusetts", disclosed.log()), ("holyhead", disclosed.holyhead())):
        sheet = disclosed.sheet(name)
        sourced = table.with_columns(source=pl.lit(sheet.url), licence=pl.lit(sheet.licence))
        path = Path(folder) / f"{DISCLOSED}{name}.csv"
        write_whole(path, csv_text(sourced).encode())
        written.append(path)
    return written


def _page(claims: pl.DataFrame) -> str:
    """One page as SVG: a heading, a paragraph for each statement, and the marks."""
    first = claims.row(0, named=True)
    texts = [_text(60, 110, f"{first['said_by_ko']} · {first['said_by']}", 18, weight=600)]
    y = 150.0
    for row in claims.iter_rows(named=True):
        source = f"{row['document_en']}, {row['doc_date']}"
        paragraph = [
            f"{row['said_by_ko']}: {row['value_ko']}.",
            *textwrap.wrap(f"{row['said_by']}: {row['value_en']}.", 76),
            *textwrap.wrap(f"출처 source: {source}", 76),
        ]
        for line in paragraph:
            texts.append(_text(60, y, line, 12))
            y += _LINE
        y += 10
    if y > HEIGHT - 90:
        raise InputError(
            f"{first['said_by']} has more statements in one document than fit on a page."
        )
    for place in (50, HEIGHT - 45):
        texts.append(_text(60, place, MARK, 16, colour="#b3142b", weight=700))
        for below, words in enumerate(NOT_REAL):
            texts.append(_text(215, place - 8 + 14 * below, words, 10, colour="#b3142b"))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{"".join(texts)}</svg>'
    )


def _text(
    x: float, y: float, words: str, size: int, *, colour: str = "#1b1f24", weight: int = 400
) -> str:
    font = f'font-family="Noto Sans KR" font-size="{size}" font-weight="{weight}"'
    return f'<text x="{x}" y="{y}" {font} fill="{colour}">{html.escape(words)}</text>'
