"""Refuse system calls in the container of `container`: a seccomp program for bubblewrap.

A deny-list in addition to namespaces and dropped capabilities, for calls that these don't cover:
sockets that ignore network namespaces (vsock) or reach deep into the kernel, keyrings, and calls
that most kernel exploits used and no notebook needs.
"""

import errno
import platform
import struct
import sys

from onetomany.errors import InputError

_FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
# by machine: its AUDIT_ARCH, the number of socket, the numbers refused, in the order of _NAMES
_MACHINES = {
    "x86_64": (
        0xC000003E, 41,
        (248, 249, 250, 321, 298, 323, 101, 310, 311, 312, 165, 166, 155, 308, 272, 246, 320, 175,
         313, 176, 304, 179, 103, 300, 163, 167, 168, 169, 172, 173, 154),
    ),
    "aarch64": (
        0xC00000B7, 198,
        (217, 218, 219, 280, 241, 282, 117, 270, 271, 272, 40, 39, 41, 268, 97, 104, 294, 105,
         273, 106, 265, 60, 116, 262, 89, 224, 225, 142),
    ),
}  # fmt: skip
_NAMES = (
    "add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd", "ptrace",
    "process_vm_readv", "process_vm_writev", "kcmp", "mount", "umount2", "pivot_root", "setns",
    "unshare", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "open_by_handle_at", "quotactl", "syslog", "fanotify_init", "acct", "swapon", "swapoff",
    "reboot", "iopl", "ioperm", "modify_ldt",
)  # fmt: skip
# the same number everywhere: io_uring, the new mount calls, pidfd_getfd, mount_setattr
_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)
_LOAD, _EQUAL, _LEAST, _GIVE = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_X32 = 0x40000000  # calls of the x32 interface carry this bit


def refused() -> dict[str, int]:
    """Return the refused calls of this machine by name; raise InputError if it is unknown.

    Also io_uring, the newer mount calls, and socket families other than UNIX, IP and netlink.
    """
    return dict(zip(_NAMES, _machine()[2], strict=False))


def refusal_program() -> bytes:
    """Return the filter for `bwrap --seccomp`: an array of struct sock_filter."""
    architecture, socket, numbers = _machine()
    denied = _step(_GIVE, _ERROR | errno.EPERM)
    steps = [_step(_LOAD, 4), _step(_EQUAL, architecture, 1, 0), denied]
    steps += [_step(_LOAD, 0), _step(_LEAST, _X32, 0, 1), denied]
    for number in (*numbers, *_EVERYWHERE):
        steps += [_step(_EQUAL, number, 0, 1), denied]
    steps += [_step(_EQUAL, socket, 1, 0), _step(_GIVE, _ALLOW), _step(_LOAD, 16)]
    for family in _FAMILIES:
        steps += [_step(_EQUAL, family, 0, 1), _step(_GIVE, _ALLOW)]
    steps.append(_step(_GIVE, _ERROR | errno.EAFNOSUPPORT))
    return b"".join(steps)


def _machine() -> tuple[int, int, tuple[int, ...]]:
    found = _MACHINES.get(platform.machine())
    if found is None or sys.byteorder != "little":
        raise InputError(
            f"The system calls of this machine ({platform.machine()}) are not known to the kit."
        )
    return found


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)
