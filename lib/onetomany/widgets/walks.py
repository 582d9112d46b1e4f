"""Offer `onetomany behaviour` as a form for JupyterLab."""

import html
from functools import partial
from pathlib import Path

import ipywidgets
import polars as pl
from IPython.display import HTML, display

from onetomany.behaviour import UNITS, Judged, Site, judge, read_rules, read_site, read_walks
from onetomany.cage import accept_weak_isolation
from onetomany.charts.behaviour import flagged_rates_chart
from onetomany.errors import InputError, OneToManyError
from onetomany.printing import printable
from onetomany.tracking.numbers_text import Notices
from .one_language import error_html, labelled, spoken

_field = partial(labelled, name=190, width=760)
_SHOWN = 20


def walks_form(*, weak_isolation: bool = False) -> ipywidgets.VBox:
    """Return a form for a file of walks, its unit, frame rate and site.toml.

    A button applies the rules and shows the summary, the first flags, the chart of chapter 06, and
    the rules that could not be applied. Nothing is written or sent. A fault in the file is shown in
    its place. `weak_isolation` permits reading the file on a system that can't isolate the reader.
    """
    if weak_isolation:
        accept_weak_isolation()
    path = _field(ipywidgets.Text, "File 파일", placeholder="walks.csv")
    site = _field(ipywidgets.Text, "Gates and zones 문과 구역", placeholder="site.toml")
    units = [(spoken("as the file says 파일대로"), None), *((each, each) for each in UNITS)]
    unit = _field(ipywidgets.Dropdown, "Unit of the places 위치의 단위", options=units)
    hint = spoken("if times are frames 시각이 장면 번호일 때")
    fps = _field(ipywidgets.Text, "Frames a second 초당 장면 수", placeholder=hint)
    simulated = _field(ipywidgets.Checkbox, "Simulated 모의 자료", value=False)
    button = ipywidgets.Button(description=spoken("Judge 판단"), button_style="primary")
    shown = ipywidgets.Output()

    def run(_: object) -> None:
        shown.clear_output()
        with shown:
            try:
                place = Site() if not site.value.strip() else read_site(Path(site.value.strip()))
                walks = read_walks(
                    Path(path.value.strip()), unit=unit.value, fps=_rate(fps.value.strip())
                )
                found = judge(walks, read_rules(), place)
            except OneToManyError as error:
                display(HTML(error_html(error)))
                return
            _show(found, walks.notices, Path(path.value.strip()).name, simulated.value)

    button.on_click(run)
    return ipywidgets.VBox([path, unit, fps, site, simulated, button, shown])


def _rate(text: str) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(
            f"'{text}' is not a number of frames a second: give a number, such as 25.",
            f"초당 장면 수 '{text}': 25처럼 수로 적는다.",
        ) from None


def _show(found: Judged, notices: Notices, name: str, simulated: bool) -> None:
    rules = read_rules()
    said = "".join(
        f"<p lang='en'>{html.escape(printable(notice.en))}</p>"
        f"<p lang='ko'>{html.escape(printable(notice.ko))}</p>"
        for notice in notices
    )
    en, ko = (html.escape(printable(sentence)) for sentence in found.not_judged)
    display(HTML(f"{said}{_table(found.summary)}<p lang='en'>{en}</p><p lang='ko'>{ko}</p>"))
    if found.flags.height:
        first = found.flags.head(_SHOWN).with_columns(
            pl.col("rule").replace({key: rule.name for key, rule in rules.items()}),
            pl.col("t_start", "t_end", "value").round(2),
        )
        more = f"<p>{_SHOWN} / {found.flags.height:,}</p>" if found.flags.height > _SHOWN else ""
        display(HTML(_table(first) + more))
    if found.rates["rate"].is_not_null().any():
        display(
            flagged_rates_chart(
                found.rates,
                {key: rule.name for key, rule in rules.items()},
                {key: rule.axis for key, rule in rules.items()},
                source=printable(name),
                simulated="walks, as stated by the user 사용자가 밝힘" if simulated else None,
            )
        )


_HEADS = {
    "rule": "Rule 규칙",
    "id": "Person 사람",
    "t_start": "From 시작, s",
    "t_end": "To 끝, s",
    "value": "Value 값",
    "unit": "Unit 단위",
    "threshold": "Threshold 임계값",
}


_IN_BOTH = ("rule", "Rule 규칙", "Flagged 걸림")  # columns of words of ours


def _table(frame: pl.DataFrame) -> str:
    frame = frame.with_columns(
        pl.col(name).map_elements(spoken, pl.String) for name in _IN_BOTH if name in frame.columns
    )
    names = (spoken(_HEADS.get(name, name)) for name in frame.columns)
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(printable(cell))}</td>" for cell in row) + "</tr>"
        for row in frame.iter_rows()
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
