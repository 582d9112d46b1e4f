"""Nothing that lies in the folder the kit is used in is imported, run or obeyed."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from browser import jupyterlab
from onetomany.documents import scans
from onetomany.report.execute import run_chapters
from onetomany.report.kernels import LabKernels
from onetomany.sources.cache import cache_dir
from onetomany.sources.processes import safe_environment
from sample_notebook import code, write_notebook

pytestmark = pytest.mark.kernel

# every name that Python, the kit or a library of it may look for; not the kit itself, see below
NAMES = {*sys.stdlib_module_names, *importlib.metadata.packages_distributions()} - {"onetomany"}
NAMES |= {"sitecustomize", "usercustomize", "ipykernel_launcher", "jupyter_lab_config"}
NAMES |= {"jupyter_config", "jupyter_server_config", "ipython_config", "ipython_kernel_config"}
CONSOLE = Path(sys.executable).with_name("onetomany")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A folder of notebooks in which everything that can be planted marks that it was run."""
    folder = tmp_path / "received"
    folder.mkdir()
    mark = f"open({str(tmp_path / 'ran')!r}, 'a').write(__file__ + '\\n')\n"
    for name in NAMES:
        (folder / f"{name}.py").write_text(mark)
    for place in (".jupyter", ".ipython/profile_default", "labconfig", ".jupyter/labconfig"):
        (folder / place).mkdir(parents=True)
        for name in ("jupyter_server_config.py", "ipython_config.py", "jupyter_config.py"):
            (folder / place / name).write_text(mark)
    startup = folder / ".ipython" / "profile_default" / "startup"
    startup.mkdir()
    (startup / "00.py").write_text(mark)
    (folder / "jupyter_server_config.json").write_text('{"ServerApp": {"token": "stolen"}}')
    (folder / "jupyter_lab_config.json").write_text('{"LabApp": {"default_url": "/stolen"}}')
    (folder / ".env").write_text(f"PYTHONSTARTUP={folder}/polars.py\nPYTHONPATH={folder}\n")
    (folder / "pyvenv.cfg").write_text(f"home = {folder}\n")
    (folder / ".python-version").write_text("2.7\n")
    (folder / "pip.conf").write_text("[global]\nindex-url = http://127.0.0.1:9/\n")
    (folder / "kernel.json").write_text('{"argv": ["false"], "display_name": "", "language": ""}')
    for name in ("git", "node", "tesseract", "python", "sh"):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> '{tmp_path / 'ran'}'\n")
        (folder / name).chmod(0o755)
    return folder


def ran(trap: Path) -> list[str]:
    mark = trap.with_name("ran")
    return mark.read_text().splitlines() if mark.exists() else []


def command(trap: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words)], cwd=trap, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f".:{os.environ['PATH']}"},
    )  # fmt: skip


ASK = "import polars, json, multiprocessing\nprint('here', polars.DataFrame({'a': [1]}).height)"


def _until_ready(client: BlockingKernelClient) -> None:
    """A client that did not start the kernel takes one that is slow to start for dead."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return client.wait_for_ready(timeout=60)
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def shown_by(client: BlockingKernelClient, source: str) -> str:
    """What a kernel prints."""
    shown = []
    client.start_channels()
    try:
        _until_ready(client)
        reply = client.execute_interactive(source, timeout=60, output_hook=shown.append)
    finally:
        client.stop_channels()
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(message["content"].get("text", "") for message in shown)


def test_chapters_run_from_inside_the_folder(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `report`, `exhibit` and `reproduce`."""
    path = write_notebook(trap / "01_a.ipynb", [code(ASK)])
    monkeypatch.chdir(trap)
    notebook = run_chapters([path])["01_a"]
    assert notebook.cells[0].outputs[0].text == "here 1\n"
    assert ran(trap) == []


def test_the_module_started_in_the_folder(trap: Path) -> None:
    """Python imports a few modules by itself before it comes to the kit: docs/safety.md says so."""
    ask = "import runpy, importlib.util, pkgutil, sys; print(*sys.modules)"
    for name in command(trap, sys.executable, "-P", "-c", ask).stdout.split():
        (trap / f"{name}.py").unlink(missing_ok=True)
    said = command(trap, sys.executable, "-m", "onetomany.cli", "verify", ".")
    assert said.returncode == 1
    assert len(said.stderr.splitlines()) <= 2, said.stderr
    assert ran(trap) == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("verify", "."), 1),
        (("search", "a", "--case", "none.duckdb"), 1),
        (("workshop", "../handout"), 0),  # the kit's own chapters
    ],
)
def test_commands_run_from_inside_the_folder(trap: Path, words: tuple[str, ...], code: int) -> None:
    (trap / "onetomany").mkdir()
    (trap / "onetomany" / "__init__.py").write_text((trap / "polars.py").read_text())
    said = command(trap, CONSOLE, *words)
    assert said.returncode == code
    assert len(said.stderr.splitlines()) <= 2, said.stderr
    assert ran(trap) == []


def test_ocr_is_asked_for_from_inside_the_folder(
    trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scans.engine()
    monkeypatch.chdir(trap)
    assert scans.engine() == before
    assert ran(trap) == []


def test_a_kernel_of_lab_in_the_folder(trap: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by the server as it is, in the folder of the notebook."""
    monkeypatch.setenv("PYTHONSTARTUP", str(trap / "polars.py"))
    assert list(LabKernels().get_all_specs()) == ["python3"]
    kernel = KernelManager(kernel_spec_manager=LabKernels(), kernel_name="python3")
    home = trap.with_name("ipython")
    kernel.start_kernel(cwd=str(trap), env=safe_environment(IPYTHONDIR=str(home)))
    try:
        inner = "subprocess.run([sys.executable, '-c', 'import json'])"
        shown = shown_by(kernel.client(), f"{ASK}\nimport subprocess, sys\n{inner};")
    finally:
        kernel.shutdown_kernel(now=True)
    assert shown == "here 1\n"
    assert ran(trap) == []


def test_lab_started_in_the_folder(
    trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trap)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(trap))
    monkeypatch.setenv("JUPYTER_PATH", str(trap))
    write_notebook(trap / "01_a.ipynb", [code("1")])
    with jupyterlab(trap, tmp_path / "home") as address:
        cookies = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
        browser.open(f"{address}/lab").close()
        key = {"X-XSRFToken": next(each.value or "" for each in cookies if each.name == "_xsrf")}

        def ask(path: str, body: object = None) -> Any:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(f"{address}/api/{path}", data, key)
            with browser.open(request, timeout=30) as answer:
                return json.load(answer)

        assert list(ask("kernelspecs")["kernelspecs"]) == ["python3"]
        session = {"path": "01_a.ipynb", "name": "a", "type": "notebook"}
        kernel = ask("sessions", session | {"kernel": {"name": "python3"}})["kernel"]["id"]
        ask("terminals", {})
        runtime = cache_dir() / "lab" / "data" / "runtime"
        client = BlockingKernelClient(connection_file=str(runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        assert shown_by(client, ASK) == "here 1\n"
    assert ran(trap) == []


POOL = """
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
import polars as pl
from onetomany.faces import embedding

if __name__ == "__main__":
    todo = pl.DataFrame({"path": ["none"], "sha256": ["0"]})
    settings = embedding.Settings(model="none")  # so the pool starts, and ends at once
    try:
        embedding._embed_new(todo, Path(sys.argv[1]), settings, 1.0, 1)
    except BrokenProcessPool:
        print("broken")
"""


def test_processes_that_embed_faces_started_in_the_folder(trap: Path, tmp_path: Path) -> None:
    script = tmp_path / "script" / "pool.py"
    script.parent.mkdir()
    script.write_text(POOL)
    said = command(trap, sys.executable, script, tmp_path / "cache")
    assert said.stdout == "broken\n", said.stderr
    assert ran(trap) == []


ORPHANS = """
import multiprocessing, time
from onetomany.faces import embedding
from onetomany.faces.embedding import Settings

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    from concurrent.futures import ProcessPoolExecutor
    pool = ProcessPoolExecutor(1, context, embedding.start_worker, (Settings(),))
    pool.submit(abs, 1).result()
    print(list(pool._processes)[0], flush=True)
    time.sleep(60)
"""


def test_processes_that_embed_faces_end_with_their_parent(tmp_path: Path) -> None:
    (tmp_path / "orphans.py").write_text(ORPHANS)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "orphans.py"], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and Path(f"/proc/{child}/cmdline").read_bytes():
        time.sleep(0.1)
        if not Path(f"/proc/{child}").exists():
            return
    assert not Path(f"/proc/{child}").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()
