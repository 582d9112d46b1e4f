"""Offer menus of facts that show how many people a few facts leave."""

import html
from functools import partial

import ipywidgets
import polars as pl
from IPython.display import display

from onetomany.charts.mosaic import people_left_chart
from onetomany.printing import printable
from onetomany.reidentification.mosaic import mosaic
from .one_language import labelled, show_both, spoken

POPULATIONS = (10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)
FACTS = 3


def fact_picker(facts: pl.DataFrame) -> ipywidgets.VBox:
    """Return menus for up to three facts and a population, with bits and people left.

    Takes `fact_list.everyday_facts`. Everything is calculated in this process: no choice is
    written, sent or stored, and the menus open blank.
    """
    options = [
        ("—", None),
        *((f"{spoken(row['fact'])} ({row['share']:.1%})", row["fact"]) for row in facts.to_dicts()),
    ]
    menu = partial(labelled, ipywidgets.Dropdown, name=130, width=640)
    menus = {
        f"fact_{number}": menu(f"Fact {number} 사실 {number}", options=options)
        for number in range(1, FACTS + 1)
    }
    sizes = [(f"{size:,}", size) for size in POPULATIONS]
    people = menu("Among how many people 인구(명)", options=sizes, value=1_000_000)

    def show(population: int, **chosen: str | None) -> None:
        names = list(dict.fromkeys(name for name in chosen.values() if name))
        if not names:
            show_both("Choose a fact.", "사실을 고르세요.")
            return
        picked = pl.concat(facts.filter(fact=name) for name in names)
        if picked["group"].n_unique() < len(picked):
            show_both(
                "Two of these exclude each other: choose one of a kind.",
                "고른 사실 가운데 둘은 서로 맞지 않는다. 종류마다 하나만 고르세요.",
            )
            return
        found = mosaic(picked, population)
        _explain(found, picked, population)
        display(people_left_chart(found, population, source="named above 위에 적음"))

    shown = ipywidgets.interactive_output(show, {**menus, "population": people})
    return ipywidgets.VBox([*menus.values(), people, shown])


def _explain(found: pl.DataFrame, picked: pl.DataFrame, population: int) -> None:
    end = found.row(-1, named=True)
    whom, whom_ko, sources = (
        html.escape(printable("; ".join(picked[name].unique(maintain_order=True))))
        for name in ("of_en", "of_ko", "source")
    )
    show_both(
        f"These carry <b>{end['bits_so_far']:.1f} bits</b> if they are independent, "
        f"and leave <b>{end['left']:,.1f}</b> of {population:,} people. However they depend on "
        f"each other, between "
        f"{end['least']:,.0f} and {end['most']:,.0f} are left (Fréchet's bounds). Independence "
        f"and one population are assumed; the shares were counted among: {whom}. Sources: "
        f"{sources}.",
        f"서로 독립이면 <b>{end['bits_so_far']:.1f}비트</b>이고 {population:,}명 "
        f"가운데 <b>{end['left']:,.1f}명</b>이 남는다. 어떻게 얽혀 있든 남는 사람은 "
        f"{end['least']:,.0f}명에서 {end['most']:,.0f}명 사이다(프레셰 한계). 독립과 하나의 "
        f"모집단은 가정이며, 비율은 서로 다른 사람들에게서 센 것이다: {whom_ko}. 출처: "
        f"{sources}.",
    )
