"""Choose the inputs of the reckoner from a case's figures, and say which rows would add one."""

import polars as pl

from onetomany.accuracy.programme_inputs import NAMES, Inputs, ProgrammeInput, reckoner_inputs
from onetomany.errors import InputError
from .case_folder import Case

Pair = tuple[str, str]  # English and Korean

_SUSPECTS = (
    "the searched pictures are of suspects whom somebody chose, so any share may be on the list",
    "누군가 고른 용의자의 사진을 검색하므로 얼마나 명단에 있는지 알 수 없다",
)
# units of figures that are often an input
_UNITS = {
    "searches": "searches",
    "faces": "searches",
    "travellers": "searches",
    "passengers": "searches",
    "alerts": "alerts",
    "alarms": "alerts",
    "matches": "alerts",
    "hits": "alerts",
    "images": "gallery_size",
    "photos": "gallery_size",
    "templates": "gallery_size",
}
_ASKED = ("searches", "alerts", "confirmed", "false_alerts", "gallery_size")


def case_inputs(case: Case) -> tuple[Inputs, list[Pair]]:
    """Return the reckoner's inputs that a case's figures are, and sentences on the missing inputs.

    The inputs are the rows of numbers.csv that its column `input` marks. If case.toml says that
    suspects are searched, the share of wanted people is taken as anything from 0 to 1, because the
    reference range is that of passers-by; without alerts nothing follows then. A fault of the
    marked rows leaves no inputs and is the only sentence.

    >>> from onetomany.cases.case_folder import read_case
    >>> sorted(case_inputs(read_case("holyhead-london"))[0])
    ['alerts', 'confirmed', 'gallery_size', 'searches']
    """
    try:
        given = dict(reckoner_inputs(case.numbers).given)
    except InputError as error:
        return {}, [(str(error), error.ko or str(error))]
    if case.about.searched == "suspects" and "wanted_share" not in given:
        if "searches" in given and "alerts" not in given:
            del given["searches"]
        elif "searches" in given:
            given["wanted_share"] = ProgrammeInput(0.5, *_SUSPECTS, 0, 1, basis="reference")
    return given, _missing_inputs(case, given)


def input_fault(case: Case) -> InputError | None:
    """Return why the marked figures can't be inputs of the reckoner together, or None."""
    try:
        reckoner_inputs(case.numbers)
    except InputError as error:
        return error
    return None


def _missing_inputs(case: Case, given: Inputs) -> list[Pair]:
    """Return which inputs no figure gives, and which rows of numbers.csv may be one."""
    lacking = [name for name in _ASKED if name not in given]
    if not lacking or case.numbers.is_empty():
        return []
    names = "; ".join(f"{name} ({NAMES[name][0]})" for name in lacking)
    names_ko = ", ".join(f"{name}({NAMES[name][1]})" for name in lacking)
    head = (
        f"In numbers.csv no row is marked as {names} in the column input."
        if given
        else f"No row of numbers.csv is marked as an input of the reckoner. Its column input "
        f"would need one of {names}."
    )
    head_ko = f"numbers.csv의 input 열에 없는 것: {names_ko}."
    found = [(name, rows) for name in lacking if (rows := _candidates(case.numbers, name))]
    if found:
        listed = ", ".join(f"{row} ({name})" for name, rows in found for row in rows)
        head += f" Rows to check: {listed}. Mark a row if it is that count, for the same period."
        head_ko += f" 확인할 행: {listed}. 같은 기간을 센 수가 맞으면 표시한다."
    return [(head, head_ko)]


def _candidates(numbers: pl.DataFrame, name: str) -> list[str]:
    """Return the ids of up to three unmarked figures whose unit is that of an input."""
    units = [unit for unit, of in _UNITS.items() if of == name]
    kind = pl.col("unit").str.to_lowercase().str.split(" ").list.first()
    unmarked = numbers.filter(pl.col("input").is_null(), kind.is_in(units))
    return unmarked["id"].head(3).to_list()
