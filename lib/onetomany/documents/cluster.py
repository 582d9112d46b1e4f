"""Read documents on a cluster of dask.distributed: each in its cage on a worker, stored here.

The caller hashes the files, sends their bytes, checks the answers and writes the case file. A
worker has the same version of this kit, and keeps nothing. Those who can reach the scheduler can
run any code on the workers and on the caller: without TLS it belongs into a network of which every
machine is trusted (docs/several-people.md).
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import threading
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import urlsplit

import polars as pl

from onetomany.cage import accept_weak_isolation, isolation, require_strong
from onetomany.errors import InputError, OneToManyError, RefusedError
from onetomany.extras import require_extra
from onetomany.formats.reading import Limits, Refused
from onetomany.sources.files import open_plain
from .answers import ROWS, Answer
from .budget import keep_member
from .case_file import EXTRACTOR_VERSION
from .scans import engine
from .workers import Reader, ReaderOptions, Readers

if TYPE_CHECKING:
    from distributed import Client, Future

CARRIED = 128 << 20  # bytes of a document, or of its members, that are sent; larger are read here
CARRIED_PAGES = 16 << 20  # of a scan, which is sent again for each of its pages
CONNECT = 20.0  # seconds until a scheduler answers
ASKED = 5.0  # seconds after which a wait looks whether the cluster is still there
EMPTY = 60.0  # seconds without any worker after which the run ends
LOST = "The first worker that read the file was lost; another worker read it."


@dataclass(frozen=True)
class Reply:
    """A worker's reply: an answer, `trouble` as its reason not to read, or `here`: too large."""

    answer: Answer
    members: dict[str, bytes] = field(default_factory=dict)  # by SHA-256
    isolation: dict[str, bool] = field(default_factory=dict)
    trouble: str = ""
    here: bool = False


class Cluster(Readers):
    """A connection to a scheduler: makes the readers that `ingest` uses in the place of its own.

    `address` is tls://HOST:PORT, with the keys that dask's configuration names
    (distributed.comm.tls), or tcp://HOST:PORT.

    Raises InputError if no scheduler answers, if it has no workers, or if they have another
    version of this kit; RefusedError if a worker's system can't confine readers and
    `weak_isolation` was not given.
    """

    def __init__(self, address: str, *, weak_isolation: bool = False) -> None:
        require_extra("cluster")
        from distributed import Client

        self.address, self.weak = address, weak_isolation
        self.isolation: dict[str, bool] = {}
        self.engines: dict[str, bool] = {}  # of OCR: whether all workers have the same
        self.lost: set[str] = set()  # keys of tasks whose worker was lost
        logging.getLogger("distributed").setLevel(logging.ERROR)
        try:
            self.client: Client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise InputError(
                f"No scheduler answers at {address}: start one with 'dask scheduler', and write "
                f"its address as tls://HOST:8786 ({error})."
            ) from error
        try:
            # more than the workers read at once, so that the next documents are there already
            super().__init__(2 * self._checked())
            self.client.subscribe_topic("all", self._event)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the cluster; its workers stay."""
        with contextlib.suppress(ValueError, OSError):  # unless it was never subscribed
            self.client.unsubscribe_topic("all")
        self.client.close()

    @property
    def warning(self) -> str:
        """Return a warning if documents travel unencrypted to another machine; else ''."""
        parts = urlsplit(self.address)
        near = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if near or parts.scheme in ("tls", "inproc"):
            return ""
        return (
            f"The documents go to {self.address} unencrypted, and those who can reach it can run "
            "programs here and there: use tls:// outside of a network that you trust."
        )

    def _checked(self) -> int:
        """Return how many documents the workers read at once; refuse unfit workers."""
        try:
            told: dict[str, Any] = self.client.run(_worker_state, self.weak)
        except Exception as error:  # whatever a worker raises, such as a missing module
            raise InputError(
                f"A worker at {self.address} can't run this kit ({error}): install the same "
                "version of onetomany[cluster] on all machines."
            ) from error
        if not told:
            raise InputError(f"The scheduler at {self.address} has no workers: start some.")
        for worker, (version, weakness) in told.items():
            if version != EXTRACTOR_VERSION:
                raise InputError(
                    f"The worker {worker} reads by version {version} of this kit, here it is "
                    f"{EXTRACTOR_VERSION}: install the same version on all machines."
                )
            if weakness:
                raise RefusedError(f"The worker {worker}: {weakness}")
        return sum(self.client.nthreads().values())

    def _event(self, event: tuple[float, Any]) -> None:
        _, said = event
        if isinstance(said, dict) and said.get("action") == "remove-worker":
            self.lost.update(map(str, said.get("processing-tasks") or ()))

    def reader(self, members: Path, **how: Unpack[ReaderOptions]) -> Reader:
        """Return a reader that sends documents to the cluster.

        Scans are read here unless every worker has the OCR engine that this machine has.
        """
        if how.get("ocr") and not self._reads_scans(how["ocr"]):
            return super().reader(members, **how)
        return ClusterReader(self, members, **how)

    def _reads_scans(self, languages: str) -> bool:
        if languages not in self.engines:
            there = self.client.run(engine, languages).values()
            self.engines[languages] = {name for name, _ in there} == {engine(languages)[0]}
        return self.engines[languages]

    def ask(self, content: bytes, name: str, limits: Limits, how: dict[str, Any]) -> Reply:
        """Have a worker read a document. Raises InputError if the cluster is gone."""
        import dask
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        try:
            # the bytes stay with the scheduler until the answer is there: a lost worker's document
            # goes to another worker
            with dask.config.set({"distributed.admin.large-graph-warning-threshold": CARRIED * 2}):
                future = self.client.submit(
                    _read_there, content, name, limits, how, self.weak, pure=False
                )
            reply = self._wait(future)
        except KilledWorker:
            return Reply(
                Answer({}, why="Several workers of the cluster were lost while they read the file.")
            )
        except (CancelledError, CommClosedError, OSError) as error:
            raise InputError(
                f"The scheduler at {self.address} was lost: run the same command again; it resumes."
            ) from error
        if reply.trouble:
            raise RefusedError(f"A worker at {self.address}: {reply.trouble}")
        held = self.isolation or reply.isolation
        self.isolation = {each: held[each] and reply.isolation.get(each, False) for each in held}
        if str(future.key) in self.lost:
            return replace(reply, answer=_noted(reply.answer))
        return reply

    def _wait(self, future: Future) -> Reply:
        waited = 0.0
        while True:
            try:
                reply = future.result(timeout=ASKED)
            except TimeoutError:
                waited = 0.0 if self.client.nthreads() else waited + ASKED
                if waited >= EMPTY:
                    raise InputError(
                        f"The cluster at {self.address} has no worker left: start some, and run "
                        "the same command again; it resumes."
                    ) from None
                continue
            if not isinstance(reply, Reply):
                raise RefusedError(f"A worker at {self.address} answered something else.")
            return reply


class ClusterReader(Reader):
    """Sends documents to a cluster one at a time; those too large to be sent are read here."""

    def __init__(self, cluster: Cluster, members: Path, **how: Unpack[ReaderOptions]) -> None:
        self.cluster, self.processes = cluster, how.get("processes") or count(1)
        super().__init__(members, **how | {"processes": self.processes})
        ocr = how.get("ocr", "")
        self.how = {"ocr": ocr, "passwords": self.passwords}
        self.most = CARRIED_PAGES if ocr else CARRIED

    @property
    def isolation(self) -> dict[str, bool]:
        """Return the mechanisms that confined all readers, here and on the workers."""
        here = super().isolation
        there = self.cluster.isolation
        return {each: (here or there)[each] and there.get(each, True) for each in here or there}

    def read(self, path: Path, name: str, limits: Limits) -> Answer:
        """Read the document in a file, never following a symbolic link to it."""
        content = self._sendable(path)
        reply = None if content is None else self.cluster.ask(content, name, limits, self.how)
        if reply is None or reply.here:
            return super().read(path, name, limits)
        answer = replace(reply.answer, process=next(self.processes))
        return self._with_members(answer, reply.members)

    def _sendable(self, path: Path) -> bytes | None:
        """Return a file's bytes; None if it is too large, or can't be read at all."""
        try:
            with open(open_plain(path), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                content = file.read(self.most + 1)
        except OSError:
            return None
        return content if len(content) <= self.most else None

    def _with_members(self, answer: Answer, members: dict[str, bytes]) -> Answer:
        """Keep a document's members here, as far as this run's budget goes."""
        kept = []
        try:
            for member in answer.members:
                content = members[member.document]
                if self.take is not None:
                    self.take(len(content))
                if keep_member(self.members, BytesIO(content), len(content)) != member.document:
                    raise Refused("A file in it doesn't match its SHA-256.")
                kept.append(member)
        except (Refused, KeyError) as refused:
            facts = answer.content.get("facts", {}) | {"status": "partly", "error": str(refused)}
            return replace(answer, members=kept, content=answer.content | {"facts": facts})
        return answer


def _noted(answer: Answer) -> Answer:
    """Add a note of kind 'cluster' to an answer: its first worker was lost."""
    columns = answer.content.get("columns")
    if not isinstance(columns, dict):
        return answer
    note = {"page": [None], "kind": ["cluster"], "text": [LOST]}
    notes = pl.concat(
        pl.DataFrame(each, schema=ROWS["notes"]) for each in (columns.get("notes", {}), note)
    )
    return replace(answer, content=answer.content | {"columns": columns | {"notes": notes}})


_THERE = threading.local()  # on a worker: a thread's readers, by kind of reading


def _worker_state(weak: bool) -> tuple[int, str]:
    """Return a worker's version, and why its system is refused."""
    try:
        require_strong(isolation(), agreed=weak)
    except OneToManyError as error:
        return EXTRACTOR_VERSION, str(error)
    return EXTRACTOR_VERSION, ""


def _read_there(
    content: bytes, name: str, limits: Limits, how: dict[str, Any], weak: bool
) -> Reply:
    """Read a document's bytes in a cage on this worker; nothing of it stays here.

    It raises nothing: an error of a task is logged with its arguments, which are the document.
    """
    left = CARRIED

    def take(size: int) -> None:
        nonlocal left
        left -= size
        if left < 0:
            raise Refused("The files in it are too large to be sent.")

    try:
        with tempfile.TemporaryDirectory(prefix="onetomany-worker-") as folder:
            path = Path(folder) / "document"
            path.write_bytes(content)
            reader = _own_reader(how, weak)
            reader.members = Path(folder) / "members"
            reader.take = None if how["ocr"] else take
            answer = reader.read(path, name, limits)
            if left < 0:
                return Reply(Answer({}), here=True)
            names = {member.document for member in answer.members}
            members = {each: (reader.members / each).read_bytes() for each in names}
            return Reply(answer, members, reader.isolation)
    except Exception as error:
        why = str(error) if isinstance(error, OneToManyError) else type(error).__name__
        return Reply(Answer({}), trouble=why)


def _own_reader(how: dict[str, Any], weak: bool) -> Reader:
    """Return this thread's reader: a caged process ends with the thread that started it."""
    if weak:
        accept_weak_isolation()
    readers: dict[Any, Reader] = _THERE.__dict__.setdefault("readers", {})
    key = (how["ocr"], how["passwords"])
    if key not in readers:
        require_strong(isolation(), agreed=weak)
        for other in readers.values():
            other.stop()
        readers.clear()
        readers[key] = Reader(Path(), ocr=how["ocr"], passwords=how["passwords"])
    return readers[key]
