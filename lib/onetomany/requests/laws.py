"""Define the parts of a procedure: provisions with article and source, steps, events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, TypeVar

from onetomany.checked_tables import Form, Number, Table, Text, one_of
from onetomany.errors import InputError
from onetomany.sources.kit_files import packaged_rows

Verified = Literal["read", "recalled"]
Unit = Literal["working_days", "calendar_days", "months"]
# whose holidays count; "US-MA" are those of a part of a country (`days.working_days`)
CALENDAR_ROWS = {row["calendar"]: row for row in packaged_rows(__package__, "calendars.csv")}
MEMBER_STATES = (  # of the European Union
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
# rules that stop, move or extend a period: each law has a rule on each, or `not_found`
TOPICS = (
    *("clarification", "fees", "transfer", "translation", "extension", "consultation"),
    "after_answer",
)

# events of a request in their usual order. `law` is the event of the law that one of the log stands
# for; `silence` is never logged: it follows from a missing decision
EVENT_LIST = packaged_rows(__package__, "events.csv")
EVENTS = {row["event"]: (row["en"], row["ko"]) for row in EVENT_LIST if row["en"]}
Event = Annotated[str, one_of(EVENTS)]
WebAddress = Annotated[str, Form("a web address", re.compile(r"https?://\S+$").match)]
Language = Form("such as 'de' or 'en-US'", re.compile(r"[a-z]{2,3}(-[A-Z]{2})?").fullmatch)


@dataclass(frozen=True)
class Source(Table):
    """The source of a field, how it was checked, and when."""

    id: Text
    title: Text
    title_ko: Text
    url: WebAddress
    verified: Verified  # for the fields that don't say otherwise
    how: Text
    read: date | None  # the day of reading; None if not read


@dataclass(frozen=True)
class Provision(Table):
    """A statement of the law in both languages (own words), with its article and source."""

    en: Text
    ko: Text
    article: Text
    article_ko: Text
    source: Source
    verified: Verified


@dataclass(frozen=True)
class Addressee(Provision):
    """An authority to write to: its name `en`, `ko`, and the documents it should have.

    `holds_en` and `holds_ko` describe the documents. `official` is its name in a letter in its own
    language.
    """

    id: Text
    holds_en: Text
    holds_ko: Text
    official: Text = ""


@dataclass(frozen=True)
class Required(Provision):
    """A field that the law requires in a request; `id` is its name in a letter's fields."""

    id: Text


@dataclass(frozen=True)
class Step(Provision):
    """A period: `number` of `unit` from the event `starts` to an event of `ends`.

    `en` and `ko` name the action due, `whose` the party that must act. With `first_day` the day of
    the event is day 1, otherwise the day after. `rolls`: a last day off moves to the next working
    day. `limit` is "latest" for a day by which to act, "earliest" for one after which. `lapse` is
    the event that has happened if the period passes without an answer ("silence", or "").
    `moves_start`: an event on a day off counts as of the next working day. `rolls_unread`: we have
    not read the law's rule on a last day off. It is assumed to move for an authority and a
    reviewer, so that nobody calls them late by mistake, and not to move for anybody else.
    """

    id: Text
    whose: Literal["body", "requester", "third_party", "review"]
    starts: Event
    ends: tuple[Event, ...]
    number: Number
    unit: Unit
    first_day: bool
    rolls: bool
    limit: Literal["latest", "earliest"]
    lapse: Literal["", "silence"]
    moves_start: bool = False
    rolls_unread: bool = False

    @property
    def moves_end(self) -> bool:
        """Return whether a last day off moves to the next working day."""
        return self.rolls or (self.rolls_unread and self.whose in {"body", "review"})


@dataclass(frozen=True)
class Extension(Provision):
    """The length by which a step may be extended; `en` and `ko` give reasons and notice.

    `notice` is "within" if the notice must come before the period ends: a later one extends
    nothing. It is "" if the law doesn't say so. With `announced` the law sets no length: `number`
    is 0, and the step lasts to the day that the authority named.
    """

    id: Text
    step: Text
    unit: Unit
    number: Number = 0
    notice: Literal["", "within"] = ""
    announced: bool = False


@dataclass(frozen=True)
class Stop(Provision):
    """A reason why a step's clock stops, from an event `starts` to an event `ends`.

    `en` and `ko` describe it. With `effect` "restarts" the step begins again at the event `ends`.
    With "pauses" the days between are not counted, including the first with `first_day` and the
    last with `last_day`. `most` is how often an authority may stop the clock (0: without limit). A
    pause lasts at most `longest` days of `longest_unit` after the first (0: until it is answered).
    """

    id: Text
    step: Text
    starts: Event
    ends: Event
    effect: Literal["restarts", "pauses"]
    most: Number = 0
    first_day: bool = True
    last_day: bool = True
    longest: Number = 0
    longest_unit: Literal["working_days", "calendar_days"] = "calendar_days"


@dataclass(frozen=True)
class ClockRule(Provision):
    """A law's rule on one of `TOPICS`; `id` is the topic."""

    id: Text


@dataclass(frozen=True)
class Exemption(Provision):
    """A ground of refusal: its gist, its weight, and a requester's usual reply.

    `weight` is "absolute" or "qualified" if the law balances interests; "mandatory" or
    "discretionary" if the law says that the authority must or may refuse.
    """

    id: Text
    weight: Literal["absolute", "qualified", "mandatory", "discretionary"]
    answer_en: Text
    answer_ko: Text


@dataclass(frozen=True)
class Closed(Provision):
    """The days of one year on which an institution is closed; `id` is the year."""

    id: Text
    days: tuple[date, ...]


@dataclass(frozen=True)
class Procedure(Table):
    """One law under which one can ask for something."""

    id: Text
    calendar: Annotated[str, one_of((*CALENDAR_ROWS, "EC", "EU"))]
    last_checked: date
    sources: tuple[Source, ...]
    name: Provision
    jurisdiction: Provision
    who_may_ask: Provision
    form: Provision
    fee: Provision
    counting: Provision
    third_party: Provision
    deemed_refusal: Provision
    addressees: tuple[Addressee, ...]
    required: tuple[Required, ...]
    steps: tuple[Step, ...]
    extensions: tuple[Extension, ...]
    exemptions: tuple[Exemption, ...]
    stops: tuple[Stop, ...] = ()  # empty if the law has none, or we could not read it
    closed: tuple[Closed, ...] = ()  # empty if `calendar` is complete
    clocks: tuple[ClockRule, ...] = ()
    not_found: tuple[Text, ...] = ()  # TOPICS on which we found nothing in the texts we read
    # of its authorities, as 'en-US'; empty: English
    language: Annotated[str, Language] = ""
    language_rule: Provision | None = None  # the law's rule on other languages

    def step(self, name: str) -> Step:
        """Return the step of an id. Raises InputError, naming the known ones."""
        return self._one(self.steps, name, "step")

    def extension(self, name: str) -> Extension:
        """Return the extension of an id. Raises InputError, naming the known ones."""
        return self._one(self.extensions, name, "extension")

    def exemption(self, name: str) -> Exemption:
        """Return the exemption of an id. Raises InputError, naming the known ones."""
        return self._one(self.exemptions, name, "exemption")

    def _one(self, among: tuple[Named, ...], name: str, what: str) -> Named:
        for each in among:
            if each.id == name:
                return each
        there = ", ".join(each.id for each in among) or "none"
        raise InputError(f"{self.id} has no {what} '{name}': there are {there}.")


Named = TypeVar("Named", Step, Extension, Exemption)
