"""A folder of text PDFs into a case file, against text alone out of the same files.

The peer is the fastest extractor that we know of, PDFium by pypdfium2, in two processes and a
plain loop: it keeps no places, tables, hashes or limits, and stores nothing. The documents are made
here by reportlab; no page says what another says. `python -m benchmarks.ingest FOLDER` does it
with the PDFs of a folder, on one processor, and `python -m benchmarks.ingest cage FOLDER RUNS`
measures the cage alone: the processor time of the same ingest with and without it. Also searches of the case file, against DuckDB's
own scan of the same pages: `python -m benchmarks.ingest CASE` of any case file, `python -m
benchmarks.ingest NEW.duckdb 100000` of one that is made of so many pages.
"""

from __future__ import annotations

import gc
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pypdfium2
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from onetomany.cage import keeper
from onetomany.cage.zygote import END, FRAME, GARBAGE
from onetomany.documents import indexing, search
from onetomany.documents.answers import Answer, Taken
from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import ingest
from onetomany.documents.workers import Reader, Readers
from onetomany.formats import extraction
from onetomany.formats.reading import Limits
from onetomany.sources import case as facts
from onetomany.sources.case import ArrowStream

SENTENCE = """법무부 는 인공지능 식별추적 시스템 구축 사업 을 위하여 출입국 심사 에서 얻은 자료 를 제공
하였다 2019년 4월 30일 업무협약 개인정보 보호법 제15조제3항 에 따라 5,760만 건 을 이용 하였다"""
WORDS = SENTENCE.split()
SHAPES = {"250 pages each": (8, 250), "10 pages each": (150, 10), "one page each": (1200, 1)}
LINES = 40
SCAN = "select document, page from pages where regexp_matches(text, ?, 'i')"


def run(folder: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("HYSMyeongJo-Medium"))
    print("text PDFs into a case file, two processes")
    for name, (documents, pages) in SHAPES.items():
        held = folder / f"pdf {pages}"
        held.mkdir()
        for number in range(documents):
            _write(held / f"{number}.pdf", pages, number)
        files = sorted(held.iterdir())
        alone = _seconds(lambda files=files: _extract(files))
        case = folder / f"{pages}.duckdb"
        whole = _seconds(lambda held=held, case=case: ingest(held, case, workers=2, ocr=False))
        total = documents * pages
        print(f"  {documents:,} documents, {name}")
        for label, wall in (("pypdfium2, text alone", alone), ("ingest", whole)):
            print(f"    {label:24} {total / wall:8.0f} pages/s")
        print(f"    {'ratio':24} {alone / whole:8.2f}", flush=True)
    with open_case(case, write=True) as db:
        made = _seconds(lambda: indexing.index_case(db, progress=False))
        (pages,) = db.execute("select count(*) from pages").fetchone() or (0,)
        print(f"  mentions and index of {pages:,} pages   {pages / made:8.0f} pages/s")
    searches(case)


def real(folder: Path) -> None:
    """Ratios of reading and indexing a folder's PDFs, over PDFium's text alone, on one processor.

    On one, the time that passes is the work of all processes, if nothing else runs there.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as made:
        held, case = Path(made) / "documents", Path(made) / "case.duckdb"
        held.mkdir()
        files = [path for path in sorted(folder.rglob("*.pdf")) if _characters(path) is not None]
        for number, path in enumerate(files):
            shutil.copyfile(path, held / f"{number}.pdf")
        alone = _seconds(lambda: [_characters(path) for path in sorted(held.iterdir())])
        read = _seconds(lambda: ingest(held, case, workers=1, ocr=False))
        with open_case(case, write=True) as db:
            indexed = _seconds(lambda: indexing.index_case(db, progress=False))
            (pages,) = db.execute("select count(*) from pages").fetchone() or (0,)
    print(f"{len(files):,} PDFs that PDFium opens, {pages:,} pages, one processor")
    print(f"  PDFium, text alone      {alone:8.1f} s")
    print(f"  ingest, no index        {read:8.1f} s   ratio {read / alone:5.1f}")
    print(
        f"  ingest, with the index  {read + indexed:8.1f} s   ratio {(read + indexed) / alone:5.1f}"
    )


class UncagedReader(Reader):
    """Read documents in the kit's own process, one after another: what the cage is compared with.

    The same readers, frames and checks of the answer; no process for a document, no limits.
    """

    def read(self, path: Path, name: str, limits: Limits) -> Answer:
        begun, taken = time.monotonic(), Taken(self.members, limits, self.take)
        request = {"name": name, "limits": vars(limits), "passwords": self.passwords}
        with os.fdopen(keeper.unnamed_file(), "w+b") as out:

            def send(kind: bytes, content: bytes) -> None:
                out.write(FRAME.pack(kind, len(content)) + content)

            _uncaged_handler()(path.read_bytes(), request, send)
            send(END, b"")
            out.seek(0)
            frames = keeper.Frames(out.fileno(), begun + 3_600, keeper.ANSWER)
            content, members = taken(frames)
        seconds = time.monotonic() - begun
        return Answer(content, members, None, seconds, process=1, size=taken.size)


class UncagedReaders(Readers):
    """Where `UncagedReader` comes from."""

    def reader(self, members: Path, *, ocr: str = "", **given: Any) -> Reader:
        return UncagedReader(members, ocr=ocr, **given)


@cache
def _uncaged_handler() -> Any:
    handler = extraction.load_light()
    gc.freeze()  # as a caged process does
    gc.set_threshold(*GARBAGE)
    return handler


def cage(folder: Path, runs: int) -> None:
    """Processor time of one ingest with and without the cage, in turn; each in a new process.

    Processor time counts all processes of an ingest and hardly depends on other work there. No
    container is made: its processes end uncounted.
    """
    seconds: dict[str, list[float]] = {"uncaged": [], "caged": []}
    for turn in range(runs):
        for how in list(seconds)[:: 1 if turn % 2 else -1]:
            told = subprocess.run(
                [sys.executable, "-m", "benchmarks.ingest", how, str(folder)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            seconds[how].append(float(told.stdout.split()[-1]))
    ratios = [c / u for c, u in zip(seconds["caged"], seconds["uncaged"], strict=True)]
    print(f"processor time of ingest, {folder}, one worker, no OCR, no index, {runs} runs each")
    for how, each in seconds.items():
        print(f"  {how:8} {median(each):7.1f} s  ({min(each):.1f} to {max(each):.1f})")
    print(f"  ratio    {median(ratios):7.2f}    ({min(ratios):.2f} to {max(ratios):.2f})")


def _cost(folder: Path, how: str) -> float:
    """Return the processor time of one ingest: this process, and all that it started."""
    keeper._container_works = lambda places: False  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as made:
        readers = UncagedReaders(1) if how == "uncaged" else Readers(1)
        ingest(folder, Path(made) / "case.duckdb", ocr=False, readers=readers)
    used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def searches(case: Path) -> None:
    """Ratios of searches in a case file that is indexed, over DuckDB's scan of its pages."""
    with open_case(case) as db:
        (pages,) = db.execute("select count(*) from pages").fetchone() or (0,)
        text = db.execute("select text from pages using sample 1 rows (reservoir, 1)").fetchall()
        rare = " ".join(text[0][0].split()[-4:])
        print(f"searches in {pages:,} pages, a rare phrase and a pattern made of it")
        for name, find, regex in (
            ("words", search.search_words, rare),
            ("phrase", search.search_phrase, r"\s*".join(map(re.escape, rare.split()))),
            ("pattern", search.search_pattern, re.escape(rare[:-1]) + "."),
        ):
            asked = regex if name == "pattern" else rare
            own = _median(lambda regex=regex: db.execute(SCAN, [regex]).fetchall())
            ours = _median(lambda find=find, asked=asked: find(db, asked))
            print(f"  {name:8} {ours * 1e3:8.1f} ms   DuckDB's scan {own * 1e3:8.1f} ms", end="")
            print(f"   ratio {own / ours:6.1f}")


def make_pages(path: Path, pages: int) -> None:
    """A new case file of pages made from the case's claims and events; each ends in its own words.

    It is for searches alone: the pages come from no file.
    """
    draw = random.Random(0)
    said, events = facts.case_claims(), facts.case_timeline()
    sentences = [
        *(said["said_by_ko"] + " " + said["value_ko"] + ", " + said["document_en"]),
        *events["event_ko"],
        *events["event_en"],
    ]
    texts = [
        " ".join(draw.choices(sentences, k=16)) + f" {draw.choice(WORDS)} 기록 {n // 100}-{n} 번"
        for n in range(pages)
    ]
    made = pl.DataFrame({"text": texts}).with_row_index("n")
    with open_case(path, write=True) as db:
        db.register("made", ArrowStream(made))
        db.execute(
            "insert into documents by name select 'd' || (n // 100) as document, document as path, "
            "document as name, 'text/plain' as media_type, 0 as bytes, 'read' as status, "
            "0 as seconds, now()::timestamp as ingested_at, 'benchmark' as extractor, 1 as version "
            "from made where n % 100 = 0"
        )
        db.execute(
            "insert into pages by name select 'd' || (n // 100) as document, n % 100 + 1 as page, "
            "text, 'text' as text_source, 'benchmark' as extractor, 1 as version from made"
        )
        seconds = _seconds(lambda: indexing.index_case(db, kinds=("words",)))
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"indexed {pages:,} pages ({size:.0f} MB) in {seconds:.0f} s")


def _write(path: Path, pages: int, seed: int) -> None:
    draw = random.Random(seed)
    made = canvas.Canvas(str(path), invariant=1)
    for number in range(pages):
        made.setFont("HYSMyeongJo-Medium", 10.5)
        for line in range(LINES):
            words = " ".join(draw.choices(WORDS, k=9))
            made.drawString(60, 790 - 18 * line, f"{seed}-{number + 1}: {words}"[:60])
        made.showPage()
    made.save()


def _extract(files: list[Path]) -> int:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return sum(filter(None, pool.map(_characters, files, chunksize=max(1, len(files) // 8))))


def _characters(path: Path) -> int | None:
    """Count a PDF's characters; None if PDFium can't open it or one of its pages."""
    try:
        with pypdfium2.PdfDocument(path) as pdf:
            return sum(len(page.get_textpage().get_text_range()) for page in pdf)
    except pypdfium2.PdfiumError:
        return None


def _median(work: object, times: int = 9) -> float:
    return median(_seconds(work) for _ in range(times))


def _seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1:2] in (["caged"], ["uncaged"]):
        print(_cost(Path(sys.argv[2]), sys.argv[1]))
    elif sys.argv[1:2] == ["cage"]:
        cage(Path(sys.argv[2]), int(sys.argv[3]))
    elif len(sys.argv) > 1 and Path(sys.argv[1]).is_dir():
        real(Path(sys.argv[1]))
    elif len(sys.argv) > 1:
        if len(sys.argv) > 2:
            make_pages(Path(sys.argv[1]), int(sys.argv[2]))
        searches(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            run(Path(made))
