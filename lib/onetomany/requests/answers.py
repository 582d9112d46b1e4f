"""Files that came with an answer: hashed, copied, written into the log, read into a case file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..documents.case_file import open_case
from ..documents.ingest import Ingested, ingest
from ..errors import InputError
from ..sources.files import sha256_of, write_whole
from .log import Change, Event, ReceivedFile, Request, add, read
from .status import load


@dataclass(frozen=True)
class Answer:
    """The request as the log then has it, where its files lie, and what was read of them."""

    request: Request
    folder: Path
    ingested: Ingested | None  # None where no case file was named or no file came


def answer(
    entry: Path,
    event: Event,
    files: Sequence[Path],
    answers: Path,
    *,
    case: Path | None = None,
    changes: Iterable[Change] = (),
    personal: Iterable[str] = (),
) -> Answer:
    """Record an answer in a log file, with copies of its files in `answers`/<request>/.

    With `case` the copies are read into that case file (`documents.ingest`), and the request's
    tables are loaded beside. What was received is never changed: a copy of the same name must have
    the same bytes.

    Raises InputError for a file that can't be read, for two files of one name whose bytes differ,
    and for whatever `log.add` refuses; the log is then as it was.
    """
    request = read(entry)
    folder = Path(answers) / request.id
    received, contents = [], {}
    for path in map(Path, files):
        if not path.is_file() or path.is_symlink():
            raise InputError(f"{path} is no file: name the files that came with the answer.")
        digest = sha256_of(path)
        kept = folder / path.name
        if path.name in contents or (kept.exists() and sha256_of(kept) != digest):
            raise InputError(
                f"{kept} is another file of that name: rename {path} before you add it."
            )
        received.append(ReceivedFile(path.name, digest))
        contents[path.name] = path.read_bytes()
    for name, content in contents.items():
        write_whole(folder / name, content)
    done = add(entry, replace(event, files=tuple(received)), changes, personal=personal)
    read_in = ingest(folder, case) if case and received else None
    if case:
        with open_case(case, write=True) as db:
            load(db, [done])
    return Answer(done, folder, read_in)
