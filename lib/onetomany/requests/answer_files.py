"""Store the files of an answer: hash and copy them, log them, read them into a case file."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onetomany.documents.case_file import open_case
from onetomany.documents.ingest import Ingested, ingest
from onetomany.errors import InputError
from onetomany.sources.files import sha256_of, write_whole
from .laws import Procedure
from .log import LOG_EVENTS, Change, Event, ReceivedFile, Request, add_event, read_request
from .status import store_requests

# the events in their usual order
_ORDER = ("sent", "received", "decided", "appealed", "appeal_decided")


@dataclass(frozen=True)
class LoggedAnswer:
    """The logged request, the folder of its files, and the counts of files read."""

    request: Request
    folder: Path
    ingested: Ingested | None  # None without a case file or without files


def odd_date(request: Request, event: Event, today: dt.date) -> str:
    """Return a warning if an event's day is unlikely, else ''.

    The event is accepted in any case: users may log a history late and in any order.
    """
    if event.date > today:
        return f"{event.date} is in the future: until then '{event.event}' has no effect."
    own = _place(event)
    for each in request.history:
        other = _place(each)
        if own < 0 or other < 0 or own == other:
            continue
        if (other < own) == (each.date > event.date) and each.date != event.date:
            side = "before" if each.date > event.date else "after"
            return f"'{event.event}' on {event.date} is {side} '{each.event}' on {each.date}."
    return ""


def _place(event: Event) -> int:
    """Return an event's place in the usual order; -1 if it has none."""
    name = LOG_EVENTS[event.event] or event.event
    return _ORDER.index(name) if name in _ORDER else -1


def log_answer(
    entry: Path,
    event: Event,
    files: Sequence[Path],
    answers: Path,
    *,
    case: Path | None = None,
    changes: Iterable[Change] = (),
    personal: Iterable[str] = (),
) -> LoggedAnswer:
    """Log an answer, with copies of its files in `answers`/<request>/.

    With `case` the copies are also read into that case file (`documents.ingest`), and the request's
    tables are loaded into it. A received file is never changed: a copy of the same name must have
    the same bytes.

    Raises InputError for a file that can't be read or is named twice, for two files of one name
    whose bytes differ, for an event that is already in the log, for a case file that can't be
    opened, and for every fault that `log.add_event` reports. The log is then unchanged.
    """
    request = read_request(entry)
    folder = Path(answers) / request.id
    received = _received(files, folder)
    event = replace(event, files=tuple(received))
    if event in request.history:
        raise InputError(
            f"{entry} has '{event.event}' on {event.date} already: nothing was added. If "
            f"it happened twice, add a note to the second."
        )
    if case:  # read the files before the log names them
        with open_case(case, write=True):
            pass
    for file, content in received.items():
        write_whole(folder / file.name, content)
    done = add_event(entry, event, changes, personal=personal)
    read_in = ingest(folder, case) if case and received else None
    if case:
        with open_case(case, write=True) as db:
            store_requests(db, [done])
    return LoggedAnswer(done, folder, read_in)


def _received(files: Sequence[Path], folder: Path) -> dict[ReceivedFile, bytes]:
    """Return received files with their content; raise InputError for one that can't be kept."""
    found: dict[ReceivedFile, bytes] = {}
    for path in map(Path, files):
        if not path.is_file() or path.is_symlink():
            raise InputError(
                f"{path} is not a file or is a link: name the files that came with the answer."
            )
        file = ReceivedFile(path.name, sha256_of(path))
        kept = folder / path.name
        if file in found:
            raise InputError(f"{path} is named twice: name each file once.")
        if path.name in {each.name for each in found} or (
            kept.exists() and sha256_of(kept) != file.sha256
        ):
            raise InputError(
                f"{path} has the name of another file that came, {path.name}, and other bytes: "
                "rename it before you add it."
            )
        found[file] = path.read_bytes()
    return found


def check_by_law(event: Event, law: Procedure) -> None:
    """Raise InputError for exemptions or extensions that the law doesn't have.

    Also for an extension without a name, for one without a last day if the law sets no length, and
    for one with a last day if it does.
    """
    if event.event == "extended" and law.extensions and not event.extension:
        names = ", ".join(each.id for each in law.extensions)
        raise InputError(f"The extension has no name: give it with --extension, one of {names}.")
    for name in event.exemptions:
        law.exemption(name)
    if not event.extension:
        return
    if law.extension(event.extension).announced and not event.until:
        raise InputError(
            f"{law.id} sets no length for '{event.extension}': give its last day with "
            "--until YYYY-MM-DD."
        )
    if event.until and not law.extension(event.extension).announced:
        raise InputError(f"{law.id} sets the length of '{event.extension}': leave --until out.")
