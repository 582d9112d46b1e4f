"""Run notebooks, each in a clean kernel of the interpreter that runs this."""

import asyncio
import atexit
import contextlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import psutil
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from onetomany.errors import InputError, OneToManyError
from onetomany.progress import ProgressBar
from onetomany.sources.commits import commit_of
from onetomany.sources.kit_files import installed_path
from onetomany.sources.processes import safe_environment
from .kernels import ReportKernels

log = logging.getLogger(__name__)

KERNEL_MEMORY = 4 << 30  # bytes; chapter 06 takes the most, about 3 GB
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")

Notebook = Any  # nbformat's NotebookNode: a dict with attribute access, untyped


def run_chapters(paths: list[Path], *, home: Path | None = None) -> dict[str, Notebook]:
    """Execute the notebooks; return stem -> executed notebook, with its run recorded.

    They start in order, as many at once as cores and memory allow. `home` is the folder whose
    commit is recorded; default: that of the first notebook.
    """
    folder = home or paths[0].parent
    # an installed copy may lie within somebody's repository, whose commit says nothing of it
    commit = "" if folder == installed_path("notebooks") else commit_of(folder)
    with tempfile.TemporaryDirectory() as made:
        many = min(len(paths), _kernels_at_once())
        runs = [_ChapterRun(path, _read(path), Path(made), many) for path in paths]
        total = sum(len(_code_cells(each.notebook)) for each in runs)
        with ProgressBar(total=total, unit="cell", leave=False) as bar:
            _run_all(runs, many, bar)
    for each in runs:
        each.notebook.metadata["onetomany"] = {
            "ran_at": each.started.isoformat(timespec="seconds"),
            "seconds": each.seconds,
            "commit": commit,
            "threads": " ".join(f"{name}={each.environment[name]}" for name in _THREADS),
        }
    # Through its file form, which sorts keys: a chapter kept from before then looks the same
    return {
        each.path.stem: nbformat.reads(nbformat.writes(each.notebook), as_version=4)
        for each in runs
    }


def _code_cells(notebook: Notebook) -> list[Any]:
    """Return the cells that run; messages number these, as [n] does in Lab."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _read(path: Path) -> Notebook:
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat raises whatever the damaged JSON leads it into
        reason = str(error).splitlines()[0]
        raise InputError(f"{path.name} can't be read as a notebook: {reason}") from error
    return notebook


class _ChapterRun:
    """One notebook and the kernel that runs it, beside others: `many` in all.

    `made` is a folder for the kernels' own files.
    """

    def __init__(self, path: Path, notebook: Notebook, made: Path, many: int) -> None:
        self.path, self.notebook = path, notebook
        self.started = datetime.now(UTC)
        self.seconds = 0.0
        self.manager = AsyncKernelManager(
            kernel_spec_manager=ReportKernels(), transport_encryption="auto"
        )
        self.client = NotebookClient(
            notebook,
            km=self.manager,
            timeout=None,
            record_timing=False,  # two runs of one notebook must give the same file
            # controls need a person at JupyterLab, and no page shows them
            skip_cells_with_tag="lab-only",
            resources={"metadata": {"path": str(path.parent)}},
        )
        self.client.log.setLevel(logging.CRITICAL)  # the error is reported once, below
        # a clean kernel: no startup files; also pinned: the order of sets, which would differ from
        # run to run; and no bars, which only slow machines would show
        self.environment = safe_environment(
            IPYTHONDIR=str(made / path.stem), PYTHONHASHSEED="0", TQDM_DISABLE="1"
        )
        # with a thread for each core in each kernel, threads wait for one another at full load
        for name in _THREADS:
            self.environment.setdefault(name, str(max(1, (os.cpu_count() or 1) // many)))

    async def execute(self, gate: asyncio.Semaphore, bar: ProgressBar) -> None:
        """Run all cells, once there is a place at the gate."""
        async with gate:
            bar.set_description(self.path.stem)
            self.client.on_cell_executed = lambda **_: bar.update()
            self.started, clock = datetime.now(UTC), time.monotonic()
            try:
                await self.client.async_execute(cleanup_kc=True, env=self.environment)
            finally:
                self.seconds = round(time.monotonic() - clock, 1)
                self.notebook.metadata.pop("widgets", None)  # random ids, and no page shows it
                if self.manager.has_kernel:  # stopped before nbclient had taken charge of it
                    await self.manager.shutdown_kernel(now=True)

    def leave(self) -> None:
        """Keep nbclient from stopping the kernel once more when Python ends."""
        atexit.unregister(self.client._cleanup_kernel)


def _run_all(runs: list[_ChapterRun], many: int, bar: ProgressBar) -> None:
    """Run the notebooks, `many` at once; the first that fails stops all and is reported."""
    done: Future[dict[Path, BaseException]] = Future()
    stop: list[Callable[[], object]] = []

    def run() -> None:
        try:
            done.set_result(asyncio.run(_execute_all(runs, many, bar, stop)))
        except BaseException as error:  # of no notebook
            done.set_exception(error)

    # nbclient takes SIGINT for itself on the main thread; on another one, Ctrl-C reaches us
    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        while worker.is_alive():  # in short waits: another thread may be handed the signal
            worker.join(timeout=0.2)
    except KeyboardInterrupt:
        for cancel in stop:
            with contextlib.suppress(RuntimeError):  # all had just ended
                cancel()
        worker.join(timeout=15)
        for each in runs:
            each.leave()
        raise
    failures = done.result()
    for each in runs:
        _note_stderr(each.path, each.notebook)
        if failure := failures.get(each.path):
            raise _explained(each.path, each.notebook, failure) from failure


async def _execute_all(
    runs: list[_ChapterRun], many: int, bar: ProgressBar, stop: list[Callable[[], object]]
) -> dict[Path, BaseException]:
    """Execute the notebooks until one fails; `stop` gets a way to cancel from another thread."""
    gate = asyncio.Semaphore(many)
    tasks = [asyncio.ensure_future(each.execute(gate, bar)) for each in runs]
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    assert this is not None
    stop.append(lambda: loop.call_soon_threadsafe(this.cancel))
    failures: dict[Path, BaseException] = {}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for each, task in zip(runs, tasks, strict=True):
            if task.done() and (failure := task.exception()):
                failures[each.path] = failure
    finally:
        for each, task in zip(runs, tasks, strict=True):
            each.client.shutdown_kernel = "immediate"  # a cell that still runs isn't waited for
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return failures


def _kernels_at_once() -> int:
    """Return how many notebooks to run at once: one a core, as far as memory allows, at most four.

    With more, the longest notebook decides when all are done.
    """
    room = int(psutil.virtual_memory().available) // KERNEL_MEMORY
    return max(1, min(os.cpu_count() or 1, room, 4))


def _explained(path: Path, notebook: Notebook, error: BaseException) -> BaseException:
    done = [n for n, cell in enumerate(_code_cells(notebook), 1) if cell.execution_count]
    number = done[-1] if done else 1
    if isinstance(error, CellExecutionError):
        return OneToManyError(f"{path.name}, cell [{number}]: {error.ename}: {error.evalue}")
    if isinstance(error, DeadKernelError):
        return OneToManyError(
            f"{path.name}: the kernel died at cell [{number}]; most often the memory was full."
        )
    return error


def _note_stderr(path: Path, notebook: Notebook) -> None:
    for number, cell in enumerate(_code_cells(notebook), 1):
        for output in cell.outputs:
            if output.get("name") == "stderr":
                log.info("%s, cell [%d], stderr: %s", path.name, number, output.text.strip())
