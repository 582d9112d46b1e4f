"""Read a case folder: its subject and its tables."""

from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import polars as pl

from onetomany.claims import claim_ledger
from onetomany.errors import InputError
from . import columns
from .about import ABOUT, AboutCase, read_about
from .case_tables import read_case_table

SHIPPED = Path(str(resources.files("onetomany.sources") / "data" / "cases"))


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
        when = claim_ledger.day_of_window(pl.col("date"), 0)
        return self.table("events").with_columns(when=when).sort("when", maintain_order=True)

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
        """Return the gaps with system_xx, body_xx and what_xx in each language xx, for letters.

        The languages are English, Korean and that of the case, whose texts are those of the
        English columns (`new_folder.new_case`).
        """
        own = [code for code in self.about.languages if code not in ("en", "ko")]
        named = self.gaps.with_columns(
            pl.lit(self.about.text("title", code)).alias(f"system_{code}") for code in ("en", "ko")
        )
        return named.with_columns(
            pl.col(f"{name}_en").alias(f"{name}_{code}")
            for name in ("system", "body", "what")
            for code in own
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
        raise InputError(
            f"{'This folder' if found == Path() else folder} has no {ABOUT}, so it is not a case "
            "folder: make one with 'onetomany new'."
        )
    return Case(found, read_about(found / ABOUT))


def is_case_folder(folder: Path) -> bool:
    """Return whether a folder is a case folder: it contains case.toml."""
    return (folder / ABOUT).is_file()
