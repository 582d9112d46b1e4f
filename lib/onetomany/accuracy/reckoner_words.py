"""Write what a reckoning found as sentences in English and Korean."""

from __future__ import annotations

from collections.abc import Callable

from ..confidence import PERCENT, PERCENT_KO
from ..printing import Notice, shortened
from .programme_inputs import NAMES
from .reckoner import Reckoning

Row = dict[str, float | None]


def short_number(value: float) -> str:
    """Return a number as a reader wants it: three digits below 1,000, whole above.

    >>> short_number(12345.6), short_number(5.2582), short_number(0.000003177)
    ('12,346', '5.26', '0.00000318')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")
    return text or "0"


def describe_reckoning(found: Reckoning) -> list[Notice]:
    """Return the figures, what they rest on, and what is missing, a sentence each.

    >>> from onetomany.accuracy.reckoner import reckon
    >>> counts = reckon({"alerts": 20, "confirmed": 5})
    >>> describe_reckoning(counts)[1].en
    'Of ten alarms 2.5 are right (range 2.5 to 10; 95 % for another such period: 0.866 to 10).'
    """
    told = []
    for name, sentence in _SENTENCES.items():
        row = found.figure(name)
        if row["value"] is not None or row["low"] is not None:
            told.append(sentence(row))
    told += [_from_reference(found)] if any(_referenced(found)) else []
    if found.contradicted:
        told.append(
            Notice(
                "These disclosures contradict each other: the disclosed FPIR alone would give more "
                "alarms a day than were disclosed.",
                "공개된 수가 서로 어긋난다. 공개된 FPIR만으로도 공개된 것보다 많은 경보가 나온다.",
            )
        )
    if "searches" in found.missing and "alerts" in found.missing:
        told.append(
            Notice(
                "Alarms a day can't be calculated: neither alarms nor searches are disclosed.",
                "경보 수도 검색 수도 공개되지 않아 하루의 경보를 계산할 수 없다.",
            )
        )
    if found.missing:
        told.append(
            Notice(
                "Ask for: " + ", ".join(NAMES[name][0] for name in found.missing) + ".",
                "요구할 것: " + ", ".join(NAMES[name][1] for name in found.missing) + ".",
            )
        )
    return told


def _alarms(row: Row) -> Notice:
    return Notice(
        f"Alarms a day: {_value(row)}{_doubt(row)}.",
        f"하루 경보: {_value_ko(row)}건{_doubt_ko(row)}.",
    )


def _right(row: Row) -> Notice:
    return Notice(
        f"Of ten alarms {_value(row)} are right{_doubt(row)}.",
        f"경보 10건 가운데 맞는 것: {_value_ko(row)}건{_doubt_ko(row)}.",
    )


def _wrong(row: Row) -> Notice:
    return Notice(
        "People stopped wrongly a year, if each false alarm stops one: "
        f"{_value(row)}{_doubt(row)}.",
        f"오경보마다 한 사람을 멈춰 세운다면 한 해에 잘못 멈춰 세우는 사람: "
        f"{_value_ko(row)}명{_doubt_ko(row)}.",
    )


def _rate(row: Row) -> Notice:
    return Notice(
        f"False alarms per search: {_value(row)}{_doubt(row)}.",
        f"검색당 오경보: {_value_ko(row)}{_doubt_ko(row)}.",
    )


def _candidates(row: Row) -> Notice:
    return Notice(
        f"False candidates a day (searches × list × FMR): {_value(row)}{_doubt(row)}.",
        f"하루의 잘못된 후보(검색 × 명단 × FMR): {_value_ko(row)}건{_doubt_ko(row)}.",
    )


_SENTENCES: dict[str, Callable[[Row], Notice]] = {
    "alarms_a_day": _alarms,
    "right_of_ten": _right,
    "wrong_a_year": _wrong,
    "false_alarm_rate": _rate,
    "false_candidates_a_day": _candidates,
}


def _value(row: Row) -> str:
    value = row["value"]
    return _span(row, "low", "high", " to ") if value is None else short_number(value)


def _value_ko(row: Row) -> str:
    value = row["value"]
    return _span(row, "low", "high", "~") if value is None else short_number(value)


def _doubt(row: Row) -> str:
    parts = []
    if row["value"] is not None and row["low"] != row["high"]:
        parts.append(f"range {_span(row, 'low', 'high', ' to ')}")
    if row["interval_low"] is not None:
        ends = _span(row, "interval_low", "interval_high", " to ")
        parts.append(f"{PERCENT} for another such period: {ends}")
    return f" ({'; '.join(parts)})" if parts else ""


def _doubt_ko(row: Row) -> str:
    parts = []
    if row["value"] is not None and row["low"] != row["high"]:
        parts.append(f"범위 {_span(row, 'low', 'high', '~')}")
    if row["interval_low"] is not None:
        ends = _span(row, "interval_low", "interval_high", "~")
        parts.append(f"같은 기간이 또 있을 때의 {PERCENT_KO} 구간 {ends}")
    return f"({', '.join(parts)})" if parts else ""


def _span(row: Row, low: str, high: str, between: str) -> str:
    return between.join(short_number(end) for name in (low, high) if (end := row[name]) is not None)


def _referenced(found: Reckoning) -> list[str]:
    return [name for name, each in found.used.items() if each.basis == "reference"]


def _from_reference(found: Reckoning) -> Notice:
    """Return which inputs are unknown, their ranges, and where those come from."""
    en, ko = [], []
    for name in _referenced(found):
        each = found.used[name]
        ends = [short_number(end) for end in (each.least, each.most)]
        en.append(f"{NAMES[name][0]}: {' to '.join(ends)} ({shortened(each.source)})")
        ko.append(f"{NAMES[name][1]}: {'~'.join(ends)} ({shortened(each.source_ko)})")
    return Notice(
        f"Not disclosed, so a range was used. {'. '.join(en)}.",
        f"공개되지 않아 범위를 썼다. {'. '.join(ko)}.",
    )
