"""The C library, opened once: every fork calls it, and opening it again costs as much each time."""

import ctypes
from functools import cache


@cache
def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None)
