"""Read laws as data: one TOML file per procedure, every field with article and source.

`data_requests/README.md` describes the files. A field's `verified` says how it was checked. "read"
means that we read the provision, the authority's guidance, or another's quotation or account of it
in a stored copy (`how` of the source says which). "recalled" means that we did not, and the field
is shown with that warning.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from onetomany.errors import InputError, near
from onetomany.sources.kit_files import kit_folder, kit_path
from . import laws

P = TypeVar("P", bound=laws.Provision)

_TABLES = [each.name for each in fields(laws.Procedure) if each.type == "Provision"]
_LISTS = {
    "addressees": laws.Addressee,
    "required": laws.Required,
    "steps": laws.Step,
    "extensions": laws.Extension,
    "stops": laws.Stop,
    "exemptions": laws.Exemption,
    "closed": laws.Closed,
    "clocks": laws.ClockRule,
}
_MAY_LACK = ("stops", "closed", "clocks")  # optional lists of a file
_CHOICES: dict[str, tuple[str, ...]] = {
    "verified": laws.VERIFIED,
    "unit": laws.UNITS,
    "whose": laws.WHOSE,
    "limit": laws.LIMITS,
    "weight": laws.WEIGHTS,
    "effect": laws.EFFECTS,
    "starts": tuple(laws.EVENTS),
    "lapse": ("", "silence"),
    "calendar": laws.CALENDARS,
    "longest_unit": ("working_days", "calendar_days"),
    "notice": laws.NOTICES,
}


def _list_of(found: Any, kind: type) -> bool:
    return isinstance(found, list) and all(type(each) is kind for each in found)


# the types of fields but texts: whether a value fits, and what it must be
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "int": (lambda found: type(found) is int and found > 0, "must be a whole number of 1 or more"),
    "bool": (lambda found: type(found) is bool, "must be true or false"),
    "tuple[str, ...]": (lambda found: _list_of(found, str), "must be a list of texts"),
    "tuple[dt.date, ...]": (lambda found: _list_of(found, dt.date), "must be a list of dates"),
}


def requests_folder(folder: Path | None = None) -> Path:
    """Return the folder data_requests/: the one given, or ./data_requests, or the kit's own.

    Raises InputError if there is none.
    """
    if folder is not None:
        places = [Path(folder)]
    else:
        places = [kit_folder("data_requests"), kit_path("data_requests")]
    for place in places:
        if (place / "laws").is_dir():
            return place
    raise InputError(
        f"No folder 'laws' in {' or '.join(str(place) for place in places)}: start in the "
        "repository, or give the folder data_requests."
    )


def procedures(folder: Path | None = None) -> dict[str, laws.Procedure]:
    """Read and check every procedure of `folder`/laws, by id, in order.

    `folder` is data_requests/ (see `requests_folder`). Raises InputError, naming file and field,
    for a file that is not TOML, a field that is missing, unknown or mistyped, and a field without
    an article or without a source listed in the file.
    """
    home = requests_folder(folder) / "laws"
    paths = sorted(home.glob("*.toml"))
    if not paths:
        raise InputError(f"{home} contains no procedure: it needs one TOML file for each.")
    return {path.stem: _Reader(path).procedure() for path in paths}


def one_procedure(name: str) -> laws.Procedure:
    """Read and check one procedure of data_requests/laws. Raises InputError as `procedures`.

    >>> one_procedure("de-ifg").language
    'de-DE'
    """
    home = requests_folder() / "laws"
    known = sorted(path.stem for path in home.glob("*.toml"))
    if name not in known:
        raise InputError(
            f"There is no law '{name}'{near(name, known)}: there are {', '.join(known)}."
        )
    return _Reader(home / f"{name}.toml").procedure()


class _Reader:
    """Reads one file into a Procedure; every error names the file and the field."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sources: dict[str, laws.Source] = {}

    def procedure(self) -> laws.Procedure:
        try:
            raw = tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{self.path} can't be read as TOML: {error}.") from error
        own = {"id", "calendar", "last_checked", "sources", "not_found", "language"}
        self.known(raw, {*own, "language_rule", *_TABLES, *_LISTS}, "")
        if self.word(raw, "id", "") != self.path.stem:
            raise self.refuse("id", f"must be the file's name, {self.path.stem}")
        checked = self.entry(raw, "last_checked", "")
        if type(checked) is not dt.date:
            raise self.refuse("last_checked", "must be a date, such as 2026-11-24")
        self.sources = {
            key: self.source(key, each) for key, each in self.table(raw, "sources", "").items()
        }
        parts: dict[str, Any] = {
            name: () if name in _MAY_LACK and name not in raw else self.list_of(raw, name, cls)
            for name, cls in _LISTS.items()
        }
        for name in _TABLES:
            parts[name] = self.made(self.table(raw, name, ""), laws.Provision, name)
        if "not_found" in raw:
            parts["not_found"] = self.value(raw, "not_found", "", "tuple[str, ...]")
        if "language_rule" in raw:
            rule = self.made(raw["language_rule"], laws.Provision, "language_rule")
            parts["language_rule"] = rule
        procedure = laws.Procedure(
            id=raw["id"],
            calendar=self.word(raw, "calendar", ""),
            last_checked=checked,
            sources=tuple(self.sources.values()),
            language=self.tag(raw),
            **parts,
        )
        self.check_steps(procedure)
        self.check_topics(procedure)
        return procedure

    def check_topics(self, procedure: laws.Procedure) -> None:
        """Check that each of TOPICS occurs once: as a rule, or among those not found."""
        told = [each.id for each in procedure.clocks]
        both = [*told, *procedure.not_found]
        if wrong := [each for each in both if each not in laws.TOPICS or both.count(each) > 1]:
            raise self.refuse("clocks", f"and 'not_found' may contain each topic once: {wrong[0]}")
        if lacking := [each for each in laws.TOPICS if each not in both]:
            raise self.refuse("clocks", f"say nothing on {', '.join(lacking)}: see 'not_found'")

    def check_steps(self, procedure: laws.Procedure) -> None:
        """Check that extensions fit their steps, and that steps end by known events."""
        units = {step.id: step.unit for step in procedure.steps}
        for each in procedure.extensions:
            where = f"extensions.{each.id}"
            if each.step not in units:
                raise self.refuse(f"{where}.step", f"is not a step: '{each.step}'")
            if each.announced and each.number:
                raise self.refuse(f"{where}.number", "can't be used with 'announced': remove it")
            if units[each.step] != each.unit:
                raise self.refuse(f"{where}.unit", f"must be that of the step, {units[each.step]}")
        for stop in procedure.stops:
            where = f"stops.{stop.id}"
            if stop.step not in units:
                raise self.refuse(f"{where}.step", f"is not a step: '{stop.step}'")
            if stop.ends not in laws.EVENTS:
                raise self.refuse(f"{where}.ends", f"is an unknown event: {stop.ends}")
        for step in procedure.steps:
            if step.rolls and step.rolls_unread:
                raise self.refuse(
                    f"steps.{step.id}.rolls_unread", "can't be used with 'rolls': choose"
                )
            if step.first_day and step.unit == "months":
                raise self.refuse(f"steps.{step.id}.first_day", "must be false for months")
            if unknown := set(step.ends) - set(laws.EVENTS):
                raise self.refuse(f"steps.{step.id}.ends", f"has unknown events: {unknown}")
        if "decision" not in units:
            raise self.refuse("steps", "must contain a step 'decision'")

    def refuse(self, field: str, what: str) -> InputError:
        return InputError(f"{self.path}: '{field}' {what} (data_requests/README.md).")

    def known(self, table: dict[str, Any], names: set[str], where: str) -> None:
        for key in table:
            if key not in names:
                raise self.refuse(f"{where}{key}", "is an unknown field: remove it")

    def entry(self, table: dict[str, Any], key: str, where: str) -> Any:
        if key not in table:
            raise self.refuse(f"{where}{key}", "is missing: add it")
        return table[key]

    def table(self, raw: dict[str, Any], key: str, where: str) -> dict[str, Any]:
        found = self.entry(raw, key, where)
        if not isinstance(found, dict) or not found:
            raise self.refuse(f"{where}{key}", f"must be a table with entries, [{key}]")
        return found

    def word(self, table: dict[str, Any], key: str, where: str) -> str:
        found = self.entry(table, key, where)
        if not isinstance(found, str) or (not found.strip() and "" not in _CHOICES.get(key, ())):
            raise self.refuse(f"{where}{key}", "must be a text that is not empty")
        if key in _CHOICES and found not in _CHOICES[key]:
            raise self.refuse(f"{where}{key}", f"is '{found}': it must be of {_CHOICES[key]}")
        return found

    def tag(self, raw: dict[str, Any]) -> str:
        """Return the language, such as 'de' or 'en-US'; '' if the file names none."""
        found = self.word(raw, "language", "") if "language" in raw else ""
        if found and not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", found):
            raise self.refuse("language", f"is '{found}': it must be such as 'de' or 'en-US'")
        return found

    def source(self, key: str, raw: Any) -> laws.Source:
        where = f"sources.{key}."
        if not isinstance(raw, dict):
            raise self.refuse(f"sources.{key}", "must be a table")
        self.known(raw, {"title", "title_ko", "url", "verified", "how", "read"}, where)
        words = {name: self.word(raw, name, where) for name in ("title", "url", "verified", "how")}
        if not re.match(r"https?://\S+$", words["url"]):
            raise self.refuse(f"{where}url", "must be a web address")
        korean = self.word(raw, "title_ko", where) if "title_ko" in raw else words["title"]
        day = raw.get("read")
        if (words["verified"] == "read") != (type(day) is dt.date):
            raise self.refuse(f"{where}read", "must be the day of reading if 'verified' is 'read'")
        return laws.Source(id=key, title_ko=korean, read=day, **words)

    def list_of(self, raw: dict[str, Any], key: str, cls: type[P]) -> tuple[P, ...]:
        found = self.entry(raw, key, "")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.refuse(key, f"must be a list of tables, [[{key}]]")
        made = tuple(
            self.made(each, cls, f"{key}.{each.get('id', number)}")
            for number, each in enumerate(found)
        )
        ids = [each.id for each in made]  # type: ignore[attr-defined]
        if len(set(ids)) < len(ids):
            raise self.refuse(key, "has an id twice")
        return made

    def made(self, raw: dict[str, Any], cls: type[P], where: str) -> P:
        """Return one provision with its fields checked and its source looked up."""
        where = f"{where}."
        own = {field.name: field for field in fields(cls)}
        self.known(raw, set(own), where)
        values: dict[str, Any] = {}
        for name, field in own.items():
            kind = str(field.type)
            if name == "source":
                key = self.word(raw, name, where)
                if key not in self.sources:
                    raise self.refuse(f"{where}source", f"is not an entry of [sources]: '{key}'")
                values[name] = self.sources[key]
            elif name == "article_ko" and name not in raw:
                values[name] = values["article"]
            elif name == "verified" and name not in raw:
                values[name] = values["source"].verified
            elif name not in raw and field.default is not MISSING:
                continue
            elif name == "number" and name not in raw and raw.get("announced") is True:
                values[name] = 0
            elif kind == "str":
                values[name] = self.word(raw, name, where)
            else:
                values[name] = self.value(raw, name, where, kind)
        return cls(**values)

    def value(self, raw: dict[str, Any], key: str, where: str, kind: str) -> Any:
        """Return a number, switch or list; `kind` is one of _KINDS."""
        found = self.entry(raw, key, where)
        fits, what = _KINDS[kind]
        if not fits(found):
            raise self.refuse(f"{where}{key}", what)
        return tuple(found) if isinstance(found, list) else found
