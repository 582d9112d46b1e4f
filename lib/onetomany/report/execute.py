"""Run notebooks, each in a clean kernel of the interpreter that runs this."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from onetomany.errors import InputError, OneToManyError
from onetomany.progress import ProgressBar
from onetomany.report.kernels import ReportKernels
from onetomany.sources.commits import commit_of
from onetomany.sources.kit_files import installed_path
from onetomany.sources.processes import safe_environment

log = logging.getLogger(__name__)

Notebook = Any  # nbformat's NotebookNode: a dict with attribute access, untyped


def run_chapters(paths: list[Path], *, home: Path | None = None) -> dict[str, Notebook]:
    """Execute the notebooks in order; return stem -> executed notebook, with its run recorded.

    `home` is the folder whose commit is recorded; default: that of the first notebook.
    """
    notebooks = {path: _read(path) for path in paths}
    total = sum(len(_code_cells(notebook)) for notebook in notebooks.values())
    folder = home or paths[0].parent
    # an installed copy may lie within somebody's repository, whose commit says nothing of it
    commit = "" if folder == installed_path("notebooks") else commit_of(folder)
    with ProgressBar(total=total, unit="cell", leave=False) as bar:
        for path, notebook in notebooks.items():
            bar.set_description(path.stem)
            started, clock = datetime.now(UTC), time.monotonic()
            _run(path, notebook, bar)
            notebook.metadata["onetomany"] = {
                "ran_at": started.isoformat(timespec="seconds"),
                "seconds": round(time.monotonic() - clock, 1),
                "commit": commit,
            }
    # Through its file form, which sorts keys: a chapter kept from before then looks the same
    return {
        path.stem: nbformat.reads(nbformat.writes(notebook), as_version=4)
        for path, notebook in notebooks.items()
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


def _run(path: Path, notebook: Notebook, bar: ProgressBar) -> None:
    manager = AsyncKernelManager(kernel_spec_manager=ReportKernels(), transport_encryption="auto")
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=None,
        record_timing=False,  # two runs of one notebook must give the same file
        # controls need a person at JupyterLab, and no page shows them
        skip_cells_with_tag="lab-only",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda **_: bar.update(),
    )
    client.log.setLevel(logging.CRITICAL)  # the error is reported once, below
    failure: list[BaseException] = []
    with tempfile.TemporaryDirectory() as ipython_dir:  # a clean kernel: no startup files
        # also pinned: the order of sets, which would differ from run to run; and no bars, which
        # only slow machines would show
        environment = safe_environment(IPYTHONDIR=ipython_dir, PYTHONHASHSEED="0", TQDM_DISABLE="1")

        def work() -> None:
            try:
                asyncio.run(client.async_execute(cleanup_kc=True, env=environment))
            except BaseException as error:
                failure.append(error)

        # nbclient takes SIGINT for itself on the main thread; on another one, Ctrl-C reaches us
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            while worker.is_alive():  # in short waits: another thread may be handed the signal
                worker.join(timeout=0.2)
        except KeyboardInterrupt:
            asyncio.run(_stop(manager))
            worker.join(timeout=5)
            raise
    notebook.metadata.pop("widgets", None)  # random ids, and no page shows it
    _note_stderr(path, notebook)
    if failure:
        raise _explained(path, notebook, failure[0]) from failure[0]


async def _stop(manager: AsyncKernelManager) -> None:
    await manager.shutdown_kernel(now=True)


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
