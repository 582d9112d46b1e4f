"""Read and write the log of requests: one Markdown file each, with a head in TOML.

A file is `<id>.md` in a folder such as `data_requests/log`. Its head is between lines of +++; free
text follows. Reading checks every field and names file and field. Writing keeps the comments that
people put into the head, and refuses a requester's personal data.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from onetomany.checked_tables import (
    FieldError,
    Form,
    Table,
    Text,
    faults_of,
    from_table,
    one_of,
    parse_toml,
    read_utf8,
)
from onetomany.errors import InputError, near
from onetomany.sources.files import write_whole
from .languages import letter_languages
from .laws import EVENT_LIST
from .letter_templates import split_head

# events of a log, each with its event of the law (`laws.EVENTS`), if any. A decision is logged by
# its result, never as `decided`; `message` is anything that changes nothing; `answered` and
# `..._granted` mean in full, and a mediator's proposal doesn't count
WORDS = {row["event"]: (row["short_en"], row["short_ko"]) for row in EVENT_LIST if row["short_en"]}
LOG_EVENTS = {row["event"]: row["law"] for row in EVENT_LIST if row["event"] in WORDS}
# events after which the requester has everything and needs no appeal
GRANTS = ("answered", "appeal_granted", "complaint_granted")
_ID = Form("made of a-z, 0-9 and -", re.compile(r"[a-z0-9][a-z0-9-]{0,99}").fullmatch)
_SHA256 = Form("a SHA-256, 64 hexadecimal digits", re.compile(r"[0-9a-f]{64}").fullmatch)
_FILE_NAME = Form("a plain file name", re.compile(r"[^/\\]+").fullmatch)
# characters: shorter data would be found in any text; a Korean name has three
_SHORTEST_SECRET, _SHORTEST_KOREAN = 4, 3


@dataclass(frozen=True)
class ReceivedFile(Table):
    """A file that came with an answer, identified by its SHA-256."""

    name: Annotated[str, _FILE_NAME]
    sha256: Annotated[str, _SHA256]


@dataclass(frozen=True)
class Event(Table):
    """An event on a day: one of LOG_EVENTS."""

    date: dt.date
    event: Annotated[str, one_of(LOG_EVENTS)]
    note: str = ""
    extension: str = ""  # id of the procedure's extension, for the event extended
    exemptions: tuple[str, ...] = ()  # ids of the procedure's exemptions, for a refusal
    files: tuple[ReceivedFile, ...] = ()
    until: dt.date | None = None  # last day of an extension, if the law leaves its length open


@dataclass(frozen=True)
class Change(Table):
    """A change that an answer made in the ledger of claims."""

    date: dt.date
    claim: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True)
class Request(Table):
    """One request: its authority, law, subject and history."""

    id: Annotated[str, _ID]
    title: Text
    procedure: Text
    body: Text
    template: str = ""  # empty: written without one, or imported
    language: str = ""
    region: str = ""  # whose holidays count, if the procedure needs it
    reference: str = ""  # the body's own number
    source: str = ""  # origin of an imported history
    simulated: bool = False  # an invented example
    gaps: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(
        default_factory=dict
    )  # fields of the letter that are not personal
    history: tuple[Event, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: str = ""  # the text below the head


def read_request(path: Path) -> Request:
    """Read one file of the log. Raises InputError that names the file and the field."""
    path = Path(path)
    if not path.is_file():
        held = [each.stem for each in path.parent.glob("*.md") if each.name != "README.md"]
        raise InputError(
            f"There is no request '{path.stem}' in {path.parent}{near(path.stem, held)}. "
            "'onetomany requests status' lists all requests."
        )
    return _parsed(read_utf8(path), path)


def read_requests(folder: Path) -> list[Request]:
    """Read every request of a log, by id.

    Raises InputError as `read_request`, and if there is no folder.
    """
    if not Path(folder).is_dir():
        raise InputError(
            f"There is no folder {folder}, the log with one file per request: begin one with "
            "'onetomany requests new', or name another with --log."
        )
    return [
        read_request(path) for path in sorted(Path(folder).glob("*.md")) if path.name != "README.md"
    ]


def write_request(folder: Path, request: Request, *, personal: Iterable[str] = ()) -> Path:
    """Write a request as a new file of the log; return its path.

    `personal` are the requester's personal data. Raises InputError if one of them is in the text,
    if the file already exists, and for every fault that `read_request` reports.
    """
    path = Path(folder) / f"{request.id}.md"
    if path.exists():
        raise InputError(
            f"{path} already exists: use another id, or continue this one with "
            "'onetomany requests export' and 'answer'."
        )
    head = tomlkit.document()
    for name, value in _plain(request).items():
        if name not in ("notes", "fields", "history", "changes"):
            head.add(name, value)
    if request.fields:
        head.add("fields", tomlkit.item(dict(request.fields)))
    for name in ("history", "changes"):
        rows = tomlkit.aot()
        for each in getattr(request, name):
            rows.append(_row(each))
        if rows:
            head.add(name, rows)
    _write(path, head, request.notes, personal)
    return path


def add_event(
    path: Path,
    event: Event | None = None,
    changes: Iterable[Change] = (),
    *,
    personal: Iterable[str] = (),
) -> Request:
    """Add an event to a file of the log; everything in it, comments too, is kept.

    Returns the changed request. Raises InputError as `write_request`; the file is then unchanged.
    """
    path = Path(path)
    read_request(path)
    head_text, notes = split_head(read_utf8(path), path)
    head = tomlkit.parse(head_text)
    added: dict[str, list[Event] | list[Change]] = {
        "history": [event] if event else [],
        "changes": list(changes),
    }
    for name, rows in added.items():
        if rows and name not in head:
            head.add(name, tomlkit.aot())
        for each in rows:
            _append(head[name], _row(each))
    _write(path, head, notes.strip("\n"), personal)
    return read_request(path)


def _write(path: Path, head: tomlkit.TOMLDocument, notes: str, personal: Iterable[str]) -> None:
    try:
        text = f"+++\n{tomlkit.dumps(head).strip()}\n+++\n" + (f"\n{notes}\n" if notes else "")
    except TOMLKitError as error:
        raise InputError(f"{path} can't be written as TOML: {error}.") from error
    secrets = [each.strip() for each in personal]
    if any(
        each in text
        for each in secrets
        if len(each) >= (_SHORTEST_SECRET if each.isascii() else _SHORTEST_KOREAN)
    ):
        raise InputError(
            f"{path} would contain the requester's personal data: the log is public, so take "
            "the data out."
        )
    _parsed(text, path)
    try:
        write_whole(path, text.encode())
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path}: the text contains {error.object[error.start]!r}, which is not a "
            "character: write it again."
        ) from error


def _append(rows: Any, row: tomlkit.items.Table) -> None:
    """Add a table to a list of tables, with one blank line before and after it."""
    if rows and not rows[-1].as_string().endswith("\n\n"):
        row.trivia.indent = "\n"
    row.add(tomlkit.nl())
    rows.append(row)


def _plain(request: Request) -> dict[str, Any]:
    """Return a request's filled fields for TOML, always including the four required ones."""
    needed = ("id", "title", "procedure", "body")
    found = {each.name: getattr(request, each.name) for each in fields(Request)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value or name in needed
    }


def _row(each: Event | Change) -> tomlkit.items.Table:
    row = tomlkit.table()
    for name, value in vars(each).items():
        if name == "files" and value:
            made = tomlkit.array()
            for file in value:
                entry = tomlkit.inline_table()
                entry.update(vars(file))
                made.append(entry)
            row.add(name, made)
        elif value or (isinstance(each, Change) and name in ("before", "after")):
            row.add(name, list(value) if isinstance(value, tuple) else value)
    return row


def _parsed(text: str, path: Path) -> Request:
    """Return a file's request after all checks."""
    head_text, notes = split_head(text, path)
    raw = parse_toml(head_text, path)
    with faults_of(path):
        if "notes" in raw:
            raise FieldError("notes", "is an unknown field: remove it")
        request = from_table(Request, raw)
        if request.id != path.stem:
            raise FieldError("id", f"must be the file's name, {path.stem}")
        if request.language and request.language not in (known := letter_languages()):
            raise FieldError("language", f"must be one of {', '.join(known)}")
        for number, event in enumerate(request.history, 1):
            where = f"history.{number}"
            if event.extension and event.event != "extended":
                raise FieldError(f"{where}.extension", "belongs only to an event 'extended'")
            if event.until and not event.extension:
                raise FieldError(f"{where}.until", "belongs only to an event with an 'extension'")
    return replace(request, notes=notes.strip("\n"))
