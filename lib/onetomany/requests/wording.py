"""Explain a due date in words: where counting began, which days were skipped, why it moved.

The sentences are in data/deadline_words.toml.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

from onetomany.sources.kit_files import packaged_toml
from .counting import Period, Skipped
from .days import WorkingDays, written_day
from .laws import EVENTS, Extension, Provision, Step
from .stops import Stopped

_WORDS = packaged_toml(__package__, "deadline_words.toml")
_UNITS = {
    "working_days": ("working day", "근무일로 {}일"),
    "calendar_days": ("calendar day", "쉬는 날을 넣어 {}일"),
    "months": ("month", "{}개월"),
}
Both = tuple[str, str]  # English, Korean


def deadline_words(name: str, *days: dt.date, **facts: str | int | Both) -> Both:
    """Return a sentence on a deadline in English and Korean, with days and facts filled in.

    >>> deadline_words("last_day", dt.date(2026, 11, 24))
    ('The last day is 2026-11-24 (Tue).', '마지막 날은 2026-11-24(화)이다.')
    """
    english, korean = (
        text.format(
            *(written_day(day)[n] for day in days),
            **{key: each[n] if isinstance(each, tuple) else each for key, each in facts.items()},
        )
        for n, text in enumerate(_WORDS[name])
    )
    return english, korean


def rule_in_words(
    step: Step,
    taken: Sequence[Extension],
    period: Period,
    days: WorkingDays,
    stopped: Sequence[Stopped] = (),
) -> Iterator[Both]:
    """Yield the rule in English and Korean: a few short sentences and the provision."""
    event_date, end = period.counts_from, period.end
    if event_date > period.happened:
        yield deadline_words("moved_start", period.happened, event_date)
    why, length = _from(step, stopped), (_length(step, taken, 0), _length(step, taken, 1))
    yield deadline_words("length", event_date, length=length, why=why)
    yield from map(_stopped, stopped)
    yield from _counted(step, period)
    if period.due > end:
        yield deadline_words("moves", period.due)
        if period.skipped:
            yield deadline_words("days_off", skipped=_named(period.skipped))
    elif not step.rolls and not days.works(end):
        yield deadline_words("does_not_move")
    if step.limit == "earliest":
        yield deadline_words("earliest")
    stated = [step, *taken, *(each.stop for each in stopped)]
    names = (days.names_en, days.names_ko)
    yield deadline_words("holidays", names=names, calendar=days.calendar)
    yield from _cited(stated)
    if years := days.missing(event_date, period.due):
        yield deadline_words("list_missing", years=", ".join(map(str, years)))
    if any(each.verified != "read" for each in stated):
        yield deadline_words("recalled")
    if step.rolls_unread and not days.works(end):
        yield deadline_words("rolls_unread")


def _counted(step: Step, period: Period) -> Iterator[Both]:
    """Yield how the period's last day was found."""
    if step.unit == "months" and period.end.day < period.counts_from.day:
        yield deadline_words("no_such_day", period.end, day=period.counts_from.day)
    elif step.unit == "months":
        yield deadline_words("same_day", period.end)
    else:
        counts = "first_day_counts" if step.first_day else "first_day_does_not"
        yield deadline_words(counts, period.first)
        if step.unit == "working_days":
            named = (f", {each}" if each else "" for each in _named(period.skipped))
            yield deadline_words("not_counted", skipped=(next(named), next(named)))
        yield deadline_words("last_day", period.end)


def _cited(stated: Sequence[Provision]) -> Iterator[Both]:
    """Yield the articles of each source."""
    for source in dict.fromkeys(each.source for each in stated):
        own = [each for each in stated if each.source == source]
        english, korean = (
            "; ".join(dict.fromkeys(getattr(each, name) for each in own))
            for name in ("article", "article_ko")
        )
        title = (source.title, source.title_ko)
        yield deadline_words("source", title=title, articles=(english, korean))


def _from(step: Step, stopped: Sequence[Stopped]) -> Both:
    """Return the event that started the counting, in words."""
    restarts = [each for each in stopped if each.stop.effect == "restarts"]
    if restarts and restarts[-1].until is None:
        return deadline_words("as_if_today")
    event = EVENTS[restarts[-1].stop.ends if restarts else step.starts]
    return f"when {event[0]}", event[1]


def _stopped(each: Stopped) -> Both:
    rule = (each.stop.en, each.stop.ko)
    if each.until is None:
        return deadline_words("stopped_since", each.since, rule=rule)
    if each.stop.effect == "restarts":
        return deadline_words("restarted", each.since, rule=rule)
    return deadline_words("paused", each.since, each.until, rule=rule)


def _length(step: Step, taken: Sequence[Extension], language: int) -> str:
    """Return '20 working days', or '20 + 10 working days' with an extension."""
    parts = [step.number, *(each.number for each in taken)]
    unit = _UNITS[step.unit][language]
    if language == 1:
        return unit.format(" + ".join(map(str, parts)))
    return f"{' + '.join(map(str, parts))} {unit}{'' if sum(parts) == 1 else 's'}"


def _named(skipped: Skipped) -> Both:
    english, korean = (", ".join(f"{each[0]} {each[n]}" for each in skipped) for n in (1, 2))
    return english, korean.replace("(observed)", "(대체 휴일)")
