"""Read a user's site from TOML: one-way zones, gate lines and waiting areas, in metres."""

from collections.abc import Mapping
from dataclasses import make_dataclass
from pathlib import Path
from typing import Annotated, Any

import polars as pl

from onetomany.checked_tables import (
    FieldError,
    Form,
    Name,
    Table,
    faults_of,
    from_table,
    read_toml,
)
from onetomany.errors import InputError, near
from .motion import GATES, ONE_WAY, ZONES, Site

_TABLES: Mapping[str, Mapping[str, Any]] = {"one_way": ONE_WAY, "gates": GATES, "waiting": ZONES}
_KINDS = {pl.String: Name, pl.Float64: Annotated[float, Form("a number, in metres")]}
_ENTRIES = {
    name: make_dataclass(name, [(each, _KINDS[kind]) for each, kind in schema.items()],
                         bases=(Table,), frozen=True)
    for name, schema in _TABLES.items()
}  # fmt: skip


def read_site(path: Path) -> Site:
    """Read a site.toml: tables [[one_way]], [[gates]] and [[waiting]], each of them optional.

    A zone has zone (its name), x_low, y_low, x_high, y_high; a one-way zone also dx, dy, the
    direction allowed; a gate has gate (its name), x1, y1, x2, y2. All in metres.

    Raises InputError, naming the table and entry, for an unknown or missing name, a value that is
    not a number, a zone without area, a gate that is a point, or a zone without direction.
    """
    read = read_toml(path)
    for name in read:
        if name not in _TABLES:
            raise InputError(
                f"{path}: there is no table [[{name}]]{near(name, _TABLES)}; use "
                f"{', '.join(f'[[{each}]]' for each in _TABLES)}."
            )
    if not read:
        raise InputError(f"{path} is empty: give [[gates]], [[one_way]] or [[waiting]].")
    frames = {}
    for name, schema in _TABLES.items():
        entries = read.get(name, [])
        if not isinstance(entries, list):
            raise InputError(f"{path}: write [[{name}]] with two brackets, once for each.")
        with faults_of(path):
            rows = [_entry(name, number, each) for number, each in enumerate(entries, 1)]
        frames[name] = pl.DataFrame(rows, schema=schema, orient="row")
    return Site(**frames)


def _entry(table: str, number: int, given: Any) -> list[Any]:
    where = f"{table}.{number}"
    entry = vars(from_table(_ENTRIES[table], given, where))
    if "x_low" in entry and not (
        entry["x_low"] < entry["x_high"] and entry["y_low"] < entry["y_high"]
    ):
        raise FieldError(where, "must have x_low below x_high, and y_low below y_high")
    if "dx" in entry and entry["dx"] == entry["dy"] == 0:
        raise FieldError(where, "has dx and dy of 0; they must give the direction allowed")
    if "x1" in entry and (entry["x1"], entry["y1"]) == (entry["x2"], entry["y2"]):
        raise FieldError(where, "is a gate whose two ends are one point: move one")
    return [entry[name] for name in _TABLES[table]]
