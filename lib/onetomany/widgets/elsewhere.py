"""Offer the programmes elsewhere in JupyterLab: menus that filter the map and the table."""

import ipywidgets
import polars as pl
from IPython.display import display

from onetomany.charts.elsewhere import (
    chosen_programmes,
    filter_label,
    filter_menus,
    programme_map_chart,
)
from onetomany.charts.elsewhere_tables import programmes_table
from onetomany.charts.languages import both
from .one_language import labelled, spoken


def programme_form(programmes: pl.DataFrame, *, source: str) -> ipywidgets.VBox:
    """Return menus of region, place, function, consent and outcome over a map and a table.

    Takes `claims.programmes.with_sources`. Both show the programmes that have every chosen value.
    """
    menus = {
        name: labelled(
            ipywidgets.Dropdown,
            filter_label(name),
            name=140,
            width=420,
            options=[(spoken(label), value) for label, value in options],
        )
        for name, options in filter_menus(programmes).items()
    }
    counted, shown = ipywidgets.HTML(), ipywidgets.Output()

    def show(_: object = None) -> None:
        chosen = {name: str(menu.value) for name, menu in menus.items()}
        kept = chosen_programmes(programmes, chosen)
        many, every = kept.height, programmes.height
        told = both(f"{many} of {every} programmes", f"사업 {every}개 중 {many}개", " · ")
        counted.value = spoken(told)
        shown.clear_output(wait=True)
        with shown:
            display(programme_map_chart(programmes, source=source, chosen=chosen))
            if kept.height:
                display(programmes_table(kept, source=source))

    for menu in menus.values():
        menu.observe(show, names="value")
    show()
    return ipywidgets.VBox([*menus.values(), counted, shown])
