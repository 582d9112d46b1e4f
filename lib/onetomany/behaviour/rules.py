"""Read the rules as data: flagged behaviour, its sources, and thresholds chosen here."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal

import numpy as np
import polars as pl

from onetomany.checked_tables import (
    FieldError,
    Positive,
    Table,
    Text,
    faults_of,
    named_tables,
    read_toml,
)

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
class Rule(Table):
    """Describe a rule: a quantity with a unit, and the flagged side of a threshold.

    `threshold` is a default, `low` to `high` the range over which results are shown, `settings` the
    rule's other numbers (their names end in their unit), `named_by` the published entries that name
    the behaviour. `threshold_source` is 'chosen here' or such an entry.
    """

    rule: Text
    en: Text
    ko: Text
    definition_en: Text
    definition_ko: Text
    quantity_en: Text
    quantity_ko: Text
    unit: Text
    flagged: Literal["above", "below"]
    threshold: Positive
    low: Positive
    high: Positive
    threshold_source: Text
    settings: Mapping[str, Positive]
    named_by: tuple[Text, ...]

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
class Published(Table):
    """Quote a source in its words; `kind` is 'named' (a behaviour) or 'evidence'."""

    kind: Literal["named", "evidence"]
    publisher: Text
    publisher_ko: Text
    date: Text
    url: Text
    words: Text
    about_en: Text
    about_ko: Text


def read_rules(folder: Traversable = DATA) -> dict[str, Rule]:
    """Read the rules of rules.toml in the file's order, by their id.

    A user's file may leave rules out and change any number; the computation of each id is fixed
    (`measure`). Raises InputError for an unknown id, a field or setting that is missing or unknown,
    a threshold outside its range, numbers that aren't positive, or a source missing from
    published.toml.
    """
    known, path = read_published(folder), folder / "rules.toml"
    raw = read_toml(path)
    with faults_of(path):
        if unknown := [name for name in raw if name not in MEASURES]:
            raise FieldError(unknown[0], f"is no rule that is computed: use {', '.join(MEASURES)}")
        rules = named_tables(Rule, raw, key="rule")
        for rule in rules.values():
            _check_rule(rule, known)
    return rules


def read_published(folder: Traversable = DATA) -> dict[str, Published]:
    """Read sources that name the behaviours or report how well flags work.

    Raises InputError if an entry lacks a field: a statement without its source is not shown.
    """
    path = folder / "published.toml"
    raw = read_toml(path)
    with faults_of(path, "; a statement without its source is not shown"):
        return named_tables(Published, raw, key="")


def _check_rule(rule: Rule, known: Mapping[str, Published]) -> None:
    if set(rule.settings) != MEASURES[rule.rule]:
        needed = ", ".join(sorted(MEASURES[rule.rule])) or "empty"
        raise FieldError(f"{rule.rule}.settings", f"must be {needed}")
    if not rule.low <= rule.threshold <= rule.high or rule.low == rule.high:
        raise FieldError(
            f"{rule.rule}.threshold", "must be between low and high, which must differ"
        )
    for each in (*rule.named_by, rule.threshold_source):
        if each not in (*known, CHOSEN):
            raise FieldError(rule.rule, f"names {each!r}, of which published.toml has no entry")
