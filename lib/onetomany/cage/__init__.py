"""Confine the processes that read strangers' files, so that they can reach nothing else.

`Keeper` starts one and hands it documents as open files; `zygote` is the program that runs in it.
`Keeper.isolation` names the mechanisms that work on this system (docs/cage.md).
"""

from onetomany.lazy import offer

_OFFERED = {  # by module; imported when first used
    "keeper": ("Keeper", "isolation", "lasting"),
    "systems": ("accept_weak_isolation", "describe_isolation", "require_strong"),
}
__all__, __getattr__, __dir__ = offer(__name__, _OFFERED)
