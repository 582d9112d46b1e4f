"""Load figures from outside the simulation: flags on real walks, a city's disclosed alarms."""

import tomllib
from collections.abc import Mapping

import numpy as np
import polars as pl

from onetomany.accuracy.intervals import ratio_interval
from onetomany.errors import InputError
from .flags import flags
from .rules import DATA, Rule

# columns of real_walks: the rule and the threshold
_MEASURED = {
    "dash_3ms_percent": ("dash", 3.0),
    "dash_2ms_percent": ("dash", 2.0),
    "loitering_percent": ("loitering", 60.0),
    "wandering_percent": ("wandering", 3.0),
}
BESIDE = {
    "set": pl.String,
    "real": pl.Boolean,
    "rule": pl.String,
    "threshold": pl.Float64,
    "people": pl.Int64,  # tracks, of real sets
    "percent": pl.Float64,  # flagged, of all of them
    "low": pl.Float64,  # 95 %, by person; null for real sets, whose tracks are not all one person
    "high": pl.Float64,
}


def real_walks() -> pl.DataFrame:
    """Return shares of real people whom the rules flagged, a row a research set, with its source.

    `people_or_tracks`, `median_stay_s`, shares in percent of all tracks; see `data_sheet`.
    """
    return _table("real_walks")


def seoul_alarms() -> pl.DataFrame:
    """Return figures reported about Seoul's alarms: share right (%), unneeded alarms a month."""
    return _table("seoul_alarms")


def data_sheet(name: str) -> Mapping[str, str]:
    """Return `source`, `licence`, `fetched`, `note_en` and `note_ko` of one of the two tables.

    Raises InputError for another name.
    """
    sheets = tomllib.loads((DATA / "sheets.toml").read_text(encoding="utf-8"))
    if name not in sheets:
        raise InputError(f"There is no table '{name}': choose one of {', '.join(sheets)}.")
    sheet: Mapping[str, str] = sheets[name]
    return sheet


def beside_real(
    measured: pl.DataFrame, rules: Mapping[str, Rule], people: int, *, name: str
) -> pl.DataFrame:
    """Return real sets and a simulation (called `name`) by one count, schema BESIDE.

    Shares are of all people, also of those seen too shortly, because the real sets were counted
    that way. Takes `measure` with true_id of the simulation.
    """
    rows: list[tuple[object, ...]] = []
    for column, (rule, cut) in _MEASURED.items():
        for row in real_walks().iter_rows(named=True):
            rows.append(
                (row["set"], True, rule, cut, row["people_or_tracks"], row[column], None, None)
            )
        found = flags(measured, {rule: rules[rule]}, {rule: cut}).height
        limits = ratio_interval(np.arange(people) < found, np.ones(people))
        shares = (100 * each for each in (found / people, limits.low, limits.high))
        rows.append((name, False, rule, cut, people, *shares))
    return pl.DataFrame(rows, schema=BESIDE, orient="row")


def _table(name: str) -> pl.DataFrame:
    return pl.read_csv((DATA / f"{name}.csv").read_bytes())
