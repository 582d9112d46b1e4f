"""Calculate when an answer or an appeal is due, with the rule, so that anyone can check it.

The procedure's own file sets the counting: whether the day of the event is day 1, whether holidays
count within the period, whether a last day off moves to the next working day, and how long a month
is.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from onetomany.errors import InputError
from .counting import Period, count_period
from .days import WorkingDays, working_days
from .laws import EVENTS, Extension, Procedure, Provision, Step
from .stops import Stopped, step_clock
from .wording import deadline_words, rule_in_words

HISTORY = {
    "event": pl.String,  # of `laws.EVENTS`, without silence
    "date": pl.Date,
    "extension": pl.String,  # which extension was taken, for the event extended; else null
    "until": pl.Date,  # to which day, for an extension whose length the body announces; else null
    "granted": pl.Boolean,  # everything was given, so the requester needs no appeal
}
DEADLINES = {
    "step": pl.String,
    "whose": pl.String,  # body, requester, third_party or review
    "label_en": pl.String,
    "label_ko": pl.String,
    "event": pl.String,  # the event from which it is counted
    "starts": pl.Date,  # the event's date
    "due": pl.Date,
    "limit": pl.String,  # latest: to be done by `due`; earliest: possible only after it
    "done": pl.Date,  # null until done
    # done, late, running, overdue, stopped (waits for the requester: `due` is as if that came
    # today); for earliest: waiting, possible, done
    "state": pl.String,
    "overdue": pl.Boolean,  # still open after `due`; a requester's own step has then lapsed
    "rule_en": pl.String,
    "rule_ko": pl.String,
    "article": pl.String,
    "article_ko": pl.String,
    "source": pl.String,
    "source_ko": pl.String,
    "url": pl.String,
    "verified": pl.String,  # read or recalled
}
# by id of the extension: the day of its notice, and the day that the body announced
Taken = Mapping[str, tuple[dt.date, dt.date | None]]


@dataclass(frozen=True)
class Deadline:
    """A due date with its reasons; `period` is how it was counted."""

    procedure: str
    step: str
    event: str
    date: dt.date
    period: Period
    rule_en: str
    rule_ko: str
    article: str
    article_ko: str
    source: str
    source_ko: str
    url: str
    verified: str
    calendar: str


def deadline(
    procedure: Procedure,
    step: str,
    event_date: dt.date,
    *,
    extensions: Sequence[str] = (),
    region: str | None = None,
    restarted: Stopped | None = None,
    pauses: Sequence[Stopped] = (),
    announced: dt.date | None = None,
    today: dt.date | None = None,
) -> Deadline:
    """Return the deadline of a step whose event happened on `event_date`.

    `restarted` says which event restarted the step on `event_date`; `pauses` are days that aren't
    counted (`stops.step_clock`), an open pause until `today`. `extensions` are ids of the
    step's extensions, each counted at the law's full length, not the day that the authority
    announced. If the law leaves the length open, `announced` is that day. `region` is as in
    `days.working_days`.

    Raises InputError for a step, an extension or a region that the procedure does not have.
    """
    found = procedure.step(step)
    taken = _own_extensions(procedure, step, extensions)
    days = working_days(procedure, region)
    number = found.number + sum(each.number for each in taken)
    still = {day for each in pauses for day in each.days(today or each.since)}
    period = count_period(found, event_date, number, days, still)
    stopped = [*([restarted] if restarted else []), *pauses]
    lengthened = [each for each in taken if not each.announced]
    words = [*rule_in_words(found, lengthened, period, days, stopped)]
    date = period.due
    if announced and announced > date and len(lengthened) < len(taken):
        date = days.next_working(announced) if found.moves_end else announced
        words.append(deadline_words("announced", announced))
        words += [deadline_words("late_after", date)] if date > announced else []
    english, korean = map(" ".join, zip(*words, strict=True))
    return Deadline(
        procedure=procedure.id,
        step=step,
        event=restarted.stop.ends if restarted and restarted.until else found.starts,
        date=date,
        period=period,
        rule_en=english,
        rule_ko=korean,
        url=found.source.url,
        calendar=days.calendar,
        **_cited([found, *taken, *(each.stop for each in stopped)]),
    )


def _own_extensions(procedure: Procedure, step: str, names: Sequence[str]) -> list[Extension]:
    taken = [procedure.extension(name) for name in names]
    if len(set(names)) < len(taken) or any(each.step != step for each in taken):
        raise InputError(
            f"{procedure.id}: name extensions of '{step}' that the law has, each once, not "
            f"{', '.join(names)}."
        )
    return taken


def _cited(stated: Sequence[Provision]) -> dict[str, str]:
    """Return the articles and sources of the provisions that a deadline follows from."""
    parts = {
        "article": [each.article for each in stated],
        "article_ko": [each.article_ko for each in stated],
        "source": [each.source.title for each in stated],
        "source_ko": [each.source.title_ko for each in stated],
    }
    read = all(each.verified == "read" for each in stated)
    told = {name: "; ".join(dict.fromkeys(texts)) for name, texts in parts.items()}
    return told | {"verified": "read" if read else "recalled"}


def deadlines(
    procedure: Procedure, history: pl.DataFrame, *, today: dt.date, region: str | None = None
) -> pl.DataFrame:
    """Return every deadline that a request's history has started, as of `today` (`DEADLINES`).

    `history` has the columns of `HISTORY` (`extension` and `granted` are optional); events after
    `today` are ignored. A step runs from the last of its events until the first event of its
    `ends`, or until `closed`. The procedure's `stops` restart or pause it. An event that grants
    everything starts no step of the requester and ends those that run. If a period passes without
    an answer, its `lapse` (silence) counts as an event of its last day and starts the steps that
    depend on it. Rows are in the law's order.

    Raises InputError for unknown events or extensions, and for missing columns.
    """
    past = _events(history).filter(pl.col("date") <= today)
    happened = {event: past.filter(event=event)["date"].to_list() for event in EVENTS}
    last = dict(past.select("event", "granted").iter_rows())
    grants = past.filter("granted")["date"].to_list()
    told = _extensions(procedure, past)
    days = working_days(procedure, region)
    rows = []
    for step in procedure.steps:
        own_way = step.whose == "requester"
        if own_way and last.get(step.starts):
            continue
        start = happened[step.starts][-1] if happened[step.starts] else None
        since = start or dt.date.min
        ends = [day for end in (*step.ends, "closed") for day in happened[end]]
        ends += grants if own_way else []
        done = min((day for day in ends if day >= since), default=None)
        taken = {
            name: each
            for name, each in told.items()
            if each[0] >= since and procedure.extension(name).step == step.id
        }
        running = _Running(procedure, step, start, happened, taken, days, done or today)
        found, stands = running.deadline()
        if found is None:
            continue
        stands = stands and done is None
        if step.lapse and done is None and today > found.date and not stands:
            happened[step.lapse].append(found.date)
        rows.append(_row(step, found, done, today, stands=stands))
    return pl.DataFrame(rows, schema=DEADLINES)


def _extensions(procedure: Procedure, past: pl.DataFrame) -> Taken:
    """Return the named extensions of a history; raise InputError for one that lacks a part."""
    taken = {}
    rows = past.filter(event="extended").select("date", "extension", "until")
    for day, name, until in rows.iter_rows():
        if name is None and procedure.extensions:
            raise InputError(
                f"The extension of {day} has no name: give its id in {procedure.id}, one of "
                f"{', '.join(each.id for each in procedure.extensions)}."
            )
        if name and procedure.extension(name).announced and until is None:
            raise InputError(
                f"The extension of {day} ('{name}' of {procedure.id}) lacks the day to which the "
                "body extended: add it as 'until', such as 2026-12-31."
            )
        if name:
            taken[name] = (day, until)
    return taken


@dataclass(frozen=True)
class _Running:
    """A step of a request: its start, the days of all events, its extensions, as of `until`."""

    procedure: Procedure
    step: Step
    start: dt.date | None
    happened: Mapping[str, Sequence[dt.date]]
    taken: Taken
    days: WorkingDays
    until: dt.date

    def deadline(self) -> tuple[Deadline | None, bool]:
        """Return the deadline, None if not begun, and whether the clock is stopped.

        If the law requires the notice of an extension within the period, a later one extends
        nothing, and the rule says so.
        """
        kept: list[str] = []
        late: list[dt.date] = []
        for name, (day, _) in sorted(self.taken.items(), key=lambda each: (each[1][0], each[0])):
            found, _ = self._with(kept)
            if self.procedure.extension(name).notice == "within" and found and day > found.date:
                late.append(day)
            else:
                kept.append(name)
        found, stands = self._with(sorted(kept))
        if found is None:
            return None, False
        words = [(found.rule_en, found.rule_ko), *(deadline_words("too_late", day) for day in late)]
        english, korean = map(" ".join, zip(*words, strict=True))
        return replace(found, rule_en=english, rule_ko=korean), stands

    def _with(self, names: Sequence[str]) -> tuple[Deadline | None, bool]:
        """Return the deadline with these extensions alone, as `deadline` does."""
        given = partial(
            deadline,
            self.procedure,
            self.step.id,
            extensions=names,
            region=self.days.region,
            announced=max((last for name in names if (last := self.taken[name][1])), default=None),
            today=self.until,
        )
        runs = step_clock(
            self.procedure,
            self.step.id,
            self.start,
            {event: [day for day in days if day <= self.until]
             for event, days in self.happened.items()},
            today=self.until,
            due=lambda begin, pauses: given(begin, pauses=pauses).date,
            working=self.days,
        )  # fmt: skip
        if runs is None:
            return None, False
        return given(runs.start, restarted=runs.restarted, pauses=runs.pauses), runs.stands


def _events(history: pl.DataFrame) -> pl.DataFrame:
    """Return the history, checked and sorted, with all columns of HISTORY."""
    if missing := {"event", "date"} - set(history.columns):
        raise InputError(f"The history has no column {', '.join(sorted(missing))}: see HISTORY.")
    if unknown := set(history["event"]) - (set(EVENTS) - {"silence"}):
        raise InputError(
            f"The history has unknown events: {', '.join(map(str, sorted(unknown, key=str)))}."
        )
    absent = [
        pl.lit(None, kind).alias(name)
        for name, kind in HISTORY.items()
        if name not in history.columns
    ]
    return (
        history.with_columns(absent)
        .select(pl.col(name).cast(kind) for name, kind in HISTORY.items())
        .with_columns(pl.col("granted").fill_null(False))
        .sort("date", maintain_order=True)
    )


def _row(
    step: Step, found: Deadline, done: dt.date | None, today: dt.date, *, stands: bool
) -> dict[str, str | bool | dt.date | None]:
    passed = (done or today) > found.date
    if step.limit == "earliest":
        state = "done" if done else ("possible" if passed else "waiting")
    elif done:
        state = "late" if passed else "done"
    elif stands:
        state = "stopped"
    else:
        state = "overdue" if passed else "running"
    told = {name: getattr(found, name) for name in DEADLINES if hasattr(found, name)}
    return told | {
        "whose": step.whose,
        "label_en": step.en,
        "label_ko": step.ko,
        "starts": found.period.counts_from,
        "due": found.date,
        "limit": step.limit,
        "done": done,
        "state": state,
        "overdue": state == "overdue",
    }
