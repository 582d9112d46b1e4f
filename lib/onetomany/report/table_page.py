"""One page on a reader's own table, which any browser opens from the disk; no script is in it."""

import base64
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import jinja2

import onetomany
from onetomany.charts.assessment import crowd_sizes_chart, without_column_chart
from onetomany.printing import Notice, shortened
from onetomany.reidentification.assessment import Assessment, describe_assessment, to_give_up
from .fonts import fonts_css
from .website import picture

LISTED = 200  # records
_WIDE, _NARROW = 460, 190  # pixels of a plot


def table_page(
    name: str, sha256: str, found: Assessment, notices: Sequence[Notice], *, day: date
) -> str:
    """Return the page as HTML, both languages in it, without any value of the table.

    `name` and `sha256` say which file was judged, `day` when.
    """
    shown = shortened(name, 80)
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    smallest = found.sized.filter(found.sized["class_size"] <= found.anonymity.k)["record"]
    known = {
        "name": shown,
        "sha256": sha256,
        "day": day.isoformat(),
        "version": onetomany.__version__,
        "found": describe_assessment(found),
        "charts": list(_charts(found, shown)),
        "smallest": smallest.head(LISTED).to_list(),
        "complete": len(smallest) <= LISTED,
        "k": found.anonymity.k,
        "notices": notices,
    }
    page = templates.get_template("table.html")
    # its fonts must contain the letters of the page
    return page.render(known, fonts=fonts_css(page.render(known, fonts="")))


def _charts(found: Assessment, source: str) -> Iterator[dict[str, Any]]:
    """Yield the page's charts: wide and narrow pictures, with the title as text beside them."""
    draws: list[Any] = [partial(crowd_sizes_chart, found.crowds)]
    if len(without := to_give_up(found)):
        draws.append(partial(without_column_chart, without, found.anonymity.unique))
    for draw in draws:
        wide, narrow = (draw(source=source, width=width).to_dict() for width in (_WIDE, _NARROW))
        title = wide.pop("title")  # as text of the page, which a narrow screen can wrap
        del narrow["title"]
        yield {
            "title": title["text"],
            "title_ko": title["subtitle"][0],
            "wide": _image(wide),
            "narrow": _image(narrow),
            "label": wide["description"],
        }


def _image(spec: dict[str, Any]) -> str:
    still = picture("A chart of the table", spec, keep=False)
    return "data:image/png;base64," + base64.b64encode(still).decode()
