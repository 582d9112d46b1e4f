"""What a process that parses untrusted documents gives up, for good, before it sees the first.

Linux: Landlock takes away every file but the installed programs and libraries (read only), and
TCP; seccomp takes away sockets of any kind, other programs and other processes' memory. Both are
enforced by the kernel, also against native code. Elsewhere, or on a kernel without them, Python's
audit hook refuses the same to Python code only. `confine` tells which of them hold.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
import sysconfig
import time
from pathlib import Path

from .reading import Limits

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3  # execute (to map libraries), read file, read folder
# number of system calls: socket, socketpair, connect, bind, execve, execveat, ptrace, process_vm_*
_DENIED = {
    "x86_64": (0xC000003E, (41, 53, 42, 49, 59, 322, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, (198, 199, 203, 200, 221, 281, 117, 270, 271, 425)),
}
_REFUSED_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "urllib.")


def confine() -> dict[str, bool]:
    """Give up files, network and programs; what holds now, by mechanism."""
    held = {"landlock": False, "seccomp": False, "audit": True}
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            held["landlock"] = _landlock(libc)
            held["seccomp"] = _seccomp(libc)
    # the protocol's own socket is already open; nothing else may be
    sys.addaudithook(_refuse)
    return held


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event.startswith(_REFUSED_EVENTS) and event not in ("socket.sendmsg", "socket.__new__"):
        raise PermissionError(f"A document asked for {event}; nothing of the kind is allowed.")
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes and not isinstance(args[0], int):
        raise PermissionError("A document asked for a file to be written.")


def _landlock(libc: ctypes.CDLL) -> bool:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    network = 3 if version >= 4 else 0
    attribute = struct.pack("<QQ", (1 << rights) - 1, network)[: 16 if version >= 4 else 8]
    ruleset = libc.syscall(_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0:
        return False
    places = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *sys.path}
    places |= {str(Path(__file__).parents[2]), "/usr/lib", "/usr/share/zoneinfo", "/lib", "/lib64"}
    places |= {"/proc/self", "/sys/fs/cgroup", "/sys/devices/system/cpu"}
    for place in filter(None, places):
        if not os.path.isdir(place) or place == "/":
            continue
        folder = os.open(place, os.O_PATH | os.O_DIRECTORY)
        rule = struct.pack("<Qi", _READ, folder)
        libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
        os.close(folder)
    done: bool = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _seccomp(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _DENIED or sys.byteorder != "little":
        return False
    architecture, calls = _DENIED[platform.machine()]

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value)

    load, equal, least, give = 0x20, 0x15, 0x35, 0x06
    denied = 0x00050000 | errno.EPERM
    program = [step(load, 4), step(equal, architecture, 1, 0), step(give, denied)]
    program.append(step(load, 0))
    # calls of the x32 interface carry this bit
    program += [step(least, 0x40000000, 0, 1), step(give, denied)]
    for call in calls:
        program += [step(equal, call, 0, 1), step(give, denied)]
    program.append(step(give, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(program))
    head = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code))
    done: bool = libc.prctl(_PR_SET_SECCOMP, _FILTER, head, 0, 0) == 0
    return done


def held_memory() -> int:
    """Bytes of data that this process has; 0 where the system doesn't tell it so."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def restrict(limits: Limits, begun: int, many: int = 1) -> None:
    """Bound this process's memory (beyond what it began with), time and writing: the kernel
    refuses memory, and ends the process where it takes longer.

    Called before each of the `many` documents that it reads; the time of one begins anew.
    """
    kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    resource.setrlimit(kind, (limits.memory + begun, limits.memory + begun))
    most = int(many * limits.seconds) + 1
    seconds = int(time.process_time() + limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most), most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
