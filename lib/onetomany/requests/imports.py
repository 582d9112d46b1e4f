"""Read a request's history from the JSON export of two platforms; nothing is downloaded.

Froide (FragDenStaat): one request of `/api/v1/request/<id>/`, as `froide/foirequest/api/
serializers.py` of okfde/froide writes it (commit 545799b). Alaveteli (WhatDoTheyKnow, RightToKnow,
AskTheEU): one request of `/request/<title>.json`, or a list of events of `/feed/...json`, as
`json_for_api` in `app/models` of mysociety/alaveteli writes them (info_request.rb,
info_request_event.rb, public_body.rb).

Such a file is untrusted: its size and depth are limited, text is cut, and no path or address in it
is opened. Names of users and senders are personal data and left out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onetomany.errors import InputError
from onetomany.sources.kit_files import packaged_toml
from .log import Event, Request

MAX_BYTES = 20_000_000
MAX_DEPTH = 30
MAX_EVENTS = 5_000
MAX_TEXT = 300  # characters of a subject or a note

_KNOWN = packaged_toml(__package__, "platforms.toml")
_OLD_RAILS = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)")


def read_export(
    path: Path, procedure: str, *, zone: str | None = None, request_id: str | None = None
) -> Request:
    """Return a request with its history from a JSON export of Froide or Alaveteli.

    `procedure` is the law of the request (a platform's own name for a law becomes a note). A law
    counts local days: a time becomes the day in the `zone` ('Europe/Berlin'), or without a zone in
    the offset that the export wrote. `request_id` is its name in the log.

    Raises InputError if the file is too large, too deep, not JSON or of neither platform; if a
    needed field is missing or of another type; if a time has no offset and no zone is given; and
    for an unknown zone.
    """
    path = Path(path)
    export = _loaded(path)
    days = _Days(path, zone)
    events = export if isinstance(export, list) else None
    if isinstance(export, dict) and "messages" in export and "public_body" in export:
        request = _froide(export, path, days)
    elif isinstance(export, dict) and "info_request_events" in export:
        request = _alaveteli(export, _list(export, "info_request_events", path), path, days)
    elif events and all(isinstance(each, dict) and "info_request" in each for each in events):
        request = _alaveteli(_feed_head(events, path), events, path, days)
    else:
        raise InputError(
            f"{path} is not a request of Froide (with messages) or of Alaveteli (with "
            "info_request_events, or a feed of events)."
        )
    known = {**vars(request), "procedure": procedure}
    return Request(**known | ({"id": request_id} if request_id else {}))


def _froide(export: dict[str, Any], path: Path, days: _Days) -> Request:
    messages = [
        each for each in _list(export, "messages", path) if not _flag(each, "is_draft", path)
    ]
    body = _table(export, "public_body", path)
    rows, asked = [], False
    for number, each in enumerate(messages):
        where = f"messages[{number}]."
        day = days.of(each.get("timestamp"), f"{where}timestamp")
        files = [_cut(file.get("name")) for file in _list(each, "attachments", path, where)]
        note = "; ".join(filter(None, [_cut(each.get("subject")), _told("files", files)]))
        if _flag(each, "is_response", path, where):
            rows.append(Event(day, "message", f"from the body: {note}"))
        elif _flag(each, "is_escalation", path, where):
            rows.append(Event(day, "message", f"to the mediator: {note}"))
        else:
            rows.append(Event(day, "message" if asked else "sent", note))
            asked = True
    resolution = str(export.get("resolution") or "")
    if outcome := _KNOWN["froide"]["outcomes"].get(resolution):
        day, said = _resolved(export, messages, days)
        rows.append(Event(day, outcome, f"resolution: {resolution}{said}"))
    law = export.get("law")
    notes = {
        "law": _cut(law.get("name")) if isinstance(law, dict) else _cut(law),
        "status": _cut(export.get("status")),
        "due by the platform": _cut(export.get("due_date")),
        "grounds of refusal, in its words": _cut(export.get("refusal_reason")),
        "costs": _cut(export.get("costs")),
        **_unknown("froide", export, messages),
    }
    return Request(
        id=f"froide-{_number(export, path)}",
        title=_needed(export, "title", path),
        procedure="",
        body=_needed(body, "name", path, "public_body."),
        reference=_cut(export.get("reference")),
        source=_cut(export.get("url") or export.get("resource_uri")),
        history=_sorted(rows),
        notes=_notes("Froide", notes),
    )


def _resolved(
    export: dict[str, Any], messages: list[dict[str, Any]], days: _Days
) -> tuple[dt.date, str]:
    """Return the day a request was resolved: as stated, or of its last message, with a note."""
    if export.get("resolved_on"):
        return days.of(export["resolved_on"], "resolved_on"), ""
    last = messages[-1].get("timestamp") if messages else export.get("last_message")
    if not last:
        raise InputError(
            f"{days.path} says how the request ended, but not when: it needs 'resolved_on', "
            "'last_message' or a message."
        )
    return days.of(last, "last_message"), "; no day is given, that of the last message is taken"


def _alaveteli(
    export: dict[str, Any], events: list[dict[str, Any]], path: Path, days: _Days
) -> Request:
    rows, outcomes = [], _KNOWN["alaveteli"]["outcomes"]
    for number, each in enumerate(events):
        where = f"events[{number}]."
        kind = _needed(each, "event_type", path, where)
        day = days.of(each.get("created_at"), f"{where}created_at")
        state = str(each.get("calculated_state") or "")
        if kind in ("sent", "resent"):
            rows.append(Event(day, "sent", "" if kind == "sent" else "sent again"))
        elif kind == "response":
            rows.append(_responded(day, state, outcomes.get(state, "message"), rows))
        elif kind in ("followup_sent", "followup_resent"):
            rows.append(_followed_up(day, state, rows))
        else:
            rows.append(Event(day, "message", _cut(kind)))
    body = _table(export, "public_body", path)
    law = _cut(export.get("law_used"))
    notes = {
        "law": law,
        "state": _cut(export.get("described_state")),
        "state in words": _cut(export.get("display_status")),
        "visible": _cut(export.get("prominence")),
        "not in such exports": _cut(_KNOWN["alaveteli"]["not_told"]),
        **_unknown("alaveteli", export, events),
    }
    return Request(
        id=f"alaveteli-{_number(export, path)}",
        title=_needed(export, "title", path),
        procedure="",
        body=_needed(body, "name", path, "public_body."),
        source=_cut(export.get("url_title")),
        history=_sorted(rows),
        notes=_notes("Alaveteli", notes),
    )


def _responded(day: dt.date, state: str, outcome: str, before: list[Event]) -> Event:
    """Return the event of a body's message: after an appeal an outcome is that of the review."""
    note = f"response, told as: {state}"
    told = [each.event for each in before if each.event != "message"]
    if outcome in ("answered", "partly", "refused", "not_held") and told[-1:] == ["appealed"]:
        return Event(day, "appeal_decided", f"{note} (after the review was asked for)")
    return Event(day, outcome, note)


def _followed_up(day: dt.date, state: str, before: list[Event]) -> Event:
    """Return the event of a requester's message: an appeal for review, or a clarification."""
    if state == "internal_review":
        return Event(day, "appealed", "asked for an internal review")
    told = [each.event for each in before if each.event != "message"]
    if told and told[-1] == "clarification_asked":
        return Event(day, "clarified", "follow-up after the body asked to clarify")
    return Event(day, "message", "follow-up")


def _feed_head(events: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """Return the one request that a feed is about."""
    heads = [_table(each, "info_request", path) for each in events]
    if len({str(each.get("id")) for each in heads}) > 1:
        raise InputError(f"{path} contains events of several requests: import one at a time.")
    return heads[0] | {"public_body": events[0].get("public_body")}


class _Days:
    """Converts times of an export to the days that a law counts."""

    def __init__(self, path: Path, zone: str | None) -> None:
        self.path = path
        try:
            self.zone = ZoneInfo(zone) if zone else None
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise InputError(
                f"There is no time zone '{zone}': name one such as 'Europe/Berlin'."
            ) from error

    def of(self, written: object, name: str) -> dt.date:
        if written is None or written == "":
            raise InputError(f"{self.path}: '{name}' is missing: without it an event has no day.")
        text = written if isinstance(written, str) else ""
        if old := _OLD_RAILS.fullmatch(text):
            year, month, day, clock, hours, minutes = old.groups()
            text = f"{year}-{month}-{day}T{clock}{hours}:{minutes}"
        try:
            time = dt.datetime.fromisoformat(text)
        except ValueError as error:
            shown = _cut(written)
            raise InputError(f"{self.path}: '{name}' is not a time: '{shown}'.") from error
        if time.tzinfo is None and (self.zone is None or len(text) <= 10):
            raise InputError(
                f"{self.path}: '{name}' ({text}) has no offset from UTC: name the zone with --zone."
            )
        if time.tzinfo is not None and self.zone is not None:
            try:
                time = time.astimezone(self.zone)
            except OverflowError as error:
                raise InputError(
                    f"{self.path}: '{name}' ({text}) is outside the range of dates."
                ) from error
        return time.date()


def _loaded(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}.") from error
    if len(content) > MAX_BYTES:
        raise InputError(
            f"{path} is larger than {MAX_BYTES // 10**6} MB: it can't be a single request."
        )
    if _depth(content) > MAX_DEPTH:
        raise InputError(
            f"{path} is nested deeper than {MAX_DEPTH}: it is not an export of a request."
        )
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path} is not JSON: {error}.") from error


def _depth(content: bytes) -> int:
    """Return the depth of nested brackets, counted before a parser follows them."""
    depth = deepest = 0
    for mark in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', content):
        if mark[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark[0] in b"]}":
            depth -= 1
    return deepest


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a JSON number")


def _list(table: dict[str, Any], name: str, path: Path, where: str = "") -> list[dict[str, Any]]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InputError(f"{path}: '{where}{name}' must be a list of objects.")
    if len(found) > MAX_EVENTS:
        raise InputError(f"{path}: '{where}{name}' has more than {MAX_EVENTS:,} entries.")
    return found


def _table(table: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    found = table.get(name)
    if not isinstance(found, dict):
        raise InputError(f"{path}: '{name}' must be an object.")
    return found


def _flag(table: dict[str, Any], name: str, path: Path, where: str = "") -> bool:
    found = table.get(name, False)
    if not isinstance(found, bool):
        raise InputError(f"{path}: '{where}{name}' must be true or false.")
    return found


def _needed(table: dict[str, Any], name: str, path: Path, where: str = "") -> str:
    found = table.get(name)
    if not isinstance(found, str) or not found.strip():
        raise InputError(f"{path}: '{where}{name}' must be a text that is not empty.")
    return _cut(found)


def _number(table: dict[str, Any], path: Path) -> int:
    found = table.get("id")
    if type(found) is not int or found < 0:
        raise InputError(f"{path}: 'id' must be a whole number.")
    return found


def _cut(value: object) -> str:
    """Return a value as one short line of text; '' for none."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def _told(name: str, values: list[str]) -> str:
    return _cut(f"{name}: {', '.join(values)}") if values else ""


def _unknown(
    platform: str, request: dict[str, Any], events: list[dict[str, Any]]
) -> dict[str, str]:
    """Return fields that the platform isn't known to write, each with its first value."""
    merged = {name: value for each in reversed(events) for name, value in each.items()}
    return {
        f"unknown field of the {what}, {_cut(name)}": _cut(value)
        for what, table in (("request", request), ("event", merged))
        for name, value in table.items()
        if name not in _KNOWN[platform][what]
    }


def _sorted(rows: list[Event]) -> tuple[Event, ...]:
    return tuple(sorted(rows, key=lambda each: each.date))


def _notes(platform: str, notes: dict[str, str]) -> str:
    told = "\n".join(f"- {name}: {value}" for name, value in notes.items() if value)
    return (
        f"Imported from an export of {platform}, which doesn't say when the body received the "
        f"request: add the event 'received', from which deadlines run. Other fields of the "
        f"export:\n\n"
        f"{told}"
    ).rstrip()
