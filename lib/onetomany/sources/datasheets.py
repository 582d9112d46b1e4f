"""Read the datasheet of an image set: its source, its people, and its permitted uses.

The kit opens no set and enrols no template without one. The fields are those of Gebru et al.,
'Datasheets for Datasets' (CACM 64:12, 2021) that decide whether a use is permitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from onetomany.checked_tables import Form, Table, Text, in_range, read_toml
from onetomany.errors import InputError
from .kit_files import packaged_text
from .sheet_fields import Count, Names, PermittedSheet, checked_sheet, read_sheet


@dataclass(frozen=True)
class Preparation(Table):
    """How pictures are prepared: enlarged so many times before faces are looked for.

    `chosen` says how that was decided; only readers of the file use it.
    """

    enlarge: Annotated[float, in_range(1, 8)] = 1.0
    chosen: str = field(default="", repr=False)


@dataclass(frozen=True)
class RecordedAttributes(Table):
    """The columns that people recorded of themselves, and how they did so."""

    columns: tuple[Text, ...] = ()
    recorded: str = ""


@dataclass(frozen=True)
class Datasheet(PermittedSheet):
    """A filled datasheet. Every field is required but tables; only `withdrawn` may be empty.

    `max_gallery` is the most templates of the set that may be enrolled at once. `withdrawn` lists
    the ids of subjects who withdrew their consent. `fetch` says where the set is downloaded from.
    """

    subjects: Count
    images: Count
    faces_in_exhibit: bool
    templates_in_exhibit: bool
    max_gallery: Count
    withdrawn: Names
    preparation: Preparation = Preparation()
    attributes: Annotated[
        RecordedAttributes,
        Form(
            "a table of columns that people recorded, and recorded: how",
            lambda table: bool(table.columns) == bool(table.recorded.strip()),
        ),
    ] = RecordedAttributes()
    fetch: Annotated[Mapping[str, Any] | None, Form("a table")] = None

    @property
    def enlarge(self) -> float:
        """Return how many times larger pictures are made before faces are looked for."""
        return self.preparation.enlarge


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
    return checked_sheet(Datasheet, raw, str(path))


def stated_subjects(path: Path) -> int:
    """Return the number of people in an unfinished datasheet; 0 if it can't be read."""
    try:
        many = read_toml(path).get("subjects")
    except InputError:
        return 0
    return many if isinstance(many, int) else 0
