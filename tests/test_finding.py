"""Search by all words, with nearness, exclusion and filters; lists of names; tags; tables."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cli import main
from onetomany.documents import finding, indexing, remarks
from onetomany.documents.case_export import INDEX, write_tables
from onetomany.documents.case_file import open_case
from onetomany.documents.finding import find_pages
from onetomany.documents.ingest import ingest
from onetomany.documents.name_search import _name_pattern, find_names, name_summary, read_names
from onetomany.documents.query import Filters, PageQuery, parse_query
from onetomany.errors import InputError

# written for this test: no document says so
FAR = "법무부가 먼저 답했다. " + "그 밖의 이야기가 길게 이어진다. " * 40 + "사진은 나중에 나온다."
FILES = {
    "a/near.txt": "법무부는 얼굴 사진을 이용했다. 김민지 사무관이 결재했다.",
    "a/far.txt": FAR,
    "b/english.txt": "The records were handed to the ministry. A company kept no faces.",
    "b/other.txt": "The company, Kim Min-ji and Lee. The fleet left. 이 수 있다. 김 민 지 씨.",
    "b/table.csv": "name,value\n김민지,=HYPERLINK(1)\n이수,-5\n",
}
MAIL = (
    "From: Hong <hong@ministry.example>\nTo: a@b.example\nDate: Tue, 30 Apr 2019 10:00:00 +0900\n"
    "Subject: faces\nMessage-ID: <1@b>\n\nThe ministry asks for records of faces.\n"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finding") / "folder"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "mail.eml").write_text(MAIL, encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.append(["amount", "@cmd"])
    book.active.append([-5, "+1+1"])
    book.save(folder / "book.xlsx")
    case = folder.with_name("case.duckdb")
    ingest(folder, case, workers=1, ocr=False)
    with open_case(case, write=True) as db:
        indexing.index_case(db, progress=False)
    return case


@pytest.fixture
def case(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(built, tmp_path / "case.duckdb"))


def names(case: Path, query: str, **filters: object) -> list[str]:
    with open_case(case) as db:
        hits = find_pages(db, query, filters=Filters(**filters)).hits
        paths = dict(db.execute("select document, path from documents").fetchall())
    return [paths[document] for document in hits["document"]]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("a b -c", PageQuery(("a", "b"), (), ("c",))),
        ('a "b c" -"d e"', PageQuery(("a",), ("b c",), (), ("d e",))),
        ("“curly quotes” x", PageQuery(("x",), ("curly quotes",))),
        ("co-operation a a", PageQuery(("co-operation", "a"))),
        ("- a", PageQuery(("a",))),
    ],
)
def test_a_query_is_taken_apart(text: str, query: PageQuery) -> None:
    assert parse_query(text) == query


def test_what_is_no_query_says_so() -> None:
    for text, why in (
        ('a "b', "never closed"),
        ("-a", "at least one word"),
        ("", "at least one word"),
    ):
        with pytest.raises(InputError, match=why):
            parse_query(text)
    for wrong in ({"kinds": ("exotic",)}, {"after": "30.4.2019"}, {"before": "2019-13"}):
        with pytest.raises(InputError, match=r"isn't a (kind|date)"):
            Filters(**wrong)


def test_every_word_must_be_there_and_near_ones_come_first(case: Path) -> None:
    assert names(case, "법무부 사진") == ["a/near.txt", "a/far.txt"]
    assert names(case, "법무부 사진 -이야기") == ["a/near.txt"]
    assert names(case, '"얼굴 사진"') == ["a/near.txt"]
    assert names(case, '법무부 -"얼굴 사진"') == ["a/far.txt"]
    # a word before a full stop is found: the tokenizer cut it anywhere
    assert set(names(case, "ministry records")) == {"b/english.txt", "mail.eml"}
    assert set(names(case, "face")) == {"b/english.txt", "mail.eml"}


def test_where_no_page_has_all_it_says_which_words_are_where(case: Path) -> None:
    with open_case(case) as db:
        found = find_pages(db, "company fleet zebra")
        said, korean = found.said(), found.said(korean=True)
        assert found.total == 0
        assert "no page has all of them. company: on 2 pages. fleet: on 1 page." in said
        assert "On no page: zebra. The nearest: 1 page with the rest." in said
        assert "어느 쪽에도 없는 말: zebra" in korean
        assert found.hits.height == 1
        found = find_pages(db, "법무부", filters=Filters(kinds=("pdf",)))
        assert "2 pages with all the words did not pass the filters" in found.said()
        assert found.hits.is_empty()
        assert find_pages(db, "zebra").said() == "Pages with zebra: none."


def test_filters(case: Path) -> None:
    assert names(case, "법무부 사진", path="NEAR") == ["a/near.txt"]
    assert names(case, "ministry", path="b/*.txt") == ["b/english.txt"]
    assert names(case, "ministry", kinds=("mail",)) == ["mail.eml"]
    assert names(case, "ministry", kinds=("eml", "pdf")) == ["mail.eml"]
    assert names(case, "ministry", sender="HONG") == ["mail.eml"]
    assert names(case, "ministry", sender="nobody") == []
    for after, before, fits in (
        ("2019", "", True),
        ("2019-04-30", "2019-04-30", True),
        ("2019-05", "", False),
        ("", "2018", False),
    ):
        assert names(case, "ministry", after=after, before=before) == ["mail.eml"] * fits
    with open_case(case) as db:
        found = find_pages(db, "ministry", filters=Filters(after="2018"))
        assert "In documents that state no date: 1 page more." in found.said()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 5)), min_size=1, max_size=5),
                min_size=2, max_size=4))  # fmt: skip
def test_the_shortest_stretch_is_found(words: list[list[tuple[int, int]]]) -> None:
    places = [[(start, start + length) for start, length in each] for each in words]
    spans = [span for each in places for span in each]
    best = min(
        end - start
        for start in {a for a, _ in spans}
        for end in {b for _, b in spans}
        if all(any(start <= a and b <= end for a, b in each) for each in places)
    )
    assert finding._nearness(places) == min(1, finding.LINE / best)


def test_a_list_of_names(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "names.csv"
    listed.write_bytes(
        "이름,메모\r\n김민지,x\r\nKim Minji,\r\nLee,\r\n이수,\r\n없는이\r\n".encode("cp949")
    )
    wanted = read_names(listed)
    assert wanted == ["김민지", "Kim Minji", "Lee", "이수", "없는이"]
    with open_case(case) as db:
        hits = find_names(db, wanted)
        rows = {row["name"]: row for row in name_summary(wanted, hits).iter_rows(named=True)}
        text = dict(db.execute("select document, text from pages").fetchall())
    counts = {name: (row["pages"], row["times"], row["unsure"]) for name, row in rows.items()}
    assert counts["김민지"] == (3, 3, 0)
    assert rows["김민지"]["other"] == "김 민 지"
    assert counts["Kim Minji"] == (0, 0, 0)
    assert counts["Lee"] == (1, 1, 1)  # and the fleet
    assert counts["이수"] == (1, 1, 1)  # and '이 수 있다'
    assert counts["없는이"] == (0, 0, 0)
    for row in hits.drop_nulls("document").iter_rows(named=True):
        part = text[row["document"]][row["char_start"] : row["char_end"]]
        assert part.replace(" ", "").casefold() == row["name"].replace(" ", "").casefold()
    assert main(["search", "--list", str(listed), "--case", str(case)]) == 0
    said = capsys.readouterr().out
    assert "3 of 5 names found" in said
    report = list(csv.DictReader(io.StringIO((tmp_path / "names.hits.csv").read_text("utf-8-sig"))))
    assert {row["name"] for row in report} == set(wanted)
    assert main(["search", "--list", str(listed), "x", "--case", str(case)]) == 1


@pytest.mark.parametrize(
    ("name", "spelt", "fits"),
    [
        ("Kim Min-ji", "KIM MINJI", True),
        ("Kim Minji", "Kim-Minji", True),
        ("김민지", "김\n민지", True),
        ("김민지", "김민 지", False),
        ("개인정보보호위원회", "개인정보 보호위원회", True),
        ("A.B", "AxB", False),
    ],
)
def test_spellings_of_a_name(name: str, spelt: str, fits: bool) -> None:
    import re

    assert bool(re.fullmatch(_name_pattern(name), spelt, re.IGNORECASE)) is fits


def test_tags_stay_when_documents_are_read_again(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = ["tag", "a/near.txt", "1", "--case", str(case)]
    assert main([*keep, "--tag", "중요", "--remark", "\x1b[2J check", "--by", "kim"]) == 0
    assert main([*keep, "--tag", "x"]) == 1
    assert "The author's name is missing" in capsys.readouterr().err
    assert main(["tag", "a/near.txt", "9", "--tag", "x", "--by", "k", "--case", str(case)]) == 1
    assert main(["tag", "nothing", "1", "--tag", "x", "--by", "k", "--case", str(case)]) == 1
    assert names(case, "법무부", tag="중요") == ["a/near.txt"]
    with open_case(case, write=True) as db:  # as an update of the kit that reads better
        db.execute("update documents set version = 0")
    folder = case.parent / "folder"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    again = ingest(folder, case, workers=1, ocr=False)
    assert again.read == len(FILES)
    capsys.readouterr()
    assert main(["tag", "--case", str(case)]) == 0
    said = capsys.readouterr().out
    assert "a/near.txt, page 1: 1. 중요: \\x1b[2J check (kim, " in said
    assert "otherwise" not in said
    with open_case(case, write=True) as db:
        db.execute("update pages set text = 'other'")
        (row,) = remarks.page_remarks(db).iter_rows(named=True)
        assert not row["same_text"]
        remarks.withdraw_remark(db, 1, who="lee")
        assert remarks.page_remarks(db).is_empty()
        held = db.execute("select who, withdrawn_by from remarks").fetchall()
        assert held == [("kim", "lee")]
        with pytest.raises(InputError, match="no remark 1"):
            remarks.withdraw_remark(db, 1, who="lee")


def test_tables_as_csv_are_no_formulas(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["tables", "--case", str(case), "--out", str(out)]) == 0
    index = pl.read_csv(out / INDEX)
    assert index["path"].to_list() == ["b/table.csv", "book.xlsx"]
    first, second = (
        list(csv.reader(io.StringIO((out / file).read_text("utf-8-sig")))) for file in index["file"]
    )
    assert first == [["name", "value"], ["김민지", "'=HYPERLINK(1)"], ["이수", "-5"]]
    assert second == [["amount", "'@cmd"], ["-5", "'+1+1"]]
    with open_case(case, write=True) as db:  # a received case file may say anything
        db.execute("update cells set row_no = 2000000000 where text = '-5'")
        (other,) = db.execute(
            "select document from documents where name = 'table.csv'"
        ).fetchone() or ("",)
        for table in ("tables", "cells", "documents"):
            db.execute(f"update {table} set document = '../../x' where document = ?", [other])
        left = write_tables(db, tmp_path / "again")
    assert left["file"].to_list() == [None] * left.height
    assert {each.name for each in (tmp_path / "again").iterdir()} == {INDEX}
