"""Read a user's site from TOML: one-way zones, gate lines and waiting areas, in metres."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import polars as pl

from onetomany.errors import InputError, near
from .motion import GATES, ONE_WAY, ZONES, Site

_TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "one_way": ("zone", ONE_WAY),
    "gates": ("gate", GATES),
    "waiting": ("zone", ZONES),
}


def read_site(path: Path) -> Site:
    """Read a site.toml: tables [[one_way]], [[gates]] and [[waiting]], each of them optional.

    A zone has zone (its name), x_low, y_low, x_high, y_high; a one-way zone also dx, dy, the
    direction allowed; a gate has gate (its name), x1, y1, x2, y2. All in metres.

    Raises InputError, naming the table and entry, for an unknown or missing name, a value that is
    not a number, a zone without area, a gate that is a point, or a zone without direction.
    """
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from None
    for name in read:
        if name not in _TABLES:
            raise InputError(
                f"{path}: there is no table [[{name}]]{near(name, _TABLES)}; use "
                f"{', '.join(f'[[{each}]]' for each in _TABLES)}."
            )
    if not read:
        raise InputError(f"{path} is empty: give [[gates]], [[one_way]] or [[waiting]].")
    frames = {}
    for name, (title, schema) in _TABLES.items():
        entries = read.get(name, [])
        if not isinstance(entries, list):
            raise InputError(f"{path}: write [[{name}]] with two brackets, once for each.")
        rows = [
            _entry(f"{path}, [[{name}]] {n}", title, schema, each)
            for n, each in enumerate(entries, 1)
        ]
        frames[name] = pl.DataFrame(rows, schema=schema, orient="row")
    return Site(**frames)


def _entry(where: str, title: str, schema: dict[str, Any], entry: Any) -> tuple[Any, ...]:
    if not isinstance(entry, dict) or set(entry) != set(schema):
        given = set(entry) if isinstance(entry, dict) else set()
        odd = ", ".join(sorted(given ^ set(schema)))
        raise InputError(f"{where}: missing or unknown: {odd}; it has {', '.join(schema)}.")
    for name, value in entry.items():
        if name != title and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InputError(f"{where}: {name} must be a number, in metres.")
    if "x_low" in entry and not (
        entry["x_low"] < entry["x_high"] and entry["y_low"] < entry["y_high"]
    ):
        raise InputError(f"{where}: x_low must be below x_high, and y_low below y_high.")
    if "dx" in entry and entry["dx"] == entry["dy"] == 0:
        raise InputError(f"{where}: dx and dy are both 0; they must give the direction allowed.")
    if "x1" in entry and (entry["x1"], entry["y1"]) == (entry["x2"], entry["y2"]):
        raise InputError(f"{where}: the gate's two ends are one point.")
    return tuple(str(entry[name]) if name == title else float(entry[name]) for name in schema)
