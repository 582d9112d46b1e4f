"""Confine a process for good before it sees the first byte of a stranger's file.

The process that forks the others (`zygote`) gives up privileges and files when it starts. Each fork
gives up the rest: every open file but its document and its answer, signals, other processes,
threads, time and memory beyond its limits, and every system call that `seccomp` does not name.
"""

import contextlib
import ctypes
import os
import signal
import struct
import sys
import time

from . import audit, landlock, seccomp
from .libc import libc

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPSET, _CAP_VERSION = {"x86_64": 126, "aarch64": 91}, 0x20080522
_FILES = 16  # open files of a fork: its document, its answer, and modules while they load
_SLACK = 256 << 20  # bytes of address space beyond the memory limit, for libraries not yet loaded
_COLLAPSE, _HUGE = 25, 2 << 20
SOURCE, TARGET = 3, 4  # the only open files of a fork, beside /dev/null


class Confinement:
    """The confinement of the zygote and its forks; a `weak` one uses no mechanism of the kernel."""

    def __init__(self, places: list[str], *, weak: bool) -> None:
        self.places, self.weak = places, weak
        self.filter = None if weak else seccomp.filter_program()
        self.landlocked = False
        self.strong = False  # whether every mechanism worked when it was tried: if so, it must
        self.data = self.space = 0
        # opened before files are given up, read when all is loaded
        self.statm, self.maps = _opened("/proc/self/statm"), _opened("/proc/self/maps")

        # where memory runs out all the same, these processes are the first that the kernel ends
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb") as score:
            score.write(b"1000")

    def enter(self) -> None:
        """Give up privileges, and all files outside of the places; forks inherit it."""
        if sys.platform == "linux":
            libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            _drop_capabilities()
        if not self.weak:
            self.landlocked = landlock.confine_to(self.places)

    def measure(self) -> None:
        """Measure this process's memory, with which forks begin; their limits are added to it.

        Work that every fork would repeat is done here: a fork copies each page that it writes.
        """
        import resource  # here, before the forks: each then has it

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        if self.filter is not None:
            seccomp.kernel_filter(self.filter)
        if self.maps is not None:
            with open(self.maps, "rb") as maps:
                _use_huge_pages(maps.read().splitlines())
        if self.statm is not None:
            pages = os.read(self.statm, 4096).split()
            self.space, self.data = (int(pages[n]) * resource.getpagesize() for n in (0, 5))
            os.close(self.statm)

    def lock(self, memory: int, seconds: float) -> dict[str, bool]:
        """Confine a fork that has only SOURCE and TARGET open; return which mechanisms work.

        `memory` is in bytes, beyond its memory at the start. The filter of calls comes last.
        """
        _limit(memory, seconds, self.data, self.space)
        if self.weak:
            audit.refuse_python(self.places)
        return {"landlock": self.landlocked, "seccomp": seccomp.install_filter(self.filter)}


def _opened(path: str) -> int | None:
    return os.open(path, os.O_RDONLY) if os.path.exists(path) else None


def _use_huge_pages(maps: list[bytes]) -> None:
    """Gather this process's own memory into huge pages (Linux 6.1), which a fork copies faster.

    A fork of one that has loaded Korean morphology takes a third of the time.
    """
    for line in maps:
        place, rights, _, _, node, *name = line.split(None, 5)
        if rights != b"rw-p" or node != b"0" or name not in ([], [b"[heap]"]):
            continue
        start, end = (int(side, 16) for side in place.split(b"-"))
        start, end = -(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE
        if start < end:
            libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _COLLAPSE)


def leave_parent(parent: int, source: int, target: int) -> None:
    """Keep only two open files, as SOURCE and TARGET, and die with the parent."""
    if sys.platform == "linux":
        libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
    # first out of the way of the places that they go to
    high = os.dup2(source, 100), os.dup2(target, 101)
    for each, place in zip(high, (SOURCE, TARGET), strict=True):
        os.dup2(each, place, inheritable=False)
    os.closerange(TARGET + 1, 1 << 20)


def _limit(memory: int, seconds: float, data: int, space: int) -> None:
    """Bound memory, processor time, files and output; the kernel ends a process that takes more."""
    import resource

    most = {
        resource.RLIMIT_AS: space + memory + _SLACK,
        resource.RLIMIT_CPU: int(time.process_time() + seconds) + 1,  # a fork begins at 0
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_MEMLOCK: 0,
    }
    if sys.platform == "linux":
        # data counts private, writable memory; the address space counts all that is mapped
        most |= {resource.RLIMIT_DATA: data + memory, resource.RLIMIT_NPROC: 0}
    for kind, value in most.items():
        resource.setrlimit(kind, (value, value))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _drop_capabilities() -> None:
    """Give up root's privileges if the kit runs as root."""
    call = _CAPSET.get(os.uname().machine)
    if call is not None:
        head, none = struct.pack("<Ii", _CAP_VERSION, 0), bytes(24)
        libc().syscall(call, head, none)
