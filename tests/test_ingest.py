"""A folder into a case file: whole, once, whatever is in the folder."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from PIL import Image

import specimens
from hangul_files import HANGUL
from onetomany.cage import Keeper
from onetomany.documents import case_export, case_file, store
from onetomany.documents.answers import Answer
from onetomany.documents.ingest import Ingested, ingest
from onetomany.documents.sketch import sketch
from onetomany.documents.workers import Reader as Child
from onetomany.errors import InputError, IntegrityError
from onetomany.formats.reading import Limits
from specimens import KOREAN, MAKERS

pytestmark = pytest.mark.real


def ask(case: Path, query: str, *values: object) -> pl.DataFrame:
    with case_file.open_case(case) as db:
        return case_file.query_frame(db, query, *values)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Ingested]:
    """One folder of every kind, with a copy, a near copy, a link out, and what can't be read."""
    base = tmp_path_factory.mktemp("documents")
    folder = base / "folder"
    (folder / "안").mkdir(parents=True)
    for kind, maker in MAKERS.items():
        (folder / f"a.{kind}").write_bytes(maker())
    (folder / "안" / "copy.pdf").write_bytes(MAKERS["pdf"]())
    long = " ".join(f"문장 {i}은 서로 다른 말을 담는다." for i in range(200))
    (folder / "long.txt").write_text(long)
    (folder / "longer.txt").write_text(long + " 끝에 한 문장을 더한다.")
    (folder / "other.txt").write_text(" ".join(f"전혀 다른 {i * 7} 글이다." for i in range(200)))
    (folder / "locked.pdf").write_bytes(specimens.pdf(encrypt="secret"))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    (folder / "program").write_bytes(b"\x7fELF\1\2\0\0" * 99)
    (folder / "empty.txt").write_bytes(b"")
    secret = base / "secret.txt"
    secret.write_text("outside of the folder")
    (folder / "link.txt").symlink_to(secret)
    (folder / "linked").symlink_to(base)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = ingest(folder, base / "case.duckdb")
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return folder, base / "case.duckdb", done


def test_everything_is_either_read_or_told(case: tuple[Path, Path, Ingested]) -> None:
    _, file, done = case
    assert done.files == len(MAKERS) + 8
    failed = dict(ask(file, "SELECT path, why FROM failures").iter_rows())
    assert set(failed) == {
        "locked.pdf", "broken.pdf", "program", "empty.txt", "link.txt", "linked",
    }  # fmt: skip
    assert "encrypted" in failed["locked.pdf"]
    assert "symbolic link" in failed["link.txt"]
    assert "symbolic link" in failed["linked"]
    assert dict(done.failures.select("path", "why").iter_rows()) == failed
    read = ask(file, "SELECT path FROM documents WHERE status = 'read'")["path"].to_list()
    assert {f"a.{kind}" for kind in MAKERS} <= {*read, "a.pdf"}
    nowhere = ask(file, "SELECT * FROM pages WHERE contains(text, 'outside of the folder')")
    assert nowhere.is_empty()


def test_every_row_points_back_to_a_document_and_a_place(
    case: tuple[Path, Path, Ingested],
) -> None:
    _, file, _ = case
    for table in ("pages", "blocks", "tables", "cells", "notes", "sketches"):
        stray = f"SELECT * FROM {table} WHERE document NOT IN (SELECT document FROM documents)"
        assert ask(file, stray).is_empty()
        assert not ask(file, f"SELECT * FROM {table} LIMIT 1").is_empty()
    for table in ("blocks", "cells"):
        wrong = (
            f"SELECT t.document FROM {table} AS t JOIN pages USING (document, page) WHERE "
            "substr(pages.text, char_start + 1, char_end - char_start) <> t.text"
        )
        assert ask(file, wrong).is_empty()
    kinds = "SELECT DISTINCT kind FROM blocks ORDER BY kind"
    hidden = {"comment", "tracked_insert", "tracked_delete", "hidden"}
    assert hidden <= set(ask(file, kinds)["kind"])


def test_members_are_documents_with_a_parent_and_their_originals_are_kept(
    case: tuple[Path, Path, Ingested],
) -> None:
    folder, file, _ = case
    rows = ask(file, "SELECT path, document, parent FROM files WHERE parent IS NOT NULL")
    assert {"a.zip!/속/안.txt", "a.zip!/b.html", "a.eml!/붙임.txt"} <= set(rows["path"])
    document = rows.filter(path="a.eml!/붙임.txt")["document"].item()
    assert case_file.original_file(file, document).read_bytes() == b"attached text"
    held = ask(file, "SELECT document FROM files WHERE path = 'long.txt'")["document"].item()
    assert case_file.original_file(file, held) == folder / "long.txt"
    with pytest.raises(InputError, match="no longer"):
        case_file.original_file(file, "0" * 64)


def test_copies_and_near_copies_are_told(case: tuple[Path, Path, Ingested]) -> None:
    _, file, done = case
    copies = ask(file, "SELECT path, duplicate_of FROM duplicates ORDER BY path").rows()
    assert ("안/copy.pdf", "a.pdf") in copies
    near = ask(
        file,
        "SELECT a.path, b.path AS other, a.similarity FROM documents AS a "
        "JOIN documents AS b ON a.near_duplicate_of = b.document ORDER BY a.path",
    )
    assert ("longer.txt", "long.txt") in near.select("path", "other").rows()
    assert near["similarity"].min() >= 0.8
    assert "other.txt" not in near["path"].to_list()
    assert done.near_duplicates == near.height


def test_the_estimate_of_likeness_is_that_of_the_texts() -> None:
    words = [f"{number:05d}문장의글" for number in range(3000)]
    one, two = "".join(words[:2700]), "".join(words[300:])

    def shingles(text: str) -> set[str]:
        return {text[i : i + 8] for i in range(len(text) - 7)}

    true = len(shingles(one) & shingles(two)) / len(shingles(one) | shingles(two))
    a, b = sketch(one), sketch(two)
    top = min(a[-1], b[-1])
    a, b = set(a[a <= top].tolist()), set(b[b <= top].tolist())
    assert len(a & b) / len(a | b) == pytest.approx(true, abs=0.06)


def test_a_second_run_reads_nothing_and_a_third_only_what_is_new(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.txt").write_text(KOREAN)
    (folder / "b.html").write_bytes(MAKERS["html"]())
    first = ingest(folder, file)
    assert (first.read, first.held) == (2, 0)
    assert set(first.isolation) == {"bubblewrap", "landlock", "seccomp"}
    again = ingest(folder, file)
    assert (again.read, again.held, again.isolation) == (0, 2, {})
    (folder / "c.txt").write_text("something new")
    (folder / "b.html").unlink()
    (folder / "a.txt").write_text("changed")
    third = ingest(folder, file)
    assert (third.read, third.held) == (2, 0)
    gone = ask(file, "SELECT path, gone FROM files ORDER BY path").rows()
    assert gone == [("a.txt", False), ("b.html", True), ("c.txt", False)]
    assert ask(file, "SELECT count(*) AS n FROM documents")["n"].item() == 4
    old = ask(file, "SELECT document FROM documents WHERE path = 'a.txt' ORDER BY bytes DESC")
    (folder / "c.txt").write_text("tampered")
    new = ask(file, "SELECT document FROM documents WHERE path = 'c.txt'")["document"].item()
    with pytest.raises(IntegrityError, match="has changed since it was ingested"):
        case_file.original_file(file, new)
    assert old.height == 2


def test_reading_again_after_the_kit_reads_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, file = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.txt").write_text(KOREAN)
    ingest(folder, file)
    for module in ("ingest", "store", "case_file"):
        monkeypatch.setattr(f"onetomany.documents.{module}.EXTRACTOR_VERSION", 99, raising=False)
    assert ingest(folder, file).read == 1
    assert ask(file, "SELECT version FROM blocks")["version"].to_list() == [99]


def test_what_failed_is_tried_again_only_when_asked(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(specimens.pdf(encrypt="secret"))
    assert ingest(folder, file).failed == 1
    assert ingest(folder, file).held == 1
    assert ingest(folder, file, retry=True).failed == 1
    assert ask(file, "SELECT * FROM failures").height == 1


def test_after_kill_9_the_next_run_goes_on(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i:02}.pdf").write_bytes(specimens.pdf(pages=3 + i))
    members = {f"{i}.txt": f"{KOREAN} {i}".encode() for i in range(30)}
    (folder / "00.zip").write_bytes(specimens.archive(members))
    script = (
        "import time; from pathlib import Path; from onetomany.documents import ingest\n"
        "ingest.TRANSACTION = 4\n"
        "keep = ingest.store.store_documents\n"
        "def slow(*args):\n"
        "    told = keep(*args); print(len(told), flush=True); time.sleep(0.1); return told\n"
        "ingest.store.store_documents = slow\n"
        f"ingest.ingest(Path({str(folder)!r}), Path({str(file)!r}))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert run.stdout is not None
    stored = [run.stdout.readline() for _ in range(3)]
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert all(stored)
    with duckdb.connect(file) as db:
        (half,) = db.execute("SELECT count(*) FROM documents").fetchone() or (0,)
        lost = (
            "SELECT document FROM documents WHERE status = 'read' EXCEPT SELECT document FROM pages"
        )
        assert db.execute(lost).fetchall() == []
    assert 3 <= half < 37
    done = ingest(folder, file)
    assert done.read == 37 - half
    assert ask(file, "SELECT count(*) AS n FROM documents")["n"].item() == 37
    assert (
        ask(file, "SELECT sum(pages) AS n FROM documents")["n"].item()
        == sum(3 + i for i in range(6)) + 1 + 30
    )
    # no process of the run that was killed is left
    time.sleep(0.5)
    left = [path for path in Path("/proc").glob("[0-9]*/stat") if f"({run.pid})" in _text(path)]
    assert not left


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def test_flipped_bytes_never_stop_a_run(tmp_path: Path) -> None:
    """Damaged files of each kind: each ends as a document, and what failed says why.

    Six of each, so that the suite stays short; ONETOMANY_DAMAGED=100 makes a hundred.
    """
    many = int(os.environ.get("ONETOMANY_DAMAGED", "6"))
    folder, file = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    rng = random.Random(6)
    more = {"rtf": lambda: RICH, "tif": lambda: picture("TIFF"), "jpg": lambda: picture("JPEG")}
    makers = MAKERS | more | HANGUL
    for kind, maker in makers.items():
        content = maker()
        for i in range(many):
            # a flip in packed bytes ends at a checksum: half of the archives are damaged within
            inside = i % 2 == 1 and content.startswith(b"PK")
            made = damaged_inside(content, rng) if inside else damaged(content, rng)
            (folder / f"{i}.{kind}").write_bytes(made)
    limits = Limits(seconds=20, memory=1 << 30)
    done = ingest(folder, file, limits=limits, ocr=False)
    rows = ask(file, "SELECT status, error, name, seconds, parent FROM documents")
    assert done.files == many * len(makers)
    kind = pl.col("name").str.extract(r"(\w+)$")
    print(
        rows.filter(pl.col("parent").is_null())
        .group_by(kind=kind)
        .agg(
            pl.len(),
            *[(pl.col("status") == how).sum().alias(how) for how in ("read", "partly", "failed")],
            slowest=pl.col("seconds").max(),
        )
        .sort("kind")
    )
    assert rows["seconds"].max() < limits.seconds + 15
    untold = rows.filter((pl.col("status") != "read") & pl.col("error").is_null())
    assert untold.is_empty()
    missing = ask(
        file, "SELECT * FROM files WHERE document NOT IN (SELECT document FROM documents)"
    )
    assert missing.is_empty()
    assert rows.filter(pl.col("status") == "failed").height > 10


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Bytes flipped in a few places, and now and then a piece cut out."""
    held = bytearray(content)
    for _ in range(rng.choice((1, 4, 16, 64))):
        held[rng.randrange(len(held))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.3:
        start = rng.randrange(len(held))
        del held[start : start + rng.randrange(1, 200)]
    return bytes(held)


def damaged_inside(content: bytes, rng: random.Random) -> bytes:
    """A zip-based document whose members are damaged, and packed again as if they weren't."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    hit = [name for name, held in members.items() if held and rng.random() < 0.4]
    hit = hit or [max(members, key=lambda name: len(members[name]))]
    return specimens.archive(members | {name: damaged(members[name], rng) for name in hit})


RICH = rb"{\rtf1\ansi\ansicpg949 {\fonttbl{\f0 Arial;}} \'b9\'fd\'b9\'ab {\b bold}\par \u48277?}"


def picture(kind: str) -> bytes:
    return specimens.saved(Image.effect_noise((60, 40), 40), kind)


def test_time_and_memory_run_out_for_one_document_only(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text(KOREAN)
    (folder / "big.csv").write_text("some words, more words\n" * 200_000)
    done = ingest(folder, tmp_path / "slow.duckdb", limits=Limits(seconds=1.0), workers=1)
    assert (done.read, done.failed + done.partly) == (1, 1)
    assert "longer than" in done.failures["why"].item()
    limits = Limits(memory=100 << 20)
    done = ingest(folder, tmp_path / "fat.duckdb", limits=limits, workers=1)
    assert (done.read, done.failed + done.partly) == (1, 1)
    assert "memory" in done.failures["why"].item()


@pytest.mark.parametrize(
    "content",
    [
        {"facts": {"status": "read"}, "columns": {"pages": {"page": [1, 2]}}},
        {
            "facts": {"status": "read"},
            "columns": {"notes": {"page": [1], "kind": [2], "text": [3]}},
        },
        {"facts": {"status": ["x"], "title": {"a": 1}}, "columns": {"sketches": {"hash": [1, 1]}}},
        {"facts": [], "columns": 7},
        {"facts": {}, "columns": {"documents": {"document": ["0" * 64]}, "meta": {"key": ["x"]}}},
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure(tmp_path: Path, content: Any) -> None:
    found = store.FoundFile("folder", "a.pdf", "f" * 64, 10)
    now = datetime(2026, 1, 1)
    with case_file.open_case(tmp_path / "case.duckdb", write=True) as db:
        whole = store.FoundFile("folder", "b.txt", "e" * 64, 10)
        good = {"facts": {"status": "read", "pages": 1}}
        told = store.store_documents(db, [(found, Answer(content)), (whole, Answer(good))], now)
        assert told == [("failed", 0), ("read", 1)]
        why = case_file.query_frame(db, "SELECT why FROM failures")["why"].item()
        assert "gave no usable answer" in why
        assert case_file.query_frame(db, "SELECT document FROM documents ORDER BY 1").rows() == [
            ("e" * 64,),
            ("f" * 64,),
        ]
        assert case_file.query_frame(db, "SELECT key FROM meta").rows() == [("schema_version",)]
        assert case_file.query_frame(db, "SELECT * FROM pages").is_empty()


def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(KOREAN)
    child = Child(tmp_path / "members")
    try:
        assert child.read(path, "a.txt", Limits()).content["facts"]["status"] == "read"
        process = child.keepers[0].process
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # it is noticed, and another is started
        assert child.read(path, "a.txt", Limits()).content["facts"]["status"] == "read"
        link = tmp_path / "link.txt"
        link.symlink_to(path)
        assert "can't be opened" in (child.read(link, "link.txt", Limits()).why or "")
        assert "can't be opened" in (child.read(tmp_path / "none", "none", Limits()).why or "")
        os.mkfifo(tmp_path / "pipe")
        assert "not a regular file" in (child.read(tmp_path / "pipe", "pipe", Limits()).why or "")
    finally:
        child.stop()


def test_each_document_has_a_process_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for i in range(6):
        (folder / f"{i}.txt").write_text(f"{KOREAN} {i}")
    (folder / "large.txt").write_text("x y\n" * 100_000)
    ingest(folder, tmp_path / "case.duckdb", workers=2)
    asked = "SELECT count(DISTINCT process) AS n FROM documents"
    assert ask(tmp_path / "case.duckdb", asked)["n"].item() == 7


def test_a_file_that_changes_while_it_is_read_is_no_reading_of_what_was_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text(KOREAN)
    ask_cage = Keeper.ask

    def changing(*args: Any, **kwargs: Any) -> Any:
        outcome = ask_cage(*args, **kwargs)
        path.write_text("something else")
        return outcome

    monkeypatch.setattr(Keeper, "ask", changing)
    child = Child(tmp_path / "members")
    try:
        assert "changed while" in (child.read(path, "a.txt", Limits()).why or "")
    finally:
        child.stop()


def test_archives_within_archives_end_somewhere(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    content = b"at the bottom"
    name = "x.txt"
    for depth in range(8):
        content, name = specimens.archive({name: content}), f"{depth}.zip"
    (folder / name).write_bytes(content)
    done = ingest(folder, tmp_path / "case.duckdb", limits=Limits(depth=3))
    assert done.read == 4
    assert "nested more than 3" in done.failures["why"].item()


def test_the_case_opens_in_plain_duckdb_and_goes_to_parquet(
    case: tuple[Path, Path, Ingested], tmp_path: Path
) -> None:
    _, file, _ = case
    query = "SELECT count(*) FROM blocks"
    with duckdb.connect(file, read_only=True) as db:
        (count,) = db.execute(query).fetchone() or (0,)
    written = case_export.export_parquet(file, tmp_path / "out")
    assert {path.stem for path in written} >= {"documents", "pages", "blocks", "claims", "links"}
    assert pl.read_parquet(tmp_path / "out" / "blocks.parquet").height == count > 0


def test_refusals_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        ingest(tmp_path / "nowhere", tmp_path / "case.duckdb")
    with (
        pytest.raises(InputError, match="onetomany ingest"),
        case_file.open_case(tmp_path / "none.duckdb"),
    ):
        pass
    other = tmp_path / "other.duckdb"
    with duckdb.connect(other) as db:
        db.execute("CREATE TABLE x (y INT)")
    with pytest.raises(InputError, match="not a case file"), case_file.open_case(other):
        pass
    (tmp_path / "text.duckdb").write_text("no database" * 999)
    with (
        pytest.raises(InputError, match="can't be opened"),
        case_file.open_case(tmp_path / "text.duckdb"),
    ):
        pass


def test_a_book_sketched_in_pieces_is_sketched_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(str(number * number) for number in range(3_000))
    whole = sketch(text)
    monkeypatch.setattr("onetomany.documents.sketch.PIECE", 97)
    assert sketch(text).tolist() == whole.tolist()
