"""Calculate alarms from rates: at the middle of each input and at the ends of its range.

With searches S a day, the share b of wanted people, FNIR m and FPIR f: right alarms are S b (1 - m)
a day, false ones S (1 - b) f.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from .programme_inputs import ProgrammeInput
from .scale import alarm_precision, independent

# how much people's own FMRs differ at most in the stored run of chapter 04: the coefficient of
# variation with which `independent` gives its FPIR (tests/test_reckoner.py calculates it again)
PEOPLE_DIFFER = 3.3

Ends = tuple[float, float, float]  # middle, low, high
Row = dict[str, float | str | None]
Rows = dict[str, Row]
Alarms = tuple[float | None, float | None, float | None]  # a day, share right, false a day


def figure_row(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    interval: tuple[float, float] | None = None,
    basis: str = "calculated",
) -> Row:
    """Return one row of `reckoner.RECKONED` without its names; without a range it is the value."""
    ends = interval or (None, None)
    return {
        "value": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "interval_low": ends[0],
        "interval_high": ends[1],
        "basis": basis,
    }


def daily_alarms(at: Mapping[str, float]) -> Alarms:
    """Return alarms a day, the share of right ones and false ones a day.

    `at` has searches a day S, confirmed alarms a day c or the wanted share b, FNIR m, and FPIR f or
    alarms a day A.

    >>> alarms, right, false = daily_alarms({"S": 1000, "b": 0.01, "m": 0.5, "f": 0.01})
    >>> round(alarms, 2), round(right, 3), round(false, 2)
    (14.9, 0.336, 9.9)
    """
    searches, miss, found = at.get("S"), at["m"], at.get("c")
    if found is not None and searches is not None:  # the confirmed alarms give the wanted share
        share = min(1.0, found / searches / (1 - miss)) if miss < 1 else 1.0
    else:
        share = at["b"]
        found = None if searches is None else searches * share * (1 - miss)
    if "A" in at:
        assert found is not None
        right = min(found, at["A"])
        return at["A"], (right / at["A"] if at["A"] > 0 else None), at["A"] - right
    precision = alarm_precision(at["f"], miss, share)["precision"][0]
    if searches is None or found is None:
        return None, precision, None
    false = searches * (1 - share) * at["f"]
    return found + false, precision, false


def spread_figures(
    parts: Mapping[str, Sequence[float] | None],
    alarms: Callable[[dict[str, float]], Alarms],
    year: float,
) -> Rows:
    """Return figures at the middle of each part and the extremes over all corners.

    A part is its middle and the points at which extremes can be, its ends at least. `alarms` takes
    one number for each part that is known and returns alarms a day, the share of them that is
    right, and false alarms a day; each must rise or fall with every part between these points.
    """
    known = {name: ends for name, ends in parts.items() if ends is not None}
    corners = product(*(dict.fromkeys(ends[1:]) for ends in known.values()))
    middle = alarms({name: ends[0] for name, ends in known.items()})
    found = [middle, *(alarms(dict(zip(known, each, strict=True))) for each in corners)]
    rows: Rows = {}
    for place, (name, scale) in enumerate(
        (("alarms_a_day", 1.0), ("right_of_ten", 10.0), ("wrong_a_year", year))
    ):
        ends = [value * scale for each in found if (value := each[place]) is not None]
        if ends:
            value = middle[place]
            rows[name] = figure_row(None if value is None else value * scale, min(ends), max(ends))
    return rows


def fpir_of_fmr(fmr: Ends, size: Ends) -> Ends:
    """Return FPIR from FMR and gallery size: the ceiling, and less if people differ.

    >>> [round(each, 3) for each in fpir_of_fmr((1e-6,) * 3, (1e6,) * 3)]
    [0.632, 0.355, 0.632]
    """
    middle, high = (float(independent(fmr[n], size[n])["fpir"][0]) for n in (0, 2))
    low = float(independent(fmr[1], size[1], cv=PEOPLE_DIFFER)["fpir"][0])
    return middle, low, high


def ends_of(given: ProgrammeInput, days: float | None = None) -> Ends:
    """Return the middle, low and high end of an input, of a count a day over `days`."""
    per = days or 1.0
    return given.value / per, given.least / per, given.most / per
