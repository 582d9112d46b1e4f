"""The system calls that a caged process may make; every other call fails with EPERM.

The filter is classic BPF as seccomp(2) takes it. It is an allow-list: a call that a later kernel
adds is refused. No call in it opens a file for writing, changes a file, makes a process or thread,
signals any process, makes a socket, pipe or shared memory, or lifts a limit.
"""

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass
from functools import cache

from .libc import libc

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_X32 = 0x40000000  # calls of the x32 interface carry this bit
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# write, read-write, create, truncate, append, path only, temporary file
_WRITING = 0x3 | 0x40 | 0x200 | 0x400 | 0x200000 | 0x400000
# a mapping is private (2), and neither grows by itself (which no limit counts), huge nor locked
_MAPPING = 0xF | 0x100 | 0x2000 | 0x40000


@dataclass(frozen=True)
class Check:
    """A condition on an argument: one of `values` after `mask` is applied to its lower half.

    With `whole` its upper half must be 0 too, as a null pointer's is.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    whole: bool = False


# a clock of the system or its own; numbers below zero are other processes'
_OWN_CLOCK = (Check(0, tuple(range(12))),)

# name: numbers on x86_64 and aarch64 (None: no such call), and the values its arguments must have
_CALLS: dict[str, tuple[int | None, int | None, tuple[Check, ...]]] = {
    # files that the process has open
    "read": (0, 63, ()),
    "readv": (19, 65, ()),
    "pread64": (17, 67, ()),
    "write": (1, 64, ()),
    "writev": (20, 66, ()),
    "lseek": (8, 62, ()),
    "close": (3, 57, ()),
    "dup": (32, 23, ()),
    "fcntl": (72, 25, (Check(1, (0, 1, 2, 3, 1030)),)),  # duplicate, read and set close-on-exec
    "ioctl": (16, 29, (Check(1, (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)),)),  # is it a terminal?
    "fadvise64": (221, 223, ()),
    # installed programs and libraries, which Landlock alone lets be opened; read only
    "open": (2, None, (Check(1, (0,), _WRITING),)),
    "openat": (257, 56, (Check(2, (0,), _WRITING),)),
    "fstat": (5, 80, ()),
    "stat": (4, None, ()),
    "lstat": (6, None, ()),
    "newfstatat": (262, 79, ()),
    "statx": (332, 291, ()),
    "access": (21, None, ()),
    "faccessat": (269, 48, ()),
    "faccessat2": (439, 439, ()),
    "getdents64": (217, 61, ()),
    "getcwd": (79, 17, ()),
    # its own memory, within the limits set before
    "mmap": (9, 222, (Check(3, (2,), _MAPPING),)),
    "munmap": (11, 215, ()),
    "mprotect": (10, 226, ()),
    "mremap": (25, 216, ()),
    "madvise": (28, 233, (Check(2, (0, 1, 2, 3, 4, 8, 14, 15, 16)),)),
    "brk": (12, 214, ()),
    "futex": (202, 98, (Check(1, (128,), 128),)),  # private: of no memory that others share
    # time, random numbers, and facts about the process
    "clock_gettime": (228, 113, _OWN_CLOCK),
    "clock_getres": (229, 114, _OWN_CLOCK),
    "clock_nanosleep": (230, 115, _OWN_CLOCK),
    "nanosleep": (35, 101, ()),
    "restart_syscall": (219, 128, ()),
    "gettimeofday": (96, 169, ()),
    "time": (201, None, ()),
    "times": (100, 153, ()),
    "getrandom": (318, 278, ()),
    "getrusage": (98, 165, ()),
    "getrlimit": (97, 163, ()),
    "prlimit64": (302, 261, (Check(0, (0,)), Check(2, (0,), whole=True))),  # its own, to read
    "sysinfo": (99, 179, ()),
    "uname": (63, 160, ()),
    "getpid": (39, 172, ()),
    "gettid": (186, 178, ()),
    "getppid": (110, 173, ()),
    "getuid": (102, 174, ()),
    "geteuid": (107, 175, ()),
    "getgid": (104, 176, ()),
    "getegid": (108, 177, ()),
    "sched_yield": (24, 124, ()),
    "sched_getaffinity": (204, 123, (Check(0, (0,)),)),
    # its end
    "rt_sigreturn": (15, 139, ()),
    "sigaltstack": (131, 132, ()),
    "exit": (60, 93, ()),
    "exit_group": (231, 94, ()),
}


def filter_program() -> bytes | None:
    """Return the filter, None if this kit doesn't know the machine's system calls."""
    machine = platform.machine()
    if sys.platform != "linux" or sys.byteorder != "little" or machine not in _AUDIT:
        return None
    rules = [
        (on_x86 if machine == "x86_64" else on_arm, c) for on_x86, on_arm, c in _CALLS.values()
    ]
    steps = [_step(_LOAD, 4), _step(_EQUAL, _AUDIT[machine], 1, 0), _step(_GIVE, _REFUSE)]
    steps += [_step(_LOAD, 0), _step(_LEAST, _X32, 0, 1), _step(_GIVE, _REFUSE)]
    for number, checks in rules:
        if number is not None:
            steps += _rule(number, checks)
    return b"".join([*steps, _step(_GIVE, _REFUSE)])


def install_filter(filter_: bytes | None) -> bool:
    """Filter this process's calls from now on; return whether the kernel took the filter."""
    if filter_ is None:
        return False
    head, _ = kernel_filter(filter_)
    done: bool = libc().prctl(_PR_SET_SECCOMP, _MODE_FILTER, head, 0, 0) == 0
    return done


@cache
def kernel_filter(filter_: bytes) -> tuple[bytes, ctypes.Array[ctypes.c_char]]:
    """Return the structure that the kernel takes, and the memory that it points to."""
    code = ctypes.create_string_buffer(filter_)
    return struct.pack("<HxxxxxxQ", len(filter_) // 8, ctypes.addressof(code)), code


_LOAD, _EQUAL, _LEAST, _AND, _GIVE = 0x20, 0x15, 0x35, 0x54, 0x06


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _rule(number: int, checks: tuple[Check, ...]) -> list[bytes]:
    """Allow a call if it passes all checks; the number is in the accumulator before and after."""
    body: list[bytes] = []
    for check in checks:
        low = 16 + 8 * check.argument
        body += [_step(_LOAD, low), _step(_AND, check.mask)]
        many = len(check.values)
        body += [_step(_EQUAL, value, many - n, 0) for n, value in enumerate(check.values)]
        body.append(_step(_GIVE, _REFUSE))
        if check.whole:
            body += [_step(_LOAD, low + 4), _step(_EQUAL, 0, 1, 0), _step(_GIVE, _REFUSE)]
    body.append(_step(_GIVE, _ALLOW))
    return [_step(_EQUAL, number, 0, len(body)), *body]
