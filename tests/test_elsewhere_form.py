"""The menus of chapter 13 in JupyterLab filter the map and the table alike."""

from __future__ import annotations

from typing import Any

import pytest

from onetomany.charts.elsewhere import chosen_programmes, filter_menus, programme_map_chart
from onetomany.claims.programmes import with_sources
from onetomany.sources.elsewhere import programme_sources, programmes
from onetomany.widgets import elsewhere

TABLE = programmes()


def test_each_choice_of_a_menu_keeps_some_programmes_and_all_keeps_every_one() -> None:
    for name, options in filter_menus(TABLE).items():
        assert chosen_programmes(TABLE, {name: ""}).height == TABLE.height
        for label, value in options[1:]:
            kept = chosen_programmes(TABLE, {name: value})
            assert 0 < kept.height <= TABLE.height, label
    gates = chosen_programmes(TABLE, {"filter_functions": "functions-1-1"})
    assert gates["functions"].str.split(";").list.contains("1:1").all()


def test_the_menus_filter_the_map_and_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(elsewhere, "display", shown.append)
    form = elsewhere.programme_form(with_sources(TABLE, programme_sources()), source="s")
    menus, counted = form.children[:5], form.children[5]
    _, table = shown
    assert len(table.frame) == TABLE.height
    labels = [label for menu in menus for label, _ in menu.options]
    assert all(label.isprintable() for label in labels)  # no mark that a page replaces
    region = menus[0]
    region.value = "region-Latin-America"
    chart, table = shown[-2:]
    wanted = TABLE.filter(region="Latin America")
    assert len(table.frame) == wanted.height < TABLE.height
    assert counted.value.startswith(f"{wanted.height} of {TABLE.height}")
    params = {each["name"]: each for each in chart.to_dict()["params"]}
    assert params["filter_region"] == {"name": "filter_region", "value": "region-Latin-America"}
    menus[2].value = "functions-1-1"
    menus[0].value = "region-Africa"
    kept = chosen_programmes(TABLE, {"filter_functions": "functions-1-1",
                                     "filter_region": "region-Africa"})  # fmt: skip
    assert counted.value.startswith(f"{kept.height} of")


def test_without_a_choice_the_map_of_the_report_keeps_its_menus() -> None:
    params = programme_map_chart(TABLE, source="s").to_dict()["params"]
    menus = {each["name"]: each["bind"]["options"] for each in params if "bind" in each}
    assert {name: [value for _, value in options] for name, options in filter_menus(TABLE).items()
            } == menus  # fmt: skip
