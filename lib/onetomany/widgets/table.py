"""Offer `onetomany risk` as a form for JupyterLab."""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ipywidgets
from IPython.display import HTML, display

from onetomany.charts.assessment import crowd_sizes_chart, without_column_chart
from onetomany.charts.languages import both
from onetomany.errors import InputError
from onetomany.printing import Notice, printable, shortened
from onetomany.reidentification import assessment
from onetomany.reidentification.hidden_values import hide_values
from onetomany.reidentification.own_table import OwnTable, own_table
from .one_language import error_html, labelled, show_both, spoken

_field = partial(labelled, name=230, width=760)
_DATES = (
    ("not said 밝히지 않음", None),
    ("day first 일이 먼저", "day-first"),
    ("month first 월이 먼저", "month-first"),
)


def table_form() -> ipywidgets.VBox:
    """Return a form that opens a table and shows who can be singled out.

    The reader chooses columns and sees which of them to remove. Records are shown by number, never
    by value. Nothing is written or sent; the notebook contains the result only if it is saved. A
    fault in the file is shown in its place.
    """
    return _TableForm().box


class _TableForm:
    """The controls of one form, and the table that is open."""

    def __init__(self) -> None:
        self.path = _field(ipywidgets.Text, "File 파일", placeholder="people.csv, .xlsx ...")
        options = [(spoken(words), order) for words, order in _DATES]
        label = both("A date such as 03/04/2019", "03/04/2019 같은 날짜")
        self.dates = _field(ipywidgets.Dropdown, label, options=options)
        label = "Leave out columns that name people 식별 번호 열 빼기"
        self.drop = _field(ipywidgets.Checkbox, label, value=False)
        label = "Columns others may know 남이 아는 열"
        self.columns = _field(ipywidgets.SelectMultiple, label, rows=8)
        hint = spoken("if it is a random sample 무작위 표본일 때만")
        label = "Sample of how many people 모집단 인원"
        self.population = _field(ipywidgets.Text, label, placeholder=hint)
        opening = ipywidgets.Button(description=spoken("Open 열기"), button_style="primary")
        self.counting = ipywidgets.Button(description=spoken("Count 세기"), disabled=True)
        self.shown = ipywidgets.Output()
        self.table: OwnTable | None = None
        opening.on_click(lambda _: self._show(self._open))
        self.counting.on_click(lambda _: self._show(self._count))
        buttons = ipywidgets.HBox([opening, self.counting])
        asked = [self.path, self.dates, self.drop, self.columns, self.population]
        self.box = ipywidgets.VBox([*asked, buttons, self.shown])

    def _file(self) -> Path:
        return Path(self.path.value.strip())

    def _show(self, task: Callable[[], None]) -> None:
        self.shown.clear_output()
        with self.shown:
            try:
                with hide_values(self._file().name):
                    task()
            except InputError as error:
                display(HTML(error_html(error)))

    def _open(self) -> None:
        self.counting.disabled, self.table = True, None
        opened = own_table(self._file(), dates=self.dates.value, drop_identifiers=self.drop.value)
        self.table = opened
        names = opened.frame.lazy().collect_schema().names()
        self.columns.options = [(shortened(name, 60), name) for name in names]
        self.counting.disabled = False
        _say(opened.notices)
        self._count()

    def _count(self) -> None:
        assert self.table is not None
        people = _people(self.population.value)
        found = assessment.assess(self.table.frame, list(self.columns.value), population=people)
        self.columns.value = found.columns
        _say(assessment.describe_assessment(found))
        source = shortened(self._file().name, 80)
        display(crowd_sizes_chart(found.crowds, source=source))
        if len(without := assessment.to_give_up(found)):
            display(without_column_chart(without, found.anonymity.unique, source=source))


def _people(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    if not digits:
        return None
    if not digits.isdecimal():
        raise InputError(
            f"'{shortened(text, 40)}' is not a number of people: give a whole "
            "number, such as 51000000."
        )
    return int(digits)


def _say(notices: tuple[Notice, ...] | list[Notice]) -> None:
    for notice in notices:
        en, ko = (html.escape(printable(text)) for text in notice)
        show_both(en, ko)
