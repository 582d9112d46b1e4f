"""Read the datasheet of an image set: its source, its people, and its permitted uses.

The kit opens no set and enrols no template without one. The fields are those of Gebru et al.,
'Datasheets for Datasets' (CACM 64:12, 2021) that decide whether a use is permitted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from ..errors import DatasheetError
from .sheet_fields import USES, checked_fields, in_range, read_sheet


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


_ACTIVITIES = {"report": "a report", "workshop": "a workshop", "exhibit": "an exhibit"}


def _are_recorded(table: Any) -> bool:
    names, how = (table.get(key) for key in ("columns", "recorded")) if table else (None, None)
    listed = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    return listed and isinstance(how, str) and bool(how.strip())


_OPTIONAL = {
    "preparation.enlarge": (in_range(1, 8), "a number from 1 to 8"),
    "preparation.chosen": (lambda value: isinstance(value, str), "a text"),
    "attributes": (
        lambda table: isinstance(table, dict) and (not table or _are_recorded(table)),
        "a table of columns that people recorded, and recorded: how",
    ),
    "fetch": (lambda table: isinstance(table, dict), "a table"),
}

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
    raw = read_sheet(
        path,
        f"No datasheet at {path}: write one with 'onetomany datasheet {path.parent}' and fill it "
        "in; images without one are not opened.",
    )
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
    values = checked_fields(Datasheet, raw, where, _OPTIONAL)
    recorded = raw.get("attributes", {})
    return Datasheet(
        **values | {"withdrawn": tuple(map(str, values["withdrawn"]))},
        enlarge=float(raw.get("preparation", {}).get("enlarge", 1.0)),
        attributes=tuple(recorded.get("columns", ())),
        attributes_recorded=recorded.get("recorded", ""),
    )
