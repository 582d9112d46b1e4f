"""Make specimen documents from the case's sourced facts, since no original is available.

Each page says at the top and bottom, in both languages, that it isn't an original. Its text is this
kit's own wording of a statement, with the source; nothing is invented or quoted. Tables that other
countries really disclosed may be written beside them: those aren't specimens.
"""

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
DISCLOSED = "disclosed-"  # names of files that are not specimens begin with this
WIDTH, HEIGHT = 595, 842  # points: A4
_LINE = 17


def write_specimens(folder: Path, claims: pl.DataFrame) -> list[Path]:
    """Write a PDF for each document that the claims cite; return the files.

    `claims` is `sources.case.case_claims`; the files are specimen-01-pipc.pdf and so on. Raises
    InputError if the folder has a file that isn't a specimen, so that none is taken for one.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ours = ("specimen-", DISCLOSED)
    strangers = [file.name for file in folder.iterdir() if not file.name.startswith(ours)]
    if strangers:
        raise InputError(
            f"{folder} contains {strangers[0]}: specimens must not be mixed with other documents, "
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


def write_disclosed_tables(folder: Path) -> list[Path]:
    """Write tables that other countries disclosed as CSV, with source and licence in each row.

    Returns the files: disclosed-massachusetts.csv (unchanged, with rows for missing months) and
    disclosed-holyhead.csv. See `sources.disclosed`.
    """
    written = []
    for name, table in (("massachusetts", disclosed.log()), ("holyhead", disclosed.holyhead())):
        sheet = disclosed.disclosed_sheet(name)
        sourced = table.with_columns(source=pl.lit(sheet.url), licence=pl.lit(sheet.licence))
        path = Path(folder) / f"{DISCLOSED}{name}.csv"
        write_whole(path, csv_text(sourced).encode())
        written.append(path)
    return written


def _page(claims: pl.DataFrame) -> str:
    """Return a page as SVG: a heading, a paragraph for each statement, and the marks."""
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
            f"{first['said_by']} has more statements in a document than fit on a page: give fewer."
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
