"""A container for a stranger's notebooks, by bubblewrap: no network, nothing of home, limits.

Inside there are the interpreter, the installed packages, this kit, the system's libraries and
fonts, all read-only, and a few folders in memory, limited in size. Namespaces of its own for users,
processes, IPC, host name and network (an own loopback); an empty environment; no capability; no
session, terminal or keyring of the user's; system calls that notebooks don't need are refused
(`container_calls`). It dies with the process that started it.

A container shares the kernel with its host: a hole in the kernel is a way out. Code that is known
to be hostile belongs on a machine of its own.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import onetomany
from onetomany.errors import InputError, OneToManyError
from onetomany.sources.processes import installed_program, python_command, safe_environment
from . import container_calls

# inside: the given files, read-only; the folder that may be written
INPUT, WORK = "/input", "/tmp/cage"
INSTALL = (
    "install bubblewrap (Debian, Ubuntu: apt install bubblewrap), or add --unconfined to run this "
    "stranger's code with all your rights"
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
            "POLARS_MAX_THREADS")  # fmt: skip
_LIBRARIES = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/lib", "/lib32", "/lib64",
              "/nix/store")  # fmt: skip
_SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig",
           "/usr/share/zoneinfo", "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf",
           "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime",
           "/sys/devices/system/cpu")  # fmt: skip
_POLL = 0.2  # seconds between two checks of the processes inside
_LEFT = 0.05  # of the machine's memory: with less left, the container is ended


@dataclass(frozen=True)
class RunLimits:
    """Limits of everything that runs inside together; a run that exceeds one is ended."""

    memory: int = 8 << 30  # bytes
    seconds: float = 4 * 3600.0  # by the clock
    processes: int = 200
    space: int = 2 << 30  # bytes of files, which are kept in memory
    answer: int = 256 << 20  # bytes


@dataclass(frozen=True)
class RunAnswer:
    """Output of a run: bytes on standard output, the end of standard error, the exit code."""

    output: bytes
    said: str
    code: int


def container_problem() -> str:
    """Return a sentence that says why no container can be made here; empty if one can."""
    if sys.platform != "linux" or installed_program("bwrap") is None:
        return "The program bwrap, which confines them, is not installed"
    try:
        tried = _tried()
    except InputError as error:
        return str(error).rstrip(".")
    return f"The program bwrap can't confine anything on this system ({tried})" if tried else ""


@cache
def _tried() -> str:
    """Return bwrap's own reason against making a container; empty if it makes one."""
    answer = run(["-c", "pass"], {}, RunLimits(seconds=60))
    return "" if answer.code == 0 else _last_line(answer.said) or f"it ended with {answer.code}"


def run(
    arguments: Sequence[str], given: Mapping[str, Path], limits: RunLimits, inside: bool = True
) -> RunAnswer:
    """Run this interpreter (`-I`, isolated) in a new container; `inside` False: without one.

    `given` maps places inside, mostly below INPUT, to files and folders that are shown there
    read-only. Raises OneToManyError if it exceeds a limit.
    """
    command = python_command(*arguments)
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryFile() as calls:
        if inside:
            calls.write(container_calls.refusal_program())
            calls.seek(0)
            command = [*_bwrap(given, limits, calls.fileno()), *command]
        started = time.monotonic()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[calls.fileno()] if inside else [],
            env={} if inside else safe_environment(),
            cwd=empty,
        ) as process:
            output, said = _Kept(process.stdout, limits.answer), _Kept(process.stderr, None)
            try:
                while process.poll() is None:
                    why = _too_much(process.pid, limits, started) if inside else ""
                    if why or output.full:
                        raise OneToManyError(
                            f"The run was stopped: {why or 'its answer is too large'}. If you "
                            "trust it, raise its limits (onetomany reproduce --help)."
                        )
                    time.sleep(_POLL)
            finally:
                process.kill()  # of a container: every process in it
                process.wait()
                # outside of one, a process that a notebook left may keep the pipe of messages open
                output.thread.join(timeout=60)
                said.thread.join(timeout=2)
        if output.full:
            raise OneToManyError("The run's answer is too large.")
    return RunAnswer(bytes(output.kept), said.kept.decode(errors="replace"), process.returncode)


class _Kept:
    """Read a pipe in a thread; keep up to `limit` bytes, or the last 4,000."""

    def __init__(self, pipe: IO[bytes] | None, limit: int | None) -> None:
        assert pipe is not None
        self.pipe, self.limit = os.dup(pipe.fileno()), limit
        self.kept, self.full = bytearray(), False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with open(self.pipe, "rb", buffering=0) as pipe:
            while block := pipe.read(1 << 16):
                if self.full:
                    continue
                self.kept += block
                if self.limit is None:
                    del self.kept[:-4000]
                else:
                    self.full = len(self.kept) > self.limit


def _bwrap(given: Mapping[str, Path], limits: RunLimits, calls: int) -> list[str]:
    """Return the command that makes the container, up to the program that runs in it."""
    bwrap = installed_program("bwrap")
    if bwrap is None:
        raise InputError(f"The program bwrap is not installed: {INSTALL}.")
    options = [
        "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname", "cage", "--clearenv",
        "--seccomp", str(calls),
        "--proc", "/proc", "--dev", "/dev",
        "--size", str(limits.space), "--tmpfs", "/tmp",
        "--size", str(max(limits.space // 4, 1 << 20)), "--tmpfs", "/dev/shm",
    ]  # fmt: skip
    for place in _LIBRARIES:
        if os.path.islink(place):  # as /lib is, where all programs are below /usr
            options += ["--symlink", os.readlink(place), place]
        else:
            options += ["--ro-bind-try", place, place]
    for place in (*_SYSTEM, *map(str, _programs())):
        options += ["--ro-bind-try", place, place]
    for name, source in given.items():
        options += ["--ro-bind", str(source), name]
    for name in ("home", "tmp", "cache", "notebooks"):
        options += ["--dir", f"{WORK}/{name}"]
    # Files that bwrap made itself are in memory too, without a limit. And if root runs the kit,
    # the files of /proc/sys are that user's to write, without any capability
    for place in ("/dev", "/proc", "/"):
        options += ["--remount-ro", place]
    options += ["--chdir", f"{WORK}/home"]
    for name, value in _environment().items():
        options += ["--setenv", name, value]
    return [bwrap, *options, "--"]


def _environment() -> dict[str, str]:
    return {
        "PATH": "/nonexistent",
        "LANG": "C.UTF-8",
        "HOME": f"{WORK}/home",
        "TMPDIR": f"{WORK}/tmp",
        "ONETOMANY_CACHE": f"{WORK}/cache",
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # sums over threads differ in their order: as many as outside
        **{name: os.environ[name] for name in _THREADS if name in os.environ},
    }


def _programs() -> list[Path]:
    """Return the interpreter, its libraries and packages, and this kit."""
    prefixes = dict.fromkeys((Path(sys.prefix), Path(sys.base_prefix)))
    interpreter = Path(sys.executable)
    return [
        *(prefix / name for prefix in prefixes for name in ("lib", "lib64", "pyvenv.cfg")),
        interpreter,
        interpreter.resolve(),
        Path(onetomany.__file__).parent,
    ]


def _too_much(container: int, limits: RunLimits, started: float) -> str:
    """Return the limit that is exceeded; empty if none is."""
    if time.monotonic() - started > limits.seconds:
        return f"it took more than {limits.seconds:,.0f} seconds"
    members = _descendants(container)
    if len(members) > limits.processes:
        return f"it had more than {limits.processes} processes"
    if sum(map(_own_memory, members)) > limits.memory:
        return f"it took more than {limits.memory >> 20:,} MB of memory"
    with Path("/proc/meminfo").open("rb") as file:
        facts = {line.split(b":")[0]: int(line.split()[1]) for line in file if b"Mem" in line}
    if facts[b"MemAvailable"] < _LEFT * facts[b"MemTotal"]:
        return "this machine's memory was almost full"
    return ""


def _descendants(root: int) -> list[int]:
    """Return a process and all below it: a container's orphans stay below its first process."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_bytes()
            except OSError:  # it has ended
                continue
            # the name in brackets may contain anything
            parent = int(stat[stat.rindex(b")") + 1 :].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for member in found:
        found += children.get(member, [])
    return found


def _own_memory(process: int) -> int:
    """Return the bytes that a process alone has in memory; 0 if it has ended."""
    try:
        pages = Path(f"/proc/{process}/statm").read_bytes().split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
