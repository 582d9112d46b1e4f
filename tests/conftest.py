"""One empty cache for the whole session: the first test that needs templates makes them."""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from recorded import Recorder
from stopwatch import Stopwatch, read_seconds, without_parameters

if TYPE_CHECKING:
    import polars as pl
    from selenium.webdriver import Chrome

    from onetomany import sources
    from onetomany.faces import synthetic

# The report is executed for minutes, often on one core: the files that read it share one process,
# and the other files run beside them, each in one piece, so that no fixture is made twice
REPORT = {"test_notebooks.py", "test_browser_report.py", "test_accessibility.py", "test_exhibit.py",
          "test_report_tables.py", "test_reader_pages.py"}  # fmt: skip

# two processes run tests: with a thread for each core in each of them, threads wait for one another
# at full load. Set before numpy and polars are loaded; kernels inherit it
if "PYTEST_XDIST_WORKER" in os.environ:
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(_name, "1")

# the marks that a fixture brings; `make quick` leaves out what has any of them
MARKS = {
    "driver": ("browser",),
    "report": ("kernel", "real"),
    "sample_site": ("kernel",),
    "embedded": ("real",),
    "embedded_sface": ("real",),
}
# what shows in a command or an import that a test lacks its mark
STARTED = {"ipykernel_launcher": "kernel", "-m jupyterlab": "kernel", "chromedriver": "browser",
           "tesseract": "real"}  # fmt: skip
IMPORTED = {"deepface": "real", "dlib": "real", "onnxruntime": "real", "milvus_lite": "real",
            "selenium": "browser"}  # fmt: skip
FEW = 5  # examples of a property in `make quick`
WHOLE = re.compile(r"^pytestmark = .*mark\.(real|kernel|browser)\b", re.MULTILINE)
EVIDENCE = re.compile(r"^(from|import) (bundles|payloads)\b", re.MULTILINE)
STARTS_NOTHING = "not real and not kernel and not browser"
QUICK = f"{STARTS_NOTHING} and not slow"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, metavar="FILE", help="write each test's outcome here")
    parser.addoption("--seconds", action="store_true", help="measure which tests are `slow` again")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("record")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, config.rootpath / file))
    if config.option.seconds:
        asked = not hasattr(config, "workerinput")
        if asked and config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
            raise pytest.UsageError("--seconds measures all tests: name no file and no test.")
        config.option.markexpr = STARTS_NOTHING
        config.pluginmanager.register(Stopwatch())


def _is_quick(config: pytest.Config) -> bool:
    return config.option.markexpr == QUICK or bool(config.option.seconds)


class _OneReport(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        return "report" if Path(file).name in REPORT else file


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """In `make quick`, leave out the files that are marked as a whole without importing them."""
    if not _is_quick(config) or not collection_path.match("test_*.py"):
        return None
    return bool(WHOLE.search(collection_path.read_text(encoding="utf-8"))) or None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    # what is collected stays: looks for garbage among it take 5 seconds meanwhile in each process,
    # and half a second each later
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_collectstart(collector: pytest.Collector) -> None:
    # the fixtures of sealed bundles load half of the kit: for those who use them
    if isinstance(collector, pytest.Module) and EVIDENCE.search(
        collector.path.read_text(encoding="utf-8")
    ):
        collector.config.pluginmanager.import_plugin("bundles")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _OneReport:
    return _OneReport(config, log)


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # the longest first: what starts last decides when all is done
    items.sort(key=lambda item: item.path.name not in REPORT)
    slow = read_seconds()
    for item in items:
        if without_parameters(item.nodeid) in slow:
            item.add_marker("slow")
        for fixture in getattr(item, "fixturenames", ()):
            for mark in MARKS.get(fixture, ()):
                item.add_marker(mark)
        if _is_quick(config) and item.get_closest_marker("hypothesis"):
            _take_few_examples(item)
    if _is_quick(config):
        sys.addaudithook(_refuse_unmarked)


def _take_few_examples(item: Any) -> None:
    """Give a property test FEW examples, whatever its own settings say."""
    from hypothesis import settings

    name = "_hypothesis_internal_use_settings"
    own = getattr(item.obj, name, None)
    if own is not None:
        setattr(item.obj, name, settings(own, max_examples=min(own.max_examples, FEW)))


def _refuse_unmarked(event: str, args: tuple[Any, ...]) -> None:
    """Fail a test of `make quick` that starts a kernel, a browser or a model."""
    if event == "subprocess.Popen":
        command = " ".join(map(str, args[1]))
        mark = next((mark for word, mark in STARTED.items() if word in command), None)
    elif event == "import":
        mark = IMPORTED.get(args[0])
    else:
        return
    if mark:
        pytest.fail(f"this test needs @pytest.mark.{mark}: {event} {args[:2]}")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("ONETOMANY_CACHE")
    os.environ["ONETOMANY_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["ONETOMANY_CACHE"]
    else:
        os.environ["ONETOMANY_CACHE"] = before


@pytest.fixture(scope="session")
def orl() -> sources.ImageSet:
    from onetomany import sources

    return sources.open_images("orl")


def _shared_templates(
    orl: sources.ImageSet, cache: Path, factory: pytest.TempPathFactory, model: str
) -> pl.DataFrame:
    # the processes of one run share these templates: the first that comes here makes them
    from onetomany import faces

    shared = _shared_folder(factory) / f"embedded-{model}"
    os.environ["ONETOMANY_CACHE"] = str(shared)
    try:
        with FileLock(f"{shared}.lock"):
            frame = faces.embed(orl, faces.Settings(model=model))
    finally:
        os.environ["ONETOMANY_CACHE"] = str(cache)
    shutil.copytree(shared, cache, dirs_exist_ok=True)
    return frame


@pytest.fixture(scope="session")
def embedded(
    cache: Path, orl: sources.ImageSet, tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    """Every image of the set under Dlib, failures included."""
    return _shared_templates(orl, cache, tmp_path_factory, "Dlib")


@pytest.fixture(scope="session")
def embedded_sface(
    cache: Path, orl: sources.ImageSet, tmp_path_factory: pytest.TempPathFactory
) -> pl.DataFrame:
    """Every image of the set under SFace, failures included."""
    return _shared_templates(orl, cache, tmp_path_factory, "SFace")


@pytest.fixture(scope="session")
def templates(embedded: pl.DataFrame) -> pl.DataFrame:
    from onetomany import faces

    return faces.usable(embedded)


@pytest.fixture(scope="session")
def model(templates: pl.DataFrame) -> synthetic.TemplateModel:
    """What synthetic templates are drawn from."""
    from onetomany.faces import synthetic

    return synthetic.fit_template_model(templates)


@pytest.fixture(scope="session")
def templates_sface(embedded_sface: pl.DataFrame) -> pl.DataFrame:
    from onetomany import faces

    return faces.usable(embedded_sface)


@pytest.fixture(scope="session")
def comparisons(templates: pl.DataFrame) -> pl.DataFrame:
    from onetomany import accuracy

    return accuracy.compare_all(templates)


@pytest.fixture(scope="session")
def report(
    request: pytest.FixtureRequest,
    embedded: pl.DataFrame,
    embedded_sface: pl.DataFrame,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The real report of all chapters, as `make report` makes it."""
    from onetomany.report import build_report

    users = {item.path.name for item in request.session.items if "report" in item.fixturenames}
    assert users <= REPORT, f"{users - REPORT} would make a second report: add to REPORT"
    notebooks = Path(__file__).parents[1] / "notebooks"
    return build_report(notebooks, tmp_path_factory.mktemp("report") / "site").parent


@pytest.fixture(scope="session")
def chapter_and_width(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A page and its width: pytest runs all tests of one, whatever their file, in a row."""
    stem, width = request.param
    return stem, int(width)


@pytest.fixture(scope="session")
def sample_notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chapters: one of text alone, one with everything that a chapter may hold."""
    from sample_notebook import everything, twin, write_notebook

    folder = _shared_folder(tmp_path_factory) / "sample"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            other = twin("# Other\n\nWhat?", "# 다른 장\n\n무엇?")
            write_notebook(folder / "00_other.ipynb", [*other])
            write_notebook(folder / "01_all.ipynb", everything())
    return folder


@pytest.fixture(scope="session")
def sample_site(sample_notebooks: Path) -> Path:
    """The report of `sample_notebooks`, executed once in a run: copy it before you change it."""
    from onetomany.report import build_report

    site = sample_notebooks.with_name("sample-site")
    with FileLock(f"{site}.lock"):
        return site if site.exists() else build_report(sample_notebooks, site).parent


def _shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of one run see."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A real headless Chromium, with the network off."""
    from browser import chromium

    with chromium(tmp_path_factory.mktemp("profile")) as chrome:
        yield chrome


@pytest.fixture
def own_set(orl: sources.ImageSet, tmp_path: Path) -> Path:
    """A user's own folder: six real images of two people, with a filled datasheet."""
    import polars as pl

    from onetomany import sources

    folder = tmp_path / "own"
    for row in (
        orl.files.head(20).filter(pl.col("image_id").str.contains(r"/[123]$")).iter_rows(named=True)
    ):
        target = folder / row["subject_id"] / Path(row["path"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(row["path"]).read_bytes())
    sources.prepare_folder(folder)
    fill(folder)
    return folder


def fill(folder: Path, **changes: str) -> None:
    """Write a filled datasheet; `changes` are TOML values by field, None-like '' keeps it blank."""
    fields = {
        "name": '"own-faces"',
        "title": '"Six pictures for a test"',
        "kind": '"real"',
        "source": '"The Database of Faces, AT&T Laboratories Cambridge"',
        "url": '"https://example.org/faces"',
        "collected": '"1992 to 1994"',
        "licence": '"research"',
        "terms": '"credit"',
        "credit": '"AT&T Laboratories Cambridge"',
        "consent_basis": '"posed for research"',
        "subjects": "2",
        "images": "6",
        "allowed_uses": '["research"]',
        "faces_in_exhibit": "false",
        "templates_in_exhibit": "false",
        "max_gallery": "6",
        "expires": '"none"',
        "withdrawn": "[]",
        "limits": '"two people"',
    } | changes
    lines = [f"{field} = {value}\n" for field, value in fields.items() if value]
    (folder / "datasheet.toml").write_text("".join(lines) + "[preparation]\nenlarge = 2.0\n")
