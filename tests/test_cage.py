"""The cage holds: a parser that was taken over reaches nothing, and nobody is told otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

import escapes
from onetomany import cage
from onetomany.cage import bubblewrap, keeper, landlock, seccomp
from onetomany.cage.zygote import FRAME
from onetomany.cli import main
from onetomany.documents import case_file, indexing, language, search, workers
from onetomany.documents.answers import Taken
from onetomany.documents.ingest import ingest
from onetomany.documents.workers import Reader
from onetomany.errors import InputError, RefusedError
from onetomany.formats.reading import Limits

pytestmark = pytest.mark.real

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs" / "cage.md"
STRONG = sys.platform == "linux"
linux = pytest.mark.skipif(not STRONG, reason="Landlock and seccomp are Linux's")


@pytest.fixture
def tasks_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the cage import the tasks of these tests, and read them."""
    command = keeper.isolated_python

    def with_tests(code: str, *arguments: str) -> list[str]:
        return command(f"sys.path.append({str(TESTS)!r}); {code}", *arguments, str(TESTS))

    places = landlock.program_places
    monkeypatch.setattr(keeper, "isolated_python", with_tests)
    monkeypatch.setattr(keeper.landlock, "program_places", lambda: [*places(), str(TESTS)])


@pytest.fixture
def taken_over(tasks_of_tests: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in ("LIGHT", "ALL"):
        monkeypatch.setattr(workers, task, "attacks:load")


def tried(tmp_path: Path, *, contained: bool = False, only: list[str] | None = None, **how: Any):
    """What came of each escape, and what confined it."""
    secret = tmp_path / "secret"
    (secret / "empty").mkdir(parents=True)
    for name in ("victim", "victim.1", "victim.2", "gone"):
        (secret / name).write_text("secret")
    before = contents(secret)
    server = socket.create_server(("127.0.0.1", 0))
    told = {"victim": str(secret / "victim"), "folder": str(secret), "hidden": contained}
    document = tmp_path / "told.json"
    document.write_text(json.dumps({**told, "port": server.getsockname()[1], "only": only}))
    one = cage.Keeper("escapes:load", **how)
    file = os.open(document, os.O_RDONLY)

    def take(frames: keeper.Frames) -> dict[str, str]:
        return json.loads(b"".join(frames.read(length) for _, length in frames))

    try:
        outcome = one.ask(file, {}, take, seconds=30, memory=512 << 20, most=1 << 20)
        held = one.isolation
    finally:
        os.close(file)
        one.stop()
        server.close()
    assert outcome.kept, outcome
    return outcome.kept, held, before == contents(secret)


def contents(folder: Path) -> dict[Path, tuple[Any, ...]]:
    """All that an escape could change; not the time of reading, which this reading changes."""
    return {
        path: (
            *(info.st_mode, info.st_ino, info.st_nlink, info.st_uid, info.st_size),
            *(info.st_mtime_ns, path.is_file() and path.read_text()),
        )
        for path, info in ((path, path.stat()) for path in folder.iterdir())
    }


@linux
def test_every_escape_is_refused(
    tmp_path: Path, tasks_of_tests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hostile-parser suite, by Landlock and seccomp alone, without a container."""
    assert len(escapes.ESCAPES) >= 120
    assert len({name.partition(":")[0] for name in escapes.ESCAPES}) >= 8
    monkeypatch.setattr(keeper, "_container_works", lambda places: False)
    found, held, whole = tried(tmp_path)
    assert held == {"bubblewrap": False, "landlock": True, "seccomp": True}
    allowed = {name for name, done in found.items() if not done.startswith("refused")}
    assert allowed == set(listed("Without a container"))
    assert whole
    assert found.keys() == escapes.ESCAPES.keys()


@linux
@pytest.mark.skipif(bubblewrap._bubblewrap_path() is None, reason="bubblewrap is not installed")
def test_in_a_container_every_escape_is_refused(tmp_path: Path, tasks_of_tests: None) -> None:
    found, held, whole = tried(tmp_path, contained=True)
    assert held == {"bubblewrap": True, "landlock": True, "seccomp": True}
    assert [name for name, done in found.items() if not done.startswith("refused")] == []
    assert whole


def test_what_weak_isolation_lets_through_is_listed(tmp_path: Path, tasks_of_tests: None) -> None:
    """Each escape by Python is refused or listed in the docs; of native code the docs say all."""
    python = [name for name in escapes.ESCAPES if name not in escapes.NATIVE]
    found, held, _ = tried(tmp_path, only=python, weak=True)
    assert not any(held.values())
    allowed = {name for name, done in found.items() if not done.startswith("refused")}
    assert allowed == set(listed("Weak isolation"))
    assert "native code" in DOCS.read_text("utf-8").partition("Weak isolation")[2]


def listed(heading: str) -> list[str]:
    """The escapes that the docs list below a heading, in code marks."""
    text = DOCS.read_text("utf-8").partition(f"## {heading}")[2].partition("\n## ")[0]
    return [name for name in re.findall(r"`([a-z]+: [^`]+)`", text) if name in escapes.ESCAPES]


@linux
def test_the_filter_names_calls_that_write_nowhere() -> None:
    """Taking a condition out of the filter makes one of the escapes succeed: it is needed."""
    assert seccomp.filter_program()
    names = set(seccomp._CALLS)
    assert not names & {
        "clone", "clone3", "fork", "vfork", "execve", "kill", "tgkill", "socket", "pipe2", "prctl",
        "rt_sigaction", "setitimer", "unlink", "rename", "chmod", "ptrace", "io_uring_setup",
    }  # fmt: skip


@linux
def test_readable_places_never_come_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "documents").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "path", ["", str(home), str(home / "documents"), *sys.path])
    places = landlock.program_places()
    assert not [place for place in places if str(home).startswith(place.rstrip("/") + "/")]
    assert not [place for place in places if place.startswith(str(home))]
    monkeypatch.setattr(sys, "prefix", str(home))
    assert str(home) not in landlock.program_places()


PLANTED = """
import os
open({mark!r}, "a").write(__name__ + " ")
"""


@pytest.mark.parametrize("how", ["inside", "pointed at", "python path"])
def test_a_folder_of_documents_runs_no_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Files that Python would import from the working directory, none of which is."""
    folder, mark = tmp_path / "documents", tmp_path / "ran.txt"
    folder.mkdir()
    for name in ("polars", "lxml", "numpy", "json", "ctypes", "encodings", "sitecustomize",
                 "usercustomize", "pypdfium2", "onetomany", "duckdb", "struct"):  # fmt: skip
        (folder / f"{name}.py").write_text(PLANTED.format(mark=str(mark)))
    (folder / "onetomany").mkdir()
    (folder / "onetomany" / "__init__.py").write_text(PLANTED.format(mark=str(mark)))
    (folder / "memo.txt").write_text("A harmless memo of 2019.")
    program = Path(sys.executable).parent / "onetomany"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if how == "python path":
        # of the user's own: the kit obeys it where it starts, its caged processes do not
        (folder / "onetomany.py").unlink()
        shutil.rmtree(folder / "onetomany")
        code = "import sys; sys.path.insert(0, ''); from onetomany.documents.ingest import ingest"
        code = f"from pathlib import Path; {code}; import os; os.chdir({str(folder)!r}); "
        code += f"ingest(Path('.'), Path({str(tmp_path / 'case.duckdb')!r}))"
        command, at = [sys.executable, "-c", code], tmp_path
    else:
        at = folder if how == "inside" else tmp_path
        command = [str(program), "ingest", str(folder), "--no-index",
                   "--case", str(tmp_path / "case.duckdb")]  # fmt: skip
    done = subprocess.run(
        command, cwd=at, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not mark.exists(), mark.read_text()
    with case_file.open_case(tmp_path / "case.duckdb") as db:
        pages = db.execute("SELECT text FROM pages").fetchall()
    assert ("A harmless memo of 2019.",) in pages


STEAL = """#ATTACK: keeps the line to the parent, and would answer for later documents
import os, signal, socket, stat, struct, json
found = []
for n in range(3, 4096):
    try:
        mode = os.fstat(n).st_mode
    except OSError:
        continue
    found.append((n, stat.S_ISSOCK(mode), stat.S_ISFIFO(mode)))
for what in (lambda: os.fork(), lambda: os.kill(os.getppid(), signal.SIGSTOP), lambda: os.setsid()):
    try:
        what()
        found.append("done")
    except OSError:
        pass
reading.page().add(json.dumps(found))
"""


@linux
def test_a_parser_that_is_taken_over_can_not_answer_for_later_documents(
    tmp_path: Path, taken_over: None
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text(STEAL)
    for number in range(12):
        (folder / f"b{number:02}.txt").write_text(f"Traveller {number} did not consent.")
    done = ingest(folder, tmp_path / "case.duckdb", workers=1)
    assert (done.read, done.failed) == (13, 0)
    with case_file.open_case(tmp_path / "case.duckdb") as db:
        pages = dict(db.execute(
            "SELECT path, pages.text FROM pages JOIN documents USING (document)"
        ).fetchall())  # fmt: skip
        many = db.execute("SELECT count(DISTINCT process) FROM documents").fetchone()
    # what it had open was its answer alone: its document was read and closed
    assert json.loads(pages.pop("a.txt")) == [[4, False, True]]
    assert pages == {f"b{n:02}.txt": f"Traveller {n} did not consent." for n in range(12)}
    assert many == (13,)


SPIN = """#ATTACK: switches its clocks off, and sleeps
import signal, time
for what in (lambda: signal.setitimer(signal.ITIMER_REAL, 0),
             lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
             lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGTERM])):
    try:
        what()
    except OSError:
        pass
time.sleep(100000)
"""
BUSY = "#ATTACK: computes for ever\nwhile True: pass\n"
SILENT = "#ATTACK: closes its answer and stays\nimport os, time\nos.close(4)\ntime.sleep(100000)\n"


@linux
@pytest.mark.parametrize("attack", [SPIN, BUSY, SILENT], ids=["sleeps", "computes", "silent"])
def test_nothing_outlives_its_time(tmp_path: Path, taken_over: None, attack: str) -> None:
    (tmp_path / "a.txt").write_text(attack)
    (tmp_path / "b.txt").write_text("words")
    reader = Reader(tmp_path / "members")
    begun = time.monotonic()
    try:
        first = reader.read(tmp_path / "a.txt", "a.txt", Limits(seconds=1.0))
        zygote = reader.keepers[0].process
        second = reader.read(tmp_path / "b.txt", "b.txt", Limits())
        # the process that forks was not lost with it
        assert reader.keepers[0].process is zygote
    finally:
        reader.stop()
    assert first.why
    assert second.content["facts"]["status"] == "read"
    assert time.monotonic() - begun < 15


@linux
def test_the_cage_ends_with_the_kit(tmp_path: Path, tasks_of_tests: None) -> None:
    """Killed with -9 while a document is read, the kit leaves no process behind."""
    mark = f"onetomany-ends-{os.getpid()}-{time.time_ns()}"
    (tmp_path / "a.txt").write_text("#ATTACK\nimport time\ntime.sleep(1000)\n")
    code = (
        f"import sys; sys.path[:0] = [{str(TESTS)!r}]\n"
        "import os\nfrom pathlib import Path\nimport test_cage\n"
        "from onetomany.cage import keeper\nfrom onetomany.documents import language, workers\n"
        "from onetomany.formats.reading import Limits\n"
        "command, places = keeper.isolated_python, keeper.landlock.program_places\n"
        f"extra = {str(TESTS)!r}\n"
        "keeper.isolated_python = lambda code, *a: command("
        f"f'sys.path.append({{extra!r}}); {{code}}', *a, extra, {mark!r})\n"
        "keeper.landlock.program_places = lambda: [*places(), extra]\n"
        "workers.LIGHT = 'attacks:load'\n"
        "reader = workers.Reader(Path('members'))\n"
        "reader.keepers[0].start(); print('up', flush=True)\n"
        f"reader.read(Path({str(tmp_path / 'a.txt')!r}), 'a.txt', Limits())\n"
    )
    run = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline() == b"up\n"
    assert left(mark)
    time.sleep(0.5)
    run.kill()
    run.wait()
    run.stdout.close()
    deadline = time.monotonic() + 10
    while left(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left(mark) == []


def left(mark: str) -> list[str]:
    """Processes whose command line has a mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def answered(frames: bytes) -> keeper.Frames:
    """Frames as a caged process would have sent them."""
    out, into = os.pipe()

    def write() -> None:
        with contextlib.suppress(OSError), os.fdopen(into, "wb") as pipe:
            pipe.write(frames)

    threading.Thread(target=write, daemon=True).start()
    return keeper.Frames(out, time.monotonic() + 60, keeper.ANSWER)


NESTED = b"[" + b"[],[],[]," * (6 << 20) + b"[]]"  # 54 MB that cost 30 times as much once parsed


@pytest.mark.parametrize(
    "frames",
    [
        FRAME.pack(b"J", len(NESTED)) + NESTED,
        FRAME.pack(b"F", len(NESTED)) + NESTED,
        FRAME.pack(b"J", 1 << 62),
        FRAME.pack(b"S", 1 << 40),
        FRAME.pack(b"S", 1)
        + b"x"
        + FRAME.pack(b"J", 74)
        + b'{"notes": {"page": [1, 2], "kind": ["a", "a"], "text": [[0], [0]]}}'.ljust(74),
        FRAME.pack(b"F", 34) + b'{"metadata": {"a": [[[[[[[[]]]]]]]]}}'[:34],
        FRAME.pack(b"F", 26) + b'{"title": ["not", "text"]}',
        FRAME.pack(b"M", 1 << 50),
        FRAME.pack(b"N", 1 << 30),
        FRAME.pack(b"?", 0),
        FRAME.pack(b"J", 4) + b"[[[[",
        FRAME.pack(b"J", 2) + b"[]",
        FRAME.pack(b"J", 13) + b'{"pages": {}}',
        FRAME.pack(b"J", 40) + b'{"notes": {"page": [[7]], "kind": 1}}   ',
        b"J",
        b"",
    ],
)
def test_an_answer_is_bounded_before_it_is_parsed(tmp_path: Path, frames: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = answered(frames)
    with pytest.raises(keeper.Trouble):
        Taken(tmp_path, Limits())(sent)
    os.close(sent.file)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 << 10, f"{grown >> 10} MB"
    assert list(tmp_path.iterdir()) == []


def test_a_weak_cage_is_told_and_needs_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    (folder / "a.txt").write_text("words")
    weak = {"bubblewrap": False, "landlock": False, "seccomp": True}
    monkeypatch.setattr("onetomany.documents.ingest.isolation", lambda: weak)
    with pytest.raises(RefusedError, match=r"landlock missing.*--weak-isolation"):
        ingest(folder, case)
    assert not case.exists()
    assert main(["ingest", str(folder), "--case", str(case)]) == 1
    assert "--weak-isolation" in capsys.readouterr().err
    assert main(["ingest", str(folder), "--case", str(case), "--no-index", "--weak-isolation"]) == 0
    assert "landlock missing" in capsys.readouterr().err
    with case_file.open_case(case) as db:
        told = db.execute("SELECT value FROM meta WHERE key = 'isolation_weakness'").fetchone()
    assert "landlock missing" in told[0]


def test_a_text_made_to_take_for_ever_does_not_stop_a_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quadratic texts end at their limit, are reported, and leave the others searchable."""
    monkeypatch.setattr(language, "SECONDS", 2.0)
    folder, case = tmp_path / "folder", tmp_path / "case.duckdb"
    folder.mkdir()
    trap = "a" * 40 + "! ab"  # for (a+)+b
    for name, text in (("a", "a" * 1_500_000), ("b", "제1조 " * 100_000), ("c", trap)):
        (folder / f"{name}.txt").write_text(text)
    (folder / "d.txt").write_text("법무부는 2019년 4월 30일 인천공항에서 말했다.")
    ingest(folder, case)
    begun = time.monotonic()
    with case_file.open_case(case, write=True) as db:
        assert indexing.index_mentions(db, progress=False) == 4
        assert indexing.index_words(db, progress=False) == 4
        assert time.monotonic() - begun < 60
        # what was given up is not begun again
        assert indexing.index_case(db) == (0, 0)
        query = "SELECT path, text FROM notes JOIN documents USING (document) WHERE kind = 'unread'"
        told = case_file.query_frame(db, query)
        assert "a.txt" in told["path"].to_list()
        assert told["text"].str.contains("longer than 2 s").all()
        assert "d.txt" not in told["path"].to_list()
        mentions = db.execute("SELECT count(*) FROM mentions JOIN documents USING (document) "
                              "WHERE path = 'd.txt'").fetchone()  # fmt: skip
        assert mentions[0] >= 2
        assert search.search_words(db, "인천공항").height == 1
        # pages without words are still found as phrases
        assert search.search_phrase(db, "제1조 제1조").height == 1
        with pytest.raises(InputError, match="simpler pattern"):
            search.search_pattern(db, "(a+)+b")


def test_an_archive_may_give_a_name_of_any_length(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("가" * 20_000 + ".txt", "a text with a long name")
        archive.writestr("나" * 9_000 + ".xlsx", "no workbook")
    done = ingest(folder, tmp_path / "case.duckdb")
    assert (done.read, done.failed) == (2, 1)


def test_an_interrupted_answer_is_not_taken_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "b.txt").write_text("second")
    reader = Reader(tmp_path / "members")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workers.Taken, "__call__", lambda *_: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                reader.read(tmp_path / "a.txt", "a.txt", Limits())
        answer = reader.read(tmp_path / "b.txt", "b.txt", Limits())
        assert answer.content["columns"]["pages"]["text"] == ["second"]
    finally:
        reader.stop()


def test_pages_of_scans_may_have_no_members(tmp_path: Path) -> None:
    frames = FRAME.pack(b"N", 1) + b"a" + FRAME.pack(b"M", 4) + b"kept" + FRAME.pack(b"E", 0)
    with pytest.raises(keeper.Trouble):
        Taken(tmp_path, Limits())(answered(frames))
    assert list(tmp_path.iterdir()) == []


def test_a_weak_cage_needs_a_yes_wherever_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONETOMANY_WEAK_ISOLATION", "")
    monkeypatch.setattr(keeper, "_LASTING", {})
    strong = keeper.Keeper
    monkeypatch.setattr(keeper, "Keeper", lambda task, **how: strong(task, weak=True, **how))
    with pytest.raises(RefusedError, match="weak-isolation"):
        cage.lasting("onetomany.cage.zygote:load_nothing")
    cage.accept_weak_isolation()
    assert cage.lasting("onetomany.cage.zygote:load_nothing").isolation
    keeper._stop_all()
