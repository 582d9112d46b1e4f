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
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onetomany.errors import InputError, reason_of
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
    loaded = _loaded(path)
    days = _Days(path, zone)
    export = _Part(loaded if isinstance(loaded, dict) else {}, path)
    if "messages" in export and "public_body" in export:
        request = _froide(export, days)
    elif "info_request_events" in export:
        request = _alaveteli(export, export.parts("info_request_events"), days)
    elif _is_feed(loaded):
        events = [_Part(each, path) for each in loaded]
        request = _alaveteli(_feed_head(events, path), events, days)
    else:
        raise InputError(
            f"{path} is not a request of Froide (with messages) or of Alaveteli (with "
            "info_request_events, or a feed of events)."
        )
    return replace(request, procedure=procedure, id=request_id or request.id)


def _froide(export: _Part, days: _Days) -> Request:
    messages = [each for each in export.parts("messages") if not each.flag("is_draft")]
    rows, asked = [], False
    for number, each in enumerate(messages):
        each.where = f"messages[{number}]."
        day = days.of(each.get("timestamp"), f"{each.where}timestamp")
        files = ", ".join(_cut(file.get("name")) for file in each.parts("attachments"))
        told = [_cut(each.get("subject")), _cut(f"files: {files}") if files else ""]
        note = "; ".join(filter(None, told))
        if each.flag("is_response"):
            rows.append(Event(day, "message", f"from the body: {note}"))
        elif each.flag("is_escalation"):
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
        "law": law.get("name") if isinstance(law, dict) else law,
        "status": export.get("status"),
        "due by the platform": export.get("due_date"),
        "grounds of refusal, in its words": export.get("refusal_reason"),
        "costs": export.get("costs"),
        **_unknown("froide", export, messages),
    }
    request = _request("Froide", export, rows, notes)
    source = _cut(export.get("url") or export.get("resource_uri"))
    return replace(request, reference=_cut(export.get("reference")), source=source)


def _resolved(export: _Part, messages: list[_Part], days: _Days) -> tuple[dt.date, str]:
    """Return the day a request was resolved: as stated, or of its last message, with a note."""
    if export.get("resolved_on"):
        return days.of(export["resolved_on"], "resolved_on"), ""
    last = messages[-1].get("timestamp") if messages else export.get("last_message")
    if not last:
        raise InputError(
            f"{days.path} says how the request ended, but not when: it needs 'resolved_on', "
            "'last_message' or a message."
        )
    said = "; no day is given, so the day of the last message is used"
    return days.of(last, "last_message"), said


def _alaveteli(export: _Part, events: list[_Part], days: _Days) -> Request:
    rows: list[Event] = []
    outcomes = _KNOWN["alaveteli"]["outcomes"]
    for number, each in enumerate(events):
        each.where = f"events[{number}]."
        kind = each.text("event_type")
        day = days.of(each.get("created_at"), f"{each.where}created_at")
        state = str(each.get("calculated_state") or "")
        if kind in ("sent", "resent"):
            rows.append(Event(day, "sent", "" if kind == "sent" else "sent again"))
        elif kind == "response":
            rows.append(_responded(day, state, outcomes.get(state, "message"), rows))
        elif kind in ("followup_sent", "followup_resent"):
            rows.append(_followed_up(day, state, rows))
        else:
            rows.append(Event(day, "message", kind))
    notes = {
        "law": export.get("law_used"),
        "state": export.get("described_state"),
        "state in words": export.get("display_status"),
        "visible": export.get("prominence"),
        "not in such exports": _KNOWN["alaveteli"]["not_told"],
        **_unknown("alaveteli", export, events),
    }
    request = _request("Alaveteli", export, rows, notes)
    return replace(request, source=_cut(export.get("url_title")))


def _request(
    platform: str, export: _Part, rows: list[Event], notes: Mapping[str, object]
) -> Request:
    """Return a request with its events in order, and other fields of the export as notes."""
    number = export.get("id")
    if type(number) is not int or number < 0:
        raise InputError(f"{export.path}: 'id' must be a whole number.")
    told = "\n".join(f"- {name}: {_cut(value)}" for name, value in notes.items() if _cut(value))
    return Request(
        id=f"{platform.lower()}-{number}",
        title=export.text("title"),
        procedure="",
        body=export.part("public_body").text("name"),
        history=tuple(sorted(rows, key=lambda each: each.date)),
        notes=(
            f"Imported from an export of {platform}, which doesn't say when the body received the "
            f"request: add the event 'received', from which deadlines run. Other fields of the "
            f"export:\n\n"
            f"{told}"
        ).rstrip(),
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


def _is_feed(loaded: Any) -> bool:
    return bool(loaded) and isinstance(loaded, list) and all(
        isinstance(each, dict) and "info_request" in each for each in loaded
    )  # fmt: skip


def _feed_head(events: list[_Part], path: Path) -> _Part:
    """Return the one request that a feed is about."""
    heads = [each.part("info_request") for each in events]
    if len({str(each.get("id")) for each in heads}) > 1:
        raise InputError(f"{path} contains events of several requests: import one at a time.")
    return _Part(heads[0] | {"public_body": events[0].get("public_body")}, path)


class _Part(dict[str, Any]):
    """An object of an export; `path` and `where`, its place in the file, are for messages."""

    def __init__(self, raw: dict[str, Any], path: Path, where: str = "") -> None:
        super().__init__(raw)
        self.path, self.where = path, where

    def refuse(self, name: str, what: str) -> InputError:
        return InputError(f"{self.path}: '{self.where}{name}' {what}.")

    def parts(self, name: str) -> list[_Part]:
        found = self.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.refuse(name, "must be a list of objects")
        if len(found) > MAX_EVENTS:
            raise self.refuse(name, f"has more than {MAX_EVENTS:,} entries")
        return [_Part(each, self.path) for each in found]

    def part(self, name: str) -> _Part:
        if not isinstance(found := self.get(name), dict):
            raise InputError(f"{self.path}: '{name}' must be an object.")
        return _Part(found, self.path, f"{name}.")

    def flag(self, name: str) -> bool:
        if not isinstance(found := self.get(name, False), bool):
            raise self.refuse(name, "must be true or false")
        return found

    def text(self, name: str) -> str:
        found = self.get(name)
        if not isinstance(found, str) or not found.strip():
            raise self.refuse(name, "must be a text that is not empty")
        return _cut(found)


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
        raise InputError(f"{path} can't be read as JSON: {reason_of(error)}.") from error


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


def _cut(value: object) -> str:
    """Return a value as one short line of text; '' for none."""
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"


def _unknown(platform: str, request: _Part, events: list[_Part]) -> dict[str, object]:
    """Return fields that the platform isn't known to write, each with its first value."""
    merged = {name: value for each in reversed(events) for name, value in each.items()}
    return {
        f"unknown field of the {what}, {_cut(name)}": value
        for what, table in (("request", request), ("event", merged))
        for name, value in table.items()
        if name not in _KNOWN[platform][what]
    }
