"""What this package offers; `make generate` writes it from __init__.py."""

from .cells import Band, pack, unpack
from .coding import lists_for
from .compressed import CompressedEngine
from .engine import Engine
from .exact import ExactEngine
from .gallery import Gallery, gallery_of
from .open import open_engine
from .threshold import Threshold

__all__ = [
    "Band",
    "CompressedEngine",
    "Engine",
    "ExactEngine",
    "Gallery",
    "Threshold",
    "gallery_of",
    "lists_for",
    "open_engine",
    "pack",
    "unpack",
]
