"""Calculate alarms, right ones and people stopped wrongly from a programme's disclosures.

Counts of an operator are all there were in that period, so they have no sampling error; their
interval covers another period at the same rate, searches taken as independent (they
are not quite, so it is too narrow). If an input is unknown, the figures are calculated at the
ends of its reference range (`programme_inputs.reference_inputs`): that range is no interval.

With searches S a day, the share b of wanted people, FNIR m and FPIR f: right alarms are S b (1 - m)
a day, false ones S (1 - b) f. Without FPIR, f follows from FMR and the gallery by
`scale.independent`, a ceiling; the low end lets people differ as in chapter 04's simulation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from onetomany.errors import InputError
from . import programme_inputs as known
from .alarm_rates import Ends, Rows, daily_alarms, ends_of, figure_row, fpir_of_fmr, spread_figures
from .intervals import clopper_pearson
from .programme_inputs import NAMES, Inputs, ProgrammeInput

YEAR = 365.0
RECKONED = {
    "figure": pl.String,  # a key of FIGURES
    "name_en": pl.String,
    "name_ko": pl.String,
    "value": pl.Float64,  # null if it can't be calculated
    "low": pl.Float64,  # range owed to unknown inputs, or to alarms that nobody accounts for
    "high": pl.Float64,
    "interval_low": pl.Float64,  # for another such period; null if not counted
    "interval_high": pl.Float64,
    "basis": pl.String,  # counted, calculated, not known
}
INPUTS_USED = {
    **dict.fromkeys(("input", "name_en", "name_ko"), pl.String),
    **dict.fromkeys(("value", "low", "high", "days"), pl.Float64),
    **dict.fromkeys(("basis", "source_en", "source_ko", "url"), pl.String),  # basis: disclosed, ...
}
FIGURES = {
    "alarms_a_day": ("alarms a day", "하루 경보"),
    "right_of_ten": ("of ten alarms are right", "경보 10건 중 맞는 것"),
    "wrong_a_year": ("people stopped wrongly a year", "한 해에 잘못 멈춰 세우는 사람"),
    "false_alarm_rate": ("false alarms per search", "검색당 오경보"),
    "false_candidates_a_day": ("false candidates a day", "하루의 잘못된 후보"),
}


@dataclass(frozen=True)
class Reckoning:
    """Figures (`RECKONED`), the inputs they used, and the names of inputs that would help."""

    figures: pl.DataFrame
    used: dict[str, ProgrammeInput]
    missing: tuple[str, ...]
    contradicted: bool  # fewer alarms were disclosed than the disclosed rates imply

    @property
    def inputs(self) -> pl.DataFrame:
        """The inputs that were used, a row each (`INPUTS_USED`)."""
        rows = [
            {
                "input": name,
                "name_en": NAMES[name][0],
                "name_ko": NAMES[name][1],
                "value": each.value,
                "low": each.least,
                "high": each.most,
                "days": each.days,
                "basis": each.basis,
                "source_en": each.source,
                "source_ko": each.source_ko or each.source,
                "url": each.url or None,
            }
            for name, each in self.used.items()
        ]
        return pl.DataFrame(rows, schema=INPUTS_USED)

    def figure(self, name: str) -> dict[str, float | None]:
        """Return the row of one figure, a key of FIGURES."""
        return self.figures.row(by_predicate=pl.col("figure") == name, named=True)


def reckon(inputs: Mapping[str, ProgrammeInput | float], *, days_a_year: float = YEAR) -> Reckoning:
    """Calculate alarms a day, right ones of ten, and people stopped wrongly a year.

    `inputs` are some of `programme_inputs.NAMES`: counts such as searches, alerts and confirmed,
    and shares such as fmr and wanted_share, from 0 to 1. A plain number counts as assumed, a count
    as that of one day. Unknown rates get reference ranges. "Stopped" means that each false alarm
    stops a person; a year has `days_a_year` such days.

    Returns a `Reckoning`: `figure(name)` is the row of one figure (value, low, high), `figures` has
    all, `inputs` the numbers that they use. Without traffic or alarms, figures a day are null.

    Raises InputError for nonsense (see `programme_inputs.checked_inputs`) or a year without days.

    >>> import onetomany as otm
    >>> found = otm.reckon({"searches": 10_000, "wanted_share": 0.0001, "fpir": 0.001, "fnir": 0.1})
    >>> round(found.figure("right_of_ten")["value"], 2)
    0.83
    """
    if not 0 < days_a_year <= 366:
        raise InputError(
            f"A year has from 1 to 366 days, not {days_a_year:g}.",
            f"한 해의 날수({days_a_year:g})는 1에서 366까지다.",
        )
    given = known.checked_inputs(inputs)
    if not given:
        raise InputError(
            f"Nothing is known of the programme: give at least one of {', '.join(NAMES)}.",
            f"아는 것이 없다. {', '.join(NAMES)} 가운데 하나는 적어야 한다.",
        )
    counted = "alerts" in given and {"confirmed", "false_alerts"} & set(given)
    rows, used = (_counted if counted else _modelled)(given, days_a_year)
    rows |= _candidates(given)
    figures = pl.DataFrame(
        [
            {"figure": name, "name_en": en, "name_ko": ko} | rows.get(name, _NOT_KNOWN)
            for name, (en, ko) in FIGURES.items()
        ],
        schema=RECKONED,
    )
    wanted = ("searches", "alerts", "confirmed", "wanted_share", "fpir", "fnir")
    missing = tuple(name for name in wanted if name not in given)
    return Reckoning(figures, used, missing, _contradicts(given))


def reckon_all(programmes: pl.DataFrame, *, days_a_year: float = YEAR) -> pl.DataFrame:
    """Return the figures of each of `sources.disclosed_counts`: `id`, names, `kind`, `RECKONED`.

    The names are the programme's. Raises InputError as `reckon` does.
    """
    parts = []
    for row in programmes.iter_rows(named=True):
        found = reckon(known.disclosed_inputs(row), days_a_year=days_a_year)
        words = [pl.lit(row[name]).alias(name) for name in ("id", "kind", "name_en", "name_ko")]
        parts.append(found.figures.drop("name_en", "name_ko").with_columns(words))
    return pl.concat(parts).select("id", "kind", *RECKONED)


_NOT_KNOWN = figure_row(None, basis="not known")


def _counted(given: Inputs, year: float) -> tuple[Rows, dict[str, ProgrammeInput]]:
    """Return figures from the operator's own counts of alarms and of right or wrong ones."""
    alerts, right, wrong = (given.get(name) for name in ("alerts", "confirmed", "false_alerts"))
    assert alerts is not None
    false = _false_among(alerts.value, right, wrong)
    rows: Rows = {}
    if alerts.value > 0:
        rest = [1 - part / alerts.value for part in (false[0], false[2], false[1])]
        low, high = _exact(false, alerts.value)
        ends = (10 * (1 - high), 10 * (1 - low))
        rows["right_of_ten"] = figure_row(*_scaled(rest, 10), ends, "counted")
    searches = given.get("searches")
    # the traffic of another period can't have these counts above
    same = searches.value if searches is not None and searches.days == alerts.days else None
    if same is not None:
        ends = _exact(false, same)
        rows["false_alarm_rate"] = figure_row(*_scaled(false, 1 / same), ends, "counted")
    if alerts.days is not None:
        spread = None
        if same is not None:
            low, high = _exact((alerts.value,) * 3, same)
            spread = (low * same / alerts.days, high * same / alerts.days)
        rows["alarms_a_day"] = figure_row(
            alerts.value / alerts.days, interval=spread, basis="counted"
        )
        trials, yearly = same or alerts.value, year / alerts.days
        low, high = _exact(false, trials) if trials > 0 else (0.0, 0.0)
        ends = (low * trials * yearly, high * trials * yearly)
        rows["wrong_a_year"] = figure_row(*_scaled(false, yearly), ends, "counted")
    names = ("searches", "alerts", "confirmed", "false_alerts")
    return rows, {name: given[name] for name in names if name in given}


def _false_among(alarms: float, right: ProgrammeInput | None, wrong: ProgrammeInput | None) -> Ends:
    """Return how many alarms were false: the operator's account, and its least and most.

    Only confirmed alarms count as right; those that nobody accounts for may be either.
    """
    if right is None:
        assert wrong is not None
        return wrong.value, wrong.least, wrong.most
    rest = alarms - right.value
    return rest, 0.0 if wrong is None else min(wrong.least, rest), rest


def _modelled(given: Inputs, year: float) -> tuple[Rows, dict[str, ProgrammeInput]]:
    """Return figures from rates, at the middle of each range and at all corners."""
    counts = {name: given[name] for name in known.COUNTED if name in given}
    undated = bool(counts) and all(each.days is None for each in counts.values())
    a_day = {
        name: ends_of(each, 1.0 if undated else each.days)
        for name, each in counts.items()
        if undated or each.days is not None
    }
    if "alerts" in a_day and "searches" not in a_day:  # nothing limits how many can be right
        rows, used = _unaccounted(a_day["alerts"], year), {"alerts": given["alerts"]}
    else:
        rows, used = _from_rates(given, a_day, year)
    if undated:
        rows = {name: row for name, row in rows.items() if name in _WITHOUT_DAYS}
    return rows, used


_WITHOUT_DAYS = ("right_of_ten", "false_alarm_rate")


def _from_rates(
    given: Inputs, a_day: Mapping[str, Ends], year: float
) -> tuple[Rows, dict[str, ProgrammeInput]]:
    used = {name: given[name] for name in a_day if name != "false_alerts"}
    used["fnir"] = given.get("fnir", known.reference_inputs()["fnir"])
    if not {"confirmed", "searches"} <= set(a_day):
        used["wanted_share"] = given.get("wanted_share", known.reference_inputs()["wanted_share"])
    parts = {short: a_day.get(name) for short, name in _SHORT.items()}
    parts["m"] = ends_of(used["fnir"])
    parts["b"] = ends_of(used["wanted_share"]) if "wanted_share" in used else None
    if not parts["A"]:
        parts["f"], more = _alarm_rate(given, a_day)
        used |= more
    rows = spread_figures(parts, daily_alarms, year)
    if parts["A"]:
        rows["alarms_a_day"]["basis"] = "counted"
        if "wanted_share" in used and used["wanted_share"].basis == "reference":
            # other programmes' share bounds this one's, and is no estimate of it
            for name in ("right_of_ten", "wrong_a_year"):
                rows[name]["value"] = None
    elif (rate := parts["f"]) is not None:
        rows["false_alarm_rate"] = figure_row(*rate)
        if "false_alerts" in used:
            _add_interval(rows, used["false_alerts"], given["searches"], a_day["searches"], year)
    return rows, {name: used[name] for name in NAMES if name in used}


_SHORT = {"S": "searches", "A": "alerts", "c": "confirmed"}


def _add_interval(
    rows: Rows, wrong: ProgrammeInput, searches: ProgrammeInput, a_day: Ends, year: float
) -> None:
    if wrong.days == searches.days:
        low, high = _exact(ends_of(wrong), searches.value)
        rows["false_alarm_rate"] |= {"interval_low": low, "interval_high": high}
        rows["false_alarm_rate"]["basis"] = "counted"
        yearly = a_day[0] * year
        rows["wrong_a_year"] |= {"interval_low": low * yearly, "interval_high": high * yearly}


def _alarm_rate(given: Inputs, a_day: Mapping[str, Ends]) -> tuple[Ends, dict[str, ProgrammeInput]]:
    """Return FPIR and the inputs it rests on: disclosed, counted, from FMR, or the reference."""
    if "fpir" in given:
        return ends_of(given["fpir"]), {"fpir": given["fpir"]}
    if {"false_alerts", "searches"} <= set(a_day):
        false, searches = a_day["false_alerts"], a_day["searches"]
        ends = (false[0] / searches[0], false[1] / searches[2], min(1.0, false[2] / searches[1]))
        return ends, {"false_alerts": given["false_alerts"]}
    if {"fmr", "gallery_size"} <= set(given):
        own = {name: given[name] for name in ("fmr", "gallery_size")}
        return fpir_of_fmr(ends_of(own["fmr"]), ends_of(own["gallery_size"])), own
    reference = known.reference_inputs()["fpir"]
    return ends_of(reference), {"fpir": reference}


def _unaccounted(alarms: Ends, year: float) -> Rows:
    return {
        "alarms_a_day": figure_row(*alarms, basis="counted"),
        "right_of_ten": figure_row(None, 0.0, 10.0, basis="not known"),
        "wrong_a_year": figure_row(None, 0.0, alarms[2] * year, basis="not known"),
    }


def _candidates(given: Inputs) -> Rows:
    """Return false candidates a day, if FMR, gallery and traffic are given."""
    if not {"fmr", "gallery_size", "searches"} <= set(given) or not given["searches"].days:
        return {}
    searches = given["searches"]
    parts = (
        ends_of(given["fmr"]),
        ends_of(given["gallery_size"]),
        ends_of(searches, searches.days),
    )
    middle, low, high = (
        faces * round(size) * rate for rate, size, faces in zip(*parts, strict=True)
    )
    return {"false_candidates_a_day": figure_row(middle, low, high)}


def _contradicts(given: Inputs) -> bool:
    """Return whether fewer alarms are disclosed than the disclosed FPIR and traffic imply."""
    if not {"alerts", "searches", "fpir"} <= set(given):
        return False
    alerts, searches = given["alerts"], given["searches"]
    if alerts.days is None or searches.days is None:
        return False
    # the most wanted people that the alarms allow
    others = searches.least / searches.days - alerts.most / alerts.days
    return alerts.most / alerts.days < others * given["fpir"].least


def _scaled(ends: Sequence[float], factor: float) -> Ends:
    middle, low, high = (each * factor for each in ends)
    return middle, low, high


def _exact(counts: Ends, trials: float) -> tuple[float, float]:
    """Return the exact interval from the fewest to the most counted."""
    whole = max(1, round(trials))
    least, most = (min(round(each), whole) for each in counts[1:])
    return clopper_pearson(least, whole).low, clopper_pearson(most, whole).high
