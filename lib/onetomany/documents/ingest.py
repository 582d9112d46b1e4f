"""Read a folder of documents into a case file: only new ones, a few in each transaction.

Each file is hashed; one that the case file contains is not read again. The rest goes to confined
processes (`workers`), and their answers are stored. Members of archives and mails are kept beside
the case file and read as documents themselves, also by a later run if this one is killed.
"""

import contextlib
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from onetomany.cage import accept_weak_isolation, isolation, require_strong
from onetomany.errors import InputError
from onetomany.formats.reading import Limits, Refused
from onetomany.progress import ProgressBar
from . import case_file, store
from . import folder as folders
from .answers import Answer
from .attention import attention_file
from .budget import Account, Budget, forget_halves
from .folder import Unread
from .scans import LANGUAGES, Scans, read_scans
from .sketch import near_duplicates
from .store import FoundFile
from .workers import ReaderGroup, ReaderOptions, Readers

LARGE = 256 << 10  # bytes: a larger document, or answer, is stored as soon as it is read
TRANSACTION = 256  # smaller documents stored at a time: each transaction costs as much as ten pages


@dataclass(frozen=True)
class Ingested:
    """The result of a run. `held` counts files that the case file already contained."""

    files: int
    read: int
    partly: int
    failed: int
    held: int
    pages: int
    seconds: float
    duplicates: int  # in the whole case file
    near_duplicates: int
    isolation: dict[str, bool]  # which mechanisms confined the readers; {} if nothing was read
    failures: pl.DataFrame  # folder, path, why: all that the case file tells of this folder
    notes: pl.DataFrame  # kind, text, count: this run's notes on the documents it read
    scans: Scans  # pages that are pictures


def ingest(
    folder: Path,
    case: Path,
    *,
    limits: Limits | None = None,
    workers: int | None = None,
    retry: bool = False,
    ocr: bool = True,
    ocr_languages: str = LANGUAGES,
    weak_isolation: bool = False,
    budget: Budget | None = None,
    passwords: tuple[str, ...] = (),
    readers: Readers | None = None,
) -> Ingested:
    """Read every document of a folder, and of archives and mails in it, into a case file.

    Symbolic links are not followed. `workers` processes parse, by default one a core. With `retry`,
    files that failed before are tried again. Each document has its own caged process. With `ocr`,
    and if Tesseract is installed, pages that are pictures are read too, also those of earlier runs.
    `budget` limits the members of all archives together. `passwords` are tried on documents that
    ask for one, and stored nowhere. `readers` may be a `cluster.Cluster` instead of processes of
    this machine. `weak_isolation` agrees to read although the system can't confine those processes.

    Returns `Ingested`: how many `files` were `read`, `partly` read, `failed` or already `held`,
    their `pages`, and frames of `failures` and `notes`.

    Raises InputError if there is no such folder, or the case file can't be opened; RefusedError if
    the system can't confine the readers and `weak_isolation` was not given.

    >>> import onetomany as otm
    >>> from pathlib import Path
    >>> papers, case = Path("papers"), Path("case.duckdb")
    >>> papers.mkdir(exist_ok=True)
    >>> _ = (papers / "answer.txt").write_text("The ministry keeps 177 million records.")
    >>> otm.ingest(papers, case, weak_isolation=True).pages
    1
    """
    folder, case = _existing(Path(folder)), Path(case).resolve()
    weakness, started = _weakness(agreed=weak_isolation), datetime.now(UTC).replace(tzinfo=None)
    limits, readers = limits or Limits(), readers or Readers(workers)
    with case_file.open_case(case, write=True) as db:
        held = db.execute(
            "SELECT document FROM documents WHERE version = ? AND (status = 'read' OR NOT ?)",
            [case_file.EXTRACTOR_VERSION, retry],
        ).fetchall()
        placed = db.execute(
            "SELECT path, document FROM files WHERE folder = ? AND NOT gone",
            [folders.stored_name(folder)],
        ).fetchall()
        run = _Run(
            db, folder, case, limits, started, weakness, {document for (document,) in held},
            dict(placed), Account(budget or Budget(), case.parent),
        )  # fmt: skip
        run.all(readers, passwords)
        scans = read_scans(
            db, folder, case, limits, readers=readers, retry=retry, off=not ocr,
            languages=ocr_languages,
        )  # fmt: skip
        return run.told(scans)


def _existing(folder: Path) -> Path:
    if folder.is_file():
        raise InputError(f"{folder} is a file: name the folder that contains it.")
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: name one that contains the documents.")
    return folder.resolve()


def _weakness(*, agreed: bool) -> str:
    """Return why the system can't confine readers, after a warning; '' if it can.

    Raises RefusedError if it can't, and nobody agreed to that.
    """
    if agreed:
        accept_weak_isolation()
    if weakness := require_strong(isolation(), agreed=agreed):
        ProgressBar.write(f"WARNING: {weakness}", file=sys.stderr)
    return weakness


@dataclass
class _Run:
    db: duckdb.DuckDBPyConnection
    folder: Path
    case: Path
    limits: Limits
    started: datetime
    weakness: str  # of the cage, to which the user agreed; '' for none
    known: set[str]
    placed: dict[str, str]  # the files of this folder in the case file that are still there
    account: Account
    readers: ReaderGroup = field(init=False)
    count: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("files", "read", "partly", "failed", "held", "pages"), 0
        )
    )

    @property
    def workers(self) -> int:
        return len(self.readers.all)

    @property
    def source(self) -> str:
        """Return the folder as the case file names it."""
        return folders.stored_name(self.folder)

    @property
    def members(self) -> Path:
        return case_file.members_folder(self.case)

    def all(self, readers: Readers, passwords: tuple[str, ...]) -> None:
        self.account.check_room(self.case)
        forget_halves(self.members)
        paths = list(self.files())
        self.account.files = len(paths)
        how: ReaderOptions = {"processes": count(1), "passwords": passwords}
        with (
            readers.group(readers.many, self.members, **how) as self.readers,
            ThreadPoolExecutor(self.workers) as pool,
            ThreadPoolExecutor(self.workers) as hashers,
            ProgressBar(total=len(paths), unit="file", desc="ingest", leave=False) as bar,
        ):
            self.work(pool, hashers, paths, bar)
        store.mark_gone(self.db, self.source, paths)
        if self.count["read"] or self.count["partly"]:
            near_duplicates(self.db)
        self.about()

    def files(self) -> Iterator[str]:
        """Return paths within the folder, as stored; other entries are reported as failures."""
        # each run reports them again
        self.db.execute(
            "DELETE FROM failures WHERE folder = ? AND document IS NULL AND parent IS NULL",
            [self.source],
        )
        skipped = [self.case.with_name(self.case.name + each) for each in ("", ".wal", ".tmp")]
        # as documents they would be exported with the rest
        skipped += [case_file.key_file(self.case), case_file.names_file(self.case), self.members]
        skipped.append(attention_file(self.case))
        for found in folders.walk_folder(self.folder, skipped, (case_file.KEY, case_file.NAMES)):
            if isinstance(found, Unread):
                self.fail(found)
            else:
                yield found

    def fail(self, unread: Unread, parent: str | None = None) -> None:
        store.add_failure(
            self.db, self.source, unread.path, unread.why, at=self.started, parent=parent
        )

    def work(self, pool: ThreadPoolExecutor, hashers: ThreadPoolExecutor, paths: list[str],
             bar: ProgressBar) -> None:  # fmt: skip
        """Hash files, then read the new ones, a few at a time, so memory stays small."""
        waiting: deque[FoundFile] = deque(self.left_over())
        bar.total = len(paths) + len(waiting)
        unhashed = deque(paths)
        hashing: set[Future[FoundFile | Unread]] = set()
        reading: dict[Future[Answer], FoundFile] = {}
        ready: list[tuple[FoundFile, Answer]] = []  # read, and not yet stored
        while unhashed or hashing or reading or waiting or ready:
            while waiting and len(reading) < 2 * self.workers:
                if found := self.new(waiting.popleft(), bar):
                    reading[pool.submit(self.parse, found)] = found
            while unhashed and len(hashing) + len(waiting) < 32 * self.workers:
                hashing.add(hashers.submit(self.hash, unhashed.popleft()))
            under_way: set[Future[Any]] = {*hashing, *reading}
            done, _ = wait(under_way, return_when=FIRST_COMPLETED) if under_way else (set(), None)
            for future in done & hashing:
                hashing.discard(future)
                self.count["files"] += 1
                if isinstance(hashed := future.result(), FoundFile):
                    waiting.append(hashed)
                else:
                    self.fail(hashed)
                    self.count["failed"] += 1
                    bar.update()
            large = False
            for future in done & reading.keys():
                found, answer = reading.pop(future), future.result()
                ready.append((found, answer))
                large |= max(found.bytes, answer.size) > LARGE
            last = not (unhashed or hashing or reading or waiting)
            if ready and (large or len(ready) >= TRANSACTION or last):
                members = self.keep(ready)
                waiting += members
                bar.total = (bar.total or 0) + len(members)
                bar.update(len(ready))
                ready = []

    def new(self, found: FoundFile, bar: ProgressBar) -> FoundFile | None:
        """Return a document that is not in the case file; of one that is, store the place."""
        if found.document not in self.known:
            self.known.add(found.document)
            return found
        if self.placed.get(found.path) != found.document:
            store.store_places(self.db, [found])
        self.count["held"] += 1
        bar.update()
        return None

    def hash(self, path: str) -> FoundFile | Unread:
        try:
            digest, held = folders.sha256_inside(self.folder, path, self.limits.bytes)
        except (OSError, Refused) as error:
            return folders.unread_file(path, error)
        changed = None
        with contextlib.suppress(ValueError, OverflowError, OSError):  # of a year past 9999
            changed = datetime.fromtimestamp(held.st_mtime, UTC).replace(tzinfo=None)
        facts = (self.source, path, digest, held.st_size, None, changed)
        return FoundFile(*facts, stamp=folders.file_stamp(held))

    def parse(self, found: FoundFile) -> Answer:
        root = found.root or found.document
        if not found.parent:
            self.account.begin(found.document, found.bytes)
        elif why := self.account.late(root):
            return Answer({}, why=why)
        path = folders.file_inside(self.folder, found.path)
        path = self.members / found.document if found.parent else path
        most, many = self.account.left(root)
        limits = replace(self.limits, kept=most, kept_members=many)
        take = partial(self.account.take, root)
        answer = self.readers.read(path, found.path, limits, take)
        if found.parent:
            self.account.spend(root, answer.seconds)
        # a file that changed after hashing may have been read in another form
        changed = found.stamp and not folders.is_unchanged(self.folder, found.path, found.stamp)
        return Answer({}, why=folders.CHANGED) if changed else answer

    def keep(self, read: list[tuple[FoundFile, Answer]]) -> list[FoundFile]:
        """Store answers; the members that are to be read next."""
        self.account.check_room(self.case)
        for status, pages in store.store_documents(self.db, read, self.started):
            self.count["pages"] += pages
            self.count[status if status in ("read", "partly") else "failed"] += 1
        deeper = []
        for found, answer in read:
            for inner in store.member_places(found, answer):
                if inner.depth > self.limits.depth:
                    why = (
                        f"The file is nested more than {self.limits.depth} deep in others: "
                        "not read."
                    )
                    self.fail(Unread(inner.path, why), found.document)
                else:
                    size = (self.members / inner.document).stat().st_size
                    deeper.append(replace(inner, bytes=size))
        return deeper

    def left_over(self) -> list[FoundFile]:
        """Yield members whose archive was read by a run that ended before it came to them."""
        found = []
        for each, size in store.members_known(self.db, self.source):
            if each.document in self.known or each.depth > self.limits.depth:
                continue
            # the members may be someone else's: only those that match their hash are read
            with contextlib.suppress(OSError, Refused):
                digest, held = folders.sha256_inside(
                    self.members, each.document, self.limits.expanded
                )
                if digest == each.document:
                    self.account.begin(each.root or each.document, size)
                    found.append(replace(each, bytes=held.st_size))
        return found

    def about(self) -> None:
        held = ", ".join(name for name, holds in self.readers.isolation.items() if holds)
        facts = {
            "extractor_version": str(case_file.EXTRACTOR_VERSION),
            "folder": self.source,
            "ingested_at": self.started.isoformat(timespec="seconds") + "+00:00",
        } | ({"isolation": held, "isolation_weakness": self.weakness} if held else {})
        for key, value in facts.items():
            self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    def told(self, scans: Scans) -> Ingested:
        failures = case_file.query_frame(
            self.db,
            "SELECT folder, path, why FROM failures WHERE folder = ? ORDER BY path",
            self.source,
        )
        notes = case_file.query_frame(
            self.db,
            "SELECT kind, notes.text, count(*) AS count FROM notes JOIN documents USING (document) "
            # OCR's notes on each page are summed up in `scans`
            "WHERE ingested_at = ? AND NOT starts_with(notes.extractor, 'ocr:') "
            "GROUP BY ALL ORDER BY kind, count DESC, notes.text",
            self.started,
        )
        row = self.db.execute(
            "SELECT (SELECT count(*) FROM duplicates), count(near_duplicate_of) FROM documents"
        ).fetchone()
        duplicates, near = row or (0, 0)
        now = datetime.now(UTC).replace(tzinfo=None)
        return Ingested(
            **self.count, seconds=(now - self.started).total_seconds(), duplicates=int(duplicates),
            near_duplicates=int(near), isolation=self.readers.isolation, failures=failures,
            notes=notes, scans=scans,
        )  # fmt: skip
