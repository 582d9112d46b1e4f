"""What this package offers; `make generate` writes it from __init__.py."""

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
