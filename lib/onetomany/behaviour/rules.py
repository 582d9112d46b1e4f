"""Read the rules as data: flagged behaviour, its sources, and thresholds chosen here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal

import numpy as np
import polars as pl

from onetomany.errors import InputError

DATA = resources.files("onetomany.behaviour") / "data"
# the rules that `measure` computes, and the settings that each needs
MEASURES: dict[str, set[str]] = {
    "dash": {"over_s"},
    "reverse": set(),
    "together": {"within_m"},
    "loitering": {"within_m"},
    "wandering": {"over_s", "at_least_m"},
    "belongings": {"beyond_m"},
}
CHOSEN = "chosen here"


@dataclass(frozen=True)
class Rule:
    """Describe a rule: a quantity with a unit, and the flagged side of a threshold.

    `threshold` is a default, `low` to `high` the range over which results are shown, `settings` the
    rule's other numbers (their names end in their unit), `named_by` the published entries that name
    the behaviour. `threshold_source` is 'chosen here' or such an entry.
    """

    rule: str
    en: str
    ko: str
    definition_en: str
    definition_ko: str
    quantity_en: str
    quantity_ko: str
    unit: str
    flagged: Literal["above", "below"]
    threshold: float
    low: float
    high: float
    threshold_source: str
    settings: Mapping[str, float]
    named_by: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the rule's name in both languages."""
        return f"{self.en} {self.ko}"

    @property
    def axis(self) -> str:
        """Return its quantity in both languages, with the unit."""
        unit = "" if self.unit == "ratio" else f", {self.unit}"
        return f"{self.quantity_en} {self.quantity_ko}{unit}"

    def strictness(self, threshold: float) -> float:
        """Return a threshold's position in the range: 0 is the laxest, 1 the strictest (flags
        fewest).
        """
        share = float(np.log(threshold / self.low) / np.log(self.high / self.low))
        return share if self.flagged == "above" else 1 - share

    def range(self, steps: int = 25) -> list[float]:
        """Return thresholds from `low` to `high`, evenly spaced in their logarithm, to three
        digits.
        """
        return [float(f"{value:.3g}") for value in np.geomspace(self.low, self.high, steps)]

    def past(self, value: pl.Expr, threshold: float | pl.Expr) -> pl.Expr:
        """Return whether a value is flagged at a threshold."""
        return value >= threshold if self.flagged == "above" else value <= threshold


@dataclass(frozen=True)
class Published:
    """Quote a source in its words; `kind` is 'named' (a behaviour) or 'evidence'."""

    kind: str
    publisher_en: str
    publisher_ko: str
    date: str
    url: str
    words: str
    about_en: str
    about_ko: str


def read_rules(folder: Traversable = DATA) -> dict[str, Rule]:
    """Read the rules of rules.toml in the file's order, by their id.

    A user's file may leave rules out and change any number; the computation of each id is fixed
    (`measure`). Raises InputError for an unknown id, a field or setting that is missing or unknown,
    a threshold outside its range, numbers that aren't positive, or a source missing from
    published.toml.
    """
    known = read_published(folder)
    return {
        name: _rule(name, entry, known) for name, entry in _entries(folder, "rules.toml").items()
    }


def read_published(folder: Traversable = DATA) -> dict[str, Published]:
    """Read sources that name the behaviours or report how well flags work.

    Raises InputError if an entry lacks a field: a statement without its source is not shown.
    """
    found = {}
    for name, entry in _entries(folder, "published.toml").items():
        wanted = {field.name for field in fields(Published)}
        if set(entry) != wanted or not all(entry.values()):
            raise InputError(
                f"published.toml, [{name}]: it must have {', '.join(sorted(wanted))}, none of them "
                "empty; a statement without its source is not shown."
            )
        found[name] = Published(**entry)
    return found


def _entries(folder: Traversable, name: str) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name} can't be read: {error}.") from error


def _rule(name: str, entry: dict[str, Any], known: Mapping[str, Published]) -> Rule:
    where = f"rules.toml, [{name}]"
    if name not in MEASURES:
        raise InputError(f"{where}: no rule of that name is computed; use {', '.join(MEASURES)}.")
    wanted = {field.name for field in fields(Rule)} - {"rule"}
    if set(entry) != wanted:
        odd = ", ".join(sorted(set(entry) ^ wanted))
        raise InputError(f"{where}: missing or unknown: {odd}.")
    if set(entry["settings"]) != MEASURES[name]:
        needed = ", ".join(sorted(MEASURES[name])) or "nothing"
        raise InputError(f"{where}: its settings must be {needed}.")
    low, threshold, high = (
        _positive(where, key, entry[key]) for key in ("low", "threshold", "high")
    )
    if not low <= threshold <= high or low == high:
        raise InputError(f"{where}: its threshold must be between low and high, which must differ.")
    if entry["flagged"] not in ("above", "below"):
        raise InputError(f"{where}: flagged is 'above' or 'below'.")
    source = entry["threshold_source"]
    stray = [each for each in (*entry["named_by"], source) if each not in (*known, CHOSEN)]
    if stray:
        raise InputError(f"{where}: published.toml has no entry {', '.join(stray)}.")
    return Rule(
        **entry
        | {
            "rule": name,
            "threshold": threshold,
            "low": low,
            "high": high,
            "named_by": tuple(entry["named_by"]),
            "settings": {
                key: _positive(where, key, value) for key, value in entry["settings"].items()
            },
        }
    )


def _positive(where: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise InputError(f"{where}: {key} must be a number above 0.")
    return float(value)
