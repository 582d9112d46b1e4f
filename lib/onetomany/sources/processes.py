"""Start other programs so that no file of the working directory is run or obeyed.

Users run the kit inside folders that others prepared. Python puts the working directory or the
script's folder first on its path, and obeys PYTHON* variables; Jupyter, IPython, numba and git have
files and variables of their own. Processes started here get none of them.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .cache import cache_dir

# variables by which the environment, or a file read into it, controls the programs we start
_DROPPED = ("PYTHON", "JUPYTER", "IPYTHON", "GIT_", "NUMBA_", "VIRTUAL_ENV")


def python_command(*arguments: str) -> list[str]:
    """Return the command for a Python process of the kit: isolated (-I).

    -I leaves out the working directory, PYTHON* variables and the user's own site-packages. The
    process sees only the packages of this interpreter's environment.
    """
    return [sys.executable, "-I", *arguments]


def safe_environment(**own: str) -> dict[str, str]:
    """Return a process's environment without variables that control Python, Jupyter or git.

    Processes that it starts in turn (a notebook's `!python`, a terminal of JupyterLab, a pool)
    leave the working directory out of Python's path as well. `own` is added last.
    """
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_DROPPED)}
    return kept | {"PATH": _absolute(kept.get("PATH", os.defpath))} | _safety() | own


def installed_program(name: str) -> str | None:
    """Return a program's path, ignoring folders relative to the working directory."""
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
        "PYTHON_DOTENV_DISABLED": "1",  # some libraries read .env when they are imported
        # else .numba_config.yaml could name a folder of pickles, which are code
        "NUMBA_CACHE_DIR": str(cache_dir() / "numba"),
    }


def _absolute(path: str) -> str:
    return os.pathsep.join(place for place in path.split(os.pathsep) if os.path.isabs(place))
