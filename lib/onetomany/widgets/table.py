"""Offer `onetomany risk` as a form for JupyterLab."""

from __future__ import annotations

import html
from pathlib import Path

import ipywidgets
from IPython.display import HTML, display

from onetomany.charts.assessment import crowd_sizes_chart, without_column_chart
from onetomany.charts.languages import both
from onetomany.errors import InputError
from onetomany.printing import Notice, printable, shortened
from onetomany.reidentification.assessment import (
    Assessment,
    assess,
    describe_assessment,
    to_give_up,
)
from onetomany.reidentification.hidden_values import hide_values
from onetomany.reidentification.own_table import OwnTable, own_table
from .one_language import error_html, show_both, spoken

_WIDE = {"style": {"description_width": "230px"}, "layout": ipywidgets.Layout(width="760px")}
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
    path = ipywidgets.Text(
        description=spoken("File 파일"), placeholder="people.csv, .xlsx ...", **_WIDE
    )
    dates = ipywidgets.Dropdown(
        options=[(spoken(words), order) for words, order in _DATES],
        description=spoken(both("A date such as 03/04/2019", "03/04/2019 같은 날짜")),
        **_WIDE,
    )
    drop = ipywidgets.Checkbox(
        value=False,
        description=spoken("Leave out columns that name people 식별 번호 열 빼기"),
        **_WIDE,
    )
    columns = ipywidgets.SelectMultiple(
        options=[],
        rows=8,
        description=spoken("Columns others may know 남이 아는 열"),
        **_WIDE,
    )
    population = ipywidgets.Text(
        description=spoken("Sample of how many people 모집단 인원"),
        placeholder=spoken("if it is a random sample 무작위 표본일 때만"),
        **_WIDE,
    )
    opening = ipywidgets.Button(description=spoken("Open 열기"), button_style="primary")
    counting = ipywidgets.Button(description=spoken("Count 세기"), disabled=True)
    shown = ipywidgets.Output()
    held: dict[str, OwnTable] = {}

    def show(task: object) -> None:
        shown.clear_output()
        with shown:
            try:
                with hide_values(Path(path.value.strip()).name):
                    open_() if task is opening else count()
            except InputError as error:
                display(HTML(error_html(error)))

    def open_() -> None:
        counting.disabled = True
        held.clear()
        opened = own_table(Path(path.value.strip()), dates=dates.value, drop_identifiers=drop.value)
        held["table"] = opened
        names = opened.frame.lazy().collect_schema().names()
        columns.options = [(shortened(name, 60), name) for name in names]
        counting.disabled = False
        _say(opened.notices)
        count()

    def count() -> None:
        found = assess(
            held["table"].frame, list(columns.value), population=_people(population.value)
        )
        columns.value = found.columns
        _show(found, Path(path.value.strip()).name)

    opening.on_click(show)
    counting.on_click(show)
    buttons = ipywidgets.HBox([opening, counting])
    return ipywidgets.VBox([path, dates, drop, columns, population, buttons, shown])


def _people(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    if not digits:
        return None
    if not digits.isdecimal():
        raise InputError(f"'{shortened(text, 40)}' people: give a whole number, such as 51000000.")
    return int(digits)


def _say(notices: tuple[Notice, ...] | list[Notice]) -> None:
    for notice in notices:
        en, ko = (html.escape(printable(text)) for text in notice)
        show_both(en, ko)


def _show(found: Assessment, name: str) -> None:
    _say(describe_assessment(found))
    source = shortened(name, 80)
    display(crowd_sizes_chart(found.crowds, source=source))
    if len(without := to_give_up(found)):
        display(without_column_chart(without, found.anonymity.unique, source=source))
