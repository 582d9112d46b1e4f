"""Collect a programme's counts and rates with their sources, and ranges for the rest.

A count (searches, alerts, confirmed, false_alerts) covers a number of days; a rate (wanted_share,
fmr, fpir, fnir) is a share from 0 to 1. An unknown rate gets a reference range, which says where
it comes from: NIST's measured systems and the programmes of `sources.disclosed_counts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import polars as pl

from onetomany.errors import InputError, near
from onetomany.printing import shortened
from onetomany.sources.disclosed_counts import disclosed_counts
from onetomany.sources.measured import measured_publication, measured_systems
from onetomany.sources.tables import require_columns

COUNTED = ("searches", "alerts", "confirmed", "false_alerts")
SHARES = ("wanted_share", "fmr", "fpir", "fnir")
NAMES = {
    "gallery_size": ("people or records on the list", "명단의 사람 또는 기록 수"),
    "searches": ("faces searched", "검색한 얼굴"),
    "alerts": ("alarms", "경보"),
    "confirmed": ("alarms confirmed as right", "맞다고 확인된 경보"),
    "false_alerts": ("alarms known to be wrong", "틀린 것으로 밝혀진 경보"),
    "wanted_share": ("share of wanted people among those who pass", "지나가는 사람 중 찾는 사람"),
    "fmr": ("FMR, false matches per pair", "오인식률 FMR(한 쌍당)"),
    "fpir": ("FPIR, false alarms per search", "오경보율 FPIR(검색당)"),
    "fnir": ("FNIR, wanted people missed", "놓침 비율 FNIR"),
}
SET_FPIR = 0.003  # at which NIST sets thresholds
SIZE = 1_600_000  # the gallery of NIST's three image sets
BROKEN = 0.99  # no threshold works: see NIST's cautions in sources.measured
# units that say how many days a count covers, or how a share is written
_DAYS = {"a day": 1, "per day": 1, "/day": 1, "a week": 7, "per week": 7, "/week": 7,
         "a month": 365 / 12, "per month": 365 / 12, "/month": 365 / 12, "a year": 365,
         "per year": 365, "/year": 365}  # fmt: skip
_SCALES = {"%": 1e-2, "percent": 1e-2, "per cent": 1e-2, "per thousand": 1e-3, "per million": 1e-6}

Basis = Literal["disclosed", "reference", "assumed"]


@dataclass(frozen=True)
class ProgrammeInput:
    """One input: its value, its source, its range if uncertain, the days that a count covers."""

    value: float
    source: str = "assumed"
    source_ko: str = ""
    low: float | None = None
    high: float | None = None
    days: float | None = None
    basis: Basis = "assumed"
    url: str = ""

    @property
    def least(self) -> float:
        return self.value if self.low is None else self.low

    @property
    def most(self) -> float:
        return self.value if self.high is None else self.high


Inputs = Mapping[str, ProgrammeInput]


@dataclass(frozen=True)
class FoundInputs:
    """The inputs that a table of numbers gives, and the names of those it doesn't."""

    given: dict[str, ProgrammeInput]
    missing: tuple[str, ...]


def checked_inputs(inputs: Mapping[str, ProgrammeInput | float]) -> dict[str, ProgrammeInput]:
    """Return inputs of a programme in order; a plain number is assumed, a count for one day.

    Raises InputError for an unknown name, a number that can't be, or counts that can't be together.

    >>> checked_inputs({"searches": 1000})["searches"].days
    1.0
    """
    if stray := [name for name in inputs if name not in NAMES]:
        raise InputError(
            f"'{stray[0]}' is no input of the reckoner; use {', '.join(NAMES)}"
            f"{near(stray[0], list(NAMES))}.",
            f"'{stray[0]}': 계산기에 없는 입력이다. {', '.join(NAMES)} 가운데 하나를 쓴다.",
        )
    known = {}
    for name in NAMES:
        if name in inputs:
            given = inputs[name]
            if not isinstance(given, ProgrammeInput):
                days = 1.0 if name in COUNTED else None
                given = ProgrammeInput(_number(name, given), days=days)
            _check_one(name, given)
            known[name] = given
    _check_together(known)
    return known


def _number(name: str, given: Any) -> float:
    try:
        return float(given)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} is {given!r}, which is not a number: write 20000 for 20,000.",
            f"{name}: 숫자가 아니다({given!r}). 20,000은 20000으로 적는다.",
        ) from error


def reckoner_inputs(numbers: pl.DataFrame) -> FoundInputs:
    """Return the inputs marked in the column `input` of a case's numbers, and the missing ones.

    `numbers` has the columns of `sources.case.NUMBERS`; without the column `input` nothing is
    given. A count covers the days from `period_start` to `period_end`, or those of its unit ("a
    day", "a week", "a month", "a year"); a rate's unit may be %, per thousand or per million.

    Raises InputError for an unknown input, one that is marked twice, one without a source, or a
    figure that can't be.

    >>> numbers = pl.DataFrame({"id": ["a"], "value": [2077.0], "unit": ["alerts a year"],
    ...     "period_start": [None], "period_end": [None], "publisher": ["X"], "url": ["u"],
    ...     "confidence": ["V1"], "input": ["alerts"]})
    >>> found = reckoner_inputs(numbers)
    >>> found.given["alerts"].days, "searches" in found.missing
    (365.0, True)
    """
    needed = ("id", "value", "unit", "publisher", "url")
    require_columns(numbers, needed, "The numbers")
    marked = (
        numbers.filter(pl.col("input").cast(pl.String).str.strip_chars() != "")
        if "input" in numbers.columns
        else numbers.clear()
    )
    given: dict[str, ProgrammeInput] = {}
    first: dict[str, str] = {}
    for row in marked.iter_rows(named=True):
        name = row["input"].strip()
        if name not in NAMES:
            raise InputError(
                f"numbers.csv, row {row['id']}, column input: '{name}' is no input of the "
                f"reckoner; use {', '.join(NAMES)}{near(name, list(NAMES))}.",
                f"numbers.csv {row['id']} 행 input 열: '{name}'은 계산기에 없는 입력이다. "
                f"{', '.join(NAMES)} 가운데 하나를 쓴다.",
            )
        if name in given:
            raise InputError(
                f"numbers.csv, rows {first[name]} and {row['id']}: both are the input '{name}'; "
                "mark one, or add a row with their sum.",
                f"numbers.csv {first[name]} 행과 {row['id']} 행이 모두 입력 '{name}'이다. 하나만 "
                "표시하거나, 더한 수를 한 행으로 적는다.",
            )
        if lacking := [each for each in ("publisher", "url") if not row[each]]:
            raise InputError(
                f"numbers.csv, row {row['id']}, column {lacking[0]}: an input of the reckoner "
                "needs its source; fill it in.",
                f"numbers.csv {row['id']} 행 {lacking[0]} 열: 계산기에 넣을 수치에는 출처가 "
                "필요하다. 채운다.",
            )
        given[name], first[name] = _from_row(name, row), row["id"]
    _check_together(given)
    return FoundInputs(given, tuple(name for name in NAMES if name not in given))


def entered_inputs(texts: Sequence[str], days: float) -> dict[str, ProgrammeInput]:
    """Return inputs written as NAME=NUMBER, all assumed; counts cover `days`.

    Raises InputError for a text of another form, an unknown name, or nonsense.

    >>> entered_inputs(["alerts=1,200"], 30)["alerts"].value
    1200.0
    """
    inputs = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            value = float(number.replace(",", ""))
        except ValueError:
            raise InputError(
                f"'{shortened(text, 60)}': write NAME=NUMBER, such as searches=20000.",
                f"'{shortened(text, 60)}': searches=20000처럼 이름=수로 적는다.",
            ) from None
        inputs[name.strip()] = ProgrammeInput(
            value, "assumed", "가정", days=days if name.strip() in COUNTED else None
        )
    return checked_inputs(inputs)


def disclosed_inputs(row: Mapping[str, Any]) -> dict[str, ProgrammeInput]:
    """Return the inputs of one row of `sources.disclosed_counts`, each with its source."""
    source = f"{row['publisher']} ({row['confidence']})"
    return checked_inputs(
        {
            name: ProgrammeInput(
                row[name],
                source,
                days=row["days"] if name in COUNTED else None,
                basis="disclosed",
                url=row["url"],
            )
            for name in NAMES
            if row.get(name) is not None
        }
    )


@lru_cache(maxsize=1)
def reference_inputs() -> dict[str, ProgrammeInput]:
    """Return the ranges used for unknown rates, with where each comes from.

    FNIR: NIST's measured systems at FPIR 0.003 with 1.6 million enrolled; the lowest tenth on
    police portraits, the median on border pictures, the highest tenth on kiosk pictures (systems at
    0.99 or more are left out: no threshold works). FPIR: NIST's setting, and the lowest above 0 and
    the highest that an operator of `disclosed_counts` has disclosed. Share of wanted people:
    lowest, median and highest share of confirmed alarms among the same operators' searches.

    >>> reference_inputs()["fpir"].value
    0.003
    """
    operators = disclosed_counts().filter(pl.col("kind").is_in(["face", "gate"]))
    return {
        "wanted_share": _disclosed_shares(operators),
        "fpir": _disclosed_alarm_rates(operators),
        "fnir": _measured_misses(),
    }


def _disclosed_shares(operators: pl.DataFrame) -> ProgrammeInput:
    """Return confirmed alarms among searches: lowest, median and highest."""
    right = pl.coalesce("confirmed", pl.col("alerts") - pl.col("false_alerts"))
    known = operators.select(share=right / pl.col("searches")).filter(pl.col("share") > 0)
    shares = known["share"].sort()
    middle = shares.median()
    assert isinstance(middle, float)
    return ProgrammeInput(
        middle,
        f"confirmed alarms among searches of {len(shares)} programmes that disclosed both: "
        "lowest, median, highest",
        f"둘 다 공개한 사업 {len(shares)}곳의 검색 가운데 확인된 경보: 최저, 중앙값, 최고",
        shares[0],
        shares[-1],
        basis="reference",
    )


def _disclosed_alarm_rates(operators: pl.DataFrame) -> ProgrammeInput:
    """Return NIST's setting of FPIR, from the lowest above 0 to the highest that was disclosed."""
    nist = measured_publication()
    wrong = pl.coalesce(pl.col("alerts") - pl.col("confirmed"), "false_alerts")
    rates = operators.select(rate=pl.coalesce("fpir", wrong / pl.col("searches")))
    fpir = rates.filter(pl.col("rate") > 0)["rate"].to_list()
    return ProgrammeInput(
        SET_FPIR,
        f"NIST's setting ({nist.date}); range: lowest and highest of {len(fpir)} disclosed",
        f"NIST의 설정({nist.date}). 범위는 공개된 {len(fpir)}개 가운데 최저와 최고",
        min(fpir),
        max(fpir),
        basis="reference",
        url=nist.url,
    )


def _measured_misses() -> ProgrammeInput:
    """Return FNIR of the systems that NIST measured, on three kinds of picture."""
    nist = measured_publication()
    systems = measured_systems().filter(
        pl.col("years_apart").is_null(), pl.col("fnir") < BROKEN, gallery_size=SIZE, fpir=SET_FPIR
    )

    def misses(probe: str, quantile: float) -> float:
        found = systems.filter(probe=probe)["fnir"].quantile(quantile, "linear")
        assert found is not None
        return float(found)

    return ProgrammeInput(
        misses("Border", 0.5),
        f"NIST ({nist.date}) at FPIR 0.003, 1.6 million people: lowest tenth on police "
        "portraits, median on border pictures, highest tenth on kiosk pictures",
        f"NIST({nist.date}), FPIR 0.003, 160만 명: 경찰 사진의 하위 10%, 국경 사진의 중앙값, "
        "무인 기기 사진의 상위 10%",
        misses("Mugshot", 0.1),
        misses("Kiosk", 0.9),
        basis="reference",
        url=nist.url,
    )


def _from_row(name: str, row: dict[str, Any]) -> ProgrammeInput:
    unit = str(row["unit"] or "").casefold()
    value = row["value"]
    days = None
    if name in COUNTED:
        days = next((float(days) for said, days in _DAYS.items() if said in unit), None)
        start, end = row.get("period_start"), row.get("period_end")
        if days is None and start is not None and end is not None:
            days = (end - start).days + 1.0
    elif name in SHARES and value is not None:
        value *= next((scale for said, scale in _SCALES.items() if said in unit), 1)
    source = str(row["publisher"] or "")
    if row.get("confidence"):
        source += f" ({row['confidence']})"
    given = ProgrammeInput(
        math.nan if value is None else value,
        source,
        days=days,
        basis="disclosed",
        url=str(row["url"] or ""),
    )
    try:
        _check_one(name, given)
    except InputError as error:
        ko = f"numbers.csv {row['id']} 행. {error.ko}" if error.ko else ""
        raise InputError(f"numbers.csv, row {row['id']}: {error}", ko) from error
    return given


def _check_one(name: str, given: ProgrammeInput) -> None:
    ends = (given.least, given.value, given.most)
    label, label_ko = NAMES[name]
    if not all(math.isfinite(end) for end in ends) or sorted(ends) != list(ends):
        raise InputError(
            f"The {label} ({name}) must be a number, within its own range.",
            f"{label_ko}({name}): 범위 안의 수여야 한다.",
        )
    if name in SHARES and not 0 <= ends[0] <= ends[2] <= 1:
        raise InputError(
            f"The {label} ({name}) is {given.value:g}: a share is from 0 to 1, so write 0.1 % as "
            "0.001.",
            f"{label_ko}({name}) {given.value:g}: 비율은 0에서 1까지이다. 0.1%는 0.001로 적는다.",
        )
    least = 1 if name in ("gallery_size", "searches") else 0
    if name not in SHARES and ends[0] < least:
        raise InputError(
            f"The {label} ({name}) are {given.value:g}: give {least} or more.",
            f"{label_ko}({name}) {given.value:g}: {least} 이상이어야 한다.",
        )
    if given.days is not None and not (math.isfinite(given.days) and given.days > 0):
        raise InputError(
            f"The {label} ({name}) cover {given.days:g} days: give more than 0.",
            f"{label_ko}({name}): 기간 {given.days:g}일은 0보다 길어야 한다.",
        )


def _check_together(known: Inputs) -> None:
    for part, whole in (
        ("confirmed", "alerts"),
        ("false_alerts", "alerts"),
        ("alerts", "searches"),
        ("confirmed", "searches"),
        ("false_alerts", "searches"),
    ):
        if not {part, whole} <= set(known):
            continue
        one, all_ = known[part], known[whole]
        if whole == "alerts" and one.days != all_.days:
            raise InputError(
                f"The {part} cover {_days(one)} and the {whole} {_days(all_)}: give both for the "
                "same period.",
                f"{NAMES[part][1]}와 {NAMES[whole][1]}의 기간이 다르다. 같은 기간의 수를 적는다.",
            )
        # by the day if the periods differ
        per = 1.0 if one.days is None or all_.days is None else all_.days / one.days
        if (one.days is None) == (all_.days is None) and one.least * per > all_.most:
            raise InputError(
                f"There are {one.value:,.10g} {part} and only {all_.value:,.10g} {whole}: a part "
                "can't be more than the whole.",
                f"{NAMES[part][1]} {one.value:,.10g}, {NAMES[whole][1]} {all_.value:,.10g}: 일부가 "
                "전체보다 많을 수 없다.",
            )
    if {"alerts", "confirmed", "false_alerts"} <= set(known):
        right, wrong, alarms = (known[name] for name in ("confirmed", "false_alerts", "alerts"))
        if right.least + wrong.least > alarms.most:
            raise InputError(
                f"{right.value:,.10g} confirmed and {wrong.value:,.10g} false alarms are more than "
                f"{alarms.value:,.10g} alarms.",
                f"확인된 경보 {right.value:,.10g}건과 오경보 {wrong.value:,.10g}건의 합이 경보 "
                f"{alarms.value:,.10g}건보다 많다.",
            )


def _days(given: ProgrammeInput) -> str:
    return "an unknown period" if given.days is None else f"{given.days:g} days"
