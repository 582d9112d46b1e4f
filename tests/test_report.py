"""The exported site: complete, self-contained, unchanged by a run that failed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import polars as pl
import psutil
import pytest
from fontTools.ttLib import TTFont

from onetomany.cli import main
from onetomany.errors import OneToManyError
from onetomany.report import build_report, execute
from onetomany.report.blocks import read_chapter
from onetomany.report.website import executed_chapters, write_site
from sample_notebook import RENDERER, code, twin, undated, write_notebook

pytestmark = pytest.mark.kernel

# Attributes and rules by which a page makes the browser load something by itself
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|embed|link)\b[^>]*?\s(?:src|srcset|href)=["']([^"']*)"""
    r"""|url\(["']?([^)"']*)|@import\s+["']?([^"';]*)""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def notebooks(sample_notebooks: Path) -> Path:
    return sample_notebooks


@pytest.fixture(scope="module")
def site(sample_site: Path) -> Path:
    return sample_site


def page(site: Path) -> str:
    return (site / "01_all.html").read_text(encoding="utf-8")


def snapshot(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    seen = 0
    for path in [*site.glob("*.html"), *site.glob("assets/*.css")]:
        for match in LOADS.finditer(path.read_text(encoding="utf-8")):
            target = next(filter(None, match.groups()), "")
            seen += 1
            if not target.startswith("data:"):
                assert (path.parent / target).is_file(), f"{path.name} loads {target}"
    assert seen > 10
    script = (site / "assets" / "site.js").read_text(encoding="utf-8")
    assert not re.search("https?://", script)
    assert "fetch(" not in script


def test_pages_are_plain_files_without_modules(site: Path) -> None:
    assert 'type="module"' not in page(site)
    assert "import.meta" not in (site / "assets" / "vega.js").read_text(encoding="utf-8")


def test_twins_stand_side_by_side(site: Path) -> None:
    twins = re.findall(
        r'<div class="twin">\s*<div class="prose" lang="en">(.*?)</div>\s*'
        r'<div class="prose" lang="ko">(.*?)</div>\s*</div>\n',
        page(site),
        re.DOTALL,
    )
    assert "named?" in twins[0][0]
    assert "가리킬까?" in twins[0][1]
    assert "<strong>26</strong>" in twins[-1][0]
    assert "그래서" in twins[-1][1]
    assert page(site).count('<div class="twin">') == 4


def test_long_twins_are_laid_side_by_side_section_by_section(tmp_path: Path) -> None:
    english, korean = "Before.\n\n## Next\n\nMore.", "앞.\n\n## 다음\n\n더."
    write_notebook(
        tmp_path / "n" / "05_two.ipynb", [*twin("# Top", "# 위"), *twin(english, korean)]
    )
    build_report(tmp_path / "n", tmp_path / "out")
    text = (tmp_path / "out" / "05_two.html").read_text(encoding="utf-8")
    assert text.count('<div class="twin">') == 3
    assert text.index("Before.") < text.index("앞.") < text.index("Next") < text.index("다음")


def test_an_english_cell_without_its_twin_is_refused(tmp_path: Path) -> None:
    cells = [twin("# Alone", "x")[0], code("1")]
    write_notebook(tmp_path / "n" / "05_alone.ipynb", cells)
    with pytest.raises(OneToManyError, match=r'05_alone.ipynb: the "en" cell "Alone" has no "ko"'):
        build_report(tmp_path / "n", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_lab_only_cells_are_for_jupyterlab_alone(site: Path) -> None:
    assert "only in Lab" not in page(site)
    assert "IntSlider" not in page(site)
    executed = nbformat.read(site / "executed" / "01_all.ipynb", as_version=4)
    (cell,) = [cell for cell in executed.cells if "lab-only" in cell.metadata.get("tags", [])]
    assert cell.outputs == []


def test_outputs(site: Path) -> None:
    text = page(site)
    assert "counted 세었다" in text
    assert "a warning" not in re.sub(r"<details.*?</details>", "", text, flags=re.DOTALL)
    assert '<p class="refused">ValueError: this is refused</p>' in text
    assert text.count("hl-ipython3") == 5
    # a cell that shows nothing has its code with the next one's
    assert text.count('<details class="code">') == 4
    assert '<a href="00_other.html">' in text
    assert "a &lt; b</td>" in text
    assert "shape:" not in text
    assert '<td class="number">11</td>' in text


def test_a_cut_text_takes_no_quote_into_the_next_cells(tmp_path: Path) -> None:
    urls = ["https://example.org/" + "x" * 40, "https://example.org", "null"]
    frame = pl.DataFrame({"url": urls, "pages": [1, None, 3]})
    with pl.Config(fmt_str_lengths=30):
        shown = nbformat.v4.new_output("execute_result", {"text/html": frame._repr_html_()})
    cells = [*twin("# 03 · Cut", "# 03 · 잘림"), code("frame")]
    cells[-1].outputs = [shown]
    chapter = read_chapter("03_cut", nbformat.v4.new_notebook(cells=cells), tmp_path)
    body = " ".join(block.body for cell in chapter.cells for block in cell.blocks)
    assert "&quot;" not in body
    assert '<a href="https://example.org">https://example.org</a>' in body
    assert '<td>null</td><td class="number">3</td>' in body
    assert '<td class="number">–</td>' in body


def test_charts_carry_spec_label_and_still(site: Path) -> None:
    found = re.search(
        r'<figure class="chart" role="figure" aria-label="([^"]*)".*?'
        r'<script type="application/json" data-chart="chart-01-1">(.*?)</script>',
        page(site),
        re.DOTALL,
    )
    assert found
    assert found.group(1).startswith("Bars of pairs by score")
    spec = json.loads(found.group(2))
    assert spec["params"][0]["bind"]["input"] == "range"
    assert "$schema" not in spec
    still = site / "assets" / "charts" / "01-1.png"
    assert still.read_bytes().startswith(b"\x89PNG")


def test_the_fonts_hold_every_letter_of_the_pages(site: Path) -> None:
    css = (site / "assets" / "fonts.css").read_text(encoding="utf-8")
    fonts = re.findall(r'font-family: "([^"]+)".*?base64,([^)]+)\)', css)
    assert [family for family, _ in fonts] == ["Noto Sans KR", "Noto Sans KR", "Noto Serif KR"]
    letters = {ord(letter) for letter in page(site) if "가" <= letter <= "힣"}
    assert len(letters) > 40
    for _, data in fonts:
        held = TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()
        assert letters | set(range(0x20, 0x7F)) <= set(held)
    assert "SIL OPEN FONT LICENSE" in (site / "assets" / "FONTS-LICENSE.txt").read_text("utf-8")


def test_the_index_names_chapters_versions_and_the_stamp(site: Path) -> None:
    index = (site / "index.html").read_text(encoding="utf-8")
    for text in (
        "How often is the wrong person named?",
        "얼마나 자주 엉뚱한 사람을 가리킬까?",
        "A threshold decides it.",
        "research simulation, not facial comparison",
        "연구용 모의실험이며 얼굴 감정이 아님",
        "altair 6",
    ):
        assert text in index
    assert re.search(r"<td>20\d\d-\d\d-\d\d \d\d:\d\d</td>", index)


def test_only_runs_the_chosen_and_keeps_the_others(
    notebooks: Path, site: Path, tmp_path: Path
) -> None:
    out = tmp_path / "site"
    build_report(notebooks, out)
    executed = (out / "executed" / "01_all.ipynb").read_bytes()
    build_report(notebooks, out, only=["00"])
    assert (out / "executed" / "01_all.ipynb").read_bytes() == executed
    assert "01_all.html" in (out / "index.html").read_text(encoding="utf-8")
    # and this second build of the same notebook, in another folder, gave the same page
    assert undated(out, "01_all") == undated(site, "01_all")
    for name in ("assets/fonts.css", "assets/vega.js", "assets/charts/01-1.png"):
        assert (out / name).read_bytes() == (site / name).read_bytes()


def test_the_kits_own_pages_come_along_and_stay(
    notebooks: Path, site: Path, tmp_path: Path
) -> None:
    docs, out = tmp_path / "docs", tmp_path / "site"
    (docs / "api").mkdir(parents=True)
    (docs / ".doctrees").mkdir()
    (docs / "index.html").write_text("<h1>One-to-Many</h1>")
    (docs / "api" / "faces.html").write_text("<h1>faces</h1>")
    executed = executed_chapters(site)
    for given in (docs, None):  # with them, and once more without
        write_site(executed, notebooks, out, docs=given)
        files = {each.relative_to(out / "docs").as_posix() for each in (out / "docs").rglob("*")}
        assert files == {"api", "api/faces.html", "index.html"}
        for path in out.glob("*.html"):
            foot = path.read_text(encoding="utf-8").partition("<footer")[2]
            assert '<a href="docs/index.html" hreflang="en">' in foot, path
            assert "in English" in foot
            assert "영어" in foot
    assert "docs/index.html" not in page(site)
    with pytest.raises(OneToManyError, match=r"no index\.html in .*: build these pages"):
        build_report(notebooks, tmp_path / "new", docs=tmp_path / "nowhere")
    assert not (tmp_path / "new").exists()


def test_an_unknown_chapter_is_refused(notebooks: Path, tmp_path: Path) -> None:
    with pytest.raises(OneToManyError, match="no chapter 07: the chapters are 00, 01"):
        build_report(notebooks, tmp_path / "out", only=["07"])


def test_a_failing_cell_leaves_the_old_site_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "notebooks", tmp_path / "site"
    write_notebook(folder / "00_small.ipynb", [*twin("# One", "# 하나"), code("1 + 1")])
    build_report(folder, out)
    before = snapshot(out)
    write_notebook(folder / "03_bad.ipynb", [code("x = 1"), code("raise KeyError('nowhere')")])
    assert main(["report", "--notebooks", str(folder), "--out", str(out)]) == 1
    message = capsys.readouterr().err.strip().splitlines()[-1].split("\r")[-1].strip()
    assert message.endswith("03_bad.ipynb, cell [2]: KeyError: 'nowhere'")
    assert snapshot(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notebooks", "site"]


def test_ctrl_c_leaves_the_old_site_as_it_was(tmp_path: Path) -> None:
    folder, out = tmp_path / "notebooks", tmp_path / "site"
    write_notebook(folder / "00_small.ipynb", [*twin("# One", "# 하나"), code("1 + 1")])
    build_report(folder, out)
    before = snapshot(out)
    waits = "from pathlib import Path\nimport time\nPath('started').touch()\ntime.sleep(60)"
    write_notebook(folder / "00_small.ipynb", [code(waits)])
    # a test run in the background passes on that SIGINT is to be ignored
    start = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from onetomany.cli import main; sys.exit(main())"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", start, "report", "--notebooks", str(folder), "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Stopped. Run the same command again" in said
    assert "Traceback" not in said
    assert snapshot(out) == before


def waiting_for(own: str, other: str) -> str:
    return (
        "import time\nfrom pathlib import Path\n"
        f"Path({own!r}).touch()\nend = time.monotonic() + 60\n"
        f"while not Path({other!r}).exists():\n"
        f"    assert time.monotonic() < end, 'alone'\n    time.sleep(0.05)"
    )


def test_chapters_run_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_kernels_at_once", lambda: 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("POLARS_MAX_THREADS", "5")
    names = '"OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"'
    threads = code(f"import os\nfor name in ({names}):\n    print(name, os.environ[name])")
    write_notebook(tmp_path / "n" / "00_a.ipynb", [code(waiting_for("a", "b")), threads])
    write_notebook(tmp_path / "n" / "01_b.ipynb", [code(waiting_for("b", "a"))])
    executed = execute.run_chapters(sorted((tmp_path / "n").glob("*.ipynb")))
    assert list(executed) == ["00_a", "01_b"]  # in order, whichever ended first
    assert all(each.metadata["onetomany"]["seconds"] > 0 for each in executed.values())
    # each gets its part of the cores, except where the user has said otherwise
    (said,) = executed["00_a"].cells[1].outputs
    assert said["text"] == "OPENBLAS_NUM_THREADS 3\nPOLARS_MAX_THREADS 5\n"
    told = executed["00_a"].metadata["onetomany"]["threads"]
    assert {"OPENBLAS_NUM_THREADS=3", "POLARS_MAX_THREADS=5"} < set(told.split())


def test_a_failing_chapter_stops_those_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execute, "_kernels_at_once", lambda: 2)
    sleeps = (
        "import os, time\nfrom pathlib import Path\n"
        "Path('started').write_text(str(os.getpid()))\nPath('started').rename('pid')\n"
    )
    write_notebook(tmp_path / "n" / "00_a.ipynb", [code(f"{sleeps}time.sleep(600)")])
    fails = (
        "import time\nfrom pathlib import Path\n"
        "while not Path('pid').exists():\n    time.sleep(0.05)"
    )
    write_notebook(tmp_path / "n" / "01_b.ipynb", [code(fails), code("1 / 0")])
    write_notebook(tmp_path / "n" / "02_c.ipynb", [code("open('never', 'w')")])
    started = time.monotonic()
    with pytest.raises(OneToManyError, match=r"01_b.ipynb, cell \[2\]: ZeroDivisionError"):
        execute.run_chapters(sorted((tmp_path / "n").glob("*.ipynb")))
    assert time.monotonic() - started < 300
    assert not psutil.pid_exists(int((tmp_path / "n" / "pid").read_text()))
    assert not (tmp_path / "n" / "never").exists()


def test_a_folder_of_other_files_is_never_replaced(notebooks: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OneToManyError, match="contains other files"):
        build_report(notebooks, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import altair as alt\nalt.Chart().mark_point()", "default renderer"),
        (
            RENDERER.replace(";", "") + "alt.Chart('https://a.b/c.csv').mark_point().encode()",
            "a chart that loads",
        ),
        (
            "from IPython.display import HTML\nHTML('<img src=\"https://a.b/c.png\">')",
            "self-contained",
        ),
        ("from IPython.display import HTML\nHTML('<script>1</script>')", "self-contained"),
    ],
)
def test_what_would_load_from_the_network_is_refused(
    tmp_path: Path, source: str, reason: str
) -> None:
    write_notebook(tmp_path / "n" / "02_remote.ipynb", [code(source)])
    with pytest.raises(OneToManyError, match=rf"02_remote.ipynb, at cell \[1\]: .*{reason}"):
        build_report(tmp_path / "n", tmp_path / "out")
