"""The pages say what the code has: links, paths, names, rooms, commands and counts."""

from __future__ import annotations

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
PATTERN = "notebooks/NN_name.ipynb"
# made by a command that the page is about, or named as something that must not be there
MADE = re.compile(
    r"build/|seal/|data/(?!cases|everyday|arrivals)|private/|log/|gt/|\.?venv/|custom/|\.git/"
    r"|(?:case|own|mine|my|polars|sitecustomize|ipython_config|jupyter_)\b"
)
# functions, classes, their methods, and constants
DEFINED = r"^ *(?:(?:def|class) (\w+)|([A-Z][A-Z_]*)\b[^=\n]* = )"
# names of files, columns of SQL, and names of other programs
NO_NAME = re.compile(
    r"\.(py|pyi|toml|csv|md|sql|json|jsonl|txt|html|pem|lock|ini|duckdb|cfg|conf|sh|png|avi|pdf|yml)$"
    r"|^documents\.name$|^(case|files|pages|sightings|benchmarks|safe|distributed|cv2|dlib|c|args)\."
)


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


def test_every_page_that_the_code_names_is_there() -> None:
    files = [path for path in LIB.rglob("*") if path.suffix in (".py", ".toml", ".sql", ".txt")]
    named = {
        name for path in files for name in re.findall(r"docs/[\w.-]+\.md", path.read_text("utf-8"))
    }
    assert {"docs/cage.md", "docs/door.md"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []


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
    wrong = {path for path in paths - {PATTERN} if not MADE.match(path)
             and not any(each.endswith(f"/{path}") for each in stored())}  # fmt: skip
    assert wrong == set()


@cache
def dotted_names() -> set[str]:
    """Return all `room`, `room.name`, `module.name`, `room.module` and `room.module.name`."""
    found = {*otm.__all__, "DOOR"}
    for module in LIB.rglob("*.py"):
        *room, name = module.relative_to(LIB).with_suffix("").parts
        places = {".".join(room), name, ".".join([*room, name])} - {"", "__init__"}
        for names in re.findall(DEFINED, module.read_text("utf-8"), re.MULTILINE):
            found |= {f"{place}.{each}" for place in places for each in names}
        found |= places
    return found


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_dotted_name_is_defined(page: Path) -> None:
    quoted = re.findall(r"`([a-z_]+(?:\.\w+)+)(?:\([^`]*\))?`", page.read_text("utf-8"))
    names = {re.sub(r"^(onetomany|otm)\.", "", name) for name in quoted}
    # a method is named with its class: ooxml.Package.tell_rest
    wrong = {name for name in names if not NO_NAME.search(name)
             and not {name, re.sub(r"\.[A-Z]\w+\.", ".", name)} & dotted_names()}  # fmt: skip
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
            assert f"{room}.{name}" in dotted_names(), (room, name)
        for path in re.findall(r"`([\w./]+/[\w./]+)`", additions):
            assert (LIB / path).exists(), path


def test_no_page_is_too_long_to_be_read() -> None:
    """Twenty-five minutes at 200 words a minute; the plan in five."""
    words = {page: len(page.read_text("utf-8").split()) for page in PAGES}
    assert words[DOCS / "architecture.md"] <= 1_000
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
    assert f"shown again ({programmes.filter(functions_basis='inferred').height} rows)" in page
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
