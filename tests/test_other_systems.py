"""The kit starts, and its core works, on systems without fork, fcntl and resource (Windows)."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onetomany import faces, sources
from onetomany.cage import keeper, systems
from onetomany.errors import RefusedError
from onetomany.faces.decoding import Decoder, Unreadable

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[1]
POSIX = {"fcntl", "grp", "pwd", "resource", "termios", "pty", "tty", "syslog"}
# the core's tests that need neither a model nor a kernel
CORE = ("test_case.py", "test_other_systems.py")
HIDDEN = "hidden_modules" in sys.modules


def at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a module is imported: not the bodies of functions."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from at_import(node)


def posix_imports(text: str) -> set[str]:
    found = set()
    for node in at_import(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & POSIX
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} & POSIX
        elif isinstance(node, ast.Attribute) and node.attr in ("fork", "forkpty"):
            found.add(f"os.{node.attr}")
    return found


def test_no_module_needs_posix_at_its_import() -> None:
    assert posix_imports("class A:\n    import resource\nx = os.fork()") == {"resource", "os.fork"}
    assert not posix_imports("def f():\n    import resource\n    os.fork()")
    for path in (ROOT / "lib").rglob("*.py"):
        assert not posix_imports(path.read_text(encoding="utf-8")), path


def text_without_encoding(text: str) -> list[int]:
    """Lines that open a text file in the system's own encoding, which Windows has another of."""
    lines = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        owner = getattr(getattr(node.func, "value", None), "id", "")
        given = {each.arg for each in node.keywords}
        words = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if name in ("read_text", "write_text"):
            missing = "encoding" not in given and len(node.args) < (1 + (name == "write_text"))
        elif name in ("open", "fdopen") and owner not in ("tarfile", "zipfile", "Image", "pillow"):
            words += [k.value.value for k in node.keywords
                      if k.arg == "mode" and isinstance(k.value, ast.Constant)]  # fmt: skip
            modes = [w for w in words if isinstance(w, str) and set(w) <= set("rwaxbt+") and w]
            plain = not modes and ((not owner and isinstance(node.func, ast.Name)) or not node.args)
            missing = plain or (bool(modes) and "b" not in modes[-1])
            missing = missing and "encoding" not in given
        else:
            missing = "encoding" not in given and any(
                k.arg in ("text", "universal_newlines") for k in node.keywords
            ) and name in ("run", "Popen", "check_output")  # fmt: skip
        if missing:
            lines.append(node.lineno)
    return lines


def test_text_files_are_read_and_written_as_utf_8() -> None:
    assert text_without_encoding("p.read_text()\nopen(p, 'w')\nrun(c, text=True)") == [1, 2, 3]
    assert not text_without_encoding("p.read_text('utf-8')\nopen(p, 'rb')\nf.open(path)")
    found = {
        path: lines
        for path in (ROOT / "lib").rglob("*.py")
        if (lines := text_without_encoding(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.fixture
def no_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    if not HIDDEN:
        monkeypatch.delattr(os, "fork")


@pytest.fixture
def picture(tmp_path: Path) -> tuple[str, str]:
    """A picture's path and SHA-256."""
    from PIL import Image

    from onetomany.sources.files import sha256_of

    path = tmp_path / "grey.png"
    Image.new("RGB", (40, 20), (10, 20, 30)).save(path)
    return str(path), sha256_of(path)


def test_without_fork_a_spawned_process_decodes_pictures(
    no_fork: None, picture: tuple[str, str]
) -> None:
    assert not systems.can_fork()
    decoder = Decoder(trusted=True)
    try:
        for _ in range(2):
            pixels = decoder.open(*picture, 1600).pixels
            assert pixels.shape == (20, 40, 3)
            assert pixels[0, 0].tolist() == [30, 20, 10]
        Path(picture[0]).write_bytes(b"\x89PNG nothing")
        with pytest.raises(Unreadable):
            decoder.open(*picture, 1600)
        assert decoder.keeper.isolation == dict.fromkeys(
            ("bubblewrap", "landlock", "seccomp"), False
        )
    finally:
        decoder.keeper.stop()


def test_spawned_processes_make_templates(no_fork: None, own_set: Path) -> None:
    """The core's own path: pictures of a folder, decoded and embedded by a pool."""
    images = sources.open_images(own_set)
    frame = faces.usable(faces.embed(images, faces.Settings(model="SFace")))
    assert frame["subject_id"].n_unique() == 2
    assert len(frame) >= 4


def test_a_spawned_process_that_fails_or_is_late_is_replaced(
    no_fork: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "_GRACE", 0.0)
    task = keeper.Keeper("onetomany.cage.zygote:load_nothing")
    document = tmp_path / "document"
    document.write_bytes(b"x" * 10)
    ask = {"seconds": 20.0, "memory": 1 << 28, "most": 100}
    with document.open("rb") as file:
        try:
            first = task.ask(file.fileno(), {}, list, **ask)
            assert (first.kept, first.trouble, first.ended.code) == ([], None, 0)
            before = task.spawned.process
            os.kill(before.pid, signal.SIGSTOP)  # it hangs
            late = task.ask(file.fileno(), {}, list, **ask | {"seconds": 0.5})
            assert late.kept is None
            assert late.trouble
            assert before.poll() is not None
            file.seek(0)
            assert task.ask(file.fileno(), {}, list, **ask).kept == []
            assert task.spawned.process.pid != before.pid
            task.spawned.process.kill()
            task.spawned.process.wait()
            assert task.ask(file.fileno(), {}, list, **ask).kept == []
        finally:
            task.stop()


def test_the_system_says_in_one_sentence_what_confines_documents(
    no_fork: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONETOMANY_WEAK_ISOLATION", raising=False)
    said = systems.describe_isolation({})
    assert said.count(".") == 1
    assert "landlock and seccomp missing, and one process reads them all" in said
    strong = {"landlock": True, "seccomp": True, "bubblewrap": True}
    assert systems.require_strong(strong, agreed=False) == ""
    assert "confines" in systems.describe_isolation(strong)
    assert systems.require_strong({}, agreed=True) == said
    with pytest.raises(RefusedError, match="--weak-isolation"):
        Decoder(trusted=False)


@pytest.mark.skipif(HIDDEN, reason="this runs inside")
def test_the_core_works_with_the_modules_hidden_and_processes_spawned() -> None:
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "hidden_modules", "-p",
               "no:cacheprovider"]  # fmt: skip
    command += [f"tests/{name}" for name in CORE]
    # files of others need the user's consent there
    consent = {"ONETOMANY_WEAK_ISOLATION": "1"}
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")} | consent
    environment.pop("PYTEST_XDIST_WORKER", None)
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert " passed" in run.stdout
