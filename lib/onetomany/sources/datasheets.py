"""Read the datasheet of an image set: its source, its people, and its permitted uses.

The kit opens no set and enrols no template without one. The fields are those of Gebru et al.,
'Datasheets for Datasets' (CACM 64:12, 2021) that decide whether a use is permitted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kit_files import packaged_text
from .sheet_fields import PermittedSheet, checked_fields, in_range, read_sheet


@dataclass(frozen=True)
class Datasheet(PermittedSheet):
    """A filled datasheet. Every field is required; only `withdrawn` may be empty.

    `max_gallery` is the most templates of the set that may be enrolled at once. `withdrawn` lists
    the ids of subjects who withdrew their consent. `attributes` names the columns that people
    recorded of themselves, `attributes_recorded` says how they did so.
    """

    subjects: int
    images: int
    faces_in_exhibit: bool
    templates_in_exhibit: bool
    max_gallery: int
    withdrawn: tuple[str, ...]
    enlarge: float = 1.0
    attributes: tuple[str, ...] = ()
    attributes_recorded: str = ""


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

BLANK = packaged_text("onetomany.sources", "datasheets/blank_images.txt")


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
