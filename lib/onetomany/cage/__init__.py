"""The cage: processes that read strangers' files and can reach nothing else.

`Keeper` starts one and hands it documents as open files; `zygote` is the program that runs in it.
`Keeper.isolation` names the mechanisms that work on this system (docs/cage.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onetomany.lazy import offer

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

if not TYPE_CHECKING:
    # the parent's side is loaded when it is asked for: a caged process pays for all it has loaded
    _PLACES = {
        "Keeper": "keeper",
        "accept_weak_isolation": "systems",
        "describe_isolation": "systems",
        "isolation": "keeper",
        "lasting": "keeper",
        "require_strong": "systems",
    }
    __getattr__, __dir__ = offer(__name__, _PLACES)
