"""Charts on a telephone: none wider than its box, what was side by side one under another."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import errors, resize, wait_for
from onetomany.report import build_report
from sample_notebook import RENDERER, code, twin, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel]

ROWS = """
import polars as pl
from onetomany.charts.theme import past_end

rows = pl.DataFrame({
    "name": [f"a person called {n} 사람 {n}" for n in "abcdef"], "n": [1, 2, 3, 4, 5, 6],
    "kind": list("xyzxyz"), "text": ["0.9865 (0.9119 to 0.9980)"] * 6,
    "long": ["a long entry of a legend, which says what it is " + k for k in "xyzxyz"],
})
base = alt.Chart(rows).encode(y=alt.Y("name:N", title=None))
bar = base.mark_bar().encode(
    x=alt.X("n:Q", title="A title along the axis that is longer than a telephone is wide 긴 제목"),
    color=alt.Color("kind:N", legend=alt.Legend(orient="right", title="A legend beside the plot")),
).properties(width=260, height=150)
"""
CHARTS = {
    "beside": "alt.hconcat(bar, alt.Chart(rows).mark_point()"
    ".encode(x='n:Q', y=alt.Y('name:N', axis=None))"
    ".properties(width=260, height=150), spacing=60)",
    "facet": "bar.facet(facet='kind:N', columns=3)",
    "columns": "bar.encode(column='kind:N')",
    "past the end": "alt.layer(bar, past_end(base).encode(text='text:N'))",
    "fixed": "alt.layer(bar, base.mark_text(align='left').encode(x=alt.value(300), text='text:N'))",
    "under": "alt.vconcat(bar, alt.hconcat(bar, bar))",
    "bar ends": "alt.layer(bar, base.mark_text(align='left', dx=6)"
    ".encode(x='n:Q', text='text:N')).properties(width=500)",
    "legend": "bar.encode(color='long:N')",
    "nested": "alt.layer(alt.layer(bar, base.mark_tick().encode(x='n:Q')),"
    " base.mark_rule().encode(x=alt.datum(3)))",
}
PLOTS = {"beside": 2, "facet": 3, "columns": 3, "past the end": 1, "fixed": 1, "under": 3,
         "bar ends": 1, "legend": 1, "nested": 1}  # fmt: skip


@pytest.fixture(scope="module")
def site(driver: Chrome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("narrow")
    titled = ".properties(title=alt.TitleParams('A finding that takes more than one line of a "
    titled += "telephone', subtitle=['Source 출처: made for this test, and a long line besides']))"
    cells = [code(f"({chart}){titled}") for chart in CHARTS.values()]
    write_notebook(
        folder / "n" / "01_charts.ipynb",
        [*twin("# First\n\nA.", "# 처음\n\n가."), code(RENDERER), code(ROWS), *cells],
    )
    return build_report(folder / "n", folder / "out").parent


def open_page(driver: Chrome, site: Path, width: int) -> None:
    resize(driver, width)
    driver.get("about:blank")
    errors(driver)  # of the pages before
    driver.get(f"{site.as_uri()}/01_charts.html")
    wait_for(
        driver, 60, lambda d: len(d.find_elements(By.CSS_SELECTOR, "[data-drawn]")) == len(CHARTS)
    )
    assert errors(driver) == []


BOXES = """
return [...document.querySelectorAll('figure.chart')].map(figure => {
  const svg = figure.querySelector('svg.marks'), box = svg.getBoundingClientRect();
  const plots = [...svg.querySelectorAll('path.background')].map(p => p.getBoundingClientRect())
    .filter(p => p.width > 60 && p.height > 60 && p.height < 200);
  return {
    over: figure.scrollWidth - figure.clientWidth,
    scale: box.width / svg.width.baseVal.value,
    lefts: plots.map(p => Math.round(p.left)), tops: plots.map(p => Math.round(p.top)),
    names: [...svg.querySelectorAll('text')].filter(t => /called a/.test(t.textContent)).length,
    outside: [...svg.querySelectorAll('text')]
      .filter(t => t.getBoundingClientRect().right > box.right + 1).length,
  };
});
"""


def test_no_chart_is_wider_than_a_telephone(driver: Chrome, site: Path) -> None:
    open_page(driver, site, 390)
    found = dict(zip(CHARTS, driver.execute_script(BOXES), strict=True))
    for name, box in found.items():
        assert box["over"] <= 0, name
        assert box["outside"] == 0, name
        assert box["scale"] == 1, name  # letters keep their size
        plots = sorted(set(zip(box["tops"], box["lefts"], strict=True)))
        assert len({top for top, _ in plots}) >= PLOTS[name], (name, box)
    # the names along the shared axis are there for either plot
    assert found["beside"]["names"] == 2


def test_where_there_is_room_charts_stay_as_they_were_made(driver: Chrome, site: Path) -> None:
    open_page(driver, site, 1280)
    found = dict(zip(CHARTS, driver.execute_script(BOXES), strict=True))
    assert found["beside"]["names"] == 1
    assert len(set(found["beside"]["tops"])) == 1
    assert found["past the end"]["scale"] == found["fixed"]["scale"] == 1


ORDER = """
return [...document.querySelectorAll('.drawing')].map(each => Number(each.dataset.drawn));
"""


def test_the_charts_in_view_are_drawn_first(driver: Chrome, site: Path) -> None:
    open_page(driver, site, 1280)
    times = driver.execute_script(ORDER)
    assert times[0] == min(times)
    driver.execute_script("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    driver.execute_script("document.querySelector('[data-set=ko]').click()")
    korean = ".drawing[data-language=ko]"
    wait_for(driver, 60, lambda d: len(d.find_elements(By.CSS_SELECTOR, korean)) == len(CHARTS))
    again = driver.execute_script(ORDER)
    assert again[-1] < again[0]
    assert min(again) > max(times)


def test_a_chart_that_is_not_drawn_yet_has_its_still_in_print_alone(
    driver: Chrome, site: Path
) -> None:
    resize(driver, 1280)
    driver.get("about:blank")
    # a page whose charts can't be drawn: none of its scripts is there but the site's own
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*vega.js"]})
    try:
        driver.get(f"{site.as_uri()}/01_charts.html")
        stills = wait_for(driver, 20, lambda d: d.find_elements(By.CSS_SELECTOR, "img.still"))
        assert len(stills) == len(CHARTS)
        assert not any(each.is_displayed() for each in stills)
        for each in stills:
            name = str(each.get_attribute("src")).removeprefix(f"{site.as_uri()}/")
            assert (site / name).is_file()
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        # shown once their files are loaded
        wait_for(driver, 60, lambda _: all(each.is_displayed() for each in stills))
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    open_page(driver, site, 1280)
    assert not driver.find_elements(By.CSS_SELECTOR, "img.still")
