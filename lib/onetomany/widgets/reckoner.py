"""Offer the reckoner as a form for JupyterLab: fields for counts, sliders for rates."""

import html
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import ipywidgets
import polars as pl
from IPython.display import HTML, display

from onetomany.accuracy import programme_inputs as known
from onetomany.accuracy.accuracy_claims import meanings_of_accuracy
from onetomany.accuracy.reckoner import reckon
from onetomany.accuracy.reckoner_words import (
    describe_reckoning,
    worded_figures,
    worded_inputs,
    worded_meanings,
)
from onetomany.charts.languages import both
from onetomany.charts.reckoner import (
    accuracy_meanings_table,
    reckoner_inputs_table,
    reckoning_table,
)
from onetomany.errors import InputError
from onetomany.printing import shortened
from .one_language import error_html, labelled, show_both, spoken

_field = partial(labelled, name=330, width=620)
_NOTHING = (
    "Nothing is known yet: fill in one number.",
    "아직 아는 것이 없다. 수를 하나라도 적는다.",
)
_DAYS = "days that the counts cover 수가 걸친 날"
_CLAIM = "claimed accuracy, % 주장된 정확도, %"


def reckoner_form(
    start: Mapping[str, known.ProgrammeInput] | None = None, programmes: pl.DataFrame | None = None
) -> ipywidgets.VBox:
    """Return a form that calculates alarms and wrong stops from a programme's numbers.

    `start` fills the fields first; `programmes` (`sources.disclosed_counts`) are offered in a menu.
    A blank field is unknown; a rate counts only while it is ticked. A number keeps its source until
    it is changed, then it is assumed. Nothing is written or sent.
    """
    return _ReckonerForm(start or {}, programmes).box


class _ReckonerForm:
    """The controls of one form, and the inputs that they were filled with."""

    def __init__(
        self, start: Mapping[str, known.ProgrammeInput], programmes: pl.DataFrame | None
    ) -> None:
        self.filled: Mapping[str, known.ProgrammeInput] = {}
        self.filling = False
        counts = [name for name in known.NAMES if name not in known.SHARES]
        text = partial(_field, ipywidgets.Text)
        self.fields = {name: text(both(*known.NAMES[name]), placeholder="?") for name in counts}
        self.days = text(_DAYS, value="1")
        self.claim = text(_CLAIM, placeholder="99.9")
        small = {"width": "30px"}
        self.known = {name: ipywidgets.Checkbox(value=False, indent=False, layout=small)
                      for name in known.SHARES}  # fmt: skip
        self.rates = {name: _rate_slider(name) for name in known.SHARES}
        self.shown = ipywidgets.Output()
        rows = {} if programmes is None else {row["id"]: row for row in programmes.to_dicts()}
        options = [(spoken("your own numbers 내 숫자"), "")]
        options += [
            (spoken(both(row["name_en"], row["name_ko"])), key) for key, row in rows.items()
        ]
        self.menu = _field(ipywidgets.Dropdown, "Start 처음 값", options=options)
        self.menu.observe(
            lambda change: self.fill(
                known.disclosed_inputs(rows[change["new"]]) if change["new"] else {}
            ),
            names="value",
        )
        for control in (*self.fields.values(), self.days, self.claim, *self.known.values(),
                        *self.rates.values()):  # fmt: skip
            control.observe(lambda _: self.show(), names="value")
        pairs = [ipywidgets.HBox([self.known[name], self.rates[name]]) for name in known.SHARES]
        top = [self.menu] if rows else []
        self.box = ipywidgets.VBox(
            [*top, *self.fields.values(), self.days, *pairs, self.claim, self.shown]
        )
        self.fill(start)

    def fill(self, given: Mapping[str, known.ProgrammeInput]) -> None:
        """Put inputs into the controls, empty the others, and show the result once."""
        self.filling = True
        self.filled = given
        for name, field in self.fields.items():
            field.value = f"{given[name].value:.12g}" if name in given else ""
        for name in known.SHARES:
            self.known[name].value = name in given
            if name in given:
                self.rates[name].value = max(given[name].value, 1e-9)
        days = next((each.days for name, each in given.items() if name in known.COUNTED), 1)
        self.days.value = f"{days or 1:.12g}"
        self.filling = False
        self.show()

    def read(self) -> dict[str, known.ProgrammeInput]:
        """Return the inputs of the form. Raises InputError for a text that is no number."""
        days = _number(self.days.value, *_both(_DAYS))
        inputs = {}
        for name, field in self.fields.items():
            if field.value.strip():
                value = _number(field.value, *known.NAMES[name])
                inputs[name] = self._sourced(name, value, days if name in known.COUNTED else None)
        for name in known.SHARES:
            if self.known[name].value:
                inputs[name] = self._sourced(name, self.rates[name].value, None)
        return inputs

    def _sourced(self, name: str, value: float, days: float | None) -> known.ProgrammeInput:
        filled = self.filled.get(name)
        same = filled and abs(filled.value - value) <= 1e-9 * abs(value)
        if filled and same and (days is None or filled.days in (None, days)):
            return replace(filled, days=days if filled.days else filled.days)
        return known.ProgrammeInput(value, "assumed", "가정", days=days)

    def show(self) -> None:
        """Calculate again, and show the figures, the inputs and the sentences."""
        if self.filling:
            return
        self.shown.clear_output(wait=True)
        with self.shown:
            try:
                self._calculate()
            except InputError as error:
                display(HTML(error_html(error)))

    def _calculate(self) -> None:
        inputs = self.read()
        if not inputs:
            show_both(*_NOTHING)
            return
        found = reckon(inputs)
        source = "the inputs below 아래 입력"
        title = ("What the numbers imply", "이 수들이 뜻하는 것")
        display(reckoning_table(worded_figures(found.figures), title=title, source=source))
        for notice in describe_reckoning(found):
            en, ko = (html.escape(shortened(text, 900)) for text in notice)
            show_both(en, ko)
        title, own = ("What was used", "쓴 입력"), "each row its own 행마다 적힘"
        display(reckoner_inputs_table(worded_inputs(found.inputs), title=title, source=own))
        if self.claim.value.strip():
            claimed = _number(self.claim.value.rstrip("% "), *_both(_CLAIM))
            meanings = worded_meanings(meanings_of_accuracy(claimed / 100, inputs))
            title = (f"{claimed:g} %: of what?", f"{claimed:g}%: 무엇의 비율인가?")
            display(accuracy_meanings_table(meanings, title=title, source=source))


def _rate_slider(name: str) -> ipywidgets.FloatLogSlider:
    return _field(
        ipywidgets.FloatLogSlider,
        both(*known.NAMES[name]),
        value=known.reference_inputs()[name].value if name != "fmr" else 1e-6,
        min=-9,
        max=0,
        step=0.05,
        readout_format=".3g",
        continuous_update=False,
    )


def _both(label: str) -> tuple[str, str]:
    place = next(n for n, letter in enumerate(label) if letter >= "가")
    return label[:place].strip(), label[place:].strip()


def _number(text: str, label: str, label_ko: str) -> float:
    try:
        return float(text.replace(",", "").strip())
    except ValueError:
        wrong = shortened(text, 40)
        raise InputError(
            f"{label}: '{wrong}' is not a number; write 12000 or 0.5.",
            f"{label_ko}: 수가 아니다('{wrong}'). 12000이나 0.5처럼 적는다.",
        ) from None
