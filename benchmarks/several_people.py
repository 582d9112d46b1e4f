"""From what size on a lake, or a cluster, pays; a lake in CPU time, as the machine may be shared.

`python -m benchmarks.several_people lake ADDRESS STORAGE FOLDER [PAGES ...]` compares a case file
with a lake (an empty database of PostgreSQL, its owner no superuser): FOLDER is read once, and its
stored rows are copied until there are so many pages. PostgreSQL's own CPU time is not in it.
`python -m benchmarks.several_people cluster FOLDER` reads FOLDER here with two processes, and on a
local cluster of two workers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onetomany.documents import indexing, search
from onetomany.documents.case_file import open_case
from onetomany.documents.cluster import Cluster
from onetomany.documents.finding import find_pages
from onetomany.documents.ingest import ingest
from onetomany.documents.lake import Lake, open_lake, publish_case

COPIED = ("documents", "files", "pages", "blocks", "tables", "cells", "notes", "sketches",
          "mentions", "mention_pages")  # fmt: skip
SCAN = "select count(*) from pages where text ilike '%ministry%'"


def seconds(run: Callable[[], Any]) -> float:
    """CPU seconds of this process and of the processes that it has waited for."""
    before = os.times()
    run()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def grow(case: Path, pages: int) -> None:
    """Copy the rows of a case file, under new names of documents, until it has so many pages."""
    with open_case(case, write=True) as db:
        (held,) = db.execute("select count(*) from pages").fetchone()
        db.execute("create temp table seed as select document from documents")
        (next_id,) = db.execute("select max(id) from search_pages").fetchone()
        for number in range(1, -(-pages // held)):
            name = f"{pages}-{number}"
            new = f"sha256(document || '{name}') as document"
            only = "where document in (from seed)"
            for table in COPIED:
                also = f", path || '+{name}' as path" if table == "files" else ""
                db.execute(
                    f"insert into {table} select * replace ({new}{also}) from {table} {only}"
                )
            db.execute(
                f"insert into search_pages select * replace ({new}, id + {number * next_id} as id) "
                f"from search_pages {only}"
            )
        db.execute("drop table if exists search_postings")


def compare(address: str, storage: Path, seed: Path, sizes: list[int]) -> None:
    print("CPU seconds                              case file      lake")
    with tempfile.TemporaryDirectory() as folder:
        case, small = Path(folder) / "case.duckdb", Path(folder) / "small.duckdb"
        ingest(seed, case, workers=2, ocr=False)
        with open_case(case, write=True) as db:
            indexing.index_case(db, progress=False)
        shutil.copy(case, small)
        with open_case(small, write=True) as db:  # a colleague's: other documents
            for table in (*COPIED, "search_pages"):
                db.execute(f"update {table} set document = sha256(document || 'other')")
        for size in sizes:
            grow(case, size)
            _one_size(address, storage, case, small, size)


def _one_size(address: str, storage: Path, case: Path, small: Path, size: int) -> None:
    own = storage / str(size)
    own.mkdir()
    lake = Lake(f"{address}{size}", own)

    def rebuild() -> None:
        with open_case(case, write=True) as db:
            search.rebuild_index(db)

    def asked(open_it: Callable[[], Any], ask: Callable[[Any], Any]) -> Callable[[], None]:
        def run() -> None:
            with open_it() as db:
                ask(db)

        return run

    def file() -> Any:
        return open_case(case)

    def there() -> Any:
        return open_lake(lake)

    def row(label: str, file: float | None, lake: float) -> None:
        shown = "         -" if file is None else f"{file:10.2f}"
        print(f"  {label:40} {shown} {lake:10.2f}", flush=True)

    with file() as db:
        (pages,) = db.execute("select count(*) from pages").fetchone()
    print(f"{pages:,} pages, case file of {case.stat().st_size / 1e6:,.0f} MB")
    indexed = seconds(rebuild)
    row("publish all; index all", indexed, seconds(lambda: publish_case(case, lake)))
    # a case file's index is made as a whole, however few pages are new
    row("publish a few more; index again", indexed, seconds(lambda: publish_case(small, lake)))
    for label, ask in (
        ("open, search two words", lambda db: find_pages(db, "ministry data")),
        ("open, count pages with a text", lambda db: db.execute(SCAN).fetchall()),
        ("open only", lambda db: None),
    ):
        row(label, *(min(seconds(asked(each, ask)) for _ in range(3)) for each in (file, there)))
    stored = sum(path.stat().st_size for path in own.rglob("*.parquet"))
    print(f"  parquet of the lake: {stored / 1e6:,.0f} MB")


def read(folder: Path, case: Path, *, on_cluster: bool) -> None:
    """Read a folder here or on a local cluster; print its wall seconds, without the start."""
    if not on_cluster:
        begun = time.monotonic()
        ingest(folder, case, workers=2, ocr=False)
        print(time.monotonic() - begun)
        return
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
        as local,
        contextlib.closing(Cluster(local.scheduler_address)) as cluster,
    ):  # fmt: skip
        begun = time.monotonic()
        ingest(folder, case, readers=cluster, ocr=False)
        print(time.monotonic() - begun)


def overheads(folder: Path) -> None:
    """Print the wall time of both ways: cages end with their parents, so their CPU isn't known."""
    many = sum(1 for path in folder.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as own:
        for where in ("here", "cluster"):
            begun = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.several_people", where, folder,
                 Path(own) / f"{where}.duckdb"],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            whole, reading = time.monotonic() - begun, float(done.stdout.split()[-1])
            print(
                f"{where:8} {many:,} files: {reading:.1f} s, and {whole - reading:.1f} s to start"
            )


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "lake":
        sizes = [int(each) for each in words[3:]] or [1_000, 10_000, 50_000]
        compare(words[0], Path(words[1]), Path(words[2]), sizes)
    elif len(words) == 1:
        overheads(Path(words[0]))
    else:
        read(Path(words[0]), Path(words[1]), on_cluster=what == "cluster")
