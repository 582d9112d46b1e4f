"""Pages that are pictures: which there are, and their text by OCR, one transaction a page.

The first reading of a document leaves a note of kind 'ocr' on each page that shows something but
has no text, and one of kind 'unread_part' for such parts of a page. If Tesseract is installed, now
or in a later run, each of these pages goes to a confined process (`ocr`); after kill -9 the same
command resumes with the next page.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from onetomany.cage.keeper import isolated_python
from onetomany.errors import InputError
from onetomany.formats.reading import Limits, Refused
from onetomany.progress import ProgressBar
from onetomany.sources.processes import safe_environment
from .answers import ROWS, WORDS, Answer
from .case_file import EXTRACTOR_VERSION, members_folder, transaction
from .case_file import query_frame as read_rows
from .folder import file_inside, sha256_inside, stored_name
from .sketch import near_duplicates, sketches
from .store import insert_frame
from .workers import ReaderGroup, Readers

LANGUAGES = "kor+eng"  # as in `ocr`, which loads more than this needs
OFF = "OCR is off"
SECONDS = 240.0  # for one page, which takes a few on a free machine
_READ = {"blocks": ROWS["blocks"], "notes": ROWS["notes"], "words": WORDS}


@dataclass(frozen=True)
class Scans:
    """The result for pages that are pictures; `left` were not tried, for the reason `why`."""

    read: int = 0
    empty: int = 0  # tried, but no text was found
    failed: int = 0
    left: int = 0
    confidence: float | None = None  # of 100, the mean of the words read in this run
    why: str = ""
    how: str = ""  # to install the missing parts

    def said(self) -> str:
        """Return sentences for the terminal; '' if there was no such page."""
        said = []
        if self.read:
            said.append(
                f"OCR read {self.read:,} pages that are pictures, or have some (mean confidence "
                f"{self.confidence:.0f} of 100): check names and figures against the pictures."
            )
        if self.empty:
            said.append(f"It found no text on {self.empty:,}.")
        if self.failed:
            said.append(f"It failed on {self.failed:,}: see notes of kind unread, or --retry.")
        if self.left:
            said.append(
                f"{self.left:,} pages are pictures whose text was not read, or have some: "
                f"{self.why}."
            )
            if self.why != OFF:
                said.append(f"Install it {self.how}, and run this again.")
        return " ".join(said)


@dataclass(frozen=True)
class Scan:
    document: str
    page: int
    name: str
    path: Path
    parts: bool = False  # only parts of the page are not text: theirs is put after its own


def checked_languages(text: str) -> str:
    """Return languages for OCR as Tesseract names them, such as 'kor+eng+jpn'.

    Raises InputError if one is not such a name, or if Tesseract or its model is missing, with the
    package to install.
    """
    names = [part for part in re.split(r"[\s,+]+", text) if part]
    for name in names:
        if not re.fullmatch(r"[a-z]{3}(?:_[A-Za-z]{1,12})*", name):
            raise InputError(
                f"'{name}' is not a language of Tesseract: it names them by three letters, such as "
                "kor, eng, jpn or chi_sim."
            )
    if not names:
        raise InputError("--ocr-languages needs a language, such as kor+eng.")
    languages = "+".join(dict.fromkeys(names))
    _, why = engine(languages)
    if why:
        raise InputError(f"{why}. Install it {_how_to_get(languages)}.")
    return languages


def _how_to_get(languages: str) -> str:
    """Return how Tesseract and its models for some languages are installed."""
    packages = (f"tesseract-ocr-{each.lower().replace('_', '-')}" for each in languages.split("+"))
    return (
        f"on Debian and Ubuntu by 'apt install tesseract-ocr {' '.join(packages)}', on macOS by "
        "'brew install tesseract tesseract-lang'"
    )


def engine(languages: str = LANGUAGES) -> tuple[str, str]:
    """Return the name of the OCR engine, and why there is none; one of them is ''.

    A separate process finds out, so that its models and its warnings aren't this one's.
    """
    command = isolated_python("from onetomany.formats.ocr import main; main()", languages)
    asked = subprocess.run(
        command, cwd="/", env=safe_environment(), capture_output=True, check=False
    )
    if asked.returncode == 0:
        return asked.stdout.decode().strip(), ""
    said = asked.stderr.decode("utf-8", "replace").strip().splitlines()
    # it complains of its own after the reason
    reasons = [line for line in said if line.startswith("Tesseract ")] or said
    return "", reasons[-1] if reasons else "Tesseract crashed"


def read_scans(
    db: duckdb.DuckDBPyConnection,
    folder: Path,
    case: Path,
    limits: Limits,
    *,
    readers: Readers,
    retry: bool,
    off: bool,
    languages: str,
) -> Scans:
    """Read the pages of a folder's documents that are pictures and were not read before.

    With `retry`, also those that failed before. Needs a connection that may write.
    """
    waiting = _waiting(db, folder, case, limits, retry=retry)
    if not waiting:
        return Scans()
    name, why = ("", OFF) if off else engine(languages)
    if not name:
        return Scans(left=len(waiting), why=why, how=_how_to_get(languages))
    extractor = f"ocr: {name}, pypdfium2 {version('pypdfium2')}, pillow {version('pillow')}"
    limits = replace(limits, seconds=min(limits.seconds, SECONDS))
    many = min(readers.many, len(waiting))
    outcomes: list[str] = []
    with (
        readers.group(many, members_folder(case), ocr=languages) as group,
        ThreadPoolExecutor(many) as pool,
        ProgressBar(total=len(waiting), unit="page", desc="OCR", leave=False) as bar,
    ):
        for scan, answer in _answers(pool, group, waiting, limits):
            outcomes.append(_store(db, scan, answer, extractor))
            bar.update()
    _sketch_anew(db, sorted({scan.document for scan in waiting}))
    mean = db.execute(
        "SELECT sum(confidence * (char_end - char_start)) / sum(char_end - char_start) FROM words "
        "JOIN (SELECT unnest(?) AS document, unnest(?) AS page) USING (document, page)",
        [[scan.document for scan in waiting], [scan.page for scan in waiting]],
    ).fetchone()
    read, empty, failed = map(outcomes.count, ("ocr", "none", "failed"))
    return Scans(read, empty, failed, confidence=mean[0] if mean else None)


def _waiting(
    db: duckdb.DuckDBPyConnection, folder: Path, case: Path, limits: Limits, *, retry: bool
) -> list[Scan]:
    rows = db.execute(
        """
        SELECT DISTINCT document, page, documents.name, files.path, files.parent,
            text_source <> 'none' AS parts
        FROM pages JOIN documents USING (document)
        JOIN (FROM files WHERE folder = ? AND NOT gone
              QUALIFY row_number() OVER (PARTITION BY document ORDER BY path) = 1)
              AS files USING (document)
        JOIN (SELECT DISTINCT document, page, kind, starts_with(extractor, 'ocr:') AS by_ocr
              FROM notes) AS notes USING (document, page)
        WHERE notes.kind = 'unread_part' OR (? AND notes.kind = 'unread' AND by_ocr)
            OR (text_source = 'none' AND notes.kind = 'ocr'
                AND NOT starts_with(pages.extractor, 'ocr:'))
        ORDER BY files.path, page
        """,
        [stored_name(folder), retry],
    ).fetchall()
    waiting = []
    for document, of_it in groupby(rows, key=lambda row: row[0]):
        pages = list(of_it)
        _, _, name, path, parent, _ = pages[0]
        place = (members_folder(case), document) if parent else (folder, path)
        try:
            same = sha256_inside(*place, limits.bytes)[0] == document
        except (OSError, Refused):
            same = False
        # a file that has changed since is a document of its own; this one can't be read any more
        if same:
            at = file_inside(*place)
            waiting += [Scan(document, page, name, at, parts) for _, page, *_, parts in pages]
    return waiting


def _answers(
    pool: ThreadPoolExecutor, group: ReaderGroup, waiting: list[Scan], limits: Limits
) -> Iterator[tuple[Scan, Answer]]:
    """Yield answers as they come; few pages are under way at a time."""
    turn, most = iter(waiting), 2 * len(group.all)
    under_way: dict[Future[Answer], Scan] = {}
    while True:
        for scan in islice(turn, most - len(under_way)):
            asked = pool.submit(group.read, scan.path, f"{scan.page}/{scan.name}", limits)
            under_way[asked] = scan
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            yield under_way.pop(future), future.result()


def _store(db: duckdb.DuckDBPyConnection, scan: Scan, answer: Answer, extractor: str) -> str:
    """Store a page: 'ocr' if it has text, 'none', or 'failed' with a note of kind 'unread'."""
    why = answer.why or answer.content.get("facts", {}).get("error")
    try:
        page, frames = _sensible(scan, {} if why else answer.content.get("columns", {}))
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as error:
        why = why or f"The parser's answer makes no sense ({type(error).__name__})."
        note = {"page": [scan.page], "kind": ["unread"], "text": [f"OCR of this page: {why}"]}
        page, frames = {}, {"notes": pl.DataFrame(note, schema=ROWS["notes"])}
    with transaction(db):
        db.execute(
            "DELETE FROM notes WHERE document = ? AND page = ? AND (kind = 'unread_part' "
            "OR (kind = 'ocr' AND NOT ?) OR (kind = 'unread' AND starts_with(extractor, 'ocr:')))",
            [scan.document, scan.page, scan.parts],
        )
        found = page.get("text_source", "failed")
        if scan.parts:
            page, frames = _after_text(db, scan, page, frames)
        else:
            # a primary key can't be deleted and given again in one transaction: the row is kept
            page = {**page, "extractor": extractor, "version": EXTRACTOR_VERSION}
        if page:
            names = ", ".join(f"{name} = ?" for name in page)
            db.execute(
                f"UPDATE pages SET {names} WHERE document = ? AND page = ?",
                [*page.values(), scan.document, scan.page],
            )
        same = {"document": scan.document, "extractor": extractor, "version": EXTRACTOR_VERSION}
        for table, frame in frames.items():
            insert_frame(db, table, frame.with_columns(**{n: pl.lit(v) for n, v in same.items()}))
    return str(found)


def _after_text(
    db: duckdb.DuckDBPyConnection, scan: Scan, page: dict[str, Any], frames: dict[str, pl.DataFrame]
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Put the text of a page's parts after the text that the page has."""
    held = db.execute(
        "SELECT text, text_source, (SELECT coalesce(max(block), 0) FROM blocks WHERE "
        "blocks.document = pages.document AND blocks.page = pages.page) FROM pages "
        "WHERE document = ? AND page = ?",
        [scan.document, scan.page],
    ).fetchone()
    if held is None or not page.get("text"):
        return {}, frames
    text, source, blocks = held
    offset = len(text) + 1 if text else 0
    moved = {
        table: frame.with_columns(pl.col("char_start") + offset, pl.col("char_end") + offset)
        for table, frame in frames.items()
        if table != "notes"
    }
    if "blocks" in moved:
        moved["blocks"] = moved["blocks"].with_columns(pl.col("block") + blocks)
    joined = f"{text}\n{page['text']}" if text else page["text"]
    return {"text": joined, "text_source": "mixed" if source == "text" else source}, frames | moved


def _sensible(
    scan: Scan, columns: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, pl.DataFrame]]:
    """Check a process's answer for one page; raises if it is about another, or malformed.

    A parser that was taken over may answer anything.
    """
    held = {name: columns["pages"][name] for name in ROWS["pages"]}
    (page,) = pl.DataFrame(held, schema=ROWS["pages"]).rows(named=True)
    if page["page"] != scan.page or page["text_source"] not in ("ocr", "none"):
        raise ValueError("another page")
    frames = {}
    for table, schema in _READ.items():
        if table in columns:
            values = {name: columns[table][name] for name in schema}
            frame = pl.DataFrame(values, schema=schema)
            if frame["page"].ne_missing(scan.page).any():
                raise ValueError("another page")
            frames[table] = frame
    kept = ("width", "height", "unit", "text", "text_source")
    return {name: page[name] for name in kept}, frames


def _sketch_anew(db: duckdb.DuckDBPyConnection, documents: list[str]) -> None:
    """Sketch documents again by their whole text, for near-duplicates."""
    for document in documents:
        pages = read_rows(
            db, "SELECT document, text FROM pages WHERE document = ? ORDER BY page", document
        )
        with transaction(db):
            db.execute("DELETE FROM sketches WHERE document = ?", [document])
            insert_frame(db, "sketches", sketches(pages))
    near_duplicates(db)
