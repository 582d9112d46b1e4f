"""The rule of a due date in words: where counting began, what was skipped, why it moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .days import WorkingDays, shown
from .laws import EVENTS, Extension, Step

_UNITS = {
    "working_days": ("working day", "근무일"),
    "calendar_days": ("calendar day", "일(역일)"),
    "months": ("month", "개월"),
}
Skipped = Sequence[tuple[dt.date, str, str]]


def rule(
    step: Step,
    taken: Sequence[Extension],
    *,
    event_date: dt.date,
    first: dt.date,
    end: dt.date,
    due: dt.date,
    skipped: Skipped,
    days: WorkingDays,
) -> tuple[str, str]:
    """The rule in English and in Korean, each a few short sentences ending with the provision."""
    event, begin, last, moved = shown(event_date), shown(first), shown(end), shown(due)
    english = [f"{_length(step, taken, 0)} from {event[0]}, when {EVENTS[step.starts][0]}."]
    korean = [f"{event[1]} '{EVENTS[step.starts][1]}'부터 {_length(step, taken, 1)}이다."]
    if step.unit == "months":
        english.append(f"A month ends on the same date of a later month: {last[0]}.")
        korean.append(f"개월은 뒤 달의 같은 날에 끝난다. {last[1]}이다.")
        if end.day < event_date.day:
            english[-1] = f"The later month has no day {event_date.day}: its last is {last[0]}."
            korean[-1] = f"뒤 달에 {event_date.day}일이 없어 그 말일인 {last[1]}에 끝난다."
    else:
        counted = "counts" if step.first_day else "does not count"
        english.append(f"The day of the event {counted}: day 1 is {begin[0]}.")
        korean.append(
            f"첫날을 {'넣으므로' if step.first_day else '넣지 않으므로'} 1일째는 {begin[1]}이다."
        )
    if step.unit == "working_days":
        english.append(f"Saturdays and Sundays are skipped{_named(skipped, 0, ', and ')}.")
        korean.append(f"토요일과 일요일{_named(skipped, 1, ', ')}은(는) 세지 않는다.")
    english.append(f"The last day is {last[0]}.")
    korean.append(f"마지막 날은 {last[1]}이다.")
    if due > end:
        english.append(
            f"It is not worked on and moves to the next working day, {moved[0]}"
            f"{_named(skipped, 0, ', past ')}."
        )
        korean.append(f"쉬는 날이므로 다음 근무일인 {moved[1]}로 넘어간다{_past(skipped)}.")
    elif not step.rolls and not days.works(end):
        english.append("Though not worked on, it does not move.")
        korean.append("쉬는 날이지만 넘어가지 않는다.")
    if step.limit == "earliest":
        english.append("The step is open only after it.")
        korean.append("이 날이 지나야 할 수 있다.")
    stated = [step, *taken]
    where = "; ".join(dict.fromkeys(f"{each.article}, {each.source.title}" for each in stated))
    english.append(f"Holidays: {days.names_en} ({days.calendar}). {where}.")
    korean.append(f"공휴일: {days.names_ko} ({days.calendar}). {where}.")
    if years := days.missing(event_date, due):
        listed = ", ".join(map(str, years))
        english.append(
            f"The list for {listed} is not in the file: Belgian public holidays are used for it; "
            "the institution's own list is longer, and the true day may be later."
        )
        korean.append(
            f"{listed}년의 목록이 파일에 없어 벨기에 공휴일을 썼다. 기관의 목록이 더 길므로 실제 "
            "기한은 더 늦을 수 있다."
        )
    if any(each.verified != "read" for each in stated):
        english.append("Recalled, not read in a stored text: check it.")
        korean.append("기억에 따른 것으로, 저장된 법문으로 확인하지 못했다. 직접 확인해야 한다.")
    return " ".join(english), " ".join(korean)


def _length(step: Step, taken: Sequence[Extension], language: int) -> str:
    """Such as '20 working days', or '20 + 10 working days' with an extension."""
    parts = [step.number, *(each.number for each in taken)]
    unit = _UNITS[step.unit][language]
    if language == 1:
        return f"{' + '.join(map(str, parts))}{'' if step.unit == 'months' else ' '}{unit}"
    return f"{' + '.join(map(str, parts))} {unit}{'' if sum(parts) == 1 else 's'}"


def _named(skipped: Skipped, language: int, before: str) -> str:
    listed = ", ".join(f"{each[0]} {each[1 + language]}" for each in skipped)
    return before + listed if listed else ""


def _past(skipped: Skipped) -> str:
    return f" ({_named(skipped, 1, '')} 지나서)" if skipped else ""
