"""Read the datasheet of an image set: its source, its people, and its permitted uses.

The kit opens no set and enrols no template without one. The fields are those of Gebru et al.,
'Datasheets for Datasets' (CACM 64:12, 2021) that decide whether a use is permitted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

from ..errors import DatasheetError


@dataclass(frozen=True)
class Datasheet:
    """A filled datasheet. Every field is required; only `withdrawn` may be empty.

    `expires` is a date, or None if the terms set no end. `max_gallery` is the most templates of
    the set that may be enrolled at once. `withdrawn` lists the ids of subjects who withdrew their
    consent. `attributes` names the columns that people recorded of themselves,
    `attributes_recorded` says how they did so.
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
    subjects: int
    images: int
    allowed_uses: tuple[str, ...]
    faces_in_exhibit: bool
    templates_in_exhibit: bool
    max_gallery: int
    expires: date | None
    withdrawn: tuple[str, ...]
    limits: str
    enlarge: float = 1.0
    attributes: tuple[str, ...] = ()
    attributes_recorded: str = ""

    def check(self, on: date | None = None, activity: str | None = None) -> None:
        """Raise DatasheetError if the set may not be used on the day (today if None).

        `activity` is the planned use, one of USES.
        """
        day = on or date.today()
        if activity and not USES[activity] & set(self.allowed_uses):
            raise DatasheetError(
                f"The datasheet of '{self.name}' allows {', '.join(self.allowed_uses)}, but "
                f"{_ACTIVITIES[activity]} needs {' or '.join(sorted(USES[activity]))}: ask those "
                "who gave you the pictures, and change 'allowed_uses' only if they agree."
            )
        if self.expires is not None and day > self.expires:
            raise DatasheetError(
                f"The datasheet of '{self.name}' expired on {self.expires}: renew the consent or "
                "licence and its 'expires' field before using the set again."
            )


_OPTIONAL = ("enlarge", "attributes", "attributes_recorded")
REQUIRED = tuple(f.name for f in fields(Datasheet) if f.name not in _OPTIONAL)
# activity -> uses, of which the datasheet must allow at least one
USES: Mapping[str, frozenset[str]] = {
    "report": frozenset({"research", "evaluation", "teaching"}),
    "workshop": frozenset({"teaching"}),
    "exhibit": frozenset({"exhibit"}),
}
_ACTIVITIES = {"report": "a report", "workshop": "a workshop", "exhibit": "an exhibit"}
_ALLOWED = frozenset().union(*USES.values())
_TYPES: Mapping[str, tuple[type, ...]] = {
    "subjects": (int,),
    "images": (int,),
    "max_gallery": (int,),
    "faces_in_exhibit": (bool,),
    "templates_in_exhibit": (bool,),
    "allowed_uses": (list,),
    "withdrawn": (list,),
}
_MAY_BE_EMPTY = {"withdrawn"}

BLANK = """\
# The datasheet of an image set. Every field must be filled before the kit opens the set.
name = ""                # short id of the set: letters, digits and dashes
title = ""
kind = "real"            # real or synthetic
source = ""              # who made the images, and how you came by them
url = ""
collected = ""           # when, where, under which circumstances
licence = ""
terms = ""               # your obligations under the licence or agreement
credit = ""              # the line to print beside every result
consent_basis = ""       # the subjects' consent: its scope, and the place of its record
subjects = 0
images = 0
allowed_uses = []        # of: research, evaluation, teaching, exhibit
faces_in_exhibit = false
templates_in_exhibit = false
max_gallery = 0          # the most templates that may be enrolled at once
expires = ""             # a date such as 2027-12-31, or "none" if the terms set no end
withdrawn = []           # folders (or ids) of people who took their consent back
limits = ""              # conclusions that the set doesn't allow

[preparation]
enlarge = 1.0            # faces must be about 80 pixels wide for the default detector

# Only with an attributes.csv beside this file, in which people recorded something of themselves:
# [attributes]
# columns = ["sex", "birth_decade"]
# recorded = ""          # how: "by each person, on the consent form of 2026-03-01"
"""


def read_datasheet(path: Path) -> Datasheet:
    """Read and check a datasheet in TOML.

    Raises DatasheetError naming every field that is missing, empty or of the wrong type.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad adds a byte order mark
    except FileNotFoundError:
        raise DatasheetError(
            f"No datasheet at {path}: write one with 'onetomany datasheet {path.parent}' and fill "
            "it in; images without one are not opened."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasheetError(f"The datasheet {path} is not valid TOML: {error}.") from error
    return parse_datasheet(raw, where=str(path))


def stated_subjects(path: Path) -> int:
    """Return the number of people in an unfinished datasheet; 0 if it can't be read."""
    try:
        many = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("subjects")
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return 0
    return many if isinstance(many, int) else 0


def parse_datasheet(raw: Mapping[str, Any], where: str) -> Datasheet:
    """Check the fields of a parsed datasheet; `where` names its file in errors."""
    faults = [fault for field in REQUIRED if (fault := _fault(field, raw.get(field)))]
    if raw.get("kind") not in ("real", "synthetic"):
        faults.append("kind (real or synthetic)")
    expires = raw.get("expires")
    if not isinstance(expires, date) and expires != "none":
        faults.append('expires (a date, or "none")')
    enlarge = _table(raw, "preparation").get("enlarge", 1.0)
    if not isinstance(enlarge, int | float) or not 1 <= enlarge <= 8:
        faults.append("preparation.enlarge (a number from 1 to 8)")
    allowed = raw.get("allowed_uses")
    if isinstance(allowed, list) and not all(use in _ALLOWED for use in map(str, allowed)):
        faults.append(f"allowed_uses (of {', '.join(sorted(_ALLOWED))})")
    recorded = _table(raw, "attributes")
    columns, how = recorded.get("columns", []), recorded.get("recorded", "")
    if recorded and not (_are_names(columns) and isinstance(how, str) and how.strip()):
        faults.append("attributes.columns and attributes.recorded (what people recorded, and how)")
    if faults:
        raise DatasheetError(
            f"The datasheet {where} is incomplete: fill in {', '.join(dict.fromkeys(faults))}."
        )
    values: dict[str, Any] = {field: raw[field] for field in REQUIRED}
    values |= {"attributes": tuple(columns), "attributes_recorded": how}
    values["expires"] = expires if isinstance(expires, date) else None
    values["allowed_uses"] = tuple(raw["allowed_uses"])
    values["withdrawn"] = tuple(str(subject) for subject in raw["withdrawn"])
    return Datasheet(**values, enlarge=float(enlarge))


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _are_names(columns: Any) -> bool:
    return isinstance(columns, list) and all(isinstance(name, str) and name for name in columns)


def _fault(field: str, value: Any) -> str | None:
    if value is None:
        return field
    expected = _TYPES.get(field, (str, date) if field == "expires" else (str,))
    is_wrong_type = not isinstance(value, expected) or (expected == (int,) and value is True)
    is_empty = value in ("", [], 0) and not isinstance(value, bool) and field not in _MAY_BE_EMPTY
    return field if is_wrong_type or is_empty else None
