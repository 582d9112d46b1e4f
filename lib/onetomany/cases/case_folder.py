"""Read a case folder: its subject and its tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import polars as pl

from ..claims import claim_ledger
from ..errors import InputError, near
from ..sources.files import read_received
from ..sources.functions import FUNCTIONS
from . import columns
from .case_tables import read_case_table

ABOUT = "case.toml"
SHIPPED = Path(str(resources.files("onetomany.sources") / "data" / "cases"))
_NEEDED = ("name", "country", "languages")


@dataclass(frozen=True)
class AboutCase:
    """The fields of `case.toml`. Texts that it lacks are empty."""

    name: str
    country: str  # ISO 3166-1 alpha-2, in capitals
    languages: tuple[str, ...]
    title_en: str = ""
    title_ko: str = ""
    place_en: str = ""
    place_ko: str = ""
    said_en: str = ""  # the purpose of the system, as claimed
    said_ko: str = ""
    functions: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()  # names in bodies.csv
    publisher: str = ""
    url: str = ""
    confidence: str = ""
    written: str = ""

    def text(self, name: str, language: str) -> str:
        """Return a text in a language, or, if it lacks that, in the other one.

        >>> AboutCase("x", "GB", ("en",), title_en="A port").text("title", "ko")
        'A port'
        """
        found = {code: str(getattr(self, f"{name}_{code}")) for code in ("en", "ko")}
        return found.pop(language) or next(iter(found.values()))


@dataclass(frozen=True)
class Case:
    """A case folder. Each table is read when it is first needed.

    Raises InputError, with file, row, column and remedy, for a table that can't be read.
    """

    folder: Path
    about: AboutCase

    @cached_property
    def claims(self) -> pl.DataFrame:
        """The claims: a frame of `claim_ledger.LEDGER`, with counts of passengers and arrivals."""
        try:
            own = claim_ledger.check_ledger(self.table("claims"))
        except InputError as error:
            raise InputError(f"{self.folder}: claims.csv: {error}") from error
        return pl.concat([own, claim_ledger.counts_as_claims(self.numbers)])

    @property
    def links(self) -> pl.DataFrame:
        """Parts of subjects and order of events: `claim_ledger.LINKS`."""
        return self.table("order")

    @cached_property
    def events(self) -> pl.DataFrame:
        """The events in order, with `when`, the first day that each may mean."""
        first_day = (pl.col("date") + "-01-01").str.head(10).str.to_date("%Y-%m-%d", strict=False)
        return self.table("events").with_columns(when=first_day).sort("when", maintain_order=True)

    @property
    def numbers(self) -> pl.DataFrame:
        """The figures, one a row."""
        return self.table("numbers")

    @property
    def bodies(self) -> pl.DataFrame:
        """Who speaks, and who runs the system."""
        return self.table("bodies")

    @property
    def gaps(self) -> pl.DataFrame:
        """The missing documents: the columns of `requests.gaps.TABLE`."""
        return self.table("gaps")

    def named_gaps(self) -> pl.DataFrame:
        """Return the gaps with the name of the system in both languages, for letters."""
        return self.gaps.with_columns(
            pl.lit(self.about.text("title", code)).alias(f"system_{code}") for code in ("en", "ko")
        )

    def table(self, name: str) -> pl.DataFrame:
        """Return a table of the folder by name; see `columns.TABLES`."""
        if name not in self._read:
            self._read[name] = read_case_table(self.folder, columns.case_table(name))
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, pl.DataFrame]:
        return {}


def shipped_cases() -> list[str]:
    """Return the names of the cases that come with the kit.

    >>> "incheon" in shipped_cases()
    True
    """
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{ABOUT}"))


def read_case(folder: Path | str) -> Case:
    """Read a case folder, or a case that comes with the kit by its name.

    Raises InputError if there is no such folder, or its case.toml can't be used.

    >>> read_case("incheon").about.country
    'KR'
    """
    found = Path(folder)
    if not (found / ABOUT).is_file() and str(folder) in shipped_cases():
        found = SHIPPED / str(folder)
    if not found.is_dir():
        raise InputError(f"There is no folder {folder}: make one with 'onetomany new {folder}'.")
    if not (found / ABOUT).is_file():
        raise InputError(f"{folder} has no {ABOUT}: it is not a case folder ('onetomany new').")
    return Case(found, _about(found / ABOUT))


def is_case_folder(folder: Path) -> bool:
    """Return whether a folder is a case folder: it contains case.toml."""
    return (folder / ABOUT).is_file()


def _about(path: Path) -> AboutCase:
    try:
        given = tomllib.loads(read_received(path, 1 << 20).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} can't be read as TOML: {error}.") from error
    known = [field.name for field in fields(AboutCase)]
    for name, value in given.items():
        if name not in known:
            raise InputError(f"{path}: there is no field '{name}'{near(name, known)}.")
        _refuse_kind(path, name, value)
    for name in _NEEDED:
        if not given.get(name):
            raise InputError(f"{path}: the field '{name}' is missing or empty: fill it in.")
    if not (given.get("title_en") or given.get("title_ko")):
        raise InputError(f"{path}: the field 'title_en' is missing or empty: fill it in.")
    for value in given.get("functions", []):
        if value not in FUNCTIONS:
            raise InputError(f"{path}: '{value}' is no function: write {', '.join(FUNCTIONS)}.")
    lists = {name: tuple(given.get(name, ())) for name in ("languages", "functions", "operators")}
    return AboutCase(**{**given, **lists, "country": given["country"].upper()})


def _refuse_kind(path: Path, name: str, value: Any) -> None:
    if name in ("languages", "functions", "operators"):
        good = isinstance(value, list) and all(isinstance(each, str) for each in value)
        form = 'a list of texts, such as ["en"]'
    else:
        good, form = isinstance(value, str) and "\n" not in value, "one line of text"
    if not good:
        raise InputError(f"{path}: '{name}' must be {form}.")
