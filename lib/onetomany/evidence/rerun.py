"""Run notebooks and write their items as lines of JSON; `reproduce` starts it in a container.

`python -I -m onetomany.evidence.rerun FOLDER [CACHE MEMORY PROCESSES]` writes a line a file to
standard output: label, path and content in base64, with tabs between ("Figure 02-1"). A run that
fails writes "error", "" and a sentence in base64. The form is plain, so that reading a stranger's
output takes no more memory than it has bytes. Only the notebooks are taken from FOLDER: a module
beside them is never imported. The last three arguments are for a container: the folder from which
the kit's cache starts, and the limits of each process.
"""

import base64
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from onetomany.errors import OneToManyError
from onetomany.sources.cache import cache_dir

FILE = 1 << 30  # bytes of one file that a notebook may write
OPEN = 4096  # open files of one process


def main() -> int:
    """Run the chapters of the folder that the command line names."""
    # code below, also native code, may print to standard output: redirect it to standard error
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder, *confined = sys.argv[1:]
    if confined:
        kept, memory, processes = confined
        _restrict_run(int(memory), int(processes))
        shutil.copytree(kept, cache_dir(), dirs_exist_ok=True)
    try:
        _run(Path(folder), answer)
    except OneToManyError as error:
        _write(answer, "error", "", str(error).encode())
        return 1
    return 0


def _restrict_run(memory: int, processes: int) -> None:
    """Limit this process and all that it starts, each separately; `container` limits the sum."""
    import resource  # every system with containers has this

    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    for limit, value in (
        (kind, memory),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_NOFILE, OPEN),
    ):
        hard = resource.getrlimit(limit)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (most, most))


def _run(given: Path, answer: Any) -> None:
    from onetomany.report import chapters_of
    from onetomany.report.blocks import read_chapter
    from onetomany.report.case_pages import COPY, copy_case_tables
    from onetomany.report.execute import run_chapters
    from .figures import read_figures

    with tempfile.TemporaryDirectory() as folder:
        notebooks = Path(folder, "notebooks")
        notebooks.mkdir()
        for path in chapters_of(given):
            shutil.copyfile(path, notebooks / path.name)
        copy_case_tables(given / COPY, notebooks / COPY)
        for path in chapters_of(notebooks):
            executed = run_chapters([path])[path.stem]
            figures = read_figures(read_chapter(path.stem, executed, notebooks))
            for each in figures:
                for name, content in each.files.items():
                    _write(answer, each.label, name, content)


def _write(answer: Any, label: str, path: str, content: bytes) -> None:
    answer.write(f"{label}\t{path}\t{base64.b64encode(content).decode()}\n")
    answer.flush()


if __name__ == "__main__":
    sys.exit(main())
