"""The cage: processes that handle what strangers made, and can reach nothing else.

`Keeper` starts one and hands it documents as open files; `zygote` is the program that runs in it.
`Keeper.isolation` names the mechanisms that hold on this system (docs/documents.md lists them).
"""

from .keeper import Keeper, accept_weak_isolation, isolation, lasting, require_strong

__all__ = ["Keeper", "accept_weak_isolation", "isolation", "lasting", "require_strong"]
