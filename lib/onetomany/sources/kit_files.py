"""Where the kit's own chapters, laws and letter templates are: in a checkout or in the wheel.

And the data files of its rooms.
"""

import csv
import tomllib
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any


def kit_path(name: str) -> Path:
    """Return the path of a folder or file of the kit, such as "notebooks".

    Looks in the checkout that holds this package, then in the installed package. The path of the
    installed package is returned even if nothing is there.

    >>> kit_path("notebooks").name
    'notebooks'
    """
    installed = installed_path(name)
    library, checkout = installed.parents[2], installed.parents[3]
    return checkout / name if library.name == "lib" and (checkout / name).exists() else installed


def installed_path(name: str) -> Path:
    """Return the path of a folder or file that the wheel brings, even if nothing is there."""
    return Path(str(resources.files("onetomany"))) / "kit" / name


def kit_folder(name: str) -> Path:
    """Return ./name if the working directory has that folder, else the kit's own.

    In a case folder it is always the kit's own: the notebooks there may be somebody else's, and
    are never run as chapters.

    >>> kit_folder("data_requests").name
    'data_requests'
    """
    here = Path(name)
    return here if here.is_dir() and not Path("case.toml").exists() else kit_path(name)


def packaged_files() -> Iterator[tuple[str, Traversable]]:
    """Yield each data file of the rooms, its path in the package first, in the order of names."""
    return _below(resources.files("onetomany"), "")


def _below(folder: Traversable, inside: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir() and each.name != "__pycache__":
            yield from _below(each, f"{inside}{each.name}/")
        elif "/data/" in f"/{inside}":
            yield f"{inside}{each.name}", each


def packaged_text(package: str, name: str) -> str:
    """Return a text file of the folder `data` of a room, such as "onetomany.requests"."""
    return (resources.files(package) / "data" / name).read_text("utf-8")


def packaged_rows(package: str, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of a room's data, as text."""
    return list(csv.DictReader(packaged_text(package, name).splitlines()))


def packaged_toml(package: str, name: str) -> dict[str, Any]:
    """Return the content of a TOML file of a room's data."""
    return tomllib.loads(packaged_text(package, name))
