"""Check the sheets, written in TOML, that describe image sets, films, tables and figures.

One reader for all: an error is one sentence with the file, the fields and the remedy.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from onetomany.checked_tables import FieldError, Form, Name, Table, Text, from_table, read_toml
from onetomany.errors import DatasheetError, InputError, OneToManyError

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
Count = Annotated[int, Form("a number above 0", lambda value: value > 0)]
Sha256 = Annotated[str, Form("64 hexadecimal digits", re.compile("[0-9a-f]{64}").fullmatch)]
Names = Annotated[tuple[Name, ...], Form("a list, which may be empty")]
Uses = Annotated[
    tuple[str, ...],
    Form(f"of {', '.join(_ALLOWED)}", lambda value: value and set(value) <= set(_ALLOWED)),
]
Expiry = Annotated[
    date | None,
    Form(
        'a date without quotes such as 2027-12-31, or "none"',
        before=lambda value: None if value == "none" else value,
    ),
]


@dataclass(frozen=True)
class SheetBase(Table):
    """The fields of every datasheet: those of Gebru et al. that decide whether a use is permitted.

    'Datasheets for Datasets' (CACM 64:12, 2021). Every field is required.
    """

    name: Text
    title: Text
    kind: Annotated[Literal["real", "synthetic"], Form("real or synthetic")]
    source: Text
    url: Text
    collected: Text
    licence: Text
    terms: Text
    credit: Text
    consent_basis: Text
    limits: Text


@dataclass(frozen=True)
class PermittedSheet(SheetBase):
    """A datasheet with permitted uses; `expires` is None if the terms set no end."""

    allowed_uses: Uses
    expires: Expiry
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
    if not path.exists():
        raise DatasheetError(missing)
    try:
        return read_toml(path)
    except InputError as error:
        raise DatasheetError(f"The datasheet {error}") from None


def checked_sheet(kind: type[T], raw: Mapping[str, Any], where: str) -> T:
    """Return a datasheet as `kind`, lists as tuples; `where` names its file in errors.

    Raises DatasheetError naming an unknown field, or all that are missing, empty or of another
    form.
    """
    try:
        # a field that is missing is named with its form, like an empty one
        return from_table(kind, dict.fromkeys(_required(kind), "") | dict(raw))
    except FieldError as error:
        first, *_ = faults = error.faults
    if first.kind == "unknown":
        raise DatasheetError(
            f"The datasheet {where} has an unknown field '{first.field}'{first.alike}."
        )
    empty = "a text that is not empty"
    wrong = [f"{x.field} ({x.words})" if x.words != empty else x.field for x in faults]
    raise DatasheetError(f"The datasheet {where} is incomplete: fill in {', '.join(wrong)}.")


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
