"""When an answer or an appeal is due, and by which rule: each date can be checked by hand.

The counting is that of the procedure's own file: whether the day of the event is day 1, whether
holidays count within the period, whether a last day off moves on, what a month is.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from ..errors import InputError
from .days import ONE_DAY, WorkingDays, working_days
from .laws import EVENTS, Procedure, Step
from .stops import Stopped, clock
from .wording import rule

HISTORY = {
    "event": pl.String,  # of `laws.EVENTS`, without silence
    "date": pl.Date,
    "extension": pl.String,  # which extension was taken, for the event extended; else null
    "granted": pl.Boolean,  # all that was asked for was given: the requester has nothing to appeal
}
DEADLINES = {
    "step": pl.String,
    "whose": pl.String,  # body, requester, third_party or review
    "label_en": pl.String,
    "label_ko": pl.String,
    "event": pl.String,  # from which it is counted
    "starts": pl.Date,  # the event's date
    "due": pl.Date,
    "limit": pl.String,  # latest: to be done by `due`; earliest: possible only after it
    "done": pl.Date,  # null while it is open
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


@dataclass(frozen=True)
class Deadline:
    """A due date with its reasons.

    `skipped` are the named holidays that moved it: date, name in English, name in Korean.
    `rolled_from` is the day on which the period would have ended, were that day worked on.
    """

    procedure: str
    step: str
    event: str
    event_date: dt.date
    date: dt.date
    first_day: dt.date
    skipped: tuple[tuple[dt.date, str, str], ...]
    rolled_from: dt.date | None
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
    today: dt.date | None = None,
) -> Deadline:
    """The day on which a step ends when its event happened on `event_date`.

    `restarted` says what `event_date` is if the step runs anew, `pauses` which days aren't counted
    (`stops.clock`); one that lasts is reckoned to `today`. `extensions` are ids of the procedure's
    extensions of that step, each taken in full: the law's longest time, not a day that the body
    announced. `region` is as for `days.working_days`.

    Raises InputError for a step, an extension or a region that the procedure does not have.
    """
    found = procedure.step(step)
    taken = [procedure.extension(name) for name in extensions]
    if len(set(extensions)) < len(taken) or any(each.step != step for each in taken):
        raise InputError(
            f"{procedure.id}: extensions of '{step}' must be its own, each once; not "
            f"{', '.join(extensions)}."
        )
    days = working_days(procedure, region)
    number = found.number + sum(each.number for each in taken)
    still = [(each.since, each.until or today or each.since) for each in pauses]
    begin = first = event_date if found.first_day else event_date + ONE_DAY
    if found.unit == "working_days":
        end, first = _working(begin, number, days, still)
    elif found.unit == "calendar_days":
        end = first + dt.timedelta(days=number - 1)
        for since, until in still:
            end += (until - since + ONE_DAY) if since <= end else dt.timedelta()
    else:
        end = _months_on(event_date, number)
    due = days.next_working(end) if found.rolls else end
    # within other periods holidays count like any day: only those that move the end matter
    since = begin if found.unit == "working_days" else end
    counted = found.unit != "working_days" and due == end
    skipped = () if counted else _holidays_between(since, due, days)
    english, korean = rule(
        found,
        taken,
        event_date=event_date,
        first=first,
        end=end,
        due=due,
        skipped=skipped,
        days=days,
        stopped=[*([restarted] if restarted else []), *pauses],
    )
    stated = [found, *taken, *(each.stop for each in (restarted, *pauses) if each)]
    return Deadline(
        procedure=procedure.id,
        step=step,
        event=restarted.stop.ends if restarted and restarted.until else found.starts,
        event_date=event_date,
        date=due,
        first_day=first,
        skipped=skipped,
        rolled_from=end if due > end else None,
        rule_en=english,
        rule_ko=korean,
        article="; ".join(dict.fromkeys(each.article for each in stated)),
        article_ko="; ".join(dict.fromkeys(each.article_ko for each in stated)),
        source="; ".join(dict.fromkeys(each.source.title for each in stated)),
        source_ko="; ".join(dict.fromkeys(each.source.title_ko for each in stated)),
        url=found.source.url,
        verified="read" if all(each.verified == "read" for each in stated) else "recalled",
        calendar=days.calendar,
    )


def deadlines(
    procedure: Procedure, history: pl.DataFrame, *, today: dt.date, region: str | None = None
) -> pl.DataFrame:
    """Every deadline that a request's history has set running, as of `today` (`DEADLINES`).

    `history` has the columns of `HISTORY` (`extension` and `granted` may be left out); events after
    `today` are not seen. A step runs from the last of its events, and is done by the first event of
    its `ends` from then on, or by `closed`. The procedure's `stops` restart or pause it. An event
    that grants everything starts no step of the requester's, and ends those that run. Where a step
    passed in vain its `lapse`, silence, is taken to have happened on its last day, and what runs
    from silence is added. Rows in the law's order.

    Raises InputError for events or extensions that are unknown, and for a frame without columns.
    """
    past = _events(history).filter(pl.col("date") <= today)
    happened = {event: past.filter(event=event)["date"].to_list() for event in EVENTS}
    last = dict(past.select("event", "granted").iter_rows())
    grants = past.filter("granted")["date"].to_list()
    extended = past.filter(event="extended").select("date", "extension").rows()
    for day, name in extended:
        if name is None and procedure.extensions:
            raise InputError(
                f"The extension of {day} has no name: give its id in {procedure.id}, of "
                f"{', '.join(each.id for each in procedure.extensions)}."
            )
    rows = []
    for step in procedure.steps:
        own_way = step.whose == "requester"
        if own_way and last.get(step.starts):
            continue
        start = happened[step.starts][-1] if happened[step.starts] else None
        since = start or dt.date.min
        taken = {
            name
            for day, name in extended
            if name and day >= since and procedure.extension(name).step == step.id
        }
        ends = [day for end in (*step.ends, "closed") for day in happened[end]]
        ends += grants if own_way else []
        done = min((day for day in ends if day >= since), default=None)
        before = {
            event: [day for day in told if day <= (done or today)]
            for event, told in happened.items()
        }
        count = partial(_counted, procedure, step, sorted(taken), region, done or today)
        runs = clock(procedure, step.id, start, before, today=done or today, due=count)
        if runs is None:
            continue
        found = deadline(
            procedure,
            step.id,
            runs.start,
            extensions=sorted(taken),
            region=region,
            restarted=runs.restarted,
            pauses=runs.pauses,
            today=done or today,
        )
        stands = runs.stands and done is None
        if step.lapse and done is None and today > found.date and not stands:
            happened[step.lapse].append(found.date)
        rows.append(_row(step, found, done, today, stands=stands))
    return pl.DataFrame(rows, schema=DEADLINES)


def _counted(  # noqa: PLR0917 - given in two parts, the latter by `clock`
    procedure: Procedure,
    step: Step,
    extensions: Sequence[str],
    region: str | None,
    today: dt.date,
    start: dt.date,
    pauses: Sequence[Stopped],
) -> dt.date:
    """The last day of a step by its start and pauses."""
    return deadline(
        procedure, step.id, start, extensions=extensions, region=region, pauses=pauses, today=today
    ).date


def _events(history: pl.DataFrame) -> pl.DataFrame:
    """The history checked and sorted, with all columns of HISTORY."""
    if missing := {"event", "date"} - set(history.columns):
        raise InputError(f"The history lacks {', '.join(sorted(missing))}: see HISTORY.")
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
    return {
        "step": step.id,
        "whose": step.whose,
        "label_en": step.en,
        "label_ko": step.ko,
        "event": found.event,
        "starts": found.event_date,
        "due": found.date,
        "limit": step.limit,
        "done": done,
        "state": state,
        "overdue": state == "overdue",
        "rule_en": found.rule_en,
        "rule_ko": found.rule_ko,
        "article": found.article,
        "article_ko": found.article_ko,
        "source": found.source,
        "source_ko": found.source_ko,
        "url": found.url,
        "verified": found.verified,
    }


def _working(
    first: dt.date, number: int, days: WorkingDays, still: Sequence[tuple[dt.date, dt.date]]
) -> tuple[dt.date, dt.date]:
    """The last and the first of so many working days from `first` on, none of them in `still`."""

    def counted(day: dt.date) -> dt.date:
        day = days.next_working(day)
        while inside := [until for since, until in still if since <= day <= until]:
            day = days.next_working(max(inside) + ONE_DAY)
        return day

    begin = day = counted(first)
    for _ in range(number - 1):
        day = counted(day + ONE_DAY)
    return day, begin


def _months_on(day: dt.date, number: int) -> dt.date:
    """The same date so many months on, or the last day of a month that has no such date."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    last = months.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _holidays_between(
    low: dt.date, high: dt.date, days: WorkingDays
) -> tuple[tuple[dt.date, str, str], ...]:
    """Holidays from `low` to `high` that fall on no weekend, with their names."""
    span = (low + dt.timedelta(days=n) for n in range((high - low).days + 1))
    return tuple(
        (day, *names) for day in span if day.weekday() < 5 and (names := days.holiday(day))
    )
