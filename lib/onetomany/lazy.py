"""Names that a package offers without loading the modules that define them (PEP 562).

A package lists them once. `make generate` writes the list again for editors and type checkers, as
`__init__.pyi` (Scientific Python's SPEC 1), and tests/test_generated.py compares the two.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

Offered = Mapping[str, Sequence[str]]


def offer(
    package: str, offered: Offered, modules: Sequence[str] = ()
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's `__all__`, `__getattr__` and `__dir__`, which load a module at first use.

    Args:
        package: the package's `__name__`.
        offered: module below the package -> its names; "own as other" offers one by another name.
        modules: modules of the package that are offered themselves.

    A wrong name raises AttributeError with the names that are like it.
    """
    places = {name: (module, own) for module, own, name in places_of(offered)}

    def load(name: str) -> Any:
        if name in places:
            module, own = places[name]
            value = getattr(import_module(f"{package}.{module}"), own)
        elif name in modules:
            value = import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module '{package}' has no attribute '{name}'{alike(name)}")
        setattr(sys.modules[package], name, value)
        return value

    def alike(name: str) -> str:
        if name.startswith("_"):  # editors and kernels ask for many of these
            return ""
        from onetomany.errors import near

        return near(name, names)

    def listed() -> list[str]:  # for Tab: neither our imports nor modules that happen to be loaded
        own = vars(sys.modules[package])
        return sorted({*names, *(each for each in own if each.startswith("__") or each.isupper())})

    names = sorted({*places, *modules})
    return names, load, listed


def places_of(offered: Offered) -> list[tuple[str, str, str]]:
    """Return the module, the name in it and the name that it is offered by, of each name.

    >>> places_of({"documents.finding": ["find_pages as search"], "prose": ["say"]})
    [('documents.finding', 'find_pages', 'search'), ('prose', 'say', 'say')]
    """
    parts = ((module, *each.partition(" as ")) for module in offered for each in offered[module])
    return [(module, own, name or own) for module, own, _, name in parts]
