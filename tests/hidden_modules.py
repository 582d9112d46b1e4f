"""A plugin for pytest that makes this system look like one without fork, fcntl and resource.

`pytest -p hidden_modules` hides them before anything of the kit is imported, and processes are
spawned. What the kit starts itself is given `CODE` to run first.
"""

import importlib.abc
import multiprocessing
import os
import select
import socket
import sys

MODULES = ("fcntl", "grp", "pwd", "resource", "termios", "pty", "tty")
NAMES = {
    os: ("fork", "forkpty", "memfd_create", "pidfd_open", "killpg", "O_NOFOLLOW", "O_NONBLOCK",
         "O_CLOEXEC", "O_DIRECTORY"),
    socket: ("send_fds", "recv_fds"),
    select: ("poll", "epoll"),
}  # fmt: skip
CODE = f"import sys; sys.path.append({os.path.dirname(__file__)!r}); import hidden_modules; "


class Hidden(importlib.abc.MetaPathFinder):
    """Finds none of MODULES."""

    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


for module in MODULES:
    sys.modules.pop(module, None)
sys.meta_path.insert(0, Hidden())
for place, names in NAMES.items():
    for name in names:
        if hasattr(place, name):
            delattr(place, name)
if multiprocessing.get_start_method(allow_none=True) is None:
    multiprocessing.set_start_method("spawn")


def pytest_configure() -> None:
    from onetomany.cage import keeper

    isolated = keeper.isolated_python
    keeper.isolated_python = lambda code, *words: isolated(CODE + code, *words)
