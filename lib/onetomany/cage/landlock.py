"""Landlock (Linux 5.13 and later): the places that a caged process may read, and nothing else.

The kernel then refuses every other file, all writing, TCP (Linux 6.7), and signals and abstract
sockets that leave the cage (Linux 6.12). https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from .libc import libc

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_BENEATH = 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3  # execute: to map libraries
_TCP, _SCOPES = 0b11, 0b11  # bind and connect; abstract sockets and signals

# the shared libraries of a Linux system, and the list of them
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache")


def program_places() -> list[str]:
    """Return the folders of this interpreter, its packages and the kit.

    They are derived from Python's own installation, never from sys.path or the working directory,
    which may be a folder of documents.
    """
    paths = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    places = [*paths, *(f"{root}/lib" for root in (sys.prefix, sys.base_prefix))]
    places += [str(Path(__file__).parents[1]), *SYSTEM, "/usr/share/zoneinfo"]
    return [place for place in dict.fromkeys(places) if _is_narrow(place)]


def _is_narrow(place: str) -> bool:
    """Return whether a folder exists and contains neither the root nor a home folder."""
    home = os.path.expanduser("~")
    return os.path.isabs(place) and os.path.exists(place) and not (home + "/").startswith(
        place.rstrip("/") + "/"
    )  # fmt: skip


def _abi() -> int:
    """Return the version of Landlock that this kernel offers; 0 for none."""
    if sys.platform != "linux":
        return 0
    version: int = libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return max(version, 0)


def confine_to(places: Iterable[str]) -> bool:
    """Let this process and its forks read these places only; return whether the kernel does."""
    version, call = _abi(), libc().syscall
    if not version:
        return False
    rights = (1 << 13 + (version >= 2) + (version >= 3) + (version >= 5)) - 1
    network, scopes = _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attribute = struct.pack("<QQQ", rights, network, scopes)[:size]
    rules: int = call(_CREATE_RULESET, attribute, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    for place in filter(os.path.exists, places):
        handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
        allowed = _READ_FILE | _EXECUTE | (_READ_FOLDER if os.path.isdir(place) else 0)
        call(_ADD_RULE, rules, _BENEATH, struct.pack("<Qi", allowed, handle), 0)
        os.close(handle)
    done: bool = call(_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return done
