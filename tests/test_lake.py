"""Case files of several people in one lake, on a real PostgreSQL: whole, once, and only tables."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl
import pytest

import postgres
from onetomany.claims import claim_ledger
from onetomany.cli import main
from onetomany.documents import case_file, finding, indexing, lake, remarks, search
from onetomany.documents.answers import Answer
from onetomany.documents.lake import Lake, PublishedCase, open_lake, publish_case
from onetomany.documents.lake_tables import BY_DOCUMENT
from onetomany.documents.store import FoundFile, store_documents
from onetomany.errors import InputError

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(postgres.programs() is None, reason="PostgreSQL is not installed"),
]
AT = datetime(2026, 1, 1)
TEXTS = {
    "a": [
        "Face search at the airport",
        "법무부는 얼굴 사진을 넘겼다",
        "the same face, the same words",
    ],
    "b": ["A face in the gallery of the airport", "the same face, the same words", "airport " * 5],
}


def add(case: Path, name: str, *pages: str, at: datetime = AT) -> str:
    """Store a document of some pages as ingest does, without a cage; return its name."""
    document = sha256(name.encode()).hexdigest()
    many = len(pages)
    columns = {
        "page": list(range(1, many + 1)), "label": [None] * many, "hidden": [False] * many,
        "width": [None] * many, "height": [None] * many, "unit": [None] * many,
        "text": list(pages), "text_source": ["text"] * many,
    }  # fmt: skip
    facts = {"status": "read", "pages": many, "media_type": "text/plain", "extractor": "plain"}
    answer = Answer({"facts": facts, "columns": {"pages": columns}})
    with case_file.open_case(case, write=True) as db:
        store_documents(db, [(FoundFile("/folder", name, document, 9), answer)], at)
    return document


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two case files, a and b, with one document in common, and one of both together."""
    folder = tmp_path_factory.mktemp("cases")
    both = folder / "both.duckdb"
    for text in [*TEXTS["a"], *TEXTS["b"]]:
        add(both, text, text)
    with case_file.open_case(both, write=True) as db:
        indexing.index_case(db, progress=False)
    for name, texts in TEXTS.items():
        with case_file.open_case(shutil.copy(both, folder / f"{name}.duckdb"), write=True) as db:
            own = [sha256(text.encode()).hexdigest() for text in texts]
            for table in BY_DOCUMENT | {"files", "search_pages"}:
                db.execute(f"delete from {table} where document not in (select unnest(?))", [own])
    return folder


@pytest.fixture
def cases(indexed: Path, tmp_path: Path) -> dict[str, Path]:
    return {
        name: Path(shutil.copy(indexed / f"{name}.duckdb", tmp_path / f"{name}.duckdb"))
        for name in ("a", "b", "both")
    }


@pytest.fixture(autouse=True)
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is in a file that only PGPASSFILE names."""
    _tell_words(tmp_path / "pgpass", monkeypatch)


def _tell_words(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text(f"*:*:*:{postgres.ROLE}:{postgres.WORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))


@pytest.fixture(scope="module")
def published(
    server: postgres.Server, indexed: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lake, str, list[PublishedCase]]:
    """A lake in which a and b are published: to read, and to copy."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "storage").mkdir()
    database = server.new_database()
    there = Lake(f"postgres:{server.conninfo(database)}", folder / "storage")
    with pytest.MonkeyPatch.context() as patch:
        _tell_words(folder / "pgpass", patch)
        done = [publish_case(indexed / f"{name}.duckdb", there) for name in "aba"]
    return there, database, done


@pytest.fixture
def place(
    server: postgres.Server, published: tuple[Lake, str, list[PublishedCase]], tmp_path: Path
) -> tuple[Lake, str]:
    """A copy of the lake that a test may change, at another place."""
    shutil.copytree(published[0].storage, tmp_path / "storage")
    database = server.new_database(copy_of=published[1])
    return Lake(f"postgres:{server.conninfo(database)}", tmp_path / "storage"), database


def rows(db: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return case_file.query_frame(db, query).rows()


def test_each_document_is_published_once(published: tuple[Lake, str, list[PublishedCase]]) -> None:
    first, second, again = published[2]
    assert (first.documents, first.pages, first.all_documents) == (3, 3, 3)
    assert (second.documents, second.replaced, second.all_documents) == (2, 0, 5)
    assert (again.documents, again.replaced, again.all_pages) == (0, 0, 5)
    with open_lake(published[0]) as db:
        # files are each writer's: the common document was found twice
        assert rows(db, "select count(*), count(distinct writer) from files") == [(6, 2)]
        assert rows(db, "select count(*), count(distinct id) from search_pages") == [(5, 5)]


def test_a_search_finds_in_the_lake_what_it_finds_in_one_case_file_of_all(
    indexed: Path, published: tuple[Lake, str, list[PublishedCase]]
) -> None:
    with open_lake(published[0]) as there, case_file.open_case(indexed / "both.duckdb") as here:
        for query in ("face", "airport face", '"the same" words', "법무부", "face -gallery"):
            found = [finding.find_pages(db, query) for db in (there, here)]
            assert found[0].said() == found[1].said()
            pairs = [
                sorted(zip(each.hits["document"], each.hits["score"], strict=True))
                for each in found
            ]
            assert pairs[0], query
            for own, other in zip(*pairs, strict=True):
                assert own[0] == other[0]
                assert own[1] == pytest.approx(other[1], rel=1e-9)
        for find in (search.search_words, search.search_phrase, search.search_pattern):
            assert len(find(there, "face")) == len(find(here, "face")) == 3
        for table in ("documents", "pages", "mentions", "sketches"):
            own, other = (
                case_file.query_frame(db, f"select * from {table} order by all").rows()
                for db in (there, here)
            )
            assert own == other, table


def test_a_document_is_replaced_by_a_better_reading_only(
    cases: dict[str, Path], place: tuple[Lake, str]
) -> None:
    shared = TEXTS["a"][2]
    add(cases["b"], shared, f"{shared} and what OCR read on it")
    with case_file.open_case(cases["b"], write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
    better = publish_case(cases["b"], place[0])
    assert (better.documents, better.replaced, better.all_documents) == (0, 1, 5)
    worse = publish_case(cases["a"], place[0])
    assert (worse.documents, worse.replaced) == (0, 0)
    with open_lake(place[0]) as db:
        assert len(search.search_words(db, "OCR")) == 1
        assert rows(db, "select count(*) from search_terms where term = 'face'") == [(3,)]
        assert rows(db, "select count(*) from documents") == [(5,)]


def start(code: str, case: Path, there: Lake) -> subprocess.Popen[bytes]:
    """Publish in another process."""
    head = "import sys, time; from pathlib import Path; from onetomany.documents import lake\n"
    last = "\nlake.publish_case(Path(sys.argv[1]), lake.Lake(sys.argv[2], Path(sys.argv[3])))"
    return subprocess.Popen(
        [sys.executable, "-c", head + code + last, case, there.address, there.storage],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_two_who_wait_for_a_third_that_is_killed_lose_and_double_nothing(
    cases: dict[str, Path], place: tuple[Lake, str], server: postgres.Server
) -> None:
    for number, case in enumerate((cases["a"], cases["b"])):
        add(case, "new of both", "new of both")
        add(case, f"new of {number}", f"new of {number}")
    stuck = "def stuck(*given):\n    print('inside', flush=True); time.sleep(60)\nlake._own = stuck"
    killed = start(stuck, cases["b"], place[0])
    assert killed.stdout.readline() == b"inside\n"  # its documents are written, not committed
    both = [start("", cases[name], place[0]) for name in ("a", "b")]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    until = time.monotonic() + 120
    while server.sql(waiting, place[1]) != "2":
        assert time.monotonic() < until
        time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    for each in both:
        assert each.communicate(timeout=120)[1] == b""
        assert each.returncode == 0
    with open_lake(place[0]) as db:
        assert rows(db, "select count(*), count(distinct document) from documents") == [(8, 8)]
        assert rows(db, "select count(*) from pages") == [(8,)]
        # of the two that were copied, and of these two
        assert rows(db, "select count(*), count(distinct writer) from files") == [(16, 4)]


def test_claims_and_remarks_of_two_people_are_side_by_side(
    cases: dict[str, Path], place: tuple[Lake, str]
) -> None:
    row = {"subject": "photos", "attribute": "count", "unit": "records", "said_by": "Ministry"}
    for name, value in (("a", "100"), ("b", "200")):
        claims = [row | {"claim_id": "C1", "value": "7"}, row | {"claim_id": "C2", "value": value}]
        with case_file.open_case(cases[name], write=True) as db:
            links = pl.DataFrame(schema=claim_ledger.LINKS)
            claim_ledger.store_claims(db, claim_ledger.check_ledger(pl.DataFrame(claims)), links)
            document = remarks.document_named(db, TEXTS["a"][2])
            remarks.add_remark(db, document, 1, who=name, remark=f"seen by {name}")
        assert publish_case(cases[name], place[0]).claims == 2
    with open_lake(place[0]) as db:
        shared = claim_ledger.check_ledger(lake.shared_claims(db))
        assert sorted(remarks.page_remarks(db)["who"]) == ["a", "b"]
    # the same claim is one; two of one id stay two, each with its writer
    assert sorted(shared["value"]) == ["100", "200", "7"]
    first, *others = sorted(shared["claim_id"])
    assert first == "C1"
    assert [each.endswith(f"/{name}.duckdb)") for each, name in zip(others, "ab", strict=True)]


def test_the_commands_publish_and_read(
    server: postgres.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "a.txt").write_text("The airport stored 100 faces.")
    (folder / "a.csv").write_text("gate,faces\nA,100\n")
    (tmp_path / "storage").mkdir()
    address = f"postgres:{server.conninfo(server.new_database())}"
    there = ["--lake", address, "--storage", str(tmp_path / "storage")]
    case = ["--case", str(tmp_path / "c.duckdb")]
    ledger = tmp_path / "claims.csv"
    ledger.write_text(
        "claim_id,subject,attribute,value,unit,said_by\n"
        "C1,faces,count,100,records,Airport\nC2,faces,count,900,records,Ministry\n"
    )

    def said(*words: str, code: int = 0) -> str:
        assert main([*words]) == code
        captured = capsys.readouterr()
        return captured.err if code else captured.out

    assert "There is no lake" in said("search", "faces", *there, code=1)
    said("claims", str(ledger), *case)
    published = said("ingest", str(folder), *case, "--workers", "1", *there)
    assert "published 2 new documents and 0 read better (2 pages), 2 claims" in published
    assert "a.txt, page 1" in said("search", "faces", *there)
    assert "Claims: 2. Pairs that contradict each other: 1." in said("claims", *there)
    assert "1 tables" in said("tables", *there, "--out", str(tmp_path / "tables"))
    assert "original files" in said("search", "x", *there, "--pictures", "p", code=1)
    assert "belong together" in said("search", "x", *there[:2], code=1)
    assert "--no-index" in said("ingest", str(folder), *case, *there, "--no-index", code=1)


def test_no_password_is_shown_or_kept(
    cases: dict[str, Path],
    place: tuple[Lake, str],
    server: postgres.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in (
        "postgres:host=x password=hush", "postgres:postgresql://anna:hush@x/y",
        "postgres:postgresql://anna@x/y?password=hush", "postgres:dbname=x PASSWORD = hush",
    ):  # fmt: skip
        with pytest.raises(InputError, match="contains a password") as refused:
            Lake(address, tmp_path)
        assert "hush" not in str(refused.value)
    publish_case(cases["a"], place[0])
    kept = [cases["a"], *(path for path in place[0].storage.rglob("*") if path.is_file())]
    assert not any(postgres.WORD.encode() in path.read_bytes() for path in kept)
    catalogue = server.sql("SELECT * FROM onetomany.ducklake_metadata", place[1])
    assert "storage" in catalogue
    assert postgres.WORD not in catalogue
    monkeypatch.delenv("PGPASSFILE")
    monkeypatch.setenv("PGPASSWORD", "a-wrong-word")
    with (
        pytest.raises(InputError, match="password authentication failed") as refused,
        open_lake(place[0]),
    ):
        pass
    assert "a-wrong-word" not in str(refused.value)


@pytest.mark.parametrize("relative", [True, False])
def test_a_catalogue_that_names_files_elsewhere_reads_none(
    place: tuple[Lake, str], server: postgres.Server, tmp_path: Path, relative: bool,
) -> None:  # fmt: skip
    pages = server.sql(
        "SELECT d.path FROM onetomany.ducklake_data_file d JOIN onetomany.ducklake_table "
        "USING (table_id) WHERE table_name = 'pages' LIMIT 1", place[1],
    )  # fmt: skip
    (own,) = place[0].storage.rglob(pages)
    secret = Path(shutil.copy(own, tmp_path / "secret.parquet"))
    path = f"../../../{secret.name}" if relative else str(secret)
    server.sql(
        f"UPDATE onetomany.ducklake_data_file SET path = '{path}', path_is_relative = {relative} "
        f"WHERE path = '{pages}'", place[1],
    )  # fmt: skip
    with pytest.raises(InputError, match="can't be read"), open_lake(place[0]) as db:
        rows(db, "select text from pages")


CODE = [
    "CREATE VIEW onetomany.ducklake_more AS SELECT 1",
    "CREATE FUNCTION onetomany.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
    "CREATE TRIGGER t BEFORE INSERT ON onetomany.ducklake_snapshot FOR EACH ROW EXECUTE FUNCTION "
    "onetomany.f()",
    "ALTER TABLE onetomany.ducklake_snapshot ALTER schema_version SET DEFAULT random()",
    "CREATE INDEX ON onetomany.ducklake_snapshot (abs(snapshot_id))",
    "ALTER TABLE onetomany.ducklake_snapshot ADD CHECK (snapshot_id < 1e9)",
    "INSERT INTO onetomany.ducklake_view (view_name, sql, dialect) VALUES ('claims', 'SELECT 1', "
    "'duckdb')",
    "INSERT INTO onetomany.ducklake_macro (macro_name) VALUES ('lower')",
    "INSERT INTO onetomany.ducklake_sort_expression (expression) VALUES ('random()')",
    "UPDATE onetomany.ducklake_column SET default_value_type = 'expression', "
    "default_value = 'random()' WHERE column_name = 'text'",
]


def test_a_catalogue_that_could_run_code_is_refused(
    published: tuple[Lake, str, list[PublishedCase]], server: postgres.Server
) -> None:
    assert not lake.check_lake(published[0])
    for statement in CODE:
        database = server.new_database(copy_of=published[1])
        server.sql(statement, database)
        with pytest.raises(InputError, match=r"(?i)nothing was read"):
            lake.check_lake(Lake(f"postgres:{server.conninfo(database)}", published[0].storage))


def test_other_tables_than_the_kits_are_neither_read_nor_written(
    cases: dict[str, Path], place: tuple[Lake, str], server: postgres.Server
) -> None:
    server.sql(
        "UPDATE onetomany.ducklake_column SET column_name = 'words' WHERE column_name = 'text'",
        place[1],
    )
    with pytest.raises(InputError, match="nothing was read"), open_lake(place[0]):
        pass
    with pytest.raises(InputError, match="nothing was read"):
        publish_case(cases["b"], place[0])


def test_the_servers_master_role_is_refused(
    place: tuple[Lake, str], server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", postgres.OWNERS_WORD)
    monkeypatch.delenv("PGPASSFILE")
    address = f"postgres:{server.conninfo(place[1], postgres.OWNER)}"
    with pytest.raises(InputError, match="may do anything"):
        lake.check_lake(Lake(address, place[0].storage))


def test_a_reader_can_write_nothing_and_read_nothing_else(
    published: tuple[Lake, str, list[PublishedCase]], tmp_path: Path
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    with open_lake(published[0]) as db:
        for statement in (
            f"from read_csv('{outside}')",
            f"copy (select 1) to '{tmp_path / 'out.csv'}'",
            f"attach '{tmp_path / 'other.duckdb'}'",
            f"attach '{published[0].conninfo}' as server (type postgres)",
            "from postgres_query('pg', 'select 1')",
            "delete from pages",
            "create table more (a integer)",
            "set enable_external_access = true",
            "install httpfs",
        ):
            with pytest.raises(duckdb.Error):
                db.execute(statement)
            db.rollback()
            db.begin()
        assert rows(db, "select count(*) from pages") == [(5,)]
    assert not (tmp_path / "out.csv").exists()


def test_a_file_of_the_storage_that_is_no_parquet_is_reported(place: tuple[Lake, str]) -> None:
    for path in place[0].storage.rglob("*.parquet"):
        path.write_bytes(os.urandom(path.stat().st_size))
    with pytest.raises(InputError, match="can't be read"), open_lake(place[0]) as db:
        rows(db, "select text from pages")


def test_another_tokenizer_is_refused(cases: dict[str, Path], place: tuple[Lake, str]) -> None:
    with case_file.open_case(cases["b"], write=True) as db:
        db.execute("update search_pages set tokenizer = 'another'")
    with pytest.raises(InputError, match="one version of the kit"):
        publish_case(cases["b"], place[0])
