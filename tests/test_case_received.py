"""A case file, a ledger or a folder of members that somebody else made: data, never code."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

import specimens
from onetomany.claims import claim_ledger
from onetomany.cli import main
from onetomany.documents import indexing, search
from onetomany.documents.case_export import export_parquet
from onetomany.documents.case_file import (
    members_folder,
    open_case,
    original_file,
    query_frame,
)
from onetomany.documents.ingest import ingest
from onetomany.errors import InputError, IntegrityError, OneToManyError
from onetomany.examples.simulated_requests import simulate_requests
from onetomany.requests import gaps
from onetomany.requests.procedures import procedures
from onetomany.requests.status import store_requests

pytestmark = pytest.mark.real

SECRET = "root:x:0:0"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder and its case file with everything that any step of this kit adds."""
    base = tmp_path_factory.mktemp("received")
    folder = base / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("법무부가 제공하였다")
    (folder / "b.zip").write_bytes(specimens.archive({"c.txt": b"inside of the archive"}))
    case = base / "case.duckdb"
    ingest(folder, case)
    with open_case(case, write=True) as db:
        indexing.index_case(db, kinds=("mentions",))
        indexing.index_case(db, kinds=("words",))
        claim_ledger.store_claims(db, claim_ledger.load_claims(), claim_ledger.load_links())
        store_requests(db, simulate_requests(dt.date(2026, 11, 27), procedures(), gaps.load_gaps()))
    return folder, case


@pytest.fixture
def received(own: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(own[1], tmp_path / "received.duckdb"))


def test_what_the_kit_itself_makes_is_accepted(own: tuple[Path, Path], tmp_path: Path) -> None:
    with open_case(own[1], write=True) as db:
        indexing.index_case(db, kinds=("words",))
    with open_case(own[1]) as db:
        assert search.search_words(db, "법무부").height == 1
        assert query_frame(db, "select * from request_documents").height >= 0
    assert export_parquet(own[1], tmp_path / "named", names=True)
    assert export_parquet(own[1], tmp_path / "out")


# what a sender may put into the file: the statements, and the name that is told
ATTACKS = {
    "view that reads a file": (
        "create table real_sp as from search_pages; drop table search_pages; "
        "create view search_pages as select * replace ("
        "(select content from read_text('/etc/passwd')) as text) from real_sp",
        "real_sp",
    ),
    "view in the place of a table": (
        "alter table notes rename to n; create view notes as select * from n", "'n'",
    ),
    "the kit's view with other text": (
        "create or replace view duplicates as select content as path, '' as duplicate_of, "
        "'' as folder, '' as document from read_text('/etc/passwd')", "view 'duplicates'",
    ),
    "macro in the place of a function": (
        "create macro contains(a, b) as (select content from read_text('/etc/passwd'))",
        "macro 'contains'",
    ),
    "table macro in the place of the catalogue": (
        "create macro duckdb_tables() as table select 'main' as schema_name, 'meta' as table_name, "
        "'' as sql, false as internal, false as temporary", "macro 'duckdb_tables'",
    ),
    "macro of the index with other text": (
        "create or replace macro fts_main_search_pages.tokenize(s) as "
        "[(select content from read_text('/etc/passwd'))]", "fts_main_search_pages.tokenize",
    ),
    "default that reads": (
        "drop table sketches; create table sketches (document varchar not null, "
        "hash ubigint not null, x varchar default (current_setting('home_directory')))",
        "table 'sketches'",
    ),
    "generated column": (
        "drop table sketches; create table sketches (document varchar not null, "
        "hash ubigint not null, x varchar generated always as (upper(document)))",
        "table 'sketches'",
    ),
    "check": (
        "drop table sketches; create table sketches (document varchar not null, "
        "hash ubigint not null check (hash > 0))", "table 'sketches'",
    ),
    "column of another type": (
        "alter table words alter confidence type varchar", "table 'words'",
    ),
    "column of a struct": ("alter table words add column more struct(a int)", "table 'words'"),
    "schema": ("create schema more; create table more.pages (document varchar)", "schema 'more'"),
    "schema named like a catalogue": ("create schema system", "schema 'system'"),
    "sequence": ("create sequence number", "sequence 'number'"),
    "type": ("create type mood as enum ('a')", "type 'mood'"),
    "index": ("create index quick on pages (lower(text))", "index 'quick'"),
    "unknown table": ("create table \"x'; drop table pages; --\" (a int)", "drop table pages"),
    "name that acts": ("create table \"\x1b[2J no fault\" (a int)", "[2J no fault"),
}  # fmt: skip


IN_THE_LOG = ("view that reads a file", "macro in the place of a function", "index", "sequence")


@pytest.mark.parametrize(
    ("what", "unsaved"),
    [*((each, False) for each in ATTACKS), *((each, True) for each in IN_THE_LOG)],
)
def test_what_the_kit_does_not_make_is_refused_by_name(
    received: Path, what: str, unsaved: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    statements, name = ATTACKS[what]
    db = duckdb.connect(received)
    if unsaved:
        db.execute("pragma disable_checkpoint_on_shutdown")
    db.execute(statements)
    db.close()
    assert Path(f"{received}.wal").exists() == unsaved
    for write in (False, True):
        with pytest.raises(InputError) as refused, open_case(received, write=write):
            pytest.fail("it was opened")
        # an index in the log can't be looked at without writing
        assert name in str(refused.value) or (unsaved and "unfinished" in str(refused.value))
    assert name in str(refused.value)
    # in the kit's own commands, once each
    for command in (
        ()
        if unsaved or what not in ("view that reads a file", "name that acts")
        else (
            ["search", "법무부", "--case", str(received)],
            ["search", "root", "--regex", "--case", str(received)],
            ["requests", "gaps", "--case", str(received)],
            ["ingest", str(received.parent), "--case", str(received)],
        )
    ):
        assert main(command) == 1
        said = capsys.readouterr()
        assert SECRET not in said.out + said.err
        assert "\x1b" not in said.err
        assert len(said.err.splitlines()) == 1


def test_a_connection_reaches_no_file_and_no_setting(received: Path, tmp_path: Path) -> None:
    for write in (False, True):
        with open_case(received, write=write) as db:
            for statement in (
                "select * from read_text('/etc/passwd')",
                "select * from '/etc/passwd'",
                f"copy meta to '{tmp_path}/out.csv'",
                f"attach '{tmp_path}/other.duckdb'",
                f"export database '{tmp_path}/all'",
                "install httpfs",
                "load httpfs",
                "set enable_external_access = true",
                "set lock_configuration = false",
                "set allowed_directories = ['/']",
                "select * from read_csv('https://example.org/a.csv')",
                "create persistent secret s (type http)",
                "select getenv('HOME')",
            ):
                with pytest.raises(duckdb.Error):
                    db.execute(statement).fetchall()
    assert not list(tmp_path.glob("o*"))
    with open_case(received, into=tmp_path / "into") as db, pytest.raises(duckdb.Error):
        db.execute(f"copy meta to '{tmp_path}/into/../out.csv'")


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("/", "etc/passwd"),
        ("{folder}", "../../../../../../../../etc/passwd"),
        ("{folder}", "/etc/passwd"),
        ("{folder}", "link.txt"),
        ("{folder}", "linked/passwd"),
        ("{folder}", "pipe"),
        ("/dev", "zero"),
        ("/proc", "kcore"),
        ("/proc/self", "environ"),
        ("{folder}", ""),
        ("{folder}", "."),
    ],
)
def test_an_original_is_what_its_hash_says_or_nothing(
    received: Path, tmp_path: Path, folder: str, path: str
) -> None:
    here = tmp_path / "folder"
    here.mkdir()
    (here / "link.txt").symlink_to("/etc/passwd")
    (here / "linked").symlink_to("/etc")
    os.mkfifo(here / "pipe")
    document = "0" * 64
    with open_case(received, write=True) as db:
        db.execute(
            "insert into files (folder, path, document) values (?, ?, ?)",
            [folder.format(folder=here), path, document],
        )
    with pytest.raises((InputError, IntegrityError)):
        original_file(received, document)


def test_an_original_of_the_right_bytes_is_found_by_no_link_and_no_way_out(
    received: Path, own: tuple[Path, Path], tmp_path: Path
) -> None:
    with open_case(received) as db:
        document = query_frame(db, "select document from files where path = 'a.txt'")[
            "document"
        ].item()
    assert original_file(received, document) == own[0] / "a.txt"
    with open_case(received, write=True) as db:
        db.execute(
            "update files set folder = ?, path = 'x.txt' where path = 'a.txt'", [str(tmp_path)]
        )
    (tmp_path / "x.txt").symlink_to(own[0] / "a.txt")
    with pytest.raises(InputError, match="no longer"):
        original_file(received, document)
    with pytest.raises(InputError, match="64 hexadecimal"):
        original_file(received, "../../etc/passwd")
    kept = members_folder(received)
    kept.mkdir()
    (kept / document).symlink_to(own[0] / "a.txt")
    with pytest.raises(InputError, match="no longer"):
        original_file(received, document)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(os.path.relpath(path))


def _holding(path: Path, statement: str) -> None:
    with duckdb.connect(path) as db:
        db.execute(statement)


def _newer(path: Path) -> None:
    with duckdb.connect(path) as db:
        db.execute("create table meta (key varchar, value varchar)")
    held = bytearray(path.read_bytes())
    held[12:20] = struct.pack("<Q", 9999)
    path.write_bytes(held)


NO_CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("no database" * 999), "isn't a DuckDB file"),
    "empty": (lambda path: path.write_bytes(b""), "isn't a DuckDB file"),
    "SQLite": (
        lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(4096)),
        "isn't a DuckDB file",
    ),
    "cut": (lambda path: path.write_bytes(bytes(8) + b"DUCK" + bytes(99)), "can't be opened"),
    "pipe": (_pipe, "isn't a DuckDB file"),
    "socket": (_socket, "can't be opened"),
    "folder": (lambda path: path.mkdir(), "Is a directory"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "isn't a DuckDB file"),
    "newer": (_newer, "can't be opened"),
    "another database": (lambda path: _holding(path, "create table x (y int)"), "not a case file"),
    "another meta": (lambda path: _holding(path, "create table meta (a int)"), "version"),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_CASES)
def test_what_is_no_case_file_is_told_in_one_sentence(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, why = NO_CASES[kind]
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "x.duckdb")
    assert main(["search", "법무부", "--case", "x.duckdb"]) == 1
    said = capsys.readouterr().err
    assert why in said
    assert len(said.splitlines()) == 1


def test_a_damaged_file_ends_in_one_sentence(received: Path) -> None:
    held = bytearray(received.read_bytes())
    for place in range(4096, len(held), 997):
        held[place] ^= 0x55
    received.write_bytes(held)
    with pytest.raises(OneToManyError), open_case(received) as db:
        search.search_words(db, "법무부")


def test_values_that_make_no_sense_are_no_traceback(received: Path) -> None:
    """The tables are the kit's, what is in them isn't."""
    with duckdb.connect(received) as db:
        db.execute("update documents set path = chr(27) || '[2J' || chr(0) || 'no fault'")
        db.execute("update search_postings set id = -id, score = 'nan' where id % 2 = 0")
        db.execute("update search_pages set starts = [-5, 99999999, null], ends = [3]")
    for words in (["법무부"], ["법무부", "--phrase"], ["법무부", "--regex"]):
        assert main(["search", *words, "--case", str(received)]) in (0, 1)


def test_links_beside_a_case_are_refused(received: Path, tmp_path: Path) -> None:
    own = tmp_path / "mine.txt"
    own.write_text("mine")
    for beside in (".wal", ".tmp", ".wal.recovery"):
        link = received.with_name(received.name + beside)
        link.symlink_to(own)
        for write in (False, True):
            with pytest.raises(InputError, match="is a link"), open_case(received, write=write):
                pass
        link.unlink()
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "half.part").write_text("mine")
    members_folder(received).symlink_to(tmp_path / "precious")
    (tmp_path / "papers").mkdir()
    with pytest.raises(InputError, match="a link to one"):
        ingest(tmp_path / "papers", received)
    assert [path.name for path in (tmp_path / "precious").iterdir()] == ["half.part"]
    assert own.read_text() == "mine"


def test_members_of_somebody_else_are_read_by_their_hash(tmp_path: Path) -> None:
    """A received folder of members holds other bytes under a hash: those are never read."""
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    (top / "a.zip").write_bytes(specimens.archive({"b.txt": b"the true words"}))
    digest = hashlib.sha256(b"the true words").hexdigest()
    members_folder(case).mkdir()
    forged = members_folder(case) / digest
    forged.write_bytes(b"forged, of any length")
    ingest(top, case, workers=1)
    with open_case(case, write=True) as db:
        texts = query_frame(db, "select text from pages")["text"].to_list()
        assert "the true words" in texts
        assert not [text for text in texts if "forged" in text]
        # as if a run had been killed before it came to the member
        for table in ("documents", "pages"):
            db.execute(f"delete from {table} where document = ?", [digest])
    forged.write_bytes(b"forged, of any length")
    ingest(top, case, workers=1)
    with open_case(case) as db:
        assert not [
            text for text in query_frame(db, "select text from pages")["text"] if "forged" in text
        ]


LEDGER = "claim_id,subject,attribute,value,unit,said_by\n"


def test_a_received_ledger_is_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "claims.csv"
    path.write_text(LEDGER + "=cmd|' /C calc'!A0,\x1b[2Jno fault,a,over 3,records,\u202eme\n")
    assert main(["claims", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out
    path.write_bytes((LEDGER + "1,법무부,a,3,records,법무부\n").encode("cp949"))
    assert main(["claims", str(path)]) == 1
    assert "cp949" in capsys.readouterr().err
    path.write_bytes((LEDGER + "1,법무부,a,3,records,법무부\n").encode("utf-8-sig"))
    assert main(["claims", str(path)]) == 0
    monkeypatch.setattr(claim_ledger, "LARGEST", 50)
    assert main(["claims", str(path)]) == 1
    assert "50 bytes" in capsys.readouterr().err
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("pipe.csv", "*.csv", "/dev/zero", str(tmp_path), "https://example.org/a.csv"):
        assert main(["claims", name]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_ledger_put_into_a_case_stays_text(tmp_path: Path) -> None:
    path, case = tmp_path / "claims.csv", tmp_path / "case.duckdb"
    row = "\"'); drop table claims; --\",a,b,read_text('/etc/passwd'),answer,y\n"
    path.write_text(LEDGER + row)
    with open_case(case, write=True) as db:
        claim_ledger.store_claims(
            db, claim_ledger.read_ledger(path), pl.DataFrame(schema=claim_ledger.LINKS)
        )
        assert query_frame(db, "select value from claims")["value"].to_list() == [
            "read_text('/etc/passwd')"
        ]
