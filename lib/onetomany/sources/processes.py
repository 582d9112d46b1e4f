"""How other programs are started: nothing that lies in the working directory is run or obeyed.

The kit is used inside folders that somebody else prepared. Python puts the working directory or the
script's folder first on its path, and takes orders from PYTHON* variables; Jupyter, IPython, numba
and git have files and variables of their own. What is started here gets none of them.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .cache import cache_dir

# variables by which the environment, or a file that was read into it, gives orders to what we start
_DROPPED = ("PYTHON", "JUPYTER", "IPYTHON", "GIT_", "NUMBA_", "VIRTUAL_ENV")


def python_command(*arguments: str) -> list[str]:
    """Return the command for a Python process of the kit: isolated (-I).

    -I leaves out the working directory, PYTHON* variables and the user's own site-packages. The
    process sees what is installed in this interpreter's environment, and nothing else.
    """
    return [sys.executable, "-I", *arguments]


def safe_environment(**own: str) -> dict[str, str]:
    """Return the environment for a process: without orders to Python, Jupyter, git or numba.

    Processes that it starts in turn (a notebook's `!python`, a terminal of JupyterLab, a pool)
    leave the working directory out of Python's path as well. `own` is added last.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_DROPPED)}
    return kept | {"PATH": _absolute(kept.get("PATH", os.defpath))} | _safety() | own


def installed_program(name: str) -> str | None:
    """Return where a program is installed; places relative to the working directory don't count."""
    return shutil.which(name, path=_absolute(os.environ.get("PATH", os.defpath)))


@contextmanager
def safe_children() -> Iterator[None]:
    """Let processes that `multiprocessing` starts meanwhile ignore the working directory.

    They are started as `python -c`, which otherwise looks for its first module there.
    """
    before = {name: os.environ.get(name) for name in _safety()}
    os.environ.update(_safety())
    try:
        yield
    finally:
        for name, text in before.items():
            if text is None:
                del os.environ[name]
            else:
                os.environ[name] = text


def _safety() -> dict[str, str]:
    return {
        "PYTHONSAFEPATH": "1",
        "PYTHON_DOTENV_DISABLED": "1",  # some libraries read .env where they are imported
        # else .numba_config.yaml could name a folder of pickles, which are code
        "NUMBA_CACHE_DIR": str(cache_dir() / "numba"),
    }


def _absolute(path: str) -> str:
    return os.pathsep.join(place for place in path.split(os.pathsep) if os.path.isabs(place))
