"""A stranger's notebooks: each way out of the container is tried, and an honest run is the same."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from onetomany import sources
from onetomany.cli import main
from onetomany.errors import InputError, IntegrityError, OneToManyError
from onetomany.evidence import confined, container, container_calls
from onetomany.evidence import reproduce as again
from onetomany.evidence.container import RunAnswer, RunLimits
from onetomany.evidence.exhibit import write_payload
from onetomany.evidence.reproduce import listed_items, reproduce, version_differences
from onetomany.evidence.sbom import lock_files
from onetomany.report.execute import run_chapters
from sample_notebook import code, twin, write_notebook

pytestmark = pytest.mark.kernel

needs_cage = pytest.mark.skipif(
    bool(container.container_problem()), reason=container.container_problem() or "there is one"
)
LIMITS = RunLimits(memory=2 << 30, seconds=60, processes=60, space=32 << 20, answer=4 << 20)
SECRET = "a passphrase that no notebook may see"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What an attack aims at: a file, a folder, listening sockets, a process, a variable."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "secret").write_text(SECRET)
    listening = socket.create_server(("127.0.0.1", 0))
    local, hidden = (socket.socket(socket.AF_UNIX) for _ in range(2))
    local.bind(str(folder / "socket"))
    name = f"onetomany-{os.getpid()}"
    hidden.bind(f"\0{name}")
    for each in (local, hidden):
        each.listen()
    yield {
        "folder": str(folder),
        "port": str(listening.getsockname()[1]),
        "name": name,
        "process": str(os.getpid()),
        "package": str(Path(pl.__file__).parent),
        "kit": str(Path(container.__file__).parent),
    }
    for each in (listening, local, hidden):
        each.close()


# each does what it should not and prints 'done'; `at` holds the fixture above
ATTACKS = {
    "read a file": "assert open(at['folder'] + '/secret').read()",
    "see a folder": "assert os.listdir(at['folder'])",
    "write a file": "open(at['folder'] + '/new', 'w').write('x')",
    "read the home": "assert set(os.listdir(os.path.expanduser('~'))) - {'.pyenv', '.cache'}",
    "read the users": "assert open('/etc/passwd').read()",
    "read the variables": "assert os.environ['SECRET']",
    "see other processes": "assert os.path.exists('/proc/' + at['process'] + '/status')"
    " and int(at['process']) != os.getpid()",
    "signal the parent": "os.kill(int(at['process']), 0)",
    "reach a port": "socket.create_connection(('127.0.0.1', int(at['port'])), 2)",
    "reach a socket": "socket.socket(socket.AF_UNIX).connect(at['folder'] + '/socket')",
    "reach a hidden socket": "socket.socket(socket.AF_UNIX).connect('\\0' + at['name'])",
    "start a shell": "subprocess.run(['/bin/sh', '-c', 'true'], check=True)",
    "learn the host's name": "assert socket.gethostname() != 'cage'",
}
# the same, but what they do outside hangs on rights, modules or the machine
MORE = {
    "change a package": "open(at['package'] + '/__init__.py', 'a')",
    "change the kit": "open(at['kit'] + '/container.py', 'a')",
    "write at the root": "open('/new', 'w')",
    "write to devices": "open('/dev/new', 'w')",
    "write to the kernel": "open('/proc/sys/kernel/core_pattern', 'r+')",
    "change the host's name": "open('/proc/sys/kernel/hostname', 'r+')",
    "own bounds of memory": "open('/proc/self/oom_score_adj', 'w')",
    "open the terminal": "open('/dev/tty')",
    "become root": "os.setuid(0)",
    "change an owner": "os.chown('/tmp/cage', 0, 0)",
    "make a device": "os.mknod('/tmp/cage/d', 0o20600, os.makedev(1, 1))",
    "talk to the machine that runs this": "socket.socket(40, socket.SOCK_STREAM)",
    "use the kernel's ciphers": "socket.socket(38, socket.SOCK_SEQPACKET)",
    "send raw packets": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "listen to the wire": "socket.socket(17, socket.SOCK_RAW)",
    "reach the network": "socket.create_connection(('192.0.2.1', 80), 2)",
    "make a namespace": "call(272, 0x10000000)",
    "mount": "call(165, b'none', b'/tmp/cage/tmp', b'tmpfs', 0, None)",
    "mount anew": "call(430, b'tmpfs', 0)",
    "read a keyring": "call(250, 0, -3, 1)",
    "trace the parent": "call(101, 16, os.getppid(), 0, 0)",
    "read its memory": "call(310, os.getppid(), None, 0, None, 0, 0)",
    "load a program": "call(321, 0, None, 0)",
    "use io_uring": "call(425, 1, ctypes.create_string_buffer(200))",
    "fill the disk": "fill('/tmp/cage/tmp')",
    "fill the shared memory": "fill('/dev/shm')",
    "inherit an open file": "assert [n for n in os.listdir('/proc/self/fd') if int(n) > 3]",
}
ATTACK = """
import ctypes, json, os, socket, subprocess
at = json.loads({at!r})

def call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def fill(folder):
    for number in range(48):
        with open(f"{{folder}}/{{number}}", "wb") as file:
            file.write(bytes(1 << 20))

for name, attack in json.loads({attacks!r}).items():
    try:
        exec(attack)
        print(json.dumps([name, "done"]))
    except BaseException as error:
        print(json.dumps([name, type(error).__name__]))
"""


def attacked(at: dict[str, str], attacks: dict[str, str], *, inside: bool) -> dict[str, str]:
    source = ATTACK.format(at=json.dumps(at), attacks=json.dumps(attacks))
    answer = container.run(["-c", source], {}, LIMITS, inside=inside)
    assert answer.code == 0, answer.said
    return dict(map(json.loads, answer.output.splitlines()))


@needs_cage
def test_no_way_out_of_the_container(
    outside: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    assert set(attacked(outside, ATTACKS, inside=False).values()) == {"done"}  # they are attacks
    (Path(outside["folder"]) / "new").unlink()
    found = attacked(outside, ATTACKS | MORE, inside=True)
    assert {name for name, result in found.items() if result == "done"} == set()
    assert set(found) == ATTACKS.keys() | MORE.keys()
    assert {"NameError", "SyntaxError"}.isdisjoint(found.values())
    assert not (Path(outside["folder"]) / "new").exists()


@needs_cage
def test_it_has_no_right_and_no_second_namespace() -> None:
    status = container.run(
        ["-c", "print(open('/proc/self/status').read())"], {}, LIMITS
    ).output.decode()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert [facts[name] for name in ("CapEff", "CapPrm", "CapBnd")] == ["0" * 16] * 3
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"
    assert facts["Groups"].split() == []


# what would stop the machine: (code, what is said)
GREEDY = {
    "processes": (
        "import os, time\nfor _ in range(200):\n if os.fork() == 0: time.sleep(60)\ntime.sleep(60)",
        "more than 60 processes",
    ),
    "memory": (
        "import os, time\nfor _ in range(4): os.fork()\nheld = b'x' * (200 << 20)\ntime.sleep(60)",
        "more than 2,048 MB of memory",
    ),
    "time": ("import time\ntime.sleep(60)", "more than 2 seconds"),
    "answer": ("while True: print('x' * 65536)", "answer is too large"),
}


@needs_cage
@pytest.mark.parametrize("what", GREEDY)
def test_a_greedy_run_is_ended(what: str) -> None:
    source, said = GREEDY[what]
    limits = RunLimits(**{**LIMITS.__dict__, "seconds": 2}) if what == "time" else LIMITS
    with pytest.raises(OneToManyError, match=said):
        container.run(["-c", source], {}, limits)
    assert len(container._descendants(os.getpid())) < 60


@needs_cage
def test_nothing_outlives_the_run_or_the_one_who_started_it(tmp_path: Path) -> None:
    mark = f"0.{os.getpid()}"
    daemon = f"import os, time\nif os.fork() == 0:\n os.setsid()\n time.sleep(1000 + {mark})\n"
    assert container.run(["-c", daemon], {}, LIMITS).code == 0
    starter = (
        "from onetomany.evidence import container\n"
        "limits = container.RunLimits()\n"
        f"container.run(['-c', 'import time; time.sleep(1000 + {mark})'], {{}}, limits)"
    )
    with subprocess.Popen([sys.executable, "-c", starter]) as process:
        wait_until(lambda: any(not each.startswith("bwrap") for each in running(mark)))
        process.kill()
    wait_until(lambda: not running(mark))


def running(mark: str) -> list[str]:
    """Programs with the mark in their command: bwrap, and the interpreter that runs inside."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes()
        except OSError:
            continue
        if f"sleep(1000 + {mark})".encode() in words and b"onetomany.evidence" not in words:
            found.append(Path(words.split(b"\0")[0].decode()).name)
    return found


def wait_until(done: object, seconds: float = 20) -> None:
    assert callable(done)
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


# --- notebooks

OPENING = "# 01 · A run\n\n- **The question.** A?\n- **What you will see.** B.\n"
OPENING += "- **How long it takes.** C.\n- **What it can't show.** D."
IMPORTS = "import polars as pl\nfrom onetomany.prose import say"
TABLE = "pl.DataFrame({'size': [10, 1000], 'rate': [0.1, 0.30000000000000004]})"
HOSTILE = """
import os
found = []
for place in {places}:
    try:
        os.listdir(place) if os.path.isdir(place) else open(place).read()
        found.append(place)
    except OSError:
        pass
say(f"It reads {{len(found)}} places.", "읽은 곳")
"""
BESIDE = "open('/tmp/imported', 'w').write('x')\nraise SystemExit('a module beside was imported')"


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory, outside: dict[str, str]) -> Path:
    """Of a chapter that counts and looks around, with modules beside it to be imported."""
    folder = tmp_path_factory.mktemp("stranger")
    places = [f"{outside['folder']}/secret", outside["folder"], "/etc/passwd", "/var/log"]
    cells = [*twin(OPENING, OPENING), code(IMPORTS), code(TABLE), code('say("**12.5%**", "십이")')]
    cells.append(code(HOSTILE.format(places=places)))
    write_notebook(folder / "01_run.ipynb", cells)
    executed = run_chapters(sorted(folder.glob("*.ipynb")))
    made = write_payload(executed, folder, tmp_path_factory.mktemp("payload") / "payload").folder
    for name in ("polars.py", "ipykernel_launcher.py", "sitecustomize.py", "base64.py"):
        (made / "notebooks" / name).write_text(BESIDE.replace("imported'", f"imported-{name}'"))
    return made


@needs_cage
def test_an_honest_chapter_gives_the_same_inside_and_a_hostile_one_sees_nothing(
    payload: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(payload / "notebooks")  # nor is a module of the folder one stands in
    outcomes = {}
    for unconfined in (False, True):
        table = reproduce(payload, tmp_path / str(unconfined), unconfined=unconfined)
        outcomes[unconfined] = dict(table.select("item", "outcome").iter_rows())
    honest = {"Table 01-1": "same", "Statement 01-1": "same"}
    assert outcomes[True] == {**honest, "Statement 01-2": "same"}
    assert outcomes[False] == {**honest, "Statement 01-2": "different"}
    assert "reads 0 places" in (tmp_path / "False/statements/01-2.txt").read_text("utf-8")
    assert list(Path("/tmp").glob("imported-*")) == []


def test_without_bubblewrap_it_is_refused_or_asked_for(
    payload: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    out = tmp_path / "again"
    with pytest.raises(InputError, match=r"bwrap.*not installed.*apt install bubblewrap.*--unconf"):
        reproduce(payload, out)
    ask = ["reproduce", str(payload), "--unverified", "--out", str(out)]
    assert main(ask) == 1
    assert "apt install bubblewrap" in capsys.readouterr().err
    # without a terminal nobody says yes
    assert main([*ask, "--unconfined"]) == 1
    said = capsys.readouterr()
    assert "--yes" in said.err
    assert "all your rights" in said.err
    assert "모든 권한" in said.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    assert main([*ask, "--unconfined"]) == 1
    assert "nothing was run" in capsys.readouterr().err
    assert not out.exists()


def test_where_bwrap_makes_no_container_its_message_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(broken))
    container._tried.cache_clear()
    try:
        assert "setting up uid map: Permission denied" in container.container_problem()
    finally:
        container._tried.cache_clear()


def test_the_filter_is_of_known_calls() -> None:
    assert len(container_calls.refusal_program()) % 8 == 0
    named = container_calls.refused()
    assert {"keyctl", "ptrace", "mount", "bpf"} <= set(named)
    assert len(set(named.values())) == len(named)


# --- what is shown to a stranger's code, and what comes back


def test_no_template_of_the_users_own_people_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orl: sources.ImageSet
) -> None:
    monkeypatch.setenv("ONETOMANY_CACHE", str(tmp_path / "cache"))
    theirs, own = orl.files["sha256"][0], "f" * 64
    folder = tmp_path / "cache/templates/settings"
    folder.mkdir(parents=True)
    frame = pl.DataFrame({"image_sha256": [theirs, own], "template": [[0.1], [0.2]]})
    frame.write_parquet(folder / "a.parquet")
    (tmp_path / "cache/galleries").mkdir()
    (tmp_path / "cache/deepface/.deepface/weights").mkdir(parents=True)
    weights = tmp_path / "cache/deepface/.deepface/weights"
    registered = "dlib_face_recognition_resnet_model_v1.dat"
    for name in ("mine", registered):
        (weights / name).write_bytes(b"x")
    inside = f"{container.WORK}/cache/deepface/.deepface/weights/{registered}"
    assert confined._public_cache(tmp_path / "shown") == {inside: weights / registered}
    shown = [each for each in (tmp_path / "shown").rglob("*") if each.is_file()]
    assert [each.name for each in shown] == ["kept.parquet"]
    assert pl.read_parquet(shown[0])["image_sha256"].to_list() == [theirs]


def line(label: str = "Table 01-1", path: str = "tables/01-1.csv", content: str = "eA==") -> str:
    return f"{label}\t{path}\t{content}\n"


@pytest.mark.parametrize(
    "answer",
    [
        "x", "\n", "\t\t", "{}", "[" * 100_000,
        line(label="Table 01-1\x1b[2J"), line(label="Other 1"), line(label=""), line(label="표 1"),
        line(path="tables/../../x.csv"), line(path="/etc/passwd"), line(path="notebooks/a.ipynb"),
        line(path="tables/.csv"), line(path="tables/a.csv\tb"), line(content="?"),
        line() + line(), line(content="eA"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(answer: str) -> None:
    with pytest.raises(OneToManyError, match="can't be read"):
        confined._shown(RunAnswer(answer.encode(), "", 0))


def test_a_run_that_fails_is_told_in_a_sentence() -> None:
    said = base64.b64encode(b"cell [3]: \x1b[2J no").decode()
    with pytest.raises(OneToManyError, match=r"cell \[3\]: \\x1b\[2J no"):
        confined._shown(RunAnswer(line("error", "", said).encode(), "", 1))
    with pytest.raises(OneToManyError, match="exit code -9: Killed"):
        confined._shown(RunAnswer(b"", "x\nKilled\n", -9))
    good = confined._shown(RunAnswer((line() + line(path="tables/01-1.json")).encode(), "", 0))
    files = {"tables/01-1.csv": b"x", "tables/01-1.json": b"x"}
    assert good == [confined.Shown("Table 01-1", files)]


def test_what_would_take_much_memory_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 MB of brackets or of commas, a reader makes gigabytes."""
    for name in ("_tables", "_values", "_texts"):
        monkeypatch.setattr(again, name, None)
    for path, content in (
        ("figures/1.json", b"[" + b"[]," * (4 << 20) + b"[]]"),
        ("statements/1.txt", b"1 " * (5 << 20)),
        ("tables/1.csv", b"," * (1 << 20)),
        ("tables/1.csv", b'"\n"' + b"," * (1 << 20)),
    ):
        for before, after in ((b"x", content), (content, b"x")):
            outcome, _, what = again._compare_bytes(path, before, after)
            assert outcome == "different"
            assert "to be compared" in what


def test_a_long_table_is_compared() -> None:
    table = b"a,b\n" + b"".join(b"%d,0.5\n" % n for n in range(50_000))
    what = again._compare_bytes("tables/1.csv", table, table + b"1,1\n")[2]
    assert what == "tables/1.csv: 50,000 rows became 50,001"


def test_what_a_stranger_lists_leads_nowhere(payload: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(payload, tmp_path / "payload"))
    listed = json.loads((copy / "figures.json").read_text("utf-8"))
    first = listed["figures"][0]
    for wrong in (
        {**first, "files": {"../../secret": "0" * 64}},
        {**first, "files": {}},
        {**first, "files": 3},
        {**first, "kind": "x"},
        {**first, "number": "1\x1b[2J"},
        3,
    ):
        (copy / "figures.json").write_text(json.dumps({**listed, "figures": [wrong]}))
        with pytest.raises(IntegrityError, match="list of figures"):
            listed_items(copy)
    (copy / "figures.json").write_text("[" * 100_000)
    with pytest.raises(IntegrityError, match="can't be read"):
        version_differences(copy)
    (copy / "environment").mkdir()
    (copy / "environment/sbom.cdx.json").write_text('{"components": [3]}')
    with pytest.raises(IntegrityError, match="versions of packages"):
        version_differences(copy)
    notebook = copy / "notebooks/01_run.ipynb"
    notebook.unlink()
    notebook.symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="not a regular file"):
        confined.run_again(copy / "notebooks", unconfined=True, limits=LIMITS)


@needs_cage
def test_a_chapter_that_seals_a_bundle_finds_the_lock_files(tmp_path: Path) -> None:
    """Else chapter 11, which counts a bundle's files, would never give its figures again."""
    cells = twin("# 01 · A run", "# 01 · 실행")
    cells.append(
        code(
            "from onetomany.evidence.sbom import lock_files\n"
            "from onetomany.prose import say\n"
            'names = ", ".join(path.name for path in lock_files())\n'
            'say(f"Lock files: {names}.", f"잠금 파일: {names}.")'
        )
    )
    write_notebook(tmp_path / "01_run.ipynb", cells)
    shown = confined.run_again(tmp_path, unconfined=False, limits=LIMITS)
    said = " ".join(str(each) for each in shown)
    assert lock_files()
    assert all(path.name in said for path in lock_files())
