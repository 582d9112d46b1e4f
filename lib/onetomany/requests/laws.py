"""What a procedure is made of: provisions with article and source, steps, events."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar

from ..errors import InputError

VERIFIED = ("read", "recalled")
UNITS = ("working_days", "calendar_days", "months")
# whose holidays count; "US-MA" are those of a part of a country (`days.working_days`)
CALENDARS = (
    *("KR", "US", "US-MA", "US-CA", "GB", "GB-SCT", "DE", "EC", "EU", "CA", "AU", "IN"),
    *("FR", "NL", "ES", "BR", "IT", "JP"),
)
WHOSE = ("body", "requester", "third_party", "review")
LIMITS = ("latest", "earliest")
EFFECTS = ("restarts", "pauses")
NOTICES = ("", "within")
# what may stop, move or prolong a body's time: each law says something on each, or `not_found`
TOPICS = (
    *("clarification", "fees", "transfer", "translation", "extension", "consultation"),
    "after_answer",
)
WEIGHTS = ("absolute", "qualified", "mandatory", "discretionary")

# what can happen to a request, in the order in which it usually does; `silence` never stands in a
# log: it is worked out from a decision that did not come
EVENTS = {
    "received": ("the body received the request", "기관이 청구를 받음"),
    "acknowledged": ("the requester was told of the receipt", "청구인이 접수를 통지받음"),
    "extended": ("the body gave notice of an extension", "기관이 기간 연장을 알림"),
    "clarification_asked": (
        "the body asked the requester to clarify",
        "기관이 청구인에게 보완을 요구함",
    ),
    "clarified": ("the body received the clarification", "기관이 보완을 받음"),
    "translation_asked": (
        "the body asked for a translation of the request",
        "기관이 청구의 번역을 요구함",
    ),
    "translated": ("the body received the translation", "기관이 번역을 받음"),
    "fee_asked": ("the body asked for a fee", "기관이 수수료를 청구함"),
    "fee_paid": ("the body received the fee", "기관이 수수료를 받음"),
    "transferred": (
        "the body passed the request on to another",
        "기관이 청구를 다른 기관으로 보냄",
    ),
    "third_party_told": ("the body told the third party", "기관이 제3자에게 알림"),
    "third_party_heard": ("the body received the third party's view", "기관이 제3자 의견을 받음"),
    "disclosure_decided": (
        "the requester was told that records will be disclosed",
        "청구인이 공개 결정을 통지받음",
    ),
    "disclosure_ordered": (
        "the body told a third party that it will disclose",
        "기관이 제3자에게 공개하겠다고 알림",
    ),
    "disclosure_day": ("the day that the body set for disclosure", "기관이 정한 공개일"),
    "disclosed": ("the requester got the records", "청구인이 자료를 받음"),
    "decided": ("the requester was told the decision", "청구인이 결정을 통지받음"),
    "silence": ("the time passed with no decision", "결정 없이 기간이 지남"),
    "appealed": ("the body received the appeal", "기관이 불복신청을 받음"),
    "appeal_decided": ("the requester was told the appeal's result", "불복신청 결과를 통지받음"),
    "complained": ("the outside reviewer received the complaint", "외부 심사기관이 신청을 받음"),
    "complaint_decided": (
        "the requester was told the outside reviewer's decision",
        "외부 심사기관의 결정을 통지받음",
    ),
    "sued": ("a court received the claim", "법원이 소장을 받음"),
    "closed": ("the requester closed the request", "청구인이 청구를 끝냄"),
}


@dataclass(frozen=True)
class Source:
    """Where a field comes from, how that was checked, and when."""

    id: str
    title: str
    title_ko: str
    url: str
    verified: str  # of VERIFIED, for the fields that don't say otherwise
    how: str
    read: dt.date | None  # the day on which it was read; None where it was not


@dataclass(frozen=True)
class Provision:
    """A statement of the law in both languages (own words), with its article and source."""

    en: str
    ko: str
    article: str
    article_ko: str
    source: Source
    verified: str


@dataclass(frozen=True)
class Addressee(Provision):
    """A body to write to: `en`, `ko` are its name, `holds_en`, `holds_ko` what it should have.

    `official` is its name as a letter in the authority's language gives it.
    """

    id: str
    holds_en: str
    holds_ko: str
    official: str = ""


@dataclass(frozen=True)
class Required(Provision):
    """A field that a request must carry; `id` is the name under which a letter asks for it."""

    id: str


@dataclass(frozen=True)
class Step(Provision):
    """A period: `number` of `unit` from the event `starts`, over when an event of `ends` happens.

    `en` and `ko` name what is due. `whose` says who must keep it. With `first_day` the day of the
    event is day 1; without, the day after is. `rolls`: a last day that is not worked on moves to
    the next that is. `limit` is "latest" for a day by which, "earliest" for one after which.
    `lapse` is the event that has happened when the period passes in vain ("silence", or "").
    `moves_start`: an event on a day off counts as if it happened on the next working day.
    `rolls_unread`: the law's rule on a last day off was not read; it is taken to move for a body
    and a reviewer, whom nobody should call late in error, and not to move for anybody else.
    """

    id: str
    whose: str
    starts: str
    ends: tuple[str, ...]
    number: int
    unit: str
    first_day: bool
    rolls: bool
    limit: str
    lapse: str
    moves_start: bool
    rolls_unread: bool

    @property
    def moves_end(self) -> bool:
        """Whether a last day off moves on."""
        return self.rolls or (self.rolls_unread and self.whose in {"body", "review"})


@dataclass(frozen=True)
class Extension(Provision):
    """By how much a step may grow; `en` and `ko` give the reasons and the notice that is due.

    `notice` is "within" where the notice must come before the time that it prolongs is over: later,
    it prolongs nothing. It is "" where the law doesn't say so. With `announced` the law sets no
    length: `number` is 0, and the step lasts to the day that the body named.
    """

    id: str
    step: str
    number: int
    unit: str
    notice: str
    announced: bool


@dataclass(frozen=True)
class Stop(Provision):
    """What stops a step's clock: from an event `starts` to an event `ends`; `en`, `ko` say why.

    `effect`: by "restarts" the step begins at the event `ends`; by "pauses" the days from the one
    to the other are not counted: with `first_day` the first of them, with `last_day` the last among
    them. `most` is how often a body may do so, 0 for as often as it has to. A pause lasts at most
    `longest` days of `longest_unit` after the first (0: until it is answered).
    """

    id: str
    step: str
    starts: str
    ends: str
    effect: str
    most: int
    first_day: bool
    last_day: bool
    longest: int
    longest_unit: str


@dataclass(frozen=True)
class ClockRule(Provision):
    """What a law says on one of `TOPICS`; `id` is the topic."""

    id: str


@dataclass(frozen=True)
class Exemption(Provision):
    """A ground of refusal: its gist, its weight, and what a requester usually answers.

    `weight` is "absolute" or "qualified" where the law knows a balance of interests, "mandatory" or
    "discretionary" where it says that the body must, or that it may, refuse.
    """

    id: str
    weight: str
    answer_en: str
    answer_ko: str


@dataclass(frozen=True)
class Closed(Provision):
    """Days of one year on which an institution does not work; `id` is the year."""

    id: str
    days: tuple[dt.date, ...]


@dataclass(frozen=True)
class Procedure:
    """One law under which something can be asked for."""

    id: str
    calendar: str
    last_checked: dt.date
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
    stops: tuple[Stop, ...]  # empty where the law knows none, or none could be read
    exemptions: tuple[Exemption, ...]
    closed: tuple[Closed, ...]  # empty where `calendar` says all
    clocks: tuple[ClockRule, ...]
    not_found: tuple[str, ...]  # TOPICS on which nothing was found in what was read
    language: str = ""  # in which its authorities work, as 'en-US'; empty: English
    language_rule: Provision | None = None  # what the law says of other languages

    def step(self, name: str) -> Step:
        """The step of that id. Raises InputError, naming those there are."""
        return self._one(self.steps, name, "step")

    def extension(self, name: str) -> Extension:
        """The extension of that id. Raises InputError, naming those there are."""
        return self._one(self.extensions, name, "extension")

    def exemption(self, name: str) -> Exemption:
        """The exemption of that id. Raises InputError, naming those there are."""
        return self._one(self.exemptions, name, "exemption")

    def _one(self, among: tuple[Named, ...], name: str, what: str) -> Named:
        for each in among:
            if each.id == name:
                return each
        there = ", ".join(each.id for each in among) or "none"
        raise InputError(f"{self.id} has no {what} '{name}': there are {there}.")


Named = TypeVar("Named", Step, Extension, Exemption)
