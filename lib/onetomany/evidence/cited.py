"""The sources that a run's figures cite: pages of the web, documents, data files."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import resources

import polars as pl

from .figures import Figure
from .methods import ShownDatasheet

CITED = {
    "path": pl.String,  # an address, a document's name, or a data file within the package
    "sha256": pl.String,  # of the file, if the kit has it; empty if a page was only read
    "pages": pl.String,  # of a document, those that a figure shows
    "title": pl.String,
    "cited_in": pl.String,  # figures and tables, or chapters
    # of a page on the web whose capture is in a case file (`captured.name_captures`); else empty
    "captured": pl.String,
    "capture_file": pl.String,
    "capture_sha256": pl.String,  # of that file
    "payload_digest": pl.String,  # of the server's response, as the capture records it
    "digest_check": pl.String,  # agrees, DOES NOT AGREE, not checked, this kit's own
    "carried": pl.String,  # where the capture's file is in this payload
}
_OF_CAPTURES = ("captured", "capture_file", "capture_sha256", "payload_digest", "digest_check",
                "carried")  # fmt: skip
_NAMED = ("title", "source", "document_en", "document", "publisher", "said_by", "name")
_TIME = re.compile(r"\d{4}-\d\d-\d\d")  # charts of dates call a document's day 'document'
_FOLDERS = {"case": "cases/incheon"}  # of a module's data, if it has another name
_DOCUMENT = ("path", "name", "file", "document")


def cited_sources(
    figures: Sequence[Figure], sheets: Sequence[ShownDatasheet], texts: dict[str, str]
) -> pl.DataFrame:
    """List every source that a figure's data names, and every data file of the kit that was read.

    `texts` contains the code and outputs of each chapter, by stem. Schema CITED, by path.
    """
    rows = defaultdict[tuple[str, str], dict[str, set[str]]](lambda: defaultdict(set))
    for figure in figures:
        for frame in figure.data:
            for path, digest, page, title in _named_in(frame):
                row = rows[path, digest]
                row["pages"].add(page)
                row["title"].add(title)
                row["cited_in"].add(figure.label)
    for sheet in sheets:
        if address := str(sheet.fields.get("url", "")):
            rows[address, ""]["title"].add(str(sheet.fields.get("title", sheet.name)))
            rows[address, ""]["cited_in"].update(sheet.chapters)
    for path, content, chapters in _data_files(sheets, texts):
        row = rows[path, hashlib.sha256(content).hexdigest()]
        row["title"].add("data file of the kit")
        row["cited_in"].update(chapters)
    listed = [
        {"path": path, "sha256": digest}
        | {key: "; ".join(sorted(filter(None, row[key]), key=_order)) for key in list(CITED)[2:5]}
        | dict.fromkeys(_OF_CAPTURES, "")
        for (path, digest), row in sorted(rows.items())
    ]
    return pl.DataFrame(listed, schema=CITED)


def _named_in(frame: pl.DataFrame) -> Iterable[tuple[str, str, str, str]]:
    """Return (path, SHA-256, page, title) of each source that a row names."""
    for column in frame.columns:
        if column == "url" or column.startswith("url_"):
            end = column.removeprefix("url")
            title = next((f"{n}{end}" for n in _NAMED if f"{n}{end}" in frame.columns), None)
            titles = frame[title].cast(pl.String).to_list() if title else [""] * frame.height
            for address, said in zip(frame[column].cast(pl.String), titles, strict=True):
                if address:
                    yield address, "", "", "" if _TIME.match(said or "") else said or ""
    name = next((each for each in _DOCUMENT if each in frame.columns), None)
    if name and "page" in frame.columns:
        digest = pl.col("sha256") if "sha256" in frame.columns else pl.lit("")
        rows = frame.select(
            pl.col(name).cast(pl.String), pl.col("page").cast(pl.String), digest.alias("digest")
        )
        for document, page, sha256 in rows.iter_rows():
            if document:
                yield document, sha256 or "", page or "", ""


def _data_files(
    sheets: Sequence[ShownDatasheet], texts: dict[str, str]
) -> Iterable[tuple[str, bytes, list[str]]]:
    """Return the data files whose datasheet is used, or whose module a chapter imports."""
    used = defaultdict[str, set[str]](set)
    for sheet in sheets:
        folder = sheet.file.rsplit("/", 1)[0]
        # a sheet of one folder's several may name its own
        for each in sheet.fields.get("tables") or [""]:
            used[f"{folder}/{each}".rstrip("/")].update(sheet.chapters)
    for stem, text in texts.items():
        for line in re.findall(r"from onetomany\.sources import ([^\n\\]*)", text):
            for name in re.findall(r"\w+", line):
                used[f"sources/data/{_FOLDERS.get(name, name)}"].add(stem)
    root = resources.files("onetomany")
    for path, chapters in sorted(used.items()):
        place = root.joinpath(path)
        if place.is_file():
            yield f"onetomany/{path}", place.read_bytes(), sorted(chapters)
        elif place.is_dir():
            for each in sorted(place.iterdir(), key=lambda file: file.name):
                if each.is_file() and not each.name.endswith(".toml"):
                    yield f"onetomany/{path}/{each.name}", each.read_bytes(), sorted(chapters)


def _order(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdecimal() else (0, text)
