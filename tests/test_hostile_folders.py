"""Folders that an opponent prepared: every entry ends as a file or as a failure, within limits."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostile
import specimens
from onetomany.cli import main
from onetomany.documents import budget, folder, indexing, search
from onetomany.documents.budget import Account, Budget
from onetomany.documents.case_file import members_folder, open_case, original_file, query_frame
from onetomany.documents.folder import member_path, named_path, readable_name, stored_name
from onetomany.documents.ingest import ingest as ingest_by_many
from onetomany.errors import InputError
from onetomany.formats.reading import Limits, Refused
from onetomany.sources.files import sole_use

pytestmark = pytest.mark.real

LIMITS = Limits(seconds=60, bytes=1 << 30)
ingest = partial(ingest_by_many, workers=1)  # a process takes a second to start
SMALL = Budget(bytes=32 << 20, least_bytes=8 << 20, least_members=2_000)


def entries(top: Path) -> Iterator[bytes]:
    """Every entry below a folder but folders, as bytes; by descriptors, so no path is too long."""
    waiting = [(os.open(top, os.O_RDONLY), b"")]
    while waiting:
        at, where = waiting.pop()
        for name in os.listdir(at):
            raw = os.fsencode(name)
            path = os.path.join(where, raw)
            if stat.S_ISDIR(os.stat(raw, dir_fd=at, follow_symlinks=False).st_mode):
                waiting.append((os.open(raw, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=at), path))
            else:
                yield path
        os.close(at)


def ask(case: Path, query: str, *values: object) -> pl.DataFrame:
    with open_case(case) as db:
        return query_frame(db, query, *values)


def unaccounted(top: Path, case: Path) -> list[bytes]:
    """Entries that are neither in `files` nor in `failures`, nor any folder of theirs."""
    query = "SELECT path FROM files WHERE parent IS NULL UNION SELECT path FROM failures"
    known = {os.fsencode(named_path(path)) for path in ask(case, query)["path"]}
    return [
        path
        for path in entries(top)
        if path not in known
        and not any(path[:end] in known for end in range(len(path)) if path[end : end + 1] == b"/")
    ]


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: pytest can't delete one of a thousand levels."""
    made = tmp_path / "folder"
    made.mkdir()
    yield made
    subprocess.run(["rm", "-rf", str(made)], check=True)


@pytest.mark.parametrize("kind", hostile.FOLDERS)
def test_every_entry_is_accounted_for(
    kind: str,
    top: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = tmp_path / "case.duckdb"
    hostile.FOLDERS[kind](top)
    monkeypatch.setattr("onetomany.documents.ingest.Limits", lambda: LIMITS)
    monkeypatch.setattr("onetomany.documents.ingest.Budget", lambda: SMALL)
    started = time.monotonic()
    options = ["--ocr", "off", "--no-index", "--workers", "1" if kind != "mixed" else "2"]
    assert main(["ingest", str(top), "--case", str(case), *options]) == 0
    assert time.monotonic() - started < 120
    said = capsys.readouterr().out
    bad = [each for each in said.replace("\n", "") if unicodedata.category(each) in ("Cc", "Cf")]
    assert not bad
    assert not [line for line in said.splitlines() if line.startswith("case.duckdb: 1 files")]
    assert unaccounted(top, case) == []
    lost = "SELECT path FROM files WHERE document NOT IN (SELECT document FROM documents)"
    deep = ask(case, lost + " AND path NOT IN (SELECT path FROM failures)")
    assert deep.is_empty()
    held = members_folder(case)
    kept = sum(path.stat().st_size for path in held.iterdir()) if held.is_dir() else 0
    assert kept <= SMALL.bytes
    assert not list(held.glob("*.part"))
    # a second run finds the same
    again = ingest(top, case, limits=LIMITS, budget=SMALL, ocr=False)
    assert again.read == again.partly == 0
    assert not ask(case, "SELECT path FROM files WHERE gone").height


@given(st.binary(min_size=1, max_size=40).filter(lambda raw: b"\0" not in raw))
def test_a_stored_name_says_exactly_which_bytes(raw: bytes) -> None:
    text = stored_name(raw)
    text.encode("utf-8")  # a database can hold it
    assert os.fsencode(named_path(text)) == os.fsencode(Path(os.fsdecode(raw)))
    assert named_path(stored_name(named_path(text))) == named_path(text)


@given(st.lists(st.text("a!\\/x", min_size=1, max_size=5), min_size=1, max_size=4))
def test_no_two_ways_into_archives_have_one_path(names: list[str]) -> None:
    """A path takes apart into what it was made of: the folder's file and each member."""
    path = stored_name(names[0])
    for name in names[1:]:
        path = member_path(path, name)
    parts, turn = [""], 0
    while turn < len(path):
        if path[turn] == "\\":
            parts[-1] += path[turn + 1]
            turn += 2
        elif path[turn : turn + 2] == "!/":
            parts.append("")
            turn += 2
        else:
            parts[-1] += path[turn]
            turn += 1
    assert parts[1:] == names[1:]
    assert os.path.normpath(parts[0]) == os.path.normpath(names[0])


def test_names_that_are_no_utf8_are_read_and_found(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    raw = os.path.join(os.fsencode(top), "회의록.txt".encode("cp949"))
    with open(raw, "wb") as file:
        file.write("법무부가 제공하였다".encode())
    with open(
        os.path.join(os.fsencode(top), stored_name(os.path.basename(raw)).encode()), "wb"
    ) as file:
        file.write(b"a name that looks like the escapes of the other")
    assert ingest(top, case).read == 2
    names = ask(case, "SELECT name, document, path FROM documents ORDER BY bytes")
    assert names["name"].to_list() == ["회의록.txt", names["name"][1]]
    assert names["path"].n_unique() == 2
    assert os.fsencode(original_file(case, names["document"][0])) == raw
    assert readable_name("a/b!/\\xb9\\xfd.txt") == "법.txt"
    with open_case(case, write=True) as db:
        indexing.index_case(db, progress=False, kinds=("words",))
        assert search.search_words(db, "법무부")["document"].to_list() == [names["document"][0]]


def test_a_folder_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    top = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), "자료".encode("cp949"))))
    top.mkdir()
    (top / "a.txt").write_text("안에 있다")
    case = tmp_path / "case.duckdb"
    assert ingest(top, case).read == 1
    assert ingest(top, case).held == 1
    (document,) = ask(case, "SELECT document FROM documents")["document"]
    assert original_file(case, document) == top / "a.txt"


def test_archives_and_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    hostile.bangs(top)
    ingest(top, case)
    rows = ask(case, "SELECT * FROM files ORDER BY path")
    assert rows["path"].n_unique() == rows.height == 4 + 2 + 1 + 4 + 1
    assert rows.filter(pl.col("parent").is_null()).height == 6
    assert rows.filter(pl.col("depth") == 2)["path"].to_list() == ["zip!/b!/c"]
    assert set(rows.filter(pl.col("depth") == 0)["root"]) == {None}
    (top / "a.zip").unlink()
    ingest(top, case)
    gone = ask(case, "SELECT path FROM files WHERE gone ORDER BY path")["path"].to_list()
    assert gone == ["a.zip", "a.zip!/x.txt"]
    assert not ask(
        case, "SELECT * FROM files WHERE path = 'a.zip\\!/x.txt' AND NOT gone"
    ).is_empty()


def test_members_stay_while_any_copy_of_their_archive_is_there(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    hostile.alike(top)
    ingest(top, case)
    (top / "one.zip").unlink()
    ingest(top, case)
    member = "SELECT gone FROM files WHERE parent IS NOT NULL"
    assert ask(case, member)["gone"].to_list() == [False]
    (top / "two.zip").unlink()
    ingest(top, case)
    assert ask(case, member)["gone"].to_list() == [True]


def test_a_bomb_of_archives_costs_its_share_and_no_other_archive(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    hostile.nested(top)
    assert (top / "bomb.zip").stat().st_size < 100_000
    done = ingest(top, case, budget=SMALL)
    kept = sum(path.stat().st_size for path in members_folder(case).iterdir())
    assert kept < SMALL.least_bytes + (1 << 20)  # 33 MB without
    told = done.failures.filter(pl.col("path").str.starts_with("bomb.zip"))
    assert told.height
    assert told["why"].str.contains("limit is 8.0 MB").all()
    assert not ask(case, "SELECT * FROM files WHERE path = 'honest.zip!/b.txt'").is_empty()
    query = "SELECT text FROM pages JOIN files USING (document) WHERE path LIKE 'twins%/%'"
    wanted = {*(f"version {turn}" for turn in range(5)), "a real one of that name"}
    assert set(ask(case, query)["text"]) == wanted
    nested = done.failures.filter(pl.col("path").str.starts_with("chain.zip"))
    assert nested["why"].str.contains("nested more than").all()


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Budget(least_members=3, members_per_mb=0), "3 files for all that comes out of one file"),
        (Budget(members=4, part=1.0), "4 files for all that comes out of the archives"),
        (Budget(bytes=2 << 20, part=1.0), "2.0 MB for all that comes out of"),
        (Budget(least_seconds=0.0, seconds_per_mb=0.0), "0 s for all files in one file"),
        (Budget(free_part=0.999, free=1 << 60), ""),
    ],
)
def test_each_limit_is_told_by_name(tmp_path: Path, limits: Budget, why: str) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    members = {f"{turn}.txt": b"%d " % turn + bytes(500_000) for turn in range(6)}
    (top / "a.zip").write_bytes(specimens.archive(members))
    if not why:
        with pytest.raises(InputError, match=r"are free on the disk of .* needed: make room"):
            ingest(top, case, budget=limits)
        return
    done = ingest(top, case, budget=limits)
    assert done.failures["path"].str.starts_with("a.zip").all()
    assert any(why in each for each in done.failures["why"])


def test_what_stays_free_on_the_disk_is_not_filled_by_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(Budget(), tmp_path)
    monkeypatch.setattr(Account, "_free", lambda _: account.reserve() + 100)
    account.take("root", 100)
    with pytest.raises(Refused, match="make room, and run with --retry"):
        account.take("root", 101)


def test_shares_follow_the_size_and_count_of_files(tmp_path: Path) -> None:
    limits = Budget(free=0)
    four = Account(limits, tmp_path, files=100)
    four.begin("small", 11_000)
    assert four.left("small")[0] == limits.least_bytes
    four.begin("large", 1 << 40)
    assert four.left("large")[0] == int(four.most_bytes * limits.part)
    alone = Account(limits, tmp_path, files=1)
    alone.begin("large", 1 << 40)
    assert alone.left("large")[0] == alone.most_bytes


def test_a_file_that_changes_or_vanishes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    for name in ("grows.txt", "vanishes.txt", "swapped.txt", "stays.txt"):
        (top / name).write_text(f"as it was: {name}")
    (tmp_path / "secret.txt").write_text("outside of the folder")
    (tmp_path / "out").mkdir()
    hashed = folder.sha256_inside

    def hashing(at: Path, path: str, most: int) -> tuple[str, os.stat_result]:
        if path == "vanishes.txt":
            (top / path).unlink()
        found = hashed(at, path, most)
        if path == "grows.txt":
            with (top / path).open("a") as file:
                file.write("more")
        if path == "swapped.txt":
            (top / path).unlink()
            (top / path).symlink_to(tmp_path / "secret.txt")
        return found

    monkeypatch.setattr("onetomany.documents.folder.sha256_inside", hashing)
    done = ingest(top, case)
    why = dict(done.failures.select("path", "why").iter_rows())
    assert set(why) == {"grows.txt", "vanishes.txt", "swapped.txt"}
    assert "changed while" in why["grows.txt"]
    assert "gone before it could be read" in why["vanishes.txt"]
    assert done.read == 1
    assert ask(case, "SELECT * FROM pages WHERE contains(text, 'outside')").is_empty()
    monkeypatch.undo()
    # what is mended is told no more
    (top / "swapped.txt").unlink()
    assert "vanishes.txt" not in ingest(top, case, retry=True).failures["path"].to_list()


def test_files_of_the_system_that_state_no_size_end(tmp_path: Path) -> None:
    for path in ("self/environ", "kmsg", "kcore"):
        if Path("/proc", path).exists() and os.access(Path("/proc", path), os.R_OK):
            with pytest.raises((Refused, OSError)):
                folder.sha256_inside(Path("/proc"), path, 1 << 20)


PREPARE = """
import ctypes, resource, sys
most = int(sys.argv.pop(1))
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
libc = ctypes.CDLL(None)
for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: root, too, obeys modes then
    libc.prctl(24, capability, 0, 0, 0)
import os
os.execv(sys.executable, [sys.executable, "-m", "onetomany.cli", *sys.argv[1:]])
"""


def run(*words: str, most: int | None = None, where: Path | None = None) -> tuple[int, str, str]:
    """The command in a process that obeys modes, and that can write no file above `most` bytes."""

    done = subprocess.run(
        [sys.executable, "-c", PREPARE, str(most or 0), *words], capture_output=True, text=True,
        cwd=where, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def one_sentence(code: int, said: str) -> None:
    assert code == 1
    lines = [line for line in said.splitlines() if line.strip() and "file/s]" not in line]
    assert len(lines) == 1, said
    assert "Traceback" not in said


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    (top / "closed").mkdir(parents=True)
    (top / "closed" / "in.txt").write_text("inside")
    (top / "locked.txt").write_text("locked")
    (top / "open.txt").write_text("open")
    (top / "listed").mkdir()
    (top / "listed" / "in.txt").write_text("inside")
    for name, mode in (("closed", 0), ("locked.txt", 0), ("listed", 0o444)):
        (top / name).chmod(mode)
    try:
        code, said, _ = run("ingest", str(top), "--case", str(case), "--no-index")
    finally:
        for name in ("closed", "listed"):
            (top / name).chmod(0o755)
    assert code == 0, said
    why = dict(ask(case, "SELECT path, why FROM failures").iter_rows())
    assert set(why) == {"closed", "locked.txt", "listed/in.txt"}
    assert all("Permission denied" in each for each in why.values())
    assert unaccounted(top, case) == []


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for it: a write past it fails as on a full disk."""
    top = tmp_path / "folder"
    top.mkdir()
    (top / "a.txt").write_text("법무부가 제공하였다")
    code, _, said = run("ingest", str(top), "--case", str(tmp_path / "new.duckdb"), most=20_000)
    one_sentence(code, said)
    assert "too large" in said.lower()
    code, _, said = run("key", str(tmp_path / "keys" / "k.pem"), most=10)
    one_sentence(code, said)
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ["a.txt"]


def test_a_disk_that_fills_in_the_middle_keeps_what_was_stored(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    for turn in range(3):
        (top / f"{turn}.txt").write_text(f"법무부가 제공하였다 {turn}")
    ingest(top, case)
    size = case.stat().st_size
    text = "\n".join(f"{turn} 서로 다른 문장 {turn * 7919}" for turn in range(300_000))
    (top / "large.txt").write_text(text)
    code, _, said = run("ingest", str(top), "--case", str(case), "--no-index", most=size + 50_000)
    one_sentence(code, said)
    assert ask(case, "SELECT count(*) AS n FROM documents")["n"].item() >= 3
    assert ingest(top, case).held >= 3


def test_a_member_that_finds_no_room_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    (top / "a.zip").write_bytes(specimens.archive({"b.txt": b"b", "c.txt": b"c"}))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(budget.tempfile, "NamedTemporaryFile", full)
    done = ingest(top, case)
    monkeypatch.undo()
    assert done.failures["path"].to_list() == ["a.zip"]
    assert "No space left on device" in done.failures["why"].item()
    assert ingest(top, case, retry=True).failures.is_empty()


def test_a_place_that_is_read_only_is_told(tmp_path: Path) -> None:
    top, closed = tmp_path / "folder", tmp_path / "closed"
    top.mkdir()
    closed.mkdir()
    (top / "a.txt").write_text("a")
    closed.chmod(0o555)
    try:
        for command in (
            ("ingest", str(top), "--case", str(closed / "case.duckdb")),
            ("ingest", str(top), "--case", str(closed / "more" / "case.duckdb")),
            ("key", str(closed / "k.pem")),
        ):
            code, _, said = run(*command)
            one_sentence(code, said)
            assert "Permission denied" in said
    finally:
        closed.chmod(0o755)
    assert not list(closed.iterdir())


def test_a_second_writer_is_told(tmp_path: Path) -> None:
    top, case = tmp_path / "folder", tmp_path / "case.duckdb"
    top.mkdir()
    (top / "a.txt").write_text("a")
    ingest(top, case)
    with open_case(case, write=True):
        for command in (
            ("ingest", str(top), "--case", str(case)),
            ("search", "a", "--case", str(case)),
        ):
            code, _, said = run(*command)
            one_sentence(code, said)
            assert "another program has it open" in said


def test_two_exhibits_to_one_folder_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "exhibit"
    with sole_use(out):
        code, _, said = run("exhibit", "--out", str(out), "--operator", "A. Person")
        one_sentence(code, said)
        assert "Another process is making" in said
    with sole_use(out):
        pass
    assert not list(tmp_path.iterdir())


def test_members_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    inner = budget._beside

    def beside(*args: object) -> object:
        written.append(args)
        return inner(*args)

    monkeypatch.setattr(budget, "_beside", beside)
    stream = (b"same" * 1000) * 3
    held = io.BytesIO(stream)
    names = {budget.keep_member(tmp_path / "m", held, 4000) for _ in range(3)}
    assert len(names) == len(written) == len(list((tmp_path / "m").iterdir())) == 1
    monkeypatch.setattr(budget, "_IN_MEMORY", 10)
    threads = [
        threading.Thread(
            target=budget.keep_member, args=(tmp_path / "m", io.BytesIO(b"x" * 99), 99)
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((tmp_path / "m").iterdir())) == 2
    with pytest.raises(Refused):
        budget.keep_member(tmp_path / "m", io.BytesIO(b"short"), 99)
    assert len(list((tmp_path / "m").iterdir())) == 2
