"""TOML that people write: each value is read, or refused by file and field."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from odd_tables import damaged
from onetomany.behaviour import read_published, read_rules, read_site
from onetomany.behaviour.rules import DATA as RULES
from onetomany.cases.about import read_about
from onetomany.checked_tables import (
    FieldError,
    Name,
    Number,
    Row,
    Table,
    Text,
    from_table,
    in_range,
    named_tables,
    parse_toml,
    read_toml,
)
from onetomany.errors import InputError, OneToManyError
from onetomany.evidence.redaction import read_redactions
from onetomany.requests.languages import letter_languages
from onetomany.requests.letter_templates import frames, letter_fields, templates
from onetomany.requests.log import read_request
from onetomany.requests.procedures import procedures
from onetomany.sources import datasheets, films, microdata
from onetomany.sources.kit_files import kit_path
from onetomany.sources.sheet_fields import checked_sheet
from onetomany.terminal import layout, load_layout

SECRET = "Hong Gil-dong"
SITE = """
[[gates]]
gate = "door"
x1 = 5.0
y1 = -50.0
x2 = 5.0
y2 = 50.0
[[one_way]]
zone = "lane"
x_low = 0.0
y_low = -50.0
x_high = 100.0
y_high = 50.0
dx = 1.0
dy = 0.0
"""
LIST = f"""
[[redact]]
name = "witness A"
exact = "{SECRET}"
[[redact]]
name = "annex 3"
document = "annex3.pdf"
pages = [3, 4]
[[allow]]
exact = "press@moj.example"
reason = "printed in the ministry's press release"
"""
LOG = f"""
id = "one"
title = "t"
procedure = "kr-oida"
body = "b"
simulated = true
claims = ["C1"]
fields = {{ system = "x" }}
[[history]]
date = 2026-01-02
event = "extended"
extension = "decision-extension"
until = 2026-03-03
[[history]]
date = 2026-03-02
event = "refused"
exemptions = ["9-1-5"]
files = [{{ name = "a.pdf", sha256 = "{"0" * 64}" }}]
[[changes]]
date = 2026-03-02
claim = "C1"
before = ""
after = "x"
"""


def filled(blank: str) -> str:
    """A blank datasheet with every field filled in."""
    made = {"subjects": "2", "images": "6", "max_gallery": "9", "frames_per_second": "25.0",
            "expires": "2030-01-01", "allowed_uses": '["research"]'}  # fmt: skip
    text = re.sub(r'^(\w+) = ""', r'\1 = "made"', blank.replace("{sha256}", "0" * 64), flags=re.M)
    for name, value in made.items():
        text = re.sub(rf'^{name} = ("made"|\S+)', f"{name} = {value}", text, flags=re.M)
    return text


def in_home(read: Callable[[], Any]) -> Callable[[Path], Any]:
    """Read data_requests/ below the folder in which a file of it is."""

    def run(path: Path) -> Any:
        home = next(each for each in path.parents if each.name == "data_requests").parent
        with contextlib.chdir(home):
            return read()

    return run


@dataclass(frozen=True)
class Reader:
    """A file's name in a folder, its text, what reads it, and files that must be beside it."""

    name: str
    text: str
    read: Callable[[Path], Any]
    beside: tuple[Path, ...] = ()

    def refusal(self, folder: Path, text: str) -> str:
        """Write the file, read it, and return why it is refused; '' if it isn't."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        for each in self.beside:
            (path.parent / each.name).write_bytes(each.read_bytes())
        framed = f"+++\n{text}\n+++\nText.\n" if path.suffix in (".j2", ".md") else text
        path.write_text(framed, encoding="utf-8")
        try:
            self.read(path)
        except OneToManyError as error:
            return str(error)
        return ""


def head(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8").split("+++\n")[1]


PACKAGE = Path(str(resources.files("onetomany")))
REQUESTS = kit_path("data_requests")
TEMPLATES = REQUESTS / "templates"
HERE = "data_requests/templates"
TABLE = {"records": 8, "sha256": "0" * 64, "kind": "synthetic", "file": "f.csv"} | dict.fromkeys(
    ("name", "title", "source", "url", "collected", "licence", "terms", "credit", "consent_basis",
     "limits"), "made"
)  # fmt: skip
READERS = {
    "a case": Reader(
        "case.toml",
        (PACKAGE / "sources/data/cases/incheon/case.toml").read_text("utf-8"),
        read_about,
    ),
    "images": Reader(
        "datasheet.toml",
        filled(datasheets.BLANK) + '[attributes]\ncolumns = ["sex"]\nrecorded = "on a form"\n',
        datasheets.read_datasheet,
    ),
    "a film": Reader(
        "film.toml",
        filled(films.BLANK) + "[ground]\npicture = [[1, 2]]\nmetres = [[1, 2]]\n",
        films.read_film_sheet,
    ),
    "a table": Reader(
        "sheets.toml",
        tomlkit.dumps(TABLE),
        lambda path: checked_sheet(microdata.TableSheet, read_toml(path), str(path)),
    ),
    "rules": Reader(
        "rules.toml",
        (RULES / "rules.toml").read_text("utf-8"),
        lambda path: read_rules(path.parent),
        (Path(str(RULES / "published.toml")),),
    ),
    "published": Reader(
        "published.toml",
        (RULES / "published.toml").read_text("utf-8"),
        lambda path: read_published(path.parent),
    ),
    "a site": Reader("site.toml", SITE, read_site),
    "a plan": Reader("plan.toml", layout.FICTIONAL.read_text("utf-8"), load_layout),
    "redactions": Reader("list.toml", LIST, read_redactions),
    "a log": Reader("one.md", LOG, read_request),
    "a law": Reader(
        "data_requests/laws/eu-1049-2001.toml",
        (REQUESTS / "laws" / "eu-1049-2001.toml").read_text("utf-8"),
        lambda path: procedures(path.parents[1]),
    ),
    "a template": Reader(f"{HERE}/cameras.md.j2", head("cameras.md.j2"), in_home(templates)),
    "a frame": Reader(
        f"{HERE}/frames/us-foia.md.j2", head("frames/us-foia.md.j2"), in_home(frames)
    ),
    "fields": Reader(
        f"{HERE}/fields.toml",
        (TEMPLATES / "fields.toml").read_text("utf-8"),
        in_home(letter_fields),
    ),
    "languages": Reader(
        f"{HERE}/languages.toml",
        (TEMPLATES / "languages.toml").read_text("utf-8"),
        in_home(letter_languages),
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readers")
    (folder / "data_requests" / "laws").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", READERS)
def test_what_the_kit_ships_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "data_requests" / "laws").mkdir(parents=True)
    assert READERS[name].refusal(tmp_path, READERS[name].text) == ""


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused_by_name(
    name: str, home: Path, data: st.DataObject
) -> None:
    reader = READERS[name]
    folder = home / name
    (folder / "data_requests" / "laws").mkdir(parents=True, exist_ok=True)
    said = reader.refusal(folder, data.draw(damaged(reader.text)))
    if said:
        assert re.search(
            rf"\b{re.escape(Path(reader.name).name)}\b.*('[^']+'|key \w|fill in |\[\[)", said
        )
        assert "\n" not in said
        assert said.endswith(".")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "= 3",
        f"a = {'9' * 5000}",  # more digits than Python reads
        f"a = 0x{'f' * 5000}",  # more than it prints
        "a = " + "[" * 3000 + "]" * 3000,
        "a = 3\na = 4",
    ],
)
def test_a_file_that_is_no_such_table_is_refused_in_a_sentence(
    name: str, text: str, tmp_path: Path
) -> None:
    (tmp_path / "data_requests" / "laws").mkdir(parents=True)
    said = READERS[name].refusal(tmp_path, text)
    if text or name not in ("published", "redactions", "fields", "languages", "rules"):
        assert Path(READERS[name].name).name in said
        assert len(said) < 1000
        assert "\n" not in said


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_refused_redaction_list_keeps_its_secret(data: st.DataObject, home: Path) -> None:
    said = READERS["redactions"].refusal(home, data.draw(damaged(LIST)))
    assert SECRET not in said


@dataclass(frozen=True)
class Corner(Row):
    name: Name
    x: Annotated[float, in_range(-9, 9, " metres")]


@dataclass(frozen=True)
class Inner(Table):
    count: Number
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Whole(Table):
    title: Text
    parts: tuple[Inner, ...] = ()
    corners: tuple[Corner, ...] = ()
    open: bool = False
    day: dt.date | None = None


def test_a_table_is_read_as_its_dataclass_and_nothing_is_converted_in_silence() -> None:
    given = {"title": "t", "parts": [{"count": 1}], "corners": [["n", 3], [4, 0.5]]}
    assert from_table(Whole, given) == Whole(
        "t", parts=(Inner(1),), corners=(Corner("n", 3.0), Corner("4", 0.5))
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"titel": "t"}, "'titel' is an unknown field: remove it or correct its name (similar: "
         "title)"),
        ({}, "'title' is missing: add it"),
        ({"title": " "}, "'title' must be a text that is not empty"),
        ({"title": "t", "open": 1}, "'open' must be true or false, not 1"),
        ({"title": "t", "day": "today"}, "'day' must be a date without quotes, such as 2026-11-24, "
         "not 'today'"),
        ({"title": "t", "parts": {"count": 1}}, "'parts' must be a list: each of its tables begins "
         "with [[parts]], two brackets"),
        ({"title": "t", "parts": [{"count": True}]}, "'parts.1.count' must be a whole number of 1 "
         "or more, not true"),
        ({"title": "t", "parts": [{"count": 1, "kind": "c"}]}, "'parts.1.kind' is 'c': it must be "
         "'a' or 'b'"),
        ({"title": "t", "parts": [{"count": 1, "name": "x"}]}, "'parts.x.name' is an unknown "
         "field: remove it"),
        ({"title": "t", "corners": [["n", 10]]}, "'corners.n.x' must be a number from -9 to 9 "
         "metres, not 10"),
        ({"title": "t", "corners": [["n"]]}, "'corners.n' must be [name, x], not ['n']"),
        ({"title": "t", "corners": [["n", float("nan")]]}, "'corners.n.x' must be a number from -9 "
         "to 9 metres, not nan"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_place_value_and_remedy(given: dict[str, Any], said: str) -> None:
    with pytest.raises(FieldError) as refused:
        from_table(Whole, given)
    assert str(refused.value) == said


def test_all_faults_of_a_table_are_there_and_a_misspelt_name_is_the_first() -> None:
    with pytest.raises(FieldError) as refused:
        from_table(Whole, {"open": 1, "parts": [{}], "titel": "t"}, "plan")
    found = [(each.kind, each.field) for each in refused.value.faults]
    assert found == [
        ("unknown", "plan.titel"),
        ("missing", "plan.title"),
        ("missing", "plan.parts.1.count"),
        ("form", "plan.open"),
    ]


def test_named_tables_have_their_name_and_may_not_bring_another() -> None:
    with pytest.raises(FieldError, match=r"'one.title' is an unknown field"):
        named_tables(Whole, {"one": {"title": "t"}}, key="title")
    assert named_tables(Whole, {"one": {}}, key="title") == {"one": Whole("one")}
    with pytest.raises(FieldError, match="'one' must be a table, not 3"):
        named_tables(Whole, {"one": 3}, key="title")


def test_a_byte_order_mark_is_read_and_another_encoding_named(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes("\ufeffa = 1".encode())
    assert read_toml(path) == {"a": 1}
    path.write_bytes("a = '가'".encode("cp949"))
    with pytest.raises(InputError, match="is not in UTF-8: save it as UTF-8"):
        read_toml(path)
    with pytest.raises(InputError, match="can't be read: No such file"):
        read_toml(tmp_path / "b.toml")
    with pytest.raises(InputError, match="too many digits"):
        parse_toml(f"a = {'9' * 5000}", path)


@pytest.mark.parametrize("code", ["import onetomany", "from onetomany.cli import main; main([])"])
def test_neither_the_kit_nor_its_help_waits_for_pydantic(code: str) -> None:
    code = f"import contextlib, sys\nwith contextlib.suppress(SystemExit):\n    {code}\n"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}print('pydantic' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "False"
