"""The exhibit's content: numbered items with their data, the same from run to run, told again."""

from __future__ import annotations

import copy
import hashlib
import importlib
import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import polars as pl
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from selenium.webdriver import Chrome

from browser import resize, wait_for
from onetomany import prose
from onetomany.cases.case_folder import shipped_cases
from onetomany.charts import evidence as charts
from onetomany.charts.theme import finish
from onetomany.cli import main
from onetomany.errors import InputError, OneToManyError
from onetomany.evidence import container, figures, keys, methods, pages, questions
from onetomany.evidence.bundle import seal
from onetomany.evidence.cited import cited_sources
from onetomany.evidence.exhibit import ExhibitPayload, build_payload, write_payload
from onetomany.evidence.figures import (
    Figure,
    _csv_bytes,
    _frame_of,
    _without_data,
    list_item_files,
    read_figures,
)
from onetomany.evidence.printed import LEAST, POINT, TURNED, UPRIGHT, Printed, _read, lay_out
from onetomany.evidence.reproduce import (
    _compare_bytes,
    _compare_exhibits,
    reproduce,
    version_differences,
)
from onetomany.evidence.typesetting import STANDARDS, Document, grid
from onetomany.evidence.verify import verify
from onetomany.examples import sample_bundle
from onetomany.report.blocks import read_chapter
from onetomany.report.execute import run_chapters
from onetomany.report.shown import pack_frame, unpack_frame
from onetomany.report.website import STAMP, STAMP_KO, picture
from onetomany.sources.tables import plain_text
from sample_notebook import code, twin, write_notebook
from test_accessibility import violations

pytestmark = pytest.mark.kernel

OPENING = """# 01 · Who alarms?

- **The question.** How often is nobody's face an alarm?
- **What you will see.** One chart.
- **How long it takes.** A second.
- **What it can't show.** Real travellers: there are none in it.
"""
OPENING_KO = """# 01 · 누구에게 경보가 울리는가

- **질문.** 아무도 아닌 얼굴에 얼마나 자주 경보가 울리는가?
- **볼 것.** 그림 하나.
- **걸리는 시간.** 일 초.
- **보여 줄 수 없는 것.** 실제 여행자. 여기에는 없다.
"""
SETUP = """
import altair as alt
import polars as pl

from onetomany.charts.theme import finish
from onetomany.prose import say

rates = pl.DataFrame(
    {"size": [10, 100, 1000], "fpir": [0.1, 0.5, 0.9], "fpir_low": [0.0, 0.4, 0.8],
     "fpir_high": [0.2, 0.6, 1.0], "who": ["없음", "a, b", None]}
)
"""
CHART = """
finish(
    alt.Chart(rates).mark_line().encode(x="size:Q", y="fpir:Q"),
    title="Alarms grow with the list",
    title_ko="명단이 길수록 경보가 늘어난다",
    source="made for this test; 40 people",
    description="False alarms against size. At 1,000 records 90 % with a 95 % interval; rest: 5 %.",
    simulated="scores of nobody 아무의 것도 아닌 점수",
)
"""
SAID = 'say("**12.5%** of 40 people (95 %: 4.2% to 26.8%).", "40명 가운데 **12.5%**이다.")'
PNG = (
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000"
    "000d4944415478da6364f8cf500f00038601805a347d6b0000000049454e44ae426082"
)
# both cite the page of the government's plan; only one uses what the kit read out of it
PLAN_09 = "https://example.org http://www.incheonilbo.com/news/articleView.html?idxno=953208"
PLAN_06 = f"from onetomany import terminal, behaviour\nbehaviour.published()\n{PLAN_09}"
PICTURE = f"from IPython.display import Image\nImage(bytes.fromhex('{PNG}'))"
TIMED = "pl.DataFrame({'seconds': [0.25]})"  # the tag says that it may differ


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exhibit-notebooks")
    cells = [*twin(OPENING, OPENING_KO), code(SETUP)]
    cells += [*twin("## One chart", "## 그림 하나"), code(CHART), code("rates"), code(SAID)]
    cells += [code("rates.head(2)"), code(TIMED, "varies"), code(PICTURE)]
    write_notebook(folder / "01_alarms.ipynb", cells)
    write_notebook(folder / "02_other.ipynb", twin("# 02 · Other", "# 02 · 다른 장"))
    return folder


@pytest.fixture(scope="module")
def executed(notebooks: Path) -> dict[str, Any]:
    return run_chapters([notebooks / "01_alarms.ipynb"])


@pytest.fixture(scope="module")
def payload(
    executed: dict[str, Any], notebooks: Path, tmp_path_factory: pytest.TempPathFactory
) -> ExhibitPayload:
    return write_payload(executed, notebooks, tmp_path_factory.mktemp("exhibit") / "one")


@pytest.fixture(scope="module")
def again(payload: ExhibitPayload) -> list[Figure]:
    """What the payload's notebooks show, read once more."""
    folder = payload.folder / "notebooks"
    chapters = [
        read_chapter(path.stem, nbformat.read(path, 4), folder) for path in folder.iterdir()
    ]
    return [item for chapter in chapters for item in read_figures(chapter)]


@pytest.fixture
def doctored(payload: ExhibitPayload, tmp_path: Path) -> Path:
    return Path(shutil.copytree(payload.folder, tmp_path / "doctored"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def items(folder: Path) -> dict[str, dict[str, object]]:
    listed = json.loads((folder / "figures.json").read_text(encoding="utf-8"))["figures"]
    return {f"{each['kind']} {each['number']}": each for each in listed}


def test_items_are_numbered_and_carry_what_was_shown(payload: ExhibitPayload) -> None:
    found = items(payload.folder)
    assert list(found) == [
        "figure 01-1",
        "table 01-1",
        "statement 01-1",
        "table 01-2",
        "table 01-3",
    ]
    chart = found["figure 01-1"]
    assert chart["exhibit"] == "A-1"
    assert chart["title"] == "Alarms grow with the list"
    assert chart["title_ko"] == "명단이 길수록 경보가 늘어난다"
    assert chart["sample"] == "40 people; 1,000 records"
    assert chart["interval"] == (
        "At 1,000 records 90 % with a 95 % interval; bounds in columns fpir_high, fpir_low"
    )
    assert str(chart["simulated"]).startswith("scores of nobody")
    assert found["table 01-1"]["title_ko"] == "그림 하나"
    assert found["table 01-1"]["interval"] == "bounds in columns fpir_low, fpir_high"
    assert found["statement 01-1"]["interval"] == "95 %: 4.2% to 26.8%"
    assert found["statement 01-1"]["numbers"] == ["12.5%", "40", "95 %", "4.2%", "26.8%"]
    assert [each["varies"] for each in found.values()] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("said", "sample", "interval"),
    [
        ("53 of 205 people (26%, 16% to 37%), at least.", "205 people", "26%, 16% to 37%"),
        ("0 images came of 608 entries.", "608 entries", ""),
        ("Rates over people, with a 95 % interval (DET)", "", "with a 95 % interval (DET)"),
        ("It was read (pages 3 to 5) in 2019.", "", ""),
        ("9 of 14 rows hold. All rows were counted.", "14 rows", "All rows were counted."),
        (
            "A gap of 16 times; NIST publishes the rates alone.",
            "",
            "NIST publishes the rates alone.",
        ),
        ("Each algorithm was read. Of 40 rows 3 hold, counted by us.", "40 rows", ""),
    ],
)
def test_counts_and_intervals_are_found_in_what_is_said(
    said: str, sample: str, interval: str
) -> None:
    assert figures._counts(said) == sample
    assert figures._intervals([said]).endswith(interval)
    assert bool(figures._intervals([said])) == bool(interval)


def test_a_letter_is_one_statement_that_keeps_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []

    def display(data: dict[str, str], metadata: dict[str, Any], raw: bool) -> None:
        shown.append(nbformat.v4.new_output("display_data", data, metadata=metadata))

    monkeypatch.setattr("IPython.display.display", display)
    prose.say(
        "To: the Minister\n\nOf **57 million records** & more:\n1. how many",
        "받는 이: 장관\n기록 **5,700만 건** 가운데\n1. 몇 건",
    )
    cell = code("say(letter, 편지)")
    cell.update(outputs=shown, execution_count=1)
    book = nbformat.v4.new_notebook(cells=[*twin("# 10 · Hidden", "# 10 · 숨은 것"), cell])
    [letter] = read_figures(read_chapter("10_hidden", book, tmp_path))
    assert letter.text.splitlines() == [
        "To: the Minister", "Of 57 million records & more:", "1. how many"
    ]  # fmt: skip
    assert letter.text_ko.count("\n") == 2
    assert (letter.sample, letter.interval) == ("", "")  # it asks; it is no result


def test_a_sentence_links_to_https_and_to_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    prose.say(
        "See [NIST](https://a.org/b_c.html), <b>[x](javascript:y)</b>.", "[가](https://a.org)"
    )
    link = '<a href="https://a.org/b_c.html">NIST</a>'
    assert shown[0]["text/html"] == (
        f'<p lang="en">See {link}, &lt;b&gt;[x](javascript:y)&lt;/b&gt;.</p>'
    )
    assert "NIST (https://a.org/b_c.html)" in shown[0]["text/plain"]
    assert shown[1]["text/html"] == '<p lang="ko"><a href="https://a.org">가</a></p>'


def test_a_missing_interval_is_told_of_numbers_and_not_of_words() -> None:
    letter = "To: the Minister.\nUnder Article 10."
    for words, said in (
        ("Two in three, 66%.", True),
        ("To: the Minister.", False),
        (letter, False),
    ):
        figure = Figure("1-1", "statement", 1, "", "", words, source="here")
        told = dict(pages.notes(figure, []))
        assert ("Interval 구간" in told) == said
        assert told["Source 출처"] == "here"
    assert (
        pages.NO_INTERVAL in dict(pages.notes(Figure("1-1", "table", 1, "", "", ""), [])).values()
    )


def test_what_a_chapter_simulates_stands_under_its_tables_and_sentences_too(
    payload: ExhibitPayload,
) -> None:
    """A sentence can't say by itself that the numbers in it were never measured."""
    made = "Simulated in this chapter 이 장의 모의 자료: scores of nobody"
    shown = " ".join(" ".join(text_of(payload.folder / "exhibits" / "exhibit.pdf")).split())
    page = (payload.folder / "exhibits" / "html" / "01_alarms.html").read_text(encoding="utf-8")
    assert shown.count(made) == 4  # three tables and a sentence; the chart bears its own mark
    assert page.count(made) == 4


def test_the_data_lie_beside_as_csv_and_parquet_with_their_hashes(payload: ExhibitPayload) -> None:
    for each in items(payload.folder).values():
        for path, digest in each["files"].items():  # type: ignore[attr-defined]
            content = (payload.folder / path).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest
    frame = pl.read_parquet(payload.folder / "tables" / "01-1.parquet")
    assert frame.schema["size"] == pl.Int64  # the frame itself, not its picture
    assert frame["who"].to_list() == ["없음", "a, b", None]
    assert _csv_bytes(frame) == (payload.folder / "tables" / "01-1.csv").read_bytes()
    spec = json.loads((payload.folder / "figures" / "01-1.json").read_text(encoding="utf-8"))
    assert "datasets" not in spec
    assert spec["data"]["name"] == "data-1"
    assert payload.figures["sha256"].n_unique() == payload.figures.height


def test_two_runs_give_the_same_bytes(
    payload: ExhibitPayload, notebooks: Path, tmp_path: Path
) -> None:
    first = contents(payload.folder)
    second = contents(build_payload(notebooks, tmp_path / "again", ["01"]).folder)
    assert first.keys() == second.keys()
    differ = {path for path in first if first[path] != second[path]}
    assert differ <= {"log/run.log"}
    assert {"exhibits/exhibit.pdf", "methods/methods.pdf", "exhibits/html/index.html"} <= set(first)


def text_of(path: Path) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(path)]


def test_every_page_of_the_pdf_bears_the_stamp_and_its_items(payload: ExhibitPayload) -> None:
    pages = text_of(payload.folder / "exhibits" / "exhibit.pdf")
    assert len(pages) > 3
    for page in pages:
        assert STAMP in page
        assert STAMP_KO in page
    whole = " ".join(" ".join(pages).split())
    for said in (
        "Exhibit A-1. 01 Who alarms?",
        "증거 A-1. 누구에게 경보가 울리는가",
        "Figure 01-1 · 그림 01-1",
        "명단이 길수록 경보가 늘어난다",
        "Real travellers: there are none in it.",
        "SIMULATED 모의 자료: scores of nobody",
        "Neither shows that the content of a file is true.",
        "95 %: 4.2% to 26.8%",
    ):
        assert said in whole
    digest = hashlib.sha256((payload.folder / "tables" / "01-1.csv").read_bytes()).hexdigest()
    assert digest in "".join("".join(pages).replace("\u200b", "").split())


def elements(page: pypdfium2.PdfPage) -> Iterator[tuple[str, str]]:
    """(type, alternative text) of a page's tagged elements."""

    def said(get: object, element: object) -> str:
        size = get(element, None, 0)  # type: ignore[operator]
        buffer = pdfium.FPDF_WCHAR * (size // 2 + 1)
        held = buffer()
        get(element, held, size)  # type: ignore[operator]
        return bytes(held)[: max(size - 2, 0)].decode("utf-16-le")

    tree = pdfium.FPDF_StructTree_GetForPage(page)
    waiting = [
        pdfium.FPDF_StructTree_GetChildAtIndex(tree, n)
        for n in range(pdfium.FPDF_StructTree_CountChildren(tree))
    ]
    while waiting:
        element = waiting.pop()
        if element:
            yield (
                said(pdfium.FPDF_StructElement_GetType, element),
                said(pdfium.FPDF_StructElement_GetAltText, element),
            )
            waiting += [
                pdfium.FPDF_StructElement_GetChildAtIndex(element, n)
                for n in range(max(pdfium.FPDF_StructElement_CountChildren(element), 0))
            ]
    pdfium.FPDF_StructTree_Close(tree)


def test_the_pdf_is_tagged_and_its_chart_has_alternative_text(payload: ExhibitPayload) -> None:
    assert STANDARDS == ["a-2a", "ua-1"]
    path = payload.folder / "exhibits" / "exhibit.pdf"
    content = path.read_bytes()
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    found = [each for page in pypdfium2.PdfDocument(path) for each in elements(page)]
    assert {"H1", "H2", "Table", "TH", "Figure"} <= {kind for kind, _ in found}
    alts = [alt for kind, alt in found if kind == "Figure"]
    assert alts
    assert all("False alarms against size" in alt for alt in alts)


def grid_chart(name: str, number: str, rows: int, columns: int) -> Figure:
    """A chart of cells with small letters in them, on a row and a column each."""
    cells = [(f"row {r:02}", f"column {c:02}", f"{r}.{c}") for r in range(rows)
             for c in range(columns) if (r + c) % 5 == 0]  # fmt: skip
    frame = pl.DataFrame(cells, schema=["r", "c", "t"], orient="row")
    base = alt.Chart(frame).encode(y=alt.Y("r:N").title(None), x=alt.X("c:N").title(None))
    cells_with_text = base.mark_rect(opacity=0.2) + base.mark_text(fontSize=9).encode(text="t:N")
    drawn = finish(
        cells_with_text.properties(width=36 * columns, height=20 * rows),
        title=f"Cells {name}",
        title_ko="칸",
        source="made for this test",
        description="Cells on rows and columns, a fifth of them filled.",
    ).to_dict()
    return Figure(
        number, "figure", 1, "Cells", "칸", drawn["description"], section=f"Of {number}",
        section_ko="칸", source="made", data=(frame,), drawn=drawn,
    )  # fmt: skip


@pytest.fixture(scope="module")
def large() -> dict[str, tuple[Figure, bytes]]:
    charts = {
        "tall": grid_chart("tall", "01-1", 70, 12),
        "wide": grid_chart("wide", "01-2", 14, 40),
        "small": grid_chart("small", "01-3", 3, 5),
    }
    return {name: (each, picture(name, each.drawn or {}, "svg")) for name, each in charts.items()}


def words_of(svg: bytes) -> list[str]:
    return ["".join(each.itertext()) for each in html.fromstring(svg).iter("text")]


def smallest_letters(printed: Printed) -> float:
    """Return the points of a picture's smallest letters in print; infinite without letters."""
    read = [(_read(part), width) for part, width in printed.parts]
    return min(each.smallest * width / (each.width * POINT) for each, width in read)


@pytest.mark.parametrize("name", ["tall", "wide"])
def test_a_large_chart_is_parted_so_that_its_letters_can_be_read(
    large: dict[str, tuple[Figure, bytes]], name: str
) -> None:
    figure, svg = large[name]
    printed = lay_out(svg)
    assert len(printed.parts) > 1
    assert smallest_letters(printed) >= LEAST
    width, height = TURNED if printed.turned else UPRIGHT
    said = []
    for part, wide in printed.parts:
        tag = html.fromstring(part)
        assert wide <= width + 0.1
        assert wide * float(tag.get("height")) / float(tag.get("width")) < height
        said.append(words_of(part))
    cells = figure.data[0]["t"].to_list()
    whole = [word for words in said for word in words]
    assert sorted(word for word in whole if word in cells) == sorted(cells)  # each in one part
    for words in said:  # the head stands in each
        assert f"Cells {name}" in words
        assert any("Source 출처: made for this test" in word for word in words)
    rows = figure.data[0]["r"].unique().to_list()
    for words in said:  # a cell stands in the part that names its row and its column
        for r, c, text in figure.data[0].iter_rows():
            assert text not in words or {r, c} <= set(words)
    assert set(rows) <= set(whole)


def test_a_chart_that_fits_is_left_as_it_is(large: dict[str, tuple[Figure, bytes]]) -> None:
    svg = large["small"][1]
    printed = lay_out(svg)
    assert [part for part, _ in printed.parts] == [svg]
    assert not printed.turned
    lettered = svg.replace(b'font-size="9px"', b'font-size="4px"')
    assert smallest_letters(lay_out(lettered)) >= LEAST  # drawn larger, not as small as it is
    with pytest.raises(OneToManyError, match="not readable SVG"):
        lay_out(b"none")


def test_parts_of_a_chart_stand_in_order_on_their_pages(
    large: dict[str, tuple[Figure, bytes]],
    again: list[Figure],
    payload: ExhibitPayload,
    tmp_path: Path,
) -> None:
    folder = payload.folder / "notebooks"
    chapter = read_chapter("01_alarms", nbformat.read(folder / "01_alarms.ipynb", 4), folder)
    after = next(each for each in again if each.kind == "statement")
    figures = [large["tall"][0], large["wide"][0], after]
    pictures = {pages.picture_name(each): svg for each, svg in large.values()}
    parts, shown = pages.exhibit_parts([("A-1", chapter, figures)], pictures)
    path = tmp_path / "large.pdf"
    path.write_bytes(Document("Large", "큰 그림", [], parts).pdf("", date(2026, 1, 1), shown))
    document = pypdfium2.PdfDocument(path)
    told = []
    for page, text in zip(document, text_of(path), strict=True):
        found = re.findall(r"Figure (01-\d), part (\d) of (\d) · 그림 \1, \3부분 중 \2번째", text)
        told += [(page, *each) for each in found]
        assert STAMP in text
    counts = {name: len(lay_out(large[name][1]).parts) for name in ("tall", "wide")}
    assert [(number, part) for _, number, part, _ in told] == [
        *(("01-1", str(n)) for n in range(1, counts["tall"] + 1)),
        *(("01-2", str(n)) for n in range(1, counts["wide"] + 1)),
    ]
    assert any(page.get_width() > page.get_height() for page, *_ in told)
    for page, number, part, count in told:
        (alt_text,) = {alt for kind, alt in elements(page) if kind == "Figure"}
        start = (
            f"Part 1 of {count} of the chart" if part == "1" else f"Figure {number}, part {part}"
        )
        assert alt_text.startswith(start)
        assert min(sizes_of(page)) >= LEAST - 0.01
    whole = " ".join(text_of(path))
    assert whole.index("Of 01-1") < whole.index("Figure 01-1,") < whole.index("Of 01-2")
    assert whole.rindex("Figure 01-2, part") < whole.index("Statement 01-1 · 진술")


def sizes_of(page: pypdfium2.PdfPage) -> list[float]:
    """Of each letter on a page, its size in points as it is printed."""
    text, matrix, sizes = page.get_textpage(), pdfium.FS_MATRIX(), []
    for n in range(text.count_chars()):
        if pdfium.FPDFText_GetUnicode(text, n) > 32:
            pdfium.FPDFText_GetMatrix(text, n, matrix)
            scale = (matrix.a**2 + matrix.b**2) ** 0.5
            sizes.append(pdfium.FPDFText_GetFontSize(text, n) * scale)
    return sizes


def test_the_html_exhibit_has_numbers_and_hashes_and_links_out_to_the_notebook(
    payload: ExhibitPayload,
) -> None:
    page = (payload.folder / "exhibits" / "html" / "01_alarms.html").read_text(encoding="utf-8")
    assert "Exhibit A-1, Figure 01-1 · 증거 A-1, 그림 01-1" in page
    digest = hashlib.sha256((payload.folder / "tables" / "01-1.csv").read_bytes()).hexdigest()
    assert digest in page
    assert STAMP_KO in page
    assert 'href="../../notebooks/01_alarms.ipynb"' in page
    assert not (payload.folder / "exhibits" / "html" / "executed").exists()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", ["index.html", "01_alarms.html"])
def test_axe_finds_nothing_in_the_html_exhibit(
    driver: Chrome, payload: ExhibitPayload, page: str, width: int
) -> None:
    resize(driver, width)
    driver.get("about:blank")
    driver.get((payload.folder / "exhibits" / "html" / page).as_uri())
    wait_for(driver, 10, lambda d: d.execute_script("return document.readyState") == "complete")
    assert violations(driver) == []


def test_no_picture_goes_in_and_it_is_said(payload: ExhibitPayload) -> None:
    assert payload.left_out == ("01_alarms.ipynb, cell 11 of all: image/png",)
    stills = payload.folder / "exhibits" / "html" / "assets" / "charts"
    for path in payload.folder.rglob("*.*"):
        if path.suffix in (".html", ".ipynb"):
            assert "iVBORw0KGgo" not in path.read_text(encoding="utf-8")
        if path.suffix == ".png":
            assert path.parent == stills


def test_the_methods_statement_is_made_from_the_run(payload: ExhibitPayload) -> None:
    text = (payload.folder / "methods" / "methods.md").read_text(encoding="utf-8")
    for said in (
        "How often is nobody's face an alarm?",
        "아무도 아닌 얼굴에 얼마나 자주 경보가 울리는가?",
        "Functions that only draw or print are not listed.",
        "Statement 01-1: 12.5% of 40 people (95 %: 4.2% to 26.8%).",
        "Real travellers: there are none in it.",
        f"| polars | {pl.__version__} |",
    ):
        assert said in text
    assert "charts.theme.finish" not in text
    assert STAMP in text_of(payload.folder / "methods" / "methods.pdf")[0]


def test_data_is_what_a_chapter_reads_not_a_page_that_it_cites() -> None:
    (plan,) = [
        sheet
        for sheet in methods.datasheets({"06": PLAN_06, "09": PLAN_09})
        if sheet.name == "plan"
    ]
    assert plan.chapters == ("06",)
    cited = cited_sources([], [], {"00": "from onetomany.sources import case\n"})
    files = dict(cited.select("path", "sha256").iter_rows())
    own = next(path for path in files if path.endswith("incheon/statements.csv"))
    said = " ".join(map(str, methods.methods_statement([], [], [], "", cited)))
    assert own in said
    assert files[own] in said
    assert "The chapters read none." in str(
        methods.methods_statement([], [], [], "", cited.clear())
    )


TABLES = [
    (
        "from onetomany.sources import case\nevents = case.case_timeline()",
        {"case-timeline": {"events.csv"}},
    ),
    (
        "from onetomany.claims import claim_ledger, law\n"
        "claim_ledger.load_claims()\nlaw.reliances_in_force()",
        {
            "case-propositions": {"claims.csv", "order.csv", "topics.csv", "bodies.csv"},
            "case-law": {"provisions.csv", "reliances.csv"},
        },
    ),
    ("from onetomany.claims import claim_ledger\n# nothing is read", {}),
    ("from elsewhere import case\ncase.timeline()", {}),
]


@pytest.mark.parametrize(("code", "known"), TABLES)
def test_tables_of_the_case_are_known_by_the_functions_that_read_them(
    code: str, known: dict[str, set[str]]
) -> None:
    sheets = methods.datasheets({"09": code})
    assert {each.name for each in sheets} == set(known)
    listed = {Path(path).name for path in cited_sources([], sheets, {})["path"]}
    assert listed == {name for names in known.values() for name in names}
    said = str(methods.methods_statement([], [], sheets, "", cited_sources([], sheets, {})))
    for each in sheets:
        for field in ("licence", "consent_basis", "covers", "limits", "written"):
            assert str([f"{field} {methods._SAID[field]}", each.fields[field]]) in said


def case_sheets() -> dict[str, dict[str, Any]]:
    return {
        fields["name"]: fields | {"folder": file.rsplit("/", 1)[0]}
        for file, _, fields in methods._held()
        if "tables" in fields
    }


def test_every_table_of_the_case_has_one_datasheet_which_counts_its_rows() -> None:
    root = resources.files("onetomany")
    told: list[str] = []
    for sheet in case_sheets().values():
        for field in ("title", "source", "collected", "covers", "licence", "terms", "credit",
                      "consent_basis", "limits", "written", "read_by"):  # fmt: skip
            assert sheet[field], (sheet["name"], field)
        assert set(sheet["tables"]) == set(sheet["records"])
        for name, rows in sheet["records"].items():
            path = f"{sheet['folder']}/{name}"
            held = pl.read_csv(root.joinpath(path).read_bytes(), infer_schema=False)
            assert held.height == rows, path
            told.append(path)
        for function in sheet["read_by"]:
            module, _, name = function.rpartition(".")
            assert callable(getattr(importlib.import_module(module), name))
    held_tables = [
        f"{folder}/{each.name}"
        for folder in (
            *(f"sources/data/cases/{name}" for name in shipped_cases()),
            "sources/data/elsewhere",
            "mentions/data",
        )
        for each in root.joinpath(folder).iterdir()
        if each.name.endswith(".csv")
    ]
    assert sorted(told) == sorted(held_tables)


def test_the_datasheet_of_a_table_goes_into_the_bundle(
    executed: dict[str, Any], notebooks: Path, tmp_path: Path
) -> None:
    whole = copy.deepcopy(executed)
    whole["01_alarms"].cells.append(
        nbformat.v4.new_code_cell("from onetomany.claims import law\nlaw.load_provisions();")
    )
    made = write_payload(whole, notebooks, tmp_path / "payload")
    sheet = made.folder / "datasheets" / "sources" / "cases" / "incheon" / "sheets.toml"
    fields = tomllib.loads(sheet.read_text(encoding="utf-8"))["law"]
    assert [each.name for each in made.data] == ["case-law"]
    assert fields["limits"] in (made.folder / "methods" / "methods.md").read_text(encoding="utf-8")
    assert "cases/incheon/provisions.csv" in (made.folder / "sources.csv").read_text("utf-8")


def test_a_day_is_no_title_of_a_source() -> None:
    frame = pl.DataFrame({"url": ["https://a.kr", "https://b.kr"], "document": ["2021-10-21", "B"]})
    item = Figure("1-1", "table", 1, "", "", "", data=(frame,))
    cited = cited_sources([item], [], {})
    assert cited.select("path", "title").rows() == [("https://a.kr", ""), ("https://b.kr", "B")]


def test_reproduce_tells_same_and_varies(payload: ExhibitPayload, tmp_path: Path) -> None:
    before = contents(payload.folder)
    # tests/test_container.py shows what a container keeps out
    unconfined = bool(container.container_problem())
    table = reproduce(payload.folder, tmp_path / "again", unconfined=unconfined)
    assert dict(table.select("item", "outcome").iter_rows()) == {
        "Figure 01-1": "same",
        "Table 01-1": "same",
        "Statement 01-1": "same",
        "Table 01-2": "same",
        "Table 01-3": "varies",
    }
    assert contents(payload.folder) == before
    assert (tmp_path / "again" / "tables" / "01-1.csv").read_bytes() == before["tables/01-1.csv"]
    assert (tmp_path / "again" / "comparison.csv").is_file()
    assert version_differences(payload.folder).is_empty()


def change(folder: Path, path: str, old: str, new: str, *, relist: bool = True) -> None:
    """Change a file of a payload, and its hash in figures.json too if `relist`."""
    before = (folder / path).read_bytes()
    assert old.encode() in before
    after = before.replace(old.encode(), new.encode(), 1)
    (folder / path).write_bytes(after)
    if relist:
        listed = (folder / "figures.json").read_text(encoding="utf-8")
        was, is_ = (hashlib.sha256(each).hexdigest() for each in (before, after))
        assert was in listed
        (folder / "figures.json").write_text(listed.replace(was, is_), encoding="utf-8")


def test_what_differs_in_a_doctored_bundle_is_named(doctored: Path, again: list[Figure]) -> None:
    change(doctored, "figures/01-1.csv", "0.5", "0.50000001")
    change(doctored, "tables/01-1.csv", "1000,", "1001,")
    change(doctored, "statements/01-1.txt", "12.5%", "2.5%")
    change(doctored, "tables/01-2.csv", "a, b", "a, c", relist=False)
    change(doctored, "tables/01-3.csv", "0.25", "7.5")
    listed = (doctored / "figures.json").read_text(encoding="utf-8")
    versions = listed.replace(f'"polars": "{pl.__version__}"', '"polars": "0.1"')
    (doctored / "figures.json").write_text(versions, encoding="utf-8")
    table = _compare_exhibits(doctored, again)
    outcome = dict(table.select("item", "outcome").iter_rows())
    assert outcome == {
        "Figure 01-1": "within",
        "Table 01-1": "different",
        "Statement 01-1": "different",
        "Table 01-2": "different",
        "Table 01-3": "varies",
    }
    what = dict(table.select("item", "what").iter_rows())
    assert "column size, row 3: 1001 became 1000" in what["Table 01-1"]
    assert "2.5% became 12.5%" in what["Statement 01-1"]
    assert "tables/01-2.csv: the bundle's file is not the one" in what["Table 01-2"]
    assert table.filter(item="Figure 01-1")["largest"][0] == pytest.approx(2e-8, rel=1e-3)
    assert version_differences(doctored).rows() == [("polars", "0.1", pl.__version__)]


def test_an_item_on_one_side_only_is_different(doctored: Path, again: list[Figure]) -> None:
    whole = json.loads((doctored / "figures.json").read_text(encoding="utf-8"))
    whole["figures"] = [{**whole["figures"][0], "number": "01-9"}, *whole["figures"][1:]]
    (doctored / "figures.json").write_text(json.dumps(whole), encoding="utf-8")
    what = dict(_compare_exhibits(doctored, again).select("item", "what").iter_rows())
    assert what["Figure 01-9"] == "the new run does not give it"
    assert what["Figure 01-1"] == "it is not in the bundle"


def test_the_command_does_not_run_a_bundle_that_fails_to_verify(
    doctored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", str(doctored), "--out", str(tmp_path / "again")]) == 1
    assert "nothing was run" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_folder_that_holds_something_is_refused(payload: ExhibitPayload, notebooks: Path) -> None:
    with pytest.raises(InputError, match="contains other files"):
        build_payload(notebooks, payload.folder)
    with pytest.raises(InputError, match="contains no figures"):
        reproduce(notebooks, notebooks / "out")


def test_a_build_that_fails_leaves_nothing(payload: ExhibitPayload, tmp_path: Path) -> None:
    held = nbformat.read(payload.folder / "notebooks" / "01_alarms.ipynb", as_version=4)
    with pytest.raises(InputError, match="no record of a run"):
        write_payload({"01_alarms": held}, tmp_path, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_templates_are_not_let_in() -> None:
    row = [0.01 * n for n in range(128)]
    assert pack_frame(pl.DataFrame({"template": [row]})) is None
    assert pack_frame(pl.DataFrame({"template": [b"1"]})) is None
    wide = {f"v{n}": value for n, value in enumerate(row)}
    assert pack_frame(pl.DataFrame([wide])) is None
    for rows in ([{"template": row}], [wide]):
        with pytest.raises(InputError, match="as a template does"):
            _frame_of(rows)


def test_specifications_do_not_hang_on_the_names_of_their_data() -> None:
    def spec(first: str, second: str) -> dict[str, object]:
        layers = [{"data": {"name": first}}, {"data": {"name": second}}, {"data": {"name": first}}]
        return {"layer": layers, "datasets": {second: [{"a": 2}], first: [{"a": 1}]}}

    bare, frames = _without_data(spec("data-f00", "data-b4"))
    assert bare == _without_data(spec("x", "y"))[0]
    assert [frame["a"].to_list() for frame in frames] == [[1], [2]]
    assert [each["data"]["name"] for each in bare["layer"]] == ["data-1", "data-2", "data-1"]


CELL = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_categories=["C"])))


@given(
    st.lists(st.tuples(CELL, st.floats(allow_nan=False), st.integers(-(2**53), 2**53)), max_size=6)
)
@settings(max_examples=30, deadline=None)
def test_csv_tells_every_value_apart(rows: list[tuple[str | None, float, int]]) -> None:
    schema = {"text": pl.String, "number": pl.Float64, "count": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    written = pl.read_csv(io.BytesIO(_csv_bytes(frame)), schema=schema)
    assert plain_text(written).equals(frame)
    packed = pack_frame(frame)
    assert packed
    assert unpack_frame(packed).equals(frame)


@given(st.floats(1e-9, 1e9), st.integers(1, 10**9))
@settings(max_examples=30, deadline=None)
def test_numbers_may_differ_by_a_millionth_and_counts_not_at_all(value: float, count: int) -> None:
    def table(value: float, count: int) -> bytes:
        return _csv_bytes(pl.DataFrame({"value": [value, 0.5], "count": [count, 1]}))

    before = table(value, count)
    assert _compare_bytes("t.csv", before, table(value, count))[0] == "same"
    assert _compare_bytes("t.csv", before, table(value * (1 + 1e-8), count))[0] in (
        "same",
        "within",
    )
    assert _compare_bytes("t.csv", before, table(value * (1 + 1e-3), count))[0] == "different"
    assert _compare_bytes("t.csv", before, table(value, count + 1))[0] == "different"


def test_a_long_table_is_cut_in_print_only() -> None:
    part = grid(pl.DataFrame({"n": range(100), "url": ["https://example.org/" + "x" * 80] * 100}))
    assert len(part["rows"]) == 40
    assert sum(part["widths"]) <= 483


def test_every_figure_of_the_real_report_is_complete(report: Path) -> None:
    """What the chapters show has data, titles in both languages, a source and alternative text."""
    seen = 0
    for path in sorted((report / "executed").glob("*.ipynb")):
        found = read_figures(read_chapter(path.stem, nbformat.read(path, 4), path.parent))
        assert found
        for each in found:
            seen += 1
            assert each.title
            assert each.title_ko
            assert each.source
            if each.kind == "figure":
                assert each.rows
                assert len(each.text) > 20
                drawn = picture(each.label, each.drawn or {}, "svg")
                assert smallest_letters(lay_out(drawn)) >= LEAST
            if each.kind == "statement":
                assert each.text
                assert each.text_ko
            assert not each.as_shown  # of every table the frame itself was kept
        table = list_item_files(found)
        assert table["file"].n_unique() == table.height
    assert seen > 100


@pytest.fixture(scope="module")
def sealed(payload: ExhibitPayload, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sealed")
    keys.make_key(made / "key.pem")
    record = payload.record(operator="A Tester", organisation="", licence="", command=["exhibit"])
    key, out = made / "key.pem", made / "bundle"
    return seal(payload.folder, out, record, key=key, created=payload.ended)


def test_a_sealed_payload_holds_and_every_change_in_it_is_named(sealed: Path) -> None:
    assert verify(sealed).filter(level="fault").is_empty()
    changes = sample_bundle.change_copies(sealed)
    assert changes.height == 6
    assert changes["named"].all()
    assert changes["faults"].min() >= 1  # type: ignore[operator]
    assert verify(sealed).filter(level="fault").is_empty()  # copies were changed, not it


def test_the_key_of_the_demonstration_is_thrown_away(tmp_path: Path) -> None:
    made = sample_bundle.make_sample_bundle(tmp_path)
    assert verify(made).filter(level="fault").is_empty()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()


def test_answers_are_looked_up_in_the_bundle(sealed: Path, tmp_path: Path) -> None:
    found = sample_bundle.list_expert_questions(sealed)
    assert found["holds"].unique().sort().to_list() == ["full", "none", "part"]
    for row in found.filter(pl.col("part").is_not_null()).iter_rows(named=True):
        # the chapter shows no data that has a datasheet
        assert bool(row["files"]) == (row["part"] != "data/datasheets")
    for place in questions.JURISDICTIONS:
        there = sample_bundle.list_expert_questions(sealed, place).filter(
            pl.col("part").is_not_null()
        )
        assert there.filter(files=0)["part"].unique().to_list() in ([], ["data/datasheets"])
    assert sample_bundle.list_expert_questions(tmp_path)["files"].sum() == 0
    parts = sample_bundle.list_bundle_parts(sealed)
    assert parts.filter(pl.col("what") == "").is_empty()
    table = charts.answers_table(found, source="this bundle")
    assert table.frame.height == found["number"].n_unique()
    assert "Is what it says true?" in table.body
    assert "not in this bundle 이 묶음에 없음: datasheets" in str(table.frame.to_dicts())
