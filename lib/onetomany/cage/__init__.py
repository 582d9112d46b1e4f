"""The cage: processes that handle what strangers made, and can reach nothing else.

`Keeper` starts one and hands it documents as open files; `zygote` is the program that runs in it.
`Keeper.isolation` names the mechanisms that hold on this system (docs/cage.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .keeper import Keeper, isolation, lasting
    from .systems import accept_weak_isolation, describe_isolation, require_strong

__all__ = [
    "Keeper",
    "accept_weak_isolation",
    "describe_isolation",
    "isolation",
    "lasting",
    "require_strong",
]
_CONSENT = ("accept_weak_isolation", "describe_isolation", "require_strong")


def __getattr__(name: str) -> Any:
    """Load the parent's side when it is asked for: a caged process pays for all it has loaded."""
    if name not in __all__:
        raise AttributeError(name)
    module = ".systems" if name in _CONSENT else ".keeper"
    return getattr(import_module(module, __name__), name)
