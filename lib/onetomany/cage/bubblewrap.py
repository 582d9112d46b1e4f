"""bubblewrap, if it is installed: a container that contains programs and no other file.

Landlock and seccomp still allow asking for other files' names, sizes and dates; in a container
these files and all other processes don't exist. https://github.com/containers/bubblewrap
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

# never from PATH, which may name a folder of documents
_PLACES = ("/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap")
_SYSTEM_ROOTS = {"/", "/usr", "/usr/local"}


def _bubblewrap_path() -> str | None:
    """Return the path of bubblewrap, None if it is not installed."""
    if sys.platform != "linux":
        return None
    return next((place for place in _PLACES if os.access(place, os.X_OK)), None)


def bubblewrap_command(command: list[str], folder: str, places: Iterable[str]) -> list[str] | None:
    """Return the command as it runs in a container that shows `places` read-only.

    `folder`, which is empty, is its working directory. None where bubblewrap is not installed.
    """
    found = _bubblewrap_path()
    if found is None:
        return None
    shown = [*_interpreter(), *places]
    binds = [word for place in dict.fromkeys(shown) for word in ("--ro-bind-try", place, place)]
    return [
        found, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--uid", "65534", "--gid", "65534", *binds, "--proc", "/proc", "--ro-bind", folder, folder,
        "--remount-ro", "/", "--chdir", folder, "--", *command,
    ]  # fmt: skip


def _interpreter() -> list[str]:
    """Return the interpreter's folders: its environment, or bin and lib of a system's."""
    shown = []
    for root in (sys.base_prefix, sys.prefix):
        home = os.path.expanduser("~") + "/"
        if root in _SYSTEM_ROOTS or home.startswith(root.rstrip("/") + "/"):
            shown += [f"{root}/bin", f"{root}/lib"]
        else:
            shown.append(root)
    return [*shown, str(Path(sys.executable).parent), str(Path(sys.executable).resolve().parent)]
