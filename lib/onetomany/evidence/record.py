"""Record a run: who ran which chapters, when, on which data. Kept in the bundle as run.json."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from onetomany.errors import InputError, reason_of
from .opened import read_json

TOOL = "onetomany"
_TYPES = {"str": str, "bool": bool}  # by the names that fields have them
MARKS = {"title", "title_ko", "operator", "identifier"}  # fields that a record may not leave empty


@dataclass(frozen=True)
class DataUse:
    """A data set that the run read, and its datasheet's terms on exhibits."""

    name: str
    title: str
    licence: str
    credit: str
    faces_in_exhibit: bool
    templates_in_exhibit: bool


@dataclass(frozen=True)
class RunRecord:
    """A run of chapters. Times carry their zone; `chapters` are stems of notebooks, in order.

    `command` is as typed. `commit` is the code's state ('' if unknown, '+changes' at its end if
    files differed from it). `operator` is the person who ran it, `licence` the licence of the
    results (a URL).
    """

    identifier: str
    title: str
    title_ko: str
    question: str
    chapters: tuple[str, ...]
    command: tuple[str, ...]
    started: datetime
    ended: datetime
    commit: str
    version: str
    operator: str
    organisation: str
    licence: str
    data: tuple[DataUse, ...] = ()

    def __post_init__(self) -> None:
        empty = sorted(name for name in MARKS if not getattr(self, name).strip())
        if empty:
            raise InputError(f"The record of the run is incomplete: fill in {', '.join(empty)}.")
        if self.started.tzinfo is None or self.ended.tzinfo is None:
            raise InputError("The times of a run need their time zone, such as +09:00.")
        if self.ended < self.started:
            raise InputError(f"The run ends ({self.ended}) before it starts ({self.started}).")

    def to_json(self) -> str:
        """Return the record as JSON, one key a line, ending in a line break."""
        values = asdict(self) | {
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat(),
        }
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunRecord:
        """Read a record that `to_json` wrote. Raises InputError if it isn't one."""
        try:
            return cls(**_values(read_json(text.encode())))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            why = reason_of(error)
            raise InputError(f"run.json is not the record of a run: {why}.") from error


def new_identifier(commit: str, chapters: tuple[str, ...], started: datetime) -> str:
    """Return a name for the run that depends on the run alone: urn:uuid:..."""
    known = f"{TOOL} {commit} {' '.join(chapters)} {started.isoformat()}"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, known)}"


def _values(raw: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(raw)
    for name in ("started", "ended"):
        values[name] = datetime.fromisoformat(values[name])
    for name in ("chapters", "command"):
        if not isinstance(values[name], list) or not all(isinstance(e, str) for e in values[name]):
            raise TypeError(f"{name} must be a list of texts")
        values[name] = tuple(values[name])
    values["data"] = tuple(DataUse(**use) for use in values["data"])
    wrong = [
        f"{field.name} ({field.type})"
        for holder, given in ((RunRecord, values), *((DataUse, vars(e)) for e in values["data"]))
        for field in fields(holder)
        if field.type in _TYPES and not isinstance(given[field.name], _TYPES[field.type])
    ]
    if wrong:
        raise TypeError(f"of another type: {', '.join(wrong)}")
    return values
