"""What a parser that was taken over would try: each escape by class, run inside of the cage.

`load` is a task of the cage (`onetomany.cage.zygote`): its document is JSON that names a folder of
the test's, and its answer says of each escape what came of it. Arguments are such that nothing is
harmed where the kernel would carry a call out.
"""

# ruff: noqa: SIM115, an escape that opens a file is not to be tidied
from __future__ import annotations

import _thread
import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
SYSCALL, FCNTL, MMAP = LIBC.syscall, LIBC.fcntl, LIBC.mmap  # native code has them without asking
MMAP.restype, MMAP.argtypes = ctypes.c_void_p, [ctypes.c_void_p, *[ctypes.c_long] * 5]
X86 = platform.machine() == "x86_64"
NONE = ctypes.c_void_p(None)
ROOM = ctypes.create_string_buffer(256)
Escape = Callable[[dict[str, Any]], Any]
ESCAPES: dict[str, Escape] = {}
NATIVE: set[str] = set()  # those that a Python audit hook can't see


def native(number: int | None, *arguments: Any) -> Any:
    """Make a system call by its number; what it returns. Raises OSError."""
    if number is None:
        return "no such call"
    ctypes.set_errno(0)
    done = SYSCALL(number, *arguments)
    if done == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def escape(name: str) -> Callable[[Escape], Escape]:
    def keep(function: Escape) -> Escape:
        ESCAPES[name] = function
        return function

    return keep


def call(name: str, x86: int, arm: int | None, *arguments: Any) -> None:
    """An escape that is one system call."""
    number = x86 if X86 else arm
    if number is not None:
        NATIVE.add(name)
        ESCAPES[name] = lambda told: native(
            number, *(each(told) if callable(each) else each for each in arguments)
        )


def victim(told: dict[str, Any]) -> bytes:
    return os.fsencode(told["victim"])


def beside(name: str) -> Callable[[dict[str, Any]], bytes]:
    return lambda told: os.fsencode(f"{told['folder']}/{name}")


def parent(told: dict[str, Any]) -> int:
    return os.getppid()


AT = -100  # AT_FDCWD
# files: reading
ESCAPES["files: read a secret (Python)"] = lambda told: open(told["victim"]).read()
ESCAPES["files: read a secret (os.open)"] = lambda told: os.open(told["victim"], os.O_RDONLY)
ESCAPES["files: read /etc/passwd"] = lambda told: open("/etc/passwd").read()
ESCAPES["files: read the environment of process 1"] = lambda told: open("/proc/1/environ").read()
ESCAPES["files: read the parent's memory"] = lambda told: open(f"/proc/{os.getppid()}/mem").read(1)
ESCAPES["files: read its own memory map"] = lambda told: open("/proc/self/maps").read()
ESCAPES["files: list the root"] = lambda told: os.listdir("/")
ESCAPES["files: list the secret's folder"] = lambda told: os.listdir(told["folder"])
ESCAPES["files: walk the secret's folder"] = lambda told: list(os.scandir(told["folder"]))
call("files: read a secret (openat)", 257, 56, AT, victim, 0, 0)
call("files: read a secret (openat2)", 437, 437, AT, victim, ROOM, 24)
call("files: hold a path (O_PATH)", 257, 56, AT, victim, 0x200000, 0)
call("files: a handle by name", 303, 264, AT, victim, ROOM, ROOM, 0)
call("files: open by handle", 304, 265, AT, ROOM, 0)
call("files: open the disk", 257, 56, AT, b"/dev/vda", 0, 0)
call("files: read the kernel's log", 257, 56, AT, b"/dev/kmsg", 0, 0)
call("files: a user's keys (keyctl)", 250, 219, 0, -3, 0)
call("files: watch a folder (inotify)", 294, 26, 0)
call("files: watch all files (fanotify)", 300, 262, 0, 0)


@escape("files: ask for a secret's size")
def _(told: dict[str, Any]) -> Any:
    return os.stat(told["victim"]).st_size


@escape("files: the folder's documents by open files")
def _(told: dict[str, Any]) -> Any:
    spare = [n for n in range(5, 1024) if FCNTL(n, 1) != -1]
    if not spare:
        raise OSError(errno.EPERM, "nothing else is open")
    return spare


call("files: where a link leads (readlinkat)", 267, 78, AT, beside("link"), ROOM, 200)
call("processes: others' processor time (clock)", 228, 113, -6, ROOM)
call("memory: wake others (a shared futex)", 202, 98, ROOM, 1, 1)

# files: writing
ESCAPES["writing: a new file"] = lambda told: open(f"{told['folder']}/new", "w").write("x")
ESCAPES["writing: over a file"] = lambda told: open(told["victim"], "r+").write("x")
ESCAPES["writing: among the packages"] = lambda told: open(
    f"{os.path.dirname(json.__file__)}/x.pth", "w"
).write("x")
ESCAPES["writing: in the working directory"] = lambda told: open("x", "w").write("x")
ESCAPES["writing: os.open"] = lambda told: os.open(f"{told['folder']}/o", os.O_WRONLY | os.O_CREAT)
ESCAPES["writing: remove"] = lambda told: os.remove(told["victim"] + ".1")
ESCAPES["writing: rename"] = lambda told: os.rename(told["victim"] + ".2", told["victim"] + ".3")
ESCAPES["writing: chmod"] = lambda told: os.chmod(told["victim"], 0o600)
ESCAPES["writing: symlink"] = lambda told: os.symlink("/etc", f"{told['folder']}/link")
ESCAPES["writing: link"] = lambda told: os.link(told["victim"], f"{told['folder']}/hard")
ESCAPES["writing: mkdir"] = lambda told: os.mkdir(f"{told['folder']}/made")
ESCAPES["writing: rmdir"] = lambda told: os.rmdir(f"{told['folder']}/empty")
ESCAPES["writing: utime"] = lambda told: os.utime(told["victim"])
ESCAPES["writing: chown"] = lambda told: os.chown(told["victim"], -1, -1)
ESCAPES["writing: truncate"] = lambda told: os.truncate(told["victim"], 6)
ESCAPES["writing: setxattr"] = lambda told: os.setxattr(told["victim"], "user.x", b"1")
call("writing: new file (openat)", 257, 56, AT, beside("native"), 0o101, 0o600)
call("writing: temporary file (O_TMPFILE)", 257, 56, AT, beside(""), 0o20200001, 0o600)
call("writing: append (openat)", 257, 56, AT, victim, 0o2001, 0)
call("writing: chmod (fchmodat)", 268, 53, AT, victim, 0o600)
call("writing: chmod (fchmodat2)", 452, 452, AT, victim, 0o600, 0)
call("writing: chmod of its document (fchmod)", 91, 52, 3, 0o600)
call("writing: chown of its document (fchown)", 93, 55, 3, -1, -1)
call("writing: times of its document (utimensat)", 280, 88, 3, NONE, NONE, 0)
call("writing: truncate its document", 77, 46, 3, 0)
call("writing: attribute of its document (fsetxattr)", 190, 7, 3, b"user.x", b"1", 1, 0)
call("writing: room in its document (fallocate)", 285, 47, 3, 0, 0, 1)
call("writing: its document by copy_file_range", 326, 285, 3, NONE, 3, NONE, 1, 0)
call("writing: unlink (unlinkat)", 263, 35, AT, beside("gone"), 0)
call("writing: rename (renameat2)", 316, 276, AT, beside("gone"), AT, beside("gone2"), 0)
call("writing: a device (mknodat)", 259, 33, AT, beside("device"), 0o020600, 0x103)
call("writing: mount", 165, 40, b"none", beside(""), b"tmpfs", 0, NONE)
call("writing: mount (fsopen)", 430, 430, b"tmpfs", 0)
call("writing: mount (open_tree)", 428, 428, AT, beside(""), 1)
call("writing: another root (chroot)", 161, 51, beside(""))
call("writing: lock its document", 73, 32, 3, 4)

# other processes
ESCAPES["processes: fork"] = lambda told: os.fork() or os._exit(0)
ESCAPES["processes: a program (subprocess)"] = lambda told: (
    subprocess.run(["true"], check=False).returncode
)
ESCAPES["processes: a program (posix_spawn)"] = lambda told: os.posix_spawn(
    "/bin/true", ["true"], {}
)
ESCAPES["processes: a program (execve)"] = lambda told: os.execve("/bin/none", ["true"], {})
ESCAPES["processes: kill the parent"] = lambda told: os.kill(os.getppid(), 0)
ESCAPES["processes: kill everybody"] = lambda told: os.kill(-1, 0)
ESCAPES["processes: kill its group"] = lambda told: os.killpg(0, 0)
ESCAPES["processes: the parent's priority"] = lambda told: os.setpriority(
    os.PRIO_PROCESS, os.getppid(), 10
)
ESCAPES["processes: the parent's limits"] = lambda told: resource.prlimit(
    os.getppid(), resource.RLIMIT_NOFILE
)
ESCAPES["processes: a session of its own"] = lambda told: os.setsid()
ESCAPES["processes: a group of its own"] = lambda told: os.setpgid(0, 0)
ESCAPES["processes: wait for others"] = lambda told: os.waitpid(-1, os.WNOHANG)
ESCAPES["processes: a thread"] = lambda told: (
    _thread.start_new_thread(lambda: None, ()), time.sleep(0.05)
)  # fmt: skip
call("processes: clone", 56, 220, 17, NONE, NONE, NONE, NONE)
call("processes: clone3", 435, 435, ROOM, 88)
call("processes: stop the parent (kill)", 62, 129, parent, 0)
call("processes: signal a thread (tgkill)", 234, 131, parent, parent, 0)
call("processes: signal a thread (tkill)", 200, 130, parent, 0)
call("processes: signal with data (rt_sigqueueinfo)", 129, 138, parent, 0, ROOM)
call("processes: hold the parent (pidfd_open)", 434, 434, parent, 0)
call("processes: signal by handle (pidfd_send_signal)", 424, 424, 4, 0, NONE, 0)
call("processes: take the parent's files (pidfd_getfd)", 438, 438, 4, 0, 0)
call("processes: debug the parent (ptrace)", 101, 117, 16, parent, 0, 0)
call("processes: read the parent (process_vm_readv)", 310, 270, parent, ROOM, 1, ROOM, 1, 0)
call("processes: write the parent (process_vm_writev)", 311, 271, parent, ROOM, 1, ROOM, 1, 0)
call("processes: its memory (process_madvise)", 440, 440, 4, ROOM, 1, 4, 0)
call("processes: compare (kcmp)", 312, 272, parent, parent, 0, 0, 0)
call("processes: the parent's cores (sched_setaffinity)", 203, 122, parent, 8, ROOM)
call("processes: program from a file (execveat)", 322, 281, 3, b"", NONE, NONE, 0x1000)
call("processes: outlive the parent (prctl)", 157, 167, 1, 0, 0, 0, 0)
call("processes: new namespaces (unshare)", 272, 97, 0x10000000)
call("processes: others' namespaces (setns)", 308, 268, 3, 0)
call("processes: another user (setuid)", 105, 146, 0)
call("processes: privileges (capset)", 126, 91, ROOM, ROOM)

# its clocks and limits
ESCAPES["limits: the clock off (setitimer)"] = lambda told: signal.setitimer(signal.ITIMER_REAL, 0)
ESCAPES["limits: ignore the clock"] = lambda told: signal.signal(signal.SIGALRM, signal.SIG_IGN)
ESCAPES["limits: block the clock"] = lambda told: signal.pthread_sigmask(
    signal.SIG_BLOCK, [signal.SIGALRM]
)
ESCAPES["limits: more processor time"] = lambda told: resource.setrlimit(
    resource.RLIMIT_CPU, (-1, -1)
)
ESCAPES["limits: more memory"] = lambda told: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
ESCAPES["limits: larger files"] = lambda told: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
call("limits: the clock off (native)", 38, 103, 0, ROOM, NONE)
call("limits: ignore the clock (native)", 13, 134, 14, ROOM, NONE, 8)
call("limits: more files (prlimit64)", 302, 261, 0, 7, ROOM, NONE)
call("limits: another clock (timer_create)", 222, 107, 0, NONE, ROOM)
call("limits: personality", 135, 92, 0x0400000)


# memory beside what is counted
@escape("memory: shared and anonymous")
def _(told: dict[str, Any]) -> Any:
    return len(mmap.mmap(-1, 1 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS))


@escape("memory: more than its limit")
def _(told: dict[str, Any]) -> Any:
    try:
        return len(bytearray(3 << 30))
    except MemoryError:
        raise OSError(errno.EPERM, "no memory") from None


PRIVATE = 0x22  # private and anonymous
call("memory: shared (native)", 9, 222, NONE, 4096, 3, 0x21, -1, 0)
call("memory: growing by itself (MAP_GROWSDOWN)", 9, 222, NONE, 4096, 3, PRIVATE | 0x100, -1, 0)
call("memory: huge pages (MAP_HUGETLB)", 9, 222, NONE, 1 << 21, 3, PRIVATE | 0x40000, -1, 0)
call("memory: locked (MAP_LOCKED)", 9, 222, NONE, 4096, 3, PRIVATE | 0x2000, -1, 0)
call("memory: shared with its document", 9, 222, NONE, 4096, 1, 1, 3, 0)
call("memory: lock all (mlockall)", 151, 230, 2)
call("memory: of no file (memfd_create)", 319, 279, b"x", 0)
call("memory: secret (memfd_secret)", 447, 447, 0)
call("memory: System V (shmget)", 29, 194, 0, 4096, 0o1600)
call("memory: faults handled by itself (userfaultfd)", 323, 282, 1)
call("memory: poison (madvise)", 28, 233, NONE, 4096, 100)

# other ways out
ESCAPES["network: TCP"] = lambda told: socket.create_connection(("127.0.0.1", told["port"]), 1)
ESCAPES["network: UDP"] = lambda told: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ESCAPES["network: a pair of sockets"] = lambda told: socket.socketpair()
call("network: TCP (native)", 41, 198, 2, 1, 0)
call("network: IPv6 (native)", 41, 198, 10, 1, 0)
call("network: Unix (native)", 41, 198, 1, 1, 0)
call("network: netlink (native)", 41, 198, 16, 3, 0)
call("network: raw (native)", 41, 198, 17, 3, 0)
call("network: virtual machines (native)", 41, 198, 40, 1, 0)
call("network: pair (native)", 53, 199, 1, 1, 0, ROOM)
call("network: connect an open file", 42, 203, 4, ROOM, 16)
call("network: send on an open file", 44, 206, 4, ROOM, 1, 0, NONE, 0)
call("network: send files (sendmsg)", 46, 211, 4, ROOM, 0)
call("channels: a pipe", 293, 59, ROOM, 0)
call("channels: an event (eventfd2)", 290, 19, 0, 0)
call("channels: a queue of messages (mq_open)", 240, 180, b"x", 0o100, 0o600, NONE)
call("channels: System V messages (msgget)", 68, 186, 0, 0o1600)
call("channels: System V semaphores (semget)", 64, 190, 0, 1, 0o1600)
call("channels: io_uring", 425, 425, 1, ROOM)
call("channels: signals as a file (signalfd4)", 289, 74, -1, ROOM, 8, 0)
call("channels: type into a terminal (TIOCSTI)", 16, 29, 4, 0x5412, ROOM)
call("channels: signals from a file (F_SETOWN)", 72, 25, 4, 8, 1)
call("channels: a lease on its document (F_SETLEASE)", 72, 25, 3, 1024, 0)
call("channels: splice", 275, 76, 3, NONE, 4, NONE, 1, 0)

# the kernel's rarer parts
call("kernel: bpf", 321, 280, 0, ROOM, 64)
call("kernel: performance events", 298, 241, ROOM, 0, -1, -1, 0)
call("kernel: a module", 175, 105, ROOM, 0, b"")
call("kernel: a new kernel (kexec_load)", 246, 104, 0, 0, NONE, 0)
call("kernel: its log (syslog)", 103, 116, 2, ROOM, 1)
call("kernel: the machine's name", 170, 161, ROOM, 0)
call("kernel: the time", 227, 112, 99, ROOM)
call("kernel: another filter (seccomp)", 317, 277, 2, 0, NONE)
call("kernel: another rule set (landlock)", 444, 444, NONE, 0, 1)
call("kernel: accounting", 163, 89, ROOM)
call("kernel: quotas", 179, 60, 0, NONE, 0, NONE)
if X86:
    call("kernel: the x32 interface", 0x40000000 | 39, None)
    call("kernel: the descriptor table (modify_ldt)", 154, None, 0, ROOM, 1)
    call("kernel: ports (ioperm)", 173, None, 0, 1, 0)

    NATIVE.add("kernel: 32-bit calls (int 0x80)")

    @escape("kernel: 32-bit calls (int 0x80)")
    def _(told: dict[str, Any]) -> Any:
        """A call by the 32-bit table, by machine code of its own."""
        at = MMAP(None, 4096, 7, PRIVATE, -1, 0)
        # push rbx; mov eax, 20 (getpid); int 0x80; pop rbx; ret
        code = b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3"
        ctypes.memmove(at, code, len(code))
        done = ctypes.CFUNCTYPE(ctypes.c_int)(at)()
        if done < 0:
            raise OSError(-done, os.strerror(-done))
        return done


def load() -> Callable[[bytes, dict[str, Any], Callable[[bytes, bytes], None]], None]:
    """The cage's task: try everything, and tell what came of it."""

    def handle(
        content: bytes, request: dict[str, Any], send: Callable[[bytes, bytes], None]
    ) -> None:
        told = json.loads(content)
        found = {}
        for name in told.get("only") or ESCAPES:
            try:
                done = f"allowed: {ESCAPES[name](told)!r}"
            except OSError as error:
                # EPERM and EACCES are refusals, ENOENT of what is there is its being hidden; any
                # other error is the kernel's own word on the arguments: the call went through
                hidden = error.errno in (errno.ENOENT, errno.ENOTDIR) and told["hidden"]
                refused = isinstance(error, PermissionError) or error.errno == errno.EPERM or hidden
                done = "refused" if refused else f"allowed: {errno.errorcode.get(error.errno or 0)}"
            except (RuntimeError, subprocess.SubprocessError, MemoryError, ValueError) as error:
                # so Python says that a limit may not be raised, or a thread not be started
                done = f"refused: {error}"
            found[name] = done
        send(b"A", json.dumps(found).encode())

    return handle
