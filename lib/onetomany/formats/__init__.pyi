"""What this package offers; `make generate` writes it from __init__.py."""

from .kinds import extract, media_type
from .reading import Limits, Reading, Refused

__all__ = [
    "Limits",
    "Reading",
    "Refused",
    "extract",
    "media_type",
]
