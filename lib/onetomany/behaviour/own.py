"""Judge a user's own walks by the rules: flags, rates over all thresholds, and gaps."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from onetomany.confidence import PERCENT
from onetomany.errors import InputError
from .coverage import coverage, not_judged
from .flags import flagged_rates, flags
from .measures import measure
from .motion import Site
from .rules import Rule
from .walks import Walks

SUMMARY = {
    "Rule 규칙": pl.String,
    "Threshold 임계값": pl.String,
    "Flagged 걸림": pl.String,
    "Could be judged 판단 가능": pl.String,
    "Per 1,000 천 명당": pl.String,
    PERCENT: pl.String,
}
NOT = "not computed 계산 안 함"


@dataclass(frozen=True)
class Judged:
    """Store judged walks: `flags`, `rates` (RATES), `covered` (COVERAGE), `measured`.

    `summary` is a table for readers, `not_judged` says in English and Korean which rules and people
    could not be judged.
    """

    flags: pl.DataFrame
    rates: pl.DataFrame
    covered: pl.DataFrame
    summary: pl.DataFrame
    measured: pl.DataFrame
    not_judged: tuple[str, str]


def judge(walks: Walks, rules: Mapping[str, Rule], site: Site | None = None) -> Judged:
    """Judge everybody's walk by each rule at its default threshold, and over its whole range.

    Raises InputError if no walk is left to judge.
    """
    site = site or Site()
    if not walks.frame.height:
        raise InputError("No walk is left to judge.")
    measured = measure(walks.frame, rules, site, person="id", seconds=walks.seconds)
    people = walks.people
    rates = flagged_rates(measured, people, rules, person="id")
    given = {"reverse": site.one_way.height > 0, "together": site.gates.height > 0}
    covered = coverage(rates, rules, len(people), given)
    en, ko = not_judged(covered, rules, waiting=site.waiting.height > 0)
    if walks.left_out.height:
        shown = ", ".join(str(each) for each in walks.left_out["id"].head(5))
        en += (
            f" Left out for impossible movements: {walks.left_out.height:,} people ({shown}; "
            f"the first at {walks.left_out['reason'][0]})."
        )
        ko += (
            f" 사람이 낼 수 없는 움직임이 있어 뺀 사람: {walks.left_out.height:,}명({shown}, "
            f"처음은 {walks.left_out['reason'][0]})."
        )
    return Judged(
        flags(measured, rules, person="id"),
        rates,
        covered,
        _summary(rates, covered, rules),
        measured,
        (en.strip(), ko.strip()),
    )


def _summary(rates: pl.DataFrame, covered: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    at_default = {row["rule"]: row for row in rates.filter("default").iter_rows(named=True)}
    rows = []
    for name, rule in rules.items():
        sign = "≥" if rule.flagged == "above" else "≤"
        cut = f"{sign} {rule.threshold:g} {rule.unit}"
        row = at_default.get(name)
        if row is None or row["rate"] is None:
            seen = covered.filter(rule=name)["observed"][0]
            rows.append((rule.name, cut, NOT, f"0 / {seen:,}", "–", "–"))
            continue
        low, high = (f"{1000 * row[key]:.1f}" for key in ("low", "high"))
        counts = (f"{row['flagged']:,}", f"{row['people']:,} / {row['observed']:,}")
        rows.append((rule.name, cut, *counts, f"{1000 * row['rate']:.1f}", f"{low} – {high}"))
    return pl.DataFrame(rows, schema=SUMMARY, orient="row")
