"""A case folder: made, filled, checked, merged by two people, and given to the commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cases import case_tables, columns, database, new_folder, rows, story, to_do
from onetomany.cases.case_folder import Case, read_case, shipped_cases
from onetomany.claims import claim_ledger, contradictions
from onetomany.cli import main
from onetomany.documents.case_file import open_case
from onetomany.errors import InputError
from onetomany.requests import gaps
from onetomany.sources import case as incheon

CLAIM = {
    "subject": "faces",
    "attribute": "count",
    "value": "500,000",
    "unit": "faces",
    "said_by": "Leeds City Council",
    "source_url": "https://example.org/a",
}


@pytest.fixture
def leeds(tmp_path: Path) -> Path:
    folder = tmp_path / "leeds"
    new_folder.new_case(
        folder,
        title="Cameras in Leeds",
        country="gb",
        place="Leeds",
        operator="Leeds City Council",
        said="Find wanted people.",
        functions=["1:N"],
    )
    return folder


def add_claim(folder: Path, **cells: str) -> str:
    return rows.add_case_row(folder, "claims", CLAIM | cells)


# --- the shipped cases


def test_incheon_is_the_same_ledger_as_a_folder() -> None:
    case = read_case("incheon")
    assert case.claims.equals(claim_ledger.load_claims())
    found = story.case_contradictions(case)
    assert found.equals(contradictions.find_contradictions(case.claims, claim_ledger.load_links()))
    count = contradictions.count_pairs(case.claims, found)
    assert (count.statements, count.claims, count.pairs, count.compatible) == (51, 59, 36, 9)
    assert case.events.height == incheon.case_timeline().height
    assert case.gaps.select(gaps.TABLE).equals(gaps.load_gaps())


@pytest.mark.parametrize("name", shipped_cases())
def test_a_shipped_case_has_no_fault_and_its_chapter_something_to_say(name: str) -> None:
    case = read_case(name)
    tasks = to_do.check_case(name)
    assert [str(task) for task in tasks if task.group in (to_do.FAULT, to_do.SPEAKER)] == []
    assert all(all(pair) for pair in case_sentences(case))
    assert [part for part in story.PARTS if story.missing_part(case, part)] == []
    for language in ("en", "ko"):
        assert all(case.about.text(each, language) for each in ("title", "place", "said"))


def case_sentences(case: Case) -> list[tuple[str, str]]:
    found = story.case_contradictions(case)
    similar = story.similar_programmes(case)
    finding = story.case_finding(case)
    return [
        *(finding.figure, finding.sentence, finding.limit),
        story.case_opening(case),
        story.pairs_in_words(case, found),
        story.similar_in_words(case, similar),
    ]


def test_similar_programmes_share_a_function_and_the_own_country_comes_first() -> None:
    case = read_case("holyhead-london")
    similar = story.similar_programmes(case)
    assert similar["own"].to_list() == sorted(similar["own"], reverse=True)
    assert set(similar.filter("own")["country"]) == {"GB"}
    for functions in similar["functions"]:
        assert set(functions.split(";")) & set(case.about.functions)


# --- a new folder


def test_a_new_folder_already_runs(leeds: Path) -> None:
    case = read_case(leeds)
    assert (case.about.country, case.about.operators) == ("GB", ("Leeds City Council",))
    tasks = to_do.check_case(leeds)
    assert not [task for task in tasks if task.group == to_do.FAULT]
    missing = [task.where for task in tasks if task.group == to_do.MISSING]
    assert missing == ["claims.csv", "events.csv", "numbers.csv", "gaps.csv", "provisions.csv"]
    assert all(story.missing_part(case, part) for part in story.PARTS)
    assert "no claim yet" in story.case_finding(case).sentence[0]


def test_a_country_names_its_laws(tmp_path: Path) -> None:
    laws = new_folder.new_case(tmp_path / "a", title="A", country="DE")
    assert {"de-ifg", "eu-gdpr-15"} <= set(laws)
    assert not [law for law in laws if law.startswith("us-")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title": " "}, "needs a title"),
        ({"country": "UKX"}, "two letters"),
        ({"functions": ["gait"]}, "There is no function 'gait'"),
    ],
)
def test_a_folder_is_not_made_from_nonsense(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        new_folder.new_case(tmp_path / "x", **({"title": "A", "country": "gb"} | change))  # type: ignore[arg-type]
    assert not (tmp_path / "x").exists()


def test_a_folder_with_something_in_it_is_left_alone(leeds: Path) -> None:
    with pytest.raises(InputError, match="already contains"):
        new_folder.new_case(leeds, title="A", country="gb")


def test_the_data_package_describes_each_column(leeds: Path) -> None:
    package = json.loads((leeds / "datapackage.json").read_text("utf-8"))
    assert [each["path"] for each in package["resources"]] == [t.file for t in columns.TABLES]
    for resource, table in zip(package["resources"], columns.TABLES, strict=True):
        header = (leeds / table.file).read_text("utf-8").splitlines()[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        for field in resource["schema"]["fields"]:
            if pattern := field.get("constraints", {}).get("pattern"):
                re.compile(pattern)


# --- faults


@pytest.mark.parametrize(
    ("table", "cells", "message"),
    [
        ("events", "2019-13-45,,law,X,,,,P,https://e.org,V1", "there is no date '2019-13-45'"),
        ("events", "2019-02-30,,law,X,,,,P,https://e.org,V1", "there is no date '2019-02-30'"),
        ("events", "April 2019,,law,X,,,,P,https://e.org,V1", "events.csv, row 2, column date"),
        ("events", "2019,,rumour,X,,,,P,https://e.org,V1", "'rumour' is not one of"),
        ("events", "2019,,law,X,,,,P,www.e.org,V1", "column url"),
        ("numbers", "a,A,,many,faces,,,,,P,https://e.org,V1,", "'many' is not a number"),
        ("numbers", "a,A,,1,faces,,2019-02-30,,,P,https://e.org,V1,", "'2019-02-30' is not a day"),
        ("bodies", ",official,,,,", "column name: the cell is empty"),
        ("order", "a,before,b", "write one of part of, comes before"),
    ],
)
def test_a_fault_names_file_row_column_and_remedy(
    leeds: Path, table: str, cells: str, message: str
) -> None:
    with (leeds / f"{table}.csv").open("a", encoding="utf-8") as file:
        file.write(cells + "\n")
    faults = [str(task) for task in to_do.check_case(leeds) if task.group == to_do.FAULT]
    assert len(faults) == 1
    assert message in faults[0]
    with pytest.raises(InputError, match=re.escape(f"{table}.csv")):
        read_case(leeds).table(table)


def test_a_claim_of_gaps_must_exist_and_an_id_is_used_once(leeds: Path) -> None:
    add_claim(leeds)
    rows.add_case_row(leeds, "gaps", {"gap": "dpia", "body_en": "Council", "claims": "C1;C9"})
    faults = [str(task) for task in to_do.check_case(leeds) if task.group == to_do.FAULT]
    assert faults == [
        "can't be used: gaps.csv, row 2: 'dpia' names the claim C9, which claims.csv doesn't have; "
        "correct the claim's id."
    ]
    text = (leeds / "claims.csv").read_text("utf-8")
    (leeds / "claims.csv").write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    assert "'C1' is used in rows 2, 3" in str(to_do.check_case(leeds)[0])


def test_other_encodings_missing_columns_and_files_are_named(leeds: Path) -> None:
    (leeds / "events.csv").write_bytes("date,strand\n2019,법\n".encode("cp949"))
    (leeds / "numbers.csv").write_text("id,value\n", encoding="utf-8")
    (leeds / "bodies.csv").unlink()
    faults = "\n".join(str(task) for task in to_do.check_case(leeds))
    assert "its bytes look like cp949" in faults.lower()
    assert "numbers.csv, row 1, column unit: the column is missing" in faults
    assert "bodies.csv: the file is missing" in faults


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 1", "key name: it is not one line of text; write one line"),
        ('nmae = "a"', "key nmae: there is no such key; delete it, or write one of name"),
        ('name = "a"\ncountry = "GB"\nlanguages = "en"', "key languages: it is not a list"),
        ('name = "a"\ncountry = "GB"\nlanguages = ["en"]', "key title_en: it is missing"),
        ('name = "a"\ncountry = "Kenya"', "key country: 'Kenya' is not in the right form; write"),
        ('url = "example.org"', "key url: 'example.org' is not in the right form"),
        ('searched = "all"', "key searched: 'all' is not in the right form; write passers-by or"),
        ('functions = ["1:N", "gait"]', "key functions: 'gait' is not in the right form"),
        ('name = "a"\n= 1', "case.toml: line 2, column 1 is not TOML"),
        ("name = ", "is not TOML"),
    ],
)
def test_case_toml_is_refused_with_its_field(
    leeds: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (leeds / "case.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        read_case(leeds)
    assert re.search("[가-힣]", refused.value.ko)
    (task,) = to_do.check_case(leeds)
    assert task.group == to_do.FAULT
    assert message.removeprefix("case.toml: ").removeprefix("key ") in str(task)
    for language, said in (("en", "faults: 1"), ("ko", "쓸 수 없는 것 1개")):
        assert main(["check", "--case", str(leeds), "--language", language]) == 1
        assert said in capsys.readouterr().out


def test_case_toml_may_begin_with_a_byte_order_mark_and_must_be_utf8(leeds: Path) -> None:
    text = (leeds / "case.toml").read_bytes()
    (leeds / "case.toml").write_bytes(b"\xef\xbb\xbf" + text)
    assert read_case(leeds).about.country == "GB"
    (leeds / "case.toml").write_bytes(text + "# 리즈".encode("cp949"))
    with pytest.raises(InputError, match=r"case\.toml: it is not in UTF-8; save it as UTF-8"):
        read_case(leeds)


# --- rows


def test_rows_get_ids_and_keep_the_bytes_before_them(leeds: Path) -> None:
    before = (leeds / "claims.csv").read_bytes()
    assert add_claim(leeds) == "C1"
    assert add_claim(leeds, value="1 million", said_by="The Press") == "C2"
    assert (leeds / "claims.csv").read_bytes().startswith(before)
    found = story.case_contradictions(read_case(leeds))
    assert found["kind"].to_list() == ["value"]
    with pytest.raises(InputError, match="'C1' is taken"):
        add_claim(leeds, claim_id="C1")
    with pytest.raises(InputError, match=r"no column 'vlaue' \(similar: value"):
        rows.add_case_row(leeds, "claims", {"vlaue": "1"})
    with pytest.raises(InputError, match="column said_by: the cell is empty"):
        add_claim(leeds, said_by=" ")


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() == text and text
)


@settings(deadline=None, max_examples=60)
@given(quote=TEXTS, said_by=TEXTS)
def test_any_text_comes_back_from_the_file(
    tmp_path_factory: pytest.TempPathFactory, quote: str, said_by: str
) -> None:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "claims.csv").write_text(",".join(columns.CLAIMS.names) + "\n", encoding="utf-8")
    add_claim(folder, quote=quote, said_by=said_by)
    row = case_tables.read_case_table(folder, columns.CLAIMS).row(0, named=True)
    assert (row["quote"], row["said_by"]) == (quote, said_by)


def test_two_people_at_once_lose_no_row(leeds: Path) -> None:
    def work(name: str) -> None:
        for _ in range(10):
            add_claim(leeds, said_by=name)

    people = [threading.Thread(target=work, args=(name,)) for name in ("A", "B")]
    for each in people:
        each.start()
    for each in people:
        each.join()
    claims = case_tables.read_case_table(leeds, columns.CLAIMS)
    assert claims["claim_id"].n_unique() == 20
    assert claims["said_by"].value_counts(sort=True)["count"].to_list() == [10, 10]


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    named = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", *named, *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_two_people_through_git_lose_no_row(leeds: Path, tmp_path: Path) -> None:
    add_claim(leeds)
    git(leeds, "init", "-b", "main")
    git(leeds, "add", "-A")
    assert git(leeds, "commit", "-m", "start").returncode == 0
    assert "case.duckdb" not in git(leeds, "ls-files").stdout
    other = tmp_path / "other"
    assert git(tmp_path, "clone", str(leeds), str(other)).returncode == 0
    for folder, name in ((leeds, "A"), (other, "B")):
        rows.add_case_row(folder, "bodies", {"name": name, "kind": "press"})
        add_claim(folder, said_by=name, value="700,000")
        git(folder, "commit", "-am", f"{name}'s claim")
    merged = git(other, "pull", "--no-rebase", "--no-edit")
    assert merged.returncode == 0, merged.stderr
    assert set(read_case(other).bodies["name"]) == {"Leeds City Council", "A", "B"}
    # both took the id C2: nothing is lost, and the check says so
    faults = [str(task) for task in to_do.check_case(other) if task.group == to_do.FAULT]
    assert len(faults) == 1
    assert "'C2' is used in rows 3, 4" in faults[0]
    text = (other / "claims.csv").read_text("utf-8")
    assert {"A", "B"} <= set(pl.read_csv(text.encode())["said_by"])


def test_lines_of_an_unfinished_merge_are_named(leeds: Path) -> None:
    with (leeds / "claims.csv").open("a", encoding="utf-8") as file:
        file.write("<<<<<<< HEAD\n")
    assert "two people's changes were not merged" in str(to_do.check_case(leeds)[0])


# --- the to-do list


def test_the_to_do_list_puts_what_matters_first(leeds: Path) -> None:
    add_claim(leeds)
    add_claim(leeds, value="900,000", said_by="The Press", source_url="")
    (leeds / "sources" / "a.txt").write_text("500,000 faces", encoding="utf-8")
    log = leeds / "requests" / "r1.md"
    log.write_text(
        '+++\nid = "r1"\ntitle = "DPIA"\nprocedure = "uk-foia-2000"\nbody = "Council"\n'
        "[[history]]\ndate = 2026-01-05\nevent = 'sent'\n"
        "[[history]]\ndate = 2026-01-05\nevent = 'received'\n+++\n",
        encoding="utf-8",
    )
    tasks = to_do.check_case(leeds)
    groups = [task.group for task in tasks]
    assert groups == sorted(groups)
    said = "\n".join(map(str, tasks))
    assert "deadline missed: requests/r1.md" in said
    assert "contradiction: claims.csv, C1 and C2: faces, count" in said
    assert "1 of 2 rows without a source (row 3)" in said
    assert "documents in sources/ not read: 1" in said
    assert "'The Press' is the speaker in 1 row" in said
    # a gap that asks for the document answers the contradiction
    rows.add_case_row(leeds, "gaps", {"gap": "dpia", "body_en": "Council", "claims": "C1"})
    assert to_do.CLASH not in {task.group for task in to_do.check_case(leeds)}


def test_the_database_is_made_from_the_files_and_follows_them(leeds: Path) -> None:
    add_claim(leeds)
    assert database.store_case(read_case(leeds)) == (1, 0)
    assert list(database.stale_parts(read_case(leeds))) == []
    add_claim(leeds, value="1 million", said_by="Press")
    assert [what for (what, _), _ in database.stale_parts(read_case(leeds))] == [
        "the claims in it differ from claims.csv"
    ]
    assert database.store_case(read_case(leeds)) == (2, 0)
    lines = (leeds / "claims.csv").read_text("utf-8").splitlines()
    (leeds / "claims.csv").write_text("\n".join([lines[0], lines[2]]) + "\n", encoding="utf-8")
    database.store_case(read_case(leeds))
    with open_case(leeds / "case.duckdb") as db:
        assert db.execute("select claim_id from claims").fetchall() == [("C2",)]


# --- the commands


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def test_the_commands_work_on_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    folder = tmp_path / "nairobi"
    assert run("new", folder, "--title", "Nairobi", "--country", "ke") == 0
    assert run("new", tmp_path / "x") == 1
    said = capsys.readouterr()
    assert "give --title and --country" in said.out + said.err
    cells = [f"{name}={value}" for name, value in CLAIM.items()]
    assert run("add", "claims", *cells, "--case", folder) == 0
    assert run("add", "claims", *cells, "said_by=Press", "value=9", "--case", folder) == 0
    assert run("claims", "--case", folder) == 0
    assert "Claims: 2. Pairs that contradict each other: 1." in capsys.readouterr().out
    monkeypatch.chdir(folder)
    assert run("check") == 0
    assert "contradiction: claims.csv, C1 and C2" in capsys.readouterr().out
    assert run("requests", "gaps") == 0
    assert run("add", "gaps", "gap=dpia", "body_en=City", "claims=C77") == 0
    assert run("check") == 1
    assert run("add", "nothing") == 1
    assert "There is no table 'nothing'" in capsys.readouterr().err


def test_notebooks_of_a_received_folder_are_never_chapters(
    leeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from onetomany.sources.kit_files import kit_folder

    (leeds / "notebooks" / "00_evil.ipynb").write_text("{}")
    (leeds / "data_requests" / "laws").mkdir(parents=True)
    monkeypatch.chdir(leeds)
    assert not (kit_folder("notebooks") / "00_evil.ipynb").exists()
    assert kit_folder("data_requests") != Path("data_requests")


def test_a_copy_for_a_bundle_has_the_tables_and_nothing_else(leeds: Path, tmp_path: Path) -> None:
    from onetomany.report.case_pages import copy_case_tables, write_own_case

    (leeds / "notebooks" / "own.ipynb").write_text("{}")
    (leeds / "sources" / "secret.pdf").write_bytes(b"%PDF")
    made = tmp_path / "made"
    made.mkdir()
    kit = Path(__file__).parents[1] / "notebooks"
    path = write_own_case(kit, made, read_case(leeds))
    assert "case_folder = 'case'" in path.read_text("utf-8").replace('\\"', "'")
    assert str(leeds) not in path.read_text("utf-8")
    names = {file.name for file in (made / "case").iterdir()}
    assert names == {"case.toml", *(table.file for table in columns.TABLES)}
    (leeds / "claims.csv").unlink()
    (leeds / "claims.csv").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="is a link"):
        copy_case_tables(leeds, tmp_path / "again")


@pytest.mark.parametrize("name", ["case.toml", "claims.csv", "numbers.csv", "exhibit.toml"])
def test_a_linked_file_of_a_received_folder_is_not_read(
    leeds: Path, tmp_path: Path, name: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("only mine", encoding="utf-8")
    (leeds / name).unlink(missing_ok=True)
    (leeds / name).symlink_to(secret)
    if name.endswith(".csv"):
        said = " ".join(map(str, to_do.check_case(leeds)))
        assert "it is a link to another file" in said
        with pytest.raises(InputError, match="link"):
            read_case(leeds).table(name.removesuffix(".csv"))
    else:
        read = new_folder.read_exhibit_choices if name == "exhibit.toml" else read_case
        with pytest.raises(InputError, match="is a link: put the file itself there") as refused:
            read(leeds)
        said = str(refused.value)
    assert "only mine" not in said


def test_the_title_of_a_received_case_stays_text(leeds: Path, tmp_path: Path) -> None:
    from onetomany.report.case_pages import write_own_case

    text = (leeds / "case.toml").read_text("utf-8")
    title = "<img src=x onerror=alert(1)> [a](javascript:b) # c"
    (leeds / "case.toml").write_text(text.replace("Cameras in Leeds", title), encoding="utf-8")
    kit = Path(__file__).parents[1] / "notebooks"
    path = write_own_case(kit, tmp_path, read_case(leeds))
    first = json.loads(path.read_text("utf-8"))["cells"][0]["source"]
    assert "\\<img" in "".join(first)
    assert "\\[a\\]\\(javascript" in "".join(first)


def test_a_copy_of_a_shipped_case_may_be_changed(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(read_case("massachusetts").folder, folder)
    count = read_case(folder).claims.height
    rows.add_case_row(folder, "claims", CLAIM)
    assert read_case(folder).claims.height == count + 1


@pytest.mark.parametrize("name", shipped_cases())
def test_a_shipped_case_is_described_as_it_is(name: str) -> None:
    case = read_case(name)
    there = json.loads((case.folder / "datapackage.json").read_text("utf-8"))
    package = new_folder._data_package(case.about.name, case.about.text("title", "en"))
    described = {each["path"]: each for each in package["resources"]}
    described = {path: each for path, each in described.items() if (case.folder / path).exists()}
    for path, table in described.items():
        known = {field["name"]: field for field in table["schema"]["fields"]}
        own = {"type": "string", "description": "a column of your own"}
        header = (case.folder / path).read_text("utf-8").splitlines()[0].split(",")
        table["schema"]["fields"] = [known.get(each, {"name": each, **own}) for each in header]
    assert there == package | {"resources": list(described.values())}
