"""A notebook from anyone enters a page as words and plain charts, and nothing else."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from browser import close_other_tabs, errors, resize, wait_for
from onetomany.errors import OneToManyError
from onetomany.report import website as site
from onetomany.report.blocks import read_chapter
from onetomany.report.clean import ATTRIBUTES, TAGS, clean_html, refused_chart
from onetomany.report.website import Exhibit, write_site
from sample_notebook import code, twin

pytestmark = pytest.mark.browser

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
CALL = "document.documentElement.dataset.ran='yes'"
# none of these is refused by name: each must be made harmless
PAYLOADS = [
    f'<img src=x onerror="{CALL}">',
    f"<b onmouseover={CALL} onfocus={CALL} tabindex=0 autofocus>b</b>",
    f'<svg onload="{CALL}"><animate onbegin="{CALL}" attributeName="x" dur="1s"/></svg>',
    f"<svg><style><img src=x onerror={CALL}></style></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={CALL}></style></mglyph></table>",
    f"<svg><foreignObject><body onload={CALL}></foreignObject></svg>",
    '<svg><use href="data:image/svg+xml,<svg/>"/><a xlink:href="javascript:1">x</a></svg>',
    f'<a class="try" href="javascript:{CALL}">javascript</a>',
    f'<a class="try" href="java\tscript:{CALL}">tab</a>',
    f'<a class="try" href=" &#106;avascript:{CALL}">entity</a>',
    f'<a class="try" href="data:text/html,<body onload={CALL}>">data</a>',
    '<a href="//example.org/x">no scheme</a><a href="\\\\example.org\\x">share</a>',
    '<a href="file:///etc/passwd">file</a><a href="vbscript:1">vb</a>',
    '<form action="https://example.org"><input name=a autofocus><button>go</button></form>',
    '<base href="https://example.org/"><meta http-equiv="refresh" content="0;url=https://a.b">',
    '<div style="background:url(x.png);position:fixed">style</div>',
    f"<details open ontoggle={CALL}><summary>s</summary>d</details>",
    f'<noscript><p title="</noscript><img src=x onerror={CALL}>"></noscript>',
    f"<template><img src=x onerror={CALL}></template>",
    f"<video onerror={CALL}><source onerror={CALL}></video><audio autoplay onplay={CALL}></audio>",
    '<img src="data:image/svg+xml;base64,PHN2Zy8+"><img src="file:///etc/hostname">',
    f"<h2 id=chart-01-1 name=main data-chart=chart-01-1 data-set=en>h</h2><p id=main>{CALL}</p>",
    f"<!--<img src=--><img src=x onerror={CALL}>-->",
    f"<xmp><p title='</xmp><img src=x onerror={CALL}>'></xmp><plaintext>",
]
NAUGHTY = re.compile(
    rf"<(?!/?(?:{'|'.join(TAGS)})\b)[a-z!/?]|\son\w+\s*=|javascript:|vbscript:"
    r"|data:(?!image/(?:png|jpeg);base64,)"
    r"|<[^>]*\s(?:style|id|name|action|srcset|target|data-[\w-]+)\s*=",
    re.IGNORECASE,
)


def harmless(body: str) -> bool:
    return not NAUGHTY.search(re.sub(r">[^<]*<", "><", f">{body}<"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_each_payload_is_made_harmless(payload: str) -> None:
    cleaned = clean_html(payload)
    assert harmless(cleaned), cleaned
    assert clean_html(cleaned) == cleaned


PIECES = st.sampled_from(
    ["<svg>", "<math>", "<style>", "<title>", "<a href='", "<img src=\"", "javascript:", "x", "'>",
     '">', " onerror=1", "</", ">", "<!--", "-->", "<table>", "<mtext>", "<script>", "&#x6a;", "\0",
     "<![CDATA[", "]]>", "<p title='", "</style>", "<noscript>", "<template>", "data:text/html,"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_mixture_of_pieces_gets_through(body: str) -> None:
    cleaned = clean_html(body)
    assert harmless(cleaned), cleaned
    assert clean_html(cleaned) == cleaned


def test_what_chapters_say_stays_as_it_was() -> None:
    kept = (
        '<h2>Title</h2><p lang="ko">가 <a href="https://a.b/c?d=e">a</a> '
        '<a href="01_x.html#y">b</a> '
        '<a href="#z">c</a> <a href="mailto:a@b.c">d</a></p><ul><li><strong>x</strong></li></ul>'
        '<table class="dataframe"><thead><tr><th scope="col">a</th></tr></thead><tbody><tr>'
        '<td class="number">-1.5</td><td>a &lt; b</td></tr></tbody></table>'
        f'<details open=""><summary>s</summary><pre><code>c</code></pre></details>'
        f'<img src="data:image/png;base64,{PIXEL}" alt="a">'
    )
    assert clean_html(kept) == kept
    assert {name for names in ATTRIBUTES.values() for name in names}.isdisjoint({"id", "style"})


PLAIN: dict[str, Any] = {
    "data": {"values": [{"a": 1, "url": "https://a.b", "u": "https://a.b/c"}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "quantitative"}, "href": {"field": "u"}},
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"data": {"url": "https://a.b/c.csv"}}, "loads"),
        ({"data": {"url": "secret.csv"}}, "loads"),
        ({"data": {"url": "file:///etc/passwd", "name": "x"}}, "loads"),
        ({"layer": [{"data": {"url": "x.json"}}]}, "loads"),
        ({"transform": [{"lookup": "a", "from": {"data": {"url": "x"}, "key": "a"}}]}, "loads"),
        ({"mark": "image"}, "pictures"),
        ({"mark": {"type": "image", "url": "https://a.b/c.png"}}, "pictures"),
        ({"config": {"background": "url(https://a.b/c)"}}, "loads url"),
        ({"mark": {"type": "bar", "href": "javascript:alert(1)"}}, "leads to javascript"),
        ({"mark": {"type": "bar", "href": " JavaScript:alert(1)"}}, "leads to"),
        ({"encoding": {"href": {"value": "data:text/html,x"}}}, "leads to data"),
        ({"config": {"mark": {"href": "file:///etc/passwd"}}}, "leads to file"),
        ({"params": [{"name": "a", "bind": {"input": "text", "onfocus": "alert(1)"}}]}, "onfocus"),
        ({"params": [{"name": "a", "bind": {"input": "text", "element": "main"}}]}, "element"),
    ],
)  # fmt: skip
def test_a_chart_that_does_more_than_draw_is_refused(change: dict[str, Any], reason: str) -> None:
    assert refused_chart(PLAIN) is None
    assert reason in str(refused_chart(PLAIN | change))
    cell = code("chart")
    cell.outputs = [
        nbformat.v4.new_output("display_data", {"application/vnd.vegalite.v5+json": PLAIN | change})
    ]
    with pytest.raises(OneToManyError, match=r"01_a.ipynb, at cell \[1\]: "):
        read_chapter("01_a", nbformat.v4.new_notebook(cells=[cell]), Path())


def test_a_chart_that_is_only_a_link_is_refused() -> None:
    assert refused_chart("https://a.b/c.json")


def chart(**more: Any) -> dict[str, Any]:
    rows = [{"a": n, "b": 1 + n % 3, "u": u} for n, u in enumerate(["https://a.b/c", "#", None])]
    return {
        "data": {"values": rows},
        "title": f"</script><script>{CALL}</script><!--",
        "description": f'"><img src=x onerror="{CALL}">',
        "params": [{"name": "t", "value": 1, "bind": {"input": "range", "min": 0, "max": 2}}],
        "transform": [{"calculate": "datum.b + t", "as": "c"}],
        "mark": {"type": "bar", "tooltip": {"content": "data"}},
        "encoding": {
            "x": {"field": "a", "type": "ordinal"},
            "y": {"field": "c", "type": "quantitative"},
            "href": {"field": "u"},
        },
        **more,
    }


# what an expression may try in order to come out of its language
ESCAPES = [
    "constructor.constructor('CALL')()",
    "[].constructor.constructor('CALL')()",
    "{toString: replace}['x']",
    "window.document",
    "vega.loader()",
    "datum.constructor.constructor('CALL')()",
    "replace('x', 'x', datum.a.constructor)",
    "event.view.eval('CALL')",
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A hostile notebook and an honest one, laid out as a report and as an exhibit."""
    mime = "application__vnd.vegalite.v5+json"

    def shown(**data: Any) -> Any:
        cell = code("shown")
        cell.outputs = [
            nbformat.v4.new_output("display_data", {name.replace("__", "/"): each})
            for name, each in data.items()
        ]
        return cell

    everything = "\n\n".join(PAYLOADS)
    cells = [*twin("# 01 · H\n\n" + everything, "# 01 · 가\n\n" + everything)]
    cells += [shown(**{"text__html": each}) for each in PAYLOADS]
    cells += [shown(**{"text__markdown": everything}), shown(**{"text__plain": everything})]
    cells += [shown(**{"image__svg+xml": everything}), shown(**{mime: chart()})]
    honest = [
        *twin("# 02 · Fine", "# 02 · 좋음"),
        shown(**{mime: chart(title="A")}),
    ]
    executed = {
        "01_hostile": nbformat.v4.new_notebook(cells=cells),
        "02_honest": nbformat.v4.new_notebook(cells=honest),
        "javascript:document.title='ran'": nbformat.v4.new_notebook(cells=honest),
    }
    out = tmp_path_factory.mktemp("hostile")
    write_site(executed, out, out / "report")
    caption = {"figure-01-1": [f"<img src=x onerror={CALL}>", f"</p><script>{CALL}</script>"]}
    write_site(executed, out, out / "exhibit", Exhibit(caption, ("a", "나"), "../notebooks"))
    return [out / "report", out / "exhibit"]


@pytest.fixture(autouse=True)
def one_tab(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "driver" in request.fixturenames:
        close_other_tabs(request.getfixturevalue("driver"))


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("place", [0, 1], ids=["report", "exhibit"])
def test_a_hostile_notebook_runs_nothing_in_the_browser(
    driver: Chrome, pages: list[Path], place: int, width: int
) -> None:
    resize(driver, width)
    errors(driver)  # what other pages in this browser left is theirs
    driver.get((pages[place] / "01_hostile.html").as_uri())
    wait_for(driver, 30, lambda d: d.find_elements(By.CSS_SELECTOR, "[data-drawn]"))
    address = driver.current_url
    for link in driver.find_elements(By.CSS_SELECTOR, "main a"):
        href = str(link.get_dom_attribute("href") or "")
        if not href.startswith(("http", "mailto")):
            driver.execute_script("arguments[0].click()", link)
    driver.execute_script(
        "for (const each of document.querySelectorAll('main *:not(svg *)'))"
        " for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load'])"
        " each.dispatchEvent(new Event(kind))"
    )
    assert driver.execute_script("return document.documentElement.dataset.ran") is None
    assert driver.current_url.partition("#")[0] == address
    # nothing of it reached the policy: there was nothing left to stop
    assert errors(driver) == []
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_an_honest_page_draws_its_charts_under_the_policy(
    driver: Chrome, pages: list[Path], width: int
) -> None:
    resize(driver, width)
    for folder in pages:
        driver.get((folder / "02_honest.html").as_uri())
        wait_for(driver, 30, lambda d: d.find_elements(By.CSS_SELECTOR, "[data-drawn]"))
        assert len(driver.find_elements(By.CSS_SELECTOR, "svg.marks .mark-rect path")) == 3
        before = bar_heights(driver)
        driver.execute_script(
            "const s = document.querySelector('input[type=range]'); s.value = 2;"
            "s.dispatchEvent(new Event('input'))"
        )
        assert wait_for(driver, 5, lambda d, b=before: bar_heights(d) != b)
        # the menu opens, and its style sheet was read
        menu = driver.find_element(By.CSS_SELECTOR, ".vega-embed summary")
        assert menu.value_of_css_property("list-style-type") == "none"
        driver.get((folder / "index.html").as_uri())
        card = next(e for e in driver.find_elements(By.CSS_SELECTOR, "a.card")
                    if "javascript" in str(e.get_dom_attribute("href")))  # fmt: skip
        driver.execute_script("arguments[0].click()", card)
        assert wait_for(driver, 5, lambda d: "javascript" in d.current_url)
        assert driver.title != "ran"
        assert errors(driver) == []


def bar_heights(driver: Chrome) -> list[str]:
    bars = driver.find_elements(By.CSS_SELECTOR, "svg.marks .mark-rect path")
    return [str(bar.get_dom_attribute("d")) for bar in bars]


def test_the_policy_stops_what_would_get_through(driver: Chrome, pages: list[Path]) -> None:
    """The second line: the payloads put into the finished page, behind the sanitiser's back."""
    page = (pages[0] / "02_honest.html").read_text(encoding="utf-8")
    # no policy stops a page that leads elsewhere by itself: that is for the sanitiser alone
    payloads = [each for each in PAYLOADS if "refresh" not in each]
    inside = "\n".join([*payloads, f"<script>{CALL}</script>"])
    broken = pages[0] / "broken.html"
    # a script of the page's own may run, but not make another out of text
    (pages[0] / "own.js").write_text(
        "const own = document.documentElement.dataset;"
        "try { eval('1'); own.text = 'ran' } catch { own.text = 'stopped' }"
    )
    inside = f'<script src="own.js"></script>{inside}'
    broken.write_text(page.replace("<article>", f"<article>{inside}"), encoding="utf-8")
    driver.get(broken.as_uri())
    for link in driver.find_elements(By.CSS_SELECTOR, "a.try"):
        driver.execute_script("arguments[0].click()", link)
    ask = "return document.documentElement.dataset.ran"
    assert driver.execute_script(ask) is None
    assert driver.execute_script("return document.documentElement.dataset.text") == "stopped"
    assert "Content Security Policy" in " ".join(errors(driver))
    for attack in (
        "fetch('https://example.org').then(() => done('let'), () => done('stopped'))",
        "const i = new Image(); i.onload = () => done('let'); i.onerror = () => done('stopped');"
        "i.src = 'https://example.org/x.png'",
    ):
        run = f"const done = arguments[arguments.length - 1]; {attack}"
        assert driver.execute_async_script(run) == "stopped"
    # the page without the policy is the check of this test
    open_ = re.sub(
        r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", broken.read_text("utf-8")
    )
    broken.write_text(open_, encoding="utf-8")
    driver.get(broken.as_uri())
    assert wait_for(driver, 10, lambda d: d.execute_script(ask)) == "yes"
    broken.unlink()
    driver.get("about:blank")
    errors(driver)


@pytest.mark.parametrize("escape", ESCAPES)
def test_expressions_of_a_chart_stay_in_their_language(
    driver: Chrome, pages: list[Path], escape: str
) -> None:
    driver.get((pages[0] / "02_honest.html").as_uri())
    spec = chart(title="A")
    spec["transform"] = [{"calculate": escape.replace("CALL", CALL.replace("'", "\\'")), "as": "c"}]
    run = (
        "const done = arguments[arguments.length - 1]; const box = document.createElement('div');"
        "document.body.append(box); window.vegaEmbed(box, arguments[0], {ast: true})"
        ".then(() => done('drawn'), (e) => done(String(e)))"
    )
    driver.execute_async_script(run, spec)
    assert driver.execute_script("return document.documentElement.dataset.ran") is None
    errors(driver)


def test_the_policy_names_what_a_page_may_do() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in site.POLICY.split(";"))
    assert rules["default-src"] == rules["connect-src"] == rules["base-uri"] == "'none'"
    assert rules["form-action"] == "'none'"
    assert rules["script-src"] == "'self' file:"
    assert "unsafe-eval" not in site.POLICY
    assert not re.search(r"https?:|\*", site.POLICY)


def test_no_text_of_a_chart_can_end_its_script(pages: list[Path]) -> None:
    page = (pages[0] / "01_hostile.html").read_text(encoding="utf-8")
    (held,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert "<" not in held
    assert json.loads(held)["title"].endswith("<!--")
