"""Write a reckoning as sentences in English and Korean."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import polars as pl

from onetomany.confidence import PERCENT, PERCENT_KO, TAIL
from onetomany.printing import Notice, shortened
from .accuracy_claims import CLAIMED, MEANINGS
from .alarm_rates import PEOPLE_DIFFER
from .programme_inputs import NAMES, SHARES, Inputs, reference_inputs
from .reckoner import FIGURES, YEAR, Reckoning

Row = dict[str, Any]
Form = Callable[[float], str]


def short_number(value: float, *, digits: int = 3, whole: bool = True) -> str:
    """Return a number as a reader wants it: three digits, and above 1,000 whole if it was counted.

    >>> short_number(12345.6), short_number(12345.6, whole=False), short_number(5.2582)
    ('12,346', '12,300', '5.26')
    """
    if whole and abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{float(f'{value:.{digits}g}'):,.12f}".rstrip("0").rstrip(".")
    return text or "0"


def _short_share(value: float) -> str:
    """Return a share: as a number, or as 1 in so many if it is small.

    >>> _short_share(0.25), _short_share(1 / 424_000), _short_share(0)
    ('0.25', '1/424,000', '0')
    """
    if 0 < value < 0.01:
        return f"1/{short_number(1 / value, whole=False)}"
    return short_number(value)


def describe_reckoning(found: Reckoning) -> list[Notice]:
    """Return the figures, their reference ranges and the missing inputs, a sentence each.

    >>> from onetomany.accuracy.reckoner import reckon
    >>> counts = reckon({"alerts": 20, "confirmed": 5})
    >>> describe_reckoning(counts)[1].en.split("; ")[1:]
    ['95 % for another such period: 0.866 to 10', '20 alarms).']
    """
    counts = {
        name: short_number(found.used[name].value)
        for name in ("alerts", "searches")
        if name in found.used
    }
    said = {"alerts": ("{} alarms", "경보 {}건"), "searches": ("{} searches", "검색 {}건")}
    of = [", ".join(said[name][n].format(count) for name, count in counts.items()) for n in (0, 1)]
    en = ("range", f"{PERCENT} for another such period", of[0])
    ko = ("범위", f"같은 기간이 또 있을 때의 {PERCENT_KO} 구간", of[1])
    told = []
    for name, sentence in _SENTENCES.items():
        row = found.figure(name)
        if row["value"] is not None or row["low"] is not None:
            form = _form(name, str(row["basis"]))
            told.append(
                Notice(
                    sentence[0].format(_figure(row, form, " to ", en)),
                    sentence[1].format(_figure(row, form, "~", ko)),
                )
            )
    return [*told, *_remarks(found)]


def _remarks(found: Reckoning) -> Iterator[Notice]:
    """Yield sentences on unknown inputs and on contradictions."""
    if any(_referenced(found)):
        yield _from_reference(found)
    if found.contradicted:
        yield Notice(
            "These disclosures contradict each other: the disclosed FPIR alone would give more "
            "alarms a day than were disclosed.",
            "공개된 수가 서로 어긋난다. 공개된 FPIR만으로도 공개된 것보다 많은 경보가 나온다.",
        )
    if "searches" in found.missing and "alerts" in found.missing:
        yield Notice(
            "Alarms a day can't be calculated: neither alarms nor searches are disclosed.",
            "경보 수도 검색 수도 공개되지 않아 하루의 경보를 계산할 수 없다.",
        )
    if found.missing:
        yield Notice(
            "Ask for: " + "; ".join(NAMES[name][0] for name in found.missing) + ".",
            "요구할 것: " + ", ".join(NAMES[name][1] for name in found.missing) + ".",
        )


_SENTENCES = {
    "alarms_a_day": ("Alarms a day: {}.", "하루 경보: {}."),
    "right_of_ten": ("Right, of ten alarms: {}.", "경보 10건 가운데 맞는 것: {}."),
    "wrong_a_year": (
        "People stopped wrongly a year, if each false alarm stops one: {}.",
        "오경보마다 한 사람을 멈춰 세운다면 한 해에 잘못 멈춰 세우는 사람: {}.",
    ),
    "false_alarm_rate": ("False alarms per search: {}.", "검색당 오경보: {}."),
    "false_candidates_a_day": (
        "False candidates a day (searches × list × FMR): {}.",
        "하루의 잘못된 후보(검색 × 명단 × FMR): {}.",
    ),
}


def _figure(row: Row, form: Form, to: str, words: tuple[str, str, str]) -> str:
    """Return a figure with its range, its interval and the counts behind it, in brackets."""
    value = row["value"]
    if value is None:
        return _span(row, "low", "high", to, form)
    parts = []
    if row["low"] != row["high"]:
        parts.append(f"{words[0]} {_span(row, 'low', 'high', to, form)}")
    if row["interval_low"] is not None:
        ends = _span(row, "interval_low", "interval_high", to, form)
        parts += [f"{words[1]}: {ends}", words[2]]
    return form(value) + (f" ({'; '.join(parts)})" if parts else "")


def _form(figure: str, basis: str) -> Form:
    """Return how a figure is written: shares as 1 in so many, calculated ones with three digits."""
    if figure == "false_alarm_rate":
        return _short_share
    return partial(short_number, whole=basis == "counted")


def _span(row: Row, low: str, high: str, between: str, form: Form) -> str:
    return between.join(form(end) for name in (low, high) if (end := row[name]) is not None)


def _referenced(found: Reckoning) -> list[str]:
    return [name for name, each in found.used.items() if each.basis == "reference"]


def _from_reference(found: Reckoning) -> Notice:
    """Return which inputs are unknown, their ranges, and where those come from."""
    en, ko = [], []
    for name in _referenced(found):
        each = found.used[name]
        ends = [_short_share(end) for end in (each.least, each.most)]
        en.append(f"{NAMES[name][0]}: {' to '.join(ends)} ({shortened(each.source)})")
        ko.append(f"{NAMES[name][1]}: {'~'.join(ends)} ({shortened(each.source_ko)})")
    return Notice(
        f"Not disclosed, so a range was used: {'. '.join(en)}.",
        f"공개되지 않아 범위를 썼다. {'. '.join(ko)}.",
    )


def undisclosed(given: Inputs) -> Notice:
    """Return the names of the inputs that are not given; 'none' if all are.

    >>> undisclosed({}).en.split("; ")[1]
    'faces searched'
    """
    names = [label for name, label in NAMES.items() if name not in given]
    if not names:
        return Notice("none", "없음")
    return Notice("; ".join(en for en, _ in names), ", ".join(ko for _, ko in names))


def reckoner_page(programmes: pl.DataFrame, *, days_a_year: float = YEAR) -> dict[str, Any]:
    """Return names, reference ranges and programmes for the report's form.

    Takes `sources.disclosed_counts`. The formulas are in `report/assets/reckoner.js`.
    """
    inputs = [name for name in NAMES if name in programmes.columns or name in SHARES]
    listed = [
        {name: row[name] for name in (*inputs, "days") if row.get(name) is not None}
        | {"name_en": row["name_en"], "name_ko": row["name_ko"]}
        | {"source": f"{row['publisher']} ({row['confidence']})", "url": row["url"]}
        for row in programmes.iter_rows(named=True)
    ]
    references = {
        name: {"value": each.value, "low": each.least, "high": each.most}
        | {"source": each.source, "source_ko": each.source_ko}
        for name, each in reference_inputs().items()
    }
    return {
        "order": inputs,
        "names": {
            **NAMES,
            "days": ("days that the counts cover", "수가 걸친 날"),
            "claim": ("claimed accuracy, %", "주장된 정확도, %"),
        },
        "figures": [[name, *label] for name, label in FIGURES.items()],
        "bases": _BASES,
        "meanings": [[name, *texts] for name, texts in MEANINGS.items()],
        "fits": {"true": _FITS[True], "false": _FITS[False]},
        "references": references,
        "programmes": listed,
        "people_differ": PEOPLE_DIFFER,
        "tail": TAIL,
        "year": days_a_year,
    }


def worded_figures(figures: pl.DataFrame) -> pl.DataFrame:
    """Return `reckoner.RECKONED` with texts for a table: `said`, `range`, `interval`, basis.

    Rows without a value or a range are left out. `basis_en` and `basis_ko` are words.
    """
    rows = []
    for row in figures.iter_rows(named=True):
        if row["value"] is None and row["low"] is None:
            continue
        form = _form(row["figure"], row["basis"])
        interval = _span(row, "interval_low", "interval_high", " – ", form) or None
        rows.append(row | {"interval": interval} | _worded(row, form))
    return _with_texts(figures, rows, ("said", "range", "interval", "basis_en", "basis_ko"))


_UNKNOWN = "not known 모름"  # a share that may be anything


def worded_inputs(inputs: pl.DataFrame) -> pl.DataFrame:
    """Return `reckoner.INPUTS_USED` with texts for a table: `said`, `range`, and basis words."""
    rows = []
    for row in inputs.iter_rows(named=True):
        days = None if row["days"] is None else short_number(row["days"])
        texts = _worded(row, _short_share if row["input"] in SHARES else short_number)
        if (row["low"], row["high"]) == (0, 1):
            texts["said"] = _UNKNOWN
        texts["days_en"] = None if days is None else "a day" if days == "1" else f"in {days} days"
        texts["days_ko"] = None if days is None else f"{days}일간"
        rows.append(row | texts)
    words = ("said", "range", "days_en", "days_ko", "basis_en", "basis_ko")
    return _with_texts(inputs, rows, words)


def _worded(row: Row, form: Form) -> dict[str, str | None]:
    """Return a value, its range if it has one, and the words of its basis."""
    basis_en, basis_ko = _BASES[row["basis"]]
    return {
        "said": "–" if row["value"] is None else form(row["value"]),
        "range": _span(row, "low", "high", " – ", form) if row["low"] != row["high"] else None,
        "basis_en": basis_en,
        "basis_ko": basis_ko,
    }


def _with_texts(frame: pl.DataFrame, rows: list[Row], texts: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={**frame.schema, **dict.fromkeys(texts, pl.String)})


def worded_meanings(implied: pl.DataFrame) -> pl.DataFrame:
    """Return `accuracy_claims.IMPLIED` with a text for each figure, and for `fits`."""

    def text(row: dict[str, Any], name: str) -> str | None:
        if row[f"{name}_low"] is None:
            return None
        form = partial(short_number, whole=False, digits=4 if name == "right_of_ten" else 3)
        ends = [form(row[f"{name}_{end}"]) for end in ("low", "high")]
        spread = " – ".join(dict.fromkeys(ends))
        value = row[name]
        if value is None:
            return spread
        return f"{form(value)} ({spread})" if ends[0] != ends[1] else form(value)

    rows = [
        row
        | {f"{name}_text": text(row, name) for name in CLAIMED}
        | dict(zip(("fits_en", "fits_ko"), _FITS[row["fits"]], strict=True))
        for row in implied.iter_rows(named=True)
    ]
    return _with_texts(implied, rows, [*(f"{name}_text" for name in CLAIMED), "fits_en", "fits_ko"])


_BASES = {
    "counted": ("counted by the operator", "운영자가 센 것"),
    "calculated": ("calculated", "계산"),
    "not known": ("not known", "모름"),
    "disclosed": ("disclosed", "공개됨"),
    "reference": ("not disclosed: reference range", "공개되지 않음: 참고 범위"),
    "assumed": ("assumed", "가정"),
}
_FITS = {
    None: (None, None),
    True: ("the disclosed alarms are inside this range", "공개된 경보 수는 이 범위 안"),
    False: ("the disclosed alarms are outside this range", "공개된 경보 수는 이 범위 밖"),
}
