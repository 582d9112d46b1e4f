"""Which isolation this system has for the processes that read strangers' files.

Three cases, decided here and nowhere else:

- Linux with Landlock and seccomp: the kernel confines a fork for each document;
- other systems with fork (macOS, older Linux): a fork for each document, which nothing confines;
- systems without fork (Windows): one spawned process reads all documents, not confined.
"""

import importlib
import os
import select
import socket
from collections.abc import Mapping

from onetomany.errors import RefusedError

_WEAK = "ONETOMANY_WEAK_ISOLATION"  # somebody has agreed to it, here or in the parent
_KERNEL = ("landlock", "seccomp")


def can_fork() -> bool:
    """Return whether this system can fork a process and hand it open files and limits."""
    try:
        importlib.import_module("resource")
    except ImportError:
        return False
    return all(
        hasattr(module, name)
        for module, name in ((os, "fork"), (socket, "send_fds"), (select, "poll"))
    )


def describe_isolation(held: Mapping[str, bool]) -> str:
    """Return one sentence on what confines the processes that read documents here.

    `held` says by name which mechanisms hold, as `isolation()` returns it.

    >>> describe_isolation({"landlock": True, "seccomp": True, "bubblewrap": False})
    'The kernel confines the programs that read documents (landlock and seccomp).'
    """
    missing = [name for name in _KERNEL if not held.get(name)]
    if not missing:
        names = " and ".join([*_KERNEL, *(["bubblewrap"] if held.get("bubblewrap") else [])])
        return f"The kernel confines the programs that read documents ({names})."
    together = "" if can_fork() else ", and one process reads them all"
    return (
        f"This system does not confine the programs that read documents ({' and '.join(missing)} "
        f"missing{together}): a document that takes one of them over can do what you can do."
    )


def accept_weak_isolation() -> None:
    """Let the kit read documents where the system can't confine their readers.

    Applies to this process and to those that it starts, such as a report's kernels.
    """
    os.environ[_WEAK] = "1"


def weak_accepted() -> bool:
    """Return whether somebody has agreed to weak isolation."""
    return os.environ.get(_WEAK) == "1"


def require_strong(held: Mapping[str, bool], *, agreed: bool) -> str:
    """Return '' if the kernel confines parsers, else the missing mechanisms, if the user agreed.

    Raises RefusedError if it does not and nobody agreed.
    """
    if all(held.get(name) for name in _KERNEL):
        return ""
    lacks = describe_isolation(held)
    if not agreed:
        raise RefusedError(
            f"{lacks} Use Linux 5.13 or later outside of a container that forbids it, or add "
            "--weak-isolation if you trust every document."
        )
    return lacks
