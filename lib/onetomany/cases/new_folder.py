"""Make a new case folder, and describe its tables for other programs."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import tomlkit

from onetomany.checked_tables import parse_toml
from onetomany.errors import InputError, near
from onetomany.requests.laws import MEMBER_STATES
from onetomany.requests.procedures import procedures, requests_folder
from onetomany.sources.files import read_received, whole_folder
from onetomany.sources.functions import FUNCTIONS
from onetomany.sources.kit_files import packaged_text
from onetomany.sources.tables import csv_text
from .about import ABOUT
from .case_folder import read_case
from .columns import BODIES, TABLES, CaseColumn, CaseTable

_CHOICES = ("operator", "organisation", "jurisdiction", "redact")
FOLDERS = ("sources", "requests", "images", "sightings", "tables", "notebooks")


def new_case(
    folder: Path,
    *,
    title: str,
    country: str,
    language: str = "en",
    place: str = "",
    operator: str = "",
    said: str = "",
    functions: Sequence[str] = (),
) -> list[str]:
    """Make a case folder that already runs; return the laws of access that fit its country.

    `language` is the language you write the case in: 'en', 'ko' or another code, which then
    appears under English. `functions` are of `sources.functions.FUNCTIONS`. Raises InputError if
    the folder contains anything, or a value can't be used.
    """
    _refuse_words(title, country, language, functions)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} already contains something: name a new folder.")
    suffix = "ko" if language == "ko" else "en"
    head = {
        "name": re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "case",
        f"title_{suffix}": title,
        f"place_{suffix}": place,
        "country": country.upper(),
        "languages": [language],
        f"said_{suffix}": said,
        "functions": list(functions),
        "searched": "",
        "operators": [operator] if operator else [],
        **dict.fromkeys(("publisher", "url", "confidence", "written"), ""),
    }
    with whole_folder(folder) as new:
        for name, text in _new_files(head, title, operator).items():
            (new / name).write_text(text, encoding="utf-8")
        for name in FOLDERS:
            (new / name).mkdir()
    read_case(folder)
    return _laws_of_country(country)


def _refuse_words(title: str, country: str, language: str, functions: Sequence[str]) -> None:
    if not title.strip():
        raise InputError("A case needs a title: give one with --title.")
    if not re.fullmatch(r"[A-Za-z]{2}", country):
        raise InputError(f"'{country}' is not a country code: write two letters, such as gb.")
    if not re.fullmatch(r"[a-z]{2,3}", language):
        raise InputError(f"'{language}' is not a language code: write two letters, such as en.")
    if unknown := [each for each in functions if each not in FUNCTIONS]:
        raise InputError(f"There is no function '{unknown[0]}'{near(unknown[0], FUNCTIONS)}: write "
                         f"{', '.join(FUNCTIONS)}.")  # fmt: skip


def _new_files(head: Mapping[str, Any], title: str, operator: str) -> dict[str, str]:
    """Return the text of each file of a new case, by name."""
    example = requests_folder() / "requester.example.toml"
    listed = "\n".join(f"| `{table.file}` | {table.about} |" for table in TABLES)
    readme = packaged_text(__package__, "new/README.md")
    files = {
        ABOUT: "# The subject of this case. Docs: docs/case-folder.md\n" + tomlkit.dumps(head),
        "exhibit.toml": packaged_text(__package__, "new/exhibit.toml"),
        # both sides' rows are kept when two people added some; `check` then finds an id used twice
        ".gitattributes": packaged_text(__package__, "new/gitattributes"),
        ".gitignore": packaged_text(__package__, "new/gitignore"),
        "README.md": readme.format(title=title, tables=listed),
        "datapackage.json": json.dumps(_data_package(head["name"], title), indent=1) + "\n",
        "requester.example.toml": example.read_text("utf-8"),
        **{table.file: ",".join(table.names) + "\n" for table in TABLES},
    }
    if operator:
        schema = dict.fromkeys(BODIES.names, pl.String)
        body = pl.DataFrame([{"name": operator, "kind": "official"}], schema=schema)
        files["bodies.csv"] += csv_text(body, include_header=False)
    return files


def read_exhibit_choices(folder: Path) -> dict[str, str]:
    """Return the choices of exhibit.toml in a case folder; none if there is no such file.

    Raises InputError for another field, or a value that is not a text.
    """
    path = folder / "exhibit.toml"
    if not path.exists():
        return {}
    try:
        text = read_received(path, 1 << 20, links=False).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not in UTF-8: save it as UTF-8.") from None
    given = parse_toml(text, path)
    for name, value in given.items():
        if name not in _CHOICES:
            raise InputError(f"{path}: there is no field '{name}'{near(name, _CHOICES)}.")
        if not isinstance(value, str):
            raise InputError(f"{path}: '{name}' must be a text.")
    return given


def _data_package(name: str, title: str) -> dict[str, Any]:
    """Return the description of a case folder's tables as a Frictionless Data Package.

    Source: Data Package 1.0 and Table Schema 1.0, specs.frictionlessdata.io.

    >>> _data_package("leeds", "Leeds")["resources"][0]["path"]
    'claims.csv'
    """
    return {
        "profile": "tabular-data-package",
        "name": name,
        "title": title,
        "resources": [_resource(table) for table in TABLES],
    }


def _resource(table: CaseTable) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": list(map(_field, table.columns))}
    if table.key:
        schema["primaryKey"] = table.key
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": table.file,
        "description": table.about,
        "encoding": "utf-8",
        "schema": schema | {"missingValues": [""]},
    }


def _field(column: CaseColumn) -> dict[str, Any]:
    limits: dict[str, Any] = {"required": True} if column.required else {}
    if column.choices:
        limits["enum"] = list(column.choices)
    if column.pattern:
        limits["pattern"] = column.pattern
    kind = "date" if column.kind == "day" else column.kind
    field = {"name": column.name, "type": kind, "description": column.about}
    return field | ({"constraints": limits} if limits else {})


def _laws_of_country(country: str) -> list[str]:
    """Return the laws of access in data_requests/laws that apply in a country."""
    code = country.lower()
    places = ["uk" if code == "gb" else code, *(["eu"] if code.upper() in MEMBER_STATES else [])]
    return [name for name in procedures() if name.split("-")[0] in places]
