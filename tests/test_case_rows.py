"""Rows of a case folder: added, replaced, deleted; every other byte stays, any text comes back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onetomany.cases import marked
from onetomany.cases.case_folder import read_case
from onetomany.cases.case_tables import raw_table, read_case_table
from onetomany.cases.columns import TABLES, case_table
from onetomany.cases.database import stale_parts, store_case
from onetomany.cases.new_folder import new_case
from onetomany.cases.rows import add_case_row, delete_case_row, replace_case_row
from onetomany.cases.to_do import check_case
from onetomany.cases.words import case_column_label, choice_label, column_about
from onetomany.documents.case_file import open_case
from onetomany.errors import InputError

CLAIM = {
    "subject": "faces",
    "attribute": "kept",
    "value": "31",
    "unit": "days",
    "said_by": "Police",
}
# characters that break tables, pages or terminals, between ordinary ones
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("=+-@'\",;\n\r\t\u202e\u2066\x00\x0b\x1c\u2028\ufeff<>&|`한é "),
        st.characters(codec="utf-8"),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "leeds"
    new_case(made, title="Leeds", country="gb", operator="Police")
    return made


@settings(max_examples=25, deadline=None)
@given(HOSTILE, HOSTILE)
def test_any_text_comes_back_unchanged_or_is_refused_with_the_file_as_it_was(
    one: str, two: str
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        before = b"name,kind,name_ko,role_en,role_ko,url\nPolice,official,,,,\n"
        (folder / "bodies.csv").write_bytes(before)
        cells = {"name": f"a{one}", "kind": "press", "role_en": two, "name_ko": one + two}
        add_case_row(folder, "bodies", cells)
        after = (folder / "bodies.csv").read_bytes()
        assert after.startswith(before)
        raw, faults = raw_table(folder, case_table("bodies"))
        assert faults == []
        assert {name: raw[name][-1] for name in cells} == cells
        replace_case_row(folder, "bodies", f"a{one}", {"role_ko": two})
        raw, _ = raw_table(folder, case_table("bodies"))
        assert {name: raw[name][-1] for name in cells} == cells
        assert raw["role_ko"][-1] == two
        delete_case_row(folder, "bodies", f"a{one}")
        assert (folder / "bodies.csv").read_bytes() == before


@pytest.mark.parametrize("text", ["\ud800", "x\n<<<<<<< HEAD", "\n>>>>>>> theirs\n"])
def test_what_would_not_come_back_is_refused_and_the_file_stays(folder: Path, text: str) -> None:
    before = (folder / "bodies.csv").read_bytes()
    with pytest.raises(InputError, match=r"broken character|reads back unchanged"):
        add_case_row(folder, "bodies", {"name": "x", "kind": "press", "role_en": text})
    assert (folder / "bodies.csv").read_bytes() == before


def test_a_quoted_heading_is_not_taken_for_a_conflict(folder: Path) -> None:
    add_case_row(folder, "claims", {**CLAIM, "quote": "Report\n=======\nof the police"})
    assert read_case_table(folder, case_table("claims"))["quote"][0].startswith("Report\n=======")


def test_other_rows_keep_their_bytes_whatever_their_form(folder: Path) -> None:
    """Other quotation marks, blank lines and Windows' line ends stay as somebody wrote them."""
    path = folder / "bodies.csv"
    first = b"\xef\xbb\xbfname,kind,name_ko,role_en,role_ko,url\r\n"
    first += b'"Police","official",,"two\r\nlines",,\r\n'
    rest = b'\n,,,,,\nWatch,civic,,"say ""no""",,\nPress, press,,,,'
    path.write_bytes(first + b"Old,other,,,,\n" + rest)
    replace_case_row(folder, "bodies", "Old", {"name": "New", "role_en": "a, b"})
    assert path.read_bytes() == first + b'New,other,,"a, b",,\n' + rest + b"\n"
    delete_case_row(folder, "bodies", "New")
    assert path.read_bytes() == first + rest + b"\n"
    add_case_row(folder, "bodies", {"name": "Last", "kind": "press"})
    assert path.read_bytes() == first + rest + b"\nLast,press,,,,\n"


def test_what_can_not_be_replaced_is_said(folder: Path) -> None:
    add_case_row(folder, "claims", CLAIM)
    add_case_row(folder, "claims", CLAIM)
    before = (folder / "claims.csv").read_bytes()
    for name, key, cells, message in (
        ("claims", "C9", {"value": "2"}, "no row with claim_id 'C9'"),
        ("claims", "C1", {"claim_id": "C2"}, "'C2' is taken"),
        ("claims", "C1", {"value": "many"}, "isn't a number of days"),
        ("claims", "C1", {"valeu": "2"}, "no column 'valeu'"),
        ("claims", "C1", {"said_by": ""}, "said_by: the cell is empty"),
        ("events", "2019", {"strand": "law"}, "somebody else changed or deleted that row"),
    ):
        with pytest.raises(InputError, match=message):
            replace_case_row(folder, name, key, cells)
    with pytest.raises(InputError, match="no row with claim_id 'C9'"):
        delete_case_row(folder, "claims", "C9")
    assert (folder / "claims.csv").read_bytes() == before


def test_an_old_file_without_a_column_gets_it_only_if_something_is_in_it(folder: Path) -> None:
    path = folder / "claims.csv"
    path.write_text("claim_id,subject,attribute,value,unit,said_by\nC1,a,b,1,days,c\n", "utf-8")
    replace_case_row(folder, "claims", "C1", {"value": "2", "reply": "", "quote": ""})
    assert path.read_text("utf-8").splitlines() == [
        "claim_id,subject,attribute,value,unit,said_by",
        "C1,a,b,2,days,c",
    ]
    replace_case_row(folder, "claims", "C1", {"reply": "none"})
    assert read_case_table(folder, case_table("claims"))["reply"].to_list() == ["none"]


def documents(folder: Path, **texts: str) -> None:
    """Make a case file that has documents with these SHA-256s, each of one page."""
    with open_case(folder / "case.duckdb", write=True) as db:
        for name, text in texts.items():
            db.execute(
                "insert into documents (document, path, name, media_type, bytes, status, seconds, "
                "ingested_at, extractor, version) values (?, ?, 'a.txt', 'text/plain', 1, 'read', "
                "0, '2026-11-29', 'text', 1)",
                [name, f"{name[-3:]}.txt"],
            )
            db.execute(
                "insert into pages (document, page, text, text_source, extractor, version) "
                "values (?, 1, ?, 'native', 'text', 1)",
                [name, text],
            )


ONE, TWO = "a" * 12 + "1" * 52, "a" * 12 + "2" * 52
OTHER = "b" * 64


def test_the_first_digits_of_a_document_are_completed_and_its_words_found(folder: Path) -> None:
    documents(folder, **{OTHER: "Images are kept\nfor 31 days."})
    add_case_row(
        folder, "claims", {**CLAIM, "document": "B" * 12, "page": "1", "quote": "for 31 days"}
    )
    assert store_case(read_case(folder)) == (1, 0)
    with open_case(folder / "case.duckdb") as db:
        found = db.execute("select document, page, char_start, char_end from claims").fetchall()
    assert found == [(OTHER, 1, 16, 27)]
    assert list(stale_parts(read_case(folder))) == []


def test_digits_of_two_documents_or_of_none_are_said(folder: Path) -> None:
    documents(folder, **{ONE: "one", TWO: "two"})
    add_case_row(folder, "claims", {**CLAIM, "document": "a" * 12})
    with pytest.raises(InputError, match=r"claim C1: document 'a{12}' begins .*111.* and .*222"):
        store_case(read_case(folder))
    assert "begin two documents (C1: " in str(list(stale_parts(read_case(folder))))
    replace_case_row(folder, "claims", "C1", {"document": TWO[:13]})
    store_case(read_case(folder))
    with open_case(folder / "case.duckdb") as db:
        assert db.execute("select document from claims").fetchall() == [(TWO,)]
    replace_case_row(folder, "claims", "C1", {"document": "c" * 12})
    store_case(read_case(folder))
    assert "cite a document that is not in the case file (C1: " in str(
        list(stale_parts(read_case(folder)))
    )


def test_the_case_file_is_made_again_from_the_text_files(folder: Path) -> None:
    """A claim from a marked passage has its document, page, words and place after a new start."""
    documents(folder, **{ONE: "They keep images for 31 days."})
    columns = "document, page, quote, char_start, char_end, value, said_by"
    with open_case(folder / "case.duckdb", write=True) as db:
        page = marked.passages.page_text(db, ONE, 1)
        said = {**CLAIM, "document_date": "2024-05"}
        claim = marked.passages.claim_on(page, 10, 28, said, pl.DataFrame({"claim_id": ["R4"]}))
        marked.add_marked_claim(folder, claim)
        marked.passages.save_claim(db, claim)
        before = db.execute(f"select claim_id, {columns} from claims").fetchall()
    assert before[0][:3] == ("R5", ONE, 1)
    (folder / "case.duckdb").unlink()
    documents(folder, **{ONE: "They keep images for 31 days."})
    store_case(read_case(folder))
    with open_case(folder / "case.duckdb", write=True) as db:
        assert db.execute(f"select claim_id, {columns} from claims").fetchall() == before
        marked.replace_marked_claim(folder, claim.with_columns(value=pl.lit("32")))
        assert read_case(folder).claims["value"].to_list() == ["32"]
        marked.delete_marked_claim(db, folder, "R5")
        assert db.execute("select count(*) from claims").fetchone() == (0,)
    assert read_case(folder).claims.height == 0


def test_what_to_do_is_said_in_both_languages(folder: Path) -> None:
    (folder / "numbers.csv").write_text("id,value,unit\nN1,many,faces\nN1,2,\n", "utf-8")
    (folder / "gaps.csv").write_text("gap,body_en,claims\ng,Police,C9\n", "utf-8")
    (folder / "events.csv").write_bytes("date,strand\n사건,law\n".encode("cp949"))
    add_case_row(folder, "claims", CLAIM)
    broken = check_case(folder)
    for name in ("numbers", "gaps", "events"):
        table = case_table(name)
        (folder / table.file).write_text(",".join(table.names) + "\n", "utf-8")
    add_case_row(folder, "numbers", {"value": "2", "unit": "faces", "said_by": "Nobody"})
    tasks = [*broken, *check_case(folder)]
    assert len(tasks) > 10
    for task in tasks:
        where, what, remedy = task.in_words("ko")
        assert where
        assert any("가" <= letter <= "힣" for letter in what), task
        assert any("가" <= letter <= "힣" for letter in remedy), task
        assert "{" not in "".join((where, what, remedy))
        assert not any("가" <= letter <= "힣" for letter in str(task)), task


@pytest.mark.parametrize("name", ["claims", "events", "numbers", "bodies"])
def test_every_column_and_choice_has_words_in_both_languages(name: str) -> None:
    table = next(each for each in TABLES if each.name == name)
    for column in table.columns:
        if column.name in ("statement", "date_precision"):  # not on a form
            continue
        english, korean = (case_column_label(table, column.name, code) for code in ("en", "ko"))
        assert english != column.name or english == "page", column.name
        for text in (korean, column_about(table, column.name, "ko")):
            assert any("가" <= letter <= "힣" for letter in text), column.name
        for choice in column.choices:
            assert any("가" <= letter <= "힣" for letter in choice_label(column.name, choice, "ko"))
