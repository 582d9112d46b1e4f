"""Names that a package offers without loading the modules that define them (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def offer(
    package: str, places: Mapping[str, str], modules: tuple[str, ...] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's `__getattr__` and `__dir__`, which load a module at its first use.

    Args:
        package: the package's `__name__`.
        places: name -> "module" or "module:other_name", the module below the package.
        modules: modules of the package that are offered themselves.

    The package keeps a static list of the same names for mypy, `if TYPE_CHECKING`;
    tests/test_door.py compares the two.
    """

    def load(name: str) -> Any:
        if name in places:
            module, _, attribute = places[name].partition(":")
            value = getattr(import_module(f"{package}.{module}"), attribute or name)
        elif name in modules:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places, *modules})

    return load, names
