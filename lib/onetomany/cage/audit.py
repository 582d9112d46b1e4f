"""Python's audit hook refuses system access to Python code if the kernel can't confine a process.

It does not bind native code. A parser that is taken over below Python gets past it, so the cage
counts as weak (`systems.require_strong`).
"""

import os
import sys
from collections.abc import Sequence
from typing import Any

# families of events that act on files, processes, the network, memory or the interpreter
_REFUSED = (
    "_thread.", "builtins.input", "code.", "cpython.", "ctypes.", "fcntl.", "ftplib.", "gc.",
    "glob.", "http.", "imaplib.", "marshal.", "mmap.", "msvcrt.", "nntplib.", "os.", "pathlib.",
    "pdb.", "pickle.find_class", "poplib.", "pty.", "resource.", "setopencodehook", "shutil.",
    "signal.", "smtplib.", "socket.", "sqlite3.", "subprocess.", "sys.addaudithook",
    "sys.remote_exec", "sys.set", "sys.unraisablehook", "sys._", "syslog.", "telnetlib.",
    "tempfile.", "urllib.", "webbrowser.", "winreg.",
)  # fmt: skip
# calls of parsers on their own objects, and calls that list readable places
_HARMLESS = {
    "ctypes.addressof", "ctypes.cdata", "ctypes.cdata/buffer", "ctypes.create_string_buffer",
    "ctypes.create_unicode_buffer", "ctypes.get_errno", "ctypes.set_errno", "ctypes.string_at",
    "ctypes.wstring_at", "marshal.loads", "os.fwalk", "os.walk", "sys._getframe",
    "sys._getframemodulename",
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def refuse_python(places: Sequence[str]) -> None:
    """Let this process's Python code read only files below these places and files already open."""
    inside = tuple(os.path.realpath(place).rstrip("/") + "/" for place in places)

    def readable(path: Any) -> bool:
        if isinstance(path, int):
            return True
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return (os.path.realpath(text) + "/").startswith(inside)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & _WRITING)
            if isinstance(path, int) or (not writes and readable(path)):
                return
            raise PermissionError("A document asked for a file; only its own bytes are given.")
        if event in ("os.listdir", "os.scandir") and readable(args[0] or "."):
            return
        if event.startswith(_REFUSED) and event not in _HARMLESS:
            raise PermissionError(f"A document asked for {event}, which is not allowed.")

    sys.addaudithook(hook)
