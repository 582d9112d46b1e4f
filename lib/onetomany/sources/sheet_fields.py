"""Check the sheets, written in TOML, that describe image sets, films, tables and figures.

One reader for all: an error is one sentence with the file, the fields and the remedy.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from onetomany.errors import DatasheetError, OneToManyError, near

# activity -> uses, of which the datasheet must allow at least one
_ANY = frozenset({"research", "evaluation", "teaching"})
USES: Mapping[str, frozenset[str]] = {
    "report": _ANY,
    "tracking": _ANY,
    "workshop": frozenset({"teaching"}),
    "exhibit": frozenset({"exhibit"}),
}
_PLANNED = {"report": "a report", "workshop": "a workshop", "exhibit": "an exhibit"}
_ALLOWED = sorted(frozenset().union(*USES.values()))

T = TypeVar("T")
Test = Callable[[Any], bool]
Field = tuple[Test, str]  # a field's test, and the form that an error names


def in_range(low: float, high: float) -> Test:
    """Return a test for a number from `low` to `high`; True and False are not numbers."""
    return lambda value: type(value) in (int, float) and low <= value <= high


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str | int) and each for each in value)


_COUNT: Field = (lambda value: type(value) is int and value > 0, "a number above 0")
_FLAG: Field = (lambda value: isinstance(value, bool), "true or false")
_TEXT: Field = (lambda value: isinstance(value, str) and bool(value.strip()), "")
FIELDS: Mapping[str, Field] = {  # all other fields are texts
    "kind": (lambda value: value in ("real", "synthetic"), "real or synthetic"),
    "records": _COUNT,
    "subjects": _COUNT,
    "images": _COUNT,
    "max_gallery": _COUNT,
    "faces_in_exhibit": _FLAG,
    "templates_in_exhibit": _FLAG,
    "frames_may_be_shown": _FLAG,
    "faces_may_be_matched": _FLAG,
    "withdrawn": (_is_names, "a list, which may be empty"),
    "allowed_uses": (
        lambda value: _is_names(value) and bool(value) and set(value) <= set(_ALLOWED),
        f"of {', '.join(_ALLOWED)}",
    ),
    "sha256": (
        lambda value: isinstance(value, str) and bool(re.fullmatch("[0-9a-f]{64}", value)),
        "64 hexadecimal digits",
    ),
    "frames_per_second": (in_range(0.01, 1000), "a number above 0, at most 1000"),
    "expires": (
        lambda value: value == "none" or type(value) is date,
        'a date without quotes such as 2027-12-31, or "none"',
    ),
}


@dataclass(frozen=True)
class SheetBase:
    """The fields of every datasheet: those of Gebru et al. that decide whether a use is permitted.

    'Datasheets for Datasets' (CACM 64:12, 2021). Every field is required.
    """

    name: str
    title: str
    kind: Literal["real", "synthetic"]
    source: str
    url: str
    collected: str
    licence: str
    terms: str
    credit: str
    consent_basis: str
    limits: str


@dataclass(frozen=True)
class PermittedSheet(SheetBase):
    """A datasheet with permitted uses; `expires` is None if the terms set no end."""

    allowed_uses: tuple[str, ...]
    expires: date | None
    given: ClassVar[str] = "pictures"

    def check(self, on: date | None = None, activity: str | None = None) -> None:
        """Raise DatasheetError if the set may not be used on the day (today if None).

        `activity` is the planned use, one of USES.
        """
        if activity and not USES[activity] & set(self.allowed_uses):
            raise DatasheetError(
                f"The datasheet of '{self.name}' allows {', '.join(self.allowed_uses)}, but "
                f"{_PLANNED.get(activity, activity)} needs {' or '.join(sorted(USES[activity]))}: "
                f"ask those who gave you the {self.given}, and change 'allowed_uses' only if they "
                "agree."
            )
        if self.expires is not None and (on or date.today()) > self.expires:
            raise DatasheetError(
                f"The datasheet of '{self.name}' expired on {self.expires}: renew the consent or "
                f"licence and its 'expires' field before using the {self.given} again."
            )


def toml_content(folder: Traversable, name: str) -> dict[str, Any]:
    """Return the content of a TOML file of the kit."""
    return tomllib.loads((folder / name).read_text(encoding="utf-8"))


def read_sheet(path: Path, missing: str) -> dict[str, Any]:
    """Parse a datasheet. Raises DatasheetError; `missing` is its text if there is no file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad adds a byte order mark
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasheetError(f"The datasheet {path} is not valid TOML: {error}.") from error
    except OSError as error:
        why = f"The datasheet {path} can't be read: {error.strerror}."
        raise DatasheetError(missing if isinstance(error, FileNotFoundError) else why) from None


def checked_fields(
    kind: type, raw: Mapping[str, Any], where: str, optional: Mapping[str, Field] | None = None
) -> dict[str, Any]:
    """Return the required fields of a datasheet, lists as tuples and no expiry as None.

    Required are the fields of the dataclass `kind` without a default. `optional` has further ones,
    'table.field' for those of a table. Raises DatasheetError naming an unknown field, or all that
    are missing, empty or of another form.
    """
    optional, required = optional or {}, _required(kind)
    tables = {name.partition(".")[0] for name in optional if "." in name}
    held = {table: raw[table] for table in tables if isinstance(raw.get(table), dict)}
    inner = {f"{table}.{name}": held[table][name] for table in held for name in held[table]}
    known = [*required, *tables, *optional]
    if unknown := [name for name in (*raw, *inner) if name not in known]:
        raise DatasheetError(
            f"The datasheet {where} has an unknown field '{unknown[0]}'{near(unknown[0], known)}."
        )
    given, fields_ = {**raw, **inner}, {**FIELDS, **optional}
    checked = [name for name in (*required, *optional) if name in required or name in given]
    wrong = [f"{table} (a table)" for table in tables & {*raw} if not isinstance(raw[table], dict)]
    for name in checked:
        test, form = fields_.get(name, _TEXT)
        if not test(given.get(name)):
            wrong.append(f"{name} ({form})" if form else name)
    if wrong:
        raise DatasheetError(f"The datasheet {where} is incomplete: fill in {', '.join(wrong)}.")
    values = {name: tuple(v) if isinstance(v := raw[name], list) else v for name in required}
    return values | ({"expires": None} if values.get("expires") == "none" else {})


def sourced(kind: type[T], entry: Mapping[str, Any], file: str, table: str, **made: Any) -> T:
    """Return a dataclass of a table's source; `made` are fields computed from the entry.

    Raises OneToManyError naming the fields that are empty: no figure is shown without a source.
    """
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    values = {name: entry[name] for name in names if entry.get(name)} | made
    if lacking := [name for name in _required(kind) if not values.get(name)]:
        raise OneToManyError(
            f"{file} does not give the {', '.join(lacking)} of {table}: a figure without a source "
            "is not shown, so fill it in."
        )
    return kind(**values)


def _required(kind: type) -> list[str]:
    unset = (each.name for each in fields(kind) if each.default is each.default_factory is MISSING)
    return list(unset)
