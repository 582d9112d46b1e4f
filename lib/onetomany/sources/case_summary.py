"""Load the words of the summary page: headline, seven events, sentences that are true or not."""

from dataclasses import dataclass
from importlib.resources.abc import Traversable

from onetomany.errors import OneToManyError
from . import case
from .sheet_fields import toml_content

Pair = tuple[str, str]  # English and Korean


@dataclass(frozen=True)
class CaseEvent:
    """An event of the strip; date and source are the timeline's."""

    date: str  # as precise as the source: 2021-10-20 or 2022-03
    text: Pair
    publisher: str
    url: str


@dataclass(frozen=True)
class CaseLine:
    """A line that leads to a chapter, by its number."""

    text: Pair
    chapter: str
    more: Pair = ("", "")


@dataclass(frozen=True)
class CaseSummary:
    """The words of the summary page that are about the case, not about a run."""

    headline: Pair
    dek: Pair
    events: list[CaseEvent]
    may: list[CaseLine]
    may_not: list[CaseLine]
    doors: list[CaseLine]


def case_summary(folder: Traversable = case.DATA) -> CaseSummary:
    """Read the summary of the case; figures are computed, events are looked up in the timeline.

    Raises OneToManyError for an event that the timeline doesn't have.

    >>> len(case_summary().events)
    7
    """
    given = toml_content(folder, "summary.toml")
    records = case.records_given(case.case_numbers(folder))
    figures = {
        "records_en": f"{records / 1e6:.1f} million",
        "records_ko": case.count_in_korean(records),
    }

    def pair(texts: list[str]) -> Pair:
        english, korean = (each.format(**figures) for each in texts)
        return english, korean

    def lines(kind: str) -> list[CaseLine]:
        return [
            CaseLine(pair(row["text"]), row["chapter"], pair(row.get("more", ["", ""])))
            for row in given[kind]
        ]

    rows = {row["event_en"]: row for row in case.case_timeline(folder).iter_rows(named=True)}
    if unknown := [row["event"] for row in given["events"] if row["event"] not in rows]:
        raise OneToManyError(f"summary.toml names an event that events.csv lacks: {unknown[0]!r}.")
    events = [
        CaseEvent(found["date"], pair(row["text"]), found["publisher"], found["url"])
        for row in given["events"]
        for found in [rows[row["event"]]]
    ]
    headline, dek = pair(given["headline"]), pair(given["dek"])
    return CaseSummary(headline, dek, events, *map(lines, ("may", "may_not", "doors")))
