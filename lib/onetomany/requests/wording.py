"""Explain a due date in words: where counting began, which days were skipped, why it moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .days import WorkingDays, written_day
from .laws import EVENTS, Extension, Step
from .stops import Stopped

_UNITS = {
    "working_days": ("working day", "근무일로 {}일"),
    "calendar_days": ("calendar day", "쉬는 날을 넣어 {}일"),
    "months": ("month", "{}개월"),
}
Skipped = Sequence[tuple[dt.date, str, str]]


def rule_in_words(
    step: Step,
    taken: Sequence[Extension],
    *,
    event_date: dt.date,
    first: dt.date,
    end: dt.date,
    due: dt.date,
    skipped: Skipped,
    days: WorkingDays,
    stopped: Sequence[Stopped] = (),
) -> tuple[str, str]:
    """Return the rule in English and Korean: a few short sentences and the provision."""
    event, begin, last, moved = (
        written_day(event_date),
        written_day(first),
        written_day(end),
        written_day(due),
    )
    why = _from(step, stopped)
    english = [f"{_length(step, taken, 0)} from {event[0]}, {why[0]}."]
    korean = [f"{event[1]} '{why[1]}'부터 {_length(step, taken, 1)}이다."]
    for each in stopped:
        told = _stopped(each)
        english.append(told[0])
        korean.append(told[1])
    if step.unit == "months" and end.day < event_date.day:
        english.append(f"The last month has no day {event_date.day}, so it ends on {last[0]}.")
        korean.append(f"마지막 달에 {event_date.day}일이 없어 그 말일인 {last[1]}에 끝난다.")
    elif step.unit == "months":
        english.append(f"It ends on the same date of the last month, {last[0]}.")
        korean.append(f"마지막 달의 같은 날인 {last[1]}에 끝난다.")
    else:
        counted = ("counts", "넣어") if step.first_day else ("does not count", "빼고")
        english.append(f"The first day {counted[0]}: day 1 is {begin[0]}.")
        korean.append(f"첫날을 {counted[1]} 세어 1일째는 {begin[1]}이다.")
        if step.unit == "working_days":
            english.append(f"Not counted: Saturdays, Sundays{_named(skipped, 0, ', ')}.")
            korean.append(f"세지 않는 날: 토요일, 일요일{_named(skipped, 1, ', ')}.")
        english.append(f"The last day is {last[0]}.")
        korean.append(f"마지막 날은 {last[1]}이다.")
    if due > end:
        past = (_named(skipped, 0, " Days off: "), _named(skipped, 1, " 쉬는 날: "))
        english.append(f"That is a day off: it moves to the next working day, {moved[0]}.{past[0]}")
        korean.append(f"쉬는 날이므로 다음 근무일인 {moved[1]}로 넘어간다.{past[1]}")
    elif not step.rolls and not days.works(end):
        english.append("That is a day off, but the date does not move.")
        korean.append("쉬는 날이지만 넘어가지 않는다.")
    if step.limit == "earliest":
        english.append("The way is open only after that day.")
        korean.append("이 날이 지나야 할 수 있다.")
    stated = [step, *taken, *(each.stop for each in stopped)]
    english.append(f"Holidays: {days.names_en} ({days.calendar}).")
    korean.append(f"공휴일: {days.names_ko} ({days.calendar}).")
    for source in dict.fromkeys(each.source for each in stated):
        own = [each for each in stated if each.source == source]
        english.append(f"{source.title}: {'; '.join(dict.fromkeys(e.article for e in own))}.")
        korean.append(f"{source.title_ko}: {'; '.join(dict.fromkeys(e.article_ko for e in own))}.")
    if years := days.missing(event_date, due):
        listed = ", ".join(map(str, years))
        english.append(
            f"The list for {listed} is not in the file: Belgian public holidays but 11 November "
            "are used for it; the institution's own list is longer, and the true day may be later."
        )
        korean.append(
            f"{listed}년의 목록이 파일에 없어 11월 11일을 뺀 벨기에 공휴일을 썼다. 기관의 목록이 "
            "더 길므로 실제 기한은 더 늦을 수 있다."
        )
    if any(each.verified != "read" for each in stated):
        english.append("Recalled, not read in a stored text: check it.")
        korean.append("기억에 따른 것으로, 저장된 법문으로 확인하지 못했다. 직접 확인해야 한다.")
    return " ".join(english), " ".join(korean)


def _from(step: Step, stopped: Sequence[Stopped]) -> tuple[str, str]:
    """Return the event that started the counting, in words."""
    restarts = [each for each in stopped if each.stop.effect == "restarts"]
    if restarts and restarts[-1].until is None:
        return "as if the answer came today", "오늘 답이 닿는다고 볼 때"
    event = EVENTS[restarts[-1].stop.ends if restarts else step.starts]
    return f"when {event[0]}", event[1]


def _stopped(each: Stopped) -> tuple[str, str]:
    since, stop = written_day(each.since), each.stop
    if each.until is None:
        return (
            f"The clock has been stopped since {since[0]}. {stop.en}",
            f"{since[1]}부터 기간이 멈춰 있다. {stop.ko}",
        )
    if stop.effect == "restarts":
        return (
            f"The body asked on {since[0]}. {stop.en}",
            f"기관이 {since[1]} 요구했다. {stop.ko}",
        )
    until = written_day(each.until)
    return (
        f"The days from {since[0]} to {until[0]} are not counted. {stop.en}",
        f"{since[1]}부터 {until[1]}까지는 세지 않는다. {stop.ko}",
    )


def _length(step: Step, taken: Sequence[Extension], language: int) -> str:
    """Return '20 working days', or '20 + 10 working days' with an extension."""
    parts = [step.number, *(each.number for each in taken)]
    unit = _UNITS[step.unit][language]
    if language == 1:
        return unit.format(" + ".join(map(str, parts)))
    return f"{' + '.join(map(str, parts))} {unit}{'' if sum(parts) == 1 else 's'}"


def _named(skipped: Skipped, language: int, before: str) -> str:
    listed = ", ".join(f"{each[0]} {each[1 + language]}" for each in skipped)
    if language:
        listed = listed.replace("(observed)", "(대체 휴일)")
    return f"{before}{listed}{'' if before == ', ' else '.'}" if listed else ""
