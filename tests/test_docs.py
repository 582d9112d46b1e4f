"""The pages say what the code has: links, paths, names, rooms, commands and counts."""

from __future__ import annotations

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

import onetomany as otm
import test_generated
import test_help
from onetomany.claims.contradictions import count_pairs, find_contradictions
from onetomany.claims.programmes import claimed_consent
from onetomany.requests.procedures import procedures
from onetomany.sources import elsewhere

ROOT = Path(__file__).parents[1]
LIB = ROOT / "lib" / "onetomany"
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data_requests" / "README.md"]
PAGES += sorted(DOCS.glob("*.md"))
BUILT = {"api/door.md"}  # `make docs` makes it
# made by a command that the page is about, or named as something that must not be there
MADE = re.compile(
    r"build/|seal/|data/(?!cases|everyday|arrivals)|private/|log/|gt/|\.?venv/|custom/|\.git/"
    r"|(?:case|own|mine|my|polars|sitecustomize|ipython_config|jupyter_)\b"
)
NO_MODULES = {  # first parts of dotted names that are neither modules nor rooms
    "case", "files", "pages", "sightings", "accounts", "safe", "distributed", "cv2", "dlib", "c",
}  # fmt: skip


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MyST make them."""
    heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def links(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)", text)
    return [(file, anchor) for file, anchor in found if not file.startswith(("http", "mailto"))]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_leads_somewhere(page: Path) -> None:
    for file, anchor in links(page):
        target = page.parent / file if file else page
        assert target.exists() or file in BUILT, file
        assert not anchor or anchor in anchors(target), (file, anchor)


def test_a_reader_is_led_to_every_page() -> None:
    """From README by links; no page stands alone."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        waiting += [(page.parent / file).resolve() for file, _ in links(page) if file]
    assert set(PAGES) - reached == set()
    index = (DOCS / "index.md").read_text("utf-8")
    assert [each.name for each in DOCS.glob("*.md")
            if each.stem != "index" and f"]({each.name})" not in index] == []  # fmt: skip


@cache
def stored() -> list[str]:
    """Return the paths of the repository's files and folders, hidden and built ones aside."""
    tops = ("lib", "tests", "docs", "notebooks", "data_requests", "benchmarks", ".ci")
    found = [path for top in tops for path in (ROOT / top).rglob("*")]
    return ["/" + ids(path) for path in [*found, *ROOT.iterdir()]]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_path_named_is_there(page: Path) -> None:
    """A path with a folder in it; `sources/films.py` and `data/bodies.csv` are short for one."""
    text = page.read_text("utf-8")
    named = {word for quoted in re.findall(r"`([^`\n]+)`", text) for word in quoted.split()}
    paths = {
        word.rstrip("/")
        for word in named
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", word) and re.search(r"\.\w+$|^lib/", word)
    }
    wrong = {path for path in paths if not MADE.match(path)
             and not any(each.endswith(f"/{path}") for each in stored())}  # fmt: skip
    assert wrong == set()


@cache
def names_of(module: Path) -> set[str]:
    """Return what a module defines, methods and attributes of its classes included."""
    return {
        name
        for node in ast.walk(ast.parse(module.read_text("utf-8")))
        for name in (
            [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }  # fmt: skip


def is_defined(dotted: list[str]) -> bool:
    """Return whether `room.name`, `module.name`, `room.module` or `room.module.name` exists."""
    *first, last = dotted
    rooms = set(otm.ROOMS)
    for module in LIB.rglob("*.py"):
        place = [*module.relative_to(LIB).with_suffix("").parts]
        place = place[:-1] if place[-1] == "__init__" else place
        if place[len(place) - len(dotted) :] == dotted:
            return True
        # a name of a module, of the modules of its room, or of one of its classes
        around = [place, place[1:], place[:1] if place[:1] and place[0] in rooms else []]
        if any(first in (each, [*each, first[-1]]) for each in around) and last in names_of(module):
            return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_dotted_name_is_defined(page: Path) -> None:
    quoted = re.findall(
        r"`((?:onetomany\.|otm\.)?[a-z_]+(?:\.\w+)+)(?:\([^`]*\))?`", page.read_text("utf-8")
    )
    wrong = set()
    for name in quoted:
        parts = re.sub(r"^(onetomany|otm)\.", "", name).split(".")
        if parts[-1] in (
            "py",
            "toml",
            "csv",
            "md",
            "sql",
            "json",
            "txt",
            "html",
            "pem",
            "lock",
            "ini",
            "duckdb",
            "cfg",
            "conf",
            "sh",
            "png",
            "avi",
            "pdf",
            "yml",
            "tsr",
        ):
            continue  # fmt: skip
        if parts[0] in NO_MODULES or name.startswith("benchmarks."):
            continue
        if not is_defined(parts):
            wrong.add(name)
    assert wrong == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_and_option_exists(page: Path) -> None:
    options = dict(test_help.parsers())
    text = page.read_text("utf-8")
    for name, rest in re.findall(r"(?<![\w/.-])onetomany ([a-z][a-z-]+)([^`\n|#]*)", text):
        if name not in options:  # "onetomany in a container": words of a sentence
            assert not re.search(rf"(?:`|^    |^)onetomany {name}\b", text, re.MULTILINE), name
            continue
        more = rest.split()[:1]
        parser = options.get(f"{name} {more[0]}", options[name]) if more else options[name]
        known = {string for action in parser._actions for string in action.option_strings}
        own = rest.split(" -- ")[0].split("`")[0]
        assert set(re.findall(r"(?<!\S)--[a-z-]+", own)) <= known, (name, rest)


def test_the_plan_has_every_room_in_an_order_in_which_each_imports_those_above() -> None:
    plan = (DOCS / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*)\| ([^|]*)\|$", plan, re.MULTILINE)
    architecture = importlib.import_module("architecture")  # generate.py has put .ci on the path
    places = architecture.rooms()
    assert sorted(room for room, *_ in rows) == sorted(places)
    for number, (room, offers, additions) in enumerate(rows):
        above = {each for each, *_ in rows[:number]}
        assert architecture.imported(places[room], set(places)) <= above, room
        for name in re.findall(r"`(\w+)`", offers):
            assert is_defined([room, name]), (room, name)
        for path in re.findall(r"`([\w./]+/[\w./]+)`", additions):
            assert (LIB / path).exists(), path


def test_no_page_is_too_long_to_be_read() -> None:
    """Twenty-five minutes at 200 words a minute; the plan in five."""
    words = {page: len(page.read_text("utf-8").split()) for page in PAGES}
    assert words[DOCS / "architecture.md"] <= 900
    assert {ids(page): many for page, many in words.items() if many > 5_000} == {}


def test_the_counts_in_the_pages_are_those_of_the_data() -> None:
    programmes = elsewhere.programmes()
    claimed = claimed_consent(programmes)
    many, consented = programmes.height, claimed.height
    ruled, fell = int(claimed["ruled"].sum()), int(claimed["fell"].sum())
    assert (
        f"Of {many} programmes elsewhere (a table, no sample) {consented} claimed consent; {ruled} "
        f"of these were judged by a regulator or court, and {fell} were found" in README
    )
    assert f"사업 {many}개(표본이 아닌 표) 가운데 {consented}개가 동의를 내세웠고" in README
    assert f"받은 {ruled}개 가운데 {fell}개가" in README
    page = (DOCS / "elsewhere.md").read_text("utf-8")
    places, figures = programmes["country"].n_unique(), elsewhere.foreign_figures().height
    assert f": {many} programmes of face identification" in page
    assert f"in {places} jurisdictions, and {figures} figures" in page
    claims = otm.load_claims()
    count = count_pairs(claims, find_contradictions(claims, otm.load_links()))
    said = f"Of {count.claims} claims by {count.speakers} bodies, {count.pairs} pairs can't both"
    assert said in README
    assert f"under one of {len(procedures())} laws" in README


def test_the_readmes_chapters_are_those_of_the_folder() -> None:
    table = re.findall(r"^\| (\d\d) ", README, re.MULTILINE)
    assert table == sorted(path.name[:2] for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_the_readme_leads_an_engineer_to_the_plan() -> None:
    assert {"docs/architecture.md", "docs/door.md", "CONTRIBUTING.md"} <= {
        file for file, _ in links(ROOT / "README.md")
    }
    assert test_generated.ROOT == ROOT
