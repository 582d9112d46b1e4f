"""Calculate the alarms that a sentence such as "99.9 % accurate" implies, by meaning.

A bare percentage may be a rate of pairs, of searches, of wanted people or of alarms.
The same number implies alarms that differ by orders of magnitude; under some meanings it says
nothing about false alarms at all.
"""

from collections.abc import Callable, Mapping

import polars as pl

from onetomany.errors import InputError
from .alarm_rates import Alarms, Rows, ends_of, spread_figures
from .intervals import rate_columns
from .programme_inputs import ProgrammeInput, checked_inputs, reference_inputs
from .reckoner import YEAR, reckon

MEANINGS = {
    "fmr": (
        "Of pairs of two different people, this share does not match (1 − FMR).",
        "서로 다른 두 사람의 쌍 가운데 일치하지 않는 비율(1 − FMR).",
        "the length of the list, and how many wanted people are missed",
        "명단의 길이, 그리고 찾는 사람을 얼마나 놓치는지",
    ),
    "fpir": (
        "Of searches of people on no list, this share raises no alarm (1 − FPIR).",
        "명단에 없는 사람의 검색 가운데 경보가 울리지 않는 비율(1 − FPIR).",
        "how many wanted people are missed",
        "찾는 사람을 얼마나 놓치는지",
    ),
    "fnmr": (
        "Of pairs of one person, this share matches (1 − FNMR).",
        "같은 사람의 쌍 가운데 일치하는 비율(1 − FNMR).",
        "anything about false alarms",
        "오경보에 관한 것 전부",
    ),
    "tpir": (
        "Of searches of wanted people, this share raises the right alarm (1 − FNIR).",
        "찾는 사람의 검색 가운데 맞는 경보가 울리는 비율(1 − FNIR).",
        "anything about false alarms",
        "오경보에 관한 것 전부",
    ),
    "rank_1": (
        "Of searches of wanted people, this share puts them first, without a threshold (rank 1).",
        "찾는 사람의 검색 가운데 임계값 없이 본인이 1순위로 나오는 비율.",
        "that every search of anybody returns a candidate, whom a person must reject",
        "누구를 검색해도 후보가 나오며 사람이 물리쳐야 한다는 것",
    ),
    "precision": (
        "Of alarms, this share is right.",
        "경보 가운데 맞는 것의 비율.",
        "how many alarms there are, and how many wanted people are missed",
        "경보가 몇 건인지, 찾는 사람을 얼마나 놓치는지",
    ),
    "decisions": (
        "Of all decisions, alarm or none, this share is right.",
        "경보를 울리거나 울리지 않은 모든 판단 가운데 맞는 것의 비율.",
        "that a system that never raises an alarm scores almost as high, because few are wanted",
        "찾는 사람이 드물어 경보를 한 번도 울리지 않는 시스템도 거의 같은 점수를 얻는다는 것",
    ),
}
_TEXTS = ("meaning_en", "meaning_ko", "silent_en", "silent_ko")  # of a meaning
CLAIMED = ("alarms_a_day", "right_of_ten", "wrong_a_year")
IMPLIED = {
    "meaning": pl.String,  # a key of MEANINGS
    **dict.fromkeys(_TEXTS, pl.String),
    **rate_columns(*CLAIMED),
    "fits": pl.Boolean,  # whether the disclosed alarms a day are possible; null if none are
}


def meanings_of_accuracy(
    accuracy: float, inputs: Mapping[str, ProgrammeInput | float], *, days_a_year: float = YEAR
) -> pl.DataFrame:
    """Return alarms a day, right ones of ten and wrong stops a year under each meaning (`IMPLIED`).

    `inputs` are those of `reckoner.reckon`. Of a claim about false alarms, misses are taken from
    the inputs, or from the reference range, and the other way round. Disclosed alarms are compared
    with each meaning and not used otherwise.

    Raises InputError for an accuracy outside 0 to 1.

    >>> claim = meanings_of_accuracy(0.999, {"searches": 10_000, "gallery_size": 5_000})
    >>> claim.filter(meaning="fmr")["alarms_a_day"].item() > 9_000
    True
    """
    if not 0 < accuracy <= 1:
        raise InputError(
            f"The accuracy {accuracy:g} is not a share from 0 to 1: write 99.9 % as 0.999.",
            f"정확도 {accuracy:g}: 99.9%는 0.999로 적는다.",
        )
    given = checked_inputs(inputs)
    alerts = given.get("alerts")
    per_day = alerts.value / alerts.days if alerts and alerts.days else None
    rows = []
    for meaning, texts in MEANINGS.items():
        figures = _implied(meaning, accuracy, given, days_a_year)
        row: dict[str, object] = dict(zip(_TEXTS, texts, strict=True))
        for name, own in figures.items():
            row |= {name: own["value"], f"{name}_low": own["low"], f"{name}_high": own["high"]}
        rows.append(row | {"meaning": meaning, "fits": _fits(per_day, figures)})
    return pl.DataFrame(rows, schema=IMPLIED)


def _fits(per_day: float | None, figures: Rows) -> bool | None:
    low, high = (figures.get("alarms_a_day", {}).get(end) for end in ("low", "high"))
    if per_day is None or not isinstance(low, float) or not isinstance(high, float):
        return None
    return low <= per_day <= high


def _implied(
    meaning: str, accuracy: float, given: Mapping[str, ProgrammeInput], year: float
) -> Rows:
    """Return the figures under one meaning."""
    claim = ProgrammeInput(1 - accuracy, "the claim", "주장")
    kept = ("searches", "gallery_size", "wanted_share")
    own = {name: given[name] for name in kept if name in given}
    if meaning in ("fmr", "fpir"):
        if meaning == "fmr" and "gallery_size" not in own:
            return {}
        return _three({**own, **_of(given, "fnir"), meaning: claim}, year)
    if meaning in ("fnmr", "tpir"):
        return _three({**own, **_of(given, "fpir", "fmr"), "fnir": claim}, year)
    if meaning == "rank_1":
        return _three({**own, "fpir": ProgrammeInput(1.0), "fnir": claim}, year)
    share, miss = (given.get(name, reference_inputs()[name]) for name in ("wanted_share", "fnir"))
    parts: dict[str, tuple[float, ...]] = {"b": ends_of(share), "m": ends_of(miss)}
    searches = own.get("searches")
    if searches and searches.days:
        parts["S"] = ends_of(searches, searches.days)
    if meaning == "precision":
        return spread_figures(parts, _of_alarms(accuracy), year)
    # where misses alone are all the errors, alarms are fewest
    for one, other in (("b", "m"), ("m", "b")):
        bends = [(1 - accuracy) / end for end in parts[other][1:] if end > 0]
        low, high = parts[one][1:3]
        parts[one] = (*parts[one], *(each for each in bends if low < each < high))
    return spread_figures(parts, _of_decisions(1 - accuracy), year)


def _of(given: Mapping[str, ProgrammeInput], *names: str) -> dict[str, ProgrammeInput]:
    return {name: given[name] for name in names if name in given}


def _three(inputs: Mapping[str, ProgrammeInput | float], year: float) -> Rows:
    figures = reckon(inputs, days_a_year=year).figures
    rows = figures.filter(pl.col("figure").is_in(CLAIMED)).iter_rows(named=True)
    return {row["figure"]: {end: row[end] for end in ("value", "low", "high")} for row in rows}


def _of_alarms(precision: float) -> Callable[[Mapping[str, float]], Alarms]:
    def alarms(at: Mapping[str, float]) -> Alarms:
        if "S" not in at:
            return None, precision, None
        right = at["S"] * at["b"] * (1 - at["m"])
        return right / precision, precision, right / precision - right

    return alarms


def _of_decisions(error: float) -> Callable[[Mapping[str, float]], Alarms]:
    """Return alarms if misses and false alarms together are a share `error` of all searches."""

    def alarms(at: Mapping[str, float]) -> Alarms:
        missed = min(at["b"] * at["m"], error)  # of all searches
        false = min(error - missed, 1 - at["b"])
        right = at["b"] - missed
        share = right / (right + false) if right + false > 0 else None
        if "S" not in at:
            return None, share, None
        return at["S"] * (right + false), share, at["S"] * false

    return alarms
